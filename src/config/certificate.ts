// The merchant's own certificate and key in bot.yaml, proven from the files alone: whose it is, how long it is good, and that
// certificate, key and serial number are one another's. WeChat Pay would say the same of each, but only at the first payout.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../core/base/error.ts';
import { beijingText, type Instant, instant } from '../core/base/time.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import type { Located } from '../core/yaml/schema.ts';
import { type Desk, readBeside, readPem } from './files.ts';
import { KINDS, pemIn } from './pem.ts';

/** PEM pair, or a PKCS#12 file whose password is the merchant number. */
export type Certificate =
  | { readonly cert: Buffer; readonly key: Buffer }
  | { readonly pfx: Buffer; readonly passphrase: string };

/** What bot.yaml says of them. */
type Written = {
  readonly mchId: string;
  readonly certificate?: Located<string> | undefined;
  readonly privateKey?: Located<string> | undefined;
  readonly pfx?: Located<string> | undefined;
  readonly serialNo?: Located<string> | undefined;
};

/** A shorter one is none of WeChat Pay's, and would fail at the first call only. */
const KEY_BITS = 2048;

/** As far as it stands there and is right. */
export type OwnFiles = {
  readonly certificate: Certificate | undefined;
  readonly privateKey: Buffer | undefined;
};

/** `merchant`: its name in bot.yaml. What is wrong is complained of, and missing here. */
export function ownFilesOf(merchant: string, written: Written, desk: Desk): OwnFiles {
  const { certificate, privateKey, pfx } = written;
  const key = privateKey && readKey(privateKey, desk);
  const pair = certificate && readChain(certificate, key?.key, written, merchant, desk);
  const packed = pfx && readPacked(pfx, written, merchant, desk);
  const own = key && pair && ({ cert: pair, key: key.pem } as const);
  return { certificate: packed ?? own, privateKey: key?.pem };
}

function readKey(entry: Located<string>, desk: Desk): { pem: Buffer; key: KeyObject } | undefined {
  const read = readPem(entry, 'private key', desk);
  if (!read) return undefined;
  const say = (words: Wording): undefined => void desk.complain(entry.at, t`${entry.value} ${words}`);
  try {
    const key = createPrivateKey(read.pem);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits > 0 && bits < KEY_BITS)
      return say(t`is an RSA key of ${bits} bits, and the merchant's private key (apiclient_key.pem) has ${KEY_BITS}`);
    if (key.asymmetricKeyType === 'rsa') return { pem: read.pem, key };
    return say(t`holds no RSA key; expected the merchant's private key (apiclient_key.pem)`);
  } catch (error) {
    return say(t`cannot be used (${messageOf(error)}); download it anew, it is damaged`);
  }
}

/** The certificate, and whatever of its chain stands behind it. */
function readChain(
  entry: Located<string>,
  key: KeyObject | undefined,
  written: Written,
  merchant: string,
  desk: Desk,
): Buffer | undefined {
  const read = readPem(entry, 'certificate', desk);
  if (!read) return undefined;
  const say = (words: Wording): undefined => void desk.complain(entry.at, t`${entry.value} ${words}`);
  let chain: Chain;
  try {
    chain = certificatesIn(read.pem);
  } catch (error) {
    return say(t`cannot be used (${messageOf(error)}); download it anew, it is damaged`);
  }
  const [first] = chain;
  const own = chain.find(each => (key ? each.checkPrivateKey(key) : !each.ca)) ?? first;
  if (own !== first)
    return say(
      t`begins with a certificate of who issued it; put the merchant's own one first, or leave the others out`,
    );
  if (!prove(own, entry, written, merchant, desk)) return undefined;
  if (key && !own.checkPrivateKey(key)) {
    const { privateKey } = written;
    desk.complain(
      privateKey!.at,
      t`${privateKey!.value} is the private key of another certificate than ${entry.value} (${own.serialNumber}); take both from the same download`,
    );
    return undefined;
  }
  return read.pem;
}

type Chain = [X509Certificate, ...X509Certificate[]];

/** Throws where there is none, or a damaged one. */
export function certificatesIn(pem: Buffer): Chain {
  const blocks = pem
    .toString()
    .match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[\s\S]*?-----END [A-Z0-9 ]*CERTIFICATE-----/g);
  const [first, ...others] = (blocks ?? []).map(block => new X509Certificate(block));
  if (!first) throw new Error('there is no certificate in it');
  return [first, ...others];
}

// ── PKCS#12 ──────────────────────────────────────────────────────────────────────────────────────────────────

function readPacked(entry: Located<string>, written: Written, merchant: string, desk: Desk): Certificate | undefined {
  const pfx = readBeside(entry, desk);
  if (!pfx) return undefined;
  const say = (words: Wording): undefined => void desk.complain(entry.at, t`${entry.value} ${words}`);
  if (pfx[0] !== 0x30) {
    const pem = pemIn(pfx, entry.value);
    if (!('holds' in pem)) return say(t`is no PKCS#12 file (apiclient_cert.p12): it ${pem.problem}`);
    const key = pem.holds[0] === 'private key' ? 'privateKey' : 'certificate';
    return say(t`is a PEM file (a ${KINDS[pem.holds[0]!]}); name it under \`${key}:\`, or the p12 file here`);
  }
  const packed = { pfx, passphrase: written.mchId };
  let own: X509Certificate | undefined;
  try {
    own = certificateOf(packed);
  } catch (error) {
    return say(packedTrouble(messageOf(error), entry.value, written.mchId));
  }
  return !own || prove(own, entry, written, merchant, desk) ? packed : undefined;
}

