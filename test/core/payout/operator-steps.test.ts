// What a person does to payouts and merchants by hand: retry and cancel in every state, export, halt and resume.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { beijingText, DAY, dayOf, type Instant, instant, later, parseBeijing } from '../../../src/core/base/time.ts';
import { harmless } from '../../../src/core/ops/payout-csv.ts';
import { commitOf, intentOf } from '../../../src/core/payout/bulk.ts';
import { callOffStep, cancelWay, readReason, retryStep } from '../../../src/core/payout/operator-steps.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import {
  asBillNo,
  type Observation,
  PAYOUT_STATES,
  type Payout,
  type PayoutState,
  type Step,
} from '../../../src/core/payout/payout.ts';
import type { PayerSettings } from '../../../src/core/payout/plan.ts';
import { observe } from '../../../src/core/payout/transitions.ts';
import { loadCampaigns } from '../../../src/core/rules/file/load.ts';
import { cancelPayout, whyNotAmongAll } from '../../../src/engine/operate/payouts.ts';
import type { Payer, Store } from '../../../src/ports.ts';
import { openStore } from '../../../src/storage/open.ts';
import { command, openIds, readCsv, run } from '../../support/command.ts';
import { MERCHANT, RULES, startWorld, until, type World, type WorldOptions } from '../../support/harness.ts';
import { has, isListOf, isMap, readJson } from '../../support/json.ts';
import { saying } from '../../support/saying.ts';

const NOW = parseBeijing('2026-11-21 12:00')!;
const CAMPAIGN = loadCampaigns([{ file: 'rules.yaml', text: RULES }]).campaigns[0]!;
const REDPACK: PayerSettings = {
  name: 'shop',
  mchId: MERCHANT.mchId,
  channel: 'redpack',
  clientIp: '127.0.0.1',
  riskInfo: false,
};
const TRANSFER: PayerSettings = { name: 'shop', mchId: MERCHANT.mchId, channel: 'transfer', transferScene: '1000' };
const LIMITS = { perUserPerDay: 10, amountPerUserPerDay: fen(1e5), amountPerDay: fen(1e8) };

const BATCH = {
  name: 'send',
  campaign: CAMPAIGN,
  account: { name: 'tea', appId: 'wx8888888888888888' },
  merchant: { ...REDPACK, limits: LIMITS },
  seed: 'seed',
};

/** A payout of ¥1.00 in a store, planned as `hongbao send` plans it. */
async function plan(
  store: Store,
  user: string,
  { at = NOW, settings = REDPACK, reoffer = false } = {},
): Promise<Payout> {
  const campaign = { ...CAMPAIGN, unclaimed: reoffer ? ('reoffer' as const) : ('return' as const) };
  const batch = { ...BATCH, campaign, merchant: { ...settings, limits: LIMITS } };
  const commit = commitOf(batch, intentOf(batch, openId(user), { amount: fen(100) }, at), at);
  expect(await store.commit(commit)).toEqual({ kind: 'done' });
  return commit.payout;
}

const MOVES: Partial<Record<PayoutState, Step['move'][]>> = {
  sent: ['reserved→sent'],
  received: ['reserved→received'],
  refunded: ['reserved→sent', 'sent→refunded'],
  failed: ['reserved→free'],
};

/** Takes it to a state, as if it had been sent once. */
async function take(
  store: Store,
  payout: Payout,
  state: PayoutState,
  changes: Partial<Payout> = {},
  tries = 1,
): Promise<Payout> {
  const { nextAt: _, ...rest } = payout;
  let next: Payout = { ...rest, ...(state !== 'planned' && { tries }) };
  for (const move of MOVES[state] ?? ['none' as const]) {
    next = { ...next, ...changes, state, version: next.version + 1 };
    const { state: from } = (await store.payout(payout.billNo))!;
    expect(await store.advance({ payout: next, from, at: NOW, what: 'test', move })).toBe('moved');
  }
  return next;
}

/** The step of a payout that may be retried. */
function retried(payout: Payout, reason?: string): Step {
  const step = retryStep(payout, reason, NOW);
  if ('refused' in step) throw new Error(`refused: ${JSON.stringify(step)}`);
  return step;
}

