// Slips of the pen, and duties: every id with a file that has it, and one that just has not.
import { expect, test } from 'vitest';
import type { LintId } from '../../../src/core/lint/catalogue.ts';
import { CLEAN, type Edit, edited, lintFiles, settled } from '../../support/lint.ts';

const ON = 'on: { text: 恭喜发财 }';
const TERMS = '每天一次，1 元的很多，8.80 元的 20 个。';
const WON = '口令正确！{{amount}} 元红包已发出。';
const again = (more: string): Edit => [
  '  - id: terms',
  `  - { id: more, on: { text: 恭喜发财 }, once: perDay, give: small${more} }\n  - id: terms`,
];
const LIMITS: Edit = ['limits: { perUser: { total: 5, perDay: 1 } }\n', ''];
const DAILY: Edit = ['once: perEvent', 'once: perDay'];
const SEGMENT: Edit = ['name: 新春口令', 'name: 新春口令\nsegments: { 会员: [oTeaMember000000000000000001] }'];
const MEMBERS: Edit = ['once: perDay', `when: 'now.hour < 12 && "会员" in user.tags'\n    once: perDay`];

/** The ids that are said of the clean file after these edits. */
function ids(edits: readonly Edit[]): LintId[] {
  const around = settled({ severity: { 'tax-on-winnings': 'warning' } });
  const { warnings } = lintFiles([{ file: 'a.yaml', text: edited(CLEAN, edits) }], around);
  return warnings.map(({ id }) => id);
}

type Row = readonly [id: LintId, has: readonly Edit[], hasNot: readonly Edit[]];
const ROWS: Row[] = [
  ['keyword-marks', [[ON, 'on: { text: [恭喜发财，新年快乐] }']], [[ON, 'on: { text: [恭喜发财, 新年快乐] }']]],
  ['keyword-marks', [[ON, 'on: { text: “恭喜发财” }']], [[ON, 'on: { text: "恭喜发财" }']]],
  ['built-in-word', [[ON, 'on: { text: { contains: 红包 } }']], [[ON, 'on: { text: { contains: 发财 } }']]],
  ['last-minute', [['2026-03-10 24:00', '2026-03-10 23:59']], []],
  ['last-minute', [['2026-03-10 24:00 }', '2026-03-10 24:00, hours: ["08:00-23:59"] }']], []],
  ['not-live', [['name: 新春口令', 'name: 新春口令\nmode: draft']], [['name: 新春口令', 'name: 新春口令\nmode: live']]],
  [
    'once-per-rule',
    [LIMITS, DAILY, ['once: perDay', 'when: now.hour < 12\n    once: perDay'], again('')],
    [LIMITS, DAILY, ['once: perDay', 'when: user.follows > 1\n    once: perDay'], again('')],
  ],
  [
    'once-per-rule',
    [LIMITS, SEGMENT, DAILY, MEMBERS, again(", when: 'now.hour > 1'")],
    [LIMITS, SEGMENT, DAILY, MEMBERS, again(`, when: '!("会员" in user.tags)'`)],
  ],
  ['follows-again', [[ON, 'on: subscribe'], DAILY], [[ON, 'on: { subscribe: { first: true } }'], DAILY]],
  ['final-say', [[TERMS, `${TERMS}最终解释权归阿茶茶饮。`]], [[TERMS, `${TERMS}有疑问请回复客服。`]]],
  ['terms-differ', [[WON, '恭喜获得 5 元红包！']], [[WON, '恭喜获得 1 元红包！']]],
  ['terms-differ', [[TERMS, '每天一次，每人得 88 元，共 20 个。']], [[TERMS, '送 3 元茶券，8.8 元红包 20 个。']]],
  ['personal-data', [[WON, '请回复姓名和地址。']], [[WON, '请回复姓名和地址，仅用于寄送，寄出后删除。']]],
  [
    'tax-on-winnings',
    [],
    [
      [ON, 'on: { paid: { over: ¥20.00 } }'],
      ['give: [small, big, thanks]', 'give: small'],
    ],
  ],
  [
    'winners-shown',
    [
      ['total: ¥1000.00, perDay: ¥200.00', 'total: ¥9000.00, perDay: ¥2000.00'],
      ['redpacket: ¥8.80', 'redpacket: ¥501.00'],
      ['sendName: 阿茶茶饮', 'sendName: 阿茶茶饮, scene: PRODUCT_2'],
    ],
    [],
  ],
];

