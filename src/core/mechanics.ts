// All mechanics (玩法) there are, in the order in which they are asked. Pure.
import { delays } from './delay.ts';
import type { Mechanic } from './mechanic.ts';
import { rounds } from './round.ts';
import type { Campaign, Rule } from './rule.ts';

const ALL: readonly Mechanic[] = [delays, rounds];

const known = new WeakMap<Rule, readonly Mechanic[]>();

/** Those a rule is made of. */
export function mechanicsOf(rule: Rule, campaign: Campaign): readonly Mechanic[] {
  const before = known.get(rule);
  if (before) return before;
  const mechanics = ALL.filter(mechanic => mechanic.isIn(rule, campaign));
  known.set(rule, mechanics);
  return mechanics;
}
