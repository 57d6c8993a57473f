// A transaction that SQLite takes back as a whole takes its shapes back too: a number that it gave may mean another text next.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/storage/sqlite/schema.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { aCommit } from './store.contract.ts';

test('what is written after a transaction that failed at its end is read as it was written, by this process and the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-shapes-'));
  const file = join(folder, 'bot.db');
  let isFull = false;
  const store = await openSqlite(file, async path => {
    const db = await openDatabase(path);
    const exec = (sql: string): void => {
      if (isFull && sql === 'COMMIT') throw Object.assign(new Error('disk full'), { errcode: 13 });
      db.exec(sql);
    };
    return new Proxy(db, {
      get(target, name) {
        if (name === 'exec') return exec;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  });
  // The first says how such lines look; the second would write that down, and is lost with its transaction.
  await store.commit(aCommit());
  isFull = true;
  const lost = await Promise.allSettled([store.commit(aCommit()), store.commit(aCommit())]);
  expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isFull = false;
  // The number that was given then is given to another shape now.
  const commits = [aCommit({ campaign: 'autumn' }), aCommit({ campaign: 'autumn' }), aCommit(), aCommit()];
  for (const commit of commits) await store.commit(commit);
  const told = async (from: typeof store): Promise<unknown> => {
    const lines = await from.journal({ limit: 4 });
    return lines.map(({ event, decision }) => ({ event, decision })).reverse();
  };
  const right = commits.map(({ event, decision }) => ({ event, decision }));
  expect(await told(store)).toEqual(right);
  await store.close();
  const again = await openSqlite(file);
  expect(await told(again)).toEqual(right);
  for (const { payout } of commits) expect(await again.payout(payout.billNo)).toEqual(payout);
  await again.close();
  rmSync(folder, { recursive: true, force: true });
});
