// What the n-th time gives: milestones of a count, each given once, also to those who come in the same moment.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import type { Campaign, ReplyTemplate } from '../../../src/core/rules/campaign.ts';
import {
  campaignOf,
  Ledger,
  nothing,
  outcome,
  packet,
  play,
  replyText,
  ruleOf,
  type Scripted,
  says,
  word,
  yuan,
} from '../../support/campaigns.ts';
import { inWords } from '../../support/checks.ts';

const DAY1 = '2026-02-10 10:00';
const COUNT: ReplyTemplate = { kind: 'text', text: '{{count}}/{{next}}' };
const SAYS = { won: COUNT, nothing: COUNT, limited: COUNT, soldOut: COUNT, already: COUNT };
const PRIZES = [packet('a', { min: fen(300) }), packet('b', { min: fen(1200) })];

type Steps = Readonly<Record<number, string | readonly string[]>>;

/** Each friend who pays counts for who invited them: ¥3.00 for three of them, ¥12.00 for ten. */
function invites(give: Steps = { 3: 'a', 10: 'b' }, parts: Parameters<typeof campaignOf>[0] = {}): Campaign {
  const rule = ruleOf({ id: 'invite', on: { kind: 'friend', did: 'paid' }, giveAt: give, replies: SAYS });
  return campaignOf({ prizes: PRIZES, rules: [rule], ...parts });
}

/** The n-th friend of `user` pays. */
function friend(n: number, user = 'ann'): Scripted {
  return {
    at: DAY1,
    user,
    key: `friend ${user} ${n}`,
    kind: 'friend',
    friend: openId(`friend${n}`),
    did: 'paid',
    campaign: 'tea',
  };
}

const friends = (from: number, to: number, user = 'ann'): Scripted[] =>
  Array.from({ length: to - from + 1 }, (_, n) => friend(from + n, user));

/** `3:a 10:b`: which times gave what. */
function gave(ledger: Ledger): string {
  return ledger.decisions
    .flatMap((decision, n) => (outcome(decision) === 'progress' ? [] : [`${n + 1}:${outcome(decision)}`]))
    .join(' ');
}

function counted(ledger: Ledger, from: number, to: number): Ledger {
  for (const each of friends(from, to)) ledger.play(each);
  return ledger;
}

test('the times that are named give, every other one only counts', () => {
  const ledger = counted(new Ledger(invites()), 1, 12);
  expect(gave(ledger)).toBe('3:a 10:b');
  expect(ledger.paid()).toBe(1500);
});

test('each time tells which it was, and how many more until a prize', () => {
  const told = play(invites(), friends(1, 11)).map(replyText);
  expect(told).toEqual(['1/2', '2/1', '3/7', '4/6', '5/5', '6/4', '7/3', '8/2', '9/1', '10/', '11/']);
});

test('a time that gives several things draws one of them', () => {
  const ledger = counted(new Ledger(invites({ 2: ['a', 'b'] }), { pinned: 'b' }), 1, 3);
  expect(gave(ledger)).toBe('2:b');
});

test('it is the inviter who counts and who wins', () => {
  const ledger = new Ledger(invites());
  for (const each of [...friends(1, 2), ...friends(1, 2, 'bob')]) ledger.play(each);
  expect(outcome(ledger.play(friend(3, 'bob')))).toBe('a');
  expect([...ledger.claims.keys()].at(-1)).toMatch(/^tea\/invite\/bob\//);
});

test('a redelivered event is the same claim, and counts once', () => {
  const ledger = counted(new Ledger(invites()), 1, 2);
  const decision = ledger.play(friend(2));
  expect([outcome(decision), replyText(decision)]).toEqual(['already', '2/1']);
  expect(outcome(ledger.play(friend(3)))).toBe('a');
});

test('a prize that is gone leaves the count as it is: the next one is the third again', () => {
  const ledger = counted(new Ledger(invites({ 3: 'a' }, { budget: { total: yuan('¥2.00'), alertAt: [] } })), 1, 4);
  expect(gave(ledger)).toBe('3:soldOut 4:soldOut');
  expect(replyText(ledger.decisions.at(-1)!)).toBe('2/1');
  ledger.campaigns = [invites({ 3: 'a' })];
  expect(outcome(ledger.play(friend(5)))).toBe('a');
});

test('with a fallback the time is used up', () => {
  const prizes = [packet('a', { stock: 0 }), nothing('thanks', { fallback: true })];
  const ledger = counted(new Ledger(invites({ 3: 'a' }, { prizes })), 1, 5);
  expect(gave(ledger)).toBe('3:thanks');
});

test('a limit of the follower stands above it', () => {
  const ledger = counted(new Ledger(invites({ 1: 'a', 2: 'a', 3: 'a' }, { perUser: { wins: 2 } })), 1, 4);
  expect(gave(ledger)).toBe('1:a 2:a 3:limited 4:limited');
});

test('a time that only counts is no draw: it unlocks nothing', () => {
  const big = packet('big', { unlockAfter: 2 });
  const prizes = [big, packet('a'), nothing('thanks')];
  const draw = ruleOf({ id: 'draw', give: ['big', 'a'] });
  const invite = ruleOf({ id: 'invite', on: word('进度'), giveAt: { 10: ['big', 'a'] } });
  const ledger = new Ledger(campaignOf({ prizes, rules: [draw, invite] }));
  for (let n = 0; n < 5; n++) ledger.play(says(DAY1, '进度'));
  expect(ledger.value('campaign/tea/user/ann/draws')).toBe(0);
  expect([1, 2].map(() => outcome(ledger.play(says(DAY1, '抽奖'))))).toEqual(['a', 'a']);
  expect(ledger.value('campaign/tea/user/ann/draws')).toBe(2);
});

test('a time that gives earns as well', () => {
  const rule = ruleOf({
    giveAt: { 2: 'a' },
    earn: { 积分: 5 },
    replies: { won: { kind: 'text', text: '{{balance}}' } },
  });
  const ledger = new Ledger(campaignOf({ prizes: PRIZES, wallets: { 积分: {} }, rules: [rule] }));
  ledger.play(says(DAY1, '抽奖'));
  expect(replyText(ledger.play(says(DAY1, '抽奖')))).toBe('10');
});

describe('in one moment', () => {
  test('two cannot both be the third: the later one is the fourth', () => {
    const ledger = counted(new Ledger(invites()), 1, 2);
    const decisions = ledger.playAtOnce([friend(3), friend(4)]);
    expect(decisions.map(outcome)).toEqual(['a', 'progress']);
    expect(decisions.map(replyText)).toEqual(['3/7', '4/6']);
    expect(ledger.races).toBe(1);
  });

  test('in whatever crowds they come, every step is given once', () => {
    const crowds = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 8 });
    const steps = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(crowds, steps, (sizes, keys) => {
        const ledger = new Ledger(invites(Object.fromEntries(keys.map(key => [key, key % 2 ? 'a' : 'b']))));
        let count = 0;
        for (const size of sizes) {
          ledger.playAtOnce(friends(count + 1, count + size));
          count += size;
        }
        const won = [...ledger.claims.values()].filter(({ prize }) => prize !== 'progress');
        expect(won).toHaveLength(keys.filter(key => key <= count).length);
        expect(ledger.value('campaign/tea/user/ann/rule/invite/count')).toBe(count);
      }),
      { numRuns: 100 },
    );
  });
});

