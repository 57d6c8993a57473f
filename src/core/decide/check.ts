// All checks (判定依据) there are, by their ids: those of the mechanics, those every rule has, and those of what is given by
// hand. Whoever adds one and forgets its words is told by the compiler: `check-words.ts`.
import type { Fen } from '../base/money.ts';
import type { Instant, Weekday } from '../base/time.ts';
import type { CheckOf, LimitCheck, MechanicChecks } from '../mechanics/check.ts';
import type { Once, Period } from '../rules/campaign.ts';

/** Lengths of time are ms. */
type RuleChecks = {
  tester: unknown;
  onlyFirstFollow: { follows: number };
  period: { from: Instant; to: Instant };
  begun: { at: Instant };
  notOver: { at: Instant };
  hours: { minute: number; hours: Period['hours'] };
  weekdays: { day: Weekday; days: readonly Weekday[] };
  followedFor: { length: number; needed: number };
  neverLeft: { follows: number };
  /** One claim for each of what the rule says it is for. */
  once: { once: Once; used: number };
  /** `length`: since the last claim; absent: there was none. */
  gap: { length?: number; needed: number };
  notHalted: unknown;
  /** 黑名单 of bot.yaml. */
  blocked: unknown;
  notPaused: { byHand?: true };
};

type PrizeChecks = {
  givenNow: { prize: string };
  unlocked: { prize: string; used: number; max: number };
  spentEnough: { prize: string; needed: Fen };
  slotsLeft: unknown;
  drawn: { prize: string; weight: number; of: number };
  stillThere: { prize: string; instead: string };
  /** WeChat Pay refused the follower this prize for good. */
  deliverable: { prize: string; instead: string };
};

type ByHandChecks = {
  sentByHand: { batch: string };
  repaired: { billNo: string };
};

/** By their ids, beside the limits. */
export type Checks = MechanicChecks &
  RuleChecks &
  PrizeChecks &
  ByHandChecks & {
    /** In Chinese, as journals of before have it. */
    prose: { text: string };
  };
export type Check = LimitCheck | CheckOf<Checks, keyof Checks>;
