// What a claim counts, as it is remembered of claims that are alike.
import { expect, test } from 'vitest';
import { claimsCounted } from '../../../src/core/audit/claim.ts';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { DAY, later, MINUTE } from '../../../src/core/base/time.ts';
import type { Claim } from '../../../src/core/decide/decision.ts';
import { aCommit } from '../../storage/store.contract.ts';

const { claim } = aCommit();
const day = { day: '2026-02-10' };
const about = { dayStartsAt: 0, isCoupon: false, hasRates: true };
const namesOf = (each: Claim, parts = about): string[] => claimsCounted(each, parts).map(({ name }) => name);

test('claims that differ in anything that a counter names are not taken for alike', () => {
  const places: Partial<Claim>[] = [
    ...[{}, { campaign: 'other' }, { rule: 'other' }, { rule: 'send' }, { prize: 'other' }, { user: openId('oOther') }],
    ...[{ scene: 'a' }, { scene: 'undefined' }, { round: 'a' }, { round: 'undefined' }, { scene: 'a', round: 'a' }],
    ...[{ amount: fen(0) }, { at: later(claim.at, DAY) }, { at: later(claim.at, MINUTE) }, day],
  ];
  const all = places.map(parts => namesOf({ ...claim, ...parts }));
  const other = namesOf(claim, { ...about, dayStartsAt: 23 * 60 + 59 });
  const coupon = namesOf({ ...claim, amount: fen(0) }, { ...about, isCoupon: true });
  const same = new Set([...all, other, coupon].map(names => names.join()));
  // A claim that says its day counts on it as one that does not.
  expect(same.size).toBe(places.length + 2 - Number(namesOf({ ...claim, ...day }).join() === all[0]!.join()));
});

test('and of what is alike each follower has their own, with their own money', () => {
  const [ann, bob] = ['oAnn', 'oBob'].map((user, n): Claim => ({ ...claim, user: openId(user), amount: fen(100 + n) }));
  const swap = (text: string): string => text.replaceAll('oAnn', 'oBob');
  expect(claimsCounted(ann!, about).map(({ name }) => swap(name))).toEqual(namesOf(bob!));
  const money = claimsCounted(bob!, about).filter(({ name }) => name.includes('amount'));
  expect(money.map(({ add }) => add)).toEqual(money.map(() => 101));
  expect(money.length).toBeGreaterThan(2);
});
