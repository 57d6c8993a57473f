// A payout whose order was refunded, or whose follower left, in every state it may be in: asked after and ended where nothing
// was paid, left alone where it was, and never sent again. Through the real doors, against the simulated WeChat Pay; and on
// both stores, whoever dies in between.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Audit } from '../../../src/core/audit/audit.ts';
import { DAY, instant, later } from '../../../src/core/base/time.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import type { Observation, Payout, PayoutState, Step } from '../../../src/core/payout/payout.ts';
import { observe } from '../../../src/core/payout/transitions.ts';
import { observeUndone, undoStep } from '../../../src/core/payout/undone.ts';
import type { Campaign, Trigger } from '../../../src/core/rules/campaign.ts';
import { auditStore } from '../../../src/engine/audit-store.ts';
import { createSettle, type Settle } from '../../../src/engine/settle.ts';
import { SILENT } from '../../../src/lib/log.ts';
import type { Payer, Store } from '../../../src/ports.ts';
import type { PayFault } from '../../../src/simulator/shared/protocol.ts';
import { aPayout } from '../../storage/store.contract.ts';
import { type Beside, KINDS } from '../../support/beside.ts';
import { campaignOf, packet, ruleOf } from '../../support/campaigns.ts';
import { MERCHANT, startWorld, until, type World, type WorldOptions } from '../../support/harness.ts';
import { ANN, Shop } from '../../support/refund-world.ts';

const MCH_ID = MERCHANT.mchId;
const HOUR = 3_600_000;
const NOTHING = { reserved: 0, sent: 0, received: 0, refunded: 0 };

const RULES = `
campaign: test
name: 下单有礼
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥20.00 }
unclaimed: reoffer
packet: { sendName: 阿茶茶饮 }
prizes:
  back: { redpacket: ¥2.00 }
  stay: { redpacket: ¥3.00 }
rules:
  - { id: shop, on: { paid: { over: ¥50.00 } }, once: perEvent, give: back }
  - { id: stay, on: { text: 留下 }, once: perEvent, give: stay, delay: 1s, cancelIf: unsubscribed }
`;

