// Rounds of a red-packet rain: amounts that come to exactly the total, slots that nobody gets twice, and when it rains.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fen, fen } from '../../../src/core/base/money.ts';
import type { Decision } from '../../../src/core/decide/decision.ts';

import { layoutOf, splitExactly } from '../../../src/core/mechanics/round.ts';
import type { Campaign, ReplyTemplate, Round } from '../../../src/core/rules/campaign.ts';
import {
  campaignOf,
  Ledger,
  nothing,
  outcome,
  packet,
  replyText,
  roundOf,
  ruleOf,
  says,
  word,
  yuan,
} from '../../support/campaigns.ts';
import { inWords } from '../../support/checks.ts';

const TELLS: ReplyTemplate = { kind: 'text', text: '{{round}}|{{left}}|{{nextRound}}|{{from}}' };
const SAYS = { won: TELLS, closed: TELLS, notStarted: TELLS, ended: TELLS, soldOut: TELLS, limited: TELLS };
const DURING = '2026-02-10 20:01';
const seedOf = (id: string): string => `seed of ${id}`;

type Rain = { readonly packets?: number; readonly total?: string; readonly min?: Fen; readonly max?: Fen };

/** Two rounds, at 20:00 and 21:00, for five minutes each. */
function rain({ packets = 100, total = '¥288.00', min = fen(100), max = fen(6600) }: Rain = {}, parts = {}): Campaign {
  return campaignOf({
    rounds: [
      roundOf('第一场', '2026-02-10 20:00', '5m', packets, total),
      roundOf('第二场', '2026-02-10 21:00', '5m', packets, total),
    ],
    prizes: [packet('share', { min, max, split: true })],
    rules: [ruleOf({ on: word('红包雨'), give: ['share'], replies: SAYS })],
    ...parts,
  });
}

const grab = (n: number, time = DURING) => says(time, '红包雨', `user${n}`);
const crowd = (from: number, to: number, time = DURING) =>
  Array.from({ length: to - from }, (_, n) => grab(from + n, time));
const amountOf = (decision: Decision): number => (decision.kind === 'awarded' ? decision.amount : 0);
const sum = (amounts: readonly number[]): number => amounts.reduce((all, each) => all + each, 0);
const sorted = (amounts: readonly number[]): number[] => [...amounts].sort((a, b) => a - b);

// ── The amounts ──────────────────────────────────────────────────────────────────────────────────────────────

/** Rounds that can come out: N·min ≤ total ≤ N·max. */
const feasible = fc
  .record({ packets: fc.integer({ min: 1, max: 250 }), min: fc.integer({ min: 1, max: 3000 }), span: fc.nat(20_000) })
  .chain(({ packets, min, span }) =>
    fc.record({
      packets: fc.constant(packets),
      min: fc.constant(fen(min)),
      max: fc.constant(fen(min + span)),
      total: fc.integer({ min: packets * min, max: packets * (min + span) }).map(fen),
      seed: fc.string({ minLength: 1 }),
    }),
  );

function plainRound(packets: number, total: number): Round {
  return { ...roundOf('第一场', '2026-02-10 20:00', '5m', packets, '¥1.00'), total: fen(total) };
}