describe('retry', () => {
  const base = commitOf(BATCH, intentOf(BATCH, openId('oA'), { amount: fen(100) }, NOW), NOW).payout;
  const tried = { ...base, tries: 1, strikes: 7, nextAt: later(NOW, DAY) };

  test('makes what is held or unknown due now, doing what it waited to do, under the same number', () => {
    for (const state of ['held', 'unknown'] as const) {
      for (const nextDo of ['send', 'query'] as const) {
        const step = retried({ ...tried, state, nextDo }, '已充值');
        expect(step).toMatchObject({ from: state, what: 'retry', detail: '已充值', move: 'none', at: NOW });
        expect(step).not.toHaveProperty('successor');
        expect(step.payout).toMatchObject({
          state,
          billNo: base.billNo,
          nextDo,
          nextAt: NOW,
          strikes: 0,
          version: base.version + 1,
        });
      }
    }
  });

  test('takes up what is parked; with the follower it only asks', () => {
    const { nextAt: _, ...parked } = tried;
    expect(retryStep({ ...parked, state: 'held', nextDo: 'send' }, undefined, NOW)).toMatchObject({
      payout: { nextAt: NOW, nextDo: 'send' },
      detail: 'by the operator',
    });
    expect(retryStep({ ...parked, state: 'sent', nextDo: 'query' }, undefined, NOW)).toMatchObject({
      payout: { nextAt: NOW, nextDo: 'query', state: 'sent' },
    });
  });

  test('takes up what waits for a later time, as all does that a fast clock has written down', () => {
    const waits = { ...tried, state: 'planned' as const, nextAt: later(NOW, 31 * DAY) };
    expect(retryStep(waits, undefined, NOW)).toMatchObject({ payout: { state: 'planned', nextAt: NOW } });
  });

  test.each([
    ['planned', 'it was never tried'],
    ['sending', 'a call is under way'],
    ['sent', 'it is with the follower'],
    ['received', 'that is final'],
    ['refunded', 'that is final'],
    ['failed', 'that is final'],
  ] as const)('refuses what is %s, and says why', (state, why) => {
    expect(retryStep({ ...tried, state, nextAt: NOW }, undefined, NOW)).toEqual({ refused: saying(why) });
  });

  test('of all that is held leaves out what was called off, or may be paid under another number', () => {
    const held = { ...tried, state: 'held' as const };
    expect(whyNotAmongAll(held)).toBeUndefined();
    expect(whyNotAmongAll({ ...held, stopped: 'doubted' })).toEqual(saying('may be paid'));
    expect(whyNotAmongAll({ ...held, stopped: 'calledOff' })).toEqual(saying('called off'));
    expect(whyNotAmongAll({ ...held, stopped: 'refunded' })).toBeUndefined(); // it is only asked after
  });

  test('refuses what is older than WeChat Pay answers for, unless it was never sent', () => {
    const later31 = later(NOW, 31 * DAY);
    expect(retryStep({ ...tried, state: 'held' }, undefined, later31)).toEqual({
      refused: saying('30 days'),
    });
    expect(retryStep({ ...tried, state: 'held', tries: 0 }, undefined, later31)).toMatchObject({ what: 'retry' });
  });

  test('a reason is one line of at most 200 characters', () => {
    expect([
      readReason('  a\nb '),
      readReason(' \n'),
      readReason('长'.repeat(200))?.length,
      readReason('长'.repeat(201)),
    ]).toEqual(['a b', undefined, 200, undefined]);
  });
});

