// The simulated shop: orders, notices, refunds and questions, as WeChat Pay would speak; read by code nobody here wrote.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { Aes, Formatter, Hash, Rsa, Transformer, Wechatpay } from 'wechatpay-axios-plugin';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ACCOUNT, MERCHANT } from '../support/harness.ts';
import { has, isMap, isMapOf, isText, read, readJson } from '../support/json.ts';
import { headersOf, portOf } from '../support/listening.ts';

type Fields = Record<string, string>;
const { mchId: MCH, apiV2Key: KEY } = MERCHANT;
const MINUTE = 60_000;

let simulator: Simulator;
let openid = '';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  await simulator.close();
  for (const close of closing.splice(0)) await close();
});

async function start(folder?: string): Promise<void> {
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(Date.now),
    accounts: [ACCOUNT],
    merchants: [MERCHANT],
    ...(folder !== undefined && { folder }),
  });
  openid = simulator.control.state().people[0]?.openid ?? simulator.control.addPerson().openid;
}

type Heard = { readonly headers: Record<string, string>; readonly text: string };
/** A merchant's server that answers what it is told to. */
async function listening(answer: () => { status: number; body?: string }): Promise<Heard[]> {
  const heard: Heard[] = [];
  const server: Server = createServer(async (req, res) => {
    heard.push({ headers: headersOf(req), text: await text(req) });
    const { status, body } = answer();
    res.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  simulator.setPayNotify(MCH, `http://127.0.0.1:${portOf(server)}/notify`);
  return heard;
}
const SUCCESS = { status: 200, body: '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>' };
const faults = (...pay: PayFault[]) => void simulator.control.setFaults({ pay, platform: [] });
const tries = (n = 0): number => simulator.control.payNotices().at(n)!.tries.length;
async function pass(ms: number): Promise<void> {
  simulator.control.moveClock({ advanceMs: ms });
  await simulator.noticesIdle();
}

function sdk(): Wechatpay {
  const { caPem: ca, certPem: cert, keyPem, serialNumber, publicKeyId, publicKeyPem } = simulator.certificates(MCH);
  const httpsAgent = new https.Agent({ ca });
  closing.push(() => httpsAgent.destroy());
  return new Wechatpay({
    mchid: MCH,
    serial: serialNumber,
    privateKey: keyPem,
    certs: { [publicKeyId]: publicKeyPem },
    secret: KEY,
    merchant: { cert, key: keyPem, ca },
    httpsAgent,
    baseURL: `${simulator.payUrl}/`,
    proxy: false,
  });
}

const fieldsOf = (xml: string): Fields => read(Transformer.toObject(xml), isMapOf(isText));

describe('a notice', () => {
  test.each(['MD5', 'HMAC-SHA256'] as const)('of API v2 has the sign by %s that others compute', async signType => {
    await start();
    const heard = await listening(() => SUCCESS);
    const order = simulator.control.pay(openid, { amount: 6800, coupon: 1800, attach: '店 1 & <2>', signType });
    await simulator.noticesIdle();
    const { sign, ...fields } = fieldsOf(heard[0]!.text);
    expect(Hash.sign(signType, fields, KEY)).toBe(sign);
    expect(fields).toMatchObject({
      return_code: 'SUCCESS',
      result_code: 'SUCCESS',
      mch_id: MCH,
      appid: ACCOUNT.appId,
      openid,
      total_fee: '6800',
      cash_fee: '5000',
      coupon_fee: '1800',
      coupon_fee_0: '1800',
      transaction_id: order.transactionId,
      out_trade_no: order.orderNo,
      attach: '店 1 & <2>',
      time_end: expect.stringMatching(/^\d{14}$/),
    });
    expect(order.transactionId).toMatch(/^\d{28}$/);
    simulator.control.refund(MCH, order.orderNo, 3400);
    await simulator.noticesIdle();
    const refund = fieldsOf(heard[1]!.text);
    expect(Object.keys(refund)).toEqual(['return_code', 'appid', 'mch_id', 'nonce_str', 'req_info']);
    const clear = Aes.AesEcb.decrypt(refund.req_info!, Hash.md5(KEY));
    expect(clear).toMatch(/^<root>.*<\/root>$/);
    expect(clear).toContain('<refund_fee><![CDATA[3400]]></refund_fee>');
    expect(clear).toContain('<settlement_refund_fee><![CDATA[2500]]></settlement_refund_fee>');
  });

  test('of API v3 has the signature and the seal that others open', async () => {
    await start();
    const heard = await listening(() => ({ status: 204 }));
    const order = simulator.control.pay(openid, { amount: 6800, coupon: 1800, api: 'v3' });
    await simulator.noticesIdle();
    simulator.control.refund(MCH, order.orderNo);
    await simulator.noticesIdle();
    const opened = heard.map(({ headers, text }) => {
      const signed = Formatter.response(headers['wechatpay-timestamp']!, headers['wechatpay-nonce']!, text);
      const key = Rsa.from(simulator.certificates(MCH).publicKeyPem, 'public');
      expect(Rsa.verify(signed, headers['wechatpay-signature']!, key)).toBe(true);
      const { event_type, resource } = readJson(text, has({ event_type: isText, resource: isMapOf(isText) }));
      const { ciphertext, nonce, associated_data } = resource;
      const clear = Aes.AesGcm.decrypt(ciphertext!, DEFAULT_API_V3_KEY, nonce!, associated_data!);
      return { event_type, type: resource.original_type, ...readJson(clear, isMap) };
    });
    expect(opened).toMatchObject([
      {
        event_type: 'TRANSACTION.SUCCESS',
        type: 'transaction',
        trade_state: 'SUCCESS',
        payer: { openid },
        amount: { total: 6800, payer_total: 5000, currency: 'CNY' },
      },
      { event_type: 'REFUND.SUCCESS', type: 'refund', amount: { refund: 6800, payer_refund: 5000 } },
    ]);
  });

  test('is repeated after 15 s, 15 s, 30 s and 3 min on the simulator’s clock, until it is accepted', async () => {
    await start();
    const answers = [
      { status: 500 },
      { status: 200 }, // of API v2 the word counts, not the status
      { status: 200, body: '<xml><return_code><![CDATA[FAIL]]></return_code></xml>' },
      { status: 404 },
      SUCCESS,
    ];
    const heard = await listening(() => answers[Math.min(heard.length, answers.length) - 1]!);
    simulator.control.pay(openid, { amount: 100 });
    await simulator.noticesIdle();
    const seen = [tries()];
    for (const ms of [14_000, 1500, 15_000, 29_000, 1500, 2 * MINUTE, MINUTE + 1000, 60 * MINUTE]) {
      await pass(ms);
      seen.push(tries());
    }
    expect(seen).toEqual([1, 1, 2, 3, 3, 4, 4, 5, 5]);
    expect(simulator.control.payNotices()).toMatchObject([{ what: 'paid', outcome: 'delivered' }]);
    expect(new Set(heard.map(({ text }) => text)).size).toBe(1);
  });

  test('is lost, late, doubled or forged where a fault says so; callbacks of transfers are not concerned', async () => {
    await start();
    await listening(() => SUCCESS);
    faults({ kind: 'lostNotice', at: 'payNotice', times: 1 });
    simulator.control.pay(openid, { amount: 100 });
    expect(simulator.control.payNotices()[0]).toMatchObject({ outcome: 'lost', tries: [] });
    faults({ kind: 'lateNotice', times: 1 });
    simulator.control.pay(openid, { amount: 100 });
    await pass(9 * MINUTE);
    expect(tries()).toBe(0);
    await pass(MINUTE + 1000);
    expect(tries()).toBe(1);
    faults({ kind: 'duplicateNotice', copies: 3, times: 1 }, { kind: 'forgedNotice', times: 1 });
    simulator.control.pay(openid, { amount: 100 });
    await simulator.noticesIdle();
    const [paid, forged] = simulator.control.payNotices();
    expect([paid!.what, paid!.tries.length, forged!.what, forged!.tries.length]).toEqual(['paid', 3, 'forged', 1]);
    expect(simulator.control.faults().pay).toEqual([]);
  });
});

describe('a question about an order', () => {
  test('of somebody else’s SDK is answered by API v2, signed, and by API v3', async () => {
    await start();
    const { orderNo, transactionId } = simulator.control.pay(openid, {
      ...{ amount: 6800, coupon: 1800, attach: 'pos' },
      notify: false,
    });
    const client = sdk();
    const ask = async (fields: Fields): Promise<Fields> =>
      (await client.chain('v2/pay/orderquery').post<Fields>({ appid: ACCOUNT.appId, mch_id: MCH, ...fields })).data;
    const answer = await ask({ out_trade_no: orderNo });
    expect(answer).toMatchObject({
      trade_state: 'SUCCESS',
      cash_fee: '5000',
      total_fee: '6800',
      openid,
      attach: 'pos',
    });
    expect(await ask({ transaction_id: transactionId })).toMatchObject({ out_trade_no: orderNo });
    const query = { params: { mchid: MCH } };
    const orders = client.chain('v3/pay/transactions');
    const state = async () => (await orders.chain(`out-trade-no/${orderNo}`).get<Fields>(query)).data.trade_state;
    expect(await state()).toBe('SUCCESS');
    expect((await orders.chain('id/{id}').get<unknown>({ ...query, id: transactionId })).data).toMatchObject({
      payer: { openid },
    });
    simulator.control.refund(MCH, orderNo, 1, { notify: false });
    expect(await ask({ out_trade_no: orderNo })).toMatchObject({ trade_state: 'REFUND' });
    expect(await state()).toBe('REFUND');
  });

  test('that finds nothing, or is wrong, is told so', async () => {
    await start();
    const client = sdk();
    const failure = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);
    const asked = { appid: ACCOUNT.appId, mch_id: MCH, out_trade_no: 'NOBODY' };
    const v2 = await failure(client.chain('v2/pay/orderquery').post(asked));
    expect(v2).toMatchObject({ response: { data: { result_code: 'FAIL', err_code: 'ORDERNOTEXIST' } } });
    const order = client.chain('v3/pay/transactions/out-trade-no/{no}');
    const v3 = await failure(order.get({ no: 'NOBODY', params: { mchid: MCH } }));
    expect(v3).toMatchObject({ response: { status: 404, data: { code: 'ORDER_NOT_EXIST' } } });
    const other = await failure(order.get({ no: 'NOBODY', params: { mchid: '1900000110' } }));
    expect(other).toMatchObject({ response: { status: 400 } });
    const { caPem: ca } = simulator.certificates(MCH);
    const wrong = await new Promise<string>(resolve => {
      const body = '<xml><mch_id>1900000109</mch_id><out_trade_no>A</out_trade_no><sign>A</sign></xml>';
      https.request(`${simulator.payUrl}/pay/orderquery`, { method: 'POST', ca }, res => resolve(text(res))).end(body);
    });
    expect(Transformer.toObject(wrong)).toEqual({ return_code: 'FAIL', return_msg: '签名错误' });
  });
});

describe('the control API', () => {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${simulator.url}/control${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, json: read(await answer.json(), isMap) };
  };

  test('lets people pay and get money back, and shows it in their chat', async () => {
    await start();
    const { status, json } = await post(`/people/${openid}/pay`, {
      ...{ amount: 6800, attach: 'pos', orderNo: 'ORDER-1' },
      notify: false,
    });
    expect([status, json.orderNo]).toEqual([200, 'ORDER-1']);
    expect((await post(`/orders/${MCH}/ORDER-1/refund`, { amount: 800, notify: false })).json).toMatchObject({
      refunds: [{ amount: 800 }],
    });
    expect((await post(`/orders/${MCH}/ORDER-1/refund`, { notify: false })).json).toMatchObject({
      refunds: [{ amount: 800 }, { amount: 6000 }],
    });
    expect(simulator.control.person(openid).chat).toMatchObject([
      { text: '微信支付 ¥68.00 已付款' },
      { text: '退款到账 ¥8.00' },
      { text: '退款到账 ¥60.00' },
    ]);
    expect(simulator.control.state().shopOrders).toHaveLength(1);
    expect(await (await fetch(`${simulator.url}/control/paynotices`)).json()).toEqual([]);
  });

  test('refuses what cannot be', async () => {
    await start();
    const pay = `/people/${openid}/pay`;
    // Nobody is told, and whoever asks is told so.
    expect((await post(pay, { amount: 100 })).status).toBe(409);
    simulator.setPayNotify(MCH, 'http://127.0.0.1:9/');
    for (const body of [{}, { amount: 0 }, { amount: 1.5 }, { amount: 100, coupon: 100 }, { amount: 1, api: 'v4' }])
      expect((await post(pay, body)).status).toBe(400);
    for (const body of [
      { amount: 1, orderNo: '短' },
      { amount: 1, vip: true },
      { amount: 1, signType: 'RSA' },
    ])
      expect((await post(pay, body)).status).toBe(400);
    expect((await post('/people/oNobody/pay', { amount: 1 })).status).toBe(404);
    expect((await post(pay, { amount: 1, mchId: '1' })).status).toBe(404);
    await post(pay, { amount: 100, orderNo: 'ORDER-1' });
    expect((await post(pay, { amount: 100, orderNo: 'ORDER-1' })).status).toBe(409);
    expect((await post(`/orders/${MCH}/ORDER-1/refund`, { amount: 101 })).status).toBe(409);
    expect((await post(`/orders/${MCH}/NOBODY/refund`, {})).status).toBe(404);
    await post(`/orders/${MCH}/ORDER-1/refund`, {});
    expect((await post(`/orders/${MCH}/ORDER-1/refund`, {})).status).toBe(409);
  });
});

test('orders survive a restart, and the next one has another number', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-shop-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  await start(folder);
  const first = simulator.control.pay(openid, { amount: 6800, attach: 'pos', notify: false });
  const refunded = simulator.control.refund(MCH, first.orderNo, 100, { notify: false });
  await simulator.close();
  await start(folder);
  expect(simulator.control.state().shopOrders).toEqual([refunded]);
  const second = simulator.control.pay(openid, { amount: 6800, notify: false });
  expect(second.orderNo).not.toBe(first.orderNo);
  expect(second.transactionId).not.toBe(first.transactionId);
});
