// Printed codes (一物一码): made, registered, set active, used once.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { activate, generate, importCodes } from '../../src/commands/account/codes.ts';
import { eventKey, openId } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { boxesFrom, codeLineFrom, linesOf, shareFrom } from '../../src/core/ops/code-batch.ts';
import { codeFrom } from '../../src/core/rules/printed-code.ts';
import { cellsOf } from '../../src/core/yaml/csv.ts';
import { ENV, PEM_LINES, startWorld, type World } from '../support/harness.ts';

const RULES = `
campaign: cap
name: 开盖有喜
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶, scene: PRODUCT_1 }
prizes:
  small: { redpacket: ¥1.00 }
  big: { redpacket: ¥18.80 }
rules:
  - id: redeem
    on: { code: spring }
    once: perEvent
    give: assigned
    guess: { tries: 5, per: 1h }
    replies:
      won: 正品验证通过！{{amount}} 元红包已发出。
      used: 这个码已经用过。
      invalid: 没有找到这个码。
      inactive: 这一箱还没有激活。
      locked: 尝试次数过多。
`;

describe('a batch of codes', () => {
  test('has as many of each prize as planned, no code twice, each with its checksum, in boxes one after the other', () => {
    const shares = [shareFrom('small=900')!, shareFrom('big=100')!];
    const lines = [...linesOf('spring', shares, 64, randomBytes)];
    expect(new Set(lines.map(({ code }) => code)).size).toBe(1000);
    expect(lines.filter(({ prize }) => prize === 'big')).toHaveLength(100);
    expect(lines.every(({ code }) => codeFrom(code) === code)).toBe(true);
    expect(lines.map(({ box }) => box)).toEqual(Array.from({ length: 1000 }, (_, n) => Math.floor(n / 64) + 1));
    const firstHalf = lines.slice(0, 500).filter(({ prize }) => prize === 'big').length;
    expect(firstHalf).toBeGreaterThan(20); // shuffled: not all at one end
    expect(firstHalf).toBeLessThan(80);
  });

  test('is drawn anew where chance repeats itself', () => {
    let calls = 0;
    const poor = (bytes: number): Buffer => (calls++ === 0 ? Buffer.alloc(bytes, 7) : randomBytes(bytes));
    const codes = [...linesOf('spring', [{ prize: 'small', count: 50 }], 10, poor)].map(({ code }) => code);
    expect(new Set(codes).size).toBe(50);
  });

  test.each([
    [
      '1-10,15',
      [
        [1, 10],
        [15, 15],
      ],
    ],
    [' 3 ', [[3, 3]]],
    ['10-1', undefined],
    ['a', undefined],
    ['', undefined],
  ])('boxes %j', (text, boxes) => expect(boxesFrom(text)).toEqual(boxes));

  test.each(['small', 'small=0', 'a b=1', '=3', 'small=1e3'])('is no share: %s', text =>
    expect(shareFrom(text)).toBeUndefined(),
  );

  test('a line with a slip of the pen says which cell is wrong', () => {
    const [line] = linesOf('spring', [{ prize: 'small', count: 1 }], 1, randomBytes);
    const { code } = line!;
    const read = (text: string) => codeLineFrom(cellsOf({ text, line: 1 }, () => {}));
    expect(read(`${code},spring,1,small`)).toEqual({ code, batch: 'spring', box: 1, prize: 'small' });
    expect(read(`${code},spring,x,small`)).toMatchObject({ line: 1, column: 21 });
    expect(read(`${code},Spring,1,small`)).toMatchObject({ line: 1, column: 14 });
    expect(read(`${code.slice(1)}A,spring,1,small`)).toMatchObject({ line: 1, column: 1 });
    expect(read(code)).toMatchObject({ line: 1, column: 1 });
  });
});

