// What WeChat Pay tells by itself: transfers that reached their end, payments in the shop, refunds. Each is told again and
// again until somebody says that it was heard; some are late, some come twice, some overtake one another, some are lost.
import type { OpenId } from '../../src/core/base/event.ts';
import {
  orderFields,
  refundJson,
  refundXml,
  signedXml,
  transactionJson,
} from '../../src/simulator/pay/payment-wire.ts';
import { type CallbackKind, callbackBody } from '../../src/simulator/pay/v3-signature.ts';
import type { Authorization, ShopOrder, ShopRefund } from '../../src/simulator/shared/protocol.ts';
import { authorizationReply } from '../../src/simulator/world/authorizations.ts';
import { isOverBill, isTransfer, noticeResource, rfc3339 } from '../../src/simulator/world/bill.ts';
import { payInShop, refundInShop } from '../../src/simulator/world/shop.ts';
import { KEY, KEY_V3, MCH_ID } from './config.ts';
import { asTold, signatureOf } from './wire.ts';
import type { Torture } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TIMEOUT_MS = 5 * SECOND;
const GAPS_MS = [15 * SECOND, 15 * SECOND, 30 * SECOND, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR];
const PAID: CallbackKind = { event: 'TRANSACTION.SUCCESS', summary: '支付成功', type: 'transaction' };
const REFUNDED: CallbackKind = { event: 'REFUND.SUCCESS', summary: '退款成功', type: 'refund' };

/** One payment in the shop, and what was said of it. */
export type Payment = {
  readonly user: OpenId;
  readonly transaction: string;
  order: ShopOrder;
  /** When somebody said that they heard of it: then they must keep to it. */
  paidHeardAt?: number;
  refundHeardAt?: number;
};

type Notice = {
  readonly door: 'transfer' | 'paid';
  readonly name: string;
  /** Signed anew each time. */
  readonly content: () => { readonly body: string; readonly headers: Readonly<Record<string, string>> };
  readonly heard?: () => void;
};

export class Notices {
  readonly payments: Payment[] = [];
  /** Those that nobody has heard yet and that will be told again. */
  pending = 0;
  private readonly torture: Torture;

  constructor(torture: Torture) {
    this.torture = torture;
    const { wechat } = torture;
    wechat.watch(change => {
      if (change.kind === 'authorization') return this.authorized(change.authorization);
      if (change.kind !== 'packet' || !change.packet.billState || !isOverBill(change.packet.billState)) return;
      const order = wechat.order(MCH_ID, change.packet.billNo, 'transfer');
      if (!order || !isTransfer(order) || order.bill.notifyUrl === undefined) return;
      const id = `bill-${order.billNo}-${order.bill.state}`;
      const body = callbackBody(
        { id, createTime: rfc3339(wechat.now()), resource: asTold(torture, noticeResource(order)) },
        KEY_V3,
      );
      const content = () => ({ body, headers: signatureOf(torture, body, order.billNo) });
      this.tell({ door: 'transfer', name: `${order.billNo.slice(-6)} ${order.bill.state}`, content });
    });
  }

  /** It was given, or has ended. Of every other number WeChat Pay never tells: whoever wants to know asks. */
  private authorized(authorization: Authorization): void {
    const { number, state } = authorization;
    if (state === 'WAIT_USER_CONFIRM' || number.charCodeAt(number.length - 1) % 2 === 0) return;
    const event = `MCHTRANSFER.AUTHORIZATION.${state === 'CLOSED' ? 'CLOSED' : 'CONFIRMED'}`;
    const resource = authorizationReply(authorization, 'notice');
    const notice = { id: `${number}-${state}`, createTime: rfc3339(this.torture.wechat.now()), resource };
    const body = callbackBody(notice, KEY_V3, { event, summary: '授权通知', type: 'mch_payment' });
    const content = () => ({ body, headers: signatureOf(this.torture, body, number) });
    this.tell({ door: 'transfer', name: `${number.slice(-6)} ${state}`, content });
  }

