// The platform's lists, walked from end to end: every reason of a failed transfer, every INVALID_REQUEST that is documented,
// every code of red packets, and what each means for the prize, the number and the merchant.

import { describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { keysOf } from '../../../src/core/base/record.ts';
import { DAY, HOUR, type Instant, later, MINUTE, parseBeijing } from '../../../src/core/base/time.ts';
import { FAIL_REASONS, type FailClass, failClassOf } from '../../../src/core/payout/channels/fail-reasons.ts';
import type { PayRequest } from '../../../src/core/payout/channels/index.ts';
import { classify, isKnown } from '../../../src/core/payout/classify.ts';
import { probeAfter } from '../../../src/core/payout/merchant-halt.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import { billNoOf, type Observation, type Payout, type PayoutState } from '../../../src/core/payout/payout.ts';
import { observe, type Verdict } from '../../../src/core/payout/transitions.ts';

const NOW = parseBeijing('2026-02-10 10:00')!;
const TRANSFER: PayRequest = {
  channel: 'transfer',
  mchId: '1900000109',
  appId: 'wx8888888888888888',
  sceneId: '1000',
  remark: '新春',
  reports: [],
};
const REDPACK: PayRequest = {
  channel: 'redpack',
  mchId: '1900000109',
  appId: 'wx8888888888888888',
  sendName: '阿茶',
  actName: '新春',
  wishing: '恭喜',
  remark: '新春',
  clientIp: '127.0.0.1',
};

function aPayout(state: PayoutState, parts: Partial<Payout> = {}): Payout {
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
    request: TRANSFER,
    holds: [{ name: 'campaign/spring/amount', add: 100 }],
    state,
    version: 2,
    tries: 1,
    strikes: 0,
    nextDo: 'query',
    nextAt: NOW,
    createdAt: NOW,
    firstSentAt: NOW,
    ...(state === 'sent' && { sentAt: NOW, packageInfo: 'PKG' }),
    ...parts,
  };
}
const see = (payout: Payout, observation: Observation, asked = true, now: Instant = NOW): Verdict =>
  observe(payout, observation, asked, now, DEFAULT_POLICY);
const fail = (reason?: string): Observation => ({ kind: 'order', state: 'FAIL', ...(reason && { reason }) });
const refused = (code: string, text = ''): Observation => ({ kind: 'refused', code, text });

/** fail_reason as the documents of WeChat Pay have it; the classes are ours. */
const DOCUMENTED: Readonly<Record<FailClass, readonly string[]>> = {
  person: [
    'ACCOUNT_FROZEN',
    'ACCOUNT_NOT_EXIST',
    'PAYEE_ACCOUNT_ABNORMAL',
    'REAL_NAME_CHECK_FAIL',
    'NAME_NOT_CORRECT',
    'ID_CARD_NOT_CORRECT',
    'TRANSFER_RISK',
    'REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED',
    'RECEIVE_ACCOUNT_NOT_PERMMIT',
    'RECEIVE_ACCOUNT_NOT_CONFIGURE',
    'BANK_CARD_ACCOUNT_ABNORMAL',
    'BANK_CARD_BANK_INFO_WRONG',
    'BANK_CARD_CARD_INFO_WRONG',
    'BANK_CARD_STATUS_ABNORMAL',
    'BANK_CARD_COLLECTIONS_ABOVE_QUOTA',
    'BANK_CARD_PARAM_ERROR',
    'BANK_CARD_TYPE_NOT_SUPPORTED',
  ],
  day: ['DAY_RECEIVED_QUOTA_EXCEED', 'DAY_RECEIVED_COUNT_EXCEED'],
  month: ['MONTH_RECEIVED_QUOTA_EXCEED', 'BLOCK_B2C_USERLIMITAMOUNT_MONTH', 'BLOCK_B2C_USERLIMITAMOUNT_BSRULE_MONTH'],
  merchant: [
    'PAYER_ACCOUNT_ABNORMAL',
    'PRODUCT_AUTH_CHECK_FAIL',
    'TRANSFER_SCENE_INVALID',
    'TRANSFER_SCENE_UNAVAILABLE',
    'BUDGET_NOT_ENOUGH',
    'MERCHANT_REJECT',
    'MERCHANT_NOT_CONFIRM',
  ],
  one: [
    'TRANSFER_QUOTA_EXCEED',
    'EXCEEDED_ESTIMATED_AMOUNT',
    'RELATED_ORDER_AMOUNT_EXCEED',
    'RELATED_ORDER_COUNT_EXCEED',
  ],
  ours: [
    'OPENID_INVALID',
    'TRANSFER_REMARK_SET_FAIL',
    'RESERVATION_INFO_NOT_MATCH',
    'RESERVATION_SCENE_NOT_MATCH',
    'RESERVATION_STATE_INVALID',
  ],
  lapsed: ['OVERDUE_CLOSE'],
  takenBack: ['MCH_CANCEL'],
  unknown: ['OTHER_FAIL_REASON_TYPE'],
};
const ALL = keysOf(DOCUMENTED).flatMap(is => DOCUMENTED[is].map(reason => [reason, is] as const));

