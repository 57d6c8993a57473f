// What the counters must say, recomputed from claims and payouts: a part of the audit (核账). Pure.
//
//   exact        what payouts hold (budget, packets, the merchant's day), and what a merchant allows one follower
//   a range      packets of a campaign in which group packets came back in part: their payouts no longer name them
//   by journal   limits a rule file may gain on any day (stock, per user): a counter that says less than its claims may
//                have begun later, or been absent for a while; the decisions in the journal settle each such doubt
//   not at all   a counter whose name none of our limits has; and a limit of which there is no counter at all, unless
//                a campaign that is live has it: it may never have been set

import { SEND_RULE } from './batch.ts';
import { blankCampaign } from './blank.ts';
import type { Claim } from './decide.ts';
import type { Event, EventKey } from './event.ts';
import { type Counter, type Limit, lastClaimCounter, prizeLimits, userLimits } from './limit.ts';
import { fen } from './money.ts';
import type { Payout } from './payout.ts';
import type { Campaign, Prize } from './rule.ts';

/** Says `found` where it must say between `low` and `high`. `absent`: there is no such counter. */
export type CounterFault = {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly found: number;
};

/** A campaign with every limit there is, so that the builders of `limit.ts` name them all. */
function limitless(id: string): Campaign {
  const most = Number.MAX_SAFE_INTEGER;
  return {
    ...blankCampaign(id),
    budget: { total: fen(most), perDay: fen(most), packets: most, packetsPerDay: most, alertAt: [] },
    perUser: { total: most, perDay: most, amountPerDay: fen(most), gap: 0 },
  };
}

function prizeCalled(name: string): Prize {
  return { name, weight: 1, kind: 'nothing', stock: Number.MAX_SAFE_INTEGER, perUser: Number.MAX_SAFE_INTEGER };
}

/** Stands for the event behind a claim, as far as its counters' names need it. */
function eventOf({ account, user, at }: Pick<Claim, 'account' | 'user' | 'at'>): Event {
  return { key: '' as EventKey, account, user, sentAt: at, kind: 'other', type: 'audit' };
}

/** Every limit a claim may have counted against; with its payout, also the merchant's. */
function limitsOf(
  claim: Pick<Claim, 'campaign' | 'prize' | 'amount' | 'account' | 'user' | 'at'>,
  merchant: string | undefined,
): Limit[] {
  const { campaign, prize, amount, account, user, at } = claim;
  const most = Number.MAX_SAFE_INTEGER;
  const caps =
    merchant === undefined
      ? undefined
      : { merchant, perUserPerDay: most, amountPerUserPerDay: fen(most), amountPerDay: fen(most) };
  return prizeLimits(limitless(campaign), prizeCalled(prize), amount, {
    event: eventOf({ account, user, at }),
    caps,
    now: at,
  });
}

/** What a payout of this claim must hold until its money returns. */
export function holdsOf(claim: Claim, merchant: string): Limit[] {
  return limitsOf(claim, merchant).filter(limit => limit.returns);
}

/** Whether every configuration has this limit: it cannot be missing. */
export function isAlwaysHeld(name: string): boolean {
  return name.startsWith('merchant/') || /^campaign\/[^/]+\/amount$/.test(name);
}

/** What a merchant allows one follower a day; never given back. Counted once per claim, with its first number. */
export function merchantCountersOf(claim: Claim, merchant: string): Limit[] {
  return limitsOf(claim, merchant).filter(limit => limit.name.startsWith('merchant/') && !limit.returns);
}

/** What counts claims where the rule file says so; never given back. A claim sent by hand takes no part in `perUser`. */
export function optionalCountersOf(claim: Claim): Pick<Counter, 'name' | 'add'>[] {
  const own = claim.rule === SEND_RULE ? [] : userLimits(limitless(claim.campaign), eventOf(claim), claim.at);
  return [...own, ...limitsOf(claim, undefined).filter(limit => !limit.returns)];
}

const SHARED =
  /^(?:campaign\/[^/]+\/(?:amount|packets)(?:\/day\/[\d-]+)?|campaign\/[^/]+\/prize\/.+|merchant\/[^/]+\/amount\/day\/[\d-]+)$/;
