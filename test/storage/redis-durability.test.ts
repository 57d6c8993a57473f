// Which Redis is trusted with money, which is not, and what an address and bot.yaml may say.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { parseRedisUrl } from '../../src/lib/redis-address.ts';
import { openStore } from '../../src/storage/open.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { aCommit, NOW } from './store.contract.ts';

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
    ['appendfsync everysec', '', /up to a second of acknowledged claims.*`acceptLoss: 1s` in bot.yaml.*paid twice/],
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

  test('with appendfsync everysec is used where bot.yaml accepts the loss of a second', async () => {
    await set('appendfsync everysec');
    await (await openStore(server.url, { acceptLoss: true })).close();
    await expect(openStore(server.url, { acceptLoss: false })).rejects.toThrow(/acceptLoss: 1s/);
    await (await openStore(`${server.url}?acceptLoss=1s`, { acceptLoss: false })).close();
  });

  test('has the replicas bot.yaml asks for, or is refused', async () => {
    await expect(openStore(server.url, { replicas: 1 })).rejects.toThrow(/replicas is 1, .* has 0 connected/);
    await expect(openStore(`${server.url}?replicas=1`, { replicas: 0 })).rejects.toThrow(/replicas is 1/);
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
    expect((await client.keys('{third}:*')).sort()).toEqual(['{third}:format', '{third}:origin']);
    await store.close();
  });

  test('with a journal in Chinese is read as it is, goes on in data, and is no more for versions before', async () => {
    const client = server.client();
    const url = `${server.url}?tag=before`;
    const [before, now] = [aCommit(), aCommit()];
    const checks = [{ ok: false, text: '今日已参与 1/1' }];
    const decision = { ...before.decision, trace: [{ campaign: 'spring', rule: 'password', hash: '', checks }] };
    await client.set('{before}:format', '1');
    await client.set('{before}:seq', '1');
    await client.xadd('{before}:journal', '1-0', 'l', JSON.stringify([NOW, before.event, decision, null]));
    const store = await openStore(url);
    await store.commit(now);
    expect((await store.journal({ limit: 2 })).map(line => line.decision.trace[0]!.checks)).toStrictEqual([
      now.decision.trace[0]!.checks,
      [{ ok: false, check: 'prose', text: '今日已参与 1/1' }],
    ]);
    expect(await client.get('{before}:format')).toBe('3');
    expect(JSON.stringify(await client.xrevrange('{before}:journal', '+', '-', 'COUNT', 1))).toContain('[\\"begun\\"');
    // A replica that had not heard of the new format takes over: nothing is lost by that.
    await client.set('{before}:format', '1');
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await store.journal({ limit: 2 })).toHaveLength(2);
    await store.close();
  });

  test('whose counters came up one by one shows them to the books before those that came up together', async () => {
    const client = server.client();
    const url = `${server.url}?tag=single`;
    await client.set('{single}:format', '2');
    await client.set('{single}:seq', '1');
    await client.xadd('{single}:counters', '1-1', 'n', 'a');
    await client.xadd('{single}:counters', '1-2', 'n', 'b');
    await client.hset('{single}:counter', 'a', '3', 'b', '4');
    const store = await openStore(url);
    const add = (...names: string[]) => names.map(name => ({ name, add: 2, max: 10 }));
    expect(await store.count(add('b', 'c', 'd'))).toBe('counted');
    const snapshot = await store.snapshot();
    expect(await store.count(add('a', 'd', 'e'))).toBe('counted');
    const seen: [string, number][] = [];
    for await (const { name, value } of snapshot.counters()) seen.push([name, value]);
    expect(seen).toEqual([
      ['a', 3],
      ['b', 6],
      ['c', 2],
      ['d', 2],
    ]);
    await snapshot.close();
    await store.close();
    expect(await client.get('{single}:format')).toBe('3');
  });

  test('that holds data of a newer version is not touched', async () => {
    const client = server.client();
    await client.set('{later}:format', '4');
    expect(await refusalOf(`${server.url}?tag=later`)).toMatch(/newer hongbao-bot.*update/);
  });
});

