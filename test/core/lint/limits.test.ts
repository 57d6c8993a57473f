// Warnings about limits that are never felt and prizes that are never won: each with a file that has it, and one that
// just has not.
import { describe, expect, test } from 'vitest';
import { fen } from '../../../src/core/base/money.ts';
import { type Edit, edited, lintFiles, saidOf, settled, show } from '../../support/lint.ts';

const LIMITS = '{ total: 5, perDay: 1 }';
const BUDGET = 'perDay: ¥200.00';

type Row = readonly [what: string, edits: readonly Edit[], said: readonly string[]];

describe('a limit that another one hides', () => {
  test.each<Row>([
    [
      'total behind perDay',
      [[LIMITS, '{ total: 11, perDay: 1 }']],
      ['5:29 limit-shadowed total 11 is never reached: perUser.perDay 1 on 10 days is 10'],
    ],
    ['total before perDay', [[LIMITS, '{ total: 10, perDay: 1 }']], []],
    [
      'perMonth behind total',
      [[LIMITS, '{ total: 5, perMonth: 6, perDay: 1 }']],
      ['5:42 limit-shadowed perMonth 6 is never reached: perUser.total is 5'],
    ],
    ['perMonth as total', [[LIMITS, '{ total: 5, perMonth: 5, perDay: 1 }']], []],
    [
      'perDay behind total',
      [[LIMITS, '{ total: 5, perDay: 6 }']],
      ['5:40 limit-shadowed perDay 6 is never reached: perUser.total is 5'],
    ],
    ['perDay as total', [[LIMITS, '{ total: 5, perDay: 5 }']], []],
    [
      'perDay behind once: perDay',
      [
        [LIMITS, '{ perDay: 2 }'],
        ['once: perEvent', 'once: perDay'],
      ],
      ['5:30 limit-shadowed perDay 2 is never reached: "password" is once: perDay'],
    ],
    [
      'total behind once: ever',
      [
        [LIMITS, '{ total: 2 }'],
        ['once: perEvent', 'once: ever'],
      ],
      ['5:29 limit-shadowed total 2 is never reached: "password" is once: ever'],
    ],
    [
      'wins behind total',
      [[LIMITS, '{ total: 5, wins: 6, perDay: 1 }']],
      ['5:38 limit-shadowed wins 6 is never reached: perUser.total is 5'],
    ],
    [
      'perDay behind a gap',
      [[LIMITS, '{ total: 5, perDay: 3, gap: 12h }']],
      ['5:40 limit-shadowed perDay 3 is never reached: a gap of 12h leaves time for 2 a day'],
    ],
    ['perDay within a gap', [[LIMITS, '{ total: 5, perDay: 2, gap: 12h }']], []],
    [
      'perUser of a prize behind total',
      [['stock: 20', 'stock: 20, perUser: 6']],
      ['9:59 limit-shadowed perUser 6 is never reached: limits.perUser.total is 5'],
    ],
    [
      'stock behind perDay of the prize',
      [['stock: 20', 'stock: 20, perDay: 1']],
      ['9:46 limit-shadowed stock 20 is never reached: perDay 1 on 10 days is 10'],
    ],
    ['stock as perDay of the prize', [['stock: 20', 'stock: 20, perDay: 2']], []],
    [
      'packetsPerDay behind the money of a day',
      [[BUDGET, `${BUDGET}, packetsPerDay: 201`]],
      ['4:60 limit-shadowed packetsPerDay 201 is never reached: perDay is enough for 200'],
    ],
    [
      'packets behind the money',
      [[BUDGET, `${BUDGET}, packets: 1001`]],
      ['4:54 limit-shadowed packets 1001 is never reached: total is enough for 1000'],
    ],
    [
      'perDay of a prize behind packetsPerDay',
      [
        [BUDGET, `${BUDGET}, packetsPerDay: 180`],
        ['¥8.80, weight: 5, stock: 20', '¥1.10, weight: 5, stock: 200, perDay: 181'],
      ],
      ['9:59 limit-shadowed perDay 181 is never reached: budget.packetsPerDay is 180'],
    ],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });

  test('perDay of the budget behind its packets', () => {
    expect(
      saidOf([
        [BUDGET, `${BUDGET}, packetsPerDay: 100, pace: { perHour: 100 }`],
        ['stock: 20', 'stock: 5'],
        ['的 20 个', '的 5 个'],
      ]),
    ).toEqual(['4:36 limit-shadowed perDay ¥200.00 is never reached: packetsPerDay is 100, ¥139.00 at most']);
    expect(
      saidOf([
        [BUDGET, `${BUDGET}, packetsPerDay: 160, pace: { perHour: 100 }`],
        ['stock: 20', 'stock: 5'],
      ]),
    ).toEqual([]);
  });

  test('is said of the lowest of the others only', () => {
    expect(saidOf([[LIMITS, '{ total: 5, perMonth: 3, perDay: 6 }']])).toEqual([
      '5:53 limit-shadowed perDay 6 is never reached: perUser.perMonth is 3',
    ]);
  });
});

