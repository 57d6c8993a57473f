// Rule files put in the place of others: all of them or none, and never over what came meanwhile.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instant } from '../../../src/core/base/time.ts';
import { HALF_WRITTEN } from '../../../src/engine/rulebook-files.ts';
import { putRules, rulesOnDisk } from '../../../src/engine/versions/put-rules.ts';
import type { Store } from '../../../src/ports.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { CLEAN } from '../../support/lint.ts';

let folder: string;
let rules: string;
let store: Store;
const at = (name: string): string => join(rules, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'put-rules-'));
  rules = join(folder, 'rules');
  mkdirSync(rules);
  writeFileSync(at('spring.yaml'), CLEAN);
  store = await openSqlite(join(folder, 'bot.db'));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `meanwhile`: after it was looked at, and before anything is written. */
async function put(files: Record<string, string>, meanwhile: () => void = () => {}) {
  const { files: now, seen } = await rulesOnDisk(rules);
  const kept = now.filter(({ file }) => !(basename(file) in files));
  const going = Object.entries(files).map(([name, text]) => ({ file: relative(process.cwd(), at(name)), text }));
  const lease: Store['lease'] = async (...args) => {
    if (args[0] !== 'rules:put') meanwhile();
    return store.lease(...args);
  };
  const ports = { store: { ...store, lease }, clock: () => instant(Date.now()), holder: 'test', sleep: async () => {} };
  const put = { files: [...kept, ...going], gone: [], seen, by: 'ann', comment: 'why' };
  return putRules({ ...ports, config: { rules } }, put);
}

test('what is new, and what is another text, lies there afterwards, and nothing else', async () => {
  expect(await put({ 'spring.yaml': `${CLEAN}\n`, 'summer.yaml': '# summer\n' })).toBe('put');
  expect(readFileSync(at('spring.yaml'), 'utf8')).toBe(`${CLEAN}\n`);
  expect(readdirSync(rules).sort()).toEqual(['spring.yaml', 'summer.yaml']);
});

test('a file that came meanwhile stays, and nothing at all was written', async () => {
  const mine = { 'autumn.yaml': '# autumn\n', 'spring.yaml': `${CLEAN}\n`, 'summer.yaml': '# mine\n' };
  expect(await put(mine, () => writeFileSync(at('summer.yaml'), '# theirs\n'))).toBe('changed');
  expect(readFileSync(at('summer.yaml'), 'utf8')).toBe('# theirs\n');
  expect(readFileSync(at('spring.yaml'), 'utf8')).toBe(CLEAN);
  expect(readdirSync(rules).sort()).toEqual(['spring.yaml', 'summer.yaml']);
  expect(readdirSync(rules, { encoding: 'utf8' })).not.toContain(HALF_WRITTEN);
});
