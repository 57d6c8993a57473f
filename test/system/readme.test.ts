// What a stranger reads first: every link of it leads somewhere, every command is there, and its rule file is right.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { loadCampaign } from '../../src/core/rules/file/load.ts';
import { hongbao } from '../../src/program.ts';
import { has, isMap, readJson } from '../support/json.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const { scripts } = readJson(read('package.json'), has({ scripts: isMap }));

/** As GitHub makes an anchor of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-');

const anchorsIn = (text: string): string[] => [...text.matchAll(/^#+ (.+)$/gm)].map(match => anchor(match[1]!));

describe.each(['README.md', 'README.zh-CN.md', 'docs/README.md'])('%s', name => {
  const text = read(name);

  test('every link and picture is there, and so is the place in it', () => {
    const targets = [...text.matchAll(/\]\(([^)]+)\)|src="([^"]+)"/g)].map(match => match[1] ?? match[2]!);
    const lost = targets.filter(target => {
      if (/^https?:/.test(target)) return false;
      const [path = '', place] = target.split('#');
      const file = path === '' ? join(ROOT, name) : join(ROOT, dirname(name), path);
      if (!existsSync(file)) return true;
      return place !== undefined && !anchorsIn(readFileSync(file, 'utf8')).includes(place);
    });
    expect(lost).toEqual([]);
  });

  test('every command of npm is one', () => {
    const named = [...text.matchAll(/`npm run (?:-s )?([\w-]+)/g)].map(match => match[1]!);
    expect(named.filter(each => scripts[each] === undefined)).toEqual([]);
  });
});

test.each(['README.md', 'README.zh-CN.md'])('the table of %s has every command there is, and no other', async name => {
  let help = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    help += String(part);
    return true;
  });
  try {
    await hongbao(['--help', '--lang', 'en']);
  } finally {
    write.mockRestore();
    process.exitCode = undefined;
  }
  const commands = [...help.split('Commands:')[1]!.matchAll(/^ {2}([a-z-]+)/gm)].map(match => match[1]!);
  const table = [...read(name).matchAll(/^\| (`hongbao [^|]*(?:\\\|[^|]*)*) \|/gm)].map(match => match[1]!).join('\n');
  const named = [...table.matchAll(/`hongbao ([a-z-]+)/g)].map(match => match[1]!);
  expect([...new Set(named)].sort()).toEqual(commands.filter(each => each !== 'help').sort());
});

test.each(['README.md', 'README.zh-CN.md'])('the rule file in %s can be loaded as it stands', name => {
  const sample = /```yaml\n(campaign:[\s\S]*?)```/.exec(read(name))![1]!;
  const loaded = loadCampaign('hello.yaml', sample);
  expect('findings' in loaded ? loaded.findings : []).toEqual([]);
});
