// How people in China write numbers, money and times, and how the same is written here: a message that says so can be copied.
// Nothing is read by it: what is meant is only ever said.

import { clockText } from '../base/time.ts';

const DIGITS = '零一二三四五六七八九';
const UNITS: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000, 万: 10_000 };

const plain = (text: string): string => text.normalize('NFKC').trim();

/** `三十` → 30. */
function chineseNumber(text: string): number | undefined {
  if (!/^[零一二两三四五六七八九十百千万]+$/u.test(text)) return undefined;
  let [sum, part, last] = [0, 0, 0];
  for (const sign of text.replaceAll('两', '二')) {
    const unit = UNITS[sign];
    if (unit === undefined) last = DIGITS.indexOf(sign);
    else if (unit === 10_000) [sum, part, last] = [sum + (part + last) * unit, 0, 0];
    else [part, last] = [part + (last || 1) * unit, 0];
  }
  return sum + part + last;
}

/** `1,000`, `1万`, `三`, `3.0`. */
function numberIn(written: string): number | undefined {
  const text = plain(written).replace(/(?<=\d)[,_ ](?=\d{3}(?!\d))/g, '');
  const [, digits, unit] = /^(\d*\.?\d+|\d+\.)\s*([百千万])?$/u.exec(text) ?? [];
  const value = digits === undefined ? chineseNumber(text) : Number(digits) * (unit === undefined ? 1 : UNITS[unit]!);
  return value !== undefined && value <= 1e11 ? value : undefined;
}

const COUNTED = /[个次份名张人位单笔件天条台包轮场元]$/u;

/** `3个` → `3`. */
export function meantCount(written: string): string | undefined {
  const value = numberIn(plain(written).replace(COUNTED, ''));
  return value !== undefined && Number.isInteger(value) && value > 0 ? String(value) : undefined;
}

/** `30%`, `百分之十` → `30`, `10`. */
export function meantWeight(written: string): string | undefined {
  const text = plain(written);
  const value = numberIn(text.replace(/^百分之/u, '').replace(/%$/, ''));
  return value === undefined ? undefined : String(value);
}

/** `80％`, `0.8`, `八成` → `80%`. */
export function meantPercent(written: string): string | undefined {
  const text = plain(written);
  const tenths = /^(.+)成$/u.exec(text)?.[1];
  const value = numberIn((tenths ?? text).replace(/^百分之/u, '').replace(/%$/, ''));
  if (value === undefined) return undefined;
  const isPart = tenths === undefined && value < 1;
  const percent = Math.round(value * (tenths === undefined ? (isPart ? 100 : 1) : 10));
  return percent >= 1 && percent <= 100 ? `${percent}%` : undefined;
}

// ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────

/** `8块钱`, `8元5角`, `800分`, `1万` → `¥8.00` … */
export function meantMoney(written: string): string | undefined {
  const text = plain(written)
    .replace(/^(?:人民币|RMB|CNY|[¥$Y])+\s*/i, '')
    .replace(/[(].*[)]$/, '')
    .trim();
  const [, yuan, jiao, fen] = /^(?:(.+?)\s*(?:元|块钱?)整?)?(?:(\d)角?)?(?:(\d)分)?$/u.exec(text) ?? [];
  if (yuan !== undefined) return yuanText(numberIn(yuan), Number(jiao ?? 0) * 10 + Number(fen ?? 0));
  const [, small, unit] = /^(\d+)\s*([角分])$/u.exec(text) ?? [];
  if (small !== undefined) return yuanText(0, Number(small) * (unit === '角' ? 10 : 1));
  return yuanText(numberIn(text), 0);
}

function yuanText(yuan: number | undefined, fen: number): string | undefined {
  if (yuan === undefined) return undefined;
  const sum = Math.round(yuan * 100) + fen;
  return sum > 0 && Math.abs(yuan * 100 - Math.round(yuan * 100)) < 1e-6 ? `¥${(sum / 100).toFixed(2)}` : undefined;
}

