// Which Redis is trusted with money, which is not, and what an address may say.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BadInput } from '../src/core/error.ts';
import { openStore } from '../src/storage/open.ts';
import { parseRedisUrl } from '../src/storage/redis-url.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from './redis-server.ts';

/** What opening this address says; `undefined` if it opens. */
async function refusalOf(url: string): Promise<string | undefined> {
  try {
    await (await openStore(url)).close();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(BadInput);
    const { message } = error as BadInput;
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('\n');
    expect(message).toMatch(/^store: /);
    return message;
  }
}

describe.skipIf(!hasRedis)('a Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
  });
  afterAll(() => server.dispose());
  afterEach(() => set('appendonly yes', 'appendfsync always', 'maxmemory 0', 'maxmemory-policy noeviction'));

  const set = async (...settings: string[]): Promise<void> => {
    const client = server.client();
    for (const setting of settings) await client.config('SET', ...(setting.split(' ') as [string, string]));
    client.disconnect();
  };

  test.each<[settings: string, options: string, refusal: RegExp | undefined]>([
    ['appendfsync always', '', undefined],
    ['appendonly no', '', /appendonly is no.*appendonly yes/],
    ['appendonly no', '?acceptLoss=1s', /appendonly is no/],
    ['appendonly no', '?persistence=assured', undefined],
    ['appendfsync everysec', '', /up to a second.*acceptLoss=1s/],
    ['appendfsync everysec', '?acceptLoss=1s', undefined],
    ['appendfsync no', '', /appendfsync always/],
    ['appendfsync no', '?acceptLoss=1s', /appendfsync is no/],
    ['maxmemory-policy allkeys-lru', '', undefined],
    ['maxmemory 900mb', '', undefined],
    ['maxmemory 900mb,maxmemory-policy allkeys-lru', '', /allkeys-lru.*noeviction/],
    ['maxmemory 900mb,maxmemory-policy volatile-ttl', '?persistence=assured', /volatile-ttl/],
  ])('with %s, opened with "%s": %s', async (settings, options, refusal) => {
    await set(...settings.split(','));
    const said = await refusalOf(`${server.url}${options}`);
    if (refusal) expect(said).toMatch(refusal);
    else expect(said).toBeUndefined();
  });

  test('that forbids CONFIG must be vouched for', async () => {
    const client = server.client();
    await client.call('ACL', 'SETUSER', 'bot', 'on', '>hunter2', '~*', '+@all', '-config');
    const url = server.url.replace('redis://', 'redis://bot:hunter2@');
    expect(await refusalOf(url)).toMatch(/CONFIG is forbidden.*persistence=assured/);
    expect(await refusalOf(`${url}?persistence=assured`)).toBeUndefined();
  });

  test('that has no CONFIG at all must be vouched for as well', async () => {
    const managed = await startRedis(...DURABLE, '--rename-command', 'CONFIG', '');
    expect(await refusalOf(managed.url)).toMatch(/persistence=assured/);
    expect(await refusalOf(`${managed.url}?persistence=assured`)).toBeUndefined();
    await managed.dispose();
  });

  test('that is a replica is refused', async () => {
    const replica = await startRedis(...DURABLE, '--replicaof', '127.0.0.1', String(server.port));
    expect(await refusalOf(replica.url)).toMatch(/is a replica/);
    await replica.dispose();
  });

  test('that does not know the password, or is not there, is told apart', async () => {
    const wrong = server.url.replace('redis://', 'redis://nobody:hunter2@');
    expect(await refusalOf(wrong)).toMatch(/user name or the password/);
    expect(await refusalOf('redis://:hunter2@127.0.0.1:1')).toMatch(/cannot be reached \(ECONNREFUSED\)/);
    expect(await refusalOf('redis+cluster://:hunter2@127.0.0.1:1')).toMatch(/cannot be reached/);
    expect(await refusalOf(server.url.replace('redis://', 'redis+cluster://'))).toMatch(/is no cluster/);
    expect(await refusalOf(server.url.replace('redis://', 'rediss://'))).toMatch(/cannot be reached/);
    expect(await refusalOf(`${server.url}/999`)).toMatch(/no database of that number/);
  });

  test('is used in the database that was named, and in no other', async () => {
    const store = await openStore(`${server.url}/3?tag=third`);
    await store.setHalt('shop', undefined);
    const client = server.client();
    expect(await client.keys('{third}:*')).toEqual([]);
    await client.select(3);
    expect(await client.keys('{third}:*')).toEqual(['{third}:format']);
    await store.close();
  });

  test('that holds data of a newer version is not touched', async () => {
    const client = server.client();
    await client.set('{later}:format', '2');
    expect(await refusalOf(`${server.url}?tag=later`)).toMatch(/newer hongbao-bot.*update/);
  });
});

describe('an address', () => {
  const NONE = { tls: false, isCluster: false, db: 0, tag: 'hongbao', acceptLoss: false, assured: false };

  test.each<[string, object]>([
    ['redis://h', { ...NONE, nodes: [{ host: 'h', port: 6379 }] }],
    ['redis://h:1/3?tag=tea', { ...NONE, nodes: [{ host: 'h', port: 1 }], db: 3, tag: 'tea' }],
    ['rediss://u:p%40ss@h:1', { ...NONE, nodes: [{ host: 'h', port: 1 }], tls: true, username: 'u', password: 'p@ss' }],
    ['redis://:a:b@[::1]:7', { ...NONE, nodes: [{ host: '::1', port: 7 }], password: 'a:b' }],
    [
      'REDIS+CLUSTER://a:1,b:2?acceptLoss=1s&persistence=assured&tls=yes',
      {
        ...NONE,
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
        ...{ isCluster: true, acceptLoss: true, assured: true, tls: true },
      },
    ],
  ])('%s is understood', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  test.each([
    ['redis://', /expected redis:/],
    ['redis:localhost', /expected redis:/],
    ['redis://:hunter2@', /expected redis:/],
    ['redis://:hunter2@a,b', /redis\+cluster/],
    ['redis://:hunter2@a:99999', /HOST:PORT/],
    ['redis://:hunter2@a:0', /HOST:PORT/],
    ['redis://:hunter2@a/b', /number of the database/],
    ['redis+cluster://:hunter2@a/1', /only database 0/],
    ['redis://:hunter2@a?acceptloss=1s', /unknown option \?acceptloss; known are tag/],
    ['redis://:hunter2@a?acceptLoss=2s', /acceptLoss=1s/],
    ['redis://:hunter2@a?tag={x}', /tag=NAME/],
    ['redis://:hunter2%@a', /%25/],
  ])('%s is refused in one sentence that repeats no password', async (url, message) => {
    expect(await refusalOf(url)).toMatch(message);
  });
});
