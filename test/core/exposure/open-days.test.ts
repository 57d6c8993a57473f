// How long a campaign is open: days, minutes, hours of the clock, whatever its hours and weekdays are.
import { describe, expect, test } from 'vitest';
import { openDays } from '../../../src/core/exposure/open-days.ts';
import type { Period } from '../../../src/core/rules/campaign.ts';
import { at } from '../../support/campaigns.ts';

const period = (from: string, to: string, more: Partial<Period> = {}): Period => ({
  from: at(from),
  to: at(to),
  hours: [],
  weekdays: [],
  dayStartsAt: 0,
  ...more,
});

describe('a campaign is open', () => {
  test('all day, each day of its period', () => {
    expect(openDays(period('2026-03-01', '2026-03-11'))).toEqual({ days: 10, minutes: 1440, hours: 24, span: 1440 });
  });

  test('on a part of its first and last day', () => {
    expect(openDays(period('2026-03-01 22:00', '2026-03-02 01:30'))).toEqual({
      days: 2,
      minutes: 120,
      hours: 2,
      span: 120,
    });
  });

  test('in its hours, begun ones counted whole', () => {
    const hours = [
      [630, 690],
      [1080, 1200],
    ] as const;
    expect(openDays(period('2026-03-01', '2026-03-11', { hours }))).toEqual({
      days: 10,
      minutes: 180,
      hours: 4,
      span: 570,
    });
  });

  test('not on a day whose hours are over when it begins', () => {
    const hours = [[480, 720]] as const;
    expect(openDays(period('2026-03-01 12:00', '2026-03-03 08:00', { hours }))).toMatchObject({
      days: 1,
      minutes: 240,
    });
  });

  test('on its weekdays only: 2026-03-01 is a Sunday', () => {
    expect(openDays(period('2026-03-01', '2026-03-15', { weekdays: ['sun', 'mon'] })).days).toBe(4);
    expect(openDays(period('2026-03-01', '2026-03-15', { weekdays: ['sat'] }))).toMatchObject({
      days: 2,
      minutes: 1440,
    });
    expect(openDays(period('2026-03-02', '2026-03-06', { weekdays: ['sun'] }))).toEqual({
      days: 0,
      minutes: 0,
      hours: 0,
      span: 0,
    });
  });

  test('until late, on days that begin at four', () => {
    const hours = [
      [1320, 1440],
      [0, 120],
    ] as const;
    const late = { hours, dayStartsAt: 240 };
    // The evening of each day and the night after it are one day.
    expect(openDays(period('2026-03-01 04:00', '2026-03-04 04:00', late))).toEqual({
      days: 3,
      minutes: 240,
      hours: 4,
      span: 240,
    });
    // Friday's evening, but Saturday's night has a weekday of its own.
    expect(openDays(period('2026-03-02 04:00', '2026-03-09 04:00', { ...late, weekdays: ['fri'] }))).toMatchObject({
      days: 2,
      minutes: 120,
    });
  });

  test('for more years than anybody plans', () => {
    expect(openDays(period('2026-01-01', '9999-01-01')).days).toBe(4000);
  });
});
