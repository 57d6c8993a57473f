// Notices: how bot.yaml describes them, how they are filled in, and what becomes of them at the platform and on the phone.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { Fault } from '../../src/core/base/error.ts';
import { type OpenId, openId } from '../../src/core/base/event.ts';
import { fillNotice, type Notice, type Notices } from '../../src/core/messages/notice.ts';
import type { Act } from '../../src/simulator/shared/protocol-push.ts';

import { eventOf } from '../../src/wechat/account/push-event.ts';
import { createNotifier, type Notifier, sendTemplate } from '../../src/wechat/account/template-messages.ts';
import { parseXml } from '../../src/wechat/xml.ts';
import { until } from '../support/harness.ts';
import { type PlatformWorld, startPlatform } from '../support/platform-world.ts';

const FORM = 'TPL_paid_0000000000000000000000000000000000';
const CONSENTED = 'SUB_owed_0000000000000000000000000000000000';

const notice = (more: Partial<Notice> = {}): Notice => ({
  kind: 'template',
  template: FORM,
  data: new Map([
    ['thing1', '{{prize}}'],
    ['amount2', '{{amount}}元'],
  ]),
  ...more,
});

describe('notices in bot.yaml', () => {
  const load = (notices: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'hongbao-'));
    const file = join(folder, 'bot.yaml');
    writeFileSync(
      file,
      `secret: 6f1d0b2c9e7a4853b1c6d8e2f4a7093581be6c2d4f90a37e\naccounts:\n  tea:\n    appId: wx8888888888888888\n    appSecret: secretsecretsecretsecretsecret00\n    token: simToken01\n    mode: plain\n    notices:\n${notices}\n`,
    );
    try {
      return loadConfig(file, {}).accounts.get('tea')!.notices;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test('are forms with their fields', () => {
    expect(
      load(`      paid: { template: ${FORM}, data: { thing1: "{{prize}}", amount2: {{amount}}元 }, url: "https://e.cn/a" }
      owed: { subscription: ${CONSENTED}, data: { thing1: "{{ text }}" }, miniprogram: { appId: wx1234, path: pages/a } }`),
    ).toEqual(
      new Map([
        ['paid', notice({ url: 'https://e.cn/a' })],
        [
          'owed',
          {
            kind: 'subscription',
            template: CONSENTED,
            data: new Map([['thing1', '{{ text }}']]),
            miniprogram: { appId: 'wx1234', path: 'pages/a' },
          },
        ],
      ]),
    );
  });

  test.each<[string, RegExp]>([
    [
      '      paied: { template: T, data: { thing1: x } }',
      /:9:7: unknown word "paied" for a notice; did you mean "paid"\?/,
    ],
    [
      '      paid: { template: T, data: { thing1: "{{price}}" } }',
      /:9:44: unknown placeholder \{\{price\}\}; did you mean "prize"\?/,
    ],
    [
      '      paid: { template: T, data: { thing1: "{{用户}}" } }',
      /unknown placeholder \{\{用户\}\}; expected one of: prize, amount, /,
    ],
    [
      '      paid: { template: T, subscription: S, data: { thing1: x } }',
      /a notice has template and subscription; it can have only one/,
    ],
    ['      paid: { data: { thing1: x } }', /a notice needs one of: template, subscription/],
    ['      paid: { template: T }', /missing key "data" in a notice/],
    ['      paid: { template: T, data: { 1: x } }', /expected a field of the template such as thing1, found "1"/],
    ['      paid: { template: "a b", data: { thing1: x } }', /expected the id of a template, found "a b"/],
  ])('%s is refused', (lines, message) => expect(() => load(lines)).toThrow(message));
});

describe('a notice is filled in', () => {
  test.each<[string, string, string]>([
    ['thing1', '一等奖', '一等奖'],
    ['thing1', '字'.repeat(20), '字'.repeat(20)],
    ['thing1', '字'.repeat(21), `${'字'.repeat(19)}…`],
    ['thing1', '🧧'.repeat(21), `${'🧧'.repeat(19)}…`],
    ['thing1', ' 两\n行 ', '两 行'],
    ['thing1', '', '-'],
    ['phrase3', '已经发放到账', '已经发放…'],
    ['first', '字'.repeat(30), '字'.repeat(30)],
    ['thing1', '{{amount}}$&', '{{amount}}$&'], // what a value says is not filled in again
  ])('%s with %j says %j', (field, prize, wanted) => {
    const filled = fillNotice(notice({ data: new Map([[field, '{{prize}}']]) }), { prize, amount: '1.00' });
    expect([...filled]).toEqual([[field, wanted]]);
  });
});

