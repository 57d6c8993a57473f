// A file that should be PEM: what it really is, and how to make it one. A byte order mark and line ends of Windows are read as
// they are meant; whatever else is not PEM is named, with the command that mends it. Nothing of what is in it is repeated.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { t, type Wording } from '../core/base/words/words.ts';
import { encodingName, sniff } from '../core/yaml/encoding.ts';

export type Content = 'certificate' | 'private key' | 'public key';
export type Pem = { readonly pem: Buffer; readonly holds: readonly Content[] };

const LABELS: Readonly<Record<string, Content>> = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
  'PRIVATE KEY': 'private key',
  'RSA PRIVATE KEY': 'private key',
  'EC PRIVATE KEY': 'private key',
  'PUBLIC KEY': 'public key',
  'RSA PUBLIC KEY': 'public key',
};

/** In a sentence. */
export const KINDS: Readonly<Record<Content, Wording>> = {
  certificate: t`certificate`,
  'private key': t`private key`,
  'public key': t`public key`,
};

/** `problem`: for the end of a sentence that begins with `file`, with its fix. */
export function pemIn(bytes: Buffer, file: string): Pem | { readonly problem: Wording } {
  const other = otherFormat(bytes, file);
  if (other !== undefined) return { problem: other };
  const text = bytes
    .toString()
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n');
  const problem = lineTrouble(text, file);
  if (problem !== undefined) return { problem };
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----/gm)].map(([, label]) => label!);
  const isLocked = labels.includes('ENCRYPTED PRIVATE KEY') || /^Proc-Type: 4,ENCRYPTED/m.test(text);
  if (isLocked) return { problem: t`is locked with a password; unlock it: openssl pkey -in ${file} -out NEW.pem` };
  if (labels.some(label => label.endsWith('CERTIFICATE REQUEST')))
    return { problem: t`is a request for a certificate (CSR); what WeChat Pay made of it is the certificate` };
  const holds = labels.flatMap(label => LABELS[label] ?? []);
  if (holds.length === 0) return { problem: t`holds ${labels[0]}; expected a certificate or a key of WeChat Pay's` };
  return { pem: Buffer.from(text), holds };
}

// ── Not PEM at all ───────────────────────────────────────────────────────────────────────────────────────────

function otherFormat(bytes: Buffer, file: string): Wording | undefined {
  const binary = contentOf(bytes);
  if (binary === 'p12') return t`is a PKCS#12 file; name it under \`pfx:\`, instead of certificate and privateKey`;
  if (binary) {
    const { content } = binary;
    const tool = content === 'certificate' ? 'x509' : content === 'public key' ? 'pkey -pubin' : 'pkey';
    const make = `openssl ${tool} -inform der -in ${file} -out NEW.pem`;
    return t`is a ${KINDS[content]} in binary form (DER); make it PEM: ${make}`;
  }
  const letters = sniff(bytes);
  if (letters === 'utf-8') return undefined;
  const name = encodingName(letters);
  if (letters === 'utf-16') return t`is saved as UTF-16; save it as UTF-8: iconv -f UTF-16 -t UTF-8 ${file} > NEW.pem`;
  return t`is no PEM file (${name ?? 'binary'}); download it anew`;
}

type Binary = { readonly content: Content; readonly label: string };

/** What DER this is; `undefined`: none. */
function contentOf(der: Buffer): Binary | 'p12' | undefined {
  if (der[0] !== 0x30) return undefined;
  // SEQUENCE, with its length in one to four bytes, of the number 3 and more.
  if (/^30(?:8[1-4])?(?:[\da-f]{2}){1,4}020103/.test(der.subarray(0, 9).toString('hex'))) return 'p12';
  const tries: readonly [Binary, () => unknown][] = [
    [{ content: 'certificate', label: 'CERTIFICATE' }, () => new X509Certificate(der)],
    [
      { content: 'private key', label: 'PRIVATE KEY' },
      () => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
    ],
    [
      { content: 'private key', label: 'RSA PRIVATE KEY' },
      () => createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }),
    ],
    [{ content: 'public key', label: 'PUBLIC KEY' }, () => createPublicKey({ key: der, format: 'der', type: 'spki' })],
  ];
  return tries.find(([, read]) => succeeds(read))?.[0];
}

function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

// ── Nearly PEM ───────────────────────────────────────────────────────────────────────────────────────────────

/** What is wrong with its lines. */
function lineTrouble(text: string, file: string): Wording | undefined {
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text))
    return t`is a page (HTML or XML), not what it should have brought; download it anew`;
  const begins = text.match(/-----BEGIN [A-Z0-9 ]+-----/g) ?? [];
  const ends = text.match(/-----END [A-Z0-9 ]+-----/g) ?? [];
  if (begins.length === 0) return withoutBegin(text);
  if (/\\n/.test(text)) return t`has \\n written out where its lines should end: sed -i 's/\\\\n/\\n/g' ${file}`;
  if (/-----BEGIN [A-Z0-9 ]+-----[^\n]*-----END/.test(text)) {
    const split = `sed -E 's/ *(-----[A-Z ]+-----) */\\n\\1\\n/g' ${file} | sed '/-----/!s/ //g;/^$/d' | fold -w 64 > NEW.pem`;
    return t`is all on one line; it needs its line breaks: ${split}`;
  }
  if (!begins.every((begin, at) => ends[at] === begin.replace('BEGIN', 'END')))
    return t`is cut off: its BEGIN lines and END lines do not match; download it anew`;
  if (!/^-----BEGIN/m.test(text))
    return t`has something before -----BEGIN on its line; each of these lines stands alone`;
  return undefined;
}

function withoutBegin(text: string): Wording {
  const letters = text.replace(/-+END [A-Z ]+-+|\\n|\s/g, '');
  const found = /^[A-Za-z0-9+/]{40,}={0,2}$/.test(letters) ? contentOf(Buffer.from(letters, 'base64')) : undefined;
  if (found === 'p12') return t`is a PKCS#12 file in base64; name the file itself under \`pfx:\``;
  if (!found) {
    const isDamaged = /BEGIN/.test(text);
    return isDamaged
      ? t`has no line like -----BEGIN PRIVATE KEY-----, with five hyphens on each side; download it anew`
      : t`is no PEM file: it has no line -----BEGIN …-----; download it anew`;
  }
  const { content, label } = found;
  return t`is a ${KINDS[content]} without its first and last line; add -----BEGIN ${label}----- before it and -----END ${label}----- after it`;
}
