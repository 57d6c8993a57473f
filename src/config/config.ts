// bot.yaml and the environment → one frozen Config, checked once. Every mistake is named with its place and its fix.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isLoopback } from '../core/base/address.ts';
import type { Place } from '../core/base/error.ts';
import { BadInput, type Finding, findingAt } from '../core/base/error.ts';
import type { OpenId } from '../core/base/event.ts';
import type { Dated } from '../core/base/expiry.ts';
import { weightOf } from '../core/base/key-form.ts';
import { suggest } from '../core/base/suggest.ts';
import type { Instant } from '../core/base/time.ts';
import { LANGS, type Lang, t, type Wording } from '../core/base/words/words.ts';
import type { LintSettings } from '../core/lint/catalogue.ts';
import { FILE_LIMIT } from '../core/yaml/reader.ts';
import * as shape from '../core/yaml/schema.ts';
import { readTextSync } from '../lib/plain-file.ts';
import { parseRedisUrl } from '../lib/redis-address.ts';
import { ACCOUNT, type AccountConfig, accountOf } from './account.ts';
import { address } from './address.ts';
import { ADMIN, type Admin, type AdminConfig, adminOf, checkAdmin } from './admin.ts';
import { ALARMS, type AlarmSettings, alarmsOf, checkAlarms } from './alarms.ts';
import { type Environment, substitute } from './environment.ts';
import type { Complain, Desk } from './files.ts';
import { hintsOn } from './hints.ts';
import { LINT, lintOf } from './lint.ts';
import { LOG, type LogSettings, logOf } from './log.ts';
import { checkMerchant, MERCHANT, type MerchantConfig, merchantOf } from './merchant.ts';
import { checkSecrets, PERSONAL_KEY, SECRET, SESSION_SECRET } from './secret.ts';
import { TRUST_PROXY } from './trust-proxy.ts';

export type Config = {
  readonly file: string;
  /** It talks to a simulator: its store is the demo's, and no real installation works on it. */
  readonly demo: boolean;
  readonly host: string;
  readonly port: number;
  /** Written in one way, without a slash at the end; it may have a path, under which everything is then. */
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
  /** Keys the draws, and nothing else. */
  readonly secret: string;
  /** Sign what browsers carry for us: the first signs, all are believed. Absent: what follows from `secret`. */
  readonly sessionSecret?: readonly string[];
  /** Seal what is personal: the first seals, all open. Absent: nothing personal is kept. */
  readonly personalKey?: readonly string[];
  readonly accounts: ReadonlyMap<string, AccountConfig>;
  readonly merchants: ReadonlyMap<string, MerchantConfig>;
  /** By which Prometheus reads `/metrics` from elsewhere. */
  readonly metricsToken?: string;
  /** Absent: there is no dashboard. */
  readonly admin?: AdminConfig;
  /** Whom it calls when something is wrong; absent: nobody. */
  readonly alarms?: AlarmSettings;
  readonly lint: LintSettings;
  /** In which language it speaks to whoever runs it; absent: that of the locale. */
  readonly lang?: Lang;
  readonly log: LogSettings;
  /** Certificates that it names, each with its end. */
  readonly dated?: readonly Dated[];
  /** Who gets nothing, of whatever campaign (黑名单). */
  readonly blocked?: ReadonlySet<OpenId>;
  /** What is no fault, and yet should be known. */
  readonly hints?: readonly Finding[];
  /** Where in the file a start may have to point to. */
  readonly places?: { readonly listen?: Place; readonly store?: Place; readonly admin?: Place };
};

const { text, optional, required, object, mapOf, located } = shape;

const ACCEPT_LOSS = t`1s (up to a second of acknowledged claims may be lost when Redis dies; nothing is paid twice)`;

const STORES = t`a store: sqlite:FILE, redis://…, rediss://…, redis+cluster://… or redis+sentinel://…`;
/** The address of a Redis may hold a password: no message repeats it. */
const STORE = text({
  what: STORES,
  check(value, say) {
    if (!/^(sqlite:|rediss?:\/\/|redis\+(cluster|sentinel):\/\/)./.test(value)) say(t`expected ${STORES}`);
    const trouble = fileTrouble(value);
    if (trouble !== undefined) say(trouble);
    if (!value.startsWith('redis')) return;
    try {
      parseRedisUrl(value);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      say(error.words);
    }
  },
});

