// All mechanics (玩法) there are, in the order in which they are asked. Whoever adds one adds a line here, and nowhere else.
import type { Campaign, Rule, RulePlays } from '../rules/campaign.ts';
import { makesClaims, type ReadRulePart, type RuleChecking, type WrittenRulePart } from '../rules/schema/written.ts';
import type { Draft, ObjectOf } from '../yaml/schema.ts';
import { delay } from './delay.ts';
import { condition, segments } from './eligibility.ts';
import { drawnPrize, enter } from './final-draw.ts';
import { guaranteed } from './guaranteed.ts';
import { guess } from './guess.ts';
import { invite } from './invite.ts';
import type { Building, Mechanic, WrittenMechanic } from './mechanic.ts';
import { milestones } from './milestone.ts';
import { codes } from './printed-code.ts';
import { quiz } from './quiz.ts';
import { refunds } from './refund.ts';
import { rounds } from './round.ts';
import { stores } from './store-hours.ts';
import { makeUp, streak } from './streak.ts';
import { wallets } from './wallet.ts';

const REGISTRY = {
  condition,
  segments,
  stores,
  refunds,
  delay,
  rounds,
  wallets,
  streak,
  makeUp,
  milestones,
  guaranteed,
  guess,
  codes,
  quiz,
  enter,
  drawnPrize,
  invite,
};

/** In the order in which they are asked. */
export const MECHANICS: readonly Mechanic[] = Object.values(REGISTRY);

type Each = (typeof REGISTRY)[keyof typeof REGISTRY];
type Together<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void ? All : never;
type MechanicFields = Together<Each['fields']>;
type KeysOf<B> = B extends unknown ? keyof B : never;
type BuiltKeys = Each extends infer M ? (M extends WrittenMechanic<infer _, infer B> ? KeysOf<B> : never) : never;
/** What is written of all of them: each finds its own keys in it. */
const WRITTEN: readonly Omit<WrittenMechanic<MechanicFields, Partial<RulePlays>>, 'fields'>[] = Object.values(REGISTRY);

/** The keys of all mechanics, for the shape of a rule. */
export const mechanicFields = Object.assign({}, ...MECHANICS.map(({ fields }) => fields)) as MechanicFields;

type WrittenRule = WrittenRulePart & Draft<ObjectOf<MechanicFields>>;

/** What must fit together in what a rule plays. */
export function checkMechanics(rule: WrittenRule, around: RuleChecking): void {
  for (const each of WRITTEN) {
    each.checkAny?.(rule, around);
    // In a rule that gives nothing these keys are out of place, which is said elsewhere.
    if (makesClaims(rule)) each.check?.(rule, around);
  }
}

/** The keys that are about getting something. */
export const KEYS_OF_CLAIMS: readonly string[] = MECHANICS.flatMap(({ fields, alsoAnswers = [] }) =>
  Object.keys(fields).filter(key => !alsoAnswers.includes(key)),
);

/** A part of `RulePlays` that nobody builds is named here by the compiler. */
void ({} satisfies Record<Exclude<keyof RulePlays, BuiltKeys>, never>);

/** What a rule plays, of what was read without a complaint. */
export function buildPlays(rule: ReadRulePart & ObjectOf<MechanicFields>, around: Building): RulePlays {
  return Object.assign({}, ...WRITTEN.map(each => each.build?.(rule, around)));
}

const known = new WeakMap<Rule, readonly Mechanic[]>();

/** Those a rule is made of. */
export function mechanicsOf(rule: Rule, campaign: Campaign): readonly Mechanic[] {
  const before = known.get(rule);
  if (before) return before;
  const mechanics = MECHANICS.filter(each => each.isIn(rule, campaign));
  known.set(rule, mechanics);
  return mechanics;
}
