// Warnings about odds and steps that were probably written in the wrong order, or not at all: the dearest prize the likeliest, a
// draw without weights, percentages that come to something else, more for who pays less.

import { type Fen, fen, showFen } from '../base/money.ts';
import { t } from '../base/words/words.ts';
import type { Campaign, Prize, Rule } from '../rules/campaign.ts';
import { hasTrigger, isCash, isDraw, isOnly, prizesGiven } from '../rules/campaign-query.ts';
import type { Linting } from './context.ts';

export function lintWeights(at: Linting): void {
  const seen = new Set<string>();
  for (const rule of at.campaign.rules.filter(each => isDraw(each) && !hasTrigger(each, ['drawn'])))
    for (const prizes of drawsOf(at.campaign, rule)) {
      const key = prizes.map(({ name }) => name).join('/');
      if (!seen.has(key)) lintDraw(at, prizes);
      seen.add(key);
    }
  for (const prize of at.campaign.prizes.values())
    if (isCash(prize) && prize.steps) lintSteps(at, prize.name, prize.steps);
}

function drawsOf({ prizes }: Campaign, { give, giveAt }: Rule): Prize[][] {
  const lists = giveAt ? [...giveAt.values()].filter(names => names.length > 1) : [give];
  return lists.map(names => names.map(name => prizes.get(name)!));
}

/** What one is worth to the shop; `undefined`: the file does not say. */
function worthOf(prize: Prize): number | undefined {
  if (isCash(prize)) return prize.steps || prize.split ? undefined : (prize.min + prize.max) / 2;
  return prize.kind === 'goods' ? prize.value : undefined;
}

/** So many times dearer is another prize altogether. */
const DEARER = 5;
const FAR_DEARER = 10;

function lintDraw({ say }: Linting, prizes: readonly Prize[]): void {
  const priced = prizes.flatMap(prize => {
    const worth = worthOf(prize);
    return worth === undefined ? [] : [{ prize, worth }];
  });
  const [dearest, ...others] = priced.sort((a, b) => b.worth - a.worth);
  const cheapest = others.at(-1);
  const sum = prizes.reduce((all, { weight }) => all + weight, 0);
  if (dearest && cheapest) {
    const { name, weight, stock } = dearest.prize;
    const cheaper = others.find(each => each.worth * DEARER <= dearest.worth && each.prize.weight < weight);
    const path = ['prizes', name];
    if (cheaper) {
      const { name: other, weight: less } = cheaper.prize;
      say(
        'weights-odd',
        path,
        t`"${name}" is far dearer than "${other}", and likelier: weight ${weight} against ${less}; turn them round`,
      );
      return;
    }
    const isEqual = prizes.every(each => each.weight === weight);
    if (isEqual && stock === undefined && cheapest.worth * FAR_DEARER <= dearest.worth) {
      say(
        'weights-odd',
        path,
        t`all weights of this draw are ${weight}: "${name}" is won as often as "${cheapest.prize.name}", in 1 of ${prizes.length} draws; write a weight to each`,
      );
      return;
    }
  }
  const [first] = prizes;
  if (first && looksLikePercent(prizes) && Math.round(sum) !== 100)
    say(
      'weights-odd',
      ['prizes', first.name],
      t`the weights of this draw look like percentages and come to ${sum}: the odds of "${first.name}" are ${((first.weight / sum) * 100).toFixed(1)}%, not ${first.weight}%`,
    );
}

function looksLikePercent(prizes: readonly Prize[]): boolean {
  const sum = prizes.reduce((all, { weight }) => all + weight, 0);
  const isWhole = prizes.every(({ weight }) => Number.isInteger(weight));
  return isWhole && prizes.length >= 3 && sum >= 90 && sum <= 110 && prizes.some(({ weight }) => weight >= 10);
}

// ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────

type Steps = readonly { readonly from: Fen; readonly amount: Fen }[];

function lintSteps({ campaign, say }: Linting, name: string, steps: Steps): void {
  const path = ['prizes', name, 'redpacket', 'steps'];
  const fall = steps.findIndex(({ amount }, n) => n > 0 && amount < steps[n - 1]!.amount);
  if (fall > 0) {
    const [before, after] = [steps[fall - 1]!, steps[fall]!];
    say(
      'weights-odd',
      path,
      t`who pays ${showFen(after.from)} has ${showFen(after.amount)}, less than ${showFen(before.amount)} for ${showFen(before.from)}; turn the amounts round`,
    );
  }
  const rules = campaign.rules.filter(rule => prizesGiven(campaign, rule).some(prize => prize.name === name));
  const least = Math.min(...rules.map(leastPaid));
  const dead = steps.find((_, n) => n + 1 < steps.length && steps[n + 1]!.from <= least);
  if (dead && rules.length > 0)
    say(
      'limit-without-effect',
      path,
      t`the step from ${showFen(dead.from)} on is never reached: the rule waits for ${showFen(fen(least))} and more`,
    );
}

function leastPaid(rule: Rule): number {
  if (!isOnly(rule, ['paid'])) return 0;
  return Math.min(...rule.on.map(trigger => (trigger.kind === 'paid' ? (trigger.over ?? 0) : 0)));
}
