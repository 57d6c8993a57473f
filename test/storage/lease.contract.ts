// What every store promises about leases, in sentences. Beside `store.contract.ts`, and for the same stores; on Redis
// with `time: 'caller'`, so that time is an argument here too.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, type Instant, later, SECOND } from '../../src/core/base/time.ts';
import type { Lease, Store } from '../../src/ports.ts';
import { aCommit, anAnswer, aStep, buckets, counterOf, listOf, NOW, type Opened } from './store.contract.ts';

const NAME = 'send:shop';
const LASTS = 30 * SECOND;

export function leaseContract(name: string, open: () => Promise<Opened>): void {
  describe(`leases, ${name}`, () => {
    let opened: Opened;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    const ask = (holder: string, after = 0, from: Store = store): Promise<Lease | undefined> =>
      from.lease(NAME, holder, LASTS, later(NOW, after));
    const taken = async (holder: string, after = 0, from?: Store): Promise<Lease> => {
      const lease = await ask(holder, after, from);
      expect(lease, `${holder} takes it`).toBeDefined();
      return lease!;
    };
    const its: Its = () => ({ store, opened, ask, taken });

    holding(its);
    givingBack(its);
    fencing(its);
    sharing(its);
  });
}

type Its = () => {
  readonly store: Store;
  readonly opened: Opened;
  /** This many ms after NOW. */
  ask(holder: string, after?: number, from?: Store): Promise<Lease | undefined>;
  taken(holder: string, after?: number, from?: Store): Promise<Lease>;
};

function holding(its: Its): void {
  test('of two who ask one gets it', async () => {
    const { ask } = its();
    expect(await ask('a')).toStrictEqual({ name: NAME, holder: 'a', fence: 1 });
    expect(await ask('b')).toBeUndefined();
    expect(await ask('b', LASTS - 1)).toBeUndefined();
  });

  test('of fifty who ask at once one gets it', async () => {
    const { ask } = its();
    const found = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(`holder-${n}`)));
    expect(found.filter(lease => lease)).toHaveLength(1);
  });

  test('each name is a lease of its own', async () => {
    const { store, taken } = its();
    await taken('a');
    expect((await store.lease('send:other', 'b', LASTS, NOW))?.holder).toBe('b');
    expect(await store.lease('send:other', 'a', LASTS, NOW)).toBeUndefined();
  });

  test('who has it renews it, under the same fence', async () => {
    const { ask, taken } = its();
    const first = await taken('a');
    expect(await taken('a', LASTS - 1)).toStrictEqual(first);
    expect(await ask('b', LASTS)).toBeUndefined();
    expect(await ask('b', 2 * LASTS - 2)).toBeUndefined();
    expect((await taken('b', 2 * LASTS - 1)).fence).toBe(2);
  });

  test('who comes back late, and nobody was there meanwhile, goes on under the same fence', async () => {
    const { ask, taken } = its();
    const first = await taken('a');
    expect(await taken('a', 5 * LASTS)).toStrictEqual(first);
    expect(await ask('b', 6 * LASTS - 1)).toBeUndefined();
  });

  test('the fence grows by one with every change of holder', async () => {
    const { taken } = its();
    const fences: number[] = [];
    for (const [n, holder] of ['a', 'b', 'a', 'c'].entries()) fences.push((await taken(holder, n * LASTS)).fence);
    expect(fences).toEqual([1, 2, 3, 4]);
  });

  test('one of a clock that was set back has ended', async () => {
    const { ask, taken } = its();
    await taken('a');
    expect((await taken('b', -HOUR)).fence).toBe(2);
    expect(await ask('a', -HOUR + LASTS - 1)).toBeUndefined();
    expect((await taken('a', -HOUR + LASTS)).fence).toBe(3);
  });

  test('who read the clock a little before the holder did does not take it away', async () => {
    const { ask, taken } = its();
    await taken('a');
    expect(await ask('b', -1)).toBeUndefined();
    expect(await ask('b', -5 * SECOND)).toBeUndefined();
  });
}

