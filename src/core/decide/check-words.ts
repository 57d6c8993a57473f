// Checks (判定依据) in words, Chinese or English: what commands and the chat page show of a trace. Pure, and fit for a browser.
import { fen, showFen } from '../base/money.ts';
import type { Words } from '../base/words/words.ts';
import type { CheckOf, LimitCheck, LimitId } from '../mechanics/check.ts';
import type { Limit } from '../mechanics/mechanic.ts';
import type { Check, Checks } from './check.ts';
import { en } from './check-en.ts';
import { zh } from './check-zh.ts';

/** `{}` stands for the prize, scene or round. Of money two: what is used, and what is left. */
export type LimitWords = Readonly<Record<LimitId, string | readonly [used: string, left: string]>>;
export type CheckWords = { readonly [Id in keyof Checks]: (check: CheckOf<Checks, Id>) => string };
/** A table of each: whoever adds a check or a limit and forgets its words is told by the compiler. */
export type CheckLanguage = { readonly limits: LimitWords; readonly checks: CheckWords };

const LANGUAGES = { zh, en } as const satisfies Record<string, CheckLanguage>;
type Language = keyof typeof LANGUAGES;

/** `今日已参与 1/1`; of money what is left and what is needed: `预算剩 ¥3.20 < ¥5.00`. */
export function checkText(check: Check, language: Language = 'zh'): string {
  const words: CheckLanguage = LANGUAGES[language];
  return isLimit(check) ? limitText(check, words.limits) : textOf(check, words.checks);
}

/** With its Chinese text beside it: what machines read, and show. */
export function worded(check: Check): Check & { readonly text: string } {
  return { ...check, text: checkText(check) };
}

function textOf<Id extends keyof Checks>(check: CheckOf<Checks, Id>, words: CheckWords): string {
  return words[check.check](check);
}

function limitText({ check, of, used, max, add }: LimitCheck, words: LimitWords): string {
  const [name, left] = namesIn(words, check, of);
  if (add === undefined) return `${name} ${used}/${max}`;
  const rest = Math.max(0, max - used);
  return `${left} ${showFen(fen(rest))} ${rest < add ? '<' : '≥'} ${showFen(fen(add))}`;
}

function namesIn(words: LimitWords, limit: LimitId, of = ''): readonly [used: string, left: string] {
  const named = words[limit];
  const [used, left] = typeof named === 'string' ? [named, named] : named;
  return [used.replace('{}', () => of), left.replace('{}', () => of)];
}

/** `预算已用`, `「small」已发`: a limit, by what is used of it. */
export function limitName({ limit, of }: Pick<Limit, 'limit' | 'of'>): Words {
  return bothOf(limit, of, 0);
}

/** Which limit a check was about, as its text begins; `undefined`: none. */
export function limitIn(check: Check): Words | undefined {
  return isLimit(check) ? bothOf(check.check, check.of, 1) : undefined;
}

function bothOf(limit: LimitId, of: string | undefined, which: 0 | 1): Words {
  return { en: namesIn(en.limits, limit, of)[which], zh: namesIn(zh.limits, limit, of)[which] };
}

function isLimit(check: Check): check is LimitCheck {
  return Object.hasOwn(zh.limits, check.check);
}
