// Bugs in what is counted, planted between a worker and its store: a limit that is read and bounded wrongly, a counter that
// is left out, pieces that are given back to the wrong place, twice, or not at all.

import type { Counter } from '../../src/core/base/counter.ts';
import { beijingText, HOUR, instant, MINUTE } from '../../src/core/base/time.ts';
import type { Facts, FactsQuery } from '../../src/core/match/facts.ts';
import type { Step } from '../../src/core/payout/payout.ts';
import type { Commit, Store } from '../../src/ports.ts';
import type { Bug } from './bugs.ts';
import type { Torture } from './world.ts';

export const COUNT_BUGS = [
  'one-more-in-first-hour', // the budget of a day lets one packet more through in the day's first hour
  'refund-on-wrong-day', // what comes back is credited to the day on which it does
  'merchant-packets-uncounted', // a merchant's packets for one follower and day are not counted
  'packets-kept', // pieces never come back, money does
  'holds-twice-on-reoffer', // what is offered again gives back twice what it holds
  'refused-holds-leak', // the order of a follower whom WeChat refuses fails, and gives nothing back
  'month-forgotten', // claims of a month are not counted
  'stores-uncounted', // what a store gives on a day is not counted
  'chances-from-nothing', // chances are spent that nobody has
  'code-good-twice', // a printed code is good for two
  'slot-for-two', // two take the same packet of a round
] as const;
export type CountBug = (typeof COUNT_BUGS)[number];

type Clock = { now(): number };

/** One packet, in fen: the largest of those that are drawn. */
const ONE = 2_80;

/** A counter as the bug would have it; `undefined`: it is left out. */
type Bend = (counter: Counter) => Counter | undefined;
/** What is read of a counter, beside what there is. */
type Read = (name: string, value: number) => number | undefined;

export function countingWrong(store: Store, torture: Torture, host: Clock): Partial<Store> {
  const { bug } = torture;
  switch (bug) {
    case 'one-more-in-first-hour': {
      const isIt = (name: string): boolean => /^campaign\/\w+\/amount\/day\//.test(name) && isFirstHour(torture, host);
      return bent(
        store,
        counter => (isIt(counter.name) ? { ...counter, max: counter.max + ONE } : counter),
        (name, value) => (isIt(name) ? Math.max(0, value - ONE) : value),
      );
    }
    case 'merchant-packets-uncounted':
      return without(store, /^merchant\/.*\/packets\/day\//);
    case 'month-forgotten':
      return without(store, /\/claims\/month\//);
    case 'stores-uncounted':
      return without(store, /\/scene\/.*\/(packets|amount)\/day\//);
    case 'chances-from-nothing':
      return bent(
        store,
        counter => (/\/wallet\/.*\/spent$/.test(counter.name) ? { ...counter, max: Number.MAX_SAFE_INTEGER } : counter),
        (name, value) => (/\/wallet\/.*\/earned$/.test(name) ? value + 1 : value),
      );
    case 'code-good-twice':
      return without(store, /^code\//);
    case 'slot-for-two':
      return bent(
        store,
        counter => (/\/round\/.*\/row\//.test(counter.name) ? { ...counter, max: counter.max + 1 } : counter),
        (_, value) => value,
      );
    default:
      return { advance: (step, under) => store.advance(returning(step, bug, host), under) };
  }
}

function isFirstHour({ setting }: Torture, host: Clock): boolean {
  const starts = setting.dayStartsAt === '10:00' ? 600 * MINUTE : 0;
  return beijingText(instant(host.now() - starts)).slice(11, 13) === '00' && HOUR > 0;
}

/** Neither read nor written. */
function without(store: Store, names: RegExp): Partial<Store> {
  return bent(
    store,
    counter => (names.test(counter.name) ? undefined : counter),
    (name, value) => (names.test(name) ? undefined : value),
  );
}

function bent(store: Store, bend: Bend, read: Read): Partial<Store> {
  const misread = (wanted: FactsQuery, facts: Facts): Facts => {
    const counters = [...wanted.counters].flatMap(name => {
      const value = read(name, facts.counters.get(name) ?? 0);
      return value === undefined ? [] : [[name, value] as const];
    });
    return { ...facts, counters: new Map(counters) };
  };
  return {
    facts: async wanted => misread(wanted, await store.facts(wanted)),
    begin: async (key, wanted) => {
      const begun = await store.begin(key, wanted);
      return begun.kind === 'answered' ? begun : { ...begun, facts: misread(wanted, begun.facts) };
    },
    commit: (commit: Commit) =>
      store.commit({ ...commit, counters: commit.counters.flatMap(counter => bend(counter) ?? []) }),
  };
}

/** What a step gives back, as the bug would have it. */
function returning(step: Step, bug: Bug | undefined, host: Clock): Step {
  const { payout, successor } = step;
  switch (bug) {
    case 'refund-on-wrong-day': {
      const today = beijingText(instant(host.now())).slice(0, 10);
      const holds = payout.holds.map(hold => ({ ...hold, name: hold.name.replace(/\d{4}-\d\d-\d\d$/, today) }));
      return payout.endedAt === undefined ? step : { ...step, payout: { ...payout, holds } };
    }
    case 'packets-kept': {
      const holds = payout.holds.filter(({ name }) => !/\/packets(\/day\/|$)/.test(name));
      return payout.endedAt === undefined ? step : { ...step, payout: { ...payout, holds } };
    }
    case 'holds-twice-on-reoffer':
      if (step.move !== 'sent→reserved' || !successor) return step;
      return {
        ...step,
        successor: { ...successor, holds: successor.holds.map(hold => ({ ...hold, add: hold.add * 2 })) },
      };
    case 'refused-holds-leak':
      if (payout.state !== 'failed' || !payout.userRefused) return step;
      return { ...step, payout: { ...payout, holds: [] } };
    default:
      return step;
  }
}
