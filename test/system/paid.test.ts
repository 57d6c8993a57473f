// Money paid in the shop gives a prize (满额送), end to end: the payment, its notices, the event, the delay, the refund and
// the packet; whatever is told twice, at once, too late, in the wrong order or by nobody.

import { createServer, type Server } from 'node:http';
import { performance } from 'node:perf_hooks';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBot } from '../../src/app/bot.ts';
import { Audit } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import { beijingText, instant } from '../../src/core/base/time.ts';
import { paymentKey, UNKNOWN_PAYER } from '../../src/core/payout/payment.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { JournalLine, Store } from '../../src/ports.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import type { PayFault, PayInShop, ShopNotice, ShopOrder } from '../../src/simulator/shared/protocol.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { openStore } from '../../src/storage/open.ts';
import { MERCHANT, PEM_LINES, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { headersOf, portOf } from '../support/listening.ts';
import { DURABLE, hasRedis, openedOn, type RedisServer, startRedis } from '../support/redis-server.ts';

const MCH_ID = MERCHANT.mchId;
const HOUR = 3_600_000;

const rules = ({ until: to = '2099-12-31', rule = '' } = {}): string => `
campaign: test
name: 满额送
period: { from: 2020-01-01, to: ${to} }
budget: { total: ¥20.00 }
limits: { perUser: { perDay: 2 } }
packet: { sendName: 阿茶茶饮, actName: 满额送, wishing: 谢谢惠顾, remark: 满额送 }
prizes:
  back: { redpacket: { steps: { ¥50.00: ¥2.00, ¥100.00: ¥5.00 } } }
rules:
  - id: shop
    on: { paid: { over: ¥50.00 } }
    once: perEvent
    give: back
    delay: 24h
    cancelIf: refunded
${rule}`;

let world: World;
/** Where the bot writes: the world's own store, if it is not another. */
let snapshot: Store;
let relays: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const relay of relays) await relay.close();
  relays = [];
  await world.close();
});

/** Keys for both APIs. */
const bothKeys = ({ simulator }: { simulator: Simulator }): string => {
  const { serialNumber, publicKeyId } = simulator.certificates(MCH_ID);
  return `${PEM_LINES}\n    apiV3Key: ${DEFAULT_API_V3_KEY}\n    serialNo: ${serialNumber}\n    publicKeyId: ${publicKeyId}\n    publicKey: pub_key.pem`;
};

async function open(options: WorldOptions = {}): Promise<World> {
  world = await startWorld({ rules: rules(), certificate: bothKeys, ...options });
  snapshot = world.store;
  world.simulator.setPayNotify(MCH_ID, `${world.url}/notify/pay/shop`);
  return world;
}
const control = (): World['simulator']['control'] => world.simulator.control;
const faults = (...pay: PayFault[]): void => void control().setFaults({ pay, platform: [] });
const payoutsOf = (openid: string): Promise<Payout[]> => snapshot.payouts({ user: openId(openid), limit: 20 });
const buckets = () => snapshot.buckets('test');
/** What the audit of the whole store finds. */
const differences = async () =>
  (await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns))).findings;
const NOTHING = { reserved: 0, sent: 0, received: 0, refunded: 0 };
const linesOf = (transaction: string): Promise<JournalLine[]> =>
  snapshot.journal({ key: paymentKey(transaction), limit: 9 });

/** Somebody pays, and what is to be told just now is told. */
async function pay(openid: string, what: PayInShop) {
  const order = control().pay(openid, what);
  await world.simulator.noticesIdle();
  return order;
}
async function refund(orderNo: string, amount?: number) {
  control().refund(MCH_ID, orderNo, amount);
  await world.simulator.noticesIdle();
}
async function pass(ms: number): Promise<void> {
  control().moveClock({ advanceMs: ms });
  await world.simulator.noticesIdle();
}
const told = (): (Pick<ShopNotice, 'what' | 'outcome'> & { statuses: number[] })[] =>
  control()
    .payNotices()
    .map(({ what, outcome, tries }) => ({ what, outcome, statuses: tries.map(each => each.status) }))
    .reverse();

