// What is asked of a campaign everywhere: what its rules give, what is drawn, under which ids it is known.
import { type Fen, fen } from '../base/money.ts';
import { instant } from '../base/time.ts';
import type { Campaign, Prize, Rule, Trigger } from './campaign.ts';
import { calledOf } from './renamed.ts';

/** A prize that costs money: a red packet is paid in cash, a voucher counts as what it may cost the shop. */
export type Cash = Extract<Prize, { readonly kind: 'redpacket' | 'voucher' }>;
type RedPacket = Extract<Prize, { readonly kind: 'redpacket' }>;
export type Voucher = Extract<Prize, { readonly kind: 'voucher' }>;
type Goods = Extract<Prize, { readonly kind: 'goods' }>;

/** Whether it gives or counts anything; other rules only answer. */
export function makesClaims({ give, earn, assigned, makeUp, enter }: Rule): boolean {
  return give.length > 0 || earn.size > 0 || assigned === true || makeUp !== undefined || enter !== undefined;
}

const known = new WeakMap<Campaign, Map<Rule, readonly Prize[]>>();

/** The prizes a rule can come to. Every check asks. */
export function prizesGiven(campaign: Campaign, rule: Rule): readonly Prize[] {
  const ofCampaign = known.get(campaign) ?? new Map<Rule, readonly Prize[]>();
  known.set(campaign, ofCampaign);
  const before = ofCampaign.get(rule);
  if (before) return before;
  // What is kept for a draw at the end no printed code gives.
  const isKept = (name: string): boolean =>
    [...(campaign.draws?.values() ?? [])].some(({ winners }) => winners.has(name));
  const names = rule.assigned ? [...campaign.prizes.keys()].filter(name => !isKept(name)) : rule.give;
  const prizes = names.map(name => campaign.prizes.get(name)!);
  const isWorthIt = prizes.some(isWorth);
  const fallback = [...campaign.prizes.values()].filter(
    prize => prize.fallback && !prizes.includes(prize) && isWorthIt,
  );
  const given = [...prizes, ...fallback];
  ofCampaign.set(rule, given);
  return given;
}

/** What a kind of prize is to whoever needs not know which it is. */
type KindFacts = {
  readonly isCash: boolean;
  readonly isWorth: boolean;
  /** Also without a `stock`: its list ends, or its budget. */
  readonly runsOut: boolean;
};
const PRIZE_KINDS: Readonly<Record<Prize['kind'], KindFacts>> = {
  redpacket: { isCash: true, isWorth: true, runsOut: true },
  voucher: { isCash: true, isWorth: true, runsOut: true },
  coupon: { isCash: false, isWorth: true, runsOut: true },
  text: { isCash: false, isWorth: true, runsOut: false },
  goods: { isCash: false, isWorth: true, runsOut: false },
  earn: { isCash: false, isWorth: true, runsOut: false },
  nothing: { isCash: false, isWorth: false, runsOut: false },
};

/** It costs money. */
export function isCash(prize: Prize): prize is Cash {
  return PRIZE_KINDS[prize.kind].isCash;
}

export function isRedPacket(prize: Prize): prize is RedPacket {
  return prize.kind === 'redpacket';
}

export function isVoucher(prize: Prize): prize is Voucher {
  return prize.kind === 'voucher';
}

/** Whoever wins it has won something. */
export function isWorth({ kind }: Pick<Prize, 'kind'>): boolean {
  return PRIZE_KINDS[kind].isWorth;
}

/** Whether the last of it may be given. */
export function canRunOut({ kind, stock, perDay }: Prize): boolean {
  return PRIZE_KINDS[kind].runsOut || stock !== undefined || perDay !== undefined;
}

/** Whether its winner has it once they have read its text: a code or a link of ours. */
export function isTold({ kind }: Pick<Prize, 'kind'>): boolean {
  return kind === 'coupon' || kind === 'text';
}

