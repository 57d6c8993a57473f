// Streaks of days: cycles, prizes on some of their days, the one day that may be made up for, and files edited midway.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fen } from '../../../src/core/base/money.ts';
import { DAY, type Instant, later } from '../../../src/core/base/time.ts';
import type { Campaign, ReplyTemplate, Rule } from '../../../src/core/rules/campaign.ts';
import { at, campaignOf, Ledger, outcome, packet, replyText, ruleOf, says, word } from '../../support/campaigns.ts';
import { inWords } from '../../support/checks.ts';

const COUNT: ReplyTemplate = { kind: 'text', text: '{{count}}/{{next}}' };
const SAYS = { won: COUNT, nothing: COUNT, already: COUNT, limited: COUNT, notEligible: COUNT, soldOut: COUNT };

type Edit = {
  readonly cycle?: number;
  readonly cycles?: number;
  readonly give?: Readonly<Record<number, string>>;
  readonly makeUp?: Parameters<typeof ruleOf>[0];
  readonly dayStartsAt?: number;
};

/** 签到 every day of a cycle of 7, ¥1.00 on the third and ¥5.00 on the last; 补签 makes up for a day. */
function checkIns({
  cycle = 7,
  cycles,
  give = { 3: 'small', 7: 'big' },
  makeUp = {},
  dayStartsAt = 0,
}: Edit = {}): Campaign {
  const streak: Rule['streak'] = { cycle, ...(cycles !== undefined && { cycles }) };
  return campaignOf({
    period: { dayStartsAt },
    prizes: [packet('small'), packet('big', { min: fen(500) })],
    rules: [
      ruleOf({ id: 'checkin', on: word('签到'), once: 'perDay', streak, giveAt: give, replies: SAYS }),
      ruleOf({ id: 'makeup', on: word('补签'), once: 'perDay', makeUp: 'checkin', replies: SAYS, ...makeUp }),
    ],
  });
}

/** Noon of the n-th day, the first one being day 1. */
function noon(day: number): Instant {
  return later(at('2026-03-01 12:00'), (day - 1) * DAY);
}

class Diary extends Ledger {
  /** What came of checking in on these days. */
  signs(...days: readonly number[]): string[] {
    return days.map(day => outcome(this.play(says(noon(day), '签到'))));
  }

  makesUp(day: number): string {
    return outcome(this.play(says(noon(day), '补签')));
  }

  /** `count/next` as the latest reply told them. */
  get told(): string {
    return replyText(this.decisions.at(-1)!);
  }
}

