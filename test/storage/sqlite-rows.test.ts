// How names and texts are shortened in the SQLite file: whatever they are, they come back to the letter.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant } from '../../src/core/base/time.ts';
import { particularsOf, shapeOf, textOf } from '../../src/storage/shared/shape.ts';
import { counterPlace, nameFrom } from '../../src/storage/sqlite/own/counter-names.ts';
import {
  claimPlace,
  eventColumn,
  eventOf,
  eventPlace,
  eventsWithKey,
  type Heard,
  heardIn,
} from '../../src/storage/sqlite/own/own-names.ts';

const ANN = 'oAnn0000000000000000000000an';
const BEN = 'oBen000000000000000-00_0000b';
const openids = fc.constantFrom(ANN, BEN, 'nobody', `x${ANN.slice(1)}`);
/** What comes up in our texts, and stands close together. */
const words = fc.constantFrom(
  ANN,
  BEN,
  '1',
  '12',
  '0',
  '007',
  'o',
  ',',
  ':',
  '"',
  '恭喜',
  '😀',
  '~',
  '@',
  '.',
  '$&',
  ' ',
  'a',
);
const texts = fc.array(words, { maxLength: 12 }).map(each => each.join(''));

describe('a text of a shape', () => {
  test('comes back as it was, if it fits at all', () => {
    let fitting = 0;
    fc.assert(
      fc.property(texts, texts, (first, second) => {
        const shape = shapeOf(first);
        expect(particularsOf(shape, first)).toBe('');
        const particulars = particularsOf(shape, second);
        if (particulars === undefined) return;
        fitting++;
        expect(textOf(shape, particulars)).toBe(second);
      }),
      { numRuns: 5000 },
    );
    expect(fitting).toBeGreaterThan(20);
  });

  test('is told by what is its own: what stands in many places is said once', () => {
    const line = (user: string, amount: number): string =>
      JSON.stringify({
        user,
        counters: [{ name: `u/${user}/amount`, add: amount }, { add: 1 }],
        told: `${amount}.00 元`,
      });
    const particulars = particularsOf(shapeOf(line(ANN, 1)), line(BEN, 274));
    // The other 1 has to be said to be one: where the amount was 1, it became 274.
    expect(particulars).toBe(`0,${BEN},2,274,3,1,4,274`);
    expect(textOf(shapeOf(line(ANN, 1)), particulars!)).toBe(line(BEN, 274));
    expect(particularsOf(shapeOf(line(ANN, 1)), line(ANN, 1))).toBe('');
    expect(particularsOf(shapeOf(line(ANN, 1)), line('nobody', 1))).toBeUndefined();
  });
});

describe('a counter', () => {
  const parts = fc.constantFrom(
    'campaign',
    'merchant',
    'spring',
    'spring~shadow',
    '2026-02-10',
    'user',
    'prize',
    'rule',
    'day',
    'claims',
    'a.b',
    '@',
    '~',
    '=x',
    ANN,
    BEN,
    '',
  );
  test('lies where its name says, and its name comes back', () => {
    const places = new Map<string, string>();
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 9 }), names => {
        const name = names.join('/');
        const place = counterPlace(name);
        if (!place) return true;
        const { owner, own, short } = place;
        const id = JSON.stringify(place);
        const before = places.get(id) ?? name;
        places.set(id, name);
        return before === name && nameFrom(short, owner, own) === name;
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    [`campaign/spring/user/${ANN}/claims`, ANN, 'nspring', '..claims'],
    [`campaign/spring/user/${ANN}/claims/day/2026-02-10`, ANN, 'n2026-02-10', '.spring.claims/day/@'],
    [
      `merchant/shop/user/tea/${ANN}/packets/day/2026-02-10`,
      ANN,
      'n2026-02-10',
      'merchant/shop/user/tea/~/packets/day/@',
    ],
    [`campaign/spring/user/${ANN}/rule/r/streak/7`, ANN, 'nspring/rule/r', '..rule/r/streak/7'],
    [`campaign/spring/prize/small/user/${ANN}`, ANN, 'nspring', 'campaign/@/prize/small/user/~'],
  ])('%s', (name, owner, own, short) => {
    expect(counterPlace(name)).toEqual({ owner, own, short });
  });

  test('of everybody has a row of its own', () => {
    for (const name of ['campaign/spring/amount', 'merchant/shop/amount/day/2026-02-10', `code/${ANN}`])
      expect(counterPlace(name)).toBeUndefined();
  });
});

describe('an event', () => {
  const keys = fc
    .tuple(fc.constantFrom('m', 'e', 'f', 'p', 'repair', ''), openids, fc.constantFrom('', ':1', ': x', ':p:q', 'y'))
    .map(([kind, user, rest]) => `${kind}:${user}${rest}`);
  test('lies where its key says, is found by it, and its key comes back', () => {
    fc.assert(
      fc.property(keys, fc.constantFrom('tea', 'milk-2'), (key, account) => {
        const place = eventPlace(account, key);
        const [owner, begin] = eventsWithKey(key);
        expect(eventOf(place)).toEqual({ account, key });
        expect([place[0], place[1].startsWith(begin)]).toEqual([owner, true]);
      }),
    );
  });

  test('of two keys are two places, and so are two claims', () => {
    const all = new Map<string, string>();
    fc.assert(
      fc.property(keys, openids, fc.constantFrom('', '/', '/a', '//'), (key, user, rest) => {
        for (const [name, place] of [
          [key, eventPlace('tea', key)],
          [`a/b/${user}${rest}`, claimPlace(`a/b/${user}${rest}`)],
        ] as const) {
          expect(all.get(JSON.stringify(place)) ?? name).toBe(name);
          all.set(JSON.stringify(place), name);
        }
      }),
    );
  });

  test.each<[heard: Heard, column: string | number]>([
    [{ lines: [7], answer: {} }, 7],
    [{ lines: [7] }, -7],
    [{ lines: [7, 9], answer: {} }, '{"lines":[7,9],"answer":{}}'],
    [
      { lines: [], answer: { at: instant(1), reply: { kind: 'none' } } },
      '{"lines":[],"answer":{"at":1,"reply":{"kind":"none"}}}',
    ],
  ])('%j is %j', (heard, column) => {
    const written = eventColumn(heard);
    expect(written).toBe(column);
    expect(heardIn(written)).toEqual(heard);
  });
});
