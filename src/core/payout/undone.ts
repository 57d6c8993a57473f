// A payout that was undone (收回): its order was refunded, or its follower left. What was never called ends at once. Whatever
// may have reached WeChat Pay is marked first (`stopped`), so that nothing sends it again or gives it another number; then it
// is asked after, and ends on WeChat Pay's word that nothing was paid.

import type { Event } from '../base/event.ts';
import { DAY, type Instant, later, MINUTE } from '../base/time.ts';
import { isBroken } from '../match/follower.ts';
import { type Cancel, isCancel } from '../rules/campaign.ts';
import type { ResponseClass } from './channels/channel.ts';
import { channelOf } from './channels/index.ts';
import { cancelStep, cancelWay, judgeAnswer } from './operator-steps.ts';
import { isTooOldToAsk, type PayoutPolicy } from './pace.ts';
import { isFinal, type Observation, type Payout, type Step } from './payout.ts';
import { observe, type Verdict } from './transitions.ts';

/** As much of a payout's history as is judged here: its lines in their order. */
type HistoryLine = { readonly at: Instant; readonly what: string; readonly detail?: string };

/** An order that is not there so long after the last call will not come any more: WeChat Pay lets one expire in 24 to 72 h. */
const NOTHING_COMES_MS = 3 * DAY;

/**
 * The step that undoes it; `undefined`: it is over, or that was done before. It takes the place of an operator's no, which
 * `retry` would take back.
 */
export function undoStep(payout: Payout, by: Cancel, now: Instant): Step | undefined {
  if (isFinal(payout.state) || isCancel(payout.stopped)) return undefined;
  const stopped: Payout = { ...payout, stopped: by };
  if (cancelWay(payout, now) === 'now') return cancelStep(stopped, by, now);
  const channel = channelOf(payout.request);
  // Somebody may be in the middle of a call: then it is asked after when that must have ended.
  const isWithThem = payout.state === 'sent' && !channel.canTakeBack && payout.nextAt !== undefined;
  const isSoon = payout.state !== 'sending' && !isWithThem;
  return {
    payout: {
      ...stopped,
      version: payout.version + 1,
      ...(isSoon && { nextDo: 'query', nextAt: now, strikes: 0 }),
    },
    from: payout.state,
    at: now,
    what: 'undone',
    detail: by,
    move: 'none',
  };
}

/** What the answer to a question makes of it: its end, if nothing was paid; otherwise it is asked after again, never sent. */
export function observeUndone(
  payout: Payout & { readonly stopped: Cancel },
  seen: Observation,
  history: readonly HistoryLine[],
  now: Instant,
  policy: PayoutPolicy,
): Verdict {
  // Why an order is not on its way is of no interest any more, nor a reason to halt anybody.
  const { stuck, canTakeBack: isOurs } = channelOf(payout.request);
  const said: Observation = seen.kind === 'order' && stuck !== undefined ? withoutReason(seen) : seen;
  const verdict = { ...observe(payout, said, true, now, policy), problem: false };
  const isOpen = payout.state !== 'sent' || (isOurs && seen.kind === 'order');
  if (isOpen && isProvenUnpaid(payout, seen, history, now))
    return { step: cancelStep(payout, payout.stopped, now, seen), response: verdict.response, problem: false };
  // Others would be parked for a person here; time tells of this one.
  const { step, alarm: _, ...rest } = verdict;
  const isLost = seen.kind === 'notFound' && payout.state !== 'sent' && step.payout.nextAt === undefined;
  if (!isLost || isTooOldToAsk(payout, now)) return verdict;
  return { ...rest, step: { ...step, payout: { ...step.payout, nextAt: later(now, 20 * MINUTE) } } };
}

function withoutReason({ reason: _, ...seen }: Extract<Observation, { kind: 'order' }>): Observation {
  return seen;
}

/** What the follower has not confirmed yet can be taken back from them. */
export function canTakeBack(payout: Payout, seen: Observation): boolean {
  return channelOf(payout.request).canTakeBack && judgeAnswer(seen, [], payout) === 'waiting';
}

function isProvenUnpaid(payout: Payout, seen: Observation, history: readonly HistoryLine[], now: Instant): boolean {
  if (seen.kind === 'notFound' && isTooOldToAsk(payout, now)) return false;
  if (judgeAnswer(seen, history, payout) === 'unpaid') return true;
  const said = history.filter(({ what }) => !MARKS.has(what));
  const calls = said.flatMap((line, index) => (line.what === 'sending' ? [{ line, answer: said[index + 1] }] : []));
  const isRefused = calls.length > 0 && calls.every(({ answer }) => answer !== undefined && REFUSING.has(answer.what));
  // An order that was refused waits for the same number to be sent again, which nobody does any more.
  if (seen.kind === 'order')
    return seen.state === channelOf(payout.request).stuck && seen.reason !== undefined && isRefused;
  if (seen.kind !== 'notFound') return false;
  const last = calls.at(-1);
  return isRefused || (last !== undefined && now - last.line.at > NOTHING_COMES_MS);
}

/** Written by others, perhaps while a call was under way. */
const MARKS: ReadonlySet<string> = new Set(['undone', 'called off', 'stopped', 'retry']);

/** WeChat Pay said no to the call that pays, and why: if it knows of no order but such a one, that is its word. */
const REFUSING: ReadonlySet<string> = new Set<ResponseClass>([
  ...(['halt', 'config', 'configOne', 'one', 'bug', 'slow'] as const),
  ...(['morning', 'tomorrow', 'nextMonth', 'refusedUser'] as const),
]);

/** Whether this event undoes what the payout is for. Older payouts know only when they were planned. */
export function isUndone({ undoneBy, createdAt, eventAt = createdAt }: Payout, event: Event): boolean {
  return undoneBy !== undefined && isBroken({ ...undoneBy, eventAt }, event);
}
