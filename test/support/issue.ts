// Certificates as WeChat Pay hands them out, and as they should not be: issued in the test, by an issuer of its own.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import forge from 'node-forge';

export type Issued = { readonly certPem: string; readonly keyPem: string; readonly serial: string };
export type IssueOptions = {
  readonly cn?: string;
  readonly from?: Date;
  readonly until?: Date;
  readonly isCa?: boolean;
  readonly key?: KeyObject;
  readonly serial?: string;
};

/** RSA keys are dear: one of each number for the whole file. */
const keys = new Map<number, KeyObject>();
export function keyNo(n: number): KeyObject {
  const known = keys.get(n) ?? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  keys.set(n, known);
  return known;
}

export const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

let issuer: { readonly cert: forge.pki.Certificate; readonly key: forge.pki.rsa.PrivateKey } | undefined;

function certificateOf(
  subject: forge.pki.CertificateField[],
  key: KeyObject,
  options: IssueOptions,
): forge.pki.Certificate {
  const cert = forge.pki.createCertificate();
  const privateKey = forge.pki.privateKeyFromPem(pkcs8(key));
  cert.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  cert.serialNumber = (options.serial ?? '5157F09EFDC096DE15EBE81A47057A7232F1B8E1').toLowerCase();
  cert.validity.notBefore = options.from ?? new Date('2020-01-01T00:00:00Z');
  cert.validity.notAfter = options.until ?? new Date('2049-12-31T00:00:00Z');
  cert.setSubject(subject);
  cert.setExtensions([{ name: 'basicConstraints', cA: options.isCa ?? false }]);
  return cert;
}

function ca(): NonNullable<typeof issuer> {
  if (!issuer) {
    const key = keyNo(-1);
    const subject = [{ name: 'commonName', value: 'Tenpay.com Root CA' }];
    const cert = certificateOf(subject, key, { isCa: true, serial: '01' });
    cert.setIssuer(subject);
    issuer = { cert, key: forge.pki.privateKeyFromPem(pkcs8(key)) };
    cert.sign(issuer.key, forge.md.sha256.create());
  }
  return issuer;
}

export const caPem = (): string => forge.pki.certificateToPem(ca().cert);

export function issue(options: IssueOptions = {}): Issued {
  const key = options.key ?? keyNo(1);
  const cert = certificateOf([{ name: 'commonName', value: options.cn ?? '1900000109' }], key, options);
  cert.setIssuer(ca().cert.subject.attributes);
  cert.sign(ca().key, forge.md.sha256.create());
  return { certPem: forge.pki.certificateToPem(cert), keyPem: pkcs8(key), serial: cert.serialNumber.toUpperCase() };
}

/** `apiclient_cert.p12`, by default with 3DES, as it is handed out. */
export function packed(
  certPem: string,
  keyPem: string,
  password: string,
  algorithm: 'aes256' | '3des' | undefined = '3des',
): Buffer {
  const p12 = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(keyPem),
    [forge.pki.certificateFromPem(certPem)],
    password,
    { algorithm },
  );
  return Buffer.from(forge.asn1.toDer(p12).getBytes(), 'binary');
}
