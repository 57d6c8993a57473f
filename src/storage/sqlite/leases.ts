// Leases in the SQLite file. Every function here runs inside a transaction of its caller, so that what it read still
// holds when it writes.
import type { Instant } from '../../core/base/time.ts';
import type { Lease } from '../../ports.ts';
import { checkLease, SET_BACK_MS } from '../shared/leases.ts';
import { stored } from '../shared/rows.ts';
import type { Database } from './schema.ts';

type Row = { holder: string | null; fence: number; since: number; until: number; note: string | null };

type Leases = {
  /** Taken or renewed; `undefined` while somebody else has it. */
  take(name: string, holder: string, ms: number, now: Instant): Lease | undefined;
  release(lease: Lease, now: Instant, note?: string): boolean;
  note(name: string): string | undefined;
  /** Whether nobody else took it, and it was not given back. That its time is up does not matter until somebody asks. */
  isHeld(lease: Lease): boolean;
};

export function leasesIn(db: Database): Leases {
  const find = db.prepare<Row>('SELECT holder, fence, since, until, note FROM lease WHERE name = ?');
  const set = db.prepare(`INSERT INTO lease (name, holder, fence, since, until) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, since = excluded.since,
    until = excluded.until`);
  const leave = db.prepare('UPDATE lease SET note = ? WHERE name = ?');

  return {
    take: (name, holder, ms, now) => {
      checkLease(name, holder, ms);
      const row = find.get(name);
      const isMine = row?.holder === holder;
      if (row && !isMine && !isOver(row, now)) return undefined;
      const fence = isMine ? row.fence : (row?.fence ?? 0) + 1;
      set.run(name, holder, fence, now, now + ms);
      return { name, holder, fence, ...(row && row.note !== null && { note: row.note }) };
    },
    release: ({ name, holder, fence }, now, note) => {
      const row = find.get(name);
      if (row?.fence !== fence || (row.holder !== null && row.holder !== holder)) return false;
      if (row.holder !== null) set.run(name, null, fence, now, now);
      if (note !== undefined) leave.run(stored(note), name);
      return true;
    },
    note: name => find.get(name)?.note ?? undefined,
    isHeld: ({ name, holder, fence }) => {
      const row = find.get(name);
      return row?.fence === fence && row.holder === holder;
    },
  };
}

function isOver({ since, until }: Row, now: Instant): boolean {
  return now >= until || now < since - SET_BACK_MS;
}
