// Which rules an event concerns: how texts are compared, and that looking rules up finds what asking each would find.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Event, openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import type { Pattern } from '../../../src/core/base/pattern.ts';
import { compilePattern } from '../../../src/core/base/pattern.ts';
import { normalise } from '../../../src/core/base/text.ts';
import { dayOf, instant } from '../../../src/core/base/time.ts';
import { decide, factsQueryFor } from '../../../src/core/decide/decide.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import type { Campaign, Rule, Trigger } from '../../../src/core/rules/campaign.ts';
import type { Question } from '../../../src/core/rules/plays.ts';
import { checksumOf } from '../../../src/core/rules/printed-code.ts';
import { fitsRule } from '../../../src/core/triggers/index.ts';
import {
  at,
  campaignOf,
  eventOf,
  nothing,
  ruleOf,
  type Scripted,
  says,
  visits,
  word,
} from '../../support/campaigns.ts';

const NOW = '2026-02-10 10:00';

function pattern(source: string): Pattern {
  const compiled = compilePattern(source);
  if ('message' in compiled) throw new Error(String(compiled.message));
  return compiled.pattern;
}

/** The ids of the rules an event concerns. */
function matched(rules: readonly Rule[], scripted: Scripted, parts: Parameters<typeof campaignOf>[0] = {}): string[] {
  const event = eventOf(scripted);
  return bookOf([campaignOf({ ...parts, rules })], ['tea'])
    .match(event, event.sentAt)
    .map(({ rule }) => rule.id);
}

/** One rule for each trigger, named by its place. */
function rulesFor(...triggers: readonly (Trigger | readonly Trigger[])[]): Rule[] {
  return triggers.map((on, n) => ruleOf({ id: String(n), on }));
}

const contains = (...words: readonly string[]): Trigger => ({ kind: 'text', match: 'contains', words });
const daily = (byDay: Readonly<Record<string, readonly string[]>>): Trigger => ({
  kind: 'text',
  match: 'daily',
  byDay: new Map(Object.entries(byDay).map(([day, words]) => [dayOf(at(day)), words])),
});
const matches = (...sources: readonly string[]): Trigger => ({
  kind: 'text',
  match: 'pattern',
  patterns: sources.map(pattern),
});

