// Reading what others put on the disk: rule files, bot.yaml, certificates, lists. Only a plain file is read, no further than
// was asked, and nobody waits for one that gives nothing: a pipe, a device, a folder or a disk that hangs is a sentence.

import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { messageOf } from '../core/base/error.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import { encodingName, sniff } from '../core/yaml/encoding.ts';

/** Why it cannot be had, for the end of a sentence that begins with its name. Nothing of what is in it is repeated. */
type FileProblem = { readonly problem: Wording; readonly isMissing: boolean };

/** A disk of another machine may hang. */
const READ_WITHIN_MS = 5000;
const CHUNK_BYTES = 256 * 1024;
/** A pipe without a writer is opened at once, so that it can be refused. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** At the start, before anything waits for us. At most `max` bytes. */
export function readPlainSync(path: string, max: number): Buffer | FileProblem {
  let fd: number | undefined;
  try {
    // Looked at before it is opened as well: to open some devices does something.
    const problem = problemIn(statSync(path), max);
    if (problem) return problem;
    fd = openSync(path, FLAGS);
    return problemIn(fstatSync(fd), max) ?? readAll(fd, max);
  } catch (error) {
    return problemOf(error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readAll(fd: number, max: number): Buffer | FileProblem {
  const parts: Buffer[] = [];
  for (let size = 0; ; ) {
    const part = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, max + 1 - size));
    const length = readSync(fd, part);
    if (length === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, length));
    size += length;
    if (size > max) return tooLong(max);
  }
}

/** Beside the events of a running bot. `folder`: it may not lie, nor lead, outside of it. */
export async function readPlain(path: string, max: number, folder?: string): Promise<Buffer | FileProblem> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<FileProblem>(resolve => {
    const problem = t`cannot be read: its disk did not answer within ${READ_WITHIN_MS / 1000} s`;
    timer = setTimeout(() => resolve({ problem, isMissing: false }), READ_WITHIN_MS);
  });
  try {
    return await Promise.race([readWithin(path, max, folder).catch(problemOf), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function readWithin(path: string, max: number, folder: string | undefined): Promise<Buffer | FileProblem> {
  const real = await realpath(path);
  if (folder !== undefined) {
    const root = await realpath(folder);
    const inside = root.endsWith(sep) ? root : root + sep;
    if (!real.startsWith(inside)) return { problem: t`leads out of the folder of the rules`, isMissing: false };
  }
  const problem = problemIn(await stat(real), max);
  if (problem) return problem;
  // The file that was judged: a link that was put in its place meanwhile is not followed.
  const file = await open(real, FLAGS | (constants.O_NOFOLLOW ?? 0));
  try {
    return problemIn(await file.stat(), max) ?? (await readWhole(file, max));
  } finally {
    await file.close();
  }
}

async function readWhole(file: FileHandle, max: number): Promise<Buffer | FileProblem> {
  const parts: Buffer[] = [];
  for (let size = 0; ; ) {
    const part = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, max + 1 - size));
    const { bytesRead } = await file.read(part, 0, part.length, null);
    if (bytesRead === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, bytesRead));
    size += bytesRead;
    if (size > max) return tooLong(max);
  }
}

function problemIn(info: Stats, max: number): FileProblem | undefined {
  if (info.isFile()) return info.size > max ? tooLong(max, info.size) : undefined;
  return { problem: t`is not a file${kindOf(info)}`, isMissing: false };
}

function kindOf(info: Stats): Wording {
  if (info.isDirectory()) return '';
  if (info.isFIFO()) return t` but a pipe (FIFO)`;
  return info.isSocket() ? t` but a socket` : t` but a device`;
}

/** `size`: where it is known before it is read. */
function tooLong(max: number, size?: number): FileProblem {
  return { problem: t`has ${size ?? t`more than ${max}`} bytes; at most ${max} are read`, isMissing: false };
}

const WORDS: Readonly<Record<string, Wording>> = {
  ENOENT: t`cannot be read: there is no such file`,
  ENOTDIR: t`cannot be read: what should be a folder on its way is a file`,
  EACCES: t`cannot be read: this user may not; mind the rights of the file and of its folders`,
  EPERM: t`cannot be read: this user may not`,
  ELOOP: t`cannot be read: it is a link that leads to itself`,
  ENXIO: t`is not a file but a socket`,
};

function problemOf(error: unknown): FileProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  return { problem: WORDS[code] ?? t`cannot be read: ${messageOf(error)}`, isMissing };
}

// ── As text ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A text file of people's is UTF-8; one that is not would put signs of nobody's into what followers read. */
function textFrom(read: Buffer | FileProblem): string | FileProblem {
  if (!Buffer.isBuffer(read)) return read;
  const found = sniff(read);
  if (found === 'utf-8' && isUtf8(read)) return read.toString();
  const name = encodingName(found);
  return {
    problem: t`is ${name === undefined ? t`not UTF-8` : t`${name}, not UTF-8`}; save it as UTF-8`,
    isMissing: false,
  };
}

export function readTextSync(path: string, max: number): string | FileProblem {
  return textFrom(readPlainSync(path, max));
}

/** A file beside the one that names it, or in the folder of the rules. */
export async function readTextInside(path: string, max: number, folder = dirname(path)): Promise<string | FileProblem> {
  return textFrom(await readPlain(path, max, folder));
}

export async function readText(path: string, max: number): Promise<string | FileProblem> {
  return textFrom(await readPlain(path, max));
}
