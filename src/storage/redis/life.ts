// A payout with its history, and the counters of a follower, as a snapshot reads them on Redis: one text each, since a reply of many
// small ones takes longer on both sides. For an audit one name stands for whoever they are of (`standing`): then names and what
// payouts hold are nearly always the same few, which are read once.
import { openId } from '../../core/base/event.ts';
import type { Payout } from '../../core/payout/payout.ts';
import type { HistoryLine, SnapshotPart, SnapshotRows } from '../../ports.ts';
import { lineFrom, type StoredLine } from '../shared/rows.ts';
import { counterNamed, counterPlace } from './counter-place.ts';
import { KEY } from './link/keys.ts';
import { type LaidPayout, longHolds, type Whose, withHolds } from './rows.ts';

type Life = SnapshotRows['payouts'];
type Own = Pick<SnapshotPart, 'user' | 'counters'>;

/**
 * `lifeOf`: where it stands in the lists, its halves, then its lines, a line of text each: no JSON has one in it. `before`: what
 * the book has of payouts.
 */
export const LIFE = `
local function lifeOf(billNo, before)
  local row = redis.call('HMGET', P .. '${KEY.payout}' .. billNo, 'seq', 'fixed', 'now')
  if not row[1] or tonumber(row[1]) > tonumber(seq) then return nil end
  row[3] = before[billNo] or row[3]
  for n, line in ipairs(redis.call('LRANGE', P .. '${KEY.history}' .. billNo, 0, -1)) do row[n + 3] = line end
  return table.concat(row, '\\n')
end
local function addLives(billNos)
  local before = keptOf('p:', billNos)
  for n, billNo in ipairs(billNos) do rows[n] = lifeOf(billNo, before) end
end
`;

export function lifeFrom(text: string): Life {
  const [, fixed, now, ...lines] = text.split('\n');
  return lifeOf(fixed!, now!, lines);
}

/** One text is one object, and its lines: to put two together takes longer than all the rest. */
function lifeOf(fixed: string, now: string, lines: readonly string[], long = longHolds): Life {
  const text = `[${fixed.slice(0, -1)},${now.slice(1)},[${lines.join(',')}]]`;
  const [payout, stored] = JSON.parse(text) as [LaidPayout, StoredLine[]];
  return { payout: withHolds(payout, long), history: historyUpTo(payout, stored) };
}

export function historyUpTo(
  { billNo, version }: Pick<Payout, 'billNo' | 'version'>,
  lines: readonly StoredLine[],
): HistoryLine[] {
  const [, last] = lines.at(-1) ?? [undefined, 0];
  const known = last <= version ? lines : lines.filter(([, of]) => of <= version);
  return known.map(line => lineFrom(billNo, line));
}

/** Counters and values in turn, and at last whose they are. */
export function ownIn(row: string): Own {
  const fields = row.split('\0');
  const user = openId(fields.pop()!);
  return { user, counters: countersIn(fields, field => counterNamed(user, field)) };
}

function countersIn(fields: readonly string[], named: (field: string) => string): Own['counters'] {
  const counters: SnapshotRows['counters'][] = [];
  for (let n = 0; n < fields.length; n += 2) counters.push({ name: named(fields[n]!), value: Number(fields[n + 1]) });
  return counters;
}

/** Of millions of texts nearly all are like another one. */
const MEMO_MAX = 10_000;

function memoized<Value>(make: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return text => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MEMO_MAX) known.clear();
    const made = make(text);
    known.set(text, made);
    return made;
  };
}

export function standing(stand: string): { life(text: string): Life; own(row: string): Own['counters'] } {
  const named = memoized(field => counterNamed(stand, field));
  const eachStood = ({ user, holds }: Payout): Payout['holds'] =>
    holds.map(({ name, add }) => {
      const [owner, field] = counterPlace(name);
      return { name: owner !== '' && owner === user ? named(field) : name, add };
    });
  const long = memoized(text => {
    const [campaign = '', merchant = ''] = text.split('\0', 2);
    const short = text.slice(campaign.length + merchant.length + 2);
    return longHolds(short, { campaign, merchant, user: openId(stand) });
  });
  const standingIn = (short: string, { campaign, merchant }: Whose): Payout['holds'] =>
    long(`${campaign}\0${merchant}\0${short}`);
  return {
    own: row => (row === '' ? [] : countersIn(row.split('\0'), named)),
    life: text => {
      const [, fixed, now, ...lines] = text.split('\n');
      const isShort = now!.includes('"holds":"');
      const { payout, history } = lifeOf(fixed!, now!, lines, standingIn);
      return { payout: isShort ? payout : Object.assign(payout, { holds: eachStood(payout) }), history };
    },
  };
}
