// The simulator as the Official Account platform: tokens, followers, customer-service messages, QR codes, menus, errors.

import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { PlatformFault } from '../../src/simulator/shared/protocol.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { isListOf, isMap, read } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** 2026-02-10 12:00 in Beijing. */
const NOON = Date.UTC(2026, 1, 10, 4);
const APP = 'wx8888888888888888';
const SECRET = 'simulatorAppSecret00000000000000';

type Json = Record<string, unknown> & { errcode?: number; errmsg?: string };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start() {
  const hook = createServer((_req, res) => res.end('success'));
  await new Promise<void>(resolve => hook.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () =>
      new Promise(resolve => {
        hook.close(() => resolve());
        hook.closeAllConnections();
      }),
  });
  const account = {
    title: '阿茶',
    appSecret: SECRET,
    token: 't',
    mode: 'plain' as const,
    encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
    webhook: `http://127.0.0.1:${portOf(hook)}/`,
  };
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(() => NOON),
    accounts: [
      { ...account, name: 'tea', appId: APP, originalId: 'gh_0a1b2c3d4e5f' },
      { ...account, name: 'cake', appId: 'wx7777777777777777', originalId: 'gh_0a1b2c3d4e60' },
    ],
    merchants: [],
  });
  open.push(simulator);
  const call = async (path: string, init?: RequestInit): Promise<Json> => {
    const reply = await fetch(`${simulator.url}/cgi-bin/${path}`, init);
    expect(reply.status).toBe(200);
    const json = read(await reply.json(), isMap);
    if (json.errcode) expect(json.errmsg).toMatch(/ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/);
    return json;
  };
  const post = (path: string, body: unknown) =>
    call(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  const token = async () =>
    String((await call(`token?grant_type=client_credential&appid=${APP}&secret=${SECRET}`)).access_token);
  const stable = (more: object = {}) =>
    post('stable_token', { grant_type: 'client_credential', appid: APP, secret: SECRET, ...more });
  const probe = async (value: string) => (await call(`getcallbackip?access_token=${value}`)).errcode ?? 0;
  const advance = (advanceMs: number) => simulator.control.moveClock({ advanceMs });
  const fault = (...platform: PlatformFault[]) => simulator.control.setFaults({ pay: [], platform });
  return { simulator, call, post, token, stable, probe, advance, fault };
}

