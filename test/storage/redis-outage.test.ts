// Redis gone, back, and replaced: what a call is told meanwhile, and that nobody has to come for it to go on.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../../src/core/base/error.ts';
import type { Store } from '../../src/ports.ts';
import { scriptOf } from '../../src/storage/redis/link/connection.ts';
import * as READ from '../../src/storage/redis/read-scripts.ts';
import { openRedis, type RedisOptions } from '../../src/storage/redis/store.ts';
import * as WRITE from '../../src/storage/redis/write-scripts.ts';
import {
  DURABLE,
  hasRedis,
  type RedisServer,
  startCluster,
  startProxy,
  startRedis,
  until,
} from '../support/redis-server.ts';
import { aCommit, buckets } from './store.contract.ts';

/** Everything a test starts, ended after it, the latest first. */
let endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const end of endings.reverse()) await end();
  endings = [];
});
async function aServer(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis(...DURABLE, ...settings);
  endings.push(() => server.dispose());
  return server;
}
async function aStore(url: string, options?: RedisOptions): Promise<Store> {
  const store = await openRedis(url, options);
  endings.push(() => store.close());
  return store;
}
/** A replica that has everything. */
async function aReplica(of: RedisServer): Promise<RedisServer> {
  const client = of.client();
  const count = async () => (await client.info('replication')).match(/state=online/g)?.length ?? 0;
  const before = await count();
  const replica = await aServer('--replicaof', '127.0.0.1', String(of.port));
  await until(async () => (await count()) > before);
  return replica;
}

const fault = (code: string, retry: string) => expect.objectContaining({ name: 'Fault', who: 'store', code, retry });
const UNREACHABLE = fault('unreachable', 'safe');
const UNFIT = fault('unfit', 'never');
const EMPTIED = fault('emptied', 'never');
const BEHIND = fault('replicas', 'safe');

/** How it failed, and after how many ms. */
async function failureOf(work: () => Promise<unknown>): Promise<{ readonly error: unknown; readonly ms: number }> {
  const begun = performance.now();
  const error: unknown = await work().then(
    () => 'it did not fail',
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - begun };
}
const codeIn = (error: unknown) => (error instanceof Fault ? error.code : undefined);
const read = (store: Store) => store.payouts({ limit: 1 });
/** Both of them are refused like this. */
async function expectBoth(store: Store, refusal: unknown): Promise<void> {
  const failures = await Promise.all([failureOf(() => store.commit(aCommit())), failureOf(() => read(store))]);
  expect(failures.map(({ error }) => error)).toEqual([refusal, refusal]);
}
const serves = (store: Store) =>
  until(() =>
    read(store).then(
      () => true,
      () => false,
    ),
  );