const OWN =
  /^(?:campaign\/[^/]+\/(?:user\/[^/]+\/(?:claims(?:\/day\/[\d-]+)?|amount\/day\/[\d-]+|last)|prize\/.+\/user\/[^/]+)|merchant\/[^/]+\/user\/[^/]+\/[^/]+\/(?:packets|amount)\/day\/[\d-]+)$/;

/** The follower in a counter's name. */
export function followerIn(name: string): string | undefined {
  if (!OWN.test(name)) return undefined;
  const [, , , , ofMerchant] = name.split('/');
  return name.startsWith('merchant/') ? ofMerchant : /\/user\/([^/]+)/.exec(name)?.[1];
}

/** What a counter counts. */
export function unitOf(name: string): 'fen' | 'ms' | 'count' {
  if (name.includes('/prize/')) return 'count';
  if (name.endsWith('/last')) return 'ms';
  return /\/amount(?:\/|$)/.test(name) ? 'fen' : 'count';
}

/** The limit behind an optional counter: its name without follower and day. */
function limitBehind(name: string): string {
  return name.replace(/\/user\/[^/]+/, '/user/*').replace(/\/day\/[\d-]+$/, '/day/*');
}

/** How many doubts are taken to the journal: each costs a look at one follower's decisions. */
const DOUBTS_MAX = 10_000;

type Expected = { low: number; high: number };
type Doubt = { readonly found: number; counted: number };
/** What all checks share: which optional limits exist, and what only the journal can tell. */
type Open = { readonly known: Set<string>; readonly doubts: Map<string, Doubt>; unsettled: number };

/** The counters of some followers, or those of all; what they must say is added up first, what they say comes after. */
export class CounterCheck {
  private readonly expected = new Map<string, Expected>();
  private readonly optional = new Map<string, number>();
  private readonly open: Open;
  private faults: CounterFault[] = [];

  constructor(open: Open) {
    this.open = open;
  }

  expect(name: string, low: number, high = low): void {
    const sum = this.expected.get(name);
    if (!sum) this.expected.set(name, { low, high });
    else {
      sum.low += low;
      sum.high += high;
    }
  }

  expectAtMost(name: string, add: number): void {
    this.optional.set(name, (this.optional.get(name) ?? 0) + add);
  }

  expectLast(name: string, at: number): void {
    this.optional.set(name, Math.max(this.optional.get(name) ?? 0, at));
  }

  /** In place of whatever was expected so far. */
  expectOnly(name: string, value: number): void {
    this.expected.set(name, { low: value, high: value });
  }

  /** What it says, once all it must say was added up. */
  found(name: string, value: number): void {
    const fault = this.faultOf(name, value);
    if (fault) this.faults.push(fault);
    this.expected.delete(name);
    this.optional.delete(name);
  }

  /** What is wrong, the counters that are not there included. */
  end(): CounterFault[] {
    for (const name of [...this.expected.keys(), ...this.optional.keys()]) this.found(name, 0);
    return this.faults;
  }

  private faultOf(name: string, found: number): CounterFault | undefined {
    const exact = this.expected.get(name);
    const claimed = this.optional.get(name) ?? 0;
    const { low, high } = exact ?? { low: claimed, high: claimed };
    if (found >= low && found <= high) return undefined;
    if (exact || found > high) return { name, low, high, found };
    if (this.open.doubts.size < DOUBTS_MAX) this.open.doubts.set(name, { found, counted: 0 });
    else this.open.unsettled++;
    return undefined;
  }
}

/** All counters: those of everybody in one go, those of followers part by part. */
export class CounterAudit {
  compared = 0;
  /** Names that are not ours. */
  strange = 0;
  private readonly open: Open = { known: new Set(), doubts: new Map(), unsettled: 0 };
  private readonly shared = new CounterCheck(this.open);
  /** What the counters of nobody say: they come before all is added up. */
  private readonly sharedValues = new Map<string, number>();
  private own = new CounterCheck(this.open);

  /** `campaigns`: those that are live; a limit of theirs is missed where it has no counter. */
  constructor(campaigns: readonly Campaign[]) {
    const { known } = this.open;
    for (const { id, perUser, prizes } of campaigns) {
      const base = `campaign/${id}`;
      if (perUser.total !== undefined) known.add(`${base}/user/*/claims`);
      if (perUser.perDay !== undefined) known.add(`${base}/user/*/claims/day/*`);
      if (perUser.amountPerDay !== undefined) known.add(`${base}/user/*/amount/day/*`);
      if (perUser.gap !== undefined) known.add(`${base}/user/*/last`);
      for (const { name, stock, perUser: each } of prizes.values()) {
        if (stock !== undefined) known.add(`${base}/prize/${name}`);
        if (each !== undefined) known.add(`${base}/prize/${name}/user/*`);
      }
    }
  }

