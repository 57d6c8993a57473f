// `hongbao payouts retry` and `cancel`: what a person does to payouts by hand. Each change is one step in the payout's
// history, and loses gracefully to a bot that is faster.

import type { Config } from '../../config/config.ts';
import type { MerchantConfig } from '../../config/merchant.ts';
import { BadInput } from '../../core/base/error.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { readReason } from '../../core/payout/operator-steps.ts';
import type { BillNo, Payout, PayoutState } from '../../core/payout/payout.ts';
import {
  type CancelPorts,
  cancelPayout,
  payoutOf,
  type Retried,
  retryPayout,
  whyNotAmongAll,
} from '../../engine/operate/payouts.ts';
import type { Payer, Store } from '../../ports.ts';
import { payerAmong, payerOf } from '../../setup/payer.ts';
import { writeDown } from '../shared/acts.ts';
import { idInside } from '../shared/campaign-name.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { l, worded } from '../shared/language.ts';
import { progress } from '../shared/progress.ts';
import { stateOf } from './list.ts';

export type RetryOptions = Common & { readonly state?: string; readonly campaign?: string; readonly reason?: string };

/** Payouts that are changed together. */
const PAGE = 200;
const SHOWN_MAX = 100;
const now = (): Instant => instant(Date.now());

export function reasonOf(text: string): string {
  const reason = readReason(text);
  if (reason === undefined) throw new BadInput(t`--reason: expected a sentence of at most 200 characters`);
  return reason;
}

// ── Retry ────────────────────────────────────────────────────────────────────────────────────────────────────

export function retry(numbers: readonly string[], options: RetryOptions): Promise<number> {
  const { state, campaign } = options;
  const reason = options.reason === undefined ? undefined : reasonOf(options.reason);
  if (numbers.length > 0 === (state !== undefined))
    throw new BadInput(t`name payouts by their numbers, or all of one state with --state held`);
  if (numbers.length > 0 && campaign !== undefined)
    throw new BadInput(t`--campaign goes with --state; a number says it all`);
  return withStore(options, async (store, config) => {
    const about = state === undefined ? numbers.join(' ') : `--state ${state}`;
    await writeDown(store, 'payouts retry', about, [campaign && `--campaign ${campaign}`, reason]);
    const rows: Retried[] = [];
    const retried = async (payout: Payout): Promise<Retried> => {
      const no = state === undefined ? undefined : whyNotAmongAll(payout);
      if (no === undefined) return retryPayout(store, payout, reason, now);
      return { billNo: payout.billNo, state: payout.state, result: t`refused: ${no}`, ok: false };
    };
    const change = async (payouts: readonly Payout[]): Promise<void> => {
      rows.push(...(await Promise.all(payouts.map(retried))));
    };
    if (state === undefined) {
      // All are looked up before the first is changed: a mistyped number changes nothing.
      await change(await Promise.all([...new Set(numbers)].map(number => payoutOf(store, number))));
    } else {
      const bar = progress(l`looked at`);
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
function showRows(rows: readonly Retried[]): void {
  const shown = rows.length <= SHOWN_MAX ? rows : rows.filter(row => !row.ok).slice(0, SHOWN_MAX);
  const cells = shown.map(row => [row.billNo, row.state, worded(row.result)]);
  if (cells.length > 0) print(table([l`number`, l`state`, l`result`], cells));
  if (rows.length === 0) print(t`there is nothing to retry`);
  if (rows.length <= SHOWN_MAX) return;
  const due = rows.filter(row => row.ok).length;
  print(t`${due} due now, ${rows.length - due} refused`);
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

// ── Cancel ───────────────────────────────────────────────────────────────────────────────────────────────────

export function cancel(billNo: string, options: Common & { readonly reason: string }): Promise<number> {
  const reason = reasonOf(options.reason);
  return withStore(options, async (store, config) => {
    const payers = payersOf(config);
    await writeDown(store, 'payouts cancel', billNo, [reason]);
    try {
      const result = await cancelPayout({ store, now, ...payers }, billNo, reason);
      if (options.json) printJson({ billNo, ...result });
      else if ('refused' in result) printNote(t`${billNo} is not cancelled: ${result.refused}`);
      else print(`${billNo}: ${worded(result.cancelled)}`);
      return 'refused' in result ? EXIT.findings : EXIT.fine;
    } finally {
      await payers.close();
    }
  });
}

/** Payers, made when they are first needed: most payouts are cancelled without a call. */
export function payersOf(config: Config): Pick<CancelPorts, 'payer'> & { close(): Promise<void> } {
  const made = new Map<string, Payer>();
  const payerNamed = (merchant: MerchantConfig): Payer => {
    const payer = made.get(merchant.name) ?? payerOf(merchant, now);
    made.set(merchant.name, payer);
    return payer;
  };
  return {
    payer(name) {
      const merchant = config.merchants.get(name);
      if (!merchant)
        throw new BadInput(t`bot.yaml has no merchant "${name}" any more, so WeChat Pay cannot be asked; add it again`);
      return { payer: payerAmong(merchant, config.merchants, payerNamed), policy: merchant.policy };
    },
    close: async () => void (await Promise.all([...made.values()].map(each => each.close()))),
  };
}
