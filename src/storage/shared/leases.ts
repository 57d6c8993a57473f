// What both stores go by when they hold a lease: what may be asked for, and when a clock must have been set back.
import assert from 'node:assert/strict';

/**
 * A lease that was written this much later than now was written by a clock that was set back since: it has ended.
 * Less is no sign of that: whoever asks read their clock before they waited for the store, on SQLite up to five
 * seconds, and another process may have written meanwhile.
 */
export const SET_BACK_MS = 10_000;

export function checkLease(name: string, holder: string, ms: number): void {
  // SQLite's driver cuts a text at its first NUL; and in Redis no holder is an empty one.
  assert(/^[^\0]+$/.test(name) && /^[^\0]+$/.test(holder), 'a lease and its holder have names');
  assert(Number.isSafeInteger(ms) && ms > 0, `a lease lasts some whole ms: ${ms}`);
}
