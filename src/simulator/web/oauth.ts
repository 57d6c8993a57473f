// Web OAuth (网页授权) as WeChat's browser and server play it: the authorize page, and the exchange of its codes.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorReply, OK, platformError } from '../account/errors.ts';
import { send } from '../shared/http.ts';
import type { AccountOptions } from '../shared/options.ts';
import type { StoredPerson } from '../world/journal.ts';
import type { World } from '../world/world.ts';
import { readCookie, wechatPage } from './browser.ts';

const CODE_MS = 300_000;
const CODES_MAX = 10_000;
/**
 * Whose page it is and where it leads back to stand first; of the rest, SDKs that are in daily use have their own order.
 * `connect_redirect` is added by some of them.
 */
const FIRST = ['appid', 'redirect_uri'];
const NAMES = ['appid', 'redirect_uri', 'response_type', 'scope', 'state', 'connect_redirect'];
/** These stand anywhere. */
const ANYWHERE: ReadonlySet<string> = new Set(['forcePopup', 'forceSnapShot', 'agreed']);
const TOKEN_MS = 7_200_000;
const REFRESH_MS = 30 * 86_400_000;
const TOKENS_MAX = 10_000;
const LOOPBACK = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/;

type Code = {
  readonly appId: string;
  readonly openid: string;
  readonly scope: string;
  readonly at: number;
  used: boolean;
};
type Asked = {
  readonly account: AccountOptions;
  readonly back: URL;
  readonly scope: string;
  readonly state: string | null;
};
/** What was given for a code: good for `/sns/*` only. */
type Grant = {
  readonly appId: string;
  readonly openid: string;
  readonly scope: string;
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly refreshUntil: number;
  readonly isSnapshot: boolean;
};
/** An error page of step 1: its number, and what it says. */
type Wrong = readonly [code: number | undefined, text: string];

export class OAuthDesk {
  readonly #world: World;
  readonly #codes = new Map<string, Code>();
  /** By refresh_token, the newest last. */
  readonly #grants = new Map<string, Grant>();

  constructor(world: World) {
    this.#world = world;
  }

  // ── Step 1: in WeChat's browser ────────────────────────────────────────────────────────────────────────────

  /** GET /connect/oauth2/authorize. Who taps is in a cookie (`browser.ts`), or in `as`. */
  authorize(req: IncomingMessage, res: ServerResponse, url: URL): void {
    const person = this.#world.findPerson(url.searchParams.get('as') ?? readCookie(req) ?? '');
    url.searchParams.delete('as');
    const asked = this.#asked(url);
    if (!('account' in asked)) refuse(res, asked);
    else if (!person) refuse(res, [undefined, '请在微信客户端打开链接']);
    else if (person.account !== asked.account.name) refuse(res, [undefined, '这个人不是该公众号的用户']);
    else if (url.searchParams.get('forcePopup') === 'true' && !url.searchParams.has('agreed'))
      askFirst(res, asked, url);
    else this.#sendBack(res, asked, person);
  }

  #sendBack(res: ServerResponse, asked: Asked, person: StoredPerson): void {
    const { back } = asked;
    back.searchParams.append('code', this.#newCode(asked, person));
    if (asked.state !== null) back.searchParams.append('state', asked.state);
    res.writeHead(302, { location: back.href, 'cache-control': 'no-store', 'content-length': 0 }).end();
  }

