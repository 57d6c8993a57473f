// When a budget is gone, foreseen.

import { DAY, HOUR, type Instant, instant, later } from '../../core/base/time.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Buckets } from '../../ports.ts';
import type { CampaignTally } from './tally.ts';

/** The pace is that of so many hours. */
const PACE_HOURS = 3;

/** When the money is gone, at the pace of the last hours; on no day more leaves than the budget's `perDay`. */
export function foreseen(
  { total, perDay }: Pick<NonNullable<Campaign['budget']>, 'total' | 'perDay'>,
  { reserved, sent, received }: Buckets,
  today: CampaignTally | undefined,
  now: Instant,
): Instant | undefined {
  if (!today || today.won === 0) return undefined;
  const sinceMidnight = (now + 8 * HOUR) % DAY;
  const hour = Math.floor(sinceMidnight / HOUR);
  const recent = today.hours.slice(Math.max(0, hour - PACE_HOURS + 1), hour + 1).reduce((sum, won) => sum + won, 0);
  const perHour = (recent * (today.amount / today.won)) / Math.min(PACE_HOURS, hour + 1);
  const left = total - reserved - sent - received;
  if (perHour <= 0 || left <= 0) return undefined;
  const ofDay = Math.min(24 * perHour, perDay ?? Number.POSITIVE_INFINITY);
  const stillToday = Math.max(0, (perDay ?? Number.POSITIVE_INFINITY) - today.amount);
  const restOfDay = Math.min(stillToday, perHour * ((DAY - sinceMidnight) / HOUR));
  if (left <= restOfDay) return later(now, (left / perHour) * HOUR);
  const days = Math.ceil((left - restOfDay) / ofDay) - 1;
  const last = left - restOfDay - days * ofDay;
  return instant(now - sinceMidnight + (days + 1) * DAY + (last / perHour) * HOUR);
}
