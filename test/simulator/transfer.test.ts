// The simulator's transfers (商家转账): signatures both ways, the life of a bill, its refusals, faults and callbacks, and
// somebody else's SDK against all of it.

import { createDecipheriv, createPublicKey, publicEncrypt, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textIn } from 'node:stream/consumers';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { PayDesk } from '../../src/simulator/pay/redpack.ts';
import { TransferDesk } from '../../src/simulator/pay/transfer.ts';
import { sealResource } from '../../src/simulator/pay/v3-signature.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY, type MerchantOptions, type SimulatorOptions } from '../../src/simulator/shared/options.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { isTransfer, noticeResource } from '../../src/simulator/world/bill.ts';
import { World } from '../../src/simulator/world/world.ts';
import { nonce } from '../../src/wechat/crypto.ts';
import { has, isListOf, isMap, isMapOf, isText, read, readJson } from '../support/json.ts';
import { headersOf, portOf } from '../support/listening.ts';

const MCH = '1900000109';
const OTHER = '1900000110';
const APP = 'wx8888888888888888';
const APP_CAKE = 'wx7777777777777777';
const KEY = '0123456789abcdef0123456789ABCDEF';
const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';
/** 2026-02-10 12:00 in Beijing. */
const NOON = Date.UTC(2026, 1, 10, 4);
const HOUR = 3_600_000;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function closeLater(server: Server): void {
  open.push({
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  });
}

type Json = Record<string, unknown>;
type Reply = { readonly status: number; readonly json: Json; readonly text: string; readonly headers: Json };
type Call = (method: string, path: string, body?: object, change?: Change) => Promise<Reply>;
/** What is done to a call after it was made right. */
type Change = {
  readonly serial?: string;
  readonly mchId?: string;
  readonly timestamp?: number;
  readonly nonce?: string;
  readonly authorization?: string;
  /** Sent instead of the body that was signed. */
  readonly sent?: string;
  readonly headers?: Record<string, string>;
};

function optionsOf(merchant: Partial<MerchantOptions> = {}, at = NOON): SimulatorOptions {
  const account = {
    title: '阿茶',
    appSecret: 's',
    token: 't',
    encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
    mode: 'safe' as const,
    webhook: '',
  };
  return {
    port: 0,
    payPort: 0,
    clock: movableClock(() => at),
    noticeGapsMs: [5, 5, 5],
    accounts: [
      { ...account, name: 'tea', appId: APP, originalId: 'gh_0a1b2c3d4e5f' },
      { ...account, name: 'cake', appId: APP_CAKE, originalId: 'gh_0a1b2c3d4e60' },
    ],
    merchants: [
      { mchId: MCH, apiV2Key: KEY, balance: 100_000, appIds: [APP, 'wxMobileApp0000001'], ...merchant },
      { mchId: OTHER, apiV2Key: KEY, apiV3Key: KEY, balance: 50_000, appIds: [APP, APP_CAKE] },
    ],
  };
}

async function start(merchant: Partial<MerchantOptions> = {}, options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ ...optionsOf(merchant), ...options });
  open.push(simulator);
  const { openid } = simulator.control.addPerson({ account: 'tea', following: true });
  const call = callerOf(simulator);
  const create = (change: Json = {}, how?: Change) => call('POST', BILLS, bill(openid, change), how);
  const ask = (billNo = 'T1') => call('GET', `${BILLS}/out-bill-no/${billNo}`);
  const cancel = (billNo = 'T1') => call('POST', `${BILLS}/out-bill-no/${billNo}/cancel`);
  const stateOf = async (billNo = 'T1') => (await ask(billNo)).json.state;
  const faults = (...pay: PayFault[]) => simulator.control.setFaults({ pay, platform: [] });
  return { simulator, openid, call, create, ask, cancel, stateOf, faults };
}

function callerOf(simulator: Simulator, mchId = MCH): Call {
  const { caPem: ca, keyPem, serialNumber } = simulator.certificates(mchId);
  const agent = new Agent({ connect: { ca } });
  open.push({ close: () => agent.destroy() });
  return async (method, path, json, change = {}) => {
    const body = json === undefined ? '' : JSON.stringify(json);
    const time = change.timestamp ?? Math.floor(simulator.control.state().now / 1000);
    const once = change.nonce ?? nonce();
    const signature = sign('sha256', Buffer.from(`${method}\n${path}\n${time}\n${once}\n${body}\n`), keyPem);
    const claim = {
      mchid: change.mchId ?? mchId,
      serial_no: change.serial ?? serialNumber,
      timestamp: time,
      nonce_str: once,
      signature: signature.toString('base64'),
    };
    const pairs = Object.entries(claim).map(([name, value]) => `${name}="${value}"`);
    const reply = await request(`${simulator.payUrl}${path}`, {
      method,
      headers: {
        authorization: change.authorization ?? `WECHATPAY2-SHA256-RSA2048 ${pairs.join(',')}`,
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': 'test',
        ...change.headers,
      },
      ...(body === '' ? {} : { body: change.sent ?? body }),
      dispatcher: agent,
    });
    const text = await reply.body.text();
    return { status: reply.statusCode, text, json: jsonOf(text), headers: reply.headers };
  };
}

function jsonOf(text: string): Json {
  try {
    return readJson(text, isMap);
  } catch {
    return {};
  }
}

const REPORTS = [
  { info_type: '活动名称', info_content: '新春口令' },
  { info_type: '奖励说明', info_content: '一等奖' },
];

function bill(openid: string, change: Json = {}): Json {
  return {
    appid: APP,
    out_bill_no: 'T1',
    transfer_scene_id: '1000',
    openid,
    transfer_amount: 188,
    transfer_remark: '新春快乐',
    transfer_scene_report_infos: REPORTS,
    ...change,
  };
}

const codeOf = ({ status, json }: Reply) => [status, json.code];

