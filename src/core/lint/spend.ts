// What a campaign can cost: at most, by its own limits, and as its odds go on the average. Nobody's demand is guessed:
// these are bounds, and means of a draw.

import { type Fen, fen, showFen } from '../base/money.ts';
import { type Day, dayOf, later, MINUTE } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import { daysOf } from '../exposure/open-days.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { type Cash, cashGiven, isCash, isOnly, mostOf, payingRules, prizesGiven } from '../rules/campaign-query.ts';
import type { Caps } from './context.ts';

/** Packets or fen, and what holds it there. */
export type Bound = { readonly sum: number; readonly why: Wording; readonly isPace?: true };

export function lowest(bounds: readonly Bound[]): Bound | undefined {
  return [...bounds].sort((a, b) => a.sum - b.sum)[0];
}

/** Every red packet its rules can come to, each once. */
export function cashOf(campaign: Campaign): Cash[] {
  return [...new Set(payingRules(campaign).flatMap(rule => cashGiven(campaign, rule)))];
}

/** The stores among which all of it is shared, where every claim is made at one. */
function storesShared(campaign: Campaign): number | undefined {
  const isAtStore = payingRules(campaign).every(rule =>
    rule.on.every(trigger => trigger.kind === 'scan' || (trigger.kind === 'subscribe' && trigger.scenes)),
  );
  return isAtStore ? campaign.stores?.size : undefined;
}

// ── At most on one day ───────────────────────────────────────────────────────────────────────────────────────

/** Bounds on the packets of one day, `packetsPerDay` and money aside. */
export function packetsOfDay(campaign: Campaign): Bound[] {
  const { budget, perScene, perMinute } = campaign;
  const { minutes, hours } = daysOf(campaign);
  const bounds: Bound[] = [];
  const pace = budget?.pace;
  if (pace) {
    const turns = pace.carryOver ? Math.ceil(minutes / 60) : hours;
    const sum = pace.perHour * turns;
    bounds.push({
      sum,
      isPace: true,
      why: t`pace ${pace.perHour} an hour gives ${sum} in the ${turns} hours of a day`,
    });
  }
  const stores = storesShared(campaign);
  if (stores !== undefined && perScene.perDay !== undefined) {
    const sum = perScene.perDay * stores;
    bounds.push({ sum, why: t`perScene.perDay ${perScene.perDay} × ${stores} stores is ${sum}` });
  }
  if (perMinute !== undefined) {
    const sum = perMinute * Math.ceil(minutes);
    bounds.push({ sum, why: t`perMinute ${perMinute} gives ${sum} in the ${Math.ceil(minutes)} minutes of a day` });
  }
  const cash = cashOf(campaign);
  const perDay = cash.map(prize => prize.perDay);
  if (perDay.every(count => count !== undefined)) {
    const sum = perDay.reduce((all, count) => all + count, 0);
    bounds.push({ sum, why: t`the prizes' own perDay come to ${sum}` });
  }
  if (cash.every(({ split }) => split) && campaign.rounds.length > 0) {
    const sum = Math.max(...[...roundsByDay(campaign).values()].map(({ packets }) => packets));
    bounds.push({ sum, why: t`the rounds of a day have ${sum}` });
  }
  return bounds;
}

function roundsByDay({ rounds, period }: Campaign): Map<Day, { packets: number; total: number }> {
  const byDay = new Map<Day, { packets: number; total: number }>();
  for (const { from, packets, total } of rounds) {
    const day = dayOf(later(from, -period.dayStartsAt * MINUTE));
    const sum = byDay.get(day) ?? { packets: 0, total: 0 };
    byDay.set(day, { packets: sum.packets + packets, total: sum.total + total });
  }
  return byDay;
}

/** Bounds on the money of one day, `budget.perDay` aside. */
export function moneyOfDay(campaign: Campaign, caps?: Caps): Bound[] {
  const { budget, perScene } = campaign;
  const cash = cashOf(campaign);
  const bounds: Bound[] = [];
  const counts = packetsOfDay(campaign);
  if (budget?.packetsPerDay !== undefined)
    counts.push({ sum: budget.packetsPerDay, why: t`packetsPerDay is ${budget.packetsPerDay}` });
  const limitOf = ({ perDay, stock }: Prize): number => Math.min(perDay ?? Infinity, stock ?? Infinity);
  for (const bound of counts) bounds.push({ ...bound, sum: costliest(bound.sum, cash, limitOf) });
  const stores = storesShared(campaign);
  if (stores !== undefined && perScene.amountPerDay !== undefined) {
    const sum = perScene.amountPerDay * stores;
    bounds.push({ sum, why: t`perScene.amountPerDay ${showFen(perScene.amountPerDay)} × ${stores} stores` });
  }
  if (cash.every(({ split }) => split) && campaign.rounds.length > 0)
    bounds.push({
      sum: Math.max(...[...roundsByDay(campaign).values()].map(({ total }) => total)),
      why: t`the rounds of a day come to that`,
    });
  if (caps) bounds.push({ sum: caps.amountPerDay, why: t`the merchant pays no more on one day` });
  return bounds;
}

