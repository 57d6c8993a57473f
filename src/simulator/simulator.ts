// A WeChat of one's own: the platform's API and the control API on one port, WeChat Pay with TLS on another, pushes
// to webhooks, people, packets, and a clock that can be moved. Start here.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Platform, platform } from './account/api.ts';
import { MessageDesk } from './account/custom-messages.ts';
import { JsTickets } from './account/js-tickets.ts';
import { type Pusher, pusher } from './account/push.ts';
import { actor } from './account/user-actions.ts';
import { pageFile } from './control/chat-page.ts';
import { type Control, type ControlDoor, controlDoor } from './control/control.ts';
import { BillDesk } from './pay/bills.ts';
import { type MerchantCertificate, openCertificates } from './pay/keys/certificates.ts';
import { ShopDesk } from './pay/order-query.ts';
import { ShopNotifier } from './pay/payment-notice.ts';
import type { Spacing } from './pay/rate.ts';
import { ReceiptDesk } from './pay/receipts.ts';
import { PayDesk } from './pay/redpack.ts';
import { payServer } from './pay/server.ts';
import { SigningDesk } from './pay/signing.ts';
import { TransferDesk } from './pay/transfer.ts';
import { type Notifier, notifier } from './pay/transfer-notice.ts';
import { V3Verifier } from './pay/v3-signature.ts';
import { listen, send, shut } from './shared/http.ts';
import type { SimulatorOptions } from './shared/options.ts';
import { Refused } from './shared/refusal.ts';
import { VoucherDesk } from './voucher/desk.ts';
import { voucherNotifier } from './voucher/notice.ts';
import { openAs } from './web/browser.ts';
import { type Web, webPages } from './web/routes.ts';
import { couponNow } from './world/coupon.ts';
import { fundFlowCsv } from './world/fund-flow.ts';
import { packetOf } from './world/order.ts';
import { payInShop, refundInShop } from './world/shop.ts';
import { World } from './world/world.ts';

/**
 * For simulations without a network, on one `world = new World(options)`:
 * `new PayDesk(world).answer('sendredpack', xml, mchId)`, `new TransferDesk(world).answer({ method, path, body }, mchId)`;
 * `.open(…)` and `.tick()` of the former are for both. Nothing there is random and nothing waits: shares, numbers and
 * lost reasons are counted or hashed, time is the world's clock. A `spoil` in an answer says what the network would do
 * to it. Random are only what the wire adds (nonces, keys) and, in pushes, `MediaId`s and the lower bits of `MsgId`s.
 */
/** What the callback of a finished transfer carries: for `world.order(mchId, billNo, 'transfer')`. */

export type Simulator = {
  /** `api` (and `open`) of an account, and the control API below `/control`. */
  readonly url: string;
  /** `api` of a merchant, v2 and v3; trusted through `ca`. */
  readonly payUrl: string;
  /** The client certificate of a merchant, the CA, and the public key with which v3 answers are verified. */
  certificates(mchId: string): MerchantCertificate;
  readonly control: Control;
  /** For another HTTP server: `path` is `/control/…`, or what follows it, with the query. Always answers. */
  handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<boolean>;
  setWebhook(account: string, url: string): void;
  /** Where a merchant is notified of payments and refunds: `notify_url` of all orders. */
  setPayNotify(mchId: string, url: string): void;
  /** The handshake that saving the URL in WeChat's console starts. */
  verifyWebhook(account: string): ReturnType<Pusher['verify']>;
  /** How closely a merchant's calls of sendredpack followed each other. */
  spacing(mchId: string): Spacing;
  /** Does what time has made due; otherwise done every second and when the clock is moved. */
  tick(): void;
  /** Resolves when no push is under way. */
  idle(): Promise<void>;
  /** Resolves when no callback of a transfer is under way (delivered, or given up), and no notice of a payment just now. */
  noticesIdle(): Promise<void>;
  close(): Promise<void>;
};

