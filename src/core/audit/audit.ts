// The audit (核账): recomputes buckets and counters from payouts and claims, follows every payout through its history, and
// names each record that does not agree. Fed row by row and followers part by part, so that memory stays flat.

import type { Counter } from '../base/counter.ts';
import { type Fen, fen } from '../base/money.ts';
import type { Claim } from '../decide/decision.ts';

import type { Payout } from '../payout/payout.ts';
import { FOLLOWER, unitOf } from './counter-name.ts';
import { type CountedCampaign, CounterAudit, type CounterFault, type CounterHalf, type Survey } from './counters.ts';
import type { FundFlow } from './fund-flow.ts';
import {
  type Attempt,
  type AuditFinding,
  addToSums,
  attemptOf,
  auditAgainstClaim,
  auditClaim,
  auditPayout,
  type Change,
  type Paid,
  paidOf,
  type Sums,
  takenOf,
} from './payout.ts';

/** A campaign's money as its payouts have it, in fen. */
export type CampaignSums = {
  readonly campaign: string;
  readonly claims: number;
  readonly payouts: number;
  /** Absent where no live rule file has it. */
  readonly budget?: Fen;
  readonly reserved: Fen;
  readonly sent: Fen;
  readonly received: Fen;
  readonly refunded: Fen;
};

export type AuditReport = {
  readonly compared: {
    readonly campaigns: number;
    readonly claims: number;
    readonly payouts: number;
    readonly historyLines: number;
    readonly counters: number;
    /** Counters whose name none of our limits has, and doubts too many to be settled. */
    readonly countersLeftOut: number;
    /** Rows of the merchant's fund flow, and those of other business. */
    readonly fundRows?: number;
    readonly fundRowsLeftOut?: number;
  };
  readonly campaigns: readonly CampaignSums[];
  /** The first of them; `total` counts all. */
  readonly findings: readonly AuditFinding[];
  readonly total: number;
};

const FINDINGS_MAX = 1000;
const BUCKETS = ['reserved', 'sent', 'received', 'refunded'] as const;
type Bucket = { readonly campaign: string } & Readonly<Record<(typeof BUCKETS)[number], number>>;

/** A campaign that is live, as far as the books depend on it. */
export type AuditedCampaign = CountedCampaign & { readonly budget?: { readonly total: Fen } | undefined };

/** The same, as another thread may have it. */
export function auditedOf({ id, perMinute, prizes, period, budget }: AuditedCampaign): AuditedCampaign {
  return {
    id,
    ...(perMinute !== undefined && { perMinute }),
    prizes: new Map(Array.from(prizes.values(), ({ name, kind }) => [name, { name, kind }])),
    period: { dayStartsAt: period.dayStartsAt },
    budget: budget && { total: budget.total, pace: budget.pace && { carryOver: budget.pace.carryOver } },
  };
}

/** What one thread found of some followers, on its way to the other. */
export type AuditHalf = {
  readonly counted: { readonly claims: number; readonly payouts: number; readonly historyLines: number };
  readonly campaigns: ReadonlyMap<string, Campaigns>;
  readonly counters: CounterHalf;
  readonly findings: readonly AuditFinding[];
  readonly total: number;
};

type Owed = { readonly claim: Claim; readonly payouts: Attempt[] };
type Campaigns = Sums & { claims: number; payouts: number };

/**
 * In this order: every `payout` with its history, and `survey` what counters there are; then part by part the claims, what is
 * left of the payouts (`paid`) and the counters of its followers, and `endOfPart`; then every bucket, and `endOfBooks`; then
 * for each claim that `isInDoubt` what its decision counted (`decided`); then `report`. Counters of nobody belong to any part.
 */
