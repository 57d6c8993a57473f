// The simulator as WeChat Pay: certificates, the order of its checks, the life of a packet, limits and idempotence.

import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { MerchantOptions } from '../../src/simulator/shared/options.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { nonce, paySignOf } from '../../src/wechat/crypto.ts';
import { buildXml, childrenOf, parseXml, textOf, type XmlFields } from '../../src/wechat/xml.ts';

const MCH = '1900000109';
const OTHER = '1900000110';
const APP = 'wx8888888888888888';
const KEY = '0123456789abcdef0123456789ABCDEF';
/** 2026-02-10 12:00 in Beijing. */
const NOON = Date.UTC(2026, 1, 10, 4);
const HOUR = 3_600_000;
const MINUTE = 60_000;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(merchant: Partial<MerchantOptions> = {}, folder?: string, at = NOON) {
  const account = {
    title: '阿茶',
    appSecret: 's',
    token: 't',
    encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
    mode: 'safe' as const,
    webhook: '',
  };
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(() => at),
    ...(folder === undefined ? {} : { folder }),
    accounts: [
      { ...account, name: 'tea', appId: APP, originalId: 'gh_0a1b2c3d4e5f' },
      { ...account, name: 'cake', appId: 'wx7777777777777777', originalId: 'gh_0a1b2c3d4e60' },
    ],
    merchants: [
      { mchId: MCH, apiV2Key: KEY, balance: 100_000, appIds: [APP, 'wxMobileApp0000001'], ...merchant },
      { mchId: OTHER, apiV2Key: KEY, balance: 100_000, appIds: [APP] },
    ],
  });
  open.push(simulator);
  const client = clientOf(simulator);
  const { openid } = simulator.control.addPerson({ account: 'tea', following: true });
  return { simulator, openid, client, send: sender(client, openid), ask: asker(client) };
}

type Client = (path: string, body: string) => Promise<XmlFields>;

function clientOf(simulator: Simulator, certificate: string | undefined = MCH): Client {
  const { caPem: ca, certPem: cert, keyPem: key } = simulator.certificates(certificate ?? MCH);
  const agent = new Agent({ connect: certificate === undefined ? { ca } : { ca, cert, key } });
  open.push({ close: () => agent.destroy() });
  return async (path, body) => {
    const reply = await request(`${simulator.payUrl}/mmpaymkttransfers/${path}`, {
      method: 'POST',
      body,
      dispatcher: agent,
    });
    expect(reply.statusCode).toBe(200);
    return parseXml(await reply.body.text());
  };
}

type Change = Readonly<Record<string, string | undefined>>;

const given = (fields: Change): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined));

function signed(fields: Change, key = KEY): string {
  const filled = given(fields);
  return buildXml({ ...filled, sign: filled.sign ?? paySignOf(filled, key) });
}

function redpack(openid: string, change: Change = {}): Change {
  return {
    nonce_str: nonce(),
    mch_billno: `${MCH}20260210A000000001`,
    mch_id: MCH,
    wxappid: APP,
    send_name: '天虹百货',
    re_openid: openid,
    total_amount: '100',
    total_num: '1',
    wishing: '恭喜发财',
    client_ip: '127.0.0.1',
    act_name: '新年红包',
    remark: '新年红包',
    ...change,
  };
}

const sender =
  (client: Client, openid: string) =>
  (change: Change = {}, key = KEY) =>
    client('sendredpack', signed(redpack(openid, change), key));
const asker =
  (client: Client) =>
  (billNo = `${MCH}20260210A000000001`, change: Change = {}) =>
    client(
      'gethbinfo',
      signed({ nonce_str: nonce(), mch_billno: billNo, mch_id: MCH, appid: APP, bill_type: 'MCHT', ...change }),
    );

