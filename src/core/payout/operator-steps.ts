// What a person does to one payout, as steps for the store: have it tried again, call it off, give its claim another number, or
// say what became of it where WeChat Pay no longer does. Never a guess: what may have reached WeChat Pay ends only on its own
// word, or on an operator's, with a reason.

import { showFen } from '../base/money.ts';
import { HOUR, type Instant, later, SECOND } from '../base/time.ts';
import { joined, t, type Wording } from '../base/words/words.ts';
import { type Cancel, isCancel } from '../rules/campaign.ts';
import type { Phase } from './channels/channel.ts';
import { channelOf } from './channels/index.ts';
import { leavesNoOrder, phaseOf } from './classify.ts';
import { endsRefusal, isRefused } from './instead.ts';
import { CALL_LEASE_MS, hasNoOrder, isTooOldToAsk } from './pace.ts';
import { isFinal, type Move, type Observation, type Payout, type Step } from './payout.ts';
import { isReoffered, nextAttempt } from './succession.ts';
import { isNobodyThere } from './unclear-answers.ts';

/** As much of a payout's history as is judged here: its lines in their order. */
type HistoryLine = { readonly what: string; readonly detail?: string };

/** A "no" with its reason, for the operator. */
export type Refused = { readonly refused: Wording };

/** Due now, under the same number, doing what it waited to do. */
export function retryStep(payout: Payout, reason: string | undefined, now: Instant): Step | Refused {
  const no = whyNoRetry(payout, now);
  if (no !== undefined) return { refused: no };
  const { stopped, ...rest } = payout; // whoever wants it tried takes their no back
  const next: Payout = {
    ...rest,
    ...(isCancel(stopped) && { stopped }), // but no refund and no unfollow: it is only asked after
    version: payout.version + 1,
    strikes: 0,
    nextAt: now,
    ...(payout.state === 'sent' && { nextDo: 'query' as const }),
  };
  return {
    payout: next,
    from: payout.state,
    at: now,
    what: 'retry',
    detail: reason ?? 'by the operator',
    move: 'none',
  };
}

function whyNoRetry(payout: Payout, now: Instant): Wording | undefined {
  const { state, tries, nextAt } = payout;
  switch (state) {
    case 'received':
    case 'refunded':
    case 'failed':
      return ended(state);
    case 'planned':
      // One that waits for a later time need not: a clock that was fast may have written it down.
      if (nextAt !== undefined && nextAt > now) return undefined;
      return t`it was never tried: it waits for its turn, for a running bot and an open merchant`;
    case 'sending':
      return t`a call is under way, or its end was never seen: the bot asks after it by itself within 30 s`;
    case 'sent':
      // Parked while it is with the follower: asking once more can do no harm.
      return nextAt === undefined ? undefined : t`it is with the follower, and is asked after by itself`;
    case 'held':
    case 'unknown':
      if (tries === 0 || !isTooOldToAsk(payout, now)) return undefined;
      return t`it is older than the 30 days WeChat Pay answers for, so nobody could tell whether it is paid twice; look it up in 商户平台`;
    default:
      return state satisfies never;
  }
}

function ended(state: 'received' | 'refunded' | 'failed'): Wording {
  const words = {
    received: t`the follower has it (received)`,
    refunded: t`nobody opened it and the money came back (refunded)`,
    failed: t`nothing was paid under this number, and nothing will be (failed)`,
  };
  return t`${words[state]}: that is final`;
}

// ── Cancel ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * How a payout can be cancelled: at once, after asking WeChat Pay, or by taking it back from the follower. `noMore`: it
 * cannot, but it would be offered once more, and that it is not.
 */
export function cancelWay(payout: Payout, now: Instant): 'now' | 'ask' | 'takeBack' | 'noMore' | Refused {
  const { state, tries, nextAt, request, stopped } = payout;
  switch (state) {
    case 'received':
    case 'refunded':
    case 'failed':
      return { refused: ended(state) };
    case 'sent':
      if (channelOf(request).canTakeBack) return 'takeBack';
      return isReoffered(payout) && !stopped ? 'noMore' : { refused: notBack(payout) };
    case 'sending': {
      const left = Math.ceil(((nextAt ?? now) - now) / SECOND);
      return left > 0 ? { refused: t`a call is under way; try again in ${left} s` } : 'ask';
    }
    case 'planned':
    case 'held':
    case 'unknown':
      return tries === 0 ? 'now' : 'ask';
    default:
      return state satisfies never;
  }
}

export function notBack({ request }: Payout): Wording {
  const { aPayout, openMs } = channelOf(request);
  const when =
    openMs === undefined
      ? t`unused, its money returns when it expires`
      : t`unopened, its money returns after ${openMs / HOUR} h`;
  return t`it is with the follower, and ${aPayout} cannot be taken back; ${when}`;
}

