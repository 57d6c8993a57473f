// A Redis that dies in the middle of a transaction, twice: what it left of the first one must not come to life after the second.
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/ports.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import { until } from '../support/harness.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { aCommit, buckets, listOf } from './store.contract.ts';

/** In the middle of a command, in the middle of the last transaction. */
const CUT_BYTES = 200;

describe.skipIf(!hasRedis)('a Redis whose file ends in half a transaction', () => {
  let server: RedisServer;
  let file: () => string;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
    const asked = server.client();
    const [, dir] = await asked.config('GET', 'dir');
    asked.disconnect();
    const folder = join(dir!, 'appendonlydir');
    file = () => join(folder, readdirSync(folder).find(name => name.endsWith('.incr.aof'))!);
  });
  afterAll(() => server.dispose());

  /** At once, so that they are one transaction. */
  const giveAll = (store: Store, commits: ReturnType<typeof aCommit>[]) =>
    Promise.all(commits.map(commit => store.commit(commit)));
  const askedFor = async (section: string): Promise<string> => {
    const client = server.client();
    const said = await client.info(section);
    client.disconnect();
    return said;
  };
  const isRenewed = async (): Promise<boolean> => {
    const said = await askedFor('persistence');
    return said.includes('aof_rewrite_in_progress:0') && !said.includes('aof_last_rewrite_time_sec:-1');
  };
  const diesInTheMiddle = async (): Promise<void> => {
    await server.kill();
    const length = readFileSync(file()).length;
    const fd = openSync(file(), 'r+');
    ftruncateSync(fd, length - CUT_BYTES);
    closeSync(fd);
    await server.start();
  };

  test('counts no money twice and loses no claim, however often it dies', { timeout: 60_000 }, async () => {
    const store = await openRedis(server.url);
    const commits = Array.from({ length: 5 }, () => aCommit());
    const done = Array(5).fill({ kind: 'done' });
    expect(await giveAll(store, commits)).toEqual(done);
    await diesInTheMiddle();
    // What was lost with the tail is given anew, in another order.
    expect(await giveAll(store, commits.toReversed())).toEqual(done);
    await until(isRenewed);
    await server.kill();
    await server.start();
    expect(await store.buckets('spring')).toEqual(buckets({ reserved: 500 }));
    const snapshot = await store.snapshot();
    const claims = (await listOf(snapshot.claims())).map(({ key }) => key);
    expect(claims.toSorted()).toEqual(commits.map(({ claim }) => claim.key).toSorted());
    await snapshot.close();
    await store.close();
  });

  test('and is empty keeps its file: in it stands what there was', async () => {
    const empty = await startRedis(...DURABLE);
    await (await openRedis(empty.url)).close();
    const client = empty.client();
    await client.flushall();
    await empty.kill();
    await empty.start();
    const again = await openRedis(empty.url);
    expect(await client.info('persistence')).toContain('aof_last_rewrite_time_sec:-1');
    client.disconnect();
    await again.close();
    await empty.dispose();
  });

  test('that does not let the bot renew it: somebody is told, once', { timeout: 60_000 }, async () => {
    const admin = server.client();
    await admin.call('ACL', 'SETUSER', 'shop', 'on', '>pass', '~*', '&*', '+@all', '-bgrewriteaof');
    await server.kill();
    await server.start();
    await admin.call('ACL', 'SETUSER', 'shop', 'on', '>pass', '~*', '&*', '+@all', '-bgrewriteaof');
    admin.disconnect();
    const warned: string[] = [];
    const url = server.url.replace('redis://', 'redis://shop:pass@');
    const store = await openRedis(url, { warn: text => void warned.push(text) });
    await until(async () => warned.length > 0);
    expect(warned).toEqual([expect.stringContaining('BGREWRITEAOF')]);
    await store.close();
  });
});
