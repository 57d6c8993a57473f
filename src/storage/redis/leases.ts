// Leases in Redis: each call is one script, and time is the server's, so that machines need not agree on theirs.
//
// Told twice (see `connection.ts`): a lease taken again by the same holder is renewed, which changes nothing but its
// end. One that was given back knows the token of the call that did it, so a repeat says yes once more, even if
// somebody else has taken the lease by then. A call that arrives late is refused by its fence, which grows when the
// same holder comes back, too.
import type { Lease, Store } from '../../ports.ts';
import { checkLease, SET_BACK_MS } from '../shared/leases.ts';
import { type Connection, type Named, naming, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { whole } from './rows.ts';
import { PRELUDE } from './write-scripts.ts';

/** Whose clock the scripts go by. */
export type LeaseTime = 'server' | 'caller';

const CLOCK = `
local now = arg()
if now == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
else now = tonumber(now) end
local function lastFor(lease, ms)
  redis.call('HSET', lease, 'since', text(now), 'until', text(now + tonumber(ms)))
end
`;

/** Fence and note, or nothing while somebody else has it. */
const TAKE = scriptOf<[fence: string, note: string | null] | null>(`${PRELUDE}${CLOCK}
local name, holder, ms = arg(), arg(), arg()
local lease = P .. '${KEY.lease}' .. name
local row = redis.call('HMGET', lease, 'holder', 'fence', 'since', 'until', 'note')
local fence = row[2]
if row[1] ~= holder then
  if fence and now < tonumber(row[4]) and now >= tonumber(row[3]) - ${SET_BACK_MS} then return false end
  fence = text(redis.call('HINCRBY', lease, 'fence', '1'))
  redis.call('HSET', lease, 'holder', holder)
end
lastFor(lease, ms)
return { fence, row[5] }
`);

/** 1, or 0 if it has a new holder. */
const RELEASE = scriptOf(`${PRELUDE}${CLOCK}
local name, holder, fence, token = arg(), arg(), arg(), arg()
local lease = P .. '${KEY.lease}' .. name
local row = redis.call('HMGET', lease, 'holder', 'fence', 'released')
if row[3] == token then return 1 end
if row[2] ~= fence or (row[1] ~= '' and row[1] ~= holder) then return 0 end
if row[1] ~= '' then lastFor(lease, 0) end
redis.call('HSET', lease, 'holder', '', 'released', token)
if at < #ARGV then redis.call('HSET', lease, 'note', arg()) end
return 1
`);

const NOTE = scriptOf<string | null>(`${PRELUDE}
return redis.call('HGET', P .. '${KEY.lease}' .. arg(), 'note')
`);

export function leasesOn(
  run: Connection['run'],
  newToken: () => string,
  time: LeaseTime,
): Pick<Store, 'lease' | 'release' | 'note'> {
  const clock = (now: number): string => (time === 'caller' ? whole(now) : '');
  return {
    lease: async (name, holder, ms, now) => {
      checkLease(name, holder, ms);
      const found = await run(TAKE, clock(now), name, holder, whole(ms), keyOf(name));
      if (found === null) return undefined;
      const [fence, note] = found;
      return { name, holder, fence: Number(fence), ...(note !== null && { note }) };
    },
    release: async ({ name, holder, fence }, now, note) => {
      const left = note === undefined ? [] : [note];
      const args = [clock(now), name, holder, whole(fence), newToken(), ...left, keyOf(name)];
      return (await run(RELEASE, ...args)) === 1;
    },
    note: async name => (await run(NOTE, name, keyOf(name))) ?? undefined,
  };
}

/** What a step done under a lease adds to its script's arguments; none is one empty argument. */
export function leaseArgs(lease: Lease | undefined): (string | Named)[] {
  return lease ? [lease.name, lease.holder, whole(lease.fence), keyOf(lease.name)] : [''];
}

function keyOf(name: string): Named {
  return naming(KEY.lease + name);
}
