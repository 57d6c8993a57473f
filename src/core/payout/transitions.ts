// The one table that moves a payout: state × what was seen → state, next step, bucket move. Everything WeChat Pay can
// answer, its silence included, has a row; a state that is final has none.
import assert from 'node:assert/strict';
import { type Instant, later, MINUTE } from '../base/time.ts';
import type { MerchantCaps } from '../decide/limits.ts';
import type { Meaning, ResponseClass } from './channels/channel.ts';
import { isKnown, leavesNoOrder, meaningOf } from './classify.ts';
import { capText, takeCaps, waitStep } from './daily-caps.ts';
import {
  CALL_LEASE_MS,
  hasNoOrder,
  isTooOldToAsk,
  type PayoutPolicy,
  stockTry,
  tomorrow,
  type When,
  whenNext,
} from './pace.ts';
import { isFinal, type Move, type Observation, type Payout, type PayoutState, type Step } from './payout.ts';
import { afterFailure, afterRefund } from './succession.ts';
import { unclearOf, unclearWords } from './unclear-answers.ts';

/** Before we ask instead of sending once more. */
const SENDS_BEFORE_ASKING = 3;
const STRIKES_BEFORE_ALARM = 10;
type Row = {
  readonly to: PayoutState | 'same';
  readonly do: 'send' | 'query';
  readonly when: When;
  readonly move?: Move;
  readonly alarm?: string;
};

const WHAT_NEXT = '`payouts offer` gives it a new number, `payouts settle --as unpaid` ends it';
const LOST_NUMBER =
  'parked: WeChat Pay takes this number no more and does not know it, which is no proof that nothing was paid';
const DOUBTED = 'parked: another number of its claim turned out to be paid; `payouts retry` sends it all the same';
const FAILED_ONE = `parked: it failed because of what it is, the others go on; once mended ${WHAT_NEXT}`;
const FAILED_BUG = `parked: it failed because WeChat Pay calls our request wrong; ${WHAT_NEXT}`;
const FAILED_UNKNOWN = `parked: it failed for a reason we do not know; ${WHAT_NEXT}`;

/** Not known to have been paid: planned, sending, unknown, held. The amount stands in `reserved`. */
const OPEN: Record<ResponseClass, Row> = {
  accepted: { to: 'sent', do: 'query', when: 'schedule', move: 'reserved→sent' },
  again: { to: 'unknown', do: 'send', when: 'backoff' },
  slow: { to: 'unknown', do: 'send', when: 'backoff' },
  ask: { to: 'unknown', do: 'query', when: 'backoff' },
  askLater: { to: 'unknown', do: 'query', when: 'in20Minutes' },
  morning: { to: 'held', do: 'send', when: 'at8' },
  tomorrow: { to: 'held', do: 'send', when: 'tomorrow' },
  nextMonth: { to: 'held', do: 'send', when: 'nextMonth' },
  refusedUser: { to: 'held', do: 'query', when: 'tomorrow' },
  unable: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  stock: { to: 'held', do: 'send', when: 'atStockTry' },
  halt: { to: 'held', do: 'send', when: 'soon' },
  config: { to: 'held', do: 'send', when: 'soon' },
  configOne: {
    to: 'held',
    do: 'send',
    when: 'never',
    alarm: 'parked: it cannot be paid as it is; cancel it, or retry it once mended',
  },
  one: {
    to: 'held',
    do: 'send',
    when: 'never',
    alarm: 'parked: this one cannot be paid as it is, the others go on; cancel it, or retry it once mended',
  },
  bug: { to: 'held', do: 'send', when: 'never', alarm: 'parked: WeChat Pay says the request itself is wrong' },
  expired: { to: 'unknown', do: 'query', when: 'soon' },
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
  isFailedDay: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  isFailedMonth: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  isFailedMerchant: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  isFailedOne: { to: 'held', do: 'query', when: 'never', alarm: FAILED_ONE },
  isFailedBug: { to: 'held', do: 'query', when: 'never', alarm: FAILED_BUG },
  isFailedUnknown: { to: 'held', do: 'query', when: 'never', alarm: FAILED_UNKNOWN },
  isNeverConfirmable: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  isTakenBack: { to: 'sent', do: 'query', when: 'soon', move: 'reserved→sent' },
  isNeverMade: { to: 'failed', do: 'query', when: 'never', move: 'reserved→free' },
  notFound: { to: 'unknown', do: 'send', when: 'backoff' },
  noAnswer: { to: 'unknown', do: 'query', when: 'backoff' },
};

