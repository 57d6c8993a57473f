// Counters in the SQLite file. During a transaction they are held here, each row read once and written once however many
// events of the batch change it: those that everybody changes cost nearly nothing.

import type { Counter } from '../../core/base/counter.ts';
import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import { counterPlace, nameFrom } from './own/counter-names.ts';
import type { Database } from './schema.ts';

/** The counters in one row of `own`, by their short names. */
export type Values = Record<string, number>;
/** `short`: none, where the row holds one counter of everybody's. */
type Held = { readonly owner: string; readonly name: string; readonly values: Values; isChanged: boolean };

/** The only counter in its row. */
const ALONE = '';

export type Counters = {
  value(name: string): number | undefined;
  /** `false`: it would have passed its maximum. What adds nothing is only looked at. */
  add(counter: Counter): boolean;
  giveBack(name: string, add: number): void;
  /** As it is told by other books. */
  set(name: string, value: number): void;
  /** From here on; and back to here. */
  mark(): void;
  undo(): void;
  /** Writes what has changed. */
  flush(): void;
  /** Holds nothing any more: another process may change it. */
  forget(): void;
};

/** The rows that were read, each once. */
function rowsIn(db: Database): { at(owner: string, name: string): Held; flush(): void; forget(): void } {
  const findShared = db.prepare<{ value: number }>('SELECT value FROM counter WHERE name = ?');
  const findOwn = db.prepare<{ value: JsonText<Values> }>('SELECT value FROM own WHERE owner = ? AND name = ?');
  const putShared = db.prepare('INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)');
  const putOwn = db.prepare('INSERT OR REPLACE INTO own (owner, name, value) VALUES (?, ?, ?)');
  const rows = new Map<string, Held>();

  const read = (owner: string, name: string): Values => {
    const found = owner === '' ? findShared.get(name) : findOwn.get(owner, name);
    if (!found) return {};
    return typeof found.value === 'number' ? { [ALONE]: found.value } : saidBy(found.value);
  };
  const write = ({ owner, name, values }: Held): void => {
    if (owner !== '') putOwn.run(owner, name, JSON.stringify(values));
    else putShared.run(name, values[ALONE]!);
  };
  return {
    at: (owner, name) => {
      const id = owner + name;
      const known = rows.get(id);
      if (known) return known;
      const row = { owner, name, values: read(owner, name), isChanged: false };
      rows.set(id, row);
      return row;
    },
    flush: () => {
      for (const row of rows.values()) if (row.isChanged && Object.keys(row.values).length > 0) write(row);
      rows.clear();
    },
    forget: () => rows.clear(),
  };
}

export function countersIn(db: Database): Counters {
  const rows = rowsIn(db);
  let undoing: (readonly [row: Held, short: string, before: number | undefined])[] = [];

  const find = (name: string): readonly [row: Held, short: string] => {
    const place = counterPlace(name);
    return place ? [rows.at(place.owner, place.own), place.short] : [rows.at('', name), ALONE];
  };
  const write = (row: Held, short: string, value: number): void => {
    const before = row.values[short];
    if (before === value) return;
    undoing.push([row, short, before]);
    row.values[short] = value;
    row.isChanged = true;
  };

  return {
    value: name => {
      const [row, short] = find(name);
      return row.values[short];
    },
    add: ({ name, add, max, atLeast = Number.NEGATIVE_INFINITY }) => {
      const [row, short] = find(name);
      const before = row.values[short];
      const sum = (before ?? 0) + add;
      if (add === 0 && atLeast === Number.NEGATIVE_INFINITY) return sum <= max;
      if (add > max || sum > max) return false;
      write(row, short, Math.max(sum, atLeast));
      return true;
    },
    giveBack: (name, add) => {
      const [row, short] = find(name);
      const before = row.values[short];
      if (before !== undefined) write(row, short, Math.max(0, before - add));
    },
    set: (name, value) => {
      const [row, short] = find(name);
      write(row, short, value);
    },
    mark: () => {
      undoing = [];
    },
    undo: () => {
      for (const [row, short, before] of undoing.reverse()) {
        if (before === undefined) delete row.values[short];
        else row.values[short] = before;
      }
      undoing = [];
    },
    flush: rows.flush,
    forget: rows.forget,
  };
}

/** The counters in a row of `own`, by their names. */
export function countersOf(owner: string, name: string, text: JsonText<Values>): { name: string; value: number }[] {
  const values = saidBy(text);
  return Object.keys(values).map(short => ({ name: nameFrom(short, owner, name), value: values[short]! }));
}
