// The shop: orders that people paid (商家收款) and what went back of them. What the merchant's own account gains by it is not
// part of the books: red packets are paid from another one (营销账户).
import { createHash } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import { dayOf, instant } from '../../core/base/time.ts';
import type { PayInShop, PlacedOrder, ShopOrder, ShopRefund } from '../shared/protocol.ts';
import { Refused } from '../shared/refusal.ts';
import type { World } from './world.ts';

/** The latest that the state shows. */
const SHOWN_MAX = 200;

const keyOf = (mchId: string, orderNo: string): string => `${mchId}/${orderNo}`;

/** Paid, with what went back of it; or placed only. */
export type ShopEntry = { readonly order: ShopOrder } | { readonly placed: PlacedOrder };

/** All orders there are, as the world's journal tells them. */
export class ShopBook {
  readonly #write: (entry: ShopEntry) => void;
  readonly #world: Pick<World, 'tell'>;
  readonly #orders = new Map<string, ShopOrder>();
  readonly #transactions = new Map<string, string>();
  readonly #placed = new Map<string, PlacedOrder>();
  /** `out_refund_no` → the order. */
  readonly #refunds = new Map<string, string>();

  constructor(write: (entry: ShopEntry) => void, world: Pick<World, 'tell'>) {
    this.#write = write;
    this.#world = world;
  }

  apply(entry: ShopEntry): void {
    if ('placed' in entry) {
      this.#placed.set(keyOf(entry.placed.mchId, entry.placed.orderNo), entry.placed);
      return;
    }
    const { order } = entry;
    this.#orders.set(keyOf(order.mchId, order.orderNo), order);
    this.#transactions.set(order.transactionId, order.orderNo);
    for (const { refundNo } of order.refunds) this.#refunds.set(keyOf(order.mchId, refundNo), order.orderNo);
  }

  put(order: ShopOrder): void {
    this.#write({ order });
    this.#world.tell({ kind: 'shopOrder', order });
  }

  place(placed: PlacedOrder): void {
    this.#write({ placed });
  }

  /** As it was placed (统一下单), whatever became of it. */
  placed(mchId: string, orderNo: string): PlacedOrder | undefined {
    return this.#placed.get(keyOf(mchId, orderNo));
  }

