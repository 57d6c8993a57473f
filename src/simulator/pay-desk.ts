// The business of red packets (现金红包), without the network: send, query, open, and what time does. The order of the
// checks is the one of the specification; each is numbered as there.
import { dayOf, instant } from '../core/time.ts';
import { parseXml, type XmlFields } from '../wechat/xml.ts';
import type { PayEndpoint } from './faults.ts';
import { failed, nextOf, type Order, packetOf, received, refunded, refunding, refused, sent } from './order.ts';
import { FaultyPay, type Spoil } from './pay-faults.ts';
import { RateWindow, type Spacing, SpacingBook } from './pay-rate.ts';
import { earlyFailure, infoReply, orderFailure, type PayReply, sentReply } from './pay-reply.ts';
import { knownFields, type PayFields, wrongField, wrongSign } from './pay-request.ts';
import type { Packet } from './protocol.ts';
import { Refused } from './refused.ts';
import type { NewLine, World } from './world.ts';

/** A reply, and how the network may spoil it on its way. */
export type DeskAnswer = { readonly reply: PayReply; readonly spoil?: Spoil };

const DAYS_30 = 30 * 86_400_000;
const HARD_MIN = 30;
const HARD_MAX = 499_900;

export class PayDesk {
  readonly #world: World;
  readonly #faults: FaultyPay;
  readonly #rates = new Map<string, RateWindow>();
  readonly #spacing = new SpacingBook();

  constructor(world: World) {
    this.#world = world;
    this.#faults = new FaultyPay(world);
  }

  /** `certificate`: the merchant number on a client certificate of ours; `undefined` without a good one. */
  answer(endpoint: PayEndpoint, body: string, certificate: string | undefined): DeskAnswer {
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
    return endpoint === 'sendredpack' ? this.#send(fields) : this.#query(fields);
  }

  // ── sendredpack ────────────────────────────────────────────────────────────────────────────────────────

  #send(fields: PayFields): DeskAnswer {
    const now = this.#world.now();
    this.#spacing.note(fields.mch_id!, fields.mch_billno!, now);
    // 5. and 6., source and grant, fail only by fault; so do calls of which nothing is to be stored.
    const early = this.#faults.beforeSend(fields);
    if (early) return early;
    const refusal = this.#checkAccount(fields) ?? this.#checkAmount(fields);
    if (refusal) return { reply: refusal };
    const spoil = this.#faults.afterSend(fields);
    return { reply: this.#place(fields, now), ...(spoil ? { spoil } : {}) };
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
    if (amount >= min && amount <= max) return undefined;
    return earlyFailure('MONEY_LIMIT', `发放金额不在限制范围内,每个红包的金额应在${min}分到${max}分之间`);
  }

