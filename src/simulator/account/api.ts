// The Official Account platform's API (api.weixin.qq.com): JSON, status 200 whatever happens, errors by `errcode`.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../core/base/record.ts';
import { dayOf, instant } from '../../core/base/time.ts';
import { delayed, fail, readBytes, send, sendJson } from '../shared/http.ts';
import type { World } from '../world/world.ts';
import type { MessageDesk } from './custom-messages.ts';
import type { Fields } from './envelope.ts';
import { type ErrorReply, OK, platformError } from './errors.ts';
import { followerInfo, followerInfos, followerPage } from './followers.ts';
import type { JsTickets } from './js-tickets.ts';
import { checkMenu, listed, selfMenu } from './menu.ts';
import type { Pusher } from './push.ts';
import { createCode, picture } from './qr-codes.ts';
import { mayCall } from './rights.ts';
import { NoticeDesk, type Tell } from './template-messages.ts';
import { Tokens } from './tokens.ts';

export type Call = {
  readonly account: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  /** As it came, with its content type. */
  readonly raw: RawBody;
};
type RawBody = { readonly bytes: Buffer; readonly type: string };
export type Route = {
  readonly method: 'GET' | 'POST';
  /** Calls a day, as the console shows them. */
  readonly perDay: number;
  /** Its body is a form with a file, no JSON. */
  readonly takesFile?: true;
  readonly run: (world: World, call: Call, desks: Desks) => Answer | Promise<Answer>;
};
type Answer = object | PlainFile;
/** What is no JSON. */
export class PlainFile {
  readonly bytes: Buffer;
  readonly type: string;

  constructor(bytes: Buffer, type: string) {
    this.bytes = bytes;
    this.type = type;
  }
}
/** What others look into as well, and calls that stand elsewhere. */
type PlatformParts = {
  readonly tickets: JsTickets;
  readonly messages: MessageDesk;
  readonly routes: Readonly<Record<string, Route>>;
};
/** Where messages and notices are sent, what is pushed once the answer is out, and where tickets are kept. */
type Desks = PlatformParts & { readonly desk: NoticeDesk; readonly tell: Tell };
/** What is done once the answer is out. */
type Later = (work: () => void) => void;

const ROUTES: Record<string, Route> = {
  '/cgi-bin/user/info': {
    method: 'GET',
    perDay: 500_000,
    run: (world, { account, query }) => followerInfo(world, account, query.get('openid') ?? ''),
  },
  '/cgi-bin/user/info/batchget': {
    method: 'POST',
    perDay: 500_000,
    run: (world, { account, body }) => followerInfos(world, account, body),
  },
  '/cgi-bin/user/get': {
    method: 'GET',
    perDay: 500,
    run: (world, { account, query }) => followerPage(world, account, query.get('next_openid') ?? ''),
  },
  '/cgi-bin/message/custom/send': {
    method: 'POST',
    perDay: 500_000,
    run: (_world, { account, body }, { messages }) => messages.send(account, body),
  },
  '/cgi-bin/message/template/send': {
    method: 'POST',
    perDay: 100_000,
    run: (_world, { account, body }, { desk, tell }) => desk.sendTemplate(account, body, tell),
  },
  '/cgi-bin/message/subscribe/bizsend': {
    method: 'POST',
    perDay: 100_000,
    run: (_world, { account, body }, { desk, tell }) => desk.sendSubscription(account, body, tell),
  },
  '/cgi-bin/qrcode/create': { method: 'POST', perDay: 100_000, run: qrcodeCreate },
  '/cgi-bin/menu/create': { method: 'POST', perDay: 1000, run: menuCreate },
  '/cgi-bin/menu/get': { method: 'GET', perDay: 10_000, run: menuGet },
  '/cgi-bin/get_current_selfmenu_info': {
    method: 'GET',
    perDay: 10_000,
    run: (world, { account }) => selfMenu(world.account(account).menu),
  },
  '/cgi-bin/menu/delete': { method: 'GET', perDay: 1000, run: menuDelete },
  '/cgi-bin/ticket/getticket': {
    method: 'GET',
    perDay: 1_000_000,
    run: (_world, { account, query }, { tickets }) =>
      query.get('type') === 'jsapi'
        ? tickets.issue(account)
        : platformError(40097, 'the simulator has tickets of type=jsapi only'),
  },
  '/cgi-bin/getcallbackip': { method: 'GET', perDay: 5000, run: () => ({ ip_list: CALLBACK_IPS }) },
};