describe('through the doors', () => {
  let world: World;
  afterEach(() => world.close());

  async function open(options: WorldOptions = {}): Promise<void> {
    world = await startWorld({ rules: RULES, ...options });
    world.simulator.setPayNotify(MCH_ID, `${world.url}/notify/pay/shop`);
  }
  const control = (): World['simulator']['control'] => world.simulator.control;
  const faults = (...pay: PayFault[]): void => void control().setFaults({ pay, platform: [] });
  const buckets = () => world.store.buckets('test');
  const findings = async () =>
    (await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns))).findings;
  async function only(): Promise<Payout> {
    const payouts = await world.store.payouts({ limit: 9 });
    expect(payouts).toHaveLength(1);
    return payouts[0]!;
  }
  /** A new gate each time: what it remembers of former tries keeps nothing waiting. */
  async function pass(ms: number): Promise<void> {
    control().moveClock({ advanceMs: ms });
    await world.simulator.noticesIdle();
    await world.bot.settle.stop();
    const settle = world.newSettle();
    await settle.pass();
    await settle.stop();
  }
  async function reaches(state: PayoutState, stepMs = 2000): Promise<Payout> {
    return until(async () => {
      await pass(stepMs);
      const payout = await only();
      return payout.state === state && payout;
    }, 20_000);
  }

  /** Two ways to be undone: each gets a payout on its way, and takes its reason back. */
  const WAYS = {
    async refund() {
      const ann = world.person(true);
      const { orderNo } = control().pay(ann, { amount: 6000 });
      await world.simulator.noticesIdle();
      return async () => {
        control().refund(MCH_ID, orderNo);
        await world.simulator.noticesIdle();
      };
    },
    async unfollow() {
      const ann = world.person(true);
      await control().act(ann, { kind: 'text', text: '留下' });
      return async () => void (await control().act(ann, { kind: 'unfollow' }));
    },
  };

  test.each(['refund', 'unfollow'] as const)(
    'held for want of money, then a %s: it is ended, and not paid after the top-up',
    async way => {
      await open({ balance: 0 });
      const undo = await WAYS[way]();
      const held = await reaches('held');
      expect(held.problem).toContain('NOTENOUGH');
      await undo();
      expect((await only()).stopped).toBe(way === 'refund' ? 'refunded' : 'unsubscribed');
      control().setBalance(MCH_ID, 10_000_00);
      await world.store.setHalt('shop', undefined);
      await pass(2000);
      const ended = await only();
      expect(ended).toMatchObject({ state: 'failed', tries: 1 });
      expect((await world.store.history(ended.billNo)).at(-1)).toMatchObject({ what: 'cancelled', to: 'failed' });
      for (const hours of [1, 24, 48]) await pass(hours * HOUR);
      await only(); // no other number
      expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 0, balance: 10_000_00 });
      expect(await buckets()).toEqual(NOTHING);
      expect(await findings()).toEqual([]);
    },
  );

  test('of which nobody knows whether it was paid, and it was: it stays paid, is opened, and counts', async () => {
    await open();
    faults({ kind: 'lostReply', at: 'sendredpack', times: 1 });
    const undo = await WAYS.refund();
    await reaches('unknown', 10);
    await undo();
    const sent = await reaches('sent');
    control().openPacket(MCH_ID, sent.billNo, sent.user);
    await reaches('received', HOUR);
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 1 });
    expect(await buckets()).toEqual({ ...NOTHING, received: 200 });
    expect(await findings()).toEqual([]);
  });

  test('of which nobody knows whether it was paid, and it was not: it is not sent again, and ends once no order can come', async () => {
    await open();
    faults({ kind: 'errorNothingStored', at: 'sendredpack', times: 1 });
    const undo = await WAYS.refund();
    await reaches('unknown', 10);
    await undo();
    for (let hours = 0; hours < 60; hours += 12) {
      await pass(12 * HOUR);
      expect(await only()).toMatchObject({ state: 'unknown', tries: 1 });
    }
    await pass(24 * HOUR);
    expect(await only()).toMatchObject({ state: 'failed', tries: 1 });
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 0 });
    expect(await buckets()).toEqual(NOTHING);
    expect(await findings()).toEqual([]);
  });

  test('still processing, then FAILED: it gets no other number', async () => {
    await open();
    faults({ kind: 'processingThenFailed', at: 'sendredpack', times: 1, afterMs: 30 * 60_000 });
    const undo = await WAYS.refund();
    await reaches('unknown', 10);
    await undo();
    await pass(60_000);
    expect(await only()).toMatchObject({ state: 'unknown' });
    await pass(HOUR);
    await pass(HOUR);
    expect(await only()).toMatchObject({ state: 'failed' });
    expect(await buckets()).toEqual(NOTHING);
  });

  test('with the follower and not opened: it goes back, and is not offered once more', async () => {
    await open();
    const undo = await WAYS.refund();
    await reaches('sent');
    await undo();
    await pass(25 * HOUR);
    await pass(HOUR);
    expect(await only()).toMatchObject({ state: 'refunded', attempt: 1 });
    expect(await buckets()).toEqual({ ...NOTHING, refunded: 200 });
  });

  test('a transfer the follower has not confirmed is taken back from them', async () => {
    await open({ channel: 'transfer', merchantLines: '' });
    const undo = await WAYS.refund();
    const waiting = await reaches('sent');
    expect(control().packet(MCH_ID, waiting.billNo)).toMatchObject({ billState: 'WAIT_USER_CONFIRM' });
    await undo();
    await reaches('refunded');
    expect(control().packet(MCH_ID, waiting.billNo)).toMatchObject({ billState: 'CANCELLED' });
    expect(await buckets()).toEqual({ ...NOTHING, refunded: 200 });
    expect(control().merchant(MCH_ID)).toMatchObject({ balance: MERCHANT.balance });
    expect(await findings()).toEqual([]);
  });
});

// ── On both stores, without a platform ───────────────────────────────────────────────────────────────────────

const PAID: Trigger = { kind: 'paid' };
const campaign = (): Campaign =>
  campaignOf({ prizes: [packet('back')], rules: [ruleOf({ id: 'back', on: PAID, give: ['back'] })] });

