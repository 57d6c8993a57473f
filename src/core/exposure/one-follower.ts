// The most one follower can take, in a day and in all, whatever they do and however lucky they are: worked out from the rules
// themselves. Every limit that bounds a follower is a sum over the ways there are (`ways.ts`), and so is what they take; wallets
// that feed each other are just more sums. Where nothing about one follower ends it, `endless` says by which rules.

import { type Fen, fen } from '../base/money.ts';
import { DAY, HOUR, MINUTE } from '../base/time.ts';
import { isBound } from '../mechanics/round.ts';
import type { Campaign, Rule, Trigger } from '../rules/campaign.ts';
import { isRedPacket } from '../rules/campaign-query.ts';
import { netCost } from './back.ts';
import { daysOf } from './open-days.ts';
import { kindsOf, monthsIn } from './rule-days.ts';
import { type Bounded, type Most, mostOf } from './simplex.ts';
import {
  daysIn,
  daysOfSteps,
  earnedBy,
  isDrawn,
  isGain,
  isOpen,
  meanEarnedBy,
  type Source,
  type Span,
  splitOf,
  timesOf,
  timesOfStep,
  type Way,
  waysOf,
} from './ways.ts';

/** What a merchant gives one follower on one day. */
type CapsOfOne = { readonly perUserPerDay: number; readonly amountPerUserPerDay: Fen };

type MostOfOne = {
  /** What nobody can be above, budget included. */
  readonly day: Fen;
  readonly ever: Fen;
  /** The same by what is about one follower alone; absent: only budget and stock end it, as with payments that go on. */
  readonly own: { readonly day?: Fen; readonly ever?: Fen };
  /** What each claim is paid for by, where that is what `own` has no figure for: money, or a printed code. */
  readonly per: readonly Exclude<Source, 'free'>[];
  /** A way to take more and more that costs less than it brings: nothing but the budget ends it. */
  readonly endless?: Endless;
};

/** `gives`: the rules that give; `feeds`: those that make it possible, by what they earn. */
export type Endless = {
  readonly gives: readonly Rule[];
  readonly feeds: readonly Rule[];
  readonly cost: Fen;
  /** As much of the cost as whoever paid has back by other rules and files. */
  readonly back: Fen;
  readonly brings: Fen;
};

/** Nobody reads the sums of more ways than that, and it would take too long. */
const WAYS_MAX = 400;
/** Each limit of what is printed or paid for is far beyond what anybody does. */
const MANY = 1e9;

/** `beside`: other campaigns that answer the same payments. */
export function mostOfOne(campaign: Campaign, caps?: CapsOfOne, beside: readonly Campaign[] = []): MostOfOne {
  // Nobody is of two kinds: gold and silver, born on this day and on that.
  const kinds = waysOfKinds(campaign).map(ways => mostOfKind(campaign, ways, caps));
  const largest = (each: (kind: OfKind) => number): number => Math.max(0, ...kinds.map(each));
  const [day, ever] = [largest(kind => kind.day), largest(kind => kind.ever)];
  const open = openIn(campaign);
  const endless = endlessOf(campaign, open, beside);
  const budget = campaign.budget?.total ?? 0;
  return {
    day: whole(
      Math.min(
        largest(kind => Math.min(kind.dayAll, kind.everAll)),
        budget,
      ),
    ),
    ever: whole(
      Math.min(
        largest(kind => kind.everAll),
        budget,
      ),
    ),
    own: { ...(day < Infinity && { day: whole(Math.min(day, ever)) }), ...(ever < Infinity && { ever: whole(ever) }) },
    per: ever < Infinity ? [] : sourcesWithoutEnd(campaign, open),
    ...(endless && { endless }),
  };
}

type OfKind = { readonly day: number; readonly ever: number; readonly dayAll: number; readonly everAll: number };

