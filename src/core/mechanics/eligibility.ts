// For whom a rule is: a condition (`when:`) without which the next rule is asked, and the segments (人群) of a follower,
// without which the rule refuses.

import type { Event } from '../base/event.ts';
import { sceneOf } from '../base/event.ts';
import { type Fen, NO_MONEY } from '../base/money.ts';
import { normalise } from '../base/text.ts';
import { DAY, dayOf, minuteOfDay, weekdayOf } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { followsWith, notFollowing, standingOf } from '../match/follower.ts';
import type { Campaign, ConditionValues } from '../rules/campaign.ts';
import { compileCondition } from '../rules/condition/condition.ts';
import type { Happens } from '../rules/condition/never.ts';
import { scannedText } from '../rules/printed-code.ts';
import { prizeCalled } from '../rules/renamed.ts';
import { isWritten, sayUnknown, type WrittenRulePart } from '../rules/schema/written.ts';
import { optional, passage } from '../yaml/schema.ts';
import { type EvaluationContext, mechanic } from './mechanic.ts';
import { balanceOf, walletCounters } from './wallet.ts';

/** `trouble`: what went wrong as it was worked out: a `RunTrouble`, or what the engine says. */
export type EligibilityChecks = {
  condition: { source: string; why?: 'unknown'; isForetold?: true; trouble?: string };
  tags: { names: readonly string[] };
  excludedTags: { names: readonly string[] };
};

/** A follower we never saw following was there before we were. */
const SINCE_EVER = 36_500;

/** The names of the segments a follower is in. */
function tagsOf({ segments }: Campaign, user: string): string[] {
  return [...segments].flatMap(([name, users]) => (users.has(user) ? [name] : []));
}

/** Days and hours are those of the clock in Beijing; `text` is as keywords see it. */
function valuesFor(at: EvaluationContext): ConditionValues {
  const { event, now, facts, campaign } = at;
  const minute = minuteOfDay(now);
  return {
    event: {
      kind: event.kind,
      text: textOf(event),
      scene: sceneOf(event) ?? '',
      amount: amountOf(event),
    },
    user: {
      follows: followsWith(facts.follower, event),
      followedDays: followedDays(at),
      tags: tagsOf(campaign, event.user),
    },
    now: { hour: Math.floor(minute / 60), minute: minute % 60, weekday: weekdayOf(now), day: dayOf(now) },
    wallet: new Map([...campaign.wallets.values()].map(wallet => [prizeCalled(wallet), balanceOf(at, wallet)])),
    profile: profileOf(campaign, event.user),
  };
}

/** What was paid, by themselves or by a friend. */
function amountOf(event: Event): Fen {
  return (event.kind === 'paid' || event.kind === 'friend' ? event.amount : undefined) ?? NO_MONEY;
}

function profileOf({ profiles }: Campaign, user: string): ConditionValues['profile'] {
  if (!profiles) return new Map();
  const row = profiles.rows.get(user);
  return new Map([...profiles.columns].map(([name, kind], n) => [name, row?.[n] ?? (kind === 'int' ? 0 : '')]));
}

/** What was typed, or read by the menu's scanner. */
function textOf(event: Event): string {
  if (event.kind === 'scancode') return normalise(scannedText(event));
  return event.kind === 'text' ? normalise(event.text) : '';
}

/** Whole days since the latest follow; who follows with this event, or has left, has followed for none. */
function followedDays(at: EvaluationContext): number {
  const standing = standingOf(at);
  if (standing.kind !== 'follows') return 0;
  return standing.since === undefined ? SINCE_EVER : Math.max(0, Math.floor((at.now - standing.since) / DAY));
}

const CODE_EVENTS = ['text', 'scan', 'subscribe', 'scancode'];

/** The kinds of events that a trigger of some kind can be about, where that is not the same word. */
const EVENTS: Partial<Record<string, readonly string[]>> = {
  scan: ['scan', 'subscribe'],
  code: CODE_EVENTS,
};

/** What a rule is ever asked about; `undefined`: some of its triggers could not be read. */
function happensIn(rule: WrittenRulePart): Happens | undefined {
  const triggers = rule.on?.value;
  if (!triggers || triggers.length === 0 || triggers.some(({ kind }) => kind === undefined)) return undefined;
  // Letters that answer a quiz, and texts that look like a guess, are the rule's as well.
  const listens = isWritten(rule, 'quiz') || isWritten(rule, 'guess') ? ['text'] : [];
  const kinds = new Set([...triggers.flatMap(({ kind }) => EVENTS[kind!] ?? [kind!]), ...listens]);
  const payments = triggers.map(trigger => ('over' in trigger && typeof trigger.over === 'number' ? trigger.over : 0));
  return { kinds: [...kinds], least: Math.min(...payments) };
}

export const condition = mechanic({
  fields: {
    when: optional(passage(t`a condition such as user.followedDays >= 7`), '条件（CEL）；不成立就问下一条规则'),
  },
  alsoAnswers: ['when'],
  checkAny(rule, { file, data, conditions, say }) {
    const { when } = rule;
    if (!when) return;
    const [wallets, tags] = [[...(file.wallets?.keys() ?? [])], [...(file.segments?.keys() ?? [])]];
    const profiles = file.profiles && data.profiles(file.profiles, say);
    if (file.profiles && !profiles) return; // it was said why
    const made = compileCondition(when.text, wallets, tags, { profile: profiles?.columns, happens: happensIn(rule) });
    if ('condition' in made) conditions.set(when, made.condition);
    else say(when.placeOf(made.start), made.message);
  },
  build({ when }, { conditions }) {
    const made = when && conditions.get(when);
    return made ? { when: made } : {};
  },
  isIn: rule => rule.when !== undefined,
  wants: at => [...at.campaign.wallets.values()].flatMap(wallet => walletCounters(at, wallet)),
  applies(at) {
    const made = at.rule.when!;
    const { source } = made;
    if (made.isAboutFollowing && standingOf(at).kind === 'unknown')
      return at.see({ ...notFollowing('unknown', at.isForetold), check: 'condition', source });
    let trouble: string | undefined;
    const ok = made.holds(valuesFor(at), code => {
      trouble = code;
    });
    return at.see({ ok, check: 'condition', source, ...(trouble !== undefined && { trouble }) });
  },
  takesBack: 'nothing',
});

export const segments = mechanic({
  fields: {},
  checkAny({ who }, { file, say }) {
    const names = [...(file.segments?.keys() ?? [])];
    const { tags = [], excludeTags = [] } = who?.value ?? {};
    for (const entry of [...tags, ...excludeTags]) {
      const example = t`the campaign has no \`segments\`; add segments: { ${entry.value}: list.csv }`;
      sayUnknown(t`segment`, entry, names, say, example);
    }
    for (const { value, at } of excludeTags)
      if (tags.some(tag => tag.value === value)) say(at, t`the segment "${value}" is both wanted and excluded`);
  },
  isIn: ({ who }) => who.tags !== undefined || who.excludeTags !== undefined,
  refuses(at) {
    const { tags: oneOf, excludeTags: noneOf } = at.rule.who;
    const mine = tagsOf(at.campaign, at.event.user);
    const isIn = (names: readonly string[]): boolean => names.some(name => mine.includes(name));
    if (oneOf && !at.see({ ok: isIn(oneOf), check: 'tags', names: oneOf })) return { refusal: 'notEligible' };
    const isOut = !noneOf || at.see({ ok: !isIn(noneOf), check: 'excludedTags', names: noneOf });
    return isOut ? undefined : { refusal: 'notEligible' };
  },
  takesBack: 'nothing',
});