  #asked({ searchParams: query }: URL): Asked | Wrong {
    const [appId, back, scope] = ['appid', 'redirect_uri', 'scope'].map(name => query.get(name) ?? '');
    const state = query.get('state');
    if (appId === '') return [10012, 'appid 参数为空'];
    if (back === '') return [10011, 'redirect_uri 参数为空'];
    if (scope === '') return [10010, 'scope 参数为空'];
    const account = this.#world.accountBy(each => each.appId === appId);
    if (!account) return [10016, 'appid 参数错误'];
    if (state === '') return [10013, 'state 参数为空'];
    const names = [...query.keys()].filter(name => !ANYWHERE.has(name));
    const isOrdered = FIRST.every((name, index) => names[index] === name) && hasOnce(names);
    const isState = state === null || /^[A-Za-z0-9]{1,128}$/.test(state);
    if (!isOrdered || query.get('response_type') !== 'code' || !isState) return [undefined, '链接参数错误'];
    if (scope !== 'snsapi_base' && scope !== 'snsapi_userinfo') return [10005, '该公众号没有这些 scope 的权限'];
    if (!URL.canParse(back!) || !isOwnHost(account, new URL(back!)))
      return [10003, 'redirect_uri 域名与后台配置不一致'];
    return { account, back: new URL(back!), scope, state };
  }

  #newCode({ account, scope }: Asked, person: StoredPerson): string {
    const code = randomBytes(16).toString('hex');
    this.#codes.set(code, {
      appId: account.appId,
      openid: person.openid,
      scope,
      at: this.#world.wireNow(),
      used: false,
    });
    if (this.#codes.size > CODES_MAX) this.#codes.delete(this.#codes.keys().next().value!);
    return code;
  }

  // ── Step 2: between servers ────────────────────────────────────────────────────────────────────────────────

  /** GET /sns/oauth2/access_token */
  exchange(query: URLSearchParams): object {
    const [appId, secret, code] = ['appid', 'secret', 'code'].map(name => query.get(name) ?? '');
    if (appId === '') return platformError(41002);
    if (secret === '') return platformError(41004);
    if (code === '') return platformError(41008);
    if (query.get('grant_type') !== 'authorization_code') return platformError(40002);
    const account = this.#world.accountBy(each => each.appId === appId);
    if (!account) return platformError(40013);
    if (account.appSecret !== secret) return platformError(40125);
    const known = this.#codes.get(code!);
    if (!known || known.appId !== appId) return platformError(40029);
    if (known.used) return platformError(40163);
    if (this.#world.wireNow() - known.at >= CODE_MS) return platformError(42003);
    known.used = true;
    const isSnapshot = this.#world.faults.takePlatform('snapshot') !== undefined;
    const openid = isSnapshot ? virtualOf(code!) : known.openid;
    const granted = this.#grant({ appId: appId!, openid, scope: known.scope, isSnapshot });
    return { ...granted, ...(isSnapshot && { is_snapshotuser: 1 }) };
  }

  #grant(
    given: Pick<Grant, 'appId' | 'openid' | 'scope' | 'isSnapshot'>,
    refreshToken = randomBytes(48).toString('base64url'),
    refreshUntil = this.#world.wireNow() + REFRESH_MS,
  ): object {
    const accessToken = randomBytes(48).toString('base64url');
    const grant = { ...given, accessToken, expiresAt: this.#world.wireNow() + TOKEN_MS, refreshUntil };
    this.#grants.delete(refreshToken);
    this.#grants.set(refreshToken, grant);
    if (this.#grants.size > TOKENS_MAX) this.#grants.delete(this.#grants.keys().next().value!);
    const { openid, scope, appId } = given;
    const union = scope === 'snsapi_userinfo' ? { unionid: unionOf(appId, openid) } : {};
    return { access_token: accessToken, expires_in: 7200, refresh_token: refreshToken, openid, scope, ...union };
  }

  // ── Steps 3 and 4 ──────────────────────────────────────────────────────────────────────────────────────────

  /** GET /sns/oauth2/refresh_token: 30 days from the first one on, and no longer. */
  refresh(query: URLSearchParams): object {
    const [appId, token] = ['appid', 'refresh_token'].map(name => query.get(name) ?? '');
    if (appId === '') return platformError(41002);
    if (token === '') return platformError(41003);
    if (query.get('grant_type') !== 'refresh_token') return platformError(40002);
    if (!this.#world.accountBy(each => each.appId === appId)) return platformError(40013);
    const grant = this.#grants.get(token!);
    if (!grant || grant.appId !== appId) return platformError(40030);
    if (grant.refreshUntil <= this.#world.wireNow()) return platformError(42002);
    return this.#grant(grant, token, grant.refreshUntil);
  }

  /** GET /sns/userinfo: with the token of snsapi_userinfo. Sex and place are not told any more. */
  userInfo(query: URLSearchParams): object {
    const grant = this.#granted(query);
    if ('errcode' in grant) return grant;
    if (grant.scope !== 'snsapi_userinfo') return platformError(48001);
    const { openid, appId, isSnapshot } = grant;
    const nickname = isSnapshot ? '微信用户' : (this.#world.findPerson(openid)?.nickname ?? '');
    return {
      ...{ openid, nickname, sex: 0, language: '', city: '', province: '', country: '' },
      headimgurl: `https://thirdwx.qlogo.cn/mmopen/vi_32/${createHash('sha256').update(openid).digest('hex').slice(0, 24)}/132`,
      privilege: [],
      unionid: unionOf(appId, openid),
    };
  }

  /** GET /sns/auth: does the token still stand? */
  check(query: URLSearchParams): object {
    const grant = this.#granted(query);
    return 'errcode' in grant ? grant : OK;
  }

  #granted(query: URLSearchParams): Grant | ErrorReply {
    const [token, openid] = ['access_token', 'openid'].map(name => query.get(name) ?? '');
    if (token === '') return platformError(41001);
    if (openid === '') return platformError(41009);
    const grant = [...this.#grants.values()].find(({ accessToken }) => accessToken === token);
    if (!grant) return platformError(40001);
    if (grant.openid !== openid) return platformError(40003);
    return grant.expiresAt <= this.#world.wireNow() ? platformError(42001) : grant;
  }
}

/** Each of those we know, once, and no other. */
function hasOnce(names: readonly string[]): boolean {
  return new Set(names).size === names.length && names.every(name => NAMES.includes(name));
}

/** The whole host must be one of 网页授权域名; where none were named, this machine is. */
function isOwnHost({ webDomains }: AccountOptions, { protocol, hostname, host }: URL): boolean {
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  return webDomains === undefined ? LOOPBACK.test(hostname) : webDomains.includes(host) || webDomains.includes('*');
}

/** The same person at every account of one operator; here, at this one. */
function unionOf(appId: string, openid: string): string {
  return `o6_bm${createHash('sha256').update(`${appId} ${openid}`).digest('base64url').slice(0, 23)}`;
}

/** The page on which somebody agrees (`forcePopup`). Otherwise everybody agrees at once. */
function askFirst(res: ServerResponse, { account, state, back }: Asked, url: URL): void {
  const yes = new URL(url);
  yes.searchParams.set('agreed', '1');
  const no = new URL(back);
  if (state !== null) no.searchParams.append('state', state);
  const link = (to: string, text: string): string => `<p><a href="${escaped(to)}">${text}</a></p>`;
  const page = `<h1>${escaped(account.title)} 申请获取你的昵称、头像</h1>${link(`${yes.pathname}${yes.search}`, '允许')}${link(no.href, '拒绝')}`;
  send(res, 200, 'text/html; charset=utf-8', wechatPage('微信授权', page));
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`);

/** The person of a snapshot page: another one each time, and nobody. */
function virtualOf(code: string): string {
  return `o${createHash('sha256').update(`snapshot ${code}`).digest('base64url').slice(0, 27)}`;
}

function refuse(res: ServerResponse, [code, text]: Wrong): void {
  const number = code === undefined ? '' : `<p class="code">错误码 ${code}</p>`;
  send(res, 200, 'text/html; charset=utf-8', wechatPage('无法打开页面', `<h1>${text}</h1>${number}`));
}
