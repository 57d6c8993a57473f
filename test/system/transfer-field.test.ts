// What the field does to transfers (商家转账), through the whole bot and the simulated WeChat: an operator's no, reasons of the
// day, bills that never had money behind them, numbers that are too old, and WeChat Pay speaking against our books.

import { afterEach, describe, expect, test } from 'vitest';
import { offerPayout, settlePayout, type VerdictPorts } from '../../src/commands/payouts/verdict.ts';
import { Audit } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import { DAY, dayOf, type Instant, instant, MINUTE } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { observe } from '../../src/core/payout/transitions.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { type CancelPorts, cancelPayout } from '../../src/engine/operate/payouts.ts';
import type { Log, Payer } from '../../src/ports.ts';
import { payerOf } from '../../src/setup/payer.ts';
import { run } from '../support/command.ts';
import { MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { saying } from '../support/saying.ts';

const HOUR = 60 * MINUTE;

let world: World;
let payer: Payer | undefined;
let errors: { readonly message: string; readonly fields: Record<string, unknown> }[] = [];
afterEach(async () => {
  await payer?.close();
  payer = undefined;
  await world.close();
});

async function open(options: WorldOptions = {}): Promise<void> {
  errors = [];
  const quiet = (): void => undefined;
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (fields, message) => errors.push({ message, fields: { ...fields } }),
  };
  world = await startWorld({ channel: 'transfer', log, ...options });
}

const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);
const pass = (ms: number): void => void control().moveClock({ advanceMs: ms });
const faults = (...pay: Parameters<World['simulator']['control']['setFaults']>[0]['pay']): void => {
  control().setFaults({ pay, platform: [] });
};
const alarms = (): string[] => errors.map(({ message }) => message);
/** Oldest first. */
const numbers = async (user: string): Promise<Payout[]> =>
  (await world.store.payouts({ user: openId(user), limit: 20 })).toReversed();
const bills = (): string[] =>
  control()
    .state()
    .packets.map(({ billNo }) => billNo);
const free = async (): Promise<number> => {
  const { reserved, sent, received } = await world.store.buckets('test');
  return 1000_00 - reserved - sent - received;
};

async function follow(): Promise<string> {
  const ann = world.person();
  await control().act(ann, { kind: 'follow' });
  return ann;
}

/** Lets the bot work, and time pass, until it is true. */
function passUntil<T>(check: () => Promise<T | undefined | false>, advanceMs = 2000): Promise<T> {
  return until(async () => {
    await world.bot.settle.pass();
    await world.simulator.noticesIdle();
    const found = await check();
    if (!found) pass(advanceMs);
    return found;
  }, 20_000);
}
const last = async (user: string): Promise<Payout> => (await numbers(user)).at(-1)!;
const waiting = (user: string) => passUntil(async () => (await numbers(user)).find(({ state }) => state === 'sent'));
/** Some rounds, in which nothing is to happen. */
async function rounds(count: number, advanceMs: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await world.bot.settle.pass();
    await world.simulator.noticesIdle();
    pass(advanceMs);
  }
}

function ports(parts: Partial<Payer> = {}): CancelPorts & VerdictPorts {
  const shop = world.config.merchants.get('shop')!;
  payer ??= payerOf(shop, now);
  return {
    store: world.store,
    now,
    payer: () => ({ payer: { ...payer!, ...parts }, policy: shop.policy }),
    limits: () => Promise.resolve([]),
    caps: () => undefined,
  };
}

async function balances(): Promise<void> {
  const report = await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns));
  expect(report.findings).toEqual([]);
}

