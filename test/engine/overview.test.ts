// What the dashboard reads: sums by the day that count each event once, lists by what payouts wait for, whoever is looked for. The
// same on both stores.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { caseNumberOf } from '../../src/core/base/case-number.ts';
import { beijingText, DAY, dayOf, HOUR, instant, later } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { search } from '../../src/engine/overview/followers.ts';
import { payoutDetail, payoutList } from '../../src/engine/overview/payouts.ts';
import type { OverviewPorts } from '../../src/engine/overview/ports.ts';
import { createRecent } from '../../src/engine/overview/recent.ts';
import { createTally } from '../../src/engine/overview/tally.ts';
import type { Store } from '../../src/ports.ts';
import { aCommit, anAnswer, aStep, NOW } from '../storage/store.contract.ts';
import { type Beside, KINDS } from '../support/beside.ts';
import { configOf, TILL } from '../support/config.ts';

describe.each(KINDS)('on %s', (_, open) => {
  let beside: Beside;
  let store: Store;
  beforeEach(async () => {
    beside = await open();
    store = await beside.open();
  });
  afterEach(() => beside.dispose());

  const tallyOf = (holder: string, on = store) => createTally({ store: on, clock: () => NOW, holder });
  const count = async (tally: ReturnType<typeof tallyOf>): Promise<void> => {
    while (await tally.pass());
  };
  const portsOf = (): OverviewPorts => ({
    store,
    clock: () => NOW,
    config: configOf({ accounts: [], merchants: [{ ...TILL, name: 'shop' }] }),
    book: () => bookOf([], []),
    tally: tallyOf('ports'),
    recent: createRecent(store),
    balance: async () => undefined,
  });

  test('each event is counted once, on its day and in its hour, whoever counts and how often', async () => {
    const yesterday = later(NOW, -DAY);
    for (const at of [yesterday, NOW, NOW]) await store.commit(aCommit({ at, amount: 150 }));
    await store.commit(anAnswer({ at: NOW }));
    const [one, other] = [tallyOf('one'), tallyOf('other', await beside.open())];
    await Promise.all([count(one), count(other)]);
    await count(one);
    const today = (await other.day(dayOf(NOW)))!;
    expect(today).toMatchObject({ heard: 3, won: 2, amount: 300 });
    expect(today.hours[10]).toBe(300);
    expect(today.campaigns.spring).toMatchObject({ won: 2, amount: 300, prizes: { small: 2 } });
    expect((await one.days(dayOf(NOW), 3)).map(([day, sums]) => [day, sums?.won])).toEqual([
      ['2026-02-08', undefined],
      ['2026-02-09', 1],
      ['2026-02-10', 2],
    ]);
    await store.commit(aCommit({ at: NOW, amount: 100 }));
    await count(other);
    expect(await one.day(dayOf(NOW))).toMatchObject({ heard: 4, won: 3, amount: 400 });
    expect(await one.countedTo()).toBe(NOW);
  });

  test('who died between the sums of a day and the note of how far they go counts nothing twice', async () => {
    await store.commit(aCommit({ at: NOW }));
    const dying: Store = {
      ...store,
      release: (lease, now, note) =>
        lease.name === 'overview' ? Promise.reject(new Error('died')) : store.release(lease, now, note),
    };
    await expect(tallyOf('dying', dying).pass()).rejects.toThrow('died');
    const after = createTally({ store, clock: () => later(NOW, DAY / 24), holder: 'after' });
    while (await after.pass());
    expect(await after.day(dayOf(NOW))).toMatchObject({ heard: 1, won: 1 });
  });

  test('a list has what its filter says, with how many there are of each, and goes on where it ended', async () => {
    const commits = [];
    for (let n = 0; n < 4; n++) {
      const commit = aCommit({ at: later(NOW, n) });
      await store.commit(commit);
      commits.push(commit);
    }
    const [first, second] = commits.map(({ payout }) => payout);
    const { nextAt: _, ...parked } = first!;
    await store.advance(aStep(parked, 'held', 'none', { problem: 'NO_AUTH 没有权限' }));
    await store.advance(aStep(second!, 'sent', 'reserved→sent', { nextDo: 'query', nextAt: NOW, listId: '100000' }));
    const ports = portsOf();
    const all = await payoutList(ports, { filter: 'all', limit: 3 });
    expect(all.rows).toHaveLength(3);
    expect(all.counts).toMatchObject({ all: 4, queued: 2, held: 1, sent: 1, received: 0 });
    const rest = await payoutList(ports, { filter: 'all', limit: 3, after: all.next! });
    expect([...all.rows, ...rest.rows].map(({ billNo }) => billNo)).toEqual(
      commits.map(({ payout }) => payout.billNo).reverse(),
    );
    const held = await payoutList(ports, { filter: 'held' });
    expect(held.rows).toMatchObject([{ billNo: first!.billNo, problem: 'NO_AUTH 没有权限', isParked: true }]);
    const detail = (await payoutDetail(ports, first!.billNo, 'zh'))!;
    expect(detail.can).toMatchObject({ retry: true, cancel: true });
    expect(detail.history.map(({ to }) => to)).toEqual(['planned', 'held']);
    expect(detail.decision?.checks.length).toBeGreaterThan(0);
    expect(await payoutDetail(ports, 'nobody', 'zh')).toBeUndefined();
  });

  test('a follower is found by openid, by our number and by WeChat’s, and by a time and a word', async () => {
    const user = 'oAnn0000000000000000000000an';
    const commit = aCommit({ user });
    await store.commit(commit);
    await store.commit(anAnswer());
    await store.advance(
      aStep(commit.payout, 'sent', 'reserved→sent', { nextDo: 'query', nextAt: NOW, listId: '1000041701' }),
    );
    const ports = portsOf();
    const found = (text: string) => search(ports, text, 'zh');
    expect(await found(user)).toEqual({ kind: 'follower', user, by: 'openid' });
    expect(await found(commit.payout.billNo)).toMatchObject({ user, by: 'payout', billNo: commit.payout.billNo });
    expect(await found('1000041701')).toMatchObject({ user, by: 'payout' });
    expect(await found('oAnn…00an')).toMatchObject({ kind: 'follower', user });
    expect(await found('nobody-here')).toEqual({ kind: 'none' });
    const { event } = commit;
    const caseNo = caseNumberOf(event);
    expect(await found(caseNo.toLowerCase().replace('-', ' '))).toMatchObject({ kind: 'follower', user });
    if (event.kind === 'text') expect(await found(`10:00 ${event.text}`)).not.toEqual({ kind: 'none' });
    expect(await found('03:00 红包')).toEqual({ kind: 'none' });
    expect(instant(NOW)).toBe(NOW);
  });

  test('an event of long ago is found by its time, behind however many that came since; a new one at once', async () => {
    const [old, fresh] = ['oOld0000000000000000000000ol', 'oNew0000000000000000000000ne'];
    const long = later(NOW, -3 * DAY);
    for (let n = 0; n < 30; n++) await store.commit(anAnswer({ at: later(long, -HOUR - n) }));
    const commit = aCommit({ user: old!, at: long });
    await store.commit(commit);
    for (let n = 0; n < 1000; n++) await store.commit(anAnswer({ at: later(NOW, -1000 + n) }));
    const ports = portsOf();
    const word = commit.event.kind === 'text' ? commit.event.text : '';
    const time = beijingText(long).slice(0, 16);
    expect(await search(ports, `${time} ${word}`, 'zh')).toEqual({
      kind: 'follower',
      user: old,
      by: 'event',
      line: expect.any(Number),
    });
    expect(await search(ports, `${beijingText(later(long, -DAY)).slice(0, 16)} ${word}`, 'zh')).toEqual({
      kind: 'none',
    });
    expect(await search(ports, 'oNew…00ne', 'zh')).toEqual({ kind: 'none' });
    const late = aCommit({ user: fresh! });
    await store.commit(late);
    expect(await search(ports, 'oNew…00ne', 'zh')).toEqual({
      kind: 'follower',
      user: fresh,
      by: 'event',
      line: expect.any(Number),
    });
    expect(await search(ports, caseNumberOf(late.event), 'zh')).toMatchObject({ user: fresh });
  });
});