describe('cancel', () => {
  let store: Store;
  let asked: string[];
  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    asked = [];
  });
  afterEach(() => store.close());

  function ports(query: Observation, taken?: Observation, during?: () => Promise<unknown>, now: Instant = NOW) {
    const say = (what: string, seen: Observation) => async () => {
      asked.push(what);
      await during?.();
      return seen;
    };
    const payer: Payer = {
      send: say('send', query),
      query: say('query', query),
      ...(taken && { cancel: say('cancel', taken) }),
      close: async () => {},
    };
    return { store, now: () => now, payer: () => ({ payer, policy: DEFAULT_POLICY }) };
  }
  const FAILED: Observation = { kind: 'order', state: 'FAILED' };
  const used = async (payout: Payout) => {
    const { account, user, merchant } = payout;
    const counters = payout.holds.map(hold => hold.name);
    return [...(await store.facts({ account, user, merchant, claims: [], counters })).counters.values()].reduce(
      (sum, value) => sum + value,
      0,
    );
  };

  test('of what was never sent needs no question: its money and its limits are free again', async () => {
    const payout = await plan(store, 'oAnn');
    expect(await used(payout)).toBeGreaterThan(0);
    expect(await cancelPayout(ports(FAILED), payout.billNo, '名单有误')).toEqual({
      cancelled: saying('back in the budget'),
    });
    expect(asked).toEqual([]);
    expect(await store.payout(payout.billNo)).toMatchObject({ state: 'failed', endedAt: NOW, version: 2 });
    expect((await store.payout(payout.billNo))!.nextAt).toBeUndefined();
    expect(await store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 0 });
    expect(await used(payout)).toBe(0);
    expect((await store.history(payout.billNo)).at(-1)).toEqual({
      billNo: payout.billNo,
      version: 2,
      at: NOW,
      from: 'planned',
      to: 'failed',
      what: 'cancelled',
      detail: '名单有误',
    });
  });

  test.each(['held', 'unknown', 'sending'] as const)(
    'of what is %s and may have reached WeChat asks first; FAILED lets it go, without a new number',
    async state => {
      const payout = await take(store, await plan(store, 'oAnn'), state, { nextDo: 'query', nextAt: NOW });
      expect(await cancelPayout(ports(FAILED), payout.billNo, '重复')).toEqual({
        cancelled: saying('nothing was paid'),
      });
      expect(asked).toEqual(['query']);
      expect((await store.history(payout.billNo)).at(-1)).toMatchObject({
        from: state,
        to: 'failed',
        what: 'cancelled',
        detail: '重复 (WeChat Pay: FAILED)',
      });
      expect(await store.payouts({ limit: 10 })).toHaveLength(1);
      expect(await store.buckets('test')).toMatchObject({ reserved: 0 });
    },
  );

  const OTHERS: [string, Observation, string][] = [
    ['SENDING', { kind: 'order', state: 'SENDING', reason: '余额不足' }, 'SENDING (余额不足)'],
    ['SENT', { kind: 'order', state: 'SENT' }, 'SENT'],
    ['RECEIVED', { kind: 'order', state: 'RECEIVED' }, 'RECEIVED'],
    ['RFUND_ING', { kind: 'order', state: 'RFUND_ING' }, 'RFUND_ING'],
    ['REFUND', { kind: 'order', state: 'REFUND' }, 'REFUND'],
    ['no such order', { kind: 'notFound' }, 'no proof'],
    ['an error', { kind: 'refused', code: 'CA_ERROR', text: '证书' }, 'CA_ERROR 证书'],
    ['nothing', { kind: 'silence', code: 'HTTP 502', text: '' }, 'could not be asked: HTTP 502'],
  ];
  test.each(OTHERS)(
    'is refused when WeChat says %s, with its words; the no stands, and only questions are asked from now on',
    async (_, seen, words) => {
      const payout = await take(store, await plan(store, 'oAnn'), 'unknown', { nextDo: 'send', nextAt: NOW });
      expect(await cancelPayout(ports(seen), payout.billNo, 'x')).toEqual({ refused: saying(words) });
      expect(await store.payout(payout.billNo)).toEqual({
        ...payout,
        version: payout.version + 1,
        stopped: 'calledOff',
        nextDo: 'query',
        nextAt: later(NOW, 30_000),
      });
      expect(await store.buckets('test')).toMatchObject({ reserved: 100 });
      // Once more it is asked, and not marked again.
      await cancelPayout(ports(seen), payout.billNo, 'x');
      expect(await store.payout(payout.billNo)).toMatchObject({ version: payout.version + 1 });
    },
  );

  test.each(['sent', 'received', 'refunded', 'failed'] as const)(
    'of a red packet that is %s is refused without a question',
    async state => {
      const payout = await take(store, await plan(store, 'oAnn'), state);
      expect(await cancelPayout(ports(FAILED), payout.billNo, 'x')).toEqual({
        refused: saying(state === 'sent' ? 'cannot be taken back' : 'final'),
      });
      expect(asked).toEqual([]);
      expect(await store.payout(payout.billNo)).toEqual(payout);
    },
  );

  test('of a red packet that would be offered again cannot take it back, but it is not offered again', async () => {
    const payout = await take(store, await plan(store, 'oAnn', { reoffer: true }), 'sent', {
      nextDo: 'query',
      nextAt: NOW,
    });
    expect(await cancelPayout(ports(FAILED), payout.billNo, '发错了')).toEqual({
      refused: saying('not offered again'),
    });
    const marked = (await store.payout(payout.billNo))!;
    expect([asked, marked.stopped, marked.nextAt]).toEqual([[], 'calledOff', NOW]);
    const { step } = observe(marked, { kind: 'order', state: 'REFUND' }, true, NOW, DEFAULT_POLICY);
    expect(await store.advance(step)).toBe('moved');
    expect(await store.payouts({ limit: 10 })).toMatchObject([{ state: 'refunded' }]);
    expect(await store.buckets('test')).toMatchObject({ reserved: 0, sent: 0, refunded: 100 });
    // Said again it is done.
    expect(await cancelPayout(ports(FAILED), payout.billNo, 'x')).toHaveProperty('cancelled');
  });

  test('of a number whose order FAILED before it was cancelled ends its successor; the first one is named', async () => {
    const first = await take(store, await plan(store, 'oAnn'), 'unknown');
    const { step } = observe(first, FAILED, true, NOW, DEFAULT_POLICY);
    expect(await store.advance(step)).toBe('moved');
    expect(await cancelPayout(ports(FAILED), first.billNo, '重复')).toMatchObject({
      successor: step.successor!.billNo,
    });
    expect((await store.payouts({ limit: 10 })).map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect([await used(first), (await store.buckets('test')).reserved]).toEqual([0, 0]);
  });

  test.each(['refunded', 'unsubscribed'] as const)(
    'of what was undone because its order or follower is gone (%s) leaves it undone: no retry has it sent after all',
    async undone => {
      for (const state of ['held', 'unknown', 'sending'] as const) {
        const way = { nextDo: 'query', nextAt: NOW, stopped: undone } as const;
        const payout = await take(store, await plan(store, `oAnn${state}`), state, way);
        expect(await cancelPayout(ports({ kind: 'order', state: 'SENDING' }), payout.billNo, 'x')).toEqual({
          refused: saying('was undone before'),
        });
        const left = (await store.payout(payout.billNo))!;
        expect(left.stopped).toBe(undone);
        expect(callOffStep(left, 'x', NOW).payout.stopped).toBe(undone);
        const again = retried({ ...left, state: 'unknown' });
        expect(again.payout).toMatchObject({ stopped: undone, nextDo: 'query' });
      }
    },
  );

  test('taken back by a retry: then it is sent again', async () => {
    const payout = await take(store, await plan(store, 'oAnn'), 'held', { nextDo: 'send', nextAt: NOW });
    expect(await cancelPayout(ports({ kind: 'order', state: 'SENDING' }), payout.billNo, 'x')).toHaveProperty(
      'refused',
    );
    const step = retried((await store.payout(payout.billNo))!, '发吧');
    expect(step.payout).not.toHaveProperty('stopped');
    expect(await store.advance(step)).toBe('moved');
    const next = observe(step.payout, { kind: 'order', state: 'SENDING' }, true, NOW, DEFAULT_POLICY);
    expect(next.step.payout).toMatchObject({ nextDo: 'send' });
  });

  test('while a call is under way is refused until it can have ended', async () => {
    const payout = await take(store, await plan(store, 'oAnn'), 'sending', { nextAt: later(NOW, 12_000) });
    expect(cancelWay(payout, NOW)).toEqual({ refused: saying('a call is under way; try again in 12 s') });
    expect(cancelWay(payout, later(NOW, 12_000))).toBe('ask');
  });

  test('loses to a bot that sends at this very moment', async () => {
    const payout = await take(store, await plan(store, 'oAnn'), 'unknown', { nextAt: NOW });
    const send = async () => {
      const current = (await store.payout(payout.billNo))!;
      if (current.state === 'unknown') await take(store, current, 'sent', {}, 2);
    };
    expect(await cancelPayout(ports(FAILED, undefined, send), payout.billNo, 'x')).toEqual({
      refused: saying('cannot be taken back'),
    });
    expect(await store.buckets('test')).toMatchObject({ reserved: 0, sent: 100 });
  });

  test('of a transfer that waits for the follower takes it back; the bot books it once WeChat says so', async () => {
    const payout = await take(store, await plan(store, 'oAnn', { settings: TRANSFER, reoffer: true }), 'sent', {
      nextDo: 'query',
    });
    const taken = ports(FAILED, { kind: 'order', state: 'CANCELING' });
    expect(await cancelPayout(taken, payout.billNo, '发错了')).toEqual({
      cancelled: saying('takes it back'),
    });
    expect(asked).toEqual(['cancel']);
    const waiting = (await store.payout(payout.billNo))!;
    expect(waiting).toMatchObject({ state: 'sent', nextDo: 'query' });
    expect((await store.history(payout.billNo)).at(-1)).toMatchObject({
      what: 'cancelled',
      detail: '发错了 (WeChat Pay: CANCELING)',
    });
    // What settle makes of the next answer: refunded, and not offered once more.
    const { step } = observe(waiting, { kind: 'order', state: 'CANCELLED' }, true, NOW, DEFAULT_POLICY);
    expect(await store.advance(step)).toBe('moved');
    expect(await store.payouts({ limit: 10 })).toMatchObject([{ state: 'refunded' }]);
    expect(await store.buckets('test')).toMatchObject({ sent: 0, reserved: 0, refunded: 100 });
    expect(await used(payout)).toBe(0);
  });

  test('of a transfer whose outcome was unknown and turns out to wait: asked, written down, taken back', async () => {
    const payout = await take(store, await plan(store, 'oAnn', { settings: TRANSFER }), 'unknown', { nextDo: 'query' });
    const taken = ports({ kind: 'order', state: 'WAIT_USER_CONFIRM' }, { kind: 'order', state: 'CANCELLED' });
    expect(await cancelPayout(taken, payout.billNo, 'x')).toEqual({
      cancelled: saying('takes it back'),
    });
    expect(asked).toEqual(['query', 'cancel']);
    // The bot's next question ends it.
    const { step } = observe(
      (await store.payout(payout.billNo))!,
      { kind: 'order', state: 'CANCELLED' },
      true,
      NOW,
      DEFAULT_POLICY,
    );
    expect(await store.advance(step)).toBe('moved');
    expect(await store.buckets('test')).toMatchObject({ reserved: 0, sent: 0, refunded: 100 });
    expect((await store.history(payout.billNo)).map(line => line.what)).toEqual([
      'planned',
      'test',
      'called off',
      'cancelled',
      'asked isTakenBack',
    ]);
  });

  test('of a transfer that failed at WeChat is done; of one that is confirmed is refused', async () => {
    const failed = await take(store, await plan(store, 'oAnn', { settings: TRANSFER }), 'held');
    expect(await cancelPayout(ports({ kind: 'order', state: 'FAIL' }), failed.billNo, 'x')).toHaveProperty('cancelled');
    const sent = await take(store, await plan(store, 'oBob', { settings: TRANSFER }), 'sent');
    expect(
      await cancelPayout(
        ports({ kind: 'order', state: 'SUCCESS' }, { kind: 'order', state: 'SUCCESS' }),
        sent.billNo,
        'x',
      ),
    ).toEqual({
      refused: saying('SUCCESS'),
    });
    expect(await cancelPayout(ports(FAILED), sent.billNo, 'x')).toEqual({
      refused: saying('cannot take it back'),
    });
  });
});

