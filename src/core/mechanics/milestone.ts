// What the n-th time gives, once for ever (任务进度): the third friend, the tenth order. Any other time only counts; and an
// order that was refunded is none.
import { type EvaluationContext, mechanic, type RuleContext, type TakesBack } from './mechanic.ts';
import {
  givenCounters,
  type Run,
  raised,
  seeGiven,
  stepCounters,
  timesUntilNext,
  unchanged,
} from './milestone-steps.ts';

export type MilestoneChecks = { time: { n: number }; undoneTime: unknown };

function baseOf({ userKey, rule }: RuleContext): string {
  return `${userKey}/rule/${rule.id}`;
}

function countCounter(at: RuleContext): string {
  return `${baseOf(at)}/count`;
}

const TAKEN_BACK = 'taken-back';

/** How many of them were refunded since. */
function takenBackCounter(at: RuleContext): string {
  return `${countCounter(at)}/${TAKEN_BACK}`;
}

function timesLeft(at: EvaluationContext): number {
  return at.value(countCounter(at)) - at.value(takenBackCounter(at));
}

function runOf(at: RuleContext): Run {
  return { base: baseOf(at), steps: at.rule.giveAt, number: 0 };
}

/** Which time this one is. */
function thisOne(at: EvaluationContext): number {
  return timesLeft(at) + 1;
}

const COUNT = /^campaign\/[^/]+\/user\/[^/]+\/rule\/[^/]+\/count$/;

/** What its n-th time gave is not given again, once that is reached anew. */
const takesBack: TakesBack = ({ name }) => {
  if (!COUNT.test(name)) return undefined;
  const counters = [{ name: `${name}/${TAKEN_BACK}`, add: 1, max: Number.MAX_SAFE_INTEGER }];
  return { wants: [], undo: () => ({ counters, check: { ok: true, check: 'undoneTime' } }) };
};

export const milestones = mechanic({
  fields: {},
  comesTo: () => ({ progress: true }),
  placeholders: () => ['count', 'next'],
  isIn: ({ giveAt, streak, makeUp }) => giveAt !== undefined && !streak && makeUp === undefined,
  wants: at => [countCounter(at), takenBackCounter(at), ...stepCounters(baseOf(at), at.rule.giveAt)],
  gives(at) {
    at.see({ ok: true, check: 'time', n: thisOne(at) });
    return seeGiven(at, runOf(at), thisOne(at));
  },
  /** Two at once cannot both be the third: the later one is lost and finds that it is the fourth. */
  counts: at => [
    raised(at, countCounter(at), at.value(countCounter(at)) + 1),
    unchanged(at, takenBackCounter(at)),
    ...givenCounters(at, runOf(at), thisOne(at)),
  ],
  values(at) {
    const count = timesLeft(at);
    const next = timesUntilNext(at, runOf(at), count);
    return { count: String(count), ...(next !== undefined && { next: String(next) }) };
  },
  takesBack,
});
