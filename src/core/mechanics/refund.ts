// A payment and its refund (退款) remember each other by the transaction, so that either may be told first: a payment that
// was refunded, even in part, gives nothing any more. What it gave before is taken back: `take-back.ts`.

import type { Counter } from '../base/counter.ts';
import type { Event } from '../base/event.ts';
import { CANCELS, type Cancel, type Rule } from '../rules/campaign.ts';
import { cashGiven, hasTrigger } from '../rules/campaign-query.ts';
import { mechanic } from './mechanic.ts';

export type RefundChecks = { orderKept: unknown };

const MOST = Number.MAX_SAFE_INTEGER;

/** How often it was refunded: in parts there are several. */
export function refundedCounter(transaction: string): string {
  return `refunded/${transaction}`;
}

/** How many claims it was rewarded with: those of the payer, and of whoever invited them. */
export function rewardedCounter(transaction: string): string {
  return `rewarded/${transaction}`;
}

/** 1 once what it had earned was taken back: of several refunds the first one does. */
export function takenBackCounter(transaction: string): string {
  return `taken-back/${transaction}`;
}

/** The payment an event rewards: its own, or a friend's. */
export function rewardedIn(event: Event): string | undefined {
  return event.kind === 'paid' || event.kind === 'friend' ? event.transaction : undefined;
}

/** Whether a refund can undo what this rule gives. */
export function isOfPayments({ on }: Rule): boolean {
  return on.some(trigger => trigger.kind === 'paid' || (trigger.kind === 'friend' && trigger.did === 'paid'));
}

/** What undoes a prize until it is paid: what the rule says; and a payment's refund, whether it says so or not. */
export function causesOf({ cancelIf }: Rule, event: Event): readonly Cancel[] {
  const isReward = rewardedIn(event) !== undefined;
  return CANCELS.filter(cause => cancelIf.includes(cause) || (cause === 'refunded' && isReward));
}

/** What an event counts, whatever the rules say. */
export function countersAlways(event: Event): readonly Counter[] {
  if (event.kind !== 'refunded') return [];
  return [{ name: refundedCounter(event.transaction), add: 1, max: MOST }];
}

export const refunds = mechanic({
  fields: {},
  comesTo: (rule, campaign, inTests) => ({
    // Of a friend's order a test cannot say that it was refunded before.
    notEligible: !inTests || hasTrigger(rule, ['paid']),
    cancelled: cashGiven(campaign, rule).length > 0 && (!inTests || rule.delay !== undefined),
  }),
  isIn: isOfPayments,
  wants({ event }) {
    const payment = rewardedIn(event);
    return payment === undefined ? [] : [refundedCounter(payment)];
  },
  refuses(at) {
    const payment = rewardedIn(at.event);
    if (payment === undefined) return undefined;
    const ok = at.value(refundedCounter(payment)) === 0;
    return at.see({ ok, check: 'orderKept' }) ? undefined : { refusal: 'notEligible' };
  },
  /** The first adds nothing, bounded by what was read: a refund that is told at the same moment is not missed. */
  counts({ event }) {
    const payment = rewardedIn(event);
    if (payment === undefined) return [];
    return [
      { name: refundedCounter(payment), add: 0, max: 0 },
      { name: rewardedCounter(payment), add: 1, max: MOST },
    ];
  },
  takesBack: 'nothing',
});