const HOST = '127.0.0.1';
const TICK_MS = 1000;

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const mchIds = options.merchants.map(({ mchId }) => mchId);
  const certificates = await openCertificates(options.folder, mchIds);
  const world = new World(options);
  const desk = new PayDesk(world);
  const pushes = pusher(world, options);
  const signing = await SigningDesk.open(world, certificates, options.merchants);
  const transfers = new TransferDesk(world, (name, serial) => signing.readName(name, serial));
  const notifications = notifier(world, signing, options);
  const shop = new ShopNotifier(world, signing);
  const uses = voucherNotifier(world, signing, options);
  const vouchers = new VoucherDesk(world, uses.used);
  const messages = new MessageDesk(world);
  const control: Control = {
    ...controlOf(world, desk, pushes, notifications, shop),
    ...couponsOf(world, vouchers),
    ...signing.control(),
    messages: () => messages.count(),
  };
  const door = controlDoor(control, options.hosts ?? []);
  const tickets = new JsTickets(world);
  const api = platform(world, pushes, { tickets, messages });
  const pages = webPages(world, tickets);
  const web = createServer({ keepAliveTimeout: 65_000 }, (req, res) => serve([api, pages], door, req, res));
  const wire = { verifier: new V3Verifier(certificates.merchants), signing, now: () => world.now() };
  const v3 = { desk: transfers, vouchers, ...papersOf(world), ...wire };
  const pay = payServer(certificates, desk, v3, world.faults);
  const tick = (): void => {
    desk.tick();
    shop.tick();
  };
  const timer = setInterval(tick, TICK_MS);
  timer.unref();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    door.close();
    await Promise.all([pushes.close(), notifications.close(), uses.close(), shop.close(), shut(web), shut(pay)]);
    world.close();
  };
  try {
    const port = await listen(web, options.host ?? HOST, options.port);
    const payPort = await listen(pay, options.host ?? HOST, options.payPort);
    desk.tick();
    return {
      url: `http://${HOST}:${port}`,
      payUrl: `https://${HOST}:${payPort}`,
      certificates: mchId => certificateOf(certificates.merchants, mchId),
      control,
      handle: async (req, res, path) => {
        await door.handle(req, res, path.replace(/^\/control(?=\/|\?|$)/, ''));
        return true;
      },
      setWebhook: (account, url) => world.setWebhook(account, url),
      setPayNotify: (mchId, url) => shop.setUrl(mchId, url),
      verifyWebhook: account => pushes.verify(account),
      spacing: mchId => desk.spacing(mchId),
      tick,
      idle: () => pushes.idle(),
      noticesIdle: async () => void (await Promise.all([notifications.idle(), uses.idle(), shop.idle()])),
      close,
    };
  } catch (error) {
    // A port that is taken must not leave the other one open.
    await close();
    throw error;
  }
}

/** Who only tells of what others did. */
function papersOf(world: World) {
  return { shop: new ShopDesk(world), bills: new BillDesk(world), receipts: new ReceiptDesk(world) };
}

function couponsOf(world: World, vouchers: VoucherDesk): Pick<Control, 'setStock' | 'coupons' | 'endCoupon'> {
  return {
    setStock: stock => world.coupons.putStock(stock),
    coupons: () => world.coupons.all().map(each => couponNow(each, world.now())),
    endCoupon: (couponId, status) => vouchers.end(couponId, status),
  };
}

function certificateOf(merchants: ReadonlyMap<string, MerchantCertificate>, mchId: string): MerchantCertificate {
  const certificate = merchants.get(mchId);
  if (!certificate) throw new Refused(404, `no merchant "${mchId}"`);
  return certificate;
}

