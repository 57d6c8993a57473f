// Which prize is given instead of one that WeChat Pay refuses.
import { expect, test } from 'vitest';
import { exchangeFor } from '../../../src/core/payout/instead.ts';
import { aPayout } from '../../storage/store.contract.ts';
import { campaignsOf, openId, rulesOf } from '../../support/counted-shop.ts';

test('it is the same under each name that the rule had', () => {
  const file = (ids: string): string =>
    rulesOf('budget: { total: ¥5000.00 }', ', fallbackTo: two', ids).replace(
      'prizes:',
      'prizes:\n  two: { redpacket: ¥1.00 }',
    );
  const ruleOf = (id: string): string => `{ ${id}, on: { text: 红包 }, once: ever, give: one }`;
  const user = openId('Ann');
  const holds = [{ name: `campaign/shop/prize/one/user/${user}`, add: 1 }];
  const exchange = (ids: string, rule: string) =>
    exchangeFor(aPayout({ campaign: 'shop', rule, user, holds }), campaignsOf(file(ids)));
  expect(exchange(ruleOf('id: word2'), 'word2')?.instead.name).toBe('two');
  expect(exchange(ruleOf('id: word3, was: [word, word2]'), 'word2')?.instead.name).toBe('two');
  expect(exchange(ruleOf('id: word'), 'gone')).toBeUndefined();
});
