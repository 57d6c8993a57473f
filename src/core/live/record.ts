// What a store remembers of the campaigns that went live: names inside and outside, and whatever may not change, or not
// without a word, once somebody has claimed. Written as JSON; a field that is absent was not known yet.

import { createHash } from 'node:crypto';
import type { Instant } from '../base/time.ts';
import type { Campaign, FinalDraw, Once, Prize, Rule, Trigger } from '../rules/campaign.ts';
import { hasDraw, isCash, makesClaims } from '../rules/campaign-query.ts';
import type { Named } from '../rules/renamed.ts';
import { comparedBy } from '../triggers/index.ts';

/** An element by the name inside. */
export type LiveMark = Named & { readonly id: string };

export type LiveRule = LiveMark & {
  readonly once: Once;
  /** Whether it gives or counts anything. */
  readonly gives: boolean;
  /** Whether it counts times or days, under its name. */
  readonly counts?: true;
  /** What starts it, piece by piece, and the batches of printed codes among that. */
  readonly on: readonly string[];
  readonly batches: readonly string[];
  /** `small 70, big 1`: each draw of it. */
  readonly odds: string;
};

/** The lines of a list, as prints of its beginnings: of `step` lines, of twice as many … and of all. */
type ListPrint = { readonly lines: number; readonly step: number; readonly prints: readonly string[] };

export type LivePrize = LiveMark & {
  readonly kind: Prize['kind'];
  /** What it is worth, as it is compared: `100..280`, `steps …`, `split …`. */
  readonly worth: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly coupons?: ListPrint;
};

type LiveRound = LiveMark & {
  readonly to: Instant;
  readonly packets: number;
  readonly total: number;
};

/** `winners`: how many of each prize. */
export type LiveDraw = {
  readonly id: string;
  readonly at: Instant;
  readonly winners: Readonly<Record<string, number>>;
};

type LiveKinds = {
  readonly rules: readonly LiveRule[];
  readonly prizes: readonly LivePrize[];
  readonly rounds: readonly LiveRound[];
  readonly wallets: readonly LiveMark[];
};
export type LiveKind = keyof LiveKinds;

export type LiveCampaign = LiveMark &
  LiveKinds & {
    readonly account?: string;
    readonly from: Instant;
    readonly to: Instant;
    readonly dayStartsAt: number;
    /** Whether anything is drawn by the seed. */
    readonly draws: boolean;
    /** SHA-256 of the seed. */
    readonly commitment?: string;
    /** By where they stand: `budget.total`, `limits.perUser.wins`. */
    readonly limits: Readonly<Record<string, number>>;
    readonly scenes?: readonly string[];
    /** What is drawn at the end, and when; a record of before does not say. */
    readonly finalDraws?: readonly LiveDraw[];
    /** What was live in it once, and is not now. */
    readonly gone?: LiveKinds;
  };

export type LiveRecord = {
  readonly format: 1;
  readonly campaigns: readonly LiveCampaign[];
  readonly gone: readonly LiveCampaign[];
};

/** The first of each: a campaign may have ten thousand rules, of which each is looked for. */
export function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map([...all].reverse().map(each => [each.id, each]));
}

/** Prints of one list. */
const PRINTS_MAX = 1000;

/** `undefined`: nothing of it is paid, so that nothing needs to be remembered. */
export function snapshotOf(campaign: Campaign, commitment?: string): LiveCampaign | undefined {
  if (campaign.mode === 'draft' || campaign.mode === 'shadow') return undefined;
  const { id, account, period, stores, prizes, wallets, rounds, rules, draws } = campaign;
  const { from, to, dayStartsAt } = period;
  const list = [...prizes.values()];
  const isSplit = list.some(prize => isCash(prize) && (prize.split || prize.min < prize.max));
  return {
    ...markOf(id, campaign),
    ...(account !== undefined && { account }),
    ...{ from, to, dayStartsAt },
    draws: hasDraw(campaign) || isSplit,
    ...(commitment !== undefined && { commitment }),
    limits: limitsOf(campaign),
    ...(stores && { scenes: [...stores.keys()] }),
    ...(draws && { finalDraws: [...draws.values()].map(liveDraw) }),
    rules: rules.map(rule => liveRule(rule, campaign)),
    prizes: list.map(livePrize),
    rounds: rounds.map(round => ({
      ...markOf(round.name, round),
      ...{ to: round.to, packets: round.packets, total: round.total },
    })),
    wallets: [...wallets.values()].map(wallet => markOf(wallet.name, wallet)),
  };
}

function liveDraw({ name, at, winners }: FinalDraw): LiveDraw {
  return { id: name, at, winners: Object.fromEntries(winners) };
}

function markOf(id: string, { called, names, isNew }: Named): LiveMark {
  return { id, ...(called !== undefined && { called }), ...(names && { names }), ...(isNew && { isNew }) };
}

function liveRule(rule: Rule, campaign: Campaign): LiveRule {
  const { prizes } = campaign;
  const { id, once, on, give, giveAt, streak, makeUp, all } = rule;
  const draws = all ? [] : giveAt ? [...giveAt.values()] : [give];
  const text = (names: readonly string[]): string =>
    names.map(name => `${name} ${prizes.get(name)?.weight ?? 0}`).join(', ');
  return {
    ...markOf(id, rule),
    once,
    gives: makesClaims(rule),
    ...((giveAt || streak || makeUp !== undefined) && { counts: true }),
    on: on.flatMap(trigger => piecesOf(trigger, campaign)),
    batches: on.flatMap(trigger => (trigger.kind === 'code' ? [trigger.batch] : [])),
    odds: draws
      .filter(names => names.length > 1)
      .map(text)
      .join('; '),
  };
}

