// What strangers send to the webhook: refused with 4xx, nothing changed, nothing told.
import { randomBytes } from 'node:crypto';
import { getSignature, decrypt as theirDecrypt, encrypt as theirEncrypt } from '@wecom/crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNT, startWorld, textIn, type World } from '../support/harness.ts';

const { token, appId, encodingAesKey, originalId } = ACCOUNT;
const USER = 'oAttacker0000000000000000001';
let messageId = 9_007_199_254_740_993n;

const textXml = (content = '红包', id = String(messageId++)): string =>
  `<xml><ToUserName><![CDATA[${originalId}]]></ToUserName><FromUserName><![CDATA[${USER}]]></FromUserName><CreateTime>${seconds()}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content><MsgId>${id}</MsgId></xml>`;
const seconds = (): string => String(Math.floor(Date.now() / 1000));

type Sealed = {
  readonly timestamp?: string;
  readonly nonce?: string;
  readonly appId?: string;
  readonly key?: string;
  readonly signature?: string;
};

/** A push as WeChat would seal it, made with code nobody here wrote. */
function seal(clear: string, parts: Sealed = {}): { query: Record<string, string>; body: string } {
  const { timestamp = seconds(), nonce = randomBytes(4).toString('hex') } = parts;
  const sealed = theirEncrypt(parts.key ?? encodingAesKey, clear, parts.appId ?? appId);
  const signature = parts.signature ?? getSignature(token, timestamp, nonce, sealed);
  const body = `<xml><ToUserName><![CDATA[${originalId}]]></ToUserName><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`;
  return {
    query: {
      signature: getSignature(token, timestamp, nonce, ''),
      timestamp,
      nonce,
      encrypt_type: 'aes',
      msg_signature: signature,
    },
    body,
  };
}

function plain(body: string, parts: Sealed = {}): { query: Record<string, string>; body: string } {
  const { timestamp = seconds(), nonce = randomBytes(4).toString('hex') } = parts;
  return { query: { timestamp, nonce, signature: parts.signature ?? getSignature(token, timestamp, nonce, '') }, body };
}

