// What came of comparing each day with the merchants' accounts (对账): kept by the day, for whoever looks, until a person says what a
// difference was. No money hangs on it.

import { randomBytes } from 'node:crypto';
import { DAY, type Day, dayOf, type Instant, later, SECOND } from '../../core/base/time.ts';
import type { Store } from '../../ports.ts';

type Bill = {
  readonly day: Day;
  /** When it was compared. */
  readonly at: Instant;
  readonly total: number;
  /** The first of them, in words. */
  readonly differences: readonly string[];
  readonly settled?: { readonly by: string; readonly at: Instant; readonly reason: string };
};

const LEASE_MS = 10 * SECOND;
const noteOf = (day: Day): string => `bill:${day}`;

function billIn(note: string | undefined): Bill | undefined {
  return note === undefined || note === '' ? undefined : (JSON.parse(note) as Bill);
}

/** Of the last days, the latest first; of a day whose bill could not be had there is none. */
export async function billsOf(store: Pick<Store, 'note'>, now: Instant, days: number): Promise<readonly Bill[]> {
  const names = Array.from({ length: days }, (_, n) => noteOf(dayOf(later(now, -(n + 1) * DAY))));
  return (await Promise.all(names.map(name => store.note(name)))).flatMap(note => billIn(note) ?? []);
}

/** `make`: what is to stand there, `undefined` where nothing is to change. `false`: somebody else is at it, or nothing changed. */
async function change(
  store: Pick<Store, 'lease' | 'release'>,
  day: Day,
  now: Instant,
  make: (before: Bill | undefined) => Bill | undefined,
): Promise<boolean> {
  const holder = `bill:${process.pid}:${randomBytes(6).toString('hex')}`;
  const lease = await store.lease(noteOf(day), holder, LEASE_MS, now);
  if (!lease) return false;
  const next = make(billIn(lease.note));
  const isKept = await store.release(lease, now, next && JSON.stringify(next));
  return next !== undefined && isKept;
}

/** Compared anew with the same differences, what was said of them stays. */
export function noteBill(store: Pick<Store, 'lease' | 'release'>, bill: Bill): Promise<boolean> {
  return change(store, bill.day, bill.at, before => {
    const isSame = before?.total === bill.total && before.differences.join('\n') === bill.differences.join('\n');
    return { ...bill, ...(isSame && before.settled && { settled: before.settled }) };
  });
}

/** A person says what the differences of a day were. `false`: there are none, they are settled, or somebody is at it. */
export function settleBill(
  store: Pick<Store, 'lease' | 'release'>,
  day: Day,
  settled: NonNullable<Bill['settled']>,
): Promise<boolean> {
  return change(store, day, settled.at, before =>
    before && before.total > 0 && !before.settled ? { ...before, settled } : undefined,
  );
}
