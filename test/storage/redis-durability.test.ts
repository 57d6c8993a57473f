// Which Redis is trusted with money, which is not, and what an address and bot.yaml may say.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { parseRedisUrl } from '../../src/lib/redis-address.ts';
import type { Snapshot } from '../../src/ports.ts';
import { openStore } from '../../src/storage/open.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { aCommit, listOf, NOW } from './store.contract.ts';

/** What opening this address says; `undefined` if it opens. */
async function refusalOf(url: string): Promise<string | undefined> {
  try {
    await (await openStore(url)).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const { message } = error;
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
    for (const setting of settings) await client.config('SET', ...setting.split(' '));
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
    expect(await client.get('{before}:format')).toBe('4');
    expect(JSON.stringify(await client.xrevrange('{before}:journal', '+', '-', 'COUNT', 1))).toContain('[\\"begun\\"');
    await store.close();
  });

  test('that has the data of an earlier version again, as a replica far behind would, is not counted on', async () => {
    const client = server.client();
    const store = await openStore(`${server.url}?tag=behind`);
    await store.commit(aCommit());
    await client.set('{behind}:format', '3');
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await expect(store.commit(aCommit())).rejects.toThrow(
      /earlier version again \(format 3, it had 4\).*restart every bot/,
    );
    await store.close();
  });

  describe('of before format 4', () => {
    const OWN = 'campaign/spring/user/oBefore/claims';
    const CAP = 'merchant/shop/user/tea/oBefore/amount/day/2026-02-17';
    const ALL = 'campaign/spring/amount';
    const OF_BEFORE = [
      [ALL, 3],
      [OWN, 4],
      [CAP, 5],
      ['campaign/spring/user/oOther/claims', 6],
    ] as const;

    async function writeBefore(tag: string): Promise<void> {
      const client = server.client();
      await client.set(`{${tag}}:format`, '2');
      await client.set(`{${tag}}:seq`, '2');
      // One by one, as before format 3, and together.
      await client.xadd(`{${tag}}:counters`, '1-1', 'n', ALL);
      await client.xadd(`{${tag}}:counters`, '1-2', 'n', OWN);
      await client.xadd(`{${tag}}:counters`, '2-1', 'n', CAP, 'n', 'campaign/spring/user/oOther/claims');
      await client.hset(`{${tag}}:counter`, Object.fromEntries(OF_BEFORE));
    }

    async function countersOf(snapshot: Snapshot): Promise<[string, number][]> {
      const rows = await listOf(snapshot.counters());
      return rows.map(({ name, value }): [string, number] => [name, value]).sort();
    }

    test('its counters say what they said, to limits and to the books, and the books stay as they are', async () => {
      await writeBefore('single');
      const store = await openStore(`${server.url}?tag=single`);
      const add = (name: string, max: number) => [{ name, add: 1, max }];
      expect(await store.count(add(OWN, 4))).toEqual({ lost: OWN });
      expect(await store.count(add(CAP, 5))).toEqual({ lost: CAP });
      expect(await store.count(add(ALL, 3))).toEqual({ lost: ALL });
      expect(await store.count(add('campaign/spring/user/oNew/claims', 1))).toBe('counted');
      const snapshot = await store.snapshot();
      for (const name of [ALL, OWN, CAP, 'campaign/spring/user/oBefore/wins', 'campaign/spring/user/oLater/wins'])
        expect(await store.count(add(name, 9))).toBe('counted');
      expect(await countersOf(snapshot)).toEqual([...OF_BEFORE, ['campaign/spring/user/oNew/claims', 1]].sort());
      await snapshot.close();
      await store.close();
      expect((await server.client().keys('{single}:count*')).sort()).toEqual(['{single}:counter']);
    });

    test('is brought up by several bots at once, and goes on where one of them was stopped', async () => {
      const client = server.client();
      await client.set('{many}:format', '3');
      await client.set('{many}:seq', '1000');
      for (let n = 1; n <= 1000; n++) {
        const names = [`campaign/c/user/o${n}/claims`, `campaign/c/user/o${n}/wins`, 'campaign/c/packets'];
        await client.xadd('{many}:counters', `${n}-1`, ...names.slice(0, n === 1 ? 3 : 2).flatMap(name => ['n', name]));
        await client.hset('{many}:counter', names[0]!, n, names[1]!, n + 1);
      }
      await client.hset('{many}:counter', 'campaign/c/packets', 77);
      const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(`${server.url}?tag=many`)));
      const snapshot = await stores[0]!.snapshot();
      const found = new Map(await countersOf(snapshot));
      expect(found.size).toBe(2001);
      expect(found.get('campaign/c/packets')).toBe(77);
      for (let n = 1; n <= 1000; n++)
        expect([found.get(`campaign/c/user/o${n}/claims`), found.get(`campaign/c/user/o${n}/wins`)]).toEqual([
          n,
          n + 1,
        ]);
      await snapshot.close();
      for (const store of stores) await store.close();
    });

    test('goes on where a bot was killed in the middle', async () => {
      await writeBefore('half');
      const client = server.client();
      await client.rename('{half}:counter', '{half}:counter:before');
      await client.rename('{half}:counters', '{half}:counters:before');
      await client.set('{half}:format', '4');
      await client.hset('{half}:shared', ALL, 3);
      await client.xadd('{half}:shared:names', '1-1', 'n', ALL);
      await client.xdel('{half}:counters:before', '1-1');
      const store = await openStore(`${server.url}?tag=half`);
      const snapshot = await store.snapshot();
      expect(await countersOf(snapshot)).toEqual([...OF_BEFORE].sort());
      await snapshot.close();
      await store.close();
    });

    test('a bot of before that still runs fails instead of counting where nobody looks', async () => {
      await writeBefore('beside');
      await (await openStore(`${server.url}?tag=beside`)).close();
      await expect(server.client().hset('{beside}:counter', OWN, '5')).rejects.toThrow('WRONGTYPE');
    });
  });

  test('that holds data of a newer version is not touched', async () => {
    const client = server.client();
    await client.set('{later}:format', '5');
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
