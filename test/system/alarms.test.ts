// Alarms and the daily report of a whole bot: said once, said again, taken on, over; to the robots of 企业微信 and 飞书, as JSON and by
// mail; and when nobody is reached, or the store is away.
import { createHmac } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createNet, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ackAlarms, listAlarms, testAlarms } from '../../src/commands/alarms.ts';
import { instant } from '../../src/core/base/time.ts';
import { campaignRows } from '../../src/engine/overview/campaigns.ts';
import { createRecent } from '../../src/engine/overview/recent.ts';
import { createTally } from '../../src/engine/overview/tally.ts';
import type { Store } from '../../src/ports.ts';
import { ENV, startWorld, type World, type WorldOptions } from '../support/harness.ts';
import { isMap, isText, read, readJson } from '../support/json.ts';
import { portOf } from '../support/listening.ts';
import { inProcess } from '../support/platform-world.ts';

type Got = {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly authorization: string | undefined;
};

const got: Got[] = [];
const mails: string[] = [];
/** What the robots say to it. */
let answer: (path: string) => { status: number; body: object } = () => ({ status: 200, body: { errcode: 0, code: 0 } });
let http: HttpServer;
let smtp: NetServer;
let lines: string;
const worlds: World[] = [];

beforeAll(async () => {
  vi.stubEnv('TEST_SECRET', ENV.TEST_SECRET);
  http = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const path = req.url!;
      const body = readJson(Buffer.concat(parts).toString(), isMap);
      got.push({ path, body, authorization: req.headers.authorization });
      const said = answer(path);
      res.writeHead(said.status).end(JSON.stringify(said.body));
    });
  });
  smtp = mailServer(mails);
  for (const server of [http, smtp]) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const [robots, post] = [portOf(http), portOf(smtp)];
  lines = `alarms:
  repeat: 30m
  report: "00:00"
  webhooks:
    - { kind: wecom, url: "http://127.0.0.1:${robots}/cgi-bin/webhook/send?key=robot" }
    - { kind: feishu, url: "http://127.0.0.1:${robots}/open-apis/bot/v2/hook/x", secret: feishu-key }
    - { kind: json, url: "http://127.0.0.1:${robots}/json", secret: json-token }
  email: { smtp: "smtp://127.0.0.1:${post}", from: bot@example.com, to: [ops@example.com] }
`;
});
afterAll(async () => {
  await Promise.all([http, smtp].map(server => new Promise(resolve => server.close(resolve))));
  vi.unstubAllEnvs();
});
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
  got.length = mails.length = 0;
  answer = () => ({ status: 200, body: { errcode: 0, code: 0 } });
});

async function start(options: WorldOptions = {}): Promise<World> {
  const world = await startWorld({ lines, ...options });
  worlds.push(world);
  return world;
}

/** As much of SMTP as a mail needs. */
function mailServer(into: string[]): NetServer {
  return createNet(socket => {
    let [isData, text] = [false, ''];
    socket.write('220 test\r\n');
    socket.on('error', () => undefined);
    socket.on('data', part => {
      text += part.toString();
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        if (isData) {
          const last = text.indexOf('\r\n.\r\n');
          if (last < 0) return;
          into.push(text.slice(0, last));
          [isData, text] = [false, text.slice(last + 5)];
          socket.write('250 taken\r\n');
          continue;
        }
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        isData = /^DATA/i.test(line);
        socket.write(isData ? '354 go on\r\n' : /^QUIT/i.test(line) ? '221 bye\r\n' : '250 fine\r\n');
      }
    });
  });
}

async function claim(world: World): Promise<void> {
  await world.simulator.control.act(world.person(true), { kind: 'text', text: '红包' });
  await world.bot.settle.pass();
}

const later = (world: World, minutes: number) => world.simulator.control.moveClock({ advanceMs: minutes * 60_000 });
const textsOf = (path: string): string[] =>
  got
    .filter(each => each.path.startsWith(path))
    .map(({ body: { text, content } }) => {
      const said = isMap(content) ? content.text : isMap(text) ? text.content : (text ?? content);
      return read(said ?? '', isText);
    });

