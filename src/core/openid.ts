// How an openid looks, and what is wrong with a text that is none. Pure.
import type { OpenId } from './event.ts';

/** Every openid WeChat hands out. */
const OPENID = /^o[\w-]{27}$/;

export function isOpenId(text: string): text is OpenId {
  return OPENID.test(text);
}

/** For the end of `"…" is no openid: …`. */
export function whyNoOpenId(text: string): string {
  if (/^wx[0-9a-f]{16}$/.test(text)) return 'it is an AppID';
  const strange = /[^\w-]/u.exec(text);
  if (strange) return `"${strange[0]}" is none of A-Z a-z 0-9 _ -`;
  if (text.length !== 28) return `it has ${text.length} characters, expected 28`;
  return 'expected it to begin with o';
}
