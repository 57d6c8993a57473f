// What the control API is told, checked before it is believed. Everything wrong is `BadInput` with the place.

import { BadInput, messageOf } from '../../core/base/error.ts';
import { isRecord } from '../../core/base/record.ts';
import { isList, type Json } from '../shared/json.ts';
import type { AccountOptions, MerchantLimits, Template } from '../shared/options.ts';
import { own } from '../shared/own.ts';
import type {
  ClockChange,
  CloseReason,
  Faults,
  FundEdit,
  NewPerson,
  PayFault,
  PayInShop,
  PlatformFault,
  Signing,
  Stock,
} from '../shared/protocol.ts';
import { CLOSE_REASONS } from '../shared/protocol.ts';
import type { Act, Pushing } from '../shared/protocol-push.ts';
import { OF_FRONT } from '../world/faults.ts';
import { kindsAt, PLACES } from './fault-places.ts';

export const PAY_KINDS: readonly PayFault['kind'][] = [
  'lostReply',
  'errorAfterSent',
  'errorNothingStored',
  'processing',
  'processingThenFailed',
  'slow',
  'truncated',
  'html502',
  'unknownCode',
  'extraElements',
  'noAuthUser',
  'noAuthIp',
  'noAuthProduct',
  'notEnough',
  'freqLimit',
  'expiredButReceived',
  'billFails',
  'balanceShort',
  'lostNotice',
  'duplicateNotice',
  'lateNotice',
  'forgedNotice',
  'code',
  'http',
  'tlsRefused',
];
const PLATFORM_KINDS: readonly PlatformFault['kind'][] = [
  'duplicatePush',
  'renewOnRetry',
  'busy',
  'quota',
  'expireToken',
  'slow',
  'html502',
  'snapshot',
  'messageClosed',
  'messageUsedUp',
  'messageUnauthorized',
  'messageOff',
  'messageBlocked',
  'noticeRefused',
  'noticeBlocked',
  'noticeFailed',
];
const TEXT_MAX = 20_000;
const FAULTS_MAX = 100;
const COUNT_MAX = 1_000_000;
/** A hundred years: no test needs more, and dates beyond do not print. */
const MS_MAX = 100 * 366 * 86_400_000;

function objectOf(value: unknown, where: string): Json {
  if (isRecord(value)) return value;
  throw new BadInput(`${where}: expected an object`);
}

function onlyKeys(json: Json, where: string, keys: readonly string[]): void {
  const extra = Object.keys(json).find(key => !keys.includes(key));
  if (extra !== undefined) throw new BadInput(`${where}: unknown field "${extra}"; there is ${keys.join(', ')}`);
}

function textAt(json: Json, key: string): string {
  const value = json[key];
  if (typeof value === 'string' && value.length <= TEXT_MAX) return value;
  throw new BadInput(`${key}: expected a text`);
}

function maybeText(json: Json, key: string): string | undefined {
  return json[key] === undefined ? undefined : textAt(json, key);
}

function numberAt(json: Json, key: string, min: number, max: number): number {
  const value = json[key];
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
  throw new BadInput(`${key}: expected a number from ${min} to ${max}`);
}

function wholeAt(json: Json, key: string, min: number, max: number): number {
  const value = numberAt(json, key, min, max);
  if (Number.isInteger(value)) return value;
  throw new BadInput(`${key}: expected a whole number`);
}

export function readNewPerson(value: unknown): NewPerson {
  const json = objectOf(value, 'person');
  onlyKeys(json, 'person', ['account', 'nickname', 'following', 'openid']);
  const { following } = json;
  if (following !== undefined && typeof following !== 'boolean')
    throw new BadInput('following: expected true or false');
  const account = maybeText(json, 'account');
  const nickname = maybeText(json, 'nickname');
  const openid = maybeText(json, 'openid');
  if (openid !== undefined && !/^[\w-]{6,64}$/.test(openid))
    throw new BadInput('openid: expected 6 to 64 of A-Z a-z 0-9 _ -');
  return {
    ...(account === undefined ? {} : { account }),
    ...(nickname === undefined ? {} : { nickname }),
    ...(following === undefined ? {} : { following }),
    ...(openid === undefined ? {} : { openid }),
  };
}

