// What a payment brings back to whoever paid, beside what it brings others: by another rule, by another file that runs alongside.
// Two who agree have both, so that it is no cost to them.

import type { Campaign } from '../rules/campaign.ts';
import { isOpen, type Way, waysOf } from './ways.ts';

/** What whoever goes this way really pays, fen: what they or their friend have back is none of it. `beside`: the other files. */
export function netCost(campaign: Campaign, way: Way, beside: readonly Campaign[]): number {
  if (way.cost === 0 || (way.source !== 'paid' && way.source !== 'friend')) return way.cost;
  if (way.source === 'paid') {
    const answering = campaign.alongside ? beside : beside.filter(({ alongside }) => alongside);
    return Math.max(0, way.cost - backOf(way.cost, answering, true));
  }
  // A friend pays for the first time, and as much as is best for both.
  const all = [campaign, ...beside];
  const amounts = all.flatMap(each => paidWays(each).flatMap(({ cost }) => (cost > way.cost ? [cost] : [])));
  const nets = [way.cost, ...amounts].map(amount => amount - backOf(amount, all, false));
  return Math.max(0, Math.min(...nets));
}

const known = new WeakMap<Campaign, readonly Way[]>();

/** Every other file asks. */
function paidWays(campaign: Campaign): readonly Way[] {
  const ways = known.get(campaign) ?? waysOf(campaign).filter(({ source, rule }) => source === 'paid' && !rule.giveAt);
  known.set(campaign, ways);
  return ways;
}

/** On the average. One file answers a payment, and all that run alongside. `again`: each time, not only the first. */
function backOf(amount: number, campaigns: readonly Campaign[], again: boolean): number {
  const gains = campaigns.map(campaign => [campaign.alongside === true, gainOf(campaign, amount, again)] as const);
  const alongside = gains.reduce((sum, [isAlongside, gain]) => sum + (isAlongside ? gain : 0), 0);
  return alongside + Math.max(0, ...gains.map(([isAlongside, gain]) => (isAlongside ? 0 : gain)));
}

function gainOf(campaign: Campaign, amount: number, again: boolean): number {
  const ways = paidWays(campaign).filter(way => way.cost <= amount && (!again || isOpen(campaign, way)));
  return Math.max(0, ...ways.map(({ mean, rule }) => mean + worthOf(campaign, rule.earn)));
}

/** What chances and points can be turned into. */
function worthOf(campaign: Campaign, earn: ReadonlyMap<string, number>): number {
  if (earn.size === 0) return 0;
  const ways = waysOf(campaign).filter(({ rule }) => rule.spend.size === 1);
  const price = (wallet: string): number =>
    Math.max(0, ...ways.map(({ mean, rule }) => (rule.spend.has(wallet) ? mean / rule.spend.get(wallet)! : 0)));
  return [...earn].reduce((sum, [wallet, count]) => sum + count * price(wallet), 0);
}
