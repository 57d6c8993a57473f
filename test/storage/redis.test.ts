// The Redis store on one real server: the contract of every store, and what only a server can go through.
import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../../src/core/base/error.ts';
import { openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { HOUR, later } from '../../src/core/base/time.ts';
import { asBillNo, type Payout } from '../../src/core/payout/payout.ts';
import type { Lease, SnapshotRows, Store } from '../../src/ports.ts';
import { fixedOf, nowOf, payoutFrom } from '../../src/storage/redis/rows.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import {
  DURABLE,
  hasRedis,
  type LossyProxy,
  openedOn,
  type RedisServer,
  startProxy,
  startRedis,
  until,
} from '../support/redis-server.ts';
import { authorizationsContract } from './authorization.contract.ts';
import { codesContract } from './codes.contract.ts';
import { documentsContract } from './document.contract.ts';
import { leaseContract } from './lease.contract.ts';
import {
  AMOUNT,
  aCommit,
  anAnswer,
  aPayout,
  aStep,
  buckets,
  counterOf,
  listOf,
  NOW,
  PLACES,
  storeContract,
} from './store.contract.ts';

const STOCK = { name: 'campaign/spring/prize/big', add: 1, max: 7 };
const REFUSED = expect.objectContaining({ name: 'Fault', who: 'store', retry: 'safe' });

