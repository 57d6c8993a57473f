// A payout with its history, and the counters of a follower, as a snapshot reads them on Redis: one text each. For an audit one
// name stands for whoever they are of (`standing`): then names and what payouts hold are nearly always the same few, read once.
import { followerIn } from '../../core/audit/counter-name.ts';
import type { OpenId } from '../../core/base/event.ts';
import type { Payout } from '../../core/payout/payout.ts';
import type { HistoryLine, SnapshotPart, SnapshotRows } from '../../ports.ts';
import { lineFrom, type StoredLine } from '../shared/rows.ts';
import { counterNamed } from './counter-place.ts';

type Life = SnapshotRows['payouts'];
type Own = Pick<SnapshotPart, 'user' | 'counters'>;

/** Its halves, then its lines, a line of text each: no JSON has one in it. */
export function lifeFrom(text: string): Life {
  const [fixed, now, ...lines] = text.split('\n');
  return lifeOf(fixed!, now!, lines);
}

/** One text is one object, and its lines: to put two together takes longer than all the rest. */
function lifeOf(fixed: string, now: string, lines: readonly string[]): Life {
  const text = `[${fixed.slice(0, -1)},${now.slice(1)},[${lines.join(',')}]]`;
  const [payout, stored] = JSON.parse(text) as [Payout, StoredLine[]];
  return { payout, history: historyUpTo(payout, stored) };
}

export function historyUpTo(
  { billNo, version }: Pick<Payout, 'billNo' | 'version'>,
  lines: readonly StoredLine[],
): HistoryLine[] {
  return lines.map(line => lineFrom(billNo, line)).filter(line => line.version <= version);
}

/** Counters and values in turn, and at last whose they are. */
export function ownIn(row: string, named = counterNamed): Own {
  const fields = row.split('\0');
  const user = fields.pop() as OpenId;
  const counters: SnapshotRows['counters'][] = [];
  for (let n = 0; n < fields.length; n += 2)
    counters.push({ name: named(user, fields[n]!), value: Number(fields[n + 1]) });
  return { user, counters };
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

type Holds = Payout['holds'];
/** `now` around what is held, which ends behind a number: in a text a quotation mark has a backslash before it. */
const HOLDS = /"holds":(\[\{.*?"add":\d+\}\])/s;

export function standing(stand: string): { life(text: string): Life; own(row: string): Own } {
  const named = memoized(field => counterNamed(stand, field));
  const inJson = JSON.stringify(stand).slice(1, -1);
  const isAtItsPlace = ({ name }: Holds[number]): boolean =>
    !name.includes(stand) || (followerIn(name) === stand && name.indexOf(stand) === name.lastIndexOf(stand));
  /** `null`: the follower's name stands elsewhere as well. */
  const holdsIn = memoized((text): Holds | null => {
    const holds = JSON.parse(text) as Holds;
    return holds.every(isAtItsPlace) ? holds : null;
  });
  return {
    own: row => ownIn(row, (_, field) => named(field)),
    life: text => {
      const [fixed, now, ...lines] = text.split('\n');
      const user = USER.exec(fixed!)?.[1];
      const held = user === undefined ? undefined : HOLDS.exec(now!)?.[1];
      const holds = held === undefined ? null : holdsIn(held.replaceAll(user!, () => inJson));
      if (holds === null) return lifeOf(fixed!, now!, lines);
      const { payout, history } = lifeOf(
        fixed!,
        now!.replace(held!, () => '[]'),
        lines,
      );
      return { payout: Object.assign(payout, { holds }), history };
    },
  };
}

/** Nobody's name by accident: no other text in what is held looks like one of WeChat's. */
const USER = /"user":"(o[\w-]{27})"/;
