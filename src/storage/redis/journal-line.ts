// A line of the journal as it lies in Redis: `[at, event, decision, told]`, with what a claim counts made short, which is
// most of its text: `["campaign/spring/user/~/claims",1,3]`, `~` for the follower, no maximum where there is none, and of
// what it holds only which of the counters they are. A line of before format 3 has all of it in full, and is read as it is.
import { type Counter, UNBOUNDED } from '../../core/base/counter.ts';
import type { JournalLine } from '../../ports.ts';
import { decisionFrom, type StoredDecision, storedDecision } from '../shared/journal.ts';

const FOLLOWER = '~';

type Hold = Pick<Counter, 'name' | 'add'>;
type Counted = { readonly counters?: readonly Counter[]; readonly holds?: readonly Hold[] };
type ShortCounter = readonly [name: string, add: number, max?: number, atLeast?: number];
/** Of a counter there is, or of its own. */
type ShortHold = number | readonly [name: string, add: number];
/** No list: a version of before, beside us for a minute, fails at it instead of reading that nothing was counted. */
type Short = { readonly each: readonly ShortCounter[]; readonly holds?: readonly ShortHold[] };

type Stored = [
  JournalLine['at'],
  JournalLine['event'],
  StoredDecision & { readonly counters?: Short | readonly Counter[] },
  JournalLine['reply'] | null,
];

/** Event, decision and what was told, which is nearly always the decision's own reply. */
export function journalText({ at, event, decision, reply }: Omit<JournalLine, 'id'>): string {
  const stored = shortened(storedDecision(decision), event.user);
  return JSON.stringify([at, event, stored, reply === decision.reply ? null : reply]);
}

/** Rows of id and line, one after the other. */
export function journalFrom(rows: readonly string[]): JournalLine[] {
  const lines: JournalLine[] = [];
  for (let n = 0; n + 1 < rows.length; n += 2) {
    const [at, event, stored, told] = JSON.parse(rows[n + 1]!) as Stored;
    const decision = decisionFrom(inFull(stored, event.user));
    lines.push({ id: Number(rows[n]), at, event, decision, reply: told ?? decision.reply });
  }
  return lines;
}

function shortened(decision: StoredDecision & Counted, user: string): object {
  const { counters = [], holds = [], ...rest } = decision;
  const isPlain = [...counters, ...holds].every(({ name }) => !name.includes(FOLLOWER));
  if (counters.length === 0 || !isPlain) return decision;
  const nameOf = (name: string): string => name.replace(user, FOLLOWER);
  const short: Short = {
    each: counters.map(({ name, add, max, atLeast }) => {
      if (atLeast !== undefined) return [nameOf(name), add, max, atLeast];
      return max === UNBOUNDED ? [nameOf(name), add] : [nameOf(name), add, max];
    }),
    ...('holds' in decision && {
      holds: holds.map(({ name, add }) => {
        const index = counters.findIndex(each => each.name === name && each.add === add);
        return index < 0 ? ([nameOf(name), add] as const) : index;
      }),
    }),
  };
  return { ...rest, counters: short };
}

function inFull({ counters: short, ...decision }: Stored[2], user: string): StoredDecision & Counted {
  if (!short || isFull(short)) return { ...decision, ...(short && { counters: short }) };
  const nameOf = (name: string): string => name.replace(FOLLOWER, () => user);
  const counters = short.each.map(([name, add, max = UNBOUNDED, atLeast]) => ({
    ...{ name: nameOf(name), add, max },
    ...(atLeast !== undefined && { atLeast }),
  }));
  const holds = short.holds?.map(each => {
    const { name, add } = typeof each === 'number' ? counters[each]! : { name: nameOf(each[0]), add: each[1] };
    return { name, add };
  });
  return { ...decision, counters, ...(holds && { holds }) };
}

function isFull(counters: Short | readonly Counter[]): counters is readonly Counter[] {
  return Array.isArray(counters);
}
