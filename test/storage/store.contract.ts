// What every store promises, in sentences. `sqlite.test.ts` runs it, and so does whatever store comes next.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Counter } from '../../src/core/base/counter.ts';
import { Fault } from '../../src/core/base/error.ts';
import {
  type Envelope,
  type Event,
  type EventKey,
  eventKey,
  type Happening,
  type OpenId,
  openId,
} from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { type Instant, later, parseBeijing, SECOND } from '../../src/core/base/time.ts';
import type { Check } from '../../src/core/decide/check.ts';
import type { Claim, Decision } from '../../src/core/decide/decision.ts';
import type { Follower } from '../../src/core/match/facts.ts';

import {
  asBillNo,
  type BillNo,
  billNoOf,
  type Move,
  type Payout,
  type PayoutState,
  type Step,
} from '../../src/core/payout/payout.ts';
import type { Buckets, Commit, Snapshot, Store } from '../../src/ports.ts';

/** One store with its data, as a test gets it. */
export type Opened = {
  readonly store: Store;
  /** Closes it, and opens the same data again. */
  reopen(): Promise<Store>;
  /** The same data a second time, as a command has it beside the running bot. */
  beside(): Promise<Store>;
  /** Closes everything and removes the data. */
  dispose(): Promise<void>;
};

// ── Builders: every one has a full default, and what is not said is new each time ────────────────────────

export const NOW: Instant = parseBeijing('2026-02-10 10:00')!;
export const AMOUNT = 'campaign/spring/amount';

let serial = 0;

/** What a test cares about; the rest follows from it. */
export type Wish = {
  readonly campaign?: string;
  readonly merchant?: string;
  readonly account?: string;
  readonly user?: string;
  readonly key?: string;
  /** What makes a second claim the same claim. */
  readonly occasion?: string;
  readonly amount?: number;
  /** How much the campaign has. */
  readonly budget?: number;
  readonly at?: Instant;
  readonly counters?: readonly Counter[];
  readonly follower?: Follower;
};

type Awarded = Extract<Decision, { kind: 'awarded' }>;

/** An event that wins a red packet: claim, counters and payout. */
export function aCommit(
  wish: Wish = {},
): Commit & { readonly claim: Claim; readonly payout: Payout; readonly decision: Awarded } {
  const n = ++serial;
  const { campaign = 'spring', merchant = 'shop', account = 'tea', amount = 100, at = NOW } = wish;
  const user = openId(wish.user ?? aUser(n));
  const about = { campaign, rule: 'password', account, user, amount: fen(amount) };
  const claim: Claim = {
    ...about,
    key: `${campaign}/password/${user}/${wish.occasion ?? `event-${n}`}`,
    prize: 'small',
    at,
  };
  const budget = { name: `campaign/${campaign}/amount`, add: amount, max: wish.budget ?? 1_000_000 };
  const counters = wish.counters ?? [budget];
  const holds = counters.map(({ name, add }) => ({ name, add }));
  const event = anEvent({ account, user, key: eventKey(wish.key ?? `m:${n}`), sentAt: later(at, -SECOND) });
  const answer = { reply: { kind: 'text', text: `口令正确!第 ${n} 个红包已发出 🧧` }, at } as const;
  const checks: Check[] = [
    { ok: true, check: 'begun', at: NOW },
    { ok: false, check: 'budget', used: 100, max: 500_000, add: amount },
    { ok: true, check: 'notHalted' },
    { ok: true, check: 'prose', text: '预算剩 ¥4999.00 ≥ ¥1.00' },
  ];
  const decision: Awarded = {
    kind: 'awarded',
    ...{ campaign, rule: 'password', prize: 'small', amount: fen(amount), claimKey: claim.key, counters, holds },
    trace: [{ campaign, rule: 'password', hash: 'a'.repeat(64), checks }],
    reply: answer.reply,
  };
  const { follower } = wish;
  const payout = aPayout({ ...about, claimKey: claim.key, merchant, holds, createdAt: at, nextAt: at });
  return { event, seenAt: at, answer, decision, claim, counters, payout, ...(follower && { follower }) };
}

/** An event that is only answered. */
export function anAnswer(wish: Wish = {}): Commit {
  const { event, seenAt, answer, follower } = aCommit(wish);
  const { campaign = 'spring' } = wish;
  const decision: Decision = { kind: 'answered', campaign, rule: 'help', trace: [], reply: answer.reply };
  return { event, seenAt, answer, decision, counters: [], ...(follower && { follower }) };
}

export function anEvent(parts: Partial<Envelope> & (Happening | { kind?: never }) = {}): Event {
  const n = ++serial;
  const envelope = { key: eventKey(`m:${n}`), account: 'tea', user: aUser(n), sentAt: NOW };
  return parts.kind === undefined
    ? { ...envelope, ...parts, kind: 'text', text: '恭喜发财' }
    : { ...envelope, ...parts };
}

export function aPayout(parts: Partial<Payout> = {}): Payout {
  const claimKey = parts.claimKey ?? `spring/password/someone/${++serial}`;
  const attempt = parts.attempt ?? 1;
  return {
    billNo: billNoOf('1900000109', NOW, claimKey, attempt),
    claimKey,
    attempt,
    campaign: 'spring',
    rule: 'password',
    account: 'tea',
    merchant: 'shop',
    user: aUser(0),
    amount: fen(100),
    request: {
      channel: 'redpack',
      mchId: '1900000109',
      appId: 'wx8888888888888888',
      sendName: '阿茶茶饮',
      actName: '新春"口令"',
      wishing: "恭喜'发财'\n🧧",
      remark: '新春快乐',
      clientIp: '203.0.113.7',
      sceneId: 'PRODUCT_2',
    },
    holds: [],
    state: 'planned',
    version: 1,
    tries: 0,
    strikes: 0,
    nextDo: 'send',
    nextAt: NOW,
    createdAt: NOW,
    ...parts,
  };
}

/** One step of this payout; `parts` is what else it changes. */
export function aStep(payout: Payout, state: PayoutState, move: Move = 'none', parts: Partial<Payout> = {}): Step {
  const next = { ...payout, state, version: payout.version + 1, ...parts };
  return { payout: next, from: payout.state, at: later(NOW, payout.version * SECOND), what: state, move };
}

function aUser(n: number): OpenId {
  return openId(`oUser${String(n).padStart(23, '0')}`);
}

export async function counterOf(store: Store, name: string): Promise<number> {
  const wanted = { account: 'tea', user: aUser(0), merchant: undefined, claims: [], counters: [name] };
  return (await store.facts(wanted)).counters.get(name) ?? 0;
}

export function buckets(parts: Partial<Record<keyof Buckets, number>>): Buckets {
  const { reserved = 0, sent = 0, received = 0, refunded = 0 } = parts;
  return { reserved: fen(reserved), sent: fen(sent), received: fen(received), refunded: fen(refunded) };
}

/** Commits it and hands back its payout. */
async function planned(store: Store, wish: Wish = {}): Promise<Payout> {
  const commit = aCommit(wish);
  expect(await store.commit(commit)).toEqual({ kind: 'done' });
  return commit.payout;
}

/** Takes it through these steps, one after the other; the payout as it is then. */
async function taken(store: Store, payout: Payout, ...steps: [PayoutState, Move?][]): Promise<Payout> {
  let now = payout;
  for (const [state, move] of steps) {
    const step = aStep(now, state, move);
    expect(await store.advance(step)).toBe('moved');
    now = step.payout;
  }
  return now;
}

// ── The contract ─────────────────────────────────────────────────────────────────────────────────────────

/** Where a follower may stand in a counter's name. */
export const PLACES: readonly ((user: string) => string)[] = [
  user => `campaign/spring/user/${user}/claims`,
  user => `campaign/spring/user/${user}/claims/day/2026-02-17`,
  user => `campaign/spring/prize/big/user/${user}`,
  user => `campaign/spring/prize/${user}/user/${user}`,
  user => `merchant/shop/user/tea/${user}/amount/day/2026-02-17`,
];

export function storeContract(name: string, open: () => Promise<Opened>): void {
  describe(`the store, ${name}`, () => {
    let opened: Opened;
    let store: Store;
    const openFresh = async (): Promise<void> => {
      opened = await open();
      store = opened.store;
    };
    beforeEach(openFresh);
    afterEach(() => opened.dispose());
    const its = (): { store: Store; opened: Opened } => ({ store, opened });
    events(its);
    limits(its);
    counting(its);
    payouts(its);
    money(its);
    lists(its);
    rest(its);
    snapshots(its);
    ledger(its);
  });
}

type Its = () => { store: Store; opened: Opened };

