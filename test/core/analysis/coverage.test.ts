// What `hongbao test` shows: differences one can read, and what no test reaches.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, test as it, vi } from 'vitest';
import { test as run, type TestOptions } from '../../../src/commands/rules/test.ts';
import { watchTests } from '../../../src/commands/rules/test-watch.ts';
import { type Coverage, cover, percentOf } from '../../../src/core/analysis/coverage.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';
import { command } from '../../support/command.ts';
import { until } from '../../support/harness.ts';

const folders: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cover-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** What it prints while `work` runs; names are those of the files. */
async function printed<T>(folder: string, work: (out: () => string) => Promise<T>): Promise<{ out: string; value: T }> {
  const parts: string[] = [];
  const out = (): string => parts.join('').replaceAll(`${relative(process.cwd(), folder)}/`, '');
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    parts.push(String(part));
    return true;
  });
  try {
    const value = await work(out);
    return { out: out(), value };
  } finally {
    write.mockRestore();
  }
}

async function tested(text: string, options: TestOptions = {}) {
  const folder = folderOf({ 'a.yaml': text });
  const { out, value } = await printed(folder, () => run([folder], options));
  return { out, exit: value };
}

/** A file with a bit of everything that can come of a simple campaign. */
const HEAD = `campaign: tea
name: 好茶
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00, hours: "08:00-22:00" }
budget: { total: ¥10.00 }
limits: { perUser: { total: 2, gap: 10m } }
packet: { sendName: 阿茶茶饮 }
prizes:
  small: { redpacket: ¥1.00, weight: 3 }
  big: { redpacket: ¥5.00, stock: 1 }
  thanks: { nothing: true, weight: 6 }
rules:
  - id: word
    on: { text: 口令 }
    who: { firstFollow: true }
    once: perDay
    give: [small, big, thanks]
    replies: { won: 恭喜得到 {{amount}} 元, already: 领过了, limited: 够了 }
  - { id: help, on: { text: 帮助 }, reply: 说口令 }
`;
const FIRST = `tests:
  - name: 小奖
    draw: small
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 口令, expect: { pays: ¥1.00 } }
      - { at: 2026-02-10 11:00, user: ann, text: 口令, expect: { refused: already } }
`;

describe('a failing test', () => {
  it('shows what the follower did, what was expected and what came, with the difference marked; all of a file at once', async () => {
    const wrong = `${HEAD}tests:
  - name: 小奖
    draw: small
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 口令, expect: { prize: big, pays: ¥5.00, reply: 恭喜得到 5.00 元 } }
      - { at: 2026-02-11 10:00, user: ann, text: 帮助, expect: { reply: 说出口令 } }
    budgetLeft: ¥5.00
  - name: 帮助
    events:
      - { at: 2026-02-10 10:00, user: bob, text: 帮助, expect: { reply: ~ } }
`;
    const { out, exit } = await tested(wrong);
    expect(exit).toBe(1);
    expect(out.split('\n').slice(0, 22)).toEqual([
      '✗ a.yaml: 小奖',
      '    a.yaml:23:9: event 1, 2026-02-10 10:00:00, ann: text "口令"',
      '        expected  prize big',
      '        got       prize small (¥1.00)',
      '        expected  pays ¥5.00',
      '        got       prize small (¥1.00)',
      '        expected  reply "恭喜得到 5.00 元"',
      '                                  ^',
      '        got       reply "恭喜得到 1.00 元"',
      '                                  ^',
      '    a.yaml:24:9: event 2, 2026-02-11 10:00:00, ann: text "帮助"',
      '        expected  reply "说出口令"',
      '                           ^^',
      '        got       reply "说口令"',
      '                           ^',
      '    a.yaml:20:5: after all events',
      '        expected  budgetLeft ¥5.00',
      '        got       ¥9.00',
      '✗ a.yaml: 帮助',
      '    a.yaml:28:9: event 1, 2026-02-10 10:00:00, bob: text "帮助"',
      '        expected  reply none',
      '        got       "说口令"',
    ]);
    expect(out).toContain('0 passed, 2 failed\n');
  });
});