describe('the way of one transfer', () => {
  test('it waits for its payee, who confirms it in the chat: SUCCESS, and the books agree to the fen', async () => {
    const { simulator, openid, create, ask } = await start();
    const created = await create();
    expect(created.status).toBe(200);
    expect(created.json).toEqual({
      out_bill_no: 'T1',
      transfer_bill_no: expect.stringMatching(/^\d{40}$/),
      create_time: '2026-02-10T12:00:00+08:00',
      state: 'WAIT_USER_CONFIRM',
      package_info: expect.stringMatching(/^[\w+/]{86}==$/),
    });
    expect((await ask()).json).toEqual({
      mch_id: MCH,
      out_bill_no: 'T1',
      transfer_bill_no: created.json.transfer_bill_no,
      appid: APP,
      state: 'WAIT_USER_CONFIRM',
      transfer_amount: 188,
      transfer_remark: '新春快乐',
      openid,
      create_time: '2026-02-10T12:00:00+08:00',
      update_time: '2026-02-10T12:00:00+08:00',
    });
    expect(simulator.control.person(openid).chat).toMatchObject([{ kind: 'packet', mchId: MCH, billNo: 'T1' }]);
    expect(simulator.control.packet(MCH, 'T1')).toMatchObject({
      channel: 'transfer',
      status: 'SENT',
      billState: 'WAIT_USER_CONFIRM',
      packageInfo: created.json.package_info,
      sendName: '阿茶',
      wishing: '新春快乐',
      actName: '新春口令',
    });
    expect(simulator.control.merchant(MCH).balance).toBe(99_812);
    simulator.control.moveClock({ advanceMs: 61_000 });
    const opened = simulator.control.openPacket(MCH, 'T1', openid);
    expect(opened).toMatchObject({ status: 'RECEIVED', billState: 'SUCCESS', amount: 188 });
    expect((await ask()).json).toMatchObject({ state: 'SUCCESS', update_time: '2026-02-10T12:01:01+08:00' });
    expect(simulator.control.merchant(MCH)).toMatchObject({ balance: 99_812, sentCount: 1, receivedAmount: 188 });
  });

  test('it is found by WeChat’s own number too, and only by its merchant', async () => {
    const { simulator, call, create } = await start();
    const { transfer_bill_no } = (await create()).json;
    const path = `${BILLS}/transfer-bill-no/${String(transfer_bill_no)}`;
    expect((await call('GET', path)).json).toMatchObject({ out_bill_no: 'T1' });
    expect(codeOf(await callerOf(simulator, OTHER)('GET', path))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await call('GET', `${BILLS}/transfer-bill-no/1330`))).toEqual([404, 'NOT_FOUND']);
  });

  test('where TRANSFERING takes its time, it is seen, and cannot be confirmed or cancelled again', async () => {
    const { simulator, openid, create, cancel, stateOf } = await start({ limits: { transferringMs: 60_000 } });
    await create();
    expect(simulator.control.openPacket(MCH, 'T1', openid).billState).toBe('TRANSFERING');
    expect(await stateOf()).toBe('TRANSFERING');
    expect(() => simulator.control.openPacket(MCH, 'T1', openid)).toThrow(/TRANSFERING/);
    expect(codeOf(await cancel())).toEqual([400, 'INVALID_REQUEST']);
    simulator.control.moveClock({ advanceMs: 60_000 });
    expect(await stateOf()).toBe('SUCCESS');
  });

  test('nobody but the payee can confirm it, and nobody twice', async () => {
    const { simulator, openid, create } = await start();
    await create();
    const other = simulator.control.addPerson({ account: 'tea' }).openid;
    expect(() => simulator.control.openPacket(MCH, 'T1', other)).toThrow(/somebody else/);
    simulator.control.openPacket(MCH, 'T1', openid);
    expect(() => simulator.control.openPacket(MCH, 'T1', openid)).toThrow(/SUCCESS/);
  });

  test('not confirmed in 24 h it is FAIL for OVERDUE_CLOSE, and the money is back', async () => {
    const { simulator, openid, create, ask, stateOf } = await start();
    await create();
    simulator.control.moveClock({ advanceMs: 24 * HOUR - 1 });
    expect(await stateOf()).toBe('WAIT_USER_CONFIRM');
    simulator.control.moveClock({ advanceMs: 1 });
    const { json } = await ask();
    expect(json).toMatchObject({ state: 'FAIL', update_time: '2026-02-11T12:00:00+08:00' });
    expect(json.fail_reason).toBe('OVERDUE_CLOSE');
    expect(() => simulator.control.openPacket(MCH, 'T1', openid)).toThrow(/FAIL/);
    expect(simulator.control.packet(MCH, 'T1')).toMatchObject({ status: 'REFUND', refundedAt: NOON + 24 * HOUR });
    expect(simulator.control.merchant(MCH)).toMatchObject({ balance: 100_000, sentAmount: 188, refundedAmount: 188 });
  });

  test('cancelled before it was confirmed it is CANCELING, then CANCELLED with the money back', async () => {
    const { simulator, openid, create, cancel, stateOf } = await start();
    const { transfer_bill_no } = (await create()).json;
    expect((await cancel()).json).toEqual({
      out_bill_no: 'T1',
      transfer_bill_no,
      state: 'CANCELING',
      update_time: '2026-02-10T12:00:00+08:00',
    });
    expect(() => simulator.control.openPacket(MCH, 'T1', openid)).toThrow(/CANCELING/);
    expect(simulator.control.merchant(MCH).balance).toBe(99_812);
    simulator.control.moveClock({ advanceMs: 1000 });
    expect(await stateOf()).toBe('CANCELLED');
    expect((await cancel()).json).toMatchObject({ state: 'CANCELLED' });
    expect(simulator.control.merchant(MCH)).toMatchObject({ balance: 100_000, refundedAmount: 188 });
  });

  test('what is over, or never was, cannot be cancelled', async () => {
    const { simulator, openid, create, cancel } = await start();
    expect(codeOf(await cancel())).toEqual([404, 'NOT_FOUND']);
    await create();
    simulator.control.openPacket(MCH, 'T1', openid);
    expect(codeOf(await cancel())).toEqual([400, 'INVALID_REQUEST']);
  });

  test('a month later nobody knows it any more', async () => {
    const { simulator, create, ask } = await start();
    await create();
    simulator.control.moveClock({ advanceMs: 30 * 24 * HOUR });
    expect(codeOf(await ask())).toEqual([404, 'NOT_FOUND']);
  });

  test('all of it survives a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
    open.push({ close: async () => rmSync(folder, { recursive: true }) });
    const one = await start({}, { folder });
    await one.create();
    await one.create({ out_bill_no: 'T2' });
    await one.cancel('T2');
    const certificate = one.simulator.certificates(MCH);
    const before = one.simulator.control.state().packets;
    await one.simulator.close();
    const two = await start({}, { folder });
    expect(two.simulator.control.state().packets).toEqual(before);
    expect(two.simulator.certificates(MCH)).toEqual(certificate);
    expect(readFileSync(join(folder, MCH, 'pub_key.pem'), 'utf8')).toBe(certificate.publicKeyPem);
    expect(readFileSync(join(folder, MCH, 'pub_key_id.txt'), 'utf8')).toBe(certificate.publicKeyId);
    two.simulator.control.openPacket(MCH, 'T1', one.openid);
    expect(await two.stateOf('T1')).toBe('SUCCESS');
  });
});

