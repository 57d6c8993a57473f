// The second channel (商家转账) end to end: a prize becomes a bill, the follower confirms, and what WeChat Pay says of it is
// believed only with its signature. Seals of notifications are made with code nobody here wrote.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin';
import { createBot } from '../../src/app/bot.ts';
import type { MerchantConfig, TransferMerchant } from '../../src/config/merchant.ts';
import { waysOf } from '../../src/config/merchant.ts';
import { openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { type Instant, instant, later } from '../../src/core/base/time.ts';
import { commitOf, intentOf } from '../../src/core/payout/bulk.ts';
import { classify } from '../../src/core/payout/classify.ts';
import { asBillNo, type Observation, type Payout } from '../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../src/core/payout/transitions.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Payer, Store } from '../../src/ports.ts';
import { payerOf } from '../../src/setup/payer.ts';
import { createKeys } from '../../src/wechat/pay/platform-keys.ts';
import { createTransferPayer, transferPayerOver } from '../../src/wechat/pay/transfer.ts';
import {
  apiV3KeyOf,
  authorizationOf,
  decryptResource,
  signerOf,
  trustOf,
  verifySignature,
} from '../../src/wechat/pay/v3-signature.ts';
import type { Call, Reply } from '../../src/wechat/transport.ts';
import { aPayout } from '../storage/store.contract.ts';
import { exactly } from '../support/exactly.ts';
import { ACCOUNT, MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { isMap, readJson } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

const MCH_ID = MERCHANT.mchId;
const HOUR = 3_600_000;
const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';

let world: World;
const open = async (options: WorldOptions = {}): Promise<World> => {
  world = await startWorld({ channel: 'transfer', ...options });
  return world;
};
const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);
const shop = (): TransferMerchant => {
  const merchant = world.config.merchants.get('shop');
  if (merchant?.channel !== 'transfer') throw new Error('shop makes no transfers');
  return merchant;
};
const payoutsOf = (openid: string): Promise<Payout[]> => world.store.payouts({ user: openId(openid), limit: 10 });
const buckets = () => world.store.buckets('test');
const pay = (...pay: Parameters<World['simulator']['control']['setFaults']>[0]['pay']): void => {
  control().setFaults({ pay, platform: [] });
};

/** Somebody follows, and the transfer waits for them. */
async function waiting(): Promise<Payout> {
  const ann = world.person();
  await control().act(ann, { kind: 'follow' });
  return passUntil(async () => (await payoutsOf(ann)).find(payout => payout.state === 'sent'));
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
const ended = (payout: Payout, state: Payout['state']) =>
  passUntil(async () => (await world.store.payout(payout.billNo))!.state === state);

describe('a follower', () => {
  afterEach(() => world.close());

  test('follows, gets a transfer to confirm, confirms, and the notification ends it before anybody asks', async () => {
    await open();
    const payout = await waiting();
    const bill = control().packet(MCH_ID, payout.billNo)!;
    expect(bill).toMatchObject({
      channel: 'transfer',
      billState: 'WAIT_USER_CONFIRM',
      amount: 100,
      openid: payout.user,
    });
    expect(payout).toMatchObject({ packageInfo: bill.packageInfo, listId: bill.listId });
    expect(await buckets()).toEqual({ reserved: 0, sent: 100, received: 0, refunded: 0 });
    control().openPacket(MCH_ID, payout.billNo, payout.user);
    await world.simulator.noticesIdle();
    expect(control().notices()).toMatchObject([{ state: 'SUCCESS', outcome: 'delivered', tries: [{ status: 204 }] }]);
    expect(await world.store.payout(payout.billNo)).toMatchObject({ state: 'received', version: payout.version + 1 });
    expect(await buckets()).toEqual({ reserved: 0, sent: 0, received: 100, refunded: 0 });
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 1, sentAmount: 100, receivedAmount: 100 });
  });

  test('whose transfer left before the merchant went over to red packets confirms, and the notification ends it all the same', async () => {
    await open({ yaml: text => text.replace('channel: transfer', 'channel: redpack') });
    const merchant = world.config.merchants.get('shop')!;
    expect(merchant.channel).toBe('redpack');
    const transfer = waysOf(merchant).find(({ channel }) => channel === 'transfer')!;
    const [campaign] = world.bot.rulebook.current().campaigns;
    const batch = {
      ...{ name: 'before', campaign: campaign!, account: { name: 'tea', appId: ACCOUNT.appId }, seed: 'seed' },
      merchant: { ...transfer, notifyUrl: `${world.url}/notify/transfer/shop` },
    };
    const ann = world.person(true);
    const commit = commitOf(batch, intentOf(batch, openId(ann), { amount: fen(100) }, now()), now());
    expect(await world.store.commit(commit)).toEqual({ kind: 'done' });
    await ended(commit.payout, 'sent');
    control().openPacket(MCH_ID, commit.payout.billNo, openId(ann));
    await world.simulator.noticesIdle();
    expect(control().notices()).toMatchObject([{ state: 'SUCCESS', outcome: 'delivered', tries: [{ status: 204 }] }]);
    expect(await world.store.payout(commit.payout.billNo)).toMatchObject({ state: 'received' });
  });

  test('confirms, the notification is lost, and the query ends it', async () => {
    await open();
    const payout = await waiting();
    pay({ kind: 'lostNotice' });
    control().openPacket(MCH_ID, payout.billNo, payout.user);
    await world.simulator.noticesIdle();
    expect(control().notices()).toMatchObject([{ outcome: 'lost' }]);
    await ended(payout, 'received');
    expect(await buckets()).toEqual({ reserved: 0, sent: 0, received: 100, refunded: 0 });
  });

  test('confirms, and five notifications at once are one change', async () => {
    await open();
    const payout = await waiting();
    pay({ kind: 'duplicateNotice', copies: 5 });
    control().openPacket(MCH_ID, payout.billNo, payout.user);
    await world.simulator.noticesIdle();
    expect(
      control()
        .notices()[0]!
        .tries.map(each => each.status),
    ).toEqual([204, 204, 204, 204, 204]);
    expect((await world.store.payout(payout.billNo))!.version).toBe(payout.version + 1);
  });

  test.each([
    ['told of it', []],
    ['not told of it', [{ kind: 'lostNotice' }]],
  ] as const)(
    'who does not confirm within 24 h gives the money back to the budget; the bot is %s',
    async (_, faults) => {
      await open();
      const payout = await waiting();
      pay(...faults);
      control().moveClock({ advanceMs: 24 * HOUR + 60_000 });
      await world.simulator.noticesIdle();
      if (faults.length === 0) expect((await world.store.payout(payout.billNo))!.state).toBe('refunded');
      await ended(payout, 'refunded');
      expect(await buckets()).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 100 });
      const facts = await world.store.facts({
        account: 'tea',
        user: payout.user,
        merchant: 'shop',
        claims: [],
        counters: ['campaign/test/amount'],
      });
      expect(facts.counters.get('campaign/test/amount') ?? 0).toBe(0);
      expect(control().merchant(MCH_ID)).toMatchObject({ balance: MERCHANT.balance, refundedAmount: 100 });
    },
  );

  test('whose account cannot receive money: the bill fails, the reservation is free again, and no other number is tried', async () => {
    await open();
    pay({ kind: 'noAuthUser' });
    const ann = world.person();
    await control().act(ann, { kind: 'follow' });
    const payout = await passUntil(async () => (await payoutsOf(ann)).find(each => each.state === 'failed'));
    expect(payout).toMatchObject({ userRefused: true, attempt: 1 });
    expect(await buckets()).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 0 });
    expect(await payoutsOf(ann)).toHaveLength(1);
    expect(await world.store.halt('shop')).toBeUndefined();
    await until(() =>
      control()
        .person(ann)
        .chat.some(line => line.kind === 'text' && /红包/.test(line.text) && line.push === undefined),
    );
  });
});

