// Reads a table file (CSV) of any length row by row: gzip and byte order marks are known, encodings other than UTF-8 are
// named, and read where `--encoding` says so. The one reader of what operators hand in.

import { createReadStream, type ReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BadInput, messageOf } from '../core/base/error.ts';
import { suggest } from '../core/base/suggest.ts';
import { t } from '../core/base/words/words.ts';
import { Rows, type Written } from '../core/yaml/csv.ts';
import {
  type Decoder,
  decoded,
  decoderOf,
  ENCODINGS,
  type Encoding,
  encodingFrom,
  encodingWords,
  sniff,
} from '../core/yaml/encoding.ts';

export type TableOptions = { readonly encoding?: string };

/** Rows that come together, and how many bytes of the file they end at. */
type Piece = { readonly rows: readonly Written[]; readonly bytes: number };

const SNIFFED_BYTES = 64 * 1024;
/** Enough to know gzip and a byte order mark by. */
const HEAD_BYTES = 4;
/** No row of ours is as long, and each piece of a longer one would be looked at again with the next. */
const LINE_MAX = 1_000_000;

/** Throws `BadInput`: it cannot be read, or is in other letters than was said. `option`: how the file was named. */
export async function* tableFile(file: string, options: TableOptions, option = ''): AsyncGenerator<Piece> {
  const rows = new Rows();
  let rest = '';
  for await (const { text, bytes, isEnd } of textIn(file, options, option)) {
    // A line's end may lie between two pieces.
    const whole = rest + text;
    const cut = isEnd || !whole.endsWith('\r') ? whole : whole.slice(0, -1);
    const lines = cut.split(/\r\n|\n|\r/);
    rest = (isEnd ? '' : lines.pop()!) + whole.slice(cut.length);
    if (rest.length > LINE_MAX)
      throw new BadInput(
        t`${option === '' ? file : `${option} ${file}`}: a line has more than ${LINE_MAX} characters; expected a table, a row in each line`,
      );
    const found = [...lines.map(line => rows.push(line)), isEnd ? rows.end() : undefined];
    const complete = found.filter(row => row !== undefined);
    if (complete.length > 0) yield { rows: complete, bytes };
  }
}

/** A table that is short enough to be held, as it was written. */
export async function tableFileText(file: string, options: TableOptions, option = ''): Promise<string> {
  let whole = '';
  for await (const { text } of textIn(file, options, option)) whole += text;
  return whole;
}

type Text = { readonly text: string; readonly bytes: number; readonly isEnd: boolean };

async function* textIn(file: string, options: TableOptions, option: string): AsyncGenerator<Text> {
  const name = option === '' ? file : `${option} ${file}`;
  const wanted = encodingOf(options);
  try {
    const raw = createReadStream(file);
    try {
      const decode = decoding(name, wanted);
      for await (const chunk of await unzipped(raw)) yield { text: decode(chunk), bytes: raw.bytesRead, isEnd: false };
      yield { text: decode(undefined), bytes: raw.bytesRead, isEnd: true };
    } finally {
      raw.destroy();
    }
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(t`${name} cannot be read: ${messageOf(error)}`);
  }
}

/** What `--encoding` asks for. */
export function encodingOf({ encoding }: TableOptions): Encoding | undefined {
  if (encoding === undefined) return undefined;
  const known = encodingFrom(encoding);
  if (known) return known;
  throw new BadInput(t`--encoding ${encoding}: expected one of ${ENCODINGS.join(', ')}${suggest(encoding, ENCODINGS)}`);
}

/** Told by its first bytes. It may be a pipe, which is read once only, and gives as few at a time as it likes. */
async function unzipped(raw: ReadStream): Promise<AsyncIterable<Buffer>> {
  const chunks = raw[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    head = Buffer.concat([head, next.value]);
    if (head.length >= HEAD_BYTES) break;
  }
  const all = from(head, chunks);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return all;
  const source = Readable.from(all);
  const unzip = source.pipe(createGunzip());
  source.once('error', error => unzip.destroy(error)); // a pipe does not hand on the failure of its source
  return unzip;
}

async function* from(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

function decoding(name: string, wanted: Encoding | undefined): (chunk: Buffer | undefined) => string {
  let decoder: Decoder | undefined;
  return chunk => {
    decoder ??= decoderFor(name, chunk ?? Buffer.alloc(0), wanted);
    const text = decoded(decoder, chunk);
    if (text !== undefined) return text;
    const found = chunk ? sniff(chunk) : 'unknown';
    throw new BadInput(t`${name}: ${wanted ? t`the file is not ${wanted}` : encodingWords(found, true)}`);
  };
}

function decoderFor(name: string, first: Buffer, wanted: Encoding | undefined): Decoder {
  const found = sniff(first.subarray(0, SNIFFED_BYTES));
  if (wanted === undefined && found !== 'utf-8') throw new BadInput(t`${name}: ${encodingWords(found, true)}`);
  return decoderOf(wanted ?? 'utf-8', first);
}
