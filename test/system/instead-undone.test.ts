// What is given instead of a prize that WeChat Pay refuses (`fallbackTo`), and what takes both back: a refund, an unfollow, a
// person, and WeChat Pay itself, which says later that the refused one was paid. Never are both owed.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { eventKey, openId } from '../../src/core/base/event.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import { settleStep } from '../../src/core/payout/operator-steps.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { doubt } from '../../src/engine/doubt.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { run } from '../support/command.ts';
import { MERCHANT, PEM_LINES, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';

const DAY = 86_400_000;
const [ANN, BOB, EVE] = ['oAnn'.padEnd(28, '0'), 'oBob'.padEnd(28, '0'), 'oEve'.padEnd(28, '0')] as const;
const HALT = { code: 'OPERATOR', reason: '盘点', since: instant(0), by: 'operator' } as const;
const rules = (prizes: string, more = ''): string => `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥20.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
${prizes}
rules:
  - { id: word, on: { text: 领券 }, once: perEvent, give: first }
  - { id: till, on: { paid: { over: ¥50.00 } }, once: perEvent, give: first }
  - { id: stay, on: { text: 留下 }, once: perEvent, give: first, delay: 10m, cancelIf: unsubscribed }
${more}`;
const VOUCHER = '  first: { voucher: { stock: "1234567", value: ¥5.00 }, fallbackTo: other }\n';
const TO_CASH = rules(`${VOUCHER}  other: { redpacket: ¥1.00 }`);
const TO_GOODS = rules(
  `${VOUCHER}  other: { goods: 保温杯, stock: 1 }`,
  'shipping: { consent: 只用于寄送。, keep: 90d }\n',
);
const SEALED: WorldOptions = { lines: 'personalKey: 7d0c3e54d1a9481c8b7f3b1d9e2f6a557d0c3e54d1a9481c' };
const TRANSFERS = rules('  first: { redpacket: ¥2.00, fallbackTo: other }\n  other: { redpacket: ¥1.00 }');

let world: World;
/** While it is set nothing is given instead: whoever would is dead. */
let isDead = false;
/** Happens around the commit of what is given instead. */
let around: { before?: () => Promise<unknown>; after?: () => Promise<unknown> } = {};
const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);
const payoutsOf = (user: string): Promise<Payout[]> => world.store.payouts({ user: openId(user), limit: 10 });
const buckets = () => world.store.buckets('test');

function watched(store: Store): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      if (name === 'commit')
        return async (commit: Parameters<Store['commit']>[0]) => {
          if (!commit.event.key.startsWith('f:')) return target.commit(commit);
          if (isDead) throw new Error('it died here');
          await around.before?.();
          const written = await target.commit(commit);
          await around.after?.();
          return written;
        };
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function open(text: string, channel: 'redpack' | 'transfer' = 'redpack', options: WorldOptions = {}) {
  [isDead, around] = [false, {}];
  world = await startWorld({
    rules: text,
    channel: 'transfer',
    yaml: yaml => yaml.replace('channel: transfer', `channel: ${channel}\n    vouchers: true`),
    wrap: watched,
    ...options,
  });
  world.simulator.setPayNotify(MERCHANT.mchId, `${world.url}/notify/pay/shop`);
  const about = { stockId: '1234567', creator: MERCHANT.mchId, name: '满20减5', status: 'running' } as const;
  const limits = { amount: 500, minimum: 2000, maxCoupons: 10, beginAt: now() - DAY, endAt: now() + 30 * DAY };
  control().setStock({ ...about, ...limits, abnormal: [ANN, BOB, EVE] });
}
afterEach(async () => {
  const { total, findings } = await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns));
  expect({ total, findings }).toEqual({ total: 0, findings: [] });
  await world.close();
});

const person = (openid: string): string => control().addPerson({ openid, following: true }).openid;
async function says(user: string, text: string): Promise<string> {
  return world.said(await control().act(user, { kind: 'text', text }));
}
/** Channel and state of each, the newest first. */
const course = async (user: string): Promise<string[]> =>
  (await payoutsOf(user)).map(({ request, state }) => `${request.channel} ${state}`);
async function ends(user: string, ...wanted: string[]): Promise<void> {
  await until(async () => {
    await world.bot.settle.pass();
    await world.simulator.noticesIdle();
    if ((await course(user)).join() === wanted.join()) return true;
    control().moveClock({ advanceMs: 60_000 });
    return false;
  }, 20_000);
}
/** Their prize was refused; nothing was given in its place so far. */
async function refused(user: string, act: () => Promise<unknown>, channel = 'voucher'): Promise<Payout> {
  isDead = true;
  await act();
  await ends(user, `${channel} failed`);
  isDead = false;
  return (await payoutsOf(user))[0]!;
}
/** What is given in its place waits to be sent. */
async function givenAndWaiting(): Promise<void> {
  await world.store.setHalt('shop', HALT);
  await world.bot.instead.sweep();
}
const NOTHING = { reserved: 0, sent: 0, received: 0, refunded: 0 };
const lineOf = async ({ billNo }: Payout) =>
  until(async () => (await world.store.journal({ key: eventKey(`f:${billNo}`), limit: 1 }))[0]);

