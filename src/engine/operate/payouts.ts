// What a person does to payouts by hand, for commands and for the dashboard. Each change is one step in the payout's history,
// and loses gracefully to a bot that is faster.

import { BadInput } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import { isRefused } from '../../core/payout/instead.ts';
import {
  callOffStep,
  cancelStep,
  cancelWay,
  isTakingBack,
  judgeAnswer,
  notBack,
  overStep,
  type Refused,
  retryStep,
  saidOf,
} from '../../core/payout/operator-steps.ts';
import type { PayoutPolicy } from '../../core/payout/pace.ts';
import {
  asBillNo,
  type BillNo,
  isFinal,
  type Observation,
  type Payout,
  type PayoutState,
} from '../../core/payout/payout.ts';
import { observe } from '../../core/payout/transitions.ts';
import { isCancel } from '../../core/rules/campaign.ts';
import type { Payer, Store } from '../../ports.ts';
import { numbersOf, standInsOf } from '../doubt.ts';

/** How often a change is tried anew because the bot changed the payout in between. */
export const RACES_MAX = 10;

export async function payoutOf(store: Store, billNo: string): Promise<Payout> {
  const payout = await store.payout(asBillNo(billNo));
  if (!payout) throw new BadInput(t`there is no payout ${billNo}; \`hongbao payouts list\` names them`);
  return payout;
}

export const FASTER: Refused = {
  refused: t`the bot is changing it at this very moment; look again with \`hongbao payouts show\``,
};

// ── Retry ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What became of one of several. */
export type Retried = {
  readonly billNo: string;
  readonly state: PayoutState;
  readonly result: Wording;
  readonly ok: boolean;
};

/** All of a state are not meant one by one: what somebody stopped, or what may be paid already, is retried by its number only. */
export function whyNotAmongAll({ stopped }: Payout): Wording | undefined {
  if (stopped === 'doubted')
    return t`another number of its claim may be paid; if it is to be sent all the same, retry it by its number`;
  return stopped === 'calledOff'
    ? t`it was called off; if it is to be sent all the same, retry it by its number`
    : undefined;
}

export async function retryPayout(
  store: Store,
  first: Payout,
  reason: string | undefined,
  now: () => Instant,
): Promise<Retried> {
  let payout = first;
  for (let race = 0; race < RACES_MAX; race++) {
    const step = retryStep(payout, reason, now());
    if ('refused' in step)
      return { billNo: payout.billNo, state: payout.state, result: t`refused: ${step.refused}`, ok: false };
    if ((await store.advance(step)) === 'moved') {
      const halt = await store.halt(payout.merchant);
      const waits = halt
        ? t`; merchant "${payout.merchant}" is halted, it waits for \`hongbao merchant resume ${payout.merchant}\``
        : '';
      return { billNo: payout.billNo, state: payout.state, result: t`due now${waits}`, ok: true };
    }
    payout = await payoutOf(store, payout.billNo);
  }
  return { billNo: payout.billNo, state: payout.state, result: t`refused: ${FASTER.refused}`, ok: false };
}

// ── Cancel ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The store, a clock, and WeChat Pay for what only it can tell. */
export type CancelPorts = {
  readonly store: Store;
  readonly now: () => Instant;
  payer(merchant: string): { readonly payer: Payer; readonly policy: PayoutPolicy };
};

/** `successor`: it was a later number of its claim that lived. */
type Result = ({ readonly cancelled: Wording } | Refused) & { readonly successor?: BillNo };

export async function cancelPayout(ports: CancelPorts, billNo: string, reason: string): Promise<Result> {
  const { store } = ports;
  for (let race = 0; race < RACES_MAX; race++) {
    const payout = await payoutOf(store, billNo);
    const way = cancelWay(payout, ports.now());
    if (typeof way === 'object') return isFinal(payout.state) ? followUp(ports, payout, reason, way) : way;
    if (way === 'now') {
      if ((await store.advance(cancelStep(payout, reason, ports.now()))) === 'moved')
        return { cancelled: t`cancelled; its money is back in the budget` };
      continue;
    }
    const called = await callOff(ports, payout, reason);
    if (!called) continue;
    if (way === 'noMore') return { refused: t`${notBack(payout)}, and it is not offered again` };
    const result = way === 'ask' ? await askFirst(ports, called, reason) : await takeBack(ports, called, reason);
    if (result !== 'again') return result;
  }
  return FASTER;
}

