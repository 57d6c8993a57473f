// What is answered without asking the store, and each condition under which it is: leave one out, and its test fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Event, eventKey, type Happening } from '../../src/core/base/event.ts';
import { type Instant, later } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { createCertainty, KNOWN_AFTER_MS, SENT_WITHIN_MS } from '../../src/engine/at-once/sure.ts';
import { createFlow, type Flow } from '../../src/engine/flow.ts';
import { SILENT } from '../../src/lib/log.ts';
import { createMarks } from '../../src/lib/marks.ts';
import type { Answer, Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { configOf } from '../support/config.ts';
import { campaignsOf, NOON, openId } from '../support/counted-shop.ts';

const RULES = `campaign: shop
name: 茶
period: { from: 2020-01-01 00:00, to: 2099-12-31 24:00 }
budget: { total: ¥100.00 }
packet: { sendName: 茶, actName: 茶, wishing: 茶 }
prizes: { cash: { redpacket: ¥1.00 } }
rules:
  - { id: claim, on: { text: 红包 }, once: ever, give: cash }
  - { id: old, on: { text: 老朋友 }, when: user.followedDays >= 7, reply: 欢迎回来 }
  - { id: hello, on: { text: [你好, 老朋友] }, reply: 您好 }
  - { id: shut, on: { click: MENU }, reply: '{{campaign}}' }
`;
const config = configOf();

let folder: string;
let store: Store;
let calls: string[];
let now: Instant;
let isBroken: boolean;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-at-once-'));
  store = await openSqlite(join(folder, 'bot.db'));
  [calls, now, isBroken] = [[], NOON, false];
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A bot on this store; `rules` as they are when it starts. */
async function bot(rules = RULES): Promise<Flow> {
  const counted = new Proxy(store, {
    get: (its, name: keyof Store) => {
      const method = its[name];
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        calls.push(name);
        if (name === 'commit' && isBroken) return Promise.reject(new Error('disk full'));
        return Reflect.apply(method, its, args);
      };
    },
  });
  const clock = (): Instant => now;
  const [ports, book] = [{ clock, store: counted, log: SILENT, config }, bookOf(campaignsOf(rules), ['tea'])];
  const flow = createFlow({
    ...ports,
    book: () => book,
    planned: () => {},
    certainty: createCertainty(counted, clock),
  });
  await turn();
  calls = [];
  return flow;
}

const event = (key: string, happening: Happening, sentAt = now): Event => ({
  ...{ key: eventKey(key), account: 'tea', user: openId('ann'), sentAt },
  ...happening,
});
const says = (key: string, text = '你好', sentAt = now): Event => event(key, { kind: 'text', text }, sentAt);

/** The answer, and whether the store was asked for it. */
async function ask(flow: Flow, asked: Event): Promise<{ answer: Answer; isLookedUp: boolean }> {
  await turn(); // nobody looks twice at what others write within a turn
  calls = [];
  const answer = await flow.answer(asked);
  return { answer, isLookedUp: calls.includes('begin') };
}
const isLookedUp = async (flow: Flow, asked: Event): Promise<boolean> => (await ask(flow, asked)).isLookedUp;

describe('without asking the store', () => {
  test('a word is answered at once, and its line is written', async () => {
    const flow = await bot();
    const { answer, isLookedUp: wasAsked } = await ask(flow, says('m:1'));
    expect([answer.reply, wasAsked]).toEqual([{ kind: 'text', text: '您好' }, false]);
    await flow.written();
    expect(await store.journal({ limit: 10 })).toMatchObject([
      { event: { key: 'm:1' }, reply: answer.reply, decision: { kind: 'answered', rule: 'hello' } },
    ]);
    expect(await store.answered('tea', eventKey('m:1'))).toEqual(answer);
  });

  test('what no rule is about, and a tap, are as well', async () => {
    const flow = await bot();
    expect(await isLookedUp(flow, says('m:1', '再见'))).toBe(false);
    expect(await isLookedUp(flow, event('e:1', { kind: 'click', button: 'MENU' }))).toBe(false);
  });
});