  /** 10. known number, 11. rate, 12. the order; then it is tried. */
  #place(fields: PayFields, now: number): PayReply {
    const mchId = fields.mch_id!;
    const known = this.#current(mchId, fields.mch_billno!);
    const repeated = known && this.#repeat(fields, known);
    if (repeated) return repeated;
    const { limits } = this.#world.merchant(mchId);
    if (!this.#rate(mchId).take(now, limits.perSecond)) {
      this.#world.countFreqLimit(mchId);
      return orderFailure('FREQ_LIMIT', '超过频率限制,请稍后再试', fields);
    }
    const order = known ?? this.#newOrder(fields, now);
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
        if (limits.repeat === 'success') return sentReply(fields, known);
        return orderFailure('SEND_FAILED', '该订单已发放,请勿重复发放', fields);
      case 'FAILED':
        return orderFailure('SEND_FAILED', '该订单已经过期,请更换商户单号', fields);
      default:
        return orderFailure('SEND_FAILED', '该红包已退款,请更换商户单号', fields);
    }
  }

  #newOrder(fields: PayFields, now: number): Order {
    const number = String(this.#world.orderCount() + 1).padStart(9, '0');
    return {
      mchId: fields.mch_id!,
      billNo: fields.mch_billno!,
      listId: `1000041701${dayOf(instant(now)).replaceAll('-', '')}3000${number}`,
      openid: fields.re_openid!,
      amount: Number(fields.total_amount),
      status: 'SENDING',
      sendName: fields.send_name!,
      wishing: fields.wishing!,
      actName: fields.act_name!,
      createdAt: now,
      appId: fields.wxappid!,
      remark: fields.remark!,
    };
  }

  /** 14. to 16., then 17.: the money moves and the packet stands in the chat. */
  #try(fields: PayFields, order: Order, at: number): PayReply {
    const refusal = this.#limitOf(order, at);
    if (refusal) {
      this.#world.putOrder(refused(order, refusal.text));
      return orderFailure(refusal.code, refusal.text, fields);
    }
    this.#deliver(order, at);
    return sentReply(fields, order);
  }

  #limitOf(order: Order, at: number): { code: string; text: string } | undefined {
    const { limits, books } = this.#world.merchant(order.mchId);
    const person = this.#world.tally(at, order.mchId, order.openid);
    if (person.count >= limits.perUserPerDay) return { code: 'SENDNUM_LIMIT', text: '该用户今日领取红包个数超过限制' };
    if (person.amount + order.amount > limits.amountPerUserPerDay) {
      return { code: 'RCVDAMOUNT_LIMIT', text: '该用户今日领取金额超过限制' };
    }
    if (this.#world.tally(at, order.mchId).amount + order.amount > limits.amountPerDay) {
      return { code: 'SENDAMOUNT_LIMIT', text: '您的商户号今日发放金额超过限制' };
    }
    if (books.balance < order.amount) return { code: 'NOTENOUGH', text: '帐号余额不足,请到商户平台充值后再重试' };
    return undefined;
  }

  #deliver(order: Order, at: number): void {
    const card: NewLine = { from: 'account', kind: 'packet', mchId: order.mchId, billNo: order.billNo };
    this.#world.putOrder(sent(order, at), -order.amount, card);
  }

  // ── gethbinfo ──────────────────────────────────────────────────────────────────────────────────────────

  #query(fields: PayFields): DeskAnswer {
    const mchId = fields.mch_id!;
    if (!this.#world.merchant(mchId).options.appIds.includes(fields.appid!)) {
      return { reply: earlyFailure('PARAM_ERROR', '参数错误:商户号和appid不匹配') };
    }
    const order = this.#current(mchId, fields.mch_billno!);
    const early = this.#faults.beforeQuery(fields, order?.openid ?? '');
    if (early) return early;
    const spoil = this.#faults.afterQuery(order?.openid ?? '');
    const isKnown = order !== undefined && order.createdAt > this.#world.now() - DAYS_30;
    const reply = isKnown ? infoReply(order) : orderFailureOfQuery('NOT_FOUND', '指定单号数据不存在');
    return { reply, ...(spoil ? { spoil } : {}) };
  }

  // ── People and time ────────────────────────────────────────────────────────────────────────────────────

  open(mchId: string, billNo: string, openid: string): Packet {
    const order = this.#current(mchId, billNo);
    if (!order) throw new Refused(404, `no packet ${mchId}/${billNo}`);
    if (order.openid !== openid) throw new Refused(409, "the packet is somebody else's");
    if (order.status !== 'SENT') throw new Refused(409, `the packet cannot be opened: ${order.status}`);
    const opened = received(order, this.#world.now());
    this.#world.putOrder(opened);
    return packetOf(opened);
  }

  /** Lets time do what is due to every unfinished order. */
  tick(): void {
    for (const order of this.#world.ordersDue()) this.#settle(order);
  }

  /** The order as it is now. */
  #current(mchId: string, billNo: string): Order | undefined {
    const order = this.#world.order(mchId, billNo);
    if (order) this.#settle(order);
    return this.#world.order(mchId, billNo);
  }

  /** One step after the other, each at the instant it was due, however late we look. */
  #settle(found: Order): void {
    const { limits } = this.#world.merchant(found.mchId);
    let order = found;
    for (;;) {
      const due = nextOf(order, limits);
      if (!due || due.at > this.#world.now()) return;
      if (due.what === 'fail') this.#world.putOrder(failed(order));
      if (due.what === 'refunding') this.#world.putOrder(refunding(order));
      if (due.what === 'refunded') this.#world.putOrder(refunded(order, due.at), order.amount);
      if (due.what === 'send') {
        const refusal = this.#limitOf(order, due.at);
        if (refusal) this.#world.putOrder(refused(order, refusal.text));
        else this.#deliver(order, due.at);
      }
      order = this.#world.order(order.mchId, order.billNo)!;
    }
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
export function orderFailureOfQuery(code: string, text: string): PayReply {
  return { ...earlyFailure(code, text), return_code: 'SUCCESS' };
}