describe('neither the refused prize nor the one instead of it is owed', () => {
  const pays = async (user: string): Promise<string> => {
    const { orderNo } = control().pay(user, { amount: 6000 });
    await world.simulator.noticesIdle();
    return orderNo;
  };
  const refunds = async (orderNo: string): Promise<void> => {
    control().refund(MERCHANT.mchId, orderNo);
    await world.simulator.noticesIdle();
  };

  test('after a refund that is told before the other one was given', async () => {
    await open(TO_CASH);
    const ann = person(ANN);
    let order = '';
    await refused(ann, async () => {
      order = await pays(ann);
    });
    await refunds(order);
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual(['voucher failed']);
    expect(await buckets()).toEqual(NOTHING);
  });

  test('after a refund that is told when the other one was given and had not left', async () => {
    await open(TO_CASH);
    const ann = person(ANN);
    let order = '';
    await refused(ann, async () => {
      order = await pays(ann);
    });
    await givenAndWaiting();
    expect(await course(ann)).toEqual(['redpack planned', 'voucher failed']);
    await refunds(order);
    await world.store.setHalt('shop', undefined);
    await world.bot.settle.pass();
    expect(await course(ann)).toEqual(['redpack failed', 'voucher failed']);
    expect(await buckets()).toEqual(NOTHING);
  });

  test('after a refund, where the other one is a thing: nobody sends it', async () => {
    await open(TO_GOODS, 'redpack', SEALED);
    const ann = person(ANN);
    const order = await pays(ann);
    await ends(ann, 'voucher failed');
    await world.bot.instead.sweep();
    expect(await says(ann, '同意')).toContain('姓名');
    await refunds(order);
    expect(await says(ann, '王小明 13812345678 上海市徐汇区万航渡路1号')).toContain('你没有等着寄的奖品');
    const parcels = await world.store.document('parcels', `tea/${ann}`);
    expect(parcels!.text).not.toMatch(/"state":"(open|given)"/);
  });

  test.each(['before', 'after'])('after an unfollow, %s the other one was given', async when => {
    await open(TO_CASH);
    const ann = person(ANN);
    await refused(ann, () => says(ann, '留下'));
    if (when === 'after') await givenAndWaiting();
    await control().act(ann, { kind: 'unfollow' });
    await world.bot.instead.sweep();
    await world.store.setHalt('shop', undefined);
    await world.bot.settle.pass();
    expect(await course(ann)).toEqual([...(when === 'after' ? ['redpack failed'] : []), 'voucher failed']);
    expect(await buckets()).toEqual(NOTHING);
  });
});

describe('what stands in the place of a refused voucher', () => {
  test('may be a code, which is told, one for each, until the list is empty', async () => {
    await open(rules(`${VOUCHER}  other: { coupon: codes.csv, reply: "券码 {{coupon}}" }`), 'redpack', {
      certificate({ folder }) {
        writeFileSync(join(folder, 'codes.csv'), 'A1\nB2\n');
        return PEM_LINES;
      },
    });
    for (const [openid, code] of [
      [ANN, 'A1'],
      [BOB, 'B2'],
      [EVE, undefined],
    ] as const) {
      const user = person(openid);
      await says(user, '领券');
      await ends(user, 'voucher failed');
      await world.bot.instead.sweep();
      const [payout] = await payoutsOf(user);
      if (code === undefined) {
        expect(await world.store.journal({ key: eventKey(`f:${payout!.billNo}`), limit: 1 })).toEqual([]);
        continue;
      }
      const line = await lineOf(payout!);
      expect(line.decision).toMatchObject({ kind: 'awarded', prize: 'other', coupon: code });
      expect(line.reply).toMatchObject({ text: expect.stringContaining(`券码 ${code}`) });
    }
    expect(await buckets()).toEqual(NOTHING);
  });

  test('may be goods, whose winner is asked where to send them', async () => {
    await open(TO_GOODS, 'redpack', SEALED);
    const ann = person(ANN);
    await says(ann, '领券');
    await ends(ann, 'voucher failed');
    await world.bot.instead.sweep();
    const { claimKey } = (await payoutsOf(ann))[0]!;
    const parcels = await world.store.document('parcels', `tea/${ann}`);
    expect(JSON.parse(parcels!.text)).toMatchObject({ parcels: [{ claim: `${claimKey}{{}}`, what: '保温杯' }] });
    expect((await lineOf((await payoutsOf(ann))[0]!)).reply).toMatchObject({ text: expect.stringContaining('同意') });
    expect(await says(ann, '同意')).toContain('姓名');
    expect(await buckets()).toEqual(NOTHING);
  });
});

