// The scanner of the menu (扫码推事件): rules that wait for it, and printed codes in what it reads, from the push to the
// packet, and through every command that knows the language.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { happeningOf } from '../../../src/core/analysis/explain.ts';
import { eventText } from '../../../src/core/analysis/naming.ts';
import { nearMisses } from '../../../src/core/analysis/near-miss.ts';
import { syntheticDayOf } from '../../../src/core/analysis/synthetic-day.ts';
import { openId } from '../../../src/core/base/event.ts';
import { chanceOf } from '../../../src/core/base/random.ts';
import { dayOf, parseBeijing } from '../../../src/core/base/time.ts';
import { inLang } from '../../../src/core/base/words/words.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { snapshotOf } from '../../../src/core/live/record.ts';
import { describe as described } from '../../../src/core/public-rules/describe.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';
import { codeIn } from '../../../src/core/rules/printed-code.ts';
import { fitsRule } from '../../../src/core/triggers/index.ts';
import { eventOf } from '../../support/campaigns.ts';
import { run } from '../../support/command.ts';
import { startWorld, type World } from '../../support/harness.ts';
import { FORMATS } from '../../support/pushes.ts';

const RULES = `campaign: goods
name: 开盖有喜
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  小喜: { redpacket: ¥1.00 }
rules:
  - { id: cap, on: { code: spring }, once: perEvent, give: assigned, replies: { won: "{{amount}} 元", used: 用过了, invalid: 没有这个码 } }
  - { id: shop, on: { scancode: { key: [SHOP, "SHOP-*"], text: { contains: shop.example.com } } }, reply: 门店 }
  - { id: goods, on: { scancode: { text: ["6901234567892", ＡＢＣ１２３] } }, reply: 商品 }
  - { id: long, on: { scancode: { key: PATTERN, text: { matches: "[0-9]{8}" } } }, reply: 八位 }
  - { id: other, on: { scancode: SCAN }, reply: 没有读到码 }
`;

const load = (text: string): Campaign => {
  const loaded = loadCampaign('goods.yaml', text);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  return loaded.campaign;
};
const says = (on: string): string[] => {
  const loaded = loadCampaign('a.yaml', RULES.replace('{ scancode: SCAN }', on));
  return 'findings' in loaded ? loaded.findings.map(({ message }) => message) : [];
};
const scan = (result: string, button = 'SCAN') =>
  eventOf({ at: '2026-02-10 10:00', kind: 'scancode', button, result, waiting: true });

/** Two codes whose checksums are right. */
const [CODE, SECOND] = ['TEA2SPR7NGYG', 'TEA3SPR7NGXC'];

