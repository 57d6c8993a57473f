// Many words in one text: what is found is what looking for each of them would find.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AhoCorasick } from '../../../src/core/decide/aho-corasick.ts';

function found(words: readonly string[], text: string): string[] {
  return new AhoCorasick(words)
    .found(text)
    .map(index => words[index]!)
    .sort();
}

/** Few letters, so that words overlap, repeat and end in one another; some of two units. */
const letters = fc.constantFrom('a', 'b', '红', '包', '🧧', '🧨');
const words = fc.string({ unit: letters, maxLength: 5 });

describe('the words in a text', () => {
  test('are those that looking for one after the other would find', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(words, { maxLength: 30 }),
        fc.string({ unit: letters, maxLength: 60 }),
        (list, text) => {
          const expected = list.filter(word => word !== '' && text.includes(word));
          expect(found(list, text)).toEqual(expected.sort());
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are found also where one is within another, or begins in its middle', () => {
    expect(found(['红', '红包', '包雨', '红包雨', '雨'], '一场红包雨')).toEqual(['包雨', '红', '红包', '红包雨', '雨']);
    expect(found(['abcd', 'bc', 'cde'], 'xabcdex')).toEqual(['abcd', 'bc', 'cde']);
  });

  test('are each found once', () => {
    expect(found(['哈', '哈哈'], '哈'.repeat(100))).toEqual(['哈', '哈哈']);
  });

  test('are none where there are none to look for, or nothing to look in', () => {
    expect(found([], 'abc')).toEqual([]);
    expect(found([''], 'abc')).toEqual([]);
    expect(found(['a'], '')).toEqual([]);
  });
});

test('a text of one letter over and over is read once, whatever ends at each of its letters', () => {
  const list = Array.from({ length: 200 }, (_, n) => 'a'.repeat(n + 1));
  const automaton = new AhoCorasick(list);
  expect(automaton.found('a'.repeat(2048))).toHaveLength(200);
  expect(automaton.found('a'.repeat(50))).toHaveLength(50);
});
