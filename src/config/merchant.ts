// A merchant (商户) in bot.yaml: what it is written as, what it must have for its channel, and what it becomes.

import { isLoopback } from '../core/base/address.ts';
import type { Place } from '../core/base/error.ts';
import { type Fen, fen, showFen } from '../core/base/money.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import { VOUCHER_CAPS, voucherPayer } from '../core/decide/limits.ts';
import type { Channel } from '../core/payout/channels/channel.ts';
import { ALL_CHANNELS, type ChannelName, channelOf } from '../core/payout/channels/index.ts';
import type { RedpackSettings } from '../core/payout/channels/redpack.ts';
import type { TransferSettings } from '../core/payout/channels/transfer.ts';
import {
  CASH_MARKETING,
  NAME_NEEDED_FROM,
  PACKET_STYLE_MAX,
  TRANSFER_SCENES,
  wrongReports,
} from '../core/payout/channels/transfer-scenes.ts';
import type { VoucherSettings } from '../core/payout/channels/voucher.ts';
import { DEFAULT_POLICY, type PayoutPolicy } from '../core/payout/pace.ts';
import * as shape from '../core/yaml/schema.ts';
import { address } from './address.ts';
import { type Certificate, type OwnFiles, ownFilesOf, readCa } from './certificate.ts';
import { type Complain, type Desk, P12_FILE, PEM_FILE } from './files.ts';
import { checkAsking, checkLimits, checkService, GRANTED } from './payable.ts';
import { ORDER_QUERY, type PayNoticeSettings, payNoticeOf } from './payment-notices.ts';
import { PLATFORM_KEYS, platformKeysOf } from './platform-keys.ts';
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

type AnyMerchant = Pick<Channel, 'paysGroups' | 'showsPacket'> & {
  readonly name: string;
  readonly mchId: string;
  /** Trusted beside the system's certificates. */
  readonly ca: Buffer | undefined;
  readonly api: string;
  readonly limits: MerchantLimits;
  readonly policy: PayoutPolicy;
  /** The other channels, where their settings stand there too: for what was planned before a change of channel. */
  readonly former?: readonly MerchantConfig[];
  /** Minutes of the Beijing day in which nothing is sent, `[from, to)`. */
  readonly quietHours: readonly (readonly [number, number])[];
  readonly payNotice?: PayNoticeSettings;
  /** By which it sends vouchers: a merchant of its own to whoever works on payouts, with a gate of its own. */
  readonly vouchers?: VoucherMerchant;
  /** What no prize of it can exceed, whatever `limits` say. */
  readonly ceiling?: { readonly amount: Fen; readonly why: Wording };
};

/** 现金红包, API v2. */
type RedpackMerchant = AnyMerchant &
  RedpackSettings & {
    readonly apiV2Key: string;
    readonly certificate: Certificate;
  };

/** 商家转账, API v3. */
export type TransferMerchant = AnyMerchant & TransferSettings & SettingsV3;

type SettingsV3 = {
  readonly apiV3Key: string;
  /** Serial number of the merchant's certificate, hex. */
  readonly serialNo: string;
  readonly privateKey: Buffer;
};

/** 代金券, API v3. */
type VoucherMerchant = AnyMerchant & VoucherSettings & SettingsV3;

export type MerchantConfig = RedpackMerchant | TransferMerchant | VoucherMerchant;

/** What one payout of it can be. */
export function payableBy({ limits: { min, max }, ceiling }: MerchantConfig): Pick<MerchantLimits, 'min' | 'max'> {
  return { min, max: ceiling && ceiling.amount < max ? ceiling.amount : max };
}

/** A merchant as it pays today, and as it paid before a change of channel. */
export function waysOf(merchant: MerchantConfig): readonly MerchantConfig[] {
  return [merchant, ...(merchant.former ?? [])];
}

const { text, optional, required, object, located } = shape;

const LIMITS = object('limits', {
  perSecond: optional(shape.count({ max: 1000 }), 'sendredpack calls a second; WeChat Pay allows 30'),
  perUserPerDay: optional(shape.count(), 'packets one follower can get on one day'),
  amountPerUserPerDay: optional(located(shape.money())),
  amountPerDay: optional(located(shape.money())),
  min: optional(located(shape.money({ min: 1 }))),
  max: optional(located(shape.money({ min: 1 }))),
});

