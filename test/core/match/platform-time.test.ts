// Pushes come late, twice and in another order (事件次序): what somebody is, and what they keep, follows from WeChat's time
// of what they did, on both stores and in the ledger of rule tests.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../../src/core/analysis/memory-ledger.ts';
import { type Event, eventKey, type Happening, type OpenId, openId } from '../../../src/core/base/event.ts';
import { DAY, type Instant, later, parseBeijing, SECOND } from '../../../src/core/base/time.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { followerAfter, newsForInviter } from '../../../src/core/match/follower.ts';
import { isUndone } from '../../../src/core/payout/undone.ts';
import type { Campaign, Trigger } from '../../../src/core/rules/campaign.ts';
import { createFlow, type Flow } from '../../../src/engine/flow.ts';
import { SILENT } from '../../../src/lib/log.ts';
import type { Store } from '../../../src/ports.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { aPayout } from '../../storage/store.contract.ts';
import { campaignOf, packet, ruleOf } from '../../support/campaigns.ts';
import { configOf } from '../../support/config.ts';
import { DURABLE, hasRedis, openedOn, type RedisServer, startRedis } from '../../support/redis-server.ts';

const NOON = parseBeijing('2026-02-10 12:00')!;
const ANN = openId('oAnn0000000000000000000000_A');
const BOB = openId('oBob0000000000000000000000-B');

const at = (seconds: number): Instant => later(NOON, seconds * SECOND);
const on = (...triggers: Trigger[]) => triggers;
const KEPT = { once: 'perEvent', give: ['one'], delay: DAY, cancelIf: ['unsubscribed'] } as const;

/** Follow, a word and the page each give a packet that is paid a day later, unless they leave. */
const CAMPAIGN: Campaign = campaignOf({
  prizes: [packet('one')],
  rules: [
    { ...ruleOf(KEPT), id: 'follow', on: on({ kind: 'subscribe', first: false }) },
    { ...ruleOf(KEPT), id: 'word', on: on({ kind: 'text', match: 'any' }) },
    { ...ruleOf(KEPT), id: 'page', on: on({ kind: 'visit' }) },
  ],
});

let serial = 0;
/** What somebody did at this second, whenever it is told. */
function did(seconds: number, happening: Happening, user: OpenId = ANN): Event {
  return { key: eventKey(`m:${++serial}`), account: 'tea', user, sentAt: at(seconds), ...happening };
}
const FOLLOW: Happening = { kind: 'subscribe', via: 'direct' };
const LEAVE: Happening = { kind: 'unsubscribe' };
const SAY: Happening = { kind: 'text', text: '抽奖' };
const VISIT: Happening = { kind: 'visit', campaign: 'tea' };

/** One process at work on a store. */
function processOn(store: Store, campaign = CAMPAIGN): { flow: Flow; setNow(seconds: number): void } {
  let now = at(100);
  const book = bookOf([campaign], ['tea']);
  const ports = {
    clock: () => now,
    store,
    log: SILENT,
    config: configOf({ secret: 'a secret' }),
    book: () => book,
    planned: () => {},
  };
  const setNow = (seconds: number): void => {
    now = at(seconds);
  };
  return { flow: createFlow(ports), setNow };
}

type Opened = { readonly store: Store; beside(): Promise<Store>; dispose(): Promise<void> };

