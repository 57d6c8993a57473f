// What the bot of the torture is told: one account, one merchant, by either channel. The campaigns: `rules.ts`.

import { generateKeyPairSync } from 'node:crypto';
import type { Config } from '../../src/config/config.ts';
import { lintOf } from '../../src/config/lint.ts';
import type { MerchantConfig } from '../../src/config/merchant.ts';
import { fen } from '../../src/core/base/money.ts';
import { HOUR, MINUTE, SECOND } from '../../src/core/base/time.ts';
import { VOUCHER_CAPS } from '../../src/core/decide/limits.ts';
import type { ChannelName } from '../../src/core/payout/channels/index.ts';
import { DEFAULT_POLICY, type PayoutPolicy } from '../../src/core/payout/pace.ts';

export const MCH_ID = '1900000109';
export const KEY = '0123456789abcdef0123456789ABCDEF';
export const KEY_V3 = 'torture-api-v3-key-of-32-letters';
export const APP_ID = 'wx8888888888888888';
export const ACCOUNT = 'tea';
export const SHOP = 'shop';
export const POLICY: PayoutPolicy = {
  ...DEFAULT_POLICY,
  askAfter: [20 * SECOND, 2 * MINUTE, HOUR, 6 * HOUR, 25 * HOUR],
};
/** By which its merchant pays cash. */
export type Channel = Exclude<ChannelName, 'voucher'>;

/** Small keys: nobody attacks them here, and every answer is signed. */
function keyPair(): { readonly privateKeyPem: string; readonly publicKeyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
const MERCHANT_KEY = keyPair();
/** With which WeChat Pay signs: the public key, and the platform certificate that is on its way out. */
export const PAY_KEYS = [
  { id: 'PUB_KEY_ID_0100000000000000000000000001', ...keyPair() },
  { id: '5157F09EFDC096DE15EBE81A47057A7200000001', ...keyPair() },
] as const;
/** As bot.yaml has them. */
export const PLATFORM_KEYS = PAY_KEYS.map(({ id, publicKeyPem }) => ({ id, pem: Buffer.from(publicKeyPem) }));

const COMMON = {
  name: SHOP,
  mchId: MCH_ID,
  ca: undefined,
  api: 'https://pay.test',
  limits: {
    perSecond: 30,
    perUserPerDay: 6,
    amountPerUserPerDay: fen(11_00),
    amountPerDay: fen(70_00),
    min: fen(100),
    max: fen(20_000),
  },
  policy: POLICY,
  quietHours: [],
};

export const MERCHANTS: Readonly<Record<ChannelName, MerchantConfig>> = {
  redpack: {
    ...COMMON,
    channel: 'redpack',
    paysGroups: true,
    showsPacket: true,
    apiV2Key: KEY,
    certificate: { cert: Buffer.alloc(0), key: Buffer.alloc(0) },
    clientIp: '127.0.0.1',
    riskInfo: false,
    payNotice: { apiV2Key: KEY, orderQuery: false },
  },
  transfer: {
    ...COMMON,
    channel: 'transfer',
    paysGroups: false,
    showsPacket: false,
    apiV3Key: KEY_V3,
    serialNo: '44A0C0D2E5B14C8E9F0000000000000000000001',
    privateKey: Buffer.from(MERCHANT_KEY.privateKeyPem),
    transferScene: '1000',
    notifyUrl: 'https://bot.test/notify/transfer/shop',
    payNotice: { v3: { apiV3Key: KEY_V3, platformKeys: PLATFORM_KEYS }, orderQuery: false },
  },
  voucher: {
    ...COMMON,
    name: `${SHOP}.voucher`,
    limits: { ...COMMON.limits, ...VOUCHER_CAPS },
    channel: 'voucher',
    paysGroups: false,
    showsPacket: false,
    apiV3Key: KEY_V3,
    serialNo: '44A0C0D2E5B14C8E9F0000000000000000000001',
    privateKey: Buffer.from(MERCHANT_KEY.privateKeyPem),
    payNotice: { v3: { apiV3Key: KEY_V3, platformKeys: PLATFORM_KEYS }, orderQuery: false },
  },
};

function merchantOf(channel: Channel, authorizes: boolean): MerchantConfig {
  const merchant = MERCHANTS[channel];
  if (merchant.channel !== 'transfer' || !authorizes) return merchant;
  return { ...merchant, authorize: { notifyUrl: merchant.notifyUrl! } };
}

/** `authorizes`: followers are asked to be paid without a tap. */
export function configOf(channel: Channel, hasVouchers = false, authorizes = false): Config {
  const { voucher } = MERCHANTS;
  const vouchers = hasVouchers && voucher.channel === 'voucher' ? { vouchers: voucher } : undefined;
  return {
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
    log: { openids: 'short', secrets: [] },
    secret: 'torture',
    accounts: new Map([
      [
        ACCOUNT,
        {
          name: ACCOUNT,
          appId: APP_ID,
          appSecret: 's',
          token: 't',
          encodingAesKey: undefined,
          mode: 'plain',
          merchant: SHOP,
          api: '',
          open: '',
          jssdk: '',
        },
      ],
    ]),
    merchants: new Map([
      [SHOP, { ...merchantOf(channel, authorizes), ...vouchers }],
      ...(vouchers ? ([[voucher.name, voucher]] as const) : []),
    ]),
  };
}
