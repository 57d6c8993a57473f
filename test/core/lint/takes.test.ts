// Each danger that is found by working it out: the file that has it, and the one change by which it has not. And files that only
// look dangerous.

import { describe, expect, test } from 'vitest';
import { ALONE } from '../../../src/core/lint/context.ts';
import { mayBeRefused } from '../../../src/core/lint/lint.ts';
import { checkRuleFiles, lintRuleFiles } from '../../../src/engine/rulebook.ts';
import { type RuleFile, readRuleFiles } from '../../../src/engine/rulebook-files.ts';
import { type Edit, edited } from '../../support/lint.ts';

const DANGEROUS = new URL('../../fixtures/dangerous/', import.meta.url).pathname;

function idsOf(files: readonly RuleFile[]): string[] {
  const { campaigns, findings } = checkRuleFiles(files);
  expect(findings.map(({ message }) => message)).toEqual([]);
  return lintRuleFiles(files, campaigns).warnings.map(({ id }) => id);
}

const MENDED: readonly (readonly [id: string, name: string, edits: readonly Edit[]])[] = [
  ['unlimited-per-user', 'both-ways.yaml', [['friend: { paid: { over: ¥10.00', 'friend: { paid: { over: ¥12.00']]],
  ['unlimited-per-user', 'both-ways-once.yaml', [['friend: { paid: { over: ¥10.00', 'friend: { paid: { over: ¥12.00']]],
  ['unlimited-per-user', 'enter-without-end.yaml', [['once: perEvent', 'once: perDay']]],
  ['unlimited-per-user', 'retry-many.yaml', [['earn: { 机会: 3 }', 'earn: { 机会: 1 }']]],
  ['unlimited-per-user', 'circle-by-prize.yaml', [['earn: { 福: 3 }', 'earn: { 福: 1 }']]],
  ['paid-below-prize', 'paid-daily-fen.yaml', [['on: paid', 'on: { paid: { over: ¥6.00 } }']]],
  ['one-takes-most', 'points-unit.yaml', [['earn: { 分: 100 }', 'earn: { 分: 1 }']]],
  ['one-takes-most', 'guaranteed-dear.yaml', [['within: 3', 'within: 99']]],
  ['goods-without-stock', 'goods-no-stock.yaml', [['value: ¥99.00 } }', 'value: ¥99.00 }, stock: 3 }']]],
  ['weights-odd', 'weights-not-hundred.yaml', [['weight: 30', 'weight: 20']]],
  ['weights-odd', 'weights-reversed.yaml', [['weight: 95', 'weight: 1']]],
  ['weights-odd', 'weights-missing.yaml', [['¥1.00 }', '¥1.00, weight: 60 }']]],
  ['weights-odd', 'steps-less-for-more.yaml', [['¥2.00', '¥8.00']]],
  ['terms-differ', 'terms-odds.yaml', [['1% 得', '10% 得']]],
  ['terms-differ', 'terms-count.yaml', [['weight: 1 }', 'weight: 1, stock: 3 }']]],
  ['terms-differ', 'terms-once.yaml', [['每人限领一次', '每人每天限领一次']]],
  ['terms-differ', 'terms-dates.yaml', [['到 3 月 5 日结束', '到 3 月 10 日结束']]],
  ['never-open', 'weekday-never.yaml', [['[mon]', '[sat]']]],
  ['never-open', 'hours-never.yaml', [['08:00-12:00', '08:00-16:00']]],
  ['period-long', 'year-slip.yaml', [['2097-02-24', '2096-02-24']]],
  ['draw-time', 'draw-years-later.yaml', [['2097-03-11', '2096-03-11']]],
  ['draw-time', 'draw-midway.yaml', [['2096-03-01 20:00', '2096-03-10 20:00']]],
  ['keyword-broad', 'one-letter.yaml', [['contains: 好', 'contains: 春茶上新']]],
  ['text-cut-off', 'reply-cut-off.yaml', [['恭喜 #春茶上新# 红包到账', '"恭喜 #春茶上新# 红包到账"']]],
  ['text-cut-off', 'reply-without-amount.yaml', [['红包到账 #{{amount}} 元', '红包到账 # 金额见红包']]],
  ['text-cut-off', 'keyword-cut-off.yaml', [['#春茶上新', "'#春茶上新'"]]],
  ['profile-strangers', 'profile-stranger.yaml', [['< 100', '< 100 && profile["积分"] > 0']]],
  ['gift-for-leaving', 'unsubscribe-gift.yaml', [['on: unsubscribe', 'on: { text: 领红包 }']]],
  ['prize-unwinnable', 'spend-more.yaml', [['spend: { 积分: 100 }', 'spend: { 积分: 10 }']]],
  ['prize-unwinnable', 'draw-takes-all.yaml', [['total: ¥180.00', 'total: ¥200.00']]],
];

