// The public rules at a glance: when, and which prizes with which odds. The whole of them is `core/public-rules/describe.ts`.

import { showFen } from '../../../core/base/money.ts';
import { hoursText } from '../../../core/base/time.ts';
import { percent } from '../../../core/public-rules/prize.ts';
import type { Campaign, Prize, Rule } from '../../../core/rules/campaign.ts';
import { isCash, isVoucher, isWorth } from '../../../core/rules/campaign-query.ts';
import { endText, minuteText } from '../../../core/rules/public-text.ts';
import type { Words } from './texts.ts';

export type Terms = {
  readonly from: string;
  readonly to: string;
  readonly hours?: string;
  readonly prizes: readonly {
    readonly name: string;
    readonly worth: string;
    readonly odds?: string;
    readonly stock?: string;
  }[];
};

export function termsOf(campaign: Campaign, words: Words): Terms {
  const { period } = campaign;
  return {
    from: minuteText(period.from),
    to: endText(period.to),
    ...(period.hours.length > 0 && { hours: hoursText(period.hours) }),
    prizes: prizesOf(campaign, words),
  };
}

/** The rule whose odds are told: that of the page, or the first that gives something. */
function givingRule({ rules }: Campaign): Rule | undefined {
  const giving = rules.filter(rule => rule.give.length > 0);
  return giving.find(rule => rule.on.some(({ kind }) => kind === 'visit')) ?? giving[0];
}

function prizesOf(campaign: Campaign, words: Words): Terms['prizes'] {
  const rule = givingRule(campaign);
  const prizes = (rule?.give ?? [...campaign.prizes.keys()]).flatMap(name => campaign.prizes.get(name) ?? []);
  const total = prizes.reduce((sum, prize) => sum + prize.weight, 0);
  // What is given at the n-th time is not drawn against the rest.
  const hasOdds = rule !== undefined && rule.giveAt === undefined && total > 0;
  return prizes.map(prize => ({
    name: prize.name,
    worth: worthOf(prize, words),
    ...(hasOdds && { odds: prizes.length === 1 ? words.certain : percent(prize.weight / total) }),
    ...stockOf(prize, words),
  }));
}

function worthOf(prize: Prize, words: Words): string {
  if (isVoucher(prize)) return words.voucherPrize(showFen(prize.max));
  if (prize.kind === 'goods') return prize.what;
  if (!isCash(prize)) return isWorth(prize) ? words.couponPrize : words.noPrize;
  return prize.min === prize.max ? showFen(prize.min) : `${showFen(prize.min)}–${showFen(prize.max)}`;
}

function stockOf({ stock, perDay, kind }: Prize, words: Words): { stock?: string } {
  if (kind === 'nothing') return {};
  const parts = [
    ...(stock === undefined ? [] : [words.stock(stock)]),
    ...(perDay === undefined ? [] : [words.perDayStock(perDay)]),
  ];
  return parts.length > 0 ? { stock: parts.join(' · ') } : {};
}
