// Whatever a stranger sends to any door comes to a 4xx or a closed connection: never to a 5xx, never to a stack in the log,
// and never to a log that grows with them.
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { Agent, request as undici } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../src/ports.ts';
import { aesKeyOf, encrypt, signatureOf } from '../../src/wechat/crypto.ts';
import { Browser, dataIn, startPageWorld } from '../support/h5-world.ts';
import { ACCOUNT, MERCHANT, startWorld, type World } from '../support/harness.ts';

type Line = { readonly level: string; readonly fields: Record<string, unknown>; readonly text: string };
const lines: Line[] = [];
const at =
  (level: string) =>
  (fields: object, text: string): void =>
    void lines.push({ level, fields: { ...fields }, text });
const log: Log = { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') };

const PAGE = '/h5/tea/page';
let world: World;
let port: number;
beforeAll(async () => {
  world = await startPageWorld({ log, channel: 'transfer', lines: 'trustProxy: 1' });
  port = Number(new URL(world.url).port);
});
afterAll(() => world.close());
beforeEach(() => void lines.splice(0));

/** Sends these bytes, and reads the statuses of what comes back until the other side closes, or has been silent for a while. */
async function statusesOf(bytes: Buffer): Promise<number[]> {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('error', () => undefined); // a reset is an end as well
  socket.on('data', part => parts.push(part));
  socket.setTimeout(1500, () => socket.destroy());
  socket.end(bytes);
  await once(socket, 'close');
  return [
    ...Buffer.concat(parts)
      .toString('latin1')
      .matchAll(/HTTP\/1\.1 (\d{3})/g),
  ].map(([, status]) => Number(status));
}

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const noise = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }));
const path = fc.oneof(
  pick(
    ...['/', '/wechat/tea', '/wechat/nobody', '/notify/pay/shop', '/notify/transfer/shop', '/notify/pay/nobody'],
    ...[PAGE, `${PAGE}/draw`, `${PAGE}/confirmed`, `${PAGE}/mine`, `${PAGE}/invite.png`, '/h5/tea/none', '/h5/x/y'],
    ...['/oauth/tea/callback', '/oauth/tea/callback?campaign=page', '/healthz', '/readyz', '/metrics', '/admin', '*'],
    ...['/simulator', '/simulator/bot/timeline', '/favicon.ico', 'http://evil.example/wechat/tea', '/wechat/__proto__'],
  ),
  fc
    .array(pick('wechat', 'tea', 'notify', 'pay', 'h5', 'page', 'draw', '..', '%00', '%', '', '\\', 'é', '__proto__'), {
      maxLength: 5,
    })
    .map(parts => `/${parts.join('/')}`),
);
const query = fc
  .array(
    fc.tuple(
      pick(
        'signature',
        'msg_signature',
        'timestamp',
        'nonce',
        'echostr',
        'code',
        'state',
        'campaign',
        'lang',
        'openid',
        '__proto__',
        'encrypt_type',
      ),
      fc.oneof(
        noise,
        pick('page', 'aes', 'a'.repeat(40), String(Math.floor(Date.now() / 1000)), '%ff', 'x'.repeat(600)),
      ),
    ),
    { maxLength: 6 },
  )
  .map(pairs =>
    pairs
      .map(([name, value]) => `${name}=${encodeURIComponent(value.replace(/\p{Cs}/gu, '')).slice(0, 700)}`)
      .join('&'),
  );