/** Absent: the person ends it. */
export function readCloseReason(value: unknown): CloseReason {
  const json = objectOf(value, 'close');
  onlyKeys(json, 'close', ['reason']);
  const { reason = 'USER_CLOSE' } = json;
  const found = CLOSE_REASONS.find(each => each === reason);
  if (!found) throw new BadInput(`reason: expected one of ${CLOSE_REASONS.join(', ')}`);
  return found;
}

/** What each act takes beside its kind. */
const ACT_KEYS: Readonly<Record<Act['kind'], readonly string[]>> = {
  follow: ['scene'],
  unfollow: [],
  scan: ['scene'],
  text: ['text'],
  click: ['key'],
  scancode: ['key', 'result', 'type', 'waiting'],
  view: ['url'],
  image: [],
  voice: ['words'],
  location: ['latitude', 'longitude', 'label'],
  consent: ['template', 'accept'],
  raw: ['fields'],
};

export function readAct(value: unknown): Act {
  const json = objectOf(value, 'act');
  const keys = own<readonly string[]>(ACT_KEYS, String(json.kind));
  if (keys) onlyKeys(json, `act ${String(json.kind)}`, ['kind', ...keys]);
  switch (json.kind) {
    case 'follow': {
      const scene = maybeText(json, 'scene');
      return scene === undefined || scene === '' ? { kind: 'follow' } : { kind: 'follow', scene };
    }
    case 'unfollow':
    case 'image':
      return { kind: json.kind };
    case 'scan':
      return { kind: 'scan', scene: filled(json, 'scene') };
    case 'text':
      return { kind: 'text', text: filled(json, 'text') };
    case 'click':
      return { kind: 'click', key: filled(json, 'key') };
    case 'scancode':
      return readScan(json);
    case 'view':
      return { kind: 'view', url: filled(json, 'url') };
    case 'voice': {
      const words = maybeText(json, 'words');
      return words === undefined ? { kind: 'voice' } : { kind: 'voice', words };
    }
    case 'location': {
      const latitude = numberAt(json, 'latitude', -90, 90);
      return {
        kind: 'location',
        latitude,
        longitude: numberAt(json, 'longitude', -180, 180),
        label: textAt(json, 'label'),
      };
    }
    case 'consent': {
      const { accept } = json;
      if (typeof accept !== 'boolean') throw new BadInput('accept: expected true or false');
      return { kind: 'consent', template: filled(json, 'template'), accept };
    }
    case 'raw':
      return { kind: 'raw', fields: readFields(json.fields) };
    default:
      throw new BadInput(`kind: "${String(json.kind)}" is nothing a person can do`);
  }
}

function readScan(json: Json): Act {
  const { type, waiting } = json;
  if (type !== undefined && type !== 'qrcode' && type !== 'barcode')
    throw new BadInput('type: expected qrcode or barcode');
  if (waiting !== undefined && typeof waiting !== 'boolean') throw new BadInput('waiting: expected true or false');
  return {
    ...{ kind: 'scancode', key: filled(json, 'key'), result: filled(json, 'result') },
    ...(type === undefined ? {} : { type }),
    ...(waiting === undefined ? {} : { waiting }),
  };
}

function readPushing(value: unknown): Partial<Pushing> {
  const json = objectOf(value, 'account');
  onlyKeys(json, 'account', ['format', 'cdata']);
  const { format, cdata } = json;
  if (format !== undefined && format !== 'xml' && format !== 'json') throw new BadInput('format: expected xml or json');
  if (cdata !== undefined && cdata !== 'split' && cdata !== 'raw') throw new BadInput('cdata: expected split or raw');
  return { ...(format === undefined ? {} : { format }), ...(cdata === undefined ? {} : { cdata }) };
}

/** How an account pushes, and where. */
export function readConsole(value: unknown): Partial<Pushing> & { readonly webhook?: string } {
  const json = objectOf(value, 'account');
  onlyKeys(json, 'account', ['format', 'cdata', 'webhook']);
  const { webhook, ...pushing } = json;
  return { ...readPushing(pushing), ...(webhook === undefined ? {} : { webhook: urlAt(json, 'webhook') }) };
}