  /** Placed and not paid, oldest first. */
  unpaid(): PlacedOrder[] {
    return [...this.#placed.values()].filter(({ mchId, orderNo }) => !this.find(mchId, orderNo));
  }

  placedCount(): number {
    return this.#placed.size;
  }

  /** Of the order with this `out_refund_no`. */
  byRefund(mchId: string, refundNo: string): ShopOrder | undefined {
    return this.find(mchId, this.#refunds.get(keyOf(mchId, refundNo)) ?? '');
  }

  *ordersOf(mchId: string): Iterable<ShopOrder> {
    for (const order of this.#orders.values()) if (order.mchId === mchId) yield order;
  }

  find(mchId: string, orderNo: string): ShopOrder | undefined {
    return this.#orders.get(keyOf(mchId, orderNo));
  }

  byTransaction(mchId: string, transactionId: string): ShopOrder | undefined {
    return this.find(mchId, this.#transactions.get(transactionId) ?? '');
  }

  count(): number {
    return this.#orders.size;
  }

  latest(): ShopOrder[] {
    return [...this.#orders.values()].slice(-SHOWN_MAX);
  }
}

/** What the payer really paid. */
export const cashOf = ({ total, coupon }: ShopOrder): number => total - coupon;
export const refundedOf = ({ refunds }: ShopOrder): number => refunds.reduce((sum, { amount }) => sum + amount, 0);
/** Coupons take their part of a refund. */
export const cashOfRefund = (order: ShopOrder, { amount }: ShopRefund): number =>
  Math.floor((amount * cashOf(order)) / order.total);

/** `trade_state`: one that is refunded in part is REFUND too. */
export const tradeStateOf = ({ refunds }: ShopOrder): 'SUCCESS' | 'REFUND' =>
  refunds.length > 0 ? 'REFUND' : 'SUCCESS';

type Payable = Pick<ShopOrder, 'total' | 'attach' | 'api' | 'signType' | 'notifyUrl' | 'tradeType'>;

/** The order as it was placed; or, where nobody placed one, as it stands in the question. */
function payable(world: World, mchId: string, openid: string, asked: PayInShop): Payable {
  const placed = asked.orderNo === undefined ? undefined : world.shop.placed(mchId, asked.orderNo);
  if (!placed) {
    const { amount, attach, api = 'v2', signType } = asked;
    if (amount === undefined) throw new BadInput('amount: expected a number, where nobody has placed the order');
    return {
      ...{ total: amount, api },
      ...(attach === undefined ? {} : { attach }),
      ...(signType === undefined ? {} : { signType }),
    };
  }
  if (placed.closedAt !== undefined) throw new Refused(409, `the order ${placed.orderNo} is closed`);
  if (placed.expiresAt !== undefined && placed.expiresAt <= world.now())
    throw new Refused(409, `the order ${placed.orderNo} has expired`);
  if (placed.openid !== undefined && placed.openid !== openid)
    throw new Refused(409, `the order ${placed.orderNo} was placed for ${placed.openid}`);
  if (asked.amount !== undefined && asked.amount !== placed.total)
    throw new BadInput(`amount: the order was placed with ${placed.total}; leave it out`);
  return placed;
}

/** Somebody pays; they need not follow. */
export function payInShop(world: World, openid: string, asked: PayInShop): ShopOrder {
  const person = world.person(openid);
  const { appId } = world.account(person.account).options;
  const mchId = asked.mchId ?? world.merchantOfApp(appId);
  if (mchId === undefined) throw new Refused(409, `no merchant is bound to ${appId}`);
  if (!world.merchant(mchId).options.appIds.includes(appId))
    throw new Refused(409, `merchant ${mchId} is not bound to ${appId}`);
  const placed = payable(world, mchId, openid, asked);
  const { coupon = 0 } = asked;
  const { total, attach, api, signType, notifyUrl, tradeType } = placed;
  if (coupon >= total) throw new BadInput('coupon: expected less than the amount');
  const now = world.now();
  const number = world.shop.count() + 1;
  const day = dayOf(instant(now)).replaceAll('-', '');
  const orderNo = asked.orderNo ?? `SHOP${day}${String(number).padStart(8, '0')}`;
  if (world.shop.find(mchId, orderNo)) throw new Refused(409, `the order ${orderNo} is paid already`);
  const order: ShopOrder = {
    mchId,
    orderNo,
    transactionId: `4200002${mchId.slice(-3).padStart(3, '0')}${day}${String(number).padStart(10, '0')}`,
    appId,
    openid,
    total,
    coupon,
    ...(attach === undefined ? {} : { attach }),
    api,
    ...(signType === undefined ? {} : { signType }),
    ...(notifyUrl === undefined ? {} : { notifyUrl }),
    ...(tradeType === undefined ? {} : { tradeType }),
    paidAt: now,
    refunds: [],
  };
  world.shop.put(order);
  const cash = total - coupon;
  world.say(openid, { from: 'system', kind: 'notice', text: `微信支付 ${yuan(cash)} 已付款` });
  return order;
}

const yuan = (amount: number): string => `¥${(amount / 100).toFixed(2)}`;

/** As a merchant asks for it; absent: as the console does. */
type RefundAsked = { readonly refundNo?: string; readonly notifyUrl?: string };

/** The whole of what is left, or a part of it. */
export function refundInShop(
  world: World,
  mchId: string,
  orderNo: string,
  amount?: number,
  { refundNo, notifyUrl }: RefundAsked = {},
): ShopOrder {
  const order = world.shop.find(mchId, orderNo);
  if (!order) throw new Refused(404, `no order "${orderNo}"`);
  const left = order.total - refundedOf(order);
  const back = amount ?? left;
  if (left === 0 || back > left) throw new Refused(409, `of the order ${orderNo} ${yuan(left)} can be refunded`);
  const number = order.refunds.length + 1;
  const at = world.now();
  const digits = createHash('sha256').update(`${order.transactionId}/${number}`).digest().readUInt32BE(0);
  const refund: ShopRefund = {
    refundId: `5030${order.transactionId.slice(4, 18)}${String(digits).padStart(10, '0')}`,
    refundNo: refundNo ?? `${orderNo}R${number}`,
    amount: back,
    at,
    ...(notifyUrl === undefined ? {} : { notifyUrl }),
  };
  const refunded = { ...order, refunds: [...order.refunds, refund] };
  world.shop.put(refunded);
  world.say(order.openid, { from: 'system', kind: 'notice', text: `退款到账 ${yuan(cashOfRefund(order, refund))}` });
  return refunded;
}
