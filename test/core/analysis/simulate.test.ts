// `hongbao simulate`: thousands of draws by the code that draws for followers, and a made-up day.

import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DaySimulation, simulateDay } from '../../../src/core/analysis/simulate-day.ts';
import { type DrawSimulation, simulateDraws } from '../../../src/core/analysis/simulate-draws.ts';
import { syntheticDayOf } from '../../../src/core/analysis/synthetic-day.ts';
import { chanceOf, logNormal, poisson } from '../../../src/core/base/random.ts';
import { beijingText, dayOf } from '../../../src/core/base/time.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { checkRuleFiles } from '../../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../../src/engine/rulebook-files.ts';
import { at, campaignOf, coupons, nothing, packet, roundOf, ruleOf, word, yuan } from '../../support/campaigns.ts';
import { run } from '../../support/command.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

function draw(campaign: Campaign, draws = 2000, seed = 'seed'): DrawSimulation {
  const [first] = simulateDraws(campaign, draws, chanceOf(seed));
  return first!;
}

function day(campaign: Campaign, { users = 300, perUser = 3, seed = 'seed', on }: DayParts = {}): DaySimulation {
  return simulateDay(campaign, {
    users,
    perUser,
    day: on === undefined ? undefined : dayOf(at(on)),
    chance: chanceOf(seed),
  });
}
type DayParts = { users?: number; perUser?: number; seed?: string; on?: string };

describe('many draws', () => {
  const prizes = [packet('a', { weight: 3 }), packet('b', { weight: 1, min: yuan('¥2.00') }), nothing('none')];

  test('follow the weights and come to what they cost', () => {
    const { prizes: drawn, spend, refused } = draw(campaignOf({ prizes }), 5000);
    expect(drawn.map(({ prize, odds }) => [prize, odds])).toEqual([
      ['a', 0.6],
      ['b', 0.2],
      ['none', 0.2],
    ]);
    for (const { count, odds } of drawn) expect(Math.abs(count / 5000 - odds!)).toBeLessThan(0.03);
    const [a, b] = drawn;
    expect(spend).toBe(a!.count * 100 + b!.count * 200);
    expect(refused).toBe(0);
  });

  test('say which prize goes when, and what stands in the way then', () => {
    const { prizes: drawn, limits } = draw(campaignOf({ prizes: [packet('a', { stock: 10 }), ...prizes.slice(1)] }));
    expect(drawn[0]).toMatchObject({ prize: 'a', count: 10 });
    expect(drawn[0]!.goneAt).toBeLessThan(60);
    expect(limits).toMatchObject([
      { limit: { zh: '「a」已发' }, count: 2000 - drawn[0]!.goneAt!, firstAt: drawn[0]!.goneAt! + 1 },
    ]);
  });

  test('end where the budget ends', () => {
    const budget = { total: yuan('¥50.00'), alertAt: [] };
    const { spend, soldOutAt, refused, limits } = draw(campaignOf({ prizes: [packet('a')], budget }), 80);
    expect([spend, soldOutAt, refused]).toEqual([5000, 51, 30]);
    expect(limits).toMatchObject([{ limit: { zh: '预算剩' }, count: 30, firstAt: 51 }]);
  });

  test('end where the last coupon was handed out', () => {
    const { prizes: drawn, soldOutAt } = draw(campaignOf({ prizes: [coupons('c', ['A', 'B', 'C'])] }), 10);
    expect(drawn).toMatchObject([{ prize: 'c', count: 3, goneAt: 3 }]);
    expect(soldOutAt).toBe(4);
  });

  test('are not refused for hours, days, followers or wallets', () => {
    const rule = ruleOf({ give: ['a'], once: 'ever', spend: { 机会: 1 }, who: { firstFollow: true, tags: ['会员'] } });
    const campaign = campaignOf({
      rules: [rule],
      prizes: [packet('a', { perDay: 1, unlockAfter: 3, window: { hours: [[60, 61]] } })],
      perUser: { total: 1 },
      perMinute: 1,
      stores: new Map(),
      segments: new Map([['会员', new Set<string>()]]),
      wallets: { 机会: {} },
      period: { hours: [[600, 601]] },
      mode: 'draft',
    });
    expect(draw(campaign, 100)).toMatchObject({ refused: 0, spend: 10_000 });
  });

  test('of a round come to exactly its total', () => {
    const rain = packet('rain', { min: yuan('¥1.00'), max: yuan('¥20.00'), split: true });
    const rounds = [
      roundOf('一', '2026-02-10 20:00', '5m', 100, '¥300.00'),
      roundOf('二', '2026-02-10 21:00', '5m', 50, '¥100.00'),
    ];
    expect(draw(campaignOf({ prizes: [rain], rounds }), 400)).toMatchObject({ spend: 40_000, refused: 250 });
  });

  test('by what was paid are made with bills around the sums', () => {
    const steps = [
      { from: yuan('¥50.00'), amount: yuan('¥2.00') },
      { from: yuan('¥100.00'), amount: yuan('¥5.00') },
    ];
    const back = packet('back', { min: yuan('¥2.00'), max: yuan('¥5.00'), steps });
    const rules = [ruleOf({ on: { kind: 'paid' }, give: ['back'] })];
    const { spend, prizes: drawn } = draw(campaignOf({ prizes: [back], rules }), 500);
    const mean = spend / drawn[0]!.count;
    expect(mean).toBeGreaterThan(220);
    expect(mean).toBeLessThan(480);
  });

  test('are told apart by the times of which they are the prizes', () => {
    const rules = [ruleOf({ giveAt: { 3: 'a', 5: ['a', 'b'], 7: 'a' } })];
    const found = simulateDraws(campaignOf({ prizes, rules }), 10, chanceOf('x'));
    expect(found.map(({ times, prizes: drawn }) => [times, drawn.map(({ prize }) => prize)])).toEqual([
      [[3, 7], ['a']],
      [[5], ['a', 'b']],
    ]);
  });

  test('are the same again with the same seed, and others with another', () => {
    const campaign = campaignOf({ prizes });
    expect(draw(campaign, 200, 'x')).toEqual(draw(campaign, 200, 'x'));
    expect(draw(campaign, 200, 'x')).not.toEqual(draw(campaign, 200, 'y'));
  });
});

