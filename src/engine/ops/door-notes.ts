// Keeps in the store what the doors heard of WeChat, for `hongbao doctor`, which has no other way to learn what the consoles say.
// Written rarely: strangers knock as well.
import { MINUTE } from '../../core/base/time.ts';
import { type DoorNote, doorNoteName, type Heard, readDoorNote } from '../../core/ops/door-note.ts';
import type { Clock, Log, Store } from '../../ports.ts';

export type HeardAt = (door: string, what: Heard, said?: string) => void;

const SAID_AGAIN_MS = 10 * MINUTE;
/** Longer than a note takes to be written. */
const LEASE_MS = 5000;
const SAID_MAX = 300;

type Ports = {
  readonly store: Pick<Store, 'lease' | 'release'>;
  readonly clock: Clock;
  /** Names this process. */
  readonly holder: string;
  readonly log: Log;
};

export function createDoorNotes({ store, clock, holder, log }: Ports): HeardAt {
  const known = new Map<string, DoorNote>();
  const write = async (door: string, note: DoorNote): Promise<void> => {
    const lease = await store.lease(doorNoteName(door), holder, LEASE_MS, clock());
    if (lease) await store.release(lease, clock(), JSON.stringify({ ...readDoorNote(lease.note), ...note }));
  };
  const isKnown = (before: DoorNote, what: Heard): boolean => {
    const last = before[what]?.at;
    if (last === undefined || Math.abs(clock() - last) >= SAID_AGAIN_MS) return false;
    // The first word that is right again is news.
    return what !== 'genuine' || Object.values(before).every(({ at }) => at <= last);
  };
  return (door, what, said = '') => {
    const before = known.get(door) ?? {};
    if (isKnown(before, what)) return;
    const note = { ...before, [what]: { at: clock(), said: said.slice(0, SAID_MAX) } };
    known.set(door, note);
    write(door, note).catch((error: unknown) => log.debug({ door, err: error }, 'what a door heard was not noted'));
  };
}
