// What the counters must say, recomputed from claims and payouts: a part of the audit (核账).
//
//   claims       each counts its rule, its follower's claims, its prize, its money and its packet, on its own day
//   payouts      what has come back gives back what it held; and it alone says what its merchant allowed it, on which days
//   a range      claims of before (without a day): they counted only where a limit was set, which nobody can tell. Once
//                they were brought up (`engine/repair/recount.ts`), only their days are unsure
//   by journal   buckets of a minute or an hour, which begin with their limit: one that says less than its claims may have
//                begun later. The decisions in the journal settle each such doubt
//   together     rows of a round, which come to its packets; what was spent of a wallet, never more than earned
//   not at all   what claims do not tell: streaks, wrong tries, printed codes, shadows

import type { Counter } from '../base/counter.ts';
import { DAY, type Instant } from '../base/time.ts';
import type { Claim } from '../decide/decision.ts';

import { lastClaimCounter } from '../decide/limits.ts';
import type { Payout } from '../payout/payout.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { type Counting, capDayIn, claimsCounted, holdOf, isPersonal, merchantCountersOf } from './claim.ts';
import { isOfCoupons, isOfDay, isOfRate, nameKind, rateBehind } from './counter-name.ts';
import { COUNTED, isOfRecount } from './recount.ts';
import { roundsTogether, walletsTogether } from './together.ts';

/** Says `found` where it must say between `low` and `high`. */
export type CounterFault = {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly found: number;
};

/** How many doubts are taken to the journal: each costs a look at one follower's decisions. */
const DOUBTS_MAX = 10_000;

type Expected = { low: number; high: number };
/** What all checks share: what only the journal can tell. */
type Open = { readonly doubts: Map<string, { readonly found: number; counted: number }>; unsettled: number };

/** Stands for the counters of every scene, or round: a claim of before does not say which. */
function somewhere(name: string): string {
  return name
    .replace(/\/scene\/.+(?=\/(?:amount|packets)\/day\/[\d-]+$)/, '/scene/*')
    .replace(/\/claims\/(scene|round)\/.+$/, '/claims/$1/*');
}

/** What was added up so far. */
type CheckSums = { readonly expected: ReadonlyMap<string, Expected>; readonly slack: ReadonlyMap<string, number> };

/** What claims and payouts of some followers say of the counters of all, and how many of their own were compared. */
export type CounterHalf = { readonly shared: CheckSums; readonly compared: number; readonly strange: number };

/** What the names of all counters tell. */
export type Survey = {
  readonly isCounted: boolean;
  readonly coupons: ReadonlySet<string>;
  readonly rates: ReadonlySet<string>;
};

/** As much of a campaign as counters depend on. */
export type CountedCampaign = Pick<Campaign, 'id' | 'perMinute'> & {
  readonly prizes: { values(): Iterable<Pick<Prize, 'name' | 'kind'>> };
  readonly period: Pick<Campaign['period'], 'dayStartsAt'>;
  readonly budget?: { readonly pace?: { readonly carryOver: boolean } | undefined } | undefined;
};

/** The counters of some followers, or those of all; what they must say is added up first, what they say comes after. */
class CounterCheck {
  private readonly expected = new Map<string, Expected>();
  private readonly slack = new Map<string, number>();
  private readonly open: Open;
  private faults: CounterFault[] = [];

  constructor(open: Open) {
    this.open = open;
  }

  /** Perhaps at one of many places. */
  expectSomewhere(name: string, add: number): void {
    this.slack.set(name, (this.slack.get(name) ?? 0) + add);
  }

  expect(name: string, low: number, high = low): void {
    const sum = this.expected.get(name);
    if (!sum) this.expected.set(name, { low, high });
    else {
      sum.low += low;
      sum.high += high;
    }
  }

  /** An instant: the latest of all. `isSure`: it was noted in any case. */
  expectLast(name: string, at: number, isSure: boolean): void {
    const sum = this.expected.get(name) ?? { low: 0, high: 0 };
    this.expected.set(name, { low: isSure ? Math.max(sum.low, at) : sum.low, high: Math.max(sum.high, at) });
  }