describe('signatures', () => {
  test('every answer is signed with the key of WeChat Pay, at the time of the virtual clock', async () => {
    const { simulator, create, ask } = await start();
    const { publicKeyPem, publicKeyId } = simulator.certificates(MCH);
    expect(publicKeyId).toMatch(/^PUB_KEY_ID_\d{28}$/);
    expect(simulator.certificates(OTHER)).toMatchObject({ publicKeyPem, publicKeyId });
    expect(createPublicKey(publicKeyPem).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
    for (const { headers, text } of [await create(), await ask(), await ask('nothing')]) {
      const { 'wechatpay-timestamp': time, 'wechatpay-nonce': once, 'wechatpay-signature': signature } = headers;
      expect(headers['wechatpay-serial']).toBe(publicKeyId);
      expect(time).toBe(String(NOON / 1000));
      const signed = Buffer.from(`${String(time)}\n${String(once)}\n${text}\n`);
      expect(verify('sha256', signed, publicKeyPem, Buffer.from(String(signature), 'base64'))).toBe(true);
    }
  });

  test.each<[string, Change]>([
    ['no header', { authorization: '' }],
    ['another scheme', { authorization: 'Bearer x' }],
    ['half a header', { authorization: 'WECHATPAY2-SHA256-RSA2048 mchid="1900000109"' }],
    ["another merchant's number", { mchId: OTHER }],
    ["nobody's number", { mchId: '1' }],
    ['another serial number', { serial: 'A'.repeat(40) }],
    ['a timestamp of 301 s ago', { timestamp: NOON / 1000 - 301 }],
    ['a timestamp in 301 s', { timestamp: NOON / 1000 + 301 }],
    ['another body than was signed', { sent: JSON.stringify({ a: 1 }) }],
  ])('%s is SIGN_ERROR with 401, and nothing is stored', async (_what, change) => {
    const { simulator, create } = await start();
    expect(codeOf(await create({}, change))).toEqual([401, 'SIGN_ERROR']);
    expect(simulator.control.state().packets).toEqual([]);
  });

  test('a call that was heard once is not heard again; 300 s off is still good', async () => {
    const { create } = await start();
    const change = { nonce: nonce(), timestamp: NOON / 1000 - 300 };
    expect((await create({}, change)).status).toBe(200);
    expect(codeOf(await create({}, change))).toEqual([401, 'SIGN_ERROR']);
    expect((await create()).status).toBe(200);
  });

  test('a call without Accept or User-Agent is PARAM_ERROR', async () => {
    const { create } = await start();
    expect(codeOf(await create({}, { headers: { 'user-agent': '' } }))).toEqual([400, 'PARAM_ERROR']);
  });

  test('an APIv3 key of another length is refused at the start', async () => {
    await expect(start({ apiV3Key: 'short' })).rejects.toThrow(/apiV3Key: expected 32 bytes/);
    expect(Buffer.byteLength(DEFAULT_API_V3_KEY)).toBe(32);
  });

  test('other paths and methods are 404', async () => {
    const { call } = await start();
    expect(codeOf(await call('GET', BILLS))).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    expect(codeOf(await call('POST', '/v3/pay/transactions/fax', {}))).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    expect(codeOf(await call('POST', `${BILLS}/out-bill-no/T1/cancel/x`))).toEqual([404, 'RESOURCE_NOT_EXISTS']);
  });
});

describe('what is refused', () => {
  const report = (...types: string[]) => ({
    transfer_scene_report_infos: types.map(type => ({ info_type: type, info_content: 'x' })),
  });

  test.each<[string, Json, string, string]>([
    ['no AppID', { appid: undefined }, 'PARAM_ERROR', 'appid'],
    ['a number that is not a text', { out_bill_no: 1 }, 'PARAM_ERROR', 'out_bill_no'],
    ['a number with a dash', { out_bill_no: 'a-b' }, 'PARAM_ERROR', '数字'],
    ['a number of 33', { out_bill_no: 'a'.repeat(33) }, 'PARAM_ERROR', '32'],
    ['an openid of 65', { openid: 'o'.repeat(65) }, 'PARAM_ERROR', 'openid'],
    ['a remark of 33 characters', { transfer_remark: '福'.repeat(33) }, 'PARAM_ERROR', 'transfer_remark'],
    ['an empty remark', { transfer_remark: '' }, 'PARAM_ERROR', 'transfer_remark'],
    ['an amount that is a text', { transfer_amount: '188' }, 'PARAM_ERROR', '转账金额'],
    ['a fraction', { transfer_amount: 1.5 }, 'PARAM_ERROR', '转账金额'],
    ['nothing', { transfer_amount: 0 }, 'PARAM_ERROR', '转账金额'],
    ['9 fen', { transfer_amount: 9 }, 'INVALID_REQUEST', '10分'],
    ['more than 200 yuan', { transfer_amount: 20_001 }, 'INVALID_REQUEST', '20000分'],
    ['no reports', { transfer_scene_report_infos: undefined }, 'PARAM_ERROR', '需传入转账场景报备信息'],
    ['an empty list of reports', { transfer_scene_report_infos: [] }, 'PARAM_ERROR', '需传入转账场景报备信息'],
    ['one report too few', report('活动名称'), 'PARAM_ERROR', '未传入完整且对应的'],
    ['one report too many', report('活动名称', '奖励说明', '赔付原因'), 'PARAM_ERROR', '未传入完整且对应的'],
    ['a report twice', report('活动名称', '活动名称'), 'PARAM_ERROR', '重复'],
    ["another scene's reports", { transfer_scene_id: '1011' }, 'PARAM_ERROR', '未传入完整且对应的'],
    [
      'a report of 33 characters',
      { transfer_scene_report_infos: [{ info_type: '活动名称', info_content: 'x'.repeat(33) }] },
      'PARAM_ERROR',
      'info_content',
    ],
    ['a scene nobody knows', { transfer_scene_id: '999' }, 'INVALID_REQUEST', '转账场景'],
    ['a perception of another scene', { user_recv_perception: '退款' }, 'INVALID_REQUEST', '用户收款感知'],
    ['a style nobody knows', { user_recv_style: { type: 'GOLD' } }, 'PARAM_ERROR', 'user_recv_style'],
    [
      'the look of a red packet above 200 yuan',
      { user_recv_style: { type: 'RED_PACKET' }, transfer_amount: 20_001 },
      'PARAM_ERROR',
      'RED_PACKET',
    ],
    [
      'the look of a red packet in another scene',
      {
        ...{ user_recv_style: { type: 'RED_PACKET' }, transfer_scene_id: '1011' },
        transfer_scene_report_infos: [{ info_type: '赔付原因', info_content: '迟到' }],
      },
      'PARAM_ERROR',
      'RED_PACKET',
    ],
    [
      'the reports of another scene',
      { transfer_scene_id: '1005', transfer_scene_report_infos: [{ info_type: '赔付原因', info_content: '迟到' }] },
      'PARAM_ERROR',
      '未传入完整且对应的',
    ],
    ['a field that is not documented', { amount: 1 }, 'PARAM_ERROR', '未在API文档中定义'],
    ['an empty callback', { notify_url: '' }, 'PARAM_ERROR', '未在API文档中定义'],
    ['a callback by plain http', { notify_url: 'http://example.com/n' }, 'PARAM_ERROR', 'notify_url'],
    ['a callback with a query', { notify_url: 'https://example.com/n?a=1' }, 'PARAM_ERROR', 'notify_url'],
    ['a callback of 257', { notify_url: `https://example.com/${'n'.repeat(237)}` }, 'PARAM_ERROR', 'notify_url'],
    ['a name below 0.30 yuan', { transfer_amount: 29, user_name: 'x' }, 'PARAM_ERROR', 'user_name'],
    ['an empty name', { user_name: '' }, 'PARAM_ERROR', 'user_name'],
    ['a name that cannot be decrypted', { user_name: 'x' }, 'PARAM_ERROR', 'user_name'],
    ['an AppID of somebody else', { appid: APP_CAKE }, 'INVALID_REQUEST', 'APPID'],
    ["a mobile app's AppID", { appid: 'wxMobileApp0000001' }, 'INVALID_REQUEST', 'APPID'],
    ['an openid nobody has', { openid: 'oNobody' }, 'INVALID_REQUEST', 'openid'],
  ])('%s', async (_what, change, code, text) => {
    const { simulator, create } = await start();
    const reply = await create(change);
    expect(codeOf(reply)).toEqual([400, code]);
    expect(reply.json.message).toContain(text);
    expect(simulator.control.state().packets).toEqual([]);
  });

  test('what is no JSON object is PARAM_ERROR', async () => {
    const { call } = await start();
    expect(codeOf(await call('POST', BILLS, []))).toEqual([400, 'PARAM_ERROR']);
    expect(codeOf(await call('POST', BILLS))).toEqual([400, 'PARAM_ERROR']);
  });

  test('the longest that is right goes: scene 1011, its perception, emoji as characters, loopback http', async () => {
    const { create } = await start();
    const compensation = {
      transfer_scene_id: '1011',
      transfer_scene_report_infos: [{ info_type: '赔付原因', info_content: '茶'.repeat(32) }],
      user_recv_perception: '商家赔付',
      transfer_remark: '🧧'.repeat(32),
      out_bill_no: 'a'.repeat(32),
      notify_url: 'http://127.0.0.1:1/notify',
      user_recv_style: { type: 'CONFIRM_PAGE' },
    };
    expect((await create(compensation)).json).toMatchObject({ state: 'WAIT_USER_CONFIRM' });
  });

  test('from 2000 yuan on the name is needed, encrypted for the key of WeChat Pay', async () => {
    const { simulator, create } = await start({
      balance: 1_000_000,
      limits: { transferMax: 500_000, amountPerUserPerDay: 500_000 },
    });
    expect(codeOf(await create({ transfer_amount: 200_000 }))).toEqual([400, 'PARAM_ERROR']);
    const { publicKeyPem, publicKeyId } = simulator.certificates(MCH);
    const user_name = publicEncrypt({ key: publicKeyPem, oaepHash: 'sha1' }, Buffer.from('张三')).toString('base64');
    const change = { transfer_amount: 200_000, user_name };
    expect(codeOf(await create(change))).toEqual([400, 'PARAM_ERROR']);
    const headers = { 'wechatpay-serial': publicKeyId };
    expect((await create(change, { headers })).json).toMatchObject({ state: 'WAIT_USER_CONFIRM' });
  });

  test('too low a balance is NOT_ENOUGH with 403 and leaves nothing; after a top-up the same number goes', async () => {
    const { simulator, create, ask } = await start({ balance: 187 });
    expect(codeOf(await create())).toEqual([403, 'NOT_ENOUGH']);
    expect(codeOf(await ask())).toEqual([404, 'NOT_FOUND']);
    simulator.control.setBalance(MCH, 188);
    expect((await create()).status).toBe(200);
    expect(simulator.control.merchant(MCH).balance).toBe(0);
  });

  test('whoever had enough today gets a bill that fails for a reason of the payee', async () => {
    const { simulator, create, ask } = await start({ limits: { perUserPerDay: 1 } });
    await create();
    expect((await create({ out_bill_no: 'T2' })).json).toMatchObject({
      state: 'FAIL',
      fail_reason: 'DAY_RECEIVED_COUNT_EXCEED',
    });
    expect((await ask('T2')).json).toMatchObject({ fail_reason: 'DAY_RECEIVED_COUNT_EXCEED' });
    expect(simulator.control.packet(MCH, 'T2')).toMatchObject({ status: 'FAILED', billState: 'FAIL' });
    expect(simulator.control.merchant(MCH)).toMatchObject({ balance: 99_812, sentCount: 1, refundedAmount: 0 });
  });

  test('more than the merchant may in a second is 429, leaves nothing, and goes a second later', async () => {
    const { simulator, create, ask } = await start({ limits: { perSecond: 3, perUserPerDay: 100 } });
    const replies = await Promise.all(Array.from({ length: 5 }, (_, n) => create({ out_bill_no: `R${n}` })));
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.map(({ json }) => json.code)).toEqual(['FREQUENCY_LIMIT_EXCEED', 'FREQUENCY_LIMIT_EXCEED']);
    expect(simulator.control.merchant(MCH)).toMatchObject({ freqLimits: 2, sentCount: 3 });
    const missing = `R${replies.findIndex(({ status }) => status === 429)}`;
    expect(codeOf(await ask(missing))).toEqual([404, 'NOT_FOUND']);
    simulator.control.moveClock({ advanceMs: 1000 });
    expect((await create({ out_bill_no: missing })).status).toBe(200);
  });
});

