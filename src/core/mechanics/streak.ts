// A streak of days (连续签到), in cycles, and the one day of a cycle that may be made up for (补签). Days are the
// campaign's own; of each number only the latest is kept, and it only grows. A day whose order was refunded breaks the
// streak it stands in: the next day begins anew.

import type { Counter } from '../base/counter.ts';
import { DAY, type Day } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import type { Rule } from '../rules/campaign.ts';
import type { Streak } from '../rules/plays.ts';
import type { Values } from '../rules/reply.ts';
import { isWritten, sayUnknown } from '../rules/schema/written.ts';
import { count, located, name, object, optional, required } from '../yaml/schema.ts';

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

/** `ago`: how many days ago it was; absent: never. `missed`: days up to yesterday, below 0: today is there already. */
export type StreakChecks = {
  notCheckedIn: { ago?: number };
  streakDay: { n: number };
  cycles: { used: number; max: number };
  missedOne: { missed?: number };
  goesOn: { n: number };
  notMadeUp: unknown;
  undoneStreak: unknown;
};

/** Counted from 1970-01-01. */
function dayNumber(day: Day): number {
  return Date.parse(day) / DAY;
}

type StreakRule = Rule & { readonly streak: Streak };

/** The rule whose streak this one counts, or makes up for. */
function streakRule({ campaign, rule }: RuleContext): StreakRule {
  const id = rule.makeUp ?? rule.id;
  return campaign.rules.find((each): each is StreakRule => each.id === id && each.streak !== undefined)!;
}

/**
 * `start`: the first day of the cycle. `last`: the latest day that counts. `ended`: the last day of the latest whole
 * cycle, kept so that a cycle once finished stays so when the file makes cycles longer. `cycles`: how many there were.
 * `makeUp`: the latest day that was made up for. `broken`: the latest day up to which nothing counts any more.
 */
function namesOf(at: RuleContext) {
  return namesAt(`${at.userKey}/rule/${streakRule(at).id}/streak`);
}

function namesAt(base: string) {
  return {
    start: `${base}/start`,
    last: `${base}/last`,
    ended: `${base}/ended`,
    cycles: `${base}/cycles`,
    makeUp: `${base}/makeup`,
    broken: `${base}/broken`,
  };
}

/** Where a day stands: which day of its cycle it is, and when that began. */
type Place = { readonly start: number; readonly n: number };

/** Where `day` would stand. A streak goes on from the day before, until the cycle is whole. */
function placeOf(at: EvaluationContext, day: number): Place {
  const { start, last, ended, broken } = namesOf(at);
  const began = at.value(start);
  const isWhole = at.value(ended) === day - 1 || day - began >= streakRule(at).streak.cycle;
  const goesOn = at.value(last) === day - 1 && at.value(broken) < day - 1 && !isWhole;
  return goesOn ? { start: began, n: day - began + 1 } : { start: day, n: 1 };
}

/** The day counts from now on. Whoever else moved the streak since it was read has moved `last`: this one is lost. */
function moves(at: EvaluationContext, day: number): Counter[] {
  const names = namesOf(at);
  const { start, n } = placeOf(at, day);
  const { cycle, cycles } = streakRule(at).streak;
  return [
    raised(at, names.last, day),
    unchanged(at, names.broken),
    ...(n === 1 ? [raised(at, names.start, start)] : []),
    ...(n === cycle
      ? [raised(at, names.ended, day), { name: names.cycles, add: 1, max: cycles ?? Number.MAX_SAFE_INTEGER }]
      : []),
  ];
}

/** Prizes given are remembered by their cycle. What a makeUp gives is its own. */
function runOf(at: RuleContext, start: number): Run {
  return { base: `${at.userKey}/rule/${at.rule.id}/streak`, steps: at.rule.giveAt, number: start };
}

function wants(at: RuleContext): readonly string[] {
  const { rule } = at;
  const steps = stepCounters(runOf(at, 0).base, rule.giveAt);
  // A makeUp tells how far the streak is from its next prize.
  const ofStreak =
    rule.makeUp === undefined ? [] : stepCounters(`${at.userKey}/rule/${rule.makeUp}/streak`, streakRule(at).giveAt);
  return [...Object.values(namesOf(at)), ...steps, ...ofStreak];
}

