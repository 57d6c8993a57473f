// The account's own menu: its file, what is wrong with one, how two differ, and the way to the platform and back.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type PushOptions, push, show } from '../../src/commands/account/menu.ts';
import { confirm } from '../../src/commands/shared/confirm.ts';
import { type Button, type Item, KEYED, LIBRARY, type Menu, menuDiff, menuYaml } from '../../src/core/ops/menu.ts';
import { readMenu } from '../../src/core/ops/menu-file.ts';
import { mayCall } from '../../src/simulator/account/rights.ts';
import { liveMenu, pushMenu } from '../../src/wechat/account/menu.ts';
import type { Result } from '../support/command.ts';
import { until } from '../support/harness.ts';
import { inProcess, type PlatformWorld, startPlatform } from '../support/platform-world.ts';

const SCRIPT = '/usr/bin/script';
const CONFIRM = resolve(import.meta.dirname, '../../dist/commands/shared/confirm.js');

const SAMPLE = `menu:
  - name: 我要抽奖
    click: LOTTERY
  - name: 活动
    items:
      - { name: 活动页, view: "https://bot.example.com/h5/tea/spring-2026" }
      - { name: 活动规则, click: RULES }
  - name: 扫一扫
    scancode_waitmsg: CODE
`;

const read = (text: string): Menu => {
  const got = readMenu('menu.yaml', text);
  if ('findings' in got) throw new Error(JSON.stringify(got.findings));
  return got.menu;
};

describe('menu.yaml', () => {
  test('is read into buttons, with the places of the keys', () => {
    const got = readMenu('menu.yaml', SAMPLE);
    expect(got).toEqual({
      menu: [
        { name: '我要抽奖', action: { kind: 'click', value: 'LOTTERY' } },
        {
          name: '活动',
          items: [
            { name: '活动页', action: { kind: 'view', value: 'https://bot.example.com/h5/tea/spring-2026' } },
            { name: '活动规则', action: { kind: 'click', value: 'RULES' } },
          ],
        },
        { name: '扫一扫', action: { kind: 'scancode_waitmsg', value: 'CODE' } },
      ],
      keys: [
        { kind: 'click', value: 'LOTTERY', at: { line: 3, column: 12 } },
        { kind: 'click', value: 'RULES', at: { line: 7, column: 30 } },
        { kind: 'scancode_waitmsg', value: 'CODE', at: { line: 9, column: 23 } },
      ],
    });
  });

  const one = (button: string): string => `menu:\n  - { ${button} }\n`;
  test.each<[string, string, string[]]>([
    ['an empty file', '', ['1:1: the file is empty']],
    ['no menu', 'buttons: []\n', ['1:1: unknown key "buttons"; still missing here: menu']],
    ['an empty menu', 'menu: []\n', ['1:7: expected a list of buttons, found an empty list']],
    [
      'four buttons',
      'menu:\n  - { name: a, click: A }\n  - { name: b, click: B }\n  - { name: c, click: C }\n  - { name: d, click: D }\n',
      ['5:5: a menu has at most 3 buttons; put some below another one, as `items`'],
    ],
    [
      'six sub-buttons',
      `menu:\n  - name: a\n    items:\n${'      - { name: b, click: B }\n'.repeat(6)}`,
      ['9:9: a button has at most 5 sub-buttons'],
    ],
    ['no sub-button', one('name: a, items: []'), ['2:23: expected a list of sub-buttons, found an empty list']],
    [
      'a long name',
      one('name: 一二三四五六, click: A'),
      ['2:13: the name of a button has 18 bytes; at most 16 are allowed (a Chinese character has 3)'],
    ],
    [
      'a long name below',
      `menu:\n  - name: a\n    items:\n      - { name: ${'长'.repeat(21)}, click: A }\n`,
      ['4:17: the name of a button has 63 bytes; at most 60 are allowed (a Chinese character has 3)'],
    ],
    [
      'a long key',
      one(`name: a, click: ${'k'.repeat(129)}`),
      ['2:23: a key has 129 bytes; at most 128 are allowed (a Chinese character has 3)'],
    ],
    [
      'a long address',
      one(`name: a, view: "https://e.cn/${'u'.repeat(1012)}"`),
      [
        '2:22: an address such as https://example.com/ has 1025 bytes; at most 1024 are allowed (a Chinese character has 3)',
      ],
    ],
    [
      'no address',
      one('name: a, view: example.com'),
      ['2:22: expected an address such as https://example.com/, found "example.com"'],
    ],
    ['no name', one('click: A'), ['2:5: missing key "name" in a button']],
    [
      'nothing to do',
      one('name: a'),
      [expect.stringMatching(/^2:5: a button needs one of: click, scancode_push, .*, items$/)],
    ],
    [
      'two things to do',
      one('name: a, click: A, view: "https://e.cn/"'),
      ['2:5: a button has click and view; it can have only one of them'],
    ],
    ['a misspelt type', one('name: a, clik: A'), ['2:16: unknown key "clik"; did you mean "click"?']],
    [
      'buttons below sub-buttons',
      'menu:\n  - name: a\n    items:\n      - { name: b, items: [] }\n',
      [expect.stringMatching(/^4:20: unknown key "items"; expected one of: click, /)],
    ],
    [
      'half a mini program',
      one('name: a, miniprogram: { appId: wx8888888888888888, url: "https://e.cn/" }'),
      ['2:29: missing key "path" in a mini program'],
    ],
  ])('with %s is refused with its place', (_what, text, findings) => {
    const got = readMenu('menu.yaml', text);
    expect('findings' in got && got.findings.map(each => `${each.line}:${each.column}: ${each.message}`)).toEqual(
      findings,
    );
  });

  test('may be as long as WeChat allows, to the byte', () => {
    const menu = `menu:\n  - name: 一二三四五6\n    items:\n      - { name: ${'长'.repeat(20)}, click: ${'k'.repeat(128)} }\n      - { name: b, view: "https://e.cn/${'u'.repeat(1011)}" }\n`;
    expect(read(menu)).toHaveLength(1);
  });
});

