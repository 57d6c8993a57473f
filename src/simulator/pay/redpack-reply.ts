// WeChat Pay's answers about red packets: plain XML without a sign, `err_code` even on success.
import { beijingText, instant } from '../../core/base/time.ts';
import { nonce, paySignOf } from '../../wechat/crypto.ts';
import { buildXml, type XmlOut } from '../../wechat/xml.ts';
import { type Order, returnedOf } from '../world/order.ts';
import type { PayFields } from './redpack-request.ts';

export const HTML_502 =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1>' +
  '</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';

/** The whole answer, in the order in which it is written. */
export type PayReply = { readonly [name: string]: string | number | XmlOut };

/** Of the three, the group packet's answer alone carries a sign: who follows the documents verifies it. */
export function signedReply(reply: PayReply, key: string): PayReply {
  const flat = Object.fromEntries(
    Object.entries(reply).flatMap(([name, value]) => (typeof value === 'object' ? [] : [[name, String(value)]])),
  );
  const all = { ...flat, nonce_str: nonce() };
  return { ...reply, nonce_str: all.nonce_str, sign: paySignOf(all, key) };
}

export const replyXml = (reply: PayReply): string => buildXml(reply);

/** Failures found before an order is looked at carry the five common fields only. */
export function earlyFailure(code: string, text: string, extra: PayReply = {}): PayReply {
  // The one documented sample of CA_ERROR has return_code SUCCESS; the others are failures of the communication.
  const isCa = code === 'CA_ERROR';
  return {
    return_code: isCa ? 'SUCCESS' : 'FAIL',
    return_msg: isCa ? code : text,
    result_code: 'FAIL',
    err_code: code,
    err_code_des: text,
    ...extra,
  };
}

/** Failures found while the order is processed echo its five fields. */
export function orderFailure(code: string, text: string, fields: PayFields): PayReply {
  return {
    return_code: 'SUCCESS',
    return_msg: text,
    result_code: 'FAIL',
    err_code: code,
    err_code_des: text,
    ...echo(fields),
  };
}

export function sentReply(fields: PayFields, order: Order): PayReply {
  return {
    return_code: 'SUCCESS',
    return_msg: '发放成功',
    result_code: 'SUCCESS',
    err_code: '0',
    err_code_des: '发放成功',
    ...echo(fields),
    send_listid: order.listId,
  };
}

function echo(fields: PayFields): PayReply {
  return {
    mch_billno: fields.mch_billno ?? '',
    mch_id: fields.mch_id ?? '',
    wxappid: fields.wxappid ?? '',
    re_openid: fields.re_openid ?? '',
    total_amount: Number(fields.total_amount),
  };
}

/** gethbinfo. As in real answers, `wishing`, `remark` and `act_name` are left out for ordinary packets. */
export function infoReply(order: Order): PayReply {
  const text = (at: number): string => beijingText(instant(at));
  const { refundedAt, receivedAt, openid, amount } = order;
  const alone = receivedAt === undefined ? [] : [{ openid, amount, at: receivedAt }];
  const shares = order.split ? (order.shares ?? []) : alone;
  const takers = shares.map(share => ({ openid: share.openid, amount: share.amount, rcv_time: text(share.at) }));
  return {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    result_code: 'SUCCESS',
    err_code: 'SUCCESS',
    err_code_des: 'OK',
    mch_billno: order.billNo,
    mch_id: order.mchId,
    detail_id: order.listId,
    status: order.status,
    send_type: 'API',
    hb_type: order.channel === 'group' ? 'GROUP' : 'NORMAL',
    total_num: order.totalNum ?? 1,
    total_amount: order.amount,
    ...(order.reason === undefined ? {} : { reason: order.reason }),
    send_time: text(order.sentAt ?? order.createdAt),
    ...(refundedAt === undefined ? {} : { refund_time: text(refundedAt), refund_amount: returnedOf(order) }),
    ...(takers.length === 0 ? {} : { hblist: { hbinfo: takers.length === 1 ? takers[0]! : takers } }),
  };
}

/** The same answer with elements nobody has seen, and turned round: clients must not mind. */
export function strangeReply(reply: PayReply): PayReply {
  const mixed = { trace_id: 'sim-4f1d', ...reply, promotion: { kind: 'none', level: 1 }, err_hint: '' };
  return Object.fromEntries(Object.entries(mixed).reverse());
}
