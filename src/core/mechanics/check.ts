// A check (判定依据) is one thing that was looked at on the way to a decision: what it was, and the numbers and names behind it.
// It is data: written into the journal as it is, and worded only where people read it (`decide/check-words.ts`). Here the
// checks of the mechanics come together; each stands where it is made.
import type { FollowChecks } from '../match/follower.ts';
import type { EligibilityChecks } from './eligibility.ts';
import type { DrawChecks } from './final-draw.ts';
import type { GuaranteedChecks } from './guaranteed.ts';
import type { GuessChecks } from './guess.ts';
import type { MilestoneChecks } from './milestone.ts';
import type { StepChecks } from './milestone-steps.ts';
import type { CodeChecks } from './printed-code.ts';
import type { QuizChecks } from './quiz.ts';
import type { RefundChecks } from './refund.ts';
import type { RoundChecks } from './round.ts';
import type { StoreChecks } from './store-hours.ts';
import type { StreakChecks } from './streak.ts';
import type { WalletChecks } from './wallet.ts';

/** What can be limited, so that one more would be too many. */
export type LimitId =
  | ('claims' | 'claimsToday' | 'claimsThisMonth' | 'claimsThisRound' | 'claimsAtScene' | 'claimsThisMinute' | 'wins')
  | ('winsOfPrize' | 'prize' | 'prizeToday' | 'coupons' | 'tries')
  | ('packets' | 'packetsToday' | 'packetsUpToThisHour' | 'packetsThisHour' | 'packetsAtScene' | 'packetsOfRound')
  | ('amountToday' | 'budget' | 'budgetToday' | 'amountAtScene' | 'amountOfRound')
  | ('merchantAmountToday' | 'merchantAmountOfUser' | 'merchantPacketsOfUser');

/** `of`: which prize, scene or round. `add`: of money alone, how much more it would be; amounts are fen. */
export type LimitCheck = {
  readonly ok: boolean;
  readonly check: LimitId;
  readonly used: number;
  readonly max: number;
  readonly add?: number;
  readonly of?: string;
};

/** The checks of a part of the rules, by their ids; of those that say nothing more than whether it is so, `unknown`. */
export type CheckOf<Checks, Id extends keyof Checks> = {
  [Each in Id]: { readonly ok: boolean; readonly check: Each } & Readonly<Checks[Each]>;
}[Id];

/** By their ids, beside the limits. */
export type MechanicChecks = FollowChecks &
  EligibilityChecks &
  DrawChecks &
  GuaranteedChecks &
  GuessChecks &
  MilestoneChecks &
  StepChecks &
  CodeChecks &
  QuizChecks &
  RefundChecks &
  RoundChecks &
  StoreChecks &
  StreakChecks &
  WalletChecks & {
    /** A draw whose payment was refunded; see `prize-offer.ts`. */
    undoneDraw: unknown;
  };
export type MechanicCheck = LimitCheck | CheckOf<MechanicChecks, keyof MechanicChecks>;
