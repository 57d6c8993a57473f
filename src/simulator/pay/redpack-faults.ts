// WeChat Pay's bad days: where in the business each fault strikes, and what is true behind it.
//
//   nothing is seen      http tlsRefused: what stands before WeChat Pay answers (`server.ts`), to questions as well
//   nothing is stored    errorNothingStored html502 noAuthIp noAuthProduct freqLimit, and codes found before an order
//   the order stays      noAuthUser notEnough, and codes found at an order: SENDING with the reason; the number lives on
//   the order goes on    processing processingThenFailed unknownCode: nobody knows yet, `afterMs` decides
//   the packet is sent   lostReply errorAfterSent truncated slow extraElements: only the answer is spoilt;
//                        expiredButReceived: SYSTEMERROR, then SEND_FAILED (过期) to whoever sends the number again

import type { PayFault } from '../shared/protocol.ts';
import type { PayEndpoint } from '../world/faults.ts';
import { failed, type Order, refused } from '../world/order.ts';
import type { World } from '../world/world.ts';
import { earlyFailure, orderFailure, type PayReply } from './redpack-reply.ts';
import type { PayFields } from './redpack-request.ts';

/** What happens to an answer on its way. `slow` and the others do not add up: one fault, one call. */
export type Spoil =
  | { readonly kind: 'cut' }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'html502' }
  | { readonly kind: 'strange' }
  | { readonly kind: 'systemError' }
  | { readonly kind: 'slow'; readonly delayMs: number };

type Kind = PayFault['kind'];

export const BEFORE: ReadonlySet<Kind> = new Set([
  'errorNothingStored',
  'html502',
  'noAuthIp',
  'noAuthProduct',
  'freqLimit',
  'code',
]);
export const AT_ORDER: ReadonlySet<Kind> = new Set([
  'noAuthUser',
  'notEnough',
  'processing',
  'processingThenFailed',
  'unknownCode',
  'code',
]);
export const AFTER: ReadonlySet<Kind> = new Set(['lostReply', 'errorAfterSent', 'truncated', 'slow', 'extraElements']);
/** Codes that WeChat Pay finds while it processes an order; all others leave none behind. */
const ORDER_CODES = new Set([
  'NO_AUTH',
  'NOTENOUGH',
  'SENDNUM_LIMIT',
  'RCVDAMOUNT_LIMIT',
  'SENDAMOUNT_LIMIT',
  'PROCESSING',
  'SEND_FAILED',
]);

const MINUTES_20 = 20 * 60_000;
const SECONDS_30 = 30_000;

type CodeAndText = readonly [code: string, text: string];

const TEXTS: Partial<Record<Kind, CodeAndText>> = {
  noAuthUser: ['NO_AUTH', '发放失败,此请求可能存在风险,已被微信拦截'],
  noAuthIp: ['NO_AUTH', '该IP地址非你在商户平台设置的可用IP地址'],
  noAuthProduct: ['NO_AUTH', '产品权限验证失败,请查看您当前是否具有该产品的权限'],
  notEnough: ['NOTENOUGH', '帐号余额不足,请到商户平台充值后再重试'],
  freqLimit: ['FREQ_LIMIT', '超过频率限制,请稍后再试'],
  unknownCode: ['HB_ROUTE_MOVED', '业务繁忙,请稍后再试'],
};
const PROCESSING: CodeAndText = ['PROCESSING', '请求已受理,请稍后使用原单号查询发放结果'];

/** The code and text a fault is told with. */
function wordsOf(fault: PayFault): CodeAndText {
  const code = fault.code ?? 'SYSTEMERROR';
  return fault.kind === 'code' ? [code, fault.text ?? `模拟的错误 ${code}`] : (TEXTS[fault.kind] ?? PROCESSING);
}

export const systemError = (): PayReply => earlyFailure('SYSTEMERROR', '请求已受理,系统无明确返回,请使用原单号重试');

const atOrder = (fault: PayFault): boolean => fault.kind === 'code' && ORDER_CODES.has(fault.code ?? '');