function mostOfKind(campaign: Campaign, ways: readonly Way[], caps: CapsOfOne | undefined): OfKind {
  const isTooMuch = ways.length > WAYS_MAX;
  const worth = ways.map(({ most }) => most);
  const sumOf = (span: Span, others: readonly Bounded[]): number =>
    isTooMuch ? Infinity : finite(solve(campaign, ways, worth, span, others));
  const ofAll = (span: Span): number =>
    sumOf(span, [...ofBudget(campaign, ways, span), ...ofMerchant(campaign, ways, span, caps)]);
  return { day: sumOf('day', []), ever: sumOf('ever', []), dayAll: ofAll('day'), everAll: ofAll('ever') };
}

const ofKinds = new WeakMap<Campaign, readonly (readonly Way[])[]>();

/** What each kind of people can do. */
function waysOfKinds(campaign: Campaign): readonly (readonly Way[])[] {
  const found = ofKinds.get(campaign) ?? kindsOf(campaign)?.map(kind => waysOf(campaign, kind)) ?? [waysOf(campaign)];
  ofKinds.set(campaign, found);
  return found;
}

/** What can be done so many times and no more is no part of what has no end. */
function openIn(campaign: Campaign): Way[] {
  return waysOf(campaign)
    .filter(way => isOpen(campaign, way))
    .slice(0, WAYS_MAX);
}

/** The same as `mostOfOne(campaign).endless`, without the sums. */
export function isEndless(campaign: Campaign, beside: readonly Campaign[] = []): boolean {
  const open = openIn(campaign);
  return open.length > 0 && endlessOf(campaign, open, beside) !== undefined;
}

/** What one follower who does everything has in all, with luck as it is on the average; absent: nothing about them ends it. */
export function averageOfOne(campaign: Campaign): Fen | undefined {
  const kinds = waysOfKinds(campaign);
  if (kinds.some(ways => ways.length > WAYS_MAX)) return undefined;
  const sums = kinds.map(ways => {
    const worth = ways.map(way => (isDrawn(way) ? 0 : way.mean));
    return finite(solve(campaign, ways, worth, 'ever', [], meanEarnedBy));
  });
  const sum = Math.max(0, ...sums);
  return sum === Infinity ? undefined : whole(sum);
}

/** How often one follower can come by what this rule gives, whatever they do; less than once is never. */
export function mostTimesOf(campaign: Campaign, rule: Rule): number {
  const ways = waysOf(campaign);
  if (ways.length > WAYS_MAX / 4) return Infinity; // it is asked for every rule
  const worth = ways.map(way => Number(way.rule === rule));
  return finite(solve(campaign, ways, worth, 'ever'));
}

function finite(most: Most): number {
  return most.kind === 'finite' ? most.sum : Infinity;
}

/** A sum of whole fen is whole: what is beyond is a rounding. */
function whole(sum: number): Fen {
  return fen(Math.floor(sum + 1e-6));
}

// ── Limits of one follower ───────────────────────────────────────────────────────────────────────────────────

/** What a way puts into a wallet: at best, or on the average. */
type Earning = (way: Way, wallet: string) => number;

function solve(
  campaign: Campaign,
  ways: readonly Way[],
  worth: readonly number[],
  span: Span,
  others: readonly Bounded[] = [],
  earning: Earning = earnedBy,
): Most {
  const earned = [...campaign.wallets.keys()].map((name, n) => [name, ways.length + n] as const);
  const amounts = [...worth, ...earned.map(() => 0)];
  const limits = [...ofFollower(campaign, ways, span), ...ofWallets(campaign, ways, span, earned, earning), ...others];
  return mostOf(amounts, limits);
}

/** The ways for which it holds, each so much. */
function sum(ways: readonly Way[], each: (way: Way) => number): Map<number, number> {
  return new Map(ways.flatMap((way, n) => (each(way) === 0 ? [] : [[n, each(way)] as const])));
}

function bounded(of: Map<number, number>, most: number | undefined): Bounded[] {
  return most === undefined || most === Infinity || of.size === 0 ? [] : [{ of, most }];
}

