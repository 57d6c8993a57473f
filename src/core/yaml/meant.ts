// How people in China write numbers, money and times, and how the same is written here: a message that says so can be copied.
// Nothing is read by it: what is meant is only ever said.

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

const CLOCK =
  /^(凌晨|早上|上午|中午|下午|傍晚|晚上|晚)?\s*(\d{1,2})\s*(?::\s*(\d{1,2})(?::\d{1,2}(?:\.\d+)?)?|[点时]\s*(?:(\d{1,2})分?|(半))?(?:整|钟)?)\s*(am|pm)?$/iu;

/** `9点半`, `下午3点`, `0900` → `09:30` … */
export function meantClock(written: string): string | undefined {
  const text = plain(written).replace(/^(\d{2})(\d{2})$/, '$1:$2');
  const [, part, hourText, minuteText, spoken, half, half12] = CLOCK.exec(text) ?? [];
  if (hourText === undefined) return undefined;
  const isLate = /下午|傍晚|晚/u.test(part ?? '') || /pm/i.test(half12 ?? '');
  const hour = Number(hourText) + (isLate && Number(hourText) < 12 ? 12 : 0);
  const minute = half === undefined ? Number(minuteText ?? spoken ?? 0) : 30;
  if (hour > 24 || minute > 59 || (hour === 24 && minute > 0)) return undefined;
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
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
    .map(range => {
      const [from, to, ...more] = range
        .split(/\s*[-–—−~至到]\s*/u)
        .map(part => meantClock(/^\d{1,2}$/.test(part) ? `${part}:00` : part));
      return more.length > 0 || from === undefined || to === undefined ? undefined : `"${from}-${to}"`;
    });
  if (ranges.some(range => range === undefined)) return undefined;
  return ranges.length === 1 ? ranges[0] : `[${ranges.join(', ')}]`;
}
