// Brings counters to what claims and payouts say (重新计数): once, for claims of a time in which only limits that were set
// were counted; and for `audit --repair`. Counters go on meanwhile, so what is missing is added, never set.

import { type Counter, UNBOUNDED } from '../base/counter.ts';
import { nameKind, unitOf } from './counter-name.ts';
import type { CounterFault } from './counters.ts';

/** Stands at 1 once everything that can be limited was counted from the first claim on. */
export const COUNTED = 'counted/from-the-beginning';
/** How many counts have begun. Whoever adds does so only while no later one has: it saw what the former ones had added. */
export const RUNS = 'counted/runs';

/** Of the count itself: no limit is behind it. */
export function isOfRecount(name: string): boolean {
  return name === COUNTED || name === RUNS;
}

/** What must be added so that these counters agree. `lowers`: also where they say too much. */
export function changesFor(faults: readonly CounterFault[], lowers: boolean): Counter[] {
  return faults.flatMap(({ name, low, high, found }): Counter[] => {
    const kind = nameKind(name);
    if (kind !== 'own' && kind !== 'shared') return [];
    if (unitOf(name) === 'ms') return found < low ? [{ name, add: 0, max: UNBOUNDED, atLeast: low }] : [];
    if (found < low) return [{ name, add: low - found, max: UNBOUNDED }];
    return lowers && found > high ? [{ name, add: high - found, max: UNBOUNDED }] : [];
  });
}

/** The lock of a count that began as the `run`th: it adds nothing, and is lost once another has begun. */
export function fenceOf(run: number): Counter {
  return { name: RUNS, add: 0, max: run };
}
