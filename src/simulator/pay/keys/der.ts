// DER (X.690): as much of it as certificates and key stores are made of.

export const TRUE = tagged(0x01, Buffer.of(0xff));

export function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...bytes), content]);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

export function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}

export function bitString(value: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.of(0), value]));
}

export function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number);
  const digits = (value: number, isLast = true): number[] =>
    value === 0 && !isLast ? [] : [...digits(value >>> 7, false), (value & 0x7f) | (isLast ? 0 : 0x80)];
  return tagged(0x06, Buffer.from([first! * 40 + second!, ...rest.flatMap(value => digits(value))]));
}

/** Two digits for the year: until 2049. */
export function utcTime(date: Date): Buffer {
  return tagged(0x17, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
}

/** What stands inside a sequence, piece by piece. */
export function partsOf(der: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  const content = contentOf(der);
  for (let at = 0; at < content.length; ) {
    const { start, length } = headOf(content.subarray(at));
    parts.push(content.subarray(at, at + start + length));
    at += start + length;
  }
  return parts;
}

export function contentOf(der: Buffer): Buffer {
  const { start, length } = headOf(der);
  return der.subarray(start, start + length);
}

function headOf(der: Buffer): { readonly start: number; readonly length: number } {
  const first = der[1]!;
  const count = first < 0x80 ? 0 : first & 0x7f;
  return { start: 2 + count, length: count === 0 ? first : der.readUIntBE(2, count) };
}
