// What followers and newcomers read in Chinese, on the pages and from the samples, is written as one writes Chinese: with its own
// punctuation, and 你.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const WESTERN = /[\p{Script=Han}」』）}][,;:!?(](?=[\p{Script=Han}「『{])|您/u;
const FILES = ['src/pages', 'src/http/h5', 'rules', 'test/fixtures/campaigns'].flatMap(folder =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(?:tsx?|html|yaml)$/.test(name))
    .map(name => `${folder}/${name}`),
);

test('Chinese texts of the pages and the samples have Chinese punctuation', () => {
  expect(FILES.length).toBeGreaterThan(40);
  const found = FILES.flatMap(file =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .flatMap((line, n) => (WESTERN.test(line) ? [`${file}:${n + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

test('a sample that says how many chances are left does not ask to go on when none is', () => {
  const samples = FILES.filter(file => file.startsWith('rules/')).map(file => readFileSync(join(ROOT, file), 'utf8'));
  expect(samples.join('\n')).not.toMatch(/0 次(?:机会)?，回复|还有 0 次|还能再?试 0 次|上方/);
});
