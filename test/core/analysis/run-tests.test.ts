// Rehearsal: the tests in rule files run without a world, and say exactly what differs.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rehearse, showFailures } from '../../../src/core/analysis/run-tests.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';

function load(file: string, text: string): Campaign {
  const loaded = loadCampaign(file, text);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings, null, 2));
  return loaded.campaign;
}

const HEAD = `campaign: tea
name: 好茶
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
budget: { total: ¥10.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  small: { redpacket: ¥1.00, weight: 3 }
  big: { redpacket: ¥5.00, stock: 1 }
  range: { redpacket: ¥1.00..¥2.00 }
  thanks: { nothing: true, weight: 6 }
`;
const RULE = `rules:
  - id: word
    on: { text: 口令 }
    once: perDay
    give: [small, big, thanks]
    replies: { won: 得 {{amount}} 元, already: 领过了 }
  - { id: help, on: { text: 帮助 }, reply: 说口令 }
`;

/** The failures of one test with these events, without their place. */
function failures(events: string, { rules = RULE, test: more = '' } = {}): string[] {
  const text = `${HEAD}${rules}tests:\n  - name: t\n${more}    events:\n${events.replace(/^/gm, '      ')}\n`;
  const campaign = load('rules/tea.yaml', text);
  return showFailures(campaign, rehearse(campaign)).map(line => line.replace(/^rules\/tea\.yaml:\d+:\d+: t: /, ''));
}

test("the design's own example passes", () => {
  const campaign = load('full.yaml', readFileSync(new URL('../../fixtures/rules/full.yaml', import.meta.url), 'utf8'));
  expect(rehearse(campaign)).toEqual([{ test: '一天一次', line: 29, column: 5, ok: true, failures: [] }]);
});

describe('many people', () => {
  const event = (people: number, expected: string): string =>
    `- { at: 2026-02-10 10:00, user: guest, people: ${people}, text: 口令, expect: { ${expected} } }`;

  test('each do it once, as users of their own', () => {
    const after = '- { at: 2026-02-10 10:00, user: guest-10, text: 口令, expect: { refused: already } }';
    expect(
      failures(`${event(10, 'prize: small')}\n${after}`, { test: '    draw: small\n    budgetLeft: ¥0.00\n' }),
    ).toEqual([]);
  });

  test('who come to something else are told of once, and all have been there', () => {
    const test = '    draw: small\n    budgetLeft: ¥1.00\n';
    expect(failures(event(12, 'prize: big'), { test })).toEqual([
      'event 1: expected prize big, got prize small (¥1.00)',
      'expected budgetLeft ¥1.00, got ¥0.00',
    ]);
  });
});

describe('a failure', () => {
  test('says file, line, column, test, event, what was expected and what came', () => {
    const text = `${HEAD}${RULE}tests:
  - name: 一天一次
    draw: small
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 口令 }
      - { at: 2026-02-11 10:00, user: ann, text: 口令, expect: { refused: already } }
`;
    const campaign = load('rules/tea.yaml', text);
    const results = rehearse(campaign);
    expect(results).toMatchObject([{ test: '一天一次', ok: false, failures: [{ line: 23, column: 9, event: 2 }] }]);
    expect(showFailures(campaign, results)).toEqual([
      'rules/tea.yaml:23:9: 一天一次: event 2: expected refused already, got prize small (¥1.00)',
    ]);
  });

  test.each([
    [
      '{ at: 2026-02-10 10:00, user: ann, text: 口令, expect: { prize: big } }',
      'expected prize big, got prize small (¥1.00)',
    ],
    [
      '{ at: 2026-02-10 10:00, user: ann, text: 口令, expect: { pays: ¥2.00 } }',
      'expected pays ¥2.00, got prize small (¥1.00)',
    ],
    [
      '{ at: 2026-02-09 10:00, user: ann, text: 口令, expect: { prize: small } }',
      'expected prize small, got refused notStarted',
    ],
    [
      '{ at: 2026-02-10 10:00, user: ann, text: 帮助, expect: { prize: small } }',
      'expected prize small, got an answer of rule help',
    ],
    ['{ at: 2026-02-10 10:00, user: ann, text: 你好, expect: { rule: help } }', 'expected rule help, got no rule'],
    ['{ at: 2026-02-10 10:00, user: ann, text: 帮助, expect: { rule: word } }', 'expected rule word, got rule help'],
    [
      '{ at: 2026-02-10 10:00, user: ann, text: 帮助, expect: { reply: 说 口令 } }',
      'expected reply "说 口令", got "说口令"',
    ],
    ['{ at: 2026-02-10 10:00, user: ann, text: 帮助, expect: { reply: ~ } }', 'expected reply none, got "说口令"'],
    ['{ at: 2026-02-10 10:00, user: ann, text: 你好, expect: { reply: 说口令 } }', 'expected reply "说口令", got none'],
  ])('%s', (event, message) => {
    expect(failures(`- ${event}`, { test: '    draw: small\n' })).toEqual([`event 1: ${message}`]);
  });

  test('of several expectations is several failures', () => {
    const event =
      '- { at: 2026-02-10 10:00, user: ann, text: 口令, expect: { rule: help, pays: ¥5.00, reply: 得 5.00 元 } }';
    expect(failures(event, { test: '    draw: small\n' })).toHaveLength(3);
  });

  test('of the budget stands where the test does', () => {
    const event = '- { at: 2026-02-10 10:00, user: ann, text: 口令 }';
    expect(failures(event, { test: '    draw: small\n    budgetLeft: ¥9.01\n' })).toEqual([
      'expected budgetLeft ¥9.01, got ¥9.00',
    ]);
  });
});

