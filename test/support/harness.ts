// A whole bot against a whole simulated WeChat, over real HTTP and TLS, on free ports and in a folder of its own.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bot, createBot } from '../../src/app/bot.ts';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { instant } from '../../src/core/base/time.ts';
import type { Metrics } from '../../src/engine/ops/metrics.ts';
import type { Settle, SettleMerchant } from '../../src/engine/settle.ts';
import { createEdgeServer } from '../../src/http/server.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Log, Store } from '../../src/ports.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type AccountOptions, DEFAULT_API_V3_KEY, type MerchantOptions } from '../../src/simulator/shared/options.ts';
import type { Signing } from '../../src/simulator/shared/protocol.ts';
import type { Push } from '../../src/simulator/shared/protocol-push.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { openStore } from '../../src/storage/open.ts';
import { portOf } from './listening.ts';

export const ACCOUNT = {
  name: 'tea',
  title: '阿茶茶饮',
  appId: 'wx8888888888888888',
  appSecret: 'secretsecretsecretsecretsecret00',
  token: 'simToken01',
  encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
  originalId: 'gh_0a1b2c3d4e5f',
  mode: 'safe' as 'safe' | 'compatible' | 'plain',
  webhook: '',
};
export const MERCHANT = {
  mchId: '1900000109',
  apiV2Key: '0123456789abcdef0123456789ABCDEF',
  balance: 100_000_00,
  appIds: [ACCOUNT.appId],
};

/** Every follower gets ¥1.00 on the first follow; 红包 gives ¥1.50 once a day; 抽奖 draws from three, one of which is rare. */
export const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  gift: { redpacket: ¥1.00 }
  daily: { redpacket: ¥1.50 }
  last: { redpacket: ¥2.00, stock: 7 }
rules:
  - { id: welcome, on: subscribe, once: ever, give: gift, replies: { won: "欢迎!{{amount}} 元红包已发出", already: 您已经领过啦 } }
  - { id: daily, on: { text: 红包 }, once: perDay, give: daily }
  - { id: last, on: { text: 最后 }, once: ever, give: last }
  - { id: help, on: { text: 帮助 }, reply: 回复「红包」试试 }
  - { id: card, on: { click: CARD }, reply: { news: { title: 活动, description: 说明, picUrl: "https://example.com/a.png", url: "https://example.com/" } } }
  - { id: agent, on: { text: 人工 }, reply: { transfer: true } }
  - { id: picture, on: { text: 图片 }, reply: { image: MEDIA1 } }
`;

export type WorldOptions = {
  readonly rules?: string;
  /** Several campaigns: files of a folder, in place of `rules`. */
  readonly campaigns?: Readonly<Record<string, string>>;
  readonly mode?: 'safe' | 'compatible' | 'plain';
  /** By which the merchant pays; `transfer` (商家转账) also gets its notifications over HTTP. */
  readonly channel?: 'redpack' | 'transfer';
  /** Lines below `merchants: shop:`, instead of the PEM pair. */
  readonly certificate?: (world: { folder: string; simulator: Simulator }) => string;
  readonly merchantLines?: string;
  /** Lines of bot.yaml outside accounts and merchants. */
  readonly lines?: string;
  /** Where the bot's log goes. */
  readonly log?: Log;
  /** Stands between the bot and its store. */
  readonly wrap?: (store: Store) => Store;
  /** The timetable runs by itself; otherwise a test calls `bot.settle.pass()`. */
  readonly jobs?: boolean;
  readonly pushTimeoutMs?: number;
  readonly balance?: number;
  /** What else WeChat's console knows of the account. */
  readonly account?: Partial<AccountOptions>;
  /** What else WeChat Pay knows of the merchant. */
  readonly merchant?: Partial<MerchantOptions>;
  /** Merchants that WeChat Pay knows beside it. */
  readonly others?: readonly MerchantOptions[];
  /** With which keys WeChat Pay signs API v3; absent: with its public key. */
  readonly signing?: Signing;
  /** In place of the public key: lines below `merchants: shop:`. */
  readonly keys?: (world: { simulator: Simulator; folder: string }) => string;
  /** What is counted of the bot. */
  readonly metrics?: Metrics;
  /** The path of publicUrl, such as `/bot`. */
  readonly prefix?: string;
  /** Changes bot.yaml before it is read. */
  readonly yaml?: (text: string) => string;
};

export type World = {
  readonly folder: string;
  readonly url: string;
  readonly bot: Bot;
  readonly store: Store;
  readonly config: Config;
  readonly simulator: Simulator;
  /** A new person, following or not; their openid. */
  person(following?: boolean): string;
  /** A gate of the same bot, as after a restart: nothing remembered. The former one is stopped by its test. */
  newSettle(parts?: Partial<SettleMerchant>): Settle;
  /** What the account said last, in words. */
  said(push: Push): string;
  close(): Promise<void>;
};

type YamlParts = {
  rules?: string;
  port?: number;
  mode?: string;
  channel?: string;
  certificate: string;
  merchantLines?: string;
  lines?: string;
};

/** The text of bot.yaml for a simulator, as a merchant would write it. */
export function botYaml(
  simulator: Simulator,
  {
    rules = 'rules.yaml',
    port = 0,
    mode = 'safe',
    channel = 'redpack',
    certificate,
    merchantLines = '',
    lines = '',
  }: YamlParts,
): string {
  return `listen: 127.0.0.1:${port}
