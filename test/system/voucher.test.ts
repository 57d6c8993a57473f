// A voucher (代金券) as a prize, end to end: a keyword becomes a coupon of the simulator's books, sent once whatever becomes of the
// answer, beside a merchant that pays its cash by red packets.

import { Agent } from 'node:https';
import { afterEach, describe, expect, test } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { Audit } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import { endOfMonth, type Instant, instant } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { PayFault, Stock } from '../../src/simulator/shared/protocol.ts';
import { run } from '../support/command.ts';
import { ACCOUNT, MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';

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
const payoutsOf = (user: string): Promise<Payout[]> => world.store.payouts({ user: openId(user), limit: 10 });
const pay = (...faults: readonly PayFault[]): void => void control().setFaults({ pay: faults, platform: [] });

async function open(stock: Partial<Stock> = {}, options: WorldOptions = {}): Promise<void> {
  world = await startWorld({
    rules: RULES,
    channel: 'transfer',
    yaml: text => text.replace('channel: transfer', 'channel: redpack\n    vouchers: true'),
    ...options,
  });
  control().setStock({ ...STOCK, beginAt: now() - DAY, endAt: now() + 40 * DAY, ...stock });
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

/** Every balance, counter and history of the store: nothing differs. */
async function booksAgree(): Promise<void> {
  const { total, findings } = await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns));
  expect({ total, findings }).toEqual({ total: 0, findings: [] });
}

