// What the counters must say, recomputed from claims and payouts: a part of the audit (核账). Pure.
//
//   exact        what payouts hold (budget, packets, a store's day, the merchant's day), and what a merchant allows one
//                follower; rows of a round, which come to its packets; what was spent of a wallet, never more than earned
//   a range      packets of a campaign in which group packets came back in part: their payouts no longer name them
//   by journal   limits a rule file may gain on any day (stock, wins, pace, coupons …): a counter that says less than its
//                claims may have begun later, or been absent for a while; and where a day begins is the rule file's to say.
//                The decisions in the journal settle each such doubt
//   not at all   what claims do not tell: streaks, wrong tries, printed codes, claims by scene or round, shadows; and a limit
//                of which there is no counter at all, unless a campaign that is live has it: it may never have been set

import { claimsCounted, daysOf, holdOf, holdsMoney, merchantCountersOf, otherDays } from './audit-claim.ts';
import { isOfDay, limitBehind, nameKind, sceneBehind } from './audit-name.ts';
import { SEND_RULE } from './batch.ts';
import type { Claim } from './decide.ts';
import { type Counter, lastClaimCounter } from './limit.ts';
import type { Payout } from './payout.ts';
import type { Campaign } from './rule.ts';

/** Says `found` where it must say between `low` and `high`. `absent`: there is no such counter. */
export type CounterFault = {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly found: number;
};

/** How many doubts are taken to the journal: each costs a look at one follower's decisions. */
const DOUBTS_MAX = 10_000;

type Expected = { low: number; high: number };
type Doubt = { readonly found: number; counted: number };
/** What all checks share: which optional limits exist, and what only the journal can tell. */
type Open = {
  readonly known: Set<string>;
  readonly doubts: Map<string, Doubt>;
  /** Packets that are still taken at some store of a campaign, on some day: nobody knows which store. */
  readonly slack: Map<string, number>;
  unsettled: number;
};

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
    const slack = this.open.slack.get(sceneBehind(name)) ?? 0;
    const { low, high } = exact ?? { low: slack > 0 ? 0 : claimed, high: claimed };
    if (found >= low && found <= high + slack) return undefined;
    if (exact || (found > high && !isOfDay(name))) return { name, low, high: high + slack, found };
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
  private readonly open: Open = { known: new Set(), doubts: new Map(), slack: new Map(), unsettled: 0 };
  private readonly shared = new CounterCheck(this.open);
  /** What the counters of nobody say: they come before all is added up. */
  private readonly sharedValues = new Map<string, number>();
  private own = new CounterCheck(this.open);

  /** Rows of rounds, which come to the packets of each: by the round. */
  private readonly rounds = new Map<string, { packets: number; rows: number }>();
  private wallets = new Map<string, WalletSums>();
  private readonly campaigns: ReadonlyMap<string, Campaign>;

  /** `campaigns`: those that are live; a limit of theirs is missed where it has no counter. */
  constructor(campaigns: readonly Campaign[]) {
    this.campaigns = new Map(campaigns.map(campaign => [campaign.id, campaign]));
    for (const campaign of campaigns) for (const name of limitsSet(campaign)) this.open.known.add(name);
  }

  /** Before all else: which limits there are. */
  survey(name: string): void {
    // What a merchant allows has no choice in it; and a strange name would be kept for each follower.
    const kind = nameKind(name);
    if (name.startsWith('campaign/') && (kind === 'own' || kind === 'shared')) this.open.known.add(limitBehind(name));
  }

  claim(claim: Claim): void {
    const { known } = this.open;
    for (const { name, add } of this.counted(claim)) {
      if (known.has(limitBehind(name))) this.of(name).expectAtMost(name, add);
    }
    const last = lastClaimCounter(claim.campaign, claim.user);
    if (claim.rule !== SEND_RULE && known.has(limitBehind(last))) this.own.expectLast(last, claim.at);
  }

  private counted(claim: Claim, dayStartsAt = this.campaigns.get(claim.campaign)?.period.dayStartsAt ?? 0): Counting[] {
    const isCoupon =
      claim.amount === 0 && this.open.known.has(`campaign/${claim.campaign}/prize/${claim.prize}/coupons`);
    return claimsCounted(claim, { dayStartsAt, isCoupon });
  }

  /** The first number of a claim counts against what its merchant allows the follower. */
  firstPayout(claim: Claim, merchant: string): void {
    for (const { name, add } of merchantCountersOf(claim, merchant)) this.of(name).expect(name, add);
  }

  /** What this payout still takes up. `claim`: the one it pays. */
  payout(payout: Payout, claim: Claim): void {
    if (payout.state === 'failed') return;
    const paid = { ...claim, amount: payout.amount };
    if (payout.state !== 'refunded') {
      for (const { name } of payout.holds) this.shared.expect(name, holdOf(name, paid, payout.merchant) ?? 0);
      return;
    }
    const kept = payout.amount - (payout.refunded ?? payout.amount);
    if (kept === 0) return;
    const base = `campaign/${claim.campaign}`;
    const money = payout.holds.map(({ name }) => name).filter(holdsMoney);
    for (const name of money) this.shared.expect(name, kept);
    // Its packet is still taken, where there are such limits: on the day its money was.
    const days = new Set(money.filter(name => name.startsWith(base)).flatMap(name => /[\d-]{10}$/.exec(name) ?? []));
    for (const name of [`${base}/packets`, ...named(`${base}/packets/day/`, days, claim)])
      this.shared.expect(name, 0, 1);
    for (const name of named(`${base}/scene/*/packets/day/`, days, claim))
      this.open.slack.set(name, (this.open.slack.get(name) ?? 0) + 1);
  }

  counter(name: string, value: number): void {
    switch (nameKind(name)) {
      case 'own':
        this.own.found(name, value);
        break;
      case 'shared':
        this.sharedValues.set(name, value);
        break;
      case 'round':
        this.roundCounter(name, value);
        break;
      case 'wallet':
        this.walletCounter(name, value);
        break;
      default:
        this.strange++;
        return;
    }
    this.compared++;
  }

  private roundCounter(name: string, value: number): void {
    const round = name.replace(/\/(?:packets|row\/\d+)$/, '');
    const sums = this.rounds.get(round) ?? { packets: 0, rows: 0 };
    sums[name === `${round}/packets` ? 'packets' : 'rows'] += value;
    this.rounds.set(round, sums);
  }

  private walletCounter(name: string, value: number): void {
    const wallet = name.replace(/\/[^/]+$/, '');
    const sums = this.wallets.get(wallet) ?? { earned: 0, spent: 0, 'taken-back': 0 };
    sums[name.slice(wallet.length + 1) as keyof WalletSums] = value;
    this.wallets.set(wallet, sums);
  }

  private of(name: string): CounterCheck {
    return name.includes('/user/') ? this.own : this.shared;
  }

  endOfPart(): CounterFault[] {
    const faults = this.own.end();
    // Together they may pass it: what was spent before a refund took it back.
    for (const [wallet, { earned, ...sums }] of this.wallets)
      for (const what of ['spent', 'taken-back'] as const)
        if (sums[what] > earned) faults.push({ name: `${wallet}/${what}`, low: 0, high: earned, found: sums[what] });
    this.own = new CounterCheck(this.open);
    this.wallets = new Map();
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
    const faults = this.shared.end();
    for (const [round, { packets, rows }] of this.rounds)
      if (packets !== rows) faults.push({ name: `${round}/packets`, low: rows, high: rows, found: packets });
    return faults;
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
    for (const { name, add } of counters ?? this.counted(claim)) {
      const doubt = this.open.doubts.get(name);
      if (doubt) doubt.counted += add;
    }
  }

  /** Also those of the other day the claim may belong to: another version of the file may have begun its days later. */
  private namesOf(claim: Claim): Counting[] {
    const last = claim.rule === SEND_RULE ? [] : [{ name: lastClaimCounter(claim.campaign, claim.user), add: 0 }];
    return [...otherDays.flatMap(dayStartsAt => this.counted(claim, dayStartsAt)), ...last];
  }

  settled(): CounterFault[] {
    const wrong = [...this.open.doubts].filter(([, { found, counted }]) => found !== counted);
    return wrong.map(([name, { found, counted }]) => ({ name, low: counted, high: counted, found }));
  }
}

