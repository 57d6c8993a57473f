// All mechanics (玩法) there are, in the order in which they are asked. Pure.

import { refunds } from '../../payout/refund.ts';
import type { Campaign, Rule } from '../../rules/campaign.ts';
import type { Counter } from '../limits.ts';
import { takesBackDraws } from '../prize-offer.ts';
import { delays } from './delay.ts';
import { conditions, tags } from './eligibility.ts';
import { guesses } from './guess.ts';
import { invites } from './invite.ts';
import type { Mechanic, TakesBack, Undoing } from './mechanic.ts';
import { counts } from './milestone.ts';
import { codes } from './printed-code.ts';
import { quizzes } from './quiz.ts';
import { rounds } from './round.ts';
import { shops } from './store-hours.ts';
import { makeUps, streaks } from './streak.ts';
import { wallets } from './wallet.ts';

const ALL: readonly Mechanic[] = [
  conditions,
  tags,
  shops,
  refunds,
  delays,
  rounds,
  wallets,
  streaks,
  makeUps,
  counts,
  guesses,
  codes,
  quizzes,
  invites,
];

const known = new WeakMap<Rule, readonly Mechanic[]>();

/** Those a rule is made of. */
export function mechanicsOf(rule: Rule, campaign: Campaign): readonly Mechanic[] {
  const before = known.get(rule);
  if (before) return before;
  const mechanics = ALL.filter(mechanic => mechanic.isIn(rule, campaign));
  known.set(rule, mechanics);
  return mechanics;
}

const BACK: readonly TakesBack[] = [
  ...ALL.flatMap(({ takesBack }) => (takesBack === 'nothing' ? [] : [takesBack])),
  takesBackDraws,
];

/** What a refund undoes of what a claim has counted; `undefined`: it stays. */
export function undoingOf(counted: Counter): Undoing | undefined {
  for (const takesBack of BACK) {
    const undoing = takesBack(counted);
    if (undoing) return undoing;
  }
  return undefined;
}
