// A trouble that every request meets while something is away: told once a minute with how often it was met, and once more
// when it is over. An outage at full load must not fill a disk.
import type { Clock } from '../ports.ts';

const EVERY_MS = 60_000;

type Trouble = {
  /** `say` gets how often it was met since it was last told, this time included. */
  met(say: (times: number) => void): void;
  /** `say` gets how often it was met since it was last told. Nothing where nothing was told. */
  over(say: (times: number) => void): void;
};

export function createTrouble(clock: Clock): Trouble {
  let [toldAt, times, isTold] = [Number.NEGATIVE_INFINITY, 0, false];
  return {
    met(say) {
      times++;
      const now = clock();
      // A clock that was set back begins a new minute too.
      if (Math.abs(now - toldAt) < EVERY_MS) return;
      toldAt = now;
      isTold = true;
      say(times);
      times = 0;
    },
    over(say) {
      if (!isTold) return;
      isTold = false;
      say(times);
      times = 0;
    },
  };
}
