// The platform certificates (平台证书) of one merchant, as WeChat Pay hands them out (GET /v3/certificates): each sealed with the
// APIv3 key, and the whole answer signed with one of them, or with a key that is known already. Never throws for what the
// platform or the network does.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { BadInput, messageOf } from '../../core/base/error.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import { type Json, jsonOf, listAt, partOf, textAt } from '../json.ts';
import type { Transport } from '../transport.ts';
import {
  apiV3KeyOf,
  decryptResource,
  keyIdOf,
  requestHeaders,
  type Signer,
  sealedOf,
  type Trust,
  UnknownKey,
  verifySignature,
  WrongSeal,
} from './v3-signature.ts';

export type PlatformCertificate = {
  /** Its serial number. */
  readonly id: string;
  readonly key: KeyObject;
  readonly effectiveAt: Instant;
  readonly expiresAt: Instant;
};

type Handout =
  | { readonly kind: 'certificates'; readonly certificates: readonly PlatformCertificate[] }
  /** This merchant has none: WeChat Pay signs with its public key only. */
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly reason: string };

export type CertificateDesk = {
  readonly signer: Signer;
  readonly apiV3Key: string;
  readonly transport: Transport;
};

const PATH = '/v3/certificates';

/** `asked`: with which key the answer should be signed. */
export async function fetchCertificates(
  { signer, apiV3Key, transport }: CertificateDesk,
  trust: Trust,
  asked: string | undefined,
  now: Instant,
): Promise<Handout> {
  const answer = await transport.call({
    method: 'GET',
    path: PATH,
    headers: requestHeaders(signer, { method: 'GET', path: PATH }, now, asked),
  });
  if ('seen' in answer) return { kind: 'failed', reason: `no answer: ${wordsOf(answer.seen)}` };
  const json = jsonOf(answer.text);
  const code = json && textAt(json, 'code');
  // RESOURCE_NOT_EXISTS; a wrong path has no code.
  if (answer.status === 404 && code !== undefined) return { kind: 'none' };
  if (answer.status !== 200 || !json)
    return { kind: 'failed', reason: `HTTP ${answer.status} ${(code ?? '').slice(0, 64)}`.trim() };
  try {
    const certificates = certificatesIn(json, apiV3Key).filter(each => each.expiresAt > now);
    const handed = new Map(certificates.map(({ id, key }) => [id, key]));
    const both: Trust = { find: id => trust.find(id) ?? handed.get(keyIdOf(id)) };
    verifySignature(both, answer.headers, answer.text, now);
    return { kind: 'certificates', certificates };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

function reasonOf(error: BadInput): string {
  if (error instanceof WrongSeal) return 'they cannot be opened with the apiV3Key in bot.yaml';
  return error instanceof UnknownKey ? `the answer itself is ${error.message}` : messageOf(error);
}

function wordsOf(seen: { readonly kind: string; readonly code?: string; readonly text?: string }): string {
  return [seen.code ?? seen.kind, seen.text ?? ''].join(' ').trim();
}

/** Only whoever has the APIv3 key can have sealed them. */
function certificatesIn(json: Json, apiV3Key: string): PlatformCertificate[] {
  const key = apiV3KeyOf(apiV3Key);
  return (listAt(json, 'data') ?? []).map(entry => {
    const pem = decryptResource(key, sealedOf(partOf(entry, 'encrypt_certificate')));
    const certificate = certificateIn(pem);
    if (keyIdOf(textAt(entry, 'serial_no') ?? '') !== certificate.id)
      throw new BadInput('a certificate has another serial number than is said of it');
    return certificate;
  });
}

function certificateIn(pem: string): PlatformCertificate {
  try {
    const x509 = new X509Certificate(pem);
    return {
      id: keyIdOf(x509.serialNumber),
      key: x509.publicKey,
      effectiveAt: instant(Date.parse(x509.validFrom)),
      expiresAt: instant(Date.parse(x509.validTo)),
    };
  } catch (error) {
    throw new BadInput(`a certificate cannot be read: ${messageOf(error)}`);
  }
}
