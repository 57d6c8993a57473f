// A ledger in memory that keeps the promises of the store: for the tests in rule files, for simulations and for looking
// at a change before it goes live. No packet is paid by it.

import assert from 'node:assert/strict';
import type { Counter } from '../base/counter.ts';
import type { Event, OpenId } from '../base/event.ts';
import { addFen, type Fen, fen, NO_MONEY } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import { countersOf, type DecisionEnvironment, decide } from '../decide/decide.ts';
import { type Award, awardsOf, type Decision } from '../decide/decision.ts';
import type { Book } from '../decide/match.ts';
import type { CodeFact, Facts, Follower } from '../match/facts.ts';
import { causeIn, followerAfter, isBroken, newsForInviter, type Promised } from '../match/follower.ts';
import { countersAlways, rewardedIn } from '../mechanics/refund.ts';
import { type Earning, takenBack } from '../payout/take-back.ts';
import { codeIn } from '../rules/printed-code.ts';
import { NO_REPLY } from '../rules/reply.ts';

/** What one event came to: its own decision, that of the inviter who was told of it, and what it took back. */
export type Played = {
  readonly decision: Decision;
  readonly inviter?: Decision;
  readonly told?: OpenId;
  readonly cancelled: Fen;
  readonly undone: readonly Undone[];
};
/** A delayed prize that was taken back. */
export type Undone = {
  readonly campaign: string;
  readonly rule: string;
  readonly prize: string;
  readonly amount: Fen;
};

type Delayed = Undone &
  Promised & {
    readonly payAt: Instant;
    readonly holds: readonly { readonly name: string; readonly add: number }[];
  };

/** The follower this openid is taken for. */
export type Assumed = (account: string, user: OpenId) => Follower | undefined;

export class Ledger {
  /** What was given and not taken back, fen. */
  awarded: Fen = NO_MONEY;
  private readonly codes: ReadonlyMap<string, CodeFact>;
  private readonly assumed: Assumed;
  private readonly followers = new Map<OpenId, Follower>();
  private readonly claims = new Set<string>();
  private readonly counters = new Map<string, number>();
  /** By whose they are: only what somebody did themselves takes theirs back. */
  private readonly delayed = new Map<OpenId, Delayed[]>();
  /** What was decided about each payment: what its refund takes back. */
  private readonly earnings = new Map<string, Earning[]>();
  /** What friends did and inviters were told of: once each. */
  private readonly heard = new Set<string>();

  /** `assumed`: who somebody is of whom nothing was told; absent: nobody knows. */
  constructor(codes: ReadonlyMap<string, CodeFact> = new Map(), assumed: Assumed = () => undefined) {
    this.codes = codes;
    this.assumed = assumed;
  }

  /** The way of one event (`engine/flow.ts`), without a world around it. */
  play(book: Book, event: Event, environment: DecisionEnvironment, now: Instant = event.sentAt): Played {
    const undone = this.undo(event, now);
    const news = newsForInviter(this.follower(event), event);
    const tell = (): Decision | undefined =>
      news && this.isNew(news) ? this.decide(book, news, now, environment) : undefined;
    // As in the flow: a payment is written before the inviter hears of it, a follow after.
    const early = event.kind === 'paid' ? undefined : tell();
    // A journal has what inviters were told as events of their own: it is not told twice.
    const decision = this.isNew(event) ? this.decide(book, event, now, environment) : IGNORED;
    const inviter = early ?? (event.kind === 'paid' ? tell() : undefined);
    const cancelled = fen(undone.reduce((sum, { amount }) => sum + amount, 0));
    const told = inviter && inviter.kind !== 'ignored' ? { inviter, told: news!.user } : {};
    return { decision, cancelled, undone, ...told };
  }

  /** Notes who follows, and nothing else: for events of before. */
  follow(event: Event): void {
    const follower = followerAfter(this.follower(event), event);
    if (follower) this.followers.set(event.user, follower);
  }

  private follower({ account, user }: Pick<Event, 'account' | 'user'>): Follower | undefined {
    return this.followers.get(user) ?? this.assumed(account, user);
  }

