// Calls as other people's code makes them when something is amiss: names that only JavaScript knows, broken addresses, numbers of
// somebody else, fields that are none. Each is answered in words, at once, and leaves nothing half done.

import { randomBytes, sign } from 'node:crypto';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { SIMULATOR_DEFAULTS } from '../../src/commands/simulator-defaults.ts';
import { startSimulator, type Wishes } from '../../src/commands/simulator-entry.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { paySignOf } from '../../src/wechat/crypto.ts';
import { buildXml } from '../../src/wechat/xml.ts';
import { has, isListOf, isMap, isNumber, read, readJson } from '../support/json.ts';

type Json = Record<string, unknown>;
type Got = { readonly status: number; readonly text: string; readonly json: Json };

const { mchId: MCH, apiKey: KEY, appId: APP, appSecret: SECRET } = SIMULATOR_DEFAULTS;
const CAKE = 'wx7777777777777777';
const DAY = 86_400_000;
const ANN = 'oReader_0001';
const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';
const AUTHORIZATIONS = '/v3/fund-app/mch-transfer/user-confirm-authorization';
const FAVOR = '/v3/marketing/favor';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(wishes: Wishes = {}) {
  const simulator = await startSimulator(wishes);
  open.push(() => simulator.close());
  simulator.control.addPerson({ openid: ANN, account: 'tea', following: true });
  return { simulator, ...callsOf(simulator) };
}