describe('alarms', () => {
  test('a balance that is empty at night is said everywhere once, then again, and that it is over', async () => {
    const world = await start({ balance: 0 });
    await world.bot.calling!.minute();
    expect(got).toEqual([]);
    await claim(world);
    await world.bot.calling!.minute();
    await world.bot.calling!.minute();
    for (const path of ['/cgi-bin', '/open-apis', '/json']) {
      expect(textsOf(path), path).toHaveLength(1);
      expect(textsOf(path)[0]).toMatch(/告警: 商户 shop 停付：NOTENOUGH/);
    }
    expect(mails).toHaveLength(1);
    expect(mails[0]).toContain('ops@example.com');
    const { body: feishu } = got.find(({ path }) => path.startsWith('/open-apis'))!;
    const sign = createHmac('sha256', `${feishu.timestamp}\nfeishu-key`).update('').digest('base64');
    expect(feishu).toMatchObject({ msg_type: 'text', sign });
    expect(got.find(({ path }) => path === '/json')).toMatchObject({
      authorization: 'Bearer json-token',
      body: { alarms: [{ kind: 'new', key: 'halted:shop', grave: 'page' }] },
    });
    later(world, 31);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin').at(-1)).toMatch(/仍未恢复: 商户 shop/);
    await world.store.setHalt('shop', undefined);
    world.simulator.control.setBalance('1900000109', 100_000);
    await world.bot.settle.pass();
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin').at(-1)).toMatch(/已恢复: 商户 shop/);
    expect(textsOf('/cgi-bin')).toHaveLength(3);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin')).toHaveLength(3);
  });

  test('what somebody has taken on is not said again, by another process either, until it is over', async () => {
    const world = await start({ balance: 0 });
    await claim(world);
    await world.bot.calling!.minute();
    const config = join(world.folder, 'bot.yaml');
    const { out } = await inProcess(() => listAlarms({ config }));
    expect(out).toMatch(/halted:shop .*商户 shop 停付/);
    expect(await inProcess(() => ackAlarms('halted:shop', { config }))).toMatchObject({
      code: 0,
      out: 'taken on: halted:shop\n',
    });
    later(world, 90);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin')).toHaveLength(1);
    const { code, err } = await inProcess(() => ackAlarms('halted:nobody', { config }));
    expect([code, err]).toEqual([2, expect.stringContaining('there is no alarm "halted:nobody"')]);
    expect((await world.store.acts.list({ limit: 5 })).map(({ what, about }) => `${what} ${about}`)).toContain(
      'alarms ack halted:shop',
    );
    await world.store.setHalt('shop', undefined);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin').at(-1)).toMatch(/已恢复/);
  });

  test('where nobody was reached it is said again a minute later; where one was, it counts as said', async () => {
    const world = await start({ balance: 0 });
    await claim(world);
    answer = path =>
      path === '/json' ? { status: 500, body: {} } : { status: 200, body: { errcode: 93000, code: 19024 } };
    const before = mails.length;
    smtp.close();
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin')).toHaveLength(1);
    answer = path =>
      path === '/json' ? { status: 200, body: {} } : { status: 200, body: { errcode: 93000, code: 19024 } };
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin')).toHaveLength(2);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin')).toHaveLength(2);
    expect(mails).toHaveLength(before);
    const { port } = new URL(world.config.alarms!.email!.smtp);
    await new Promise<void>(resolve => smtp.listen(Number(port), '127.0.0.1', resolve));
  });

  test('a line of level error is an alarm, and its end is said once it has not come again for half an hour', async () => {
    const world = await start();
    world.simulator.control.setFaults({ pay: [{ kind: 'code', code: 'XML_ERROR' }], platform: [] });
    await claim(world);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin').join()).toMatch(/机器人报错：payout: parked: WeChat Pay refuses this packet/);
    expect(textsOf('/cgi-bin').join()).toMatch(/1 笔付款等人处理/);
    later(world, 20);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin')).toHaveLength(1);
    later(world, 15);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin').at(-1)).toMatch(/已恢复: 机器人报错/);
  });

  test('a store that is away is said from memory, and when it is back', async () => {
    let isAway = false;
    const away = <T>(work: () => Promise<T>): Promise<T> => (isAway ? Promise.reject(new Error('gone')) : work());
    const world = await start({
      wrap: (store: Store) => ({ ...store, lease: (...args) => away(() => store.lease(...args)) }),
    });
    await world.bot.calling!.minute();
    isAway = true;
    await world.bot.calling!.minute();
    expect(got).toEqual([]);
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin').at(-1)).toMatch(/告警: 存储不应答/);
    isAway = false;
    await world.bot.calling!.minute();
    expect(textsOf('/cgi-bin').at(-1)).toMatch(/已恢复: 存储不应答/);
  });

  test('`hongbao alarms test` says who was reached', async () => {
    const world = await start();
    answer = path => (path === '/json' ? { status: 404, body: {} } : { status: 200, body: { errcode: 0 } });
    const { code, out, err } = await inProcess(() => testAlarms({ config: join(world.folder, 'bot.yaml') }));
    expect([code, out]).toEqual([1, '3 of 4 were reached\n']);
    expect(err).toMatch(/not reached: json .*HTTP 404/);
  });

  test('and why somebody was not: that there is nobody at that port, not that it failed', async () => {
    const world = await start({ lines: 'alarms:\n  webhooks:\n    - { kind: json, url: "http://127.0.0.1:9/x" }\n' });
    const { err } = await inProcess(() => testAlarms({ config: join(world.folder, 'bot.yaml') }));
    expect(err).toMatch(/not reached: json 127\.0\.0\.1:9: (connect ECONNREFUSED|bad port)/);
  });

  test('where bot.yaml names nobody, nothing is looked at', async () => {
    const world = await start({ lines: '' });
    expect(world.bot.calling).toBeUndefined();
  });
});

