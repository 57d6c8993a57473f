// Who opens our page (网页授权, snsapi_base): the address at which WeChat is asked, and what the code it sends back is worth.
// The openid comes from here and from nowhere else; the token beside it is thrown away.
import { under } from '../../core/base/address.ts';
import { Fault } from '../../core/base/error.ts';
import type { OpenId } from '../../core/base/event.ts';
import { isOpenId } from '../../core/base/openid.ts';
import { type ApiConfig, call } from './api.ts';

/** `snapshot`: a virtual person of a snapshot page (快照页). `again`: the code is spent or late; another one may be had. */
type Visitor =
  | { readonly kind: 'user'; readonly user: OpenId }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'again' };

/** Invalid, used, expired. */
const SPENT = new Set(['40029', '40163', '42003']);

/** WeChat minds the order of the parameters, and wants its fragment in a redirect as well. */
export function authorizeUrl({ open, appId }: { open: string; appId: string }, back: string, state: string): string {
  const query = [
    ['appid', appId],
    ['redirect_uri', back],
    ['response_type', 'code'],
    ['scope', 'snsapi_base'],
    ['state', state],
  ];
  const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join('&');
  return `${open}/connect/oauth2/authorize?${text}#wechat_redirect`;
}

/** Throws `Fault`: the network, or a secret that is wrong (40125). */
export async function visitorOf({ api, appId, appSecret }: ApiConfig, code: string): Promise<Visitor> {
  const query = new URLSearchParams({ appid: appId, secret: appSecret, code, grant_type: 'authorization_code' });
  try {
    const { openid, is_snapshotuser: snapshot } = await call(under(api, `/sns/oauth2/access_token?${query}`));
    if (Number(snapshot ?? 0) === 1) return { kind: 'snapshot' };
    if (typeof openid === 'string' && isOpenId(openid)) return { kind: 'user', user: openid };
  } catch (error) {
    if (error instanceof Fault && SPENT.has(error.code)) return { kind: 'again' };
    throw error;
  }
  throw new Fault('wechat', 'query-first', 'UNREADABLE', '/sns/oauth2/access_token: no openid in the answer');
}