const days = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('a streak', () => {
  test('gives on the days it names, and only counts on the others; then a new cycle begins', () => {
    const cycle = ['progress', 'progress', 'small', 'progress', 'progress', 'progress', 'big'];
    expect(new Diary(checkIns()).signs(...days(1, 15))).toEqual([...cycle, ...cycle, 'progress']);
  });

  test('tells which day this is and how many more until a prize, also in the next cycle', () => {
    const diary = new Diary(checkIns());
    const told = days(1, 8).map(day => diary.signs(day) && diary.told);
    expect(told).toEqual(['1/2', '2/1', '3/4', '4/3', '5/2', '6/1', '7/3', '1/2']);
  });

  test('counts a day once, and says where it stands', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    expect([diary.signs(2), diary.told]).toEqual([['already'], '2/1']);
    expect(diary.signs(3)).toEqual(['small']);
  });

  test('begins anew after a missed day', () => {
    const diary = new Diary(checkIns());
    expect(diary.signs(1, 2, 4, 5)).toEqual(['progress', 'progress', 'progress', 'progress']);
    expect(diary.told).toBe('2/1');
    expect(diary.signs(6)).toEqual(['small']);
  });

  test('of which the last day was missed has earned nothing', () => {
    expect(new Diary(checkIns()).signs(...days(1, 6), 8, 9, 10)).toEqual([
      ...['progress', 'progress', 'small', 'progress', 'progress', 'progress'],
      ...['progress', 'progress', 'small'],
    ]);
  });

  test('has the campaign’s own days: 03:59 is still yesterday', () => {
    const ledger = new Ledger(checkIns({ dayStartsAt: 240 }));
    const sign = (time: string): string => replyText(ledger.play(says(time, '签到')));
    expect(sign('2026-03-01 23:00')).toBe('1/2');
    expect(sign('2026-03-02 03:59')).toBe('1/2');
    expect(sign('2026-03-02 04:00')).toBe('2/1');
    expect(sign('2026-03-04 03:59')).toBe('3/4');
  });

  test('ends after so many whole cycles; one that was broken off is none', () => {
    const diary = new Diary(checkIns({ cycles: 2 }));
    diary.signs(1, 2, 3, ...days(10, 16));
    expect(diary.signs(16)).toEqual(['already']);
    expect(diary.signs(...days(17, 22))).not.toContain('limited');
    expect(diary.signs(23)).toEqual(['big']);
    expect(diary.told).toBe('7/');
    expect(diary.signs(23, 24, 40)).toEqual(['already', 'limited', 'limited']);
  });

  test('promises nothing of a cycle that will not be', () => {
    const told = (cycles: number): string[] => {
      const diary = new Diary(checkIns({ cycles, give: { 3: 'small' } }));
      return [2, 3, 4].map(to => diary.signs(...days(to === 2 ? 1 : to, to)) && diary.told);
    };
    expect(told(1)).toEqual(['2/1', '3/', '4/']);
    expect(told(2)).toEqual(['2/1', '3/7', '4/6']);
  });

  test('is each follower’s own', () => {
    const ledger = new Ledger(checkIns());
    for (const day of [1, 2]) ledger.play(says(noon(day), '签到', 'ann'));
    expect(outcome(ledger.play(says(noon(3), '签到', 'bob')))).toBe('progress');
    expect(outcome(ledger.play(says(noon(3), '签到', 'ann')))).toBe('small');
  });

  test('without days named gives every day', () => {
    const rule = ruleOf({ once: 'perDay', streak: { cycle: 7 }, give: ['small'], replies: { won: COUNT } });
    const ledger = new Ledger(campaignOf({ prizes: [packet('small')], rules: [rule] }));
    const decisions = [1, 2].map(day => ledger.play(says(noon(day), '抽奖')));
    expect(decisions.map(outcome)).toEqual(['small', 'small']);
    expect(replyText(decisions[1]!)).toBe('2/');
  });

  test('of one day gives every day, and each is a whole cycle', () => {
    const diary = new Diary(checkIns({ cycle: 1, cycles: 3, give: { 1: 'small' } }));
    expect(diary.signs(1, 2, 5, 6)).toEqual(['small', 'small', 'small', 'limited']);
  });

  test('says in the trace which day it was', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    expect(inWords(diary.decisions.at(-1)!.trace[0]!)).toEqual(
      expect.arrayContaining([
        { ok: true, text: '上次签到在 1 天前' },
        { ok: true, text: '连续第 2 天' },
      ]),
    );
  });

  test('does not go on when its prize is gone: the day can be tried again', () => {
    const campaign = { ...checkIns(), budget: { total: fen(100), alertAt: [] } };
    const diary = new Diary(campaign);
    expect(diary.signs(...days(1, 7), 7)).toEqual([
      ...['progress', 'progress', 'small', 'progress', 'progress', 'progress'],
      ...['soldOut', 'soldOut'],
    ]);
    expect(diary.told).toBe('6/1');
    diary.campaigns = [checkIns()];
    expect(diary.signs(7)).toEqual(['big']);
  });
});

