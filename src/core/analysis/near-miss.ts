// Rules that an event nearly concerned: a word mistyped, a sum too small, a campaign that is not live. One line for each,
// with the nearest right word.

import type { Event } from '../base/event.ts';
import type { Instant } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import { calledOf } from '../rules/renamed.ts';
import { fitsRule, missOfTrigger } from '../triggers/index.ts';

export type Near = { readonly campaign: string; readonly rule: string; readonly text: Wording };

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
): Wording | undefined {
  const account = campaign.account ?? accounts[0];
  if (fitsRule(rule, campaign, event, now)) {
    if (campaign.mode === 'draft') return t`campaign "${calledOf(campaign)}" is a draft (mode: draft)`;
    return account === event.account ? undefined : t`campaign "${calledOf(campaign)}" belongs to account ${account}`;
  }
  if (account !== event.account || campaign.mode === 'draft') return undefined;
  for (const trigger of rule.on) {
    const text = missOfTrigger(trigger, event, { campaign, now });
    if (text !== undefined) return text;
  }
  return undefined;
}