describe('WeChat Pay in trouble', () => {
  afterEach(() => world.close());

  test.each([
    'lostReply',
    'errorAfterSent',
    'errorNothingStored',
    'freqLimit',
    'truncated',
    'html502',
    'unknownCode',
    'extraElements',
    'processing',
  ] as const)('with %s, there is one bill under one number, and it can be confirmed', async kind => {
    await open();
    pay({ kind, times: 1, afterMs: 3000 });
    const payout = await waiting();
    expect(await payoutsOf(payout.user)).toHaveLength(1);
    expect(
      control()
        .state()
        .packets.map(packet => packet.billNo),
    ).toEqual([payout.billNo]);
    expect(payout.packageInfo).toBe(control().packet(MCH_ID, payout.billNo)!.packageInfo);
    expect(payout.packageInfo).toBeDefined();
    control().openPacket(MCH_ID, payout.billNo, payout.user);
    await ended(payout, 'received');
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 1, sentAmount: 100 });
    expect(await world.store.halt('shop')).toBeUndefined();
  });

  test.each(['errorNothingStored', 'freqLimit', 'truncated', 'html502', 'lostReply'] as const)(
    'a question that meets %s is asked again',
    async kind => {
      await open();
      const payout = await waiting();
      pay({ kind, times: 1, at: 'transferQuery' }, { kind: 'lostNotice' });
      control().openPacket(MCH_ID, payout.billNo, payout.user);
      await ended(payout, 'received');
      expect(control().faults().pay).toEqual([{ kind: 'lostNotice' }]);
    },
  );

  test('a process that died after its call: the next one asks, and creates once more under the number, which tells package_info', async () => {
    await open();
    await world.bot.settle.stop();
    const ann = world.person();
    await control().act(ann, { kind: 'follow' });
    const begun = beginSend((await payoutsOf(ann))[0]!, now());
    await world.store.advance(begun);
    const payer = payerOf(shop(), now);
    expect(await payer.send(begun.payout)).toMatchObject({ kind: 'order', state: 'WAIT_USER_CONFIRM' }); // nobody writes it down
    await payer.close();
    const settle = world.newSettle();
    const sent = await until(async () => {
      await settle.pass();
      control().moveClock({ advanceMs: 1000 });
      return (await payoutsOf(ann)).find(payout => payout.state === 'sent');
    });
    expect(sent.packageInfo).toBe(control().packet(MCH_ID, sent.billNo)!.packageInfo);
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 1 });
    await settle.stop();
  });

  test('an empty balance halts the merchant; once it is filled, a probe gets through and the same number is paid', async () => {
    await open({ balance: 0 });
    const ann = world.person();
    await control().act(ann, { kind: 'follow' });
    await world.bot.settle.pass();
    expect(await payoutsOf(ann)).toMatchObject([{ state: 'held' }]);
    expect(await world.store.halt('shop')).toMatchObject({ code: 'NOT_ENOUGH', by: 'bot' });
    control().setBalance(MCH_ID, 1000_00);
    control().moveClock({ advanceMs: 6 * 60_000 });
    await passUntil(async () => (await payoutsOf(ann))[0]!.state === 'sent');
    expect(await world.store.halt('shop')).toBeUndefined();
    expect(await payoutsOf(ann)).toHaveLength(1);
  });

  test('NO_AUTH halts the merchant until a person resumes, and nothing is lost', async () => {
    await open();
    pay({ kind: 'noAuthIp' });
    const ann = world.person();
    await control().act(ann, { kind: 'follow' });
    await world.bot.settle.pass();
    expect(await world.store.halt('shop')).toMatchObject({ code: 'NO_AUTH' });
    pay();
    await world.store.setHalt('shop', undefined);
    await passUntil(async () => (await payoutsOf(ann))[0]!.state === 'sent');
  });
});

