// What people do by hand is written down for good (操作记录), on both stores; and it moves to another store with the rest, as
// do the platform's times.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import { later, SECOND } from '../../src/core/base/time.ts';
import type { Act, Store } from '../../src/ports.ts';
import { readPieces } from '../../src/storage/copy.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { aCommit, listOf, NOW, type Opened } from '../storage/store.contract.ts';
import { DURABLE, hasRedis, openedOn, type RedisServer, startRedis } from '../support/redis-server.ts';

const actOf = (n: number, parts: Partial<Act> = {}): Omit<Act, 'id'> => ({
  ...{ at: later(NOW, n * SECOND), by: '王敏', what: 'payouts cancel', about: `number ${n}` },
  ...parts,
});
const told = (acts: readonly Act[]) => acts.map(({ id: _, ...act }) => act);

type Open = () => Promise<Pick<Opened, 'store' | 'beside' | 'dispose'>>;

function onAStore(name: string, open: Open): void {
  describe(`the log of operators on ${name}`, () => {
    let opened: Awaited<ReturnType<Open>>;
    afterEach(() => opened.dispose());

    test('is listed newest first, page by page, and another process sees it', async () => {
      opened = await open();
      const { acts } = opened.store;
      expect(await acts.list({ limit: 9 })).toEqual([]);
      const all = [actOf(1), actOf(2, { detail: '打错了 "金额"' }), actOf(3, { by: 'root', about: '' }), actOf(4)];
      for (const act of all) await acts.append(act);
      const newest = await (await opened.beside()).acts.list({ limit: 9 });
      expect(told(newest)).toStrictEqual([...all].reverse());
      const ids = newest.map(({ id }) => id);
      expect(ids).toEqual([...ids].sort((a, b) => b - a));
      const [first, second] = await acts.list({ limit: 2 });
      expect([first, second]).toEqual(newest.slice(0, 2));
      expect(await acts.list({ limit: 2, after: second!.id })).toEqual(newest.slice(2));
      expect(await acts.list({ limit: 2, after: ids.at(-1)! })).toEqual([]);
      expect(await acts.list({ limit: 0 })).toEqual([]);
    });

    test('moves to another store with the platform’s times of followers and payouts, and goes on there', async () => {
      opened = await open();
      const { store } = opened;
      const user = openId(`oAnn${'0'.repeat(24)}`);
      const follower = {
        account: 'tea',
        user,
        following: false,
        follows: 2,
        followedAt: NOW,
        leftAt: later(NOW, SECOND),
      };
      const commit = aCommit({ user, follower });
      const payout = { ...commit.payout, eventAt: later(NOW, -SECOND) };
      expect(await store.commit({ ...commit, payout })).toEqual({ kind: 'done' });
      for (const n of [1, 2, 3]) await store.acts.append(actOf(n));
      const pair = [await openSqlite(':memory:'), hasRedis ? (await openedOn(server!.url)).store : undefined];
      for (const target of pair.filter(each => each !== undefined)) {
        for (let twice = 0; twice < 2; twice++) await copied(store, target);
        expect(await target.acts.list({ limit: 9 })).toEqual(await store.acts.list({ limit: 9 }));
        const wanted = { account: 'tea', user, merchant: undefined, claims: [], counters: [] };
        expect((await target.facts(wanted)).follower).toStrictEqual(follower);
        expect(await target.payout(payout.billNo)).toStrictEqual(payout);
        await target.acts.append(actOf(4));
        expect(told(await target.acts.list({ limit: 1 }))).toEqual([actOf(4)]);
        // Whoever left there is known to have.
        const late = { ...aCommit({ user }), followsSeen: 2, leftSeen: 0 };
        expect(await target.commit(late)).toEqual({ kind: 'lost', counter: 'follower' });
        await target.close();
      }
    });

    test('is read as of one moment', async () => {
      opened = await open();
      const { store } = opened;
      for (const n of [1, 2]) await store.acts.append(actOf(n));
      const snapshot = await store.snapshot();
      await store.acts.append(actOf(3));
      expect(told(await listOf(snapshot.acts()))).toEqual([actOf(1), actOf(2)]);
      await snapshot.close();
    });
  });
}

async function copied(from: Store, to: Store): Promise<void> {
  const snapshot = await from.snapshot();
  await readPieces(
    snapshot,
    () => {},
    piece => to.load(piece),
  );
  await snapshot.close();
}

let server: RedisServer | undefined;
beforeAll(async () => {
  if (hasRedis) server = await startRedis(...DURABLE);
});
afterAll(() => server?.dispose());

onAStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-acts-'));
  const stores = [await openSqlite(join(folder, 'bot.db'))];
  return {
    store: stores[0]!,
    async beside() {
      stores.push(await openSqlite(join(folder, 'bot.db')));
      return stores.at(-1)!;
    },
    async dispose() {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
if (hasRedis) onAStore('Redis', () => openedOn(server!.url));
