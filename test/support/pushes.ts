// Pushes as WeChat makes them: both formats, three modes, with and without its slip about `]]>`. Sealed by code that
// nobody here wrote.
import { createCipheriv, randomBytes } from 'node:crypto';
import { getSignature, encrypt as theirEncrypt } from '@wecom/crypto';
import { ACCOUNT } from './harness.ts';

export type Mode = 'safe' | 'compatible' | 'plain';
export type Format = 'xml' | 'json';
export const MODES: readonly Mode[] = ['safe', 'compatible', 'plain'];
export const FORMATS: readonly Format[] = ['xml', 'json'];

/** How far WeChat's clock, by which pushes are signed, is ahead of the machine's. */
export const wechat = { aheadMs: 0, now: () => Date.now() + wechat.aheadMs };

/** In the order in which they are written. */
export type Fields = { readonly [name: string]: string | Fields };

/** `raw`: `]]>` in a text is left as it is, as one public report has it. */
export type Way = { readonly mode: Mode; readonly format: Format; readonly raw?: boolean };

export const ONE = 'oFollower000000000000000001A';
export const OTHER = 'oSomebodyElse00000000000001';

/** Digits stand bare: more of them than a JavaScript number has. */
const BARE = /^(CreateTime|MsgId|MsgID)$/;

export function xmlOf(fields: Fields, raw = false): string {
  const inside = (each: Fields): string =>
    Object.entries(each)
      .map(([name, value]) => `<${name}>${typeof value === 'string' ? text(name, value) : inside(value)}</${name}>`)
      .join('\n');
  const text = (name: string, value: string): string =>
    BARE.test(name) ? value : `<![CDATA[${raw ? value : value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
  return `<xml>${inside(fields)}</xml>`;
}

export function jsonOf(fields: Fields): string {
  const inside = (each: Fields): string =>
    `{${Object.entries(each)
      .map(([name, value]) => `"${name}":${typeof value === 'string' ? text(name, value) : inside(value)}`)
      .join(',')}}`;
  const text = (name: string, value: string): string =>
    BARE.test(name) && /^\d+$/.test(value) ? value : JSON.stringify(value);
  return inside(fields);
}

export const written = ({ format, raw }: Way, fields: Fields): string =>
  format === 'json' ? jsonOf(fields) : xmlOf(fields, raw);

export type Posted = { readonly query: Record<string, string>; readonly body: string | Buffer };
export type Sealing = {
  readonly at?: number;
  readonly token?: string;
  readonly key?: string;
  readonly appId?: string;
  readonly nonce?: string;
};

/** One delivery of these fields. */
export function pushOf(way: Way, fields: Fields, sealing: Sealing = {}): Posted {
  const outside = way.mode === 'safe' ? { ToUserName: ACCOUNT.originalId } : fields;
  return envelope(way, written(way, fields), outside, sealing);
}

/** One delivery of any text at all. `outside`: what stands beside the ciphertext. */
export function envelope(way: Way, clear: string, outside: Fields, sealing: Sealing = {}): Posted {
  const { at = wechat.now(), token = ACCOUNT.token, nonce = randomBytes(5).toString('hex') } = sealing;
  const timestamp = String(Math.floor(at / 1000));
  const query = { signature: getSignature(token, timestamp, nonce, ''), timestamp, nonce, openid: ONE };
  if (way.mode === 'plain') return { query, body: clear };
  const sealed = theirEncrypt(sealing.key ?? ACCOUNT.encodingAesKey, clear, sealing.appId ?? ACCOUNT.appId);
  const signature = getSignature(token, timestamp, nonce, sealed);
  return {
    query: { ...query, encrypt_type: 'aes', msg_signature: signature },
    body: written(way, { ...outside, Encrypt: sealed }),
  };
}

/** The same of bytes that are no text, which the others' code does not take. */
export function sealedBytes(way: Way, clear: Buffer, at = wechat.now(), appId: string = ACCOUNT.appId): Posted {
  const timestamp = String(Math.floor(at / 1000));
  const nonce = randomBytes(5).toString('hex');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(clear.length);
  const body = Buffer.concat([randomBytes(16), length, clear, Buffer.from(appId)]);
  const pad = 32 - (body.length % 32);
  const key = Buffer.from(`${ACCOUNT.encodingAesKey}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const sealed = Buffer.concat([cipher.update(Buffer.concat([body, Buffer.alloc(pad, pad)])), cipher.final()]);
  const Encrypt = sealed.toString('base64');
  const signature = getSignature(ACCOUNT.token, timestamp, nonce, Encrypt);
  return {
    query: { timestamp, nonce, msg_signature: signature, encrypt_type: 'aes' },
    body: written(way, { ToUserName: ACCOUNT.originalId, Encrypt }),
  };
}