describe('the way of one packet', () => {
  test('a packet is sent, stands in the chat, is opened and is RECEIVED; the books agree to the fen', async () => {
    const { simulator, openid, send, ask } = await start();
    const sent = await send({ total_amount: '188' });
    expect(sent).toMatchObject({
      return_code: 'SUCCESS',
      result_code: 'SUCCESS',
      err_code: '0',
      mch_billno: `${MCH}20260210A000000001`,
      mch_id: MCH,
      wxappid: APP,
      re_openid: openid,
      total_amount: '188',
    });
    expect(textOf(sent, 'send_listid')).toMatch(/^10000417012026021030\d{11}$/);
    expect('sign' in sent).toBe(false);
    expect(simulator.control.person(openid).chat).toMatchObject([
      { kind: 'packet', from: 'account', mchId: MCH, billNo: `${MCH}20260210A000000001` },
    ]);
    const waiting = await ask();
    expect(waiting).toMatchObject({
      err_code: 'SUCCESS',
      status: 'SENT',
      detail_id: textOf(sent, 'send_listid'),
      send_type: 'API',
      hb_type: 'NORMAL',
      total_num: '1',
      total_amount: '188',
      send_time: '2026-02-10 12:00:00',
    });
    simulator.control.moveClock({ advanceMs: 61_000 });
    expect(simulator.control.openPacket(MCH, `${MCH}20260210A000000001`, openid)).toMatchObject({
      status: 'RECEIVED',
      amount: 188,
    });
    const received = await ask();
    expect(textOf(received, 'status')).toBe('RECEIVED');
    expect(childrenOf(childrenOf(received, 'hblist'), 'hbinfo')).toEqual({
      openid,
      amount: '188',
      rcv_time: '2026-02-10 12:01:01',
    });
    expect(simulator.control.merchant(MCH)).toEqual({
      mchId: MCH,
      balance: 99_812,
      sentCount: 1,
      sentAmount: 188,
      receivedAmount: 188,
      refundedAmount: 0,
      freqLimits: 0,
    });
  });

  test('a packet nobody opens for 24 h is refunded: first RFUND_ING, then REFUND with the money back', async () => {
    const { simulator, openid, send, ask } = await start();
    await send();
    simulator.control.moveClock({ advanceMs: 24 * HOUR - 1 });
    expect(textOf(await ask(), 'status')).toBe('SENT');
    simulator.control.moveClock({ advanceMs: 1 });
    expect(textOf(await ask(), 'status')).toBe('RFUND_ING');
    expect(() => simulator.control.openPacket(MCH, `${MCH}20260210A000000001`, openid)).toThrow(/RFUND_ING/);
    expect(simulator.control.merchant(MCH).balance).toBe(99_900);
    simulator.control.moveClock({ advanceMs: MINUTE });
    expect(await ask()).toMatchObject({ status: 'REFUND', refund_time: '2026-02-11 12:01:00', refund_amount: '100' });
    expect(simulator.control.merchant(MCH)).toMatchObject({
      balance: 100_000,
      sentAmount: 100,
      refundedAmount: 100,
      receivedAmount: 0,
    });
  });

  test('a clock moved by a month in one step does everything that was due, each at its own instant', async () => {
    const { simulator, send } = await start();
    await send();
    simulator.control.moveClock({ advanceMs: 29 * 24 * HOUR });
    expect(simulator.control.packet(MCH, `${MCH}20260210A000000001`)).toMatchObject({
      status: 'REFUND',
      refundedAt: NOON + 24 * HOUR + MINUTE,
    });
  });

  test('a packet is opened once, and by its owner', async () => {
    const { simulator, openid, send } = await start();
    await send();
    const other = simulator.control.addPerson({ account: 'tea' }).openid;
    expect(() => simulator.control.openPacket(MCH, `${MCH}20260210A000000001`, other)).toThrow(/somebody else/);
    expect(() => simulator.control.openPacket(MCH, 'nothing', openid)).toThrow(/no packet/);
    simulator.control.openPacket(MCH, `${MCH}20260210A000000001`, openid);
    expect(() => simulator.control.openPacket(MCH, `${MCH}20260210A000000001`, openid)).toThrow(/RECEIVED/);
  });

  test('somebody who never followed can be paid too', async () => {
    const { simulator, send } = await start();
    const stranger = simulator.control.addPerson({ account: 'tea' }).openid;
    expect(textOf(await send({ re_openid: stranger }), 'result_code')).toBe('SUCCESS');
    expect(simulator.control.person(stranger).chat).toHaveLength(1);
  });
});

