// What a repair works with: WeChat Pay behind every merchant of bot.yaml, at their pace, and a store that only pretends.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import type { MerchantConfig } from '../../config/merchant.ts';
import type { Payable } from '../../core/audit/claim-of-number.ts';
import type { Movement } from '../../core/audit/fund-flow.ts';
import type { Instant } from '../../core/base/time.ts';
import { seedOf } from '../../core/decide/draw.ts';
import type { Installation } from '../../core/live/installation.ts';
import type { PayoutPolicy } from '../../core/payout/pace.ts';
import type { BillNo, Observation, Payout } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Clock, Log, Payer, Store } from '../../ports.ts';
import { wayOf } from '../../setup/channels.ts';
import { mchIdsBefore } from '../../setup/installation.ts';
import { payerOf } from '../../setup/payer.ts';
import { keysOf } from '../../setup/platform-keys.ts';
import type { Look, Sighting } from '../../wechat/pay/payout-lookup.ts';

export type RepairPorts = {
  readonly store: Store;
  readonly config: Config;
  readonly campaigns: readonly Campaign[];
  /** What the merchant's account says, by number; empty without a fund flow. */
  readonly movements: ReadonlyMap<string, Movement>;
  readonly wechat: WeChatPay;
  /** The merchant numbers there ever were under each name, oldest first. */
  readonly mchIds: ReadonlyMap<string, Installation['mchIds'][string]>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Both ways to ask, one call at a time and no faster than the merchant may. */
type WeChatPay = {
  /** What became of a payout. */
  query(payout: Payout): Promise<Observation>;
  /** Whose a number is. */
  look(merchant: MerchantConfig, draft: Payout): Promise<Sighting>;
  close(): Promise<void>;
};

export function openWeChatPay(config: Config, clock: Clock): WeChatPay {
  const payers = new Map<string, Payer>();
  const looks = new Map<MerchantConfig, Look>();
  const rest = ({ limits }: MerchantConfig): Promise<void> => sleep(1000 / limits.perSecond);
  return {
    async query(payout) {
      const merchant = config.merchants.get(payout.merchant);
      if (!merchant) return { kind: 'unreached', code: 'NO_MERCHANT', text: noMerchant(payout.merchant) };
      const payer = payers.get(merchant.name) ?? payerOf(merchant, clock);
      payers.set(merchant.name, payer);
      await rest(merchant);
      return payer.query(payout);
    },
    async look(merchant, draft) {
      const look = looks.get(merchant) ?? lookOf(merchant, clock);
      looks.set(merchant, look);
      await rest(merchant);
      return look.ask(draft);
    },
    async close() {
      await Promise.all([...payers.values(), ...looks.values()].map(each => each.close()));
    },
  };
}

/** From what the store says of its installation, and from the payouts in it. */
export async function mchIdsIn(store: Store, config: Config): Promise<RepairPorts['mchIds']> {
  const first = new Map<string, Map<string, Instant>>();
  const see = (name: string, mchId: string, since: Instant): void => {
    const known = first.get(name) ?? new Map<string, Instant>();
    first.set(name, known);
    if (since < (known.get(mchId) ?? Number.POSITIVE_INFINITY)) known.set(mchId, since);
  };
  for (const { name } of config.merchants.values())
    for (const { mchId, since } of await mchIdsBefore(store, name)) see(name, mchId, since);
  const books = await store.books();
  try {
    for await (const { merchant, request, createdAt } of books.payouts()) see(merchant, request.mchId, createdAt);
  } finally {
    await books.close();
  }
  const inOrder = (known: ReadonlyMap<string, Instant>): Installation['mchIds'][string] =>
    [...known].map(([mchId, since]) => ({ mchId, since })).sort((a, b) => a.since - b.since);
  return new Map([...first].map(([name, known]) => [name, inOrder(known)]));
}

function lookOf(merchant: MerchantConfig, clock: Clock): Look {
  const keys = keysOf(merchant, clock);
  const look = wayOf(merchant).look(merchant, clock, keys);
  return { ...look, close: async () => void (await Promise.all([look.close(), keys?.close()])) };
}

export function noMerchant(name: string): string {
  return `bot.yaml has no merchant "${name}" any more, so WeChat Pay cannot be asked; add it again`;
}

export function policyOf(config: Config, merchant: string): PayoutPolicy | undefined {
  return config.merchants.get(merchant)?.policy;
}

/** The campaigns that pay, each with its account and its merchant. */
export function payablesOf(config: Config, campaigns: readonly Campaign[]): (Payable & { merchant: MerchantConfig })[] {
  const [first] = config.accounts.keys();
  return campaigns.flatMap(campaign => {
    const account = config.accounts.get(campaign.account ?? first ?? '');
    const merchant = config.merchants.get(account?.merchant ?? '');
    if (!account || !merchant || !campaign.packet) return [];
    return [{ campaign, account, merchant, seed: seedOf(config.secret, campaign.id) }];
  });
}

/** Reads as the store does, and keeps what would be written to itself. */
export function dryStore(store: Store): Store {
  const payouts = new Map<BillNo, Payout>();
  const claims = new Set<string>();
  const added = new Map<string, number>();
  return {
    ...store,
    payout: async billNo => payouts.get(billNo) ?? store.payout(billNo),
    async facts(wanted) {
      const facts = await store.facts(wanted);
      const counters = new Map(facts.counters);
      for (const name of wanted.counters) counters.set(name, (counters.get(name) ?? 0) + (added.get(name) ?? 0));
      return {
        ...facts,
        counters,
        claims: new Set(wanted.claims.filter(key => facts.claims.has(key) || claims.has(key))),
      };
    },
    async commit({ claim, counters, payout }) {
      if (claim && claims.has(claim.key)) return { kind: 'claimed' };
      if (claim) claims.add(claim.key);
      for (const { name, add } of counters) added.set(name, (added.get(name) ?? 0) + add);
      if (payout) payouts.set(payout.billNo, payout);
      return { kind: 'done' };
    },
    async advance({ payout, successor }) {
      payouts.set(payout.billNo, payout);
      if (successor) payouts.set(successor.billNo, successor);
      return 'moved';
    },
    async count(counters) {
      for (const { name, add } of counters) added.set(name, (added.get(name) ?? 0) + add);
      return 'counted';
    },
    setHalt: async () => {},
  };
}
