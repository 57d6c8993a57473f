// The shapes: what each reads, what it says of everything else, and where.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is how bot.yaml names the environment

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearest } from '../../../src/core/base/suggest.ts';
import * as shape from '../../../src/core/yaml/schema.ts';

/** `line:column message`, or the value. */
function read<T>(text: string, wanted: shape.Shape<T>, options?: shape.ReadOptions<T>): T | string[] {
  const result = shape.readYaml('a.yaml', text, wanted, options);
  return 'value' in result
    ? result.value
    : result.findings.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** One value behind a key, as it stands in real files. */
function one<T>(text: string, wanted: shape.Shape<T>): T | string {
  const result = read(`x: ${text}\n`, shape.object('a file', { x: shape.required(wanted) }));
  return Array.isArray(result) ? result.map(line => line.replace(/^\d+:\d+ /, '')).join(' | ') : result.x;
}

describe('an object', () => {
  const person = shape.object('a person', {
    name: shape.required(shape.text(), '姓名'),
    age: shape.optional(shape.count()),
    friends: shape.optional(shape.list(shape.text(), 'a list of friends')),
  });

  test('reads its keys in any order', () => {
    expect(read('age: 3\nname: ann\n', person)).toEqual({ age: 3, name: 'ann' });
  });

  test('says all that is wrong at once, in the order of places', () => {
    expect(read('nmae: ann\nage: old\nfriends: bob\ncolour: red\n', person)).toEqual([
      '1:1 unknown key "nmae"; did you mean "name"?',
      '2:6 expected a whole number from 1, found "old"',
      '3:10 expected a list of friends, found "bob"',
      '4:1 unknown key "colour"; expected one of: name',
    ]);
  });

  test('reads a misspelt key as what it stands for, so that what is wrong in it is found as well', () => {
    expect(read('name: ann\nfreinds: [true]\n', person)).toEqual([
      '2:1 unknown key "freinds"; did you mean "friends"?',
      '2:11 expected a text, found true; if that is the text, put it in quotes',
    ]);
  });

  test('is not fooled by the names every object has', () => {
    expect(read('name: ann\ntoString: x\n__proto__: { age: 1 }\n', person)).toEqual([
      '2:1 unknown key "toString"; expected one of: age, friends',
      '3:1 unknown key "__proto__"; expected one of: age, friends',
    ]);
  });

  test('can demand exactly one of several keys', () => {
    const prize = shape.object(
      'a prize',
      { a: shape.optional(shape.text()), b: shape.optional(shape.text()) },
      { oneOf: ['a', 'b'] },
    );
    expect(read('{}', prize)).toEqual(['1:1 a prize needs one of: a, b']);
    expect(read('{ a: x, b: y }', prize)).toEqual(['1:1 a prize has a and b; it can have only one of them']);
    expect(read('{ a: x }', prize)).toEqual({ a: 'x' });
  });

  test('keeps a comma without spaces in a text inside braces', () => {
    const pair = shape.object('a pair', { a: shape.required(shape.text()), b: shape.optional(shape.text()) });
    expect(read('{ a: 已发出,点开领取,快, b: 2 }', pair)).toEqual({ a: '已发出,点开领取,快', b: '2' });
    expect(read('{ a: 已发出, 点开领取 }', pair)).toEqual([
      '1:11 "点开领取" has no value; a comma inside { } ends a text: put a text that has one in quotes',
    ]);
    expect(read('{ a: "已发出",点开 }', pair)).toHaveLength(1);
  });
});

describe('text', () => {
  test.each([
    ['123', '123'],
    ['007', '007'],
    ['1_000', '1_000'],
    ['0x10', '0x10'],
    ['.nan', '.nan'],
    ['yes', 'yes'],
    ['2026-02-10 08:00', '2026-02-10 08:00'],
    ['12:30', '12:30'],
    ['"true"', 'true'],
    ["'~'", '~'],
    ['"a\\nb"', 'a\nb'],
    ['{{amount}} 元', '{{amount}} 元'],
    ['|\n  one\n  two\n', 'one\ntwo'],
  ])('%s is the text as it was written', (source, value) => {
    expect(one(source, shape.text())).toBe(value);
  });

  test.each([
    ['', 'expected a text, found nothing'],
    ['~', 'expected a text, found nothing'],
    ['""', 'expected a text, found an empty text'],
    ['true', 'expected a text, found true; if that is the text, put it in quotes'],
    ['[a]', 'expected a text, found a list'],
    ['{ a: b }', 'expected a text, found a map of keys'],
  ])('%s is none', (source, message) => {
    expect(one(source, shape.text())).toBe(message);
  });

  test('is measured in bytes', () => {
    expect(one('茶茶', shape.text({ bytes: 6 }))).toBe('茶茶');
    expect(one('茶茶a', shape.text({ bytes: 6, what: 'sendName' }))).toMatch(/^sendName has 7 bytes; at most 6/);
  });

  test('that is secret is in no message', () => {
    const key = shape.text({ what: 'a key of 32 letters', pattern: /^\w{32}$/, secret: true });
    expect(one('hunter2', key)).toBe('expected a key of 32 letters');
  });
});

describe('money', () => {
  test.each([
    ['¥1.00', 100],
    ['"¥1.00"', 100],
    ['\uFFE51.00', 100],
    ['¥0.00', 0],
  ])('%s is %d fen', (source, amount) => {
    expect(one(source, shape.money())).toBe(amount);
  });

  test.each([
    ['1', '¥1.00'],
    ['1.5', '¥1.50'],
    ['1.50', '¥1.50'],
    ['¥1', '¥1.00'],
    ['¥1.5', '¥1.50'],
    ['¥01.00', '¥1.00'],
    ['¥1,000.00', '¥1000.00'],
    ['88元', '¥88.00'],
    ['\uFFE58', '¥8.00'],
    ['0', '¥0.00'],
  ])('%s is refused with the right spelling', (source, spelling) => {
    expect(one(source, shape.money())).toContain(`write ${spelling}`);
  });

  test.each([
    '-1',
    '-¥1.00',
    '¥-1.00',
    '.nan',
    '.inf',
    '1e3',
    '0x10',
    '¥1.005',
    '1.005',
    '¥999999999999.00',
    'true',
    '[1]',
    '',
  ])('%s is refused', source => {
    expect(one(source, shape.money())).toEqual(expect.any(String));
  });

  test('a range goes from the smaller to the larger amount', () => {
    expect(one('¥1.20..¥2.80', shape.moneyRange())).toEqual({ min: 120, max: 280 });
    expect(one('¥1.20 .. ¥2.80', shape.moneyRange())).toEqual({ min: 120, max: 280 });
    expect(one('¥1.00', shape.moneyRange())).toEqual({ min: 100, max: 100 });
    expect(one('¥2.80..¥1.20', shape.moneyRange())).toContain('write ¥1.20..¥2.80');
    expect(one('¥1.20-¥2.80', shape.moneyRange())).toContain('two dots');
    expect(one('1..2', shape.moneyRange())).toContain('write ¥1.00');
  });
});

describe('other single values', () => {
  test('a number is whole, or says so', () => {
    expect(one('3', shape.count())).toBe(3);
    for (const source of ['0', '-3', '1.5', '1e3', '0x10', '99999999999', 'many', '.nan']) {
      expect(one(source, shape.count())).toMatch(/^expected a whole number/);
    }
    expect(one('0.5', shape.weight())).toBe(0.5);
    expect(one('-1', shape.weight())).toMatch(/^expected a number/);
  });

  test('a percentage has its sign', () => {
    expect(one('80%', shape.percent())).toBe(80);
    expect(one('80', shape.percent())).toContain('write 80%');
    expect(one('101%', shape.percent())).toContain('from 1% to 100%');
  });

  test('a duration has its unit', () => {
    expect(one('10m', shape.duration())).toBe(600_000);
    expect(one('10', shape.duration())).toContain('say in what');
    expect(one('0s', shape.duration())).toEqual(expect.any(String));
  });

  test('a date without a clock begins the day, or ends it', () => {
    expect(one('2026-02-10', shape.dateTime())).toBe(Date.UTC(2026, 1, 9, 16));
    expect(one('2026-02-10', shape.dateTime({ endsDay: true }))).toBe(Date.UTC(2026, 1, 10, 16));
    expect(one('2026-02-10 00:00', shape.dateTime({ endsDay: true }))).toBe(Date.UTC(2026, 1, 9, 16));
  });

  test('hours lie within one day', () => {
    expect(one('08:00-24:00', shape.clockRange())).toEqual([480, 1440]);
    expect(one('22:00-02:00', shape.clockRange())).toContain('across midnight write "22:00-24:00", "00:00-02:00"');
  });

  test('a word is one of a few, and the nearest is named', () => {
    const once = shape.choice('once', ['ever', 'perDay']);
    expect(one('perDay', once)).toBe('perDay');
    expect(one('perday', once)).toBe('unknown word "perday" for once; did you mean "perDay"?');
    expect(one('sometimes', once)).toBe('unknown word "sometimes" for once; expected one of: ever, perDay');
  });

  test('an id is small letters, digits and hyphens, and the nearest one is named', () => {
    expect(one('spring-2026', shape.slug('an id'))).toBe('spring-2026');
    expect(one('2026', shape.slug('an id'))).toBe('2026');
    expect(one('Spring 2026', shape.slug('an id'))).toContain('write spring-2026');
  });

  test('true and false are just that', () => {
    expect(one('true', shape.flag())).toBe(true);
    expect(one('yes', shape.flag())).toBe('expected true or false, found "yes"; write true');
    expect(one('false', shape.yes())).toContain('leave the key out');
  });

  test('an address has http or https', () => {
    expect(one('https://example.com/a?b=c', shape.url())).toBe('https://example.com/a?b=c');
    expect(one('example.com', shape.url())).toMatch(/^expected an address/);
  });
});

describe('lists, maps and alternatives', () => {
  test('one element is short for a list of one', () => {
    expect(one('a', shape.oneOrMany(shape.text()))).toEqual(['a']);
    expect(one('[a, b]', shape.oneOrMany(shape.text()))).toEqual(['a', 'b']);
    expect(one('[]', shape.oneOrMany(shape.text()))).toContain('found an empty list');
  });

  test('a map keeps the order in which names were written', () => {
    const value = read('b: 1\na: 2\n', shape.mapOf('numbers', shape.name('a name'), shape.count()));
    expect([...value]).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
  });

  test('a key may stand bare', () => {
    const trigger = shape.object('a trigger', { image: shape.optional(shape.orBare('bare', shape.text())) });
    for (const source of ['image:', '{ image }', 'image: ~', 'image: true'])
      expect(read(source, trigger)).toEqual({ image: 'bare' });
    expect(read('image: x', trigger)).toEqual({ image: 'x' });
  });

  test('null is null only where it may be', () => {
    expect(one('~', shape.orNull(shape.text()))).toBeNull();
    expect(one('', shape.orNull(shape.text()))).toBeNull();
    expect(one('none', shape.orNull(shape.text()))).toBe('none');
  });
});

describe('what YAML allows and we do not', () => {
  const any = shape.object('a file', { a: shape.required(shape.text()), b: shape.optional(shape.text()) });
  test.each([
    ['', '1:1 the file is empty'],
    ['# a comment\n', '1:1 the file is empty'],
    ['a: 1\na: 2\n', '2:1 the key "a" is there already, in line 1'],
    ['a: 1\n---\na: 2\n', '2:1 a second document begins here; one file holds one'],
    ['a: &x 1\n', '1:7 anchors (&x) are not allowed here'],
    ['a: 1\nb: *x\n', '2:4 aliases (*x) are not allowed here; write the value again'],
    ['a: !!js/function x\n', '1:18 tags (tag:yaml.org,2002:js/function) are not allowed here'],
    ['a: 1\n\tb: 2\n', '2:1 a tab indents this line; YAML wants spaces'],
    ['a: x: y\n', '1:4 this text needs quotes: write "x: y"'],
    ['a: 1\nb\uFF1A2\n', '2:1 the colon is full-width: write "b: "'],
  ])('%j', (source, message) => {
    expect(read(source, any)).toEqual([message]);
  });

  test('a file nested without end is refused before it can exhaust the stack', () => {
    for (const source of ['['.repeat(100_000), '{a: '.repeat(100_000), '- '.repeat(100_000)]) {
      expect(read(source, any)).toEqual(['1:1 the file is nested too deeply; at most 100 levels are read']);
    }
  });

  test('a file of more than a megabyte is not read', () => {
    expect(read(`a: ${'x'.repeat(1_000_000)}`, any)).toEqual([expect.stringContaining('at most 1000000')]);
  });
});

describe('reading a file', () => {
  const bot = shape.object('bot.yaml', {
    secret: shape.required(shape.text({ what: 'a secret', pattern: /^.{8,}$/, secret: true })),
    admin: shape.optional(shape.object('admin', { password: shape.required(shape.text()) })),
    port: shape.optional(shape.count()),
  });
  const env: Record<string, string> = { SECRET: '0123456789', SHORT: 'abc', PORT: '3000' };
  const transform: shape.Transform = (text, say) =>
    text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      if (env[name] === undefined) say(`the environment has no ${name}`);
      return env[name] ?? 'x'.repeat(8);
    });

  test('every scalar can be filled in before it is judged, also inside braces', () => {
    expect(read('secret: ${SECRET}\nadmin: { password: ${SHORT} }\nport: ${PORT}\n', bot, { transform })).toEqual({
      secret: '0123456789',
      admin: { password: 'abc' },
      port: 3000,
    });
  });

  test('what cannot be filled in is a finding with its place', () => {
    expect(read('secret: ${NONE}\nadmin: { password: ${NEITHER} }\n', bot, { transform })).toEqual([
      '1:9 the environment has no NONE',
      '2:20 the environment has no NEITHER',
    ]);
  });

  test('what was filled in is in no message', () => {
    const findings = read('secret: ${SHORT}\nport: ${SECRET}x\n', bot, { transform });
    expect(findings).toHaveLength(2);
    expect(String(findings)).not.toMatch(/abc|0123456789/);
  });

  test('a check sees what could be read beside what could not, and says where', () => {
    const pair = shape.object('a pair', {
      low: shape.required(shape.located(shape.count())),
      high: shape.required(shape.located(shape.count())),
      name: shape.required(shape.text()),
    });
    const findings = read('low: 3\nhigh: 2\nname: [x]\n', pair, {
      check: ({ low, high, name }, say) => {
        expect(name).toBeUndefined();
        if (low?.value && high?.value && low.value > high.value) say(high.at, 'high is below low');
      },
    });
    expect(findings).toEqual(['2:7 high is below low', '3:7 expected a text, found a list']);
  });

  test('never throws and always says where, whatever the file holds', () => {
    const sample = readFileSync(new URL('../../../rules/password.yaml', import.meta.url), 'utf8').slice(0, 1500);
    const anything = shape.mapOf('anything', shape.name('a name'), shape.oneOrMany(shape.moneyRange()));
    const broken = fc
      .tuple(
        fc.nat(sample.length),
        fc.nat(20),
        fc.string({ unit: fc.constantFrom(...'{}[]:,-?&*!|>\'"%@`#\t\n \uFF1A¥a1') }),
      )
      .map(([start, length, noise]) => sample.slice(0, start) + noise + sample.slice(start + length));
    fc.assert(
      fc.property(fc.oneof(broken, fc.string()), text => {
        const result = shape.readYaml('a.yaml', text, anything);
        if ('value' in result) return;
        expect(result.findings.length).toBeGreaterThan(0);
        for (const { line, column } of result.findings) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(text.split('\n').length);
          expect(column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  }, 120_000);
});

describe('the nearest right word', () => {
  test.each([
    ['wieght', 'weight'],
    ['sendname', 'sendName'],
    ['redpaket', 'redpacket'],
    ['amonut', 'amount'],
    ['x', undefined],
    ['currency', undefined],
    ['昵称', undefined],
  ])('of %s is %s', (word, near) => {
    expect(nearest(word, ['weight', 'sendName', 'redpacket', 'amount', 'on', 'to'])).toBe(near);
  });
});

test('a schema is written by the shape that reads', () => {
  const person = shape.object('a person', {
    name: shape.required(shape.text(), '姓名'),
    pays: shape.optional(shape.money()),
    tags: shape.optional(shape.oneOrMany(shape.choice('a tag', ['a', 'b']))),
  });
  expect(person.schema()).toEqual({
    type: 'object',
    properties: {
      name: { description: '姓名', type: ['string', 'number'] },
      pays: { type: 'string', pattern: '^[\u00A5\uFFE5](0|[1-9]\\d{0,10})\\.\\d{2}$' },
      tags: { anyOf: [{ enum: ['a', 'b'] }, { type: 'array', items: { enum: ['a', 'b'] }, minItems: 1 }] },
    },
    required: ['name'],
    additionalProperties: false,
  });
});
