// When a merchant's gate shuts, and when it is tried again: rules without a clock of their own.

import { endOfDay, endOfMonth, HOUR, type Instant, later, MINUTE, minuteOfDay } from '../base/time.ts';
import type { ResponseClass } from './channels/channel.ts';
import type { FailureRun } from './failure-run.ts';
import type { Payout } from './payout.ts';

/** What a payout says that got through the gate: the merchant can pay. */
export function gotThrough(response: ResponseClass): boolean {
  return response === 'accepted' || response === 'isProcessing' || response === 'isSent' || response === 'isReceived';
}

type Probe = (now: Instant, since: Instant) => Instant;

/** As long again as the halt has lasted, within these bounds: each probe that fails doubles the pause. */
const growing =
  (first: number, last: number): Probe =>
  (now, since) =>
    later(now, Math.min(Math.max(now - since, first), last));
const tomorrow: Probe = now => later(endOfDay(now), MINUTE);
const nextMonth: Probe = now => later(endOfMonth(now), MINUTE);
const everyFiveMinutes: Probe = now => later(now, 5 * MINUTE);

/** When one payout is let through to see. */
const PROBES: Readonly<Record<string, Probe>> = {
  NOTENOUGH: everyFiveMinutes,
  NOT_ENOUGH: everyFiveMinutes,
  SENDAMOUNT_LIMIT: tomorrow,
  DAY_OVER_LIMITED: tomorrow,
  DAY_QUOTA: tomorrow, // 商户单日转账额度
  MONTH_QUOTA: nextMonth, // 商户单月
  UNREACHED: growing(MINUTE, 15 * MINUTE),
  UNCLEAR: growing(MINUTE, 15 * MINUTE),
  // With a follower who was not refused: an attacker's accounts keep the others waiting for minutes.
  REFUSED_RUN: growing(MINUTE, 10 * MINUTE),
  // The words of one campaign, or the key? One packet of another campaign tells.
  SIGN_ERROR: growing(MINUTE, HOUR),
  // Each of these may use up one number of one claim.
  FAILED_RUN: growing(10 * MINUTE, HOUR),
};
/** Settings that are mended at the platform: a refusal before an order is made costs nothing, but is asked for rarely. */
const RARELY = growing(HOUR, 6 * HOUR);

/**
 * When to let one payout through; `undefined`: only a person resumes. `isCostly`: what was refused had used up a number,
 * as a transfer bill that failed has, and so would each probe.
 */
export function probeAfter(code: string, now: Instant, since = now, isCostly = false): Instant | undefined {
  const probe = PROBES[code] ?? (isCostly ? undefined : RARELY);
  return probe?.(now, since);
}

/** When to let another one through if nothing is heard of this one. */
export function probeAgain(code: string, now: Instant, since: Instant): Instant {
  const probe = PROBES[code] ?? RARELY;
  return (probe === tomorrow || probe === nextMonth ? everyFiveMinutes : probe)(now, since);
}

type Shut = {
  readonly code: string;
  readonly reason: string;
  readonly since: Instant;
  readonly by: 'bot' | 'operator';
};

/** Whether it is one and the same halt, whenever its next probe is. */
export function isSameHalt(one: Shut, other: Shut): boolean {
  return one.code === other.code && one.reason === other.reason && one.since === other.since && one.by === other.by;
}

/** The merchant's balance is too low. */
export function isShort(code: string): boolean {
  return code === 'NOTENOUGH' || code === 'NOT_ENOUGH';
}

/** Nobody could be asked: who is in doubt then is asked after as soon as it ends. */
export function isUnheard(code: string): boolean {
  return code === 'UNCLEAR' || code === 'UNREACHED';
}

/**
 * Which of those that are due is let through to see: one that had no part in the halt. Where there are only such,
 * another follower's refusals tell nothing about the merchant (`undefined`), while any of the others will do.
 */
export function probeOf(due: readonly Payout[], code: string, run: FailureRun): Payout | undefined {
  const troubled = new Set([...run.unclear.map(each => each.user), ...run.failed, ...run.refused, ...run.known]);
  const objected = new Set(run.objected.map(each => each.campaign));
  const others = due.filter(payout => !run.spoiled.includes(payout.campaign));
  const cleared = others.filter(payout => !objected.has(payout.campaign));
  const fresh = cleared.filter(payout => !troubled.has(payout.user));
  if (code === 'REFUSED_RUN') return due.find(payout => !troubled.has(payout.user));
  const untried = others.find(payout => !run.objected.some(each => each.billNo === payout.billNo));
  return leastTried(fresh) ?? leastTried(cleared) ?? untried ?? others[0] ?? due[0];
}

/** Of equals the first, which has waited longest; a claim with few numbers used up before one with many. */
function leastTried(payouts: readonly Payout[]): Payout | undefined {
  const least = Math.min(...payouts.map(payout => payout.attempt));
  return payouts.find(payout => payout.attempt === least);
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

/** How long a payout that cannot be taken on stands aside, ms, after so many failures. */
export function asideFor(failures: number): number {
  return Math.min(5000 * 2 ** (failures - 1), MINUTE);
}