describe('access_token', () => {
  test('a new one from /token leaves the old one five minutes, then it is 40001', async () => {
    const { token, probe, advance } = await start();
    const [first, second] = [await token(), await token()];
    expect(first).not.toBe(second);
    expect([await probe(first), await probe(second)]).toEqual([0, 0]);
    advance(5 * MINUTE);
    expect([await probe(first), await probe(second)]).toEqual([40001, 0]);
    advance(2 * HOUR);
    expect(await probe(second)).toBe(42001);
  });

  test('stable_token gives the same one until five minutes before its end, and both live during the change', async () => {
    const { stable, probe, advance } = await start();
    const first = await stable();
    expect(first).toMatchObject({ expires_in: 7200 });
    advance(HOUR);
    expect(await stable()).toEqual({ access_token: first.access_token, expires_in: 3600 });
    advance(55 * MINUTE);
    const second = await stable();
    expect(second.access_token).not.toBe(first.access_token);
    expect([await probe(String(first.access_token)), await probe(String(second.access_token))]).toEqual([0, 0]);
    advance(5 * MINUTE);
    expect([42001, 40001]).toContain(await probe(String(first.access_token)));
    expect(await probe(String(second.access_token))).toBe(0);
  });

  test('force_refresh kills the old one at once, not twice within 30 s, and 20 times a day', async () => {
    const { stable, probe, advance } = await start();
    const first = String((await stable()).access_token);
    const second = String((await stable({ force_refresh: true })).access_token);
    expect([await probe(first), await probe(second)]).toEqual([40001, 0]);
    expect((await stable({ force_refresh: true })).access_token).toBe(second);
    for (let n = 2; n <= 20; n++) {
      advance(30 * SECOND);
      expect((await stable({ force_refresh: true })).errcode).toBeUndefined();
    }
    advance(30 * SECOND);
    expect((await stable({ force_refresh: true })).errcode).toBe(45009);
  });

  test('the two kinds know nothing of each other', async () => {
    const { stable, token, probe, advance } = await start();
    const one = String((await stable()).access_token);
    await token();
    await token();
    await stable({ force_refresh: true });
    const other = await token();
    advance(6 * MINUTE);
    expect([await probe(one), await probe(other)]).toEqual([40001, 0]);
  });

  test.each([
    [{ grant_type: 'nothing' }, 40002],
    [{ appid: '' }, 41002],
    [{ secret: '' }, 41004],
    [{ appid: 'wx0000000000000000' }, 40013],
    [{ secret: 'wrong' }, 40125],
  ])('a wrong client is refused by both: %j', async (change, code) => {
    const { call, stable } = await start();
    const query = new URLSearchParams({ grant_type: 'client_credential', appid: APP, secret: SECRET, ...change });
    expect((await call(`token?${query}`)).errcode).toBe(code);
    expect((await stable(change)).errcode).toBe(code);
  });

  test("a call without a token, with nonsense or with somebody's guess has a code of its own", async () => {
    const { call, post, probe } = await start();
    expect((await call('getcallbackip')).errcode).toBe(41001);
    expect(await probe('short')).toBe(40014);
    expect(await probe('A'.repeat(128))).toBe(40001);
    expect((await post('token', {})).errcode).toBe(43001);
    expect((await call('stable_token')).errcode).toBe(43002);
  });

  test('/token is given out 2000 times a day; clear_quota gives more, ten times a month', async () => {
    const { token, call, post, advance, stable } = await start();
    const value = String((await stable()).access_token);
    for (let n = 0; n < 2000; n++) await token();
    const once = () => call(`token?grant_type=client_credential&appid=${APP}&secret=${SECRET}`);
    expect((await once()).errcode).toBe(45009);
    expect((await post(`clear_quota?access_token=${value}`, { appid: 'wx7777777777777777' })).errcode).toBe(40013);
    for (let n = 0; n < 10; n++)
      expect((await post(`clear_quota?access_token=${value}`, { appid: APP })).errcode).toBe(0);
    expect((await post(`clear_quota?access_token=${value}`, { appid: APP })).errcode).toBe(48006);
    expect((await once()).errcode).toBeUndefined();
    advance(12 * HOUR);
    expect((await once()).errcode).toBeUndefined();
  });
});

