// A name that changes in a live campaign: what was claimed and counted under the old one counts for the new one, for ever.

import { describe, expect, test } from 'vitest';
import { Backtest } from '../../../src/core/analysis/backtest.ts';
import { Ledger } from '../../../src/core/analysis/memory-ledger.ts';
import { failuresOf, rehearse } from '../../../src/core/analysis/run-tests.ts';
import { verifyDraw } from '../../../src/core/analysis/verify-draw.ts';
import { showFinding } from '../../../src/core/base/error.ts';
import { type Event, eventKey, openId } from '../../../src/core/base/event.ts';
import { instant, parseBeijing } from '../../../src/core/base/time.ts';
import { decide, factsQueryFor } from '../../../src/core/decide/decide.ts';
import type { Decision } from '../../../src/core/decide/decision.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { decisionCalled } from '../../../src/core/decide/renamed-decision.ts';
import { describe as describeRules } from '../../../src/core/public-rules/describe.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaign, loadCampaigns } from '../../../src/core/rules/file/load.ts';
import { asWritten } from '../../../src/core/rules/renamed.ts';

function says(text: string): string[] {
  const loaded = loadCampaign('a.yaml', text);
  return 'findings' in loaded ? loaded.findings.map(showFinding) : [];
}

function load(text: string): Campaign {
  const loaded = loadCampaign('a.yaml', text);
  if ('findings' in loaded) throw new Error(loaded.findings.map(showFinding).join('\n'));
  return loaded.campaign;
}

const FIRST = `campaign: spring
name: 春天
period: { from: 2026-02-10, to: 2026-02-24 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
wallets:
  机会: {}
prizes:
  small: { redpacket: ¥1.00, stock: 2 }
  茶: { redpacket: ¥2.00 }
rules:
  - { id: join, on: { text: 参加 }, once: ever, give: small }
  - { id: sign, on: { text: 签到 }, once: perDay, earn: { 机会: 1 } }
  - { id: spend, on: { text: 兑换 }, when: 'wallet["机会"] >= 1', once: perEvent, spend: { 机会: 1 }, earn: { 机会: 1 } }
`;

const RAIN = `campaign: rain
name: 红包雨
period: { from: 2026-02-10, to: 2026-02-24 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2026-02-11 20:00, lasts: 10m, packets: 2, total: ¥3.00 }
prizes:
  雨: { redpacket: { split: ¥1.00..¥2.00 } }
rules:
  - { id: rain, on: { text: 红包雨 }, once: perRound, give: 雨 }
`;

/** Every name is another one. */
const RENAMED = FIRST.replace('campaign: spring', 'campaign: spring3\nwas: [spring, spring2]')
  .replace('机会: {}', '次数: { was: 机会 }')
  .replaceAll('{ 机会: 1 }', '{ 次数: 1 }')
  .replace('wallet["机会"]', 'wallet["次数"]')
  .replace('small: { redpacket: ¥1.00,', 'tiny: { was: [small, little], redpacket: ¥1.00,')
  .replace('give: small', 'give: tiny')
  .replace('id: join', 'id: join2, was: join');

let events = 0;
function event(user: string, text: string, at: string): Event {
  return {
    key: eventKey(`e${++events}`),
    account: 'tea',
    user: openId(user),
    sentAt: parseBeijing(at)!,
    kind: 'text',
    text,
  };
}
const AROUND = { merchant: undefined, seedOf: (id: string) => `seed of ${id}` };

function player() {
  const ledger = new Ledger();
  return (campaign: Campaign, user: string, text: string, at = '2026-02-11 10:00'): Decision =>
    ledger.play(bookOf([campaign], ['tea']), event(user, text, at), AROUND).decision;
}

