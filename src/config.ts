// bot.yaml and the environment → one frozen Config, checked once. Every mistake is named with its place and its fix.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ACCOUNT, type AccountConfig, accountOf } from './config-account.ts';
import { TRUST_PROXY } from './config-edge.ts';
import { type Certificate, type Complain, certificateOf, readBeside, readPrivateKey } from './config-files.ts';
import { LINT, lintOf } from './config-lint.ts';
import { LOG, type LogSettings, logOf } from './config-log.ts';
import { ORDER_QUERY, type PayNoticeSettings, payNoticeOf } from './config-pay-notice.ts';
import { PLATFORM_KEYS, type PlatformKey, platformKeysOf } from './config-platform-keys.ts';
import { BadInput, type Finding, messageOf } from './core/error.ts';
import type { LintSettings } from './core/lint-kind.ts';
import { type Fen, fen } from './core/money.ts';
import { DEFAULT_POLICY, type PayoutPolicy } from './core/payout-table.ts';
import * as shape from './core/shape.ts';

export type { AccountConfig } from './config-account.ts';

export type MerchantLimits = {
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
export type RedpackMerchant = AnyMerchant & {
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

export type Config = {
  readonly file: string;
  /** It talks to a simulator: its store is the demo's, and no real installation works on it. */
  readonly demo: boolean;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  /** Proxies in front whose X-Forwarded-For counts. */
  readonly trustProxy: number;
  /** `sqlite:/absolute/path` or a Redis URL. */
  readonly store: string;
  /** Redis may lose a second of what it acknowledged; so many replicas must have what counts. */
  readonly acceptLoss: boolean;
  readonly replicas: number;
  /** Absolute path of the folder (or file) of rules. */
  readonly rules: string;
  readonly secret: string;
  readonly accounts: ReadonlyMap<string, AccountConfig>;
  readonly merchants: ReadonlyMap<string, MerchantConfig>;
  readonly adminPassword: string | undefined;
  readonly lint: LintSettings;
  readonly log: LogSettings;
};

const { text, optional, required, object, mapOf, located } = shape;
const secretText = (what: string) => text({ what, secret: true, oneLine: true });

const LIMITS = object('limits', {
  perSecond: optional(shape.count({ max: 1000 }), 'sendredpack calls a second; WeChat Pay allows 30'),
  perUserPerDay: optional(shape.count(), 'packets one follower can get on one day'),
  amountPerUserPerDay: optional(shape.money()),
  amountPerDay: optional(shape.money()),
  min: optional(shape.money({ min: 1 })),
  max: optional(shape.money({ min: 1 })),
});

const MERCHANT = object('a merchant', {
  mchId: required(text({ what: 'a merchant number (mch_id) of at most 10 digits', pattern: /^[0-9A-Za-z]{1,10}$/ })),
  apiV2Key: optional(secretText('the APIv2 key')),
  certificate: optional(located(text({ what: 'a PEM file' }))),
  privateKey: optional(located(text({ what: 'a PEM file' }))),
  pfx: optional(located(text({ what: 'a PKCS#12 file' }))),
  ca: optional(located(text({ what: 'a PEM file' }))),
  api: optional(shape.url()),
  clientIp: optional(text({ what: 'an IPv4 address', pattern: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/ })),
  channel: optional(located(shape.choice('a channel', ['redpack', 'transfer']))),
  apiV3Key: optional(text({ what: 'the APIv3 key: 32 characters', secret: true, pattern: /^[\x21-\x7e]{32}$/ })),
  serialNo: optional(
    text({ what: "the serial number of the merchant's certificate (hex)", pattern: /^[0-9A-Fa-f]{1,64}$/ }),
  ),
  ...PLATFORM_KEYS,
  transferScene: optional(text({ what: 'a transfer scene such as 1000' })),
  perception: optional(text({ what: 'what the follower reads (user_recv_perception)' })),
  subMchId: optional(text({ what: 'a merchant number' })),
  msgAppId: optional(text({ what: 'an AppID' })),
  consumeMchId: optional(text({ what: 'a merchant number' })),
  riskInfo: optional(shape.flag()),
  quietHours: optional(shape.oneOrMany(shape.clockRange()), 'when nothing is sent, such as "00:00-08:00"'),
  limits: optional(LIMITS),
  askAfter: optional(shape.oneOrMany(shape.duration()), 'when an unopened packet is asked after'),
  askEvery: optional(shape.duration(), 'and how often after that'),
  orderQuery: ORDER_QUERY,
});

const ACCEPT_LOSS = '1s (up to a second of acknowledged claims may be lost when Redis dies; nothing is paid twice)';

const BOT = object('bot.yaml', {
  demo: optional(shape.flag(), 'true: everything is a simulation, and so is what the store holds'),
  listen: optional(
    text({ what: 'an address such as 127.0.0.1:3000', pattern: /^(?:\[[\da-fA-F:]+\]|[\w.-]*):\d{1,5}$/ }),
  ),
  publicUrl: optional(shape.url()),
  trustProxy: TRUST_PROXY,
  store: optional(
    text({
      what: 'a store: sqlite:FILE, redis://…, rediss://… or redis+cluster://…',
      pattern: /^(sqlite:|rediss?:\/\/|redis\+cluster:\/\/)./,
    }),
  ),
  acceptLoss: optional(located(text({ what: ACCEPT_LOSS, pattern: /^1s$/ }))),
  replicas: optional(located(shape.count({ min: 0, max: 5 })), 'replicas of Redis that must have what counts'),
  rules: optional(text({ what: 'the folder of the rule files' })),
  secret: required(secretText('a secret of your own')),
  accounts: required(mapOf('accounts', shape.slug('an account name'), located(ACCOUNT))),
  merchants: optional(mapOf('merchants', shape.slug('a merchant name'), located(MERCHANT))),
  admin: optional(object('admin', { password: required(secretText('a password')) })),
  lint: optional(LINT),
  log: LOG,
});
type Bot = shape.ShapeOf<typeof BOT>;
type Merchant = shape.ShapeOf<typeof MERCHANT>;

/** Where the demo keeps everything it makes. */
export const DEMO_FOLDER = 'data';
export const DEMO_CONFIG = join(DEMO_FOLDER, 'bot.yaml');
/** Its store: never the file that bot.yaml means where it names none. */
export const DEMO_STORE = join(DEMO_FOLDER, 'demo.db');
const CONFIG_HERE = 'bot.yaml';

/** bot.yaml in this folder, if there is one. */
export function configHere(): string | undefined {
  return existsSync(CONFIG_HERE) ? CONFIG_HERE : undefined;
}

/** The configuration a command means where none is named. */
export function defaultConfigFile(): string {
  return configHere() ?? DEMO_CONFIG;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `BadInput` with every finding. `file` is named in them; paths in it are relative to its folder. */
export function loadConfig(file: string, env: Environment): Config {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadInput(`${file} cannot be read: ${messageOf(error)}; name a configuration with --config FILE`);
  }
  const read = shape.readYaml(file, source, BOT, {
    transform: (written, say) => substitute(written, env, say),
    check: checkTogether,
  });
  if ('findings' in read) throw new BadInput(`${file} is not fit to start with:`, read.findings);
  const findings: Finding[] = [];
  const complain: Complain = (at, message) => findings.push({ file, ...at, message });
  const config = build(file, read, complain);
  if (findings.length > 0) throw new BadInput(`${file} is not fit to start with:`, findings);
  return Object.freeze(config);
}

/** `${NAME}` reads the environment; one that is not set is an error that names it. */
function substitute(written: string, env: Environment, say: (message: string) => void): string {
  return written.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    say(`the environment has no ${name}; set it, or write the value here`);
    return 'x'.repeat(43); // keeps the value's own shape from complaining as well
  });
}

