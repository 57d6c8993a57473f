// An audit that asks for what is theirs says what one says that reads everything, whatever is wrong with the books.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { Snapshot, Store } from '../../src/ports.ts';
import { aCommit, aPayout, PLACES } from '../storage/store.contract.ts';
import { DURABLE, hasRedis, openedOn, type RedisServer, startRedis } from '../support/redis-server.ts';

describe.skipIf(!hasRedis)('on Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
  });
  afterAll(() => server.dispose());

  const apart = (store: Store): Store => ({
    ...store,
    snapshot: async moment => {
      const { theirs: _, ...snapshot }: Snapshot = await store.snapshot(moment);
      return snapshot;
    },
  });
  const long = (n: number): string => `oAudited${String(n).padStart(20, '0')}`;
  const USERS = [...Array.from({ length: 50 }, (_, n) => long(n)), 'a', 'x"y', 'spring', 'user', '', '红包'];

  async function filled(store: Store): Promise<void> {
    for (const [n, user] of USERS.entries()) {
      const counters = PLACES.map(at => ({ name: at(user), add: 1 + (n % 3), max: 9e9 }));
      const all = [...counters, { name: 'campaign/spring/amount', add: 100, max: 9e9 }];
      for (let times = 0; times <= n % 3; times++) await store.commit(aCommit({ user, counters: all }));
    }
  }

  const said = async (store: Store) => {
    const { findings, ...report } = await auditStore(store, new Audit([]));
    return { ...report, findings: findings.map(each => JSON.stringify(each)).sort() };
  };

  test('of followers of any name, with the same findings', async () => {
    const { store, dispose } = await openedOn(server.url);
    await filled(store);
    const found = await said(store);
    expect(found.compared.claims).toBeGreaterThan(100);
    expect(found.findings.length).toBeGreaterThan(0); // the counters of these claims are invented
    expect(found).toEqual(await said(apart(store)));
    await dispose();
  });

  test.each([
    ['a payout without a claim', long(3), `spring/password/${long(3)}/none`],
    ["a payout to one for another's claim", long(3), `spring/password/${long(4)}/none`],
    ['a payout to somebody of whom nothing else is known', 'oNone', 'spring/password/oNone/none'],
    ['a payout for a claim that is no key', long(5), 'nonsense'],
  ] as const)('%s is found as well', async (_, user, claimKey) => {
    const { store, dispose } = await openedOn(server.url);
    await filled(store);
    await store.load({ kind: 'payouts', rows: [{ payout: aPayout({ user: openId(user), claimKey }), history: [] }] });
    const found = await said(store);
    expect(found.findings.some(each => each.includes('no such claim'))).toBe(true);
    expect(found).toEqual(await said(apart(store)));
    await dispose();
  });

  test('a payout that is in no list of its follower is looked at with the rest', async () => {
    const { store, dispose } = await openedOn(server.url);
    await filled(store);
    const before = await said(store);
    const client = server.client();
    await client.del(await client.keys(`*list:user:${long(6)}`));
    const found = await said(store);
    expect(found.compared).toEqual(before.compared);
    expect(found.findings.filter(each => each.includes('no such claim'))).toHaveLength(1);
    await dispose();
  });
});