let messages = 9_107_199_254_740_993n;

const head = (type: string): Fields => ({
  ToUserName: ACCOUNT.originalId,
  FromUserName: ONE,
  CreateTime: String(Math.floor(wechat.now() / 1000)),
  MsgType: type,
});

export function message(type: string, parts: Fields, msgId = String(messages++)): Fields {
  return { ...head(type), ...parts, MsgId: msgId };
}

export const says = (text: string, msgId?: string): Fields => message('text', { Content: text }, msgId);

export const event = (name: string, parts: Fields = {}): Fields => ({ ...head('event'), Event: name, ...parts });

export const scans = (result: string, key = 'SCAN', type = 'qrcode'): Fields =>
  event('scancode_waitmsg', { EventKey: key, ScanCodeInfo: { ScanType: type, ScanResult: result } });

/** What a follower might write to be taken for somebody else, or for something else, where `]]>` is not escaped. */
export const INJECTIONS: Readonly<Record<string, (leaf: string, parent?: string) => string>> = {
  'the sender again': leaf => `x]]></${leaf}><FromUserName><![CDATA[${OTHER}]]></FromUserName><${leaf}><![CDATA[y`,
  'another kind': leaf =>
    `x]]></${leaf}><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event><${leaf}><![CDATA[y`,
  'an event beside the message': leaf =>
    `x]]></${leaf}><Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_vip]]></EventKey><${leaf}><![CDATA[y`,
  'another number': leaf => `x]]></${leaf}><MsgId>1</MsgId><${leaf}><![CDATA[y`,
  'the end of the document': leaf => `x]]></${leaf}><MsgId>1</MsgId></xml>`,
  'the end, and another document': leaf =>
    `x]]></${leaf}></xml><xml><FromUserName>${OTHER}</FromUserName><${leaf}><![CDATA[y`,
  'a comment over the rest': leaf => `x]]></${leaf}><FromUserName>${OTHER}</FromUserName><!--`,
  'an element around the rest': leaf => `x]]></${leaf}><W><${leaf}><![CDATA[y`,
  'another CDATA': leaf => `x]]><FromUserName>${OTHER}</FromUserName><![CDATA[</${leaf}>`,
  'a DTD': leaf => `x]]></${leaf}><!DOCTYPE a [<!ENTITY b "c">]><FromUserName>&b;</FromUserName><${leaf}><![CDATA[y`,
  'a choice of a menu message': leaf =>
    `x]]></${leaf}><bizmsgmenuid><![CDATA[claim]]></bizmsgmenuid><${leaf}><![CDATA[y`,
  'a ciphertext': leaf => `x]]></${leaf}><Encrypt><![CDATA[AAAA]]></Encrypt><${leaf}><![CDATA[y`,
  code: () => 'a[i[0]]>b<c',
  'a push that is pasted': leaf =>
    `<xml><ToUserName><![CDATA[gh_x]]></ToUserName><${leaf}><![CDATA[hi]]></${leaf}></xml>`,
  'the start of a comment': () => ']]><!-- 即',
  'the sender in JSON': () => `x","FromUserName":"${OTHER}","MsgType":"event","y":"`,
  'the number in JSON': () => 'x","MsgId":1,"y":"',
  'the end of JSON': () => `x"}{"FromUserName":"${OTHER}`,
  'a ciphertext in JSON': () => '","Encrypt":"AAAA',
  'a backslash': () => `x\\","FromUserName":"${OTHER}","y":"`,
  'a prototype': () => '","__proto__":{"FromUserName":"x"},"y":"',
};
