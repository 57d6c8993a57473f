// One red packet order: its states, the time at which each ends by itself, and what the merchant and the follower
// are told about it. Pure.
import { createHash } from 'node:crypto';
import type { MerchantLimits } from './options.ts';
import type { Packet } from './protocol.ts';

/** What the simulator keeps beside the public packet. */
export type Order = Packet & {
  readonly appId: string;
  readonly remark: string;
  /** A PROCESSING order: what becomes of it, and when. */
  readonly plan?: { readonly at: number; readonly to: 'SENT' | 'FAILED' };
};

export type OrderKey = string;
export const orderKey = (mchId: string, billNo: string): OrderKey => `${mchId}/${billNo}`;

/** `RFUND_ING` lasts this long. */
const REFUNDING_MS = 60_000;

export function packetOf(order: Order): Packet {
  const { appId: _appId, remark: _remark, plan: _plan, ...packet } = order;
  return packet;
}

export function isOver(order: Order): boolean {
  return order.status === 'RECEIVED' || order.status === 'REFUND' || order.status === 'FAILED';
}

export type Due = { readonly what: 'send' | 'fail' | 'refunding' | 'refunded'; readonly at: number };

/** What time will do next to an order, and when. */
export function nextOf(order: Order, limits: MerchantLimits): Due | undefined {
  switch (order.status) {
    case 'SENDING': {
      const expiry: Due = { what: 'fail', at: order.createdAt + limits.expiryMs };
      if (order.plan === undefined || order.plan.at > expiry.at) return expiry;
      return { what: order.plan.to === 'SENT' ? 'send' : 'fail', at: order.plan.at };
    }
    case 'SENT':
      return { what: 'refunding', at: order.sentAt! + limits.refundMs };
    case 'RFUND_ING':
      return { what: 'refunded', at: order.sentAt! + limits.refundMs + REFUNDING_MS };
    default:
      return undefined;
  }
}

/** SENDING → SENT; the caller moves the money in the same entry. */
export function sent(order: Order, at: number): Order {
  const { reason: _reason, plan: _plan, ...rest } = order;
  return { ...rest, status: 'SENT', sentAt: at };
}

/** Stays SENDING, with the text gethbinfo shows as `reason`. */
export function refused(order: Order, reason: string): Order {
  const { plan: _plan, ...rest } = order;
  return { ...rest, reason };
}

/** FAILED, for good. As with the real one, the reason is lost in half of the cases. */
export function failed(order: Order): Order {
  const { reason, plan: _plan, ...rest } = order;
  const forgets = createHash('sha256').update(order.billNo).digest()[0]! % 2 === 0;
  return { ...rest, status: 'FAILED', ...(reason === undefined || forgets ? {} : { reason }) };
}

export const received = (order: Order, at: number): Order => ({ ...order, status: 'RECEIVED', receivedAt: at });
export const refunding = (order: Order): Order => ({ ...order, status: 'RFUND_ING' });
export const refunded = (order: Order, at: number): Order => ({ ...order, status: 'REFUND', refundedAt: at });