/** Sends what it gets to all of them, five times at once each, and answers with the last answer. */
async function relayTo(urls: readonly string[], statuses: number[]): Promise<string> {
  const server = createServer(async (req, res) => {
    const { host: _h, connection: _c, 'content-length': _l, 'transfer-encoding': _t, ...headers } = headersOf(req);
    const copies = Array.from({ length: 5 }, () => urls).flat();
    const init = { method: 'POST', headers, body: await buffer(req) };
    const answers = await Promise.all(copies.map(url => fetch(url, init)));
    statuses.push(...answers.map(({ status }) => status));
    const last = answers.at(-1)!;
    res.writeHead(last.status).end(last.status === 204 ? undefined : await last.text());
  });
  return listening(server);
}
async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  relays.push({
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  });
  return `http://127.0.0.1:${portOf(server)}`;
}
/** A bot of its own on the same data, with its own connection to it: nothing in memory is shared. */
async function secondBot(store: Store): Promise<string> {
  const bot = await createBot({
    holder: 'second',
    config: world.config,
    clock: () => instant(control().state().now),
    timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
    log: SILENT,
    store,
  });
  const url = await listening(createServer(bot.app.callback()));
  relays.push({
    close: async () => {
      await bot.stop();
      await store.close();
    },
  });
  return `${url}/notify/pay/shop`;
}

/** Each notice reaches both bots, ten times in all. */
async function toldToTwoBots(secondStore: Store): Promise<void> {
  const statuses: number[] = [];
  const relay = await relayTo([`${world.url}/notify/pay/shop`, await secondBot(secondStore)], statuses);
  world.simulator.setPayNotify(MCH_ID, relay);
  faults({ kind: 'duplicateNotice', at: 'payNotice', copies: 2 });
  for (const api of ['v2', 'v3'] as const) {
    const ann = world.person();
    await pay(ann, { amount: 6000, api });
    expect(await payoutsOf(ann)).toHaveLength(1);
  }
  expect(statuses).toHaveLength(40);
  expect(new Set(statuses)).toEqual(new Set([200, 204]));
  expect(await buckets()).toEqual({ ...NOTHING, reserved: 400 });
}

