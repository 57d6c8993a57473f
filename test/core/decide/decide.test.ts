// The decision: every refusal, which one wins, and a draw that nobody can bend.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasRoom, UNBOUNDED } from '../../../src/core/base/counter.ts';
import { type Event, eventKey, type Happening, type OpenId, openId } from '../../../src/core/base/event.ts';
import { type Fen, fen } from '../../../src/core/base/money.ts';
import { byWeight } from '../../../src/core/base/random.ts';
import { type Instant, instant, parseBeijing } from '../../../src/core/base/time.ts';
import { type DecisionEnvironment, decide, factsQueryFor } from '../../../src/core/decide/decide.ts';
import type { Decision } from '../../../src/core/decide/decision.ts';
import { drawAmount, luckOf } from '../../../src/core/decide/draw.ts';
import { gapCounter, lastClaimCounter, type MerchantCaps } from '../../../src/core/decide/limits.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import type { Facts, Follower } from '../../../src/core/match/facts.ts';
import type { Campaign, Prize, Refusal } from '../../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';
import { inWords } from '../../support/checks.ts';

const ANN = openId('ann');
const at = (text: string): Instant => parseBeijing(text)!;
const OPEN = at('2026-02-10 10:00');

const FILE = `campaign: tea
name: 好茶
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00, hours: ["08:00-22:00"], weekdays: [mon, tue, wed, thu, fri] }
budget: { total: ¥10.00, perDay: ¥8.00, packets: 6, packetsPerDay: 5 }
limits: { perUser: { total: 3, perDay: 2, amountPerDay: ¥7.00, gap: 10m } }
packet: { sendName: 阿茶茶饮 }
prizes:
  small: { redpacket: ¥1.00 }
  big: { redpacket: ¥5.00, stock: 1, perUser: 1 }
  thanks: { nothing: true }
rules:
  - id: word
    on: { text: 口令 }
    who: { followedFor: 1d }
    once: perDay
    give: small
  - { id: big, on: { text: 大奖 }, once: perEvent, give: big }
  - { id: draw, on: { text: 抽奖 }, once: perEvent, give: [small, big, thanks] }
  - { id: luck, on: { text: 运气 }, once: perEvent, give: thanks }
  - { id: gift, on: { subscribe: { first: true } }, give: small }
  - { id: help, on: { text: 帮助 }, reply: "{{campaign}}: {{from}} {{to}} {{hours}}" }
`;

function load(text: string): Campaign {
  const loaded = loadCampaign('tea.yaml', text);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings, null, 2));
  return loaded.campaign;
}
const TEA = load(FILE);
const PAUSED = load(FILE.replace('gap: 10m', 'gap: 1s'));

type Setting = {
  readonly now?: Instant;
  readonly key?: string;
  readonly user?: OpenId;
  readonly campaigns?: readonly Campaign[];
  readonly facts?: Partial<Facts>;
  readonly counters?: Readonly<Record<string, number>>;
  readonly merchant?: MerchantCaps;
  readonly pinned?: string;
};

/** Decides on a text, or on another happening. Whatever is not said is as open as it can be. */
function deciding(what: string | Happening, setting: Setting = {}): Decision {
  const { now = OPEN, key = 'e1', user = ANN, campaigns = [TEA], merchant } = setting;
  const happening: Happening = typeof what === 'string' ? { kind: 'text', text: what } : what;
  const event: Event = { key: eventKey(key), account: 'tea', user, sentAt: now, ...happening };
  const environment: DecisionEnvironment = {
    merchant,
    seedOf: id => `seed of ${id}`,
    ...(setting.pinned !== undefined && { pinned: setting.pinned }),
  };
  const facts: Facts = {
    follower: undefined,
    claims: new Set(),
    counters: new Map(Object.entries(setting.counters ?? {})),
    halted: false,
    ...setting.facts,
  };
  return decide(bookOf(campaigns, ['tea']).match(event, now), event, facts, now, environment);
}

/** What came of it, in a word. */
function outcome(decision: Decision): string {
  return decision.kind === 'refused' ? decision.refusal : decision.kind === 'awarded' ? decision.prize : decision.kind;
}