describe('an operator’s no', () => {
  test.each([
    ['CANCELLED, notified', []],
    ['CANCELLED, asked after', [{ kind: 'lostNotice' }]],
    ['FAIL for MCH_CANCEL, notified', [{ kind: 'billFails', at: 'transferCancel' }]],
    ['FAIL for MCH_CANCEL, asked after', [{ kind: 'billFails', at: 'transferCancel' }, { kind: 'lostNotice' }]],
    [
      'FAIL for the payer',
      [{ kind: 'billFails', at: 'transferCancel', code: 'PAYER_ACCOUNT_ABNORMAL' }, { kind: 'lostNotice' }],
    ],
    ['CANCELLED, and the answer to it was lost', [{ kind: 'lostReply', at: 'transferCancel', times: 1 }]],
  ] as const)('is the end of the claim: %s', async (_, pay) => {
    await open();
    const ann = await follow();
    const payout = await waiting(ann);
    faults(...pay);
    expect(await cancelPayout(ports(), payout.billNo, '名单有误')).toHaveProperty('cancelled');
    await passUntil(async () => (await last(ann)).state === 'refunded', MINUTE);
    await rounds(5, 7 * HOUR);
    expect(await numbers(ann)).toMatchObject([{ state: 'refunded', stopped: 'calledOff' }]);
    expect([bills().length, await free()]).toEqual([1, 1000_00]);
    expect((await world.store.history(payout.billNo)).map(({ what, detail }) => `${what}: ${detail}`)).toContain(
      'called off: 名单有误',
    );
    await balances();
  });

  test('stands before the call: whoever dies in between has said it, and the follower may still confirm', async () => {
    await open();
    const ann = await follow();
    const payout = await waiting(ann);
    const died = new Error('kill -9');
    const dies = () => Promise.reject(died);
    await expect(cancelPayout(ports({ cancel: dies }), payout.billNo, '名单有误')).rejects.toBe(died);
    expect(await last(ann)).toMatchObject({ state: 'sent', stopped: 'calledOff' });
    pass(24 * HOUR); // it lapses, long before anybody goes on
    await passUntil(async () => (await last(ann)).state === 'refunded', MINUTE);
    await rounds(3, 7 * HOUR);
    expect(await numbers(ann)).toHaveLength(1);
    await balances();
  });

  test('finds the living successor: the bot heard of the end first', async () => {
    await open();
    faults({ kind: 'billFails', code: 'PAYER_ACCOUNT_ABNORMAL', times: 1 });
    const ann = await follow();
    const first = await passUntil(async () => (await numbers(ann)).length === 2 && (await numbers(ann))[0]);
    expect(await cancelPayout(ports(), first.billNo, '发错了')).toEqual({
      cancelled: saying((await last(ann)).billNo),
      successor: (await last(ann)).billNo,
    });
    expect(await numbers(ann)).toMatchObject([{ state: 'refunded' }, { state: 'failed', tries: 0 }]);
    await world.store.setHalt('shop', undefined);
    await rounds(3, 7 * HOUR);
    expect([bills().length, await free()]).toEqual([1, 1000_00]);
    // Once more there is nothing left to cancel, and it says which one ended it.
    expect(await cancelPayout(ports(), first.billNo, 'x')).toMatchObject({
      refused: saying('successor'),
    });
    await balances();
  });

  test('reaches a successor that is with the follower', async () => {
    await open();
    faults({ kind: 'billFails', code: 'DAY_RECEIVED_COUNT_EXCEED', times: 1 });
    const ann = await follow();
    await passUntil(async () => (await numbers(ann)).length === 2);
    pass(DAY);
    const second = await waiting(ann);
    const first = (await numbers(ann))[0]!;
    expect(await cancelPayout(ports(), first.billNo, '发错了')).toMatchObject({ successor: second.billNo });
    await passUntil(async () => (await last(ann)).state === 'refunded', MINUTE);
    await rounds(3, 7 * HOUR);
    expect([(await numbers(ann)).length, await free()]).toEqual([2, 1000_00]);
    await balances();
  });

  test('to a bill for which the balance is short takes it back before anybody could confirm it', async () => {
    await open();
    faults({ kind: 'balanceShort' });
    const ann = await follow();
    await passUntil(async () => (await last(ann)).state === 'unknown');
    expect(await cancelPayout(ports(), (await last(ann)).billNo, '发错了')).toHaveProperty('cancelled');
    await passUntil(async () => (await last(ann)).state === 'refunded', MINUTE);
    expect([(await numbers(ann)).length, await free()]).toEqual([1, 1000_00]);
    await balances();
  });
});