describe('who pays in the shop', () => {
  test.each<[string, PayInShop]>([
    ['API v2, MD5', { amount: 6000 }],
    [
      'API v2, HMAC-SHA256, with a coupon and an attach',
      { amount: 8000, coupon: 2000, attach: 'pos-1 & <2>', signType: 'HMAC-SHA256' },
    ],
    ['API v2, MD5, with a coupon and an attach', { amount: 8000, coupon: 2000, attach: '门店 7' }],
    ['API v3, with a coupon and an attach', { amount: 8000, coupon: 2000, attach: 'pos-1', api: 'v3' }],
  ])('gets the packet a day later: told by %s', async (_, what) => {
    await open();
    const ann = world.person(true);
    const order = await pay(ann, what);
    expect(told()).toEqual([{ what: 'paid', outcome: 'delivered', statuses: [what.api === 'v3' ? 204 : 200] }]);
    expect((await linesOf(order.transactionId))[0]!.event).toMatchObject({
      kind: 'paid',
      account: 'tea',
      user: ann,
      merchant: 'shop',
      order: order.orderNo,
      amount: 6000,
      total: what.amount,
      ...(what.attach !== undefined && { attach: what.attach }),
    });
    expect(await payoutsOf(ann)).toMatchObject([{ state: 'planned', amount: 200 }]);
    await pass(23 * HOUR);
    await world.bot.settle.pass();
    expect(await payoutsOf(ann)).toMatchObject([{ state: 'planned' }]);
    await pass(1.1 * HOUR);
    await world.bot.settle.pass();
    const [payout] = await payoutsOf(ann);
    expect(payout).toMatchObject({ state: 'sent', amount: 200 });
    expect(control().packet(MCH_ID, payout!.billNo)).toMatchObject({ status: 'SENT', amount: 200, openid: ann });
    expect(await differences()).toEqual([]);
  });

  test('gets what the cash is worth that was really paid, and nothing below the threshold', async () => {
    await open();
    const amounts = async (what: PayInShop): Promise<number[]> => {
      const somebody = world.person();
      await pay(somebody, what);
      return (await payoutsOf(somebody)).map(({ amount }) => amount);
    };
    expect(await amounts({ amount: 4999 })).toEqual([]);
    expect(await amounts({ amount: 5000 })).toEqual([200]);
    expect(await amounts({ amount: 9000, coupon: 4001 })).toEqual([]);
    expect(await amounts({ amount: 12_000, coupon: 2001, api: 'v3' })).toEqual([200]);
    expect(await amounts({ amount: 12_000, coupon: 2000, api: 'v3' })).toEqual([500]);
  });

  test('gets two a day, if they pay three times', async () => {
    await open();
    const ann = world.person();
    for (let n = 0; n < 3; n++) await pay(ann, { amount: 6000 });
    expect(await payoutsOf(ann)).toHaveLength(2);
    expect(told().every(({ outcome }) => outcome === 'delivered')).toBe(true);
  });

  test('gets nothing for a payment that is told after the campaign', async () => {
    const end = beijingText(instant(Date.now() + HOUR)).slice(0, 16);
    await open({ rules: rules({ until: end }) });
    const ann = world.person();
    faults({ kind: 'lateNotice', afterMs: 2 * HOUR });
    const order = await pay(ann, { amount: 6000 });
    expect(await linesOf(order.transactionId)).toEqual([]);
    await pass(2 * HOUR);
    expect(told()).toMatchObject([{ outcome: 'delivered' }]);
    expect(await until(async () => (await linesOf(order.transactionId))[0]?.decision)).toMatchObject({
      kind: 'refused',
      refusal: 'ended',
    });
    expect(await payoutsOf(ann)).toEqual([]);
  });
});

describe('the same notice', () => {
  test('five times at once to each of two bots on one file, twice at once, is one prize', async () => {
    await open();
    await toldToTwoBots(await openStore(world.config.store));
  });

  test.each(['v2', 'v3'] as const)(
    'forged in API %s is refused and changes nothing; the true one is taken',
    async api => {
      await open();
      faults({ kind: 'forgedNotice' });
      const ann = world.person();
      const order = await pay(ann, { amount: 6000, api });
      expect(told()).toEqual([
        { what: 'forged', outcome: 'failed', statuses: [401] },
        { what: 'paid', outcome: 'delivered', statuses: [api === 'v2' ? 200 : 204] },
      ]);
      expect((await linesOf(order.transactionId)).map(({ event }) => event)).toMatchObject([{ total: 6000 }]);
      expect(await payoutsOf(ann)).toMatchObject([{ amount: 200 }]);
    },
  );

  test('that is lost gives nothing, and harms nothing', async () => {
    await open();
    faults({ kind: 'lostNotice', at: 'payNotice' });
    await pay(world.person(), { amount: 6000 });
    expect(told()).toEqual([{ what: 'paid', outcome: 'lost', statuses: [] }]);
    expect(await buckets()).toEqual(NOTHING);
  });
});

