// Reads a request's body with a bound, as UTF-8. Whoever sends more is cut off before it is all here; and so is whoever
// holds most, when all that is on its way at once grows too large for our memory.
import type { IncomingMessage } from 'node:http';
import { BadInput } from '../core/base/error.ts';

/** Of all bodies together that are not whole yet. A genuine one is small, and whole within milliseconds. */
export const UNFINISHED_BYTES_MAX = 8 * 1024 * 1024;
/** Memory is taken as the body comes, and in pieces of our own: what is announced costs nothing, nor does a body in drops. */
const [FIRST_BYTES, MORE_BYTES] = [2048, 8192];

/** Thrown where the body passes its bound. */
export class TooLarge extends BadInput {
  constructor(limit: number) {
    super(`body over ${limit} bytes`);
    this.name = 'TooLarge';
  }
}

type Unfinished = { held: number; readonly cutOff: () => void };

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
  const announced = Number(request.headers['content-length']);
  if (announced > limit) return Promise.reject(new TooLarge(limit));
  return new Promise((resolve, reject) => {
    let [size, room] = [0, 0];
    const blocks: Buffer[] = [];
    const take = (part: Buffer): void => {
      // Most bodies come in one piece: it ends with it, and waits for nothing.
      if (size === 0 && part.length === announced) {
        size = announced;
        blocks.push(part);
        return;
      }
      if (size + part.length > limit) {
        fail(new TooLarge(limit));
        return;
      }
      for (let at = 0; at < part.length; ) {
        if (room === 0) {
          room = blocks.length === 0 ? FIRST_BYTES : MORE_BYTES;
          blocks.push(Buffer.allocUnsafeSlow(room));
          own.held += room;
          reserved += room;
        }
        const block = blocks.at(-1)!;
        const copied = part.copy(block, block.length - room, at);
        at += copied;
        room -= copied;
      }
      size += part.length;
      while (reserved > UNFINISHED_BYTES_MAX) largest()?.cutOff();
    };
    const whole = (): void => {
      if (leave()) resolve(blocks.length === 1 ? blocks[0]!.subarray(0, size) : Buffer.concat(blocks, size));
    };
    const fail = (error: BadInput): void => {
      if (!leave()) return;
      request.pause();
      reject(error);
    };
    // Whoever hangs up in the middle is no trouble of ours.
    const brokenOff = (): void => {
      if (unfinished.has(own)) fail(new BadInput('the body broke off'));
    };
    const own: Unfinished = {
      held: 0,
      cutOff() {
        fail(new TooLarge(size));
        request.destroy();
      },
    };
    const leave = (): boolean => {
      if (!unfinished.delete(own)) return false;
      reserved -= own.held;
      request.off('data', take);
      return true;
    };
    unfinished.add(own);
    request.on('data', take).once('end', whole).once('close', brokenOff).on('error', brokenOff);
    if (request.destroyed || request.readableEnded) brokenOff();
  });
}

function largest(): Unfinished | undefined {
  let found: Unfinished | undefined;
  for (const each of unfinished) if (each.held > (found?.held ?? 0)) found = each;
  return found;
}
