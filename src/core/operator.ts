// What a person may do to one payout, as steps for the store: have it tried again, or cancel it. Never a new number, and
// never a guess: what may have reached WeChat Pay is cancelled only on its own word that nothing was paid. Pure.
import { leavesNoOrder } from './pay-error.ts';
import type { Observation, Payout, Step } from './payout.ts';
import { DAY, type Instant, SECOND } from './time.ts';

/** As much of a payout's history as is judged here: its lines in their order. */
type HistoryLine = { readonly what: string; readonly detail?: string };

/** A "no" with its reason, for the operator. */
export type Refused = { readonly refused: string };

/** gethbinfo answers for orders of the last 30 days only: afterwards nobody can tell whether a number was paid. */
const HORIZON_MS = 30 * DAY;

/** Due now, under the same number, doing what it waited to do. */
export function retryStep(payout: Payout, reason: string | undefined, now: Instant): Step | Refused {
  const no = whyNoRetry(payout, now);
  if (no !== undefined) return { refused: no };
  const next: Payout = {
    ...payout,
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

function whyNoRetry(payout: Payout, now: Instant): string | undefined {
  const { state, tries, nextAt, firstSentAt = payout.createdAt } = payout;
  switch (state) {
    case 'received':
    case 'refunded':
    case 'failed':
      return ended(state);
    case 'planned':
      return 'it was never tried: it waits for its turn, for a running bot and an open merchant';
    case 'sending':
      return 'a call is under way, or its end was never seen: the bot asks after it by itself within 30 s';
    case 'sent':
      // Parked while it is with the follower: asking once more can do no harm.
      return nextAt === undefined ? undefined : 'it is with the follower, and is asked after by itself';
    case 'held':
    case 'unknown':
      if (tries === 0 || now - firstSentAt <= HORIZON_MS) return undefined;
      return 'it is older than the 30 days WeChat Pay answers for, so nobody could tell whether it is paid twice; look it up in 商户平台';
    default:
      return state satisfies never;
  }
}

function ended(state: 'received' | 'refunded' | 'failed'): string {
  const words = {
    received: 'the follower has it (received)',
    refunded: 'nobody opened it and the money came back (refunded)',
    failed: 'nothing was paid under this number, and nothing will be (failed)',
  };
  return `${words[state]}: that is final`;
}

/** How a payout can be cancelled: at once, after asking WeChat Pay, or by taking it back from the follower. */
export function cancelWay(payout: Payout, now: Instant): 'now' | 'ask' | 'takeBack' | Refused {
  const { state, tries, nextAt, request } = payout;
  switch (state) {
    case 'received':
    case 'refunded':
    case 'failed':
      return { refused: ended(state) };
    case 'sent':
      if (request.channel === 'transfer') return 'takeBack';
      return {
        refused:
          'it is with the follower, and a red packet cannot be taken back; unopened, its money returns after 24 h',
      };
    case 'sending': {
      const left = Math.ceil(((nextAt ?? now) - now) / SECOND);
      return left > 0 ? { refused: `a call is under way; try again in ${left} s` } : 'ask';
    }
    case 'planned':
    case 'held':
    case 'unknown':
      return tries === 0 ? 'now' : 'ask';
    default:
      return state satisfies never;
  }
}

/** What WeChat Pay's answer makes of it. `waiting`: a transfer the follower has not confirmed, which can be taken back. */
export function judgeAnswer(seen: Observation, history: readonly HistoryLine[]): 'unpaid' | 'waiting' | Refused {
  switch (seen.kind) {
    case 'status':
      if (seen.status === 'FAILED') return 'unpaid';
      return {
        refused: `WeChat Pay says ${seen.status}${seen.reason === undefined ? '' : ` (${seen.reason})`}; only FAILED proves that nothing was paid`,
      };
    case 'bill':
      if (seen.state === 'FAIL' || seen.state === 'CANCELLED') return 'unpaid';
      if (seen.state === 'WAIT_USER_CONFIRM') return 'waiting';
      return { refused: `WeChat Pay says ${seen.state}; only FAIL or CANCELLED proves that nothing was paid` };
    case 'notFound':
      if (everyCallRefused(history)) return 'unpaid';
      return {
        refused:
          'WeChat Pay knows no such order, which is no proof that nothing was paid; `payouts retry` tries the same number again',
      };
    case 'refused':
      return {
        refused: `WeChat Pay answers ${`${seen.code} ${seen.text}`.trim()}, which does not tell whether it was paid`,
      };
    case 'unreached':
    case 'silence':
      return { refused: `WeChat Pay could not be asked: ${`${seen.code} ${seen.text}`.trim()}` };
    case 'accepted':
      return { refused: 'WeChat Pay has accepted it' };
    default:
      return seen satisfies never;
  }
}

/** Each call that pays was answered, and refused before an order was made: then an order that is not there never was. */
function everyCallRefused(history: readonly HistoryLine[]): boolean {
  const calls = history.flatMap((line, index) => (line.what === 'sending' ? [history[index + 1]] : []));
  return (
    calls.length > 0 &&
    calls.every(
      answer => answer && !answer.what.startsWith('asked ') && leavesNoOrder((answer.detail ?? '').split(' ')[0]!),
    )
  );
}

/** The end of a payout that was not paid: its money and what it held return to the budget. */
export function cancelStep(payout: Payout, reason: string, now: Instant, seen?: Observation): Step {
  const { nextAt: _, problem: __, ...rest } = payout;
  const said = seen?.kind === 'status' ? seen.status : seen?.kind === 'bill' ? seen.state : undefined;
  return {
    payout: { ...rest, state: 'failed', version: payout.version + 1, strikes: 0, endedAt: now },
    from: payout.state,
    at: now,
    what: 'cancelled',
    detail: said === undefined ? reason : `${reason} (WeChat Pay: ${said})`,
    move: 'reserved→free',
  };
}

/** A payout that is being taken back is not offered again: `reoffer` is kept from its successor by this mark. */
export function withoutSuccessor(payout: Payout): Payout {
  return payout.reoffer ? { ...payout, userRefused: true } : payout;
}

/** What the operator gave as a reason, as a history can hold it; `undefined` if it is none. */
export function readReason(text: string): string | undefined {
  const reason = text.replace(/\p{Cc}+/gu, ' ').trim();
  return reason === '' || [...reason].length > 200 ? undefined : reason;
}
