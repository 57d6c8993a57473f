// A batch of `hongbao send`: who is to be paid by hand becomes claims, counters and planned payouts, exactly as if a
// rule had given them. What the store makes atomic for a rule it makes atomic here: once per follower and batch.

import { type Counter, isBounded } from '../base/counter.ts';
import { type Event, eventKey, type OpenId } from '../base/event.ts';
import { type Fen, fen, showFen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import { limitName } from '../decide/check-words.ts';
import type { Claim, Decision, Trace } from '../decide/decision.ts';
import { drawAmount, luckOf } from '../decide/draw.ts';
import { type MerchantCaps, prizeLimits, ruleClaims } from '../decide/limits.ts';
import { keptForDraws, lessKept } from '../decide/prize-offer.ts';
import type { Limit } from '../mechanics/mechanic.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { NO_REPLY } from '../rules/reply.ts';
import type { Payout } from './payout.ts';
import { claimOf, type PayerSettings, planPayout } from './plan.ts';

/** Stands where a rule's id would; a campaign with a rule of this name cannot be sent by hand. */
export const SEND_RULE = 'send';
/** The prize of a claim that was given an amount; no prize of a campaign can be called so. */
const AMOUNT_PRIZE = 'send/amount';

export type Batch = {
  readonly name: string;
  readonly campaign: Campaign;
  readonly account: { readonly name: string; readonly appId: string };
  readonly merchant: PayerSettings & { readonly limits: Omit<MerchantCaps, 'merchant'> };
  /** The campaign's seed, for a prize whose amount is drawn. */
  readonly seed: string;
  /** How much of what is kept for draws at the end they have given already, by counter; absent: nothing. */
  readonly drawn?: ReadonlyMap<string, number>;
};

/** What one line of the file is given: a prize of the campaign, or an amount. */
export type Gift = { readonly prize: Prize } | { readonly amount: Fen };

/** One line, as it would be paid: everything it uses up is known before anything is written. */
export type Intent = {
  readonly user: OpenId;
  readonly claimKey: string;
  readonly prize: Prize;
  readonly amount: Fen;
  readonly limits: readonly Limit[];
};

/** The batch's name stands in keys of the store: short, and without anything that means something there. */
export function isBatchName(name: string): boolean {
  return /^[\w.-]{1,40}$/.test(name);
}

export function intentOf(batch: Batch, user: OpenId, gift: Gift, now: Instant): Intent {
  const { campaign, merchant, seed } = batch;
  const claimKey = `${campaign.id}/${SEND_RULE}/${user}/${batch.name}`;
  const prize: Prize =
    'prize' in gift
      ? gift.prize
      : { name: AMOUNT_PRIZE, weight: 1, kind: 'redpacket', min: gift.amount, max: gift.amount };
  const amount = drawAmount(prize, luckOf(seed, claimKey).amount);
  const caps = { merchant: merchant.name, ...merchant.limits };
  const who = { event: eventOf(batch, user, now), caps, now };
  // What is kept for a draw at the end is not sent by hand either.
  const kept = keptForDraws(campaign);
  const limits = prizeLimits(campaign, prize, amount, who).map(limit =>
    lessKept(limit, kept, counter => batch.drawn?.get(counter) ?? 0),
  );
  return { user, claimKey, prize, amount, limits };
}

/** No push can have this key: those begin with m:, e: or j:. */
function eventOf({ campaign, account, name }: Batch, user: OpenId, now: Instant): Event {
  const key = eventKey(`s:${user}:${campaign.id}:${name}`);
  return { key, account: account.name, user, sentAt: now, kind: 'other', type: 'send' };
}

/** What the store writes for one line: as `Commit` of `ports.ts` has it. */
type BatchCommit = {
  readonly event: Event;
  readonly seenAt: Instant;
  readonly answer: { readonly reply: typeof NO_REPLY; readonly at: Instant };
  readonly decision: Decision;
  readonly claim: Claim;
  readonly counters: readonly Counter[];
  readonly payout: Payout;
};

export function commitOf(batch: Batch, intent: Intent, now: Instant): BatchCommit {
  const { campaign, account, merchant } = batch;
  const { user, claimKey, prize, amount, limits } = intent;
  const event = eventOf(batch, user, now);
  const about = { campaign: campaign.id, rule: SEND_RULE, prize: prize.name, amount };
  const holds = limits.filter(limit => limit.returns).map(({ name: counter, add }) => ({ name: counter, add }));
  const counters = [...limits, ruleClaims(campaign.id, SEND_RULE)].map(({ name: counter, add, max }) => ({
    name: counter,
    add,
    max,
  }));
  const trace: Trace = [
    {
      campaign: campaign.id,
      rule: SEND_RULE,
      hash: campaign.hash,
      checks: [{ ok: true, check: 'sentByHand', batch: batch.name }],
    },
  ];
  const award = { kind: 'awarded', ...about, claimKey, counters, holds, reply: NO_REPLY, trace } as const;
  return {
    event,
    seenAt: now,
    answer: { reply: NO_REPLY, at: now },
    decision: award,
    claim: claimOf({ account: account.name, user }, award, now),
    counters,
    payout: planPayout(
      { campaign, rule: SEND_RULE, claimKey, amount, holds, prize, account, user, eventAt: now },
      merchant,
      now,
    ),
  };
}

// ── Before the first write ───────────────────────────────────────────────────────────────────────────────────

/** What a batch would use up, against what is left. Fed line by line, so that a long file needs no memory. */
export class Forecast {
  /** Claims that exist already, and what the others come to. */
  already = 0;
  fresh = 0;
  sum: Fen = fen(0);
  private readonly shared = new Map<string, { limit: Limit; used: number; needed: number }>();

  /** `counters`: those of this line, as they stand. Gives the person's own limit that this line would pass, if any. */
  add({ limits, amount }: Intent, isClaimed: boolean, counters: ReadonlyMap<string, number>): Wording | undefined {
    if (isClaimed) {
      this.already++;
      return undefined;
    }
    this.fresh++;
    this.sum = fen(this.sum + amount);
    let own: Wording | undefined;
    for (const limit of limits.filter(isBounded)) {
      const used = counters.get(limit.name) ?? 0;
      if (limit.refuses === 'limited') {
        if (used + limit.add > limit.max)
          own ??= t`${limitName(limit)} ${show(limit, used)}/${show(limit, limit.max)}, this would be ${show(limit, limit.add)} more`;
        continue;
      }
      const entry = this.shared.get(limit.name) ?? { limit, used, needed: 0 };
      entry.needed += limit.add;
      this.shared.set(limit.name, entry);
    }
    return own;
  }

  /** Limits of all together that the whole batch would pass. */
  shortages(): Wording[] {
    return [...this.shared.values()]
      .filter(({ limit, used, needed }) => used + needed > limit.max)
      .map(
        ({ limit, used, needed }) =>
          t`${limitName(limit)} ${show(limit, used)}/${show(limit, limit.max)}: ${show(limit, Math.max(0, limit.max - used))} left, the file needs ${show(limit, needed)}`,
      );
  }
}

function show(limit: Limit, value: number): string {
  return limit.money ? showFen(fen(value)) : String(value);
}

/** Which limit a refused line ran into, in words. */
export function lostWords({ limits }: Intent, counter: string): Wording {
  const limit = limits.find(each => each.name === counter);
  return limit ? t`${limitName(limit)}: the limit of ${show(limit, limit.max)} is reached` : t`${counter} is full`;
}
