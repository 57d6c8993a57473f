// What people did by hand (操作记录), in the SQLite file: appended, never edited.

import type { Act, OperatorLog } from '../../ports.ts';
import type { Value } from '../shared/rows.ts';
import { present, stored } from '../shared/rows.ts';
import type { Access } from './group-commit.ts';
import type { Database } from './schema.ts';

/** The columns of a `SELECT` that gives an act. */
export const ACT = 'id, at, by_ AS "by", what, about, detail';

/** In the order of the columns at, by_, what, about, detail. */
export function actValues({ at, by, what, about, detail }: Omit<Act, 'id'>): Value[] {
  return [at, stored(by), stored(what), stored(about), stored(detail)];
}

export function actsIn(db: Database, { read, write }: Access): OperatorLog {
  const add = db.prepare('INSERT INTO act (at, by_, what, about, detail) VALUES (?, ?, ?, ?, ?)');
  const list = db.prepare<Act>(`SELECT ${ACT} FROM act WHERE id < ? ORDER BY id DESC LIMIT ?`);
  return {
    append: async act => {
      await write(() => add.run(...actValues(act)));
    },
    list: ({ limit, after = Number.MAX_SAFE_INTEGER }) => read(() => list.all(after, limit).map(present)),
  };
}
