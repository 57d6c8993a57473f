// A path in an address: of a relay before WeChat, of a proxy before the bot. It is kept wherever something is joined to it, and
// an address is one text, however it was written.
import { createServer, type Server } from 'node:http';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { behind, readAddress, under } from '../../src/core/base/address.ts';
import { instant } from '../../src/core/base/time.ts';
import { createApi } from '../../src/wechat/account/api.ts';
import { jsSignature } from '../../src/wechat/account/jssdk.ts';
import { authorizeUrl } from '../../src/wechat/account/oauth.ts';
import { showQrCode } from '../../src/wechat/account/qr-codes.ts';
import { Browser, PAGE_RULES } from '../support/h5-world.ts';
import { MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { has, isMap, readJson } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

let world: World | undefined;
let relay: Server | undefined;
/** What came to the relay. */
let asked: string[] = [];
afterEach(async () => {
  relay?.closeAllConnections();
  relay?.close();
  await world?.close();
  [world, relay, asked] = [undefined, undefined, []];
});

/** Hands `/relay/wx/…` to WeChat and `/relay/pay/…` to WeChat Pay, without the path of its own; with a certificate of its own. */
async function openRelay(targets: () => World['simulator']): Promise<string> {
  relay = createServer((req, res) => {
    const path = req.url!;
    asked.push(path);
    const simulator = targets();
    const [, which, rest] = /^\/relay\/(wx|pay)(\/.*)$/.exec(path) ?? [];
    if (rest === undefined) return res.writeHead(404).end('no such path here');
    const { certPem, keyPem, caPem } = simulator.certificates(MERCHANT.mchId);
    const dispatcher = new Agent({ connect: { cert: certPem, key: keyPem, ca: caPem } });
    const { host: _, connection: __, 'content-length': ___, ...headers } = req.headers;
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const to = which === 'wx' ? simulator.url : simulator.payUrl;
      const body = parts.length > 0 ? Buffer.concat(parts) : null;
      request(to + rest, { method: req.method ?? 'GET', headers: headers, body, dispatcher })
        .then(async answer => {
          res.writeHead(answer.statusCode, answer.headers);
          res.end(Buffer.from(await answer.body.arrayBuffer()));
        })
        .catch(() => res.writeHead(502).end())
        .finally(() => dispatcher.close());
    });
    return undefined;
  });
  await new Promise<void>(resolve => relay!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${portOf(relay)}/relay`;
}

async function begin(options: WorldOptions = {}): Promise<{ world: World; base: string }> {
  const base = await openRelay(() => world!.simulator);
  world = await startWorld({
    rules: PAGE_RULES,
    prefix: '/bot',
    yaml: text =>
      text
        .replace(/^( {4}api: )http:.*$/m, (_, head: string) => `${head}${base}/wx/`)
        .replace(/^( {4}open: ).*$/m, (_, head: string) => `${head}${base}/wx`)
        .replace(/^( {4}api: )https:.*$/m, (_, head: string) => `${head}${base}/pay`),
    ...options,
  });
  return { world, base };
}

describe('a path in every address', () => {
  test.each([
    ['which the proxy leaves on', '/bot'],
    ['which the proxy takes off', ''],
  ])(
    'of publicUrl, %s: page, way back from WeChat, script, cookie and draw are under it',
    async (_, seen) => {
      const { world, base } = await begin();
      // What the browser has in its address line has the path always; what reaches us has it or not.
      const person = world.person(true);
      const browser = new Browser(world, person);
      const away = await browser.ask(`${seen}/h5/tea/page`);
      const back = encodeURIComponent(`${world.url}/bot/oauth/tea/callback?campaign=page&lang=zh`);
      expect(away.location).toContain(`${base}/wx/connect/oauth2/authorize?`);
      expect(away.location).toContain(`redirect_uri=${back}`);
      // WeChat itself is asked with its own cookie.
      const wechat = await fetch(`${world.simulator.url}/connect/oauth2/authorize?${away.location.split('?')[1]!}`, {
        headers: { cookie: `wechat_person=${person}` },
        redirect: 'manual',
      });
      const callback = wechat.headers.get('location')!;
      expect(callback).toContain('/bot/oauth/tea/callback');
      const answer = await browser.ask(callback.replace('/bot', seen));
      expect([answer.status, answer.location]).toEqual([302, '/bot/h5/tea/page?lang=zh']);
      expect(answer.headers.getSetCookie().join()).toMatch(/visitor-tea=[^;]+; Path=\/;/);
      expect(asked.some(path => path.startsWith('/relay/wx/sns/oauth2/access_token'))).toBe(true);
      const page = await browser.ask('/bot/h5/tea/page?lang=zh');
      expect(page.status).toBe(200);
      expect(page.body).toContain('href="/bot/h5/tea/page?lang=en"');
      expect(page.body).toContain('"path":"/bot/h5/tea/page"');
      const tap = /"tap":"([0-9a-f]+)"/.exec(page.body)![1]!;
      const draw = await browser.ask('/bot/h5/tea/page/draw?lang=zh', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: world.url },
        body: JSON.stringify({ tap }),
      });
      expect(JSON.parse(draw.body)).toMatchObject({ kind: 'won' });
      await until(async () => {
        await world.bot.settle.pass();
        return world.simulator.control.merchant(MERCHANT.mchId).sentCount === 1;
      });
      expect(asked.some(path => path.startsWith('/relay/pay/mmpaymkttransfers/sendredpack'))).toBe(true);
      expect(asked.every(path => path.startsWith('/relay/'))).toBe(true);
    },
    30_000,
  );

  test('a push comes in under it, and nothing else is begun by it', async () => {
    const { world } = await begin();
    const push = await world.simulator.control.act(world.person(true), { kind: 'text', text: '抽奖' });
    expect(world.said(push)).toBe('中了 1.00 元');
    for (const path of ['/bott/healthz', '/bot/bot/healthz', '/bot//healthz', '/botx'])
      expect((await fetch(`${world.url}${path}`)).status).toBe(404);
    for (const path of ['/bot/healthz', '/healthz']) expect((await fetch(`${world.url}${path}`)).status).toBe(200);
  }, 30_000);

  test('of a relay before WeChat Pay: a transfer is signed for WeChat Pay’s own path, and both keep their account', async () => {
    const { world } = await begin({ channel: 'transfer' });
    const push = await world.simulator.control.act(world.person(true), { kind: 'text', text: '抽奖' });
    expect(world.said(push)).toBe('中了 1.00 元');
    await until(async () => {
      await world.bot.settle.pass();
      return (await world.store.payouts({ state: 'sent', limit: 2 })).length === 1;
    });
    expect(asked.filter(path => path.startsWith('/relay/pay/v3/fund-app/mch-transfer/transfer-bills'))).not.toEqual([]);
  }, 30_000);

  test('a page under it is signed for the JS-SDK as the browser has it', async () => {
    world = await startWorld({ rules: PAGE_RULES, prefix: '/bot', channel: 'transfer' });
    const browser = new Browser(world, world.person(true));
    const page = '/bot/h5/tea/page';
    const tap = /"tap":"([0-9a-f]+)"/.exec((await browser.open(page)).body)![1]!;
    await browser.ask(`${page}/draw?lang=zh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: world.url },
      body: JSON.stringify({ tap }),
    });
    await world.bot.settle.pass();
    const data = /id="data">([^<]*)</.exec((await browser.ask(page)).body)![1]!;
    const { confirm } = readJson(data, has({ confirm: has({ config: isMap }) }));
    const config = async (url: string): Promise<string> => {
      const body = JSON.stringify({ ...confirm.config, url });
      const headers = { origin: world!.url };
      return (await browser.ask(`${world!.simulator.url}/jsapi/config`, { method: 'POST', body, headers })).body;
    };
    expect(await config(`${world.url}${page}`)).toContain('config:ok');
    expect(await config(`${world.url}/h5/tea/page`)).toContain('invalid signature');
  }, 30_000);

  test('a notice of a transfer is announced under it', async () => {
    const { world } = await begin({ channel: 'transfer' });
    const merchant = world.config.merchants.get('shop')!;
    expect(merchant.channel === 'transfer' && merchant.notifyUrl).toBe(`${world.url}/bot/notify/transfer/shop`);
  }, 30_000);

  test('of the account’s api: token and code pictures; of open: where the browser is sent', async () => {
    const paths: string[] = [];
    relay = createServer((req, res) => {
      paths.push(req.url!.replace(/\?.*/, ''));
      res.end(JSON.stringify({ access_token: 'A', expires_in: 7200 }));
    });
    await new Promise<void>(resolve => relay!.listen(0, '127.0.0.1', resolve));
    const api = `http://127.0.0.1:${portOf(relay)}/a/b`;
    const store = {
      lease: () => Promise.resolve({ name: 'x', holder: 'y', fence: 1 }),
      release: () => Promise.resolve(true),
      note: () => Promise.resolve(undefined),
    };
    const ports = { clock: () => instant(Date.now()), sleep: () => Promise.resolve(), store };
    await createApi({ api, appId: 'wx', appSecret: 's' }, ports).get('/cgi-bin/user/info', { openid: 'o' });
    expect(paths).toEqual(['/a/b/cgi-bin/stable_token', '/a/b/cgi-bin/user/info']);
    expect(showQrCode(api, 't')).toBe(`${api}/cgi-bin/showqrcode?ticket=t`);
    expect(authorizeUrl({ open: 'https://a.example/o', appId: 'wx1' }, 'https://b', 'x')).toMatch(
      /^https:\/\/a\.example\/o\/connect\/oauth2\/authorize\?/,
    );
  });
});