describe('the checks, each before the next', () => {
  test('without a client certificate the answer is CA_ERROR in XML, not a broken connection', async () => {
    const { simulator, openid } = await start();
    const { caPem: ca } = simulator.certificates(MCH);
    const agent = new Agent({ connect: { ca } });
    open.push({ close: () => agent.destroy() });
    const body = signed(redpack(openid));
    const reply = await request(`${simulator.payUrl}/mmpaymkttransfers/sendredpack`, {
      method: 'POST',
      body,
      dispatcher: agent,
    });
    expect(parseXml(await reply.body.text())).toMatchObject({
      return_code: 'SUCCESS',
      result_code: 'FAIL',
      err_code: 'CA_ERROR',
      return_msg: 'CA_ERROR',
    });
  });

  test("another merchant's certificate is CA_ERROR; on a resumed TLS session the own one still counts", async () => {
    const { simulator, openid, send } = await start();
    expect(textOf(await clientOf(simulator, OTHER)('sendredpack', signed(redpack(openid))), 'err_code')).toBe(
      'CA_ERROR',
    );
    const { caPem: ca, certPem: cert, keyPem: key } = simulator.certificates(MCH);
    const agent = new Agent({ pipelining: 0, connect: { ca, cert, key } });
    open.push({ close: () => agent.destroy() });
    for (let n = 0; n < 4; n++) {
      const body = signed(redpack(openid));
      const headers = { connection: 'close' };
      const reply = await request(`${simulator.payUrl}/mmpaymkttransfers/sendredpack`, {
        method: 'POST',
        body,
        headers,
        dispatcher: agent,
      });
      expect(textOf(parseXml(await reply.body.text()), 'result_code')).toBe('SUCCESS');
    }
    expect(textOf(await send(), 'result_code')).toBe('SUCCESS');
  });

  test.each([
    '',
    'hello',
    '<xml><a>1</a>',
    '<!DOCTYPE x><xml><a>1</a></xml>',
    '<xml><a>1</a><a>2</a></xml>',
    'x'.repeat(70_000),
  ])('what is no document is XML_ERROR: %#', async body => {
    const { client } = await start();
    expect(textOf(await client('sendredpack', body), 'err_code')).toBe('XML_ERROR');
  });

  test.each<[string, Change]>([
    ['no nonce', { nonce_str: undefined }],
    ['a long nonce', { nonce_str: 'n'.repeat(33) }],
    ['an order number with a dash', { mch_billno: 'a-b' }],
    ['an order number of 29', { mch_billno: 'a'.repeat(29) }],
    ['two packets', { total_num: '2' }],
    ['a fraction', { total_amount: '1.5' }],
    ['nothing', { total_amount: '0' }],
    ['an IPv6 address', { client_ip: '::1' }],
    ['a send_name over 32 bytes', { send_name: '一二三四五六七八九十一' }],
    ['a wishing over 128 bytes', { wishing: '福'.repeat(43) }],
    ['an empty act_name', { act_name: '' }],
    ['a scene nobody knows', { scene_id: 'PRODUCT_9' }],
  ])('%s is PARAM_ERROR, whose answer echoes nothing', async (_what, change) => {
    const { send } = await start();
    const reply = await send(change);
    expect(textOf(reply, 'err_code')).toBe('PARAM_ERROR');
    expect('mch_billno' in reply).toBe(false);
  });

  test('a wrong sign is SIGN_ERROR, with the text that was signed and the key masked', async () => {
    const { send } = await start();
    const reply = await send({}, 'f'.repeat(32));
    expect(textOf(reply, 'err_code')).toBe('SIGN_ERROR');
    expect(textOf(reply, 'signed_text')).toMatch(/^act_name=新年红包&client_ip=127\.0\.0\.1&.*&key=\*{32}$/);
    expect(JSON.stringify(reply)).not.toContain(KEY);
  });

  test('only known fields are signed: one more that was signed breaks the sign, one more that was not does no harm', async () => {
    const { client, openid, send } = await start();
    expect(textOf(await send({ sign_type: 'MD5' }), 'err_code')).toBe('SIGN_ERROR');
    const fields = given(redpack(openid));
    const body = buildXml({
      ...fields,
      sign: paySignOf(fields, KEY),
      extra: 'x',
    });
    expect(textOf(await client('sendredpack', body), 'result_code')).toBe('SUCCESS');
  });

  test('the vectors of the reference verify', () => {
    const key = '0123456789abcdef0123456789ABCDEF';
    const common = {
      nonce_str: '50780e0cca98c8c8e814883e5caa672e',
      mch_billno: '0010010404201411170000046545',
      mch_id: '10000098',
    };
    expect(paySignOf({ ...common, appid: 'wx8888888888888888', bill_type: 'MCHT' }, key)).toBe(
      '9849F274D2358C7939E26D37D93B9862',
    );
  });

  test.each<[string, Change, string, string]>([
    ['an AppID of somebody else', { wxappid: 'wx7777777777777777' }, 'PARAM_ERROR', '商户号和wxappid不匹配'],
    ["a mobile app's AppID", { wxappid: 'wxMobileApp0000001' }, 'ILLEGAL_APPID', 'APP'],
    ['an openid nobody has', { re_openid: 'oNobody' }, 'OPENID_ERROR', 'openid'],
    ['less than 1 yuan', { total_amount: '99' }, 'MONEY_LIMIT', '100'],
    ['more than 200 yuan', { total_amount: '20001' }, 'MONEY_LIMIT', '20000'],
    [
      'more than 4999 yuan, even with a scene',
      { total_amount: '499901', scene_id: 'PRODUCT_2' },
      'MONEY_LIMIT',
      '499900',
    ],
  ])('%s is refused', async (_what, change, code, text) => {
    const { simulator, send } = await start();
    const reply = await send(change);
    expect(textOf(reply, 'err_code')).toBe(code);
    expect(textOf(reply, 'err_code_des')).toContain(text);
    expect(simulator.control.state().packets).toEqual([]);
  });

  test('an openid of another account is OPENID_ERROR', async () => {
    const { simulator, send } = await start();
    const foreign = simulator.control.addPerson({ account: 'cake' }).openid;
    expect(textOf(await send({ re_openid: foreign }), 'err_code')).toBe('OPENID_ERROR');
  });

  test('with a scene small and large amounts go, unless the account knows no scenes', async () => {
    const { send } = await start();
    expect(textOf(await send({ total_amount: '30', scene_id: 'PRODUCT_2' }), 'result_code')).toBe('SUCCESS');
    const { send: sendPlain } = await start({ limits: { scenes: false } });
    const reply = await sendPlain({ scene_id: 'PRODUCT_2' });
    expect([textOf(reply, 'err_code'), textOf(reply, 'err_code_des')]).toEqual([
      'PARAM_ERROR',
      expect.stringContaining('该场景未开通'),
    ]);
  });

  test('gethbinfo has its own checks, and no order is NOT_FOUND', async () => {
    const { ask } = await start();
    expect(textOf(await ask('nothing'), 'err_code')).toBe('NOT_FOUND');
    expect(textOf(await ask('nothing', { bill_type: 'OTHER' }), 'err_code')).toBe('PARAM_ERROR');
    expect(textOf(await ask('nothing', { appid: 'wx7777777777777777' }), 'err_code')).toBe('PARAM_ERROR');
    expect(textOf(await ask('nothing', { sign: 'A'.repeat(32) }), 'err_code')).toBe('SIGN_ERROR');
  });

  test('an order of more than 30 days ago is NOT_FOUND', async () => {
    const { simulator, send, ask } = await start();
    await send();
    simulator.control.moveClock({ advanceMs: 30 * 24 * HOUR });
    expect(textOf(await ask(), 'err_code')).toBe('NOT_FOUND');
  });

  test('other paths and methods do not break the server', async () => {
    const { simulator, openid } = await start();
    const { caPem: ca } = simulator.certificates(MCH);
    const agent = new Agent({ connect: { ca } });
    open.push({ close: () => agent.destroy() });
    expect((await request(`${simulator.payUrl}/nothing`, { dispatcher: agent })).statusCode).toBe(404);
    const reply = await request(`${simulator.payUrl}/mmpaymkttransfers/sendredpack`, { dispatcher: agent });
    expect(textOf(parseXml(await reply.body.text()), 'err_code')).toBe('XML_ERROR');
    expect(openid).toBeDefined();
  });
});

