// An audit over shelves, as of a store that keeps rows apart, says the same as one that has a follower's rows together.
import { expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { aCommit } from '../storage/store.contract.ts';

test('each follower is looked at alone, whatever stands in their openid', async () => {
  const store = await openSqlite(':memory:');
  for (const user of ['a', 'a",b', 'a",c', 'a\\', 'a\\",d', 'a\nb']) {
    const name = `campaign/spring/user/${user}/claims`;
    const counters = [
      { name, add: 1, max: 9 },
      { name: 'campaign/spring/amount', add: 100, max: 9e9 },
    ];
    for (let n = 0; n < 2; n++) await store.commit(aCommit({ user, counters }));
  }
  const apart: Store = {
    ...store,
    snapshot: async () => {
      const { parts: _, ...snapshot } = await store.snapshot();
      return snapshot as Awaited<ReturnType<Store['snapshot']>>;
    },
  };
  const [together, shelved] = [await auditStore(store, new Audit([])), await auditStore(apart, new Audit([]))];
  const sorted = ({ findings }: typeof shelved) => findings.map(each => JSON.stringify(each)).toSorted();
  expect(shelved.compared).toEqual(together.compared);
  expect(sorted(shelved)).toEqual(sorted(together));
  await store.close();
});
