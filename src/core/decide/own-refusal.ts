// What may speak against any rule, whatever it plays: the campaign's time, for whom it is, how often, and how far apart.
import { isBounded } from '../base/counter.ts';
import { minuteOfDay, weekdayOf } from '../base/time.ts';
import { claimKeysOf } from '../match/claim-key.ts';
import { followsWith, notFollowing, standingOf } from '../match/follower.ts';
import type { EvaluationContext, Limit, RefusalReason } from '../mechanics/mechanic.ts';
import type { Refusal } from '../rules/campaign.ts';
import { pauseOf } from '../rules/campaign-query.ts';
import { fitsPattern } from '../triggers/trigger.ts';
import type { Check } from './check.ts';
import { lastClaimCounter, userLimits } from './limits.ts';

/** Notes also the checks that no mechanic has. */
type Evaluating = EvaluationContext & { see(check: Check): boolean };

/** Refusals that every rule has, in their order. */
export function ownRefusal(at: Evaluating): RefusalReason | undefined {
  const { from, to } = at.campaign.period;
  if (!at.see({ ok: at.now >= from, check: 'begun', at: from })) return { refusal: 'notStarted' };
  if (!at.see({ ok: at.now < to, check: 'notOver', at: to })) return { refusal: 'ended' };
  if (at.isBlocked && !at.see({ ok: false, check: 'blocked' })) return { refusal: 'notEligible' };
  if (!isInHours(at)) return { refusal: 'closed' };
  if (!isEligible(at)) return { refusal: 'notEligible' };
  const keys = claimKeysOf(at.campaign, at.rule, at.event, at.now);
  const used = Number(keys.some(key => at.facts.claims.has(key)));
  // Every event is a new occasion, of which there is nothing to say.
  const { once } = at.rule;
  const isSaid = once !== 'perEvent' || used > 0;
  if (isSaid && !at.see({ ok: used === 0, check: 'once', once, used })) return { refusal: 'already' };
  const limits = userLimits(at.campaign, at.event, at.now).filter(isBounded);
  const isMine = ({ refuses }: Limit): boolean => refuses === 'limited';
  for (const limit of limits.filter(isMine)) if (!seeLimit(at, limit)) return refusalOf(limit);
  if (!isRested(at)) return { refusal: 'limited', detail: 'tooSoon' };
  for (const limit of limits) if (!isMine(limit) && !seeLimit(at, limit)) return refusalOf(limit);
  return undefined;
}

/** Whether every trigger that fits this event is about a first follow: beside another one, that one decides. */
export function wantsFirstFollow({ event, rule }: EvaluationContext): boolean {
  if (event.kind !== 'subscribe') return false;
  const fits = (scenes: readonly string[] | undefined): boolean =>
    !scenes || (event.scene !== undefined && scenes.some(pattern => fitsPattern(pattern, event.scene!)));
  return rule.on.every(trigger => {
    if (trigger.kind === 'subscribe') return trigger.first || !fits(trigger.scenes);
    return trigger.kind !== 'scan' || event.scene === undefined || !fits(trigger.scenes);
  });
}

/** By its file, or by hand: then it may come with words for everybody. */
export function pauseRefusal(at: Evaluating): RefusalReason | undefined {
  const { mode, id } = at.campaign;
  const byHand = at.facts.paused?.get(pauseOf(id));
  if (mode !== 'paused' && byHand === undefined) return undefined;
  at.see({ ok: false, check: 'notPaused', ...(byHand !== undefined && { byHand: true }) });
  return { refusal: 'halted', detail: 'paused', ...(byHand && { says: byHand }) };
}

export function refusalOf({ refuses, detail }: Limit): RefusalReason {
  return { refusal: refuses satisfies Refusal, ...(detail !== undefined && { detail }) };
}

export function seeLimit(at: Evaluating, limit: Limit): boolean {
  const { name, limit: check, of, add, max, money } = limit;
  const used = at.value(name);
  const ok = used + add <= max;
  return at.see({ ok, check, used, max, ...(money && { add }), ...(of !== undefined && { of }) });
}

export function lastClaimAt(at: EvaluationContext): number {
  return at.value(lastClaimCounter(at.campaign.id, at.event.user));
}

/** `gap` */
function isRested(at: Evaluating): boolean {
  const { gap } = at.campaign.perUser;
  if (gap === undefined) return true;
  const last = lastClaimAt(at);
  const length = at.now - last;
  return at.see({ ok: length >= gap, check: 'gap', needed: gap, ...(last > 0 && { length }) });
}

function isInHours(at: Evaluating): boolean {
  const { hours, weekdays: days } = at.campaign.period;
  const minute = minuteOfDay(at.now);
  const isOpen = hours.length === 0 || hours.some(([start, end]) => minute >= start && minute < end);
  if (hours.length > 0 && !at.see({ ok: isOpen, check: 'hours', minute, hours })) return false;
  const day = weekdayOf(at.now);
  return days.length === 0 || at.see({ ok: days.includes(day), check: 'weekdays', day, days });
}

function isEligible(at: Evaluating): boolean {
  const { followedFor, firstFollow } = at.rule.who;
  if (followedFor === undefined && !firstFollow) return true;
  const standing = standingOf(at);
  if (standing.kind !== 'follows') return at.see(notFollowing(standing.kind, at.isForetold === true));
  if (followedFor !== undefined && standing.since !== undefined) {
    const length = Math.max(0, at.now - standing.since);
    const ok = length >= followedFor;
    if (!at.see({ ok, check: 'followedFor', length, needed: followedFor })) return false;
  }
  const follows = followsWith(at.facts.follower, at.event);
  return !firstFollow || at.see({ ok: follows <= 1, check: 'neverLeft', follows });
}
