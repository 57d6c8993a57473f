// The draw (抽奖) is a keyed hash, not a random number: the same claim draws the same prize on any machine,
// after any crash, and anybody who is given the seed after the campaign can check it.

import { createHash, createHmac } from 'node:crypto';
import { type Fen, fen } from '../base/money.ts';
import type { Prize } from '../rules/campaign.ts';
import { isCash } from '../rules/campaign-query.ts';

const SPAN = 2 ** 48;

/** Two independent numbers in [0, 1), each with 48 bits: one for the prize, one for the amount. */
export type Luck = { readonly prize: number; readonly amount: number };

export function luckOf(seed: string, claimKey: string): Luck {
  const digest = createHmac('sha256', seed).update(claimKey).digest();
  return { prize: digest.readUIntBE(0, 6) / SPAN, amount: digest.readUIntBE(6, 6) / SPAN };
}

/** A campaign's own seed, from the bot's secret. Stays secret until the campaign is over. */
export function seedOf(secret: string, campaign: string): string {
  return createHmac('sha256', secret).update(`draw seed of ${campaign}`).digest('hex');
}

/** The same for as many as there are, each worked out once. */
export function seedsFrom(secret: string): (campaign: string) => string {
  const seeds = new Map<string, string>();
  return campaign => {
    const seed = seeds.get(campaign) ?? seedOf(secret, campaign);
    seeds.set(campaign, seed);
    return seed;
  };
}

/** Published with the campaign before it starts. */
export function commitmentOf(seed: string): string {
  return createHash('sha256').update(seed).digest('hex');
}

/** Each whole fen from `min` to `max` is equally likely. */
export function drawAmount(prize: Prize, luck: number): Fen {
  if (!isCash(prize)) return fen(0);
  return fen(prize.min + Math.floor(luck * (prize.max - prize.min + 1)));
}