describe('a test', () => {
  test('compares only what is written', () => {
    expect(failures('- { at: 2026-02-10 10:00, user: ann, text: 口令 }')).toEqual([]);
  });

  test('has a ledger of its own', () => {
    const text = `${HEAD}${RULE}tests:
  - { name: a, draw: big, events: [{ at: 2026-02-10 10:00, user: ann, text: 口令, expect: { prize: big } }], budgetLeft: ¥5.00 }
  - { name: b, draw: big, events: [{ at: 2026-02-10 10:00, user: ann, text: 口令, expect: { prize: big } }], budgetLeft: ¥5.00 }
`;
    expect(rehearse(load('a.yaml', text)).map(({ ok }) => ok)).toEqual([true, true]);
  });

  test('without a pinned draw draws the same at every run', () => {
    const draws = () => failures('- { at: 2026-02-10 10:00, user: ann, text: 口令, expect: { reply: x } }');
    expect(draws()).toEqual(draws());
  });

  test('that pins a prize which is used up is refused', () => {
    const events = `- { at: 2026-02-10 10:00, user: ann, text: 口令, expect: { prize: big } }
- { at: 2026-02-10 10:00, user: bob, text: 口令, expect: { refused: soldOut } }`;
    expect(failures(events, { test: '    draw: big\n' })).toEqual([]);
  });

  test('may have several events at the same time', () => {
    const events = `- { at: 2026-02-10 10:00, user: ann, text: 口令, expect: { prize: small } }
- { at: 2026-02-10 10:00, user: ann, text: 口令, expect: { refused: already, reply: 领过了 } }
- { at: 2026-02-10 10:00, user: bob, text: 口令, expect: { prize: small } }`;
    expect(failures(events, { test: '    draw: small\n    budgetLeft: ¥8.00\n' })).toEqual([]);
  });

  test('spends the budget to the last fen and no further', () => {
    const rules = 'rules:\n  - { id: pay, on: text, once: perEvent, give: big }\n';
    const head = HEAD.replace(', stock: 1', '');
    const event = (expected: string) => `      - { at: 2026-02-10 10:00, user: ann, text: 好, expect: ${expected} }\n`;
    const events = event('{ pays: ¥5.00 }') + event('{ pays: ¥5.00 }') + event('{ refused: soldOut }');
    const campaign = load(
      'a.yaml',
      `${head}${rules}tests:\n  - name: t\n    budgetLeft: ¥0.00\n    events:\n${events}`,
    );
    expect(showFailures(campaign, rehearse(campaign))).toEqual([]);
  });
});

describe('followers in a test', () => {
  const first =
    'rules:\n  - { id: gift, on: { subscribe: { first: true } }, give: small }\n  - { id: back, on: subscribe, reply: 又见面啦 }\n';

  test('follow for the first time once', () => {
    const events = `- { at: 2026-02-10 10:00, user: ann, subscribe: true, expect: { rule: gift } }
- { at: 2026-02-10 10:01, user: ann, unsubscribe: true, expect: { reply: ~ } }
- { at: 2026-02-10 10:02, user: ann, subscribe: true, expect: { rule: back, reply: 又见面啦 } }`;
    expect(failures(events, { rules: first })).toEqual([]);
  });

  test('who leave before we saw them come had followed before', () => {
    const events = `- { at: 2026-02-10 10:01, user: ann, unsubscribe: true }
- { at: 2026-02-10 10:02, user: ann, subscribe: true, expect: { rule: back } }`;
    expect(failures(events, { rules: first })).toEqual([]);
  });

  test('have followed since their latest follow', () => {
    const rules = 'rules:\n  - { id: loyal, on: text, who: { followedFor: 1d }, once: perEvent, give: small }\n';
    const events = `- { at: 2026-02-10 10:00, user: ann, subscribe: true }
- { at: 2026-02-11 09:59, user: ann, text: 好, expect: { refused: notEligible } }
- { at: 2026-02-11 10:00, user: ann, text: 好, expect: { prize: small } }
- { at: 2026-02-11 11:00, user: ann, unsubscribe: true }
- { at: 2026-02-11 12:00, user: ann, subscribe: true }
- { at: 2026-02-11 13:00, user: ann, text: 好, expect: { refused: notEligible } }
- { at: 2026-02-11 13:00, user: bob, text: 好, expect: { prize: small } }`;
    expect(failures(events, { rules })).toEqual([]);
  });

  test('scan a code by following through it, once', () => {
    const rules = 'rules:\n  - { id: scan, on: { scan: store-* }, once: perDay, give: small }\n';
    const events = `- { at: 2026-02-10 10:00, user: ann, subscribe: { scene: store-001 }, expect: { prize: small } }
- { at: 2026-02-10 10:00, user: ann, scan: store-001, expect: { refused: already } }
- { at: 2026-02-10 10:00, user: bob, scan: poster, expect: { reply: ~ } }`;
    expect(failures(events, { rules })).toEqual([]);
  });

  test('do everything a rule can wait for', () => {
    const kinds = ['image', 'voice', 'location', 'unsubscribe'];
    const rules = `rules:\n${kinds.map(kind => `  - { id: ${kind}, on: ${kind}, reply: 好 }\n`).join('')}
  - { id: menu, on: { click: A, view: https://a.example/* }, reply: 好 }\n`;
    const events = [
      ...kinds.map(kind => [kind, `${kind}: true`]),
      ['menu', 'click: A'],
      ['menu', 'view: https://a.example/b'],
    ]
      .map(([rule, action]) => `- { at: 2026-02-10 10:00, user: ann, ${action}, expect: { rule: ${rule} } }`)
      .join('\n');
    expect(failures(events, { rules })).toEqual([]);
  });
});
