// The connection to Redis, and the one way anything is run on it: a script by its SHA.
//
// A command whose end we did not see (the connection broke, a shard failed over) may have been carried out or not.
// ioredis sends it again by itself on a cluster, and so do we after a reconnect, so every script may be told twice: a
// write carries a token, new for each call, and a script that finds its own token there says what it said the first
// time and changes nothing. Without it a retry would be told `answered` or `stale` by its own first try. When the time
// for retries is up, the fault is `safe`: the door stays silent, WeChat redelivers, and the event's key does the rest.
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { BadInput, Fault, messageOf } from '../core/error.ts';
import { KEY, prefixOf } from './redis-keys.ts';
import type { RedisAddress } from './redis-url.ts';

/** WeChat waits 5 s for an answer. After this long nothing more is tried. */
const GIVE_UP_MS = 4000;
const PAUSES_MS = [50, 100, 200, 400];
const CONNECT_TIMEOUT_MS = 3000;
const RECONNECT_MAX_MS = 1000;

/** A script and its SHA, by which it is called. */
export type Script = { readonly lua: string; readonly sha: string };
export type Connection = {
  /** Runs it on the shard of our keys; numbers and texts come back as Redis says them. */
  run(script: Script, ...args: string[]): Promise<unknown>;
  /** Every server there is: the one, or all of a cluster. */
  servers(): Redis[];
  close(): Promise<void>;
};

export function scriptOf(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Connects, or says in one sentence why not. */
export async function connect(address: RedisAddress): Promise<Connection> {
  const client = address.isCluster ? clusterOf(address) : serverOf(address);
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
    await client.exists(prefixOf(address.tag) + KEY.format);
  } catch (error) {
    client.disconnect();
    throw new BadInput(`store: ${whyNot(lastError ?? error, error)}`);
  }
  const first = prefixOf(address.tag) + KEY.seq;
  return {
    run: (script, ...args) => persistently(() => byShaOf(client, script, first, args)),
    servers: () => (client instanceof Cluster ? client.nodes('all') : [client]),
    close: async () => {
      try {
        await client.quit();
      } catch {
        client.disconnect(); // there is nobody to say goodbye to
      }
    },
  };
}

/** `connect` of a cluster may never end once the client has given up; its `end` is told in any case. */
function connected(client: Redis | Cluster): Promise<unknown> {
  const ended = new Promise<never>((_, reject) => {
    client.once('end', () => reject(new Error('no answer')));
  });
  ended.catch(() => client.status); // after this it is `close`'s business
  return Promise.race([client.connect(), ended]);
}

const COMMON = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: GIVE_UP_MS,
  // What was in flight when the connection broke is rejected at once, and `persistently` decides. It takes both:
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

function serverOf(address: RedisAddress): Redis {
  const { host, port } = address.nodes[0]!;
  let wasReady = false;
  const client = new Redis({
    ...COMMON,
    ...loginOf(address),
    ...{ host, port, db: address.db },
    // At start the first failure is told; later we come back by ourselves, for as long as it takes.
    retryStrategy: times => (wasReady ? Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MAX_MS) : null),
    // A primary that became a replica: its name leads to the new primary by now.
    reconnectOnError: error => (error.message.startsWith('READONLY') ? 1 : false),
  });
  client.once('ready', () => {
    wasReady = true;
  });
  return client;
}

function clusterOf(address: RedisAddress): Cluster {
  let wasReady = false;
  const cluster = new Cluster([...address.nodes], {
    lazyConnect: true,
    redisOptions: { ...COMMON, ...loginOf(address) },
    // It asks any node, and gives up if that one is just starting. Whether ours serves us, the first command shows.
    enableReadyCheck: false,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    slotsRefreshInterval: 10_000,
    clusterRetryStrategy: times => (wasReady ? Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MAX_MS) : null),
  });
  cluster.once('ready', () => {
    wasReady = true;
  });
  return cluster;
}

/** By its SHA; a server that does not know it (new, flushed, failed over) gets the text, and knows it from then on. */
async function byShaOf(
  client: Redis | Cluster,
  { sha, lua }: Script,
  key: string,
  args: readonly string[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, 1, key, ...args);
  } catch (error) {
    if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
    return client.eval(lua, 1, key, ...args);
  }
}

/** Once more after whatever passes; the scripts do not mind. */
async function persistently<T>(run: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (let tries = 0; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]!;
      if (!isPassing(error) || performance.now() + pause > giveUpAt) throw faultOf(error);
      await sleep(pause);
    }
  }
}

/** The code with which Redis begins an error: `OOM command not allowed …`; Redis 6 wraps a script's in another. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  const wrapped = /^ERR Error running script.*? -([A-Z]{3,}) /.exec(error.message);
  return (wrapped ?? /^([A-Z]+)/.exec(error.message))?.[1];
}

/** Not the script's fault, and over in seconds: a restart, a failover, a slot in motion. */
const PASSING = new Set(['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'BUSY']);
/** Ours, or the operator's: it will not go away by trying. */
const HOPELESS = new Set(['ERR', 'WRONGTYPE', 'NOAUTH', 'WRONGPASS', 'NOPERM', 'BROKEN', 'CROSSSLOT']);

function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  // A command that timed out has used up the time there was.
  return code === undefined ? !messageOf(error).includes('timed out') : PASSING.has(code);
}

function faultOf(error: unknown): Fault {
  const code = codeOf(error);
  const isHopeless = code !== undefined && HOPELESS.has(code);
  const name = code === undefined ? 'unreachable' : `redis-${code.toLowerCase()}`;
  return new Fault('store', isHopeless ? 'never' : 'safe', name, `the store failed: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Redis's own words at the first contact, with what to do. */
function whyNot(...errors: readonly unknown[]): string {
  // A cluster's own error says only that no node would do; the node's is inside.
  const inner = errors.map(error =>
    error instanceof Error && 'lastNodeError' in error ? error.lastNodeError : undefined,
  );
  const text = [...errors, ...inner].map(messageOf).join(' ');
  if (/NOAUTH|WRONGPASS|invalid (username|password)|AUTH/.test(text)) {
    return 'Redis refuses the user name or the password; correct them in store: of bot.yaml';
  }
  if (/cluster support disabled/i.test(text))
    return 'this Redis is no cluster; write redis:// instead of redis+cluster://';
  if (/MOVED/.test(text)) return 'this Redis is a cluster; write redis+cluster:// instead of redis://';
  if (/DB index/.test(text)) return 'this Redis has no database of that number; use /0';
  const [reason] = /E[A-Z]{4,}|CERT_\w+|CLUSTERDOWN|LOADING|[Tt]imed ?out|self-signed certificate/.exec(text) ?? [
    'no answer',
  ];
  return `Redis cannot be reached (${reason}); start it, or correct store: in bot.yaml`;
}
