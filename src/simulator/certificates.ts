// The certificates of WeChat Pay: our own CA, the pay server's, one client certificate (商户证书) per merchant, and the
// key with which WeChat Pay itself signs (微信支付公钥).
import { createHash, createPublicKey, generateKeyPair, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BadInput } from '../core/error.ts';

/** What a merchant downloads from the merchant platform, and the CA that our pay server needs to be trusted. */
export type MerchantCertificate = {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** Upper-case hex, as WeChat writes it. */
  readonly serialNumber: string;
  /** With which v3 answers and callbacks are verified (微信支付公钥); every merchant sees the same one. */
  readonly publicKeyPem: string;
  /** `PUB_KEY_ID_…`, as `Wechatpay-Serial` names it. */
  readonly publicKeyId: string;
  /**
   * Where the simulator has a folder: holds `ca.pem`, `apiclient_cert.pem`, `apiclient_key.pem`, `pub_key.pem`, and
   * `pub_key_id.txt`, which on the real merchant platform is read on the page.
   */
  readonly folder?: string;
};

export type Certificates = {
  readonly caPem: string;
  readonly server: Pair;
  readonly merchants: ReadonlyMap<string, MerchantCertificate>;
  readonly payKey: PayKey;
  /** A platform certificate (平台证书), issued when it is first asked for, and from then on the same. */
  issuePlatform(kind: 'certificate' | 'nextCertificate'): Promise<PlatformCertificate>;
};

/** `id`: its serial number. */
export type PlatformCertificate = PayKey & {
  readonly certPem: string;
  readonly effectiveAt: number;
  readonly expiresAt: number;
};

/** WeChat Pay's own key pair. */
export type PayKey = { readonly id: string; readonly privateKeyPem: string; readonly publicKeyPem: string };

type Pair = { readonly certPem: string; readonly keyPem: string };
type X509 = typeof import('@peculiar/x509');
type Extension = import('@peculiar/x509').Extension;

/** TLS looks at the machine's own clock, never at ours that can be moved: so they are good at any time. */
const VALID = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T00:00:00Z') };
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** One keyring per process for simulators without a folder: new RSA keys for every test would only burn time. */
const inMemory = new Map<string, string>();
/** One at a time, or two simulators that start together would each make a CA under the same name. */
let queue: Promise<unknown> = Promise.resolve();

/** Reads the certificates from `folder`, and issues the missing ones. */
export function openCertificates(folder: string | undefined, mchIds: readonly string[]): Promise<Certificates> {
  const opened = queue.then(() => open(folder, mchIds));
  queue = opened.catch(() => undefined);
  return opened;
}

async function open(folder: string | undefined, mchIds: readonly string[]): Promise<Certificates> {
  const shelf = folder === undefined ? memoryShelf() : folderShelf(folder);
  const ca = await pair(shelf, 'ca.pem', 'ca-key.pem', issueCa);
  const server = await pair(shelf, 'server.pem', 'server-key.pem', () => issueServer(ca));
  const payKey = await openPayKey(shelf);
  const merchants = new Map<string, MerchantCertificate>();
  for (const mchId of mchIds) {
    if (!/^[0-9A-Za-z]{1,32}$/.test(mchId)) throw new BadInput(`mchId "${mchId}": expected letters and digits`);
    const issue = (): Promise<Pair> => issueMerchant(ca, mchId);
    const own = await pair(shelf, `${mchId}/apiclient_cert.pem`, `${mchId}/apiclient_key.pem`, issue);
    const given = { 'ca.pem': ca.certPem, 'pub_key.pem': payKey.publicKeyPem, 'pub_key_id.txt': payKey.id };
    for (const [name, text] of Object.entries(given)) {
      if (shelf.read(`${mchId}/${name}`) !== text) shelf.write(`${mchId}/${name}`, text);
    }
    const { serialNumber } = new X509Certificate(own.certPem);
    merchants.set(mchId, {
      caPem: ca.certPem,
      ...own,
      serialNumber,
      publicKeyPem: payKey.publicKeyPem,
      publicKeyId: payKey.id,
      ...(folder === undefined ? {} : { folder: join(folder, mchId) }),
    });
  }
  const issuePlatform = (kind: 'certificate' | 'nextCertificate'): Promise<PlatformCertificate> => {
    const issued = queue.then(() => openPlatform(shelf, ca, kind, mchIds));
    queue = issued.catch(() => undefined);
    return issued;
  };
  return { caPem: ca.certPem, server, merchants, payKey, issuePlatform };
}

const PLATFORM_FILES = { certificate: 'wechatpay_cert', nextCertificate: 'wechatpay_next_cert' };

/** Beside the merchants' files lies the certificate alone. */
async function openPlatform(
  shelf: Shelf,
  ca: Pair,
  kind: keyof typeof PLATFORM_FILES,
  mchIds: readonly string[],
): Promise<PlatformCertificate> {
  const name = PLATFORM_FILES[kind];
  const { certPem, keyPem } = await pair(shelf, `${name}.pem`, `${name}_key.pem`, () => issuePlatformPair(ca));
  for (const mchId of mchIds)
    if (shelf.read(`${mchId}/${name}.pem`) !== certPem) shelf.write(`${mchId}/${name}.pem`, certPem);
  const x509 = new X509Certificate(certPem);
  return {
    id: x509.serialNumber,
    certPem,
    privateKeyPem: keyPem,
    publicKeyPem: x509.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    effectiveAt: Date.parse(x509.validFrom),
    expiresAt: Date.parse(x509.validTo),
  };
}

const newKeyPair = promisify(generateKeyPair);

