// Orders that merchants place (统一下单), close and refund by the API: what is done, whatever the API's version; how it is answered
// stands in `orders-v2.ts` and `orders-v3.ts`.
import { createHash } from 'node:crypto';
import type { PlacedOrder, ShopOrder, ShopRefund } from '../shared/protocol.ts';
import { refundedOf, refundInShop } from '../world/shop.ts';
import type { World } from '../world/world.ts';

/** A "no", as both versions spell it. */
export type No = { readonly code: string; readonly message: string; readonly status: number };
export const no = (status: number, code: string, message: string): No => ({ status, code, message });
export const isNo = (value: object): value is No => 'code' in value && 'status' in value;

export type Placing = Omit<PlacedOrder, 'prepayId' | 'placedAt' | 'closedAt'>;

/** The same number with the same order is the same order. */
export function place(world: World, asked: Placing): PlacedOrder | No {
  const { mchId, orderNo, appId, openid, total } = asked;
  if (!world.merchant(mchId).options.appIds.includes(appId))
    return no(400, 'APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配');
  const account = world.accountBy(each => each.appId === appId);
  if (openid !== undefined && world.findPerson(openid)?.account !== account?.name)
    return no(400, 'PARAM_ERROR', 'openid与appid不匹配');
  if (world.shop.find(mchId, orderNo)) return no(400, 'ORDERPAID', '该订单已支付');
  const known = world.shop.placed(mchId, orderNo);
  if (known?.closedAt !== undefined) return no(400, 'ORDERCLOSED', '该订单已关闭');
  if (known && (known.total !== total || known.openid !== openid))
    return no(403, 'OUT_TRADE_NO_USED', '商户订单号重复');
  if (known) return known;
  const now = world.now();
  const seed = createHash('sha256').update(`${mchId}/${orderNo}/${world.shop.placedCount()}`).digest('hex');
  const placed: PlacedOrder = { ...asked, prepayId: `wx${seed.slice(0, 34)}`, placedAt: now };
  world.shop.place(placed);
  return placed;
}

/** `undefined`: it is closed now. */
export function close(world: World, mchId: string, orderNo: string): No | undefined {
  if (world.shop.find(mchId, orderNo)) return no(400, 'ORDERPAID', '订单已支付,不能发起关单');
  const placed = world.shop.placed(mchId, orderNo);
  if (!placed) return no(404, 'ORDERNOTEXIST', '订单不存在');
  if (placed.closedAt === undefined) world.shop.place({ ...placed, closedAt: world.now() });
  return undefined;
}

type Refunding = {
  readonly orderNo?: string | undefined;
  readonly transactionId?: string | undefined;
  readonly refundNo: string;
  readonly amount: number;
  readonly total: number;
  readonly notifyUrl?: string | undefined;
};
type Refunded = { readonly order: ShopOrder; readonly refund: ShopRefund; readonly isNew: boolean };

/** The same refund number with the same amount is the same refund. */
export function refund(world: World, mchId: string, asked: Refunding): Refunded | No {
  const { orderNo, transactionId, refundNo, amount, total, notifyUrl } = asked;
  const { shop } = world;
  const order =
    transactionId === undefined ? shop.find(mchId, orderNo ?? '') : shop.byTransaction(mchId, transactionId);
  if (!order) return no(404, 'ORDERNOTEXIST', '订单不存在');
  const known = shop.byRefund(mchId, refundNo);
  const before = known?.refunds.find(each => each.refundNo === refundNo);
  if (known && before) {
    const isSame = known.orderNo === order.orderNo && before.amount === amount && order.total === total;
    if (!isSame) return no(400, 'INVALID_REQUEST', '订单金额或退款金额与之前请求不一致,请核实后再试');
    return { order: known, refund: before, isNew: false };
  }
  if (order.total !== total) return no(400, 'INVALID_REQUEST', '订单金额与原订单不一致');
  if (amount > order.total - refundedOf(order)) return no(400, 'INVALID_REQUEST', '申请退款金额超过订单可退金额');
  const after = refundInShop(world, mchId, order.orderNo, amount, {
    refundNo,
    ...(notifyUrl === undefined ? {} : { notifyUrl }),
  });
  return { order: after, refund: after.refunds.at(-1)!, isNew: true };
}

/** By its own number. */
export function findRefund(world: World, mchId: string, refundNo: string): Omit<Refunded, 'isNew'> | undefined {
  const order = world.shop.byRefund(mchId, refundNo);
  const found = order?.refunds.find(each => each.refundNo === refundNo);
  return order && found ? { order, refund: found } : undefined;
}
