// Rules that an event nearly concerned: a word mistyped, a sum too small, a campaign that is not live. One line for each,
// in Chinese, with the nearest right word.

import type { Event } from '../base/event.ts';
import type { Instant } from '../base/time.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import { calledOf } from '../rules/renamed.ts';
import { fitsRule, missOfTrigger } from '../triggers/index.ts';

export type Near = { readonly campaign: string; readonly rule: string; readonly text: string };

/** `isLive`: whether the campaign is asked about events of this account. */
export function nearMisses(
  campaigns: readonly Campaign[],
  event: Event,
  now: Instant,
  accounts: readonly string[],
): Near[] {
  return campaigns.flatMap(campaign =>
    campaign.rules.flatMap(rule => {
      const text = missOf(rule, campaign, event, now, accounts);
      return text === undefined ? [] : [{ campaign: calledOf(campaign), rule: calledOf(rule), text }];
    }),
  );
}

/** Why a rule was not asked about the event though it nearly was; `undefined`: it was asked, or is about other things. */
function missOf(
  rule: Rule,
  campaign: Campaign,
  event: Event,
  now: Instant,
  accounts: readonly string[],
): string | undefined {
  const account = campaign.account ?? accounts[0];
  if (fitsRule(rule, campaign, event, now)) {
    if (campaign.mode === 'draft') return `活动「${calledOf(campaign)}」还是草稿(mode: draft)`;
    return account === event.account ? undefined : `活动「${calledOf(campaign)}」属于公众号 ${account}`;
  }
  if (account !== event.account || campaign.mode === 'draft') return undefined;
  for (const trigger of rule.on) {
    const text = missOfTrigger(trigger, event, { campaign, now });
    if (text !== undefined) return text;
  }
  return undefined;
}
