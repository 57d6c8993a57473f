// What is said outside the passive reply, by a whole bot to a whole simulated WeChat: inside the quotas, in order, once;
// what cannot be said is told at the next contact.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Bot, createBot } from '../../src/app/bot.ts';
import { eventKey, type Happening, openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { instant } from '../../src/core/base/time.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { PlatformFault } from '../../src/simulator/shared/protocol.ts';
import type { Act } from '../../src/simulator/shared/protocol-push.ts';
import { ACCOUNT, RULES, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const MORE = `
  - { id: back, on: paid, once: perEvent, give: gift, delay: 24h, cancelIf: refunded, replies: { pending: "谢谢惠顾,{{amount}} 元红包明天发", cancelled: "订单退款了,{{amount}} 元红包不再发" } }
  - { id: remind, on: { text: 提醒 }, once: ever, give: gift, replies: { reminder: "您还有 {{amount}} 元红包没有点开,快过期啦" } }
`;

let world: World;
let others: Bot[] = [];
afterEach(async () => {
  for (const bot of others) await bot.stop();
  others = [];
  await world.close();
});

async function open(options: WorldOptions = {}): Promise<World> {
  world = await startWorld({ rules: RULES + MORE.slice(1), ...options });
  return world;
}

const control = (): World['simulator']['control'] => world.simulator.control;
const fault = (...platform: PlatformFault[]): void => void control().setFaults({ pay: [], platform });
const act = (openid: string, what: Act) => control().act(openid, what);
const write = async (openid: string, text: string): Promise<string> =>
  world.said(await act(openid, { kind: 'text', text }));
const pass = (ms: number): void => void control().moveClock({ advanceMs: ms });
/** What the person has read from us outside of replies: lines that belong to no push. */
const read = (openid: string): (string | undefined)[] =>
  control()
    .person(openid)
    .chat.filter(line => line.from === 'account' && line.push === undefined)
    .flatMap(line => (line.kind === 'text' ? [line.text] : []));
const say = (openid: string, text: string, bot = world.bot) =>
  bot.messages.say('tea', openId(openid), text, { id: text, why: 'owed' });
const pending = async (openid: string): Promise<string[]> =>
  ((await world.store.mailbox('tea', openId(openid)))?.pending ?? []).map(({ text }) => text);

/** The journal line of an event that claims nothing follows its answer. */
const written = (openid: string, kind: string) =>
  until(async () => (await world.store.journal({ user: openId(openid), limit: 1 }))[0]?.event.kind === kind);

/** Another process at work on the same store. */
async function anotherBot(): Promise<Bot> {
  const bot = await createBot({
    holder: `other ${others.length}`,
    config: world.config,
    clock: () => instant(control().state().now),
    timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
    log: SILENT,
    store: world.store,
  });
  others.push(bot);
  return bot;
}

/** An event that comes by no push. */
function happens(openid: string, key: string, happening: Happening): Promise<unknown> {
  const envelope = {
    key: eventKey(key),
    account: 'tea',
    user: openId(openid),
    sentAt: instant(control().state().now),
  };
  return world.bot.flow.handle({ ...envelope, ...happening });
}

describe('within the quotas', () => {
  test('of four messages owed within a minute after the follow three are said, and the fourth is told at the next contact; WeChat never says 45047', async () => {
    await open();
    const ann = world.person();
    await act(ann, { kind: 'follow' });
    const results = await Promise.all(['第一句', '第二句', '第三句', '第四句'].map(text => say(ann, text)));
    expect(results).toEqual(['said', 'said', 'said', 'owed']);
    expect(read(ann)).toEqual(['第一句', '第二句', '第三句']);
    for (let n = 0; n < 3; n++) await world.bot.messages.sweep();
    expect(read(ann)).toHaveLength(3);
    expect(await write(ann, '帮助')).toBe('回复「红包」试试\n\n第四句');
    expect(await pending(ann)).toEqual([]);
    await written(ann, 'text');
    await world.bot.messages.sweep();
    expect(read(ann)).toHaveLength(3);
    expect(control().messages()).toEqual({ sent: 3, refused: {} });
  });

  test('what is owed is said by itself as soon as the follower has opened a window, unless the reply could tell it', async () => {
    await open();
    const ann = world.person(true);
    expect(await say(ann, '一句')).toBe('owed');
    await world.bot.messages.sweep();
    expect(read(ann)).toEqual([]);
    await act(ann, { kind: 'click', key: 'CARD' }); // answered with an article
    await written(ann, 'click');
    expect(await pending(ann)).toEqual(['一句']);
    await world.bot.messages.sweep();
    expect(read(ann)).toEqual(['一句']);
    expect(await pending(ann)).toEqual([]);
  });

  test('a minute later nothing is said any more, two days after a text neither', async () => {
    await open();
    const ann = world.person(true);
    await act(ann, { kind: 'click', key: 'CARD' });
    await written(ann, 'click');
    pass(56_000);
    expect(await say(ann, '晚了')).toBe('owed');
    await write(ann, '帮助');
    await written(ann, 'text');
    pass(47 * HOUR);
    expect(await say(ann, '还行')).toBe('said');
    pass(HOUR - 3000);
    expect(await say(ann, '又晚了')).toBe('owed');
    expect(control().messages()).toEqual({ sent: 1, refused: {} });
  });

  test('an access token at its end in the middle of it is renewed once, and everything is said once', async () => {
    await open();
    const ann = world.person(true);
    await write(ann, '帮助');
    await written(ann, 'text');
    await say(ann, '一');
    const token = () => world.store.note(`token:${ACCOUNT.appId}`);
    const before = await token();
    fault({ kind: 'expireToken' });
    await Promise.all([say(ann, '二'), say(ann, '三')]);
    const after = await token();
    fault();
    expect(await say(ann, '四')).toBe('said');
    expect(await token()).toBe(after);
    expect(after).not.toBe(before);
    expect(read(ann)).toEqual(['一', '二', '三', '四']);
  });
});

describe('what WeChat refuses', () => {
  test.each<[PlatformFault['kind'], string]>([
    ['messageUsedUp', '45047'],
    ['messageClosed', '45015'],
    ['messageOff', '48002'],
    ['messageBlocked', '43019'],
    ['messageUnauthorized', '48001'],
  ])('with %s is owed, is not tried again by itself, and is told at the next contact', async (kind, code) => {
    await open();
    const ann = world.person(true);
    await write(ann, '帮助');
    await written(ann, 'text');
    fault({ kind });
    expect(await say(ann, '一')).toBe('owed');
    expect(await say(ann, '二')).toBe('owed');
    for (let n = 0; n < 3; n++) await world.bot.messages.sweep();
    expect(control().messages()).toEqual({ sent: 0, refused: { [code]: 1 } });
    expect(await write(ann, '帮助')).toBe('回复「红包」试试\n\n一\n\n二');
    expect(read(ann)).toEqual([]);
  });

  test.each<[PlatformFault['kind'], number]>([
    ['quota', 11 * MINUTE],
    ['busy', 2 * MINUTE],
  ])('with %s is tried again later, and counts as nothing sent', async (kind, ms) => {
    await open();
    const ann = world.person(true);
    await write(ann, '帮助');
    await written(ann, 'text');
    await say(ann, '零');
    fault({ kind });
    expect(await say(ann, '一')).toBe('owed');
    await world.bot.messages.sweep();
    fault();
    await world.bot.messages.sweep();
    expect(read(ann)).toEqual(['零']);
    pass(ms);
    await world.bot.messages.sweep();
    expect(read(ann)).toEqual(['零', '一']);
    for (const text of ['二', '三', '四', '五']) await say(ann, text);
    expect(read(ann)).toHaveLength(5);
    expect(await pending(ann)).toEqual(['五']);
  });

  test('and what nobody answers readably counts as said: it is not said again', async () => {
    await open();
    const ann = world.person(true);
    await write(ann, '帮助');
    await written(ann, 'text');
    await say(ann, '零');
    fault({ kind: 'html502', times: 1 });
    expect(await say(ann, '一')).toBe('said');
    await world.bot.messages.sweep();
    expect(await pending(ann)).toEqual([]);
    expect(read(ann)).toEqual(['零']);
  });
});

describe('several processes', () => {
  test('say what is owed once, and what both are told to say at once too', async () => {
    await open();
    const ann = world.person(true);
    await Promise.all(['一', '二'].map(text => say(ann, text)));
    const other = await anotherBot();
    expect((await Promise.all([say(ann, '三'), say(ann, '三', other)])).sort()).toEqual(['known', 'owed']);
    await act(ann, { kind: 'click', key: 'CARD' });
    await written(ann, 'click');
    await Promise.all([world.bot, other, world.bot, other].map(bot => bot.messages.sweep()));
    expect(read(ann)).toEqual(['一', '二', '三']);
    expect(control().messages()).toEqual({ sent: 3, refused: {} });
  });

  test('that say different things at the same time stay within the quota together', async () => {
    await open();
    const ann = world.person(true);
    await write(ann, '帮助');
    await written(ann, 'text');
    const other = await anotherBot();
    const texts = ['1', '2', '3', '4', '5', '6', '7', '8'];
    const results = await Promise.all(texts.map((text, n) => say(ann, text, n % 2 ? other : world.bot)));
    expect(results.filter(result => result === 'said')).toHaveLength(5);
    expect(new Set(read(ann)).size).toBe(5);
    expect(control().messages()).toEqual({ sent: 5, refused: {} });
  });
});

describe('the next contact', () => {
  test('whose answer is not delivered the first time gets the same text again, and only once', async () => {
    await open();
    const ann = world.person(true);
    await say(ann, '一句');
    fault({ kind: 'duplicatePush' });
    const push = await act(ann, { kind: 'text', text: '帮助' });
    expect(push.tries.length).toBeGreaterThan(1);
    for (const each of push.tries) expect(each.clear ?? each.answer).toContain('回复「红包」试试\n\n一句');
    fault();
    expect(await write(ann, '帮助')).toBe('回复「红包」试试');
  });

  test('with nothing to answer tells it alone; a picture, an article and a human agent leave it for another time', async () => {
    await open();
    const ann = world.person(true);
    fault({ kind: 'messageOff' });
    await say(ann, '一句');
    for (const what of [
      { kind: 'text', text: '图片' },
      { kind: 'click', key: 'CARD' },
      { kind: 'text', text: '人工' },
    ] as const)
      expect(world.said(await act(ann, what))).not.toContain('一句');
    expect(await pending(ann)).toEqual(['一句']);
    expect(await write(ann, '在吗')).toBe('一句');
    expect(await pending(ann)).toEqual([]);
  });

  test('does not tell what a message tells in the same moment', async () => {
    let isFirst = true;
    await open({
      wrap: store => ({
        ...store,
        async commit(commit) {
          if (commit.told && isFirst) {
            isFirst = false; // somebody takes it, between what the flow has read and what it writes
            await store.putMailbox('tea', commit.event.user, { sent: [], pending: [] }, commit.told.version);
          }
          return store.commit(commit);
        },
      }),
    });
    const ann = world.person(true);
    await say(ann, '一句');
    expect(await write(ann, '帮助')).toBe('回复「红包」试试');
    expect(isFirst).toBe(false);
  });

  test('is where a packet that will not come is told of, when it failed outside of every window', async () => {
    await open();
    const ann = world.person();
    control().setFaults({ pay: [{ kind: 'errorNothingStored' }], platform: [] });
    await act(ann, { kind: 'follow' });
    await until(async () => (await world.store.payouts({ user: openId(ann), limit: 1 }))[0]?.state === 'unknown');
    control().setFaults({ pay: [{ kind: 'noAuthUser' }], platform: [] });
    pass(5 * MINUTE);
    await until(async () => {
      await world.bot.settle.pass();
      return (await pending(ann)).length > 0;
    });
    expect(read(ann)).toEqual([]);
    expect(await write(ann, '帮助')).toMatch(/^回复「红包」试试\n\n红包没能送达/);
    expect(await write(ann, '我的红包')).toMatch(/测试活动 1\.00 元:暂时不能送达/);
  });
});

describe('what happens outside the chat', () => {
  test('a payment and its refund are told to whoever may be written to', async () => {
    await open();
    const ann = world.person(true);
    await write(ann, '帮助');
    await written(ann, 'text');
    const money = { merchant: 'shop', transaction: 'T1', amount: fen(8800) } as const;
    await happens(ann, 'p:T1', { kind: 'paid', order: 'O1', total: fen(8800), ...money });
    await until(() => read(ann).length === 1);
    expect(read(ann)).toEqual(['谢谢惠顾,1.00 元红包明天发']);
    expect(await write(ann, '我的红包')).toMatch(/测试活动 1\.00 元:将在 \d\d-\d\d \d\d:\d\d 发出$/);
    await happens(ann, 'r:R1', { kind: 'refunded', refund: 'R1', ...money });
    await until(() => read(ann).length === 2);
    expect(read(ann)[1]).toBe('订单退款了,1.00 元红包不再发');
    expect(await write(ann, '查红包')).toMatch(/已取消，不再发出$/);
  });
});

describe('a reminder', () => {
  const unopened = async (): Promise<string> => {
    const ann = world.person(true);
    await write(ann, '提醒');
    await until(async () => {
      await world.bot.settle.pass();
      return (await world.store.payouts({ user: openId(ann), limit: 1 }))[0]?.state === 'sent';
    });
    return ann;
  };

  test('comes once, some hours before the packet goes back, and not to whoever has opened it', async () => {
    await open();
    const [ann, bob] = [await unopened(), await unopened()];
    await world.bot.remind();
    expect(read(ann)).toEqual([]);
    pass(20 * HOUR + MINUTE);
    const [packet] = await world.store.payouts({ user: openId(bob), limit: 1 });
    control().openPacket('1900000109', packet!.billNo, bob);
    await until(async () => {
      await world.bot.settle.pass();
      return (await world.store.payout(packet!.billNo))!.state === 'received';
    });
    const other = await anotherBot();
    await Promise.all([world.bot.remind(), other.remind()]);
    await world.bot.remind();
    expect(read(ann)).toEqual(['您还有 1.00 元红包没有点开,快过期啦']);
    expect(read(bob)).toEqual([]);
    expect(await write(ann, '我的红包')).toMatch(/待领取，请在 \d\d-\d\d \d\d:\d\d 前点开聊天里的红包$/);
  });

  test('never takes the last message, and is never owed', async () => {
    await open();
    const ann = await unopened();
    for (const text of ['1', '2', '3', '4']) await say(ann, text);
    pass(21 * HOUR);
    await world.bot.remind();
    expect(read(ann)).toHaveLength(4);
    expect(await pending(ann)).toEqual([]);
    await write(ann, '帮助'); // a new window: now there is room
    await written(ann, 'text');
    await world.bot.remind();
    expect(read(ann)).toHaveLength(5);
  });
});