/** Whence pushes come: an address, and a range, as the real list has both. */
const CALLBACK_IPS: readonly string[] = ['127.0.0.1', '127.0.0.128/25'];

/** What is answered before any token is looked at, beside the table. */
export const PLATFORM_PATHS: readonly string[] = [
  ...['/cgi-bin/token', '/cgi-bin/stable_token', '/cgi-bin/clear_quota', '/cgi-bin/showqrcode'],
  '/cgi-bin/openapi/quota/get',
  ...Object.keys(ROUTES),
];

const FILE_BYTES_MAX = 12 * 1024 * 1024;
const BODY_BYTES_MAX = 64 * 1024;
/** Where the platform's calls lie; what is not there is said to be missing. */
const PLACES = /^\/(?:cgi-bin|wxaapi|wxa|customservice|semantic|datacube|shakearound|card|device)\//;

const TOKEN_PER_DAY = 2000;
const CLEARS_PER_MONTH = 10;
const SECONDS_30 = 30_000;

type Platform = {
  /** `false`: not one of its paths. */
  handle(req: IncomingMessage, res: ServerResponse, url: URL): boolean;
};

export function platform(world: World, pusher: Pusher, parts: PlatformParts): Platform {
  const desk = new PlatformDesk(world, pusher, parts);
  return {
    handle: (req, res, url) => {
      if (!PLACES.test(url.pathname)) return false;
      desk.serve(req, res, url).catch(error => fail(res, error));
      return true;
    },
  };
}

class PlatformDesk {
  readonly #world: World;
  readonly #tokens: Tokens;
  readonly #pusher: Pusher;
  readonly #notices: NoticeDesk;
  readonly #parts: PlatformParts;
  /** Account and path → calls today. */
  #used = new Map<string, number>();
  #usedOn = '';
  readonly #clears = new Map<string, number>();
  /** Tokens that were seen before the fault `expireToken` was switched on without a count: only those expire. */
  readonly #spared = new Set<string>();

  constructor(world: World, pusher: Pusher, parts: PlatformParts) {
    this.#world = world;
    this.#parts = parts;
    this.#tokens = new Tokens(world);
    this.#pusher = pusher;
    this.#notices = new NoticeDesk(world);
  }

