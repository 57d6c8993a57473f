// Money is whole fen (分). There is no other representation anywhere.
declare const brand: unique symbol;
/** A nominal type: a plain value that only its own constructor can make. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Whole fen, 0 … 2^53 − 1. 1 yuan (元) = 100 fen (分). */
export type Fen = Brand<number, 'Fen'>;

/** The only way to make a `Fen`. A fraction or a negative amount is a mistake of ours. */
export function fen(amount: number): Fen {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError(`not an amount in whole fen: ${amount}`);
  return amount as Fen;
}

export const NO_MONEY = fen(0);

export function addFen(a: Fen, b: Fen): Fen {
  return fen(a + b);
}

/** The half-width and the full-width sign. */
const YUAN = /^[\u00A5\uFFE5](0|[1-9]\d{0,10})\.(\d{2})$/;

/** `¥1.00` → 100. Exactly two decimals and the sign; everything else is `undefined`. */
export function parseYuan(text: string): Fen | undefined {
  const match = YUAN.exec(text.trim());
  return match ? fen(Number(match[1]) * 100 + Number(match[2])) : undefined;
}

/** 100 → `1.00`, as people read it in a chat. */
export function yuanText(amount: Fen): string {
  const digits = String(amount).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** 100 → `¥1.00`, as rule files and screens write it. */
export function showFen(amount: Fen): string {
  return `¥${yuanText(amount)}`;
}