const follower = (followedAt: Instant, follows = 1): Follower => ({
  account: 'tea',
  user: ANN,
  following: true,
  follows,
  followedAt,
});
const CLAIM = 'tea/word/ann/2026-02-10';
const FRESH = { follower: follower(at('2026-02-10 09:00')) };
const TAKEN = { claims: new Set([CLAIM]) };
const SPENT = { 'campaign/tea/amount': 901 };
const LIMITED = { 'campaign/tea/user/ann/claims': 3 };
const CAPS: MerchantCaps = {
  merchant: 'shop',
  perUserPerDay: 10,
  amountPerUserPerDay: fen(1000),
  amountPerDay: fen(10_000),
};

test('who may, gets: prize, amount, claim and counters', () => {
  const decision = deciding('口令');
  expect(decision).toMatchObject({
    kind: 'awarded',
    campaign: 'tea',
    rule: 'word',
    prize: 'small',
    amount: 100,
    claimKey: CLAIM,
    reply: { kind: 'text', text: '恭喜！1.00 元红包已发出，请在 24 小时内点开领取。' },
  });
  const counters = decision.kind === 'awarded' ? decision.counters : [];
  expect(Object.fromEntries(counters.map(({ name, add, max }) => [name, [add, max]]))).toEqual({
    'campaign/tea/user/ann/claims': [1, 3],
    'campaign/tea/user/ann/claims/day/2026-02-10': [1, 2],
    'campaign/tea/user/ann/amount/day/2026-02-10': [100, 700],
    'campaign/tea/amount': [100, 1000],
    'campaign/tea/amount/day/2026-02-10': [100, 800],
    'campaign/tea/packets': [1, 6],
    'campaign/tea/packets/day/2026-02-10': [1, 5],
    'campaign/tea/user/ann/last': [OPEN, OPEN],
    // Nothing limits these today; a limit that is set tomorrow finds them counted.
    'campaign/tea/user/ann/claims/month/2026-02': [1, UNBOUNDED],
    'campaign/tea/user/ann/wins': [1, UNBOUNDED],
    'campaign/tea/prize/small': [1, UNBOUNDED],
    'campaign/tea/prize/small/user/ann': [1, UNBOUNDED],
    'campaign/tea/prize/small/day/2026-02-10': [1, UNBOUNDED],
    'campaign/tea/rule/word/claims': [1, UNBOUNDED],
  });
});

test('what no limit is set on is neither asked for, nor seen in the trace', () => {
  const said: Event = { key: eventKey('e1'), account: 'tea', user: ANN, sentAt: OPEN, kind: 'text', text: '口令' };
  const matches = bookOf([TEA], ['tea']).match(said, OPEN);
  const { counters } = factsQueryFor(matches, said, OPEN, { merchant: undefined, seedOf: () => 'seed' });
  expect(counters).not.toContain('campaign/tea/prize/small');
  expect(counters).not.toContain('campaign/tea/rule/word/claims');
  expect(counters).not.toContain('campaign/tea/user/ann/wins');
  const texts = deciding('口令').trace.flatMap(line => inWords(line).map(({ text }) => text));
  expect(texts.filter(text => text.includes(String(UNBOUNDED)))).toEqual([]);
});

