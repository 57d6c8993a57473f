// The whole way, over HTTP and TLS: a push comes in, a decision is made, a packet is paid and opened.

import { afterEach, describe, expect, test } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import type { Push } from '../../src/simulator/shared/protocol-push.ts';

import { RULES, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';

let world: World;
const open = async (options?: WorldOptions): Promise<World> => {
  world = await startWorld(options);
  return world;
};
afterEach(() => world.close());

const act = (openid: string, what: Parameters<World['simulator']['control']['act']>[1]): Promise<Push> =>
  world.simulator.control.act(openid, what);
const payoutsOf = (openid: string) => world.store.payouts({ user: openId(openid), limit: 10 });
const clearOf = (push: Push): string => push.tries.at(-1)!.clear ?? push.tries.at(-1)!.answer;

describe('a follower', () => {
  test.each(['safe', 'compatible', 'plain'] as const)(
    'follows, is welcomed, gets a packet, opens it; following again they have it already (%s mode)',
    async mode => {
      await open({ mode, jobs: true });
      const ann = world.person();
      expect(world.said(await act(ann, { kind: 'follow' }))).toBe('欢迎!1.00 元红包已发出');
      const sent = await until(async () => (await payoutsOf(ann)).find(payout => payout.state === 'sent'));
      expect(world.simulator.control.openPacket(sent.request.mchId, sent.billNo, ann)).toMatchObject({
        status: 'RECEIVED',
        amount: 100,
      });
      await until(async () => (await world.store.payout(sent.billNo))!.state === 'received');
      expect(await world.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 100, refunded: 0 });
      await act(ann, { kind: 'unfollow' });
      expect(world.said(await act(ann, { kind: 'follow' }))).toBe('您已经领过啦');
      expect(await payoutsOf(ann)).toHaveLength(1);
      expect(world.simulator.control.merchant('1900000109')).toMatchObject({
        sentCount: 1,
        sentAmount: 100,
        receivedAmount: 100,
      });
    },
  );

  test('gets an answer of each kind: text, image, news, and the hand-over to people', async () => {
    await open();
    const ann = world.person(true);
    expect(world.said(await act(ann, { kind: 'text', text: ' 帮 助 ' }))).toBe('回复「红包」试试');
    expect(clearOf(await act(ann, { kind: 'text', text: '图片' }))).toContain('<MediaId><![CDATA[MEDIA1]]></MediaId>');
    expect(clearOf(await act(ann, { kind: 'click', key: 'CARD' }))).toContain('<ArticleCount>1</ArticleCount>');
    expect(clearOf(await act(ann, { kind: 'text', text: '人工' }))).toContain('transfer_customer_service');
  });

  test('who wants to invite is handed the page with their own code', async () => {
    const invite = '  - { id: bring, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "看 {{invite}}" }\n';
    await open({ rules: RULES.replace('rules:\n', `rules:\n${invite}`) });
    const said = world.said(await act(world.person(true), { kind: 'text', text: '邀请' }));
    expect(said).toMatch(/^看 http:\/\/127\.0\.0\.1:\d+\/h5\/tea\/test$/);
  });

  test('whose message no rule knows is answered success, whatever the kind', async () => {
    await open();
    const ann = world.person(true);
    const acts = [
      { kind: 'text', text: '你好' },
      { kind: 'image' },
      { kind: 'voice', words: '红包' },
      { kind: 'view', url: 'https://example.com' },
      { kind: 'location', latitude: 23.1, longitude: 113.3, label: '广州' },
      { kind: 'raw', fields: { MsgType: 'event', Event: 'brand_new_event', Extra: '1' } },
      { kind: 'raw', fields: { MsgType: 'hologram', MsgId: '9007199254740993' } },
      {
        kind: 'raw',
        fields: { MsgType: 'event', Event: 'TEMPLATESENDJOBFINISH', MsgID: '1700827132819554304', Status: 'success' },
      },
    ] as const;
    for (const what of acts)
      expect([what, (await act(ann, what)).tries.map(each => [each.status, each.answer])]).toEqual([
        what,
        [[200, 'success']],
      ]);
  });

  test('who does not open the packet within a day gives the money back to the budget', async () => {
    await open();
    const ann = world.person();
    await act(ann, { kind: 'follow' });
    await world.bot.settle.pass();
    expect(await world.store.buckets('test')).toEqual({ reserved: 0, sent: 100, received: 0, refunded: 0 });
    world.simulator.control.moveClock({ advanceMs: 24 * 3_600_000 + 600_000 });
    const done = await until(async () => {
      await world.bot.settle.pass();
      world.simulator.control.moveClock({ advanceMs: 60_000 });
      return (await payoutsOf(ann)).find(payout => payout.state === 'refunded');
    });
    expect(done.endedAt).toBeDefined();
    expect(await world.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 0, refunded: 100 });
    const facts = await world.store.facts({
      account: 'tea',
      user: openId(ann),
      merchant: 'shop',
      claims: [],
      counters: ['campaign/test/amount'],
    });
    expect(facts.counters.get('campaign/test/amount') ?? 0).toBe(0);
  });
});

