// One payout (付款): its number, its request, its states, and what may be seen of it. What moves it: `transitions.ts`.

import { hash } from 'node:crypto';
import type { Counter } from '../base/counter.ts';
import type { OpenId } from '../base/event.ts';
import type { Brand, Fen } from '../base/money.ts';
import { type Day, dayOf, type Instant, instant, parseBeijing } from '../base/time.ts';

import type { Cancel } from '../rules/campaign.ts';
import type { Order } from './channels/channel.ts';
import type { OrderState, PayRequest } from './channels/index.ts';

/** `mch_billno` (商户订单号): ≤ 28 letters and digits. Chosen and stored before the first call, never changed. */
export type BillNo = Brand<string, 'BillNo'>;

/** A number as somebody wrote it down; there may be no such payout. */
export function asBillNo(text: string): BillNo {
  return text as BillNo;
}

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
  readonly request: PayRequest;
  /** What the counters get back if the money does. */
  readonly holds: readonly Pick<Counter, 'name' | 'add'>[];
  readonly state: PayoutState;
  /** Grows by one with every change; two workers cannot both make the same one. */
  readonly version: number;
  /** When it was first sent: gethbinfo answers for 30 days from then. */
  readonly firstSentAt?: Instant;
  /** How often sendredpack was called. */
  readonly tries: number;
  /** Inconclusive observations in a row: how far the backoff has grown. */
  readonly strikes: number;
  /** What settle does next, and when; absent when final or parked for a person. */
  readonly nextDo: 'send' | 'query';
  readonly nextAt?: Instant;
  /** The platform's latest code and text, while they matter. */
  readonly problem?: string;
  /** WeChat refuses this follower (risk control, no real name): a new number would not help. */
  readonly userRefused?: boolean;
  /**
   * Never sent (again), and followed by no other number, whatever end it comes to: an operator called it off, or another
   * number of its claim turned out to be paid. Written before anything is said to WeChat Pay; `retry` takes it away. Or its
   * order was refunded, its follower left: that stays (`undone.ts`).
   */
  readonly stopped?: 'calledOff' | 'doubted' | Cancel;
  /** Calls that were refused so that they left no order; if that is all of them, NOT_FOUND proves that nothing was paid. */
  readonly refusals?: number;
  /** WeChat Pay takes this number no more (超出重试期): it can only be asked after. */
  readonly expired?: boolean;
  /** WeChat's own number (`send_listid`, `transfer_bill_no`: 微信单号). */
  readonly listId?: string;
  /** 商家转账: what the confirmation page needs (`package_info`). */
  readonly packageInfo?: string;
  /** If nobody opens it, it is offered to the same follower once more. */
  readonly reoffer?: boolean;
  /** What takes it back before it is sent; `transaction`: the payment it rewards (微信支付订单号). */
  readonly undoneBy?: { readonly causes: readonly Cancel[]; readonly transaction?: string };
  /** What came back of it, in fen, once it is `refunded`: of a group packet perhaps only a part. */
  readonly refunded?: Fen;
  readonly createdAt: Instant;
  /** The platform's time of the event that made the claim; absent in payouts of version 0.1.0. */
  readonly eventAt?: Instant;
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
  | Order<OrderState>
  /** What the merchant's account proves of a number that WeChat Pay does not know, or no longer. */
  | { readonly kind: 'proven'; readonly state: 'REFUND' | 'FAILED'; readonly refunded?: number }
  /** gethbinfo knows no such order: no proof of failure. */
  | { readonly kind: 'notFound' };

/** Money moving between a campaign's buckets, in the payout's own commit. `refunded` is free again, and counted. */
export type Move =
  | 'none'
  | 'reserved→sent'
  | 'reserved→received'
  | 'reserved→free'
  | 'sent→received'
  /** What `payout.refunded` says; the rest, of a group packet, was received. */
  | 'sent→refunded'
  /** Refunded and offered again at once: the successor takes the reservation. */
  | 'sent→reserved'
  /** An operator's: a given-up claim has a new number, which takes the reservation from the budget once more (`counters`). */
  | 'free→reserved'
  /** … and what counted as not paid was paid after all. */
  | 'free→received'
  | 'refunded→received';

/** One change of one payout, as the store writes it. */
export type Step = {
  /** The payout after the change; its version is one above the stored one. */
  readonly payout: Payout;
  readonly from: PayoutState;
  readonly at: Instant;
  readonly what: string;
  readonly detail?: string;
  readonly move: Move;
  /** What it takes, or gives back (below zero), in the same commit: the merchant's caps of the day it leaves. */
  readonly counters?: readonly Counter[];
  /**
   * A new number for the same claim, planned in the same commit; only after FAILED or REFUND was recorded. It takes
   * over the reservation (`move` is `none`, `sent→reserved` or `free→reserved`), so that `holds` stay taken.
   */
  readonly successor?: Payout;
};

const FIVE_DIGITS = 62n ** 5n;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Stands in the numbers of claims that belong to no day. WeChat Pay recommends a day, and asks for none in particular. */
const NO_DAY = parseBeijing('2020-01-01')!;

/**
 * The day in a claim's numbers follows from the claim, so that it is the same whenever the claim is made again: the day,
 * week or month it is for. One per event has the event's day where WeChat tells it with the event: of messages, of what
 * they do in the chat, and of payments. Whatever is for no day has none: once for ever, a round, a friend's deed, a tap on
 * the page, a batch.
 */
export function numberDay(claimKey: string, eventAt: Instant): Instant {
  const occasion = claimKey.split('/').slice(3).join('/');
  const [, day = '', rest = ''] = /^(?:week-)?(\d{4}-\d\d)(-\d\d)?$/.exec(occasion) ?? [];
  return parseBeijing(day + (rest || '-01')) ?? (/^[mejp]:/.test(occasion) ? eventAt : NO_DAY);
}

/** Whether a number's day tells nothing of its claim. */
export function isNoDay(day: Day): boolean {
  return day === dayOf(NO_DAY);
}

/**
 * mchId + yyyymmdd + 10 base-62 characters of SHA-256(claim key, attempt): the same on every replay and on
 * every machine, so that even a lost ledger cannot pay twice. `day`: `numberDay` of the claim.
 */
export function billNoOf(mchId: string, day: Instant, claimKey: string, attempt: number): BillNo {
  const digest = hash('sha256', `${claimKey}\n${attempt}`, 'hex');
  const all = BigInt(`0x${digest}`);
  let suffix = '';
  // Five digits at a time: they fit into a number, and long division is slow.
  for (const five of [all % FIVE_DIGITS, (all / FIVE_DIGITS) % FIVE_DIGITS])
    for (let rest = Number(five), digit = 0; digit < 5; digit++, rest = Math.floor(rest / 62))
      suffix += BASE62[rest % 62];
  return asBillNo(`${mchId}${dayOf(day).replaceAll('-', '')}${suffix}`);
}

/** The number the same claim takes after this one: all numbers of one claim carry the same day. */
export function nextNumber(payout: Pick<Payout, 'billNo' | 'request' | 'claimKey' | 'attempt'>): BillNo {
  return numberOf(payout, payout.attempt + 1);
}

/** The number of another attempt at the claim of this one. */
export function numberOf(
  { billNo, request, claimKey }: Pick<Payout, 'billNo' | 'request' | 'claimKey'>,
  attempt: number,
): BillNo {
  const day = billNo.slice(request.mchId.length, request.mchId.length + 8);
  const at = instant(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8))));
  return billNoOf(request.mchId, at, claimKey, attempt);
}