/** What no single value can tell. Runs beside other findings. */
function checkTogether(bot: shape.Draft<Bot>, say: Complain): void {
  if (bot.accounts?.size === 0) say({ line: 1, column: 1 }, 'accounts: expected at least one');
  for (const key of ['acceptLoss', 'replicas'] as const)
    if (bot[key] && !/^redis/.test(bot.store ?? '')) say(bot[key].at, `${key} is for a store on Redis; leave it out`);
  const merchants = [...(bot.merchants?.keys() ?? [])];
  for (const [name, account] of bot.accounts ?? []) {
    if (!account?.value) continue;
    const { mode, merchant } = account.value;
    if (mode !== 'plain' && !('encodingAesKey' in account.value)) {
      say(
        account.at,
        `account "${name}" has no encodingAesKey, which ${mode ?? 'safe'} mode needs; copy it from 服务器配置, or say \`mode: plain\``,
      );
    }
    if (merchant?.value !== undefined && !merchants.includes(merchant.value)) {
      say(merchant.at, `there is no merchant "${merchant.value}"${shape.suggest(merchant.value, merchants)}`);
    }
  }
  for (const [name, merchant] of bot.merchants ?? [])
    if (merchant?.value) checkMerchant(name, merchant.value, merchant.at, say);
}

/** What each channel needs; the other's settings may stand there as well, for the day of the change. */
const NEEDED = {
  redpack: ['apiV2Key'],
  transfer: ['apiV3Key', 'serialNo', 'privateKey'],
} as const;