describe('every documented reason of a failed transfer', () => {
  test('has a row, and there is no row that is not documented', () => {
    expect([...FAIL_REASONS].sort()).toEqual(ALL.map(([reason]) => reason).sort());
  });

  test.each(ALL)('%s is of the class %s', (reason, is) => {
    expect(failClassOf(reason)).toBe(is);
  });

  test.each(
    ALL.flatMap(([reason, is]) => (['sending', 'unknown', 'sent'] as const).map(state => ({ reason, is, state }))),
  )('$reason, seen of one that is $state, leads to what its class ($is) says', ({ reason, is, state }) => {
    const { step, halt, problem, alarm } = see(aPayout(state), fail(reason));
    const { payout, successor } = step;
    const end = state === 'sent' ? 'refunded' : 'failed';
    const expected = {
      person: { state: end, at: undefined, halted: false, told: true },
      day: { state: end, at: parseBeijing('2026-02-11')!, halted: false, told: false },
      month: { state: end, at: parseBeijing('2026-03-01')!, halted: false, told: false },
      merchant: { state: end, at: later(NOW, MINUTE), halted: true, told: false },
      one: { state: state === 'sent' ? 'sent' : 'held', at: undefined, halted: false, told: false },
      ours: { state: state === 'sent' ? 'sent' : 'held', at: undefined, halted: false, told: false },
      unknown: { state: state === 'sent' ? 'sent' : 'held', at: undefined, halted: false, told: false },
      // With the follower it lapsed; one that never came to them is still owed.
      lapsed: { state: end, at: state === 'sent' ? undefined : later(NOW, MINUTE), halted: false, told: false },
      takenBack: { state: state === 'sent' ? 'refunded' : 'sent', at: undefined, halted: false, told: false },
    }[is];
    expect([payout.state, halt !== undefined, problem]).toEqual([expected.state, expected.halted, expected.told]);
    expect(successor === undefined).toBe(expected.at === undefined);
    if (successor && expected.at !== undefined) {
      expect(successor).toMatchObject({ state: 'planned', attempt: 2, tries: 0, nextDo: 'send' });
      expect(successor.nextAt).toBeGreaterThanOrEqual(expected.at);
      expect(successor.nextAt).toBeLessThan(expected.at + 11 * MINUTE);
    }
    const isParked = is === 'one' || is === 'ours' || is === 'unknown';
    expect([payout.nextAt === undefined && alarm !== undefined, alarm?.startsWith('parked')]).toEqual(
      isParked ? [true, true] : [false, undefined],
    );
    if (isParked) expect([step.move, payout.problem]).toEqual(['none', expect.stringContaining(reason)]);
    if (halt) expect(halt.reason).toMatch(/FAIL [A-Z_]+ .*[\u4e00-\u9fff]/); // in words
  });

  test('one that nobody has seen yet is parked with an alarm, whatever it sounds like, and its families are known', () => {
    for (const reason of ['BRAND_NEW', 'RECEIVED_LIMIT', '余额不足', 'toString']) {
      const { step, halt, alarm, problem } = see(aPayout('sent'), fail(reason));
      expect(step).toMatchObject({ move: 'none', payout: { state: 'sent' } });
      expect([step.successor, step.payout.nextAt, halt, problem]).toEqual([undefined, undefined, undefined, false]);
      expect(alarm).toContain('for a reason we do not know');
    }
    expect(failClassOf('BLOCK_B2C_USERLIMITAMOUNT_NEWRULE_MONTH')).toBe('month');
    expect(failClassOf('RELATED_ORDER_TIMES_EXCEED')).toBe('one');
    expect(failClassOf('BANK_CARD_SOMETHING')).toBe('person');
  });

  test('December’s month reason waits for January', () => {
    const { step } = see(aPayout('sent'), fail('MONTH_RECEIVED_QUOTA_EXCEED'), true, parseBeijing('2026-12-31 23:59')!);
    expect(step.successor!.nextAt).toBeGreaterThanOrEqual(parseBeijing('2027-01-01')!);
    expect(step.successor!.nextAt).toBeLessThan(parseBeijing('2027-01-01 00:11')!);
  });
});

