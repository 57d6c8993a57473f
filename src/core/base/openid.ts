// How an openid looks, and what is wrong with a text that is none.
import type { OpenId } from './event.ts';
import { t, type Wording } from './words/words.ts';

/** Every openid WeChat hands out. */
const OPENID = /^o[\w-]{27}$/;

export function isOpenId(text: string): text is OpenId {
  return OPENID.test(text);
}

/** For the end of `"…" is no openid: …`. */
export function whyNoOpenId(text: string): Wording {
  if (/^wx[0-9a-f]{16}$/.test(text)) return t`it is an AppID`;
  const strange = /[^\w-]/u.exec(text);
  if (strange) return t`"${strange[0]}" is none of A-Z a-z 0-9 _ -`;
  if (text.length !== 28) return t`it has ${text.length} characters, expected 28`;
  return t`expected it to begin with o`;
}

/** Where one stands in another text: behind a slash or a colon, in an address (`%3A`), at the start of a written line. */
const WITHIN = /(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}|\\[nrt]))o[\w-]{27}(?![\w-])/g;

/** An openid by its two ends (`oAbc…wxyz`): enough to find somebody, too little to know them. */
export function shortOpenId(openid: string): string {
  return `${openid.slice(0, 4)}…${openid.slice(-4)}`;
}

/** Every openid in a text by its two ends. */
export function shortOpenIds(text: string): string {
  return text.replace(WITHIN, shortOpenId);
}

/** Whether a text is what is left of an openid in a log. */
export function isShortOpenId(text: string): boolean {
  return /^o[\w-]{3}…[\w-]{4}$/.test(text);
}
