// Files of others: a pipe, a device, a link to elsewhere, one that never ends. Nobody waits for it, nothing of it is shown, and
// what was live stays live.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { check } from '../../src/commands/rules/check.ts';
import { readRuleFiles } from '../../src/engine/rulebook-files.ts';

import { readPlain, readPlainSync, readText, readTextInside } from '../../src/lib/plain-file.ts';
import type { Log } from '../../src/ports.ts';
import { RULES, startWorld } from '../support/harness.ts';
import { inProcess } from '../support/platform-world.ts';
import { saying } from '../support/saying.ts';

const HIDDEN = 'root:x:0:0:a-word-nobody-may-see';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-files-'));
  mkdirSync(join(folder, 'rules'));
  for (const name of ['secret.txt', 'bot.yaml']) writeFileSync(join(folder, name), `${HIDDEN}\n`);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const inRules = (name: string): string => join(folder, 'rules', name);

/** Makes one of each kind at this path; what is said of it. */
const KINDS: [string, (path: string) => void, RegExp][] = [
  ['a pipe that nobody writes to', path => execFileSync('mkfifo', [path]), /is not a file but a pipe \(FIFO\)/],
  [
    'a link to a device that never ends',
    path => symlinkSync('/dev/zero', path),
    /leads out of the folder|but a device/,
  ],
  [
    'a link to a file elsewhere',
    path => symlinkSync(join(folder, 'secret.txt'), path),
    /leads out of the folder of the rules/,
  ],
  ['a link upwards', path => symlinkSync('../bot.yaml', path), /leads out of the folder of the rules/],
  ['a link to nothing', path => symlinkSync('gone.yaml', path), /there is no such file/],
  ['a link to itself', path => symlinkSync(path, path), /leads to itself|no such file/],
  ['a folder', path => mkdirSync(path), /is not a file$/],
  [
    'four megabytes and one',
    path => writeFileSync(path, Buffer.alloc(4_000_001, 32)),
    /has 4000001 bytes; at most 4000000 are read/,
  ],
  [
    'bytes that are no text',
    path => writeFileSync(path, Buffer.from([0xff, 0xfe, 0, 1, 0x80])),
    /UTF-16, not UTF-8; save it as UTF-8/,
  ],
  ['GBK', path => writeFileSync(path, Buffer.from('c3fbd7d63a20baecb0fc0a', 'hex')), /is GBK, not UTF-8/],
];

describe('a rule file that is', () => {
  test.each(KINDS)('%s: check names it, shows nothing of it, and judges the others', async (_, make, reason) => {
    writeFileSync(inRules('good.yaml'), RULES);
    make(inRules('strange.yaml'));
    const { code, out, err } = await inProcess(() => check([join(folder, 'rules')], { frame: true }));
    expect(code).toBe(1);
    expect(out).toMatch(/strange\.yaml:1:1: the file /);
    expect(out.split('\n').find(line => line.includes('strange.yaml:1:1'))).toMatch(reason);
    expect(out + err).not.toContain('a-word-nobody-may-see');
  });

  test.each(KINDS.slice(0, 4))(
    '%s, put there while the bot runs: the former rules stay, and the next good file goes live',
    async (_, make, reason) => {
      const lines: string[] = [];
      const log: Log = {
        debug: () => undefined,
        info: (_, text) => void lines.push(`info ${text}`),
        warn: (_, text) => void lines.push(`warn ${text}`),
        error: (fields, text) => void lines.push(`error ${text} ${JSON.stringify(fields)}`),
      };
      const world = await startWorld({ campaigns: { 'a.yaml': RULES }, log });
      try {
        const help = async (): Promise<string> => {
          const push = await world.simulator.control.act(world.person(true), { kind: 'text', text: '帮助' });
          return world.said(push);
        };
        const refreshed = async (wanted: RegExp): Promise<void> => {
          for (let n = 0; n < 40 && !lines.some(line => wanted.test(line)); n++) await world.bot.rulebook.refresh();
        };
        await world.bot.rulebook.refresh();
        const path = join(world.folder, 'rules/strange.yaml');
        make(path);
        await refreshed(/NOT live/);
        expect(lines.find(line => line.includes('NOT live'))).toMatch(new RegExp(reason.source.replace(/\$$/, '')));
        expect(lines.join('\n')).not.toContain('a-word-nobody-may-see');
        expect(await help()).toBe('回复「红包」试试');
        rmSync(path, { recursive: true });
        writeFileSync(join(world.folder, 'rules/a.yaml'), RULES.replace('回复「红包」试试', '新的话'));
        await refreshed(/the changed rules are live/);
        expect(await help()).toBe('新的话');
      } finally {
        await world.close();
      }
    },
    40_000,
  );

  test('linked inside its folder, as containers mount it, is read', async () => {
    mkdirSync(inRules('..2026_11_29'));
    writeFileSync(inRules('..2026_11_29/spring.yaml'), RULES);
    symlinkSync('..2026_11_29', inRules('..data'));
    symlinkSync('..data/spring.yaml', inRules('spring.yaml'));
    expect(await readRuleFiles([join(folder, 'rules')])).toMatchObject([{ text: RULES }]);
    // The folder itself may be a link: it is named by bot.yaml.
    symlinkSync('rules', join(folder, 'current'));
    expect(await readRuleFiles([join(folder, 'current')])).toMatchObject([{ text: RULES }]);
  });
});

describe('a list beside a rule file that is', () => {
  test.each(['pipe', 'device'])('a %s is named at the key that names it', async kind => {
    writeFileSync(inRules('a.yaml'), RULES.replace('packet:', 'segments: { staff: staff.csv }\npacket:'));
    if (kind === 'pipe') execFileSync('mkfifo', [inRules('staff.csv')]);
    else symlinkSync('/dev/zero', inRules('staff.csv'));
    const [file] = await readRuleFiles([join(folder, 'rules')]);
    expect(file!.data!.get('staff.csv')).toMatchObject({
      problem: saying(/but a pipe|leads out of the folder/),
    });
  });
});

describe('a plain file', () => {
  test('is read whole up to its bound, by either reader', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, Buffer.alloc(700_000, 'x'));
    expect(readPlainSync(path, 700_000)).toHaveLength(700_000);
    expect(await readPlain(path, 700_000)).toHaveLength(700_000);
    for (const read of [readPlainSync(path, 699_999), await readPlain(path, 699_999)])
      expect(read).toEqual({ problem: saying('has 700000 bytes; at most 699999 are read'), isMissing: false });
  });

  test('that says it is empty and is not (as /proc has them) is bounded all the same', async () => {
    expect(readPlainSync('/proc/self/maps', 100)).toMatchObject({ problem: saying('at most 100') });
    expect(await readPlain('/proc/self/maps', 100)).toMatchObject({ problem: saying('at most 100') });
  });

  test('of a socket, a device and a missing one is said what it is; what is read keeps its byte order mark', async () => {
    const server = createServer().listen(join(folder, 's'));
    await new Promise(resolve => server.once('listening', resolve));
    expect(await readText(join(folder, 's'), 9)).toMatchObject({ problem: saying('is not a file but a socket') });
    server.close();
    expect(await readText('/dev/null', 9)).toMatchObject({ problem: saying('is not a file but a device') });
    expect(await readText(join(folder, 'none'), 9)).toEqual({
      problem: saying('cannot be read: there is no such file'),
      isMissing: true,
    });
    writeFileSync(join(folder, 'bom'), '\uFEFFa');
    expect(await readTextInside(join(folder, 'bom'), 9)).toBe('\uFEFFa');
  });
});
