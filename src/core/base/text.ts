// How a text is compared: what somebody types on a phone in haste is still the word it was meant to be.

/** Spaces, marks that are not seen, and what only changes how an emoji looks: its colour, its style, the box of a key. */
const UNSEEN = /(?:[\s\p{Cf}\p{Variation_Selector}\p{Emoji_Modifier}]|\u20E3)+/gu;
const EMOJI = /[\p{Extended_Pictographic}\p{Regional_Indicator}]+/gu;
/** What ends a sentence, half-width as it is by then. */
const ENDINGS = new Set('!?.,~〜。、…:;');

/** Width, case, spaces, emoji and the end of a sentence do not matter: `恭喜 发财!🧧` is `恭喜发财`. */
export function normalise(text: string): string {
  const words = wordsOnly(text);
  if (words !== '') return words;
  // An emoji such as \u3297 is a letter once its width does not matter.
  const all = tidied(text);
  return wordsOnly(all) || withoutEnding(all) || all;
}

/**
 * Where a word is looked for inside a text: emoji and endings are there too, for words that consist of nothing else.
 * No word reaches over the line's end, because no word has one.
 */
export function searched(text: string): string {
  const words = normalise(text);
  const all = tidied(text);
  return words === all ? words : `${words}\n${all}`;
}

function wordsOnly(text: string): string {
  return withoutEnding(tidied(text.replace(EMOJI, '')));
}

function tidied(text: string): string {
  return text.replace(UNSEEN, '').normalize('NFKC').toLowerCase().replace(UNSEEN, '');
}

/** A loop from the end: an expression would begin anew at every sign of a long row of them. */
function withoutEnding(text: string): string {
  let end = text.length;
  while (end > 0 && ENDINGS.has(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** What would move the cursor, colour the screen, break a line or turn the direction of what follows. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

/**
 * As it may be shown on a terminal, in a table or a log for people: control characters as the marks that stand for them
 * (`␛`, `␊`), those that are not seen by their number. What a follower types must not look like a line of ours.
 */
export function visible(text: string): string {
  return text.replace(CONTROLS, markOf);
}

/** The same for text of several lines: their ends are ours. */
export function visibleLines(text: string): string {
  return text.replace(CONTROLS, mark => (mark === '\n' ? mark : markOf(mark)));
}

/** JSON that a terminal may show: nothing is lost. */
export function visibleJson(json: string): string {
  return json.replace(CONTROLS, mark => (mark === '\n' ? mark : `\\u${hexOf(mark)}`));
}

/** What turns the direction of all that follows, on a page as on a terminal. */
const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** As it may stand on a page beside words of ours: its lines and emoji as they are, in our direction. */
export function unturned(text: string): string {
  return text.replace(TURNS, markOf);
}

/** What is written into a list of ours: one line, in our direction. */
export function oneLine(text: string): string {
  return text.replace(TURNS, '').replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function markOf(mark: string): string {
  const code = mark.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `⟨U+${hexOf(mark).toUpperCase()}⟩`;
}

function hexOf(mark: string): string {
  return mark.charCodeAt(0).toString(16).padStart(4, '0');
}
