// The dashboard's door under attack: whoever has no session, forges, guesses or may not, gets nothing, changes nothing, and leaves
// a trace.
import { once } from 'node:events';
import { get as ask, createServer, type Server } from 'node:http';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminApp } from '../../src/app/wire-admin.ts';
import { instant, MINUTE } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { createLogin, delayAfter } from '../../src/http/admin/login.ts';
import { createAdminSessions, IDLE_MS, LONGEST_MS } from '../../src/http/admin/sessions.ts';
import { hashOf, isHash, isPassword } from '../../src/lib/password.ts';
import { createSecondFactor, newSecondFactor } from '../../src/lib/totp.ts';
import { aCommit } from '../storage/store.contract.ts';
import { type Person, signInAt, tryLoginAt } from '../support/admin-world.ts';
import { startWorld, type World } from '../support/harness.ts';
import { has, isListOf, isText, read } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

const PASSWORDS = { wang: 'Plum-Lantern-42', li: 'Quiet-Harbour-77', zhao: 'Seven-Kettles-19', sun: 'Amber-Window-58' };

let world: World;
let server: Server;
let url: string;
const said: object[] = [];
let people = 0;

beforeAll(async () => {
  const note = (fields: object, message: string): void => void said.push({ ...fields, message });
  const operators = [
    `{ name: 王敏, role: owner, password: ${PASSWORDS.wang} }`,
    `{ name: li, role: operator, password: "${await hashOf(PASSWORDS.li)}" }`,
    `{ name: zhao, role: viewer, password: ${PASSWORDS.zhao} }`,
    `{ name: sun, role: operator, password: ${PASSWORDS.sun} }`,
  ];
  world = await startWorld({
    lines: `admin:\n  listen: 127.0.0.1:3080\n  secondPersonFrom: ¥3.00\n  operators:\n${operators.map(each => `    - ${each}`).join('\n')}`,
    log: { debug: note, info: note, warn: note, error: note },
  });
  server = createServer(adminApp(world.bot.admin!, { debug: note, info: note, warn: note, error: note }).callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${portOf(server)}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await world.close();
});

async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', body, redirect: 'manual', headers });
}

const tryLogin = (name: string, password: string, headers?: Record<string, string>): Promise<Response> =>
  tryLoginAt(url, { name, password }, headers);
const login = (name: string, password: string, headers?: Record<string, string>): Promise<Person> =>
  signInAt(url, { name, password }, headers);

const get = (path: string, { cookie }: Person): Promise<Response> => fetch(`${url}${path}`, { headers: { cookie } });
const act = (path: string, body: object, { cookie, csrf }: Person, more: Record<string, string> = {}) =>
  post(path, JSON.stringify(body), { 'content-type': 'application/json', cookie, 'x-csrf': csrf, ...more });

/** A payout of ¥1.00 that nobody has begun to send. */
async function plannedPayout(): Promise<Payout> {
  const commit = aCommit({ user: `o${'Admin'.padEnd(20, '0')}${String(++people).padStart(7, '0')}` });
  expect(await world.store.commit(commit)).toEqual({ kind: 'done' });
  return commit.payout;
}