const header = fc.oneof(
  pick(
    ...[
      'Content-Type: application/json',
      'Content-Type: text/xml; charset=gbk',
      'Content-Type: ;;;',
      'Accept: text/html',
    ],
    ...[
      'Origin: null',
      'Origin: http://[',
      'Cookie: oauth=x; visitor-tea=x',
      'Cookie: =;;=',
      'Accept-Language: ,;q=',
      'Host: [',
      'Host: a b',
    ],
    ...[
      'Content-Encoding: gzip',
      'Expect: 100-continue',
      'Expect: x',
      'Upgrade: websocket\r\nConnection: Upgrade',
      'If-None-Match: *',
    ],
    ...[
      'Range: bytes=0-0',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: gzip, chunked',
      'Content-Length: 99999999',
    ],
    ...[
      'Content-Length: -1',
      'X-HTTP-Method-Override: DELETE',
      'Forwarded: for=x',
      'Trailer: X-Forwarded-For',
      'TE: trailers',
    ],
    ...[
      'Wechatpay-Signature: x',
      `Wechatpay-Signature: ${'A'.repeat(344)}`,
      'Wechatpay-Serial: ABCDEF0123456789',
      'Wechatpay-Nonce: n',
    ],
    `Wechatpay-Timestamp: ${Math.floor(Date.now() / 1000)}`,
  ),
  fc
    .tuple(pick('X-A', 'Cookie', 'X-Forwarded-For', 'Wechatpay-Serial', 'Accept'), noise)
    .map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, '')}`),
);
const body = fc.oneof(
  noise,
  pick(
    ...['null', '1', '"x"', '[]', '{}', '{"tap":null}', '{"resource":null}', '[['.repeat(2000), '{"a":'.repeat(1000)],
    ...[
      '<xml/>',
      '<xml></xml>',
      `<xml>${'<a>'.repeat(2000)}`,
      `<xml>${Array.from({ length: 900 }, (_, n) => `<a${n}/>`).join('')}</xml>`,
    ],
    ...[
      '<xml><return_code>SUCCESS</return_code><req_info>AAAA</req_info></xml>',
      '<xml><return_code>SUCCESS</return_code><sign>A</sign></xml>',
    ],
    ...[
      '<xml><Encrypt>AAAA</Encrypt></xml>',
      'x'.repeat(9000),
      '\uFEFF',
      '\0'.repeat(100),
      '5\r\nabcde\r\n0\r\n\r\n',
      '5\r\nab',
    ],
  ),
  fc.json().filter(text => text.length < 5000),
);

describe('a stranger', () => {
  test('gets a 4xx or a closed connection from every door, whatever they send; and the log has no stack', {
    timeout: 120_000,
  }, async () => {
    const browser = new Browser(world, world.person(true));
    const { tap } = dataIn(await browser.open(PAGE));
    const cookie = `Cookie: ${browser.jar.map(({ name, value }) => `${name}=${value}`).join('; ')}`;
    let count = 0;
    const request = fc
      .record({
        method: pick('GET', 'POST', 'POST', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'G', 'PRI'),
        version: pick('1.1', '1.1', '1.1', '1.0', '2.0'),
        path,
        query,
        headers: fc.array(header, { maxLength: 5 }),
        body,
        isCounted: pick(true, true, true, false),
        isFollower: pick(false, false, true),
      })
      .map(({ method, version, path: target, query: asked, headers, body: text, isCounted, isFollower }) => {
        const bytes = Buffer.from(text.replace('{"tap":null}', JSON.stringify({ tap, billNo: {} })));
        const head = [
          `${method} ${target}${asked === '' ? '' : `?${asked}`} HTTP/${version}`,
          'Host: shop.example',
          // Each from elsewhere, so that every door looks.
          `X-Forwarded-For: 203.0.${count >> 8}.${count++ & 255}`,
          ...(isFollower ? [cookie, `Origin: ${world.url}`, 'Content-Type: application/json'] : []),
          ...headers,
          ...(isCounted ? [`Content-Length: ${bytes.length}`] : []),
        ];
        return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
      });
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 12, maxLength: 12 }), async all => {
        for (const statuses of await Promise.all(all.map(statusesOf)))
          for (const status of statuses) {
            seen.set(status, (seen.get(status) ?? 0) + 1);
            expect(status).toBeLessThan(500);
          }
      }),
      { numRuns: 150, seed: 3 },
    );
    for (const status of [200, 400, 401, 404, 405]) expect([...seen.keys()]).toContain(status);
    expect(lines.filter(({ level, fields }) => level === 'error' || 'err' in fields)).toEqual([]);
    expect(await world.store.payouts({ limit: 10 })).toEqual([]);
  });

  test('costs no more than its length, whatever a pattern could go back and forth in', async () => {
    const [blanks, quotes] = [' '.repeat(60_000), '"Encrypt":'.repeat(6000)];
    const bodies = [
      `<xml><Encrypt>${blanks}`,
      `{"Encrypt"${blanks}`,
      `{${quotes}`,
      `<xml>${'<Encrypt>A'.repeat(6000)}`,
    ];
    // Each of the first took eight seconds once; the time of this test is over before three of them.
    const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), '7'];
    // Whoever has seen one address of a push may send as much as WeChat.
    const signature = signatureOf(ACCOUNT.token, timestamp, nonce);
    for (const [signed, status] of [
      [signature, 401],
      ['x', 413],
    ] as const) {
      const query = new URLSearchParams({ timestamp, nonce, signature: signed, msg_signature: 'y' });
      for (const text of bodies)
        for (let n = 0; n < 4; n++) {
          const answer = await fetch(`${world.url}/wechat/tea?${query}`, {
            method: 'POST',
            body: text,
            headers: { 'x-forwarded-for': `192.0.2.${n}` },
          });
          expect(answer.status).toBe(status);
        }
    }
  });

  test('who hangs up in the middle of a body is no trouble of ours', async () => {
    for (const target of ['/wechat/tea', '/notify/pay/shop', '/notify/transfer/shop']) {
      const socket = connect(port, '127.0.0.1');
      socket.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<xml>`);
      await new Promise(resolve => setTimeout(resolve, 100));
      socket.destroy();
    }
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(lines.filter(({ level, fields }) => level === 'error' || 'err' in fields)).toEqual([]);
  });
});

