// The prizes of a rule as one claim would win them: what each is worth now, what it would use up, and whether it is
// there at all.

import { type Counter, isBounded, UNBOUNDED } from '../base/counter.ts';
import type { Event } from '../base/event.ts';
import { type Fen, NO_MONEY } from '../base/money.ts';
import { type Instant, later, minuteOfDay } from '../base/time.ts';
import type { EvaluationContext, Limit, RuleContext, TakesBack } from '../mechanics/mechanic.ts';
import { slotCounters, slotFor } from '../mechanics/round.ts';
import type { Campaign, Prize, Window } from '../rules/campaign.ts';
import { isCash, isWorth, prizesGiven } from '../rules/campaign-query.ts';
import { prizeCalled } from '../rules/renamed.ts';
import type { Check } from './check.ts';
import { drawAmount, type Luck } from './draw.ts';
import { type Claimant, type MerchantCaps, prizeCounter, prizeLimits } from './limits.ts';

export type Offer = {
  readonly prize: Prize;
  readonly amount: Fen;
  readonly limits: readonly Limit[];
  readonly coupon?: string;
};

/** Why a prize cannot be won by this claim, apart from its limits. `isLocked`: each draw brings it nearer. */
export type Missing = {
  readonly prize: Prize;
  readonly why: Check;
  readonly refuses: 'notEligible' | 'limited' | 'soldOut';
  readonly isLocked?: boolean;
};

/** A delayed prize leaves on another day, and counts at the merchant on that one. */
function claimantIn({ event, now, rule }: RuleContext, caps: MerchantCaps | undefined): Claimant {
  return { event, caps, now, ...(rule.delay !== undefined && { leavesAt: later(now, rule.delay) }) };
}

/** The counters that `offerOf` reads for any of them. */
export function offerCounters(
  at: RuleContext,
  caps: MerchantCaps | undefined,
  prizes: readonly Prize[] = prizesGiven(at.campaign, at.rule),
): string[] {
  const who = claimantIn(at, caps);
  return prizes.flatMap(prize => [
    ...prizeLimits(at.campaign, prize, isCash(prize) ? prize.max : NO_MONEY, who)
      .filter(isBounded)
      .map(({ name }) => name),
    ...(isCash(prize) && prize.split ? slotCounters(at) : []),
    ...(prize.unlockAfter === undefined ? [] : Object.values(drawNames(at))),
    ...(prize.kind === 'coupon' ? [couponCounter(at.campaign, prize)] : []),
    ...(isCash(prize) ? toBeDrawn(at).map(({ counter }) => counter) : []),
  ]);
}

/** How often this follower has drawn in this campaign, and how many of these draws were refunded since. */
function drawNames({ userKey }: Pick<RuleContext, 'userKey'>) {
  return { draws: `${userKey}/draws`, takenBack: `${userKey}/draws/${TAKEN_BACK}` };
}

const TAKEN_BACK = 'taken-back';

/** One more draw; counted where a prize asks for it. Where one of this rule's does, no refund was told since it was read. */
export function drawCounters(at: EvaluationContext): Counter[] {
  const isLocking = (prize: Prize): boolean => prize.unlockAfter !== undefined;
  if (![...at.campaign.prizes.values()].some(isLocking)) return [];
  const { draws, takenBack } = drawNames(at);
  const isRead = prizesGiven(at.campaign, at.rule).some(isLocking);
  return [
    { name: draws, add: 1, max: Number.MAX_SAFE_INTEGER },
    ...(isRead ? [{ name: takenBack, add: 0, max: at.value(takenBack) }] : []),
  ];
}

const DRAWS = /^campaign\/[^/]+\/user\/[^/]+\/draws$/;

/** A draw whose payment was refunded brings no locked prize nearer. */
export const takesBackDraws: TakesBack = ({ name, add }) => {
  if (!DRAWS.test(name)) return undefined;
  const counters = [{ name: `${name}/${TAKEN_BACK}`, add, max: Number.MAX_SAFE_INTEGER }];
  return { wants: [], undo: () => ({ counters, check: { ok: true, check: 'undoneDraw' } }) };
};

function couponCounter(campaign: Campaign, prize: Prize): string {
  return `campaign/${campaign.id}/prize/${prize.name}/coupons`;
}

