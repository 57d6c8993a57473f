// A snapshot of everything that is owed and was paid, on Redis, which has none of its own: for the audit and for a move. What was written later is
// known by its sequence and left out; what is changed while somebody reads, the changing script puts aside first
// (`keep` in `write-scripts.ts`). So taking a snapshot costs nothing, reading goes page by page, and nobody waits for it.

import { randomUUID } from 'node:crypto';
import { Fault } from '../../core/base/error.ts';
import { eventKey } from '../../core/base/event.ts';
import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import { fen } from '../../core/base/money.ts';
import type { Claim } from '../../core/decide/decision.ts';
import type { Follower } from '../../core/match/facts.ts';

import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type {
  Act,
  DocumentRow,
  Halt,
  HeldCode,
  HistoryLine,
  JournalLine,
  Snapshot,
  SnapshotRows,
} from '../../ports.ts';
import { inPages } from '../shared/pages.ts';
import { actFrom } from './acts.ts';
import { authorizationIn } from './authorizations.ts';
import { BOOK, type Found, LEASE_MS, type Read } from './book.ts';
import { CODE_PAGE, codePages } from './codes.ts';
import { documentFrom } from './documents.ts';
import { journalFrom } from './journal-line.ts';
import { historyUpTo, LIFE, lifeFrom, ownIn } from './life.ts';
import { type Connection, naming, type Script, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { mailboxFrom, personOf } from './mailbox.ts';
import { answerBehind, behind, payoutFrom, storedLine } from './rows.ts';
import { sharedOf, theirsIn } from './theirs.ts';
import { PRELUDE } from './write-scripts.ts';

/** Rows of one page: Redis serves nobody else while it collects them. */
const CHUNK = 200;
/** Followers of whom all counters make a page. */
const OWNERS_A_PAGE = 200;
/** The sequence at its moment. Told twice, it stays at its first one. */
const OPEN = scriptOf(`${PRELUDE}
local id, lease = arg(), arg()
redis.call('SADD', P .. '${KEY.snapshot}', id)
redis.call('HSETNX', P .. '${KEY.book}' .. id, 'seq', redis.call('GET', P .. '${KEY.seq}') or '0')
redis.call('PEXPIRE', P .. '${KEY.book}' .. id, lease)
return redis.call('HGET', P .. '${KEY.book}' .. id, 'seq')
`);

const CLOSE = scriptOf(`${PRELUDE}
local id = arg()
redis.call('SREM', P .. '${KEY.snapshot}', id)
redis.call('UNLINK', P .. '${KEY.book}' .. id)
return 'OK'
`);

/** Where the last one is, and all of them as one JSON text: a reply of many small texts takes longer on both sides. */
type ClaimPage = readonly [place?: string, claims?: JsonText<Claim[]>];
const CLAIMS = scriptOf<Found<ClaimPage>>(`${BOOK}
local after, last, count = arg(), arg(), arg()
local entries = redis.call('XRANGE', P .. '${KEY.claims}', '(' .. after, last, 'COUNT', count)
if #entries == 0 then return rows end
for n, entry in ipairs(entries) do rows[n] = entry[2][2] end
return { entries[#entries][1], '[' .. table.concat(rows, ',') .. ']' }
`);

/**
 * Where the last entry is, then of each follower what is theirs and at last who it is, as one text: of many small ones a reply
 * takes longer on both sides, and to Lua the making of a text costs as much as it has bytes.
 */
const OWN = scriptOf<Found>(`${BOOK}
local after, last, count = arg(), arg(), arg()
local entries = redis.call('XRANGE', P .. '${KEY.owners}', '(' .. after, last, 'COUNT', count)
if #entries == 0 then return rows end
rows[1] = entries[#entries][1]
local owners = {}
for _, entry in ipairs(entries) do
  local fields = entry[2]
  for at = 2, #fields, 2 do owners[#owners + 1] = fields[at] end
end
local before = keptOf('o:', owners)
for n, owner in ipairs(owners) do
  local row = before[owner] and { before[owner] } or redis.call('HGETALL', P .. '${KEY.own}' .. owner)
  row[#row + 1] = owner
  rows[n + 1] = table.concat(row, '\\0')
end
return rows
`);

const BUCKETS = scriptOf<Found>(`${BOOK}
for _, entry in ipairs(page(P .. '${KEY.buckets}', arg(), arg())) do
  local campaign = entry[2][2]
  local now = redis.call('HMGET', P .. '${KEY.bucket}' .. campaign, 'reserved', 'sent', 'received', 'refunded')
  for n = 1, 4 do now[n] = now[n] or '0' end
  add(entry[1], campaign, kept('b:' .. campaign) or table.concat(now, ' '))
end
return rows
`);

const PAYOUTS = scriptOf<Found>(`${BOOK}
local after, count = arg(), arg()
local found = redis.call('ZRANGEBYSCORE', P .. '${KEY.list}all', '(' .. after, seq, 'LIMIT', '0', count)
for _, billNo in ipairs(found) do
  local row = redis.call('HMGET', P .. '${KEY.payout}' .. billNo, 'seq', 'fixed', 'now')
  add(row[1], row[2], kept('p:' .. billNo) or row[3])
end
return rows
`);

/** `now` as the snapshot sees it, then the lines; the reader leaves out those of later versions. */
const HISTORY = scriptOf<Found>(`${BOOK}
local billNo = arg()
local row = redis.call('HMGET', P .. '${KEY.payout}' .. billNo, 'seq', 'now')
if not row[1] or tonumber(row[1]) > tonumber(seq) then return rows end
add(kept('p:' .. billNo) or row[2])
for _, line in ipairs(redis.call('LRANGE', P .. '${KEY.history}' .. billNo, 0, -1)) do add(line) end
return rows
`);

/** Payouts by their rank, which never changes. */
const LIVES = scriptOf<Found>(`${BOOK}${LIFE}
local first, count = tonumber(arg()), tonumber(arg())
addLives(redis.call('ZRANGE', P .. '${KEY.list}all', text(first), text(first + count - 1)))
return rows
`);

/** Whose `after` was forgotten meanwhile begins anew: what is older was forgotten as well. */
const ANSWERS = scriptOf<Found>(`${BOOK}
local after, count = arg(), tonumber(arg())
local first = 0
if after ~= '' then
  local rank = redis.call('ZRANK', P .. '${KEY.answerAt}', after)
  if rank then first = rank + 1 end
end
for _, event in ipairs(redis.call('ZRANGE', P .. '${KEY.answerAt}', text(first), text(first + count - 1))) do
  add(event, redis.call('HGET', P .. '${KEY.answer}', event))
end
return rows
`);

/** Where to go on, then fields and values. */
const FOLLOWERS = scriptOf<Found>(`${BOOK}
local found = redis.call('HSCAN', P .. '${KEY.follower}', arg(), 'COUNT', arg())
add(found[1])
for _, each in ipairs(found[2]) do add(each) end
return rows
`);

const HALTS = scriptOf<Found>(`${BOOK}
return redis.call('HGETALL', P .. '${KEY.halt}')
`);

const JOURNAL = scriptOf<Found>(`${BOOK}
for _, entry in ipairs(page(P .. '${KEY.journal}', arg(), arg())) do add(entry[1], entry[2][2]) end
return rows
`);

const ACTS = scriptOf<Found>(`${BOOK}
for _, entry in ipairs(page(P .. '${KEY.acts}', arg(), arg())) do add(entry[1], entry[2][2]) end
return rows
`);

const CODES = scriptOf<Found<(string | number)[]>>(`${BOOK}${CODE_PAGE}`);

const BATCHES = scriptOf<Found>(`${BOOK}
return redis.call('SMEMBERS', P .. '${KEY.codeBatches}')
`);

/** Box, how many codes (below zero while they are not active), and whether nobody has decided about it. */
const BOXES = scriptOf<Found>(`${BOOK}
local batch, after, count = arg(), arg(), arg()
local boxes = P .. '${KEY.codeBoxes}' .. batch
for _, box in ipairs(redis.call('ZRANGEBYSCORE', boxes, '(' .. after, '+inf', 'LIMIT', '0', count)) do
  add(box, redis.call('HGET', P .. '${KEY.codeBox}' .. batch, box),
    text(redis.call('SISMEMBER', P .. '${KEY.codeOpen}' .. batch, box)))
end
return rows
`);

/** Where to go on, then whose, and the two halves. */
const MAILBOXES = scriptOf<Found>(`${BOOK}
local found = redis.call('HSCAN', P .. '${KEY.mailbox}', arg(), 'COUNT', arg())
add(found[1])
for n = 1, #found[2], 2 do
  local person = found[2][n]
  add(person, found[2][n + 1], redis.call('HGET', P .. '${KEY.mailboxOwed}', person) or '')
end
return rows
`);

/** Where to go on, then fields and values. */
const AUTHORIZATIONS = scriptOf<Found>(`${BOOK}
local found = redis.call('HSCAN', P .. '${KEY.authorization}', arg(), 'COUNT', arg())
add(found[1])
for _, each in ipairs(found[2]) do add(each) end
return rows
`);

/** Names and texts, from behind a name on. */
const DOCUMENTS = scriptOf<Found>(`${BOOK}
local after, count = arg(), arg()
local first = after == '' and '-' or '(' .. after
for _, name in ipairs(redis.call('ZRANGEBYLEX', P .. '${KEY.documentNames}', first, '+', 'LIMIT', '0', count)) do
  add(name, redis.call('HGET', P .. '${KEY.document}', name))
end
return rows
`);

/** How one kind of row is read: where it begins, and how many texts make a row; the first says where it lies. */
type Reading<Entry> = {
  readonly script: Script<Found>;
  /** What it is told before where to begin. */
  readonly args?: readonly string[];
  readonly first: string;
  readonly width: number;
  /** Rows of a page, where it is not `CHUNK`. */
  readonly count?: number;
  readonly as: (row: readonly string[]) => Entry;
};

/** Books, and whoever is told their name may open the same. `isOpen`: whether the store still is. */
export async function openRedisSnapshot(
  connection: Pick<Connection, 'run'>,
  isStoreOpen: () => boolean,
  open: (moment: string) => Promise<void> = async () => {},
): Promise<Snapshot> {
  const id = randomUUID();
  const snapshot = await joinRedisSnapshot(connection, id);
  const close = async (): Promise<void> => {
    await snapshot.close();
    if (isStoreOpen()) await connection.run(CLOSE, id, naming(KEY.book + id));
  };
  try {
    await open(id);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...snapshot, close };
}

/** Closed, they stay open to whoever opened them first. */
export async function joinRedisSnapshot(connection: Pick<Connection, 'run'>, id: string): Promise<Snapshot> {
  const mine = naming(KEY.book + id);
  const seq = String(await connection.run(OPEN, id, String(LEASE_MS), mine));
  let isOpen = true;

  const read: Read = async (script, ...args) => {
    if (!isOpen) throw new Fault('store', 'safe', 'closed', 'these books are closed');
    const rows = await connection.run(script, id, String(LEASE_MS), ...args, mine);
    if (rows !== null) return rows;
    throw new Fault('store', 'safe', 'books-gone', 'nobody read these books for too long; open them again');
  };
  return {
    claims: () => inPages(() => claimsIn(read, '0-0', seq)),
    payouts: () => rowsOf(read, PAYOUT_ROWS),
    history: async billNo => linesUpTo(billNo, await read(HISTORY, billNo)),
    lives: () => inPages(() => livesOf(read)),
    counters: () => inPages(() => countersOf(read, seq)),
    theirs: stand => ({
      ...theirsIn(read, seq, stand),
      claims: half => {
        const middle = Math.floor(Number(seq) / 2);
        const [after, last] = half === 0 ? ['0-0', String(middle)] : [`${middle}-${LAST_OF_A_COMMIT}`, seq];
        return inPages(() => claimsIn(read, after, last));
      },
    }),
    buckets: () => rowsOf(read, BUCKET_ROWS),
    followers: () => followersOf(read),
    answers: () => rowsOf(read, ANSWER_ROWS),
    halts: () => haltsOf(read),
    journal: () => rowsOf(read, JOURNAL_ROWS),
    codes: () => codesOf(read),
    boxes: () => boxesOf(read),
    mailboxes: () => mailboxesOf(read),
    authorizations: () => authorizationsOf(read),
    documents: () => rowsOf(read, DOCUMENT_ROWS),
    acts: () => rowsOf(read, ACT_ROWS),
    async close() {
      isOpen = false;
    },
  };
}

function rowsOf<Entry>(read: Read, reading: Reading<Entry>): AsyncIterable<Entry> {
  return inPages(() => pagesOf(read, reading));
}

async function* pagesOf<Entry>(read: Read, reading: Reading<Entry>): AsyncGenerator<Entry[]> {
  const { script, args = [], first, width, count = CHUNK, as } = reading;
  const pageBehind = (after: string): Promise<string[]> => read(script, ...args, after, String(count));
  const behindIt = (page: string[]): Promise<string[]> | undefined =>
    page.length < count * width ? undefined : pageBehind(page[page.length - width]!);
  for await (const page of inAdvance(pageBehind(first), behindIt))
    yield Array.from({ length: page.length / width }, (_, n) => as(page.slice(n * width, (n + 1) * width)));
}

/** Behind `after`, up to `last`. */
async function* claimsIn(read: Read, after: string, last: string): AsyncGenerator<Claim[]> {
  const pageBehind = (place: string): Promise<ClaimPage> => read(CLAIMS, place, last, String(CHUNK));
  const behindIt = ([place]: ClaimPage): Promise<ClaimPage> | undefined =>
    place === undefined ? place : pageBehind(place);
  for await (const [, text] of inAdvance(pageBehind(after), behindIt)) {
    if (text === undefined) return;
    yield saidBy(text);
  }
}

/** Of followers both halves at once: while we look at a page of one, the server looks for one of the other. */
function ownsOf(read: Read, seq: string): AsyncGenerator<string[]>[] {
  const middle = String(Math.floor(Number(seq) / 2));
  return [ownsIn(read, '0-0', middle), ownsIn(read, `${middle}-${LAST_OF_A_COMMIT}`, seq)];
}

/** The highest second half that an entry's place can have. */
const LAST_OF_A_COMMIT = '18446744073709551615';

/** Behind `after`, up to `last`: rows of what is a follower's. */
async function* ownsIn(read: Read, after: string, last: string): AsyncGenerator<string[]> {
  const pageBehind = (place: string): Promise<string[]> => read(OWN, place, last, String(OWNERS_A_PAGE));
  const behindIt = ([place]: string[]): Promise<string[]> | undefined =>
    place === undefined ? place : pageBehind(place);
  for await (const [place, ...rows] of inAdvance(pageBehind(after), behindIt)) {
    if (place === undefined) return;
    yield rows;
  }
}

async function* countersOf(read: Read, seq: string): AsyncGenerator<SnapshotRows['counters'][]> {
  yield* sharedOf(read);
  for await (const rows of inTurn(ownsOf(read, seq))) yield rows.flatMap(row => ownIn(row).counters);
}

/** What is there first comes first. */
async function* inTurn<Page>(all: readonly AsyncGenerator<Page>[]): AsyncGenerator<Page> {
  const next = (each: AsyncGenerator<Page>) => each.next().then(result => ({ each, result }));
  const coming = new Map(all.map(each => [each, next(each)]));
  for (const one of coming.values()) one.catch(() => undefined);
  while (coming.size > 0) {
    const { each, result } = await Promise.race(coming.values());
    coming.delete(each);
    if (result.done) continue;
    const one = next(each);
    one.catch(() => undefined);
    coming.set(each, one);
    yield result.value;
  }
}

/** So many pages are on their way while one is looked at: the server is never idle. */
const AHEAD = 2;

/** A page's failure is told to whoever waits for it; who stops reading before does not hear of it. */
async function* inAdvance<Page>(
  first: Promise<Page>,
  behind: (page: Page) => Promise<Page> | undefined,
): AsyncGenerator<Page> {
  const coming: Promise<Page | undefined>[] = [first];
  for (;;) {
    while (coming.length <= AHEAD) coming.push(coming.at(-1)!.then(page => (page === undefined ? page : behind(page))));
    for (const each of coming) each.catch(() => undefined);
    const page = await coming.shift();
    if (page === undefined) return;
    // Who works on a page without a pause works while the server does.
    await new Promise(resolve => setImmediate(resolve));
    yield page;
  }
}

/** With their histories they are long: so few make a page. */
const LIVES_A_PAGE = 100;
/** Where each page begins is known before: so many are asked for at once. */
const LIVES_AT_ONCE = 4;

async function* livesOf(read: Read): AsyncGenerator<SnapshotRows['payouts'][]> {
  let next = 0;
  const ask = (): Promise<string[]> => {
    const page = read(LIVES, String(next), String(LIVES_A_PAGE));
    page.catch(() => undefined); // it is told to whoever waits for it
    next += LIVES_A_PAGE;
    return page;
  };
  const coming: Promise<string[]>[] = [];
  for (;;) {
    while (coming.length < LIVES_AT_ONCE) coming.push(ask());
    const page = await coming.shift()!;
    await new Promise(resolve => setImmediate(resolve));
    yield page.map(lifeFrom);
    if (page.length < LIVES_A_PAGE) return;
  }
}

/** By their fields; a scan may show one twice. */
async function* scanned(read: Read, script: Script<Found>, width: number): AsyncGenerator<string[]> {
  const seen = new Set<string>();
  for (let cursor = '0'; ; ) {
    const [next, ...found] = await read(script, cursor, String(CHUNK));
    for (let n = 0; n < found.length; n += width) {
      if (seen.has(found[n]!)) continue;
      seen.add(found[n]!);
      yield found.slice(n, n + width);
    }
    if (next === '0') return;
    cursor = next!;
  }
}

async function* followersOf(read: Read): AsyncGenerator<Follower> {
  for await (const [, follower] of scanned(read, FOLLOWERS, 2)) yield behind<Follower>(follower!);
}

async function* haltsOf(read: Read): AsyncGenerator<SnapshotRows['halts']> {
  const found = await read(HALTS);
  for (let n = 0; n < found.length; n += 2) yield { merchant: found[n]!, halt: behind<Halt>(found[n + 1]!) };
}

async function* codesOf(read: Read): AsyncGenerator<HeldCode> {
  for await (const { active: _, ...code } of codePages(from => read(CODES, from, '', String(CHUNK)))) yield code;
}

async function* boxesOf(read: Read): AsyncGenerator<SnapshotRows['boxes']> {
  for (const batch of (await read(BATCHES)).sort()) {
    const as = ([box, codes, open]: readonly string[]): SnapshotRows['boxes'] => ({
      ...{ batch, box: Number(box), codes: Math.abs(Number(codes)), active: Number(codes) > 0 },
      ...(open === '1' && { undecided: true as const }),
    });
    yield* rowsOf(read, { script: BOXES, args: [batch], first: '-1', width: 3, as });
  }
}

async function* mailboxesOf(read: Read): AsyncGenerator<SnapshotRows['mailboxes']> {
  for await (const [person, sent, owed] of scanned(read, MAILBOXES, 3))
    yield { ...personOf(person!), mailbox: mailboxFrom(sent!, owed!) };
}

async function* authorizationsOf(read: Read): AsyncGenerator<SnapshotRows['authorizations']> {
  for await (const [, text] of scanned(read, AUTHORIZATIONS, 2)) yield authorizationIn(text!);
}

const PAYOUT_ROWS: Reading<Payout> = {
  script: PAYOUTS,
  first: '0',
  width: 3,
  as: ([, fixed, now]) => payoutFrom(fixed!, now!),
};

const BUCKET_ROWS: Reading<SnapshotRows['buckets']> = {
  script: BUCKETS,
  first: '0-0',
  width: 3,
  as: ([, campaign, values]) => {
    const [reserved, sent, received, refunded] = values!.split(' ').map(value => fen(Number(value)));
    return { campaign: campaign!, reserved: reserved!, sent: sent!, received: received!, refunded: refunded! };
  },
};

const ANSWER_ROWS: Reading<SnapshotRows['answers']> = {
  script: ANSWERS,
  first: '',
  width: 2,
  as: ([event, stored]) => {
    const slash = event!.indexOf('/');
    const answer = answerBehind(stored!);
    return { account: event!.slice(0, slash), key: eventKey(event!.slice(slash + 1)), answer };
  },
};

const JOURNAL_ROWS: Reading<JournalLine> = {
  script: JOURNAL,
  first: '0-0',
  width: 2,
  as: ([at, line]) => journalFrom([at!.split('-')[0]!, line!])[0]!,
};

const DOCUMENT_ROWS: Reading<DocumentRow> = {
  script: DOCUMENTS,
  first: '',
  width: 2,
  as: ([field, text]) => documentFrom(field!, text!),
};

const ACT_ROWS: Reading<Act> = {
  script: ACTS,
  first: '0-0',
  width: 2,
  as: ([id, act]) => actFrom(id!, act!),
};

function linesUpTo(billNo: BillNo, [now, ...lines]: readonly string[]): HistoryLine[] {
  if (now === undefined) return [];
  const { version } = JSON.parse(now) as Pick<Payout, 'version'>;
  return historyUpTo({ billNo, version }, lines.map(storedLine));
}
