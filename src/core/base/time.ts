// Instants, days and clocks on the wall. A day is a day in Asia/Shanghai, which has been +08:00 without
// exception since 1991. Nothing here reads a clock: the present is always an argument.
import type { Brand } from './money.ts';

/** Milliseconds since 1970-01-01T00:00Z. */
export type Instant = Brand<number, 'Instant'>;
/** A calendar day in Beijing: `2026-02-10`. */
export type Day = Brand<string, 'Day'>;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const BEIJING_OFFSET = 8 * HOUR;

export function instant(ms: number): Instant {
  return Math.trunc(ms) as Instant;
}

/** A text that is known to be one. */
export function calendarDay(text: string): Day {
  return text as Day;
}

/** WeChat's `CreateTime`: whole seconds. */
export function fromSeconds(seconds: number): Instant {
  return instant(seconds * SECOND);
}

export function later(at: Instant, ms: number): Instant {
  return instant(at + ms);
}

/** Days as text by their number since 1970: a decision asks for the same few again and again. */
const dayTexts = new Map<number, Day>();
const DAY_TEXTS_MAX = 1000;

function dayText(number: number): Day {
  const known = dayTexts.get(number);
  if (known !== undefined) return known;
  const day = calendarDay(new Date(number * DAY).toISOString().slice(0, 10));
  if (dayTexts.size === DAY_TEXTS_MAX) dayTexts.clear();
  dayTexts.set(number, day);
  return day;
}

/** Whole days since 1970, in Beijing. */
function dayNumber(at: Instant): number {
  return Math.floor((at + BEIJING_OFFSET) / DAY);
}

export function dayOf(at: Instant): Day {
  return dayText(dayNumber(at));
}

/** Midnight in Beijing at which the day of `at` ends. */
export function endOfDay(at: Instant): Instant {
  return instant((dayNumber(at) + 1) * DAY - BEIJING_OFFSET);
}

/** Midnight in Beijing at which the month of `at` ends. */
export function endOfMonth(at: Instant): Instant {
  const [year, month] = dayOf(at).split('-').map(Number);
  return instant(Date.UTC(year!, month, 1) - BEIJING_OFFSET);
}

/** `2026-02-10 08:00:00`, as WeChat Pay and people in China write it. */
export function beijingText(at: Instant): string {
  const day = dayNumber(at);
  const seconds = Math.floor((at + BEIJING_OFFSET - day * DAY) / SECOND);
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
  return `${dayText(day)} ${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Minutes since Beijing's midnight, 0 … 1439. */
export function minuteOfDay(at: Instant): number {
  return Math.floor(((at + BEIJING_OFFSET) % DAY) / MINUTE);
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export function weekdayOf(at: Instant): Weekday {
  const sinceThursday = dayNumber(at); // 1970-01-01 was a Thursday
  return WEEKDAYS[(((sinceThursday + 3) % 7) + 7) % 7]!;
}

/** The Monday of the week `at` lies in. */
export function weekOf(at: Instant): Day {
  return dayOf(later(at, -WEEKDAYS.indexOf(weekdayOf(at)) * DAY));
}

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})(?:(?: +|T)(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** `2026-02-10`, `2026-02-10 08:00[:30]` or `2026-02-24 24:00`, in Beijing. `undefined` if there is no such time. */
export function parseBeijing(text: string): Instant | undefined {
  const match = DATE_TIME.exec(text.trim());
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(part => Number(part ?? 0));
  const clock = hour! * HOUR + minute! * MINUTE + second! * SECOND;
  if (minute! > 59 || second! > 59 || clock > DAY) return undefined;
  const midnight = Date.UTC(year!, month! - 1, day!);
  const date = new Date(midnight);
  if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day!) return undefined;
  return instant(midnight + clock - BEIJING_OFFSET);
}

/** `08:30` → 510; `24:00` → 1440. */
export function parseClock(text: string): number | undefined {
  const match = /^(\d{2}):(\d{2})$/.exec(text.trim());
  if (!match) return undefined;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minutes <= 1440 ? minutes : undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** `10m`, `1d`, `90s`, `2h` → milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text.trim());
  return match ? Number(match[1]) * UNITS[match[2]!]! : undefined;
}

/** `08:30`; minutes since midnight. */
export function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

// ── In words, Chinese ────────────────────────────────────────────────────────────────────────────────────────

/** `10:00–14:00、17:00–22:00`, in Chinese. */
export function hoursText(hours: readonly (readonly [number, number])[]): string {
  return hours.map(([from, to]) => `${clockText(from)}–${clockText(to)}`).join('、') || '全天';
}

export const WEEKDAY_NAMES: Readonly<Record<Weekday, string>> = {
  mon: '周一',
  tue: '周二',
  wed: '周三',
  thu: '周四',
  fri: '周五',
  sat: '周六',
  sun: '周日',
};

/** `10 分钟`, `1.5 天`: in the largest unit of which there is at least one. */
export function lengthText(ms: number): string {
  const [unit, name] = ms >= DAY ? [DAY, '天'] : ms >= HOUR ? [HOUR, '小时'] : [MINUTE, '分钟'];
  return `${Math.floor((ms * 10) / unit) / 10} ${name}`;
}
