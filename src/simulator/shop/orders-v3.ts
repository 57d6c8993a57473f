// Orders and refunds of API v3 (JSAPI, Native, App, H5), without the network and its signatures.

import { BadInput } from '../../core/base/error.ts';
import type { ShopNotifier } from '../pay/payment-notice.ts';
import type { TransferAnswer } from '../pay/transfer-faults.ts';
import type { TransferCall } from '../pay/transfer-request.ts';
import { readJson } from '../shared/http.ts';
import { decoded, own } from '../shared/own.ts';
import type { ShopOrder, ShopRefund, TradeType } from '../shared/protocol.ts';
import { rfc3339 } from '../world/bill.ts';
import { cashOf, cashOfRefund } from '../world/shop.ts';
import type { World } from '../world/world.ts';
import { close, findRefund, isNo, type No, no, type Placing, place, refund } from './placing.ts';

type Json = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<string, TradeType>> = { jsapi: 'JSAPI', native: 'NATIVE', app: 'APP', h5: 'MWEB' };
const TRANSACTIONS = '/v3/pay/transactions/';
const REFUNDS = '/v3/refund/domestic/refunds';
const ORDER_NO = /^[\w|*@-]{6,32}$/;

export class OrdersV3 {
  readonly #world: World;
  readonly #notices: Pick<ShopNotifier, 'refunded'>;

  constructor(world: World, notices: Pick<ShopNotifier, 'refunded'>) {
    this.#world = world;
    this.#notices = notices;
  }

  /** `undefined`: the call is about something else. */
  answer({ method, path, body }: TransferCall, mchId: string): TransferAnswer | undefined {
    const [place = ''] = path.split('?');
    const type = place.startsWith(TRANSACTIONS) ? own(TYPES, place.slice(TRANSACTIONS.length)) : undefined;
    if (type && method === 'POST') return this.#place(objectIn(body), mchId, type);
    const closing = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/.exec(place);
    if (closing && method === 'POST') return this.#close(decoded(closing[1]!), objectIn(body), mchId);
    if (place === REFUNDS && method === 'POST') return this.#refund(objectIn(body), mchId);
    if (place.startsWith(`${REFUNDS}/`) && method === 'GET')
      return this.#askRefund(decoded(place.slice(REFUNDS.length + 1)), mchId);
    return undefined;
  }

  #place(json: Json | undefined, mchId: string, type: TradeType): TransferAnswer {
    const asked = json ? placingIn(json, mchId, type) : no(400, 'PARAM_ERROR', '请求体不是合法的JSON');
    const placed = isNo(asked) ? asked : place(this.#world, asked);
    if (isNo(placed)) return told(placed);
    const { prepayId } = placed;
    if (type === 'NATIVE')
      return { status: 200, body: { code_url: `weixin://wxpay/bizpayurl?pr=${prepayId.slice(2, 12)}` } };
    if (type === 'MWEB')
      return {
        status: 200,
        body: { h5_url: `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}` },
      };
    return { status: 200, body: { prepay_id: prepayId } };
  }

  #close(orderNo: string | undefined, json: Json | undefined, mchId: string): TransferAnswer {
    if (json?.mchid !== mchId) return told(no(400, 'PARAM_ERROR', 'mchid与签名的商户号不一致'));
    const refused =
      orderNo === undefined ? no(400, 'PARAM_ERROR', '参数错误:out_trade_no') : close(this.#world, mchId, orderNo);
    return refused ? told(refused) : { status: 204, body: {} };
  }