describe.skipIf(!hasRedis)('a Redis that says nothing', () => {
  test('is a safe fault within 5 s, soon only a short wait, and serves again by itself', {
    timeout: 60_000,
  }, async () => {
    const server = await aServer();
    const store = await aStore(server.url);
    const [first, second] = [aCommit(), aCommit()];
    await store.commit(first);
    server.pause();
    const { error, ms } = await failureOf(() => store.commit(second));
    expect(error).toEqual(UNREACHABLE);
    expect(ms).toBeLessThan(4500);
    await sleep(3000); // by now it is known
    const crowd = await Promise.all(Array.from({ length: 500 }, () => failureOf(() => store.commit(aCommit()))));
    expect(crowd.map(each => each.error)).toEqual(Array(500).fill(UNREACHABLE));
    expect(Math.max(...crowd.map(each => each.ms))).toBeLessThan(2500); // the first one waited for four seconds
    server.resume();
    await serves(store);
    expect((await store.commit(second)).kind).toMatch(/^(done|answered)$/);
    expect(await store.commit(first)).toEqual({ kind: 'answered', answer: first.answer });
    expect(await store.journal({ limit: 9 })).toHaveLength(2); // of the crowd nobody was sent
  });

  test('for a second is waited for', async () => {
    const server = await aServer();
    const store = await aStore(server.url);
    server.pause();
    const work = Promise.all([store.commit(aCommit()), read(store)]);
    await sleep(1000);
    server.resume();
    expect((await work)[0]).toEqual({ kind: 'done' });
  });

  test('because it is not asked anything keeps its connection', async () => {
    const server = await aServer();
    const store = await aStore(server.url);
    const ids = async () =>
      String(await server.client().client('LIST')).match(/(?<=id=)\d+(?=.* name=hongbao-bot )/g) ?? [];
    const before = await ids();
    expect(before).toHaveLength(1);
    await sleep(2500);
    expect(await ids()).toEqual(before);
    await read(store);
    expect(await ids()).toEqual(before);
  });

  test('is not opened, and says so', async () => {
    const server = await aServer();
    server.pause();
    const { error, ms } = await failureOf(() => openRedis(server.url));
    expect(error).toMatchObject({ name: 'BadInput', message: expect.stringMatching(/cannot be reached \(.*time/i) });
    expect(ms).toBeLessThan(4500);
    server.resume();
  });
});

describe.skipIf(!hasRedis)('a Redis that was killed', () => {
  test('and stays away is waited for at first, then hardly, and serves as soon as it is back', {
    timeout: 30_000,
  }, async () => {
    const server = await aServer();
    const store = await aStore(server.url);
    await server.kill();
    const first = await failureOf(() => store.commit(aCommit()));
    expect(first.error).toEqual(UNREACHABLE);
    expect(first.ms).toBeGreaterThan(3000);
    const later = await failureOf(() => store.commit(aCommit()));
    expect(later.error).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    expect(later.ms).toBeLessThan(1000);
    await server.start();
    await serves(store);
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
  });

  test('while a turn’s commits were on their way has them all, or is told them again', {
    timeout: 30_000,
  }, async () => {
    const server = await aServer();
    const proxy = await startProxy(server.port);
    const store = await aStore(proxy.url);
    await store.commit(aCommit());
    for (let round = 0; round < 3; round++) {
      const all = Array.from({ length: 30 }, () => aCommit());
      // At the first round it has answered; at the others it dies wherever it is.
      if (round === 0) proxy.swallowNext(() => void server.kill());
      const told = all.map(store.commit);
      if (round > 0) await server.kill();
      else await until(async () => proxy.swallowed() === 1);
      await server.start();
      expect((await Promise.all(told)).map(({ kind }) => kind)).toEqual(Array(30).fill('done'));
      expect(await store.payouts({ limit: 200 })).toHaveLength(1 + 30 * (round + 1));
    }
    expect(await store.buckets('spring')).toEqual(buckets({ reserved: 9100 }));
    await proxy.dispose();
  });

  test('and comes back without its append-only file is refused until it has it again', {
    timeout: 30_000,
  }, async () => {
    const server = await aServer();
    const store = await aStore(server.url);
    const commit = aCommit();
    await store.commit(commit);
    await server.kill();
    await server.start('--appendonly', 'no');
    await expectBoth(store, EMPTIED);
    expect(await server.client().keys('*')).toEqual([]); // nothing was written there
    await server.kill();
    await server.start();
    await serves(store);
    expect(await store.commit(commit)).toEqual({ kind: 'answered', answer: commit.answer });
  });

  test('and comes back ready to throw keys away is refused with the same sentence until it is mended', {
    timeout: 30_000,
  }, async () => {
    const server = await aServer();
    const warnings: string[] = [];
    const store = await aStore(server.url, { warn: text => warnings.push(text) });
    await store.commit(aCommit());
    await server.kill();
    await server.start('--maxmemory', '900mb', '--maxmemory-policy', 'allkeys-lru');
    await expectBoth(store, UNFIT);
    const sentence = await openRedis(server.url).then(String, (error: Error) => error.message);
    expect(sentence).toMatch(/^store: .*allkeys-lru/);
    expect((await failureOf(() => read(store))).error).toMatchObject({ message: sentence });
    await server.client().config('SET', 'maxmemory-policy', 'noeviction');
    await serves(store);
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
    expect(warnings).toEqual([sentence, 'store: this Redis is fit again']);
  });
});

describe.skipIf(!hasRedis)('a Redis that is another by now', () => {
  test('because everything was flushed is refused by each until it is restarted, and begins anew', {
    timeout: 30_000,
  }, async () => {
    const server = await aServer();
    const [store, beside] = [await aStore(server.url), await aStore(server.url)];
    await store.commit(aCommit());
    const client = server.client();
    await client.flushall();
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await expectBoth(store, EMPTIED);
    await expectBoth(beside, EMPTIED);
    expect((await failureOf(() => read(store))).error).toMatchObject({
      message: expect.stringMatching(/restore its append-only file.*or restart every bot to begin anew/),
    });
    await store.close();
    const anew = await aStore(server.url);
    expect(await anew.journal({ limit: 9 })).toEqual([]);
    expect(await anew.commit(aCommit())).toEqual({ kind: 'done' });
    await sleep(1500);
    await expectBoth(beside, EMPTIED); // what another, or a command, has begun there is not what it knew
  });

  test('because its name leads elsewhere is refused until it leads back', { timeout: 30_000 }, async () => {
    const [server, other] = [await aServer(), await aServer()];
    const proxy = await startProxy(server.port);
    endings.push(() => proxy.dispose());
    const store = await aStore(proxy.url);
    await store.commit(aCommit());
    proxy.leadTo(other.port);
    await expectBoth(store, EMPTIED);
    expect(await other.client().keys('*')).toEqual([]);
    proxy.leadTo(server.port);
    await serves(store);
    expect(await store.journal({ limit: 9 })).toHaveLength(1);
  });

  test('because its memory is full takes nothing by halves, and takes it whole once it is mended', {
    timeout: 30_000,
  }, async () => {
    const server = await aServer();
    const store = await aStore(server.url);
    await store.commit(aCommit());
    const client = server.client();
    const [event, all] = [aCommit(), async () => (await client.keys('*')).sort()];
    const before = await all();
    await client.config('SET', 'maxmemory', '1');
    expect((await failureOf(() => store.commit(event))).error).toEqual(fault('redis-oom', 'safe'));
    expect(await read(store)).toHaveLength(1);
    expect(await all()).toEqual(before);
    await client.config('SET', 'maxmemory', '0');
    expect(await store.commit(event)).toEqual({ kind: 'done' });
    expect(await store.commit(event)).toMatchObject({ kind: 'answered' });
  });

  test('for a moment, because it became a replica, is waited for; for longer it is refused', {
    timeout: 30_000,
  }, async () => {
    const [server, other] = [await aServer(), await aServer()];
    const store = await aStore(server.url);
    await store.commit(aCommit());
    const client = server.client();
    await client.config('SET', 'replica-serve-stale-data', 'yes');
    await client.replicaof('127.0.0.1', 1);
    const commit = store.commit(aCommit());
    await sleep(1000);
    await client.replicaof('NO', 'ONE');
    expect(await commit).toEqual({ kind: 'done' });

    await client.replicaof('127.0.0.1', 1);
    const { error, ms } = await failureOf(() => store.commit(aCommit()));
    expect(error).toMatchObject({ retry: 'safe', message: expect.stringContaining('is a replica') });
    expect(ms).toBeLessThan(4500);
    await sleep(1000);
    await expectBoth(store, UNFIT);
    await client.replicaof('NO', 'ONE');
    await serves(store);
    expect(await other.client().keys('*')).toEqual([]);
  });

  test('without any break is noticed within a minute', { timeout: 30_000 }, async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const server = await aServer();
    const store = await aStore(server.url);
    const client = server.client();
    await client.config('SET', 'appendonly', 'no');
    await read(store);
    vi.advanceTimersByTime(60_000);
    await until(async () => (await failureOf(() => read(store))).error !== 'it did not fail');
    await expectBoth(store, UNFIT);
    await client.config('SET', 'appendonly', 'yes');
    await serves(store);
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
  });
});

