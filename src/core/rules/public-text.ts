// What all parts of the public rules (活动规则) are written with: the language, times and lengths.

import { beijingText, DAY, HOUR, hoursText, type Instant, later, MINUTE, SECOND } from '../base/time.ts';

import type { Campaign, Period } from './campaign.ts';

/** Picks the words of the language that is written. */
export type Say = (zh: string, en: string) => string;

/** A name, between the quotation marks of the language. */
export const quoted = (name: string, say: Say): string => say(`「${name}」`, `"${name}"`);

/** What every part of the text is written from. */
export type Describing = { readonly campaign: Campaign; readonly say: Say; readonly words: boolean };

export function minuteText(at: Instant): string {
  return beijingText(at).slice(0, 16);
}

/** The end of a day is 24:00 of it, as people write it. */
export function endText(at: Instant): string {
  const text = minuteText(at);
  return text.endsWith(' 00:00') ? `${minuteText(later(at, -MINUTE)).slice(0, 10)} 24:00` : text;
}

/** `90m` → 90 分钟: in the largest unit that holds it in whole numbers. */
export function lengthText(ms: number, say: Say): string {
  const [unit, zh, en] = (
    [
      [DAY, '天', 'day'],
      [HOUR, '小时', 'hour'],
      [MINUTE, '分钟', 'minute'],
      [SECOND, '秒', 'second'],
    ] as const
  ).find(([size]) => ms % size === 0) ?? [SECOND, '秒', 'second'];
  const count = Math.round(ms / unit);
  return say(`${count} ${zh}`, `${count} ${en}${count === 1 ? '' : 's'}`);
}

export function hoursIn(hours: Period['hours'], say: Say): string {
  return say(hoursText(hours), hours.length === 0 ? 'all day' : hoursText(hours).replaceAll('、', ', '));
}