describe('while the store is away', () => {
  test.each(['facts', 'commit'] as const)(
    'in %s, nothing is acknowledged; it is told again until it is written down, and gives one prize',
    async method => {
      let isAway = false; // a bot starts where its store is there
      const away = (): Promise<never> => Promise.reject(new Error('the store is away'));
      await open({
        wrap: store => ({
          ...store,
          facts: wanted => (isAway && method === 'facts' ? away() : store.facts(wanted)),
          commit: commit => (isAway && method === 'commit' ? away() : store.commit(commit)),
        }),
      });
      isAway = true;
      const ann = world.person();
      for (const api of ['v2', 'v3'] as const) await pay(ann, { amount: 6000, api });
      await pass(15_000);
      await pass(14_000);
      expect(told().map(({ outcome, statuses }) => [outcome, statuses])).toEqual([
        ['pending', [503, 503]],
        ['pending', [503, 503]],
      ]);
      isAway = false;
      await pass(1000);
      expect(told().map(({ outcome, statuses }) => [outcome, statuses])).toEqual([
        ['delivered', [503, 503, 200]],
        ['delivered', [503, 503, 204]],
      ]);
      expect(await payoutsOf(ann)).toHaveLength(2);
      expect(await buckets()).toEqual({ ...NOTHING, reserved: 400 });
    },
  );

  test('a payment that no rule rewards is told again too, until its refund can find it', async () => {
    let isAway = true;
    await open({
      wrap: store => ({
        ...store,
        commit: commit => (isAway ? Promise.reject(new Error('the disk is full')) : store.commit(commit)),
      }),
    });
    const ann = world.person();
    const order = await pay(ann, { amount: 1000 });
    expect(told()).toMatchObject([{ outcome: 'pending', statuses: [503] }]);
    isAway = false;
    await pass(15_000);
    expect(told()).toMatchObject([{ outcome: 'delivered', statuses: [503, 200] }]);
    expect(await linesOf(order.transactionId)).toMatchObject([{ event: { user: ann }, decision: { kind: 'ignored' } }]);
    await refund(order.orderNo);
    expect(await snapshot.journal({ user: openId(ann), limit: 1 })).toMatchObject([{ event: { kind: 'refunded' } }]);
  });

  test('for a day and four minutes, WeChat Pay gives up: sixteen times in all', async () => {
    let isAway = false;
    const away = (): Promise<never> => Promise.reject(new Error('away'));
    await open({ wrap: store => ({ ...store, begin: (key, wanted) => (isAway ? away() : store.begin(key, wanted)) }) });
    isAway = true;
    await pay(world.person(), { amount: 6000 });
    const begun = control().state().now;
    for (let n = 0; n < 200 && told()[0]!.outcome === 'pending'; n++) await pass(n < 120 ? 15_000 : HOUR / 2);
    expect(told()[0]!.outcome).toBe('failed');
    const tries = control()
      .payNotices()[0]!
      .tries.map(({ at }) => at - begun);
    expect(tries).toHaveLength(16);
    expect(tries.slice(0, 5).map(ms => Math.abs(Math.round(ms / 15_000)) * 15)).toEqual([0, 15, 30, 60, 240]);
    expect(tries.at(-1)! / HOUR).toBeGreaterThanOrEqual(24);
  });
});