describe('the store is asked', () => {
  test('about a copy, which gets the first answer: before its line is written, and after', async () => {
    const flow = await bot();
    const first = await ask(flow, says('m:1'));
    now = later(now, 5000);
    const unwritten = flow.answer(says('m:1'));
    expect(unwritten).toBe(first.answer);
    await flow.written();
    const again = await ask(flow, says('m:1'));
    expect(again).toEqual({ answer: first.answer, isLookedUp: true });
  });

  test('about a copy whose first delivery it failed', async () => {
    const flow = await bot();
    isBroken = true;
    await expect(flow.handle(says('m:1', '红包'))).rejects.toThrow('disk full');
    isBroken = false;
    expect(await isLookedUp(flow, says('m:1'))).toBe(true);
  });

  test('about what another process may have answered before this one began, until no copy of it can come', async () => {
    const before = await bot();
    const first = await ask(before, says('m:1'));
    await before.written();
    const flow = await bot(RULES.replaceAll('您好', '早上好'));
    expect((await ask(flow, says('m:1'))).answer).toEqual(first.answer);
    expect(await isLookedUp(flow, says('m:2'))).toBe(true);
    now = later(now, KNOWN_AFTER_MS);
    expect(await isLookedUp(flow, says('m:3'))).toBe(false);
  });

  test('about what was sent long ago, or is of another clock', async () => {
    const flow = await bot();
    expect(await isLookedUp(flow, says('m:1', '你好', later(now, -SENT_WITHIN_MS - 1)))).toBe(true);
    expect(await isLookedUp(flow, says('m:2', '你好', later(now, SENT_WITHIN_MS + 1)))).toBe(true);
    expect(await isLookedUp(flow, says('m:3', '你好', later(now, -SENT_WITHIN_MS)))).toBe(false);
  });

  test('for a while after another process has written, which may have answered the same event', async () => {
    const flow = await bot();
    expect(await isLookedUp(flow, says('m:1'))).toBe(false);
    const other = await openSqlite(join(folder, 'bot.db'));
    const answer: Answer = { reply: { kind: 'text', text: '那边说的' }, at: now };
    const decision = { kind: 'ignored' as const, reply: answer.reply, trace: [] };
    await other.commit({ event: says('m:2'), seenAt: now, answer, decision, counters: [] });
    expect(await ask(flow, says('m:2'))).toEqual({ answer, isLookedUp: true });
    now = later(now, KNOWN_AFTER_MS - 1);
    expect(await isLookedUp(flow, says('m:3'))).toBe(true);
    now = later(now, 1);
    expect(await isLookedUp(flow, says('m:4'))).toBe(false);
    await other.close();
  });

  test('for who is owed words, whoever wrote down that they are', async () => {
    const pending = [{ id: 'x', text: '您的红包到了', at: now }];
    await store.putMailbox('tea', openId('ann'), { sent: [], pending }, 0);
    const flow = await bot();
    const bob = (key: string): Event => ({ ...says(key), user: openId('bob') });
    expect((await ask(flow, says('m:1'))).answer.reply).toEqual({ kind: 'text', text: '您好\n\n您的红包到了' });
    expect(await isLookedUp(flow, bob('m:2'))).toBe(false);
    await store.putMailbox('tea', openId('bob'), { sent: [], pending }, 0);
    expect((await ask(flow, bob('m:3'))).answer.reply).toEqual({ kind: 'text', text: '您好\n\n您的红包到了' });
  });

  test('where another process wrote down what somebody is owed, also once it is known what it answered', async () => {
    const flow = await bot();
    expect(await isLookedUp(flow, says('m:1'))).toBe(false);
    const other = await openSqlite(join(folder, 'bot.db'));
    await other.putMailbox('tea', openId('ann'), { sent: [], pending: [{ id: 'x', text: '还欠您', at: now }] }, 0);
    await other.close();
    now = later(now, KNOWN_AFTER_MS);
    expect(await isLookedUp(flow, says('m:2'))).toBe(true);
    now = later(now, KNOWN_AFTER_MS);
    expect((await ask(flow, says('m:3'))).isLookedUp).toBe(false); // it was told with m:2
  });

  test('where a rule asks for a claim, or for what is known of a follower', async () => {
    const flow = await bot();
    expect(await isLookedUp(flow, says('m:1', '红包'))).toBe(true);
    expect(await isLookedUp(flow, says('m:2', '老朋友'))).toBe(true);
  });

  test('where somebody asks for their packets, and for whoever follows', async () => {
    const flow = await bot();
    expect(await isLookedUp(flow, says('m:1', '我的红包'))).toBe(true);
    expect(await isLookedUp(flow, event('e:1', { kind: 'subscribe', via: 'direct' }))).toBe(true);
  });

  test('for a while after a line was lost', async () => {
    const flow = await bot();
    isBroken = true;
    expect(await isLookedUp(flow, says('m:1'))).toBe(false);
    await flow.written();
    expect(await isLookedUp(flow, says('m:2'))).toBe(true);
    isBroken = false;
    now = later(now, KNOWN_AFTER_MS);
    expect(await isLookedUp(flow, says('m:3'))).toBe(false);
  });

  test('where the store cannot tell what others write', async () => {
    const { sure: _, ...blind } = store;
    store = blind;
    expect(await isLookedUp(await bot(), says('m:1'))).toBe(true);
  });
});

describe('marks', () => {
  const at = (ms: number): Instant => later(NOON, ms);

  test('know for their time what was marked, and forget it after twice that', () => {
    const marks = createMarks(1000, NOON);
    for (let n = 0; n < 5000; n++) expect(marks.mark(`first ${n}`, NOON), String(n)).toBe(false);
    for (let n = 0; n < 5000; n++) expect(marks.mark(`first ${n}`, at(999)), String(n)).toBe(true);
    marks.mark('second', at(1000));
    expect(marks.mark('first 1', at(1999))).toBe(true);
    marks.mark('third', at(2000));
    expect(marks.mark('first 2', at(2001))).toBe(false);
    expect(marks.mark('second', at(2001))).toBe(true);
  });

  test('that have no more room say since when nothing was forgotten', () => {
    const marks = createMarks(1000, NOON, 10);
    for (let n = 0; n < 10; n++) marks.mark(`${n}`, at(n));
    expect(marks.completeSince()).toBe(Number.NEGATIVE_INFINITY);
    for (let n = 10; n < 20; n++) marks.mark(`${n}`, at(n));
    expect(marks.completeSince()).toBe(NOON);
    for (let n = 20; n < 30; n++) marks.mark(`${n}`, at(n));
    expect(marks.completeSince()).toBe(at(10));
    for (let n = 10; n < 30; n++) expect(marks.mark(`${n}`, at(30)), String(n)).toBe(true);
  });

  test('turn as well where the clock was set back', () => {
    const marks = createMarks(1000, NOON);
    marks.mark('a', NOON);
    marks.mark('b', at(-2000));
    marks.mark('c', at(-4000));
    expect(marks.mark('a', at(-4000))).toBe(false);
    expect(marks.mark('b', at(-4000))).toBe(true);
  });
});