describe('one number, one bill', () => {
  test('the same number with the same data is answered with the bill as it stands, whatever its state', async () => {
    const { simulator, openid, create } = await start();
    const first = await create();
    expect((await create()).json).toEqual(first.json);
    simulator.control.openPacket(MCH, 'T1', openid);
    const { package_info: _package, ...rest } = first.json;
    expect((await create()).json).toEqual({ ...rest, state: 'SUCCESS' });
    expect(simulator.control.merchant(MCH)).toMatchObject({ sentCount: 1, balance: 99_812 });
    expect(simulator.control.person(openid).chat).toHaveLength(1);
  });

  test.each<[string, Json]>([
    ['amount', { transfer_amount: 189 }],
    ['remark', { transfer_remark: '别的' }],
    ['report', { transfer_scene_report_infos: [REPORTS[0], { info_type: '奖励说明', info_content: '二等奖' }] }],
    ['perception', { user_recv_perception: '现金奖励' }],
    ['callback address', { notify_url: 'https://example.com/notify' }],
  ])('the same number with another %s is ALREADY_EXISTS', async (_what, change) => {
    const { create } = await start();
    await create();
    const reply = await create(change);
    expect(codeOf(reply)).toEqual([400, 'ALREADY_EXISTS']);
    expect(reply.json.message).toBe('单号已存在但信息不一致');
  });

  test('thirty calls at once with one number pay once', async () => {
    const { simulator, create } = await start();
    const replies = await Promise.all(Array.from({ length: 30 }, () => create()));
    expect(new Set(replies.map(({ json }) => json.transfer_bill_no)).size).toBe(1);
    expect(simulator.control.merchant(MCH)).toMatchObject({ sentCount: 1, balance: 99_812 });
  });

  test('merchants have numbers of their own, and so have red packets', async () => {
    const { simulator, openid, create } = await start();
    await create();
    const other = await callerOf(simulator, OTHER)('POST', BILLS, bill(openid, { transfer_amount: 500 }));
    expect(other.json).toMatchObject({ state: 'WAIT_USER_CONFIRM' });
    const cake = simulator.control.addPerson({ account: 'cake' }).openid;
    const change = { appid: APP_CAKE, out_bill_no: 'T2' };
    expect((await callerOf(simulator, OTHER)('POST', BILLS, bill(cake, change))).status).toBe(200);
    expect(simulator.control.merchant(MCH).balance).toBe(99_812);
    expect(simulator.control.merchant(OTHER).balance).toBe(50_000 - 688);
    expect(simulator.control.packet(OTHER, 'T2')).toMatchObject({ openid: cake });
  });
});

