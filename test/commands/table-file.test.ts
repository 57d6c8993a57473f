// Table files as people really hand them in: whatever a spreadsheet, a bill's download or a pipe makes of them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { visible, visibleJson, visibleLines } from '../../src/core/base/text.ts';
import { Rows } from '../../src/core/yaml/csv.ts';
import { encodingFrom, sniff } from '../../src/core/yaml/encoding.ts';
import { tableFile } from '../../src/lib/table-file.ts';
import { openIds, run } from '../support/command.ts';
import { ENV, startWorld, until, type World } from '../support/harness.ts';
import { has, isListOf, isNumber, isText, readJson } from '../support/json.ts';

let folder: string;
let world: World | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-table-'));
});
afterEach(async () => {
  await world?.close();
  world = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** GBK, for the few characters of a fund flow: from the bytes of the decoder's own table. */
function gbk(text: string): Buffer {
  const known = new Map<string, Buffer>();
  for (let high = 0x81; high <= 0xfe; high++)
    for (let low = 0x40; low <= 0xfe; low++)
      if (low !== 0x7f) known.set(new TextDecoder('gbk').decode(Uint8Array.of(high, low)), Buffer.of(high, low));
  return Buffer.concat([...text].map(each => (each < '\x80' ? Buffer.from(each) : known.get(each)!)));
}
const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');
const utf16be = (text: string): Buffer => utf16(text).swap16();

async function rowsOf(bytes: Buffer, encoding?: string): Promise<string[]> {
  const file = join(folder, 'table.csv');
  writeFileSync(file, bytes);
  const rows: string[] = [];
  for await (const piece of tableFile(file, encoding === undefined ? {} : { encoding }))
    rows.push(...piece.rows.map(({ text, line }) => `${line}:${text}`));
  return rows;
}

describe('a table file', () => {
  const text = '记账时间,备注\r\n1,"第一行\n第二行"\r\n2,完';
  const rows = ['1:记账时间,备注', '2:1,"第一行\n第二行"', '4:2,完'];

  test('is read as UTF-8, with a byte order mark or without, and out of gzip', async () => {
    expect(await rowsOf(Buffer.from(text))).toEqual(rows);
    expect(await rowsOf(Buffer.from(`\uFEFF${text}`))).toEqual(rows);
    expect(await rowsOf(gzipSync(text))).toEqual(rows);
  });

  test('in other letters is named, with the option that reads it; with that it is read', async () => {
    await expect(rowsOf(gbk(text))).rejects.toThrow(
      /table\.csv: the file is GBK, as spreadsheets in China save it; add --encoding gbk, or save the table as "CSV UTF-8"/,
    );
    await expect(rowsOf(gzipSync(gbk(text)))).rejects.toThrow(/the file is GBK/);
    for (const bytes of [utf16(text), utf16be(text), Buffer.from(text, 'utf16le')])
      await expect(rowsOf(bytes)).rejects.toThrow(/the file is UTF-16; add --encoding utf-16, or/);
    for (const name of ['gbk', 'GBK', 'gb18030', 'GB2312']) expect(await rowsOf(gbk(text), name)).toEqual(rows);
    for (const bytes of [utf16(text), utf16be(text)]) expect(await rowsOf(bytes, 'utf-16')).toEqual(rows);
    await expect(rowsOf(Buffer.of(0x31, 0xff, 0xff))).rejects.toThrow(/the file is not UTF-8; save the table/);
    await expect(rowsOf(Buffer.of(0x31, 0xff, 0xff), 'gbk')).rejects.toThrow(/the file is not gbk/);
    await expect(rowsOf(Buffer.from('a'), 'gkb')).rejects.toThrow(/--encoding gkb: expected one of utf-8, gbk/);
  });

  test('whose first other letter comes late is named all the same', async () => {
    await expect(rowsOf(Buffer.concat([Buffer.from('1,a\n'.repeat(50_000)), gbk('备注\n')]))).rejects.toThrow(/GBK/);
  });

  test('is the same however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '""', '\n', '\r\n', '红', ' ') }), table => {
        const lines = table.split(/\r\n|\n|\r/);
        const reader = new Rows();
        const found = [...lines.map(line => reader.push(line)), reader.end()].filter(row => row !== undefined);
        expect(found.map(row => row.text).join('\n')).toBe(lines.join('\n'));
        expect(found.map(({ line }) => line)).toEqual(found.map(({ line }) => line).toSorted((a, b) => a - b));
      }),
    );
  });

  test('of which a quotation mark is never closed is not swallowed whole', () => {
    const reader = new Rows();
    const lines = ['a,"b', ...Array.from({ length: 300 }, (_, n) => `line ${n}`)];
    const found = lines.map(line => reader.push(line)).filter(row => row !== undefined);
    expect(found.length).toBeGreaterThan(150);
  });

  test('may come out of a pipe byte by byte, zipped or not', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const bytes of [Buffer.from(text), gzipSync(text), utf16(text)]) {
      const read = (async () => {
        const found: string[] = [];
        const options = bytes[0] === 0xff ? { encoding: 'utf-16' } : {};
        for await (const piece of tableFile(pipe, options))
          found.push(...piece.rows.map(row => `${row.line}:${row.text}`));
        return found;
      })();
      const writer = await open(pipe, 'w');
      for (const byte of bytes) {
        await writer.write(Buffer.of(byte));
        await setImmediate();
      }
      await writer.close();
      expect(await read).toEqual(rows);
    }
  });

  test('that is not there, or is a folder, is said to be so', async () => {
    const all = async (file: string): Promise<void> => {
      for await (const _ of tableFile(file, {}, '--funds')) expect(_).toBeDefined();
    };
    await expect(all(join(folder, 'none.csv'))).rejects.toThrow(/--funds .*none\.csv cannot be read: ENOENT/);
    await expect(all(folder)).rejects.toThrow(/cannot be read: EISDIR/);
  });

  test('of Redis’s, Java’s or Excel’s spelling of an encoding is meant as well', () => {
    expect(['UTF8', 'utf_8', 'UTF-16LE', 'GB 18030', 'latin1'].map(encodingFrom)).toEqual([
      'utf-8',
      'utf-8',
      'utf-16',
      'gb18030',
      undefined,
    ]);
    expect(sniff(Buffer.of(0xe7, 0xba))).toBe('utf-8'); // cut off in the middle of 红
  });
});

