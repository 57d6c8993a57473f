// The life of one payout (付款): its number, its states, and the one table that moves it. Pure.
import { createHash } from 'node:crypto';
import type { Brand, Fen } from './money.ts';
import type { OpenId } from './event.ts';
import type { Counter } from './decide.ts';
import { dayOf, type Instant } from './time.ts';

/** `mch_billno` (商户订单号): ≤ 28 letters and digits. Chosen and stored before the first call, never changed. */
export type BillNo = Brand<string, 'BillNo'>;

export const PAYOUT_STATES = [
  'planned', // written with the claim; nothing was called yet
  'sending', // about to call, or the call's end was never seen: ask
  'unknown', // called; WeChat Pay's answer leaves the outcome open: ask, same number
  'held', // waits for a person or for the merchant's gate
  'sent', // with the follower, to be opened within 24 h
  'received', // opened: final
  'refunded', // not opened; the money came back: final
  'failed', // nothing was paid under this number, and nothing will be: final
] as const;
export type PayoutState = (typeof PAYOUT_STATES)[number];

export function isFinal(state: PayoutState): boolean {
  return state === 'received' || state === 'refunded' || state === 'failed';
}

/** The business fields of sendredpack (发放红包接口), stored before the first call; a retry sends these. */
export type RedpackRequest = {
  readonly mchId: string;
  readonly appId: string;
  readonly sendName: string;
  readonly actName: string;
  readonly wishing: string;
  readonly remark: string;
  readonly clientIp: string;
  readonly sceneId?: string;
};

export type Payout = {
  readonly billNo: BillNo;
  readonly claimKey: string;
  /** Grows only after gethbinfo said FAILED; counts from 1. */
  readonly attempt: number;
  readonly campaign: string;
  readonly rule: string;
  readonly account: string;
  readonly merchant: string;
  readonly user: OpenId;
  readonly amount: Fen;
  readonly request: RedpackRequest;
  /** What the counters get back if the money does. */
  readonly holds: readonly Pick<Counter, 'name' | 'add'>[];
  readonly state: PayoutState;
  /** Grows by one with every change; two workers cannot both make the same one. */
  readonly version: number;
  /** How often sendredpack was called. */
  readonly tries: number;
  /** When settle has something to do next; absent when final or held. */
  readonly nextAt?: Instant;
  /** The platform's latest code and text, while they matter. */
  readonly problem?: string;
  /** WeChat's own number (`send_listid`, 微信单号). */
  readonly listId?: string;
  readonly createdAt: Instant;
  readonly sentAt?: Instant;
  readonly endedAt?: Instant;
};

/** What the platform, or its silence, tells us about one payout. */
export type Observation =
  /** sendredpack: return_code and result_code SUCCESS. */
  | { readonly kind: 'accepted'; readonly listId?: string }
  /** Never reached the platform: connection refused, no such host, TLS handshake. */
  | { readonly kind: 'unreached'; readonly code: string; readonly text: string }
  /** May have reached it: time-out, reset, 5xx, unreadable answer. */
  | { readonly kind: 'silence'; readonly code: string; readonly text: string }
  /** The platform answered with a code; what it means stands in the error table. */
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  /** gethbinfo answered. `reason`: the failure text an order in SENDING may carry. */
  | { readonly kind: 'status'; readonly status: RedpackStatus; readonly reason?: string; readonly listId?: string }
  /** gethbinfo knows no such order: no proof of failure. */
  | { readonly kind: 'notFound' };

/** gethbinfo's `status`, spelled as WeChat spells it. */
export type RedpackStatus = 'SENDING' | 'SENT' | 'FAILED' | 'RECEIVED' | 'RFUND_ING' | 'REFUND';

/** Money moving between a campaign's buckets, in the payout's own commit. */
export type Move = 'none' | 'reserved→sent' | 'sent→received' | 'sent→free' | 'reserved→free' | 'reserved→received';

/** One change of one payout, as the store writes it. */
export type Step = {
  /** The payout after the change; its version is one above the stored one. */
  readonly payout: Payout;
  readonly from: PayoutState;
  readonly at: Instant;
  readonly what: string;
  readonly detail?: string;
  readonly move: Move;
};

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * mchId + yyyymmdd + 10 base-62 characters of SHA-256(claim key, attempt): the same on every replay and on
 * every machine, so that even a lost ledger cannot pay twice. `eventAt` is the event that made the claim.
 */
export function billNoOf(mchId: string, eventAt: Instant, claimKey: string, attempt: number): BillNo {
  const digest = createHash('sha256').update(`${claimKey}\n${attempt}`).digest('hex');
  let rest = BigInt(`0x${digest}`);
  let suffix = '';
  for (let i = 0; i < 10; i++) {
    suffix += BASE62[Number(rest % 62n)];
    rest /= 62n;
  }
  return `${mchId}${dayOf(eventAt).replaceAll('-', '')}${suffix}` as BillNo;
}