describe('one number, one packet', () => {
  test('the same number again is answered with the same success, and pays nothing more', async () => {
    const { simulator, openid, send } = await start();
    const first = await send();
    expect(await send()).toEqual(first);
    simulator.control.openPacket(MCH, `${MCH}20260210A000000001`, openid);
    expect(await send()).toEqual(first);
    expect(simulator.control.merchant(MCH)).toMatchObject({ sentCount: 1, balance: 99_900 });
    expect(simulator.control.person(openid).chat).toHaveLength(1);
  });

  test('or, where the merchant is set up so, with SEND_FAILED', async () => {
    const { simulator, send, ask } = await start({ limits: { repeat: 'SEND_FAILED' } });
    await send();
    expect(textOf(await send(), 'err_code')).toBe('SEND_FAILED');
    expect(textOf(await ask(), 'status')).toBe('SENT');
    expect(simulator.control.merchant(MCH).sentCount).toBe(1);
  });

  test('the same number with another openid or amount is FATAL_ERROR', async () => {
    const { simulator, send } = await start();
    await send();
    const other = simulator.control.addPerson({ account: 'tea' }).openid;
    expect(textOf(await send({ re_openid: other }), 'err_code')).toBe('FATAL_ERROR');
    expect(textOf(await send({ total_amount: '101' }), 'err_code')).toBe('FATAL_ERROR');
  });

  test('a hundred calls at once with one number pay once', async () => {
    const { simulator, send } = await start({ limits: { perSecond: 1000 } });
    const replies = await Promise.all(Array.from({ length: 100 }, () => send()));
    expect(new Set(replies.map(reply => textOf(reply, 'send_listid'))).size).toBe(1);
    expect(simulator.control.merchant(MCH)).toMatchObject({ sentCount: 1, sentAmount: 100, balance: 99_900 });
  });

  test('after a refund the number is used up', async () => {
    const { simulator, send } = await start();
    await send();
    simulator.control.moveClock({ advanceMs: 25 * HOUR });
    expect(textOf(await send(), 'err_code')).toBe('SEND_FAILED');
    expect(simulator.control.merchant(MCH)).toMatchObject({ sentCount: 1, balance: 100_000 });
  });
});

