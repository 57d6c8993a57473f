// What changed between two versions of the rules that were live, in words that ops people use, and how much more it may cost.

import { type Fen, fen, showFen } from '../base/money.ts';
import { clockText } from '../base/time.ts';
import { endText, lengthText, minuteText, quoted, type Say } from '../rules/public-text.ts';
import { calledOf } from '../rules/renamed.ts';
import { byId, type LiveCampaign, type LiveMark, type LivePrize, type LiveRule } from './record.ts';

/** Line by line, campaign by campaign. Nothing: only words of the files changed, or what is not paid. */
export function changesText(before: readonly LiveCampaign[], after: readonly LiveCampaign[], say: Say): string[] {
  const [was, is] = [byId(before), byId(after)];
  return [
    ...after.flatMap(campaign => {
      const former = was.get(campaign.id);
      if (!former) return [say(`${calledOf(campaign)}：新活动`, `${calledOf(campaign)}: a new campaign`)];
      return campaignText(former, campaign, say).map(line => `${calledOf(campaign)}${say('：', ': ')}${line}`);
    }),
    ...before
      .filter(({ id }) => !is.has(id))
      .map(campaign => say(`${calledOf(campaign)}：下线了`, `${calledOf(campaign)}: not live any more`)),
  ];
}

/** How much more can be given at most, by the budgets. */
export function mayCostMore(before: readonly LiveCampaign[], after: readonly LiveCampaign[]): Fen {
  const totalOf = (campaign: LiveCampaign | undefined): number => campaign?.limits['budget.total'] ?? 0;
  const was = byId(before);
  const more = after.reduce((sum, each) => sum + Math.max(0, totalOf(each) - totalOf(was.get(each.id))), 0);
  return fen(more);
}

/** What the campaigns that change can give in all: as much is at stake, also where only a prize grows. */
export function stakeOf(before: readonly LiveCampaign[], after: readonly LiveCampaign[]): Fen {
  const was = byId(before);
  const paid = ({ commitment: _, ...campaign }: LiveCampaign): string => JSON.stringify(campaign);
  const isChanged = (campaign: LiveCampaign): boolean => {
    const former = was.get(campaign.id);
    return former === undefined || paid(former) !== paid(campaign);
  };
  return fen(after.filter(isChanged).reduce((sum, { limits }) => sum + (limits['budget.total'] ?? 0), 0));
}

export function costText(more: Fen, say: Say): string {
  return more === 0
    ? say('总预算没有增加', 'no budget has grown')
    : say(`最多可能多花 ${showFen(more)}`, `it may cost up to ${showFen(more)} more`);
}

function campaignText(was: LiveCampaign, is: LiveCampaign, say: Say): string[] {
  const times = <T extends number>(what: string, from: T, to: T, show: (at: T) => string): string[] =>
    from === to ? [] : [`${what} ${show(from)} → ${show(to)}`];
  return [
    ...times(say('开始', 'begins'), was.from, is.from, minuteText),
    ...times(say('结束', 'ends'), was.to, is.to, endText),
    ...times(say('一天从几点算起', 'a day begins at'), was.dayStartsAt, is.dayStartsAt, clockText),
    ...limitsText(was.limits, is.limits, say),
    ...eachText(was.prizes, is.prizes, say('奖品', 'prize'), say, prizeText),
    ...eachText(was.rules, is.rules, say('规则', 'rule'), say, ruleText),
    ...eachText(was.rounds, is.rounds, say('场次', 'round'), say, (one, other) => [
      ...changed(say('红包数', 'packets'), one.packets, other.packets, String),
      ...changed(say('总额', 'total'), one.total, other.total, amountText),
    ]),
    ...eachText(was.wallets, is.wallets, say('钱包', 'wallet'), say, () => []),
  ];
}

function eachText<T extends LiveMark>(
  before: readonly T[],
  after: readonly T[],
  what: string,
  say: Say,
  compare: (was: T, is: T, say: Say) => readonly string[],
): string[] {
  const [was, is] = [byId(before), byId(after)];
  const named = (each: T): string => `${what}${say('', ' ')}${quoted(calledOf(each), say)}`;
  return [
    ...after.flatMap(each => {
      const former = was.get(each.id);
      if (!former) return [`${named(each)}${say(' 新加', ' is new')}`];
      const renamed =
        calledOf(former) === calledOf(each)
          ? []
          : [say(`改名（原来叫「${calledOf(former)}」）`, `was called "${calledOf(former)}"`)];
      return [...renamed, ...compare(former, each, say)].map(line => `${named(each)} ${line}`);
    }),
    ...before.filter(({ id }) => !is.has(id)).map(each => `${named(each)}${say(' 去掉了', ' is gone')}`),
  ];
}