describe('a cancellation', () => {
  let payer: Payer;
  afterEach(async () => {
    await payer.close();
    await world.close();
  });

  test('takes back what was not confirmed, and the money returns to the budget', async () => {
    await open();
    const payout = await waiting();
    payer = payerOf(shop(), now);
    const seen = await payer.cancel!(payout);
    expect(seen).toMatchObject({ kind: 'order', state: 'CANCELING' });
    expect(await world.store.advance(observe(payout, seen, true, now(), shop().policy).step)).toBe('moved');
    expect(() => control().openPacket(MCH_ID, payout.billNo, payout.user)).toThrow(/CANCELING/);
    await ended(payout, 'refunded');
    expect(await buckets()).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 100 });
    expect(control().merchant(MCH_ID).balance).toBe(MERCHANT.balance);
  });

  test('that comes too late is refused, and one of an unknown number finds nothing', async () => {
    await open();
    const payout = await waiting();
    control().openPacket(MCH_ID, payout.billNo, payout.user);
    payer = payerOf(shop(), now);
    expect(await payer.cancel!(payout)).toMatchObject({ kind: 'refused', code: 'INVALID_REQUEST' });
    const other = { ...payout, billNo: asBillNo('NOBODY') };
    expect([await payer.cancel!(other), await payer.query(other)]).toEqual([
      { kind: 'notFound' },
      { kind: 'notFound' },
    ]);
  });
});

// ── Notifications ────────────────────────────────────────────────────────────────────────────────────────

const PAY_KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const KEY_ID = 'PUB_KEY_ID_0119000001092026021000000000000001';
const API_V3_KEY = '0123456789abcdef0123456789ABCDEF';

type Sealed = {
  readonly key?: string;
  readonly serial?: string;
  readonly apiV3Key?: string;
  readonly event?: string;
  readonly time?: string;
  readonly resource?: Readonly<Record<string, unknown>>;
  /** Instead of the whole document. */
  readonly clear?: string;
  readonly body?: (body: string) => string;
};
type Delivery = { readonly headers: Record<string, string>; readonly body: string };

/** A notification as WeChat Pay would seal it. `body` changes it after the signature. */
function seal(content: object, parts: Sealed = {}): Delivery {
  const nonce = randomBytes(6).toString('hex');
  const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(content), parts.apiV3Key ?? API_V3_KEY, nonce, 'mch_payment');
  const clear =
    parts.clear ??
    JSON.stringify({
      id: 'EV-1',
      create_time: '2026-02-10T10:00:00+08:00',
      resource_type: 'encrypt-resource',
      event_type: parts.event ?? 'MCHTRANSFER.BILL.FINISHED',
      summary: '商家转账单据终态通知',
      resource: {
        original_type: 'mch_payment',
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext,
        associated_data: 'mch_payment',
        nonce,
        ...parts.resource,
      },
    });
  const time = parts.time ?? seconds(now());
  const signature = Rsa.sign(Formatter.response(time, nonce, clear), parts.key ?? PAY_KEYS.privateKey);
  const headers = {
    'wechatpay-serial': parts.serial ?? KEY_ID,
    'wechatpay-timestamp': time,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': signature,
  };
  return { headers, body: parts.body?.(clear) ?? clear };
}
const seconds = (at: number): string => String(Math.floor(at / 1000));

