// Stocks (批次) and coupons (代金券) as WeChat Pay's books have them: who made what, who has what, what became of it.
import { createHash } from 'node:crypto';
import { beijingText, dayOf, instant } from '../../core/base/time.ts';
import type { Coupon, Stock } from '../shared/protocol.ts';
import { rfc3339 } from './bill.ts';

/** The latest that the state shows. */
const SHOWN_MAX = 200;

/** All of them, as the world's journal tells them. */
export class CouponBook {
  readonly #write: (entry: { readonly stock: Stock } | { readonly coupon: Coupon }) => void;
  readonly #stocks = new Map<string, Stock>();
  readonly #coupons = new Map<string, Coupon>();
  /** By the sender and its number: the same call is the same coupon. */
  readonly #numbers = new Map<string, string>();

  constructor(write: (entry: { readonly stock: Stock } | { readonly coupon: Coupon }) => void) {
    this.#write = write;
  }

  apply(entry: { readonly stock: Stock } | { readonly coupon: Coupon }): void {
    if ('stock' in entry) this.#stocks.set(entry.stock.stockId, entry.stock);
    else {
      const { couponId, mchId, number } = entry.coupon;
      this.#coupons.set(couponId, entry.coupon);
      this.#numbers.set(`${mchId}/${number}`, couponId);
    }
  }

  putStock(stock: Stock): Stock {
    this.#write({ stock });
    return stock;
  }

  put(coupon: Coupon): Coupon {
    this.#write({ coupon });
    return coupon;
  }

  stock(stockId: string): Stock | undefined {
    return this.#stocks.get(stockId);
  }

  coupon(couponId: string): Coupon | undefined {
    return this.#coupons.get(couponId);
  }

  byNumber(mchId: string, number: string): Coupon | undefined {
    return this.coupon(this.#numbers.get(`${mchId}/${number}`) ?? '');
  }

  all(): readonly Coupon[] {
    return [...this.#coupons.values()];
  }

  stocks(): readonly Stock[] {
    return [...this.#stocks.values()];
  }

  latest(): readonly Coupon[] {
    return this.all().slice(-SHOWN_MAX);
  }

  nextId(): string {
    return `8${String(this.#coupons.size + 1).padStart(12, '0')}`;
  }
}

/** What time has made of it. */
export function couponNow(coupon: Coupon, now: number): Coupon {
  return coupon.status === 'SENDED' && now >= coupon.endAt ? { ...coupon, status: 'EXPIRED' } : coupon;
}

/** A refusal, as its row of the error table. */
type CouponRefusal = { readonly status: number; readonly code: string; readonly message: string };

const no = (status: number, code: string, message: string): CouponRefusal => ({ status, code, message });

/** Why this stock gives this person none now. */
export function refusalOf(
  stock: Stock,
  openid: string,
  { coupons, mchId, now }: { readonly coupons: readonly Coupon[]; readonly mchId: string; readonly now: number },
): CouponRefusal | undefined {
  if (stock.status !== 'running') return no(400, 'PARAM_ERROR', '非法的批次状态');
  if (now < stock.beginAt || now >= stock.endAt) return no(403, 'REQUEST_BLOCKED', '活动未开始或已结束');
  if (stock.creator !== mchId && !stock.senders?.includes(mchId))
    return no(403, 'REQUEST_BLOCKED', '调用商户无权发放该批次');
  if (stock.abnormal?.includes(openid)) return no(403, 'USER_ACCOUNT_ABNORMAL', '用户非法');
  const given = coupons.filter(each => each.stockId === stock.stockId);
  const same = stock.persons?.find(group => group.includes(openid)) ?? [openid];
  const sum = (list: readonly Coupon[]): number => list.reduce((total, { amount }) => total + amount, 0);
  if (stock.perUser !== undefined && given.filter(each => same.includes(each.openid)).length >= stock.perUser)
    return no(403, 'RULE_LIMIT', '用户领取数量已达批次限制');
  const isToday = (each: Coupon): boolean => dayOf(instant(each.createdAt)) === dayOf(instant(now));
  if (stock.maxAmountByDay !== undefined && sum(given.filter(isToday)) + stock.amount > stock.maxAmountByDay)
    return no(403, 'RULE_LIMIT', '超出批次单天限额');
  if (given.length >= stock.maxCoupons) return no(403, 'NOT_ENOUGH', '批次预算不足');
  const month = beijingText(instant(now)).slice(0, 7);
  const mine = coupons.filter(
    each => each.mchId === mchId && each.openid === openid && beijingText(instant(each.createdAt)).startsWith(month),
  );
  return sum(mine) + stock.amount > MONTH_MAX ? no(400, 'INVALID_REQUEST', '暂时无法领取') : undefined;
}

/** 5,000 yuan in a calendar month from one merchant. */
const MONTH_MAX = 500_000;

/** What the query of a coupon answers, and its callback carries. */
export function couponReply(coupon: Coupon, stock: Stock): Record<string, unknown> {
  const { couponId, stockId, status, amount, createdAt, beginAt, endAt, number } = coupon;
  return {
    stock_creator_mchid: stock.creator,
    stock_id: stockId,
    coupon_id: couponId,
    coupon_name: stock.name,
    status,
    description: '',
    create_time: rfc3339(createdAt),
    coupon_type: 'NORMAL',
    no_cash: stock.noCash ?? false,
    available_begin_time: rfc3339(beginAt),
    available_end_time: rfc3339(endAt),
    singleitem: false,
    normal_coupon_information: { coupon_amount: amount, transaction_minimum: stock.minimum },
    out_request_no: number,
  };
}

export function usedResource(coupon: Coupon, stock: Stock): Record<string, unknown> {
  const { out_request_no: _, ...told } = couponReply(coupon, stock);
  const transaction = createHash('sha256').update(coupon.couponId).digest('hex').replace(/\D/g, '').padEnd(18, '0');
  return {
    ...told,
    singleitem_discount_off: { single_price_max: 0 },
    discount_to: { cut_to_price: 0, max_price: 0 },
    consume_information: {
      consume_time: rfc3339(coupon.usedAt ?? coupon.createdAt),
      consume_mchid: coupon.mchId,
      transaction_id: `4200000000${transaction.slice(0, 18)}`,
      consume_amount: coupon.amount,
    },
  };
}
