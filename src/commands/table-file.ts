// Reads a table file (CSV) of any length row by row: gzip and byte order marks are known, encodings other than UTF-8 are
// named, and read where `--encoding` says so. The one reader of what operators hand in.
import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Rows, type Written } from '../core/csv.ts';
import {
  type Decoder,
  decoded,
  decoderOf,
  ENCODINGS,
  type Encoding,
  encodingFrom,
  encodingWords,
  sniff,
} from '../core/encoding.ts';
import { BadInput, messageOf } from '../core/error.ts';
import { suggest } from '../core/shape.ts';

export type TableOptions = { readonly encoding?: string };

/** Rows that come together, and how many bytes of the file they end at. */
export type Piece = { readonly rows: readonly Written[]; readonly bytes: number };

const SNIFFED_BYTES = 64 * 1024;

/** Throws `BadInput`: it cannot be read, or is in other letters than was said. `option`: how the file was named. */
export async function* tableFile(file: string, options: TableOptions, option = ''): AsyncGenerator<Piece> {
  const name = option === '' ? file : `${option} ${file}`;
  const wanted = encodingOf(options);
  try {
    const raw = createReadStream(file);
    try {
      const bytes = await unzipped(raw);
      yield* rowsIn(bytes, name, wanted, () => raw.bytesRead);
    } finally {
      raw.destroy();
    }
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(`${name} cannot be read: ${messageOf(error)}`);
  }
}

/** What `--encoding` asks for. */
export function encodingOf({ encoding }: TableOptions): Encoding | undefined {
  if (encoding === undefined) return undefined;
  const known = encodingFrom(encoding);
  if (known) return known;
  throw new BadInput(`--encoding ${encoding}: expected one of ${ENCODINGS.join(', ')}${suggest(encoding, ENCODINGS)}`);
}

/** Told by its first bytes. It may be a pipe, which is read once only. */
async function unzipped(raw: ReadStream): Promise<AsyncIterable<Buffer>> {
  await once(raw, 'readable');
  const first = raw.read() as Buffer | null;
  if (first) raw.unshift(first);
  if (first?.[0] !== 0x1f || first[1] !== 0x8b) return raw as AsyncIterable<Buffer>;
  const unzip = raw.pipe(createGunzip());
  raw.once('error', error => unzip.destroy(error)); // a pipe does not hand on the failure of its source
  return unzip as AsyncIterable<Buffer>;
}

async function* rowsIn(
  chunks: AsyncIterable<Buffer>,
  name: string,
  wanted: Encoding | undefined,
  bytesRead: () => number,
): AsyncGenerator<Piece> {
  const rows = new Rows();
  let decoder: Decoder | undefined;
  let rest = '';
  const decode = (chunk: Buffer | undefined): string => {
    decoder ??= decoderFor(name, chunk ?? Buffer.alloc(0), wanted);
    const text = decoded(decoder, chunk);
    if (text !== undefined) return text;
    const found = chunk ? sniff(chunk) : 'unknown';
    throw new BadInput(`${name}: ${wanted ? `the file is not ${wanted}` : encodingWords(found, true)}`);
  };
  const take = (text: string, isEnd: boolean): Written[] => {
    // A line's end may lie between two pieces.
    const whole = rest + text;
    const cut = isEnd || !whole.endsWith('\r') ? whole : whole.slice(0, -1);
    const lines = cut.split(/\r\n|\n|\r/);
    rest = (isEnd ? '' : lines.pop()!) + whole.slice(cut.length);
    const found = lines.map(line => rows.push(line));
    return [...found, isEnd ? rows.end() : undefined].filter(row => row !== undefined);
  };
  for await (const chunk of chunks) {
    const found = take(decode(chunk), false);
    if (found.length > 0) yield { rows: found, bytes: bytesRead() };
  }
  yield { rows: take(decode(undefined), true), bytes: bytesRead() };
}

function decoderFor(name: string, first: Buffer, wanted: Encoding | undefined): Decoder {
  const found = sniff(first.subarray(0, SNIFFED_BYTES));
  if (wanted === undefined && found !== 'utf-8') throw new BadInput(`${name}: ${encodingWords(found, true)}`);
  return decoderOf(wanted ?? 'utf-8', first);
}