describe('a bill that was closed after its day (OVERDUE_CLOSE)', () => {
  test('was the follower’s to confirm, if what opens its page had come: it goes as the campaign says', () => {
    const back = see(aPayout('sent'), fail('OVERDUE_CLOSE'), true, later(NOW, DAY));
    expect(back.step).toMatchObject({ move: 'sent→refunded', payout: { state: 'refunded' } });
    expect([back.step.successor, back.problem, back.alarm]).toEqual([undefined, false, undefined]);
    expect(see(aPayout('sent', { reoffer: true }), fail('OVERDUE_CLOSE')).step.successor).toMatchObject({ attempt: 2 });
  });

  test('is still owed if the follower never could confirm it, however early or late it is closed', () => {
    const { packageInfo: _, ...unconfirmable } = aPayout('sent');
    for (const after of [MINUTE, DAY, 3 * DAY]) {
      for (const payout of [aPayout('unknown'), unconfirmable]) {
        const { step, response } = see(payout, fail('OVERDUE_CLOSE'), true, later(NOW, after));
        expect(response).toBe('isNeverConfirmable');
        expect(step.successor).toMatchObject({ attempt: 2, nextAt: later(NOW, after + MINUTE), holds: payout.holds });
      }
    }
  });

  test('is awaited: no clock alone brings a new number', () => {
    const { step } = see(aPayout('unknown'), { kind: 'order', state: 'ACCEPTED' }, true, later(NOW, 2 * DAY));
    expect(step).toMatchObject({ payout: { state: 'unknown', nextDo: 'query' } });
    expect(step.successor).toBeUndefined();
  });
});

describe('numbers of one claim', () => {
  const failed: Observation = { kind: 'order', state: 'FAILED' };
  test.each([
    ['a red packet', REDPACK, 'sending', failed],
    ['a transfer', TRANSFER, 'sending', fail()],
    ['a transfer that was with the follower', TRANSFER, 'sent', fail('PAYER_ACCOUNT_ABNORMAL')],
  ] as const)('of %s come further and further apart, and the last one says that it was', (_, request, state, seen) => {
    const pauses: number[] = [];
    let payout = aPayout(state, { request });
    for (let n = 1; n < 5; n++) {
      const { successor } = see(payout, seen).step;
      pauses.push(successor!.nextAt! - NOW);
      payout = aPayout(state, { request, billNo: successor!.billNo, attempt: successor!.attempt });
    }
    expect(pauses).toEqual([MINUTE, 10 * MINUTE, HOUR, 6 * HOUR]);
    const last = see(payout, seen);
    expect([last.problem, last.alarm, last.step.successor]).toEqual([true, 'given up after 5 numbers', undefined]);
  });

  test('that nobody opened are not given up: nothing is owed', () => {
    const { problem, alarm } = see(aPayout('sent', { attempt: 5, reoffer: true }), fail('OVERDUE_CLOSE'));
    expect([problem, alarm]).toEqual([false, undefined]);
  });

  test('a number knows nothing of the one before: neither its refusals nor what it was told', () => {
    const before = aPayout('unknown', { expired: true, refusals: 1, listId: '1', packageInfo: 'P', problem: 'x' });
    const { successor } = see(before, fail('PAYER_ACCOUNT_ABNORMAL')).step;
    for (const field of ['expired', 'refusals', 'listId', 'packageInfo', 'problem', 'firstSentAt'] as const)
      expect(successor).not.toHaveProperty(field);
  });
});