describe('coverage', () => {
  it('is told in one line always', async () => {
    const { out, exit } = await tested(HEAD + FIRST);
    expect(exit).toBe(0);
    expect(out).toMatch(
      /^✓ a\.yaml: 小奖\n1 passed, 0 failed\ncoverage [\d.]+ %: the tests reach \d+ of \d+ rules, prizes, outcomes and texts; --coverage names the rest\n$/,
    );
  });

  it('names every rule, prize, outcome and text that no test reaches, with its place', async () => {
    const { out } = await tested(HEAD + FIRST, { coverage: true });
    const missing = out.split('\n').filter(line => line.includes('no test reaches'));
    expect(missing.map(line => line.trim())).toEqual([
      'a.yaml:9:8: no test reaches the prize "big"',
      'a.yaml:10:11: no test reaches the prize "thanks"',
      'a.yaml:17:14: no test reaches notStarted of "word"',
      'a.yaml:17:14: no test reaches ended of "word"',
      'a.yaml:17:14: no test reaches closed of "word"',
      'a.yaml:17:14: no test reaches notEligible of "word"',
      'a.yaml:17:14: no test reaches soldOut of "word"',
      'a.yaml:17:14: no test reaches tooSoon of "word"',
      'a.yaml:17:63: no test reaches limited of "word"',
      'a.yaml:17:63: no test reaches the text for limited of "word"',
      'a.yaml:18:11: no test reaches the rule "help"',
    ]);
    expect(missing).toHaveLength(11);
  });

  it('below --min fails', async () => {
    expect((await tested(HEAD + FIRST, { min: '100' })).exit).toBe(1);
    expect((await tested(HEAD + FIRST, { min: '100' })).out).toContain('; less than --min 100');
    expect((await tested(HEAD + FIRST, { min: '20' })).exit).toBe(0);
    await expect(tested(HEAD + FIRST, { min: 'all' })).rejects.toThrow('--min all: expected 0 to 100, per cent');
  });

  it('as JSON has every place', async () => {
    const { out } = await tested(HEAD + FIRST, { json: true });
    const { coverage, passed } = JSON.parse(out);
    expect(passed).toBe(1);
    expect(coverage.files[0].missing[0]).toEqual({ kind: 'prize', name: 'big', line: 9, column: 8 });
  });

  it('of nothing is whole', () => {
    expect(percentOf([])).toBe(100);
  });
});

// ── What can come of a file ──────────────────────────────────────────────────────────────────────────────────

/** What a test of this file could reach, without any: `soldOut of word`. */
function reachable(text: string, beside: Readonly<Record<string, string>> = {}): string[] {
  const loaded = loadCampaign('a.yaml', text, undefined, name => beside[name]);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  const { coverage } = cover(loaded.campaign, text);
  return coverage.missing.filter(({ kind }) => kind === 'outcome').map(({ name, rule }) => `${name} of ${rule}`);
}

const PLAIN = (rule: string, more = '', prizes = 'a: { redpacket: ¥1.00 }'): string => `campaign: tea
name: 好茶
period: { from: 2027-02-01, to: 2027-02-10 }
packet: { sendName: 阿茶茶饮 }
budget: { total: ¥100.00 }
${more}
prizes:
  ${prizes}
rules:
  - { id: r, on: { text: 抽奖 }, ${rule} }
`;

