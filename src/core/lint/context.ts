// What every check of a campaign is given, and what they all ask of one. Pure.

import { type Fen, fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import type { Campaign, Prize, Rule, Trigger } from '../rules/campaign.ts';
import type { Path } from '../yaml/path-position.ts';
import type { LintId, LintSettings } from './catalogue.ts';

/** A campaign that was read without a finding, and the text it was read from. */
export type LintInput = { readonly campaign: Campaign; readonly text: string };

/** What a merchant pays at most, and how fast. */
export type Caps = {
  readonly perSecond: number;
  readonly perUserPerDay: number;
  readonly amountPerUserPerDay: Fen;
  readonly amountPerDay: Fen;
};

/** As much of bot.yaml as the checks need. Files that are looked at by themselves have none of it. */
export type LintAround = {
  readonly accounts: ReadonlyMap<string, { readonly merchant?: string | undefined }>;
  readonly merchants: ReadonlyMap<string, { readonly name: string; readonly channel?: string; readonly limits: Caps }>;
  readonly lint: LintSettings;
  /** Absent: nothing is said about a campaign being over. */
  readonly now?: Instant;
};

/** WeChat Pay's own, where a merchant has no others (reference: sendredpack). */
export const WECHAT_CAPS: Caps = {
  perSecond: 30,
  perUserPerDay: 10,
  amountPerUserPerDay: fen(1_000_00),
  amountPerDay: fen(1_000_000_00),
};

/** The law's own cap on the highest prize of a draw. */
export const TOP_PRIZE = fen(50_000_00);

/** Around files that are looked at by themselves. */
export const ALONE: LintAround = {
  accounts: new Map(),
  merchants: new Map(),
  lint: { severity: {}, topPrize: TOP_PRIZE },
};

/** `word`: the part of the text at `path` that is meant. */
export type Saying = { readonly advice?: string; readonly word?: string };

export type Linting = {
  readonly campaign: Campaign;
  /** Every campaign that is looked at, in the order in which they are asked. */
  readonly all: readonly Campaign[];
  /** The account a campaign belongs to. */
  accountOf(campaign: Campaign): string;
  readonly caps: Caps;
  /** Whose caps: `merchant "shop"`. */
  readonly payer: string;
  readonly channel: string | undefined;
  readonly topPrize: Fen;
  readonly now: Instant | undefined;
  say(id: LintId, path: Path, message: string, more?: Saying): void;
};

// ── What a campaign gives ────────────────────────────────────────────────────────────────────────────────────

export type Cash = Extract<Prize, { readonly kind: 'redpacket' }>;

/** Whether it gives or counts anything; other rules only answer. */
export function makesClaims({ give, earn, assigned, makeUp }: Rule): boolean {
  return give.length > 0 || earn.size > 0 || assigned === true || makeUp !== undefined;
}

const known = new WeakMap<Campaign, Map<Rule, readonly Prize[]>>();

/** The prizes a rule can come to. Every check asks. */
export function prizesGiven(campaign: Campaign, rule: Rule): readonly Prize[] {
  const ofCampaign = known.get(campaign) ?? new Map<Rule, readonly Prize[]>();
  known.set(campaign, ofCampaign);
  const before = ofCampaign.get(rule);
  if (before) return before;
  const names = rule.assigned ? [...campaign.prizes.keys()] : rule.give;
  const prizes = names.map(name => campaign.prizes.get(name)!);
  const isWorth = prizes.some(({ kind }) => kind !== 'nothing');
  const fallback = [...campaign.prizes.values()].filter(prize => prize.fallback && !prizes.includes(prize) && isWorth);
  const given = [...prizes, ...fallback];
  ofCampaign.set(rule, given);
  return given;
}

export function isCash(prize: Prize): prize is Cash {
  return prize.kind === 'redpacket';
}

export function cashGiven(campaign: Campaign, rule: Rule): Cash[] {
  return prizesGiven(campaign, rule).filter(isCash);
}

/** Rules that can come to money. */
export function payingRules(campaign: Campaign): Rule[] {
  return campaign.rules.filter(rule => cashGiven(campaign, rule).length > 0);
}

/** Whether it draws among several prizes. */
export function isDraw({ give, giveAt }: Rule): boolean {
  return giveAt ? [...giveAt.values()].some(names => names.length > 1) : give.length > 1;
}

/** Whether every trigger of the rule is one of these. */
export function isOnly(rule: Rule, kinds: readonly Trigger['kind'][]): boolean {
  return rule.on.every(({ kind }) => kinds.includes(kind));
}

export function hasTrigger(rule: Rule, kinds: readonly Trigger['kind'][]): boolean {
  return rule.on.some(({ kind }) => kinds.includes(kind));
}

/** The highest amount of these; nothing where there is none. */
export function mostOf(prizes: readonly Cash[]): Fen {
  return fen(Math.max(0, ...prizes.map(({ max }) => max)));
}

export function leastOf(prizes: readonly Cash[]): Fen {
  return fen(Math.min(...prizes.map(({ min }) => min)));
}