/** Its number comes from the key itself, so that the two cannot be mixed up. */
async function openPayKey(shelf: Shelf): Promise<PayKey> {
  let privateKeyPem = shelf.read('wechatpay_key.pem');
  if (privateKeyPem === undefined) {
    const { privateKey } = await newKeyPair('rsa', { modulusLength: 2048 });
    privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    shelf.write('wechatpay_key.pem', privateKeyPem);
  }
  const publicKeyPem = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString();
  const digest = createHash('sha256').update(publicKeyPem).digest('hex');
  const digits = String(BigInt(`0x${digest}`) % 10n ** 26n).padStart(26, '0');
  return { id: `PUB_KEY_ID_01${digits}`, privateKeyPem, publicKeyPem };
}

type Shelf = { read(name: string): string | undefined; write(name: string, text: string): void };

function memoryShelf(): Shelf {
  return { read: name => inMemory.get(name), write: (name, text) => void inMemory.set(name, text) };
}

function folderShelf(folder: string): Shelf {
  return {
    read: name => {
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch {
        return undefined;
      }
    },
    write: (name, text) => {
      const path = join(folder, name);
      mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
      // Written beside and renamed: a crash leaves the old file or the new one, never half a key.
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

/** The stored pair, else a new one. One that another CA signed is of no use, so it is issued anew. */
async function pair(shelf: Shelf, certName: string, keyName: string, issue: () => Promise<Pair>): Promise<Pair> {
  const stored = { certPem: shelf.read(certName), keyPem: shelf.read(keyName) };
  if (stored.certPem !== undefined && stored.keyPem !== undefined && isGood(shelf, stored.certPem)) {
    return { certPem: stored.certPem, keyPem: stored.keyPem };
  }
  const fresh = await issue();
  shelf.write(keyName, fresh.keyPem);
  shelf.write(certName, fresh.certPem);
  return fresh;
}

function isGood(shelf: Shelf, certPem: string): boolean {
  try {
    const cert = new X509Certificate(certPem);
    const ca = new X509Certificate(shelf.read('ca.pem') ?? certPem);
    return cert.verify(ca.publicKey);
  } catch {
    return false;
  }
}

/** Imported only when something must be issued: it is large, and a second start needs none of it. */
async function x509(): Promise<X509> {
  const reflect = Reflect as { getMetadata?: unknown; getOwnMetadata?: unknown };
  // Its dependency injection asks for the reflect-metadata polyfill, of which none of its classes needs more than this.
  reflect.getMetadata ??= () => undefined;
  reflect.getOwnMetadata ??= () => undefined;
  const library = await import('@peculiar/x509');
  library.cryptoProvider.set(webcrypto as unknown as Parameters<X509['cryptoProvider']['set']>[0]);
  return library;
}

/** A positive integer of 20 bytes: the first digit keeps the sign bit clear. */
function serial(): string {
  return randomBytes(20).toString('hex').replace(/^./, '5');
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

async function signingKey(ca: Pair): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(ca.keyPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, EC, false, ['sign']);
}

async function issueCa(): Promise<Pair> {
  const lib = await x509();
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const cert = await lib.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'C=CN, O=hongbao-bot simulator, CN=hongbao-bot simulator CA',
    ...VALID,
    signingAlgorithm: EC,
    keys,
    extensions: [
      new lib.BasicConstraintsExtension(true, 0, true),
      new lib.KeyUsagesExtension(lib.KeyUsageFlags.keyCertSign | lib.KeyUsageFlags.cRLSign, true),
      await lib.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: `${cert.toString('pem')}\n`, keyPem: await keyPem(keys.privateKey) };
}

async function issueServer(ca: Pair): Promise<Pair> {
  const lib = await x509();
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const san = new lib.SubjectAlternativeNameExtension([
    { type: 'ip', value: '127.0.0.1' },
    { type: 'ip', value: '::1' },
    { type: 'dns', value: 'localhost' },
  ]);
  return issue(lib, ca, 'C=CN, O=hongbao-bot simulator, CN=localhost', keys, [
    san,
    new lib.ExtendedKeyUsageExtension([lib.ExtendedKeyUsage.serverAuth]),
  ]);
}

async function issueMerchant(ca: Pair, mchId: string): Promise<Pair> {
  const lib = await x509();
  const keys = await webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  // As on a real one: CN is the merchant number, O is WeChat's.
  const name = `C=CN, O=微信商户系统, OU=模拟器, CN=${mchId}`;
  return issue(lib, ca, name, keys, [new lib.ExtendedKeyUsageExtension([lib.ExtendedKeyUsage.clientAuth])]);
}

/** As on a real one: O is Tenpay's. */
async function issuePlatformPair(ca: Pair): Promise<Pair> {
  const lib = await x509();
  const keys = await webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  return issue(lib, ca, 'C=CN, O=Tenpay.com, OU=Tenpay.com CA Center, CN=Tenpay.com sign', keys, []);
}

async function issue(
  lib: X509,
  ca: Pair,
  subject: string,
  keys: webcrypto.CryptoKeyPair,
  extensions: readonly Extension[],
): Promise<Pair> {
  const issuer = new lib.X509Certificate(ca.certPem);
  const cert = await lib.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: issuer.subject,
    ...VALID,
    signingAlgorithm: EC,
    publicKey: keys.publicKey,
    signingKey: await signingKey(ca),
    extensions: [
      new lib.BasicConstraintsExtension(false, undefined, true),
      new lib.KeyUsagesExtension(lib.KeyUsageFlags.digitalSignature, true),
      ...extensions,
      await lib.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certPem: `${cert.toString('pem')}\n`, keyPem: await keyPem(keys.privateKey) };
}
