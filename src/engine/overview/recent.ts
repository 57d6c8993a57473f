// What no index of a store knows, of the latest lines of the journal: by the code that stood in a reply (查询码), and by the two ends
// of an openid. Looked at once each, a little at a time, so that whoever searches waits for no journal, and no event for a search.
//
// And where in the journal a time is: its lines follow each other.

import { setImmediate } from 'node:timers/promises';
import { caseNumberOf } from '../../core/base/case-number.ts';
import { shortOpenId } from '../../core/base/openid.ts';
import type { Instant } from '../../core/base/time.ts';
import type { JournalLine, Store } from '../../ports.ts';

/** So many lines are known. */
const KNOWN_MAX = 20_000;
/** At once: some milliseconds. */
const CHUNK = 100;
/** Of one short openid. */
const NAMED_MAX = 20;

export type Recent = {
  /** Looks at some more: `false` when there is nothing more. */
  pass(): Promise<boolean>;
  byCase(number: string): Promise<readonly JournalLine[]>;
  /** The latest of each follower, the latest first. */
  byEnds(short: string): Promise<readonly JournalLine[]>;
};

type Known = { readonly id: number; readonly number: string; readonly user: string };
type From = Pick<Store, 'journal' | 'journalAfter'>;

export function createRecent(store: From): Recent {
  let known: Known[] = [];
  const [cases, ends] = [new Map<string, number>(), new Map<string, Map<string, number>>()];
  let upTo: number | undefined;

  const note = ({ id, event }: JournalLine): void => {
    const each = { id, number: caseNumberOf(event), user: event.user };
    known.push(each);
    cases.set(each.number, id);
    const short = shortOpenId(each.user);
    ends.set(short, (ends.get(short) ?? new Map<string, number>()).set(each.user, id));
  };
  const forget = ({ id, number, user }: Known): void => {
    if (cases.get(number) === id) cases.delete(number);
    const short = shortOpenId(user);
    const of = ends.get(short);
    if (of?.get(user) === id) of.delete(user);
    if (of?.size === 0) ends.delete(short);
  };
  const pass = async (): Promise<boolean> => {
    if (upTo === undefined) {
      const [newest] = await store.journal({ limit: 1 });
      upTo = Math.max(0, (newest?.id ?? 0) - KNOWN_MAX);
    }
    const from = upTo;
    const lines = await store.journalAfter(from, CHUNK);
    if (upTo !== from) return true; // somebody else has looked meanwhile
    for (const line of lines) note(line);
    upTo = lines.at(-1)?.id ?? from;
    // Seldom, and many at once: moving the whole list costs.
    if (known.length > 2 * KNOWN_MAX) {
      for (const each of known.slice(0, -KNOWN_MAX)) forget(each);
      known = known.slice(-KNOWN_MAX);
    }
    return lines.length === CHUNK;
  };
  const catchUp = async (): Promise<void> => {
    while (await pass()) await setImmediate();
  };
  const lineOf = async (id: number): Promise<readonly JournalLine[]> =>
    (await store.journalAfter(id - 1, 1)).filter(line => line.id === id);
  return {
    pass,
    async byCase(number) {
      await catchUp();
      const id = cases.get(number);
      return id === undefined ? [] : lineOf(id);
    },
    async byEnds(short) {
      await catchUp();
      const ids = [...(ends.get(short)?.values() ?? [])].sort((a, b) => b - a).slice(0, NAMED_MAX);
      return (await Promise.all(ids.map(lineOf))).flat();
    },
  };
}

/** The number of the first line that is not before `at`; one more than the last where all are. */
export async function lineAt(store: From, at: Instant): Promise<number> {
  const [newest] = await store.journal({ limit: 1 });
  let [low, high] = [1, (newest?.id ?? 0) + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [line] = await store.journalAfter(middle - 1, 1);
    if (line && line.at < at) low = line.id + 1;
    else high = middle;
  }
  return low;
}