publicUrl: http://127.0.0.1:${port}
store: sqlite:bot.db
rules: ${rules}
secret: \${TEST_SECRET}
accounts:
  tea:
    appId: ${ACCOUNT.appId}
    appSecret: ${ACCOUNT.appSecret}
    token: ${ACCOUNT.token}
    encodingAesKey: ${ACCOUNT.encodingAesKey}
    mode: ${mode}
    merchant: shop
    api: ${simulator.url}
    open: ${simulator.url}
    jssdk: ${simulator.url}/jweixin.js
merchants:
  shop:
    mchId: "${MERCHANT.mchId}"
    apiV2Key: ${MERCHANT.apiV2Key}
${certificate}
    ca: ca.pem
    api: ${simulator.payUrl}
    clientIp: 127.0.0.1
    channel: ${channel}
${merchantLines}
${lines}
`;
}

export const PEM_LINES = '    certificate: apiclient_cert.pem\n    privateKey: apiclient_key.pem';
/** What 商家转账 needs beside the PEM pair. */
const transferLines = (simulator: Simulator, keys = keyLines(simulator)): string => {
  const { serialNumber } = simulator.certificates(MERCHANT.mchId);
  return `    apiV3Key: ${DEFAULT_API_V3_KEY}\n    serialNo: ${serialNumber}\n${keys}`;
};
const keyLines = (simulator: Simulator): string =>
  `    publicKeyId: ${simulator.certificates(MERCHANT.mchId).publicKeyId}\n    publicKey: pub_key.pem`;
export const ENV = { TEST_SECRET: '6f1d0b2c9e7a4853b1c6d8e2f4a7093581be6c2d4f90a37e' };

/** Writes the merchant's certificate files as WeChat Pay hands them out. */
export function writeCertificates(simulator: Simulator, folder: string): void {
  const { caPem, certPem, keyPem, publicKeyPem } = simulator.certificates(MERCHANT.mchId);
  writeFileSync(join(folder, 'ca.pem'), caPem);
  writeFileSync(join(folder, 'apiclient_cert.pem'), certPem);
  writeFileSync(join(folder, 'apiclient_key.pem'), keyPem);
  writeFileSync(join(folder, 'pub_key.pem'), publicKeyPem);
  // As they would be saved under names of one's own.
  for (const { kind, pem } of simulator.control.signing(MERCHANT.mchId).keys)
    if (kind !== 'publicKey') writeFileSync(join(folder, `${kind}.pem`), pem);
}

/** What a test lets one follower do again and again would be refused as without end; `process.test.ts` sees to that. */
const withoutEnd = (text: string): string =>
  /^lint:/m.test(text) ? text : `${text}lint: { unlimited-per-user: off }\n`;

let worlds = 0;

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-'));
  const mode = options.mode ?? 'safe';
  const clock = movableClock(Date.now);
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock,
    accounts: [{ ...ACCOUNT, mode, ...options.account }],
    merchants: [
      {
        ...MERCHANT,
        balance: options.balance ?? MERCHANT.balance,
        ...options.merchant,
        ...(options.signing && { signing: options.signing }),
      },
      ...(options.others ?? []),
    ],
    ...(options.pushTimeoutMs !== undefined && { pushTimeoutMs: options.pushTimeoutMs }),
  });
  writeCertificates(simulator, folder);
  const rules = options.campaigns ? 'rules' : 'rules.yaml';
  if (options.campaigns) mkdirSync(join(folder, rules));
  else writeFileSync(join(folder, rules), options.rules ?? RULES);
  for (const [name, text] of Object.entries(options.campaigns ?? {})) writeFileSync(join(folder, rules, name), text);
  const pem = options.certificate?.({ folder, simulator }) ?? PEM_LINES;
  const { channel = 'redpack', merchantLines = '    askEvery: 1s' } = options;
  const certificate =
    channel === 'transfer' ? `${pem}\n${transferLines(simulator, options.keys?.({ simulator, folder }))}` : pem;
  const { lines = '', prefix = '', yaml = (text: string) => text } = options;
  const text = botYaml(simulator, { rules, mode, channel, certificate, merchantLines, lines });
  writeFileSync(join(folder, 'bot.yaml'), withoutEnd(yaml(text)));
  let listener: RequestListener = (_, res) => res.writeHead(503).end();
  let isFirst: Bot['isFirst'] = () => false;
  const server: Server = createEdgeServer(
    (req, res) => listener(req, res),
    0,
    {},
    req => isFirst(req),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${portOf(server)}`;
  const config = withNotices(loadConfig(join(folder, 'bot.yaml'), ENV), url + prefix);
  const store = await openStore(config.store);
  const bot = await createBot({
    holder: `harness ${++worlds}`,
    config,
    clock: () => instant(clock.now()),
    timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
    log: options.log ?? SILENT,
    ...(options.metrics && { metrics: options.metrics }),
    store: options.wrap?.(store) ?? store,
  });
  listener = bot.app.callback();
  isFirst = bot.isFirst;
  simulator.setWebhook('tea', `${url}${prefix}/wechat/tea`);
  if (options.jobs) bot.start();
  return {
    folder,
    url,
    bot,
    store: afterLines(store, bot),
    config,
    simulator,
    person: (following = false) => simulator.control.addPerson({ following }).openid,
    newSettle: parts => bot.newSettle(parts),
    said: push => textIn(push.tries.at(-1)?.clear ?? push.tries.at(-1)?.answer ?? ''),
    async close() {
      await new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await bot.stop();
      await simulator.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the bot has answered is read once it is written. */
function afterLines(store: Store, bot: Bot): Store {
  return {
    ...store,
    answered: (account, key) => bot.flow.written().then(() => store.answered(account, key)),
    journal: filter => bot.flow.written().then(() => store.journal(filter)),
    snapshot: () => bot.flow.written().then(() => store.snapshot()),
  };
}

/** Where the bot really listens. Plain http is announced here, since the simulator takes it; bot.yaml announces https alone. */
function withNotices(config: Config, url: string): Config {
  const merchants = [...config.merchants.values()].map(merchant => {
    if (merchant.channel !== 'transfer') return merchant;
    const notifyUrl = `${url}/notify/transfer/${merchant.name}`;
    return { ...merchant, notifyUrl, ...(merchant.authorize && { authorize: { notifyUrl } }) };
  });
  return { ...config, publicUrl: url, merchants: new Map(merchants.map(merchant => [merchant.name, merchant])) };
}

export function textIn(xml: string): string {
  return /<Content><!\[CDATA\[([\s\S]*?)\]\]><\/Content>/.exec(xml)?.[1] ?? xml;
}

/** Waits until `check` gives something; fails after `ms`. */
export async function until<T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 8000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not true within ${ms} ms: ${check}`);
    await sleep(20);
  }
}
