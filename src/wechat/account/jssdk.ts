// The JS-SDK: what `wx.config` on a page of ours needs to be believed. The jsapi_ticket is shared by all processes, and
// never leaves the server.
import { createHash, randomBytes } from 'node:crypto';
import { Fault } from '../../core/base/error.ts';
import { SECOND } from '../../core/base/time.ts';
import { numberOf } from '../json.ts';
import type { Api, ApiPorts } from './api.ts';
import { createShared } from './token.ts';

type JsConfig = {
  readonly appId: string;
  readonly timestamp: number;
  readonly nonceStr: string;
  readonly signature: string;
};

/** For one address of ours. Throws `Fault`. */
type JsSigner = (url: string) => Promise<JsConfig>;

/** SHA-1 over the four in this order, nothing encoded, the address without its fragment. */
export function jsSignature(ticket: string, nonce: string, timestamp: number, url: string): string {
  const [page] = url.split('#');
  const text = `jsapi_ticket=${ticket}&noncestr=${nonce}&timestamp=${timestamp}&url=${page}`;
  return createHash('sha1').update(text).digest('hex');
}

export function createJsSigner(appId: string, api: Api, ports: ApiPorts): JsSigner {
  const ticket = createShared({ ...ports, name: `ticket:${appId}`, fetch: () => fetchTicket(api) });
  return async url => {
    const nonceStr = randomBytes(8).toString('hex');
    const timestamp = Math.floor(ports.clock() / SECOND);
    const signature = jsSignature(await ticket.now(), nonceStr, timestamp, url);
    return { appId, timestamp, nonceStr, signature };
  };
}

async function fetchTicket(api: Api): Promise<{ value: string; seconds: number }> {
  const { ticket: value, expires_in: lasts } = await api.get('/cgi-bin/ticket/getticket', { type: 'jsapi' });
  const seconds = numberOf(lasts);
  if (typeof value !== 'string' || seconds === undefined)
    throw new Fault('wechat', 'safe', 'UNREADABLE', 'ticket/getticket: no ticket in the answer');
  return { value, seconds };
}