describe('a refusal', () => {
  const refusals: readonly [Refusal, string, string, Setting][] = [
    ['notStarted', 'before the first minute', '口令', { now: instant(at('2026-02-10 08:00') - 1) }],
    ['ended', 'from 24:00 of the last day', '口令', { now: at('2026-02-25 00:00') }],
    ['closed', 'before the hours', '口令', { now: instant(at('2026-02-11 08:00') - 1) }],
    ['closed', 'when the hours end', '口令', { now: at('2026-02-11 22:00') }],
    ['closed', 'on another weekday', '口令', { now: at('2026-02-14 10:00') }],
    ['notEligible', 'of who has not followed for long enough', '口令', { facts: FRESH }],
    ['already', 'of a second claim on one day', '口令', { facts: TAKEN }],
    ['limited', 'after so many claims in all', '口令', { counters: LIMITED }],
    [
      'limited',
      'after so many claims today',
      '口令',
      { counters: { 'campaign/tea/user/ann/claims/day/2026-02-10': 2 } },
    ],
    [
      'limited',
      'too soon after the last claim',
      '口令',
      { counters: { [lastClaimCounter('tea', ANN)]: OPEN - 599_999 } },
    ],
    [
      'limited',
      'above what one may get a day',
      '口令',
      { counters: { 'campaign/tea/user/ann/amount/day/2026-02-10': 601 } },
    ],
    ['limited', 'of a prize one has had', '大奖', { counters: { 'campaign/tea/prize/big/user/ann': 1 } }],
    [
      'limited',
      "above the merchant's packets for one person",
      '口令',
      { merchant: CAPS, counters: { 'merchant/shop/user/tea/ann/packets/day/2026-02-10': 10 } },
    ],
    [
      'limited',
      "above the merchant's amount for one person",
      '口令',
      { merchant: CAPS, counters: { 'merchant/shop/user/tea/ann/amount/day/2026-02-10': 901 } },
    ],
    ['soldOut', 'when the budget is one fen short', '口令', { counters: SPENT }],
    [
      'soldOut',
      "when today's budget is one fen short",
      '口令',
      { counters: { 'campaign/tea/amount/day/2026-02-10': 701 } },
    ],
    ['soldOut', 'when all packets are given', '口令', { counters: { 'campaign/tea/packets': 6 } }],
    ['soldOut', "when today's packets are given", '口令', { counters: { 'campaign/tea/packets/day/2026-02-10': 5 } }],
    ['soldOut', 'when the stock is empty', '大奖', { counters: { 'campaign/tea/prize/big': 1 } }],
    [
      'soldOut',
      "when the merchant's day is spent",
      '口令',
      { merchant: CAPS, counters: { 'merchant/shop/amount/day/2026-02-10': 9_901 } },
    ],
    ['halted', 'while the merchant is halted', '口令', { facts: { halted: true } }],
  ];
  test.each(refusals)('%s: %s', (refusal, _, word, setting) => {
    const decision = deciding(word, setting);
    expect(outcome(decision)).toBe(refusal);
    expect(decision.reply).toMatchObject({ kind: 'text', text: expect.stringMatching(/./) });
  });

  const neighbours: readonly [Refusal, Refusal, Setting][] = [
    ['notStarted', 'closed', { now: at('2026-02-09 23:00') }],
    ['ended', 'closed', { now: at('2026-02-28 23:00') }],
    ['closed', 'notEligible', { now: at('2026-02-10 22:00'), facts: FRESH }],
    ['notEligible', 'already', { facts: { ...FRESH, ...TAKEN } }],
    ['already', 'limited', { facts: TAKEN, counters: LIMITED }],
    ['limited', 'soldOut', { counters: { ...LIMITED, ...SPENT } }],
    ['soldOut', 'halted', { facts: { halted: true }, counters: SPENT }],
  ];
  test.each(neighbours)('%s goes before %s', (refusal, _, setting) => {
    expect(outcome(deciding('口令', setting))).toBe(refusal);
  });

  test('is not made one fen, one packet or one millisecond too early', () => {
    expect(outcome(deciding('口令', { now: at('2026-02-10 08:00') }))).toBe('small');
    expect(outcome(deciding('口令', { now: instant(at('2026-02-24 22:00') - 1) }))).toBe('small');
    expect(outcome(deciding('口令', { counters: { 'campaign/tea/amount': 900, 'campaign/tea/packets': 5 } }))).toBe(
      'small',
    );
    expect(outcome(deciding('口令', { counters: { [lastClaimCounter('tea', ANN)]: OPEN - 600_000 } }))).toBe('small');
    expect(outcome(deciding('口令', { facts: { follower: follower(at('2026-02-09 10:00')) } }))).toBe('small');
  });

  test('of a prize that is worth nothing is never halted or sold out', () => {
    expect(outcome(deciding('运气', { facts: { halted: true }, counters: SPENT }))).toBe('thanks');
  });
});