describe('a rule', () => {
  const campaign = load(RULES);
  const book = bookOf([campaign], ['tea']);
  const asked = (result: string, button?: string): string[] => {
    const event = scan(result, button);
    const found = book.match(event, event.sentAt).map(({ rule }) => rule.id);
    // The index finds what asking every rule finds.
    expect(found).toEqual(
      campaign.rules.filter(rule => fitsRule(rule, campaign, event, event.sentAt)).map(({ id }) => id),
    );
    return found;
  };

  test.each([
    ['https://shop.example.com/1', 'SHOP', ['shop']],
    ['https://SHOP.example.com/1', 'SHOP-7', ['shop']],
    ['https://shop.example.com/1', 'SCAN', ['other']],
    ['https://example.com/1', 'SHOP', []],
    ['6901234567892', 'ANY', ['goods']],
    ['EAN_13,6901234567892', 'ANY', ['goods']],
    ['CODE_128,abc123', 'ANY', ['goods']],
    ['EAN_13,6901234567892', 'SCAN', ['goods', 'other']],
    ['12345678', 'PATTERN', ['long']],
    ['ITF,12345678', 'PATTERN', ['long']],
    ['123456789', 'PATTERN', []],
    ['', 'SCAN', ['other']],
  ])('is asked about "%s" read with %s', (result, button, rules) => {
    expect(asked(result, button)).toEqual(rules);
  });

  test('waits for every scanner where it names none', () => {
    const any = load(RULES.replace('{ scancode: SCAN }', 'scancode'));
    const event = scan('x', 'WHATEVER');
    expect(
      bookOf([any], ['tea'])
        .match(event, event.sentAt)
        .map(({ rule }) => rule.id),
    ).toEqual(['other']);
  });

  test('that is written wrongly is told what was expected', () => {
    expect(says('{ scancode: { kee: A } }')).toEqual([expect.stringContaining('did you mean "key"')]);
    expect(says('{ scancode: {} }')[0]).toContain('key, text');
    expect(says('{ scancode: { text: { daily: a.csv } } }')[0]).toContain('contains, matches');
    expect(says('{ scancode: "A*B" }')[0]).toContain('"*" may stand only at the end');
    expect(says('{ scancode: { text: { matches: "(" } } }')).toHaveLength(1);
    expect(says('scancod')[0]).toContain('did you mean "scancode"');
  });

  test('may ask for the text in a condition', () => {
    const text = RULES.replace(
      'on: { scancode: SCAN }',
      'on: scancode, when: \'event.kind == "scancode" && event.text.contains("tea")\'',
    );
    expect(load(text).rules.at(-1)!.when).toBeDefined();
  });

  test('is told of in the public rules, when it goes live, and where it was nearly asked', () => {
    const giving = load(RULES.replace('{ scancode: SCAN }, reply: 没有读到码', '{ scancode: SCAN }, give: 小喜'));
    expect(described(giving).join('\n')).toContain('用公众号菜单里的扫一扫扫码');
    expect(described(giving, { lang: 'en' }).join('\n')).toContain("scan a code with the menu's scanner");
    expect(JSON.stringify(snapshotOf(campaign))).toContain('scancode SHOP-* text shop.example.com');
    const near = (result: string, button: string) => {
      const event = scan(result, button);
      return nearMisses([campaign], event, event.sentAt, ['tea']).map(
        ({ rule, text }) => `${rule}: ${inLang(text, 'zh')}`,
      );
    };
    expect(near('x', 'SCAM')).toEqual(['other: 按钮「SCAM」不是「SCAN」']);
    expect(near('6901234567893', 'X')).toEqual(['goods: 差一点：口令是「6901234567892」']);
  });

  test('has visitors in a made-up day, but for patterns', () => {
    const rules = campaign.rules
      .filter(({ id }) => ['goods', 'long'].includes(id))
      .map(rule => ({ ...rule, give: ['小喜'] }));
    const plan = {
      account: 'tea',
      day: dayOf(parseBeijing('2026-02-10')!),
      users: 50,
      perUser: 2,
      chance: chanceOf('x'),
    };
    const crowd = syntheticDayOf({ ...plan, campaign: { ...campaign, rules } })!;
    const scanned = crowd.events.filter(({ kind }) => kind === 'scancode');
    expect(scanned.length).toBeGreaterThan(20);
    expect(crowd.leftOut).toEqual([{ rule: 'long', trigger: 'scancode' }]);
  });

  test('is explained by an event on the command line', () => {
    expect(happeningOf('scancode:SCAN:https://q.example.com/a:b')).toEqual({
      ...{ kind: 'scancode', button: 'SCAN', result: 'https://q.example.com/a:b', waiting: true },
    });
    expect(() => happeningOf('scancode')).toThrow('expected scancode:KEY:TEXT');
    expect(inLang(eventText(scan('x')), 'zh')).toBe('菜单扫码 SCAN「x」');
  });
});

describe('a printed code', () => {
  test.each([
    [CODE, CODE],
    [' tea2 spr7-ngyg ', CODE],
    [`CODE_128,${CODE}`, CODE],
    [`EAN_13,${CODE}`, CODE],
    [`QR_CODE,${CODE}`, CODE],
    [`https://q.example.com/c/${CODE}`, CODE],
    [`https://q.example.com/c/${CODE}/`, CODE],
    [`HTTP://Q.EXAMPLE.COM/${CODE.toLowerCase()}`, CODE],
    [`https://q.example.com/?c=${CODE}`, CODE],
    [`https://q.example.com/c?a=1&code=${CODE}`, CODE],
    [`https://q.example.com/c?code=${CODE}&utm_source=wx`, CODE],
    [`https://q.example.com/c/${CODE}?utm_source=wx#top`, CODE],
    [`https://q.example.com/#/c/${CODE}`, CODE],
    [`https://q.example.com/#/c?code=${CODE}`, CODE],
    [`https://q.example.com/c/${CODE.slice(0, -1)}2`, undefined],
    [`https://${CODE}.example.com/`, undefined],
    [`https://q.example.com/${CODE}/shop`, undefined],
    ['https://q.example.com/', undefined],
    ['http://weixin.qq.com/q/02abc', undefined],
    ['6901234567892', undefined],
    ['', undefined],
    ['://', undefined],
    [`x${'/'.repeat(500)}`, undefined],
  ])('in "%s" is %s', (result, code) => {
    expect(codeIn(scan(result))).toBe(code);
  });
});

