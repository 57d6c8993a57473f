// The one table that moves a payout: state × what was seen → state, next step, bucket move. Everything WeChat Pay can
// answer, its silence included, has a row; a state that is final has none. Pure.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type Fen, fen } from './money.ts';
import { isKnown, type Sight, sightOf } from './pay-error.ts';
import { billNoOf, isFinal, type Move, type Observation, type Payout, type PayoutState, type Step } from './payout.ts';
import { DAY, endOfDay, HOUR, type Instant, instant, later, MINUTE, SECOND } from './time.ts';

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
type Row = {
  readonly to: PayoutState | 'same';
  readonly do: 'send' | 'query';
  readonly when: When;
  readonly move?: Move;
  readonly alarm?: string;
};

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
  configOne: {
    to: 'held',
    do: 'send',
    when: 'never',
    alarm: 'parked: it cannot be paid as it is; cancel it, or retry it once mended',
  },
  bug: { to: 'held', do: 'send', when: 'never', alarm: 'parked: WeChat Pay says the request itself is wrong' },
  isSending: { to: 'unknown', do: 'send', when: 'backoff' },
  isProcessing: { to: 'unknown', do: 'query', when: 'backoff' },
  noPackage: { to: 'unknown', do: 'send', when: 'backoff' }, // the creation, repeated, gives it once more
  isSent: { to: 'sent', do: 'query', when: 'schedule', move: 'reserved→sent' },
  isReceived: { to: 'received', do: 'query', when: 'never', move: 'reserved→received' },
  isRefunding: { to: 'sent', do: 'query', when: 'backoff', move: 'reserved→sent' },
  isRefunded: { to: 'sent', do: 'query', when: 'soon', move: 'reserved→sent' }, // the next question ends it
  isFailed: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  isBillFailed: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  isFailedUser: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  isFailedMerchant: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
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
  configOne: { to: 'same', do: 'query', when: 'backoff' },
  bug: { to: 'same', do: 'query', when: 'tomorrow', alarm: 'WeChat Pay calls our question wrong' },
  isSending: { to: 'same', do: 'query', when: 'backoff' },
  isProcessing: { to: 'same', do: 'query', when: 'backoff' },
  noPackage: { to: 'same', do: 'query', when: 'schedule' },
  isSent: { to: 'same', do: 'query', when: 'schedule' },
  isReceived: { to: 'received', do: 'query', when: 'never', move: 'sent→received' },
  isRefunding: { to: 'same', do: 'query', when: 'backoff' },
  isRefunded: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isFailed: { to: 'same', do: 'query', when: 'never', alarm: 'parked: FAILED, although it was sent before' },
  isBillFailed: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isFailedUser: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isFailedMerchant: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
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
    firstSentAt: payout.firstSentAt ?? now,
    nextDo: 'query',
    nextAt: later(now, CALL_LEASE_MS),
  };
  return { payout: next, from: payout.state, at: now, what: 'sending', move: 'none' };
}

/** What an answer (or its absence) makes of a payout. `asked`: it answers gethbinfo, not sendredpack. */
export function observe(
  payout: Payout,
  observation: Observation,
  asked: boolean,
  now: Instant,
  policy: PayoutPolicy,
): Verdict {
  assert(!isFinal(payout.state), `payout ${payout.billNo} is ${payout.state}: nothing more is expected`);
  const sight = lacksPackage(payout, observation, asked)
    ? 'noPackage'
    : sightOf(observation, asked, payout.request.channel);
  const isOpen = payout.state !== 'sent';
  const isRefusedNow = (sight === 'refusedUser' || sight === 'isFailedUser') && !payout.userRefused;
  const isWaitingForEnd = payout.userRefused === true && sight === 'isSending';
  const row = (isOpen ? OPEN : SENT)[isWaitingForEnd ? 'refusedUser' : sight];
  const to = row.to === 'same' ? payout.state : row.to;
  const strikes = row.when === 'backoff' ? payout.strikes + 1 : 0;
  const detail = detailOf(observation);
  const sentAt = to === 'sent' && payout.sentAt === undefined ? now : payout.sentAt;
  const listId = 'listId' in observation ? observation.listId : undefined;
  const packageInfo = 'packageInfo' in observation ? observation.packageInfo : undefined;
  const nextAt = whenNext(row.when, payout, strikes, sentAt ?? now, now, policy);
  const { nextAt: _, problem: __, ...rest } = payout;
  const next: Payout = {
    ...rest,
    state: to,
    version: payout.version + 1,
    strikes,
    nextDo: asksInstead(observation, sight, strikes) ? 'query' : row.do,
    ...(nextAt !== undefined && { nextAt }),
    ...(detail !== undefined && !isFinal(to) && to !== 'sent' && { problem: detail }),
    ...(isRefusedNow && { userRefused: true }),
    ...(listId !== undefined && { listId }),
    ...(packageInfo !== undefined && { packageInfo }),
    ...(sentAt !== undefined && { sentAt }),
    ...(isFinal(to) && { endedAt: now }),
  };
  const step: Step = {
    payout: next,
    from: payout.state,
    at: now,
    what: asked ? `asked ${sight}` : sight,
    move: row.move ?? 'none',
    ...(detail !== undefined && { detail }),
  };
  const isOver = nextAt !== undefined && now - (payout.firstSentAt ?? payout.createdAt) > HORIZON_MS;
  const stop =
    sight === 'halt' || sight === 'config' || sight === 'configOne' || sight === 'isFailedMerchant'
      ? { code: codeOf(observation), reason: detail ?? sight }
      : undefined;
  const alarm = isOver
    ? 'parked: older than the 30 days WeChat Pay answers for'
    : (row.alarm ?? alarmOf(observation, strikes));
  const verdict = {
    step: isOver ? parked(step) : step,
    sight,
    problem: isRefusedNow,
    ...(stop && { halt: stop }),
    ...(alarm !== undefined && { alarm }),
  };
  if (to === 'failed') return afterFailure(payout, verdict, policy);
  return to === 'refunded' ? afterRefund(payout, verdict, observation, policy) : verdict;
}