/** What OpenSSL would show the other side. It is what every Node has had; where one has not, nothing is known of it. */
function certificateOf(packed: Certificate): X509Certificate | undefined {
  const { context } = createSecureContext(packed);
  const der: unknown = context.getCertificate?.();
  return Buffer.isBuffer(der) ? new X509Certificate(der) : undefined;
}

function packedTrouble(reason: string, file: string, mchId: string): Wording {
  if (/mac verify/i.test(reason))
    return t`cannot be used (${reason}): its password must be the merchant number, here ${mchId}; it is another merchant's file, or its password was changed`;
  if (/unsupported/i.test(reason))
    return t`cannot be used (${reason}); it is encrypted in an old way; take the PEM pair: openssl pkcs12 -legacy -in ${file} -nodes -clcerts -nokeys -out NEW_cert.pem, and the same with -nocerts -out NEW_key.pem`;
  const lacks = /load private key/i.test(reason)
    ? t`it holds no private key`
    : /load certificate/i.test(reason)
      ? t`it holds no certificate`
      : t`it is damaged, or no PKCS#12 file`;
  return t`cannot be used (${reason}): ${lacks}; download apiclient_cert.p12 anew`;
}

// ── What a certificate says of itself ────────────────────────────────────────────────────────────────────────

function prove(own: X509Certificate, entry: Located<string>, written: Written, merchant: string, desk: Desk): boolean {
  const trouble = wrongOwner(own, written.mchId) ?? (desk.now !== undefined ? outOfDate(own, desk.now) : undefined);
  if (trouble !== undefined) desk.complain(entry.at, t`${entry.value} ${trouble}`);
  const { serialNo, pfx } = written;
  const isOther = serialNo !== undefined && plainSerial(serialNo.value) !== plainSerial(own.serialNumber);
  if (isOther && trouble === undefined)
    desk.complain(
      serialNo.at,
      t`serialNo ${serialNo.value} is that of another certificate than ${entry.value}; write ${own.serialNumber}`,
    );
  const key = pfx === entry ? 'pfx' : 'certificate';
  desk.dated({ merchant, key, file: entry.value, serial: own.serialNumber, until: endOf(own) });
  return trouble === undefined && !isOther;
}

/** Some write them with zeros in front, in small letters. */
export const plainSerial = (serial: string): string => serial.toUpperCase().replace(/^0+/, '');

export const endOf = (x509: X509Certificate): Instant => instant(Date.parse(x509.validTo));

/** CN. */
export function nameIn(x509: X509Certificate): string {
  return /^CN=(.*)$/m.exec(x509.subject)?.[1] ?? '';
}

const DOWNLOAD = t`expected the merchant's certificate (apiclient_cert.pem: 商户平台 → 账户中心 → API安全)`;

function wrongOwner(own: X509Certificate, mchId: string): Wording | undefined {
  const name = nameIn(own);
  if (own.ca) return t`is the certificate of an issuer (CA), not the merchant's; ${DOWNLOAD}`;
  if (/tenpay\.com sign/i.test(name))
    return t`is WeChat Pay's own certificate (平台证书), which belongs under platformKeys; ${DOWNLOAD}`;
  if (name === mchId) return own.publicKey.asymmetricKeyType === 'rsa' ? undefined : t`holds no RSA key; ${DOWNLOAD}`;
  if (/^\d{8,10}$/.test(name))
    return t`is the certificate of the merchant ${name}, and mchId is ${mchId}; take the file of ${mchId}, or set mchId right`;
  return t`is not a certificate of the merchant ${mchId}: its name (CN) is another one; ${DOWNLOAD}`;
}

function outOfDate(own: X509Certificate, now: Instant): Wording | undefined {
  const [from, until] = [instant(Date.parse(own.validFrom)), endOf(own)];
  if (now >= until) return t`has expired (${beijingText(until)}); get a new one at 商户平台 → 账户中心 → API安全`;
  if (now < from) return t`is not valid before ${beijingText(from)}; mind the clock of this machine`;
  return undefined;
}

// ── What is trusted besides ──────────────────────────────────────────────────────────────────────────────────

/** Certificates of issuers, to be trusted beside the system's. */
export function readCa(
  merchant: string,
  { ca: entry, mchId }: { readonly ca: Located<string>; readonly mchId: string },
  desk: Desk,
): Buffer | undefined {
  const read = readPem(entry, 'certificate', desk);
  if (!read) return undefined;
  try {
    if (read.holds.includes('private key')) throw new Error('there is a private key in it');
    const all = certificatesIn(read.pem);
    if (all.some(each => nameIn(each) === mchId)) {
      desk.complain(
        entry.at,
        t`${entry.value} is the merchant's own certificate, which belongs under \`certificate\`; leave ca out, where WeChat Pay itself is asked`,
      );
      return undefined;
    }
    const [nearest] = all.sort((a, b) => endOf(a) - endOf(b));
    const { serialNumber: serial } = nearest;
    desk.dated({ merchant, key: 'ca', file: entry.value, serial, until: endOf(nearest) });
    return read.pem;
  } catch (error) {
    desk.complain(
      entry.at,
      t`${entry.value} cannot be used (${messageOf(error)}); expected the certificates (PEM) of who issued the server's`,
    );
    return undefined;
  }
}
