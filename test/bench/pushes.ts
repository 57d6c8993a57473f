// Pushes as WeChat sends them, as whole HTTP requests, made before the clock runs. Every message has a number of its own, in
// every run another one.

import { randomBytes } from 'node:crypto';
import { aesKeyOf, encrypt, signatureOf } from '../../src/wechat/crypto.ts';
import { ACCOUNT } from '../support/harness.ts';

export type Mode = 'plain' | 'safe';

/** Kept to be delivered once more. */
export type Message = { readonly user: string; readonly fields: string };

const KEY = aesKeyOf(ACCOUNT.encodingAesKey);
const RUN = randomBytes(4).toString('hex');
let messages = BigInt(Date.now()) * 1_000_000n;
let users = 0;

/** Nobody has seen them, in no run. */
export function newFollowers(count: number): string[] {
  return Array.from({ length: count }, () => `oBench${RUN}${String(++users).padStart(14, '0')}`);
}

export function textOf(user: string, text: string): Message {
  return messageOf(
    user,
    `<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${text}]]></Content><MsgId>${++messages}</MsgId>`,
  );
}

export function followOf(user: string): Message {
  return messageOf(
    user,
    '<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[]]></EventKey>',
  );
}

function messageOf(user: string, rest: string): Message {
  const seconds = Math.floor(Date.now() / 1000);
  return {
    user,
    fields: `<ToUserName><![CDATA[${ACCOUNT.originalId}]]></ToUserName><FromUserName><![CDATA[${user}]]></FromUserName><CreateTime>${seconds}</CreateTime>${rest}`,
  };
}

/** One delivery. */
export function requestOf({ user, fields }: Message, mode: Mode, path = '/wechat/tea'): Buffer {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), randomBytes(5).toString('hex')];
  const clear = `<xml>${fields}</xml>`;
  const query = new URLSearchParams({
    signature: signatureOf(ACCOUNT.token, timestamp, nonce),
    ...{ timestamp, nonce, openid: user },
  });
  let body = clear;
  if (mode === 'safe') {
    const sealed = encrypt(KEY, ACCOUNT.appId, clear);
    query.set('encrypt_type', 'aes');
    query.set('msg_signature', signatureOf(ACCOUNT.token, timestamp, nonce, sealed));
    body = `<xml><ToUserName><![CDATA[${ACCOUNT.originalId}]]></ToUserName><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`;
  }
  const head = `POST ${path}?${query} HTTP/1.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}
