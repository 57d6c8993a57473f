// Messages without a platform, on both stores: whatever dies wherever, nothing is said twice; and what becomes of it where
// no message may be sent.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/base/error.ts';
import { type Event, eventKey, openId } from '../../src/core/base/event.ts';
import { DAY, type Instant, instant, later, MINUTE, SECOND } from '../../src/core/base/time.ts';
import { NO_REPLY } from '../../src/core/rules/reply.ts';
import { createMessages, type Messages, type Voice } from '../../src/engine/messages.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { type Beside, KINDS } from '../support/beside.ts';

const ANN = openId('oAnn0000000000000000000000000');
const BEGIN = instant(1_800_000_000_000);

describe.each(KINDS)('messages, on %s', (_, openBeside) => {
  let beside: Beside;
  let store: Store;
  let now: Instant;
  let serial = 0;
  /** What arrived on the phone. */
  let heard: string[];
  beforeEach(async () => {
    beside = await openBeside();
    store = await beside.open();
    now = BEGIN;
    heard = [];
  });
  afterEach(() => beside.dispose());

  const voice: Voice = { say: async (_user, text) => void heard.push(text) };
  const process = (over: Store = store, speaks: Voice = voice): Messages =>
    createMessages({
      clock: () => now,
      log: SILENT,
      store: over,
      holder: `process ${++serial}`,
      voices: new Map([['tea', speaks]]),
    });
  const pending = async (user = ANN) => ((await store.mailbox('tea', user))?.pending ?? []).map(({ text }) => text);
  const say = (messages: Messages, text: string, user = ANN) =>
    messages.say('tea', user, text, { id: text, why: 'problem' });

  /** The follower writes, and WeChat lets us write for a while. */
  async function writes(user = ANN): Promise<void> {
    const key = eventKey(`m:${++serial}`);
    const event: Event = { key, account: 'tea', user, sentAt: now, kind: 'text', text: '你好' };
    await store.commit({
      event,
      seenAt: now,
      answer: { reply: NO_REPLY, at: now },
      decision: { kind: 'ignored', reply: NO_REPLY, trace: [] },
      counters: [],
    });
  }

  /** The store of a process that dies at its `n`th write: just before it, or just after, when nobody hears that it worked. */
  async function dying(n: number, isDone: boolean): Promise<{ store: Store; writes: () => number }> {
    let count = 0;
    const real = await beside.open();
    const putMailbox: Store['putMailbox'] = async (...args) => {
      if (++count > n) return new Promise(() => undefined);
      if (count < n) return real.putMailbox(...args);
      if (isDone) await real.putMailbox(...args);
      return new Promise(() => undefined);
    };
    return { store: { ...real, putMailbox }, writes: () => count };
  }

  test.each([
    ['before it is owed', 1, false, 0, 0],
    ['when it is owed', 1, true, 1, 1],
    ['before it is written down as said', 2, false, 1, 1],
    ['when it is written down as said, before the call: then it is not said at all', 2, true, 0, 0],
  ])(
    'a process that dies %s says nothing twice, and the next one does the rest',
    async (_name, n, isDone, left, said) => {
      await writes();
      const dead = await dying(n, isDone);
      void say(process(dead.store), '一句');
      await expect.poll(() => dead.writes()).toBe(n);
      await expect.poll(() => pending()).toHaveLength(left);
      const next = process();
      await next.sweep();
      await next.sweep();
      expect(heard).toHaveLength(said);
      expect(await pending()).toEqual([]);
    },
  );

  test('a process that dies in the middle of the call has said it', async () => {
    await writes();
    let isCalled = false;
    const hangs: Voice = {
      say: () => {
        isCalled = true;
        return new Promise(() => undefined);
      },
    };
    void say(process(store, hangs), '一句');
    await expect.poll(() => isCalled).toBe(true);
    await process().sweep();
    expect(heard).toEqual([]);
    expect(await pending()).toEqual([]);
  });

  test('a call that surely did not leave is made again later, one that nobody knows of is not', async () => {
    await writes();
    let retry: 'safe' | 'query-first' = 'safe';
    const lost: Voice = {
      say: () => Promise.reject(new Fault('wechat', retry, 'NETWORK', 'no answer')),
    };
    const messages = process(store, lost);
    expect(await say(messages, '没出门')).toBe('owed');
    now = later(now, 2 * MINUTE);
    retry = 'query-first';
    await messages.sweep();
    expect(await pending()).toEqual([]);
    await process().sweep();
    expect(heard).toEqual([]);
  });

  test('many who are owed something are all reached, over several sweeps and processes, each once', async () => {
    const people = Array.from({ length: 230 }, (_each, n) => openId(`oUser${String(n).padStart(23, '0')}`));
    for (const user of people) {
      await say(process(), `给 ${user}`, user);
      await writes(user);
    }
    const two = [process(), process(await beside.open())];
    for (let n = 0; n < 3; n++) await Promise.all(two.map(each => each.sweep()));
    expect(heard.sort()).toEqual(people.map(user => `给 ${user}`).sort());
  }, 60_000);

  test('a sweep that was stopped is taken up where it stood', async () => {
    const people = Array.from({ length: 5 }, (_each, n) => openId(`oUser${n}`));
    for (const user of people) {
      await say(process(), user, user);
      await writes(user);
    }
    const slow: Voice = {
      say: async (_user, text) => {
        heard.push(text);
        now = later(now, 25 * SECOND); // a sweep has 40 s
      },
    };
    const messages = process(store, slow);
    await messages.sweep();
    expect(heard).toHaveLength(2);
    await messages.sweep();
    expect(heard).toHaveLength(4);
    await messages.sweep();
    expect(heard).toEqual(people);
  });

  test('no more is owed than a mailbox holds, and nothing that is a month old is said', async () => {
    const messages = process();
    for (let n = 0; n < 55; n++) await say(messages, `第 ${n} 句`);
    expect(await pending()).toHaveLength(50);
    now = later(now, 31 * DAY);
    await say(messages, '新的');
    await writes();
    await messages.sweep();
    expect(heard).toEqual(['新的']);
    expect(await pending()).toEqual([]);
  });

  describe('where no message may be sent, a notice', () => {
    type Sent = { name: string; text: string | undefined; id: string };
    let sent: Sent[];
    const noticing = (names: readonly string[], answer: () => { kind: string } | Fault): Voice => ({
      ...voice,
      notices: {
        has: name => names.includes(name),
        send: async (name, _user, { text }, id) => {
          const result = answer();
          if (result instanceof Fault) throw result;
          sent.push({ name, text, id });
          return result;
        },
      },
    });
    const ok = () => ({ kind: 'sent' });
    beforeEach(() => {
      sent = [];
    });

    test('says it, once, under its own name or the general one', async () => {
      expect(await say(process(store, noticing(['problem', 'owed'], ok)), '没送达')).toBe('noticed');
      expect(await say(process(store, noticing(['owed'], ok)), '又没送达')).toBe('noticed');
      expect(sent).toEqual([
        { name: 'problem', text: '没送达', id: '没送达' },
        { name: 'owed', text: '又没送达', id: '又没送达' },
      ]);
      expect(await pending()).toEqual([]);
    });

    test('is not needed where a message may be sent', async () => {
      await writes();
      expect(await say(process(store, noticing(['problem'], ok)), '没送达')).toBe('said');
      expect([heard, sent]).toEqual([['没送达'], []]);
    });

    test.each<[string, () => { kind: string } | Fault, string, string[]]>([
      ['that the follower refuses leaves it owed', () => ({ kind: 'refused' }), 'owed', ['没送达']],
      ['that is wrong leaves it owed', () => new Fault('wechat', 'never', '40037', 'no template'), 'owed', ['没送达']],
      [
        'that nobody knows the end of counts as said',
        () => new Fault('wechat', 'query-first', 'NETWORK', '?'),
        'noticed',
        [],
      ],
    ])('%s', async (_name, answer, result, left) => {
      expect(await say(process(store, noticing(['problem'], answer)), '没送达')).toBe(result);
      expect(await pending()).toEqual(left);
    });

    test('reminds only where there is one for it', async () => {
      const remind = (speaks: Voice) =>
        process(store, speaks).remind('tea', ANN, '快过期啦', { id: 'r', why: 'reminder' }, async () => true);
      expect(await remind(noticing(['owed'], ok))).toBe(false);
      expect(await remind(noticing(['reminder'], ok))).toBe(true);
      expect(sent.map(({ name }) => name)).toEqual(['reminder']);
      expect(await pending()).toEqual([]);
    });
  });
});
