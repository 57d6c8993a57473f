// Questions about orders in the shop (查询订单), without the network: API v2 by out_trade_no or transaction_id, and the same
// in API v3.
import { paySignOf, sameText } from '../../wechat/crypto.ts';
import { buildXml, parseXml, textOf } from '../../wechat/xml.ts';
import type { PayFault, PlacedOrder, ShopOrder } from '../shared/protocol.ts';
import { tradeStateOf } from '../world/shop.ts';
import type { World } from '../world/world.ts';
import { orderFields, signedXml, transactionJson } from './payment-wire.ts';
import type { TransferAnswer } from './transfer-faults.ts';
import type { TransferCall } from './transfer-request.ts';

type XmlAnswer = { readonly xml: string; readonly spoil?: 'cut' | 'html502' };

const TRANSACTIONS = '/v3/pay/transactions/';
const KNOWN = ['appid', 'mch_id', 'transaction_id', 'out_trade_no', 'nonce_str', 'sign', 'sign_type'] as const;
export const KINDS: ReadonlySet<PayFault['kind']> = new Set([
  'lostReply',
  'html502',
  'errorNothingStored',
  'processing',
]);

/** For whom it is answered; `placed`: what they placed under this number. */
type Asker = {
  readonly mchId: string;
  readonly key: string;
  readonly signType: 'MD5' | 'HMAC-SHA256';
  readonly placed: PlacedOrder | undefined;
};

const DESCRIPTIONS = {
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款,退款详情请查询退款单',
  USERPAYING: '需要用户输入支付密码',
} as const;

export class ShopDesk {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  answerV2(body: string): XmlAnswer {
    let xml: ReturnType<typeof parseXml>;
    try {
      xml = parseXml(body);
    } catch {
      return failed('XML格式错误');
    }
    const fields: Record<string, string> = {};
    for (const name of KNOWN) if (textOf(xml, name)) fields[name] = textOf(xml, name)!;
    const { mch_id: mchId = '', appid = '', sign = '', sign_type: signType = 'MD5' } = fields;
    const merchant = this.#world.findMerchant(mchId);
    if (!merchant) return failed('商户号mch_id不存在');
    const { apiV2Key, appIds } = merchant.options;
    if (signType !== 'MD5' && signType !== 'HMAC-SHA256') return failed('签名类型sign_type不正确');
    if (!sameText(paySignOf(fields, apiV2Key, signType), sign)) return failed('签名错误');
    if (!appIds.includes(appid)) return failed('appid和mch_id不匹配');
    const { out_trade_no: orderNo, transaction_id: transaction } = fields;
    if (orderNo === undefined && transaction === undefined) return failed('缺少参数');
    const order = this.#find(mchId, orderNo, transaction);
    const placed = orderNo === undefined ? undefined : this.#world.shop.placed(mchId, orderNo);
    return this.#tell(order, order?.appId ?? appid, { mchId, key: apiV2Key, signType, placed });
  }