describe('an address is written in one way', () => {
  test('what stands behind the path of publicUrl is the same whether a proxy left that on or took it off', () => {
    expect(behind('/shop', '/shop/wechat/tea?nonce=1')).toBe('/wechat/tea?nonce=1');
    expect(behind('/shop', '/wechat/tea?nonce=1')).toBe('/wechat/tea?nonce=1');
    expect(behind('/shop', '/shop?lang=en')).toBe('/?lang=en');
    expect(behind('/shop', '/shopping/wechat/tea')).toBe('/shopping/wechat/tea');
    expect(behind('', '/wechat/tea')).toBe('/wechat/tea');
  });

  test.each([
    ['https://Bot.Example.COM', 'https://bot.example.com'],
    ['HTTPS://bot.example.com/', 'https://bot.example.com'],
    ['https://bot.example.com:443/', 'https://bot.example.com'],
    ['http://bot.example.com:80', 'http://bot.example.com'],
    ['https://bot.example.com:8443//', undefined],
    ['https://bot.example.com:8443/a/b/', 'https://bot.example.com:8443/a/b'],
    ['https://例子.com', 'https://xn--fsqu00a.com'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000/', 'http://[::1]:3000'],
    ['https://bot.example.com/%2e%2e', undefined],
    ['https://bot.example.com/a/../b', undefined],
    ['https://bot.example.com\\a', undefined],
    ['ftp://bot.example.com', undefined],
    ['//bot.example.com', undefined],
  ])('%s', (written, base) => {
    const read = readAddress(written);
    expect('base' in read ? read.base : undefined).toBe(base);
    if ('base' in read) expect(read.base).toBe(new URL(written).href.replace(/\/+$/, ''));
  });

  test('so that a signature for the JS-SDK is over the letters of the browser', () => {
    const read = readAddress('https://Bot.Example.com:443/');
    const base = 'base' in read ? read.base : '';
    const browser = new URL('https://Bot.Example.com:443/h5/tea/page?lang=zh#x').href;
    expect(jsSignature('t', 'n', 1, under(base, '/h5/tea/page?lang=zh').href)).toBe(jsSignature('t', 'n', 1, browser));
  });
});
