// The life of a payout as a table: every state, every observation, and what must follow.

import { describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { DAY, HOUR, instant, later, MINUTE, parseBeijing } from '../../../src/core/base/time.ts';
import { RESPONSES } from '../../../src/core/payout/channels/channel.ts';
import { classify } from '../../../src/core/payout/classify.ts';
import { retryStep } from '../../../src/core/payout/operator-steps.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import { billNoOf, isFinal, type Observation, PAYOUT_STATES, type Payout } from '../../../src/core/payout/payout.ts';
import { beginSend, observe, waitForStock } from '../../../src/core/payout/transitions.ts';

const NOW = parseBeijing('2026-02-10 10:00')!;
const MCH = '1900000109';

function aPayout(parts: Partial<Payout> = {}): Payout {
  return {
    billNo: billNoOf('1900000109', NOW, 'spring/password/oAnn/2026-02-10', 1),
    claimKey: 'spring/password/oAnn/2026-02-10',
    attempt: 1,
    campaign: 'spring',
    rule: 'password',
    account: 'tea',
    merchant: 'shop',
    user: openId('oAnn'),
    amount: fen(100),
    request: {
      channel: 'redpack',
      mchId: '1900000109',
      appId: 'wx8888888888888888',
      sendName: '阿茶',
      actName: '新春',
      wishing: '恭喜',
      remark: '新春',
      clientIp: '127.0.0.1',
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

const see = (payout: Payout, observation: Observation, asked = false, now = NOW) =>
  observe(payout, observation, asked, now, DEFAULT_POLICY);
const refused = (code: string, text = ''): Observation => ({ kind: 'refused', code, text });
const status = (value: Extract<Observation, { kind: 'order' }>['state'], reason?: string): Observation => ({
  kind: 'order',
  state: value,
  ...(reason && { reason }),
});

describe('the bill number', () => {
  test('is the same on every replay and has at most 28 letters and digits', () => {
    const numbers = [1, 1, 2].map(attempt => billNoOf('1900000109', NOW, 'a/b/c/d', attempt));
    expect(numbers[0]).toBe(numbers[1]);
    expect(numbers[0]).not.toBe(numbers[2]);
    expect(numbers[0]).toMatch(/^190000010920260210[0-9A-Za-z]{10}$/);
  });

  test('carries the Beijing day of the event', () => {
    expect(billNoOf('1', parseBeijing('2026-02-10 23:59:59')!, 'k', 1)).toContain('120260210');
    expect(billNoOf('1', parseBeijing('2026-02-11 00:00')!, 'k', 1)).toContain('120260211');
  });
});

describe('the table', () => {
  const observations: readonly Observation[] = [
    { kind: 'accepted', listId: '1' },
    { kind: 'unreached', code: 'ECONNREFUSED', text: '' },
    { kind: 'silence', code: 'UND_ERR_SOCKET', text: '' },
    ...[
      'SYSTEMERROR',
      'FREQ_LIMIT',
      'PROCESSING',
      'SEND_FAILED',
      'TIME_LIMITED',
      'SENDNUM_LIMIT',
      'NOTENOUGH',
      'CA_ERROR',
      'PARAM_ERROR',
      'NEVER_SEEN',
      '',
    ].map(code => refused(code)),
    refused('NO_AUTH', '帐号已被微信拦截'),
    ...(['SENDING', 'SENT', 'FAILED', 'RECEIVED', 'RFUND_ING', 'REFUND'] as const).map(value => status(value)),
    { kind: 'notFound' },
  ];
  const open = PAYOUT_STATES.filter(state => !isFinal(state));

  test.each(open.flatMap(state => observations.flatMap(seen => [true, false].map(asked => ({ state, seen, asked })))))(
    'from $state, seeing $seen.kind $seen.code$seen.status (asked: $asked), the version grows by one and an unfinished payout has a next step or an alarm',
    ({ state, seen, asked }) => {
      const before = aPayout({ state, ...(state === 'sent' && { sentAt: NOW }) });
      const { step, alarm } = see(before, seen, asked);
      expect(step.payout.version).toBe(before.version + 1);
      expect(step.from).toBe(state);
      if (!isFinal(step.payout.state)) expect(step.payout.nextAt !== undefined || alarm !== undefined).toBe(true);
      else expect(step.payout.nextAt).toBeUndefined();
      // Spacing: WeChat wants at least a second between two tries of one number.
      if (step.payout.nextAt !== undefined) expect(step.payout.nextAt - NOW).toBeGreaterThanOrEqual(1000);
    },
  );

  test.each(open.flatMap(state => observations.map(seen => ({ state, seen }))))(
    'from $state, $seen.kind $seen.code$seen.state never brings a new number unless it is FAILED',
    ({ state, seen }) => {
      for (const asked of [true, false]) {
        const { step } = see(aPayout({ state }), seen, asked);
        expect(step.payout.billNo).toBe(aPayout().billNo);
        const isFailed = seen.kind === 'order' && seen.state === 'FAILED' && state !== 'sent';
        expect(step.successor !== undefined).toBe(isFailed);
      }
    },
  );

  test('money moves only into the bucket of the new state', () => {
    const moves: Readonly<Record<string, string>> = { sent: 'reserved→sent', received: 'reserved→received' };
    for (const seen of observations) {
      const { step } = see(aPayout(), seen, true);
      expect(step.move).toBe(
        moves[step.payout.state] ?? (step.payout.state === 'failed' && !step.successor ? 'reserved→free' : 'none'),
      );
    }
    expect(see(aPayout({ state: 'sent', sentAt: NOW }), status('RECEIVED'), true).step.move).toBe('sent→received');
    expect(see(aPayout({ state: 'sent', sentAt: NOW }), status('REFUND'), true).step.move).toBe('sent→refunded');
  });
});

describe('one payout', () => {
  test('is marked as sending before the call, and whoever finds it so later asks', () => {
    const { payout, move } = beginSend(aPayout({ state: 'planned', version: 1, tries: 0, nextDo: 'send' }), NOW);
    expect(payout).toMatchObject({
      state: 'sending',
      version: 2,
      tries: 1,
      nextDo: 'query',
      nextAt: later(NOW, 30_000),
    });
    expect(move).toBe('none');
  });

  test('is asked after a while, then less often, and ends when it was opened', () => {
    const sent = see(aPayout(), { kind: 'accepted', listId: '42' }).step.payout;
    expect(sent).toMatchObject({ state: 'sent', listId: '42', sentAt: NOW, nextAt: later(NOW, MINUTE) });
    const asked = see(sent, status('SENT'), true, later(NOW, MINUTE)).step.payout;
    expect(asked.nextAt).toBe(later(NOW, 10 * MINUTE));
    expect(see(asked, status('RECEIVED'), true).step.payout).toMatchObject({ state: 'received', endedAt: NOW });
  });

  test('without an answer is sent again under the same number, twice, and then asked after', () => {
    let payout = aPayout();
    const steps: string[] = [];
    for (let i = 0; i < 4; i++) {
      payout = see({ ...payout, state: 'sending' }, { kind: 'silence', code: 'UND_ERR_SOCKET', text: '' }).step.payout;
      steps.push(payout.nextDo);
    }
    expect(steps).toEqual(['send', 'send', 'query', 'query']);
    expect(payout.state).toBe('unknown');
  });

  test('waits longer after each unclear answer, up to twenty minutes', () => {
    const waits = [0, 1, 5, 30].map(
      strikes => see(aPayout({ strikes }), refused('SYSTEMERROR')).step.payout.nextAt! - NOW,
    );
    expect(waits[0]).toBeGreaterThanOrEqual(1100);
    expect(waits[1]).toBeGreaterThan(waits[0]!);
    expect(waits[3]).toBeLessThanOrEqual(25 * MINUTE);
  });

  test('with an unknown code is an unknown outcome and an alarm', () => {
    const { step, alarm, response } = see(aPayout(), refused('BRAND_NEW_CODE'));
    expect([step.payout.state, step.payout.nextDo, response]).toEqual(['unknown', 'query', 'ask']);
    expect(alarm).toContain('BRAND_NEW_CODE');
  });

  test('of a follower whom WeChat blocks waits, tells them once, and is over when the order fails', () => {
    const blocked = see(aPayout(), refused('NO_AUTH', '请求异常,帐号已被微信拦截'));
    expect(blocked).toMatchObject({ problem: true });
    expect(blocked.step.payout).toMatchObject({ state: 'held', userRefused: true, nextDo: 'query' });
    const tomorrow = later(NOW, DAY);
    const still = see(blocked.step.payout, status('SENDING'), true, tomorrow);
    expect(still).toMatchObject({ problem: false });
    expect(still.step.payout).toMatchObject({ state: 'held', nextDo: 'query' });
    const over = see(still.step.payout, status('FAILED'), true, tomorrow);
    expect(over.step).toMatchObject({ move: 'reserved→free' });
    expect(over.step.successor).toBeUndefined();
  });

  test('of a follower with enough packets today goes on after midnight in Beijing', () => {
    const { payout } = see(aPayout(), refused('SENDNUM_LIMIT')).step;
    expect(payout).toMatchObject({ state: 'held', nextDo: 'send' });
    expect(payout.nextAt).toBeGreaterThanOrEqual(parseBeijing('2026-02-11 00:00')!);
    expect(payout.nextAt).toBeLessThan(parseBeijing('2026-02-11 00:11')!);
  });

  test('that FAILED gets a new number, which takes over its reservation', () => {
    const { step } = see(aPayout(), status('FAILED'), true);
    expect(step).toMatchObject({ move: 'none', payout: { state: 'failed', holds: [] } });
    expect(step.successor).toMatchObject({
      attempt: 2,
      state: 'planned',
      version: 1,
      amount: 100,
      holds: aPayout().holds,
    });
    expect(step.successor!.billNo).toBe(billNoOf('1900000109', NOW, aPayout().claimKey, 2));
  });

  test('that failed five times is given up, and the money is free again', () => {
    const { step, problem, alarm } = see(aPayout({ attempt: 5 }), status('FAILED'), true);
    expect(step).toMatchObject({ move: 'reserved→free', payout: { state: 'failed' } });
    expect([problem, alarm]).toEqual([true, 'given up after 5 numbers']);
  });

  test('older than thirty days is parked: WeChat Pay answers no more', () => {
    const { step, alarm } = see(aPayout({ createdAt: instant(NOW - 31 * DAY) }), refused('SYSTEMERROR'));
    expect(step.payout.nextAt).toBeUndefined();
    expect(alarm).toContain('30 days');
  });

  test('stops its merchant when the balance is too low, and keeps its number', () => {
    const { step, halt } = see(aPayout(), refused('NOTENOUGH', '余额不足'));
    expect(halt).toEqual({ code: 'NOTENOUGH', reason: 'NOTENOUGH 余额不足' });
    expect(step.payout).toMatchObject({ state: 'held', nextDo: 'send' });
  });

  test('held for the night is sent at eight', () => {
    const { payout } = see(aPayout(), refused('TIME_LIMITED'), false, parseBeijing('2026-02-10 01:00')!).step;
    expect(payout.nextAt).toBeGreaterThanOrEqual(parseBeijing('2026-02-10 08:00')!);
    expect(payout.nextAt).toBeLessThan(parseBeijing('2026-02-10 08:11')!);
  });
});

describe('the error table', () => {
  test('knows NO_AUTH by its text', () => {
    const texts = ['该用户帐号已被微信拦截', 'IP地址非你在商户平台设置的可用IP地址', '产品权限验证失败', '别的'];
    expect(texts.map(text => classify(refused('NO_AUTH', text), false, { channel: 'redpack' }))).toEqual([
      'refusedUser',
      'config',
      'halt',
      'ask',
    ]);
  });

  test('reads an order in SENDING by its reason', () => {
    const reasons = ['余额不足', '用户已被微信拦截', '今日发送次数超过限制', '领取金额达到上限', '别的', undefined];
    expect(reasons.map(reason => classify(status('SENDING', reason), true, { channel: 'redpack' }))).toEqual([
      'halt',
      'refusedUser',
      'tomorrow',
      'tomorrow',
      'isSending',
      'isSending',
    ]);
  });

  test('whose number WeChat Pay takes no more is only asked after: it may have been paid, and is never sent again', () => {
    const sent = see(aPayout({ state: 'sending', tries: 2 }), refused('SEND_FAILED', '该订单已经过期,请更换商户单号'));
    const { payout } = sent.step;
    expect(payout).toMatchObject({ state: 'unknown', expired: true, nextDo: 'query' });
    expect(see(payout, status('RECEIVED'), true).step.payout.state).toBe('received');
    expect(see(payout, status('FAILED'), true).step.successor).toMatchObject({ attempt: 2, nextDo: 'send' });
    expect(see(payout, status('SENDING', '余额不足'), true).step.payout.nextDo).toBe('query');
    const lost = see(payout, { kind: 'notFound' }, true);
    expect(lost.step.payout).toMatchObject({ state: 'held' });
    expect(lost.step.payout.nextAt).toBeUndefined();
    expect(lost.alarm).toContain('takes this number no more');
  });

  test('takes NOT_FOUND for no proof of anything', () => {
    expect(see(aPayout({ state: 'unknown' }), { kind: 'notFound' }, true).step.payout).toMatchObject({
      state: 'unknown',
      nextDo: 'send',
    });
  });

  test('every class of response has its word once', () => {
    expect(new Set(RESPONSES).size).toBe(RESPONSES.length);
  });

  test('waits six hours between questions on the first day', () => {
    const sent = aPayout({ state: 'sent', sentAt: NOW });
    expect(see(sent, status('SENT'), true, later(NOW, HOUR)).step.payout.nextAt).toBe(later(NOW, 6 * HOUR));
  });
});

describe('what waits for a stock that gives nothing', () => {
  const pauseAt = (age: number): number => {
    const payout = aPayout({ state: 'planned', nextDo: 'send' });
    return waitForStock(payout, 'RULELIMIT', later(NOW, age)).payout.nextAt! - later(NOW, age);
  };

  test('is tried in ten minutes at first, less often the older it is, and at least every two hours', () => {
    for (const [age, least] of [
      [0, 10 * MINUTE],
      [40 * MINUTE, 40 * MINUTE],
      [20 * DAY, 2 * HOUR],
    ] as const) {
      expect(pauseAt(age)).toBeGreaterThanOrEqual(least);
      expect(pauseAt(age)).toBeLessThan(least + 10 * MINUTE);
    }
  });

  test('waits longer and longer also where each try is a call that is refused', () => {
    const request = {
      channel: 'voucher',
      mchId: MCH,
      appId: 'wx8888888888888888',
      stockId: '1',
      creator: MCH,
    } as const;
    let payout = aPayout({ request, state: 'planned', tries: 0, nextDo: 'send' });
    let calls = 0;
    for (let now = NOW; now < later(NOW, 30 * DAY); calls++) {
      const called = beginSend(payout, now).payout;
      payout = observe(called, refused('NOT_ENOUGH', '批次预算不足'), false, now, DEFAULT_POLICY).step.payout;
      expect([payout.state, payout.nextDo]).toEqual(['held', 'send']);
      now = payout.nextAt!;
    }
    expect(calls).toBeLessThan(400);
  });

  test('does not fill its history: some hundred lines in a month', () => {
    let [age, lines] = [0, 0];
    for (; age < 30 * DAY; lines++) age += pauseAt(age);
    expect(lines).toBeLessThan(400);
  });
});

describe('a number of which every call was refused', () => {
  const request = {
    channel: 'transfer',
    mchId: MCH,
    appId: 'wx8888888888888888',
    sceneId: '1000',
    remark: 'x',
    reports: [],
  } as const;
  const planned = aPayout({ request, state: 'planned', tries: 0, nextDo: 'send' });
  const waits = (): Payout =>
    see(beginSend(planned, NOW).payout, refused('INVALID_REQUEST', '超出用户单月收款限额')).step.payout;

  test('has no age: after a month it may be retried by hand, is sent, and is asked after', () => {
    const now = later(NOW, 40 * DAY);
    expect(waits()).toMatchObject({ state: 'held', refusals: 1 });
    expect(retryStep(waits(), 'x', now)).not.toHaveProperty('refused');
    const begun = beginSend(waits(), now).payout;
    const made = see(begun, { kind: 'order', state: 'WAIT_USER_CONFIRM', packageInfo: 'p', listId: '1' }, false, now);
    expect(made.step.payout.state).toBe('sent');
    expect(made.step.payout.nextAt! - now).toBeLessThan(2 * DAY);
  });

  test('is as old as its first call once one of them had no clear end', () => {
    const silent = see(beginSend(waits(), NOW).payout, { kind: 'silence', code: 'TIMEOUT', text: '' }).step.payout;
    expect(beginSend(silent, later(NOW, DAY)).payout.firstSentAt).toBe(NOW);
  });
});
