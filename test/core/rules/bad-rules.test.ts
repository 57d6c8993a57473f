// Files with mistakes, as they lie on a disk: each says exactly what is wrong with it and where, whatever lies beside it.

import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { check } from '../../../src/commands/rules/check.ts';
import { showFinding } from '../../../src/core/base/error.ts';
import { checkRuleFiles } from '../../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../../src/engine/rulebook-files.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/bad-rules/', import.meta.url));
const names = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'));
const expected = (name: string): string[] =>
  readFileSync(`${FOLDER}${name.replace(/yaml$/, 'expected')}`, 'utf8')
    .trimEnd()
    .split('\n');

async function said(name: string): Promise<string[]> {
  const [file] = await readRuleFiles([FOLDER + name]);
  const { findings } = checkRuleFiles([file!]);
  return findings.map(each =>
    showFinding(each)
      .slice(file!.file.length + 1)
      .replace(/^(\d+:\d+): /, '$1 '),
  );
}

describe('a file with mistakes', () => {
  test('there are at least sixty of them, and nothing beside them but what they must say', () => {
    expect(names.length).toBeGreaterThanOrEqual(60);
    expect(readdirSync(FOLDER)).toHaveLength(names.length * 2);
  });

  test.each(names)('%s', async name => {
    expect((await said(name)).sort()).toEqual(expected(name).sort());
  });

  test('with twelve faults has all twelve told at once', async () => {
    expect(await said(names.find(name => name.includes('twelve'))!)).toHaveLength(12);
  });
});

test('`hongbao check` says it of all of them together, in the order of files and lines, and fails', async () => {
  const parts: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    parts.push(String(part));
    return true;
  });
  const exit = await check([FOLDER], {}).finally(() => write.mockRestore());
  expect(exit).toBe(1);
  const base = `${relative(process.cwd(), FOLDER)}/`;
  const places = parts
    .join('')
    .split('\n')
    .flatMap(line => (line.startsWith(base) ? [line.slice(base.length).split(' ')[0]!] : []));
  for (const name of names)
    for (const line of expected(name)) expect(places).toContain(`${name}:${line.split(' ')[0]}:`);
  const key = (place: string): string =>
    place.replace(/:(\d+):(\d+):$/, (_, line: string, column: string) => `${line.padStart(6)}${column.padStart(6)}`);
  expect(places.map(key)).toEqual(places.map(key).sort());
});
