// Reads a request's body with a bound, as UTF-8. Whoever sends more is cut off before it is all here.
import type { IncomingMessage } from 'node:http';
import { BadInput } from '../core/error.ts';

/** Thrown where the body passes its bound. */
export class TooLarge extends BadInput {
  constructor(limit: number) {
    super(`body over ${limit} bytes`);
    this.name = 'TooLarge';
  }
}

export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  if (Number(request.headers['content-length']) > limit) throw new TooLarge(limit);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw new TooLarge(limit);
    parts.push(part);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts, size));
  } catch {
    throw new BadInput('the body is not UTF-8');
  }
}
