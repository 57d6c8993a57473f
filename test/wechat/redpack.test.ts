// What the answers about red packets are read as, where they are about another packet than the one that was sent.
import { describe, expect, test } from 'vitest';
import { payerOver } from '../../src/wechat/pay/redpack.ts';
import { buildXml } from '../../src/wechat/xml.ts';
import { aCommit } from '../storage/store.contract.ts';

const { payout } = aCommit({ amount: 100 });
const SUCCESS = { return_code: 'SUCCESS', result_code: 'SUCCESS' };
const answering = (fields: Record<string, string>) =>
  payerOver('k'.repeat(32), async () => ({ status: 200, headers: {}, text: buildXml({ ...SUCCESS, ...fields }) }));
const sent = (fields: Record<string, string>) =>
  answering({ mch_billno: payout.billNo, re_openid: payout.user, total_amount: '100', ...fields }).send(payout);

describe('the answer to sendredpack', () => {
  test.each([
    ['that is about it', {}, { kind: 'accepted' }],
    ['whose amount has blanks and zeros', { total_amount: ' 0100 ' }, { kind: 'accepted' }],
    ['about another number', { mch_billno: 'OTHER' }, { kind: 'silence', code: 'OTHER_ORDER' }],
    ['about another amount', { total_amount: '200' }, { kind: 'silence', code: 'OTHER_AMOUNT' }],
    ['about an amount that is none', { total_amount: '1.5' }, { kind: 'silence', code: 'OTHER_AMOUNT' }],
    ['about another follower', { re_openid: 'oBob' }, { kind: 'silence', code: 'OTHER_PAYEE' }],
  ])('%s is believed, or asked after', async (_, fields, seen) => {
    expect(await sent(fields)).toMatchObject(seen);
  });
});

test('a question that is answered with an amount in another form is answered', async () => {
  const query = (total: string) => answering({ status: 'RECEIVED', total_amount: total }).query(payout);
  expect(await query('100')).toMatchObject({ kind: 'order', state: 'RECEIVED' });
  expect(await query(' 100.00 ')).toMatchObject({ kind: 'order', state: 'RECEIVED' });
  expect(await query('200')).toMatchObject({ kind: 'silence', code: 'OTHER_AMOUNT' });
});
