// Warnings as such: their ids, how grave they are, the comments that switch them off, and where they point.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type Config, loadConfig } from '../../../src/config/config.ts';
import { BadInput } from '../../../src/core/base/error.ts';
import { fen } from '../../../src/core/base/money.ts';
import { inLang } from '../../../src/core/base/words/words.ts';
import { LINTS } from '../../../src/core/lint/catalogue.ts';
import { ALONE } from '../../../src/core/lint/context.ts';
import { lint } from '../../../src/core/lint/lint.ts';
import { loadCampaigns } from '../../../src/core/rules/file/load.ts';
import { type Path, placeIn } from '../../../src/core/yaml/path-position.ts';
import { openRulebook } from '../../../src/engine/rulebook.ts';
import { CLEAN, type Edit, edited, lintFiles, saidOf, settled, show } from '../../support/lint.ts';

const HERE = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAME: Edit = ['name: 新春口令', 'name: 关注有礼'];
const SAID = '2:7 induce-follow "关注有礼" offers something for following the account';

test('every id there is has a test that names it', () => {
  const tests = [HERE, join(HERE, '../live')]
    .flatMap(folder => readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8')))
    .join('\n');
  expect(Object.keys(LINTS).filter(id => !new RegExp(`['\`]${id} |\\d ${id} |'${id}'`).test(tests))).toEqual([]);
});

test('every warning says what it rests on, and none is off that costs an account', () => {
  for (const { basis } of Object.values(LINTS)) expect(basis).not.toBe('');
  for (const id of ['induce-follow', 'induce-share', 'pays-for-followers', 'red-packet-not-cash'] as const)
    expect(LINTS[id].severity).toBe('warning');
});

describe('how grave a warning is', () => {
  test('is what bot.yaml says', () => {
    const severity = (severity: 'error' | 'warning' | 'off') =>
      lintFiles(
        [{ file: 'a.yaml', text: edited(CLEAN, [NAME]) }],
        settled({ severity: { 'induce-follow': severity } }),
      ).warnings.map(each => each.severity);
    expect(severity('error')).toEqual(['error']);
    expect(severity('warning')).toEqual(['warning']);
    expect(severity('off')).toEqual([]);
  });

  test('is read with the rest of bot.yaml, and said where it is wrong', () => {
    expect(configWith('lint: { no-public-rules: off, induce-follow: error, topPrize: ¥5000.00 }').lint).toEqual({
      severity: { 'no-public-rules': 'off', 'induce-follow': 'error' },
      topPrize: 5000_00,
    });
    expect(configWith('').lint).toEqual({ severity: {}, topPrize: 50_000_00 });
    const findings = (lint: string): string[] => {
      try {
        configWith(lint);
      } catch (error) {
        return error instanceof BadInput ? error.findings.map(each => `${each.column} ${each.message}`) : [];
      }
      return [];
    };
    expect(findings('lint: { induce-folow: error, no-tests: fatal, topPrize: 5000 }')).toEqual([
      '9 unknown key "induce-folow"; did you mean "induce-follow"?',
      expect.stringContaining('unknown word "fatal" for a severity'),
      '57 an amount has the sign and two decimals: write ¥5000.00',
    ]);
  });
});

const BOT = `secret: 6f1d0b2c9e7a4853b1c6d8e2f4a7093581be6c2d4f90a37e
accounts: { tea: { appId: wx8888888888888888, appSecret: secretsecretsecretsecretsecret00, token: simToken01, mode: plain } }
`;

function configWith(lint: string): Config {
  const file = join(folder, 'bot.yaml');
  writeFileSync(file, `${BOT}${lint}\n`);
  return loadConfig(file, {});
}

describe('a file with a warning that is an error', () => {
  const ANSWERING = `campaign: a\nname: 关注有礼\nperiod: { from: 2026-03-01, to: 2026-03-10 }\nrules: [{ id: x, on: text, reply: 好 }]\n`;
  const log = () => {
    const lines: string[] = [];
    const note = (level: string) => (_: object, text: string) => void lines.push(`${level} ${text}`);
    return { lines, debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  };

  test('does not go live; with a warning it does, and the log says so', async () => {
    writeFileSync(join(folder, 'a.yaml'), ANSWERING);
    const config = (lint: string): Config => ({ ...configWith(lint), rules: join(folder, 'a.yaml') });
    const quiet = log();
    const book = await openRulebook(config(''), quiet);
    expect(book.current().campaigns).toHaveLength(1);
    await book.refresh(); // the first look of the timetable says what is likely a mistake
    await vi.waitFor(() => expect(quiet.lines).toHaveLength(1), 10_000);
    expect(quiet.lines).toEqual([expect.stringMatching(/^warn .*a\.yaml:2:7: "关注有礼" offers something/)]);
    await expect(openRulebook(config('lint: { induce-follow: error }'), log())).rejects.toThrow(
      /2:7: "关注有礼" offers/,
    );
  });
});

describe('a comment', () => {
  const off = (comment: string, edits: readonly Edit[] = [NAME], around = ALONE) =>
    lintFiles([{ file: 'a.yaml', text: `${comment}\n${edited(CLEAN, edits)}` }], around);
  const said = (...args: Parameters<typeof off>) => off(...args).warnings.map(show);
  const moved = SAID.replace('2:7', '3:7');

  test('with an id and a reason switches a warning off for its file', () => {
    const { warnings, silenced } = off('# lint-off: induce-follow 法务确认过，是老活动的名字');
    expect(warnings).toEqual([]);
    expect(silenced).toEqual([
      { file: 'a.yaml', line: 1, id: 'induce-follow', reason: '法务确认过，是老活动的名字', count: 1 },
    ]);
  });

  test('may name several, and stand anywhere', () => {
    const two: Edit[] = [NAME, ['sendName: 阿茶茶饮', 'sendName: 阿茶茶饮, scene: PRODUCT_2']];
    expect(said('# lint-off: induce-follow, scene-not-needed 都说好了', two)).toEqual([]);
    expect(saidOf([NAME, ['rules:', '  # lint-off: induce-follow 说好了\nrules:']])).toEqual([]);
  });

  test('without a reason works, and is asked for one', () => {
    expect(said('# lint-off: induce-follow')).toEqual([
      '1:1 lint-off-no-reason say why behind it: # lint-off: induce-follow 两个文件都要答',
    ]);
  });

  test('that switches nothing off is said', () => {
    expect(said('# lint-off: induce-share 没有了', [])).toEqual([
      '1:1 lint-off-unused there is no "induce-share" in this file; take the comment out',
    ]);
    expect(said('# lint-off: induce-folow 写错了')).toEqual([
      '1:1 lint-off-unknown there is no warning "induce-folow"; did you mean "induce-follow"?',
      moved,
    ]);
    expect(said('# lint-off:')).toEqual([
      '1:1 lint-off-unknown say which warning: # lint-off: keyword-conflict, and why',
      moved,
    ]);
  });

  test('does not switch off what bot.yaml makes an error', () => {
    const strict = settled({ severity: { 'induce-follow': 'error' } });
    expect(said('# lint-off: induce-follow 说好了', [NAME], strict)).toEqual([
      '1:1 lint-off-refused bot.yaml makes "induce-follow" an error; it cannot be switched off here',
      moved,
    ]);
  });

  test('is no comment inside a text', () => {
    const inside: Edit = ['reply: 每天', 'reply: |\n      # lint-off: induce-follow 只是文字\n      每天'];
    expect(saidOf([NAME, inside])).toEqual([SAID]);
  });

  test('is about its own file only', () => {
    const files = [
      { file: 'a.yaml', text: `# lint-off: induce-follow 说好了\n${edited(CLEAN, [NAME])}` },
      {
        file: 'b.yaml',
        text: edited(CLEAN, [
          ['campaign: spring', 'campaign: other'],
          NAME,
          ['恭喜发财 }\n    once', '早 }\n    once'],
          ['活动规则', '规则'],
          ['text: 恭喜发财 }\n', 'text: 早 }\n'],
        ]),
      },
    ];
    expect(lintFiles(files).warnings.map(each => `${each.file}:${show(each)}`)).toEqual([`b.yaml:${SAID}`]);
  });
});

describe('a place', () => {
  const at = (path: Path, word?: string) => {
    const { line, column } = placeIn(TEXT, path, word);
    return `${line}:${column}`;
  };
  const TEXT = `\uFEFFname: 茶
flow: { a: 1, b: { c: [x, "y z"] } }
block:
  deep: 好
  list:
    - one
    - { two: 2 }
text: |
  第一行
  第二行 {{amount}}
empty:
`;

  test.each<[string, Path, string]>([
    ['a value', ['name'], '1:7'],
    ['a value in braces', ['flow', 'b', 'c', 1], '2:27'],
    ['the braces themselves', ['flow', 'b'], '2:18'],
    ['a block by its key', ['block'], '3:1'],
    ['a value in a block', ['block', 'deep'], '4:9'],
    ['a list by its key', ['block', 'list'], '5:3'],
    ['an element of a list', ['block', 'list', 0], '6:7'],
    ['a map in a list', ['block', 'list', 1, 'two'], '7:14'],
    ['a block of text by where it begins', ['text'], '8:7'],
    ['a key without a value', ['empty'], '11:1'],
    ['what is nearest to something that is not there', ['block', 'none', 'at', 'all'], '3:1'],
    ['what is nearest to something deeper', ['name', 'text'], '1:7'],
    ['the file', [], '1:1'],
  ])('of %s', (_, path, place) => {
    expect(at(path)).toBe(place);
  });

  test('of a word in a text, or in any text below', () => {
    expect(at(['text'], '第二行')).toBe('10:3');
    expect(at(['text'], '{{amount}}')).toBe('10:7');
    expect(at(['flow'], 'y z')).toBe('2:27');
    expect(at(['name'], '没有')).toBe('1:7');
  });

  test('in a file that is no YAML is its beginning', () => {
    expect(placeIn('a: [', ['a'])).toEqual({ line: 1, column: 1 });
  });
});

test('warnings come in the order of files and places', () => {
  const text = edited(CLEAN, [NAME, ['reply: 每天', 'reply: 人人有奖，转发有礼，每天'], [', alertAt: [80%]', '']]);
  expect(lintFiles([{ file: 'a.yaml', text }]).warnings.map(({ line, column }) => `${line}:${column}`)).toEqual([
    '2:7',
    '4:9',
    '20:12',
    '20:17',
  ]);
});

test('of several accounts each campaign has the caps of its own merchant', () => {
  const limits = { perSecond: 30, perUserPerDay: 10, amountPerUserPerDay: fen(1000_00), amountPerDay: fen(100_00) };
  const around = {
    ...ALONE,
    accounts: new Map([
      ['tea', { merchant: 'rich' }],
      ['cake', { merchant: 'poor' }],
    ]),
    merchants: new Map([
      ['rich', { name: 'rich', showsPacket: true, limits: { ...limits, amountPerDay: fen(1_000_000_00) } }],
      ['poor', { name: 'poor', showsPacket: true, limits }],
    ]),
  };
  const said = (account: string) => saidOf([['name:', `account: ${account}\nname:`]], around);
  expect(said('tea')).toEqual([]);
  expect(said('cake').map(each => each.split(' ')[1])).toContain('merchant-day-cap');
});

test('the samples have no warning that costs an account', () => {
  const rules = join(HERE, '../../../rules');
  const files = readdirSync(rules)
    .filter(name => name.endsWith('.yaml'))
    .map(file => ({ file, text: readFileSync(join(rules, file), 'utf8') }));
  const { campaigns } = loadCampaigns(files);
  const inputs = campaigns.map(campaign => ({
    campaign,
    text: files.find(({ file }) => file === campaign.file)!.text,
  }));
  const grave = lint(inputs, ALONE).filter(({ basis }) => /诱导|红包的公告|赌博/.test(inLang(basis, 'zh')));
  expect(grave).toEqual([]);
});
