// Who is calling: the socket's address, or what the last proxy we trust says. Koa's `app.proxy` is not used: it takes the
// leftmost entry when there are fewer than expected, which the visitor wrote, checks no entry, and believes
// X-Forwarded-Host and X-Forwarded-Proto as well.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv4, isIPv6, type Socket } from 'node:net';

/** What of a request says where it comes from. */
type Caller = Pick<IncomingMessage, 'headers'> & { readonly socket: Pick<Socket, 'remoteAddress'> };

/** One visitor in the eyes of a limit: an IPv4 address, or the /64 of an IPv6 address, of which one line has all. */
export function addressOf({ headers, socket }: Caller, trustProxy: number): string {
  const told =
    trustProxy > 0
      ? String(headers['x-forwarded-for'] ?? '')
          .split(',')
          .at(-trustProxy)
      : undefined;
  return lineOf(told ?? '') ?? lineOf(socket.remoteAddress ?? '') ?? 'unknown';
}

/** Without port, brackets and zone; `undefined` for what is no address. */
export function lineOf(written: string): string | undefined {
  const text = written.trim();
  if (text.length > 64) return undefined;
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  if (isIPv4(bare)) return bare;
  const address = bare.replace(/%.*$/s, '');
  if (!isIPv6(address)) return undefined;
  const groups = groupsOf(address);
  const isMapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff;
  if (isMapped)
    return groups
      .slice(6)
      .map(group => `${group >> 8}.${group & 255}`)
      .join('.');
  return `${groups
    .slice(0, 4)
    .map(group => group.toString(16))
    .join(':')}::/64`;
}

function groupsOf(address: string): number[] {
  // The URL parser writes every IPv6 address in one way, the dotted end included.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16));
  const [first, last] = [numbers(head), numbers(tail ?? '')];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

const INSIDE = new BlockList();
for (const [net, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  INSIDE.addSubnet(net, bits, 'ipv4');
INSIDE.addAddress('::1', 'ipv6');
INSIDE.addSubnet('fc00::', 7, 'ipv6');
INSIDE.addSubnet('fe80::', 10, 'ipv6');

/** From a machine beside us, and for nobody else: a load balancer or a supervisor that asks how we are. */
export function isNear({ headers, socket }: Caller): boolean {
  if (['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some(name => headers[name] !== undefined)) return false;
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/i, '').replace(/%.*$/s, '');
  if (isIPv4(address)) return INSIDE.check(address, 'ipv4');
  return isIPv6(address) && INSIDE.check(address, 'ipv6');
}