/** With the follower, to be opened. The amount stands in `sent`; only questions are asked here. */
const SENT: Record<ResponseClass, Row> = {
  accepted: { to: 'same', do: 'query', when: 'schedule' },
  again: { to: 'same', do: 'query', when: 'backoff' },
  slow: { to: 'same', do: 'query', when: 'backoff' },
  ask: { to: 'same', do: 'query', when: 'backoff' },
  askLater: { to: 'same', do: 'query', when: 'in20Minutes' },
  morning: { to: 'same', do: 'query', when: 'at8' },
  tomorrow: { to: 'same', do: 'query', when: 'tomorrow' },
  nextMonth: { to: 'same', do: 'query', when: 'tomorrow' },
  refusedUser: { to: 'same', do: 'query', when: 'tomorrow' },
  unable: { to: 'same', do: 'query', when: 'tomorrow' },
  stock: { to: 'same', do: 'query', when: 'backoff' },
  halt: { to: 'same', do: 'query', when: 'backoff' },
  config: { to: 'same', do: 'query', when: 'backoff' },
  configOne: { to: 'same', do: 'query', when: 'backoff' },
  one: { to: 'same', do: 'query', when: 'backoff' },
  bug: { to: 'same', do: 'query', when: 'tomorrow', alarm: 'WeChat Pay calls our question wrong' },
  expired: { to: 'same', do: 'query', when: 'backoff' },
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
  isFailedDay: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isFailedMonth: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isFailedMerchant: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isFailedOne: { to: 'same', do: 'query', when: 'never', alarm: FAILED_ONE },
  isFailedBug: { to: 'same', do: 'query', when: 'never', alarm: FAILED_BUG },
  isFailedUnknown: { to: 'same', do: 'query', when: 'never', alarm: FAILED_UNKNOWN },
  isNeverConfirmable: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isTakenBack: { to: 'refunded', do: 'query', when: 'never', move: 'sent→refunded' },
  isNeverMade: { to: 'same', do: 'query', when: 'backoff', alarm: 'no such order, although it was sent before' },
  notFound: { to: 'same', do: 'query', when: 'backoff', alarm: 'no such order, although it was sent before' },
  noAnswer: { to: 'same', do: 'query', when: 'backoff' },
};

/** What is to be written, and what else follows from it. */
export type Verdict = {
  readonly step: Step;
  readonly response: ResponseClass;
  /** Stop sending for this merchant. */
  readonly halt?: { readonly code: string; readonly reason: string; readonly since?: Instant };
  /** The follower should be told that nothing will come. */
  readonly problem: boolean;
  /** Something a person should look at. */
  readonly alarm?: string;
};

/**
 * Marks a payout as *sending*. This is written before the call; if we die in between, somebody asks. `caps`: what the
 * merchant allows on the day it leaves, taken in the same commit.
 */
export function beginSend(payout: Payout, now: Instant, caps?: MerchantCaps): Step {
  assert(!isFinal(payout.state) && payout.state !== 'sent', `a payout in ${payout.state} is not sent again`);
  assert(payout.stopped === undefined && !payout.expired, `payout ${payout.billNo} is not to be sent again`);
  const next: Payout = {
    ...payout,
    state: 'sending',
    version: payout.version + 1,
    tries: payout.tries + 1,
    // Where every call was refused there was no order, however long ago: WeChat Pay answers for it from now on.
    firstSentAt: hasNoOrder(payout) ? now : (payout.firstSentAt ?? now),
    nextDo: 'query',
    nextAt: later(now, CALL_LEASE_MS),
  };
  const step: Step = { payout: next, from: payout.state, at: now, what: 'sending', move: 'none' };
  if (!caps) return step;
  const { holds, counters } = takeCaps(payout, caps, now);
  return counters.length === 0 ? step : { ...step, payout: { ...next, holds }, counters };
}

