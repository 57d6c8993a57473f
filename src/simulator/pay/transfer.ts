// The business of transfers (商家转账), without the network, its signatures and its encryption: create, query, cancel.
// What payees and time do to the bills is `OrderLife`'s.
import { dayOf, endOfDay, instant } from '../../core/base/time.ts';
import { own } from '../shared/own.ts';
import type { Authorization } from '../shared/protocol.ts';
import { billReply, canceledReply, createdReply, inState, isTransfer, type Transfer } from '../world/bill.ts';
import type { World } from '../world/world.ts';
import { OrderLife } from './order-lifecycle.ts';
import { RateWindow } from './rate.ts';
import { AUTHORIZATIONS, AuthorizationDesk, NOT_IN_EFFECT, wrongPayee } from './transfer-authorization.ts';
import { FaultyTransfers, NOT_ENOUGH, TOO_FAST, type TransferAnswer, told } from './transfer-faults.ts';
import {
  type Failure,
  failure,
  isFailure,
  type Kind,
  type NewTransfer,
  readTransfer,
  type TransferCall,
} from './transfer-request.ts';

/** `undefined`: cannot be decrypted with this key. */
type ReadName = (encrypted: string, serial: string | undefined) => string | undefined;

const CREATIONS: Readonly<Record<string, Kind>> = {
  '': 'confirm',
  '/pre-transfer-with-authorization': 'ask',
  '/transfer': 'authorized',
};
const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';
const DAYS_30 = 30 * 86_400_000;
const CANCELS_PER_SECOND = 20;

/** The same number is taken for three days of the calendar. */
const RETRY_DAYS = 3;
const EXPIRED = failure(400, 'INVALID_REQUEST', '对应单号已超出重试期,请查单确认后决定是否换单请求');

function isPastRetry(createdAt: number, now: number): boolean {
  return endOfDay(instant(createdAt)) + (RETRY_DAYS - 1) * 86_400_000 <= now;
}

const NOT_FOUND = failure(404, 'NOT_FOUND', '记录不存在');

export class TransferDesk {
  readonly #world: World;
  readonly #life: OrderLife;
  readonly #faults: FaultyTransfers;
  readonly #readName: ReadName;
  readonly #authorizations: AuthorizationDesk;
  readonly #rates = new Map<string, RateWindow>();

  /** Without `readName` no name is looked into. */
  constructor(world: World, readName: ReadName = name => name) {
    this.#world = world;
    this.#life = new OrderLife(world);
    this.#faults = new FaultyTransfers(world);
    this.#readName = readName;
    this.#authorizations = new AuthorizationDesk(world, this.#faults);
  }

  /** `mchId`: whose signature the call carried; it must be one of the world's merchants. */
  answer(call: TransferCall, mchId: string): TransferAnswer {
    const path = call.path.split('?')[0]!;
    const rest = path.startsWith(BILLS) ? path.slice(BILLS.length) : undefined;
    if (path.startsWith(AUTHORIZATIONS)) return this.#authorizations.answer(call, mchId);
    const creation = rest !== undefined && call.method === 'POST' ? own(CREATIONS, rest) : undefined;
    if (creation) return this.#create(call, mchId, creation);
    const [kind, number, verb, ...more] = (rest ?? '').split('/').slice(1);
    const isAsking = call.method === 'GET' && number !== undefined && verb === undefined;
    if (isAsking && kind === 'out-bill-no') return this.#query(mchId, this.#bill(mchId, number));
    if (isAsking && kind === 'transfer-bill-no') {
      const found = this.#world.billOf(mchId, number);
      return this.#query(mchId, found && this.#bill(mchId, found.billNo));
    }
    const isCancel = call.method === 'POST' && kind === 'out-bill-no' && verb === 'cancel' && more.length === 0;
    if (isCancel && number !== undefined) return this.#cancel(mchId, this.#bill(mchId, number));
    return told(failure(404, 'RESOURCE_NOT_EXISTS', `the simulator has no ${call.method} ${call.path.split('?')[0]}`));
  }

  // ── Create ─────────────────────────────────────────────────────────────────────────────────────────────