function givingBack(its: Its): void {
  test('given back, it is free at once', async () => {
    const { store, taken } = its();
    expect(await store.release(await taken('a'), NOW)).toBe(true);
    expect((await taken('b')).fence).toBe(2);
  });

  test('who gave it back and takes it again has a new fence', async () => {
    const { store, taken } = its();
    await store.release(await taken('a'), NOW);
    expect((await taken('a')).fence).toBe(2);
  });

  test('given back twice, a later note is kept', async () => {
    const { store, taken } = its();
    const lease = await taken('a');
    await store.release(lease, NOW);
    expect(await store.release(lease, NOW, 'late')).toBe(true);
    expect((await taken('b')).note).toBe('late');
  });

  test('may be given back when its time is up, while nobody else took it', async () => {
    const { store, taken } = its();
    const lease = await taken('a');
    expect(await store.release(lease, later(NOW, 9 * LASTS), 'slow')).toBe(true);
    expect(await store.note(NAME)).toBe('slow');
  });

  test('a former holder gives nothing back and leaves no note', async () => {
    const { store, ask, taken } = its();
    const former = await taken('a');
    await taken('b', LASTS);
    expect(await store.release(former, later(NOW, LASTS), 'mine')).toBe(false);
    expect(await store.note(NAME)).toBeUndefined();
    expect(await ask('c', 2 * LASTS - 1)).toBeUndefined();
    const again = await taken('a', 2 * LASTS);
    expect(await store.release(former, later(NOW, 2 * LASTS))).toBe(false);
    expect(await store.release({ ...again, holder: 'b' }, later(NOW, 2 * LASTS))).toBe(false);
    expect(await ask('c', 2 * LASTS)).toBeUndefined();
  });

  test('one that never was is not given back', async () => {
    const { store } = its();
    expect(await store.release({ name: NAME, holder: 'a', fence: 1 }, NOW, 'x')).toBe(false);
    expect(await store.note(NAME)).toBeUndefined();
  });

  test('the note waits for whoever comes next, and may be read by anybody at any time', async () => {
    const { store, opened, taken } = its();
    expect(await store.note(NAME)).toBeUndefined();
    const note = JSON.stringify({ 至: '凭证"1"\n🧧' });
    await store.release(await taken('a'), NOW, note);
    expect(await store.note(NAME)).toBe(note);
    const lease = await taken('b');
    expect(lease).toStrictEqual({ name: NAME, holder: 'b', fence: 2, note });
    expect(await taken('b', 1)).toStrictEqual(lease);
    expect(await store.note(NAME)).toBe(note);
    await store.release(lease, NOW); // says nothing new
    const again = await opened.reopen();
    expect(await again.note(NAME)).toBe(note);
    const next = await again.lease(NAME, 'c', LASTS, NOW);
    expect(next).toStrictEqual({ name: NAME, holder: 'c', fence: 3, note });
    await again.release(next!, NOW, '');
    expect(await again.note(NAME)).toBe('');
  });
}

