// WeChat Pay's notices of payments (支付结果通知) and refunds (退款结果通知): API v2 in XML with a sign, API v3 in JSON with a
// signature and a seal. What is not verified is not believed, and no error repeats what it was given.
import { createDecipheriv, createHash } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import { type Fen, fen } from '../../core/base/money.ts';
import { isOpenId } from '../../core/base/openid.ts';
import { type Instant, instant, parseBeijing } from '../../core/base/time.ts';
import type { PaidNotice, PayNotice, RefundNotice } from '../../core/payout/payment.ts';
import { paySignOf, sameText } from '../crypto.ts';
import { type Json, jsonOf, listAt, partOf, textAt } from '../json.ts';
import type { Headers } from '../transport.ts';
import { buildXml, textOf, type XmlFields } from '../xml.ts';
import { readFlatXml } from './flat-xml.ts';
import {
  apiV3KeyOf,
  decryptResource,
  isSealed,
  sealedOf,
  type Trust,
  verifySignature,
  WrongSeal,
} from './v3-signature.ts';

/** What a merchant's notices are verified with: by either way, or both. */
export type PayNoticeConfig = {
  readonly mchId: string;
  readonly apiV2Key?: string;
  readonly v3?: { readonly apiV3Key: string; readonly trust: Trust };
  /** Service-provider mode (服务商模式): the merchant served, whose payments are meant. */
  readonly subMchId?: string;
  /** Whether an AppID is an account of ours: of two payers in one notice the one we know counts. */
  readonly isOurs?: (appId: string) => boolean;
};

type HttpAnswer = { readonly status: number; readonly type?: string; readonly body?: string };
/** A verified notice, and how its sender is answered. */
export type OpenedNotice = {
  readonly notice: PayNotice;
  /** It is written down: not to be told again. */
  readonly heard: HttpAnswer;
  /** To be told again. */
  readonly again: HttpAnswer;
};

/** Throws `BadInput` for whatever WeChat Pay did not say. */
export type PayNoticeReader = (headers: Headers, body: string, now: Instant) => OpenedNotice;

type Read = (headers: Headers, body: string, now: Instant) => PayNotice;
type Whose = Pick<PayNoticeConfig, 'mchId' | 'subMchId' | 'isOurs'>;

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
  const v2 = config.apiV2Key === undefined ? undefined : readerV2(config, config.apiV2Key);
  const v3 = config.v3 && readerV3(config, config.v3);
  return (headers, body, now) => {
    const isV3 = headers['wechatpay-signature'] !== undefined;
    const read = isV3 ? v3 : v2;
    if (!read) throw new BadInput(`a notice of API ${isV3 ? 'v3' : 'v2'}, for which this merchant has no keys`);
    return { notice: read(headers, body, now), ...(isV3 ? ANSWERS_V3 : ANSWERS_V2) };
  };
}

// ── Fields ───────────────────────────────────────────────────────────────────────────────────────────────────

/** WeChat Pay said it: it is heard, whatever we make of it. */
class Unread extends Error {}
const unread = (why: string): Unread => new Unread(why);
const lacks = (name: string): Unread => unread(`it has no ${name} that could be one`);

/** Reads what is verified. What it is not made for is a notice too, and no forgery. */
function reading(read: () => PayNotice): PayNotice {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unread) return { kind: 'unread', why: error.message };
    if (error instanceof WrongSeal) return { kind: 'unopened', why: error.message };
    throw error;
  }
}

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

type Payer = { readonly appId: unknown; readonly openid: unknown };

/** Who paid, as an account of ours knows them; a service provider's notice may name them under two AppIDs. */
function payerOf(payers: readonly Payer[], { isOurs }: Whose): Pick<PaidNotice, 'appId' | 'user'> {
  const known = payers.filter(({ appId, openid }) => appId !== undefined && openid !== undefined);
  const payer = known.find(({ appId }) => typeof appId === 'string' && isOurs?.(appId)) ?? known[0];
  const appId = idOf(payer?.appId, payers.every(each => each.appId === undefined) ? 'appid' : 'openid');
  if (typeof payer?.openid === 'string' && isOpenId(payer.openid)) return { appId, user: payer.openid };
  throw lacks('openid');
}

