// Every limit there is, as a bounded counter: the store adds them all, or none, together with the claim. A counter's
// name says whose it is and which day's; the names are the same in every store. Pure.
import type { OpenId } from './event.ts';
import type { Fen } from './money.ts';
import type { Campaign, Prize } from './rule.ts';
import { type Day, dayOf, type Instant } from './time.ts';

/** Adds `add` unless the sum would pass `max`. */
export type Counter = { readonly name: string; readonly add: number; readonly max: number };

/** A counter with what it means: which refusal it ends in, and whether the money's return gives it back. */
export type Limit = Counter & {
  /** In Chinese, for traces: 今日已领 1/1. */
  readonly label: string;
  readonly refuses: 'limited' | 'soldOut';
  readonly returns: boolean;
  readonly money: boolean;
};

/** What one merchant allows (bot.yaml: `merchants.*.limits`). WeChat enforces the same, later and less kindly. */
export type MerchantCaps = {
  readonly merchant: string;
  readonly perUserPerDay: number;
  readonly amountPerUserPerDay: Fen;
  readonly amountPerDay: Fen;
};

/** The counter that remembers when a follower last claimed; see `gapLimit`. */
export function lastClaimCounter(campaign: string, user: OpenId): string {
  return `campaign/${campaign}/user/${user}/last`;
}

/** Limits on taking part, whatever the prize: each claim counts, won or not. */
export function userLimits(campaign: Campaign, user: OpenId, now: Instant): Limit[] {
  const { total, perDay } = campaign.perUser;
  const base = `campaign/${campaign.id}/user/${user}`;
  const limits: Limit[] = [];
  const add = (name: string, label: string, max: number): void => {
    limits.push({ name, label, add: 1, max, refuses: 'limited', returns: false, money: false });
  };
  if (total !== undefined) add(`${base}/claims`, '累计已参与', total);
  if (perDay !== undefined) add(`${base}/claims/day/${dayOf(now)}`, '今日已参与', perDay);
  return limits;
}

/**
 * The pause between two claims, as a bounded counter as well: it holds the instant of the last claim. We add the time
 * since we read it, bounded by now; if another claim of this follower came in between, the sum passes now.
 */
export function gapCounter(campaign: string, user: OpenId, last: number, now: Instant): Counter {
  return { name: lastClaimCounter(campaign, user), add: now - last, max: now };
}

/** Whose claim a limit is about. */
export type Claimant = { readonly account: string; readonly user: OpenId; readonly caps: MerchantCaps | undefined };

/** Limits on one prize and on the money it is worth. */
export function prizeLimits(campaign: Campaign, prize: Prize, amount: Fen, who: Claimant, now: Instant): Limit[] {
  const base = `campaign/${campaign.id}`;
  const pieces = { add: 1, money: false, returns: false };
  const bounded: (Omit<Limit, 'max'> & { readonly max: number | undefined })[] = [
    {
      name: `${base}/prize/${prize.name}/user/${who.user}`,
      label: `本人已中「${prize.name}」`,
      max: prize.perUser,
      refuses: 'limited',
      ...pieces,
    },
    {
      name: `${base}/prize/${prize.name}`,
      label: `「${prize.name}」已发`,
      max: prize.stock,
      refuses: 'soldOut',
      ...pieces,
    },
    ...(amount > 0 ? moneyLimits(campaign, amount, who, dayOf(now)) : []),
  ];
  return bounded.filter((limit): limit is Limit => limit.max !== undefined);
}

function moneyLimits(campaign: Campaign, amount: Fen, { account, user, caps }: Claimant, day: Day) {
  const base = `campaign/${campaign.id}`;
  const person = `merchant/${caps?.merchant}/user/${account}/${user}`;
  const { budget } = campaign;
  const yuan = { add: amount, money: true };
  const packets = { add: 1, money: false };
  const mine = { refuses: 'limited', returns: false } as const;
  const all = { refuses: 'soldOut', returns: true } as const;
  return [
    {
      name: `${base}/user/${user}/amount/day/${day}`,
      label: '本人今日已领金额',
      max: campaign.perUser.amountPerDay,
      ...yuan,
      ...mine,
    },
    {
      name: `${person}/packets/day/${day}`,
      label: '本人今日红包数(商户)',
      max: caps?.perUserPerDay,
      ...packets,
      ...mine,
    },
    {
      name: `${person}/amount/day/${day}`,
      label: '本人今日金额(商户)',
      max: caps?.amountPerUserPerDay,
      ...yuan,
      ...mine,
    },
    { name: `${base}/amount`, label: '预算已用', max: budget?.total ?? 0, ...yuan, ...all },
    { name: `${base}/amount/day/${day}`, label: '今日预算已用', max: budget?.perDay, ...yuan, ...all },
    { name: `${base}/packets`, label: '红包已发', max: budget?.packets, ...packets, ...all },
    { name: `${base}/packets/day/${day}`, label: '今日红包已发', max: budget?.packetsPerDay, ...packets, ...all },
    {
      name: `merchant/${caps?.merchant}/amount/day/${day}`,
      label: '商户今日已发',
      max: caps?.amountPerDay,
      ...yuan,
      ...all,
    },
  ];
}

/** The highest of `alertAt` (per cent of the budget) that was passed between two sums; `undefined` if none was. */
export function alertPassed({ budget }: Campaign, usedBefore: number, used: number): number | undefined {
  if (!budget) return undefined;
  const share = (sum: number): number => (sum * 100) / budget.total;
  return budget.alertAt.findLast(mark => share(usedBefore) < mark && share(used) >= mark);
}

/** `true` while the counter still takes this. */
export function hasRoom(counter: Counter, counters: ReadonlyMap<string, number>): boolean {
  return (counters.get(counter.name) ?? 0) + counter.add <= counter.max;
}