describe('INVALID_REQUEST', () => {
  const create = (text: string, parts: Partial<Payout> = {}): Verdict =>
    see(aPayout('sending', parts), refused('INVALID_REQUEST', text), false);
  test.each([
    ['对应单号已超出重试期,请查单确认后决定是否换单请求', 'expired', 'unknown', undefined],
    ['超过单笔转账上下限,核实产品设置是否准确', 'one', 'held', undefined],
    ['超出商户单日转账额度,请核实产品设置是否准确', 'halt', 'held', 'DAY_QUOTA'],
    ['超出商户单月转账额度', 'halt', 'held', 'MONTH_QUOTA'],
    ['超过用户单日收款额度,核实产品设置是否准确', 'tomorrow', 'held', undefined],
    ['超过用户单月收款额度,核实产品设置是否准确', 'nextMonth', 'held', undefined],
    ['超过用户单笔收款额度,核实产品设置是否准确', 'one', 'held', undefined],
    ['APPID不存在或未与商户号绑定', 'config', 'held', 'INVALID_REQUEST'],
    ['你尚未获取该转账场景', 'config', 'held', 'INVALID_REQUEST'],
    ['暂不支持展示当前传入的用户收款感知', 'config', 'held', 'INVALID_REQUEST'],
    ['商户号未开通API接口', 'config', 'held', 'INVALID_REQUEST'],
    ['openid与appid不匹配', 'bug', 'held', undefined],
    ['单号已存在但信息不一致', 'bug', 'held', undefined],
    ['一句没有见过的话', 'bug', 'held', undefined],
  ] as const)('%s: %s, then %s, halt %s', (text, response, state, halt) => {
    const verdict = create(text);
    expect([verdict.response, verdict.step.payout.state, verdict.halt?.code]).toEqual([response, state, halt]);
    expect(verdict.step.successor).toBeUndefined();
    const isParked = verdict.step.payout.nextAt === undefined;
    expect([isParked, verdict.alarm !== undefined]).toEqual(
      response === 'one' || response === 'bug' ? [true, true] : [false, false],
    );
  });

  test('the merchant’s limit of the day is tried again after midnight, that of the month in the next one', () => {
    expect(probeAfter('DAY_QUOTA', NOW)).toBe(parseBeijing('2026-02-11 00:01'));
    expect(probeAfter('MONTH_QUOTA', NOW)).toBe(parseBeijing('2026-03-01 00:01'));
  });

  test('a number that is too old is asked after and never sent again; that nothing was paid needs proof', () => {
    const old = create('对应单号已超出重试期', { tries: 2, refusals: 1 }).step.payout;
    expect(old).toMatchObject({ expired: true, refusals: 2, nextDo: 'query' });
    for (const seen of [refused('SYSTEM_ERROR'), { kind: 'silence', code: 'x', text: '' } as const]) {
      const { payout, successor } = see(old, seen).step;
      expect([payout.nextDo, payout.state, successor]).toEqual(['query', 'unknown', undefined]);
    }
    // Both calls were refused, and WeChat Pay knows of nothing.
    const proven = see(old, { kind: 'notFound' });
    expect(proven).toMatchObject({ response: 'isNeverMade', step: { move: 'none', payout: { state: 'failed' } } });
    expect(proven.step.successor).toMatchObject({ attempt: 2, nextAt: later(NOW, MINUTE) });
    // One of the calls was never answered: then it is for a person.
    const unproven = see({ ...old, refusals: 1 }, { kind: 'notFound' });
    expect(unproven.step).toMatchObject({ move: 'none', payout: { state: 'held', nextDo: 'query' } });
    expect([unproven.step.payout.nextAt, unproven.step.successor]).toEqual([undefined, undefined]);
    expect(unproven.alarm).toContain('no proof');
    // It is there after all, and what opens its page is lost: it is let lapse, and owed then.
    const waiting = see(old, { kind: 'order', state: 'WAIT_USER_CONFIRM' }).step.payout;
    expect(waiting).toMatchObject({ state: 'sent', nextDo: 'query' });
    expect(see(waiting, fail('OVERDUE_CLOSE')).step.successor).toMatchObject({ attempt: 2 });
  });

  test('only what surely left no order counts as refused', () => {
    const after = (seen: Observation): number | undefined => see(aPayout('sending'), seen, false).step.payout.refusals;
    expect(
      [
        refused('NOT_ENOUGH'),
        refused('INVALID_REQUEST', '超出商户单日转账额度'),
        refused('FREQUENCY_LIMIT_EXCEED'),
        { kind: 'unreached', code: 'ECONNREFUSED', text: '' } as const,
      ].map(after),
    ).toEqual([1, 1, 1, 1]);
    expect(
      [
        refused('SYSTEM_ERROR'),
        refused('ALREADY_EXISTS'),
        refused('INVALID_REQUEST', '单号已存在但信息不一致'),
        refused('NEVER_SEEN'),
        { kind: 'silence', code: 'UND_ERR_SOCKET', text: '' } as const,
        { kind: 'order', state: 'ACCEPTED' } as const,
      ].map(after),
    ).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
  });
});

