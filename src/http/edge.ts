// The public edge: what every request meets before a door and after it. Headers for all, addresses and methods we know,
// no foreign POST with our cookie, limits on strangers, and errors that tell them nothing.
//
// Nobody real is cut off by the address alone, since many share one: a hall of guests, or everybody behind a proxy that
// bot.yaml does not name. A door that knows its callers by a signature (webhook, notices) looks first; only what it refuses
// is counted, and too many refusals become a closed connection: from then on no door looks, unless WeChat itself was heard
// from that address lately, or has signed this one. Whoever has a session is counted by their openid.

import type { Context, Middleware, Next } from 'koa';
import { DAY, type Instant, MINUTE, SECOND } from '../core/base/time.ts';
import { sparing } from '../lib/log-throttle.ts';
import { createLimiter, createMemory, type Limit } from '../lib/rate-limiter.ts';
import type { Clock, Log } from '../ports.ts';
import { mayAnswerAtOnce } from './answer.ts';
import { BUSY_POLICY, busyHtml } from './busy.ts';
import { addressOf, isNear } from './client-address.ts';
import { isGenuine } from './genuine.ts';
import { langOf } from './language.ts';

import { createSessions } from './session.ts';

/** In this process's memory: several processes together allow as many times more. */
type EdgeLimits = {
  /** Of one address: what was refused, or is not there. */
  readonly refused: Limit;
  /** Of one address: pages without a session, ways back from WeChat, and whether we are ready. */
  readonly unknown: Limit;
  /** Of one openid: everything on the page. */
  readonly session: Limit;
};

export const EDGE_LIMITS: EdgeLimits = {
  refused: { max: 60, windowMs: MINUTE, blockMs: MINUTE },
  // A thousand guests of one hall open the page in the same minute, two requests each on their way to a session.
  unknown: { max: 3000, windowMs: MINUTE },
  session: { max: 120, windowMs: MINUTE },
};

/** Longer than any address of ours, with what WeChat adds to it. */
const URL_MAX = 4096;
/** Above the bound of every door; each has its own, which also counts what is not announced. */
const BODY_BYTES_MAX = 256 * 1024;
const METHODS = ['GET', 'HEAD', 'POST'];
/** WeChat pushes from some hundreds of addresses. So long one of them counts as its own, and so many are remembered. */
const GENUINE_MS = DAY;
const GENUINE_MAX = 4000;

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-dns-prefetch-control': 'off',
  'x-permitted-cross-domain-policies': 'none',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  // Most of what we say names a person; whatever does not, says so itself.
  'cache-control': 'no-store',
};
/** Not for subdomains: they may be somebody else's. */
const HSTS = 'max-age=31536000';

export type EdgePorts = {
  /** What bot.yaml says. */
  readonly site: {
    readonly trustProxy: number;
    readonly publicUrl: string;
    /** Signs sessions; of several the first. */
    readonly secret: string | readonly string[];
  };
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<EdgeLimits>;
  /** Whether WeChat signed this path and query. Absent: nobody can tell. */
  readonly isSigned?: (url: string) => boolean;
  /** What is taken beside GET, HEAD and POST: for the demo's control API. */
  readonly methods?: readonly string[];
};

