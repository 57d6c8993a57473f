// The public edge, attacked over real sockets: what strangers send, how much of it, how slowly, and from where.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Koa from 'koa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../src/core/base/error.ts';
import { type EventKind, eventKey, openId } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { readBody, UNFINISHED_BYTES_MAX } from '../../src/http/body.ts';
import { addressOf, isNear } from '../../src/http/client-address.ts';
import { createEdge, EDGE_LIMITS, type EdgePorts } from '../../src/http/edge.ts';
import { createThrottle } from '../../src/http/follower-throttle.ts';
import { markGenuine } from '../../src/http/genuine.ts';
import { createEdgeServer, type ServerLimits } from '../../src/http/server.ts';
import { createSessions } from '../../src/http/session.ts';
import { createTrouble } from '../../src/lib/outage-log.ts';
import { createLimiter, KEYS_MAX } from '../../src/lib/rate-limiter.ts';
import type { Log, Store } from '../../src/ports.ts';
import { startWorld, until, type World } from '../support/harness.ts';
import { portOf } from '../support/listening.ts';

type Line = { readonly level: string; readonly fields: Record<string, unknown>; readonly text: string };

function listeningLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (fields: object, text: string): void =>
      void lines.push({ level, fields: { ...fields }, text });
  return { log: { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

type Raw = { readonly status: number; readonly head: string; readonly body: string };

/** Sends these bytes as they stand, and reads until the other side closes or has been silent for a while. */
async function raw(port: number, bytes: string | Buffer, quietMs = 2000): Promise<Raw> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('error', () => undefined); // a reset is an end as well
  socket.on('data', part => parts.push(part));
  socket.setTimeout(quietMs, () => socket.destroy());
  socket.write(bytes);
  await once(socket, 'close');
  const text = Buffer.concat(parts).toString('latin1');
  const [head = '', ...body] = text.split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: body.join('\r\n\r\n').replace(/^0\r\n\r\n$/, ''),
  }; // an empty chunk is nothing
}

const request = (line: string, headers: readonly string[] = [], body = ''): string =>
  `${[`${line} HTTP/1.1`, 'Host: shop.example', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`;

// ── The whole bot ────────────────────────────────────────────────────────────────────────────────────────────