describe('edited in mid-campaign', () => {
  const edited = (before: Steps, had: number, now: Steps, upTo: number): string => {
    const ledger = counted(new Ledger(invites(before)), 1, had);
    ledger.campaigns = [invites(now)];
    return gave(counted(ledger, had + 1, upTo));
  };

  const cases: readonly [name: string, before: Steps, had: number, now: Steps, gave: string][] = [
    ['a step put off is not given twice', { 3: 'a', 10: 'b' }, 3, { 5: 'a', 10: 'b' }, '3:a 10:b'],
    ['a step put off is given to who had not reached it', { 3: 'a' }, 2, { 5: 'a' }, '5:a'],
    ['a step brought forward is not given for a time that is past', { 10: 'b' }, 7, { 5: 'b' }, ''],
    ['a step brought forward is given where it now stands', { 10: 'b' }, 4, { 5: 'b' }, '5:b'],
    ['a new step with the same prizes is one more', { 3: 'a' }, 3, { 3: 'a', 6: 'a' }, '3:a 6:a'],
    ['a new step with other prizes is one more', { 3: 'a' }, 3, { 3: 'a', 6: 'b' }, '3:a 6:b'],
    ['a step that was removed takes nothing from the others', { 3: 'a', 10: 'b' }, 5, { 10: 'b' }, '3:a 10:b'],
    ['of two like steps the one put off is not given twice', { 3: 'a', 6: 'a' }, 3, { 4: 'a', 6: 'a' }, '3:a 6:a'],
    ['other prizes at a step that was had change nothing', { 3: 'a' }, 3, { 3: 'b' }, '3:a'],
  ];
  test.each(cases)('%s', (_, before, had, now, result) => {
    expect(edited(before, had, now, 12)).toBe(result);
  });

  test('a step that is not given again is not promised either', () => {
    const ledger = counted(new Ledger(invites({ 3: 'a', 10: 'b' })), 1, 3);
    ledger.campaigns = [invites({ 5: 'a', 10: 'b' })];
    expect(replyText(ledger.play(friend(4)))).toBe('4/6');
    ledger.play(friend(5));
    expect(inWords(ledger.decisions.at(-1)!.trace[0]!)).toContainEqual({
      ok: false,
      text: '第 5 次的奖品改期前已给过',
    });
  });

  test('whatever was there before, no more is given than the busier of both files says', () => {
    const steps = fc.dictionary(fc.integer({ min: 1, max: 12 }).map(String), fc.constantFrom('a', 'b'), { maxKeys: 5 });
    fc.assert(
      fc.property(steps, steps, fc.nat(12), (before, now, had) => {
        const ledger = counted(new Ledger(invites(before)), 1, had);
        ledger.campaigns = [invites(now)];
        counted(ledger, had + 1, 12);
        for (const prize of ['a', 'b']) {
          const times = (give: Steps): number => Object.values(give).filter(each => each === prize).length;
          const won = [...ledger.claims.values()].filter(claim => claim.prize === prize).length;
          expect(won).toBeLessThanOrEqual(Math.max(times(before), times(now)));
        }
      }),
      { numRuns: 200 },
    );
  });
});