describe('followers', () => {
  test("user/info tells a follower's time and scene, of others only that they do not follow", async () => {
    const { simulator, call, token, advance } = await start();
    const { openid } = simulator.control.addPerson({ account: 'tea' });
    const value = await token();
    const info = () => call(`user/info?access_token=${value}&openid=${openid}&lang=zh_CN`);
    expect(await info()).toEqual({ subscribe: 0, openid });
    advance(HOUR);
    await simulator.control.act(openid, { kind: 'scan', scene: 'shop-7' });
    const told = await info();
    expect(told).toMatchObject({
      subscribe: 1,
      openid,
      subscribe_time: (NOON + HOUR) / 1000,
      subscribe_scene: 'ADD_SCENE_QR_CODE',
      qr_scene: 0,
      qr_scene_str: 'shop-7',
    });
    expect('nickname' in told).toBe(false);
    await simulator.control.act(openid, { kind: 'unfollow' });
    expect(await info()).toEqual({ subscribe: 0, openid });
    const foreign = simulator.control.addPerson({ account: 'cake' }).openid;
    expect((await call(`user/info?access_token=${value}&openid=${foreign}`)).errcode).toBe(40003);
  });

  test('batchget takes up to 100', async () => {
    const { simulator, post, token } = await start();
    const people = Array.from({ length: 101 }, () => ({
      openid: simulator.control.addPerson({ account: 'tea', following: true }).openid,
    }));
    const path = `user/info/batchget?access_token=${await token()}`;
    const { user_info_list: list } = await post(path, { user_list: people.slice(0, 100) });
    expect(read(list, isListOf(isMap)).map(({ openid }) => openid)).toEqual(
      people.slice(0, 100).map(({ openid }) => openid),
    );
    expect((await post(path, { user_list: people })).errcode).toBe(40032);
    expect((await post(path, { user_list: [] })).errcode).toBe(40032);
    expect((await post(path, { user_list: [{ openid: 'oNobody' }] })).errcode).toBe(40003);
  });

  test('user/get pages by 10 000; a page that ends with the last one is followed by an empty one', async () => {
    const { simulator, call, token } = await start();
    for (let n = 0; n < 10_001; n++) simulator.control.addPerson({ account: 'tea', following: true });
    const value = await token();
    const page = (next = '') => call(`user/get?access_token=${value}&next_openid=${next}`);
    const first = await page();
    expect(first).toMatchObject({ total: 10_001, count: 10_000 });
    const second = await page(String(first.next_openid));
    expect(second).toMatchObject({ total: 10_001, count: 1, data: { openid: [second.next_openid] } });
    expect(await page(String(second.next_openid))).toEqual({ total: 10_001, count: 0, next_openid: '' });
    expect((await page('oNobody')).errcode).toBe(40003);
  });
});