type Counting = Pick<Counter, 'name' | 'add'>;
type WalletSums = { earned: number; spent: number; 'taken-back': number };

/** The limits that a rule file sets, by what is behind their counters. */
function limitsSet({ id, perUser, perMinute, budget, prizes }: Campaign): string[] {
  const base = `campaign/${id}`;
  const { total, perDay, perMonth, wins, amountPerDay, gap } = perUser;
  const set: [unknown, string][] = [
    [total, 'user/*/claims'],
    [perDay, 'user/*/claims/day/*'],
    [perMonth, 'user/*/claims/month/*'],
    [wins, 'user/*/wins'],
    [amountPerDay, 'user/*/amount/day/*'],
    [gap, 'user/*/last'],
    [perMinute, 'claims/minute/*'],
    [budget?.pace, budget?.pace?.carryOver ? 'pace/day/*' : 'pace/day/*/hour/*'],
    ...[...prizes.values()].flatMap(({ name, kind, stock, perUser: each, perDay: daily }): [unknown, string][] => [
      [stock, `prize/${name}`],
      [each, `prize/${name}/user/*`],
      [daily, `prize/${name}/day/*`],
      [kind === 'coupon' ? true : undefined, `prize/${name}/coupons`],
    ]),
  ];
  return set.flatMap(([limit, name]) => (limit === undefined ? [] : [`${base}/${name}`]));
}

/** On these days; where none is known, on those the claim may belong to. */
function named(prefix: string, days: ReadonlySet<string>, { at }: Claim): string[] {
  const all = days.size > 0 ? [...days] : daysOf(at);
  return all.map(day => `${prefix}${day}`);
}