describe('followers', () => {
  const subscribe: Happening = { kind: 'subscribe', via: 'direct' };
  const eligible = (who: string) =>
    load(
      FILE.replace('who: { followedFor: 1d }', `who: ${who}`).replace('{ text: 口令 }', '[subscribe, { text: 口令 }]'),
    );

  test('we never saw following were there before we were', () => {
    expect(outcome(deciding('口令'))).toBe('small');
  });

  test('who follow with this event have followed for no time, also when they come back', () => {
    const campaigns = [eligible('{ followedFor: 1d }')];
    expect(outcome(deciding(subscribe, { campaigns }))).toBe('notEligible');
    expect(outcome(deciding(subscribe, { campaigns, facts: { follower: follower(at('2026-01-01')) } }))).toBe(
      'notEligible',
    );
  });

  test('who come back are not on their first follow', () => {
    const campaigns = [eligible('{ firstFollow: true }')];
    expect(outcome(deciding(subscribe, { campaigns }))).toBe('small');
    expect(outcome(deciding('口令', { campaigns, facts: { follower: follower(at('2026-01-01'), 1) } }))).toBe('small');
    expect(
      outcome(
        deciding(subscribe, {
          campaigns,
          facts: { follower: { ...follower(at('2026-01-01')), following: false } },
        }),
      ),
    ).toBe('notEligible');
    expect(outcome(deciding('口令', { campaigns, facts: { follower: follower(at('2026-01-01'), 2) } }))).toBe(
      'notEligible',
    );
  });

  test('`first` is about the first follow only, also beside other triggers', () => {
    const back = { follower: { ...follower(at('2026-01-01')), following: false } };
    expect(outcome(deciding(subscribe))).toBe('small');
    expect(outcome(deciding(subscribe, { facts: back }))).toBe('ignored');
    const mixed = [
      load(
        FILE.replace('{ subscribe: { first: true } }', '[{ subscribe: { first: true } }, { text: 礼物 }, { scan: a }]'),
      ),
    ];
    expect(outcome(deciding(subscribe, { campaigns: mixed, facts: back }))).toBe('ignored');
    expect(outcome(deciding('礼物', { campaigns: mixed, facts: back }))).toBe('small');
    const through = (scene: string): Happening => ({ kind: 'subscribe', via: 'qr', scene });
    expect(outcome(deciding(through('a'), { campaigns: mixed, facts: back }))).toBe('small');
    expect(outcome(deciding(through('b'), { campaigns: mixed, facts: back }))).toBe('ignored');
  });
});

describe('which rule decides', () => {
  test('a rule that gives nothing answers during the campaign, and is silent outside it', () => {
    expect(deciding('帮助')).toMatchObject({
      kind: 'answered',
      rule: 'help',
      reply: { text: '好茶: 2026-02-10 08:00 2026-02-25 00:00 08:00–22:00' },
    });
    expect(outcome(deciding('帮助', { now: at('2026-02-25 00:00') }))).toBe('ignored');
  });

  test('the first in the file', () => {
    const campaigns = [load(FILE.replace('text: 大奖', 'text: 口令'))];
    expect(deciding('口令', { campaigns })).toMatchObject({ rule: 'word' });
    const over = deciding('口令', { campaigns, now: at('2026-03-01') });
    expect(over.trace.map(({ rule }) => rule)).toEqual(['word']);
  });

  test('of several campaigns the first that is running', () => {
    const over = load(
      FILE.replace('campaign: tea', 'campaign: over')
        .replace('2026-02-10 08:00', '2026-01-01')
        .replace('2026-02-24 24:00', '2026-01-02'),
    );
    expect(deciding('口令', { campaigns: [over, TEA] })).toMatchObject({ campaign: 'tea', kind: 'awarded' });
    expect(deciding('口令', { campaigns: [over, TEA], now: at('2026-03-01') })).toMatchObject({
      campaign: 'over',
      refusal: 'ended',
    });
  });
});