/** Anything one line can hold that the file may hold. */
const words = (bytes: number) =>
  fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        'true',
        'null',
        '~',
        '123',
        '- a',
        '#x',
        'a: b',
        "it's",
        '{{amount}}',

        'a,b',
        '[x]',
        '活动：规则',
        '"',
        'k:',
        '?',
        '-',
      ),
    )
    .filter(text => text.trim() !== '' && !/\p{Cc}|[\uE000\uE001\uFEFF\uFFFE\uFFFF]/u.test(text))
    .filter(text => Buffer.from(text).toString() === text && Buffer.byteLength(text) <= bytes);
const address = words(60).map(path => `https://e.cn/${encodeURIComponent(path)}`);
const anItem = (bytes: number): fc.Arbitrary<Item> =>
  fc.record({
    name: words(bytes),
    action: fc.oneof(
      fc.record({ kind: fc.constantFrom(...KEYED, ...LIBRARY), value: words(128) }),
      fc.record({ kind: fc.constant('view' as const), value: address }),
      fc.record({
        kind: fc.constant('miniprogram' as const),
        appId: fc.constant('wx8888888888888888'),
        path: words(60),
        url: address,
      }),
    ),
  });
const aMenu: fc.Arbitrary<Menu> = fc.array(
  fc.oneof<fc.Arbitrary<Button>[]>(
    anItem(16),
    fc.record({ name: words(16), items: fc.array(anItem(60), { minLength: 1, maxLength: 5 }) }),
  ),
  { minLength: 1, maxLength: 3 },
);