const STORE = `campaign: store
name: 到店礼
period: { from: 2026-03-01, to: 2026-03-10, hours: ["09:00-19:00"] }
budget: { total: ¥2400.00, perDay: ¥240.00, alertAt: [80%] }
limits: { perUser: { total: 6 }, perScene: { perDay: 50, perUser: 2 } }
packet: { sendName: 阿茶茶饮 }
stores: stores.csv
prizes: { visit: { redpacket: ¥1.20 } }
rules:
  - { id: arrive, on: { scan: store-* }, once: perDay, give: visit }
  - { id: terms, on: { text: 活动规则 }, reply: 到店扫码，每天一次。 }
tests: [{ name: t, events: [{ at: 2026-03-01 10:00, user: ann, scan: store-1 }] }]
`;
const STORES = 'scene,name,hours\nstore-1,一店,\nstore-2,二店,\nstore-3,三店,\nstore-4,四店,\n';

describe('limits of stores', () => {
  const said = (edits: readonly Edit[]) =>
    lintFiles([{ file: 'store.yaml', text: edited(STORE, edits) }], undefined, () => STORES).warnings.map(show);

  test('that fit', () => {
    expect(said([])).toEqual([]);
  });

  test('that all stores together keep below the budget', () => {
    expect(said([['perDay: 50', 'perDay: 40']])).toEqual([
      '4:18 budget-left-over at most ¥1920.00 of ¥2400.00 can ever be given: ¥192.00 a day (perScene.perDay 40 × 4 stores is 160) on 10 days; lower the total, or raise that',
      '4:36 limit-shadowed perDay ¥240.00 is never reached: perScene.perDay 40 × 4 stores is 160, ¥192.00 at most',
    ]);
  });

  test('that are behind others', () => {
    expect(said([['perUser: 2', 'perUser: 7']])).toEqual([
      '5:67 limit-shadowed perScene.perUser 7 is never reached: perUser.total is 6',
    ]);
    expect(said([['perDay: 50', 'perDay: 50, amountPerDay: ¥60.00']])).toEqual([]);
    expect(said([['perDay: 50', 'perDay: 50, amountPerDay: ¥240.01']])).toEqual([
      '5:72 limit-shadowed perScene.amountPerDay ¥240.01 is never reached: budget.perDay is ¥240.00',
    ]);
    expect(
      said([
        ['perDay: ¥240.00', 'perDay: ¥240.00, packetsPerDay: 200'],
        ['perDay: 50', 'perDay: 201'],
      ]),
    ).toEqual(['5:54 limit-shadowed perScene.perDay 201 is never reached: budget.packetsPerDay is 200']);
  });

  test('that nothing is scanned for', () => {
    expect(saidOf([['limits: { ', 'limits: { perScene: { perDay: 5 }, ']])).toEqual([
      '5:21 limit-without-effect perScene is about scanned codes, and no rule that gives something has on: scan',
    ]);
    expect(
      saidOf([
        ['limits: { ', 'limits: { perScene: { perDay: 5 }, '],
        ['on: { text: 恭喜发财 }', 'on: { text: 恭喜发财, scan: poster }'],
      ]),
    ).toEqual([]);
  });
});

describe('once: ever', () => {
  const rule = (words: string): Edit => ['  - id: terms', `  - { id: more, ${words} }\n  - id: terms`];
  const invite = 'invite: { validFor: 7d }, reply: "{{invite}}"';

  test.each<Row>([
    [
      'of printed codes',
      [rule('on: { code: spring }, give: small')],
      [
        '18:5 once-too-seldom "more" is once: ever, so that one code counts for each follower, and no other code after it; write once: perEvent',
      ],
    ],
    ['of printed codes, each', [rule('on: { code: spring }, once: perEvent, give: small')], []],
    [
      'of friends',
      [
        rule(
          `on: { friend: { paid: { over: ¥15.00 } } }, once: ever, give: small }\n  - { id: code, on: { text: 邀请 }, ${invite}`,
        ),
      ],
      [
        '18:67 once-too-seldom "more" is once: ever, so that one friend counts for each follower, and no other friend after it; write once: perEvent',
      ],
    ],
    ['of who pays', [rule('on: { paid: { over: ¥30.00 } }, give: small')], []],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });
});

