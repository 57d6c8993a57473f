// Rule files: what a good one means, and everything that is said of a bad one.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseBeijing } from '../../../src/core/base/time.ts';
import type { Campaign, Trigger } from '../../../src/core/rules/campaign.ts';
import type { Known } from '../../../src/core/rules/check/common.ts';
import { loadCampaign, loadCampaigns } from '../../../src/core/rules/file/load.ts';
import { ruleSchema } from '../../../src/core/rules/language/file.ts';

const at = (path: string) => new URL(path, import.meta.url);
const HEAD = `campaign: spring
name: 新春口令
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
`;

function load(text: string, known?: Known): Campaign {
  const loaded = loadCampaign('rules/spring.yaml', text, known);
  if ('findings' in loaded)
    throw new Error(loaded.findings.map(each => `${each.line}:${each.column} ${each.message}`).join('\n'));
  return loaded.campaign;
}

function complaints(text: string, known?: Known): string[] {
  const loaded = loadCampaign('rules/spring.yaml', text, known);
  return 'findings' in loaded ? loaded.findings.map(({ line, column, message }) => `${line}:${column} ${message}`) : [];
}

const answering = (on: string) => `${HEAD}rules:\n  - { id: help, on: ${on}, reply: 好 }\n`;

describe('a campaign', () => {
  const text = readFileSync(at('../../fixtures/rules/full.yaml'), 'utf8');

  test('says everything its file says', () => {
    const campaign = load(text);
    expect({ ...campaign, rules: [], tests: [], prizes: [] }).toEqual({
      id: 'spring-2026',
      name: '新春口令红包',
      account: 'tea',
      period: {
        from: parseBeijing('2026-02-10 08:00'),
        to: parseBeijing('2026-02-25 00:00'),
        hours: [[480, 1440]],
        weekdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
        dayStartsAt: 0,
      },
      budget: { total: 500_000, perDay: 50_000, packets: 3000, packetsPerDay: 300, alertAt: [50, 80, 95] },
      perUser: { total: 3, perDay: 1, amountPerDay: 2000, gap: 600_000 },
      perScene: {},
      mode: 'live',
      testers: new Set(),
      segments: new Map(),
      wallets: new Map(),
      rounds: [],
      unclaimed: 'return',
      packet: {
        sendName: '阿茶茶饮',
        actName: '新春口令',
        wishing: '恭喜发财',
        remark: '新春快乐',
        scene: 'PRODUCT_2',
      },
      prizes: [],
      rules: [],
      tests: [],
      file: 'rules/spring.yaml',
      hash: createHash('sha256').update(text).digest('hex'),
    });
  });

  test('has prizes in the order of the file', () => {
    expect([...load(text).prizes.values()]).toEqual([
      { name: 'small', kind: 'redpacket', min: 100, max: 100, weight: 70 },
      { name: 'medium', kind: 'redpacket', min: 120, max: 280, weight: 25 },
      { name: 'big', kind: 'redpacket', min: 8800, max: 8800, weight: 1, stock: 3, perUser: 1 },
      { name: 'thanks', kind: 'nothing', weight: 504 },
    ]);
  });

  test('has rules with their line', () => {
    expect(load(text).rules).toEqual([
      {
        id: 'password',
        on: [{ kind: 'text', match: 'exact', words: ['恭喜发财', '新年快乐'] }],
        who: { followedFor: 86_400_000 },
        once: 'perDay',
        give: ['small', 'medium', 'big', 'thanks'],
        earn: new Map(),
        spend: new Map(),
        cancelIf: [],
        replies: {
          won: { kind: 'text', text: '口令正确!{{amount}} 元红包已发出,点开领取。' },
          nothing: { kind: 'text', text: '差一点点,明天再来!' },
          already: { kind: 'text', text: '今天已经领过啦,明天再来。' },
          soldOut: { kind: 'text', text: '今天的红包抢完了。' },
        },
        line: 15,
      },
      {
        id: 'help',
        on: [{ kind: 'text', match: 'contains', words: ['红包'] }],
        who: {},
        once: 'ever',
        give: [],
        earn: new Map(),
        spend: new Map(),
        cancelIf: [],
        reply: { kind: 'text', text: '回复口令即可参与,祝好运!' },
        replies: {},
        line: 25,
      },
    ]);
  });

  test('has tests with their places', () => {
    expect(load(text).tests).toEqual([
      {
        name: '一天一次',
        draw: 'small',
        codes: new Map(),
        events: [
          {
            at: parseBeijing('2026-02-10 10:00'),
            user: 'ann',
            action: { kind: 'text', text: '恭喜发财' },
            expect: { prize: 'small', pays: 100, reply: '口令正确!1.00 元红包已发出,点开领取。' },
            line: 32,
            column: 9,
          },
          {
            at: parseBeijing('2026-02-10 10:05'),
            user: 'ann',
            action: { kind: 'text', text: '恭喜发财' },
            expect: { refused: 'already' },
            line: 33,
            column: 9,
          },
        ],
        budgetLeft: 499_900,
        line: 29,
        column: 5,
      },
    ]);
  });

  test('that leaves things out has sensible defaults', () => {
    const campaign = load(`${HEAD}budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
prizes: { small: { redpacket: ¥1.00 } }
rules: [{ id: a, on: subscribe, give: small }]
`);
    expect(campaign).toMatchObject({ perUser: {}, tests: [], budget: { total: 10_000, alertAt: [] } });
    expect(campaign).not.toHaveProperty('account');
    expect(campaign.period).toMatchObject({ hours: [], weekdays: [] });
    expect(campaign.packet).toEqual({
      sendName: '阿茶茶饮',
      actName: '新春口令',
      wishing: '恭喜发财',
      remark: '新春口令',
    });
    expect(campaign.rules[0]).toMatchObject({ once: 'ever', who: {}, give: ['small'], replies: {} });
    expect(campaign.prizes.get('small')?.weight).toBe(1);
  });

  test('that only answers needs neither budget nor packet nor prizes', () => {
    expect(load(answering('subscribe'))).not.toHaveProperty('budget');
  });

  test('may go to every limit exactly', () => {
    const text = `${HEAD}budget: { total: ¥200.00, perDay: ¥200.00, packets: 1, packetsPerDay: 1, alertAt: 100% }
packet: { sendName: 阿茶茶饮阿茶茶饮阿茶ab, wishing: ${'祝'.repeat(42)}ab }
prizes: { p: { redpacket: ¥1.00..¥200.00 } }
rules: [{ id: a, on: subscribe, give: p, replies: { won: ${'长'.repeat(682)}ab } }]
`;
    expect(complaints(text)).toEqual([]);
  });

  test('that pays above ¥200.00 or below ¥1.00 is fine with a scene', () => {
    const paying = (amount: string) => `${HEAD}budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮, scene: PRODUCT_2 }
prizes: { p: { redpacket: ${amount} } }
rules: [{ id: a, on: subscribe, give: p }]
`;
    for (const amount of ['¥0.30', '¥4999.00', '¥0.50..¥300.00']) expect(complaints(paying(amount))).toEqual([]);
  });

  test('with a date alone as its end lasts through that day', () => {
    expect(load(answering('scan').replace(' 24:00', '')).period.to).toBe(parseBeijing('2026-02-24 24:00'));
  });
});