/** One account more. What is left out is made up: nothing here is worth a secret. */
export function readAccount(value: unknown): AccountOptions {
  const json = objectOf(value, 'account');
  const keys = [
    'name',
    'title',
    'appId',
    'appSecret',
    'token',
    'encodingAesKey',
    'originalId',
    'mode',
    'type',
    'verified',
  ];
  onlyKeys(json, 'account', [...keys, 'webhook', 'format', 'cdata', 'webDomains', 'templates']);
  const { mode = 'safe', type, verified, webDomains } = json;
  if (mode !== 'safe' && mode !== 'compatible' && mode !== 'plain')
    throw new BadInput('mode: expected safe, compatible or plain');
  if (type !== undefined && type !== 'service' && type !== 'subscription')
    throw new BadInput('type: expected service or subscription');
  if (verified !== undefined && typeof verified !== 'boolean') throw new BadInput('verified: expected true or false');
  const name = matching(json, 'name', /^[\w-]{1,32}$/, '1 to 32 letters and digits');
  return {
    ...{ name, mode, title: maybeText(json, 'title') ?? name },
    appId: matching(json, 'appId', /^wx[0-9A-Za-z]{4,30}$/, 'wx and letters and digits'),
    appSecret: maybeText(json, 'appSecret') ?? `secretOf${name}`,
    token:
      json.token === undefined
        ? 'simToken01'
        : matching(json, 'token', /^[A-Za-z0-9]{3,32}$/, '3 to 32 letters and digits'),
    encodingAesKey:
      json.encodingAesKey === undefined
        ? AES_KEY
        : matching(json, 'encodingAesKey', /^[A-Za-z0-9]{43}$/, '43 letters and digits'),
    originalId: maybeText(json, 'originalId') ?? `gh_${name}`,
    webhook: json.webhook === undefined || json.webhook === '' ? '' : urlAt(json, 'webhook'),
    ...readPushing({
      ...(json.format !== undefined && { format: json.format }),
      ...(json.cdata !== undefined && { cdata: json.cdata }),
    }),
    ...(type === undefined ? {} : { type }),
    ...(verified === undefined ? {} : { verified }),
    ...(webDomains === undefined ? {} : { webDomains: textsAt(json, 'webDomains') }),
    ...(json.templates === undefined ? {} : { templates: readTemplates(json.templates) }),
  };
}

const AES_KEY = 'RewardBotSimulatorKey0123456789abcdefghijkA';

function matching(json: Json, key: string, pattern: RegExp, what: string): string {
  const text = textAt(json, key);
  if (pattern.test(text)) return text;
  throw new BadInput(`${key}: expected ${what}`);
}

function textsAt(json: Json, key: string): readonly string[] {
  const list = json[key];
  if (isList(list) && list.every(each => typeof each === 'string')) return list;
  throw new BadInput(`${key}: expected a list of texts`);
}

/** Where something is to be sent. */
function urlAt(json: Json, key: string): string {
  const text = textAt(json, key);
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new BadInput(`${key}: expected the address of a server, such as http://127.0.0.1:3000/notify`);
}

export function readUrl(value: unknown): string {
  const json = objectOf(value, 'notify');
  onlyKeys(json, 'notify', ['url']);
  return urlAt(json, 'url');
}

/** Templates as in the console: `{ "id", "kind": "template", "title", "fields": ["thing1"] }`. */
export function readTemplates(value: unknown): readonly Template[] {
  const templates = listAt({ templates: value }, 'templates').map((each): Template => {
    const json = objectOf(each, 'a template');
    onlyKeys(json, 'a template', ['id', 'kind', 'title', 'fields']);
    const { kind = 'template' } = json;
    if (kind !== 'template' && kind !== 'subscription') throw new BadInput('kind: expected template or subscription');
    return {
      ...{ id: filled(json, 'id'), kind, title: maybeText(json, 'title') ?? filled(json, 'id') },
      fields: textsAt(json, 'fields'),
    };
  });
  const twice = templates.find(({ id }, at) => templates.findIndex(each => each.id === id) < at);
  if (twice) throw new BadInput(`id: "${twice.id}" stands twice`);
  return templates;
}

const AMOUNT_LIMITS = ['perSecond', 'perUserPerDay', 'amountPerUserPerDay', 'amountPerDay', 'min', 'max'] as const;
const TIME_LIMITS = ['expiryMs', 'refundMs', 'transferringMs', 'cancelingMs'] as const;
const TRANSFER_LIMITS = ['transferMin', 'transferMax'] as const;