describe('through the door', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ rules: RULES });
    await world.store.addCodes([CODE, SECOND].map(code => ({ code, batch: 'spring', box: 1, prize: '小喜' })));
    await world.store.activateCodes('spring', [[1, 1]], true);
  });
  afterAll(() => world.close());

  test.each(FORMATS)('a code that the scanner of the menu read in a push of %s pays once', async format => {
    const { control } = world.simulator;
    control.setPushing('tea', { format });
    const [ann, bob, code] = [world.person(true), world.person(true), format === 'xml' ? CODE : SECOND];
    const scanned = (openid: string, result: string, more: object = {}) =>
      control.act(openid, { kind: 'scancode', key: 'SCAN', result, ...more });
    const first = await scanned(ann, `CODE_128,${code}`, { type: 'barcode' });
    expect([first.type, first.outcome, control.person(ann).chat.at(-1)]).toMatchObject([
      'scancode_waitmsg',
      'reply',
      { kind: 'text', text: '1.00 元' },
    ]);
    const second = await scanned(bob, `https://q.example.com/c/${code}`, { waiting: false });
    expect([second.type, control.person(bob).chat.at(-1)]).toMatchObject(['scancode_push', { text: '用过了' }]);
    expect(await world.store.payouts({ user: openId(ann), limit: 9 })).toMatchObject([{ amount: 100 }]);
    expect(await world.store.payouts({ user: openId(bob), limit: 9 })).toEqual([]);
  });

  test('what is longer than any code is cut', async () => {
    const ann = world.person(true);
    await world.simulator.control.act(ann, { kind: 'scancode', key: 'SCAN', result: '长'.repeat(2000) });
    const [line] = await world.store.journal({ user: openId(ann), limit: 1 });
    expect(line!.event).toMatchObject({ kind: 'scancode', button: 'SCAN', result: '长'.repeat(512) });
  });
});

test('the commands know it: check, test, describe, explain, simulate', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-scan-'));
  const tests = `tests:
  - name: 扫码
    codes: { ${CODE}: { batch: spring, prize: 小喜 } }
    events:
      - { at: 2026-02-10 10:00, user: ann, scancode: { key: X, text: "https://q.example.com/${CODE}" }, expect: { rule: cap, pays: ¥1.00 } }
      - { at: 2026-02-10 10:01, user: ann, scancode: SCAN, expect: { rule: other, reply: 没有读到码 } }
      - { at: 2026-02-10 10:02, user: ann, scancode: { key: SHOP-1, text: shop.example.com }, expect: { rule: shop } }
      - { at: 2026-02-10 10:03, user: ann, scancode: { text: "EAN_13,6901234567892" }, expect: { rule: goods } }
      - { at: 2026-02-10 10:04, user: ann, scancode: { key: PATTERN, text: "1234567" }, expect: { rule: long } }
`;
  writeFileSync(join(folder, 'goods.yaml'), RULES + tests);
  try {
    const tested = await run(folder, 'test', 'goods.yaml');
    expect([tested.code, tested.out]).toEqual([1, expect.stringContaining('ann: scancode PATTERN "1234567"')]);
    writeFileSync(join(folder, 'goods.yaml'), (RULES + tests).replace('"1234567"', '"12345678"'));
    expect(await run(folder, 'test', 'goods.yaml', '--coverage')).toMatchObject({ code: 0 });
    expect(await run(folder, 'check', 'goods.yaml')).toMatchObject({ code: 0 });
    expect((await run(folder, 'describe', 'goods.yaml', '--lang', 'zh')).out).toContain('输入或扫描产品上的码');
    expect(await run(folder, 'simulate', 'goods.yaml', '--day')).toMatchObject({ code: 0 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
