// The nearest right word to a mistyped one.
import { t, type Wording } from './words/words.ts';

/** Single letters to add, drop, replace or swap with their neighbour to get from one word to the other. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

/** The one of `words` that was probably meant. Upper and lower case cost nothing. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  let best: { readonly word: string; readonly off: number } | undefined;
  for (const candidate of words) {
    const off = distance(word.toLowerCase(), candidate.toLowerCase());
    const isNear = off <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (isNear && off < candidate.length && (!best || off < best.off)) best = { word: candidate, off };
  }
  return best?.word;
}

/** `; did you mean "weight"?`, or else the words there are. */
export function suggest(word: string, words: readonly string[]): Wording {
  const near = nearest(word, words);
  if (near !== undefined) return t`; did you mean "${near}"?`;
  return words.length === 0 ? '' : t`; expected one of: ${words.join(', ')}`;
}