/** `1-2元`, `¥1.00至¥2.00` → `¥1.00..¥2.00`. */
export function meantRange(written: string): string | undefined {
  const parts = plain(written)
    .split(/\s*(?:\.{2,}|。{2,}|[-–—−~至到、]+|\bto\b|,(?!\d{3}(?!\d)))\s*/iu)
    .map(meantMoney);
  const [from, to] = parts;
  return parts.length === 2 && from !== undefined && to !== undefined ? `${from}..${to}` : undefined;
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────

const LENGTHS: readonly (readonly [RegExp, number, string])[] = [
  [/^(?:s|secs?|seconds?|秒钟?)$/iu, 1, 's'],
  [/^(?:m|mins?|minutes?|分钟?)$/iu, 60, 'm'],
  [/^(?:h|hrs?|hours?|个?小时|个?钟头|时)$/iu, 3600, 'h'],
  [/^(?:d|days?|天|日)$/iu, 86_400, 'd'],
  [/^(?:w|weeks?|周|个?星期)$/iu, 604_800, 'd'],
];

/** `10分钟`, `1.5h`, `半小时` → `10m`, `90m`, `30m`. */
export function meantDuration(written: string): string | undefined {
  const [, amount, unit] = /^([\d.,零一二两三四五六七八九十百半]+)\s*(\D+)$/u.exec(plain(written)) ?? [];
  const value = amount === '半' ? 0.5 : numberIn(amount ?? '');
  const length = LENGTHS.find(([word]) => unit !== undefined && word.test(unit));
  if (value === undefined || !length) return undefined;
  const seconds = value * length[1];
  const whole = [...LENGTHS.slice(0, 4)].reverse().find(([, size]) => seconds >= size && seconds % size === 0);
  const own = LENGTHS.find(([, size, sign]) => sign === length[2] && size <= 86_400 && seconds % size === 0);
  const best = own ?? whole;
  return best && seconds > 0 ? `${seconds / best[1]}${best[2]}` : undefined;
}

const PART = '凌晨|半夜|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|早|晚';
const CLOCK = new RegExp(
  `^(${PART})?\\s*(\\d{1,2})\\s*(?::\\s*(\\d{1,2})(?::\\d{1,2}(?:\\.\\d+)?)?|[点时]\\s*(?:(\\d{1,2})分?|(半))?(?:整|钟)?)?\\s*(am|pm)?$`,
  'iu',
);

/** The hour that is said as this one in this part of the day; `undefined`: nobody says that. */
function hourIn(part: string, hour: number): number | undefined {
  const between = (from: number, to: number, add = 0): number | undefined =>
    from <= hour && hour <= to ? hour + add : undefined;
  if (/^(?:凌晨|半夜)$/u.test(part)) return hour === 12 && part === '凌晨' ? 0 : between(0, 6);
  if (/^(?:清晨|早)/u.test(part)) return between(4, 11);
  if (part === '上午') return between(5, 12);
  if (part === '中午') return between(1, 2, 12) ?? between(11, 14);
  if (part === '下午') return between(1, 7, 12) ?? between(12, 19);
  if (part === '傍晚') return between(4, 8, 12) ?? between(16, 20);
  if (part === 'am') return hour === 12 ? 0 : between(0, 11);
  if (part === 'pm') return hour === 12 ? 12 : (between(1, 11, 12) ?? between(13, 23));
  return between(5, 12, 12) ?? between(17, 24); // 晚上12点 is when the day is over
}

type Spoken = { readonly part: string; readonly hour: number; readonly minute: number };

function spokenClock(written: string): Spoken | undefined {
  const text = plain(written)
    .replace(/^(\d{2})(\d{2})$/, '$1:$2')
    .replace(/^零[点时]$/u, '0:00');
  const [, part, hour, minute, spoken, half, half12] = CLOCK.exec(text) ?? [];
  if (hour === undefined) return undefined;
  if (part !== undefined && half12 !== undefined) return undefined;
  // A bare number is none: `8`.
  if (part === undefined && half12 === undefined && /^\d+$/.test(text)) return undefined;
  const minutes = half === undefined ? Number(minute ?? spoken ?? 0) : 30;
  return { part: part ?? half12?.toLowerCase() ?? '', hour: Number(hour), minute: minutes };
}

/** Minutes of the day, with what is said in this part of it. */
function minutesOf({ hour: said, minute }: Spoken, part: string): number | undefined {
  const hour = part === '' ? said : hourIn(part, said);
  if (hour === undefined || minute > 59 || hour * 60 + minute > 24 * 60) return undefined;
  return hour * 60 + minute;
}

/** `9点半`, `下午3点`, `0900` → `09:30` … */
export function meantClock(written: string): string | undefined {
  const spoken = spokenClock(written);
  const minutes = spoken && minutesOf(spoken, spoken.part);
  return minutes === undefined ? undefined : clockText(minutes);
}

const DATE =
  /^(?:(\d{4}|\d{2})\s*[-–—−‒./年\\ ]\s*(\d{1,2})\s*[-–—−‒./月\\ ]\s*(\d{1,2})\s*[日号]?|(\d{4})(\d{2})(\d{2})|(\d{1,2})\/(\d{1,2})\/(\d{4}))(?:\s*[,T]?\s*(.+))?$/u;

/** `2027.2.1 8点`, `20270201` → `2027-02-01 08:00`. */
export function meantTime(written: string): string | undefined {
  const match = DATE.exec(plain(written));
  if (!match) return undefined;
  const [, y1, m1, d1, y2, m2, d2, m3, d3, y3, rest] = match;
  const year = (y1 ?? y2 ?? y3)!;
  const day = [year.length === 2 ? `20${year}` : year, (m1 ?? m2 ?? m3)!, (d1 ?? d2 ?? d3)!]
    .map(part => part.padStart(2, '0'))
    .join('-');
  if (!isDay(day)) return undefined;
  if (rest === undefined) return day;
  const clock = meantClock(rest);
  return clock === undefined ? undefined : `${day} ${clock}`;
}

function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}

