// The simulator's bad days at WeChat Pay: each fault, what is answered, and what is true behind it.

import { Agent, request } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { nonce, paySignOf } from '../../src/wechat/crypto.ts';
import { buildXml, parseXml, textOf } from '../../src/wechat/xml.ts';

const MCH = '1900000109';
const APP = 'wx8888888888888888';
const KEY = '0123456789abcdef0123456789ABCDEF';
const MINUTE = 60_000;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(...faults: PayFault[]) {
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(() => 1_770_000_000_000),
    accounts: [
      {
        name: 'tea',
        title: '阿茶',
        appId: APP,
        appSecret: 's',
        token: 't',
        originalId: 'gh_0a1b2c3d4e5f',
        mode: 'plain',
        webhook: '',
        encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
      },
    ],
    merchants: [{ mchId: MCH, apiV2Key: KEY, balance: 100_000, appIds: [APP] }],
  });
  open.push(simulator);
  const { caPem: ca, certPem: cert, keyPem: key } = simulator.certificates(MCH);
  const agent = new Agent({ connect: { ca, cert, key } });
  open.push({ close: () => agent.destroy() });
  const post = async (path: string, fields: Record<string, string>) => {
    const body = buildXml({ ...fields, sign: paySignOf(fields, KEY) });
    const reply = await request(`${simulator.payUrl}/mmpaymkttransfers/${path}`, {
      method: 'POST',
      body,
      dispatcher: agent,
    });
    return { status: reply.statusCode, type: reply.headers['content-type'], text: await reply.body.text() };
  };
  const openid = simulator.control.addPerson().openid;
  const base = { nonce_str: nonce(), mch_id: MCH };
  const send = (billNo = 'B1', to = openid) =>
    post('sendredpack', {
      ...base,
      mch_billno: billNo,
      wxappid: APP,
      send_name: 'a',
      re_openid: to,
      total_amount: '100',
      total_num: '1',
      wishing: 'w',
      client_ip: '127.0.0.1',
      act_name: 'n',
      remark: 'r',
    });
  const ask = (billNo = 'B1') => post('gethbinfo', { ...base, mch_billno: billNo, appid: APP, bill_type: 'MCHT' });
  const codeOf = async (reply: Promise<{ text: string }>) => textOf(parseXml((await reply).text), 'err_code');
  const statusOf = async (billNo = 'B1') => textOf(parseXml((await ask(billNo)).text), 'status');
  simulator.control.setFaults({ pay: faults, platform: [] });
  return { simulator, openid, send, ask, codeOf, statusOf };
}

test('lostReply: the packet is sent, the connection is cut', async () => {
  const { send, statusOf, simulator } = await start({ kind: 'lostReply', times: 1 });
  await expect(send()).rejects.toThrow(/closed|socket/i);
  expect(await statusOf()).toBe('SENT');
  expect(textOf(parseXml((await send()).text), 'result_code')).toBe('SUCCESS');
  expect(simulator.control.merchant(MCH).sentCount).toBe(1);
});

test('errorAfterSent: SYSTEMERROR, yet the packet is sent', async () => {
  const { send, codeOf, statusOf } = await start({ kind: 'errorAfterSent', times: 1 });
  expect(await codeOf(send())).toBe('SYSTEMERROR');
  expect(await statusOf()).toBe('SENT');
});

test('errorNothingStored: SYSTEMERROR, and gethbinfo knows nothing', async () => {
  const { send, ask, codeOf } = await start({ kind: 'errorNothingStored', times: 1 });
  expect(await codeOf(send())).toBe('SYSTEMERROR');
  expect(await codeOf(ask())).toBe('NOT_FOUND');
  expect(await codeOf(send())).toBe('0');
});

