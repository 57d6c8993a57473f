// Which way a transfer takes, and what is believed of an authorization (免确认收款授权). Whatever is told, and in whatever order, a
// closed one never lives again; whatever was called before, a number that may have an order keeps to the way of that order.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { instant, later } from '../../../src/core/base/time.ts';
import {
  AUTHORIZATION_STATES,
  type Authorization,
  afterTold,
  authorizationNo,
  beforeSending,
  billNoIn,
  wayOf,
} from '../../../src/core/payout/authorization.ts';
import type { TransferRequest } from '../../../src/core/payout/channels/transfer.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import { asBillNo, type Observation, type Payout } from '../../../src/core/payout/payout.ts';
import { observe } from '../../../src/core/payout/transitions.ts';

const NOW = instant(Date.UTC(2026, 10, 30, 2));
const DAY = 86_400_000;
const REQUEST: TransferRequest = {
  ...{ channel: 'transfer', mchId: '1900000109', appId: 'wx1', sceneId: '1000', remark: '茶', reports: [] },
  authorize: { notifyUrl: 'https://bot.test/n' },
};
const PAYOUT: Payout = {
  ...{
    billNo: asBillNo('190000010920261130aaaaaaaaaa'),
    claimKey: 'c',
    attempt: 1,
    campaign: 'c',
    rule: 'r',
    account: 'tea',
  },
  ...{
    merchant: 'shop',
    user: openId('oAnn'),
    amount: fen(100),
    request: REQUEST,
    holds: [],
    state: 'sending',
    version: 2,
  },
  ...{ tries: 1, strikes: 0, nextDo: 'query', createdAt: NOW, firstSentAt: NOW },
};
const OTHER: Authorization = {
  ...{ merchant: 'shop', user: openId('oAnn'), account: 'tea', number: 'aother', state: 'TAKING_EFFECT', id: '17' },
  ...{ mchId: '1900000109', appId: 'wx1', sceneId: '1000', askedAt: NOW, at: NOW, under: [] },
};
const by = (parts: Partial<Payout>, known?: Authorization, request = REQUEST) =>
  wayOf({ ...PAYOUT, ...parts }, request, known).by;

describe('the way of a transfer', () => {
  test('asks where nobody was asked, or it has ended; goes under one that is in effect; is confirmed while one waits', () => {
    expect(by({})).toBe('ask');
    expect(by({}, { ...OTHER, state: 'CLOSED' })).toBe('ask');
    expect(by({}, OTHER)).toBe('authorized');
    expect(by({}, { ...OTHER, state: 'WAIT_USER_CONFIRM' })).toBe('confirm');
    expect(by({}, { ...OTHER, sceneId: '1005' })).toBe('ask');
    const { authorize: _, ...plain } = REQUEST;
    expect(by({}, OTHER, plain)).toBe('confirm');
  });

  test('stays what it was while an order may lie under the number, and changes where none can', () => {
    expect(by({ tries: 2 }, OTHER)).toBe('confirm');
    expect(by({ tries: 2 }, { ...OTHER, under: [PAYOUT.billNo] })).toBe('authorized');
    expect(by({ tries: 2 }, { ...OTHER, under: [PAYOUT.billNo], state: 'CLOSED' })).toBe('confirm');
    expect(by({ tries: 2, refusals: 1 }, { ...OTHER, under: [PAYOUT.billNo], state: 'CLOSED' })).toBe('ask');
    const own = { ...OTHER, number: authorizationNo(PAYOUT.billNo) };
    for (const state of AUTHORIZATION_STATES) expect(by({ tries: 2 }, { ...own, state })).toBe('ask');
    expect(by({ tries: 2, refusals: 1 }, { ...own, state: 'CLOSED' })).toBe('confirm');
    expect(by({ tries: 3, refusals: 1 }, { ...own, state: 'CLOSED', reason: 'LIMIT_REACHED' })).toBe('confirm');
  });

  test('is stored before the call; its number is of 32 letters and digits at most, and leads back to the payout', () => {
    const way = wayOf(PAYOUT, REQUEST, undefined);
    const asked = beforeSending(way, PAYOUT, REQUEST, undefined, NOW)!;
    expect(asked).toMatchObject({ state: 'WAIT_USER_CONFIRM', askedAt: NOW });
    expect(asked.number).toMatch(/^[0-9A-Za-z]{1,32}$/);
    expect(billNoIn(asked.number)).toBe(PAYOUT.billNo);
    expect(beforeSending(way, PAYOUT, REQUEST, asked, NOW)).toBeUndefined();
    const under = beforeSending(wayOf(PAYOUT, REQUEST, OTHER), PAYOUT, REQUEST, OTHER, NOW)!;
    expect(under).toEqual({ ...OTHER, under: [PAYOUT.billNo] });
    expect(beforeSending(wayOf(PAYOUT, REQUEST, under), PAYOUT, REQUEST, under, NOW)).toBeUndefined();
  });
});

test('whatever is told of an authorization, in whatever order, leads to the last state that was ever told, and to no other number', () => {
  const told = fc.record({
    number: fc.constantFrom('aother', 'afar'),
    state: fc.constantFrom(...AUTHORIZATION_STATES),
  });
  fc.assert(
    fc.property(fc.array(told, { maxLength: 8 }), all => {
      let known: Authorization = { ...OTHER, state: 'WAIT_USER_CONFIRM' };
      for (const each of all) known = afterTold(known, each, NOW) ?? known;
      const own = all
        .filter(({ number }) => number === 'aother')
        .map(({ state }) => AUTHORIZATION_STATES.indexOf(state));
      expect(known).toMatchObject({ number: 'aother', state: AUTHORIZATION_STATES[Math.max(0, ...own)] });
    }),
  );
});

describe('a new number of a transfer', () => {
  const waits: Payout = { ...PAYOUT, state: 'sent', sentAt: NOW, packageInfo: 'p', reoffer: true };
  const see = (observation: Observation, days: number) =>
    observe(waits, observation, true, later(NOW, days * DAY), DEFAULT_POLICY).step;

  test('never comes by the clock: while WeChat Pay says that it waits, is on its way or being taken back, or does not say, there is none', () => {
    const states = ['ACCEPTED', 'PROCESSING', 'WAIT_USER_CONFIRM', 'TRANSFERING', 'CANCELING'] as const;
    const seen: Observation[] = [
      ...states.map(state => ({ kind: 'order', state }) as const),
      { kind: 'notFound' },
      { kind: 'silence', code: 'X', text: '' },
      { kind: 'refused', code: 'SYSTEM_ERROR', text: '' },
    ];
    for (const observation of seen)
      for (const days of [0.5, 1, 2, 29, 31, 400]) {
        const { successor, payout } = see(observation, days);
        expect({ observation, days, successor, isOver: payout.state !== 'sent' }).toEqual({
          observation,
          days,
          successor: undefined,
          isOver: false,
        });
      }
  });

  test('comes after FAIL was read, and after CANCELLED none that the merchant did not ask for', () => {
    expect(see({ kind: 'order', state: 'FAIL', reason: 'OVERDUE_CLOSE' }, 1.02).successor).toMatchObject({
      attempt: 2,
    });
    expect(see({ kind: 'order', state: 'CANCELLED' }, 1).successor).toBeUndefined();
  });
});
