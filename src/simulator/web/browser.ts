// WeChat's own browser, as far as a page on somebody's screen needs it: who is holding the phone, and the script that
// WeChat's pages load (JS-SDK), with which a transfer (商家转账) is confirmed. A real browser stands in for WeChat's.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadInput, messageOf } from '../../core/base/error.ts';
import { isRecord } from '../../core/base/record.ts';
import type { JsTickets } from '../account/js-tickets.ts';
import type { OrderLife } from '../pay/order-lifecycle.ts';
import { readBody, readJson, send, sendJson } from '../shared/http.ts';
import type { Json } from '../shared/json.ts';
import type { Authorization } from '../shared/protocol.ts';
import { Refused } from '../shared/refusal.ts';
import type { World } from '../world/world.ts';
import { STAND_IN } from './jweixin.ts';

/** A cookie goes to every port of a host, so that the demo's page and the simulator see the same person. */
export const PERSON_COOKIE = 'wechat_person';

export function readCookie(req: IncomingMessage): string | undefined {
  const match = new RegExp(`(?:^|;\\s*)${PERSON_COOKIE}=([\\w-]+)`).exec(req.headers.cookie ?? '');
  return match?.[1];
}

/** Hands the phone to this person and opens a link on it. */
export function openAs(world: World, res: ServerResponse, openid: string, link: string): void {
  const { account } = world.person(openid);
  const url = URL.canParse(link) ? new URL(link) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!url || !isWeb || !mayOpen(world.account(account).options.webDomains, url))
    throw new BadInput('url: expected the address of a page on this machine or on one of webDomains');
  res.appendHeader('set-cookie', `${PERSON_COOKIE}=${openid}; Path=/; HttpOnly; SameSite=Lax`);
  res.writeHead(302, { location: url.href, 'cache-control': 'no-store', 'content-length': 0 }).end();
}

function mayOpen(domains: readonly string[] | undefined, { hostname, host }: URL): boolean {
  return (
    /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname) ||
    (domains?.some(each => each === host || each === '*') ?? false)
  );
}

/** `/jweixin.js`, and what it asks for below `/jsapi/`. */
export class JsDesk {
  readonly #world: World;
  readonly #tickets: JsTickets;
  readonly #life: OrderLife;

  constructor(world: World, tickets: JsTickets, life: OrderLife) {
    this.#world = world;
    this.#tickets = tickets;
    this.#life = life;
  }

  async serve(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (path === '/jweixin.js') return send(res, 200, 'text/javascript; charset=utf-8', STAND_IN);
    const { origin } = req.headers;
    if (req.method !== 'POST' || origin === undefined) return send(res, 404, 'text/plain', 'not found');
    res.setHeader('access-control-allow-origin', origin);
    res.setHeader('access-control-allow-credentials', 'true');
    res.setHeader('vary', 'origin');
    try {
      const given = objectIn(await readBody(req));
      sendJson(res, 200, this.#answer(path, given, origin, readCookie(req)));
    } catch (error) {
      if (!(error instanceof BadInput) && !(error instanceof Refused)) throw error;
      sendJson(res, 200, { err_msg: `fail ${messageOf(error)}` });
    }
  }

  #answer(path: string, given: Json, origin: string, openid: string | undefined): object {
    if (path === '/jsapi/config') return { err_msg: this.#config(given, origin) };
    if (path === '/jsapi/transfer') return this.#show(given, openid);
    if (path !== '/jsapi/confirm') throw new Refused(404, 'no such function');
    const alone = this.#authorization(given, openid);
    if (alone) {
      this.#world.authorizations.confirm(alone);
      return { err_msg: 'ok' };
    }
    const { mchId, billNo } = this.#transfer(given, openid);
    this.#life.open(mchId, billNo, openid!);
    return { err_msg: 'ok' };
  }

  /** `wx.config`: the signature is over the very page that loads the script. */
  #config(given: Json, origin: string): string {
    const { appId, timestamp, nonceStr, signature, url } = given;
    const account = this.#world.accountBy(each => each.appId === appId);
    if (!account) return 'config:invalid appid';
    if (
      typeof url !== 'string' ||
      !url.startsWith(`${origin}/`) ||
      !URL.canParse(url) ||
      !mayOpen(account.webDomains, new URL(url))
    )
      return 'config:invalid url domain';
    const isSigned = this.#tickets.isSigned(account.name, String(nonceStr), String(timestamp), url, String(signature));
    return isSigned ? 'config:ok' : 'config:invalid signature';
  }

  #show(given: Json, openid: string | undefined): object {
    const alone = this.#authorization(given, openid);
    if (alone) return { err_msg: 'ok', from: alone.displayName, remark: '', authorizes: alone.displayName };
    const { mchId, billNo, amount, sendName, wishing } = this.#transfer(given, openid);
    const asked = this.#world.authorizations.list().find(each => each.mchId === mchId && each.billNo === billNo);
    const authorizes = asked?.state === 'WAIT_USER_CONFIRM' ? { authorizes: asked.displayName } : {};
    return { err_msg: 'ok', amount, from: sendName, remark: wishing, ...authorizes };
  }

  /** Asked for by itself. */
  #authorization({ mchId, package: text }: Json, openid: string | undefined): Authorization | undefined {
    const found = this.#world.authorizations.byPackage(String(mchId), text);
    if (found && found.openid !== openid) throw new Refused(409, '授权账号与当前微信账号不一致');
    if (found && found.state !== 'WAIT_USER_CONFIRM') throw new Refused(409, '授权已失效');
    return found;
  }

  #transfer({ mchId, package: text }: Json, openid: string | undefined) {
    for (const order of this.#world.ordersOf(String(mchId))) {
      if (order.packageInfo === undefined || order.packageInfo !== text) continue;
      if (order.openid !== openid) throw new Refused(409, '收款账号与当前微信账号不一致');
      return order;
    }
    throw new Refused(404, 'package 参数错误');
  }
}

function objectIn(text: string): Json {
  const value = readJson(text);
  if (isRecord(value)) return value;
  throw new BadInput('the body is no JSON object');
}

/** A plain page of WeChat's own. */
export function wechatPage(title: string, body: string): string {
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>body{margin:0;padding:20vh 24px 0;background:#ededed;color:#191919;font:17px/1.6 system-ui,sans-serif;text-align:center}h1{font-size:20px;font-weight:500}.code{color:#666;font-size:14px}</style><body>${body}`;
}
