// What many decisions came to, in sums: prizes and their money, refusals, limits that were met.

import { type Fen, fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import { inBoth, type Words } from '../base/words/words.ts';
import { limitIn } from '../decide/check-words.ts';
import { type Decision, partsOf } from '../decide/decision.ts';
import type { Campaign } from '../rules/campaign.ts';
import { isWorth } from '../rules/campaign-query.ts';
import type { Undone } from './memory-ledger.ts';

export type PrizeSum = {
  readonly campaign: string;
  readonly prize: string;
  readonly count: number;
  readonly amount: Fen;
};
export type LimitSum = {
  readonly campaign: string;
  readonly limit: Words;
  readonly count: number;
  /** When it was met first. */
  readonly first: Instant;
};

export class Outcomes {
  /** Prizes that are worth something, in money or not. */
  won = 0;
  packets = 0;
  amount = 0;
  /** When somebody was refused for the first time because there was nothing left for the day or for ever. */
  soldOutAt: Instant | undefined;
  private readonly prizes = new Map<string, { campaign: string; prize: string; count: number; amount: number }>();
  private readonly refused = new Map<string, number>();
  private readonly met = new Map<string, { campaign: string; limit: Words; count: number; first: Instant }>();

  private readonly worth: ReadonlySet<string>;

  constructor(campaigns: readonly Campaign[]) {
    this.worth = new Set(
      campaigns.flatMap(({ id, prizes }) =>
        [...prizes.values()].flatMap(prize => (isWorth(prize) ? [`${id}/${prize.name}`] : [])),
      ),
    );
  }

  /** Whether it gave somebody something. */
  isWin(decision: Decision): boolean {
    if (decision.kind !== 'awarded') return false;
    return decision.amount > 0 || this.worth.has(`${decision.campaign}/${decision.prize}`);
  }

  add(whole: Decision, at: Instant): void {
    const seen = new Set<string>();
    for (const part of partsOf(whole)) {
      const by = `${part.campaign}/${part.rule}`;
      if (!seen.has(by)) this.addLimits(part, at);
      seen.add(by);
      this.addPart(part, at);
    }
  }

  private addPart(decision: Decision, at: Instant): void {
    if (this.isWin(decision)) this.won++;
    if (decision.kind === 'awarded') this.addPrize(decision, decision.prize, decision.amount, 1);
    if (decision.kind !== 'refused') return;
    const { refusal, detail } = decision;
    const key = detail === undefined ? refusal : `${refusal}/${detail}`;
    this.refused.set(key, (this.refused.get(key) ?? 0) + 1);
    if (key === 'soldOut') this.soldOutAt ??= at;
  }

  takeBack(undone: readonly Undone[]): void {
    for (const each of undone) this.addPrize(each, each.prize, each.amount, -1);
    this.won -= undone.length;
  }

  /** `soldOut` or, finer, `soldOut/later`, with how often; the most frequent first. */
  get refusals(): Record<string, number> {
    return Object.fromEntries([...this.refused].sort(([, a], [, b]) => b - a));
  }

  get prizeSums(): PrizeSum[] {
    return [...this.prizes.values()].map(sum => ({ ...sum, amount: fen(sum.amount) }));
  }

  /** The most frequent first. */
  get limitSums(): LimitSum[] {
    return [...this.met.values()].sort((a, b) => b.count - a.count);
  }

  private addPrize({ campaign }: { readonly campaign: string }, prize: string, amount: Fen, times: 1 | -1): void {
    const key = `${campaign}/${prize}`;
    const sum = this.prizes.get(key) ?? { campaign, prize, count: 0, amount: 0 };
    this.prizes.set(key, sum);
    sum.count += times;
    sum.amount += times * amount;
    this.amount += times * amount;
    if (amount > 0) this.packets += times;
  }

  private addLimits({ trace, ...decision }: Exclude<Decision, { readonly kind: 'ignored' }>, at: Instant): void {
    const { campaign, rule } = decision;
    const seen = new Set<string>(); // once, of however many prizes it is a limit
    const line = trace.find(each => each.campaign === campaign && each.rule === rule);
    for (const check of line?.checks ?? []) {
      const limit = check.ok ? undefined : limitIn(check);
      if (limit === undefined || seen.has(limit.en)) continue;
      seen.add(limit.en);
      const key = `${campaign} ${limit.en}`;
      const sum = this.met.get(key);
      if (sum) sum.count++;
      else this.met.set(key, { campaign, limit: inBoth(limit.en, limit.zh), count: 1, first: at });
    }
  }
}