describe('two texts are the same', () => {
  test.each([
    ['恭喜 发财', '恭喜发财'],
    ['\uFF21\uFF22\uFF23123', 'abc123'],
    [' VIP\u3000\n', 'vip'],
    ['恭喜发财!🧧', '恭喜发财'],
    ['恭喜发财\uFF01\uFF01', '恭喜发财'],
    ['恭喜发财。', '恭喜发财'],
    ['恭喜发财……', '恭喜发财'],
    ['恭喜发财~\uFF5E', '恭喜发财'],
    ['🧧恭喜🧧发财🧧', '恭喜发财'],
    ['恭喜发财!🧧!', '恭喜发财'],
    ['恭\u200B喜\u200D发\uFEFF财', '恭喜发财'],
    ['恭喜发财❤️', '恭喜发财'],
    ['恭喜发财👍🏽', '恭喜发财'],
    ['恭喜发财👨‍👩‍👧', '恭喜发财'],
    ['恭喜发财🇨🇳', '恭喜发财'],
    ['恭喜发财㊗️', '恭喜发财'],
    ['1️⃣', '1'],
    ['3.5元', '3.5元'],
    ['Wi-Fi?', 'wi-fi'],
  ])('%s and %s', (written, meant) => {
    expect(normalise(written)).toBe(meant);
    expect(normalise(meant)).toBe(meant);
  });

  test.each([
    ['🧧', '🧧'],
    ['🧧!', '🧧'],
    ['❤️', '❤'],
    ['👍🏽', '👍'],
    ['?', '?'],
    ['??', '??'],
    ['。', '。'],
    ['...', '...'],
    ['\u200B', ''],
    ['', ''],
  ])('but of nothing else than emoji or punctuation something is left: %s', (written, seen) => {
    expect(normalise(written)).toBe(seen);
  });

  test('for ever: what was normalised is not changed again', () => {
    const signs = fc.constantFrom(
      ...'aZ恭!!。?…~ 🧧❤👍🏽1',
      '\uFE0F',
      '\u200D',
      '\u20E3',
      '\u3297',
      '\uFF5E',
      '\u2122',
    );
    fc.assert(
      fc.property(fc.string({ unit: signs, maxLength: 12 }), text => {
        expect(normalise(normalise(text))).toBe(normalise(text));
      }),
      { numRuns: 500 },
    );
  });

  test('also where somebody sends thousands of signs', () => {
    const start = performance.now();
    expect(normalise(`${'!'.repeat(100_000)}a`)).toHaveLength(100_001);
    expect(normalise(`a${'!🧧'.repeat(50_000)}`)).toBe('a');
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('a text', () => {
  test('is one of the words, whatever else is typed around it', () => {
    const rules = rulesFor(word('恭喜发财', '新年快乐'), word('恭喜'), word('🧧'), word('?'));
    expect(matched(rules, says(NOW, '恭喜 发财!🧧'))).toEqual(['0']);
    expect(matched(rules, says(NOW, '新年快乐'))).toEqual(['0']);
    expect(matched(rules, says(NOW, '恭喜发'))).toEqual([]);
    expect(matched(rules, says(NOW, '🧧!'))).toEqual(['2']);
    expect(matched(rules, says(NOW, '?'))).toEqual(['3']);
    expect(matched(rules, says(NOW, '\u200B'))).toEqual([]);
  });

  test('contains a word, also one that is only an emoji or a sign', () => {
    const rules = rulesFor(contains('红包'), contains('🧧'), contains('?'), contains('VIP 卡', '红'), contains('包?'));
    expect(matched(rules, says(NOW, '红 包怎么领?'))).toEqual(['0', '2', '3', '4']);
    expect(matched(rules, says(NOW, '来个🧧'))).toEqual(['1']);
    expect(matched(rules, says(NOW, '红🧧包'))).toEqual(['0', '1', '3', '4']);
    expect(matched(rules, says(NOW, '我有vip卡'))).toEqual(['3']);
    expect(matched(rules, says(NOW, '包'))).toEqual(['4']);
    expect(matched(rulesFor(contains('\u200B', '')), says(NOW, '红包'))).toEqual([]);
  });

  test('fits a pattern as a whole', () => {
    const rules = rulesFor(matches('[一-龥]{4}'), matches('[0-9]{6}', '桌[0-9]+'), matches('[一-龥]{4}'));
    expect(matched(rules, says(NOW, '恭喜发财!'))).toEqual(['0', '2']);
    expect(matched(rules, says(NOW, '桌 12'))).toEqual(['1']);
    expect(matched(rules, says(NOW, '我要恭喜发财'))).toEqual([]);
  });

  test('is the password of the day, by the days of the campaign', () => {
    const rules = rulesFor(
      daily({ '2026-03-01': ['阿茶上新', '春茶'], '2026-03-02': ['阿茶上新'], '2026-03-03': ['明前'] }),
    );
    const said = (time: string, text: string, dayStartsAt = 0) =>
      matched(rules, says(time, text), { period: { dayStartsAt } }).length === 1;
    expect(said('2026-03-01 00:00', '阿茶上新')).toBe(true);
    expect(said('2026-03-01 23:59:59', '春茶!')).toBe(true);
    expect(said('2026-03-02 00:00', '春茶')).toBe(false);
    expect(said('2026-03-02 00:00', '阿茶上新')).toBe(true);
    expect(said('2026-02-28 23:59:59', '阿茶上新')).toBe(false);
    expect(said('2026-03-02 03:59:59', '春茶', 240)).toBe(true);
    expect(said('2026-03-02 04:00', '春茶', 240)).toBe(false);
    expect(said('2026-03-04 03:59', '明前', 240)).toBe(true);
  });

  test('is a wrong try where it looks like one, and an answer where there is a quiz', () => {
    const question: Question = { text: '?', choices: ['x', 'y'], right: 0 };
    const quiz = { bank: [question], questions: 1, pass: 1, time: 1000, triesPerDay: 1 };
    const rules = [
      ruleOf({ id: 'guess', on: word('恭喜发财'), guess: { looksLike: pattern('[一-龥]{4}'), tries: 3 } }),
      ruleOf({ id: 'quiz', on: word('答题'), quiz }),
    ];
    expect(matched(rules, says(NOW, '恭喜发财'))).toEqual(['guess']);
    expect(matched(rules, says(NOW, '万事如意'))).toEqual(['guess']);
    expect(matched(rules, says(NOW, '如意'))).toEqual([]);
    expect(matched(rules, says(NOW, '答题'))).toEqual(['quiz']);
    expect(matched(rules, says(NOW, 'A.'))).toEqual(['quiz']);
    expect(matched(rules, says(NOW, '选b'))).toEqual(['quiz']);
  });

  test('of a sticker is no text', () => {
    expect(matched(rulesFor({ kind: 'text', match: 'any' }), { at: NOW, kind: 'unsupported' })).toEqual([]);
  });
});

describe('another event', () => {
  test('concerns the rules that wait for its name, for a beginning of it, or for any', () => {
    const scan = (scenes?: readonly string[]): Trigger => ({ kind: 'scan', ...(scenes && { scenes }) });
    const rules = rulesFor(
      scan(),
      scan(['store-1']),
      scan(['store-*']),
      scan(['s*', 'store-1']),
      scan(['*']),
      scan(['t*']),
    );
    expect(matched(rules, { at: NOW, kind: 'scan', scene: 'store-1' })).toEqual(['0', '1', '2', '3', '4']);
    expect(matched(rules, { at: NOW, kind: 'scan', scene: 's' })).toEqual(['0', '3', '4']);
    expect(matched(rules, { at: NOW, kind: 'subscribe', via: 'qr', scene: 'store-12' })).toEqual(['0', '2', '3', '4']);
    expect(matched(rules, { at: NOW, kind: 'subscribe', via: 'direct' })).toEqual([]);
  });

  test('of money concerns rules by the amount and by what the order carries', () => {
    const paid = (over?: number, attach?: readonly string[]): Trigger => ({
      kind: 'paid',
      ...(over !== undefined && { over: fen(over) }),
      ...(attach && { attach }),
    });
    const rules = rulesFor(paid(), paid(5000), paid(5001), paid(undefined, ['pos-*']), [
      paid(9000),
      paid(100, ['pos-1']),
    ]);
    const pay = (attach?: string): Scripted => {
      const bill = { merchant: 'shop', transaction: 't', order: 'o', amount: fen(5000), total: fen(9000) };
      return { at: NOW, kind: 'paid', ...bill, ...(attach !== undefined && { attach }) };
    };
    expect(matched(rules, pay())).toEqual(['0', '1']);
    expect(matched(rules, pay('pos-1'))).toEqual(['0', '1', '3', '4']);
    expect(matched(rules, pay('pos-2'))).toEqual(['0', '1', '3']);
  });

  test('of one campaign is nothing to another, also where it is only a shadow', () => {
    const on: Trigger[] = [{ kind: 'visit' }, { kind: 'friend', did: 'followed' }];
    const campaigns = ['tea', 'milk'].map(id => campaignOf({ id, rules: [ruleOf({ on })] }));
    const shadow = { ...campaigns[0]!, mode: 'shadow' as const };
    const friend = { kind: 'friend', did: 'followed', friend: openId('ben'), campaign: 'tea' } as const;
    for (const scripted of [visits(NOW), { at: NOW, ...friend }]) {
      const event = eventOf(scripted);
      const found = bookOf([...campaigns, shadow], ['tea']).match(event, event.sentAt);
      expect(found.map(({ campaign }) => campaign.id)).toEqual(['tea', 'tea~shadow']);
    }
    expect(matched(rulesFor(on), { at: NOW, ...friend, did: 'paid' })).toEqual([]);
  });

  test('with a printed code concerns the rules for codes, right or mistyped', () => {
    const rules = rulesFor({ kind: 'code', batch: 'spring' });
    expect(matched(rules, says(NOW, '2345 6789 abcd'))).toEqual(['0']);
    expect(matched(rules, { at: NOW, kind: 'scan', scene: 'c-23456789ABCD' })).toEqual([]);
    expect(matched(rules, says(NOW, '2345'))).toEqual([]);
  });
});

// ── Looking up is asking everybody, only faster ──────────────────────────────────────────────────────────────

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { minLength: 1, maxLength: 3 });
const texts = pick('红', '红包', '红 包', '包!', '🧧', '?', 'A', '恭喜发财', '2345 6789 ABCD', '88', '红包88', '');
const CODE = `23456789AB${checksumOf('23456789AB')}`;
const names = pick('store-1', 'store-12', 'store-*', 's*', '*', `c-${CODE}`, 'c-23456789ABCD');
const days = pick('2026-02-09', '2026-02-10', '2026-02-11');
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });

const triggers: fc.Arbitrary<Trigger> = fc.oneof(
  some(texts).map(words => word(...words)),
  some(texts).map(words => contains(...words)),
  some(pick('红+.?', '[0-9]{2}', '.*包.*')).map(sources => matches(...sources)),
  fc.dictionary(days, some(texts)).map(daily),
  fc.constant<Trigger>({ kind: 'text', match: 'any' }),
  fc
    .tuple(fc.boolean(), maybe(some(names)))
    .map(([first, scenes]): Trigger => ({ kind: 'subscribe', first, ...(scenes && { scenes }) })),
  maybe(some(names)).map((scenes): Trigger => ({ kind: 'scan', ...(scenes && { scenes }) })),
  some(names).map((buttons): Trigger => ({ kind: 'click', buttons })),
  maybe(some(names)).map((urls): Trigger => ({ kind: 'view', ...(urls && { urls }) })),
  fc.tuple(maybe(pick(fen(1), fen(100))), maybe(some(names))).map(
    ([over, attach]): Trigger => ({
      kind: 'paid',
      ...(over !== undefined && { over }),
      ...(attach && { attach }),
    }),
  ),
  pick<Trigger>({ kind: 'visit' }, { kind: 'code', batch: 'x' }, { kind: 'unsubscribe' }, { kind: 'image' }),
  pick<Trigger>({ kind: 'friend', did: 'followed' }, { kind: 'friend', did: 'paid' }),
);

const hours = fc.integer({ min: 0, max: 47 }).map(hour => instant(at('2026-02-09 12:00') + hour * 3_600_000));
const events: fc.Arbitrary<Event> = fc
  .tuple(
    hours,
    fc.oneof(
      fc.array(texts, { maxLength: 3 }).map(parts => ({ kind: 'text', text: parts.join('') }) as const),
      maybe(names).map(scene => ({ kind: 'subscribe', via: 'qr', ...(scene !== undefined && { scene }) }) as const),
      names.map(scene => ({ kind: 'scan', scene }) as const),
      names.map(button => ({ kind: 'click', button }) as const),
      names.map(url => ({ kind: 'view', url }) as const),
      fc.tuple(pick(fen(0), fen(50), fen(100)), maybe(names)).map(([amount, attach]) => {
        const bill = { merchant: 'm', transaction: 't', order: 'o', amount, total: amount };
        return { kind: 'paid', ...bill, ...(attach !== undefined && { attach }) } as const;
      }),
      pick('c0', 'c1', 'c2').map(campaign => ({ kind: 'visit', campaign }) as const),
      fc.tuple(pick<'followed' | 'paid'>('followed', 'paid'), pick('c0', 'c1', 'c2')).map(([did, campaign]) => {
        return { kind: 'friend', did, friend: openId('ben'), campaign } as const;
      }),
      pick({ kind: 'unsubscribe' } as const, { kind: 'image', mediaId: 'm', url: 'u' } as const),
      pick({ kind: 'voice', mediaId: 'm' } as const, { kind: 'unsupported' } as const),
    ),
  )
  .map(([time, happening]) => eventOf({ at: time, ...happening }));

const campaigns: fc.Arbitrary<Campaign[]> = fc
  .array(fc.tuple(pick(0, 240), fc.boolean(), fc.array(some(triggers), { maxLength: 4 })), { maxLength: 3 })
  .map(files =>
    files.map(([dayStartsAt, isShadow, rules], n) =>
      campaignOf({
        id: `c${n}`,
        mode: isShadow ? 'shadow' : 'live',
        period: { dayStartsAt },
        rules: rules.map((on, at) => ruleOf({ id: `${n}.${at}`, on })),
      }),
    ),
  );

test('the rules that are looked up are those whose triggers fit, in the order of the files', () => {
  fc.assert(
    fc.property(campaigns, fc.array(events, { minLength: 1, maxLength: 8 }), (files, list) => {
      const book = bookOf(files, ['tea']);
      for (const event of list) {
        const asked = files.flatMap(campaign =>
          campaign.rules.filter(rule => fitsRule(rule, campaign, event, event.sentAt)).map(({ id }) => id),
        );
        expect(book.match(event, event.sentAt).map(({ rule }) => rule.id)).toEqual(asked);
      }
    }),
    { numRuns: 1000 },
  );
});

// ── What it costs ────────────────────────────────────────────────────────────────────────────────────────────

/** Every rule says when somebody looks at it. */
function watched(rule: Rule, seen: Set<Rule>): Rule {
  return new Proxy(rule, {
    get(target, key, receiver) {
      seen.add(rule);
      return Reflect.get(target, key, receiver);
    },
  });
}

describe('of many rules an event looks only at those it concerns', () => {
  const byKind: readonly ((n: number) => Trigger)[] = [
    n => word(`口令${n}`),
    n => contains(`问题${n}号`),
    n => matches(`第${n}桌[0-9]+`),
    n => daily({ '2026-02-10': [`今日${n}`], '2026-02-11': [`口令${n}`] }),
    n => ({ kind: 'scan', scenes: [`store-${n}`, `mall-${n}-*`] }),
    n => ({ kind: 'subscribe', first: false, scenes: [`join-${n}`] }),
    n => ({ kind: 'click', buttons: [`key-${n}`] }),
    n => ({ kind: 'view', urls: [`https://example.com/${n}/*`] }),
    n => ({ kind: 'paid', attach: [`pos-${n}`] }),
    () => ({ kind: 'visit' }),
  ];
  const asked: readonly [Scripted, string[]][] = [
    [says(NOW, '口令7!'), ['c7.0']],
    [says(NOW, '请问问题7号在哪'), ['c7.1']],
    [says(NOW, '第7桌12'), ['c7.2']],
    [says(NOW, '今日7'), ['c7.3']],
    [says('2026-02-11 10:00', '口令7'), ['c7.0', 'c7.3']],
    [says(NOW, '没有这个'), []],
    [{ at: NOW, kind: 'scan', scene: 'store-7' }, ['c7.4']],
    [{ at: NOW, kind: 'scan', scene: 'mall-7-a' }, ['c7.4']],
    [{ at: NOW, kind: 'subscribe', via: 'qr', scene: 'join-7' }, ['c7.5']],
    [{ at: NOW, kind: 'click', button: 'key-7' }, ['c7.6']],
    [{ at: NOW, kind: 'view', url: 'https://example.com/7/x' }, ['c7.7']],
    [{ at: NOW, kind: 'view', url: 'https://example.com/x' }, []],
    [visits(NOW, 'ann', 'c7'), ['c7.9']],
  ];

  test.each([10, 1000])('of %i campaigns with %o rules each', files => {
    const seen = new Set<Rule>();
    const list = Array.from({ length: files }, (_, n) => {
      const rules = byKind.map((on, at) => watched(ruleOf({ id: `c${n}.${at}`, on: on(n), give: ['a'] }), seen));
      return campaignOf({ id: `c${n}`, prizes: [nothing('a')], rules });
    });
    const book = bookOf(list, ['tea']);
    const around = { merchant: undefined, seedOf: () => 'seed' };
    for (const [scripted, expected] of asked) {
      const event = eventOf(scripted);
      seen.clear();
      const found = book.match(event, event.sentAt);
      const wanted = factsQueryFor(found, event, event.sentAt, around);
      const facts = {
        follower: undefined,
        claims: new Set<string>(),
        counters: new Map<string, number>(),
        halted: false,
      };
      const decision = decide(found, event, facts, event.sentAt, around);
      expect(found.map(({ rule }) => rule.id)).toEqual(expected);
      expect([...seen].map(({ id }) => id).sort()).toEqual(expected);
      expect(wanted.claims).toHaveLength(expected.length);
      expect(decision.trace.length).toBeLessThanOrEqual(expected.length);
    }
  });
});