test('processing: SENDING without a reason for 20 minutes, then SENT, whoever asks', async () => {
  const { simulator, openid, send, ask, codeOf, statusOf } = await start({ kind: 'processing', times: 1 });
  expect(await codeOf(send())).toBe('PROCESSING');
  expect(await codeOf(send())).toBe('PROCESSING');
  expect(await statusOf()).toBe('SENDING');
  expect('reason' in parseXml((await ask()).text)).toBe(false);
  simulator.control.moveClock({ advanceMs: 20 * MINUTE - 1 });
  expect(await statusOf()).toBe('SENDING');
  simulator.control.moveClock({ advanceMs: 1 });
  expect(simulator.control.packet(MCH, 'B1')).toMatchObject({
    status: 'SENT',
    sentAt: 1_770_000_000_000 + 20 * MINUTE,
  });
  expect(simulator.control.person(openid).chat).toHaveLength(1);
  expect(simulator.control.merchant(MCH).balance).toBe(99_900);
});

test('processing with a balance that is gone by then stays SENDING with the reason', async () => {
  const { simulator, send, ask } = await start({ kind: 'processing', afterMs: MINUTE });
  await send();
  simulator.control.setBalance(MCH, 1);
  simulator.control.moveClock({ advanceMs: MINUTE });
  expect(parseXml((await ask()).text)).toMatchObject({
    status: 'SENDING',
    reason: expect.stringContaining('余额不足'),
  });
});

test('processingThenFailed: FAILED after its time, and nothing was paid', async () => {
  const { simulator, send, codeOf, statusOf } = await start({ kind: 'processingThenFailed', afterMs: MINUTE });
  expect(await codeOf(send())).toBe('PROCESSING');
  simulator.control.moveClock({ advanceMs: MINUTE });
  expect(await statusOf()).toBe('FAILED');
  expect(await codeOf(send())).toBe('SEND_FAILED');
  expect(simulator.control.merchant(MCH)).toMatchObject({ sentCount: 0, balance: 100_000 });
});

test('slow: the packet is sent at once, the answer comes late', async () => {
  const { simulator, send } = await start({ kind: 'slow', delayMs: 120, times: 1 });
  const begun = performance.now();
  const sending = send();
  await expect.poll(() => simulator.control.packet(MCH, 'B1')?.status).toBe('SENT');
  expect(textOf(parseXml((await sending).text), 'result_code')).toBe('SUCCESS');
  expect(performance.now() - begun).toBeGreaterThan(100);
});

test('slow: closing the simulator does not wait for it', async () => {
  const { simulator, send } = await start({ kind: 'slow', delayMs: 60_000 });
  const sending = send().catch(() => 'cut');
  await expect.poll(() => simulator.control.packet(MCH, 'B1')?.status).toBe('SENT');
  await simulator.close();
  expect(await sending).toBe('cut');
});

test('truncated: half a document, though the packet is sent', async () => {
  const { send, statusOf } = await start({ kind: 'truncated', times: 1 });
  const { status, text } = await send();
  expect(status).toBe(200);
  expect(() => parseXml(text)).toThrow();
  expect(text).toMatch(/^<xml>/);
  expect(await statusOf()).toBe('SENT');
});

test('html502: a page of nginx, and no order', async () => {
  const { send, ask, codeOf } = await start({ kind: 'html502', times: 1 });
  const { status, type, text } = await send();
  expect([status, type]).toEqual([502, 'text/html']);
  expect(text).toContain('nginx');
  expect(await codeOf(ask())).toBe('NOT_FOUND');
});

test('unknownCode: a code nobody has seen, and the packet goes out later all the same', async () => {
  const { simulator, send, codeOf, statusOf } = await start({ kind: 'unknownCode', afterMs: MINUTE, times: 1 });
  expect(await codeOf(send())).toBe('HB_ROUTE_MOVED');
  expect(await statusOf()).toBe('SENDING');
  simulator.control.moveClock({ advanceMs: MINUTE });
  expect(await statusOf()).toBe('SENT');
});

test('extraElements: a success with elements nobody knows, in another order', async () => {
  const { send } = await start({ kind: 'extraElements' });
  const fields = parseXml((await send()).text);
  expect(fields).toMatchObject({
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    trace_id: 'sim-4f1d',
    promotion: { level: '1' },
  });
  expect(Object.keys(fields).at(-1)).toBe('trace_id');
});

