// Every limit there is, as a bounded counter: the store adds them all, or none, together with the claim. What could be
// limited is counted also where it is not, so that a limit set later counts from the beginning. A counter's name says
// whose it is and which day's; the names are the same in every store.
//
// Only buckets of a minute or an hour begin with their limit (`perMinute`, `pace` without carryOver): they are soon over.

import { type Counter, UNBOUNDED } from '../base/counter.ts';
import type { Event, OpenId } from '../base/event.ts';
import { sceneOf } from '../base/event.ts';
import { type Fen, fen } from '../base/money.ts';
import { beijingText, DAY, type Day, dayOf, endOfDay, type Instant, later, MINUTE } from '../base/time.ts';
import { dayIn, roundAt } from '../match/claim-key.ts';
import type { LimitId } from '../mechanics/check.ts';
import type { Limit } from '../mechanics/mechanic.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { isVoucher } from '../rules/campaign-query.ts';
import { prizeCalled } from '../rules/renamed.ts';

/** What one merchant allows (bot.yaml: `merchants.*.limits`). WeChat enforces the same, later and less kindly. */
export type MerchantCaps = {
  readonly merchant: string;
  readonly perUserPerDay: number;
  readonly amountPerUserPerDay: Fen;
  readonly amountPerDay: Fen;
};

/** What a merchant is called where it sends vouchers: no name in bot.yaml has a dot. */
export function voucherPayer(merchant: string): string {
  return `${merchant}.voucher`;
}

/** What a merchant allows on one day is about cash; vouchers are only counted, since their stock has limits of its own. */
export const VOUCHER_CAPS = {
  perUserPerDay: UNBOUNDED,
  amountPerUserPerDay: fen(UNBOUNDED),
  amountPerDay: fen(UNBOUNDED),
} satisfies Omit<MerchantCaps, 'merchant'>;

/** The counter that remembers when a follower last claimed; see `gapLimit`. */
export function lastClaimCounter(campaign: string, user: OpenId): string {
  return `campaign/${campaign}/user/${user}/last`;
}

/** The claims of one rule, won or not; always counted. */
export function ruleClaimsCounter(campaign: string, rule: string): string {
  return `campaign/${campaign}/rule/${rule}/claims`;
}

/** What each claim counts whatever its campaign says. */
export function ruleClaims(campaign: string, rule: string): Counter {
  return { name: ruleClaimsCounter(campaign, rule), add: 1, max: UNBOUNDED };
}

/** Limits on taking part, whatever the prize: each claim counts, won or not. */
export function userLimits(campaign: Campaign, event: Event, now: Instant): Limit[] {
  const { perUser, perScene, perMinute } = campaign;
  const base = `campaign/${campaign.id}/user/${event.user}`;
  const day = dayIn(campaign, now);
  const scene = sceneOf(event);
  const round = roundAt(campaign, now)?.name;
  const limits: Limit[] = [];
  const one = { add: 1, returns: false, money: false } as const;
  const add = (name: string, limit: LimitId, max = UNBOUNDED, of?: string): void => {
    limits.push({ name, limit, ...(of !== undefined && { of }), max, refuses: 'limited', ...one });
  };
  add(`${base}/claims`, 'claims', perUser.total);
  add(`${base}/claims/day/${day}`, 'claimsToday', perUser.perDay);
  add(`${base}/claims/month/${day.slice(0, 7)}`, 'claimsThisMonth', perUser.perMonth);
  if (round !== undefined) add(`${base}/claims/round/${round}`, 'claimsThisRound', perUser.perRound);
  if (scene !== undefined) add(`${base}/claims/scene/${scene}`, 'claimsAtScene', perScene.perUser, scene);
  if (perMinute !== undefined) {
    const name = `campaign/${campaign.id}/claims/minute/${beijingText(now).slice(0, 16)}`;
    limits.push({ name, limit: 'claimsThisMinute', max: perMinute, refuses: 'soldOut', detail: 'later', ...one });
  }
  return limits;
}

/**
 * The pause between two claims, as a bounded counter as well: it holds the instant of the last claim. We add the time
 * since we read it, bounded by now; if another claim of this follower came in between, the sum passes now. Where no pause
 * is set, the instant is only noted.
 */
export function gapCounter({ id, perUser }: Campaign, user: OpenId, last: number, now: Instant): Counter {
  const name = lastClaimCounter(id, user);
  if (perUser.gap === undefined) return { name, add: 0, max: UNBOUNDED, atLeast: now };
  return { name, add: now - last, max: now };
}

/** How many of a prize are given. */
export function prizeCounter(campaign: string, prize: string): string {
  return `campaign/${campaign}/prize/${prize}`;
}

