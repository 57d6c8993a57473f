// The Redis store on a real cluster: three primaries, and a replica of the one that has our keys.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Payout } from '../../src/core/payout/payout.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import { hasRedis, openedOn, type RedisCluster, startCluster, until } from '../support/redis-server.ts';
import { authorizationsContract } from './authorization.contract.ts';
import { codesContract } from './codes.contract.ts';
import { documentsContract } from './document.contract.ts';
import { leaseContract } from './lease.contract.ts';
import { aCommit, aStep, buckets, counterOf, storeContract } from './store.contract.ts';

describe.skipIf(!hasRedis)('a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster(3, 1, '{hongbao}:seq');
  });
  afterAll(() => cluster.dispose());

  storeContract('a Redis cluster', () => openedOn(cluster.url));
  leaseContract('a Redis cluster', () => openedOn(cluster.url, { time: 'caller' }));
  codesContract('a Redis cluster', () => openedOn(cluster.url));
  authorizationsContract('a Redis cluster', () => openedOn(cluster.url));
  documentsContract('a Redis cluster', () => openedOn(cluster.url));

  test('is found by any one of its nodes', async () => {
    const store = await openRedis(cluster.url.replace(/,.*/, ''));
    const commit = aCommit({ campaign: 'found' });
    expect(await store.commit(commit)).toEqual({ kind: 'done' });
    expect(await store.payout(commit.payout.billNo)).toStrictEqual(commit.payout);
    await store.close();
  });

  test('keeps all of a deployment on one shard', async () => {
    const store = await openRedis(`${cluster.url}?tag=alone`);
    const commit = aCommit();
    await store.commit(commit);
    await store.advance(aStep(commit.payout, 'sending'));
    const primaries = cluster.nodes.slice(0, 3).map(node => node.client());
    const counts = await Promise.all(primaries.map(async client => (await client.keys('{alone}:*')).length));
    expect(counts.filter(count => count > 0)).toHaveLength(1);
    await store.close();
  });

  test('that is not safe on one node is refused', async () => {
    const client = cluster.nodes[3]!.client();
    await client.config('SET', 'appendfsync', 'everysec');
    await expect(openRedis(cluster.url)).rejects.toThrow(/appendfsync is everysec/);
    await client.config('SET', 'appendfsync', 'always');
  });

  test('fails over in the middle of the claims: none is lost, none done twice', { timeout: 60_000 }, async () => {
    const stores = [await openRedis(cluster.url), await openRedis(cluster.url)];
    const sent: Payout[] = [];
    const odd: string[] = [];
    let isOver = false;
    const work = async (n: number): Promise<void> => {
      while (!isOver) {
        const { payout, ...commit } = aCommit({ campaign: 'failover', budget: 1e9 });
        const { kind } = await stores[n % 2]!.commit({ ...commit, payout });
        const step = aStep(payout, 'sent', 'reserved→sent');
        const moved = await stores[(n + 1) % 2]!.advance(step);
        if (kind !== 'done' || moved !== 'moved') odd.push(kind, JSON.stringify(moved));
        sent.push(step.payout);
      }
    };
    const workers = Promise.all(Array.from({ length: 20 }, (_, n) => work(n)));
    await new Promise(resolve => setTimeout(resolve, 300));
    const replica = cluster.nodes[3]!.client();
    expect(await replica.info('replication')).toContain('role:slave');
    await replica.call('CLUSTER', 'FAILOVER');
    await until(async () => (await replica.info('replication')).includes('role:master'));
    const before = sent.length;
    await until(async () => sent.length > before + 100);
    isOver = true;
    await workers;
    expect(odd).toEqual([]);
    const found = await stores[0]!.payouts({ campaign: 'failover', limit: 1e6 });
    expect(found.map(({ state }) => state)).toEqual(Array(sent.length).fill('sent'));
    expect(await stores[0]!.buckets('failover')).toEqual(buckets({ sent: 100 * sent.length }));
    expect(await counterOf(stores[0]!, 'campaign/failover/amount')).toBe(100 * sent.length);
    for (const store of stores) await store.close();
  });

  test('of which a node is down that has nothing of ours is used all the same', { timeout: 30_000 }, async () => {
    const first = await openRedis(cluster.url);
    await first.commit(aCommit({ campaign: 'half' }));
    await first.close();
    const owners = await Promise.all(cluster.nodes.slice(0, 3).map(node => node.client().keys('{hongbao}:seq')));
    const idle = cluster.nodes[owners.findIndex(keys => keys.length === 0)]!;
    const wholeOnly = (value: string) =>
      Promise.all(cluster.nodes.map(node => node.client().config('SET', 'cluster-require-full-coverage', value)));
    await wholeOnly('no');
    await idle.kill();
    const store = await openRedis(cluster.url);
    expect(await store.commit(aCommit({ campaign: 'half' }))).toEqual({ kind: 'done' });
    await store.close();
    await idle.start();
    await until(
      async () =>
        (await openRedis(cluster.url).then(
          each => each.close(),
          () => 'not yet',
        )) === undefined,
    );
  });
});
