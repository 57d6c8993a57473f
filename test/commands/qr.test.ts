// QR codes with parameters: their pictures, the list by which none is made twice, and the arrivals they bring.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import qrcode from 'qrcode-generator';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type CreateOptions, create } from '../../src/commands/account/qr.ts';
import { openId } from '../../src/core/base/event.ts';
import { DAY, instant, later } from '../../src/core/base/time.ts';
import {
  MADE_HEAD,
  type MadeCode,
  madeLine,
  pictureName,
  readMade,
  readScenes,
  sceneProblem,
} from '../../src/core/ops/qr-list.ts';
import { qrPicture } from '../../src/lib/qr-png.ts';
import { createQrCode, type NewCode, showQrCode } from '../../src/wechat/account/qr-codes.ts';
import { type Result, readCsv } from '../support/command.ts';
import { exactly } from '../support/exactly.ts';
import { startWorld, type World } from '../support/harness.ts';
import { has, isListOf, isNumber, isText, readJson } from '../support/json.ts';
import { inProcess, type PlatformWorld, startPlatform } from '../support/platform-world.ts';

const URL_OF_A_CODE = 'http://weixin.qq.com/q/02abcdefghijklmnopqrst';

/** The pixels of a PNG of one bit: `true` is black. Says so if a checksum or a length is wrong. */
function pixelsOf(png: Buffer): boolean[][] {
  expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.set(body.subarray(0, 4).toString('latin1'), body.subarray(4));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const head = chunks.get('IHDR')!;
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  expect([...head.subarray(8)]).toEqual([1, 0, 0, 0, 0]);
  const bytes = inflateSync(chunks.get('IDAT')!);
  const row = 1 + Math.ceil(width / 8);
  expect(bytes.length).toBe(row * height);
  return Array.from({ length: height }, (_, y) => {
    expect(bytes[y * row]).toBe(0);
    return Array.from({ length: width }, (__, x) => ((bytes[y * row + 1 + (x >> 3)]! >> (7 - (x & 7))) & 1) === 0);
  });
}

describe('the picture of a code', () => {
  test.each([100, 430, 431, 800])('of %d pixels shows every module, and white around it', size => {
    const code = qrcode(0, 'M');
    code.addData(URL_OF_A_CODE);
    code.make();
    const count = code.getModuleCount();
    const pixels = pixelsOf(qrPicture(URL_OF_A_CODE, size));
    expect(pixels.length).toBe(size);
    expect(pixels.every(row => row.length === size)).toBe(true);
    const black = pixels.flatMap((row, y) => row.flatMap((isBlack, x) => (isBlack ? [{ x, y }] : [])));
    const edge = (at: 'x' | 'y', pick: 'min' | 'max'): number =>
      black.reduce((found, pixel) => Math[pick](found, pixel[at]), pick === 'min' ? size : 0);
    const [left, top] = [edge('x', 'min'), edge('y', 'min')];
    const module = (edge('x', 'max') - left + 1) / count;
    expect(Number.isInteger(module)).toBe(true);
    expect(Math.min(left, top)).toBeGreaterThanOrEqual(4 * module);
    // Every pixel of every module.
    const shown = pixels.slice(top, top + count * module).map(row => row.slice(left, left + count * module));
    const wanted = shown.map((row, y) =>
      row.map((_, x) => code.isDark(Math.floor(y / module), Math.floor(x / module))),
    );
    expect(shown).toEqual(wanted);
    expect(black.length).toBe(wanted.flat().filter(Boolean).length);
  });

  test('that is too small for its modules is refused', () => {
    expect(() => qrPicture(URL_OF_A_CODE, 40)).toThrow('40 pixels are too few for this code; it needs 41');
  });
});