export class FaultyPay {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Before the order is looked at: nothing is stored, nothing changes. */
  beforeSend(fields: PayFields): { readonly reply: PayReply; readonly spoil?: Spoil } | undefined {
    const openid = fields.re_openid!;
    const is = (each: PayFault): boolean => BEFORE.has(each.kind) && !atOrder(each);
    const fault = this.#world.faults.takePay(callOf(fields), openid, is, textsOf(fields));
    switch (fault?.kind) {
      case 'errorNothingStored':
        return { reply: systemError() };
      case 'html502':
        return { reply: {}, spoil: { kind: 'html502' } };
      case 'noAuthIp':
      case 'noAuthProduct':
        return { reply: orderFailure(...wordsOf(fault), fields) };
      case 'freqLimit':
        this.#world.countFreqLimit(fields.mch_id!);
        return { reply: orderFailure(...wordsOf(fault), fields) };
      case 'code':
        return { reply: earlyFailure(...wordsOf(fault)) };
      default:
        return undefined;
    }
  }

  /** At an order that waits to be sent: what becomes of it, and what is answered. */
  atOrder(
    fields: PayFields,
    order: Order,
    now: number,
  ): { readonly order: Order; readonly reply: PayReply } | undefined {
    const is = (each: PayFault): boolean => (each.kind === 'code' ? atOrder(each) : AT_ORDER.has(each.kind));
    const fault = this.#world.faults.takePay(callOf(fields), order.openid, is, textsOf(fields));
    if (!fault) return undefined;
    const at = now + (fault.afterMs ?? MINUTES_20);
    const later = (to: 'SENT' | 'FAILED'): Order => {
      const { reason: _reason, ...rest } = order;
      return { ...rest, ...(to === 'FAILED' && fault.text !== undefined && { reason: fault.text }), plan: { at, to } };
    };
    const [code, text] = wordsOf(fault);
    const reply = orderFailure(code, text, fields);
    if (fault.kind === 'processingThenFailed') return { order: later('FAILED'), reply };
    if (fault.kind === 'unknownCode' || code === 'PROCESSING') return { order: later('SENT'), reply };
    if (code === 'SEND_FAILED') return { order: failed(refused(order, text)), reply };
    return { order: refused(order, text), reply };
  }

  /** After the business is done: how the answer is spoilt. An error hides what was sent; it waits until something was. */
  afterSend(fields: PayFields, isSent: boolean): Spoil | undefined {
    const is = (each: PayFault): boolean => AFTER.has(each.kind) && (isSent || each.kind !== 'errorAfterSent');
    return spoilOf(this.#world.faults.takePay(callOf(fields), fields.re_openid!, is, textsOf(fields)));
  }

  /** Whether this number is from now on said to have expired. */
  expires(fields: PayFields): boolean {
    const is = (fault: PayFault): boolean => fault.kind === 'expiredButReceived';
    return this.#world.faults.takePay(callOf(fields), fields.re_openid!, is, textsOf(fields)) !== undefined;
  }

  beforeQuery(fields: PayFields, openid: string): { readonly reply: PayReply; readonly spoil?: Spoil } | undefined {
    const is = (each: PayFault): boolean => !AFTER.has(each.kind) && each.kind !== 'expiredButReceived';
    const fault = this.#world.faults.takePay('gethbinfo', openid, is);
    if (!fault) return undefined;
    if (fault.kind === 'html502') return { reply: {}, spoil: { kind: 'html502' } };
    if (fault.kind === 'errorNothingStored') return { reply: systemError() };
    if (fault.kind === 'freqLimit') this.#world.countFreqLimit(fields.mch_id!);
    const [code, text] = wordsOf(fault);
    return { reply: { ...earlyFailure(code, text), return_code: 'SUCCESS' } };
  }

  afterQuery(openid: string): Spoil | undefined {
    return spoilOf(this.#world.faults.takePay('gethbinfo', openid, each => AFTER.has(each.kind)));
  }
}

/** What a follower reads of it, and what WeChat Pay may mask. */
function textsOf({ send_name, act_name, wishing, remark }: PayFields): string {
  return [send_name, act_name, wishing, remark].join('\n');
}

function callOf(fields: PayFields): PayEndpoint {
  return fields.amt_type === undefined ? 'sendredpack' : 'sendgroupredpack';
}

export function spoilOf(fault: PayFault | undefined): Spoil | undefined {
  switch (fault?.kind) {
    case 'lostReply':
      return { kind: 'cut' };
    case 'errorAfterSent':
      return { kind: 'systemError' };
    case 'truncated':
      return { kind: 'truncated' };
    case 'extraElements':
      return { kind: 'strange' };
    case 'slow':
      return { kind: 'slow', delayMs: fault.delayMs ?? SECONDS_30 };
    default:
      return undefined;
  }
}
