// The connection to Redis, and the one way anything is run on it: a script by its SHA.
//
// A command whose end we did not see (the connection broke, a shard failed over) may have been carried out or not. We
// send it again on the next connection, so every script may be told twice: a write carries a token, new for each call,
// and a script that finds its own token there says what it said the first time and changes nothing. Without it a retry
// would be told `answered` or `stale` by its own first try. When the time for retries is up, the fault is `safe`: the
// door stays silent, WeChat redelivers, and the event's key does the rest.
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Fault, messageOf } from '../../../core/base/error.ts';
import type { RedisAddress } from '../../../lib/redis-address.ts';
import { GIVE_UP_MS, openClient, within } from './client.ts';
import { KEY, prefixOf } from './keys.ts';
import { type Link, Links, type Look } from './reconnect.ts';
import { Replicas } from './replicas.ts';

const PAUSES_MS = [50, 100, 200, 400];

/**
 * A script and its SHA, by which it is called. `writes`: whether it may change anything. `fixed`: the keys in its text,
 * which are declared with every call. `reply`: of this form; numbers and texts come back as Redis says them.
 */
export type Script<Reply = unknown> = {
  readonly reply?: Reply;
  readonly lua: string;
  readonly sha: string;
  readonly writes: boolean;
  readonly fixed: readonly string[];
};

/** Keys that follow from a call's arguments, for it to declare them, too; without what all our keys begin with. */
export type Named = { readonly keys: readonly string[] };

export function naming(...keys: readonly string[]): Named {
  return { keys };
}

export type Connection = {
  /** Runs it on the shard of our keys. */
  run<Reply>(script: Script<Reply>, ...args: readonly (string | Named)[]): Promise<Reply>;
  /** The server that has our keys. */
  home(): Promise<Redis>;
  /** Every server there is: the one, or all of a cluster. */
  servers(): Redis[];
  /** From now on every server is looked at before it is used, and again every minute. */
  guard(look: Look): void;
  close(): Promise<void>;
};

type ConnectOptions = {
  /** Whether what was read leaves the house as it is: then it must be as safe as what was written. */
  readonly isTold?: (script: Script, reply: unknown) => boolean;
  /** For what a person should know, though it goes on. */
  readonly warn?: (text: string) => void;
};

/** What only reads. A script that calls anything else, or anything we cannot see, is one that writes. */
const READS = new Set(
  (
    'EXISTS GET HEXISTS HGET HGETALL HMGET INFO LINDEX LLEN LRANGE SISMEMBER SMEMBERS SMISMEMBER TIME XRANGE XREVRANGE ' +
    'ZCARD ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGEBYSCORE'
  ).split(' '),
);

/** What it answers stands beside its text, and nowhere else. */
export function scriptOf<Reply = unknown>(lua: string): Script<Reply> {
  const calls = lua.matchAll(/\bredis\b(?:\.call\('([A-Z]+)')?/g);
  const writes = [...calls].some(([, command]) => command === undefined || !READS.has(command));
  const keys = [...lua.matchAll(/\bP \.\. '([^']+)'(?! \.\.)/g)].map(([, key]) => key!);
  const fixed = [...new Set(keys)].filter(key => key !== KEY.seq);
  return { lua, sha: createHash('sha1').update(lua).digest('hex'), writes, fixed };
}

/** Connects, or says in one sentence why not. */
export async function connect(address: RedisAddress, options: ConnectOptions = {}): Promise<Connection> {
  const { isTold = () => false, warn = () => {} } = options;
  const client = await openClient(address);
  const links = new Links(client, warn);
  const prefix = prefixOf(address.tag);
  /** The first one tells the script what all of them begin with. */
  const keysOf = (script: Script, args: readonly (string | Named)[]): string[] => {
    const named = args.flatMap(arg => (typeof arg === 'string' ? [] : arg.keys));
    return [KEY.seq, ...script.fixed, ...named].map(key => prefix + key);
  };
  const replicas = address.replicas > 0 ? new Replicas(address.replicas, prefix + KEY.echo) : undefined;

  const once = async (script: Script, keys: string[], args: string[], giveUpAt: number): Promise<unknown> => {
    const link = await links.get(giveUpAt);
    try {
      await replicas?.caughtUp(link);
      const reply = await byShaOf(link, script, keys, args);
      if (replicas && (script.writes || isTold(script, reply))) await replicas.kept(link);
      return reply;
    } catch (error) {
      if (isPassing(error)) links.drop(link);
      throw error;
    }
  };
  return {
    run: async <Reply>(script: Script<Reply>, ...args: readonly (string | Named)[]) => {
      const keys = keysOf(script, args);
      const texts = args.filter(arg => typeof arg === 'string');
      return (await persistently(giveUpAt => once(script, keys, texts, giveUpAt))) as Reply;
    },
    home: async () => (await links.get(performance.now() + GIVE_UP_MS)).server,
    servers: () => client.servers(),
    guard: look => links.guard(look),
    close: () => {
      links.close();
      return client.close();
    },
  };
}

/** By its SHA; a server that does not know it (new, flushed, failed over) gets the text, and knows it from then on. */
async function byShaOf(link: Link, { sha, lua }: Script, keys: string[], args: string[]): Promise<unknown> {
  try {
    return await on(link).evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
    return on(link).eval(lua, keys.length, ...keys, ...args);
  }
}

/** What was meant for this connection goes to no other: nobody may have looked at the server behind it. */
function on({ server, isWhole }: Link): Redis {
  if (isWhole) return server;
  throw new Error('the connection broke');
}

/** Once more after whatever passes; the scripts do not mind. */
async function persistently<T>(run: (giveUpAt: number) => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (let tries = 0; ; tries++) {
    try {
      return await within(giveUpAt - performance.now(), run(giveUpAt));
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
const PASSING = new Set(['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'MOVED', 'ASK', 'TRYAGAIN', 'BUSY']);
/** Ours, or the operator's: it will not go away by trying. */
const HOPELESS = new Set(['ERR', 'WRONGTYPE', 'NOAUTH', 'WRONGPASS', 'NOPERM', 'BROKEN', 'CROSSSLOT']);

function isPassing(error: unknown): boolean {
  if (error instanceof Fault) return false;
  const code = codeOf(error);
  // A command that timed out has used up the time there was.
  return code === undefined ? !messageOf(error).includes('timed out') : PASSING.has(code);
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  const isHopeless = code !== undefined && HOPELESS.has(code);
  const name = code === undefined ? 'unreachable' : `redis-${code.toLowerCase()}`;
  return new Fault('store', isHopeless ? 'never' : 'safe', name, `the store failed: ${messageOf(error)}`, {
    cause: error,
  });
}