describe('an address', () => {
  const NONE = { tls: false, isCluster: false, db: 0, tag: 'hongbao', acceptLoss: false, assured: false, replicas: 0 };

  test.each<[string, object]>([
    ['redis://h', { ...NONE, nodes: [{ host: 'h', port: 6379 }] }],
    ['redis://h:1/3?tag=tea', { ...NONE, nodes: [{ host: 'h', port: 1 }], db: 3, tag: 'tea' }],
    ['rediss://u:p%40ss@h:1', { ...NONE, nodes: [{ host: 'h', port: 1 }], tls: true, username: 'u', password: 'p@ss' }],
    ['redis://:a:b@[::1]:7', { ...NONE, nodes: [{ host: '::1', port: 7 }], password: 'a:b' }],
    [
      'REDIS+CLUSTER://a:1,b:2?acceptLoss=1s&persistence=assured&tls=yes&replicas=2',
      {
        ...NONE,
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
        ...{ isCluster: true, acceptLoss: true, assured: true, tls: true, replicas: 2 },
      },
    ],
    [
      'redis+sentinel://u:p@a,b:2/my.primary-1?sentinelLogin=same&replicas=1',
      {
        ...NONE,
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 2 },
        ],
        ...{ primary: 'my.primary-1', isSentinelLogin: true, username: 'u', password: 'p', replicas: 1 },
      },
    ],
  ])('%s is understood', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  test.each([
    ['redis://', /expected redis:/],
    ['redis:localhost', /expected redis:/],
    ['redis://:hunter2@', /expected redis:/],
    ['redis://:hunter2@a,b', /redis\+cluster.*redis\+sentinel/],
    ['redis+sentinel://:hunter2@a,b', /what they call the primary, as in \/mymaster/],
    ['redis+sentinel://:hunter2@a,b/my%20master', /what they call the primary/],
    ['redis+sentinel://:hunter2@127.0.0.1:1/mymaster', /no Sentinel knows the primary/],
    ['redis://:hunter2@a?sentinelLogin=same', /for redis\+sentinel:\/\/ only/],
    ['redis://:hunter2@a:99999', /HOST:PORT/],
    ['redis://:hunter2@a:0', /HOST:PORT/],
    ['redis://:hunter2@a/b', /number of the database/],
    ['redis+cluster://:hunter2@a/1', /only database 0/],
    ['redis://:hunter2@a?acceptloss=1s', /unknown option \?acceptloss; known are tag/],
    ['redis://:hunter2@a?acceptLoss=2s', /acceptLoss=1s/],
    ['redis://:hunter2@a?replicas=6', /replicas=N \(0 to 5\)/],
    ['redis://:hunter2@a?tag={x}', /tag=NAME/],
    ['redis://:hunter2%@a', /%25/],
  ])('%s is refused in one sentence that repeats no password', async (url, message) => {
    expect(await refusalOf(url)).toMatch(message);
  });
});

describe('bot.yaml', () => {
  const BOT = `secret: 6f1d0b2c9e7a4853b1c6d8e2f4a7093581be6c2d4f90a37e
accounts:
  tea: { appId: wx8888888888888888, appSecret: secretsecretsecretsecretsecret00, token: simToken01, mode: plain }
`;
  const load = (...lines: string[]): Config => {
    const folder = mkdtempSync(join(tmpdir(), 'hongbao-config-'));
    try {
      const file = join(folder, 'bot.yaml');
      writeFileSync(file, `${lines.join('\n')}\n${BOT}`);
      return loadConfig(file, {});
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test('accepts the loss of a second and asks for replicas; without a word it does neither', () => {
    expect(load('store: redis://h', 'acceptLoss: 1s', 'replicas: 2')).toMatchObject({ acceptLoss: true, replicas: 2 });
    expect(load('store: redis+cluster://h')).toMatchObject({ acceptLoss: false, replicas: 0 });
  });

  test.each<[lines: string[], finding: RegExp]>([
    [
      ['store: redis://h', 'acceptLoss: 2s'],
      /bot\.yaml:2:13: expected 1s \(up to a second of acknowledged claims may be lost .*nothing is paid twice\), found "2s"/,
    ],
    [['store: redis://h', 'acceptLoss: true'], /bot\.yaml:2:13: expected 1s \(/],
    [['store: redis://h', 'replicas: 6'], /bot\.yaml:2:11: expected a whole number from 0 to 5, found "6"/],
    [['store: sqlite:bot.db', 'acceptLoss: 1s'], /bot\.yaml:2:13: acceptLoss is for a store on Redis; leave it out/],
    [['replicas: 1'], /bot\.yaml:1:11: replicas is for a store on Redis; leave it out/],
  ])('with %j is refused where it is wrong', (lines, finding) => {
    expect(() => load(...lines)).toThrow(finding);
  });
});
