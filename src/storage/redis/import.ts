// What another store's books hold, written to Redis as it is: each piece is one script. A row that is there already is
// written anew, so that a piece told again changes nothing, be it by a reconnect or by a whole move begun again. Nobody
// works on this store yet, so nothing is put aside for snapshots.
import type { Piece, SnapshotRows } from '../../ports.ts';
import { actText } from './acts.ts';
import { authorizationArgs } from './authorizations.ts';
import { CODE_BOX, codeArgs } from './codes.ts';
import { counterPlace } from './counter-place.ts';
import { fieldOf, storedDocument } from './documents.ts';
import { journalText } from './journal-line.ts';
import { type Connection, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { mailboxArgs } from './mailbox.ts';
import { eventField, fixedOf, followerArgs, isDue, lineOf, nowOf, TOKEN_LENGTH, whole } from './rows.ts';
import { DOCUMENTS, DUE_MEMBER, MAILBOX, PRELUDE } from './write-scripts.ts';

/** A claim never changes. */
const CLAIMS = scriptOf(`${PRELUDE}
local seq, n = text(redis.call('INCR', P .. '${KEY.seq}')), 0
while at < #ARGV do
  local key, claim = arg(), arg()
  if redis.call('SADD', P .. '${KEY.claimed}', key) == 1 then
    n = n + 1
    redis.call('XADD', P .. '${KEY.claims}', seq .. '-' .. text(n), 'c', claim)
  end
end
return 'OK'
`);

/** One that is there keeps its place in the lists. None is taken back, so all are looked at before the first write. */
const PAYOUTS = scriptOf(`${PRELUDE}${DUE_MEMBER}
local count = tonumber(arg())
for _ = 1, count do
  local billNo, version = arg(), arg()
  local here = redis.call('HGET', P .. '${KEY.payout}' .. billNo, 'version')
  if here and tonumber(here) > tonumber(version) then
    return redis.error_reply('BROKEN payout ' .. billNo .. ' has gone on here: a bot works on this copy')
  end
end
while at < #ARGV do
  local billNo, campaign, merchant, user, amount, state = arg(), arg(), arg(), arg(), arg(), arg()
  local nextDo, nextAt, version, fixed, now, listId = arg(), arg(), arg(), arg(), arg(), arg()
  local payout, history = P .. '${KEY.payout}' .. billNo, P .. '${KEY.history}' .. billNo
  local before = redis.call('HMGET', payout, 'seq', 'state', 'nextDo')
  local seq = before[1] or text(redis.call('INCR', P .. '${KEY.seq}'))
  local member = dueMember(seq, billNo)
  if before[1] then
    redis.call('ZREM', P .. '${KEY.list}state:' .. before[2], billNo)
    redis.call('ZREM', P .. '${KEY.due}' .. merchant .. ':' .. before[3], member)
  end
  redis.call('HSET', payout, 'seq', seq, 'version', version, 'state', state, 'campaign', campaign,
    'merchant', merchant, 'user', user, 'amount', amount, 'nextDo', nextDo, 'fixed', fixed, 'now', now)
  if listId ~= '' then redis.call('HSET', P .. '${KEY.listed}', listId, billNo) end
  redis.call('DEL', history)
  for _ = 1, tonumber(arg()) do redis.call('RPUSH', history, arg()) end
  for _, index in ipairs({ 'all', 'state:' .. state, 'campaign:' .. campaign, 'user:' .. user,
    'merchant:' .. merchant }) do
    redis.call('ZADD', P .. '${KEY.list}' .. index, seq, billNo)
  end
  if nextAt ~= '' then redis.call('ZADD', P .. '${KEY.due}' .. merchant .. ':' .. nextDo, nextAt, member) end
end
return 'OK'
`);

const COUNTERS = scriptOf(`${PRELUDE}
local seq, n = text(redis.call('INCR', P .. '${KEY.seq}')), 0
local function putDown(names, name)
  n = n + 1
  redis.call('XADD', names, seq .. '-' .. text(n), 'n', name)
end
while at < #ARGV do
  local owner, name, value = arg(), arg(), arg()
  local own = P .. '${KEY.own}' .. owner
  if owner == '' then
    if redis.call('HSET', P .. '${KEY.shared}', name, value) == 1 then putDown(P .. '${KEY.sharedNames}', name) end
  else
    if redis.call('EXISTS', own) == 0 then putDown(P .. '${KEY.owners}', owner) end
    redis.call('HSET', own, name, value)
  end
end
return 'OK'
`);

const BUCKETS = scriptOf(`${PRELUDE}
local seq, n = text(redis.call('INCR', P .. '${KEY.seq}')), 0
while at < #ARGV do
  local campaign, reserved, sent, received, refunded = arg(), arg(), arg(), arg(), arg()
  local bucket = P .. '${KEY.bucket}' .. campaign
  if redis.call('EXISTS', bucket) == 0 then
    n = n + 1
    redis.call('XADD', P .. '${KEY.buckets}', seq .. '-' .. text(n), 'n', campaign)
  end
  redis.call('HSET', bucket, 'reserved', reserved, 'sent', sent, 'received', received, 'refunded', refunded)
end
return 'OK'
`);

const FOLLOWERS = scriptOf(`${PRELUDE}
while at < #ARGV do redis.call('HSET', P .. '${KEY.follower}', arg(), arg()) end
return 'OK'
`);

const ANSWERS = scriptOf(`${PRELUDE}
while at < #ARGV do
  local event, answer, answeredAt = arg(), arg(), arg()
  redis.call('HSET', P .. '${KEY.answer}', event, answer)
  redis.call('ZADD', P .. '${KEY.answerAt}', answeredAt, event)
end
return 'OK'
`);

const HALTS = scriptOf(`${PRELUDE}
while at < #ARGV do redis.call('HSET', P .. '${KEY.halt}', arg(), arg()) end
return 'OK'
`);

/**
 * Under the numbers they had, in whose order they come: a line not above the last one is there already. What is written
 * later comes after them.
 */
const JOURNAL = scriptOf(`${PRELUDE}
local newest = redis.call('XREVRANGE', P .. '${KEY.journal}', '+', '-', 'COUNT', '1')[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
while at < #ARGV do
  local id, user, key, line = arg(), arg(), arg(), arg()
  if tonumber(id) > last then
    last = tonumber(id)
    redis.call('XADD', P .. '${KEY.journal}', id .. '-0', 'l', line)
    redis.call('RPUSH', P .. '${KEY.journalUser}' .. user, id)
    local lines = redis.call('HGET', P .. '${KEY.journalKey}', key)
    redis.call('HSET', P .. '${KEY.journalKey}', key, lines and (lines .. ',' .. id) or id)
  end
end
if last > tonumber(redis.call('GET', P .. '${KEY.seq}') or '0') then redis.call('SET', P .. '${KEY.seq}', text(last)) end
return 'OK'
`);

/** How many are in a box, the boxes say. */
const CODES = scriptOf(`${PRELUDE}${CODE_BOX}
while at < #ARGV do putCode(arg(), arg()) end
return 'OK'
`);

const BOXES = scriptOf(`${PRELUDE}${CODE_BOX}
while at < #ARGV do
  local batch, box, codes, open = arg(), arg(), arg(), arg()
  setBox(batch, box, tonumber(codes))
  redis.call(open == '1' and 'SADD' or 'SREM', P .. '${KEY.codeOpen}' .. batch, box)
end
return 'OK'
`);

const MAILBOXES = scriptOf(`${PRELUDE}${MAILBOX}
while at < #ARGV do setMailbox(arg(), arg(), arg()) end
return 'OK'
`);

const AUTHORIZATIONS = scriptOf(`${PRELUDE}
while at < #ARGV do redis.call('HSET', P .. '${KEY.authorization}', arg(), arg()) end
return 'OK'
`);

const ALL_DOCUMENTS = scriptOf(`${PRELUDE}${DOCUMENTS}
while at < #ARGV do setDocuments({ { arg(), '', arg() } }) end
return 'OK'
`);

/** As the journal. */
const ACTS = scriptOf(`${PRELUDE}
local newest = redis.call('XREVRANGE', P .. '${KEY.acts}', '+', '-', 'COUNT', '1')[1]
local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
while at < #ARGV do
  local id, act = arg(), arg()
  if tonumber(id) > last then
    last = tonumber(id)
    redis.call('XADD', P .. '${KEY.acts}', id .. '-0', 'a', act)
  end
end
if last > tonumber(redis.call('GET', P .. '${KEY.seq}') or '0') then redis.call('SET', P .. '${KEY.seq}', text(last)) end
return 'OK'
`);

/** No call of ours has this token: what was loaded is nobody's first try. */
const NO_TOKEN = '.'.repeat(TOKEN_LENGTH);

export async function loadPiece(run: Connection['run'], piece: Piece): Promise<void> {
  if (piece.rows.length === 0) return;
  switch (piece.kind) {
    case 'claims':
      await run(CLAIMS, ...piece.rows.flatMap(claim => [claim.key, JSON.stringify(claim)]));
      break;
    case 'payouts':
      await run(PAYOUTS, ...versionArgs(piece.rows), ...piece.rows.flatMap(payoutArgs));
      break;
    case 'counters':
      await run(COUNTERS, ...piece.rows.flatMap(({ name, value }) => [...counterPlace(name), whole(value)]));
      break;
    case 'buckets':
      await run(BUCKETS, ...piece.rows.flatMap(bucketArgs));
      break;
    case 'followers':
      await run(FOLLOWERS, ...piece.rows.flatMap(followerArgs));
      break;
    case 'answers':
      await run(ANSWERS, ...piece.rows.flatMap(answerArgs));
      break;
    case 'halts':
      await run(HALTS, ...piece.rows.flatMap(({ merchant, halt }) => [merchant, `${halt.by} ${JSON.stringify(halt)}`]));
      break;
    case 'journal':
      await run(JOURNAL, ...piece.rows.flatMap(journalArgs));
      break;
    case 'codes':
      await run(CODES, ...piece.rows.flatMap(codeArgs));
      break;
    case 'boxes':
      await run(BOXES, ...piece.rows.flatMap(boxArgs));
      break;
    case 'mailboxes':
      await run(MAILBOXES, ...piece.rows.flatMap(mailboxRowArgs));
      break;
    case 'authorizations':
      await run(AUTHORIZATIONS, ...piece.rows.flatMap(authorizationArgs));
      break;
    case 'documents':
      await run(ALL_DOCUMENTS, ...piece.rows.flatMap(each => [fieldOf(each.kind, each.name), storedDocument(each)]));
      break;
    case 'acts':
      await run(ACTS, ...piece.rows.flatMap(act => [whole(act.id), actText(act)]));
      break;
    default:
      piece satisfies never;
  }
}

function versionArgs(payouts: readonly SnapshotRows['payouts'][]): string[] {
  return [whole(payouts.length), ...payouts.flatMap(({ payout }) => [payout.billNo, whole(payout.version)])];
}

function payoutArgs({ payout, history }: SnapshotRows['payouts']): string[] {
  const { billNo, campaign, merchant, user, amount, state, nextDo, nextAt, version } = payout;
  const due = isDue(payout) ? whole(nextAt!) : '';
  const lines = history.map(line => lineOf(line, NO_TOKEN));
  return [
    ...[billNo, campaign, merchant, user, whole(amount), state],
    ...[nextDo, due, whole(version), fixedOf(payout), nowOf(payout), payout.listId ?? ''],
    ...[whole(lines.length), ...lines],
  ];
}

function bucketArgs({ campaign, reserved, sent, received, refunded }: SnapshotRows['buckets']): string[] {
  return [campaign, ...[reserved, sent, received, refunded].map(whole)];
}

function answerArgs({ account, key, answer }: SnapshotRows['answers']): string[] {
  return [eventField(account, key), NO_TOKEN + JSON.stringify(answer), whole(answer.at)];
}

function journalArgs(line: SnapshotRows['journal']): string[] {
  return [whole(line.id), line.event.user, line.event.key, journalText(line)];
}

function boxArgs({ batch, box, codes, active, undecided }: SnapshotRows['boxes']): string[] {
  return [batch, whole(box), whole(active ? codes : -codes), undecided ? '1' : '0'];
}

function mailboxRowArgs({ account, user, mailbox }: SnapshotRows['mailboxes']): string[] {
  return [`${account}/${user}`, ...mailboxArgs(mailbox)];
}
