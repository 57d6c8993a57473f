// Limits that a campaign sets beside its budget: by hour, by minute, by month, by scene, by wins.
import { describe, expect, test } from 'vitest';
import { instant } from '../../../src/core/base/time.ts';
import type { Budget, Campaign, Period, ReplyTemplate, Trigger } from '../../../src/core/rules/campaign.ts';
import {
  campaignOf,
  Ledger,
  nothing,
  outcome,
  packet,
  replyText,
  ruleOf,
  type Scripted,
  says,
  yuan,
} from '../../support/campaigns.ts';

const DAY1 = '2026-02-10 10:00';
const SCAN: Trigger = { kind: 'scan' };
type Parts = NonNullable<Parameters<typeof campaignOf>[0]>;

const one = (parts: Parts = {}): Campaign => campaignOf({ prizes: [packet('a')], ...parts });
const scans = (scene: string, user = 'ann', time = DAY1): Scripted => ({ at: time, user, kind: 'scan', scene });

/** How many of so many tries at this time are won; every follower tries once. */
function wonOf(ledger: Ledger, tries: number, time: string): number {
  return Array.from({ length: tries }, (_, n) => outcome(ledger.play(says(time, '抽奖', `user${n}`)))).filter(
    prize => prize === 'a',
  ).length;
}

describe('so many packets an hour', () => {
  const paced = (carryOver: boolean, period: Partial<Period> = {}, budget: Partial<Budget> = {}): Ledger =>
    new Ledger(
      one({ period, budget: { total: yuan('¥1000.00'), alertAt: [], pace: { perHour: 2, carryOver }, ...budget } }),
    );
  const hours = [[480, 1320] as const]; // 08:00-22:00
  const at = (time: string): string => `2026-02-10 ${time}`;

  test('and what was not given is gone with the hour', () => {
    const ledger = paced(false, { hours });
    expect(['08:00', '08:59', '11:00', '11:59:59', '12:00'].map(time => wonOf(ledger, 4, at(time)))).toEqual([
      2, 0, 2, 0, 2,
    ]);
  });

  test('is the hour on the clock, whenever the campaign opens', () => {
    const ledger = paced(false, { hours: [[510, 1320]] }); // 08:30
    expect(['08:30', '08:59', '09:00'].map(time => wonOf(ledger, 4, at(time)))).toEqual([2, 0, 2]);
  });

  test('and what was not given is added to the next hours of the day', () => {
    const ledger = paced(true, { hours });
    expect(['08:30', '08:59', '11:00', '12:00', '21:59'].map(time => wonOf(ledger, 30, at(time)))).toEqual([
      2, 0, 6, 2, 18,
    ]);
    expect(wonOf(ledger, 4, '2026-02-11 08:00')).toBe(2);
  });

  test('only hours in which it was open are added', () => {
    const ledger = paced(true, {
      hours: [
        [600, 720],
        [1200, 1320],
      ],
    }); // 10:00-12:00, 20:00-22:00
    expect(['10:00', '20:00', '21:00'].map(time => wonOf(ledger, 30, at(time)))).toEqual([2, 4, 2]);
  });

  test('nor those before the campaign begins', () => {
    const ledger = paced(true, { from: instant(Date.parse('2026-02-10T15:30:00+08:00')) });
    expect(['15:30', '16:29', '16:30'].map(time => wonOf(ledger, 30, at(time)))).toEqual([2, 0, 2]);
  });

  test('a day that begins at 04:00 goes on past midnight', () => {
    const ledger = paced(true, {
      hours: [
        [1320, 1440],
        [0, 120],
      ],
      dayStartsAt: 240,
    }); // 22:00-24:00, 00:00-02:00
    const times = ['2026-02-10 22:00', '2026-02-11 00:30', '2026-02-11 01:59', '2026-02-11 22:10'];
    expect(times.map(time => wonOf(ledger, 30, time))).toEqual([2, 4, 2, 2]);
  });

  test('says that there will be more, unless the budget is gone', () => {
    const ledger = paced(false, {}, { packets: 3 });
    wonOf(ledger, 2, DAY1);
    expect(outcome(ledger.play(says(DAY1, '抽奖')))).toBe('later');
    expect(wonOf(ledger, 2, at('11:00'))).toBe(1);
    expect(outcome(ledger.play(says(at('11:00'), '抽奖')))).toBe('soldOut');
  });

  test('does not hold what costs nothing', () => {
    const ledger = new Ledger(
      campaignOf({
        prizes: [nothing('thanks')],
        budget: { total: yuan('¥1.00'), alertAt: [], pace: { perHour: 1, carryOver: false } },
      }),
    );
    expect([1, 2].map(() => outcome(ledger.play(says(DAY1, '抽奖'))))).toEqual(['thanks', 'thanks']);
  });
});

