// `fallbackTo`, end to end: whom WeChat Pay refuses a prize gets the other one, once, whoever dies on the way; and never while
// it is open what became of the first.

import { afterEach, describe, expect, test } from 'vitest';
import { offerPayout, type VerdictPorts } from '../../src/commands/payouts/verdict.ts';
import { Audit } from '../../src/core/audit/audit.ts';
import { eventKey, openId } from '../../src/core/base/event.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import type { Observation, Payout } from '../../src/core/payout/payout.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { Store } from '../../src/ports.ts';
import type { PayFault, Stock } from '../../src/simulator/shared/protocol.ts';
import { run } from '../support/command.ts';
import { exactly } from '../support/exactly.ts';
import { MERCHANT, startWorld, until, type World } from '../support/harness.ts';
import { saying } from '../support/saying.ts';

const DAY = 86_400_000;
const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥20.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  tea: { voucher: { stock: "1234567", value: ¥5.00 }, fallbackTo: cash }
  cash: { redpacket: ¥1.00, stock: 2, fallbackTo: link }
  link: { text: "https://shop.example.com/may" }
rules:
  - { id: voucher, on: { text: 代金券 }, once: perEvent, give: tea }
  - { id: cash, on: { text: 红包 }, once: perEvent, give: cash }
`;

let world: World;
/** While it is set nothing is given instead: whoever would is dead. */
let isDead = false;
const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);
const buckets = () => world.store.buckets('test');
const payoutsOf = (user: string): Promise<Payout[]> => world.store.payouts({ user: openId(user), limit: 10 });
const pay = (...faults: readonly PayFault[]): void => void control().setFaults({ pay: faults, platform: [] });

function mortal(store: Store): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      if (name === 'commit')
        return async (commit: Parameters<Store['commit']>[0]) => {
          if (isDead && commit.event.key.startsWith('f:')) throw new Error('it died here');
          return target.commit(commit);
        };
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function open(stock: Partial<Stock> = {}, channel: 'redpack' | 'transfer' = 'redpack'): Promise<void> {
  isDead = false;
  world = await startWorld({
    rules: RULES,
    channel: 'transfer',
    yaml: text => text.replace('channel: transfer', `channel: ${channel}\n    vouchers: true`),
    wrap: mortal,
  });
  const about = { stockId: '1234567', creator: MERCHANT.mchId, name: '满20减5', status: 'running' } as const;
  const limits = { amount: 500, minimum: 2000, maxCoupons: 10, beginAt: now() - DAY, endAt: now() + 30 * DAY };
  control().setStock({ ...about, ...limits, ...stock });
}

async function says(user: string, text: string): Promise<string> {
  return world.said(await control().act(user, { kind: 'text', text }));
}

function passUntil<T>(check: () => Promise<T | undefined | false>, advanceMs = 2000): Promise<T> {
  return until(async () => {
    await world.bot.settle.pass();
    const found = await check();
    if (!found) control().moveClock({ advanceMs });
    return found;
  }, 15_000);
}

/** Channel and state of each, the newest first. */
async function course(user: string): Promise<string[]> {
  return (await payoutsOf(user)).map(({ request, state }) => `${request.channel} ${state}`);
}
const ends = (user: string, ...wanted: string[]): Promise<unknown> =>
  passUntil(async () => (await course(user)).join() === wanted.join(), 60_000);
const abnormal = (): string => control().addPerson({ openid: 'oAbnormal', following: true }).openid;

describe('a voucher that WeChat Pay refuses its winner', () => {
  afterEach(async () => {
    const { total, findings } = await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns));
    expect({ total, findings }).toEqual({ total: 0, findings: [] });
    await world.close();
  });

  test('becomes the red packet it falls back to, once, and they are told', async () => {
    await open({ abnormal: ['oAbnormal'] });
    const ann = abnormal();
    await says(ann, '代金券');
    await ends(ann, 'redpack sent', 'voucher failed');
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual(['redpack sent', 'voucher failed']);
    expect(control().coupons()).toEqual([]);
    expect(await buckets()).toEqual({ reserved: 0, sent: 100, received: 0, refunded: 0 });
    const [given, refused] = await payoutsOf(ann);
    expect(given!.claimKey).toBe(`${refused!.claimKey}{{}}`);
    const [line] = await world.store.journal({ key: eventKey(`f:${refused!.billNo}`), limit: 1 });
    expect(line).toMatchObject({ decision: { kind: 'awarded', prize: 'cash', amount: 100 } });
    expect(line!.reply).toMatchObject({ text: expect.stringContaining('「tea」没能送达，改发「cash」。') });
    const offered = await run(world.folder, 'payouts', 'offer', refused!.billNo, '--reason', '再发一次');
    expect([offered.code === 0, offered.out + offered.err]).toEqual([
      false,
      expect.stringContaining('another prize was given in its place already'),
    ]);
  });

  test('becomes it also where the bot died before that was written, and just once', async () => {
    await open({ abnormal: ['oAbnormal'] });
    const ann = abnormal();
    isDead = true;
    await says(ann, '代金券');
    await ends(ann, 'voucher failed');
    await expect(world.bot.instead.sweep()).rejects.toThrow('it died here');
    expect(await course(ann)).toEqual(['voucher failed']);
    isDead = false;
    await Promise.all([world.bot.instead.sweep(), world.bot.instead.sweep()]);
    await ends(ann, 'redpack sent', 'voucher failed');
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual(['redpack sent', 'voucher failed']);
  });

  test('is replaced, or offered once more by a person, whoever comes first: never both', async () => {
    await open({ abnormal: ['oAbnormal'] });
    const ann = abnormal();
    isDead = true;
    await says(ann, '代金券');
    await ends(ann, 'voucher failed');
    isDead = false;
    const [refused] = await payoutsOf(ann);
    // It is given between the look of the person's command and its write.
    const store: Store = {
      ...world.store,
      advance: async (step, under) => {
        await world.bot.instead.sweep();
        return world.store.advance(step, under);
      },
    };
    const query = async (): Promise<Observation> => ({ kind: 'notFound' });
    const payer = { query, send: query, close: async () => undefined };
    const ports: VerdictPorts = {
      store,
      now,
      payer: () => ({ payer, policy: DEFAULT_POLICY }),
      limits: async () => [],
      caps: () => undefined,
    };
    expect(await offerPayout(ports, refused!.billNo, '再发一次')).toMatchObject({
      refused: saying('another prize was given in its place already'),
    });
    await ends(ann, 'redpack sent', 'voucher failed');
  });

  test('comes to nothing where what it falls back to is gone as well', async () => {
    await open({ abnormal: ['oAbnormal'] });
    for (const bob of [world.person(true), world.person(true)]) await says(bob, '红包');
    const ann = abnormal();
    await says(ann, '代金券');
    await ends(ann, 'voucher failed');
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual(['voucher failed']);
  });

  test('is waited for as long as its answer is open, and nothing is given instead', async () => {
    await open();
    const ann = world.person(true);
    pay({ kind: 'lostReply', at: 'voucher', times: 1 });
    await says(ann, '代金券');
    await ends(ann, 'voucher sent');
    await world.bot.instead.sweep();
    expect(await course(ann)).toEqual(['voucher sent']);
  });

  test('of a stock that is spent, said twice, becomes the other prize', async () => {
    await open({ maxCoupons: 1 });
    const [ann, bob] = [world.person(true), world.person(true)];
    await says(ann, '代金券');
    await ends(ann, 'voucher sent');
    await says(bob, '代金券');
    await ends(bob, 'redpack sent', 'voucher failed');
    expect((await payoutsOf(bob))[1]).toMatchObject({ tries: 2, refusals: 2 });
  });
});

test('a transfer that fails for its payee becomes the text it falls back to', async () => {
  await open({}, 'transfer');
  const ann = world.person(true);
  pay({ kind: 'noAuthUser', code: 'PAYEE_ACCOUNT_ABNORMAL' });
  await says(ann, '红包');
  await ends(ann, 'transfer failed');
  const [{ billNo }] = exactly(1, await payoutsOf(ann));
  const [line] = await until(async () => {
    const lines = await world.store.journal({ key: eventKey(`f:${billNo}`), limit: 1 });
    return lines.length > 0 && lines;
  });
  expect(line).toMatchObject({ decision: { prize: 'link', coupon: 'https://shop.example.com/may' } });
  const { total, findings } = await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns));
  expect({ total, findings }).toEqual({ total: 0, findings: [] });
  await world.close();
});
