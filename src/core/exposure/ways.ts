// The ways in which one follower comes by something: a rule, what started it, and what it gave. How often each can be gone is
// a limit; what it costs whoever goes it stands beside what it is worth.

import type { Fen } from '../base/money.ts';
import { DAY, MINUTE } from '../base/time.ts';
import { isBound } from '../mechanics/round.ts';
import type { Campaign, Prize, Rule, Trigger } from '../rules/campaign.ts';
import { type Cash, isCash, isVoucher, isWorth, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import { DAYS_MAX, daysOf } from './open-days.ts';

/**
 * What starts a claim: `free`: something they can do as often as they like; `paid`, `friend`: money of their own, or of
 * somebody they brought; `code`: a code that was printed.
 */
export type Source = 'free' | 'paid' | 'friend' | 'code';

export type Way = {
  readonly rule: Rule;
  readonly source: Source;
  /** Absent: it only counts. */
  readonly prize?: Prize;
  /** Prizes that one draw is among. */
  readonly step?: string;
  /** What it brings at most, and on the average of the draw; fen. */
  readonly most: number;
  readonly mean: number;
  /** What somebody pays for it at least; fen. */
  readonly cost: number;
  /** What its draw puts into wallets on the average. */
  readonly adds?: ReadonlyMap<string, number>;
};

/** Of one day, or of the whole campaign. */
export type Span = 'day' | 'ever';

/** As little as can be paid. */
const LEAST_PAYMENT = 1;

function sourceOf(trigger: Trigger): { readonly source: Source; readonly cost: number } {
  switch (trigger.kind) {
    case 'paid':
      return { source: 'paid', cost: trigger.over ?? LEAST_PAYMENT };
    case 'friend':
      return { source: 'friend', cost: trigger.did === 'paid' ? (trigger.over ?? LEAST_PAYMENT) : 0 };
    case 'code':
      return { source: 'code', cost: 0 };
    default:
      return { source: 'free', cost: 0 };
  }
}

/** Each kind once, the cheapest. */
function sourcesOf({ on }: Rule): Map<Source, number> {
  const costs = new Map<Source, number>();
  for (const trigger of on) {
    const { source, cost } = sourceOf(trigger);
    costs.set(source, Math.min(cost, costs.get(source) ?? Infinity));
  }
  return costs;
}

export function waysOf(campaign: Campaign): Way[] {
  return campaign.rules.filter(makesClaims).flatMap(rule => {
    const counting = (source: Source, cost: number): Way => ({ rule, source, most: 0, mean: 0, cost });
    const isCounting = rule.give.length === 0 || rule.giveAt !== undefined;
    return [...sourcesOf(rule)].flatMap(([source, cost]) => [
      ...(isCounting && !rule.assigned ? [counting(source, cost)] : []),
      ...(rule.all ? allAtOnce(campaign, rule, source, cost) : drawWays(campaign, rule, source, cost)),
    ]);
  });
}

function drawWays(campaign: Campaign, rule: Rule, source: Source, cost: number): Way[] {
  const sure = sureOf(campaign, rule);
  return drawsOf(campaign, rule).flatMap(({ prizes, step }) =>
    prizes.flatMap(prize => givingWays(prize, { rule, source, cost, step, prizes, sure })),
  );
}

/** What the guaranteed draw (保底) adds to each on the average, at most. */
function sureOf({ prizes }: Campaign, { guaranteed }: Rule): number {
  if (!guaranteed) return 0;
  const cash = guaranteed.give.map(name => prizes.get(name)!).filter(isCash);
  return Math.max(0, ...cash.map(({ max }) => max)) / guaranteed.within;
}

/** One way; of its prizes a voucher stands for all, which no merchant's limit bounds, else one that is paid. */
function allAtOnce(campaign: Campaign, rule: Rule, source: Source, cost: number): Way[] {
  const prizes = prizesGiven(campaign, rule).filter(({ name }) => rule.give.includes(name));
  const cash = prizes.filter(isCash);
  const prize = cash.find(isVoucher) ?? cash[0] ?? prizes.find(isWorth) ?? prizes[0];
  if (!prize) return [];
  const most = cash.reduce((sum, { max }) => sum + max, 0);
  const mean = cash.reduce((sum, { min, max }) => sum + (min + max) / 2, 0);
  return [{ rule, source, prize, most, mean, cost }];
}

type Draw = { readonly prizes: readonly Prize[]; readonly step?: string };

function drawsOf(campaign: Campaign, rule: Rule): Draw[] {
  const fallback = prizesGiven(campaign, rule).filter(prize => prize.fallback);
  if (!rule.giveAt) {
    const prizes = prizesGiven(campaign, rule);
    return prizes.length === 0 ? [] : [{ prizes }];
  }
  const sets = new Map([...rule.giveAt.values()].map(names => [stepOf(names), names]));
  return [...sets].map(([step, names]) => ({
    prizes: [...new Set([...names.map(name => campaign.prizes.get(name)!), ...fallback])],
    step,
  }));
}

function stepOf(names: readonly string[]): string {
  return names.join('+');
}

type Going = {
  readonly rule: Rule;
  readonly source: Source;
  readonly cost: number;
  readonly step: string | undefined;
  readonly prizes: readonly Prize[];
  readonly sure: number;
};

/** Who comes out even can go on for long. */
const LUCK = 1.05;

/** What a draw among these puts into wallets on the average; luck does not last there either. */
function addsOf(prizes: readonly Prize[], rule: Rule): ReadonlyMap<string, number> | undefined {
  const { guaranteed } = rule;
  const adds = new Map<string, number>();
  for (const prize of prizes) {
    if (prize.kind !== 'earn') continue;
    const share = weightOf(prize, prizes, rule);
    const sure = guaranteed?.give.includes(prize.name) ? 1 / guaranteed.within : 0;
    const times = share === 1 ? 1 : Math.min(1, (share + sure) * LUCK);
    for (const [wallet, count] of prize.adds) adds.set(wallet, (adds.get(wallet) ?? 0) + count * times);
  }
  return adds.size === 0 ? undefined : adds;
}

/** By what was paid there may be several. */
function givingWays(prize: Prize, { rule, source, cost, step, prizes, sure }: Going): Way[] {
  const adds = addsOf(prizes, rule);
  const about = { rule, source, prize, ...(step !== undefined && { step }), ...(adds && { adds }) };
  if (!isCash(prize)) return [{ ...about, most: 0, mean: 0, cost }];
  if (!prize.steps) return [{ ...about, most: prize.max, mean: meanOf(prizes, rule) + sure, cost }];
  // Only a payment has an amount to go by.
  if (source !== 'paid') return [];
  const share = weightOf(prize, prizes, rule);
  return prize.steps.map(({ from, amount }: { readonly from: Fen; readonly amount: Fen }) => ({
    ...about,
    most: amount,
    mean: amount * share,
    cost: Math.max(from, cost),
  }));
}

/** With which chance it is drawn among these; of things printed beforehand nobody can choose. */
function weightOf(prize: Prize, prizes: readonly Prize[], { give }: Rule): number {
  // What is given when nothing is left is drawn as well where the rule names it.
  const drawn = prizes.filter(({ fallback, name }) => !fallback || give.includes(name));
  if (drawn.length <= 1) return 1;
  const sum = drawn.reduce((all, { weight }) => all + weight, 0);
  return sum === 0 ? 1 : prize.weight / sum;
}

/** What a draw comes to on the average: luck does not last. */
function meanOf(prizes: readonly Prize[], rule: Rule): number {
  const own = (prize: Prize): number =>
    isCash(prize) && !prize.steps ? ((prize.min + prize.max) / 2) * weightOf(prize, prizes, rule) : 0;
  return prizes.reduce((sum, prize) => sum + own(prize), 0);
}

// ── How often ────────────────────────────────────────────────────────────────────────────────────────────────

/** How many claims of a rule that are not about a friend fit into the span; `Infinity` where nothing bounds them. */
export function timesOf(campaign: Campaign, rule: Rule, span: Span): number {
  return Math.min(...[byOnce, byQuiz, byFirst, byMakeUp].map(each => each(campaign, rule, span)));
}

function byOnce(campaign: Campaign, { once, ...rule }: Rule, span: Span): number {
  const { from, to } = campaign.period;
  switch (once) {
    case 'ever':
      return 1;
    case 'perDay':
      return span === 'day' ? 1 : daysIn(campaign);
    case 'perWeek':
      return span === 'day' ? 1 : Math.ceil((to - from) / (7 * DAY)) + 1;
    case 'perMonth':
      return span === 'day' ? 1 : Math.ceil((to - from) / (28 * DAY)) + 1;
    case 'perRound': {
      const outside = isBound({ once, ...rule }, campaign) ? 0 : 1;
      return (span === 'day' ? roundsOfDay(campaign) : campaign.rounds.length) + outside;
    }
    case 'perEvent':
      return Infinity;
    default:
      return once satisfies never;
  }
}

function byQuiz(campaign: Campaign, { quiz }: Rule, span: Span): number {
  return quiz ? quiz.triesPerDay * (span === 'day' ? 1 : daysIn(campaign)) : Infinity;
}

/** Nobody follows for the first time twice. */
function byFirst(_: Campaign, { on }: Rule): number {
  return on.every(trigger => trigger.kind === 'subscribe' && trigger.first) ? 1 : Infinity;
}

/** It makes up for yesterday, and only where the day before counts. */
function byMakeUp(campaign: Campaign, { makeUp }: Rule, span: Span): number {
  if (makeUp === undefined) return Infinity;
  return span === 'day' ? 1 : Math.ceil(daysIn(campaign) / 2);
}

/** The campaign's own days, open or not, that the period touches. */
function calendarDays({ period: { from, to } }: Campaign): number {
  return Math.ceil((to - from) / DAY) + 1;
}

/** The days on which it is open; of very long ones all are. */
export function daysIn(campaign: Campaign): number {
  const all = calendarDays(campaign);
  return all > DAYS_MAX ? all : daysOf(campaign).days;
}

/** The most rounds that reach into one day. */
function roundsOfDay({ rounds, period }: Campaign): number {
  const dayOf = (at: number): number => Math.floor((at - period.dayStartsAt * MINUTE + BEIJING) / DAY);
  const counts = new Map<number, number>();
  for (const { from, to } of rounds)
    for (let day = dayOf(from); day <= dayOf(to - 1); day++) counts.set(day, (counts.get(day) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

const BEIJING = 8 * 60 * MINUTE;

/** How often each step's prizes can be had: of a count once, of a streak in every run that comes so far. */
export function timesOfStep(campaign: Campaign, rule: Rule, step: string): number {
  const places = [...(rule.giveAt ?? [])].filter(([, names]) => stepOf(names) === step).map(([place]) => place);
  const isRun = rule.streak !== undefined || rule.makeUp !== undefined;
  if (!isRun) return places.length;
  return places.reduce((sum, place) => sum + Math.floor(calendarDays(campaign) / place), 0);
}

/** It is worth something to whoever gets it. */
export function isGain({ prize }: Way): boolean {
  return prize !== undefined && isWorth(prize) && prize.kind !== 'earn'; // worth what its wallet buys
}

/** Who is drawn at the end took part in time: nothing that limits one follower, or one day, limits what they are given. */
export function isDrawn({ rule }: Way): boolean {
  return rule.on.some(({ kind }) => kind === 'drawn');
}

/** Of the money of a round: all that it brings, or its part where several prizes come together. */
export function splitOf({ rule, prize, most }: Way, { prizes }: Campaign): number {
  const isSplit = (each: Prize | undefined): each is Cash => each !== undefined && isCash(each) && each.split === true;
  if (!rule.all) return isSplit(prize) ? most : 0;
  return rule.give
    .map(name => prizes.get(name))
    .filter(isSplit)
    .reduce((sum, { max }) => sum + max, 0);
}

/** Nothing about the rule itself bounds how often. */
export function isOpen(campaign: Campaign, { rule, source }: Way): boolean {
  return (source === 'friend' && rule.once !== 'ever') || timesOf(campaign, rule, 'ever') === Infinity;
}

/** What it puts into a wallet, with the best of luck. */
export function earnedBy({ rule, prize }: Way, wallet: string): number {
  const drawn = prize?.kind === 'earn' ? prize.adds.get(wallet) : undefined;
  return (rule.earn.get(wallet) ?? 0) + (drawn ?? 0);
}

/** What it puts into a wallet on the average. */
export function meanEarnedBy({ rule, adds }: Way, wallet: string): number {
  return (rule.earn.get(wallet) ?? 0) + (adds?.get(wallet) ?? 0);
}
