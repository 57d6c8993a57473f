// What both stores hold of a document: a text beside its version, and whether somebody waits for it.

import assert from 'node:assert/strict';
import { keysOf } from '../../core/base/record.ts';
import type { DocumentRow } from '../../ports.ts';

type Put = Omit<DocumentRow, 'version'>;
type Kind = DocumentRow['kind'];

const KINDS: Readonly<Record<Kind, true>> = { draw: true, left: true, parcels: true };

/** As the store says it. */
export function documentKind(text: string): Kind {
  const found = keysOf(KINDS).find(kind => kind === text);
  assert(found, `no kind of document: ${text}`);
  return found;
}

export function checkDocument({ name, text }: Put, seen: number): void {
  assert(Number.isSafeInteger(seen) && seen >= 0, `a document has a version: ${seen}`);
  // SQLite's driver cuts a text at its first NUL.
  assert(/^[^\0]+$/.test(name) && !text.includes('\0'), 'a document has a name, and no NUL');
}
