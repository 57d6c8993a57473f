// An audit over shelves looks at each follower alone, whatever stands in their openid.
import { expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { aCommit } from '../storage/store.contract.ts';

/** As of a store that keeps rows apart. */
async function auditedOf(users: readonly string[]) {
  const store = await openSqlite(':memory:');
  for (const user of users) {
    const counters = [
      { name: `campaign/spring/user/${user}/claims`, add: 1, max: 9 },
      { name: 'campaign/spring/amount', add: 100, max: 9e9 },
    ];
    for (let n = 0; n < 2; n++) await store.commit(aCommit({ user, counters }));
  }
  const apart: Store = {
    ...store,
    snapshot: async () => ({ ...(await store.snapshot()), parts: () => undefined }),
  };
  const { total, compared } = await auditStore(apart, new Audit([]));
  await store.close();
  return { total, compared };
}

test('openids that begin alike as JSON are two followers', async () => {
  const plain = Array.from({ length: 100 }, (_, n) => `oPlain${n}`);
  const alike = Array.from({ length: 100 }, (_, n) => `a",${n}`); // so many that some of them lie on one shelf
  expect(await auditedOf(alike)).toEqual(await auditedOf(plain));
});