describe('a stranger', () => {
  test('is told nothing: no name, no version, no data, whatever they ask for', async () => {
    const page = await fetch(`${url}/admin`);
    const text = await page.text();
    expect(text).not.toMatch(/hongbao|红包|阿茶|version|shop/i);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    for (const path of [
      'api/today',
      'api/payouts',
      'api/payouts.csv',
      'api/acts',
      'api/nothing',
      'assets/admin.js',
      'api/live',
    ]) {
      const answer = await fetch(`${url}/admin/${path}`);
      expect([path, answer.status, await answer.text()]).toEqual([path, 401, '']);
    }
    expect(
      (await post('/admin/api/halt', '{"merchant":"shop","reason":"x"}', { 'content-type': 'application/json' }))
        .status,
    ).toBe(401);
    expect(await world.store.halt('shop')).toBeUndefined();
  });

  test('cannot make a browser elsewhere ask for them: foreign origins and foreign hosts are refused', async () => {
    const answer = await tryLogin('li', PASSWORDS.li, { origin: 'https://evil.example' });
    expect(answer.status).toBe(403);
    expect((await tryLogin('li', PASSWORDS.li, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const rebound = await new Promise<number>(resolve => {
      const port = portOf(server);
      ask({ port, host: '127.0.0.1', path: '/admin', headers: { host: 'evil.example' } }, found =>
        resolve(found.statusCode!),
      );
    });
    expect(rebound).toBe(404);
  });
});

describe('a session', () => {
  test('is new with every login: one that was planted before is worth nothing', async () => {
    const planted = 'operator=plantedplantedplantedplantedplan';
    const first = await tryLogin('li', PASSWORDS.li, { cookie: planted });
    const cookie = first.headers.getSetCookie()[0]!;
    expect(cookie).toMatch(/^operator=[\w-]{32}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain('planted');
    expect((await get('/admin/api/today', { cookie: planted, csrf: '' })).status).toBe(401);
  });

  test('that comes along when its owner signs in again ends', async () => {
    const before = await login('li', PASSWORDS.li);
    await login('li', PASSWORDS.li, { cookie: before.cookie });
    expect((await get('/admin/api/today', before)).status).toBe(401);
  });

  test('ends when nobody uses it, and after half a day in any case', () => {
    const sessions = createAdminSessions();
    const at = (ms: number) => instant(1_000_000 + ms);
    const who = { name: 'li', role: 'operator', address: '', agent: '' } as const;
    const idle = sessions.open(who, at(0));
    expect(sessions.read(idle, at(IDLE_MS - 1))).toBeDefined();
    expect(sessions.read(idle, at(2 * IDLE_MS - 2))).toBeDefined();
    expect(sessions.read(idle, at(3 * IDLE_MS))).toBeUndefined();
    const busy = sessions.open(who, at(0));
    for (let ms = 0; ms < LONGEST_MS; ms += 10 * MINUTE) expect(sessions.read(busy, at(ms))).toBeDefined();
    expect(sessions.read(busy, at(LONGEST_MS))).toBeUndefined();
  });

  test('is listed for an owner, who may end it; for nobody else', async () => {
    const [owner, other] = [await login('王敏', PASSWORDS.wang), await login('sun', PASSWORDS.sun)];
    expect((await get('/admin/api/sessions', other)).status).toBe(403);
    const told = has({ sessions: isListOf(has({ id: isText, name: isText })) });
    const { sessions } = read(await (await get('/admin/api/sessions', owner)).json(), told);
    const { id } = sessions.findLast(({ name }) => name === 'sun')!;
    expect((await act('/admin/api/revoke', { id }, other)).status).toBe(403);
    expect((await act('/admin/api/revoke', { id }, owner)).status).toBe(200);
    expect((await get('/admin/api/today', other)).status).toBe(401);
  });
});

describe('an act', () => {
  test('without the word of our page is forged: refused, logged, and nothing is changed', async () => {
    const session = await login('li', PASSWORDS.li);
    const body = { merchant: 'shop', reason: 'forged' };
    for (const csrf of ['', 'a'.repeat(32), `${session.csrf}x`])
      expect((await act('/admin/api/halt', body, { ...session, csrf })).status).toBe(403);
    expect((await act('/admin/api/halt', body, session, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await act('/admin/api/halt', body, session, { 'content-type': 'text/plain' })).status).toBe(415);
    expect(await world.store.halt('shop')).toBeUndefined();
    expect(said).toContainEqual(expect.objectContaining({ why: 'forged' }));
  });

  test('of somebody who may only look is refused and written down; they see openids by their ends', async () => {
    const payout = await plannedPayout();
    const viewer = await login('zhao', PASSWORDS.zhao);
    for (const path of ['halt', 'resume', 'retry', 'cancel', 'ask', 'agree', 'revoke'])
      expect((await act(`/admin/api/${path}`, {}, viewer)).status).toBe(403);
    const acts = await world.store.acts.list({ limit: 10 });
    expect(acts).toContainEqual(expect.objectContaining({ by: 'zhao', what: 'refused', about: 'api/retry' }));
    for (const path of [
      'payouts?filter=all',
      'payouts.csv?filter=all',
      `payout?id=${payout.billNo}`,
      'acts',
      `follower?bill=${payout.billNo}`,
    ]) {
      const text = await (await get(`/admin/api/${path}`, viewer)).text();
      expect([path, text.includes(payout.user)]).toEqual([path, false]);
    }
    const operator = await login('li', PASSWORDS.li);
    expect(await (await get('/admin/api/payouts?filter=all', operator)).text()).toContain(payout.user);
  });

  test('that moves money asks for the password again, is done once, and says who did it', async () => {
    const payout = await plannedPayout();
    const session = await login('li', PASSWORDS.li);
    const { confirmed } = await oldSession(session);
    const body = {
      numbers: [payout.billNo],
      versions: [payout.version],
      sum: payout.amount,
      reason: '客户要求',
      token: 'token-token-token-1',
    };
    expect((await act('/admin/api/cancel', { ...body, sum: 1 }, confirmed)).status).toBe(409);
    expect(
      (await act('/admin/api/cancel', { ...body, versions: [7], token: 'token-token-token-2' }, confirmed)).status,
    ).toBe(409);
    expect(
      (await act('/admin/api/cancel', { ...body, reason: '', token: 'token-token-token-3' }, confirmed)).status,
    ).toBe(400);
    const token = { ...body, token: 'token-token-token-4' };
    const [one, two] = await Promise.all([1, 2].map(() => act('/admin/api/cancel', token, confirmed)));
    expect([one!.status, two!.status]).toEqual([200, 200]);
    expect(await two!.json()).toEqual(await one!.json());
    const failed = (await world.store.payout(payout.billNo))!;
    expect(failed.state).toBe('failed');
    // What came of it is told in the language of who asked.
    for (const [lang, words, no] of [
      ['zh', /[\u4e00-\u9fff]/, /refused/],
      ['en', /[a-z]{3}/, /[\u4e00-\u9fff]/],
    ] as const) {
      const again = { ...body, versions: [failed.version], token: `token-token-token-${lang}` };
      const told: unknown = await (await act(`/admin/api/retry?lang=${lang}`, again, confirmed)).json();
      const { results } = read(told, has({ results: isListOf(has({ text: isText })) }));
      expect(results[0]!.text).toMatch(words);
      expect(results[0]!.text).not.toMatch(no);
    }
    const acts = (await world.store.acts.list({ limit: 20 })).filter(
      each => each.what === 'payouts cancel' && each.about === payout.billNo,
    );
    expect(acts).toMatchObject([{ by: 'li', detail: '¥1.00 客户要求' }]);
  });

  test('that moves much waits for somebody else, whose name stands beside the first one’s', async () => {
    const payouts = [await plannedPayout(), await plannedPayout(), await plannedPayout()];
    const [first, second] = [await login('li', PASSWORDS.li), await login('sun', PASSWORDS.sun)];
    const body = {
      numbers: payouts.map(({ billNo }) => billNo),
      versions: payouts.map(({ version }) => version),
      sum: payouts.reduce((sum, { amount }) => sum + amount, 0),
      reason: '误配',
      token: 'token-of-a-second-person',
    };
    const { waits } = read(await (await act('/admin/api/cancel', body, first)).json(), has({ waits: isText }));
    expect((await world.store.payout(payouts[0]!.billNo))!.state).toBe('planned');
    expect((await act('/admin/api/agree', { id: waits }, first)).status).toBe(403);
    expect((await act('/admin/api/agree', { id: waits }, second)).status).toBe(200);
    expect((await act('/admin/api/agree', { id: waits }, second)).status).toBe(409);
    for (const { billNo } of payouts) expect((await world.store.payout(billNo))!.state).toBe('failed');
    const [newest] = (await world.store.acts.list({ limit: 20 })).filter(each => each.what === 'payouts cancel');
    expect(newest).toMatchObject({ by: 'sun', detail: '¥3.00 误配 (li)' });
  });

  test('takes an alarm on, once, for all to see; who may only look may not', async () => {
    const now = instant(Date.now());
    const alarm = {
      key: 'halted:shop',
      grave: 'page',
      words: { zh: '商户停了', en: 'halted' },
      since: now,
      seenAt: now,
    };
    const lease = await world.store.lease('alarms', 'test', MINUTE, now);
    await world.store.release(lease!, now, JSON.stringify([alarm]));
    const [li, zhao] = [await login('li', PASSWORDS.li), await login('zhao', PASSWORDS.zhao)];
    expect((await act('/admin/api/take', { key: alarm.key }, zhao)).status).toBe(403);
    expect((await act('/admin/api/take', { key: 'another' }, li)).status).toBe(409);
    expect((await act('/admin/api/take', { key: alarm.key }, li)).status).toBe(200);
    expect(await (await get('/admin/api/alarms', zhao)).json()).toMatchObject({
      alarms: [{ key: alarm.key, isGrave: true, text: '商户停了', taken: { by: 'li' } }],
    });
    expect((await world.store.acts.list({ limit: 1 }))[0]).toMatchObject({ by: 'li', what: 'alarms ack' });
  });

  test('of taking a list of winners is written down; openids are for who may act', async () => {
    const [li, zhao] = [await login('li', PASSWORDS.li), await login('zhao', PASSWORDS.zhao)];
    const told: unknown = await (await get('/admin/api/campaigns', li)).json();
    const { campaigns } = read(told, has({ campaigns: isListOf(has({ id: isText })) }));
    const list = (name: string, who: Person): Promise<Response> =>
      get(`/admin/api/winners.csv?campaign=${campaigns[0]!.id}&list=${name}`, who);
    expect((await list('whole', zhao)).status).toBe(403);
    expect((await list('public', zhao)).status).toBe(200);
    expect((await list('nothing', li)).status).toBe(400);
    const whole = await list('whole', li);
    expect(whole.headers.get('content-disposition')).toContain('attachment; filename="winners-');
    expect(await whole.text()).toContain('openid');
    expect((await world.store.acts.list({ limit: 1 }))[0]).toMatchObject({
      by: 'li',
      what: 'winners',
      detail: 'whole',
    });
    expect(await (await get('/admin/api/versions', zhao)).json()).toHaveProperty('versions');
  });

  test('of halting and resuming a merchant is what the command does', async () => {
    const session = await login('li', PASSWORDS.li);
    expect((await act('/admin/api/halt', { merchant: 'shop', reason: '余额要核对' }, session)).status).toBe(200);
    const halt = (await world.store.halt('shop'))!;
    expect(halt).toMatchObject({ by: 'operator', reason: '余额要核对 (li)' });
    const body = { merchant: 'shop', reason: '核对完', since: halt.since - 1, token: 'resume-resume-resume-1' };
    expect((await act('/admin/api/resume', body, session)).status).toBe(409);
    const again = { ...body, since: halt.since, token: 'resume-resume-resume-2' };
    expect((await act('/admin/api/resume', again, session)).status).toBe(200);
    expect(await world.store.halt('shop')).toBeUndefined();
  });
});

/** As if the password had been given long ago, until it is given again. */
async function oldSession(session: Person): Promise<{ confirmed: Person }> {
  const wrong = await act('/admin/api/confirm', { password: 'not-this-one-at-all' }, session);
  expect(wrong.status).toBe(403);
  const right = await act('/admin/api/confirm', { password: PASSWORDS.li }, session);
  expect(right.status).toBe(200);
  return { confirmed: session };
}

describe('who guesses', () => {
  // Without the tenth of a second that a hash takes.
  const judge = async ({ name, password }: { name: string; password: string }) =>
    name === '王敏' && password === PASSWORDS.wang ? operators[0] : undefined;
  const operators = [{ name: '王敏', role: 'owner', password: PASSWORDS.wang }] as const;

  test('waits longer and longer, behind one address and for one name, and is refused when many wait', async () => {
    const waits: number[] = [];
    const at = (ms: number) => instant(ms);
    const login = createLogin({ clock: () => at(0), sleep: async ms => waits.push(ms), operators, judge });
    const guess = (address: string, name = '王敏') => login.try({ name, password: 'guess', digits: '', address });
    for (let n = 0; n < 8; n++) expect(await guess('203.0.113.1')).toBe('wrong');
    expect(waits).toEqual([1000, 2000, 4000]);
    // From other addresses, for the same name.
    for (let n = 0; n < 3; n++) await guess(`203.0.113.${n + 2}`);
    expect(waits.slice(3)).toEqual([1000]);
    const crowd = await Promise.all(Array.from({ length: 5 }, () => guess('203.0.113.9', 'nobody')));
    expect(crowd.filter(each => each === 'busy')).toHaveLength(2);
    expect(delayAfter(99)).toBe(16_000);
  });

  test('cannot keep the owner out: a browser they know does not wait, a new one is let in after at most 16 s', async () => {
    const waits: number[] = [];
    const login = createLogin({ clock: () => instant(0), sleep: async ms => waits.push(ms), operators, judge });
    const attempt = { name: '王敏', digits: '', address: '203.0.113.1' };
    for (let n = 0; n < 9; n++) await login.try({ ...attempt, password: 'guess' });
    waits.length = 0;
    const mine = { ...attempt, password: PASSWORDS.wang };
    expect(await login.try({ ...mine, device: 'known' })).toMatchObject({ role: 'owner' });
    expect(waits).toEqual([]);
    expect(await login.try(mine)).toMatchObject({ role: 'owner' });
    expect(waits).toEqual([16_000]);
  });

  test('cannot shut out a known browser by a crowd of tries that wait, of one address or of many', async () => {
    let release = (): void => undefined;
    const wait = new Promise<void>(resolve => {
      release = resolve;
    });
    const login = createLogin({ clock: () => instant(0), sleep: () => wait, operators, judge });
    const attempt = { name: '王敏', digits: '', password: 'guess' };
    for (let n = 0; n < 10; n++) await Promise.race([login.try({ ...attempt, address: `198.51.100.${n}` }), null]);
    // Whoever tries the name waits by now: two at its own address, as behind a proxy that is not told of, and many elsewhere.
    const crowd = Array.from({ length: 60 }, (_, n) => login.try({ ...attempt, address: `203.0.113.${n >> 1}` }));
    const mine = { ...attempt, address: '203.0.113.0', password: PASSWORDS.wang };
    expect(await login.try(mine)).toBe('busy');
    expect(await login.try({ ...mine, device: 'known' })).toMatchObject({ role: 'owner' });
    release();
    await Promise.all(crowd);
  });

  test('needs the second factor too, where there is one, and its digits are good once', async () => {
    const { secret, address } = newSecondFactor('li');
    expect(address).toMatch(/^otpauth:\/\/totp\//);
    const now = instant(1_700_000_000_000);
    const login = createLogin({
      clock: () => now,
      sleep: async () => undefined,
      operators: [{ name: 'li', role: 'operator', password: PASSWORDS.li, totp: secret }],
    });
    const digits = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now });
    const attempt = { name: 'LI', password: PASSWORDS.li, address: '203.0.113.1' };
    expect(await login.try({ ...attempt, digits: '' })).toBe('wrong');
    expect(await login.try({ ...attempt, digits })).toMatchObject({ name: 'li' });
    expect(await login.try({ ...attempt, digits })).toBe('wrong');
    expect(createSecondFactor(secret).take('abcdef', now)).toBe(false);
  });

  test('a second factor typed in full width is right; a clock that was set back shuts nobody out', async () => {
    const { secret } = newSecondFactor('li');
    const [wrong, now] = [instant(1_700_000_000_000 + 400 * MINUTE), instant(1_700_000_000_000)];
    const digitsAt = (at: number): string =>
      new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at });
    const factor = createSecondFactor(secret);
    expect(factor.take(digitsAt(wrong), wrong)).toBe(true);
    // The machine's clock is right again.
    expect(factor.take(digitsAt(now), now)).toBe(true);
    expect(factor.take(digitsAt(now), now)).toBe(false);
    const login = createLogin({
      clock: () => now,
      sleep: async () => undefined,
      operators: [{ name: 'li', role: 'operator', password: PASSWORDS.li, totp: secret }],
    });
    const wide = digitsAt(now).replace(/\d/g, digit => String.fromCharCode(0xff10 + Number(digit)));
    const digits = `${wide.slice(0, 3)}\u3000${wide.slice(3)}`;
    expect(await login.try({ name: 'li', password: PASSWORDS.li, address: '', digits })).toMatchObject({ name: 'li' });
  });

  test('has a hash that takes its time, and says how it was made', async () => {
    const hash = await hashOf('相同的密码 12345');
    expect(isHash(hash)).toBe(true);
    expect(await isPassword('相同的密码 12345', hash)).toBe(true);
    expect(await isPassword('相同的密码 12346', hash)).toBe(false);
    expect(await hashOf('相同的密码 12345')).not.toBe(hash);
  });
});

test('what followers and operators write is shown as text: no tag in the shell, no formula in the CSV', async () => {
  const session = await login('li', PASSWORDS.li);
  const page = await (await get('/admin?lang=%3Cscript%3E', session)).text();
  expect(page).not.toContain('<script>');
  const user = world.person(true);
  await world.simulator.control.act(user, { kind: 'text', text: '<img src=x onerror=alert(1)>' });
  const answer = await get(`/admin/api/follower?user=${user}`, session);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});