function ofFollower(campaign: Campaign, ways: readonly Way[], span: Span): Bounded[] {
  const { perUser, perScene, rounds, prizes } = campaign;
  const days = span === 'day' ? 1 : daysIn(campaign);
  const count = (fits: (way: Way) => boolean): Map<number, number> =>
    sum(ways, way => Number(!isDrawn(way) && fits(way)));
  const all = count(() => true);
  const scenes = scenesOf(campaign);
  const months = span === 'day' ? 1 : monthsIn(campaign);
  const inRounds = count(({ rule }) => rounds.length > 0 && isBound(rule, campaign));
  return [
    ...bounded(all, perUser.total),
    ...bounded(all, perUser.perDay === undefined ? undefined : perUser.perDay * days),
    ...bounded(all, perUser.perMonth === undefined ? undefined : perUser.perMonth * months),
    ...bounded(all, gapsIn(campaign, span)),
    ...bounded(inRounds, perUser.perRound === undefined ? undefined : perUser.perRound * rounds.length),
    ...bounded(
      count(({ rule }) => rule.on.every(isOfScene)),
      perScene.perUser === undefined ? undefined : perScene.perUser * scenes,
    ),
    ...bounded(count(isGain), perUser.wins),
    ...bounded(
      sum(ways, way => (isDrawn(way) ? 0 : way.most)),
      perUser.amountPerDay === undefined ? undefined : perUser.amountPerDay * days,
    ),
    ...[...prizes.values()].flatMap(prize =>
      bounded(
        count(way => way.prizes.includes(prize)),
        prize.perUser,
      ),
    ),
    ...ofRules(campaign, ways, span),
  ];
}

function ofRules(campaign: Campaign, ways: readonly Way[], span: Span): Bounded[] {
  const { perDay, gap } = campaign.perUser;
  const rules = new Map(ways.map(way => [way.rule, way] as const));
  return [...rules].flatMap(([rule, one]) => {
    const mine = (fits: (way: Way) => boolean): Map<number, number> =>
      sum(ways, way => Number(way.rule === rule && fits(way)));
    const steps = new Set(ways.flatMap(way => (way.rule === rule && way.step !== undefined ? [way.step] : [])));
    return [
      // A friend's deed is an occasion of its own, whatever `once` says, but for `ever`.
      ...bounded(
        mine(({ source }) => source !== 'friend' || rule.once === 'ever'),
        timesOf(campaign, one, span),
      ),
      ...(isDrawn(one)
        ? []
        : bounded(
            mine(() => true),
            Math.min(perDay ?? Infinity, gap ? timesPerDay(campaign, gap) : Infinity) *
              (span === 'day' ? 1 : one.open.days),
          )),
      ...[...steps].flatMap(step =>
        bounded(
          mine(way => way.step === step),
          timesOfStep(campaign, one, step),
        ),
      ),
      ...ofStreak(campaign, ways, one),
    ];
  });
}

/** Who comes to the seventh day needs seven for it, and none of them again. */
function ofStreak(campaign: Campaign, ways: readonly Way[], one: Way): Bounded[] {
  const steps = daysOfSteps(campaign, one);
  if (!steps) return [];
  const costs = sum(ways, ({ rule, step }) => (rule === one.rule ? (steps.costs.get(step ?? '') ?? 0) : 0));
  return bounded(costs, steps.days);
}

/** Between two claims lies a pause. */
function gapsIn(campaign: Campaign, span: Span): number | undefined {
  const { gap } = campaign.perUser;
  if (gap === undefined || gap === 0) return undefined;
  const { from, to } = campaign.period;
  const inOneGo = Math.floor(((span === 'day' ? Math.min(DAY, to - from) : to - from) - 1) / gap) + 1;
  return Math.min(inOneGo, timesPerDay(campaign, gap) * (span === 'day' ? 1 : daysIn(campaign)));
}

/** From the first open minute of a day to the last. */
function timesPerDay(campaign: Campaign, gap: number): number {
  return Math.floor((daysOf(campaign).span * MINUTE - 1) / gap) + 1;
}

function isOfScene(trigger: Trigger): boolean {
  return trigger.kind === 'scan' || (trigger.kind === 'subscribe' && trigger.scenes !== undefined);
}

