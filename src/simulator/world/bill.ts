// One transfer bill (商家转账单): its states, the time at which each ends by itself, and what is told about it.
import { createHash } from 'node:crypto';
import { beijingText, instant } from '../../core/base/time.ts';
import type { Json } from '../shared/json.ts';
import type { MerchantLimits } from '../shared/options.ts';
import type { BillState, Packet } from '../shared/protocol.ts';
import type { Due, Order } from './order.ts';

/** What an order that is a transfer has beside the others. */
export type Bill = {
  readonly state: BillState;
  /** The business fields of its creation: the same number must come with the same ones. */
  readonly print: string;
  readonly notifyUrl?: string;
  readonly updatedAt: number;
  /** Not yet with the payee: what becomes of it, and when. */
  readonly plan?: { readonly at: number; readonly to: Ready | 'FAIL'; readonly reason?: string };
};

/** What a bill is once its money is locked: to be confirmed, or, under an authorization, on its way. */
export type Ready = 'WAIT_USER_CONFIRM' | 'TRANSFERING';

export type Transfer = Order & { readonly bill: Bill };

/** As the chat page knows packets: what comes nearest. */
const STATUS: Record<BillState, Packet['status']> = {
  ACCEPTED: 'SENDING',
  PROCESSING: 'SENDING',
  WAIT_USER_CONFIRM: 'SENT',
  TRANSFERING: 'SENT',
  SUCCESS: 'RECEIVED',
  FAIL: 'FAILED',
  CANCELING: 'RFUND_ING',
  CANCELLED: 'REFUND',
};
const OVER: ReadonlySet<BillState> = new Set(['SUCCESS', 'FAIL', 'CANCELLED']);

export const isOverBill = (state: BillState): boolean => OVER.has(state);

/** The bill in its next state. Whatever was taken from the merchant goes back with FAIL and CANCELLED. */
export function inState(order: Transfer, state: BillState, at: number, reason?: string): Transfer {
  const { plan: _plan, ...bill } = order.bill;
  const isBack = (state === 'FAIL' || state === 'CANCELLED') && order.sentAt !== undefined;
  return {
    ...order,
    status: isBack ? 'REFUND' : STATUS[state],
    billState: state,
    bill: { ...bill, state, updatedAt: at },
    ...(state === 'SUCCESS' ? { receivedAt: at } : {}),
    ...(isBack ? { refundedAt: at } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(state === 'WAIT_USER_CONFIRM' ? { packageInfo: packageInfoOf(order) } : {}),
  };
}

/** Opaque, and the same on every run. */
function packageInfoOf(order: Order): string {
  return createHash('sha512').update(`package\n${order.mchId}\n${order.listId}`).digest('base64');
}

export function nextOfBill(order: Transfer, limits: MerchantLimits): Due | undefined {
  const { state, plan, updatedAt } = order.bill;
  const expiry: Due = { what: 'bill', at: order.createdAt + limits.refundMs };
  switch (state) {
    case 'ACCEPTED':
    case 'PROCESSING':
      return plan !== undefined && plan.at <= expiry.at ? { what: 'bill', at: plan.at } : expiry;
    case 'WAIT_USER_CONFIRM':
      return plan !== undefined && plan.at <= expiry.at ? { what: 'bill', at: plan.at } : expiry;
    case 'TRANSFERING':
      return { what: 'bill', at: updatedAt + limits.transferringMs };
    case 'CANCELING':
      return { what: 'bill', at: updatedAt + limits.cancelingMs };
    default:
      return undefined;
  }
}

/** What time does to a bill at the instant `nextOfBill` names. Not locked, or not confirmed, for too long: closed. */
export function advanced(order: Transfer, at: number): Transfer {
  const { state, plan } = order.bill;
  if (state === 'TRANSFERING') return inState(order, 'SUCCESS', at);
  if (state === 'CANCELING') return plan ? inState(order, plan.to, at, plan.reason) : inState(order, 'CANCELLED', at);
  if (plan !== undefined && plan.at <= at) return inState(locked(order, plan.to, at), plan.to, at, plan.reason);
  return inState(order, 'FAIL', at, 'OVERDUE_CLOSE');
}

/** A bill for which there was no money until now takes it with this step. */
function locked(order: Transfer, to: BillState, at: number): Transfer {
  return to !== 'FAIL' && order.sentAt === undefined ? { ...order, sentAt: at } : order;
}

export const isTransfer = (order: Order): order is Transfer => order.bill !== undefined;

/** RFC 3339, in Beijing. */
export function rfc3339(at: number): string {
  return `${beijingText(instant(at)).replace(' ', 'T')}+08:00`;
}

export function createdReply(order: Transfer): Json {
  const { state } = order.bill;
  return {
    out_bill_no: order.billNo,
    transfer_bill_no: order.listId,
    create_time: rfc3339(order.createdAt),
    state,
    ...failReasonOf(order),
    ...(state === 'WAIT_USER_CONFIRM' ? { package_info: order.packageInfo } : {}),
  };
}

export function canceledReply(order: Transfer): Json {
  const { state, updatedAt } = order.bill;
  return {
    out_bill_no: order.billNo,
    transfer_bill_no: order.listId,
    state,
    update_time: rfc3339(updatedAt),
  };
}

/** The query's answer: without `package_info`, which only the creation gives, if need be a second time. */
export function billReply(order: Transfer): Json {
  return {
    mch_id: order.mchId,
    out_bill_no: order.billNo,
    transfer_bill_no: order.listId,
    appid: order.appId,
    state: order.bill.state,
    transfer_amount: order.amount,
    transfer_remark: order.remark,
    ...failReasonOf(order),
    openid: order.openid,
    create_time: rfc3339(order.createdAt),
    update_time: rfc3339(order.bill.updatedAt),
  };
}

/** What a callback carries, before it is encrypted. */
export function noticeResource(order: Transfer): Json {
  return {
    mch_id: order.mchId,
    out_bill_no: order.billNo,
    transfer_bill_no: order.listId,
    transfer_amount: order.amount,
    state: order.bill.state,
    ...failReasonOf(order),
    openid: order.openid,
    create_time: rfc3339(order.createdAt),
    update_time: rfc3339(order.bill.updatedAt),
  };
}

function failReasonOf(order: Transfer): Json {
  return order.bill.state === 'FAIL' && order.reason !== undefined ? { fail_reason: order.reason } : {};
}
