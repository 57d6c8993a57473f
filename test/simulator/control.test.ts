// The simulator's control API over HTTP: what the chat page and other people's tests speak, and whom it refuses.

import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { kindsAt, PLACES } from '../../src/simulator/control/fault-places.ts';
import { PAY_KINDS } from '../../src/simulator/control/input.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { Change, Packet } from '../../src/simulator/shared/protocol.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { has, isListOf, isMap, isText, read } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

const NOON = Date.UTC(2026, 1, 10, 4);
const HOUR = 3_600_000;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly json: unknown };
type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;

/** Plain node:http, because `fetch` does not let one choose Host and Origin. */
function asker(base: string): Ask {
  return (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const type = payload === undefined ? {} : { 'content-type': 'application/json' };
      const req = httpRequest(`${base}${path}`, { method, headers: { ...type, ...headers } }, res => {
        let text = '';
        res.setEncoding('utf8').on('data', part => (text += part));
        res.on('end', () => resolve({ status: res.statusCode!, headers: res.headers, json: JSON.parse(text) }));
      });
      req.on('error', reject);
      req.end(payload);
    });
}

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

async function start(hosts: string[] = []) {
  const webhook = await listening(createServer((_req, res) => res.end('success')));
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(() => NOON),
    hosts,
    accounts: [
      {
        name: 'tea',
        title: '阿茶',
        appId: 'wx8888888888888888',
        appSecret: 's',
        token: 't',
        originalId: 'gh_0a1b2c3d4e5f',
        mode: 'plain',
        encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
        webhook,
      },
    ],
    merchants: [{ mchId: '1900000109', apiV2Key: 'k'.repeat(32), balance: 100_000, appIds: ['wx8888888888888888'] }],
  });
  open.push(simulator);
  return { simulator, ask: asker(`${simulator.url}/control`) };
}

const isPerson = has({ openid: isText, nickname: isText });

