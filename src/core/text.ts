// How a text is compared: what somebody types on a phone in haste is still the word it was meant to be. Pure.

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
