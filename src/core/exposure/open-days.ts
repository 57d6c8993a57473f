// How many days a campaign is open, and how long on each: by its period, hours and weekdays.

import { DAY, HOUR, type Instant, instant, MINUTE, weekdayOf } from '../base/time.ts';
import type { Campaign, Period } from '../rules/campaign.ts';

/** Beyond that many days nobody plans; the sums stay quick. */
export const DAYS_MAX = 4000;
const BEIJING_OFFSET = 8 * HOUR;

type OpenDays = {
  /** The days, the campaign's own, on which it is open at all. */
  readonly days: number;
  /** The most minutes it is open on one of them. */
  readonly minutes: number;
  /** The most hours of the clock, begun ones included, that lie in one of them. */
  readonly hours: number;
  /** From the first to the last open minute of a day. */
  readonly span: number;
};

/** Stretches of time, ms, in which it is open on the day that begins at `start`. */
export function openOn({ from, to, hours, weekdays }: Period, start: Instant): (readonly [number, number])[] {
  const stretches: (readonly [number, number])[] = [];
  const midnight = Math.floor((start + BEIJING_OFFSET) / DAY) * DAY - BEIJING_OFFSET;
  // A day that begins at 04:00 reaches into the hours of the next one on the calendar.
  for (const base of [midnight, midnight + DAY]) {
    if (weekdays.length > 0 && !weekdays.includes(weekdayOf(instant(base)))) continue;
    for (const [opens, closes] of hours.length === 0 ? [[0, DAY / MINUTE] as const] : hours) {
      const begin = Math.max(base + opens * MINUTE, from, start);
      const end = Math.min(base + closes * MINUTE, to, start + DAY);
      if (begin < end) stretches.push([begin, end]);
    }
  }
  return stretches;
}

type OneDay = Omit<OpenDays, 'days'>;

function measure(open: readonly (readonly [number, number])[]): OneDay {
  const clockHours = new Set<number>();
  for (const [begin, end] of open)
    for (let hour = Math.floor(begin / HOUR); hour * HOUR < end; hour++) clockHours.add(hour);
  const minutes = open.reduce((sum, [begin, end]) => sum + (end - begin) / MINUTE, 0);
  const first = Math.min(...open.map(([begin]) => begin));
  const last = Math.max(...open.map(([, end]) => end));
  return { minutes, hours: clockHours.size, span: open.length === 0 ? 0 : (last - first) / MINUTE };
}

export function openDays(period: Period): OpenDays {
  const shift = BEIJING_OFFSET - period.dayStartsAt * MINUTE;
  const first = Math.floor((period.from + shift) / DAY);
  const last = Math.min(Math.floor((period.to - 1 + shift) / DAY), first + DAYS_MAX - 1);
  const most = { days: 0, minutes: 0, hours: 0, span: 0 };
  // Whole days are alike, week by week.
  const whole = new Map<number, OneDay>();
  for (let day = first; day <= last; day++) {
    const start = day * DAY - shift;
    const isWhole = start >= period.from && start + DAY <= period.to;
    const known = isWhole ? whole.get(day % 7) : undefined;
    const one = known ?? measure(openOn(period, instant(start)));
    if (isWhole) whole.set(day % 7, one);
    if (one.minutes === 0) continue;
    most.days++;
    most.minutes = Math.max(most.minutes, one.minutes);
    most.hours = Math.max(most.hours, one.hours);
    most.span = Math.max(most.span, one.span);
  }
  return most;
}

const known = new WeakMap<Period, OpenDays>();

export function daysOf({ period }: Pick<Campaign, 'period'>): OpenDays {
  const days = known.get(period) ?? openDays(period);
  known.set(period, days);
  return days;
}
