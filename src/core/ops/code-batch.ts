// A batch of printed codes (一物一码) before it is printed: codes nobody can guess, prizes shared out exactly as planned,
// boxes in the order of printing. Its CSV, written and read. Chance is an argument.

import type { Place } from '../base/error.ts';
import { t, type Wording } from '../base/words/words.ts';
import { CODE_LENGTH, CODE_LETTERS, checksumOf, codeFrom } from '../rules/printed-code.ts';
import type { Cell } from '../yaml/csv.ts';

/** How many codes of a batch are worth what. */
export type Share = { readonly prize: string; readonly count: number };
export type CodeLine = { readonly code: string; readonly batch: string; readonly box: number; readonly prize: string };

/** So many random bytes. */
type Chance = (bytes: number) => Buffer;

const BODY = CODE_LENGTH - 2;
/** 2^50: ten letters of five bits. A double holds it exactly. */
const SPAN = 2 ** (5 * BODY);
export const CODES_HEAD = 'code,batch,box,prize\r\n';
export const CODES_MAX = 20_000_000;

/** `small=90000` */
export function shareFrom(text: string): Share | undefined {
  const match = /^([^=,\s"]+)=(\d{1,8})$/.exec(text.trim());
  return match && Number(match[2]) > 0 ? { prize: match[1]!, count: Number(match[2]) } : undefined;
}

/** `1-10,15` → stretches of boxes, both ends included; `undefined` if it cannot be read. */
export function boxesFrom(text: string): (readonly [number, number])[] | undefined {
  const stretches = text.split(',').map(part => /^\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*$/.exec(part));
  const boxes = stretches.flatMap(match => (match ? [[Number(match[1]), Number(match[2] ?? match[1])] as const] : []));
  return boxes.length === stretches.length && boxes.every(([from, to]) => from <= to) ? boxes : undefined;
}

/** The lines of a batch, in the order of printing. No two codes are alike; neighbours tell nothing of one another. */
export function* linesOf(
  batch: string,
  shares: readonly Share[],
  boxSize: number,
  chance: Chance,
): Generator<CodeLine> {
  const count = shares.reduce((sum, share) => sum + share.count, 0);
  const bodies = bodiesOf(count, chance);
  const prizes = new Uint16Array(count);
  let at = 0;
  for (const [n, share] of shares.entries()) {
    prizes.fill(n, at, at + share.count);
    at += share.count;
  }
  shuffle(prizes, chance);
  for (let n = 0; n < count; n++) {
    const body = lettersOf(bodies[n]!);
    const prize = shares[prizes[n]!]!.prize;
    yield { code: body + checksumOf(body), batch, box: Math.floor(n / boxSize) + 1, prize };
  }
}

/** Distinct numbers below 2^50, in an order of their own. */
function bodiesOf(count: number, chance: Chance): Float64Array {
  const bodies = new Float64Array(count);
  let filled = 0;
  while (filled < count) {
    const bytes = chance((count - filled) * 7);
    for (let n = 0; filled < count; n++, filled++) bodies[filled] = numberAt(bytes, n * 7);
    // Two alike are seldom: then they are neighbours once sorted, and one is drawn anew.
    bodies.sort();
    let kept = 0;
    for (let n = 0; n < count; n++) if (n === 0 || bodies[n] !== bodies[n - 1]) bodies[kept++] = bodies[n]!;
    filled = kept;
  }
  shuffle(bodies, chance);
  return bodies;
}

function numberAt(bytes: Buffer, at: number): number {
  return (bytes.readUIntBE(at, 6) * 4 + (bytes[at + 6]! & 3)) % SPAN;
}

/** Fisher–Yates with 48 random bits a step. */
function shuffle(list: Uint16Array | Float64Array, chance: Chance): void {
  const CHUNK = 10_000;
  let bytes: Buffer = Buffer.alloc(0);
  for (let n = list.length - 1, used = 0; n > 0; n--, used += 6) {
    if (used >= bytes.length) [bytes, used] = [chance(6 * CHUNK), 0];
    const other = Math.floor((bytes.readUIntBE(used, 6) / 2 ** 48) * (n + 1));
    const kept = list[n]!;
    list[n] = list[other]!;
    list[other] = kept;
  }
}

function lettersOf(body: number): string {
  let text = '';
  for (let n = 0, rest = body; n < BODY; n++) {
    text = CODE_LETTERS[rest % 32]! + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Numbers of boxes as stretches, first and last: 1, 2, 3, 7 → 1–3, 7–7. */
export function stretchesFrom(boxes: Iterable<number>): [number, number][] {
  const stretches: [number, number][] = [];
  for (const box of [...boxes].sort((a, b) => a - b)) {
    const last = stretches.at(-1);
    if (last && box <= last[1] + 1) last[1] = box;
    else stretches.push([box, box]);
  }
  return stretches;
}

/** As they are written: `1-3,7`. */
export function boxesText(stretches: readonly (readonly [number, number])[]): string {
  return stretches.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

export function lineOf({ code, batch, box, prize }: CodeLine): string {
  return `${code},${batch},${box},${prize}\r\n`;
}

/** One line of the CSV; or what is wrong with it, and where. */
export function codeLineFrom(cells: readonly Cell[]): CodeLine | (Place & { readonly message: Wording }) {
  const [code, batch, box, prize] = cells;
  if (!code || !batch || !box || !prize || cells.length !== 4)
    return wrong(cells[0]!, t`expected code,batch,box,prize; found ${cells.length} cells`);
  const read = codeFrom(code.text);
  if (read === undefined) return wrong(code, t`"${code.text}" is no code: 12 letters and digits with a checksum`);
  if (!isBatch(batch.text)) return wrong(batch, t`"${batch.text}" is no name of a batch: a-z 0-9 -`);
  if (!/^\d{1,9}$/.test(box.text)) return wrong(box, t`"${box.text}" is no number of a box`);
  if (/[\s"]/.test(prize.text)) return wrong(prize, t`"${prize.text}" is no name of a prize`);
  return { code: read, batch: batch.text, box: Number(box.text), prize: prize.text };
}

function wrong({ line, column }: Cell, message: Wording): Place & { readonly message: Wording } {
  return { line, column, message };
}

export function isBatch(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,39}$/.test(name);
}
