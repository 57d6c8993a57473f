// The ways in which one follower comes by something: a rule, what started it, and what it gave. How often each can be gone is
// a limit; what it costs whoever goes it stands beside what it is worth.

import type { Fen } from '../base/money.ts';
import { DAY, MINUTE } from '../base/time.ts';
import { isOfPayments } from '../mechanics/refund.ts';
import { isBound } from '../mechanics/round.ts';
import type { Campaign, Prize, Rule, Trigger } from '../rules/campaign.ts';
import { type Cash, isCash, isVoucher, isWorth, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import { DAYS_MAX, daysOf } from './open-days.ts';
import { daysOfRule, type Kind, type RuleDays, wholeRun } from './rule-days.ts';

/**
 * What starts a claim: `free`: something they can do as often as they like; `paid`, `friend`: money of their own, or of
 * somebody they brought; `code`: a code that was printed.
 */
export type Source = 'free' | 'paid' | 'friend' | 'code';

export type Way = {
  readonly rule: Rule;
  readonly source: Source;
  /** The days on which it can be gone. */
  readonly open: RuleDays;
  /** Absent: it only counts. */
  readonly prize?: Prize;
  /** All that it brings: several where they come together. */
  readonly prizes: readonly Prize[];
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

/** `kind`: for whom; absent: for whoever has the most of each. */
export function waysOf(campaign: Campaign, kind?: Kind): Way[] {
  return campaign.rules.filter(makesClaims).flatMap(rule => {
    const open = daysOfRule(campaign, rule, kind);
    // Who is drawn at the end is so when the period is over.
    if (open.days === 0 && !rule.on.some(({ kind: on }) => on === 'drawn')) return [];
    const isCounting = rule.give.length === 0 || rule.giveAt !== undefined;
    return [...sourcesOf(rule)].flatMap(([source, cost]) => {
      const begun = { rule, source, cost, open };
      return [
        ...(isCounting && !rule.assigned ? [{ ...begun, prizes: [], most: 0, mean: 0 }] : []),
        ...(rule.all ? allAtOnce(campaign, begun) : drawWays(campaign, begun)),
      ];
    });
  });
}

type Begun = Pick<Way, 'rule' | 'source' | 'cost' | 'open'>;

function drawWays(campaign: Campaign, begun: Begun): Way[] {
  const sure = sureOf(campaign, begun.rule);
  return drawsOf(campaign, begun.rule).flatMap(({ prizes, step }) =>
    prizes.flatMap(prize => givingWays(prize, { begun, step, prizes, sure })),
  );
}

/** What the guaranteed draw (保底) adds to each on the average, at most. */
function sureOf({ prizes }: Campaign, { guaranteed }: Rule): number {
  if (!guaranteed) return 0;
  const cash = guaranteed.give.map(name => prizes.get(name)!).filter(isCash);
  return Math.max(0, ...cash.map(({ max }) => max)) / guaranteed.within;
}

/** One way; of its prizes a voucher stands for all, which no merchant's limit bounds, else one that is paid. */
function allAtOnce(campaign: Campaign, begun: Begun): Way[] {
  const { rule } = begun;
  const prizes = prizesGiven(campaign, rule).filter(({ name }) => rule.give.includes(name));
  const cash = prizes.filter(isCash);
  const prize = cash.find(isVoucher) ?? cash[0] ?? prizes.find(isWorth) ?? prizes[0];
  if (!prize) return [];
  const most = cash.reduce((sum, { max }) => sum + max, 0);
  const mean = cash.reduce((sum, { min, max }) => sum + (min + max) / 2, 0);
  return [{ ...begun, prize, prizes, most, mean }];
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
  readonly begun: Begun;
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
function givingWays(prize: Prize, { begun, step, prizes, sure }: Going): Way[] {
  const { rule, source, cost } = begun;
  const adds = addsOf(prizes, rule);
  const about = { ...begun, prize, prizes: [prize], ...(step !== undefined && { step }), ...(adds && { adds }) };
  if (!isCash(prize)) return [{ ...about, most: 0, mean: 0 }];
  if (!prize.steps) return [{ ...about, most: prize.max, mean: meanOf(prizes, rule) + sure }];
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
export function timesOf(campaign: Campaign, { rule, open }: Pick<Way, 'rule' | 'open'>, span: Span): number {
  const days = span === 'day' ? 1 : open.days;
  return Math.min(
    byOnce(campaign, rule, open, span),
    rule.quiz ? rule.quiz.triesPerDay * days : Infinity,
    byFirst(rule),
    // It makes up for yesterday, and only where the day before counts.
    rule.makeUp === undefined ? Infinity : span === 'day' ? 1 : Math.ceil(wholeRun(campaign) / 2),
  );
}

function byOnce(campaign: Campaign, { once, ...rule }: Rule, open: RuleDays, span: Span): number {
  const isDay = span === 'day';
  switch (once) {
    case 'ever':
      return 1;
    case 'perDay':
      return isDay ? 1 : open.days;
    case 'perWeek':
      return isDay ? 1 : open.weeks;
    case 'perMonth':
      return isDay ? 1 : open.months;
    case 'perRound': {
      const outside = isBound({ once, ...rule }, campaign) ? 0 : 1;
      return (isDay ? roundsOfDay(campaign) : campaign.rounds.length) + outside;
    }
    case 'perEvent':
      return Infinity;
    default:
      return once satisfies never;
  }
}

/** Nobody follows for the first time twice. */
function byFirst({ on }: Rule): number {
  return on.every(trigger => trigger.kind === 'subscribe' && trigger.first) ? 1 : Infinity;
}

/** The days on which it is open; of very long ones all are. */
export function daysIn(campaign: Campaign): number {
  const all = Math.ceil((campaign.period.to - campaign.period.from) / DAY) + 1;
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

// ── Steps, and days in a row ─────────────────────────────────────────────────────────────────────────────────

/** How often each step's prizes can be had: of a count once, of a streak in every run that comes so far. */
export function timesOfStep(campaign: Campaign, { rule, open }: Pick<Way, 'rule' | 'open'>, step: string): number {
  const places = placesOf(rule, step);
  const streak = streakOf(campaign, rule);
  if (!streak) return places.length;
  const times = (place: number): number => {
    const cost = streak.costOf(place);
    const runs = streak.runsIn(open).reduce((sum, run) => sum + Math.floor((run + streak.pause) / cost), 0);
    return place === streak.cycle ? Math.min(runs, streak.cycles) : runs;
  };
  return places.reduce((sum, place) => sum + times(place), 0);
}

/**
 * All steps of a streak use the same days: `costs` of each step, beside those before it, of which there are no more than `days`.
 * Absent where it is none.
 */
export function daysOfSteps(
  campaign: Campaign,
  { rule, open }: Pick<Way, 'rule' | 'open'>,
): { readonly costs: ReadonlyMap<string, number>; readonly days: number } | undefined {
  const streak = streakOf(campaign, rule);
  if (!streak || !rule.giveAt) return undefined;
  const costs = new Map<string, number>();
  let before = 0;
  for (const [place, names] of [...rule.giveAt].sort(([one], [other]) => one - other)) {
    const cost = streak.costOf(place);
    const step = stepOf(names);
    costs.set(step, Math.min(cost - before, costs.get(step) ?? Infinity));
    before = cost;
  }
  return { costs, days: streak.runsIn(open).reduce((sum, run) => sum + run + streak.pause, 0) };
}

function placesOf({ giveAt }: Rule, step: string): number[] {
  return [...(giveAt ?? [])].filter(([, names]) => stepOf(names) === step).map(([place]) => place);
}

type StreakOf = {
  readonly cycle: number;
  readonly cycles: number;
  /** Days that are left out to begin anew: none where a refund does it. */
  readonly pause: number;
  /** Days that it takes to come so far, and to begin anew where the cycle is not whole. */
  costOf(place: number): number;
  runsIn(open: RuleDays): readonly number[];
};

function streakOf(campaign: Campaign, rule: Rule): StreakOf | undefined {
  const own = rule.makeUp === undefined ? rule : campaign.rules.find(({ id }) => id === rule.makeUp);
  if (!own?.streak) return undefined;
  const { cycle, cycles = Infinity } = own.streak;
  const makingUp = campaign.rules.filter(({ makeUp }) => makeUp === own.id);
  const pause = [own, ...makingUp].some(isOfPayments) ? 0 : 1;
  return {
    cycle,
    cycles,
    pause,
    costOf: place => (place < cycle ? place + pause : cycle),
    runsIn: open => (makingUp.length > 0 ? [wholeRun(campaign)] : open.runs),
  };
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
export function isOpen(campaign: Campaign, way: Way): boolean {
  return (way.source === 'friend' && way.rule.once !== 'ever') || timesOf(campaign, way, 'ever') === Infinity;
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
