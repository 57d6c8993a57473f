// A prize that is paid later (delay) and taken back if the money it rewards is given back before. The refund may be told
// before the payment is: it is counted by its transaction, so that such a payment gives nothing. Pure.
import type { Event } from './event.ts';
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

export const delays: Mechanic = {
  isIn: rule => rule.cancelIf.includes('refunded'),
  wants: ({ event }) => (event.kind === 'paid' ? [refundCounter(event.transaction)] : []),
  refuses(at) {
    if (at.event.kind !== 'paid') return undefined;
    const isKept = at.value(refundCounter(at.event.transaction)) === 0;
    return at.see(isKept, '订单没有退款') ? undefined : { refusal: 'notEligible' };
  },
  /** Adds nothing, bounded by what was read: a refund that is told at the same moment is not missed. */
  counts: ({ event }) => (event.kind === 'paid' ? [{ name: refundCounter(event.transaction), add: 0, max: 0 }] : []),
};