  #create(call: TransferCall, mchId: string, kind: Kind): TransferAnswer {
    const read = readTransfer(call.body, this.#world.merchant(mchId).limits, kind);
    if (isFailure(read)) return told(read);
    const under = read.under && this.#authorizations.under(mchId, read.under);
    const asked = under ? { ...read, openid: under.openid } : read;
    const words = [asked.remark, ...asked.reports.map(each => each.content)].join('\n');
    const early = this.#faults.before('transfer', mchId, asked.openid, words);
    if (early) return isFailure(early) ? told(early) : { status: 502, body: {}, ...early };
    if (asked.under && !under) return told(NOT_IN_EFFECT);
    const wrong = wrongPayee(this.#world, mchId, asked) ?? this.#checkName(asked, call.serial);
    if (wrong) return told(wrong);
    const order = this.#place(asked, mchId, under);
    if (isFailure(order)) return told(order);
    const spoil = this.#faults.after('transfer', asked.openid);
    return { status: 200, body: under ? billReply(order) : createdReply(order), ...(spoil ? { spoil } : {}) };
  }

  #checkName(asked: NewTransfer, serial: string | undefined): Failure | undefined {
    if (asked.userName === undefined || this.#readName(asked.userName, serial) !== undefined) return undefined;
    return failure(400, 'PARAM_ERROR', 'user_name解密失败,请检查Wechatpay-Serial与加密使用的公钥');
  }

  /** The bill as it stands after the call: a known number is answered with what became of it. */
  #place(asked: NewTransfer, mchId: string, under: Authorization | undefined): Transfer | Failure {
    const known = this.#bill(mchId, asked.billNo);
    if (known && known.bill.print !== asked.print) return failure(400, 'ALREADY_EXISTS', '单号已存在但信息不一致');
    if (known && isPastRetry(known.createdAt, this.#world.now())) return EXPIRED;
    if (known) return known;
    if (under && under.state !== 'TAKING_EFFECT') return NOT_IN_EFFECT;
    const full = asked.asks && this.#authorizations.fullFor(mchId, asked);
    if (full) return full;
    const { limits, books } = this.#world.merchant(mchId);
    const now = this.#world.now();
    if (!this.#rate(`${mchId}/create`).take(now, limits.perSecond)) {
      this.#world.countFreqLimit(mchId);
      return TOO_FAST;
    }
    const order = this.#newOrder(asked, mchId, now);
    const limit = this.#life.limitOf(order, now);
    if (limit?.isPayee) {
      const reason = limit.code === 'SENDNUM_LIMIT' ? 'DAY_RECEIVED_COUNT_EXCEED' : 'DAY_RECEIVED_QUOTA_EXCEED';
      return this.#put(inState(order, 'FAIL', now, reason));
    }
    if (limit)
      return books.balance < order.amount
        ? NOT_ENOUGH
        : failure(400, 'INVALID_REQUEST', '超出商户单日转账额度,请核实产品设置是否准确');
    const ready = under ? 'TRANSFERING' : 'WAIT_USER_CONFIRM';
    const other = this.#faults.atBill(order, now, ready);
    if (asked.asks && other?.bill.state !== 'FAIL') this.#authorizations.ask(mchId, asked, asked.asks, asked.billNo);
    const shown = under ? { ...order, authorizationNo: under.number } : order;
    if (other) return this.#put(under ? { ...other, authorizationNo: under.number } : other);
    this.#put(inState({ ...shown, sentAt: now }, ready, now));
    return this.#bill(mchId, asked.billNo)!;
  }

  /** The money is the bill's from the moment it is taken in. */
  #put(order: Transfer): Transfer {
    this.#life.putBill(undefined, order, order.sentAt === undefined ? 0 : order.amount);
    return order;
  }

  #newOrder(asked: NewTransfer, mchId: string, now: number): Transfer {
    const day = dayOf(instant(now)).replaceAll('-', '');
    const number = String(this.#world.orderCount() + 1).padStart(12, '0');
    const { notifyUrl } = asked;
    return {
      channel: 'transfer',
      mchId,
      billNo: asked.billNo,
      listId: `13300000711009999911${day}${number}`,
      openid: asked.openid,
      amount: asked.amount,
      status: 'SENDING',
      sendName: this.#world.accountBy(each => each.appId === asked.appId)?.title ?? '',
      wishing: asked.remark,
      actName: asked.reports[0]!.content,
      createdAt: now,
      appId: asked.appId,
      remark: asked.remark,
      billState: 'ACCEPTED',
      bill: {
        state: 'ACCEPTED',
        print: asked.print,
        updatedAt: now,
        ...(notifyUrl === undefined ? {} : { notifyUrl }),
      },
    };
  }

  // ── Query and cancel ───────────────────────────────────────────────────────────────────────────────────

  #query(mchId: string, order: Transfer | undefined): TransferAnswer {
    const early = this.#faults.before('transferQuery', mchId, order?.openid ?? '');
    if (early) return isFailure(early) ? told(early) : { status: 502, body: {}, ...early };
    const spoil = this.#faults.after('transferQuery', order?.openid ?? '');
    const isKnown = order !== undefined && order.createdAt > this.#world.now() - DAYS_30;
    const answer = isKnown ? { status: 200, body: billReply(order) } : told(NOT_FOUND);
    return { ...answer, ...(spoil ? { spoil } : {}) };
  }

  #cancel(mchId: string, order: Transfer | undefined): TransferAnswer {
    const early = this.#faults.before('transferCancel', mchId, order?.openid ?? '');
    if (early) return isFailure(early) ? told(early) : { status: 502, body: {}, ...early };
    if (!order) return told(NOT_FOUND);
    if (!this.#rate(`${mchId}/cancel`).take(this.#world.now(), CANCELS_PER_SECOND)) return told(TOO_FAST);
    const { state } = order.bill;
    const isLate = state === 'TRANSFERING' || state === 'SUCCESS' || state === 'FAIL';
    if (isLate) return told(failure(400, 'INVALID_REQUEST', `当前单据状态${state}不支持撤销`));
    const isNew = state !== 'CANCELING' && state !== 'CANCELLED';
    const canceled = isNew ? this.#canceling(order, this.#world.now()) : order;
    if (isNew) this.#life.putBill(order, canceled);
    const spoil = this.#faults.after('transferCancel', order.openid);
    return { status: 200, body: canceledReply(canceled), ...(spoil ? { spoil } : {}) };
  }

  #canceling(order: Transfer, now: number): Transfer {
    const canceling = inState(order, 'CANCELING', now);
    const reason = this.#faults.atCancel(order);
    return reason === undefined
      ? canceling
      : { ...canceling, bill: { ...canceling.bill, plan: { at: now, to: 'FAIL', reason } } };
  }

  /** The bill as it is now. */
  #bill(mchId: string, billNo: string): Transfer | undefined {
    const order = this.#life.current(mchId, billNo, 'transfer');
    return order && isTransfer(order) ? order : undefined;
  }

  #rate(key: string): RateWindow {
    const rate = this.#rates.get(key) ?? new RateWindow();
    this.#rates.set(key, rate);
    return rate;
  }
}
