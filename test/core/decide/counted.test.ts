// Everything that can be limited is counted always: a limit that is set in the middle of a campaign knows what was before.
import { afterEach, describe, expect, test } from 'vitest';
import { DAY, HOUR, later, MINUTE } from '../../../src/core/base/time.ts';
import { ruleClaimsCounter } from '../../../src/core/decide/limits.ts';
import type { Store } from '../../../src/ports.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { ACCEPTED, asBefore, NOON, openId, rulesOf, Shop, status } from '../../support/counted-shop.ts';
import { DURABLE, hasRedis, openedOn, startRedis } from '../../support/redis-server.ts';

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
const budget = (more: string): string => `budget: { total: ¥5000.00, ${more} }`;
const perUser = (more: string): string => `${PLAIN}\nlimits: { perUser: { ${more} } }`;
const perScene = (more: string): string => `${PLAIN}\nlimits: { perScene: { ${more} } }`;
const AT_STORE = '{ id: word, on: scan, once: perEvent, give: one }';

describe('a limit that is set after two claims of Ann and one of Bob', () => {
  /** What the file gains; what Ann and Bob get then, a day later if it is said, and Cy, who is new. */
  const limits: [name: string, rules: string, expected: [ann: string, bob: string, cy: string]][] = [
    ['stock', rulesOf(PLAIN, ', stock: 3'), ['soldOut', 'soldOut', 'soldOut']],
    ['stock, with one left', rulesOf(PLAIN, ', stock: 4'), ['one', 'soldOut', 'soldOut']],
    ['a prize’s perDay', rulesOf(PLAIN, ', perDay: 3'), ['soldOut', 'soldOut', 'soldOut']],
    ['a prize’s perUser', rulesOf(PLAIN, ', perUser: 2'), ['limited', 'one', 'one']],
    ['packets', rulesOf(budget('packets: 3')), ['soldOut', 'soldOut', 'soldOut']],
    ['packetsPerDay', rulesOf(budget('packetsPerDay: 3')), ['soldOut', 'soldOut', 'soldOut']],
    ['perDay', rulesOf(budget('perDay: ¥5.00')), ['soldOut', 'soldOut', 'soldOut']],
    ['pace with carryOver', rulesOf(budget('pace: { perHour: 1, carryOver: true }')), ['one', 'one', 'one']],
    ['perUser.total', rulesOf(perUser('total: 2')), ['limited', 'one', 'one']],
    ['perUser.perDay', rulesOf(perUser('perDay: 2')), ['limited', 'one', 'one']],
    ['perUser.perMonth', rulesOf(perUser('perMonth: 2')), ['limited', 'one', 'one']],
    ['perUser.wins', rulesOf(perUser('wins: 2')), ['limited', 'one', 'one']],
    ['perUser.amountPerDay', rulesOf(perUser('amountPerDay: ¥4.00')), ['limited', 'one', 'one']],
    ['perUser.gap', rulesOf(perUser('gap: 10m')), ['tooSoon', 'tooSoon', 'one']],
  ];
  test.each(limits)('%s', async (_, rules, expected) => {
    const shop = await shopOn();
    for (const name of ['Ann', 'Ann', 'Bob']) expect(await shop.says(name)).toBe('one');
    shop.rules = rules;
    expect([await shop.says('Ann'), await shop.says('Bob'), await shop.says('Cy')]).toEqual(expected);
    expect(await shop.audit()).toEqual([]);
  });

  test('a pace that carries over counts the whole day', async () => {
    const shop = await shopOn();
    shop.now = later(NOON, -12 * HOUR + MINUTE);
    for (let n = 0; n < 3; n++) await shop.says(`A${n}`);
    shop.rules = rulesOf(budget('pace: { perHour: 1, carryOver: true }'));
    expect(await shop.says('Cy')).toBe('later');
    shop.now = later(NOON, -9 * HOUR);
    expect([await shop.says('Cy'), await shop.says('Dee')]).toEqual(['one', 'later']);
    expect(await shop.audit()).toEqual([]);
  });

  const stores: [string, string, [string, string, string]][] = [
    ['perUser', perScene('perUser: 2'), ['limited', 'one', 'one']],
    ['perDay', perScene('perDay: 3'), ['sceneSoldOut', 'sceneSoldOut', 'sceneSoldOut']],
    ['amountPerDay', perScene('amountPerDay: ¥5.00'), ['sceneSoldOut', 'sceneSoldOut', 'sceneSoldOut']],
  ];
  test.each(stores)('perScene.%s', async (_, lines, expected) => {
    const shop = await shopOn(rulesOf(PLAIN, '', AT_STORE));
    const scans = (name: string) => shop.does(name, { kind: 'scan', scene: 'store-1' });
    for (const name of ['Ann', 'Ann', 'Bob']) expect(await scans(name)).toBe('one');
    shop.rules = rulesOf(lines, '', AT_STORE);
    expect([await scans('Ann'), await scans('Bob'), await scans('Cy')]).toEqual(expected);
    expect(await shop.does('Ann', { kind: 'scan', scene: 'store-2' })).toBe('one');
    expect(await shop.audit()).toEqual([]);
  });

  test('perUser.perRound', async () => {
    const rounds = 'rounds:\n  - { name: 一, at: 2026-02-10 11:00, lasts: 8h, packets: 9, total: ¥13.50 }';
    const split = (lines: string) =>
      rulesOf(`${lines}\n${rounds}`, '', '{ id: word, on: { text: 红包 }, once: perEvent, give: one }').replace(
        'one: { redpacket: ¥1.50 }',
        'one: { redpacket: { split: ¥1.00..¥2.00 } }',
      );
    const shop = await shopOn(split(PLAIN));
    for (const name of ['Ann', 'Ann', 'Bob']) expect(await shop.says(name)).toBe('one');
    shop.rules = split(perUser('perRound: 2'));
    expect([await shop.says('Ann'), await shop.says('Bob')]).toEqual(['limited', 'one']);
    expect(await shop.audit()).toEqual([]);
  });

  test('a prize that is worth nothing is counted as well, and so is every rule', async () => {
    const rule = '{ id: word, on: { text: 谢谢 }, once: perEvent, give: thanks }';
    const shop = await shopOn(rulesOf(PLAIN, '', rule));
    for (const name of ['Ann', 'Ann', 'Bob']) expect(await shop.says(name, '谢谢')).toBe('thanks');
    expect(await shop.value('campaign/shop/prize/thanks')).toBe(3);
    expect(await shop.value(ruleClaimsCounter('shop', 'word'))).toBe(3);
    shop.rules = rulesOf(PLAIN, '', rule).replace('nothing: true', 'nothing: true, stock: 3');
    expect(await shop.says('Cy', '谢谢')).toBe('soldOut');
    expect(await shop.audit()).toEqual([]);
  });

  test('what was sent by hand counts on the prize’s and the campaign’s limits, and under its own rule', async () => {
    const shop = await shopOn();
    for (const name of ['Ann', 'Bob']) expect(await shop.sends(name)).toBe('done');
    await shop.says('Ann');
    expect(await shop.value(ruleClaimsCounter('shop', 'send'))).toBe(2);
    shop.rules = rulesOf(budget('packets: 3'));
    expect(await shop.sends('Cy')).toBe('lost');
    expect(await shop.says('Cy')).toBe('soldOut');
    expect(await shop.audit()).toEqual([]);
  });

  test('five wins, then stock 3 and packets 6: nobody wins any more, and the books balance', async () => {
    const shop = await shopOn();
    for (let n = 0; n < 5; n++) expect(await shop.says(`A${n}`)).toBe('one');
    shop.rules = rulesOf(budget('packets: 6'), ', stock: 3');
    for (let n = 0; n < 5; n++) expect(await shop.says(`B${n}`)).toBe('soldOut');
    expect(await shop.payouts()).toHaveLength(5);
    expect(await shop.audit()).toEqual([]);
  });
});

