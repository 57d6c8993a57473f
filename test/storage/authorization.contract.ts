// What every store promises about authorizations (免确认收款授权), in sentences. Beside `store.contract.ts`, and for the same stores.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import { later } from '../../src/core/base/time.ts';
import type { Authorization } from '../../src/core/payout/authorization.ts';
import { asBillNo } from '../../src/core/payout/payout.ts';
import type { Store } from '../../src/ports.ts';
import { listOf, NOW, type Opened } from './store.contract.ts';

const ANN = openId(`oAnn${'0'.repeat(24)}`);
const BOB = openId(`oBob${'0'.repeat(24)}`);

export function anAuthorization(parts: Partial<Authorization> = {}): Authorization {
  return {
    ...{ merchant: 'shop', user: ANN, account: 'tea', number: 'a1', state: 'WAIT_USER_CONFIRM' },
    ...{ mchId: '1900000109', appId: 'wx8888888888888888', sceneId: '1000', askedAt: NOW, at: NOW, under: [] },
    ...parts,
  };
}

const GIVEN = anAuthorization({
  state: 'TAKING_EFFECT',
  id: '17"1',
  at: later(NOW, 1),
  under: [asBillNo('b1'), asBillNo('b2')],
});

export function authorizationsContract(name: string, open: () => Promise<Opened>): void {
  describe(`an authorization, ${name}`, () => {
    let opened: Opened;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    test('is not there until it is put, and then reads back as it was put, for its merchant and follower alone', async () => {
      expect(await store.authorization('shop', ANN)).toBeUndefined();
      expect(await store.putAuthorization(anAuthorization(), 0)).toBe(true);
      expect(await store.authorization('shop', ANN)).toStrictEqual({ ...anAuthorization(), version: 1 });
      expect(await store.authorization('shop', BOB)).toBeUndefined();
      expect(await store.authorization('kiosk', ANN)).toBeUndefined();
      expect(await store.putAuthorization(GIVEN, 1)).toBe(true);
      expect(await (await opened.reopen()).authorization('shop', ANN)).toStrictEqual({ ...GIVEN, version: 2 });
    });

    test('is put by one of many who saw the same version', async () => {
      for (const seen of [0, 1]) {
        const puts = Array.from({ length: 20 }, (_, n) =>
          store.putAuthorization(anAuthorization({ number: `a${n}` }), seen),
        );
        expect((await Promise.all(puts)).filter(Boolean)).toHaveLength(1);
      }
      expect((await store.authorization('shop', ANN))!.version).toBe(2);
      expect(await store.putAuthorization(GIVEN, 7)).toBe(false);
      expect(await store.putAuthorization(anAuthorization({ user: BOB }), 1)).toBe(false);
      expect(await store.authorization('shop', BOB)).toBeUndefined();
    });

    test('stands in a list in the order of merchants and followers, page by page', async () => {
      const all = ['kiosk', 'shop'].flatMap(merchant =>
        Array.from({ length: 300 }, (_, n) =>
          anAuthorization({ merchant, user: openId(`o${String(n).padStart(27, '0')}`), number: `a${n}` }),
        ),
      );
      for (const each of all.toReversed()) await store.putAuthorization(each, 0);
      const found = [...(await store.authorizations(250))];
      for (let page = found; page.length > 0; found.push(...page)) page = await store.authorizations(250, found.at(-1));
      expect(found).toStrictEqual(all.map(each => ({ ...each, version: 1 })));
      expect(await store.authorizations(0)).toEqual([]);
    });

    test('stands in the books, and is loaded from there as it is, once however often', async () => {
      await store.putAuthorization(anAuthorization(), 0);
      await store.putAuthorization(GIVEN, 1);
      await store.putAuthorization(anAuthorization({ user: BOB }), 0);
      const snapshot = await store.snapshot();
      const rows = await listOf(snapshot.authorizations());
      await snapshot.close();
      expect(rows.toSorted((a, b) => (a.user < b.user ? -1 : 1))).toStrictEqual([
        { ...GIVEN, version: 2 },
        { ...anAuthorization({ user: BOB }), version: 1 },
      ]);
      const other = await open();
      for (let times = 0; times < 2; times++) await other.store.load({ kind: 'authorizations', rows });
      expect(await other.store.authorizations(9)).toStrictEqual(await store.authorizations(9));
      expect(await other.store.putAuthorization(anAuthorization(), 2)).toBe(true);
      await other.dispose();
    });
  });
}
