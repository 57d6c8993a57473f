// Wallets: what is free today, what was earned, and that nobody spends a chance twice.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dayOf } from '../../../src/core/base/time.ts';
import { factsQueryFor } from '../../../src/core/decide/decide.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { balanceOf, walletCounters } from '../../../src/core/mechanics/wallet.ts';
import type { Campaign, ReplyTemplate, Wallet } from '../../../src/core/rules/campaign.ts';
import {
  at,
  campaignOf,
  eventOf,
  Ledger,
  nothing,
  outcome,
  packet,
  play,
  replyText,
  ruleOf,
  says,
  word,
  yuan,
} from '../../support/campaigns.ts';
import { inWords } from '../../support/checks.ts';

const DAY1 = '2026-02-10 10:00';
const DAY2 = '2026-02-11 10:00';
const BALANCE: ReplyTemplate = { kind: 'text', text: '还有 {{balance}}' };
const REPLIES = { won: BALANCE, nothing: BALANCE, limited: BALANCE, soldOut: BALANCE, already: BALANCE };
const LOST = nothing('thanks');

/** 抽奖 spends one 机会, 签到 earns one, 下单 two; 余额 only answers. */
function drawing(wallet: Omit<Wallet, 'name'>, parts: Parameters<typeof campaignOf>[0] = {}): Campaign {
  return campaignOf({
    wallets: { 机会: wallet },
    prizes: [LOST],
    rules: [
      ruleOf({ id: 'draw', on: word('抽奖'), give: ['thanks'], spend: { 机会: 1 }, replies: REPLIES }),
      ruleOf({ id: 'sign', on: word('签到'), once: 'perDay', earn: { 机会: 1 }, replies: REPLIES }),
      ruleOf({ id: 'order', on: word('下单'), earn: { 机会: 2 }, replies: REPLIES }),
      ruleOf({ id: 'tell', on: word('余额'), reply: BALANCE }),
    ],
    ...parts,
  });
}

/** What came of each word, and what it told of the balance. */
function told(campaign: Campaign, words: readonly string[], time = DAY1): string[] {
  const texts = words.map(text => says(time, text));
  return play(campaign, texts).map(decision => `${outcome(decision)} ${/\d+$/.exec(replyText(decision))?.[0]}`);
}

test('the free ones of the day are for everybody, and tomorrow there are new ones, not more', () => {
  const ledger = new Ledger(drawing({ freePerDay: 2 }));
  const draw = (time: string): string => outcome(ledger.play(says(time, '抽奖')));
  expect([draw(DAY1), draw(DAY1), draw(DAY1)]).toEqual(['thanks', 'thanks', 'noChance']);
  expect([draw('2026-02-20 10:00'), draw('2026-02-20 10:00'), draw('2026-02-20 10:00')]).toEqual([
    'thanks',
    'thanks',
    'noChance',
  ]);
});

test('what was earned stays until it is spent', () => {
  const ledger = new Ledger(drawing({}));
  const does = (time: string, text: string): string => outcome(ledger.play(says(time, text)));
  expect(does(DAY1, '抽奖')).toBe('noChance');
  expect(does(DAY1, '下单')).toBe('progress');
  expect(does('2026-06-01 10:00', '抽奖')).toBe('thanks');
  expect(does('2026-07-01 10:00', '抽奖')).toBe('thanks');
  expect(does('2026-07-01 10:00', '抽奖')).toBe('noChance');
});

test('the free ones are spent first, so that earned ones are left for tomorrow', () => {
  const ledger = new Ledger(drawing({ freePerDay: 1 }));
  for (const text of ['下单', '抽奖']) ledger.play(says(DAY1, text));
  expect(ledger.value('campaign/tea/user/ann/wallet/机会/free/day/2026-02-10')).toBe(1);
  expect(ledger.value('campaign/tea/user/ann/wallet/机会/spent')).toBe(0);
  expect(['抽奖', '抽奖', '抽奖', '抽奖'].map(text => outcome(ledger.play(says(DAY2, text))))).toEqual([
    'thanks',
    'thanks',
    'thanks',
    'noChance',
  ]);
});

test('one price may be paid with free and earned ones together', () => {
  const campaign = campaignOf({
    wallets: { 积分: { freePerDay: 3 } },
    prizes: [LOST],
    rules: [
      ruleOf({ id: 'buy', on: word('兑换'), give: ['thanks'], spend: { 积分: 5 }, replies: REPLIES }),
      ruleOf({ id: 'order', on: word('下单'), earn: { 积分: 4 }, replies: { progress: BALANCE } }),
    ],
  });
  expect(told(campaign, ['兑换', '下单', '兑换', '兑换'])).toEqual([
    'noChance 3',
    'progress 7',
    'thanks 2',
    'noChance 2',
  ]);
});

test('the balance that is told is the one after this decision, and a refusal changes nothing', () => {
  const texts = ['余额', '抽奖', '签到', '签到', '抽奖', '抽奖', '余额'];
  expect(told(drawing({ freePerDay: 1 }), texts)).toEqual([
    'answered 1',
    'thanks 0',
    'progress 1',
    'already 1',
    'thanks 0',
    'noChance 0',
    'answered 0',
  ]);
});

