// Days are days in Beijing, weeks begin on Monday, and 24:00 is the end of the day.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beijingText,
  DAY,
  dayOf,
  endOfDay,
  fromSeconds,
  HOUR,
  instant,
  later,
  MINUTE,
  minuteOfDay,
  parseBeijing,
  parseClock,
  parseDuration,
  weekdayOf,
  weekOf,
} from '../../../src/core/base/time.ts';

const at = (text: string) => parseBeijing(text)!;
/** From 1992, after China's last summer time, to 2099. */
const anyInstant = fc.integer({ min: Date.UTC(1992, 0), max: Date.UTC(2099, 11) }).map(instant);

describe('a day in Beijing', () => {
  test('begins at 16:00 UTC of the day before', () => {
    expect(at('2026-02-10 00:00')).toBe(Date.UTC(2026, 1, 9, 16));
    expect(dayOf(instant(Date.UTC(2026, 1, 9, 15, 59, 59, 999)))).toBe('2026-02-09');
    expect(dayOf(instant(Date.UTC(2026, 1, 9, 16)))).toBe('2026-02-10');
  });

  test('ends at 24:00, which is 00:00 of the next', () => {
    expect(at('2026-02-24 24:00')).toBe(at('2026-02-25 00:00'));
    expect(endOfDay(at('2026-02-24 23:59:59'))).toBe(at('2026-02-24 24:00'));
    expect(endOfDay(at('2026-02-24'))).toBe(at('2026-02-25'));
  });

  test('the last second of a month, of a year and of February in a leap year is in its own day', () => {
    expect(dayOf(at('2026-12-31 23:59:59'))).toBe('2026-12-31');
    expect(dayOf(later(at('2026-12-31 23:59:59'), 1000))).toBe('2027-01-01');
    expect(dayOf(at('2028-02-29 23:59:59'))).toBe('2028-02-29');
  });

  test('minutes count from its midnight', () => {
    expect(minuteOfDay(at('2026-02-10 00:00'))).toBe(0);
    expect(minuteOfDay(at('2026-02-10 08:30'))).toBe(510);
    expect(minuteOfDay(at('2026-02-10 23:59:59'))).toBe(1439);
  });

  test('every instant lies in the day that ends after it, and reads back from its text', () => {
    fc.assert(
      fc.property(anyInstant, now => {
        expect(endOfDay(now) - now).toBeGreaterThan(0);
        expect(endOfDay(now) - now).toBeLessThanOrEqual(DAY);
        expect(dayOf(later(endOfDay(now), -1))).toBe(dayOf(now));
        expect(parseBeijing(beijingText(now))).toBe(Math.floor(now / 1000) * 1000);
      }),
    );
  });
});

describe('a week', () => {
  test('begins on Monday', () => {
    expect(weekdayOf(at('2026-02-09'))).toBe('mon');
    expect(weekdayOf(at('2026-02-15 23:59:59'))).toBe('sun');
    expect(weekOf(at('2026-02-15 23:59:59'))).toBe('2026-02-09');
    expect(weekOf(at('2026-02-16 00:00'))).toBe('2026-02-16');
  });

  test('runs across the year', () => {
    expect(weekOf(at('2027-01-01'))).toBe('2026-12-28');
  });

  test('before 1970 has the same days', () => {
    expect(weekdayOf(at('1969-12-31 12:00'))).toBe('wed');
  });
});

describe('parseBeijing', () => {
  test.each(['2026-02-10', '2026-02-10 08:00', '2026-02-10T08:00', '2026-02-10 08:00:30', '2026-02-10 24:00'])(
    '%j is a time',
    text => {
      expect(parseBeijing(text)).toBeDefined();
    },
  );

  test.each([
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '2027-02-29',
    '2026-2-10',
    '2026-02-10 8:00',
    '2026-02-10 08:60',
    '2026-02-10 24:01',
    '2026-02-10 25:00',
    '2026-02-10 08:00:60',
    '2026-02-10 08:00Z',
    '',
    'now',
  ])('%j is none', text => {
    expect(parseBeijing(text)).toBeUndefined();
  });
});

test('clocks are HH:MM up to 24:00', () => {
  expect(['00:00', '08:30', '23:59', '24:00'].map(parseClock)).toEqual([0, 510, 1439, 1440]);
  expect(['8:00', '08:60', '24:01', '25:00', '08:00:00', ''].map(parseClock)).toEqual(Array(6).fill(undefined));
});

test('durations have a unit', () => {
  expect(['90s', '10m', '2h', '1d', '0s'].map(parseDuration)).toEqual([90_000, 10 * MINUTE, 2 * HOUR, DAY, 0]);
  expect(['10', '1 d', '-1d', '1.5h', '1w', 'd', '1234567s'].map(parseDuration)).toEqual(Array(7).fill(undefined));
});

test("WeChat's whole seconds become milliseconds", () => {
  expect(fromSeconds(1_770_681_600)).toBe(at('2026-02-10 08:00'));
});
