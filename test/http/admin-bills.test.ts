// The last days' bills on the screen: kept as the timetable compares them, and settled by a person with a reason, once.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY, dayOf, instant, later } from '../../src/core/base/time.ts';
import { noteBill } from '../../src/engine/bills/bills.ts';
import type { BillView } from '../../src/engine/overview/view.ts';
import { type AdminWorld, type Person, startAdmin } from '../support/admin-world.ts';
import { RULES } from '../support/harness.ts';

let admin: AdminWorld;
let [li, sun, zhao]: Person[] = [];
beforeAll(async () => {
  admin = await startAdmin({ campaigns: { 'test.yaml': RULES } });
  [li, sun, zhao] = [await admin.signIn('li'), await admin.signIn('sun'), await admin.signIn('zhao')];
});
afterAll(() => admin.close());

const bills = async (): Promise<readonly BillView[]> =>
  ((await admin.get('api/bills', li)).body as { bills: readonly BillView[] }).bills;

test('a day that was compared is shown with what differs; a person settles it, once, with a reason, in the log', async () => {
  const { store } = admin.world;
  const now = () => instant(Date.now());
  const [yesterday, before] = [1, 2].map(days => dayOf(later(now(), -days * DAY)));
  expect(await bills()).toEqual([]);
  const differences = ['payout 19000: ¥1.00 was expected, ¥2.00 found'];
  await noteBill(store, { day: yesterday!, at: now(), total: 1, differences });
  await noteBill(store, { day: before!, at: now(), total: 0, differences: [] });
  expect(await bills()).toMatchObject([
    { day: yesterday, total: 1, differences },
    { day: before, total: 0 },
  ]);

  expect((await admin.act('settle-bill', { day: yesterday, reason: '看过了' }, zhao!)).status).toBe(403);
  expect((await admin.act('settle-bill', { day: yesterday, reason: '' }, li!)).body.error).toBe('reason');
  expect((await admin.act('settle-bill', { day: before, reason: '没有差' }, li!)).status).toBe(409);
  expect((await admin.act('settle-bill', { day: '2001-01-01', reason: '没有' }, li!)).status).toBe(404);
  expect((await admin.act('settle-bill', { day: yesterday, reason: '财务垫付' }, li!)).status).toBe(200);
  expect(await bills()).toMatchObject([{ settled: { by: 'li', reason: '财务垫付' } }, {}]);
  expect((await admin.act('settle-bill', { day: yesterday, reason: '我也来' }, sun!)).body).toMatchObject({
    text: 'li',
  });
  const acts = (await store.acts.list({ limit: 20 })).filter(({ what }) => what === 'bills settle');
  expect(acts).toMatchObject([{ by: 'li', about: yesterday, detail: '财务垫付' }]);

  // Compared anew, what was said stays with the same differences, and is open again with others.
  await noteBill(store, { day: yesterday!, at: now(), total: 1, differences });
  expect((await bills())[0]!.settled?.by).toBe('li');
  await noteBill(store, { day: yesterday!, at: now(), total: 2, differences: [...differences, 'more'] });
  expect((await bills())[0]).not.toHaveProperty('settled');
});
