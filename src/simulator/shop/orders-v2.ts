// Orders, refunds and trade bills of API v2: signed XML both ways, a client certificate where money goes back.
import { gzipSync } from 'node:zlib';
import { beijingText, instant } from '../../core/base/time.ts';
import { paySignOf, sameText } from '../../wechat/crypto.ts';
import { buildXml, parseXml, textOf } from '../../wechat/xml.ts';
import { type BillFile, billAge, DOWNLOAD_TRADES } from '../pay/bills.ts';
import type { ShopNotifier } from '../pay/payment-notice.ts';
import { signedXml } from '../pay/payment-wire.ts';
import type { ShopOrder, ShopRefund, TradeType } from '../shared/protocol.ts';
import { cashOf, cashOfRefund, refundedOf } from '../world/shop.ts';
import { isTradeBill, tradeBillCsv } from '../world/trade-bill.ts';
import type { World } from '../world/world.ts';
import { close, findRefund, isNo, type No, no, type Placing, place, refund } from './placing.ts';

type Fields = Readonly<Record<string, string>>;
type SignType = 'MD5' | 'HMAC-SHA256';
/** Who asks, and how the answer is signed. */
type Asker = { readonly mchId: string; readonly appid: string; readonly key: string; readonly signType: SignType };
type Run = (world: World, fields: Fields, asker: Asker, notices: Notices) => Fields | No;
type Notices = Pick<ShopNotifier, 'refunded'>;
type Call = { readonly run: Run; readonly needsCertificate?: true };

const TYPES: readonly TradeType[] = ['JSAPI', 'NATIVE', 'APP', 'MWEB'];
const ORDER_NO = /^[\w|*@-]{6,32}$/;
const FEN = /^[1-9]\d{0,9}$/;

const CALLS: Readonly<Record<string, Call>> = {
  '/pay/unifiedorder': { run: unified },
  '/pay/closeorder': { run: closing },
  '/secapi/pay/refund': { run: refunding, needsCertificate: true },
  '/pay/refundquery': { run: askRefund },
};
export const ORDER_PATHS_V2: readonly string[] = [...Object.keys(CALLS), DOWNLOAD_TRADES];

export class OrdersV2 {
  readonly #world: World;
  readonly #notices: Notices;

  constructor(world: World, notices: Notices) {
    this.#world = world;
    this.#notices = notices;
  }

