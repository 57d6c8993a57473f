// What the n-th time gives (`give: { 3: a, 7: b }`): of a count, or of a run of days that begins anew.

import type { Counter } from '../base/counter.ts';
import type { Rule } from '../rules/campaign.ts';

import type { EvaluationContext } from './mechanic.ts';

/** `number`: grows from run to run: the day on which a streak's cycle began; 0 where there is only one. */
export type Run = { readonly base: string; readonly steps: Rule['giveAt']; readonly number: number };

/** `n`: which time, or which day of the run. */
export type StepChecks = { stepNotGivenYet: { n: number } };

/** No run gives as often. */
const RUN_MAX = 1_000_000;

/** How often these prizes were given in the latest run that gave them, and in which: it only grows. */
function givenCounter(base: string, names: readonly string[]): string {
  return `${base}/given/${names.join('+')}`;
}

export function stepCounters(base: string, steps: Rule['giveAt']): string[] {
  return [...new Set([...(steps?.values() ?? [])].map(names => givenCounter(base, names)))];
}

function timesGiven(at: EvaluationContext, { base, number }: Run, names: readonly string[]): number {
  return Math.max(0, at.value(givenCounter(base, names)) - number * RUN_MAX);
}

/**
 * What the n-th time gives; `undefined`: it only counts. Who had these prizes where they stood before the file was
 * edited, say at 3, does not have them again at 4: only as often as the steps up to here name them.
 */
function givenAt(at: EvaluationContext, run: Run, n: number): readonly string[] | undefined {
  const names = run.steps?.get(n);
  if (!run.steps || !names) return undefined;
  const like = [...run.steps].filter(([step, others]) => step <= n && others.join('+') === names.join('+'));
  return timesGiven(at, run, names) < like.length ? names : undefined;
}

/** The same, noted for the trace where a step was moved. Empty: it only counts. */
export function seeGiven(at: EvaluationContext, run: Run, n: number): readonly string[] {
  const names = givenAt(at, run, n);
  if (!names && run.steps?.has(n)) at.see({ ok: false, check: 'stepNotGivenYet', n });
  return names ?? [];
}

export function givenCounters(at: EvaluationContext, run: Run, n: number): Counter[] {
  const names = givenAt(at, run, n);
  if (!names) return [];
  return [raised(at, givenCounter(run.base, names), run.number * RUN_MAX + timesGiven(at, run, names) + 1)];
}

/** How many more times until the next one that gives something; `undefined`: no more in this run. */
export function timesUntilNext(at: EvaluationContext, run: Run, n: number): number | undefined {
  const next = [...(run.steps?.keys() ?? [])].filter(step => step > n && givenAt(at, run, step));
  return next.length === 0 ? undefined : Math.min(...next) - n;
}

/** Adds nothing: whoever changed it since it was read makes this one lose. */
export function unchanged(at: EvaluationContext, name: string): Counter {
  return { name, add: 0, max: at.value(name) };
}

/** A counter that holds a number which only grows: whoever raised it since it was read makes this one lose. */
export function raised(at: EvaluationContext, name: string, to: number): Counter {
  return { name, add: to - at.value(name), max: to };
}
