// The codes and states of transfers (商家转账) as the tables read them, and the walk of a bill through a payout's states.

import { describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { keysOf } from '../../../src/core/base/record.ts';
import { DAY, later, MINUTE, parseBeijing } from '../../../src/core/base/time.ts';
import { BILL_STATES, type BillState } from '../../../src/core/payout/channels/transfer.ts';
import { classify, isKnown } from '../../../src/core/payout/classify.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import {
  billNoOf,
  isFinal,
  type Observation,
  PAYOUT_STATES,
  type Payout,
  type PayoutState,
} from '../../../src/core/payout/payout.ts';
import { observe, type Verdict } from '../../../src/core/payout/transitions.ts';

const STATES = keysOf(BILL_STATES);
const NOW = parseBeijing('2026-02-10 10:00')!;
const OPEN = PAYOUT_STATES.filter(state => !isFinal(state));

function aTransfer(parts: Partial<Payout> = {}): Payout {
  const claimKey = 'spring/password/oAnn/2026-02-10';
  return {
    billNo: billNoOf('1900000109', NOW, claimKey, 1),
    claimKey,
    attempt: 1,
    campaign: 'spring',
    rule: 'password',
    account: 'tea',
    merchant: 'shop',
    user: openId('oAnn'),
    amount: fen(100),
    request: {
      channel: 'transfer',
      mchId: '1900000109',
      appId: 'wx8888888888888888',
      sceneId: '1000',
      remark: '新春',
      reports: [
        { type: '活动名称', content: '新春' },
        { type: '奖励说明', content: '恭喜' },
      ],
    },
    holds: [{ name: 'campaign/spring/amount', add: 100 }],
    state: 'sending',
    version: 2,
    tries: 1,
    strikes: 0,
    nextDo: 'query',
    nextAt: NOW,
    createdAt: NOW,
    ...parts,
  };
}

const inState = (state: PayoutState, parts: Partial<Payout> = {}): Payout =>
  aTransfer({ state, ...(state === 'sent' && { sentAt: NOW, packageInfo: 'PKG' }), ...parts });
const see = (payout: Payout, observation: Observation, asked = true, now = NOW): Verdict =>
  observe(payout, observation, asked, now, DEFAULT_POLICY);
const bill = (
  state: BillState,
  parts: Omit<Extract<Observation, { kind: 'order' }>, 'kind' | 'state'> = {},
): Observation => ({ kind: 'order', state, ...parts });
const refused = (code: string, text = ''): Observation => ({ kind: 'refused', code, text });
const responses = (observations: readonly Observation[], asked: boolean): string[] =>
  observations.map(seen => classify(seen, asked, { channel: 'transfer' }));

/** Money stands in the bucket of the state it left, and goes into the one of the state it enters. */
function bucketOf(state: PayoutState): string {
  if (state === 'failed') return 'free';
  return state === 'sent' || state === 'received' || state === 'refunded' ? state : 'reserved';
}

