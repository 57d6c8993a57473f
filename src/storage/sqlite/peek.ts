// A look at a SQLite file without opening it as a store: whether it is one of ours, and what a note in it says.
import { APPLICATION_ID, FORMAT, loadDriver, one } from './schema.ts';

const TIMEOUT_MS = 5000;

/** As much of a file as says whether it is ours. */
export const STORE_HEADER_BYTES = 100;

export function isStoreHeader(head: Buffer): boolean {
  return head.toString('latin1', 0, 15) === 'SQLite format 3' && head.readUInt32BE(68) === APPLICATION_ID;
}

/** The note of a lease in a store that is left as it is: nothing is migrated, and who has it open does not notice. */
export async function readNote(file: string, lease: string): Promise<string | undefined> {
  const { DatabaseSync } = await loadDriver();
  const db = new DatabaseSync(file, { timeout: TIMEOUT_MS, readOnly: true });
  try {
    const { leases } = one<{ leases: number }>(db, "SELECT count(*) AS leases FROM sqlite_schema WHERE name = 'lease'");
    if (leases === 0) return undefined;
    const row = db.prepare<{ note: string | null }>('SELECT note FROM lease WHERE name = ?').get(lease);
    return row?.note ?? undefined;
  } finally {
    db.close();
  }
}

/** Whether opening the file as a store would change its format. What is no store of ours is left to whoever opens it. */
export async function isOfEarlierFormat(file: string): Promise<boolean> {
  const { DatabaseSync } = await loadDriver();
  const db = new DatabaseSync(file, { timeout: TIMEOUT_MS, readOnly: true });
  try {
    const { application_id: owner } = one<{ application_id: number }>(db, 'PRAGMA application_id');
    const { user_version: version } = one<{ user_version: number }>(db, 'PRAGMA user_version');
    return owner === APPLICATION_ID && version < FORMAT;
  } catch {
    return false; // no database at all
  } finally {
    db.close();
  }
}
