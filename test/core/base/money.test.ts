// Money is whole fen: what is read, what is shown, and that nothing in between is possible.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addFen, fen, parseYuan, showFen, yuanText } from '../../../src/core/base/money.ts';

describe('parseYuan', () => {
  test.each([
    ['¥0.00', 0],
    ['¥0.01', 1],
    ['¥1.00', 100],
    ['¥88.88', 8888],
    ['¥99999999999.99', 9_999_999_999_999],
    [' ¥1.00 ', 100],
  ])('%j is %d fen', (text, amount) => {
    expect(parseYuan(text)).toBe(amount);
  });

  test.each(['1', '1.00', '¥1', '¥1.0', '¥1.000', '¥01.00', '¥-1.00', '-¥1.00', '¥.50', '¥1,000.00', '¥1e2', '¥ 1.00'])(
    '%j is refused',
    text => {
      expect(parseYuan(text)).toBeUndefined();
    },
  );

  test.each(['', '¥', 'NaN', '¥NaN', '¥Infinity', '¥999999999999.00', '¥１.００', '$1.00'])('%j is refused', text => {
    expect(parseYuan(text)).toBeUndefined();
  });

  test('every amount reads back as it is shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999_999 }), amount => {
        expect(parseYuan(showFen(fen(amount)))).toBe(amount);
      }),
    );
  });
});

test('an amount is shown with two decimals, however small', () => {
  expect([0, 1, 10, 100, 12345].map(amount => yuanText(fen(amount)))).toEqual([
    '0.00',
    '0.01',
    '0.10',
    '1.00',
    '123.45',
  ]);
  expect(showFen(fen(100))).toBe('¥1.00');
});

test('sums are exact: ten times ¥0.10 is ¥1.00', () => {
  const dime = fen(10);
  expect(Array.from({ length: 10 }, () => dime).reduce(addFen, fen(0))).toBe(100);
});

test.each([1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d is no amount: a mistake of ours', amount => {
  expect(() => fen(amount)).toThrow(/not an amount/);
});