describe('a day made up for', () => {
  test('keeps the streak, before the check-in of the day after', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2, 3);
    expect([diary.makesUp(5), diary.told]).toEqual(['progress', '4/3']);
    expect([diary.signs(5), diary.told]).toEqual([['progress'], '5/2']);
    expect(diary.signs(6, 7)).toEqual(['progress', 'big']);
  });

  test('must be yesterday, the only one missed, and today not checked in', () => {
    const diary = new Diary(checkIns());
    const seen = (): string => inWords(diary.decisions.at(-1)!.trace[0]!).find(({ ok }) => !ok)!.text;
    expect([diary.makesUp(1), seen()]).toEqual(['notEligible', '还没有签到过，没有可补的']);
    diary.signs(1);
    expect([diary.makesUp(1), seen()]).toEqual(['notEligible', '今天已签到，昨天的不能再补']);
    expect([diary.makesUp(2), seen()]).toEqual(['notEligible', '昨天已签到，没有可补的']);
    expect([diary.makesUp(4), seen()]).toEqual(['notEligible', '漏签 2 天，只能补 1 天']);
    diary.signs(4);
    expect([diary.makesUp(4), seen()]).toEqual(['notEligible', '今天已签到，昨天的不能再补']);
  });

  test('comes too late after today’s check-in: a new streak has begun', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2, 4);
    expect(diary.makesUp(4)).toBe('notEligible');
    expect([diary.signs(5), diary.told]).toEqual([['progress'], '2/1']);
  });

  test('is one a cycle, and there is another in the next', () => {
    const diary = new Diary(checkIns());
    diary.signs(1);
    expect(diary.makesUp(3)).toBe('progress');
    diary.signs(3, 4);
    expect(diary.makesUp(6)).toBe('limited');
    diary.signs(...days(10, 16), 17);
    expect(diary.makesUp(19)).toBe('progress');
    expect([diary.signs(19), diary.told]).toEqual([['small'], '3/4']);
  });

  test('may be the first of a cycle', () => {
    const diary = new Diary(checkIns());
    diary.signs(...days(1, 7));
    expect([diary.makesUp(9), diary.told]).toEqual(['progress', '1/2']);
    expect([diary.signs(9), diary.told]).toEqual([['progress'], '2/1']);
    diary.signs(10);
    expect(diary.makesUp(12)).toBe('limited');
  });

  test('is of no use as the last of a cycle, unless the rule gives something for it', () => {
    const diary = new Diary(checkIns());
    diary.signs(...days(1, 6));
    expect(diary.makesUp(8)).toBe('notEligible');
    expect([diary.signs(8), diary.told]).toEqual([['progress'], '1/2']);

    const kind = new Diary(checkIns({ cycles: 1, makeUp: { giveAt: { 7: 'big' } } }));
    kind.signs(...days(1, 6));
    expect([kind.makesUp(8), kind.told]).toEqual(['big', '7/']);
    expect(kind.signs(8)).toEqual(['limited']);
  });

  test('gives what its own rule says for that day, not what the streak’s does', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    expect(diary.makesUp(4)).toBe('progress');
    expect(diary.signs(4)).toEqual(['progress']);
    expect(diary.paid()).toBe(0);
  });

  test('can cost points', () => {
    const points = { 积分: {} };
    const base = checkIns({ makeUp: { spend: { 积分: 20 } } });
    const order = ruleOf({ id: 'order', on: word('下单'), earn: { 积分: 20 } });
    const campaign = campaignOf({
      ...base,
      prizes: [...base.prizes.values()],
      wallets: points,
      rules: [...base.rules, order],
    });
    const diary = new Diary(campaign);
    diary.signs(1, 2);
    expect(diary.makesUp(4)).toBe('noChance');
    diary.play(says(noon(4), '下单'));
    expect(diary.makesUp(4)).toBe('progress');
    expect(diary.value('campaign/tea/user/ann/wallet/积分/spent')).toBe(20);
  });

  test('cannot go beyond the last cycle', () => {
    const diary = new Diary(checkIns({ cycles: 1 }));
    diary.signs(...days(1, 7));
    expect(diary.makesUp(9)).toBe('limited');
  });
});

describe('in one moment', () => {
  const atOnce = (diary: Diary, day: number, ...texts: string[]): string[] =>
    diary.playAtOnce(texts.map(text => says(noon(day), text))).map(outcome);

  test('two check-ins are one', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    expect(atOnce(diary, 3, '签到', '签到')).toEqual(['small', 'already']);
    expect(diary.paid()).toBe(100);
  });

  test('a check-in before the makeUp: it is too late for that', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    expect(atOnce(diary, 4, '签到', '补签')).toEqual(['progress', 'notEligible']);
    expect(diary.told).toBe('1/2');
  });

  test('a makeUp before the check-in: that one goes on with the streak', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    expect(atOnce(diary, 4, '补签', '签到')).toEqual(['progress', 'progress']);
    expect(diary.told).toBe('4/3');
    expect(diary.races).toBe(1);
  });

  test('two makeUps are one', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    expect(atOnce(diary, 4, '补签', '补签')).toEqual(['progress', 'notEligible']);
  });

  test('a clock that is behind does not turn the streak back', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2, 3);
    expect(diary.signs(2)).toEqual(['already']);
    const behind = diary.decide(says(noon(3), '补签'));
    expect(outcome(behind.decision)).toBe('notEligible');
    expect([diary.signs(4), diary.told]).toEqual([['progress'], '4/3']);
  });
});

