// The reminder of a packet that nobody has opened and that goes back soon: when it is time, and that it was said.

import { yuanText } from '../base/money.ts';
import { HOUR, type Instant } from '../base/time.ts';
import { channelOf } from '../payout/channels/index.ts';
import type { Payout, Step } from '../payout/payout.ts';
import type { Campaign } from '../rules/campaign.ts';
import { named } from '../rules/renamed.ts';
import { render } from '../rules/reply.ts';

/** After 24 h it goes back: later than this there is hardly time to open it. */
const FROM_MS = 20 * HOUR;
const TO_MS = 23.5 * HOUR;
/** As it stands in the payout's history. */
const REMINDED = 'reminded';

export function hasReminders({ rules }: Campaign): boolean {
  return rules.some(({ replies }) => replies.reminder !== undefined);
}

/** The rule's own words; `undefined`: it has none, or it is not the time. */
export function reminderOf(campaign: Campaign, payout: Payout, now: Instant): string | undefined {
  const { state, sentAt, rule: id, amount, stopped, problem } = payout;
  if (stopped || problem !== undefined) return undefined; // it is for a person, and not to be opened any more
  if (channelOf(payout.request).openMs === undefined) return undefined; // it goes back when its stock says
  if (state !== 'sent' || sentAt === undefined || now - sentAt < FROM_MS || now - sentAt > TO_MS) return undefined;
  const template = named(campaign.rules, id)?.replies.reminder;
  const reply = template && render(template, { amount: yuanText(amount), campaign: campaign.name });
  return reply?.kind === 'text' ? reply.text : undefined;
}

export function wasReminded(history: readonly { readonly what: string }[]): boolean {
  return history.some(({ what }) => what === REMINDED);
}

/** Written before it is said: of all processes one does, once. */
export function remindedStep(payout: Payout, now: Instant): Step {
  return {
    payout: { ...payout, version: payout.version + 1 },
    from: payout.state,
    at: now,
    what: REMINDED,
    move: 'none',
  };
}
