// A merchant (商户) in bot.yaml: what it is written as, what it must have for its channel, and what it becomes.

import type { Place } from '../core/base/error.ts';
import { type Fen, fen } from '../core/base/money.ts';
import { DEFAULT_POLICY, type PayoutPolicy } from '../core/payout/pace.ts';

import * as shape from '../core/yaml/schema.ts';
import { address } from './address.ts';
import { type Certificate, type OwnFiles, ownFilesOf, readCa } from './certificate.ts';
import type { Complain, Desk } from './files.ts';
import { ORDER_QUERY, type PayNoticeSettings, payNoticeOf } from './payment-notices.ts';
import { PLATFORM_KEYS, type PlatformKey, platformKeysOf } from './platform-keys.ts';
import { API_V2_KEY, API_V3_KEY, APP_ID, MCH_ID, SERIAL_NO } from './secret.ts';

type MerchantLimits = {
  /** Calls that pay. */
  readonly perSecond: number;
  readonly perUserPerDay: number;
  readonly amountPerUserPerDay: Fen;
  readonly amountPerDay: Fen;
  readonly min: Fen;
  readonly max: Fen;
};

type AnyMerchant = {
  readonly name: string;
  readonly mchId: string;
  /** Trusted beside the system's certificates. */
  readonly ca: Buffer | undefined;
  readonly api: string;
  readonly limits: MerchantLimits;
  readonly policy: PayoutPolicy;
  /** The other channel, where its settings stand there too: for what was planned before a change of channel. */
  readonly former?: MerchantConfig;
  /** Minutes of the Beijing day in which nothing is sent, `[from, to)`. */
  readonly quietHours: readonly (readonly [number, number])[];
  readonly payNotice?: PayNoticeSettings;
};

/** 现金红包, API v2. */
type RedpackMerchant = AnyMerchant & {
  readonly channel: 'redpack';
  readonly apiV2Key: string;
  readonly certificate: Certificate;
  readonly clientIp: string;
  /** Service-provider mode. */
  readonly subMchId?: string;
  readonly msgAppId?: string;
  readonly consumeMchId?: string;
  /** Sends `risk_info` with the time of the follower's action. */
  readonly riskInfo: boolean;
};

/** 商家转账, API v3. */
export type TransferMerchant = AnyMerchant & {
  readonly channel: 'transfer';
  readonly apiV3Key: string;
  /** Serial number of the merchant's certificate, hex. */
  readonly serialNo: string;
  readonly privateKey: Buffer;
  /** All that WeChat Pay may sign with, as bot.yaml has them; certificates are fetched besides. */
  readonly platformKeys: readonly PlatformKey[];
  /** `transfer_scene_id`; 1000 is 现金营销. */
  readonly transferScene: string;
  readonly perception?: string;
  /** Only an https address is announced; WeChat Pay calls no other. */
  readonly notifyUrl?: string;
};

export type MerchantConfig = RedpackMerchant | TransferMerchant;

const { text, optional, required, object, located } = shape;

const LIMITS = object('limits', {
  perSecond: optional(shape.count({ max: 1000 }), 'sendredpack calls a second; WeChat Pay allows 30'),
  perUserPerDay: optional(shape.count(), 'packets one follower can get on one day'),
  amountPerUserPerDay: optional(shape.money()),
  amountPerDay: optional(shape.money()),
  min: optional(shape.money({ min: 1 })),
  max: optional(shape.money({ min: 1 })),
});

export const MERCHANT = object('a merchant', {
  mchId: required(located(MCH_ID)),
  apiV2Key: optional(located(API_V2_KEY)),
  certificate: optional(located(text({ what: 'a PEM file' }))),
  privateKey: optional(located(text({ what: 'a PEM file' }))),
  pfx: optional(located(text({ what: 'a PKCS#12 file' }))),
  ca: optional(located(text({ what: 'a PEM file' }))),
  api: optional(located(address('api'))),
  clientIp: optional(
    located(text({ what: 'an IPv4 address', pattern: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/ })),
  ),
  channel: optional(located(shape.choice('a channel', ['redpack', 'transfer']))),
  apiV3Key: optional(located(API_V3_KEY)),
  serialNo: optional(located(SERIAL_NO)),
  ...PLATFORM_KEYS,
  transferScene: optional(text({ what: 'a transfer scene such as 1000' })),
  perception: optional(text({ what: 'what the follower reads (user_recv_perception)' })),
  subMchId: optional(MCH_ID),
  msgAppId: optional(APP_ID),
  consumeMchId: optional(MCH_ID),
  riskInfo: optional(shape.flag()),
  quietHours: optional(shape.oneOrMany(shape.clockRange()), 'when nothing is sent, such as "00:00-08:00"'),
  limits: optional(LIMITS),
  askAfter: optional(shape.oneOrMany(shape.duration()), 'when an unopened packet is asked after'),
  askEvery: optional(shape.duration(), 'and how often after that'),
  orderQuery: ORDER_QUERY,
});

export type Merchant = shape.ShapeOf<typeof MERCHANT>;

/** What each channel needs; the other's settings may stand there as well, for the day of the change. */
const NEEDED = {
  redpack: ['apiV2Key'],
  transfer: ['apiV3Key', 'serialNo', 'privateKey'],
} as const;

/** Each of them names a key of WeChat Pay's; half a pair is complained of where it is read. */
const KEYS = ['platformKeys', 'publicKeyId', 'publicKey'] as const;