/** … on the campaign's own day. */
export function prizeDayCounter(campaign: Campaign, prize: string, at: Instant): string {
  return `${prizeCounter(campaign.id, prize)}/day/${dayIn(campaign, at)}`;
}

/** What a limit is about: a claim of this event, at a merchant. `leavesAt`: a prize that is paid later. */
export type Claimant = {
  readonly event: Event;
  readonly caps: MerchantCaps | undefined;
  readonly now: Instant;
  readonly leavesAt?: Instant | undefined;
};

/** Limits on one prize and on the money it is worth. Pieces return with the money; where there is none they are gone. */
export function prizeLimits(campaign: Campaign, prize: Prize, amount: Fen, who: Claimant): Limit[] {
  const base = `campaign/${campaign.id}`;
  const { user } = who.event;
  const of = prizeCalled(prize);
  const { caps } = who;
  const isOwn = isVoucher(prize) && caps !== undefined;
  const payer = isOwn ? { ...who, caps: { merchant: voucherPayer(caps.merchant), ...VOUCHER_CAPS } } : who;
  const pieces = { add: 1, money: false, returns: amount > 0 };
  const wins: Limit[] = [
    {
      name: `${base}/user/${user}/wins`,
      limit: 'wins',
      max: campaign.perUser.wins ?? UNBOUNDED,
      refuses: 'limited',
      ...pieces,
    },
  ];
  return [
    ...(prize.kind === 'nothing' || prize.kind === 'earn' ? [] : wins),
    {
      name: `${base}/prize/${prize.name}/user/${user}`,
      limit: 'winsOfPrize',
      of,
      max: prize.perUser ?? UNBOUNDED,
      refuses: 'limited',
      ...pieces,
    },
    {
      name: prizeCounter(campaign.id, prize.name),
      limit: 'prize',
      of,
      max: prize.stock ?? UNBOUNDED,
      refuses: 'soldOut',
      ...pieces,
    },
    {
      name: prizeDayCounter(campaign, prize.name, who.now),
      limit: 'prizeToday',
      of,
      max: prize.perDay ?? UNBOUNDED,
      refuses: 'soldOut',
      ...pieces,
    },
    ...(amount > 0 ? [...moneyLimits(campaign, amount, payer), ...packetLimits(campaign, who)] : []),
  ];
}

const ALL = { refuses: 'soldOut', returns: true } as const;

function moneyLimits(campaign: Campaign, amount: Fen, who: Claimant): Limit[] {
  const { event, caps, now } = who;
  const base = `campaign/${campaign.id}`;
  const today = dayIn(campaign, now);
  const scene = sceneOf(event);
  const { budget, perUser, perScene } = campaign;
  const yuan = { add: amount, money: true };
  const mine: Limit = {
    name: `${base}/user/${event.user}/amount/day/${today}`,
    limit: 'amountToday',
    max: perUser.amountPerDay ?? UNBOUNDED,
    refuses: 'limited',
    returns: false,
    ...yuan,
  };
  return [
    mine,
    ...(caps ? capLimits(caps, event, amount, who.leavesAt ?? now) : []),
    { name: `${base}/amount`, limit: 'budget', max: budget?.total ?? 0, ...yuan, ...ALL },
    {
      name: `${base}/amount/day/${today}`,
      limit: 'budgetToday',
      max: budget?.perDay ?? UNBOUNDED,
      ...yuan,
      ...ALL,
    },
    ...(scene === undefined
      ? []
      : [
          {
            name: `${base}/scene/${scene}/amount/day/${today}`,
            limit: 'amountAtScene' as const,
            of: scene,
            max: perScene.amountPerDay ?? UNBOUNDED,
            ...yuan,
            ...ALL,
            detail: 'sceneSoldOut' as const,
          },
        ]),
  ];
}

/** What leaves a merchant on one day, fen. */
export function merchantDayCounter(merchant: string, day: Day): string {
  return `merchant/${merchant}/amount/day/${day}`;
}

/** What a merchant allows on the day a packet leaves, which need not be the day it was won. */
function capLimits(
  caps: MerchantCaps,
  { account, user }: Pick<Event, 'account' | 'user'>,
  amount: Fen,
  leavesAt: Instant,
): Limit[] {
  const base = `merchant/${caps.merchant}`;
  const day = dayOf(leavesAt);
  const mine = { refuses: 'limited', returns: true } as const;
  return [
    {
      name: `${base}/user/${account}/${user}/amount/day/${day}`,
      limit: 'merchantAmountOfUser',
      add: amount,
      max: caps.amountPerUserPerDay,
      money: true,
      ...mine,
    },
    {
      name: merchantDayCounter(caps.merchant, day),
      limit: 'merchantAmountToday',
      add: amount,
      max: caps.amountPerDay,
      money: true,
      ...ALL,
    },
    {
      name: `${base}/user/${account}/${user}/packets/day/${day}`,
      limit: 'merchantPacketsOfUser',
      add: 1,
      max: caps.perUserPerDay,
      money: false,
      ...mine,
    },
  ];
}

