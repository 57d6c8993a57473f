// What comes back with a prize: its stock, its day, what the follower has won, and nothing else; and on which day a packet
// counts at its merchant.

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { rehearse } from '../../../src/core/analysis/run-tests.ts';
import { eventKey } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { DAY, dayOf, HOUR, later, MINUTE, parseBeijing, SECOND } from '../../../src/core/base/time.ts';
import { cancelStep, cancelWay, whyNoVerdict } from '../../../src/core/payout/operator-steps.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import { billNoOf, numberDay, type Payout } from '../../../src/core/payout/payout.ts';
import { beginSend, observe, waitForTomorrow } from '../../../src/core/payout/transitions.ts';
import { createSettle } from '../../../src/engine/settle.ts';
import { SILENT } from '../../../src/lib/log.ts';
import type { Payer, Store } from '../../../src/ports.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { aPayout } from '../../storage/store.contract.ts';
import { LIMITS, MCH } from '../../support/config.ts';
import {
  ACCEPTED,
  asBefore,
  campaignsOf,
  NOON,
  openId,
  rulesOf,
  Shop,
  SILENCE,
  status,
} from '../../support/counted-shop.ts';

let open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open) await close();
  open = [];
});

async function shopOn(rules = rulesOf()): Promise<Shop> {
  const store = await openSqlite(':memory:');
  open.push(() => store.close());
  return new Shop(store, rules);
}

const PLAIN = 'budget: { total: ¥5000.00 }';
const paid = (order: string) =>
  ({ kind: 'paid', merchant: 'till', transaction: order, order, amount: fen(9900), total: fen(9900) }) as const;
const CASHBACK =
  '{ id: back, on: { paid: { over: ¥50.00 } }, once: perEvent, give: one, delay: 24h, cancelIf: refunded }';

