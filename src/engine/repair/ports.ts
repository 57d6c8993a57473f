// What a repair works with: WeChat Pay as it may be asked, and a store that only pretends.

import type { Config } from '../../config/config.ts';
import type { MerchantConfig } from '../../config/merchant.ts';
import type { Payable } from '../../core/audit/claim-of-number.ts';
import type { Movement } from '../../core/audit/fund-flow.ts';
import type { Sighting } from '../../core/audit/sighting.ts';
import type { Instant } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import { seedOf } from '../../core/decide/draw.ts';
import { INSTALLATION_NOTE, type Installation, readInstallation } from '../../core/live/installation.ts';
import type { PayoutPolicy } from '../../core/payout/pace.ts';
import type { BillNo, Observation, Payout } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Clock, Log, Store } from '../../ports.ts';

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
export type WeChatPay = {
  /** What became of a payout. */
  query(payout: Payout): Promise<Observation>;
  /** Whose a number is. */
  look(merchant: MerchantConfig, draft: Payout): Promise<Sighting>;
  close(): Promise<void>;
};

/** From what the store says of its installation, and from the payouts in it. */
export async function mchIdsIn(store: Store, config: Config): Promise<RepairPorts['mchIds']> {
  const first = new Map<string, Map<string, Instant>>();
  const see = (name: string, mchId: string, since: Instant): void => {
    const known = first.get(name) ?? new Map<string, Instant>();
    first.set(name, known);
    if (since < (known.get(mchId) ?? Number.POSITIVE_INFINITY)) known.set(mchId, since);
  };
  const installation = readInstallation(await store.note(INSTALLATION_NOTE));
  for (const { name } of config.merchants.values())
    for (const { mchId, since } of installation?.mchIds[name] ?? []) see(name, mchId, since);
  const snapshot = await store.snapshot();
  try {
    for await (const { merchant, request, createdAt } of snapshot.payouts()) see(merchant, request.mchId, createdAt);
  } finally {
    await snapshot.close();
  }
  const inOrder = (known: ReadonlyMap<string, Instant>): Installation['mchIds'][string] =>
    [...known].map(([mchId, since]) => ({ mchId, since })).sort((a, b) => a.since - b.since);
  return new Map([...first].map(([name, known]) => [name, inOrder(known)]));
}

export function noMerchant(name: string): Wording {
  return t`bot.yaml has no merchant "${name}" any more, so WeChat Pay cannot be asked; add it again`;
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