// ── What is written down of them ─────────────────────────────────────────────────────────────────────────────

describe('a thousand refusals are a few lines of the log', () => {
  const agent = new Agent({ connections: 20 });
  afterAll(() => agent.close());
  const times = async (count: number, ask: (n: number) => Promise<number>): Promise<Set<number>> => {
    const statuses = new Set<number>();
    for (let done = 0; done < count; done += 50)
      for (const status of await Promise.all(Array.from({ length: 50 }, (_, n) => ask(done + n)))) statuses.add(status);
    return statuses;
  };
  /** Each from elsewhere: nobody is counted. */
  const post = async (
    target: string,
    n: number,
    text: string,
    headers: Record<string, string> = {},
  ): Promise<number> => {
    const answer = await undici(`${world.url}${target}`, {
      method: 'POST',
      body: text,
      dispatcher: agent,
      headers: { 'x-forwarded-for': `198.51.${n >> 8}.${n & 255}`, ...headers },
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  const v3 = {
    'wechatpay-serial': 'PUB_KEY_ID_0100000000000000000000000000000001',
    'wechatpay-signature': 'A'.repeat(344),
    'wechatpay-timestamp': String(Math.floor(Date.now() / 1000)),
    'wechatpay-nonce': 'n',
  };

  test.each<[string, (n: number) => Promise<number>, number]>([
    ['pushes', n => post('/wechat/tea?signature=x&timestamp=1&nonce=1', n, '<xml/>'), 401],
    ['pushes to nobody', n => post('/wechat/nobody?signature=x&timestamp=1&nonce=1', n, '<xml/>'), 401],
    [
      'handshakes',
      n =>
        undici(`${world.url}/wechat/tea?echostr=${n}`, {
          dispatcher: agent,
          headers: { 'x-forwarded-for': `198.51.${n >> 8}.${n & 255}` },
        }).then(async answer => {
          await answer.body.dump();
          return answer.statusCode;
        }),
      401,
    ],
    ['transfer notices', n => post('/notify/transfer/shop', n, '{}', v3), 401],
    ['transfer notices to nobody', n => post('/notify/transfer/nobody', n, '{}', v3), 401],
    [
      'payment notices v2',
      n => post('/notify/pay/shop', n, '<xml><return_code>SUCCESS</return_code><sign>A</sign></xml>'),
      401,
    ],
    [
      'refund notices v2',
      n => post('/notify/pay/shop', n, '<xml><return_code>SUCCESS</return_code><req_info>AAAA</req_info></xml>'),
      401,
    ],
    ['payment notices v3', n => post('/notify/pay/shop', n, '{}', v3), 401],
    ['large bodies', n => post('/notify/pay/shop', n, 'x'.repeat(9000)), 413],
    ['paths', n => post(`/nowhere/${n}`, n, ''), 404],
  ])('%s', async (_, ask, status) => {
    expect(await times(1000, ask)).toEqual(new Set([status]));
    expect(lines.length).toBeLessThanOrEqual(11);
    expect(JSON.stringify(lines).length).toBeLessThan(5000);
  });

  test('ways back from WeChat', async () => {
    const link = new URL(await new Browser(world, world.person(true)).askWeChat(PAGE));
    link.searchParams.set('state', 'a'.repeat(89));
    const ask = async (): Promise<number> => {
      const answer = await undici(`${world.url}${link.pathname}${link.search}`, { dispatcher: agent });
      await answer.body.dump();
      return answer.statusCode;
    };
    expect(await times(1000, ask)).toEqual(new Set([403]));
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  test('codes while WeChat does not answer', async () => {
    const links = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const browser = new Browser(world, world.person(true));
        return { browser, link: await browser.askWeChat(PAGE) };
      }),
    );
    world.simulator.control.setFaults({ pay: [], platform: [{ kind: 'busy' }] });
    for (const { browser, link } of links) expect((await browser.ask(link)).status).toBe(503);
    world.simulator.control.setFaults({ pay: [], platform: [] });
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  test('taps with another one’s token', async () => {
    const browsers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = new Browser(world, world.person(true));
        await browser.open(PAGE);
        return browser;
      }),
    );
    const ask = async (n: number): Promise<number> => (await browsers[n % 5]!.draw('x')).status;
    expect(await times(250, ask)).toEqual(new Set([403]));
    expect(lines.length).toBeLessThanOrEqual(10);
  });
});

// ── Identity ─────────────────────────────────────────────────────────────────────────────────────────────────

describe('a genuine push', () => {
  const key = aesKeyOf(ACCOUNT.encodingAesKey);
  const push = async (xml: string): Promise<{ status: number; text: string }> => {
    const [timestamp, nonce, sealed] = [String(Math.floor(Date.now() / 1000)), '7', encrypt(key, ACCOUNT.appId, xml)];
    const asked = new URLSearchParams({
      timestamp,
      nonce,
      signature: signatureOf(ACCOUNT.token, timestamp, nonce),
      msg_signature: signatureOf(ACCOUNT.token, timestamp, nonce, sealed),
    });
    const answer = await fetch(`${world.url}/wechat/tea?${asked}`, {
      method: 'POST',
      body: `<xml><Encrypt>${sealed}</Encrypt></xml>`,
    });
    return { status: answer.status, text: await answer.text() };
  };
  const xmlOf = (fields: string): string =>
    `<xml><ToUserName>gh_1</ToUserName><FromUserName>oGenuine000000000000000000001</FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime>${fields}</xml>`;

  test.each([
    ['a NUL in MsgId', '<MsgType>text</MsgType><Content>抽奖</Content><MsgId>1\0' + '2</MsgId>'],
    ['a NUL in EventKey', '<MsgType>event</MsgType><Event>CLICK</Event><EventKey>A\0B</EventKey>'],
    ['a NUL in Event', '<MsgType>event</MsgType><Event>CL\0ICK</Event><EventKey>A</EventKey>'],
    ['a NUL in Ticket', '<MsgType>event</MsgType><Event>SCAN</Event><EventKey>1</EventKey><Ticket>\0</Ticket>'],
    ['a NUL in MsgType', '<MsgType>te\0xt</MsgType><MsgId>5</MsgId>'],
    [
      'control characters everywhere',
      '<MsgType>text</MsgType><Content>\u0001\u001b\u202e</Content><MsgId>\u0007\n\t</MsgId>',
    ],
  ])('with %s is answered, once and the same again, and no stack is written', async (_, fields) => {
    const xml = xmlOf(fields);
    expect((await push(xml)).status).toBe(200);
    expect((await push(xml)).status).toBe(200);
    expect(lines.filter(({ fields: said }) => 'err' in said)).toEqual([]);
    const journal = await world.store.journal({ limit: 1 });
    expect(journal[0]!.event.key).not.toMatch(/[\p{Cc}]/u);
  });
});

// ── The simulator's own doors ────────────────────────────────────────────────────────────────────────────────

describe('the simulator', () => {
  let sim: World;
  beforeAll(async () => {
    sim = await startWorld();
  });
  afterAll(() => sim.close());
  const BODIES = ['null', '1', '"x"', '[]', 'true', '{}', '', '{', '[null]', '{"a":null}'];
  const DOORS: readonly (readonly [method: string, path: string])[] = [
    ...['people', 'people/x/act', 'people/x/pay', 'clock', 'orders/x/y/refund', 'packets/x/y/open', 'merchants/x'].map(
      each => ['POST', `/control/${each}`] as const,
    ),
    ...['faults', `merchants/${MERCHANT.mchId}/signing`].map(each => ['PUT', `/control/${each}`] as const),
    ...['config', 'transfer', 'confirm', 'nothing'].map(each => ['POST', `/jsapi/${each}`] as const),
    ...['stable_token', 'menu/create', 'qrcode/create', 'message/custom/send', 'user/info/batchget', 'clear_quota'].map(
      each => ['POST', `/cgi-bin/${each}`] as const,
    ),
  ];

  test.each(DOORS)('%s %s answers a body that is no object, and does not hang up', async (method, path) => {
    for (const text of BODIES) {
      const answer = await fetch(`${sim.simulator.url}${path}`, {
        method,
        body: text,
        headers: { 'content-type': 'application/json', origin: sim.simulator.url },
      });
      expect(answer.status, `${path} ${text}`).toBeLessThan(500);
      await answer.arrayBuffer();
    }
  });

  test('WeChat Pay answers such bodies too, with its own refusal', async () => {
    const { caPem, certPem, keyPem } = sim.simulator.certificates(MERCHANT.mchId);
    const agent = new Agent({ connect: { ca: caPem, cert: certPem, key: keyPem } });
    for (const path of [
      '/v3/fund-app/mch-transfer/transfer-bills',
      '/mmpaymkttransfers/sendredpack',
      '/pay/orderquery',
    ])
      for (const text of BODIES) {
        const answer = await undici(`${sim.simulator.payUrl}${path}`, {
          method: 'POST',
          body: text,
          dispatcher: agent,
        });
        expect(answer.statusCode, `${path} ${text}`).toBeLessThan(500);
        await answer.body.dump();
      }
    await agent.close();
  });
});