describe('an order that could not be sent', () => {
  test('too low a balance leaves it SENDING with the reason; after a top-up the same number works', async () => {
    const { simulator, openid, send, ask } = await start({ balance: 50 });
    const reply = await send();
    expect(reply).toMatchObject({
      return_code: 'SUCCESS',
      result_code: 'FAIL',
      err_code: 'NOTENOUGH',
      re_openid: openid,
      total_amount: '100',
    });
    expect('send_listid' in reply).toBe(false);
    expect(await ask()).toMatchObject({ status: 'SENDING', reason: expect.stringContaining('余额不足') });
    expect(simulator.control.person(openid).chat).toEqual([]);
    simulator.control.setBalance(MCH, 100);
    expect(textOf(await send(), 'result_code')).toBe('SUCCESS');
    const sent = await ask();
    expect(textOf(sent, 'status')).toBe('SENT');
    expect('reason' in sent).toBe(false);
    expect(simulator.control.merchant(MCH).balance).toBe(0);
  });

  test('nobody retries it for 24 h: FAILED, for good, and the number is dead', async () => {
    const { simulator, send, ask } = await start({ balance: 50 });
    await send();
    simulator.control.moveClock({ advanceMs: 24 * HOUR });
    expect(textOf(await ask(), 'status')).toBe('FAILED');
    simulator.control.setBalance(MCH, 1000);
    const reply = await send();
    expect([textOf(reply, 'err_code'), textOf(reply, 'err_code_des')]).toEqual([
      'SEND_FAILED',
      '该订单已经过期,请更换商户单号',
    ]);
    expect(simulator.control.merchant(MCH).balance).toBe(1000);
  });

  test('the reason of a FAILED order is lost in some cases and kept in others', async () => {
    const { simulator, send, ask } = await start({ balance: 50 });
    const billNos = Array.from({ length: 12 }, (_, n) => `B${n}`);
    for (const billNo of billNos) await send({ mch_billno: billNo });
    simulator.control.moveClock({ advanceMs: 24 * HOUR });
    const replies = await Promise.all(billNos.map(billNo => ask(billNo)));
    const kept = replies.filter(reply => 'reason' in reply);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(12);
  });

  test('the time to expiry can be set', async () => {
    const { simulator, send, ask } = await start({ balance: 50, limits: { expiryMs: 72 * HOUR } });
    await send();
    simulator.control.moveClock({ advanceMs: 71 * HOUR });
    expect(textOf(await ask(), 'status')).toBe('SENDING');
  });
});

