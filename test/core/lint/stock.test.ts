// What WeChat Pay says of a stock of vouchers, against what the file says.
import { expect, test } from 'vitest';
import { fen } from '../../../src/core/base/money.ts';
import { instant } from '../../../src/core/base/time.ts';
import { ALONE, type ToldStock } from '../../../src/core/lint/context.ts';
import { lint } from '../../../src/core/lint/lint.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';

const FILE = `campaign: tea
name: 茶券
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
budget: { total: ¥500.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  tea: { voucher: { stock: "1234567", value: ¥5.00, over: ¥20.00 }, stock: 100, perDay: 3, perUser: 2 }
rules:
  - { id: tea, on: { text: 茶 }, give: tea }
`;
const AS_WRITTEN: ToldStock = {
  status: 'running',
  begins: instant(Date.parse('2026-02-10T08:00:00+08:00')),
  ends: instant(Date.parse('2026-02-25T00:00:00+08:00')),
  ...{ amount: fen(500), minimum: fen(2000), left: 100, perUser: 2, perDay: fen(15_00) },
};

/** With another prize in the place of a voucher that is refused. */
function bounded(
  instead: string,
  prize = '{ voucher: { stock: "1234567", value: ¥5.00 }, fallbackTo: other }',
): string[] {
  const text = FILE.replace(/tea: \{ voucher.*/, `tea: ${prize}\n  other: ${instead}`).replace(
    'prizes:',
    'shipping: { consent: 只用于寄送。, keep: 90d }\nprizes:',
  );
  const loaded = loadCampaign('tea.yaml', text);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  return lint([{ campaign: loaded.campaign, text }], { ...ALONE, accounts: new Map([['shop', {}]]) })
    .filter(({ id }) => id === 'fallback-unbounded')
    .map(({ line, message }) => `${line}: ${message}`);
}

const USUAL = { file: FILE, key: 'shop//1234567', id: 'voucher-stock' };

function said(stock: ToldStock | 'unknown', other: Partial<typeof USUAL> = {}): string[] {
  const { file, key, id: wanted } = { ...USUAL, ...other };
  const loaded = loadCampaign('tea.yaml', file);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  const around = { ...ALONE, accounts: new Map([['shop', {}]]), stocks: new Map([[key, stock]]) };
  return lint([{ campaign: loaded.campaign, text: file }], around)
    .filter(({ id }) => id === wanted)
    .map(({ line, message }) => `${line}: ${message.replace('stock 1234567 of "tea": ', '')}`);
}

test('of a stock that is as the file says nothing is said', () => {
  expect(said(AS_WRITTEN)).toEqual([]);
});

test.each<[Partial<ToldStock>, string]>([
  [{ status: 'paused' }, '7: it is paused, and gives nothing until it is running'],
  [
    { begins: instant(Date.parse('2026-02-10T08:01:00+08:00')) },
    '7: it begins at 2026-02-10 08:01, after the campaign',
  ],
  [
    { ends: instant(Date.parse('2026-02-24T23:59:00+08:00')) },
    '7: it ends at 2026-02-24 23:59, before the campaign does',
  ],
  [{ amount: fen(501) }, '7: one is worth ¥5.01, and the file says ¥5.00'],
  [{ minimum: fen(1999) }, '7: it is taken off from ¥19.99 on, and the file says ¥20.00'],
  [{ left: 99 }, '7: 99 are left of it, and the file promises 100'],
  [{ perUser: 1 }, '7: it gives one follower 1, and the file 2'],
  [{ perDay: fen(14_99) }, '7: it gives at most ¥14.99 a day, and the file ¥15.00'],
])('of one that differs by %j it is said', (differs, words) => {
  expect(said({ ...AS_WRITTEN, ...differs })).toEqual([words]);
});

test('a stock that WeChat Pay does not know is said to be none', () => {
  expect(said('unknown')).toEqual([expect.stringContaining('7: WeChat Pay knows no such stock of this merchant')]);
});

test('the stock of another merchant is named as such, and a wrong number with that merchant', () => {
  const file = FILE.replace('stock: "1234567"', 'stock: "1234567", creator: "1900000999"');
  const key = 'shop/1900000999/1234567';
  expect(said({ ...AS_WRITTEN, isForeign: true }, { file, key, id: 'voucher-foreign' })).toEqual([
    expect.stringContaining('is made by merchant 1900000999: that one must have opened it to this merchant'),
  ]);
  expect(said('unknown', { file, key })).toEqual([expect.stringContaining('no such stock of merchant 1900000999')]);
});

test('what is given instead is counted as what it replaces was, or has a bound of its own', () => {
  const cash =
    '8: "tea" is taken from a stock of vouchers, and "other" from the merchant\'s balance and its cash of the day';
  const goods = '8: the budget counts "tea", and does not count "other"';
  expect(bounded('{ redpacket: ¥1.00 }')).toEqual([cash]);
  expect(bounded('{ redpacket: ¥1.00, stock: 20 }')).toEqual([]);
  expect(bounded('{ redpacket: ¥1.00, perDay: 20 }')).toEqual([]);
  expect(bounded('{ voucher: { stock: "7654321", value: ¥1.00 } }')).toEqual([]);
  expect(bounded('{ goods: 保温杯 }')).toEqual([goods]);
  expect(bounded('{ goods: 保温杯, stock: 3 }')).toEqual([]);
  expect(bounded('{ text: "https://shop.example.com/may" }')).toEqual([]);
  expect(bounded('{ redpacket: ¥1.00 }', '{ redpacket: ¥2.00, fallbackTo: other }')).toEqual([]);
  expect(bounded('{ goods: 保温杯 }', '{ redpacket: ¥2.00, fallbackTo: other }')).toEqual([goods]);
});