describe('a prize that is taken back gives its piece back', () => {
  test('three refunded orders burn no prize: the stock is there for the next three', async () => {
    const shop = await shopOn(rulesOf(PLAIN, ', stock: 3, perDay: 3', CASHBACK));
    for (const n of [1, 2, 3]) {
      expect(await shop.does('Ann', paid(`T${n}`), `p:T${n}`)).toBe('one');
      const refund = { kind: 'refunded', transaction: `T${n}`, refund: `R${n}`, amount: fen(9900) } as const;
      await shop.does('Ann', { ...refund, merchant: 'till' }, `r:R${n}`);
    }
    expect((await shop.payouts()).map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
    const next = await Promise.all(['Bob', 'Cy', 'Dee', 'Eve'].map(name => shop.does(name, paid(name), `p:${name}`)));
    expect(next.sort()).toEqual(['one', 'one', 'one', 'soldOut']);
    expect(await shop.audit()).toEqual([]);
  });

  test('an unfollow gives it back as well; the claim, and what counts a person’s tries, stay', async () => {
    const rule = '{ id: word, on: { text: 红包 }, once: perDay, give: one, delay: 2h, cancelIf: unsubscribed }';
    const limits = `${PLAIN}\nlimits: { perUser: { total: 9 } }`;
    const shop = await shopOn(rulesOf(limits, ', stock: 1, perUser: 1', rule));
    expect(await shop.says('Ann')).toBe('one');
    await shop.does('Ann', { kind: 'unsubscribe' });
    const ann = `campaign/shop/user/${openId('Ann')}`;
    const day = dayOf(NOON);
    const left = [
      'campaign/shop/prize/one',
      `campaign/shop/prize/one/day/${day}`,
      `campaign/shop/prize/one/user/${openId('Ann')}`,
      `${ann}/wins`,
      'campaign/shop/packets',
      `merchant/till/user/tea/${openId('Ann')}/packets/day/${day}`,
      `merchant/till/amount/day/${day}`,
    ];
    expect(await Promise.all(left.map(name => shop.value(name)))).toEqual(left.map(() => 0));
    const stays = [
      `${ann}/claims`,
      `${ann}/claims/day/${day}`,
      `${ann}/claims/month/2026-02`,
      'campaign/shop/rule/word/claims',
    ];
    expect(await Promise.all(stays.map(name => shop.value(name)))).toEqual(stays.map(() => 1));
    expect(await shop.value(`${ann}/amount/day/${day}`)).toBe(150);
    await shop.does('Ann', { kind: 'subscribe', via: 'direct' });
    expect(await shop.says('Ann')).toBe('already');
    shop.now = later(shop.now, DAY);
    expect(await shop.says('Ann')).toBe('one'); // she has none: `perUser: 1` and the stock are hers again
    expect(await shop.audit()).toEqual([]);
  });

  test.each([
    ['nobody opens it', [ACCEPTED, status('REFUND')]],
    ['it fails for good', [{ kind: 'refused', code: 'NO_AUTH', text: '帐号已被微信拦截' } as const, status('FAILED')]],
  ])('where %s, to the day it was taken from', async (_, seen) => {
    const shop = await shopOn(rulesOf(PLAIN, ', stock: 1, perDay: 1'));
    expect([await shop.says('Ann'), await shop.says('Bob')]).toEqual(['one', 'soldOut']);
    const payout = await shop.pays(await shop.payout('Ann'), seen[0]!);
    shop.now = later(shop.now, DAY);
    await shop.advance(observe(payout, seen[1]!, true, shop.now, DEFAULT_POLICY).step);
    expect(await shop.value(`campaign/shop/prize/one/day/${dayOf(NOON)}`)).toBe(0);
    expect(await shop.says('Bob')).toBe('one');
    expect(await shop.value(`campaign/shop/prize/one/day/${dayOf(shop.now)}`)).toBe(1);
    expect(await shop.audit()).toEqual([]);
  });

  test('where an operator cancels it', async () => {
    const shop = await shopOn(rulesOf(PLAIN, ', stock: 1'));
    await shop.says('Ann');
    await shop.advance(cancelStep(await shop.payout('Ann'), 'wrong person', shop.now));
    expect(await shop.says('Bob')).toBe('one');
    expect(await shop.audit()).toEqual([]);
  });

  test('once, through all its numbers: offered again, or failed, it stays taken', async () => {
    for (const seen of [
      [ACCEPTED, status('REFUND')],
      [SILENCE, status('FAILED')],
    ]) {
      const shop = await shopOn(`${rulesOf(PLAIN, ', stock: 1')}unclaimed: reoffer\n`);
      await shop.says('Ann');
      const second = await shop.pays(await shop.payout('Ann'), ...seen);
      expect([second.attempt, second.state]).toEqual([2, 'planned']);
      expect(await shop.value('campaign/shop/prize/one')).toBe(1);
      expect(await shop.says('Bob')).toBe('soldOut');
      await shop.pays(second, ACCEPTED, status('REFUND'));
      const last = await shop.payout('Ann');
      if (last.state === 'planned') await shop.advance(cancelStep(last, 'enough', shop.now));
      expect(await shop.value('campaign/shop/prize/one')).toBe(0);
      expect(await shop.says('Bob')).toBe('one');
      expect(await shop.audit()).toEqual([]);
    }
  });

  test('of a group packet that was opened in part only the money', async () => {
    const rules = rulesOf(PLAIN, ', stock: 1').replace('¥1.50', '¥3.00').replace('stock: 1', 'shares: 3, stock: 1');
    const shop = await shopOn(rules);
    await shop.says('Ann');
    await shop.pays(await shop.payout('Ann'), ACCEPTED, status('REFUND', 100));
    expect(await shop.value('campaign/shop/amount')).toBe(200);
    expect(await shop.value('campaign/shop/prize/one')).toBe(1);
    expect(await shop.value('campaign/shop/packets')).toBe(1);
    expect(await shop.says('Bob')).toBe('soldOut');
    expect(await shop.audit()).toEqual([]);
  });

  test('in the tests of a rule file as well', () => {
    const text = `${rulesOf('budget: { total: ¥10.00 }', ', stock: 1', CASHBACK)}tests:
  - name: 退款的名额还给下一个人
    events:
      - { at: 2026-02-10 10:00, user: ann, paid: { amount: ¥60.00, order: A1 }, expect: { prize: one } }
      - { at: 2026-02-10 10:30, user: bob, paid: { amount: ¥60.00, order: A2 }, expect: { refused: soldOut } }
      - { at: 2026-02-10 11:00, user: ann, refunded: A1, expect: { cancels: ¥1.50 } }
      - { at: 2026-02-10 11:30, user: bob, paid: { amount: ¥60.00, order: A3 }, expect: { prize: one } }
    budgetLeft: ¥8.50
`;
    expect(
      campaignsOf(text)
        .flatMap(each => rehearse(each))
        .flatMap(({ failures }) => failures),
    ).toEqual([]);
  });
});

// ── Against a naive model ────────────────────────────────────────────────────────────────────────────────────

test('whatever is won, comes back or goes on, on whichever day: pieces are what a plain list of prizes says', async () => {
  const deed = fc.record({
    who: fc.integer({ min: 0, max: 3 }),
    do: fc.constantFrom('win', 'win', 'win', 'return', 'fail', 'receive', 'day'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 25 }), async deeds => {
      const limits = `budget: { total: ¥12.00, perDay: ¥6.00, packets: 7 }\nlimits: { perUser: { wins: 3, perDay: 4 } }`;
      const store = await openSqlite(':memory:');
      const shop = new Shop(store, rulesOf(limits, ', stock: 6, perDay: 3, perUser: 2'));
      /** Every prize ever won, with its day; and whether it is still there. */
      const won: { who: number; day: string; claimKey: string; isThere: boolean }[] = [];
      const tried: { who: number; day: string }[] = [];
      for (const { who, do: what } of deeds) {
        const today = dayOf(shop.now);
        if (what === 'day') {
          shop.now = later(shop.now, DAY);
        } else if (what === 'win') {
          const there = won.filter(({ isThere }) => isThere);
          const ofDay = there.filter(({ day }) => day === today);
          const mine = there.filter(each => each.who === who);
          const tries = tried.filter(each => each.who === who && each.day === today);
          const isFree = there.length < 6 && there.length * 150 + 150 <= 1200 && ofDay.length < 3 && mine.length < 2;
          const before = (await shop.payouts()).length;
          const said = await shop.says(`U${who}`);
          expect([said === 'one', (await shop.payouts()).length - before]).toEqual(
            isFree && tries.length < 4 ? [true, 1] : [false, 0],
          );
          if (said !== 'one') continue;
          tried.push({ who, day: today });
          won.push({ who, day: today, claimKey: (await shop.payouts())[0]!.claimKey, isThere: true });
        } else {
          const open = (await shop.payouts(`U${who}`)).find(({ state }) => state === 'planned');
          if (!open) continue;
          if (what === 'receive') await shop.pays(open, ACCEPTED, status('RECEIVED'));
          if (what === 'return') await shop.pays(open, ACCEPTED, status('REFUND'));
          if (what === 'fail') await shop.advance(cancelStep(open, 'no', shop.now));
          if (what !== 'receive') won.find(({ claimKey }) => claimKey === open.claimKey)!.isThere = false;
        }
      }
      const there = won.filter(({ isThere }) => isThere);
      expect(await shop.value('campaign/shop/prize/one')).toBe(there.length);
      for (const day of new Set(won.map(each => each.day)))
        expect(await shop.value(`campaign/shop/prize/one/day/${day}`)).toBe(
          there.filter(each => each.day === day).length,
        );
      expect(await shop.audit()).toEqual([]);
      await store.close();
    }),
    { numRuns: 40 },
  );
}, 60_000);