/**
 * After some tries of one number we ask what became of it. Not where WeChat Pay signs with a key we do not know: the answer to
 * a question would tell no more, and only the creation, repeated, brings `package_info` once the key is known.
 */
function asksInstead(observation: Observation, sight: Sight, strikes: number): boolean {
  const isUnbelieved = observation.kind === 'silence' && observation.code === 'UNKNOWN_KEY';
  return sight === 'again' && strikes >= SENDS_BEFORE_ASKING && !isUnbelieved;
}

/** Only the creation of a transfer tells `package_info`, its query does not; without it the follower cannot confirm. */
function lacksPackage({ packageInfo }: Payout, observation: Observation, asked: boolean): boolean {
  const isWaiting = observation.kind === 'bill' && observation.state === 'WAIT_USER_CONFIRM';
  return asked && isWaiting && (packageInfo ?? observation.packageInfo) === undefined;
}

/** gethbinfo said FAILED: nothing was paid under this number. A claim that is still owed gets a new one. */
function afterFailure(payout: Payout, verdict: Verdict, policy: PayoutPolicy): Verdict {
  if (verdict.step.payout.userRefused) return verdict;
  if (payout.attempt >= policy.attemptsMax) {
    return { ...verdict, problem: true, alarm: `given up after ${payout.attempt} numbers` };
  }
  const failed: Payout = { ...verdict.step.payout, holds: [] };
  return {
    ...verdict,
    step: { ...verdict.step, payout: failed, move: 'none', successor: nextAttempt(payout, verdict.step.at) },
  };
}

/** The money came back. The campaign may offer it to the same follower once more, under a new number. */
function afterRefund(payout: Payout, verdict: Verdict, observation: Observation, policy: PayoutPolicy): Verdict {
  const told = observation.kind === 'status' ? observation.refunded : undefined;
  const refunded = told !== undefined && told < payout.amount ? fen(told) : payout.amount;
  const base = { ...verdict.step.payout, refunded };
  const isOffered = payout.reoffer === true || isStillOwed(payout, verdict);
  if (refunded === payout.amount && isOffered && !base.userRefused && payout.attempt < policy.attemptsMax) {
    const step: Step = {
      ...verdict.step,
      payout: { ...base, holds: [] },
      move: 'sent→reserved',
      successor: nextAttempt(payout, verdict.step.at),
    };
    return { ...verdict, step };
  }
  return { ...verdict, step: { ...verdict.step, payout: { ...base, holds: returned(payout, refunded) } } };
}

/** A transfer that ended through no fault of the follower: because of the merchant, or long before their 24 h were over. */
function isStillOwed({ sentAt }: Payout, { sight, step }: Verdict): boolean {
  if (sight === 'isFailedMerchant') return true;
  return sight === 'isBillFailed' && sentAt !== undefined && step.at - sentAt < 23 * HOUR;
}

/** What the counters get back. Of a group packet that was opened in part, only the money that came back. */
function returned({ holds, amount }: Payout, refunded: Fen): Payout['holds'] {
  if (refunded === amount) return holds;
  return holds.filter(hold => hold.add === amount).map(hold => ({ ...hold, add: refunded }));
}

/** The same claim under its next number, with the same request. */
function nextAttempt(payout: Payout, at: Instant): Payout {
  const { listId: _, sentAt: __, problem: ___, endedAt: ____, packageInfo: _____, reoffer: ______, ...rest } = payout;
  const { firstSentAt: _______, ...claim } = rest;
  return {
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

function whenNext(
  when: When,
  payout: Payout,
  strikes: number,
  sentAt: Instant,
  now: Instant,
  policy: PayoutPolicy,
): Instant | undefined {
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
  if (observation.kind === 'bill') return observation.reason ?? observation.state;
  // The one reason of an order that halts is the balance.
  if (observation.kind === 'status') return 'NOTENOUGH';
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
    case 'bill':
      return observation.reason === undefined ? observation.state : `${observation.state} ${observation.reason}`;
    default:
      return undefined;
  }
}

function alarmOf(observation: Observation, strikes: number): string | undefined {
  if (observation.kind === 'refused' && !isKnown(observation.code))
    return `unknown code ${observation.code}: treated as an unknown outcome`;
  return strikes > 0 && strikes % STRIKES_BEFORE_ALARM === 0 ? `no clear answer ${strikes} times in a row` : undefined;
}
