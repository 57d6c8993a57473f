// Documents in the SQLite file: what changes as one text, under a name, with a version.

import type { Facts } from '../../core/match/facts.ts';
import type { Commit, DocumentRow, Store } from '../../ports.ts';
import { checkDocument } from '../shared/document.ts';
import type { Access } from './group-commit.ts';
import type { Database } from './schema.ts';
import type { SureOfFile } from './sure.ts';

export type StoredDocument = {
  readonly kind: DocumentRow['kind'];
  readonly name: string;
  readonly version: number;
  readonly text: string;
  readonly waits: number;
};

/** The columns of a `SELECT` that gives a `StoredDocument`. */
export const DOCUMENT = 'kind, name, version, text, waits';
/** By kind and name. */
const FIND = `SELECT ${DOCUMENT} FROM document WHERE kind = ? AND name = ?`;

export function documentOf({ waits, ...document }: StoredDocument): DocumentRow {
  return { ...document, ...(waits === 1 && { waits: true as const }) };
}

export function parcelsFactOf(row: StoredDocument | undefined): Pick<Facts, 'parcels'> {
  return row ? { parcels: { version: row.version, text: row.text } } : {};
}

type Documents = {
  find(kind: DocumentRow['kind'], name: string): StoredDocument | undefined;
  /** Whether all of them have the version that was seen. */
  areAsSeen(documents: NonNullable<Commit['documents']>): boolean;
  put(documents: NonNullable<Commit['documents']>): void;
};

/** For who writes them within a transaction. */
export function documentsOf(db: Database, { mayBeOwed }: SureOfFile): Documents {
  const find = db.prepare<StoredDocument>(FIND);
  const set = db.prepare('INSERT OR REPLACE INTO document (kind, name, version, text, waits) VALUES (?, ?, ?, ?, ?)');
  return {
    find: (kind, name) => find.get(kind, name),
    areAsSeen: documents => documents.every(({ kind, name, seen }) => (find.get(kind, name)?.version ?? 0) === seen),
    put(documents) {
      for (const { kind, name, seen, text, waits } of documents) {
        checkDocument({ kind, name, text }, seen);
        if (waits && kind === 'parcels') mayBeOwed(name);
        set.run(kind, name, seen + 1, text, Number(waits ?? false));
      }
    },
  };
}

export function documentsIn(
  db: Database,
  own: Documents,
  { read, write }: Access,
): Pick<Store, 'document' | 'putDocument' | 'documents'> {
  const list = db.prepare<StoredDocument>(
    `SELECT ${DOCUMENT} FROM document WHERE kind = ? AND name > ? ORDER BY name LIMIT ?`,
  );
  return {
    document: async (kind, name) => {
      const row = await read(() => own.find(kind, name));
      return row && documentOf(row);
    },
    putDocument: async (document, seen) => {
      checkDocument(document, seen);
      const one = [{ ...document, seen }];
      return write(() => {
        if (!own.areAsSeen(one)) return false;
        own.put(one);
        return true;
      });
    },
    documents: (kind, limit, after = '') => read(() => list.all(kind, after, limit).map(documentOf)),
  };
}
