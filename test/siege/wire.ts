// What a flood is made of: connections that ask as fast as they are answered, or hold their place, each from an address of
// its own choice on this machine.
import { connect, type Socket } from 'node:net';

export type Tally = {
  /** Answers by status. */
  readonly statuses: Record<string, number>;
  dialed: number;
  /** Closed by the other side. */
  closed: number;
  refused: number;
};

export const newTally = (): Tally => ({ statuses: {}, dialed: 0, closed: 0, refused: 0 });

export type Front = { readonly port: number; readonly until: number; readonly tally: Tally };

/** 127.0.0.0/8 is all this machine: so many strangers, each with an address. 0: where WeChat comes from. */
export const strangerAt = (n: number): string => (n === 0 ? '127.0.0.1' : `127.0.${7 + (n >> 8)}.${n & 255}`);

/** Before the next connection: not all of them at one moment. */
const pause = (): number => 20 + Math.random() * 200;

function dial({ port, tally }: Front, localAddress: string): Socket {
  tally.dialed++;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') tally.refused++;
  });
  socket.once('close', () => tally.closed++);
  return socket;
}

/** One connection that asks, waits for the answer, and asks again after `restMs`; when it is closed, another one. */
export function hammer(front: Front, from: string, next: () => Buffer, restMs = 0): void {
  if (Date.now() > front.until) return;
  const socket = dial(front, from);
  const again = (): void => {
    if (Date.now() > front.until) socket.destroy();
    else if (!socket.destroyed) socket.write(next());
  };
  let text = '';
  socket.on('data', part => {
    text += part.toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
    const isChunked = /^transfer-encoding: chunked/im.test(text.slice(0, head));
    if (isChunked ? !text.endsWith('0\r\n\r\n') : text.length < head + 4 + length) return;
    const status = text.slice(9, 12);
    front.tally.statuses[status] = (front.tally.statuses[status] ?? 0) + 1;
    const isLast = /^connection: close/im.test(text.slice(0, head));
    text = '';
    if (!isLast && restMs > 0) setTimeout(again, restMs);
    else if (!isLast) again();
  });
  socket.once('close', () => setTimeout(hammer, pause(), front, from, next, restMs));
  again();
}

/** A connection that is there to be there: `begin` once, and a drop of something now and then; it never reads. */
export function hold(front: Front, from: string, begin: Buffer, drop: string, everyMs: number): void {
  if (Date.now() > front.until) return;
  const socket = dial(front, from);
  socket.pause();
  socket.write(begin);
  const drops = setInterval(() => {
    if (Date.now() > front.until) socket.destroy();
    // A closed connection shows only to whoever writes.
    else socket.write(drop);
  }, everyMs);
  socket.once('close', () => {
    clearInterval(drops);
    setTimeout(hold, pause(), front, from, begin, drop, everyMs);
  });
}

export function http(line: string, headers: readonly string[] = [], body: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(body);
  const length = bytes.length > 0 || line.startsWith('POST') ? [`Content-Length: ${bytes.length}`] : [];
  return Buffer.concat([
    Buffer.from(`${[`${line} HTTP/1.1`, 'Host: bot.example', ...headers, ...length].join('\r\n')}\r\n\r\n`),
    bytes,
  ]);
}
