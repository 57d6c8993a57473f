// Issues X.509 certificates (RFC 5280), as many kinds of them as a simulated WeChat Pay hands out: DER written by hand, signed
// with an EC key. To read and verify them Node's own `X509Certificate` is enough.
import { createHash, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { bitString, contentOf, integer, oid, partsOf, sequence, TRUE, tagged, utcTime } from './der.ts';

/** In the order in which they stand in the certificate. */
export type Name = readonly (readonly [part: 'C' | 'O' | 'OU' | 'CN', value: string])[];

type Wish = {
  readonly subject: Name;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly use: 'ca' | 'server' | 'client' | 'signature';
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[];
};

/** `certPem` absent: the certificate is its own issuer. */
type Issuer = { readonly keyPem: string; readonly certPem?: string };

/** The certificate as PEM. */
export function issueCertificate(wish: Wish, issuer: Issuer): string {
  const spki = wish.publicKey.export({ type: 'spki', format: 'der' });
  const above = issuer.certPem === undefined ? undefined : new X509Certificate(issuer.certPem);
  const authority = above?.publicKey ?? wish.publicKey;
  const tbs = sequence(
    tagged(0xa0, integer(Buffer.of(2))), // v3
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    above ? subjectIn(above.raw) : nameOf(wish.subject),
    sequence(utcTime(wish.notBefore), utcTime(wish.notAfter)),
    nameOf(wish.subject),
    spki,
    tagged(0xa3, sequence(...extensionsOf(wish, authority))),
  );
  const signature = sign('sha256', tbs, issuer.keyPem);
  return pemOf(sequence(tbs, ECDSA_WITH_SHA256, bitString(signature)));
}

// ── The parts of a certificate ───────────────────────────────────────────────────────────────────────────────

const OID = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const;
const KEY_CERT_SIGN_AND_CRL_SIGN = Buffer.of(0x01, 0x06);
const DIGITAL_SIGNATURE = Buffer.of(0x07, 0x80);

function nameOf(name: Name): Buffer {
  const parts = name.map(([part, value]) => {
    const isPlain = part === 'C' || /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
    const text = tagged(isPlain ? 0x13 : 0x0c, Buffer.from(value)); // PrintableString or UTF8String
    return tagged(0x31, sequence(oid(OID[part]), text));
  });
  return sequence(...parts);
}

function extensionsOf({ use, publicKey, hosts }: Wish, authority: KeyObject): Buffer[] {
  const isCa = use === 'ca';
  const usage = isCa ? KEY_CERT_SIGN_AND_CRL_SIGN : DIGITAL_SIGNATURE;
  const extended = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', ca: undefined, signature: undefined }[
    use
  ];
  return [
    extension('2.5.29.19', isCa ? sequence(TRUE, integer(Buffer.of(0))) : sequence(), true),
    extension('2.5.29.15', tagged(0x03, usage), true),
    ...(hosts ? [extension('2.5.29.17', sequence(...hosts.map(hostName)))] : []),
    ...(extended === undefined ? [] : [extension('2.5.29.37', sequence(oid(extended)))]),
    isCa
      ? extension('2.5.29.14', tagged(0x04, keyIdOf(publicKey)))
      : extension('2.5.29.35', sequence(tagged(0x80, keyIdOf(authority)))),
  ];
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [TRUE] : []), tagged(0x04, value));
}

/** An IPv4 address, `::1`, or a DNS name. */
function hostName(host: string): Buffer {
  if (host === '::1') return tagged(0x87, Buffer.concat([Buffer.alloc(15), Buffer.of(1)]));
  if (/^[\d.]+$/.test(host)) return tagged(0x87, Buffer.from(host.split('.').map(Number)));
  return tagged(0x82, Buffer.from(host));
}

/** Of the key's bits alone, without what says which kind of key it is. */
function keyIdOf(key: KeyObject): Buffer {
  const [, bits] = partsOf(key.export({ type: 'spki', format: 'der' }));
  return createHash('sha1').update(contentOf(bits!).subarray(1)).digest();
}

/** A positive integer of 20 bytes: the first digit keeps the sign bit clear. */
function serialNumber(): Buffer {
  return Buffer.from(randomBytes(20).toString('hex').replace(/^./, '5'), 'hex');
}

/** Byte for byte as it stands there: whoever looks for an issuer compares bytes. */
function subjectIn(certificate: Buffer): Buffer {
  const [tbs] = partsOf(certificate);
  return partsOf(tbs!)[5]!; // version, serial number, algorithm, issuer, validity, subject
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
