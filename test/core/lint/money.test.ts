// Warnings about money: every id with a file that has it, and one that just has not.
import { describe, expect, test } from 'vitest';
import { fen } from '../../../src/core/base/money.ts';
import { ALONE, type LintAround, WECHAT_CAPS } from '../../../src/core/lint/context.ts';
import { courseOf, spendOf } from '../../../src/core/lint/spend.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';
import { CLEAN, type Edit, edited, lintFiles, saidOf, settled, show } from '../../support/lint.ts';

const BUDGET = 'perDay: ¥200.00';
const SMALL = 'small: { redpacket: ¥1.00';
const LIMITS = '{ total: 5, perDay: 1 }';
const OWN_TEXTS = '    replies:\n      won: 口令正确！{{amount}} 元红包已发出。\n';

/** A small prize with a stock beside a dear one: said on purpose. */
const RISES: Edit = ['    give: [small, big, thanks]', '    odds: rise\n    give: [small, big, thanks]'];

/** Around: the one account pays through a merchant with these caps. */
function shop(limits: Partial<typeof WECHAT_CAPS>): LintAround {
  return {
    ...ALONE,
    accounts: new Map([['tea', { merchant: 'shop' }]]),
    merchants: new Map([['shop', { name: 'shop', showsPacket: true, limits: { ...WECHAT_CAPS, ...limits } }]]),
  };
}

type Row = readonly [what: string, edits: readonly Edit[], said: readonly string[]];

test('a file that is well thought out has no warnings', () => {
  expect(saidOf([])).toEqual([]);
});

describe('the budget', () => {
  test.each<Row>([
    [
      'that its own days cannot use up',
      [[BUDGET, 'perDay: ¥90.00, pace: { perHour: 5 }']],
      [
        '4:18 budget-left-over at most ¥900.00 of ¥1000.00 can ever be given: ¥90.00 a day (budget.perDay) on 10 days; lower the total, or raise that',
      ],
    ],
    ['that its days just use up', [[BUDGET, 'perDay: ¥100.00, pace: { perHour: 5 }']], []],
    [
      'that all prizes together do not use up',
      [['weight: 80', 'weight: 80, stock: 500'], RISES],
      [
        '4:18 budget-left-over at most ¥676.00 of ¥1000.00 can ever be given: all prizes in stock come to that; lower the total, or raise that',
      ],
    ],
    ['that all prizes together use up', [['weight: 80', 'weight: 80, stock: 824'], RISES], []],
    [
      'that can go on the first day',
      [[', perDay: ¥200.00', '']],
      [
        '4:9 no-day-budget nothing keeps all ¥1000.00 from being given on the first of 10 days; add perDay, such as perDay: ¥100.00',
      ],
    ],
    [
      'that is for one day',
      [
        [', perDay: ¥200.00', ''],
        ['to: 2026-03-10 24:00', 'to: 2026-03-01 24:00'],
        ['total: 5, ', ''],
      ],
      [],
    ],
    [
      'that is gone when the day begins',
      [
        [BUDGET, 'perDay: ¥100.00'],
        [SMALL, 'small: { redpacket: ¥2.00'],
      ],
      [
        '4:36 budget-first-hours it is enough for some 42 packets in the 24 hours of a day, which are gone at once when the day begins; add pace: { perHour: 1, carryOver: true }, or open for fewer hours',
      ],
    ],
    [
      'that is little, and paced',
      [
        [BUDGET, 'perDay: ¥100.00, pace: { perHour: 4 }'],
        [SMALL, 'small: { redpacket: ¥2.00'],
      ],
      [],
    ],
    [
      'that nobody watches',
      [[', alertAt: [80%]', '']],
      ['4:9 alert-missing nobody hears when ¥1000.00 run out; add alertAt: [50%, 80%, 95%]'],
    ],
    [
      'that nobody needs to watch',
      [
        [', alertAt: [80%]', ''],
        ['total: ¥1000.00', 'total: ¥999.99'],
      ],
      [],
    ],
    [
      'that ends before the packets do',
      [[BUDGET, `${BUDGET}, packets: 950`]],
      ['4:54 packets-beyond-budget a packet is ¥1.18 on the average: total ¥1000.00 ends after some 844 of the 950'],
    ],
    ['that ends with the packets', [[BUDGET, `${BUDGET}, packets: 850`]], []],
    [
      'of a day that ends before its packets do',
      [[BUDGET, `${BUDGET}, packetsPerDay: 195`]],
      ['4:60 packets-beyond-budget a packet is ¥1.08 on the average: perDay ¥200.00 ends after some 184 of the 195'],
    ],
    [
      'that is less than the prizes it promises',
      [['stock: 20', 'stock: 114']],
      [
        '4:18 stock-above-budget 114 × "big" ¥8.80 come to ¥1003.20, more than the total ¥1000.00: not all of them can be won',
      ],
    ],
    ['that is just enough for the prizes it promises', [['stock: 20', 'stock: 113']], []],
    [
      'whose pace is too slow for its packets',
      [[BUDGET, `${BUDGET}, packetsPerDay: 150, pace: { perHour: 5 }`]],
      ['4:71 pace-too-slow pace 5 an hour gives 120 in the 24 hours of a day, fewer than packetsPerDay 150'],
    ],
    ['whose pace is fast enough', [[BUDGET, `${BUDGET}, packetsPerDay: 120, pace: { perHour: 5 }`]], []],
    [
      'whose pace is too slow for its money',
      [[BUDGET, `${BUDGET}, pace: { perHour: 1 }`]],
      [
        '4:51 pace-too-slow pace 1 an hour gives 24 in the 24 hours of a day, worth ¥180.00 at most: less than perDay ¥200.00',
      ],
    ],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });

  test('whose red packets leave before a refund can be told is said to who asks for it', () => {
    const asked = settled({ severity: { 'refund-too-late': 'warning' } });
    const order = (words: string): Edit => [
      '  - id: terms',
      `  - { id: order, on: paid, give: small${words} }\n  - id: terms`,
    ];
    const about = (words: string): string[] =>
      saidOf([order(words)], asked).filter(line => line.includes('refund-too-late'));
    expect(about(', once: perEvent')).toEqual([
      expect.stringContaining('refund-too-late "order" pays at once, and a red packet that has left stays'),
    ]);
    expect(about(', once: perEvent, delay: 24h')).toEqual([]);
    expect(saidOf([order(', once: perEvent')]).filter(line => line.includes('refund-too-late'))).toEqual([]);
  });

  test('that can be gone before the end is said to who asks for it', () => {
    const asked = settled({ severity: { 'budget-ends-early': 'warning' } });
    expect(saidOf([], asked)).toEqual([
      '4:36 budget-ends-early ¥200.00 a day on 10 days is ¥2000.00: the total ¥1000.00 can be gone after 5 of them',
    ]);
    expect(
      saidOf(
        [
          [BUDGET, 'perDay: ¥100.00, pace: { perHour: 4 }'],
          [SMALL, 'small: { redpacket: ¥2.00'],
        ],
        asked,
      ),
    ).toEqual([]);
  });
});

