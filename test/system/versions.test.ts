// The versions of the rules, at the front door: an edit goes live and is a version, what it changed is told in words, and one
// command brings the former one back.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { run } from '../support/command.ts';
import { RULES, startWorld, type World } from '../support/harness.ts';

let world: World;
afterEach(() => world.close());

test('an edit is a version, told in words, and can be taken back', async () => {
  world = await startWorld({ campaigns: { 'test.yaml': RULES } });
  const file = join(world.folder, 'rules', 'test.yaml');
  const total = /total: (¥[\d.]+)/.exec(RULES)![1]!;
  const raised = RULES.replace(`total: ${total}`, 'total: ¥7777.00');
  writeFileSync(file, raised);
  const diff = (lang: string) => run(world.folder, 'rules', 'diff', '--lang', lang);
  expect((await diff('zh')).out).toContain(`总预算 ${total} → ¥7777.00`);
  expect((await diff('en')).out).toContain(`budget in all ${total} → ¥7777.00`);
  await world.bot.rulebook.refresh();
  const listed = JSON.parse((await run(world.folder, 'rules', 'list', '--json')).out) as { number: number }[];
  expect(listed.map(({ number }) => number)).toEqual([1, 2]);
  const unknown = await run(world.folder, 'rules', 'revert', '9', '--yes');
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('9')]);
  expect(readFileSync(file, 'utf8')).toBe(raised);
  const back = await run(world.folder, 'rules', 'revert', '1', '--yes', '--comment', '改错了');
  expect([back.code, back.err]).toEqual([0, '']);
  expect(readFileSync(file, 'utf8')).toBe(RULES);
  await world.bot.rulebook.refresh();
  const after = (await run(world.folder, 'rules', 'list', '--lang', 'zh')).out;
  expect(after).toMatch(/^3 在线 .*改错了$/m);
}, 60_000);