describe('any menu', () => {
  test('written as a file is read back as it was', () => {
    fc.assert(
      fc.property(aMenu, menu => {
        expect(read(menuYaml(menu))).toEqual(menu);
      }),
      { numRuns: 500 },
    );
  });

  test('differs from another by lines of which those that stay and go are the one, those that stay and come the other', () => {
    const listing = (menu: Menu): string[] => (menuDiff([], menu) ?? []).map(line => line.slice(2));
    fc.assert(
      fc.property(aMenu, aMenu, fc.boolean(), (before, other, isNear) => {
        const after = isNear ? [...before.slice(1), ...other.slice(0, 1)] : other;
        const diff = menuDiff(before, after) ?? listing(before).map(line => `  ${line}`);
        expect(diff.filter(line => line[0] !== '+').map(line => line.slice(2))).toEqual(listing(before));
        expect(diff.filter(line => line[0] !== '-').map(line => line.slice(2))).toEqual(listing(after));
        expect(menuDiff(before, before)).toBeUndefined();
      }),
    );
  });

  test('is at the platform what was pushed', async () => {
    const world = await startPlatform();
    try {
      await fc.assert(
        fc.asyncProperty(aMenu, async menu => {
          await pushMenu(world.api, menu);
          expect(await liveMenu(world.api)).toEqual(menu);
        }),
        { numRuns: 30 },
      );
    } finally {
      await world.close();
    }
  });
});

const RULES = `campaign: test
name: 测试
period: { from: 2020-01-01, to: 2099-12-31 }
rules:
  - { id: lottery, on: { click: LOTTERY }, reply: 好 }
  - { id: other, on: { click: [OTHER, "RU*"] }, reply: 好 }
  - { id: goods, on: { scancode: "CO*" }, reply: 好 }
`;
const CODES = `campaign: caps
name: 开盖
period: { from: 2020-01-01, to: 2099-12-31 }
prizes: { a: { nothing: true } }
rules:
  - { id: cap, on: { code: spring }, once: perEvent, give: assigned }
`;
const ENDED = `campaign: old
name: 旧
period: { from: 2020-01-01, to: 2020-02-01 }
rules:
  - { id: gone, on: { click: GONE }, reply: 好 }
`;