/** So many packets, the dearest first, as far as there are. */
function costliest(count: number, cash: readonly Cash[], limitOf: (prize: Cash) => number): number {
  let [left, sum] = [count, 0];
  for (const prize of [...cash].sort((a, b) => b.max - a.max)) {
    const taken = Math.min(left, limitOf(prize));
    if (taken > 0) sum += taken * prize.max; // nothing times Infinity is no number
    left -= taken;
  }
  return sum;
}

// ── At most in all ───────────────────────────────────────────────────────────────────────────────────────────

function supplyOf({ stock, perDay }: Prize, days: number): number {
  return Math.min(stock ?? Infinity, (perDay ?? Infinity) * days);
}

/** Bounds on all packets, `budget.packets` and money aside. */
export function packetsInAll(campaign: Campaign): Bound[] {
  const { budget, rounds } = campaign;
  const { days } = daysOf(campaign);
  const counts = packetsOfDay(campaign);
  if (budget?.packetsPerDay !== undefined)
    counts.push({ sum: budget.packetsPerDay, why: t`packetsPerDay is ${budget.packetsPerDay}` });
  const bounds = counts.map(({ sum, why, ...more }) => ({
    ...more,
    sum: sum * days,
    why: t`${why}, and there are ${days} days`,
  }));
  const cash = cashOf(campaign);
  const stock = cash.reduce((sum, prize) => sum + supplyOf(prize, days), 0);
  if (stock < Infinity) bounds.push({ sum: stock, why: t`there are ${stock} prizes in all` });
  if (cash.every(({ split }) => split) && rounds.length > 0) {
    const sum = rounds.reduce((all, { packets }) => all + packets, 0);
    bounds.push({ sum, why: t`the rounds have ${sum}` });
  }
  return bounds;
}

/** Bounds on all money, `budget.total` aside. */
export function moneyInAll(campaign: Campaign, caps?: Caps): Bound[] {
  const { budget, rounds } = campaign;
  const { days } = daysOf(campaign);
  const cash = cashOf(campaign);
  const ofDay = moneyOfDay(campaign, caps);
  if (budget?.perDay !== undefined) ofDay.push({ sum: budget.perDay, why: 'budget.perDay' });
  const bounds: Bound[] = [];
  const day = lowest(ofDay);
  if (day && day.sum < Infinity)
    bounds.push({ sum: day.sum * days, why: t`${showFen(fen(day.sum))} a day (${day.why}) on ${days} days` });
  const supply = (prize: Cash): number => supplyOf(prize, days);
  if (budget?.packets !== undefined)
    bounds.push({ sum: costliest(budget.packets, cash, supply), why: t`packets is ${budget.packets}` });
  bounds.push({ sum: costliest(Infinity, cash, supply), why: t`all prizes in stock come to that` });
  if (cash.every(({ split }) => split) && rounds.length > 0)
    bounds.push({ sum: rounds.reduce((all, { total }) => all + total, 0), why: t`the rounds come to that` });
  return bounds.filter(({ sum }) => sum < Infinity);
}

// ── On the average ───────────────────────────────────────────────────────────────────────────────────────────

/** What one is worth on the average; `undefined` where that is the customers' doing. */
function meanOf(prize: Prize, { rounds }: Campaign): number | undefined {
  if (!isCash(prize)) return 0;
  if (prize.steps) return undefined;
  if (!prize.split) return (prize.min + prize.max) / 2;
  const packets = rounds.reduce((sum, round) => sum + round.packets, 0);
  return rounds.reduce((sum, round) => sum + round.total, 0) / packets;
}

/** How a draw goes until money or packets are used up. Figures are means; `Infinity` where nothing ends it. */
type Course = {
  readonly draws: number;
  readonly packets: number;
  readonly money: number;
  /** How often each prize was won. */
  readonly won: ReadonlyMap<string, number>;
  /** Of one draw, while everything is there: fen. */
  readonly perDraw: number;
  /** Of one red packet: fen. */
  readonly perPacket: number;
};