  async serve(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    // Of WeChat's own clock, beside which others see whether theirs is right.
    res.setHeader('date', new Date(this.#world.wireNow()).toUTCString());
    if (url.pathname === '/cgi-bin/showqrcode') return this.#showCode(res, url);
    const { faults } = this.#world;
    if (faults.takePlatform('html502')) return send(res, 502, 'text/html', '<html><body>502 Bad Gateway</body></html>');
    const slow = faults.takePlatform('slow');
    if (slow && !(await delayed(res, slow.delayMs ?? SECONDS_30))) return;
    const isFile = this.#routeOf(url.pathname)?.takesFile === true;
    let raw: RawBody;
    try {
      const bytes = await readBytes(req, isFile ? FILE_BYTES_MAX : BODY_BYTES_MAX);
      raw = { bytes, type: req.headers['content-type'] ?? '' };
    } catch {
      return sendJson(res, 200, platformError(isFile ? 45001 : 47001));
    }
    const after: (() => void)[] = [];
    const answer = await this.#answer(req, url, raw, work => after.push(work));
    if (answer instanceof PlainFile) return send(res, 200, answer.type, answer.bytes);
    send(res, 200, 'application/json; charset=utf-8', bare(JSON.stringify(answer)));
    for (const work of after) work();
  }

  async #showCode(res: ServerResponse, url: URL): Promise<void> {
    const gif = await picture(this.#world, url.searchParams.get('ticket') ?? '');
    return gif ? send(res, 200, 'image/gif', gif) : send(res, 404, 'text/plain', 'no such ticket');
  }

  #routeOf(path: string): Route | undefined {
    return ROUTES[path] ?? this.#parts.routes[path];
  }

  #answer(req: IncomingMessage, url: URL, raw: RawBody, later: Later): Answer | Promise<Answer> {
    const { method = '' } = req;
    const { faults } = this.#world;
    if (faults.takePlatform('busy')) return platformError(-1);
    if (faults.takePlatform('quota')) return platformError(45009);
    const query = url.searchParams;
    const ip = (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    if (url.pathname === '/cgi-bin/token') return this.#token(method, query, ip);
    if (url.pathname === '/cgi-bin/stable_token') return this.#stableToken(method, raw, ip);
    const route = this.#routeOf(url.pathname);
    const isClear = url.pathname === '/cgi-bin/clear_quota';
    const isQuota = url.pathname === '/cgi-bin/openapi/quota/get';
    if (!route && !isClear && !isQuota) return platformError(40066, `the simulator has no ${method} ${url.pathname}`);
    const account = this.#authenticate(query.get('access_token') ?? '');
    if (typeof account !== 'string') return account;
    if (!mayCall(this.#world.account(account).options, url.pathname)) return platformError(48001);
    if (method !== (route?.method ?? 'POST')) return platformError(method === 'POST' ? 43001 : 43002);
    const body = method === 'POST' && !route?.takesFile ? readPost(raw) : {};
    if ('errcode' in body) return body;
    if (isQuota) return this.#quota(account, body);
    if (!route) return this.#clearQuota(account, body);
    if (!this.#use(account, url.pathname, route.perDay)) return platformError(45009);
    const tell: Tell = (openid, fields) => later(() => this.#push(account, openid, fields));
    return route.run(this.#world, { account, query, body, raw }, { ...this.#parts, desk: this.#notices, tell });
  }

  #push(account: string, openid: string, fields: Fields): void {
    const { options, webhook } = this.#world.account(account);
    if (webhook === '') return;
    this.#pusher.send(account, openid, {
      ToUserName: options.originalId,
      FromUserName: openid,
      CreateTime: String(Math.floor(this.#world.now() / 1000)),
      ...fields,
    });
  }

  #authenticate(token: string): string | object {
    if (token === '') return platformError(41001);
    if (this.#expires(token)) this.#tokens.expire(token);
    const checked = this.#tokens.check(token);
    return typeof checked === 'number' ? platformError(checked) : checked.account;
  }

  /** The fault `expireToken`: with a count each call costs one token, without one only those from before it. */
  #expires(token: string): boolean {
    const fault = this.#world.faults.seePlatform('expireToken');
    if (!fault) {
      this.#spared.clear();
      return false;
    }
    if (typeof this.#tokens.check(token) === 'number') return false;
    if (fault.times !== undefined) return this.#world.faults.takePlatform('expireToken') !== undefined;
    return !this.#spared.has(token);
  }

  #issued<A extends { readonly access_token: string }>(answer: A): A {
    if (this.#world.faults.seePlatform('expireToken')) this.#spared.add(answer.access_token);
    return answer;
  }

  #token(method: string, query: URLSearchParams, ip: string): object {
    if (method !== 'GET') return platformError(43001);
    const account = this.#clientOf(query.get('grant_type'), query.get('appid'), query.get('secret'), ip);
    if (typeof account !== 'string') return account;
    if (!this.#use(account, '/cgi-bin/token', TOKEN_PER_DAY)) return platformError(45009);
    return this.#issued(this.#tokens.issue(account));
  }

  #stableToken(method: string, raw: RawBody, ip: string): object {
    if (method !== 'POST') return platformError(43002);
    const body = readPost(raw);
    if ('errcode' in body) return body;
    const { grant_type: grant, appid, secret, force_refresh: force } = body;
    const account = this.#clientOf(grant, appid, secret, ip);
    if (typeof account !== 'string') return account;
    const answer = this.#tokens.stable(account, force === true);
    return answer === 45009 ? platformError(45009) : this.#issued(answer);
  }

  /** Whose token it is, or what is wrong. */
  #clientOf(grant: unknown, appId: unknown, secret: unknown, ip: string): string | ErrorReply {
    if (grant !== 'client_credential') return platformError(40002);
    if (typeof appId !== 'string' || appId === '') return platformError(41002);
    if (typeof secret !== 'string' || secret === '') return platformError(41004);
    const account = this.#world.accountBy(each => each.appId === appId);
    if (!account) return platformError(40013);
    if (account.appSecret !== secret) return platformError(40125);
    const isListed = account.ipWhitelist?.includes(ip) ?? true;
    return isListed ? account.name : platformError(40164, `${ip} ipv6 ::ffff:${ip}, not in whitelist`);
  }

  #use(account: string, path: string, perDay: number): boolean {
    const day = dayOf(instant(this.#world.now()));
    if (day !== this.#usedOn) this.#used.clear();
    this.#usedOn = day;
    const key = `${account} ${path}`;
    const used = (this.#used.get(key) ?? 0) + 1;
    this.#used.set(key, used);
    return used <= perDay;
  }

  /** 查询API调用额度: of one path, today. */
  #quota(account: string, { cgi_path: path }: Call['body']): object {
    const asked = typeof path === 'string' ? path : '';
    const perDay = asked === '/cgi-bin/token' ? TOKEN_PER_DAY : this.#routeOf(asked)?.perDay;
    if (perDay === undefined) return platformError(40066, `the simulator counts no calls of "${asked.slice(0, 64)}"`);
    const isToday = dayOf(instant(this.#world.now())) === this.#usedOn;
    const used = Math.min(isToday ? (this.#used.get(`${account} ${asked}`) ?? 0) : 0, perDay);
    return { ...OK, quota: { daily_limit: perDay, used, remain: perDay - used } };
  }

  #clearQuota(account: string, body: Call['body']): object {
    if (body.appid !== this.#world.account(account).options.appId) return platformError(40013);
    const key = `${account} ${dayOf(instant(this.#world.now())).slice(0, 7)}`;
    const clears = this.#clears.get(key) ?? 0;
    if (clears >= CLEARS_PER_MONTH) return platformError(48006);
    this.#clears.set(key, clears + 1);
    for (const used of this.#used.keys()) if (used.startsWith(`${account} `)) this.#used.delete(used);
    return OK;
  }
}

/** Ids of 64 bits are numbers on the wire, which no number of ours can hold. */
function bare(json: string): string {
  return json.replace(/"msgid":"(\d+)"/, '"msgid":$1');
}

/** JSON with raw characters: `\uXXXX` is refused, as the real platform does. */
function readPost({ bytes }: RawBody): Call['body'] {
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return platformError(47001);
  }
  if (text.trim() === '') return platformError(44002);
  if (/(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}/.test(text)) return platformError(40033);
  try {
    const body: unknown = JSON.parse(text);
    if (isRecord(body)) {
      // Nothing from outside may look like an answer of ours.
      const { errcode: _errcode, ...rest } = body;
      return rest;
    }
  } catch {
    // Falls through: what cannot be read is one error, whatever the reason.
  }
  return platformError(47001);
}

function qrcodeCreate(world: World, { account, body }: Call): object {
  const created = createCode(world, account, body);
  return typeof created === 'string' ? platformError(40053, created) : created;
}

function menuCreate(world: World, { account, body }: Call): object {
  const menu = checkMenu(body, id => world.knowsMedia(account, id));
  if (typeof menu === 'number') return platformError(menu);
  world.setMenu(account, menu);
  return OK;
}

function menuGet(world: World, { account }: Call): object {
  const { menu } = world.account(account);
  if (menu.button.length === 0) return platformError(46003);
  const { menus } = world.console.of(account);
  const conditional = menus.map(({ menuid, button, matchrule }) => ({
    button: listed(button),
    matchrule,
    menuid: Number(menuid),
  }));
  return {
    menu: { button: listed(menu.button), ...(menus.length > 0 && { menuid: MENU_ID }) },
    ...(menus.length > 0 && { conditionalmenu: conditional }),
  };
}

/** The default menu's, where there are others beside it. */
const MENU_ID = 208_396_938;

/** With the others it goes away. */
function menuDelete(world: World, { account }: Call): object {
  world.console.set(account, { menus: [] });
  world.setMenu(account, { button: [] });
  return OK;
}