describe('hongbao menu', () => {
  let world: PlatformWorld;
  let file: string;
  beforeAll(async () => {
    const old = { name: '旧', type: 'text', value: '你好' };
    world = await startPlatform({ account: { menu: { button: [old] } } });
    mkdirSync(join(world.folder, 'rules.yaml'));
    writeFileSync(join(world.folder, 'rules.yaml', 'a.yaml'), RULES);
    writeFileSync(join(world.folder, 'rules.yaml', 'b.yaml'), ENDED);
    file = join(world.folder, 'menu.yaml');
    writeFileSync(file, SAMPLE);
  });
  afterEach(() => world.fault());
  afterAll(() => world.close());
  const run = (options: Partial<PushOptions> = {}): Promise<Result> =>
    inProcess(() => push(file, { config: world.config, ...options }));
  const shown = (): Promise<Result> => inProcess(() => show({ config: world.config }));
  const live = () => world.simulator.control.state().accounts[0]!.menu;

  test('shows what was made in the console, which no file can say', async () => {
    expect((await shown()).out).toBe(
      'menu:\n  # made in the console, and no API can make it: "旧": text "你好" (made in the console)\n',
    );
  });

  test('push shows what changes and whom no rule answers; without a terminal it wants --yes', async () => {
    const before = live();
    const asked = await run();
    expect(asked.code).toBe(2);
    expect(asked.err).toBe('nobody can be asked here, and nothing was changed; push with --yes\n');
    expect(asked.out.split('\n')).toEqual([
      expect.stringMatching(
        /a\.yaml:6:1: rule "other" waits for `click: OTHER`, which no button of the menu sends \(warning\)$/,
      ),
      'account "tea": - goes, + comes',
      '  - 旧: text "你好" (made in the console)',
      '  + 我要抽奖: click LOTTERY',
      '  + 活动',
      '  +   活动页: view https://bot.example.com/h5/tea/spring-2026',
      '  +   活动规则: click RULES',
      '  + 扫一扫: scancode_waitmsg CODE',
      '',
    ]);
    const dry = await run({ dryRun: true });
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('nothing was changed (--dry-run)')]);
    expect(live()).toEqual(before);
  });

  test('push --yes changes it, once; show gives a file that says the same', async () => {
    expect(await run({ yes: true })).toMatchObject({
      code: 0,
      out: expect.stringContaining('pushed; a phone shows it'),
    });
    expect(live().button[1]).toEqual({
      name: '活动',
      sub_button: [
        { type: 'view', name: '活动页', url: 'https://bot.example.com/h5/tea/spring-2026' },
        { type: 'click', name: '活动规则', key: 'RULES' },
      ],
    });
    expect(await run()).toMatchObject({
      code: 0,
      out: expect.stringContaining('has this menu already; nothing to do'),
    });
    expect(read((await shown()).out)).toEqual(read(SAMPLE));
  });

  test('a key that no rule waits for is named where it stands', async () => {
    writeFileSync(file, SAMPLE.replace('LOTTERY', 'LOTERY'));
    const { out } = await run({ dryRun: true });
    expect(out).toContain(`${file}:3:12: no rule has \`click: LOTERY\`; whoever taps it reads nothing (warning)\n`);
    expect(out).toContain('rule "lottery" waits for `click: LOTTERY`');
    expect(out).not.toContain('GONE');
    expect(out).toContain('  - 我要抽奖: click LOTTERY\n  + 我要抽奖: click LOTERY\n    活动\n');
    // A scanner waits for a scancode, and a click is none.
    writeFileSync(file, SAMPLE.replace('scancode_waitmsg: CODE', 'scancode_push: LOTTERY'));
    const scanner = await run({ dryRun: true });
    expect(scanner.out).toMatch(/menu\.yaml:9:20: no rule has `scancode: LOTTERY`; whoever taps it reads nothing/);
    expect(scanner.out).toContain('rule "goods" waits for `scancode: CO*`, which no button of the menu sends');
    // A printed code is found in whatever any scanner reads.
    writeFileSync(join(world.folder, 'rules.yaml', 'c.yaml'), CODES);
    const printed = await run({ dryRun: true });
    expect(printed.out).not.toContain('findings');
    expect(printed.out).not.toContain('scancode: LOTTERY');
    rmSync(join(world.folder, 'rules.yaml', 'c.yaml'));
    writeFileSync(file, SAMPLE.replace('scancode_waitmsg: CODE', 'pic_weixin: PIC'));
    expect((await run({ dryRun: true })).out).toMatch(
      /menu\.yaml:9:17: no rule can wait for `pic_weixin: PIC`, only for what is sent after it \(on: image\)/,
    );
    writeFileSync(file, SAMPLE.replace('LOTTERY', 'LOTERY'));
    // What cannot be read may hold the rule.
    writeFileSync(join(world.folder, 'rules.yaml', 'a.yaml'), 'campaign: test\n');
    const unread = await run({ dryRun: true });
    expect(unread.out).toContain('the rule files have findings (`hongbao check`); keys were not looked for in them');
    expect(unread.out).not.toContain('(warning)');
    writeFileSync(join(world.folder, 'rules.yaml', 'a.yaml'), RULES);
    writeFileSync(file, SAMPLE);
  });

  test('a file that is wrong, or is not there, changes nothing', async () => {
    const before = live();
    writeFileSync(file, SAMPLE.replace('我要抽奖', '我要抽奖抽奖'));
    const { code, err } = await run({ yes: true });
    expect([code, err]).toEqual([2, expect.stringContaining(`${file}:2:11: the name of a button has 18 bytes`)]);
    writeFileSync(file, SAMPLE);
    expect(await inProcess(() => push('/nowhere.yaml', { config: world.config, yes: true }))).toMatchObject({
      code: 2,
    });
    expect(live()).toEqual(before);
  });

  test('an account without the right is told so, and one whose IP is not listed what to do', async () => {
    const plain = await startPlatform({
      account: { type: 'subscription', verified: false },
      rules: { 'rules.yaml': RULES },
    });
    const refused = await inProcess(() => push(file, { config: plain.config, yes: true }));
    await plain.close();
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('this account may not call this API')]);
    const elsewhere = await startPlatform({ account: { ipWhitelist: ['203.0.113.7'] } });
    const unlisted = await inProcess(() => show({ config: elsewhere.config }));
    await elsewhere.close();
    expect(unlisted.code).toBe(1);
    expect(unlisted.err).toContain("this machine's IP is not in the account's whitelist (IP白名单)");
    expect(unlisted.err).toContain('40164 invalid ip (127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist)');
  });

  test('the sample in the rules’ README is fit to be pushed', () => {
    const text = readFileSync(new URL('../../rules/README.md', import.meta.url), 'utf8');
    const sample = /```yaml\n(menu:[\s\S]*?)```/.exec(text)?.[1] ?? '';
    expect(read(sample).length).toBeGreaterThan(0);
  });
});