// The law is about things that are won as it is about money.
const GOODS: Edit = [
  'thanks: { nothing: true, weight: 15 }',
  'thanks: { goods: { what: 相机, value: ¥999.00 }, weight: 15, stock: 3 }',
];
const SHIPPING = (consent: string): Edit => ['prizes:', `shipping: { consent: ${consent}, keep: 90d }\nprizes:`];
const WHOLE = '阿茶茶饮只用你的姓名、电话、地址寄送奖品，活动结束 90 天后删除。';
const SMALL: Edit = ['value: ¥999.00', 'value: ¥99.00'];
const NO_CASH: Edit = ['give: [small, big, thanks]', 'give: thanks'];
const RISE: Edit = ['    give: [small, big, thanks]', '    odds: rise\n    give: [small, big, thanks]'];
ROWS.push(
  ['winners-shown', [GOODS, RISE, SHIPPING(WHOLE)], [GOODS, SMALL, RISE, SHIPPING(WHOLE)]],
  ['tax-on-winnings', [GOODS, NO_CASH, SHIPPING(WHOLE)], [[ON, 'on: { paid: { over: ¥20.00 } }'], NO_CASH]],
  ['personal-data', [GOODS, RISE, SHIPPING('好')], [GOODS, RISE, SHIPPING(WHOLE)]],
  ['personal-data', [GOODS, RISE, SHIPPING('阿茶茶饮只用来寄送奖品。')], []],
  ['personal-data', [GOODS, RISE, SHIPPING('仅用于寄送奖品，90 天后删除。')], []],
  ['personal-data', [GOODS, RISE, SHIPPING('阿茶茶饮将保存 90 天。')], []],
);

// What never comes to pass, and what is read otherwise than it was meant.
const NIGHT = (days: string): Edit => [
  '2026-03-10 24:00 }',
  `2026-03-10 24:00, weekdays: ${days}, hours: ["00:00-02:00", "22:00-24:00"] }`,
];
const DAY_HOURS: Edit = ['2026-03-10 24:00 }', '2026-03-10 24:00, hours: ["09:00-18:00"] }'];
const WHEN = (when: string): Edit => ['once: perEvent', `when: ${when}\n    once: perEvent`];
ROWS.push(
  ['night-weekdays', [NIGHT('[fri]')], [NIGHT('[mon, tue, wed, thu, fri, sat, sun]')]],
  ['night-weekdays', [NIGHT('[fri, sat]')], [NIGHT('[fri, sat]'), WHEN('now.weekday == "fri" && now.hour >= 22')]],
  ['rule-never', [DAY_HOURS, WHEN('now.hour >= 20')], [DAY_HOURS, WHEN('now.hour >= 17')]],
  ['rule-never', [WHEN('now.day < "2026-02-01"')], [WHEN('now.day < "2026-03-02"')]],
  [
    'rule-never',
    [[ON, 'on: { text: { daily: { 2025-03-01: 春茶 } } }']],
    [[ON, 'on: { text: { daily: { 2026-03-10: 春茶 } } }']],
  ],
  ['keyword-marks', [[ON, 'on: { text: 恭喜发财/新年快乐 }']], [[ON, 'on: { text: "24/7" }']]],
  ['keyword-marks', [[ON, 'on: { text: 恭喜发财 新年快乐 }']], [[ON, 'on: { text: "#抽奖#" }']]],
  ['keyword-marks', [[ON, 'on: { text: "恭喜发财,新年快乐" }']], [[ON, 'on: { text: [恭喜发财, 新年快乐] }']]],
  ['placeholder-brackets', [[WON, '"{amount} 元红包已发出。"']], [[WON, '"{{amount}} 元红包已发出。"']]],
  ['placeholder-brackets', [[WON, '［amount］元红包已发出。']], [[WON, '【活动】{{amount}} 元红包已发出。']]],
);

test.each(ROWS)('%s is said where it is so, and not where it is not', (id, has, hasNot) => {
  expect(ids(has)).toContain(id);
  expect(ids(hasNot)).not.toContain(id);
});

test('refund-at-once is about payments without a limit', () => {
  const paid: Edit = [ON, 'on: { paid: { over: ¥20.00 } }'];
  expect(ids([paid, LIMITS])).toContain('refund-at-once');
  expect(ids([paid])).not.toContain('refund-at-once');
});

test('two files for one event are told apart, whichever has less: same-event', () => {
  const file = (name: string, id: string, on: string) => ({
    file: name,
    text: edited(CLEAN, [
      ['campaign: spring', `campaign: ${id}`],
      [ON, `on: ${on}`],
    ]),
  });
  const said = (first: string, second: string): LintId[] =>
    lintFiles([file('a.yaml', 'one', first), file('b.yaml', 'two', second)])
      .warnings.filter(({ file: name }) => name === 'b.yaml')
      .map(({ id }) => id);
  expect(said('{ scan: store-* }', 'subscribe')).toContain('same-event');
  expect(said('{ paid: { over: ¥50.00 } }', '{ paid: { over: ¥20.00 } }')).toContain('same-event');
  expect(
    said('{ paid: { over: ¥50.00, attach: "pos-*" } }', '{ paid: { over: ¥20.00, attach: "mini-*" } }'),
  ).not.toContain('same-event');
  expect(said('{ text: 你好 }', 'subscribe')).not.toContain('same-event');
});