function fencing(its: Its): void {
  const planned = async () => {
    const { store, taken } = its();
    const lease = await taken('a');
    const commit = aCommit();
    await store.commit(commit);
    return { ...its(), lease, payout: commit.payout, step: aStep(commit.payout, 'sent', 'reserved→sent') };
  };

  test('a step under a lease is made, also after its time, while nobody else took it', async () => {
    const { store, lease, step } = await planned();
    expect(await store.advance(step, lease)).toBe('moved');
    expect(await store.advance(aStep(step.payout, 'received', 'sent→received'), lease)).toBe('moved');
    expect((await store.history(step.payout.billNo)).map(({ to }) => to)).toEqual(['planned', 'sent', 'received']);
  });

  test.each<
    [string, (store: Store, lease: Lease, taken: (holder: string, after: number) => Promise<Lease>) => unknown]
  >([
    ['somebody else took over', (_, __, taken) => taken('b', LASTS)],
    ['was given back', (store, lease) => store.release(lease, NOW)],
    [
      'its own holder took anew',
      async (store, lease, taken) => {
        await store.release(lease, NOW);
        await taken('a', 0);
      },
    ],
  ])('a step under a lease that %s is stale and writes nothing', async (_, change) => {
    const { store, taken, lease, payout, step } = await planned();
    await change(store, lease, taken);
    const successor = aCommit().payout;
    expect(await store.advance(step, lease)).toBe('stale');
    const failed = aStep(payout, 'failed', 'reserved→free', { holds: payout.holds });
    expect(await store.advance({ ...failed, successor: { ...successor, claimKey: payout.claimKey } }, lease)).toBe(
      'stale',
    );
    expect(await store.payout(payout.billNo)).toStrictEqual(payout);
    expect(await store.history(payout.billNo)).toHaveLength(1);
    expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
    expect(await counterOf(store, 'campaign/spring/amount')).toBe(100);
    expect(await store.payouts({ limit: 9 })).toHaveLength(1);
    // Without a lease, and under the one that counts, it is nobody else's business.
    expect(await store.advance(step)).toBe('moved');
  });

  test('a step under a lease nobody ever took is stale', async () => {
    const { store, lease, step } = await planned();
    expect(await store.advance(step, { ...lease, name: 'send:other' })).toBe('stale');
    expect(await store.advance(step, { ...lease, holder: 'b' })).toBe('stale');
    expect(await store.advance(step, lease)).toBe('moved');
  });

  test('who took over steps on, and who slept meanwhile does not', async () => {
    const { store, taken, lease, step } = await planned();
    const next = await taken('b', LASTS);
    expect(await store.advance(step, lease)).toBe('stale');
    expect(await store.advance(step, next)).toBe('moved');
  });
}

function sharing(its: Its): void {
  test('two processes: what one holds the other does not get, until it is given back or its time is up', async () => {
    const { store, opened, ask, taken } = its();
    const beside = await opened.beside();
    const lease = await taken('a');
    expect(await ask('b', 1, beside)).toBeUndefined();
    await store.release(lease, NOW, 'from a');
    const theirs = await taken('b', 2, beside);
    expect([theirs.fence, theirs.note]).toEqual([2, 'from a']);
    expect(await ask('a', 3)).toBeUndefined();
    expect((await taken('a', 2 + LASTS)).fence).toBe(3);
    expect(await beside.release(theirs, later(NOW, 2 + LASTS))).toBe(false);
  });

  test('two processes that ask fifty times at once: one gets it, and again once it has ended', async () => {
    const { store, opened, ask } = its();
    const stores = [store, await opened.beside()];
    const all = (after: number) =>
      Promise.all(Array.from({ length: 50 }, (_, n) => ask(`${after}-${n}`, after, stores[n % 2]!)));
    const fences = [];
    for (const after of [0, LASTS, 2 * LASTS]) fences.push((await all(after)).flatMap(lease => lease?.fence ?? []));
    expect(fences).toEqual([[1], [2], [3]]);
  });

  test('the same data opened again knows who holds what', async () => {
    const { opened, ask, taken } = its();
    const lease = await taken('a');
    const again = await opened.reopen();
    expect(await ask('b', 1, again)).toBeUndefined();
    expect(await ask('a', 1, again)).toStrictEqual(lease);
  });

  test('the books and the journal know nothing of leases', async () => {
    const { store, taken } = its();
    await store.commit(anAnswer());
    const snapshot = await store.snapshot();
    await store.release(await taken('a'), NOW, 'x');
    expect(await listOf(snapshot.counters())).toEqual([]);
    expect(await listOf(snapshot.buckets())).toEqual([]);
    await snapshot.close();
    expect(await store.journal({ limit: 9 })).toHaveLength(1);
  });

  test.each<[string, string, string, number, Instant]>([
    ['no name', '', 'a', LASTS, NOW],
    ['no holder', NAME, '', LASTS, NOW],
    ['no time', NAME, 'a', 0, NOW],
    ['part of a millisecond', NAME, 'a', 0.5, NOW],
  ])('a lease with %s is a mistake of ours', async (_, name, holder, ms, now) => {
    await expect(its().store.lease(name, holder, ms, now)).rejects.toThrow(/a lease/);
  });
}
