// The life of orders once they exist, whatever desk took them in: the limits of the day, the money and the card in the
// chat, people who open and confirm, and what time does.

import type { Packet } from '../shared/protocol.ts';
import { Refused } from '../shared/refusal.ts';
import { advanced, inState, isTransfer, type Transfer } from '../world/bill.ts';
import {
  failed,
  nextOf,
  type Order,
  packetOf,
  received,
  refunded,
  refunding,
  refused,
  returnedOf,
  sent,
  shared,
} from '../world/order.ts';
import type { NewLine, World } from '../world/world.ts';

/** `isPayee`: it is this person's limit, not the merchant's. */
type Limit = { readonly code: string; readonly text: string; readonly isPayee: boolean };

/** Has no state of its own: any number of them may stand on one world. */
export class OrderLife {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The order as it is now. */
  current(mchId: string, billNo: string, channel?: Packet['channel']): Order | undefined {
    const order = this.#world.order(mchId, billNo, channel);
    if (order) this.#settle(order);
    return this.#world.order(mchId, billNo, channel);
  }

  limitOf(order: Order, at: number): Limit | undefined {
    const { limits } = this.#world.merchant(order.mchId);
    const person = this.#world.tally(at, order.mchId, order.openid);
    if (person.count >= limits.perUserPerDay) {
      return { code: 'SENDNUM_LIMIT', text: '该用户今日领取红包个数超过限制', isPayee: true };
    }
    if (person.amount + order.amount > limits.amountPerUserPerDay) {
      return { code: 'RCVDAMOUNT_LIMIT', text: '该用户今日领取金额超过限制', isPayee: true };
    }
    if (this.#world.tally(at, order.mchId).amount + order.amount > limits.amountPerDay) {
      return { code: 'SENDAMOUNT_LIMIT', text: '您的商户号今日发放金额超过限制', isPayee: false };
    }
    if (this.#world.merchant(order.mchId).books.balance >= order.amount) return undefined;
    return { code: 'NOTENOUGH', text: '帐号余额不足,请到商户平台充值后再重试', isPayee: false };
  }

  /** The money moves, and the packet stands in the chat. */
  deliver(order: Order, at: number): void {
    this.#world.putOrder(sent(order, at), -order.amount, cardOf(order));
  }

  /** A bill in its next state; `pays` is what that costs the merchant. A bill to be confirmed stands in the chat. */
  putBill(before: Transfer | undefined, after: Transfer, pays = 0): void {
    const isReady = (bill: Transfer | undefined): boolean =>
      bill?.bill.state === 'WAIT_USER_CONFIRM' || (bill?.authorizationNo !== undefined && isWithPayee(bill));
    const isShown = isReady(after) && !isReady(before);
    const back = returnedOf(after) - (before ? returnedOf(before) : 0);
    this.#world.putOrder(after, back - pays, isShown ? cardOf(after) : undefined);
  }

  // ── People ─────────────────────────────────────────────────────────────────────────────────────────────

  /** A red packet is opened, a share of a group packet taken, a transfer confirmed. */
  open(mchId: string, billNo: string, openid: string): Packet {
    const packet = this.current(mchId, billNo);
    const bill = this.current(mchId, billNo, 'transfer');
    // Both may have the number; then the one that still waits is meant.
    const order = packet && (packet.status === 'SENT' || !bill) ? packet : bill;
    if (!order) throw new Refused(404, `no packet ${mchId}/${billNo}`);
    if (order.split) return this.#share(order, openid);
    if (order.openid !== openid) throw new Refused(409, "the packet is somebody else's");
    if (isTransfer(order)) return this.#confirm(order);
    if (order.status !== 'SENT') throw new Refused(409, `the packet cannot be opened: ${order.status}`);
    return this.#put(received(order, this.#world.now()));
  }

  #share(order: Order, openid: string): Packet {
    const takers = order.shares ?? [];
    const { account } = this.#world.person(openid);
    if (this.#world.account(account).options.appId !== order.appId) {
      throw new Refused(409, 'the packet belongs to another account');
    }
    if (order.status !== 'SENT') throw new Refused(409, `the packet cannot be opened: ${order.status}`);
    if (takers.some(share => share.openid === openid)) throw new Refused(409, 'has a share of it already');
    if (takers.length === 0 && order.openid !== openid) {
      throw new Refused(409, 'whoever got the group packet opens it first, then passes it on');
    }
    return this.#put(shared(order, openid, this.#world.now()));
  }

  #confirm(order: Transfer): Packet {
    const { state } = order.bill;
    if (state !== 'WAIT_USER_CONFIRM') throw new Refused(409, `the transfer cannot be confirmed: ${state}`);
    this.putBill(order, inState(order, 'TRANSFERING', this.#world.now()));
    this.#world.authorizations.confirmedWith(order.mchId, order.billNo);
    return packetOf(this.current(order.mchId, order.billNo, 'transfer')!);
  }

  #put(order: Order): Packet {
    this.#world.putOrder(order);
    return packetOf(order);
  }

  // ── Time ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets time do what is due to every unfinished order. */
  tick(): void {
    this.#world.authorizations.tick();
    for (const order of this.#world.ordersDue()) this.#settle(order);
  }

  /** One step after the other, each at the instant it was due, however late we look. */
  #settle(found: Order): void {
    const { limits } = this.#world.merchant(found.mchId);
    let order = found;
    for (;;) {
      const due = nextOf(order, limits);
      if (!due || due.at > this.#world.now()) return;
      if (isTransfer(order)) this.#advanceBill(order, due.at);
      if (due.what === 'fail') this.#world.putOrder(failed(order));
      if (due.what === 'refunding') this.#world.putOrder(refunding(order));
      if (due.what === 'refunded') this.#refund(order, due.at);
      if (due.what === 'send') {
        const refusal = this.limitOf(order, due.at);
        if (refusal) this.#world.putOrder(refused(order, refusal.text));
        else this.deliver(order, due.at);
      }
      order = this.#world.order(order.mchId, order.billNo, order.channel)!;
    }
  }

  /** A bill for which no money could be locked takes it once there is some, or is closed in the end. */
  #advanceBill(order: Transfer, at: number): void {
    const after = advanced(order, at);
    const pays = order.sentAt === undefined && after.sentAt !== undefined ? order.amount : 0;
    const { plan: _plan, ...bill } = order.bill;
    if (this.#world.merchant(order.mchId).books.balance < pays) this.putBill(order, { ...order, bill });
    else this.putBill(order, after, pays);
  }

  #refund(order: Order, at: number): void {
    const after = refunded(order, at);
    this.#world.putOrder(after, returnedOf(after));
  }
}

function isWithPayee({ bill }: Transfer): boolean {
  return bill.state === 'TRANSFERING' || bill.state === 'SUCCESS';
}

function cardOf({ mchId, billNo }: Order): NewLine {
  return { from: 'account', kind: 'packet', mchId, billNo };
}