function events(its: Its): void {
  describe('an event', () => {
    test('is unknown before it was committed', async () => {
      const { store } = its();
      const { event, claim, payout } = aCommit();
      expect(await store.answered(event.account, event.key)).toBeUndefined();
      const { account, user } = event;
      const wanted = { account, user, merchant: 'shop', claims: [claim.key], counters: [AMOUNT] };
      const nothing = { follower: undefined, claims: new Set(), counters: new Map(), halted: false };
      expect(await store.facts(wanted)).toEqual(nothing);
      expect(await store.payout(payout.billNo)).toBeUndefined();
      expect(await store.history(payout.billNo)).toEqual([]);
      expect(await store.buckets('spring')).toEqual(buckets({}));
      expect(await store.journal({ limit: 10 })).toEqual([]);
    });

    test('begins with what is known while it is unanswered, and from then on with its answer alone', async () => {
      const { store, opened } = its();
      const user = aUser(8);
      const commit = aCommit({
        user,
        follower: { account: 'tea', user, following: true, follows: 1, followedAt: NOW },
      });
      const { event, claim } = commit;
      const wanted = { account: 'tea', user, merchant: 'shop', claims: ['x', claim.key], counters: ['none', AMOUNT] };
      expect(await store.begin(event.key, wanted)).toStrictEqual({ kind: 'new', facts: await store.facts(wanted) });
      await store.commit(commit);
      const beside = await opened.beside();
      expect(await beside.begin(event.key, wanted)).toStrictEqual({ kind: 'answered', answer: commit.answer });
      const facts = await store.facts(wanted);
      expect(facts).toMatchObject({ claims: new Set([claim.key]), counters: new Map([[AMOUNT, 100]]) });
      expect(await store.begin(eventKey('m:another'), wanted)).toStrictEqual({ kind: 'new', facts });
      expect(await store.begin(event.key, { ...wanted, account: 'cake' })).toMatchObject({ kind: 'new' });
    });

    test('is written with everything that comes of it, and reads back as it was written', async () => {
      const { store } = its();
      const user = aUser(7);
      const follower = { account: 'tea', user, following: true, follows: 2, followedAt: NOW };
      const mine = { name: `campaign/spring/user/${user}/claims`, add: 1, max: 3 };
      const budget = { name: AMOUNT, add: 100, max: 500 };
      const commit = aCommit({ user, follower, counters: [mine, budget] });
      const { event, claim, payout, answer, decision } = commit;
      expect(await store.commit(commit)).toEqual({ kind: 'done' });

      expect(await store.answered('tea', event.key)).toStrictEqual(answer);
      const counters = [mine.name, AMOUNT, 'another'];
      const wanted = { account: 'tea', user, merchant: 'shop', claims: [claim.key, 'another'], counters };
      expect(await store.facts(wanted)).toStrictEqual({
        follower,
        claims: new Set([claim.key]),
        counters: new Map([
          [mine.name, 1],
          [AMOUNT, 100],
        ]),
        halted: false,
      });
      expect(await store.payout(payout.billNo)).toStrictEqual(payout);
      const first = { version: 1, at: payout.createdAt, from: 'new', to: 'planned', what: 'planned' };
      expect(await store.history(payout.billNo)).toStrictEqual([{ billNo: payout.billNo, ...first }]);
      expect(await store.buckets('spring')).toStrictEqual(buckets({ reserved: 100 }));
      const [line] = await store.journal({ limit: 10 });
      const id = expect.any(Number);
      expect(line).toStrictEqual({ id, at: commit.seenAt, event, decision, reply: answer.reply });
    });

    test('that gives several things writes all of them, or none where any one cannot be', async () => {
      const { store } = its();
      const [first, second, third] = [aCommit(), aCommit({ campaign: 'summer', amount: 250 }), aCommit({ amount: 70 })];
      const beside = [second, third].map(({ claim, payout }) => ({ claim, payout }));
      const counters = [first, second, third].flatMap(each => each.counters);
      const whole = { ...first, beside, counters };
      expect(await store.commit(whole)).toEqual({ kind: 'done' });
      for (const { payout } of [first, second, third]) expect(await store.payout(payout.billNo)).toStrictEqual(payout);
      expect(await store.buckets('spring')).toStrictEqual(buckets({ reserved: 170 }));
      expect(await store.buckets('summer')).toStrictEqual(buckets({ reserved: 250 }));
      const listed = await store.payouts({ merchant: 'shop', limit: 2 });
      const rest = await store.payouts({ merchant: 'shop', limit: 9, after: listed[1]!.billNo });
      expect([...listed, ...rest].map(each => each.billNo)).toEqual(
        [third, second, first].map(each => each.payout.billNo),
      );
      expect(await store.commit(whole)).toEqual({ kind: 'answered', answer: first.answer });
      // One of them was given before; and a counter that is full.
      const again = aCommit();
      expect(await store.commit({ ...again, beside })).toEqual({ kind: 'claimed' });
      const [full, other] = [aCommit(), aCommit({ campaign: 'autumn' })];
      const bound = { name: 'campaign/autumn/amount', add: 100, max: 99 };
      const lost = { ...full, beside: [other], counters: [...full.counters, bound] };
      expect(await store.commit(lost)).toEqual({ kind: 'lost', counter: bound.name });
      for (const each of [again, full, other]) expect(await store.payout(each.payout.billNo)).toBeUndefined();
      const wanted = { account: 'tea', user: aUser(1), merchant: undefined, counters: [AMOUNT] };
      const facts = await store.facts({ ...wanted, claims: [first, second, third, other].map(each => each.claim.key) });
      expect([...facts.claims]).toEqual([first, second, third].map(each => each.claim.key));
      expect(facts.counters.get(AMOUNT)).toBe(170);
      const snapshot = await store.snapshot();
      const claims = [];
      for await (const claim of snapshot.claims()) claims.push(claim.key);
      await snapshot.close();
      expect(claims.sort()).toEqual([first, second, third].map(each => each.claim.key).sort());
    });

    test('that claims nothing leaves its answer and its journal line', async () => {
      const { store } = its();
      const commit = anAnswer();
      expect(await store.commit(commit)).toEqual({ kind: 'done' });
      expect(await store.answered('tea', commit.event.key)).toStrictEqual(commit.answer);
      expect(await store.journal({ limit: 10 })).toHaveLength(1);
      expect(await store.payouts({ limit: 10 })).toEqual([]);
    });

    test('is journalled with the words that were told, also where they are not the decision’s own', async () => {
      const { store } = its();
      const told = {
        kind: 'news',
        title: '标题',
        description: '',
        picUrl: 'https://a/1.png',
        url: 'https://a/',
      } as const;
      const commit: Commit = { ...anAnswer(), answer: { reply: told, at: NOW } };
      await store.commit(commit);
      const [line] = await store.journal({ limit: 1 });
      expect(line!.reply).toStrictEqual(told);
      expect(line!.decision).toStrictEqual(commit.decision);
      expect(await store.answered('tea', commit.event.key)).toStrictEqual(commit.answer);
    });

    test('of any kind, with any text, reads back as it was', async () => {
      const { store } = its();
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), fc.double(), async (text, latitude) => {
          const place = { kind: 'location', latitude: latitude || 0, longitude: 113.3, label: text } as const;
          const finite = Number.isFinite(latitude) ? place : ({ kind: 'text', text } as const);
          const commit = { ...anAnswer(), event: anEvent(finite) };
          const decision = { ...commit.decision, reply: { kind: 'text', text } } as const;
          const answer = { reply: { kind: 'text', text }, at: NOW } as const;
          await store.commit({ ...commit, decision, answer });
          expect(await store.answered('tea', commit.event.key)).toStrictEqual(answer);
          const [line] = await store.journal({ limit: 1 });
          expect(line).toMatchObject({ event: commit.event, decision, reply: answer.reply });
        }),
        { numRuns: 50 },
      );
    });

    test('that comes again gets the first answer, and nothing is written', async () => {
      const { store } = its();
      const first = aCommit();
      await store.commit(first);
      const again = aCommit({ key: first.event.key, user: first.event.user });
      expect(await store.commit(again)).toEqual({ kind: 'answered', answer: first.answer });
      await expectUntouched(store, again, { reserved: 100, counter: 100, lines: 1 });
    });

    test('that comes twice at once is done once, and both get the same answer', async () => {
      const { store } = its();
      const all = Array.from({ length: 20 }, () => aCommit({ key: 'm:same', user: aUser(1) }));
      const results = await Promise.all(all.map(commit => store.commit(commit)));
      expect(results.filter(({ kind }) => kind === 'done')).toHaveLength(1);
      const winner = all[results.findIndex(({ kind }) => kind === 'done')]!;
      const answered = { kind: 'answered', answer: winner.answer };
      expect(results.filter(({ kind }) => kind !== 'done')).toEqual(Array(19).fill(answered));
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
    });

    test('of another account is another event, whatever its key', async () => {
      const { store } = its();
      await store.commit(anAnswer({ key: 'm:1', account: 'tea' }));
      expect(await store.answered('cake', eventKey('m:1'))).toBeUndefined();
      expect(await store.commit(anAnswer({ key: 'm:1', account: 'cake' }))).toEqual({ kind: 'done' });
    });

    test('changes its follower, and only in its own account', async () => {
      const { store } = its();
      const user = aUser(3);
      const follower = { account: 'tea', user, following: true, follows: 1, followedAt: NOW };
      await store.commit(anAnswer({ user, follower }));
      const gone = { account: 'tea', user, following: false, follows: 1 };
      await store.commit(anAnswer({ user, follower: gone }));
      const wanted = { user, merchant: undefined, claims: [], counters: [] };
      expect((await store.facts({ ...wanted, account: 'tea' })).follower).toStrictEqual(gone);
      expect((await store.facts({ ...wanted, account: 'cake' })).follower).toBeUndefined();
    });
  });
}