/** Only what is named changes. */
export function readLimits(value: unknown): Partial<MerchantLimits> {
  const json = objectOf(value, 'limits');
  const numbers = [...AMOUNT_LIMITS, ...TIME_LIMITS, ...TRANSFER_LIMITS];
  onlyKeys(json, 'limits', [...numbers, 'scenes', 'repeat']);
  const { scenes, repeat } = json;
  if (scenes !== undefined && typeof scenes !== 'boolean') throw new BadInput('scenes: expected true or false');
  if (repeat !== undefined && repeat !== 'success' && repeat !== 'SEND_FAILED')
    throw new BadInput('repeat: expected success or SEND_FAILED');
  return {
    ...Object.fromEntries(
      numbers.flatMap(key => (json[key] === undefined ? [] : [[key, wholeAt(json, key, 0, Number.MAX_SAFE_INTEGER)]])),
    ),
    ...(scenes === undefined ? {} : { scenes }),
    ...(repeat === undefined ? {} : { repeat }),
  };
}

function filled(json: Json, key: string): string {
  const text = textAt(json, key);
  if (text === '') throw new BadInput(`${key}: expected a text that is not empty`);
  return text;
}

function readFields(value: unknown): Readonly<Record<string, string>> {
  const fields = objectOf(value, 'fields');
  const names = Object.keys(fields);
  const texts = Object.entries(fields).map(([name, text]): [string, string] => {
    if (name.length > 64 || !/^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*$/.test(name))
      throw new BadInput(`fields: "${name}" is no name of an XML element`);
    const inside = names.find(other => other.startsWith(`${name}.`));
    if (inside !== undefined) throw new BadInput(`fields: "${name}" is a text, and cannot hold "${inside}" as well`);
    if (typeof text !== 'string' || text.length > TEXT_MAX) throw new BadInput(`fields.${name}: expected a text`);
    return [name, text];
  });
  return Object.fromEntries(texts);
}

export function readClockChange(value: unknown): ClockChange {
  const json = objectOf(value, 'clock');
  onlyKeys(json, 'clock', ['advanceMs', 'reset']);
  if (json.reset !== undefined && json.advanceMs !== undefined)
    throw new BadInput('clock: expected advanceMs or reset, not both');
  if (json.reset === true) return { reset: true };
  return { advanceMs: wholeAt(json, 'advanceMs', -MS_MAX, MS_MAX) };
}

export function readBalance(value: unknown): number {
  const json = objectOf(value, 'merchant');
  onlyKeys(json, 'merchant', ['balance']);
  return wholeAt(json, 'balance', 0, Number.MAX_SAFE_INTEGER);
}

export function readOpenId(value: unknown): string {
  const json = objectOf(value, 'open');
  onlyKeys(json, 'open', ['openid']);
  return filled(json, 'openid');
}

/** No order is above a million yuan. */
const FEN_MAX = 100_000_000;

export function readPayInShop(value: unknown): PayInShop {
  const json = objectOf(value, 'pay');
  onlyKeys(json, 'pay', ['amount', 'coupon', 'attach', 'orderNo', 'mchId', 'api', 'signType', 'notify']);
  const { api, signType, notify } = json;
  if (notify !== undefined && typeof notify !== 'boolean') throw new BadInput('notify: expected true or false');
  if (api !== undefined && api !== 'v2' && api !== 'v3') throw new BadInput('api: expected v2 or v3');
  if (signType !== undefined && signType !== 'MD5' && signType !== 'HMAC-SHA256')
    throw new BadInput('signType: expected MD5 or HMAC-SHA256');
  const attach = maybeText(json, 'attach') || undefined;
  if (attach !== undefined && attach.length > 128) throw new BadInput('attach: at most 128 characters');
  const [orderNo, mchId] = [maybeText(json, 'orderNo'), maybeText(json, 'mchId')];
  if (orderNo !== undefined && !/^[\w|*@-]{6,32}$/.test(orderNo))
    throw new BadInput('orderNo: expected 6 to 32 of A-Z a-z 0-9 _ - | * @');
  return {
    ...(json.amount === undefined && json.orderNo !== undefined ? {} : { amount: wholeAt(json, 'amount', 1, FEN_MAX) }),
    ...(notify === undefined ? {} : { notify }),
    ...(json.coupon === undefined ? {} : { coupon: wholeAt(json, 'coupon', 0, FEN_MAX) }),
    ...(attach === undefined ? {} : { attach }),
    ...(orderNo === undefined ? {} : { orderNo }),
    ...(mchId === undefined ? {} : { mchId }),
    ...(api === undefined ? {} : { api }),
    ...(signType === undefined ? {} : { signType }),
  };
}