/** The scenes there can be; `Infinity` where a prefix leaves that open. */
function scenesOf({ stores, rules }: Campaign): number {
  if (stores) return stores.size;
  const names = new Set(
    rules.flatMap(({ on }) =>
      on.flatMap(trigger => (trigger.kind === 'scan' || trigger.kind === 'subscribe' ? (trigger.scenes ?? ['*']) : [])),
    ),
  );
  return [...names].some(name => name.endsWith('*')) ? Infinity : names.size;
}

// ── Wallets ──────────────────────────────────────────────────────────────────────────────────────────────────

/** What is spent was free or earned before. On one day somebody may spend what they saved on all others. */
function ofWallets(
  campaign: Campaign,
  ways: readonly Way[],
  span: Span,
  earned: readonly (readonly [string, number])[],
  earning: Earning,
): Bounded[] {
  return earned.flatMap(([name, at]) => {
    const { freePerDay = 0, earnPerDay, spendPerDay } = campaign.wallets.get(name)!;
    const spent = sum(ways, ({ rule }) => rule.spend.get(name) ?? 0);
    if (spent.size === 0) return [];
    const days = span === 'day' ? 1 : daysIn(campaign);
    const perDay = bounded(spent, spendPerDay === undefined ? undefined : spendPerDay * days);
    if (span === 'day') {
      const saved = mostEarned(campaign, ways, name);
      return [...perDay, ...bounded(spent, saved + freePerDay)];
    }
    const gained = sum(ways, way => -earning(way, name));
    return [
      ...perDay,
      { of: new Map([...gained, [at, 1]]), most: 0 },
      ...bounded(new Map([[at, 1]]), earnPerDay === undefined ? undefined : earnPerDay * days),
      { of: new Map([...spent, [at, -1]]), most: freePerDay * days },
    ];
  });
}

function mostEarned(campaign: Campaign, ways: readonly Way[], wallet: string): number {
  const { earnPerDay } = campaign.wallets.get(wallet)!;
  const worth = ways.map(way => earnedBy(way, wallet));
  const perDays = earnPerDay === undefined ? Infinity : earnPerDay * daysIn(campaign);
  return Math.min(perDays, finite(solve(campaign, ways, worth, 'ever')));
}

// ── Limits of all together ───────────────────────────────────────────────────────────────────────────────────

function ofBudget(campaign: Campaign, ways: readonly Way[], span: Span): Bounded[] {
  const { budget, prizes, rounds } = campaign;
  const days = span === 'day' ? 1 : daysIn(campaign);
  const money = sum(ways, ({ most }) => most);
  const packets = sum(ways, ({ most }) => Number(most > 0));
  const times = (perDay: number | undefined): number | undefined => (perDay === undefined ? undefined : perDay * days);
  const inTime = (each: (way: Way) => number): Map<number, number> => sum(ways, way => (isDrawn(way) ? 0 : each(way)));
  return [
    ...bounded(money, budget?.total ?? 0),
    ...bounded(
      inTime(({ most }) => most),
      times(budget?.perDay),
    ),
    ...bounded(packets, budget?.packets),
    ...bounded(
      inTime(({ most }) => Number(most > 0)),
      times(budget?.packetsPerDay),
    ),
    ...bounded(
      inTime(way => splitOf(way, campaign)),
      rounds.reduce((all, { total }) => all + total, 0),
    ),
    ...[...prizes.values()].flatMap(prize => {
      const mine = sum(ways, way => Number(way.prizes.includes(prize)));
      const today = inTime(way => Number(way.prizes.includes(prize)));
      const listed = prize.kind === 'coupon' ? prize.coupons.length : undefined;
      return [...bounded(mine, prize.stock), ...bounded(mine, listed), ...bounded(today, times(prize.perDay))];
    }),
  ];
}