export function checkMerchant(name: string, merchant: shape.Draft<Merchant>, at: Place, say: Complain): void {
  const channel = merchant.channel?.value ?? 'redpack';
  const lacksKeys = channel === 'transfer' && !KEYS.some(key => key in merchant);
  const missing = [...NEEDED[channel].filter(key => !(key in merchant)), ...(lacksKeys ? ['platformKeys'] : [])];
  if (missing.length > 0) say(at, `merchant "${name}" has no ${missing.join(', ')}, which channel ${channel} needs`);
  const hasPair = 'certificate' in merchant && 'privateKey' in merchant;
  const hasHalf = 'certificate' in merchant !== 'privateKey' in merchant;
  if (channel === 'redpack' && !('pfx' in merchant)) {
    if (hasHalf) say(at, `merchant "${name}" has only one of certificate and privateKey; both are needed`);
    else if (!hasPair)
      say(at, `merchant "${name}" has no certificate; give certificate and privateKey (PEM), or pfx (p12)`);
  }
  const { min, max } = merchant.limits ?? {};
  if (min !== undefined && max !== undefined && min > max)
    say(at, `merchant "${name}": limits.min is above limits.max`);
}

/** `publicUrl`: where its notices are announced. */
export function merchantOf(name: string, merchant: Merchant, publicUrl: string, desk: Desk): MerchantConfig {
  const mchId = merchant.mchId.value;
  const own = ownFilesOf(name, { ...merchant, mchId }, desk);
  const common = { ...commonOf(name, merchant), ca: merchant.ca && readCa(name, merchant.ca, desk) };
  const keys = platformKeysOf(name, { ...merchant, mchId }, own, desk);
  const redpack = hasAll(merchant, 'redpack') ? redpackOf(common, merchant, own) : undefined;
  const notifyUrl = `${publicUrl}/notify/transfer/${name}`;
  const transfer = hasAll(merchant, 'transfer') ? transferOf(common, merchant, own, keys ?? [], notifyUrl) : undefined;
  const [chosen, former] = merchant.channel?.value === 'transfer' ? [transfer, redpack] : [redpack, transfer];
  const payNotice = payNoticeOf(
    { ...merchant, apiV2Key: merchant.apiV2Key?.value, apiV3Key: merchant.apiV3Key?.value },
    keys,
    { transfer, redpack },
  );
  return { ...(chosen as MerchantConfig), ...(former && { former }), payNotice };
}

function commonOf(name: string, merchant: Merchant): Omit<AnyMerchant, 'ca'> {
  const { limits = {} } = merchant;
  return {
    name,
    mchId: merchant.mchId.value,
    api: merchant.api?.value ?? 'https://api.mch.weixin.qq.com',
    limits: {
      perSecond: limits.perSecond ?? 30,
      perUserPerDay: limits.perUserPerDay ?? 10,
      amountPerUserPerDay: limits.amountPerUserPerDay ?? fen(1_000_00),
      amountPerDay: limits.amountPerDay ?? fen(1_000_000_00),
      min: limits.min ?? fen(1_00),
      max: limits.max ?? fen(200_00),
    },
    policy: {
      askAfter: merchant.askAfter ?? (merchant.askEvery === undefined ? DEFAULT_POLICY.askAfter : []),
      askEvery: merchant.askEvery ?? DEFAULT_POLICY.askEvery,
      attemptsMax: DEFAULT_POLICY.attemptsMax,
      pauses: DEFAULT_POLICY.pauses,
    },
    quietHours: merchant.quietHours ?? [],
  };
}

/** Whether everything a channel needs stands there; what is missing of the chosen one was said before. */
function hasAll(merchant: Merchant, channel: 'redpack' | 'transfer'): boolean {
  const keys: readonly (keyof Merchant)[] = NEEDED[channel];
  const hasCertificate =
    channel === 'transfer'
      ? KEYS.some(key => merchant[key] !== undefined)
      : merchant.pfx !== undefined || merchant.certificate !== undefined;
  return hasCertificate && keys.every(key => merchant[key] !== undefined);
}

const NOTHING = Buffer.alloc(0);

/** What is missing here was complained of: such a configuration is used by nobody. */
function redpackOf(common: AnyMerchant, merchant: Merchant, own: OwnFiles): RedpackMerchant {
  const { subMchId, msgAppId, consumeMchId } = merchant;
  return {
    ...common,
    channel: 'redpack',
    apiV2Key: merchant.apiV2Key?.value ?? '',
    certificate: own.certificate ?? { cert: NOTHING, key: NOTHING },
    clientIp: merchant.clientIp?.value ?? '127.0.0.1',
    riskInfo: merchant.riskInfo ?? false,
    ...(subMchId !== undefined && { subMchId }),
    ...(msgAppId !== undefined && { msgAppId }),
    ...(consumeMchId !== undefined && { consumeMchId }),
  };
}

function transferOf(
  common: AnyMerchant,
  merchant: Merchant,
  own: OwnFiles,
  platformKeys: readonly PlatformKey[],
  notifyUrl: string,
): TransferMerchant {
  const { perception } = merchant;
  return {
    ...common,
    channel: 'transfer',
    apiV3Key: merchant.apiV3Key?.value ?? '',
    serialNo: merchant.serialNo?.value ?? '',
    privateKey: own.privateKey ?? NOTHING,
    platformKeys,
    transferScene: merchant.transferScene ?? '1000',
    ...(perception !== undefined && { perception }),
    ...(notifyUrl.startsWith('https://') && { notifyUrl }),
  };
}
