// The cryptography of WeChat Pay's API v3 (APIv3 签名与验签, 证书和回调报文解密): our requests are signed, its replies and
// notifications (回调) verified, and what a notification carries is decrypted. No error here repeats what it was given.
import { createDecipheriv, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import { nonce as newNonce } from '../crypto.ts';
import { type Json, textAt } from '../json.ts';
import type { Headers } from '../transport.ts';

const SCHEME = 'WECHATPAY2-SHA256-RSA2048';
const ALGORITHM = 'AEAD_AES_256_GCM';
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_ID = /^(PUB_KEY_ID_\w{1,64}|[0-9A-F]{8,64})$/i;
const PROBE = 'WECHATPAY/SIGNTEST/';

/** How far `Wechatpay-Timestamp` may be from our clock, ms; the platform's documents say 5 minutes. */
const FRESHNESS_MS = 300_000;

/** Each part ends in a line feed, the last one too. */
const lines = (...parts: readonly string[]): Buffer => Buffer.from(parts.map(part => `${part}\n`).join(''));

/** Who signs: the merchant, with the private key of their certificate (商户API证书). */
export type Signer = { readonly mchId: string; readonly serialNo: string; readonly key: KeyObject };

export function signerOf(config: { mchId: string; serialNo: string; privateKey: Buffer }): Signer {
  const { mchId, serialNo, privateKey } = config;
  return { mchId, serialNo: serialNo.toUpperCase(), key: createPrivateKey(privateKey) };
}

type Signed = {
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

/** What every request carries. `asked`: with which of its keys WeChat Pay should sign the answer. */
export function requestHeaders(
  signer: Signer,
  { method, path, body = '' }: Omit<Signed, 'body'> & Partial<Signed>,
  now: Instant,
  asked?: string,
): Record<string, string> {
  return {
    authorization: authorizationOf(signer, { method, path, body }, now),
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'hongbao-bot',
    ...(asked !== undefined && { 'wechatpay-serial': asked }),
  };
}

/** A key with which WeChat Pay signs: its public key (微信支付公钥, `PUB_KEY_ID_…`), or a platform certificate by its serial number. */
export type PlatformKey = { readonly id: string; readonly pem: Buffer };

/** Whom we believe. There may be several at a time; each answer and notice names the one it was signed with. */
export type Trust = { find(id: string): KeyObject | undefined };

/** Serial numbers are hex digits, large or small, and some write them with leading zeros. */
export function keyIdOf(id: string): string {
  return id.toUpperCase().replace(/^0+(?=[0-9A-F])/, '');
}

export function isPublicKeyId(id: string): boolean {
  return /^PUB_KEY_ID_/i.test(id);
}

export function trustOf(keys: readonly PlatformKey[]): Trust {
  const known = new Map(keys.map(({ id, pem }) => [keyIdOf(id), createPublicKey(pem)]));
  return { find: id => known.get(keyIdOf(id)) };
}

/** What names a key nobody told us of may be genuine all the same: it is not believed, and somebody should look. */
export class UnknownKey extends BadInput {
  readonly id: string;

  constructor(id: string) {
    super(`signed with the key ${id}, which is none of this merchant's platformKeys`);
    this.id = id;
  }
}

/**
 * Of a reply or a notification: throws `BadInput` unless WeChat Pay itself signed exactly this body within the last
 * 300 s, `UnknownKey` where it cannot be told. Its probes (`WECHATPAY/SIGNTEST/…`) are wrong signatures and fail as
 * such, which is what they are for.
 */
export function verifySignature(trust: Trust, headers: Headers, body: string, now: Instant): void {
  const id = headerOf(headers, 'wechatpay-serial');
  const timestamp = headerOf(headers, 'wechatpay-timestamp');
  const nonce = headerOf(headers, 'wechatpay-nonce');
  const signature = headerOf(headers, 'wechatpay-signature');
  if (!KEY_ID.test(id)) throw new BadInput('Wechatpay-Serial names no key');
  const isFresh = /^\d{1,12}$/.test(timestamp) && Math.abs(now - Number(timestamp) * 1000) <= FRESHNESS_MS;
  if (!isFresh) throw new BadInput(`Wechatpay-Timestamp is not within ${FRESHNESS_MS / 1000} s of ours`);
  const isOne = /^[A-Za-z0-9+/]{64,}={0,2}$/.test(signature) && !signature.startsWith(PROBE);
  const key = trust.find(id);
  if (!key && isOne) throw new UnknownKey(keyIdOf(id));
  if (!key || !verify('sha256', lines(timestamp, nonce, body), key, Buffer.from(signature, 'base64'))) {
    throw new BadInput('Wechatpay-Signature is wrong');
  }
}

/** Two headers of one name are no header. */
function headerOf(headers: Headers, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** `resource` of a notification. */
type Sealed = {
  readonly algorithm: string;
  /** Base64; its last 16 bytes are the tag. */
  readonly ciphertext: string;
  /** May be empty. */
  readonly associatedData: string;
  /** 12 bytes; some of the official samples have 13. */
  readonly nonce: string;
};

export function sealedOf(resource: Json): Sealed {
  const part = (name: string): string => textAt(resource, name) ?? '';
  return {
    algorithm: part('algorithm'),
    ciphertext: part('ciphertext'),
    associatedData: part('associated_data'),
    nonce: part('nonce'),
  };
}

/** Whether there is something to open: what is not can be mended by no key. */
export function isSealed({ algorithm, ciphertext, nonce }: Sealed): boolean {
  return algorithm === ALGORITHM && nonce !== '' && Buffer.from(ciphertext, 'base64').length >= TAG_BYTES;
}

/** The APIv3 key as it goes into the cipher. Throws `BadInput`. */
export function apiV3KeyOf(text: string): Buffer {
  const key = Buffer.from(text);
  if (key.length !== KEY_BYTES) throw new BadInput(`apiV3Key: expected ${KEY_BYTES} letters and digits`);
  return key;
}

/** What WeChat Pay sealed cannot be opened: the APIv3 key in bot.yaml is not the one that was set there. */
export class WrongSeal extends BadInput {}

/** The text inside. Any failure is the same `WrongSeal`. */
export function decryptResource(key: Buffer, sealed: Sealed): string {
  const { ciphertext, associatedData, nonce } = sealed;
  const bad = (): WrongSeal => new WrongSeal('the notification cannot be decrypted with this APIv3 key');
  const bytes = Buffer.from(ciphertext, 'base64');
  if (!isSealed(sealed)) throw bad();
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
