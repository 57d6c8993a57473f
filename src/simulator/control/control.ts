// The control API of `protocol.ts`: what the chat page and tests say to the simulator, and the stream of changes.
// It believes only its own origin: a web page somewhere must not be able to open red packets on somebody's laptop.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadInput, messageOf } from '../../core/base/error.ts';
import { readBody, readJson, send, sendJson } from '../shared/http.ts';
import type { AccountOptions, MerchantLimits, Template } from '../shared/options.ts';
import type {
  Account,
  Authorization,
  Change,
  ClockChange,
  CloseReason,
  Coupon,
  Faults,
  FundEdit,
  Merchant,
  MessageCount,
  NewPerson,
  Notice,
  Packet,
  PayInShop,
  Person,
  PlacedOrder,
  ShopNotice,
  ShopOrder,
  Signing,
  SigningState,
  State,
  Stock,
} from '../shared/protocol.ts';
import type { Act, Push, Pushing } from '../shared/protocol-push.ts';
import { Refused } from '../shared/refusal.ts';
import { answerOf } from './routes.ts';

/** How a handshake ended: `ok` where the very echostr came back. */
export type Handshake = { readonly ok: boolean; readonly status: number; readonly answer: string };

/** The control API without HTTP. What is refused throws `Refused`, what cannot be understood `BadInput`. */
export type Control = {
  state(): State;
  /** `openid`: for tests that need a certain one. `following`: since now, without a push; messages may be sent for a minute. */
  addPerson(person?: NewPerson): Person;
  person(openid: string): Person;
  /** Waits until WeChat was answered or has given up; `wait: false`: resolves at once. */
  act(openid: string, act: Act, options?: { readonly wait?: boolean }): Promise<Push>;
  /** Newest first; the latest 200 are known. */
  pushes(filter?: { readonly person?: string; readonly limit?: number }): Push[];
  packet(mchId: string, billNo: string): Packet | undefined;
  openPacket(mchId: string, billNo: string, openid: string): Packet;
  moveClock(change: ClockChange): { readonly now: number; readonly offsetMs: number };
  faults(): Faults;
  setFaults(faults: Faults): Faults;
  merchant(mchId: string): Merchant;
  setBalance(mchId: string, balance: number): Merchant;
  /** With which keys WeChat Pay signs for a merchant, and which these are. */
  signing(mchId: string): SigningState;
  setSigning(mchId: string, signing: Signing): Promise<SigningState>;
  /** The fund-flow bill (资金账单) as CSV; `day`: of one Beijing day. */
  fundFlow(mchId: string, day?: string): string;
  /** Its rows as somebody changed them by hand, instead of all changes before. */
  editFundFlow(mchId: string, edits: readonly FundEdit[]): readonly FundEdit[];
  /** Callbacks of transfers, newest first; the latest 200 are known. */
  notices(): Notice[];
  /** The order is paid, and the merchant is going to be notified. */
  pay(openid: string, what: PayInShop): ShopOrder;
  /** `amount`: a part of it; absent: all that is left. */
  refund(mchId: string, orderNo: string, amount?: number, options?: { readonly notify?: boolean }): ShopOrder;
  /** Notices of payments and refunds, newest first; the latest 200 are known. */
  payNotices(): ShopNotice[];
  messages(): MessageCount;
  /** A stock of vouchers, made or changed. */
  setStock(stock: Stock): Stock;
  /** Oldest first. */
  coupons(): readonly Coupon[];
  /** Of a use the merchant is notified. */
  endCoupon(couponId: string, status: 'USED' | 'EXPIRED' | 'RECOVER'): Coupon;
  authorizations(): Authorization[];
  /** By the person, by the merchant, for a risk: whatever the reason says. */
  closeAuthorization(mchId: string, number: string, reason: CloseReason): Authorization;
  /** The person confirms it by itself, without a transfer. */
  confirmAuthorization(mchId: string, number: string): Authorization;
  /** How an account's pushes are written, and where they go, from now on until the next start. */
  setPushing(account: string, pushing: Partial<Pushing> & { readonly webhook?: string }): Account;
  /** One account more. */
  addAccount(account: AccountOptions): Account;
  /** The handshake (接入验证), as saving the URL in the console starts it. */
  verify(account: string): Promise<Handshake>;
  /** Templates as the console would add them, instead of those added before. */
  setTemplates(account: string, templates: readonly Template[]): readonly Template[];
  /** What the merchant may, by its product settings: only what is named changes. */
  setLimits(mchId: string, limits: Partial<MerchantLimits>): MerchantLimits;
  /** Where a merchant is told of payments and refunds whose order says nothing itself. */
  setPayNotify(mchId: string, url: string): { readonly mchId: string; readonly url: string };
  /** Placed by the merchant (统一下单) and not paid yet, oldest first. */
  unpaid(): readonly PlacedOrder[];
  /** Everything as at the very first start, the clock too. */
  reset(): Promise<State>;
  /** Hands the phone to a person and sends this browser to a link. */
  openLink(openid: string, url: string, res: ServerResponse): void;
  /** Every change from now on; the answer ends it. */
  watch(watcher: (change: Change) => void): () => void;
};