/** The operator's no, written before WeChat Pay is told or asked: from now on only questions, and no other number. */
export function callOffStep(payout: Payout, reason: string, now: Instant): Step {
  const stopped = isCancel(payout.stopped) ? payout.stopped : 'calledOff'; // `retry` takes only an operator's no back
  const soon = later(now, CALL_LEASE_MS); // first whoever calls it off asks
  const nextAt = payout.state === 'sent' && payout.nextAt !== undefined && payout.nextAt < soon ? payout.nextAt : soon;
  return {
    payout: { ...payout, stopped, version: payout.version + 1, nextDo: 'query', nextAt },
    from: payout.state,
    at: now,
    what: 'called off',
    detail: reason,
    move: 'none',
  };
}

/** The same no, of what has failed already: nothing is given in its place. */
export function overStep(payout: Payout, reason: string, now: Instant): Step {
  return {
    payout: { ...payout, stopped: 'calledOff', version: payout.version + 1 },
    from: payout.state,
    at: now,
    what: 'called off',
    detail: reason,
    move: 'none',
    ...nothingInstead(payout),
  };
}

function nothingInstead(payout: Payout): Pick<Step, 'counters'> {
  return isRefused(payout) ? { counters: [endsRefusal(payout)] } : {};
}

/** What WeChat Pay's answer makes of it. `waiting`: a transfer the follower has not confirmed, which can be taken back. */
export function judgeAnswer(
  seen: Observation,
  history: readonly HistoryLine[],
  payout: Payout,
): 'unpaid' | 'waiting' | Refused {
  switch (seen.kind) {
    case 'order':
      return judgePhase(seen, payout);
    case 'proven':
      return { refused: t`the merchant’s account says so, and not WeChat Pay` };
    case 'notFound':
      if (everyCallRefused(history, payout)) return 'unpaid';
      return {
        refused: t`WeChat Pay knows no such order, which is no proof that nothing was paid; \`payouts retry\` tries the same number again`,
      };
    case 'refused':
      return {
        refused: t`WeChat Pay answers ${`${seen.code} ${seen.text}`.trim()}, which does not tell whether it was paid`,
      };
    case 'unreached':
    case 'silence':
      // Nobody is left to ask (its merchant number is gone), and no call of it ever came to an order.
      if (isNobodyThere(seen) && everyCallRefused(history, payout)) return 'unpaid';
      return { refused: t`WeChat Pay could not be asked: ${`${seen.code} ${seen.text}`.trim()}` };
    case 'accepted':
      return { refused: t`WeChat Pay has accepted it` };
    default:
      return seen satisfies never;
  }
}

function judgePhase(
  seen: Extract<Observation, { kind: 'order' }>,
  { request }: Payout,
): ReturnType<typeof judgeAnswer> {
  const phase = phaseOf(seen, request);
  if (isUnpaid(phase)) return 'unpaid';
  if (phase === 'waiting' || phase === 'revocable') return 'waiting';
  const { phases } = channelOf(request);
  const proofs = Object.keys(phases).filter(state => isUnpaid(phases[state]));
  const why = seen.reason === undefined ? '' : ` (${seen.reason})`;
  return {
    refused: t`WeChat Pay says ${seen.state}${why}; only ${joined(proofs, t` or `)} proves that nothing was paid`,
  };
}

function isUnpaid(phase: Phase | undefined): boolean {
  return phase === 'unpaid' || phase === 'takenBack';
}

/** The merchant has had it taken back from the follower, or it is about to be. */
export function isTakingBack(seen: Observation, { request }: Payout): boolean {
  const phase = phaseOf(seen, request);
  return phase === 'takingBack' || phase === 'takenBack';
}

/** Each call that pays was answered, and refused before an order was made: then an order that is not there never was. */
function everyCallRefused(history: readonly HistoryLine[], payout: Payout): boolean {
  if (hasNoOrder(payout)) return true;
  const { request } = payout;
  const calls = history.flatMap((line, index) => (line.what === 'sending' ? [history[index + 1]] : []));
  return (
    calls.length > 0 &&
    calls.every(answer => {
      const [code = '', ...text] = (answer?.detail ?? '').split(' ');
      const isAnswer = answer !== undefined && !answer.what.startsWith('asked ');
      return isAnswer && leavesNoOrder(request, code, text.join(' '));
    })
  );
}

/** The end of a payout that was not paid: its money and what it held return to the budget. */
export function cancelStep(payout: Payout, reason: string, now: Instant, seen?: Observation): Step {
  const said = seen && saidOf(seen);
  return unpaidStep(payout, 'cancelled', said === undefined ? reason : `${reason} (WeChat Pay: ${said})`, now);
}

