// Data of before format 4 had every counter in one row, under its whole name. At the first start they are brought where they
// lie now, some hundred at a time, each under the place in the books that it had. Whoever was stopped half-way goes on where
// it was, and of several at once each step counts once.

import { counterPlace } from './counter-place.ts';
import { type Connection, scriptOf } from './link/connection.ts';
import { FORMAT, KEY } from './link/keys.ts';
import { whole } from './rows.ts';
import { PRELUDE } from './write-scripts.ts';

/**
 * The format of the data: ours from now on, if there was none or an older one. In the same moment counters of before are
 * put aside, and a bot of before that still runs finds no row to count in: it fails instead of counting where nobody looks.
 */
const CLAIM_FORMAT = scriptOf<string>(`${PRELUDE}
local ours, found = arg(), redis.call('GET', P .. '${KEY.format}')
if found and (tonumber(found) or math.huge) >= tonumber(ours) then return found end
local counter = P .. '${KEY.counter}'
if redis.call('TYPE', counter).ok == 'hash' then
  redis.call('RENAME', counter, P .. '${KEY.counterBefore}')
  if redis.call('EXISTS', P .. '${KEY.counters}') == 1 then
    redis.call('RENAME', P .. '${KEY.counters}', P .. '${KEY.countersBefore}')
  end
end
if found then redis.call('SET', counter, 'format ' .. ours) end
redis.call('SET', P .. '${KEY.format}', ours)
return ours
`);

/** Entries of the names that one step takes: one has the counters of a commit. */
const ENTRIES = 500;

/** How many entries are left, then of some behind a place: where it is, how many counters, their names and values. */
const READ = scriptOf<string[]>(`${PRELUDE}
local before, rows = P .. '${KEY.countersBefore}', {}
rows[1] = text(redis.call('XLEN', before))
for _, entry in ipairs(redis.call('XRANGE', before, '(' .. arg(), '+', 'COUNT', '${ENTRIES}')) do
  local fields = entry[2]
  rows[#rows + 1] = entry[1]
  rows[#rows + 1] = text(#fields / 2)
  for at = 2, #fields, 2 do
    rows[#rows + 1] = fields[at]
    rows[#rows + 1] = redis.call('HGET', P .. '${KEY.counterBefore}', fields[at]) or '0'
  end
end
return rows
`);

/** These entries, the first there are, if nobody took them meanwhile. */
const WRITE = scriptOf(`${PRELUDE}
local before = P .. '${KEY.countersBefore}'
local first = redis.call('XRANGE', before, '-', '+', 'COUNT', '1')[1]
if not first or first[1] ~= ARGV[1] then return 'OK' end
local entry
while at < #ARGV do
  local owners, names = {}, {}
  entry = arg()
  for _ = 1, tonumber(arg()) do
    local owner, field, value = arg(), arg(), arg()
    if owner == '' then
      redis.call('HSET', P .. '${KEY.shared}', field, value)
      names[#names + 1] = 'n'
      names[#names + 1] = field
    else
      local own = P .. '${KEY.own}' .. owner
      if redis.call('EXISTS', own) == 0 then
        owners[#owners + 1] = 'n'
        owners[#owners + 1] = owner
      end
      redis.call('HSET', own, field, value)
    end
  end
  if #names > 0 then redis.call('XADD', P .. '${KEY.sharedNames}', entry, unpack(names)) end
  if #owners > 0 then redis.call('XADD', P .. '${KEY.owners}', entry, unpack(owners)) end
end
redis.call('XDEL', before, entry)
redis.call('XTRIM', before, 'MINID', entry)
return 'OK'
`);

const END = scriptOf(`${PRELUDE}
if redis.call('XLEN', P .. '${KEY.countersBefore}') > 0 then return 'more' end
redis.call('UNLINK', P .. '${KEY.countersBefore}', P .. '${KEY.counterBefore}')
return 'OK'
`);

/** From so many entries on it is said that this takes a while. */
const MANY = 20_000;

/** The format that the data has; ours: it is brought up to it. */
export async function broughtUp(run: Connection['run'], warn: (text: string) => void): Promise<string> {
  const format = await run(CLAIM_FORMAT, FORMAT);
  if (format !== FORMAT) return format;
  // Whoever opens the store counts in it: nothing may be left, whoever else has been at work here.
  do await bringUpAll(run, warn);
  while ((await run(END)) === 'more');
  return format;
}

async function bringUpAll(run: Connection['run'], warn: (text: string) => void): Promise<void> {
  const read = async (after: string): Promise<string[]> => run(READ, after);
  let coming = read('0-0');
  for (let told = false; ; told = true) {
    const [left, ...rows] = await coming;
    if (rows.length === 0) return;
    if (!told && Number(left) > MANY)
      warn(`store: the counters are brought into the form of this version (${left} entries); that takes a while`);
    const { args, last } = placed(rows);
    coming = read(last);
    coming.catch(() => undefined); // it is told to whoever waits for it
    await run(WRITE, ...args);
  }
}

/** Entries as they were read, each counter with where it lies from now on; and where the last of them was. */
function placed(rows: readonly string[]): { readonly args: string[]; readonly last: string } {
  const args: string[] = [];
  let last = '';
  for (let n = 0; n < rows.length; ) {
    const [entry, counters] = [rows[n]!, Number(rows[n + 1])];
    last = entry;
    args.push(entry, whole(counters));
    n += 2;
    for (let counter = 0; counter < counters; counter++, n += 2) args.push(...counterPlace(rows[n]!), rows[n + 1]!);
  }
  return { args, last };
}
