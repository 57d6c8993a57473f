// What WeChat Pay says of an order in the shop, word by word: notices and answers of API v2 (signed XML) and of API v3
// (what goes into the seal). Pure, but for the nonces.
import { createCipheriv, createHash } from 'node:crypto';
import { beijingText, instant } from '../../core/base/time.ts';
import { nonce, paySignOf } from '../../wechat/crypto.ts';
import { buildXml } from '../../wechat/xml.ts';
import type { Json } from '../shared/json.ts';
import type { ShopOrder, ShopRefund } from '../shared/protocol.ts';
import { rfc3339 } from '../world/bill.ts';
import { cashOf, cashOfRefund, tradeStateOf } from '../world/shop.ts';

type Fields = Readonly<Record<string, string>>;
type SignType = NonNullable<ShopOrder['signType']>;

/** Signed over all of it; `sign_type` is said where it is not MD5. */
export function signedXml(fields: Fields, key: string, signType: SignType = 'MD5'): string {
  const all: Fields = { ...fields, nonce_str: nonce(), ...(signType === 'MD5' ? {} : { sign_type: signType }) };
  return buildXml({ ...all, sign: paySignOf(all, key, signType) });
}

const COUPON_ID = '10000000000000000';

/** What a notice and an answer have in common. */
export function orderFields(order: ShopOrder, isSubscribed: boolean): Fields {
  const { coupon, total } = order;
  const coupons: Fields =
    coupon === 0
      ? {}
      : {
          settlement_total_fee: String(cashOf(order)),
          coupon_fee: String(coupon),
          coupon_count: '1',
          coupon_type_0: 'NO_CASH',
          coupon_id_0: COUPON_ID,
          coupon_fee_0: String(coupon),
        };
  return {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: order.appId,
    mch_id: order.mchId,
    openid: order.openid,
    is_subscribe: isSubscribed ? 'Y' : 'N',
    trade_type: order.tradeType ?? 'JSAPI',
    bank_type: 'OTHERS',
    total_fee: String(total),
    fee_type: 'CNY',
    cash_fee: String(cashOf(order)),
    ...coupons,
    transaction_id: order.transactionId,
    out_trade_no: order.orderNo,
    ...(order.attach === undefined ? {} : { attach: order.attach }),
    time_end: beijingText(instant(order.paidAt)).replace(/\D/g, ''),
  };
}

/** `req_info` (退款结果通知): AES-256-ECB with the MD5 of the key, and another root inside. */
export function refundXml(order: ShopOrder, refund: ShopRefund, key: string): string {
  const inner = {
    transaction_id: order.transactionId,
    out_trade_no: order.orderNo,
    refund_id: refund.refundId,
    out_refund_no: refund.refundNo,
    total_fee: String(order.total),
    settlement_total_fee: String(cashOf(order)),
    refund_fee: String(refund.amount),
    settlement_refund_fee: String(cashOfRefund(order, refund)),
    refund_status: 'SUCCESS',
    success_time: beijingText(instant(refund.at)),
    refund_recv_accout: '支付用户的零钱',
    refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
    refund_request_source: 'VENDOR_PLATFORM',
  };
  const clear = buildXml(inner)
    .replace(/^<xml>/, '<root>')
    .replace(/<\/xml>$/, '</root>');
  const sealKey = Buffer.from(createHash('md5').update(key).digest('hex'));
  const cipher = createCipheriv('aes-256-ecb', sealKey, null);
  const sealed = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()]).toString('base64');
  const { appId, mchId } = order;
  return buildXml({ return_code: 'SUCCESS', appid: appId, mch_id: mchId, nonce_str: nonce(), req_info: sealed });
}

/** The order in API v3: what is sealed in a notice, and what a question is answered with. */
export function transactionJson(order: ShopOrder, state: string = tradeStateOf(order)): Json {
  const { coupon } = order;
  const detail = { coupon_id: COUPON_ID, scope: 'GLOBAL', type: 'NOCASH', amount: coupon, currency: 'CNY' };
  return {
    mchid: order.mchId,
    appid: order.appId,
    out_trade_no: order.orderNo,
    transaction_id: order.transactionId,
    trade_type: order.tradeType ?? 'JSAPI',
    trade_state: state,
    trade_state_desc: state === 'REFUND' ? '订单发生过退款,退款详情请查询退款单' : '支付成功',
    bank_type: 'OTHERS',
    attach: order.attach ?? '',
    success_time: rfc3339(order.paidAt),
    payer: { openid: order.openid },
    amount: { total: order.total, payer_total: cashOf(order), currency: 'CNY', payer_currency: 'CNY' },
    ...(coupon === 0 ? {} : { promotion_detail: [detail] }),
  };
}

export function refundJson(order: ShopOrder, refund: ShopRefund): Json {
  return {
    mchid: order.mchId,
    out_trade_no: order.orderNo,
    transaction_id: order.transactionId,
    out_refund_no: refund.refundNo,
    refund_id: refund.refundId,
    refund_status: 'SUCCESS',
    success_time: rfc3339(refund.at),
    user_received_account: '支付用户零钱',
    amount: {
      total: order.total,
      refund: refund.amount,
      payer_total: cashOf(order),
      payer_refund: cashOfRefund(order, refund),
    },
  };
}
