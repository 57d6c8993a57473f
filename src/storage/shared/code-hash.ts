// What both stores go by when they hold printed codes (一物一码): what may be asked for, and the hash that stands for a
// code. A stolen store names no code that nobody typed yet: whoever wants one has to try all there may be. There are
// 2^50 of those, so this makes it dear, not impossible.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Fault } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import type { PrintedCode } from '../../ports.ts';

/** Codes of one call: they are written together, while everybody else waits. */
const CODES_MAX = 1000;
/** Boxes of one chunk of an activation, for the same reason. */
export const BOXES_CHUNK = 1000;

const HASH_BYTES = 16;
/** So many hexadecimal digits come first, as Redis counts its buckets by them; the rest is shorter in base64url. */
export const BUCKET_DIGITS = 4;
const HASH = /^[\da-f]{4}[\w-]{19}$/;
/** In names of a batch or a prize: none, as they are separators in Redis, and SQLite's driver cuts a text at a NUL. */
const PLAIN = /^[^\0-\x1f]+$/;

export function codeHash(code: string): string {
  const hash = createHash('sha256').update(`code ${code}`).digest().subarray(0, HASH_BYTES);
  const digits = BUCKET_DIGITS / 2;
  return hash.subarray(0, digits).toString('hex') + hash.subarray(digits).toString('base64url');
}

export function checkCodes(codes: readonly PrintedCode[]): void {
  assert(codes.length <= CODES_MAX, `at most ${CODES_MAX} codes are registered at once: ${codes.length}`);
  for (const { code, batch, box, prize } of codes) {
    assert(code !== '' && PLAIN.test(batch) && PLAIN.test(prize), 'a code, its batch and its prize have plain names');
    assert(Number.isSafeInteger(box) && box >= 0, `a box has a number: ${box}`);
  }
}

/** First and last box of each stretch. */
export function stretchesOf(
  boxes: readonly (readonly [number, number])[] | 'all',
): readonly (readonly [number, number])[] {
  if (boxes === 'all') return [[0, Number.MAX_SAFE_INTEGER]];
  for (const [first, last] of boxes) {
    const isStretch = Number.isSafeInteger(first) && Number.isSafeInteger(last) && 0 <= first && first <= last;
    assert(isStretch, `a stretch of boxes goes from one up to another: ${first}–${last}`);
  }
  return boxes;
}

export function checkAfter(hash: string | undefined): void {
  assert(hash === undefined || HASH.test(hash), 'codes are listed from behind one of their hashes');
}

/** `position` counts from 1. The code is not named: a message may end up in a log. */
export function codeTaken(position: number): Fault {
  return new Fault(
    'store',
    'never',
    'code-taken',
    t`code ${position} of this call is registered already, as another one`,
  );
}
