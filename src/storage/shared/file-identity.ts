// Where the store's file lies, looked at while it is in use: a file that was removed or replaced under us takes what is
// written nowhere, since nobody opens it again.
import { statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Fault } from '../../core/base/error.ts';

/** What reads look at no more often than this, ms; a write looks each time. */
const LOOK_EVERY_MS = 1000;

export type Place = {
  /** Before a transaction: throws a `Fault` once the file is not the one that was opened. It stays so. */
  mustBeOurs(): void;
  /** Before a read, at most once a second. */
  mustBeOursNowAndThen(): void;
};

type Print = string | undefined;

/** Device and inode; `undefined` where there is no such file. */
function printOf(file: string): Print {
  const info = statSync(file, { throwIfNoEntry: false });
  return info && `${info.dev}:${info.ino}`;
}

/** `ticks`: monotonic, ms. */
export function placeOf(file: string, ticks: () => number = () => performance.now()): Place {
  if (file === ':memory:') return { mustBeOurs: () => undefined, mustBeOursNowAndThen: () => undefined };
  const wal = `${file}-wal`;
  const opened = printOf(file);
  const openedWal = printOf(wal);
  let why: string | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const look = (): void => {
    lookedAt = ticks();
    const now = printOf(file);
    // The log beside it stays for as long as we have the file open.
    const log = printOf(wal);
    if (now !== opened) why = `${file} was ${now === undefined ? 'removed' : 'replaced'} while it was in use`;
    else if (log !== openedWal) why = `${wal} was ${log === undefined ? 'removed' : 'replaced'} while it was in use`;
  };
  const mustBeOurs = (): void => {
    if (why === undefined) look();
    if (why !== undefined)
      throw new Fault('store', 'safe', 'gone', `${why}: nothing is written any more; put it back, and start again`);
  };
  return {
    mustBeOurs,
    mustBeOursNowAndThen() {
      if (why !== undefined || ticks() - lookedAt >= LOOK_EVERY_MS) mustBeOurs();
    },
  };
}
