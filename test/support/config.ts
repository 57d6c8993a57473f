// A configuration without a bot.yaml and without certificates, for tests that call no WeChat: what one of them says of it is
// what it is about.
import type { AccountConfig } from '../../src/config/account.ts';
import type { Config } from '../../src/config/config.ts';
import type { MerchantConfig } from '../../src/config/merchant.ts';
import { ALONE } from '../../src/core/lint/context.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import { LIMITS, MCH } from './counted-shop.ts';

const NOTHING = Buffer.alloc(0);

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
