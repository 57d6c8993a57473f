// `hongbao payouts retry` and `cancel`: what a person does to payouts by hand. Each change is one step in the payout's
// history, and loses gracefully to a bot that is faster.

import type { Config } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import {
  callOffStep,
  cancelStep,
  cancelWay,
  isTakingBack,
  judgeAnswer,
  notBack,
  type Refused,
  readReason,
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
import { numbersOf } from '../../engine/doubt.ts';
import type { Payer, Store } from '../../ports.ts';
import { payerOf } from '../../setup/payer.ts';
import { writeDown } from '../shared/acts.ts';
import { idInside } from '../shared/campaign-name.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { progress } from '../shared/progress.ts';
import { stateOf } from './list.ts';

export type RetryOptions = Common & { readonly state?: string; readonly campaign?: string; readonly reason?: string };

/** How often a change is tried anew because the bot changed the payout in between. */
export const RACES_MAX = 10;
/** Payouts that are changed together. */
const PAGE = 200;
const SHOWN_MAX = 100;
const now = (): Instant => instant(Date.now());

export function reasonOf(text: string): string {
  const reason = readReason(text);
  if (reason === undefined) throw new BadInput('--reason: expected a sentence of at most 200 characters');
  return reason;
}

export async function payoutOf(store: Store, billNo: string): Promise<Payout> {
  const payout = await store.payout(asBillNo(billNo));
  if (!payout) throw new BadInput(`there is no payout ${billNo}; \`hongbao payouts list\` names them`);
  return payout;
}

export const FASTER: Refused = {
  refused: 'the bot is changing it at this very moment; look again with `hongbao payouts show`',
};

// ── Retry ────────────────────────────────────────────────────────────────────────────────────────────────────

type Row = { readonly billNo: string; readonly state: PayoutState; readonly result: string; readonly ok: boolean };

export function retry(numbers: readonly string[], options: RetryOptions): Promise<number> {
  const { state, campaign } = options;
  const reason = options.reason === undefined ? undefined : reasonOf(options.reason);
  if (numbers.length > 0 === (state !== undefined))
    throw new BadInput('name payouts by their numbers, or all of one state with --state held');
  if (numbers.length > 0 && campaign !== undefined)
    throw new BadInput('--campaign goes with --state; a number says it all');
  return withStore(options, async (store, config) => {
    const about = state === undefined ? numbers.join(' ') : `all in state ${state}`;
    await writeDown(store, 'payouts retry', about, [campaign && `campaign ${campaign}`, reason]);
    const rows: Row[] = [];
    const retried = async (payout: Payout): Promise<Row> => {
      const no = state === undefined ? undefined : whyNotAmongAll(payout);
      if (no === undefined) return retryOne(store, payout, reason);
      return { billNo: payout.billNo, state: payout.state, result: `refused: ${no}`, ok: false };
    };
    const change = async (payouts: readonly Payout[]): Promise<void> => {
      rows.push(...(await Promise.all(payouts.map(retried))));
    };
    if (state === undefined) {
      // All are looked up before the first is changed: a mistyped number changes nothing.
      await change(await Promise.all([...new Set(numbers)].map(number => payoutOf(store, number))));
    } else {
      const bar = progress('looked at');
      const inside = campaign === undefined ? undefined : await idInside(config, campaign);
      for await (const page of pages(store, stateOf(state), inside)) {
        await change(page);
        if (process.stderr.isTTY) bar.show(rows.length, rows.length);
      }
      bar.end();
    }
    if (options.json) printJson(rows);
    else showRows(rows);
    return rows.every(row => row.ok) ? EXIT.fine : EXIT.findings;
  });
}

/** All of a few; of many those that were refused, and how many the others are. */
function showRows(rows: readonly Row[]): void {
  const shown = rows.length <= SHOWN_MAX ? rows : rows.filter(row => !row.ok).slice(0, SHOWN_MAX);
  const cells = shown.map(row => [row.billNo, row.state, row.result]);
  if (cells.length > 0) print(table(['number', 'state', 'result'], cells));
  if (rows.length === 0) print('there is nothing to retry');
  if (rows.length <= SHOWN_MAX) return;
  const due = rows.filter(row => row.ok).length;
  print(`${due} due now, ${rows.length - due} refused`);
}

async function* pages(store: Store, state: PayoutState, campaign: string | undefined): AsyncGenerator<Payout[]> {
  const filter = { state, limit: PAGE, ...(campaign !== undefined && { campaign }) };
  for (let after: BillNo | undefined; ; ) {
    const page = await store.payouts({ ...filter, ...(after !== undefined && { after }) });
    yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.billNo;
  }
}

/** All of a state are not meant one by one: what somebody stopped, or what may be paid already, is retried by its number only. */
export function whyNotAmongAll({ stopped }: Payout): string | undefined {
  if (stopped === 'doubted')
    return 'another number of its claim may be paid; if it is to be sent all the same, retry it by its number';
  return stopped === 'calledOff'
    ? 'it was called off; if it is to be sent all the same, retry it by its number'
    : undefined;
}

async function retryOne(store: Store, first: Payout, reason: string | undefined): Promise<Row> {
  let payout = first;
  for (let race = 0; race < RACES_MAX; race++) {
    const step = retryStep(payout, reason, now());
    if ('refused' in step)
      return { billNo: payout.billNo, state: payout.state, result: `refused: ${step.refused}`, ok: false };
    if ((await store.advance(step)) === 'moved') {
      const halt = await store.halt(payout.merchant);
      const waits = halt
        ? `; merchant "${payout.merchant}" is halted, it waits for \`hongbao merchant resume ${payout.merchant}\``
        : '';
      return { billNo: payout.billNo, state: payout.state, result: `due now${waits}`, ok: true };
    }
    payout = await payoutOf(store, payout.billNo);
  }
  return { billNo: payout.billNo, state: payout.state, result: `refused: ${FASTER.refused}`, ok: false };
}

// ── Cancel ───────────────────────────────────────────────────────────────────────────────────────────────────

export function cancel(billNo: string, options: Common & { readonly reason: string }): Promise<number> {
  const reason = reasonOf(options.reason);
  return withStore(options, async (store, config) => {
    const payers = payersOf(config);
    await writeDown(store, 'payouts cancel', billNo, [reason]);
    try {
      const result = await cancelPayout({ store, now, ...payers }, billNo, reason);
      if (options.json) printJson({ billNo, ...result });
      else if ('refused' in result) printNote(`${billNo} is not cancelled: ${result.refused}`);
      else print(`${billNo}: ${result.cancelled}`);
      return 'refused' in result ? EXIT.findings : EXIT.fine;
    } finally {
      await payers.close();
    }
  });
}

/** The store, a clock, and WeChat Pay for what only it can tell. */
export type CancelPorts = {
  readonly store: Store;
  readonly now: () => Instant;
  payer(merchant: string): { readonly payer: Payer; readonly policy: PayoutPolicy };
};

/** `successor`: it was a later number of its claim that lived. */
type Result = ({ readonly cancelled: string } | Refused) & { readonly successor?: BillNo };

/** One payer, made when it is first needed: most payouts are cancelled without a call. */
export function payersOf(config: Config): Pick<CancelPorts, 'payer'> & { close(): Promise<void> } {
  let made: Payer | undefined;
  return {
    payer(name) {
      const merchant = config.merchants.get(name);
      if (!merchant)
        throw new BadInput(`bot.yaml has no merchant "${name}" any more, so WeChat Pay cannot be asked; add it again`);
      made ??= payerOf(merchant, now);
      return { payer: made, policy: merchant.policy };
    },
    close: async () => made?.close(),
  };
}

export async function cancelPayout(ports: CancelPorts, billNo: string, reason: string): Promise<Result> {
  const { store } = ports;
  for (let race = 0; race < RACES_MAX; race++) {
    const payout = await payoutOf(store, billNo);
    const way = cancelWay(payout, ports.now());
    if (typeof way === 'object') return isFinal(payout.state) ? followUp(ports, payout, reason, way) : way;
    if (way === 'now') {
      if ((await store.advance(cancelStep(payout, reason, ports.now()))) === 'moved')
        return { cancelled: 'cancelled; its money is back in the budget' };
      continue;
    }
    const called = await callOff(ports, payout, reason);
    if (!called) continue;
    if (way === 'noMore') return { refused: `${notBack(payout)}, and it is not offered again` };
    const result = way === 'ask' ? await askFirst(ports, called, reason) : await takeBack(ports, called, reason);
    if (result !== 'again') return result;
  }
  return FASTER;
}

/** What is over may have a successor: then that is what was meant. */
async function followUp(ports: CancelPorts, payout: Payout, reason: string, over: Refused): Promise<Result> {
  const { billNo: successor, state } = (await numbersOf(ports.store, payout)).at(-1)!;
  if (successor === payout.billNo)
    return payout.stopped === 'calledOff'
      ? { cancelled: 'called off before, and over: its money is back in the budget' }
      : over;
  if (isFinal(state)) return { refused: `${over.refused}; so is its successor ${successor} (${state})`, successor };
  const result = await cancelPayout(ports, successor, reason);
  if ('refused' in result) return { refused: `its successor ${successor} lives: ${result.refused}`, successor };
  return { cancelled: `its successor ${successor} was ${result.cancelled}`, successor };
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
function offAs({ stopped }: Payout): string {
  return isCancel(stopped)
    ? 'It was undone before, by a refund or because its follower left: it is not sent any more, and no other number follows'
    : 'It is called off all the same: it is not sent any more, and no other number follows (`payouts retry` takes that back)';
}

async function askFirst(ports: CancelPorts, payout: Payout, reason: string): Promise<Result | 'again'> {
  const seen = await ports.payer(payout.merchant).payer.query(payout);
  const judged = judgeAnswer(seen, await ports.store.history(payout.billNo), payout);
  if (judged === 'waiting') return takeBack(ports, payout, reason); // it is with the follower after all, or soon will be
  if (typeof judged === 'object') return { refused: `${judged.refused}. ${offAs(payout)}` };
  return end(ports, payout, reason, seen);
}

async function end(ports: CancelPorts, payout: Payout, reason: string, seen: Observation): Promise<Result | 'again'> {
  const moved = await ports.store.advance(cancelStep(payout, reason, ports.now(), seen));
  return moved === 'moved'
    ? { cancelled: 'cancelled: WeChat Pay says that nothing was paid; its money is back in the budget' }
    : 'again';
}

/** A transfer the follower has not confirmed. Its money is back once WeChat Pay says so, which the bot asks after. */
async function takeBack(ports: CancelPorts, payout: Payout, reason: string): Promise<Result | 'again'> {
  const { payer } = ports.payer(payout.merchant);
  if (!payer.cancel) return { refused: 'this merchant’s channel cannot take it back' };
  const seen = await payer.cancel(payout);
  if (isTakingBack(seen, payout)) return bookTakingBack(ports, payout, reason, seen);
  // The answer may be lost and the bill taken back all the same: its state says.
  const after = await payer.query(payout);
  if (isTakingBack(after, payout)) return bookTakingBack(ports, payout, reason, after);
  if (after.kind === 'order' && judgeAnswer(after, [], payout) === 'unpaid') return end(ports, payout, reason, after);
  const judged = judgeAnswer(saidOf(after) === undefined ? seen : after, [], payout);
  const why = typeof judged === 'object' ? judged.refused : `WeChat Pay did not take it back (${wordsOf(seen)})`;
  return { refused: `${why}. ${offAs(payout)}` };
}

export function wordsOf(seen: Observation): string {
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
      ? 'taken back; its money is back in the budget'
      : 'WeChat Pay takes it back; a running bot books its money once that is done',
  };
}
