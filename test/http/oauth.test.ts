// Who may be at the page: the way through WeChat, and everything a stranger may try on it. Refused, nothing changed, nothing told.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sessionSecretsOf } from '../../src/config/secret.ts';
import { openId } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { seedOf } from '../../src/core/decide/draw.ts';
import { SAID_SO } from '../../src/core/payout/ask-now.ts';
import { createSessions, type Sessions } from '../../src/http/session.ts';
import { createSigner } from '../../src/lib/signer.ts';
import { jsSignature } from '../../src/wechat/account/jssdk.ts';
import { authorizeUrl } from '../../src/wechat/account/oauth.ts';
import { exactly } from '../support/exactly.ts';
import { type Answer, Browser, dataIn, PAGE_RULES, startPageWorld } from '../support/h5-world.ts';
import { ACCOUNT, ENV, until, type World } from '../support/harness.ts';
import { has, isListOf, isMap, isText, readJson } from '../support/json.ts';

const PAGE = '/h5/tea/page';
let world: World;
beforeAll(async () => {
  world = await startPageWorld();
});
afterAll(() => world.close());
afterEach(() => {
  world.simulator.control.setFaults({ pay: [], platform: [] });
  world.simulator.control.moveClock({ reset: true });
});

const payoutsOf = (user: string) => world.store.payouts({ user: openId(user), limit: 100 });
const newBrowser = (openid: string = world.person(true)): Browser => new Browser(world, openid);

/** A kind page, no session, no reason. */
function expectRefused(answer: Answer, browser: Browser): void {
  expect(answer.status).toBe(403);
  expect(answer.body).toContain('链接失效了');
  const said = answer.body.replace(/<style[\s\S]*<\/style>/, '').replace(/<meta[^>]*>/g, '');
  expect(said).not.toMatch(/state|code|openid|browser|signature|cookie/i);
  expect(browser.cookie('visitor-tea')).toBeUndefined();
}

