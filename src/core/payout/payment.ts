// What WeChat Pay says of money that came in (支付通知) or went back (退款通知), the events it becomes, and what an order
// that was asked after says about it.
import { type Event, type EventKey, eventKey, type OpenId, openId } from '../base/event.ts';
import type { Fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';

export type PaidNotice = {
  readonly kind: 'paid';
  readonly appId: string;
  readonly user: OpenId;
  readonly transaction: string;
  readonly order: string;
  /** Told to a service provider (服务商): its own AppID, and the merchant served, to whom it was paid. */
  readonly service?: { readonly appId: string; readonly subMchId: string };
  /** Cash really paid; `total` is with coupons. */
  readonly amount: Fen;
  readonly total: Fen;
  readonly attach?: string;
  readonly at: Instant;
};

export type RefundNotice = {
  readonly kind: 'refunded';
  /** API v3 does not say. */
  readonly appId?: string;
  readonly transaction: string;
  readonly refund: string;
  /** What the payer got back. */
  readonly amount: Fen;
  readonly at: Instant;
};

/**
 * `other`: WeChat Pay said it, but nothing follows from it. `unread`: WeChat Pay said it, but it is not for us, or we cannot
 * tell what it means; somebody should know. `unopened`: sealed with another APIv3 key than bot.yaml has; once that is mended it
 * can be told again.
 */
export type PayNotice =
  | PaidNotice
  | RefundNotice
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'unread' | 'unopened'; readonly why: string };

/**
 * Stands for the payer of an order of which no payment was told yet: refund notices name none. It is no openid, so that
 * it is nobody's.
 */
export const UNKNOWN_PAYER = openId('unknown-payer');

/** The key by which a payment is one event for ever. */
export function paymentKey(transaction: string): EventKey {
  return eventKey(`p:${transaction}`);
}

export function paidEvent(merchant: string, account: string, notice: PaidNotice): Event {
  const { user, transaction, order, amount, total, attach, at: sentAt } = notice;
  const paid = { kind: 'paid', merchant, transaction, order, amount, total } as const;
  return { key: paymentKey(transaction), account, user, sentAt, ...paid, ...(attach !== undefined && { attach }) };
}

/** Of a payer who is not known yet it is an event of its own, so that it can be told again once they are. */
export function refundedEvent(
  merchant: string,
  { account, user }: Pick<Event, 'account' | 'user'>,
  { transaction, refund, amount, at: sentAt }: RefundNotice,
): Event {
  const key = eventKey(`r:${refund}${user === UNKNOWN_PAYER ? ':unknown' : ''}`);
  return { key, account, user, sentAt, kind: 'refunded', merchant, transaction, refund, amount };
}

/** What WeChat Pay answers when it is asked after an order. */
export type SeenOrder =
  | {
      readonly kind: 'order';
      /** `trade_state`, as it came. */
      readonly state: string;
      readonly transaction?: string;
      /** Fen. */
      readonly total?: number;
      readonly user?: string;
    }
  /** It did not say: nothing is known. */
  | { readonly kind: 'silence'; readonly code: string; readonly text: string };

/** Nothing is left of such a payment. REFUND is said of partial refunds too. */
const OVER = new Set(['REFUND', 'CLOSED', 'REVOKED']);

/** `different`: the order is not what the notice says; `unclear`: ask again later. */
export function orderVerdict(notice: PaidNotice, seen: SeenOrder): 'paid' | 'over' | 'different' | 'unclear' {
  if (seen.kind === 'silence') return 'unclear';
  if (OVER.has(seen.state)) return 'over';
  if (seen.state !== 'SUCCESS') return 'unclear';
  const { transaction, total, user } = notice;
  return seen.transaction === transaction && seen.total === total && seen.user === user ? 'paid' : 'different';
}
