// Orders and refunds of API v3 (JSAPI, Native, App, H5), without the network and its signatures.

import type { ShopNotifier } from '../pay/payment-notice.ts';
import type { TransferAnswer } from '../pay/transfer-faults.ts';
import type { TransferCall } from '../pay/transfer-request.ts';
import { isWhole, type Json, jsonIn, partOf, textAt } from '../shared/json.ts';
import { decoded, own } from '../shared/own.ts';
import type { ShopOrder, ShopRefund, TradeType } from '../shared/protocol.ts';
import { rfc3339 } from '../world/bill.ts';
import { cashOf, cashOfRefund } from '../world/shop.ts';
import type { World } from '../world/world.ts';
import { close, findRefund, isNo, type No, no, type Placing, place, refund } from './placing.ts';

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
    if (type && method === 'POST') return this.#place(jsonIn(body), mchId, type);
    const closing = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/.exec(place);
    if (closing && method === 'POST') return this.#close(decoded(closing[1]!), jsonIn(body), mchId);
    if (place === REFUNDS && method === 'POST') return this.#refund(jsonIn(body), mchId);
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
    const { refund: amount, total, currency } = partOf(json.amount);
    const [orderNo, transactionId, refundNo, notifyUrl] = [
      'out_trade_no',
      'transaction_id',
      'out_refund_no',
      'notify_url',
    ].map(key => maybeText(json, key));
    const isMoney = isFen(amount) && isFen(total) && currency === 'CNY';
    if (!refundNo || (!orderNo && !transactionId) || !isMoney)
      return told(no(400, 'PARAM_ERROR', '参数错误:out_refund_no、订单号与amount必填'));
    const done = refund(this.#world, mchId, {
      ...{ orderNo, transactionId, refundNo, notifyUrl, amount, total },
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
  ].map(key => maybeText(json, key));
  if (!appId) return wrong('appid');
  if (!orderNo || !ORDER_NO.test(orderNo)) return wrong('out_trade_no');
  if (!description) return wrong('description');
  if (!notifyUrl || !URL.canParse(notifyUrl)) return wrong('notify_url');
  const { total, currency } = partOf(json.amount);
  if (!isFen(total) || (currency !== undefined && currency !== 'CNY')) return wrong('amount.total');
  const openid = maybeText(partOf(json.payer), 'openid');
  if (tradeType === 'JSAPI' && !openid) return wrong('payer.openid');
  const expiresAt = expire === undefined ? undefined : Date.parse(expire);
  if (expiresAt !== undefined && Number.isNaN(expiresAt)) return wrong('time_expire');
  return {
    ...{ mchId, orderNo, appId, total, description, notifyUrl, api: 'v3', tradeType },
    ...(openid === undefined || tradeType !== 'JSAPI' ? {} : { openid }),
    ...(attach === undefined ? {} : { attach }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

const isFen = (value: unknown): value is number => isWhole(value, 1, 1e9);
const maybeText = (json: Json, key: string): string | undefined => textAt(json, key) || undefined;

/** API v3 has underscores where v2 has none. */
const CODES: Readonly<Record<string, string>> = {
  ORDERPAID: 'ORDER_PAID',
  ORDERCLOSED: 'ORDER_CLOSED',
  ORDERNOTEXIST: 'ORDER_NOT_EXIST',
};

function told({ status, code, message }: No): TransferAnswer {
  return { status, body: { code: CODES[code] ?? code, message } };
}