describe('the amounts of a round', () => {
  test('come to exactly the total, each within bounds, whatever is feasible', () => {
    fc.assert(
      fc.property(feasible, ({ packets, total, min, max, seed }) => {
        const amounts = splitExactly(plainRound(packets, total), { min, max }, Buffer.from(seed));
        expect(amounts).toHaveLength(packets);
        expect(sum(amounts)).toBe(total);
        expect(Math.min(...amounts)).toBeGreaterThanOrEqual(min);
        expect(Math.max(...amounts)).toBeLessThanOrEqual(max);
      }),
      { numRuns: 150 },
    );
  });

  test('at the edge of what is feasible: all of them least, or most', () => {
    const bounds = { min: fen(100), max: fen(250) };
    const key = Buffer.from('key');
    expect(new Set(splitExactly(plainRound(50, 50 * 100), bounds, key))).toEqual(new Set([100]));
    expect(new Set(splitExactly(plainRound(50, 50 * 250), bounds, key))).toEqual(new Set([250]));
    expect(splitExactly(plainRound(1, 123), bounds, key)).toEqual([123]);
  });

  test('are laid out in rows that hold all of them, the same ones wherever it is done', () => {
    fc.assert(
      fc.property(feasible, ({ packets, total, min, max, seed }) => {
        const rows = layoutOf(plainRound(packets, total), { min, max }, seed);
        expect(layoutOf(plainRound(packets, total), { min, max }, seed)).toEqual(rows);
        expect(rows.flat()).toHaveLength(packets);
        expect(sum(rows.flat())).toBe(total);
        const lengths = rows.map(row => row.length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        expect(Number.isInteger(Math.log2(rows.length))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('are others with another seed, and in another round', () => {
    const bounds = { min: fen(100), max: fen(6600) };
    const first = plainRound(100, 28_800);
    const amounts = layoutOf(first, bounds, 'seed').flat();
    expect(layoutOf(first, bounds, 'other').flat()).not.toEqual(amounts);
    expect(layoutOf({ ...first, name: '第二场' }, bounds, 'seed').flat()).not.toEqual(amounts);
  });

  test('differ: there are small and large ones, and no place in the order is the lucky one', () => {
    const rounds = Array.from({ length: 300 }, (_, n) =>
      splitExactly(plainRound(100, 28_800), { min: fen(100), max: fen(6600) }, Buffer.from(`key ${n}`)),
    );
    const mean = (from: number, to: number): number =>
      sum(rounds.flatMap(amounts => amounts.slice(from, to))) / (300 * (to - from));
    for (const from of [0, 20, 40, 60, 80]) expect(Math.abs(mean(from, from + 20) - 288)).toBeLessThan(8);
    // Nor is the last one where the largest tend to be: of 300 largest ones a fifth is in each fifth.
    const largestIn = (from: number): number =>
      rounds.map(amounts => amounts.indexOf(fen(Math.max(...amounts)))).filter(n => n >= from && n < from + 20).length;
    for (const from of [0, 20, 40, 60, 80]) expect(Math.abs(largestIn(from) - 60)).toBeLessThan(22);
    expect(Math.min(...rounds[0]!)).toBeLessThan(150);
    expect(Math.max(...rounds[0]!)).toBeGreaterThan(430);
  });
});

// ── The slots ────────────────────────────────────────────────────────────────────────────────────────────────

describe('a round', () => {
  test('gives every packet once, and then it is sold out', () => {
    const campaign = rain();
    const ledger = new Ledger(campaign);
    const decisions = crowd(0, 105).map(each => ledger.play(each));
    expect(decisions.slice(0, 100).map(outcome)).toEqual(Array(100).fill('share'));
    expect(decisions.slice(100).map(outcome)).toEqual(Array(5).fill('soldOut'));
    expect(ledger.paid()).toBe(28_800);
    const amounts = layoutOf(campaign.rounds[0]!, { min: fen(100), max: fen(6600) }, seedOf('tea')).flat();
    expect(sorted(decisions.slice(0, 100).map(amountOf))).toEqual(sorted(amounts));
  });

  test('gives the slots of each row in order', () => {
    const campaign = rain();
    const ledger = new Ledger(campaign);
    const rows = layoutOf(campaign.rounds[0]!, { min: fen(100), max: fen(6600) }, seedOf('tea'));
    const taken = rows.map((): number[] => []);
    for (const each of crowd(0, 60)) {
      const before = rows.map((_, row) => ledger.value(`campaign/tea/round/第一场/row/${row}`));
      const amount = amountOf(ledger.play(each));
      const moved = rows.findIndex((_, row) => ledger.value(`campaign/tea/round/第一场/row/${row}`) > before[row]!);
      taken[moved]!.push(amount);
    }
    expect(taken).toEqual(rows.map((row, n) => row.slice(0, taken[n]!.length)));
    expect(taken.filter(row => row.length > 0).length).toBeGreaterThan(4);
  });

  test('two who reach for one slot: one is lost, and decides anew', () => {
    const ledger = new Ledger(rain({ packets: 8, total: '¥20.00' })); // so few that there is one row
    const first = ledger.decide(grab(1));
    const second = ledger.decide(grab(2));
    expect(amountOf(first.decision)).toBe(amountOf(second.decision));
    expect(ledger.commit(first)).toBe('done');
    expect(ledger.commit(second)).toEqual({ lost: 'campaign/tea/round/第一场/row/0' });
    expect(ledger.commit(ledger.decide(second.event))).toBe('done');
    expect(ledger.value('campaign/tea/round/第一场/row/0')).toBe(2);
  });

  test('two who reach for the last one: one of them comes too late', () => {
    const ledger = new Ledger(rain({ packets: 3, total: '¥9.00' }));
    for (const each of crowd(0, 2)) ledger.play(each);
    expect(ledger.playAtOnce([grab(8), grab(9)]).map(outcome)).toEqual(['share', 'soldOut']);
    expect(ledger.paid()).toBe(900);
  });

  test('in whatever crowds they come, all get their own slot and the sum is the total', () => {
    const crowds = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(crowds, fc.integer({ min: 1, max: 120 }), (sizes, packets) => {
        const campaign = rain({ packets, total: `¥${packets * 3}.00` });
        const ledger = new Ledger(campaign);
        let at = 0;
        for (const size of sizes) {
          ledger.playAtOnce(crowd(at, at + size));
          at += size;
        }
        const won = [...ledger.claims.values()].map(({ amount }) => amount);
        expect(won).toHaveLength(Math.min(at, packets));
        if (at >= packets) expect(ledger.paid()).toBe(packets * 300);
      }),
      { numRuns: 20 },
    );
  });

  test('of 1000 packets lets 300 at once have theirs within as many goes as the flow takes', () => {
    const ledger = new Ledger(rain({ packets: 1000, total: '¥2888.00' }));
    let waiting = crowd(0, 300).map(each => ledger.decide(each));
    let goes = 0;
    for (; waiting.length > 0; goes++) {
      const lost = waiting.filter(each => ledger.commit(each) !== 'done');
      waiting = lost.map(({ event }) => ledger.decide(event));
    }
    expect(ledger.claims.size).toBe(300);
    expect(goes).toBeLessThan(20);
  });

  test('knows nothing of the other one', () => {
    const ledger = new Ledger(rain({ packets: 2, total: '¥6.00' }));
    expect(crowd(0, 3).map(each => outcome(ledger.play(each)))).toEqual(['share', 'share', 'soldOut']);
    expect(crowd(0, 3, '2026-02-10 21:00').map(each => outcome(ledger.play(each)))).toEqual([
      ...['share', 'share', 'soldOut'],
    ]);
    expect(ledger.paid()).toBe(1200);
  });

  test('becomes the fallback when it is sold out, where there is one', () => {
    const prizes = [packet('share', { max: fen(6600), split: true }), nothing('thanks', { fallback: true })];
    const ledger = new Ledger(rain({ packets: 1, total: '¥2.00' }, { prizes }));
    expect(crowd(0, 2).map(each => outcome(ledger.play(each)))).toEqual(['share', 'thanks']);
  });

  test('is one claim for each where the rule says so, in each round anew', () => {
    const rules = [ruleOf({ on: word('红包雨'), once: 'perRound', give: ['share'] })];
    const ledger = new Ledger(rain({}, { rules }));
    const times = [DURING, '2026-02-10 20:04', '2026-02-10 21:01', '2026-02-10 21:02'];
    expect(times.map(time => outcome(ledger.play(grab(1, time))))).toEqual(['share', 'already', 'share', 'already']);
  });

  test('may be limited for each follower', () => {
    const ledger = new Ledger(rain({}, { perUser: { perRound: 2, perDay: 3 } }));
    const grabs = (time: string): string[] => [1, 2, 3].map(() => outcome(ledger.play(grab(1, time))));
    expect(grabs(DURING)).toEqual(['share', 'share', 'limited']);
    expect(grabs('2026-02-10 21:01')).toEqual(['share', 'limited', 'limited']);
  });
});

// ── When it rains ────────────────────────────────────────────────────────────────────────────────────────────

describe('the time', () => {
  const cases: readonly [time: string, result: string, told: string][] = [
    ['2026-02-10 19:59:59', 'notStarted', '||第一场 02-10 20:00|2026-02-10 20:00'],
    ['2026-02-10 20:00:00', 'share', '第一场|99|第二场 02-10 21:00|2026-01-01 00:00'],
    ['2026-02-10 20:04:59', 'share', '第一场|99|第二场 02-10 21:00|2026-01-01 00:00'],
    ['2026-02-10 20:05:00', 'between', '||第二场 02-10 21:00|2026-01-01 00:00'],
    ['2026-02-10 20:59:59', 'between', '||第二场 02-10 21:00|2026-01-01 00:00'],
    ['2026-02-10 21:00:00', 'share', '第二场|99||2026-01-01 00:00'],
    ['2026-02-10 21:05:00', 'ended', '|||2026-01-01 00:00'],
  ];
  test.each(cases)('at %s: %s', (time, result, told) => {
    const decision = new Ledger(rain()).play(grab(1, time));
    expect([outcome(decision), replyText(decision)]).toEqual([result, told]);
  });

  test('is said in the trace', () => {
    const seen = (time: string): string[] =>
      inWords(new Ledger(rain()).play(grab(1, time)).trace[0]!).map(({ text }) => text);
    expect(seen('2026-02-10 20:30')).toContain('「第二场」2026-02-10 21:00:00 开始');
    expect(seen(DURING)).toContain('「第一场」进行中');
    expect(seen('2026-02-10 22:00')).toContain('各场都已结束');
  });

  test('of a finished rain leaves the word to another campaign', () => {
    const other = campaignOf({ id: 'milk', rules: [ruleOf({ on: word('红包雨'), reply: TELLS })] });
    const ledger = new Ledger([rain(), other]);
    expect(ledger.play(grab(1, '2026-02-10 22:00'))).toMatchObject({ kind: 'answered', campaign: 'milk' });
    expect(ledger.play(grab(1))).toMatchObject({ kind: 'awarded', campaign: 'tea' });
  });

  test('comes later to those who have not reserved', () => {
    const share = { on: word('红包雨'), give: ['share'], replies: SAYS };
    const rules = [
      ruleOf({ id: 'reserve', on: word('预约'), once: 'ever', earn: { 预约: 1 } }),
      ruleOf({ id: 'late', ...share, opensAfter: 30_000 }),
    ];
    const campaign = rain({}, { rules, wallets: { 预约: {} } });
    const ledger = new Ledger(campaign);
    const grabs = (time: string): string => outcome(ledger.play(grab(1, time)));
    expect(grabs('2026-02-10 20:00:29')).toBe('notStarted');
    expect(grabs('2026-02-10 20:00:30')).toBe('share');
    expect(grabs('2026-02-10 21:00:29')).toBe('between');
    expect(replyText(ledger.play(grab(1, '2026-02-10 21:00:29')))).toContain('第二场 02-10 21:00');
    expect(grabs('2026-02-10 21:00:30')).toBe('share');
    // A reservation is bound to no round.
    expect(outcome(ledger.play(says('2026-02-10 12:00', '预约')))).toBe('progress');
  });
});

// ── Edited in the middle of a round ──────────────────────────────────────────────────────────────────────────

describe('a file edited while it rains', () => {
  const half = (): Ledger => {
    const ledger = new Ledger(rain());
    for (const each of crowd(0, 50)) ledger.play(each);
    return ledger;
  };
  const finish = (ledger: Ledger): void => {
    for (const each of crowd(50, 400)) ledger.play(each);
  };

  test('in other places changes no slot', () => {
    const ledger = half();
    ledger.campaigns = [rain({}, { name: '更好的茶' })];
    finish(ledger);
    expect([ledger.claims.size, ledger.paid()]).toEqual([100, 28_800]);
  });

  test.each([
    ['fewer packets', { packets: 60 }, 60, 28_800],
    ['more packets', { packets: 300, total: '¥500.00' }, 300, 50_000],
    ['less money', { total: '¥200.00' }, 100, 20_000],
    ['other bounds', { min: fen(200), max: fen(400) }, 100, 28_800],
    ['less of both than was given', { packets: 10, total: '¥20.00' }, 50, 28_800],
  ] as const)('to %s never gives more than it says', (_, edit, packets, total) => {
    const ledger = half();
    ledger.campaigns = [rain(edit)];
    finish(ledger);
    expect(ledger.claims.size).toBeLessThanOrEqual(packets);
    expect(ledger.paid()).toBeLessThanOrEqual(total);
  });
});

test('the budget stands above the round', () => {
  const ledger = new Ledger(rain({}, { budget: { total: yuan('¥100.00'), alertAt: [] } }));
  const decisions = crowd(0, 100).map(each => ledger.play(each));
  expect(ledger.paid()).toBeLessThanOrEqual(10_000);
  expect(decisions.map(outcome)).toContain('soldOut');
});
