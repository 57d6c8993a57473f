// The file of `hongbao send`: what is taken as it is, and everything that is wrong with one, said at once.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { showFinding } from '../../../src/core/base/error.ts';
import { fen } from '../../../src/core/base/money.ts';
import { amountWords, OpenIdReader, parseAmount } from '../../../src/core/ops/recipients-file.ts';
import { openIds } from '../../support/command.ts';
import { exactly } from '../../support/exactly.ts';
import { writtenIn } from '../../support/written.ts';

const RANGE = { merchant: 'shop', min: fen(100), max: fen(20_000) };
const [ANN, BOB, CID] = exactly(3, openIds(3));

function readOpenIds(text: string) {
  const reader = new OpenIdReader('people.csv', RANGE);
  const lines = writtenIn(text).flatMap(row => reader.read(row) ?? []);
  reader.end();
  return { lines, hasAmounts: reader.hasAmounts, findings: reader.findings };
}

function read(text: string) {
  const { lines, hasAmounts, findings } = readOpenIds(text);
  return {
    people: lines.map(({ user, amount, line }) => [line, user, amount]),
    hasAmounts,
    findings: findings.map(showFinding),
  };
}

describe('a file is read', () => {
  test('with one openid a line, whatever the line ends, the blank lines and the byte order mark', () => {
    expect(read(`\uFEFF${ANN}\r\n\r\n  ${BOB}\t\n\n${CID}`)).toEqual({
      people: [
        [1, ANN, undefined],
        [3, BOB, undefined],
        [5, CID, undefined],
      ],
      hasAmounts: false,
      findings: [],
    });
  });

  test('with amounts, with a header or without, in either order, in either spelling, in quotes or not', () => {
    const people = (first: number) => [
      [first, ANN, 100],
      [first + 1, BOB, 250],
    ];
    expect(read(`${ANN},¥1.00\n${BOB},2.50`)).toMatchObject({ people: people(1), hasAmounts: true, findings: [] });
    expect(read(`openid,amount\n${ANN},1.00\n${BOB},￥2.50`)).toMatchObject({ people: people(2), findings: [] });
    expect(read(`Amount,OpenID\n1.00,${ANN}\n"2.50","${BOB}"`)).toMatchObject({ people: people(2), findings: [] });
  });

  test('with what a spreadsheet leaves behind: empty rows and empty cells at the end', () => {
    expect(read(`openid,amount,,\r\n${ANN},1.00,,\r\n,,,\r\n`)).toMatchObject({
      people: [[2, ANN, 100]],
      findings: [],
    });
    expect(read(`openid\n${ANN},\n`)).toMatchObject({ people: [[2, ANN, undefined]], hasAmounts: false, findings: [] });
  });

  test('with its lines in their places, however many, and whoever stands in it twice is named', () => {
    const everybody = openIds(20_000);
    const { people, findings } = read([...everybody, everybody[17], ...openIds(20_000, 'B')].join('\n'));
    expect(people).toHaveLength(40_000);
    expect(findings).toEqual([`people.csv:20001:1: ${everybody[17]} stands in line 18 already; leave it once`]);
  });
});

