// A mechanic (玩法) is one thing a rule can be made of: a wallet, a streak, rounds, a quiz. `decide.ts` asks each of them
// the same questions; none knows of another. All they remember lies in bounded counters. Pure.

import type { Counter } from '../base/counter.ts';
import type { Event } from '../base/event.ts';
import type { Day, Instant } from '../base/time.ts';
import type { Facts } from '../match/facts.ts';
import type { Campaign, Detail, Refusal, Rule } from '../rules/campaign.ts';
import type { Values } from '../rules/reply.ts';

/** A counter with what it means: which refusal it ends in, and whether the money's return gives it back. */
export type Limit = Counter & {
  /** In Chinese, for traces: 今日已领 1/1. */
  readonly label: string;
  /** Of money, what is left: 预算剩 ¥3.20. */
  readonly left?: string;
  /** Bounded by what was read, against those who come at the same moment: it says nothing to people. */
  readonly isGuard?: boolean;
  readonly refuses: 'limited' | 'soldOut';
  readonly detail?: Detail;
  readonly returns: boolean;
  readonly money: boolean;
};

/** A rule and the event it is asked about, before anything is known of the follower. */
export type RuleContext = {
  readonly campaign: Campaign;
  readonly rule: Rule;
  readonly event: Event;
  readonly now: Instant;
  /** The campaign's own day: it may begin at 04:00. */
  readonly day: Day;
  /** The campaign's secret seed; see `draw.ts`. */
  readonly seed: string;
  /** `campaign/ID/user/OPENID`: what counters of this follower begin with. */
  readonly mine: string;
  /** See `Surroundings`. */
  readonly drawSeedOf?: ((campaign: string, claimKey: string) => string) | undefined;
  /** It has not happened: nothing is drawn, and the seed is not told. */
  readonly isForetold?: boolean | undefined;
  /** Where the campaign's own page (H5) is, where somebody knows. */
  readonly page?: string | undefined;
};

export type EvaluationContext = RuleContext & {
  /** By which it draws, where that is not `seed`. */
  readonly drawSeed?: string;
  readonly facts: Facts;
  /** What a counter stands at; 0 if it is not there. */
  value(counter: string): number;
  /** Notes a check for the trace, in Chinese, with its number; gives back whether it is well. */
  see(ok: boolean, text: string): boolean;
};

/** Why not; of several the first in the order of `REFUSALS` is told. */
export type RefusalReason = {
  readonly refusal: Refusal;
  readonly detail?: Detail;
  readonly counters?: readonly Counter[];
  readonly values?: Values;
};

/** An answer that gives nothing: a wrong try, the next question. */
export type Answer = { readonly detail: Detail; readonly counters: readonly Counter[]; readonly values?: Values };

/**
 * What a refund (退款) undoes of a claim, read from the counters that claim has added: `undefined` for one that is not this
 * mechanic's. Again in counters that only grow, beside those they undo.
 */
export type TakesBack = (counted: Counter) => Undoing | undefined;
export type Undoing = {
  /** Counters it reads. */
  readonly wants: readonly string[];
  /** What it adds, and in Chinese what that means; `undefined`: there is nothing left to undo. */
  undo(
    value: (counter: string) => number,
  ): { readonly counters: readonly Counter[]; readonly text: string } | undefined;
};

export type Mechanic = {
  /** Whether the rule uses it at all: nothing else is asked if not. */
  isIn(rule: Rule, campaign: Campaign): boolean;
  /** Counters it reads. */
  wants?(at: RuleContext): readonly string[];
  /** `false`: the rule is not about this event, the next one is asked. */
  applies?(at: EvaluationContext): boolean;
  /** Everything that speaks against it; it notes what it sees. */
  refuses?(at: EvaluationContext): RefusalReason | undefined;
  /** Asked when nothing was refused. `undefined`: the prize, if any, is given. */
  answers?(at: EvaluationContext): Answer | undefined;
  /** Added together with the claim. */
  counts?(at: EvaluationContext): readonly Counter[];
  /** The prizes of this time; empty: it only counts. `undefined`: those of the rule. */
  gives?(at: EvaluationContext): readonly string[] | undefined;
  /** For `{{placeholders}}`. Asked last, also for refusals: counters stand where the claim, if there is one, leaves them. */
  values?(at: EvaluationContext): Values;
  /** What of it goes when the payment that fed it is refunded. To be said of each: nobody may forget it. */
  readonly takesBack: TakesBack | 'nothing';
};