describe('scenes', () => {
  const TEXT = { numbers: false, permanent: true };
  test.each<[string, { numbers: boolean; permanent: boolean }, string | undefined]>([
    ['门店-001', TEXT, undefined],
    ['x'.repeat(64), TEXT, undefined],
    ['x'.repeat(65), TEXT, 'the scene has 65 characters; at most 64 are allowed'],
    ['', TEXT, 'the scene is empty'],
    [' a', TEXT, 'a scene has no line breaks and no spaces around it'],
    ['a\nb', TEXT, 'a scene has no line breaks and no spaces around it'],
    ['100000', { numbers: true, permanent: true }, undefined],
    ['100001', { numbers: true, permanent: true }, 'expected a whole number from 1 to 100000'],
    ['4294967295', { numbers: true, permanent: false }, undefined],
    ['4294967296', { numbers: true, permanent: false }, 'expected a whole number from 1 to 4294967295'],
    ['0', { numbers: true, permanent: false }, 'expected a whole number from 1 to 4294967295'],
    ['store', { numbers: true, permanent: true }, 'expected a whole number from 1 to 100000'],
  ])('%j as %j: %s', (scene, kind, problem) => expect(sceneProblem(scene, kind)?.toString()).toBe(problem));

  test('are read one a line, or from the column of a table that is named so', () => {
    expect(readScenes('a.txt', '\uFEFFstore-001\r\n\r\nstore-002\n', TEXT)).toEqual({
      scenes: ['store-001', 'store-002'],
      findings: [],
    });
    const table = '城市,Scene,备注\n上海,"store,1","他说 ""好"""\n北京,store-2,\n';
    expect(readScenes('a.csv', table, TEXT)).toEqual({ scenes: ['store,1', 'store-2'], findings: [] });
  });

  test.each<[string, string[]]>([
    ['', ['1:1: the file names no scene; expected one a line']],
    ['a,b\n', ['1:1: several columns, and none is named "scene" in the first line; expected one of: a, b']],
    [
      'name,scenes\nx,y\n',
      ['1:1: several columns, and none is named "scene" in the first line; did you mean "scenes"?'],
    ],
    ['scene\na\nb\na\n', ['4:1: "a" stands in line 2 already']],
    [
      `name,scene\nx,${'y'.repeat(65)}\nz\n`,
      [`2:3: "${'y'.repeat(40)}…": the scene has 65 characters; at most 64 are allowed`, '3:2: "": the scene is empty'],
    ],
    ['"a\n', ['1:1: a quotation mark without its other half; write the cell without quotes, or "…"']],
    ['门\uFFFD店', ['1:1: the file is not UTF-8; save the table as "CSV UTF-8"']],
  ])('of a file %j are refused with their places', (text, findings) => {
    const read = readScenes('f', text, TEXT);
    expect(read.findings.map(each => `${each.line}:${each.column}: ${each.message}`)).toEqual(findings);
  });

  const aScene = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 64 })
    .filter(
      scene => !sceneProblem(scene, TEXT) && !/[\uFFFD\uFEFF]/.test(scene) && Buffer.from(scene).toString() === scene,
    );

  test('any list of codes is read back as it was written, and a cut-off last line makes no difference', () => {
    const codes = fc.uniqueArray(fc.tuple(aScene, fc.option(fc.integer({ min: 0, max: 4e9 }))), {
      selector: ([scene]) => scene,
      maxLength: 6,
    });
    fc.assert(
      fc.property(codes, fc.nat(), (rows, cut) => {
        const taken = new Set<string>();
        const made = rows.map(
          ([scene, seconds]): MadeCode => ({
            scene,
            url: URL_OF_A_CODE,
            ticket: 'gQ==',
            ...(seconds !== null && { expires: instant(seconds * 1000) }),
            file: pictureName(scene, taken),
          }),
        );
        const text = MADE_HEAD + made.map(madeLine).join('');
        const { codes: read, findings } = readMade('f', text);
        expect(findings).toEqual([]);
        expect([...read.values()]).toEqual(made);
        if (made.length === 0) return;
        const last = madeLine(made.at(-1)!);
        const torn = text.slice(0, text.length - 1 - (cut % last.length));
        expect([...readMade('f', torn).codes.values()]).toEqual(made.slice(0, -1));
      }),
      { numRuns: 300 },
    );
  });

  test('pictures have names that every file system takes and tells apart', () => {
    fc.assert(
      fc.property(fc.uniqueArray(aScene, { minLength: 1, maxLength: 8 }), scenes => {
        const taken = new Set<string>();
        const names = scenes.map(scene => pictureName(scene, taken));
        expect(new Set(names.map(name => name.toLowerCase())).size).toBe(scenes.length);
        for (const name of names) {
          expect(name).toMatch(/^[\p{L}\p{N}_-][\p{L}\p{N}._-]*\.png$/u);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        }
      }),
    );
    const taken = new Set<string>();
    expect(['store-001', '门店', 'Store-001', '../x', 'con'].map(scene => pictureName(scene, taken))).toEqual([
      'store-001.png',
      '门店.png',
      expect.stringMatching(/^Store-001-[0-9a-f]{8}\.png$/),
      expect.stringMatching(/^__x-[0-9a-f]{8}\.png$/),
      expect.stringMatching(/^con-[0-9a-f]{8}\.png$/),
    ]);
  });

  test('of a list that a spreadsheet has saved are still known', () => {
    const text = 'scene,url,ticket,expires,file\r\nstore,http://weixin.qq.com/q/a,gQ,2026/2/9 8:05,store.png\r\n';
    expect(readMade('f', text).codes.get('store')).toMatchObject({ expires: Date.UTC(2026, 1, 9, 0, 5) });
    const wrong = 'scene,url,ticket,expires,file\nstore,http://a/b,gQ,soon,store.png\nx,http://a/b,gQ,,../x.png\n';
    expect(readMade('f', wrong).findings.map(({ line }) => line)).toEqual([2, 3]);
    expect(readMade('f', 'openid,amount\no1,1.00\n').findings[0]?.message).toMatch(/^this is no list of QR codes/);
  });
});