function changed<V>(what: string, was: V | undefined, is: V | undefined, show: (value: V) => string): string[] {
  if (was === is) return [];
  const text = (value: V | undefined): string => (value === undefined ? '–' : show(value));
  return [`${what} ${text(was)} → ${text(is)}`];
}

function amountText(amount: number): string {
  return showFen(fen(amount));
}

// ── Limits ───────────────────────────────────────────────────────────────────────────────────────────────────

const LIMITS: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  'budget.total': ['总预算', 'budget in all'],
  'budget.perDay': ['每天预算', 'budget a day'],
  'budget.packets': ['红包总数', 'packets in all'],
  'budget.packetsPerDay': ['每天红包数', 'packets a day'],
  'budget.pace.perHour': ['每小时红包数', 'packets an hour'],
  'limits.perUser.total': ['每人总次数', 'times a person in all'],
  'limits.perUser.perDay': ['每人每天次数', 'times a person and day'],
  'limits.perUser.perMonth': ['每人每月次数', 'times a person and month'],
  'limits.perUser.perRound': ['每人每场次数', 'times a person and round'],
  'limits.perUser.wins': ['每人中奖次数', 'wins a person'],
  'limits.perUser.amountPerDay': ['每人每天金额', 'amount a person and day'],
  'limits.perUser.gap': ['两次间隔', 'pause between two'],
  'limits.perScene.perDay': ['每店每天红包数', 'packets a store and day'],
  'limits.perScene.amountPerDay': ['每店每天金额', 'amount a store and day'],
  'limits.perScene.perUser': ['每人每店次数', 'times a person and store'],
  'limits.perMinute': ['一分钟次数', 'times a minute'],
};
const MONEY = /^budget\.(?:total|perDay)$|amountPerDay$/;

function limitsText(was: LiveCampaign['limits'], is: LiveCampaign['limits'], say: Say): string[] {
  return [...new Set([...Object.keys(is), ...Object.keys(was)])].flatMap(key => {
    const [zh, en] = LIMITS[key] ?? [key, key];
    const show = (value: number): string =>
      MONEY.test(key) ? amountText(value) : key.endsWith('.gap') ? lengthText(value, say) : String(value);
    return changed(say(zh, en), was[key], is[key], show);
  });
}

// ── Prizes and rules ─────────────────────────────────────────────────────────────────────────────────────────

function prizeText(was: LivePrize, is: LivePrize, say: Say): string[] {
  const counts: readonly (readonly [string, string])[] = [
    ['stock', say('总数', 'in all')],
    ['perDay', say('每天', 'a day')],
    ['perUser', say('每人', 'a person')],
  ];
  return [
    ...changed(
      is.kind === 'redpacket' ? say('单个红包', 'each red packet') : say('单个', 'each'),
      was.worth,
      is.worth,
      worth => worthText(worth, say),
    ),
    ...counts.flatMap(([key, what]) => changed(what, was.limits[key], is.limits[key], String)),
    ...changed(say('券码', 'coupons'), was.coupons?.lines, is.coupons?.lines, String),
  ];
}

function worthText(worth: string, say: Say): string {
  const plain = worth
    .replace(/^steps /, say('分档 ', 'steps '))
    .replace(/^split /, say('红包雨 ', 'split '))
    .replace(/^nothing$/, say('没有奖金', 'nothing'))
    .replace(/^coupon$/, say('券码', 'a coupon'))
    .replace(/\d+/g, amount => amountText(Number(amount)));
  return plain.replace(/(¥[\d.]+)\.\.\1$/, '$1');
}

function ruleText(was: LiveRule, is: LiveRule, say: Say): string[] {
  const gone = was.on.filter(each => !is.on.includes(each));
  const fresh = is.on.filter(each => !was.on.includes(each));
  const list = (all: readonly string[]): string => all.map(each => quoted(each, say)).join(say('、', ', '));
  return [
    ...changed('once', was.once, is.once, String),
    ...changed(say('抽奖权重', 'odds'), was.odds, is.odds, odds => odds || '–'),
    ...(fresh.length > 0 ? [`${say('新触发', 'new triggers')} ${list(fresh)}`] : []),
    ...(gone.length > 0 ? [`${say('去掉触发', 'triggers gone')} ${list(gone)}`] : []),
  ];
}