  /** In place of whatever was expected so far. */
  expectOnly(name: string, value: number): void {
    this.expected.set(name, { low: value, high: value });
  }

  /** What it says, once all it must say was added up. */
  found(name: string, found: number): void {
    const { low, high: sure } = this.expected.get(name) ?? { low: 0, high: 0 };
    this.expected.delete(name);
    if (found === low && found === sure && this.slack.size === 0) return;
    const high = sure + (this.slack.get(somewhere(name)) ?? 0);
    if (found < low || found > high) this.faults.push({ name, low, high, found });
    else if (found < high && isOfRate(name)) this.doubt(name, found);
  }

  private doubt(name: string, found: number): void {
    if (this.open.doubts.size < DOUBTS_MAX) this.open.doubts.set(name, { found, counted: 0 });
    else this.open.unsettled++;
  }

  sums(): CheckSums {
    return { expected: this.expected, slack: this.slack };
  }

  add({ expected, slack }: CheckSums): void {
    for (const [name, { low, high }] of expected) this.expect(name, low, high);
    for (const [name, add] of slack) this.expectSomewhere(name, add);
  }

  /** What is wrong, the counters that are not there included. */
  end(): CounterFault[] {
    for (const name of [...this.expected.keys()]) this.found(name, 0);
    return this.faults;
  }
}

/** No day of a campaign ends later after a claim on it, whenever its days begin; and no month. */
const DAY_MS = 2 * DAY;
const MONTH_MS = 32 * DAY;

/** As much of a payout as counters depend on. */
type Held = Pick<Payout, 'state' | 'holds' | 'merchant' | 'amount' | 'refunded'>;

/** What one claim is expected to have counted for sure, and what perhaps. */
type Sure = 'surely' | 'perhaps';

/** All counters: those of everybody in one go, those of followers part by part. */
export class CounterAudit {
  compared = 0;
  /** Names that are not ours. */
  strange = 0;
  private readonly open: Open = { doubts: new Map(), unsettled: 0 };
  private readonly shared = new CounterCheck(this.open);
  /** What the counters of nobody say: they come before all is added up. */
  private readonly sharedValues = new Map<string, number>();
  private own = new CounterCheck(this.open);
  private readonly coupons = new Set<string>();
  /** The limits of a minute or an hour that there are, or were. */
  private readonly rates = new Set<string>();
  /** Claims of before were brought up. */
  private isCounted = false;
  /** They are being brought up at this instant, for the days and months that are not over. */
  private countedAt: Instant | undefined;

  private readonly rounds = roundsTogether();
  private wallets = walletsTogether();
  private readonly campaigns: ReadonlyMap<string, CountedCampaign>;

  /** `campaigns`: those that are live, for where their days begin. */
  constructor(campaigns: readonly CountedCampaign[]) {
    this.campaigns = new Map(campaigns.map(campaign => [campaign.id, campaign]));
    for (const { id, prizes, perMinute, budget } of campaigns) {
      for (const { name, kind } of prizes.values())
        if (kind === 'coupon') this.coupons.add(`campaign/${id}/prize/${name}/coupons`);
      if (perMinute !== undefined) this.rates.add(`campaign/${id}/claims/minute`);
      if (budget?.pace?.carryOver === false) this.rates.add(`campaign/${id}/pace/hour`);
    }
  }

  /** Claims of before are to be counted like those of now, but for days and months that are over: they limit nobody. */
  countOld(now: Instant): void {
    this.isCounted = true;
    this.countedAt = now;
  }

  /** Before all else: what there is. */
  survey(name: string): void {
    if (name === COUNTED) this.isCounted = true;
    if (isOfCoupons(name)) this.coupons.add(name);
    if (isOfRate(name)) this.rates.add(rateBehind(name));
  }

  get surveyed(): Survey {
    return { isCounted: this.isCounted, coupons: this.coupons, rates: this.rates };
  }

  /** What another has surveyed. */
  see({ isCounted, coupons, rates }: Survey): void {
    this.isCounted ||= isCounted;
    for (const name of coupons) this.coupons.add(name);
    for (const name of rates) this.rates.add(name);
  }

