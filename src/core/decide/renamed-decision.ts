// A decision with the names of today, for people.
import type { Campaign } from '../rules/campaign.ts';
import { aboutCalled, prizeIn } from '../rules/renamed.ts';
import type { Decision, Open, Shadow, Trace } from './decision.ts';

export function decisionCalled(decision: Decision, campaigns: readonly Campaign[]): Decision;
export function decisionCalled(decision: Decision | Open, campaigns: readonly Campaign[]): Decision | Open;
export function decisionCalled(decision: Decision | Open, campaigns: readonly Campaign[]): Decision | Open {
  const trace: Trace = decision.trace.map(line => aboutCalled(line, campaigns));
  const shadows = decision.shadows?.map((shadow): Shadow => aboutCalled(shadow, campaigns));
  const beside = decision.beside?.map(part => aboutCalled(part, campaigns));
  const both = { trace, ...(shadows && { shadows }), ...(beside && { beside }) };
  if (decision.kind === 'ignored')
    return { kind: 'ignored', reply: decision.reply, trace, ...(shadows && { shadows }) };
  const campaign = campaigns.find(({ id }) => id === decision.campaign);
  if (decision.kind !== 'open' || !campaign) return { ...aboutCalled(decision, campaigns), ...both } as Decision | Open;
  const prospects = decision.prospects.map(one => ({ ...one, prize: prizeIn(campaign, one.prize) }));
  return { ...aboutCalled(decision, campaigns), ...both, prospects };
}
