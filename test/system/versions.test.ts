// The versions of the rules, at the front door: an edit goes live and is a version, what it changed is told in words, and one
// command brings the former one back.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openRulebook } from '../../src/engine/rulebook.ts';
import { HALF_WRITTEN } from '../../src/engine/rulebook-files.ts';
import { SILENT } from '../../src/lib/log.ts';
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
  const listed = await run(world.folder, 'rules', 'list', '--json');
  expect(JSON.parse(listed.out)).toMatchObject([{ number: 1 }, { number: 2 }]);
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

test('files that are put in place one after the other are taken together, or not at all', async () => {
  const other = RULES.replace('campaign: test', 'campaign: other')
    .replaceAll('红包', '红包二')
    .replace('on: subscribe', 'on: { text: 欢迎 }');
  world = await startWorld({ campaigns: { 'a.yaml': RULES, 'b.yaml': other } });
  const folder = join(world.folder, 'rules');
  const [a, b, mark] = [join(folder, 'a.yaml'), join(folder, 'b.yaml'), join(folder, HALF_WRITTEN)];
  const raised = (text: string): string => text.replace('total: ¥1000.00', 'total: ¥7777.00');
  const budgets = (): (number | undefined)[] =>
    world.bot.rulebook.current().campaigns.map(({ budget }) => budget?.total);
  // Killed in between: one file is the new one, the other is not, and nobody takes them.
  writeFileSync(mark, '');
  writeFileSync(a, raised(RULES));
  await world.bot.rulebook.refresh();
  await world.bot.rulebook.refresh();
  expect(budgets()).toEqual([100_000, 100_000]);
  await expect(openRulebook(world.config, SILENT)).rejects.toThrow(/half written: run `hongbao rules revert` again/);
  rmSync(mark);
  writeFileSync(b, raised(other));
  await world.bot.rulebook.refresh();
  expect(budgets()).toEqual([777_700, 777_700]);
  // And back, both of them, with nothing left beside.
  const back = await run(world.folder, 'rules', 'revert', '1', '--yes');
  expect([back.code, back.err]).toEqual([0, '']);
  expect([readFileSync(a, 'utf8'), readFileSync(b, 'utf8')]).toEqual([RULES, other]);
  expect(existsSync(mark)).toBe(false);
  await world.bot.rulebook.refresh();
  expect(budgets()).toEqual([100_000, 100_000]);
}, 60_000);
