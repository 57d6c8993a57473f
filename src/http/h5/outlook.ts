// What a tap on the coin would come to (还没点之前): the page shows it before anybody is led to expect a prize.

import { eventKey, type OpenId } from '../../core/base/event.ts';
import { DAY, type Instant, instant, MINUTE, minuteOfDay } from '../../core/base/time.ts';
import type { Decision, Open } from '../../core/decide/decision.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Flow } from '../../engine/flow.ts';
import type { Clock } from '../../ports.ts';
import type { Outlook } from './html/view.ts';

type Visit = {
  readonly account: { readonly name: string };
  readonly campaign: Campaign;
  readonly session: { readonly user: OpenId };
};

/** `undefined`: nothing is drawn on this page. */
export async function foreseen(
  { flow, clock }: { readonly flow: Pick<Flow, 'foretell'>; readonly clock: Clock },
  { account, campaign, session: { user } }: Visit,
): Promise<Outlook | undefined> {
  if (!campaign.rules.some(rule => rule.on.some(({ kind }) => kind === 'visit'))) return undefined;
  const now = clock();
  const key = eventKey(`v:${user}:before`);
  const event = { key, account: account.name, user, sentAt: now, kind: 'visit', campaign: campaign.id } as const;
  return outlookOf(await flow.foretell(event), campaign, now);
}

function outlookOf(decision: Decision | Open, campaign: Campaign, now: Instant): Outlook {
  if (decision.kind !== 'refused') return { kind: 'open', ...chancesIn(decision) };
  // Whoever was never seen following is asked after when they tap.
  if (decision.trace.some(({ checks }) => checks.some(check => 'why' in check && check.why === 'unknown')))
    return { kind: 'open' };
  const { refusal, detail, reply } = decision;
  const opensAt = refusal === 'notStarted' || refusal === 'closed' ? opensAtIn(campaign, now) : undefined;
  return {
    kind: 'shut',
    why: detail ?? refusal,
    text: reply.kind === 'text' ? reply.text : '',
    ...(opensAt !== undefined && { opensAt }),
  };
}

function chancesIn({ trace }: Decision | Open): { chances?: number } {
  for (const { checks } of trace)
    for (const check of checks)
      if (check.check === 'balance') return { chances: Math.floor(check.balance / Math.max(1, check.needed)) };
  return {};
}

/** The next moment at which a clock alone opens it. */
function opensAtIn({ period, rounds }: Campaign, now: Instant): Instant | undefined {
  if (now < period.from) return rounds[0]?.from ?? period.from;
  const round = rounds.find(each => each.from > now);
  if (rounds.length > 0) return round?.from;
  if (period.hours.length === 0 || period.weekdays.length > 0) return undefined;
  const minute = minuteOfDay(now);
  const waits = period.hours.map(([from]) => (from > minute ? from - minute : from - minute + DAY / MINUTE));
  return instant(now - (now % MINUTE) + Math.min(...waits) * MINUTE);
}