// ── As processes, beside a bot ───────────────────────────────────────────────────────────────────────────────

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function begin(options: WorldOptions = {}): Promise<World> {
  world = await startWorld(options);
  return world;
}
const hongbao = (...args: string[]) => run(world!.folder, ...args, '--config', 'bot.yaml');
const merchant = () => world!.simulator.control.merchant(MERCHANT.mchId);
const sendTo = (people: readonly string[], ...more: string[]) => {
  writeFileSync(join(world!.folder, 'people.txt'), people.join('\n'));
  return hongbao('send', '--campaign', 'test', '--openids', 'people.txt', '--amount', '1.00', ...more);
};

describe('beside a running bot', () => {
  test('what WeChat called our mistake is parked; retried by hand it is paid under the same number', async () => {
    await begin({ jobs: true });
    world!.simulator.control.setFaults({
      pay: [{ kind: 'code', code: 'PARAM_ERROR', text: '参数错误', times: 1 }],
      platform: [],
    });
    const sent = await sendTo([world!.person(true)], '--json');
    expect([sent.code, JSON.parse(sent.out)]).toMatchObject([1, { planned: 1, outcome: { held: 1, sent: 0 } }]);
    const [held] = await world!.store.payouts({ limit: 1 });
    expect(held).toMatchObject({ state: 'held', problem: expect.stringContaining('PARAM_ERROR') });
    expect(await hongbao('payouts', 'retry', held!.billNo, '--reason', '已核对')).toMatchObject({
      code: 0,
      out: expect.stringContaining('due now'),
    });
    const after = await until(async () => {
      const payout = await world!.store.payout(held!.billNo);
      return payout?.state === 'sent' && payout;
    });
    expect(after.tries).toBe(2);
    expect((await world!.store.history(held!.billNo)).map(({ what, detail }) => `${what} ${detail ?? ''}`)).toContain(
      'retry 已核对',
    );
    expect(await hongbao('payouts', 'retry', held!.billNo)).toMatchObject({
      code: 1,
      out: expect.stringContaining('refused: it is with the follower'),
    });
    expect(await hongbao('payouts', 'cancel', held!.billNo, '--reason', 'x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be taken back'),
    });
    expect(merchant().sentCount).toBe(1);
  }, 60_000);

  test('a purse that was empty: all that is held is retried at once', async () => {
    await begin({ jobs: true, balance: 0 });
    const people = Array.from({ length: 4 }, () => world!.person(true));
    await sendTo(people, '--no-wait');
    await until(async () => world!.store.halt('shop'));
    const { out } = await hongbao('merchant', 'list', '--json');
    const listed = readJson(out, isListOf(has({ waiting: isMap })));
    expect(listed[0]).toMatchObject({ halt: { code: 'NOTENOUGH', by: 'bot' } });
    expect(Object.values(listed[0]!.waiting).reduce<number>((sum, each) => sum + Number(each), 0)).toBe(4);
    const waiting = await hongbao('payouts', 'retry', '--state', 'held', '--campaign', 'test');
    expect(waiting).toMatchObject({
      code: 0,
      out: expect.stringContaining('merchant "shop" is halted, it waits for `hongbao merchant resume shop`'),
    });
    expect((await hongbao('payouts', 'retry', '--state', 'held', '--campaign', 'other')).out).toBe(
      'there is nothing to retry\n',
    );
    world!.simulator.control.setBalance(MERCHANT.mchId, 100_00);
    expect(await hongbao('merchant', 'resume', 'shop')).toMatchObject({
      code: 0,
      out: expect.stringContaining('it was halted by the bot since'),
    });
    await until(() => merchant().sentCount === 4);
  }, 60_000);

  test('all that is held at once leaves out what was called off or may be paid already, and says so of each', async () => {
    await begin();
    const { store } = world!;
    const later28 = later(instant(Date.now()), 28 * DAY);
    const held = async (user: string, stopped?: Payout['stopped']): Promise<Payout> => {
      const payout = await plan(store, user, { at: instant(Date.now()) });
      return take(store, payout, 'held', { nextAt: later28, nextDo: 'send', ...(stopped && { stopped }) });
    };
    const [plain, calledOff, doubted] = [
      await held('oPlain'),
      await held('oOff', 'calledOff'),
      await held('oDoubt', 'doubted'),
    ];
    const { code, out } = await hongbao('payouts', 'retry', '--state', 'held', '--json');
    const rows = new Map(readJson(out, isListOf(isMap)).map(row => [row.billNo, row]));
    expect(code).toBe(1);
    expect(rows.get(plain!.billNo)).toMatchObject({ ok: true });
    expect(rows.get(calledOff!.billNo)).toMatchObject({
      ok: false,
      result: expect.stringContaining('it was called off'),
    });
    expect(rows.get(doubted!.billNo)).toMatchObject({ ok: false, result: expect.stringContaining('may be paid') });
    for (const { billNo, stopped } of [calledOff!, doubted!])
      expect(await store.payout(billNo)).toMatchObject({ state: 'held', stopped, nextAt: later28 });
  }, 60_000);

  test('what WeChat is still processing cannot be cancelled; once it says FAILED it can', async () => {
    await begin(); // no timetable: a bot that asked first would plan a new number
    world!.simulator.control.setFaults({ pay: [{ kind: 'processingThenFailed', afterMs: 60_000 }], platform: [] });
    await sendTo([world!.person(true)], '--no-wait');
    await world!.bot.settle.pass();
    const payout = (await world!.store.payouts({ state: 'unknown', limit: 1 }))[0]!;
    const refused = await hongbao('payouts', 'cancel', payout.billNo, '--reason', '名单有误', '--json');
    expect([refused.code, JSON.parse(refused.out)]).toEqual([
      1,
      { billNo: payout.billNo, refused: expect.stringMatching(/WeChat Pay says SENDING.*only FAILED/) },
    ]);
    world!.simulator.control.moveClock({ advanceMs: 61_000 });
    expect(await hongbao('payouts', 'cancel', payout.billNo, '--reason', '名单有误')).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing was paid'),
    });
    expect(await world!.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 0 });
    expect(await world!.store.payouts({ limit: 5 })).toHaveLength(1);
  }, 60_000);

  test('halt stops all sending within two seconds, and resume lets it go on', async () => {
    await begin({ jobs: true });
    const people = Array.from({ length: 120 }, () => world!.person(true));
    await sendTo(people, '--no-wait');
    await until(() => merchant().sentCount >= 10);
    const halting = await hongbao('merchant', 'halt', 'shop', '--reason', '活动暂停,待核对');
    expect(halting.code).toBe(0);
    await new Promise(done => setTimeout(done, 500)); // calls under way end
    const { sentCount } = merchant();
    expect(sentCount).toBeLessThan(100);
    await new Promise(done => setTimeout(done, 2500));
    expect(merchant().sentCount).toBe(sentCount);
    const { out } = await hongbao('merchant', 'list');
    expect(out).toMatch(
      new RegExp(
        `shop +halted +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d +operator +活动暂停,待核对 +by hand +${120 - sentCount} +0 +0 +0`,
      ),
    );
    expect((await hongbao('merchant', 'resume', 'shop')).code).toBe(0);
    await until(() => merchant().sentCount === 120, 15_000);
    expect(await hongbao('merchant', 'resume', 'shop')).toMatchObject({
      code: 0,
      out: 'merchant "shop" was not halted\n',
    });
    expect((await hongbao('merchant', 'list')).out).toMatch(/shop +open/);
  }, 60_000);

  test('who mistypes gets the right word and exit code 2', async () => {
    await begin();
    expect(await hongbao('merchant', 'halt', 'shpo', '--reason', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no merchant "shpo"; did you mean "shop"?'),
    });
    expect(await hongbao('merchant', 'resume', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected one of: shop'),
    });
    expect(await hongbao('merchant', 'halt', 'shop', '--reason', ' ')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--reason'),
    });
    expect(await hongbao('payouts', 'cancel', 'nope', '--reason', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no payout nope'),
    });
    expect(await hongbao('payouts', 'cancel', 'nope')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--reason'),
    });
    expect(await hongbao('payouts', 'retry')).toMatchObject({
      code: 2,
      err: expect.stringContaining('name payouts by their numbers'),
    });
    expect(await hongbao('payouts', 'retry', '--state', 'hled')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--state hled: expected one of planned'),
    });
    expect(await hongbao('payouts', 'export', '--from', '2026-2-1')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected a day such as 2026-02-10'),
    });
    expect(await hongbao('payouts', 'export', '--out', 'no/such/folder.csv')).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot be written'),
    });
  }, 60_000);
});

