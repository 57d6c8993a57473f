// Group commit: all writes of one turn of the event loop share one transaction, a savepoint each. On a real
// disk an fsync costs as much as a hundred claims, and nothing is acknowledged before it. Where another program holds
// the file's lock, writes wait beside the event loop and not in it.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, messageOf } from '../../core/base/error.ts';
import type { Place } from '../shared/file-identity.ts';

/** As many writes as one transaction takes, so that it blocks the event loop for milliseconds only. */
const BATCH_MAX = 500;

/** What a transaction needs of a database. */
export type Transactions = { exec(sql: string): void; readonly isTransaction: boolean };

type GroupCommit = {
  /**
   * Does this work in the next transaction and resolves when it is on disk. The work is synchronous, and all
   * or nothing: throwing, or calling `undo`, leaves nothing of it behind; its neighbours do not notice.
   */
  write<T>(work: (undo: () => void) => T): Promise<T>;
  /** Commits everything that waits, now, or rejects it. */
  drain(): void;
};

/** So long another program may hold the lock before a write is given up, ms: a push is answered within 5 s. */
const LOCKED_MAX_MS = 4500;
/** The pauses between two looks at a lock that somebody has, ms. */
const LOCK_PAUSES_MS = [1, 2, 5, 10, 25, 50];

/** `tries`: how often in a row somebody had it; counts from 1. */
function pauseOf(tries: number): number {
  return LOCK_PAUSES_MS[Math.min(tries, LOCK_PAUSES_MS.length) - 1]!;
}

/** A read that finds the file locked waits beside the event loop, as a write does. Throws `Fault`. */
export async function despiteLocks<T>(work: () => T): Promise<T> {
  const givenUp = performance.now() + LOCKED_MAX_MS;
  for (let tries = 1; ; tries++) {
    try {
      return work();
    } catch (error) {
      if (sqliteCodeOf(error) !== BUSY || performance.now() > givenUp) throw faultOf(error);
      await sleep(pauseOf(tries));
    }
  }
}

/** How a part of the store comes to the file: it reads at once, and writes in the next transaction. */
export type Access = { read<T>(work: () => T): Promise<T>; readonly write: GroupCommit['write'] };

/** `refuseIfClosed` and `place` throw where there is nothing to read or to write to. */
export function accessTo(batch: GroupCommit, place: Place, refuseIfClosed: () => void): Access {
  return {
    read: async work => {
      refuseIfClosed();
      place.mustBeOursNowAndThen();
      return despiteLocks(work);
    },
    write: async work => {
      refuseIfClosed();
      return batch.write(work);
    },
  };
}

type Write = {
  /** Runs the work; the answer is what to tell the caller once the transaction is on disk. */
  readonly run: () => { readonly undone: boolean; readonly tell: () => void };
  readonly reject: (error: unknown) => void;
  /** When it came, by the monotonic clock. */
  readonly since: number;
};

/** What is held in memory for the length of a transaction, and follows it. */
export type Held = {
  /** A write begins. */
  mark(): void;
  /** What it did is taken back. */
  undo(): void;
  /** All are done: writes what is held. */
  flush(): void;
  /** The transaction is taken back as a whole, with what was marked in it. */
  lose(): void;
  /** The transaction is over, one way or the other. */
  forget(): void;
};
const NOTHING_HELD: Held = {
  mark: () => undefined,
  undo: () => undefined,
  flush: () => undefined,
  lose: () => undefined,
  forget: () => undefined,
};

type GroupCommitOptions = {
  readonly max?: number;
  readonly held?: Held;
  /** Looked at before each transaction: throws where there is no use in it. */
  readonly mayBegin?: () => void;
};

export function groupCommit(
  db: Transactions,
  { max = BATCH_MAX, held = NOTHING_HELD, mayBegin = () => undefined }: GroupCommitOptions = {},
): GroupCommit {
  let waiting: Write[] = [];
  let isScheduled = false;
  /** How often in a row somebody else had the lock. */
  let locked = 0;

  // Not a microtask: `setImmediate` comes after all the input of this turn was read, so requests that came
  // together are committed together.
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    const goOn = (): void => {
      isScheduled = false;
      flush(performance.now() - LOCKED_MAX_MS);
      if (waiting.length > 0) schedule();
    };
    if (locked === 0) setImmediate(goOn);
    else void sleep(pauseOf(locked)).then(goOn);
  };

  /** `givenUp`: what has waited for the lock since before then is rejected. */
  const flush = (givenUp: number): void => {
    const batch = waiting.slice(0, max);
    waiting = waiting.slice(max);
    if (batch.length === 0) return; // drained since this was scheduled
    const telling: (() => void)[] = [];
    try {
      mayBegin();
      db.exec('BEGIN IMMEDIATE');
      locked = 0;
      for (const write of batch) telling.push(attempt(db, held, write));
      held.flush();
      db.exec('COMMIT');
    } catch (error) {
      const isLocked = !db.isTransaction && telling.length === 0 && sqliteCodeOf(error) === BUSY;
      abandon(db, held);
      const fault = faultOf(error, 'safe');
      const lost = isLocked ? batch.filter(({ since }) => since <= givenUp) : batch;
      for (const write of lost) write.reject(fault);
      if (!isLocked) return;
      locked++;
      waiting = [...batch.filter(write => !lost.includes(write)), ...waiting];
      return;
    } finally {
      held.forget();
    }
    for (const tell of telling) tell();
  };

  return {
    write: work =>
      new Promise((resolve, reject) => {
        const run = (): ReturnType<Write['run']> => {
          let undone = false;
          const value = work(() => {
            undone = true;
          });
          return { undone, tell: () => resolve(value) };
        };
        waiting.push({ run, reject, since: performance.now() });
        schedule();
      }),
    drain: () => {
      while (waiting.length > 0) flush(Number.POSITIVE_INFINITY);
    },
  };
}

function attempt(db: Transactions, held: Held, write: Write): () => void {
  db.exec('SAVEPOINT one');
  held.mark();
  const takeBack = (): void => {
    db.exec('ROLLBACK TO one; RELEASE one');
    held.undo();
  };
  try {
    const { undone, tell } = write.run();
    if (undone) takeBack();
    else db.exec('RELEASE one');
    return tell;
  } catch (error) {
    // A full disk makes SQLite roll back the whole transaction by itself: then all have failed.
    if (!db.isTransaction) throw error;
    takeBack();
    return () => write.reject(faultOf(error));
  }
}

/** All of it is taken back, also what is held of it. */
function abandon(db: Transactions, held: Held): void {
  held.lose();
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
  } catch {
    // The error that brought us here is the one to tell; the next BEGIN will complain if this one mattered.
  }
}

export const BUSY = 5;
const CONSTRAINT = 19;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** SQLite's result code without its extension, if SQLite threw this. */
export function sqliteCodeOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/**
 * SQLite's errors as faults; everything else as it is, unless `retry` says what it comes to. Nothing was
 * written, so trying again is safe; it is of use unless our own statement or the file is at fault.
 */
export function faultOf(error: unknown, retry?: Fault['retry']): unknown {
  const code = sqliteCodeOf(error);
  if (error instanceof Fault || (code === undefined && !retry)) return error;
  const hopeless = code === CONSTRAINT || code === CORRUPT || code === NOT_A_DATABASE;
  const name = code === BUSY ? 'busy' : `sqlite-${code ?? 'error'}`;
  const advice = retry ?? (hopeless ? 'never' : 'safe');
  return new Fault('store', advice, name, `the store failed: ${messageOf(error)}`, { cause: error });
}
