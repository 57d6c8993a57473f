// `hongbao check`: what it prints, what it marks, and when it fails.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type CheckOptions, check, frameOf } from '../../src/commands/rules/check.ts';
import { ENV } from '../support/harness.ts';
import { issue } from '../support/issue.ts';
import { CLEAN, type Edit, edited } from '../support/lint.ts';
import { inProcess } from '../support/platform-world.ts';

const folders: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs it on these files; names in what it prints are those of the files. */
async function checked(files: Readonly<Record<string, string>>, options: CheckOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'check-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const parts: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    parts.push(String(part));
    return true;
  });
  try {
    const code = await check([folder], options);
    return { code, out: parts.join('').replaceAll(`${relative(process.cwd(), folder)}/`, '') };
  } finally {
    write.mockRestore();
  }
}

// These files are looked at long after their period: that is switched off here.
const NOW = '# lint-off: period-over 测试里的时间是定好的\n';
const clean = (...edits: Edit[]) => NOW + edited(CLEAN, edits);
const BAD: Edit = ['weight: 80', 'wieght: 80'];
const MOST_OF_ONE = 'spring: one follower takes at most ¥8.80 in a day, ¥44.00 in all\n';
const INDUCING: Edit = ['name: 新春口令', 'name: 关注有礼'];

