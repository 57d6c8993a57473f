// How rows lie on shelves: short, and they come back as they were, but for the follower whose they are.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FOLLOWER, followerIn } from '../../../src/core/audit/counter-name.ts';
import { paidOf } from '../../../src/core/audit/payout.ts';
import { Packing, shelfOf, shelfOfClaim } from '../../../src/core/audit/shelf.ts';
import { openId } from '../../../src/core/base/event.ts';
import type { Claim } from '../../../src/core/decide/decision.ts';
import { aCommit, aPayout } from '../../storage/store.contract.ts';

const text = fc
  .oneof(fc.string(), fc.constantFrom('a', '0', 'user', 'oAnn', '"', '\n', '红包', '$&'))
  .filter(each => !each.includes(FOLLOWER));
const segment = text.filter(each => !each.includes('/'));
/** As a file gives it back. */
const read = <Row>(packed: Row, reviver?: (key: string, value: unknown) => unknown): Row =>
  JSON.parse(JSON.stringify(packed), reviver) as Row;
/** With the follower where they were. */
const named = <Row>(entry: Row, user: string): Row =>
  read(entry, (_, value) => (typeof value === 'string' ? value.replaceAll(FOLLOWER, () => user) : value));

describe('what is put on a shelf', () => {
  test('comes back as it was: claims', () => {
    const packing = new Packing();
    const { claim } = aCommit();
    const part = fc.record(
      { campaign: text, prize: text, user: segment.map(openId), day: text, scene: text, round: text },
      { requiredKeys: ['campaign', 'prize', 'user'] },
    );
    const keyed = fc.tuple(segment, segment, segment, text).map(parts => parts.join('/'));
    fc.assert(
      fc.property(part, fc.oneof(text, keyed), (parts, key) => {
        const given: Claim = { ...claim, ...parts, key };
        const packed = read(packing.claim(given));
        expect(named(packing.claimOf(packed), packed[0])).toStrictEqual(given);
      }),
    );
  });

  test('comes back as it was: payouts with what they hold, of their claim’s follower and of another one', () => {
    const packing = new Packing();
    const holds = fc.array(fc.record({ name: text, add: fc.integer() }, { noNullPrototype: true }));
    fc.assert(
      fc.property(segment, segment, holds, fc.boolean(), (user, other, held, isBack) => {
        const own = [user, other].map(each => ({ name: `campaign/x/user/${each}/wins`, add: 1 }));
        const parts = { user: openId(user), holds: [...held, ...own], ...(isBack && { state: 'refunded' as const }) };
        for (const of of [user, other]) {
          const paid = paidOf(aPayout({ ...parts, claimKey: `x/rule/${of}/ever` }), []);
          const packed = read(packing.payout(paid));
          expect(named(packing.payoutOf(packed), packed[0])).toStrictEqual(paid);
          expect(paid.refunded).toBe(isBack ? paid.amount : 0);
        }
      }),
    );
  });

  test('comes back as it was: names of counters, also when there are more of them than are remembered', () => {
    const packing = new Packing();
    for (let n = 0; n < 25_000; n++) {
      const name = `campaign/c${n}/user/oAnn/claims`;
      if (named(packing.textOf(packing.name(name, 'oAnn')), 'oAnn') !== name) throw new Error(name);
    }
    expect(packing.name('campaign/c1/user/oBob/claims', 'oBob')).toBe(1);
    expect(packing.name('campaign/late/user/oBob/claims', 'oBob')).toBe(`campaign/late/user/${FOLLOWER}/claims`);
  });

  test('names only its own follower', () => {
    const packing = new Packing();
    for (const [name, user] of [
      ['campaign/oAnn/user/oBob/claims', 'oAnn'],
      ['campaign/x/user/oAnna/claims', 'oAnn'],
      ['merchant/oAnn/user/oAnn/oBob/packets/day/2026-02-10', 'oAnn'],
      ['campaign/x/prize/oAnn', 'oAnn'],
    ] as const)
      expect(packing.textOf(packing.name(name, user))).toBe(name);
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
