// The simulator as a WeChat that pushes JSON, or leaves `]]>` as a follower wrote it: a whole bot behind it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import { startWorld, type World } from '../support/harness.ts';
import { MODES, ONE, says, xmlOf } from '../support/pushes.ts';

describe.each(MODES)('in %s mode', mode => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ mode });
  });
  afterAll(() => world.close());

  test('a bot is pushed JSON, and its answers are taken only in JSON', async () => {
    const { control } = world.simulator;
    expect(control.state().accounts[0]).not.toHaveProperty('pushing');
    expect(control.setPushing('tea', { format: 'json' }).pushing).toEqual({ format: 'json', cdata: 'split' });
    const ann = world.person();
    const followed = await control.act(ann, { kind: 'follow' });
    expect([followed.outcome, followed.tries[0]!.body[0], followed.json?.[0]]).toEqual(['reply', '{', '{']);
    const said = await control.act(ann, { kind: 'text', text: '帮助' });
    expect([said.outcome, JSON.parse(said.tries[0]!.clear ?? said.tries[0]!.answer)]).toMatchObject([
      'reply',
      { MsgType: 'text', Content: '回复「红包」试试' },
    ]);
    const chat = (): unknown => control.person(ann).chat.at(-1);
    await control.act(ann, { kind: 'text', text: '图片' });
    expect(chat()).toMatchObject({ kind: 'image', mediaId: 'MEDIA1' });
    await control.act(ann, { kind: 'click', key: 'CARD' });
    expect(chat()).toMatchObject({ kind: 'news', title: '活动', url: 'https://example.com/' });
    const scanned = await control.act(ann, {
      kind: 'scancode',
      key: 'K',
      result: 'EAN_13,6901234567892',
      type: 'barcode',
    });
    expect(JSON.parse(scanned.json!)).toMatchObject({
      Event: 'scancode_waitmsg',
      ScanCodeInfo: { ScanType: 'barcode', ScanResult: 'EAN_13,6901234567892' },
    });
    expect(said.json).toContain(`"MsgId":${said.msgId}}`);
    const lines = await world.store.journal({ user: openId(ann), limit: 9 });
    expect(lines.map(({ event }) => event.kind)).toEqual(['scancode', 'click', 'text', 'text', 'subscribe']);
    control.setPushing('tea', { format: 'xml' });
    expect((await control.act(ann, { kind: 'text', text: '帮助' })).tries[0]!.body).toMatch(/^<xml>/);
  });

  test('what a follower writes is left as it is, and is answered all the same', async () => {
    const { control } = world.simulator;
    control.setPushing('tea', { cdata: 'raw' });
    const bob = world.person(true);
    const text = `红包]]></Content><FromUserName><![CDATA[${ONE}]]></FromUserName><Content><![CDATA[红包`;
    const push = await control.act(bob, { kind: 'text', text });
    expect([push.outcome, push.tries.map(({ status }) => status)]).toEqual(['success', [200]]);
    expect(push.xml).toContain(text);
    const [line] = await world.store.journal({ limit: 1 });
    expect(line!.event).toMatchObject({ user: bob, kind: 'text', text });
    control.setPushing('tea', { cdata: 'split' });
  });
});

test('the control API takes a format over HTTP, and names what it does not know', async () => {
  const world = await startWorld();
  const put = (body: object) =>
    fetch(`${world.simulator.url}/control/accounts/tea`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect(await (await put({ format: 'json', cdata: 'raw' })).json()).toMatchObject({
    name: 'tea',
    pushing: { format: 'json', cdata: 'raw' },
  });
  expect((await put({ format: 'yaml' })).status).toBe(400);
  expect((await put({ mode: 'plain' })).status).toBe(400);
  await world.close();
});

test('an account that pushes JSON does not take an answer in XML, nor the other way round', async () => {
  const { readAnswer } = await import('../../src/simulator/account/envelope.ts');
  const account = {
    ...{
      name: 'tea',
      title: '',
      appId: '',
      appSecret: '',
      token: '',
      encodingAesKey: '',
      originalId: 'gh_0a1b2c3d4e5f',
    },
    ...({ mode: 'plain', webhook: '' } as const),
  };
  const reply = { ToUserName: ONE, FromUserName: 'gh_0a1b2c3d4e5f', CreateTime: 1, MsgType: 'text', Content: '好' };
  const xml = xmlOf({ ...says('好'), ToUserName: ONE, FromUserName: 'gh_0a1b2c3d4e5f' });
  const kinds = (['xml', 'json'] as const).map(format =>
    [xml, JSON.stringify(reply), 'success'].map(answer => readAnswer({ ...account, format }, ONE, answer).kind),
  );
  expect(kinds).toEqual([
    ['reply', 'bad', 'success'],
    ['bad', 'reply', 'success'],
  ]);
});
