// What is sure of the file without a look at its rows: whether another connection has written to it, which SQLite counts in
// memory that all of them share, and who is owed words, as long as none has.
import type { Person, Sure } from '../../ports.ts';
import type { Database } from './schema.ts';

/** So many are remembered; where more are owed something, anybody may be. */
const OWING_MAX = 50_000;

export type SureOfFile = {
  readonly sure: Sure;
  /** Told before a mailbox or a question is written by this process: from now on they (account/openid) may be owed something. */
  mayBeOwed(person: string): void;
};

const nameOf = (account: string, user: string): string => `${account}/${user}`;

export function sureOf(db: Database, owingMax = OWING_MAX): SureOfFile {
  const version = db.prepare<{ data_version: number }>('PRAGMA data_version');
  const owing = db.prepare<Person>('SELECT account, user FROM mailbox WHERE owed IS NOT NULL LIMIT ?');
  const asked = db.prepare<{
    name: string;
  }>("SELECT name FROM document WHERE kind = 'parcels' AND waits = 1 LIMIT ?");
  let [seen, changes] = [Number.NaN, 0];
  let owed: Set<string> | undefined;
  const look = (): number => {
    let now: number;
    try {
      now = version.get()?.data_version ?? Number.NaN;
    } catch {
      now = Number.NaN; // locked, or closed: anything may have been written
    }
    if (now !== seen) {
      changes++;
      owed = undefined;
    }
    seen = now;
    return changes;
  };
  const read = (): Set<string> | undefined => {
    try {
      return new Set([
        ...owing.all(owingMax).map(each => nameOf(each.account, each.user)),
        ...asked.all(owingMax).map(({ name }) => name),
      ]);
    } catch {
      return undefined; // read by whoever asks next
    }
  };
  return {
    sure: {
      writesOfOthers: look,
      mayOwe(account, user) {
        owed ??= read();
        return !owed || owed.size >= owingMax || owed.has(nameOf(account, user));
      },
    },
    mayBeOwed(person) {
      if (owed && owed.size < owingMax) owed.add(person);
    },
  };
}
