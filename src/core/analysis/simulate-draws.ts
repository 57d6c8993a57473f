// What a draw comes to when it is drawn thousands of times: by the very code that draws for followers, with everything
// left out that would refuse somebody (hours, limits of one follower or of a day). Stock and budget stay.

import { type Event, eventKey, type Happening, openId } from '../base/event.ts';
import { type Fen, fen } from '../base/money.ts';
import { type Chance, logNormal } from '../base/random.ts';
import { type Instant, instant } from '../base/time.ts';
import type { Words } from '../base/words/words.ts';
import type { Book } from '../decide/match.ts';
import type { Campaign, Prize, Rule, Trigger } from '../rules/campaign.ts';
import { hasTrigger, isCash, prizesGiven } from '../rules/campaign-query.ts';
import { asWritten } from '../rules/renamed.ts';
import { Ledger } from './memory-ledger.ts';
import { Outcomes } from './totals.ts';

type DrawnPrize = {
  readonly prize: string;
  /** By the weights, while everything is there; absent where a fallback takes the place of others. */
  readonly odds?: number;
  readonly count: number;
  readonly amount: Fen;
  /** With which draw the last one went. */
  readonly goneAt?: number;
};

export type DrawSimulation = {
  readonly campaign: string;
  readonly rule: string;
  /** Of a rule that counts: which times these are the prizes of. */
  readonly times?: readonly number[];
  readonly draws: number;
  readonly spend: Fen;
  readonly prizes: readonly DrawnPrize[];
  /** The first draw for which nothing was left; and how many there were. */
  readonly soldOutAt?: number;
  readonly refused: number;
  /** Limits that stood in the way of a prize, and the first draw for which they did. */
  readonly limits: readonly { readonly limit: Words; readonly count: number; readonly firstAt: number }[];
};

/** Every draw of the campaign's rules: one for each set of prizes that is given. */
export function simulateDraws(inside: Campaign, draws: number, chance: Chance): DrawSimulation[] {
  const campaign = asWritten(inside);
  return campaign.rules.flatMap(rule =>
    drawsOf(rule).map(give => simulateDraw(campaign, { ...rule, give }, draws, chance)),
  );
}

/** The sets of prizes a rule gives, each once. What is assigned to a code was drawn when it was printed, and who wins at the end has no odds. */
function drawsOf(rule: Rule): (readonly string[])[] {
  const { assigned, give, giveAt, all } = rule;
  if (assigned || hasTrigger(rule, ['drawn'])) return [];
  if (all) return give.map(name => [name]);
  const sets = giveAt ? [...giveAt.values()] : [give];
  return [...new Map(sets.map(names => [names.join('\n'), names])).values()].filter(names => names.length > 0);
}

function simulateDraw(written: Campaign, rule: Rule, draws: number, chance: Chance): DrawSimulation {
  const { campaign, happening, times } = stripped(written, rule);
  const [stripRule] = campaign.rules;
  const match = { campaign, rule: stripRule!, order: 0 };
  const book: Book = { campaigns: [campaign], match: () => [match] };
  const seed = `simulation ${chance()}`;
  const around = { merchant: undefined, seedOf: () => seed };
  const ledger = new Ledger();
  const outcomes = new Outcomes([campaign]);
  const sums = new Map(prizesGiven(campaign, stripRule!).map(({ name }) => [name, { count: 0, amount: 0, last: 0 }]));
  let refused = 0;
  for (let n = 1; n <= draws; n++) {
    const now = times[Math.floor(((n - 1) * times.length) / draws)]!;
    const { decision } = ledger.play(book, eventOf(n, happening(chance), now), around);
    outcomes.add(decision, instant(n)); // the draws' own time
    if (decision.kind !== 'awarded') {
      refused++;
      continue;
    }
    const sum = sums.get(decision.prize)!;
    sum.count++;
    sum.amount += decision.amount;
    sum.last = n;
  }
  const total = rule.give.reduce((all, name) => all + campaign.prizes.get(name)!.weight, 0);
  const prizes = [...sums].map(([name, { count, amount, last }]): DrawnPrize => {
    const prize = campaign.prizes.get(name)!;
    const odds = rule.give.includes(name) ? { odds: rule.give.length === 1 ? 1 : prize.weight / total } : {};
    return { prize: name, ...odds, count, amount: fen(amount), ...(count === stockOf(prize) && { goneAt: last }) };
  });
  return {
    campaign: written.id,
    rule: rule.id,
    ...(rule.giveAt && { times: timesOf(rule) }),
    draws,
    spend: ledger.awarded,
    prizes,
    ...(outcomes.soldOutAt !== undefined && { soldOutAt: outcomes.soldOutAt }),
    refused,
    limits: outcomes.limitSums.map(({ limit, count, first }) => ({ limit, count, firstAt: first })),
  };
}

