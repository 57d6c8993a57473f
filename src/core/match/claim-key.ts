// When a second claim is the same claim: the campaign's own days and rounds, and the key of a claim.
import type { Event, OpenId } from '../base/event.ts';
import { type Day, dayOf, type Instant, later, MINUTE, weekOf } from '../base/time.ts';
import type { Campaign, Round, Rule } from '../rules/campaign.ts';
import { namesOf } from '../rules/renamed.ts';

/** The day a moment belongs to, in a campaign whose days may begin at 04:00. */
export function dayIn({ period }: Campaign, now: Instant): Day {
  return dayOf(shifted(period.dayStartsAt, now));
}

function shifted(dayStartsAt: number, now: Instant): Instant {
  return later(now, -dayStartsAt * MINUTE);
}

/** The round that is on. `opensAfter`: how much later it opens, ms. */
export function roundAt({ rounds }: Campaign, now: Instant, opensAfter = 0): Round | undefined {
  return rounds.find(({ from, to }) => now >= later(from, opensAfter) && now < to);
}

/** campaign / rule / openid / occasion: unique for ever. */
export function claimKeyOf(campaign: Campaign, rule: Rule, event: Event, now: Instant): string {
  return `${campaign.id}/${rule.id}/${event.user}/${occasionOf(campaign, rule, event, now)}`;
}

/** The key of what is given together with a claim (`give: { all: … }`). No name has braces: it is no other claim's. */
export function besideKeyOf(claimKey: string, prize: string): string {
  return `${claimKey}{${prize}}`;
}

/** The key of what is given in the place of a claim whose prize WeChat Pay refused (`fallbackTo`): one, whatever it is. */
export function insteadKeyOf(claimKey: string): string {
  return besideKeyOf(claimKey, '{}');
}

/** Whether a claim stands in the place of that one, at once or by way of another that was refused as well. */
export function isInsteadOf(claimKey: string, refused: string): boolean {
  return claimKey.startsWith(insteadKeyOf(refused));
}

export function isBesideKey(claimKey: string): boolean {
  return claimKey.endsWith('}');
}

/** The key of a claim once per round, of any of its rounds. */
export function roundKeyOf(campaign: Campaign, rule: Rule, user: OpenId, round: string): string {
  return `${campaign.id}/${rule.id}/${user}/${roundOccasion(round)}`;
}

function roundOccasion(round: string): string {
  return `round-${round}`;
}

/**
 * All keys under which this claim may have been made: its own first, then those of other names that campaign and rule
 * have had. Only the first is ever written.
 */
export function claimKeysOf(campaign: Campaign, rule: Rule, event: Event, now: Instant): readonly string[] {
  const key = claimKeyOf(campaign, rule, event, now);
  if (campaign.mode === 'shadow' || (!campaign.names && !rule.names)) return [key];
  const rest = key.slice(`${campaign.id}/${rule.id}/`.length);
  return namesOf(campaign).flatMap(first => namesOf(rule).map(second => `${first}/${second}/${rest}`));
}

function occasionOf(campaign: Campaign, rule: Rule, event: Event, now: Instant): string {
  // A friend's deed counts once, whatever the day: its key never changes.
  if (event.kind === 'friend' && rule.once !== 'ever') return event.key;
  switch (rule.once) {
    case 'ever':
      return 'ever';
    case 'perDay':
      return dayIn(campaign, now);
    case 'perWeek':
      return `week-${weekOf(shifted(campaign.period.dayStartsAt, now))}`;
    case 'perMonth':
      return dayIn(campaign, now).slice(0, 7);
    case 'perRound':
      return roundOccasion(roundAt(campaign, now)?.name ?? 'none');
    case 'perEvent':
      return event.key;
    default:
      return rule.once satisfies never;
  }
}
