// Printed codes in Redis. A code lies in one of many small hashes, which Redis keeps packed, and is found without knowing
// its batch; whether it is active is said by its box, so that no activation touches a code.

import type { CodeFact } from '../../core/match/facts.ts';
import type { CodeBatch, HeldCode, Store } from '../../ports.ts';
import {
  BOXES_CHUNK,
  BUCKET_DIGITS,
  checkAfter,
  checkCodes,
  codeHash,
  codeTaken,
  stretchesOf,
} from '../shared/code-hash.ts';
import { type Connection, type Named, naming, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { onceArgs, whole } from './rows.ts';
import { ONCE, PRELUDE } from './write-scripts.ts';

/** Buckets and codes of one page: a few milliseconds. */
const LOOK_CHUNK = 4000;

/** Between batch, box and prize. */
const BETWEEN = '\x1f';
const LUA_BETWEEN = '\\31';

// ── Lua ──────────────────────────────────────────────────────────────────────────────────────────────────

/** `codeAt(hash)`: key, field. `boxIn(value)`: batch, box. `codesIn(batch, box)`: how many, below zero if not active. */
export const CODE_LOOK = `
local function codeAt(hash)
  return P .. '${KEY.code}' .. string.sub(hash, 1, ${BUCKET_DIGITS}), string.sub(hash, ${BUCKET_DIGITS + 1})
end
local function boxIn(value) return string.match(value, '^(.-)${LUA_BETWEEN}(%d+)${LUA_BETWEEN}') end
local function codesIn(batch, box) return tonumber(redis.call('HGET', P .. '${KEY.codeBox}' .. batch, box) or '0') end
`;

/** `putCode`: writes a code, and where it lies. `setBox`: as many codes as `codesIn` is to say; the batch's sums follow. */
export const CODE_BOX = `${CODE_LOOK}
local function putCode(hash, value)
  local key, field = codeAt(hash)
  redis.call('HSET', key, field, value)
  local bucket = text(tonumber(string.sub(hash, 1, ${BUCKET_DIGITS}), 16))
  local used = P .. '${KEY.codeUsed}'
  if redis.call('GETRANGE', used, bucket, bucket) ~= '1' then redis.call('SETRANGE', used, bucket, '1') end
end
local function setBox(batch, box, codes)
  local before, sums = codesIn(batch, box), P .. '${KEY.codeBatch}' .. batch
  if before == 0 then
    redis.call('SADD', P .. '${KEY.codeBatches}', batch)
    redis.call('ZADD', P .. '${KEY.codeBoxes}' .. batch, box, box)
    redis.call('HINCRBY', sums, 'boxes', '1')
  end
  redis.call('HSET', P .. '${KEY.codeBox}' .. batch, box, text(codes))
  redis.call('HINCRBY', sums, 'codes', text(math.abs(codes) - math.abs(before)))
  redis.call('HINCRBY', sums, 'active', text(math.max(0, codes) - math.max(0, before)))
end
`;

/** How many are new, or which one is taken: then nothing is written. */
const ADD = scriptOf<string>(`${PRELUDE}${ONCE}${CODE_BOX}
local fresh, hashes = {}, {}
while at < #ARGV do
  local hash, value = arg(), arg()
  local there = fresh[hash] or redis.call('HGET', codeAt(hash))
  if not there then
    fresh[hash] = value
    hashes[#hashes + 1] = hash
  elseif there ~= value then return 'taken ' .. text((at - 1) / 2) end
end
local counts, boxes = {}, {}
for _, hash in ipairs(hashes) do
  putCode(hash, fresh[hash])
  local batch, box = boxIn(fresh[hash])
  local name = box .. ' ' .. batch
  if not counts[name] then boxes[#boxes + 1] = { batch, box, name } end
  counts[name] = (counts[name] or 0) + 1
end
for _, box in ipairs(boxes) do
  local before, more = codesIn(box[1], box[2]), counts[box[3]]
  if before == 0 then redis.call('SADD', P .. '${KEY.codeOpen}' .. box[1], box[2]) end
  setBox(box[1], box[2], before > 0 and before + more or before - more)
end
return say(text(#hashes))
`);

/** How many codes changed, a space, and the last box of a full chunk. */
const ACTIVATE = scriptOf<string>(`${PRELUDE}${ONCE}${CODE_BOX}
local batch, first, last, active, only = arg(), arg(), arg(), arg() == '1', arg() == '1'
local open = P .. '${KEY.codeOpen}' .. batch
local boxes = redis.call('ZRANGEBYSCORE', P .. '${KEY.codeBoxes}' .. batch, first, last, 'LIMIT', '0', '${BOXES_CHUNK}')
local changed = 0
for _, box in ipairs(boxes) do
  local codes = codesIn(batch, box)
  if redis.call('SREM', open, box) == 1 or not only then
    if (codes > 0) ~= active then
      setBox(batch, box, -codes)
      changed = changed + math.abs(codes)
    end
  end
end
return say(text(changed) .. ' ' .. (#boxes == ${BOXES_CHUNK} and boxes[#boxes] or ''))
`);

/** Batch, codes, active ones and boxes, of each. */
const BATCHES = scriptOf<string[]>(`${PRELUDE}
local rows = {}
for _, batch in ipairs(redis.call('SMEMBERS', P .. '${KEY.codeBatches}')) do
  rows[#rows + 1] = batch
  for _, sum in ipairs(redis.call('HMGET', P .. '${KEY.codeBatch}' .. batch, 'codes', 'active', 'boxes')) do
    rows[#rows + 1] = sum
  end
end
return rows
`);

/** Of one batch or of all (''): the number of the next bucket ('' at the end), then hash, value and whether it is active. */
export const CODE_PAGE = `${CODE_LOOK}
local used = redis.call('GET', P .. '${KEY.codeUsed}') or ''
local number = string.find(used, '1', tonumber(arg()) + 1, true)
local wanted, limit = arg(), tonumber(arg())
local page, active, looked = { '' }, {}, 0
while number do
  local bucket = string.format('%0${BUCKET_DIGITS}x', number - 1)
  local found = redis.call('HGETALL', P .. '${KEY.code}' .. bucket)
  for n = 1, #found, 2 do
    local batch, box = boxIn(found[n + 1])
    if wanted == '' or wanted == batch then
      local name = box .. ' ' .. batch
      if active[name] == nil then active[name] = codesIn(batch, box) > 0 end
      page[#page + 1] = bucket .. found[n]
      page[#page + 1] = found[n + 1]
      page[#page + 1] = active[name] and 1 or 0
    end
  end
  looked = looked + 1 + #found / 2
  number = string.find(used, '1', number + 1, true)
  if number and (looked >= ${LOOK_CHUNK} or #page > limit * 3) then
    page[1] = text(number - 1)
    return page
  end
end
return page
`;

const PAGE = scriptOf<CodeRows>(`${PRELUDE}${CODE_PAGE}`);

// ── The way there and back ───────────────────────────────────────────────────────────────────────────────

type Codes = Pick<Store, 'addCodes' | 'activateCodes' | 'codeBatches' | 'codes'>;

export function codesOn(run: Connection['run']): Codes {
  return {
    addCodes: async codes => {
      checkCodes(codes);
      const hashes = codes.map(({ code }) => codeHash(code));
      const args = codes.flatMap(({ code: _, ...rest }, n) => codeArgs({ hash: hashes[n]!, ...rest }));
      const [first, position] = (await run(ADD, ...onceArgs(), ...hashes.map(codeKey), ...args)).split(' ');
      if (position !== undefined) throw codeTaken(Number(position));
      return Number(first);
    },
    activateCodes: async (batch, boxes, active, which) => {
      let total = 0;
      for (const [first, last] of stretchesOf(boxes)) {
        for (let from = first; from <= last; ) {
          const args = [batch, whole(from), whole(last), active ? '1' : '0', which === 'undecided' ? '1' : '0'];
          const [changed, end] = (await run(ACTIVATE, ...onceArgs(), ...args)).split(' ');
          total += Number(changed);
          from = end === '' ? Number.POSITIVE_INFINITY : Number(end) + 1;
        }
      }
      return total;
    },
    codeBatches: async () => batchesFrom(await run(BATCHES)),
    codes: async (batch, after, limit) => {
      checkAfter(after);
      const found: Awaited<ReturnType<Codes['codes']>> = [];
      const read = (from: string) => run(PAGE, from, batch, whole(limit));
      for await (const code of codePages(read, after)) {
        if (found.length < limit) found.push(code);
        if (found.length >= limit) break;
      }
      return found;
    },
  };
}

/** Where a code of this hash lies; '': nowhere. */
export function codeKey(hash: string): Named {
  return naming(...(hash === '' ? [] : [KEY.code + hash.slice(0, BUCKET_DIGITS)]));
}

/** Hash and value. */
export function codeArgs({ hash, batch, box, prize }: HeldCode): [string, string] {
  return [hash, [batch, whole(box), prize].join(BETWEEN)];
}

/** The fact of a code's value, and whether it is active: 0 or 1. */
export function codeFactOf(value: string | null, active: number): { readonly code?: CodeFact } {
  if (value === null) return {};
  const [batch, , prize] = value.split(BETWEEN);
  return { code: { batch: batch!, prize: prize!, active: active === 1 } };
}

/** Where to go on, then of each code its hash, where it is, and 1 if it is active. */
type CodeRows = readonly (string | number)[];

/** All codes in the order of their hashes, from behind this one on. Within a bucket they have none of their own. */
export async function* codePages(read: (from: string) => Promise<CodeRows>, after = '') {
  let from = after === '' ? '0' : whole(Number.parseInt(after.slice(0, BUCKET_DIGITS), 16));
  while (from !== '') {
    const [next, ...rows] = await read(from);
    const page: (HeldCode & { readonly active: boolean })[] = [];
    for (let n = 0; n < rows.length; n += 3) {
      const [batch, box, prize] = String(rows[n + 1]).split(BETWEEN);
      page.push({ hash: String(rows[n]), batch: batch!, box: Number(box), prize: prize!, active: rows[n + 2] === 1 });
    }
    yield* page.filter(({ hash }) => hash > after).sort((a, b) => (a.hash < b.hash ? -1 : 1));
    from = String(next);
  }
}

function batchesFrom(rows: readonly string[]): CodeBatch[] {
  const batches: CodeBatch[] = [];
  for (let n = 0; n < rows.length; n += 4) {
    const [codes = 0, active = 0, boxes = 0] = rows.slice(n + 1, n + 4).map(Number);
    batches.push({ batch: rows[n]!, codes, active, boxes });
  }
  return batches.sort((a, b) => (a.batch < b.batch ? -1 : 1));
}
