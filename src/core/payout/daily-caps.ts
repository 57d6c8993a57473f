// What a merchant allows on one day (merchants.*.limits), by the day a packet leaves: WeChat counts by that day, whenever
// the packet was won. A payout holds the caps of the day it was planned for; on another day it takes those of that day,
// together with the step to *sending*.

import type { Counter } from '../base/counter.ts';
import { UNBOUNDED } from '../base/counter.ts';
import { dayOf, type Instant } from '../base/time.ts';
import type { MerchantCaps } from '../decide/limits.ts';
import { capDayOf, capsOf } from '../decide/limits.ts';
import type { Payout, Step } from './payout.ts';

type Holds = Payout['holds'];

/**
 * What is to be taken for a call at this moment, and what the payout holds then. A number that was never called gives
 * back every other day: the one it was planned for, and those of a former number, which has come to nothing. One that was
 * called may have left on each of its days, and counts on all of them. Once on each.
 */
export function takeCaps(
  payout: Payout,
  caps: MerchantCaps,
  now: Instant,
): { readonly holds: Holds; readonly counters: readonly Counter[] } {
  const today = dayOf(now);
  const dayIn = (name: string): string | undefined => capDayOf(name, payout.merchant);
  const isToday = payout.holds.some(({ name }) => dayIn(name) === today);
  const isUnused = (day: string | undefined): boolean => payout.tries === 0 && day !== undefined && day !== today;
  const taken = isToday ? [] : capsOf(payout, caps, now);
  const unused = payout.holds.filter(({ name }) => isUnused(dayIn(name)));
  return {
    holds: [...payout.holds.filter(hold => !unused.includes(hold)), ...taken.map(({ name, add }) => ({ name, add }))],
    counters: [
      ...taken.map(({ name, add, max }) => ({ name, add, max })),
      ...unused.map(({ name, add }) => ({ name, add: -add, max: UNBOUNDED })),
    ],
  };
}

/** It is not called now, and leaves then; `undefined`: when a person says so. What may have left stays unknown. */
export function waitStep(payout: Payout, what: string, detail: string, until: Instant | undefined, now: Instant): Step {
  const { nextAt: _, ...rest } = payout;
  return {
    payout: {
      ...rest,
      state: payout.state === 'unknown' ? 'unknown' : 'held',
      version: payout.version + 1,
      nextDo: 'send',
      ...(until !== undefined && { nextAt: until }),
      problem: detail,
    },
    from: payout.state,
    at: now,
    what,
    detail,
    move: 'none',
  };
}

/** The merchant's day is full. */
export function capText(counter: string): string {
  const what = counter.includes('/user/')
    ? counter.includes('/packets/')
      ? 'perUserPerDay: this follower has had as many packets'
      : 'amountPerUserPerDay: this follower has had as much'
    : 'amountPerDay: as much has left';
  return `CAPPED ${what} of this merchant today as bot.yaml allows; it leaves tomorrow`;
}