describe('at the bot itself', () => {
  let world: World;
  let port: number;
  const { log, lines } = listeningLog();
  let isStoreGone = false;
  beforeAll(async () => {
    const wrap = (store: Store): Store =>
      new Proxy(store, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]) => {
            if (isStoreGone) return Promise.reject(new Error('ECONNREFUSED 10.0.0.3:6379'));
            return member.apply(target, args);
          };
        },
      });
    world = await startWorld({ log, wrap });
    port = Number(new URL(world.url).port);
  });
  afterAll(() => world.close());

  const long = 'x'.repeat(5000);
  const attacks: readonly (readonly [name: string, bytes: string, status: number])[] = [
    ['a way up', request('GET /../../etc/passwd'), 404],
    ['a way up, encoded', request('GET /h5/%2e%2e/%2e%2e/etc/passwd'), 404],
    ['an encoded slash', request('GET /h5/tea%2f..%2fpage'), 404],
    ['a slash encoded twice', request('GET /h5/tea%252fpage'), 404],
    ['a backslash', request('GET /h5\\tea\\page'), 404],
    ['an encoded backslash', request('GET /h5/tea%5cpage'), 404],
    ['two slashes, another host', request('GET //evil.example/h5/tea/page'), 404],
    ['a zero byte', request('GET /wechat/tea%00'), 404],
    ['a header in the path', request('GET /h5/tea%0d%0aSet-Cookie:%20visitor=x/page'), 404],
    [
      'a header in a parameter',
      request('GET /oauth/tea/callback?campaign=test&lang=%0d%0aLocation:%20https://evil.example'),
      403,
    ],
    ['an address of another host', request('GET http://evil.example/healthz'), 404],
    ['what is no UTF-8', request('GET /h5/%ff%fe/page'), 404],
    ['a broken escape', request('GET /h5/%zz/page'), 404],
    ['a page that is not there', request('GET /admin.php'), 404],
    ['an address that never ends', request(`GET /h5/tea/page?${long}`), 414],
    ['a header that never ends', request('GET /healthz', [`Cookie: ${long.repeat(4)}`]), 431],
    ['TRACE', request('TRACE /healthz'), 405],
    ['DELETE', request('DELETE /wechat/tea'), 405],
    ['PROPFIND', request('PROPFIND /'), 405],
    [
      'what another site asks before it posts',
      request('OPTIONS /h5/tea/page/draw', ['Origin: https://evil.example', 'Access-Control-Request-Method: POST']),
      405,
    ],
    ['a GET where only POST is', request('GET /notify/transfer/shop'), 405],
    ['two lengths', request('POST /wechat/tea', ['Content-Length: 1', 'Content-Length: 2'], 'xx'), 400],
    [
      'a request within a request',
      request(
        'POST /wechat/tea',
        ['Content-Length: 4', 'Transfer-Encoding: chunked'],
        '0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
      ),
      400,
    ],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc', 400],
    ['a packed body', request('POST /wechat/tea', ['Content-Encoding: gzip', 'Content-Length: 2'], 'xx'), 415],
    ['a gigabyte, announced', request('POST /nowhere', ['Content-Length: 1000000000'], 'xx'), 413],
    ['a forged push', request('POST /wechat/tea?signature=x', ['Content-Length: 6'], '<xml/>'), 401],
    ['a forged push, another case', request('POST /WECHAT/tea?signature=x', ['Content-Length: 6'], '<xml/>'), 401],
    [
      'a tap from another site',
      request(
        'POST /h5/tea/page/draw',
        ['Cookie: visitor=x', 'Origin: https://evil.example', 'Content-Length: 2'],
        '{}',
      ),
      403,
    ],
  ];

  test.each(attacks)('%s is refused and told nothing', async (name, bytes, status) => {
    const { head, body, ...answer } = await raw(port, bytes);
    expect([answer.status, name.includes('parameter') ? '' : body]).toEqual([status, '']);
    expect(head).not.toMatch(/x-powered-by|^server:|set-cookie|^location|koa|node/im);
    expect(body).not.toMatch(/at .*\.(ts|js)|Error|node_modules/);
  });

  test('a body that never ends is cut off, also where nobody reads it', async () => {
    for (const path of ['/nowhere', '/wechat/tea', '/wechat/nobody']) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const feed = setInterval(() => socket.write(`2000\r\n${'x'.repeat(0x2000)}\r\n`), 1);
      const began = performance.now();
      await new Promise(closed => socket.once('close', closed)); // a write into it may fail before
      clearInterval(feed);
      expect(performance.now() - began, path).toBeLessThan(2000);
    }
  });

  test('says what a browser must not do with an answer, whatever the answer', async () => {
    for (const path of ['/healthz', '/nowhere', '/wechat/tea', '/h5/tea/test']) {
      const { headers } = await fetch(`${world.url}${path}`, { redirect: 'manual' });
      expect(Object.fromEntries(headers), path).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'permissions-policy': expect.stringContaining('camera=()'),
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'cache-control': 'no-store',
      });
      expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull();
    }
  });

  test('tells a stranger nothing of why it is not ready', async () => {
    isStoreGone = true;
    const [near, far] = await Promise.all(
      [{}, { 'x-forwarded-for': '203.0.113.9' }].map(async headers => {
        const answer = await fetch(`${world.url}/readyz`, { headers });
        return [answer.status, await answer.text()];
      }),
    );
    isStoreGone = false;
    expect(near).toEqual([503, 'the store cannot be reached: ECONNREFUSED 10.0.0.3:6379']);
    expect(far).toEqual([503, 'not ready']);
  });

  test('an outage at full load is a line, not a disk full of stacks; and its end is another one', async () => {
    const people = Array.from({ length: 10 }, () => world.person(true));
    const handled = (): Line[] => lines.filter(({ text }) => /could not be handled|answered again/.test(text));
    const push = (user: string): Promise<number[]> =>
      world.simulator.control
        .act(user, { kind: 'text', text: '红包' })
        .then(({ tries }) => tries.map(({ status }) => status ?? 0));
    isStoreGone = true;
    const first = Promise.all(people.map(push));
    await sleep(1500);
    isStoreGone = false;
    for (const statuses of await first) expect([statuses[0], statuses.at(-1)]).toEqual([503, 200]);
    expect(handled().map(({ level }) => level)).toEqual(['error', 'warn']);
    expect(handled()[1]!.fields.times).toBeGreaterThanOrEqual(9);
  });

  test('after two thousand forged pushes a genuine one from the same address is answered', {
    timeout: 60_000,
  }, async () => {
    const before = lines.length;
    const count = new Map<number, number>();
    for (let n = 0; n < 40; n++)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const answer = await fetch(`${world.url}/wechat/tea?signature=${'a'.repeat(40)}&timestamp=1&nonce=1`, {
            method: 'POST',
            body: '<xml/>',
          });
          expect(await answer.text()).toBe('');
          count.set(answer.status, (count.get(answer.status) ?? 0) + 1);
        }),
      );
    expect([...count.keys()].sort()).toEqual([401, 429]);
    expect(count.get(429)).toBeGreaterThanOrEqual(2000 - EDGE_LIMITS.refused.max);
    const ann = world.person(true);
    expect(world.said(await world.simulator.control.act(ann, { kind: 'text', text: '帮助' }))).toBe('回复「红包」试试');
    expect((await fetch(`${world.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${world.url}/h5/tea/test`, { redirect: 'manual' })).status).toBe(302);
    expect(lines.length - before).toBeLessThan(20);
  });

  test('a follower who hammers is not answered for a while, and nobody else notices', async () => {
    const [eve, bob] = [world.person(true), world.person(true)];
    const say = async (user: string, text: string): Promise<string> =>
      world.said(await world.simulator.control.act(user, { kind: 'text', text }));
    const said: string[] = [];
    for (let n = 0; n < 25; n++) said.push(await say(eve, '帮助'));
    expect(said.slice(0, 20)).toEqual(Array(20).fill('回复「红包」试试'));
    expect(said.slice(20)).toEqual(Array(5).fill('success'));
    expect(await say(bob, '帮助')).toBe('回复「红包」试试');
    await world.simulator.control.act(eve, { kind: 'unfollow' });
    await world.simulator.control.act(eve, { kind: 'follow' });
    const kinds = async (): Promise<string[]> =>
      (await world.store.journal({ user: openId(eve), limit: 100 })).map(({ event }) => event.kind);
    // What changes nothing is written down in bulk, a moment later: in which order is not told.
    await until(async () => (await kinds()).length === 22);
    expect(await kinds()).toEqual(expect.arrayContaining(['subscribe', 'unsubscribe']));
  });
});

