// `hongbao payouts retry` and `cancel`: what a person does to payouts by hand. Each change is one step in the payout's
// history, and loses gracefully to a bot that is faster.
import { payerOf } from '../bot.ts';
import type { Config } from '../config.ts';
import { BadInput } from '../core/error.ts';
import {
  cancelStep,
  cancelWay,
  judgeAnswer,
  type Refused,
  readReason,
  retryStep,
  withoutSuccessor,
} from '../core/operator.ts';
import type { BillNo, Payout, PayoutState } from '../core/payout.ts';
import { observe, type PayoutPolicy } from '../core/payout-table.ts';
import { type Instant, instant } from '../core/time.ts';
import type { Payer, Store } from '../ports.ts';
import { type Common, EXIT, print, printJson, table, printNote, withStore } from './common.ts';
import { stateOf } from './payouts.ts';
import { progress } from './progress.ts';

export type RetryOptions = Common & { readonly state?: string; readonly campaign?: string; readonly reason?: string };

/** How often a change is tried anew because the bot changed the payout in between. */
const RACES_MAX = 10;
/** Payouts that are changed together. */
const PAGE = 200;
const SHOWN_MAX = 100;
const now = (): Instant => instant(Date.now());

function reasonOf(text: string): string {
  const reason = readReason(text);
  if (reason === undefined) throw new BadInput('--reason: expected a sentence of at most 200 characters');
  return reason;
}

async function payoutOf(store: Store, billNo: string): Promise<Payout> {
  const payout = await store.payout(billNo as BillNo);
  if (!payout) throw new BadInput(`there is no payout ${billNo}; \`hongbao payouts list\` names them`);
  return payout;
}

const FASTER: Refused = {
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
  return withStore(options, async store => {
    const rows: Row[] = [];
    const change = async (payouts: readonly Payout[]): Promise<void> => {
      rows.push(...(await Promise.all(payouts.map(payout => retryOne(store, payout, reason)))));
    };
    if (state === undefined) {
      // All are looked up before the first is changed: a mistyped number changes nothing.
      await change(await Promise.all([...new Set(numbers)].map(number => payoutOf(store, number))));
    } else {
      const bar = progress('looked at');
      for await (const page of pages(store, stateOf(state), campaign)) {
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

export type CancelPorts = {
  readonly store: Store;
  readonly now: () => Instant;
  payer(merchant: string): { readonly payer: Payer; readonly policy: PayoutPolicy };
};

type Result = { readonly cancelled: string } | Refused;

/** One payer, made when it is first needed: most payouts are cancelled without a call. */
function payersOf(config: Config): Pick<CancelPorts, 'payer'> & { close(): Promise<void> } {
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
    if (typeof way === 'object') return way;
    if (way === 'now') {
      if ((await store.advance(cancelStep(payout, reason, ports.now()))) === 'moved')
        return { cancelled: 'cancelled; its money is back in the budget' };
      continue;
    }
    const result = way === 'ask' ? await askFirst(ports, payout, reason) : await takeBack(ports, payout, reason);
    if (result !== 'again') return result;
  }
  return FASTER;
}

async function askFirst(ports: CancelPorts, payout: Payout, reason: string): Promise<Result | 'again'> {
  const { payer } = ports.payer(payout.merchant);
  const seen = await payer.query(payout);
  const judged = judgeAnswer(seen, await ports.store.history(payout.billNo));
  if (typeof judged === 'object') return judged;
  if (judged === 'waiting') return takeBack(ports, payout, reason); // it is with the follower after all
  const moved = await ports.store.advance(cancelStep(payout, reason, ports.now(), seen));
  return moved === 'moved'
    ? { cancelled: 'cancelled: WeChat Pay says that nothing was paid; its money is back in the budget' }
    : 'again';
}

/** A transfer the follower has not confirmed. Its money is back once WeChat Pay says so, which the bot asks after. */
async function takeBack(ports: CancelPorts, payout: Payout, reason: string): Promise<Result | 'again'> {
  const { payer, policy } = ports.payer(payout.merchant);
  if (!payer.cancel) return { refused: 'this merchant’s channel cannot take it back' };
  const seen = await payer.cancel(payout);
  if (seen.kind !== 'bill' || (seen.state !== 'CANCELING' && seen.state !== 'CANCELLED')) {
    const judged = judgeAnswer(seen, []);
    return typeof judged === 'object' ? judged : { refused: 'WeChat Pay did not take it back; the bot asks after it' };
  }
  const { step } = observe(withoutSuccessor(payout), seen, true, ports.now(), policy);
  const moved = await ports.store.advance({
    ...step,
    what: 'cancelled',
    detail: `${reason} (WeChat Pay: ${seen.state})`,
  });
  if (moved === 'stale') return 'again';
  const isBack = step.payout.state === 'refunded';
  return {
    cancelled: isBack
      ? 'taken back; its money is back in the budget'
      : 'WeChat Pay takes it back; a running bot books its money once that is done',
  };
}
