// A snapshot by whose things are: payouts and counters of a follower in one look, which is what an audit wants.
import type { Looked, SnapshotPart, SnapshotRows, Theirs } from '../../ports.ts';
import { inPages } from '../shared/pages.ts';
import { BOOK, type Found, type Read } from './book.ts';
import { LIFE, lifeFrom, standing } from './life.ts';
import { scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';

/** Where the last entry is, then names and values of everybody's in turn. */
const SHARED = scriptOf<Found>(`${BOOK}
local entries = page(P .. '${KEY.sharedNames}', arg(), arg())
if #entries == 0 then return rows end
rows[1] = entries[#entries][1]
for _, entry in ipairs(entries) do
  local fields = entry[2]
  for at = 2, #fields, 2 do
    add(fields[at], kept('c:' .. fields[at]) or redis.call('HGET', P .. '${KEY.shared}', fields[at]) or '0')
  end
end
return rows
`);

/** Where the last entry is, then who came up there. */
const OWNERS = scriptOf<Found>(`${BOOK}
local entries = page(P .. '${KEY.owners}', arg(), arg())
if #entries == 0 then return rows end
rows[1] = entries[#entries][1]
for _, entry in ipairs(entries) do
  local fields = entry[2]
  for at = 2, #fields, 2 do add(fields[at]) end
end
return rows
`);

/** More payouts of one follower are looked for by themselves. */
const PAYOUTS_OF_ONE = 100;

/** Of each that is named: counters and values, how many payouts, and these. */
const THEIRS = scriptOf<Found>(`${BOOK}${LIFE}
local users, owners, lists, all = {}, {}, {}, {}
while at < #ARGV do
  local user = arg()
  users[#users + 1] = user
  if arg() == '1' then owners[#owners + 1] = user end
  local found = redis.call('ZRANGE', P .. '${KEY.list}user:' .. user, '0', '${PAYOUTS_OF_ONE - 1}')
  lists[#users] = found
  for _, billNo in ipairs(found) do all[#all + 1] = billNo end
end
local before, counters = keptOf('p:', all), keptOf('o:', owners)
for _, user in ipairs(owners) do
  counters[user] = counters[user] or table.concat(redis.call('HGETALL', P .. '${KEY.own}' .. user), '\\0')
end
local place = 0
for n, user in ipairs(users) do
  rows[place + 1] = counters[user] or ''
  local count = 0
  for _, billNo in ipairs(lists[n]) do
    local life = lifeOf(billNo, before)
    if not life then break end
    count = count + 1
    rows[place + 2 + count] = life
  end
  rows[place + 2] = text(count)
  place = place + 2 + count
end
return rows
`);

/** More of one follower, from a rank on. */
const MORE = scriptOf<Found>(`${BOOK}${LIFE}
local user, first = arg(), tonumber(arg())
local last = text(first + ${PAYOUTS_OF_ONE - 1})
addLives(redis.call('ZRANGE', P .. '${KEY.list}user:' .. user, text(first), last))
return rows
`);

const COUNT = scriptOf<Found>(`${BOOK}
return { text(redis.call('ZCOUNT', P .. '${KEY.list}all', '-inf', seq)) }
`);

/** Number and place of each payout, from behind a place on. */
const ORDER = scriptOf<Found>(`${BOOK}
return redis.call('ZRANGEBYSCORE', P .. '${KEY.list}all', '(' .. arg(), seq, 'WITHSCORES', 'LIMIT', '0', arg())
`);

const LIVES_OF = scriptOf<Found>(`${BOOK}${LIFE}
local billNos = {}
while at < #ARGV do billNos[#billNos + 1] = arg() end
addLives(billNos)
return rows
`);

/** Rows of one page: Redis serves nobody else while it collects them. */
const CHUNK = 200;

export function theirsIn(read: Read, seq: string, stand: string): Omit<Theirs, 'claims'> {
  const { life, own } = standing(stand);
  return {
    payouts: async () => Number((await read(COUNT))[0]),
    owners: () => inPages(() => ownersOf(read)),
    nobodys: () => inPages(() => sharedOf(read)),
    marks: () => new Uint8Array(Math.ceil((Number(seq) + 1) / 8)),
    of: async (users, marks) => {
      const rows = await read(THEIRS, ...users.flatMap(({ user, hasCounters }) => [user, hasCounters ? '1' : '0']));
      const found: Pick<SnapshotPart, 'payouts' | 'counters'>[] = [];
      let at = 0;
      for (const { user } of users) {
        const [counters, count] = [own(rows[at]!), Number(rows[at + 1])];
        const texts = rows.slice(at + 2, at + 2 + count);
        if (count === PAYOUTS_OF_ONE) texts.push(...(await moreOf(read, user)));
        for (const text of texts) mark(marks, placeIn(text));
        found.push({ counters, payouts: texts.map(life) });
        at += 2 + count;
      }
      return found;
    },
    leftOver: marks => inPages(() => leftOver(read, marks)),
  };
}

async function moreOf(read: Read, user: Looked['user']): Promise<string[]> {
  const all: string[] = [];
  for (let first = PAYOUTS_OF_ONE; ; first += PAYOUTS_OF_ONE) {
    const page = await read(MORE, user, String(first));
    all.push(...page);
    if (page.length < PAYOUTS_OF_ONE) return all;
  }
}

async function* ownersOf(read: Read): AsyncGenerator<string[]> {
  for (let after = '0-0'; ; ) {
    const [last, ...found] = await read(OWNERS, after, String(CHUNK));
    if (last === undefined) return;
    after = last;
    yield found;
  }
}

export async function* sharedOf(read: Read): AsyncGenerator<SnapshotRows['counters'][]> {
  for (let after = '0-0'; ; ) {
    const [last, ...found] = await read(SHARED, after, String(CHUNK));
    if (last === undefined) return;
    after = last;
    yield Array.from({ length: found.length / 2 }, (_, n) => ({
      name: found[2 * n]!,
      value: Number(found[2 * n + 1]),
    }));
  }
}

/** Usually there are none, and nobody looks for them. */
async function* leftOver(read: Read, marks: readonly Uint8Array[]): AsyncGenerator<SnapshotRows['payouts'][]> {
  const told = marks.reduce((sum, each) => sum + onesIn(each), 0);
  if (told === Number((await read(COUNT))[0])) return;
  for (let after = '-inf'; ; ) {
    const page = await read(ORDER, after, String(CHUNK));
    if (page.length === 0) return;
    after = page.at(-1)!;
    const missing = page.filter((_, n) => n % 2 === 0 && !marks.some(each => isMarked(each, Number(page[n + 1]))));
    if (missing.length > 0) yield (await read(LIVES_OF, ...missing)).map(lifeFrom);
  }
}

/** Where it stands in the lists. */
function placeIn(life: string): number {
  return Number(life.slice(0, life.indexOf('\n')));
}

function mark(marks: Uint8Array, place: number): void {
  marks[Math.floor(place / 8)]! |= 1 << (place % 8);
}

function isMarked(marks: Uint8Array, place: number): boolean {
  return ((marks[Math.floor(place / 8)] ?? 0) & (1 << (place % 8))) !== 0;
}

function onesIn(marks: Uint8Array): number {
  let ones = 0;
  for (let byte of marks) for (; byte > 0; byte &= byte - 1) ones++;
  return ones;
}
