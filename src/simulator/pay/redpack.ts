// The business of red packets (现金红包), without the network: send, query, open, and what time does. The order of the
// checks is the one of the specification; each is numbered as there.
import { dayOf, instant } from '../../core/base/time.ts';
import { parseXml, type XmlFields } from '../../wechat/xml.ts';
import type { Packet } from '../shared/protocol.ts';
import { type Order, orderKey, refused, splitOf } from '../world/order.ts';
import type { World } from '../world/world.ts';
import { OrderLife } from './order-lifecycle.ts';
import { RateWindow, type Spacing, SpacingBook } from './rate.ts';
import { FaultyPay, type Spoil, systemError } from './redpack-faults.ts';
import { earlyFailure, infoReply, orderFailure, type PayReply, sentReply } from './redpack-reply.ts';
import { knownFields, type PayFields, wrongField, wrongSign, type XmlEndpoint } from './redpack-request.ts';

/** A reply, and how the network may spoil it on its way. */
export type DeskAnswer = { readonly reply: PayReply; readonly spoil?: Spoil; readonly signKey?: string };

const EXPIRED = '该订单已经过期,请更换商户单号';
const DAYS_30 = 30 * 86_400_000;
const HARD_MIN = 30;
const HARD_MAX = 499_900;
/** A group packet as a whole; its mean share is limited as a packet is. */
const GROUP_MAX = 100_000;

export class PayDesk {
  readonly #world: World;
  readonly #faults: FaultyPay;
  readonly #life: OrderLife;
  readonly #rates = new Map<string, RateWindow>();
  readonly #spacing = new SpacingBook();

  constructor(world: World) {
    this.#world = world;
    this.#faults = new FaultyPay(world);
    this.#life = new OrderLife(world);
  }

  /** `certificate`: the merchant number on a client certificate of ours; `undefined` without a good one. */
  answer(endpoint: XmlEndpoint, body: string, certificate: string | undefined): DeskAnswer {
    // 1. certificate
    const noCertificate = earlyFailure('CA_ERROR', '请求未携带证书,或请求携带的证书出错');
    if (certificate === undefined) return { reply: noCertificate };
    // 2. document
    let xml: XmlFields;
    try {
      xml = parseXml(body);
    } catch {
      return { reply: earlyFailure('XML_ERROR', '输入xml参数格式错误') };
    }
    const fields = knownFields(endpoint, xml);
    if (fields.mch_id !== undefined && fields.mch_id !== certificate) return { reply: noCertificate };
    // 3. fields
    const wrong = wrongField(endpoint, fields);
    if (wrong !== undefined) return { reply: earlyFailure('PARAM_ERROR', wrong) };
    const merchant = this.#world.findMerchant(fields.mch_id!);
    if (!merchant) return { reply: earlyFailure('PARAM_ERROR', '参数错误:输入的商户号有误') };
    // 4. sign
    const signed = wrongSign(fields, merchant.options.apiV2Key);
    if (signed !== undefined)
      return { reply: earlyFailure('SIGN_ERROR', '签名错误,请检查后再试', { signed_text: signed }) };
    if (endpoint === 'gethbinfo') return this.#query(fields);
    const answer = this.#send(fields);
    return endpoint === 'sendgroupredpack' ? { ...answer, signKey: merchant.options.apiV2Key } : answer;
  }

  // ── sendredpack, sendgroupredpack ────────────────────────────────────────────────────────────────────────────────────