describe('a refund', () => {
  test.each<[string, PayInShop, number | undefined]>([
    ['of all of it, in API v2', { amount: 6000 }, undefined],
    ['of a part, in API v2', { amount: 6000, coupon: 500 }, 1],
    ['of all of it, in API v3', { amount: 6000, api: 'v3' }, undefined],
    ['of a part, in API v3', { amount: 6000, api: 'v3' }, 100],
  ])('%s takes the prize back before the day is over, and its budget is free again', async (_, what, amount) => {
    await open();
    const ann = world.person();
    const order = await pay(ann, what);
    expect(await buckets()).toEqual({ ...NOTHING, reserved: 200 });
    await pass(20 * HOUR);
    await refund(order.orderNo, amount);
    expect(told().at(-1)).toMatchObject({ what: 'refunded', outcome: 'delivered' });
    expect(await payoutsOf(ann)).toMatchObject([{ state: 'failed' }]);
    expect(await buckets()).toEqual(NOTHING);
    await pass(5 * HOUR);
    await world.bot.settle.pass();
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 0 });
    // Ten prizes of ¥2.00 fit into the budget: the one that was taken back is there again.
    for (let n = 0; n < 11; n++) await pay(world.person(), { amount: 6000 });
    expect(await buckets()).toEqual({ ...NOTHING, reserved: 2000 });
    expect(await differences()).toEqual([]);
  });

  test('takes back the prize of its own order only, however often it is told', async () => {
    await open();
    const ann = world.person();
    const orders = [await pay(ann, { amount: 6000 }), await pay(ann, { amount: 10_000, api: 'v3' })];
    faults({ kind: 'duplicateNotice', at: 'payNotice', copies: 4 });
    await refund(orders[0]!.orderNo, 1000);
    await refund(orders[0]!.orderNo);
    expect((await payoutsOf(ann)).map(({ amount, state }) => [amount, state])).toEqual([
      [500, 'planned'],
      [200, 'failed'],
    ]);
    expect(await buckets()).toEqual({ ...NOTHING, reserved: 500 });
  });

  test('after the packet has left changes nothing', async () => {
    await open();
    const ann = world.person(true);
    const order = await pay(ann, { amount: 6000 });
    await pass(25 * HOUR);
    await world.bot.settle.pass();
    await refund(order.orderNo);
    expect(told().at(-1)).toMatchObject({ what: 'refunded', outcome: 'delivered' });
    expect(await payoutsOf(ann)).toMatchObject([{ state: 'sent' }]);
    expect(await buckets()).toEqual({ ...NOTHING, sent: 200 });
  });

  test.each(['v2', 'v3'] as const)(
    'that is told before its payment, in API %s: the payment gives nothing',
    async api => {
      await open();
      const [ann, bob] = [world.person(), world.person()];
      faults({ kind: 'lateNotice', afterMs: HOUR, times: 1 });
      const order = await pay(ann, { amount: 6000, api });
      await refund(order.orderNo, 100);
      expect(told()).toMatchObject([{ outcome: 'pending' }, { what: 'refunded', outcome: 'delivered' }]);
      const unknown = await snapshot.journal({ user: UNKNOWN_PAYER, limit: 5 });
      expect(unknown).toMatchObject([{ event: { kind: 'refunded', transaction: order.transactionId } }]);
      await pass(HOUR);
      expect(told()).toMatchObject([{ outcome: 'delivered' }, { outcome: 'delivered' }]);
      expect(await until(async () => (await linesOf(order.transactionId))[0]?.decision)).toMatchObject({
        kind: 'refused',
        refusal: 'notEligible',
      });
      expect(await payoutsOf(ann)).toEqual([]);
      await pay(bob, { amount: 6000, api });
      expect(await payoutsOf(bob)).toHaveLength(1);
      expect(await differences()).toEqual([]);
    },
  );

  test.each([
    ['the payment is between its look and its commit', 'paid'],
    ['the refund is between its look and its commit', 'refunded'],
  ] as const)('that meets its payment while %s: nothing is paid', async (_, kind) => {
    await meet(kind);
  });
});