// ── The edge alone, by a clock of the test ───────────────────────────────────────────────────────────────────

const SITE = { trustProxy: 1, publicUrl: 'https://shop.example', secret: 'a secret for tests' };
const USER = 'oVisitor00000000000000000001';

describe('the edge alone', () => {
  let server: Server | undefined;
  let now = Date.UTC(2026, 1, 10);
  const clock = () => instant(now);
  const { log, lines } = listeningLog();

  async function open(ports: Partial<EdgePorts> = {}): Promise<string> {
    const app = new Koa();
    app.silent = true;
    app.on('error', (error: Error) => log.error({}, error.message));
    app.use(createEdge({ site: SITE, clock, log, ...ports }));
    app.use(async ctx => {
      if (ctx.path === '/boom')
        throw Object.assign(new Error('secret at /home/bot/src'), { status: 418, expose: true });
      if (ctx.path === '/late') ctx.set('set-cookie', 'visitor=x');
      if (ctx.path === '/late') throw new BadInput('secret');
      if (ctx.path.startsWith('/wechat/')) ctx.status = ctx.query.signature === 'good' ? 200 : 401;
      if (ctx.path.startsWith('/wechat/') && ctx.status === 200) markGenuine(ctx);
      if (ctx.path.startsWith('/h5/')) ctx.body = 'page';
      if (ctx.path === '/h5/tea/forged') ctx.status = 403;
      if (ctx.path === '/h5/tea/gone') ctx.status = 404;
      if (ctx.method === 'POST') await readBody(ctx.req, 100).catch(() => ctx.throw(413));
    });
    server = createEdgeServer(app.callback(), 1).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${portOf(server)}`;
  }
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    now += 3_600_000;
  });

  const statusOf = async (url: string, from: string, headers: Record<string, string> = {}): Promise<number> => {
    const answer = await fetch(url, { headers: { 'x-forwarded-for': from, ...headers } });
    await answer.arrayBuffer();
    return answer.status;
  };
  const times = async (count: number, ask: () => Promise<number>): Promise<number[]> => {
    const statuses: number[] = [];
    for (let n = 0; n < count; n++) statuses.push(await ask());
    return statuses;
  };

  test('too many refusals close the door to one address for a minute, and to no other', async () => {
    const url = await open();
    expect(new Set(await times(60, () => statusOf(`${url}/wechat/tea`, '203.0.113.1')))).toEqual(new Set([401]));
    const answer = await fetch(`${url}/wechat/tea`, { headers: { 'x-forwarded-for': '203.0.113.1' } });
    expect([answer.status, await answer.text(), answer.headers.get('retry-after')]).toEqual([429, '', '60']);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await statusOf(`${url}/nowhere`, '203.0.113.1')).toBe(429);
    expect(await statusOf(`${url}/wechat/tea`, '203.0.113.2')).toBe(401);
    expect(await statusOf(`${url}/h5/tea/page`, '203.0.113.1')).toBe(200);
    expect(lines.filter(({ text }) => text === 'an address is refused too often')).toHaveLength(1);
    now += 59_000;
    expect(await statusOf(`${url}/wechat/tea`, '203.0.113.1')).toBe(429);
    now += 1000;
    expect(await statusOf(`${url}/wechat/tea`, '203.0.113.1')).toBe(401);
  });

  test('what a visitor writes before the proxy’s own entry makes nobody somebody else', async () => {
    const url = await open();
    let n = 0;
    const statuses = await times(61, () => statusOf(`${url}/nowhere`, `10.9.8.${n++}, 203.0.113.3`));
    expect(statuses.at(-1)).toBe(429);
  });

  test('a whole IPv6 line is one visitor', async () => {
    const url = await open();
    let n = 0;
    const statuses = await times(61, () => statusOf(`${url}/nowhere`, `2001:db8:1:2::${(n++).toString(16)}`));
    expect(statuses.at(-1)).toBe(429);
    expect(await statusOf(`${url}/nowhere`, '2001:db8:1:3::1')).toBe(404);
  });

  test('pages without a session are limited by address, with one by openid; a page that is gone is no attack', async () => {
    const url = await open({ limits: { unknown: { max: 100, windowMs: 60_000 } } });
    const visitor = (user: string): Record<string, string> => ({
      cookie: createSessions(SITE.secret, true).open('tea', openId(user), clock()).split(';')[0]!,
    });
    const [ann, bob] = [visitor(USER), visitor(USER.replace('1', '2'))];
    expect(new Set(await times(70, () => statusOf(`${url}/h5/tea/gone`, '203.0.113.4')))).toEqual(new Set([404]));
    expect((await times(31, () => statusOf(`${url}/h5/tea/page`, '203.0.113.4'))).at(-1)).toBe(429);
    expect(await statusOf(`${url}/H5/tea/page`, '203.0.113.4')).toBe(429);
    expect(await statusOf(`${url}/h5/tea/page`, '203.0.113.4', { cookie: `${ann.cookie}0` })).toBe(429);
    const own = await times(121, () => statusOf(`${url}/h5/tea/page`, '203.0.113.4', ann));
    expect([own[119], own[120]]).toEqual([200, 429]);
    expect(await statusOf(`${url}/h5/tea/page`, '203.0.113.5', ann)).toBe(429);
    expect(await statusOf(`${url}/h5/tea/page`, '203.0.113.4', bob)).toBe(200);
    now += 60_000;
    expect(await statusOf(`${url}/h5/tea/page`, '203.0.113.4', ann)).toBe(200);
    expect(await statusOf(`${url}/h5/tea/page`, '203.0.113.4')).toBe(200);
  });

  test('what a page refuses is somebody’s old link: it shuts no door to a hall of guests behind one address', async () => {
    const url = await open();
    const old = await times(200, () => statusOf(`${url}/h5/tea/forged`, '203.0.113.6'));
    expect(new Set(old)).toEqual(new Set([403]));
    expect(await statusOf(`${url}/nowhere`, '203.0.113.6')).toBe(404);
  });

  test('what a shut address sends to a door is not read; but where WeChat was heard from lately, it is', async () => {
    const url = await open({ isSigned: url => url.endsWith('signature=made%20by%20WeChat') });
    const post = (from: string, query = ''): Promise<Raw> =>
      raw(
        Number(new URL(url).port),
        // Nothing follows: whoever waits for the body would wait.
        request(`POST /wechat/tea${query}`, [`X-Forwarded-For: ${from}`, 'Content-Length: 90']),
      );
    await times(61, () => statusOf(`${url}/nowhere`, '203.0.113.20'));
    const cut = await post('203.0.113.20');
    expect([cut.status, cut.body]).toEqual([429, '']);
    expect(cut.head).toMatch(/^retry-after: 60\r?$/im);
    expect(cut.head).toMatch(/^connection: close\r?$/im);
    expect((await post('203.0.113.20', '?signature=made%20by%20WeChat')).status).toBe(0); // it waits
    expect(await statusOf(`${url}/wechat/tea?signature=good`, '203.0.113.20')).toBe(429);
    // Another one, from which WeChat was heard first.
    expect(await statusOf(`${url}/wechat/tea?signature=good`, '203.0.113.21')).toBe(200);
    await times(61, () => statusOf(`${url}/nowhere`, '203.0.113.21'));
    expect(await statusOf(`${url}/nowhere`, '203.0.113.21')).toBe(429);
    expect(await statusOf(`${url}/wechat/tea?signature=good`, '203.0.113.21')).toBe(200);
    expect((await post('203.0.113.21')).status).toBe(0); // it waits
    now += 86_400_000;
    await times(61, () => statusOf(`${url}/nowhere`, '203.0.113.21'));
    expect(await statusOf(`${url}/wechat/tea?signature=good`, '203.0.113.21')).toBe(429);
  });

  test('who opens the page too often reads when to come again, in their language; whoever is no browser reads nothing', async () => {
    const url = await open({ limits: { unknown: { max: 1, windowMs: 60_000 } } });
    const ask = (path: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}${path}`, { headers: { 'x-forwarded-for': '203.0.113.30', ...headers } });
    await ask('/h5/tea/page', {});
    for (const [headers, words, lang] of [
      [{ accept: 'text/html,*/*;q=0.8', 'accept-language': 'zh-CN' }, '请等 60 秒再打开', 'zh-CN'],
      [{ accept: 'text/html', 'accept-language': 'en-GB' }, 'open it again in 60 seconds', 'en'],
    ] as const) {
      const page = await ask('/h5/tea/page', headers);
      const text = await page.text();
      expect([page.status, page.headers.get('retry-after')]).toEqual([429, '60']);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(text).toContain(words);
      expect(text).toContain(`<html lang="${lang}">`);
      const style = /<style>(.*)<\/style>/.exec(text)![1]!;
      const hash = createHash('sha256').update(style).digest('base64');
      expect(page.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
      expect(text.length).toBeLessThan(1500);
    }
    const script = await ask('/h5/tea/page', { accept: 'application/json' });
    expect([script.status, await script.text(), script.headers.get('retry-after')]).toEqual([429, '', '60']);
    const push = await fetch(`${url}/wechat/tea`, { method: 'POST', headers: { accept: 'text/html' } });
    expect(await push.text()).toBe('');
  });

  test('a name that is written in another way is nobody’s, so that no limit is walked around', async () => {
    const url = await open();
    const port = Number(new URL(url).port);
    for (const path of [
      '/h5/te%61/page',
      '/h5/tea/p%61ge',
      '/%68%35/tea/page',
      '/wechat/te%61',
      '/h5//tea/page',
      '/h5/./tea/page',
      '/h5/tea/../tea/page',
    ])
      expect((await raw(port, request(`GET ${path}`))).status, path).toBe(404);
    const cookie = createSessions(SITE.secret, true).open('tea', openId(USER), clock()).split(';')[0]!;
    const spellings = ['/h5/tea/page', '/H5/tea/page', '/h5/tea/page/', '/h5/tea/PAGE'];
    let n = 0;
    const own = await times(121, () => statusOf(`${url}${spellings[n++ % 4]}`, '203.0.113.31', { cookie }));
    expect([own[119], own[120]]).toEqual([200, 429]);
  });

  test('what was thrown is told to nobody, and the headers are there all the same', async () => {
    const url = await open();
    for (const path of ['/boom', '/late']) {
      const answer = await fetch(`${url}${path}`);
      expect([answer.status, await answer.text()]).toEqual([500, '']);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000');
    }
    expect(lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toContain('secret at /home/bot/src');
  });

  test('without https nothing promises https', async () => {
    const url = await open({ site: { ...SITE, publicUrl: 'http://127.0.0.1:3000' } });
    expect((await fetch(url)).headers.get('strict-transport-security')).toBeNull();
  });

  const OWN = 'https://shop.example';
  test.each<[string, Record<string, string>, number]>([
    ['no cookie, no origin: WeChat itself', {}, 200],
    ['our page', { cookie: 'visitor=x', origin: OWN, 'sec-fetch-site': 'same-origin' }, 200],
    ['our page in a browser that does not say the site', { cookie: 'visitor=x', origin: OWN }, 200],
    ['another site', { cookie: 'visitor=x', origin: 'https://evil.example' }, 403],
    ['another site that looks like ours', { cookie: 'visitor=x', origin: 'https://shop.example.evil.example' }, 403],
    ['our own name without https', { cookie: 'visitor=x', origin: 'http://shop.example' }, 403],
    ['a sibling host', { cookie: 'visitor=x', origin: OWN, 'sec-fetch-site': 'same-site' }, 403],
    ['another site with our origin', { cookie: 'visitor=x', origin: OWN, 'sec-fetch-site': 'cross-site' }, 403],
    ['a page without an origin', { cookie: 'visitor=x', origin: 'null' }, 403],
    ['nothing but a cookie', { cookie: 'visitor=x' }, 403],
    ['any other cookie of ours', { cookie: '__Host-oauth=x', origin: 'https://evil.example' }, 403],
  ])('a POST with %s', async (_, headers, status) => {
    const url = new URL(await open());
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const bytes = request('POST /h5/tea/page', [...lines, 'Content-Length: 2'], '{}').replace(
      'shop.example\r',
      'in.side\r',
    );
    expect((await raw(Number(url.port), bytes)).status).toBe(status);
  });

  test('without https the name in the request is ours as well', async () => {
    const url = await open({ site: { ...SITE, publicUrl: 'http://127.0.0.1:3000' } });
    const post = (origin: string): Promise<Response> =>
      fetch(`${url}/h5/tea/page`, { method: 'POST', body: '{}', headers: { cookie: 'visitor=x', origin } });
    expect([(await post(url)).status, (await post('http://localhost')).status]).toEqual([200, 403]);
  });

  test('a proxy that bot.yaml does not name is told of once', async () => {
    const url = await open({ site: { ...SITE, trustProxy: 0 } });
    await times(3, () => statusOf(`${url}/h5/tea/page`, '203.0.113.7'));
    expect(lines.filter(({ text }) => text.includes('trustProxy'))).toMatchObject([
      { level: 'warn', text: expect.stringContaining('all who come through that proxy are one visitor to the limits') },
    ]);
  });

  test('a proxy that bot.yaml names, and that says nothing, is told of once; who asks how we are is no proof', async () => {
    const url = await open();
    const before = lines.length;
    const said = () => lines.slice(before).filter(({ text }) => text.includes('without X-Forwarded-For'));
    await (await fetch(`${url}/healthz`)).arrayBuffer();
    await statusOf(`${url}/h5/tea/page`, '203.0.113.7');
    expect(said()).toEqual([]);
    for (let n = 0; n < 3; n++) await (await fetch(`${url}/h5/tea/page`)).arrayBuffer();
    expect(said()).toMatchObject([{ level: 'warn', text: expect.stringContaining('bot.yaml says that 1 in front') }]);
  });

  test('behind https a session of the former name, which a sibling host can set, is nobody', async () => {
    const url = await open({ limits: { session: { max: 1, windowMs: 60_000 } } });
    const pair = createSessions(SITE.secret, true).open('tea', openId(USER), clock()).split(';')[0]!;
    const as = (cookie: string) => times(2, () => statusOf(`${url}/h5/tea/page`, '203.0.113.9', { cookie }));
    expect(await as(pair)).toEqual([200, 429]);
    expect(await as(pair.replace('__Host-visitor-tea', 'visitor'))).toEqual([200, 200]);
  });
});

