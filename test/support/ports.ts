// Ports for servers that a test starts: below those that the system gives to outgoing connections and to `listen(0)`, for
// one of these may be taken by anybody between the look and the start.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const [LOWEST, SPAN] = [10_000, 1000];

/** The lowest port that the system gives away by itself. */
function given(): number {
  try {
    return Number(readFileSync(RANGE, 'utf8').trim().split(/\s+/)[0]);
  } catch {
    return 32_768;
  }
}

/** Each process has a stretch of its own, and begins somewhere in it: no two that run beside each other meet. */
const stretches = Math.max(1, Math.floor((given() - LOWEST) / SPAN));
const stretch = LOWEST + (process.pid % stretches) * SPAN;
let next = Math.floor(Math.random() * SPAN);

/** Free just now on the loopback address, and given to nobody else of this run. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < SPAN; tries++) {
    const port = stretch + (next++ % SPAN);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of the ports ${stretch} to ${stretch + SPAN - 1} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
