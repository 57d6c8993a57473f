// The part of the public rules (活动规则) about prizes: amounts, odds and how they change, stock, who can have them.

import { showFen } from '../base/money.ts';
import { beijingText } from '../base/time.ts';
import type { Campaign, Prize, Rule, Window } from '../rules/campaign.ts';
import {
  canRunOut,
  hasTrigger,
  insteadOf,
  isCash,
  isDraw,
  makesClaims,
  prizesAfter,
  prizesGiven,
  type Voucher,
} from '../rules/campaign-query.ts';
import { type Describing, endText, hoursIn, quoted, type Say } from '../rules/public-text.ts';

export function describePrizes(at: Describing): string[] {
  const { campaign, say } = at;
  const giving = campaign.rules.filter(rule => makesClaims(rule) && prizesGiven(campaign, rule).length > 0);
  const given = new Set(giving.flatMap(rule => [...prizesAfter(campaign, rule)]));
  const prizes = [...campaign.prizes.values()].filter(prize => given.has(prize));
  if (prizes.length === 0) return [];
  const draws = drawsIn(giving);
  return [
    ...prizes.map(prize => prizeLine(at, prize)),
    ...[...draws.values()].map(names => oddsLine(at, names)),
    ...(draws.size > 0 ? honesty(campaign, [...draws.values()], say) : []),
    ...(giving.some(({ odds }) => odds === 'rise')
      ? [
          say(
            '因此更贵的奖品的概率也可能变大，最高到 100%，活动有意如此。',
            'The odds of a dearer prize may rise by that too, up to 100%, which is meant.',
          ),
        ]
      : []),
    ...(giving.some(({ assigned }) => assigned)
      ? [
          say(
            '一物一码：每个码的奖品在印刷时已经定好，兑奖时不再抽。',
            'Printed codes: what each is worth was decided when it was printed.',
          ),
        ]
      : []),
  ];
}

/** Each distinct set of prizes that is drawn from. A draw at the end has winners, and no odds: tickets decide. */
function drawsIn(rules: readonly Rule[]): Map<string, readonly string[]> {
  const sets = rules
    .filter(rule => isDraw(rule) && !hasTrigger(rule, ['drawn']))
    .flatMap(({ give, giveAt }) => (giveAt ? [...giveAt.values()] : [give]));
  return new Map(sets.filter(names => names.length > 1).map(names => [names.join('\n'), names]));
}

// ── One prize ────────────────────────────────────────────────────────────────────────────────────────────────

function prizeLine({ campaign, say }: Describing, prize: Prize): string {
  const { stock, perDay, perUser, unlockAfter, window } = prize;
  const instead = insteadOf(campaign, prize);
  const pieces = Math.min(stock ?? Infinity, prize.kind === 'coupon' ? prize.coupons.length : Infinity);
  const parts = [
    worthText(prize, say),
    pieces < Infinity && say(`共 ${pieces} 份`, `${pieces} in all`),
    perDay !== undefined && say(`每天 ${perDay} 份`, `${perDay} a day`),
    perUser !== undefined && say(`每人最多 ${perUser} 份`, `at most ${perUser} per person`),
    unlockAfter !== undefined &&
      say(`本人抽过 ${unlockAfter} 次后才可能抽中`, `only after ${unlockAfter} draws of one's own`),
    window !== undefined &&
      say(`仅限 ${windowText(window, campaign, say)}`, `only ${windowText(window, campaign, say)}`),
    instead !== undefined &&
      say(
        `微信支付不能把它发给本人时，改发「${instead.name}」`,
        `"${instead.name}" instead for whom WeChat Pay refuses it`,
      ),
  ].filter(part => part !== false && part !== '');
  return `${quoted(prize.name, say)}${say('：', ': ')}${parts.join(say('；', '; '))}${say('。', '.')}`;
}

function worthText(prize: Prize, say: Say): string {
  switch (prize.kind) {
    case 'nothing':
      return say('没有奖金', 'nothing');
    case 'coupon':
      return say('券码', 'a coupon');
    case 'earn': {
      const list = [...prize.adds].map(([wallet, n]) => `${quoted(wallet, say)}×${n}`).join(say('、', ', '));
      return say(`得${list}，不能兑换现金或转让`, `${list}, which cannot be sold or given away`);
    }
    case 'text':
      return say('兑换码或链接，大家相同', 'a code or a link, the same for everybody');
    case 'goods':
      return goodsText(prize, say);
    case 'redpacket':
      return cashText(prize, say);
    case 'voucher':
      return voucherText(prize, say);
    default:
      return prize satisfies never;
  }
}

function goodsText({ what, value }: Extract<Prize, { kind: 'goods' }>, say: Say): string {
  const worth = value === undefined ? '' : showFen(value);
  return say(
    `实物「${what}」${worth && `（价值 ${worth}）`}，按中奖人填写的地址寄送`,
    `"${what}"${worth && ` (worth ${worth})`}, sent to the address its winner gives`,
  );
}

