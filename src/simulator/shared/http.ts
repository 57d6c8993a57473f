// The few things every HTTP server here needs: a bounded body, JSON out, and an orderly end.
import assert from 'node:assert/strict';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { BadInput, messageOf } from '../../core/base/error.ts';

const BODY_BYTES_MAX = 64 * 1024;

/** What was read and said, for as long as anybody holds the call: for whoever records it. */
const bodies = new WeakMap<IncomingMessage, Buffer>();
const answers = new WeakMap<ServerResponse, string | Buffer>();
export const bodyOf = (req: IncomingMessage): Buffer => bodies.get(req) ?? Buffer.alloc(0);
export const answerOf = (res: ServerResponse): Buffer => Buffer.from(answers.get(res) ?? '');

/** The body as it came. What is too large is `BadInput`. */
export async function readBytes(req: IncomingMessage, max: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > max) throw new BadInput(`a body over ${max} bytes`);
    parts.push(part);
  }
  const whole = Buffer.concat(parts);
  bodies.set(req, whole);
  return whole;
}

/** The body as text. What is too large, or no UTF-8, is `BadInput`. */
export async function readBody(req: IncomingMessage, max = BODY_BYTES_MAX): Promise<string> {
  const bytes = await readBytes(req, max);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BadInput('the body is not UTF-8');
  }
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput('the body is not JSON');
  }
}

export function send(res: ServerResponse, status: number, type: string, body: string | Buffer): void {
  if (res.destroyed || res.writableEnded) return;
  answers.set(res, body);
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  res.end(body);
}

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(value));
}

/** What went wrong here is said, not cut off: a connection that ends by itself is WeChat's way of saying nothing. */
export function fail(res: ServerResponse, error: unknown): void {
  if (res.headersSent) res.destroy();
  else send(res, 500, 'text/plain; charset=utf-8', `the simulator failed: ${messageOf(error)}`);
}

/** Of a server that listens. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  return address.port;
}

/** Resolves with the port. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(portOf(server));
    });
  });
}

export function shut(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Waits, unless the connection or the server ends first: then `false`. Its timer keeps nobody alive. */
export function delayed(res: ServerResponse, ms: number): Promise<boolean> {
  return new Promise(resolve => {
    const timer = setTimeout(() => done(true), ms);
    timer.unref();
    const onClose = (): void => done(false);
    const done = (inTime: boolean): void => {
      clearTimeout(timer);
      res.off('close', onClose);
      resolve(inTime);
    };
    res.once('close', onClose);
  });
}
