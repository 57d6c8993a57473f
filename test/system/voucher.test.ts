// A voucher (代金券) as a prize, end to end: a keyword becomes a coupon of the simulator's books, sent once whatever becomes of the
// answer, beside a merchant that pays its cash by red packets.

import { afterEach, describe, expect, test } from 'vitest';
import type { OpenId } from '../../src/core/base/event.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import type { PayFault, Stock } from '../../src/simulator/shared/protocol.ts';
import { MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';

const MCH_ID = MERCHANT.mchId;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥20.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  tea: { voucher: { stock: "1234567", value: ¥5.00, over: ¥20.00 } }
  cash: { redpacket: ¥1.00 }
rules:
  - { id: voucher, on: { text: 代金券 }, once: perEvent, give: tea }
  - { id: cash, on: { text: 红包 }, once: perEvent, give: cash }
`;

let world: World;
const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);
const buckets = () => world.store.buckets('test');
const payoutsOf = (user: string): Promise<Payout[]> => world.store.payouts({ user: user as OpenId, limit: 10 });
const pay = (...faults: readonly PayFault[]): void => void control().setFaults({ pay: faults, platform: [] });

async function open(stock: Partial<Stock> = {}, options: WorldOptions = {}): Promise<void> {
  world = await startWorld({
    rules: RULES,
    channel: 'transfer',
    yaml: text => text.replace('channel: transfer', 'channel: redpack\n    vouchers: true'),
    ...options,
  });
  control().setStock({ ...STOCK, beginAt: now() - DAY, endAt: now() + 30 * DAY, ...stock });
}
const STOCK: Omit<Stock, 'beginAt' | 'endAt'> = {
  ...{ stockId: '1234567', creator: MCH_ID, name: '满20减5', status: 'running' },
  ...{ amount: 500, minimum: 2000, maxCoupons: 10 },
};

/** Says it; what the account answers. */
async function says(user: string, text: string): Promise<string> {
  return world.said(await control().act(user, { kind: 'text', text }));
}

/** Lets the bot work, and time pass, until it is true. */
function passUntil<T>(check: () => Promise<T | undefined | false>, advanceMs = 2000): Promise<T> {
  return until(async () => {
    await world.bot.settle.pass();
    const found = await check();
    if (!found) control().moveClock({ advanceMs });
    return found;
  }, 15_000);
}
const inState = (user: string, state: Payout['state'], advanceMs?: number): Promise<Payout> =>
  passUntil(async () => (await payoutsOf(user)).find(payout => payout.state === state), advanceMs);

describe('a follower', () => {
  afterEach(() => world.close());

  test('says the word, hears where the voucher is found, and has one coupon, which costs the budget what it is worth', async () => {
    await open();
    const ann = world.person(true);
    expect(await says(ann, '代金券')).toBe(
      '恭喜!5.00 元代金券(满 20.00 元可用)已发出,用微信支付付款时自动抵扣,不在聊天和卡包里显示。',
    );
    expect(await buckets()).toEqual({ reserved: 500, sent: 0, received: 0, refunded: 0 });
    const payout = await inState(ann, 'sent');
    const [coupon, ...more] = control().coupons();
    expect(more).toEqual([]);
    expect(coupon).toMatchObject({ openid: ann, number: payout.billNo, mchId: MCH_ID, status: 'SENDED', amount: 500 });
    expect(payout).toMatchObject({ listId: coupon!.couponId, merchant: 'shop.voucher', amount: 500 });
    expect(await buckets()).toEqual({ reserved: 0, sent: 500, received: 0, refunded: 0 });
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 0, balance: MERCHANT.balance });
    expect(await says(ann, '我的红包')).toMatch(/测试活动 5\.00 元:已到账,用微信支付付款时自动抵扣$/);
  });

  test('has a voucher and a red packet of the same merchant, each by its own way', async () => {
    await open();
    const ann = world.person(true);
    await says(ann, '代金券');
    await says(ann, '红包');
    await passUntil(async () => (await payoutsOf(ann)).every(({ state }) => state === 'sent'));
    expect((await payoutsOf(ann)).map(({ request }) => request.channel).sort()).toEqual(['redpack', 'voucher']);
    expect(control().coupons()).toHaveLength(1);
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 1, sentAmount: 100 });
  });

  test('who would pass the budget is told so, and nothing is sent', async () => {
    await open();
    for (let n = 0; n < 4; n++) await says(world.person(true), '代金券');
    expect(await says(world.person(true), '代金券')).toBe('红包已经发完啦,下次早点来!');
    const { reserved, sent } = await buckets();
    expect(reserved + sent).toBe(2000);
    await passUntil(async () => (await buckets()).sent === 2000);
    expect(control().coupons()).toHaveLength(4);
  });

  test.each<[string, PayFault]>([
    ['is lost', { kind: 'lostReply', times: 1 }],
    ['is an error', { kind: 'errorAfterSent', times: 1 }],
    ['is cut off', { kind: 'truncated', times: 1 }],
    ['is a page, and nothing was done', { kind: 'html502', times: 1 }],
    ['is an error, and nothing was done', { kind: 'errorNothingStored', times: 1 }],
  ])('whose answer %s has one coupon in the end', async (_, fault) => {
    await open();
    const ann = world.person(true);
    pay({ ...fault, at: 'voucher' });
    await says(ann, '代金券');
    const payout = await inState(ann, 'sent');
    expect(control().coupons()).toMatchObject([{ number: payout.billNo, openid: ann }]);
    expect(await payoutsOf(ann)).toHaveLength(1);
    expect(await buckets()).toEqual({ reserved: 0, sent: 500, received: 0, refunded: 0 });
  });

  test('whose bot died in the middle of the call has one coupon, under the number that was stored before', async () => {
    await open();
    const ann = world.person(true);
    pay({ kind: 'lostReply', at: 'voucher' });
    await says(ann, '代金券');
    await passUntil(async () => (await payoutsOf(ann))[0]!.tries > 0);
    const [before] = await payoutsOf(ann);
    await world.bot.settle.stop();
    pay();
    const next = world.newSettle();
    await until(async () => {
      control().moveClock({ advanceMs: 60_000 });
      await next.pass();
      return (await payoutsOf(ann))[0]!.state === 'sent';
    });
    expect(control().coupons()).toMatchObject([{ number: before!.billNo }]);
    await next.stop();
  });
});
