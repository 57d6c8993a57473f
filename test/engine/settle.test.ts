// The gate of a merchant: its rate, its halts, and what one follower's trouble means for the others.

import { afterEach, describe, expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import { instant, parseBeijing } from '../../src/core/base/time.ts';
import { isQuiet, pauseOf, probeAfter } from '../../src/core/payout/merchant-halt.ts';
import { judgeAnswer, retryStep } from '../../src/core/payout/operator-steps.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { observe } from '../../src/core/payout/transitions.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { createSettle } from '../../src/engine/settle.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Payer } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { aCommit, aPayout, NOW } from '../storage/store.contract.ts';
import { exactly } from '../support/exactly.ts';
import { startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { saying } from '../support/saying.ts';
import { VirtualTime } from '../torture/time.ts';

const MCH_ID = '1900000109';
const HOUR = 3_600_000;
let world: World | undefined;
const open = async (options?: WorldOptions): Promise<World> => {
  world = await startWorld(options);
  return world;
};
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** So many followers ask for their packet; nothing is sent yet. */
async function queue(count: number): Promise<string[]> {
  const people = Array.from({ length: count }, () => world!.person(true));
  await world!.bot.settle.stop(); // a stopped gate keeps the queue
  for (const openid of people) await world!.simulator.control.act(openid, { kind: 'text', text: '红包' });
  return people;
}
const all = (): Promise<Payout[]> => world!.store.payouts({ limit: 1000 });
const books = () => world!.simulator.control.merchant(MCH_ID);
const settleAgain = (): World['bot']['settle'] => world!.newSettle();

describe('the rate', () => {
  test('two hundred payouts that are due at once are each called once, and WeChat counts none as too many', async () => {
    await open();
    await queue(200);
    await settleAgain().pass();
    expect(books()).toMatchObject({ sentCount: 200, freqLimits: 0 });
    expect((await all()).map(payout => payout.tries)).toEqual(Array(200).fill(1));
  }, 60_000);

  test('is thirty a second, evenly, once the gate is warm, and never a burst', async () => {
    const store = await openSqlite(':memory:');
    const time = new VirtualTime(NOW);
    for (let i = 0; i < 400; i++) {
      await store.commit(aCommit({ counters: [] }));
    }
    const left: number[] = [];
    const payer: Payer = {
      async send() {
        left.push(time.now());
        await time.sleep(90);
        return { kind: 'accepted' };
      },
      query: async () => ({ kind: 'notFound' }),
      close: async () => undefined,
    };
    const settle = createSettle({
      holder: 'test',
      clock: () => instant(time.now()),
      timer: { ticks: () => time.now(), sleep: ms => time.sleep(ms) },
      store,
      log: SILENT,
      merchants: [{ name: 'shop', payer, perSecond: 30, policy: DEFAULT_POLICY, quietHours: [] }],
    });
    let isDone = false;
    void settle.pass().then(() => {
      isDone = true;
    });
    while (!isDone) await time.runUntil(time.now() + 50);
    await store.close();
    expect(left).toHaveLength(400);
    const warm = left.slice(20);
    expect((1000 * (warm.length - 1)) / (warm.at(-1)! - warm[0]!)).toBeGreaterThanOrEqual(30 * 0.99);
    left.forEach((at, index) => {
      if (index > 0) expect(at - left[index - 1]!).toBeGreaterThanOrEqual(33);
    });
  });

  test('is a hundredth below what is allowed, and slower after a rest', () => {
    expect(pauseOf(30, 100)).toBeCloseTo(33.6, 1);
    expect(1000 / pauseOf(30, 100)).toBeGreaterThan(29.7);
    expect(pauseOf(30, 0)).toBeGreaterThan(pauseOf(30, 16));
  });
});

describe('a halt', () => {
  test('at the first of a hundred for want of money: at most three calls are made, and after the resume all are paid, once, under their numbers', async () => {
    await open({ balance: 0 });
    await queue(100);
    const before = (await all()).map(payout => payout.billNo).sort();
    await settleAgain().pass();
    const calls = (await all()).reduce((sum, payout) => sum + payout.tries, 0);
    expect(calls).toBeGreaterThanOrEqual(1);
    expect(calls).toBeLessThanOrEqual(3);
    expect(await world!.store.halt('shop')).toMatchObject({ code: 'NOTENOUGH', by: 'bot' });
    world!.simulator.control.setBalance(MCH_ID, 10_000_00);
    await world!.store.setHalt('shop', undefined);
    const settle = settleAgain();
    await until(async () => {
      await settle.pass();
      return (await all()).every(payout => payout.state === 'sent');
    }, 20_000);
    expect((await all()).map(payout => payout.billNo).sort()).toEqual(before);
    expect(books()).toMatchObject({ sentCount: 100, sentAmount: 100 * 150 });
  }, 60_000);

  test('for want of money ends by itself: after five minutes one payout is let through to see', async () => {
    await open({ balance: 0 });
    await queue(5);
    await settleAgain().pass();
    const halt = await world!.store.halt('shop');
    world!.simulator.control.moveClock({ advanceMs: 6 * 60_000 });
    const still = settleAgain();
    await still.pass();
    expect((await all()).reduce((sum, payout) => sum + payout.tries, 0)).toBeLessThanOrEqual(3);
    expect((await world!.store.halt('shop'))!.since).toBe(halt!.since);
    world!.simulator.control.setBalance(MCH_ID, 10_000_00);
    world!.simulator.control.moveClock({ advanceMs: 6 * 60_000 });
    const settle = settleAgain();
    await until(async () => {
      await settle.pass();
      return (await all()).every(payout => payout.state === 'sent');
    });
    expect(await world!.store.halt('shop')).toBeUndefined();
  }, 30_000);

  test('by a person ends only by a person, new claims are told so, and asking goes on', async () => {
    await open();
    const [ann] = await queue(1);
    await settleAgain().pass();
    await world!.store.setHalt('shop', {
      code: 'OPERATOR',
      reason: 'lunch',
      since: (await all())[0]!.createdAt,
      by: 'operator',
    });
    const bob = world!.person(true);
    const push = await world!.simulator.control.act(bob, { kind: 'text', text: '红包' });
    expect(world!.said(push)).toBe('活动暂停中，请稍后再来。');
    const [sent] = await world!.store.payouts({ user: openId(ann!), limit: 1 });
    world!.simulator.control.openPacket(MCH_ID, sent!.billNo, ann!);
    world!.simulator.control.moveClock({ advanceMs: 10_000 });
    const settle = settleAgain();
    await until(async () => {
      await settle.pass();
      return (await world!.store.payout(sent!.billNo))!.state === 'received';
    });
    expect(await world!.store.halt('shop')).toMatchObject({ by: 'operator' });
  });

  test('at one openid that is not ours halts once: after the resume the others are paid, and that one waits for a person', async () => {
    await open();
    const people = await queue(6);
    const foreign = people[0]!;
    world!.simulator.control.setFaults({
      pay: [{ kind: 'code', code: 'OPENID_ERROR', text: 'openid和appid不匹配', openid: foreign }],
      platform: [],
    });
    await settleAgain().pass();
    expect(await world!.store.halt('shop')).toMatchObject({ code: 'OPENID_ERROR' });
    await world!.store.setHalt('shop', undefined);
    const settle = settleAgain();
    await until(async () => {
      await settle.pass();
      return (await all()).filter(payout => payout.state === 'sent').length === 5;
    });
    expect(await world!.store.halt('shop')).toBeUndefined();
    const [parked] = await world!.store.payouts({ user: openId(foreign), limit: 1 });
    expect(parked).toMatchObject({ state: 'held', tries: 1 });
    expect(parked!.nextAt).toBeUndefined();
  }, 30_000);

  test('for a limit of the day is tried again after midnight, for wrong settings rarely', () => {
    const noon = parseBeijing('2026-02-10 12:00')!;
    expect(probeAfter('SENDAMOUNT_LIMIT', noon, noon)).toBe(parseBeijing('2026-02-11 00:01'));
    expect(probeAfter('CA_ERROR', noon, noon)).toBe(parseBeijing('2026-02-10 13:00'));
    expect(probeAfter('API_METHOD_CLOSED', noon, noon)).toBe(parseBeijing('2026-02-10 13:00'));
    expect(probeAfter('PAYER_ACCOUNT_ABNORMAL', noon, noon, true)).toBeUndefined();
  });
});

describe('one follower in trouble', () => {
  test('whom risk control blocks delays nobody, is told, is not asked again until the next day, and gets nothing in the end', async () => {
    await open();
    const people = await queue(20);
    const blocked = people[3]!;
    world!.simulator.control.setFaults({ pay: [{ kind: 'noAuthUser', openid: blocked }], platform: [] });
    const settle = settleAgain();
    await settle.pass();
    expect((await all()).filter(payout => payout.state === 'sent')).toHaveLength(19);
    const payoutOf = async () => (await world!.store.payouts({ user: openId(blocked), limit: 1 }))[0]!;
    expect(await payoutOf()).toMatchObject({ state: 'held', userRefused: true, tries: 1 });
    await until(() =>
      world!.simulator.control
        .person(blocked)
        .chat.some(line => line.kind === 'text' && line.text.startsWith('红包没能送达')),
    );
    for (let i = 0; i < 3; i++) await settle.pass();
    expect((await payoutOf()).tries).toBe(1);
    await until(async () => {
      world!.simulator.control.moveClock({ advanceMs: 6 * HOUR });
      await settle.pass();
      return (await payoutOf()).state === 'failed';
    });
    expect(await payoutOf()).toMatchObject({ tries: 1, attempt: 1 });
    expect(books().sentCount).toBe(19);
  }, 30_000);
});

describe('who came onto the list of those who get nothing after they had won', () => {
  test('is not paid: the payout waits for a person, whatever is retried; out of the list again it is paid once', async () => {
    await open();
    const [listed, other] = exactly(2, await queue(2));
    const { store, config } = world!;
    const block = (...users: string[]): void => void Object.assign(config, { blocked: new Set(users) });
    const payoutOf = async (user: string) => (await store.payouts({ user: openId(user), limit: 1 }))[0]!;
    const retry = async (): Promise<void> => {
      const step = retryStep(await payoutOf(listed), undefined, (await payoutOf(listed)).createdAt);
      if ('refused' in step) throw new Error(JSON.stringify(step.refused));
      expect(await store.advance(step)).toBe('moved');
    };
    block(listed);
    await settleAgain().pass();
    const waits = { state: 'held', nextDo: 'send', tries: 0, problem: expect.stringMatching(/^parked: .*bot\.yaml/) };
    expect(await payoutOf(other)).toMatchObject({ state: 'sent' });
    expect(await payoutOf(listed)).toMatchObject(waits);
    expect((await payoutOf(listed)).nextAt).toBeUndefined();
    await retry();
    await settleAgain().pass();
    expect(await payoutOf(listed)).toMatchObject(waits);
    expect((await payoutOf(listed)).nextAt).toBeUndefined();
    block();
    await retry();
    await settleAgain().pass();
    expect(await payoutOf(listed)).toMatchObject({ state: 'sent', tries: 1 });
    expect(books()).toMatchObject({ sentCount: 2, sentAmount: 2 * 150 });
    expect((await auditStore(store, new Audit([]))).findings).toEqual([]);
  });

  test('does not use up the one payout that is let through to see whether a halted merchant goes on', async () => {
    await open({ balance: 0 });
    const [listed] = await queue(3);
    await settleAgain().pass();
    expect(await world!.store.halt('shop')).toMatchObject({ code: 'NOTENOUGH' });
    const { store, config, simulator } = world!;
    const untried = (await all()).filter(({ tries }) => tries === 0).map(({ user }) => user);
    Object.assign(config, { blocked: new Set([listed, ...untried]) });
    simulator.control.setBalance(MCH_ID, 10_000_00);
    simulator.control.moveClock({ advanceMs: 6 * 60_000 });
    const settle = settleAgain();
    await until(async () => {
      await settle.pass();
      return (await store.halt('shop')) === undefined;
    }, 20_000);
    for (const payout of await all())
      expect(payout.state).toBe(payout.tries === 0 && payout.nextAt === undefined ? 'held' : 'sent');
  });

  test('is asked after all the same, where WeChat Pay was called already', async () => {
    await open();
    const [listed] = exactly(1, await queue(1));
    const { store, config, simulator } = world!;
    const payout = async () => (await store.payouts({ user: openId(listed), limit: 1 }))[0]!;
    simulator.control.setFaults({ pay: [{ kind: 'errorAfterSent' }], platform: [] });
    await settleAgain().pass();
    expect(await payout()).toMatchObject({ state: 'unknown', tries: 1 });
    Object.assign(config, { blocked: new Set([listed]) });
    simulator.control.setFaults({ pay: [], platform: [] });
    simulator.control.moveClock({ advanceMs: HOUR });
    await settleAgain().pass();
    expect(await payout()).toMatchObject({ state: 'sent' });
    expect(books().sentCount).toBe(1);
  });
});

describe('what a review found', () => {
  test('a halt that can end by itself ends also where nothing is left to try it with', async () => {
    await open();
    const { store, simulator } = world!;
    const now = instant(simulator.control.state().now);
    await store.setHalt('shop', { code: 'UNREACHED', reason: 'x', since: now, by: 'bot', probeAt: now });
    await settleAgain().pass();
    expect(await store.halt('shop')).toBeUndefined();
  });

  test('the bot neither replaces nor lifts a halt of the operator', async () => {
    await open();
    const { store } = world!;
    const halt = { code: 'OPERATOR', reason: 'stop', since: NOW, by: 'operator' } as const;
    await store.setHalt('shop', halt);
    await store.setHalt('shop', { ...halt, code: 'NOTENOUGH', by: 'bot' }, 'bot');
    await store.setHalt('shop', undefined, 'bot');
    expect(await store.halt('shop')).toEqual(halt);
    await store.setHalt('shop', undefined);
    expect(await store.halt('shop')).toBeUndefined();
  });

  test('want of money seen by a question is the same halt, with its probe', () => {
    const payout = aPayout({ state: 'unknown', tries: 1, firstSentAt: NOW });
    const seen = { kind: 'order', state: 'SENDING', reason: '余额不足' } as const;
    const { halt } = observe(payout, seen, true, NOW, DEFAULT_POLICY);
    expect(halt?.code).toBe('NOTENOUGH');
    expect(probeAfter(halt!.code, NOW, NOW)).toBeDefined();
  });

  test('a follow that was decided on old facts is decided anew', async () => {
    const store = await openSqlite(':memory:');
    const first = aCommit();
    const follower = { account: 'tea', user: first.event.user, following: true, follows: 1 } as const;
    expect(await store.commit({ ...first, follower, followsSeen: 0 })).toEqual({ kind: 'done' });
    const second = aCommit();
    const about = { ...second, event: { ...second.event, user: first.event.user }, follower, followsSeen: 0 };
    expect(await store.commit(about)).toEqual({ kind: 'lost', counter: 'follower' });
    await store.close();
  });

  test('a packet whose only call was refused can be cancelled, one that was merely asked after with a wrong certificate cannot', () => {
    const refused = [{ what: 'planned' }, { what: 'sending' }, { what: 'configOne', detail: 'OPENID_ERROR x' }];
    const died = [{ what: 'planned' }, { what: 'sending' }, { what: 'asked config', detail: 'CA_ERROR x' }];
    expect(judgeAnswer({ kind: 'notFound' }, refused, aPayout())).toBe('unpaid');
    expect(judgeAnswer({ kind: 'notFound' }, died, aPayout())).toMatchObject({
      refused: saying('no proof'),
    });
    expect(judgeAnswer({ kind: 'notFound' }, [{ what: 'planned' }, { what: 'sending' }], aPayout())).toMatchObject({
      refused: expect.anything(),
    });
  });
});

describe('quiet hours', () => {
  test('are minutes of the Beijing day', () => {
    const night = [[0, 480]] as const;
    expect(isQuiet(night, parseBeijing('2026-02-10 07:59')!)).toBe(true);
    expect(isQuiet(night, parseBeijing('2026-02-10 08:00')!)).toBe(false);
    expect(isQuiet([], parseBeijing('2026-02-10 03:00')!)).toBe(false);
  });

  test('nothing is sent in them, nothing is lost, and it goes out when they are over', async () => {
    await open({ merchantLines: '    askEvery: 1s\n    quietHours: "00:00-24:00"' });
    await queue(2);
    await settleAgain().pass();
    expect((await all()).map(payout => payout.state)).toEqual(['planned', 'planned']);
    await world!.newSettle({ quietHours: [] }).pass();
    expect((await all()).map(payout => payout.state)).toEqual(['sent', 'sent']);
  });
});

describe('a packet nobody opens', () => {
  const rules = (unclaimed: string): string => `
campaign: test
name: 测试
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥10.00 }
packet: { sendName: 阿茶 }
unclaimed: ${unclaimed}
prizes: { gift: { redpacket: ¥1.00 } }
rules:
  - { id: gift, on: { text: 红包 }, give: gift }
`;
  async function unopened(): Promise<Payout[]> {
    await queue(1);
    const settle = settleAgain();
    await settle.pass();
    for (let i = 0; i < 60; i++) {
      world!.simulator.control.moveClock({ advanceMs: HOUR });
      await settle.pass();
    }
    return (await all()).reverse();
  }

  test('returns to the budget', async () => {
    await open({ rules: rules('return') });
    expect((await unopened()).map(({ state, attempt }) => [state, attempt])).toEqual([['refunded', 1]]);
    expect(await world!.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 100 });
  }, 30_000);

  test('is offered once more under a new number where the campaign says so, and then returns', async () => {
    await open({ rules: rules('reoffer') });
    const payouts = await unopened();
    expect(payouts.map(({ state, attempt }) => [state, attempt])).toEqual([
      ['refunded', 1],
      ['refunded', 2],
    ]);
    expect(new Set(payouts.map(payout => payout.billNo)).size).toBe(2);
    expect(await world!.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 200 });
    expect(books()).toMatchObject({ sentCount: 2, refundedAmount: 200 });
  }, 30_000);
});
