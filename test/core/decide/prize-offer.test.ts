// What a prize is worth to one claim: when it is there, for whom, how much it is, and what is given in its place.
import { describe, expect, test } from 'vitest';
import { fen } from '../../../src/core/base/money.ts';
import type { Campaign, Prize, ReplyTemplate, Trigger } from '../../../src/core/rules/campaign.ts';
import {
  at,
  campaignOf,
  coupons,
  Ledger,
  nothing,
  outcome,
  packet,
  replyText,
  ruleOf,
  type Scripted,
  says,
} from '../../support/campaigns.ts';
import { inWords } from '../../support/checks.ts';

const DAY1 = '2026-02-10 10:00';
const DAY2 = '2026-02-11 10:00';
const PAID: Trigger = { kind: 'paid' };

/** 抽奖 draws from all of these. */
function drawing(...prizes: readonly Prize[]): Campaign {
  const won: ReplyTemplate = { kind: 'text', text: '{{prize}} {{amount}} {{coupon}}' };
  return campaignOf({ prizes, rules: [ruleOf({ give: prizes.map(({ name }) => name), replies: { won } })] });
}

function draws(ledger: Ledger, times: number, time = DAY1): string[] {
  return Array.from({ length: times }, () => outcome(ledger.play(says(time, '抽奖'))));
}

const pays = (amount: number): Scripted => ({
  at: DAY1,
  kind: 'paid',
  merchant: 'shop',
  transaction: 't',
  order: 'o',
  amount: fen(amount),
  total: fen(amount),
});

describe('a prize with a window', () => {
  const evening = { hours: [[1200, 1320] as const] };

  test('is there within its hours only', () => {
    const ledger = new Ledger(drawing(packet('a', { window: evening })));
    const seen = ['19:59:59', '20:00', '21:59:59', '22:00'].map(time => draws(ledger, 1, `2026-02-10 ${time}`)[0]);
    expect(seen).toEqual(['soldOut', 'a', 'a', 'soldOut']);
  });

  test('is there from its first moment until its last', () => {
    const window = { from: at('2026-02-10 12:00'), to: at('2026-02-11 12:00'), hours: [] };
    const ledger = new Ledger(drawing(packet('a', { window })));
    const times = ['2026-02-10 11:59:59', '2026-02-10 12:00', '2026-02-11 11:59:59', '2026-02-11 12:00'];
    expect(times.map(time => draws(ledger, 1, time)[0])).toEqual(['soldOut', 'a', 'a', 'soldOut']);
  });

  test('leaves its odds to the others while it is not there', () => {
    const ledger = new Ledger(drawing(packet('a', { window: evening, weight: 1000 }), packet('b')));
    expect(new Set(draws(ledger, 20))).toEqual(new Set(['b']));
    expect(inWords(ledger.decisions[0]!.trace[0]!)).toContainEqual({ ok: false, text: '「a」现在不发' });
  });
});

describe('a prize that must be unlocked', () => {
  test('cannot be won before so many draws', () => {
    const ledger = new Ledger(drawing(packet('top', { unlockAfter: 3, weight: 1e9 }), packet('a')));
    expect(draws(ledger, 5)).toEqual(['a', 'a', 'a', 'top', 'top']);
    expect(inWords(ledger.decisions[2]!.trace[0]!)).toContainEqual({ ok: false, text: '「top」抽过 2/3 次后才能中' });
  });

  test('is unlocked by draws that win nothing, even if there is nothing else to be won', () => {
    const ledger = new Ledger(drawing(packet('top', { unlockAfter: 2, weight: 1e9 }), nothing('thanks')));
    expect(draws(ledger, 3)).toEqual(['thanks', 'thanks', 'top']);
  });

  test('is unlocked by this follower’s own draws', () => {
    const ledger = new Ledger(drawing(packet('top', { unlockAfter: 2, weight: 1e9 }), packet('a')));
    draws(ledger, 2);
    expect(outcome(ledger.play(says(DAY1, '抽奖', 'bob')))).toBe('a');
  });

  test('alone is refused as a limit of the follower', () => {
    expect(draws(new Ledger(drawing(packet('top', { unlockAfter: 1 }))), 1)).toEqual(['limited']);
  });
});

describe('a prize of which there are so many', () => {
  test('a day: tomorrow there are new ones', () => {
    const ledger = new Ledger(drawing(packet('a', { perDay: 2, stock: 3 })));
    expect(draws(ledger, 3)).toEqual(['a', 'a', 'soldOut']);
    expect(draws(ledger, 2, DAY2)).toEqual(['a', 'soldOut']);
  });

  test('a day: the campaign’s own', () => {
    const campaign = drawing(packet('a', { perDay: 1 }));
    const ledger = new Ledger({ ...campaign, period: { ...campaign.period, dayStartsAt: 240 } });
    const times = ['2026-02-10 23:00', '2026-02-11 03:59', '2026-02-11 04:00'];
    expect(times.map(time => draws(ledger, 1, time)[0])).toEqual(['a', 'soldOut', 'a']);
  });

  test('for each follower: the others draw on', () => {
    const ledger = new Ledger(drawing(packet('a', { perUser: 1 })));
    expect(draws(ledger, 2)).toEqual(['a', 'limited']);
    expect(outcome(ledger.play(says(DAY1, '抽奖', 'bob')))).toBe('a');
  });

  test('and two who draw the last one: exactly one has it', () => {
    const ledger = new Ledger(drawing(packet('a', { stock: 1, weight: 1e9 }), packet('b')));
    const both = ledger.playAtOnce([says(DAY1, '抽奖', 'ann'), says(DAY1, '抽奖', 'bob')]);
    expect(both.map(outcome)).toEqual(['a', 'b']);
    expect(ledger.races).toBe(1);
  });
});