const STOCK_STATES: readonly Stock['status'][] = ['unactivated', 'audit', 'running', 'paused', 'stoped'];

/** Absent: running, from now to the end of time, a thousand of them. */
export function readStock(stockId: string, value: unknown): Stock {
  const json = objectOf(value, 'stock');
  const optional = ['maxAmountByDay', 'perUser', 'validMs'] as const;
  onlyKeys(json, 'stock', [
    ...['creator', 'senders', 'name', 'status', 'amount', 'minimum', 'maxCoupons', 'beginAt', 'endAt'],
    ...['persons', 'abnormal', 'noCash'],
    ...optional,
  ]);
  const status = STOCK_STATES.find(each => each === (json.status ?? 'running'));
  if (!status) throw new BadInput(`status: expected one of ${STOCK_STATES.join(', ')}`);
  const whole = (key: string, otherwise: number): number =>
    json[key] === undefined ? otherwise : wholeAt(json, key, 0, Number.MAX_SAFE_INTEGER);
  const [beginAt, endAt] = [whole('beginAt', 0), whole('endAt', 4_000_000_000_000)];
  if (endAt <= beginAt) throw new BadInput('endAt: expected a time after beginAt');
  const { noCash } = json;
  if (noCash !== undefined && typeof noCash !== 'boolean') throw new BadInput('noCash: expected true or false');
  return {
    ...{ stockId, status, creator: filled(json, 'creator'), name: maybeText(json, 'name') ?? '代金券' },
    amount: wholeAt(json, 'amount', 1, FEN_MAX),
    ...{ minimum: whole('minimum', 0), maxCoupons: whole('maxCoupons', 1000), beginAt, endAt },
    ...(json.senders === undefined ? {} : { senders: textsAt(json, 'senders') }),
    ...(json.persons === undefined
      ? {}
      : { persons: listAt(json, 'persons').map(each => textsAt({ persons: each }, 'persons')) }),
    ...(json.abnormal === undefined ? {} : { abnormal: textsAt(json, 'abnormal') }),
    ...(noCash === undefined ? {} : { noCash }),
    ...Object.fromEntries(optional.flatMap(key => (json[key] === undefined ? [] : [[key, whole(key, 0)]]))),
  };
}

/** `amount` absent: all that is left. */
export function readRefund(value: unknown): { readonly amount?: number; readonly notify: boolean } {
  const json = objectOf(value, 'refund');
  onlyKeys(json, 'refund', ['amount', 'notify']);
  const { notify = true } = json;
  if (typeof notify !== 'boolean') throw new BadInput('notify: expected true or false');
  return { notify, ...(json.amount === undefined ? {} : { amount: wholeAt(json, 'amount', 1, FEN_MAX) }) };
}

const PARTS_MAX = 1000;

export function readSigning(value: unknown): Signing {
  const json = objectOf(value, 'signing');
  onlyKeys(json, 'signing', ['publicKey', 'certificate', 'nextCertificate', 'seed']);
  const seed = maybeText(json, 'seed');
  const part = (key: keyof Signing): object =>
    json[key] === undefined ? {} : { [key]: numberAt(json, key, 0, PARTS_MAX) };
  const parts: Signing = { ...part('publicKey'), ...part('certificate'), ...part('nextCertificate') };
  const whole = (parts.publicKey ?? 0) + (parts.certificate ?? 0) + (parts.nextCertificate ?? 0);
  if (whole === 0) throw new BadInput('signing: expected a part above 0 of publicKey, certificate or nextCertificate');
  return { ...parts, ...(seed === undefined ? {} : { seed }) };
}

export function readFundEdits(value: unknown): FundEdit[] {
  return listAt({ edits: value }, 'edits').map(each => {
    const json = objectOf(each, 'an edit');
    onlyKeys(json, 'an edit', ['number', 'amount', 'as', 'drop']);
    const as = maybeText(json, 'as');
    return {
      number: textAt(json, 'number'),
      ...(json.amount !== undefined && { amount: numberAt(json, 'amount', 0, COUNT_MAX * 100) }),
      ...(as !== undefined && { as }),
      ...(json.drop === true && { drop: true as const }),
    };
  });
}