describe('one follower', () => {
  const ALL_DAY =
    'unlimited-per-user every message is a new claim on "password", and each may bring ¥8.80: nothing about one follower ends it, one alone can take the whole budget; add limits: { perUser: { perDay: 1 } }, or once: perDay';

  test.each<Row>([
    ['who can win all day', [[`limits: { perUser: ${LIMITS} }\n`, '']], [`13:11 ${ALL_DAY}`]],
    [
      'who can win once a day',
      [
        [`limits: { perUser: ${LIMITS} }\n`, ''],
        ['once: perEvent', 'once: perDay'],
      ],
      [],
    ],
    ['who must wait for less than an hour', [[LIMITS, '{ gap: 59m }']], [`14:11 ${ALL_DAY}`]],
    ['who must wait for an hour', [[LIMITS, '{ gap: 1h }']], []],
    [
      'who pays for each',
      [
        [`limits: { perUser: ${LIMITS} }\n`, ''],
        ['{ text: 恭喜发财 }', '{ paid: { over: ¥10.00 } }'],
        [OWN_TEXTS, ''],
      ],
      [
        '12:9 refund-at-once "password" pays at once for every payment, and whoever is refunded keeps it and may pay again; write delay: 24h, or limits: { perUser: { perDay: 1 } }',
      ],
    ],
    [
      'who pays for each, and is given it back the next day',
      [
        [`limits: { perUser: ${LIMITS} }\n`, ''],
        ['{ text: 恭喜发财 }', '{ paid: { over: ¥10.00 } }'],
        [OWN_TEXTS, '    delay: 24h\n'],
      ],
      [],
    ],
    [
      'who pays less for each than it brings',
      [
        [`limits: { perUser: ${LIMITS} }\n`, ''],
        ['{ text: 恭喜发财 }', 'paid'],
        [OWN_TEXTS, ''],
      ],
      [
        '12:9 unlimited-per-user every payment is a new claim on "password" for ¥0.01, and each may bring ¥8.80: nothing about one follower ends it, one alone can take the whole budget; write on: { paid: { over: … } } with more than ¥8.80, or add limits: { perUser: { perDay: 1 } }, or a perUser to each prize',
      ],
    ],
    [
      'who may claim more packets than WeChat pays',
      [[LIMITS, '{ perDay: 13 }']],
      [
        '5:30 user-day-cap 13 claims are some 11 packets a day; WeChat Pay gives one follower at most 10, and the others read `limited`',
      ],
    ],
    ['who may claim as many as WeChat pays', [[LIMITS, '{ perDay: 11 }']], []],
    [
      'who may have more money than WeChat pays',
      [[LIMITS, '{ perDay: 1, amountPerDay: ¥1000.01 }']],
      ['5:47 user-day-cap ¥1000.01 is more than the ¥1000.00 that WeChat Pay gives one follower on one day'],
    ],
    ['who may have as much as WeChat pays', [[LIMITS, '{ perDay: 1, amountPerDay: ¥1000.00 }']], []],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });
});

