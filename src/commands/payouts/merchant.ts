// `hongbao merchant halt | resume | list`: the gate of each merchant (商户), shut and opened by a person.

import type { Config } from '../../config/config.ts';
import type { MerchantConfig } from '../../config/merchant.ts';
import { BadInput } from '../../core/base/error.ts';
import { type Dated, daysLeft, WARN_DAYS } from '../../core/base/expiry.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { suggest } from '../../core/base/suggest.ts';
import { beijingText, dayOf, type Instant, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { readReason } from '../../core/payout/operator-steps.ts';
import type { BillNo, PayoutState } from '../../core/payout/payout.ts';
import { haltMerchant, resumeMerchant } from '../../engine/operate/merchants.ts';
import { type Money, moneyOf } from '../../engine/overview/money.ts';
import type { Store } from '../../ports.ts';
import { payerOf } from '../../setup/payer.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, table, withStore } from '../shared/context.ts';
import { l } from '../shared/language.ts';

/** How far waiting payouts are counted: beyond it the number says nothing more. */
const COUNTED_MAX = 100_000;
const PAGE = 1000;
const WAITING = ['planned', 'sending', 'unknown', 'held'] as const satisfies readonly PayoutState[];

function refuseUnknown(config: Config, name: string): void {
  if (!config.merchants.has(name))
    throw new BadInput(t`there is no merchant "${name}"${suggest(name, [...config.merchants.keys()])}`);
}

export function halt(name: string, options: Common & { readonly reason: string }): Promise<number> {
  const reason = readReason(options.reason);
  if (reason === undefined) throw new BadInput(t`--reason: expected a sentence of at most 200 characters`);
  return withStore(options, async (store, config) => {
    refuseUnknown(config, name);
    await writeDown(store, 'merchant halt', name, [reason]);
    await haltMerchant(store, name, reason, instant(Date.now()));
    print(
      t`merchant "${name}" is halted: nothing more is sent, what is planned waits. \`hongbao merchant resume ${name}\` lets it go on`,
    );
    return EXIT.fine;
  });
}

export function resume(name: string, options: Common): Promise<number> {
  return withStore(options, async (store, config) => {
    refuseUnknown(config, name);
    await writeDown(store, 'merchant resume', name);
    const before = await resumeMerchant(store, name);
    if (!before) {
      print(t`merchant "${name}" was not halted`);
      return EXIT.fine;
    }
    print(
      t`merchant "${name}" goes on; it was halted by the ${before.by} since ${beijingText(before.since)}: ${before.reason}`,
    );
    return EXIT.fine;
  });
}

export type MerchantsOptions = Common & { readonly balance?: boolean };

export function list(options: MerchantsOptions): Promise<number> {
  return withStore(options, async (store, config) => {
    const merchants = [];
    const now = instant(Date.now());
    for (const merchant of config.merchants.values()) {
      const { name, mchId, channel } = merchant;
      const money = options.balance ? { money: await askedMoney(store, merchant, now) } : {};
      const waiting = { planned: 0, sending: 0, unknown: 0, held: 0 };
      for (const state of WAITING) waiting[state] = await count(store, name, state);
      const halted = await store.halt(name);
      const certificates = (config.dated ?? [])
        .filter(each => each.merchant === name)
        .map(({ merchant: _, until, ...each }) => ({ ...each, until, daysLeft: daysLeft({ until }, now) }));
      merchants.push({ name, mchId, channel, ...(halted && { halt: halted }), ...money, waiting, certificates });
    }
    if (options.json) printJson(merchants);
    else {
      const head = ['merchant', 'gate', 'since', 'by', 'why', t`next try`, ...WAITING, 'certificates'];
      if (options.balance) head.push('balance', 'today', 'yesterday', 'lasts');
      const rows = merchants.map(({ name, halt: shut, waiting, certificates, money }) => [
        name,
        shut ? 'halted' : 'open',
        shut ? beijingText(shut.since) : '',
        shut?.by ?? '',
        shut ? (shut.by === 'operator' ? shut.reason : `${shut.code}: ${shut.reason}`) : '',
        shut ? (shut.probeAt === undefined ? l`by hand` : beijingText(shut.probeAt)) : '',
        ...WAITING.map(state => `${waiting[state]}${waiting[state] >= COUNTED_MAX ? '+' : ''}`),
        certificates.map(showEnd).join(', '),
        ...(money ? showMoney(money) : []),
      ]);
      print(rows.length === 0 ? t`bot.yaml has no merchants` : table(head, rows));
    }
    return EXIT.fine;
  });
}

async function askedMoney(store: Store, merchant: MerchantConfig, now: Instant): Promise<Money> {
  const payer = payerOf(merchant, () => now);
  const balance = await payer.balance?.().finally(() => payer.close());
  return moneyOf(store, merchant, now, balance);
}

function showMoney({ balance, estimate, today, yesterday, lastsDays }: Money): string[] {
  const yuan = (amount: number): string => showFen(fen(amount));
  const there = balance ?? estimate;
  const told = there === undefined ? l`not told` : balance === undefined ? l`about ${yuan(there)}` : yuan(there);
  const lasts = lastsDays === undefined ? '' : lastsDays === 1 ? l`1 day` : l`${lastsDays} days`;
  return [told, yuan(today), yuan(yesterday), lasts && balance === undefined ? l`about ${lasts}` : lasts];
}

/** From thirty days before, with what is left. */
function showEnd({ key, until, daysLeft: left }: Pick<Dated, 'key'> & { until: Instant; daysLeft: number }): string {
  const near = left < 0 ? l` (expired!)` : left < WARN_DAYS ? l` (in ${left} days!)` : '';
  return `${key} until ${dayOf(until)}${near}`;
}

async function count(store: Store, merchant: string, state: PayoutState): Promise<number> {
  let total = 0;
  for (let after: BillNo | undefined; total < COUNTED_MAX; ) {
    const page = await store.payouts({ merchant, state, limit: PAGE, ...(after !== undefined && { after }) });
    total += page.length;
    if (page.length < PAGE) break;
    after = page.at(-1)!.billNo;
  }
  return total;
}