describe('an address', () => {
  const ask = (forwarded: string | undefined, remoteAddress = '192.0.2.1') => ({
    headers: { ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }) },
    socket: { remoteAddress },
  });

  test.each<[number, string | undefined, string]>([
    [0, undefined, '192.0.2.1'],
    [0, '203.0.113.1', '192.0.2.1'],
    [1, '203.0.113.1', '203.0.113.1'],
    [1, '198.51.100.7, 203.0.113.1', '203.0.113.1'],
    [2, '198.51.100.7, 203.0.113.1, 10.0.0.1', '203.0.113.1'],
    [2, '203.0.113.1', '192.0.2.1'],
    [1, undefined, '192.0.2.1'],
    [1, '', '192.0.2.1'],
    [1, 'unknown', '192.0.2.1'],
    [1, '203.0.113.1,', '192.0.2.1'],
    [1, '203.0.113.999', '192.0.2.1'],
    [1, '203.0.113.01', '192.0.2.1'],
    [1, 'localhost', '192.0.2.1'],
    [1, '203.0.113.1:4711', '203.0.113.1'],
    [1, '[2001:db8::1]:4711', '2001:db8:0:0::/64'],
    [1, '2001:DB8:a:b:c:d:e:f', '2001:db8:a:b::/64'],
    [1, 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    [1, '::ffff:203.0.113.1', '203.0.113.1'],
    [1, '::ffff:cb00:7101', '203.0.113.1'],
    [1, '2001:db8::1]', '192.0.2.1'],
    [1, `203.0.113.1${' '.repeat(9)}x`, '192.0.2.1'],
    [1, '1'.repeat(100), '192.0.2.1'],
  ])('behind %i proxies that say %j is %s', (trustProxy, forwarded, address) => {
    expect(addressOf(ask(forwarded), trustProxy)).toBe(address);
  });

  test('is near only beside us, and when it asks for itself', () => {
    const near = ['127.0.0.1', '::1', '::ffff:10.1.2.3', '172.31.0.1', '100.64.0.1', 'fd00::1', 'fe80::1%eth0'];
    expect(near.map(address => isNear(ask(undefined, address)))).toEqual(near.map(() => true));
    const far = ['203.0.113.1', '172.32.0.1', '2001:db8::1', ''];
    expect(far.map(address => isNear(ask(undefined, address)))).toEqual(far.map(() => false));
    expect(isNear(ask('127.0.0.1', '127.0.0.1'))).toBe(false);
  });
});

