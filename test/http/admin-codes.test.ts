// A printed code (盖码) that somebody complains about, typed into the search box of the dashboard.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { instant } from '../../src/core/base/time.ts';
import { usedCounter } from '../../src/core/mechanics/printed-code.ts';
import { checksumOf } from '../../src/core/rules/printed-code.ts';
import { type AdminWorld, type Person, startAdmin } from '../support/admin-world.ts';
import { exactly } from '../support/exactly.ts';

const RULES = `
campaign: caps
name: 开盖有喜
period: { from: 2020-01-01 00:00, to: 2099-12-31 24:00 }
budget: { total: ¥100.00 }
limits: { perUser: { total: 5 } }
packet: { sendName: 阿茶, actName: 开盖有喜, wishing: 正品好茶 }
prizes:
  小喜: { redpacket: ¥1.00, stock: 9 }
rules:
  - id: open
    on: { code: spring }
    once: perEvent
    give: assigned
    guess: { tries: 5, per: 1h }
    replies: { won: 中了, used: 用过, invalid: 没有, inactive: 等等, locked: 太多, limited: 够了, soldOut: 没了 }
`;

const codeOf = (body: string): string => body + checksumOf(body);
const [USED, UNUSED, INACTIVE, NOBODYS] = exactly(
  4,
  ['TEA2SPR7NG', 'TEA3SPR7NG', 'TEA4SPR7NG', 'TEA5SPR7NG'].map(codeOf),
);

let admin: AdminWorld;
let wang: Person;
let winner: string;
const search = async (text: string) => (await admin.get(`api/search?q=${encodeURIComponent(text)}`, wang)).body;

beforeAll(async () => {
  admin = await startAdmin({ rules: RULES });
  wang = await admin.signIn('wang');
  const { store, simulator } = admin.world;
  const each = { batch: 'spring', prize: '小喜' };
  await store.addCodes([USED, UNUSED].map(code => ({ ...each, code, box: 1 })));
  await store.addCodes([{ ...each, code: INACTIVE, box: 2 }]);
  await store.activateCodes('spring', [[1, 1]], true);
  winner = admin.world.person(true);
  const late = admin.world.person(true);
  for (const person of [winner, late]) await simulator.control.act(person, { kind: 'text', text: USED });
});
afterAll(() => admin.close());

test('finds who used it first, however it is typed', async () => {
  for (const text of [USED, USED.toLowerCase(), `盖码：${USED.slice(0, 4)}-${USED.slice(4, 8)} ${USED.slice(8)}`])
    expect([text, await search(text)]).toEqual([
      text,
      { kind: 'follower', user: winner, by: 'event', line: expect.any(Number) },
    ]);
});

test('tells of one that nobody used what it is, and whether it is active', async () => {
  const printed = { kind: 'code', batch: 'spring', prize: '小喜' };
  expect(await search(UNUSED)).toEqual({ ...printed, is: 'unused' });
  expect(await search(INACTIVE)).toEqual({ ...printed, is: 'inactive' });
});

test('tells a slip of the pen from a code that was never registered', async () => {
  expect(await search(NOBODYS)).toEqual({ kind: 'code', is: 'unknown' });
  expect(await search(`${USED.slice(0, 11)}${USED.endsWith('2') ? '3' : '2'}`)).toEqual({
    kind: 'code',
    is: 'mistyped',
  });
});

test('says when it was used, where the journal of that time does not have it', async () => {
  const usedAt = instant(Date.now());
  await admin.world.store.count([{ name: usedCounter(UNUSED), add: usedAt, max: usedAt }]);
  expect(await search(UNUSED)).toEqual({ kind: 'code', is: 'used', batch: 'spring', prize: '小喜', usedAt });
});
