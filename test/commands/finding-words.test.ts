// Every cell of an audit's table is a sentence of the reader's language, whatever is wrong.
import { expect, test } from 'vitest';
import { cellOf } from '../../src/commands/ledger/finding-words.ts';
import { Audit } from '../../src/core/audit/audit.ts';
import { inLang } from '../../src/core/base/words/words.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { startWorld } from '../support/harness.ts';

/** Names, numbers, openids and states are the same in both. */
const NAMES =
  /\b(?:test|tea|gift|daily|welcome|campaign|user|claims|wins|prize|amount|day|packets|shop|merchant|ever)\b/g;

test('what differs is named in Chinese, with nothing English but names', async () => {
  const world = await startWorld();
  try {
    const push = await world.simulator.control.act(world.person(), { kind: 'follow' });
    expect(world.said(push)).toContain('1.00');
    const { store } = world;
    await store.count([{ name: 'campaign/test/amount', add: 7, max: 1_000_000_000 }]);
    const audit = new Audit(world.bot.rulebook.current().campaigns);
    const { findings } = await auditStore(store, audit);
    expect(findings).toMatchObject([{ where: 'counter campaign/test/amount', what: 'value' }]);
    for (const { where, what } of findings) {
      expect(inLang(cellOf(where), 'zh').replace(NAMES, '')).not.toMatch(/[a-z]{3}/);
      expect(inLang(cellOf(what), 'zh')).toBe('数值');
    }
  } finally {
    await world.close();
  }
});

test.each([
  ['payout 19000 B1, before B2', 'payout 19000 B1, before B2'],
  ['payout B1, before B2', '付款 B1，在 B2 之前'],
  ['payouts that are not failed or refunded', '没有失败也没有退回的付款'],
  ['amount (claim test/gift/o/ever)', '金额（领取 test/gift/o/ever）'],
  ['paid in funds.csv:3, failed here', 'funds.csv:3 已付，这边失败'],
  ['none, in state unknown', '没有，状态是 unknown'],
  ['100 fen', '100 分'],
  ['funds.csv:3', 'funds.csv:3'],
])('%s', (text, words) => {
  expect(inLang(cellOf(text), 'zh')).toBe(words);
  expect(inLang(cellOf(text), 'en')).toBe(text);
});
