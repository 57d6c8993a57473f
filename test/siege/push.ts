// Pushes as WeChat makes them, sealed (安全模式), for the followers of the siege and for its crowd.
import { randomBytes } from 'node:crypto';
import { aesKeyOf, encrypt, signatureOf } from '../../src/wechat/crypto.ts';

export type PushAccount = {
  readonly appId: string;
  readonly token: string;
  readonly encodingAesKey: string;
  readonly originalId: string;
};

let messages = 0;

export type SealedPush = { readonly path: string; readonly body: string };

export function sealedPush(account: PushAccount, openid: string, text: string): SealedPush {
  const { appId, token, encodingAesKey, originalId } = account;
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), randomBytes(5).toString('hex')];
  const id = `${process.pid}${String(++messages).padStart(9, '0')}`;
  const clear = `<xml><ToUserName><![CDATA[${originalId}]]></ToUserName><FromUserName><![CDATA[${openid}]]></FromUserName><CreateTime>${timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${text}]]></Content><MsgId>${id}</MsgId></xml>`;
  const sealed = encrypt(aesKeyOf(encodingAesKey), appId, clear);
  const query = new URLSearchParams({
    signature: signatureOf(token, timestamp, nonce),
    timestamp,
    nonce,
    openid,
    encrypt_type: 'aes',
    msg_signature: signatureOf(token, timestamp, nonce, sealed),
  });
  return {
    path: `/wechat/tea?${query}`,
    body: `<xml><ToUserName><![CDATA[${originalId}]]></ToUserName><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`,
  };
}

/** An openid that is nobody's, the same for the same number. */
export function openidOf(kind: string, n: number): string {
  return `o${kind}${String(n).padStart(27 - kind.length, '0')}`;
}
