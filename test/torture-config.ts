// What the bot of the torture is told: one account, one merchant, one campaign whose purse is small in most seeds, so
// that the last prize has several hands on it, and large in others, so that many payouts wait for their turn.
import type { Config, RedpackMerchant } from '../src/config.ts';
import { lintOf } from '../src/config-lint.ts';
import { bookOf } from '../src/core/match.ts';
import { fen } from '../src/core/money.ts';
import { DEFAULT_POLICY } from '../src/core/payout-table.ts';
import { loadCampaign } from '../src/core/rule-file.ts';

export const MCH_ID = '1900000109';
export const KEY = '0123456789abcdef0123456789ABCDEF';
export const APP_ID = 'wx8888888888888888';
export const STOCK = 2;

type Purse = { readonly total: string; readonly perDay: string; readonly packets: number; readonly each: string };
const SMALL: Purse = { total: '¥16.00', perDay: '¥12.00', packets: 9, each: 'perDay: 4, amountPerDay: ¥9.00' };
const LARGE: Purse = { total: '¥90.00', perDay: '¥80.00', packets: 60, each: 'perDay: 12, amountPerDay: ¥30.00' };

const RULES = (unclaimed: string, { total, perDay, packets, each }: Purse): string => `
campaign: torture
name: 酷刑
period: { from: 2026-01-01, to: 2026-12-31 }
budget: { total: ${total}, perDay: ${perDay}, packets: ${packets} }
limits: { perUser: { ${each}, gap: 2s } }
packet: { sendName: 阿茶 }
unclaimed: ${unclaimed}
prizes:
  gift: { redpacket: ¥1.00 }
  range: { redpacket: ¥1.20..¥2.80, weight: 3 }
  rare: { redpacket: ¥5.00, weight: 2, stock: 2, perUser: 1 }
  none: { nothing: true, weight: 2 }
rules:
  - { id: follow, on: subscribe, once: ever, give: gift }
  - { id: daily, on: { text: 红包 }, once: perDay, give: gift }
  - { id: draw, on: { text: 抽奖 }, once: perEvent, give: [range, rare, none] }
  - { id: help, on: { text: 帮助 }, reply: 你好 }
`;

const MERCHANT: RedpackMerchant = {
  name: 'shop',
  mchId: MCH_ID,
  ca: undefined,
  api: 'https://pay.test',
  limits: {
    perSecond: 30,
    perUserPerDay: 10,
    amountPerUserPerDay: fen(1_000_00),
    amountPerDay: fen(1_000_000_00),
    min: fen(100),
    max: fen(20_000),
  },
  policy: DEFAULT_POLICY,
  quietHours: [],
  channel: 'redpack',
  apiV2Key: KEY,
  certificate: { cert: Buffer.alloc(0), key: Buffer.alloc(0) },
  clientIp: '127.0.0.1',
  riskInfo: false,
};
export const CONFIG: Config = {
  file: 'bot.yaml',
  demo: false,
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'http://127.0.0.1',
  store: '',
  acceptLoss: false,
  replicas: 0,
  trustProxy: 0,
  rules: '',
  lint: lintOf(),
  secret: 'torture',
  accounts: new Map([
    [
      'tea',
      {
        name: 'tea',
        appId: APP_ID,
        appSecret: 's',
        token: 't',
        encodingAesKey: undefined,
        mode: 'plain',
        merchant: 'shop',
        api: '',
        open: '',
        jssdk: '',
      },
    ],
  ]),
  merchants: new Map([['shop', MERCHANT]]),
  adminPassword: undefined,
};

/** What happens to packets nobody opens, and how much there is. */
export const CAMPAIGNS = [SMALL, LARGE].flatMap(purse =>
  ['return', 'reoffer'].map(unclaimed => {
    const loaded = loadCampaign('torture.yaml', RULES(unclaimed, purse));
    if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
    const { campaign } = loaded;
    return { campaign, book: bookOf([campaign], ['tea']) };
  }),
);
