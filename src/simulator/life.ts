// One life of the simulated WeChat: its world and everybody who works on it. A reset ends one and begins another behind the same ports.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadInput } from '../core/base/error.ts';
import { platform } from './account/api.ts';
import { MessageDesk } from './account/custom-messages.ts';
import { JsTickets } from './account/js-tickets.ts';
import { type Pusher, pusher } from './account/push.ts';
import { actor } from './account/user-actions.ts';
import { CONSOLE_ROUTES } from './console/routes.ts';
import type { Control } from './control/control.ts';
import { BillDesk } from './pay/bills.ts';
import type { Certificates } from './pay/keys/certificates.ts';
import { ShopDesk } from './pay/order-query.ts';
import { ShopNotifier } from './pay/payment-notice.ts';
import { ReceiptDesk } from './pay/receipts.ts';
import { PayDesk } from './pay/redpack.ts';
import type { PayParts } from './pay/server.ts';
import { SigningDesk } from './pay/signing.ts';
import { TransferDesk } from './pay/transfer.ts';
import { type Notifier, notifier } from './pay/transfer-notice.ts';
import { V3Verifier } from './pay/v3-signature.ts';
import type { SimulatorOptions } from './shared/options.ts';
import { Refused } from './shared/refusal.ts';
import { OrdersV2 } from './shop/orders-v2.ts';
import { OrdersV3 } from './shop/orders-v3.ts';
import { VoucherDesk } from './voucher/desk.ts';
import { voucherNotifier } from './voucher/notice.ts';
import { openAs } from './web/browser.ts';
import { webPages } from './web/routes.ts';
import { couponNow } from './world/coupon.ts';
import { fundFlowCsv } from './world/fund-flow.ts';
import { granted } from './world/message-windows.ts';
import { packetOf } from './world/order.ts';
import { payInShop, refundInShop } from './world/shop.ts';
import { World } from './world/world.ts';

/** All that a simulated WeChat is between two resets: its world, and who speaks for it. */
export type Life = {
  readonly world: World;
  readonly desk: PayDesk;
  readonly pushes: Pusher;
  readonly shop: ShopNotifier;
  readonly control: Omit<Control, 'reset'>;
  readonly pay: PayParts;
  /** `false`: nothing of the platform's or of its browser's. */
  handle(req: IncomingMessage, res: ServerResponse, url: URL): boolean;
  /** Does what time has made due. */
  tick(): void;
  noticesIdle(): Promise<void>;
  close(): Promise<void>;
};

/** A new world, as `options` and what their folder holds describe it. */
export async function beginLife(options: SimulatorOptions, certificates: Certificates): Promise<Life> {
  const world = new World(options);
  const desk = new PayDesk(world);
  const pushes = pusher(world, options);
  const signing = await SigningDesk.open(world, certificates, options.merchants);
  const transfers = new TransferDesk(world, (name, serial) => signing.readName(name, serial));
  const notifications = notifier(world, signing, options);
  const shop = new ShopNotifier(world, signing, options.trouble);
  const uses = voucherNotifier(world, signing, options);
  const vouchers = new VoucherDesk(world, uses.used);
  const messages = new MessageDesk(world);
  const tickets = new JsTickets(world);
  const apis = [platform(world, pushes, { tickets, messages, routes: CONSOLE_ROUTES }), webPages(world, tickets)];
  const wire = { verifier: new V3Verifier(certificates.merchants), signing, now: () => world.wireNow() };
  const orders = { orders: new OrdersV3(world, shop), ordersV2: new OrdersV2(world, shop), shop: new ShopDesk(world) };
  const v3 = {
    desk: transfers,
    ...orders,
    bills: new BillDesk(world),
    receipts: new ReceiptDesk(world),
    vouchers,
    ...wire,
  };
  return {
    ...{ world, desk, pushes, shop },
    control: {
      ...controlOf(world, desk, pushes, notifications),
      ...shopOf(world, shop),
      ...consoleOf(world, pushes),
      ...couponsOf(world, vouchers),
      ...signing.control(),
      messages: () => messages.count(),
      moveClock: change => {
        world.moveClock('reset' in change ? 0 : offsetAfter(world, change.advanceMs));
        desk.tick();
        shop.tick();
        return { now: world.now(), offsetMs: world.clock.offsetMs() };
      },
    },
    pay: { desk, v3, faults: world.faults },
    handle: (req, res, url) => apis.some(api => api.handle(req, res, url)),
    tick: () => {
      desk.tick();
      shop.tick();
    },
    noticesIdle: async () => void (await Promise.all([notifications.idle(), uses.idle(), shop.idle()])),
    close: async () => {
      await Promise.all([pushes.close(), notifications.close(), uses.close(), shop.close()]);
      world.close();
    },
  };
}

/** Before it nothing was, after it numbers of messages have more than 64 bits. */
const [CLOCK_MIN, CLOCK_MAX] = [0, Date.UTC(2500, 0)];

function offsetAfter(world: World, advanceMs: number): number {
  const at = world.now() + advanceMs;
  if (at < CLOCK_MIN || at >= CLOCK_MAX)
    throw new BadInput('advanceMs: expected a step after which the clock stands between 1970 and 2500');
  return world.clock.offsetMs() + advanceMs;
}

function couponsOf(world: World, vouchers: VoucherDesk): Pick<Control, 'setStock' | 'coupons' | 'endCoupon'> {
  return {
    setStock: stock => world.coupons.putStock(stock),
    coupons: () => world.coupons.all().map(each => couponNow(each, world.now())),
    endCoupon: (couponId, status) => vouchers.end(couponId, status),
  };
}