/** The merchant's day is full: nothing was called. */
export function waitForTomorrow(payout: Payout, counter: string, now: Instant): Step {
  return waitStep(payout, 'capped', capText(counter), tomorrow(payout, now), now);
}

/** What it is taken from is spent or shut: nothing was called. Not all of them come back at once. */
export function waitForStock(payout: Payout, why: string, now: Instant): Step {
  return waitStep(payout, 'waits for its stock', why, stockTry(payout, now), now);
}

const BLOCKED =
  'parked: this follower is in the list of those who get nothing (blocked: in bot.yaml); `payouts cancel` gives the money back to the campaign, `payouts retry` pays once they are out of the list';

/** Its follower is to get nothing, as was said after it was planned: a person decides. Nothing was called. */
export function parkBlocked(payout: Payout, now: Instant): Step {
  return waitStep(payout, 'blocked', BLOCKED, undefined, now);
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
  const counted = { ...payout, ...refusalsOf(payout, observation, asked) };
  const meaning = meaningFor(counted, observation, asked, policy);
  const { response } = meaning;
  const isRefusedNow =
    (response === 'refusedUser' || response === 'unable' || response === 'isFailedUser') && !payout.userRefused;
  const row = rowFor(counted, response);
  const to = row.to === 'same' ? payout.state : row.to;
  const strikes = row.when === 'backoff' ? payout.strikes + 1 : 0;
  const detail = detailOf(observation, meaning);
  const sentAt = to === 'sent' && payout.sentAt === undefined ? now : payout.sentAt;
  const listId = 'listId' in observation ? observation.listId : undefined;
  const packageInfo = 'packageInfo' in observation ? observation.packageInfo : undefined;
  const planned = whenNext(row.when, payout, strikes, sentAt ?? now, now, policy);
  const nextAt = row.when === 'schedule' ? (endOf(observation, now) ?? planned) : planned;
  const isParked = nextAt === undefined && !isFinal(to);
  const { nextAt: _, problem: __, ...rest } = counted;
  const next: Payout = {
    ...rest,
    state: to,
    version: payout.version + 1,
    strikes,
    nextDo: asksInstead(observation, response, strikes) ? 'query' : row.do,
    ...(nextAt !== undefined && { nextAt }),
    ...(detail !== undefined && !isFinal(to) && (to !== 'sent' || isParked) && { problem: detail }),
    ...(isRefusedNow && { userRefused: true }),
    ...(response === 'expired' && { expired: true }),
    ...(listId !== undefined && { listId }),
    ...(packageInfo !== undefined && { packageInfo }),
    ...(sentAt !== undefined && { sentAt }),
    ...(isFinal(to) && { endedAt: now }),
  };
  const step: Step = {
    payout: next,
    from: payout.state,
    at: now,
    what: asked ? `asked ${response}` : response,
    move: row.move ?? 'none',
    ...(detail !== undefined && { detail }),
  };
  const isOver = nextAt !== undefined && isTooOldToAsk(payout, now);
  const stop = haltFor(meaning, observation, detail);
  const alarm = isOver
    ? 'parked: older than the 30 days WeChat Pay answers for'
    : (row.alarm ?? alarmOf(payout, next, observation));
  const verdict = {
    step: isOver ? parked(step) : step,
    response,
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
function asksInstead(observation: Observation, response: ResponseClass, strikes: number): boolean {
  const isUnbelieved = observation.kind === 'silence' && observation.code === 'UNKNOWN_KEY';
  // What never left needs no question: nothing can have come of it.
  const isUnsent = observation.kind === 'unreached';
  return response === 'again' && strikes >= SENDS_BEFORE_ASKING && !isUnbelieved && !isUnsent;
}

/** Calls that surely left no order: they were refused, or never reached the platform. */
function refusalsOf(payout: Payout, seen: Observation, asked: boolean): Pick<Payout, 'refusals'> {
  const leftNone =
    seen.kind === 'unreached' || (seen.kind === 'refused' && leavesNoOrder(payout.request, seen.code, seen.text));
  return !asked && leftNone ? { refusals: (payout.refusals ?? 0) + 1 } : {};
}

/** Nothing changes before, but what WeChat Pay tells by itself. */
function endOf(seen: Observation, now: Instant): Instant | undefined {
  if (seen.kind !== 'order' || seen.until === undefined || seen.until <= now) return undefined;
  return later(seen.until, 10 * MINUTE);
}

/** What is seen may mean something else for a payout of which we know more. */
function meaningFor(payout: Payout, observation: Observation, asked: boolean, policy: PayoutPolicy): Meaning {
  const meaning = meaningOf(observation, asked, payout.request, payout);
  const { state, expired, stopped } = payout;
  const isSpent = policy.isReplaceable && 'isSpent' in meaning && !asked && state !== 'sent';
  if (isSpent && payout.tries > 1 && hasNoOrder(payout)) return { ...meaning, response: 'unable' };
  if (meaning.response === 'unable' && state !== 'sent') {
    // Said wrongly while another of the same follower is under way; said twice, it is so.
    if (payout.tries < 2) return { ...meaning, response: 'slow' };
    if (!hasNoOrder(payout)) return { ...meaning, response: 'refusedUser' };
  }
  if (
    meaning.response === 'notFound' &&
    state !== 'sent' &&
    (expired || (stopped !== undefined && stopped !== 'doubted')) &&
    hasNoOrder(payout)
  )
    return { response: 'isNeverMade' };
  return meaning;
}

function rowFor({ state, userRefused, expired, stopped }: Payout, response: ResponseClass): Row {
  if (state === 'sent') return SENT[response];
  // WeChat refuses this follower: its order is let die, not sent once more.
  const row = OPEN[userRefused && response === 'isSending' ? 'refusedUser' : response];
  if (response === 'notFound' && (expired || stopped === 'doubted'))
    return { to: 'held', do: 'query', when: 'never', alarm: expired ? LOST_NUMBER : DOUBTED };
  if (row.do !== 'send' || !(expired || stopped)) return row;
  return { ...row, do: 'query', when: row.when === 'soon' ? 'in20Minutes' : row.when };
}

function haltFor(
  { response, haltAs, words }: Meaning,
  observation: Observation,
  detail: string | undefined,
): Verdict['halt'] {
  const halts =
    response === 'halt' || response === 'config' || response === 'configOne' || response === 'isFailedMerchant';
  if (!halts) return undefined;
  return { code: haltAs ?? codeOf(observation), reason: detail ?? words ?? response };
}

function parked(step: Step): Step {
  const { nextAt: _, ...payout } = step.payout;
  return { ...step, payout };
}

function codeOf(observation: Observation): string {
  if (observation.kind === 'order') return observation.reason ?? observation.state;
  return 'code' in observation ? observation.code : observation.kind;
}

function detailOf(observation: Observation, { words }: Meaning): string | undefined {
  switch (observation.kind) {
    case 'unreached':
    case 'silence':
    case 'refused':
      return `${observation.code} ${observation.text}`.trim();
    case 'order':
      return [observation.state, observation.reason, words].filter(part => part !== undefined).join(' ');
    case 'proven':
      return observation.state;
    default:
      return undefined;
  }
}

function alarmOf(before: Payout, { state, strikes, stopped }: Payout, observation: Observation): string | undefined {
  if (observation.kind === 'refused' && !isKnown(observation.code))
    return `unknown code ${observation.code}: treated as an unknown outcome`;
  if (stopped === 'doubted' && state === 'sent' && before.state !== 'sent')
    return 'it is with the follower, although another number of its claim turned out to be paid: cancel it';
  if (strikes === 0 || strikes % STRIKES_BEFORE_ALARM !== 0) return undefined;
  const unclear = unclearOf(observation);
  return `no clear answer ${strikes} times in a row${unclear ? `, the last one ${unclearWords(unclear)}` : ''}`;
}