  /** `undefined`: the call is about something else. `certified`: the merchant on the client certificate. */
  answer(path: string, body: string, certified: string | undefined): BillFile | undefined {
    const call = CALLS[path];
    if (!call && path !== DOWNLOAD_TRADES) return undefined;
    const read = this.#read(body);
    if ('wrong' in read) return xmlFile(buildXml({ return_code: 'FAIL', return_msg: read.wrong }));
    const { fields, asker } = read;
    if (!call) return tradeBill(this.#world, fields, asker);
    if (call.needsCertificate && certified !== asker.mchId)
      return xmlFile(buildXml({ return_code: 'FAIL', return_msg: '证书验证失败' }));
    const answer = call.run(this.#world, fields, asker, this.#notices);
    const common = { return_code: 'SUCCESS', return_msg: 'OK', appid: asker.appid, mch_id: asker.mchId };
    const result = isNo(answer)
      ? { result_code: 'FAIL', err_code: answer.code, err_code_des: answer.message }
      : { result_code: 'SUCCESS', ...answer };
    return xmlFile(signedXml({ ...common, ...result }, asker.key, asker.signType));
  }

  #read(body: string): { readonly fields: Fields; readonly asker: Asker } | { readonly wrong: string } {
    let xml: ReturnType<typeof parseXml>;
    try {
      xml = parseXml(body);
    } catch {
      return { wrong: 'XML格式错误' };
    }
    const fields: Record<string, string> = {};
    for (const name of Object.keys(xml)) if (textOf(xml, name)) fields[name] = textOf(xml, name)!;
    const { mch_id: mchId = '', appid = '', sign = '', sign_type: signType = 'MD5' } = fields;
    const merchant = this.#world.findMerchant(mchId);
    if (!merchant) return { wrong: '商户号mch_id不存在' };
    if (signType !== 'MD5' && signType !== 'HMAC-SHA256') return { wrong: '签名类型sign_type不正确' };
    const { apiV2Key: key, appIds } = merchant.options;
    if (!sameText(paySignOf(fields, key, signType), sign)) return { wrong: '签名错误' };
    if (!appIds.includes(appid)) return { wrong: 'appid和mch_id不匹配' };
    return { fields, asker: { mchId, appid, key, signType } };
  }
}

function xmlFile(xml: string): BillFile {
  return { status: 200, bytes: Buffer.from(xml), type: 'text/xml; charset=utf-8' };
}

function unified(world: World, fields: Fields, { mchId, appid, signType }: Asker): Fields | No {
  const missing = ['body', 'out_trade_no', 'total_fee', 'spbill_create_ip', 'notify_url', 'trade_type'].find(
    name => !fields[name],
  );
  if (missing) return no(400, 'LACK_PARAMS', `缺少参数${missing}`);
  const tradeType = TYPES.find(type => type === fields.trade_type);
  if (!tradeType) return no(400, 'PARAM_ERROR', 'trade_type不正确');
  if (!ORDER_NO.test(fields.out_trade_no!)) return no(400, 'PARAM_ERROR', 'out_trade_no不正确');
  if (!FEN.test(fields.total_fee!)) return no(400, 'PARAM_ERROR', 'total_fee不正确');
  if (tradeType === 'JSAPI' && !fields.openid) return no(400, 'LACK_PARAMS', '缺少参数openid');
  const expiresAt = fields.time_expire === undefined ? undefined : beijingTime(fields.time_expire);
  if (Number.isNaN(expiresAt)) return no(400, 'PARAM_ERROR', 'time_expire不正确');
  const asked: Placing = {
    ...{ mchId, orderNo: fields.out_trade_no!, appId: appid, total: Number(fields.total_fee), api: 'v2', tradeType },
    ...{ description: fields.body!, notifyUrl: fields.notify_url! },
    ...(fields.attach === undefined ? {} : { attach: fields.attach }),
    ...(tradeType === 'JSAPI' ? { openid: fields.openid! } : {}),
    ...(signType === 'MD5' ? {} : { signType }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const placed = place(world, asked);
  if (isNo(placed)) return placed;
  const { prepayId } = placed;
  const urls: Partial<Record<TradeType, Fields>> = {
    NATIVE: { code_url: `weixin://wxpay/bizpayurl?pr=${prepayId.slice(2, 12)}` },
    MWEB: { mweb_url: `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}` },
  };
  return { trade_type: tradeType, prepay_id: prepayId, ...urls[tradeType] };
}

/** `20261201093000`, in Beijing; `NaN`: no such time. */
function beijingTime(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)?.slice(1);
  const [year, month, day, hours, minutes, seconds] = parts ?? [];
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}+08:00`);
}

function closing(world: World, fields: Fields, { mchId }: Asker): Fields | No {
  return close(world, mchId, fields.out_trade_no ?? '') ?? { result_msg: 'OK' };
}

function refunding(world: World, fields: Fields, { mchId }: Asker, notices: Notices): Fields | No {
  const {
    out_trade_no: orderNo,
    transaction_id: transactionId,
    out_refund_no: refundNo,
    notify_url: notifyUrl,
  } = fields;
  const [amount = '', total = ''] = [fields.refund_fee, fields.total_fee];
  if (!refundNo || (!orderNo && !transactionId) || !FEN.test(amount) || !FEN.test(total))
    return no(400, 'PARAM_ERROR', '参数错误:out_refund_no、订单号、total_fee与refund_fee必填');
  const asked = { orderNo, transactionId, refundNo, notifyUrl, amount: Number(amount), total: Number(total) };
  const done = refund(world, mchId, asked);
  if (isNo(done)) return done;
  if (done.isNew) notices.refunded(done.order);
  return {
    ...{ transaction_id: done.order.transactionId, out_trade_no: done.order.orderNo },
    ...{ out_refund_no: refundNo, refund_id: done.refund.refundId, refund_fee: amount },
    ...{
      total_fee: total,
      cash_fee: String(cashOf(done.order)),
      cash_refund_fee: String(cashOfRefund(done.order, done.refund)),
    },
  };
}

function askRefund(world: World, fields: Fields, { mchId }: Asker): Fields | No {
  const found = refundsAsked(world, mchId, fields);
  if (found === undefined || found.refunds.length === 0) return no(404, 'REFUNDNOTEXIST', '退款查询失败');
  const { order, refunds } = found;
  const each = refunds.map((one, index) => ({
    [`out_refund_no_${index}`]: one.refundNo,
    [`refund_id_${index}`]: one.refundId,
    [`refund_channel_${index}`]: 'ORIGINAL',
    [`refund_fee_${index}`]: String(one.amount),
    [`refund_status_${index}`]: 'SUCCESS',
    [`refund_recv_accout_${index}`]: '支付用户零钱',
    [`refund_success_time_${index}`]: beijingText(instant(one.at)),
  }));
  return {
    ...{ transaction_id: order.transactionId, out_trade_no: order.orderNo, total_fee: String(order.total) },
    ...{ cash_fee: String(cashOf(order)), refund_count: String(refunds.length), refund_fee: String(refundedOf(order)) },
    ...Object.assign({}, ...each),
  };
}

type Refunds = { readonly order: ShopOrder; readonly refunds: readonly ShopRefund[] };

/** By one of four numbers: what names one refund goes before what names its order. */
function refundsAsked(world: World, mchId: string, fields: Fields): Refunds | undefined {
  const { refund_id: refundId, out_refund_no: refundNo, transaction_id: transactionId, out_trade_no: orderNo } = fields;
  if (refundId !== undefined) {
    for (const order of world.shop.ordersOf(mchId)) {
      const refunds = order.refunds.filter(each => each.refundId === refundId);
      if (refunds.length > 0) return { order, refunds };
    }
    return undefined;
  }
  if (refundNo !== undefined) {
    const found = findRefund(world, mchId, refundNo);
    return found && { order: found.order, refunds: [found.refund] };
  }
  const order =
    transactionId === undefined
      ? world.shop.find(mchId, orderNo ?? '')
      : world.shop.byTransaction(mchId, transactionId);
  return order && { order, refunds: order.refunds };
}

/** 下载交易账单: a plain text, or XML that says why not. */
function tradeBill(world: World, fields: Fields, { mchId }: Asker): BillFile {
  const failed = (message: string, code: string): BillFile =>
    xmlFile(buildXml({ return_code: 'FAIL', return_msg: message, error_code: code }));
  const day = (fields.bill_date ?? '').replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
  const kind = fields.bill_type ?? 'ALL';
  const age = billAge(day, world.now());
  if (age === 'no day') return failed('invalid bill_date', '20001');
  // Nobody here has a coupon that was charged (充值券), so that none goes back.
  if (!isTradeBill(kind) && kind !== 'RECHARGE_REFUND') return failed('invalid bill_type', '20001');
  const text = age === 'there' && isTradeBill(kind) ? tradeBillCsv(world, mchId, day, kind) : undefined;
  if (text === undefined) return failed('No Bill Exist', '20002');
  const bytes = Buffer.from(text);
  return {
    status: 200,
    bytes: fields.tar_type === 'GZIP' ? gzipSync(bytes) : bytes,
    type: 'text/plain; charset=utf-8',
  };
}