/** Nothing of this commit is there; what was before still is. */
async function expectUntouched(
  store: Store,
  commit: ReturnType<typeof aCommit>,
  before: { readonly reserved: number; readonly counter: number; readonly lines: number },
): Promise<void> {
  expect(await store.payout(commit.payout.billNo)).toBeUndefined();
  expect(await store.history(commit.payout.billNo)).toEqual([]);
  expect(await store.buckets('spring')).toEqual(buckets({ reserved: before.reserved }));
  expect(await counterOf(store, AMOUNT)).toBe(before.counter);
  expect(await store.journal({ limit: 100 })).toHaveLength(before.lines);
}

function limits(its: Its): void {
  describe('a claim', () => {
    test('is made once: a second event with it writes nothing', async () => {
      const { store } = its();
      const first = aCommit({ user: aUser(1), occasion: '2026-02-10' });
      await store.commit(first);
      const follower = { account: 'tea', user: first.event.user, following: true, follows: 1 };
      const second = aCommit({ user: aUser(1), occasion: '2026-02-10', follower });
      expect(await store.commit(second)).toEqual({ kind: 'claimed' });
      expect(await store.answered('tea', second.event.key)).toBeUndefined();
      expect(await store.payouts({ limit: 10 })).toHaveLength(1);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
      expect(await counterOf(store, AMOUNT)).toBe(100);
      expect(await store.journal({ limit: 10 })).toHaveLength(1);
      const wanted = { account: 'tea', user: first.event.user, merchant: undefined, claims: [], counters: [] };
      expect((await store.facts(wanted)).follower).toBeUndefined();
    });

    test('made by fifty events at once is made by one of them', async () => {
      const { store } = its();
      const all = Array.from({ length: 50 }, () => aCommit({ user: aUser(1), occasion: 'ever' }));
      const kinds = (await Promise.all(all.map(commit => store.commit(commit)))).map(({ kind }) => kind);
      expect(kinds.filter(kind => kind === 'done')).toHaveLength(1);
      expect(kinds.filter(kind => kind === 'claimed')).toHaveLength(49);
    });

    test('for a stock of seven is won by exactly seven of a hundred at once', async () => {
      const { store } = its();
      const stock = { name: 'campaign/spring/prize/big', add: 1, max: 7 };
      const all = Array.from({ length: 100 }, () => aCommit({ counters: [stock] }));
      const results = await Promise.all(all.map(commit => store.commit(commit)));
      expect(results.filter(({ kind }) => kind === 'done')).toHaveLength(7);
      const lost = { kind: 'lost', counter: stock.name };
      expect(results.filter(({ kind }) => kind !== 'done')).toEqual(Array(93).fill(lost));
      expect(await counterOf(store, stock.name)).toBe(7);
      expect(await store.payouts({ limit: 100 })).toHaveLength(7);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 700 }));
    });

    test('that passes one limit adds to none, and names the first it would pass', async () => {
      const { store } = its();
      const room = { name: AMOUNT, add: 100, max: 1000 };
      const full = { name: `campaign/spring/user/${aUser(1)}/claims`, add: 1, max: 0 };
      const alsoFull = { name: 'merchant/shop/amount/day/2026-02-10', add: 100, max: 99 };
      const follower = { account: 'tea', user: aUser(1), following: true, follows: 1 };
      const commit = aCommit({ user: aUser(1), follower, counters: [room, full, alsoFull] });
      expect(await store.commit(commit)).toEqual({ kind: 'lost', counter: full.name });
      await expectUntouched(store, commit, { reserved: 0, counter: 0, lines: 0 });
      const { user } = commit.event;
      const counters = [full.name, alsoFull.name];
      const wanted = { account: 'tea', user, merchant: undefined, claims: [commit.claim.key], counters };
      const { claims, follower: seen, counters: values } = await store.facts(wanted);
      expect([claims.size, seen, [...values.values()].filter(value => value !== 0)]).toEqual([0, undefined, []]);
      expect(await store.answered('tea', commit.event.key)).toBeUndefined();
    });

    test('raises a counter to what it must say at least, and never lowers it', async () => {
      const { store } = its();
      const last = `campaign/spring/user/${aUser(1)}/last`;
      const noted = (at: number) => ({ name: last, add: 0, max: Number.MAX_SAFE_INTEGER, atLeast: at });
      for (const [at, expected] of [[NOW, NOW] as const, [NOW - 1000, NOW] as const, [NOW + 1, NOW + 1] as const]) {
        expect(await store.commit(aCommit({ user: aUser(1), counters: [noted(at)] }))).toEqual({ kind: 'done' });
        expect(await counterOf(store, last)).toBe(expected);
      }
    });

    test('of two raised at once keeps the higher one', async () => {
      const { store } = its();
      const noted = (n: number) => ({ name: 'last', add: 0, max: Number.MAX_SAFE_INTEGER, atLeast: n });
      await Promise.all([5, 9, 3, 7].map(n => store.commit(aCommit({ counters: [noted(n)] }))));
      expect(await counterOf(store, 'last')).toBe(9);
    });

    test('says where it was counted, and reads back so', async () => {
      const { store } = its();
      const commit = aCommit();
      const claim = { ...commit.claim, day: '2026-02-09', scene: 'store/1', round: '第一场' };
      await store.commit({ ...commit, claim });
      const plain = aCommit();
      await store.commit(plain);
      const snapshot = await store.snapshot();
      const claims = await listOf(snapshot.claims());
      await snapshot.close();
      expect(claims).toContainEqual(claim);
      expect(claims).toContainEqual(plain.claim);
    });

    test('that lost can be decided again, and is then done', async () => {
      const { store } = its();
      const lost = aCommit({ counters: [{ name: 'stock', add: 1, max: 0 }] });
      expect((await store.commit(lost)).kind).toBe('lost');
      expect(await store.commit({ ...lost, counters: [] })).toEqual({ kind: 'done' });
    });

    test('may reach a limit exactly', async () => {
      const { store } = its();
      for (const [add, kind] of [
        [60, 'done'],
        [41, 'lost'],
        [40, 'done'],
        [1, 'lost'],
        [0, 'done'],
      ] as const) {
        const counters = [{ name: 'limit', add, max: 100 }];
        expect((await store.commit(aCommit({ counters }))).kind).toBe(kind);
      }
      expect(await counterOf(store, 'limit')).toBe(100);
    });

    test('that only looks at a counter makes none, and is lost where it stands higher', async () => {
      const { store } = its();
      const look = (max: number) => store.commit(aCommit({ counters: [{ name: 'looked', add: 0, max }] }));
      expect((await look(0)).kind).toBe('done');
      const wanted = {
        account: 'tea',
        user: aUser(1),
        merchant: undefined,
        claims: [],
        counters: ['looked'],
      };
      expect((await store.facts(wanted)).counters.has('looked')).toBe(false);
      expect((await store.commit(aCommit({ counters: [{ name: 'looked', add: 2, max: 2 }] }))).kind).toBe('done');
      expect([(await look(2)).kind, await look(1)]).toEqual(['done', { kind: 'lost', counter: 'looked' }]);
    });

    test('that names one counter twice adds to it twice', async () => {
      const { store } = its();
      const twice = (add: number): Counter[] => Array(2).fill({ name: 'limit', add, max: 100 });
      expect((await store.commit(aCommit({ counters: twice(51) }))).kind).toBe('lost');
      expect(await counterOf(store, 'limit')).toBe(0);
      expect((await store.commit(aCommit({ counters: twice(50) }))).kind).toBe('done');
      expect(await counterOf(store, 'limit')).toBe(100);
    });

    test('keeps a pause: a counter may hold an instant', async () => {
      const { store } = its();
      const last = { name: `campaign/spring/user/${aUser(1)}/last`, add: NOW, max: NOW };
      expect((await store.commit(aCommit({ counters: [last] }))).kind).toBe('done');
      expect((await store.commit(aCommit({ counters: [last] }))).kind).toBe('lost');
      expect(await counterOf(store, last.name)).toBe(NOW);
    });

    test('comes before its payout: a payout for another claim is a mistake, and leaves nothing', async () => {
      const { store } = its();
      const commit = aCommit();
      const wrong = { ...commit, payout: aPayout({ claimKey: 'somebody/elses' }) };
      const right = aCommit();
      const [refused, done] = await Promise.allSettled([store.commit(wrong), store.commit(right)]);
      expect([refused.status, done.status]).toEqual(['rejected', 'fulfilled']);
      expect(await store.journal({ limit: 10 })).toHaveLength(1);
      expect(await store.commit(commit)).toEqual({ kind: 'done' });
    });
  });
}