// ── The day in the number ────────────────────────────────────────────────────────────────────────────────────

describe('a claim made again gets the same number', () => {
  const again: [once: string, apart: number][] = [
    ['ever', 40 * DAY],
    ['perDay', 11 * HOUR],
    ['perWeek', 5 * DAY],
    ['perMonth', 15 * DAY],
  ];
  test.each(again)('once: %s, on another day, where the store has forgotten it', async (once, apart) => {
    const rule = `{ id: word, on: { text: 红包 }, once: ${once}, give: one }`;
    const numbers: string[] = [];
    for (const now of [NOON, later(NOON, apart)]) {
      const shop = await shopOn(rulesOf(PLAIN, '', rule));
      shop.now = now;
      expect(await shop.says('Ann')).toBe('one');
      numbers.push((await shop.payout('Ann')).billNo);
    }
    expect(numbers[1]).toBe(numbers[0]);
  });

  test('on another day, where the file begins earlier now, or its day later', async () => {
    const numbers: string[] = [];
    for (const period of ['from: 2026-01-01', 'from: 2026-02-01', 'dayStartsAt: "04:00", from: 2026-01-01']) {
      const shop = await shopOn(
        rulesOf(PLAIN, '', '{ id: word, on: { text: 红包 }, once: ever, give: one }').replace(
          'from: 2026-01-01',
          period,
        ),
      );
      await shop.says('Ann');
      numbers.push((await shop.payout('Ann')).billNo);
    }
    expect(new Set(numbers).size).toBe(1);
  });

  test('a tap on the page, a friend’s deed and what is sent by hand too', async () => {
    const numbers: string[][] = [];
    for (const now of [NOON, later(NOON, 13 * HOUR)]) {
      const shop = await shopOn(rulesOf(PLAIN, '', '{ id: page, on: visit, once: perEvent, give: one }'));
      shop.now = now;
      expect(await shop.does('Ann', { kind: 'visit', campaign: 'shop' }, `v:${openId('Ann')}:tap`)).toBe('one');
      shop.now = now;
      expect(await shop.sends('Bob')).toBe('done');
      numbers.push((await shop.payouts()).map(({ billNo }) => billNo));
    }
    expect(numbers[1]).toEqual(numbers[0]);
  });

  test('one per event has the day WeChat tells with the event, whenever it is told', async () => {
    const sentAt = parseBeijing('2026-02-10 23:59:59')!;
    const numbers: string[] = [];
    for (const now of [sentAt, later(sentAt, 2 * SECOND)]) {
      const shop = await shopOn();
      shop.now = now;
      const user = openId('Ann');
      await shop.decides({ key: eventKey(`m:${user}:1`), account: 'tea', user, sentAt, kind: 'text', text: '红包' });
      numbers.push((await shop.payout('Ann')).billNo);
    }
    expect(numbers[0]).toBe(numbers[1]);
    expect(numbers[0]).toContain(`${MCH}20260210`);
  });

  test('the day is a real one, of ten-digit merchants 28 characters are not passed, and two claims differ', () => {
    const of = (key: string) => billNoOf(MCH, numberDay(key, NOON), key, 1);
    const keys = [
      'ever',
      '2026-02-10',
      'week-2026-02-09',
      '2026-02',
      'round-一',
      'm:a:1',
      'v:a:1',
      'f:b:paid',
      'april',
    ];
    const numbers = keys.map(each => of(`shop/word/ann/${each}`));
    expect(numbers.map(number => number.slice(10, 18))).toEqual([
      ...['20200101', '20260210', '20260209', '20260201', '20200101', '20260210', '20200101', '20200101', '20200101'],
    ]);
    expect(new Set(numbers).size).toBe(keys.length);
    for (const number of numbers) expect(number).toMatch(/^[0-9A-Za-z]{28}$/);
    expect(of('shop/send/ann/2026-02-31').slice(10, 18)).toBe('20200101');
  });

  test('a payout of before keeps its number, and its next ones keep its day', async () => {
    const shop = await shopOn(rulesOf(PLAIN, '', '{ id: word, on: { text: 红包 }, once: ever, give: one }'));
    const { store } = shop;
    shop.store = asBefore(store);
    await shop.says('Ann');
    shop.store = store;
    shop.now = later(shop.now, 2 * DAY);
    const first = await shop.payout('Ann');
    expect(first.billNo).toContain(`${MCH}20260210`);
    const second = await shop.pays(first, SILENCE, status('FAILED'));
    expect(second.billNo).toBe(billNoOf(MCH, NOON, first.claimKey, 2));
    expect(await shop.audit()).toEqual([]);
  });
});

