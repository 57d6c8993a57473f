// A snapshot of everything that is owed and was paid, on Redis, which has none of its own. What was written later is
// known by its sequence and left out; what is changed while somebody reads, the changing script puts aside first
// (`keep` in `redis-write.ts`). So taking a snapshot costs nothing, reading goes page by page, and nobody waits for it.
import { randomUUID } from 'node:crypto';
import type { Claim } from '../core/decide.ts';
import { Fault } from '../core/error.ts';
import { fen } from '../core/money.ts';
import type { BillNo, Payout } from '../core/payout.ts';
import type { Books, Buckets, HistoryLine } from '../ports.ts';
import { type Connection, type Script, scriptOf } from './redis-connect.ts';
import { KEY } from './redis-keys.ts';
import { historyOf, payoutFrom } from './redis-rows.ts';
import { PRELUDE } from './redis-write.ts';

/** Rows of one page: Redis serves nobody else while it collects them. */
const CHUNK = 200;
/** A snapshot nobody reads from for this long is given up, so that a reader who died leaves nothing behind. */
const LEASE_MS = 10 * 60_000;

/** Told twice, it stays at its first moment. */
const OPEN = scriptOf(`${PRELUDE}
local id, lease = arg(), arg()
redis.call('SADD', P .. '${KEY.books}', id)
redis.call('HSETNX', P .. '${KEY.book}' .. id, 'seq', redis.call('GET', P .. '${KEY.seq}') or '0')
redis.call('PEXPIRE', P .. '${KEY.book}' .. id, lease)
return 'OK'
`);

const CLOSE = scriptOf(`${PRELUDE}
local id = arg()
redis.call('SREM', P .. '${KEY.books}', id)
redis.call('UNLINK', P .. '${KEY.book}' .. id)
return 'OK'
`);

/** `kept(field)`: what a snapshot must see instead of what is there now. Nothing at all once it was given up. */
const BOOK = `${PRELUDE}
local book, lease = P .. '${KEY.book}' .. arg(), arg()
local seq = redis.call('HGET', book, 'seq')
if not seq then return false end
redis.call('PEXPIRE', book, lease)
local function kept(field) return redis.call('HGET', book, field) end
local rows = {}
local function add(...) for _, value in ipairs({ ... }) do rows[#rows + 1] = value end end
local function page(stream, after, count)
  return redis.call('XRANGE', P .. stream, '(' .. after, seq, 'COUNT', count)
end
`;

const CLAIMS = scriptOf(`${BOOK}
for _, entry in ipairs(page('${KEY.claims}', arg(), arg())) do add(entry[1], entry[2][2]) end
return rows
`);

const COUNTERS = scriptOf(`${BOOK}
for _, entry in ipairs(page('${KEY.counters}', arg(), arg())) do
  local name = entry[2][2]
  add(entry[1], name, kept('c:' .. name) or redis.call('HGET', P .. '${KEY.counter}', name))
end
return rows
`);

const BUCKETS = scriptOf(`${BOOK}
for _, entry in ipairs(page('${KEY.buckets}', arg(), arg())) do
  local campaign = entry[2][2]
  local now = redis.call('HMGET', P .. '${KEY.bucket}' .. campaign, 'reserved', 'sent', 'received', 'refunded')
  for n = 1, 4 do now[n] = now[n] or '0' end
  add(entry[1], campaign, kept('b:' .. campaign) or table.concat(now, ' '))
end
return rows
`);

const PAYOUTS = scriptOf(`${BOOK}
local after, count = arg(), arg()
local found = redis.call('ZRANGEBYSCORE', P .. '${KEY.list}all', '(' .. after, seq, 'LIMIT', '0', count)
for _, billNo in ipairs(found) do
  local row = redis.call('HMGET', P .. '${KEY.payout}' .. billNo, 'seq', 'fixed', 'now')
  add(row[1], row[2], kept('p:' .. billNo) or row[3])
end
return rows
`);

/** `now` as the snapshot sees it, then the lines; the reader leaves out those of later versions. */
const HISTORY = scriptOf(`${BOOK}
local billNo = arg()
local row = redis.call('HMGET', P .. '${KEY.payout}' .. billNo, 'seq', 'now')
if not row[1] or tonumber(row[1]) > tonumber(seq) then return rows end
add(kept('p:' .. billNo) or row[2])
for _, line in ipairs(redis.call('LRANGE', P .. '${KEY.history}' .. billNo, 0, -1)) do add(line) end
return rows
`);

/** How one kind of row is read: where it begins, and how many texts make a row; the first says where it lies. */
type Reading<Entry> = {
  readonly script: Script;
  readonly first: string;
  readonly width: number;
  readonly as: (row: readonly string[]) => Entry;
};

/** `isOpen`: whether the store still is. */
export async function openRedisBooks(connection: Pick<Connection, 'run'>, isStoreOpen: () => boolean): Promise<Books> {
  const id = randomUUID();
  await connection.run(OPEN, id, String(LEASE_MS));
  let isOpen = true;

  const read = async (script: Script, ...args: string[]): Promise<string[]> => {
    if (!isOpen) throw new Fault('store', 'safe', 'closed', 'these books are closed');
    const rows = (await connection.run(script, id, String(LEASE_MS), ...args)) as string[] | null;
    if (rows) return rows;
    throw new Fault('store', 'safe', 'books-gone', 'nobody read these books for too long; open them again');
  };
  async function* rows<Entry>({ script, first, width, as }: Reading<Entry>): AsyncGenerator<Entry> {
    for (let after = first; ; ) {
      const found = await read(script, after, String(CHUNK));
      for (let n = 0; n < found.length; n += width) yield as(found.slice(n, n + width));
      if (found.length < CHUNK * width) return;
      after = found[found.length - width]!;
    }
  }
  return {
    claims: () => rows(CLAIM_ROWS),
    payouts: () => rows(PAYOUT_ROWS),
    history: async billNo => linesUpTo(billNo, await read(HISTORY, billNo)),
    counters: () => rows(COUNTER_ROWS),
    buckets: () => rows(BUCKET_ROWS),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      if (isStoreOpen()) await connection.run(CLOSE, id);
    },
  };
}

const CLAIM_ROWS: Reading<Claim> = {
  script: CLAIMS,
  first: '0-0',
  width: 2,
  as: ([, claim]) => JSON.parse(claim!) as Claim,
};

const PAYOUT_ROWS: Reading<Payout> = {
  script: PAYOUTS,
  first: '0',
  width: 3,
  as: ([, fixed, now]) => payoutFrom(fixed!, now!),
};

const COUNTER_ROWS: Reading<{ readonly name: string; readonly value: number }> = {
  script: COUNTERS,
  first: '0-0',
  width: 3,
  as: ([, name, value]) => ({ name: name!, value: Number(value) }),
};

const BUCKET_ROWS: Reading<Buckets & { readonly campaign: string }> = {
  script: BUCKETS,
  first: '0-0',
  width: 3,
  as: ([, campaign, values]) => {
    const [reserved, sent, received, refunded] = values!.split(' ').map(value => fen(Number(value)));
    return { campaign: campaign!, reserved: reserved!, sent: sent!, received: received!, refunded: refunded! };
  },
};

function linesUpTo(billNo: BillNo, [now, ...lines]: readonly string[]): HistoryLine[] {
  if (now === undefined) return [];
  const { version } = JSON.parse(now) as Pick<Payout, 'version'>;
  return historyOf(billNo, lines).filter(line => line.version <= version);
}
