// `npm start` with nothing configured: a simulator of WeChat, an account 阿茶 and a merchant on it, and a bot.yaml under
// `data/` that is like anybody's, so that every command works on the demo as it does in production.

import { createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { DEMO_CONFIG, DEMO_FOLDER, DEMO_STORE } from '../config/config.ts';
import { BadInput, codeOf } from '../core/base/error.ts';
import { fen } from '../core/base/money.ts';
import { DAY, HOUR, instant, MINUTE } from '../core/base/time.ts';
import { t } from '../core/base/words/words.ts';
import type { Rulebook } from '../engine/rulebook.ts';
import type { Store } from '../ports.ts';
import { refuseBesideRealStore } from '../setup/installation.ts';
import { rulesHere } from '../setup/package.ts';
import { pushingOf } from '../simulator/control/input.ts';
import type { MovableClock } from '../simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY } from '../simulator/shared/options.ts';
import type { Menu } from '../simulator/shared/protocol-menu.ts';

import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { demoRoutes } from './demo-routes.ts';

const TITLE = '阿茶茶饮';
const MCH_ID = '1900000109';
const APP_ID = 'wx8888888888888888';
const BALANCE = fen(1_000_000_00);

/** Codes under caps are scanned with it: `rules/codes.yaml`. */
const SCANNER = 'SCAN';

const menuOf = (port: number): Menu => ({
  button: [
    { type: 'view', name: '拆红包', url: `http://127.0.0.1:${port}/h5/tea/lottery` },
    {
      name: '活动',
      sub_button: [
        { type: 'click', name: '每日签到', key: 'CHECKIN' },
        { type: 'click', name: '我要抽奖', key: 'LOTTERY' },
        { type: 'click', name: '茶知识答题', key: 'QUIZ' },
        { type: 'click', name: '邀请好友', key: 'INVITE' },
        { type: 'click', name: '活动规则', key: 'RULES' },
      ],
    },
    { type: 'scancode_waitmsg', name: '扫一扫', key: SCANNER },
  ],
});

export type Demo = {
  readonly simulator: Simulator;
  readonly configFile: string;
  /** Of the dashboard. */
  readonly login: { readonly name: string; readonly password: string };
  /** Tells the simulated WeChat where the bot listens. */
  wire(url: string): void;
  routes(store: Store, rulebook: () => Rulebook): ReturnType<typeof demoRoutes>;
};

/** How the demo's WeChat pushes: `--format`, `--cdata`; and how its merchant pays. */
export type DemoOptions = { readonly format?: string; readonly cdata?: string; readonly channel?: string };

/** By which the demo's merchant can pay. */
const CHANNELS = ['redpack', 'transfer'] as const;
type DemoChannel = (typeof CHANNELS)[number];

function channelIn({ channel = 'redpack' }: DemoOptions): DemoChannel {
  const found = CHANNELS.find(each => each === channel);
  if (!found) throw new BadInput(t`--channel ${channel}: expected one of ${CHANNELS.join(', ')}`);
  return found;
}

/** `port`: the bot's own; the simulator takes the two above it, or free ones. */
export async function startDemo(port: number, clock: MovableClock, options: DemoOptions = {}): Promise<Demo> {
  const [pushing, channel] = [pushingOf(options), channelIn(options)];
  await refuseBesideRealStore(['.', DEMO_FOLDER], DEMO_STORE);
  await mkdir(DEMO_FOLDER, { recursive: true });
  const secret = await demoSecret();
  const derive = (purpose: string): string => createHmac('sha256', secret).update(purpose).digest('hex');
  const account = {
    name: 'tea',
    title: TITLE,
    appId: APP_ID,
    appSecret: derive('appSecret').slice(0, 32),
    token: derive('token').slice(0, 24),
    encodingAesKey: derive('encodingAesKey').slice(0, 43),
    originalId: 'gh_0a1b2c3d4e5f',
    mode: 'safe' as const,
    ...pushing,
    webhook: `http://127.0.0.1:${port}/wechat/tea`,
    menu: menuOf(port),
  };
  const apiV2Key = derive('apiV2Key').slice(0, 32);
  const simulator = await startWithFallback(port, clock, account, apiV2Key);
  if (simulator.control.state().people.length === 0) openTheShop(simulator, clock);
  const password = derive('admin')
    .slice(0, 12)
    .replace(/(.{4})(?=.)/g, '$1-');
  const yaml = demoYaml(port, simulator, account, { apiV2Key, secret, password, channel });
  await writeFile(DEMO_CONFIG, yaml, { mode: 0o600 });
  return {
    simulator,
    configFile: DEMO_CONFIG,
    login: { name: 'owner', password },
    routes: (store, rulebook) => demoRoutes({ simulator, store, rulebook, clock: () => instant(clock.now()) }),
    wire(url) {
      simulator.setWebhook('tea', `${url}/wechat/tea`);
      simulator.setPayNotify(MCH_ID, `${url}/notify/pay/shop`);
    },
  };
}

/** When nobody has been here, and it is night: the samples are open from ten to ten, so the first morning is now. */
function openTheShop({ control }: Simulator, clock: MovableClock): void {
  const [opens, closes] = [10 * HOUR, 21 * HOUR];
  const time = (clock.now() + 8 * HOUR) % DAY; // Beijing's
  if (time >= opens && time < closes) return;
  control.moveClock({ advanceMs: opens + 5 * MINUTE - time + (time >= closes ? DAY : 0) });
}

const PORT_MAX = 65_535;

async function startWithFallback(
  port: number,
  clock: MovableClock,
  account: Parameters<typeof startSimulator>[0]['accounts'][number],
  apiV2Key: string,
): Promise<Simulator> {
  const options = {
    folder: join(DEMO_FOLDER, 'simulator'),
    // The bot's store would remember packets that WeChat has forgotten.
    resettable: false,
    clock,
    accounts: [account],
    merchants: [{ mchId: MCH_ID, apiV2Key, balance: BALANCE, appIds: [APP_ID] }],
  };
  const hasTwoAbove = port > 0 && port + 2 <= PORT_MAX;
  try {
    return await startSimulator({ ...options, port: hasTwoAbove ? port + 1 : 0, payPort: hasTwoAbove ? port + 2 : 0 });
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    return startSimulator({ ...options, port: 0, payPort: 0 });
  }
}

/** One secret for ever: from it come the account's and the merchant's, so that a restart finds its old data. */
async function demoSecret(): Promise<string> {
  const file = join(DEMO_FOLDER, 'secret');
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim();
  const secret = randomBytes(32).toString('hex');
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

type DemoSecrets = { readonly apiV2Key: string; readonly secret: string; readonly password: string };

/** What 商家转账 needs beside the certificate; a follower is asked once to be paid without a tap. */
function transferLines(simulator: Simulator): string {
  const { serialNumber, publicKeyId } = simulator.certificates(MCH_ID);
  return `    channel: transfer
    authorize: true   # 免确认收款授权: where WeChat Pay has opened it to the merchant
    apiV3Key: ${DEFAULT_API_V3_KEY}
    serialNo: ${serialNumber}
    publicKeyId: ${publicKeyId}
    publicKey: ${join('simulator', MCH_ID)}/pub_key.pem`;
}

function demoYaml(
  port: number,
  simulator: Simulator,
  account: { appId: string; appSecret: string; token: string; encodingAesKey: string; mode: string },
  { apiV2Key, secret, password, channel }: DemoSecrets & { readonly channel: DemoChannel },
): string {
  const certificates = join('simulator', MCH_ID);
  return `# Written anew at every start of the demo (\`npm start\` without a bot.yaml). It shows what yours looks like.
demo: true   # what the store holds is no real money: another installation is refused there
listen: 127.0.0.1:${port}
publicUrl: http://127.0.0.1:${port}
store: sqlite:${basename(DEMO_STORE)}
rules: ${JSON.stringify(relative(resolve(DEMO_FOLDER), rulesHere()))}
secret: ${secret}
personalKey: ${createHmac('sha256', secret).update('personal data').digest('hex')}   # seals winners' addresses
accounts:
  tea:
    appId: ${account.appId}
    appSecret: ${account.appSecret}
    token: ${account.token}
    encodingAesKey: ${account.encodingAesKey}
    mode: ${account.mode}
    merchant: shop
    api: ${simulator.url}
    open: ${simulator.url}
    jssdk: ${simulator.url}/jweixin.js
merchants:
  shop:
    mchId: "${MCH_ID}"
    apiV2Key: ${apiV2Key}
    certificate: ${certificates}/apiclient_cert.pem
    privateKey: ${certificates}/apiclient_key.pem
    ca: ${certificates}/ca.pem
    api: ${simulator.payUrl}
    clientIp: 127.0.0.1
${channel === 'transfer' ? transferLines(simulator) : '    channel: redpack'}
    limits: { min: ¥0.30 }   # below ¥1.00 only where the merchant's console allows it, and with packet.scene
    askEvery: 3s   # how often an unopened packet is asked after; for real merchants leave it out
admin:
  password: ${password}   # of the dashboard at /admin; in production on a port of its own (admin.listen)
`;
}