describe('codes at the platform', () => {
  let world: PlatformWorld;
  beforeAll(async () => {
    world = await startPlatform();
  });
  afterAll(() => world.close());

  test.each<NewCode>([
    { scene: 'store-1', numbers: false },
    { scene: '77', numbers: true },
    { scene: 'flyer', numbers: false, lasts: 7 * DAY },
    { scene: '4294967295', numbers: true, lasts: 1000 },
  ])('%j is made', async wish => {
    const now = instant(1_700_000_000_000);
    const code = await createQrCode(world.api, () => now, wish);
    expect(code.expires).toBe(wish.lasts === undefined ? undefined : later(now, wish.lasts));
    const { qrcodes } = world.simulator.control.state().accounts[0]!;
    expect(qrcodes.at(-1)).toMatchObject({ scene: wish.scene, ticket: code.ticket, url: code.url });
    const reply = await fetch(showQrCode(world.simulator.url, code.ticket));
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/gif']);
  });

  test('are shown by the platform on the host of its console', () => {
    expect(showQrCode('https://api.weixin.qq.com', 'gQ/+=')).toBe(
      'https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQ%2F%2B%3D',
    );
    expect(showQrCode('http://127.0.0.1:3001/', 'a')).toBe('http://127.0.0.1:3001/cgi-bin/showqrcode?ticket=a');
  });
});