describe('a follower', () => {
  afterEach(async () => {
    await booksAgree();
    await world.close();
  });

  test('says the word, hears where the voucher is found, and has one coupon, which costs the budget what it is worth', async () => {
    await open();
    const ann = world.person(true);
    expect(await says(ann, '代金券')).toBe(
      '恭喜！5.00 元代金券（满 20.00 元可用）已发出，用微信支付付款时自动抵扣，不在聊天和卡包里显示。',
    );
    expect(await buckets()).toEqual({ reserved: 500, sent: 0, received: 0, refunded: 0 });
    const payout = await inState(ann, 'sent');
    const [coupon, ...more] = control().coupons();
    expect(more).toEqual([]);
    expect(coupon).toMatchObject({ openid: ann, number: payout.billNo, mchId: MCH_ID, status: 'SENDED', amount: 500 });
    expect(payout).toMatchObject({ listId: coupon!.couponId, merchant: 'shop.voucher', amount: 500 });
    expect(await buckets()).toEqual({ reserved: 0, sent: 500, received: 0, refunded: 0 });
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 0, balance: MERCHANT.balance });
    expect(await says(ann, '我的红包')).toMatch(/测试活动 5\.00 元:已到账，用微信支付付款时自动抵扣$/);
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
    expect(await says(world.person(true), '代金券')).toBe('红包已经发完啦，下次早点来！');
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

/** Somebody has a voucher. */
async function given(): Promise<Payout> {
  const ann = world.person(true);
  await says(ann, '代金券');
  return inState(ann, 'sent');
}

/** As the operator sets it once, by the merchant's own key. */
async function setCallback(): Promise<void> {
  const told = await plugin()
    .chain('v3/marketing/favor/callbacks')
    .post<unknown>({
      ...{ mchid: MCH_ID, notify_url: `${world.url}/notify/voucher/shop`, switch: true },
    });
  expect(told.data).toMatchObject({ notify_url: `${world.url}/notify/voucher/shop` });
}

function plugin(): Wechatpay {
  const shop = world.config.merchants.get('shop.voucher');
  if (shop?.channel !== 'voucher') throw new Error('shop gives no vouchers');
  const { serialNo: serial, privateKey } = shop;
  const { publicKeyId, publicKeyPem, caPem } = world.simulator.certificates(MCH_ID);
  return new Wechatpay({
    ...{ mchid: MCH_ID, serial, privateKey, certs: { [publicKeyId]: publicKeyPem } },
    ...{ baseURL: world.simulator.payUrl, httpsAgent: new Agent({ ca: caPem }), proxy: false },
  });
}

describe('a voucher', () => {
  afterEach(async () => {
    await booksAgree();
    await world.close();
  });

  test('that is used is told by WeChat Pay, and counts as received', async () => {
    await open();
    await setCallback();
    const { billNo, listId, user } = await given();
    control().endCoupon(listId!, 'USED');
    await world.simulator.noticesIdle();
    expect(await world.store.payout(billNo)).toMatchObject({ state: 'received' });
    expect(await says(user, '我的红包')).toMatch(/5\.00 元:已使用$/);
    expect(await buckets()).toEqual({ reserved: 0, sent: 0, received: 500, refunded: 0 });
  });

  test('that is used is told five times at once by either key, and is one change', async () => {
    await open({}, { signing: { publicKey: 1, certificate: 1 } });
    await setCallback();
    const { billNo, listId, version } = await given();
    pay({ kind: 'duplicateNotice', copies: 5 });
    control().endCoupon(listId!, 'USED');
    await world.simulator.noticesIdle();
    expect(await world.store.payout(billNo)).toMatchObject({ state: 'received', version: version + 1 });
  });

  test.each([
    ['used', 'USED', 'received', { received: 500, refunded: 0 }],
    ['not used', 'SENDED', 'refunded', { received: 0, refunded: 500 }],
    ['taken back', 'RECOVER', 'refunded', { received: 0, refunded: 500 }],
  ] as const)(
    'that was %s, and nobody told of it, is asked after its end, and hardly before',
    async (_, end, state, money) => {
      await open({ validMs: 3 * DAY });
      const { user, listId } = await given();
      if (end !== 'SENDED') control().endCoupon(listId!, end);
      await inState(user, state, 6 * HOUR);
      expect(await buckets()).toEqual({ reserved: 0, sent: 0, ...money });
      const [payout] = await payoutsOf(user);
      expect((await world.store.history(payout!.billNo)).length).toBeLessThan(7);
    },
  );

  test('that expired gives its money back to the budget, and another follower has it', async () => {
    await open({ validMs: DAY });
    const [first] = [await given(), await given(), await given(), await given()];
    expect(await says(world.person(true), '代金券')).toBe('红包已经发完啦，下次早点来！');
    await inState(first.user, 'refunded', 6 * HOUR);
    const bob = world.person(true);
    await says(bob, '代金券');
    await inState(bob, 'sent');
  });

  test('of a stock that is spent waits with its number, the red packets of the merchant go on, and it comes once there are more', async () => {
    await open({ maxCoupons: 1 });
    await given();
    const [bob, cat] = [world.person(true), world.person(true)];
    await says(bob, '代金券');
    const held = await inState(bob, 'held');
    expect(held).toMatchObject({ problem: expect.stringContaining('NOT_ENOUGH'), tries: 1 });
    await says(cat, '代金券');
    expect(await inState(cat, 'held')).toMatchObject({ tries: 0, problem: expect.stringContaining('NOT_ENOUGH') });
    expect(await world.store.halt('shop')).toBeUndefined();
    await says(bob, '红包');
    await passUntil(async () =>
      (await payoutsOf(bob)).find(each => each.request.channel === 'redpack' && each.state === 'sent'),
    );
    control().setStock({ ...STOCK, beginAt: now() - DAY, endAt: now() + 30 * DAY });
    const all = async () => [...(await payoutsOf(bob)), ...(await payoutsOf(cat))];
    await passUntil(async () => (await all()).every(({ state }) => state === 'sent'), 60_000);
    expect(control().coupons()).toHaveLength(3);
    expect(
      control()
        .coupons()
        .filter(each => each.openid === bob),
    ).toMatchObject([{ number: held.billNo }]);
  });

  test('of one follower goes after their other one: two at a time are refused', async () => {
    const both = RULES.replace('total: ¥20.00', 'total: ¥40.00')
      .replace('  cash:', '  more: { voucher: { stock: "1234567", value: ¥5.00 } }\n  cash:')
      .replace('give: tea }', 'give: { all: [tea, more] } }');
    await open({}, { rules: both });
    const [ann, bob] = [world.person(true), world.person(true)];
    const areSent = (user: string) => async () => {
      const all = await payoutsOf(user);
      return all.length === 2 && all.every(({ state }) => state === 'sent') && all;
    };
    await says(ann, '代金券');
    await until(areSent(ann), 15_000); // by now several calls may be open at once
    pay({ kind: 'slow', at: 'voucher', delayMs: 400, times: 2 });
    await says(bob, '代金券');
    const sent = await until(areSent(bob), 15_000);
    expect(sent.map(({ tries }) => tries)).toEqual([1, 1]);
  });

  test.each([
    ['has had as many as the stock allows', { perUser: 1 }],
    ['is no ordinary account to WeChat Pay', { abnormal: ['oAbnormal'] }],
  ])('for somebody who %s comes to nothing: the money is free again, and they are told', async (_, stock) => {
    await open(stock);
    const ann = control().addPerson({ openid: 'oAbnormal', following: true }).openid;
    if ('perUser' in stock) {
      await says(ann, '代金券');
      await inState(ann, 'sent');
    }
    const before = control().coupons().length;
    await says(ann, '代金券');
    const failed = await inState(ann, 'failed');
    expect(failed).toMatchObject({ tries: 2, userRefused: true });
    expect(control().coupons()).toHaveLength(before);
    expect((await buckets()).reserved).toBe(0);
  });

  test('that a follower cannot have any more this month waits for the next', async () => {
    await open();
    const ann = world.person(true);
    pay({ kind: 'code', code: 'INVALID_REQUEST', text: '暂时无法领取', at: 'voucher', times: 1 });
    await says(ann, '代金券');
    const { nextDo, nextAt } = await inState(ann, 'held');
    expect([nextDo, nextAt! > endOfMonth(instant(control().state().now))]).toEqual(['send', true]);
    control().moveClock({ advanceMs: nextAt! - control().state().now });
    await inState(ann, 'sent');
  });

  test('is sent by another library’s own documented call, and once for one number', async () => {
    await open();
    const ann = world.person(true);
    const coupons = plugin().chain('v3/marketing/favor/users/{openid}/coupons');
    const body = {
      stock_id: '1234567',
      out_request_no: `${MCH_ID}20260210a`,
      appid: ACCOUNT.appId,
      stock_creator_mchid: MCH_ID,
    };
    const send = () => coupons.post<unknown>(body, { openid: ann });
    const [first, second] = [await send(), await send()];
    expect(first.data).toEqual({ coupon_id: control().coupons()[0]!.couponId });
    expect(second.data).toEqual(first.data);
    expect(control().coupons()).toHaveLength(1);
  });
});

test('`check` asks WeChat Pay for the stock, and says what is other than in the file', async () => {
  const rules = RULES.replace('over: ¥20.00 } }', 'over: ¥20.00 }, perDay: 3 }').replace(
    '  cash:',
    '  theirs: { voucher: { stock: "7654321", creator: "1900000999", value: ¥5.00 } }\n  cash:',
  );
  await open({ maxCoupons: 10, status: 'paused', amount: 300, maxAmountByDay: 1000 }, { rules });
  const theirs = { ...STOCK, stockId: '7654321', creator: '1900000999', senders: [MCH_ID] };
  control().setStock({ ...theirs, beginAt: now() - DAY, endAt: now() + 40 * DAY });
  const { code, out } = await run(world.folder, 'check');
  expect(code).toBe(0);
  expect(out).toContain('stock 1234567 of "tea": it is paused, and gives nothing until it is running [voucher-stock');
  expect(out).toContain('stock 1234567 of "tea": one is worth ¥3.00, and the file says ¥5.00 [voucher-stock');
  expect(out).toContain('stock 1234567 of "tea": it gives at most ¥10.00 a day, and the file ¥15.00 [voucher-stock');
  expect(out).toMatch(/stock 7654321 of "theirs" is made by merchant 1900000999: .* \[voucher-foreign/);
  expect(out).not.toContain('are left of it');
  await world.close();
});

test.each([
  [
    'without keys of API v3',
    (text: string) => text.replace(/ {4}apiV3Key: .*\n {4}serialNo: .*\n/, ''),
    /merchant "shop" has no apiV3Key, serialNo, which vouchers need/,
  ],
  [
    'that does not say that it sends them',
    (text: string) => text.replace('    vouchers: true\n', ''),
    /prize "tea" is a voucher, and merchant "shop" sends none; add `vouchers: true`/,
  ],
])('a merchant %s is named before anything starts', async (_, change, words) => {
  const yaml = (text: string): string =>
    change(text.replace('channel: transfer', 'channel: redpack\n    vouchers: true'));
  const error: Error | undefined = await startWorld({ rules: RULES, channel: 'transfer', yaml }).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error?.message).toMatch(words);
});