test('a draw that is sold out costs no chance', () => {
  const campaign = drawing(
    { freePerDay: 1 },
    { prizes: [packet('thanks', { stock: 1 })], budget: { total: yuan('¥10.00'), alertAt: [] } },
  );
  const ledger = new Ledger(campaign);
  expect(outcome(ledger.play(says(DAY1, '抽奖', 'bob')))).toBe('thanks');
  const decision = ledger.play(says(DAY1, '抽奖', 'ann'));
  expect([outcome(decision), replyText(decision)]).toEqual(['soldOut', '还有 1']);
});

test('what is beyond the day’s bound is not earned, but the claim stands', () => {
  const ledger = new Ledger(drawing({ earnPerDay: 3 }));
  const orders = ['下单', '下单', '下单'].map(text => ledger.play(says(DAY1, text)));
  expect(orders.map(outcome)).toEqual(['progress', 'progress', 'progress']);
  expect(orders.map(replyText)).toEqual(['还有 2', '还有 3', '还有 3']);
  expect(ledger.claims.size).toBe(3);
  expect(inWords(orders[1]!.trace[0]!)).toContainEqual({ ok: true, text: '「机会」今日已得 2/3，这次得 1' });
  expect(replyText(ledger.play(says(DAY2, '下单')))).toBe('还有 5');
});

test('so many may be spent on one day, free and earned ones together', () => {
  const ledger = new Ledger(drawing({ freePerDay: 1, spendPerDay: 2 }));
  for (const text of ['下单', '下单']) ledger.play(says(DAY1, text));
  const draws = (time: string): string[] =>
    ['抽奖', '抽奖', '抽奖'].map(text => outcome(ledger.play(says(time, text))));
  expect(draws(DAY1)).toEqual(['thanks', 'thanks', 'noChance']);
  expect(draws(DAY2)).toEqual(['thanks', 'thanks', 'noChance']);
});

test('the day of a wallet is the campaign’s own', () => {
  const ledger = new Ledger(drawing({ freePerDay: 1 }, { period: { dayStartsAt: 240 } }));
  const draw = (time: string): string => outcome(ledger.play(says(time, '抽奖')));
  expect(draw('2026-02-10 23:00')).toBe('thanks');
  expect(draw('2026-02-11 03:59')).toBe('noChance');
  expect(draw('2026-02-11 04:00')).toBe('thanks');
});

test('a rule may take and give: what this claim earns cannot pay for itself', () => {
  const campaign = campaignOf({
    wallets: { 机会: {}, 积分: {} },
    prizes: [LOST],
    rules: [
      ruleOf({
        id: 'draw',
        give: ['thanks'],
        spend: { 机会: 1 },
        earn: { 积分: 7, 机会: 2 },
        replies: { nothing: BALANCE, limited: BALANCE },
      }),
      ruleOf({ id: 'order', on: word('下单'), earn: { 机会: 1 } }),
    ],
  });
  expect(told(campaign, ['抽奖', '下单', '抽奖', '抽奖'])).toEqual([
    'noChance 0',
    'progress undefined',
    'thanks 2',
    'thanks 3',
  ]);
});

test('of two wallets the one that is short is told', () => {
  const campaign = campaignOf({
    wallets: { 机会: { freePerDay: 9 }, 积分: {} },
    prizes: [LOST],
    rules: [ruleOf({ give: ['thanks'], spend: { 机会: 1, 积分: 20 }, replies: { limited: BALANCE } })],
  });
  const [decision] = play(campaign, [says(DAY1, '抽奖')]);
  expect([outcome(decision!), replyText(decision!)]).toEqual(['noChance', '还有 0']);
  expect(inWords(decision!.trace[0]!).filter(({ ok }) => !ok)).toEqual([{ ok: false, text: '「积分」剩 0，需 20' }]);
});

test('wallets of two followers, and of two campaigns, are apart', () => {
  const mine = drawing({ freePerDay: 1 });
  const ledger = new Ledger([mine]);
  expect(outcome(ledger.play(says(DAY1, '抽奖', 'ann')))).toBe('thanks');
  expect(outcome(ledger.play(says(DAY1, '抽奖', 'bob')))).toBe('thanks');
  ledger.campaigns = [drawing({ freePerDay: 1 }, { id: 'milk' })];
  expect(outcome(ledger.play(says(DAY1, '抽奖', 'ann')))).toBe('thanks');
});

