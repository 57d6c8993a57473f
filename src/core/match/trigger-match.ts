// Whether one rule's triggers fit one event, asked one by one. `match.ts` finds the same without asking every rule. Pure.

import type { Event } from '../base/event.ts';
import { normalise, searched } from '../base/text.ts';
import type { Instant } from '../base/time.ts';
import type { Campaign, Rule, TextTrigger, Trigger } from '../rules/campaign.ts';
import { idsOf } from '../rules/campaign-query.ts';
import { isAboutCode, scannedText } from '../rules/printed-code.ts';

import { dayIn } from './claim-key.ts';

/** `store-*` fits every scene that begins so; anything else must be equal. */
export function fitsPattern(pattern: string, value: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

/** Whether any trigger of the rule fits. */
export function fitsRule(rule: Rule, campaign: Campaign, event: Event, now: Instant): boolean {
  return rule.on.some(trigger => fits(trigger, campaign, event, now));
}

function fits(trigger: Trigger, campaign: Campaign, event: Event, now: Instant): boolean {
  switch (trigger.kind) {
    case 'text':
      return event.kind === 'text' && fitsText(trigger, campaign, event.text, now);
    case 'subscribe':
      return event.kind === 'subscribe' && fitsAny(trigger.scenes, event.scene);
    case 'scan':
      // Somebody who follows through a code has scanned it just as well as a follower has.
      if (event.kind !== 'scan' && !(event.kind === 'subscribe' && event.scene !== undefined)) return false;
      return fitsAny(trigger.scenes, event.scene);
    case 'click':
      return event.kind === 'click' && fitsAny(trigger.buttons, event.button);
    case 'view':
      return event.kind === 'view' && fitsAny(trigger.urls, event.url);
    case 'scancode':
      return (
        event.kind === 'scancode' &&
        fitsAny(trigger.buttons, event.button) &&
        fitsScanned(trigger, campaign, event, now)
      );
    case 'visit':
      return event.kind === 'visit' && idsOf(campaign).includes(event.campaign);
    case 'paid':
      return event.kind === 'paid' && event.amount >= (trigger.over ?? 0) && fitsAny(trigger.attach, event.attach);
    case 'code':
      return isAboutCode(event);
    case 'friend':
      return event.kind === 'friend' && event.did === trigger.did && idsOf(campaign).includes(event.campaign);
    case 'unsubscribe':
    case 'image':
    case 'voice':
    case 'location':
      return event.kind === trigger.kind;
    default:
      return trigger satisfies never;
  }
}

/** What was read, apart from the button. */
export function fitsScanned(
  { text }: Extract<Trigger, { readonly kind: 'scancode' }>,
  campaign: Campaign,
  event: Extract<Event, { readonly kind: 'scancode' }>,
  now: Instant,
): boolean {
  return text === undefined || fitsText(text, campaign, scannedText(event), now);
}

function fitsText(trigger: TextTrigger, campaign: Campaign, written: string, now: Instant): boolean {
  if (trigger.match === 'any') return true;
  const text = normalise(written);
  if (trigger.match === 'pattern') return trigger.patterns.some(pattern => pattern.fits(text));
  if (trigger.match === 'contains') {
    const place = searched(written);
    return trigger.words.some(word => normalise(word) !== '' && place.includes(normalise(word)));
  }
  const words = trigger.match === 'exact' ? trigger.words : (trigger.byDay.get(dayIn(campaign, now)) ?? []);
  return text !== '' && words.some(word => normalise(word) === text);
}

function fitsAny(patterns: readonly string[] | undefined, value: string | undefined): boolean {
  if (!patterns) return true;
  return value !== undefined && patterns.some(pattern => fitsPattern(pattern, value));
}
