// What a Redis must promise before it is trusted with money, and that it still has what it was trusted with: looked up
// when the store is opened, on every server of it, and again whenever one may have changed (`reconnect.ts`).
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { BadInput, Fault, messageOf } from '../../core/base/error.ts';
import type { RedisAddress } from '../../lib/redis-address.ts';
import { broughtUp } from './bring-up.ts';
import { type Connection, scriptOf } from './link/connection.ts';
import { FORMAT, KEY, prefixOf } from './link/keys.ts';
import type { Look, Unfit } from './link/reconnect.ts';
import { PRELUDE } from './write-scripts.ts';

/** Its scripts use SMISMEMBER's and XRANGE's contemporaries. */
const OLDEST = [6, 2] as const;

/**
 * Refuses a server that may forget what it acknowledged: without an append-only file, with an fsync that comes later
 * (unless the loss of a second is accepted), or that throws keys away when memory runs short.
 */
export async function refuseForgetful(connection: Connection, address: RedisAddress, warn: Warn): Promise<void> {
  await Promise.all(
    connection.servers().map(async server => {
      try {
        await refuseUnfit(server, address);
        await renewAof(server, await infoOf(server, 'persistence'), warn);
      } catch (error) {
        // A node that is down must not keep the bot down: the shard of our keys has answered already.
        if (error instanceof BadInput || !address.isCluster || isReply(error)) throw error;
      }
    }),
  );
}

/** Refuses a replica, and a primary with fewer replicas than are to have everything: better now than at the first claim. */
export async function refuseReplication(connection: Connection, address: RedisAddress, warn: Warn): Promise<void> {
  const { isReplica, replicas } = await replicationOf(await connection.home());
  if (isReplica) throw new BadInput(IS_REPLICA);
  const wanted = address.replicas;
  if (replicas !== undefined && replicas < wanted) {
    throw new BadInput(
      `store: replicas is ${wanted}, but this Redis has ${replicas} connected: start its replicas, or lower ` +
        '`replicas` in bot.yaml',
    );
  }
  if (replicas !== undefined && replicas > 0 && wanted === 0) {
    warn(
      `store: this Redis has replicas (${replicas} connected), but nothing waits for them: when one takes over, the ` +
        'newest claims may be lost. With `replicas: 1` in bot.yaml a claim counts once a replica has it',
    );
  }
}

/** Data of a version we do not know is not touched; that of an earlier one is brought up to ours. */
export async function refuseNewerFormat(connection: Connection, warn: Warn): Promise<void> {
  refuseNewer(await broughtUp(connection.run, warn));
}

/** Ours if there was none. */
const CLAIM_ORIGIN = scriptOf<string>(`${PRELUDE}
redis.call('SETNX', P .. '${KEY.origin}', arg())
return redis.call('GET', P .. '${KEY.origin}')
`);

/** By which the data is known again. */
export async function originOf(connection: Connection): Promise<string> {
  return connection.run(CLAIM_ORIGIN, randomUUID());
}

/** Looks at a server as at the opening, and whether it still has the data of this origin. */
export function lookOf(address: RedisAddress, origin: string, warn: Warn): Look {
  let told = false;
  const warnOnce: Warn = text => {
    if (!told) warn(text);
    told = true;
  };
  return async (server, isHome) => {
    const [unfit, astray, persistence] = await Promise.all([
      unfitOf(() => refuseUnfit(server, address)),
      isHome ? astrayOf(server, prefixOf(address.tag), origin) : undefined,
      infoOf(server, 'persistence'),
    ]);
    if (!astray && !unfit) await renewAof(server, persistence, warnOnce);
    return astray ?? unfit; // an empty one made durable would only write that down
  };
}

/** Whether it is not the server we knew any more. */
async function astrayOf(server: Redis, prefix: string, origin: string): Promise<Unfit | undefined> {
  const [{ isReplica }, [format, found]] = await Promise.all([
    replicationOf(server),
    server.mget(prefix + KEY.format, prefix + KEY.origin),
  ]);
  if (isReplica) return { fault: new Fault('store', 'never', 'unfit', IS_REPLICA), isPassing: true };
  if (!format || found !== origin) {
    return { fault: new Fault('store', 'never', 'emptied', EMPTIED), isPassing: false };
  }
  return unfitOf(async () => refuseOther(format));
}

async function unfitOf(check: () => Promise<void>): Promise<Unfit | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return { fault: new Fault('store', 'never', 'unfit', error.words), isPassing: false };
  }
}

type Warn = (text: string) => void;

const IS_REPLICA = 'store: this Redis is a replica; name its primary under store: in bot.yaml';
const EMPTIED =
  "store: this Redis has lost this bot's data, or is another one: restore its append-only file and start it with " +
  '`appendonly yes`, or restart every bot to begin anew, with nothing claimed and nothing spent';

/** An older one comes back where a replica takes over that is far behind: counted there would not be counted here. */
function refuseOther(format: string): void {
  refuseNewer(format);
  if (format === FORMAT) return;
  throw new BadInput(
    `store: this Redis has the data of an earlier version again (format ${format}, it had ${FORMAT}): restore what it ` +
      'had, or restart every bot to go on with that',
  );
}

function refuseNewer(format: string): void {
  if (Number(format) <= Number(FORMAT)) return;
  throw new BadInput(
    `store: this Redis holds data of a newer hongbao-bot (format ${format}, we know ${FORMAT}): ` +
      'update hongbao-bot, or add ?tag=NAME to store: in bot.yaml',
  );
}