describe('every documented code of red packets', () => {
  test.each([
    ['NO_AUTH', '发放失败,此请求可能存在风险,已被微信拦截', 'refusedUser'],
    ['NO_AUTH', '该IP地址非你在商户平台设置的可用IP地址', 'config'],
    ['NO_AUTH', '此IP地址不允许调用接口', 'config'],
    ['NO_AUTH', '产品权限验证失败', 'halt'],
    ['NO_AUTH', '', 'ask'],
    ['SENDNUM_LIMIT', '', 'tomorrow'],
    ['RCVDAMOUNT_LIMIT', '', 'tomorrow'],
    ['SENDAMOUNT_LIMIT', '', 'halt'],
    ['ILLEGAL_APPID', '', 'configOne'],
    ['MONEY_LIMIT', '发放金额不在限制范围内', 'one'],
    ['SEND_FAILED', '', 'ask'],
    ['SEND_FAILED', '该订单已经过期,请更换商户单号', 'expired'],
    ['FATAL_ERROR', '', 'bug'],
    ['CA_ERROR', '', 'config'],
    ['SIGN_ERROR', '', 'config'],
    ['SYSTEMERROR', '', 'again'],
    ['XML_ERROR', '', 'bug'],
    ['FREQ_LIMIT', '', 'slow'],
    ['API_METHOD_CLOSED', '', 'halt'],
    ['NOTENOUGH', '', 'halt'],
    ['OPENID_ERROR', '', 'configOne'],
    ['MSGAPPID_ERROR', '', 'config'],
    ['ACCEPTMODE_ERROR', '', 'config'],
    ['PROCESSING', '', 'askLater'],
    ['PARAM_ERROR', '', 'bug'],
    ['PARAM_ERROR', '该场景未开通', 'configOne'],
    ['NO_CONSUME_COMPETENCE', '', 'config'],
    ['PAYER_ACCOUNT_ABNORMAL', '', 'halt'],
    ['SECOND_OVER_LIMITED', '', 'slow'],
    ['DAY_OVER_LIMITED', '', 'halt'],
    ['DAY_ OVER_LIMITED', '', 'halt'],
    ['TIME_LIMITED', '', 'morning'],
    ['NOAUTH', '', 'halt'],
    ['268458547', '', 'again'],
    ['V2_ACCOUNT_SIMPLE_BAN', '', 'refusedUser'],
  ] as const)('%s %s is read as %s', (code, text, response) => {
    expect([classify(refused(code, text), false, { channel: 'redpack' }), isKnown(code)]).toEqual([response, true]);
  });

  test('one large prize halts nobody: MONEY_LIMIT parks it with its reason', () => {
    const { step, halt, alarm } = see(aPayout('sending', { request: REDPACK }), refused('MONEY_LIMIT', '金额'), false);
    expect([step.payout.state, step.payout.nextAt, step.payout.problem, halt]).toEqual([
      'held',
      undefined,
      'MONEY_LIMIT 金额',
      undefined,
    ]);
    expect(alarm).toContain('parked');
  });

  test.each([
    ['SENDING', '您的商户号今日发放金额超过限制', 'halt', 'SENDAMOUNT_LIMIT'],
    ['SENDING', '帐号余额不足,请到商户平台充值后再重试', 'halt', 'NOTENOUGH'],
    ['SENDING', '该用户今日领取红包个数超过限制', 'tomorrow', undefined],
    ['FAILED', '该用户今日领取红包个数超过限制', 'isFailedDay', undefined],
    ['FAILED', '发放失败,此请求可能存在风险,已被微信拦截', 'isFailedUser', undefined],
    ['FAILED', '帐号余额不足', 'isFailed', undefined],
    ['FAILED', undefined, 'isFailed', undefined],
  ] as const)('gethbinfo says %s, %s: %s', (status, reason, response, halt) => {
    const seen: Observation = { kind: 'order', state: status, ...(reason && { reason }) };
    const verdict = see(aPayout('unknown', { request: REDPACK }), seen);
    expect([verdict.response, verdict.halt?.code]).toEqual([response, halt]);
    if (response === 'isFailedDay')
      expect(verdict.step.successor!.nextAt).toBeGreaterThanOrEqual(parseBeijing('2026-02-11')!);
    if (response === 'isFailedUser') expect([verdict.problem, verdict.step.successor]).toEqual([true, undefined]);
  });

  test('FAILED, of one that was sent before, is for a person, whatever the reason', () => {
    const seen: Observation = { kind: 'order', state: 'FAILED', reason: '今日领取红包个数超过限制' };
    const { step, alarm } = see(aPayout('sent', { request: REDPACK }), seen);
    expect([step.payout.state, step.payout.nextAt, step.successor]).toEqual(['sent', undefined, undefined]);
    expect(alarm).toContain('although it was sent before');
  });
});