function unpaidStep(payout: Payout, what: string, detail: string, now: Instant): Step {
  const { nextAt: _, problem: __, ...rest } = payout;
  const common = { ...rest, version: payout.version + 1, strikes: 0, endedAt: now };
  const about = { from: payout.state, at: now, what, detail } as const;
  if (payout.state === 'sent')
    return { ...about, payout: { ...common, state: 'refunded', refunded: payout.amount }, move: 'sent→refunded' };
  return { ...about, payout: { ...common, state: 'failed' }, move: 'reserved→free' };
}

/** The platform's own word for where an order stands; `undefined`: it said nothing of that. */
export function saidOf(seen: Observation): string | undefined {
  return seen.kind === 'order' ? seen.state : undefined;
}

// ── Offer ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether its claim could have another number: it has come to nothing here, or it is parked and WeChat Pay decides. */
export function offerWay(payout: Payout): 'free' | 'ask' | Refused {
  const { state, tries, nextAt, amount, refunded, stopped } = payout;
  if (isCancel(stopped)) return { refused: UNDONE[stopped] };
  switch (state) {
    case 'received':
      return { refused: ended(state) };
    case 'failed':
      return 'free';
    case 'refunded':
      if ((refunded ?? amount) < amount) return { refused: t`a part of it was opened, so the claim is paid` };
      return 'free';
    case 'held':
    case 'unknown':
    case 'sent':
      if (nextAt === undefined && tries > 0) return 'ask';
      break;
    default:
      break;
  }
  return {
    refused: t`it is ${state}, and not given up: the bot takes care of it, \`payouts retry\` has it tried at once`,
  };
}

const UNDONE: Readonly<Record<Cancel, Wording>> = {
  refunded: t`its order was refunded: the claim is owed no more`,
  unsubscribed: t`its follower left before it was sent: the claim is owed no more`,
};

/** Another number for the claim of what was given up, sent at once. `counters`: what it takes from the budget again. */
export function offerStep(payout: Payout, reason: string, now: Instant, counters: Step['counters']): Step {
  const { nextAt: _, problem: __, ...rest } = payout;
  const base = { ...rest, holds: [], version: payout.version + 1, strikes: 0 };
  const about = {
    from: payout.state,
    at: now,
    what: 'offered',
    detail: reason,
    successor: nextAttempt(payout, now, now),
  };
  const taken = counters && { counters };
  if (isFinal(payout.state)) return { ...about, payout: base, move: 'free→reserved', ...taken };
  if (payout.state === 'sent') {
    const refunded: Payout = { ...base, state: 'refunded', refunded: payout.amount, endedAt: now };
    return { ...about, payout: refunded, move: 'sent→reserved', ...taken };
  }
  return { ...about, payout: { ...base, state: 'failed', endedAt: now }, move: 'none', ...taken };
}

// ── Settle ───────────────────────────────────────────────────────────────────────────────────────────────────

export const VERDICTS = ['received', 'unpaid'] as const;
/** What an operator says became of a payout. */
export type OperatorsVerdict = (typeof VERDICTS)[number];

/** Whether an operator may say it without WeChat Pay: `undefined`, it may be asked for. */
export function whyNoVerdict(payout: Payout, verdict: OperatorsVerdict, now: Instant): Wording | undefined {
  const { state, tries, nextAt } = payout;
  if (state === 'received') return ended(state);
  if (isPartlyBack(payout))
    return t`WeChat Pay has said what became of it: ${showFen(payout.refunded!)} came back, the follower has the rest`;
  if (state === 'failed' || state === 'refunded') return verdict === 'unpaid' ? ended(state) : undefined;
  if (tries === 0) return t`it was never sent: \`payouts cancel\` ends it`;
  if (state !== 'sending' || (nextAt ?? now) <= now) return undefined;
  return t`a call is under way; try again in ${Math.ceil((nextAt! - now) / SECOND)} s`;
}

/** A group packet that was opened in part. */
function isPartlyBack({ state, refunded, amount }: Payout): boolean {
  return state === 'refunded' && refunded !== undefined && refunded < amount;
}

/**
 * What WeChat Pay's answer makes of an operator's verdict. While it answers for a number the bot books what it says; an
 * operator's word counts for what is parked or too old, and never against it.
 */
