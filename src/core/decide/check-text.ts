// Words that stand in checks (判定依据): how long, which day, how likely. In Chinese. Pure.

import { DAY, HOUR, MINUTE, type Weekday } from '../base/time.ts';
import type { Prize } from '../rules/campaign.ts';

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

export function oddsText(prize: Prize, prizes: readonly Prize[]): string {
  const total = prizes.reduce((sum, each) => sum + each.weight, 0);
  return `${((prize.weight / total) * 100).toFixed(2)}%`;
}