// ── The day it leaves ────────────────────────────────────────────────────────────────────────────────────────

const capsOn = async (shop: Shop, day: string, name = 'Ann'): Promise<number[]> => {
  const mine = `merchant/till/user/tea/${openId(name)}`;
  const names = [`merchant/till/amount/day/${day}`, `${mine}/amount/day/${day}`, `${mine}/packets/day/${day}`];
  return Promise.all(names.map(each => shop.value(each)));
};
const ONE = [150, 150, 1];
const NONE = [0, 0, 0];
const dayPlus = (n: number): string => dayOf(later(NOON, n * DAY));

describe('a packet counts at its merchant on the day it leaves', () => {
  test('won and sent on one day, it counts once', async () => {
    const shop = await shopOn();
    await shop.says('Ann');
    expect(await capsOn(shop, dayPlus(0))).toEqual(ONE);
    await shop.pays(await shop.payout('Ann'), SILENCE, { kind: 'notFound' });
    await shop.advance(beginSend(await shop.payout('Ann'), shop.now, { merchant: 'till', ...LIMITS }));
    expect(await capsOn(shop, dayPlus(0))).toEqual(ONE);
    expect(await shop.audit()).toEqual([]);
  });

  test('a delayed one counts on that day from the beginning, and is refused where that day is full', async () => {
    const rule = '{ id: word, on: { text: 红包 }, once: perEvent, give: one, delay: 24h }';
    const shop = await shopOn(rulesOf(PLAIN, '', rule));
    shop.limits = { ...LIMITS, perUserPerDay: 1 };
    expect([await shop.says('Ann'), await shop.says('Ann')]).toEqual(['one', 'limited']);
    expect([await capsOn(shop, dayPlus(0)), await capsOn(shop, dayPlus(1))]).toEqual([NONE, ONE]);
    expect(await shop.audit()).toEqual([]);
  });

  test('one that waits for tomorrow gives its day back when it leaves on another', async () => {
    const shop = await shopOn();
    await shop.says('Ann');
    shop.now = later(shop.now, DAY);
    await shop.pays(await shop.payout('Ann'), ACCEPTED, status('RECEIVED'));
    expect([await capsOn(shop, dayPlus(0)), await capsOn(shop, dayPlus(1))]).toEqual([NONE, ONE]);
    expect(await shop.audit()).toEqual([]);
  });

  test('one whose first call nobody saw the end of may have left on both days, and counts on both', async () => {
    const shop = await shopOn();
    await shop.says('Ann');
    const first = await shop.pays(await shop.payout('Ann'), SILENCE, { kind: 'notFound' });
    shop.now = later(shop.now, DAY);
    await shop.pays(first, ACCEPTED);
    expect([await capsOn(shop, dayPlus(0)), await capsOn(shop, dayPlus(1))]).toEqual([ONE, ONE]);
    expect(await shop.audit()).toEqual([]);
  });

  test('one that failed after calls on two days counts where its next number leaves, and nowhere else', async () => {
    const shop = await shopOn();
    await shop.says('Ann');
    const first = await shop.pays(await shop.payout('Ann'), SILENCE, { kind: 'notFound' });
    shop.now = later(shop.now, DAY);
    await shop.pays(await shop.pays(first, SILENCE, status('FAILED')), ACCEPTED);
    expect([await capsOn(shop, dayPlus(0)), await capsOn(shop, dayPlus(1))]).toEqual([NONE, ONE]);
    expect(await shop.audit()).toEqual([]);
  });

  test('one that is offered again counts on the day it leaves again', async () => {
    const shop = await shopOn(`${rulesOf()}unclaimed: reoffer\n`);
    await shop.says('Ann');
    const sent = await shop.pays(await shop.payout('Ann'), ACCEPTED);
    shop.now = later(NOON, DAY + HOUR);
    const second = await shop.advance(observe(sent, status('REFUND'), true, shop.now, DEFAULT_POLICY).step);
    await shop.pays(second, ACCEPTED);
    expect(await capsOn(shop, dayPlus(1))).toEqual(ONE);
    shop.limits = { ...LIMITS, perUserPerDay: 1 };
    expect(await shop.says('Ann')).toBe('limited'); // she has had one today
    expect(await shop.audit()).toEqual([]);
  });

  test('a packet of before that leaves on another day counts there, and its money no more on the first', async () => {
    const shop = await shopOn();
    const { store } = shop;
    shop.store = asBefore(store);
    await shop.says('Ann');
    shop.store = store;
    await shop.bringUp();
    shop.now = later(shop.now, DAY);
    await shop.pays(await shop.payout('Ann'), ACCEPTED);
    expect([await capsOn(shop, dayPlus(0)), await capsOn(shop, dayPlus(1))]).toEqual([[0, 150, 1], ONE]);
    expect(await shop.audit()).toEqual([]);
  });
});