describe('edited in mid-campaign', () => {
  test('a longer cycle does not give the last prize once more to who has just had it', () => {
    const diary = new Diary(checkIns());
    expect(diary.signs(...days(1, 7)).at(-1)).toBe('big');
    diary.campaigns = [checkIns({ cycle: 8, give: { 3: 'small', 8: 'big' } })];
    expect([diary.signs(7), diary.told]).toEqual([['already'], '7/3']);
    expect([diary.signs(8), diary.told]).toEqual([['progress'], '1/2']);
    expect(diary.signs(...days(9, 15)).filter(prize => prize === 'big')).toEqual(['big']);
  });

  test('a longer cycle goes on for who is in the middle', () => {
    const diary = new Diary(checkIns());
    diary.signs(...days(1, 5));
    diary.campaigns = [checkIns({ cycle: 8, give: { 3: 'small', 8: 'big' } })];
    expect(diary.signs(6, 7, 8)).toEqual(['progress', 'progress', 'big']);
  });

  test('a shorter cycle gives nothing for days that are past: a new one begins', () => {
    const diary = new Diary(checkIns());
    diary.signs(...days(1, 5));
    diary.campaigns = [checkIns({ cycle: 4, give: { 3: 'small', 4: 'big' } })];
    expect([diary.signs(5), diary.told]).toEqual([['already'], '5/3']);
    expect([diary.signs(6), diary.told]).toEqual([['progress'], '1/2']);
    expect(diary.signs(7, 8, 9)).toEqual(['progress', 'small', 'big']);
  });

  test('a prize put off by a day is not given on both', () => {
    const diary = new Diary(checkIns());
    expect(diary.signs(1, 2, 3).at(-1)).toBe('small');
    diary.campaigns = [checkIns({ give: { 4: 'small', 7: 'big' } })];
    expect(diary.signs(4, 5, 6, 7)).toEqual(['progress', 'progress', 'progress', 'big']);
    expect(diary.signs(...days(8, 11))).toEqual(['progress', 'progress', 'progress', 'small']);
  });

  test('a prize brought forward is not given for a day that is past', () => {
    const diary = new Diary(checkIns());
    diary.signs(...days(1, 5));
    diary.campaigns = [checkIns({ give: { 3: 'small', 5: 'big' } })];
    expect(diary.signs(6, 7)).toEqual(['progress', 'progress']);
  });

  test('the same day is the same claim, whatever the file says by then', () => {
    const diary = new Diary(checkIns());
    diary.signs(1, 2);
    diary.campaigns = [checkIns({ give: { 2: 'small', 7: 'big' } })];
    expect(diary.signs(2)).toEqual(['already']);
    expect(diary.paid()).toBe(0);
  });

  test('fewer cycles than were finished: no more', () => {
    const diary = new Diary(checkIns());
    diary.signs(...days(1, 14));
    diary.campaigns = [checkIns({ cycles: 1 })];
    expect(diary.signs(15)).toEqual(['limited']);
    diary.campaigns = [checkIns({ cycles: 3 })];
    expect([diary.signs(15), diary.told]).toEqual([['progress'], '1/2']);
  });
});

// ── Against a model ──────────────────────────────────────────────────────────────────────────────────────────

/** The same rules, told with the whole history at hand. */
class Model {
  private readonly counted = new Set<number>();
  private readonly madeUp: number[] = [];
  private readonly cycle: number;

  constructor(cycle: number) {
    this.cycle = cycle;
  }

  /** How many days in a row end with this one. */
  private run(day: number): number {
    let length = 0;
    while (this.counted.has(day - length)) length++;
    return length;
  }

  private place(day: number): number {
    return ((this.run(day) - 1) % this.cycle) + 1;
  }

  sign(day: number): number | 'already' {
    if (this.counted.has(day)) return 'already';
    this.counted.add(day);
    return this.place(day);
  }

  makeUp(day: number): number | 'notEligible' | 'limited' {
    const missed = day - 1;
    if (this.counted.has(day) || this.counted.has(missed) || !this.counted.has(missed - 1)) return 'notEligible';
    this.counted.add(missed);
    const place = this.place(missed);
    const isUsed = this.madeUp.some(each => each > missed - place);
    if (place === this.cycle || isUsed) {
      this.counted.delete(missed);
      return place === this.cycle ? 'notEligible' : 'limited';
    }
    this.madeUp.push(missed);
    return place;
  }
}

test('any diary comes to what a model with the whole history says', () => {
  const step = fc.record({ skip: fc.constantFrom(0, 1, 1, 1, 2, 3), makesUp: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 40 }), (cycle, steps) => {
      const diary = new Diary(checkIns({ cycle, give: { [cycle]: 'big' } }));
      const model = new Model(cycle);
      let day = 1;
      for (const { skip, makesUp } of steps) {
        day += skip;
        const expected = makesUp ? model.makeUp(day) : model.sign(day);
        const got = makesUp ? diary.makesUp(day) : diary.signs(day)[0];
        if (typeof expected === 'string') expect(got).toBe(expected);
        else {
          expect(got).toBe(expected === cycle && !makesUp ? 'big' : 'progress');
          expect(diary.told.split('/')[0]).toBe(String(expected));
        }
      }
    }),
    { numRuns: 200 },
  );
});