describe('notices at the platform', () => {
  let world: PlatformWorld;
  beforeAll(async () => {
    world = await startPlatform({
      account: {
        templates: [
          { id: FORM, kind: 'template', title: '红包到账', fields: ['thing1', 'amount2'] },
          { id: CONSENTED, kind: 'subscription', title: '活动提醒', fields: ['thing1'] },
        ],
      },
    });
  });
  afterEach(() => world.fault());
  afterAll(() => world.close());

  const person = (following = true): OpenId => openId(world.simulator.control.addPerson({ following }).openid);
  const act = (user: OpenId, what: Act) => world.simulator.control.act(user, what);
  const chatOf = (user: OpenId) => world.simulator.control.person(user).chat;
  const notifier = (notices: Notices = new Map([['paid', notice({ url: 'https://e.cn/a' })]])): Notifier =>
    createNotifier({ name: 'tea', notices }, world.api);
  const pending = (): Notifier =>
    notifier(
      new Map([['owed', { kind: 'subscription', template: CONSENTED, data: new Map([['thing1', '{{text}}']]) }]]),
    );
  const VALUES = { prize: '一等奖', amount: '1.00' };
  /** The event of a certain kind that came about this user. */
  const eventFor = (user: OpenId, name: string): Promise<string> =>
    until(() => world.pushed.find(xml => xml.includes(user) && xml.includes(`<![CDATA[${name}]]>`)));

  test('a template message is on the phone, and its end comes as an event of which no digit is lost', async () => {
    const user = person();
    const answer = await world.api.post('/cgi-bin/message/template/send', {
      touser: user,
      template_id: FORM,
      data: { thing1: { value: '一等奖' }, amount2: { value: '1.00元' } },
    });
    expect(answer.msgid).toMatch(/^\d{19}$/);
    expect(Number(answer.msgid)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    expect(chatOf(user).at(-1)).toMatchObject({ kind: 'text', text: '【红包到账】\nthing1：一等奖\namount2：1.00元' });
    const xml = await eventFor(user, 'TEMPLATESENDJOBFINISH');
    expect(xml).toContain(`<MsgID>${String(answer.msgid)}</MsgID>`);
    expect(eventOf('tea', parseXml(xml))).toMatchObject({
      kind: 'notice',
      status: 'success',
      key: `j:${user}:templatesendjobfinish:${String(answer.msgid)}`,
    });
  });

  test('the notifier fills it in; told twice under one id it is there once', async () => {
    const user = person();
    const paid = notifier();
    expect([paid.has('paid'), paid.has('owed')]).toEqual([true, false]);
    expect(await paid.send('paid', user, VALUES, 'p:4200001234567890')).toEqual({ kind: 'sent' });
    expect(await paid.send('paid', user, VALUES, 'p:4200001234567890')).toEqual({ kind: 'sent' });
    expect(chatOf(user)).toMatchObject([
      { kind: 'news', title: '红包到账', description: 'thing1：一等奖\namount2：1.00元', url: 'https://e.cn/a' },
    ]);
    expect(await paid.send('paid', user, VALUES, 'p:4200001234567891')).toEqual({ kind: 'sent' });
    expect(chatOf(user)).toHaveLength(2);
    expect(await paid.send('owed', user, VALUES, 'x')).toEqual({ kind: 'none' });
  });

  test.each([
    ['noticeBlocked', 'failed:user block'],
    ['noticeFailed', 'failed: system failed'],
  ] as const)(
    'taken, and then not delivered (%s): the event says so, and the phone shows nothing',
    async (kind, status) => {
      const user = person();
      world.fault({ kind, times: 1 });
      expect(await notifier().send('paid', user, VALUES, kind)).toEqual({ kind: 'sent' });
      expect(eventOf('tea', parseXml(await eventFor(user, 'TEMPLATESENDJOBFINISH')))).toMatchObject({ status });
      expect(chatOf(user)).toEqual([]);
    },
  );

  test('who does not follow, or refuses it, is a no and not a failure', async () => {
    expect(await notifier().send('paid', person(false), VALUES, 'a')).toEqual({
      kind: 'refused',
      code: '43004',
      text: 'does not follow the account',
    });
    world.fault({ kind: 'noticeRefused' });
    expect(await notifier().send('paid', person(), VALUES, 'b')).toMatchObject({ kind: 'refused', code: '43101' });
    world.fault();
    expect(await notifier().send('paid', openId('oNobody'), VALUES, 'c')).toMatchObject({ code: '40003' });
  });

  test('a template that is not there fails once, in words, and is off; another notice goes on', async () => {
    const user = person();
    const both = notifier(
      new Map([
        ['problem', notice({ template: 'gone' })],
        ['paid', notice()],
      ]),
    );
    const failure: unknown = await both.send('problem', user, VALUES, 'a').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'Fault', code: '40037', retry: 'never' });
    expect(String(failure)).toContain('account "tea", notice "problem": there is no template of this id');
    expect(await both.send('problem', user, VALUES, 'a')).toEqual({ kind: 'none' });
    expect(both.has('problem')).toBe(false);
    expect(await both.send('paid', user, VALUES, 'a')).toEqual({ kind: 'sent' });
  });

  test('a field of the wrong type is named, and the notice stays on', async () => {
    const user = person();
    const paid = notifier();
    const failure: unknown = await paid.send('paid', user, { ...VALUES, amount: 'viel' }, 'a').catch((e: unknown) => e);
    expect(failure).toMatchObject({ code: '47003' });
    expect(String(failure)).toContain('data.amount2.value');
    expect(await paid.send('paid', user, VALUES, 'a')).toEqual({ kind: 'sent' });
  });

  test('a quota that is used up and a busy platform are failures of the world', async () => {
    const user = person();
    world.fault({ kind: 'quota', times: 1 });
    await expect(notifier().send('paid', user, VALUES, 'a')).rejects.toMatchObject({ code: '45009', retry: 'never' });
    world.fault({ kind: 'busy', times: 1 });
    await expect(notifier().send('paid', user, VALUES, 'a')).rejects.toMatchObject({ code: '-1', retry: 'safe' });
    world.fault({ kind: 'html502', times: 1 });
    await expect(notifier().send('paid', user, VALUES, 'a')).rejects.toMatchObject({ code: 'UNREADABLE' });
    await expect(
      sendTemplate(world.api, { user, template: FORM, data: new Map([['thing1', 'x']]) }, 'a'),
    ).rejects.toBeInstanceOf(Fault);
  });

  test('a subscription notice goes out as often as the follower agreed, also after an unfollow', async () => {
    const user = person();
    const send = () => pending().send('owed', user, { text: '红包明天就退回了' }, 'same');
    expect(await send()).toMatchObject({ kind: 'refused', code: '43101' });
    await act(user, { kind: 'consent', template: CONSENTED, accept: false });
    expect(await send()).toMatchObject({ kind: 'refused', code: '43101' });
    await act(user, { kind: 'consent', template: CONSENTED, accept: true });
    const agreed = await act(user, { kind: 'consent', template: CONSENTED, accept: true });
    expect(agreed.xml).toContain(
      `<SubscribeMsgPopupEvent><List><TemplateId><![CDATA[${CONSENTED}]]></TemplateId><SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>1</PopupScene></List></SubscribeMsgPopupEvent>`,
    );
    expect(eventOf('tea', parseXml(agreed.xml))).toMatchObject({ kind: 'notice', type: 'subscribe_msg_popup_event' });
    expect(await send()).toEqual({ kind: 'sent' });
    await act(user, { kind: 'unfollow' });
    expect(await send()).toEqual({ kind: 'sent' });
    expect(await send()).toMatchObject({ kind: 'refused', code: '43101' });
    expect(chatOf(user).filter(line => line.from === 'account')).toHaveLength(2);
    const sent = await eventFor(user, 'subscribe_msg_sent_event');
    expect(sent).toMatch(/<List><TemplateId>.*<MsgID>\d{19}<\/MsgID><ErrorCode>0<\/ErrorCode>/);
  });

  test('only a verified service account may send them', async () => {
    for (const account of [{ type: 'subscription' }, { verified: false }] as const) {
      const other = await startPlatform({ account });
      const user = openId(other.simulator.control.addPerson({ following: true }).openid);
      const paid = createNotifier({ name: 'tea', notices: new Map([['paid', notice()]]) }, other.api);
      await expect(paid.send('paid', user, VALUES, 'a')).rejects.toMatchObject({ code: '48001' });
      expect(await paid.send('paid', user, VALUES, 'a')).toEqual({ kind: 'none' });
      await other.close();
    }
  });

  test('a token is fetched only from where the account allows', async () => {
    const other = await startPlatform({ account: { ipWhitelist: ['203.0.113.7'] } });
    await expect(other.api.get('/cgi-bin/getcallbackip')).rejects.toMatchObject({ code: '40164', retry: 'never' });
    await other.close();
    const listed = await startPlatform({ account: { ipWhitelist: ['127.0.0.1'] } });
    expect(await listed.api.get('/cgi-bin/getcallbackip')).toMatchObject({
      ip_list: expect.arrayContaining(['127.0.0.1']),
    });
    await listed.close();
  });
});
