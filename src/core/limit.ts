// Every limit there is, as a bounded counter: the store adds them all, or none, together with the claim. A counter's
// name says whose it is and which day's; the names are the same in every store. Pure.
import type { Event, OpenId } from './event.ts';
import { type Fen, fen, showFen } from './money.ts';
import { dayIn, roundAt, sceneOf } from './occasion.ts';
import type { Campaign, Detail, Once, Prize } from './rule.ts';
import { beijingText, DAY, dayOf, endOfDay, type Instant, later, MINUTE } from './time.ts';

/** Adds `add` unless the sum would pass `max`. */
export type Counter = { readonly name: string; readonly add: number; readonly max: number };

/** A counter with what it means: which refusal it ends in, and whether the money's return gives it back. */
export type Limit = Counter & {
  /** In Chinese, for traces: 今日已领 1/1. */
  readonly label: string;
  /** Of money, what is left: 预算剩 ¥3.20. */
  readonly left?: string;
  /** Bounded by what was read, against those who come at the same moment: it says nothing to people. */
  readonly isGuard?: boolean;
  readonly refuses: 'limited' | 'soldOut';
  readonly detail?: Detail;
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
export function userLimits(campaign: Campaign, event: Event, now: Instant): Limit[] {
  const { perUser, perScene, perMinute } = campaign;
  const base = `campaign/${campaign.id}/user/${event.user}`;
  const day = dayIn(campaign, now);
  const scene = sceneOf(event);
  const round = roundAt(campaign, now)?.name;
  const limits: Limit[] = [];
  const add = (name: string, label: string, max: number | undefined): void => {
    if (max !== undefined) limits.push({ name, label, add: 1, max, refuses: 'limited', returns: false, money: false });
  };
  add(`${base}/claims`, '累计已参与', perUser.total);
  add(`${base}/claims/day/${day}`, '今日已参与', perUser.perDay);
  add(`${base}/claims/month/${day.slice(0, 7)}`, '本月已参与', perUser.perMonth);
  if (round !== undefined) add(`${base}/claims/round/${round}`, '本场已参与', perUser.perRound);
  if (scene !== undefined) add(`${base}/claims/scene/${scene}`, `在「${scene}」已参与`, perScene.perUser);
  if (perMinute !== undefined) {
    const name = `campaign/${campaign.id}/claims/minute/${beijingText(now).slice(0, 16)}`;
    const label = '本分钟已参与(全部)';
    limits.push({
      name,
      label,
      add: 1,
      max: perMinute,
      refuses: 'soldOut',
      detail: 'later',
      returns: false,
      money: false,
    });
  }
  return limits;
}

/**
 * The pause between two claims, as a bounded counter as well: it holds the instant of the last claim. We add the time
 * since we read it, bounded by now; if another claim of this follower came in between, the sum passes now.
 */
export function gapCounter(campaign: string, user: OpenId, last: number, now: Instant): Counter {
  return { name: lastClaimCounter(campaign, user), add: now - last, max: now };
}

/** What a limit is about: a claim of this event, at a merchant. */
export type Claimant = { readonly event: Event; readonly caps: MerchantCaps | undefined; readonly now: Instant };

/** Limits on one prize and on the money it is worth. */
export function prizeLimits(campaign: Campaign, prize: Prize, amount: Fen, who: Claimant): Limit[] {
  const base = `campaign/${campaign.id}`;
  const { user } = who.event;
  const pieces = { add: 1, money: false, returns: false };
  const wins = prize.kind === 'nothing' ? undefined : campaign.perUser.wins;
  const bounded: Bounded[] = [
    { name: `${base}/user/${user}/wins`, label: '累计已中奖', max: wins, refuses: 'limited', ...pieces },
    {
      name: `${base}/prize/${prize.name}/user/${user}`,
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
    {
      name: `${base}/prize/${prize.name}/day/${dayIn(campaign, who.now)}`,
      label: `今日「${prize.name}」已发`,
      max: prize.perDay,
      refuses: 'soldOut',
      ...pieces,
    },
    ...(amount > 0 ? [...moneyLimits(campaign, amount, who), ...packetLimits(campaign, who)] : []),
  ];
  return bounded.filter((limit): limit is Limit => limit.max !== undefined);
}

type Bounded = Omit<Limit, 'max'> & { readonly max: number | undefined };

function moneyLimits(campaign: Campaign, amount: Fen, { event, caps, now }: Claimant): Bounded[] {
  const base = `campaign/${campaign.id}`;
  const today = dayIn(campaign, now);
  const scene = sceneOf(event);
  const { budget } = campaign;
  const yuan = { add: amount, money: true };
  const mine = { refuses: 'limited', returns: false } as const;
  const all = { refuses: 'soldOut', returns: true } as const;
  return [
    {
      name: `${base}/user/${event.user}/amount/day/${today}`,
      label: '本人今日已领金额',
      left: '本人今日还可领',
      max: campaign.perUser.amountPerDay,
      ...yuan,
      ...mine,
    },
    {
      name: `merchant/${caps?.merchant}/user/${event.account}/${event.user}/amount/day/${dayOf(now)}`,
      label: '本人今日金额(商户)',
      left: '本人今日还可领(商户)',
      max: caps?.amountPerUserPerDay,
      ...yuan,
      ...mine,
    },
    { name: `${base}/amount`, label: '预算已用', left: '预算剩', max: budget?.total ?? 0, ...yuan, ...all },
    {
      name: `${base}/amount/day/${today}`,
      label: '今日预算已用',
      left: '今日预算剩',
      max: budget?.perDay,
      ...yuan,
      ...all,
    },
    {
      name: `${base}/scene/${scene}/amount/day/${today}`,
      label: `「${scene}」今日已用`,
      left: `「${scene}」今日剩`,
      max: scene === undefined ? undefined : campaign.perScene.amountPerDay,
      ...yuan,
      ...all,
      detail: 'sceneSoldOut',
    },
    {
      name: `merchant/${caps?.merchant}/amount/day/${dayOf(now)}`,
      label: '商户今日已发',
      left: '商户今日还可发',
      max: caps?.amountPerDay,
      ...yuan,
      ...all,
    },
  ];
}

function packetLimits(campaign: Campaign, { event, caps, now }: Claimant): Bounded[] {
  const base = `campaign/${campaign.id}`;
  const today = dayIn(campaign, now);
  const scene = sceneOf(event);
  const { budget } = campaign;
  const one = { add: 1, money: false };
  const all = { refuses: 'soldOut', returns: true } as const;
  return [
    {
      name: `merchant/${caps?.merchant}/user/${event.account}/${event.user}/packets/day/${dayOf(now)}`,
      label: '本人今日红包数(商户)',
      max: caps?.perUserPerDay,
      ...one,
      refuses: 'limited',
      returns: false,
    },
    { name: `${base}/packets`, label: '红包已发', max: budget?.packets, ...one, ...all },
    { name: `${base}/packets/day/${today}`, label: '今日红包已发', max: budget?.packetsPerDay, ...one, ...all },
    {
      name: `${base}/scene/${scene}/packets/day/${today}`,
      label: `「${scene}」今日已发`,
      max: scene === undefined ? undefined : campaign.perScene.perDay,
      ...one,
      ...all,
      detail: 'sceneSoldOut',
    },
    ...paceLimit(campaign, now),
  ];
}

/** So many an hour. With `carryOver` the day's bound grows with every hour that the campaign was open on it. */
function paceLimit(campaign: Campaign, now: Instant): Bounded[] {
  const pace = campaign.budget?.pace;
  if (!pace) return [];
  const base = `campaign/${campaign.id}/pace`;
  const rest = { add: 1, money: false, refuses: 'soldOut', detail: 'later', returns: false } as const;
  const today = `${base}/day/${dayIn(campaign, now)}`;
  if (!pace.carryOver) {
    // The clock's own hour: one in which the campaign's day begins is not counted twice.
    const hour = beijingText(now).slice(0, 13).replace(' ', '/hour/');
    return [{ name: `${base}/day/${hour}`, label: '本小时已发', max: pace.perHour, ...rest }];
  }
  const hours = Math.floor(openMinutes(campaign, now) / 60) + 1;
  return [{ name: today, label: '到本小时为止已发', max: pace.perHour * hours, ...rest }];
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

/** In Chinese, with its numbers: `今日已参与 1/1`; of money what is left and what is needed: `预算剩 ¥3.20 < ¥5.00`. */
export function limitText({ label, left, add, max, money }: Limit, used: number): string {
  if (!money) return `${label} ${used}/${max}`;
  const rest = Math.max(0, max - used);
  return `${left ?? label} ${showFen(fen(rest))} ${rest < add ? '<' : '≥'} ${showFen(fen(add))}`;
}

/** What such a text is about, without its numbers; `undefined`: it speaks of no limit. */
export function limitIn(text: string): string | undefined {
  const label = /^(.+) (?:\d+\/\d+|¥[\d.]+ [<≥] ¥[\d.]+)$/.exec(text)?.[1];
  return label === undefined || OCCASIONS.has(label) ? undefined : label;
}

/** What a second claim of the same occasion is told by: that is no limit, but what the rule says it is for. */
export const OCCASION_LABELS: Readonly<Record<Once, string>> = {
  ever: '已领过',
  perDay: '今日已领',
  perWeek: '本周已领',
  perMonth: '本月已领',
  perRound: '本场已领',
  perEvent: '这一件已领',
};
const OCCASIONS: ReadonlySet<string> = new Set(Object.values(OCCASION_LABELS));

/** `true` while the counter still takes this. */
export function hasRoom(counter: Counter, counters: ReadonlyMap<string, number>): boolean {
  return (counters.get(counter.name) ?? 0) + counter.add <= counter.max;
}

/** `10:00–14:00、17:00–22:00`, in Chinese. */
export function hoursText(hours: readonly (readonly [number, number])[]): string {
  const clock = (minutes: number): string =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return hours.map(([from, to]) => `${clock(from)}–${clock(to)}`).join('、') || '全天';
}
