// What the n-th time gives, once for ever (任务进度): the third friend, the tenth order. Any other time only counts. Pure.
import type { Looked, Mechanic, Situation } from './mechanic.ts';
import { givenCounters, type Run, raised, seeGiven, stepCounters, timesUntilNext } from './step.ts';

function baseOf({ mine, rule }: Looked): string {
  return `${mine}/rule/${rule.id}`;
}

function countCounter(at: Looked): string {
  return `${baseOf(at)}/count`;
}

function runOf(at: Looked): Run {
  return { base: baseOf(at), steps: at.rule.giveAt, number: 0 };
}

/** Which time this one is. */
function thisOne(at: Situation): number {
  return at.value(countCounter(at)) + 1;
}

export const counts: Mechanic = {
  isIn: ({ giveAt, streak, makeUp }) => giveAt !== undefined && !streak && makeUp === undefined,
  wants: at => [countCounter(at), ...stepCounters(baseOf(at), at.rule.giveAt)],
  gives(at) {
    at.see(true, `第 ${thisOne(at)} 次`);
    return seeGiven(at, runOf(at), thisOne(at));
  },
  /** Two at once cannot both be the third: the later one is lost and finds that it is the fourth. */
  counts: at => [raised(at, countCounter(at), thisOne(at)), ...givenCounters(at, runOf(at), thisOne(at))],
  values(at) {
    const count = at.value(countCounter(at));
    const next = timesUntilNext(at, runOf(at), count);
    return { count: String(count), ...(next !== undefined && { next: String(next) }) };
  },
};
