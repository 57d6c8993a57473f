// A configuration without a bot.yaml and without certificates, for tests that call no WeChat: what one of them says of it is
// what it is about.
import type { AccountConfig } from '../../src/config/account.ts';
import type { Config } from '../../src/config/config.ts';
import type { MerchantConfig } from '../../src/config/merchant.ts';
import { fen } from '../../src/core/base/money.ts';
import { ALONE } from '../../src/core/lint/context.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';

const NOTHING = Buffer.alloc(0);

export const MCH = '1900000109';
export const LIMITS = {
  perSecond: 30,
  perUserPerDay: 10,
  amountPerUserPerDay: fen(100_000),
  amountPerDay: fen(100_000_000),
  min: fen(100),
  max: fen(20_000),
};

/** Pays red packets. */
export const TILL = {
  ...{ name: 'till', mchId: MCH, channel: 'redpack', clientIp: '127.0.0.1', riskInfo: false, limits: LIMITS },
  ...{ apiV2Key: '', certificate: { cert: NOTHING, key: NOTHING }, ca: undefined, api: 'https://pay.example.com' },
  ...{ policy: DEFAULT_POLICY, quietHours: [], paysGroups: true, showsPacket: true },
} as const satisfies MerchantConfig;

/** By whom it pays. */
export const TEA: AccountConfig = {
  ...{ name: 'tea', appId: 'wx8888888888888888', appSecret: '', token: '', encodingAesKey: undefined, mode: 'plain' },
  ...{ merchant: 'till', api: 'https://api.example.com', open: 'https://open.example.com', jssdk: '' },
};

type Parts = Partial<Omit<Config, 'accounts' | 'merchants'>> & {
  readonly accounts?: readonly AccountConfig[];
  readonly merchants?: readonly MerchantConfig[];
};

/** The account `tea`, which pays by the merchant `till`, unless `parts` say otherwise. */
export function configOf({ accounts = [TEA], merchants = [TILL], ...parts }: Parts = {}): Config {
  return {
    ...{
      file: 'bot.yaml',
      demo: false,
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'https://bot.example.com',
      trustProxy: 0,
    },
    ...{ store: 'sqlite::memory:', acceptLoss: false, replicas: 0, rules: 'rules', secret: 'a secret for tests' },
    accounts: new Map(accounts.map(account => [account.name, account])),
    merchants: new Map(merchants.map(merchant => [merchant.name, merchant])),
    lint: ALONE.lint,
    log: { openids: 'full', secrets: [] },
    ...parts,
  };
}
