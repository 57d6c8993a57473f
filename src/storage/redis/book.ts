// What every script that reads a snapshot begins with; see `snapshot.ts`.

import type { Script } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { PRELUDE } from './write-scripts.ts';

/** A snapshot nobody reads from for this long is given up, so that a reader who died leaves nothing behind. */
export const LEASE_MS = 10 * 60_000;
/** So much that was put aside is looked at in one go; of more, only what is asked for. */
const HELD_MAX = 200;

/**
 * `kept(field)`: what a snapshot must see instead of what is there now. Nothing at all once it was given up. Its lease is
 * renewed now and then only: whatever is written waits for the disk, and a page that is only read does not.
 */
export const BOOK = `${PRELUDE}
local book, lease = P .. '${KEY.book}' .. arg(), arg()
local seq = redis.call('HGET', book, 'seq')
if not seq then return false end
if redis.call('PTTL', book) < tonumber(lease) / 2 then redis.call('PEXPIRE', book, lease) end
local held = {}
if redis.call('HLEN', book) <= ${HELD_MAX} then
  local fields = redis.call('HGETALL', book)
  for n = 1, #fields, 2 do held[fields[n]] = fields[n + 1] end
else held = nil end
local function kept(field)
  if held then return held[field] end
  return redis.call('HGET', book, field)
end
-- Of some of one kind (p: or o:), by their names, in one look.
local isHeld = not held or next(held) ~= nil
local function keptOf(kind, names)
  local found = {}
  if not isHeld or #names == 0 then return found end
  local fields = {}
  for n, name in ipairs(names) do fields[n] = kind .. name end
  if held then
    for n, name in ipairs(names) do found[name] = held[fields[n]] end
  else
    for n, value in ipairs(redis.call('HMGET', book, unpack(fields))) do found[names[n]] = value end
  end
  return found
end
local rows = {}
local function add(...) for _, value in ipairs({ ... }) do rows[#rows + 1] = value end end
local function page(stream, after, count)
  return redis.call('XRANGE', stream, '(' .. after, seq, 'COUNT', count)
end
`;

/** What a script finds for these books; nothing once they were given up. */
export type Found<Row = string[]> = Row | null;
export type Read = <Row>(script: Script<Found<Row>>, ...args: string[]) => Promise<Row>;
