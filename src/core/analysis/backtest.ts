// A change of rules looked at on what really happened: the journal's events played through two ledgers, one with the
// rules as they are, one with the changed ones. Both begin with nothing but who followed.

import { createHash } from 'node:crypto';
import type { Event, OpenId } from '../base/event.ts';
import { type Fen, fen } from '../base/money.ts';
import { type Day, dayOf, type Instant } from '../base/time.ts';
import type { DecisionEnvironment } from '../decide/decide.ts';
import { awardsOf, type Decision, partsOf } from '../decide/decision.ts';
import { seedOf } from '../decide/draw.ts';
import type { Book } from '../decide/match.ts';
import type { CodeFact } from '../match/facts.ts';
import { codeIn } from '../rules/printed-code.ts';
import { Ledger, type Played } from './memory-ledger.ts';
import { type LimitSum, Outcomes } from './totals.ts';

/** As much of the journal's line as is looked at. */
export type PastEvent = { readonly at: Instant; readonly event: Event; readonly decision: Decision };

/** The same of both: the rules as they are, and as they would be. */
export type Both<T> = { readonly now: T; readonly changed: T };
type Sum = { readonly won: number; readonly packets: number; readonly amount: Fen };

type Sample = {
  /** The openid, or what stands for it. */
  readonly user: string;
  readonly now: { readonly amount: Fen; readonly got: readonly string[] };
  readonly changed: { readonly amount: Fen; readonly got: readonly string[] };
};

export type BacktestReport = {
  /** Played; and those no rule is asked about: notices, packets sent by hand. */
  readonly events: number;
  readonly skipped: number;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly sums: Both<Sum>;
  /** How many events were decided otherwise, and for how many more only the words are others. */
  readonly decided: number;
  readonly reworded: number;
  /** Followers: who would no longer win anything, who would win at last; who would get more or less money. */
  readonly people: {
    readonly winners: Both<number>;
    readonly losing: number;
    readonly winning: number;
    readonly more: number;
    readonly less: number;
  };
  readonly prizes: readonly PrizeChange[];
  /** What is taken back counts on the day of that: a sum may be below nothing. */
  readonly days: readonly ({ readonly day: Day } & Both<Count>)[];
  readonly refusals: Both<Readonly<Record<string, number>>>;
  readonly limits: Both<readonly LimitSum[]>;
  readonly samples: readonly Sample[];
  /** How many of the events the rules of today decide as they were decided then. */
  readonly asRecorded: number;
};

type Sides = Both<Book>;
type PrizeChange = { readonly campaign: string; readonly prize: string } & Both<{
  readonly count: number;
  readonly amount: Fen;
}>;

type Count = { won: number; packets: number; amount: number };
type Person = { readonly now: Gains; readonly changed: Gains };
type Gains = { won: number; amount: number; readonly got: string[] };

const SAMPLES = 10;
/** As much of what one follower got is named. */
const GOT_MAX = 20;

class Side {
  readonly outcomes: Outcomes;
  private readonly ledger: Ledger;
  private readonly book: Book;

  constructor(book: Book, codes: ReadonlyMap<string, CodeFact>) {
    this.book = book;
    this.ledger = new Ledger(codes);
    this.outcomes = new Outcomes(book.campaigns);
  }

  follow(event: Event): void {
    this.ledger.follow(event);
  }

  play({ at, event }: PastEvent, environment: DecisionEnvironment): Played {
    const played = this.ledger.play(this.book, event, environment, at);
    this.outcomes.takeBack(played.undone);
    this.outcomes.add(played.decision, at);
    if (played.inviter) this.outcomes.add(played.inviter, at);
    return played;
  }
}

export class Backtest {
  private readonly now: Side;
  private readonly changed: Side;
  private readonly codes = new Map<string, CodeFact>();
  /** Claims that were made: what they drew is known, and may be drawn again. */
  private readonly drawn = new Set<string>();
  private readonly environment: (account: string) => DecisionEnvironment;
  private readonly begins: Instant | undefined;
  private readonly people = new Map<OpenId, Person>();
  private readonly days = new Map<Day, { readonly now: Count; readonly changed: Count }>();
  private events = 0;
  private skipped = 0;
  private decided = 0;
  private reworded = 0;
  private asRecorded = 0;
  private from: Instant | undefined;
  private to: Instant | undefined;

