// What can be won by an event that has not happened (可能的结果): every prize with its odds, and never the one that would be
// drawn. Whoever could ask for that would know the draw before it is made.

import { type Fen, NO_MONEY, showFen } from '../base/money.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { isCash } from '../rules/campaign-query.ts';
import type { Offer } from './prize-offer.ts';

/** `odds`: of 1; absent: they were decided elsewhere, and are not told (a printed code). Amounts: what it may be worth. */
export type Prospect = { readonly prize: string; readonly odds?: number; readonly min: Fen; readonly max: Fen };

/** `left`: what can be won now; the share of what cannot goes to the fallback, where there is one. */
export function prospectsOf(campaign: Campaign, names: readonly string[], left: readonly Offer[]): Prospect[] {
  const fallback = left.find(({ prize }) => prize.fallback);
  const all = names.map(name => campaign.prizes.get(name)!);
  const drawn = fallback ? all : all.filter(prize => left.some(offer => offer.prize === prize));
  const total = drawn.reduce((sum, { weight }) => sum + weight, 0);
  const shares = new Map<Offer, number>();
  for (const prize of drawn) {
    const offer = left.find(each => each.prize === prize) ?? fallback!;
    const odds = drawn.length === 1 ? 1 : prize.weight / total;
    shares.set(offer, (shares.get(offer) ?? 0) + odds);
  }
  return [...shares]
    .filter(([, odds]) => odds > 0)
    .map(([{ prize, amount }, odds]) => ({ prize: prize.name, odds, ...rangeOf(prize, amount) }));
}

/** Of a printed code: any prize of the campaign, for all we say. */
export function prospectsOfCode({ prizes }: Campaign): Prospect[] {
  return [...prizes.values()].map(prize => ({ prize: prize.name, ...rangeOf(prize, NO_MONEY) }));
}

function rangeOf(prize: Prize, amount: Fen): { readonly min: Fen; readonly max: Fen } {
  if (!isCash(prize)) return { min: NO_MONEY, max: NO_MONEY };
  return prize.steps ? { min: amount, max: amount } : { min: prize.min, max: prize.max };
}

/** Nothing is drawn: one prize, one amount, and no line of a list that nobody has seen yet. */
export function isCertain([only, ...others]: readonly Prospect[], { prizes }: Campaign): boolean {
  if (!only || others.length > 0 || only.odds === undefined) return false;
  return only.min === only.max && prizes.get(only.prize)?.kind !== 'coupon';
}

/** `"small" ¥1.00, odds 70.00%` */
export function prospectText({ prize, odds, min, max }: Prospect): Wording {
  const worth = max === 0 ? '' : ` ${min === max ? showFen(min) : `${showFen(min)}–${showFen(max)}`}`;
  return odds === undefined ? t`"${prize}"${worth}` : t`"${prize}"${worth}, odds ${(odds * 100).toFixed(2)}%`;
}
