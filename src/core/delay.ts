// A prize that is paid later (delay) and taken back if the money it rewards is given back before. The refund may be told
// before the payment is: it is counted by its transaction, so that such a payment gives nothing. Pure.
import type { Event } from './event.ts';
import { standingOf, wasBroken, whyNotText } from './follower.ts';
import type { Counter } from './limit.ts';
import type { Mechanic } from './mechanic.ts';

function refundCounter(transaction: string): string {
  return `refunded/${transaction}`;
}

/** What an event counts, whatever the rules say. */
export function countersAlways(event: Event): readonly Counter[] {
  if (event.kind !== 'refunded') return [];
  return [{ name: refundCounter(event.transaction), add: 1, max: Number.MAX_SAFE_INTEGER }];
}

/** The payment an event is about: its own, or a friend's. */
function paymentIn(event: Event): string | undefined {
  return event.kind === 'paid' || event.kind === 'friend' ? event.transaction : undefined;
}

export const delays: Mechanic = {
  isIn: rule => rule.cancelIf.length > 0,
  wants({ event }) {
    const payment = paymentIn(event);
    return payment === undefined ? [] : [refundCounter(payment)];
  },
  refuses(at) {
    const payment = paymentIn(at.event);
    const isKept = payment === undefined || at.value(refundCounter(payment)) === 0;
    if (
      payment !== undefined &&
      at.rule.cancelIf.includes('refunded') &&
      !at.see(isKept, isKept ? '订单没有退款' : '订单已退款')
    )
      return { refusal: 'notEligible' };
    if (!at.rule.cancelIf.includes('unsubscribed')) return undefined;
    const { kind } = standingOf(at);
    const no = kind !== 'follows' ? kind : wasBroken(at.facts.follower ?? {}, at.event) ? 'left' : undefined;
    return no === undefined || at.see(false, whyNotText(no, at.isForetold)) ? undefined : { refusal: 'notEligible' };
  },
  /** Adds nothing, bounded by what was read: a refund that is told at the same moment is not missed. */
  counts({ event, rule }) {
    const payment = paymentIn(event);
    if (payment === undefined || !rule.cancelIf.includes('refunded')) return [];
    return [{ name: refundCounter(payment), add: 0, max: 0 }];
  },
};