describe.each(KINDS)('on %s', (_, openBeside) => {
  let beside: Beside;
  let shop: Shop;
  /** What the platform answers from now on, and how often it was called to pay. */
  let answer: Observation;
  let asked: Observation;
  let calls: number;
  beforeEach(async () => {
    beside = await openBeside();
    shop = await Shop.open([campaign()], beside);
    [answer, asked, calls] = [{ kind: 'refused', code: 'NOTENOUGH', text: '余额不足' }, { kind: 'notFound' }, 0];
  });
  afterEach(() => beside.dispose());

  const payer: Payer = {
    async send() {
      calls++;
      return answer;
    },
    query: async () => asked,
    close: async () => undefined,
  };
  let gates = 0;
  function settleOn(store: Store, over: Payer = payer): Settle {
    let ticks = 0;
    return createSettle({
      holder: `gate ${++gates}`,
      clock: () => shop.now,
      timer: {
        ticks: () => ticks,
        sleep: async ms => {
          ticks += ms;
        },
      },
      store,
      log: SILENT,
      merchants: [{ name: 'till', payer: over, perSecond: 1000, policy: DEFAULT_POLICY, quietHours: [] }],
    });
  }
  async function pass(store = shop.store): Promise<void> {
    const settle = settleOn(store);
    await settle.pass();
    await settle.stop();
  }
  /** The merchant has money again, and a day goes by. */
  async function later1Day(): Promise<void> {
    answer = { kind: 'accepted' };
    await shop.store.setHalt('till', undefined);
    for (let n = 0; n < 4; n++) {
      shop.passes(6 * HOUR);
      await pass();
    }
  }
  const states = async () => (await shop.payouts()).map(({ state }) => state);

  test('every one of a follower with five hundred and twenty payouts is found, in whatever state it is', async () => {
    for (let n = 0; n < 520; n++) await shop.store.commit(await planned(n));
    const all = await shop.payouts();
    expect(all).toHaveLength(520);
    // The oldest is far behind the first five hundred.
    const oldest = all.at(-1)!;
    await shop.store.advance(stepTo(oldest, 'held', { tries: 1, nextDo: 'send' }));
    await shop.refund(oldest.undoneBy!.transaction!);
    expect((await shop.store.payout(oldest.billNo))!.stopped).toBe('refunded');
    await shop.refund(all.at(-2)!.undoneBy!.transaction!);
    expect((await shop.store.payout(all.at(-2)!.billNo))!.state).toBe('failed');
  }, 60_000);

  /** Kept as commits, so that so many take no time. */
  async function planned(n: number) {
    const commits: Parameters<Store['commit']>[0][] = [];
    const catching: Store = {
      ...shop.store,
      async commit(commit) {
        commits.push(commit);
        return { kind: 'done' };
      },
    };
    await shop.pay(ANN, `t${n}`, shop.process(catching));
    return commits[0]!;
  }

  const stepTo = (payout: Payout, state: PayoutState, parts: Partial<Payout> = {}): Step => ({
    payout: { ...payout, ...parts, state, version: payout.version + 1 },
    ...{ from: payout.state, at: shop.now, what: 'test', move: 'none' },
  });

  test('one that moved on while the refund was told is looked for again, its successor included', async () => {
    await shop.pay(ANN, 't1');
    const [first] = await shop.payouts();
    const unknown = stepTo(first!, 'unknown', { tries: 1, nextDo: 'query' });
    await shop.store.advance(unknown);
    let isTold = false;
    let isMoved = false;
    const racing: Store = {
      ...shop.store,
      async commit(commit) {
        isTold = true;
        return shop.store.commit(commit);
      },
      // Nothing is seen before the refund is written; and afterwards nobody is told to look again.
      payouts: async filter => (isTold ? shop.store.payouts(filter) : []),
      async advance(step, under) {
        if (!isMoved) {
          isMoved = true;
          const seen: Observation = { kind: 'order', state: 'FAILED' };
          await shop.store.advance(observe(unknown.payout, seen, true, shop.now, DEFAULT_POLICY).step);
        }
        return shop.store.advance(step, under);
      },
    };
    await shop.refund('t1', 'r1', shop.process(racing));
    expect(await states()).toEqual(['failed', 'failed']);
    expect(await shop.audit()).toEqual([]);
  });

  test.each([1, 2, 3, 4].flatMap(n => [false, true].map(isDone => [n, isDone] as const)))(
    'a bot that dies at write %i of the refund, written: %s, and is told it again: nothing is paid',
    async (n, isDone) => {
      await shop.pay(ANN, 't1');
      await pass();
      expect(await states()).toEqual(['held']);
      const dying = shop.dying(n, isDone);
      const told = shop.refund('t1', 'r1', shop.process(dying.store));
      await Promise.race([told, expect.poll(dying.hasDied, { timeout: 10_000 }).toBe(true)]);
      await pass();
      await shop.refund('t1', 'r1');
      await later1Day();
      expect([await states(), calls]).toEqual([['failed'], 1]);
      expect(await shop.audit()).toEqual([]);
    },
  );

  test.each([1, 2, 3].flatMap(n => [false, true].map(isDone => [n, isDone] as const)))(
    'a gate that dies at its write %i, written: %s, before, in or after the call, and then a refund: paid at most once',
    async (n, isDone) => {
      await shop.pay(ANN, 't1');
      const dying = shop.dying(n, isDone);
      const passing = settleOn(dying.store).pass();
      await Promise.race([passing, expect.poll(dying.hasDied, { timeout: 10_000 }).toBe(true)]);
      await shop.refund('t1');
      shop.passes(60_000); // the lease of the dead one is over
      await pass();
      shop.passes(3 * DAY);
      await later1Day();
      expect(calls).toBeLessThanOrEqual(1);
      expect(await states()).toEqual(['failed']);
      expect(await shop.audit()).toEqual([]);
    },
  );

  test.each<[string, Observation, PayoutState]>([
    ['yes: it stays paid', { kind: 'accepted' }, 'sent'],
    ['no: it is ended', { kind: 'refused', code: 'NOTENOUGH', text: '余额不足' }, 'failed'],
    ['nothing: it is asked after', { kind: 'silence', code: 'TIMEOUT', text: '' }, 'unknown'],
  ])('a refund in the middle of the call, to which the platform says %s', async (_name, said, state) => {
    await shop.pay(ANN, 't1');
    const settle = settleOn(shop.store, {
      ...payer,
      async send() {
        calls++;
        await shop.refund('t1');
        return said;
      },
    });
    await settle.pass();
    await settle.stop();
    expect(await shop.payouts()).toMatchObject([{ stopped: 'refunded' }]);
    for (let n = 0; n < 3; n++) {
      shop.passes(30 * 60_000);
      await pass();
    }
    expect([await states(), calls]).toEqual([[state], 1]);
    expect(await shop.audit()).toEqual([]);
  });
});

