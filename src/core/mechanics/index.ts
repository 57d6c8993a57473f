// All mechanics (玩法) there are, in the order in which they are asked. Pure.

import type { Campaign, Rule } from '../rules/campaign.ts';
import { delays } from './delay.ts';
import { conditions, tags } from './eligibility.ts';
import { guesses } from './guess.ts';
import { invites } from './invite.ts';
import type { Mechanic } from './mechanic.ts';
import { counts } from './milestone.ts';
import { codes } from './printed-code.ts';
import { quizzes } from './quiz.ts';
import { refunds } from './refund.ts';
import { rounds } from './round.ts';
import { shops } from './store-hours.ts';
import { makeUps, streaks } from './streak.ts';
import { wallets } from './wallet.ts';

export const MECHANICS: readonly Mechanic[] = [
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
  const mechanics = MECHANICS.filter(mechanic => mechanic.isIn(rule, campaign));
  known.set(rule, mechanics);
  return mechanics;
}