/** What a day gives: only the days named in `give`, if it names any. */
function givesOn(at: EvaluationContext, day: number): readonly string[] | undefined {
  const { start, n } = placeOf(at, day);
  at.see({ ok: true, check: 'streakDay', n });
  return at.rule.giveAt && seeGiven(at, runOf(at, start), n);
}

function countsOn(at: EvaluationContext, day: number): readonly Counter[] {
  const { start, n } = placeOf(at, day);
  return [...moves(at, day), ...givenCounters(at, runOf(at, start), n)];
}

/** `false` once all cycles are finished. */
function seeCycles(at: EvaluationContext): boolean {
  const { cycles } = streakRule(at).streak;
  const done = at.value(namesOf(at).cycles);
  return cycles === undefined || at.see({ ok: done < cycles, check: 'cycles', used: done, max: cycles });
}

/** How far the streak is, and how many days more until one that gives something, perhaps in the next cycle. */
function values(at: EvaluationContext): Values {
  const names = namesOf(at);
  const { streak, giveAt, id } = streakRule(at);
  const [start, last, ended] = [at.value(names.start), at.value(names.last), at.value(names.ended)];
  const isAlive = last >= dayNumber(at.day) - 1 && at.value(names.broken) < last;
  const count = isAlive ? last - start + 1 : 0;
  // What comes next is the first day of a cycle.
  const isFresh = !isAlive || last === ended || count >= streak.cycle;
  const run = { base: `${at.userKey}/rule/${id}/streak`, steps: giveAt, number: start };
  const next = isFresh
    ? untilNextCycle(at, 0)
    : (timesUntilNext(at, run, count) ?? untilNextCycle(at, streak.cycle - count));
  return { count: String(count), ...(next !== undefined && { next: String(next) }) };
}

/** `rest`: the days that are left of this cycle. */
function untilNextCycle(at: EvaluationContext, rest: number): number | undefined {
  const { streak, giveAt } = streakRule(at);
  const done = at.value(namesOf(at).cycles) + (rest > 0 ? 1 : 0);
  const isLast = streak.cycles !== undefined && done >= streak.cycles;
  return !giveAt?.size || isLast ? undefined : rest + Math.min(...giveAt.keys());
}

const LAST = /^(campaign\/[^/]+\/user\/[^/]+\/rule\/[^/]+\/streak)\/last$/;

/** Only the streak that the day stands in: of one that is over, nothing is left to be undone. */
const takesBack: TakesBack = ({ name, max: day }) => {
  const [, base] = LAST.exec(name) ?? [];
  if (base === undefined) return undefined;
  const { start, last, broken } = namesAt(base);
  return {
    wants: [start, last, broken],
    undo(value) {
      const [began, latest, before] = [value(start), value(last), value(broken)];
      if (day < began || day <= before) return undefined;
      const counters = [
        { name: broken, add: latest - before, max: latest },
        { name: last, add: 0, max: latest }, // whoever comes in between goes on with it, and is undone as well
      ];
      return { counters, check: { ok: true, check: 'undoneStreak' } };
    },
  };
};

