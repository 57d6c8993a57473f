// Patterns of texts (`matches:`), in RE2 syntax: the cost of a match grows with the text, never with the pattern's
// nesting, so that no text a follower can send keeps the bot busy.
import { RE2JS, RE2JSSyntaxException, RE2Set } from 're2js';
import { t, type Wording } from './words/words.ts';

/** A pattern whose cost grows with the text only. It sees the text as it was normalised. */
export type Pattern = { readonly source: string; fits(text: string): boolean };

/** A text from WeChat has at most 2048 characters; a longer one fits no pattern. */
export const TEXT_MAX = 2048;
/** A pattern is a line that somebody has to understand. */
const SOURCE_MAX = 500;
/** Instructions it comes to: `[一-龥]{4}` is 6, `.{0,200}` about 400. */
const PROGRAM_MAX = 600;

/** `at`: where in the source. */
type PatternTrouble = { readonly message: Wording; readonly at?: number };

/** The engine's words for what is wrong, and ours. */
const MEANINGS: Readonly<Record<string, Wording>> = {
  'invalid repeat count': t`a repetition goes from 0 to 1000, also when several are nested, and its start is not above its end`,
  'invalid nested repetition operator': t`a repetition cannot be repeated at once; put brackets around the first`,
  'invalid or unsupported Perl syntax': t`there is no look-ahead or look-behind in these patterns (RE2 syntax)`,
  'invalid escape sequence': t`there is no such escape, and no back reference, in these patterns (RE2 syntax)`,
  'invalid character class range': t`a range goes from the lower to the higher character, and \\p{…} names a known script`,
  'invalid named capture': t`there are no named groups, look-ahead or look-behind in these patterns`,
  'missing closing ]': t`a "[" is not closed`,
  'missing closing )': t`a "(" is not closed`,
  'unexpected )': t`a ")" was never opened`,
  'missing argument to repetition operator': t`there is nothing to repeat; write "\\" before a sign that is meant as itself`,
  'trailing backslash at end of expression': t`a "\\" at the end stands before nothing`,
  'expression nests too deeply': t`it nests too deeply`,
  'expression too large': t`it is too large`,
};

/** The whole text must fit. Case does not matter, as elsewhere; it sees the text as it was normalised. */
export function compilePattern(source: string): { readonly pattern: Pattern } | PatternTrouble {
  if (source === '') return { message: t`the pattern is empty` };
  if (source.length > SOURCE_MAX) return { message: t`a pattern has at most ${SOURCE_MAX} characters` };
  const never = neverSeen(source);
  if (never) return never;
  let engine: RE2JS;
  try {
    engine = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const what = error.getDescription();
    // The flag stands before the source when the whole of it is meant.
    const at = source.indexOf((error.getPattern() ?? '').replace(/^\(\?i\)/u, ''));
    return { message: t`this pattern cannot be read: ${MEANINGS[what] ?? what}`, ...(at >= 0 && { at }) };
  }
  const size = engine.programSize();
  if (size > PROGRAM_MAX) {
    return { message: t`this pattern comes to ${size} steps, at most ${PROGRAM_MAX} are allowed; repeat less in it` };
  }
  if (engine.testExact(''))
    return { message: t`this pattern fits an empty text too: something in it must be there, such as + instead of *` };
  const pattern: Pattern = { source, fits: text => text.length <= TEXT_MAX && engine.testExact(text) };
  compiled.add(pattern);
  return { pattern };
}

const compiled = new WeakSet<Pattern>();

/** What a normalised text does not contain, so that the pattern could not mean it. */
function neverSeen(source: string): PatternTrouble | undefined {
  const space = source.search(/\s/u);
  if (space >= 0) return { message: t`texts are compared without their spaces: leave this one out`, at: space };
  for (let at = 0; at < source.length; at++) {
    const sign = source[at]!;
    const plain = sign.normalize('NFKC');
    if (plain !== sign) return { message: t`texts are compared half-width: "${sign}" is seen as "${plain}"`, at };
  }
  return undefined;
}

// ── Many at once ─────────────────────────────────────────────────────────────────────────────────────────────

/** So many are tried in one go. More, and a hostile text would cost more than trying one after the other. */
const GROUP = 32;
/** What a group may remember of texts it has seen, bytes. */
const GROUP_MEMORY = 1 << 18;

type Entry<T> = { readonly pattern: Pattern; readonly values: T[] };
type Group<T> = { readonly set: RE2Set; readonly entries: readonly Entry<T>[] };

/** Patterns with what belongs to them. */
export class PatternSet<T> {
  /** By source: equal ones are tried once. */
  private readonly entries = new Map<string, Entry<T>>();
  /** Patterns of another make; each is asked. */
  private readonly others: Entry<T>[] = [];
  private groups: readonly Group<T>[] = [];

  add(pattern: Pattern, value: T): void {
    if (!compiled.has(pattern)) {
      this.others.push({ pattern, values: [value] });
      return;
    }
    const known = this.entries.get(pattern.source);
    if (known) known.values.push(value);
    else this.entries.set(pattern.source, { pattern, values: [value] });
  }

  /** What belongs to those that fit, of those that were there at `finish`; a value may be there more than once. */
  fitting(text: string): T[] {
    if (text.length > TEXT_MAX) return [];
    const likely = this.groups.flatMap(({ set, entries }) => set.match(text).map(index => entries[index]!));
    return [...likely, ...this.others].flatMap(({ pattern, values }) => (pattern.fits(text) ? values : []));
  }

  finish(): void {
    const all = [...this.entries.values()];
    this.groups = Array.from({ length: Math.ceil(all.length / GROUP) }, (_, n) => {
      const entries = all.slice(n * GROUP, (n + 1) * GROUP);
      const set = new RE2Set(RE2Set.ANCHOR_BOTH, RE2JS.CASE_INSENSITIVE, GROUP_MEMORY);
      for (const { pattern } of entries) set.add(pattern.source);
      set.compile();
      return { set, entries };
    });
  }
}
