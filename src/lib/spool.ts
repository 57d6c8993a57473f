// Rows put aside on numbered shelves, to be taken up again shelf by shelf: in memory while they are few, in a file without
// a name when they are many. Nothing of it is left behind, whatever happens to the process.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonText, saidBy } from '../core/base/json-text.ts';

/** Bytes of a shelf that are kept in memory before they go to the file. They lie outside of the heap, and are used again. */
const SHELF_MAX = 8 * 1024;
/** A character of a JavaScript text is at most so many bytes. */
const BYTES_A_CHARACTER = 3;

/** `waiting`: rows as JSON, each with a line's end behind it. */
type Shelf = { readonly waiting: Buffer; length: number; readonly chunks: Chunk[] };

/** A spool as it can be read. `row`: of this form. */
export type SpoolView<Row> = {
  readonly row?: Row;
  readonly fd: number | undefined;
  readonly shelves: ReadonlyMap<number, { readonly waiting: Uint8Array; readonly chunks: readonly Chunk[] }>;
};
type Chunk = { readonly at: number; readonly bytes: number };

export class Spool<Row> {
  size = 0;
  private readonly shelves = new Map<number, Shelf>();
  private file: { readonly fd: number; end: number } | undefined;

  put(shelf: number, row: Row): void {
    const on = this.on(shelf);
    const text = `${JSON.stringify(row)}\n`;
    this.size++;
    if (on.length + text.length * BYTES_A_CHARACTER > SHELF_MAX) this.putAside(on);
    if (text.length * BYTES_A_CHARACTER > SHELF_MAX) this.write(on, Buffer.from(text));
    else on.length += on.waiting.write(text, on.length);
  }

  *take(shelf: number): Generator<Row> {
    for (const text of textsFrom(this.view, shelf)) yield saidBy(text);
  }

  /** As it is now, for another thread as well: a file is open in all of a process. */
  get view(): SpoolView<Row> {
    const shelves = [...this.shelves].map(
      ([shelf, { waiting, length, chunks }]) => [shelf, { waiting: waiting.subarray(0, length), chunks }] as const,
    );
    return { fd: this.file?.fd, shelves: new Map(shelves) };
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

/** Rows of one shelf as JSON, in the order in which they were put there. The spool is still open. */
export function* textsFrom<Row>({ fd, shelves }: SpoolView<Row>, shelf: number): Generator<JsonText<Row>> {
  const on = shelves.get(shelf);
  if (!on) return;
  for (const { at, bytes } of on.chunks) {
    const chunk = Buffer.allocUnsafe(bytes);
    for (let read = 0; read < bytes; ) read += readSync(fd!, chunk, read, bytes - read, at + read);
    yield* linesIn<Row>(chunk);
  }
  yield* linesIn<Row>(Buffer.from(on.waiting));
}

function linesIn<Row>(chunk: Buffer): JsonText<Row>[] {
  const lines = chunk.length === 0 ? [] : chunk.toString('utf8', 0, chunk.length - 1).split('\n');
  return lines as JsonText<Row>[];
}

/** Its name is gone at once: only this process can read it, and its end is the file's. */
function namelessFile(): { fd: number; end: number } {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-spool-'));
  const fd = openSync(join(folder, 'rows'), 'wx+', 0o600);
  rmSync(folder, { recursive: true });
  return { fd, end: 0 };
}