/** `9点-21点`, `08:00-12:00、14:00-22:00` → `"09:00-21:00"`, `["08:00-12:00", …]`. */
export function meantHours(written: string): string | undefined {
  const ranges = plain(written)
    .split(/\s*(?:[,;、和]|\s(?=\S*\d\s*[-–—−~至到]))\s*/u)
    .map(meantRangeOfDay);
  if (ranges.some(range => range === undefined)) return undefined;
  const all = ranges.flatMap(range => range!);
  return all.length === 1 ? all[0] : `[${all.join(', ')}]`;
}

/** Across midnight they are two. `晚上8点-10点`: the second half is of the same part of the day, where that fits. */
function meantRangeOfDay(range: string): string[] | undefined {
  const halves = range
    .split(/\s*[-–—−~至到]\s*/u)
    .map(half => spokenClock(/^\d{1,2}$/.test(half) ? `${half}:00` : half));
  const [first, second, ...more] = halves;
  if (!first || !second || more.length > 0) return undefined;
  const from = minutesOf(first, first.part);
  const isCarried = second.part === '' && first.part !== '' && second.hour <= 12;
  const to = minutesOf(second, isCarried ? first.part : second.part);
  if (from === undefined || to === undefined) return undefined;
  if (to > from) return [`"${clockText(from)}-${clockText(to)}"`];
  return isCarried || to === from ? undefined : acrossMidnight(from, to);
}

/** `18:00-02:00` → `"18:00-24:00"`, `"00:00-02:00"`. Minutes of the day. */
export function acrossMidnight(from: number, to: number): string[] {
  return [`"${clockText(from)}-24:00"`, ...(to === 0 ? [] : [`"00:00-${clockText(to)}"`])];
}