  #tell(order: ShopOrder | undefined, appid: string, { mchId, key, signType, placed }: Asker): XmlAnswer {
    const no = (err_code: string, err_code_des: string): XmlAnswer => {
      const common = { return_code: 'SUCCESS', return_msg: 'OK', appid, mch_id: mchId, result_code: 'FAIL' };
      return { xml: signedXml({ ...common, err_code, err_code_des }, key, signType) };
    };
    const fault = this.#fault(order);
    if (fault === 'errorNothingStored') return no('SYSTEMERROR', '系统错误');
    if (!order && placed) return { xml: signedXml(placedFields(placed, this.#world.now()), key, signType) };
    if (!order) return no('ORDERNOTEXIST', '此交易订单号不存在');
    const state = fault === 'processing' ? 'USERPAYING' : tradeStateOf(order);
    const isSubscribed = this.#world.findPerson(order.openid)?.following ?? false;
    const said = { return_msg: 'OK', trade_state: state, trade_state_desc: DESCRIPTIONS[state] };
    const xml = signedXml({ ...orderFields(order, isSubscribed), ...said }, key, signType);
    if (fault === 'lostReply') return { xml, spoil: 'cut' };
    return fault === 'html502' ? { xml, spoil: 'html502' } : { xml };
  }

  /** `undefined`: it is no question about an order. */
  answerV3(call: TransferCall, mchId: string): TransferAnswer | undefined {
    const [path = '', query] = call.path.split('?');
    if (!path.startsWith(TRANSACTIONS)) return undefined;
    const match = /^(out-trade-no|id)\/([\w|*@%-]+)$/.exec(path.slice(TRANSACTIONS.length));
    if (call.method !== 'GET' || !match) return undefined;
    const asked = new URLSearchParams(query).get('mchid');
    if (asked === null) return refused(400, 'PARAM_ERROR', '缺少参数mchid');
    if (asked !== mchId) return refused(400, 'MCH_NOT_EXISTS', '商户号不存在或与签名的商户号不一致');
    const number = match[2]!.replace(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)));
    const order = match[1] === 'id' ? this.#find(mchId, undefined, number) : this.#find(mchId, number, undefined);
    const fault = this.#fault(order);
    if (fault === 'errorNothingStored') return refused(500, 'SYSTEM_ERROR', '系统异常,请稍后重试');
    const placed = order || match[1] === 'id' ? undefined : this.#world.shop.placed(mchId, number);
    if (placed) return { status: 200, body: placedJson(placed, this.#world.now()) };
    if (!order) return refused(404, 'ORDER_NOT_EXIST', '订单不存在');
    const body = transactionJson(order, fault === 'processing' ? 'USERPAYING' : tradeStateOf(order));
    if (fault === 'lostReply') return { status: 200, body, spoil: { kind: 'cut' } };
    return fault === 'html502' ? { status: 502, body: {}, spoil: { kind: 'html502' } } : { status: 200, body };
  }

  #find(mchId: string, orderNo: string | undefined, transaction: string | undefined): ShopOrder | undefined {
    const { shop } = this.#world;
    return transaction === undefined ? shop.find(mchId, orderNo ?? '') : shop.byTransaction(mchId, transaction);
  }

  #fault(order: ShopOrder | undefined): PayFault['kind'] | undefined {
    return this.#world.faults.takePay('orderQuery', order?.openid ?? '', ({ kind }) => KINDS.has(kind))?.kind;
  }
}

/** Nobody has paid it, and whether anybody still can. */
function placedState({ closedAt, expiresAt }: PlacedOrder, now: number): readonly [state: string, text: string] {
  const isOver = closedAt !== undefined || (expiresAt !== undefined && expiresAt <= now);
  return isOver ? ['CLOSED', '订单已关闭'] : ['NOTPAY', '订单未支付'];
}

function placedFields(placed: PlacedOrder, now: number): Record<string, string> {
  const [trade_state, trade_state_desc] = placedState(placed, now);
  return {
    ...{ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS', appid: placed.appId, mch_id: placed.mchId },
    ...{ out_trade_no: placed.orderNo, total_fee: String(placed.total), trade_state, trade_state_desc },
    ...(placed.attach === undefined ? {} : { attach: placed.attach }),
  };
}

function placedJson(placed: PlacedOrder, now: number): Record<string, unknown> {
  const [trade_state, trade_state_desc] = placedState(placed, now);
  const { mchId: mchid, appId: appid, orderNo: out_trade_no, tradeType: trade_type, attach = '', total } = placed;
  const amount = { total, currency: 'CNY' };
  return { mchid, appid, out_trade_no, trade_type, trade_state, trade_state_desc, attach, amount };
}

/** Nothing is signed where it is not clear for whom. */
function failed(return_msg: string): XmlAnswer {
  return { xml: buildXml({ return_code: 'FAIL', return_msg }) };
}

function refused(status: number, code: string, message: string): TransferAnswer {
  return { status, body: { code, message } };
}
