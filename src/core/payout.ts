// The life of one payout (付款): its number, its states, and the one table that moves it. Pure.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { OpenId } from './event.ts';
import type { Counter } from './limit.ts';
import type { Brand, Fen } from './money.ts';
import { isKnown, type Sight, sightOf } from './pay-error.ts';
import { DAY, dayOf, endOfDay, HOUR, type Instant, instant, later, MINUTE, SECOND } from './time.ts';

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
  /** Inconclusive observations in a row: how far the backoff has grown. */
  readonly strikes: number;
  /** What settle does next, and when; absent when final or parked for a person. */
  readonly nextDo: 'send' | 'query';
  readonly nextAt?: Instant;
  /** The platform's latest code and text, while they matter. */
  readonly problem?: string;
  /** WeChat refuses this follower (risk control, no real name): a new number would not help. */
  readonly userRefused?: boolean;
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

/** Money moving between a campaign's buckets, in the payout's own commit. `refunded` is free again, and counted. */
export type Move = 'none' | 'reserved→sent' | 'reserved→received' | 'reserved→free' | 'sent→received' | 'sent→refunded';

/** One change of one payout, as the store writes it. */
export type Step = {
  /** The payout after the change; its version is one above the stored one. */
  readonly payout: Payout;
  readonly from: PayoutState;
  readonly at: Instant;
  readonly what: string;
  readonly detail?: string;
  readonly move: Move;
  /**
   * A new number for the same claim, planned in the same commit; only after gethbinfo said FAILED. It takes over the
   * reservation, so that `move` is `none` and `holds` stay taken.
   */
  readonly successor?: Payout;
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

// ── The table: state × what was seen → state, next step, bucket move ─────────────────────────────────────

/** How a payout is looked after; all of it can be set in bot.yaml. */
export type PayoutPolicy = {
  /** When gethbinfo is asked about a packet nobody opened yet: ms after it was sent. */
  readonly askAfter: readonly number[];
  /** And after the last of these, every so many ms. */
  readonly askEvery: number;
  /** How many numbers one claim may use up; a new one only after FAILED. */
  readonly attemptsMax: number;
};

export const DEFAULT_POLICY: PayoutPolicy = {
  askAfter: [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY + 5 * MINUTE],
  askEvery: HOUR,
  attemptsMax: 5,
};

/** A call ends, or is given up for dead, within this: then somebody else may ask. */
export const CALL_LEASE_MS = 30 * SECOND;
/** gethbinfo answers for orders of the last 30 days only. */
const HORIZON_MS = 30 * DAY;
/** Before we ask instead of sending once more. */
const SENDS_BEFORE_ASKING = 3;
const STRIKES_BEFORE_ALARM = 10;
const BACKOFF_MAX_MS = 20 * MINUTE;
/** WeChat's shortest interval between two tries of one number is 1 s. */
const BACKOFF_MIN_MS = 1100;

type When = 'backoff' | 'schedule' | 'soon' | 'in20Minutes' | 'at8' | 'tomorrow' | 'never';
type Row = { readonly to: PayoutState | 'same'; readonly do: 'send' | 'query'; readonly when: When; readonly move?: Move; readonly alarm?: string };

/** Not known to have been paid: planned, sending, unknown, held. The amount stands in `reserved`. */
const OPEN: Record<Sight, Row> = {
  accepted: { to: 'sent', do: 'query', when: 'schedule', move: 'reserved→sent' },
  again: { to: 'unknown', do: 'send', when: 'backoff' },
  slow: { to: 'unknown', do: 'send', when: 'backoff' },
  ask: { to: 'unknown', do: 'query', when: 'backoff' },
  askLater: { to: 'unknown', do: 'query', when: 'in20Minutes' },
  morning: { to: 'held', do: 'send', when: 'at8' },
  tomorrow: { to: 'held', do: 'send', when: 'tomorrow' },
  refusedUser: { to: 'held', do: 'query', when: 'tomorrow' },
  halt: { to: 'held', do: 'send', when: 'soon' },
  config: { to: 'held', do: 'send', when: 'soon' },
  bug: { to: 'held', do: 'send', when: 'never', alarm: 'parked: WeChat Pay says the request itself is wrong' },
  isSending: { to: 'unknown', do: 'send', when: 'backoff' },
  isSent: { to: 'sent', do: 'query', when: 'schedule', move: 'reserved→sent' },
  isReceived: { to: 'received', do: 'query', when: 'never', move: 'reserved→received' },
  isRefunding: { to: 'sent', do: 'query', when: 'backoff', move: 'reserved→sent' },
  isRefunded: { to: 'sent', do: 'query', when: 'soon', move: 'reserved→sent' }, // the next question ends it
  isFailed: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  notFound: { to: 'unknown', do: 'send', when: 'backoff' },
  noAnswer: { to: 'unknown', do: 'query', when: 'backoff' },
};

/** With the follower, to be opened. The amount stands in `sent`; only questions are asked here. */
const SENT: Record<Sight, Row> = {
  accepted: { to: 'same', do: 'query', when: 'schedule' },
  again: { to: 'same', do: 'query', when: 'backoff' },
  slow: { to: 'same', do: 'query', when: 'backoff' },
  ask: { to: 'same', do: 'query', when: 'backoff' },
  askLater: { to: 'same', do: 'query', when: 'in20Minutes' },
  morning: { to: 'same', do: 'query', when: 'at8' },
  tomorrow: { to: 'same', do: 'query', when: 'tomorrow' },
  refusedUser: { to: 'same', do: 'query', when: 'tomorrow' },
  halt: { to: 'same', do: 'query', when: 'backoff' },
  config: { to: 'same', do: 'query', when: 'backoff' },
  bug: { to: 'same', do: 'query', when: 'tomorrow', alarm: 'WeChat Pay calls our question wrong' },
  isSending: { to: 'same', do: 'query', when: 'backoff' },
  isSent: { to: 'same', do: 'query', when: 'schedule' },
  isReceived: { to: 'received', do: 'query', when: 'never', move: 'sent→received' },
  isRefunding: { to: 'same', do: 'query', when: 'backoff' },
  isRefunded: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isFailed: { to: 'same', do: 'query', when: 'never', alarm: 'parked: FAILED, although it was sent before' },
  notFound: { to: 'same', do: 'query', when: 'backoff', alarm: 'no such order, although it was sent before' },
  noAnswer: { to: 'same', do: 'query', when: 'backoff' },
};

/** What is to be written, and what else follows from it. */
export type Verdict = {
  readonly step: Step;
  readonly sight: Sight;
  /** Stop sending for this merchant. */
  readonly halt?: { readonly code: string; readonly reason: string };
  /** The follower should be told that nothing will come. */
  readonly problem: boolean;
  /** Something a person should look at. */
  readonly alarm?: string;
};

/** Marks a payout as *sending*. This is written before the call; if we die in between, somebody asks. */
export function beginSend(payout: Payout, now: Instant): Step {
  assert(!isFinal(payout.state) && payout.state !== 'sent', `a payout in ${payout.state} is not sent again`);
  const next: Payout = {
    ...payout,
    state: 'sending',
    version: payout.version + 1,
    tries: payout.tries + 1,
    nextDo: 'query',
    nextAt: later(now, CALL_LEASE_MS),
  };
  return { payout: next, from: payout.state, at: now, what: 'sending', move: 'none' };
}

/** What an answer (or its absence) makes of a payout. `asked`: it answers gethbinfo, not sendredpack. */
export function observe(payout: Payout, observation: Observation, asked: boolean, now: Instant, policy: PayoutPolicy): Verdict {
  assert(!isFinal(payout.state), `payout ${payout.billNo} is ${payout.state}: nothing more is expected`);
  const sight = sightOf(observation, asked);
  const isOpen = payout.state !== 'sent';
  const isRefusedNow = sight === 'refusedUser' && !payout.userRefused;
  const isWaitingForEnd = payout.userRefused === true && sight === 'isSending';
  const row = (isOpen ? OPEN : SENT)[isWaitingForEnd ? 'refusedUser' : sight];
  const to = row.to === 'same' ? payout.state : row.to;
  const strikes = row.when === 'backoff' ? payout.strikes + 1 : 0;
  const detail = detailOf(observation);
  const sentAt = to === 'sent' && payout.sentAt === undefined ? now : payout.sentAt;
  const listId = 'listId' in observation ? observation.listId : undefined;
  const nextAt = whenNext(row.when, payout, strikes, sentAt ?? now, now, policy);
  const { nextAt: _, problem: __, ...rest } = payout;
  const next: Payout = {
    ...rest,
    state: to,
    version: payout.version + 1,
    strikes,
    nextDo: row.do === 'send' && sight === 'again' && strikes >= SENDS_BEFORE_ASKING ? 'query' : row.do,
    ...(nextAt !== undefined && { nextAt }),
    ...(detail !== undefined && !isFinal(to) && to !== 'sent' && { problem: detail }),
    ...(isRefusedNow && { userRefused: true }),
    ...(listId !== undefined && { listId }),
    ...(sentAt !== undefined && { sentAt }),
    ...(isFinal(to) && { endedAt: now }),
  };
  const step: Step = { payout: next, from: payout.state, at: now, what: sight, move: row.move ?? 'none', ...(detail !== undefined && { detail }) };
  const isOver = nextAt !== undefined && now - payout.createdAt > HORIZON_MS;
  const stop = sight === 'halt' || sight === 'config' ? { code: codeOf(observation), reason: detail ?? sight } : undefined;
  const alarm = isOver ? 'parked: older than the 30 days WeChat Pay answers for' : (row.alarm ?? alarmOf(observation, strikes));
  const verdict = { step: isOver ? parked(step) : step, sight, problem: isRefusedNow, ...(stop && { halt: stop }), ...(alarm !== undefined && { alarm }) };
  return to === 'failed' ? afterFailure(payout, verdict, policy) : verdict;
}

/** gethbinfo said FAILED: nothing was paid under this number. A claim that is still owed gets a new one. */
function afterFailure(payout: Payout, verdict: Verdict, policy: PayoutPolicy): Verdict {
  if (payout.userRefused) return verdict;
  if (payout.attempt >= policy.attemptsMax) {
    return { ...verdict, problem: true, alarm: `given up after ${payout.attempt} numbers` };
  }
  const { at } = verdict.step;
  const { listId: _, sentAt: __, problem: ___, endedAt: ____, ...claim } = payout;
  const successor: Payout = {
    ...claim,
    billNo: billNoOf(payout.request.mchId, billDayOf(payout), payout.claimKey, payout.attempt + 1),
    attempt: payout.attempt + 1,
    state: 'planned',
    version: 1,
    tries: 0,
    strikes: 0,
    nextDo: 'send',
    nextAt: at,
    createdAt: at,
  };
  const failed: Payout = { ...verdict.step.payout, holds: [] };
  return { ...verdict, step: { ...verdict.step, payout: failed, move: 'none', successor } };
}

/** The day in the number of the first attempt: all numbers of one claim carry it. */
function billDayOf(payout: Payout): Instant {
  const day = payout.billNo.slice(payout.request.mchId.length, payout.request.mchId.length + 8);
  return instant(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8))));
}