describe('the daily report', () => {
  test('tells yesterday: winners, money, refusals, and what needs doing', async () => {
    const world = await start();
    const person = world.person(true);
    for (let n = 0; n < 3; n++) await world.simulator.control.act(person, { kind: 'text', text: '红包' });
    await claim(world);
    await world.bot.flow.written();
    await world.bot.calling!.minute();
    later(world, 24 * 60);
    await world.store.setHalt('shop', { code: 'NOTENOUGH', reason: '余额不足', since: instant(Date.now()), by: 'bot' });
    await world.bot.calling!.minute();
    got.length = 0;
    expect(await world.bot.calling!.report()).toBe(true);
    const [text] = textsOf('/cgi-bin');
    expect(text).toMatch(/4 次互动，中奖 2 次，共 ¥3\.00/);
    expect(text).toMatch(/商户 shop 当天发出 ¥3\.00/);
    expect(text).toMatch(/测试活动：中奖 2，累计 ¥3\.00 \/ ¥1000\.00，退回 ¥0\.00/);
    expect(text).toMatch(/未中：已领过 2/);
    expect(text).toMatch(/要处理：\n {2}- 商户 shop 停付：NOTENOUGH/);
  });

  test('tells cash and vouchers apart, of the day and of each campaign; and so does the dashboard', async () => {
    const rules = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  cash: { redpacket: ¥1.50 }
  tea: { voucher: { stock: "1234567", value: ¥5.00 } }
rules:
  - { id: cash, on: { text: 红包 }, once: perEvent, give: cash }
  - { id: tea, on: { text: 代金券 }, once: perEvent, give: tea }
`;
    const yaml = (text: string): string => text.replace('channel: transfer', 'channel: redpack\n    vouchers: true');
    const world = await start({ rules, channel: 'transfer', yaml });
    const person = world.person(true);
    for (const text of ['红包', '代金券', '代金券']) await world.simulator.control.act(person, { kind: 'text', text });
    await world.bot.flow.written();
    const { store, config, bot } = world;
    const clock = () => instant(world.simulator.control.state().now);
    const tally = createTally({ store, clock, holder: 'test' });
    const recent = createRecent(store);
    const ports = {
      store,
      clock,
      config,
      book: () => bot.rulebook.current(),
      tally,
      recent,
      balance: async () => undefined,
    };
    const [row] = await campaignRows(ports, { campaigns: [], files: [], findings: [] });
    expect(row).toMatchObject({ buckets: { reserved: 1150 }, vouchers: 1000 });
    await world.bot.calling!.minute();
    later(world, 24 * 60);
    got.length = 0;
    expect(await world.bot.calling!.report()).toBe(true);
    const [text] = textsOf('/cgi-bin');
    expect(text).toMatch(/中奖 3 次，共 ¥11\.50（现金 ¥1\.50，代金券 ¥10\.00）/);
    expect(text).toMatch(/测试活动：中奖 3，累计 ¥11\.50（现金 ¥1\.50，代金券 ¥10\.00） \/ ¥100\.00/);
  });
});
