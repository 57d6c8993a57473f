// WeChat Pay's notices of payments (支付结果通知) and refunds (退款结果通知): API v2 in XML with a sign, API v3 in JSON with a
// signature and a seal. What is not verified is not believed, and no error repeats what it was given.
import { createDecipheriv, createHash } from 'node:crypto';
import { BadInput } from '../core/error.ts';
import { type Fen, fen } from '../core/money.ts';
import { isOpenId } from '../core/openid.ts';
import type { PaidNotice, PayNotice, RefundNotice } from '../core/paid.ts';
import { type Instant, instant, parseBeijing } from '../core/time.ts';
import { paySignOf, sameText } from './crypt.ts';
import { type Json, jsonOf, sealedOf, textAt } from './pay-v3.ts';
import { apiV3KeyOf, decryptResource, trustOf, verifySignature } from './sign-v3.ts';
import type { Headers } from './transport.ts';
import { buildXml, parseXml, textOf, type XmlFields } from './xml.ts';

/** What a merchant's notices are verified with: by either way, or both. */
export type PayNoticeConfig = {
  readonly mchId: string;
  readonly apiV2Key?: string;
  /** `publicKey` is the PEM of WeChat Pay's public key, or of a platform certificate; `publicKeyId` names it. */
  readonly v3?: { readonly apiV3Key: string; readonly publicKeyId: string; readonly publicKey: Buffer };
};

export type HttpAnswer = { readonly status: number; readonly type?: string; readonly body?: string };
/** A verified notice, and how its sender is answered. */
export type OpenedNotice = {
  readonly notice: PayNotice;
  /** It is written down: not to be told again. */
  readonly heard: HttpAnswer;
  /** To be told again. */
  readonly again: HttpAnswer;
};

/** Throws `BadInput` for whatever WeChat Pay did not say to this merchant. */
export type PayNoticeReader = (headers: Headers, body: string, now: Instant) => OpenedNotice;

type Read = (headers: Headers, body: string, now: Instant) => PayNotice;

const XML = 'text/xml; charset=utf-8';
const ANSWERS_V2 = {
  heard: { status: 200, type: XML, body: buildXml({ return_code: 'SUCCESS', return_msg: 'OK' }) },
  again: { status: 503, type: XML, body: buildXml({ return_code: 'FAIL', return_msg: 'try again' }) },
};
const ANSWERS_V3 = {
  heard: { status: 204 },
  again: { status: 503, type: 'application/json', body: JSON.stringify({ code: 'FAIL', message: 'try again' }) },
};

export function createPayNoticeReader(config: PayNoticeConfig): PayNoticeReader {
  const v2 = config.apiV2Key === undefined ? undefined : readerV2(config.mchId, config.apiV2Key);
  const v3 = config.v3 && readerV3(config.mchId, config.v3);
  return (headers, body, now) => {
    const isV3 = headers['wechatpay-signature'] !== undefined;
    const read = isV3 ? v3 : v2;
    if (!read) throw new BadInput(`a notice of API ${isV3 ? 'v3' : 'v2'}, for which this merchant has no keys`);
    return { notice: read(headers, body, now), ...(isV3 ? ANSWERS_V3 : ANSWERS_V2) };
  };
}

// ── Fields ───────────────────────────────────────────────────────────────────────────────────────────────────

const lacks = (name: string): BadInput => new BadInput(`the notice has no ${name} that could be one`);

function idOf(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[\w|*@-]{1,64}$/.test(value)) return value;
  throw lacks(name);
}

/** Numbers in JSON, digits in XML. */
function fenOf(value: unknown, name: string): Fen {
  const isDigits = typeof value === 'string' && /^\d{1,12}$/.test(value);
  const amount = isDigits ? Number(value) : value;
  if (typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0) return fen(amount);
  throw lacks(name);
}

function payerOf(value: unknown): PaidNotice['user'] {
  if (typeof value === 'string' && isOpenId(value)) return value;
  throw lacks('openid');
}

// ── API v2 ───────────────────────────────────────────────────────────────────────────────────────────────────

function readerV2(mchId: string, apiV2Key: string): Read {
  const sealKey = Buffer.from(createHash('md5').update(apiV2Key).digest('hex'));
  return (_, body, now) => {
    const fields = parseXml(body);
    // Without it nothing is signed either.
    if (textOf(fields, 'return_code') !== 'SUCCESS') throw new BadInput('a notice whose return_code is not SUCCESS');
    const isRefund = fields.req_info !== undefined;
    const inner = isRefund ? unsealed(sealKey, textOf(fields, 'req_info') ?? '') : undefined;
    if (!inner) verifySign(fields, apiV2Key);
    if (textOf(fields, 'mch_id') !== mchId) throw new BadInput('the notice is for another merchant');
    return inner ? refundV2(fields, inner, now) : paidV2(fields);
  };
}

/**
 * Everything that was sent is signed, but `sign` and what is empty: coupons have names with numbers, and more may come.
 * HMAC-SHA256 says so in `sign_type`, or is known by its length.
 */
export function verifySign(fields: XmlFields, apiV2Key: string): void {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string') throw new BadInput('a signed document is flat');
    texts[name] = value;
  }
  const { sign = '', sign_type: type = sign.length === 64 ? 'HMAC-SHA256' : 'MD5' } = texts;
  if (type !== 'MD5' && type !== 'HMAC-SHA256') throw new BadInput('an unknown sign_type');
  if (!sameText(paySignOf(texts, apiV2Key, type), sign)) throw new BadInput('the sign is wrong');
}

