// Money, times and openids as people read them.
import { now as botNow, shell, words } from './state.ts';

const locale = shell.lang === 'zh' ? 'zh-CN' : 'en-GB';
const whole = new Intl.NumberFormat('en-US');
const yuan = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const zone = 'Asia/Shanghai';
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false });
const days = new Intl.DateTimeFormat('sv-SE', { timeZone: zone });
const monthDay = new Intl.DateTimeFormat(locale, { timeZone: zone, month: 'short', day: 'numeric' });

export const count = (value: number): string => whole.format(value);
export const money = (fen: number): string => `¥${yuan.format(fen / 100)}`;
export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 && share > 0 ? 2 : 1)}%`;

/** `今天 10:41` */
export function when(at: number, now = botNow()): string {
  const time = clock.format(at);
  const day = days.format(at);
  if (day === days.format(now)) return `${words.today} ${time}`;
  if (day === days.format(now - 86_400_000)) return `${words.yesterday} ${time}`;
  const isThisYear = day.slice(0, 4) === days.format(now).slice(0, 4);
  return `${isThisYear ? monthDay.format(at) : day} ${time}`;
}

export const clockText = (at: number): string => clock.format(at);
export const dayText = (at: number): string => days.format(at);
export const ago = (since: number, now = botNow()): string =>
  words.minutes(Math.max(0, Math.floor((now - since) / 60_000)));

/** Its two ends: enough to tell it from the next one. */
export const short = (text: string): string => (text.length <= 16 ? text : `${text.slice(0, 5)}…${text.slice(-5)}`);