describe('from the command line', () => {
  const head = '记账时间,业务名称,业务类型,收支类型,收支金额(元),备注,业务凭证号';

  /** A packet that was sent, and the bill that tells of it. */
  async function billOf(at: (ms: number) => string): Promise<string> {
    world = await startWorld();
    await world.simulator.control.act(world.person(), { kind: 'follow' });
    await until(async () => {
      await world!.newSettle().pass();
      return (await world!.store.payouts({ state: 'sent', limit: 1 })).length > 0;
    });
    const [payout] = await world.store.payouts({ limit: 1 });
    const yuan = (payout!.amount / 100).toFixed(2);
    return `${head}\r\n${at(payout!.sentAt!)},现金红包,现金红包,支出,${yuan},"两行\r\n备注",${payout!.billNo}\r\n资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n1,0,0.00,1,${yuan}\r\n`;
  }
  const spreadsheet = (ms: number): string => {
    const at = new Date(ms + 8 * 3_600_000);
    return `${at.getUTCFullYear()}/${at.getUTCMonth() + 1}/${at.getUTCDate()} ${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, '0')}`;
  };

  test('a fund flow balances that a spreadsheet has saved, in GBK, zipped, with its own dates and lines in remarks', async () => {
    const bill = await billOf(spreadsheet);
    const files: [string, Buffer, ...string[]][] = [
      ['plain.csv', Buffer.from(bill)],
      ['gbk.csv', gbk(bill), '--encoding', 'gbk'],
      ['utf16.csv', utf16(bill), '--encoding', 'utf-16'],
      ['bill.csv.gz', gzipSync(bill)],
    ];
    for (const [name, bytes, ...more] of files) {
      writeFileSync(join(world!.folder, name), bytes);
      const { code, out, err } = await run(world!.folder, 'audit', '--config', 'bot.yaml', '--funds', name, ...more);
      expect([name, code, err]).toEqual([name, 0, '']);
      expect(out).toContain(`with ${name}: 1 row (0 of other business left out)`);
    }
    const { code, err } = await run(world!.folder, 'audit', '--config', 'bot.yaml', '--funds', 'gbk.csv');
    expect([code, err]).toEqual([2, expect.stringContaining('the file is GBK')]);
    expect(err).not.toContain('\uFFFD');
  }, 60_000);

  test('openids come from GBK, from gzip and from a pipe', async () => {
    world = await startWorld();
    const people = openIds(3);
    const args = ['send', '--config', 'bot.yaml', '--campaign', 'test', '--amount', '1.00', '--dry-run', '--openids'];
    const table = `openid\n${people.join('\n')}`;
    writeFileSync(join(world.folder, 'people.csv.gz'), gzipSync(table));
    expect((await run(world.folder, ...args, 'people.csv.gz')).out).toMatch(/3 +3 +0 +0/);
    writeFileSync(join(world.folder, 'gbk.csv'), gbk(`${people[0]}\n甲\n`));
    const refused = await run(world.folder, ...args, 'gbk.csv', '--encoding', 'gbk');
    expect(refused.out).toContain('gbk.csv:2:1: "甲" is no openid');
    expect((await run(world.folder, ...args, 'gbk.csv')).err).toContain('the file is GBK');
    const cli = resolve(import.meta.dirname, '../../dist/cli.js');
    const line = `printf '%s\\n' ${people.join(' ')} | ${process.execPath} ${cli} ${args.join(' ')} /dev/stdin`;
    const env = { PATH: process.env.PATH!, ...ENV };
    expect(execFileSync('sh', ['-c', line], { cwd: world.folder, env }).toString()).toMatch(/3 +3 +0 +0/);
  }, 60_000);

  test('lists of rule files are read in the same way: zipped, quoted, with a mark; other letters are named', async () => {
    world = await startWorld();
    const rules = `campaign: a\nname: a\nperiod: { from: 2027-02-01, to: 2027-02-28 }\nprizes: { p: { nothing: true } }\nstores: stores.csv\nrules: [{ id: a, on: text, reply: 好 }]\n`;
    const table = 'scene,name,城市\r\n001,"人民路店, 二楼","上\n海"\r\n';
    writeFileSync(join(world.folder, 'lists.yaml'), rules);
    const check = async (bytes: Buffer): Promise<string> => {
      writeFileSync(join(world!.folder, 'stores.csv'), bytes);
      const { out } = await run(world!.folder, 'check', 'lists.yaml', '--json');
      const { findings } = readJson(out, has({ findings: isListOf(has({ message: isText, line: isNumber })) }));
      return findings.map(({ line, message }) => `${line}: ${message}`).join();
    };
    for (const bytes of [Buffer.from(table), Buffer.from(`\uFEFF${table}`), gzipSync(table)])
      expect(await check(bytes)).toBe('');
    const save = 'save the table as "CSV UTF-8"';
    expect(await check(gbk(table))).toBe(`5: stores.csv is GBK, as spreadsheets in China save it; ${save}`);
    expect(await check(utf16(table))).toBe(`5: stores.csv is UTF-16; ${save}`);
    expect(await check(gzipSync(gbk(table)))).toBe(`5: stores.csv is GBK, as spreadsheets in China save it; ${save}`);
    expect(await check(Buffer.concat([Buffer.from(table), Buffer.of(0xe7)]))).toBe(
      `5: stores.csv is not UTF-8; ${save}`,
    );
    expect(await check(Buffer.of(0x1f, 0x8b, 1, 2, 3))).toMatch(/^5: stores\.csv cannot be read: /);
  }, 60_000);

  test('a list of codes is read that a spreadsheet has saved again', async () => {
    world = await startWorld();
    const made = ['codes', 'generate', '--batch', 'spring', '--prize', 'gift=2', '--out', 'codes.csv'];
    expect((await run(world.folder, ...made)).code).toBe(0);
    const [head, ...lines] = readFileSync(join(world.folder, 'codes.csv'), 'utf8')
      .replace('\uFEFF', '')
      .trim()
      .split('\r\n');
    const quoted = (line: string) =>
      line
        .split(',')
        .map(cell => `"${cell}"`)
        .join(' , ');
    const saved = [quoted(head!), quoted(lines[0]!), `${lines[1]},,`, ',,,,', ''].join('\n');
    writeFileSync(join(world.folder, 'saved.csv'), utf16(saved));
    const read = (...more: string[]) =>
      run(world!.folder, 'codes', 'import', 'saved.csv', '--config', 'bot.yaml', ...more);
    expect((await read()).err).toContain('saved.csv: the file is UTF-16; add --encoding utf-16, or');
    const imported = await read('--encoding', 'utf-16');
    expect([imported.code, imported.out]).toEqual([0, expect.stringMatching(/^2 codes, 2 of them new/)]);
  }, 60_000);

  test('what a follower typed forges no row and moves no cursor, and a closed pipe ends a list quietly', async () => {
    world = await startWorld();
    const ann = world.person(true);
    await world.simulator.control.act(ann, { kind: 'text', text: '抽奖\n已领取  ¥88.00\u001b[2J\u202Eabc' });
    const shown = await run(world.folder, 'explain', ann, '--config', 'bot.yaml');
    expect(shown.out).toContain('抽奖␊已领取  ¥88.00␛[2J⟨U+202E⟩abc');
    expect(shown.out).not.toMatch(/[\u001b\u202E]/);
    const json = await run(world.folder, 'explain', ann, '--config', 'bot.yaml', '--json');
    expect(json.out).not.toMatch(/[\u001b\u202E]/);
    expect(JSON.stringify(JSON.parse(json.out))).toContain('\u202Eabc');
    const cli = resolve(import.meta.dirname, '../../dist/cli.js');
    const env = { PATH: process.env.PATH!, ...ENV };
    const child = spawn(process.execPath, [cli, 'describe', '--config', 'bot.yaml'], { cwd: world.folder, env });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', part => (err += part));
    const [code] = await once(child, 'close');
    expect([code, err]).toEqual([0, expect.not.stringContaining('EPIPE')]);
  }, 60_000);
});

describe('a text for a terminal', () => {
  test('shows what would not be seen, and what would do something', () => {
    expect(visible('a\tb\r\n\0\x7f\x9b\u200B红')).toBe('a␉b␍␊␀␡⟨U+009B⟩⟨U+200B⟩红');
    expect(visibleLines('a\nb\r')).toBe('a\nb␍');
    expect(JSON.parse(visibleJson(JSON.stringify('\u202E\u009b红\n')))).toBe('\u202E\u009b红\n');
  });
});