  #refund(json: Json | undefined, mchId: string): TransferAnswer {
    if (!json) return told(no(400, 'PARAM_ERROR', '请求体不是合法的JSON'));
    const amount = objectAt(json, 'amount');
    const [orderNo, transactionId, refundNo, notifyUrl] = [
      'out_trade_no',
      'transaction_id',
      'out_refund_no',
      'notify_url',
    ].map(key => textAt(json, key));
    const isWhole = isFen(amount.refund) && isFen(amount.total) && amount.currency === 'CNY';
    if (!refundNo || (!orderNo && !transactionId) || !isWhole)
      return told(no(400, 'PARAM_ERROR', '参数错误:out_refund_no、订单号与amount必填'));
    const done = refund(this.#world, mchId, {
      ...{ orderNo, transactionId, refundNo, notifyUrl },
      ...{ amount: amount.refund as number, total: amount.total as number },
    });
    if (isNo(done)) return told(done);
    if (done.isNew) this.#notices.refunded(done.order);
    return { status: 200, body: refundReply(done.order, done.refund, done.isNew ? 'PROCESSING' : 'SUCCESS') };
  }

  #askRefund(refundNo: string | undefined, mchId: string): TransferAnswer {
    if (refundNo === undefined) return told(no(400, 'PARAM_ERROR', '参数错误:out_refund_no'));
    const found = findRefund(this.#world, mchId, refundNo);
    if (!found) return told(no(404, 'RESOURCE_NOT_EXISTS', '退款单不存在'));
    return { status: 200, body: refundReply(found.order, found.refund, 'SUCCESS') };
  }
}

function refundReply(order: ShopOrder, refund: ShopRefund, status: 'PROCESSING' | 'SUCCESS'): Json {
  const payer = cashOfRefund(order, refund);
  return {
    ...{ refund_id: refund.refundId, out_refund_no: refund.refundNo, transaction_id: order.transactionId },
    ...{ out_trade_no: order.orderNo, channel: 'ORIGINAL', user_received_account: '支付用户零钱' },
    ...(status === 'SUCCESS' ? { success_time: rfc3339(refund.at) } : {}),
    ...{ create_time: rfc3339(refund.at), status, funds_account: 'AVAILABLE' },
    amount: {
      ...{ total: order.total, refund: refund.amount, payer_total: cashOf(order), payer_refund: payer },
      ...{ settlement_refund: payer, settlement_total: cashOf(order), discount_refund: refund.amount - payer },
      currency: 'CNY',
    },
  };
}

function placingIn(json: Json, mchId: string, tradeType: TradeType): Placing | No {
  const wrong = (field: string): No => no(400, 'PARAM_ERROR', `参数错误:${field}`);
  if (json.mchid !== mchId) return no(400, 'MCH_NOT_EXISTS', 'mchid与签名的商户号不一致');
  const [appId, orderNo, description, notifyUrl, attach, expire] = [
    ...['appid', 'out_trade_no', 'description', 'notify_url', 'attach', 'time_expire'],
  ].map(key => textAt(json, key));
  if (!appId) return wrong('appid');
  if (!orderNo || !ORDER_NO.test(orderNo)) return wrong('out_trade_no');
  if (!description) return wrong('description');
  if (!notifyUrl || !URL.canParse(notifyUrl)) return wrong('notify_url');
  const { total, currency } = objectAt(json, 'amount');
  if (!isFen(total) || (currency !== undefined && currency !== 'CNY')) return wrong('amount.total');
  const openid = textAt(objectAt(json, 'payer'), 'openid');
  if (tradeType === 'JSAPI' && !openid) return wrong('payer.openid');
  const expiresAt = expire === undefined ? undefined : Date.parse(expire);
  if (expiresAt !== undefined && Number.isNaN(expiresAt)) return wrong('time_expire');
  return {
    ...{ mchId, orderNo, appId, total: total as number, description, notifyUrl, api: 'v3', tradeType },
    ...(openid === undefined || tradeType !== 'JSAPI' ? {} : { openid }),
    ...(attach === undefined ? {} : { attach }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

const isFen = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1e9;
const textAt = (json: Json, key: string): string | undefined =>
  typeof json[key] === 'string' && json[key] !== '' ? (json[key] as string) : undefined;
const objectAt = (json: Json, key: string): Json =>
  typeof json[key] === 'object' && json[key] !== null ? (json[key] as Json) : {};

function objectIn(body: string): Json | undefined {
  try {
    const value = readJson(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch (error) {
    if (error instanceof BadInput) return undefined;
    throw error;
  }
}

/** API v3 has underscores where v2 has none. */
const CODES: Readonly<Record<string, string>> = {
  ORDERPAID: 'ORDER_PAID',
  ORDERCLOSED: 'ORDER_CLOSED',
  ORDERNOTEXIST: 'ORDER_NOT_EXIST',
};

function told({ status, code, message }: No): TransferAnswer {
  return { status, body: { code: CODES[code] ?? code, message } };
}