describe('what can come of a rule', () => {
  const cases: [string, string, string[]][] = [
    ['only answers: nothing', PLAIN('reply: 好'), []],
    ['gives money once: the period, twice, sold out', PLAIN('give: a'), ['notStarted', 'ended', 'already', 'soldOut']],
    ['gives for every event: nothing is twice', PLAIN('once: perEvent, give: a'), ['notStarted', 'ended', 'soldOut']],
    [
      'gives nothing of worth: nothing is ever sold out',
      PLAIN('once: perEvent, give: n', '', 'n: { nothing: true }'),
      ['notStarted', 'ended'],
    ],
    [
      'has weekdays: closed',
      PLAIN('once: perEvent, give: a').replace('2027-02-10 }', '2027-02-10, weekdays: [mon] }'),
      ['notStarted', 'ended', 'closed', 'soldOut'],
    ],
    [
      'has limits',
      PLAIN('once: perEvent, give: a', 'limits: { perUser: { perDay: 1 }, perMinute: 5 }'),
      ['notStarted', 'ended', 'limited', 'soldOut', 'later'],
    ],
    [
      'has a limit of a day that `once` reaches first',
      PLAIN('once: perDay, give: a', 'limits: { perUser: { perDay: 1 } }'),
      ['notStarted', 'ended', 'already', 'soldOut'],
    ],
    [
      'has a prize each may have once, beside one that stays',
      PLAIN('once: perEvent, give: [a, b]', '', 'a: { redpacket: ¥2.00, perUser: 1 }\n  b: { redpacket: ¥1.00 }'),
      ['notStarted', 'ended', 'soldOut'],
    ],
    [
      'has only a prize each may have once',
      PLAIN('once: perEvent, give: a', '', 'a: { redpacket: ¥1.00, perUser: 1 }'),
      ['notStarted', 'ended', 'limited', 'soldOut'],
    ],
    [
      'asks for who somebody is',
      PLAIN('once: perEvent, give: a, who: { followedFor: 1d }'),
      ['notStarted', 'ended', 'notEligible', 'soldOut'],
    ],
    [
      'is spent for',
      PLAIN('once: perEvent, give: a, spend: { 机会: 1 }', 'wallets: { 机会: { freePerDay: 1 } }'),
      ['notStarted', 'ended', 'soldOut', 'noChance'],
    ],
    [
      'is guessed',
      PLAIN('once: perEvent, give: a, guess: { looksLike: "抽.", tries: 3 }'),
      ['notStarted', 'ended', 'soldOut', 'locked', 'wrong'],
    ],
    ['gives the third time', PLAIN('once: perEvent, give: { 3: a }'), ['notStarted', 'ended', 'soldOut', 'progress']],
    [
      'is paid later, unless the order is given back',
      PLAIN('once: perEvent, give: a, delay: 1d, cancelIf: refunded').replace('{ text: 抽奖 }', 'paid'),
      ['notStarted', 'ended', 'notEligible', 'soldOut', 'pending', 'cancelled'],
    ],
  ];
  it.each(cases)('that %s', (_, text, outcomes) => {
    expect(reachable(text)).toEqual(outcomes.map(outcome => `${outcome} of r`));
  });

  it('in rounds: between them, and never halted', () => {
    const rounds = `rounds:
  - { name: 一, at: 2027-02-05 20:00, lasts: 5m, packets: 10, total: ¥20.00 }
  - { name: 二, at: 2027-02-05 21:00, lasts: 5m, packets: 10, total: ¥20.00 }`;
    const text = PLAIN('once: perRound, give: a', rounds, 'a: { redpacket: { split: ¥1.00..¥5.00 } }');
    expect(reachable(text)).toEqual(
      ['notStarted', 'ended', 'already', 'soldOut', 'between'].map(each => `${each} of r`),
    );
  });
});

describe('the sample campaigns', () => {
  const RULES = new URL('../../../rules/', import.meta.url);
  const names = readdirSync(RULES).filter(name => name.endsWith('.yaml'));
  it.each(names)('%s: its tests reach all of it', name => {
    const text = readFileSync(new URL(name, RULES), 'utf8');
    const loaded = loadCampaign(name, text, undefined, list => readFileSync(new URL(list, RULES), 'utf8'));
    if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
    const { coverage } = cover(loaded.campaign, text);
    expect(coverage.missing satisfies Coverage['missing']).toEqual([]);
  });
});

// ── Again and again ──────────────────────────────────────────────────────────────────────────────────────────

describe('watching', () => {
  it('runs again when a file or a list beside it changes, also through a time without the file', async () => {
    const listed = `${HEAD.replace('who: { firstFollow: true }', 'who: { tags: [会员] }')}segments: { 会员: m.csv }\n`;
    const folder = folderOf({
      'a.yaml': listed + FIRST.replaceAll('ann', 'bob'),
      'm.csv': 'oMember000000000000000000001\n',
    });
    await printed(folder, async out => {
      const runs = (): number => out().split('waiting for changes').length - 1;
      const stop = await watchTests([folder], {});
      try {
        await until(() => runs() === 1);
        expect(out()).toContain('0 passed, 1 failed');
        writeFileSync(join(folder, 'm.csv'), 'oMember000000000000000000001\noMember000000000000000000002\n');
        await until(() => runs() === 2);
        rmSync(join(folder, 'a.yaml'));
        await until(() => runs() === 3);
        writeFileSync(join(folder, 'a.yaml'), HEAD + FIRST);
        await until(() => out().endsWith('Ctrl-C ends it\n\n') && out().includes('1 passed, 0 failed'));
      } finally {
        await stop();
      }
    });
  }, 40_000);

  it('ends on Ctrl-C with 0', async () => {
    const folder = folderOf({ 'a.yaml': HEAD + FIRST });
    const { child, result } = command(folder, 'test', 'a.yaml', '--watch');
    const isWaiting = new Promise(resolve => child.stdout!.on('data', part => /Ctrl-C/.test(part) && resolve(true)));
    await Promise.race([isWaiting, result]);
    child.kill('SIGINT');
    expect((await result).code).toBe(0);
  }, 40_000);
});
