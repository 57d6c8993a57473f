// A copy of a store's file while bots work on it: as of one moment, whole in itself, under its name only once it is on disk.
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { BadInput } from '../../core/base/error.ts';
import { loadDriver } from './schema.ts';

const TIMEOUT_MS = 5000;

/** Writes what `file` holds now into `part`. It is a reader among others: nobody waits for it. */
export async function copyFile(file: string, part: string): Promise<void> {
  const { DatabaseSync } = await loadDriver();
  rmSync(part, { force: true });
  closeSync(openSync(part, 'wx', 0o600)); // made here, so that nobody else can read it at any moment
  const db = new DatabaseSync(file, { timeout: TIMEOUT_MS });
  try {
    db.prepare('VACUUM INTO ?').run(part);
  } finally {
    db.close();
  }
}

/** Throws `BadInput` where a page of it is not as it should be. */
export async function checkFile(file: string): Promise<void> {
  const { DatabaseSync } = await loadDriver();
  const db = new DatabaseSync(file, { timeout: TIMEOUT_MS });
  try {
    const rows = db.prepare<{ readonly integrity_check: string }>('PRAGMA integrity_check').all();
    const said = rows.map(row => row.integrity_check);
    if (said.join() !== 'ok') throw new BadInput(`the copy is damaged: ${said.slice(0, 3).join('; ')}`);
    // What a look at it left beside goes into it.
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

/** It has its name once it is on disk, and so has the name. */
export function keepAs(part: string, file: string): void {
  sync(part, 'r+');
  renameSync(part, file);
  for (const end of ['-wal', '-shm']) rmSync(`${part}${end}`, { force: true });
  sync(dirname(file), 'r');
}

function sync(path: string, flags: string): void {
  const fd = openSync(path, flags);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
