// Of a merchant in bot.yaml: the keys with which WeChat Pay may sign, as one list. What is no key of WeChat Pay's is refused at
// the start, from the file alone: with a wrong one every answer would look forged.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { messageOf } from '../core/base/error.ts';
import type { Instant } from '../core/base/time.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import * as shape from '../core/yaml/schema.ts';
import { certificatesIn, endOf, nameIn, type OwnFiles, plainSerial } from './certificate.ts';
import { type Desk, PEM_FILE, readPem } from './files.ts';
import type { Pem } from './pem.ts';

/** `id`: `PUB_KEY_ID_…`, or the serial number of a certificate. */
export type PlatformKey = { readonly id: string; readonly pem: Buffer };

const { located, object, optional, text } = shape;
const ID = text({
  what: t`PUB_KEY_ID_…, or the serial number of a platform certificate (hex)`,
  pattern: /^(PUB_KEY_ID_\w{1,64}|[0-9A-Fa-f]{8,64})$/,
});

const KEY = object(
  t`a platform key`,
  {
    id: optional(located(ID), 'of a public key, as 商户平台 shows it'),
    publicKey: optional(located(PEM_FILE), "WeChat Pay's public key (微信支付公钥)"),
    certificate: optional(located(PEM_FILE), 'a platform certificate (平台证书); its serial number is its id'),
  },
  { oneOf: ['publicKey', 'certificate'] },
);

export const PLATFORM_KEYS = {
  platformKeys: optional(
    shape.list(located(KEY), t`a list of keys such as { id: PUB_KEY_ID_…, publicKey: pub_key.pem }`, 0),
    'every key WeChat Pay may sign with',
  ),
  publicKeyId: optional(located(ID), 'with publicKey: short for one of platformKeys'),
  publicKey: optional(located(PEM_FILE)),
};

type Entry = shape.ShapeOf<typeof KEY>;
type Written = {
  readonly mchId: string;
  readonly platformKeys?: readonly shape.Located<Entry>[];
  readonly publicKeyId?: shape.Located<string>;
  readonly publicKey?: shape.Located<string>;
};

/** `undefined`: nothing is said of any. An empty list is something: then all are fetched. */
export function platformKeysOf(
  merchant: string,
  { mchId, platformKeys, publicKeyId, publicKey }: Written,
  files: OwnFiles,
  desk: Desk,
): readonly PlatformKey[] | undefined {
  const { complain } = desk;
  if (!publicKeyId !== !publicKey) {
    const half = (publicKeyId ?? publicKey)!;
    complain(half.at, t`publicKeyId and publicKey belong together; add ${publicKey ? 'publicKeyId' : 'publicKey'}`);
  }
  const short = publicKeyId && publicKey ? [{ value: { id: publicKeyId, publicKey }, at: publicKey.at }] : [];
  if (!platformKeys && short.length === 0) return undefined;
  const own = ownOf(mchId, files);
  const known = new Map<string, Read>();
  for (const entry of [...(platformKeys ?? []), ...short]) {
    const read = readEntry(entry, own, desk);
    if (!read) continue;
    const { id: serial, file, until } = read;
    if (until !== undefined) desk.dated({ merchant, key: 'platformKeys', file, serial, until });
    const former = known.get(read.id);
    if (former && !isSame(former.key, read.key))
      complain(entry.at, t`the key ${read.id} stands twice, with different keys; leave one of them out`);
    else known.set(read.id, former ?? read);
    const twin = [...known.values()].find(each => each.id !== read.id && isSame(each.key, read.key));
    if (twin) complain(entry.at, t`${file} is the key of ${twin.id} as well: one of the two is another file`);
  }
  return [...known.values()].map(({ id, pem }) => ({ id, pem }));
}

type Read = PlatformKey & { readonly key: KeyObject; readonly file: string; readonly until: Instant | undefined };
/** What is the merchant's own, and can be no key of WeChat Pay's. */
type Own = { readonly mchId: string; readonly keys: readonly KeyObject[] };