describe('what was renamed', () => {
  const [first, renamed] = [load(FIRST), load(RENAMED)];

  test('cannot be claimed again, and its stock goes on counting', () => {
    const play = player();
    expect(play(first, 'ann', '参加')).toMatchObject({ kind: 'awarded', prize: 'small' });
    expect(play(renamed, 'ann', '参加')).toMatchObject({ kind: 'refused', refusal: 'already' });
    expect(play(renamed, 'bob', '参加')).toMatchObject({ kind: 'awarded', claimKey: 'spring/join/bob/ever' });
    expect(play(renamed, 'eve', '参加')).toMatchObject({ kind: 'refused', refusal: 'soldOut' });
    expect(play(first, 'eve', '参加')).toMatchObject({ kind: 'refused', refusal: 'soldOut' });
  });

  test('keeps what is in a wallet, also for a condition that speaks of it', () => {
    const play = player();
    expect(play(renamed, 'ann', '兑换').kind).toBe('ignored');
    play(first, 'ann', '签到');
    expect(play(renamed, 'ann', '签到')).toMatchObject({ kind: 'refused', refusal: 'already' });
    expect(play(renamed, 'ann', '兑换')).toMatchObject({ kind: 'awarded', rule: 'spend' });
  });

  test('keeps the slots of a round and their amounts', () => {
    const play = player();
    const at = '2026-02-11 20:01';
    const before = load(RAIN);
    const after = load(
      RAIN.replace('name: 第一场,', 'name: 晚场, was: 第一场,').replace('campaign: rain', 'campaign: r2\nwas: rain'),
    );
    const amountOf = (decision: Decision): number => (decision.kind === 'awarded' ? decision.amount : Number.NaN);
    const one = amountOf(play(before, 'ann', '红包雨', at));
    expect(play(after, 'ann', '红包雨', at)).toMatchObject({ kind: 'refused', refusal: 'already' });
    const two = amountOf(play(after, 'bob', '红包雨', at));
    expect(one + two).toBe(300);
    expect(describeRules(after).join('\n')).toContain('「晚场」');
    expect(play(after, 'eve', '红包雨', at)).toMatchObject({ kind: 'refused', refusal: 'soldOut' });
  });

  test('honours what was claimed under any of its names before it said so', () => {
    const now = parseBeijing('2026-02-11 10:00')!;
    const book = bookOf([renamed], ['tea']);
    const told = event('ann', '参加', '2026-02-11 10:00');
    const matches = book.match(told, now);
    const wanted = factsQueryFor(matches, told, now, AROUND);
    for (const key of ['spring', 'spring2', 'spring3'].flatMap(id => [`${id}/join/ann/ever`, `${id}/join2/ann/ever`])) {
      expect(wanted.claims).toContain(key);
      const facts = { follower: undefined, claims: new Set([key]), counters: new Map(), halted: false };
      expect([key, decide(matches, told, facts, now, AROUND)]).toMatchObject([key, { refusal: 'already' }]);
    }
  });

  test('is shown by its name of today: in tests, in the public rules, in an explanation, in a change looked at', () => {
    const withTest = load(`${RENAMED}tests:
  - { name: 新名字, draw: tiny, events: [{ at: 2026-02-11 10:00, user: ann, text: 参加, expect: { rule: join2, prize: tiny } }] }
`);
    expect(failuresOf(withTest, rehearse(withTest))).toEqual([]);
    const rules = describeRules(renamed).join('\n');
    expect(rules).toContain('「tiny」');
    expect(rules).not.toMatch(/small|机会/);
    const play = player();
    const decision = decisionCalled(play(renamed, 'ann', '参加'), [renamed]);
    expect(decision).toMatchObject({ campaign: 'spring3', rule: 'join2', prize: 'tiny' });
    expect(JSON.stringify(decision.trace)).not.toMatch(/small/);
    expect(asWritten(renamed).prizes.has('tiny')).toBe(true);
    const backtest = new Backtest({ now: bookOf([first], ['tea']), changed: bookOf([renamed], ['tea']) }, () => AROUND);
    for (const user of ['ann', 'bob', 'eve']) {
      const told = event(user, '参加', '2026-02-11 10:00');
      backtest.play({ at: instant(told.sentAt), event: told, decision: play(first, user, '参加') });
    }
    expect(backtest.report()).toMatchObject({ decided: 0, events: 3 });
  });
});

test('a draw of what was renamed is verified by the key it has, with the names of before or of today', () => {
  const renamed = load(RENAMED);
  const seed = 'ab'.repeat(32);
  const { drawn } = verifyDraw(seed, 'spring/join/ann/ever', renamed, new Set());
  expect(drawn).toEqual([{ prize: 'tiny', amount: 100 }]);
  expect(verifyDraw(seed, 'spring/join/ann/ever', renamed, new Set(['tiny'])).drawn).toEqual([]);
  expect(() => verifyDraw(seed, 'summer/join/ann/ever', renamed)).toThrow('the claim is of "summer", not of "spring3"');
});

describe('a name', () => {
  test('stands for one thing: what is still there, what two say, what is its own, and was beside new are errors', () => {
    const twice = FIRST.replace('id: sign', 'id: sign, was: join');
    expect(says(twice)).toEqual([
      'a.yaml:13:22: `was: join`: the rule "join" is still there, in line 12; leave `was` out, or take that one out',
    ]);
    const cycle = FIRST.replace('id: join', 'id: join, was: sign').replace('id: sign', 'id: sign, was: join');
    expect(says(cycle)).toHaveLength(2);
    const both = FIRST.replace('id: join', 'id: join, was: old').replace('id: sign', 'id: sign, was: [older, old]');
    expect(says(both)).toEqual([
      'a.yaml:13:30: "join" was "old" already; a rule goes on as one other, so only one of them can say it',
    ]);
    expect(says(FIRST.replace('id: join', 'id: join, was: join'))).toEqual([
      'a.yaml:12:22: "join" is its own name; `was` says what the rule was called before',
    ]);
    expect(says(FIRST.replace('stock: 2', 'stock: 2, was: old, new: true'))).toEqual([
      'a.yaml:9:55: `was` says that the prize is another one renamed, `new` that it is none; write one of them',
    ]);
    expect(says(FIRST.replace('small: {', 'small: { was: 茶,'))).toEqual([
      'a.yaml:9:17: `was: 茶`: the prize "茶" is still there; leave `was` out, or take that one out',
    ]);
  });

  test('of a campaign stands for one in all files', () => {
    const file = (name: string, head: string) => ({
      file: name,
      text: FIRST.replace('campaign: spring', head),
    });
    const { findings } = loadCampaigns([
      file('a.yaml', 'campaign: spring'),
      file('b.yaml', 'campaign: summer\nwas: spring'),
    ]);
    expect(findings.map(showFinding)).toContain(
      'b.yaml:2:6: `was: spring`: the campaign "spring" is still there, in a.yaml; leave `was` out, or take that file out',
    );
    const two = loadCampaigns([file('a.yaml', 'campaign: a\nwas: old'), file('b.yaml', 'campaign: b\nwas: [old, c]')]);
    expect(two.campaigns).toEqual([]);
    expect(two.findings.map(showFinding)).toEqual([
      'a.yaml:2:6: "b" in b.yaml was "old" as well; a campaign goes on as one other, so only one of them can say it',
      'b.yaml:2:7: "a" in a.yaml was "old" as well; a campaign goes on as one other, so only one of them can say it',
    ]);
  });
});