describe('a made-up day', () => {
  const prizes = [packet('a')];
  const open = (parts: Parameters<typeof campaignOf>[0] = {}) =>
    campaignOf({ prizes, rules: [ruleOf({ once: 'perDay', give: ['a'] })], ...parts });

  test('adds up: hours, prizes and winners come to the same', () => {
    const { hours, prizes: won, winners, spend, packets, refusals, events } = day(open());
    expect(hours.reduce((sum, { amount }) => sum + amount, 0)).toBe(spend);
    expect(hours.reduce((sum, each) => sum + each.events, 0)).toBe(events);
    expect(won).toEqual([{ campaign: 'tea', prize: 'a', count: packets, amount: spend }]);
    expect(winners).toEqual({ none: 0, once: 300, twice: 0, more: 0 });
    expect(refusals).toEqual({ already: expect.any(Number) });
  });

  test('is the same again with the same seed', () => {
    expect(day(open())).toEqual(day(open()));
    expect(day(open(), { seed: 'other' })).not.toEqual(day(open()));
  });

  test('lies in the hours of the campaign, more in the evening than in the morning', () => {
    const { hours } = day(open({ period: { hours: [[480, 1320]] } }), { users: 1000 });
    const came = new Map(hours.map(({ hour, events }) => [hour, events]));
    expect(hours.map(({ hour }) => hour).filter(hour => hour < '07' || hour > '21')).toEqual([]);
    expect(came.get('20')!).toBeGreaterThan(came.get('09')! * 1.3);
  });

  test('says when the budget of the day was gone, and which limit that was', () => {
    const budget = { total: yuan('¥100.00'), perDay: yuan('¥20.00'), alertAt: [] };
    const rules = [ruleOf({ once: 'perDay', give: ['a', 'b'] })];
    const { spend, soldOutAt, limits, refusals } = day(open({ budget, rules, prizes: [...prizes, packet('b')] }));
    expect(spend).toBe(2000);
    expect(beijingText(soldOutAt!)).toMatch(/^2026-01-01/);
    expect(limits).toMatchObject([
      { campaign: 'tea', limit: { zh: '今日预算剩' }, count: refusals['soldOut'], first: soldOutAt },
    ]);
  });

  test('is the first one on which the campaign is open, or the one that is named', () => {
    const campaign = open({ period: { weekdays: ['mon'] } });
    expect(day(campaign).day).toBe('2026-01-05');
    expect(day(campaign, { on: '2026-02-09' }).day).toBe('2026-02-09');
    expect(() => day(campaign, { on: '2026-02-10' })).toThrow('tea.yaml: "tea" is not open on 2026-02-10');
    expect(() => day(open({ period: { to: at('2026-01-01') } }))).toThrow('is not open on any day');
  });

  test('has new followers who come through the scenes of the rules', () => {
    const rules = [ruleOf({ on: { kind: 'subscribe', first: true, scenes: ['store-*'] }, once: 'ever', give: ['a'] })];
    expect(day(open({ rules }))).toMatchObject({ newFollowers: 300, won: 300 });
  });

  test('has friends who were invited, and those who invited them are told', () => {
    const rules = [
      ruleOf({ id: 'code', on: word('邀请'), invite: { validFor: 86_400_000 } }),
      ruleOf({ id: 'friend', on: { kind: 'friend', did: 'followed' }, give: ['a'] }),
    ];
    const { won, newFollowers } = day(open({ rules }));
    expect(won).toBeGreaterThan(newFollowers / 4);
  });

  test('takes back what refunds undo', () => {
    const rule = ruleOf({ on: { kind: 'paid' }, give: ['a'], delay: 86_400_000, cancelIf: ['refunded'] });
    const { takenBack, spend, packets } = day(open({ rules: [rule] }), { users: 1000 });
    expect(takenBack).toBeGreaterThan(0);
    expect(spend).toBe(packets * 100);
  });

  test('plays quizzes and printed codes to their end', () => {
    const bank = Array.from({ length: 5 }, (_, n) => ({ text: `${n}`, choices: ['x', 'y'], right: 0 }));
    const quiz = { bank, questions: 1, pass: 1, time: 20_000, triesPerDay: 3 };
    const rules = [
      ruleOf({ id: 'quiz', on: word('答题'), quiz, give: ['a'] }),
      ruleOf({ id: 'code', on: { kind: 'code', batch: 'x' }, assigned: true }),
    ];
    const { prizes: won, refusals } = day(open({ prizes: [...prizes, nothing('none')], rules }));
    expect(won.map(({ prize }) => prize).sort()).toEqual(['a', 'none']);
    expect(Object.keys(refusals)).not.toContain('notEligible/invalid');
  });

  test('falls mostly into the rounds, for those who come for them', () => {
    const rain = packet('rain', { min: yuan('¥1.00'), max: yuan('¥20.00'), split: true });
    const rounds = [roundOf('一', '2026-02-10 20:00', '5m', 100, '¥300.00')];
    const { day: on, hours, spend } = day(open({ prizes: [rain], rules: [ruleOf({ give: ['rain'] })], rounds }));
    expect([on, spend]).toEqual(['2026-02-10', 30_000]);
    const all = hours.reduce((sum, { events }) => sum + events, 0);
    expect(hours.find(({ hour }) => hour === '20')!.events).toBeGreaterThan(all / 2);
  });

  test('says for which triggers nobody could be made up', () => {
    const on = { kind: 'text', match: 'pattern', patterns: [] } as const;
    const rules = [ruleOf({ id: 'guess', on, give: ['a'] }), ruleOf({ give: ['a'] })];
    expect(day(open({ rules })).leftOut).toEqual([{ rule: 'guess', trigger: 'text pattern' }]);
  });

  test('of everything the language has runs through', async () => {
    const file = resolve(ROOT, 'test/fixtures/rules/everything.yaml');
    const { campaigns } = checkRuleFiles(await readRuleFiles([file]));
    const { won, refusals } = day(campaigns[0]!);
    expect(won).toBeGreaterThan(20);
    expect(Object.keys(refusals).length).toBeGreaterThan(3);
  });

  test('has as many events as were asked for, on the average', () => {
    const plan = { campaign: open(), account: 'tea', day: dayOf(at('2026-01-01')), users: 1000, perUser: 4 };
    const { events, newFollowers } = syntheticDayOf({ ...plan, chance: chanceOf('x') })!;
    const doings = events.filter(({ kind }) => kind === 'text').length;
    expect(Math.abs(doings / 1000 - 4)).toBeLessThan(0.3);
    expect(events.map(({ sentAt }) => sentAt)).toEqual(events.map(({ sentAt }) => sentAt).sort((a, b) => a - b));
    expect(Math.abs(newFollowers / 1000 - 0.3)).toBeLessThan(0.05);
  });
});