function parked(step: Step): Step {
  const { nextAt: _, ...payout } = step.payout;
  return { ...step, payout };
}

function whenNext(when: When, payout: Payout, strikes: number, sentAt: Instant, now: Instant, policy: PayoutPolicy): Instant | undefined {
  switch (when) {
    case 'never':
      return undefined;
    case 'soon':
      return later(now, BACKOFF_MIN_MS);
    case 'in20Minutes':
      return later(now, 20 * MINUTE);
    case 'tomorrow':
      return later(endOfDay(now), spread(payout, 10 * MINUTE));
    case 'at8': {
      const eight = later(endOfDay(now), 8 * HOUR - DAY);
      return later(eight > now ? eight : later(eight, DAY), spread(payout, 10 * MINUTE));
    }
    case 'schedule': {
      const planned = policy.askAfter.find(ms => sentAt + ms > now);
      return planned !== undefined ? later(sentAt, planned) : later(now, policy.askEvery);
    }
    case 'backoff': {
      const wait = Math.min(BACKOFF_MIN_MS * 2 ** (strikes - 1), BACKOFF_MAX_MS);
      return later(now, wait + spread(payout, wait / 4));
    }
    default:
      return when satisfies never;
  }
}

/** Jitter without dice: 0 … `width` ms, from the number and the version. */
function spread(payout: Payout, width: number): number {
  const digest = createHash('sha256').update(`${payout.billNo}/${payout.version}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * width);
}

function codeOf(observation: Observation): string {
  return 'code' in observation ? observation.code : observation.kind;
}

function detailOf(observation: Observation): string | undefined {
  switch (observation.kind) {
    case 'unreached':
    case 'silence':
    case 'refused':
      return `${observation.code} ${observation.text}`.trim();
    case 'status':
      return observation.reason === undefined ? observation.status : `${observation.status} ${observation.reason}`;
    default:
      return undefined;
  }
}

function alarmOf(observation: Observation, strikes: number): string | undefined {
  if (observation.kind === 'refused' && !isKnown(observation.code)) return `unknown code ${observation.code}: treated as an unknown outcome`;
  return strikes > 0 && strikes % STRIKES_BEFORE_ALARM === 0 ? `no clear answer ${strikes} times in a row` : undefined;
}