type ControlDoor = {
  /** Answers a request whose path below the prefix is `path` (`/state`, `/people/…`), in any case. */
  handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<void>;
  /** Ends the streams: whoever watches comes back, and reads the state anew. */
  forget(): void;
  close(): void;
};

const STREAMS_MAX = 64;
const STREAM_BYTES_MAX = 4 * 1024 * 1024;
const HEARTBEAT_MS = 15_000;

/** `current`: as it is now; a reset makes another. */
export function controlDoor(current: () => Control, hosts: readonly string[]): ControlDoor {
  const streams = new Set<ServerResponse>();
  const stream = (res: ServerResponse): void => {
    if (streams.size >= STREAMS_MAX) throw new Refused(503, `there are ${STREAMS_MAX} streams already`);
    openStream(current(), streams, res);
  };
  const forget = (): void => {
    for (const res of streams) res.destroy();
  };
  return {
    forget,
    handle: async (req, res, path) => {
      try {
        refuseForeign(req, hosts);
        const control = current();
        const [pathname = '', search = ''] = path.split('?');
        const parts = pathname
          .split('/')
          .filter(part => part !== '')
          .map(decode);
        const method = req.method ?? '';
        if (method === 'GET' && parts.join('/') === 'stream') return stream(res);
        if (method === 'GET' && parts.length === 3 && parts[0] === 'people' && parts[2] === 'open')
          return control.openLink(parts[1]!, new URLSearchParams(search).get('url') ?? '', res);
        const csv = method === 'GET' ? csvOf(control, parts, new URLSearchParams(search)) : undefined;
        if (csv !== undefined) return send(res, 200, 'text/csv; charset=utf-8', csv);
        const body = method === 'GET' ? undefined : await jsonOf(req);
        const answer = await answerOf(control, { method, parts, query: new URLSearchParams(search), body });
        sendJson(res, answer === undefined ? 404 : 200, answer ?? { error: `no ${method} ${pathname}` });
      } catch (error) {
        const status = error instanceof Refused ? error.status : error instanceof BadInput ? 400 : 500;
        sendJson(res, status, { error: messageOf(error) });
      }
    },
    close: forget,
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadInput('the path is not well-formed');
  }
}

/** Against DNS rebinding (Host) and cross-site requests (Origin, and a Content-Type no form can send). Throws `BadInput`. */
export function refuseForeign(req: IncomingMessage, hosts: readonly string[]): void {
  const host = req.headers.host ?? '';
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const isOurs = name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name) || hosts.includes(name);
  if (!isOurs) throw new BadInput(`host "${host}": the control API answers on loopback names only`);
  const { origin } = req.headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new BadInput(`origin "${origin}": the control API answers its own pages only`);
  }
}

async function jsonOf(req: IncomingMessage): Promise<unknown> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json') throw new BadInput('Content-Type: expected application/json');
  const text = await readBody(req);
  return text === '' ? {} : readJson(text);
}

function isDay(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === date;
}

/** The one answer that is no JSON. */
function csvOf(
  control: Control,
  [noun, id, file, ...more]: readonly string[],
  query: URLSearchParams,
): string | undefined {
  if (noun !== 'merchants' || file !== 'fundflow.csv' || more.length > 0) return undefined;
  const date = query.get('date') ?? undefined;
  if (date !== undefined && !isDay(date)) throw new BadInput('date: expected 2026-02-10');
  return control.fundFlow(id!, date);
}

/** Server-Sent Events. Who reads too slowly is cut off, and reads the state anew when it comes back. */
function openStream(control: Control, streams: Set<ServerResponse>, res: ServerResponse): void {
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  res.write('retry: 1000\n\n');
  const write = (text: string): void => {
    if (res.writableLength > STREAM_BYTES_MAX) res.destroy();
    else res.write(text);
  };
  const unwatch = control.watch(change => write(`data: ${JSON.stringify(change)}\n\n`));
  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  heartbeat.unref();
  streams.add(res);
  res.once('close', () => {
    clearInterval(heartbeat);
    unwatch();
    streams.delete(res);
  });
}