export function isGoods(prize: Prize): prize is Goods {
  return prize.kind === 'goods';
}

export function cashGiven(campaign: Campaign, rule: Rule): Cash[] {
  return prizesGiven(campaign, rule).filter(isCash);
}

/** Rules that can come to money. */
export function payingRules(campaign: Campaign): Rule[] {
  return campaign.rules.filter(rule => cashGiven(campaign, rule).length > 0);
}

/** Whether it draws among several prizes. */
export function isDraw({ give, giveAt, all }: Rule): boolean {
  if (all) return false;
  return giveAt ? [...giveAt.values()].some(names => names.length > 1) : give.length > 1;
}

/** Whether every trigger of the rule is one of these. */
export function isOnly(rule: Rule, kinds: readonly Trigger['kind'][]): boolean {
  return rule.on.every(({ kind }) => kinds.includes(kind));
}

export function hasTrigger(rule: Rule, kinds: readonly Trigger['kind'][]): boolean {
  return rule.on.some(({ kind }) => kinds.includes(kind));
}

/** What is given to whom WeChat Pay refuses this one. */
export function insteadOf({ prizes }: Campaign, { fallbackTo }: Prize): Prize | undefined {
  return fallbackTo === undefined ? undefined : prizes.get(fallbackTo);
}

/** The prizes a rule can come to, with those that WeChat Pay's refusal may put in their place. */
export function prizesAfter(campaign: Campaign, rule: Rule): ReadonlySet<Prize> {
  const all = new Set(prizesGiven(campaign, rule));
  for (const prize of all) {
    const instead = insteadOf(campaign, prize);
    if (instead) all.add(instead);
  }
  return all;
}

/** The highest amount of these; nothing where there is none. */
export function mostOf(prizes: readonly Cash[]): Fen {
  return fen(Math.max(0, ...prizes.map(({ max }) => max)));
}

export function leastOf(prizes: readonly Cash[]): Fen {
  return fen(Math.min(...prizes.map(({ min }) => min)));
}

/** Whether anything is drawn, so that odds have to be told. */
export function hasDraw(campaign: Campaign): boolean {
  return campaign.rules.some(rule => makesClaims(rule) && isDraw(rule));
}

// ── Its ids ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A campaign in `shadow` mode counts under a name of its own: the day it goes live it begins at nothing. */
const SHADOW = '~shadow';

export function shadowOf(campaign: Campaign): Campaign {
  return { ...campaign, id: `${campaign.id}${SHADOW}` };
}

/** Its first id, without what a shadow adds: what events and personal codes know the campaign by. */
function plainId({ id, mode }: Campaign): string {
  return mode === 'shadow' && id.endsWith(SHADOW) ? id.slice(0, -SHADOW.length) : id;
}

/** The id in the address of its page: that of the file today. Those of before lead there too. */
export function addressOf(campaign: Campaign): string {
  return calledOf({ ...campaign, id: plainId(campaign) });
}

/** Every id it has or had: a friend may have come by a personal code of long ago. */
export function idsOf(campaign: Campaign): readonly string[] {
  return [plainId(campaign), ...(campaign.names ?? [])];
}

/** Under which name the store holds that a campaign was paused by hand; a merchant has no `/` in its name. */
export function pauseOf(id: string): string {
  return `campaign/${id}`;
}

/** A campaign that says nothing: for what is counted or paid where no rule file is at hand. */
export function blankCampaign(id: string): Campaign {
  return {
    id,
    name: id,
    period: { from: instant(0), to: instant(Number.MAX_SAFE_INTEGER), hours: [], weekdays: [], dayStartsAt: 0 },
    perUser: {},
    perScene: {},
    mode: 'live',
    testers: new Set(),
    segments: new Map(),
    wallets: new Map(),
    rounds: [],
    unclaimed: 'return',
    prizes: new Map(),
    rules: [],
    tests: [],
    file: '',
    hash: '',
  };
}
