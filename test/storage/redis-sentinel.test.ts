// A primary that sentinels watch over: who it is, they say; and when it dies, nothing that was acknowledged dies with it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/storage/open.ts';
import { hasRedis, type RedisSentinels, startRedis, startSentinels, until } from '../support/redis-server.ts';
import { aCommit, buckets } from './store.contract.ts';

describe.skipIf(!hasRedis)('a primary behind sentinels', () => {
  let set: RedisSentinels;
  beforeAll(async () => {
    set = await startSentinels();
  }, 60_000);
  afterAll(() => set.dispose());

  const refusalOf = (url: string): Promise<string> =>
    openStore(url).then(
      async store => `opened${await store.close()}`,
      (error: Error) => error.message,
    );

  test('is not found under another name, and a server is no sentinel', async () => {
    expect(await refusalOf(set.url.replace('/shop', '/other'))).toMatch(/no Sentinel knows the primary/);
    const server = await startRedis();
    expect(await refusalOf(`${server.url.replace('redis:', 'redis+sentinel:')}/shop`)).toMatch(/no Sentinel/);
    await server.dispose();
  });

  test('dies under load: every acknowledged claim is there, once, and the next ones go on', async () => {
    // The first sentinel of the address is not there.
    const url = `${set.url.replace('//', '//127.0.0.1:1,')}?replicas=1`;
    const stores = await Promise.all([openStore(url), openStore(url)]);
    const done: string[] = [];
    const told: Promise<void>[] = [];
    let isOver = false;
    const worker = async (n: number): Promise<void> => {
      while (!isOver) {
        const commit = aCommit();
        // As WeChat does: what got no answer comes again.
        for (let kind = ''; kind !== 'done' && kind !== 'answered'; ) {
          kind = await stores[n % 2]!.commit(commit).then(
            committed => committed.kind,
            () => 'failed',
          );
        }
        done.push(commit.payout.billNo);
        await sleep(10);
      }
    };
    for (let n = 0; n < 8; n++) told.push(worker(n));
    await until(async () => done.length > 50);
    const before = await set.primary();
    await set.servers.find(({ port }) => port === before)!.kill();
    await until(async () => (await set.primary()) !== before, 30_000);
    const atFailover = done.length;
    await until(async () => done.length > atFailover + 50, 30_000);
    isOver = true;
    await Promise.all(told);

    const there = await stores[0]!.payouts({ limit: 100_000 });
    expect(there.map(({ billNo }) => billNo).sort()).toEqual([...done].sort());
    expect(await stores[1]!.buckets('spring')).toEqual(buckets({ reserved: 100 * done.length }));
    await Promise.all(stores.map(store => store.close()));
  }, 120_000);
});
