// The clients of ioredis, for one server (which sentinels may know of) and for a cluster: how they connect, how they notice that the other side has
// gone, and how they come back. Which of their connections may be used, `reconnect.ts` says.
//
// A host that vanishes says nothing: no answer for SILENCE_MS to what was asked ends the connection, and a new one is
// tried for as long as it takes. What is idle asks nothing and is left alone.

import { once } from 'node:events';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { BadInput, messageOf } from '../../../core/base/error.ts';
import { joined, t, type Wording } from '../../../core/base/words/words.ts';
import type { RedisAddress } from '../../../lib/redis-address.ts';
import { KEY, prefixOf } from './keys.ts';

/** WeChat waits 5 s for an answer. After this long nothing more is tried. */
export const GIVE_UP_MS = 4000;
const SILENCE_MS = 2000;
const CONNECT_TIMEOUT_MS = 3000;
/** Less than anybody waits for a server that has just come back. */
const RECONNECT_PAUSE_MS = 100;
const LOADING_PAUSE_MS = 500;
/** A connection that is to end and does not is cut. */
const GOODBYE_MS = 500;

export type Client = {
  /** The server of our keys, ready. Throws if it is not to be had just now: then ask again. */
  home(): Promise<Redis>;
  /** Leaves it, to come back to wherever its name leads by then. A cluster says by itself who serves us. */
  leave(): void;
  /** Every server there is: the one, or all of a cluster. */
  servers(): Redis[];
  close(): Promise<void>;
};

/** Connects, or says in one sentence why not. */
export async function openClient(address: RedisAddress): Promise<Client> {
  const client = address.isCluster ? clusterOf(address) : serverOf(address);
  const key = prefixOf(address.tag) + KEY.format;
  // Told with the fault of whoever waits; without a listener ioredis would print it.
  let lastError: unknown;
  client.on('error', (error: unknown) => {
    lastError = error;
  });
  try {
    await connected(client);
    // ioredis goes on in database 0, without a word, if it may not enter the one it was told.
    if (address.db !== 0) await client.select(address.db);
    // On a cluster `connect` looks at the slots only: the shard of our keys may still be out of reach.
    await client.exists(key);
    if (client instanceof Redis) return ofServer(client);
    return ofCluster(client, key, Number(await client.cluster('KEYSLOT', key)));
  } catch (error) {
    client.disconnect();
    throw new BadInput(joined(['store: ', whyNot(lastError ?? error, error)]));
  }
}

/** `connect` of a cluster may never end once the client has given up; its `end` is told in any case. */
function connected(client: Redis | Cluster): Promise<unknown> {
  const ended = new Promise<never>((_, reject) => {
    client.once('end', () => reject(new Error('no answer')));
  });
  ended.catch(() => client.status); // after this it is `close`'s business
  return Promise.race([client.connect(), ended]);
}

/** Rejects if it takes longer. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Redis timed out')), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

// ── Options ──────────────────────────────────────────────────────────────────────────────────────────────

const COMMON = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: GIVE_UP_MS,
  socketTimeout: SILENCE_MS,
  disconnectTimeout: GOODBYE_MS,
  maxLoadingRetryTime: LOADING_PAUSE_MS,
  // What was in flight when the connection broke is rejected at once, and whoever sent it decides. It takes both:
  // without the 0, ioredis drops such a command and nobody hears of it again.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectionName: 'hongbao-bot',
} satisfies RedisOptions;

function loginOf({ username, password, tls }: RedisAddress): Pick<RedisOptions, 'username' | 'password' | 'tls'> {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
}

/** At start the first failure is told; later we come back by ourselves, for as long as it takes. */
function patience(): { readonly strategy: () => number | null; readonly begin: () => void } {
  let wasReady = false;
  return {
    strategy: () => (wasReady ? RECONNECT_PAUSE_MS : null),
    begin: () => {
      wasReady = true;
    },
  };
}

function serverOf(address: RedisAddress): Redis {
  const { strategy, begin } = patience();
  const client = new Redis({
    ...COMMON,
    ...loginOf(address),
    ...placeOf(address),
    db: address.db,
    // What was meant for one connection must not wait for the next: another server may be behind it.
    enableOfflineQueue: false,
    retryStrategy: strategy,
  });
  return client.once('ready', begin);
}