describe('a notification', () => {
  let url = '';
  let close: () => Promise<void>;
  /** Stands between the door and the store. */
  let advance: Store['advance'] | undefined;

  beforeAll(async () => {
    await open();
    // A second bot on the same store, which believes keys that this test holds.
    const trusted: TransferMerchant = {
      ...shop(),
      apiV3Key: API_V3_KEY,
      payNotice: {
        orderQuery: false,
        v3: {
          apiV3Key: API_V3_KEY,
          platformKeys: [{ id: KEY_ID, pem: Buffer.from(PAY_KEYS.publicKey) }],
          fetcher: { serialNo: shop().serialNo, privateKey: shop().privateKey },
        },
      },
    };
    const merchants = new Map<string, MerchantConfig>([
      ['shop', trusted],
      ['other', { ...trusted, name: 'other', mchId: '1900000110' }],
    ]);
    const bot = await createBot({
      holder: 'test',
      config: { ...world.config, merchants },
      clock: now,
      timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
      log: SILENT,
      store: { ...world.store, advance: step => (advance ?? world.store.advance)(step) },
    });
    const server = createServer(bot.app.callback());
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${portOf(server)}`;
    close = async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await bot.stop();
      await world.close();
    };
  });
  afterEach(() => {
    advance = undefined;
  });
  afterAll(() => close());

  async function deliver(
    { headers, body }: { headers: Record<string, string>; body: string | Uint8Array<ArrayBuffer> },
    merchant = 'shop',
  ) {
    const answer = await fetch(`${url}/notify/transfer/${merchant}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: answer.status, body: await answer.text() };
  }
  const contentOf = (payout: Payout, parts: object = {}): object => ({
    mch_id: MCH_ID,
    out_bill_no: payout.billNo,
    transfer_bill_no: payout.listId,
    transfer_amount: payout.amount,
    state: 'SUCCESS',
    openid: payout.user,
    create_time: '2026-02-10T10:00:00+08:00',
    update_time: '2026-02-10T10:00:00+08:00',
    ...parts,
  });
  const fail = (reason: string): object => ({ state: 'FAIL', fail_reason: reason });
  /** Everything one could have changed. */
  const traces = async () =>
    JSON.stringify([await world.store.payouts({ limit: 1000 }), await world.store.halt('shop'), await buckets()]);
  const refusal = { status: 404, body: '{"code":"FAIL","message":"no such bill"}' };

  test('that is right is acknowledged with 204 and applied once, however often it is repeated', async () => {
    const payout = await waiting();
    const delivery = seal(contentOf(payout));
    expect(await deliver(delivery)).toEqual({ status: 204, body: '' });
    expect(await world.store.payout(payout.billNo)).toMatchObject({ state: 'received', version: payout.version + 1 });
    const before = await traces();
    expect(await deliver(delivery)).toEqual({ status: 204, body: '' });
    expect((await deliver(seal(contentOf(payout, fail('PAYEE_ACCOUNT_ABNORMAL'))))).status).toBe(204); // what is final stays
    expect(await traces()).toBe(before);
    control().moveClock({ advanceMs: 302_000 });
    expect(await deliver(delivery)).toEqual({ status: 401, body: '' });
    expect(await traces()).toBe(before);
  });

  test('that is forged, altered, stale or unreadable is refused with an empty 401 and changes nothing', async () => {
    const payout = await waiting();
    const good = contentOf(payout);
    const strangers = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const without = (name: string, delivery = seal(good)): Delivery => ({
      ...delivery,
      headers: Object.fromEntries(Object.entries(delivery.headers).filter(([each]) => each !== name)),
    });
    const probe = seal(good);
    const attacks: Record<string, Delivery> = {
      'another key': seal(good, { key: strangers.privateKey }),
      'another key and its own serial': seal(good, { key: strangers.privateKey, serial: 'PUB_KEY_ID_FORGED' }),
      'the right key under another serial': seal(good, { serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1' }),
      'a body changed after the signature': seal(good, { body: body => body.replace('EV-1', 'EV-2') }),
      'a byte more after the signature': seal(good, { body: body => `${body}\n` }),
      'a stale timestamp': seal(good, { time: seconds(now() - 302_000) }),
      'a timestamp ahead of us': seal(good, { time: seconds(now() + 302_000) }),
      'a timestamp that is none': seal(good, { time: 'NaN' }),
      'no signature': without('wechatpay-signature'),
      'no serial': without('wechatpay-serial'),
      'no timestamp': without('wechatpay-timestamp'),
      'no nonce': without('wechatpay-nonce'),
      'a probe': {
        ...probe,
        headers: {
          ...probe.headers,
          'wechatpay-signature': `WECHATPAY/SIGNTEST/${probe.headers['wechatpay-signature']!.slice(19)}`,
        },
      },
      'an empty body': { headers: seal(good).headers, body: '' },
    };
    const before = await traces();
    for (const [name, delivery] of Object.entries(attacks))
      expect([name, await deliver(delivery)]).toEqual([name, { status: 401, body: '' }]);
    expect(await deliver({ headers: seal(good).headers, body: new Uint8Array([0x7b, 0xff, 0x7d]) })).toEqual({
      status: 401,
      body: '',
    });
    expect(await deliver(seal(good, { body: body => body + ' '.repeat(70_000) }))).toEqual({ status: 413, body: '' });
    expect((await deliver(seal(good), 'nobody')).status).toBe(401);
    expect(await traces()).toBe(before);
    expect((await deliver(seal(good))).status).toBe(204);
  });

  test('with a right signature is heard, whatever is in it: only what nobody can open is asked for again', async () => {
    const payout = await waiting();
    const good = contentOf(payout);
    const unread: Record<string, Delivery> = {
      'another event': seal(good, { event: 'TRANSACTION.SUCCESS' }),
      'another merchant inside': seal({ ...good, mch_id: '1900000110' }),
      'a bill under way': seal({ ...good, state: 'WAIT_USER_CONFIRM' }),
      'a state nobody knows': seal({ ...good, state: 'DONE' }),
      'an amount in words': seal({ ...good, transfer_amount: '一百' }),
      'no openid': seal({ ...good, openid: undefined }),
      'no JSON': seal(good, { clear: 'state=SUCCESS' }),
      'no object': seal(good, { clear: '[]' }),
      'no resource': seal(good, { clear: '{"event_type":"MCHTRANSFER.BILL.FINISHED"}' }),
      'nothing inside': seal([]),
      'no ciphertext': seal(good, { resource: { ciphertext: '' } }),
      'a ciphertext shorter than its tag': seal(good, { resource: { ciphertext: 'AAAA' } }),
      'an empty nonce': seal(good, { resource: { nonce: '' } }),
      'another algorithm': seal(good, { resource: { algorithm: 'AEAD_SM4_GCM' } }),
    };
    const unopened: Record<string, Delivery> = {
      'a ciphertext that was altered': seal(good, { resource: { ciphertext: Buffer.alloc(200).toString('base64') } }),
      'other associated data': seal(good, { resource: { associated_data: 'transaction' } }),
      'another nonce': seal(good, { resource: { nonce: 'fdasflkja484' } }),
      'another APIv3 key': seal(good, { apiV3Key: 'fedcba9876543210fedcba9876543210' }),
    };
    const before = await traces();
    for (const [name, delivery] of Object.entries(unread))
      expect([name, await deliver(delivery)]).toEqual([name, { status: 204, body: '' }]);
    expect(await deliver(seal(good), 'other')).toEqual({ status: 204, body: '' }); // one of ours, at another one's door
    for (const [name, delivery] of Object.entries(unopened))
      expect([name, (await deliver(delivery)).status]).toEqual([name, 503]);
    expect(await traces()).toBe(before);
  });

  test('signed by WeChat Pay, but about no payout of ours, is answered FAIL and changes nothing', async () => {
    const payout = await waiting();
    const before = await traces();
    expect(await deliver(seal(contentOf(payout, { out_bill_no: 'NOBODY' })))).toEqual(refusal);
    expect(await deliver(seal(contentOf(payout, { transfer_amount: 101 })))).toEqual(refusal);
    expect(await deliver(seal(contentOf(payout, { openid: 'oSomebodyElse' })))).toEqual(refusal);
    expect(await deliver(seal(contentOf(payout, { mch_id: '1900000110' })), 'other')).toEqual(refusal);
    expect(await traces()).toBe(before);
  });

  test('is acknowledged only once it is written down', async () => {
    const payout = await waiting();
    let isWritten = false;
    advance = async step => {
      await sleep(150);
      const result = await world.store.advance(step);
      isWritten = true;
      return result;
    };
    expect((await deliver(seal(contentOf(payout)))).status).toBe(204);
    expect(isWritten).toBe(true);
  });

  test('that cannot be written down is asked for again', async () => {
    const payout = await waiting();
    advance = () => Promise.reject(new Error('disk full'));
    expect(await deliver(seal(contentOf(payout)))).toEqual({
      status: 503,
      body: '{"code":"FAIL","message":"try again"}',
    });
    advance = () => Promise.resolve('stale');
    expect((await deliver(seal(contentOf(payout)))).status).toBe(503);
    expect((await world.store.payout(payout.billNo))!.state).toBe('sent');
    let races = 0;
    advance = async step => (races++ < 2 ? 'stale' : world.store.advance(step));
    expect((await deliver(seal(contentOf(payout)))).status).toBe(204);
    expect((await world.store.payout(payout.billNo))!.state).toBe('received');
  });

  test('ten times at once is one change', async () => {
    const payout = await waiting();
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(seal(contentOf(payout)))));
    expect(answers.map(answer => answer.status)).toEqual(Array(10).fill(204));
    expect((await world.store.history(payout.billNo)).filter(line => line.to === 'received')).toHaveLength(1);
  });

  test('of a failure that is the merchant’s halts it, as an answer would', async () => {
    const payout = await waiting();
    expect((await deliver(seal(contentOf(payout, fail('PAYER_ACCOUNT_ABNORMAL'))))).status).toBe(204);
    expect(await world.store.halt('shop')).toMatchObject({ code: 'PAYER_ACCOUNT_ABNORMAL', by: 'bot' });
    expect((await world.store.payout(payout.billNo))!.state).toBe('refunded');
    await world.store.setHalt('shop', undefined);
  });
});

