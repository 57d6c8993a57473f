// Texts that are alike but for their numbers and openids, such as the journal lines of one rule: the shape is kept once, and
// of each text only what is its own. Nothing is lost: what does not fit a shape to the last letter is no text of it.

/** An openid, or a run of digits. */
const TOKEN = /(o[\w-]{27}|\d+)/;
const OPENID_LENGTH = 28;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** A text, taken apart: `parts` stand around the `tokens`, so there is one more of them. */
export type Shape = { readonly parts: readonly string[]; readonly tokens: readonly string[] };

export function shapeOf(text: string): Shape {
  const pieces = text.split(TOKEN);
  return { parts: pieces.filter((_, n) => n % 2 === 0), tokens: pieces.filter((_, n) => n % 2 === 1) };
}

/**
 * What is particular to this text: places and what stands there, separated by commas; `undefined`: it has another shape. What
 * stood in one place and is replaced there is replaced everywhere behind it.
 */
export function particularsOf({ parts, tokens }: Shape, text: string): string | undefined {
  const changed = new Map<string, string>();
  let particulars = '';
  let at = 0;
  for (let n = 0; n < tokens.length; n++) {
    const part = parts[n]!;
    if (!text.startsWith(part, at)) return undefined;
    const begin = at + part.length;
    const before = tokens[n]!;
    const expected = changed.get(before) ?? before;
    at = begin + expected.length;
    if (text.startsWith(expected, begin) && !isDigit(text.charCodeAt(at))) continue;
    at = endOfToken(text, begin, before);
    if (at < 0) return undefined;
    const token = text.slice(begin, at);
    if (token === expected) continue;
    changed.set(before, token);
    particulars += particulars === '' ? `${n},${token}` : `,${n},${token}`;
  }
  const last = parts[tokens.length]!;
  return text.length === at + last.length && text.endsWith(last) ? particulars : undefined;
}

/** Where a token of the same kind ends; below zero: there is none. */
function endOfToken(text: string, begin: number, like: string): number {
  let end = begin;
  if (!isDigit(like.charCodeAt(0))) {
    end += OPENID_LENGTH;
    return TOKEN.exec(text.slice(begin, end))?.[0].length === OPENID_LENGTH ? end : -1;
  }
  while (isDigit(text.charCodeAt(end))) end++;
  return end > begin ? end : -1;
}

/** The text again. */
export function textOf({ parts, tokens }: Shape, particulars: string): string {
  const said = particulars === '' ? [] : particulars.split(',');
  const changed = new Map<string, string>();
  let text = parts[0]!;
  for (let n = 0, next = 0; n < tokens.length; n++) {
    const before = tokens[n]!;
    if (Number(said[next]) === n && next < said.length) {
      changed.set(before, said[next + 1]!);
      next += 2;
    }
    text += (changed.get(before) ?? before) + parts[n + 1]!;
  }
  return text;
}