describe('the merchant', () => {
  test('who pays less a day than the campaign', () => {
    expect(saidOf([], shop({ amountPerDay: fen(199_99) }))).toEqual([
      '4:36 merchant-day-cap ¥200.00 for one day is more than ¥199.99, which is all that merchant "shop" pays on one day',
    ]);
    expect(saidOf([], shop({ amountPerDay: fen(200_00) }))).toEqual([]);
  });

  test('whose own cap on one follower is lower than WeChat Pay’s', () => {
    const edits: Edit[] = [[LIMITS, '{ perDay: 3 }']];
    expect(saidOf(edits, shop({ perUserPerDay: 2 }))).toEqual([
      '5:30 user-day-cap 3 claims are some 3 packets a day; merchant "shop" gives one follower at most 2, and the others read `limited`',
    ]);
    expect(saidOf(edits, shop({ perUserPerDay: 3 }))).toEqual([]);
  });

  test('who pays more slowly than claims may come', () => {
    expect(saidOf([['limits: { ', 'limits: { perMinute: 1801, ']])).toEqual([
      '5:22 payout-queue 1801 claims a minute are more than the 1800 that WeChat Pay pays: the queue grows by 1 a minute',
    ]);
    expect(saidOf([['limits: { ', 'limits: { perMinute: 1800, ']])).toEqual([]);
  });
});

describe('the packet', () => {
  test.each<Row>([
    [
      'with a name that WeChat refuses',
      [['name: 新春口令', 'name: Tea 2026 sp']],
      [
        '2:7 act-name-long the packet\'s actName "Tea 2026 sp" has 11 characters; WeChat Pay refuses more than 10: write a shorter packet.actName',
      ],
    ],
    ['with a name of ten', [['name: 新春口令', 'name: Tea 2026 s']], []],
    [
      'with a scene that nothing needs',
      [['sendName: 阿茶茶饮', 'sendName: 阿茶茶饮, scene: PRODUCT_2']],
      [
        '6:34 scene-not-needed no amount needs a scene (all are within ¥1.00 and ¥200.00), and 商家红包 accounts refuse any; leave it out',
      ],
    ],
    [
      'with a scene that an amount needs',
      [
        ['sendName: 阿茶茶饮', 'sendName: 阿茶茶饮, scene: PRODUCT_2'],
        [SMALL, 'small: { redpacket: ¥0.99'],
      ],
      [],
    ],
    [
      'that is for a group',
      [['redpacket: ¥8.80', 'redpacket: ¥8.80, shares: 5']],
      ['9:36 group-packet "big" is a group packet; WeChat Pay deprecated these on 2024-06-05 and may refuse them'],
    ],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });

  test('says nothing of names to a merchant who pays by transfer', () => {
    const around = shop({});
    const transfer = {
      ...around,
      merchants: new Map([['shop', { ...around.merchants.get('shop')!, showsPacket: false }]]),
    };
    expect(saidOf([['name: 新春口令', 'name: Tea 2026 sp']], transfer)).toEqual([]);
  });
});