describe('hongbao qr create', () => {
  let world: PlatformWorld;
  let out: string;
  let count = 0;
  beforeAll(async () => {
    world = await startPlatform();
  });
  afterEach(() => {
    world.fault();
    rmSync(out, { recursive: true, force: true });
  });
  afterAll(() => world.close());

  const run = (options: Partial<CreateOptions>): Promise<Result> => {
    out = join(world.folder, `out${count}`);
    return inProcess(() => create({ config: world.config, size: '430', out, ...options }));
  };
  const madeCount = (): number => world.simulator.control.state().accounts[0]!.qrcodes.length;
  const listed = (): string[][] => readCsv(readFileSync(join(out, 'qrcodes.csv'), 'utf8').replace(/^\uFEFF/, ''));
  const scenes = (text: string): string => {
    const file = join(world.folder, 'stores.csv');
    writeFileSync(file, text);
    return file;
  };

  test('writes a picture named by each scene and a list; the second run calls nobody', async () => {
    count++;
    const file = scenes('store,scene\n徐汇,store-001\n静安,store-002\n浦东,门店/3\n');
    const first = await run({ scenes: file, scene: ['store-000'], permanent: true });
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining('QR codes: 4/4') });
    expect(first.out).toContain('4 codes made, 0 were there already');
    const rows = listed();
    expect(rows[0]).toEqual(['scene', 'url', 'ticket', 'expires', 'file']);
    expect(
      rows
        .slice(1)
        .map(([scene]) => scene)
        .sort(),
    ).toEqual(['store-000', 'store-001', 'store-002', '门店/3']);
    const { qrcodes } = world.simulator.control.state().accounts[0]!;
    for (const [scene, url, ticket, expires, picture] of rows.slice(1)) {
      expect(qrcodes.find(code => code.ticket === ticket)).toMatchObject({ scene, url });
      expect(expires).toBe('');
      expect(readFileSync(join(out, picture!))).toEqual(qrPicture(url!, 430));
    }
    expect(existsSync(join(out, 'store-001.png'))).toBe(true);
    const before = [madeCount(), readFileSync(join(out, 'qrcodes.csv'), 'utf8')];
    world.fault({ kind: 'quota' }); // whoever calls now is refused
    const second = await run({ scenes: file, scene: ['store-000'], permanent: true });
    expect(second).toMatchObject({ code: 0 });
    expect(second.out).toContain('0 codes made, 4 were there already');
    expect([madeCount(), readFileSync(join(out, 'qrcodes.csv'), 'utf8')]).toEqual(before);
    rmSync(join(out, 'store-002.png'));
    await run({ scene: ['store-002'], permanent: true });
    expect(readFileSync(join(out, 'store-002.png'))).toEqual(
      qrPicture(rows.find(row => row[0] === 'store-002')![1]!, 430),
    );
  });

  test('makes temporary ones that say when they end, and once they have ended asks for --again', async () => {
    count++;
    const first = await run({ scene: ['flyer'], temporary: '7d', json: true });
    const made = isListOf(has({ expires: isNumber, picture: isText, ticket: isText }));
    const [code] = exactly(1, readJson(first.out, made));
    expect(Math.abs(code.expires - Date.now() - 7 * DAY)).toBeLessThan(60_000);
    expect(code.picture).toBe(showQrCode(world.simulator.url, code.ticket));
    const list = join(out, 'qrcodes.csv');
    writeFileSync(list, readFileSync(list, 'utf8').replace(/,\d{4}-[^,]*,/, ',2026-01-01 00:00:00,'));
    const late = await run({ scene: ['flyer'], temporary: '7d' });
    expect(late).toMatchObject({ code: 1, err: 'expired: flyer; --again makes them anew\n' });
    const before = madeCount();
    const again = await run({ scene: ['flyer'], temporary: '7d', again: true });
    expect([again.code, madeCount() - before, listed().length]).toEqual([0, 1, 2]);
    expect(readFileSync(join(out, 'flyer.png'))).toEqual(qrPicture(listed()[1]![1]!, 430));
  });

  test('that is cut off by a quota goes on where it was, and makes none twice', async () => {
    count++;
    const file = scenes(Array.from({ length: 30 }, (_, n) => `cut-${n}\n`).join(''));
    const before = madeCount();
    const stop = world.simulator.control.watch(change => {
      if (change.kind === 'account' && madeCount() - before >= 12) world.fault({ kind: 'quota' });
    });
    const first = await run({ scenes: file });
    stop();
    expect(first.code).toBe(1);
    expect(first.err).toMatch(/\d+ of 30 codes were made; the same command makes the others/);
    expect(first.err).toContain("today's quota of this API is used up");
    expect(first.err).toMatch(/45009 .* rid: /);
    const made = listed().length - 1;
    expect(made).toBeGreaterThanOrEqual(12);
    expect(made).toBeLessThan(30);
    world.fault();
    expect(await run({ scenes: file })).toMatchObject({
      code: 0,
      out: expect.stringContaining(`${30 - made} codes made`),
    });
    expect([madeCount() - before, listed().length]).toEqual([30, 31]);
    expect(readdirSync(out).filter(name => name.endsWith('.png'))).toHaveLength(30);
  });

  test('waits where the platform is only busy', async () => {
    count++;
    world.fault({ kind: 'busy', times: 1 });
    const { code, err } = await run({ scene: ['patient'] });
    expect(code).toBe(0);
    expect(err).toContain('the platform is busy (-1); trying again in 1 s');
  });

  test.each<[string, Partial<CreateOptions>, string]>([
    ['nothing', {}, 'name a scene with --scene store-001, or a file of them with --scenes FILE'],
    ['a scene that is too long', { scene: ['x'.repeat(65)] }, 'the scene has 65 characters'],
    ['a number that is none', { scene: ['a'], numbers: true }, 'expected a whole number from 1 to 4294967295'],
    ['31 days', { scene: ['a'], temporary: '31d' }, '--temporary 31d: expected a duration such as 7d, at most 30d'],
    ['both lives', { scene: ['a'], temporary: '1d', permanent: true }, 'say one of them'],
    ['a tiny picture', { scene: ['a'], size: '20' }, '--size 20: expected pixels from 100 to 4096'],
    ['a file that is not there', { scenes: '/nowhere/x.csv' }, '/nowhere/x.csv cannot be read'],
    ['an account that is not there', { scene: ['a'], account: 'te' }, 'there is no account "te"; did you mean "tea"?'],
  ])('is refused with %s, before any call', async (_what, options, words) => {
    count++;
    const before = madeCount();
    const result = await run(options);
    expect([result.code, madeCount()]).toEqual([2, before]);
    expect(result.err).toContain(words);
  });

  test('names every scene that cannot be, with its place', async () => {
    count++;
    const file = scenes(`scene\nok\n${'x'.repeat(65)}\nok\n`);
    const { code, err } = await run({ scenes: file });
    expect(code).toBe(2);
    expect(err).toContain(`${file}:3:1: `);
    expect(err).toContain(`${file}:4:1: "ok" stands in line 2 already`);
  });

  test('reads scenes out of gzip and other letters, and its own list as a spreadsheet saved it, or names what it is', async () => {
    count++;
    const table = '\uFEFFscene\nstore-901\n';
    const utf16 = Buffer.from(table, 'utf16le');
    const file = scenes('');
    writeFileSync(file, utf16);
    expect((await run({ scenes: file })).err).toContain(
      `--scenes ${file}: the file is UTF-16; add --encoding utf-16, or`,
    );
    expect(await run({ scenes: file, encoding: 'utf-16' })).toMatchObject({
      code: 0,
      err: expect.stringContaining('1/1'),
    });
    writeFileSync(file, gzipSync(table));
    expect((await run({ scenes: file })).out).toContain('0 codes made, 1 were there already');
    const list = join(out, 'qrcodes.csv');
    const made = readFileSync(list);
    writeFileSync(list, Buffer.concat([made, Buffer.of(0x73, 0xe7, 0xba)])); // a line that was cut off within a character
    expect((await run({ scenes: file })).out).toContain('0 codes made, 1 were there already');
    writeFileSync(list, Buffer.from(made.toString(), 'utf16le'));
    expect((await run({ scenes: file })).err).toContain(`${list} is UTF-16; save the table as "CSV UTF-8"`);
  });

  test('does not write over a picture it does not know, nor make a permanent code of a temporary one unasked', async () => {
    count++;
    await run({ scene: ['here'] });
    const before = madeCount();
    writeFileSync(join(out, 'mine.png'), 'mine');
    expect((await run({ scene: ['mine'] })).err).toContain('mine.png: there already, and not in qrcodes.csv');
    expect((await run({ scene: ['here'], permanent: true })).err).toContain('here: made as temporary before');
    expect([readFileSync(join(out, 'mine.png'), 'utf8'), madeCount()]).toEqual(['mine', before]);
    expect((await run({ scene: ['here'], permanent: true, again: true })).out).toContain('permanent');
    expect(listed()).toHaveLength(2);
    expect(listed()[1]![3]).toBe('');
  });

  test('knows that an account has 100 000 permanent codes in its life', async () => {
    count++;
    await run({ scene: ['first'] });
    const line = (n: number): string => madeLine({ scene: `s${n}`, url: 'http://a/b', ticket: 't', file: `s${n}.png` });
    const rows = Array.from({ length: 100_000 }, (_, n) => line(n));
    writeFileSync(join(out, 'qrcodes.csv'), MADE_HEAD + rows.join(''));
    const { code, err } = await run({ scene: ['one-more'], permanent: true });
    expect([code, err]).toEqual([2, expect.stringContaining('1 permanent codes beside 100000 made before')]);
  });

  test('says in words why an account may not', async () => {
    count++;
    const other = await startPlatform({ account: { type: 'subscription' } });
    const result = await inProcess(() =>
      create({ config: other.config, size: '430', out: join(other.folder, 'out'), scene: ['a'] }),
    );
    await other.close();
    expect(result.code).toBe(1);
    expect(result.err).toContain('account "tea": this account may not call this API');
    expect(result.err).toMatch(/48001 api unauthorized rid: /);
  });
});