/** Where the server is, or whom to ask for it. Sentinels that do not answer are asked again with the next connection. */
function placeOf({ nodes, primary, isSentinelLogin, tls, username, password }: RedisAddress) {
  if (primary === undefined) return nodes[0]!;
  return {
    sentinels: [...nodes],
    name: primary,
    sentinelRetryStrategy: () => null,
    sentinelCommandTimeout: SILENCE_MS,
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    ...(isSentinelLogin && username !== undefined && { sentinelUsername: username }),
    ...(isSentinelLogin && password !== undefined && { sentinelPassword: password }),
  };
}

function clusterOf(address: RedisAddress): Cluster {
  const { strategy, begin } = patience();
  const cluster = new Cluster([...address.nodes], {
    lazyConnect: true,
    redisOptions: { ...COMMON, ...loginOf(address) },
    // It asks any node, and gives up if that one is just starting. Whether ours serves us, the first command shows.
    enableReadyCheck: false,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    slotsRefreshInterval: 10_000,
    clusterRetryStrategy: strategy,
  });
  return cluster.once('ready', begin);
}

// ── Clients ──────────────────────────────────────────────────────────────────────────────────────────────

function ofServer(client: Redis): Client {
  return {
    async home() {
      if (client.status === 'end') await client.connect();
      if (client.status !== 'ready') await once(client, 'ready'); // throws at the first error
      return client;
    },
    leave: () => client.disconnect(true),
    servers: () => [client],
    close: () => closed(client),
  };
}

/** ioredis never connects anew to a node it has lost: it makes a new client for it, so a client is one connection. */
function ofCluster(cluster: Cluster, key: string, slot: number): Client {
  return {
    async home() {
      // Follows MOVED and learns of new nodes; what we run ourselves goes straight to the one it finds.
      await within(GIVE_UP_MS, cluster.exists(key));
      const owner = cluster.slots[slot]?.[0];
      const server = cluster.nodes('all').find(node => nameOf(node) === owner);
      if (server?.status !== 'ready') throw new Error('no node of the cluster serves our slot');
      return server;
    },
    leave: () => {},
    servers: () => cluster.nodes('all'),
    close: () => closed(cluster),
  };
}

/** A server's address, without its password. */
export function nameOf({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}

async function closed(client: Redis | Cluster): Promise<void> {
  try {
    await within(GOODBYE_MS, client.quit());
  } catch {
    client.disconnect(); // there is nobody to say goodbye to
  }
}

/** Redis's own words at the first contact, with what to do. */
function whyNot(...errors: readonly unknown[]): Wording {
  // A cluster's own error says only that no node would do; the node's is inside.
  const inner = errors.map(error =>
    error instanceof Error && 'lastNodeError' in error ? error.lastNodeError : undefined,
  );
  const text = [...errors, ...inner].map(messageOf).join(' ');
  if (/NOAUTH|WRONGPASS|invalid (username|password)|AUTH/.test(text)) {
    return t`Redis refuses the user name or the password; correct them in store: of bot.yaml`;
  }
  if (/unknown command.*sentinel/is.test(text))
    return t`who answers is no Sentinel; write redis:// instead of redis+sentinel://`;
  if (/sentinels are unreachable/.test(text))
    return t`no Sentinel knows the primary; start them, or correct their addresses and what they call it (after the /) in store: of bot.yaml`;
  if (/cluster support disabled/i.test(text))
    return t`this Redis is no cluster; write redis:// instead of redis+cluster://`;
  if (/MOVED/.test(text)) return t`this Redis is a cluster; write redis+cluster:// instead of redis://`;
  if (/DB index/.test(text)) return t`this Redis has no database of that number; use /0`;
  const [reason] = /E[A-Z]{4,}|CERT_\w+|CLUSTERDOWN|LOADING|[Tt]ime(?:d ?)?out|self-signed certificate/.exec(text) ?? [
    'no answer',
  ];
  return t`Redis cannot be reached (${reason}); start it, or correct store: in bot.yaml`;
}