export const streak = mechanic({
  fields: {
    streak: optional(
      located(
        object('streak', {
          cycle: required(count({ min: 2, max: 366 }), '几天一轮'),
          cycles: optional(count(), '每人最多几轮'),
        }),
      ),
      '连续签到；和 once: perDay 一起用',
    ),
  },
  check(rule, { say }) {
    const { streak: own, once } = rule;
    const isUnread = isWritten(rule, 'once') && !once;
    if (own && !isUnread && once?.value !== 'perDay')
      say(once?.at ?? own.at, t`a streak counts days: write once: perDay`);
    if (own && isWritten(rule, 'makeUp'))
      say(own.at, t`a rule with \`makeUp\` goes on with the streak of that rule; leave \`streak\` out`);
  },
  build: ({ streak: own }) => (own ? { streak: own.value } : {}),
  describe({ streak: own }, { say }) {
    const { cycle, cycles } = own!;
    return [
      say(
        `连续签到，每 ${cycle} 天一轮${cycles === undefined ? '' : `，签满的最多 ${cycles} 轮`}`,
        `a streak of days, ${cycle} to a cycle${cycles === undefined ? '' : `, ${cycles} whole cycles at most`}`,
      ),
    ];
  },
  comesTo: ({ streak: own, giveAt }, _, inTests) => ({
    already: true,
    limited: own!.cycles !== undefined,
    // A day that gives nothing: before, between or after those that do.
    progress: giveAt !== undefined && (!inTests || giveAt.size < own!.cycle),
  }),
  placeholders: () => ['count', 'next'],
  isIn: ({ streak }) => streak !== undefined,
  wants,
  refuses(at) {
    const last = at.value(namesOf(at).last);
    const today = dayNumber(at.day);
    const ago = last === 0 ? undefined : today - last;
    if (!at.see({ ok: last < today, check: 'notCheckedIn', ...(ago !== undefined && { ago }) }))
      return { refusal: 'already' };
    return seeCycles(at) ? undefined : { refusal: 'limited' };
  },
  gives: at => givesOn(at, dayNumber(at.day)),
  counts: at => countsOn(at, dayNumber(at.day)),
  values,
  takesBack,
});

export const makeUp = mechanic({
  fields: { makeUp: optional(located(name(t`a rule id`)), '补签：补哪条签到规则昨天漏掉的一天') },
  check(rule, { file: { rules = [] }, say }) {
    const { id, makeUp: own } = rule;
    if (!own) return;
    if (own.value === id?.value) {
      say(own.at, t`a rule cannot make up for itself; name the one that has the \`streak\``);
      return;
    }
    const ids = rules.flatMap(({ value }) => value.id?.value ?? []);
    sayUnknown(t`rule`, own, ids, say);
    const target = rules.find(({ value }) => value.id?.value === own.value);
    if (target && !isWritten(target.value, 'streak'))
      say(own.at, t`the rule "${own.value}" has no \`streak\`: there are no days to make up for`);
  },
  build: ({ makeUp: own }, { rule }) => (own ? { makeUp: rule(own.value) } : {}),
  describe: (_, { say }) => [
    say('补签：只能补前一天，当天签到之前，每轮一次', `makes up for the day before, ahead of today’s, once a cycle`),
  ],
  comesTo: ({ giveAt }, _, inTests) => ({
    notEligible: true,
    limited: true,
    progress: giveAt !== undefined,
    // What was made up for is not missed any more.
    ...(inTests && { already: 'never' as const }),
  }),
  placeholders: () => ['count', 'next'],
  isIn: ({ makeUp }) => makeUp !== undefined,
  wants,
  refuses(at) {
    const { last, makeUp } = namesOf(at);
    const yesterday = dayNumber(at.day) - 1;
    if (!seeMissed(at, at.value(last), yesterday)) return { refusal: 'notEligible' };
    const { start, n } = placeOf(at, yesterday);
    const isLastOfCycle = n === streakRule(at).streak.cycle;
    // The next day begins a cycle with it or without it.
    if (isLastOfCycle && !isGivingAt(at.rule, n) && !at.see({ ok: false, check: 'goesOn', n }))
      return { refusal: 'notEligible' };
    if (!at.see({ ok: at.value(makeUp) < start, check: 'notMadeUp' })) return { refusal: 'limited' };
    return seeCycles(at) ? undefined : { refusal: 'limited' };
  },
  gives: at => givesOn(at, dayNumber(at.day) - 1),
  counts(at) {
    const yesterday = dayNumber(at.day) - 1;
    return [...countsOn(at, yesterday), raised(at, namesOf(at).makeUp, yesterday)];
  },
  values,
  takesBack: 'nothing', // the days it makes up for are the streak's own
});

/** Exactly yesterday was missed. After today's check-in it is too late: a new streak has begun. */
function seeMissed(at: EvaluationContext, last: number, yesterday: number): boolean {
  const missed = last === 0 ? undefined : yesterday - last;
  return at.see({ ok: missed === 1, check: 'missedOne', ...(missed !== undefined && { missed }) });
}

function isGivingAt({ give, giveAt }: Rule, n: number): boolean {
  return giveAt ? giveAt.has(n) : give.length > 0;
}