function paidV2(fields: XmlFields): PayNotice {
  const text = (name: string): string | undefined => textOf(fields, name) || undefined;
  if (text('result_code') !== 'SUCCESS') return { kind: 'other', what: `result_code ${text('result_code')}` };
  const currency = text('cash_fee_type') ?? text('fee_type') ?? 'CNY';
  if (currency !== 'CNY') return { kind: 'other', what: `a payment in ${currency}` };
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text('time_end') ?? '');
  const at = digits && parseBeijing(`${digits.slice(1, 4).join('-')} ${digits.slice(4).join(':')}`);
  if (!at) throw lacks('time_end');
  const attach = text('attach');
  return {
    kind: 'paid',
    appId: idOf(text('appid'), 'appid'),
    user: payerOf(text('openid')),
    transaction: idOf(text('transaction_id'), 'transaction_id'),
    order: idOf(text('out_trade_no'), 'out_trade_no'),
    amount: fenOf(text('cash_fee'), 'cash_fee'),
    total: fenOf(text('total_fee'), 'total_fee'),
    ...(attach !== undefined && { attach }),
    at,
  };
}

/** `req_info`: AES-256-ECB with the MD5 of the key. Only who has the key can write a document in there. */
function unsealed(key: Buffer, sealed: string): XmlFields {
  let clear: string;
  try {
    const decipher = createDecipheriv('aes-256-ecb', key, null);
    clear = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()]).toString();
  } catch {
    throw new BadInput('req_info cannot be decrypted with this key');
  }
  const root = /^\s*<root>([\s\S]*)<\/root>\s*$/.exec(clear);
  if (!root) throw new BadInput('req_info cannot be decrypted with this key');
  return parseXml(`<xml>${root[1]}</xml>`);
}

/** CHANGE and REFUNDCLOSE are no money back to the payer. */
function refundV2(outer: XmlFields, inner: XmlFields, now: Instant): PayNotice {
  const text = (name: string): string | undefined => textOf(inner, name) || undefined;
  if (text('refund_status') !== 'SUCCESS') return { kind: 'other', what: `refund_status ${text('refund_status')}` };
  const appId = textOf(outer, 'appid');
  return {
    kind: 'refunded',
    ...(appId !== undefined && { appId }),
    transaction: idOf(text('transaction_id'), 'transaction_id'),
    refund: idOf(text('refund_id'), 'refund_id'),
    amount: fenOf(text('settlement_refund_fee') ?? text('refund_fee'), 'refund_fee'),
    at: parseBeijing(text('success_time') ?? '') ?? now,
  };
}

// ── API v3 ───────────────────────────────────────────────────────────────────────────────────────────────────

function readerV3(mchId: string, config: NonNullable<PayNoticeConfig['v3']>): Read {
  const trust = trustOf(config);
  const key = apiV3KeyOf(config.apiV3Key);
  return (headers, body, now) => {
    verifySignature(trust, headers, body, now);
    const outer = jsonOf(body);
    const event = (outer && textAt(outer, 'event_type')) ?? '';
    const isPaid = event === 'TRANSACTION.SUCCESS';
    if (!isPaid && !event.startsWith('REFUND.')) throw new BadInput('a notice of neither a payment nor a refund');
    const resource = partOf(outer!, 'resource');
    if (resource.original_type !== (isPaid ? 'transaction' : 'refund')) throw lacks('original_type');
    const inner = jsonOf(decryptResource(key, sealedOf(resource)));
    if (!inner) throw new BadInput('the notice holds no JSON object');
    if (inner.mchid !== mchId) throw new BadInput('the notice is for another merchant');
    return isPaid ? paidV3(inner) : refundV3(inner, event);
  };
}

function partOf(json: Json, name: string): Json {
  const value = json[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** RFC 3339. */
function timeIn(json: Json): Instant {
  const text = textAt(json, 'success_time') ?? '';
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw lacks('success_time');
  return instant(ms);
}

function paidV3(json: Json): PayNotice {
  const state = textAt(json, 'trade_state');
  if (state !== 'SUCCESS') return { kind: 'other', what: `trade_state ${state}` };
  const money = partOf(json, 'amount');
  const currency = textAt(money, 'payer_currency') ?? textAt(money, 'currency') ?? 'CNY';
  if (currency !== 'CNY') return { kind: 'other', what: `a payment in ${currency}` };
  const attach = textAt(json, 'attach');
  return {
    kind: 'paid',
    appId: idOf(json.appid, 'appid'),
    user: payerOf(partOf(json, 'payer').openid),
    transaction: idOf(json.transaction_id, 'transaction_id'),
    order: idOf(json.out_trade_no, 'out_trade_no'),
    amount: fenOf(money.payer_total, 'payer_total'),
    total: fenOf(money.total, 'total'),
    ...(attach !== undefined && { attach }),
    at: timeIn(json),
  };
}

/** ABNORMAL and CLOSED are no money back to the payer. */
function refundV3(json: Json, event: string): PayNotice {
  if (event !== 'REFUND.SUCCESS' || json.refund_status !== 'SUCCESS')
    return { kind: 'other', what: event.slice(0, 64) };
  const money = partOf(json, 'amount');
  const notice: RefundNotice = {
    kind: 'refunded',
    transaction: idOf(json.transaction_id, 'transaction_id'),
    refund: idOf(json.refund_id, 'refund_id'),
    amount: fenOf(money.payer_refund ?? money.refund, 'payer_refund'),
    at: timeIn(json),
  };
  return notice;
}
