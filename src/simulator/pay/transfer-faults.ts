// The bad days of transfers (商家转账): where each fault strikes, and what is true behind it.
//
//   nothing is stored    errorNothingStored html502 noAuthIp noAuthProduct notEnough freqLimit unknownCode code
//   the bill waits       processing: WAIT_USER_CONFIRM after `afterMs`; processingThenFailed: FAIL, for `code`
//   the bill fails       noAuthUser: FAIL because of the payee; billFails: WAIT_USER_CONFIRM, then FAIL, for `code`
//   no money is locked   balanceShort: ACCEPTED, and closed after a day unless `afterMs` comes first
//   the bill is there    lostReply errorAfterSent truncated slow extraElements: only the answer is spoilt

import type { PayFault } from '../shared/protocol.ts';
import { inState, type Ready, type Transfer } from '../world/bill.ts';
import type { PayEndpoint } from '../world/faults.ts';
import type { World } from '../world/world.ts';
import { AFTER, type Spoil, spoilOf } from './redpack-faults.ts';
import { type Failure, failure } from './transfer-request.ts';

/** `body` is what goes out as JSON; `spoil` how the network may spoil it on its way. */
export type TransferAnswer = {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly spoil?: Spoil;
  /** To be called once it is on its way: until then the call is in work. */
  readonly over?: () => void;
};

export function told({ status, code, message }: Failure): TransferAnswer {
  return { status, body: { code, message } };
}

type Call = Extract<
  PayEndpoint,
  'transfer' | 'transferQuery' | 'transferCancel' | 'authorization' | 'certificates' | 'voucher' | 'voucherQuery'
>;
type Kind = PayFault['kind'];

export const BEFORE: ReadonlySet<Kind> = new Set([
  'errorNothingStored',
  'html502',
  'noAuthIp',
  'noAuthProduct',
  'notEnough',
  'freqLimit',
  'unknownCode',
  'code',
]);
export const AT_BILL: ReadonlySet<Kind> = new Set([
  'processing',
  'processingThenFailed',
  'noAuthUser',
  'billFails',
  'balanceShort',
]);
/** Of one that is taken back. */
export const AT_CANCEL: readonly Kind[] = ['billFails'];
const MINUTE = 60_000;
const MINUTES_20 = 20 * MINUTE;

export const SYSTEM_ERROR = failure(500, 'SYSTEM_ERROR', '系统异常,请稍后使用原单号重试');
export const NOT_ENOUGH = failure(403, 'NOT_ENOUGH', '商户账户资金不足,请充值后使用原单号重试');
export const TOO_FAST = failure(429, 'FREQUENCY_LIMIT_EXCEED', '频率超限,请降低频率后重试');

const FAILURES: Partial<Record<Kind, Failure>> = {
  errorNothingStored: SYSTEM_ERROR,
  noAuthIp: failure(403, 'NO_AUTH', '此IP地址不允许调用接口,请按开发指引设置'),
  noAuthProduct: failure(403, 'NO_AUTH', '产品权限验证失败,请查看您当前是否具有该产品的权限'),
  notEnough: NOT_ENOUGH,
  freqLimit: TOO_FAST,
  unknownCode: failure(403, 'TRANSFER_ROUTE_MOVED', '业务繁忙,请稍后再试'),
};

/** HTTP statuses of codes that a fault names without one; all others are 400. */
const STATUSES: Record<string, number> = {
  SIGN_ERROR: 401,
  NO_AUTH: 403,
  NOT_ENOUGH: 403,
  USER_ERROR: 403,
  NOT_FOUND: 404,
  FREQUENCY_LIMIT_EXCEED: 429,
  RATELIMIT_EXCEEDED: 429,
  SYSTEM_ERROR: 500,
};

export class FaultyTransfers {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Before the business: nothing is stored, nothing changes. */
  before(call: Call, mchId: string, openid: string, words = ''): Failure | { readonly spoil: Spoil } | undefined {
    const fault = this.#world.faults.takePay(call, openid, each => BEFORE.has(each.kind), words);
    if (!fault) return undefined;
    if (fault.kind === 'html502') return { spoil: { kind: 'html502' } };
    if (fault.kind === 'freqLimit') this.#world.countFreqLimit(mchId);
    const { code = 'SYSTEM_ERROR', text = `模拟的错误 ${code}`, status = STATUSES[code] ?? 400 } = fault;
    return FAILURES[fault.kind] ?? failure(status, code, text);
  }

  /** After the business is done: how the answer is spoilt. */
  after(call: Call, openid: string): Spoil | undefined {
    return spoilOf(this.#world.faults.takePay(call, openid, each => AFTER.has(each.kind)));
  }

  /** At a bill that is taken back: it ends as FAIL, for this reason. */
  atCancel(order: Transfer): string | undefined {
    const fault = this.#world.faults.takePay('transferCancel', order.openid, each => AT_CANCEL.includes(each.kind));
    return fault && (fault.code ?? 'MCH_CANCEL');
  }

  /** At a new bill: what becomes of it instead of waiting for the payee. */
  atBill(order: Transfer, now: number, ready: Ready): Transfer | undefined {
    const fault = this.#world.faults.takePay('transfer', order.openid, each => AT_BILL.has(each.kind));
    if (!fault) return undefined;
    if (fault.kind === 'noAuthUser') return inState(order, 'FAIL', now, fault.code ?? 'PAYEE_ACCOUNT_ABNORMAL');
    if (fault.kind === 'balanceShort') {
      const { afterMs } = fault;
      const plan = afterMs === undefined ? {} : { plan: { at: now + afterMs, to: ready } };
      return { ...order, bill: { ...order.bill, ...plan } };
    }
    if (fault.kind === 'billFails') {
      const state = ready === 'TRANSFERING' ? 'PROCESSING' : ready;
      const waiting = inState({ ...order, sentAt: now }, state, now);
      const why = fault.code === undefined ? {} : { reason: fault.code };
      return {
        ...waiting,
        bill: { ...waiting.bill, plan: { at: now + (fault.afterMs ?? MINUTE), to: 'FAIL', ...why } },
      };
    }
    const at = now + (fault.afterMs ?? MINUTES_20);
    const locked = inState({ ...order, sentAt: now }, 'PROCESSING', now);
    if (fault.kind === 'processing') return { ...locked, bill: { ...locked.bill, plan: { at, to: ready } } };
    const reason = fault.code === undefined ? {} : { reason: fault.code };
    return { ...locked, bill: { ...locked.bill, plan: { at, to: 'FAIL', ...reason } } };
  }
}