/** As the console numbers it. */
const SCENE = /^\d{4,8}$/;

/** Those by which a merchant may pay cash. */
const CHANNEL_NAMES = ALL_CHANNELS.filter(({ pays }) => pays === 'redpacket').map(({ name }) => name);

export const MERCHANT = object(t`a merchant`, {
  mchId: required(located(MCH_ID)),
  apiV2Key: optional(located(API_V2_KEY)),
  certificate: optional(located(PEM_FILE)),
  privateKey: optional(located(PEM_FILE)),
  pfx: optional(located(P12_FILE)),
  ca: optional(located(PEM_FILE)),
  api: optional(located(address('api', /\.mch\.weixin\.qq\.com$/))),
  clientIp: optional(
    located(text({ what: t`an IPv4 address`, pattern: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/ })),
  ),
  channel: optional(located(shape.choice(t`a channel`, CHANNEL_NAMES))),
  vouchers: optional(located(shape.flag()), 'true: it sends vouchers (代金券), by API v3, whatever its channel is'),
  apiV3Key: optional(located(API_V3_KEY)),
  serialNo: optional(located(SERIAL_NO)),
  ...PLATFORM_KEYS,
  transferScene: optional(text({ what: t`a transfer scene such as 1000`, pattern: SCENE })),
  perception: optional(text({ what: t`what the follower reads (user_recv_perception)`, oneLine: true, bytes: 256 })),
  receiveStyle: optional(
    located(shape.choice(t`a style`, ['redPacket', 'confirm'])),
    'how a transfer looks to the follower (user_recv_style)',
  ),
  reports: optional(
    located(
      shape.mapOf(
        'reports',
        text({ what: t`a kind of report (info_type)`, pattern: /^.{1,15}$/u }),
        text({ what: t`a report of at most 32 characters`, pattern: /^.{1,32}$/u }),
      ),
    ),
    'what a scene other than 1000 reports (transfer_scene_report_infos)',
  ),
  authorize: optional(located(shape.flag()), 'followers are asked once to be paid without a tap (免确认收款授权)'),
  subMchId: optional(located(MCH_ID)),
  msgAppId: optional(located(APP_ID)),
  consumeMchId: optional(located(MCH_ID)),
  riskInfo: optional(shape.flag()),
  quietHours: optional(located(shape.oneOrMany(shape.clockRange())), 'when nothing is sent, such as "00:00-08:00"'),
  limits: optional(LIMITS),
  askAfter: optional(located(shape.oneOrMany(shape.duration())), 'when an unopened packet is asked after'),
  askEvery: optional(located(shape.duration()), 'and how often after that'),
  orderQuery: ORDER_QUERY,
});

export type Merchant = shape.ShapeOf<typeof MERCHANT>;

type Draft = shape.Draft<Merchant>;
/** What is written, and what was read of it. */
type Read = {
  readonly merchant: Merchant;
  readonly own: OwnFiles;
  /** Where its notices are announced. */
  readonly notifyUrl: string;
};

/** What is missing was complained of: such a configuration is used by nobody. */
const NOTHING = Buffer.alloc(0);
/** Each of them names a key of WeChat Pay's; half a pair is complained of where it is read. */
const KEYS = ['platformKeys', 'publicKeyId', 'publicKey'] as const;

/** Each channel's own settings. Those of others may stand there as well, for the day of the change. */
const SETTINGS: { readonly [Name in ChannelName]: Settings<Extract<MerchantConfig, { channel: Name }>> } = {
  redpack: {
    lacks: merchant => without(merchant, ['apiV2Key']),
    lacksCertificate(merchant) {
      if ('pfx' in merchant || ('certificate' in merchant && 'privateKey' in merchant)) return undefined;
      return 'certificate' in merchant || 'privateKey' in merchant
        ? t`only one of certificate and privateKey; both are needed`
        : t`no certificate; give certificate and privateKey (PEM), or pfx (p12)`;
    },
    of: ({ merchant: { apiV2Key, clientIp, riskInfo, subMchId, msgAppId, consumeMchId }, own }) => ({
      channel: 'redpack',
      apiV2Key: apiV2Key?.value ?? '',
      certificate: own.certificate ?? { cert: NOTHING, key: NOTHING },
      clientIp: clientIp?.value ?? '127.0.0.1',
      riskInfo: riskInfo ?? false,
      ...(subMchId && { subMchId: subMchId.value }),
      ...(msgAppId && { msgAppId: msgAppId.value }),
      ...(consumeMchId && { consumeMchId: consumeMchId.value }),
    }),
  },
  transfer: {
    lacks: lacksV3,
    of: ({ merchant, own, notifyUrl }) => ({
      ...styleOf(merchant),
      channel: 'transfer',
      ...v3Of(merchant, own),
      transferScene: merchant.transferScene ?? CASH_MARKETING,
      ...(merchant.perception !== undefined && { perception: merchant.perception }),
      ...(notifyUrl.startsWith('https://') && { notifyUrl }), // WeChat Pay calls no other
      ...(merchant.authorize?.value && { authorize: { notifyUrl } }),
    }),
  },
  voucher: { lacks: lacksV3, of: ({ merchant, own }) => ({ channel: 'voucher', ...v3Of(merchant, own) }) },
};

