// A ledger in memory that keeps the promises of the store: for the tests in rule files, for simulations and for looking
// at a change before it goes live. No packet is paid by it. Pure.
import assert from 'node:assert/strict';
import {
  countersOf,
  type Decision,
  decide,
  type Facts,
  type Follower,
  type Surroundings,
  type Wanted,
  wantedFor,
} from './decide.ts';
import { countersAlways } from './delay.ts';
import type { Event, OpenId } from './event.ts';
import type { CodeFact } from './facts.ts';
import { causeIn, followerAfter, newsForInviter } from './follower.ts';
import type { Book } from './match.ts';
import { addFen, type Fen, fen, NO_MONEY } from './money.ts';
import type { Cancel } from './rule.ts';
import type { Instant } from './time.ts';

/** What one event came to: its own decision, that of the inviter it was told to, and what it took back. */
export type Played = {
  readonly decision: Decision;
  readonly inviter?: Decision;
  readonly cancelled: Fen;
};

type Delayed = {
  readonly user: OpenId;
  readonly amount: Fen;
  readonly payAt: Instant;
  readonly causes: readonly Cancel[];
  readonly transaction?: string;
  readonly holds: readonly { readonly name: string; readonly add: number }[];
};

export class Ledger {
  /** What was given and not taken back, fen. */
  awarded: Fen = NO_MONEY;
  private readonly codes: ReadonlyMap<string, CodeFact>;
  private readonly followers = new Map<OpenId, Follower>();
  private readonly claims = new Set<string>();
  private readonly counters = new Map<string, number>();
  private delayed: Delayed[] = [];

  constructor(codes: ReadonlyMap<string, CodeFact> = new Map()) {
    this.codes = codes;
  }

  /** The way of one event (`flow.ts`), without a world around it. */
  play(book: Book, event: Event, around: Surroundings): Played {
    const now = event.sentAt;
    const cancelled = this.undo(event);
    const news = newsForInviter(this.followers.get(event.user), event);
    const inviter = news && this.decide(book, news, now, around);
    const decision = this.decide(book, event, now, around);
    return { decision, cancelled, ...(inviter && inviter.kind !== 'ignored' && { inviter }) };
  }

  facts(wanted: Wanted): Facts {
    const code = wanted.code === undefined ? undefined : this.codes.get(wanted.code);
    return {
      follower: this.followers.get(wanted.user),
      claims: new Set(wanted.claims.filter(key => this.claims.has(key))),
      counters: new Map(wanted.counters.map(name => [name, this.counters.get(name) ?? 0])),
      halted: false,
      ...(code && { code }),
    };
  }

  private decide(book: Book, event: Event, now: Instant, around: Surroundings): Decision {
    const matches = book.match(event);
    const decision = decide(matches, event, this.facts(wantedFor(matches, event, now, around)), now, around);
    this.commit(event, decision);
    return decision;
  }

  /** Nobody races here, so a claim that exists or a counter that overflows is a mistake of `decide`. */
  private commit(event: Event, decision: Decision): void {
    const follower = followerAfter(this.followers.get(event.user), event);
    if (follower) this.followers.set(event.user, follower);
    for (const { name, add, max } of [...countersOf(decision), ...countersAlways(event)]) {
      const sum = (this.counters.get(name) ?? 0) + add;
      assert(sum <= max, `the counter ${name} would be ${sum}, above ${max}`);
      this.counters.set(name, sum);
    }
    if (decision.kind !== 'awarded') return;
    const { claimKey, amount, payAt, cancelIf, holds } = decision;
    assert(!this.claims.has(claimKey), `claimed twice: ${claimKey}`);
    this.claims.add(claimKey);
    this.awarded = addFen(this.awarded, amount);
    if (payAt === undefined || !cancelIf) return;
    const transaction = event.kind === 'paid' ? { transaction: event.transaction } : {};
    this.delayed.push({ user: event.user, amount, payAt, causes: cancelIf, holds, ...transaction });
  }

  /** What was not paid yet and is not to be paid now: its money and what it held are free again. */
  private undo(event: Event): Fen {
    const cause = causeIn(event);
    const isUndone = ({ user, payAt, causes, transaction }: Delayed): boolean =>
      cause !== undefined &&
      user === event.user &&
      event.sentAt < payAt &&
      causes.includes(cause) &&
      (event.kind !== 'refunded' || event.transaction === transaction);
    const undone = this.delayed.filter(isUndone);
    this.delayed = this.delayed.filter(each => !undone.includes(each));
    for (const { amount, holds } of undone) {
      this.awarded = fen(this.awarded - amount);
      for (const { name, add } of holds) this.counters.set(name, Math.max(0, (this.counters.get(name) ?? 0) - add));
    }
    return fen(undone.reduce((sum, { amount }) => sum + amount, 0));
  }
}
