// Warnings about prizes that cannot be won, or hardly: by their amount, their time, or the follower's own limits. Who
// publishes a prize must be able to give it.

import { type Fen, showFen } from '../base/money.ts';
import { t, type Wording } from '../base/words/words.ts';
import { daysOf } from '../exposure/open-days.ts';
import type { Prize, Rule } from '../rules/campaign.ts';
import {
  type Cash,
  cashGiven,
  isCash,
  isDraw,
  isGoods,
  isOnly,
  isWorth,
  mostOf,
  prizesAfter,
  prizesGiven,
} from '../rules/campaign-query.ts';
import type { Linting } from './context.ts';
import { claimsEver } from './limits.ts';
import { courseOf } from './spend.ts';

/** So seldom, over the whole budget, is as good as never. */
const HARDLY = 0.5;

export function lintOdds(at: Linting): void {
  const { campaign } = at;
  const giving = campaign.rules.filter(rule => prizesGiven(campaign, rule).length > 0);
  for (const prize of campaign.prizes.values()) {
    const rules = giving.filter(rule => prizesGiven(campaign, rule).includes(prize));
    if (rules.length === 0) {
      const isInstead = giving.some(rule => prizesAfter(campaign, rule).has(prize));
      if (giving.length > 0 && !prize.fallback && !isInstead) never(at, prize, t`no rule gives it`, []);
      continue;
    }
    if (isCash(prize)) lintAmount(at, prize, rules);
    lintUnlock(at, prize, rules);
    lintWindow(at, prize, rules);
  }
  campaign.rules.forEach((rule, n) => {
    lintSteps(at, rule, n);
  });
  lintHardly(at);
  lintTop(at, giving);
  lintTopGoods(at, giving);
}

function never({ say }: Linting, { name }: Prize, why: Wording, path: readonly string[]): void {
  say('prize-unwinnable', ['prizes', name, ...path], t`"${name}" can never be won: ${why}`);
}

// ── By its amount ────────────────────────────────────────────────────────────────────────────────────────────

function ceilings({ campaign, caps, payer }: Linting, rules: readonly Rule[]): { sum: Fen; words: Wording }[] {
  const { perUser, perScene, budget } = campaign;
  const isAtStore = rules.every(rule => isOnly(rule, ['scan']));
  const all: [Fen | undefined, Wording][] = [
    [perUser.amountPerDay, t`limits.perUser.amountPerDay is`],
    [isAtStore ? perScene.amountPerDay : undefined, t`limits.perScene.amountPerDay is`],
    [budget?.perDay, t`budget.perDay is`],
    [caps.amountPerUserPerDay, t`on one day ${payer} gives one follower`],
    [caps.amountPerDay, t`on one day ${payer} pays`],
  ];
  return all.flatMap(([sum, words]) => (sum === undefined ? [] : [{ sum, words: t`${words} ${showFen(sum)}` }]));
}

function lintAmount(at: Linting, prize: Cash, rules: readonly Rule[]): void {
  const [lowest] = ceilings(at, rules).sort((a, b) => a.sum - b.sum);
  if (!lowest || prize.max <= lowest.sum) return;
  const { name, min, max } = prize;
  if (min > lowest.sum) never(at, prize, t`it is worth ${showFen(min)}, and ${lowest.words}`, ['redpacket']);
  else
    at.say(
      'prize-unwinnable',
      ['prizes', name, 'redpacket'],
      t`of "${name}" (${showFen(min)}..${showFen(max)}) the amounts above ${showFen(lowest.sum)} can never be won: ${lowest.words}`,
    );
}

/** What the law allows the first prize of a draw to be worth, or what the operator allows. */
function lintTop({ campaign, topPrize, say }: Linting, giving: readonly Rule[]): void {
  for (const prize of new Set(giving.filter(isDraw).flatMap(rule => cashGiven(campaign, rule))))
    if (prize.max > topPrize)
      say(
        'top-prize',
        ['prizes', prize.name, 'redpacket'],
        t`"${prize.name}" is worth up to ${showFen(mostOf([prize]))}; the highest prize of a draw may be ${showFen(topPrize)}`,
      );
}

/** The same of a thing, by what the file says it is worth. */
function lintTopGoods({ campaign, topPrize, say }: Linting, giving: readonly Rule[]): void {
  for (const prize of new Set(giving.filter(isDraw).flatMap(rule => prizesGiven(campaign, rule))))
    if (isGoods(prize) && (prize.value ?? 0) > topPrize)
      say(
        'top-prize',
        ['prizes', prize.name, 'goods'],
        t`"${prize.name}" is worth ${showFen(prize.value!)}; the highest prize of a draw may be ${showFen(topPrize)}`,
      );
}

// ── By its time and its turn ─────────────────────────────────────────────────────────────────────────────────

function lintUnlock(at: Linting, prize: Prize, rules: readonly Rule[]): void {
  if (prize.unlockAfter === undefined || !rules.some(isDraw)) return;
  const most = claimsEver(at.campaign);
  if (most > prize.unlockAfter) return;
  never(at, prize, t`it wants ${prize.unlockAfter} draws before, and one follower has at most ${most} in all`, [
    'unlockAfter',
  ]);
}

/** A prize of the rounds can be won only while one is on. */
function lintWindow(at: Linting, prize: Prize, rules: readonly Rule[]): void {
  const { campaign } = at;
  const { window } = prize;
  const isBound = (rule: Rule): boolean => cashGiven(campaign, rule).length > 0;
  if (!window || campaign.rounds.length === 0 || !rules.every(isBound)) return;
  const { from = campaign.period.from, to = campaign.period.to } = window;
  const isEver = campaign.rounds.some(round => round.from < to && from < round.to);
  if (!isEver) never(at, prize, t`no round is on in its window`, ['window']);
}

/** `give: { 3: a }`: the third time must come. */
function lintSteps({ campaign, say }: Linting, rule: Rule, n: number): void {
  const { giveAt, streak, once, id } = rule;
  if (!giveAt) return;
  const { days } = daysOf(campaign);
  const { total = Number.POSITIVE_INFINITY } = campaign.perUser;
  const isDaily = streak !== undefined || once === 'perDay';
  for (const step of giveAt.keys()) {
    const why =
      step > total
        ? t`limits.perUser.total is ${total}`
        : isDaily && step > days
          ? t`the campaign has ${days} days`
          : undefined;
    if (why !== undefined)
      say('prize-unwinnable', ['rules', n, 'give', step], t`time ${step} of "${id}" never comes: ${why}`);
  }
}

// ── By its odds ──────────────────────────────────────────────────────────────────────────────────────────────

function lintHardly({ campaign, say }: Linting): void {
  const { budget } = campaign;
  if (!budget) return;
  const course = courseOf(campaign, { money: budget.total, packets: budget.packets ?? Infinity });
  if (!course || course.draws === Infinity) return;
  for (const [name, won] of course.won) {
    const prize = campaign.prizes.get(name)!;
    if (won >= HARDLY || !isWorth(prize)) continue;
    say(
      'prize-unlikely',
      ['prizes', name, 'weight'],
      t`the budget is enough for some ${Math.round(course.draws)} draws, in which "${name}" is won ${won.toFixed(2)} times on the average: probably nobody wins it`,
    );
  }
}
