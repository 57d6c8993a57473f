// Web OAuth (网页授权) as WeChat's browser and server play it: the authorize page, and the exchange of its codes.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { platformError } from '../account/errors.ts';
import { send } from '../shared/http.ts';
import type { AccountOptions } from '../shared/options.ts';
import type { StoredPerson } from '../world/journal.ts';
import type { World } from '../world/world.ts';
import { readCookie, wechatPage } from './browser.ts';

const CODE_MS = 300_000;
const CODES_MAX = 10_000;
/** The page of the real one minds this order. `connect_redirect` is added by some SDKs. */
const ORDER = ['appid', 'redirect_uri', 'response_type', 'scope', 'state', 'connect_redirect'];
const LOOPBACK = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/;

type Code = {
  readonly appId: string;
  readonly openid: string;
  readonly scope: string;
  readonly at: number;
  used: boolean;
};
type Asked = { readonly account: AccountOptions; readonly back: URL; readonly scope: string; readonly state: string };
/** An error page of step 1: its number, and what it says. */
type Wrong = readonly [code: number | undefined, text: string];

export class OAuthDesk {
  readonly #world: World;
  readonly #codes = new Map<string, Code>();

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
    else this.#sendBack(res, asked, person);
  }

  #sendBack(res: ServerResponse, asked: Asked, person: StoredPerson): void {
    const { back } = asked;
    back.searchParams.append('code', this.#newCode(asked, person));
    back.searchParams.append('state', asked.state);
    res.writeHead(302, { location: back.href, 'cache-control': 'no-store', 'content-length': 0 }).end();
  }

  #asked({ searchParams: query }: URL): Asked | Wrong {
    const [appId, back, scope, state] = ['appid', 'redirect_uri', 'scope', 'state'].map(name => query.get(name) ?? '');
    if (appId === '') return [10012, 'appid 参数为空'];
    if (back === '') return [10011, 'redirect_uri 参数为空'];
    if (scope === '') return [10010, 'scope 参数为空'];
    const account = this.#world.accountBy(each => each.appId === appId);
    if (!account) return [10016, 'appid 参数错误'];
    if (state === '') return [10013, 'state 参数为空'];
    const names = [...query.keys()];
    const isOrdered = names.join() === ORDER.filter(name => names.includes(name)).join();
    const isState = /^[A-Za-z0-9]{1,128}$/.test(state!);
    if (!isOrdered || query.get('response_type') !== 'code' || !isState) return [undefined, '链接参数错误'];
    if (scope !== 'snsapi_base' && scope !== 'snsapi_userinfo') return [10005, '该公众号没有这些 scope 的权限'];
    if (!URL.canParse(back!) || !isOwnHost(account, new URL(back!)))
      return [10003, 'redirect_uri 域名与后台配置不一致'];
    return { account, back: new URL(back!), scope, state: state! };
  }

  #newCode({ account, scope }: Asked, person: StoredPerson): string {
    const code = randomBytes(16).toString('hex');
    this.#codes.set(code, { appId: account.appId, openid: person.openid, scope, at: this.#world.now(), used: false });
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
    if (this.#world.now() - known.at >= CODE_MS) return platformError(42003);
    known.used = true;
    const isSnapshot = this.#world.faults.takePlatform('snapshot') !== undefined;
    return {
      access_token: randomBytes(48).toString('base64url'),
      expires_in: 7200,
      refresh_token: randomBytes(48).toString('base64url'),
      openid: isSnapshot ? virtualOf(code!) : known.openid,
      scope: known.scope,
      ...(isSnapshot && { is_snapshotuser: 1 }),
    };
  }
}

/** The whole host must be one of 网页授权域名; where none were named, this machine is. */
function isOwnHost({ webDomains }: AccountOptions, { protocol, hostname, host }: URL): boolean {
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  return webDomains === undefined ? LOOPBACK.test(hostname) : webDomains.includes(host);
}

/** The person of a snapshot page: another one each time, and nobody. */
function virtualOf(code: string): string {
  return `o${createHash('sha256').update(`snapshot ${code}`).digest('base64url').slice(0, 27)}`;
}

function refuse(res: ServerResponse, [code, text]: Wrong): void {
  const number = code === undefined ? '' : `<p class="code">错误码 ${code}</p>`;
  send(res, 200, 'text/html; charset=utf-8', wechatPage('无法打开页面', `<h1>${text}</h1>${number}`));
}
