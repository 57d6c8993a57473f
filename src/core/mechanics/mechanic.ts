// A mechanic (玩法) is one thing a rule can be made of: a wallet, a streak, rounds, a quiz. All of it stands in one file: its
// keys, what must fit together, how it is described, what it comes to, and its part in a decision. Everybody asks each of
// them the same questions; none knows of another. All they remember lies in bounded counters.

import type { Counter } from '../base/counter.ts';
import type { Event } from '../base/event.ts';
import type { Day, Instant } from '../base/time.ts';
import type { Facts } from '../match/facts.ts';
import type {
  Campaign,
  Condition,
  Detail,
  Prize,
  Refusal,
  Rule,
  RulePlays,
  Said,
  TextTrigger,
} from '../rules/campaign.ts';
import type { Describing } from '../rules/public-text.ts';
import type { Placeholder, Values } from '../rules/reply.ts';
import type { ReadRulePart, RuleChecking, WrittenRulePart } from '../rules/schema/written.ts';
import type { RuleData } from '../rules/tables/files.ts';
import type { Draft, Fields, ObjectOf, Passage } from '../yaml/schema.ts';
import type { LimitId, MechanicCheck } from './check.ts';

/** A counter with what it means: which refusal it ends in, and whether the money's return gives it back. */
export type Limit = Counter & {
  readonly limit: LimitId;
  /** Of which prize, scene or round. */
  readonly of?: string;
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
  readonly userKey: string;
  /** See `Surroundings`. */
  readonly drawSeedOf?: ((campaign: string, claimKey: string) => string) | undefined;
  /** It has not happened: nothing is drawn, and the seed is not told. */
  readonly isForetold?: boolean | undefined;
  /** The follower is in the list of those who get nothing (黑名单). */
  readonly isBlocked?: boolean | undefined;
  /** Where the campaign's own page (H5) is, where somebody knows. */
  readonly page?: string | undefined;
};

export type EvaluationContext = RuleContext & {
  /** By which it draws, where that is not `seed`. */
  readonly drawSeed?: string;
  readonly facts: Facts;
  /** What a counter stands at; 0 if it is not there. */
  value(counter: string): number;
  /** Notes a check for the trace; gives back whether it is well. */
  see(check: MechanicCheck): boolean;
};

/** Why not; of several the first in the order of `REFUSALS` is told. */
export type RefusalReason = {
  readonly refusal: Refusal;
  readonly detail?: Detail;
  readonly counters?: readonly Counter[];
  readonly values?: Values;
  /** Said in place of what the rule says. */
  readonly says?: string;
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
  /** What it adds, and what that means; `undefined`: there is nothing left to undo. */
  undo(
    value: (counter: string) => number,
  ): { readonly counters: readonly Counter[]; readonly check: MechanicCheck } | undefined;
};

/** What a rule is built with: lists beside the file, conditions that were compiled, and the names inside. */
export type Building = {
  readonly data: RuleData;
  readonly conditions: ReadonlyMap<Passage, Condition>;
  prize(name: string): string;
  wallet(name: string): string;
  rule(id: string): string;
};

/** What a rule can come to through a mechanic. `never`: whatever others say. */
export type ComesTo = Partial<Record<Exclude<Said, 'won' | 'nothing'>, boolean | 'never'>>;

/** `reply`: of a rule that gives nothing. */
export type Spoken = Said | 'reply';

/** What everybody may ask of a mechanic. */
export type Mechanic = {
  /** Its keys in a rule; none where it goes by what is written elsewhere. */
  readonly fields: Fields;
  /** Those of them that are not about getting something: they may stand in a rule that only answers. */
  readonly alsoAnswers?: readonly string[];

  // ── In words, of a rule that it is in ──
  /** For the public rules (活动规则). */
  describe?(rule: Rule, around: Describing): readonly string[];
  /** `inTests`: nothing that a test of the file could not come to; else whatever is possible. */
  comesTo?(rule: Rule, campaign: Campaign, inTests: boolean): ComesTo;
  /** Which placeholders have a value where this is said. */
  placeholders?(said: Spoken, rule: Rule, campaign: Campaign): readonly Placeholder[];

  // ── In a decision ──
  /** Whether the rule uses it at all: nothing else is asked if not. */
  isIn(rule: Rule, campaign: Campaign): boolean;
  /** Texts that are its business beside the rule's triggers: it says itself what each of them means. */
  listens?(rule: Rule): readonly TextTrigger[];
  /** Counters it reads. */
  wants?(at: RuleContext): readonly string[];
  /** `false`: the rule is not about this event, the next one is asked. */
  applies?(at: EvaluationContext): boolean;
  /** Everything that speaks against it; it notes what it sees. */
  refuses?(at: EvaluationContext): RefusalReason | undefined;
  /** Asked when nothing was refused. `undefined`: the prize, if any, is given. */
  answers?(at: EvaluationContext): Answer | undefined;
  /** Added together with the claim. `given`: what is given; absent: it only counts. */
  counts?(at: EvaluationContext, given?: Prize): readonly Counter[];
  /** The prizes of this time; empty: it only counts. `undefined`: those of the rule. */
  gives?(at: EvaluationContext): readonly string[] | undefined;
  /** For `{{placeholders}}`. Asked last, also for refusals: counters stand where the claim, if there is one, leaves them. */
  values?(at: EvaluationContext): Values;
  /** What of it goes when the payment that fed it is refunded. To be said of each: nobody may forget it. */
  readonly takesBack: TakesBack | 'nothing';
};

/** `F`: its keys in a rule. `B`: what they become. */
export type WrittenMechanic<F extends Fields, B extends Partial<RulePlays>> = Mechanic & {
  readonly fields: F;
  /** What must fit together in a rule that gives or counts something. */
  check?(rule: WrittenRulePart & Draft<ObjectOf<F>>, around: RuleChecking): void;
  /** The same, of any rule. */
  checkAny?(rule: WrittenRulePart & Draft<ObjectOf<F>>, around: RuleChecking): void;
  build?(rule: ReadRulePart & ObjectOf<F>, around: Building): B;
};

/** Keeps the types of its own keys. */
export function mechanic<const F extends Fields, const B extends Partial<RulePlays> = Record<never, never>>(
  one: WrittenMechanic<F, B>,
): WrittenMechanic<F, B> {
  return one;
}
