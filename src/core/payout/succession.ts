// What follows when a number has come to nothing: another number for the same claim, or the end of it.
import { type Fen, fen } from '../base/money.ts';
import { HOUR, type Instant, later } from '../base/time.ts';
import { channelOf } from './channels/index.ts';
import { nextMonth, type PayoutPolicy, pauseAfter, tomorrow } from './pace.ts';
import { nextNumber, type Observation, type Payout } from './payout.ts';
import type { Verdict } from './transitions.ts';

/** Nothing was paid under this number. A claim that is still owed gets a new one. */
export function afterFailure(payout: Payout, verdict: Verdict, policy: PayoutPolicy): Verdict {
  const next = successorOf(payout, verdict, policy);
  if (next === 'none') return verdict;
  if (next === 'usedUp') return givenUp(payout, verdict);
  const failed: Payout = { ...verdict.step.payout, holds: [] };
  return { ...verdict, step: { ...verdict.step, payout: failed, move: 'none', successor: next } };
}

/** The money came back. It is owed all the same, or the campaign offers it to the same follower once more. */
export function afterRefund(payout: Payout, verdict: Verdict, observation: Observation, policy: PayoutPolicy): Verdict {
  const told = 'refunded' in observation ? observation.refunded : undefined;
  const refunded = told !== undefined && told < payout.amount ? fen(told) : payout.amount;
  const base = { ...verdict.step.payout, refunded };
  const next = refunded === payout.amount ? successorOf(payout, verdict, policy) : 'none';
  if (typeof next === 'object') {
    const step = { ...verdict.step, payout: { ...base, holds: [] }, move: 'sent→reserved', successor: next } as const;
    return { ...verdict, step };
  }
  const ended = { ...verdict, step: { ...verdict.step, payout: { ...base, holds: returned(payout, refunded) } } };
  return next === 'usedUp' ? givenUp(payout, ended) : ended;
}

/** A person may still give the claim another chance. */
function givenUp({ attempt }: Payout, verdict: Verdict): Verdict {
  return { ...verdict, problem: true, alarm: `given up after ${attempt} numbers` };
}

function successorOf(payout: Payout, { response, step }: Verdict, policy: PayoutPolicy): Payout | 'none' | 'usedUp' {
  if (payout.stopped !== undefined || step.payout.userRefused) return 'none';
  const due = owedAt(payout, response, step.at, policy);
  if (due === undefined && !(isUntaken(payout, response, step.at) && isReoffered(payout))) return 'none';
  if (payout.attempt >= policy.attemptsMax) return due === undefined ? 'none' : 'usedUp';
  if (due !== undefined) return nextAttempt(payout, step.at, due);
  const { reoffer: _, ...once } = nextAttempt(payout, step.at, step.at);
  return once;
}

/** Once, if the campaign says so. A voucher was theirs for its own time. */
export function isReoffered({ reoffer, request }: Pick<Payout, 'reoffer' | 'request'>): boolean {
  return reoffer === true && channelOf(request).openMs !== undefined;
}

/** When the claim's next number is sent, where it came to nothing through no fault of the follower. */
function owedAt(
  payout: Payout,
  response: Verdict['response'],
  now: Instant,
  policy: PayoutPolicy,
): Instant | undefined {
  switch (response) {
    case 'isFailedDay':
      return tomorrow(payout, now);
    case 'isFailedMonth':
      return nextMonth(payout, now);
    case 'isFailed':
    case 'isFailedMerchant':
    case 'isNeverConfirmable':
    case 'isNeverMade':
    case 'isBillFailed':
      return isUntaken(payout, response, now) ? undefined : later(now, pauseAfter(payout, policy));
    default:
      return undefined;
  }
}

/** The follower had it for its time and let it lapse. A bill that FAILs without a reason is taken for one that was not confirmed. */
function isUntaken({ sentAt, packageInfo, request }: Payout, response: Verdict['response'], now: Instant): boolean {
  if (response === 'isRefunded') return true;
  const hadIt = packageInfo !== undefined && sentAt !== undefined;
  return response === 'isBillFailed' && hadIt && now - sentAt >= (channelOf(request).openMs ?? 0) - HOUR;
}

/** What the counters get back. Of a group packet that was opened in part, only the money that came back. */
function returned({ holds, amount }: Payout, refunded: Fen): Payout['holds'] {
  if (refunded === amount) return holds;
  return holds.filter(hold => hold.add === amount).map(hold => ({ ...hold, add: refunded }));
}

/** What is said of one number, and not of the next. */
const OF_ONE_NUMBER = [
  'listId',
  'sentAt',
  'problem',
  'endedAt',
  'packageInfo',
  'firstSentAt',
  'userRefused',
  'refunded',
  'stopped',
  'refusals',
  'expired',
] as const satisfies readonly (keyof Payout)[];

/** The same claim under its next number, with the same request; sent from `dueAt` on. */
export function nextAttempt(payout: Payout, now: Instant, dueAt: Instant): Payout {
  const claim: Record<string, unknown> = { ...payout };
  for (const field of OF_ONE_NUMBER) delete claim[field];
  return {
    ...(claim as Omit<Payout, (typeof OF_ONE_NUMBER)[number]>),
    billNo: nextNumber(payout),
    attempt: payout.attempt + 1,
    state: 'planned',
    version: 1,
    tries: 0,
    strikes: 0,
    nextDo: 'send',
    nextAt: dueAt,
    createdAt: now,
  };
}