/** Each of them names a key of WeChat Pay's; half a pair is complained of where it is read. */
const KEYS = ['platformKeys', 'publicKeyId', 'publicKey'] as const;

function checkMerchant(name: string, merchant: shape.Draft<Merchant>, at: shape.Place, say: Complain): void {
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

function build(
  file: string,
  { value: bot, secrets }: { readonly value: Bot; readonly secrets: readonly string[] },
  complain: Complain,
): Config {
  const base = dirname(resolve(file));
  const listen = bot.listen ?? '127.0.0.1:3000';
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0';
  const port = Number(listen.slice(colon + 1));
  if (port > 65_535) complain({ line: 1, column: 1 }, `listen: ${port} is no port`);
  const store = bot.store ?? 'sqlite:data/bot.db';
  const publicUrl = (bot.publicUrl ?? `http://${host}:${port}`).replace(/\/+$/, '');
  return {
    file,
    demo: bot.demo ?? false,
    host,
    port,
    publicUrl,
    trustProxy: bot.trustProxy ?? 0,
    store: store.startsWith('sqlite:') ? `sqlite:${resolve(base, store.slice('sqlite:'.length))}` : store,
    acceptLoss: bot.acceptLoss !== undefined,
    replicas: bot.replicas?.value ?? 0,
    rules: resolve(base, bot.rules ?? 'rules'),
    secret: bot.secret,
    accounts: new Map([...bot.accounts].map(([name, account]) => [name, accountOf(name, account.value)])),
    merchants: new Map(
      [...(bot.merchants ?? [])].map(([name, merchant]) => [
        name,
        merchantOf(name, merchant, publicUrl, base, complain),
      ]),
    ),
    adminPassword: bot.admin?.password,
    lint: lintOf(bot.lint),
    log: logOf(bot.log, secrets, store),
  };
}

function merchantOf(
  name: string,
  entry: shape.Located<Merchant>,
  publicUrl: string,
  base: string,
  complain: Complain,
): MerchantConfig {
  const { value: merchant, at } = entry;
  const { limits = {} } = merchant;
  const common = {
    name,
    mchId: merchant.mchId,
    ca: merchant.ca && readBeside(merchant.ca, base, complain),
    api: merchant.api ?? 'https://api.mch.weixin.qq.com',
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
  const channel = merchant.channel?.value ?? 'redpack';
  const redpack = hasAll(merchant, 'redpack') ? redpackOf(common, merchant, at, base, complain) : undefined;
  const notifyUrl = `${publicUrl}/notify/transfer/${name}`;
  const keys = platformKeysOf(merchant, base, complain);
  const transfer = hasAll(merchant, 'transfer')
    ? transferOf(common, merchant, keys ?? [], at, notifyUrl, base, complain)
    : undefined;
  const [own, former] = channel === 'transfer' ? [transfer, redpack] : [redpack, transfer];
  const payNotice = payNoticeOf(merchant, keys, { transfer, redpack });
  return { ...(own as MerchantConfig), ...(former && { former }), payNotice };
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

function redpackOf(
  common: AnyMerchant,
  merchant: Merchant,
  at: shape.Place,
  base: string,
  complain: Complain,
): RedpackMerchant {
  const { subMchId, msgAppId, consumeMchId } = merchant;
  return {
    ...common,
    channel: 'redpack',
    apiV2Key: merchant.apiV2Key ?? '',
    certificate: certificateOf(merchant, at, base, complain),
    clientIp: merchant.clientIp ?? '127.0.0.1',
    riskInfo: merchant.riskInfo ?? false,
    ...(subMchId !== undefined && { subMchId }),
    ...(msgAppId !== undefined && { msgAppId }),
    ...(consumeMchId !== undefined && { consumeMchId }),
  };
}

function transferOf(
  common: AnyMerchant,
  merchant: Merchant,
  platformKeys: readonly PlatformKey[],
  at: shape.Place,
  notifyUrl: string,
  base: string,
  complain: Complain,
): TransferMerchant {
  const none = { value: '', at };
  const { perception } = merchant;
  return {
    ...common,
    channel: 'transfer',
    apiV3Key: merchant.apiV3Key ?? '',
    serialNo: merchant.serialNo ?? '',
    privateKey: readPrivateKey(merchant.privateKey ?? none, base, complain),
    platformKeys,
    transferScene: merchant.transferScene ?? '1000',
    ...(perception !== undefined && { perception }),
    ...(notifyUrl.startsWith('https://') && { notifyUrl }),
  };
}