function onAStore(name: string, open: () => Promise<Opened>): void {
  describe(`on ${name}`, () => {
    let opened: Opened;
    let store: Store;
    const fresh = async (): Promise<Flow> => {
      opened = await open();
      store = opened.store;
      return processOn(store).flow;
    };
    afterEach(() => opened.dispose());
    const states = async (): Promise<string[]> => (await store.payouts({ limit: 50 })).map(({ state }) => state);
    const follower = async (user = ANN) =>
      (await store.facts({ account: 'tea', user, merchant: undefined, claims: [], counters: [] })).follower;
    const tell = async (flow: Flow, ...events: Event[]): Promise<void> => {
      for (const event of events) await flow.handle(event);
    };

    test('a text that is told after a later unfollow wins nothing that is taken back from those who leave', async () => {
      const flow = await fresh();
      await tell(flow, did(0, FOLLOW), did(20, LEAVE), did(10, SAY));
      expect(await states()).toEqual(['failed']); // that of the follow, taken back
    });

    test('a follow that is told after the unfollow behind it leaves nobody following, and wins nothing', async () => {
      const flow = await fresh();
      await tell(flow, did(20, LEAVE), did(10, FOLLOW));
      expect(await follower()).toStrictEqual({
        ...{ account: 'tea', user: ANN, following: false, follows: 1 },
        ...{ followedAt: at(10), leftAt: at(20) },
      });
      expect(await states()).toEqual([]);
    });

    test('a follow that is told late does not undo a later one, nor count it as the first', async () => {
      const flow = await fresh();
      await tell(flow, did(30, FOLLOW), did(20, LEAVE), did(10, FOLLOW));
      expect(await follower()).toMatchObject({ following: true, follows: 2, followedAt: at(30), leftAt: at(20) });
    });

    test('an unfollow that is told late undoes what was won before it, and nothing won after they came back', async () => {
      const flow = await fresh();
      await tell(flow, did(0, FOLLOW), did(10, SAY), did(30, FOLLOW), did(40, SAY), did(20, LEAVE));
      const payouts = await store.payouts({ limit: 50 });
      expect(payouts.map(({ rule, eventAt, state }) => [rule, eventAt, state])).toEqual([
        ['word', at(40), 'planned'],
        ['follow', at(30), 'planned'],
        ['word', at(10), 'failed'],
        ['follow', at(0), 'failed'],
      ]);
      expect(await follower()).toMatchObject({ following: true, followedAt: at(30), leftAt: at(20) });
      // Told later still, it is no better.
      await tell(flow, did(15, SAY));
      expect(await states()).toHaveLength(4);
      await tell(flow, did(50, SAY));
      expect(await states()).toHaveLength(5);
    });

    test('a text of somebody who came back, of which nobody has told us, proves that they did', async () => {
      const flow = await fresh();
      await tell(flow, did(0, FOLLOW), did(10, LEAVE), did(20, SAY));
      expect(await states()).toEqual(['planned', 'failed']);
    });

    test('in one second the unfollow is the last word about money', async () => {
      const flow = await fresh();
      await tell(flow, did(10, SAY), did(10, LEAVE), did(10, FOLLOW));
      expect(await states()).toEqual(['failed']);
      expect(await follower()).toMatchObject({ following: true, leftAt: at(10) });
      await tell(flow, did(11, SAY));
      expect(await states()).toEqual(['planned', 'failed']);
    });

    test('whoever leaves at another process while a visit is decided wins nothing', async () => {
      opened = await open();
      store = opened.store;
      const other = processOn(await opened.beside());
      let isOpen = true;
      const slow: Store = {
        ...store,
        async begin(key, wanted) {
          const begun = await store.begin(key, wanted);
          if (isOpen && wanted.claims.length > 0) {
            isOpen = false;
            await other.flow.handle(did(110, LEAVE));
          }
          return begun;
        },
      };
      await tell(other.flow, did(0, FOLLOW));
      await processOn(slow).flow.handle(did(100, VISIT));
      expect(isOpen).toBe(false);
      expect(await states()).toEqual(['failed']);
      expect(await follower()).toMatchObject({ following: false, leftAt: at(110) });
    });

    test('a visit that was decided first is undone by the unfollow at another process', async () => {
      opened = await open();
      store = opened.store;
      const other = processOn(await opened.beside());
      const { flow } = processOn(store);
      await tell(flow, did(0, FOLLOW));
      await Promise.all([flow.handle(did(100, VISIT)), other.flow.handle(did(101, LEAVE))]);
      expect((await states()).filter(state => state === 'planned')).toEqual([]);
    });

    test('a commit is lost if somebody left since, though it changes nobody', async () => {
      const flow = await fresh();
      await tell(flow, did(0, FOLLOW), did(10, LEAVE));
      const commit = {
        event: did(20, SAY),
        seenAt: at(20),
        answer: { reply: { kind: 'none' }, at: at(20) },
        counters: [],
        decision: { kind: 'ignored', reply: { kind: 'none' }, trace: [] },
      } as const;
      const lost = { kind: 'lost', counter: 'follower' };
      expect(await store.commit({ ...commit, followsSeen: 1, leftSeen: 0 })).toEqual(lost);
      expect(await store.commit({ ...commit, followsSeen: 1, leftSeen: at(9) })).toEqual(lost);
      expect(await store.commit({ ...commit, followsSeen: 0, leftSeen: at(10) })).toEqual(lost);
      expect(await store.commit({ ...commit, followsSeen: 1, leftSeen: at(10) })).toEqual({ kind: 'done' });
      const nobody = { ...commit, event: did(20, SAY, BOB) };
      expect(await store.commit({ ...nobody, followsSeen: 0, leftSeen: 0 })).toEqual({ kind: 'done' });
    });
  });
}