describe.skipIf(!hasRedis)('with replicas: 1', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  beforeEach(async () => {
    primary = await aServer();
    replica = await aReplica(primary);
  });
  const opened = () => aStore(primary.url, { replicas: 1 });

  test('a commit is acknowledged only when the replica has it', { timeout: 30_000 }, async () => {
    const store = await opened();
    const [before, commit] = [aCommit(), aCommit()];
    expect(await store.commit(before)).toEqual({ kind: 'done' });
    expect(await replica.client().hlen('{hongbao}:answer')).toBe(1);
    replica.pause();
    const { error, ms } = await failureOf(() => store.commit(commit));
    expect(error).toEqual(BEHIND);
    expect(ms).toBeLessThan(2000);
    expect(await primary.client().hlen('{hongbao}:answer')).toBe(2);
    await expectBoth(store, BEHIND); // nobody is told what the primary alone knows
    replica.resume();
    await serves(store);
    expect(await store.commit(commit)).toEqual({ kind: 'answered', answer: commit.answer });
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
  });

  test('nor is an event called answered by another process before that', async () => {
    const [store, beside, another] = [await opened(), await opened(), await opened()];
    const commit = aCommit();
    const { account, key, user } = commit.event;
    const wanted = { account, user, merchant: undefined, claims: [], counters: [] };
    await read(beside);
    expect(await another.begin(key, wanted)).toMatchObject({ kind: 'new' });
    expect(await beside.answered(account, key)).toBeUndefined();
    replica.pause();
    expect((await failureOf(() => store.commit(commit))).error).toEqual(BEHIND);
    expect((await failureOf(() => beside.answered(account, key))).error).toEqual(BEHIND);
    expect((await failureOf(() => another.begin(key, wanted))).error).toEqual(BEHIND);
    replica.resume();
    expect(await beside.answered(account, key)).toEqual(commit.answer);
  });

  test('one wait serves many, and reads need none', async () => {
    const store = await opened();
    const waits = async () =>
      Number(/cmdstat_wait:calls=(\d+)/.exec(await primary.client().info('commandstats'))?.[1] ?? 0);
    await store.commit(aCommit());
    const before = await waits();
    await Promise.all(Array.from({ length: 200 }, () => store.commit(aCommit())));
    const after = await waits();
    expect(after - before).toBeGreaterThan(0);
    expect(after - before).toBeLessThan(60);
    await Promise.all(Array.from({ length: 50 }, () => read(store)));
    expect(await waits()).toBe(after);
  });

  test('what only the old primary had is written anew to the new one, and only then acknowledged', {
    timeout: 30_000,
  }, async () => {
    const next = await aReplica(primary);
    await aReplica(next);
    const proxy = await startProxy(primary.port);
    endings.push(() => proxy.dispose());
    const store = await aStore(proxy.url, { replicas: 1 });
    await store.commit(aCommit());
    await until(async () => (await next.client().hlen('{hongbao}:answer')) === 1);
    await next.client().replicaof('NO', 'ONE');
    replica.pause();
    const commit = aCommit();
    const work = store.commit(commit);
    await until(async () => (await primary.client().hlen('{hongbao}:answer')) === 2);
    proxy.leadTo(next.port); // in the middle of the WAIT
    expect(await work).toEqual({ kind: 'done' });
    expect(await next.client().hlen('{hongbao}:answer')).toBe(2);
    expect(await store.buckets('spring')).toEqual(buckets({ reserved: 200 }));
  });

  test('fewer replicas are refused at the start', async () => {
    await expect(openRedis(primary.url, { replicas: 2 })).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringMatching(/^store: replicas is 2, but this Redis has 1 connected: /),
    });
    await expect(openRedis(`${primary.url}?replicas=2`)).rejects.toThrow(/replicas is 2/);
    replica.pause(); // it still counts as connected
    await expect(openRedis(primary.url, { replicas: 1 })).rejects.toThrow(/0 of 1 replicas/);
  });

  test('not said, where there are replicas, is worth a warning', async () => {
    const warnings: string[] = [];
    const warn = (text: string) => void warnings.push(text);
    await aStore(primary.url, { replicas: 1, warn });
    expect(warnings).toEqual([]);
    await aStore(primary.url, { warn });
    expect(warnings).toEqual([expect.stringMatching(/has replicas \(1 connected\).*`replicas: 1` in bot.yaml/)]);
  });
});

