// The socket side of the public edge: how long a request may take to arrive, how much it may say about itself, and how many
// connections there may be. Whoever trickles bytes holds a place for seconds, not for hours.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { lineOf } from './edge-address.ts';

export type ServerLimits = {
  /** A push is small and quick to send; whoever is slower holds a connection for nothing. */
  readonly requestTimeout: number;
  /** How often connections are looked at for those that are too slow. */
  readonly connectionsCheckingInterval: number;
  /** An idle connection of a visitor. */
  readonly keepAliveTimeout: number;
  /** … of a proxy: longer than a proxy keeps it, so that it never sends into one that we are closing. */
  readonly proxyKeepAliveTimeout: number;
  readonly maxHeaderSize: number;
  readonly maxHeadersCount: number;
  readonly maxRequestsPerSocket: number;
  readonly maxConnections: number;
  /** Where no proxy stands in front. Far more than a hall of guests behind one address needs at once. */
  readonly maxConnectionsPerAddress: number;
};

export const SERVER_LIMITS: ServerLimits = {
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 5000,
  proxyKeepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
  maxHeadersCount: 100,
  maxRequestsPerSocket: 1000,
  maxConnections: 8192,
  maxConnectionsPerAddress: 1024,
};

export function createEdgeServer(
  listener: RequestListener,
  trustProxy: number,
  limits: Partial<ServerLimits> = {},
): Server {
  const all = { ...SERVER_LIMITS, ...limits };
  const { requestTimeout, connectionsCheckingInterval, maxHeaderSize } = all;
  const keepAliveTimeout = trustProxy > 0 ? all.proxyKeepAliveTimeout : all.keepAliveTimeout;
  const server = createServer(
    { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval, keepAliveTimeout, maxHeaderSize },
    listener,
  );
  server.maxHeadersCount = all.maxHeadersCount;
  server.maxRequestsPerSocket = all.maxRequestsPerSocket;
  server.maxConnections = all.maxConnections;
  if (trustProxy === 0) server.on('connection', countedBy(all.maxConnectionsPerAddress));
  return server;
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