describe('a full day at the merchant', () => {
  /** What a gate does with what is due now: the numbers it has called. */
  async function settles(shop: Shop, perUserPerDay: number): Promise<string[]> {
    const called: string[] = [];
    const payer: Payer = {
      async send({ billNo }) {
        called.push(billNo);
        return ACCEPTED;
      },
      query: async () => status('SENT'),
      close: async () => {},
    };
    const settle = createSettle({
      clock: () => shop.now,
      timer: { ticks: () => performance.now(), sleep: ms => new Promise(done => setTimeout(done, Math.min(ms, 2))) },
      store: shop.store,
      log: SILENT,
      holder: `gate ${shop.now}`,
      merchants: [
        {
          name: 'till',
          payer,
          perSecond: 1000,
          policy: DEFAULT_POLICY,
          quietHours: [],
          caps: { merchant: 'till', ...LIMITS, perUserPerDay },
        },
      ],
    });
    await settle.pass();
    await settle.stop();
    return called;
  }

  test('sends what is over tomorrow, and says so; no call is made and none is counted twice', async () => {
    const shop = await shopOn(`${rulesOf()}unclaimed: reoffer\n`);
    await shop.says('Ann');
    const sent = await shop.pays(await shop.payout('Ann'), ACCEPTED);
    shop.now = later(NOON, DAY + HOUR);
    const second = await shop.advance(observe(sent, status('REFUND'), true, shop.now, DEFAULT_POLICY).step);
    await shop.says('Ann'); // her one packet of today
    const today = (await shop.payout('Ann')).billNo;
    expect(await settles(shop, 1)).toEqual([today]);
    const waiting = (await shop.store.payout(second.billNo))!;
    expect(waiting).toMatchObject({ state: 'held', nextDo: 'send', tries: 0 });
    expect(waiting.problem).toMatch(/^CAPPED perUserPerDay: .*; it leaves tomorrow$/);
    expect(dayOf(waiting.nextAt!)).toBe(dayPlus(2));
    expect(await shop.audit()).toEqual([]);
    shop.now = later(waiting.nextAt!, SECOND);
    expect(await settles(shop, 1)).toEqual([second.billNo]);
    expect(await capsOn(shop, dayPlus(2))).toEqual(ONE);
    expect(await shop.audit()).toEqual([]);
  });

  test('a worker that dies before the call, or before its answer is written, leaves every counter right', async () => {
    for (const dies of ['before', 'after'] as const) {
      const shop = await shopOn();
      await shop.says('Ann');
      shop.now = later(shop.now, DAY);
      const step = beginSend(await shop.payout('Ann'), shop.now, { merchant: 'till', ...LIMITS });
      expect(step.counters).toHaveLength(6);
      if (dies === 'after') expect(await shop.store.advance(step)).toBe('moved');
      expect(await shop.audit()).toEqual([]);
      if (dies === 'after') expect(await shop.store.advance(step)).toBe('stale');
      expect(await shop.audit()).toEqual([]);
    }
  });

  test('what may have left stays unknown while it waits', () => {
    const payout = aPayout({ state: 'unknown', version: 3, tries: 2 });
    const { payout: next } = waitForTomorrow(payout, 'merchant/till/amount/day/2026-02-10', NOON);
    expect(next).toMatchObject({ state: 'unknown', nextDo: 'send', version: 4 });
    expect(next.problem).toContain('amountPerDay');
  });
});