describe('a trigger', () => {
  const any: readonly [string, readonly Trigger[]][] = [
    ['subscribe', [{ kind: 'subscribe', first: false }]],
    ['unsubscribe', [{ kind: 'unsubscribe' }]],
    ['scan', [{ kind: 'scan' }]],
    ['text', [{ kind: 'text', match: 'any' }]],
    ['click', [{ kind: 'click', buttons: ['*'] }]],
    ['view', [{ kind: 'view' }]],
    ['image', [{ kind: 'image' }]],
    ['voice', [{ kind: 'voice' }]],
    ['location', [{ kind: 'location' }]],
    ['{ subscribe: { scene: x } }', [{ kind: 'subscribe', first: false, scenes: ['x'] }]],
    ['{ subscribe: { scene: [x, y-*], first: true } }', [{ kind: 'subscribe', first: true, scenes: ['x', 'y-*'] }]],
    ['{ subscribe: true }', [{ kind: 'subscribe', first: false }]],
    ['{ subscribe }', [{ kind: 'subscribe', first: false }]],
    ['{ scan: store-001 }', [{ kind: 'scan', scenes: ['store-001'] }]],
    ['{ scan: [a, store-*] }', [{ kind: 'scan', scenes: ['a', 'store-*'] }]],
    ['{ scan: 123 }', [{ kind: 'scan', scenes: ['123'] }]],
    ['{ text: 123 }', [{ kind: 'text', match: 'exact', words: ['123'] }]],
    ['{ text: [恭喜发财, 2026] }', [{ kind: 'text', match: 'exact', words: ['恭喜发财', '2026'] }]],
    ['{ text: { contains: 红包 } }', [{ kind: 'text', match: 'contains', words: ['红包'] }]],
    ['{ text: { contains: [红包, 优惠] } }', [{ kind: 'text', match: 'contains', words: ['红包', '优惠'] }]],
    ['{ click: LOTTERY }', [{ kind: 'click', buttons: ['LOTTERY'] }]],
    ['{ click: [A, B] }', [{ kind: 'click', buttons: ['A', 'B'] }]],
    ['{ view: https://example.com/a }', [{ kind: 'view', urls: ['https://example.com/a'] }]],
    [
      '{ text: 抽奖, click: DRAW }',
      [
        { kind: 'text', match: 'exact', words: ['抽奖'] },
        { kind: 'click', buttons: ['DRAW'] },
      ],
    ],
    [
      '[scan, { text: 到店 }, { image }]',
      [{ kind: 'scan' }, { kind: 'text', match: 'exact', words: ['到店'] }, { kind: 'image' }],
    ],
  ];
  test.each(any)('may be %s', (on, triggers) => {
    expect(load(answering(on)).rules[0]!.on).toEqual(triggers);
  });
});

