// What makes the simulator anybody's: real time for signatures, one port for all hosts, consoles by HTTP, orders that merchants
// place, and a plain word for everything that is not there.

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { RecordedCall, SimulatorOptions } from '../../src/simulator/shared/options.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ACCOUNT, MERCHANT } from '../support/harness.ts';
import { has, isMap, isNumber, isText, read } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

type Json = Record<string, unknown>;

const MCH = MERCHANT.mchId;
const DAY = 86_400_000;
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(given: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({
    ...{ port: 0, payPort: 0, clock: movableClock(Date.now), accounts: [ACCOUNT], merchants: [MERCHANT] },
    ...given,
  });
  open.push(() => simulator.close());
  const control = async (method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> => {
    const answer = await fetch(`${simulator.url}/control${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.status, json: await answer.json() };
  };
  const { appId: appid, appSecret: secret } = ACCOUNT;
  const grant = { grant_type: 'client_credential', appid, secret };
  const issued = await fetch(`${simulator.url}/cgi-bin/token?${new URLSearchParams(grant)}`);
  const { access_token: token } = read(await issued.json(), has({ access_token: isText }));
  const call = async (path: string, body?: unknown): Promise<Json> => {
    const init =
      body === undefined ? {} : { method: 'POST', body: body instanceof FormData ? body : JSON.stringify(body) };
    const answer = await fetch(`${simulator.url}${path}${path.includes('?') ? '&' : '?'}access_token=${token}`, init);
    return answer.headers.get('content-type')?.includes('json')
      ? read(await answer.json(), isMap)
      : { bytes: await answer.text(), type: answer.headers.get('content-type') };
  };
  return { simulator, control, call };
}

function client(simulator: Simulator): Wechatpay {
  const { caPem: ca, certPem: cert, keyPem, serialNumber, publicKeyId, publicKeyPem } = simulator.certificates(MCH);
  const httpsAgent = new https.Agent({ ca });
  open.push(() => httpsAgent.destroy());
  return new Wechatpay({
    ...{ mchid: MCH, serial: serialNumber, privateKey: keyPem, certs: { [publicKeyId]: publicKeyPem } },
    ...{ secret: MERCHANT.apiV2Key, merchant: { cert, key: keyPem, ca }, httpsAgent, proxy: false },
    baseURL: `${simulator.payUrl}/`,
  });
}
/** What a client makes of a refusal: the answer, or its own words about it. */
const refused = (error: unknown): unknown =>
  isMap(error) && isMap(error.response) ? error.response.data : String(error);

async function listening(answer = '<xml><return_code>SUCCESS</return_code></xml>') {
  const heard: string[] = [];
  const server = createServer((req, res) => {
    heard.push(new URL(req.url!, 'http://x').pathname);
    req.resume();
    res.end(answer);
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  open.push(() => server.close());
  return { heard, url: `http://127.0.0.1:${portOf(server)}` };
}

describe('time', () => {
  test('a clock that was moved by a month locks no caller out who lives in real time', async () => {
    const { simulator, call } = await start({ callersInRealTime: true });
    simulator.control.moveClock({ advanceMs: 30 * DAY });
    const asked = client(simulator)
      .chain('v3/pay/transactions/id/1')
      .get({ params: { mchid: MCH } });
    await expect(asked).rejects.toMatchObject({ response: { status: 404, data: { code: 'ORDER_NOT_EXIST' } } });
    expect(await call('/cgi-bin/getcallbackip')).toEqual({
      ip_list: ['127.0.0.1', expect.stringMatching(/^[\d.]+\/\d+$/)],
    });
    const { heard, url } = await listening('success');
    simulator.setWebhook(ACCOUNT.name, url);
    const { openid } = simulator.control.addPerson({ following: true });
    const push = await simulator.control.act(openid, { kind: 'text', text: 'x' });
    expect(heard).toHaveLength(1);
    const at = Number(new URLSearchParams(push.tries[0]!.url.split('?')[1]).get('timestamp')) * 1000;
    expect([Math.abs(at - Date.now()) < DAY, push.createTime * 1000 - Date.now() > 29 * DAY]).toEqual([true, true]);
  });

  test('where the clock is shared, as in the demo, what is signed in real time is out of it', async () => {
    const { simulator } = await start();
    simulator.control.moveClock({ advanceMs: 30 * DAY });
    const asked = client(simulator)
      .chain('v3/pay/transactions/id/1')
      .get({ params: { mchid: MCH } });
    await expect(asked).rejects.toMatchObject({ response: { status: 401 } });
  });
});

describe('hosts', () => {
  test('the certificate names every host of WeChat, and the one TLS port answers each of them', async () => {
    const { simulator } = await start();
    const { caPem: ca } = simulator.certificates(MCH);
    const port = Number(new URL(simulator.payUrl).port);
    const get = (host: string, path: string) =>
      new Promise<string>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, servername: host, ca, path, headers: { host } };
        https.get(options, res => res.on('data', (text: Buffer) => resolve(text.toString()))).on('error', reject);
      });
    expect(await get('api.weixin.qq.com', '/cgi-bin/token')).toContain('40002');
    expect(await get('open.weixin.qq.com', '/connect/oauth2/authorize')).toContain('10012');
    expect(await get('mp.weixin.qq.com', '/cgi-bin/showqrcode')).toContain('no such ticket');
    for (const host of ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com'])
      expect(await get(host, '/v3/certificates')).toContain('PARAM_ERROR');
  });

  test('as a proxy it leads every client to itself, and nobody anywhere else', async () => {
    const { simulator } = await start();
    const port = Number(new URL(simulator.url).port);
    const ask = (host: string): Promise<string> =>
      new Promise(resolve => {
        const socket = connect(port, '127.0.0.1', () =>
          socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
        );
        open.push(() => socket.destroy());
        socket.once('data', (text: Buffer) => {
          const [line = ''] = text.toString().split('\r\n');
          if (!line.includes('200')) return resolve(line);
          const { caPem: ca } = simulator.certificates(MCH);
          const secure = tls.connect({ socket, servername: host, ca }, () => resolve('secure'));
          secure.on('error', error => resolve(error.message));
        });
      });
    expect(await ask('api.mch.weixin.qq.com')).toBe('secure');
    expect(await ask('example.com')).toContain('403');
  });

  test('ends all the same, though somebody still holds such a connection', async () => {
    const simulator = await startSimulator({
      ...{ port: 0, payPort: 0, clock: movableClock(Date.now), accounts: [ACCOUNT], merchants: [MERCHANT] },
    });
    const socket = connect({ port: Number(new URL(simulator.url).port), host: '127.0.0.1', allowHalfOpen: true }, () =>
      socket.write('CONNECT api.mch.weixin.qq.com:443 HTTP/1.1\r\nHost: api.mch.weixin.qq.com\r\n\r\n'),
    );
    open.push(() => socket.destroy());
    socket.on('error', () => undefined);
    await new Promise(resolve => socket.once('data', resolve));
    await simulator.close();
    await expect(fetch(simulator.url)).rejects.toThrow();
  });

  test('goes on, whoever hangs up in the middle of such a call', async () => {
    const { simulator } = await start();
    const port = Number(new URL(simulator.url).port);
    const hangUp = (host: string): Promise<void> =>
      new Promise(resolve => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`, () => {
            setTimeout(() => socket.resetAndDestroy(), 5);
          });
        });
        socket.on('error', () => undefined).on('close', () => resolve());
      });
    for (let n = 0; n < 20; n++) await Promise.all(['example.com', 'api.mch.weixin.qq.com', 'example.com'].map(hangUp));
    expect((await fetch(`${simulator.url}/control/state`)).ok).toBe(true);
  });

  test('a key store lies beside the certificate, with the merchant number as its password', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hongbao-everybody-'));
    open.push(() => rmSync(folder, { recursive: true, force: true }));
    const { simulator } = await start({ folder });
    const pfx = readFileSync(join(simulator.certificates(MCH).folder!, 'apiclient_cert.p12'));
    expect(() => tls.createSecureContext({ pfx, passphrase: MCH })).not.toThrow();
    expect(() => tls.createSecureContext({ pfx, passphrase: 'wrong' })).toThrow(/mac/);
    await expect(start({ folder })).rejects.toThrow(/another simulator .* is at work in it/);
  });
});

describe('the consoles by HTTP', () => {
  test('payments go nowhere until somebody says where', async () => {
    const { simulator, control } = await start();
    const { heard, url } = await listening();
    const { openid } = simulator.control.addPerson();
    const refusal = await control('POST', `/people/${openid}/pay`, { amount: 100 });
    expect(refusal).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining(`/merchants/${MCH}/notify`) },
    });
    await control('PUT', `/merchants/${MCH}/notify`, { url: `${url}/paid` });
    expect((await control('POST', `/people/${openid}/pay`, { amount: 100 })).status).toBe(200);
    await simulator.noticesIdle();
    expect(heard).toEqual(['/paid']);
  });

  test('the handshake, another account, templates, limits and a certain openid', async () => {
    const { simulator, control, call } = await start();
    expect((await control('POST', `/accounts/${ACCOUNT.name}/verify`)).status).toBe(400);
    const { url } = await listening('nothing');
    await control('PUT', `/accounts/${ACCOUNT.name}`, { webhook: url });
    expect((await control('POST', `/accounts/${ACCOUNT.name}/verify`, {})).json).toMatchObject({
      ok: false,
      status: 200,
    });
    const cake = { name: 'cake', appId: 'wx7777777777777777', webhook: url };
    expect((await control('POST', '/accounts', cake)).json).toMatchObject({ name: 'cake', mode: 'safe' });
    expect((await control('POST', '/accounts', cake)).status).toBe(409);
    const { json } = await control('POST', '/people', {
      account: 'cake',
      openid: 'oCertain_Person-1',
      following: true,
    });
    expect(json).toMatchObject({ openid: 'oCertain_Person-1', account: 'cake' });
    expect((await control('PUT', `/merchants/${MCH}/limits`, { perSecond: 1 })).json).toMatchObject({ perSecond: 1 });
    expect((await control('PUT', `/merchants/${MCH}/limits`, { perMonth: 1 })).status).toBe(400);
    const id = 'TEMPLATE-1';
    await control('PUT', `/accounts/${ACCOUNT.name}/templates`, [{ id, title: '到账', fields: ['thing1'] }]);
    const { openid } = simulator.control.addPerson({ account: ACCOUNT.name, following: true });
    const send = (template_id: unknown) =>
      call('/cgi-bin/message/template/send', { touser: openid, template_id, data: { thing1: { value: '红包' } } });
    expect(await send(id)).toMatchObject({ errcode: 0 });
    expect(await send('TEMPLATE-2')).toMatchObject({ errcode: 40037 });
    const added = await call('/cgi-bin/template/api_add_template', {
      template_id_short: 'TM1',
      keyword_name_list: ['物品'],
    });
    expect(await send(added.template_id)).toMatchObject({ errcode: 0 });
    expect(await call('/cgi-bin/template/get_all_private_template')).toMatchObject({
      template_list: [{ template_id: id }, { template_id: added.template_id }],
    });
  });

  test('a reset forgets everything but where bots are', async () => {
    const { simulator, control, call } = await start();
    simulator.setWebhook(ACCOUNT.name, 'http://127.0.0.1:9/');
    simulator.control.addPerson({ following: true });
    simulator.control.moveClock({ advanceMs: DAY });
    const { json } = await control('POST', '/reset', {});
    expect(json).toMatchObject({
      people: [],
      packets: [],
      offsetMs: 0,
      accounts: [{ webhook: 'http://127.0.0.1:9/' }],
    });
    expect(await call('/cgi-bin/getcallbackip')).toMatchObject({ errcode: 40001 });
    const { control: other } = await start({ resettable: false });
    expect((await other('POST', '/reset', {})).status).toBe(409);
  });
});

describe('the platform', () => {
  test('says of what it has not that it has not got it', async () => {
    const { simulator, call } = await start();
    expect(await call('/cgi-bin/freepublish/submit', {})).toMatchObject({
      errcode: 40066,
      errmsg: expect.stringContaining('the simulator has no POST /cgi-bin/freepublish/submit'),
    });
    expect(await call('/datacube/getusersummary', {})).toMatchObject({ errmsg: expect.stringContaining('has no') });
    const pay = client(simulator);
    const v2 = await pay.chain('v2/mmpaymkttransfers/sendminiprogramhb').post({ mch_id: MCH }).catch(refused);
    expect(JSON.stringify(v2)).toContain('the simulator has no POST /mmpaymkttransfers/sendminiprogramhb');
    await expect(pay.chain('v3/profitsharing/orders').post({})).rejects.toMatchObject({
      response: { data: { message: 'the simulator has no POST /v3/profitsharing/orders' } },
    });
  });

  test('keeps uploaded files for three days or for ever, and takes no media_id that nobody uploaded', async () => {
    const { simulator, call } = await start({ anyMedia: false });
    const form = (name: string, bytes = 'picture'): FormData => {
      const data = new FormData();
      data.append('media', new File([bytes], name, { type: 'image/png' }));
      return data;
    };
    const { media_id: id, type } = await call('/cgi-bin/media/upload?type=image', form('图.png'));
    expect(type).toBe('image');
    expect(await call(`/cgi-bin/media/get?media_id=${id}`)).toEqual({ bytes: 'picture', type: 'image/png' });
    const kept = await call('/cgi-bin/material/add_material?type=image', form('logo.png'));
    expect(kept).toMatchObject({ media_id: expect.any(String), url: expect.stringContaining('http') });
    expect(await call('/cgi-bin/media/upload?type=fax', form('a.png'))).toMatchObject({ errcode: 40004 });
    expect(await call('/cgi-bin/media/upload?type=voice', form('a.png'))).toMatchObject({ errcode: 40005 });
    expect(await call('/cgi-bin/media/upload?type=thumb', form('a.jpg', 'x'.repeat(70_000)))).toMatchObject({
      errcode: 45001,
    });
    expect(await call('/cgi-bin/media/upload?type=image', {})).toMatchObject({ errcode: 41005 });
    const menu = (mediaId: unknown): object => ({ button: [{ type: 'media_id', name: 'a', media_id: mediaId }] });
    expect(await call('/cgi-bin/menu/create', menu('nobody-uploaded'))).toMatchObject({ errcode: 40007 });
    expect(await call('/cgi-bin/menu/create', menu(kept.media_id))).toMatchObject({ errcode: 0 });
    const some = { ...menu('nobody-uploaded'), matchrule: { tag_id: '2' } };
    expect(await call('/cgi-bin/menu/addconditional', some)).toMatchObject({ errcode: 40007 });
    const { openid } = simulator.control.addPerson({ following: true });
    const say = (media_id: unknown) =>
      call('/cgi-bin/message/custom/send', { touser: openid, msgtype: 'image', image: { media_id } });
    expect([(await say('invented')).errcode, (await say(id)).errcode]).toEqual([40007, 0]);
    simulator.control.moveClock({ advanceMs: 3 * DAY });
    const granted = await fetch(
      `${simulator.url}/cgi-bin/token?grant_type=client_credential&appid=${ACCOUNT.appId}&secret=${ACCOUNT.appSecret}`,
    );
    const { access_token: token } = read(await granted.json(), has({ access_token: isText }));
    const get = await fetch(`${simulator.url}/cgi-bin/media/get?media_id=${id}&access_token=${token}`);
    expect(await get.json()).toMatchObject({ errcode: 40007 });
  });

  test('has tags, remarks and a blacklist, and shows a menu by tag', async () => {
    const { simulator, call } = await start();
    const { openid } = simulator.control.addPerson({ following: true });
    const stranger = simulator.control.addPerson().openid;
    const made = await call('/cgi-bin/tags/create', { tag: { name: '会员' } });
    const { tag } = read(made, has({ tag: has({ id: isNumber }) }));
    expect(await call('/cgi-bin/tags/create', { tag: { name: '会员' } })).toMatchObject({ errcode: 45157 });
    const put = (list: string[], tagid = tag.id) =>
      call('/cgi-bin/tags/members/batchtagging', { openid_list: list, tagid });
    expect(await put([openid])).toMatchObject({ errcode: 0 });
    expect([await put([stranger]), await put(['oNobody']), await put([openid], 99), await put([])]).toMatchObject(
      [40003, 40003, 45159, 40032].map(errcode => ({ errcode })),
    );
    await call('/cgi-bin/user/info/updateremark', { openid, remark: '老顾客' });
    expect(await call(`/cgi-bin/user/info?openid=${openid}`)).toMatchObject({ remark: '老顾客', tagid_list: [tag.id] });
    expect(await call('/cgi-bin/user/tag/get', { tagid: tag.id })).toMatchObject({
      count: 1,
      data: { openid: [openid] },
    });
    const button = (name: string) => [{ type: 'click', name, key: 'K' }];
    const conditional = { button: button('会员'), matchrule: { tag_id: String(tag.id) } };
    expect(await call('/cgi-bin/menu/addconditional', conditional)).toMatchObject({ errcode: 65303 });
    await call('/cgi-bin/menu/create', { button: button('大家') });
    const { menuid } = await call('/cgi-bin/menu/addconditional', conditional);
    expect(await call('/cgi-bin/menu/addconditional', { ...conditional, matchrule: { sex: '1' } })).toMatchObject({
      errcode: 65320,
    });
    expect(await call('/cgi-bin/menu/trymatch', { user_id: openid })).toMatchObject({ button: [{ name: '会员' }] });
    expect(await call('/cgi-bin/menu/trymatch', { user_id: stranger })).toMatchObject({ button: [{ name: '大家' }] });
    expect(await call('/cgi-bin/menu/get')).toMatchObject({
      conditionalmenu: [{ matchrule: { tag_id: String(tag.id) } }],
    });
    expect(await call('/cgi-bin/menu/delconditional', { menuid })).toMatchObject({ errcode: 0 });
    await call('/cgi-bin/tags/members/batchblacklist', { openid_list: [openid] });
    const text = { touser: openid, msgtype: 'text', text: { content: 'x' } };
    expect(await call('/cgi-bin/message/custom/send', text)).toMatchObject({ errcode: 43019 });
  });

  test('goes all the way of OAuth: a profile, a refreshed token, a state that may be left out, any host that was allowed', async () => {
    const { simulator } = await start({ accounts: [{ ...ACCOUNT, webDomains: ['*'] }] });
    const { openid, nickname } = simulator.control.addPerson({ nickname: '阿明' });
    const { appId: appid, appSecret: secret } = ACCOUNT;
    const authorize = (scope: string, more: Record<string, string> = {}) => {
      const back = { appid, redirect_uri: 'https://any.example/cb', response_type: 'code', scope, ...more };
      const url = `${simulator.url}/connect/oauth2/authorize?${new URLSearchParams(back)}`;
      return fetch(url, { redirect: 'manual', headers: { cookie: `wechat_person=${openid}` } });
    };
    const get = async (path: string, query: Record<string, string>): Promise<Json> =>
      read(await (await fetch(`${simulator.url}/sns/${path}?${new URLSearchParams(query)}`)).json(), isMap);
    const granted = async (scope: string) => {
      const { searchParams } = new URL((await authorize(scope)).headers.get('location')!);
      expect([...searchParams.keys()]).toEqual(['code']);
      const asked = { appid, secret, code: searchParams.get('code')!, grant_type: 'authorization_code' };
      return read(await get('oauth2/access_token', asked), has({ access_token: isText, refresh_token: isText }));
    };
    const { access_token, refresh_token } = await granted('snsapi_userinfo');
    expect(await get('userinfo', { access_token, openid, lang: 'zh_CN' })).toMatchObject({
      openid,
      nickname,
      sex: 0,
      privilege: [],
    });
    expect(await get('auth', { access_token, openid })).toMatchObject({ errcode: 0 });
    expect(await get('auth', { access_token, openid: 'oOther' })).toMatchObject({ errcode: 40003 });
    const again = await get('oauth2/refresh_token', { appid, grant_type: 'refresh_token', refresh_token });
    expect(again).toMatchObject({
      openid,
      refresh_token,
      access_token: expect.not.stringMatching(`^${access_token}$`),
    });
    expect(await get('oauth2/refresh_token', { appid, grant_type: 'refresh_token', refresh_token: 'x' })).toMatchObject(
      { errcode: 40030 },
    );
    const base = await granted('snsapi_base');
    expect(await get('userinfo', { access_token: base.access_token, openid })).toMatchObject({ errcode: 48001 });
    const page = await (await authorize('snsapi_userinfo', { state: 'a1', forcePopup: 'true' })).text();
    const yes = /href="([^"]+agreed=1[^"]*)"/.exec(page)![1]!.replaceAll('&#38;', '&');
    const agreed = await fetch(`${simulator.url}${yes}`, {
      redirect: 'manual',
      headers: { cookie: `wechat_person=${openid}` },
    });
    expect(agreed.headers.get('location')).toMatch(/^https:\/\/any\.example\/cb\?code=\w+&state=a1$/);
    simulator.control.moveClock({ advanceMs: 31 * DAY });
    expect(await get('oauth2/refresh_token', { appid, grant_type: 'refresh_token', refresh_token })).toMatchObject({
      errcode: 42002,
    });
  });
});

describe('an order that a merchant places', () => {
  const ask = (simulator: Simulator, path: string) =>
    client(simulator)
      .chain(path)
      .get({ params: { mchid: MCH } });

  test('in API v3 is paid, told where it said itself, refunded once a number, and stands in the trade bill', async () => {
    const { simulator } = await start({ callersInRealTime: true });
    const { heard, url } = await listening('');
    const { openid } = simulator.control.addPerson();
    const pay = client(simulator);
    const order = {
      ...{ mchid: MCH, appid: ACCOUNT.appId, out_trade_no: 'PLACED-1', description: '茶', notify_url: `${url}/own` },
      ...{ amount: { total: 6800, currency: 'CNY' }, payer: { openid } },
    };
    const first = await pay.chain('v3/pay/transactions/jsapi').post(order);
    expect(first.data).toMatchObject({ prepay_id: expect.stringMatching(/^wx/) });
    expect((await pay.chain('v3/pay/transactions/jsapi').post(order)).data).toEqual(first.data);
    expect((await ask(simulator, 'v3/pay/transactions/out-trade-no/PLACED-1')).data).toMatchObject({
      trade_state: 'NOTPAY',
    });
    simulator.control.pay(openid, { orderNo: 'PLACED-1' });
    await simulator.noticesIdle();
    expect(heard).toEqual(['/own']);
    expect((await ask(simulator, 'v3/pay/transactions/out-trade-no/PLACED-1')).data).toMatchObject({
      trade_state: 'SUCCESS',
    });
    const back = {
      ...{ out_trade_no: 'PLACED-1', out_refund_no: 'BACK-1', notify_url: `${url}/back` },
      amount: { refund: 800, total: 6800, currency: 'CNY' },
    };
    const refund = await pay.chain('v3/refund/domestic/refunds').post<Json>(back);
    expect(refund.data).toMatchObject({ out_refund_no: 'BACK-1', status: 'PROCESSING', amount: { refund: 800 } });
    expect((await pay.chain('v3/refund/domestic/refunds').post<Json>(back)).data.refund_id).toBe(refund.data.refund_id);
    expect(simulator.control.state().shopOrders[0]!.refunds).toHaveLength(1);
    await simulator.noticesIdle();
    expect(heard).toEqual(['/own', '/back']);
    const more = { ...back, out_refund_no: 'BACK-2', amount: { ...back.amount, refund: 6001 } };
    await expect(pay.chain('v3/refund/domestic/refunds').post(more)).rejects.toMatchObject({
      response: { status: 400 },
    });
    expect((await pay.chain('v3/refund/domestic/refunds/BACK-1').get()).data).toMatchObject({ status: 'SUCCESS' });
    const paidAt = simulator.control.state().shopOrders[0]!.paidAt;
    const day = new Date(paidAt + 8 * 3_600_000).toISOString().slice(0, 10);
    simulator.control.moveClock({ advanceMs: 2 * DAY });
    const bill = await pay.chain('v3/bill/tradebill').get<Json>({ params: { bill_date: day } });
    const { pathname, search } = new URL(String(bill.data.download_url));
    const raw = { responseType: 'arraybuffer', transformResponse: [] } as const;
    const { data: file } = await pay.chain(`${pathname.slice(1)}${search}`).get<Buffer>(raw);
    const rows = file.toString();
    expect([rows.match(/PLACED-1/g)!.length, rows.match(/BACK-1/g)!.length]).toEqual([2, 1]);
    expect(createHash('sha1').update(file).digest('hex')).toBe(bill.data.hash_value);
    const close = await pay.chain('v3/pay/transactions/native').post({ ...order, out_trade_no: 'PLACED-2' });
    expect(close.data).toMatchObject({ code_url: expect.stringContaining('weixin://') });
    const closing = pay.chain('v3/pay/transactions/out-trade-no/PLACED-2/close').post({ mchid: MCH });
    expect((await closing).status).toBe(204);
    expect((await ask(simulator, 'v3/pay/transactions/out-trade-no/PLACED-2')).data).toMatchObject({
      trade_state: 'CLOSED',
    });
    expect(() => simulator.control.pay(openid, { orderNo: 'PLACED-2' })).toThrow(/is closed/);
  });

  test('in API v2 is signed both ways; money goes back by certificate, and its bill can be asked for', async () => {
    const { simulator } = await start();
    simulator.setPayNotify(MCH, 'http://127.0.0.1:9/');
    const { openid } = simulator.control.addPerson();
    const pay = client(simulator);
    const common = { appid: ACCOUNT.appId, mch_id: MCH, nonce_str: 'n1' };
    const order = { ...common, body: '茶', out_trade_no: 'PLACED-1', total_fee: '6800', spbill_create_ip: '127.0.0.1' };
    const jsapi = { ...order, notify_url: 'http://127.0.0.1:9/own', trade_type: 'JSAPI', openid };
    const placed = await pay.chain('v2/pay/unifiedorder').post(jsapi);
    expect(placed.data).toMatchObject({ result_code: 'SUCCESS', prepay_id: expect.stringMatching(/^wx/) });
    const mweb = { ...order, out_trade_no: 'PLACED-2', notify_url: 'http://127.0.0.1:9/own', trade_type: 'MWEB' };
    expect((await pay.chain('v2/pay/unifiedorder').post(mweb)).data).toMatchObject({
      ...{ trade_type: 'MWEB', mweb_url: expect.stringMatching(/^https:.*checkmweb\?prepay_id=wx/) },
    });
    simulator.control.pay(openid, { orderNo: 'PLACED-1', notify: false });
    const fields = {
      ...common,
      out_trade_no: 'PLACED-1',
      out_refund_no: 'BACK-1',
      total_fee: '6800',
      refund_fee: '800',
    };
    const shop = await listening();
    const told = { ...fields, notify_url: `${shop.url}/back` };
    const refund = await pay.chain('v2/secapi/pay/refund').post(told, { security: true });
    await vi.waitFor(() => expect(shop.heard).toEqual(['/back']));
    expect(refund.data).toMatchObject({ result_code: 'SUCCESS', refund_fee: '800' });
    const query = await pay.chain('v2/pay/refundquery').post({ ...common, out_trade_no: 'PLACED-1' });
    expect(query.data).toMatchObject({ refund_count: '1', out_refund_no_0: 'BACK-1', refund_status_0: 'SUCCESS' });
    const asked = { ...common, bill_date: '20200101', bill_type: 'ALL' };
    expect(JSON.stringify(await pay.chain('v2/pay/downloadbill').post(asked).catch(refused))).toContain(
      'No Bill Exist',
    );
  });
});

test('every call is recorded, with its answer, in the order in which they were out', async () => {
  const calls: RecordedCall[] = [];
  const { control } = await start({ recorded: call => void calls.push(call) });
  await control('POST', '/people', { nickname: '阿明' });
  expect(calls.map(({ method, path, status }) => [method, path.split('?')[0], status])).toEqual([
    ['GET', '/cgi-bin/token', 200],
    ['POST', '/control/people', 200],
  ]);
  expect(calls[1]).toMatchObject({ body: '{"nickname":"阿明"}', answer: expect.stringContaining('阿明') });
});