describe.skipIf(!hasRedis)('one server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
  });
  afterAll(() => server.dispose());

  storeContract('Redis', () => openedOn(server.url));
  leaseContract('Redis', () => openedOn(server.url, { time: 'caller' }));
  codesContract('Redis', () => openedOn(server.url));
  authorizationsContract('Redis', () => openedOn(server.url));
  documentsContract('Redis', () => openedOn(server.url));

  describe('a snapshot in which one name stands for every follower', () => {
    const STAND = '\0';
    const long = (n: number): string => `oStanding${String(n).padStart(19, '0')}`;
    const users = [...Array.from({ length: 150 }, (_, n) => long(n)), 'a', 'x"y', 'campaign', 'wins', '红包'];
    const inFull = (name: string, user: string): string => name.replace(STAND, () => user);

    test('is the same as one in full, wherever a name stands', async () => {
      const { store, dispose } = await openedOn(server.url);
      const commits = users.map(user => {
        const counters = PLACES.map((at, n) => ({ name: at(user), add: n + 1, max: 9e9 }));
        // What nobody else holds in the same words: their name where no follower's is.
        return aCommit({ user, counters: user === long(7) ? counters : counters.filter((_, n) => n !== 3) });
      });
      for (const commit of commits) await store.commit(commit);
      await store.advance(aStep(commits[5]!.payout, 'sent', 'reserved→sent'));
      const snapshot = await store.snapshot();
      await store.advance(aStep(commits[6]!.payout, 'sent', 'reserved→sent'));
      const theirs = snapshot.theirs!(STAND);
      const owners = new Set(await listOf(theirs.owners()));
      const [marks, others] = [theirs.marks(), theirs.marks()];
      const looked = [...users, 'nobody'].map(user => ({ user, hasCounters: owners.has(user) }));
      const found = [...(await theirs.of(looked.slice(0, 90), marks)), ...(await theirs.of(looked.slice(90), others))];
      expect(await listOf(theirs.leftOver([marks, others]))).toEqual([]);
      const standing = found.flatMap(({ payouts }) => payouts);
      const isStanding = (name: string): boolean => !/\/user\/(?!\0|tea\/\0)/.test(name);
      expect(standing.every(({ payout }) => payout.holds.every(({ name }) => isStanding(name)))).toBe(true);
      const full = standing.map(({ payout, history }) => ({
        payout: { ...payout, holds: payout.holds.map(hold => ({ ...hold, name: inFull(hold.name, payout.user) })) },
        history,
      }));
      const inOrder = (all: readonly SnapshotRows['payouts'][]) =>
        [...all].sort((a, b) => (a.payout.billNo < b.payout.billNo ? -1 : 1));
      expect(inOrder(full)).toStrictEqual(inOrder(await listOf(snapshot.lives())));
      const own = found.flatMap(({ counters }, n) =>
        counters.map(({ name, value }) => ({ name: inFull(name, looked[n]!.user), value })),
      );
      own.push(...(await listOf(theirs.nobodys())));
      const byName = (all: typeof own) => [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(byName(own)).toEqual(byName(await listOf(snapshot.counters())));
      await snapshot.close();
      await dispose();
    });
  });

  describe('payouts that are found by whose they are', () => {
    test('are all told, however many one follower has, and what is under no name is left over', async () => {
      const { store, dispose } = await openedOn(server.url);
      const commits = Array.from({ length: 251 }, () => aCommit({ user: 'oMany' }));
      for (const commit of commits) await store.commit(commit);
      const lost = aCommit({ user: 'oLost' });
      await store.commit(lost);
      const snapshot = await store.snapshot();
      await store.commit(aCommit({ user: 'oMany' }));
      const theirs = snapshot.theirs!('\0');
      expect(await theirs.payouts()).toBe(252);
      const marks = theirs.marks();
      const [many] = await theirs.of([{ user: 'oMany', hasCounters: false }], marks);
      expect(many!.payouts.map(({ payout }) => payout.billNo)).toEqual(commits.map(({ payout }) => payout.billNo));
      expect((await listOf(theirs.leftOver([marks]))).map(({ payout }) => payout)).toStrictEqual([lost.payout]);
      await snapshot.close();
      await dispose();
    });
  });

  describe('many at once', () => {
    test('200 claims for a stock of seven, by two processes: seven win', async () => {
      const { store, beside, dispose } = await openedOn(server.url);
      const stores = [store, await beside()];
      const all = Array.from({ length: 200 }, () => aCommit({ counters: [STOCK] }));
      const results = await Promise.all(all.map((commit, n) => stores[n % 2]!.commit(commit)));
      expect(results.filter(({ kind }) => kind === 'done')).toHaveLength(7);
      expect(results.filter(({ kind }) => kind === 'lost')).toHaveLength(193);
      expect([await counterOf(store, STOCK.name), (await store.payouts({ limit: 200 })).length]).toEqual([7, 7]);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 700 }));
      await dispose();
    });

    test('one event, pushed to two processes, is done by one; both give the same answer', async () => {
      const { store, beside, dispose } = await openedOn(server.url);
      const stores = [store, await beside()];
      const all = Array.from({ length: 40 }, () => aCommit({ key: 'm:same', user: 'oSame' }));
      const results = await Promise.all(all.map((commit, n) => stores[n % 2]!.commit(commit)));
      const winners = all.filter((_, n) => results[n]!.kind === 'done');
      expect(winners).toHaveLength(1);
      const others = results.filter(({ kind }) => kind !== 'done');
      expect(others).toEqual(Array(39).fill({ kind: 'answered', answer: winners[0]!.answer }));
      await dispose();
    });

    test('two deployments on one server do not see each other', async () => {
      const [one, other] = [await openedOn(server.url), await openedOn(server.url)];
      const commit = aCommit();
      expect(await one.store.commit(commit)).toEqual({ kind: 'done' });
      expect(await other.store.commit(commit)).toEqual({ kind: 'done' });
      expect(await one.store.journal({ limit: 9 })).toHaveLength(1);
      await Promise.all([one.dispose(), other.dispose()]);
    });
  });

  describe('commits of one turn', () => {
    const calls = async (name: string): Promise<number> =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await server.client().info('commandstats'))?.[1] ?? 0);

    test('are one call, and each is told its own: won, lost, claimed, answered, a repeat', async () => {
      const { store, dispose } = await openedOn(server.url);
      await store.commit(aCommit());
      const full = aCommit({ counters: [{ ...STOCK, max: 1 }] });
      const late = aCommit({ counters: [{ ...STOCK, max: 1 }] });
      const again = aCommit({ user: full.event.user, counters: [] });
      const same = {
        ...again,
        claim: { ...again.claim, key: full.claim.key },
        payout: { ...again.payout, claimKey: full.claim.key },
      };
      const copy = { ...aCommit(), event: full.event };
      const chat = anAnswer();
      const before = await calls('evalsha');
      const told = await Promise.all([full, late, same, copy, chat].map(commit => store.commit(commit)));
      expect((await calls('evalsha')) - before).toBe(1);
      expect(told).toEqual([
        { kind: 'done' },
        { kind: 'lost', counter: STOCK.name },
        { kind: 'claimed' },
        { kind: 'answered', answer: full.answer },
        { kind: 'done' },
      ]);
      expect(await store.payouts({ limit: 9 })).toHaveLength(2);
      expect(await store.journal({ limit: 9 })).toHaveLength(3);
      await dispose();
    });

    test('are as many calls as it takes to hold up nobody for long', async () => {
      const { store, dispose } = await openedOn(server.url);
      await store.commit(aCommit());
      const before = await calls('evalsha');
      const all = Array.from({ length: 150 }, () => aCommit());
      expect(new Set((await Promise.all(all.map(store.commit))).map(({ kind }) => kind))).toEqual(new Set(['done']));
      expect((await calls('evalsha')) - before).toBe(3);
      await dispose();
    });

    test('do not mind that one of them cannot be written', async () => {
      const { store, dispose } = await openedOn(server.url);
      const first = aCommit();
      await store.commit(first);
      const other = aCommit();
      const planned = { ...other, payout: { ...other.payout, billNo: first.payout.billNo } };
      const all = [aCommit(), planned, aCommit()];
      const told = await Promise.allSettled(all.map(store.commit));
      expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(told[1]).toMatchObject({ reason: { retry: 'never', code: 'redis-broken' } });
      expect(await store.answered('tea', planned.event.key)).toBeUndefined();
      expect(await counterOf(store, AMOUNT)).toBe(300);
      await dispose();
    });

    test('nor that one of them breaks the script', async () => {
      const tag = `bent-${process.pid}`;
      const store = await openRedis(`${server.url}?tag=${tag}`);
      await store.commit(aCommit());
      await server.client().set(`{${tag}}:bucket:bent`, 'no hash');
      const bent = aCommit({ campaign: 'bent' });
      const all = [aCommit(), bent, aCommit()];
      const told = await Promise.allSettled(all.map(store.commit));
      expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(told[1]).toMatchObject({ reason: { retry: 'never' } });
      expect(await store.answered('tea', bent.event.key)).toBeUndefined();
      expect(await counterOf(store, AMOUNT)).toBe(300);
      expect(await counterOf(store, 'campaign/bent/amount')).toBe(0);
      await store.close();
    });

    test('that are under way when the store is closed are written', async () => {
      const { store, reopen, dispose } = await openedOn(server.url);
      const commit = aCommit();
      const told = store.commit(commit);
      const again = await reopen();
      expect(await told).toEqual({ kind: 'done' });
      expect(await again.answered('tea', commit.event.key)).toEqual(commit.answer);
      await dispose();
    });
  });

  test('every key of a claim, an answer, a step, a lease, a mailbox is declared with the call', async () => {
    // Scripts come with a watch that knows what was declared, as a proxy or another server has it.
    const watch = `
      local isDeclared = {}
      for _, key in ipairs(KEYS) do isDeclared[key] = true end
      local function watched(command, key, ...)
        if key == nil then return redis.call(command) end
        if not isDeclared[key] then return error('UNDECLARED ' .. command .. ' ' .. key) end
        return redis.call(command, key, ...)
      end
    `;
    const bySha = vi.spyOn(Redis.prototype, 'evalsha').mockImplementation(async () => {
      throw new Error('NOSCRIPT');
    });
    const real = Redis.prototype.eval;
    const whole = vi.spyOn(Redis.prototype, 'eval').mockImplementation(function (
      this: Redis,
      lua: string | Buffer,
      ...rest: unknown[]
    ): Promise<unknown> {
      const text = watch + String(lua).replaceAll('redis.call(', 'watched(');
      return Reflect.apply(real, this, [text, ...rest]);
    });
    const { store, dispose } = await openedOn(server.url);
    const user = openId(`oAnn${'0'.repeat(24)}`);
    const follower = { account: 'tea', user, following: true, follows: 1, followedAt: NOW };
    const commit = aCommit({ user, follower });
    const { event, claim, payout } = commit;
    const wanted = { account: 'tea', user, merchant: 'shop', claims: [claim.key], counters: [AMOUNT], code: 'C4' };
    await store.begin(event.key, wanted);
    const told = await Promise.all(
      [commit, aCommit({ campaign: 'other', merchant: 'till' }), anAnswer()].map(store.commit),
    );
    expect(told).toEqual(Array(3).fill({ kind: 'done' }));
    await store.facts(wanted);
    expect(await store.begin(event.key, wanted)).toMatchObject({ kind: 'answered' });
    const lease = (await store.lease('send:shop', 'a', 1000, NOW))!;
    const successor = aPayout({ ...payout, attempt: 2, billNo: asBillNo('19000001092026021012345678'), version: 1 });
    expect(await store.advance(aStep(payout, 'sending', 'none'), lease)).toBe('moved');
    const sending = (await store.payout(payout.billNo))!;
    expect(await store.advance({ ...aStep(sending, 'failed', 'none'), successor }, lease)).toBe('moved');
    await store.release(lease, NOW, 'a note');
    expect(await store.note('send:shop')).toBe('a note');
    await store.count([{ name: 'x', add: 1, max: 9 }]);
    await store.setHalt('shop', { code: 'X', reason: '', since: NOW, by: 'bot' });
    await Promise.all([
      store.halt('shop'),
      store.buckets('spring'),
      store.history(payout.billNo),
      store.journal({ limit: 9 }),
    ]);
    await store.putMailbox('tea', user, { sent: [], pending: [] }, 0);
    await store.mailbox('tea', user);
    await store.acts.append({ at: NOW, by: 'me', what: 'x', about: 'y' });
    await store.forget(later(NOW, HOUR));
    await dispose();
    expect(bySha).toHaveBeenCalled();
    expect(whole).toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  describe('what was decided on something that changed meanwhile', () => {
    test('a follower who followed in between is lost, and is decided anew', async () => {
      const { store, dispose } = await openedOn(server.url);
      const user = openId(`oAnn${'0'.repeat(24)}`);
      const follow = (follows: number, followsSeen: number) =>
        store.commit({
          ...anAnswer({ user, follower: { account: 'tea', user, following: true, follows } }),
          followsSeen,
        });
      expect(await follow(1, 0)).toEqual({ kind: 'done' });
      expect(await follow(1, 0)).toEqual({ kind: 'lost', counter: 'follower' });
      expect(await follow(2, 1)).toEqual({ kind: 'done' });
      expect(await store.journal({ limit: 9 })).toHaveLength(2);
      await dispose();
    });

    test('a halt of the operator stays, whatever the bot says', async () => {
      const { store, dispose } = await openedOn(server.url);
      const bots = { code: 'NOTENOUGH', reason: '余额不足', since: NOW, by: 'bot' } as const;
      const operators = { ...bots, code: 'MANUAL', by: 'operator' } as const;
      await store.setHalt('shop', bots, 'bot');
      await store.setHalt('shop', { ...bots, code: 'CA_ERROR' }, 'bot');
      expect((await store.halt('shop'))?.code).toBe('CA_ERROR');
      await store.setHalt('shop', undefined, 'bot');
      expect(await store.halt('shop')).toBeUndefined();
      await store.setHalt('shop', operators);
      await store.setHalt('shop', bots, 'bot');
      await store.setHalt('shop', undefined, 'bot');
      expect(await store.halt('shop')).toStrictEqual(operators);
      await store.setHalt('shop', undefined);
      expect(await store.halt('shop')).toBeUndefined();
      await dispose();
    });
  });

  describe('numbers', () => {
    test('are exact up to 2^53 − 1, and one more is refused', async () => {
      const { store, dispose } = await openedOn(server.url);
      const max = Number.MAX_SAFE_INTEGER;
      const commit = (add: number) => store.commit(aCommit({ counters: [{ name: 'big', add, max }] }));
      expect((await commit(max - 1)).kind).toBe('done');
      expect(await counterOf(store, 'big')).toBe(max - 1);
      expect((await commit(2)).kind).toBe('lost');
      expect((await commit(1)).kind).toBe('done');
      expect((await commit(1)).kind).toBe('lost');
      expect(await counterOf(store, 'big')).toBe(max);
      await expect(commit(max + 1)).rejects.toThrow(/whole number/);
      await dispose();
    });

    test('of money come back exactly, in part as well', async () => {
      const { store, dispose } = await openedOn(server.url);
      const amount = 4_503_599_627_370_497;
      const counters = [{ name: 'budget', add: amount, max: Number.MAX_SAFE_INTEGER }];
      const { payout, ...commit } = aCommit({ amount, counters });
      expect(await store.commit({ ...commit, payout })).toEqual({ kind: 'done' });
      const sent = aStep(payout, 'sent', 'reserved→sent');
      expect(await store.advance(sent)).toBe('moved');
      const part = { refunded: fen(amount - 1), holds: [{ name: 'budget', add: amount - 1 }] };
      expect(await store.advance(aStep(sent.payout, 'refunded', 'sent→refunded', part))).toBe('moved');
      expect(await store.buckets('spring')).toEqual(buckets({ received: 1, refunded: amount - 1 }));
      expect(await counterOf(store, 'budget')).toBe(1);
      await dispose();
    });
  });

  describe('a mistake of ours', () => {
    test.each<[string, (payout: Payout) => Parameters<Store['advance']>[0]]>([
      ['a bucket below zero', payout => aStep(payout, 'received', 'sent→received')],
      [
        'a successor of another amount',
        payout => ({ ...aStep(payout, 'failed'), successor: aPayout({ ...payout, ...again(payout), amount: fen(1) }) }),
      ],
      ['a successor that is there already', payout => ({ ...aStep(payout, 'failed'), successor: payout })],
    ])('%s is a fault that writes nothing', async (_, stepOf) => {
      const { store, dispose } = await openedOn(server.url);
      const commit = aCommit();
      await store.commit(commit);
      const fault = expect.objectContaining({ name: 'Fault', who: 'store', retry: 'never' });
      await expect(store.advance(stepOf(commit.payout))).rejects.toEqual(fault);
      expect(await store.payout(commit.payout.billNo)).toStrictEqual(commit.payout);
      expect(await store.history(commit.payout.billNo)).toHaveLength(1);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
      expect(await store.payouts({ limit: 9 })).toHaveLength(1);
      await dispose();
    });

    test('a payout planned twice is a fault that writes nothing', async () => {
      const { store, dispose } = await openedOn(server.url);
      const first = aCommit();
      await store.commit(first);
      const { claim } = first;
      const second = { ...aCommit(), claim: { ...claim, key: 'another' } };
      const wrong = { ...second, payout: { ...first.payout, claimKey: 'another' } };
      await expect(store.commit(wrong)).rejects.toMatchObject({ name: 'Fault', retry: 'never' });
      expect([await counterOf(store, 'campaign/spring/amount'), (await store.journal({ limit: 9 })).length]).toEqual([
        100, 1,
      ]);
      await dispose();
    });
  });

  describe('a lease on the server’s clock', () => {
    test('of 200 ms ends after 200 ms, whatever the clocks of those who ask', async () => {
      const { store, beside, dispose } = await openedOn(server.url);
      const other = await beside();
      const begun = performance.now();
      expect((await store.lease('job:audit', 'a', 200, NOW))?.fence).toBe(1);
      expect(await other.lease('job:audit', 'b', 200, later(NOW, HOUR))).toBeUndefined();
      expect(await other.lease('job:audit', 'b', 200, later(NOW, -HOUR))).toBeUndefined();
      let taken: Lease | undefined;
      await until(async () => {
        taken = await other.lease('job:audit', 'b', 60_000, NOW);
        return taken !== undefined;
      });
      expect(performance.now() - begun).toBeGreaterThan(198); // the server counts whole ms
      expect(taken?.fence).toBe(2);
      await dispose();
    });
  });

  describe('long lists', () => {
    test('come whole, in pages, whatever the filter', async () => {
      const { store, dispose } = await openedOn(server.url);
      const ann = `oAnn${'0'.repeat(24)}`;
      const all = Array.from({ length: 901 }, (_, n) => aCommit(n % 3 === 0 ? { user: ann } : { campaign: 'other' }));
      for (const commit of all) void store.commit(commit);
      const numbers = (list: readonly Payout[]) => list.map(({ billNo }) => billNo);
      const newest = all.map(({ payout }) => payout).reverse();
      const mine = newest.filter(({ user }) => user === ann);
      expect(numbers(await store.payouts({ limit: 10_000 }))).toEqual(numbers(newest));
      expect(numbers(await store.payouts({ user: openId(ann), limit: 10_000 }))).toEqual(numbers(mine));
      expect(numbers(await store.payouts({ merchant: 'shop', campaign: 'spring', limit: 250 }))).toEqual(
        numbers(mine.slice(0, 250)),
      );
      expect(await store.payouts({ merchant: 'shop', state: 'planned', campaign: 'none', limit: 9 })).toEqual([]);
      expect(await store.payouts({ limit: 0 })).toEqual([]);
      expect(await store.journal({ limit: 10_000 })).toHaveLength(901);
      const lines = await store.journal({ user: openId(ann), limit: 299 });
      const keys = all.filter(({ event }) => event.user === ann).map(({ event }) => event.key);
      expect(lines.map(({ event }) => event.key)).toEqual(keys.reverse().slice(0, 299));
      await dispose();
    });
  });

  describe('books', () => {
    test('leave nothing behind, neither closed nor given up', async () => {
      const { store, dispose } = await openedOn(server.url);
      const client = server.client();
      const snapshot = await store.snapshot();
      await store.commit(aCommit());
      expect(await client.keys('*:book:*')).toHaveLength(1);
      await snapshot.close();
      expect(await client.keys('*:book:*')).toEqual([]);

      const abandoned = await store.snapshot();
      const [key] = await client.keys('*:book:*');
      expect(await client.pttl(key!)).toBeGreaterThan(60_000);
      await client.del(key!); // as its time would
      await expect(listOf(abandoned.claims())).rejects.toMatchObject({
        name: 'Fault',
        code: 'books-gone',
        retry: 'safe',
      });
      await store.commit(aCommit());
      expect(await client.keys('*:books')).toEqual([]);
      await dispose();
    });
  });

  describe('an answer that is lost on its way', () => {
    let serial = 0;
    let proxy: LossyProxy;
    let store: Store;
    /** Another process, which loses nothing. */
    let beside: Store;
    beforeEach(async () => {
      // The server knows the scripts, so that what gets lost is the answer and not "which script?".
      const warm = await openedOn(server.url);
      const { payout, ...commit } = aCommit();
      await warm.store.commit({ ...commit, payout });
      const lease = (await warm.store.lease('send:shop', 'a', 1000, NOW))!;
      await warm.store.advance(aStep(payout, 'sent', 'reserved→sent'), lease);
      await warm.store.release(lease, NOW);
      await warm.store.addCodes([{ code: 'C', batch: 'x', box: 0, prize: 'small' }]);
      await warm.store.activateCodes('x', 'all', true);
      await warm.store.putMailbox('tea', commit.event.user, { sent: [], pending: [] }, 0);
      await warm.dispose();
      proxy = await startProxy(server.port);
      const tag = `lossy-${++serial}`;
      const [opened, straight] = [await openedOn(proxy.url, { tag }), await openedOn(server.url, { tag })];
      store = opened.store;
      beside = straight.store;
      return async () => {
        await opened.dispose();
        await straight.dispose();
        await proxy.dispose();
      };
    });

    test('of a commit: it is told again, done once, and not taken for somebody else’s', async () => {
      const commit = aCommit({ occasion: 'ever', counters: [{ ...STOCK, max: 1 }] });
      proxy.swallowNext();
      expect(await store.commit(commit)).toEqual({ kind: 'done' });
      expect(proxy.swallowed()).toBe(1);
      expect([await counterOf(store, STOCK.name), (await store.journal({ limit: 9 })).length]).toEqual([1, 1]);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
      expect(await store.commit(commit)).toEqual({ kind: 'answered', answer: commit.answer });
    });

    test('of a turn’s commits: each is told again what it was told', async () => {
      const [won, late] = [1, 2].map(() => aCommit({ counters: [{ ...STOCK, max: 1 }] }));
      const all = [aCommit(), won!, late!, { ...aCommit(), event: won!.event }, anAnswer()];
      proxy.swallowNext();
      expect(await Promise.all(all.map(store.commit))).toEqual([
        { kind: 'done' },
        { kind: 'done' },
        { kind: 'lost', counter: STOCK.name },
        { kind: 'answered', answer: won!.answer },
        { kind: 'done' },
      ]);
      expect(proxy.swallowed()).toBe(1);
      expect([await counterOf(store, STOCK.name), (await store.journal({ limit: 9 })).length]).toEqual([1, 3]);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 200 }));
    });

    test('of a step: it is told again and made once', async () => {
      const commit = aCommit();
      await store.commit(commit);
      const step = aStep(commit.payout, 'sent', 'reserved→sent');
      proxy.swallowNext();
      expect(await store.advance(step)).toBe('moved');
      expect(proxy.swallowed()).toBe(1);
      expect(await store.history(commit.payout.billNo)).toHaveLength(2);
      expect(await store.buckets('spring')).toEqual(buckets({ sent: 100 }));
      expect(await store.advance(step)).toBe('stale');
    });

    test('of a lease: it is told again, and has the same fence', async () => {
      proxy.swallowNext();
      expect(await store.lease('send:shop', 'a', 60_000, NOW)).toStrictEqual({
        name: 'send:shop',
        holder: 'a',
        fence: 1,
      });
      expect(proxy.swallowed()).toBe(1);
    });

    test('of a lease given back, and taken by another before it is told again: it was given back', async () => {
      const lease = (await store.lease('send:shop', 'a', 60_000, NOW))!;
      proxy.swallowNext();
      const released = store.release(lease, NOW, 'mine');
      await until(async () => (await beside.lease('send:shop', 'b', 60_000, NOW)) !== undefined);
      expect(await released).toBe(true);
      expect(proxy.swallowed()).toBe(1);
      expect(await store.note('send:shop')).toBe('mine');
      expect(await store.lease('send:shop', 'c', 60_000, NOW)).toBeUndefined();
      expect(await store.release(lease, NOW, 'again')).toBe(false);
      expect(await store.note('send:shop')).toBe('mine');
    });

    test('of a step under a lease that is another’s by the time it is told again: it was made', async () => {
      const { payout, ...commit } = aCommit();
      await store.commit({ ...commit, payout });
      const lease = (await store.lease('send:shop', 'a', 60_000, NOW))!;
      proxy.swallowNext();
      const moved = store.advance(aStep(payout, 'sent', 'reserved→sent'), lease);
      await until(async () => (await beside.payout(payout.billNo))?.state === 'sent');
      await beside.release(lease, NOW);
      expect((await beside.lease('send:shop', 'b', 60_000, NOW))?.fence).toBe(2);
      expect(await moved).toBe('moved');
      expect(proxy.swallowed()).toBe(1);
      expect(await store.history(payout.billNo)).toHaveLength(2);
    });

    test('of codes that are registered: as many are new as were', async () => {
      const codes = Array.from({ length: 5 }, (_, n) => ({ code: `C${n}`, batch: 'x', box: n, prize: 'small' }));
      await store.addCodes(codes.slice(0, 2));
      proxy.swallowNext();
      expect(await store.addCodes(codes)).toBe(3);
      expect(proxy.swallowed()).toBe(1);
      expect(await store.addCodes(codes)).toBe(0);
      expect(await store.codeBatches()).toStrictEqual([{ batch: 'x', codes: 5, active: 0, boxes: 5 }]);
    });

    test('of an activation that another one has taken back by then: it was made, and is not made again', async () => {
      const codes = Array.from({ length: 5 }, (_, n) => ({ code: `C${n}`, batch: 'x', box: n, prize: 'small' }));
      await store.addCodes(codes);
      proxy.swallowNext();
      const activated = store.activateCodes('x', [[1, 3]], true);
      await until(async () => (await beside.codeBatches())[0]!.active === 3);
      expect(await beside.activateCodes('x', 'all', false)).toBe(3);
      expect(await activated).toBe(3);
      expect(proxy.swallowed()).toBe(1);
      expect(await store.codeBatches()).toStrictEqual([{ batch: 'x', codes: 5, active: 0, boxes: 5 }]);
    });

    test('of a mailbox that somebody else has put by the time it is told again: it was put', async () => {
      const user = openId(`oAnn${'0'.repeat(24)}`);
      const pending = [{ id: 'a', text: '红包', at: NOW }];
      proxy.swallowNext();
      const isPut = store.putMailbox('tea', user, { sent: [], pending }, 0);
      await until(async () => (await beside.mailbox('tea', user)) !== undefined);
      expect(await beside.commit({ ...anAnswer({ user }), told: { version: 1 } })).toEqual({ kind: 'done' });
      expect(await isPut).toBe(true);
      expect(proxy.swallowed()).toBe(1);
      expect(await store.mailbox('tea', user)).toStrictEqual({ version: 2, sent: [], pending: [] });
    });

    test('of a commit that tells what was owed: it is told again and done once', async () => {
      const user = openId(`oAnn${'0'.repeat(24)}`);
      await store.putMailbox('tea', user, { sent: [], pending: [{ id: 'a', text: '红包', at: NOW }] }, 0);
      proxy.swallowNext();
      expect(await store.commit({ ...anAnswer({ user }), told: { version: 1 } })).toEqual({ kind: 'done' });
      expect(proxy.swallowed()).toBe(1);
      expect(await store.mailbox('tea', user)).toMatchObject({ version: 2, pending: [] });
    });

    test('of fifty at once: each is done once', async () => {
      const all = Array.from({ length: 50 }, () => aCommit());
      proxy.swallowNext();
      const results = await Promise.all(all.map(commit => store.commit(commit)));
      expect(results).toEqual(Array(50).fill({ kind: 'done' }));
      expect(await store.journal({ limit: 99 })).toHaveLength(50);
    });
  });
});