describe('customer-service messages', () => {
  async function talk() {
    const { simulator, post, token, advance } = await start();
    const { openid } = simulator.control.addPerson({ account: 'tea', following: true });
    // The window that the follow opened is over.
    advance(MINUTE);
    const say = async (body: object = { msgtype: 'text', text: { content: '你好' } }) =>
      (await post(`message/custom/send?access_token=${await token()}`, { touser: openid, ...body })).errcode;
    return { simulator, openid, say, advance, post, token };
  }

  test('to somebody who did nothing: 45015; after a message five within 48 h, then 45047, then 45015', async () => {
    const { simulator, openid, say, advance } = await talk();
    expect(await say()).toBe(45015);
    await simulator.control.act(openid, { kind: 'text', text: 'hi' });
    for (let n = 0; n < 5; n++) expect(await say()).toBe(0);
    expect(await say()).toBe(45047);
    await simulator.control.act(openid, { kind: 'text', text: 'hi' });
    advance(48 * HOUR - 1);
    expect(await say()).toBe(0);
    advance(1);
    expect(await say()).toBe(45015);
  });

  test.each([
    [{ kind: 'click', key: 'K' }, 3],
    [{ kind: 'scan', scene: 's' }, 3],
    [{ kind: 'raw', fields: { MsgType: 'text', Content: '领取', bizmsgmenuid: 'claim' } }, 3],
    [{ kind: 'view', url: 'https://x.cn' }, 0],
  ] as const)('after %j there are %d within a minute', async (act, count) => {
    const { simulator, openid, say, advance } = await talk();
    await simulator.control.act(openid, act);
    for (let n = 0; n < count; n++) expect(await say()).toBe(0);
    expect(await say()).toBe(count === 0 ? 45015 : 45047);
    await simulator.control.act(openid, act);
    advance(MINUTE);
    expect(await say()).toBe(45015);
  });

  test('a follow gives three within a minute, an unfollow takes all away', async () => {
    const { simulator, openid, say } = await talk();
    await simulator.control.act(openid, { kind: 'unfollow' });
    await simulator.control.act(openid, { kind: 'follow' });
    for (let n = 0; n < 3; n++) expect(await say()).toBe(0);
    expect(await say()).toBe(45047);
    await simulator.control.act(openid, { kind: 'text', text: 'x' });
    await simulator.control.act(openid, { kind: 'unfollow' });
    expect(await say()).toBe(45015);
  });

  test('the window that closes first is spent first', async () => {
    const { simulator, openid, say, advance } = await talk();
    await simulator.control.act(openid, { kind: 'text', text: 'x' });
    await simulator.control.act(openid, { kind: 'click', key: 'K' });
    for (let n = 0; n < 3; n++) await say();
    advance(MINUTE);
    for (let n = 0; n < 5; n++) expect(await say()).toBe(0);
    expect(await say()).toBe(45047);
  });

  test('what is sent stands in the chat', async () => {
    const { simulator, openid, say } = await talk();
    await simulator.control.act(openid, { kind: 'text', text: 'x' });
    await say();
    await say({ msgtype: 'image', image: { media_id: 'm1' } });
    await say({ msgtype: 'news', news: { articles: [{ title: 't', description: 'd', url: 'u', picurl: 'p' }] } });
    await say({
      msgtype: 'msgmenu',
      msgmenu: { head_content: '请选择', list: [{ id: 'a', content: '领取' }], tail_content: '谢谢' },
    });
    expect(simulator.control.person(openid).chat.slice(1)).toMatchObject([
      { from: 'account', kind: 'text', text: '你好' },
      { kind: 'image', mediaId: 'm1' },
      { kind: 'news', title: 't', description: 'd', picUrl: 'p', url: 'u' },
      { kind: 'text', text: '请选择\n· 领取\n谢谢' },
    ]);
  });

  test.each<[string, object, number]>([
    ['to nobody', { touser: 'oNobody' }, 40003],
    ['of an unknown type', { msgtype: 'hologram' }, 40008],
    ['without words', { msgtype: 'text', text: { content: '' } }, 44004],
    ['over 2048 bytes', { msgtype: 'text', text: { content: '字'.repeat(683) } }, 45002],
    ['without its picture', { msgtype: 'image', image: {} }, 40007],
    ['of two articles', { msgtype: 'news', news: { articles: [{}, {}] } }, 45008],
  ])('one %s is refused and costs nothing', async (_what, change, code) => {
    const { simulator, openid, say } = await talk();
    await simulator.control.act(openid, { kind: 'text', text: 'x' });
    expect(await say({ msgtype: 'text', text: { content: 'ok' }, ...change })).toBe(code);
    for (let n = 0; n < 5; n++) expect(await say()).toBe(0);
  });

  test('a body that is empty, no JSON or escaped has a code of its own', async () => {
    const { post, token } = await talk();
    const path = `message/custom/send?access_token=${await token()}`;
    expect((await post(path, '')).errcode).toBe(44002);
    expect((await post(path, '{')).errcode).toBe(47001);
    expect((await post(path, '[]')).errcode).toBe(47001);
    expect((await post(path, `{"a":"${'x'.repeat(70_000)}"}`)).errcode).toBe(47001);
    expect((await post(path, '{"touser":"\\u4f60"}')).errcode).toBe(40033);
    expect((await post(path, '{"touser":"\\\\u4f60"}')).errcode).toBe(40003);
  });
});