describe('a refused transfer', { timeout: 60_000 }, () => {
  const SUCCESS = { kind: 'order', state: 'SUCCESS' } as const;
  const refusedTransfer = async (): Promise<{ ann: string; first: Payout }> => {
    await open(TRANSFERS, 'transfer');
    const ann = person(ANN);
    control().setFaults({ pay: [{ kind: 'noAuthUser', code: 'PAYEE_ACCOUNT_ABNORMAL' }], platform: [] });
    const first = await refused(ann, () => says(ann, '领券'), 'transfer');
    control().setFaults({ pay: [], platform: [] });
    return { ann, first };
  };
  const contradict = async ({ billNo }: Payout): Promise<boolean> => {
    const ports = { store: world.store, clock: now, log: SILENT };
    return doubt(ports, (await world.store.payout(billNo))!, SUCCESS);
  };
  const billsAtWeChat = (): number => control().state().packets.length;

  test('that WeChat Pay calls paid later is not followed by the other prize', async () => {
    const { ann, first } = await refusedTransfer();
    expect(await contradict(first)).toBe(true);
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual(['transfer failed']);
  });

  test('that WeChat Pay calls paid when the other prize was given holds that one, until a person decides', async () => {
    const { ann, first } = await refusedTransfer();
    await givenAndWaiting();
    expect(await contradict(first)).toBe(true);
    await world.store.setHalt('shop', undefined);
    for (let round = 0; round < 3; round++) {
      await world.bot.settle.pass();
      control().moveClock({ advanceMs: DAY / 4 });
    }
    expect(await payoutsOf(ann)).toMatchObject([{ state: 'held', stopped: 'doubted', tries: 0 }, { state: 'failed' }]);
    expect(billsAtWeChat()).toBe(1);
    const [second] = await payoutsOf(ann);
    const settled = await run(
      world.folder,
      'payouts',
      'settle',
      first.billNo,
      '--as',
      'received',
      '--reason',
      '已到账',
    );
    expect([settled.code === 0, settled.out + settled.err]).toEqual([false, expect.stringContaining(second!.billNo)]);
    const cancelled = await run(world.folder, 'payouts', 'cancel', first.billNo, '--reason', '第一笔已到账');
    expect([cancelled.code, cancelled.out]).toEqual([0, expect.stringContaining(second!.billNo)]);
    expect(await course(ann)).toEqual(['transfer failed', 'transfer failed']);
  });

  test('that WeChat Pay calls paid just after the other prize is written holds it', async () => {
    const { ann, first } = await refusedTransfer();
    around = { after: () => contradict(first) };
    await world.bot.instead.sweep();
    await world.bot.settle.pass();
    expect(await payoutsOf(ann)).toMatchObject([{ state: 'held', stopped: 'doubted', tries: 0 }, { state: 'failed' }]);
    expect(billsAtWeChat()).toBe(1);
  });

  // Whoever gives it may die right after the commit: then nobody looks again.
  const calledOff = ({ billNo }: Payout) => run(world.folder, 'payouts', 'cancel', billNo, '--reason', '不发了');
  const settled = async ({ billNo, holds }: Payout) =>
    world.store.advance(settleStep((await world.store.payout(billNo))!, 'received', '已到账', now(), holds));
  test.each([
    ['WeChat Pay calls paid', contradict, 'transfer failed'],
    ['a person calls off', calledOff, 'transfer failed'],
    ['a person settles as received', settled, 'transfer received'],
  ] as const)('that %s just before the other prize is written is not followed by it', async (_, ends, end) => {
    const { ann, first } = await refusedTransfer();
    around = { before: () => ends(first) };
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual([end]);
    expect(await world.store.journal({ key: eventKey(`f:${first.billNo}`), limit: 1 })).toEqual([]);
  });

  test('that a person calls off takes with it what was given in its place', async () => {
    const { ann, first } = await refusedTransfer();
    await givenAndWaiting();
    const { code, out } = await run(world.folder, 'payouts', 'cancel', first.billNo, '--reason', '不发了');
    expect([code, out]).toEqual([0, expect.stringContaining((await payoutsOf(ann))[0]!.billNo)]);
    await world.store.setHalt('shop', undefined);
    await world.bot.settle.pass();
    expect(await course(ann)).toEqual(['transfer failed', 'transfer failed']);
    expect(await buckets()).toEqual(NOTHING);
  });

  test('that a person calls off before anything was given in its place is the end of it', async () => {
    const { ann, first } = await refusedTransfer();
    for (const reason of ['不发了', '还是不发'])
      expect((await run(world.folder, 'payouts', 'cancel', first.billNo, '--reason', reason)).code).toBe(0);
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual(['transfer failed']);
    const offered = await run(world.folder, 'payouts', 'offer', first.billNo, '--reason', '又要发');
    expect([offered.code, offered.err]).toEqual([0, '']);
    await ends(ann, 'transfer sent', 'transfer failed');
  });
});
