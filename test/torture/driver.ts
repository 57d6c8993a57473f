// SQLite's own troubles: a COMMIT that fails, and a process that dies between its last savepoint, its COMMIT and its
// answers. The store is the real one; the database under it asks what is to become of each transaction.
import type { Store } from '../../src/ports.ts';
import { type Database, openDatabase } from '../../src/storage/sqlite/schema.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';

/** What a worker's database asks. */
export type Doom = {
  /** `full`: the disk is. `gone`: it is, and SQLite has rolled back by itself. `dies`: the process, before it was done. */
  beforeCommit(): 'go' | 'full' | 'gone' | 'dies';
  /** Now the COMMIT is on disk, and nobody was told yet. */
  afterCommit(): void;
};

/** A bug in how the store leads its transactions; see `bugs.ts`. */
export type StoreBug = 'tells-before-commit' | 'undo-keeps-its-work';

class DiskFull extends Error {
  readonly errcode = 13;

  constructor() {
    super('database or disk is full');
  }
}

/** The store of one life of a worker. */
export function openDoomed(file: string, doom: Doom, bug?: StoreBug): Promise<Store> {
  return openSqlite(file, async name => doomed(await openDatabase(name), doom, bug));
}

function doomed(db: Database, doom: Doom, bug: StoreBug | undefined): Database {
  const exec = (sql: string): void => {
    if (sql === 'COMMIT') end();
    else db.exec(bug === 'undo-keeps-its-work' && sql.startsWith('ROLLBACK TO one') ? 'RELEASE one' : sql);
  };
  const end = (): void => {
    const fate = doom.beforeCommit();
    if (fate === 'go') {
      db.exec('COMMIT');
      doom.afterCommit();
      return;
    }
    if (fate !== 'full' || bug === 'tells-before-commit') db.exec('ROLLBACK');
    // Who was told before the COMMIT never hears what became of it.
    if (bug !== 'tells-before-commit') throw new DiskFull();
  };
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'exec') return exec;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