// ── The table ────────────────────────────────────────────────────────────────────────────────────────────────

describe('an answer about a payout that was undone', () => {
  const at = instant(1_800_000_000_000);
  const base = {
    ...aPayout({ state: 'held', version: 3, tries: 1, nextDo: 'query', nextAt: at, createdAt: at, firstSentAt: at }),
    stopped: 'refunded',
  } as const;
  const refusedCalls = [
    { at, what: 'sending' },
    { at, what: 'halt', detail: 'NOTENOUGH 余额不足' },
  ];
  const lostCalls = [
    { at, what: 'sending' },
    { at, what: 'again', detail: 'TIMEOUT' },
  ];

  test.each<[string, Observation, typeof refusedCalls, number, PayoutState]>([
    ['FAILED', { kind: 'order', state: 'FAILED' }, lostCalls, 0, 'failed'],
    ['no such order, and the call was refused', { kind: 'notFound' }, refusedCalls, 0, 'failed'],
    ['no such order, but the call’s end is open', { kind: 'notFound' }, lostCalls, 0, 'unknown'],
    ['no such order, three days after a call whose end is open', { kind: 'notFound' }, lostCalls, 3.1 * DAY, 'failed'],
    ['no such order, after the 30 days it answers for', { kind: 'notFound' }, refusedCalls, 31 * DAY, 'unknown'],
    ['an order that was refused', { kind: 'order', state: 'SENDING', reason: '余额不足' }, refusedCalls, 0, 'failed'],
    ['an order that is on its way', { kind: 'order', state: 'SENDING' }, refusedCalls, 0, 'unknown'],
    [
      'an order with a reason, and a call whose end is open',
      { kind: 'order', state: 'SENDING', reason: '余额不足' },
      lostCalls,
      0,
      'unknown',
    ],
    ['SENT', { kind: 'order', state: 'SENT' }, refusedCalls, 0, 'sent'],
    ['RECEIVED', { kind: 'order', state: 'RECEIVED' }, refusedCalls, 0, 'received'],
    ['no answer', { kind: 'silence', code: 'TIMEOUT', text: '' }, refusedCalls, 0, 'unknown'],
  ])('%s', (_name, seen, history, after, state) => {
    const { step, halt } = observeUndone(base, seen, history, later(at, after), DEFAULT_POLICY);
    expect(step.payout.state).toBe(state);
    expect(step.payout.nextDo).toBe('query');
    expect(step).not.toHaveProperty('successor');
    expect(halt).toBeUndefined();
    if (state === 'failed') expect(step).toMatchObject({ what: 'cancelled', move: 'reserved→free' });
  });

  test('what is over or marked already is left as it is', () => {
    for (const state of ['received', 'refunded', 'failed'] as const)
      expect(undoStep({ ...base, state }, 'refunded', at)).toBeUndefined();
    expect(undoStep(base, 'unsubscribed', at)).toBeUndefined();
  });
});
