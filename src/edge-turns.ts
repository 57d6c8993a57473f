// Whose turn it is. On one connection one request at a time; among all connections what WeChat signed comes first, and
// strangers come a few at a time: however many they are, whoever dials next is taken in between.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Node takes one new connection for each round of what is ready to be done. While there are any, strangers come one at a
 * time: somebody else may be in line behind them.
 */
const OTHERS_PER_ROUND = { quiet: 8, dialed: 1 };

type Turn = readonly [req: IncomingMessage, res: ServerResponse];

export type Waiting = {
  /** Sent before the one before them was answered (pipelining), which neither WeChat nor a browser nor a proxy does. */
  readonly maxWaitingPerSocket: number;
  readonly maxWaiting: number;
};

/** The answers of requests behind the one that is answered would only wait in our memory: too many, and the socket goes. */
export function inTurn(listener: RequestListener, { maxWaitingPerSocket, maxWaiting }: Waiting): RequestListener {
  /** Those that wait behind the one that is answered. */
  const waiting = new WeakMap<Socket, Turn[]>();
  let count = 0;
  const answer = (queue: Turn[], req: IncomingMessage, res: ServerResponse): void => {
    res.once('close', () => {
      const next = queue.shift();
      if (next && !req.socket.destroyed) {
        count--;
        answer(queue, ...next);
        return;
      }
      count -= queue.length + (next ? 1 : 0);
      waiting.delete(req.socket);
    });
    listener(req, res);
  };
  return (req, res) => {
    const { socket } = req;
    if (socket.destroyed) return;
    const queue = waiting.get(socket);
    if (queue === undefined) {
      const first: Turn[] = [];
      waiting.set(socket, first);
      answer(first, req, res);
    } else if (queue.length < maxWaitingPerSocket && count < maxWaiting) {
      count++;
      queue.push([req, res]);
    } else socket.destroy();
  };
}

/** `isFirst` is asked of everybody and must be cheap. */
export function fewAtATime(
  listener: RequestListener,
  isFirst: (req: IncomingMessage) => boolean,
): { readonly listener: RequestListener; readonly dialed: () => void } {
  const others: Turn[] = [];
  let [isGoing, isDialed] = [false, false];
  const round = (): void => {
    const turns = others.splice(0, isDialed ? OTHERS_PER_ROUND.dialed : OTHERS_PER_ROUND.quiet);
    isDialed = false;
    for (const [req, res] of turns) if (!req.socket.destroyed) listener(req, res);
    isGoing = others.length > 0;
    if (isGoing) setImmediate(round);
  };
  const take: RequestListener = (req, res) => {
    if (isFirst(req)) {
      listener(req, res);
      return;
    }
    others.push([req, res]);
    if (!isGoing) setImmediate(round);
    isGoing = true;
  };
  const dialed = (): void => {
    isDialed = true;
  };
  return { listener: take, dialed };
}