/** What a payout takes of its merchant's caps if it leaves at this moment. */
export function capsOf(payout: CapTaker, caps: MerchantCaps, leavesAt: Instant): Limit[] {
  return capLimits(caps, payout, payout.amount, leavesAt);
}
type CapTaker = { readonly account: string; readonly user: OpenId; readonly amount: Fen };

/** The day of a merchant's cap; `undefined`: another counter. */
export function capDayOf(counter: string, merchant: string): string | undefined {
  const isCap = counter.startsWith('merchant/') && counter.startsWith(`${merchant}/`, 'merchant/'.length);
  return isCap ? /\/day\/(\d{4}-\d\d-\d\d)$/.exec(counter.slice(-'/day/2026-02-10'.length))?.[1] : undefined;
}

function packetLimits(campaign: Campaign, { event, now }: Claimant): Limit[] {
  const base = `campaign/${campaign.id}`;
  const today = dayIn(campaign, now);
  const scene = sceneOf(event);
  const { budget, perScene } = campaign;
  const one = { add: 1, money: false };
  return [
    { name: `${base}/packets`, limit: 'packets', max: budget?.packets ?? UNBOUNDED, ...one, ...ALL },
    { name: `${base}/packets/day/${today}`, ...one, ...ALL, ...packetsToday(campaign, now) },
    ...(scene === undefined
      ? []
      : [
          {
            name: `${base}/scene/${scene}/packets/day/${today}`,
            limit: 'packetsAtScene' as const,
            of: scene,
            max: perScene.perDay ?? UNBOUNDED,
            ...one,
            ...ALL,
            detail: 'sceneSoldOut' as const,
          },
        ]),
    ...paceLimit(campaign, now),
  ];
}

/** Of a pace that carries over, the bound of the day grows with every hour that the campaign was open on it. */
function packetsToday(campaign: Campaign, now: Instant): Pick<Limit, 'limit' | 'max' | 'detail'> {
  const { pace, packetsPerDay: max = UNBOUNDED } = campaign.budget ?? {};
  const soFar = pace?.carryOver ? pace.perHour * (Math.floor(openMinutes(campaign, now) / 60) + 1) : UNBOUNDED;
  return soFar < max ? { limit: 'packetsUpToThisHour', max: soFar, detail: 'later' } : { limit: 'packetsToday', max };
}

/** So many an hour. The clock's own hour: one in which the campaign's day begins is not counted twice. */
function paceLimit(campaign: Campaign, now: Instant): Limit[] {
  const pace = campaign.budget?.pace;
  if (!pace || pace.carryOver) return [];
  const hour = beijingText(now).slice(0, 13).replace(' ', '/hour/');
  const name = `campaign/${campaign.id}/pace/day/${hour}`;
  const rest = { add: 1, money: false, refuses: 'soldOut', detail: 'later', returns: false } as const;
  return [{ name, limit: 'packetsThisHour', max: pace.perHour, ...rest }];
}

/** How long the campaign was open on its own day before `now`. */
function openMinutes({ period }: Campaign, now: Instant): number {
  const { from, hours, dayStartsAt } = period;
  const begins = later(endOfDay(later(now, -dayStartsAt * MINUTE)), dayStartsAt * MINUTE - DAY);
  const [since, until] = [Math.max(0, from - begins) / MINUTE, (now - begins) / MINUTE];
  let sum = 0;
  // The day may reach past midnight: into the hours of the next one on the calendar.
  for (const midnight of [-dayStartsAt, DAY / MINUTE - dayStartsAt])
    for (const [opens, closes] of hours.length === 0 ? [[0, DAY / MINUTE] as const] : hours)
      sum += Math.max(0, Math.min(until, midnight + closes) - Math.max(since, midnight + opens));
  return sum;
}

/** The highest of `alertAt` (per cent of the budget) that was passed between two sums; `undefined` if none was. */
export function alertPassed({ budget }: Campaign, usedBefore: number, used: number): number | undefined {
  if (!budget) return undefined;
  const share = (sum: number): number => (sum * 100) / budget.total;
  return budget.alertAt.findLast(mark => share(usedBefore) < mark && share(used) >= mark);
}