describe('the protocol', () => {
  test('a person is made, follows, writes, and is read back with the chat', async () => {
    const { ask } = await start();
    const ann = read((await ask('POST', '/people', { nickname: 'Ann' })).json, isPerson);
    expect(ann).toMatchObject({ account: 'tea', nickname: 'Ann', following: false, chat: [] });
    const { json: push } = await ask('POST', `/people/${ann.openid}/act`, { kind: 'follow', scene: 'door' });
    expect(push).toMatchObject({ outcome: 'success', type: 'subscribe', person: ann.openid, account: 'tea' });
    const said = await ask('POST', `/people/${ann.openid}/act?wait=no`, { kind: 'text', text: '你好' });
    const quick = read(said.json, has({ id: isText }));
    expect(quick).toMatchObject({ outcome: 'pending', type: 'text' });
    const { json } = await ask('GET', `/people/${ann.openid}`);
    expect(json).toMatchObject({
      following: true,
      followedAt: NOON,
      chat: [{ kind: 'notice' }, { kind: 'text', text: '你好', push: quick.id }],
    });
    const pushes = read((await ask('GET', `/pushes?person=${ann.openid}&limit=1`)).json, isListOf(isMap));
    expect(pushes.map(({ id }) => id)).toEqual([quick.id]);
  });

  test('the state says everything, without a secret', async () => {
    const { ask, simulator } = await start();
    simulator.control.addPerson({ following: true });
    const isState = has({ accounts: isListOf(isMap), merchants: isListOf(isMap) });
    const state = read((await ask('GET', '/state')).json, isState);
    expect(Object.keys(state)).toEqual([
      'now',
      'offsetMs',
      'accounts',
      'merchants',
      'people',
      'packets',
      'faults',
      'shopOrders',
      'authorizations',
    ]);
    expect(Object.keys(state.accounts[0]!)).toEqual([
      'name',
      'title',
      'appId',
      'originalId',
      'mode',
      'webhook',
      'menu',
      'qrcodes',
    ]);
    expect(JSON.stringify(state)).not.toMatch(/k{32}|RewardBot/);
    expect(state.merchants).toEqual([
      {
        mchId: '1900000109',
        balance: 100_000,
        sentCount: 0,
        sentAmount: 0,
        receivedAmount: 0,
        refundedAmount: 0,
        freqLimits: 0,
      },
    ]);
  });

  test('people get names in turn, and openids that repeat from run to run', async () => {
    const people = async () => {
      const { ask } = await start();
      return Promise.all([1, 2, 3].map(async () => read((await ask('POST', '/people', {})).json, isPerson)));
    };
    const [one, two] = [await people(), await people()];
    expect(new Set(one.map(({ nickname }) => nickname)).size).toBe(3);
    expect(one.map(({ openid }) => openid).sort()).toEqual(two.map(({ openid }) => openid).sort());
    for (const { openid } of one) expect(openid).toMatch(/^o[\w-]{27}$/);
  });

  test('the clock is moved on, back and to where it was', async () => {
    const { ask } = await start();
    expect((await ask('POST', '/clock', { advanceMs: HOUR })).json).toEqual({ now: NOON + HOUR, offsetMs: HOUR });
    expect((await ask('POST', '/clock', { advanceMs: -2 * HOUR })).json).toEqual({ now: NOON - HOUR, offsetMs: -HOUR });
    expect((await ask('POST', '/clock', { reset: true })).json).toEqual({ now: NOON, offsetMs: 0 });
  });

  test('faults are replaced as a whole, the balance is set', async () => {
    const { ask } = await start();
    const front = { kind: 'http', status: 302, location: 'http://login.wifi/', text: '<html></html>' };
    const masked = { kind: 'code', code: 'SIGN_ERROR', word: '返利' };
    const pay = [{ kind: 'lostReply', times: 2 }, front, masked, { kind: 'tlsRefused', at: 'gethbinfo' }];
    const faults = { pay, platform: [{ kind: 'slow', delayMs: 10 }] };
    expect((await ask('PUT', '/faults', faults)).json).toEqual(faults);
    expect((await ask('GET', '/faults')).json).toEqual(faults);
    expect((await ask('PUT', '/faults', { pay: [] })).json).toEqual({ pay: [], platform: [] });
    expect((await ask('POST', '/merchants/1900000109', { balance: 5 })).json).toMatchObject({ balance: 5 });
  });

  test('a fault is taken only where it can happen; elsewhere what can is named', async () => {
    const { ask } = await start();
    const fault = (kind: string, at: string) => ask('PUT', '/faults', { pay: [{ kind, at, code: 'X' }] });
    for (const kind of ['billFails', 'lostNotice', 'expiredButReceived'])
      expect(await fault(kind, 'gethbinfo')).toMatchObject({
        status: 400,
        json: {
          error: expect.stringMatching(`^at: ${kind} cannot happen at gethbinfo; there can be .*lostReply.*http`),
        },
      });
    expect((await fault('billFails', 'transferCancel')).status).toBe(200);
    expect((await fault('lostNotice', 'transfer')).status).toBe(200);
    expect((await fault('expiredButReceived', 'sendredpack')).status).toBe(200);
  });

  test('every kind of fault can happen somewhere', () => {
    const somewhere = new Set(PLACES.flatMap(kindsAt));
    expect(PAY_KINDS.filter(kind => !somewhere.has(kind))).toEqual([]);
  });

  test('what cannot be opened is 409, what is not there 404, both with a reason', async () => {
    const { ask } = await start();
    expect(await ask('POST', '/packets/1900000109/B1/open', { openid: 'o' })).toMatchObject({
      status: 404,
      json: { error: expect.stringContaining('B1') },
    });
    expect(await ask('GET', '/people/oNobody')).toMatchObject({ status: 404 });
    expect(await ask('POST', '/merchants/1', { balance: 5 })).toMatchObject({ status: 404 });
    expect(await ask('GET', '/nothing')).toMatchObject({ status: 404, json: { error: expect.any(String) } });
    const { openid } = read((await ask('POST', '/people', {})).json, isPerson);
    expect(await ask('POST', `/people/${openid}/act`, { kind: 'text', text: 'x' })).toMatchObject({ status: 409 });
  });

  test.each<[string, string, unknown]>([
    ['POST', '/people', { nick: 'x' }],
    ['POST', '/people', { following: 'yes' }],
    ['POST', '/people', []],
    ['POST', '/clock', {}],
    ['POST', '/clock', { advanceMs: 1.5 }],
    ['POST', '/clock', { advanceMs: 1e15 }],
    ['PUT', '/faults', { pay: [{ kind: 'meteor' }] }],
    ['PUT', '/faults', { pay: [{ kind: 'lostReply', times: 0 }] }],
    ['PUT', '/faults', { pay: [{ kind: 'code' }] }],
    ['PUT', '/faults', { pay: [{ kind: 'http', status: 99 }] }],
    ['PUT', '/faults', { pay: [{ kind: 'http', openid: 'o1' }] }],
    ['PUT', '/faults', { pay: [{ kind: 'tlsRefused', word: '返利' }] }],
    ['PUT', '/faults', { pay: [{ kind: 'truncated', at: 'orderQuery' }] }],
    ['PUT', '/faults', { pay: [{ kind: 'http', at: 'payNotice' }] }],
    ['PUT', '/faults', { platform: [{ kind: 'duplicatePush', copies: 1000 }] }],
    ['PUT', '/faults', { other: [] }],
    ['POST', '/merchants/1900000109', { balance: -1 }],
    ['POST', '/merchants/1900000109', { balance: 1.5 }],
    ['GET', '/pushes?limit=x', undefined],
    ['GET', '/people/%ff', undefined],
  ])('%s %s %j is 400 with a reason', async (method, path, body) => {
    const { ask } = await start();
    expect(await ask(method, path, body)).toMatchObject({ status: 400, json: { error: expect.any(String) } });
  });

  test.each([
    {},
    { kind: 'dance' },
    { kind: 'text' },
    { kind: 'text', text: '' },
    { kind: 'scan', scene: 7 },
    { kind: 'location', latitude: 91, longitude: 0, label: '' },
    { kind: 'raw', fields: { 'a b': 'x' } },
    { kind: 'raw', fields: { MsgType: 1 } },
    { kind: 'raw', fields: {} },
  ])('an act that is none, or half of one, is 400: %j', async act => {
    const { ask, simulator } = await start();
    const { openid } = simulator.control.addPerson({ following: true });
    expect(await ask('POST', `/people/${openid}/act`, act)).toMatchObject({ status: 400 });
    expect(simulator.control.pushes()).toEqual([]);
  });
});