describe('what is counted', () => {
  const LIMIT = { max: 3, windowMs: 10_000, blockMs: 60_000 };

  test('begins anew after its time, and when the clock is set back', () => {
    const limiter = createLimiter(LIMIT);
    const take = (ms: number): number => limiter.take('a', instant(ms));
    expect([take(0), take(1), take(9000), take(9999)]).toEqual([0, 0, 0, 60_000]);
    expect([take(30_000), take(69_998), take(69_999)]).toEqual([39_999, 1, 0]);
    for (let n = 0; n < 5; n++) take(70_000);
    expect(take(70_001)).toBeGreaterThan(0);
    expect(take(-1_000_000)).toBe(0);
  });

  test('of a hundred thousand addresses takes no more memory than its bound', () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('no memory can be collected');
    const limiter = createLimiter(LIMIT);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 100_000; n++) {
      limiter.take(`2001:db8:${(n >> 8).toString(16)}:${(n & 255).toString(16)}::/64`, instant(0));
      if (n % 100 === 0) limiter.take('busy', instant(0));
    }
    collect();
    expect(limiter.size).toBeLessThanOrEqual(KEYS_MAX);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(12_000_000);
    expect(limiter.take('busy', instant(1))).toBeGreaterThan(0); // whoever goes on is not forgotten
  });

  test('is what a follower does by hand: never a follow, never money, never a redelivery', () => {
    let now = 0;
    const isHandled = createThrottle(() => instant(now));
    let keys = 0;
    const event = (kind: EventKind, key = `k${keys++}`) => ({
      ...{ kind, account: 'tea', user: openId('oEve'), key: eventKey(key) },
    });
    const all = (kind: EventKind, count: number): boolean[] =>
      Array.from({ length: count }, () => isHandled(event(kind)));
    expect(all('text', 30)).toEqual([...Array(20).fill(true), ...Array(10).fill(false)]);
    expect(isHandled(event('text', 'k3'))).toBe(true);
    for (const kind of ['subscribe', 'unsubscribe', 'paid', 'refunded', 'friend', 'notice', 'visit', 'other'] as const)
      expect(all(kind, 30), kind).not.toContain(false);
    for (const kind of ['click', 'scan', 'scancode', 'image'] as const) expect(all(kind, 1), kind).toEqual([false]);
    now = 10_000;
    expect(isHandled(event('text'))).toBe(true);
  });

  test('of a trouble is told once a minute, and once when it is over', () => {
    let now = 0;
    const trouble = createTrouble(() => instant(now));
    const told: [string, number][] = [];
    const met = (): void => trouble.met(times => told.push(['met', times]));
    const over = (): void => trouble.over(times => told.push(['over', times]));
    over();
    for (let n = 0; n < 1000; n++) met();
    now = 60_000;
    met();
    met();
    over();
    over();
    for (let n = 0; n < 100; n++) [met, over][n % 2]!(); // now and then one gets through
    expect(told).toEqual([
      ['met', 1],
      ['met', 1000],
      ['over', 1],
    ]);
  });
});