test('counters without a bound lose nobody a race: ten at once for one prize are decided once each', async () => {
  const shop = await shopOn();
  const lost: string[] = [];
  const { store } = shop;
  shop.store = {
    ...store,
    async commit(commit) {
      const committed = await store.commit(commit);
      if (committed.kind === 'lost') lost.push(committed.counter);
      return committed;
    },
  };
  await Promise.all(Array.from({ length: 10 }, (_, n) => shop.says(n < 5 ? 'Ann' : `B${n}`)));
  expect(lost).toEqual([]);
  expect(await shop.payouts()).toHaveLength(10);
});

// ── Data of before ───────────────────────────────────────────────────────────────────────────────────────────

type Place = { readonly store: Store; readonly beside: () => Promise<Store> };

function broughtUp(place: () => Promise<Place>): void {
  /** Five claims as version 0.1.0 wrote them: one received, one come back, two of Ann; and one of last month. */
  async function old(rules = rulesOf()): Promise<Shop & Pick<Place, 'beside'>> {
    const { store, beside } = await place();
    const shop = new Shop(asBefore(store), rules);
    shop.now = later(NOON, -40 * DAY);
    await shop.says('Ann');
    shop.now = NOON;
    for (const name of ['Ann', 'Ann', 'Bob', 'Cy']) expect(await shop.says(name)).toBe('one');
    await shop.pays(await shop.payout('Bob'), ACCEPTED, status('RECEIVED'));
    await shop.pays(await shop.payout('Cy'), ACCEPTED, status('REFUND'));
    expect(await shop.value('campaign/shop/prize/one')).toBe(0);
    shop.store = store;
    return Object.assign(shop, { beside });
  }

  test('balances before it is brought up, and after', async () => {
    const shop = await old();
    expect(await shop.audit()).toEqual([]);
    await shop.bringUp();
    expect(await shop.audit()).toEqual([]);
  });

  test('is counted for limits that are set now: what has come back is free, and a month or a day is its own', async () => {
    const shop = await old();
    await shop.bringUp();
    const ann = `campaign/shop/user/${openId('Ann')}`;
    const expected = {
      'campaign/shop/prize/one': 4,
      'campaign/shop/prize/one/day/2026-02-10': 3,
      'campaign/shop/packets': 4,
      'campaign/shop/packets/day/2026-02-10': 3,
      'campaign/shop/amount/day/2026-02-10': 450,
      'campaign/shop/rule/word/claims': 5,
      [`${ann}/claims`]: 3,
      [`${ann}/claims/day/2026-02-10`]: 2,
      [`${ann}/claims/month/2026-02`]: 2,
      [`${ann}/wins`]: 3,
      [`campaign/shop/prize/one/user/${openId('Ann')}`]: 3,
      [`${ann}/last`]: later(NOON, MINUTE),
    };
    const found = await Promise.all(Object.keys(expected).map(async name => [name, await shop.value(name)]));
    expect(Object.fromEntries(found)).toEqual(expected);
    shop.rules = rulesOf(PLAIN, ', stock: 5');
    expect([await shop.says('Dee'), await shop.says('Eve')]).toEqual(['one', 'soldOut']);
    expect(await shop.audit()).toEqual([]);
  });

  test('that had a limit all along keeps its count, and is counted for the others', async () => {
    const shop = await old(rulesOf(budget('packets: 9')));
    const before = await shop.value('campaign/shop/packets');
    await shop.bringUp();
    expect([before, await shop.value('campaign/shop/packets')]).toEqual([4, 4]);
    expect(await shop.value('campaign/shop/prize/one')).toBe(4);
    expect(await shop.audit()).toEqual([]);
  });

  test('is counted once: again, beside another process, and after claims of now', async () => {
    const shop = await old();
    const other = await shop.beside();
    await Promise.all([shop.bringUp('a'), shop.bringUp('b', other)]);
    await shop.says('Dee');
    await shop.bringUp('c');
    expect(await shop.value('campaign/shop/prize/one')).toBe(5);
    expect(await shop.value('campaign/shop/rule/word/claims')).toBe(6);
    expect(await shop.audit()).toEqual([]);
  });

  test('is counted once wherever the count dies, and whoever claims meanwhile', async () => {
    for (let deaths = 1, isDone = false; !isDone; deaths++) {
      expect(deaths).toBeLessThan(12);
      const shop = await old();
      let left = deaths;
      const dying: Store = {
        ...shop.store,
        async count(counters) {
          if (left-- === 0) throw new Error('killed');
          const counted = await shop.store.count(counters.slice(0)); // written; and then it dies
          if (left === 0) throw new Error('killed');
          await shop.says('Dee');
          return counted;
        },
      };
      isDone = await shop.bringUp('a', dying).then(
        () => true,
        () => false,
      );
      shop.now = later(shop.now, MINUTE); // the lease of who died is over
      await shop.bringUp('b');
      const dees = (await shop.payouts('Dee')).length;
      expect(await shop.value('campaign/shop/prize/one')).toBe(4 + dees);
      expect(await shop.audit()).toEqual([]);
    }
  });

  test('a count that was overtaken while it slept adds nothing more', async () => {
    const shop = await old();
    let wake: () => void = () => {};
    const asleep = new Promise<void>(resolve => {
      wake = resolve;
    });
    let calls = 0;
    const slow: Store = {
      ...shop.store,
      async count(counters) {
        if (++calls === 2) await asleep;
        return shop.store.count(counters);
      },
    };
    const first = shop.bringUp('a', slow).then(
      () => 'went on',
      (error: Error) => error.message,
    );
    await new Promise(resolve => setTimeout(resolve, 300));
    shop.now = later(shop.now, MINUTE);
    await shop.recount();
    wake();
    expect(await first).toBe('went on'); // it began anew, and found what the other had counted
    expect(await shop.value('campaign/shop/prize/one')).toBe(4);
    expect(await shop.audit()).toEqual([]);
  });

  test('money of before that comes back later gives back what it held; the audit knows', async () => {
    const shop = await old();
    await shop.bringUp();
    await shop.pays(await shop.payout('Ann'), ACCEPTED, status('REFUND'));
    expect(await shop.audit()).toEqual([]);
  });
}