describe.skipIf(!hasRedis)('a cluster', () => {
  test('whose node falls silent is served by its replica, and the replicas count there as well', {
    timeout: 90_000,
  }, async () => {
    const cluster = await startCluster(3, 1, '{hongbao}:seq');
    endings.push(() => cluster.dispose());
    const owns = async (n: number) => (await cluster.nodes[n]!.client().keys('{hongbao}:seq')).length > 0;
    const store = await aStore(cluster.url, { replicas: 1 });
    const [first, second] = [aCommit(), aCommit()];
    expect(await store.commit(first)).toEqual({ kind: 'done' });
    const primary = cluster.nodes[(await Promise.all([0, 1, 2].map(owns))).indexOf(true)]!;
    const replica = cluster.nodes[3]!;

    replica.pause();
    expect((await failureOf(() => store.commit(second))).error).toEqual(BEHIND);
    replica.resume();
    await serves(store);
    expect(await store.commit(second)).toEqual({ kind: 'answered', answer: second.answer });

    primary.pause();
    const { error, ms } = await failureOf(() => store.commit(aCommit()));
    expect(error).toEqual(UNREACHABLE);
    expect(ms).toBeLessThan(4500);
    await until(async () => (await replica.client().info('replication')).includes('role:master'));
    // It has no replica left: nothing it says counts.
    await until(async () => codeIn((await failureOf(() => read(store))).error) === 'replicas');
    primary.resume();
    await until(async () => (await primary.client().info('replication')).includes('master_link_status:up'));
    await serves(store);
    expect(await store.commit(first)).toEqual({ kind: 'answered', answer: first.answer });
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
  });
});

test('a script is taken for one that writes unless it can be seen that it only reads', async () => {
  expect(Object.entries(READ).filter(([, script]) => script.writes)).toEqual([]);
  const writes = Object.values(WRITE).filter(each => typeof each === 'object');
  expect(writes.length).toBeGreaterThan(4);
  expect(writes.filter(script => !script.writes)).toEqual([]);
  expect(scriptOf(`return redis.call('GET', KEYS[1])`).writes).toBe(false);
  expect(scriptOf('local f = redis.call; return 1').writes).toBe(true);
  expect(scriptOf(`return redis.call(ARGV[1], KEYS[1])`).writes).toBe(true);
  expect(scriptOf(`return redis.pcall("SET", KEYS[1], '1')`).writes).toBe(true);
});