// ── Days at the merchant, against a naive model ──────────────────────────────────────────────────────────────

test('calls on any days, refused, lost or accepted: the caps say what may have left on each day', async () => {
  const fates = fc.array(
    fc.record({
      who: fc.integer({ min: 0, max: 2 }),
      fate: fc.constantFrom('accepted', 'lost', 'cancel', 'day', 'day', 'win'),
    }),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(fates, async deeds => {
      const store: Store = await openSqlite(':memory:');
      const shop = new Shop(store);
      const caps = { merchant: 'till', ...LIMITS };
      /** By payout: the days on which it counts. A plan counts on its day, until it is called on another. */
      const days = new Map<string, { days: Set<string>; isCalled: boolean }>();
      for (const { who, fate } of deeds) {
        const today = dayOf(shop.now);
        if (fate === 'day') shop.now = later(shop.now, DAY + MINUTE);
        else if (fate === 'win') {
          if ((await shop.says(`U${who}`)) !== 'one') continue;
          days.set((await shop.payout(`U${who}`)).billNo, { days: new Set([today]), isCalled: false });
        } else {
          const open = (await shop.payouts(`U${who}`)).find(({ state }) => state === 'planned' || state === 'unknown');
          if (!open) continue;
          const known = days.get(open.billNo)!;
          if (fate === 'cancel') {
            if (open.tries > 0) continue;
            await shop.advance(cancelStep(open, 'no', shop.now));
            days.delete(open.billNo);
            continue;
          }
          const sending = await shop.advance(beginSend(open, shop.now, caps));
          if (!known.isCalled) known.days.clear();
          known.days.add(today);
          known.isCalled = true;
          const seen = fate === 'accepted' ? ACCEPTED : SILENCE;
          await shop.advance(observe(sending, seen, false, shop.now, DEFAULT_POLICY).step);
        }
      }
      const all = new Set([...days.values()].flatMap(each => [...each.days]));
      for (const day of all) {
        const count = [...days.values()].filter(each => each.days.has(day)).length;
        expect(await shop.value(`merchant/till/amount/day/${day}`)).toBe(count * 150);
      }
      expect(await shop.audit()).toEqual([]);
      await store.close();
    }),
    { numRuns: 40 },
  );
}, 60_000);