// ── The protocol, without a network ──────────────────────────────────────────────────────────────────────

describe('the protocol', () => {
  const merchantKeys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const NOW = instant(Date.UTC(2026, 1, 10, 2));
  const config = {
    api: 'https://127.0.0.1:1',
    mchId: MCH_ID,
    apiV3Key: API_V3_KEY,
    serialNo: '5157f09efdc096de15ebe81a47057a7232f1b8e1',
    privateKey: Buffer.from(merchantKeys.privateKey),
    ca: undefined,
  };
  const platformKeys = [{ id: KEY_ID, pem: Buffer.from(PAY_KEYS.publicKey) }];
  const keys = createKeys({
    merchant: 'shop',
    apiV3Key: API_V3_KEY,
    keys: platformKeys,
    clock: () => NOW,
    log: SILENT,
  });
  const request = {
    channel: 'transfer',
    mchId: MCH_ID,
    appId: ACCOUNT.appId,
    sceneId: '1000',
    remark: '新春快乐',
    perception: '现金奖励',
    notifyUrl: 'https://bot.example.com/notify/transfer/shop',
    reports: [
      { type: '活动名称', content: '新春' },
      { type: '奖励说明', content: '恭喜' },
    ],
  } as const;
  const payout = aPayout({ billNo: asBillNo('190000010920260210aaaaaaaaaa'), user: openId('oAnn'), request });

  function signed(body: string, { at = +NOW, key = PAY_KEYS.privateKey, serial = KEY_ID } = {}): Reply {
    const [timestamp, nonce] = [seconds(at), randomBytes(8).toString('hex')];
    const signature = Rsa.sign(Formatter.response(timestamp, nonce, body), key);
    const headers = {
      'wechatpay-serial': serial,
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': nonce,
      'wechatpay-signature': signature,
    };
    return { status: 200, headers, text: body };
  }
  const answer = (parts: object = {}): string =>
    JSON.stringify({
      out_bill_no: payout.billNo,
      transfer_bill_no: '133',
      state: 'WAIT_USER_CONFIRM',
      package_info: 'PKG',
      ...parts,
    });
  const over = (reply: Reply | { seen: Observation }, calls: Call[] = []): Payer =>
    transferPayerOver(
      config,
      () => NOW,
      {
        call: async call => {
          calls.push(call);
          return reply;
        },
        close: () => Promise.resolve(),
      },
      keys,
    );
  const told = (status: number, text: string): Reply => ({ status, headers: {}, text });
  const error = (code: string): string => JSON.stringify({ code, message: '原因' });

  test('every field of the creation is the stored one, and the signature covers it', async () => {
    const calls: Call[] = [];
    expect(await over(signed(answer()), calls).send(payout)).toEqual({
      kind: 'order',
      state: 'WAIT_USER_CONFIRM',
      listId: '133',
      packageInfo: 'PKG',
    });
    const [{ method, path, headers, body = '' }] = exactly(1, calls);
    expect(JSON.parse(body)).toEqual({
      appid: ACCOUNT.appId,
      out_bill_no: payout.billNo,
      transfer_scene_id: '1000',
      openid: 'oAnn',
      transfer_amount: 100,
      transfer_remark: '新春快乐',
      notify_url: 'https://bot.example.com/notify/transfer/shop',
      user_recv_perception: '现金奖励',
      transfer_scene_report_infos: [
        { info_type: '活动名称', info_content: '新春' },
        { info_type: '奖励说明', info_content: '恭喜' },
      ],
    });
    expect([method, path, headers.accept, headers['wechatpay-serial']]).toEqual([
      'POST',
      BILLS,
      'application/json',
      KEY_ID,
    ]);
    const part = (name: string): string => new RegExp(`${name}="([^"]+)"`).exec(headers.authorization!)![1]!;
    expect(part('serial_no')).toBe('5157F09EFDC096DE15EBE81A47057A7232F1B8E1');
    expect(
      Rsa.verify(
        Formatter.request('POST', BILLS, part('timestamp'), part('nonce_str'), body),
        part('signature'),
        merchantKeys.publicKey,
      ),
    ).toBe(true);
  });

  test('what is not set is not sent', async () => {
    const calls: Call[] = [];
    const { perception: _, notifyUrl: __, ...least } = request;
    await over(signed(answer()), calls).send({ ...payout, request: least });
    expect(Object.keys(readJson(calls[0]!.body!, isMap))).toEqual([
      'appid',
      'out_bill_no',
      'transfer_scene_id',
      'openid',
      'transfer_amount',
      'transfer_remark',
      'transfer_scene_report_infos',
    ]);
  });

  test('query and cancel name the bill in the path', async () => {
    const calls: Call[] = [];
    const payer = over(signed(answer()), calls);
    await payer.query(payout);
    await payer.cancel!(payout);
    expect(calls.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', `${BILLS}/out-bill-no/${payout.billNo}`, undefined],
      ['POST', `${BILLS}/out-bill-no/${payout.billNo}/cancel`, '{}'],
    ]);
  });

  const lost: Observation = { kind: 'unreached', code: 'ECONNREFUSED', text: '' };
  test.each<[string, () => Reply | { seen: Observation }, object]>([
    [
      'a wrong signature',
      () => ({ ...signed(answer()), text: answer({ package_info: 'EVIL' }) }),
      { kind: 'silence', code: 'BAD_SIGNATURE' },
    ],
    ['no signature', () => told(200, answer()), { kind: 'silence', code: 'BAD_SIGNATURE' }],
    ['an old signature', () => signed(answer(), { at: NOW - 301_000 }), { kind: 'silence', code: 'BAD_SIGNATURE' }],
    [
      'a signature under another serial',
      () => signed(answer(), { serial: 'PUB_KEY_ID_OTHER' }),
      { kind: 'silence', code: 'UNKNOWN_KEY' },
    ],
    ['half a document', () => signed(answer().slice(0, 20)), { kind: 'silence', code: 'UNREADABLE' }],
    ['a list', () => signed('[]'), { kind: 'silence', code: 'UNREADABLE' }],
    ['another number', () => signed(answer({ out_bill_no: 'OTHER' })), { kind: 'silence', code: 'OTHER_ORDER' }],
    ['another amount', () => signed(answer({ transfer_amount: 101 })), { kind: 'silence', code: 'OTHER_AMOUNT' }],
    [
      'an amount that a relay made a text of',
      () => signed(answer({ transfer_amount: '100' })),
      { kind: 'order', state: 'WAIT_USER_CONFIRM' },
    ],
    ['another payee', () => signed(answer({ openid: 'oBob' })), { kind: 'silence', code: 'OTHER_PAYEE' }],
    ['an unknown state', () => signed(answer({ state: 'LOST' })), { kind: 'silence', code: 'STATE' }],
    [
      'a failed bill',
      () => signed(answer({ state: 'FAIL', fail_reason: 'OVERDUE_CLOSE' })),
      { kind: 'order', state: 'FAIL', reason: 'OVERDUE_CLOSE' },
    ],
    ['400 with a code', () => told(400, error('PARAM_ERROR')), { kind: 'refused', code: 'PARAM_ERROR', text: '原因' }],
    ['403 without JSON', () => told(403, '<html>'), { kind: 'silence', code: 'HTTP 403' }],
    ['429', () => told(429, 'slow down'), { kind: 'refused', code: 'FREQUENCY_LIMIT_EXCEED' }],
    ['500 with SYSTEM_ERROR', () => told(500, error('SYSTEM_ERROR')), { kind: 'refused', code: 'SYSTEM_ERROR' }],
    ['500 with another code', () => told(500, error('PARAM_ERROR')), { kind: 'silence', code: 'HTTP 500' }],
    ['502 of a gateway', () => told(502, '<html>'), { kind: 'silence', code: 'HTTP 502' }],
    ['a redirect', () => told(302, ''), { kind: 'silence', code: 'HTTP 302' }],
    ['no connection', () => ({ seen: lost }), lost],
  ])('%s is read as what it is, by creation and query alike', async (_, reply, seen) => {
    expect(await over(reply()).send(payout)).toMatchObject(seen);
    expect(await over(reply()).query(payout)).toMatchObject(seen);
  });

  test('404 is an answer to a question only', async () => {
    const gone = told(404, error('NOT_FOUND'));
    expect(await over(gone).query(payout)).toEqual({ kind: 'notFound' });
    expect(await over(gone).send(payout)).toMatchObject({ kind: 'refused', code: 'NOT_FOUND' });
    expect(await over(told(404, '<html>')).query(payout)).toMatchObject({ kind: 'silence' });
    // Of whoever stands in between: it says nothing of the bill.
    for (const code of ['RESOURCE_NOT_EXISTS', 'NO_ROUTE', '404']) {
      const seen = await over(told(404, error(code))).query(payout);
      expect(seen).toMatchObject({ kind: 'refused', code });
      expect(classify(seen, true, payout.request)).toBe('noAnswer');
    }
  });

  test('where nothing listens, nothing was sent', async () => {
    const payer = createTransferPayer(config, () => NOW, keys);
    expect(await payer.send(payout)).toMatchObject({ kind: 'unreached', code: 'ECONNREFUSED' });
    await payer.close();
  });

  test('signatures are the same as those of wechatpay-axios-plugin, to the byte', () => {
    const call = { method: 'POST', path: `${BILLS}?a=b`, body: '{"transfer_remark":"新春"}' } as const;
    const theirs = Rsa.sign(
      Formatter.request(call.method, call.path, seconds(NOW), 'nonce1', call.body),
      merchantKeys.privateKey,
    );
    const signer = signerOf(config);
    expect(authorizationOf(signer, call, NOW, 'nonce1')).toBe(
      Formatter.authorization(MCH_ID, 'nonce1', theirs, seconds(NOW), signer.serialNo),
    );
  });

  test('what wechatpay-axios-plugin signs is accepted within 300 s, and nothing beside it', () => {
    const { headers, text } = signed('{"a":"新"}');
    const trust = trustOf(platformKeys);
    for (const at of [NOW, later(NOW, 300_000), later(NOW, -300_000)])
      expect(() => verifySignature(trust, headers, text, at)).not.toThrow();
    for (const at of [later(NOW, 301_000), later(NOW, -301_000)])
      expect(() => verifySignature(trust, headers, text, at)).toThrow('300 s');
    expect(() => verifySignature(trust, headers, `${text} `, NOW)).toThrow('Wechatpay-Signature is wrong');
    expect(() => verifySignature(trust, { ...headers, 'wechatpay-serial': [KEY_ID, KEY_ID] }, text, NOW)).toThrow(
      'Wechatpay-Serial',
    );
    expect(() => verifySignature(trust, { ...headers, 'wechatpay-signature': '' }, text, NOW)).toThrow(
      'Wechatpay-Signature is wrong',
    );
  });

  test('the vector of AEAD_AES_256_GCM, both ways', () => {
    const plain =
      '{"mch_id":"1900001109","out_bill_no":"plfk2020042013","transfer_bill_no":"1330000071100999991182020050700019480001","transfer_amount":200,"state":"SUCCESS","openid":"o-MYE42l80oelYMDE34nYD456Xoy","create_time":"2015-05-20T13:29:35+08:00","update_time":"2015-05-20T13:30:35+08:00"}';
    const ciphertext =
      'bz1kVndunWd9mLeW5FZeuBxDbqnw13VBTRkgTwGgdcgd7SUTxiq05aYfn5elPKWViFkGB26iSOrMb5dVI/l6jB40xjoyQVGlpRTii5/nBeQXfoGPlm7I1C0LPPtVkZEjI15BP+rTJ7TL8bRs3izx4iMI9dg7BtF6OJaSewhZrdmBdVx7AO8TwNCBHLuHOZSzSrKQ99BMR+hXubP6KyfkZGtzHoTJWwPhokxaF1wN3dLz3ghmWaIyJZIlwR0YeAjw6reuN03oYcoClIMobzKZI3wURaLfV6SJ6elK6/Orfr8JYFyLFsUKhXlcl2KL5S2LLVyKxyAfpzJvGSRkxig1h/wsf6eZVo8J2uF1HvpXZ5KqkcSoa4VDicMvHXNyn9wukPewiHhwXnM=';
    const sealed = { algorithm: 'AEAD_AES_256_GCM', ciphertext, associatedData: 'mch_payment', nonce: 'fdasflkja484' };
    const key = apiV3KeyOf(API_V3_KEY);
    expect(decryptResource(key, sealed)).toBe(plain);
    expect(Aes.AesGcm.encrypt(plain, API_V3_KEY, 'fdasflkja484', 'mch_payment')).toBe(ciphertext);
    for (const wrong of [
      { nonce: 'fdasflkja485' },
      { associatedData: '' },
      { ciphertext: ciphertext.slice(0, -8) },
      { ciphertext: '' },
    ]) {
      expect(() => decryptResource(key, { ...sealed, ...wrong })).toThrow(
        'the notification cannot be decrypted with this APIv3 key',
      );
    }
  });

  test('an associated text may be empty, and a nonce longer than twelve', () => {
    const sealed = {
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: Aes.AesGcm.encrypt('新', API_V3_KEY, 'thirteen-long', ''),
      associatedData: '',
      nonce: 'thirteen-long',
    };
    expect(decryptResource(apiV3KeyOf(API_V3_KEY), sealed)).toBe('新');
  });

  test('an APIv3 key of another length is refused at the start, without repeating it', () => {
    expect(() => apiV3KeyOf('short-secret')).toThrow(/^apiV3Key: expected 32 letters and digits$/);
  });
});