describe('the error table of transfers', () => {
  test.each<[Observation, string]>([
    [refused('PARAM_ERROR', '需传入转账场景报备信息'), 'config'],
    [refused('PARAM_ERROR', '未传入完整且对应的转账场景报备信息'), 'config'],
    [refused('PARAM_ERROR', 'openid必填'), 'bug'],
    [refused('INVALID_REQUEST', 'openid与appid不匹配'), 'bug'],
    [refused('INVALID_REQUEST', '单号已存在但信息不一致'), 'bug'],
    [refused('INVALID_REQUEST', '超过单笔转账上下限,核实产品设置是否准确'), 'one'],
    [refused('INVALID_REQUEST', '超出商户单日转账额度,请核实产品设置是否准确'), 'halt'],
    [refused('INVALID_REQUEST', '对应单号已超出重试期,请查单确认后决定是否换单请求'), 'expired'],
    [refused('INVALID_REQUEST', 'APPID不存在或未与商户号绑定'), 'config'],
    [refused('INVALID_REQUEST', '新的说法'), 'bug'],
    [refused('ALREADY_EXISTS'), 'ask'],
    [refused('NO_AUTH', '此IP地址不允许调用接口'), 'config'],
    [refused('SIGN_ERROR'), 'config'],
    [refused('NOT_ENOUGH'), 'halt'],
    [refused('USER_ERROR'), 'halt'],
    [refused('FREQUENCY_LIMIT_EXCEED'), 'slow'],
    [refused('SYSTEM_ERROR'), 'again'],
    [refused('NEVER_SEEN'), 'ask'],
    [{ kind: 'silence', code: 'BAD_SIGNATURE', text: '' }, 'again'],
    [{ kind: 'unreached', code: 'ECONNREFUSED', text: '' }, 'again'],
  ])('reads %o at the creation as %s', (seen, response) => {
    expect(classify(seen, false, { channel: 'transfer' })).toBe(response);
  });

  test('a question that is not answered says nothing of the bill', () => {
    const nothings = [
      refused('FREQUENCY_LIMIT_EXCEED'),
      refused('SYSTEM_ERROR'),
      refused('NEVER_SEEN'),
      { kind: 'silence', code: 'BAD_SIGNATURE', text: '' } as const,
    ];
    expect(new Set(responses(nothings, true))).toEqual(new Set(['noAnswer']));
    expect(responses([{ kind: 'notFound' }, refused('NOT_FOUND')], true)).toEqual(['notFound', 'notFound']);
  });

  test('the codes of one channel mean nothing on the other', () => {
    expect(classify(refused('NOTENOUGH'), false, { channel: 'transfer' })).toBe('ask');
    expect(classify(refused('NOT_ENOUGH'), false, { channel: 'redpack' })).toBe('ask');
    expect(isKnown('FREQUENCY_LIMIT_EXCEED')).toBe(true);
  });

  test('a bill’s state, asked after', () => {
    const read = Object.fromEntries(STATES.map(state => [state, classify(bill(state), true, { channel: 'transfer' })]));
    expect(read).toEqual({
      ACCEPTED: 'isProcessing',
      PROCESSING: 'isProcessing',
      WAIT_USER_CONFIRM: 'isSent',
      TRANSFERING: 'isSent',
      SUCCESS: 'isReceived',
      FAIL: 'isBillFailed',
      CANCELING: 'isRefunding',
      CANCELLED: 'isTakenBack',
    });
  });

  test('a creation that waits for the follower shows that the merchant can pay', () => {
    expect(responses([bill('WAIT_USER_CONFIRM'), bill('TRANSFERING'), bill('ACCEPTED')], false)).toEqual([
      'accepted',
      'accepted',
      'isProcessing',
    ]);
  });

  test('FAIL is read by its reason: the payee’s, the payer’s, or nobody confirmed', () => {
    const reasons = [
      'PAYEE_ACCOUNT_ABNORMAL',
      'ACCOUNT_FROZEN',
      'REAL_NAME_CHECK_FAIL',
      'PAYER_ACCOUNT_ABNORMAL',
      'PRODUCT_AUTH_CHECK_FAIL',
      'OVERDUE_CLOSE',
      'BRAND_NEW',
    ];
    expect(
      responses(
        reasons.map(reason => bill('FAIL', { reason })),
        true,
      ),
    ).toEqual([
      'isFailedUser',
      'isFailedUser',
      'isFailedUser',
      'isFailedMerchant',
      'isFailedMerchant',
      'isRefunded',
      'isFailedUnknown',
    ]);
  });
});

