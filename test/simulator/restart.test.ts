// The simulator's own life: it ends when it is closed, is honest after a kill -9, and remembers what it was told.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { PayDesk } from '../../src/simulator/pay/redpack.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { SimulatorOptions } from '../../src/simulator/shared/options.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { World } from '../../src/simulator/world/world.ts';
import { paySignOf } from '../../src/wechat/crypto.ts';
import { buildXml, parseXml, textOf } from '../../src/wechat/xml.ts';
import { ended } from '../support/ended.ts';
import { has, isMap, isMapOf, isText, read, readJson } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

const MCH = '1900000109';
const APP = 'wx8888888888888888';
const KEY = '0123456789abcdef0123456789ABCDEF';
const NOON = Date.UTC(2026, 1, 10, 4);
const HOUR = 3_600_000;
const source = (path: string): string => new URL(`../../src/simulator/${path}`, import.meta.url).href;

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function tempFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'simulator-'));
  open.push({ close: async () => rmSync(path, { recursive: true }) });
  return path;
}

const OPTIONS = {
  port: 0,
  payPort: 0,
  accounts: [
    {
      name: 'tea',
      title: '阿茶',
      appId: APP,
      appSecret: 'secret',
      token: 't',
      originalId: 'gh_0a1b2c3d4e5f',
      mode: 'plain',
      webhook: '',
      encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
    },
  ],
  merchants: [
    {
      mchId: MCH,
      apiV2Key: KEY,
      balance: 1_000_000,
      appIds: [APP],
      limits: { perSecond: 1e6, perUserPerDay: 1e6, amountPerUserPerDay: 1e9 },
    },
  ],
} as const satisfies Partial<SimulatorOptions>;

function start(folder: string) {
  return startSimulator({ ...OPTIONS, folder, clock: movableClock(() => NOON) });
}

function body(openid: string, billNo: string): string {
  const fields = {
    nonce_str: 'n',
    mch_billno: billNo,
    mch_id: MCH,
    wxappid: APP,
    send_name: 'a',
    re_openid: openid,
    total_amount: '100',
    total_num: '1',
    wishing: 'w',
    client_ip: '127.0.0.1',
    act_name: 'n',
    remark: 'r',
  };
  return buildXml({ ...fields, sign: paySignOf(fields, KEY) });
}

/** A simulator in a process of its own; it prints one line of JSON when it is up. */
function child(script: string) {
  const code = `import { startSimulator } from '${source('simulator.ts')}';
    import { movableClock } from '${source('shared/clock.ts')}';\n${script}`;
  const running = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  open.push({ close: async () => running.kill('SIGKILL') });
  return running;
}

test('after close nothing keeps the process alive: no server, timer, stream, push or connection', async () => {
  const options = JSON.stringify({
    ...OPTIONS,
    accounts: [{ ...OPTIONS.accounts[0], webhook: 'http://127.0.0.1:9/' }],
  });
  const running = child(`
    const simulator = await startSimulator({ ...${options}, pushTimeoutMs: 60_000, clock: movableClock(Date.now) });
    fetch(simulator.url + '/control/stream').then(reply => reply.text()).catch(() => {});
    await fetch(simulator.url + '/control/state').then(reply => reply.text());
    const { openid } = simulator.control.addPerson({ following: true });
    simulator.control.act(openid, { kind: 'text', text: 'x' });
    await simulator.close();
    console.log('closed');
  `);
  expect(await ended(running)).toBe(0);
});

test('after a kill -9 every packet that was answered is there, in the chat too, and the balance agrees to the fen', async () => {
  const folder = tempFolder();
  const running = child(`
    const simulator = await startSimulator({ ...${JSON.stringify(OPTIONS)}, folder: ${JSON.stringify(folder)}, clock: movableClock(() => ${NOON}) });
    const { openid } = simulator.control.addPerson();
    const { caPem, certPem, keyPem } = simulator.certificates('${MCH}');
    console.log(JSON.stringify({ payUrl: simulator.payUrl, openid, caPem, certPem, keyPem }));
  `);
  const [line] = await once(running.stdout, 'data');
  const { payUrl, openid, caPem: ca, certPem: cert, keyPem: key } = readJson(String(line), isMapOf(isText));
  const dispatcher = new Agent({ connections: 8, connect: { ca, cert, key } });
  open.push({ close: () => dispatcher.destroy() });
  const answered: string[] = [];
  const sendUntilItDies = async (lane: number): Promise<void> => {
    for (let n = 0; ; n++) {
      const billNo = `L${lane}N${n}`;
      const reply = await request(`${payUrl}/mmpaymkttransfers/sendredpack`, {
        method: 'POST',
        body: body(openid!, billNo),
        dispatcher,
      });
      if (textOf(parseXml(await reply.body.text()), 'result_code') === 'SUCCESS') answered.push(billNo);
      if (answered.length === 60) running.kill('SIGKILL');
    }
  };
  await Promise.allSettled([0, 1, 2, 3, 4, 5, 6, 7].map(sendUntilItDies));
  expect(answered.length).toBeGreaterThanOrEqual(60);
  const after = await start(folder);
  open.push(after);
  for (const billNo of answered) expect(after.control.packet(MCH, billNo)?.status).toBe('SENT');
  const { packets } = after.control.state();
  const cards = after.control.person(openid!).chat.flatMap(each => (each.kind === 'packet' ? each.billNo : []));
  expect(cards.sort()).toEqual(packets.map(({ billNo }) => billNo).sort());
  expect(after.control.merchant(MCH)).toMatchObject({
    sentCount: packets.length,
    balance: 1_000_000 - 100 * packets.length,
  });
});