function counting(its: Its): void {
  describe('counters', () => {
    const one = (name: string, max = 10) => ({ name, add: 1, max });

    test('are added without an event: all of them, or none', async () => {
      const { store } = its();
      expect(await store.count([one('a'), { ...one('b'), add: 4 }])).toBe('counted');
      expect(await store.count([one('a'), one('b', 4), one('c')])).toEqual({ lost: 'b' });
      expect(await Promise.all(['a', 'b', 'c'].map(name => counterOf(store, name)))).toEqual([1, 4, 0]);
      expect(await store.journal({ limit: 1 })).toEqual([]);
    });

    test('are given back by less than nothing', async () => {
      const { store } = its();
      await store.count([{ ...one('a'), add: 5 }]);
      expect(await store.count([{ name: 'a', add: -2, max: Number.MAX_SAFE_INTEGER }])).toBe('counted');
      expect(await counterOf(store, 'a')).toBe(3);
    });

    test('up to a bound are taken by exactly as many of a hundred at once', async () => {
      const { store } = its();
      const said = await Promise.all(Array.from({ length: 100 }, () => store.count([one('a', 7), one('b', 99)])));
      expect(said.filter(each => each === 'counted')).toHaveLength(7);
      expect([await counterOf(store, 'a'), await counterOf(store, 'b')]).toEqual([7, 7]);
    });

    test('that add nothing are a fence: they are lost once the bound is passed', async () => {
      const { store } = its();
      const fence = { name: 'runs', add: 0, max: 1 };
      await store.count([{ name: 'runs', add: 1, max: 1 }]);
      expect(await store.count([fence, one('a')])).toBe('counted');
      await store.count([{ name: 'runs', add: 1, max: 2 }]);
      expect(await store.count([fence, one('a')])).toEqual({ lost: 'runs' });
      expect(await counterOf(store, 'a')).toBe(1);
    });

    test('stand in a snapshot as they were at its moment', async () => {
      const { store } = its();
      await store.count([one('a')]);
      const snapshot = await store.snapshot();
      await store.count([one('a'), one('b')]);
      expect(await listOf(snapshot.counters())).toEqual([{ name: 'a', value: 1 }]);
      await snapshot.close();
    });

    test('of a step are written with it, or the step is lost', async () => {
      const { store } = its();
      const payout = await planned(store);
      const cap = { name: 'merchant/shop/amount/day/2026-02-11', add: 100, max: 150 };
      const back = { name: AMOUNT, add: -100, max: Number.MAX_SAFE_INTEGER };
      const step = { ...aStep(payout, 'sending'), counters: [cap, back] };
      expect(await store.advance(step)).toBe('moved');
      expect([await counterOf(store, cap.name), await counterOf(store, AMOUNT)]).toEqual([100, 0]);
      expect(await store.advance(step)).toBe('stale');
      expect(await counterOf(store, cap.name)).toBe(100);

      const other = await planned(store);
      const lost = { ...aStep(other, 'sending'), counters: [back, cap] };
      expect(await store.advance(lost)).toEqual({ lost: cap.name });
      expect(await store.payout(other.billNo)).toStrictEqual(other);
      expect(await store.history(other.billNo)).toHaveLength(1);
      expect([await counterOf(store, cap.name), await counterOf(store, AMOUNT)]).toEqual([100, 100]);
      expect(await store.advance(aStep(other, 'sending'))).toBe('moved');
    });

    test('of steps, up to a bound, are taken by exactly as many of thirty at once', async () => {
      const { store } = its();
      const cap = { name: 'merchant/shop/amount/day/2026-02-11', add: 100, max: 700 };
      const payouts = await Promise.all(Array.from({ length: 30 }, () => planned(store)));
      const said = await Promise.all(
        payouts.map(payout => store.advance({ ...aStep(payout, 'sending'), counters: [cap] })),
      );
      expect(said.filter(each => each === 'moved')).toHaveLength(7);
      expect(said.filter(each => typeof each === 'object')).toHaveLength(23);
      expect(await counterOf(store, cap.name)).toBe(700);
      expect(await store.payouts({ state: 'sending', limit: 99 })).toHaveLength(7);
    });

    test('of a step under a lease that has gone are not written', async () => {
      const { store } = its();
      const payout = await planned(store);
      const lease = (await store.lease('settle:shop', 'a', 1000, NOW))!;
      await store.release(lease, NOW);
      await store.lease('settle:shop', 'b', 1000, NOW);
      const cap = { name: 'merchant/shop/amount/day/2026-02-11', add: 100, max: 700 };
      expect(await store.advance({ ...aStep(payout, 'sending'), counters: [cap] }, lease)).toBe('stale');
      expect(await counterOf(store, cap.name)).toBe(0);
    });
  });
}