describe('a number that is too old', () => {
  const RETRY = {
    kind: 'code',
    code: 'INVALID_REQUEST',
    text: '对应单号已超出重试期,请查单确认后决定是否换单请求',
  } as const;

  test('is asked after, and replaced where nothing was ever made of it; the merchant goes on', async () => {
    await open({ balance: 0 });
    const ann = await follow();
    await world.bot.settle.pass();
    expect(await last(ann)).toMatchObject({ state: 'held', refusals: 1 });
    control().setBalance(MERCHANT.mchId, 1000_00);
    pass(3 * DAY);
    faults({ ...RETRY, times: 1 });
    const sent = await waiting(ann);
    expect(await numbers(ann)).toMatchObject([
      { state: 'failed', expired: true },
      { state: 'sent', attempt: 2 },
    ]);
    expect(await world.store.halt('shop')).toBeUndefined();
    control().openPacket(MERCHANT.mchId, sent.billNo, ann);
    await passUntil(async () => (await last(ann)).state === 'received');
    expect(control().merchant(MERCHANT.mchId)).toMatchObject({ sentCount: 1, sentAmount: 100 });
    await balances();
  });

  test('is left to a person where one of its calls was never answered', async () => {
    await open();
    faults({ kind: 'errorNothingStored', times: 1 }, { ...RETRY });
    const ann = await follow();
    await passUntil(async () => (await last(ann)).nextAt === undefined && (await last(ann)).tries > 0);
    await rounds(3, 7 * HOUR);
    expect(await numbers(ann)).toMatchObject([{ state: 'held', expired: true, attempt: 1 }]);
    expect([alarms().filter(alarm => alarm.includes('no proof')).length, await world.store.halt('shop')]).toEqual([
      1,
      undefined,
    ]);
    // They look it up: nothing was paid. That ends it; an offer gives the claim another number.
    const { billNo } = await last(ann);
    expect(await offerPayout(ports(), billNo, 'x')).toMatchObject({ refused: saying('no proof') });
    expect(await settlePayout(ports(), billNo, 'unpaid', '商户平台查无此单')).toHaveProperty('done');
    faults();
    expect(await offerPayout(ports(), billNo, '补发')).toHaveProperty('number');
    await waiting(ann);
    expect(await numbers(ann)).toMatchObject([{ state: 'failed' }, { state: 'sent' }]);
    await balances();
  });

  test('of which a bill is there after all is not replaced', async () => {
    await open();
    faults({ kind: 'lostReply', times: 1 });
    const ann = await follow();
    await world.bot.settle.pass();
    faults({ ...RETRY });
    const payout = await waiting(ann);
    expect([payout.attempt, bills().length]).toEqual([1, 1]);
    control().openPacket(MERCHANT.mchId, payout.billNo, ann);
    await passUntil(async () => (await last(ann)).state === 'received');
    await balances();
  });
});

describe('one prize that is too large', () => {
  test('is parked with its reason, and the others go on', async () => {
    await open();
    const ann = await follow();
    faults({ kind: 'code', code: 'INVALID_REQUEST', text: '超过单笔转账上下限,核实产品设置是否准确', openid: ann });
    const bob = await follow();
    await waiting(bob);
    await rounds(3, 7 * HOUR);
    expect(await numbers(ann)).toMatchObject([
      { state: 'held', problem: expect.stringContaining('超过单笔转账上下限'), tries: 1 },
    ]);
    expect(await world.store.halt('shop')).toBeUndefined();
    // Mended at WeChat Pay, it is retried under its number.
    faults();
    expect((await run(world.folder, 'payouts', 'retry', (await last(ann)).billNo, '--config', 'bot.yaml')).code).toBe(
      0,
    );
    await passUntil(async () => (await last(ann)).state !== 'held');
    await balances();
  });
});

describe('the merchant’s limit of the day', () => {
  test('halts until midnight, and a probe finds it open again', async () => {
    await open();
    faults({ kind: 'code', code: 'INVALID_REQUEST', text: '超出商户单日转账额度,请核实产品设置是否准确' });
    const ann = await follow();
    await passUntil(async () => world.store.halt('shop'));
    const { probeAt, reason } = (await world.store.halt('shop'))!;
    expect([dayOf(instant(probeAt! - 2 * MINUTE)), dayOf(probeAt!)]).toEqual([
      dayOf(now()),
      dayOf(instant(+now() + DAY)),
    ]);
    expect(reason).toContain('超出商户单日转账额度');
    faults();
    pass(probeAt! - now());
    await waiting(ann);
    expect([await world.store.halt('shop'), await numbers(ann)]).toMatchObject([undefined, [{ attempt: 1 }]]);
  });
});

