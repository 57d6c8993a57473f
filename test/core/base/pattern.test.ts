// Patterns: what fits, what is refused with a reason, and that no text keeps the bot busy.

import { describe, expect, test } from 'vitest';
import type { Pattern } from '../../../src/core/base/pattern.ts';
import { compilePattern, PatternSet, TEXT_MAX } from '../../../src/core/base/pattern.ts';

function pattern(source: string): Pattern {
  const compiled = compilePattern(source);
  if ('message' in compiled) throw new Error(String(compiled.message));
  return compiled.pattern;
}

function trouble(source: string): { message: string; at?: number } {
  const compiled = compilePattern(source);
  if ('pattern' in compiled) throw new Error(`${source} is a pattern`);
  return { ...compiled, message: String(compiled.message) };
}

describe('a pattern', () => {
  test('must fit the whole text', () => {
    const four = pattern('[一-龥]{4}');
    expect(['恭喜发财', '恭喜发', '恭喜发财啦', 'x恭喜发财'].map(text => four.fits(text))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(pattern('a|bc').fits('bc')).toBe(true);
    expect(pattern('a|bc').fits('ac')).toBe(false);
  });

  test('minds neither upper nor lower case', () => {
    expect(pattern('[A-Z]{2}\\d{3}').fits('ab123')).toBe(true);
    expect(pattern('vip').fits('VIP')).toBe(true);
  });

  test('does not fit a text longer than WeChat lets through', () => {
    const any = pattern('a+');
    expect(any.fits('a'.repeat(TEXT_MAX))).toBe(true);
    expect(any.fits('a'.repeat(TEXT_MAX + 1))).toBe(false);
  });
});

describe('what is no pattern', () => {
  test.each([
    ['(', 'a "(" is not closed', 0],
    ['x)', 'a ")" was never opened', 0],
    ['[ab', 'a "[" is not closed', 0],
    ['ab**', 'a repetition cannot be repeated at once; put brackets around the first', 2],
    ['x(?=a)b', 'there is no look-ahead or look-behind in these patterns (RE2 syntax)', 1],
    ['(a)\\1', 'there is no such escape, and no back reference, in these patterns (RE2 syntax)', 3],
    ['[z-a]', 'a range goes from the lower to the higher character, and \\p{…} names a known script', 1],
    ['*a', 'there is nothing to repeat; write "\\" before a sign that is meant as itself', 0],
    ['a\\', 'a "\\" at the end stands before nothing', undefined],
  ])('%s is refused with its reason and place', (source, reason, at) => {
    const { message, at: place } = trouble(source);
    expect(message).toBe(`this pattern cannot be read: ${reason}`);
    if (at !== undefined) expect(place).toBe(at);
  });

  test('is one that could never fit, because texts are compared without spaces and half-width', () => {
    expect(trouble('恭喜 发财')).toEqual({ message: expect.stringContaining('without their spaces'), at: 2 });
    expect(trouble('恭喜\uFF01')).toEqual({ message: expect.stringContaining('"\uFF01" is seen as "!"'), at: 2 });
  });

  test('is one that fits an empty text', () => {
    for (const source of ['.*', 'a?', '(ab)*', 'a|']) expect(trouble(source).message).toContain('fits an empty text');
    expect(trouble('').message).toBe('the pattern is empty');
  });

  test.each(['(a{1000}){1000}', '((((a{10}){10}){10}){10}){10}', 'a{1001}'])('%s is too much repetition', source => {
    expect(trouble(source).message).toContain('a repetition goes from 0 to 1000');
  });

  test.each(['(.{0,30}){0,30}', '.{0,1000}', '[一-龥]{900}', '(a{30}){30}'])('%s is too large', source => {
    expect(trouble(source).message).toMatch(/^this pattern comes to \d+ steps, at most 600 are allowed/);
  });

  test('is a very long text', () => {
    expect(trouble('a'.repeat(501)).message).toBe('a pattern has at most 500 characters');
  });
});

/** The best of several runs, ms: other work on this machine only ever makes one slower. */
function cost(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 7; run++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

test.each([
  ['(a+)+$', 'a'],
  ['(a|a)*b', 'a'],
  ['(a|aa)+b', 'a'],
  ['(x+x+)+y', 'x'],
  ['.*.*.*.*.*=.*', 'a'],
  ['(.*)(.*)(.*)(.*)(.*)z', 'a'],
  ['(a?){20}a{20}b', 'a'],
  ['.*a.{12}b', 'a'],
])('%s costs time in proportion to the text', (source, letter) => {
  const hostile = pattern(source);
  const short = `${letter.repeat(TEXT_MAX / 16 - 1)}!`;
  const long = `${letter.repeat(TEXT_MAX - 1)}!`;
  hostile.fits(long);
  const small = cost(() => {
    for (let n = 0; n < 16; n++) hostile.fits(short);
  });
  const large = cost(() => {
    for (let n = 0; n < 16; n++) hostile.fits(long);
  });
  // 16 times the text: 16 times the work, and no more than that with all the noise there is. Squared it would be 256.
  expect(large / small).toBeLessThan(80);
  expect(large).toBeLessThan(500);
});

describe('many patterns', () => {
  const sources = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? `店${n}号[0-9]{2,4}` : `.*词${n}.*`));
  const texts = [...sources.keys()].flatMap(n => [`店${n}号88`, `有词${n}`, `店${n}号8`, `词${n}词${n + 2}`]);

  test('fit what each of them fits', () => {
    const set = new PatternSet<string>();
    const all = sources.map(pattern);
    for (const each of all) set.add(each, each.source);
    set.finish();
    for (const text of texts) {
      expect(set.fitting(text).sort()).toEqual(all.flatMap(each => (each.fits(text) ? [each.source] : [])).sort());
    }
    expect(set.fitting('a'.repeat(TEXT_MAX + 1))).toEqual([]);
  });

  test('may be equal, and may be of another make', () => {
    const set = new PatternSet<number>();
    set.add(pattern('a+'), 1);
    set.add(pattern('a+'), 2);
    set.add({ source: 'a+', fits: text => text === 'b' }, 3);
    set.add(pattern('b|c'), 4);
    set.finish();
    expect(set.fitting('aa')).toEqual([1, 2]);
    expect(set.fitting('b').sort()).toEqual([3, 4]);
  });
});
