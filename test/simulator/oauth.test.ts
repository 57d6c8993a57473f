// The simulated WeChat's OAuth and JS-SDK: what its browser shows, what its server answers, with the codes of the reference.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ACCOUNT, MERCHANT } from '../support/harness.ts';
import { isMap, read } from '../support/json.ts';

let simulator: Simulator;
let person: string;
beforeAll(async () => {
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(Date.now),
    accounts: [
      { ...ACCOUNT, webDomains: ['shop.example.com'] },
      { ...ACCOUNT, name: 'here', appId: 'wxhere' },
    ],
    merchants: [MERCHANT],
  });
  person = simulator.control.addPerson({ account: 'tea' }).openid;
});
afterAll(() => simulator.close());
afterEach(() => {
  simulator.control.moveClock({ reset: true });
  simulator.control.setFaults({ pay: [], platform: [] });
});

const BASE: readonly (readonly [string, string])[] = [
  ['appid', ACCOUNT.appId],
  ['redirect_uri', 'https://shop.example.com/back?a=1'],
  ['response_type', 'code'],
  ['scope', 'snsapi_base'],
  ['state', 'abc123'],
];

async function authorize(parts: readonly (readonly [string, string])[] = BASE, as: string | null = person) {
  const query = new URLSearchParams();
  for (const [name, value] of parts) query.append(name, value);
  const answer = await fetch(`${simulator.url}/connect/oauth2/authorize?${query}`, {
    redirect: 'manual',
    headers: as === null ? {} : { cookie: `a=b; wechat_person=${as}` },
  });
  return { location: answer.headers.get('location') ?? '', body: await answer.text() };
}
const changed = (name: string, value: string) => BASE.map(([key, old]) => [key, key === name ? value : old] as const);
const codeOf = async (): Promise<string> => new URL((await authorize()).location).searchParams.get('code')!;

async function exchange(parts: Record<string, string>): Promise<Record<string, unknown>> {
  const all = { appid: ACCOUNT.appId, secret: ACCOUNT.appSecret, grant_type: 'authorization_code', ...parts };
  const answer = await fetch(`${simulator.url}/sns/oauth2/access_token?${new URLSearchParams(all)}`);
  return read(await answer.json(), isMap);
}

describe('the authorize page', () => {
  test('sends the person back with a code and the state, whatever the address carried before', async () => {
    const { location } = await authorize();
    expect(location).toMatch(/^https:\/\/shop\.example\.com\/back\?a=1&code=[0-9a-f]{32}&state=abc123$/);
  });

  test('knows the errors of the reference', async () => {
    const errors = [
      [changed('redirect_uri', 'https://www.shop.example.com/back'), 10003],
      [changed('redirect_uri', 'https://example.com/back'), 10003],
      [changed('redirect_uri', 'javascript:alert(1)'), 10003],
      [changed('scope', 'snsapi_all'), 10005],
      [changed('scope', ''), 10010],
      [changed('redirect_uri', ''), 10011],
      [changed('appid', ''), 10012],
      [changed('state', ''), 10013],
      [changed('appid', 'wxnobody'), 10016],
    ] as const;
    for (const [parts, code] of errors) {
      const { location, body } = await authorize(parts);
      expect([location, body]).toEqual(['', expect.stringContaining(`错误码 ${code}`)]);
    }
  });

  test('minds the order of the parameters and the alphabet of the state', async () => {
    for (const parts of [[...BASE].reverse(), changed('state', 'a-b'), changed('state', 'a'.repeat(129))])
      expect((await authorize(parts)).body).toContain('链接参数错误');
    expect((await authorize([...BASE, ['connect_redirect', '1']])).location).toContain('code=');
  });

  test('opens for a person of this account only, and in WeChat only', async () => {
    const other = simulator.control.addPerson({ account: 'here' }).openid;
    for (const who of [null, 'oNobody', other]) expect((await authorize(BASE, who)).location).toBe('');
  });
});