export class Audit {
  readonly live: readonly AuditedCampaign[];
  private readonly counters: CounterAudit;
  private readonly funds: FundFlow | undefined;
  private readonly budgets: ReadonlyMap<string, Fen>;
  private readonly campaigns = new Map<string, Campaigns>();
  private readonly stored = new Set<string>();
  private readonly findings: AuditFinding[] = [];
  private total = 0;
  private claims = 0;
  private payouts = 0;
  private historyLines = 0;
  /** By the key of the claim. */
  private readonly owed = new Map<string, Owed>();
  private follower: string | undefined;

  /** `campaigns`: those that are live, for their budgets and limits. `funds`: what the merchant's account says. */
  constructor(campaigns: readonly AuditedCampaign[], funds?: FundFlow) {
    this.live = campaigns;
    this.counters = new CounterAudit(campaigns);
    this.budgets = new Map(campaigns.flatMap(({ id, budget }) => (budget ? [[id, budget.total] as const] : [])));
    this.funds = funds;
  }

  survey(counter: string): void {
    this.counters.survey(counter);
  }

  get surveyed(): Survey {
    return this.counters.surveyed;
  }

  see(survey: Survey): void {
    this.counters.see(survey);
  }

  claim(claim: Claim): void {
    this.claims++;
    this.of(claim.campaign).claims++;
    this.owed.set(claim.key, { claim, payouts: [] });
    this.counters.claim(claim);
  }

  /** By itself, with its history. What is left of it comes again with its claim. */
  payout(payout: Payout, history: readonly Change[]): Paid {
    this.payouts++;
    this.historyLines += history.length;
    const sums = this.of(payout.campaign);
    sums.payouts++;
    addToSums(sums, payout);
    this.note(auditPayout(payout, history));
    this.funds?.payout(payout, history);
    return paidOf(payout, history);
  }

  paid(paid: Paid): void {
    const { billNo, claimKey, attempt } = paid;
    const owed = this.owed.get(claimKey);
    if (owed) {
      this.note(auditAgainstClaim(paid, owed.claim));
      owed.payouts.push(attemptOf(paid));
    } else
      this.note([
        { where: `payout ${billNo}`, what: 'claim', expected: claimKey, found: 'no such claim', unit: 'text' },
      ]);
    const claim = owed?.claim ?? { ...paid, key: claimKey, prize: '', at: paid.createdAt };
    this.counters.payout(paid, claim);
    if (attempt === 1) this.counters.firstPayout(claim, paid);
  }

  counter(name: string, value: number): void {
    this.counters.counter(name, value);
  }

  /** Until the end of this part `FOLLOWER` stands for this one, in every row. */
  part(user: string): void {
    this.follower = user;
  }

  /** Every claim, payout and counter of these followers was fed. */
  endOfPart(): void {
    for (const { claim, payouts } of this.owed.values()) this.note(auditClaim(claim, payouts));
    this.note(this.counters.endOfPart().map(findingOf));
    this.owed.clear();
    this.follower = undefined;
  }

  /** Whether followers may be looked at in two threads: what the merchant's account says is compared in one. */
  get canBeHalved(): boolean {
    return this.funds === undefined;
  }

  /** What was found of the followers fed so far, for the audit that has all the rest. */
  half(): AuditHalf {
    const { claims, payouts, historyLines, campaigns, findings, total } = this;
    return { counted: { claims, payouts, historyLines }, campaigns, counters: this.counters.half(), findings, total };
  }

  add({ counted, campaigns, counters, findings, total }: AuditHalf): void {
    this.claims += counted.claims;
    this.payouts += counted.payouts;
    this.historyLines += counted.historyLines;
    for (const [campaign, sums] of campaigns) {
      const ours = this.of(campaign);
      for (const what of [...BUCKETS, 'claims', 'payouts'] as const) ours[what] += sums[what];
    }
    this.counters.add(counters);
    this.note(findings);
    this.total += total - findings.length;
  }

  bucket(bucket: Bucket): void {
    this.stored.add(bucket.campaign);
    this.compare(bucket);
  }

