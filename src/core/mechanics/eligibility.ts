// For whom a rule is: a condition (`when:`) without which the next rule is asked, and the segments (人群) of a follower,
// without which the rule refuses. Pure.

import type { Event } from '../base/event.ts';
import { sceneOf } from '../base/event.ts';
import { NO_MONEY } from '../base/money.ts';
import { normalise } from '../base/text.ts';
import { DAY, dayOf, minuteOfDay, weekdayOf } from '../base/time.ts';
import { followsWith, standingOf, whyNotText } from '../match/follower.ts';
import type { Campaign, ConditionValues } from '../rules/campaign.ts';
import { scannedText } from '../rules/printed-code.ts';
import { prizeCalled } from '../rules/renamed.ts';
import type { EvaluationContext, Mechanic } from './mechanic.ts';
import { balanceOf, walletCounters } from './wallet.ts';

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
      amount: event.kind === 'paid' ? event.amount : NO_MONEY,
    },
    user: {
      follows: followsWith(facts.follower, event),
      followedDays: followedDays(at),
      tags: tagsOf(campaign, event.user),
    },
    now: { hour: Math.floor(minute / 60), minute: minute % 60, weekday: weekdayOf(now), day: dayOf(now) },
    wallet: new Map([...campaign.wallets.values()].map(wallet => [prizeCalled(wallet), balanceOf(at, wallet)])),
  };
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

export const conditions: Mechanic = {
  isIn: rule => rule.when !== undefined,
  wants: at => [...at.campaign.wallets.values()].flatMap(wallet => walletCounters(at, wallet)),
  applies(at) {
    const condition = at.rule.when!;
    if (condition.isAboutFollowing && standingOf(at).kind === 'unknown')
      return at.see(false, `条件 ${condition.source}:${whyNotText('unknown', at.isForetold)}`);
    let why = '';
    const isTrue = condition.holds(valuesFor(at), trouble => {
      why = `:${trouble}`;
    });
    return at.see(isTrue, `条件 ${condition.source}${why}`);
  },
  takesBack: 'nothing',
};

export const tags: Mechanic = {
  isIn: ({ who }) => who.tags !== undefined || who.excludeTags !== undefined,
  refuses(at) {
    const { tags: oneOf, excludeTags: noneOf } = at.rule.who;
    const mine = tagsOf(at.campaign, at.event.user);
    const show = (names: readonly string[]): string => names.map(name => `「${name}」`).join('或');
    const isIn = (names: readonly string[]): boolean => names.some(name => mine.includes(name));
    if (oneOf && !at.see(isIn(oneOf), `人群${show(oneOf)}`)) return { refusal: 'notEligible' };
    return noneOf && !at.see(!isIn(noneOf), `不在人群${show(noneOf)}`) ? { refusal: 'notEligible' } : undefined;
  },
  takesBack: 'nothing',
};
