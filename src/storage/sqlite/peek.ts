// A look at a SQLite file without opening it as a store: whether it is one of ours, and what a note in it says.
import { APPLICATION_ID, FORMAT, loadDriver } from './schema.ts';

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
    const tables = db.prepare("SELECT count(*) AS leases FROM sqlite_schema WHERE name = 'lease'");
    const { leases } = tables.get() as { leases: number };
    if (leases === 0) return undefined;
    const row = db.prepare('SELECT note FROM lease WHERE name = ?').get(lease) as { note: string | null } | undefined;
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
    const { application_id: owner } = db.prepare('PRAGMA application_id').get() as { application_id: number };
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    return owner === APPLICATION_ID && version < FORMAT;
  } catch {
    return false; // no database at all
  } finally {
    db.close();
  }
}
