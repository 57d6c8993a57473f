// How a payout is paced: when it is looked at next, how long the pauses between the numbers of one claim are.
import { createHash } from 'node:crypto';
import { DAY, endOfDay, endOfMonth, HOUR, type Instant, later, MINUTE, SECOND } from '../base/time.ts';
import { channelOf } from './channels/index.ts';
import type { Payout } from './payout.ts';

/** How a payout is looked after; all of it can be set in bot.yaml. */
export type PayoutPolicy = {
  /** When gethbinfo is asked about a packet nobody opened yet: ms after it was sent. */
  readonly askAfter: readonly number[];
  /** And after the last of these, every so many ms. */
  readonly askEvery: number;
  /** How many numbers one claim may use up; a new one only after FAILED. */
  readonly attemptsMax: number;
  /** How long a claim waits for its second number, its third …, ms: trouble at WeChat Pay lasts longer than seconds. */
  readonly pauses: readonly number[];
  /** Its follower has another prize instead: of a stock that is spent no more is waited for than one try. */
  readonly isReplaceable?: boolean;
};

export const DEFAULT_POLICY: PayoutPolicy = {
  askAfter: [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY + 5 * MINUTE],
  askEvery: HOUR,
  attemptsMax: 5,
  pauses: [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR],
};

/**
 * gethbinfo, and the query of a bill, answer for so long: afterwards nobody can tell whether a number was paid. Of a coupon that was
 * seen, always; one that was never seen is not looked for longer.
 */
const HORIZON_MS = 30 * DAY;

/** Whether every call of this number left no order; one that was begun and whose end nobody saw may have left one. */
export function hasNoOrder({ tries, refusals }: Pick<Payout, 'tries' | 'refusals'>): boolean {
  return tries > 0 && refusals === tries;
}

export function isTooOldToAsk(payout: Payout, now: Instant): boolean {
  const { firstSentAt, createdAt, request, listId } = payout;
  if (hasNoOrder(payout)) return false;
  const isSeen = channelOf(request).openMs === undefined && listId !== undefined;
  return !isSeen && now - (firstSentAt ?? createdAt) > HORIZON_MS;
}

function isUnseenCoupon({ request, listId }: Payout): boolean {
  return channelOf(request).openMs === undefined && listId === undefined;
}

/** A call ends, or is given up for dead, within this: then somebody else may ask. */
export const CALL_LEASE_MS = 30 * SECOND;

const BACKOFF_MAX_MS = 20 * MINUTE;
/** A coupon that was not in the list so often is hardly there: it is looked for now and then, until it is too old. */
const UNSEEN_AFTER = 24;
const UNSEEN_MS = 6 * HOUR;
/** WeChat's shortest interval between two tries of one number is 1 s. */
const BACKOFF_MIN_MS = 1100;

export type When =
  | 'backoff'
  | 'schedule'
  | 'soon'
  | 'in20Minutes'
  | 'at8'
  | 'tomorrow'
  | 'nextMonth'
  | 'atStockTry'
  | 'never';

export function whenNext(
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
      return tomorrow(payout, now);
    case 'nextMonth':
      return nextMonth(payout, now);
    case 'atStockTry':
      return stockTry(payout, now);
    case 'at8': {
      const eight = later(endOfDay(now), 8 * HOUR - DAY);
      return later(eight > now ? eight : later(eight, DAY), spread(payout, 10 * MINUTE));
    }
    case 'schedule': {
      const planned = policy.askAfter.find(ms => sentAt + ms > now);
      return planned !== undefined ? later(sentAt, planned) : later(now, policy.askEvery);
    }
    case 'backoff': {
      const longest = strikes > UNSEEN_AFTER && isUnseenCoupon(payout) ? UNSEEN_MS : BACKOFF_MAX_MS;
      const wait = Math.min(BACKOFF_MIN_MS * 2 ** (strikes - 1), longest);
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

/** After midnight in Beijing, when the counts of a day begin anew; not all at once. */
export function tomorrow(payout: Payout, now: Instant): Instant {
  return later(endOfDay(now), spread(payout, 10 * MINUTE));
}

/** After so long a stock that gave nothing is tried again: what it says passes now and then by itself. */
export const STOCK_REST_MS = 10 * MINUTE;
const STOCK_REST_MAX_MS = 2 * HOUR;

/** As long again as it is old, within bounds: each try is written down, and what is over for weeks must not fill the history. */
export function stockTry(payout: Payout, now: Instant): Instant {
  const age = now - payout.createdAt;
  return later(now, Math.min(Math.max(age, STOCK_REST_MS), STOCK_REST_MAX_MS) + spread(payout, STOCK_REST_MS));
}

export function nextMonth(payout: Payout, now: Instant): Instant {
  return later(endOfMonth(now), spread(payout, 10 * MINUTE));
}

/** How long the number after this one waits, ms. */
export function pauseAfter({ attempt }: Payout, { pauses }: PayoutPolicy): number {
  return pauses[Math.min(attempt, pauses.length) - 1] ?? 0;
}