export function readFaults(value: unknown): Faults {
  const json = objectOf(value, 'faults');
  onlyKeys(json, 'faults', ['pay', 'platform']);
  return { pay: listAt(json, 'pay').map(readPayFault), platform: listAt(json, 'platform').map(readPlatformFault) };
}

function listAt(json: Json, key: string): readonly unknown[] {
  const { [key]: list = [] } = json;
  if (isList(list) && list.length <= FAULTS_MAX) return list;
  throw new BadInput(`${key}: expected a list of at most ${FAULTS_MAX}`);
}

const PAY_FIELDS = 'kind at times openid word afterMs delayMs code text status location copies'.split(' ');

function readPayFault(value: unknown): PayFault {
  const json = objectOf(value, 'pay');
  onlyKeys(json, 'pay', PAY_FIELDS);
  const kind = PAY_KINDS.find(each => each === json.kind);
  if (kind === undefined) throw new BadInput(`pay: kind "${String(json.kind)}" is none of ${PAY_KINDS.join(', ')}`);
  const at = PLACES.find(each => each === json.at);
  if (json.at !== undefined && at === undefined) throw new BadInput(`at: expected one of ${PLACES.join(', ')}`);
  if (at && !kindsAt(at).includes(kind))
    throw new BadInput(`at: ${kind} cannot happen at ${at}; there can be ${kindsAt(at).join(', ')}`);
  const status = json.status === undefined ? {} : { status: wholeAt(json, 'status', kind === 'http' ? 200 : 400, 599) };
  if (OF_FRONT.has(kind) && (json.openid !== undefined || json.word !== undefined))
    throw new BadInput(`openid, word: ${kind} strikes before anybody has read the request`);
  if (kind === 'code' && !/^[A-Za-z0-9_ ]{1,64}$/.test(maybeText(json, 'code') ?? ''))
    throw new BadInput('code: expected an err_code');
  return {
    kind,
    ...(at === undefined ? {} : { at }),
    ...numbersOf(json, ['times', 'afterMs', 'delayMs', 'copies']),
    ...status,
    ...textsOf(json),
  };
}

function readPlatformFault(value: unknown): PlatformFault {
  const json = objectOf(value, 'platform');
  onlyKeys(json, 'platform', ['kind', 'times', 'copies', 'delayMs']);
  const kind = PLATFORM_KINDS.find(each => each === json.kind);
  if (kind === undefined)
    throw new BadInput(`platform: kind "${String(json.kind)}" is none of ${PLATFORM_KINDS.join(', ')}`);
  return { kind, ...numbersOf(json, ['times', 'copies', 'delayMs']) };
}

type Numbers = { times?: number; afterMs?: number; delayMs?: number; copies?: number };

function numbersOf(json: Json, keys: readonly (keyof Numbers)[]): Numbers {
  const max = { times: COUNT_MAX, afterMs: MS_MAX, delayMs: 600_000, copies: 20 };
  const numbers: Numbers = {};
  for (const key of keys) {
    if (json[key] !== undefined)
      numbers[key] = wholeAt(json, key, key === 'times' || key === 'copies' ? 1 : 0, max[key]);
  }
  return numbers;
}

type Texts = { openid?: string; word?: string; code?: string; text?: string; location?: string };

function textsOf(json: Json): Texts {
  const texts: Texts = {};
  for (const key of ['openid', 'word', 'code', 'text', 'location'] as const) {
    const text = maybeText(json, key);
    if (text !== undefined && text !== '') texts[key] = text;
  }
  return texts;
}

/** What `--format` and `--cdata` say. */
export function pushingOf({ format, cdata }: { readonly format?: string; readonly cdata?: string }): Partial<Pushing> {
  const given = Object.entries({ format, cdata }).filter(([, value]) => value !== undefined);
  try {
    return readPushing(Object.fromEntries(given));
  } catch (error) {
    throw new BadInput(`${given.map(([name, value]) => `--${name} ${value}`).join(' ')}: ${messageOf(error)}`);
  }
}
