// What a Redis must promise before it is trusted with money: looked up when the store is opened, on every server of it.
import type { Redis } from 'ioredis';
import { BadInput, messageOf } from '../core/error.ts';
import { type Connection, scriptOf } from './redis-connect.ts';
import { FORMAT } from './redis-keys.ts';
import type { RedisAddress } from './redis-url.ts';
import { CLAIM_FORMAT } from './redis-write.ts';

/** Its scripts use SMISMEMBER's and XRANGE's contemporaries. */
const OLDEST = [6, 2] as const;

/**
 * Refuses a server that may forget what it acknowledged: without an append-only file, with an fsync that comes later
 * (unless the address accepts the loss of a second), or that throws keys away when memory runs short.
 */
export async function refuseForgetful(connection: Connection, address: RedisAddress): Promise<void> {
  await Promise.all(
    connection.servers().map(async server => {
      try {
        await refuseOld(server);
        await refuseEviction(server, address);
        if (!address.assured) await refuseVolatile(server, address);
      } catch (error) {
        // A node that is down must not keep the bot down: the shard of our keys has answered already.
        if (error instanceof BadInput || !address.isCluster || isReply(error)) throw error;
      }
    }),
  );
  await refuseReplica(connection);
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Data of a version we do not know is not touched. */
export async function refuseNewerFormat(connection: Connection): Promise<void> {
  const format = await connection.run(CLAIM_FORMAT, FORMAT);
  if (format === FORMAT) return;
  throw new BadInput(
    `store: this Redis holds data of a newer hongbao-bot (format ${String(format)}, we know ${FORMAT}): ` +
      'update hongbao-bot, or add ?tag=NAME to store: in bot.yaml',
  );
}

async function refuseOld(server: Redis): Promise<void> {
  const info = await server.info('server').catch(error => (isReply(error) ? '' : Promise.reject(error)));
  const [, version] = /^redis_version:([\d.]+)/m.exec(info) ?? [];
  if (version === undefined) return; // a service that does not tell; its scripts will
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new BadInput(`store: this Redis is ${version}; ${OLDEST.join('.')} or newer is needed`);
}

async function refuseVolatile(server: Redis, { acceptLoss }: RedisAddress): Promise<void> {
  const [appendonly, appendfsync] = [await setting(server, 'appendonly'), await setting(server, 'appendfsync')];
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
  const loss = appendfsync === 'everysec' ? 'up to a second' : 'half a minute and more';
  throw new BadInput(
    `store: this Redis may lose ${loss} of what it acknowledged (appendfsync is ${appendfsync}): set ` +
      '`appendfsync always` in redis.conf' +
      (appendfsync === 'everysec' ? ', or accept that with ?acceptLoss=1s in store: of bot.yaml' : ''),
  );
}

/** A claim that was thrown away could be made, and paid, again. */
async function refuseEviction(server: Redis, { assured }: RedisAddress): Promise<void> {
  const [maxmemory, policy] = [await setting(server, 'maxmemory'), await setting(server, 'maxmemory-policy')];
  if ((maxmemory === undefined || policy === undefined) && assured) return;
  if (maxmemory === '0' || policy === undefined || policy === 'noeviction') return;
  throw new BadInput(
    `store: this Redis throws keys away when memory runs short (maxmemory-policy is ${policy}): set ` +
      '`maxmemory-policy noeviction` in redis.conf',
  );
}

/** A replica refuses the first write; better now than at the first claim. */
async function refuseReplica(connection: Connection): Promise<void> {
  const role = await connection.run(ROLE);
  if (role === 'master') return;
  throw new BadInput('store: this Redis is a replica; name its primary under store: in bot.yaml');
}

const ROLE = scriptOf(`return string.match(redis.call('INFO', 'replication'), 'role:(%a+)') or 'master'`);

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
