// Group commit: all writes of one turn of the event loop share one transaction, a savepoint each. On a real
// disk an fsync costs as much as a hundred claims, and nothing is acknowledged before it.
import { Fault, messageOf } from '../core/error.ts';

/** As many writes as one transaction takes, so that it blocks the event loop for milliseconds only. */
export const BATCH_MAX = 500;

/** What a transaction needs of a database. */
export type Transactions = { exec(sql: string): void; readonly isTransaction: boolean };

export type GroupCommit = {
  /**
   * Does this work in the next transaction and resolves when it is on disk. The work is synchronous, and all
   * or nothing: throwing, or calling `undo`, leaves nothing of it behind; its neighbours do not notice.
   */
  write<T>(work: (undo: () => void) => T): Promise<T>;
  /** Commits everything that waits, now. */
  drain(): void;
};

/** How a part of the store comes to the file: it reads at once, and writes in the next transaction. */
export type Access = { read<T>(work: () => T): Promise<T>; readonly write: GroupCommit['write'] };

type Write = {
  /** Runs the work; the answer is what to tell the caller once the transaction is on disk. */
  readonly run: () => { readonly undone: boolean; readonly tell: () => void };
  readonly reject: (error: unknown) => void;
};

export function groupCommit(db: Transactions, max: number = BATCH_MAX): GroupCommit {
  let waiting: Write[] = [];
  let isScheduled = false;

  // Not a microtask: `setImmediate` comes after all the input of this turn was read, so requests that came
  // together are committed together.
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      flush();
      if (waiting.length > 0) schedule();
    });
  };

  const flush = (): void => {
    const batch = waiting.slice(0, max);
    waiting = waiting.slice(max);
    if (batch.length === 0) return; // drained since this was scheduled
    const telling: (() => void)[] = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const write of batch) telling.push(attempt(db, write));
      db.exec('COMMIT');
    } catch (error) {
      abandon(db);
      const fault = faultOf(error, 'safe');
      for (const write of batch) write.reject(fault);
      return;
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
        waiting.push({ run, reject });
        schedule();
      }),
    drain: () => {
      while (waiting.length > 0) flush();
    },
  };
}

function attempt(db: Transactions, write: Write): () => void {
  db.exec('SAVEPOINT one');
  try {
    const { undone, tell } = write.run();
    db.exec(undone ? 'ROLLBACK TO one; RELEASE one' : 'RELEASE one');
    return tell;
  } catch (error) {
    // A full disk makes SQLite roll back the whole transaction by itself: then all have failed.
    if (!db.isTransaction) throw error;
    db.exec('ROLLBACK TO one; RELEASE one');
    return () => write.reject(faultOf(error));
  }
}

function abandon(db: Transactions): void {
  try {
    if (db.isTransaction) db.exec('ROLLBACK');
  } catch {
    // The error that brought us here is the one to tell; the next BEGIN will complain if this one mattered.
  }
}

const BUSY = 5;
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
  if (code === undefined && !retry) return error;
  const hopeless = code === CONSTRAINT || code === CORRUPT || code === NOT_A_DATABASE;
  const name = code === BUSY ? 'busy' : `sqlite-${code ?? 'error'}`;
  const advice = retry ?? (hopeless ? 'never' : 'safe');
  return new Fault('store', advice, name, `the store failed: ${messageOf(error)}`, { cause: error });
}