describe('every state × every bill', () => {
  const bills: readonly Observation[] = [
    ...STATES.map(state =>
      bill(state, { listId: '133', ...(state === 'WAIT_USER_CONFIRM' && { packageInfo: 'PKG' }) }),
    ),
    bill('WAIT_USER_CONFIRM'),
    ...['PAYEE_ACCOUNT_ABNORMAL', 'PAYER_ACCOUNT_ABNORMAL', 'OVERDUE_CLOSE'].map(reason => bill('FAIL', { reason })),
    { kind: 'notFound' },
    ...[
      'NOT_ENOUGH',
      'SYSTEM_ERROR',
      'FREQUENCY_LIMIT_EXCEED',
      'NO_AUTH',
      'PARAM_ERROR',
      'ALREADY_EXISTS',
      'NEVER_SEEN',
    ].map(code => refused(code)),
  ];
  const cases = OPEN.flatMap(state =>
    bills.flatMap(seen => [true, false].map(asked => ({ state, seen, asked, name: JSON.stringify(seen) }))),
  );

  test.each(cases)(
    '$state, $name (asked: $asked): one version on, a next step or an end, money where the state says',
    ({ state, seen, asked }) => {
      const before = inState(state);
      const { step, alarm } = see(before, seen, asked);
      const after = step.payout;
      expect([after.version, step.from, after.billNo]).toEqual([before.version + 1, state, before.billNo]);
      if (isFinal(after.state)) expect([after.nextAt, after.endedAt]).toEqual([undefined, NOW]);
      else expect((after.nextAt !== undefined && after.nextAt - NOW >= 1000) || alarm !== undefined).toBe(true);
      const [from, to] = [bucketOf(state), bucketOf(after.state)];
      const isPassedOn = step.successor !== undefined; // its reservation goes to the successor
      const passes = state === 'sent' ? 'sent→reserved' : 'none';
      expect(step.move).toBe(isPassedOn ? passes : from === to ? 'none' : `${from}→${to}`);
      // Out of `sent` there is no way back, and nothing is ever sent again from there.
      if (state === 'sent')
        expect([['sent', 'received', 'refunded'].includes(after.state), after.nextDo]).toEqual([true, 'query']);
      // A new number only after a definite failure that is not the follower's; what lapsed was theirs if they could confirm it.
      const isNobodysFault =
        seen.kind === 'order' &&
        seen.state === 'FAIL' &&
        ([undefined, 'PAYER_ACCOUNT_ABNORMAL'].includes(seen.reason) ||
          (seen.reason === 'OVERDUE_CLOSE' && before.packageInfo === undefined));
      expect(isPassedOn).toBe(isNobodysFault);
    },
  );

  test('what opens the confirmation page is kept, whatever is seen later', () => {
    const first = see(inState('sending'), bill('WAIT_USER_CONFIRM', { packageInfo: 'PKG', listId: '133' }), false);
    expect(first.step).toMatchObject({
      move: 'reserved→sent',
      payout: { state: 'sent', packageInfo: 'PKG', listId: '133', nextDo: 'query', nextAt: later(NOW, MINUTE) },
    });
    for (const seen of bills)
      expect(see(first.step.payout, seen).step.payout).toMatchObject({
        packageInfo: expect.stringMatching('PKG'),
      });
  });
});

