// Passwords as they are kept: a hash (scrypt) that says how it was made, and takes its time and memory to be tried.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** 2^15 rounds of 8 blocks: 32 MB, about a tenth of a second. */
const LOG_N = 15;
const BLOCK = 8;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** `scrypt:15:8:SALT:KEY`: no sign in it means anything to YAML, or to `${…}`. */
const HASH = /^scrypt:(1[4-8]):(8):([\w-]{22}):([\w-]{43})$/;

export function isHash(text: string): boolean {
  return HASH.test(text);
}

export async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await keyOf(password, salt, LOG_N, BLOCK);
  return `scrypt:${LOG_N}:${BLOCK}:${salt.toString('base64url')}:${key.toString('base64url')}`;
}

/** Takes as long for what is wrong as for what is right. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const found = HASH.exec(hash);
  if (!found) throw new Error('not a hash of ours');
  const [, logN, block, salt, key] = found;
  const made = await keyOf(password, Buffer.from(salt!, 'base64url'), Number(logN), Number(block));
  return timingSafeEqual(made, Buffer.from(key!, 'base64url'));
}

/** The same letters on every keyboard, however they are put together. */
function keyOf(password: string, salt: Buffer, logN: number, r: number): Promise<Buffer> {
  const N = 2 ** logN;
  return derive(password.normalize('NFKC'), salt, KEY_BYTES, { N, r, p: 1, maxmem: 256 * N * r });
}