describe('a question at the terminal', () => {
  const terminal = (): PassThrough & { isTTY: boolean } => Object.assign(new PassThrough(), { isTTY: true });
  test.each([
    ['y\n', true],
    ['YES\n', true],
    ['是\n', true],
    ['n\n', false],
    ['\n', false],
    ['', false], // Ctrl-D
  ])('answered with %j: %s', async (typed, wanted) => {
    const [input, output] = [terminal(), terminal()];
    const answered = confirm('push?', input, output);
    input.end(typed);
    expect(await answered).toBe(wanted);
    output.end();
    expect(await text(output)).toContain('push? [y/N] ');
  });

  test.runIf(existsSync(SCRIPT))('is seen on a real terminal before anybody answers', async () => {
    // `script` gives a command a terminal of its own; here it asks just so, and says what it heard.
    const asks = `const { confirm } = await import(${JSON.stringify(CONFIRM)}); console.log('heard ' + (await confirm('push?')));`;
    const file = join(mkdtempSync(join(tmpdir(), 'hongbao-ask-')), 'ask.mjs');
    writeFileSync(file, asks);
    const child = spawn(SCRIPT, ['-qec', `"${process.execPath}" "${file}"`, '/dev/null']);
    let seen = '';
    child.stdout.on('data', (part: Buffer) => (seen += part.toString()));
    await until(() => seen.includes('push? [y/N] '));
    expect(seen).not.toContain('heard');
    child.stdin.write('yes\n');
    await until(() => seen.includes('heard true'));
    child.kill();
    rmSync(dirname(file), { recursive: true });
  });

  test('is not asked where nobody sits', async () => {
    expect(await confirm('push?', new PassThrough(), terminal())).toBeUndefined();
    expect(await confirm('push?', terminal(), new PassThrough())).toBeUndefined();
  });
});

describe('the live menu', () => {
  const of = (answer: object): Promise<Menu> => liveMenu({ get: async () => ({ ...answer }), post: async () => ({}) });

  test('made in the console is understood, and one that is switched off is none', async () => {
    const button = [
      { type: 'news', name: '新闻', value: 'MEDIA', news_info: { list: [{ title: '头条' }] } },
      {
        name: '更多',
        sub_button: {
          list: [
            { type: 'img', name: '图', value: 'IMG' },
            { type: 'view', name: '网', url: 'https://e.cn/' },
          ],
        },
      },
      { type: 'click', name: '键', key: 'K', sub_button: [] },
    ];
    const menu: Menu = [
      { name: '新闻', action: { kind: 'console', type: 'news', value: '头条' } },
      {
        name: '更多',
        items: [
          { name: '图', action: { kind: 'console', type: 'img', value: 'IMG' } },
          { name: '网', action: { kind: 'view', value: 'https://e.cn/' } },
        ],
      },
      { name: '键', action: { kind: 'click', value: 'K' } },
    ];
    expect(await of({ is_menu_open: 1, selfmenu_info: { button } })).toEqual(menu);
    expect(await of({ is_menu_open: 0, selfmenu_info: { button } })).toEqual([]);
    expect(await of({})).toEqual([]);
  });
});