function voucherText({ max, over }: Voucher, say: Say): string {
  const [value, from] = [showFen(max), over === undefined ? '' : showFen(over)];
  return say(
    `微信支付代金券 ${value}${from && `（满 ${from} 可用）`}，用微信支付付款时自动抵扣`,
    `a WeChat Pay voucher of ${value}${from && ` (from ${from})`}, taken off by itself at a payment by WeChat Pay`,
  );
}

function cashText({ min, max, shares, steps, split }: Extract<Prize, { kind: 'redpacket' }>, say: Say): string {
  const range = min === max ? showFen(min) : `${showFen(min)}–${showFen(max)}`;
  if (steps) {
    const list = steps.map(({ from, amount }) =>
      say(`满 ${showFen(from)} 得 ${showFen(amount)}`, `${showFen(amount)} from ${showFen(from)}`),
    );
    return say(`现金红包，按实付金额：${list.join('、')}`, `a red packet by what was paid: ${list.join(', ')}`);
  }
  if (split)
    return say(`现金红包，${range}，是本场总额中的一份`, `a red packet of ${range}, a share of the round's total`);
  if (shares !== undefined)
    return say(
      `裂变红包 ${range}，由 ${shares} 人分，每份金额由微信随机`,
      `a group red packet of ${range} for ${shares} people, shared at random by WeChat`,
    );
  if (min === max) return say(`现金红包 ${range}`, `a red packet of ${range}`);
  return say(`现金红包 ${range}，每一分钱的金额机会均等`, `a red packet of ${range}, each amount equally likely`);
}

function windowText({ from, to, hours }: Window, { period }: Campaign, say: Say): string {
  const dates =
    from !== undefined || to !== undefined
      ? [`${beijingText(from ?? period.from).slice(0, 16)} ${say('至', 'to')} ${endText(to ?? period.to)}`]
      : [];
  return [...dates, ...(hours.length > 0 ? [hoursIn(hours, say)] : [])].join(say(' 的 ', ', '));
}

// ── Odds ─────────────────────────────────────────────────────────────────────────────────────────────────────

function oddsLine({ campaign, say }: Describing, names: readonly string[]): string {
  const total = names.reduce((sum, name) => sum + campaign.prizes.get(name)!.weight, 0);
  const odds = names.map(name => `${quoted(name, say)} ${percent(campaign.prizes.get(name)!.weight / total)}`);
  return `${say('每次抽奖的概率：', 'The odds of each draw: ')}${odds.join(say('、', ', '))}${say('。', '.')}`;
}

/** Two decimals; of what is less likely than that, two figures that say something. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value >= 0.01) return `${value.toFixed(2)}%`;
  return `${value.toFixed(1 - Math.floor(Math.log10(value)))}%`;
}

/** What makes the odds other than they are written. */
function honesty(campaign: Campaign, draws: readonly (readonly string[])[], say: Say): string[] {
  const drawn = [...new Set(draws.flat())].map(name => campaign.prizes.get(name)!);
  const fallback = [...campaign.prizes.values()].find(prize => prize.fallback);
  const locked = drawn.filter(({ unlockAfter }) => unlockAfter !== undefined).map(({ name }) => quoted(name, say));
  const reasons = [
    drawn.some(canRunOut) && say('发完', 'gone'),
    drawn.some(isCash) && say('超出剩余预算或本人限额', 'more than is left of the budget or of one’s own limit'),
    drawn.some(({ perDay }) => perDay !== undefined) && say('当天份数发完', 'gone for the day'),
    drawn.some(({ perUser }) => perUser !== undefined) && say('本人已得满', 'had as often as one person may'),
    drawn.some(({ window }) => window !== undefined) && say('不在开放时间', 'not open'),
    locked.length > 0 && say('尚未解锁', 'not unlocked yet'),
  ].filter(part => part !== false);
  if (reasons.length === 0) return [];
  const when = reasons.join(say('、', ' or '));
  const lines = fallback
    ? [
        say(
          `以上概率不变；抽中的奖品${when}时，改发「${fallback.name}」。`,
          `These odds stay as they are; a prize that is ${when} becomes "${fallback.name}".`,
        ),
      ]
    : [
        say(
          `以上是全部奖品都在时的概率；某一奖品${when}时退出，其余奖品按原比例分摊它的概率。`,
          `These are the odds while every prize is there; one that is ${when} drops out, and the others share its odds in proportion.`,
        ),
        say(
          '有价值的奖品全部发完后，不再抽奖，回复「已发完」。',
          'Once nothing of worth is left there is no draw: the answer is that all is gone.',
        ),
      ];
  if (locked.length > 0)
    lines.push(
      say(
        `解锁之前，抽中${locked.join('、')}的概率为 0。`,
        `Until it is unlocked, the odds of ${locked.join(', ')} are 0.`,
      ),
    );
  return lines;
}