/** A new number for its claim. */
function again(payout: Payout): Pick<Payout, 'attempt' | 'billNo'> {
  const { attempt, billNo } = aPayout({ claimKey: payout.claimKey, attempt: 2 });
  return { attempt, billNo };
}

describe.skipIf(!hasRedis)('a server that', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await startRedis(...DURABLE);
    return () => server.dispose();
  });

  test('forgot its scripts is told them again', async () => {
    const { store, dispose } = await openedOn(server.url);
    const client = server.client();
    const flush = () => client.script('FLUSH');
    await store.commit(aCommit());
    await flush();
    const all = Array.from({ length: 60 }, () => aCommit());
    const results = await Promise.all(
      all.flatMap((commit, n) => (n % 20 === 0 ? [flush(), store.commit(commit)] : [store.commit(commit)])),
    );
    expect(results.filter(result => result !== 'OK')).toEqual(Array(60).fill({ kind: 'done' }));
    await flush();
    expect(await store.journal({ limit: 99 })).toHaveLength(61);
    await dispose();
  });

  test('is killed again and again has lost nothing it acknowledged, and nobody notices', {
    timeout: 60_000,
  }, async () => {
    const { store, beside, dispose } = await openedOn(server.url);
    const stores = [store, await beside()];
    const sent: Payout[] = [];
    const odd: string[] = [];
    let isOver = false;
    const work = async (n: number): Promise<void> => {
      while (!isOver) {
        const { payout, ...commit } = aCommit({ budget: 1e9 });
        const { kind } = await stores[n % 2]!.commit({ ...commit, payout });
        if (kind !== 'done') odd.push(kind);
        const step = aStep(payout, 'sent', 'reserved→sent');
        const moved = await stores[(n + 1) % 2]!.advance(step);
        if (moved !== 'moved') odd.push(JSON.stringify(moved));
        sent.push(step.payout);
      }
    };
    const workers = Promise.all(Array.from({ length: 20 }, (_, n) => work(n)));
    for (let round = 0; round < 3; round++) {
      await new Promise(resolve => setTimeout(resolve, 300));
      await server.kill();
      await server.start();
    }
    await new Promise(resolve => setTimeout(resolve, 300));
    isOver = true;
    await workers;
    expect(odd).toEqual([]);
    expect(sent.length).toBeGreaterThan(100);
    const found = new Map((await store.payouts({ limit: 1e6 })).map(payout => [payout.billNo, payout.state]));
    expect(sent.filter(({ billNo }) => found.get(billNo) !== 'sent')).toEqual([]);
    expect(found.size).toBe(sent.length);
    expect(await store.buckets('spring')).toEqual(buckets({ sent: 100 * sent.length }));
    expect(await counterOf(store, 'campaign/spring/amount')).toBe(100 * sent.length);
    await dispose();
  });

  test('stays away is a fault that may be tried again, and serves again when it is back', {
    timeout: 30_000,
  }, async () => {
    const { store, dispose } = await openedOn(server.url);
    await store.commit(aCommit());
    await server.kill();
    const commit = aCommit();
    await expect(store.commit(commit)).rejects.toEqual(REFUSED);
    await expect(store.payouts({ limit: 1 })).rejects.toBeInstanceOf(Fault);
    await server.start();
    expect(await store.commit(commit)).toEqual({ kind: 'done' });
    await server.kill();
    await dispose();
  });

  test('has no room left says no before anything is written', async () => {
    const { store, dispose } = await openedOn(server.url);
    const client = server.client();
    await store.commit(aCommit());
    await client.config('SET', 'maxmemory', '1');
    await expect(store.commit(aCommit())).rejects.toMatchObject({ name: 'Fault', retry: 'safe', code: 'redis-oom' });
    await client.config('SET', 'maxmemory', '0');
    expect(await store.journal({ limit: 9 })).toHaveLength(1);
    await expect(openRedis(server.url).then(each => each.close())).resolves.toBeUndefined();
    await dispose();
  });

  test('holds an answer that nobody asks for any more forgets it, and what is due stays', async () => {
    const { store, dispose } = await openedOn(server.url);
    const [paid, said] = [aCommit(), anAnswer()];
    await store.commit(paid);
    await store.commit(said);
    expect(await store.forget(later(NOW, 1))).toBe(2);
    expect(await server.client().keys('*:answer*')).toEqual([]);
    expect(await store.due('shop', NOW, 9)).toEqual([paid.payout]);
    await dispose();
  });
});