describe('a reply', () => {
  test.each([
    ['你好', { kind: 'text', text: '你好' }],
    ['123', { kind: 'text', text: '123' }],
    ['{{campaign}} 开始啦', { kind: 'text', text: '{{campaign}} 开始啦' }],
    ['{ text: 你好 }', { kind: 'text', text: '你好' }],
    ['{ image: MEDIA_ID }', { kind: 'image', mediaId: 'MEDIA_ID' }],
    [
      '{ news: { title: 新品, description: 来看看, picUrl: https://example.com/a.jpg, url: https://example.com/ } }',
      {
        kind: 'news',
        title: '新品',
        description: '来看看',
        picUrl: 'https://example.com/a.jpg',
        url: 'https://example.com/',
      },
    ],
    ['{ transfer: true }', { kind: 'transfer' }],
    ['{ transfer: kf2001@gh_tea }', { kind: 'transfer', agent: 'kf2001@gh_tea' }],
  ])('may be %s', (written, reply) => {
    expect(load(`${HEAD}rules:\n  - { id: a, on: subscribe, reply: ${written} }\n`).rules[0]!.reply).toEqual(reply);
  });
});

describe('a test', () => {
  test.each([
    ['subscribe: true', { kind: 'subscribe' }],
    ['subscribe', { kind: 'subscribe' }],
    ['subscribe: { scene: store-001 }', { kind: 'subscribe', scene: 'store-001' }],
    ['unsubscribe: true', { kind: 'unsubscribe' }],
    ['scan: store-001', { kind: 'scan', scene: 'store-001' }],
    ['text: 123', { kind: 'text', text: '123' }],
    ['click: LOTTERY', { kind: 'click', button: 'LOTTERY' }],
    ['view: https://example.com/', { kind: 'view', url: 'https://example.com/' }],
    ['image: true', { kind: 'image' }],
    ['voice', { kind: 'voice' }],
    ['location: true', { kind: 'location' }],
  ])('may hold an event %s', (action, expected) => {
    const tests = `tests: [{ name: t, events: [{ at: 2026-02-10 10:00, user: ann, ${action}, expect: { reply: ~ } }] }]\n`;
    const [event] = load(answering('scan') + tests).tests[0]!.events;
    expect(event).toMatchObject({ action: expected, expect: { reply: null } });
  });
});

