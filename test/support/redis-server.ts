// Real Redis servers for tests: on loopback, on free ports, in folders of their own that go away with them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Store } from '../../src/ports.ts';
import { openRedis, type RedisOptions } from '../../src/storage/redis/store.ts';
import type { Opened } from '../storage/store.contract.ts';
import { isListOf, isText, read } from './json.ts';
import { portOf } from './listening.ts';
import { freePort } from './ports.ts';

/** What the store asks of a server. */
export const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

/** Without it these tests are skipped; `setup.ts` says what to install. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export type RedisServer = {
  readonly port: number;
  readonly url: string;
  /** A plain connection, for what the store does not do. */
  client(): Redis;
  /** kill -9. */
  kill(): Promise<void>;
  /** The same data on the same port; with other settings, if any are named. */
  start(...others: string[]): Promise<void>;
  /** Says nothing more and is not gone, like a host behind a cut cable. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
};

export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-redis-'));
  const [port, busPort] = [await freePort(), await freePort()];
  const isCluster = settings.includes('--cluster-enabled');
  const args = [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--loglevel', 'warning'],
    ...['--repl-diskless-sync-delay', '0'], // no other replica will come for the same snapshot
    ...(isCluster ? ['--cluster-port', String(busPort), '--cluster-node-timeout', '2000'] : []),
    ...settings,
  ];
  let child: ChildProcess | undefined;
  const clients = new Set<Redis>();

  const client = (): Redis => {
    const redis = new Redis({ port: port!, lazyConnect: true, maxRetriesPerRequest: 1 });
    redis.on('error', () => redis.status); // a test that kills the server expects it
    clients.add(redis);
    return redis;
  };
  const start = async (...others: string[]): Promise<void> => {
    child = spawn('redis-server', [...args, ...others], { stdio: 'ignore' });
    await answering(port!);
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const dispose = async (): Promise<void> => {
    for (const each of clients) each.disconnect();
    await kill();
    // A child that was writing a snapshot for a replica ends a moment later.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  await start();
  const pause = (): void => void child?.kill('SIGSTOP');
  const resume = (): void => void child?.kill('SIGCONT');
  return { port: port!, url: `redis://127.0.0.1:${port}`, client, kill, start, pause, resume, dispose };
}

export type RedisCluster = {
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  dispose(): Promise<void>;
};

const SLOTS = 16_384;

/** Primaries that share the slots, then replicas of the one that serves this key. */
export async function startCluster(primaries: number, replicas: number, key: string): Promise<RedisCluster> {
  const count = primaries + replicas;
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedis(...DURABLE, '--cluster-enabled', 'yes')),
  );
  const clients = nodes.map(node => node.client());
  for (const client of clients.slice(1)) {
    const gossip = await clients[0]!.config('GET', 'cluster-port');
    await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]!.port), gossip[1]!);
  }
  const share = Math.ceil(SLOTS / primaries);
  for (const [n, client] of clients.slice(0, primaries).entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', n * share, Math.min(SLOTS, (n + 1) * share) - 1);
  }
  await until(async () => {
    const known = await Promise.all(clients.map(client => client.cluster('INFO')));
    return known.every(text => text.includes(`cluster_known_nodes:${count}`) && text.includes('cluster_state:ok'));
  });
  const slot = await clients[0]!.cluster('KEYSLOT', key);
  const owner = clients[Math.floor(slot / share)]!;
  const ownerId = await owner.cluster('MYID');
  for (const client of clients.slice(primaries)) {
    await until(() =>
      client.call('CLUSTER', 'REPLICATE', ownerId).then(
        () => true,
        () => false,
      ),
    );
    await until(async () => (await client.info('replication')).includes('master_link_status:up'));
  }
  const url = `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  const dispose = async (): Promise<void> => {
    await Promise.all(nodes.map(node => node.dispose()));
  };
  return { url, nodes, dispose };
}

export type RedisSentinels = {
  /** Of the sentinels, who call the primary `shop`. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  /** The port of whom the sentinels say it is. */
  primary(): Promise<number>;
  dispose(): Promise<void>;
};

/** A primary with two replicas, and three sentinels that put one in its place a second after it died. */
export async function startSentinels(): Promise<RedisSentinels> {
  const first = await startRedis(...DURABLE);
  const replicas = await Promise.all(
    [1, 2].map(() => startRedis(...DURABLE, '--replicaof', `127.0.0.1 ${first.port}`)),
  );
  const isUp = async (server: RedisServer): Promise<boolean> =>
    (await server.client().info('replication')).includes('master_link_status:up');
  for (const replica of replicas) await until(() => isUp(replica));
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(first.port)));
  const asked = sentinels[0]!.client;
  const state = async (): Promise<string> => String(await asked.call('SENTINEL', 'MASTER', 'shop'));
  await until(async () => /num-slaves,2,num-other-sentinels,2/.test(await state()));
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/shop`,
    servers: [first, ...replicas],
    primary: async () =>
      Number(read(await asked.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'shop'), isListOf(isText))[1]),
    dispose: async () => {
      await Promise.all(sentinels.map(sentinel => sentinel.dispose()));
      await Promise.all([first, ...replicas].map(server => server.dispose()));
    },
  };
}

