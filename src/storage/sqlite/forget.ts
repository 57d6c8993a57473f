// Old answers are forgotten by a mark: those of the journal lines up to it are answers no more. Nothing else is written, for
// an answer is no more than its line.

import type { Instant } from '../../core/base/time.ts';
import type { Access } from './group-commit.ts';
import { type EventColumn, eventColumn, heardIn } from './own/own-names.ts';
import type { Database, Statement } from './schema.ts';

/** Lines looked at in one write: a long night's clean-up must not keep a follower waiting. */
const CHUNK = 10_000;

/** Events whose answer is not that of their line: their place in the file, few as they are. */
export const ODD = "typeof(value) = 'text' AND name >= 'e' AND name < 'f'";

/** How many. One that stands behind a younger one waits for it: lines lie in the order in which they were decided. */
export async function forgetAnswers(db: Database, { write }: Access, before: Instant): Promise<number> {
  const prepare = <Row>(text: string): Statement<Row> => db.prepare<Row>(text);
  const mark = prepare<{ line: number }>('SELECT line FROM forgotten');
  const next = `SELECT id, at FROM journal WHERE id > ? ORDER BY id LIMIT ${CHUNK}`;
  const young = prepare<{ id: number }>(`SELECT id FROM (${next}) WHERE at >= ? ORDER BY id LIMIT 1`);
  const old = prepare<{ lines: number; last: number | null }>(
    `SELECT count(*) AS lines, max(id) AS last FROM (${next}) WHERE id < ?`,
  );
  const set = prepare('UPDATE forgotten SET line = ?');
  let total = await write(() => forgetOdd(db, before));
  for (;;) {
    const { lines, last } = await write(() => {
      const from = mark.get()!.line;
      const end = young.get(from, before)?.id ?? Number.MAX_SAFE_INTEGER;
      const found = old.get(from, end)!;
      if (found.last !== null) set.run(found.last);
      return found;
    });
    total += lines;
    if (last === null || lines < CHUNK) return total;
  }
}

function forgetOdd(db: Database, before: Instant): number {
  const all = db.prepare<{
    owner: string;
    name: string;
    value: EventColumn;
  }>(`SELECT owner, name, value FROM own WHERE ${ODD}`);
  const put = db.prepare('UPDATE own SET value = ? WHERE owner = ? AND name = ?');
  const remove = db.prepare('DELETE FROM own WHERE owner = ? AND name = ?');
  let total = 0;
  for (const { owner, name, value } of all.all()) {
    const { lines, answer } = heardIn(value);
    if (answer?.at === undefined || answer.at >= before) continue;
    total++;
    if (lines.length === 0) remove.run(owner, name);
    else put.run(eventColumn({ lines }), owner, name);
  }
  return total;
}