function lacksV3(merchant: Draft): readonly string[] {
  const missing = without(merchant, ['apiV3Key', 'serialNo', 'privateKey']);
  return KEYS.some(key => key in merchant) ? missing : [...missing, 'platformKeys'];
}

function v3Of({ apiV3Key, serialNo }: Merchant, { privateKey }: OwnFiles): SettingsV3 {
  return { apiV3Key: apiV3Key?.value ?? '', serialNo: serialNo?.value ?? '', privateKey: privateKey ?? NOTHING };
}

/** How a transfer looks, how much it can be, and what its scene reports. */
function styleOf({ receiveStyle, reports }: Merchant): Pick<TransferMerchant, 'style' | 'reports' | 'ceiling'> {
  const isPacket = receiveStyle?.value === 'redPacket';
  const nameless = t`WeChat Pay asks for the real name (user_name), for which the bot asks nobody`;
  return {
    ...(receiveStyle && { style: isPacket ? 'RED_PACKET' : 'CONFIRM_PAGE' }),
    ...(reports && { reports: [...reports.value].map(([type, content]) => ({ type, content })) }),
    ceiling: isPacket
      ? {
          amount: PACKET_STYLE_MAX,
          why: t`above ${showFen(PACKET_STYLE_MAX)} no transfer looks like a red packet (receiveStyle)`,
        }
      : { amount: fen(NAME_NEEDED_FROM - 1), why: t`from ${showFen(NAME_NEEDED_FROM)} on ${nameless}` },
  };
}

type Settings<Config extends MerchantConfig> = {
  lacks(merchant: Draft): readonly string[];
  /** In a sentence. */
  lacksCertificate?(merchant: Draft): Wording | undefined;
  of(read: Read): Omit<Config, keyof AnyMerchant>;
};

function without(merchant: Draft, keys: readonly (keyof Merchant)[]): string[] {
  return keys.filter(key => !(key in merchant));
}

/** `publicUrl`: as it is written, where it is. */
export function checkMerchant(
  name: string,
  merchant: Draft,
  at: Place,
  publicUrl: string | undefined,
  say: Complain,
): void {
  const channel = chosenIn(merchant);
  const { lacks, lacksCertificate } = SETTINGS[channel];
  const [missing, certificate] = [lacks(merchant), lacksCertificate?.(merchant)];
  if (missing.length > 0) say(at, t`merchant "${name}" has no ${missing.join(', ')}, which channel ${channel} needs`);
  if (certificate !== undefined) say(at, t`merchant "${name}" has ${certificate}`);
  const lackedByVouchers = merchant.vouchers?.value ? SETTINGS.voucher.lacks(merchant) : [];
  if (lackedByVouchers.length > 0)
    say(merchant.vouchers!.at, t`merchant "${name}" has no ${lackedByVouchers.join(', ')}, which vouchers need`);
  checkLimits(name, merchant.limits ?? {}, say);
  checkAsking([merchant.askAfter, merchant.askEvery], say);
  checkService(merchant, say);
  if (channel === 'transfer') checkScene(merchant, at, say);
  const isReal = merchant.api?.value === undefined || !isLoopback(merchant.api.value);
  if (merchant.authorize?.value && isReal && !publicUrl?.startsWith('https://'))
    say(
      merchant.authorize.at,
      t`authorize: WeChat Pay tells an https address only what followers authorize; name one under publicUrl`,
    );
}

