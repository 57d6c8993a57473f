// 免确认收款授权: a follower lets a merchant pay them without a tap. Its life at WeChat Pay, and which way a transfer takes by it:
// to be confirmed, to be confirmed with the authorization on the same sheet, or under one that is in effect. A number of ours goes
// one way as long as an order may lie under it; what is sent a second time is the same number, so that there is one bill of it.
import type { OpenId } from '../base/event.ts';
import type { Instant } from '../base/time.ts';
import type { TransferRequest } from './channels/transfer.ts';
import { asBillNo, type BillNo, type Payout } from './payout.ts';

/** `state`, as WeChat Pay spells it. CLOSED is for good: another one has another number. */
export const AUTHORIZATION_STATES = ['WAIT_USER_CONFIRM', 'TAKING_EFFECT', 'CLOSED'] as const;
export type AuthorizationState = (typeof AUTHORIZATION_STATES)[number];

/** `close_reason`, and below it what we close it for ourselves. */
export const CLOSE_REASONS = {
  CLOSE_VIA_MCH_API: '商户关闭',
  USER_CLOSE: '用户关闭',
  USER_OVERDUE_UNCONFIRMED: '用户超时未确认',
  TRANSFER_RISK: '转账存在风险',
  USER_ACCOUNT_ABNORMAL: '用户账户异常',
  /** WeChat Pay does not know the number, and what would have made it has ended. */
  NEVER_MADE: '没有生成',
  /** 授权数量达到限制: the follower has another one already, of which we know nothing. */
  LIMIT_REACHED: '授权数量达到限制',
} as const;

/** A follower's latest with one merchant. */
export type Authorization = {
  readonly merchant: string;
  readonly user: OpenId;
  /** Our name of the Official Account. */
  readonly account: string;
  /** `out_authorization_no`: follows from the payout with which it is asked for, and is stored before that call. */
  readonly number: string;
  readonly state: AuthorizationState;
  /** With whom, and for what, it holds. */
  readonly mchId: string;
  readonly appId: string;
  readonly sceneId: string;
  /** `authorization_id`, once it is in effect. */
  readonly id?: string;
  /** Why it is closed: one of `CLOSE_REASONS`, or what WeChat Pay may say one day. */
  readonly reason?: string;
  readonly askedAt: Instant;
  /** When we learnt of its state. */
  readonly at: Instant;
  /** The latest numbers that were sent under it. */
  readonly under: readonly BillNo[];
};

/** As a store holds it; the version grows by one with every change. */
export type HeldAuthorization = Authorization & { readonly version: number };

/** What WeChat Pay says of one, in an answer or by itself. */
export type ToldAuthorization = {
  readonly number: string;
  readonly state: AuthorizationState;
  readonly id?: string;
  readonly reason?: string;
};

/** So many numbers are remembered: one that is forgotten is confirmed like any other, if it must be sent again. */
const UNDER_MAX = 20;

/** Letters and digits, at most 32; one payout's number asks for one authorization. */
export function authorizationNo(billNo: BillNo): string {
  return `a${billNo}`;
}

/** The payout with which it was asked for. */
export function billNoIn(number: string): BillNo {
  return asBillNo(number.slice(1));
}

export type Way =
  | { readonly by: 'confirm' }
  /** pre-transfer-with-authorization: one sheet confirms and authorizes. */
  | { readonly by: 'ask'; readonly number: string; readonly notifyUrl: string }
  /** Without a tap. */
  | { readonly by: 'authorized'; readonly authorization: Authorization };

/**
 * Which way a payout that is about to be sent takes. `tries` counts the call that is to come. Where an earlier call may have left
 * an order, it is the way of that call, or else the one on which WeChat Pay says that the number is there already.
 */
export function wayOf(payout: Payout, request: TransferRequest, known: Authorization | undefined): Way {
  const number = authorizationNo(payout.billNo);
  const mayBeThere = payout.tries - 1 > (payout.refusals ?? 0);
  const { authorize } = request;
  const ask: Way = authorize ? { by: 'ask', number, ...authorize } : { by: 'confirm' };
  if (known?.number === number) {
    const isRefused = known.reason === 'LIMIT_REACHED' || !mayBeThere;
    return known.state === 'CLOSED' && isRefused ? { by: 'confirm' } : ask; // refused once is enough
  }
  const isInEffect = known?.state === 'TAKING_EFFECT' && isFor(known, request);
  if (mayBeThere && !(isInEffect && known.under.includes(payout.billNo))) return { by: 'confirm' };
  if (!authorize) return { by: 'confirm' };
  if (isInEffect) return { by: 'authorized', authorization: known };
  return known?.state === 'WAIT_USER_CONFIRM' && isFor(known, request) ? { by: 'confirm' } : ask;
}

/** Another merchant number, account or scene is another authorization. */
function isFor(known: Authorization, { mchId, appId, sceneId }: TransferRequest): boolean {
  return known.mchId === mchId && known.appId === appId && known.sceneId === sceneId;
}

/** What is to be stored before a payout takes its way; `undefined`: nothing new. */
export function beforeSending(
  way: Way,
  payout: Payout,
  { mchId, appId, sceneId }: TransferRequest,
  known: Authorization | undefined,
  now: Instant,
): Authorization | undefined {
  const { merchant, user, account, billNo } = payout;
  if (way.by === 'ask' && known?.number !== way.number) {
    const whose = { merchant, user, account, mchId, appId, sceneId };
    return { ...whose, number: way.number, state: 'WAIT_USER_CONFIRM', askedAt: now, at: now, under: [] };
  }
  if (way.by !== 'authorized' || way.authorization.under.includes(billNo)) return undefined;
  return { ...way.authorization, under: [...way.authorization.under, billNo].slice(-UNDER_MAX) };
}

/** What is told comes late, twice and out of order: only what leads on changes anything. */
export function afterTold(known: Authorization, told: ToldAuthorization, now: Instant): Authorization | undefined {
  const steps = AUTHORIZATION_STATES.indexOf(told.state) - AUTHORIZATION_STATES.indexOf(known.state);
  if (told.number !== known.number || steps <= 0) return undefined;
  const { state, id, reason } = told;
  return { ...known, state, at: now, ...(id !== undefined && { id }), ...(reason !== undefined && { reason }) };
}