describe('a transfer', () => {
  test('whose creation was lost, and which the query finds waiting, is created once more under its number: only that tells package_info', () => {
    const found = see(inState('sending'), bill('WAIT_USER_CONFIRM'));
    expect(found).toMatchObject({
      response: 'noPackage',
      step: { move: 'none', payout: { state: 'unknown', nextDo: 'send' } },
    });
    const again = see(found.step.payout, bill('WAIT_USER_CONFIRM', { packageInfo: 'PKG' }), false);
    expect(again.step).toMatchObject({ move: 'reserved→sent', payout: { state: 'sent', packageInfo: 'PKG' } });
    // A creation that does not tell it either is not repeated for ever.
    expect(see(found.step.payout, bill('WAIT_USER_CONFIRM'), false).step.payout.state).toBe('sent');
  });

  test('that is locked first is asked after until it waits for the follower', () => {
    const locked = see(inState('sending'), bill('PROCESSING'), false);
    expect(locked.step).toMatchObject({ move: 'none', payout: { state: 'unknown', nextDo: 'query' } });
    expect(see(locked.step.payout, bill('TRANSFERING')).step.payout.state).toBe('sent');
  });

  test('FAIL because of the payee: the follower is told once, and no new number is tried', () => {
    const open = see(inState('unknown'), bill('FAIL', { reason: 'PAYEE_ACCOUNT_ABNORMAL' }));
    expect(open).toMatchObject({
      problem: true,
      step: { move: 'reserved→free', payout: { state: 'failed', userRefused: true } },
    });
    const sent = see(inState('sent', { reoffer: true }), bill('FAIL', { reason: 'PAYEE_ACCOUNT_ABNORMAL' }));
    expect(sent).toMatchObject({
      problem: true,
      step: { move: 'sent→refunded', payout: { state: 'refunded', refunded: 100 } },
    });
    for (const { step, halt } of [open, sent]) expect([step.successor, halt]).toEqual([undefined, undefined]);
  });

  test('FAIL because nobody confirmed: the money is back, and nobody is told of a problem', () => {
    for (const reason of [undefined, 'OVERDUE_CLOSE']) {
      const waited = inState('sent', { sentAt: later(NOW, -DAY) });
      const { step, problem, halt } = see(waited, bill('FAIL', reason === undefined ? {} : { reason }));
      expect(step).toMatchObject({
        move: 'sent→refunded',
        payout: { state: 'refunded', refunded: 100, holds: aTransfer().holds },
      });
      expect([problem, halt, step.successor]).toEqual([false, undefined, undefined]);
    }
  });

  test('FAIL because nobody confirmed, where the campaign offers again: a successor takes over the reservation', () => {
    const { step } = see(inState('sent', { reoffer: true }), bill('FAIL', { reason: 'OVERDUE_CLOSE' }));
    expect(step).toMatchObject({
      move: 'sent→reserved',
      successor: { attempt: 2, state: 'planned', holds: aTransfer().holds },
    });
    expect(step.successor).not.toHaveProperty('packageInfo');
    expect(step.successor).not.toHaveProperty('listId');
  });

  test('FAIL because of the payer, or long before the day is over: still owed, under a new number', () => {
    for (const state of ['unknown', 'sent'] as const) {
      const { halt, problem } = see(inState(state), bill('FAIL', { reason: 'PAYER_ACCOUNT_ABNORMAL' }));
      expect([halt, problem]).toEqual([
        { code: 'PAYER_ACCOUNT_ABNORMAL', reason: expect.stringContaining('商户账户付款受限') },
        false,
      ]);
    }
    expect(see(inState('unknown'), bill('FAIL', { reason: 'PAYER_ACCOUNT_ABNORMAL' })).step).toMatchObject({
      move: 'none',
      payout: { state: 'failed', holds: [] },
      successor: { attempt: 2 },
    });
    expect(see(inState('sent'), bill('FAIL', { reason: 'PAYER_ACCOUNT_ABNORMAL' })).step).toMatchObject({
      move: 'sent→reserved',
      payout: { state: 'refunded' },
      successor: { attempt: 2 },
    });
    expect(see(inState('sent'), bill('FAIL')).step.successor).toMatchObject({ attempt: 2 });
  });

  test('that was taken back is refunded once the cancellation is through', () => {
    const canceling = see(inState('sent'), bill('CANCELING'));
    expect(canceling.step).toMatchObject({ move: 'none', payout: { state: 'sent', nextDo: 'query' } });
    expect(see(canceling.step.payout, bill('CANCELLED')).step).toMatchObject({
      move: 'sent→refunded',
      payout: { state: 'refunded' },
    });
  });

  test('that ended before we knew it was on its way passes through `sent`, so that the buckets agree', () => {
    const first = see(inState('unknown', { packageInfo: 'PKG' }), bill('FAIL', { reason: 'OVERDUE_CLOSE' }));
    expect(first.step).toMatchObject({
      move: 'reserved→sent',
      payout: { state: 'sent', nextDo: 'query', nextAt: later(NOW, 1100) },
    });
    expect(see(first.step.payout, bill('FAIL', { reason: 'OVERDUE_CLOSE' })).step).toMatchObject({
      move: 'sent→refunded',
    });
    expect(see(inState('sending'), bill('SUCCESS')).step).toMatchObject({
      move: 'reserved→received',
      payout: { state: 'received' },
    });
  });

  test('for which the balance does not suffice stops its merchant and keeps its number', () => {
    const { halt, step } = see(inState('sending'), refused('NOT_ENOUGH', '余额不足'), false);
    expect(halt).toEqual({ code: 'NOT_ENOUGH', reason: 'NOT_ENOUGH 余额不足' });
    expect(step.payout).toMatchObject({ state: 'held', nextDo: 'send' });
  });
});
