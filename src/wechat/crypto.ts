// Signatures (签名) and message encryption (消息加解密) of the Official Account platform, and the sign of WeChat Pay v2.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { BadInput } from '../core/base/error.ts';
import { t } from '../core/base/words/words.ts';

/** SHA-1 over the sorted parts, lower-case hex: `signature` of (token, timestamp, nonce), `msg_signature` with `Encrypt` as well. */
export function signatureOf(...parts: readonly string[]): string {
  return hash('sha1', parts.toSorted().join(''));
}

/** Compares in constant time; texts of different length are different. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

const HASH_CHARS = 40;
const [OURS, THEIRS] = [Buffer.alloc(HASH_CHARS), Buffer.alloc(HASH_CHARS)];

/** The same for two SHA-1 in hex, in memory that is taken once. */
export function sameHash(ours: string, theirs: string): boolean {
  if (theirs.length !== HASH_CHARS) return false;
  // A character of several bytes leaves no room for all, or no whole one at the end: then it is no hash.
  const isWhole = OURS.write(ours) === HASH_CHARS && THEIRS.write(theirs) === HASH_CHARS;
  return timingSafeEqual(OURS, THEIRS) && isWhole;
}

const BLOCK = 32;

/** `EncodingAESKey` (43 characters) → 32 bytes. */
export function aesKeyOf(encodingAesKey: string): Buffer {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  if (encodingAesKey.length !== 43 || key.length !== 32)
    throw new BadInput(t`encodingAesKey: expected 43 letters and digits`);
  return key;
}

/** AES-256-CBC over random(16) ‖ length(4) ‖ message ‖ appId, padded to 32 bytes; base64. `random` is for tests. */
export function encrypt(key: Buffer, appId: string, message: string, random: Buffer = randomBytes(16)): string {
  const body = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const clear = Buffer.concat([random, length, body, Buffer.from(appId)]);
  const pad = BLOCK - (clear.length % BLOCK);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([clear, Buffer.alloc(pad, pad)])), cipher.final()]).toString(
    'base64',
  );
}

/** The message inside `Encrypt`. Verify `msg_signature` first. Any failure is the same `BadInput`: no padding oracle. */
export function decrypt(key: Buffer, appId: string, encrypted: string): string {
  return decryptBytes(key, appId, encrypted).toString();
}

/** The same as bytes, which may be no UTF-8. */
export function decryptBytes(key: Buffer, appId: string, encrypted: string): Buffer {
  const bad = (): BadInput => new BadInput(t`the encrypted message cannot be read with this key and AppID`);
  const cipherText = Buffer.from(encrypted, 'base64');
  if (cipherText.length === 0 || cipherText.length % 16 !== 0) throw bad();
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(cipherText), decipher.final()]);
  const pad = padded.at(-1)!;
  if (pad < 1 || pad > BLOCK || pad > padded.length - 20) throw bad();
  const clear = padded.subarray(0, padded.length - pad);
  const length = clear.readUInt32BE(16);
  if (20 + length > clear.length) throw bad();
  if (!sameText(clear.subarray(20 + length).toString(), appId)) throw bad();
  return clear.subarray(20, 20 + length);
}

export type SignMethod = 'MD5' | 'HMAC-SHA256';

/** The text WeChat Pay v2 signs: non-empty fields but `sign`, sorted by name, then the key. */
export function payTextOf(fields: Readonly<Record<string, string>>, key: string): string {
  const pairs = Object.keys(fields)
    .filter(name => name !== 'sign' && fields[name] !== '')
    .sort()
    .map(name => `${name}=${fields[name]}`);
  return [...pairs, `key=${key}`].join('&');
}

/** `sign` of WeChat Pay v2, upper-case hex. The red packet interfaces know MD5 only. */
export function paySignOf(fields: Readonly<Record<string, string>>, key: string, method: SignMethod = 'MD5'): string {
  const hash = method === 'MD5' ? createHash('md5') : createHmac('sha256', key);
  return hash.update(payTextOf(fields, key)).digest('hex').toUpperCase();
}

/** `nonce_str`: 32 hex digits. */
export function nonce(): string {
  return randomBytes(16).toString('hex');
}