describe('a bad file', () => {
  const folder = at('../../fixtures/rules/');
  const files = readdirSync(folder).filter(file => file.endsWith('.bad.yaml'));

  test('comes in at least 25 kinds', () => {
    expect(files.length).toBeGreaterThanOrEqual(25);
  });

  test.each(files)('%s: all that is wrong with it is said, and nothing else', file => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const expected = [...text.matchAll(/^# expect (\d+:\d+): (.*)$/gm)].map(([, place, message]) => [place, message]);
    const loaded = loadCampaign(file, text);
    const findings = 'findings' in loaded ? loaded.findings : [];
    expect(findings.map(({ line, column }) => `${line}:${column}`)).toEqual(expected.map(([place]) => place));
    for (const [i, { message }] of findings.entries()) expect(message).toContain(expected[i]![1]);
  });

  test('says its name in every finding', () => {
    const loaded = loadCampaign('rules/a.yaml', 'x: 1');
    expect('findings' in loaded && loaded.findings.every(({ file }) => file === 'rules/a.yaml')).toBe(true);
  });

  test('with twelve faults has twelve findings', () => {
    const text = readFileSync(new URL('twelve-faults.bad.yaml', folder), 'utf8');
    expect(complaints(text)).toHaveLength(12);
  });
});

describe('an account', () => {
  const tea = { accounts: ['tea', 'shop'] };
  const named = (account: string) => `${answering('scan')}account: ${account}\n`;

  test('must be in bot.yaml, and the nearest is named', () => {
    expect(complaints(named('tee'), tea)).toEqual(['6:10 bot.yaml has no account "tee"; did you mean "tea"?']);
    expect(complaints(named('tea'), tea)).toEqual([]);
  });

  test('may be left out while there is one, and only then', () => {
    expect(complaints(answering('scan'), { accounts: ['tea'] })).toEqual([]);
    expect(complaints(answering('scan'), tea)).toEqual(['1:11 missing key "account": bot.yaml has several, tea, shop']);
  });

  test('is not looked for where nobody knows bot.yaml', () => {
    expect(complaints(named('tee'))).toEqual([]);
  });
});

describe('several files', () => {
  const file = (name: string, id: string) => ({ file: name, text: answering('scan').replace('spring', id) });

  test('are all loaded, in their order', () => {
    const { campaigns, findings } = loadCampaigns([file('b.yaml', 'two'), file('a.yaml', 'one')]);
    expect(campaigns.map(({ id }) => id)).toEqual(['two', 'one']);
    expect(findings).toEqual([]);
  });

  test('are judged apart: those that are fine load beside the findings of the others', () => {
    const { campaigns, findings } = loadCampaigns([file('a.yaml', 'one'), { file: 'b.yaml', text: 'campaign: B\n' }]);
    expect(campaigns.map(({ id }) => id)).toEqual(['one']);
    expect(new Set(findings.map(each => each.file))).toEqual(new Set(['b.yaml']));
  });

  test('that claim the same id are refused, each naming the other', () => {
    const { campaigns, findings } = loadCampaigns([
      file('a.yaml', 'one'),
      file('b.yaml', 'one'),
      file('c.yaml', 'two'),
    ]);
    expect(campaigns.map(({ id }) => id)).toEqual(['two']);
    expect(findings).toMatchObject([
      {
        file: 'a.yaml',
        line: 1,
        column: 11,
        message: 'the campaign "one" is in b.yaml as well; give one of them another id',
      },
      {
        file: 'b.yaml',
        line: 1,
        column: 11,
        message: 'the campaign "one" is in a.yaml as well; give one of them another id',
      },
    ]);
  });
});

test('rules/schema.json is what the shapes say (`vitest -u` writes it anew)', async () => {
  await expect(`${JSON.stringify(ruleSchema(), null, 2)}\n`).toMatchFileSnapshot('../../../rules/schema.json');
});

test('every rule file of ours names the schema in its first line', () => {
  for (const file of readdirSync(at('../../../rules/')).filter(name => name.endsWith('.yaml'))) {
    const [first] = readFileSync(at(`../../../rules/${file}`), 'utf8').split('\n');
    expect(first, file).toBe('# yaml-language-server: $schema=./schema.json');
  }
});