/** One call to WeChat Pay. A connection that is cut throws. */
function tlsCall(
  simulator: Simulator,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<Got> {
  const { caPem: ca, certPem: cert, keyPem: key } = simulator.certificates(MCH);
  const { port } = new URL(simulator.payUrl);
  const options = { host: '127.0.0.1', port, path, method, ca, cert, key, agent: false };
  return new Promise((resolve, reject) => {
    const req = https.request({ ...options, headers }, res => {
      text(res).then(body => resolve(gotOf(res.statusCode ?? 0, body)), reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

function gotOf(status: number, text: string): Got {
  const json = text.startsWith('{') ? readJson(text, isMap) : {};
  return { status, text, json };
}

function callsOf(simulator: Simulator) {
  const v3 = (method: string, path: string, body?: unknown): Promise<Got> => {
    const { keyPem, serialNumber } = simulator.certificates(MCH);
    const text = body === undefined ? '' : JSON.stringify(body);
    const [time, nonce] = [String(Math.floor(Date.now() / 1000)), randomBytes(16).toString('hex')];
    const lines = [method, path, time, nonce, text].map(line => `${line}\n`).join('');
    const signature = sign('sha256', Buffer.from(lines), keyPem).toString('base64');
    const parts = `mchid="${MCH}",nonce_str="${nonce}",signature="${signature}",timestamp="${time}",serial_no="${serialNumber}"`;
    const headers = { accept: 'application/json', 'user-agent': 'test', 'content-type': 'application/json' };
    const authorization = `WECHATPAY2-SHA256-RSA2048 ${parts}`;
    return tlsCall(simulator, method, path, { ...headers, authorization }, text);
  };
  const v2 = (path: string, fields: Record<string, string>, written = buildXml): Promise<Got> => {
    const all = { appid: APP, mch_id: MCH, nonce_str: 'n1', ...fields };
    const signed = { ...all, sign: paySignOf(all, KEY) };
    return tlsCall(simulator, 'POST', path, { 'content-type': 'text/xml' }, written(signed));
  };
  const web = async (path: string, init: RequestInit = {}): Promise<Got> => {
    const reply = await fetch(`${simulator.url}${path}`, init);
    return gotOf(reply.status, await reply.text());
  };
  const control = (method: string, path: string, body: unknown = {}): Promise<Got> =>
    web(
      `/control${path}`,
      method === 'GET' ? {} : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    );
  const api = async (path: string, body?: unknown): Promise<Json> => {
    const who = new URLSearchParams({ grant_type: 'client_credential', appid: APP, secret: SECRET });
    const { access_token } = (await web(`/cgi-bin/token?${who}`)).json;
    const place = `${path}${path.includes('?') ? '&' : '?'}access_token=${String(access_token)}`;
    const form = body instanceof FormData ? body : JSON.stringify(body);
    return (await web(place, body === undefined ? {} : { method: 'POST', body: form })).json;
  };
  return { v3, v2, web, control, api };
}

const transfer = (changed: Json = {}): Json => ({
  ...{ appid: APP, out_bill_no: 'T1', transfer_scene_id: '1000', openid: ANN, transfer_amount: 100 },
  transfer_remark: '奖励',
  transfer_scene_report_infos: [
    { info_type: '活动名称', info_content: '开业' },
    { info_type: '奖励说明', info_content: '红包' },
  ],
  ...changed,
});

describe('a name that every object of JavaScript has', () => {
  test('is no scene, no call and no trade type of WeChat Pay', async () => {
    const { v3 } = await start();
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const scene = await v3('POST', BILLS, transfer({ transfer_scene_id: name }));
      expect([scene.status, scene.json.message], name).toEqual([400, '你尚未获取该转账场景']);
      expect((await v3('POST', `${BILLS}${name}`, transfer())).text, name).toContain('the simulator has no');
      expect((await v3('POST', `/v3/pay/transactions/${name}`, {})).text, name).toContain('the simulator has no');
    }
  });

  test('is no kind of file, no type of a field and no template anybody agreed to', async () => {
    const { simulator, api, control } = await start();
    const form = new FormData();
    form.set('media', new Blob(['PNG']), 'a.png');
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect((await api(`/cgi-bin/media/upload?type=${name}`, form)).errcode, name).toBe(40004);
      expect((await api('/cgi-bin/material/batchget_material', { type: name })).errcode, name).toBe(40004);
    }
    const templates = [
      { id: 'T1', fields: ['constructor1', 'toString'] },
      { id: 'constructor', kind: 'subscription', fields: ['thing1'] },
    ];
    await control('PUT', '/accounts/tea/templates', templates);
    const data = { constructor1: { value: '一' }, toString: { value: '二' } };
    const sent = await api('/cgi-bin/message/template/send', { touser: ANN, template_id: 'T1', data });
    expect(sent).toMatchObject({ errcode: 0 });
    const notice = { touser: ANN, template_id: 'constructor', data: { thing1: { value: '三' } } };
    const send = async (): Promise<unknown> => (await api('/cgi-bin/message/subscribe/bizsend', notice)).errcode;
    expect(await send()).toBe(43101);
    simulator.setWebhook('tea', 'http://127.0.0.1:9/');
    await control('POST', `/people/${ANN}/act?wait=no`, { kind: 'consent', template: 'constructor', accept: true });
    expect([await send(), await send()]).toEqual([0, 43101]);
  });
});

test('an address with a broken percent sign is PARAM_ERROR, not a connection that is cut', async () => {
  const { v3 } = await start();
  const closed = await v3('POST', '/v3/pay/transactions/out-trade-no/%E0%A4%A/close', { mchid: MCH });
  expect([closed.status, closed.json.code]).toEqual([400, 'PARAM_ERROR']);
  const asked = await v3('GET', '/v3/refund/domestic/refunds/%zz');
  expect([asked.status, asked.json.code]).toEqual([400, 'PARAM_ERROR']);
});

describe('API v3', () => {
  test('asks for an authorization only where the AppID is bound to the merchant, as for a transfer', async () => {
    const account = { title: '茶', token: 'tok1', encodingAesKey: 'a'.repeat(43), mode: 'safe' as const, webhook: '' };
    const accounts = [
      { ...account, name: 'tea', appId: APP, appSecret: SECRET, originalId: 'gh_tea' },
      { ...account, name: 'cake', appId: CAKE, appSecret: 's2', originalId: 'gh_cake' },
    ];
    const { simulator, v3 } = await start({
      accounts,
      merchants: [{ mchId: MCH, apiV2Key: KEY, balance: 10_000, appIds: [APP] }],
    });
    const { openid } = simulator.control.addPerson({ account: 'cake', following: true });
    const ask = {
      ...{ appid: CAKE, openid, transfer_scene_id: '1000', user_display_name: '顾客', out_authorization_no: 'A1' },
      authorization_notify_url: 'https://shop.example/notice',
    };
    const unbound = { code: 'INVALID_REQUEST', message: 'APPID不存在或未与商户号绑定' };
    expect((await v3('POST', AUTHORIZATIONS, ask)).json).toEqual(unbound);
    expect((await v3('POST', BILLS, transfer({ appid: CAKE, openid }))).json).toEqual(unbound);
    expect(simulator.control.authorizations()).toEqual([]);
  });

  test('is strict with what stands inside too, and names the part that is missing', async () => {
    const { v3 } = await start();
    const said = async (path: string, changed: Json): Promise<unknown> =>
      (await v3('POST', path, transfer(changed))).json.message;
    const unknown = '请求中含有未在API文档中定义的参数';
    expect(await said(BILLS, { user_recv_style: { type: 'RED_PACKET', color: 'red' } })).toBe(unknown);
    const reports = read(transfer().transfer_scene_report_infos, isListOf(isMap));
    const more = reports.map(each => ({ ...each, info_url: 'x' }));
    expect(await said(BILLS, { transfer_scene_report_infos: more })).toBe(unknown);
    expect(await said(BILLS, { user_recv_style: null })).toBe('user_recv_style的类型不正确,应为对象');
    expect(await said(`${BILLS}/pre-transfer-with-authorization`, {})).toBe('authorization_info必填,并且不能为空');
  });

  test('tells a receipt by its number, whatever query follows it', async () => {
    const { simulator, v3 } = await start();
    await v3('POST', BILLS, transfer());
    simulator.control.openPacket(MCH, 'T1', ANN);
    const receipts = '/v3/fund-app/mch-transfer/elecsign/out-bill-no';
    expect((await v3('POST', receipts, { out_bill_no: 'T1' })).json).toMatchObject({ state: 'GENERATING' });
    expect((await v3('GET', `${receipts}/T1?from=report`)).json).toMatchObject({ state: 'GENERATING' });
  });
});

describe('vouchers', () => {
  async function withCoupons() {
    const world = await start();
    world.simulator.control.setStock({
      ...{ stockId: 'S1', creator: MCH, name: '券', status: 'running', amount: 500, minimum: 1000, maxCoupons: 9 },
      ...{ beginAt: 0, endAt: 4_000_000_000_000 },
    });
    const send = { stock_id: 'S1', out_request_no: 'N1', appid: APP, stock_creator_mchid: MCH };
    expect((await world.v3('POST', `${FAVOR}/users/${ANN}/coupons`, send)).status).toBe(200);
    const list = (query: string): Promise<Got> =>
      world.v3('GET', `${FAVOR}/users/${ANN}/coupons?appid=${APP}&${query}`);
    return { ...world, list };
  }

  test('are listed by whoever made their stock, and by nothing else beside available_mchid', async () => {
    const { list } = await withCoupons();
    const count = async (query: string): Promise<unknown> => (await list(query)).json.total_count;
    expect(await count(`creator_mchid=${MCH}`)).toBe(1);
    expect(await count('creator_mchid=1900000777')).toBe(0);
    const ignored = await list(`available_mchid=${MCH}&status=USED&offset=9&limit=0`);
    expect(ignored.json).toMatchObject({
      total_count: 1,
      offset: 0,
      limit: 20,
      data: [{ coupon_id: '8000000000001' }],
    });
  });

  test.each(['offset=abc', 'limit=-3', 'offset=', 'status=EXPIRED'])('a list with %s is PARAM_ERROR', async wrong => {
    const { list } = await withCoupons();
    const { status, json } = await list(`creator_mchid=${MCH}&${wrong}`);
    expect([status, json.code]).toEqual([400, 'PARAM_ERROR']);
  });

  test('a stock is known by its number and its creator together', async () => {
    const { v3 } = await withCoupons();
    const code = async (query: string): Promise<unknown> => (await v3('GET', `${FAVOR}/stocks/S1${query}`)).json.code;
    expect(await code(`?stock_creator_mchid=${MCH}`)).toBeUndefined();
    expect(await code('?stock_creator_mchid=1900000777')).toBe('RESOURCE_NOT_EXISTS');
    expect(await code('')).toBe('PARAM_ERROR');
  });
});

describe('API v2', () => {
  const order = (changed: Record<string, string> = {}): Record<string, string> => ({
    ...{ body: '茶', out_trade_no: 'ORDER-0001', total_fee: '100', spbill_create_ip: '127.0.0.1' },
    ...{ notify_url: 'http://127.0.0.1:9/n', trade_type: 'JSAPI', openid: ANN },
    ...changed,
  });
  const field = ({ text }: Got, name: string): string | undefined =>
    new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]>`).exec(text)?.[1];

  test('asks after a refund by each of its four numbers, and the narrowest goes first', async () => {
    const { simulator, v2 } = await start();
    await v2('/pay/unifiedorder', order());
    simulator.control.pay(ANN, { orderNo: 'ORDER-0001', notify: false });
    const back = { out_trade_no: 'ORDER-0001', total_fee: '100', refund_fee: '30' };
    const first = await v2('/secapi/pay/refund', { ...back, out_refund_no: 'R1' });
    await v2('/secapi/pay/refund', { ...back, out_refund_no: 'R2' });
    const refundId = field(first, 'refund_id')!;
    const query = async (fields: Record<string, string>): Promise<unknown> => {
      const got = await v2('/pay/refundquery', fields);
      return [field(got, 'refund_count'), field(got, 'out_refund_no_0'), field(got, 'err_code')];
    };
    expect(await query({ refund_id: refundId })).toEqual(['1', 'R1', undefined]);
    expect(await query({ out_refund_no: 'R2' })).toEqual(['1', 'R2', undefined]);
    expect(await query({ transaction_id: field(first, 'transaction_id')! })).toEqual(['2', 'R1', undefined]);
    expect(await query({ out_trade_no: 'ORDER-0001' })).toEqual(['2', 'R1', undefined]);
    const none = [undefined, undefined, 'REFUNDNOTEXIST'];
    expect(await query({ out_refund_no: 'R9', out_trade_no: 'ORDER-0001' })).toEqual(none);
    expect(await query({ refund_id: '5030', out_refund_no: 'R1' })).toEqual(none);
  });

  test('an order expires when it said it would, as one of API v3 does', async () => {
    const { simulator, v2 } = await start();
    const inAnHour = new Date(Date.now() + 9 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
    await v2('/pay/unifiedorder', order({ time_expire: inAnHour }));
    simulator.control.moveClock({ advanceMs: 2 * 3_600_000 });
    expect(() => simulator.control.pay(ANN, { orderNo: 'ORDER-0001', notify: false })).toThrow('has expired');
    const asked = await v2('/pay/orderquery', { out_trade_no: 'ORDER-0001' });
    expect(field(asked, 'trade_state')).toBe('CLOSED');
    const wrong = await v2('/pay/unifiedorder', order({ out_trade_no: 'ORDER-0002', time_expire: '2026-12-01' }));
    expect([field(wrong, 'err_code'), field(wrong, 'err_code_des')]).toEqual(['PARAM_ERROR', 'time_expire不正确']);
  });

  test('has no trade bill of a day that is not over, nor before nine the next morning', async () => {
    const { simulator, v2 } = await start();
    simulator.control.pay(ANN, { amount: 100, orderNo: 'ORDER-0001', notify: false });
    const { paidAt } = simulator.control.state().shopOrders[0]!;
    const midnight = Math.floor((paidAt + 8 * 3_600_000) / DAY) * DAY - 8 * 3_600_000;
    const day = new Date(midnight + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
    const bill = async (at: number, kind = 'ALL'): Promise<string> => {
      const { now } = simulator.control.state();
      simulator.control.moveClock({ advanceMs: Math.round(at - now) });
      return (await v2('/pay/downloadbill', { bill_date: day, bill_type: kind })).text;
    };
    expect(await bill(paidAt)).toContain('<error_code><![CDATA[20002]]>');
    expect(await bill(midnight + DAY + 8 * 3_600_000)).toContain('20002');
    const there = midnight + DAY + 10 * 3_600_000;
    expect(await bill(there)).toContain('ORDER-0001');
    expect(await bill(there, 'RECHARGE_REFUND')).toContain('No Bill Exist');
    expect(await bill(there, 'NOPE')).toContain('invalid bill_type');
  });
});

describe('an address', () => {
  test('with two slashes at its beginning is not there, and named as it came', async () => {
    const { web } = await start();
    const { status, text } = await web('//cgi-bin/token?grant_type=client_credential');
    expect([status, text]).toEqual([404, 'the simulator has no //cgi-bin/token']);
  });

  test('of WeChat Pay on the port of the platform says where WeChat Pay is', async () => {
    const { simulator, web } = await start();
    for (const path of ['/v3/certificates', '/pay/unifiedorder', '/mmpaymkttransfers/sendredpack'])
      expect((await web(path)).text).toBe(`${path}: WeChat Pay is at ${simulator.payUrl}`);
  });
});

describe('the control API', () => {
  test.each([
    ['POST', `/people/${ANN}/act`, { kind: 'follow', scnee: 'x' }, 'act follow: unknown field "scnee"'],
    ['POST', `/people/${ANN}/act`, { kind: 'text', text: 'x', scene: 'y' }, 'act text: unknown field "scene"'],
    ['POST', `/people/${ANN}/act`, { kind: 'constructor' }, '"constructor" is nothing a person can do'],
    ['POST', '/clock', { advanceMs: 1, days: 1 }, 'clock: unknown field "days"'],
    ['POST', '/clock', { advanceMs: 1, reset: true }, 'advanceMs or reset, not both'],
    ['POST', `/merchants/${MCH}`, { balance: 1, limits: {} }, 'merchant: unknown field "limits"'],
    ['POST', `/packets/${MCH}/X1/open`, { openid: ANN, nickname: 'Ann' }, 'open: unknown field "nickname"'],
    ['PUT', '/accounts/tea/templates', null, 'templates: expected a list'],
    ['PUT', `/merchants/${MCH}/fundflow`, null, 'edits: expected a list'],
    ['PUT', '/faults', { pay: null }, 'pay: expected a list'],
    ['PUT', `/merchants/${MCH}/limits`, { min: 500, max: 100 }, 'min: expected at most max, which is 100'],
    ['PUT', `/merchants/${MCH}/limits`, { transferMin: 30_000 }, 'transferMin: expected at most transferMax'],
    ['PUT', '/stocks/S1', { creator: MCH, amount: 1, beginAt: 9, endAt: 3 }, 'endAt: expected a time after beginAt'],
    ['PUT', '/stocks/S1', { creator: MCH, amount: 1, senders: 'x' }, 'senders: expected a list of texts'],
  ])('refuses %s %s %j, names the field, and changes nothing', async (method, path, body, said) => {
    const { simulator, control } = await start({ webhook: 'http://127.0.0.1:9/' });
    const before = { ...simulator.control.state(), now: 0 };
    const { status, json } = await control(method, path, body);
    expect([status, json.error]).toEqual([400, expect.stringContaining(said)]);
    expect({ ...simulator.control.state(), now: 0 }).toEqual(before);
  });

  test('writes no push that is no XML, whatever its fields are called', async () => {
    const { control } = await start({ webhook: 'http://127.0.0.1:9/' });
    const raw = async (fields: Json): Promise<unknown> => {
      const act = { kind: 'raw', fields: { MsgType: 'event', Event: 'x', ...fields } };
      const { status, json } = await control('POST', `/people/${ANN}/act?wait=no`, act);
      return status === 200 ? 200 : json.error;
    };
    expect(await raw({ 'A.': '1' })).toBe('fields: "A." is no name of an XML element');
    expect(await raw({ 'A..B': '1' })).toBe('fields: "A..B" is no name of an XML element');
    expect(await raw({ 'A.1': '1' })).toBe('fields: "A.1" is no name of an XML element');
    const both = 'fields: "A" is a text, and cannot hold "A.B" as well';
    expect([await raw({ A: '1', 'A.B': '2' }), await raw({ 'A.B': '2', A: '1' })]).toEqual([both, both]);
    expect(await raw({ 'A.B': '1', 'A.C.D': '2' })).toBe(200);
  });

  test('keeps the clock where dates and numbers of messages can be written', async () => {
    const { simulator, control } = await start();
    const century = 100 * 366 * DAY;
    const move = async (advanceMs: number): Promise<number> => (await control('POST', '/clock', { advanceMs })).status;
    expect(await move(-century)).toBe(400);
    const moves = [await move(century), await move(century), await move(century), await move(century)];
    expect([...moves, await move(century)]).toEqual([200, 200, 200, 200, 400]);
    expect(new Date(simulator.control.state().now).getUTCFullYear()).toBeLessThan(2500);
  });

  test('tells what is not there from what cannot be now', async () => {
    const { control, web } = await start();
    await control('POST', '/accounts', { name: 'cake', appId: CAKE });
    const said = async (path: string): Promise<unknown> => {
      const { status, json } = await control('POST', path);
      return [status, json.error];
    };
    expect(await said(`/authorizations/${MCH}/A9/confirm`)).toEqual([404, 'no authorization "A9"']);
    expect(await said('/accounts/cake/verify')).toEqual([409, 'account "cake" has no webhook yet']);
    const day = await web(`/control/merchants/${MCH}/fundflow.csv?date=2026-02-31`);
    expect([day.status, day.json.error]).toEqual([400, 'date: expected 2026-02-10']);
  });

  test('lets nobody pay a merchant that is not bound to their account', async () => {
    const merchant = { apiV2Key: KEY, balance: 10_000 };
    const { control } = await start({
      merchants: [
        { ...merchant, mchId: MCH, appIds: [APP] },
        { ...merchant, mchId: '1900000110', appIds: [CAKE] },
      ],
    });
    const { status, json } = await control('POST', `/people/${ANN}/pay`, {
      amount: 1,
      mchId: '1900000110',
      notify: false,
    });
    expect([status, json.error]).toEqual([409, `merchant 1900000110 is not bound to ${APP}`]);
  });

  test('makes stocks that others may send, and people whom WeChat knows as one', async () => {
    const { simulator, control, v3 } = await start();
    const { openid: ben } = simulator.control.addPerson({ account: 'tea' });
    const stock = {
      creator: '1900000777',
      senders: [MCH],
      amount: 500,
      perUser: 1,
      persons: [[ANN, ben]],
      noCash: true,
    };
    expect((await control('PUT', '/stocks/S1', stock)).json).toMatchObject(stock);
    const send = async (openid: string): Promise<unknown> => {
      const asked = { stock_id: 'S1', out_request_no: `N-${openid}`, appid: APP, stock_creator_mchid: '1900000777' };
      return (await v3('POST', `${FAVOR}/users/${openid}/coupons`, asked)).json.code;
    };
    expect([await send(ANN), await send(ben)]).toEqual([undefined, 'RULE_LIMIT']);
  });
});

test.each(['webhook', 'payNotify'])('a %s that is no address is refused at the start, by its name', async name => {
  await expect(startSimulator({ [name]: 'nonsense' })).rejects.toThrow(`${name}: expected the address of a server`);
});

describe('two faults at once', () => {
  test('an error after the sending waits for a call that sends: a refusal does not use it up', async () => {
    const { simulator, control, v2 } = await start();
    await control('PUT', '/faults', {
      pay: [
        { kind: 'notEnough', times: 1 },
        { kind: 'errorAfterSent', times: 1 },
      ],
    });
    const packet = {
      ...{ mch_billno: 'B1', wxappid: APP, send_name: '茶', re_openid: ANN, total_amount: '100', total_num: '1' },
      ...{ wishing: '好', client_ip: '127.0.0.1', act_name: '开业', remark: '谢谢', appid: '' },
    };
    const code = async (): Promise<unknown> =>
      /<err_code><!\[CDATA\[(.*?)\]/.exec((await v2('/mmpaymkttransfers/sendredpack', packet)).text)?.[1];
    expect([await code(), await code(), await code()]).toEqual(['NOTENOUGH', 'SYSTEMERROR', '0']);
    expect(simulator.control.packet(MCH, 'B1')?.status).toBe('SENT');
  });

  test('whoever stands before the bills of API v2 answers for both kinds', async () => {
    const { control, v2 } = await start();
    await control('PUT', '/faults', { pay: [{ kind: 'http', at: 'bill', status: 503, times: 2 }] });
    for (const path of ['/pay/downloadbill', '/pay/downloadfundflow'])
      expect((await v2(path, { bill_date: '20260101' })).status, path).toBe(503);
  });
});

test('a tag cannot be called as the system’s own is, and nobody’s language is told any more', async () => {
  const { api } = await start();
  expect((await api('/cgi-bin/tags/create', { tag: { name: '星标组' } })).errcode).toBe(45157);
  const made = await api('/cgi-bin/tags/create', { tag: { name: '老客' } });
  const { tag } = read(made, has({ tag: has({ id: isNumber }) }));
  expect((await api('/cgi-bin/tags/update', { tag: { id: tag.id, name: '星标组' } })).errcode).toBe(45157);
  const info = await api(`/cgi-bin/user/info?openid=${ANN}`);
  expect([info.subscribe, 'language' in info]).toEqual([1, false]);
});

test('the quota of access tokens can be asked for too, and what is not counted is named', async () => {
  const { api } = await start();
  const asked = await api('/cgi-bin/openapi/quota/get', { cgi_path: '/cgi-bin/token' });
  expect(asked.quota).toEqual({ daily_limit: 2000, used: 1, remain: 1999 });
  const unknown = await api('/cgi-bin/openapi/quota/get', { cgi_path: '/cgi-bin/nope' });
  expect([unknown.errcode, unknown.errmsg]).toEqual([40066, expect.stringContaining('"/cgi-bin/nope"')]);
});
