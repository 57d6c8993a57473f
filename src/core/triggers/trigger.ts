// A trigger is what a rule waits for (`on:`). All of one kind stands in one place: how it is written, which events fit it,
// under which names it is looked up, how it is described, events that stand for it, and how near another one came.

import type { Event, EventKind, Happening } from '../base/event.ts';
import { distance, nearest } from '../base/suggest.ts';
import type { Day, Instant } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { CodeFact } from '../match/facts.ts';
import type { Campaign, Rule, Trigger } from '../rules/campaign.ts';
import type { Describing } from '../rules/public-text.ts';
import { type Field, type Located, orBare, type Shape, text, yes } from '../yaml/schema.ts';

/** As it is written: the passwords of each day may lie in another file. */
export type WrittenTrigger = Exclude<Trigger, { readonly match: 'daily' }> | WrittenDaily;
type WrittenDaily = { readonly kind: 'text'; readonly match: 'daily' } & DailyWords;
export type DailyWords =
  | { readonly list: Located<string> }
  | { readonly days: readonly { readonly key: Located<Day>; readonly value: readonly Located<string>[] }[] };

type TriggerOf<K extends Trigger['kind']> = Extract<Trigger, { readonly kind: K }>;
/** Where and when an event is looked at. */
export type Around = { readonly campaign: Campaign; readonly now: Instant };
/** Makes an event out of what happened. */
export type Makes = (happening: Happening) => Event;
/** Numbers in [0, 1). */
type Chance = () => number;
/** What somebody does who is made up. */
export type Way = (chance: Chance) => Happening;
/** For whom a crowd is made up. `codes`: those that were printed for it so far. */
export type Making = {
  readonly campaign: Campaign;
  readonly rule: Rule;
  readonly day: Day;
  readonly codes: Map<string, CodeFact>;
};

/** One word, one scene, one button …: `label` is how it is called in a message. */
export type Piece = {
  readonly label: Wording;
  /** As it is written in the file, if it is. */
  readonly word?: string;
  readonly probes: readonly Event[];
  /** The text that is waited for, as it is compared; of passwords also their day. */
  readonly text?: string;
  readonly day?: Day;
  /** The source of a pattern. */
  readonly pattern?: string;
  readonly isFirstFollow?: boolean;
  readonly batch?: string;
};

/** `V`: what is written behind its key. */
export type TriggerKind<K extends Trigger['kind'], V = never> = {
  /** As a word alone, `on: subscribe`. Absent: it says nothing without a value, and `wants` says which. */
  readonly bare?: WrittenTrigger;
  readonly wants?: Wording;
  readonly field: Field<V | null, false>;
  written(value: NonNullable<V>): WrittenTrigger;
  fits(trigger: TriggerOf<K>, event: Event, around: Around): boolean;
  /** The kinds of events it is looked up for; texts and codes have an index of their own. */
  readonly events: readonly EventKind[];
  /** The names it is looked up under (see `nameIn`); absent: any. */
  names?(trigger: TriggerOf<K>, campaign: Campaign): readonly string[] | undefined;
  /** By which it is compared when a live file changes, where that is not the names. */
  compared?(trigger: TriggerOf<K>): readonly string[] | undefined;
  /** For the public rules (活动规则). */
  describe(trigger: TriggerOf<K>, around: Describing, rule: Rule): string;
  /** Piece by piece, with events that stand for each: whoever is asked about all of them is asked about all it is about. */
  pieces?(trigger: TriggerOf<K>, event: Makes): readonly Piece[];
  /** What somebody made up does. `undefined`: it can be read, but not made up. */
  example?(trigger: TriggerOf<K>, around: Making): Way | undefined;
  /** How an event nearly fitted that does not, in Chinese. */
  miss?(trigger: TriggerOf<K>, event: Event, around: Around): Wording | undefined;
};

/** Keeps the types of its own value. */
export function triggerKind<K extends Trigger['kind'], V>(_kind: K, one: TriggerKind<K, V>): TriggerKind<K, V> {
  return one;
}

// ── Names, and beginnings of names ───────────────────────────────────────────────────────────────────────────

/** A key that is there, or not: `image`, `image: true`. */
export function yesOrNothing(): Shape<true> {
  return orBare(true, yes());
}

/** A value that may end in `*`, which then stands for anything that follows. */
export function prefix(what: Wording): Shape<string> {
  return text({
    what,
    oneLine: true,
    check: (value, say) => {
      if (value.slice(0, -1).includes('*')) say(t`"*" may stand only at the end: "${value}"`);
    },
  });
}

/** `store-*` fits every scene that begins so; anything else must be equal. */
export function fitsPattern(pattern: string, value: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

export function fitsAny(patterns: readonly string[] | undefined, value: string | undefined): boolean {
  if (!patterns) return true;
  return value !== undefined && patterns.some(pattern => fitsPattern(pattern, value));
}

/** Characters of no language, which no word and no pattern of anybody's has; in two lengths, for patterns that count. */
export const RARE = ['\uE123', '\uE123\uE124\uE125'] as const;

/** A name, or everything that begins so. */
export function namedPiece(
  what: Wording,
  pattern: string,
  probe: (name: string) => readonly Event[],
  more: Pick<Piece, 'isFirstFollow'> = {},
): Piece {
  const isPrefix = pattern.endsWith('*');
  const probes = probe(isPrefix ? pattern.slice(0, -1) + RARE[1] : pattern);
  return { label: t`${what} "${pattern}"`, word: pattern, probes, ...more };
}

/** One of twenty, where the pattern leaves it open. */
export function exampleName(pattern: string, chance: Chance): string {
  if (!pattern.endsWith('*')) return pattern;
  return pattern.slice(0, -1) + String(1 + Math.floor(chance() * 20)).padStart(3, '0');
}

export function missOfName(
  what: Wording,
  name: string | undefined,
  names: readonly string[] | undefined,
): Wording | undefined {
  if (name === undefined || !names) return undefined;
  const whole = names.map(each => (each.endsWith('*') ? each.slice(0, -1) : each));
  const near =
    nearest(name, whole) ??
    whole.find((each, n) => names[n]!.endsWith('*') && distance(name.slice(0, each.length), each) === 1);
  return near === undefined ? undefined : t`${what} "${name}" is not "${names[whole.indexOf(near)]}"`;
}