// ── One server ───────────────────────────────────────────────────────────────────────────────────────────

async function refuseUnfit(server: Redis, address: RedisAddress): Promise<void> {
  const [version, aof, memory] = await Promise.all([
    versionOf(server),
    Promise.all([setting(server, 'appendonly'), setting(server, 'appendfsync')]),
    Promise.all([setting(server, 'maxmemory'), setting(server, 'maxmemory-policy')]),
  ]);
  refuseOld(version);
  refuseEviction(memory, address);
  if (!address.assured) refuseVolatile(aof, address);
}

type Settings = readonly [string | undefined, string | undefined];

function refuseOld(version: string | undefined): void {
  if (version === undefined) return; // a service that does not tell; its scripts will
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new BadInput(`store: this Redis is ${version}; ${OLDEST.join('.')} or newer is needed`);
}

function refuseVolatile([appendonly, appendfsync]: Settings, { acceptLoss }: RedisAddress): void {
  if (appendonly === undefined || appendfsync === undefined) {
    throw new BadInput(
      'store: this Redis does not let us see whether it keeps what it acknowledges (CONFIG is forbidden). If its ' +
        'provider assures an append-only file with appendfsync always, add ?persistence=assured to store: in bot.yaml',
    );
  }
  if (appendonly !== 'yes') {
    throw new BadInput(
      'store: this Redis forgets everything when it stops (appendonly is no): set `appendonly yes` and ' +
        '`appendfsync always` in redis.conf',
    );
  }
  if (appendfsync === 'always' || (acceptLoss && appendfsync === 'everysec')) return;
  if (appendfsync !== 'everysec') {
    throw new BadInput(
      `store: this Redis may lose half a minute and more of what it acknowledged (appendfsync is ${appendfsync}): ` +
        'set `appendfsync always` in redis.conf',
    );
  }
  throw new BadInput(
    'store: when this Redis dies, up to a second of acknowledged claims may be lost (appendfsync is everysec): set ' +
      '`appendfsync always` in redis.conf, or accept that with `acceptLoss: 1s` in bot.yaml; a claim made again gets ' +
      'the same number, so nothing is paid twice',
  );
}

/** A claim that was thrown away could be made, and paid, again. */
function refuseEviction([maxmemory, policy]: Settings, { assured }: RedisAddress): void {
  if ((maxmemory === undefined || policy === undefined) && assured) return;
  if (maxmemory === '0' || policy === undefined || policy === 'noeviction') return;
  throw new BadInput(
    `store: this Redis throws keys away when memory runs short (maxmemory-policy is ${policy}): set ` +
      '`maxmemory-policy noeviction` in redis.conf',
  );
}

// ── After a restart ──────────────────────────────────────────────────────────────────────────────────────

// When a crash leaves half a transaction at the end of the append-only file, Redis does not carry it out, but leaves a part of it
// there (seen with 7.0; valkey-io/valkey#4342); after the next restart that part is carried out together with whatever came
// behind it: money counted twice, claims lost. A file written anew has no such part.

/** What the server says of its file; absent where nobody may ask. */
function isOld(persistence: string): boolean {
  const says = (line: string): boolean => persistence.split(/\r?\n/).includes(line);
  const isAtWork = says('aof_rewrite_in_progress:1') || says('aof_rewrite_scheduled:1');
  return says('aof_enabled:1') && says('aof_last_rewrite_time_sec:-1') && !isAtWork;
}

/** Has it written anew, once after each start of the server. `persistence`: its INFO; `warn`: if it may not be told to. */
async function renewAof(server: Redis, persistence: string, warn: (text: string) => void): Promise<void> {
  if (!isOld(persistence)) return;
  try {
    // An empty one may be what somebody mends just now: in its file stands what there was.
    if ((await server.dbsize()) > 0) await server.bgrewriteaof();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
    if (/in progress|scheduled/i.test(error.message)) return; // somebody else was faster
    warn(
      `store: have this Redis write its append-only file anew after each restart (BGREWRITEAOF); it does not let us: ${error.message}`,
    );
  }
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────

async function versionOf(server: Redis): Promise<string | undefined> {
  return /^redis_version:([\d.]+)/m.exec(await infoOf(server, 'server'))?.[1];
}

/** `replicas`: how many are connected and have all that came before; `undefined` where we may not ask. */
async function replicationOf(server: Redis): Promise<{ readonly isReplica: boolean; readonly replicas?: number }> {
  const info = await infoOf(server, 'replication');
  const isReplica = /^role:slave/m.test(info);
  return info === '' ? { isReplica } : { isReplica, replicas: info.match(/^slave\d+:.*state=online/gm)?.length ?? 0 };
}

/** Managed services forbid some commands; '' then. */
async function infoOf(server: Redis, section: string): Promise<string> {
  return server.info(section).catch(error => (isReply(error) ? '' : Promise.reject(error)));
}

/** `undefined`: we may not ask. Managed services forbid or rename CONFIG. */
async function setting(server: Redis, name: string): Promise<string | undefined> {
  try {
    const [, value] = (await server.config('GET', name)) as string[];
    return value;
  } catch (error) {
    if (/^(ERR unknown|NOPERM|ERR .*not (allowed|permitted|supported))/i.test(messageOf(error))) return undefined;
    throw error;
  }
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