/** What is over may have a successor, or something was given in its place (`fallbackTo`): then that is what was meant. */
async function followUp(ports: CancelPorts, payout: Payout, reason: string, over: Refused): Promise<Result> {
  const numbers = [...(await numbersOf(ports.store, payout)), ...(await standInsOf(ports.store, payout))];
  const heirs = numbers.filter(each => each.attempt > payout.attempt || each.claimKey !== payout.claimKey);
  const heir = heirs.findLast(({ state }) => !isFinal(state)) ?? heirs.at(-1);
  if (!heir) return givesNothingMore(ports, payout, reason, over);
  const { billNo: successor, state } = heir;
  if (isFinal(state)) return { refused: t`${over.refused}; so is its successor ${successor} (${state})`, successor };
  const result = await cancelPayout(ports, successor, reason);
  if ('refused' in result) return { refused: t`its successor ${successor} lives: ${result.refused}`, successor };
  return { cancelled: t`its successor ${successor} was ${result.cancelled}`, successor };
}

/** Nothing follows it; and of one that was refused, nothing is given in its place from now on. */
async function givesNothingMore(ports: CancelPorts, payout: Payout, reason: string, over: Refused): Promise<Result> {
  if (payout.stopped === 'calledOff')
    return { cancelled: t`called off before, and over: its money is back in the budget` };
  if (!isRefused(payout)) return over;
  const { store, now: clock } = ports;
  await store.advance(overStep(payout, reason, clock()));
  return cancelPayout(ports, payout.billNo, reason); // it was given just before, or it is over now
}

/**
 * The no comes before any word to WeChat Pay: whatever this payout comes to, whoever hears of it, and if we die in between,
 * no other number follows. `undefined`: somebody was faster.
 */
async function callOff(
  { store, now: clock, payer }: CancelPorts,
  payout: Payout,
  reason: string,
): Promise<Payout | undefined> {
  if (payout.stopped !== undefined && payout.stopped !== 'doubted') return payout;
  payer(payout.merchant); // refuses a merchant that is gone before anything is written
  const step = callOffStep(payout, reason, clock());
  return (await store.advance(step)) === 'moved' ? step.payout : undefined;
}

/** What becomes of it all the same. */
function offAs({ stopped }: Payout): Wording {
  return isCancel(stopped)
    ? t`It was undone before, by a refund or because its follower left: it is not sent any more, and no other number follows`
    : t`It is called off all the same: it is not sent any more, and no other number follows (\`payouts retry\` takes that back)`;
}

async function askFirst(ports: CancelPorts, payout: Payout, reason: string): Promise<Result | 'again'> {
  const seen = await ports.payer(payout.merchant).payer.query(payout);
  const judged = judgeAnswer(seen, await ports.store.history(payout.billNo), payout);
  if (judged === 'waiting') return takeBack(ports, payout, reason); // it is with the follower after all, or soon will be
  if (typeof judged === 'object') return { refused: t`${judged.refused}. ${offAs(payout)}` };
  return end(ports, payout, reason, seen);
}

async function end(ports: CancelPorts, payout: Payout, reason: string, seen: Observation): Promise<Result | 'again'> {
  const moved = await ports.store.advance(cancelStep(payout, reason, ports.now(), seen));
  return moved === 'moved'
    ? { cancelled: t`cancelled: WeChat Pay says that nothing was paid; its money is back in the budget` }
    : 'again';
}

/** A transfer the follower has not confirmed. Its money is back once WeChat Pay says so, which the bot asks after. */
async function takeBack(ports: CancelPorts, payout: Payout, reason: string): Promise<Result | 'again'> {
  const { payer } = ports.payer(payout.merchant);
  if (!payer.cancel) return { refused: t`this merchant’s channel cannot take it back` };
  const seen = await payer.cancel(payout);
  if (isTakingBack(seen, payout)) return bookTakingBack(ports, payout, reason, seen);
  // The answer may be lost and the bill taken back all the same: its state says.
  const after = await payer.query(payout);
  if (isTakingBack(after, payout)) return bookTakingBack(ports, payout, reason, after);
  if (after.kind === 'order' && judgeAnswer(after, [], payout) === 'unpaid') return end(ports, payout, reason, after);
  const judged = judgeAnswer(saidOf(after) === undefined ? seen : after, [], payout);
  const why = typeof judged === 'object' ? judged.refused : t`WeChat Pay did not take it back (${wordsOf(seen)})`;
  return { refused: t`${why}. ${offAs(payout)}` };
}

function wordsOf(seen: Observation): string {
  return 'code' in seen ? `${seen.code} ${seen.text}`.trim() : (saidOf(seen) ?? seen.kind);
}

async function bookTakingBack(
  ports: CancelPorts,
  payout: Payout,
  reason: string,
  seen: Observation,
): Promise<Result | 'again'> {
  const { step } = observe(payout, seen, true, ports.now(), ports.payer(payout.merchant).policy);
  const moved = await ports.store.advance({
    ...step,
    what: 'cancelled',
    detail: `${reason} (WeChat Pay: ${wordsOf(seen)})`,
  });
  if (moved !== 'moved') return 'again';
  const isBack = step.payout.state === 'refunded';
  return {
    cancelled: isBack
      ? t`taken back; its money is back in the budget`
      : t`WeChat Pay takes it back; a running bot books its money once that is done`,
  };
}
