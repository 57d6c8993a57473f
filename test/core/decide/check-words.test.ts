// Checks in words: Chinese and English say the same of every one, and limits show what is left.
import { describe, expect, test } from 'vitest';
import type { Check } from '../../../src/core/decide/check.ts';
import { en } from '../../../src/core/decide/check-en.ts';
import { checkText, limitIn, limitName } from '../../../src/core/decide/check-words.ts';
import { zh } from '../../../src/core/decide/check-zh.ts';
import { campaignOf, Ledger, nothing, packet, ruleOf, says, yuan } from '../../support/campaigns.ts';

const BUDGET = { ok: false, check: 'budget', used: 680, max: 1000, add: 500 } as const;

test('both languages have the words of every check and of every limit', () => {
  expect(Object.keys(en.checks)).toEqual(Object.keys(zh.checks));
  expect(Object.keys(en.limits)).toEqual(Object.keys(zh.limits));
  expect(JSON.stringify(en.limits)).not.toMatch(/\p{Script=Han}/u);
});

describe('a limit', () => {
  test('of pieces says what is used, of money what is left', () => {
    const today: Check = { ok: true, check: 'claimsToday', used: 0, max: 1 };
    expect([checkText(today), checkText(today, 'en')]).toEqual(['今日已参与 0/1', 'claims today 0/1']);
    expect([checkText(BUDGET), checkText(BUDGET, 'en')]).toEqual(['预算剩 ¥3.20 < ¥5.00', 'budget left ¥3.20 < ¥5.00']);
  });

  test('has the name of its prize, whatever is in it', () => {
    const stock: Check = { ok: false, check: 'prize', of: "$&{}'$1", used: 3, max: 3 };
    expect(checkText(stock)).toBe("「$&{}'$1」已发 3/3");
  });

  test('that has shrunk below what is used leaves nothing', () => {
    expect(checkText({ ...BUDGET, used: 1500 })).toBe('预算剩 ¥0.00 < ¥5.00');
  });

  test('is known among the checks: to have claimed already is none, to have tried too often is one', () => {
    const checks: Check[] = [
      { ok: false, check: 'once', once: 'perDay', used: 1 },
      { ok: false, check: 'tries', used: 5, max: 5 },
      { ok: false, check: 'prose', text: '今日已参与 1/1' },
      BUDGET,
    ];
    expect(checks.map(check => limitIn(check)?.zh)).toEqual([undefined, '试错', undefined, '预算剩']);
    expect(limitName({ limit: 'budget' })).toMatchObject({ en: 'budget used', zh: '预算已用' });
  });
});

test('one trace is read in either language', () => {
  const campaign = campaignOf({
    prizes: [packet('small'), nothing('thanks', { weight: 0 })],
    budget: { total: yuan('¥5.00'), alertAt: [] },
    rules: [ruleOf({ give: ['small', 'thanks'], once: 'perDay' })],
  });
  const { trace } = new Ledger(campaign).play(says('2026-02-10 10:00', '抽奖'));
  const read = (language: 'zh' | 'en') => trace[0]!.checks.slice(-5).map(check => checkText(check, language));
  expect(read('zh')).toEqual([
    expect.stringMatching(/^活动 .* 才结束$/),
    '今日已领 0/1',
    '商户发放没有暂停',
    '抽中「small」，概率 100.00%',
    '预算剩 ¥5.00 ≥ ¥1.00',
  ]);
  expect(read('en')).toEqual([
    expect.stringMatching(/^campaign ends only /),
    'claimed today 0/1',
    'the merchant pays',
    'drew "small", odds 100.00%',
    'budget left ¥5.00 ≥ ¥1.00',
  ]);
});