describe('QR codes', () => {
  async function codes() {
    const { simulator, post, token, advance, call } = await start();
    const create = async (body: object) => post(`qrcode/create?access_token=${await token()}`, body);
    return { simulator, create, advance, call };
  }
  const scene = (value: number | string) => ({
    scene: typeof value === 'number' ? { scene_id: value } : { scene_str: value },
  });

  test('all four kinds are made, scanned with their scene as text, and shown to the chat page', async () => {
    const { simulator, create } = await codes();
    const made = [
      await create({ action_name: 'QR_SCENE', expire_seconds: 600, action_info: scene(4_294_967_295) }),
      await create({ action_name: 'QR_STR_SCENE', action_info: scene('camp7-u42') }),
      await create({ action_name: 'QR_LIMIT_SCENE', action_info: scene(100_000) }),
      await create({ action_name: 'QR_LIMIT_STR_SCENE', action_info: scene('门店') }),
    ];
    expect(made.map(({ expire_seconds: seconds }) => seconds)).toEqual([600, 60, undefined, undefined]);
    const { qrcodes } = simulator.control.state().accounts[0]!;
    expect(qrcodes.map(code => code.scene)).toEqual(['4294967295', 'camp7-u42', '100000', '门店']);
    expect(qrcodes.map(code => code.ticket)).toEqual(made.map(({ ticket }) => ticket));
    const { openid } = simulator.control.addPerson({ account: 'tea', following: true });
    const push = await simulator.control.act(openid, { kind: 'scan', scene: '门店' });
    expect(push.xml).toContain(`<Ticket><![CDATA[${String(made[3]!.ticket)}]]></Ticket>`);
  });

  test('the same permanent scene keeps its ticket', async () => {
    const { simulator, create } = await codes();
    const body = { action_name: 'QR_LIMIT_STR_SCENE', action_info: scene('door') };
    expect(await create(body)).toEqual(await create(body));
    expect(simulator.control.state().accounts[0]!.qrcodes).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['an unknown kind', { action_name: 'QR_OTHER', action_info: scene(1) }],
    ['the number 0', { action_name: 'QR_SCENE', action_info: scene(0) }],
    ['a number over 32 bits', { action_name: 'QR_SCENE', action_info: scene(4_294_967_296) }],
    ['a text for a number', { action_name: 'QR_SCENE', action_info: scene('text') }],
    ['a permanent number over 100 000', { action_name: 'QR_LIMIT_SCENE', action_info: scene(100_001) }],
    ['an empty text', { action_name: 'QR_STR_SCENE', action_info: scene('') }],
    ['a text over 64 characters', { action_name: 'QR_STR_SCENE', action_info: scene('x'.repeat(65)) }],
    ['more than 30 days', { action_name: 'QR_STR_SCENE', expire_seconds: 2_592_001, action_info: scene('x') }],
    ['no scene at all', { action_name: 'QR_STR_SCENE' }],
  ])('%s is 40053', async (_what, body) => {
    const { create } = await codes();
    expect((await create(body)).errcode).toBe(40053);
  });

  test("an expired one brings no scene: a follower's scan does nothing, a stranger only follows", async () => {
    const { simulator, create, advance } = await codes();
    await create({ action_name: 'QR_STR_SCENE', expire_seconds: 60, action_info: scene('short') });
    advance(MINUTE);
    const [follower, stranger] = [
      simulator.control.addPerson({ account: 'tea', following: true }),
      simulator.control.addPerson({ account: 'tea' }),
    ];
    await expect(simulator.control.act(follower.openid, { kind: 'scan', scene: 'short' })).rejects.toThrow(/expired/);
    const push = await simulator.control.act(stranger.openid, { kind: 'scan', scene: 'short' });
    expect(push.xml).toContain('<EventKey><![CDATA[]]></EventKey>');
    expect(push.xml).not.toContain('Ticket');
  });

  test('showqrcode is a picture, and 404 for a ticket nobody was given', async () => {
    const { simulator, create } = await codes();
    const { ticket } = await create({ action_name: 'QR_STR_SCENE', action_info: scene('x') });
    const show = (value: string) => fetch(`${simulator.url}/cgi-bin/showqrcode?ticket=${encodeURIComponent(value)}`);
    const reply = await show(String(ticket));
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/gif']);
    expect(
      Buffer.from(await reply.arrayBuffer())
        .subarray(0, 6)
        .toString(),
    ).toMatch(/^GIF8[79]a$/);
    expect((await show('gQnothing')).status).toBe(404);
  });
});