/** The one draw of a campaign; `undefined` where there are several, or where something else decides. */
function drawOf(campaign: Campaign): Prize[] | undefined {
  const [first, ...others] = payingRules(campaign);
  if (!first) return undefined;
  const prizes = prizesGiven(campaign, first);
  const isSame = others.every(rule => {
    const same = prizesGiven(campaign, rule);
    return same.length === prizes.length && same.every(prize => prizes.includes(prize));
  });
  const isPlain = [first, ...others].every(({ giveAt, assigned }) => !giveAt && !assigned);
  return isSame && isPlain ? prizes.filter(({ name }) => first.give.includes(name)) : undefined;
}

/** `isDay`: of one day, to which its share of each stock belongs. */
type Ends = { readonly money: number; readonly packets: number; readonly isDay?: boolean };

export function courseOf(campaign: Campaign, ends: Ends): Course | undefined {
  const prizes = drawOf(campaign);
  if (!prizes || prizes.some(prize => meanOf(prize, campaign) === undefined)) return undefined;
  const { days } = daysOf(campaign);
  const share = ends.isDay ? 1 / days : 1;
  const left = new Map(prizes.map(prize => [prize, supplyOf(prize, days) * share]));
  const won = new Map(prizes.map(({ name }) => [name, 0]));
  // One prize is certain, whatever its weight.
  const weightOf = ({ weight }: Prize): number => (prizes.length === 1 ? 1 : weight);
  const hasFallback = [...campaign.prizes.values()].some(({ fallback }) => fallback);
  const sum = { draws: 0, packets: 0, money: 0 };
  let first: { perDraw: number; perPacket: number } | undefined;
  for (let phase = 0; phase <= prizes.length; phase++) {
    const there = prizes.filter(prize => left.get(prize)! > 1e-9 && weightOf(prize) > 0);
    const all = (hasFallback ? prizes : there).reduce((weights, prize) => weights + weightOf(prize), 0);
    const cash = there.filter(isCash);
    if (cash.length === 0) break;
    const rate = (prize: Prize): number => weightOf(prize) / all;
    const packets = cash.reduce((rates, prize) => rates + rate(prize), 0);
    const money = cash.reduce((rates, prize) => rates + rate(prize) * meanOf(prize, campaign)!, 0);
    first ??= { perDraw: money, perPacket: money / packets };
    const untilGone = there.map(prize => left.get(prize)! / rate(prize));
    const toEnd = Math.min((ends.money - sum.money) / money, (ends.packets - sum.packets) / packets);
    const draws = Math.min(toEnd, ...untilGone);
    if (draws === Infinity) return { ...first, won, draws, packets: Infinity, money: Infinity };
    sum.draws += draws;
    sum.packets += draws * packets;
    sum.money += draws * money;
    for (const prize of there) {
      won.set(prize.name, won.get(prize.name)! + draws * rate(prize));
      left.set(prize, left.get(prize)! - draws * rate(prize));
    }
    if (draws === toEnd) break;
  }
  return first && { ...sum, ...first, won };
}

// ── In one line ──────────────────────────────────────────────────────────────────────────────────────────────

type Spend = {
  /** The most it can ever cost, and what holds it there. */
  readonly most: Bound;
  /** The most one claim can win. */
  readonly mostOfClaim: Fen;
  /** Of one claim on the average, fen; absent where several rules give different things. */
  readonly mean?: number;
  /** For how many claims, on the average, the budget is enough. */
  readonly claims?: number;
};

export function spendOf(campaign: Campaign, caps?: Caps): Spend | undefined {
  const { budget } = campaign;
  const cash = cashOf(campaign);
  if (!budget || cash.length === 0) return undefined;
  const most = lowest([{ sum: budget.total, why: 'budget.total' }, ...moneyInAll(campaign, caps)])!;
  const course = courseOf(campaign, { money: budget.total, packets: budget.packets ?? Infinity });
  return {
    most,
    mostOfClaim: mostOf(cash),
    ...(course && { mean: course.perDraw, claims: Math.floor(course.draws) }),
  };
}

/** Whether each claim is paid for by something that happened outside: money came in, a code was printed. */
export function isEarnedOutside(campaign: Campaign): boolean {
  return payingRules(campaign).every(rule => isOnly(rule, ['paid', 'code', 'friend']));
}