  private isNew({ kind, account, key }: Event): boolean {
    if (kind !== 'friend') return true;
    const size = this.heard.size;
    return this.heard.add(`${account}/${key}`).size > size;
  }

  private decide(book: Book, event: Event, now: Instant, environment: DecisionEnvironment): Decision {
    const decided = decide(book.match(event, now), event, this.facts(event), now, environment);
    const gone = this.takeBack(event);
    const decision: Decision = { ...decided, trace: [...decided.trace, ...gone.trace] };
    this.commit(event, decision, gone.counters);
    return decision;
  }

  private takeBack(event: Event): ReturnType<typeof takenBack> {
    if (event.kind !== 'refunded') return { counters: [], trace: [] };
    return takenBack(this.earnings.get(event.transaction) ?? [], event, name => this.counters.get(name) ?? 0);
  }

  /** All there is, as it is: nothing has to be fetched, and `decide` looks up what it needs. */
  private facts(event: Event): Facts {
    const typed = codeIn(event);
    const code = typed === undefined ? undefined : this.codes.get(typed);
    const follower = this.follower(event);
    return { follower, claims: this.claims, counters: this.counters, halted: false, ...(code && { code }) };
  }

  /** Nobody races here, so a claim that exists or a counter that overflows is a mistake of `decide`. */
  private commit(event: Event, decision: Decision, gone: readonly Counter[]): void {
    this.follow(event);
    const rewarded = rewardedIn(event);
    if (rewarded !== undefined && countersOf(decision).length > 0)
      this.earnings.set(rewarded, [...(this.earnings.get(rewarded) ?? []), { event, decision }]);
    for (const { name, add, max, atLeast = 0 } of [...countersOf(decision), ...countersAlways(event), ...gone]) {
      const sum = Math.max((this.counters.get(name) ?? 0) + add, atLeast);
      assert(sum <= max, `the counter ${name} would be ${sum}, above ${max}`);
      this.counters.set(name, sum);
    }
    for (const award of awardsOf(decision)) this.give(event, award);
  }

  private give(event: Event, { campaign, rule, prize, claimKey, amount, payAt, cancelIf, holds }: Award): void {
    const rewarded = rewardedIn(event);
    assert(!this.claims.has(claimKey), `claimed twice: ${claimKey}`);
    this.claims.add(claimKey);
    this.awarded = addFen(this.awarded, amount);
    if (payAt === undefined || !cancelIf) return;
    const transaction = rewarded === undefined ? {} : { transaction: rewarded };
    const about = { campaign, rule, prize, amount, payAt, holds };
    const delayed = { ...about, causes: cancelIf, eventAt: event.sentAt, ...transaction };
    const mine = this.delayed.get(event.user);
    if (mine) mine.push(delayed);
    else this.delayed.set(event.user, [delayed]);
  }

  /** What was not paid yet and is not to be paid now: this follower's, and the reward of whoever invited them. */
  private undo(event: Event, now: Instant): readonly Undone[] {
    if (causeIn(event) === undefined) return [];
    const inviter = event.kind === 'refunded' ? this.followers.get(event.user)?.invitedBy?.user : undefined;
    const others = inviter === undefined ? [] : this.undoOf(inviter, event, now);
    return [...this.undoOf(event.user, event, now), ...others];
  }

  /** Its money and what it held are free again. */
  private undoOf(user: OpenId, event: Event, now: Instant): readonly Undone[] {
    const mine = this.delayed.get(user);
    if (!mine) return [];
    const isUndone = (each: Delayed): boolean => now < each.payAt && isBroken(each, event);
    const undone = mine.filter(isUndone);
    this.delayed.set(
      user,
      mine.filter(each => !isUndone(each) && now < each.payAt),
    );
    for (const { amount, holds } of undone) {
      this.awarded = fen(this.awarded - amount);
      for (const { name, add } of holds) this.counters.set(name, Math.max(0, (this.counters.get(name) ?? 0) - add));
    }
    return undone;
  }
}

/** What nobody was told of twice. */
const IGNORED: Decision = { kind: 'ignored', reply: NO_REPLY, trace: [] };