export function createEdge({ site, clock, log, limits, methods = [], isSigned = () => false }: EdgePorts): Middleware {
  const { trustProxy, secret } = site;
  const publicUrl = new URL(site.publicUrl);
  const isSecure = publicUrl.protocol === 'https:';
  const headers = { ...HEADERS, ...(isSecure && { 'strict-transport-security': HSTS }) };
  const listed = Object.entries(headers).flat();
  const all = { ...EDGE_LIMITS, ...limits };
  const [refused, unknown, session] = [all.refused, all.unknown, all.session].map(limit => createLimiter(limit));
  const sessions = createSessions(secret, isSecure);
  const tellProxy = once();
  const heardFrom = createMemory<Instant>(GENUINE_MAX);

  /** 0, or for how many ms no door looks at what comes from there. */
  const cutFor = (ctx: Context, kind: Kind, address: string): number => {
    const wait = kind === 'door' ? refused!.left(address, clock()) : 0;
    if (wait === 0) return 0;
    const isKnown = Math.abs(clock() - (heardFrom.get(address) ?? Number.NEGATIVE_INFINITY)) < GENUINE_MS;
    return isKnown || isSigned(ctx.url) ? 0 : wait;
  };

  const userOf = (ctx: Context): string | undefined => {
    const account = /^\/h5\/([^/]+)\//i.exec(ctx.path)?.[1];
    const found = account && sessions.read(account, ctx.get('cookie'), clock());
    return found ? `${account}/${found.user}` : undefined;
  };
  /** 0, or for how many ms this one has asked too much. */
  const tooMuch = (ctx: Context, kind: Kind, address: string, user: string | undefined): number => {
    if (user !== undefined) return session!.take(user, clock());
    const isCounted = kind === 'page' || (kind === 'probe' && !isNear(ctx.req));
    return isCounted ? unknown!.take(address, clock()) : 0;
  };

  const countRefusal = refusalsCounted(refused!, clock, log);

  const pushed = async (ctx: Context, next: Next): Promise<void> => {
    mayAnswerAtOnce(ctx, listed);
    await answered(ctx, next);
    if (isGenuine(ctx)) heardFrom.set(addressOf(ctx.req, trustProxy), clock());
    if (ctx.respond === false) return;
    ctx.set(headers);
    if (isRefused(ctx.status, 'door')) countRefusal(ctx, 'door', addressOf(ctx.req, trustProxy));
    tidyUp(ctx);
  };

  return async (ctx, next) => {
    if (isOrdinaryPush(ctx, trustProxy) && isSigned(ctx.url)) return pushed(ctx, next);
    ctx.set(headers);
    const address = addressOf(ctx.req, trustProxy);
    const kind = kindOf(ctx.path);
    const strange = proxyTrouble(ctx, kind, trustProxy);
    if (strange !== undefined) tellProxy(() => log.warn({}, strange));
    const user = userOf(ctx);
    const cut = cutFor(ctx, kind, address);
    const wait = cut || tooMuch(ctx, kind, address, user);
    const status = wait > 0 ? 429 : refusalOf(ctx, publicUrl, [...METHODS, ...methods]);
    if (status === undefined) await answered(ctx, next);
    else if (wait > 0) tooSoon(ctx, kind, wait);
    else silence(ctx, status);
    if (ctx.respond === false) return;
    if (cut > 0) ctx.set('connection', 'close');
    if (isGenuine(ctx)) heardFrom.set(address, clock());
    if (user === undefined && isRefused(ctx.status, kind)) countRefusal(ctx, kind, address);
    tidyUp(ctx);
  };
}

/** Whose 4xx are too many hears so, and is not looked at for a while. */
function refusalsCounted(refused: ReturnType<typeof createLimiter>, clock: Clock, log: Log) {
  const tellCut = sparing(clock, 1);
  return (ctx: Context, kind: Kind, address: string): void => {
    const left = refused.take(address, clock());
    if (left === 0) return;
    const path = ctx.path.slice(0, 100);
    tellCut(leftOut => log.warn({ address, path, leftOut }, 'an address is refused too often'));
    tooSoon(ctx, kind, left);
    ctx.set('connection', 'close');
  };
}

/** What WeChat sends, and nothing beside it: if it is signed, nothing that is asked of strangers need be asked. */
function isOrdinaryPush({ req: { method, headers } }: Context, trustProxy: number): boolean {
  if (method !== 'POST' || !(Number(headers['content-length']) <= BODY_BYTES_MAX)) return false;
  if (headers.cookie !== undefined || headers['content-encoding'] !== undefined) return false;
  return (headers['x-forwarded-for'] === undefined) === (trustProxy === 0);
}

function tidyUp(ctx: Context): void {
  if (ctx.status >= 400 && ctx.body == null) silence(ctx, ctx.status);
  // Whatever is still on its way of a body that nobody reads.
  if (hasBody(ctx) && !ctx.req.complete) ctx.set('connection', 'close');
}

/** What a proxy says, and what bot.yaml says of proxies, do not fit together. */
function proxyTrouble(ctx: Context, kind: Kind, trustProxy: number): string | undefined {
  const told = ctx.get('x-forwarded-for');
  if (trustProxy === 0 && told !== '')
    return (
      'X-Forwarded-For is not believed: all who come through that proxy are one visitor to the limits, and one of them can shut ' +
      'the page for the others. If the proxy is yours, say so: trustProxy: 1 in bot.yaml'
    );
  if (trustProxy > 0 && told === '' && (kind === 'page' || kind === 'door'))
    return (
      `a request came without X-Forwarded-For, and bot.yaml says that ${trustProxy} in front add to it: the proxy does not, so that all ` +
      'visitors share the limits of its address, or somebody reaches this port past the proxy'
    );
  return undefined;
}

