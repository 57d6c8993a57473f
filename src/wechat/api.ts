// The Official Account's server API: an access token that is fetched once and shared, and calls that outlive its end
// (获取稳定版接口调用凭据). Neither token nor secret ever stands in an error or a log line.
import { request } from 'undici';
import { Fault, messageOf } from '../core/error.ts';
import { type Instant, later, MINUTE, SECOND } from '../core/time.ts';
import type { Clock, Messenger } from '../ports.ts';

export type ApiConfig = { readonly api: string; readonly appId: string; readonly appSecret: string };

/** The platform's answer without `errcode`, or with 0. */
type Answer = Readonly<Record<string, unknown>>;

const TIMEOUT_MS = 10_000;
/** Renewed this long before it ends: by then the platform hands out the next one already. */
const EARLY_MS = 5 * MINUTE;
/** The token is wrong or at its end: another one may help, once. */
const STALE_TOKEN = new Set([40001, 40014, 42001]);
const BUSY = new Set([-1, -1000, 45011]);

/** A text to a follower outside the passive reply (客服接口: 发消息). Throws `Fault` with the platform's errcode. */
export function createMessenger(config: ApiConfig, clock: Clock): Messenger {
  const call = createApi(config, clock);
  return {
    async say(user, text) {
      await call('/cgi-bin/message/custom/send', { touser: user, msgtype: 'text', text: { content: text } });
    },
  };
}

function createApi(config: ApiConfig, clock: Clock): (path: string, body: object) => Promise<Answer> {
  let token: { readonly value: string; readonly until: Instant } | undefined;
  let fetching: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    const body = { grant_type: 'client_credential', appid: config.appId, secret: config.appSecret };
    const answer = await post(new URL('/cgi-bin/stable_token', config.api), body);
    const { access_token: value, expires_in: seconds } = answer;
    if (typeof value !== 'string' || typeof seconds !== 'number')
      throw new Fault('wechat', 'safe', 'UNREADABLE', 'no access_token in the answer');
    token = { value, until: later(clock(), Math.max(seconds * SECOND - EARLY_MS, MINUTE)) };
    return value;
  }

  function tokenNow(): Promise<string> {
    if (token && clock() < token.until) return Promise.resolve(token.value);
    fetching ??= fetchToken().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  return async (path, body) => {
    for (let isSecond = false; ; isSecond = true) {
      const value = await tokenNow();
      const url = new URL(path, config.api);
      url.searchParams.set('access_token', value);
      try {
        return await post(url, body);
      } catch (error) {
        const isStale = error instanceof Fault && STALE_TOKEN.has(Number(error.code));
        if (!isStale || isSecond) throw error;
        if (token?.value === value) token = undefined; // unless somebody else has renewed it already
      }
    }
  };
}

/** Failure is an `errcode` that is there and not 0; the HTTP status is 200 either way. */
async function post(url: URL, body: object): Promise<Answer> {
  let text: string;
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await answer.body.text();
  } catch (error) {
    throw new Fault('wechat', 'query-first', 'NETWORK', `${url.pathname}: ${messageOf(error)}`);
  }
  let answer: Answer;
  try {
    answer = JSON.parse(text) as Answer;
  } catch {
    throw new Fault('wechat', 'query-first', 'UNREADABLE', `${url.pathname}: not JSON`);
  }
  const { errcode, errmsg } = answer;
  if (errcode === undefined || errcode === 0) return answer;
  const retry = BUSY.has(Number(errcode)) ? 'safe' : 'never';
  throw new Fault('wechat', retry, String(errcode), `${url.pathname}: ${errcode} ${String(errmsg)}`);
}