export function offerOf(
  prize: Prize,
  at: EvaluationContext,
  luck: Luck,
  caps: MerchantCaps | undefined,
): Offer | Missing {
  const missing = (why: Check, refuses: Missing['refuses'] = 'soldOut'): Missing => ({ prize, why, refuses });
  const called = prizeCalled(prize);
  if (prize.window && !isOpen(prize.window, at.now)) return missing({ ok: false, check: 'givenNow', prize: called });
  const counted = drawNames(at);
  const draws = prize.unlockAfter === undefined ? 0 : at.value(counted.draws) - at.value(counted.takenBack);
  if (prize.unlockAfter !== undefined && draws < prize.unlockAfter) {
    const why = { ok: false, check: 'unlocked', prize: called, used: draws, max: prize.unlockAfter } as const;
    return { ...missing(why, 'limited'), isLocked: true };
  }
  const who = claimantIn(at, caps);
  const kept = toBeDrawn(at);
  const given = (counter: string): number => at.value(counter);
  const offer = (amount: Fen, more: readonly Limit[] = [], coupon?: string): Offer => ({
    prize,
    amount,
    limits: [...prizeLimits(at.campaign, prize, amount, who).map(limit => lessKept(limit, kept, given)), ...more],
    ...(coupon !== undefined && { coupon }),
  });
  if (prize.kind === 'coupon') {
    const taken = at.value(couponCounter(at.campaign, prize));
    const coupon = prize.coupons[taken];
    if (coupon === undefined)
      return missing({ ok: false, check: 'coupons', of: called, used: taken, max: prize.coupons.length });
    return offer(NO_MONEY, [nextCoupon(at.campaign, prize, taken)], coupon);
  }
  if (!isCash(prize)) {
    if (!isWorth(prize) || prize.kind === 'earn') return offer(NO_MONEY); // a card is no win: the wallet has it
    return offer(NO_MONEY, [pieceGiven(at.campaign, prize)], prize.kind === 'text' ? prize.text : undefined);
  }
  if (prize.steps) {
    const amount = stepFor(prize.steps, at.event);
    return amount === undefined
      ? missing({ ok: false, check: 'spentEnough', prize: called, needed: prize.steps[0]!.from }, 'notEligible')
      : offer(amount);
  }
  if (!prize.split) return offer(drawAmount(prize, luck.amount));
  const slot = slotFor(at, prize);
  return slot ? offer(slot.amount, slot.limits) : missing({ ok: false, check: 'slotsLeft' });
}

/** Bounded by what was read, so that nobody else gets the same line of the list. */
function nextCoupon(campaign: Campaign, prize: Prize, taken: number): Limit {
  return {
    name: couponCounter(campaign, prize),
    add: 1,
    max: taken + 1,
    limit: 'coupons',
    of: prizeCalled(prize),
    isGuard: true,
    refuses: 'soldOut',
    returns: false,
    money: false,
  };
}

// ── What is kept for a draw at the end ───────────────────────────────────────────────────────────────────────

/** Prizes of draws to come that cost money: only the draw gives them. */
export function keptForDraws(campaign: Campaign) {
  return [...(campaign.draws?.values() ?? [])].flatMap(({ winners }) =>
    [...winners].flatMap(([name, count]) => {
      const prize = campaign.prizes.get(name);
      return prize && isCash(prize) ? [{ counter: prizeCounter(campaign.id, name), count, amount: prize.max }] : [];
    }),
  );
}

/** Whoever is drawn takes from what was kept. */
function toBeDrawn({ campaign, event }: Pick<RuleContext, 'campaign' | 'event'>) {
  return event.kind === 'drawn' ? [] : keptForDraws(campaign);
}

/** The budget of everybody else ends where that of a draw begins, from the first day on. `given`: what its counter says. */
export function lessKept(
  limit: Limit,
  kept: ReturnType<typeof keptForDraws>,
  given: (counter: string) => number,
): Limit {
  if (kept.length === 0 || (limit.limit !== 'budget' && limit.limit !== 'packets') || limit.max === UNBOUNDED)
    return limit;
  const sum = kept.reduce((all, { counter, count, amount }) => {
    const left = Math.max(0, count - given(counter));
    return all + left * (limit.limit === 'budget' ? amount : 1);
  }, 0);
  return { ...limit, max: Math.max(0, limit.max - sum) };
}

/** Counted as a line of a list is, so that a claim without money is known as a win whatever its file says by then. */
function pieceGiven(campaign: Campaign, prize: Prize): Limit {
  return { ...nextCoupon(campaign, prize, 0), max: UNBOUNDED };
}

function stepFor(steps: readonly { readonly from: Fen; readonly amount: Fen }[], event: Event): Fen | undefined {
  const paid = event.kind === 'paid' ? event.amount : NO_MONEY;
  return steps.findLast(({ from }) => from <= paid)?.amount;
}

function isOpen({ from, to, hours }: Window, now: Instant): boolean {
  if ((from !== undefined && now < from) || (to !== undefined && now >= to)) return false;
  const minute = minuteOfDay(now);
  return hours.length === 0 || hours.some(([start, end]) => minute >= start && minute < end);
}