describe('what makes a second claim the same claim', () => {
  const keyOf = (once: string, now: Instant, key: string): string => {
    const decision = deciding('口令', {
      campaigns: [load(FILE.replace('once: perDay', `once: ${once}`))],
      now,
      key,
    });
    return decision.kind === 'awarded' ? decision.claimKey.replace('tea/word/ann/', '') : decision.kind;
  };
  test.each([
    ['ever', 'ever', 'ever'],
    ['perDay', '2026-02-10', '2026-02-16'],
    ['perWeek', 'week-2026-02-09', 'week-2026-02-16'],
    ['perMonth', '2026-02', '2026-02'],
    ['perEvent', 'e1', 'e2'],
  ])('%s', (once, one, another) => {
    expect(keyOf(once, OPEN, 'e1')).toBe(one);
    expect(keyOf(once, at('2026-02-16 10:00'), 'e2')).toBe(another);
  });
});

describe('what a decision wants to know', () => {
  test('is all it depends on: facts beside it change nothing', () => {
    const names = fc.constantFrom(
      'campaign/tea/amount',
      'campaign/tea/prize/big',
      'campaign/other/amount',
      'campaign/tea/user/bob/claims',
      'x',
    );
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.nat(2000)),
        fc.constantFrom('口令', '大奖', '抽奖'),
        fc.uuid(),
        (counters, word, key) => {
          const event: Event = {
            kind: 'text',
            text: word,
            key: eventKey(key),
            account: 'tea',
            user: ANN,
            sentAt: OPEN,
          };
          const environment: DecisionEnvironment = { merchant: undefined, seedOf: id => `seed of ${id}` };
          const wanted = new Set(
            factsQueryFor(bookOf([TEA], ['tea']).match(event, OPEN), event, OPEN, environment).counters,
          );
          const asked = Object.fromEntries(Object.entries(counters).filter(([name]) => wanted.has(name)));
          expect(deciding(word, { key, counters })).toEqual(deciding(word, { key, counters: asked }));
        },
      ),
    );
  });
});

describe('the draw', () => {
  const prizes: readonly Prize[] = [
    { name: 'a', kind: 'nothing', weight: 70 },
    { name: 'b', kind: 'nothing', weight: 25 },
    { name: 'c', kind: 'nothing', weight: 5 },
  ];
  const claims = Array.from({ length: 20_000 }, (_, i) => `tea/draw/user-${i}/ever`);

  test('of the same claim with the same seed is the same, and with another seed is not', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (seed, claim) => {
        expect(luckOf(seed, claim)).toEqual(luckOf(seed, claim));
        expect(luckOf(seed, claim)).not.toEqual(luckOf(`${seed}!`, claim));
        expect(luckOf(seed, claim).prize).not.toBe(luckOf(seed, claim).amount);
      }),
    );
    expect(deciding('抽奖')).toEqual(deciding('抽奖'));
  });

  test('has the published value: anybody can compute it', () => {
    // printf tea/draw/ann/ever | openssl dgst -sha256 -hmac seed
    const digest = 'bae6a75a117d64ba2d2d89fc6746bcd433a726209f29ee3c8aad16ce6d4bc1a4';
    const share = (hex: string): number => Number.parseInt(hex, 16) / 2 ** 48;
    const luck = { prize: share(digest.slice(0, 12)), amount: share(digest.slice(12, 24)) };
    expect(luckOf('seed', 'tea/draw/ann/ever')).toEqual(luck);
  });

  test('follows the weights', () => {
    const count = new Map<string, number>();
    for (const claim of claims) {
      const { name } = byWeight(prizes, luckOf('seed', claim).prize)!;
      count.set(name, (count.get(name) ?? 0) + 1);
    }
    for (const { name, weight } of prizes) {
      const share = weight / 100;
      const spread = Math.sqrt(claims.length * share * (1 - share));
      expect(Math.abs(count.get(name)! - claims.length * share), name).toBeLessThan(4 * spread);
    }
  });

  test('never gives a prize of weight 0, nor one beside the list', () => {
    const zero = { name: 'zero', kind: 'nothing', weight: 0 } as const;
    const withZero = [zero, ...prizes, zero];
    expect(byWeight(withZero, 0)).toBe(prizes[0]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), luck => {
        expect(byWeight(withZero, luck)!.weight).toBeGreaterThan(0);
      }),
    );
    expect(byWeight([], 0.5)).toBeUndefined();
  });

  test('has an amount from min to max, both of them possible', () => {
    const range = (min: number, max: number): Prize => ({
      name: 'r',
      kind: 'redpacket',
      weight: 1,
      min: fen(min),
      max: fen(max),
    });
    fc.assert(
      fc.property(
        fc.nat(500_000),
        fc.nat(500_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (a, b, luck) => {
          const amount = drawAmount(range(Math.min(a, b), Math.max(a, b)), luck);
          expect(amount).toBeGreaterThanOrEqual(Math.min(a, b));
          expect(amount).toBeLessThanOrEqual(Math.max(a, b));
        },
      ),
    );
    expect(drawAmount(range(120, 280), 0)).toBe(120);
    expect(drawAmount(range(120, 280), 1 - 2 ** -48)).toBe(280);
    const few = new Set(claims.slice(0, 200).map(claim => drawAmount(range(100, 104), luckOf('seed', claim).amount)));
    expect([...few].sort()).toEqual([100, 101, 102, 103, 104]);
  });

  test('leaves out what is used up, and the others keep their proportion', () => {
    const gone = { 'campaign/tea/prize/big': 1 };
    const count: Record<string, number> = { small: 0, big: 0, thanks: 0 };
    for (let i = 0; i < 2000; i++) count[outcome(deciding('抽奖', { key: `e${i}`, counters: gone }))]!++;
    expect(count.big).toBe(0);
    expect(Math.abs(count.small! - 1000)).toBeLessThan(100);
  });

  test('is a refusal where nothing worth money is left', () => {
    const poor = { 'campaign/tea/amount': 950 };
    for (let i = 0; i < 50; i++) expect(outcome(deciding('抽奖', { key: `e${i}`, counters: poor }))).toBe('soldOut');
  });

  test('can be pinned to one of the prizes of the rule, and only to one', () => {
    expect(outcome(deciding('抽奖', { pinned: 'big' }))).toBe('big');
    expect(outcome(deciding('抽奖', { pinned: 'big', counters: { 'campaign/tea/prize/big': 1 } }))).toBe('soldOut');
    expect(outcome(deciding('口令', { pinned: 'big' }))).toBe('small');
  });
});