  /** `begins`: of what was before only follows are noted. */
  constructor(sides: Sides, environment: (account: string) => DecisionEnvironment, begins?: Instant) {
    this.now = new Side(sides.now, this.codes);
    this.changed = new Side(sides.changed, this.codes);
    this.environment = environment;
    this.begins = begins;
  }

  get count(): number {
    return this.events;
  }

  /** The next event, in the order of the journal. */
  play(past: PastEvent): void {
    const { at, event, decision } = past;
    if (event.kind === 'other' || event.kind === 'notice') {
      this.skipped++;
      return;
    }
    learnCode(this.codes, past);
    const isBefore = this.begins !== undefined && at < this.begins;
    if (event.kind === 'lookup') this.skipped++;
    if (event.kind === 'lookup' || isBefore) {
      this.now.follow(event);
      this.changed.follow(event);
      return;
    }
    this.events++;
    this.from ??= at;
    this.to = at;
    for (const { claimKey } of awardsOf(decision)) this.drawn.add(claimKey);
    const environment = this.environmentPast(event.account);
    const now = this.now.play(past, environment);
    const changed = this.changed.play(past, environment);
    if (isSame(now.decision, decision)) this.asRecorded++;
    if (!isSame(now.decision, changed.decision) || !isSame(now.inviter, changed.inviter)) this.decided++;
    else if (!isSameText(now.decision, changed.decision)) this.reworded++;
    this.addGains(at, event.user, now, 'now');
    this.addGains(at, event.user, changed, 'changed');
  }

  /** Draws that were never made are others than those that will be: nobody learns here what is still to be won. */
  private environmentPast(account: string): DecisionEnvironment {
    const environment = this.environment(account);
    const drawSeedOf = (campaign: string, claimKey: string): string =>
      this.drawn.has(claimKey) ? environment.seedOf(campaign) : seedOf('backtest', campaign);
    return { ...environment, drawSeedOf };
  }

  private addGains(at: Instant, user: OpenId, played: Played, side: keyof Both<never>): void {
    const { outcomes } = this[side];
    const { decision, inviter, told, undone } = played;
    for (const { campaign, prize, amount } of undone) this.gain(at, user, side, `-${campaign}/${prize}`, -amount);
    for (const [each, whose] of [[decision, user] as const, [inviter, told] as const])
      for (const award of each && whose !== undefined ? awardsOf(each) : [])
        if (outcomes.isWin(award)) this.gain(at, whose!, side, `${award.campaign}/${award.prize}`, award.amount);
  }

  private gain(at: Instant, user: OpenId, side: keyof Both<never>, prize: string, amount: number): void {
    const times = prize.startsWith('-') ? -1 : 1;
    const person = this.people.get(user) ?? { now: noGains(), changed: noGains() };
    this.people.set(user, person);
    const gains = person[side];
    gains.won += times;
    gains.amount += amount;
    if (gains.got.length < GOT_MAX) gains.got.push(prize);
    const day = dayOf(at);
    const sums = this.days.get(day) ?? { now: noCount(), changed: noCount() };
    this.days.set(day, sums);
    const sum = sums[side];
    sum.won += times;
    sum.amount += amount;
    if (amount !== 0) sum.packets += times;
  }

