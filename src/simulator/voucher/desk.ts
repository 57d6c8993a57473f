// The business of vouchers (代金券), without the network and its signatures: send, query, list, and where their use is told.

import type { TransferAnswer } from '../pay/transfer-faults.ts';
import { FaultyTransfers } from '../pay/transfer-faults.ts';
import type { TransferCall } from '../pay/transfer-request.ts';
import { type Failure, failure } from '../pay/transfer-request.ts';
import { type Json, jsonIn } from '../shared/json.ts';
import type { Coupon } from '../shared/protocol.ts';
import { Refused } from '../shared/refusal.ts';
import { couponNow, couponReply, refusalOf } from '../world/coupon.ts';
import type { World } from '../world/world.ts';

const FAVOR = '/v3/marketing/favor';
const NUMBER = /^[0-9A-Za-z|_*-]{1,128}$/;
const SEND_KEYS = new Set(['stock_id', 'out_request_no', 'appid', 'stock_creator_mchid']);
/** As if that one had all they may have, though they have not: two at a time are one too many. */
const AT_ONCE = failure(403, 'RULE_LIMIT', '用户领取数量已达批次限制');
const LISTED: ReadonlySet<string> = new Set(['SENDED', 'USED']);

const isFailure = (value: object): value is Failure => 'code' in value;

export class VoucherDesk {
  readonly #world: World;
  readonly #faults: FaultyTransfers;
  /** Where the use of a coupon is told, by merchant. */
  readonly #callbacks = new Map<string, string>();
  /** Who is being served, and under which number. */
  readonly #inWork = new Map<string, string>();
  readonly #used: (coupon: Coupon, url: string | undefined) => void;

  /** `used`: told of a coupon that was used, and where its merchant wants to hear of it. */
  constructor(world: World, used: (coupon: Coupon, url: string | undefined) => void = () => undefined) {
    this.#world = world;
    this.#faults = new FaultyTransfers(world);
    this.#used = used;
  }

  /** `undefined`: the call is about something else. */
  answer({ method, path, body }: TransferCall, mchId: string): TransferAnswer | undefined {
    if (!path.startsWith(`${FAVOR}/`)) return undefined;
    const url = new URL(path, 'http://simulator');
    const [what, openid = '', coupons, couponId, ...more] = url.pathname.slice(FAVOR.length + 1).split('/');
    if (what === 'callbacks' && method === 'POST' && openid === '') return this.#setCallback(body, mchId);
    if (what === 'stocks' && method === 'GET' && openid !== '' && coupons === undefined)
      return this.#stock(openid, url.searchParams.get('stock_creator_mchid'));
    const isTheirs = what === 'users' && coupons === 'coupons' && more.length === 0;
    if (isTheirs && method === 'POST' && couponId === undefined) return this.#send(openid, body, mchId);
    if (isTheirs && method === 'GET') return this.#ask(openid, couponId, url.searchParams, mchId);
    return undefined;
  }