describe('a wallet', () => {
  const wallet = (words: string): Edit => ['prizes:', `wallets: { 机会: { ${words} } }\nprizes:`];
  const rule = (words: string): Edit => ['once: perEvent', `once: perEvent\n    ${words}`];
  const spend = rule('spend: { 机会: 1 }');

  test.each<Row>([
    [
      'that nobody can spend from',
      [wallet('freePerDay: 1')],
      ['7:16 wallet-unused nobody can do anything with "机会": no rule has spend: { 机会: 1 }'],
    ],
    ['that is spent from', [wallet('freePerDay: 1'), spend], []],
    ['that a condition asks for', [wallet('freePerDay: 1'), rule('when: wallet["机会"] > 0')], []],
    [
      'with free ones that cannot be spent',
      [wallet('freePerDay: 2, spendPerDay: 1'), spend],
      ['7:30 limit-shadowed freePerDay 2 is never reached: spendPerDay is 1'],
    ],
    [
      'that nobody earns',
      [wallet('freePerDay: 1, earnPerDay: 3'), spend],
      ['7:45 limit-without-effect no rule has earn: { 机会: 1 }, so nothing is earned'],
    ],
    [
      'that cannot hold what is earned',
      [wallet('freePerDay: 1, earnPerDay: 3'), spend, ['    give:', '    earn: { 机会: 4 }\n    give:']],
      ['17:17 limit-shadowed 4 are more than earnPerDay 3: the rest is lost'],
    ],
    [
      'that can hold it',
      [wallet('freePerDay: 1, earnPerDay: 3'), spend, ['    give:', '    earn: { 机会: 3 }\n    give:']],
      [],
    ],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });
});

describe('a prize that cannot be won', () => {
  const unlock: Edit = ['stock: 20', 'stock: 20, unlockAfter: 5'];

  test.each<Row>([
    [
      'by its amount',
      [['perDay: 1 }', 'perDay: 1, amountPerDay: ¥8.79 }']],
      ['9:21 prize-unwinnable "big" can never be won: it is worth ¥8.80, and limits.perUser.amountPerDay is ¥8.79'],
    ],
    ['but for a fen', [['perDay: 1 }', 'perDay: 1, amountPerDay: ¥8.80 }']], []],
    [
      'in part',
      [
        ['perDay: 1 }', 'perDay: 1, amountPerDay: ¥5.00 }'],
        ['¥8.80,', '¥4.00..¥8.80,'],
      ],
      [
        '9:21 prize-unwinnable of "big" (¥4.00..¥8.80) the amounts above ¥5.00 can never be won: limits.perUser.amountPerDay is ¥5.00',
      ],
    ],
    [
      'because nobody draws so often',
      [unlock],
      ['9:63 prize-unwinnable "big" can never be won: it wants 5 draws before, and one follower has at most 5 in all'],
    ],
    ['but at the last draw', [[unlock[0], 'stock: 20, unlockAfter: 4']], []],
    [
      'because no rule gives it',
      [['[small, big, thanks]', '[small, thanks]']],
      ['9:8 prize-unwinnable "big" can never be won: no rule gives it'],
    ],
    [
      'because its time never comes',
      [['[small, big, thanks]', '{ 3: [small, thanks], 6: big }']],
      ['15:36 prize-unwinnable time 6 of "password" never comes: limits.perUser.total is 5'],
    ],
    ['but the last time', [['[small, big, thanks]', '{ 3: [small, thanks], 5: big }']], []],
    [
      'because the streak is longer than the campaign',
      [
        ['once: perEvent', 'once: perDay\n    streak: { cycle: 12 }'],
        ['[small, big, thanks]', '{ 3: [small, thanks], 11: big }'],
        ['total: 5, ', ''],
      ],
      ['16:37 prize-unwinnable time 11 of "password" never comes: the campaign has 10 days'],
    ],
    [
      'by its odds, probably',
      [['weight: 5,', 'weight: 0.04,']],
      [
        '9:36 prize-unlikely the budget is enough for some 1183 draws, in which "big" is won 0.50 times on the average: probably nobody wins it',
      ],
    ],
    ['by its odds, perhaps', [['weight: 5,', 'weight: 0.06,']], []],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });

  test('is not one that is only sent by hand', () => {
    const said = saidOf([
      ['give: [small, big, thanks]', 'reply: 你好'],
      ['    once: perEvent\n', ''],
      ['    replies:\n      won: 口令正确！{{amount}} 元红包已发出。\n', ''],
    ]);
    expect(said.filter(each => each.includes('unwinnable'))).toEqual([]);
  });

  test('is the first prize of a draw above the cap', () => {
    expect(saidOf([], settled({ topPrize: fen(879) }))).toEqual([
      '9:21 top-prize "big" is worth up to ¥8.80; the highest prize of a draw may be ¥8.79',
    ]);
    expect(saidOf([], settled({ topPrize: fen(880) }))).toEqual([]);
  });
});
