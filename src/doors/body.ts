// Reads a request's body with a bound, as UTF-8. Whoever sends more is cut off before it is all here; and so is whoever
// holds most, when all that is on its way at once grows too large for our memory.
import type { IncomingMessage } from 'node:http';
import { BadInput } from '../core/error.ts';

/** Of all bodies together that are not whole yet. A genuine one is small, and whole within milliseconds. */
export const UNFINISHED_BYTES_MAX = 8 * 1024 * 1024;
/** Grows as the body does: what is announced costs nothing. */
const FIRST_BYTES = 2048;

/** Thrown where the body passes its bound. */
export class TooLarge extends BadInput {
  constructor(limit: number) {
    super(`body over ${limit} bytes`);
    this.name = 'TooLarge';
  }
}

type Unfinished = { bytes: Buffer; readonly cutOff: () => void };

/** Of this process, the oldest first. */
const unfinished = new Set<Unfinished>();
let reserved = 0;

export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const bytes = await readBytes(request, limit);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BadInput('the body is not UTF-8');
  }
}

/** The same, whatever its bytes are. */
export function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length']) > limit) return Promise.reject(new TooLarge(limit));
  return new Promise((resolve, reject) => {
    let size = 0;
    const take = (part: Buffer): void => {
      if (size + part.length > limit) {
        fail(new TooLarge(limit));
        return;
      }
      if (size + part.length > own.bytes.length) grow(own, size + part.length);
      // Into one piece of memory, since each small one would take its own.
      part.copy(own.bytes, size);
      size += part.length;
      while (reserved > UNFINISHED_BYTES_MAX) largest()?.cutOff();
    };
    const whole = (): void => {
      if (leave()) resolve(own.bytes.subarray(0, size));
    };
    const fail = (error: BadInput): void => {
      if (!leave()) return;
      request.pause();
      reject(error);
    };
    // Whoever hangs up in the middle is no trouble of ours.
    const brokenOff = (): void => fail(new BadInput('the body broke off'));
    const own: Unfinished = {
      bytes: Buffer.alloc(0),
      cutOff() {
        fail(new TooLarge(size));
        request.destroy();
      },
    };
    const leave = (): boolean => {
      if (!unfinished.delete(own)) return false;
      reserved -= own.bytes.length;
      request.off('data', take);
      return true;
    };
    unfinished.add(own);
    request.on('data', take).once('end', whole).once('close', brokenOff).on('error', brokenOff);
    if (request.destroyed || request.readableEnded) brokenOff();
  });
}

function grow(own: Unfinished, size: number): void {
  const bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(size))));
  own.bytes.copy(bytes);
  reserved += bytes.length - own.bytes.length;
  own.bytes = bytes;
}

function largest(): Unfinished | undefined {
  let found: Unfinished | undefined;
  for (const each of unfinished) if (each.bytes.length > (found?.bytes.length ?? 0)) found = each;
  return found;
}