describe('a socket', () => {
  let server: Server;
  const sockets: Socket[] = [];
  async function open(limits: Partial<ServerLimits>, trustProxy = 0): Promise<number> {
    server = createEdgeServer((_, res) => res.end('ok'), trustProxy, limits).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return portOf(server);
  }
  const dial = (port: number, bytes = ''): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(bytes);
    sockets.push(socket);
    return socket;
  };
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  const FAST = { requestTimeout: 300, connectionsCheckingInterval: 50 };
  test.each([
    ['the head', 'GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'],
    ['the body', 'POST /wechat/tea HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n', 'x'],
    ['nothing', '', ''],
  ])('that trickles %s is closed in time', async (_, start, drop) => {
    const port = await open(FAST);
    const socket = dial(port, start);
    const drops = setInterval(() => drop !== '' && socket.write(drop), 50);
    const began = performance.now();
    await once(socket, 'close');
    clearInterval(drops);
    expect(performance.now() - began).toBeLessThan(1500);
  });

  test('that says nothing more after its answer is closed too', async () => {
    const port = await open({ keepAliveTimeout: 200 });
    await once(dial(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'close');
  });

  test('that sends a hundred headers is refused, since Node drops the rest without a word', async () => {
    const port = await open({});
    // Host and Connection are there already.
    const many = (count: number): string =>
      request(
        'GET /',
        Array.from({ length: count - 2 }, (_, n) => `X-${n}: a`),
      );
    expect((await raw(port, many(99))).status).toBe(200);
    for (const count of [100, 101, 200, 1000]) {
      const answer = await raw(port, many(count));
      expect([answer.status, answer.body], String(count)).toEqual([431, '']);
      expect(answer.head).toMatch(/connection: close/i);
    }
  });

  test('that sends more than sixteen requests before their turn is destroyed; up to then they are answered in order', async () => {
    let [isHeld, started] = [true, 0];
    const held: (() => void)[] = [];
    server = createEdgeServer((req, res) => {
      started++;
      const answer = (): void => void res.end(req.url);
      if (isHeld) held.push(answer);
      else answer();
    }, 0).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const line = (n: number): string => `GET /${n} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const lines = (count: number): string => Array.from({ length: count }, (_, n) => line(n)).join('');
    const patient = dial(portOf(server), lines(17));
    let text = '';
    patient.on('data', part => (text += String(part)));
    await sleep(100);
    expect(started).toBe(1);
    await once(dial(portOf(server), lines(18)), 'close');
    isHeld = false;
    for (const answer of held) answer();
    await sleep(100);
    expect([...text.matchAll(/\r\n\r\n\/(\d+)/g)].map(([, n]) => Number(n))).toEqual(
      Array.from({ length: 17 }, (_, n) => n),
    );
  });

  test('of WeChat is answered before strangers who came first, and these in the order in which they came', async () => {
    const order: string[] = [];
    server = createEdgeServer(
      (req, res) => {
        order.push(req.url!);
        const until = performance.now() + 2; // as long as a page takes
        while (performance.now() < until);
        res.end();
      },
      0,
      {},
      req => req.url === '/signed',
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const strangers = Array.from({ length: 300 }, () => dial(portOf(server)));
    const wechat = dial(portOf(server));
    await sleep(300);
    for (const [n, socket] of strangers.entries()) socket.write(request(`GET /${n}`));
    wechat.write(request('GET /signed'));
    await until(() => order.length === 301);
    expect(order.indexOf('/signed')).toBeLessThan(200);
    const theirs = order.filter(each => each !== '/signed').map(each => Number(each.slice(1)));
    // Which of two is read first is the system's business.
    expect(theirs.filter((each, at) => Math.abs(each - at) > 150)).toEqual([]);
  });

  test('that dials in a crowd is taken before the crowd is answered, and the crowd is answered all the same', async () => {
    let answered = 0;
    server = createEdgeServer((_, res) => {
      answered++;
      const until = performance.now() + 2;
      while (performance.now() < until);
      res.end();
    }, 0).listen(0, '127.0.0.1');
    await once(server, 'listening');
    let taken = 0;
    let answeredWhenTaken = 0;
    server.on('connection', () => {
      if (++taken === 200) answeredWhenTaken = answered;
    });
    for (let n = 0; n < 200; n++) dial(portOf(server), request('GET /'));
    await until(() => answered === 200);
    expect(answeredWhenTaken).toBeLessThan(120);
  });

  test('that waits with sixteen requests is one of a few: all together may not wait with more than their bound', async () => {
    server = createEdgeServer(() => undefined, 0, { maxWaiting: 50 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const eleven = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(11);
    const all = Array.from({ length: 12 }, () => dial(portOf(server), eleven));
    await until(() => all.filter(socket => socket.closed).length === 7);
    // Whoever goes makes room for another.
    for (const socket of all) socket.destroy();
    await sleep(100);
    const again = Array.from({ length: 5 }, () => dial(portOf(server), eleven));
    await sleep(200);
    expect(again.filter(socket => socket.closed)).toEqual([]);
  });

  test('that takes no answer is closed after a while, and when all of them are too many bytes', async () => {
    const big = 'x'.repeat(8_000_000);
    server = createEdgeServer((_, res) => res.end(big), 0, {
      answerTimeout: 400,
      connectionsCheckingInterval: 50,
      maxUntakenBytes: 30_000_000,
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const silent = (): Socket => {
      const socket = dial(portOf(server), request('GET /'));
      socket.pause();
      return socket;
    };
    // Whoever does not read does not see the end either: the server knows.
    const openOnes = (): Promise<number> => new Promise(resolve => server.getConnections((_, count) => resolve(count)));
    for (let n = 0; n < 10; n++) silent();
    await sleep(250);
    const left = await openOnes();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5);
    await until(async () => (await openOnes()) === 0);
  });

  test.each([
    ['is read', (req: IncomingMessage) => readBody(req, 64 * 1024)],
    ['is not read', () => new Promise<string>(() => undefined)],
  ])(
    'that sends a body in drops is destroyed, where the body %s; in dozens of pieces it may come',
    async (how, read) => {
      server = createEdgeServer((req, res) => {
        read(req).then(
          body => res.end(String(body.length)),
          () => res.destroy(),
        );
      }, 0).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const chunks = (count: number): string =>
        `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(count)}`;
      await once(dial(portOf(server), chunks(257)), 'close');
      const patient = dial(portOf(server), chunks(256));
      let text = '';
      patient.on('data', part => (text += String(part)));
      await sleep(100);
      expect(patient.closed).toBe(false);
      patient.write('0\r\n\r\n');
      if (how === 'is read') await until(() => text.includes('256'));
    },
  );

  test('all bodies that are not whole are held within a bound: the largest are cut off, and small ones go on', async () => {
    server = createEdgeServer((req, res) => {
      readBody(req, 64 * 1024).then(
        body => res.end(String(body.length)),
        () => res.destroy(),
      );
    }, 0).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const start = (length: number, sent: number): Socket =>
      dial(portOf(server), `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(sent)}`);
    const small = start(1000, 900);
    await sleep(50);
    const large = Array.from({ length: 200 }, () => start(64_000, 63_000));
    await until(() => large.filter(socket => socket.closed).length >= 200 - UNFINISHED_BYTES_MAX / 65_536);
    expect(large.filter(socket => !socket.closed).length).toBeGreaterThan(100);
    let text = '';
    small.on('data', part => (text += String(part)));
    small.write('y'.repeat(100));
    await until(() => text.endsWith('\r\n\r\n1000'));
  });

  test('too many of one address are closed without a word, and places come back', async () => {
    const port = await open({ maxConnectionsPerAddress: 3 });
    const held = [dial(port), dial(port), dial(port)];
    await sleep(100);
    await once(dial(port), 'close');
    expect(held.map(socket => socket.closed)).toEqual([false, false, false]);
    held[0]!.destroy();
    await sleep(100);
    expect((await raw(port, request('GET /'))).status).toBe(200);
  });

  test('behind a proxy all have the proxy’s address, and none is closed for it', async () => {
    const port = await open({ maxConnectionsPerAddress: 1 }, 1);
    dial(port);
    await sleep(50);
    expect((await raw(port, request('GET /'))).status).toBe(200);
  });
});
