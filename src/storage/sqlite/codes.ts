// Printed codes in the SQLite file: a row for each code, and one for each box, which says whether its codes are active.

import type { CodeFact } from '../../core/match/facts.ts';
import type { CodeBatch, HeldCode, PrintedCode, Store } from '../../ports.ts';
import { BOXES_CHUNK, checkAfter, checkCodes, codeHash, codeTaken, stretchesOf } from '../shared/code-hash.ts';
import { present } from '../shared/rows.ts';
import type { Access } from './group-commit.ts';
import type { Database, Statement } from './schema.ts';

/** Codes a list looks at before others get their turn. */
const LOOK_CHUNK = 5000;

/** By the hash of a code. */
export const CODE_FACT = `SELECT batch, prize, active FROM code JOIN code_box USING (batch, box) WHERE hash = ?`;
export type CodeRow = Omit<CodeFact, 'active'> & { readonly active: number };

export function codeFactOf(row: CodeRow | undefined): { readonly code?: CodeFact } {
  return row ? { code: { batch: row.batch, prize: row.prize, active: row.active === 1 } } : {};
}

type Codes = Pick<Store, 'addCodes' | 'activateCodes' | 'codeBatches' | 'codes'>;

export function codesIn(db: Database, { read, write }: Access): Codes {
  const sql = statementsOf(db);
  return {
    addCodes: async codes => {
      checkCodes(codes);
      const held = codes.map(heldOf);
      return write(() => add(sql, held));
    },
    activateCodes: async (batch, boxes, active, which) => {
      let total = 0;
      const only = Number(which === 'undecided');
      for (const [first, last] of stretchesOf(boxes)) {
        for (let from = first; ; ) {
          const changed = await write(() => sql.activate.all(Number(active), batch, from, last, Number(!active), only));
          for (const { codes } of changed) total += codes;
          if (changed.length < BOXES_CHUNK) break;
          from = Math.max(...changed.map(({ box }) => box)) + 1;
        }
        // A box that was off before anybody decided is so from now on because somebody did.
        if (!active) await write(() => sql.decide.run(batch, first, last));
      }
      return total;
    },
    codeBatches: () => read(() => sql.batches.all().map(present)),
    codes: async (batch, after, limit) => {
      checkAfter(after);
      return list(sql, read, batch, after ?? '', limit);
    },
  };
}

type Statements = ReturnType<typeof statementsOf>;
type BoxRow = { readonly box: number; readonly codes: number };

function statementsOf(db: Database) {
  const prepare = <Row>(text: string): Statement<Row> => db.prepare<Row>(text);
  return {
    add: prepare('INSERT INTO code (hash, batch, box, prize) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING'),
    find: prepare<HeldCode>('SELECT hash, batch, box, prize FROM code WHERE hash = ?'),
    count: prepare(`INSERT INTO code_box (batch, box, codes, active, decided) VALUES (?, ?, ?, 0, 0)
      ON CONFLICT (batch, box) DO UPDATE SET codes = codes + excluded.codes`),
    activate: prepare<BoxRow>(`UPDATE code_box SET active = ?1, decided = 1 WHERE batch = ?2 AND box IN (
      SELECT box FROM code_box WHERE batch = ?2 AND box BETWEEN ?3 AND ?4 AND active = ?5
      AND (?6 = 0 OR decided = 0) ORDER BY box LIMIT ${BOXES_CHUNK}) RETURNING box, codes`),
    decide: prepare('UPDATE code_box SET decided = 1 WHERE batch = ? AND box BETWEEN ? AND ? AND decided = 0'),
    batches: prepare<CodeBatch>(`SELECT batch, sum(codes) AS codes, sum(codes * active) AS active, count(*) AS boxes
      FROM code_box GROUP BY batch ORDER BY batch`),
    end: prepare<{ hash: string }>(
      `SELECT hash FROM code WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ${LOOK_CHUNK - 1}`,
    ),
    list: prepare<HeldCode & { readonly active: number }>(`SELECT hash, batch, box, prize, active
      FROM code JOIN code_box USING (batch, box) WHERE hash > ? AND hash <= ? AND batch = ? ORDER BY hash LIMIT ?`),
  };
}

function heldOf({ code, batch, box, prize }: PrintedCode): HeldCode {
  return { hash: codeHash(code), batch, box, prize };
}

/** Inside a transaction: throwing leaves nothing of it behind. */
function add(sql: Statements, codes: readonly HeldCode[]): number {
  const boxes = new Map<string, { batch: string; box: number; codes: number }>();
  let count = 0;
  for (const [index, { hash, batch, box, prize }] of codes.entries()) {
    if (sql.add.run(hash, batch, box, prize).changes === 0) {
      const there = sql.find.get(hash)!;
      if (there.batch !== batch || there.box !== box || there.prize !== prize) throw codeTaken(index + 1);
      continue;
    }
    count++;
    const key = `${box} ${batch}`;
    boxes.set(key, { batch, box, codes: (boxes.get(key)?.codes ?? 0) + 1 });
  }
  for (const { batch, box, codes } of boxes.values()) sql.count.run(batch, box, codes);
  return count;
}

/** Along all codes, chunk by chunk: an index by batch would take as much room again as the codes. */
async function list(sql: Statements, read: Access['read'], batch: string, first: string, limit: number) {
  const found: Awaited<ReturnType<Codes['codes']>> = [];
  for (let after = first; ; ) {
    const { end, rows } = await read(() => {
      const end = sql.end.get(after)?.hash;
      return { end, rows: sql.list.all(after, end ?? '~', batch, limit - found.length) };
    });
    for (const row of rows) found.push({ ...row, active: row.active === 1 });
    if (end === undefined || found.length >= limit) return found;
    after = end;
    await new Promise(resolve => setImmediate(resolve));
  }
}