  claim(claim: Claim): void {
    for (const counting of this.counted(claim)) {
      // What returns is said by the payouts, as far as they are looked at.
      if (counting.how === 'returns' && this.countedAt === undefined) continue;
      const isSurely = this.sureness(claim, counting) === 'surely';
      if (!isSurely && this.countedAt !== undefined) continue; // only what is missing is looked for
      this.of(counting.name).expect(counting.name, isSurely ? counting.add : 0, counting.add);
    }
    if (!isPersonal(claim)) return;
    const claims = `campaign/${claim.campaign}/user/${claim.user}/claims`;
    if (!isSure(claim) && this.countedAt === undefined)
      for (const what of ['scene', 'round']) this.own.expectSomewhere(`${claims}/${what}/*`, 1);
    this.own.expectLast(lastClaimCounter(claim.campaign, claim.user), claim.at, this.isCounted || isSure(claim));
  }

  private counted(claim: Claim): readonly Counting[] {
    const dayStartsAt = this.campaigns.get(claim.campaign)?.period.dayStartsAt ?? 0;
    const isCoupon =
      claim.amount === 0 &&
      this.coupons.size > 0 &&
      this.coupons.has(`campaign/${claim.campaign}/prize/${claim.prize}/coupons`);
    const hasRates = this.rates.size > 0;
    const counted = claimsCounted(claim, { dayStartsAt, isCoupon, hasRates });
    return hasRates ? counted.filter(({ name, how }) => how !== 'rate' || this.rates.has(rateBehind(name))) : counted;
  }

  private sureness(claim: Claim, { name, how }: Counting): Sure {
    if (how === 'rate') return 'perhaps';
    if (isSure(claim)) return 'surely';
    if (!this.isCounted) return 'perhaps';
    if (!isOfDay(name)) return 'surely';
    const isOver =
      this.countedAt === undefined || claim.at < this.countedAt - (name.includes('/month/') ? MONTH_MS : DAY_MS);
    return isOver ? 'perhaps' : 'surely';
  }

  /** The first number of a claim of before counts against what its merchant allows the follower on that day. */
  firstPayout(claim: Claim, { merchant, holds }: Held): void {
    if (isSure(claim)) return;
    const counters = merchantCountersOf(claim, merchant);
    // A claim that was found again has lost its day; its payout says what it holds, or has passed it on.
    if (holds.some(({ name }) => counters.some(counter => counter.name === name))) return;
    for (const { name, add } of counters) this.of(name).expect(name, holds.length === 0 ? 0 : add, add);
  }

  /** What this payout still takes up. `claim`: the one it pays. One that was followed by another holds nothing. */
  payout(payout: Held, claim: Claim): void {
    const { state, holds, merchant, amount } = payout;
    if (holds.length === 0) return;
    const isBack = state === 'failed' || state === 'refunded';
    const back = !isBack ? 0 : state === 'failed' ? amount : (payout.refunded ?? amount);
    const paid = claim.amount === amount ? claim : { ...claim, amount };
    if (this.countedAt !== undefined) this.giveBack(payout, claim, back);
    else this.hold(payout, claim, back);
    if (back > 0 && back < amount && !isSure(claim)) this.packetSomewhere(payout, claim);
    for (const { name } of holds) {
      if (capDayIn(name, merchant) !== undefined) this.cap(name, paid, merchant, back);
      else if (this.isOfNoClaim(name, claim) && back < amount)
        this.of(name).expect(name, (holdOf(name, paid, merchant) ?? 0) - (isBack ? back : 0));
    }
  }

  /** What of its claim's pieces and money it has, or has kept. */
  private hold({ holds }: Held, claim: Claim, back: number): void {
    for (const counting of this.counted(claim)) {
      const { name, add, how } = counting;
      if (how !== 'returns') continue;
      const kept = add - backOf(add, claim, back);
      // One of before did not hold what nothing limited; once it was brought up, it is counted for ever.
      const isKnown = isSure(claim) || holds.some(hold => hold.name === name);
      const low = isKnown || this.sureness(claim, counting) === 'surely' ? kept : 0;
      this.of(name).expect(name, low, isKnown ? kept : add);
    }
  }

  /** The store of a claim of before stands in its payout only. */
  private isOfNoClaim(name: string, { campaign, scene }: Claim): boolean {
    return scene === undefined && name.startsWith(`campaign/${campaign}/scene/`);
  }