function payouts(its: Its): void {
  describe('a payout', () => {
    test('is taken on step by step, and its history tells how', async () => {
      const { store } = its();
      const payout = await planned(store);
      const { billNo } = payout;
      const parts = { tries: 1, nextDo: 'query', nextAt: later(NOW, 30 * SECOND) } as const;
      const sending = aStep(payout, 'sending', 'none', parts);
      const asked = {
        ...aStep(sending.payout, 'unknown', 'none', { problem: 'SYSTEMERROR 请求超时', strikes: 1 }),
        ...{ what: 'ask', detail: 'SYSTEMERROR 请求超时' },
      };
      const { problem: _, nextAt: __, ...clean } = asked.payout;
      const end = { state: 'sent', version: 4, listId: '100000', sentAt: NOW, userRefused: false } as const;
      const sent: Step = {
        payout: { ...clean, ...end },
        ...{ from: 'unknown', at: later(NOW, 60 * SECOND), what: 'accepted', move: 'reserved→sent' },
      };
      for (const step of [sending, asked, sent]) {
        expect(await store.advance(step)).toBe('moved');
        expect(await store.payout(billNo)).toStrictEqual(step.payout);
      }
      expect(await store.history(billNo)).toStrictEqual([
        { billNo, version: 1, at: NOW, from: 'new', to: 'planned', what: 'planned' },
        { billNo, version: 2, at: sending.at, from: 'planned', to: 'sending', what: 'sending' },
        { billNo, version: 3, at: asked.at, from: 'sending', to: 'unknown', what: 'ask', detail: asked.detail },
        { billNo, version: 4, at: sent.at, from: 'unknown', to: 'sent', what: 'accepted' },
      ]);
    });

    test('keeps what was chosen when it was planned, whatever a step says', async () => {
      const { store } = its();
      const payout = await planned(store);
      const other = { amount: fen(1), user: aUser(9), request: { ...payout.request, wishing: '别的' } };
      const step = aStep(payout, 'sent', 'reserved→sent', { ...other, campaign: 'other' });
      expect(await store.advance(step)).toBe('moved');
      expect(await store.payout(payout.billNo)).toStrictEqual({ ...payout, state: 'sent', version: 2 });
      expect(await store.buckets('spring')).toEqual(buckets({ sent: 100 }));
    });

    test('of every channel, with every field it may have, reads back as it was', async () => {
      const { store } = its();
      const transfer = {
        channel: 'transfer',
        ...{ mchId: '1900000109', appId: 'wx8888888888888888', sceneId: '1000', remark: '新春快乐' },
        reports: [{ type: '活动名称', content: '新春口令' }],
      } as const;
      const commit = aCommit();
      const payout: Payout = { ...commit.payout, request: transfer, reoffer: true };
      await store.commit({ ...commit, payout });
      expect(await store.payout(payout.billNo)).toStrictEqual(payout);
      const parts = { packageInfo: 'affffddafdfafddffda==', userRefused: true, listId: '1', sentAt: NOW, endedAt: NOW };
      const step = aStep(payout, 'sent', 'reserved→sent', {
        ...parts,
        problem: 'X',
        refunded: fen(0),
        stopped: 'refunded',
      });
      expect(await store.advance(step)).toBe('moved');
      expect(await store.payout(payout.billNo)).toStrictEqual(step.payout);
    });

    test('keeps the marks of an operator and of WeChat Pay, and loses them again', async () => {
      const { store } = its();
      const payout = await planned(store);
      const marked = aStep(payout, 'held', 'none', { stopped: 'doubted', refusals: 2, expired: true });
      expect(await store.advance(marked)).toBe('moved');
      expect(await store.payout(payout.billNo)).toStrictEqual(marked.payout);
      const { stopped: _, refusals: __, expired: ___, ...clean } = marked.payout;
      expect(await store.advance(aStep(clean, 'unknown'))).toBe('moved');
      expect(await store.payout(payout.billNo)).toStrictEqual({ ...clean, state: 'unknown', version: 3 });
    });

    test('that is over may be offered again: its successor takes reservation and counters with it, or nothing is written', async () => {
      const { store } = its();
      const payout = await planned(store);
      const failed = aStep(payout, 'failed', 'reserved→free');
      expect(await store.advance(failed)).toBe('moved');
      expect([await store.buckets('spring'), await counterOf(store, AMOUNT)]).toEqual([buckets({}), 0]);
      const successor = aPayout({ ...payout, billNo: asBillNo(`${payout.billNo}x`), attempt: 2, version: 1 });
      const offer = (max: number): Step => ({
        ...aStep(failed.payout, 'failed', 'free→reserved', { holds: [] }),
        counters: [
          { name: 'packets', add: 1, max: 10 },
          { name: AMOUNT, add: 100, max },
        ],
        successor,
      });
      expect(await store.advance(offer(99))).toEqual({ lost: AMOUNT });
      expect(await store.payout(successor.billNo)).toBeUndefined();
      expect(await store.payout(payout.billNo)).toStrictEqual(failed.payout);
      expect([await store.buckets('spring'), await counterOf(store, 'packets')]).toEqual([buckets({}), 0]);
      expect(await store.advance(offer(100))).toBe('moved');
      expect(await store.advance(offer(1000))).toBe('stale');
      expect(await store.payout(successor.billNo)).toStrictEqual(successor);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
      expect([await counterOf(store, AMOUNT), await counterOf(store, 'packets')]).toEqual([100, 1]);
    });

    test('that counted as unpaid and was paid after all moves its money into received', async () => {
      const { store } = its();
      const failed = aStep(await planned(store), 'failed', 'reserved→free');
      expect(await store.advance(failed)).toBe('moved');
      expect(await store.advance(aStep(failed.payout, 'received', 'free→received'))).toBe('moved');
      expect(await store.buckets('spring')).toEqual(buckets({ received: 100 }));
      const sent = aStep(await planned(store), 'sent', 'reserved→sent');
      const back = aStep(sent.payout, 'refunded', 'sent→refunded', { refunded: fen(100) });
      for (const step of [sent, back]) expect(await store.advance(step)).toBe('moved');
      expect(await store.buckets('spring')).toEqual(buckets({ received: 100, refunded: 100 }));
      expect(await store.advance(aStep(back.payout, 'received', 'refunded→received'))).toBe('moved');
      expect(await store.buckets('spring')).toEqual(buckets({ received: 200 }));
    });

    test('is not moved by somebody who saw it before another change', async () => {
      const { store } = its();
      const payout = await planned(store);
      const sending = await taken(store, payout, ['sending']);
      const before = await store.history(payout.billNo);
      expect(await store.advance(aStep(payout, 'sending'))).toBe('stale');
      expect(await store.advance(aStep(payout, 'failed', 'reserved→free'))).toBe('stale');
      expect(await store.payout(payout.billNo)).toStrictEqual(sending);
      expect(await store.history(payout.billNo)).toEqual(before);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
      expect(await counterOf(store, AMOUNT)).toBe(100);
    });

    test('is not moved from a state it is not in, nor if nobody knows it', async () => {
      const { store } = its();
      const payout = await planned(store);
      expect(await store.advance({ ...aStep(payout, 'sent', 'reserved→sent'), from: 'sending' })).toBe('stale');
      expect(await store.advance(aStep(aPayout(), 'sending'))).toBe('stale');
      expect(await store.payout(payout.billNo)).toStrictEqual(payout);
    });

    test('that twenty workers want to take on is taken on by one', async () => {
      const { store } = its();
      const payout = await planned(store);
      const steps = Array.from({ length: 20 }, () => store.advance(aStep(payout, 'sent', 'reserved→sent')));
      const results = await Promise.all(steps);
      expect(results.filter(result => result === 'moved')).toHaveLength(1);
      expect(await store.history(payout.billNo)).toHaveLength(2);
      expect(await store.buckets('spring')).toEqual(buckets({ sent: 100 }));
    });

    test('is due when its time has come, oldest first, at most so many', async () => {
      const { store } = its();
      const at = (seconds: number): Instant => later(NOW, seconds * SECOND);
      const third = await planned(store, { at: at(3) });
      const first = await planned(store, { at: at(1) });
      const second = await planned(store, { at: at(2) });
      const alsoSecond = await planned(store, { at: at(2) });
      await planned(store, { at: at(2), merchant: 'other' });
      const due = async (now: Instant, limit = 10): Promise<BillNo[]> =>
        (await store.due('shop', now, limit)).map(({ billNo }) => billNo);
      expect(await due(at(0))).toEqual([]);
      expect(await due(at(2))).toEqual([first.billNo, second.billNo, alsoSecond.billNo]);
      expect(await due(at(9), 2)).toEqual([first.billNo, second.billNo]);
      expect(await due(at(9))).toEqual([first.billNo, second.billNo, alsoSecond.billNo, third.billNo]);
      expect((await store.due('shop', at(1), 10))[0]).toStrictEqual(first);
      expect(await store.due('nobody', at(9), 10)).toEqual([]);
    });

    test('is not due when it is final, or when there is nothing to do', async () => {
      const { store } = its();
      const done = await planned(store);
      await taken(store, done, ['sent', 'reserved→sent'], ['received', 'sent→received']);
      const parked = await planned(store);
      const { nextAt: _, ...held } = aStep(parked, 'held').payout;
      await store.advance({ ...aStep(parked, 'held'), payout: held });
      const waiting = await taken(store, await planned(store), ['held']);
      expect(await store.due('shop', later(NOW, SECOND), 10)).toEqual([waiting]);
    });

    test('is due for asking apart from those that pay', async () => {
      const { store } = its();
      await planned(store);
      const asking = await planned(store);
      const step = aStep(asking, 'sending', 'none', { nextDo: 'query' });
      await store.advance(step);
      expect(await store.due('shop', NOW, 10, 'query')).toEqual([step.payout]);
      expect(await store.due('shop', NOW, 10)).toHaveLength(2);
    });
  });
}

function money(its: Its): void {
  describe('money', () => {
    test.each<[string, [PayoutState, Move?][], Partial<Record<keyof Buckets, number>>, number]>([
      ['is reserved when promised', [], { reserved: 100 }, 100],
      ['stays reserved while it is being sent', [['sending'], ['unknown']], { reserved: 100 }, 100],
      ['is sent', [['sent', 'reserved→sent']], { sent: 100 }, 100],
      [
        'is received',
        [
          ['sent', 'reserved→sent'],
          ['received', 'sent→received'],
        ],
        { received: 100 },
        100,
      ],
      ['may be received before we knew it was sent', [['received', 'reserved→received']], { received: 100 }, 100],
      ['is free again when it failed', [['failed', 'reserved→free']], {}, 0],
      [
        'comes back',
        [
          ['sent', 'reserved→sent'],
          ['refunded', 'sent→refunded'],
        ],
        { refunded: 100 },
        0,
      ],
    ])('%s', async (_, steps, expected, counter) => {
      const { store } = its();
      const other = { name: 'not/held', add: 1, max: 5 };
      const commit = aCommit();
      await store.commit({ ...commit, counters: [...commit.counters, other] });
      await planned(store, { campaign: 'other' });
      await taken(store, commit.payout, ...steps);
      expect(await store.buckets('spring')).toStrictEqual(buckets(expected));
      expect(await store.buckets('other')).toStrictEqual(buckets({ reserved: 100 }));
      expect([await counterOf(store, AMOUNT), await counterOf(store, 'not/held')]).toEqual([counter, 1]);
    });

    test('that comes back can be won by the next', async () => {
      const { store } = its();
      const payout = await planned(store, { budget: 100 });
      expect((await store.commit(aCommit({ budget: 100 }))).kind).toBe('lost');
      await taken(store, payout, ['failed', 'reserved→free']);
      expect((await store.commit(aCommit({ budget: 100 }))).kind).toBe('done');
    });

    test('never makes a counter negative', async () => {
      const { store } = its();
      const payout = await planned(store);
      const holds = [{ name: AMOUNT, add: 170 }];
      await store.advance(aStep(payout, 'failed', 'reserved→free', { holds }));
      expect(await counterOf(store, AMOUNT)).toBe(0);
    });

    test('goes over to a new number for the same claim, in the step that ends the old one', async () => {
      const { store } = its();
      const payout = await planned(store);
      const { claimKey, holds, user } = payout;
      const successor = aPayout({ claimKey, attempt: 2, holds, user, createdAt: later(NOW, SECOND) });
      const failed = { ...aStep(payout, 'failed', 'none', { holds: [] }), successor };
      expect(await store.advance(failed)).toBe('moved');
      expect(await store.payout(payout.billNo)).toStrictEqual(failed.payout);
      expect(await store.payout(successor.billNo)).toStrictEqual(successor);
      expect((await store.history(successor.billNo)).map(({ from, to }) => [from, to])).toEqual([['new', 'planned']]);
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100 }));
      expect(await counterOf(store, AMOUNT)).toBe(100);

      expect(await store.advance(failed)).toBe('stale');
      await taken(store, successor, ['sent', 'reserved→sent'], ['refunded', 'sent→refunded']);
      expect(await store.buckets('spring')).toEqual(buckets({ refunded: 100 }));
      expect(await counterOf(store, AMOUNT)).toBe(0);
    });

    test('may come back in part, of a group packet: the rest was received, and only the part is free', async () => {
      const { store } = its();
      const payout = await planned(store, { amount: 300 });
      const sent = await taken(store, payout, ['sent', 'reserved→sent']);
      const part = { refunded: fen(120), holds: [{ name: AMOUNT, add: 120 }] };
      const step = aStep(sent, 'refunded', 'sent→refunded', part);
      expect(await store.advance(step)).toBe('moved');
      expect(await store.payout(payout.billNo)).toStrictEqual(step.payout);
      expect(await store.buckets('spring')).toEqual(buckets({ received: 180, refunded: 120 }));
      expect(await counterOf(store, AMOUNT)).toBe(180);
    });

    test('that came back and is offered once more is reserved for the new number', async () => {
      const { store } = its();
      const payout = await planned(store);
      const sent = await taken(store, payout, ['sent', 'reserved→sent']);
      const { claimKey, holds, user } = payout;
      const successor = aPayout({ claimKey, attempt: 2, holds, user });
      const parts = { holds: [], refunded: fen(100) };
      expect(await store.advance({ ...aStep(sent, 'refunded', 'sent→reserved', parts), successor })).toBe('moved');
      expect(await store.buckets('spring')).toEqual(buckets({ reserved: 100, refunded: 100 }));
      expect(await counterOf(store, AMOUNT)).toBe(100);
      await taken(store, successor, ['sent', 'reserved→sent'], ['received', 'sent→received']);
      expect(await store.buckets('spring')).toEqual(buckets({ received: 100, refunded: 100 }));
    });

    test('of a claim that was refused a step is where it was: a stale step plans no new number', async () => {
      const { store } = its();
      const payout = await planned(store);
      await taken(store, payout, ['sent', 'reserved→sent']);
      const successor = aPayout({ claimKey: payout.claimKey, attempt: 2 });
      expect(await store.advance({ ...aStep(payout, 'failed'), successor })).toBe('stale');
      expect(await store.payout(successor.billNo)).toBeUndefined();
    });
  });
}

