// The Official Account's server API: calls that outlive the end of the access token, which all processes share
// (`token.ts`). Neither token nor secret ever stands in an error or a log line.
import { request } from 'undici';
import { under } from '../../core/base/address.ts';
import { Fault, messageOf } from '../../core/base/error.ts';
import type { Clock, Messenger, Store } from '../../ports.ts';
import { jsonOf, numberOf } from '../json.ts';
import { neverLeft } from '../transport.ts';
import { createShared } from './token.ts';

export type ApiConfig = { readonly api: string; readonly appId: string; readonly appSecret: string };

/** The platform's answer without `errcode`, or with 0. Whole numbers of 16 digits and more are texts: see `readJson`. */
export type Answer = Readonly<Record<string, unknown>>;

/**
 * Calls with the access token. Both throw `Fault`; where the platform said no, its `code` is the errcode. `query-first`:
 * it may have done what it was asked, and nobody heard the answer.
 */
export type Api = {
  get(path: string, query?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body: object): Promise<Answer>;
};

const TIMEOUT_MS = 10_000;
/** The token is wrong or at its end: another one may help, once. */
const STALE_TOKEN = new Set([40001, 40014, 42001]);
const BUSY = new Set([-1, -1000, 45011]);

export type ApiPorts = {
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  /** Where the access token lies for all processes. */
  readonly store: Pick<Store, 'lease' | 'release' | 'note'>;
};

/** A text to a follower outside the passive reply (客服接口: 发消息). Throws `Fault` with the platform's errcode. */
export function createMessenger(config: ApiConfig, ports: ApiPorts): Messenger {
  return messengerOn(createApi(config, ports));
}

export function messengerOn(api: Api): Messenger {
  return {
    async say(user, text) {
      await api.post('/cgi-bin/message/custom/send', { touser: user, msgtype: 'text', text: { content: text } });
    },
  };
}

export function createApi(config: ApiConfig, ports: ApiPorts): Api {
  const token = createShared({ ...ports, name: `token:${config.appId}`, fetch: () => fetchToken(config) });
  const withToken = async (url: URL, body?: object): Promise<Answer> => {
    for (let isSecond = false; ; isSecond = true) {
      const value = await beforehand(token.now());
      url.searchParams.set('access_token', value);
      try {
        return await call(url, body);
      } catch (error) {
        const isStale = error instanceof Fault && STALE_TOKEN.has(Number(error.code));
        if (!isStale || isSecond) throw error;
        await beforehand(token.refuse(value));
      }
    }
  };
  return {
    get: (path, query = {}) => withToken(under(config.api, `${path}?${new URLSearchParams(query)}`)),
    post: (path, body) => withToken(under(config.api, path), body),
  };
}

/** A failure before the call itself: that one has not left, whatever became of the token. */
async function beforehand<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isOurs = error instanceof Fault && error.who === 'wechat';
    if (isOurs && error.retry !== 'query-first') throw error;
    throw new Fault('wechat', 'safe', isOurs ? error.code : 'TOKEN', messageOf(error), { cause: error });
  }
}

async function fetchToken({ api, appId, appSecret }: ApiConfig): Promise<{ value: string; seconds: number }> {
  const body = { grant_type: 'client_credential', appid: appId, secret: appSecret };
  const { access_token: value, expires_in: lasts } = await call(under(api, '/cgi-bin/stable_token'), body);
  const seconds = numberOf(lasts);
  if (typeof value !== 'string' || seconds === undefined)
    throw new Fault('wechat', 'safe', 'UNREADABLE', 'no access_token in the answer');
  return { value, seconds };
}

/** Failure is an `errcode` that is there and not 0; the HTTP status is 200 either way. Without a body it is a GET. */
export async function call(url: URL, body?: object): Promise<Answer> {
  let text: string;
  try {
    const answer = await request(url, {
      ...(body === undefined
        ? { method: 'GET' }
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await answer.body.text();
  } catch (error) {
    throw new Fault(
      'wechat',
      neverLeft(error) ? 'safe' : 'query-first',
      'NETWORK',
      `${url.pathname}: ${messageOf(error)}`,
    );
  }
  const answer = readJson(text);
  if (!answer) throw new Fault('wechat', 'query-first', 'UNREADABLE', `${url.pathname}: not JSON`);
  const { errcode, errmsg } = answer;
  if (errcode === undefined || errcode === null || numberOf(errcode) === 0) return answer;
  const retry = BUSY.has(Number(errcode)) ? 'safe' : 'never';
  throw new Fault('wechat', retry, String(errcode), `${url.pathname}: ${errcode} ${String(errmsg)}`);
}

/** Ids of 64 bits (`msgid`) are put in quotes first, outside of texts: as numbers they would lose their last digits. */
function readJson(text: string): Answer | undefined {
  return jsonOf(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, part => (/^\d{16,}$/.test(part) ? `"${part}"` : part)),
  );
}