/** The part of whoever is served; what a service provider is told of another one is not for us. */
function servedBy(given: unknown, { subMchId }: Whose): string {
  if (subMchId === undefined)
    throw unread("it is a service provider's (服务商): say `subMchId` of the merchant in bot.yaml if it is meant");
  if (given !== subMchId) throw unread('it is for another merchant than subMchId in bot.yaml');
  return subMchId;
}

// ── API v2 ───────────────────────────────────────────────────────────────────────────────────────────────────

function readerV2(whose: Whose, apiV2Key: string): Read {
  const sealKey = Buffer.from(createHash('md5').update(apiV2Key).digest('hex'));
  return (_, body, now) => {
    const fields = readFlatXml(body);
    // Without it nothing is signed either.
    if (textOf(fields, 'return_code') !== 'SUCCESS') throw new BadInput('a notice whose return_code is not SUCCESS');
    const isRefund = fields.req_info !== undefined;
    const inner = isRefund ? unsealed(sealKey, textOf(fields, 'req_info') ?? '') : undefined;
    if (!inner) verifySign(fields, apiV2Key);
    return reading(() => {
      if (textOf(fields, 'mch_id') !== whose.mchId) throw unread('it is for another merchant number (mch_id)');
      // A merchant without subMchId reads no more than its own fields.
      const served = whose.subMchId === undefined ? undefined : textOf(fields, 'sub_mch_id') || undefined;
      if (served !== undefined) servedBy(served, whose);
      return inner ? refundV2(fields, inner, now, whose) : paidV2(fields, served, whose);
    });
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

function paidV2(fields: XmlFields, subMchId: string | undefined, whose: Whose): PayNotice {
  const text = (name: string): string | undefined => textOf(fields, name) || undefined;
  if (text('result_code') !== 'SUCCESS') return { kind: 'other', what: `result_code ${text('result_code')}` };
  const currency = text('cash_fee_type') ?? text('fee_type') ?? 'CNY';
  if (currency !== 'CNY') return { kind: 'other', what: `a payment in ${currency}` };
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text('time_end') ?? '');
  const at = digits && parseBeijing(`${digits.slice(1, 4).join('-')} ${digits.slice(4).join(':')}`);
  if (!at) throw lacks('time_end');
  const attach = text('attach');
  const own = { appId: text('appid'), openid: text('openid') };
  const sub = { appId: text('sub_appid'), openid: text('sub_openid') };
  return {
    kind: 'paid',
    ...payerOf(subMchId === undefined ? [own] : [own, sub], whose),
    ...(subMchId !== undefined && { service: { appId: idOf(own.appId, 'appid'), subMchId } }),
    transaction: idOf(text('transaction_id'), 'transaction_id'),
    order: idOf(text('out_trade_no'), 'out_trade_no'),
    amount: cashV2(text),
    total: fenOf(text('total_fee'), 'total_fee'),
    ...(attach !== undefined && { attach }),
    at,
  };
}

/** 订单金额-代金券金额=现金支付金额: where it is left out, it follows from the other two. */
function cashV2(text: (name: string) => string | undefined): Fen {
  const cash = text('cash_fee');
  if (cash !== undefined) return fenOf(cash, 'cash_fee');
  return without(fenOf(text('total_fee'), 'total_fee'), fenOf(text('coupon_fee') ?? '0', 'coupon_fee'));
}

function without(total: Fen, coupons: number): Fen {
  if (coupons > total) throw unread('its coupons are worth more than the order');
  return fen(total - coupons);
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
  if (!/^\s*<root>/.test(clear)) throw new BadInput('req_info cannot be decrypted with this key');
  return readFlatXml(clear.trim());
}

/** CHANGE and REFUNDCLOSE are no money back to the payer. */
function refundV2(outer: XmlFields, inner: XmlFields, now: Instant, { isOurs, subMchId }: Whose): PayNotice {
  const text = (name: string): string | undefined => textOf(inner, name) || undefined;
  if (text('refund_status') !== 'SUCCESS') return { kind: 'other', what: `refund_status ${text('refund_status')}` };
  const subAppId = subMchId === undefined ? undefined : textOf(outer, 'sub_appid') || undefined;
  const appId = subAppId !== undefined && isOurs?.(subAppId) ? subAppId : textOf(outer, 'appid');
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

function readerV3(whose: Whose, { apiV3Key, trust }: NonNullable<PayNoticeConfig['v3']>): Read {
  const key = apiV3KeyOf(apiV3Key);
  return (headers, body, now) => {
    verifySignature(trust, headers, body, now);
    return reading(() => {
      const outer = jsonOf(body) ?? {};
      const event = textAt(outer, 'event_type') ?? '';
      const isPaid = event === 'TRANSACTION.SUCCESS';
      if (!isPaid && !event.startsWith('REFUND.'))
        throw unread(`event_type ${event.slice(0, 64)}, which is neither a payment nor a refund`);
      const resource = partOf(outer, 'resource');
      if (resource.original_type !== (isPaid ? 'transaction' : 'refund')) throw lacks('original_type');
      const sealed = sealedOf(resource);
      if (!isSealed(sealed)) throw unread('nothing is sealed in it');
      const inner = jsonOf(decryptResource(key, sealed));
      if (!inner) throw unread('it holds no JSON object');
      const served = servedIn(inner, whose);
      return isPaid ? paidV3(inner, served, whose) : refundV3(inner, event);
    });
  };
}

/** The merchant served, in a notice to a service provider; `undefined` in one to the merchant itself. */
function servedIn(json: Json, whose: Whose): string | undefined {
  const isServing = json.sp_mchid !== undefined;
  if ((isServing ? json.sp_mchid : json.mchid) !== whose.mchId)
    throw unread(`it is for another merchant number (${isServing ? 'sp_mchid' : 'mchid'})`);
  return isServing ? servedBy(json.sub_mchid, whose) : undefined;
}

/** RFC 3339. */
function timeIn(json: Json): Instant {
  const text = textAt(json, 'success_time') ?? '';
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw lacks('success_time');
  return instant(ms);
}

function paidV3(json: Json, subMchId: string | undefined, whose: Whose): PayNotice {
  const state = textAt(json, 'trade_state');
  if (state !== 'SUCCESS') return { kind: 'other', what: `trade_state ${state}` };
  const money = partOf(json, 'amount');
  const currency = textAt(money, 'payer_currency') ?? textAt(money, 'currency') ?? 'CNY';
  if (currency !== 'CNY') return { kind: 'other', what: `a payment in ${currency}` };
  const attach = textAt(json, 'attach');
  const payer = partOf(json, 'payer');
  const payers =
    subMchId === undefined
      ? [{ appId: json.appid, openid: payer.openid }]
      : [
          { appId: json.sp_appid, openid: payer.sp_openid },
          { appId: json.sub_appid, openid: payer.sub_openid },
        ];
  return {
    kind: 'paid',
    ...payerOf(payers, whose),
    ...(subMchId !== undefined && { service: { appId: idOf(json.sp_appid, 'sp_appid'), subMchId } }),
    transaction: idOf(json.transaction_id, 'transaction_id'),
    order: idOf(json.out_trade_no, 'out_trade_no'),
    amount: cashV3(json, money),
    total: fenOf(money.total, 'total'),
    ...(attach !== undefined && { attach }),
    at: timeIn(json),
  };
}

/** Left out, it is the order without its coupons; with coupons whose worth is not said nobody knows. */
function cashV3(json: Json, money: Json): Fen {
  if (money.payer_total !== undefined && money.payer_total !== null) return fenOf(money.payer_total, 'payer_total');
  const coupons = json.promotion_detail === undefined ? [] : listAt(json, 'promotion_detail');
  if (!coupons) throw lacks('payer_total');
  const worth = coupons.map(({ amount }) => fenOf(amount, 'payer_total'));
  return without(
    fenOf(money.total, 'total'),
    worth.reduce((sum, each) => sum + each, 0),
  );
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