describe('limits', () => {
  test('ten packets a person and Beijing day: the eleventh is SENDNUM_LIMIT and works tomorrow with its number', async () => {
    const { simulator, send, ask } = await start();
    for (let n = 1; n <= 10; n++) expect(textOf(await send({ mch_billno: `N${n}` }), 'result_code')).toBe('SUCCESS');
    expect(textOf(await send({ mch_billno: 'N11' }), 'err_code')).toBe('SENDNUM_LIMIT');
    expect(await ask('N11')).toMatchObject({ status: 'SENDING', reason: expect.stringContaining('个数') });
    simulator.control.moveClock({ advanceMs: 12 * HOUR });
    expect(textOf(await send({ mch_billno: 'N11' }), 'result_code')).toBe('SUCCESS');
  });

  test('1000 yuan a person and day: RCVDAMOUNT_LIMIT, for this person only', async () => {
    const { simulator, send } = await start({ balance: 1_000_000 });
    for (let n = 1; n <= 5; n++) await send({ mch_billno: `N${n}`, total_amount: '20000' });
    expect(textOf(await send({ mch_billno: 'N6' }), 'err_code')).toBe('RCVDAMOUNT_LIMIT');
    const other = simulator.control.addPerson({ account: 'tea' }).openid;
    expect(textOf(await send({ mch_billno: 'N7', re_openid: other }), 'result_code')).toBe('SUCCESS');
  });

  test("a merchant's day: SENDAMOUNT_LIMIT for everybody", async () => {
    const { simulator, send } = await start({ limits: { amountPerDay: 250 } });
    await send({ mch_billno: 'N1' });
    await send({ mch_billno: 'N2' });
    const other = simulator.control.addPerson({ account: 'tea' }).openid;
    expect(textOf(await send({ mch_billno: 'N3', re_openid: other }), 'err_code')).toBe('SENDAMOUNT_LIMIT');
  });

  test('more than 30 in a second are FREQ_LIMIT, counted, and leave no order; a second later they go', async () => {
    const { simulator, send, ask } = await start({ balance: 1_000_000, limits: { perUserPerDay: 1000 } });
    const replies = await Promise.all(Array.from({ length: 33 }, (_, n) => send({ mch_billno: `R${n}` })));
    const refused = replies
      .filter(reply => textOf(reply, 'err_code') === 'FREQ_LIMIT')
      .map(reply => textOf(reply, 'mch_billno')!);
    expect(refused).toHaveLength(3);
    expect(simulator.control.merchant(MCH)).toMatchObject({ freqLimits: 3, sentCount: 30 });
    expect(textOf(await ask(refused[0]!), 'err_code')).toBe('NOT_FOUND');
    simulator.control.moveClock({ advanceMs: 1000 });
    expect(textOf(await send({ mch_billno: refused[0]! }), 'result_code')).toBe('SUCCESS');
  });

  test('calls with one number less than a second apart are not refused, but noted', async () => {
    const { simulator, send } = await start();
    await send();
    simulator.control.moveClock({ advanceMs: 999 });
    await send();
    simulator.control.moveClock({ advanceMs: 1000 });
    await send();
    expect(simulator.spacing(MCH)).toEqual({ calls: 3, tooSoon: 1, shortestMs: 999 });
  });
});