const STORE_RULES = `
campaign: stores
name: 到店有礼
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮 }
prizes: { gift: { redpacket: ¥1.00 } }
rules:
  - { id: store, on: { scan: store-* }, once: ever, give: gift, replies: { won: 到店礼, already: 领过了 } }
  - { id: hello, on: [subscribe, scan], reply: 你好 }
`;

describe('an arrival through a code', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ rules: STORE_RULES });
  });
  afterAll(() => world.close());

  const claimsOf = async (user: string): Promise<number> => {
    const snapshot = await world.store.snapshot();
    let found = 0;
    for await (const claim of snapshot.claims()) if (claim.user === user) found++;
    await snapshot.close();
    return found;
  };

  const SCENES = [
    'store-001',
    'store-qrscene_1',
    'store-last_trade_no_1',
    'store-门<店>&]]>',
    `store-${'x'.repeat(58)}`,
    'qrscene_store-1',
    '77',
  ];
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('scan' as const), scene: fc.constantFrom(...SCENES) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unfollow' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('follow' as const) }) },
  );

  test('is one event with the same scene whether they followed before or not; it wins once, however often it is told', async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), fc.boolean(), async (acts, following, doubled) => {
        world.simulator.control.setFaults({ pay: [], platform: doubled ? [{ kind: 'duplicatePush', copies: 3 }] : [] });
        const user = world.person(following);
        let [isFollower, hasWon] = [following, false];
        for (const act of acts) {
          if ((act.kind === 'unfollow') !== isFollower && act.kind !== 'scan') continue;
          world.simulator.control.moveClock({ advanceMs: 1000 }); // events of one second are told apart by what they say
          const push = await world.simulator.control.act(user, act);
          if (act.kind !== 'scan') {
            isFollower = act.kind === 'follow';
            continue;
          }
          expect(push.type).toBe(isFollower ? 'SCAN' : 'subscribe');
          expect(push.xml).toContain(
            `<EventKey><![CDATA[${isFollower ? '' : 'qrscene_'}${act.scene.replace(']]>', ']]]]><![CDATA[>')}]]>`,
          );
          const isStore = act.scene.startsWith('store-');
          expect(world.said(push)).toBe(isStore ? (hasWon ? '领过了' : '到店礼') : '你好');
          const [line] = await world.store.journal({ user: openId(user), limit: 1 });
          expect(line!.event).toMatchObject({ kind: isFollower ? 'scan' : 'subscribe', scene: act.scene });
          // Told once more, byte for byte: the same answer, and nothing new.
          const told = push.tries[0]!;
          const reply = await fetch(`${world.url}${told.url}`, { method: 'POST', body: told.body });
          expect(reply.status).toBe(200);
          isFollower = true;
          hasWon ||= isStore;
          expect(await claimsOf(user)).toBe(hasWon ? 1 : 0);
        }
        const lines = await world.store.journal({ user: openId(user), limit: 100 });
        expect(new Set(lines.map(({ event }) => event.key)).size).toBe(lines.length);
        expect(lines.length).toBe(world.simulator.control.pushes({ person: user }).length);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