/** A day of the campaign may lie in two of the calendar, and what is delayed leaves on others. */
function ofMerchant(campaign: Campaign, ways: readonly Way[], span: Span, caps: CapsOfOne | undefined): Bounded[] {
  if (!caps) return [];
  const paid = ways.filter(({ prize }) => prize && isRedPacket(prize));
  const delays = new Set(paid.map(({ rule }) => rule.delay ?? 0));
  const begins = campaign.period.dayStartsAt * MINUTE;
  const isWhole = begins === 0 && [...delays].every(delay => delay % DAY === 0);
  const days = span === 'ever' ? daysIn(campaign) + 1 : 1;
  const count = days * delays.size * (isWhole ? 1 : 2);
  // Who is drawn is paid on a day of their own.
  const isPacket = (way: Way): boolean => way.prize !== undefined && isRedPacket(way.prize) && !isDrawn(way);
  return [
    ...bounded(
      sum(ways, way => (isPacket(way) ? way.most : 0)),
      caps.amountPerUserPerDay * count,
    ),
    ...bounded(
      sum(ways, way => Number(isPacket(way))),
      caps.perUserPerDay * count,
    ),
  ];
}

// ── Without end ──────────────────────────────────────────────────────────────────────────────────────────────

/** What a thing that is no money is worth at least: something. */
const SOMETHING = 1;
/** Who may take as often on one day can go on all day: every hour. */
const ALL_DAY = DAY / HOUR;

/** To have it again is worth something: a ticket for a draw as well, but not a text that is the same for all. */
function isTaken(way: Way): boolean {
  const isSameText = way.prize?.kind === 'text' && way.most === 0;
  return (isGain(way) && !isSameText) || way.rule.enter !== undefined;
}

/** A short pause ends nothing, but where it is open for a short time. */
function restless(campaign: Campaign): Campaign {
  const { gap, ...perUser } = campaign.perUser;
  return gap && timesPerDay(campaign, gap) > ALL_DAY ? { ...campaign, perUser } : campaign;
}

/**
 * What can be repeated for ever and brings more than it costs. What is paid is given back where the order is refunded, and of a
 * draw nobody has more than its average in the long run. Printed codes come to an end, however many there are.
 */
function endlessOf(campaign: Campaign, ways: readonly Way[], beside: readonly Campaign[]): Endless | undefined {
  const net = new Map(ways.map(way => [way, netCost(campaign, way, beside)]));
  const worth = ways.map(way => (isTaken(way) ? Math.max(way.mean, SOMETHING) : 0) - net.get(way)!);
  const codes = sum(ways, ({ source }) => Number(source === 'code'));
  const most = solve(restless(campaign), ways, worth, 'ever', bounded(codes, MANY), meanEarnedBy);
  if (most.kind === 'finite') return undefined;
  const taken = [...most.ray].filter(([n]) => n < ways.length).map(([n, times]) => [ways[n]!, times] as const);
  const gives = taken.filter(([way]) => isTaken(way)).map(([{ rule }]) => rule);
  const feeds = taken
    .filter(([way]) => !isTaken(way) || way.rule.earn.size > 0 || way.prize?.kind === 'earn')
    .map(([{ rule }]) => rule);
  const [main] = taken.filter(([way]) => isTaken(way));
  const cost = taken.reduce((all, [way, times]) => all + way.cost * times, 0);
  const paid = taken.reduce((all, [way, times]) => all + net.get(way)! * times, 0);
  return {
    gives: [...new Set(gives)],
    feeds: [...new Set(feeds)].filter(rule => !gives.includes(rule)),
    cost: fen(Math.ceil(cost / (main?.[1] ?? 1))),
    back: fen(Math.round((cost - paid) / (main?.[1] ?? 1))),
    brings: fen(Math.max(0, ...ways.filter(({ rule }) => gives.includes(rule)).map(({ most }) => most))),
  };
}

/** What the claims without end are paid for by. */
function sourcesWithoutEnd(campaign: Campaign, ways: readonly Way[]): Exclude<Source, 'free'>[] {
  return (['paid', 'friend', 'code'] as const).filter(source => {
    const worth = ways.map(way => (way.source === source ? way.most : 0));
    return solve(campaign, ways, worth, 'ever').kind === 'endless';
  });
}