describe('bad days', () => {
  const at = 'transfer' as const;

  test('lostReply: the bill is there, the connection is cut', async () => {
    const { create, stateOf, faults } = await start();
    faults({ kind: 'lostReply', at, times: 1 });
    await expect(create()).rejects.toThrow(/closed|socket/i);
    expect(await stateOf()).toBe('WAIT_USER_CONFIRM');
    expect((await create()).json).toMatchObject({ package_info: expect.any(String) });
  });

  test('errorAfterSent: SYSTEM_ERROR with 500, yet the bill is there; errorNothingStored: it is not', async () => {
    const { create, ask, stateOf, faults } = await start();
    faults({ kind: 'errorAfterSent', at, times: 1 });
    expect(codeOf(await create())).toEqual([500, 'SYSTEM_ERROR']);
    expect(await stateOf()).toBe('WAIT_USER_CONFIRM');
    faults({ kind: 'errorNothingStored', at, times: 1 });
    expect(codeOf(await create({ out_bill_no: 'T2' }))).toEqual([500, 'SYSTEM_ERROR']);
    expect(codeOf(await ask('T2'))).toEqual([404, 'NOT_FOUND']);
  });

  test('truncated, html502, extraElements and slow spoil the answer only as they say', async () => {
    const { create, ask, faults } = await start();
    faults({ kind: 'truncated', at, times: 1 });
    const half = await create();
    expect([half.status, half.json]).toEqual([200, {}]);
    faults({ kind: 'html502', at, times: 1 });
    const page = await create({ out_bill_no: 'T2' });
    expect([page.status, page.text]).toEqual([502, expect.stringContaining('<html>')]);
    expect(codeOf(await ask('T2'))).toEqual([404, 'NOT_FOUND']);
    faults({ kind: 'extraElements', at, times: 1 });
    expect((await create()).json).toMatchObject({ trace_id: 'sim-4f1d', state: 'WAIT_USER_CONFIRM' });
    faults({ kind: 'slow', at, times: 1, delayMs: 60 });
    const begun = performance.now();
    expect((await create()).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(50);
  });

  test.each<[PayFault, number, string]>([
    [{ kind: 'noAuthIp' }, 403, 'NO_AUTH'],
    [{ kind: 'noAuthProduct' }, 403, 'NO_AUTH'],
    [{ kind: 'notEnough' }, 403, 'NOT_ENOUGH'],
    [{ kind: 'freqLimit' }, 429, 'FREQUENCY_LIMIT_EXCEED'],
    [{ kind: 'unknownCode' }, 403, 'TRANSFER_ROUTE_MOVED'],
    [{ kind: 'code', code: 'USER_ERROR' }, 403, 'USER_ERROR'],
    [{ kind: 'code', code: 'INVALID_REQUEST', text: '你尚未获取该转账场景' }, 400, 'INVALID_REQUEST'],
    [{ kind: 'code', code: 'SYSTEM_ERROR', status: 503 }, 503, 'SYSTEM_ERROR'],
  ])('%o is told, and leaves nothing', async (fault, status, code) => {
    const { simulator, create, faults } = await start();
    faults({ ...fault, at });
    expect(codeOf(await create())).toEqual([status, code]);
    expect(simulator.control.state().packets).toEqual([]);
    expect(simulator.control.merchant(MCH).freqLimits).toBe(status === 429 ? 1 : 0);
  });

  test('processing: PROCESSING with the money locked, then it waits for its payee', async () => {
    const { simulator, openid, create, stateOf, faults } = await start();
    faults({ kind: 'processing', at, times: 1, afterMs: 60_000 });
    const { json } = await create();
    expect(json).toMatchObject({ state: 'PROCESSING' });
    expect('package_info' in json).toBe(false);
    expect(simulator.control.person(openid).chat).toEqual([]);
    expect(simulator.control.merchant(MCH).balance).toBe(99_812);
    simulator.control.moveClock({ advanceMs: 60_000 });
    expect(await stateOf()).toBe('WAIT_USER_CONFIRM');
    expect(simulator.control.person(openid).chat).toHaveLength(1);
    expect((await create()).json).toMatchObject({ package_info: expect.any(String) });
  });

  test('processingThenFailed: FAIL with the reason given, and the money back; noAuthUser: FAIL at once', async () => {
    const { simulator, create, ask, faults } = await start();
    faults({ kind: 'processingThenFailed', at, times: 1, afterMs: 1000, code: 'PAYER_ACCOUNT_ABNORMAL' });
    await create();
    simulator.control.moveClock({ advanceMs: 1000 });
    expect((await ask()).json).toMatchObject({ state: 'FAIL', fail_reason: 'PAYER_ACCOUNT_ABNORMAL' });
    faults({ kind: 'noAuthUser', at, times: 1 });
    expect((await create({ out_bill_no: 'T2' })).json).toMatchObject({ fail_reason: 'PAYEE_ACCOUNT_ABNORMAL' });
    expect(simulator.control.merchant(MCH).balance).toBe(100_000);
  });

  test('faults of the query and of the cancellation strike there only', async () => {
    const { create, ask, cancel, stateOf, faults } = await start();
    await create();
    faults(
      { kind: 'freqLimit', at: 'transferQuery', times: 1 },
      { kind: 'code', code: 'FREQUENCY_LIMIT_EXCEED', at: 'transferCancel', times: 1 },
    );
    expect((await create()).status).toBe(200);
    expect(codeOf(await ask())).toEqual([429, 'FREQUENCY_LIMIT_EXCEED']);
    expect(codeOf(await cancel())).toEqual([429, 'FREQUENCY_LIMIT_EXCEED']);
    faults(
      { kind: 'errorAfterSent', at: 'transferCancel', times: 1 },
      { kind: 'lostReply', at: 'transferQuery', times: 1 },
    );
    expect(codeOf(await cancel())).toEqual([500, 'SYSTEM_ERROR']);
    await expect(ask()).rejects.toThrow(/closed|socket/i);
    expect(await stateOf()).toBe('CANCELING');
  });

  test('a fault that names no place strikes at whatever pays', async () => {
    const { create, ask, faults } = await start();
    faults({ kind: 'errorNothingStored' });
    expect(codeOf(await create())).toEqual([500, 'SYSTEM_ERROR']);
    expect(codeOf(await ask())).toEqual([404, 'NOT_FOUND']);
  });

  test('the control API takes all of it, and says what it does not know', async () => {
    const { simulator } = await start();
    const put = async (pay: object[]) => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ pay });
      return (await fetch(`${simulator.url}/control/faults`, { method: 'PUT', headers, body })).status;
    };
    expect(await put([{ kind: 'code', at: 'transfer', code: 'NO_AUTH', status: 403 }])).toBe(200);
    expect(
      await put([
        { kind: 'lostNotice', times: 2 },
        { kind: 'duplicateNotice', copies: 3 },
      ]),
    ).toBe(200);
    expect(await put([{ kind: 'lostReply', at: 'transferQuery' }, { kind: 'expiredButReceived' }])).toBe(200);
    expect(await put([{ kind: 'lostReply', at: 'nowhere' }])).toBe(400);
    expect(await put([{ kind: 'code', code: 'X', status: 200 }])).toBe(400);
  });
});

