// The lists beside a rule file: how a table is read, what is said of a wrong one and where, which files can be had at all,
// and that a changed list is a changed rule file.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { showFinding } from '../../../src/core/base/error.ts';
import { loadCampaign, loadCampaigns } from '../../../src/core/rules/file/load.ts';
import { readCsv } from '../../../src/core/yaml/csv.ts';
import { checkRuleFiles, openRulebook } from '../../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../../src/engine/rulebook-files.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { configOf } from '../../support/config.ts';

describe('a table', () => {
  const cells = (text: string) => readCsv(text, () => undefined).map(row => row.cells.map(cell => cell.text));
  const places = (text: string) =>
    readCsv(text, () => undefined).map(row => row.cells.map(({ line, column }) => `${line}:${column}`));
  function complaints(text: string): string[] {
    const said: string[] = [];
    readCsv(text, ({ line, column }, message) => said.push(`${line}:${column} ${message}`));
    return said;
  }

  test.each([
    [
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a\rb\r', [['a'], ['b']]],
    ['\uFEFFa,b', [['a', 'b']]],
    ['"a,b","say ""hi"""', [['a,b', 'say "hi"']]],
    ['"two\nlines",b\nc', [['two\nlines', 'b'], ['c']]],
    ['"two\r\nlines",b', [['two\r\nlines', 'b']]],
    [' a , "b" ,c', [['a', 'b', 'c']]],
    ['a,,c', [['a', '', 'c']]],
    ['a,,\n', [['a']]],
    ['\n,,\n \na', [['a']]],
    ['5" pipe,b', [['5" pipe', 'b']]],
    ['""', []],
    ['', []],
  ])('%j is read as a spreadsheet means it', (text, expected) => {
    expect(cells(text)).toEqual(expected);
    expect(complaints(text)).toEqual([]);
  });

  test('has a place for every cell, also behind quotes and lines in a cell', () => {
    expect(places('a, b\n"x,\ny",c\n\nd')).toEqual([['1:1', '1:4'], ['2:1', '3:4'], ['5:1']]);
  });

  test.each([
    ['a,"b\nc', ['1:3 a quotation mark without its other half; write the cell without quotes, or "…"']],
    ['"a"b,c', ['1:4 "b" stands behind the quotes of its cell; write "" for a quote in it']],
    ['a\uFFFD', ['1:1 the file is not UTF-8; save the table as "CSV UTF-8"']],
    ['a\0b\0', ['1:1 the file is not UTF-8; save the table as "CSV UTF-8"']],
  ])('%j is refused', (text, expected) => {
    expect(complaints(text)).toEqual(expected);
  });
});

// ── What is said of each kind ────────────────────────────────────────────────────────────────────────────────

const HEAD = 'campaign: a\nname: a\nperiod: { from: 2027-02-01, to: 2027-02-28 }\nprizes: { p: { nothing: true } }\n';
const FILES: Readonly<Record<string, string>> = {
  segment: `${HEAD}segments: { s: x.csv }\nrules: [{ id: a, on: text, reply: 好 }]\n`,
  stores: `${HEAD}stores: x.csv\nrules: [{ id: a, on: text, reply: 好 }]\n`,
  quiz: `${HEAD}rules: [{ id: a, on: text, give: p, quiz: { bank: x.csv, questions: 1, pass: 1, time: 9s, triesPerDay: 1 } }]\n`,
  coupons: `${HEAD.replace('nothing: true', 'coupon: x.csv')}rules: [{ id: a, on: text, give: p, replies: { won: "{{coupon}}" } }]\n`,
  passwords: `${HEAD}rules: [{ id: a, on: { text: { daily: x.csv } }, give: p }]\n`,
};

function says(kind: string, table: string): string[] {
  const loaded = loadCampaign('rules/a.yaml', FILES[kind]!, undefined, name => (name === 'x.csv' ? table : undefined));
  return 'findings' in loaded ? loaded.findings.map(showFinding) : [];
}

const O = 'oMember000000000000000000001';

describe('a list that is wrong', () => {
  test.each<[kind: string, table: string, says: readonly string[]]>([
    ['segment', '', ['1:1: the file names nobody; expected an openid in the first column']],
    ['segment', 'openid\n', ['1:1: the file names nobody; expected an openid in the first column']],
    [
      'segment',
      `OpenID,name\n${O},ann\n${O}x,bob\nann,cat\n,dan\n`,
      [
        `3:1: "${O}x" is no openid: it has 29 characters, expected 28`,
        '4:1: "ann" is no openid: it has 3 characters, expected 28',
        '5:1: no openid in this line',
      ],
    ],
    ['stores', '', ['1:1: the file is empty; expected a first line scene,name,hours']],
    ['stores', 'scene,name,hours\n', ['1:1: nothing stands below the first line']],
    ['stores', 'store-001,城东店\n', ['1:1: no column "scene", "name"; the first line is scene,name,hours']],
    ['stores', 'scene，name，hours\n', ['1:1: the commas are full-width; write scene,name,hours']],
    ['stores', 'scene,nmae,hours\ns,n,\n', ['1:7: unknown column "nmae"; did you mean "name"?']],
    ['stores', 'scene,name,scene\ns,n,\n', ['1:12: the column "scene" is there twice']],
    [
      'stores',
      'scene,name,hours,city\ns-1,,9:00-22:00\n,店,\ns-1,店,08:00-25:00\ns-2,店,22:00-02:00\ns-3,店,all day\n',
      [
        '2:5: no name in this line',
        '3:1: no scene in this line',
        '4:1: the store "s-1" is there already, in line 2',
        '5:7: the hours end before they begin: "22:00-02:00"; across midnight write 22:00-24:00 00:00-02:00',
        '6:7: expected hours such as 10:00-22:00, or several with a space between them, found "all"',
        '6:7: expected hours such as 10:00-22:00, or several with a space between them, found "day"',
      ],
    ],
    ['quiz', 'question,A,B\n茶?,是,否\n', ['1:1: no column "answer"; the first line is question,A,B,C,D,answer']],
    [
      'quiz',
      'question,A,B,C,answer\n茶?,是,否,,C\n水?,是,,否,A\n茶?,是,否,,A\n,是,是,,B\n酒?,是,否,,是\n油?,是,否\n',
      [
        '2:9: the answer is one of A, B, found "C"',
        '3:6: no choice B in this line',
        '4:1: the question "茶?" is there already, in line 2',
        '5:1: no question in this line',
        '5:4: the choice B is the same as A',
        '6:9: the answer is one of A, B, found "是"',
        '7:7: the answer is one of A, B, found ""',
      ],
    ],
    ['coupons', '', ['1:1: the file has no coupon; expected one a line, in the first column']],
    ['coupons', '券码\n', ['1:1: the file has no coupon; expected one a line, in the first column']],
    [
      'coupons',
      'A1\nA2\n"A\n3"\nA1\n,x\n',
      [
        '3:1: a coupon stands on one line',
        '5:1: the coupon "A1" is there already, in line 1',
        '6:1: no coupon in this line',
      ],
    ],
    [
      'passwords',
      'date,password\n2027-02-30,茶\n2027-02-05,茶\n2027/2/5 0:00,Ｔea\n2027年2月5日,茶 \n2027-02-06,\n2027-02-06,茶\n,茶\n',
      [
        '2:1: expected a day such as 2026-03-01, found "2027-02-30"',
        '5:11: the password of that day "茶" is there already, in line 3',
        '6:11: no password in this line',
        '8:1: expected a day such as 2026-03-01, found ""',
      ],
    ],
    ['passwords', '2027-02-05,茶\n', ['1:1: no column "date", "password"; the first line is date,password']],
    ['coupons', 'A1\n"A2\n', ['2:1: a quotation mark without its other half; write the cell without quotes, or "…"']],
  ])('%s: %j', (kind, table, expected) => {
    expect(says(kind, table)).toEqual(expected.map(line => `rules/x.csv:${line}`));
  });

  test('from top to bottom says it twenty times, and how often more', () => {
    const said = says('segment', `openid\n${'ann\n'.repeat(1000)}`);
    expect(said).toHaveLength(21);
    expect(said.at(-1)).toBe('rules/x.csv:21:1: and 980 more like these below');
  });

  test('is said once, however many campaigns and keys name it', () => {
    const text = FILES.segment!.replace('{ s: x.csv }', '{ s: x.csv, t: x.csv }');
    const data = (): string => 'ann\n';
    const files = ['a', 'b'].map(id => ({
      file: `rules/${id}.yaml`,
      text: text.replace('campaign: a', `campaign: ${id}`),
      data,
    }));
    expect(loadCampaigns(files).findings.map(showFinding)).toEqual([
      'rules/x.csv:1:1: "ann" is no openid: it has 3 characters, expected 28',
    ]);
  });
});

test('a segment may be exported with everything a shop knows, as long as the openid comes first', () => {
  const loaded = loadCampaign(
    'a.yaml',
    FILES.segment!,
    undefined,
    () => `用户标识,昵称\n${O},"阿茶, 店长"\n${O},又一单\n`,
  );
  expect('campaign' in loaded && loaded.campaign.segments).toEqual(new Map([['s', new Set([O])]]));
});

// ── On disk ──────────────────────────────────────────────────────────────────────────────────────────────────

describe('a list on disk', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** A folder of rules with these files in it. */
  function folderOf(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'hongbao-lists-'));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) write(folder, name, text);
    return folder;
  }
  function write(folder: string, name: string, text: string): void {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  async function findings(folder: string): Promise<string[]> {
    const { findings } = checkRuleFiles(await readRuleFiles([folder]));
    return findings.map(each => showFinding({ ...each, file: relative(folder, each.file) }));
  }

  const naming = (file: string) => `${HEAD}segments: { s: ${file} }\nrules: [{ id: a, on: text, reply: 好 }]\n`;

  test('is found beside the rule file, and in folders below it', async () => {
    const folder = folderOf({ 'a.yaml': naming('lists/x.csv'), 'lists/x.csv': `${O}\n` });
    const { campaigns } = checkRuleFiles(await readRuleFiles([folder]));
    expect(campaigns[0]?.segments.get('s')).toEqual(new Set([O]));
    expect(checkRuleFiles(await readRuleFiles([join(folder, 'a.yaml')])).findings).toEqual([]);
  });

  test('that is not there is said at the key that names it', async () => {
    expect(await findings(folderOf({ 'a.yaml': naming('x.csv') }))).toEqual([
      'a.yaml:5:16: x.csv is not there; put it beside this file',
    ]);
  });

  test('that is wrong is said at its own line', async () => {
    expect(await findings(folderOf({ 'a.yaml': naming('x.csv'), 'x.csv': `${O}\nann\n` }))).toEqual([
      'x.csv:2:1: "ann" is no openid: it has 3 characters, expected 28',
    ]);
  });

  test('cannot be fetched from outside by a link', async () => {
    const outside = folderOf({ 'x.csv': `${O}\n` });
    const folder = folderOf({ 'a.yaml': naming('x.csv') });
    symlinkSync(join(outside, 'x.csv'), join(folder, 'x.csv'));
    expect(await findings(folder)).toEqual(['a.yaml:5:16: x.csv leads out of the folder of the rules']);
  });

  test('may be a link inside the folder, as Kubernetes mounts it', async () => {
    const folder = folderOf({ 'a.yaml': naming('x.csv'), '..data/x.csv': `${O}\n` });
    symlinkSync('..data/x.csv', join(folder, 'x.csv'));
    expect(await findings(folder)).toEqual([]);
  });

  test('is a file, and not an endless one', async () => {
    const folder = folderOf({
      'a.yaml': naming('x.csv'),
      'x.csv/y': '',
      'b.yaml': naming('y.csv').replace(': a', ': b'),
    });
    write(folder, 'y.csv', `${O}\n`.repeat(400_000));
    expect(await findings(folder)).toEqual([
      'a.yaml:5:16: x.csv is not a file',
      'b.yaml:5:16: y.csv has 11600000 bytes; at most 10000000 are read',
    ]);
  });

  test('that changes is a changed rule file: live when it is right, said when it is not', async () => {
    const folder = folderOf({ 'a.yaml': naming('x.csv'), 'x.csv': `${O}\n` });
    const lines: string[] = [];
    const log = { ...SILENT, info: noting('info'), warn: noting('warn'), error: noting('error') };
    function noting(level: string) {
      return (_: object, text: string) => void lines.push(`${level} ${text.split('\n')[0]!.replace(/ in .*/, '')}`);
    }
    const config = configOf({ rules: folder, merchants: [] });
    const book = await openRulebook(config, log);
    const people = () => [...book.current().campaigns[0]!.segments.get('s')!];

    await book.refresh();
    const hash = book.current().campaigns[0]!.hash;
    write(folder, 'x.csv', `${O.replace('Member', 'Friend')}\n\n`);
    await book.refresh();
    expect(people()).toEqual(['oFriend000000000000000000001']);
    expect(book.current().campaigns[0]!.hash).not.toBe(hash);

    write(folder, 'x.csv', 'ann\n');
    await book.refresh();
    await book.refresh();
    expect(people()).toEqual(['oFriend000000000000000000001']);

    write(folder, 'a.yaml', naming('y.csv'));
    await book.refresh();
    write(folder, 'y.csv', `${O}\n`);
    await book.refresh();
    await book.refresh();
    expect(people()).toEqual([O]);
    expect(lines).toEqual([
      'info the changed rules are live',
      'error the changed rules are NOT live, the former ones stay: the rules',
      'error the changed rules are NOT live, the former ones stay: the rules',
      'info the changed rules are live',
    ]);
  });
});