test.each<[PayFault['kind'], RegExp, boolean]>([
  ['noAuthUser', /已被微信拦截/, true],
  ['noAuthIp', /IP地址/, false],
  ['noAuthProduct', /产品权限/, false],
])('%s: NO_AUTH with its own text, and an order only where the user is the cause', async (kind, text, isStored) => {
  const { send, ask, codeOf } = await start({ kind, times: 1 });
  const fields = parseXml((await send()).text);
  expect(fields).toMatchObject({
    result_code: 'FAIL',
    err_code: 'NO_AUTH',
    mch_billno: 'B1',
    err_code_des: expect.stringMatching(text),
  });
  if (isStored)
    expect(parseXml((await ask()).text)).toMatchObject({ status: 'SENDING', reason: expect.stringMatching(text) });
  else expect(await codeOf(ask())).toBe('NOT_FOUND');
  expect(await codeOf(send())).toBe('0');
});

test('notEnough: NOTENOUGH though there is money, with an order that can be sent later', async () => {
  const { send, codeOf, statusOf } = await start({ kind: 'notEnough', times: 2 });
  expect(await codeOf(send())).toBe('NOTENOUGH');
  expect(await codeOf(send())).toBe('NOTENOUGH');
  expect(await statusOf()).toBe('SENDING');
  expect(await codeOf(send())).toBe('0');
});

test('freqLimit: counted, and no order', async () => {
  const { simulator, send, ask, codeOf } = await start({ kind: 'freqLimit', times: 1 });
  expect(await codeOf(send())).toBe('FREQ_LIMIT');
  expect(await codeOf(ask())).toBe('NOT_FOUND');
  expect(simulator.control.merchant(MCH).freqLimits).toBe(1);
});

test.each([
  ['PAYER_ACCOUNT_ABNORMAL', undefined],
  ['API_METHOD_CLOSED', undefined],
  ['SENDNUM_LIMIT', 'SENDING'],
  ['SENDAMOUNT_LIMIT', 'SENDING'],
  ['PROCESSING', 'SENDING'],
  ['SEND_FAILED', 'FAILED'],
])('code: %s is answered with its text, and leaves what the real one leaves', async (code, status) => {
  const { send, statusOf } = await start({ kind: 'code', code, text: '怎么了', times: 1 });
  expect(parseXml((await send()).text)).toMatchObject({ result_code: 'FAIL', err_code: code, err_code_des: '怎么了' });
  expect(await statusOf()).toBe(status);
});

test('a fault at an order does not undo one that was sent', async () => {
  const { simulator, send, codeOf } = await start();
  await send();
  simulator.control.setFaults({
    pay: [{ kind: 'noAuthUser' }, { kind: 'processingThenFailed' }, { kind: 'notEnough' }],
    platform: [],
  });
  expect(await codeOf(send())).toBe('0');
  expect(simulator.control.packet(MCH, 'B1')?.status).toBe('SENT');
});

test('a fault for one follower leaves the others in peace, and counts only its own', async () => {
  const { simulator, openid, send, codeOf } = await start();
  const other = simulator.control.addPerson().openid;
  simulator.control.setFaults({ pay: [{ kind: 'noAuthUser', openid, times: 1 }], platform: [] });
  expect(await codeOf(send('B2', other))).toBe('0');
  expect(await codeOf(send('B1'))).toBe('NO_AUTH');
  expect(simulator.control.faults()).toEqual({ pay: [], platform: [] });
});