describe('one message, delivered four times', () => {
  test('three of them at once, gives one packet and four equal answers', async () => {
    await open();
    const ann = world.person(true);
    world.simulator.control.setFaults({ pay: [], platform: [{ kind: 'duplicatePush', copies: 3 }] });
    const push = await act(ann, { kind: 'text', text: '红包' });
    world.simulator.control.setFaults({ pay: [], platform: [] });
    expect(push.tries).toHaveLength(3);
    const last = push.tries[0]!;
    const again = await fetch(new URL(last.url, world.url), {
      method: 'POST',
      body: last.body,
      headers: { 'content-type': 'text/xml' },
    });
    expect(again.status).toBe(200);
    const answers = push.tries.map(each => each.clear);
    expect(new Set(answers).size).toBe(1);
    await world.bot.settle.pass();
    expect(await payoutsOf(ann)).toHaveLength(1);
    expect(world.simulator.control.merchant('1900000109').sentCount).toBe(1);
  });

  test('whose redelivery has a new signature and ciphertext is still the same message', async () => {
    await open();
    const ann = world.person(true);
    world.simulator.control.setFaults({
      pay: [],
      platform: [{ kind: 'duplicatePush', copies: 2 }, { kind: 'renewOnRetry' }],
    });
    const push = await act(ann, { kind: 'text', text: '红包' });
    expect(new Set(push.tries.map(each => each.clear)).size).toBe(1);
    expect(await payoutsOf(ann)).toHaveLength(1);
  });
});

describe('a budget', () => {
  test('says in the log when it passes one of its marks, once', async () => {
    const said: string[] = [];
    const silent = () => undefined;
    const log = {
      debug: silent,
      info: silent,
      error: silent,
      warn: (_: object, message: string) => void said.push(message),
    };
    await open({ log, rules: RULES.replace('total: ¥1000.00', 'total: ¥6.00, alertAt: [50%, 75%]') });
    for (let i = 0; i < 4; i++) await act(world.person(true), { kind: 'text', text: '红包' });
    await until(() => said.filter(message => message.includes('% of the budget')).length === 2);
    expect(said.filter(message => message.includes('% of the budget'))).toEqual([
      '50 % of the budget of test (¥6.00) are used',
      '75 % of the budget of test (¥6.00) are used',
    ]);
  });
});

describe('many at once', () => {
  test('of a hundred followers who ask for the last seven, seven get one and ninety-three are told so', async () => {
    await open();
    const people = Array.from({ length: 100 }, () => world.person(true));
    const pushes = await Promise.all(people.map(openid => act(openid, { kind: 'text', text: '最后' })));
    const texts = pushes.map(push => world.said(push));
    expect(texts.filter(text => text.includes('红包已发出'))).toHaveLength(7);
    expect(texts.filter(text => text === '红包已经发完啦，下次早点来！')).toHaveLength(93);
    expect(await world.store.payouts({ campaign: 'test', limit: 200 })).toHaveLength(7);
  });
});

describe('WeChat Pay in trouble', () => {
  test.each([
    'lostReply',
    'errorAfterSent',
    'errorNothingStored',
    'truncated',
    'html502',
    'unknownCode',
    'extraElements',
  ] as const)('with %s, the packet is paid once, under its one number', async kind => {
    await open();
    const ann = world.person(true);
    world.simulator.control.setFaults({ pay: [{ kind, times: 1 }], platform: [] });
    await act(ann, { kind: 'text', text: '红包' });
    await until(async () => {
      await world.bot.settle.pass();
      world.simulator.control.moveClock({ advanceMs: 5_000 }); // an order may take twenty minutes to come out
      return (await payoutsOf(ann)).every(payout => payout.state === 'sent');
    });
    expect(await payoutsOf(ann)).toHaveLength(1);
    expect(world.simulator.control.merchant('1900000109')).toMatchObject({ sentCount: 1, sentAmount: 150 });
  });

  test('with an empty balance nothing is lost: the merchant is halted, and after a resume the same number is paid', async () => {
    await open({ balance: 0 });
    const ann = world.person(true);
    await act(ann, { kind: 'text', text: '红包' });
    await world.bot.settle.pass();
    const [held] = await payoutsOf(ann);
    expect(held).toMatchObject({ state: 'held' });
    expect(await world.store.halt('shop')).toMatchObject({ code: 'NOTENOUGH', by: 'bot' });
    world.simulator.control.setBalance('1900000109', 1000_00);
    await world.store.setHalt('shop', undefined);
    await until(async () => {
      await world.bot.settle.pass();
      return (await world.store.payout(held!.billNo))!.state === 'sent';
    });
    expect(await payoutsOf(ann)).toHaveLength(1);
  });
});

describe('the store in trouble', () => {
  test('the door stays silent, WeChat delivers again, and then the answer is the one of the first', async () => {
    let isBroken = true;
    await open({
      pushTimeoutMs: 300,
      wrap: store => ({
        ...store,
        async commit(commit) {
          if (!isBroken) return store.commit(commit);
          isBroken = false;
          throw new Error('disk full');
        },
      }),
    });
    const push = await act(world.person(), { kind: 'follow' });
    expect(push.tries.map(each => each.status)).toEqual([503, 200]);
    expect(world.said(push)).toBe('欢迎!1.00 元红包已发出');
  });
});
