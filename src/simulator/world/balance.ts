// A merchant's account, as the sum of its orders, and what was sent on each day.
import { dayOf, instant } from '../../core/base/time.ts';
import type { Merchant } from '../shared/protocol.ts';
import { type Order, orderKey, returnedOf, takenOf } from './order.ts';

/** The books after an order changed. */
export function booksAfter(books: Merchant, before: Order | undefined, order: Order, balance: number): Merchant {
  const isSent = order.sentAt !== undefined && before?.sentAt === undefined;
  return {
    ...books,
    balance,
    sentCount: books.sentCount + (isSent ? 1 : 0),
    sentAmount: books.sentAmount + (isSent ? order.amount : 0),
    receivedAmount: books.receivedAmount + takenOf(order) - (before ? takenOf(before) : 0),
    refundedAmount: books.refundedAmount + returnedOf(order) - (before ? returnedOf(before) : 0),
  };
}

export type DaySum = { count: number; amount: number };

const DAYS_KEPT = 8;

/** What merchants sent on a Beijing day, to each person and to all. */
export class DayTallies {
  readonly #days = new Map<string, Map<string, DaySum>>();

  count(order: Order): void {
    const day = dayOf(instant(order.sentAt!));
    if (!this.#days.has(day)) {
      this.#days.set(day, new Map());
      if (this.#days.size > DAYS_KEPT) this.#days.delete([...this.#days.keys()].sort()[0]!);
    }
    const tallies = this.#days.get(day)!;
    for (const key of [order.mchId, orderKey(order.mchId, order.openid)]) {
      const tally = tallies.get(key) ?? { count: 0, amount: 0 };
      tallies.set(key, { count: tally.count + 1, amount: tally.amount + order.amount });
    }
  }

  of(at: number, mchId: string, openid?: string): Readonly<DaySum> {
    const key = openid === undefined ? mchId : orderKey(mchId, openid);
    return this.#days.get(dayOf(instant(at)))?.get(key) ?? { count: 0, amount: 0 };
  }
}