test('QR codes, menus and the right to write to somebody survive a restart; tokens do not', async () => {
  const folder = tempFolder();
  const hook = createServer((_req, res) => res.end('success')).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  open.push({ close: async () => hook.close() && hook.closeAllConnections() });
  const token = async (url: string) => {
    const reply = await fetch(`${url}/cgi-bin/token?grant_type=client_credential&appid=${APP}&secret=secret`);
    return read(await reply.json(), has({ access_token: isText })).access_token;
  };
  const post = async (url: string, path: string, value: string, json: object) => {
    const reply = await fetch(`${url}/cgi-bin/${path}?access_token=${value}`, {
      method: 'POST',
      body: JSON.stringify(json),
    });
    return read(await reply.json(), isMap).errcode ?? 0;
  };
  const one = await start(folder);
  one.setWebhook('tea', `http://127.0.0.1:${portOf(hook)}/`);
  const old = await token(one.url);
  await post(one.url, 'qrcode/create', old, {
    action_name: 'QR_LIMIT_STR_SCENE',
    action_info: { scene: { scene_str: 'door' } },
  });
  await post(one.url, 'menu/create', old, { button: [{ type: 'click', name: '抽奖', key: 'L' }] });
  const { openid } = one.control.addPerson({ following: true });
  await one.control.act(openid, { kind: 'text', text: 'hi' });
  const { menu, qrcodes } = one.control.state().accounts[0]!;
  await one.close();
  const two = await start(folder);
  open.push(two);
  expect(two.control.state().accounts[0]).toMatchObject({ menu, qrcodes });
  const message = { touser: openid, msgtype: 'text', text: { content: '你好' } };
  expect(await post(two.url, 'message/custom/send', old, message)).toBe(40001);
  expect(await post(two.url, 'message/custom/send', await token(two.url), message)).toBe(0);
});

test('a log with a broken line in its middle is refused by its place', async () => {
  const folder = tempFolder();
  const one = await start(folder);
  one.control.addPerson();
  await one.close();
  const log = join(folder, 'log.jsonl');
  writeFileSync(log, `nonsense\n${readFileSync(log, 'utf8')}`);
  await expect(start(folder)).rejects.toThrow(/log\.jsonl:1: not a line/);
});

test('a port that is taken is said, and leaves the other one free', async () => {
  const folder = tempFolder();
  const one = await start(folder);
  open.push(one);
  const port = Number(new URL(one.payUrl).port);
  const clock = movableClock(() => NOON);
  await expect(startSimulator({ ...OPTIONS, payPort: port, clock })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('without a network the pay desk answers all the same, and 50 000 waiting packets cost a tick nothing', () => {
  const clock = movableClock(() => NOON);
  const world = new World({ ...OPTIONS, merchants: [{ ...OPTIONS.merchants[0], balance: 1e9 }], clock });
  const desk = new PayDesk(world);
  const { openid } = world.addPerson('tea');
  for (let n = 0; n < 50_000; n++) {
    const order = {
      mchId: MCH,
      billNo: `B${n}`,
      listId: String(n),
      openid,
      amount: 100,
      status: 'SENT' as const,
      createdAt: NOON,
      sentAt: NOON,
    };
    world.putOrder({ ...order, sendName: 'a', wishing: 'w', actName: 'n', appId: APP, remark: 'r' }, -100);
  }
  expect(desk.answer('sendredpack', body(openid, 'B0'), MCH).reply.result_code).toBe('SUCCESS');
  const begun = performance.now();
  for (let n = 0; n < 1000; n++) desk.tick();
  expect(performance.now() - begun).toBeLessThan(500);
  clock.setOffset(25 * HOUR);
  desk.tick();
  expect(world.findMerchant(MCH)!.books).toMatchObject({ balance: 1e9, refundedAmount: 5_000_000, sentCount: 50_000 });
  world.close();
});