  #send(fields: PayFields): DeskAnswer {
    const now = this.#world.now();
    this.#spacing.note(fields.mch_id!, fields.mch_billno!, now);
    // 5. and 6., source and grant, fail only by fault; so do calls of which nothing is to be stored.
    const early = this.#faults.beforeSend(fields);
    if (early) return early;
    const refusal = this.#checkAccount(fields) ?? this.#checkAmount(fields);
    if (refusal) return { reply: refusal };
    const reply = this.#place(fields, now);
    const spoil = this.#faults.afterSend(fields, reply.result_code === 'SUCCESS');
    return { reply, ...(spoil ? { spoil } : {}) };
  }

  /** 7. merchant and AppID, 8. follower. */
  #checkAccount(fields: PayFields): PayReply | undefined {
    const { options } = this.#world.merchant(fields.mch_id!);
    const appId = fields.wxappid!;
    if (!options.appIds.includes(appId)) return earlyFailure('PARAM_ERROR', '参数错误:商户号和wxappid不匹配');
    const account = this.#world.accountBy(each => each.appId === appId);
    if (!account) return earlyFailure('ILLEGAL_APPID', '非法appid,请确认是否为公众号的appid,不能为APP的appid');
    const person = this.#world.findPerson(fields.re_openid!);
    if (person?.account !== account.name) return earlyFailure('OPENID_ERROR', 'openid和appid不匹配');
    return undefined;
  }

  /** 9. scene and amount. */
  #checkAmount(fields: PayFields): PayReply | undefined {
    const { limits } = this.#world.merchant(fields.mch_id!);
    const amount = Number(fields.total_amount);
    const hasScene = fields.scene_id !== undefined;
    if (hasScene && !limits.scenes) {
      return earlyFailure('PARAM_ERROR', '参数错误:该场景未开通,请前往商户平台进行场景选择');
    }
    const [min, max] = hasScene ? [HARD_MIN, HARD_MAX] : [limits.min, limits.max];
    const mean = amount / Number(fields.total_num);
    const isGroup = fields.amt_type !== undefined;
    if (isGroup && amount > GROUP_MAX) return earlyFailure('MONEY_LIMIT', `裂变红包总金额不能超过${GROUP_MAX}分`);
    if (mean >= min && mean <= max) return undefined;
    return earlyFailure('MONEY_LIMIT', `发放金额不在限制范围内,每个红包的金额应在${min}分到${max}分之间`);
  }

  /** 10. known number, 11. rate, 12. the order; then it is tried. */
  #place(fields: PayFields, now: number): PayReply {
    const mchId = fields.mch_id!;
    const known = this.#life.current(mchId, fields.mch_billno!);
    const repeated = known && this.#repeat(fields, known);
    if (repeated) return repeated;
    const { limits } = this.#world.merchant(mchId);
    if (!this.#rate(mchId).take(now, limits.perSecond)) {
      this.#world.countFreqLimit(mchId);
      return orderFailure('FREQ_LIMIT', '超过频率限制,请稍后再试', fields);
    }
    const order = this.#dying(fields, known ?? this.#newOrder(fields, now));
    if (order.plan !== undefined) return orderFailure('PROCESSING', '请求已受理,请稍后使用原单号查询发放结果', fields);
    const fault = this.#faults.atOrder(fields, order, now);
    if (fault) {
      this.#world.putOrder(fault.order);
      return fault.reply;
    }
    return this.#try(fields, order, now);
  }

  /** 10. What a number gets that was used before; `undefined`: it may be tried once more. */
  #repeat(fields: PayFields, known: Order): PayReply | undefined {
    if (known.openid !== fields.re_openid) return orderFailure('FATAL_ERROR', 'openid和原始单参数不一致', fields);
    if (known.amount !== Number(fields.total_amount))
      return orderFailure('FATAL_ERROR', '金额和原始单参数不一致', fields);
    const { limits } = this.#world.merchant(known.mchId);
    switch (known.status) {
      case 'SENDING':
        return undefined;
      case 'SENT':
      case 'RECEIVED':
        if (this.#dying(fields, known).isDead) return orderFailure('SEND_FAILED', EXPIRED, fields);
        if (limits.repeat === 'success') return sentReply(fields, known);
        return orderFailure('SEND_FAILED', '该订单已发放,请勿重复发放', fields);
      case 'FAILED':
        return orderFailure('SEND_FAILED', EXPIRED, fields);
      default:
        return orderFailure('SEND_FAILED', '该红包已退款,请更换商户单号', fields);
    }
  }

  /** The fault `expiredButReceived`: the packet goes its way, but its number is said to have expired. */
  #dying(fields: PayFields, order: Order): Order {
    if (order.isDead || order.plan !== undefined || !this.#faults.expires(fields)) return order;
    const dead: Order = { ...order, isDead: true };
    if (order.status !== 'SENDING') this.#world.putOrder(dead);
    return dead;
  }

  #newOrder(fields: PayFields, now: number): Order {
    const isGroup = fields.amt_type !== undefined;
    const amount = Number(fields.total_amount);
    const count = Number(fields.total_num);
    const key = orderKey(fields.mch_id!, fields.mch_billno!);
    const number = String(this.#world.orderCount() + 1).padStart(9, '0');
    return {
      channel: isGroup ? 'group' : 'redpack',
      mchId: fields.mch_id!,
      billNo: fields.mch_billno!,
      listId: `1000041701${dayOf(instant(now)).replaceAll('-', '')}3000${number}`,
      openid: fields.re_openid!,
      amount,
      status: 'SENDING',
      sendName: fields.send_name!,
      wishing: fields.wishing!,
      actName: fields.act_name!,
      createdAt: now,
      appId: fields.wxappid!,
      remark: fields.remark!,
      ...(isGroup ? { totalNum: count, split: splitOf(key, amount, count) } : {}),
    };
  }

  /** 14. to 16., then 17.: the money moves and the packet stands in the chat. */
  #try(fields: PayFields, order: Order, at: number): PayReply {
    const refusal = this.#life.limitOf(order, at);
    if (refusal) {
      this.#world.putOrder(refused(order, refusal.text));
      return orderFailure(refusal.code, refusal.text, fields);
    }
    this.#life.deliver(order, at);
    return order.isDead ? systemError() : sentReply(fields, order);
  }

  // ── gethbinfo ──────────────────────────────────────────────────────────────────────────────────────────

  #query(fields: PayFields): DeskAnswer {
    const mchId = fields.mch_id!;
    if (!this.#world.merchant(mchId).options.appIds.includes(fields.appid!)) {
      return { reply: earlyFailure('PARAM_ERROR', '参数错误:商户号和appid不匹配') };
    }
    const order = this.#life.current(mchId, fields.mch_billno!);
    const early = this.#faults.beforeQuery(fields, order?.openid ?? '');
    if (early) return early;
    const spoil = this.#faults.afterQuery(order?.openid ?? '');
    const isKnown = order !== undefined && order.createdAt > this.#world.now() - DAYS_30;
    const reply = isKnown ? infoReply(order) : orderFailureOfQuery('NOT_FOUND', '指定单号数据不存在');
    return { reply, ...(spoil ? { spoil } : {}) };
  }

  // ── People and time ────────────────────────────────────────────────────────────────────────────────────

  /** A red packet is opened, a share of a group packet taken, a transfer confirmed. */
  open(mchId: string, billNo: string, openid: string): Packet {
    return this.#life.open(mchId, billNo, openid);
  }

  /** Lets time do what is due to every unfinished order, transfers too. */
  tick(): void {
    this.#life.tick();
  }

  // ── For tests and the bench ────────────────────────────────────────────────────────────────────────────

  spacing(mchId: string): Spacing {
    return this.#spacing.of(mchId);
  }

  #rate(mchId: string): RateWindow {
    const rate = this.#rates.get(mchId) ?? new RateWindow();
    this.#rates.set(mchId, rate);
    return rate;
  }
}

/** gethbinfo's failures have no order fields to echo. */
function orderFailureOfQuery(code: string, text: string): PayReply {
  return { ...earlyFailure(code, text), return_code: 'SUCCESS' };
}