describe('callbacks', () => {
  type Heard = { readonly headers: Record<string, unknown>; readonly text: string };

  /** `answers`: the status of each; afterwards 204. */
  async function listener(...answers: number[]) {
    const heard: Heard[] = [];
    const server = createServer((req, res) => {
      const parts: Buffer[] = [];
      req.on('data', (part: Buffer) => parts.push(part));
      req.on('end', () => {
        heard.push({ headers: req.headers, text: Buffer.concat(parts).toString() });
        res.writeHead(answers[heard.length - 1] ?? 204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closeLater(server);
    return { heard, notify_url: `http://127.0.0.1:${portOf(server)}/notify` };
  }

  const isCallback = has({ resource: has({ ciphertext: isText, nonce: isText, associated_data: isText }) });

  function decrypted({ text }: Heard, key: string): Json {
    const { ciphertext, nonce: iv, associated_data } = readJson(text, isCallback).resource;
    const bytes = Buffer.from(ciphertext, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(associated_data));
    decipher.setAuthTag(bytes.subarray(-16));
    return readJson(decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8'), isMap);
  }

  test('SUCCESS, FAIL and CANCELLED are told, signed and encrypted, with what the bill says', async () => {
    const { heard, notify_url } = await listener();
    const { simulator, openid, create, cancel, ask } = await start({ apiV3Key: KEY });
    for (const out_bill_no of ['T1', 'T2', 'T3']) await create({ out_bill_no, notify_url });
    simulator.control.openPacket(MCH, 'T1', openid);
    await cancel('T2');
    simulator.control.moveClock({ advanceMs: 24 * HOUR });
    await simulator.noticesIdle();
    const { publicKeyPem, publicKeyId } = simulator.certificates(MCH);
    const told = heard.map(each => decrypted(each, KEY));
    expect(Object.fromEntries(told.map(each => [each.out_bill_no, each.state]))).toEqual({
      T1: 'SUCCESS',
      T2: 'CANCELLED',
      T3: 'FAIL',
    });
    const { transfer_remark: _remark, appid: _appid, ...rest } = (await ask('T1')).json;
    expect(told.find(each => each.out_bill_no === 'T1')).toEqual(rest);
    for (const { headers, text } of heard) {
      const signed = Buffer.from(
        `${String(headers['wechatpay-timestamp'])}\n${String(headers['wechatpay-nonce'])}\n${text}\n`,
      );
      const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64');
      expect(headers['wechatpay-serial']).toBe(publicKeyId);
      expect(verify('sha256', signed, publicKeyPem, signature)).toBe(true);
      expect(JSON.parse(text)).toMatchObject({
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        event_type: 'MCHTRANSFER.BILL.FINISHED',
        resource_type: 'encrypt-resource',
        resource: { original_type: 'mch_payment', associated_data: 'mch_payment', algorithm: 'AEAD_AES_256_GCM' },
      });
    }
    expect(simulator.control.notices()).toHaveLength(3);
  });

  test('an answer that is not 200 or 204 is tried again with the same bytes, until it is, or for good', async () => {
    const { heard, notify_url } = await listener(500, 302);
    const { simulator, openid, create } = await start();
    await create({ notify_url });
    simulator.control.openPacket(MCH, 'T1', openid);
    await simulator.noticesIdle();
    expect(heard).toHaveLength(3);
    expect(new Set(heard.map(({ text }) => text)).size).toBe(1);
    expect(new Set(heard.map(({ headers }) => headers['wechatpay-nonce'])).size).toBe(3);
    expect(simulator.control.notices()).toMatchObject([
      {
        billNo: 'T1',
        state: 'SUCCESS',
        outcome: 'delivered',
        tries: [{ status: 500 }, { status: 302 }, { status: 204 }],
      },
    ]);
    await create({ out_bill_no: 'T2', notify_url: 'http://127.0.0.1:1/nobody' });
    simulator.control.openPacket(MCH, 'T2', openid);
    await simulator.noticesIdle();
    const told = await (await fetch(`${simulator.url}/control/notices`)).json();
    const [last] = read(told, isListOf(isMap));
    expect(last).toMatchObject({ billNo: 'T2', outcome: 'failed' });
    expect(last?.tries).toHaveLength(4);
  });

  test('lostNotice never arrives, duplicateNotice twice at once; without an address nobody is told', async () => {
    const { heard, notify_url } = await listener();
    const { simulator, openid, create, faults } = await start();
    for (const out_bill_no of ['T1', 'T2']) await create({ out_bill_no, notify_url });
    await create({ out_bill_no: 'T3' });
    faults({ kind: 'lostNotice', times: 1 }, { kind: 'duplicateNotice', at: 'transfer', times: 1 });
    for (const billNo of ['T1', 'T2', 'T3']) simulator.control.openPacket(MCH, billNo, openid);
    await simulator.noticesIdle();
    expect(heard.map(each => decrypted(each, DEFAULT_API_V3_KEY).out_bill_no)).toEqual(['T2', 'T2']);
    expect(simulator.control.notices().map(({ billNo, outcome }) => [billNo, outcome])).toEqual([
      ['T2', 'delivered'],
      ['T1', 'lost'],
    ]);
    expect(simulator.control.faults().pay).toEqual([]);
  });

  test('a listener that never answers blocks nothing, not even the end', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closeLater(server);
    const { simulator, openid, create, stateOf } = await start();
    await create({ notify_url: `http://127.0.0.1:${portOf(server)}/` });
    simulator.control.openPacket(MCH, 'T1', openid);
    expect(await stateOf()).toBe('SUCCESS');
    await simulator.idle();
    const begun = performance.now();
    await simulator.close();
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test('the vector of the reference is encrypted to the byte', () => {
    const text =
      '{"mch_id":"1900001109","out_bill_no":"plfk2020042013","transfer_bill_no":"1330000071100999991182020050700019480001","transfer_amount":200,"state":"SUCCESS","openid":"o-MYE42l80oelYMDE34nYD456Xoy","create_time":"2015-05-20T13:29:35+08:00","update_time":"2015-05-20T13:30:35+08:00"}';
    expect(sealResource(KEY, 'fdasflkja484', 'mch_payment', text)).toBe(
      'bz1kVndunWd9mLeW5FZeuBxDbqnw13VBTRkgTwGgdcgd7SUTxiq05aYfn5elPKWViFkGB26iSOrMb5dVI/l6jB40xjoyQVGlpRTii5/nBeQXfoGPlm7I1C0LPPtVkZEjI15BP+rTJ7TL8bRs3izx4iMI9dg7BtF6OJaSewhZrdmBdVx7AO8TwNCBHLuHOZSzSrKQ99BMR+hXubP6KyfkZGtzHoTJWwPhokxaF1wN3dLz3ghmWaIyJZIlwR0YeAjw6reuN03oYcoClIMobzKZI3wURaLfV6SJ6elK6/Orfr8JYFyLFsUKhXlcl2KL5S2LLVyKxyAfpzJvGSRkxig1h/wsf6eZVo8J2uF1HvpXZ5KqkcSoa4VDicMvHXNyn9wukPewiHhwXnM=',
    );
  });
});

describe('somebody else’s SDK: wechatpay-axios-plugin', () => {
  /** It looks at the machine's own clock, so the simulator does too. */
  async function startNow() {
    const started = await start({ apiV3Key: KEY }, { clock: movableClock(() => Date.now()) });
    const { caPem, keyPem, serialNumber, publicKeyId, publicKeyPem } = started.simulator.certificates(MCH);
    const httpsAgent = new https.Agent({ ca: caPem });
    open.push({ close: async () => httpsAgent.destroy() });
    const config = { mchid: MCH, serial: serialNumber, privateKey: keyPem, httpsAgent, proxy: false as const };
    const sdk = (certs: Record<string, string | Buffer>) =>
      new Wechatpay({ ...config, certs, baseURL: `${started.simulator.payUrl}/` }).chain(
        'v3/fund-app/mch-transfer/transfer-bills',
      );
    return { ...started, sdk, bills: sdk({ [publicKeyId]: publicKeyPem }), publicKeyId, publicKeyPem };
  }

  test('creates, queries and cancels with its own signatures, and verifies ours', async () => {
    const { simulator, openid, bills } = await startNow();
    const created = await bills.post(bill(openid));
    expect(created).toMatchObject({ status: 200, data: { state: 'WAIT_USER_CONFIRM' } });
    const number = { out_bill_no: 'T1' };
    const one = bills.chain('out-bill-no/{out_bill_no}');
    const asked = await one.get<unknown>(number);
    expect(asked.data).toMatchObject({ transfer_bill_no: created.data.transfer_bill_no, transfer_amount: 188, openid });
    const canceled = await one.chain('cancel').post<unknown>({}, number);
    expect(canceled.data).toMatchObject({ state: 'CANCELING' });
    simulator.control.moveClock({ advanceMs: 1000 });
    expect((await one.get<unknown>(number)).data).toMatchObject({ state: 'CANCELLED' });
    await expect(one.get({ out_bill_no: 'T2' })).rejects.toMatchObject({
      response: { status: 404, data: { code: 'NOT_FOUND' } },
    });
  });

  test('refuses our answers under another key: it does look at the signature', async () => {
    const { simulator, openid, sdk, publicKeyId } = await startNow();
    const another = createPublicKey(simulator.certificates(OTHER).keyPem).export({ type: 'spki', format: 'pem' });
    await expect(sdk({ [publicKeyId]: another }).post(bill(openid))).rejects.toMatchObject({
      code: 'EV3_RES_HEADER_SIGNATURE_DIGEST',
    });
  });

  test('verifies and decrypts our callback', async () => {
    const { simulator, openid, bills, publicKeyPem } = await startNow();
    const heard: { headers: Record<string, string>; text: string }[] = [];
    const server = createServer(async (req, res) => {
      heard.push({ headers: headersOf(req), text: await textIn(req) });
      res.writeHead(200).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closeLater(server);
    await bills.post(bill(openid, { notify_url: `http://127.0.0.1:${portOf(server)}/n` }));
    simulator.control.openPacket(MCH, 'T1', openid);
    await simulator.noticesIdle();
    const { headers, text } = heard[0]!;
    const signed = Formatter.response(headers['wechatpay-timestamp']!, headers['wechatpay-nonce']!, text);
    const key = Rsa.from(publicKeyPem, 'public');
    expect(Rsa.verify(signed, headers['wechatpay-signature']!, key)).toBe(true);
    const { resource } = readJson(text, has({ resource: isMapOf(isText) }));
    const clear = Aes.AesGcm.decrypt(resource.ciphertext!, KEY, resource.nonce!, resource.associated_data!);
    expect(JSON.parse(clear)).toMatchObject({ out_bill_no: 'T1', state: 'SUCCESS', transfer_amount: 188, openid });
  });
});

test('without a network the transfer desk answers all the same, and the same on every run', () => {
  const run = () => {
    const clock = movableClock(() => NOON);
    const world = new World({ ...optionsOf(), clock });
    const [transfers, packets] = [new TransferDesk(world), new PayDesk(world)];
    const seen: unknown[] = [];
    world.watch(change => seen.push(change));
    const { openid } = world.addPerson('tea');
    const create = (change: Json) =>
      transfers.answer({ method: 'POST', path: BILLS, body: JSON.stringify(bill(openid, change)) }, MCH);
    world.faults.set({ pay: [{ kind: 'lostReply', at: 'transfer', times: 1 }], platform: [] });
    seen.push(create({}), create({ out_bill_no: 'T2' }), create({ out_bill_no: 'T3' }));
    packets.open(MCH, 'T1', openid);
    seen.push(transfers.answer({ method: 'POST', path: `${BILLS}/out-bill-no/T2/cancel`, body: '' }, MCH));
    clock.setOffset(25 * HOUR);
    packets.tick();
    for (const billNo of ['T1', 'T2', 'T3']) {
      const order = world.order(MCH, billNo, 'transfer')!;
      seen.push(isTransfer(order) && noticeResource(order));
      seen.push(transfers.answer({ method: 'GET', path: `${BILLS}/out-bill-no/${billNo}`, body: '' }, MCH));
    }
    world.close();
    return { seen, books: world.findMerchant(MCH)!.books };
  };
  const one = run();
  expect(one.seen).toContainEqual(expect.objectContaining({ status: 200, spoil: { kind: 'cut' } }));
  expect(one.books).toMatchObject({ balance: 99_812, sentCount: 3, receivedAmount: 188, refundedAmount: 376 });
  expect(run()).toEqual(one);
});