describe('whom it refuses', () => {
  test.each<[string, Record<string, string>]>([
    ['a foreign Host, as DNS rebinding has it', { host: 'evil.example' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ["another port's page", { origin: 'http://127.0.0.1:9' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain' }],
  ])('%s changes nothing', async (_what, headers) => {
    const { ask, simulator } = await start();
    const { status, headers: sent } = await ask('POST', '/clock', { advanceMs: HOUR }, headers);
    expect(status).toBe(400);
    expect(sent['access-control-allow-origin']).toBeUndefined();
    expect(simulator.control.state().offsetMs).toBe(0);
  });

  test('a name it was told, and its own origin, are fine', async () => {
    const { ask } = await start(['bot.test']);
    expect(
      (await ask('GET', '/state', undefined, { host: 'bot.test:3000', origin: 'https://bot.test:3000' })).status,
    ).toBe(200);
    expect((await ask('GET', '/state', undefined, { host: 'localhost:3000' })).status).toBe(200);
    expect((await ask('GET', '/state', undefined, { host: '[::1]:3000' })).status).toBe(200);
    expect((await ask('GET', '/state', undefined, { host: '127.0.0.1.evil.example' })).status).toBe(400);
  });

  test('a body over 64 KB is refused', async () => {
    const { ask } = await start();
    expect((await ask('POST', '/people', { nickname: 'x'.repeat(70_000) })).status).toBe(400);
  });
});

describe('the stream', () => {
  function listen(url: string): { changes: Change[]; ended: Promise<void>; stop(): void } {
    const changes: Change[] = [];
    let resolve: () => void;
    const ended = new Promise<void>(done => (resolve = done));
    const req = httpRequest(url, res => {
      let text = '';
      res.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const parts = text.split('\n\n');
        text = parts.pop()!;
        for (const each of parts) if (each.startsWith('data: ')) changes.push(JSON.parse(each.slice(6)) as Change);
      });
      res.on('close', () => resolve()).on('error', () => resolve());
    });
    req.on('error', () => resolve()).end();
    return { changes, ended, stop: () => req.destroy() };
  }

  test('it tells every change in order, and ends with the simulator', async () => {
    const { simulator } = await start();
    const { changes, ended } = listen(`${simulator.url}/control/stream`);
    await expect
      .poll(() => {
        simulator.control.setFaults({ pay: [], platform: [] });
        return changes.length;
      })
      .toBeGreaterThan(0);
    await expect.poll(() => changes.length).toBeGreaterThan(0);
    const { openid } = simulator.control.addPerson();
    await simulator.control.act(openid, { kind: 'follow' });
    simulator.control.moveClock({ advanceMs: HOUR });
    simulator.control.setBalance('1900000109', 7);
    simulator.setWebhook('tea', 'http://127.0.0.1:9/');
    await expect
      .poll(() => changes.map(({ kind }) => kind).filter(kind => kind !== 'faults'))
      .toEqual(['person', 'person', 'push', 'line', 'push', 'clock', 'merchant', 'account']);
    await simulator.close();
    await ended;
  });

  test('another server can mount it under its own prefix', async () => {
    const { simulator } = await start();
    const base = await listening(
      createServer((req, res) => {
        void simulator.handle(req, res, req.url!.slice('/simulator'.length));
      }),
    );
    const { changes, stop } = listen(`${base}/simulator/control/stream`);
    const ask = asker(`${base}/simulator/control`);
    expect((await ask('GET', '/state')).status).toBe(200);
    await expect
      .poll(async () => {
        await ask('POST', '/people', {});
        return changes.at(-1)?.kind;
      })
      .toBe('person');
    stop();
    expect((await ask('GET', '/nothing')).status).toBe(404);
  });

  test('there are 64 streams at most, and one that ends makes room', async () => {
    const { simulator, ask } = await start();
    const streams = Array.from({ length: 64 }, () => listen(`${simulator.url}/control/stream`));
    await expect
      .poll(async () => {
        const full = listen(`${simulator.url}/control/stream`);
        const over = await Promise.race([
          full.ended.then(() => true),
          new Promise<false>(resolve => setTimeout(resolve, 50, false)),
        ]);
        full.stop();
        return over;
      })
      .toBe(true);
    expect(await ask('GET', '/stream')).toMatchObject({ status: 503, json: { error: expect.stringContaining('64') } });
    for (const { stop } of streams) stop();
    await expect.poll(() => ask('GET', '/state').then(({ status }) => status)).toBe(200);
  });
});

test('a packet goes over HTTP from the chat to RECEIVED', async () => {
  const { ask, simulator } = await start();
  const { openid } = simulator.control.addPerson();
  const told: Packet[] = [];
  simulator.control.watch(change => change.kind === 'packet' && told.push(change.packet));
  const { paySignOf } = await import('../../src/wechat/crypto.ts');
  const { buildXml } = await import('../../src/wechat/xml.ts');
  const { Agent, request } = await import('undici');
  const { caPem: ca, certPem: cert, keyPem: key } = simulator.certificates('1900000109');
  const dispatcher = new Agent({ connect: { ca, cert, key } });
  open.push({ close: () => dispatcher.destroy() });
  const fields = {
    nonce_str: 'n',
    mch_billno: 'B1',
    mch_id: '1900000109',
    wxappid: 'wx8888888888888888',
    send_name: '阿茶',
    re_openid: openid,
    total_amount: '100',
    total_num: '1',
    wishing: '恭喜',
    client_ip: '127.0.0.1',
    act_name: '新春',
    remark: 'r',
  };
  const body = buildXml({ ...fields, sign: paySignOf(fields, 'k'.repeat(32)) });
  const reply = await request(`${simulator.payUrl}/mmpaymkttransfers/sendredpack`, {
    method: 'POST',
    body,
    dispatcher,
  });
  await reply.body.dump();
  expect((await ask('GET', `/people/${openid}`)).json).toMatchObject({
    chat: [{ kind: 'packet', mchId: '1900000109', billNo: 'B1' }],
  });
  const opened = await ask('POST', '/packets/1900000109/B1/open', { openid });
  expect(opened).toMatchObject({
    status: 200,
    json: { status: 'RECEIVED', sendName: '阿茶', wishing: '恭喜', actName: '新春', amount: 100 },
  });
  expect((await ask('POST', '/packets/1900000109/B1/open', { openid })).status).toBe(409);
  expect(told.map(({ status }) => status)).toEqual(['SENT', 'RECEIVED']);
  expect(Object.keys(told[0]!)).not.toContain('remark');
});
