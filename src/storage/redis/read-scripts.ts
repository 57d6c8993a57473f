// What is read from Redis, as Lua: each script sees one moment. None looks at more than one page of rows, because
// everybody else waits while it runs.
import { CODE_LOOK } from './codes.ts';
import { scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { PRELUDE } from './write-scripts.ts';

/** The answer to an event, behind its token. */
export const ANSWERED = scriptOf<string | null>(`${PRELUDE}
return redis.call('HGET', P .. '${KEY.answer}', arg())
`);

/** Follower, halt, what is owed, the code and whether it is active, the pauses, the goods won; then a 0 or 1 for each claim, a value for each counter, which come row by row. */
const LOOK = `${CODE_LOOK}
local follower, merchant, hash = arg(), arg(), arg()
local code = hash ~= '' and redis.call('HGET', codeAt(hash))
local found = { redis.call('HGET', P .. '${KEY.follower}', follower) }
found[2] = redis.call('HEXISTS', P .. '${KEY.halt}', merchant)
found[3] = redis.call('HGET', P .. '${KEY.mailboxOwed}', follower)
found[4] = code
found[5] = code and codesIn(boxIn(code)) > 0 and 1 or 0
local pauses = tonumber(arg())
found[6] = {}
if pauses > 0 then
  found[6] = redis.call('HMGET', P .. '${KEY.halt}', unpack(ARGV, at + 1, at + pauses))
  at = at + pauses
end
found[7] = redis.call('HGET', P .. '${KEY.document}', 'parcels/' .. follower)
local claims = tonumber(arg())
if claims > 0 then
  for _, isThere in ipairs(redis.call('SMISMEMBER', P .. '${KEY.claimed}', unpack(ARGV, at + 1, at + claims))) do
    found[#found + 1] = isThere
  end
  at = at + claims
end
while at < #ARGV do
  local owner, count = arg(), tonumber(arg())
  local row = owner == '' and P .. '${KEY.shared}' or P .. '${KEY.own}' .. owner
  for _, value in ipairs(redis.call('HMGET', row, unpack(ARGV, at + 1, at + count))) do found[#found + 1] = value end
  at = at + count
end
return found
`;

export type FactsRow = [
  follower: string | null,
  halted: number,
  owed: string | null,
  code: string | null,
  active: number,
  pauses: (string | null)[],
  parcels: string | null,
  ...rest: (number | string | null)[],
];

export const FACTS = scriptOf<FactsRow>(`${PRELUDE}${LOOK}`);

/** The answer there was, behind its token: a text; else the facts: a list. */
export const BEGIN = scriptOf<string | FactsRow>(`${PRELUDE}
local before = redis.call('HGET', P .. '${KEY.answer}', arg())
if before then return before end
${LOOK}`);

/** `fixed` and `now`. */
export const PAYOUT = scriptOf<(string | null)[]>(`${PRELUDE}
return redis.call('HMGET', P .. '${KEY.payout}' .. arg(), 'fixed', 'now')
`);

/** The same by WeChat's own number. */
export const LISTED = scriptOf<(string | null)[]>(`${PRELUDE}
local billNo = redis.call('HGET', P .. '${KEY.listed}', arg())
if not billNo then return {} end
return redis.call('HMGET', P .. '${KEY.payout}' .. billNo, 'fixed', 'now')
`);

/** How many are in each state that is named, then of each merchant how many wait to be sent and to be asked after. */
export const COUNTS = scriptOf<number[]>(`${PRELUDE}
local counts = {}
for _ = 1, tonumber(arg()) do counts[#counts + 1] = redis.call('ZCARD', P .. '${KEY.list}state:' .. arg()) end
while at < #ARGV do
  local merchant = arg()
  for _, what in ipairs({ 'send', 'query' }) do
    counts[#counts + 1] = redis.call('ZCARD', P .. '${KEY.due}' .. merchant .. ':' .. what)
  end
end
return counts
`);

export const HISTORY = scriptOf<string[]>(`${PRELUDE}
return redis.call('LRANGE', P .. '${KEY.history}' .. arg(), 0, -1)
`);

/** `fixed` and `now` of what is due, oldest first, of the kinds that are named. */
export const DUE = scriptOf<string[]>(`${PRELUDE}
local merchant, now, limit = arg(), arg(), arg()
local due = {}
while at < #ARGV do
  local found = redis.call('ZRANGEBYSCORE', P .. '${KEY.due}' .. merchant .. ':' .. arg(), '-inf', now, 'WITHSCORES',
    'LIMIT', '0', limit)
  for n = 1, #found, 2 do due[#due + 1] = { found[n], tonumber(found[n + 1]) } end
end
table.sort(due, function(a, b)
  if a[2] ~= b[2] then return a[2] < b[2] end
  return a[1] < b[1]
end)
local rows = {}
for n = 1, math.min(#due, tonumber(limit)) do
  local row = redis.call('HMGET', P .. '${KEY.payout}' .. string.sub(due[n][1], 18), 'fixed', 'now')
  rows[#rows + 1] = row[1]
  rows[#rows + 1] = row[2]
end
return rows
`);

/** Where a payout stands in the lists. */
export const SEQ = scriptOf<string | null>(`${PRELUDE}
return redis.call('HGET', P .. '${KEY.payout}' .. arg(), 'seq')
`);

/**
 * One page of an index, newest first: the sequence of the last row that was looked at ('' at the end), then `fixed` and
 * `now` of those that have what the filters say.
 */
export const LIST = scriptOf<[string, ...string[]]>(`${PRELUDE}
local index, top, count = arg(), arg(), arg()
local filters = { arg(), arg(), arg(), arg() }
local page = redis.call('ZREVRANGEBYSCORE', P .. '${KEY.list}' .. index, top, '-inf', 'LIMIT', '0', count)
local rows = { '' }
for _, billNo in ipairs(page) do
  local row = redis.call('HMGET', P .. '${KEY.payout}' .. billNo, 'state', 'campaign', 'user', 'merchant', 'seq',
    'fixed', 'now')
  local fits = true
  for n = 1, 4 do fits = fits and (filters[n] == '' or filters[n] == row[n]) end
  if fits then
    rows[#rows + 1] = row[6]
    rows[#rows + 1] = row[7]
  end
  if #page == tonumber(count) then rows[1] = row[5] end
end
return rows
`);

export const BUCKETS = scriptOf<(string | null)[]>(`${PRELUDE}
return redis.call('HMGET', P .. '${KEY.bucket}' .. arg(), 'reserved', 'sent', 'received', 'refunded')
`);

export const HALT = scriptOf<string | null>(`${PRELUDE}
return redis.call('HGET', P .. '${KEY.halt}', arg())
`);

// ── The journal: id and line, newest first ───────────────────────────────────────────────────────────────

const LINES = `
local function linesOf(seqs)
  local lines = {}
  for _, seq in ipairs(seqs) do
    local entry = redis.call('XRANGE', P .. '${KEY.journal}', seq, seq)[1]
    lines[#lines + 1] = seq
    lines[#lines + 1] = entry[2][2]
  end
  return lines
end
`;

/** Of all, up to an id. */
export const JOURNAL = scriptOf<string[]>(`${PRELUDE}
local lines = {}
for _, entry in ipairs(redis.call('XREVRANGE', P .. '${KEY.journal}', arg(), '-', 'COUNT', arg())) do
  lines[#lines + 1] = string.match(entry[1], '^%d+')
  lines[#lines + 1] = entry[2][2]
end
return lines
`);

/** Of all, from behind an id, oldest first. */
export const JOURNAL_AFTER = scriptOf<string[]>(`${PRELUDE}
local lines = {}
for _, entry in ipairs(redis.call('XRANGE', P .. '${KEY.journal}', arg(), '+', 'COUNT', arg())) do
  lines[#lines + 1] = string.match(entry[1], '^%d+')
  lines[#lines + 1] = entry[2][2]
end
return lines
`);

/** Of a follower: how many lines are left below this page, then the page. '' begins at the newest. */
export const JOURNAL_OF_USER = scriptOf<[string, ...string[]]>(`${PRELUDE}${LINES}
local list, top, count = P .. '${KEY.journalUser}' .. arg(), arg(), arg()
top = tonumber(top) or redis.call('LLEN', list)
if top == 0 then return { '0' } end
local bottom = math.max(0, top - tonumber(count))
local seqs = redis.call('LRANGE', list, text(bottom), text(top - 1))
local newest = {}
for n = #seqs, 1, -1 do newest[#newest + 1] = seqs[n] end
local lines = linesOf(newest)
table.insert(lines, 1, text(bottom))
return lines
`);

/** Of an event. A handful at most: the same key in several accounts, or one that came again after it was forgotten. */
export const JOURNAL_OF_KEY = scriptOf<string[]>(`${PRELUDE}${LINES}
local seqs = {}
local found = redis.call('HGET', P .. '${KEY.journalKey}', arg()) or ''
for seq in string.gmatch(found, '%d+') do table.insert(seqs, 1, seq) end
return linesOf(seqs)
`);