describe('codes on the counter', () => {
  let folder: string;
  let world: World | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hongbao-codes-'));
  });
  afterEach(async () => {
    await world?.close();
    world = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function shop(): Promise<{ codes: string[]; say(user: string, text: string): Promise<string> }> {
    world = await startWorld({ rules: RULES, certificate: () => PEM_LINES });
    process.env.TEST_SECRET = ENV.TEST_SECRET;
    const config = join(world.folder, 'bot.yaml');
    const out = join(folder, 'codes.csv');
    expect(await generate({ batch: 'spring', prize: ['small=90', 'big=10'], boxSize: '50', out })).toBe(0);
    expect(await importCodes(out, { config })).toBe(0);
    expect(await importCodes(out, { config })).toBe(0);
    await expect(generate({ batch: 'spring', prize: ['small=1'], boxSize: '50', out })).rejects.toThrow(
      /is there already/,
    );
    const codes = readFileSync(out, 'utf8').trim().split('\r\n').slice(1);
    const { control } = world.simulator;
    const say = async (user: string, text: string): Promise<string> =>
      world!.said(await control.act(user, { kind: 'text', text }));
    return { codes, say };
  }

  test('may be used once its box is active, by one person, who is paid what was printed', async () => {
    const { codes, say } = await shop();
    const [ann, bob] = [world!.person(true), world!.person(true)];
    const [code, , , prize] = codes[0]!.split(',');
    expect(await say(ann, code!)).toBe('这一箱还没有激活。');
    const config = join(world!.folder, 'bot.yaml');
    await expect(activate('autumn', { config, all: true })).rejects.toThrow(/no batch "autumn"/);
    expect(await activate('spring', { config, boxes: '1' })).toBe(0);
    const amount = prize === 'big' ? '18.80' : '1.00';
    expect(await say(ann, ` ${code!.toLowerCase()} `)).toBe(`正品验证通过！${amount} 元红包已发出。`);
    expect(await say(bob, code!)).toBe('这个码已经用过。');
    expect(await say(bob, codes[60]!.split(',')[0]!)).toBe('这一箱还没有激活。');
  });

  test('a box that was set off stays off when its file is imported again with --activate, until it is named', async () => {
    const { codes } = await shop(); // box 1 and 2, about which nobody has decided
    const config = join(world!.folder, 'bot.yaml');
    const file = join(folder, 'codes.csv');
    const on = async (n: number): Promise<boolean | undefined> => {
      const wanted = { account: 'tea', user: openId('o'), merchant: undefined, claims: [], counters: [] };
      return (await world!.store.facts({ ...wanted, code: codes[n]!.split(',')[0]! })).code?.active;
    };
    const said: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => said.push(String(text)) > 0);
    try {
      await activate('spring', { config, boxes: '1', off: true }); // lost on the way
      // A batch of which a part came before: only the boxes of this file are meant.
      const other = [...linesOf('spring', [{ prize: 'small', count: 10 }], 5, randomBytes)];
      const later = join(folder, 'later.csv');
      const rows = other.map(line => `${line.code},spring,${line.box + 2},small`);
      writeFileSync(later, `code,batch,box,prize\r\n${rows.join('\r\n')}\r\n`);
      await importCodes(later, { config, activate: true }); // boxes 3 and 4
      expect([await on(0), await on(60)]).toEqual([false, false]);
      said.length = 0;
      await importCodes(file, { config, activate: true });
      expect([await on(0), await on(60)]).toEqual([false, true]);
      expect(said.join('')).toBe(
        '100 codes, 0 of them new; 50 were set active\nleft off, as they were set off before: boxes 1 of spring; `hongbao codes activate spring --boxes 1` switches them on\n',
      );
      await activate('spring', { config, boxes: '3', off: true });
      said.length = 0;
      await activate('spring', { config, all: true });
      expect(said.join('')).toMatch(/^0 codes of batch spring are active now\nleft off, .*: boxes 1,3 of spring;/);
      await activate('spring', { config, boxes: '1' });
      expect(await on(0)).toBe(true);
    } finally {
      write.mockRestore();
    }
  });

  test('two people type one code in the same moment: one has it', async () => {
    const { codes, say } = await shop();
    await activate('spring', { config: join(world!.folder, 'bot.yaml'), all: true });
    const people = Array.from({ length: 8 }, () => world!.person(true));
    const code = codes[5]!.split(',')[0]!;
    const said = await Promise.all(people.map(user => say(user, code)));
    expect(said.filter(text => text.startsWith('正品'))).toHaveLength(1);
    expect(said.filter(text => text === '这个码已经用过。')).toHaveLength(7);
  });

  test('who guesses is cut off; a slip of the pen is no guess', { timeout: 60_000 }, async () => {
    const { codes, say } = await shop();
    await activate('spring', { config: join(world!.folder, 'bot.yaml'), all: true });
    const eve = world!.person(true);
    const code = codes[0]!.split(',')[0]!;
    const slip = `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`;
    for (let n = 0; n < 6; n++) expect(await say(eve, slip)).toBe('没有找到这个码。');
    const guesses = [...linesOf('spring', [{ prize: 'small', count: 7 }], 50, randomBytes)].map(line => line.code);
    const said: string[] = [];
    for (const guess of guesses) said.push(await say(eve, guess));
    expect(said).toEqual([...Array(5).fill('没有找到这个码。'), '尝试次数过多。', '尝试次数过多。']);
    expect(await say(eve, code)).toBe('尝试次数过多。');
  });

  test('ten thousand guesses reach none', { timeout: 120_000 }, async () => {
    const { codes } = await shop();
    await activate('spring', { config: join(world!.folder, 'bot.yaml'), all: true });
    const user = openId(world!.person(true));
    const sentAt = instant(Date.now());
    const guess = (text: string, n: number): Promise<unknown> =>
      world!.bot.flow.handle({ key: eventKey(`m:${user}:${n}`), account: 'tea', user, sentAt, kind: 'text', text });
    const guesses = [...linesOf('spring', [{ prize: 'small', count: 10_000 }], 50, randomBytes)];
    for (let n = 0; n < guesses.length; n += 100)
      await Promise.all(guesses.slice(n, n + 100).map(({ code }, m) => guess(code, n + m)));
    await guess(codes[0]!.split(',')[0]!, 10_000);
    expect(await world!.store.payouts({ limit: 10 })).toEqual([]);
  });

  test('a CSV that is none says where, and a code with another prize is refused', async () => {
    await shop();
    const config = join(world!.folder, 'bot.yaml');
    const bad = join(folder, 'bad.csv');
    writeFileSync(bad, 'code,batch,box,prize\r\nABC,spring,1,small\r\n');
    await expect(importCodes(bad, { config })).rejects.toThrow(/bad\.csv:2:1: "ABC" is no code/);
    const [first] = readFileSync(join(folder, 'codes.csv'), 'utf8').split('\r\n').slice(1);
    writeFileSync(bad, `${first!.replace(/(small|big)$/, 'huge')}\r\n`);
    await expect(importCodes(bad, { config })).rejects.toThrow(/registered once/);
  });
});
