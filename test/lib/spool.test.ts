// Rows put aside: they come back as they were, also when they are far too many for memory.
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { Spool } from '../../src/lib/spool.ts';

describe('a spool', () => {
  test.each([
    ['few', 10, 3],
    ['more than memory may hold, on a few shelves', 60_000, 3],
    ['more than memory may hold, on very many', 60_000, 2000],
  ])('gives %s rows back shelf by shelf, in their order', (_, count, shelves) => {
    const spool = new Spool<{ readonly n: number; readonly text: string }>();
    const text = '红包\n"与\u2028'.repeat(100);
    const left = (): number => readdirSync(tmpdir()).filter(name => name.startsWith('hongbao-spool-')).length;
    const before = left();
    for (let n = 0; n < count; n++) spool.put(n % shelves, { n, text });
    expect(left()).toBe(before); // its file has no name that a crash could leave behind
    expect(spool.size).toBe(count);
    let seen = 0;
    for (let shelf = 0; shelf < shelves; shelf++) {
      let expected = shelf;
      for (const row of spool.take(shelf)) {
        if (row.n !== expected || row.text !== text) throw new Error(`row ${row.n} where ${expected} was put`);
        expected += shelves;
        seen++;
      }
    }
    expect(seen).toBe(count);
    expect([...spool.take(shelves)]).toEqual([]);
    spool.close();
  });
});
