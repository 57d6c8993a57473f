// What commands print, whoever reads it: a terminal that obeys what it is shown, or a pipe that has seen enough.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { progress } from '../../src/commands/shared/progress.ts';
import { type Menu, menuYaml } from '../../src/core/ops/menu.ts';
import { readMenu } from '../../src/core/ops/menu-file.ts';
import { csvLine } from '../../src/core/ops/payout-csv.ts';
import { aPayout } from '../storage/store.contract.ts';
import { run } from '../support/command.ts';
import { ENV, startWorld, until, type World } from '../support/harness.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');
/** Clears the screen, forges a row, turns what follows round. */
const EVIL = '\u001b[2J\n红包\u202E已领取\u0085';
const OBEYED = /[\p{Cc}\u202E\u2028\u2029]/u;
const lines = (text: string): string => text.replaceAll('\n', '');

let world: World;
let ann: string;
let billNo: string;
beforeAll(async () => {
  world = await startWorld({ jobs: true });
  ann = world.person();
  await world.simulator.control.act(ann, { kind: 'follow' });
  await world.simulator.control.act(ann, { kind: 'text', text: EVIL });
  await until(async () => (await world.store.payouts({ state: 'sent', limit: 1 }))[0]);
  billNo = (await world.store.payouts({ limit: 1 }))[0]!.billNo;
}, 60_000);
afterAll(() => world.close());

/** Everything that only looks. */
const looks = (): string[][] => [
  ['check'],
  ['test'],
  ['describe'],
  ['explain', ann],
  ['explain', ann, '--event', `text:${EVIL}`],
  ['explain', ann, '--json'],
  ['payouts', 'list'],
  ['payouts', 'list', '--json'],
  ['payouts', 'show', billNo],
  ['payouts', 'export'],
  ['merchant', 'list'],
  ['acts'],
  ['codes', 'list'],
  ['audit'],
  ['backtest', 'rules.yaml'],
  ['simulate', 'rules.yaml', '--draws', '100'],
  ['menu', 'show'],
];
const configured = (args: string[]): string[] => (args[0] === 'simulate' ? args : [...args, '--config', 'bot.yaml']);

describe('of every command that looks', () => {
  test('what it prints moves no cursor and forges no row', async () => {
    for (const args of looks()) {
      const { out, err, code } = await run(world.folder, ...configured(args));
      const shown = args.includes('export') ? out.replace(/[\r\t\uFEFF]/g, '') : out; // a spreadsheet's own
      expect([args, OBEYED.exec(lines(shown)), OBEYED.exec(lines(err))]).toEqual([args, null, null]);
      expect([args, [0, 1].includes(code!)]).toEqual([args, true]);
    }
  }, 180_000);

  test('a pipe that is closed ends it without a word, be it its results or its notes', async () => {
    const env = { PATH: process.env.PATH!, ...ENV };
    const ends = { explain: 'stdout', export: 'stdout', audit: 'stdout', check: 'stderr', backtest: 'stderr' } as const;
    for (const [word, closed] of Object.entries(ends)) {
      const args = looks().find(each => each.includes(word))!;
      const child = spawn(process.execPath, [CLI, ...configured(args)], { cwd: world.folder, env });
      child[closed].destroy();
      let said = '';
      const left = closed === 'stdout' ? child.stderr : child.stdout;
      left.on('data', (part: Buffer) => (said += part.toString()));
      const [code] = await once(child, 'close');
      expect([args, closed, code === 0 || code === 1]).toEqual([args, closed, true]);
      expect([args, closed, /EPIPE|at \S+ \(/.exec(said)]).toEqual([args, closed, null]);
    }
  }, 120_000);

  test('a mistyped option is repeated as marks', async () => {
    const { code, err } = await run(world.folder, 'check', `--${EVIL}`);
    expect([code, OBEYED.exec(lines(err))]).toEqual([2, null]);
    expect(err).toContain('␛[2J');
  });
});

describe('what a stranger wrote', () => {
  test('stands in the YAML of a menu as YAML has it, and is read back as it was', () => {
    const menu: Menu = [{ name: '旧\u202E', action: { kind: 'click', value: '键\u202E' } }];
    const yaml = menuYaml(menu);
    expect(OBEYED.exec(lines(yaml))).toBeNull();
    expect(readMenu('menu.yaml', yaml)).toMatchObject({ menu: [{ name: '旧\u202E', action: { value: '键\u202E' } }] });
  });

  test('stands in a CSV as marks', () => {
    const payout = { ...aPayout({}), problem: EVIL };
    expect(OBEYED.exec(csvLine(payout).replace(/[\r\n\t]/g, ''))).toBeNull();
  });

  test('stands in a line of progress as marks', () => {
    let shown = '';
    const stream = { isTTY: true, write: (text: string) => (shown += text) };
    progress('codes', stream).show(1, 1, EVIL);
    expect(shown.replace('\r\u001b[K', '')).toBe('codes: 1/1  ␛[2J␊红包⟨U+202E⟩已领取⟨U+0085⟩');
  });
});