describe('so many claims of all a minute', () => {
  test('the next minute takes as many again', () => {
    const ledger = new Ledger(one({ perMinute: 3 }));
    expect(wonOf(ledger, 5, '2026-02-10 10:00:00')).toBe(3);
    expect(wonOf(ledger, 5, '2026-02-10 10:00:59')).toBe(0);
    expect(wonOf(ledger, 5, '2026-02-10 10:01:00')).toBe(3);
  });

  test('a crowd in one moment keeps to it', () => {
    const ledger = new Ledger(one({ perMinute: 3 }));
    const crowd = Array.from({ length: 10 }, (_, n) => says(DAY1, '抽奖', `user${n}`));
    expect(ledger.playAtOnce(crowd).map(outcome)).toEqual([...Array(3).fill('a'), ...Array(7).fill('later')]);
  });

  test('says so only to who may have one: limits of the follower are heard first', () => {
    const ledger = new Ledger(one({ perMinute: 1, perUser: { gap: 600_000 } }));
    expect(outcome(ledger.play(says(DAY1, '抽奖', 'ann')))).toBe('a');
    expect(outcome(ledger.play(says(DAY1, '抽奖', 'ann')))).toBe('tooSoon');
    expect(outcome(ledger.play(says(DAY1, '抽奖', 'bob')))).toBe('later');
  });
});

describe('so many for one follower', () => {
  test('a month: the next one begins with the campaign’s own day', () => {
    const ledger = new Ledger(one({ perUser: { perMonth: 2 }, period: { dayStartsAt: 240 } }));
    const times = ['2026-02-01 10:00', '2026-02-28 10:00', '2026-03-01 03:59', '2026-03-01 04:00'];
    expect(times.map(time => outcome(ledger.play(says(time, '抽奖'))))).toEqual(['a', 'a', 'limited', 'a']);
  });

  test('wins: what is nothing is no win, and after the last win the draw is refused', () => {
    const prizes = [packet('a', { weight: 1 }), nothing('thanks', { weight: 3 })];
    const ledger = new Ledger(campaignOf({ prizes, perUser: { wins: 2 } }));
    const outcomes = Array.from({ length: 60 }, () => outcome(ledger.play(says(DAY1, '抽奖'))));
    expect(outcomes.filter(prize => prize === 'a')).toHaveLength(2);
    expect(outcomes.slice(outcomes.lastIndexOf('a') + 1)).toEqual(
      outcomes.slice(outcomes.lastIndexOf('a') + 1).map(() => 'limited'),
    );
    expect(outcomes).toContain('thanks');
  });

  test('wins: two at once with one left', () => {
    const ledger = new Ledger(one({ perUser: { wins: 1 } }));
    expect(ledger.playAtOnce([says(DAY1, '抽奖'), says(DAY1, '抽奖')]).map(outcome)).toEqual(['a', 'limited']);
  });
});

describe('so many at one scene', () => {
  const told: ReplyTemplate = { kind: 'text', text: '这家店今天发完了' };
  const shop = (perScene: Campaign['perScene'], parts: Parts = {}): Ledger =>
    new Ledger(
      one({ perScene, rules: [ruleOf({ on: SCAN, give: ['a'], replies: { sceneSoldOut: told } })], ...parts }),
    );

  test('packets a day', () => {
    const ledger = shop({ perDay: 2 });
    const tries = ['ann', 'bob', 'cy'].map(user => ledger.play(scans('store-1', user)));
    expect(tries.map(outcome)).toEqual(['a', 'a', 'sceneSoldOut']);
    expect(replyText(tries[2]!)).toBe('这家店今天发完了');
    expect(outcome(ledger.play(scans('store-2', 'cy')))).toBe('a');
    expect(outcome(ledger.play(scans('store-1', 'cy', '2026-02-11 10:00')))).toBe('a');
  });

  test('money a day', () => {
    const ledger = shop({ amountPerDay: yuan('¥2.50') });
    expect(['ann', 'bob', 'cy'].map(user => outcome(ledger.play(scans('store-1', user))))).toEqual([
      'a',
      'a',
      'sceneSoldOut',
    ]);
  });

  test('claims of one follower, for ever', () => {
    const ledger = shop({ perUser: 1 });
    expect(outcome(ledger.play(scans('store-1')))).toBe('a');
    expect(outcome(ledger.play(scans('store-1', 'ann', '2026-03-10 10:00')))).toBe('limited');
    expect(outcome(ledger.play(scans('store-2')))).toBe('a');
    expect(outcome(ledger.play(scans('store-1', 'bob')))).toBe('a');
  });

  test('who follows through the code counts as who scans it', () => {
    const ledger = shop({ perDay: 1 });
    expect(outcome(ledger.play({ at: DAY1, kind: 'subscribe', via: 'qr', scene: 'store-1' }))).toBe('a');
    expect(outcome(ledger.play(scans('store-1', 'bob')))).toBe('sceneSoldOut');
  });

  test('where there is no scene there is no such limit', () => {
    const ledger = new Ledger(one({ perScene: { perDay: 1, perUser: 1 } }));
    expect([1, 2].map(() => outcome(ledger.play(says(DAY1, '抽奖'))))).toEqual(['a', 'a']);
  });

  test('money that comes back is given back to the scene', () => {
    const ledger = shop({ perDay: 2, amountPerDay: yuan('¥5.00') });
    const decision = ledger.play(scans('store-1'));
    expect(decision.kind === 'awarded' && decision.holds.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'campaign/tea/scene/store-1/packets/day/2026-02-10',
        'campaign/tea/scene/store-1/amount/day/2026-02-10',
      ]),
    );
  });
});
