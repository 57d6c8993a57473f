// One HTTPS call to WeChat Pay, for both of its protocols: kept-alive connections, bounds on time and size, and what a
// failure of the network amounts to. Never retries by itself, and never throws.
import { createSecureContext, rootCertificates } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import { under } from '../core/base/address.ts';
import { codeOf, messageOf } from '../core/base/error.ts';
import type { Observation } from '../core/payout/payout.ts';

/** Longer than WeChat Pay ever takes, shorter than a payout's lease. */
const CALL_TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const CONNECTIONS_MAX = 16;
const KEEP_ALIVE_MS = 30_000;

/** Undici's and Node's codes for "no byte of the request left this machine". */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const WRONG_CERTIFICATE = /^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT)/;

export type Endpoint = {
  /** Scheme, host and port, and a path before all of WeChat Pay's where a relay has one. */
  readonly api: string;
  /** PEM, trusted beside the system's certificates. */
  readonly ca: Buffer | undefined;
  /** The client certificate of API v2: a PEM pair, or a PKCS#12 file whose password is the merchant number. */
  readonly certificate?:
    | { readonly cert: Buffer; readonly key: Buffer }
    | { readonly pfx: Buffer; readonly passphrase: string };
};

export type Call = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type Headers = Readonly<Record<string, string | string[] | undefined>>;
export type Reply = { readonly status: number; readonly headers: Headers; readonly text: string };
/** A call that brought no answer, as what it says about its payout. */
export type Lost = { readonly seen: Observation };

/** An answer of whatever length; who does not read it to its end lets its connection go with `body.destroy()`. */
export type Stream = Omit<Reply, 'text'> & { readonly body: AsyncIterable<Buffer> & { destroy(): unknown } };

export type Transport = { call(call: Call): Promise<Reply | Lost>; close(): Promise<void> };
/** For files: no bound on size, and none on time but between two pieces. */
export type FileTransport = Transport & { stream(call: Call): Promise<Stream | Lost> };

export function createTransport({ api, ca, certificate }: Endpoint): FileTransport {
  const agent = new Agent({
    connect: dialler(ca, certificate),
    connections: CONNECTIONS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  const answerTo = async <T>(
    { method, path, headers, body }: Call,
    read: (answer: Dispatcher.ResponseData) => T | Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | Lost> => {
    const departure: Departure = { hasBegun: false };
    try {
      const answer = await request(under(api, path), {
        method,
        dispatcher: agent.compose(watching(departure)),
        headers,
        ...(body !== undefined && { body }),
        headersTimeout: CALL_TIMEOUT_MS,
        bodyTimeout: CALL_TIMEOUT_MS,
        ...(signal && { signal }),
      });
      return await read(answer);
    } catch (error) {
      return { seen: observationOf(error, departure.hasBegun) };
    }
  };
  return {
    call: call =>
      answerTo(
        call,
        async ({ statusCode: status, headers, body }): Promise<Reply> => ({
          ...{ status, headers },
          text: await readAtMost(body, ANSWER_BYTES_MAX),
        }),
        AbortSignal.timeout(CALL_TIMEOUT_MS),
      ),
    stream: call => answerTo(call, ({ statusCode: status, headers, body }): Stream => ({ status, headers, body })),
    // Whoever still waits for an answer gets silence: the outcome is asked after later.
    close: () => agent.destroy(),
  };
}

/** What is trusted is read once, and not for each connection. A file that cannot be used fails the call, as a handshake would. */
function dialler(ca: Endpoint['ca'], certificate: Endpoint['certificate']): buildConnector.connector {
  let dial: buildConnector.connector | undefined;
  return (options, callback) => {
    try {
      const trusted = ca && { ca: [...rootCertificates, ca.toString()] };
      dial ??= buildConnector({
        secureContext: createSecureContext({ ...certificate, ...trusted }),
        timeout: CALL_TIMEOUT_MS,
      });
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    dial(options, callback);
  };
}

type Departure = { hasBegun: boolean };

/**
 * Told by undici just before it writes the first byte on a connection: whatever fails earlier, be it the name, the
 * network, the handshake, a certificate file that cannot be used or the wait for a place, has reached nobody.
 */
function watching(departure: Departure): Dispatcher.DispatcherComposeInterceptor {
  return dispatch => (options, handler) =>
    dispatch(options, {
      onRequestStart(...told) {
        departure.hasBegun = true;
        handler.onRequestStart?.(...told);
      },
      onRequestUpgrade: (...told) => handler.onRequestUpgrade?.(...told),
      onResponseStart: (...told) => handler.onResponseStart?.(...told),
      onResponseData: (...told) => handler.onResponseData?.(...told),
      onResponseEnd: (...told) => handler.onResponseEnd?.(...told),
      onResponseError: (...told) => handler.onResponseError?.(...told),
    });
}

async function readAtMost(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > limit) throw new Error(`an answer over ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** `unreached` only where it is certain; in any doubt the platform may have acted. */
function observationOf(error: unknown, hasBegun: boolean): Observation {
  const kind = hasBegun && !neverLeft(error) ? 'silence' : 'unreached';
  return { kind, code: nameOf(error), text: plain(messageOf(error)).slice(0, 120) };
}

/** OpenSSL begins with its thread's number, and ends with a path of its own source. */
function plain(message: string): string {
  return message
    .replace(/^(?:[0-9A-F]+:)?error:[0-9A-F]+:/, '')
    .replace(/:\.\.\/deps\/.*$/s, '')
    .trim();
}

/** Certain that no byte of the request was sent. */
export function neverLeft(error: unknown): boolean {
  const name = nameOf(error);
  return NOT_SENT.has(name) || WRONG_CERTIFICATE.test(name);
}

function nameOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.name : 'ERROR');
}
