// Warnings about rules and words that another rule takes, in the same file or in an earlier one.
import { describe, expect, test } from 'vitest';
import { parseBeijing } from '../../../src/core/base/time.ts';
import { ALONE } from '../../../src/core/lint/context.ts';
import { lintFiles, saidOf, settled, show } from '../../support/lint.ts';

/** What is said of single words, and of drafts, is another matter. */
const REACH = settled({ severity: { 'built-in-word': 'off', 'not-live': 'off' } });

const PERIOD = 'period: { from: 2026-03-01, to: 2026-03-10 }';
const head = (id: string, more: string) => `campaign: ${id}\nname: ${id}\n${more}\nrules:\n`;
const rule = (id: string, on: string, more = '') => `  - { id: ${id}, on: ${on}, reply: 好${more} }\n`;
const PASSWORDS = 'date,password\n2026-03-01,恭喜发财\n2026-03-02,阿茶上新\n';

/** a.yaml is asked before b.yaml. What is said of b. */
function behind(a: string, b: string, { aHas = PERIOD, bHas = PERIOD } = {}): string[] {
  const files = [
    { file: 'a.yaml', text: head('a', aHas) + rule('x', a) },
    { file: 'b.yaml', text: head('b', bHas) + rule('y', b) },
  ];
  return lintFiles(files, REACH, () => PASSWORDS).warnings.map(each => `${each.file}:${show(each)}`);
}

const ALL = 'b.yaml:5:18 rule-unreachable the rule "y" is never asked: "x" (a.yaml:5) answers all of it before';
const part = (column: number, what: string) =>
  `b.yaml:5:${column} keyword-conflict ${what} never comes to "y": "x" (a.yaml:5) answers it before`;

describe('a rule of a later file is never asked', () => {
  test.each([
    ['a word by the same word', '{ text: [红包, 福利] }', '{ text: 福利 }'],
    ['a word by the same in another width', '{ text: ＡＢＣ }', '{ text: "a b c" }'],
    ['a word by a part of it', '{ text: { contains: 红包 } }', '{ text: 新年红包 }'],
    ['a part by a shorter part', '{ text: { contains: 红包 } }', '{ text: { contains: 领红包 } }'],
    ['a word by a pattern', '{ text: { matches: "[一-龥]{4}" } }', '{ text: 恭喜发财 }'],
    ['a pattern by the same', '{ text: { matches: "[0-9]{4}" } }', '{ text: { matches: "[0-9]{4}" } }'],
    ['a pattern by every text', 'text', '{ text: { matches: "[0-9]{4}" } }'],
    ['every text by every text', 'text', 'text'],
    ['a scene by its beginning', '{ scan: store-* }', '{ scan: store-001 }'],
    ['a beginning by a shorter one', '{ scan: store-* }', '{ scan: store-0* }'],
    ['scenes by every scan', 'scan', '{ scan: [store-1, poster-*] }'],
    ['who follows through a code, by the scan', '{ scan: store-* }', '{ subscribe: { scene: store-1 } }'],
    ['a first follow by every follow', 'subscribe', '{ subscribe: { first: true } }'],
    ['a first follow by a first follow', '{ subscribe: { first: true } }', '{ subscribe: { first: true } }'],
    ['a button by every button', 'click', '{ click: [A, B] }'],
    ['a link by its beginning', '{ view: "https://a.com/*" }', '{ view: "https://a.com/b" }'],
    ['a payment by a smaller one', '{ paid: { over: ¥50.00 } }', '{ paid: { over: ¥100.00 } }'],
    ['an image by an image', 'image', 'image'],
    ['who leaves', 'unsubscribe', 'unsubscribe'],
    ['a password of the day by the same of every day', '{ text: [恭喜发财, 阿茶上新] }', '{ text: { daily: p.csv } }'],
  ])('%s', (_, a, b) => {
    expect(behind(a, b)).toEqual([ALL]);
  });
});