  /** `nameOf`: what stands for an openid. */
  report(nameOf: (user: OpenId) => string = hashed): BacktestReport {
    const people = [...this.people.values()];
    const count = (is: (person: Person) => boolean): number => people.filter(is).length;
    const both = <T>(of: (side: Side) => T): Both<T> => ({ now: of(this.now), changed: of(this.changed) });
    return {
      events: this.events,
      skipped: this.skipped,
      ...(this.from !== undefined && { from: this.from, to: this.to! }),
      sums: both(({ outcomes: { won, packets, amount } }) => ({ won, packets, amount: fen(amount) })),
      decided: this.decided,
      reworded: this.reworded,
      people: {
        winners: { now: count(({ now }) => now.won > 0), changed: count(({ changed }) => changed.won > 0) },
        losing: count(({ now, changed }) => now.won > 0 && changed.won === 0),
        winning: count(({ now, changed }) => now.won === 0 && changed.won > 0),
        more: count(({ now, changed }) => changed.amount > now.amount),
        less: count(({ now, changed }) => changed.amount < now.amount),
      },
      prizes: this.prizes(),
      days: [...this.days].map(([day, sums]) => ({ day, ...sums })),
      refusals: both(({ outcomes }) => outcomes.refusals),
      limits: both(({ outcomes }) => outcomes.limitSums),
      samples: this.samples(nameOf),
      asRecorded: this.asRecorded,
    };
  }

  private prizes(): PrizeChange[] {
    const none = { count: 0, amount: fen(0) };
    const rows = new Map<string, PrizeChange>();
    for (const side of ['now', 'changed'] as const)
      for (const { campaign, prize, count, amount } of this[side].outcomes.prizeSums) {
        const key = `${campaign}/${prize}`;
        const row = rows.get(key) ?? { campaign, prize, now: none, changed: none };
        rows.set(key, { ...row, [side]: { count, amount } });
      }
    return [...rows.values()];
  }

  /** Those for whom it makes the greatest difference. */
  private samples(nameOf: (user: OpenId) => string): Sample[] {
    const off = ({ now, changed }: Person): number => Math.abs(changed.amount - now.amount);
    return [...this.people]
      .filter(([, { now, changed }]) => now.got.join('\n') !== changed.got.join('\n'))
      .sort(([, a], [, b]) => off(b) - off(a))
      .slice(0, SAMPLES)
      .map(([user, { now, changed }]) => ({
        user: nameOf(user),
        now: { amount: fen(Math.max(0, now.amount)), got: now.got },
        changed: { amount: fen(Math.max(0, changed.amount)), got: changed.got },
      }));
  }
}

/** An openid that nobody can read back: it is as long as a key. */
function hashed(user: OpenId): string {
  return `#${createHash('sha256').update(user).digest('hex').slice(0, 10)}`;
}

function noGains(): Gains {
  return { won: 0, amount: 0, got: [] };
}

function noCount(): Count {
  return { won: 0, packets: 0, amount: 0 };
}

/** Whether two decisions come to the same, whatever is said. */
function isSame(one: Decision | undefined, other: Decision | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const meaning = (decision: Decision): string => partsOf(decision).map(meaningOf).join('\n');
  return meaning(one) === meaning(other);
}

function meaningOf(decision: Decision): string {
  switch (decision.kind) {
    case 'ignored':
      return '';
    case 'awarded':
      return `${decision.campaign}/${decision.rule} ${decision.prize} ${decision.amount}`;
    case 'refused':
      return `${decision.campaign}/${decision.rule} ${decision.refusal} ${decision.detail ?? ''}`;
    case 'answered':
      return `${decision.campaign}/${decision.rule} ${decision.detail ?? 'answered'}`;
    default:
      return decision satisfies never;
  }
}

function isSameText({ reply: one }: Decision, { reply: other }: Decision): boolean {
  return one.kind === 'text' && other.kind === 'text' ? one.text === other.text : one.kind === other.kind;
}

/** Which codes there are stands in no rule file: the trace of a printed code says its batch, an award its prize. */
function learnCode(codes: Map<string, CodeFact>, { event, decision }: PastEvent): void {
  const code = codeIn(event);
  if (code === undefined) return;
  const checks = decision.trace.flatMap(line => line.checks);
  const printed = checks.find(each => each.check === 'batch');
  if (!printed) return;
  const prize = decision.kind === 'awarded' ? decision.prize : (codes.get(code)?.prize ?? '');
  const active = !checks.some(({ ok, check }) => !ok && check === 'codeActive');
  codes.set(code, { batch: printed.batch, prize, active });
}