describe('menus', () => {
  async function menus() {
    const { simulator, post, token, call } = await start();
    const create = async (body: unknown) => (await post(`menu/create?access_token=${await token()}`, body)).errcode;
    const get = async () => call(`menu/get?access_token=${await token()}`);
    const remove = async () => call(`menu/delete?access_token=${await token()}`);
    return { simulator, create, get, remove };
  }
  const click = { type: 'click', name: '抽奖', key: 'LOTTERY' };

  test('a menu is made, read back, shown to the chat page and deleted', async () => {
    const { simulator, create, get, remove } = await menus();
    const group = { name: '活动', sub_button: [{ type: 'view', name: '活动页', url: 'https://x.cn/' }, click] };
    const menu = { button: [click, group] };
    expect((await get()).errcode).toBe(46003);
    expect(await create(menu)).toBe(0);
    // Every button has a list below it, as the platform says it.
    const below = { sub_button: [] };
    const subs = group.sub_button.map(each => ({ ...each, ...below }));
    expect(await get()).toEqual({
      menu: {
        button: [
          { ...click, ...below },
          { ...group, sub_button: subs },
        ],
      },
    });
    expect(simulator.control.state().accounts[0]!.menu).toEqual(menu);
    expect((await remove()).errcode).toBe(0);
    expect((await get()).errcode).toBe(46003);
  });

  test.each<[string, object, number]>([
    ['no button', { button: [] }, 40016],
    ['four buttons', { button: [click, click, click, click] }, 40016],
    ['nothing', {}, 40016],
    ['a name over 16 bytes', { button: [{ ...click, name: '一二三四五六' }] }, 40018],
    ['a button without a type', { button: [{ ...click, type: undefined }] }, 40017],
    ['a button without a key', { button: [{ ...click, key: '' }] }, 40019],
    ['a key over 128 bytes', { button: [{ ...click, key: 'k'.repeat(129) }] }, 40019],
    ['a link without a URL', { button: [{ name: 'a', type: 'view' }] }, 40020],
    [
      'six buttons below one',
      { button: [{ name: 'a', sub_button: [click, click, click, click, click, click] }] },
      40023,
    ],
  ])('a menu with %s is refused', async (_what, menu, code) => {
    const { create } = await menus();
    expect(await create(menu)).toBe(code);
  });
});

describe("the platform's bad days", () => {
  test('busy, quota and html502 strike any call, and count down', async () => {
    const { simulator, probe, token, fault } = await start();
    const value = await token();
    fault({ kind: 'busy', times: 1 });
    expect([await probe(value), await probe(value)]).toEqual([-1, 0]);
    fault({ kind: 'quota', times: 1 });
    expect([await probe(value), await probe(value)]).toEqual([45009, 0]);
    fault({ kind: 'html502', times: 1 });
    const reply = await fetch(`${simulator.url}/cgi-bin/getcallbackip?access_token=${value}`);
    expect([reply.status, await reply.text()]).toEqual([502, expect.stringContaining('<html>')]);
  });

  test('slow answers after its delay', async () => {
    const { probe, token, fault } = await start();
    const value = await token();
    fault({ kind: 'slow', delayMs: 80, times: 1 });
    const begun = performance.now();
    expect(await probe(value)).toBe(0);
    expect(performance.now() - begun).toBeGreaterThan(70);
  });

  test('expireToken: 42001 until a new one was fetched, also from stable_token', async () => {
    const { stable, token, probe, fault } = await start();
    const [old, plain] = [String((await stable()).access_token), await token()];
    fault({ kind: 'expireToken' });
    expect([await probe(old), await probe(old), await probe(plain)]).toEqual([42001, 42001, 42001]);
    const fresh = String((await stable()).access_token);
    expect(fresh).not.toBe(old);
    expect([await probe(fresh), await probe(fresh)]).toEqual([0, 0]);
  });

  test('expireToken with a count costs as many tokens', async () => {
    const { stable, probe, fault } = await start();
    fault({ kind: 'expireToken', times: 2 });
    for (const code of [42001, 42001, 0]) expect(await probe(String((await stable()).access_token))).toBe(code);
  });

  test('a path nobody knows and a wrong method have codes', async () => {
    const { call, post, token } = await start();
    const value = await token();
    expect((await call(`nothing?access_token=${value}`)).errcode).toBe(40066);
    expect((await call(`qrcode/create?access_token=${value}`)).errcode).toBe(43002);
    expect((await post(`user/get?access_token=${value}`, {})).errcode).toBe(43001);
  });
});