describe('chance', () => {
  test('is even, and repeats with its seed', () => {
    const chance = chanceOf('a');
    const values = Array.from({ length: 10_000 }, chance);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 10_000 - 0.5)).toBeLessThan(0.02);
    expect(values.every(value => value >= 0 && value < 1)).toBe(true);
    expect(Array.from({ length: 3 }, chanceOf('a'))).toEqual(values.slice(0, 3));
    expect(chanceOf('b')()).not.toBe(values[0]);
  });

  test('has the means it says', () => {
    const chance = chanceOf('b');
    const mean = (of: () => number): number => Array.from({ length: 5000 }, of).reduce((sum, x) => sum + x, 0) / 5000;
    expect(Math.abs(mean(() => poisson(3, chance)) - 3)).toBeLessThan(0.1);
    expect(mean(() => (logNormal(100, 0.6, chance) < 100 ? 1 : 0))).toBeCloseTo(0.5, 1);
  });
});

describe('the command', () => {
  const simulate = (...args: string[]) => run(ROOT, 'simulate', 'rules/lottery.yaml', ...args);

  test('shows draws, and a day if it is asked for', async () => {
    const { code, out } = await simulate('--draws', '1000', '--day', '2026-02-10', '--users', '100', '--lang', 'zh');
    expect(code).toBe(0);
    expect(out).toMatch(/^lottery\/draw：1000 次，花 ¥\d+\.\d\d，平均每次 ¥/);
    expect(out).toMatch(/谢谢参与 {4}26\.90%/);
    expect(out).toMatch(/lottery 的一天 2026-02-10：100 人/);
  });

  test('prints the same JSON for the same seed', async () => {
    const [one, other] = await Promise.all([simulate('--draws', '50', '--json'), simulate('--draws', '50', '--json')]);
    expect(one.out).toBe(other.out);
    expect(JSON.parse(one.out)).toMatchObject({ seed: '1', draws: [{ campaign: 'lottery', rule: 'draw', draws: 50 }] });
  });

  test('refuses rules with findings, and counts that make no sense', async () => {
    expect(await run(ROOT, 'simulate', 'test/fixtures/rules/tab.bad.yaml')).toMatchObject({ code: 2, out: '' });
    expect((await simulate('--draws', '0')).err).toMatch(/--draws 0: expected a whole number from 1/);
  });
});
