// A campaign as whoever was drawn at the end (开奖) is looked at: they took part in time, and what limits those who take part does not
// limit them. What is left is what must never be passed: the budget, the stock, and what the merchant allows.
import { DAY, instant, later } from '../base/time.ts';
import type { Campaign, Prize } from './campaign.ts';

/** So long after a draw somebody who could not be paid before is tried again. */
export const DRAWN_FOR_MS = 60 * DAY;

const known = new WeakMap<Campaign, Campaign>();

export function drawnFrom(campaign: Campaign): Campaign {
  const before = known.get(campaign);
  if (before) return before;
  const { perMinute: _, stores: __, budget, period, draws, prizes, ...rest } = campaign;
  const last = Math.max(period.to, ...[...(draws?.values() ?? [])].map(({ at }) => later(at, DRAWN_FOR_MS)));
  const made: Campaign = {
    ...rest,
    period: { ...period, to: instant(last), hours: [], weekdays: [] },
    ...(budget && {
      budget: {
        total: budget.total,
        alertAt: budget.alertAt,
        ...(budget.packets !== undefined && { packets: budget.packets }),
      },
    }),
    ...(draws && { draws }),
    // Copies: what a rule is made of is remembered by the rule, and here there are no rounds and stores.
    rules: campaign.rules.map(rule => ({ ...rule })),
    rounds: [],
    perUser: {},
    perScene: {},
    prizes: new Map([...prizes].map(([name, prize]) => [name, plain(prize)])),
  };
  known.set(campaign, made);
  return made;
}

function plain(prize: Prize): Prize {
  const { perDay: _, perUser: __, window: ___, unlockAfter: ____, ...rest } = prize;
  return rest;
}
