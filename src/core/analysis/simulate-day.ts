// One made-up day of a campaign, played through the ledger: what it costs hour by hour, what is gone when, who is refused
// and how many win how often. The same seed gives the same day.

import { BadInput } from '../base/error.ts';
import { type Event, eventKey, type OpenId } from '../base/event.ts';
import { type Fen, fen } from '../base/money.ts';
import type { Chance } from '../base/random.ts';
import { pick } from '../base/random.ts';
import { beijingText, type Day, type Instant, later, SECOND } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { awardsOf } from '../decide/decision.ts';
import { bookOf } from '../decide/match.ts';
import type { Campaign } from '../rules/campaign.ts';
import { asWritten } from '../rules/renamed.ts';
import { Ledger, type Played } from './memory-ledger.ts';
import { firstOpenDay, syntheticDayOf } from './synthetic-day.ts';
import { type LimitSum, Outcomes, type PrizeSum } from './totals.ts';

type DayPlan = {
  readonly users: number;
  readonly perUser: number;
  /** Default: the first day on which it is open. */
  readonly day?: Day | undefined;
  readonly chance: Chance;
};

type HourSum = {
  /** `10` for 10:00 to 10:59. */
  readonly hour: string;
  readonly events: number;
  readonly won: number;
  readonly amount: Fen;
};

export type DaySimulation = {
  readonly campaign: string;
  readonly day: Day;
  readonly users: number;
  readonly newFollowers: number;
  readonly events: number;
  readonly won: number;
  readonly packets: number;
  readonly spend: Fen;
  /** Taken back of it before it was paid: a refund, a follower who left. */
  readonly takenBack: Fen;
  readonly hours: readonly HourSum[];
  readonly prizes: readonly PrizeSum[];
  /** When the first was told that nothing is left. */
  readonly soldOutAt?: Instant;
  readonly refusals: Readonly<Record<string, number>>;
  readonly limits: readonly LimitSum[];
  /** How many won how often; and the most that one of them got. */
  readonly winners: Readonly<Record<'none' | 'once' | 'twice' | 'more', number>>;
  readonly mostOfOne: Fen;
  readonly leftOut: readonly { readonly rule: string; readonly trigger: string }[];
};

const ACCOUNT = 'simulation';

export function simulateDay(inside: Campaign, { users, perUser, day: wanted, chance }: DayPlan): DaySimulation {
  // Whatever mode it is in, its day is one on which it is live.
  const campaign: Campaign = { ...asWritten(inside), account: ACCOUNT, mode: 'live' };
  const day = wanted ?? firstOpenDay(campaign);
  const made = day && syntheticDayOf({ campaign, account: ACCOUNT, day, users, perUser, chance });
  if (!day || !made) throw new BadInput(t`${campaign.file}: "${campaign.id}" is not open on ${day ?? t`any day`}`);
  const seed = `simulation ${chance()}`;
  const environment = { merchant: undefined, seedOf: () => seed };
  const ledger = new Ledger(made.codes);
  const book = bookOf([campaign], [ACCOUNT]);
  const sums = new DaySums(campaign);
  for (const event of made.before) ledger.follow(event);
  for (const event of made.events) {
    for (let next: Event | undefined = event; next; ) {
      const played = ledger.play(book, next, environment);
      sums.add(next, played);
      next = answerTo(next, played, chance);
    }
  }
  const { newFollowers, leftOut } = made;
  return { campaign: campaign.id, day, users, newFollowers, ...sums.report(users, ledger.awarded), leftOut };
}

/** Who is asked a question in a quiz says something, some seconds later. */
function answerTo({ key, account, user, sentAt }: Event, { decision }: Played, chance: Chance): Event | undefined {
  if (decision.kind !== 'answered' || decision.detail !== 'ask') return undefined;
  const text = pick(['A', 'B', 'C', 'D'], chance);
  return { key: eventKey(`${key}+`), account, user, sentAt: later(sentAt, 6 * SECOND), kind: 'text', text };
}

class DaySums {
  private readonly outcomes: Outcomes;
  private readonly hours = new Map<string, { hour: string; events: number; won: number; amount: number }>();
  private readonly wins = new Map<OpenId, { times: number; amount: number }>();
  private events = 0;
  private takenBack = 0;

  constructor(campaign: Campaign) {
    this.outcomes = new Outcomes([campaign]);
  }

  add({ user, sentAt }: Event, { decision, inviter, told, cancelled, undone }: Played): void {
    this.events++;
    this.takenBack += cancelled;
    this.outcomes.takeBack(undone);
    const hour = beijingText(sentAt).slice(11, 13);
    const sum = this.hours.get(hour) ?? { hour, events: 0, won: 0, amount: 0 };
    this.hours.set(hour, sum);
    sum.events++;
    for (const [each, whose] of [[decision, user] as const, [inviter, told] as const]) {
      if (!each || whose === undefined) continue;
      this.outcomes.add(each, sentAt);
      for (const award of awardsOf(each).filter(one => this.outcomes.isWin(one))) {
        sum.won++;
        sum.amount += award.amount;
        const mine = this.wins.get(whose) ?? { times: 0, amount: 0 };
        this.wins.set(whose, { times: mine.times + 1, amount: mine.amount + award.amount });
      }
    }
  }

  report(users: number, spend: Fen) {
    const { won, packets, prizeSums, refusals, limitSums, soldOutAt } = this.outcomes;
    const wins = [...this.wins.values()];
    const count = (is: (times: number) => boolean): number => wins.filter(({ times }) => is(times)).length;
    return {
      events: this.events,
      won,
      packets,
      spend,
      takenBack: fen(this.takenBack),
      hours: [...this.hours.values()].map(sum => ({ ...sum, amount: fen(sum.amount) })),
      prizes: prizeSums,
      ...(soldOutAt !== undefined && { soldOutAt }),
      refusals,
      limits: limitSums,
      winners: {
        none: users - wins.length,
        once: count(times => times === 1),
        twice: count(times => times === 2),
        more: count(times => times > 2),
      },
      mostOfOne: fen(wins.reduce((most, { amount }) => Math.max(most, amount), 0)),
    };
  }
}
