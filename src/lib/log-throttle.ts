// A log line that strangers can cause: so many a minute, and then only how many there were. Whoever knocks a million times
// does not fill a disk.
import type { Clock } from '../ports.ts';

const LINES_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** `say` gets how many were left out since it was last called. */
export function sparing(clock: Clock, max = LINES_PER_MINUTE): (say: (leftOut: number) => void) => void {
  let [since, said, leftOut] = [Number.NEGATIVE_INFINITY, 0, 0];
  return say => {
    const now = clock();
    // A clock that was set back begins a new minute too.
    if (Math.abs(now - since) >= MINUTE_MS) [since, said] = [now, 0];
    if (said >= max) {
      leftOut++;
      return;
    }
    said++;
    say(leftOut);
    leftOut = 0;
  };
}