  /** A packet of before, opened in part: it is still taken at its store, which its payout no longer names. */
  private packetSomewhere({ holds }: Held, { campaign }: Claim): void {
    for (const { name } of holds) {
      const day = /\/amount\/day\/([\d-]+)$/.exec(name)?.[1];
      if (day !== undefined && name.startsWith('campaign/'))
        this.shared.expectSomewhere(`campaign/${campaign}/scene/*/packets/day/${day}`, 1);
    }
  }

  /** `back`: how much of the money is. Of a group packet that was opened in part its follower's packet stays. */
  private cap(name: string, paid: Claim & Pick<Held, 'amount'>, merchant: string, back: number): void {
    if (back === paid.amount) return;
    const held = holdOf(name, paid, merchant) ?? 0;
    this.of(name).expect(name, name.includes('/amount/') ? held - back : held);
    if (back > 0 && name.includes('/user/')) {
      const packets = name.replace('/amount/', '/packets/');
      this.of(packets).expect(packets, 1);
    }
  }

  /** What came back is not counted any more, if it was held; whether one of before had been counted, nobody knows. */
  private giveBack({ holds }: Held, claim: Claim, back: number): void {
    const held = new Set(holds.map(({ name }) => name));
    for (const { name, add, how } of this.counted(claim)) {
      const less = how === 'returns' ? backOf(add, claim, back) : 0;
      if (less > 0) this.of(name).expect(name, -less, held.has(name) ? -less : 0);
    }
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
        this.rounds.counter(name, value);
        break;
      case 'wallet':
        this.wallets.counter(name, value);
        break;
      default:
        if (!isOfRecount(name)) this.strange++;
        return;
    }
    this.compared++;
  }

  private of(name: string): CounterCheck {
    return name.includes('/user/') ? this.own : this.shared;
  }

  endOfPart(): CounterFault[] {
    const faults = [...this.own.end(), ...this.wallets.end()];
    this.own = new CounterCheck(this.open);
    this.wallets = walletsTogether();
    return faults;
  }

  /** `taken`: what payouts take of each campaign's budget, whatever they say they hold. */
  endOfShared(taken: Iterable<readonly [campaign: string, amount: number]>): CounterFault[] {
    for (const [campaign, amount] of taken) this.shared.expectOnly(`campaign/${campaign}/amount`, amount);
    for (const [name, value] of this.sharedValues) this.shared.found(name, value);
    return [...this.shared.end(), ...this.rounds.end()];
  }

  /** To be added to who has the counters of all (`add`): none of those was fed here. */
  half(): CounterHalf {
    return { shared: this.shared.sums(), compared: this.compared, strange: this.strange };
  }

  add({ shared, compared, strange }: CounterHalf): void {
    this.shared.add(shared);
    this.compared += compared;
    this.strange += strange;
  }

  /** Doubts that were too many to be settled. */
  get unsettled(): number {
    return this.open.unsettled;
  }

  get hasDoubts(): boolean {
    return this.open.doubts.size > 0;
  }

  /** Whether the journal must be asked what this claim counted. */
  isInDoubt(claim: Claim): boolean {
    return this.hasDoubts && this.counted(claim).some(({ name }) => this.open.doubts.has(name));
  }

  /** What the claim's decision added. Without one, what it would add today. */
  decided(claim: Claim, counters: readonly Pick<Counter, 'name' | 'add'>[] | undefined): void {
    for (const { name, add } of counters ?? this.counted(claim)) {
      const doubt = this.open.doubts.get(name);
      if (doubt) doubt.counted += add;
    }
  }

  settled(): CounterFault[] {
    const wrong = [...this.open.doubts].filter(([, { found, counted }]) => found !== counted);
    return wrong.map(([name, { found, counted }]) => ({ name, low: counted, high: counted, found }));
  }
}

/** What comes back of this much counted: all of it with all of the money; of a part, only money does. */
function backOf(add: number, { amount }: Claim, back: number): number {
  return back >= amount ? add : add === amount ? back : 0;
}

/** Made since everything is counted. */
function isSure({ day }: Claim): boolean {
  return day !== undefined;
}
