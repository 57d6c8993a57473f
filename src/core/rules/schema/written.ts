// A rule file as the checks see it: any part may be missing, because it could not be read; and the words checks share.

import type { Place } from '../../base/error.ts';
import { nearest, suggest } from '../../base/suggest.ts';
import { t, type Wording } from '../../base/words/words.ts';
import type { Draft, Located, ObjectOf, Passage } from '../../yaml/schema.ts';
import type { Condition } from '../campaign.ts';
import type { RuleData } from '../tables/files.ts';
import type { ReadFile, ReadPrize } from './file.ts';
import type { ruleFields } from './rule.ts';

/** The part of a rule that no mechanic owns. */
export type ReadRulePart = ObjectOf<typeof ruleFields>;
export type WrittenRulePart = Draft<ReadRulePart>;
export type WrittenPrize = Draft<ReadPrize>;
type WrittenFile = Draft<ReadFile> & {
  readonly rules?: readonly { readonly value: WrittenRulePart; readonly at: Place }[] | undefined;
};

export type Say = (at: Place, message: Wording) => void;

/** What a check of a rule is given. */
export type RuleChecking = {
  readonly file: WrittenFile;
  readonly data: RuleData;
  /** Filled by the check: a condition needs to know the wallets and segments there are. */
  readonly conditions: Map<Passage, Condition>;
  /** The wallets into which some rule puts something. */
  readonly earned: ReadonlySet<string>;
  readonly say: Say;
};

/** A key that is there, even if its value could not be read. */
export function isWritten(draft: object | undefined, key: string): boolean {
  return draft !== undefined && Object.hasOwn(draft, key);
}

/** Money is paid for it, or given off at a till. */
export function costsMoney(prize: object | undefined): boolean {
  return isWritten(prize, 'redpacket') || isWritten(prize, 'voucher');
}

/** So many names are a help, more are not. */
const NAMES_MAX = 20;

/** `absent`: what to say where there are none of them at all. */
export function sayUnknown(
  what: Wording,
  { value, at }: Draft<Located<string>>,
  names: readonly string[],
  say: Say,
  absent: Wording = '',
): void {
  if (names.includes(value)) return;
  const several = value.split(/[\s,，、/|+&()（）[\]【】［］]+|和|及|或/u).filter(part => part !== '');
  if (several.length > 1 && several.every(part => names.includes(part))) {
    say(at, t`several stand in brackets: write ${`[${several.join(', ')}]`}`);
    return;
  }
  const hint = names.length > NAMES_MAX && nearest(value, names) === undefined ? '' : suggest(value, names);
  say(at, t`unknown ${what} "${value}"${names.length === 0 ? absent && t`; ${absent}` : hint}`);
}

/** What is wrong with a name that is there twice. */
export function sayTwins(what: Wording, names: Iterable<Draft<Located<string>>>, say: Say): void {
  const seen = new Map<string, Place>();
  for (const { value, at } of names) {
    const first = seen.get(value);
    if (first) say(at, t`the ${what} "${value}" is there already, in line ${first.line}`);
    else seen.set(value, at);
  }
}

// ── What a rule gives ────────────────────────────────────────────────────────────────────────────────────────

type Names = readonly Draft<Located<string>>[];

/** Every list of prizes among which it draws. */
export function listsOf({ give }: WrittenRulePart): readonly Names[] {
  const { names, byTime, all } = give?.value ?? {};
  if (all) return (names ?? []).map(each => [each]);
  return names ? [names] : (byTime ?? []).map(({ value }) => value ?? []);
}

/** The prizes it can come to. */
export function prizesGiven(rule: WrittenRulePart, { prizes }: WrittenFile): [string, WrittenPrize][] {
  const names = rule.give?.value.assigned
    ? [...(prizes?.keys() ?? [])]
    : listsOf(rule).flatMap(list => list.map(each => each.value));
  return names.flatMap(name => {
    const prize = prizes?.get(name);
    return prize ? [[name, prize]] : [];
  });
}

/** Whether it gives or counts anything; other rules only answer. */
export function makesClaims(rule: WrittenRulePart): boolean {
  return ['give', 'earn', 'makeUp', 'enter'].some(key => isWritten(rule, key));
}

/** The kinds of its triggers; `undefined` where they could not be read. */
export function kindsOf({ on }: WrittenRulePart): readonly string[] | undefined {
  return on?.value.map(({ kind }) => kind ?? '');
}