describe('in one moment', () => {
  test('two draws with one chance left: one is lost, and refused', () => {
    const ledger = new Ledger(drawing({ freePerDay: 1 }));
    const draws = ledger.playAtOnce([says(DAY1, '抽奖'), says(DAY1, '抽奖')]);
    expect(draws.map(outcome)).toEqual(['thanks', 'noChance']);
    expect(ledger.races).toBe(1);
  });

  test('two draws with one free and one earned: both get one', () => {
    const ledger = new Ledger(drawing({ freePerDay: 1 }));
    ledger.play(says(DAY1, '签到'));
    expect(ledger.playAtOnce([says(DAY1, '抽奖'), says(DAY1, '抽奖'), says(DAY1, '抽奖')]).map(outcome)).toEqual([
      'thanks',
      'thanks',
      'noChance',
    ]);
  });

  test('two that earn with room for one: the bound of the day holds, both claims stand', () => {
    const ledger = new Ledger(drawing({ earnPerDay: 3 }));
    expect(ledger.playAtOnce([says(DAY1, '下单'), says(DAY1, '下单')]).map(replyText)).toEqual(['还有 2', '还有 3']);
    expect(ledger.races).toBe(1);
  });

  test('one that earns does not stand in the way of one that spends', () => {
    const ledger = new Ledger(drawing({}));
    ledger.play(says(DAY1, '下单'));
    expect(ledger.playAtOnce([says(DAY1, '下单'), says(DAY1, '抽奖')]).map(outcome)).toEqual(['progress', 'thanks']);
    expect(ledger.races).toBe(0);
  });

  test('whatever comes in whatever company, no chance is spent that was not there', () => {
    const does = fc.constantFrom('抽奖', '抽奖', '下单', '签到');
    const crowds = fc.array(fc.record({ day: fc.nat(3), texts: fc.array(does, { minLength: 1, maxLength: 5 }) }), {
      maxLength: 12,
    });
    const limits = fc.record(
      { freePerDay: fc.nat(3), earnPerDay: fc.nat(4), spendPerDay: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(crowds, limits, (written, wallet) => {
        const ledger = new Ledger(drawing(wallet));
        const spent = [0, 0, 0, 0];
        const earned = [0, 0, 0, 0];
        for (const { day, texts } of [...written].sort((a, b) => a.day - b.day)) {
          const decisions = ledger.playAtOnce(texts.map(text => says(`2026-02-1${day} 10:00`, text)));
          for (const decision of decisions) {
            if (decision.kind !== 'awarded') continue;
            if (decision.rule === 'draw') spent[day]!++;
            else earned[day]! += decision.rule === 'order' ? 2 : 1;
          }
        }
        let saved = 0;
        for (const day of [0, 1, 2, 3]) {
          expect(spent[day]).toBeLessThanOrEqual(wallet.spendPerDay ?? 99);
          saved += Math.min(earned[day]!, wallet.earnPerDay ?? 99);
          saved -= Math.max(0, spent[day]! - (wallet.freePerDay ?? 0));
          expect(saved).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('edited in mid-campaign', () => {
  test('fewer free ones: what was spent is not owed back', () => {
    const ledger = new Ledger(drawing({ freePerDay: 3 }));
    for (const text of ['抽奖', '抽奖', '签到']) ledger.play(says(DAY1, text));
    ledger.campaigns = [drawing({ freePerDay: 1 })];
    expect(['抽奖', '抽奖'].map(text => outcome(ledger.play(says(DAY1, text))))).toEqual(['thanks', 'noChance']);
  });

  test('more free ones: today already', () => {
    const ledger = new Ledger(drawing({ freePerDay: 1 }));
    ledger.play(says(DAY1, '抽奖'));
    ledger.campaigns = [drawing({ freePerDay: 2 })];
    expect(['抽奖', '抽奖'].map(text => outcome(ledger.play(says(DAY1, text))))).toEqual(['thanks', 'noChance']);
  });
});

test('a condition can ask for a balance: counters and value are there to be had', () => {
  const campaign = drawing({ freePerDay: 1, earnPerDay: 3, spendPerDay: 2 });
  const event = eventOf(says(DAY1, '抽奖'));
  const [match] = bookOf([campaign], ['tea']).match(event, event.sentAt);
  const looked = {
    campaign,
    rule: match!.rule,
    event,
    now: at(DAY1),
    day: dayOf(at('2026-02-10')),
    seed: 'seed',
    userKey: 'campaign/tea/user/ann',
  };
  const wallet = campaign.wallets.get('机会')!;
  const counters = walletCounters(looked, wallet);
  const wanted = factsQueryFor([match!], event, at(DAY1), { merchant: undefined, seedOf: () => 'seed' });
  expect(wanted.counters).toEqual(expect.arrayContaining(counters));
  const values: Record<string, number> = {
    'campaign/tea/user/ann/wallet/机会/earned': 5,
    'campaign/tea/user/ann/wallet/机会/spent': 2,
    'campaign/tea/user/ann/wallet/机会/free/day/2026-02-10': 1,
  };
  const facts = { follower: undefined, claims: new Set<string>(), counters: new Map(), halted: false };
  const situation = {
    ...looked,
    facts,
    value: (name: string) => values[name] ?? 0,
    see: ({ ok }: { readonly ok: boolean }) => ok,
  };
  expect(balanceOf(situation, wallet)).toBe(3);
});
