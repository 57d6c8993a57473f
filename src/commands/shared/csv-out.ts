// A CSV of any length to standard output or into a file, a page at a time.

import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { BadInput, codeOf, messageOf } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import { progress } from './progress.ts';

export type CsvPage = { readonly text: string; readonly count: number };

/** How many rows. `what`: how they are called while it lasts. */
export function writeCsv(out: string | undefined, what: string, source: AsyncIterable<CsvPage>): Promise<number> {
  return out === undefined ? toStandardOutput(source) : toFile(out, what, source);
}

async function toStandardOutput(source: AsyncIterable<CsvPage>): Promise<number> {
  let total = 0;
  process.stdout.on('error', () => undefined); // told to the callback below as well
  for await (const { text, count } of source) {
    total += count;
    const error = await new Promise<Error | null | undefined>(resolve => process.stdout.write(text, resolve));
    if (!error) continue;
    if (codeOf(error) === 'EPIPE') return total; // `| head` has seen enough
    throw error;
  }
  return total;
}

/** Under its name only once it is whole and on the disk; readable by its owner only, since it says who got what. */
async function toFile(named: string, what: string, source: AsyncIterable<CsvPage>): Promise<number> {
  const file = await plainFile(named);
  const unfinished = `${file}.${process.pid}.part`;
  const handle = await open(unfinished, 'w', 0o600).catch((error: unknown) => {
    throw new BadInput(t`${file} cannot be written: ${messageOf(error)}`);
  });
  const bar = progress(what);
  let total = 0;
  try {
    for await (const { text, count } of source) {
      total += count;
      await handle.write(text);
      if (process.stderr.isTTY) bar.show(total, total);
    }
    await handle.sync();
    await handle.close();
    await rename(unfinished, file).catch((error: unknown) => {
      throw new BadInput(t`${file} cannot be written: ${messageOf(error)}`);
    });
  } catch (error) {
    await handle.close();
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    bar.end();
  }
  return total;
}

/** Where it lies, behind links. What is no file would be replaced by one: a device, a pipe. */
async function plainFile(named: string): Promise<string> {
  const there = await stat(named).catch(() => undefined);
  if (!there) return named;
  if (there.isFile()) return realpath(named);
  throw new BadInput(t`${named} is no file; name one, or leave out --out for standard output`);
}