describe('a word of a later file goes to an earlier one', () => {
  test.each([
    ['the same word', '{ text: [红包, 福利] }', '{ text: [福利, 大礼] }', part(27, '"福利"')],
    ['a word around a part', '{ text: { contains: 红包 } }', '{ text: [大礼, 新年红包] }', part(31, '"新年红包"')],
    ['a part', '{ text: { contains: 红包 } }', '{ text: { contains: [礼, 领红包] } }', part(42, 'texts with "领红包"')],
    ['every text, but not a button', 'text', '{ text: 红包, click: A }', part(26, '"红包"')],
    [
      'one of two patterns',
      '{ text: { matches: "[0-9]{4}" } }',
      '{ text: { matches: ["[0-9]{4}", "[a-z]+"] } }',
      part(38, 'texts like "[0-9]{4}"'),
    ],
    ['a scene', '{ scan: store-* }', '{ scan: [store-001, poster] }', part(27, 'the scene "store-001"')],
    [
      'the same scanner',
      '{ scancode: [A, B] }',
      '{ scancode: [B, C], click: [B] }',
      part(31, 'the scanner of the button "B"'),
    ],
    [
      'what one scanner reads',
      '{ scancode: { text: { contains: 红包 } } }',
      '{ scancode: { key: A, text: [大红包, 大礼] } }',
      part(47, '"大红包" scanned with the button "A"'),
    ],
    ['the same button', '{ click: [A, B] }', '{ click: [B, C] }', part(28, 'the button "B"')],
    [
      'what some orders carry',
      '{ paid: { attach: "pos-*" } }',
      '{ paid: { attach: [pos-1, app] } }',
      part(37, 'payments with "pos-1"'),
    ],
    [
      'the password of one day',
      '{ text: { daily: p.csv } }',
      '{ text: 恭喜发财 }',
      part(26, '"恭喜发财" of 2026-03-01'),
    ],
    ['one of the passwords', '{ text: 恭喜发财 }', '{ text: { daily: p.csv } }', part(18, '"恭喜发财" of 2026-03-01')],
  ])('%s', (_, a, b, said) => {
    expect(behind(a, b)).toEqual([said]);
  });

  test('only while both are running', () => {
    const word = '{ text: 红包 }';
    const aHas = 'period: { from: 2026-03-01, to: 2026-03-05 }';
    expect(behind(word, word, { aHas, bHas: 'period: { from: 2026-03-03, to: 2026-03-10 }' })).toEqual([
      'b.yaml:5:26 keyword-conflict "红包" never comes to "y" from 2026-03-03 00:00 to 2026-03-06 00:00: "x" (a.yaml:5) answers it before',
    ]);
    expect(behind(word, word, { aHas, bHas: 'period: { from: 2026-03-06, to: 2026-03-10 }' })).toEqual([]);
  });
});

describe('nobody takes', () => {
  test.each([
    ['another word', '{ text: 红包 }', '{ text: 福利 }'],
    ['texts in which the word is', '{ text: 红包 }', '{ text: { contains: 红包 } }'],
    ['a longer word than the pattern', '{ text: { matches: "[一-龥]{4}" } }', '{ text: 新年红包雨 }'],
    ['all stores, for one store', '{ scan: store-001 }', '{ scan: store-* }'],
    ['a follow without a code, for scans', '{ scan: store-* }', 'subscribe'],
    ['later follows, for the first', '{ subscribe: { first: true } }', 'subscribe'],
    ['a smaller payment', '{ paid: { over: ¥50.00 } }', '{ paid: { over: ¥49.99 } }'],
    ['a payment without a mark', '{ paid: { attach: "pos-*" } }', 'paid'],
    ['a voice message, for images', 'image', 'voice'],
    ['another day’s password', '{ text: { daily: { 2026-03-03: 恭喜发财 } } }', '{ text: { daily: p.csv } }'],
    ['a visit of its own page', 'visit', 'visit'],
  ])('%s', (_, a, b) => {
    expect(behind(a, b)).toEqual([]);
  });

  test('what the earlier file answers to some only, or to nobody yet', () => {
    const word = '{ text: 红包 }';
    expect(behind(`${word}, when: "user.follows > 1"`, word)).toEqual([]);
    expect(behind(word, word, { aHas: `${PERIOD}\nmode: draft` })).toEqual([]);
    expect(behind(word, word, { aHas: `${PERIOD}\nmode: shadow` })).toEqual([]);
    expect(behind(word, word, { aHas: `${PERIOD}\naccount: tea`, bHas: `${PERIOD}\naccount: cake` })).toEqual([]);
    expect(behind(`${word}, when: "user.follows > 1"`, `${word}, when: "user.follows > 1"`)).toEqual([ALL]);
  });

  test('but a draft hears what will be taken from it', () => {
    expect(behind('{ text: 红包 }', '{ text: 红包 }', { bHas: `${PERIOD}\nmode: draft` })).toEqual([
      ALL.replace('5:18', '6:18'),
    ]);
  });
});

describe('within a file', () => {
  const of = (...rules: string[]) =>
    lintFiles([{ file: 'a.yaml', text: head('a', PERIOD) + rules.join('') }], REACH).warnings.map(show);

  test('the rule above answers first', () => {
    const rules = [
      rule('x', '{ text: { contains: 红包 } }'),
      rule('y', '{ text: 领红包 }'),
      rule('z', '{ text: [领红包, 大礼] }'),
    ];
    expect(of(...rules)).toEqual([
      '6:18 rule-unreachable the rule "y" is never asked: "x" in line 5 answers all of it before',
      '7:27 keyword-conflict "领红包" never comes to "z": "x" in line 5 answers it before',
    ]);
    expect(of(rules[1]!, rules[0]!)).toEqual([]);
  });

  test('a draft too', () => {
    const text = head('a', `${PERIOD}\nmode: draft`) + rule('x', 'text') + rule('y', 'text');
    expect(lintFiles([{ file: 'a.yaml', text }], REACH).warnings.map(({ id }) => id)).toEqual(['rule-unreachable']);
  });

  test('a word that looks like a guess is one', () => {
    const guess = [
      '    once: perEvent',
      '    guess: { looksLike: "[一-龥]{4}", tries: 5 }\n    once: perEvent',
    ] as const;
    expect(saidOf([guess, ['on: { text: 活动规则 }', 'on: { text: [活动规则, 规则] }']])).toEqual([
      '20:18 keyword-conflict "活动规则" never comes to "terms": "password" in line 12 answers it before',
    ]);
    expect(saidOf([guess, ['on: { text: 活动规则 }', 'on: { text: 规则 }']])).toEqual([]);
  });

  test('one rule answers codes of its batch only', () => {
    const code = (id: string, batch: string) => rule(id, `{ code: ${batch} }`).replace('reply: 好', 'give: a');
    const text = `${head('a', `${PERIOD}\nprizes: { a: { nothing: true } }`)}${code('x', 'one')}${code('y', 'two')}${code('z', 'one')}`;
    const said = lintFiles([{ file: 'a.yaml', text }]).warnings.filter(({ id }) => id === 'rule-unreachable');
    expect(said.map(show)).toEqual([
      '8:18 rule-unreachable the rule "z" is never asked: "x" in line 6 answers all of it before',
    ]);
  });
});

