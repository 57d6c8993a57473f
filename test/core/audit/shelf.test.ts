// How rows lie on shelves: short, and they come back as they were.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { followerIn } from '../../../src/core/audit/counter-name.ts';
import { type Paid, paidOf } from '../../../src/core/audit/payout.ts';
import { Packing, shelfOf, shelfOfClaim } from '../../../src/core/audit/shelf.ts';
import type { OpenId } from '../../../src/core/base/event.ts';
import type { Claim } from '../../../src/core/decide/decision.ts';
import { aCommit, aPayout } from '../../storage/store.contract.ts';

const text = fc.oneof(fc.string(), fc.constantFrom('a', '0', 'user', '\0', 'a\0b', '"', '\n', '红包'));
const row = <Row>(packed: Row): Row => JSON.parse(JSON.stringify(packed)) as Row;

describe('what is put on a shelf', () => {
  test('comes back as it was: claims', () => {
    const packing = new Packing();
    const { claim } = aCommit();
    const part = fc.record({ key: text, campaign: text, prize: text, user: text, day: text, scene: text, round: text });
    fc.assert(
      fc.property(part, fc.subarray(['day', 'scene', 'round'] as const), (parts, left) => {
        const given = { ...claim, ...parts } as Claim & { day?: string; scene?: string; round?: string };
        for (const field of left) delete (given as Record<string, unknown>)[field];
        expect(packing.claimOf(row(packing.claim(given)))).toStrictEqual(given);
      }),
    );
  });

  test('comes back as it was: payouts with what they hold', () => {
    const packing = new Packing();
    const holds = fc.array(fc.record({ name: text, add: fc.integer() }, { noNullPrototype: true }));
    fc.assert(
      fc.property(text, holds, fc.boolean(), (user, held, isBack) => {
        const own = [...held, { name: `campaign/x/user/${user}/wins`, add: 1 }];
        const back = isBack ? ({ state: 'refunded' } as const) : {};
        const paid: Paid = paidOf(aPayout({ user: user as OpenId, holds: own, ...back }), []);
        expect(packing.payoutOf(row(packing.payout(paid)))).toStrictEqual(paid);
        expect(paid.refunded).toBe(isBack ? paid.amount : 0);
      }),
    );
  });

  test('comes back as it was: names of counters, also when there are more of them than are remembered', () => {
    const packing = new Packing();
    for (let n = 0; n < 25_000; n++) {
      const [name, user] = [`campaign/c${n}/user/oAnn/claims`, 'oAnn'];
      if (packing.nameOf(packing.name(name, user), user) !== name) throw new Error(name);
    }
    expect(packing.name('campaign/c1/user/oBob/claims', 'oBob')).toBe(1);
    expect(packing.name('campaign/late/user/oBob/claims', 'oBob')).toBe('campaign/late/user/oBob/claims');
  });

  test('stands with the claim of its follower', () => {
    const shelf = shelfOfClaim('spring/password/oAnn/2026-02-10');
    for (const name of [
      ...['campaign/spring/user/oAnn/claims', 'campaign/spring/prize/a/b/user/oAnn', 'campaign/spring/user/oAnn/last'],
      ...['merchant/shop/user/tea/oAnn/amount/day/2026-02-10', 'campaign/spring/user/oAnn/wallet/points/earned'],
    ])
      expect([name, shelfOf(followerIn(name))]).toEqual([name, shelf]);
  });
});