function lists(its: Its): void {
  describe('a list', () => {
    test('of payouts has the newest first, and what the filter says', async () => {
      const { store } = its();
      const at = (n: number): Instant => later(NOW, n * SECOND);
      const ann = aUser(1);
      const a = await planned(store, { at: at(1), user: ann });
      const b = await planned(store, { at: at(2), user: ann, campaign: 'summer' });
      const c = await planned(store, { at: at(3), merchant: 'other' });
      const d = await taken(store, await planned(store, { at: at(4) }), ['sent', 'reserved→sent']);
      const e = await taken(store, d, ['received', 'sent→received']);
      const list = async (filter: Omit<Parameters<Store['payouts']>[0], 'limit'>): Promise<Payout[]> =>
        store.payouts({ ...filter, limit: 10 });
      expect(await list({})).toStrictEqual([e, c, b, a]);
      expect(await list({ state: 'planned' })).toEqual([c, b, a]);
      expect(await list({ state: 'received' })).toEqual([e]);
      expect(await list({ state: 'sent' })).toEqual([]);
      expect(await list({ campaign: 'summer' })).toEqual([b]);
      expect(await list({ user: openId(ann) })).toEqual([b, a]);
      expect(await list({ merchant: 'other' })).toEqual([c]);
      const merchant = 'shop';
      expect(await list({ merchant, campaign: 'spring', state: 'received', user: d.user })).toEqual([e]);
      expect(await list({ campaign: 'spring', state: 'received' })).toEqual([e]);
      expect(await list({ campaign: 'spring', state: 'planned' })).toEqual([c, a]);
      expect(await list({ merchant, campaign: 'spring', state: 'planned', user: d.user })).toEqual([]);
      expect(await store.payouts({ limit: 2 })).toEqual([e, c]);
    });

    test('of payouts goes on where the last page ended, also when new ones came in between', async () => {
      const { store } = its();
      const all: Payout[] = [];
      for (let n = 1; n <= 7; n++) all.unshift(await planned(store, { at: later(NOW, n * SECOND) }));
      const seen = await store.payouts({ limit: 3 });
      await planned(store, { at: later(NOW, 8 * SECOND) });
      for (;;) {
        const page = await store.payouts({ limit: 3, after: seen.at(-1)!.billNo });
        if (page.length === 0) break;
        seen.push(...page);
      }
      expect(seen).toEqual(all);
      expect(await store.payouts({ limit: 3, after: asBillNo('nobody') })).toEqual([]);
      expect(await store.payouts({ limit: 9, after: all[2]!.billNo, campaign: 'spring' })).toEqual(all.slice(3));
    });

    test('of the journal has the newest first, of all, of a follower, or of an event', async () => {
      const { store } = its();
      const ann = aUser(1);
      const commits = [anAnswer({ user: ann }), anAnswer(), aCommit({ user: ann }), anAnswer()];
      for (const commit of commits) await store.commit(commit);
      const keys = commits.map(({ event }) => event.key);
      const list = async (filter: Parameters<Store['journal']>[0]): Promise<EventKey[]> =>
        (await store.journal(filter)).map(({ event }) => event.key);
      expect(await list({ limit: 10 })).toEqual([...keys].reverse());
      expect(await list({ limit: 2 })).toEqual([keys[3], keys[2]]);
      expect(await list({ user: openId(ann), limit: 10 })).toEqual([keys[2], keys[0]]);
      expect(await list({ key: keys[1]!, limit: 10 })).toEqual([keys[1]]);
      expect(await list({ key: keys[1]!, user: openId(ann), limit: 10 })).toEqual([]);
      const ids = (await store.journal({ limit: 10 })).map(({ id }) => id);
      expect(new Set(ids).size).toBe(4);
      const after = (await store.journalAfter(ids.at(-1)!, 2)).map(({ id, event }) => [id, event.key]);
      expect(after).toEqual([
        [ids[2], keys[1]],
        [ids[1], keys[2]],
      ]);
      expect(await store.journalAfter(0, 10)).toStrictEqual((await store.journal({ limit: 10 })).reverse());
      expect(await store.journalAfter(ids[0]!, 10)).toEqual([]);
    });

    test('of payouts need not be read to know how many there are, nor to find one by WeChat’s own number', async () => {
      const { store } = its();
      const none = { planned: 0, sending: 0, unknown: 0, held: 0, sent: 0, received: 0, refunded: 0, failed: 0 };
      expect(await store.counts(['shop'])).toEqual({
        states: none,
        waiting: new Map([['shop', { send: 0, query: 0 }]]),
      });
      const due = { nextDo: 'query', nextAt: NOW, listId: '1000041701' } as const;
      const first = await planned(store, { at: NOW });
      const step = aStep(first, 'sent', 'reserved→sent', due);
      await store.advance(step);
      await planned(store, { merchant: 'other' });
      const over = await taken(store, await planned(store), ['sent', 'reserved→sent']);
      await taken(store, over, ['received', 'sent→received']);
      const counts = await store.counts(['shop', 'nobody']);
      expect(counts.states).toEqual({ ...none, planned: 1, sent: 1, received: 1 });
      expect(counts.waiting.get('shop')?.query).toBe(1);
      expect(counts.waiting.get('nobody')).toEqual({ send: 0, query: 0 });
      expect(await store.payoutListed('1000041701')).toStrictEqual(step.payout);
      expect(await store.payoutListed('1000041702')).toBeUndefined();
    });
  });
}