  /** Before all else: which limits there are. */
  survey(name: string): void {
    // What a merchant allows has no choice in it; and a strange name would be kept for each follower.
    if (name.startsWith('campaign/') && (OWN.test(name) || SHARED.test(name))) this.open.known.add(limitBehind(name));
  }

  claim(claim: Claim): void {
    const { known } = this.open;
    for (const { name, add } of optionalCountersOf(claim)) {
      if (known.has(limitBehind(name))) this.of(name).expectAtMost(name, add);
    }
    const last = lastClaimCounter(claim.campaign, claim.user);
    if (claim.rule !== SEND_RULE && known.has(limitBehind(last))) this.own.expectLast(last, claim.at);
  }

  /** The first number of a claim counts against what its merchant allows the follower. */
  firstPayout(claim: Claim, merchant: string): void {
    for (const { name, add } of merchantCountersOf(claim, merchant)) this.of(name).expect(name, add);
  }

  /** What this payout still takes up. `claim`: the one it pays. */
  payout(payout: Payout, claim: Claim): void {
    if (payout.state === 'failed') return;
    const paid = { ...claim, amount: payout.amount };
    const limits = new Map(holdsOf(paid, payout.merchant).map(limit => [limit.name, limit]));
    if (payout.state !== 'refunded') {
      for (const { name } of payout.holds) this.shared.expect(name, limits.get(name)?.add ?? 0);
      return;
    }
    const kept = payout.amount - (payout.refunded ?? payout.amount);
    if (kept === 0) return;
    for (const { name } of payout.holds) if (limits.get(name)?.money) this.shared.expect(name, kept);
    for (const { name, money } of limits.values()) if (!money) this.shared.expect(name, 0, 1);
  }

  counter(name: string, value: number): void {
    if (OWN.test(name)) this.own.found(name, value);
    else if (SHARED.test(name)) this.sharedValues.set(name, value);
    else {
      this.strange++;
      return;
    }
    this.compared++;
  }

  private of(name: string): CounterCheck {
    return name.includes('/user/') ? this.own : this.shared;
  }

  endOfPart(): CounterFault[] {
    const faults = this.own.end();
    this.own = new CounterCheck(this.open);
    return faults;
  }

  /** Doubts that were too many to be settled. */
  get unsettled(): number {
    return this.open.unsettled;
  }

  /** `taken`: what payouts take of each campaign's budget, whatever they say they hold. */
  endOfShared(taken: Iterable<readonly [campaign: string, amount: number]>): CounterFault[] {
    for (const [campaign, amount] of taken) this.shared.expectOnly(`campaign/${campaign}/amount`, amount);
    for (const [name, value] of this.sharedValues) this.shared.found(name, value);
    return this.shared.end();
  }

  get hasDoubts(): boolean {
    return this.open.doubts.size > 0;
  }

  /** Whether the journal must be asked what this claim counted. */
  isInDoubt(claim: Claim): boolean {
    return this.hasDoubts && this.namesOf(claim).some(({ name }) => this.open.doubts.has(name));
  }

  /** What the claim's decision added. Without one, what it would add today. */
  decided(claim: Claim, counters: readonly Pick<Counter, 'name' | 'add'>[] | undefined): void {
    for (const { name, add } of counters ?? this.namesOf(claim)) {
      const doubt = this.open.doubts.get(name);
      if (doubt) doubt.counted += add;
    }
  }

  private namesOf(claim: Claim): Pick<Counter, 'name' | 'add'>[] {
    const last = claim.rule === SEND_RULE ? [] : [{ name: lastClaimCounter(claim.campaign, claim.user), add: 0 }];
    return [...optionalCountersOf(claim), ...last];
  }

  settled(): CounterFault[] {
    const wrong = [...this.open.doubts].filter(([, { found, counted }]) => found !== counted);
    return wrong.map(([name, { found, counted }]) => ({ name, low: counted, high: counted, found }));
  }
}