describe('a bill that fails', () => {
  test('because the follower had enough today waits for tomorrow under a new number, and nobody is told of a problem', async () => {
    await open();
    faults({ kind: 'billFails', code: 'DAY_RECEIVED_QUOTA_EXCEED' });
    const ann = await follow();
    await passUntil(async () => (await numbers(ann)).length === 2);
    const [first, second] = await numbers(ann);
    expect([first!.state, second!.state, dayOf(second!.nextAt!)]).toEqual([
      'refunded',
      'planned',
      dayOf(instant(+now() + DAY)),
    ]);
    await rounds(5, MINUTE);
    expect([bills().length, await world.store.halt('shop'), alarms()]).toEqual([1, undefined, []]);
    faults();
    pass(second!.nextAt! - now());
    control().openPacket(MERCHANT.mchId, (await waiting(ann)).billNo, ann);
    await passUntil(async () => (await last(ann)).state === 'received');
    expect(
      control()
        .person(ann)
        .chat.some(line => line.kind === 'text' && line.push === undefined),
    ).toBe(false);
    await balances();
  });

  test('because the merchant’s people rejected it halts the merchant with the reason in words, and is still owed', async () => {
    await open();
    faults({ kind: 'billFails', code: 'MERCHANT_REJECT', times: 1 });
    const ann = await follow();
    await passUntil(async () => world.store.halt('shop'));
    expect(await world.store.halt('shop')).toMatchObject({
      code: 'MERCHANT_REJECT',
      reason: expect.stringContaining('转账验密人'),
    });
    await rounds(3, 7 * HOUR);
    expect(bills()).toHaveLength(1);
    await world.store.setHalt('shop', undefined);
    await waiting(ann);
    expect(await numbers(ann)).toMatchObject([{ state: 'refunded' }, { state: 'sent' }]);
    await balances();
  });

  test('for a reason nobody knows is parked, and an offer by hand gives it another number', async () => {
    await open();
    faults({ kind: 'billFails', code: 'A_NEW_REASON_2027', times: 1 });
    const ann = await follow();
    await passUntil(async () => alarms().some(alarm => alarm.includes('for a reason we do not know')));
    await rounds(5, 7 * HOUR);
    const [parked, ...others] = await numbers(ann);
    expect([parked!.state, parked!.nextAt, others, bills().length]).toEqual(['sent', undefined, [], 1]);
    await balances();
    // 「我的红包」 does not send them to a page that cannot open any more.
    const mine = await control().act(ann, { kind: 'text', text: '我的红包' });
    expect(world.said(mine)).toContain('处理中');
    const offered = await offerPayout(ports(), parked!.billNo, '已与微信支付核对');
    expect(offered).toEqual({ done: saying('new number'), number: (await last(ann)).billNo });
    control().openPacket(MERCHANT.mchId, (await waiting(ann)).billNo, ann);
    await passUntil(async () => (await last(ann)).state === 'received');
    expect(await free()).toBe(1000_00 - 100);
    expect((await world.store.history(parked!.billNo)).at(-1)).toMatchObject({
      what: 'offered',
      detail: '已与微信支付核对',
    });
    await balances();
  });

  test('with a parked bill, a verdict by hand gives the money back to the budget', async () => {
    await open();
    faults({ kind: 'billFails', code: 'A_NEW_REASON_2027', times: 1 });
    const ann = await follow();
    await passUntil(async () => (await last(ann)).state === 'sent' && (await last(ann)).nextAt === undefined);
    expect(await settlePayout(ports(), (await last(ann)).billNo, 'received', 'x')).toMatchObject({
      refused: saying('FAIL'),
    });
    expect(await settlePayout(ports(), (await last(ann)).billNo, 'unpaid', '不再补发')).toHaveProperty('done');
    expect([await numbers(ann), await free()]).toMatchObject([[{ state: 'refunded', refunded: 100 }], 1000_00]);
    await balances();
  });

  test('again and again is tried after a minute, ten, an hour and six; then its follower and a person are told', async () => {
    await open();
    faults({ kind: 'processingThenFailed', afterMs: 1000 });
    const ann = await follow();
    const began: Instant[] = [];
    for (let n = 1; n <= 5; n++) {
      const sent = await passUntil(async () => {
        const payout = await last(ann);
        if (payout.state === 'planned') pass(Math.max(0, payout.nextAt! - now() - 2000)); // the pause, at once
        return payout.attempt === n && payout.tries > 0 && payout;
      });
      began.push(sent.firstSentAt!);
    }
    await passUntil(async () => (await last(ann)).state === 'failed');
    const pauses = began.slice(1).map((at, n) => Math.round((at - began[n]!) / MINUTE));
    expect(pauses.map((pause, n) => pause >= [1, 10, 60, 360][n]! && pause <= [2, 12, 63, 365][n]!)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(alarms()).toContain('payout: given up after 5 numbers');
    // Six hours after their last word it cannot be said in the chat: it is owed, and told at their next one.
    await until(async () => (await world.store.mailbox('tea', openId(ann)))?.pending.length === 1);
    // An operator gives the claim another chance, which is paid.
    faults();
    const first = (await numbers(ann))[0]!;
    expect(await offerPayout(ports(), first.billNo, '微信支付已恢复')).toHaveProperty('number');
    control().openPacket(MERCHANT.mchId, (await waiting(ann)).billNo, ann);
    await passUntil(async () => (await last(ann)).state === 'received');
    expect([(await last(ann)).attempt, await free()]).toEqual([6, 1000_00 - 100]);
    await balances();
  }, 40_000);
});

describe('a bill for which there was no money for a day', () => {
  test('is closed by WeChat Pay, still owed, and paid under another number once that was read', async () => {
    await open();
    faults({ kind: 'balanceShort', times: 1 });
    const ann = await follow();
    await passUntil(async () => (await last(ann)).state === 'unknown');
    pass(23 * HOUR);
    await rounds(3, 10 * MINUTE);
    expect(await numbers(ann)).toHaveLength(1);
    pass(HOUR);
    const sent = await waiting(ann);
    expect(await numbers(ann)).toMatchObject([{ state: 'failed' }, { state: 'sent', attempt: 2 }]);
    control().openPacket(MERCHANT.mchId, sent.billNo, ann);
    await passUntil(async () => (await last(ann)).state === 'received');
    expect([await free(), control().merchant(MERCHANT.mchId).sentAmount]).toEqual([1000_00 - 100, 100]);
    await balances();
  });

  test('is paid under its own number if the money comes in time', async () => {
    await open();
    faults({ kind: 'balanceShort', times: 1, afterMs: HOUR });
    const ann = await follow();
    await passUntil(async () => (await last(ann)).state === 'unknown');
    pass(HOUR);
    const sent = await waiting(ann);
    expect([sent.attempt, sent.packageInfo]).toEqual([1, control().packet(MERCHANT.mchId, sent.billNo)!.packageInfo]);
  });

  test('that the follower could have confirmed goes back to the budget, as the campaign says', async () => {
    await open();
    const ann = await follow();
    await waiting(ann);
    pass(24 * HOUR);
    await passUntil(async () => (await last(ann)).state === 'refunded');
    await rounds(3, 7 * HOUR);
    expect([(await numbers(ann)).length, await free()]).toEqual([1, 1000_00]);
  });
});

describe('SUCCESS for a number that has failed here', () => {
  /** As if WeChat Pay had told us of a failure that was none: number 2 is planned. */
  async function contradicted(): Promise<[ann: string, first: Payout, second: Payout]> {
    const ann = await follow();
    const first = await waiting(ann);
    const shop = world.config.merchants.get('shop')!;
    const { step } = observe(
      first,
      { kind: 'order', state: 'FAIL', reason: 'PAYER_ACCOUNT_ABNORMAL' },
      true,
      now(),
      shop.policy,
    );
    expect(await world.store.advance(step)).toBe('moved');
    return [ann, first, step.successor!];
  }
  const confirm = async (payout: Payout, ann: string): Promise<void> => {
    control().openPacket(MERCHANT.mchId, payout.billNo, ann);
    await until(async () => {
      control().moveClock({ advanceMs: 1000 });
      await world.simulator.noticesIdle();
      return control().notices().length > 0;
    });
  };

  test('is an alarm, and the successor is held until an operator decides', async () => {
    await open();
    const [ann, first, second] = await contradicted();
    await confirm(first, ann);
    expect(control().notices()).toMatchObject([{ state: 'SUCCESS', outcome: 'delivered' }]);
    const alarm = errors.find(({ message }) => message.includes('SUCCESS at WeChat Pay'))!;
    expect(alarm.fields).toMatchObject({
      billNo: first.billNo,
      successor: { billNo: second.billNo, state: 'held' },
      next: expect.stringContaining(`payouts cancel ${second.billNo}`),
    });
    await rounds(4, 7 * HOUR);
    expect(await world.store.payout(second.billNo)).toMatchObject({ state: 'held', stopped: 'doubted', tries: 0 });
    expect(bills()).toHaveLength(1);
    await balances();
    // Nobody can be paid twice by an offer.
    expect(await offerPayout(ports(), first.billNo, 'x')).toHaveProperty('refused');
    // What the alarm says, done: the books have what the merchant's account has.
    expect(await settlePayout(ports(), first.billNo, 'received', 'x')).toMatchObject({
      refused: saying(second.billNo),
    });
    expect(await cancelPayout(ports(), first.billNo, '第一单已到账')).toMatchObject({ successor: second.billNo });
    expect(await settlePayout(ports(), first.billNo, 'received', '已到账')).toHaveProperty('done');
    expect(await numbers(ann)).toMatchObject([{ state: 'received' }, { state: 'failed' }]);
    expect(await world.store.buckets('test')).toMatchObject({ reserved: 0, sent: 0, received: 100 });
    expect([await free(), control().merchant(MERCHANT.mchId).receivedAmount]).toEqual([1000_00 - 100, 100]);
    await balances();
  });

  test('told twice is held once; a retry by hand sends the successor all the same', async () => {
    await open();
    const [ann, first, second] = await contradicted();
    faults({ kind: 'duplicateNotice', copies: 4 });
    await confirm(first, ann);
    const held = (await world.store.payout(second.billNo))!;
    expect([held.state, held.version]).toEqual(['held', 2]);
    expect((await world.store.history(first.billNo)).filter(({ what }) => what === 'doubted')).toHaveLength(1);
    faults();
    const retried = await run(world.folder, 'payouts', 'retry', second.billNo, '--config', 'bot.yaml');
    expect(retried.code).toBe(0);
    await passUntil(async () => (await world.store.payout(second.billNo))!.state === 'sent');
  });

  test('finds the successor under way: what its call comes to is not lost, and a person is told to take it back', async () => {
    let onAdvance: (() => Promise<void>) | undefined;
    await open({
      // WeChat Pay's word comes while the successor's call is under way.
      wrap: store => ({
        ...store,
        advance: async (step, under) => {
          const result = await store.advance(step, under);
          if (step.what === 'sending' && step.payout.attempt === 2) await onAdvance?.();
          return result;
        },
      }),
    });
    const [ann, first, second] = await contradicted();
    onAdvance = async () => {
      onAdvance = undefined;
      await confirm(first, ann);
      expect(await world.store.payout(second.billNo)).toMatchObject({ state: 'sending', stopped: 'doubted' });
    };
    const sent = await passUntil(async () => {
      const payout = await world.store.payout(second.billNo);
      return payout?.state === 'sent' && payout;
    });
    expect(sent).toMatchObject({ stopped: 'doubted', tries: 1, packageInfo: expect.any(String) });
    expect(alarms()).toContain(
      'payout: it is with the follower, although another number of its claim turned out to be paid: cancel it',
    );
    expect(await cancelPayout(ports(), first.billNo, '第一单已到账')).toMatchObject({ successor: second.billNo });
    await passUntil(async () => (await world.store.payout(second.billNo))!.state === 'refunded', MINUTE);
    expect(await settlePayout(ports(), first.billNo, 'received', '已到账')).toHaveProperty('done');
    expect([await free(), (await numbers(ann)).length]).toEqual([1000_00 - 100, 2]);
    await balances();
  });

  test('is found by an offer too, which asks first', async () => {
    await open();
    const ann = await follow();
    const first = await waiting(ann);
    const shop = world.config.merchants.get('shop')!;
    const { step } = observe(
      first,
      { kind: 'order', state: 'FAIL', reason: 'TRANSFER_RISK' },
      true,
      now(),
      shop.policy,
    );
    expect(await world.store.advance(step)).toBe('moved'); // given up, without a successor
    expect(await offerPayout(ports(), first.billNo, 'x')).toMatchObject({
      refused: saying('WAIT_USER_CONFIRM'),
    });
    faults({ kind: 'lostNotice' });
    control().openPacket(MERCHANT.mchId, first.billNo, ann);
    pass(MINUTE);
    expect(await offerPayout(ports(), first.billNo, 'x')).toMatchObject({
      refused: saying('--as received'),
    });
    expect(await numbers(ann)).toHaveLength(1);
    expect(await settlePayout(ports(), first.billNo, 'received', '已到账')).toHaveProperty('done');
    expect([await free(), (await last(ann)).state]).toEqual([1000_00 - 100, 'received']);
    await balances();
  });
});
