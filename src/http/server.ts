// The socket side of the public edge: how long a request may take to arrive, how much it may say about itself, how many may
// wait, and how many connections there may be. Whoever trickles bytes, or takes none, holds a place for seconds, not for hours.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { lineOf } from './client-address.ts';
import { deafOnceDestroyed, PiecemealMessage } from './edge-parser.ts';
import { fewAtATime, inTurn, type Waiting } from './edge-turns.ts';

export type ServerLimits = Waiting & {
  /** A push is small and quick to send; whoever is slower holds a connection for nothing. */
  readonly requestTimeout: number;
  /** Whoever does not take an answer in this time is not waiting for it. */
  readonly answerTimeout: number;
  /** How often connections are looked at for those that are too slow. */
  readonly connectionsCheckingInterval: number;
  /** An idle connection of a visitor. */
  readonly keepAliveTimeout: number;
  /** … of a proxy: longer than a proxy keeps it, so that it never sends into one that we are closing. */
  readonly proxyKeepAliveTimeout: number;
  readonly maxHeaderSize: number;
  /** From so many on it is refused: Node would drop the rest without a word, the proxy's address among them. */
  readonly maxHeadersCount: number;
  readonly maxRequestsPerSocket: number;
  /** Of all answers that nobody takes. */
  readonly maxUntakenBytes: number;
  readonly maxConnections: number;
  /** Where no proxy stands in front. Far more than a hall of guests behind one address needs at once. */
  readonly maxConnectionsPerAddress: number;
};

const SERVER_LIMITS: ServerLimits = {
  requestTimeout: 10_000,
  answerTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 5000,
  proxyKeepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
  maxHeadersCount: 100,
  maxWaitingPerSocket: 16,
  maxWaiting: 1000,
  maxRequestsPerSocket: 1000,
  maxUntakenBytes: 16 * 1024 * 1024,
  maxConnections: 8192,
  maxConnectionsPerAddress: 1024,
};

/** `isFirst`: whoever waits for nobody. */
export function createEdgeServer(
  listener: RequestListener,
  trustProxy: number,
  limits: Partial<ServerLimits> = {},
  isFirst: (req: IncomingMessage) => boolean = () => false,
): Server {
  const all = { ...SERVER_LIMITS, ...limits };
  const { requestTimeout, connectionsCheckingInterval, maxHeaderSize } = all;
  const keepAliveTimeout = trustProxy > 0 ? all.proxyKeepAliveTimeout : all.keepAliveTimeout;
  const untaken = new Untaken(all);
  const turns = fewAtATime(untaken.watched(withFewHeaders(listener, all.maxHeadersCount)), isFirst);
  const server = createServer(
    {
      ...{
        requestTimeout,
        headersTimeout: requestTimeout,
        connectionsCheckingInterval,
        keepAliveTimeout,
        maxHeaderSize,
      },
      IncomingMessage: PiecemealMessage,
    },
    inTurn(turns.listener, all),
  );
  server.maxHeadersCount = all.maxHeadersCount;
  server.maxRequestsPerSocket = all.maxRequestsPerSocket;
  server.maxConnections = all.maxConnections;
  server.on('connection', deafOnceDestroyed).on('connection', turns.dialed);
  if (trustProxy === 0) server.on('connection', countedBy(all.maxConnectionsPerAddress));
  const checks = setInterval(() => untaken.check(), connectionsCheckingInterval).unref();
  server.once('close', () => clearInterval(checks));
  return server;
}

/** Each name and each value is an entry. Node keeps `max` of them, so that one more cannot be seen. */
function withFewHeaders(listener: RequestListener, max: number): RequestListener {
  return (req, res) => {
    if (req.rawHeaders.length < 2 * max) return listener(req, res);
    res.writeHead(431, { connection: 'close', 'content-length': 0 }).end();
  };
}

/** Answers that are ready and not taken: for a while each, and only so many bytes of all. */
class Untaken {
  private readonly limits: Pick<ServerLimits, 'answerTimeout' | 'connectionsCheckingInterval' | 'maxUntakenBytes'>;
  /** Each with how often it was found untaken; the oldest first. */
  private readonly open = new Map<ServerResponse, number>();

  constructor(limits: Untaken['limits']) {
    this.limits = limits;
  }

  watched(listener: RequestListener): RequestListener {
    return (req, res) => {
      this.open.set(res, 0);
      res.once('close', () => this.open.delete(res));
      listener(req, res);
    };
  }

  check(): void {
    const { answerTimeout, connectionsCheckingInterval, maxUntakenBytes } = this.limits;
    let bytes = 0;
    for (const [res, times] of this.open) {
      if (!res.writableEnded) continue;
      bytes += res.writableLength;
      this.open.set(res, times + 1);
      if (times * connectionsCheckingInterval >= answerTimeout) res.destroy();
    }
    for (const [res] of this.open) {
      if (bytes <= maxUntakenBytes) return;
      if (!res.writableEnded) continue;
      bytes -= res.writableLength;
      res.destroy();
    }
  }
}

/** Closes what is too many from one address, without a word. */
function countedBy(max: number): (socket: Socket) => void {
  const open = new Map<string, number>();
  return socket => {
    const address = lineOf(socket.remoteAddress ?? '') ?? '';
    const count = (open.get(address) ?? 0) + 1;
    if (count > max) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = open.get(address)! - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  };
}