async function post(
  world: World,
  { query, body }: { query: Record<string, string>; body: string | Uint8Array<ArrayBuffer> },
) {
  const answer = await fetch(`${world.url}/wechat/tea?${new URLSearchParams(query)}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/xml' },
  });
  return { status: answer.status, body: await answer.text() };
}

/** Everything a push could have changed. */
async function traces(world: World): Promise<number> {
  const journal = await world.store.journal({ limit: 1000 });
  const payouts = await world.store.payouts({ limit: 1000 });
  return journal.length + payouts.length;
}

describe('in safe mode', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());

  test('a push sealed by code nobody here wrote is answered, and that code reads our answer', async () => {
    const { status, body } = await post(world, seal(textXml('帮助')));
    expect(status).toBe(200);
    const sealed = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)![1]!;
    const [timestamp, nonce] = [/<TimeStamp>(\d+)</.exec(body)![1]!, /<Nonce><!\[CDATA\[(.*?)\]\]>/.exec(body)![1]!];
    expect(body).toContain(getSignature(token, timestamp, nonce, sealed));
    const { message, id } = theirDecrypt(encodingAesKey, sealed);
    expect([id, textIn(message)]).toEqual([appId, '回复「红包」试试']);
  });

  const clear = textXml();
  const old = String(Number(seconds()) - 301);
  const ahead = String(Number(seconds()) + 400);
  const attacks: [string, () => { query: Record<string, string>; body: string }, number][] = [
    ['a forged signature', () => seal(clear, { signature: 'a'.repeat(40) }), 401],
    ['a signature that is too short', () => seal(clear, { signature: 'a' }), 401],
    ['no query at all', () => ({ query: {}, body: seal(clear).body }), 401],
    ['a stale timestamp', () => seal(clear, { timestamp: old }), 401],
    ['a timestamp of tomorrow', () => seal(clear, { timestamp: ahead }), 401],
    ['a timestamp that is no number', () => seal(clear, { timestamp: 'NaN' }), 401],
    ['a push in clear, rightly signed', () => plain(clear), 401],
    [
      'a push in clear that calls itself raw',
      () => ({ ...plain(clear), query: { ...plain(clear).query, encrypt_type: 'raw' } }),
      401,
    ],
    [
      'clear fields beside somebody else’s ciphertext',
      () => ({ ...seal(clear), body: clear.replace('</xml>', '<Encrypt><![CDATA[AAAA]]></Encrypt></xml>') }),
      401,
    ],
    ['another AppID in the ciphertext', () => seal(clear, { appId: 'wxffffffffffffffff' }), 401],
    ['another key', () => seal(clear, { key: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' }), 401],
    ['malformed XML outside', () => ({ ...seal(clear), body: '<xml><Encrypt>' }), 401],
    ['an empty body', () => ({ ...seal(clear), body: '' }), 401],
    ['JSON', () => ({ ...seal(clear), body: '{"Encrypt":"x"}' }), 401],
    [
      'a DTD outside, of another’s ciphertext',
      () => ({ ...seal(clear), body: `<!DOCTYPE xml [<!ENTITY a "b">]>${seal(clear).body}` }),
      401,
    ],
    ['a body that is too large', () => seal(textXml('x'.repeat(70_000))), 413],
  ];

  test.each(attacks)('%s is refused, changes nothing and says nothing', async (_, attack, status) => {
    const before = await traces(world);
    const answer = await post(world, attack());
    expect(answer).toEqual({ status, body: '' });
    expect(await traces(world)).toBe(before);
  });

  const odd: [string, () => { query: Record<string, string>; body: string }][] = [
    ['malformed XML', () => seal('<xml><MsgType>text')],
    ['a DTD', () => seal(`<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>${clear.replace('红包', '&a;')}`)],
    ['a DTD within the root', () => seal(clear.replace('<xml>', '<xml><!DOCTYPE a [<!ENTITY b "c">]>'))],
    ['a sender that is no openid', () => seal(clear.replace(USER, '../../etc'))],
    ['two senders', () => seal(clear.replace('<MsgType>', `<FromUserName>oSomebodyElse</FromUserName><MsgType>`))],
    ['no sender', () => seal('<xml><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>')],
    ['JSON with two senders', () => seal('{"FromUserName":"oOne","FromUserName":"oTwo","MsgType":"text"}')],
    ['nothing', () => seal('')],
  ];

  test.each(odd)(
    '%s inside a push that WeChat has signed changes nothing and is not asked for again',
    async (_, push) => {
      const before = await traces(world);
      expect(await post(world, push())).toEqual({ status: 200, body: 'success' });
      expect(await traces(world)).toBe(before);
    },
  );

  test('a body that never ends is cut off', async () => {
    const { query } = seal(clear);
    const endless = new ReadableStream({
      pull: controller => controller.enqueue(new TextEncoder().encode('x'.repeat(8192))),
    });
    const request = fetch(`${world.url}/wechat/tea?${new URLSearchParams(query)}`, {
      method: 'POST',
      body: endless,
      duplex: 'half',
    });
    const status = await request.then(
      answer => answer.status,
      () => 413,
    );
    expect(status).toBe(413);
  });

  test('a body that is not UTF-8, and not sealed, is refused', async () => {
    expect(await post(world, { query: seal(clear).query, body: new Uint8Array([0x3c, 0xff, 0xfe]) })).toEqual({
      status: 401,
      body: '',
    });
  });

  test('a captured push, sent again within the window, is answered as before and gives nothing', async () => {
    const push = seal(textXml());
    const first = await post(world, push);
    const before = await traces(world);
    const second = await post(world, push);
    const words = (body: string): string =>
      textIn(theirDecrypt(encodingAesKey, /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)![1]!).message);
    expect(words(second.body)).toBe(words(first.body));
    expect(await traces(world)).toBe(before);
  });

  test('an account nobody knows looks like one with a wrong signature, and other methods are not allowed', async () => {
    const looksOf = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(`${world.url}${path}`, init);
      const { date: _, ...headers } = Object.fromEntries(answer.headers);
      return [answer.status, headers, await answer.text()] as const;
    };
    const { query, body } = seal(textXml(), { signature: 'a'.repeat(40) });
    const notice = '<xml><return_code>SUCCESS</return_code><sign>A</sign></xml>';
    const v3 = { 'wechatpay-signature': 'x', 'wechatpay-serial': 'PUB_KEY_ID_1', 'wechatpay-timestamp': seconds() };
    const asks: readonly (readonly [known: string, unknown: string, init?: RequestInit])[] = [
      ['/wechat/tea', '/wechat/coffee'],
      [
        `/wechat/tea?${new URLSearchParams({ ...query, echostr: 'x' })}`,
        `/wechat/coffee?${new URLSearchParams({ ...query, echostr: 'x' })}`,
      ],
      [
        `/wechat/tea?${new URLSearchParams(query)}`,
        `/wechat/coffee?${new URLSearchParams(query)}`,
        { method: 'POST', body },
      ],
      ['/wechat/tea', '/wechat/coffee', { method: 'POST', body: 'x'.repeat(70_000) }],
      ['/notify/pay/shop', '/notify/pay/shop2', { method: 'POST', body: notice }],
      ['/notify/pay/shop', '/notify/pay/shop2', { method: 'POST', body: '{}', headers: v3 }],
      ['/notify/pay/shop', '/notify/pay/shop2', { method: 'POST', body: 'x'.repeat(10_000) }],
    ];
    for (const [known, unknown, init] of asks) {
      const [here, nowhere] = [await looksOf(known, init), await looksOf(unknown, init)];
      expect(nowhere, unknown).toEqual(here);
      expect(here[0], known).toBeGreaterThanOrEqual(401);
    }
    expect((await fetch(`${world.url}/wechat/tea`, { method: 'DELETE' })).status).toBe(405);
  });

  test('the handshake echoes exactly, and only with a right signature', async () => {
    const { timestamp = '', nonce = '', signature = '' } = plain('').query;
    const ask = (query: Record<string, string>) => fetch(`${world.url}/wechat/tea?${new URLSearchParams(query)}`);
    const good = await ask({ timestamp, nonce, signature, echostr: '4375120948345356249' });
    expect([good.status, await good.text()]).toEqual([200, '4375120948345356249']);
    expect(good.headers.get('content-type')).toContain('text/plain');
    const forged = await ask({
      timestamp,
      nonce,
      signature: signature.replace(/^./, digit => (digit === '0' ? '1' : '0')),
      echostr: 'x',
    });
    expect([forged.status, await forged.text()]).toEqual([401, '']);
    expect((await ask({ timestamp, nonce, signature })).status).toBe(401);
  });

  test('whatever bytes come, the door answers 4xx, or success where they are signed, and stays open', async () => {
    const before = await traces(world);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }),
          fc.constantFrom('<xml>', '</xml>', '<xml><Encrypt><![CDATA['),
        ),
        fc.boolean(),
        async (noise, inside) => {
          const push = inside ? seal(noise) : { ...seal(clear), body: noise };
          const { status, body } = await post(world, push);
          if (inside) expect([status, body]).toEqual([200, 'success']);
          else expect([body, status >= 400 && status < 500]).toEqual(['', true]);
        },
      ),
      { numRuns: 150, seed: 42 },
    );
    expect(await traces(world)).toBe(before);
    expect((await post(world, seal(textXml('帮助')))).status).toBe(200);
  });
});

describe('in plain mode', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ mode: 'plain' });
  });
  afterAll(() => world.close());

  test('one signature serves one push: with another body it is refused', async () => {
    const push = plain(textXml('帮助'));
    expect((await post(world, push)).status).toBe(200);
    expect((await post(world, push)).status).toBe(200); // a redelivery
    expect(await post(world, { ...push, body: textXml('红包') })).toEqual({ status: 401, body: '' });
  });

  test('a stale and a forged push are refused, and a DTD does nothing', async () => {
    expect(await post(world, plain(`<!DOCTYPE a>${textXml()}`))).toEqual({ status: 200, body: 'success' });
    expect((await post(world, plain(textXml(), { timestamp: '1700000000' }))).status).toBe(401);
    expect((await post(world, plain(textXml(), { signature: 'f'.repeat(40) }))).status).toBe(401);
  });

  test('"<!DOCTYPE" in a follower’s own words is just words', async () => {
    expect((await post(world, plain(textXml('<!DOCTYPE html> & <b>')))).status).toBe(200);
  });
});

describe('in compatible mode', () => {
  test('only what was encrypted counts, whatever stands beside it in clear', async () => {
    const world = await startWorld({ mode: 'compatible' });
    const sealed = seal(textXml('帮助'));
    const forged = {
      ...sealed,
      body: sealed.body.replace(
        '<Encrypt>',
        '<FromUserName>oVictim</FromUserName><MsgType>text</MsgType><Content>红包</Content><Encrypt>',
      ),
    };
    const { status, body } = await post(world, forged);
    expect([status, textIn(body)]).toEqual([200, '回复「红包」试试']);
    expect((await post(world, plain(textXml()))).status).toBe(401);
    await world.close();
  });
});