describe('check', () => {
  test('has nothing to say of good files', async () => {
    const { code, out } = await checked({
      'a.yaml': edited(CLEAN, [
        ['2026-03-01 00:00, to: 2026-03-10', '2096-03-01 00:00, to: 2096-03-10'],
        ['at: 2026', 'at: 2096'],
      ]),
    });
    expect({ code, out }).toEqual({ code: 0, out: `${MOST_OF_ONE}1 file, no findings\n` });
  });

  test('says what it could not look at: without a configuration, outside its folder, and of a part of it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'check-'));
    folders.push(folder);
    const bot = join(folder, 'bot.yaml');
    mkdirSync(join(folder, 'rules'));
    for (const name of ['rules/a.yaml', 'outside.yaml']) writeFileSync(join(folder, name), `${clean()}`);
    const { certPem, keyPem } = issue();
    writeFileSync(join(folder, 'c.pem'), certPem);
    writeFileSync(join(folder, 'k.pem'), keyPem);
    writeFileSync(
      bot,
      `publicUrl: http://127.0.0.1:3000
store: sqlite:none.db
rules: rules
secret: ${ENV.TEST_SECRET}
accounts: { tea: { appId: wx8888888888888888, appSecret: 0123456789abcdef0123456789abcdef, token: tok1, mode: plain, merchant: shop } }
merchants: { shop: { mchId: 1900000109, apiV2Key: 0123456789abcdef0123456789ABCDEF, certificate: c.pem, privateKey: k.pem, limits: { max: ¥1.00 } } }
`,
    );
    const outcome = (paths: string[], options: CheckOptions = {}) => inProcess(() => check(paths, options));
    const limit = /merchant "shop" pays/;
    const before = process.cwd();
    process.chdir(folder);
    try {
      const inside = await outcome(['rules/a.yaml']);
      expect([inside.code, inside.out]).toEqual([1, expect.stringMatching(limit)]);
      expect(inside.err).toContain('not looked at: the other files of the folder');
      const whole = await outcome(['rules']);
      expect([whole.code, whole.err]).toEqual([1, expect.not.stringContaining('not looked at')]);
      const outside = await outcome(['outside.yaml']);
      expect([outside.code, outside.out]).toEqual([0, expect.not.stringMatching(limit)]);
      expect(outside.err).toMatch(
        /not looked at: whether accounts exist, what merchants may pay \(limits, channel\).*say --config bot\.yaml/,
      );
      const named = await outcome(['outside.yaml'], { config: 'bot.yaml' });
      expect([named.code, named.out]).toEqual([1, expect.stringMatching(limit)]);
      writeFileSync(bot, 'secret: a\n');
      const broken = await outcome(['rules/a.yaml']);
      expect([broken.code, broken.err]).toEqual([
        0,
        expect.stringMatching(/not looked at: .*bot\.yaml is not fit to start with/),
      ]);
      rmSync(bot);
      const alone = await outcome(['rules/a.yaml'], { json: true });
      expect(JSON.parse(alone.out)).toMatchObject({ unseen: expect.stringContaining('there is no data/bot.yaml') });
    } finally {
      process.chdir(before);
    }
  });

  test('prints warnings with their id and what they rest on, and is fine', async () => {
    expect(await checked({ 'a.yaml': clean(INDUCING) })).toEqual({
      code: 0,
      out:
        'a.yaml:3:7: warning: "关注有礼" offers something for following the account [induce-follow: rules of the Official Accounts platform, 3.3 (as of 2026-06-20): inducing to follow (诱导关注)]\n' +
        '    could be: "感谢关注" may be said; let the condition be a scan in the shop, a word to send, a payment or a quiz, not following\n' +
        `${MOST_OF_ONE}1 file, no findings, 1 warning, 1 switched off\n`,
    });
  });

  test('fails for warnings only with --strict', async () => {
    expect((await checked({ 'a.yaml': clean(INDUCING) }, { strict: true })).code).toBe(1);
    expect((await checked({ 'a.yaml': clean() }, { strict: true })).code).toBe(0);
  });

  test('prints findings and warnings of all files in their order', async () => {
    const { code, out } = await checked({
      'b.yaml': clean(INDUCING, ['campaign: spring', 'campaign: b']),
      'a.yaml': clean(BAD, ['campaign: spring', 'campaign: a']),
      'c.yaml': clean(['once: perEvent', 'once:perEvent'], ['campaign: spring', 'campaign: c']),
    });
    expect(code).toBe(1);
    expect(
      out
        .split('\n')
        .filter(line => /^\w\.yaml/.test(line))
        .map(line => line.split(' ')[0]),
    ).toEqual(['a.yaml:9:30:', 'b.yaml:3:7:', expect.stringMatching(/^c\.yaml:\d+:\d+:$/)]);
    expect(out).toContain('2 findings in 3 files, 1 warning, 1 switched off\n');
  });

  test('marks the place in its line where it is asked to', async () => {
    const { out } = await checked({ 'a.yaml': clean(INDUCING) }, { frame: true });
    expect(out.split('\n').slice(1, 3)).toEqual(['    3 | name: 关注有礼', '              ^']);
    expect(out).toContain(
      'spring: at most ¥1000.00 (budget.total); a claim wins at most ¥8.80, ¥1.24 on the average; ¥1000.00 is enough for some 998 claims\n',
    );
  });

  test('as JSON has all fields, and what was switched off', async () => {
    const { out } = await checked({ 'a.yaml': clean(INDUCING) }, { json: true });
    const { warnings, silenced, findings, spend, campaigns, files } = JSON.parse(out);
    expect({ files, campaigns, findings }).toEqual({ files: 1, campaigns: ['spring'], findings: [] });
    expect(warnings).toEqual([
      {
        file: 'a.yaml',
        line: 3,
        column: 7,
        message: '"关注有礼" offers something for following the account',
        id: 'induce-follow',
        severity: 'warning',
        basis: 'rules of the Official Accounts platform, 3.3 (as of 2026-06-20): inducing to follow (诱导关注)',
        advice: expect.stringContaining('感谢关注'),
      },
    ]);
    expect(silenced).toEqual([
      { file: 'a.yaml', line: 1, id: 'period-over', reason: '测试里的时间是定好的', count: 1 },
    ]);
    const one = { day: 880, ever: 4400, isBounded: true, per: [] };
    expect(spend).toEqual([
      {
        campaign: 'spring',
        most: { sum: 100_000, why: 'budget.total' },
        mostOfClaim: 880,
        mean: 124,
        claims: 998,
        one,
      },
    ]);
  });

  test('says when a campaign is over', async () => {
    const { out } = await checked({ 'a.yaml': CLEAN });
    expect(out).toContain('a.yaml:3:39: warning: the campaign was over at 2026-03-11 00:00');
  });

  test('marks the line of a list beside the file', async () => {
    const { out } = await checked(
      { 'a.yaml': `${clean()}segments: { 员工: staff.csv }\n`, 'staff.csv': 'openid\nann\n' },
      { frame: true },
    );
    expect(out).toMatch(/staff\.csv:2:1: .*\n {4}2 \| ann\n {8}\^\n/);
  });
});

describe('a frame', () => {
  test('counts a Chinese character as two columns', () => {
    expect(frameOf('名: 茶 x', 7, 6)).toBe('    7 | 名: 茶 x\n               ^');
  });

  test('of a long line shows the part around the place', () => {
    const [line, caret] = frameOf(`${'a'.repeat(300)}X${'b'.repeat(300)}`, 1, 301).split('\n');
    expect(line!.length).toBeLessThan(120);
    expect(line![caret!.indexOf('^')]).toBe('X');
  });

  test('of a place behind the end of its line stands behind it', () => {
    expect(frameOf('ab', 1, 9)).toBe('    1 | ab\n          ^');
  });
});

test('a rule file that Windows has named .yaml.txt is no file less: it is a finding with its name', async () => {
  const { code, out } = await checked({ 'tea.yaml.txt': clean(), 'notes.txt': 'x', 'old.yaml.off': 'x' });
  expect(out).toContain('tea.yaml.txt:1:1: the file is not read: a rule file ends in .yaml; rename it to tea.yaml\n');
  expect(code).toBe(1);
  expect((await checked({ 'TEA.YAML': clean() })).code).toBe(1);
});
