// A merchant's certificate and key in one file (`apiclient_cert.p12`, RFC 7292), as SDKs in Java load it. Node encrypts the key
// itself (PBES2); what is left is the wrapping, and the MAC with its key (RFC 7292, appendix B).
import { createHash, createHmac, createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { integer, oid, sequence, tagged } from './der.ts';

const DATA = '1.2.840.113549.1.7.1';
const KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';
const SHA1 = '1.3.14.3.2.26';
const ROUNDS = 2048;
const MAC_PURPOSE = 3;
const HASH_BYTES = 20;
const BLOCK = 64;

/** As WeChat Pay gives it away: the password is the merchant number. */
export function keyStoreOf(
  { certPem, keyPem }: { readonly certPem: string; readonly keyPem: string },
  password: string,
): Buffer {
  const { raw } = new X509Certificate(certPem);
  const keyId = createHash('sha1').update(raw).digest();
  const key = createPrivateKey(keyPem).export({
    type: 'pkcs8',
    format: 'der',
    cipher: 'aes-256-cbc',
    passphrase: password,
  });
  const certificate = sequence(oid(X509_CERTIFICATE), explicit(octets(raw)));
  const bags = [bagOf(CERT_BAG, certificate, keyId), bagOf(KEY_BAG, key, keyId)];
  const safe = sequence(...bags.map(bag => dataOf(sequence(bag))));
  return sequence(integer(Buffer.of(3)), dataOf(safe), macOf(safe, password));
}

const octets = (bytes: Buffer): Buffer => tagged(0x04, bytes);
const explicit = (inside: Buffer): Buffer => tagged(0xa0, inside);
const dataOf = (bytes: Buffer): Buffer => sequence(oid(DATA), explicit(octets(bytes)));

/** The id says which certificate belongs to which key. */
function bagOf(kind: string, value: Buffer, keyId: Buffer): Buffer {
  const attribute = sequence(oid(LOCAL_KEY_ID), tagged(0x31, octets(keyId)));
  return sequence(oid(kind), explicit(value), tagged(0x31, attribute));
}

function macOf(safe: Buffer, password: string): Buffer {
  const salt = randomBytes(8);
  const mac = createHmac('sha1', macKeyOf(password, salt)).update(safe).digest();
  const digest = sequence(sequence(oid(SHA1), Buffer.of(0x05, 0x00)), octets(mac));
  return sequence(digest, octets(salt), integer(Buffer.of(ROUNDS >> 8, ROUNDS & 0xff)));
}

/** The one block of the key derivation that a key of 20 bytes takes. */
function macKeyOf(password: string, salt: Buffer): Buffer {
  // Big-endian UTF-16 with a zero at its end.
  const secret = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const filled = (bytes: Buffer): Buffer => Buffer.alloc(Math.ceil(bytes.length / BLOCK) * BLOCK, bytes);
  let key = Buffer.concat([Buffer.alloc(BLOCK, MAC_PURPOSE), filled(salt), filled(secret)]);
  for (let n = 0; n < ROUNDS; n++) key = createHash('sha1').update(key).digest();
  return key.subarray(0, HASH_BYTES);
}
