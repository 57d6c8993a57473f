// How many friends have done what an invitation asks for, and how many the next prize asks for: as its rule counts them.

import type { OpenId } from '../../core/base/event.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Store } from '../../ports.ts';

export async function invitedOf(
  store: Store,
  campaign: Campaign,
  account: string,
  user: OpenId,
): Promise<{ count: number; goal?: number }> {
  const rule = campaign.rules.find(({ on, giveAt }) => giveAt && on.some(({ kind }) => kind === 'friend'));
  if (!rule) return { count: 0 };
  const counter = `campaign/${campaign.id}/user/${user}/rule/${rule.id}/count`;
  const counters = [counter, `${counter}/taken-back`];
  const facts = await store.facts({ account, user, merchant: undefined, claims: [], counters });
  const [all = 0, gone = 0] = counters.map(name => facts.counters.get(name) ?? 0);
  const count = Math.max(0, all - gone);
  const steps = [...(rule.giveAt?.keys() ?? [])].sort((a, b) => a - b);
  const goal = steps.find(step => step > count) ?? steps.at(-1);
  return { count, ...(goal !== undefined && { goal }) };
}
