// The cryptography of WeChat Pay's API v3 (APIv3 签名与验签, 证书和回调报文解密): our requests are signed, its replies and
// notifications (回调) verified, and what a notification carries is decrypted. No error here repeats what it was given.
import { createDecipheriv, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { BadInput } from '../core/error.ts';
import type { Instant } from '../core/time.ts';
import { nonce as newNonce, sameText } from './crypt.ts';
import type { Headers } from './transport.ts';

const SCHEME = 'WECHATPAY2-SHA256-RSA2048';
const ALGORITHM = 'AEAD_AES_256_GCM';
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** How far `Wechatpay-Timestamp` may be from our clock, ms; the platform's documents say 5 minutes. */
export const FRESHNESS_MS = 300_000;

/** Each part ends in a line feed, the last one too. */
const lines = (...parts: readonly string[]): Buffer => Buffer.from(parts.map(part => `${part}\n`).join(''));

/** Who signs: the merchant, with the private key of their certificate (商户API证书). */
export type Signer = { readonly mchId: string; readonly serialNo: string; readonly key: KeyObject };

export function signerOf(config: { mchId: string; serialNo: string; privateKey: Buffer }): Signer {
  const { mchId, serialNo, privateKey } = config;
  return { mchId, serialNo: serialNo.toUpperCase(), key: createPrivateKey(privateKey) };
}

export type Signed = {
  readonly method: 'GET' | 'POST';
  /** With its query, as it is sent. */
  readonly path: string;
  /** Byte for byte as it is sent; of a GET empty. */
  readonly body: string;
};

/** The header `Authorization`. `nonce` is for tests. */
export function authorizationOf(signer: Signer, call: Signed, now: Instant, nonce = newNonce()): string {
  const { method, path, body } = call;
  const timestamp = String(Math.floor(now / 1000));
  const signature = sign('sha256', lines(method, path, timestamp, nonce, body), signer.key).toString('base64');
  const parts = { mchid: signer.mchId, serial_no: signer.serialNo, timestamp, nonce_str: nonce, signature };
  return `${SCHEME} ${Object.entries(parts)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;
}

/** Whom we believe: WeChat Pay's public key (微信支付公钥) or a platform certificate (平台证书), named by `id`. */
export type Trust = { readonly id: string; readonly key: KeyObject };

export function trustOf({ publicKeyId, publicKey }: { publicKeyId: string; publicKey: Buffer }): Trust {
  return { id: publicKeyId, key: createPublicKey(publicKey) };
}

/**
 * Of a reply or a notification: throws `BadInput` unless WeChat Pay itself signed exactly this body within the last
 * 300 s. Its probes (`WECHATPAY/SIGNTEST/…`) are wrong signatures and fail as such, which is what they are for.
 */
export function verifySignature(trust: Trust, headers: Headers, body: string, now: Instant): void {
  const serial = headerOf(headers, 'wechatpay-serial');
  const timestamp = headerOf(headers, 'wechatpay-timestamp');
  const nonce = headerOf(headers, 'wechatpay-nonce');
  const signature = headerOf(headers, 'wechatpay-signature');
  if (!sameText(serial.toUpperCase(), trust.id.toUpperCase())) {
    throw new BadInput('Wechatpay-Serial is not the configured publicKeyId');
  }
  const isFresh = /^\d{1,12}$/.test(timestamp) && Math.abs(now - Number(timestamp) * 1000) <= FRESHNESS_MS;
  if (!isFresh) throw new BadInput(`Wechatpay-Timestamp is not within ${FRESHNESS_MS / 1000} s of ours`);
  if (!verify('sha256', lines(timestamp, nonce, body), trust.key, Buffer.from(signature, 'base64'))) {
    throw new BadInput('Wechatpay-Signature is wrong');
  }
}

/** Two headers of one name are no header. */
function headerOf(headers: Headers, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** `resource` of a notification. */
export type Sealed = {
  readonly algorithm: string;
  /** Base64; its last 16 bytes are the tag. */
  readonly ciphertext: string;
  /** May be empty. */
  readonly associatedData: string;
  /** 12 bytes; some of the official samples have 13. */
  readonly nonce: string;
};

/** The APIv3 key as it goes into the cipher. Throws `BadInput`. */
export function apiV3KeyOf(text: string): Buffer {
  const key = Buffer.from(text);
  if (key.length !== KEY_BYTES) throw new BadInput(`apiV3Key: expected ${KEY_BYTES} letters and digits`);
  return key;
}

/** The text inside. Any failure is the same `BadInput`. */
export function decryptResource(key: Buffer, { algorithm, ciphertext, associatedData, nonce }: Sealed): string {
  const bad = (): BadInput => new BadInput('the notification cannot be decrypted with this APIv3 key');
  const bytes = Buffer.from(ciphertext, 'base64');
  if (algorithm !== ALGORITHM || nonce === '' || bytes.length < TAG_BYTES) throw bad();
  try {
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce), options)
      .setAAD(Buffer.from(associatedData))
      .setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const clear = Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES)), decipher.final()]);
    return clear.toString();
  } catch {
    throw bad();
  }
}
