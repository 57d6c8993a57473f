// The files bot.yaml names: read, and tried, at the start, so that a wrong one is found before the first payout.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { messageOf } from './core/error.ts';
import type { Located, Place } from './core/shape.ts';

/** PEM pair, or a PKCS#12 file whose password is the merchant number. */
export type Certificate =
  | { readonly cert: Buffer; readonly key: Buffer }
  | { readonly pfx: Buffer; readonly passphrase: string };

/** Says what is wrong with a place in bot.yaml. */
export type Complain = (at: Place, message: string) => void;

/** Where a merchant's certificate lies. */
type Paths = {
  readonly mchId: string;
  readonly certificate?: Located<string> | undefined;
  readonly privateKey?: Located<string> | undefined;
  readonly pfx?: Located<string> | undefined;
};

/** A PEM file with a private key in it, tried at the start. */
export function readPrivateKey(entry: Located<string>, base: string, complain: Complain): Buffer {
  const pem = readBeside(entry, base, complain);
  try {
    if (pem.length > 0) createPrivateKey(pem);
  } catch (error) {
    complain(entry.at, `${entry.value} cannot be used (${messageOf(error)}); expected a PEM file with a private key`);
  }
  return pem;
}

export function readBeside({ value, at }: Located<string>, base: string, complain: Complain): Buffer {
  const path = resolve(base, value);
  try {
    const content = readFileSync(path);
    if (content.length === 0) complain(at, `${relative(process.cwd(), path)} is empty; put the file there anew`);
    return content;
  } catch (error) {
    complain(at, `${relative(process.cwd(), path)} cannot be read: ${messageOf(error)}`);
    return Buffer.alloc(0);
  }
}

/** Tried here, so that a wrong file is found at the start and not at the first payout. */
export function certificateOf(merchant: Paths, at: Place, base: string, complain: Complain): Certificate {
  if (merchant.pfx) {
    const pfx = readBeside(merchant.pfx, base, complain);
    const certificate = { pfx, passphrase: merchant.mchId };
    if (pfx.length > 0) tryCertificate(certificate, merchant.pfx, complain);
    return certificate;
  }
  const none = { value: '', at };
  const cert = readBeside(merchant.certificate ?? none, base, complain);
  const key = readBeside(merchant.privateKey ?? none, base, complain);
  if (cert.length > 0 && key.length > 0) tryCertificate({ cert, key }, merchant.certificate ?? none, complain);
  return { cert, key };
}

function tryCertificate(certificate: Certificate, { value, at }: Located<string>, complain: Complain): void {
  try {
    createSecureContext(certificate);
  } catch (error) {
    const reason = messageOf(error);
    const isOld = /unsupported/i.test(reason);
    const fix = isOld
      ? `it is encrypted in an old way; take the PEM pair: openssl pkcs12 -legacy -in ${value} -nodes -clcerts -nokeys -out apiclient_cert.pem, and the same with -nocerts -out apiclient_key.pem`
      : 'pfx' in certificate
        ? 'its password must be the merchant number'
        : 'certificate and privateKey must be PEM files that belong together';
    complain(at, `${value} cannot be used (${reason}); ${fix}`);
  }
}