describe('the export', () => {
  const STATE_WORDS = ['待发放', '发放中', '结果待查', '挂起', '已发放待领取', '已领取', '已退回', '失败'];

  test('comes back through a CSV reader as it was, and opens in a spreadsheet', async () => {
    await begin();
    const problem = '=HYPERLINK("http://evil.example","中奖")';
    const payouts: Payout[] = [];
    for (const [index, state] of PAYOUT_STATES.entries()) {
      const payout = await plan(world!.store, openIds(8)[index]!, { at: later(NOW, index * DAY) });
      payouts.unshift(
        await take(
          world!.store,
          payout,
          state,
          state === 'held'
            ? { problem }
            : state === 'sent'
              ? { listId: '1000041701201609263000000000000', sentAt: NOW }
              : {},
        ),
      );
    }
    const { code, out } = await hongbao('payouts', 'export');
    expect(code).toBe(0);
    expect(
      out.startsWith(
        '\uFEFF商户订单号,微信单号,活动,规则,奖品金额（元）,状态,openid,公众号,商户,创建时间,发送时间,结束时间,尝试次数,问题',
      ),
    ).toBe(true);
    expect(out.split('\r\n')).toHaveLength(10);
    expect(out.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const [, ...rows] = readCsv(out.slice(1));
    expect(rows.map(row => row[0])).toEqual(payouts.map(payout => `${payout.billNo}\t`)); // newest first, every digit kept
    expect(rows.map(row => row[5])).toEqual([...STATE_WORDS].reverse());
    expect(rows.map(row => row[4])).toEqual(Array(8).fill('1.00'));
    expect(rows.map(row => row[9])).toEqual(payouts.map(payout => beijingText(payout.createdAt)));
    const [sent, held] = [rows[3]!, rows[4]!];
    expect([sent[1], sent[10], held[1], held[13]]).toEqual([
      '1000041701201609263000000000000\t',
      '2026-11-21 12:00:00',
      '',
      `'${problem}`,
    ]);
    expect(rows.flat().filter(cell => /^[=+\-@\t\r]/.test(cell))).toEqual([]);

    const only = async (...args: string[]) =>
      readCsv((await hongbao('payouts', 'export', ...args)).out)
        .slice(1)
        .map(row => row[0]!.trim());
    const numbers = payouts.map(payout => payout.billNo);
    expect(await only('--state', 'held')).toEqual([numbers[4]]);
    expect(await only('--campaign', 'other')).toEqual([]);
    expect(await only('--merchant', 'shop', '--from', dayOf(later(NOW, 5 * DAY)))).toEqual(numbers.slice(0, 3));
    expect(await only('--from', '2026-11-22', '--to', '2026-11-23')).toEqual(numbers.slice(5, 7));
    const file = join(world!.folder, 'out.csv');
    expect(await hongbao('payouts', 'export', '--out', file)).toMatchObject({
      code: 0,
      out: '',
      err: `8 payouts in ${file}\n`,
    });
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([out, 0o600]);
  }, 60_000);

  test('makes every beginning of a formula harmless, and nothing else', () => {
    expect(['=1+1', '+86', '-1', '@SUM', '\tx', '\rx', '＝1＋1', '－1', '＋1', '＠SUM'].map(harmless)).toEqual([
      "'=1+1",
      "'+86",
      "'-1",
      "'@SUM",
      "'\tx",
      "'\rx",
      "'＝1＋1",
      "'－1",
      "'＋1",
      "'＠SUM",
    ]);
    expect(['', 'a=1', '1.00', '余额不足', "'x"].map(harmless)).toEqual(['', 'a=1', '1.00', '余额不足', "'x"]);
  });

  test('goes page by page through many, and ends quietly when nobody reads on', async () => {
    await begin({ rules: RULES.replace('¥1000.00', '¥900000.00') });
    const people = openIds(5000);
    expect((await sendTo(people, '--no-wait')).code).toBe(0);
    const rows = readCsv((await hongbao('payouts', 'export')).out);
    expect(rows).toHaveLength(5001);
    expect(
      rows
        .slice(1)
        .map(row => row[6])
        .sort(),
    ).toEqual(people);
    // And so does a retry of many: refused each, since none was tried yet.
    const retried = await hongbao('payouts', 'retry', '--state', 'planned');
    expect([retried.code, retried.out]).toEqual([1, expect.stringMatching(/\n0 due now, 5000 refused\n$/)]);
    expect(retried.out.split('\n')).toHaveLength(103);
    const cut = command(world!.folder, 'payouts', 'export', '--config', 'bot.yaml');
    cut.child.stdout!.once('data', () => cut.child.stdout!.destroy());
    expect(await cut.result).toMatchObject({ code: 0, err: '' });
  }, 60_000);
});

test('a number the store does not know is no payout', async () => {
  const store = await openStore('sqlite::memory:');
  const payer = () => {
    throw new Error('nobody is asked');
  };
  await expect(cancelPayout({ store, now: () => instant(0), payer }, asBillNo('x'), 'x')).rejects.toThrow(
    'there is no payout x',
  );
  await store.close();
});