/** SQLite's own ways to write a name mean nothing here: a file of that very name would be made. */
function fileTrouble(store: string): Wording | undefined {
  const [, file] = /^sqlite:(.+)$/.exec(store) ?? [];
  if (file === undefined) return undefined;
  if (/^\/\/[^/]/.test(file)) return t`store: "//" begins the name of a machine; write sqlite:${file.slice(2)}`;
  if (file.startsWith(':memory:'))
    return t`store: what is kept in memory is lost with the bot; name a file, such as sqlite:data/bot.db`;
  if (/[?#]/.test(file)) return t`store: a file has no options; write sqlite:${file.replace(/[?#].*$/, '')}`;
  if (/^~|\$/.test(file))
    return t`store: "~" and "$" are read by a shell, and not here; write the whole path, such as sqlite:/var/lib/hongbao/bot.db`;
  if (file !== file.trim()) return t`store: there is a blank around the name of the file; write sqlite:${file.trim()}`;
  if (/[/\\]$/.test(file)) return t`store: this is a folder; name a file in it, such as sqlite:${file}bot.db`;
  return undefined;
}

const METRICS = object('metrics', {
  token: required(
    located(
      text({
        what: t`a token of at least 16 letters and digits`,
        secret: true,
        pattern: /^[\w.~+/=-]{16,}$/,
        check(value, say) {
          if (value.length >= 16 && weightOf(value) < TOKEN_WEIGHT)
            say(
              t`this token is made of known words, or of one thing again and again; make one with: openssl rand -hex 32`,
            );
        },
      }),
    ),
    'Prometheus sends it as a bearer token',
  ),
});
const TOKEN_WEIGHT = 6;

const BOT = object('bot.yaml', {
  demo: optional(located(shape.flag()), 'true: everything is a simulation, and so is what the store holds'),
  listen: optional(
    located(text({ what: t`an address such as 127.0.0.1:3000`, pattern: /^(?:\[[\da-fA-F:]+\]|[\w.-]*):\d{1,5}$/ })),
  ),
  publicUrl: optional(located(address('publicUrl'))),
  trustProxy: TRUST_PROXY,
  store: optional(located(STORE)),
  acceptLoss: optional(located(text({ what: ACCEPT_LOSS, pattern: /^1s$/ }))),
  replicas: optional(located(shape.count({ min: 0, max: 5 })), 'replicas of Redis that must have what counts'),
  rules: optional(located(text({ what: t`the folder of the rule files` }))),
  secret: required(located(SECRET), 'keys the draws'),
  sessionSecret: optional(located(SESSION_SECRET), 'keys sessions; of a list the first signs, all are believed'),
  personalKey: optional(located(PERSONAL_KEY), 'seals addresses of winners; of a list the first seals, all open'),
  acceptWeakSecret: optional(located(shape.day()), 'the last day of the campaigns that a weak secret keys'),
  accounts: required(mapOf('accounts', shape.slug(t`an account name`), located(ACCOUNT))),
  merchants: optional(mapOf('merchants', shape.slug(t`a merchant name`), located(MERCHANT))),
  metrics: optional(METRICS, 'who may read /metrics; without it, only this machine'),
  admin: optional(ADMIN),
  alarms: ALARMS,
  blocked: optional(
    shape.list(located(shape.openId()), t`a list of openids`, 0),
    '黑名单：这些人什么活动都拿不到东西；之前中的、还没发出的，等人处理',
  ),
  lint: optional(LINT),
  lang: optional(shape.choice(t`a language`, LANGS), 'in which language commands and the log speak: zh or en'),
  log: LOG,
});
type Bot = shape.ShapeOf<typeof BOT>;

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

/** Of a bot.yaml; a rule file is no longer either. */
export const BYTES_MAX = 4 * FILE_LIMIT;

/**
 * Throws `BadInput` with every finding. `file` is named in them; paths in it are relative to its folder. `now`: certificates
 * and terms must be good then; absent, no date is judged, so that a command can look at what has expired.
 */
export function loadConfig(file: string, env: Environment, now?: Instant): Config {
  const source = readTextSync(file, BYTES_MAX);
  if (typeof source !== 'string')
    throw new BadInput(t`${file} ${source.problem}; name a configuration with --config FILE`);
  const read = shape.readYaml(file, source, BOT, {
    transform: (written, say) => substitute(written, env, say),
    check: checkTogether,
  });
  if ('findings' in read) throw new BadInput(t`${file} is not fit to start with:`, read.findings);
  const findings: Finding[] = [];
  const complain: Complain = (at, message) => findings.push(findingAt(file, at, message));
  const keys = keysIn(read.value);
  checkSecrets(read.value, keys, now, complain);
  checkDemo(read.value, complain);
  checkOthers(read.value, keys, complain);
  const config = build(file, read, { complain, now });
  if (findings.length > 0) throw new BadInput(t`${file} is not fit to start with:`, inOrder(findings));
  return Object.freeze(config);
}

/** What WeChat, WeChat Pay or a relay knows as well. */
function keysIn({ accounts, merchants }: Bot): Set<string> {
  const keys = [...accounts.values()].flatMap(({ value }) => [
    value.appSecret,
    value.token.value,
    value.encodingAesKey ?? '',
  ]);
  for (const { value } of merchants?.values() ?? [])
    keys.push(value.apiV2Key?.value ?? '', value.apiV3Key?.value ?? '');
  return new Set(keys);
}

/** Who reads the metrics, or looks at the dashboard, need know no other key. */
function checkOthers(
  { metrics, admin, alarms, secret, sessionSecret, personalKey }: Bot,
  keys: ReadonlySet<string>,
  complain: Complain,
): void {
  const own = [secret.value, ...(sessionSecret?.value ?? []), ...(personalKey?.value ?? [])];
  const known = new Set([...keys, ...own].filter(key => key !== ''));
  if (metrics && known.has(metrics.token.value))
    complain(
      metrics.token.at,
      t`metrics.token is another key of this file as well; make one with: openssl rand -hex 32`,
    );
  if (admin) checkAdmin(admin, metrics ? new Set([...known, metrics.token.value]) : known, complain);
  if (alarms) checkAlarms(alarms, complain);
}

/** A copy of the demo's file with a real WeChat in it would pay real money out of a store that counts as play. */
function checkDemo({ demo, accounts, merchants }: Bot, complain: Complain): void {
  const isReal = ({ value: { api } }: shape.Located<{ readonly api?: shape.Located<string> }>): boolean =>
    !api || !isLoopback(api.value);
  if (demo?.value && [...accounts.values(), ...(merchants?.values() ?? [])].some(isReal))
    complain(
      demo.at,
      t`demo: true is for a simulator on this machine, and not every \`api\` here is one; leave it out`,
    );
}

function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** What no single value can tell. Runs beside other findings. */
function checkTogether(bot: shape.Draft<Bot>, say: Complain): void {
  if (bot.accounts?.size === 0) say({ line: 1, column: 1 }, t`accounts: expected at least one`);
  const isOnRedis = 'store' in bot && /^redis|^$/.test(bot.store?.value ?? '');
  for (const key of ['acceptLoss', 'replicas'] as const)
    if (bot[key] && !isOnRedis) say(bot[key].at, t`${key} is for a store on Redis; leave it out`);
  const merchants = [...(bot.merchants?.keys() ?? [])];
  for (const [name, account] of bot.accounts ?? []) {
    if (!account?.value) continue;
    const { merchant } = account.value;
    const mode = account.value.mode?.value;
    if (mode !== 'plain' && !('encodingAesKey' in account.value)) {
      say(
        account.at,
        t`account "${name}" has no encodingAesKey, which ${mode ?? 'safe'} mode needs; copy it from 服务器配置, or say \`mode: plain\``,
      );
    }
    if (merchant?.value !== undefined && !merchants.includes(merchant.value)) {
      say(merchant.at, t`there is no merchant "${merchant.value}"${suggest(merchant.value, merchants)}`);
    }
  }
  checkTwins(bot, say);
  for (const [name, merchant] of bot.merchants ?? [])
    if (merchant?.value) checkMerchant(name, merchant.value, merchant.at, bot.publicUrl?.value, say);
}

/** An AppID is one account, and a merchant number has one key of each kind. */
function checkTwins(bot: shape.Draft<Bot>, say: Complain): void {
  const appIds = new Map<string, string>();
  for (const [name, account] of bot.accounts ?? []) {
    const appId = account?.value?.appId;
    if (appId?.value === undefined) continue;
    const twin = appIds.get(appId.value);
    if (twin === undefined) appIds.set(appId.value, name);
    else say(appId.at, t`accounts "${twin}" and "${name}" have the same appId: an account stands here once`);
  }
  const merchants = [...(bot.merchants ?? [])];
  for (const [at, [name, merchant]] of merchants.entries()) {
    for (const key of ['apiV2Key', 'apiV3Key'] as const) {
      const own = merchant?.value?.[key];
      const twin = merchants.slice(0, at).find(([, other]) => {
        const isSame = other?.value?.mchId?.value === merchant?.value?.mchId?.value;
        return isSame && other?.value?.[key] !== undefined && other.value[key].value !== own?.value;
      });
      if (own?.value !== undefined && twin)
        say(
          own.at,
          t`merchants "${twin[0]}" and "${name}" have the same mchId, and another ${key}; a merchant number has one`,
        );
    }
  }
}

function build(
  file: string,
  { value: bot, secrets }: { readonly value: Bot; readonly secrets: readonly string[] },
  { complain, now }: Pick<Desk, 'complain' | 'now'>,
): Config {
  const base = dirname(resolve(file));
  const dated: Dated[] = [];
  const desk: Desk = { base, complain, now, dated: each => dated.push(each) };
  const { host, port } = listenOf(bot, complain);
  const store = bot.store?.value ?? 'sqlite:data/bot.db';
  const publicUrl = bot.publicUrl?.value ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const rules = resolve(base, bot.rules?.value ?? 'rules');
  if (bot.rules && now !== undefined && !existsSync(rules))
    complain(bot.rules.at, t`rules: there is no ${rules}; paths count from the folder of this file`);
  const [alarms, hints]: [AlarmSettings | undefined, Finding[]] = [alarmsOf(bot.alarms), []];
  if (!bot.demo?.value) hintsOn(bot, (at, message) => hints.push(findingAt(file, at, message)));
  return {
    file,
    demo: bot.demo?.value ?? false,
    host,
    port,
    publicUrl,
    trustProxy: bot.trustProxy ?? 0,
    store: store.startsWith('sqlite:') ? `sqlite:${resolve(base, store.slice('sqlite:'.length))}` : store,
    acceptLoss: bot.acceptLoss !== undefined,
    replicas: bot.replicas?.value ?? 0,
    rules,
    secret: bot.secret.value,
    ...(bot.sessionSecret && { sessionSecret: bot.sessionSecret.value }),
    ...(bot.personalKey && { personalKey: bot.personalKey.value }),
    accounts: new Map([...bot.accounts].map(([name, account]) => [name, accountOf(name, account.value)])),
    merchants: new Map(
      [...(bot.merchants ?? [])].flatMap(([name, merchant]) => {
        const made = merchantOf(name, merchant.value, publicUrl, desk);
        return [made, ...(made.vouchers ? [made.vouchers] : [])].map(each => [each.name, each] as const);
      }),
    ),
    ...(bot.metrics && { metricsToken: bot.metrics.token.value }),
    ...(bot.admin && { admin: adminIn(bot.admin, bot.demo?.value ?? false, { host, port }, complain) }),
    ...(alarms && { alarms }),
    ...(bot.blocked && { blocked: new Set(bot.blocked.map(({ value }) => value)) }),
    lint: lintOf(bot.lint),
    ...(bot.lang !== undefined && { lang: bot.lang }),
    log: logOf(bot.log, secrets, store),
    dated,
    hints: inOrder(hints),
    places: placesIn(bot),
  };
}

function placesIn({ listen, store, admin }: Bot): NonNullable<Config['places']> {
  return {
    ...(listen && { listen: listen.at }),
    ...(store && { store: store.at }),
    ...(admin && { admin: admin.value.listen?.at ?? admin.at }),
  };
}

function listenOf({ listen }: Bot, complain: Complain): { host: string; port: number } {
  return placeOf('listen', listen?.value ?? '127.0.0.1:3000', message => complain(listen!.at, message));
}

function placeOf(name: string, written: string, say: (message: Wording) => void): { host: string; port: number } {
  const colon = written.lastIndexOf(':');
  const port = Number(written.slice(colon + 1));
  if (port > 65_535) say(t`${name}: ${port} is no port; they go from 1 to 65535`);
  return { host: written.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0', port };
}

/** `door`: where followers come. */
function adminIn(admin: Admin, isDemo: boolean, door: { host: string; port: number }, complain: Complain): AdminConfig {
  const { listen } = admin.value;
  const place = listen && placeOf('admin.listen', listen.value, message => complain(listen.at, message));
  const made = adminOf(admin, place, isDemo);
  const own = made.listen;
  const isSame =
    own &&
    own.port === door.port &&
    own.port !== 0 &&
    [own.host, door.host].some(host => isEvery(host) || own.host === door.host);
  if (isSame)
    complain(
      listen?.at ?? admin.at,
      t`admin.listen is where followers come (listen); the dashboard needs a port of its own`,
    );
  return made;
}

const isEvery = (host: string): boolean => host === '0.0.0.0' || host === '::';