  #send(openid: string, body: string, mchId: string): TransferAnswer {
    const asked = read(body);
    if (isFailure(asked)) return told(asked);
    const early = this.#faults.before('voucher', mchId, openid);
    if (early) return isFailure(early) ? told(early) : { status: 502, body: {}, ...early };
    const wrong = this.#checkPayee(String(asked.appid), openid, mchId);
    if (wrong) return told(wrong);
    const number = String(asked.out_request_no);
    const other = this.#inWork.get(openid);
    if (other !== undefined && other !== number) return told(AT_ONCE);
    const coupon = this.#place(asked, openid, mchId);
    if (isFailure(coupon)) return told(coupon);
    const spoil = this.#faults.after('voucher', openid);
    this.#inWork.set(openid, number);
    const over = (): void => void this.#inWork.delete(openid);
    return { status: 200, body: { coupon_id: coupon.couponId }, ...(spoil ? { spoil } : {}), over };
  }

  #checkPayee(appId: string, openid: string, mchId: string): Failure | undefined {
    const account = this.#world.accountBy(each => each.appId === appId);
    if (!account || !this.#world.merchant(mchId).options.appIds.includes(appId))
      return failure(400, 'APPID_MCHID_NOT_MATCH', '商户号与AppID不匹配');
    return this.#world.findPerson(openid)?.account === account.name
      ? undefined
      : failure(400, 'INVALID_REQUEST', 'openid与appid不匹配');
  }

  #place(asked: Json, openid: string, mchId: string): Coupon | Failure {
    const book = this.#world.coupons;
    const [stockId, number, creator] = [asked.stock_id, asked.out_request_no, asked.stock_creator_mchid].map(String);
    const known = book.byNumber(mchId, number!);
    if (known && (known.openid !== openid || known.stockId !== stockId))
      return failure(400, 'RESOURCE_ALREADY_EXISTS', '商户单号已存在但信息不一致');
    if (known) return known;
    const stock = book.stock(stockId!);
    if (!stock || stock.creator !== creator) return failure(404, 'RESOURCE_NOT_EXISTS', '批次不存在');
    const now = this.#world.now();
    const refusal = refusalOf(stock, openid, { coupons: book.all(), mchId, now });
    if (refusal) return refusal;
    const endAt = stock.validMs === undefined ? stock.endAt : Math.min(stock.endAt, now + stock.validMs);
    return book.put({
      ...{ couponId: book.nextId(), stockId: stock.stockId, mchId, number: number!, openid, amount: stock.amount },
      ...{ status: 'SENDED', createdAt: now, beginAt: now, endAt },
    });
  }

  #ask(openid: string, couponId: string | undefined, query: URLSearchParams, mchId: string): TransferAnswer {
    const early = this.#faults.before('voucherQuery', mchId, openid);
    if (early) return isFailure(early) ? told(early) : { status: 502, body: {}, ...early };
    const spoil = this.#faults.after('voucherQuery', openid);
    const answer = couponId === undefined ? this.#list(openid, query) : this.#query(openid, couponId);
    return { ...answer, ...(spoil ? { spoil } : {}) };
  }

  #query(openid: string, couponId: string): TransferAnswer {
    const coupon = this.coupon(couponId);
    if (coupon?.openid !== openid) return told(failure(404, 'RESOURCE_NOT_EXISTS', '券不存在'));
    return { status: 200, body: this.#reply(coupon) };
  }

  #list(openid: string, query: URLSearchParams): TransferAnswer {
    const whose = ['creator_mchid', 'sender_mchid', 'available_mchid'].filter(key => query.has(key));
    if (whose.length !== 1) return told(failure(400, 'PARAM_ERROR', '参数错误,请核对文档要求'));
    // With this one everything else is ignored.
    const asked = query.has('available_mchid') ? new URLSearchParams() : query;
    const [offsetText, limitText, status] = [
      asked.get('offset') ?? '0',
      asked.get('limit') ?? '20',
      asked.get('status'),
    ];
    if (!/^\d{1,9}$/.test(offsetText) || !/^\d{1,9}$/.test(limitText) || (status !== null && !LISTED.has(status)))
      return told(failure(400, 'PARAM_ERROR', '参数错误,请核对文档要求'));
    const [offset, limit] = [Number(offsetText), Number(limitText)];
    const isAsked = (key: string, value: string | undefined): boolean => !asked.has(key) || asked.get(key) === value;
    const all = this.#world.coupons
      .all()
      .map(each => couponNow(each, this.#world.now()))
      .filter(
        each =>
          each.openid === openid &&
          LISTED.has(each.status) &&
          isAsked('creator_mchid', this.#world.coupons.stock(each.stockId)?.creator) &&
          isAsked('sender_mchid', each.mchId) &&
          isAsked('stock_id', each.stockId) &&
          isAsked('status', each.status),
      );
    const data = all.slice(offset, offset + limit).map(each => this.#reply(each));
    return { status: 200, body: { total_count: all.length, offset, limit, data } };
  }

  #stock(stockId: string, creatorAsked: string | null): TransferAnswer {
    if (!creatorAsked) return told(failure(400, 'PARAM_ERROR', '参数错误,请核对文档要求'));
    const stock = this.#world.coupons.stock(stockId);
    if (stock?.creator !== creatorAsked) return told(failure(404, 'RESOURCE_NOT_EXISTS', '批次不存在'));
    const given = this.#world.coupons.all().filter(each => each.stockId === stockId).length;
    const { creator, name, status, maxCoupons, maxAmountByDay, amount, minimum, perUser, beginAt, endAt } = stock;
    return {
      status: 200,
      body: {
        ...{ stock_id: stockId, stock_creator_mchid: creator, stock_name: name, status },
        ...{ available_begin_time: new Date(beginAt).toISOString(), available_end_time: new Date(endAt).toISOString() },
        distributed_coupons: given,
        stock_type: 'NORMAL',
        stock_use_rule: {
          ...{ max_coupons: maxCoupons, max_amount: maxCoupons * amount, max_coupons_per_user: perUser ?? 60 },
          ...(maxAmountByDay !== undefined && { max_amount_by_day: maxAmountByDay }),
          fixed_normal_coupon: { coupon_amount: amount, transaction_minimum: minimum },
        },
      },
    };
  }

  #reply(coupon: Coupon): Record<string, unknown> {
    return couponReply(coupon, this.#world.coupons.stock(coupon.stockId)!);
  }

  #setCallback(body: string, mchId: string): TransferAnswer {
    const asked = jsonIn(body);
    const url = String(asked?.notify_url ?? '');
    if (!URL.canParse(url) || url.includes('?')) return told(failure(400, 'PARAM_ERROR', 'notify_url不正确'));
    if (asked?.switch === false) this.#callbacks.delete(mchId);
    else this.#callbacks.set(mchId, url);
    return { status: 200, body: { notify_url: url, update_time: new Date(this.#world.now()).toISOString() } };
  }

  // ── What people and time do ────────────────────────────────────────────────────────────────────────────

  coupon(couponId: string): Coupon | undefined {
    const coupon = this.#world.coupons.coupon(couponId);
    return coupon && couponNow(coupon, this.#world.now());
  }

  /** `USED`: at a payment. `RECOVER`: WeChat Pay takes it back. `EXPIRED`: before its time. */
  end(couponId: string, status: 'USED' | 'EXPIRED' | 'RECOVER'): Coupon {
    const coupon = this.coupon(couponId);
    if (!coupon) throw new Refused(404, `no coupon "${couponId}"`);
    if (coupon.status !== 'SENDED') throw new Refused(409, `the coupon is ${coupon.status}`);
    const now = this.#world.now();
    const ended = { ...coupon, status, ...(status === 'USED' ? { usedAt: now } : {}) };
    this.#world.coupons.put(ended);
    if (status === 'USED') this.#used(ended, this.#callbacks.get(coupon.mchId));
    return ended;
  }
}

function read(body: string): Json | Failure {
  const json = jsonIn(body);
  if (!json) return failure(400, 'PARAM_ERROR', '请求体不是合法的JSON');
  const isUnknown = Object.keys(json).some(key => !SEND_KEYS.has(key));
  const isWhole = [...SEND_KEYS].every(key => typeof json[key] === 'string' && json[key] !== '');
  if (isUnknown || !isWhole || !NUMBER.test(String(json.out_request_no)))
    return failure(400, 'PARAM_ERROR', '参数错误,请核对文档要求');
  return json;
}

function told({ status, code, message }: Failure): TransferAnswer {
  return { status, body: { code, message } };
}