function checkScene({ transferScene = CASH_MARKETING, reports, receiveStyle }: Draft, at: Place, say: Complain): void {
  if (!SCENE.test(transferScene)) return; // that was said
  const wrong = wrongReports(transferScene, [...(reports?.value?.keys() ?? [])]);
  if (wrong !== undefined) say(reports?.at ?? at, wrong);
  if (receiveStyle?.value === 'redPacket' && !TRANSFER_SCENES[transferScene]?.looksLikePacket)
    say(
      receiveStyle.at,
      t`a transfer looks like a red packet in scene 1000 only, not in ${transferScene}; say \`receiveStyle: confirm\``,
    );
}

function chosenIn({ channel }: Draft): ChannelName {
  return channel?.value ?? 'redpack';
}

/** `publicUrl`: where its notices are announced. */
export function merchantOf(name: string, merchant: Merchant, publicUrl: string, desk: Desk): MerchantConfig {
  const mchId = merchant.mchId.value;
  const own = ownFilesOf(name, { ...merchant, mchId }, desk);
  const common = { ...commonOf(name, merchant), ca: merchant.ca && readCa(name, { ca: merchant.ca, mchId }, desk) };
  const read = { merchant, own, notifyUrl: `${publicUrl}/notify/transfer/${name}` };
  const keys = platformKeysOf(name, { ...merchant, mchId }, own, desk);
  const of = (channel: ChannelName): MerchantConfig => {
    const { paysGroups, showsPacket } = channelOf({ channel });
    return { ...common, paysGroups, showsPacket, ...SETTINGS[channel].of(read) };
  };
  const chosen = chosenIn(merchant);
  const others = CHANNEL_NAMES.filter(channel => channel !== chosen && hasAll(merchant, channel)).map(of);
  const voucher = merchant.vouchers?.value ? { ...common, ...SETTINGS.voucher.of(read) } : undefined;
  const ways = [of(chosen), ...others, ...(voucher ? [voucher] : [])];
  const payNotice = payNoticeOf(
    {
      ...(merchant.orderQuery !== undefined && { orderQuery: merchant.orderQuery }),
      apiV2Key: merchant.apiV2Key?.value,
      apiV3Key: merchant.apiV3Key?.value,
      ...(merchant.subMchId && { subMchId: merchant.subMchId.value }),
    },
    keys,
    { signs: ways.find(each => 'serialNo' in each), packets: ways.find(each => 'certificate' in each) },
  );
  const former = others.map(each => ({ ...each, payNotice }));
  const limits = { ...common.limits, ...VOUCHER_CAPS };
  const vouchers = voucher && { ...voucher, ...NO_PACKETS, name: voucherPayer(name), limits, payNotice };
  return { ...of(chosen), ...(former.length > 0 && { former }), payNotice, ...(vouchers && { vouchers }) };
}

const NO_PACKETS = { paysGroups: false, showsPacket: false };

/** Whether everything a channel needs stands there. */
function hasAll(merchant: Merchant, channel: ChannelName): boolean {
  const { lacks, lacksCertificate } = SETTINGS[channel];
  return lacks(merchant).length === 0 && lacksCertificate?.(merchant) === undefined;
}

function commonOf(name: string, merchant: Merchant): Omit<AnyMerchant, 'ca' | 'paysGroups' | 'showsPacket'> {
  const { limits = {} } = merchant;
  return {
    name,
    mchId: merchant.mchId.value,
    api: merchant.api?.value ?? 'https://api.mch.weixin.qq.com',
    limits: {
      perSecond: limits.perSecond ?? GRANTED.perSecond,
      perUserPerDay: limits.perUserPerDay ?? GRANTED.perUserPerDay,
      amountPerUserPerDay: limits.amountPerUserPerDay?.value ?? GRANTED.amountPerUserPerDay,
      amountPerDay: limits.amountPerDay?.value ?? GRANTED.amountPerDay,
      min: limits.min?.value ?? GRANTED.min,
      max: limits.max?.value ?? GRANTED.max,
    },
    policy: {
      askAfter: merchant.askAfter?.value ?? (merchant.askEvery === undefined ? DEFAULT_POLICY.askAfter : []),
      askEvery: merchant.askEvery?.value ?? DEFAULT_POLICY.askEvery,
      attemptsMax: DEFAULT_POLICY.attemptsMax,
      pauses: DEFAULT_POLICY.pauses,
    },
    quietHours: merchant.quietHours?.value ?? [],
  };
}