describe('the simulated platform', () => {
  let world: PlatformWorld;
  beforeAll(async () => {
    world = await startPlatform();
  });
  afterAll(() => world.close());
  const click = { type: 'click', name: 'a', key: 'A' };
  const below = (item: object): object => ({ button: [{ name: 'a', sub_button: [item] }] });

  test.each<[string, object, string]>([
    ['a name over 60 bytes below', below({ ...click, name: '长'.repeat(21) }), '40025'],
    ['a key over 128 bytes below', below({ ...click, key: 'k'.repeat(129) }), '40026'],
    ['no address below', below({ type: 'view', name: 'a' }), '40027'],
    ['an unknown type below', below({ type: 'jump', name: 'a' }), '40024'],
    ['buttons below sub-buttons', below({ name: 'a', sub_button: [click] }), '40022'],
    [
      'an address over 1024 bytes',
      { button: [{ type: 'view', name: 'a', url: `https://e.cn/${'u'.repeat(1012)}` }] },
      '40020',
    ],
    ['a picture that is none', { button: [{ type: 'media_id', name: 'a' }] }, '40007'],
    ['half a mini program', { button: [{ type: 'miniprogram', name: 'a', url: 'https://e.cn/' }] }, '45064'],
  ])('refuses a menu with %s', async (_what, menu, code) => {
    await expect(world.api.post('/cgi-bin/menu/create', menu)).rejects.toMatchObject({ name: 'Fault', code });
  });

  test('tells of no menu in two ways, and of one', async () => {
    await world.api.get('/cgi-bin/menu/delete');
    expect(await world.api.get('/cgi-bin/get_current_selfmenu_info')).toEqual({ is_menu_open: 0 });
    await expect(world.api.get('/cgi-bin/menu/get')).rejects.toMatchObject({ code: '46003' });
    await world.api.post('/cgi-bin/menu/create', below(click));
    expect(await world.api.get('/cgi-bin/get_current_selfmenu_info')).toEqual({
      is_menu_open: 1,
      selfmenu_info: { button: [{ name: 'a', sub_button: { list: [click] } }] },
    });
    expect(await world.api.get('/cgi-bin/menu/get')).toEqual({ menu: below({ ...click, sub_button: [] }) });
  });

  test.each<[string, string]>([
    ['/cgi-bin/message/custom/send', 'no yes no yes'],
    ['/cgi-bin/message/template/send', 'no no no yes'],
    ['/cgi-bin/message/subscribe/bizsend', 'no no no yes'],
    ['/cgi-bin/qrcode/create', 'no no no yes'],
    ['/cgi-bin/menu/create', 'no yes yes yes'],
    ['/cgi-bin/get_current_selfmenu_info', 'yes yes yes yes'],
    ['/cgi-bin/user/info', 'no yes no yes'],
    ['/cgi-bin/getcallbackip', 'yes yes yes yes'],
  ])('lets accounts call %s as their rights are: %s', (path, wanted) => {
    const accounts = (['subscription', 'service'] as const).flatMap(type =>
      [false, true].map(verified => ({ type, verified })),
    );
    expect(accounts.map(account => (mayCall(account, path) ? 'yes' : 'no')).join(' ')).toBe(wanted);
    expect(mayCall({}, path)).toBe(true);
  });
});
