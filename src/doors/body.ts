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
  const bytes = await readBytes(request, limit);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BadInput('the body is not UTF-8');
  }
}

/** The same, whatever its bytes are. */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length']) > limit) throw new TooLarge(limit);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw new TooLarge(limit);
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}
