// The files bot.yaml names: read, and tried, at the start, so that a wrong one is found before the first payout.

import { relative, resolve } from 'node:path';
import type { Place } from '../core/base/error.ts';
import type { Dated } from '../core/base/expiry.ts';
import type { Instant } from '../core/base/time.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import type { Located } from '../core/yaml/schema.ts';
import * as shape from '../core/yaml/schema.ts';
import { readPlainSync } from '../lib/plain-file.ts';
import { type Content, KINDS, type Pem, pemIn } from './pem.ts';

/** Says what is wrong with a place in bot.yaml. */
export type Complain = (at: Place, message: Wording) => void;

/** From where files are read, and by whom their faults are heard. `now` absent: dates are not judged. */
export type Desk = {
  /** The folder of bot.yaml. */
  readonly base: string;
  readonly complain: Complain;
  readonly now?: Instant | undefined;
  /** What is good until then, to be said in time. */
  readonly dated: (each: Dated) => void;
};

/** A path, and nothing of what is in the file: whoever pastes a key in its place must not find it in a message. */
function path(what: Wording): shape.Shape<string> {
  return shape.convert(shape.text({ what }), (written, say) => {
    const trouble = pathTrouble(written);
    if (trouble !== undefined) say(trouble);
    return trouble === undefined ? written : undefined;
  });
}

function pathTrouble(written: string): Wording | undefined {
  if (/-----BEGIN|^MI[A-Za-z0-9+/\s]{40}|[\r\n]/.test(written.trim()))
    return t`here stands what belongs into a file: put it into one that only the bot can read, and write the name of that here`;
  if (/^~/.test(written)) return t`"~" means nothing here; write the whole path, or one from the folder of bot.yaml`;
  if (/^[a-z]{2,}:\/\//i.test(written)) return t`a file is named by its path, without "://"`;
  return written.length > PATH_MAX ? t`no path is so long` : undefined;
}
const PATH_MAX = 1024;

export const PEM_FILE = path(t`a PEM file`);
export const P12_FILE = path(t`a PKCS#12 file`);

/** Far more than a chain of certificates. */
const BYTES_MAX = 1_000_000;

/** `undefined`: it could not be had, and that was said. */
export function readBeside({ value, at }: Located<string>, { base, complain }: Desk): Buffer | undefined {
  const path = resolve(base, value);
  const name = relative(process.cwd(), path);
  const read = readPlainSync(path, BYTES_MAX);
  if (!Buffer.isBuffer(read)) complain(at, t`${name} ${read.problem}; \`${value}\` counts from the folder of bot.yaml`);
  else if (read.toString('latin1').trim() === '') complain(at, t`${name} is empty; put the file there anew`);
  else return read;
  return undefined;
}

/** A PEM file of this kind. */
export function readPem(entry: Located<string>, wanted: Content | undefined, desk: Desk): Pem | undefined {
  const bytes = readBeside(entry, desk);
  if (!bytes) return undefined;
  const read = pemIn(bytes, entry.value);
  if ('problem' in read) desk.complain(entry.at, t`${entry.value} ${read.problem}`);
  else if (wanted !== undefined && !read.holds.includes(wanted))
    desk.complain(entry.at, t`${entry.value} is a ${KINDS[read.holds[0]!]}; ${PLACES[wanted]}`);
  else return read;
  return undefined;
}

const PLACES: Readonly<Record<Content, Wording>> = {
  certificate: t`expected the merchant's certificate (apiclient_cert.pem)`,
  'private key': t`expected the merchant's private key (apiclient_key.pem)`,
  'public key': t`expected WeChat Pay's public key (pub_key.pem)`,
};
