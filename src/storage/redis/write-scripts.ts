// What is written to Redis, as Lua: one script, one commit. Redis runs a script alone and its AOF holds all of it or
// nothing; but a script that fails half-way is not undone, so each looks at everything first and writes only then.
//
// Numbers: Lua's are doubles. Whole ones below 2^53 are exact, and nothing here is larger: fen, counts, instants. They
// come as text, are added by HINCRBY (64 bits), and only compared in Lua, by a difference that cannot overflow; where
// one must be written it goes through `text`, as Lua's own way of printing keeps 14 digits. JSON is never taken apart:
// what a script must know of it stands before it.

import type { JsonText } from '../../core/base/json-text.ts';
import type { Answer } from '../../ports.ts';
import { scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';

/** For every script: `P` is what our keys begin with, `arg()` the next argument. */
export const PRELUDE = `
local P = string.sub(KEYS[1], 1, -${KEY.seq.length + 1})
local at = 0
local function arg() at = at + 1; return ARGV[at] end
local function text(number) return string.format('%.0f', number) end
`;

/** Far longer than a call is tried for. */
const SAID_MS = 60_000;

/**
 * For a write whose answer counts and is in no row: `say` keeps it under the call's token, so that a repeat gets the same
 * and changes nothing.
 */
export const ONCE = `
local said = P .. '${KEY.said}' .. arg()
local before = redis.call('GET', said)
if before then return before end
local function say(answer)
  redis.call('SET', said, answer, 'PX', '${SAID_MS}')
  return answer
end
`;

// ── Counters ─────────────────────────────────────────────────────────────────────────────────────────────

/**
 * `readCounters`: those of the arguments, the rows they lie in as these are now, and the one that would pass its maximum;
 * then nothing else. `addCounters` writes them, a row in one go, and puts down which are new. Needs `keepRow`.
 */
const COUNT = `
local function rowOf(owner)
  if owner == '' then return { owner = owner, key = P .. '${KEY.shared}', fields = {}, before = {} } end
  return { owner = owner, key = P .. '${KEY.own}' .. owner, fields = {}, before = {} }
end
local function readCounters()
  local counters, rows = {}, {}
  for n = 1, tonumber(arg()) do
    local owner = arg()
    local row = rows[owner]
    if not row then
      row = rowOf(owner)
      rows[owner] = row
      rows[#rows + 1] = row
    end
    counters[n] = { row, arg(), tonumber(arg()), tonumber(arg()), tonumber(arg()) }
    row.fields[#row.fields + 1] = counters[n][2]
  end
  for _, row in ipairs(rows) do
    local before = row.before
    for n, value in ipairs(redis.call('HMGET', row.key, unpack(row.fields))) do before[row.fields[n]] = value end
  end
  local sums = {}
  for _, row in ipairs(rows) do sums[row] = {} end
  for _, counter in ipairs(counters) do
    local row, field, add, max = counter[1], counter[2], counter[3], counter[4]
    local value = sums[row][field] or tonumber(row.before[field] or '0')
    if add > max or value > max - add then return nil, row.owner .. '\\0' .. field end
    sums[row][field] = value + add
  end
  return counters, rows
end
local function addCounters(counters, rows, seq)
  for _, row in ipairs(rows) do row.sums, row.changed = {}, {} end
  for _, counter in ipairs(counters) do
    local row, field, add, least = counter[1], counter[2], counter[3], counter[5]
    if add ~= 0 or least then
      if not row.sums[field] then row.changed[#row.changed + 1] = field end
      local value = (row.sums[field] or tonumber(row.before[field] or '0')) + add
      if least and value < least then value = least end
      row.sums[field] = value
    end
  end
  local owners, names = {}, {}
  for _, row in ipairs(rows) do
    local written = {}
    for _, field in ipairs(row.changed) do
      written[#written + 1] = field
      written[#written + 1] = text(row.sums[field])
      if row.owner == '' and not row.before[field] then
        names[#names + 1] = 'n'
        names[#names + 1] = field
      end
    end
    if #written > 0 then
      local isThere = keepRow(row)
      redis.call('HSET', row.key, unpack(written))
      if not isThere then
        owners[#owners + 1] = 'n'
        owners[#owners + 1] = row.owner
      end
    end
  end
  if #names > 0 then redis.call('XADD', P .. '${KEY.sharedNames}', seq .. '-1', unpack(names)) end
  if #owners > 0 then redis.call('XADD', P .. '${KEY.owners}', seq .. '-1', unpack(owners)) end
end
`;

// ── The books' pre-images ────────────────────────────────────────────────────────────────────────────────

/**
 * `keep` puts aside what a snapshot must still see, before it is changed; the first change counts. Without a snapshot,
 * the usual case, it costs one look per script. A snapshot nobody reads any more has died and is struck off.
 */
const KEEP = `
local books = {}
for _, id in ipairs(redis.call('SMEMBERS', P .. '${KEY.snapshot}')) do
  local book = P .. '${KEY.book}' .. id
  if redis.call('EXISTS', book) == 1 then books[#books + 1] = book
  else redis.call('SREM', P .. '${KEY.snapshot}', id) end
end
local function keep(field, value)
  for _, book in ipairs(books) do redis.call('HSETNX', book, field, value) end
end
-- Of everybody's those that change; of a follower the whole row, which has an end. Whether there is such a row already.
local function keepRow(row)
  if row.owner == '' then
    for _, field in ipairs(row.changed or row.fields) do
      if row.before[field] then keep('c:' .. field, row.before[field]) end
    end
    return true
  end
  if redis.call('EXISTS', row.key) == 0 then return false end
  local field = 'o:' .. row.owner
  for _, book in ipairs(books) do
    if redis.call('HEXISTS', book, field) == 0 then
      redis.call('HSET', book, field, table.concat(redis.call('HGETALL', row.key), '\\0'))
    end
  end
  return true
end
`;

// ── Payouts and money ────────────────────────────────────────────────────────────────────────────────────

/** How the due payouts are named: the padded sequence settles ties. */
export const DUE_MEMBER = `
local function dueMember(seq, billNo) return string.format('%016.0f', tonumber(seq)) .. ':' .. billNo end
`;

const PLAN = `${DUE_MEMBER}
local function readPlan()
  local billNo = arg()
  if billNo == '' then return nil end
  return { billNo = billNo, campaign = arg(), merchant = arg(), user = arg(), amount = arg(), state = arg(),
    nextDo = arg(), nextAt = arg(), fixed = arg(), now = arg(), line = arg() }
end

local function isPlanned(plan) return redis.call('EXISTS', P .. '${KEY.payout}' .. plan.billNo) == 1 end

local function addPlan(plan, seq)
  local billNo = plan.billNo
  redis.call('HSET', P .. '${KEY.payout}' .. billNo, 'seq', seq, 'version', '1', 'state', plan.state,
    'campaign', plan.campaign, 'merchant', plan.merchant, 'user', plan.user, 'amount', plan.amount,
    'nextDo', plan.nextDo, 'fixed', plan.fixed, 'now', plan.now)
  redis.call('RPUSH', P .. '${KEY.history}' .. billNo, plan.line)
  for _, index in ipairs({ 'all', 'state:' .. plan.state, 'campaign:' .. plan.campaign, 'user:' .. plan.user,
    'merchant:' .. plan.merchant }) do
    redis.call('ZADD', P .. '${KEY.list}' .. index, seq, billNo)
  end
  if plan.nextAt ~= '' then
    redis.call('ZADD', P .. '${KEY.due}' .. plan.merchant .. ':' .. plan.nextDo, plan.nextAt, dueMember(seq, billNo))
  end
end

local BUCKETS = { 'reserved', 'sent', 'received', 'refunded' }
-- And whether there is one.
local function readBucket(campaign)
  local found = redis.call('HMGET', P .. '${KEY.bucket}' .. campaign, unpack(BUCKETS))
  local isThere = found[1] and true
  for n = 1, 4 do found[n] = found[n] or '0' end
  return found, isThere
end
`;

const BROKEN = (what: string): string => `redis.error_reply('BROKEN ${what}')`;

/** `setMailbox`: nothing owed is ''. */
export const MAILBOX = `
local function setMailbox(person, sent, owed)
  redis.call('HSET', P .. '${KEY.mailbox}', person, sent)
  if owed ~= '' then
    redis.call('HSET', P .. '${KEY.mailboxOwed}', person, owed)
    redis.call('ZADD', P .. '${KEY.mailboxOwing}', '0', person)
  else
    redis.call('HDEL', P .. '${KEY.mailboxOwed}', person)
    redis.call('ZREM', P .. '${KEY.mailboxOwing}', person)
  end
end
`;

/** Of a script's arguments: how many, then kind/name, the version that was seen and what is to be written of each. */
export const DOCUMENTS = `
local function readDocuments()
  local documents = {}
  for n = 1, tonumber(arg()) do documents[n] = { arg(), arg(), arg() } end
  return documents
end
local function areAsSeen(documents)
  for _, document in ipairs(documents) do
    local before = redis.call('HGET', P .. '${KEY.document}', document[1])
    if (before and string.match(before, '^%d+') or '0') ~= document[2] then return false end
  end
  return true
end
local function setDocuments(documents)
  for _, document in ipairs(documents) do
    redis.call('HSET', P .. '${KEY.document}', document[1], document[3])
    redis.call('ZADD', P .. '${KEY.documentNames}', '0', document[1])
  end
end
`;

// ── One event ────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Of each of some commits, which come with how many arguments they have: `done`, or the answer that was given before, or
 * why nothing was written. One does not mind what became of another.
 */
/** What is said of one commit. */
export type Verdict =
  | [kind: 'done' | 'claimed']
  | [kind: 'answered', before: JsonText<Answer>]
  | [kind: 'lost' | 'broken', detail: string];

export const COMMIT = scriptOf<Verdict[]>(`${PRELUDE}${KEEP}${COUNT}${PLAN}${MAILBOX}${DOCUMENTS}
local function give(given, seq)
  local plan = given.plan
  if given.key ~= '' then
    redis.call('SADD', P .. '${KEY.claimed}', given.key)
    redis.call('XADD', P .. '${KEY.claims}', seq .. '-0', 'c', given.claim)
  end
  if not plan then return end
  local money, hasBucket = readBucket(plan.campaign)
  addPlan(plan, seq)
  if not hasBucket then redis.call('XADD', P .. '${KEY.buckets}', seq .. '-0', 'n', plan.campaign)
  else keep('b:' .. plan.campaign, table.concat(money, ' ')) end
  redis.call('HINCRBY', P .. '${KEY.bucket}' .. plan.campaign, 'reserved', plan.amount)
end
local function commit()
  local token, event, answer, answerAt = arg(), arg(), arg(), arg()
  local before = redis.call('HGET', P .. '${KEY.answer}', event)
  if before then
    if string.sub(before, 1, #token) == token then return { 'done' } end
    return { 'answered', string.sub(before, #token + 1) }
  end
  local claimKey, claim = arg(), arg()
  if claimKey ~= '' and redis.call('SISMEMBER', P .. '${KEY.claimed}', claimKey) == 1 then return { 'claimed' } end
  local follower, followerNow, followsSeen = arg(), arg(), arg()
  local person, leftSeen, told = arg(), arg(), arg()
  if followsSeen ~= '' or leftSeen ~= '' then
    local follows, left = string.match(redis.call('HGET', P .. '${KEY.follower}', person) or '0 ', '^(%d+)/?(%d*) ')
    if left == '' then left = '0' end
    if followsSeen ~= '' and follows ~= followsSeen then return { 'lost', 'follower' } end
    if leftSeen ~= '' and left ~= leftSeen then return { 'lost', 'follower' } end
  end
  local mailbox = told ~= '' and redis.call('HGET', P .. '${KEY.mailbox}', person)
  if told ~= '' and (not mailbox or string.match(mailbox, '^%d+') ~= told) then return { 'lost', 'mailbox' } end
  local documents = readDocuments()
  if not areAsSeen(documents) then return { 'lost', 'document' } end

  local counters, rows = readCounters()
  if not counters then return { 'lost', rows } end
  local user, key, line = arg(), arg(), arg()
  local plan = readPlan()
  local given = { { key = claimKey, claim = claim, plan = plan } }
  for n = 1, tonumber(arg()) do
    given[n + 1] = { key = arg(), claim = arg() }
    given[n + 1].plan = readPlan()
  end
  for _, each in ipairs(given) do
    if each.key ~= '' and redis.call('SISMEMBER', P .. '${KEY.claimed}', each.key) == 1 then return { 'claimed' } end
    if each.plan and isPlanned(each.plan) then return { 'broken', 'this payout was planned before' } end
    -- Read before anything is written: a bucket that is none breaks the script here, and nothing of this commit stays.
    if each.plan then readBucket(each.plan.campaign) end
  end

  local seq = text(redis.call('INCR', P .. '${KEY.seq}'))
  addCounters(counters, rows, seq)
  if follower ~= '' then redis.call('HSET', P .. '${KEY.follower}', follower, followerNow) end
  if mailbox then setMailbox(person, text(tonumber(told) + 1) .. string.match(mailbox, ' .*'), '') end
  setDocuments(documents)
  for n, each in ipairs(given) do
    give(each, n == 1 and seq or text(redis.call('INCR', P .. '${KEY.seq}')))
  end
  redis.call('HSET', P .. '${KEY.answer}', event, token .. answer)
  redis.call('ZADD', P .. '${KEY.answerAt}', answerAt, event)
  redis.call('XADD', P .. '${KEY.journal}', seq .. '-0', 'l', line)
  redis.call('RPUSH', P .. '${KEY.journalUser}' .. user, seq)
  if redis.call('HSETNX', P .. '${KEY.journalKey}', key, seq) == 0 then
    local lines = redis.call('HGET', P .. '${KEY.journalKey}', key)
    redis.call('HSET', P .. '${KEY.journalKey}', key, lines .. ',' .. seq)
  end
  return { 'done' }
end
local verdicts = {}
while at < #ARGV do
  local length = tonumber(arg())
  local last = at + length
  verdicts[#verdicts + 1] = commit()
  at = last
end
return verdicts
`);

// ── One payout ───────────────────────────────────────────────────────────────────────────────────────────

/** What each move does to reserved, sent, received, refunded, per fen; `back`: the counters get theirs back. */
const MOVES = `
local MOVES = {
  ['none'] = { 0, 0, 0, 0 },
  ['reserved→sent'] = { -1, 1, 0, 0 },
  ['reserved→received'] = { -1, 0, 1, 0 },
  ['reserved→free'] = { -1, 0, 0, 0, back = true },
  ['sent→received'] = { 0, -1, 1, 0 },
  ['sent→refunded'] = { 0, -1, 0, 1, back = true },
  ['sent→reserved'] = { 1, -1, 0, 1 },
  ['free→reserved'] = { 1, 0, 0, 0 },
  ['free→received'] = { 0, 0, 1, 0 },
  ['refunded→received'] = { 0, 0, 1, -1 },
}
`;

/** Whether nobody else took this lease, and it was not given back. No lease is one empty argument. */
const FENCE = `
local function isFenced()
  local name = arg()
  if name == '' then return true end
  local row = redis.call('HMGET', P .. '${KEY.lease}' .. name, 'holder', 'fence')
  return row[1] == arg() and row[2] == arg()
end
`;

/**
 * `moved`, `stale`, or `lost` and the counter that is full. The line's own token tells a retry from somebody else's
 * step; so it is looked at before the lease, which may have gone on since the first try.
 */
export const ADVANCE = scriptOf<'moved' | 'stale'>(`${PRELUDE}${KEEP}${COUNT}${PLAN}${MOVES}${FENCE}
local billNo, before, version, from, line, now = arg(), arg(), arg(), arg(), arg(), arg()
local state, nextDo, nextAt, move, refunded, listId = arg(), arg(), arg(), arg(), arg(), arg()
local payout = P .. '${KEY.payout}' .. billNo
local row = redis.call('HMGET', payout, 'version', 'state', 'campaign', 'merchant', 'amount', 'seq', 'nextDo', 'now')
if row[1] ~= before or row[2] ~= from then
  if redis.call('LINDEX', P .. '${KEY.history}' .. billNo, before) == line then return 'moved' end
  return 'stale'
end
local campaign, merchant, amount, seq = row[3], row[4], row[5], row[6]

local holds = {}
for n = 1, tonumber(arg()) do holds[n] = { arg(), arg(), arg() } end
local counters, rows = readCounters()
local plan = readPlan()
if not isFenced() then return 'stale' end
if not counters then return 'lost ' .. rows end
if plan and plan.amount ~= amount then return ${BROKEN('a successor takes over the same amount')} end
if plan and isPlanned(plan) then return ${BROKEN('this successor was planned before')} end

-- Of a group packet a part may have been opened before the rest came back.
local rates, bucket, fen = MOVES[move], readBucket(campaign), tonumber(amount)
local opened = 0
if move == 'sent→refunded' and refunded ~= '' then opened = fen - tonumber(refunded) end
local adds = { rates[1] * fen, rates[2] * fen, rates[3] * fen + opened, rates[4] * fen - opened }
for n = 1, 4 do
  if tonumber(bucket[n]) + adds[n] < 0 then return ${BROKEN('a bucket below zero')} end
end

keep('p:' .. billNo, row[8])
redis.call('HSET', payout, 'version', version, 'state', state, 'nextDo', nextDo, 'now', now)
redis.call('RPUSH', P .. '${KEY.history}' .. billNo, line)
if listId ~= '' then redis.call('HSET', P .. '${KEY.listed}', listId, billNo) end
if state ~= from then
  redis.call('ZREM', P .. '${KEY.list}state:' .. from, billNo)
  redis.call('ZADD', P .. '${KEY.list}state:' .. state, seq, billNo)
end
local member = dueMember(seq, billNo)
if nextDo ~= row[7] or nextAt == '' then redis.call('ZREM', P .. '${KEY.due}' .. merchant .. ':' .. row[7], member) end
if nextAt ~= '' then redis.call('ZADD', P .. '${KEY.due}' .. merchant .. ':' .. nextDo, nextAt, member) end

if move ~= 'none' then
  keep('b:' .. campaign, table.concat(bucket, ' '))
  for n = 1, 4 do redis.call('HINCRBY', P .. '${KEY.bucket}' .. campaign, BUCKETS[n], text(adds[n])) end
end
if rates.back then
  for _, hold in ipairs(holds) do
    local row, field = rows[hold[1]] or rowOf(hold[1]), hold[2]
    local value = redis.call('HGET', row.key, field)
    if value then
      keepRow({ owner = row.owner, key = row.key, fields = { field }, before = { [field] = value } })
      local left = text(math.max(0, tonumber(value) - tonumber(hold[3])))
      redis.call('HSET', row.key, field, left)
      if row.before[field] then row.before[field] = left end
    end
  end
end
if #counters > 0 then addCounters(counters, rows, text(redis.call('INCR', P .. '${KEY.seq}'))) end
if plan then addPlan(plan, text(redis.call('INCR', P .. '${KEY.seq}'))) end
return 'moved'
`);

/** `counted`, or `lost` and which one. No row tells whether it was done. */
export const ADD_COUNTERS = scriptOf<'counted'>(`${PRELUDE}${ONCE}${KEEP}${COUNT}
local counters, rows = readCounters()
if not counters then return 'lost ' .. rows end
addCounters(counters, rows, text(redis.call('INCR', P .. '${KEY.seq}')))
return say('counted')
`);

// ── The rest ─────────────────────────────────────────────────────────────────────────────────────────────

/** The same halt told twice is one halt. The bot leaves the operator's as it is. */
export const SET_HALT = scriptOf(`${PRELUDE}
local merchant, halt, by = arg(), arg(), arg()
local before = redis.call('HGET', P .. '${KEY.halt}', merchant)
if by == 'bot' and before and string.sub(before, 1, 4) ~= 'bot ' then return 'OK' end
if halt == '' then redis.call('HDEL', P .. '${KEY.halt}', merchant)
else redis.call('HSET', P .. '${KEY.halt}', merchant, halt) end
return 'OK'
`);

/** `resumed`, or `changed`: what was read of it is not what stands there. */
export const RESUME = scriptOf<'resumed' | 'changed'>(`${PRELUDE}
local merchant, seen = arg(), arg()
local before = redis.call('HGET', P .. '${KEY.halt}', merchant)
if before and before ~= seen then return 'changed' end
redis.call('HDEL', P .. '${KEY.halt}', merchant)
return 'resumed'
`);

/** Some answers given before an instant: how many. */
export const FORGET = scriptOf<number>(`${PRELUDE}
local before, limit = arg(), arg()
local old = redis.call('ZRANGEBYSCORE', P .. '${KEY.answerAt}', '-inf', '(' .. before, 'LIMIT', '0', limit)
if #old > 0 then
  redis.call('HDEL', P .. '${KEY.answer}', unpack(old))
  redis.call('ZREM', P .. '${KEY.answerAt}', unpack(old))
end
return #old
`);