function timesOf({ give, giveAt }: Rule): number[] {
  return [...giveAt!].flatMap(([time, names]) => (names.join('\n') === give.join('\n') ? [time] : []));
}

function stockOf(prize: Prize): number | undefined {
  const lines = prize.kind === 'coupon' ? prize.coupons.length : Infinity;
  const stock = Math.min(prize.stock ?? Infinity, lines);
  return stock === Infinity ? undefined : stock;
}

type Stripped = {
  readonly campaign: Campaign;
  happening(chance: Chance): Happening;
  /** When draws are made: once, or in each of the rounds that share out money. */
  readonly times: readonly Instant[];
};

/** The campaign with this draw alone, and without anything that would refuse somebody but what there is to win. */
function stripped({ stores: _, perMinute: __, budget, ...campaign }: Campaign, rule: Rule): Stripped {
  const given = prizesGiven({ ...campaign, ...(budget && { budget }) }, rule);
  const isSplit = given.some(prize => isCash(prize) && prize.split);
  const steps = given.flatMap(prize => (isCash(prize) ? (prize.steps ?? []) : []));
  const prizes = [...campaign.prizes.values()].map(
    ({ perDay: _day, perUser: _user, unlockAfter: _after, window: _window, ...prize }): [string, Prize] => [
      prize.name,
      prize,
    ],
  );
  const on: Trigger = steps.length > 0 ? { kind: 'paid' } : { kind: 'visit' };
  const { id, give, line } = rule;
  const plain: Rule = {
    ...{ id, on: [on], who: {}, once: 'perEvent', give, line },
    ...{ earn: new Map(), spend: new Map(), cancelIf: [], replies: {} },
  };
  const { packets } = budget ?? {};
  return {
    campaign: {
      ...campaign,
      ...{ mode: 'live', perUser: {}, perScene: {}, wallets: new Map(), prizes: new Map(prizes), rules: [plain] },
      period: { ...campaign.period, hours: [], weekdays: [] },
      rounds: isSplit ? campaign.rounds : [],
      ...(budget && { budget: { total: budget.total, alertAt: [], ...(packets !== undefined && { packets }) } }),
    },
    happening: chance =>
      steps.length > 0
        ? paying(
            steps.map(({ from }) => from),
            chance,
          )
        : { kind: 'visit', campaign: campaign.id },
    times: isSplit ? campaign.rounds.map(({ from }) => from) : [campaign.period.from],
  };
}

/** Bills around the sums at which something is given. */
function paying(sums: readonly Fen[], chance: Chance): Happening {
  const median = Math.max(1, sums[Math.floor(sums.length / 2)]!);
  const amount = fen(Math.max(1, Math.round(logNormal(median * 1.2, 0.6, chance))));
  return { kind: 'paid', merchant: 'shop', transaction: '1', order: '1', amount, total: amount };
}

function eventOf(n: number, happening: Happening, sentAt: Instant): Event {
  const [key, user] = [eventKey(`draw-${n}`), openId(`u${n}`)];
  return { key, account: 'simulation', user, sentAt, ...happening };
}
