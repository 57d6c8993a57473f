// API v3 on the wire: the merchant's signature is verified, ours is made, and callbacks are encrypted. Here, and in the
// door and the callbacks that use it, stands all that is random about transfers: nonces.
import {
  constants,
  createCipheriv,
  createPrivateKey,
  type KeyObject,
  privateDecrypt,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import type { MerchantCertificate, PayKey } from './keys/certificates.ts';

const V3_SCHEME = 'WECHATPAY2-SHA256-RSA2048';
const CLOCK_OFFSET_MAX_S = 300;
const NONCES_MAX = 200_000;

const NONCE_DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function v3Nonce(length: number): string {
  return [...randomBytes(length)].map(byte => NONCE_DIGITS[byte % NONCE_DIGITS.length]).join('');
}

/** Each part ends in a line feed. */
const lines = (...parts: readonly (string | number)[]): Buffer => Buffer.from(parts.map(part => `${part}\n`).join(''));

type SignedCall = {
  readonly method: string;
  /** With its query, as it came. */
  readonly path: string;
  readonly body: string;
  readonly authorization: string;
};

type Claim = {
  readonly mchId: string;
  readonly serial: string;
  readonly time: string;
  readonly nonce: string;
  readonly signature: string;
};

/** Whose call it is, or why nobody's. */
type Verified = { readonly mchId: string } | { readonly wrong: string };

/** Verifies `Authorization`, and remembers nonces for as long as their timestamps are good. */
export class V3Verifier {
  readonly #certificates: ReadonlyMap<string, MerchantCertificate>;
  readonly #keys = new Map<string, KeyObject>();
  /** Nonce → when it may be forgotten, oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(certificates: ReadonlyMap<string, MerchantCertificate>) {
    this.#certificates = certificates;
  }

  verify(call: SignedCall, now: number): Verified {
    const claim = readClaim(call.authorization);
    if (!claim) return { wrong: '请求头Authorization不正确,须为WECHATPAY2-SHA256-RSA2048' };
    const certificate = this.#certificates.get(claim.mchId);
    if (!certificate) return { wrong: '商户号mchid不存在' };
    if (claim.serial.toUpperCase() !== certificate.serialNumber) return { wrong: '商户证书序列号serial_no不正确' };
    const offset = Math.abs(now / 1000 - Number(claim.time));
    if (offset > CLOCK_OFFSET_MAX_S) return { wrong: '时间戳timestamp已过期,请检查服务器时间' };
    const text = lines(call.method, call.path, claim.time, claim.nonce, call.body);
    const signature = Buffer.from(claim.signature, 'base64');
    if (!verify('sha256', text, this.#key(claim.mchId, certificate), signature))
      return { wrong: '错误的签名,验签失败' };
    if (!this.#isFirst(`${claim.mchId}/${claim.time}/${claim.nonce}`, now)) {
      return { wrong: '请求已被处理过,请勿重放:nonce_str重复' };
    }
    return { mchId: claim.mchId };
  }

  #isFirst(nonce: string, now: number): boolean {
    for (const [known, until] of this.#seen) {
      if (until >= now) break;
      this.#seen.delete(known);
    }
    if (this.#seen.has(nonce)) return false;
    this.#seen.set(nonce, now + 2 * CLOCK_OFFSET_MAX_S * 1000);
    // A clock that stands still would let none of them go.
    if (this.#seen.size > NONCES_MAX) this.#seen.delete(this.#seen.keys().next().value!);
    return true;
  }

  #key(mchId: string, { certPem }: MerchantCertificate): KeyObject {
    const key = this.#keys.get(mchId) ?? new X509Certificate(certPem).publicKey;
    this.#keys.set(mchId, key);
    return key;
  }
}

function readClaim(authorization: string): Claim | undefined {
  const [scheme, rest] = [authorization.slice(0, V3_SCHEME.length), authorization.slice(V3_SCHEME.length)];
  if (scheme !== V3_SCHEME || !/^ +\S/.test(rest)) return undefined;
  const pairs = Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]));
  const { mchid = '', serial_no = '', timestamp = '', nonce_str = '', signature = '' } = pairs;
  const isWhole = mchid !== '' && serial_no !== '' && /^\d{1,12}$/.test(timestamp) && /^.{1,32}$/.test(nonce_str);
  return isWhole ? { mchId: mchid, serial: serial_no, time: timestamp, nonce: nonce_str, signature } : undefined;
}

/** WeChat Pay's own hand. */
export class V3Signer {
  readonly #key: KeyObject;
  readonly #id: string;

  constructor(payKey: PayKey) {
    this.#key = createPrivateKey(payKey.privateKeyPem);
    this.#id = payKey.id;
  }

  /** The four headers of an answer or a callback. */
  headers(body: string, now: number): Record<string, string> {
    const timestamp = String(Math.floor(now / 1000));
    const nonce = v3Nonce(32);
    return {
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': nonce,
      'wechatpay-signature': sign('sha256', lines(timestamp, nonce, body), this.#key).toString('base64'),
      'wechatpay-serial': this.#id,
      'wechatpay-signature-type': V3_SCHEME,
    };
  }

  /** A sensitive field (敏感信息): RSA-OAEP with SHA-1, base64, for our own key only. */
  readName(encrypted: string, serial: string | undefined): string | undefined {
    if (serial !== this.#id) return undefined;
    try {
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const name = privateDecrypt({ key: this.#key, padding, oaepHash: 'sha1' }, Buffer.from(encrypted, 'base64'));
      return name.toString() || undefined;
    } catch {
      return undefined;
    }
  }
}

/** AEAD_AES_256_GCM: ciphertext and tag, base64. `nonce` is of 12 characters, and never used twice with one key. */
export function sealResource(apiV3Key: string, nonce: string, associated: string, text: string): string {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associated));
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** What a callback is about: `original_type` of its resource is the associated data too. */
export type CallbackKind = { readonly event: string; readonly summary: string; readonly type: string };

const TRANSFER_ENDED: CallbackKind = {
  event: 'MCHTRANSFER.BILL.FINISHED',
  summary: '商家转账单据终态通知',
  type: 'mch_payment',
};

/** The body of a callback. */
export function callbackBody(
  notice: { readonly id: string; readonly createTime: string; readonly resource: object },
  apiV3Key: string,
  { event, summary, type }: CallbackKind = TRANSFER_ENDED,
): string {
  const nonce = v3Nonce(12);
  return JSON.stringify({
    id: notice.id,
    create_time: notice.createTime,
    resource_type: 'encrypt-resource',
    event_type: event,
    summary,
    resource: {
      original_type: type,
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: sealResource(apiV3Key, nonce, type, JSON.stringify(notice.resource)),
      associated_data: type,
      nonce,
    },
  });
}
