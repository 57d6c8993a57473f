// One mistake, one message: where a file has findings, slips are looked for at their lines, and each that is mended in thought makes
// the rest readable. Only a slip whose mending helps is told; what was only its consequence is gone then.

import { type Finding, findingAt } from '../base/error.ts';
import { type Around, type Slip, slipsIn } from './slips.ts';

/** What one reading came to. `brokenAt`: the first line that is no YAML; what stands behind it was not understood. */
export type Reading = { readonly findings: readonly Finding[]; readonly brokenAt: number | undefined };

/** More slips than these in one file are told after the first ones are mended. */
const SLIPS_MAX = 30;
/** So often it is read again to find one slip; and a file that is longer is told as it is. */
const TRIES_MAX = 40;
const LENGTH_MAX = 60_000;

/** `read`: the file with another text. */
export function withoutConsequences(
  file: string,
  text: string,
  first: Reading,
  read: (text: string) => Reading,
): readonly Finding[] {
  const lines = text.split('\n');
  if (text.length > LENGTH_MAX) return first.findings;
  const told: Finding[] = [];
  /** The last line that a layout slip was mended in. */
  let moved = -2;
  const shifts = new Map<number, { readonly column: number; readonly by: number }>();
  let reading = first;
  for (let slips = 0; slips < SLIPS_MAX; slips++) {
    let left = TRIES_MAX;
    let best: { readonly at: number; readonly slip: Slip; readonly reading: Reading } | undefined;
    for (const at of linesToTry(reading, lines)) {
      for (const slip of left > 0
        ? slipsIn(lines[at]!, aroundOf(lines, at, moved), reading.brokenAt !== undefined)
        : []) {
        left--;
        const next = read(lines.with(at, slip.line).join('\n'));
        const isLeft = slip.isGuess && next.findings.some(({ line }) => line === at + 1);
        if (!isLeft && helps(best?.reading ?? reading, next)) best = { at, slip, reading: next };
      }
      // One that leaves nothing unread needs no other beside it.
      if (best && reading.brokenAt === undefined) break;
    }
    if (!best) break;
    const { at, slip } = best;
    const shift = shifts.get(at);
    const goesOn = slip.isLayout === true && (moved === at - 1 || moved === at);
    if (!goesOn) told.push(findingAt(file, { line: at + 1, column: shifted(slip.column, shift) }, slip.message));
    if (slip.isLayout) moved = at;
    shifts.set(at, { column: slip.column, by: slip.line.length - lines[at]!.length + (shift?.by ?? 0) });
    lines[at] = slip.line;
    reading = best.reading;
  }
  const rest = reading.findings.map(finding => ({
    ...finding,
    column: finding.file === file ? shifted(finding.column, shifts.get(finding.line - 1)) : finding.column,
  }));
  return [...told, ...rest];
}

/** More of the file is understood; or all of it was, and less is wrong. */
function helps(before: Reading, now: Reading): boolean {
  if (before.brokenAt !== undefined) return now.brokenAt === undefined || now.brokenAt > before.brokenAt;
  return now.brokenAt === undefined && now.findings.length < before.findings.length;
}

/** Lines that are complained of. What is no YAML may have its cause in the lines above it. */
function linesToTry({ brokenAt, findings }: Reading, all: readonly string[]): number[] {
  const lines =
    brokenAt === undefined
      ? findings.map(({ line }) => line - 1)
      : [
          brokenAt - 1,
          brokenAt - 2,
          brokenAt - 3,
          brokenAt,
          ...findings.map(({ line }) => line - 1),
          ...openQuotes(all),
        ];
  return [...new Set(lines)].filter(line => line >= 0 && line < all.length);
}

/** A quote that nothing closes swallows the rest of the file: what is told is its end. */
function openQuotes(lines: readonly string[]): number[] {
  return lines.flatMap((line, at) => (/: ("[^"]*|'[^']*)$/.test(line) ? [at] : [])).slice(0, 20);
}

const isBlank = (line: string): boolean => /^\s*(#|$)/.test(line);

function aroundOf(lines: readonly string[], at: number, moved: number): Around {
  const above = lines.slice(Math.max(0, at - 60), at).filter(line => !isBlank(line));
  const depth = (line: string): number => line.search(/\S/);
  const own = depth(lines[at]!);
  const before = above.at(-1) ?? '';
  const parent = above.findLast(line => depth(line) < own || /[|>][+-]?$/.test(line)) ?? '';
  // Nothing stands between but what was moved below it already.
  const holder = (moved === at - 1 ? above.findLast(line => depth(line) <= own) : above.at(-1)) ?? '';
  const entry = above.findLast(line => /^\s*- /.test(line)) ?? '';
  const after = lines.slice(at + 1).find(line => !isBlank(line)) ?? '';
  return { before, after, parent, holder: depth(holder) === own ? holder : '', entry };
}

/** Where it stands in the file as it is. */
function shifted(column: number, shift: { readonly column: number; readonly by: number } | undefined): number {
  if (!shift || column <= shift.column) return column;
  return Math.max(shift.column, column - shift.by);
}