describe('an operator’s no', () => {
  test.each([
    ['FAIL for MCH_CANCEL', fail('MCH_CANCEL')],
    ['FAIL for the payer', fail('PAYER_ACCOUNT_ABNORMAL')],
    ['FAIL without a reason', fail()],
    ['FAIL for OVERDUE_CLOSE', fail('OVERDUE_CLOSE')],
    ['FAIL for the day', fail('DAY_RECEIVED_QUOTA_EXCEED')],
    ['CANCELLED', { kind: 'order', state: 'CANCELLED' } as const],
  ])('stands, whatever the bill ends in: %s', (_, seen) => {
    for (const state of ['unknown', 'held', 'sent'] as const) {
      for (const after of [MINUTE, 25 * HOUR]) {
        const called = aPayout(state, { stopped: 'calledOff', reoffer: true });
        let verdict = see(called, seen, true, later(NOW, after));
        if (verdict.step.payout.state === 'sent') verdict = see(verdict.step.payout, seen, true, later(NOW, after));
        expect(verdict.step.successor).toBeUndefined();
        expect(['failed', 'refunded']).toContain(verdict.step.payout.state);
        expect(verdict.step.payout.holds).toEqual(called.holds); // they return
      }
    }
  });

  test('a bill that somebody else took back is not offered again either', () => {
    for (const seen of [fail('MCH_CANCEL'), { kind: 'order', state: 'CANCELLED' } as const])
      expect(see(aPayout('sent', { reoffer: true }), seen).step.successor).toBeUndefined();
  });

  test('a red packet that was called off is only asked after, and FAILED ends it', () => {
    const called = aPayout('held', { request: REDPACK, stopped: 'calledOff' });
    for (const seen of [
      refused('NOTENOUGH'),
      { kind: 'order', state: 'SENDING' } as const,
      { kind: 'order', state: 'SENDING', reason: '余额不足' } as const,
      { kind: 'notFound' } as const,
      { kind: 'silence', code: 'x', text: '' } as const,
    ])
      expect(see(called, seen).step.payout).toMatchObject({ nextDo: 'query', stopped: 'calledOff' });
    const over = see(called, { kind: 'order', state: 'FAILED' });
    expect(over.step).toMatchObject({ move: 'reserved→free', payout: { state: 'failed' } });
    expect([over.step.successor, over.alarm, over.problem]).toEqual([undefined, undefined, false]);
  });
});