describe('the exchange', () => {
  test('gives the openid once, and tells a used, a late and an invented code apart', async () => {
    const code = await codeOf();
    expect(await exchange({ code })).toMatchObject({ openid: person, scope: 'snsapi_base', expires_in: 7200 });
    expect(await exchange({ code })).toMatchObject({ errcode: 40163 });
    const late = await codeOf();
    simulator.control.moveClock({ advanceMs: 300_000 });
    expect(await exchange({ code: late })).toMatchObject({ errcode: 42003 });
    expect(await exchange({ code: 'x' })).toMatchObject({ errcode: 40029, errmsg: expect.stringMatching(/rid: /) });
  });

  test('believes only the account whose code it is, with its secret', async () => {
    const code = await codeOf();
    const wrong = [
      [{ appid: '' }, 41002],
      [{ secret: '' }, 41004],
      [{ code: '' }, 41008],
      [{ grant_type: 'client_credential' }, 40002],
      [{ appid: 'wxnobody' }, 40013],
      [{ secret: 'x' }, 40125],
      [{ appid: 'wxhere' }, 40029],
    ] as const;
    for (const [parts, errcode] of wrong) expect(await exchange({ code, ...parts })).toMatchObject({ errcode });
    expect(await exchange({ code })).toMatchObject({ openid: person });
  });

  test('marks the virtual person of a snapshot, who is another one each time', async () => {
    simulator.control.setFaults({ pay: [], platform: [{ kind: 'snapshot', times: 2 }] });
    const [first, second] = [await exchange({ code: await codeOf() }), await exchange({ code: await codeOf() })];
    expect(first).toMatchObject({ is_snapshotuser: 1, openid: expect.stringMatching(/^o[\w-]{27}$/) });
    expect(new Set([first.openid, second.openid, person]).size).toBe(3);
    expect(await exchange({ code: await codeOf() })).not.toHaveProperty('is_snapshotuser');
  });
});

test('one jsapi_ticket lives until five minutes before its end, and signs pages of the account’s hosts', async () => {
  const get = async (path: string) => read(await (await fetch(`${simulator.url}${path}`)).json(), isMap);
  const grant = `grant_type=client_credential&appid=${ACCOUNT.appId}&secret=${ACCOUNT.appSecret}`;
  const { access_token: token } = await get(`/cgi-bin/token?${grant}`);
  const path = `/cgi-bin/ticket/getticket?access_token=${token}&type=`;
  expect(await get(`${path}other`)).toMatchObject({ errcode: 40097 });
  const { ticket } = await get(`${path}jsapi`);
  expect((await get(`${path}jsapi`)).ticket).toBe(ticket);
  const config = async (url: string, origin: string): Promise<unknown> => {
    const text = `jsapi_ticket=${ticket}&noncestr=n&timestamp=1&url=${url}`;
    const signature = createHash('sha1').update(text).digest('hex');
    const body = JSON.stringify({ appId: ACCOUNT.appId, timestamp: 1, nonceStr: 'n', signature, url });
    return (await fetch(`${simulator.url}/jsapi/config`, { method: 'POST', headers: { origin }, body })).json();
  };
  const own = 'https://shop.example.com';
  expect(await config(`${own}/a`, own)).toEqual({ err_msg: 'config:ok' });
  expect(await config(`${own}/a`, 'https://evil.example')).toEqual({ err_msg: 'config:invalid url domain' });
  expect(await config('https://evil.example/a', 'https://evil.example')).toEqual({
    err_msg: 'config:invalid url domain',
  });
});

test('a link opens with the phone in a person’s hands, and leads to this machine or the account’s hosts only', async () => {
  const open = (url: string) =>
    fetch(`${simulator.url}/control/people/${person}/open?url=${encodeURIComponent(url)}`, { redirect: 'manual' });
  const answer = await open('https://shop.example.com/x');
  expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://shop.example.com/x']);
  expect(answer.headers.get('set-cookie')).toBe(`wechat_person=${person}; Path=/; HttpOnly; SameSite=Lax`);
  for (const url of ['https://evil.example/', 'javascript:alert(1)', '', '//evil.example']) {
    const refused = await open(url);
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([400, null]);
  }
});