describe('what a payout holds', () => {
  test('is written short, and comes back as it was, whatever its names are', () => {
    const piece = fc.constantFrom(
      'oAnn',
      'spring',
      'shop',
      '~',
      'campaign',
      'merchant',
      'user',
      '.x',
      '!x',
      '=x',
      'a\nb',
      '',
      '红包',
    );
    const name = fc.oneof(
      fc.array(piece, { minLength: 1, maxLength: 6 }).map(pieces => pieces.join('/')),
      fc.constantFrom(...PLACES).chain(at => piece.map(at)),
      piece.map(each => `campaign/spring/amount/day/${each}`),
    );
    const holds = fc.array(fc.record({ name, add: fc.integer({ min: 0, max: 1e9 }) }), { maxLength: 5 });
    const whose = fc.record({ campaign: piece, merchant: piece, user: piece.map(user => openId(user)) });
    fc.assert(
      fc.property(holds, whose, (each, about) => {
        const payout = aPayout({ ...about, holds: each });
        expect(payoutFrom(fixedOf(payout), nowOf(payout))).toEqual(payout);
      }),
      { numRuns: 2000 },
    );
  });

  test('has no openid in it', () => {
    const user = 'oAnn000000000000000000000000';
    const holds = PLACES.filter((_, n) => n !== 3).map(at => ({ name: at(user), add: 1 }));
    const short = nowOf(aPayout({ user: openId(user), holds }));
    expect(short).not.toContain(user);
  });
});