/** Payment and refund at the same moment: one is told while the other (`kind`) waits to be written. `on`: in place of the world's store. */
async function meet(kind: 'paid' | 'refunded', on?: Store): Promise<void> {
  let between: (() => Promise<void>) | undefined;
  await open({
    wrap: own => {
      const store = on ?? own;
      return {
        ...store,
        commit: async commit => {
          const meet = commit.event.kind === kind ? between : undefined;
          if (meet) between = undefined;
          await meet?.();
          return store.commit(commit);
        },
      };
    },
  });
  snapshot = on ?? snapshot;
  const ann = world.person();
  // Told to nobody: the test tells both itself.
  const idle = (): Promise<void> => world.simulator.noticesIdle();
  if (kind === 'paid') {
    let order: ShopOrder | undefined;
    between = async () => {
      control().refund(MCH_ID, order!.orderNo);
      await until(() => told().some(each => each.what === 'refunded' && each.outcome === 'delivered'));
    };
    order = control().pay(ann, { amount: 6000 });
  } else {
    faults({ kind: 'lateNotice', afterMs: 1000, times: 1 });
    const { orderNo } = control().pay(ann, { amount: 6000 });
    between = async () => {
      control().moveClock({ advanceMs: 1000 });
      await until(() => told().some(each => each.what === 'paid' && each.outcome === 'delivered'));
    };
    control().refund(MCH_ID, orderNo);
  }
  await idle();
  expect(told().map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
  expect(between).toBeUndefined();
  expect((await payoutsOf(ann)).filter(({ state }) => state !== 'failed')).toEqual([]);
  expect(await buckets()).toEqual(NOTHING);
}

describe.skipIf(!hasRedis)('on one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
  });
  afterAll(() => server.dispose());

  test('a notice that is told five times at once to each of two bots is one prize', async () => {
    const { store, beside, dispose } = await openedOn(server.url);
    await open({ wrap: () => store });
    snapshot = store;
    await toldToTwoBots(await beside());
    relays.push({ close: dispose });
  });

  test.each(['paid', 'refunded'] as const)(
    'payment and refund meet while the %s waits: nothing is paid',
    async kind => {
      const { store, dispose } = await openedOn(server.url);
      await meet(kind, store);
      relays.push({ close: dispose });
    },
  );
});

describe('with orderQuery, the order is asked after first', () => {
  const asking: WorldOptions = { merchantLines: '    orderQuery: true' };
  const v2Only = (): string => PEM_LINES;

  test.each([
    ['v2', v2Only],
    ['v3', bothKeys],
  ] as const)('by API %s, and is as it was told', async (_, certificate) => {
    await open({ ...asking, certificate });
    const ann = world.person();
    await pay(ann, { amount: 8000, coupon: 1000, attach: 'pos-1' });
    expect(told()).toEqual([{ what: 'paid', outcome: 'delivered', statuses: [200] }]);
    expect(await payoutsOf(ann)).toHaveLength(1);
  });

  test.each([
    ['v2', v2Only],
    ['v3', bothKeys],
  ] as const)('by API %s; what is refunded by then gives nothing and is acknowledged', async (_, certificate) => {
    await open({ ...asking, certificate });
    const ann = world.person();
    faults({ kind: 'lateNotice', afterMs: HOUR, times: 1 });
    const { orderNo } = await pay(ann, { amount: 6000 });
    faults({ kind: 'lostNotice', at: 'payNotice' });
    await refund(orderNo, 100);
    await pass(HOUR);
    expect(told()).toMatchObject([{ what: 'paid', outcome: 'delivered' }, { outcome: 'lost' }]);
    expect(await payoutsOf(ann)).toEqual([]);
    expect(await buckets()).toEqual(NOTHING);
  });

  test.each(
    (['v2', 'v3'] as const).flatMap(api =>
      (['processing', 'errorNothingStored', 'html502', 'lostReply'] as const).map(kind => [api, kind] as const),
    ),
  )('by API %s; with %s it is not acknowledged, and asked after again', async (api, kind) => {
    await open({ ...asking, certificate: api === 'v2' ? v2Only : bothKeys });
    const ann = world.person();
    faults({ kind, at: 'orderQuery', times: 1 });
    await pay(ann, { amount: 6000 });
    expect(told()).toMatchObject([{ outcome: 'pending', statuses: [503] }]);
    expect(await payoutsOf(ann)).toEqual([]);
    await pass(15_000);
    expect(told()).toMatchObject([{ outcome: 'delivered', statuses: [503, 200] }]);
    expect(await payoutsOf(ann)).toHaveLength(1);
  });
});