const RAIN = `campaign: rain
name: 红包雨
period: { from: 2027-02-05 18:00, to: 2027-02-05 22:00 }
budget: { total: ¥50000.00, alertAt: [80%] }
limits: { perUser: { perRound: 1 } }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: PACKETS, total: ¥48000.00 }
  - { name: 第二场, at: 2027-02-05 NEXT, lasts: 5m, packets: 1000, total: ¥2000.00 }
prizes:
  rain: { redpacket: { split: ¥1.00..¥66.00 } }
rules:
  - { id: grab, on: { text: 新年快乐 }, once: perRound, give: rain }
  - { id: terms, on: { click: RULES }, reply: 两场红包雨，手快有手慢无。 }
tests: [{ name: t, events: [{ at: 2027-02-05 20:00, user: ann, text: 新年快乐 }] }]
`;

describe('a red-packet rain', () => {
  const rain = (packets: number, next = '21:00') => {
    const text = edited(RAIN, [
      ['PACKETS', String(packets)],
      ['NEXT', next],
    ]);
    return lintFiles([{ file: 'rain.yaml', text }]).warnings.map(show);
  };
  const queue = '8:60 payout-queue';
  const ask = (packets: number) =>
    `${packets} packets at 30 a second (WeChat Pay): when all are taken at once, the last of "第一场" waits`;

  test('that is paid within a minute', () => {
    expect(rain(1800)).toEqual([]);
  });

  test('whose last packet waits', () => {
    expect(rain(1801)).toEqual([`${queue} ${ask(1801)} 1 min 1 s`]);
    expect(rain(9000)).toEqual([`${queue} ${ask(9000)} 5 min`]);
  });

  test('that is still being paid when it is over, or when the next one begins', () => {
    expect(rain(9001)).toEqual([`${queue} ${ask(9001)} 5 min 1 s, after the round is over`]);
    expect(rain(9001, '20:05')).toEqual([
      `${queue} ${ask(9001)} 5 min 1 s, after the round is over, and "第二场" queues behind it`,
    ]);
  });
});

describe('what a campaign costs', () => {
  const load = (edits: readonly Edit[]) => {
    const loaded = loadCampaign('spring.yaml', edited(CLEAN, edits));
    if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
    return loaded.campaign;
  };

  test('at most is the lowest of its own limits', () => {
    expect(spendOf(load([]))).toMatchObject({ most: { sum: 1000_00, why: 'budget.total' }, mostOfClaim: 880 });
    expect(spendOf(load([[BUDGET, `${BUDGET}, packets: 50`]]))).toMatchObject({
      most: { sum: 20 * 880 + 30 * 100, why: expect.objectContaining({ en: 'packets is 50' }) },
    });
    expect(spendOf(load([[BUDGET, `${BUDGET}, packetsPerDay: 30`]]))?.most).toEqual({
      sum: 1000_00,
      why: 'budget.total',
    });
  });

  test('on the average follows the odds until a stock is gone, and then the others’', () => {
    // 400 draws until the 20 big ones are gone: 320 small ones. Then only small ones, 80 of 95.
    const course = courseOf(load([]), { money: 1000_00, packets: Infinity })!;
    const rest = (1000_00 - 20 * 880 - 320 * 100) / 100;
    expect(course.won.get('big')).toBeCloseTo(20, 6);
    expect(course.won.get('small')).toBeCloseTo(320 + rest, 6);
    expect(course.draws).toBeCloseTo(400 + (rest * 95) / 80, 6);
    expect(course.money).toBeCloseTo(1000_00, 6);
    expect(course.perDraw).toBeCloseTo(0.8 * 100 + 0.05 * 880, 6);
  });

  test('gives what is gone to the fallback', () => {
    const course = courseOf(load([['nothing: true', 'nothing: true, fallback: true']]), {
      money: 1000_00,
      packets: Infinity,
    })!;
    const rest = (1000_00 - 20 * 880 - 320 * 100) / 100;
    expect(course.draws).toBeCloseTo(400 + rest / 0.8, 6);
  });

  test('is never more than the budget, whatever the file says', () => {
    for (const perDay of [0.9, 1, 3, 100])
      expect(
        spendOf(load([[BUDGET, `perDay: ¥${(perDay * 10).toFixed(2)}`]]), WECHAT_CAPS)!.most.sum,
      ).toBeLessThanOrEqual(1000_00);
  });
});
