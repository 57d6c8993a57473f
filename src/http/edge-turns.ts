// Whose turn it is. On one connection one request at a time; among all connections what WeChat signed comes first, and
// strangers come a few at a time: however many they are, whoever dials next is taken in between.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Of strangers, between two looks at what else is ready to be done. */
const OTHERS_PER_ROUND = 8;
/**
 * Node takes one new connection at each look. While there are any strangers wait, since WeChat may be in line behind them;
 * but not for ever.
 */
const ROUNDS_PUT_OFF_MAX = 32;

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
  let [isGoing, isDialed, putOff] = [false, false, 0];
  const round = (): void => {
    putOff = isDialed && putOff < ROUNDS_PUT_OFF_MAX ? putOff + 1 : 0;
    isDialed = false;
    const turns = others.splice(0, putOff > 0 ? 0 : OTHERS_PER_ROUND);
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