describe('everything that is wrong is said at once, with its place', () => {
  test('in a file with blank lines, a byte order mark, CRLF, duplicates, wrong openids and wrong amounts', () => {
    const text = [
      '\uFEFFopenid,amount',
      `${ANN},1.00`,
      '',
      `${ANN},2.00`,
      'oShort,1.00',
      `${BOB},0.99`,
      `${CID},200.01`,
      ',1.00',
      `x${CID.slice(1)},5`,
    ].join('\r\n');
    expect(read(text).findings).toEqual([
      `people.csv:4:1: ${ANN} stands in line 2 already; leave it once`,
      'people.csv:5:1: "oShort" is no openid: it has 6 characters, expected 28',
      'people.csv:6:30: ¥0.99 is not what merchant "shop" pays at once: ¥1.00..¥200.00',
      'people.csv:7:30: ¥200.01 is not what merchant "shop" pays at once: ¥1.00..¥200.00',
      'people.csv:8:1: no openid in this line',
      `people.csv:9:1: "x${CID.slice(1)}" is no openid: expected it to begin with o`,
      'people.csv:9:30: "5": an amount has two decimals: write 5.00, or 0.05 if it was fen',
    ]);
  });

  test('an openid with a space in it, a cut-off one, an AppID in its place', () => {
    expect(read(`${ANN.slice(0, 10)} ${ANN.slice(11)}\n${BOB.slice(0, 27)}\nwx0123456789abcdef`).findings).toEqual([
      expect.stringContaining('" " is none of A-Z a-z 0-9 _ -'),
      expect.stringContaining('it has 27 characters'),
      expect.stringContaining('it is an AppID'),
    ]);
  });

  test('unknown columns, with the right word; the lines below are read as they were meant', () => {
    expect(read(`opneid,amount\n${ANN},1\n`).findings).toEqual([
      'people.csv:1:1: unknown column "opneid"; did you mean "openid"?',
      'people.csv:2:30: "1": an amount has two decimals: write 1.00, or 0.01 if it was fen',
    ]);
    expect(read(`openid,colour\n${ANN},安\n`).findings).toEqual([
      'people.csv:1:8: unknown column "colour"; expected one of: openid, amount',
    ]);
    // What lists of people have beside is nobody's mistake.
    expect(read(`姓名,openid,备注\n安,${ANN},老客\n`).findings).toEqual([]);
    expect(read(`amount\n1.00\n`).findings).toEqual(['people.csv:1:1: no column "openid"']);
    expect(read(`openid,amount,openid\n${ANN},1.00,${BOB}\n`).findings).toEqual([
      'people.csv:1:15: column "openid" stands here twice',
    ]);
  });

  test('a cell too many, an amount that is missing, an amount where the first line had none', () => {
    expect(read(`${ANN},1.00\n${BOB}\n${CID},1.00,x`).findings).toEqual([
      'people.csv:2:29: no amount in this line; expected one such as 1.00',
      'people.csv:3:35: "x" stands in no column; expected openid,amount',
    ]);
    expect(read(`${ANN}\n${BOB},1.00`).findings).toEqual([
      'people.csv:2:30: "1.00" stands in no column; expected one openid a line, or openid,amount in every line',
    ]);
  });

  test('an empty file, one with nothing below its header, one that is not UTF-8, an open quotation mark', () => {
    expect(read('').findings).toEqual([expect.stringContaining('people.csv:1:1: the file names nobody')]);
    expect(read('\uFEFF\r\n , \r\n').findings).toHaveLength(1);
    expect(read('openid,amount\n').findings).toEqual(['people.csv:1:1: the file names nobody below its header']);
    expect(read(`"${ANN}\n${BOB}`).findings).toEqual([
      expect.stringContaining('people.csv:1:1: a quotation mark without its other half'),
    ]);
  });

  test('nothing makes the reader throw', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('o', 'A', ',', '"', '\n', '\r', '1', '.', '0', '¥', ' ', 'openid', 'amount', ANN),
        }),
        text => {
          const { lines, findings } = readOpenIds(text);
          for (const finding of findings) expect([finding.line > 0, finding.column > 0]).toEqual([true, true]);
          expect(lines.length + findings.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('an amount', () => {
  test('has two decimals, with the sign or without', () => {
    expect(['¥1.00', '1.00', '￥88.88', '0.30'].map(parseAmount)).toEqual([100, 100, 8888, 30]);
    expect(['1', '1.5', '1.005', '-1.00', '01.00', '1,000.00', '', '¥', '1.00元', '1e2'].map(parseAmount)).toEqual(
      Array(10).fill(undefined),
    );
  });

  test('that is wrong comes with the right spelling', () => {
    expect(String(amountWords('100'))).toContain('write 100.00, or 1.00 if it was fen');
    expect(String(amountWords('¥5'))).toContain('write 5.00');
    expect(String(amountWords('1.5'))).toContain('write 1.50');
    expect(String(amountWords('1,000.00'))).toContain('write 1000.00');
    expect(String(amountWords('1.00元'))).toContain('write 1.00');
    expect(String(amountWords('1.005'))).toContain('two decimals');
    expect(String(amountWords('abc'))).toContain('expected one such as 1.00');
  });
});