function rest(its: Its): void {
  describe('the rest', () => {
    test('a halt of the operator is neither replaced nor lifted by the bot', async () => {
      const { store } = its();
      const halt = { code: 'OPERATOR', reason: 'stop', since: NOW, by: 'operator' } as const;
      await store.setHalt('gated', halt);
      await store.setHalt('gated', { ...halt, code: 'NOTENOUGH', by: 'bot' }, 'bot');
      expect(await store.halt('gated')).toStrictEqual(halt);
      await store.setHalt('gated', undefined, 'bot');
      expect(await store.halt('gated')).toStrictEqual(halt);
      await store.setHalt('gated', undefined);
      await store.setHalt('gated', { ...halt, code: 'NOTENOUGH', by: 'bot' }, 'bot');
      expect(await store.halt('gated')).toMatchObject({ code: 'NOTENOUGH' });
      await store.setHalt('gated', undefined, 'bot');
      expect(await store.halt('gated')).toBeUndefined();
    });

    test('whoever resumes lifts the halt that they saw, whenever its next probe is, and no other', async () => {
      const { store } = its();
      const seen = {
        code: 'NOTENOUGH',
        reason: '余额不足',
        since: NOW,
        by: 'bot',
        probeAt: later(NOW, SECOND),
      } as const;
      const operators = { code: 'OPERATOR', reason: '盘点', since: NOW, by: 'operator' } as const;
      await store.setHalt('lifted', operators);
      expect(await store.resume('lifted', seen)).toBe(false);
      expect(await store.halt('lifted')).toStrictEqual(operators);
      expect(await store.resume('lifted', { ...operators, reason: '对账' })).toBe(false);
      expect(await store.resume('lifted', operators)).toBe(true);
      await store.setHalt('lifted', { ...seen, probeAt: later(NOW, 60 * SECOND) }, 'bot');
      expect(await store.resume('lifted', seen)).toBe(true);
      expect(await store.halt('lifted')).toBeUndefined();
      expect(await store.resume('lifted', seen)).toBe(true);
    });

    test('whether campaigns are paused, and what is said meanwhile, is one of the facts', async () => {
      const { store } = its();
      const pause = { code: 'PAUSED', since: NOW, by: 'operator' } as const;
      await store.setHalt('campaign/a', { ...pause, reason: '歇一歇' });
      await store.setHalt('campaign/b', { ...pause, reason: '' });
      const asked = {
        account: 'tea',
        user: aUser(1),
        merchant: 'campaign/a',
        claims: [],
        counters: [AMOUNT],
      };
      const wanted = { ...asked, merchant: 'open', pauses: ['campaign/c', 'campaign/b', 'campaign/a'] };
      const facts = await store.facts(wanted);
      expect([...facts.paused!]).toEqual([
        ['campaign/b', ''],
        ['campaign/a', '歇一歇'],
      ]);
      expect(facts.halted).toBe(false);
      await store.setHalt('campaign/a', undefined);
      await store.setHalt('campaign/b', undefined);
      expect((await store.facts(wanted)).paused).toBeUndefined();
    });

    test('a follow decided on old facts is lost, and nothing of it is written', async () => {
      const { store } = its();
      const first = aCommit();
      const follower = { account: 'tea', user: first.event.user, following: true, follows: 1 } as const;
      expect(await store.commit({ ...first, follower, followsSeen: 0 })).toEqual({ kind: 'done' });
      const second = aCommit();
      const event = { ...second.event, user: first.event.user };
      const late = { ...second, event, follower: { ...follower, follows: 2 }, followsSeen: 0 };
      expect(await store.commit(late)).toEqual({ kind: 'lost', counter: 'follower' });
      expect(await store.payout(second.payout.billNo)).toBeUndefined();
      expect(await store.commit({ ...late, followsSeen: 1 })).toEqual({ kind: 'done' });
    });

    test('a halt stands until it is lifted, and only for its merchant', async () => {
      const { store } = its();
      const halt = { code: 'NOTENOUGH', reason: '余额不足', since: NOW, by: 'bot' } as const;
      expect(await store.halt('shop')).toBeUndefined();
      await store.setHalt('shop', halt);
      expect(await store.halt('shop')).toStrictEqual(halt);
      expect(await store.halt('other')).toBeUndefined();
      const facts = async (merchant?: string): Promise<boolean> => {
        const wanted = { account: 'tea', user: aUser(1), merchant, claims: [], counters: [] };
        return (await store.facts(wanted)).halted;
      };
      expect([await facts('shop'), await facts('other'), await facts()]).toEqual([true, false, false]);
      const other = { ...halt, code: 'CA_ERROR', by: 'operator', probeAt: later(NOW, SECOND) } as const;
      await store.setHalt('shop', other);
      expect(await store.halt('shop')).toStrictEqual(other);
      await store.setHalt('shop', undefined);
      expect([await store.halt('shop'), await facts('shop')]).toEqual([undefined, false]);
      await store.setHalt('shop', undefined);
    });

    test('answers are forgotten when they are old; claims and the journal are not', async () => {
      const { store } = its();
      const old = aCommit({ occasion: 'ever', user: aUser(1), at: later(NOW, -1) });
      const fresh = aCommit({ at: NOW });
      await Promise.all([old, fresh].map(commit => store.commit(commit)));
      expect(await store.forget(NOW)).toBe(1);
      expect(await store.answered('tea', old.event.key)).toBeUndefined();
      expect(await store.answered('tea', fresh.event.key)).toStrictEqual(fresh.answer);
      expect(await store.commit(aCommit({ occasion: 'ever', user: aUser(1) }))).toEqual({ kind: 'claimed' });
      expect(await store.journal({ key: old.event.key, limit: 10 })).toHaveLength(1);
      expect(await store.forget(NOW)).toBe(0);
    });

    test('thousands of answers are forgotten in one call, while events go on', async () => {
      const { store } = its();
      const all = Array.from({ length: 2500 }, (_, n) => anAnswer({ at: later(NOW, n) }));
      await Promise.all(all.map(commit => store.commit(commit)));
      const [forgotten, done] = await Promise.all([
        store.forget(later(NOW, 2400)),
        store.commit(anAnswer({ at: later(NOW, 5000) })),
      ]);
      expect([forgotten, done]).toEqual([2400, { kind: 'done' }]);
      expect(await store.forget(later(NOW, 9999))).toBe(101);
    });

    test('everything is there when it is opened again', async () => {
      const { opened, store } = its();
      const follower = { account: 'tea', user: aUser(1), following: true, follows: 1 };
      const commit = aCommit({ follower, user: aUser(1) });
      await store.commit(commit);
      await store.advance(aStep(commit.payout, 'sent', 'reserved→sent', { listId: '1', sentAt: NOW }));
      await store.setHalt('shop', { code: 'NOTENOUGH', reason: '余额不足', since: NOW, by: 'bot' });
      const { account, user, key } = commit.event;
      const claims = [commit.claim.key];
      const all = async (from: Store): Promise<unknown[]> => [
        await from.answered(account, key),
        await from.facts({ account, user, merchant: 'shop', claims, counters: [AMOUNT] }),
        await from.payout(commit.payout.billNo),
        await from.history(commit.payout.billNo),
        await from.buckets('spring'),
        await from.halt('shop'),
        await from.journal({ limit: 10 }),
      ];
      const before = await all(store);
      const again = await opened.reopen();
      expect(await all(again)).toStrictEqual(before);
      expect(await again.commit(commit)).toEqual({ kind: 'answered', answer: commit.answer });
    });

    test('what one writes, another sees at once', async () => {
      const { opened, store } = its();
      const beside = await opened.beside();
      expect(await beside.halt('shop')).toBeUndefined();
      const payout = await planned(store);
      expect(await beside.payout(payout.billNo)).toStrictEqual(payout);
      await beside.setHalt('shop', { code: 'X', reason: '手工', since: NOW, by: 'operator' });
      expect((await store.halt('shop'))?.by).toBe('operator');
      expect(await beside.advance(aStep(payout, 'sending'))).toBe('moved');
      expect(await store.advance(aStep(payout, 'sending'))).toBe('stale');
    });

    test('closing finishes what was begun, and is final', async () => {
      const { opened, store } = its();
      const commits = Array.from({ length: 30 }, () => aCommit());
      const pending = commits.map(commit => store.commit(commit));
      await store.close();
      expect(await Promise.all(pending)).toEqual(Array(30).fill({ kind: 'done' }));
      await store.close();
      const refused = expect.objectContaining({ name: 'Fault', who: 'store', retry: 'safe' });
      await expect(store.commit(aCommit())).rejects.toEqual(refused);
      await expect(store.payouts({ limit: 1 })).rejects.toBeInstanceOf(Fault);
      expect(await (await opened.reopen()).journal({ limit: 100 })).toHaveLength(30);
    });
  });
}

export async function listOf<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

/** Everything in the books, as it comes. */
export async function readSnapshot(snapshot: Snapshot) {
  const payouts = await listOf(snapshot.payouts());
  const histories = await Promise.all(payouts.map(({ billNo }) => snapshot.history(billNo)));
  expect(await listOf(snapshot.lives())).toStrictEqual(payouts.map((payout, n) => ({ payout, history: histories[n] })));
  return {
    claims: await listOf(snapshot.claims()),
    payouts,
    histories,
    counters: await listOf(snapshot.counters()),
    buckets: await listOf(snapshot.buckets()),
  };
}