async function startSentinel(primary: number): Promise<{ port: number; client: Redis; dispose(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-sentinel-'));
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor shop 127.0.0.1 ${primary} 2`,
    'sentinel down-after-milliseconds shop 1000',
    'sentinel failover-timeout shop 10000',
  ];
  writeFileSync(file, lines.join('\n'));
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  await answering(port);
  const client = new Redis({ port, lazyConnect: true, maxRetriesPerRequest: 1 });
  client.on('error', () => client.status); // it ends with the test
  const dispose = async (): Promise<void> => {
    client.disconnect();
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  return { port: port!, client, dispose };
}

/** Waits for it, but not for ever. */
export async function until(isSo: () => Promise<boolean>, ms = 10_000): Promise<void> {
  for (const giveUpAt = performance.now() + ms; performance.now() < giveUpAt; ) {
    if (await isSo()) return;
    await sleep(50);
  }
  throw new Error(`it did not come to that in ${ms / 1000} s`);
}

async function answering(port: number): Promise<void> {
  const redis = new Redis({ port, lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => 25 });
  redis.on('error', () => redis.status); // not yet
  try {
    await until(() =>
      redis.ping().then(
        () => true,
        () => false,
      ),
    );
  } finally {
    redis.disconnect();
  }
}

let tags = 0;

/** A store whose data nobody else on this server has: it lies under a tag of its own. */
export async function openedOn(url: string, options: RedisOptions = {}): Promise<Opened> {
  const address = `${url}?tag=test-${process.pid}-${++tags}`;
  const open = new Set<Store>();
  const beside = async (): Promise<Store> => {
    const store = await openRedis(address, options);
    open.add(store);
    return store;
  };
  const dispose = async (): Promise<void> => {
    for (const store of open) await store.close();
    open.clear();
  };
  const reopen = async (): Promise<Store> => {
    await dispose();
    return beside();
  };
  return { store: await beside(), beside, reopen, dispose };
}

export type LossyProxy = {
  readonly url: string;
  /** From now on: the next answer of the server is swallowed, its connection cut, and `then` is told. */
  swallowNext(then?: () => void): void;
  swallowed(): number;
  /** Cuts every connection; the next ones go to this port. */
  leadTo(port: number): void;
  dispose(): Promise<void>;
};

/** Between store and server, to lose an answer just when it matters. */
export async function startProxy(port: number): Promise<LossyProxy> {
  let isArmed = false;
  let tell = (): void => {};
  let swallowed = 0;
  let target = port;
  const sockets = new Set<Socket>();
  const proxy = createServer(near => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
    near.pipe(far);
    far.on('data', bytes => {
      if (!isArmed) return void near.write(bytes);
      isArmed = false;
      swallowed++;
      near.destroy();
      tell();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `redis://127.0.0.1:${portOf(proxy)}`,
    swallowNext: (then = () => {}) => {
      isArmed = true;
      tell = then;
    },
    swallowed: () => swallowed,
    leadTo: other => {
      target = other;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    dispose: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => proxy.close(resolve));
    },
  };
}
