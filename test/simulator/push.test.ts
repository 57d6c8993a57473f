// The simulator as a sender of pushes: against a tiny webhook, whose crypto is another library's.

import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { decrypt, encrypt, getSignature } from '@wecom/crypto';
import { afterEach, expect, test } from 'vitest';
import { FAILURE_NOTICE } from '../../src/simulator/account/push.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { AccountOptions, SimulatorOptions } from '../../src/simulator/shared/options.ts';
import type { Push } from '../../src/simulator/shared/protocol-push.ts';

import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { signatureOf } from '../../src/wechat/crypto.ts';
import { parseXml, textOf } from '../../src/wechat/xml.ts';
import { portOf } from '../support/listening.ts';

const ACCOUNT: AccountOptions = {
  name: 'tea',
  title: '阿茶',
  appId: 'wx0123456789abcdef',
  appSecret: 'secret',
  token: 'simToken01',
  encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
  originalId: 'gh_0a1b2c3d4e5f',
  mode: 'safe',
  webhook: '',
};

type Hit = { readonly query: URLSearchParams; readonly body: string; readonly method: string };
/** What a webhook answers: a body, a status, or nothing at all. */
type Reaction = (hit: Hit, count: number) => string | number | 'silence' | Promise<string>;

/** For webhooks that are silent: all others are given time, on however slow a machine. */
const IMPATIENT = { pushTimeoutMs: 250 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function webhook(react: Reaction): Promise<{ url: string; hits: Hit[] }> {
  const hits: Hit[] = [];
  const server: Server = createServer(async (req, res) => {
    const query = new URL(req.url!, 'http://x').searchParams;
    const hit = { query, body: await text(req), method: req.method! };
    hits.push(hit);
    const answer = await react(hit, hits.length);
    if (answer === 'silence') return;
    if (typeof answer === 'number') res.statusCode = answer;
    res.end(typeof answer === 'number' ? '' : answer);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return { url: `http://127.0.0.1:${portOf(server)}/wechat/tea?x=1`, hits };
}

async function start(react: Reaction, account: Partial<AccountOptions> = {}, more: Partial<SimulatorOptions> = {}) {
  const hook = await webhook(react);
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(() => 1_770_000_000_000),
    accounts: [{ ...ACCOUNT, webhook: hook.url, ...account }],
    merchants: [],
    pushTimeoutMs: 5000,
    pushGapMs: 10,
    ...more,
  });
  open.push(simulator);
  return { simulator, ...hook };
}

const follower = (simulator: Simulator): string => simulator.control.addPerson({ following: true }).openid;
const texts = (simulator: Simulator, openid: string): string[] =>
  simulator.control.person(openid).chat.map(line => ('text' in line ? `${line.from}: ${line.text}` : line.kind));

function replyTo(openid: string, change: Record<string, string> = {}): string {
  const fields = {
    ToUserName: openid,
    FromUserName: ACCOUNT.originalId,
    CreateTime: '1770000000',
    MsgType: 'text',
    Content: '你好',
    ...change,
  };
  return `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`;
}

/** An encrypted reply, made with Tencent's own package. */
function sealed(clear: string, change: { appId?: string; signature?: string; nonce?: string } = {}): string {
  const cipher = encrypt(ACCOUNT.encodingAesKey, clear, change.appId ?? ACCOUNT.appId);
  const nonce = change.nonce ?? '880011';
  const signature = change.signature ?? getSignature(ACCOUNT.token, '1770000000', nonce, cipher);
  return (
    `<xml><Encrypt><![CDATA[${cipher}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature>` +
    `<TimeStamp>1770000000</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`
  );
}

function opened(hit: Hit) {
  const cipher = textOf(parseXml(hit.body), 'Encrypt')!;
  const { message, id } = decrypt(ACCOUNT.encodingAesKey, cipher);
  return { fields: parseXml(message), id, message, cipher };
}

test('a push in safe mode is signed and encrypted as another library expects, and carries nothing in the clear', async () => {
  const { simulator, hits } = await start(() => 'success');
  const openid = follower(simulator);
  const push = await simulator.control.act(openid, { kind: 'text', text: '恭喜 ]]> 发财 🧧' });
  const { query, body } = hits[0]!;
  const { fields, id, cipher } = opened(hits[0]!);
  const [timestamp, nonce] = [query.get('timestamp')!, query.get('nonce')!];
  expect(query.get('x')).toBe('1');
  expect(query.get('openid')).toBe(openid);
  expect(query.get('encrypt_type')).toBe('aes');
  expect(query.get('msg_signature')).toBe(getSignature(ACCOUNT.token, timestamp, nonce, cipher));
  expect(query.get('signature')).toBe(signatureOf(ACCOUNT.token, timestamp, nonce));
  expect(timestamp).toBe('1770000000');
  expect(Object.keys(parseXml(body))).toEqual(['ToUserName', 'Encrypt']);
  expect(id).toBe(ACCOUNT.appId);
  expect(fields).toMatchObject({
    ToUserName: ACCOUNT.originalId,
    FromUserName: openid,
    CreateTime: '1770000000',
    MsgType: 'text',
    Content: '恭喜 ]]> 发财 🧧',
  });
  expect(push).toMatchObject({ outcome: 'success', type: 'text', msgId: fields.MsgId, createTime: 1_770_000_000 });
  expect(push.tries).toHaveLength(1);
});

test('MsgId is a number above 2^53 that stands bare on the wire, and every message has another', async () => {
  const { simulator, hits } = await start(() => 'success');
  const openid = follower(simulator);
  for (let n = 0; n < 3; n++) await simulator.control.act(openid, { kind: 'text', text: 'x' });
  const ids = hits.map(hit => /<MsgId>(\d+)<\/MsgId>/.exec(opened(hit).message)![1]!);
  for (const id of ids) expect(BigInt(id) > 2n ** 53n && BigInt(id) < 2n ** 63n).toBe(true);
  expect(new Set(ids).size).toBe(3);
});

test('plain mode has neither Encrypt nor msg_signature', async () => {
  const { simulator, hits } = await start(() => 'success', { mode: 'plain' });
  await simulator.control.act(follower(simulator), { kind: 'text', text: 'hello' });
  expect([...hits[0]!.query.keys()].sort()).toEqual(['nonce', 'openid', 'signature', 'timestamp', 'x']);
  expect(textOf(parseXml(hits[0]!.body), 'Content')).toBe('hello');
});

test('compatible mode sends both, and takes a clear or an encrypted reply', async () => {
  const { simulator, hits } = await start(
    (hit, n) => (n === 1 ? replyTo(hit.query.get('openid')!) : sealed(replyTo(hit.query.get('openid')!))),
    { mode: 'compatible' },
  );
  const openid = follower(simulator);
  expect((await simulator.control.act(openid, { kind: 'text', text: 'a' })).outcome).toBe('reply');
  expect((await simulator.control.act(openid, { kind: 'text', text: 'b' })).outcome).toBe('reply');
  const outside = parseXml(hits[0]!.body);
  expect(textOf(outside, 'Content')).toBe('a');
  expect(opened(hits[0]!).fields.Content).toBe('a');
  expect(texts(simulator, openid)).toEqual(['user: a', 'account: 你好', 'user: b', 'account: 你好']);
});

test('a good encrypted reply is shown, and recorded in the clear beside what was sent', async () => {
  const { simulator } = await start(hit => sealed(replyTo(hit.query.get('openid')!)));
  const openid = follower(simulator);
  const push = await simulator.control.act(openid, { kind: 'text', text: 'hi' });
  expect(push.outcome).toBe('reply');
  expect(push.tries[0]).toMatchObject({ status: 200, clear: replyTo(openid) });
  expect(push.tries[0]!.answer).toContain('<Encrypt>');
  expect(push.tries[0]!.url).toMatch(/^\/wechat\/tea\?x=1&signature=/);
  const line = simulator.control.person(openid).chat.at(-1)!;
  expect(line).toMatchObject({ from: 'account', kind: 'text', text: '你好', push: push.id });
});

test.each<[string, (openid: string) => string, RegExp]>([
  ['in the clear', openid => replyTo(openid), /must be encrypted/],
  ['with a wrong MsgSignature', openid => sealed(replyTo(openid), { signature: '0'.repeat(40) }), /MsgSignature/],
  ['for another AppID', openid => sealed(replyTo(openid), { appId: 'wxffffffffffffffff' }), /AppID/],
  [
    'from the AppID instead of the original id',
    openid => sealed(replyTo(openid, { FromUserName: ACCOUNT.appId })),
    /FromUserName/,
  ],
  ['to somebody else', () => sealed(replyTo('oSomebodyElse')), /ToUserName/],
  ['with an empty Content', openid => sealed(replyTo(openid, { Content: '' })), /Content/],
  ['with too much Content', openid => sealed(replyTo(openid, { Content: '字'.repeat(700) })), /2048/],
  ['of an unknown type', openid => sealed(replyTo(openid, { MsgType: 'hologram' })), /MsgType/],
  ['without a Nonce', openid => sealed(replyTo(openid), { nonce: '' }), /Nonce/],
  ['in JSON', () => '{"ok":true}', /XML|xml/],
  ['with blanks around success', () => ' success ', /xml/],
])('a reply %s is refused at once, and the follower reads the notice', async (_what, answer, error) => {
  const { simulator, hits } = await start(hit => answer(hit.query.get('openid')!));
  const openid = follower(simulator);
  const push = await simulator.control.act(openid, { kind: 'text', text: 'hi' });
  expect(push.outcome).toBe('failure');
  expect(push.tries[0]!.error).toMatch(error);
  expect(hits).toHaveLength(1);
  expect(texts(simulator, openid)).toEqual(['user: hi', `system: ${FAILURE_NOTICE}`]);
});

test('a music reply is shown without a ThumbMediaId; one with an empty element is a failure', async () => {
  const music = (openid: string, inside: string): string =>
    `<xml><ToUserName><![CDATA[${openid}]]></ToUserName><FromUserName><![CDATA[${ACCOUNT.originalId}]]></FromUserName><CreateTime>1770000000</CreateTime><MsgType><![CDATA[music]]></MsgType><Music>${inside}</Music></xml>`;
  const inside = [
    '<Title><![CDATA[茶歌]]></Title><MusicUrl><![CDATA[http://127.0.0.1/tea.mp3]]></MusicUrl>',
    '<Title><![CDATA[茶歌]]></Title><ThumbMediaId><![CDATA[]]></ThumbMediaId>',
  ];
  const { simulator } = await start((hit, count) => music(hit.query.get('openid')!, inside[count - 1]!), {
    mode: 'plain',
  });
  const openid = follower(simulator);
  expect(await simulator.control.act(openid, { kind: 'text', text: 'a' })).toMatchObject({ outcome: 'reply' });
  expect(texts(simulator, openid).at(-1)).toBe('account: [音乐] 茶歌');
  const failed = await simulator.control.act(openid, { kind: 'text', text: 'b' });
  expect(failed).toMatchObject({ outcome: 'failure', tries: [{ error: expect.stringContaining('ThumbMediaId') }] });
});

test('an empty body is as good as success, and shows nothing', async () => {
  const { simulator } = await start(() => '');
  const openid = follower(simulator);
  expect((await simulator.control.act(openid, { kind: 'text', text: 'hi' })).outcome).toBe('success');
  expect(texts(simulator, openid)).toEqual(['user: hi']);
});

test('pictures and articles are shown as such, one article only', async () => {
  const news = (openid: string): string =>
    sealed(
      `<xml><ToUserName>${openid}</ToUserName><FromUserName>${ACCOUNT.originalId}</FromUserName>` +
        '<CreateTime>1770000000</CreateTime><MsgType>news</MsgType><ArticleCount>2</ArticleCount><Articles>' +
        '<item><Title>一</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>' +
        '<item><Title>二</Title><Description></Description><PicUrl></PicUrl><Url></Url></item></Articles></xml>',
    );
  const image = (openid: string): string =>
    sealed(
      `<xml><ToUserName>${openid}</ToUserName><FromUserName>${ACCOUNT.originalId}</FromUserName>` +
        '<CreateTime>1770000000</CreateTime><MsgType>image</MsgType><Image><MediaId>m1</MediaId></Image></xml>',
    );
  const { simulator } = await start((hit, n) => (n === 1 ? news : image)(hit.query.get('openid')!));
  const openid = follower(simulator);
  await simulator.control.act(openid, { kind: 'text', text: 'a' });
  await simulator.control.act(openid, { kind: 'text', text: 'b' });
  const lines = simulator.control.person(openid).chat.filter(line => line.from === 'account');
  expect(lines).toMatchObject([
    { kind: 'news', title: '一', description: 'd', picUrl: 'p', url: 'u' },
    { kind: 'image', mediaId: 'm1' },
  ]);
});

test('a webhook that says nothing is asked three times in all, with the same bytes, and the last answer counts', async () => {
  const { simulator, hits } = await start(
    (hit, n) => (n < 3 ? 'silence' : sealed(replyTo(hit.query.get('openid')!))),
    {},
    IMPATIENT,
  );
  const openid = follower(simulator);
  const push = await simulator.control.act(openid, { kind: 'text', text: 'hi' });
  expect(push.outcome).toBe('reply');
  expect(push.tries.map(({ status }) => status)).toEqual([0, 0, 200]);
  expect(push.tries[0]!.error).toMatch(/no answer within 250 ms/);
  expect(push.tries[0]!.ms).toBeGreaterThanOrEqual(240);
  expect(new Set(hits.map(({ query, body }) => `${query}${body}`)).size).toBe(1);
  expect(texts(simulator, openid)).toEqual(['user: hi', 'account: 你好']);
});

test('a webhook that never answers, or always with 500, ends in the notice after the third try', async () => {
  const { simulator, hits } = await start((_hit, n) => (n % 2 ? 'silence' : 500), {}, IMPATIENT);
  const openid = follower(simulator);
  const push = await simulator.control.act(openid, { kind: 'text', text: 'hi' });
  expect(push.outcome).toBe('failure');
  expect(push.tries.map(({ status }) => status)).toEqual([0, 500, 0]);
  expect(hits).toHaveLength(3);
  expect(texts(simulator, openid).at(-1)).toBe(`system: ${FAILURE_NOTICE}`);
});

test('a webhook nobody listens at is tried as often', async () => {
  const { simulator } = await start(() => 'success', { webhook: 'http://127.0.0.1:9/nobody' }, { pushTries: 4 });
  const push = await simulator.control.act(follower(simulator), { kind: 'text', text: 'hi' });
  expect(push.outcome).toBe('failure');
  expect(push.tries.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
});

test('with renewOnRetry a redelivery has another timestamp, nonce and ciphertext, but the same MsgId', async () => {
  const { simulator, hits } = await start((_hit, n) => (n === 1 ? 'silence' : 'success'), {}, IMPATIENT);
  simulator.control.setFaults({ pay: [], platform: [{ kind: 'renewOnRetry', times: 1 }] });
  const sending = simulator.control.act(follower(simulator), { kind: 'text', text: 'hi' });
  await simulator.control.moveClock({ advanceMs: 5000 });
  expect((await sending).outcome).toBe('success');
  const [first, second] = hits;
  expect(second!.query.get('nonce')).not.toBe(first!.query.get('nonce'));
  expect([first!.query.get('timestamp'), second!.query.get('timestamp')]).toEqual(['1770000000', '1770000005']);
  expect(second!.body).not.toBe(first!.body);
  expect(opened(second!).message).toBe(opened(first!).message);
  expect(simulator.control.faults().platform).toEqual([]);
});

test('with duplicatePush every push arrives several times at once, and one reply is shown', async () => {
  const { simulator, hits } = await start((hit, n) =>
    n === 1 ? 'success' : sealed(replyTo(hit.query.get('openid')!)),
  );
  simulator.control.setFaults({ pay: [], platform: [{ kind: 'duplicatePush', copies: 4 }] });
  const openid = follower(simulator);
  const push = await simulator.control.act(openid, { kind: 'text', text: 'hi' });
  expect(hits).toHaveLength(4);
  expect(push.tries).toHaveLength(4);
  expect(push.outcome).toBe('reply');
  expect(texts(simulator, openid)).toEqual(['user: hi', 'account: 你好']);
});

test('a clock moved back and forth while a push is under way changes neither time-outs nor the outcome', async () => {
  const { simulator } = await start((_hit, n) => (n === 1 ? 'silence' : 'success'), {}, IMPATIENT);
  const openid = follower(simulator);
  const sending = simulator.control.act(openid, { kind: 'text', text: 'hi' });
  simulator.control.moveClock({ advanceMs: 40 * 86_400_000 });
  simulator.control.moveClock({ advanceMs: -80 * 86_400_000 });
  const push = await sending;
  expect(push.outcome).toBe('success');
  expect(push.tries).toHaveLength(2);
  expect(push.tries[0]!.ms).toBeLessThan(5000);
});

test.each<[string, Parameters<Simulator['control']['act']>[1], Record<string, string>]>([
  ['a scan', { kind: 'scan', scene: 'shop-7' }, { MsgType: 'event', Event: 'SCAN', EventKey: 'shop-7' }],
  ['a tap', { kind: 'click', key: 'LOTTERY' }, { MsgType: 'event', Event: 'CLICK', EventKey: 'LOTTERY' }],
  [
    'a link',
    { kind: 'view', url: 'https://x.cn/?a=1&b=2' },
    { MsgType: 'event', Event: 'VIEW', EventKey: 'https://x.cn/?a=1&b=2' },
  ],
  ['an unfollow', { kind: 'unfollow' }, { MsgType: 'event', Event: 'unsubscribe', EventKey: '' }],
  ['a picture', { kind: 'image' }, { MsgType: 'image' }],
  ['a voice', { kind: 'voice', words: '你好' }, { MsgType: 'voice', Format: 'amr', Recognition: '你好' }],
  [
    'a place',
    { kind: 'location', latitude: 23.1, longitude: 113.3, label: '广州塔' },
    { MsgType: 'location', Location_X: '23.100000', Location_Y: '113.300000', Scale: '20', Label: '广州塔' },
  ],
  [
    'anything at all',
    {
      kind: 'raw',
      fields: { MsgType: 'event', Event: 'TEMPLATESENDJOBFINISH', MsgID: '1700827132819554304', Status: 'success' },
    },
    { Event: 'TEMPLATESENDJOBFINISH', MsgID: '1700827132819554304', Status: 'success' },
  ],
])('%s is pushed with the fields of the wire', async (_what, act, fields) => {
  const { simulator, hits } = await start(() => 'success');
  await simulator.control.act(follower(simulator), act);
  const pushed = opened(hits[0]!).fields;
  expect(pushed).toMatchObject(fields);
  expect('MsgId' in pushed).toBe(pushed.MsgType !== 'event');
});

test('a follow by scan brings the scene with its prefix, a follow without one does not; the openid stays', async () => {
  const { simulator, hits } = await start(() => 'success');
  const { openid } = simulator.control.addPerson();
  expect(openid).toMatch(/^o[\w-]{27}$/);
  await simulator.control.act(openid, { kind: 'scan', scene: 'shop-7' });
  expect(simulator.control.person(openid)).toMatchObject({ following: true, followedAt: 1_770_000_000_000 });
  await simulator.control.act(openid, { kind: 'unfollow' });
  await simulator.control.act(openid, { kind: 'follow' });
  const pushed = hits.map(hit => opened(hit).fields);
  expect(pushed[0]).toMatchObject({ Event: 'subscribe', EventKey: 'qrscene_shop-7', FromUserName: openid });
  expect(pushed[0]!.Ticket).toMatch(/^gQ/);
  expect(pushed[2]).toMatchObject({ Event: 'subscribe', EventKey: '', FromUserName: openid });
  expect('Ticket' in pushed[2]!).toBe(false);
});

test('who does not follow can send nothing, and who follows cannot follow again', async () => {
  const { simulator, hits } = await start(() => 'success');
  const { openid } = simulator.control.addPerson();
  await expect(simulator.control.act(openid, { kind: 'text', text: 'hi' })).rejects.toThrow(/does not follow/);
  await expect(simulator.control.act(openid, { kind: 'unfollow' })).rejects.toThrow(/does not follow/);
  await simulator.control.act(openid, { kind: 'follow' });
  await expect(simulator.control.act(openid, { kind: 'follow' })).rejects.toThrow(/follows already/);
  await expect(simulator.control.act('oNobody', { kind: 'follow' })).rejects.toThrow(/no person/);
  expect(hits).toHaveLength(1);
  expect(texts(simulator, openid)).toEqual(['system: 你已关注阿茶']);
});

test('the failure of an event nobody sees, such as an unfollow, is not shown', async () => {
  const { simulator } = await start(() => 'nonsense');
  const openid = follower(simulator);
  expect((await simulator.control.act(openid, { kind: 'view', url: 'https://x.cn' })).outcome).toBe('failure');
  expect((await simulator.control.act(openid, { kind: 'unfollow' })).outcome).toBe('failure');
  expect(texts(simulator, openid)).toEqual(['system: 你已取消关注']);
});

test('without waiting, an act answers with the pending push, whose end is told to watchers', async () => {
  const { simulator } = await start(hit => sealed(replyTo(hit.query.get('openid')!)));
  const told: Push[] = [];
  simulator.control.watch(change => change.kind === 'push' && told.push(change.push));
  const push = await simulator.control.act(follower(simulator), { kind: 'text', text: 'hi' }, { wait: false });
  expect(push).toMatchObject({ outcome: 'pending', tries: [] });
  await simulator.idle();
  expect(told.map(({ id, outcome }) => [id, outcome])).toEqual([
    [push.id, 'pending'],
    [push.id, 'reply'],
  ]);
  expect(simulator.control.pushes()[0]).toMatchObject({ id: push.id, outcome: 'reply' });
});

test('the latest 200 pushes are known, newest first', async () => {
  const { simulator } = await start(() => 'success');
  const openid = follower(simulator);
  for (let n = 0; n < 205; n++) await simulator.control.act(openid, { kind: 'text', text: String(n) });
  const pushes = simulator.control.pushes({ person: openid });
  expect(pushes).toHaveLength(200);
  expect(pushes[0]!.xml).toContain('[204]');
  expect(simulator.control.pushes({ person: openid, limit: 1 })).toHaveLength(1);
  expect(simulator.control.pushes({ person: 'oNobody' })).toEqual([]);
});

test('the handshake is signed and plain in every mode, and wants its echo back', async () => {
  const { simulator, hits } = await start(({ query, method }) =>
    method === 'GET' ? query.get('echostr')! : 'success',
  );
  expect(await simulator.verifyWebhook('tea')).toMatchObject({ ok: true, status: 200 });
  const { query } = hits[0]!;
  expect(query.get('signature')).toBe(signatureOf(ACCOUNT.token, query.get('timestamp')!, query.get('nonce')!));
  expect(query.has('msg_signature')).toBe(false);
  simulator.setWebhook('tea', (await webhook(() => 'wrong')).url);
  expect(await simulator.verifyWebhook('tea')).toMatchObject({ ok: false, answer: 'wrong' });
});

test('closing ends a push that is under way at once, and blames nobody for it', async () => {
  const { simulator } = await start(() => 'silence', {}, { pushTimeoutMs: 60_000 });
  const sending = simulator.control.act(follower(simulator), { kind: 'text', text: 'hi' });
  const begun = performance.now();
  await simulator.close();
  expect((await sending).outcome).toBe('failure');
  expect(simulator.control.state().people[0]!.chat.map(({ kind }) => kind)).toEqual(['text']);
  expect(performance.now() - begun).toBeLessThan(10_000);
});