function snapshots(its: Its): void {
  describe('the books', () => {
    const open = new Set<Snapshot>();
    const take = async (store: Store): Promise<Snapshot> => {
      const snapshot = await store.snapshot();
      open.add(snapshot);
      return snapshot;
    };
    afterEach(async () => {
      for (const snapshot of open) await snapshot.close();
      open.clear();
    });

    test('of a new store are empty', async () => {
      const snapshot = await take(its().store);
      expect(await readSnapshot(snapshot)).toEqual({
        claims: [],
        payouts: [],
        histories: [],
        counters: [],
        buckets: [],
      });
      expect(await snapshot.history(asBillNo('nobody'))).toEqual([]);
    });

    test('hold every claim, payout, history, counter and bucket as it was written', async () => {
      const { store } = its();
      const mine = { name: `campaign/spring/user/${aUser(1)}/claims`, add: 1, max: 3 };
      const first = aCommit({ user: aUser(1), counters: [mine, { name: AMOUNT, add: 100, max: 500 }] });
      const second = aCommit({ campaign: 'other', amount: 300 });
      for (const commit of [first, second]) await store.commit(commit);
      const sent = await taken(store, first.payout, ['sending'], ['sent', 'reserved→sent']);
      const { claims, payouts, histories, counters, buckets: all } = await readSnapshot(await take(store));
      const byKey = <T>(list: readonly T[], key: (each: T) => string): T[] =>
        list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
      expect(byKey(claims, each => each.key)).toStrictEqual(byKey([first.claim, second.claim], each => each.key));
      expect(byKey(payouts, each => each.billNo)).toStrictEqual(byKey([sent, second.payout], each => each.billNo));
      const expected = await Promise.all(payouts.map(({ billNo }) => store.history(billNo)));
      expect(histories).toStrictEqual(expected);
      expect(expected.flat()).toHaveLength(4);
      expect(byKey(counters, each => each.name)).toStrictEqual(
        byKey(
          [
            { name: mine.name, value: 1 },
            { name: AMOUNT, value: 100 },
            { name: 'campaign/other/amount', value: 300 },
          ],
          each => each.name,
        ),
      );
      expect(byKey(all, each => each.campaign)).toStrictEqual([
        { campaign: 'other', ...buckets({ reserved: 300 }) },
        { campaign: 'spring', ...buckets({ sent: 100 }) },
      ]);
    });

    test('stay as they were at their moment, and keep nobody from writing', async () => {
      const { opened, store } = its();
      const payout = await planned(store);
      const snapshot = await take(store);
      const before = await readSnapshot(snapshot);
      const beside = await opened.beside();
      await planned(beside);
      await taken(store, payout, ['sent', 'reserved→sent']);
      await planned(store);
      expect(await readSnapshot(snapshot)).toStrictEqual(before);
      expect(before.payouts).toStrictEqual([payout]);
      const after = await readSnapshot(await take(store));
      expect([after.payouts.length, after.claims.length, after.histories.flat().length]).toEqual([3, 3, 4]);
    });

    test('of thousands come whole, each row once, also when they change while they are read', async () => {
      const { store } = its();
      const all = Array.from({ length: 1234 }, (_, n) =>
        aCommit({ counters: [{ name: `campaign/spring/user/${aUser(n)}/claims`, add: 1, max: 9 }] }),
      );
      await Promise.all(all.map(commit => store.commit(commit)));
      const snapshot = await take(store);
      const seen = new Set<string>();
      for await (const { billNo, state } of snapshot.payouts()) {
        expect([seen.has(billNo), state]).toEqual([false, 'planned']);
        seen.add(billNo);
        if (seen.size % 300 === 1) await store.advance(aStep((await store.payout(billNo))!, 'sent', 'reserved→sent'));
        if (seen.size % 300 === 2) await store.commit(aCommit());
      }
      expect(seen).toEqual(new Set(all.map(({ payout }) => payout.billNo)));
      expect(new Set((await listOf(snapshot.claims())).map(({ key }) => key)).size).toBe(1234);
      expect(new Set((await listOf(snapshot.counters())).map(({ name }) => name)).size).toBe(1234);
    });

    test('have the counters of a follower as they were, those of before and none that came up later', async () => {
      const { store } = its();
      const [before, later] = [aUser(1), aUser(2)];
      const count = (user: string, places = PLACES) =>
        store.count(places.map(at => ({ name: at(user), add: 1, max: 99 })));
      await count(before, PLACES.slice(1));
      const snapshot = await take(store);
      await count(before);
      await count(before);
      await count(later);
      await count(later);
      expect((await listOf(snapshot.counters())).map(({ name, value }) => `${name} ${value}`).sort()).toEqual(
        PLACES.slice(1)
          .map(at => `${at(before)} 1`)
          .sort(),
      );
      expect(await listOf((await take(store)).counters())).toHaveLength(2 * PLACES.length);
    });

    test('have every counter as it was, in pages as well, whatever it is called and however much changes meanwhile', async () => {
      const { store } = its();
      const strange = ['"quoted"', 'back\\slash', 'line\nbreak', 'tab\there', 'a b c', '红包 🧧'];
      const whose = [
        '/user/',
        'a/user/b',
        'a/user//b',
        'merchant/m/user/b',
        'merchant/m/user/b/',
        'merchant/user/a/b/c',
      ];
      const own = [...PLACES.map(at => at('oA')), ...PLACES.map(at => at('红包 "'))];
      const names = [...strange, ...whose, ...own, ...Array.from({ length: 700 }, (_, n) => `n${n}`)];
      const count = (add: number) => store.count(names.map(name => ({ name, add, max: 99 })));
      await count(3);
      const snapshot = await take(store);
      const seen: string[] = [];
      for await (const page of snapshot.counters().pages()) {
        if (seen.length === 0) await count(4);
        for (const { name, value } of page) seen.push(`${name} ${value}`);
      }
      expect(seen.sort()).toEqual(names.map(name => `${name} 3`).sort());
      expect((await listOf((await take(store)).counters())).every(({ value }) => value === 7)).toBe(true);
    });

    test('are read no more once they are closed; the store goes on', async () => {
      const { store } = its();
      const payout = await planned(store);
      const snapshot = await take(store);
      await snapshot.close();
      await snapshot.close();
      await expect(listOf(snapshot.claims())).rejects.toBeInstanceOf(Fault);
      await expect(snapshot.history(payout.billNo)).rejects.toBeInstanceOf(Fault);
      expect(await store.payout(payout.billNo)).toStrictEqual(payout);
      await store.close();
      await expect(store.snapshot()).rejects.toBeInstanceOf(Fault);
    });
  });
}

// ── The ledger, under anything that may happen ───────────────────────────────────────────────────────────

const OPEN_STEPS: readonly (readonly [PayoutState, Move])[] = [
  ['sending', 'none'],
  ['unknown', 'none'],
  ['sent', 'reserved→sent'],
  ['received', 'reserved→received'],
  ['failed', 'reserved→free'],
];
const STEPS: Record<PayoutState, readonly (readonly [PayoutState, Move])[]> = {
  planned: OPEN_STEPS,
  sending: OPEN_STEPS,
  unknown: OPEN_STEPS,
  held: OPEN_STEPS,
  sent: [
    ['received', 'sent→received'],
    ['refunded', 'sent→refunded'],
  ],
  received: [],
  refunded: [],
  failed: [],
};

type Act =
  | { readonly kind: 'claim'; readonly user: number; readonly occasion: number; readonly amount: number }
  | { readonly kind: 'step'; readonly which: number; readonly how: number; readonly renew: boolean };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant('claim' as const),
    user: fc.nat(5),
    occasion: fc.nat(3),
    amount: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ kind: fc.constant('step' as const), which: fc.nat(), how: fc.nat(), renew: fc.boolean() }),
);

function ledger(its: Its): void {
  describe('the ledger', () => {
    test('counter = reserved + sent + received, and never above the budget, whatever happens at once', async () => {
      const { store } = its();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(act, { maxLength: 8 }), { maxLength: 12 }), async turns => {
          const campaign = `c${run++}`;
          const billNos = new Set<BillNo>();
          for (const turn of turns) {
            await Promise.all(turn.map(each => perform(store, campaign, billNos, each)));
            await expectBalance(store, campaign, billNos);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

const BUDGET = 300;

async function perform(store: Store, campaign: string, billNos: Set<BillNo>, action: Act): Promise<void> {
  if (action.kind === 'claim') {
    const { amount, user, occasion } = action;
    const wish = { campaign, user: aUser(user), occasion: String(occasion), amount, budget: BUDGET };
    const commit = aCommit(wish);
    if ((await store.commit(commit)).kind === 'done') billNos.add(commit.payout.billNo);
    return;
  }
  const payout = await store.payout([...billNos][action.which % billNos.size] ?? asBillNo('none'));
  const possible = payout ? STEPS[payout.state] : [];
  const chosen = possible[action.how % possible.length];
  if (!payout || !chosen) return;
  const [state, move] = chosen;
  if (state !== 'failed' || !action.renew) {
    await store.advance(aStep(payout, state, move));
    return;
  }
  const { claimKey, holds, user, amount } = payout;
  const successor = aPayout({ claimKey, attempt: payout.attempt + 1, holds, user, amount, campaign });
  const step = { ...aStep(payout, 'failed', 'none', { holds: [] }), successor };
  if ((await store.advance(step)) === 'moved') billNos.add(successor.billNo);
}

async function expectBalance(store: Store, campaign: string, billNos: Set<BillNo>): Promise<void> {
  const { reserved, sent, received, refunded } = await store.buckets(campaign);
  const counter = await counterOf(store, `campaign/${campaign}/amount`);
  expect(counter).toBe(reserved + sent + received);
  expect(counter).toBeLessThanOrEqual(BUDGET);
  const payouts = await store.payouts({ campaign, limit: 1000 });
  expect(new Set(payouts.map(({ billNo }) => billNo))).toEqual(billNos);
  const sum = (...states: PayoutState[]): number =>
    payouts.filter(({ state }) => states.includes(state)).reduce((total, { amount }) => total + amount, 0);
  const open = sum('planned', 'sending', 'unknown', 'held');
  expect([reserved, sent, received, refunded]).toEqual([open, sum('sent'), sum('received'), sum('refunded')]);
  for (const { billNo, version, state } of payouts) {
    const history = await store.history(billNo);
    expect(history.map(line => line.version)).toEqual(Array.from({ length: version }, (_, n) => n + 1));
    expect(history.at(-1)!.to).toBe(state);
  }
}
