// The certificates of WeChat Pay: our own CA, the pay server's, one client certificate (商户证书) per merchant, and the
// key with which WeChat Pay itself signs (微信支付公钥).
import { createHash, createPublicKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BadInput } from '../../../core/base/error.ts';
import { keyStoreOf } from './pkcs12.ts';
import { issueCertificate, type Name } from './x509.ts';

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
   * Where the simulator has a folder: holds `ca.pem`, `apiclient_cert.pem`, `apiclient_key.pem`, `apiclient_cert.p12` (whose password
   * is the merchant number), `pub_key.pem`, and
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

/** TLS looks at the machine's own clock, never at ours that can be moved: so they are good at any time. */
const VALID = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T00:00:00Z') };

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
  const server = await pair(shelf, 'server.pem', 'server-key.pem', () => issueServer(ca), namesWeChat);
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
    if (folder !== undefined) writeKeyStore(join(folder, mchId), own, mchId);
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
    privateKeyPem = (await keys('rsa')).keyPem;
    shelf.write('wechatpay_key.pem', privateKeyPem);
  }
  const publicKeyPem = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString();
  const digest = createHash('sha256').update(publicKeyPem).digest('hex');
  const digits = String(BigInt(`0x${digest}`) % 10n ** 26n).padStart(26, '0');
  return { id: `PUB_KEY_ID_01${digits}`, privateKeyPem, publicKeyPem };
}

type Shelf = { read(name: string): string | undefined; write(name: string, text: string): void };

/** Beside the certificate, and again only where it is not of that certificate. */
function writeKeyStore(folder: string, own: Pair, mchId: string): void {
  const path = join(folder, 'apiclient_cert.p12');
  const raw = new X509Certificate(own.certPem).raw;
  if (existsSync(path) && readFileSync(path).includes(raw)) return;
  writeFileSync(path, keyStoreOf(own, mchId), { mode: 0o600 });
}

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
async function pair(
  shelf: Shelf,
  certName: string,
  keyName: string,
  issue: () => Promise<Pair>,
  serves: (certPem: string) => boolean = () => true,
): Promise<Pair> {
  const stored = { certPem: shelf.read(certName), keyPem: shelf.read(keyName) };
  const isWhole = stored.certPem !== undefined && stored.keyPem !== undefined;
  if (isWhole && isGood(shelf, stored.certPem!) && serves(stored.certPem!)) {
    return { certPem: stored.certPem!, keyPem: stored.keyPem! };
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

async function keys(kind: 'ec' | 'rsa'): Promise<{ readonly publicKey: KeyObject; readonly keyPem: string }> {
  const { publicKey, privateKey } = await (kind === 'ec'
    ? newKeyPair('ec', { namedCurve: 'P-256' })
    : newKeyPair('rsa', { modulusLength: 2048 }));
  return { publicKey, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const OURS = [
  ['C', 'CN'],
  ['O', 'hongbao-bot simulator'],
] as const;

async function issueCa(): Promise<Pair> {
  const { publicKey, keyPem } = await keys('ec');
  const subject: Name = [...OURS, ['CN', 'hongbao-bot simulator CA']];
  return { certPem: issueCertificate({ subject, publicKey, ...VALID, use: 'ca' }, { keyPem }), keyPem };
}

/** Where SDKs that know no other address call. */
const WECHAT_HOSTS: readonly string[] = [
  ...['api.weixin.qq.com', 'open.weixin.qq.com', 'mp.weixin.qq.com'],
  ...['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com'],
];
/** Those of older simulators did not. */
const namesWeChat = (certPem: string): boolean =>
  WECHAT_HOSTS.every(host => new X509Certificate(certPem).checkHost(host) !== undefined);

async function issueServer(ca: Pair): Promise<Pair> {
  const { publicKey, keyPem } = await keys('ec');
  const subject: Name = [...OURS, ['CN', 'localhost']];
  const hosts = ['127.0.0.1', '::1', 'localhost', ...WECHAT_HOSTS];
  return { certPem: issueCertificate({ subject, publicKey, ...VALID, use: 'server', hosts }, ca), keyPem };
}

/** As on a real one: CN is the merchant number, O is WeChat's. */
async function issueMerchant(ca: Pair, mchId: string): Promise<Pair> {
  const { publicKey, keyPem } = await keys('rsa');
  const subject: Name = [
    ['C', 'CN'],
    ['O', '微信商户系统'],
    ['OU', '模拟器'],
    ['CN', mchId],
  ];
  return { certPem: issueCertificate({ subject, publicKey, ...VALID, use: 'client' }, ca), keyPem };
}

/** As on a real one: O is Tenpay's. */
async function issuePlatformPair(ca: Pair): Promise<Pair> {
  const { publicKey, keyPem } = await keys('rsa');
  const subject: Name = [
    ['C', 'CN'],
    ['O', 'Tenpay.com'],
    ['OU', 'Tenpay.com CA Center'],
    ['CN', 'Tenpay.com sign'],
  ];
  return { certPem: issueCertificate({ subject, publicKey, ...VALID, use: 'signature' }, ca), keyPem };
}
