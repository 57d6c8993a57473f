// Whose number it is: a claim is found again from its follower and the day, and counts for what it counted when it was won.

import { describe, expect, test } from 'vitest';
import {
  campaignBearing,
  claimsBehind,
  isRecovered,
  LostNumbers,
  type Payable,
  readNumber,
  recoveredKey,
} from '../../../src/core/audit/claim-of-number.ts';
import { lostAward, lostIdentity, lostMoney, passedBy, payoutOf, repairOf } from '../../../src/core/audit/repair.ts';
import { type Event, eventKey, openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { dayOf, type Instant, later, MINUTE, parseBeijing, SECOND } from '../../../src/core/base/time.ts';
import { decide } from '../../../src/core/decide/decide.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { claimKeyOf } from '../../../src/core/match/claim-key.ts';
import { commitOf, intentOf } from '../../../src/core/payout/bulk.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import { billNoOf, numberDay } from '../../../src/core/payout/payout.ts';
import { type Award, planAward } from '../../../src/core/payout/plan.ts';

import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { checkRuleFiles } from '../../../src/engine/rulebook.ts';

const NOON = parseBeijing('2026-02-10 12:00')!;
const RULES = `
campaign: shop
name: 店里
period: { from: 2026-01-01, to: 2026-12-31 }
budget: { total: ¥5000.00, perDay: ¥500.00, packets: 900, packetsPerDay: 90 }
limits: { perUser: { total: 9, perDay: 5, amountPerDay: ¥50.00, gap: 10m } }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 新春 }
prizes:
  one: { redpacket: ¥1.50, stock: 50, perUser: 6 }
  some: { redpacket: ¥2.00..¥9.00, weight: 3 }
  three: { redpacket: ¥3.00, shares: 3 }
rules:
  - { id: ever, on: { text: 一 }, once: ever, give: one }
  - { id: day, on: { text: 日 }, once: perDay, odds: rise, give: [one, some] }
  - { id: week, on: { text: 周 }, once: perWeek, give: three }
  - { id: month, on: { text: 月 }, once: perMonth, give: some }
  - { id: each, on: { text: 次 }, once: perEvent, give: some }
`;

function campaignOf(text = RULES): Campaign {
  const { campaigns, findings } = checkRuleFiles([{ file: 'shop.yaml', text }]);
  expect(findings).toEqual([]);
  return campaigns[0]!;
}

const LIMITS = { perUserPerDay: 10, amountPerUserPerDay: fen(100_000), amountPerDay: fen(100_000_000) };
const merchant = {
  name: 'till',
  mchId: '1900000109',
  channel: 'redpack',
  clientIp: '127.0.0.1',
  riskInfo: false,
  limits: LIMITS,
  policy: DEFAULT_POLICY,
} as const;
const account = { name: 'tea', appId: 'wx8888888888888888' };
const payable: Payable = { campaign: campaignOf(), account, merchant, seed: 'seed' };
const other: Payable = { ...payable, campaign: campaignOf(RULES.replace('campaign: shop', 'campaign: other')) };
const ann = openId('oAnn0000000000000000000000_A');
const bob = openId('oBob0000000000000000000000-B');

/** What Ann wins with a word, as the bot decides it at `now`, when WeChat's clock said `sentAt`. */
function won(text: string, now: Instant, sentAt = now): { award: Award; event: Event } {
  const event: Event = { key: eventKey('m:1'), account: 'tea', user: ann, sentAt, kind: 'text', text };
  const facts = { follower: undefined, claims: new Set<string>(), counters: new Map<string, number>(), halted: false };
  const around = { merchant: { merchant: 'till', ...LIMITS }, seedOf: () => 'seed' };
  const decision = decide(bookOf([payable.campaign], ['tea']).match(event, event.sentAt), event, facts, now, around);
  if (decision.kind !== 'awarded') throw new Error(`not won: ${decision.kind}`);
  return { award: decision, event };
}

const numbersOf = (...billNos: string[]) => new LostNumbers(billNos.map(billNo => readNumber(billNo, '1900000109')!));
const find = (billNo: string, user = ann, batches: string[] = ['send']) =>
  claimsBehind(numbersOf(billNo), user, [other, payable], batches);

describe('a number', () => {
  test('is read as merchant, day and what follows from the claim; what is none of ours is not', () => {
    const billNo = billNoOf('1900000109', NOON, 'a/b/c/d', 1);
    expect(readNumber(billNo, '1900000109')).toEqual({ billNo, mchId: '1900000109', day: '2026-02-10' });
    const wrong = [
      billNo.slice(1),
      `${billNo}0`,
      billNo.replace('20260210', '20260231'),
      billNo.replace('20260210', '19260210'),
      `${billNo.slice(0, -1)}-`,
      '',
    ];
    for (const number of wrong) expect(readNumber(number, '1900000109')).toBeUndefined();
    expect(readNumber(billNo, '190000010')).toBeUndefined();
  });

  const MIDNIGHT = parseBeijing('2026-02-11')!;
  const cases: [word: string, what: string, now: Instant, sentAt: Instant][] = [
    ...['一', '日', '周', '月'].map((word): [string, string, Instant, Instant] => [word, 'at noon', NOON, NOON]),
    ['日', 'after midnight, sent before it', later(MIDNIGHT, SECOND), later(MIDNIGHT, -SECOND)],
    ['日', 'before midnight by our clock, sent after it by theirs', later(MIDNIGHT, -SECOND), later(MIDNIGHT, SECOND)],
    ['周', 'on a Monday that was a Sunday', parseBeijing('2026-02-16 00:00:01')!, parseBeijing('2026-02-15 23:59:59')!],
    ['月', 'on a first that was a last', parseBeijing('2026-03-01 00:00:01')!, parseBeijing('2026-02-28 23:59:59')!],
  ];
  test.each(cases)(
    'of a claim with %s is found %s, by any of its attempts, and counts what the rule counted',
    (word, _, now, sentAt) => {
      const { award, event } = won(word, now, sentAt);
      const planned = planAward(payable.campaign, event, award, payable, now);
      const ownDay = numberDay(award.claimKey, sentAt);
      // Of now, and of a time in which the event's day stood in the number.
      for (const day of [ownDay, sentAt])
        for (let attempt = 1; attempt <= DEFAULT_POLICY.attemptsMax; attempt++) {
          const found = find(billNoOf('1900000109', day, award.claimKey, attempt));
          expect(found).toMatchObject([{ claimKey: award.claimKey, rule: award.rule, user: ann, attempt, payable }]);
          if (day === sentAt) expect(found[0]!.on).toBe(dayOf(now));
          const lost = lostIdentity(found[0]!, award.amount, later(now, day === sentAt ? 0 : SECOND));
          const counted = {
            ...award,
            counters: award.counters.map(each => (each.name.endsWith('/last') ? expect.anything() : each)),
          };
          expect(lost.award).toMatchObject({ ...counted, reply: expect.anything(), trace: [] });
          expect(payoutOf(lost, now).billNo).toBe(billNoOf('1900000109', day, award.claimKey, 1));
        }
      expect(planned.billNo).toBe(billNoOf('1900000109', ownDay, award.claimKey, 1));
      expect(find(planned.billNo, bob)).toEqual([]);
      expect(find(billNoOf('1900000109', sentAt, award.claimKey, DEFAULT_POLICY.attemptsMax + 1))).toEqual([]);
    },
  );

  test('of another day is another claim, and one per event cannot be guessed', () => {
    const { award } = won('日', NOON);
    expect(find(billNoOf('1900000109', parseBeijing('2026-02-13')!, award.claimKey, 1))).toEqual([]);
    const { award: each, event } = won('次', NOON);
    expect(each.claimKey).toBe(claimKeyOf(payable.campaign, payable.campaign.rules[4]!, event, NOON));
    expect(find(billNoOf('1900000109', NOON, each.claimKey, 1))).toEqual([]);
  });

  test('of a batch that was sent by hand is found by the batch’s name', () => {
    const batch = { ...payable, name: 'april' };
    const commit = commitOf(batch, intentOf(batch, ann, { amount: fen(777) }, NOON), NOON);
    expect(find(commit.payout.billNo)).toEqual([]);
    const [found] = find(commit.payout.billNo, ann, ['send', 'april']);
    const lost = lostIdentity(found!, fen(777), NOON);
    expect(repairOf(lost, NOON)).toMatchObject({
      claim: commit.claim,
      counters: commit.counters.map(({ name, add }) => ({ name, add, max: Number.MAX_SAFE_INTEGER })),
      payout: { ...commit.payout, tries: 1, nextDo: 'query' },
    });
  });

  test('of many is found among many', () => {
    const days = Array.from({ length: 20 }, (_, n) => later(NOON, n * 24 * 60 * MINUTE));
    const billNos = days.map(day => billNoOf('1900000109', day, won('日', day).award.claimKey, 1));
    expect(
      claimsBehind(numbersOf(...billNos), ann, [payable], [])
        .map(({ number }) => number.billNo)
        .sort(),
    ).toEqual(billNos.sort());
  });
});

describe('what is written', () => {
  test('adds without a bound, and keeps the bounds there are in the journal; the pause holds the later instant', () => {
    const { award, event } = won('一', NOON);
    const lost = lostAward(payable, event, award, NOON);
    const last = `campaign/shop/user/${ann}/last`;
    const amount = 'campaign/shop/amount';
    const before = new Map([
      [last, later(NOON, -MINUTE)],
      [amount, 499_900],
    ]);
    const repair = repairOf(lost, later(NOON, MINUTE));
    const key = `repair:${payoutOf(lost, NOON).billNo}`;
    expect(repair.event).toMatchObject({ key, kind: 'other', type: 'repair', user: ann, sentAt: NOON });
    expect(repair.counters).toContainEqual({ name: amount, add: 150, max: Number.MAX_SAFE_INTEGER });
    expect(repair.counters).toContainEqual({ name: last, add: 0, max: Number.MAX_SAFE_INTEGER, atLeast: NOON });
    expect(repair.decision.counters).toContainEqual({ name: amount, add: 150, max: 500_000 });
    expect(passedBy(repair, before)).toEqual([{ name: amount, add: 150, max: 500_000 }]);
  });

  test('of a claim nobody can tell: its own number, no other one after it, and a key of its own', () => {
    const billNo = billNoOf('1900000109', NOON, 'shop/gone/nobody/ever', 1);
    const number = readNumber(billNo, '1900000109')!;
    const place = { account, merchant };
    const alone = repairOf(lostMoney(number, { bearing: undefined, place }, ann, fen(250), NOON), NOON);
    expect(alone).toMatchObject({
      claim: {
        key: recoveredKey({ billNo, user: ann }),
        campaign: 'recovered',
        rule: 'recovered',
        user: ann,
        amount: 250,
        at: NOON,
      },
      payout: { billNo, campaign: 'recovered', userRefused: true, tries: 1, nextDo: 'query' },
    });
    expect(isRecovered(alone.claim)).toBe(true);
    expect(isRecovered({ key: `recovered/rule/${ann}/ever`, user: ann })).toBe(false);
    expect(alone.payout.reoffer).toBeUndefined();
    const borne = repairOf(lostMoney(number, { bearing: payable, place }, ann, fen(250), NOON), NOON);
    expect(borne.claim.campaign).toBe('shop');
    expect(borne.counters.map(({ name }) => name)).toContain('campaign/shop/packets/day/2026-02-10');
    expect(borne.counters.some(({ name }) => name.includes(`/user/${ann}/claims`))).toBe(false);
  });

  test('belongs to the campaign that alone bears a word, the first of them that tells', () => {
    const blue: Payable = {
      ...other,
      campaign: { ...other.campaign, packet: { ...other.campaign.packet!, remark: '蓝' } },
    };
    expect(campaignBearing(['新春'], [payable, blue])).toBe(payable);
    expect(campaignBearing(['测试', undefined, '蓝'], [payable, blue])).toBe(blue);
    expect(campaignBearing(['新春'], [payable, other])).toBeUndefined();
    expect(campaignBearing(['', '红'], [payable, blue])).toBeUndefined();
  });
});
