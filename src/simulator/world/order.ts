// One order, be it a red packet, a group packet or a transfer: its states, the time at which each ends by itself, and
// what the merchant and the follower are told about it.
import { createHash } from 'node:crypto';
import type { MerchantLimits } from '../shared/options.ts';
import type { Packet, Share } from '../shared/protocol.ts';
import { type Bill, isOverBill, isTransfer, nextOfBill } from './bill.ts';

/** What the simulator keeps beside the public packet. */
export type Order = Packet & {
  readonly appId: string;
  readonly remark: string;
  /** A PROCESSING order: what becomes of it, and when. */
  readonly plan?: { readonly at: number; readonly to: 'SENT' | 'FAILED' };
  /** Whoever sends this number again is told that it expired, whatever the truth. */
  readonly isDead?: true;
  /** A group packet: how it is split, in the order in which the shares are taken. */
  readonly split?: readonly number[];
  /** A transfer. */
  readonly bill?: Bill;
};

export type OrderKey = string;
/** Red packets and transfers have numbers of their own: the same one may stand in both. */
export const orderKey = (mchId: string, billNo: string, channel: Packet['channel'] = 'redpack'): OrderKey =>
  channel === 'transfer' ? `${mchId}/transfer/${billNo}` : `${mchId}/${billNo}`;
export const keyOf = (order: Order): OrderKey => orderKey(order.mchId, order.billNo, order.channel);

/** `RFUND_ING` lasts this long. */
const REFUNDING_MS = 60_000;

export function packetOf(order: Order): Packet {
  const { appId: _appId, remark: _remark, plan: _plan, isDead: _isDead, split: _split, bill: _bill, ...packet } = order;
  return packet;
}

export function isOver(order: Order): boolean {
  if (order.bill) return isOverBill(order.bill.state);
  return order.status === 'RECEIVED' || order.status === 'REFUND' || order.status === 'FAILED';
}

export type Due = { readonly what: 'send' | 'fail' | 'refunding' | 'refunded' | 'bill'; readonly at: number };

/** What time will do next to an order, and when. */
export function nextOf(order: Order, limits: MerchantLimits): Due | undefined {
  if (isTransfer(order)) return nextOfBill(order, limits);
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

/** What nobody took goes back. */
export function refunded(order: Order, at: number): Order {
  const rest = order.amount - takenOf(order);
  return { ...order, status: 'REFUND', refundedAt: at, ...(order.split ? { refundedAmount: rest } : {}) };
}

/** One more person takes a share; with the last one the packet is RECEIVED. */
export function shared(order: Order, openid: string, at: number): Order {
  const before = order.shares ?? [];
  const share: Share = { openid, amount: order.split![before.length]!, at };
  const shares = [...before, share];
  const isLast = shares.length === order.split!.length;
  return { ...order, shares, ...(isLast ? { status: 'RECEIVED' as const, receivedAt: at } : {}) };
}

/** What people have of it by now. */
export function takenOf(order: Order): number {
  if (order.split) return (order.shares ?? []).reduce((sum, { amount }) => sum + amount, 0);
  return order.receivedAt === undefined ? 0 : order.amount;
}

/** What went back to the merchant by now. */
export function returnedOf(order: Order): number {
  return order.refundedAt === undefined ? 0 : (order.refundedAmount ?? order.amount);
}

/**
 * `amount` in `count` shares of at least one fen: by chance in everything but that the same order is split in the same
 * way on every run. Each share is drawn between one fen and twice the mean of what is left.
 */
export function splitOf(key: OrderKey, amount: number, count: number): number[] {
  const shares: number[] = [];
  let left = amount;
  for (let n = 0; n < count - 1; n++) {
    const people = count - n;
    const most = Math.min(left - (people - 1), Math.floor((2 * left) / people));
    const digest = createHash('sha256').update(`${key}\n${n}`).digest();
    const share = 1 + (digest.readUInt32BE(0) % Math.max(1, most));
    shares.push(share);
    left -= share;
  }
  return [...shares, left];
}
