// When a merchant's gate shuts, and when it is tried again: rules without a clock of their own. Pure.
import type { Sight } from './pay-error.ts';
import { endOfDay, endOfMonth, type Instant, later, MINUTE, minuteOfDay } from './time.ts';

/** What a payout says that got through the gate: the merchant can pay. */
export function gotThrough(sight: Sight): boolean {
  return sight === 'accepted' || sight === 'isProcessing' || sight === 'isSent' || sight === 'isReceived';
}

/** Causes that can end by themselves, and when one payout is let through to see. */
const PROBES: Readonly<Record<string, (now: Instant) => Instant>> = {
  NOTENOUGH: now => later(now, 5 * MINUTE),
  NOT_ENOUGH: now => later(now, 5 * MINUTE),
  SENDAMOUNT_LIMIT: now => later(endOfDay(now), MINUTE),
  DAY_QUOTA: now => later(endOfDay(now), MINUTE), // 商户单日转账额度
  MONTH_QUOTA: now => later(endOfMonth(now), MINUTE), // 商户单月
  DAY_OVER_LIMITED: now => later(endOfDay(now), MINUTE),
  UNREACHED: now => later(now, MINUTE),
};

/** When to let one payout through; `undefined` where only a person can know that the cause is gone. */
export function probeAfter(code: string, now: Instant): Instant | undefined {
  return PROBES[code]?.(now);
}

const REFUSED_MAX = 10;
const UNEXPLAINED_MAX = 3;
const WRONG_MAX = 3;
const UNREACHED_MAX = 10;

/** What the gate remembers of the latest answers: a run of the same trouble is the merchant's, not the follower's. */
export type Run = {
  readonly refused: readonly string[];
  readonly unexplained: readonly string[];
  readonly wrong: readonly string[];
  readonly unreached: number;
};
export const NO_RUN: Run = { refused: [], unexplained: [], wrong: [], unreached: 0 };

export type Seen = {
  readonly sight: Sight;
  readonly user: string;
  readonly code: string;
  readonly isUnreached: boolean;
  /** It answers gethbinfo: old trouble that is seen once more is no new trouble. */
  readonly asked: boolean;
};

/** The run after one more answer, and the halt it amounts to. */
export function runAfter(
  run: Run,
  seen: Seen,
): { readonly run: Run; readonly halt?: { readonly code: string; readonly reason: string } } {
  if (seen.isUnreached) {
    const unreached = run.unreached + 1;
    const next = { ...run, unreached };
    if (unreached < UNREACHED_MAX) return { run: next };
    return {
      run: NO_RUN,
      halt: {
        code: 'UNREACHED',
        reason: `no answer of WeChat Pay could be had, or believed, ${unreached} times in a row`,
      },
    };
  }
  const reached = { ...run, unreached: 0 };
  if (seen.asked) return { run: reached };
  if (gotThrough(seen.sight)) return { run: NO_RUN };
  switch (seen.sight === 'ask' && seen.code === 'NO_AUTH' ? 'unexplained' : seen.sight) {
    case 'refusedUser':
      return runOf(reached, 'refused', seen.user, REFUSED_MAX, {
        code: 'REFUSED_RUN',
        reason: `${REFUSED_MAX} followers in a row were refused by WeChat: an attack, or too strict a 防刷等级`,
      });
    case 'unexplained':
      return runOf(reached, 'unexplained', seen.user, UNEXPLAINED_MAX, {
        code: 'NO_AUTH',
        reason: `NO_AUTH for ${UNEXPLAINED_MAX} followers in a row, for a reason we do not know`,
      });
    case 'bug':
      return runOf(reached, 'wrong', seen.user, WRONG_MAX, {
        code: 'WRONG_RUN',
        reason: `WeChat Pay called ${WRONG_MAX} requests in a row wrong, the last one with ${seen.code}`,
      });
    default:
      return { run: reached };
  }
}

type Halted = { readonly code: string; readonly reason: string };

/** One more follower in the same trouble; the same follower again is no run. */
function runOf(run: Run, kind: 'refused' | 'unexplained' | 'wrong', user: string, max: number, halt: Halted) {
  const users = [...new Set([...run[kind], user])];
  return users.length < max ? { run: { ...run, [kind]: users } } : { run: NO_RUN, halt };
}

/** Whether this minute lies in hours in which nothing is sent; `[1320, 480]` would be two ranges in bot.yaml. */
export function isQuiet(hours: readonly (readonly [number, number])[], now: Instant): boolean {
  const minute = minuteOfDay(now);
  return hours.some(([from, to]) => minute >= from && minute < to);
}

/** One number is not tried twice within this; WeChat's own bound is 1 s. */
export const SPACING_MS = 1000;

/**
 * The pause between two calls, ms. A hundredth slower than allowed, since what leaves evenly may arrive a little
 * closer; the first calls after a rest are further apart, while connections are opened.
 */
export function pauseOf(perSecond: number, sinceRest: number): number {
  const even = 1000 / (perSecond * 0.992);
  return sinceRest < 16 ? even * 1.5 : even;
}

/** After so long without a call the gate has rested, ms. */
export const REST_MS = 5000;