function readEntry({ value, at }: shape.Located<Entry>, own: Own, desk: Desk): Read | undefined {
  const { complain } = desk;
  const { id, publicKey, certificate } = value;
  const file = publicKey ?? certificate;
  const read = file && readPem(file, undefined, desk);
  if (!read) return undefined;
  const found = keyIn(read);
  const wrong = wrongKind(found, own, certificate !== undefined, id?.value);
  if (wrong !== undefined || 'wrong' in found) {
    complain(file.at, t`${file.value} ${wrong}`);
    return undefined;
  }
  const { serial, key, until } = found;
  const name = id?.value.toUpperCase();
  if (serial === undefined && name === undefined) {
    complain(at, t`${file.value} has no id here; add the one that 商户平台 shows for it: id: PUB_KEY_ID_…`);
    return undefined;
  }
  if (serial !== undefined && name !== undefined && plainSerial(name) !== plainSerial(serial)) {
    const isOfKey = name.startsWith('PUB_KEY_ID_');
    const fix = isOfKey ? t`; the public key ${name} is another file (pub_key.pem)` : '';
    complain(id!.at, t`${file.value} is the certificate ${serial}; say \`- { certificate: ${file.value} }\`${fix}`);
    return undefined;
  }
  return { id: serial ?? name!, pem: read.pem, key, file: file.value, until };
}

const DOWNLOAD = t`expected WeChat Pay's public key (pub_key.pem: 商户平台 → 账户中心 → API安全 → 微信支付公钥)`;

type Found =
  | { readonly key: KeyObject; readonly serial?: string; readonly x509?: X509Certificate; readonly until?: Instant }
  | { readonly wrong: Wording };

function keyIn({ pem, holds }: Pem): Found {
  if (holds.includes('private key')) return { wrong: t`is a private key; ${DOWNLOAD}` };
  try {
    if (!holds.includes('certificate')) return { key: createPublicKey(pem) };
    const [x509] = certificatesIn(pem);
    return { key: x509.publicKey, serial: x509.serialNumber.toUpperCase(), x509, until: endOf(x509) };
  } catch (error) {
    return { wrong: t`cannot be used (${messageOf(error)}); ${DOWNLOAD}, or a platform certificate (PEM)` };
  }
}

/** What cannot be WeChat Pay's, or is not what the line says; `undefined`: it may be. */
function wrongKind(found: Found, own: Own, saysCertificate: boolean, id: string | undefined): Wording | undefined {
  if ('wrong' in found) return found.wrong;
  const { key, serial, x509 } = found;
  const name = x509 ? nameIn(x509) : '';
  if (own.keys.some(each => isSame(each, key)) || name === own.mchId)
    return serial === undefined
      ? t`is the merchant's own key (apiclient_cert.pem); ${DOWNLOAD}`
      : t`is the merchant's own certificate (apiclient_cert.pem); ${DOWNLOAD}`;
  if (/^\d{8,10}$/.test(name)) return t`is the certificate of the merchant ${name}; ${DOWNLOAD}`;
  if (x509?.ca) return t`is the certificate of an issuer (CA); ${DOWNLOAD}`;
  if (key.asymmetricKeyType !== 'rsa') return t`holds no RSA key; ${DOWNLOAD}`;
  if (saysCertificate && serial === undefined)
    return t`is a public key, no certificate; say \`- { id: ${id ?? 'PUB_KEY_ID_…'}, publicKey: … }\``;
  return undefined;
}

function isSame(one: KeyObject, other: KeyObject): boolean {
  const bytes = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
  return bytes(one).equals(bytes(other));
}

/** What could not be read was complained of. */
function ownOf(mchId: string, { certificate, privateKey }: OwnFiles): Own {
  const keys = privateKey ? [createPublicKey(createPrivateKey(privateKey))] : [];
  if (certificate && 'cert' in certificate) keys.push(new X509Certificate(certificate.cert).publicKey);
  return { mchId, keys };
}
