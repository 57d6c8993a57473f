// What people paste: tokens and keys (密钥), and what is wrong with one in its own letters, without saying any of them. And which
// secrets of one's own are none: short ones, known words, one thing again and again.

import { joined, t, type Wording } from './words/words.ts';

const WIDE = /[\uFF01-\uFF5E\u3000]/;
const UNSEEN = /[\u00A0\u200B-\u200F\u202A-\u202E\u2060-\u2066\uFEFF]/;
const QUOTES = /["'`\u2018\u2019\u201C\u201D\u300C\u300D]/;

/** What a value has that no key has, and its length where that is wrong; empty: nothing that one could name. */
export function troubleOf(value: string, lengths: readonly [least: number, most: number]): Wording {
  const troubles: Wording[] = [
    /[\r\n]$/.test(value) ? t`a line break at its end` : undefined,
    /[ \t]$/.test(value) ? t`a blank at its end` : undefined,
    /^\s/.test(value) ? t`a blank at its beginning` : undefined,
    /\s/.test(value.trim()) ? t`a blank inside` : undefined,
    WIDE.test(value) ? t`full-width letters (type them again with the input method off)` : undefined,
    UNSEEN.test(value) ? t`characters that cannot be seen (copy it anew)` : undefined,
    QUOTES.test(value) ? t`quotes as part of it` : undefined,
  ].filter(each => each !== undefined);
  const length = [...value].length;
  const [least, most] = lengths;
  if (length < least || length > most) troubles.push(t`${length} characters`);
  if (troubles.length === 0) troubles.push(othersIn(value) ?? '');
  return joined(
    troubles.filter(each => each !== ''),
    t`, `,
  );
}

function othersIn(value: string): Wording | undefined {
  const other = /[^A-Za-z0-9]/u.exec(value)?.[0];
  return other === undefined ? undefined : t`signs that are neither letters nor digits`;
}

// ── Secrets of one's own ─────────────────────────────────────────────────────────────────────────────────────

/** What samples have in the place of a secret. */
const PLACEHOLDER =
  /change(?:me|this|it)|replace(?:me|this|it|with)|yoursecret|yourown|goeshere|inserthere|fillin|placeholder/;
/** What everybody tries first. */
const KNOWN =
  /qwertyuiop|asdfghjkl|zxcvbnm|1q2w3e4r|5t6y7u8i|9o0p|1qaz2wsx|qwerty|asdfgh|zxcvbn|iloveyou|letmein|welcome|dragon|monkey|woaini|hongbao|redpacket|redpack|wechat|weixin|wxpay|change|replace|password|passwd|secret|example|sample|default|production|development|test|demo|admin|root|token|session|random|string|character/g;

/** How many letters of a text say something: a known word, a run and a repetition count as one. */
export function weightOf(text: string): number {
  const small = once(text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''));
  return PLACEHOLDER.test(small) ? 0 : shortened(small.replace(KNOWN, '\u0001')).length;
}

/** So much of a text is no accident if it comes again. */
const AGAIN = 8;

/** `abcabcabcab` → `abc`. */
function once(text: string): string {
  for (let size = 1; size <= Math.max(text.length / 2, text.length - AGAIN); size++) {
    const part = text.slice(0, size);
    if (part.repeat(Math.ceil(text.length / size)).startsWith(text)) return part;
  }
  return text;
}

/** Letters that stay the same, or go up or down by one, say no more than their first. */
function shortened(text: string): string {
  let left = '';
  for (let at = 0; at < text.length; ) {
    let end = at + 1;
    const step = (text.charCodeAt(end) || 0) - text.charCodeAt(at);
    if (Math.abs(step) <= 1) while (text.charCodeAt(end) - text.charCodeAt(end - 1) === step) end++;
    left += text[at];
    at = end - at >= 4 ? end : at + 1;
  }
  return left;
}
