// What is sure of the file without a look at its rows: whether another connection has written to it, which SQLite counts in
// memory that all of them share, and who is owed words, as long as none has.
import type { OpenId } from '../../core/base/event.ts';
import type { Person, Sure } from '../../ports.ts';
import type { Database, Statement } from './schema.ts';

/** So many are remembered; where more are owed something, anybody may be. */
const OWING_MAX = 50_000;

type SureOfFile = {
  readonly sure: Sure;
  /** Told before a mailbox is written by this process: from now on they may be owed something. */
  mayBeOwed(account: string, user: OpenId): void;
};

const nameOf = (account: string, user: string): string => `${account}/${user}`;

export function sureOf(db: Database, owingMax = OWING_MAX): SureOfFile {
  const version = db.prepare('PRAGMA data_version') as Statement<{ data_version: number }>;
  const owing = db.prepare('SELECT account, user FROM mailbox WHERE owed IS NOT NULL LIMIT ?') as Statement<Person>;
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
      return new Set(owing.all(owingMax).map(each => nameOf(each.account, each.user)));
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
    mayBeOwed(account, user) {
      if (owed && owed.size < owingMax) owed.add(nameOf(account, user));
    },
  };
}