describe('what is found by working it out', () => {
  test.each(MENDED)('%s in %s is gone after one change', async (id, name, edits) => {
    const [file] = await readRuleFiles([DANGEROUS + name]);
    expect(idsOf([file!])).toContain(id);
    expect(idsOf([{ ...file!, text: edited(file!.text, edits) }])).not.toContain(id);
  });

  test('two files that pay one payment back are fine where only one of them answers it', async () => {
    const files = await readRuleFiles([`${DANGEROUS}two-alongside-paid`]);
    expect(idsOf(files)).toContain('unlimited-per-user');
    const alone = files.map(file => ({ ...file, text: file.text.replace('alongside: true\n', '') }));
    expect(idsOf(alone)).not.toContain('unlimited-per-user');
  });

  test('the start looks through files of which only several together are dangerous', async () => {
    const { campaigns } = checkRuleFiles(await readRuleFiles([`${DANGEROUS}two-alongside-paid`]));
    expect(mayBeRefused(campaigns, ALONE.lint)).toBe(true);
    expect(mayBeRefused(campaigns.slice(0, 1), ALONE.lint)).toBe(false);
    const never = checkRuleFiles(await readRuleFiles([`${DANGEROUS}weekday-never.yaml`]));
    expect(mayBeRefused(never.campaigns, ALONE.lint)).toBe(true);
  });
});

const HEAD = `campaign: harmless
name: 春茶活动
period: { from: 2096-03-01, to: 2096-03-10 }
budget: { total: ¥500.00, perDay: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
`;
const TERMS =
  '  - { id: terms, on: { text: 活动规则 }, reply: "{{from}} 到 {{to}}，阿茶茶饮举办，奖品和概率见公告。" }\n';

/** What looks dangerous, and is not. */
const HARMLESS: readonly (readonly [why: string, body: string])[] = [
  [
    'one more try on luck, that on the average is less than one',
    `wallets: { 机会: { freePerDay: 1 } }
prizes:
  again: { earn: { 机会: 2 }, weight: 5 }
  a: { redpacket: ¥1.00, weight: 5 }
  c: { nothing: true, weight: 90, fallback: true }
rules:
  - { id: d, on: { text: 抽奖 }, once: perEvent, spend: { 机会: 1 }, give: [again, a, c] }
`,
  ],
  [
    'the same link for everybody, at every message',
    `prizes:
  l: { text: "https://example.com/x" }
rules:
  - { id: b, on: { text: 链接 }, once: perEvent, give: l, replies: { won: "{{coupon}}" } }
`,
  ],
  [
    'a rare prize for a small payment, with a fallback that is drawn',
    `prizes:
  a: { redpacket: ¥5.00, weight: 1 }
  c: { nothing: true, weight: 99, fallback: true }
rules:
  - { id: p, on: { paid: { over: ¥1.00 } }, once: perEvent, delay: 24h, give: [a, c] }
`,
  ],
  [
    'money for the friend and for who invited them, less than was paid',
    `prizes:
  a: { redpacket: ¥2.00 }
rules:
  - { id: i, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "{{invite}}" }
  - { id: p, on: { paid: { over: ¥10.00 } }, once: perEvent, delay: 24h, give: a }
  - { id: f, on: { friend: { paid: { over: ¥10.00 } } }, once: perEvent, give: a }
`,
  ],
  [
    'doubles that are swapped one for one',
    `wallets: { 机会: { freePerDay: 1 }, 甲: {}, 乙: {} }
prizes:
  甲卡: { earn: { 甲: 1 } }
  乙卡: { earn: { 乙: 1 } }
  a: { redpacket: ¥5.00 }
rules:
  - { id: d, on: { text: 抽卡 }, once: perEvent, spend: { 机会: 1 }, give: [甲卡, 乙卡] }
  - { id: x, on: { text: 甲换乙 }, once: perEvent, spend: { 甲: 1 }, earn: { 乙: 1 } }
  - { id: y, on: { text: 乙换甲 }, once: perEvent, spend: { 乙: 1 }, earn: { 甲: 1 } }
  - { id: b, on: { text: 合成 }, once: perEvent, spend: { 甲: 1, 乙: 1 }, give: a }
`,
  ],
];

const GRAVE = ['unlimited-per-user', 'one-takes-most', 'paid-below-prize', 'weights-odd', 'terms-differ', 'never-open'];

describe('nothing grave is said of', () => {
  test.each(HARMLESS)('%s', (_, body) => {
    expect(idsOf([{ file: 'harmless.yaml', text: HEAD + body + TERMS }]).filter(id => GRAVE.includes(id))).toEqual([]);
  });
});

test('what nobody gets for an invitation is said, and not where a friend brings something', async () => {
  const [file] = await readRuleFiles([`${DANGEROUS}invite-nothing.yaml`]);
  expect(idsOf([file!])).toContain('invite-for-nothing');
  const friend = '  - { id: f, on: { friend: { paid: { over: ¥15.00 } } }, once: perEvent, give: a }\n';
  expect(idsOf([{ ...file!, text: file!.text + friend }])).not.toContain('invite-for-nothing');
});

test('two rules for one thing are fine where one limit counts both', async () => {
  const [file] = await readRuleFiles([`${DANGEROUS}two-entrances.yaml`]);
  expect(idsOf([file!])).toContain('once-per-rule');
  const limited = file!.text.replace('prizes:', 'limits: { perUser: { total: 1 } }\nprizes:');
  expect(idsOf([{ ...file!, text: limited }])).not.toContain('once-per-rule');
});