test('a thousand words in a hundred files are compared in no time', () => {
  const words = (n: number) => Array.from({ length: 10 }, (_, k) => `词${n}x${k}`).join(', ');
  const files = Array.from({ length: 100 }, (_, n) => ({
    file: `${n}.yaml`,
    text: head(`c${n}`, PERIOD) + rule('x', `{ text: [${words(n)}] }`),
  }));
  const start = performance.now();
  expect(lintFiles(files).warnings).toEqual([]);
  expect(performance.now() - start).toBeLessThan(5000);
});

describe('a campaign', () => {
  test('that is over', () => {
    const at = (text: string) => ({ ...ALONE, now: parseBeijing(text)! });
    expect(saidOf([], at('2026-03-11 00:00'))).toEqual([
      '3:39 period-over the campaign was over at 2026-03-11 00:00; move the file out of the rules, or give it another period',
    ]);
    expect(saidOf([], at('2026-03-10 23:59:59'))).toEqual([]);
  });

  test('that gives something and has no tests', () => {
    const tests =
      'tests:\n  - name: 一天一次\n    events:\n      - { at: 2026-03-01 10:00, user: ann, text: 恭喜发财 }\n';
    expect(saidOf([[tests, '']])).toEqual([
      '1:11 no-tests the campaign gives something and has no tests; add tests: with what must come of it',
    ]);
    const answering = head('a', PERIOD) + rule('x', 'text');
    expect(lintFiles([{ file: 'a.yaml', text: answering }]).warnings).toEqual([]);
  });
});

describe('rules for followers where nobody needs to follow', () => {
  const INVITE = '  - { id: y, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "{{invite}}" }\n';
  const said = (on: string, more: string, tests = ''): string[] => {
    const prizes =
      'budget: { total: ¥100.00 }\npacket: { sendName: 阿茶茶饮 }\nsegments: { 会员: [oMember000000000000000000001] }\nprizes: { a: { redpacket: ¥1.00 } }';
    const text = `${head('a', `${PERIOD}\n${prizes}`)}  - { id: x, on: ${on}, give: a${more} }\n${on.includes('friend') ? INVITE : ''}${tests}`;
    return lintFiles([{ file: 'a.yaml', text }])
      .warnings.filter(({ id }) => id === 'follow-not-proven')
      .map(show);
  };
  const means =
    'WeChat is asked once (user/info) about whom we have never seen, and who does not follow is not eligible; say so in a test with neverFollowed';
  const line = (on: string, words: string): string =>
    `9:18 follow-not-proven "x" speaks of following (${words}) on ${on}, which needs no follower: ${means}`;

  test.each([
    ['visit', ', who: { followedFor: 30d }', 'visit', 'followedFor'],
    ['[visit, { text: a }]', ', who: { firstFollow: true }', 'visit', 'firstFollow'],
    ['paid', ', delay: 1d, cancelIf: [refunded, unsubscribed]', 'paid', 'cancelIf: unsubscribed'],
    ['{ friend: paid }', ', when: "user.followedDays >= 30 || user.follows > 1"', 'friend', 'when'],
  ])('%s%s', (on, more, kind, words) => {
    expect(said(on, more)).toEqual([line(kind, words)]);
  });

  test('not where the event proves it, where nothing is said of following, or where a test says what becomes of strangers', () => {
    expect(said('{ text: a }', ', who: { followedFor: 30d }')).toEqual([]);
    expect(said('visit', ", when: \"event.kind == 'visit' && '会员' in user.tags\"")).toEqual([]);
    expect(said('paid', ', delay: 1d, cancelIf: refunded')).toEqual([]);
    const tests = `tests:
  - name: 没关注的没有
    neverFollowed: ann
    events:
      - { at: 2026-03-02 10:00, user: ann, visit: true, expect: { refused: notEligible } }
`;
    expect(said('visit', ', who: { followedFor: 30d }', tests)).toEqual([]);
  });
});