  /** Somebody pays in the shop, and perhaps has it back a little later. */
  pay(user: OpenId): void {
    const { dice, time, wechat, channel } = this.torture;
    const api = channel === 'redpack' ? 'v2' : 'v3';
    const order = payInShop(wechat, user, { amount: dice.pick([30_00, 66_00, 120_00]), mchId: MCH_ID, api });
    const payment: Payment = { user, transaction: order.transactionId, order };
    this.payments.push(payment);
    this.torture.tell(`${user.slice(-2)} pays ${order.total} [${order.transactionId.slice(-6)}]`);
    const heard = (): void => {
      payment.paidHeardAt ??= time.now();
    };
    this.tell({ door: 'paid', name: `payment ${order.transactionId.slice(-6)}`, content: this.paid(order), heard });
    if (!dice.chance(0.35)) return;
    time.at(time.now() + dice.pick([dice.between(SECOND, 20 * SECOND), dice.between(SECOND, 4 * MINUTE)]), () => {
      this.refund(payment, dice.chance(0.2) ? 10_00 : undefined);
    });
  }

  private refund(payment: Payment, part: number | undefined): void {
    const { time, wechat, tell } = this.torture;
    payment.order = refundInShop(wechat, MCH_ID, payment.order.orderNo, part);
    tell.call(this.torture, `${payment.user.slice(-2)} has a refund [${payment.transaction.slice(-6)}]`);
    const refund = payment.order.refunds.at(-1)!;
    const heard = (): void => {
      payment.refundHeardAt ??= time.now();
    };
    const name = `refund ${payment.transaction.slice(-6)}`;
    this.tell({ door: 'paid', name, content: this.refunded(payment.order, refund), heard });
  }

  private paid(order: ShopOrder): Notice['content'] {
    if (order.api === 'v2') {
      const body = signedXml(orderFields(order, true), KEY);
      return () => ({ body, headers: {} });
    }
    const resource = transactionJson(order, 'SUCCESS');
    const body = callbackBody({ id: `EV-${order.orderNo}`, createTime: rfc3339(order.paidAt), resource }, KEY_V3, PAID);
    return () => ({ body, headers: signatureOf(this.torture, body, order.transactionId) });
  }

  private refunded(order: ShopOrder, refund: ShopRefund): Notice['content'] {
    if (order.api === 'v2') {
      const body = refundXml(order, refund, KEY);
      return () => ({ body, headers: {} });
    }
    const resource = refundJson(order, refund);
    const body = callbackBody(
      { id: `EV-${refund.refundId}`, createTime: rfc3339(refund.at), resource },
      KEY_V3,
      REFUNDED,
    );
    return () => ({ body, headers: signatureOf(this.torture, body, order.transactionId) });
  }

  private tell(notice: Notice): void {
    const { dice, time } = this.torture;
    this.pending++;
    const late = dice.pick([dice.between(50, 3000), dice.between(50, 3000), dice.between(3000, 3 * MINUTE)]);
    // Lost on its way: nobody answers, so that it is told again.
    const first = dice.chance(0.15) ? 1 : 0;
    if (dice.chance(0.15)) time.at(time.now() + late + dice.between(0, 50), () => void this.knock(notice));
    time.at(time.now() + late + (first > 0 ? GAPS_MS[0]! : 0), () => this.deliver(notice, first));
  }

  private deliver(notice: Notice, round: number): void {
    const { time, isTroubled } = this.torture;
    void this.knock(notice).then(isHeard => {
      const gap = GAPS_MS[round] ?? (isTroubled ? HOUR : undefined);
      if (isHeard || gap === undefined) {
        this.pending--;
        if (!isHeard) this.torture.tell(`${notice.name} is not told any more`);
        else notice.heard?.();
        return;
      }
      time.at(time.now() + gap, () => this.deliver(notice, round + 1));
    });
  }

  private async knock({ door, name, content }: Notice): Promise<boolean> {
    const { dice, time, workers, tell } = this.torture;
    const worker = dice.pick(workers);
    if (!worker.isOpen) return false;
    const { body, headers } = content();
    const status = await Promise.race([worker.hear(door, headers, body), time.sleep(TIMEOUT_MS).then(() => 0)]);
    const isHeard = status === 200 || status === 204;
    tell.call(this.torture, `${name} is told ${worker.name}: ${status}`);
    return isHeard;
  }
}