describe('with a folder', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'simulator-'));
    open.push({ close: async () => rmSync(path, { recursive: true }) });
    return path;
  };

  test('certificates, people, chats, orders, balances and the clock survive a restart; a torn line does not hurt', async () => {
    const path = folder();
    const one = await start({}, path);
    await one.send();
    one.simulator.control.moveClock({ advanceMs: HOUR });
    one.simulator.control.setBalance(OTHER, 7);
    const before = one.simulator.control.state();
    const certificate = one.simulator.certificates(MCH);
    await one.simulator.close();
    appendFileSync(join(path, 'log.jsonl'), '{"is":"order","order":{"mchId":"19');
    const two = await start({}, path);
    const after = two.simulator.control.state();
    // `start` adds one more person.
    expect({ ...after, people: after.people.slice(0, 1) }).toEqual(before);
    expect(two.simulator.certificates(MCH)).toEqual(certificate);
    two.simulator.control.openPacket(MCH, `${MCH}20260210A000000001`, one.openid);
    await two.simulator.close();
    const three = await start({}, path);
    expect(three.simulator.control.packet(MCH, `${MCH}20260210A000000001`)).toMatchObject({
      status: 'RECEIVED',
      receivedAt: NOON + HOUR,
    });
    expect(three.simulator.control.merchant(MCH)).toMatchObject({ balance: 99_900, receivedAmount: 100 });
  });

  test('certificates do not mind what the virtual clock says', async () => {
    const { send } = await start({}, folder(), Date.UTC(1999, 11, 31));
    expect(textOf(await send(), 'result_code')).toBe('SUCCESS');
    const { send: sendLater } = await start({}, folder(), Date.UTC(2099, 11, 31));
    expect(textOf(await sendLater(), 'result_code')).toBe('SUCCESS');
  });

  test('the limits of the day survive a restart too', async () => {
    const path = folder();
    const one = await start({ limits: { perUserPerDay: 1 } }, path);
    await one.send({ mch_billno: 'N1' });
    await one.simulator.close();
    const two = await start({ limits: { perUserPerDay: 1 } }, path);
    expect(textOf(await two.send({ mch_billno: 'N2', re_openid: one.openid }), 'err_code')).toBe('SENDNUM_LIMIT');
  });

  test('an order is on disk before its answer leaves', async () => {
    const path = folder();
    const { send } = await start({}, path);
    await send();
    expect(readFileSync(join(path, 'log.jsonl'), 'utf8')).toContain(`"billNo":"${MCH}20260210A000000001"`);
  });

  test('the merchant finds its certificate in the files WeChat names so, readable by nobody else', async () => {
    const path = folder();
    const { simulator } = await start({}, path);
    const certificate = simulator.certificates(MCH);
    expect(certificate.folder).toBe(join(path, MCH));
    expect(certificate.serialNumber).toMatch(/^[0-9A-F]{40}$/);
    for (const [name, pem] of Object.entries({
      'apiclient_cert.pem': certificate.certPem,
      'apiclient_key.pem': certificate.keyPem,
      'ca.pem': certificate.caPem,
    })) {
      expect(readFileSync(join(path, MCH, name), 'utf8')).toBe(pem);
      expect(statSync(join(path, MCH, name)).mode & 0o777).toBe(0o600);
    }
  });
});