/** What starts a rule, in pieces that are compared one by one. */
function piecesOf(trigger: Trigger, campaign: Campaign): string[] {
  const { kind } = trigger;
  if (kind === 'text') {
    if (trigger.match === 'exact' || trigger.match === 'contains') return trigger.words.map(word => `text ${word}`);
    if (trigger.match === 'pattern') return trigger.patterns.map(({ source }) => `text ${source}`);
    return [`text ${trigger.match}`];
  }
  const pieces = comparedBy(trigger, campaign)?.map(name => `${kind} ${name}`) ?? [kind];
  if (kind !== 'scancode' || !trigger.text) return pieces;
  const read = piecesOf(trigger.text, campaign);
  return pieces.flatMap(piece => read.map(each => `${piece} ${each}`));
}

function livePrize(prize: Prize): LivePrize {
  const { name, kind, stock, perDay, perUser } = prize;
  return {
    ...markOf(name, prize),
    kind,
    worth: worthOf(prize),
    limits: defined({ stock, perDay, perUser }),
    ...(prize.kind === 'coupon' && { coupons: printsOf(prize.coupons) }),
  };
}

function worthOf(prize: Prize): string {
  if (prize.kind === 'text') return `text ${prize.text}`;
  if (prize.kind === 'goods') return `goods ${prize.what}`;
  if (!isCash(prize)) return prize.kind;
  const { min, max, steps, split } = prize;
  if (steps) return `steps ${steps.map(({ from, amount }) => `${from}:${amount}`).join(' ')}`;
  return `${split ? 'split ' : ''}${min}..${max}`;
}

function limitsOf({ budget, perUser, perScene, perMinute }: Campaign): Record<string, number> {
  const under = (base: string, limits: Readonly<Record<string, number | undefined>>): [string, number | undefined][] =>
    Object.entries(limits).map(([name, limit]) => [`${base}.${name}`, limit]);
  const { total, perDay, packets, packetsPerDay, pace } = budget ?? {};
  return defined(
    Object.fromEntries([
      ...under('budget', { total, perDay, packets, packetsPerDay }),
      ['budget.pace.perHour', pace?.perHour],
      ...under('limits.perUser', { ...perUser }),
      ...under('limits.perScene', { ...perScene }),
      ['limits.perMinute', perMinute],
    ]),
  );
}

function defined(limits: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────

function printsOf(list: readonly string[]): ListPrint {
  const step = Math.max(1, Math.ceil(list.length / PRINTS_MAX));
  return { lines: list.length, step, prints: printsUpTo(list, step, list.length) };
}

/** Of the first `step` lines, of the first twice as many …, up to so many. */
function printsUpTo(list: readonly string[], step: number, lines: number): string[] {
  const hash = createHash('sha256');
  const prints: string[] = [];
  for (let n = 0; n < lines; n++) {
    hash.update(`${list[n] ?? ''}\n`);
    if ((n + 1) % step === 0 || n + 1 === lines) prints.push(hash.copy().digest('hex').slice(0, 10));
  }
  return prints;
}

/**
 * Whether the first `used` lines of a list are what they were. Of a very long one it is told by more than these: by the
 * next of its prints.
 */
export function isSameBeginning(before: ListPrint, list: readonly string[], used: number): boolean {
  if (used === 0) return true;
  if (list.length < Math.min(used, before.lines)) return false;
  const count = Math.min(before.prints.length, Math.ceil(used / before.step));
  const lines = Math.min(before.lines, count * before.step);
  return printsUpTo(list, before.step, lines)[count - 1] === before.prints[count - 1];
}

// ── What is remembered next ──────────────────────────────────────────────────────────────────────────────────

/** What was live once is never forgotten: it may have been claimed. */
export function recordAfter(before: LiveRecord | undefined, now: readonly LiveCampaign[]): LiveRecord {
  const former = [...(before?.campaigns ?? []), ...(before?.gone ?? [])];
  const isLive = (id: string): boolean => now.some(each => each.id === id);
  return {
    format: 1,
    campaigns: now.map(campaign => {
      const gone = goneAfter(
        former.find(({ id }) => id === campaign.id),
        campaign,
      );
      return { ...campaign, ...(gone && { gone }) };
    }),
    gone: former.filter(({ id }) => !isLive(id)),
  };
}

function goneAfter(before: LiveCampaign | undefined, now: LiveCampaign): LiveKinds | undefined {
  if (!before) return undefined;
  const left = <T extends LiveMark>(of: (kinds: LiveKinds) => readonly T[]): T[] => {
    const there = byId(of(now));
    return [...of(before), ...(before.gone ? of(before.gone) : [])].filter(({ id }) => !there.has(id));
  };
  return {
    rules: left(of => of.rules),
    prizes: left(of => of.prizes),
    rounds: left(of => of.rounds),
    wallets: left(of => of.wallets),
  };
}

/** What a store has left behind; `undefined`: nothing, or something nobody can read. */
export function recordFrom(note: string | undefined): LiveRecord | undefined {
  if (note === undefined || note === '') return undefined;
  const record = JSON.parse(note) as LiveRecord;
  return record.format === 1 ? record : undefined;
}

/** When the period of one has to do with that of the other. */
export function overlap(one: Pick<LiveCampaign, 'from' | 'to'>, other: Pick<LiveCampaign, 'from' | 'to'>): boolean {
  return one.from < other.to && other.from < one.to;
}

export function isOver({ to }: Pick<LiveCampaign, 'to'>, now: Instant): boolean {
  return to <= now;
}
