// Rows put aside on numbered shelves, to be taken up again shelf by shelf: in memory while they are few, in a file without
// a name when they are many. Nothing of it is left behind, whatever happens to the process.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Characters of a shelf that are kept in memory before they go to the file, and of all shelves together. */
const SHELF_MAX = 64 * 1024;
const MEMORY_MAX = 16 * 1024 * 1024;

type Shelf = { waiting: string[]; length: number; readonly chunks: { at: number; bytes: number }[] };

export class Spool<Row> {
  size = 0;
  private readonly shelves = new Map<number, Shelf>();
  private held = 0;
  private file: { readonly fd: number; end: number } | undefined;

  /** Rows of one shelf come back in the order in which they were put there. */
  put(shelf: number, row: Row): void {
    const on = this.on(shelf);
    const text = JSON.stringify(row);
    on.waiting.push(text);
    on.length += text.length;
    this.size++;
    this.held += text.length;
    if (on.length >= SHELF_MAX && this.held >= MEMORY_MAX) this.putAside(on);
    else if (this.held >= 2 * MEMORY_MAX) for (const each of this.shelves.values()) this.putAside(each);
  }

  *take(shelf: number): Generator<Row> {
    const on = this.shelves.get(shelf);
    if (!on) return;
    for (const { at, bytes } of on.chunks) {
      const chunk = Buffer.allocUnsafe(bytes);
      for (let read = 0; read < bytes; ) read += readSync(this.file!.fd, chunk, read, bytes - read, at + read);
      for (const text of chunk.toString().split('\n')) yield JSON.parse(text) as Row;
    }
    for (const text of on.waiting) yield JSON.parse(text) as Row;
  }

  *all(): Generator<Row> {
    for (const shelf of this.shelves.keys()) yield* this.take(shelf);
  }

  close(): void {
    if (this.file) closeSync(this.file.fd);
    this.file = undefined;
    this.shelves.clear();
  }

  private on(shelf: number): Shelf {
    const known = this.shelves.get(shelf);
    if (known) return known;
    const made: Shelf = { waiting: [], length: 0, chunks: [] };
    this.shelves.set(shelf, made);
    return made;
  }

  private putAside(shelf: Shelf): void {
    if (shelf.waiting.length === 0) return;
    this.file ??= namelessFile();
    const chunk = Buffer.from(shelf.waiting.join('\n'));
    for (let written = 0; written < chunk.length; ) {
      written += writeSync(this.file.fd, chunk, written, chunk.length - written, this.file.end + written);
    }
    shelf.chunks.push({ at: this.file.end, bytes: chunk.length });
    this.file.end += chunk.length;
    this.held -= shelf.length;
    shelf.waiting = [];
    shelf.length = 0;
  }
}

/** Its name is gone at once: only this process can read it, and its end is the file's. */
function namelessFile(): { fd: number; end: number } {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-spool-'));
  const fd = openSync(join(folder, 'rows'), 'wx+', 0o600);
  rmSync(folder, { recursive: true });
  return { fd, end: 0 };
}
