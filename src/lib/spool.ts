// Rows put aside on numbered shelves, to be taken up again shelf by shelf: in memory while they are few, in a file without
// a name when they are many. Nothing of it is left behind, whatever happens to the process.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of a shelf that are kept in memory before they go to the file. They lie outside of the heap, and are used again. */
const SHELF_MAX = 16 * 1024;
/** A character of a JavaScript text is at most so many bytes. */
const BYTES_A_CHARACTER = 3;

/** `waiting`: rows as JSON, each with a comma behind it. */
type Shelf = { readonly waiting: Buffer; length: number; readonly chunks: { at: number; bytes: number }[] };

export class Spool<Row> {
  size = 0;
  private readonly shelves = new Map<number, Shelf>();
  private file: { readonly fd: number; end: number } | undefined;

  /** Rows of one shelf come back in the order in which they were put there. */
  put(shelf: number, row: Row): void {
    const on = this.on(shelf);
    const text = `${JSON.stringify(row)},`;
    this.size++;
    if (on.length + text.length * BYTES_A_CHARACTER > SHELF_MAX) this.putAside(on);
    if (text.length * BYTES_A_CHARACTER > SHELF_MAX) this.write(on, Buffer.from(text));
    else on.length += on.waiting.write(text, on.length);
  }

  *take(shelf: number): Generator<Row> {
    const on = this.shelves.get(shelf);
    if (!on) return;
    for (const { at, bytes } of on.chunks) {
      const chunk = Buffer.allocUnsafe(bytes);
      for (let read = 0; read < bytes; ) read += readSync(this.file!.fd, chunk, read, bytes - read, at + read);
      yield* rowsIn<Row>(chunk);
    }
    yield* rowsIn<Row>(on.waiting.subarray(0, on.length));
  }

  close(): void {
    if (this.file) closeSync(this.file.fd);
    this.file = undefined;
    this.shelves.clear();
  }

  private on(shelf: number): Shelf {
    const known = this.shelves.get(shelf);
    if (known) return known;
    const made: Shelf = { waiting: Buffer.allocUnsafeSlow(SHELF_MAX), length: 0, chunks: [] };
    this.shelves.set(shelf, made);
    return made;
  }

  private putAside(shelf: Shelf): void {
    if (shelf.length > 0) this.write(shelf, shelf.waiting.subarray(0, shelf.length));
    shelf.length = 0;
  }

  private write(shelf: Shelf, chunk: Buffer): void {
    this.file ??= namelessFile();
    for (let written = 0; written < chunk.length; ) {
      written += writeSync(this.file.fd, chunk, written, chunk.length - written, this.file.end + written);
    }
    shelf.chunks.push({ at: this.file.end, bytes: chunk.length });
    this.file.end += chunk.length;
  }
}

function rowsIn<Row>(chunk: Buffer): Row[] {
  return JSON.parse(`[${chunk.toString('utf8', 0, chunk.length - 1)}]`) as Row[];
}

/** Its name is gone at once: only this process can read it, and its end is the file's. */
function namelessFile(): { fd: number; end: number } {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-spool-'));
  const fd = openSync(join(folder, 'rows'), 'wx+', 0o600);
  rmSync(folder, { recursive: true });
  return { fd, end: 0 };
}