/** Orders in the shop, and who is told of them. */
function shopOf(
  world: World,
  shop: ShopNotifier,
): Pick<Control, 'pay' | 'refund' | 'payNotices' | 'unpaid' | 'setPayNotify'> {
  return {
    pay: (openid, what) => {
      const mchId = what.mchId ?? world.merchantOfApp(world.account(world.person(openid).account).options.appId);
      const placed = what.orderNo === undefined ? undefined : world.shop.placed(mchId ?? '', what.orderNo);
      if (what.notify !== false && mchId !== undefined)
        shop.needUrl(placed ?? { mchId: world.merchant(mchId).options.mchId });
      const order = payInShop(world, openid, what);
      if (what.notify !== false) shop.paid(order);
      return order;
    },
    refund: (mchId, orderNo, amount, { notify = true } = {}) => {
      const order = world.shop.find(mchId, orderNo);
      if (order && notify) shop.needUrl(order);
      const refunded = refundInShop(world, mchId, orderNo, amount);
      if (notify) shop.refunded(refunded);
      return refunded;
    },
    payNotices: () => shop.notices(),
    unpaid: () => world.shop.unpaid(),
    setPayNotify: (mchId, url) => {
      shop.setUrl(mchId, url);
      return { mchId, url };
    },
  };
}

type OfConsole = 'setPushing' | 'addAccount' | 'verify' | 'setTemplates' | 'setLimits' | 'setBalance';

/** What an operator does in the consoles of the platform and of WeChat Pay. */
function consoleOf(world: World, pushes: Pusher): Pick<Control, OfConsole> {
  return {
    setPushing: (account, { webhook, ...pushing }) => {
      if (webhook !== undefined) world.setWebhook(account, webhook);
      return world.setPushing(account, pushing);
    },
    addAccount: account => {
      if (world.accountBy(each => each.appId === account.appId))
        throw new Refused(409, `there is already an account with ${account.appId}`);
      return world.addAccount(account);
    },
    verify: account => pushes.verify(account),
    setTemplates: (account, templates) => {
      world.account(account);
      world.console.set(account, { templates });
      return templates;
    },
    setLimits: (mchId, limits) => {
      const merchant = world.merchant(mchId);
      const after = { ...merchant.limits, ...limits };
      if (after.min > after.max) throw new BadInput(`min: expected at most max, which is ${after.max}`);
      if (after.transferMin > after.transferMax)
        throw new BadInput(`transferMin: expected at most transferMax, which is ${after.transferMax}`);
      merchant.limits = after;
      return merchant.limits;
    },
    setBalance: (mchId, balance) => world.setBalance(mchId, balance),
  };
}

type OfPeople =
  | 'state'
  | 'addPerson'
  | 'person'
  | 'act'
  | 'pushes'
  | 'packet'
  | 'openPacket'
  | 'faults'
  | 'setFaults'
  | 'merchant'
  | 'fundFlow'
  | 'editFundFlow'
  | 'notices'
  | 'authorizations'
  | 'closeAuthorization'
  | 'confirmAuthorization'
  | 'openLink'
  | 'watch';

function controlOf(world: World, desk: PayDesk, pushes: Pusher, notifications: Notifier): Pick<Control, OfPeople> {
  const act = actor(world, pushes);
  return {
    state: () => world.state(),
    addPerson: (given = {}) => {
      const account = given.account ?? world.accountBy(() => true)?.name ?? '';
      const person = world.addPerson(account, { nickname: given.nickname, openid: given.openid });
      if (given.following) {
        world.changePerson({ ...person, following: true, followedAt: world.now() });
        world.setGrants(person.openid, granted(world.grantsOf(person.openid), 'follow', world.now()));
      }
      return world.showPerson(person.openid);
    },
    person: openid => world.showPerson(openid),
    act: async (openid, what, { wait = true } = {}) => {
      const { push, done } = act(openid, what);
      return wait ? done : push;
    },
    pushes: ({ person, limit = 200 } = {}) => world.pushes.latest(person, limit),
    packet: (mchId, billNo) => {
      const order = world.order(mchId, billNo) ?? world.order(mchId, billNo, 'transfer');
      return order && packetOf(order);
    },
    openPacket: (mchId, billNo, openid) => desk.open(mchId, billNo, openid),
    faults: () => world.faults.get(),
    setFaults: faults => {
      world.faults.set(faults);
      return faults;
    },
    merchant: mchId => world.merchant(mchId).books,
    fundFlow: (mchId, day) => fundFlowCsv(world, mchId, day),
    editFundFlow: (mchId, edits) => {
      world.merchant(mchId).fundEdits = edits;
      return edits;
    },
    notices: () => notifications.notices(),
    authorizations: () => world.authorizations.list(),
    closeAuthorization: (mchId, number, reason) => world.authorizations.close(mchId, number, reason),
    confirmAuthorization: (mchId, number) => {
      const found = world.authorizations.find(mchId, number);
      if (!found) throw new Refused(404, `no authorization "${number}"`);
      if (found.state !== 'WAIT_USER_CONFIRM') throw new Refused(409, `it cannot be confirmed: ${found.state}`);
      return world.authorizations.confirm(found);
    },
    openLink: (openid, url, res) => openAs(world, res, openid, url),
    watch: watcher => world.watch(watcher),
  };
}