function controlOf(
  world: World,
  desk: PayDesk,
  pushes: Pusher,
  notifications: Notifier,
  shop: ShopNotifier,
): Omit<Control, 'messages' | 'signing' | 'setSigning' | 'setStock' | 'coupons' | 'endCoupon'> {
  const act = actor(world, pushes);
  return {
    state: () => world.state(),
    addPerson: (given = {}) => {
      const account = given.account ?? world.accountBy(() => true)?.name ?? '';
      const person = world.addPerson(account, { nickname: given.nickname, openid: given.openid });
      if (given.following) world.changePerson({ ...person, following: true, followedAt: world.now() });
      return world.showPerson(person.openid);
    },
    person: openid => world.showPerson(openid),
    act: async (openid, what, { wait = true } = {}) => {
      const { push, done } = act(openid, what);
      return wait ? done : push;
    },
    pushes: ({ person, limit = 200 } = {}) => world.pushes(person, limit),
    packet: (mchId, billNo) => {
      const order = world.order(mchId, billNo) ?? world.order(mchId, billNo, 'transfer');
      return order && packetOf(order);
    },
    openPacket: (mchId, billNo, openid) => desk.open(mchId, billNo, openid),
    moveClock: change => {
      world.moveClock('reset' in change ? 0 : world.clock.offsetMs() + change.advanceMs);
      desk.tick();
      shop.tick();
      return { now: world.now(), offsetMs: world.clock.offsetMs() };
    },
    faults: () => world.faults.get(),
    setFaults: faults => {
      world.faults.set(faults);
      return faults;
    },
    merchant: mchId => world.merchant(mchId).books,
    setBalance: (mchId, balance) => world.setBalance(mchId, balance),
    setPushing: (account, pushing) => world.setPushing(account, pushing),
    fundFlow: (mchId, day) => fundFlowCsv(world, mchId, day),
    editFundFlow: (mchId, edits) => {
      world.merchant(mchId).fundEdits = edits;
      return edits;
    },
    notices: () => notifications.notices(),
    pay: (openid, what) => {
      const order = payInShop(world, openid, what);
      shop.paid(order);
      return order;
    },
    refund: (mchId, orderNo, amount) => {
      const order = refundInShop(world, mchId, orderNo, amount);
      shop.refunded(order);
      return order;
    },
    payNotices: () => shop.notices(),
    authorizations: () => world.authorizations.list(),
    closeAuthorization: (mchId, number, reason) => world.authorizations.close(mchId, number, reason),
    confirmAuthorization: (mchId, number) => {
      const found = world.authorizations.find(mchId, number);
      if (found?.state !== 'WAIT_USER_CONFIRM') throw new Refused(409, `it cannot be confirmed: ${found?.state}`);
      return world.authorizations.confirm(found);
    },
    openLink: (openid, url, res) => openAs(world, res, openid, url),
    watch: watcher => world.watch(watcher),
  };
}

/** One port for everything that is not WeChat Pay. The prefix `/simulator` is the chat page's. */
function serve(apis: readonly (Platform | Web)[], door: ControlDoor, req: IncomingMessage, res: ServerResponse): void {
  const target = req.url ?? '/';
  const url = URL.canParse(target, 'http://simulator') ? new URL(target, 'http://simulator') : undefined;
  if (!url) {
    send(res, 400, 'text/plain', 'bad request');
    return;
  }
  if (apis.some(api => api.handle(req, res, url))) return;
  const control = /^(?:\/simulator)?\/control(\/.*)$/.exec(target);
  const answered = control ? door.handle(req, res, control[1]!) : page(res, url.pathname);
  answered.catch(() => res.destroy());
}

async function page(res: ServerResponse, path: string): Promise<void> {
  if (path === '/') {
    res.writeHead(302, { location: '/simulator' }).end();
    return;
  }
  const asset = /^\/simulator(?:\/assets\/([^/]+))?\/?$/.exec(path);
  const file = asset ? await pageFile(asset[1] ?? 'chat.html') : undefined;
  if (!file) return send(res, 404, 'text/plain', 'not found');
  res.writeHead(200, { ...file.headers, 'content-length': file.body.length });
  res.end(file.body);
}
