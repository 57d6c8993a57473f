// The public rules of a campaign: when, how often, which prizes with which odds. Pure.
import { hoursText } from '../../core/limit.ts';
import { showFen } from '../../core/money.ts';
import type { Campaign, Prize, Rule } from '../../core/rule.ts';
import { beijingText, DAY, HOUR, type Instant, MINUTE, SECOND } from '../../core/time.ts';
import type { Words } from './words.ts';

export type Terms = {
  readonly period: string;
  readonly hours?: string;
  readonly howOften: readonly string[];
  readonly prizes: readonly {
    readonly name: string;
    readonly worth: string;
    readonly odds?: string;
    readonly stock?: string;
  }[];
};

/** To the minute: `2026-02-10 08:00`. A midnight that ends something is written as the end of its day. */
export function minuteText(at: Instant): string {
  return beijingText(at).slice(0, 16);
}

export function termsOf(campaign: Campaign, words: Words): Terms {
  const { period, perUser } = campaign;
  const rule = drawingRule(campaign);
  const often = [
    rule ? words.once[rule.once] : '',
    perUser.total === undefined ? '' : words.total(perUser.total),
    perUser.perMonth === undefined ? '' : words.perMonth(perUser.perMonth),
    perUser.perDay === undefined ? '' : words.perDay(perUser.perDay),
    perUser.wins === undefined ? '' : words.wins(perUser.wins),
    perUser.gap === undefined ? '' : words.gap(durationText(perUser.gap, words)),
  ];
  return {
    period: `${minuteText(period.from)} ${words.to} ${endText(period.to)}`,
    ...(period.hours.length > 0 && { hours: hoursText(period.hours) }),
    howOften: often.filter(text => text !== ''),
    prizes: prizesOf(campaign, rule, words),
  };
}

export function endText(to: Instant): string {
  const text = minuteText(to);
  return text.endsWith('00:00') ? `${minuteText((to - DAY) as Instant).slice(0, 10)} 24:00` : text;
}

/** The rule whose odds are told: that of the page, or the first that draws. */
function drawingRule({ rules }: Campaign): Rule | undefined {
  const giving = rules.filter(rule => rule.give.length > 0);
  return giving.find(rule => rule.on.some(({ kind }) => kind === 'visit')) ?? giving[0];
}

function prizesOf(campaign: Campaign, rule: Rule | undefined, words: Words): Terms['prizes'] {
  const prizes = (rule?.give ?? [...campaign.prizes.keys()]).flatMap(name => campaign.prizes.get(name) ?? []);
  const drawn = prizes.filter(prize => prize.fallback !== true);
  const total = drawn.reduce((sum, prize) => sum + prize.weight, 0);
  // What is given at the n-th time is not drawn against the rest.
  const hasOdds = rule !== undefined && rule.giveAt === undefined && total > 0;
  return prizes.map(prize => ({
    name: prize.name,
    worth: worthOf(prize, words),
    ...(hasOdds &&
      prize.fallback !== true && { odds: drawn.length === 1 ? words.certain : percentText(prize.weight / total) }),
    ...stockOf(prize, words),
  }));
}

function worthOf(prize: Prize, words: Words): string {
  if (prize.kind === 'nothing') return words.noPrize;
  if (prize.kind === 'coupon') return words.couponPrize;
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

/** Never 0 % for what can be won: as many digits as it takes to see two. */
export function percentText(share: number): string {
  const percent = share * 100;
  const digits = percent >= 1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(percent)));
  return `${Number(percent.toFixed(digits))}%`;
}

function durationText(ms: number, words: Words): string {
  if (ms % DAY === 0) return words.days(ms / DAY);
  if (ms % HOUR === 0) return words.hoursLong(ms / HOUR);
  return ms % MINUTE === 0 ? words.minutes(ms / MINUTE) : words.seconds(Math.ceil(ms / SECOND));
}