test('times counts down and is told; without it the fault stays', async () => {
  const { simulator, send, codeOf } = await start();
  const left: (number | undefined)[] = [];
  simulator.control.watch(change => change.kind === 'faults' && left.push(change.faults.pay[0]?.times));
  simulator.control.setFaults({ pay: [{ kind: 'freqLimit', times: 2 }], platform: [] });
  for (const code of ['FREQ_LIMIT', 'FREQ_LIMIT', '0']) expect(await codeOf(send())).toBe(code);
  expect(left).toEqual([2, 1, undefined]);
  simulator.control.setFaults({ pay: [{ kind: 'errorNothingStored' }], platform: [] });
  for (let n = 0; n < 5; n++) expect(await codeOf(send('B2'))).toBe('SYSTEMERROR');
});

test.each<[PayFault['kind'], string]>([
  ['freqLimit', 'FREQ_LIMIT'],
  ['errorNothingStored', 'SYSTEMERROR'],
  ['errorAfterSent', 'SYSTEMERROR'],
  ['noAuthIp', 'NO_AUTH'],
  ['unknownCode', 'HB_ROUTE_MOVED'],
])('at gethbinfo, %s answers %s and sendredpack is left alone', async (kind, code) => {
  const { send, ask, codeOf, statusOf } = await start({ kind, at: 'gethbinfo', times: 1 });
  expect(await codeOf(send())).toBe('0');
  expect(await codeOf(ask())).toBe(code);
  expect(await statusOf()).toBe('SENT');
});

test('at gethbinfo the answer can be cut, slow, halved, a page or strange as well', async () => {
  const at = 'gethbinfo';
  const { simulator, send, ask } = await start();
  await send();
  const faults = (fault: PayFault): void => void simulator.control.setFaults({ pay: [fault], platform: [] });
  faults({ kind: 'lostReply', at, times: 1 });
  await expect(ask()).rejects.toThrow();
  faults({ kind: 'truncated', at });
  expect(() => parseXml('')).toThrow();
  const half = await ask();
  expect(() => parseXml(half.text)).toThrow();
  faults({ kind: 'html502', at });
  expect((await ask()).status).toBe(502);
  faults({ kind: 'extraElements', at });
  expect(parseXml((await ask()).text)).toMatchObject({ status: 'SENT', trace_id: 'sim-4f1d' });
  faults({ kind: 'slow', at, delayMs: 60 });
  expect(parseXml((await ask()).text)).toMatchObject({ status: 'SENT' });
});

test('http: whoever stands before WeChat Pay answers as told, questions too, and nothing is stored', async () => {
  const { simulator, send, ask, codeOf } = await start({
    kind: 'http',
    status: 400,
    text: '<html>no</html>',
    times: 2,
  });
  expect(await send()).toMatchObject({ status: 400, text: '<html>no</html>' });
  expect(await ask()).toMatchObject({ status: 400 });
  expect(await codeOf(ask())).toBe('NOT_FOUND');
  simulator.control.setFaults({ pay: [{ kind: 'http', at: 'sendredpack', status: 200 }], platform: [] });
  expect(await send()).toMatchObject({ status: 200, text: '' });
  expect(await codeOf(ask())).toBe('NOT_FOUND');
});

test('tlsRefused: the connection is cut after the handshake, and one that stands as well', async () => {
  const { simulator, send, ask, codeOf } = await start();
  expect(await codeOf(ask())).toBe('NOT_FOUND');
  simulator.control.setFaults({ pay: [{ kind: 'tlsRefused' }], platform: [] });
  await expect(send()).rejects.toThrow(/closed|socket|reset/i);
  await expect(send()).rejects.toThrow(/closed|socket|reset/i);
  simulator.control.setFaults({ pay: [], platform: [] });
  expect(await codeOf(ask())).toBe('NOT_FOUND');
});

test('a word: only requests that bear it are struck', async () => {
  const fault = { kind: 'code', code: 'SIGN_ERROR', text: '签名错误' } as const;
  const { simulator, send, codeOf } = await start({ ...fault, word: 'x' });
  expect(await codeOf(send())).toBe('0');
  simulator.control.setFaults({ pay: [{ ...fault, word: 'n' }], platform: [] });
  expect(await codeOf(send('B2'))).toBe('SIGN_ERROR');
});