describe('`unclaimed: reoffer`', () => {
  const REOFFER = `${rulesOf(PLAIN)}unclaimed: reoffer\n`;

  test('is not used up by a number that failed at WeChat Pay, and is once by one that nobody opened', async () => {
    const shop = await shopOn(REOFFER);
    await shop.says('Ann');
    const second = await shop.pays(await shop.payout('Ann'), status('FAILED'));
    shop.now = later(shop.now, HOUR);
    const third = await shop.pays(second, ACCEPTED, status('REFUND'));
    expect([third.attempt, third.state]).toEqual([3, 'planned']);
    shop.now = later(shop.now, 2 * DAY);
    const over = await shop.pays(third, ACCEPTED, status('REFUND'));
    expect([over.attempt, over.state]).toEqual([3, 'refunded']);
    expect(await shop.audit()).toEqual([]);
  });

  test('is nothing for a voucher, which was theirs for its own time, nor for whoever would cancel one', async () => {
    const shop = await shopOn(REOFFER);
    await shop.says('Ann');
    const request = {
      channel: 'voucher',
      mchId: MCH,
      appId: 'wx8888888888888888',
      stockId: '1',
      creator: MCH,
    } as const;
    const payout: Payout = { ...(await shop.payout('Ann')), request };
    const taken = { kind: 'accepted', listId: '9' } as const;
    const sent = observe(beginSend(payout, shop.now).payout, taken, false, shop.now, DEFAULT_POLICY).step.payout;
    expect(cancelWay(sent, shop.now)).toHaveProperty('refused');
    const expired = { kind: 'order', state: 'EXPIRED' } as const;
    const over = observe(sent, expired, true, later(shop.now, 40 * DAY), DEFAULT_POLICY).step;
    expect([over.payout.state, over.successor]).toEqual(['refunded', undefined]);
  });
});

test('of a group packet that was opened in part no operator can say that all of it was received', async () => {
  const shop = await shopOn(rulesOf(PLAIN).replace('redpacket: ¥1.50', 'redpacket: ¥3.00, shares: 3'));
  await shop.says('Ann');
  const ended = await shop.pays(await shop.payout('Ann'), ACCEPTED, status('REFUND', 100));
  expect(whyNoVerdict(ended, 'received', later(shop.now, 31 * DAY))).toMatchObject({
    en: expect.stringContaining('¥1.00 came back'),
  });
});
