// What a rule waits for, piece by piece, and events that stand for each piece: whoever else is asked about all of them
// is asked about everything that piece is about.

import { type Event, eventKey, type Happening, openId } from '../base/event.ts';
import { normalise } from '../base/text.ts';
import type { Instant } from '../base/time.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import { fitsRule, piecesOfTrigger } from '../triggers/index.ts';
import type { Piece } from '../triggers/trigger.ts';

export function piecesOf(rule: Rule, campaign: Campaign, account: string): Piece[] {
  const event = (happening: Happening): Event => eventOf(happening, account, campaign.period.from);
  return rule.on.flatMap(trigger => piecesOfTrigger(trigger, event));
}

function eventOf(happening: Happening, account: string, sentAt: Instant): Event {
  return { key: eventKey('probe'), account, user: openId('probe'), sentAt, ...happening };
}

/** Whether a rule that was found for a probe really answers it. */
export function answers(rule: Rule, campaign: Campaign, piece: Piece, probe: Event): boolean {
  if (probe.kind === 'subscribe' && !piece.isFirstFollow) {
    // A rule about first follows lets all others pass.
    const on = rule.on.filter(trigger => trigger.kind !== 'subscribe' || !trigger.first);
    return fitsRule({ ...rule, on }, campaign, probe, probe.sentAt);
  }
  if (piece.batch !== undefined)
    return rule.on.some(trigger => trigger.kind === 'code' && trigger.batch === piece.batch);
  if (fitsRule(rule, campaign, probe, probe.sentAt)) return true;
  // A text that only looks like a password is a wrong guess, and answered as one.
  return probe.kind === 'text' && rule.guess?.looksLike?.fits(normalise(probe.text)) === true;
}