export function judgeVerdict(
  payout: Payout,
  verdict: OperatorsVerdict,
  seen: Observation,
  now: Instant,
): 'agreed' | Refused {
  const isOld = isTooOldToAsk(payout, now);
  const isLeftToUs = isOld || isFinal(payout.state) || payout.nextAt === undefined;
  const said = saidOf(seen);
  if (said === undefined) {
    if (isOld) return 'agreed';
    if (seen.kind === 'notFound' && isLeftToUs && verdict === 'unpaid') return 'agreed';
    if (seen.kind === 'notFound')
      return {
        refused: t`WeChat Pay still answers for numbers of this age, and knows no such order; see \`payouts show\``,
      };
    const words = 'code' in seen ? `${seen.code} ${seen.text}`.trim() : seen.kind;
    return { refused: t`WeChat Pay still answers for this number, and could not be asked just now: ${words}` };
  }
  const end = endOf(phaseOf(seen, payout.request));
  if (end === verdict && isLeftToUs) return 'agreed';
  const next =
    end === undefined ? t`that is no end yet` : t`the bot books that; \`payouts retry\` has it asked at once`;
  return { refused: t`WeChat Pay still answers for this number, and says ${said}: ${next}` };
}

function endOf(phase: Phase | undefined): OperatorsVerdict | undefined {
  if (phase === 'received') return 'received';
  return phase === 'back' || isUnpaid(phase) ? 'unpaid' : undefined;
}

/** The end an operator gives it. `holds`: what it takes again where it counted as unpaid; the money is gone, whatever a limit says. */
export function settleStep(
  payout: Payout,
  verdict: OperatorsVerdict,
  reason: string,
  now: Instant,
  holds: Payout['holds'],
): Step {
  const detail = `as ${verdict}: ${reason}`;
  if (verdict === 'unpaid') return unpaidStep(payout, 'settled', detail, now);
  const { nextAt: _, problem: __, refunded: ___, stopped: ____, ...rest } = payout;
  const wasOver = payout.state === 'failed' || payout.state === 'refunded';
  return {
    payout: {
      ...rest,
      state: 'received',
      version: payout.version + 1,
      strikes: 0,
      endedAt: now,
      ...(wasOver && { holds }),
    },
    from: payout.state,
    at: now,
    what: 'settled',
    detail,
    move: receivedFrom(payout.state),
    ...(wasOver && {
      counters: [...holds.map(hold => ({ ...hold, max: Number.MAX_SAFE_INTEGER })), endsRefusal(payout)],
    }),
  };
}

function receivedFrom(state: Payout['state']): Move {
  switch (state) {
    case 'failed':
      return 'free→received';
    case 'refunded':
      return 'refunded→received';
    case 'sent':
      return 'sent→received';
    default:
      return 'reserved→received';
  }
}

// ── What WeChat Pay says against us ──────────────────────────────────────────────────────────────────────────

const PAID: ReadonlySet<Phase | undefined> = new Set(['out', 'waiting', 'received'] as const);

/** It counts as unpaid here, and WeChat Pay speaks of it as paid, or as with the follower; or the other way round. */
export function contradicts({ state, request }: Payout, seen: Observation): boolean {
  const phase = phaseOf(seen, request);
  if (state === 'received') return endOf(phase) === 'unpaid';
  const isOver = state === 'failed' || state === 'refunded';
  return isOver && (seen.kind === 'accepted' || PAID.has(phase));
}

/** Written into the number that counts as unpaid, once; what the follower has here stays as it is. */
export function doubtStep(payout: Payout, seen: Observation, now: Instant): Step | undefined {
  const problem = `WeChat Pay says ${saidOf(seen) ?? seen.kind}, although it is ${payout.state} here`;
  if (payout.problem === problem || payout.state === 'received') return undefined;
  return {
    payout: { ...payout, problem, version: payout.version + 1 },
    from: payout.state,
    at: now,
    what: 'doubted',
    detail: problem,
    move: 'none',
    ...nothingInstead(payout),
  };
}

/** A later number of the same claim: not to be sent until an operator decides. A call under way is asked after. */
export function stopStep(payout: Payout, detail: string, now: Instant): Step | undefined {
  if (payout.stopped || isFinal(payout.state)) return undefined;
  const { nextAt, ...rest } = payout;
  const isUnsent = payout.tries === 0;
  const isUnderWay = payout.state === 'sending' || payout.state === 'sent';
  return {
    payout: {
      ...rest,
      stopped: 'doubted',
      version: payout.version + 1,
      problem: detail,
      ...(isUnsent && { state: 'held' as const, nextDo: 'send' as const }),
      ...(!isUnsent && { nextDo: 'query' as const, nextAt: isUnderWay ? (nextAt ?? now) : now }),
    },
    from: payout.state,
    at: now,
    what: 'stopped',
    detail,
    move: 'none',
  };
}

/** What the operator gave as a reason, as a history can hold it; `undefined` if it is none. */
export function readReason(text: string): string | undefined {
  const reason = text.replace(/\p{Cc}+/gu, ' ').trim();
  return reason === '' || [...reason].length > 200 ? undefined : reason;
}