const seconds = (ms: number): string => String(Math.ceil(ms / SECOND));

type Kind = 'door' | 'page' | 'probe' | 'browser' | 'other';

/** As the router does, whatever the case. */
function kindOf(path: string): Kind {
  if (/^\/(wechat|notify)\//i.test(path)) return 'door';
  if (/^\/(h5|oauth)\//i.test(path)) return 'page';
  if (/^\/(healthz|readyz)\/?$/i.test(path)) return 'probe';
  // Every browser asks for these by itself.
  return /^\/(favicon\.ico|robots\.txt|apple-touch-icon[\w-]*\.png)$/i.test(path) ? 'browser' : 'other';
}

/** What a page refuses is somebody's old link, mostly: they came from WeChat, and share their address with a hall of guests. */
function isRefused(status: number, kind: Kind): boolean {
  if (status < 400 || status >= 500 || status === 429 || kind === 'browser') return false;
  return kind !== 'page' || ![401, 403, 404].includes(status);
}

/** What no door need look at. */
function refusalOf(ctx: Context, publicUrl: URL, methods: readonly string[]): number | undefined {
  if (!methods.includes(ctx.method)) {
    ctx.set('allow', methods.join(', '));
    return 405;
  }
  const url = ctx.req.url ?? '';
  if (url.length > URL_MAX) return 414;
  if (!isPlain(url)) return 404;
  if (Number(ctx.get('content-length')) > BODY_BYTES_MAX) return 413;
  if (!/^(identity)?$/i.test(ctx.get('content-encoding'))) return 415;
  return !['GET', 'HEAD'].includes(ctx.method) && isForeign(ctx, publicUrl) ? 403 : undefined;
}

/**
 * No way up or around, no byte that a log or a header could be broken with, and nothing that would have to be decoded: all
 * our names are plain letters, and whoever writes one in another way wants to be somebody else.
 */
function isPlain(url: string): boolean {
  const path = /^[^?]*/.exec(url)![0];
  return path.startsWith('/') && !/\/\/|[^\x21-\x7e]|[\\#%]|\/\.{1,2}(?:\/|$)/.test(path);
}

/**
 * A POST that carries cookies is a browser's, which says where it comes from; it must come from a page of ours (CSRF).
 * Without https there is no telling by which name we are called, so the name in the request will do.
 */
function isForeign(ctx: Context, publicUrl: URL): boolean {
  if (ctx.get('cookie') === '') return false;
  const site = ctx.get('sec-fetch-site');
  if (site !== '' && site !== 'same-origin') return true;
  const origin = ctx.get('origin');
  if (origin === publicUrl.origin) return false;
  return publicUrl.protocol === 'https:' || origin !== `http://${ctx.get('host')}`;
}

/** What a door throws is written down, and told to nobody. */
async function answered(ctx: Context, next: () => Promise<unknown>): Promise<void> {
  try {
    await next();
  } catch (error) {
    if (ctx.headerSent || !ctx.writable) throw error;
    ctx.app.emit('error', error, ctx);
    for (const name of ['set-cookie', 'location']) ctx.remove(name);
    silence(ctx, 500);
  }
}

/** When to come again; for people in a page. */
function tooSoon(ctx: Context, kind: Kind, wait: number): void {
  silence(ctx, 429);
  ctx.set('retry-after', seconds(wait));
  if (kind === 'door' || ctx.method !== 'GET' || !/\btext\/html\b/i.test(ctx.get('accept'))) return;
  ctx.set('content-security-policy', BUSY_POLICY);
  ctx.type = 'text/html; charset=utf-8';
  ctx.body = busyHtml(langOf(ctx), seconds(wait));
}

/** A status and nothing else. */
function silence(ctx: Context, status: number): void {
  ctx.status = status;
  ctx.body = '';
  for (const name of status === 429 ? ['set-cookie', 'location', 'content-type'] : ['content-type']) ctx.remove(name);
}

function hasBody({ req }: Context): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

function once(): (say: () => void) => void {
  let isSaid = false;
  return say => {
    if (!isSaid) say();
    isSaid = true;
  };
}