  private compare(bucket: Bucket): void {
    const sums = this.of(bucket.campaign);
    for (const what of BUCKETS) {
      if (bucket[what] === sums[what]) continue;
      this.note([{ where: `bucket ${bucket.campaign}`, what, expected: sums[what], found: bucket[what], unit: 'fen' }]);
    }
  }

  /** Everything was fed. */
  endOfSnapshot(): void {
    const none = { reserved: 0, sent: 0, received: 0, refunded: 0 };
    for (const campaign of this.campaigns.keys()) if (!this.stored.has(campaign)) this.compare({ campaign, ...none });
    const taken = [...this.campaigns].map(([campaign, sums]) => [campaign, takenOf(sums)] as const);
    this.note(this.counters.endOfShared(taken).map(findingOf));
    if (this.funds) this.note(this.funds.end());
  }

  /** Whether there is any claim that `isInDoubt`. */
  get hasDoubts(): boolean {
    return this.counters.hasDoubts;
  }

  isInDoubt(claim: Claim): boolean {
    return this.counters.isInDoubt(claim);
  }

  /** `counters`: those of the claim's decision in the journal; `undefined` where there is none. */
  decided(claim: Claim, counters: readonly Pick<Counter, 'name' | 'add'>[] | undefined): void {
    this.counters.decided(claim, counters);
  }

  report(): AuditReport {
    this.note(this.counters.settled().map(findingOf));
    const campaigns = [...this.campaigns]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([campaign, sums]) => this.sumsOf(campaign, sums));
    return {
      compared: {
        campaigns: campaigns.length,
        claims: this.claims,
        payouts: this.payouts,
        historyLines: this.historyLines,
        counters: this.counters.compared,
        countersLeftOut: this.counters.strange + this.counters.unsettled,
        ...(this.funds && { fundRows: this.funds.rows, fundRowsLeftOut: this.funds.others }),
      },
      campaigns,
      findings: this.findings,
      total: this.total,
    };
  }

  private sumsOf(campaign: string, { claims, payouts, reserved, sent, received, refunded }: Campaigns): CampaignSums {
    const budget = this.budgets.get(campaign);
    const money = { reserved: fen(reserved), sent: fen(sent), received: fen(received), refunded: fen(refunded) };
    return { campaign, claims, payouts, ...(budget !== undefined && { budget }), ...money };
  }

  private of(campaign: string): Campaigns {
    const sums = this.campaigns.get(campaign) ?? {
      claims: 0,
      payouts: 0,
      reserved: 0,
      sent: 0,
      received: 0,
      refunded: 0,
    };
    this.campaigns.set(campaign, sums);
    return sums;
  }

  private note(findings: readonly AuditFinding[]): void {
    this.total += findings.length;
    for (const finding of findings)
      if (this.findings.length < FINDINGS_MAX) this.findings.push(withFollower(finding, this.follower));
  }
}

function withFollower({ where, what, expected, found, unit }: AuditFinding, user: string | undefined): AuditFinding {
  const named = <Value>(value: Value): Value | string =>
    typeof value === 'string' && user !== undefined ? value.replaceAll(FOLLOWER, () => user) : value;
  return { where: named(where), what: named(what), expected: named(expected), found: named(found), unit };
}

function findingOf({ name, low, high, found }: CounterFault): AuditFinding {
  return {
    where: `counter ${name}`,
    what: 'value',
    expected: low === high ? low : `${low} to ${high}`,
    found,
    unit: unitOf(name),
  };
}

/** `bucket spring: reserved: expected 100 fen, found 101 fen` */
export function showAuditFinding({ where, what, expected, found, unit }: AuditFinding): string {
  const show = (value: number | string): string =>
    unit === 'text' ? String(value) : `${value} ${unit === 'count' ? '' : unit}`.trimEnd();
  return `${where}: ${what}: expected ${show(expected)}, found ${show(found)}`;
}
