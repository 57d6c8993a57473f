// Where a list is written to: a file, whole or not at all; what is no file stays what it is.
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeCsv } from '../../src/commands/shared/csv-out.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-csv-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* pages() {
  yield { text: 'a,b\r\n', count: 1 };
}

test('a file that is there is replaced, also behind a link, which stays one', async () => {
  writeFileSync(join(folder, 'list.csv'), 'old');
  symlinkSync(join(folder, 'list.csv'), join(folder, 'link.csv'));
  expect(await writeCsv(join(folder, 'link.csv'), 'rows', pages())).toBe(1);
  expect(readFileSync(join(folder, 'list.csv'), 'utf8')).toBe('a,b\r\n');
  expect(lstatSync(join(folder, 'link.csv')).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['link.csv', 'list.csv']);
});

test('a pipe, a folder, and a link to a device are refused, and stay what they are', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('/dev/null', join(folder, 'device'));
  for (const name of ['pipe', 'device', '.'])
    await expect(writeCsv(join(folder, name), 'rows', pages())).rejects.toThrow(/is no file; name one/);
  expect(lstatSync(join(folder, 'pipe')).isFIFO()).toBe(true);
  expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['device', 'pipe']);
});