describe('the way through WeChat', () => {
  test('begins with the parameters in WeChat’s order, and ends on the page, with a cookie that scripts and other sites do not get', async () => {
    const person = world.person(true);
    const browser = newBrowser(person);
    const start = await browser.ask(PAGE);
    expect(start.status).toBe(302);
    expect(start.headers.get('cache-control')).toBe('no-store');
    const back = encodeURIComponent(`${world.url}/oauth/tea/callback?campaign=page&lang=zh`);
    expect(start.location).toMatch(
      new RegExp(
        `^${world.simulator.url}/connect/oauth2/authorize\\?appid=${ACCOUNT.appId}&redirect_uri=${back.replace(/[.]/g, '\\.')}&response_type=code&scope=snsapi_base&state=[0-9a-f]{89}#wechat_redirect$`,
      ),
    );
    const callback = await browser.ask(await browser.askWeChat());
    expect(callback.status).toBe(302);
    expect(callback.location).toBe(`${PAGE}?lang=zh`);
    const cookie = callback.headers.getSetCookie().find(line => line.startsWith('visitor-tea='))!;
    expect(cookie).toMatch(
      new RegExp(`^visitor-tea=${person}\\.\\d+\\.[0-9a-f]{48}; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax$`),
    );
    const page = await browser.ask(callback.location);
    expect(page.status).toBe(200);
    expect(page.body).toContain('开门红 &lt;b&gt;2026&lt;/b&gt;');
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  test('behind https every cookie is Secure, and that of the state belongs to this host alone', () => {
    const user = openId('o123456789012345678901234567');
    const sessions = createSessions('secret', true);
    // The browser takes a cookie of this name only so: with the path `/`, Secure, and without a Domain.
    expect(sessions.open('tea', user, instant(0))).toMatch(
      /^__Host-visitor-tea=o\w+\.43200\.[0-9a-f]{48}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  test('a key is changed under the hands of visitors: of a list the first signs, and what any of them signed is believed', () => {
    const user = openId('o123456789012345678901234567');
    const [before, both, after] = exactly(
      3,
      [['old'], ['new', 'old'], ['new']].map(secrets => createSessions(secrets, false)),
    );
    const cookieOf = (sessions: Sessions): string => sessions.open('tea', user, instant(0)).split(';')[0]!;
    const reads = (sessions: Sessions, value: string) => sessions.read('tea', value, instant(1))?.user;
    expect([before, both, after].map(each => reads(each, cookieOf(before)))).toEqual([user, user, undefined]);
    expect([before, both, after].map(each => reads(each, cookieOf(both)))).toEqual([undefined, user, user]);
    const session = before.read('tea', cookieOf(before), instant(1))!;
    const tap = before.newTap(session, 'page');
    expect([both, after].map(each => each.tapIn(session, 'page', tap) !== undefined)).toEqual([true, false]);
  });

  test('a follower draws once, whatever page and whatever keyword', async () => {
    const person = world.person(true);
    const browser = newBrowser(person);
    const won = await browser.draw(dataIn(await browser.open(PAGE)).tap);
    expect(JSON.parse(won.body)).toMatchObject({ kind: 'won', amount: '1.00', text: '中了 1.00 元' });
    expect(world.said(await world.simulator.control.act(person, { kind: 'text', text: '抽奖' }))).toBe('您已经领过啦');
    const { tap } = readJson(won.body, has({ tap: isText }));
    expect(JSON.parse((await browser.draw(tap)).body)).toMatchObject({ kind: 'said', text: '您已经领过啦' });
    expect(await payoutsOf(person)).toHaveLength(1);
  });

  test('a spent code is fetched anew once, and then no more', async () => {
    const browser = newBrowser();
    const back = new URL(await browser.askWeChat());
    back.searchParams.set('code', 'f'.repeat(32));
    const again = await browser.ask(back.href);
    expect(again.status).toBe(302);
    expect(again.location).toContain('/connect/oauth2/authorize?');
    const second = new URL((await browser.ask(again.location)).location);
    second.searchParams.set('code', 'f'.repeat(32));
    expectRefused(await browser.ask(second.href), browser);
  });

  test('a code that waited too long is fetched anew, and the follower sees nothing of it', async () => {
    const browser = newBrowser();
    const back = await browser.askWeChat();
    world.simulator.control.moveClock({ advanceMs: 5 * 60_000 });
    expect((await browser.open(back)).status).toBe(200);
    expect(browser.cookie('visitor-tea')).toBeDefined();
  });

  test('the virtual person of a snapshot gets no session, no account and no draw, but a way to the full service', async () => {
    const browser = newBrowser();
    world.simulator.control.setFaults({ pay: [], platform: [{ kind: 'snapshot', times: 1 }] });
    const answer = await browser.open(PAGE);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('使用完整服务');
    expect(browser.cookie('visitor-tea')).toBeUndefined();
    expect((await browser.open(PAGE)).body).toContain('id="draw"');
  });

  test('while WeChat does not answer the page says so, and nothing of the secret', async () => {
    const browser = newBrowser();
    const back = await browser.askWeChat();
    world.simulator.control.setFaults({ pay: [], platform: [{ kind: 'busy', times: 1 }] });
    const answer = await browser.ask(back);
    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain(ACCOUNT.appSecret);
  });
});

describe('what strangers try on the way', () => {
  test('a link on its way that somebody else opens is refused: it belongs to the browser that began', async () => {
    const link = await newBrowser().askWeChat();
    const thief = new Browser(world, world.person(true));
    expectRefused(await thief.ask(link), thief);
    const other = newBrowser();
    await other.askWeChat(); // with a state of its own in the cookie
    expectRefused(await other.ask(link), other);
  });

  test('a way back is good once: with the cookie gone, and with the code used', async () => {
    const browser = newBrowser();
    const link = await browser.askWeChat();
    expect((await browser.ask(link)).status).toBe(302);
    browser.set('visitor-tea', '', '/');
    expectRefused(await browser.ask(link), browser);
  });

  test('a state that is forged, of another campaign, of another account’s secret, or old is refused', async () => {
    const tries: ((url: URL) => void)[] = [
      url => url.searchParams.set('state', 'a'.repeat(89)),
      url => url.searchParams.set('state', ''),
      url => url.searchParams.delete('state'),
      url => url.searchParams.append('state', url.searchParams.get('state')!),
      url =>
        url.searchParams.set(
          'state',
          url.searchParams.get('state')!.replace(/.$/, last => (last === '0' ? '1' : '0')),
        ),
      url => {
        const text = url.searchParams.get('state')!.slice(0, 41);
        url.searchParams.set('state', text + createSigner('another secret', 'state').mark(`tea page ${text}`));
      },
      url => url.searchParams.delete('code'),
      url => url.searchParams.set('code', '../../x'),
    ];
    for (const spoil of tries) {
      const browser = newBrowser();
      const url = new URL(await browser.askWeChat());
      spoil(url);
      expectRefused(await browser.ask(url.href), browser);
    }
    const late = newBrowser();
    const link = await late.askWeChat();
    world.simulator.control.moveClock({ advanceMs: 10 * 60_000 });
    expectRefused(await late.ask(link), late);
  });

  test('a cookie of states that was not made here is worth nothing', async () => {
    const [victim, thief] = [newBrowser(), newBrowser()];
    const link = await thief.askWeChat();
    const chance = new URL(link).searchParams.get('state')!.slice(0, 32);
    victim.set('oauth', `${'0'.repeat(48)}.${chance}`, '/');
    expectRefused(await victim.ask(link), victim);
  });

  test('an openid in an address or a body is nobody', async () => {
    const [victim, person] = [world.person(true), world.person(true)];
    const browser = newBrowser(person);
    const page = await browser.open(`${PAGE}?openid=${victim}&user=${victim}`);
    const body = JSON.stringify({ tap: dataIn(page).tap, openid: victim, user: victim });
    const answer = await browser.draw('', { body }, PAGE);
    expect(JSON.parse(answer.body)).toMatchObject({ kind: 'won' });
    expect(await payoutsOf(victim)).toHaveLength(0);
    expect(await payoutsOf(person)).toHaveLength(1);
    expect((await new Browser(world).ask(`${PAGE}/mine?openid=${victim}`)).status).toBe(401);
  });

  test('a session is good for its account, as it was made, and for twelve hours', async () => {
    const browser = newBrowser();
    await browser.open(PAGE);
    const good = browser.cookie('visitor-tea')!;
    const [user, until, mark] = exactly(3, good.split('.'));
    const ours = createSessions(sessionSecretsOf(world.config), false);
    const elsewhere = ours.open('other', openId(user), instant(Date.now()));
    // What keys the draws signs nobody in.
    const drawn = createSessions(ENV.TEST_SECRET, false).open('tea', openId(user), instant(Date.now()));
    const bad = [
      `${world.person(true)}.${until}.${mark}`,
      `${user}.${Number(until) + 1}.${mark}`,
      `${user}.${until}.${'0'.repeat(48)}`,
      `${user}.${until}`,
      /visitor-other=([^;]*)/.exec(elsewhere)![1]!,
      /visitor-tea=([^;]*)/.exec(drawn)![1]!,
      `${good}é`,
    ];
    for (const cookie of bad) {
      browser.set('visitor-tea', encodeURI(cookie), '/');
      expect((await browser.ask(`${PAGE}/mine`)).status, cookie).toBe(401);
    }
    browser.set('visitor-tea', good, '/');
    expect((await browser.ask(`${PAGE}/mine`)).status).toBe(200);
    world.simulator.control.moveClock({ advanceMs: 12 * 3_600_000 });
    expect((await browser.ask(`${PAGE}/mine`)).status).toBe(401);
  });

  test('no parameter leads anywhere but to a page of ours', async () => {
    for (const extra of [
      'redirect=https://evil.example',
      'next=//evil.example',
      'lang=https://evil.example',
      'redirect_uri=//evil.example',
    ]) {
      const browser = newBrowser();
      const link = await browser.askWeChat(`${PAGE}?${extra}`);
      const answer = await browser.ask(`${link}&${extra}`);
      if (answer.status === 302) expect(answer.location).toMatch(/^\/h5\/tea\/page\?lang=(zh|en)$/);
      else expect(answer.status).toBe(403);
    }
    for (const campaign of ['//evil.example', '..%2F..%2Fevil', 'https:%2F%2Fevil.example', '%0d%0aset-cookie:x=1']) {
      const browser = newBrowser();
      const link = (await browser.askWeChat()).replace('campaign=page', `campaign=${campaign}`);
      const answer = await browser.ask(link);
      expect([answer.status, answer.location]).toEqual([404, '']);
    }
  });

  test('a page there is not is a kind page, and a campaign of another account is none', async () => {
    for (const path of [
      '/h5/tea/none',
      '/h5/none/page',
      '/h5/tea/__proto__',
      '/oauth/none/callback',
      '/oauth/tea/callback',
    ]) {
      const answer = await newBrowser().ask(path);
      expect(answer.status, path).toBe(404);
      expect(answer.body).toContain('没有这个活动');
    }
  });
});

describe('what strangers try on the page', () => {
  let browser: Browser;
  let person: string;
  let tap: string;
  const origin = () => world.url;
  const json = { 'content-type': 'application/json' };
  beforeEach(async () => {
    person = world.person(true);
    browser = newBrowser(person);
    ({ tap } = dataIn(await browser.open(PAGE)));
  });

  test('a tap without a token, with another session’s, another campaign’s or a foreign origin is refused', async () => {
    const other = dataIn(await newBrowser().open(PAGE)).tap;
    const tries: RequestInit[] = [
      { body: '{}' },
      { body: JSON.stringify({ tap: '' }) },
      { body: JSON.stringify({ tap: other }) },
      { body: JSON.stringify({ tap: `${tap.slice(0, -1)}x` }) },
      { body: JSON.stringify({ tap: [tap] }) },
      { headers: { ...json, origin: 'https://evil.example' } },
      { headers: { ...json, origin: 'null' } },
      { headers: { ...json, origin: `${origin()}.evil.example` } },
      { headers: json },
      { headers: { 'content-type': 'text/plain', origin: origin() } },
      { headers: { 'content-type': 'application/x-www-form-urlencoded', origin: origin() }, body: `tap=${tap}` },
    ];
    for (const init of tries) expect([(await browser.draw(tap, init)).status, init]).toEqual([403, init]);
    expect((await browser.draw(tap, { body: '{"tap":' })).status).toBe(400);
    expect((await browser.draw(tap, { body: JSON.stringify({ tap, more: 'x'.repeat(5000) }) })).status).toBe(413);
    expect((await new Browser(world, person).draw(tap)).status).toBe(401);
    expect(await payoutsOf(person)).toHaveLength(0);
    expect(JSON.parse((await browser.draw(tap)).body)).toMatchObject({ kind: 'won' });
  });

  test('a tap that is sent again is the same tap: the same answer, one prize', async () => {
    const answers = [await browser.draw(tap), await browser.draw(tap), await browser.draw(tap)];
    for (const { body } of answers) expect(JSON.parse(body)).toMatchObject({ kind: 'won', amount: '1.00' });
    expect(await payoutsOf(person)).toHaveLength(1);
  });

  test('two tabs that tap at once come to one prize, and so do twenty', async () => {
    const taps = await Promise.all(Array.from({ length: 20 }, async () => dataIn(await browser.open(PAGE)).tap));
    expect(new Set(taps).size).toBe(20);
    const answers = await Promise.all(taps.map(each => browser.draw(each)));
    const kinds = answers.map(({ body }) => readJson(body, has({ kind: isText })).kind);
    expect(kinds.filter(kind => kind === 'won')).toHaveLength(1);
    expect(kinds.filter(kind => kind === 'said')).toHaveLength(19);
    expect(await payoutsOf(person)).toHaveLength(1);
  });

  test('two tabs on their way at once both arrive', async () => {
    const fresh = newBrowser();
    const [one, two] = [await fresh.askWeChat(), await fresh.askWeChat()];
    expect((await fresh.ask(one)).status).toBe(302);
    expect((await fresh.ask(two)).status).toBe(302);
  });

  test('nobody sees or hurries another one’s payout', async () => {
    await browser.draw(tap);
    const [payout] = await payoutsOf(person);
    const other = newBrowser();
    const { tap: token } = dataIn(await other.open(PAGE));
    const body = JSON.stringify({ tap: token, billNo: payout!.billNo });
    const answer = await other
      .draw('', { body }, PAGE)
      .then(() => other.ask(`${PAGE}/confirmed`, { method: 'POST', body, headers: { ...json, origin: origin() } }));
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain(payout!.billNo);
    const history = await world.store.history(payout!.billNo);
    expect(history.map(({ what }) => what)).not.toContain(SAID_SO);
  });
});

describe('a transfer (商家转账)', () => {
  let transfers: World;
  beforeAll(async () => {
    transfers = await startPageWorld({ channel: 'transfer', rules: PAGE_RULES });
  });
  afterAll(() => transfers.close());

  test('waits on the page to be confirmed, with a signature WeChat believes, and is asked after at once when it is', async () => {
    const person = transfers.person(true);
    const browser = new Browser(transfers, person);
    const { tap } = dataIn(await browser.open(PAGE));
    await browser.draw(tap);
    await transfers.bot.settle.pass();
    const page = await browser.ask(PAGE);
    expect(page.body).toContain('待收款');
    expect(page.body).toContain(`src="${transfers.simulator.url}/jweixin.js"`);
    expect(page.headers.get('content-security-policy')).toContain(transfers.simulator.url);
    const isTransfer = has({ billNo: isText, mchId: isText, package: isText });
    const confirm = has({ config: isMap, transfers: isListOf(isTransfer) });
    const data = readJson(/id="data">([^<]*)</.exec(page.body)![1]!, has({ confirm }));
    const [transfer] = data.confirm.transfers;
    const sdk = (path: string, body: object, as: Browser = browser) =>
      as.ask(`${transfers.simulator.url}/jsapi/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { origin: transfers.url },
      });
    expect((await sdk('config', { ...data.confirm.config, url: `${transfers.url}${PAGE}` })).body).toContain(
      'config:ok',
    );
    expect((await sdk('config', { ...data.confirm.config, url: `${transfers.url}/x` })).body).toContain(
      'invalid signature',
    );
    const stranger = new Browser(transfers, transfers.person(true));
    expect((await sdk('confirm', transfer!, stranger)).body).toContain('fail');
    expect((await sdk('confirm', transfer!)).body).toContain('ok');
    const body = JSON.stringify({ tap: dataIn(page).tap, billNo: transfer!.billNo });
    const headers = { 'content-type': 'application/json', origin: transfers.url };
    expect((await browser.ask(`${PAGE}/confirmed`, { method: 'POST', body, headers })).status).toBe(200);
    await until(async () => {
      await transfers.bot.settle.pass();
      return (await browser.ask(`${PAGE}/mine`)).body.includes('已领取');
    });
  });
});

describe('what the page tells', () => {
  test('the seed stands there only after the end; then everybody can compute their draw', async () => {
    const person = world.person(true);
    const browser = newBrowser(person);
    const before = await browser.open(PAGE);
    await browser.draw(dataIn(before).tap);
    const seed = seedOf(ENV.TEST_SECRET, 'page');
    const commitment = createHash('sha256').update(seed).digest('hex');
    expect(before.body).toContain(commitment);
    expect(before.body).not.toContain(seed);
    expect((await browser.ask(PAGE)).body).not.toContain(seed);
    world.simulator.control.moveClock({ advanceMs: 74 * 365.25 * 86_400_000 });
    const after = await browser.open(PAGE);
    expect(after.body).toContain(`<code>${seed}</code>`);
    expect(after.body).toContain(`page/draw/${person}/ever`);
    expect(after.body).not.toContain('id="draw"');
  });

  test('a campaign in rehearsal has a page for its testers only, and a draft has none', async () => {
    const tester = 'oTester000000000000000000001';
    const rehearsed = PAGE_RULES.replace('name:', `mode: rehearse\ntesters: [${tester}]\nname:`);
    const hidden = await startPageWorld({ rules: rehearsed });
    try {
      hidden.simulator.control.addPerson({ openid: tester, following: true });
      expect((await new Browser(hidden, tester).open(PAGE)).body).toContain('id="draw"');
      const stranger = new Browser(hidden, hidden.person(true));
      expect((await stranger.open(PAGE)).status).toBe(404);
      expect((await stranger.ask(`${PAGE}/mine`)).status).toBe(404);
    } finally {
      await hidden.close();
    }
  });

  test('what ops and followers wrote stands there as text, never as markup', async () => {
    const rules = PAGE_RULES.replaceAll('gift', `'"><script>alert(1)'`).replace(
      '中了',
      '<img src=x onerror=alert(1)>中了',
    );
    const marked = await startPageWorld({ rules });
    try {
      const browser = new Browser(marked, marked.person(true));
      const page = await browser.open(PAGE);
      await browser.draw(dataIn(page).tap);
      const { mine } = readJson((await browser.ask(`${PAGE}/mine`)).body, has({ mine: isText }));
      for (const text of [page.body, mine, (await browser.ask(PAGE)).body])
        expect(text).not.toMatch(/<script>alert|<img src=x/);
      expect(mine).toContain('&lt;script&gt;');
    } finally {
      await marked.close();
    }
  });
});

describe('an invitation', () => {
  test('shows a code of the follower’s own, the same while it lasts', async () => {
    const rules = `${PAGE_RULES}  - { id: bring, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "请扫 {{invite}}" }\n`;
    const inviting = await startPageWorld({ rules });
    try {
      const browser = new Browser(inviting, inviting.person(true));
      expect((await browser.open(PAGE)).body).toContain('/h5/tea/page/invite.png');
      const [first, second] = [await browser.ask(`${PAGE}/invite.png`), await browser.ask(`${PAGE}/invite.png`)];
      expect([first.status, first.headers.get('content-type')]).toEqual([200, 'image/png']);
      expect(second.body).toBe(first.body);
      const codes = inviting.simulator.control.state().accounts[0]!.qrcodes;
      expect(codes).toHaveLength(1);
    } finally {
      await inviting.close();
    }
  });
});

test('a page is signed for the JS-SDK as the reference has it', () => {
  const ticket = 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg';
  const url = 'http://mp.weixin.qq.com?params=value';
  expect(jsSignature(ticket, 'Wm3WZYTPz0wzccnW', 1_414_587_457, url)).toBe('0f9de62fce790f9a083d5c99e95740ceb90c27ed');
  expect(jsSignature(ticket, 'Wm3WZYTPz0wzccnW', 1_414_587_457, `${url}#top`)).toBe(
    '0f9de62fce790f9a083d5c99e95740ceb90c27ed',
  );
});

test('the address of WeChat’s authorize page has its parameters in the order WeChat minds', () => {
  const url = authorizeUrl({ open: 'https://open.weixin.qq.com', appId: 'wx1' }, 'https://a.example/b?c=d&e=f', 'ab12');
  expect(url).toBe(
    'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%26e%3Df&response_type=code&scope=snsapi_base&state=ab12#wechat_redirect',
  );
});