describe('a fallback', () => {
  const top = packet('top', { stock: 1, weight: 1e9 });

  test('is given in place of what is gone, at the odds that are published', () => {
    const ledger = new Ledger(drawing(top, packet('a'), nothing('thanks', { fallback: true })));
    expect(draws(ledger, 6)).toEqual(['top', 'thanks', 'thanks', 'thanks', 'thanks', 'thanks']);
    expect(inWords(ledger.decisions[1]!.trace[0]!)).toContainEqual({
      ok: false,
      text: '「top」已没有，改为「thanks」',
    });
  });

  test('need not be named by the rule, and is then not drawn by itself', () => {
    const campaign = drawing(packet('top', { stock: 1 }), packet('b', { fallback: true, weight: 1e9 }));
    const ledger = new Ledger({ ...campaign, rules: [ruleOf({ give: ['top'] })] });
    expect(draws(ledger, 3)).toEqual(['top', 'b', 'b']);
  });

  test('may be used up itself: the next one is taken, and then the draw is refused', () => {
    const one = packet('one', { fallback: true, stock: 1 });
    const two = packet('two', { fallback: true, stock: 1 });
    const campaign = drawing(packet('top', { stock: 0 }), one, two);
    const ledger = new Ledger({ ...campaign, rules: [ruleOf({ give: ['top'] })] });
    expect(draws(ledger, 3)).toEqual(['one', 'two', 'soldOut']);
  });

  test('without one the others share the odds of what is gone', () => {
    const ledger = new Ledger(drawing(top, packet('a'), nothing('thanks')));
    expect(new Set(draws(ledger, 40).slice(1))).toEqual(new Set(['a', 'thanks']));
  });

  test('that is nothing makes no winner of a draw that has only nothings', () => {
    const campaign = drawing(nothing('thanks'), packet('b', { fallback: true }));
    const ledger = new Ledger({ ...campaign, rules: [ruleOf({ give: ['thanks'] })] });
    expect(draws(ledger, 2)).toEqual(['thanks', 'thanks']);
  });
});

describe('a coupon', () => {
  const codes = ['A1', 'B2', 'C3'];

  test('is the next line of the list, each once', () => {
    const ledger = new Ledger(drawing(coupons('code', codes)));
    expect(draws(ledger, 4)).toEqual(['code', 'code', 'code', 'soldOut']);
    expect(ledger.decisions.slice(0, 3).map(replyText)).toEqual(codes.map(code => `code 0.00 ${code}`));
  });

  test('two at once get two of them', () => {
    const ledger = new Ledger(drawing(coupons('code', codes)));
    const who = ['ann', 'bob', 'cy', 'dan'];
    const decisions = ledger.playAtOnce(who.map(user => says(DAY1, '抽奖', user)));
    expect(decisions.map(outcome)).toEqual(['code', 'code', 'code', 'soldOut']);
    expect(new Set(decisions.map(replyText)).size).toBe(4);
  });

  test('that is added to the list in mid-campaign comes after those that were there', () => {
    const ledger = new Ledger(drawing(coupons('code', ['A1'])));
    expect(draws(ledger, 2)).toEqual(['code', 'soldOut']);
    ledger.campaigns = [drawing(coupons('code', ['A1', 'B2']))];
    expect(replyText(ledger.play(says(DAY1, '抽奖')))).toBe('code 0.00 B2');
  });

  test('is there while the budget is not', () => {
    const campaign = drawing(packet('a'), coupons('code', codes));
    const ledger = new Ledger({ ...campaign, budget: { total: fen(0), alertAt: [] } });
    expect(draws(ledger, 2)).toEqual(['code', 'code']);
  });
});

describe('steps by what was paid', () => {
  const steps = [
    { from: fen(5000), amount: fen(200) },
    { from: fen(10_000), amount: fen(500) },
    { from: fen(20_000), amount: fen(1200) },
  ];
  const prize = packet('back', { min: fen(200), max: fen(1200), steps });
  const paying = (...prizes: readonly Prize[]): Campaign =>
    campaignOf({ prizes: [prize, ...prizes], rules: [ruleOf({ on: PAID, give: ['back'] })] });

  test('the last one that is not above it', () => {
    const ledger = new Ledger(paying());
    const amounts = [5000, 9999, 10_000, 19_999, 20_000, 1_000_000].map(amount => {
      const decision = ledger.play(pays(amount));
      return decision.kind === 'awarded' ? decision.amount : outcome(decision);
    });
    expect(amounts).toEqual([200, 200, 500, 500, 1200, 1200]);
  });

  test('below the first one nobody is eligible: nothing was used up', () => {
    const decision = new Ledger(paying()).play(pays(4999));
    expect(outcome(decision)).toBe('notEligible');
    expect(inWords(decision.trace[0]!)).toContainEqual({ ok: false, text: '「back」消费未达到 ¥50.00' });
  });

  test('below the first one the fallback is given, where there is one', () => {
    expect(outcome(new Ledger(paying(nothing('thanks', { fallback: true }))).play(pays(100)))).toBe('thanks');
  });

  test('count what they are worth against the budget', () => {
    const ledger = new Ledger({ ...paying(), budget: { total: fen(1500), alertAt: [] } });
    expect([20_000, 10_000, 5000].map(amount => outcome(ledger.play(pays(amount))))).toEqual([
      'back',
      'soldOut',
      'back',
    ]);
    expect(ledger.paid()).toBe(1400);
  });
});