describe('the pause between two claims', () => {
  const name = lastClaimCounter('tea', ANN);
  const times = fc
    .tuple(fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: 0, max: 2 ** 41 }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

  test('is a counter that holds the instant of the last claim', () => {
    fc.assert(
      fc.property(times, ([last, now]) => {
        const counter = gapCounter(PAUSED, ANN, last, instant(now));
        expect(last + counter.add).toBe(now);
        expect(hasRoom(counter, new Map([[name, last]]))).toBe(true);
      }),
    );
  });

  test('overflows if another claim came in between, whatever its time', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 2 ** 41 }), ([last, now], more) => {
        const counter = gapCounter(PAUSED, ANN, last, instant(now));
        expect(hasRoom(counter, new Map([[name, last + more]]))).toBe(false);
      }),
    );
  });
});

test('no order of claims spends more than the budget, and nobody is refused who could be paid', () => {
  const campaign = load(`campaign: tea
name: 好茶
period: { from: 2026-01-01, to: 2027-01-01 }
budget: { total: ¥20.00 }
packet: { sendName: 阿茶茶饮 }
prizes: { p: { redpacket: ¥1.00..¥3.00 } }
rules: [{ id: word, on: text, once: perEvent, give: p }]
`);
  const prize = campaign.prizes.get('p')!;
  fc.assert(
    fc.property(fc.array(fc.uuid(), { maxLength: 40 }), keys => {
      const counters: Record<string, number> = {};
      let spent = 0;
      for (const key of keys) {
        const decision = deciding('好', { campaigns: [campaign], key, counters });
        const drawn: Fen = drawAmount(prize, luckOf('seed of tea', `tea/word/ann/${key}`).amount);
        if (decision.kind === 'awarded') {
          expect(decision.amount).toBe(drawn);
          spent += decision.amount;
          for (const { name, add } of decision.counters) counters[name] = (counters[name] ?? 0) + add;
        } else expect(spent + drawn).toBeGreaterThan(2000);
      }
      expect(spent).toBeLessThanOrEqual(2000);
      expect(counters['campaign/tea/amount'] ?? 0).toBe(spent);
    }),
    { numRuns: 50 },
  );
});
