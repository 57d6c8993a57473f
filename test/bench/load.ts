// Asks a server with some connections, each one question at a time, and reads every answer.

import { connect, type Socket } from 'node:net';

export type Load = {
  readonly port: number;
  /** Whole HTTP requests. */
  readonly requests: readonly Buffer[];
  readonly connections: number;
  /** What a right answer holds; without it an answer is wrong. */
  readonly expected: string;
  /** Asked so often, whatever the answers take; absent: as soon as the last answer was read. */
  readonly perSecond?: number;
  /** So many answers have been read. */
  readonly onAnswer?: (count: number) => void;
};

export type Loaded = {
  readonly seconds: number;
  /** ms, in order of size. */
  readonly took: Float64Array;
  /** 1 where a right answer came. */
  readonly answered: Uint8Array;
  readonly wrong: number;
  /** The first wrong answer. */
  readonly example: string | undefined;
};

/** Every request is asked once; one whose connection breaks stays unanswered. */
export async function load(order: Load): Promise<Loaded> {
  const { requests, connections, perSecond } = order;
  const took = new Float64Array(requests.length);
  const answered = new Uint8Array(requests.length);
  const state: State = { next: 0, read: 0, wrong: 0, example: undefined, began: performance.now(), took, answered };
  if (perSecond === undefined) await Promise.all(Array.from({ length: connections }, () => askAll(order, state)));
  else await askPaced(order, state, perSecond);
  const seconds = (performance.now() - state.began) / 1000;
  return { seconds, took: took.filter(ms => ms > 0).sort(), answered, wrong: state.wrong, example: state.example };
}

type State = {
  next: number;
  read: number;
  wrong: number;
  example: string | undefined;
  began: number;
  readonly took: Float64Array;
  readonly answered: Uint8Array;
};

/** One connection. `ask` resolves with whether the connection still stands. */
class Line {
  private readonly socket: Socket;
  private parts: Buffer[] = [];
  private done: ((answer: Buffer | undefined) => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', part => this.hear(part));
    socket.on('error', () => this.close());
    socket.on('close', () => this.settle(undefined));
  }

  static async open(port: number): Promise<Line | undefined> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const isOpen = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    return isOpen ? new Line(socket) : undefined;
  }

  ask(request: Buffer, done: (answer: Buffer | undefined) => void): void {
    this.done = done;
    if (this.socket.destroyed) this.settle(undefined);
    else this.socket.write(request);
  }

  close(): void {
    this.socket.destroy();
  }

  private hear(part: Buffer): void {
    this.parts.push(part);
    const all = this.parts.length === 1 ? part : Buffer.concat(this.parts);
    const head = all.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: *(\d+)/i.exec(all.toString('latin1', 0, head))?.[1] ?? 0);
    if (all.length < head + 4 + length) return;
    this.parts = [];
    this.settle(all);
  }

  private settle(answer: Buffer | undefined): void {
    const { done } = this;
    this.done = undefined;
    done?.(answer);
  }
}

function note(order: Load, state: State, n: number, began: number, answer: Buffer | undefined): void {
  if (!answer) return;
  state.took[n] = performance.now() - began;
  if (answer.toString('latin1', 9, 12) === '200' && answer.includes(order.expected)) state.answered[n] = 1;
  else {
    state.wrong++;
    state.example ??= answer.toString().slice(0, 1000);
  }
  order.onAnswer?.(++state.read);
}

async function askAll(order: Load, state: State): Promise<void> {
  const line = await Line.open(order.port);
  if (!line) return;
  await new Promise<void>(resolve => {
    const next = (): void => {
      const n = state.next++;
      const request = order.requests[n];
      if (!request) {
        resolve();
        return;
      }
      const began = performance.now();
      line.ask(request, answer => {
        note(order, state, n, began, answer);
        if (answer) next();
        else resolve();
      });
    };
    next();
  });
  line.close();
}

/** Whoever waits for a free connection waits already: it counts from when it should have been asked. */
async function askPaced(order: Load, state: State, perSecond: number): Promise<void> {
  const opened = await Promise.all(Array.from({ length: order.connections }, () => Line.open(order.port)));
  const free = opened.filter(line => line !== undefined);
  const lines = [...free];
  state.began = performance.now();
  await new Promise<void>(resolve => {
    let left = order.requests.length;
    const timer = setInterval(turn, 1);
    function turn(): void {
      const due = Math.min(order.requests.length, ((performance.now() - state.began) / 1000) * perSecond);
      while (state.next < due && free.length > 0) {
        const [n, line] = [state.next++, free.pop()!];
        const began = state.began + (n * 1000) / perSecond;
        line.ask(order.requests[n]!, answer => {
          note(order, state, n, began, answer);
          if (answer) free.push(line);
          left--;
          if (left > 0 && answer) turn();
          else if (left <= 0) {
            clearInterval(timer);
            resolve();
          }
        });
      }
    }
  });
  for (const line of lines) line.close();
}

export function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