describe('data of before, in SQLite,', () => {
  broughtUp(async () => {
    const store = await openSqlite(':memory:');
    open.push(() => store.close());
    return { store, beside: async () => store };
  });
});

describe.skipIf(!hasRedis)('data of before, in Redis,', () => {
  broughtUp(async () => {
    const server = await startRedis(...DURABLE);
    const opened = await openedOn(server.url, { time: 'caller' });
    open.push(opened.dispose, server.dispose);
    return { store: opened.store, beside: opened.beside };
  });
});

describe('counters that differ', () => {
  test('are brought back to what claims and payouts say, down as well as up', async () => {
    const shop = await shopOn(rulesOf(PLAIN, ', stock: 9'));
    for (const name of ['Ann', 'Ann', 'Bob']) await shop.says(name);
    const spoilt = [
      { name: 'campaign/shop/prize/one', add: 4, max: 99 },
      { name: `campaign/shop/user/${openId('Ann')}/claims`, add: -1, max: 99 },
      { name: 'campaign/shop/rule/word/claims', add: -3, max: 99 },
      { name: 'campaign/shop/packets', add: 1, max: 99 },
    ];
    expect(await shop.store.count(spoilt)).toBe('counted');
    expect(await shop.audit()).toHaveLength(4);
    expect((await shop.recount()).map(({ name }) => name).sort()).toEqual(spoilt.map(({ name }) => name).sort());
    expect(await shop.audit()).toEqual([]);
    expect(await shop.recount()).toEqual([]);
  });
});
