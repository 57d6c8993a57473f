// All triggers there are. Whoever adds one adds it to `Trigger` and here: the compiler asks for the rest.

import type { Event, EventKind } from '../base/event.ts';
import { entriesOf } from '../base/record.ts';
import { suggest } from '../base/suggest.ts';
import type { Instant } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Campaign, Rule, Trigger } from '../rules/campaign.ts';
import type { Describing } from '../rules/public-text.ts';
import { byKind, convert, list, named, object, type Shape, text as textShape } from '../yaml/schema.ts';
import { code, drawn, friend, paid, visit } from './elsewhere.ts';
import { scan, subscribe, unsubscribe } from './follow.ts';
import { image, location, voice } from './media.ts';
import { click, scancode, view } from './menu.ts';
import { text } from './text.ts';
import type { Around, Makes, Making, Piece, TriggerKind, Way, WrittenTrigger } from './trigger.ts';

const TRIGGERS: { readonly [K in Trigger['kind']]: TriggerKind<K, unknown> } = {
  subscribe,
  unsubscribe,
  scan,
  text,
  click,
  view,
  visit,
  paid,
  code,
  friend,
  drawn,
  image,
  voice,
  location,
  scancode,
};

/** One of them, asked about its own triggers. */
function kindOf<K extends Trigger['kind']>({ kind }: { readonly kind: K }): TriggerKind<K, unknown> {
  return TRIGGERS[kind];
}

const ENTRIES = entriesOf(TRIGGERS);

// ── As they are written ──────────────────────────────────────────────────────────────────────────────────────

const BARE = new Map<string, WrittenTrigger>(ENTRIES.flatMap(([kind, { bare }]) => (bare ? [[kind, bare]] : [])));

const bareTrigger = convert(textShape({ what: t`a trigger` }), (word, say): readonly WrittenTrigger[] | undefined => {
  const trigger = BARE.get(word);
  if (trigger) return [trigger];
  const wants = ENTRIES.find(([kind]) => kind === word)?.[1].wants;
  if (wants !== undefined) say(t`the trigger "${word}" needs ${wants}`);
  else say(t`unknown trigger "${word}"${suggest(word, [...BARE.keys()])}`);
  return undefined;
});
const bareTriggerWord: Shape<readonly WrittenTrigger[]> = {
  ...bareTrigger,
  schema: () => ({ enum: [...BARE.keys()] }),
};

/** Each key of the map is one trigger. */
const triggersOfMap = convert(
  object(t`a trigger`, Object.fromEntries(ENTRIES.map(([kind, { field }]) => [kind, field])), { notEmpty: true }),
  (on): readonly WrittenTrigger[] =>
    ENTRIES.flatMap(([kind, { bare, written }]) => {
      const value = on[kind];
      if (value === undefined) return [];
      return value === null ? bare! : written(value);
    }),
);

/** One trigger, or several as keys of one map: any of them. */
export const oneTrigger = byKind(t`a trigger such as subscribe or { text: 红包 }`, {
  scalar: bareTriggerWord,
  map: triggersOfMap,
});
const aTrigger = named('trigger', oneTrigger);
/** The value of `on:`. */
export const triggers: Shape<readonly WrittenTrigger[]> = byKind(oneTrigger.what, {
  scalar: bareTriggerWord,
  map: aTrigger,
  list: convert(list(aTrigger, t`a list of triggers`), lists => lists.flat()),
});

// ── As they are asked ────────────────────────────────────────────────────────────────────────────────────────

/** Whether this event is one that the trigger waits for. */
export function fitsTrigger(trigger: Trigger, event: Event, around: Around): boolean {
  return kindOf(trigger).fits(trigger, event, around);
}

/** Whether any trigger of the rule fits, asked one by one. `match.ts` finds the same without asking every rule. */
export function fitsRule(rule: Rule, campaign: Campaign, event: Event, now: Instant): boolean {
  return rule.on.some(trigger => fitsTrigger(trigger, event, { campaign, now }));
}

/** By which events it is looked up, and under which names; absent: any. */
export function keysOf(
  trigger: Trigger,
  campaign: Campaign,
): { readonly events: readonly EventKind[]; readonly names: readonly string[] | undefined } {
  const { events, names } = kindOf(trigger);
  return { events, names: names?.(trigger, campaign) };
}

/** What tells it from another one of its kind when a live file changes; absent: nothing. */
export function comparedBy(trigger: Trigger, campaign: Campaign): readonly string[] | undefined {
  const { names, compared } = kindOf(trigger);
  return compared ? compared(trigger) : names?.(trigger, campaign);
}

/** How somebody takes part, for the public rules (活动规则). */
export function triggerText(trigger: Trigger, around: Describing, rule: Rule): string {
  return kindOf(trigger).describe(trigger, around, rule);
}

/** What it waits for, one by one, each with events that stand for it. */
export function piecesOfTrigger(trigger: Trigger, event: Makes): readonly Piece[] {
  return kindOf(trigger).pieces?.(trigger, event) ?? [];
}

/** What somebody does who is made up; `undefined`: nobody can be. */
export function exampleOf(trigger: Trigger, around: Making): Way | undefined {
  return kindOf(trigger).example?.(trigger, around);
}

/** How an event nearly fitted that does not, in Chinese; `undefined`: it did not even nearly. */
export function missOfTrigger(trigger: Trigger, event: Event, around: Around): Wording | undefined {
  return kindOf(trigger).miss?.(trigger, event, around);
}