onAStore('SQLite', async () => {
  const store = await openSqlite(':memory:');
  return { store, beside: async () => store, dispose: () => store.close() };
});

if (hasRedis) {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
  });
  afterAll(() => server.dispose());
  onAStore('Redis', () => openedOn(server.url));
}

describe('a follower', () => {
  const leftBy = (...events: Event[]) =>
    events.reduce<ReturnType<typeof followerAfter>>(
      (before, event) => followerAfter(before, event) ?? before,
      undefined,
    );

  test('is the same in whatever order things are told', () => {
    const told = [did(10, FOLLOW), did(20, LEAVE), did(30, FOLLOW)];
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    for (const order of orders)
      expect(leftBy(...order.map(n => told[n]!))).toMatchObject({
        ...{ following: true, followedAt: at(30), leftAt: at(20) },
      });
    expect(leftBy(told[1]!, told[0]!, told[2]!)).toMatchObject({ follows: 2 });
  });

  test('who was gone before the follow was told has followed once, and was invited by whom it says', () => {
    const invited = did(10, { kind: 'subscribe', via: 'qr', scene: `i.${BOB}.tea` });
    const gone = leftBy(did(20, LEAVE))!;
    expect(followerAfter(gone, invited)).toMatchObject({ follows: 1, following: false, invitedBy: { user: BOB } });
    expect(newsForInviter(gone, invited)).toBeUndefined();
    expect(newsForInviter(undefined, invited)).toMatchObject({ kind: 'friend', user: BOB, did: 'followed' });
  });

  test('of version 0.1.0, who had left, comes back by a later follow only', () => {
    const old = { account: 'tea', user: ANN, following: false, follows: 1, followedAt: at(10) } as const;
    expect(followerAfter(old, did(20, FOLLOW))).toMatchObject({ following: true, follows: 2 });
    expect(followerAfter(old, did(5, FOLLOW))).toMatchObject({ following: false });
  });
});

test('a payout of version 0.1.0 is undone by the time at which it was planned', () => {
  const payout = aPayout({ state: 'planned', tries: 0, createdAt: at(10), undoneBy: { causes: ['unsubscribed'] } });
  expect(isUndone(payout, did(10, LEAVE))).toBe(true);
  expect(isUndone(payout, did(9, LEAVE))).toBe(false);
  expect(isUndone({ ...payout, eventAt: at(8) }, did(9, LEAVE))).toBe(true);
});

test('the ledger of rule tests goes by the same time', () => {
  const ledger = new Ledger();
  const book = bookOf([CAMPAIGN], ['tea']);
  const around = { merchant: undefined, seedOf: () => 'seed' };
  const play = (event: Event) => ledger.play(book, event, around, at(100));
  for (const event of [did(0, FOLLOW), did(10, SAY), did(30, FOLLOW), did(40, SAY)]) play(event);
  expect(play(did(20, LEAVE)).undone.map(({ rule }) => rule)).toEqual(['follow', 'word']);
  expect(play(did(15, SAY)).decision).toMatchObject({ kind: 'refused', refusal: 'notEligible' });
});
