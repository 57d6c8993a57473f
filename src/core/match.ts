// Which rules does an event concern? Exact words, scenes and buttons are looked up, not searched. Pure.
import type { Event } from './event.ts';
import { codeIn, looksLikeCode } from './printed.ts';
import type { Campaign, Rule, Trigger } from './rule.ts';

/** A rule whose trigger fits, in its campaign. */
export type Match = { readonly campaign: Campaign; readonly rule: Rule; readonly order: number };

/** All campaigns that are live, ready to be asked. */
export type Book = {
  readonly campaigns: readonly Campaign[];
  /** In the order of the files and of the rules in them. */
  match(event: Event): Match[];
};

/** Width, case and spaces do not matter to somebody who types a password on a phone. */
export function normalise(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, '');
}

/** `store-*` fits every scene that begins so; anything else must be equal. */
export function fitsPattern(pattern: string, value: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

function fitsAny(patterns: readonly string[] | undefined, value: string | undefined): boolean {
  if (!patterns) return true;
  return value !== undefined && patterns.some(pattern => fitsPattern(pattern, value));
}

/** Whether one trigger fits, for all triggers that are not looked up by exact word. */
function fits(trigger: Trigger, event: Event, text: string, campaign: string): boolean {
  switch (trigger.kind) {
    case 'text':
      if (event.kind !== 'text') return false;
      if (trigger.match === 'any') return true;
      if (trigger.match === 'pattern') return trigger.patterns.some(pattern => pattern.fits(text));
      if (trigger.match === 'daily') return [...trigger.byDay.values()].flat().some(word => normalise(word) === text);
      if (trigger.match === 'exact') return trigger.words.some(word => normalise(word) === text);
      return trigger.words.some(word => text.includes(normalise(word)));
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
    case 'visit':
      return event.kind === 'visit' && event.campaign === campaign;
    case 'paid':
      return event.kind === 'paid' && event.amount >= (trigger.over ?? 0) && fitsAny(trigger.attach, event.attach);
    case 'code':
      return codeIn(event) !== undefined || (event.kind === 'text' && looksLikeCode(event.text));
    case 'friend':
      return event.kind === 'friend' && event.did === trigger.did && event.campaign === campaign;
    case 'unsubscribe':
    case 'image':
    case 'voice':
    case 'location':
      return event.kind === trigger.kind;
    default:
      return trigger satisfies never;
  }
}

/** An index of one account's rules: by exact word, and the rest by the kind of event they wait for. */
class Index {
  private readonly words = new Map<string, Match[]>();
  private readonly others = new Map<string, Match[]>();

  add(match: Match): void {
    for (const trigger of match.rule.on) {
      if (trigger.kind === 'text' && trigger.match === 'exact') {
        for (const word of trigger.words) push(this.words, normalise(word), match);
        continue;
      }
      for (const kind of kindsFor(trigger)) push(this.others, kind, match);
    }
  }

  find(event: Event): Match[] {
    const text = event.kind === 'text' ? normalise(event.text) : '';
    const rest = this.others.get(event.kind) ?? [];
    const found = new Set(event.kind === 'text' ? (this.words.get(text) ?? []) : []);
    for (const match of rest)
      if (match.rule.on.some(trigger => fits(trigger, event, text, match.campaign.id))) found.add(match);
    return [...found].sort((a, b) => a.order - b.order);
  }
}

/** The kinds of event that may start it. */
function kindsFor({ kind }: Trigger): readonly string[] {
  if (kind === 'scan') return ['scan', 'subscribe'];
  return kind === 'code' ? ['text', 'scan', 'subscribe'] : [kind];
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (!list) map.set(key, [value]);
  else if (list.at(-1) !== value) list.push(value);
}

/** `accounts`: the names in bot.yaml. A campaign that names none belongs to the only one. */
export function bookOf(campaigns: readonly Campaign[], accounts: readonly string[]): Book {
  const indexes = new Map<string, Index>(accounts.map(account => [account, new Index()]));
  let order = 0;
  for (const written of campaigns) {
    if (written.mode === 'draft') continue;
    // What a shadow counts is counted under a name of its own: the day it goes live it begins at nothing.
    const campaign = written.mode === 'shadow' ? { ...written, id: `${written.id}~shadow` } : written;
    const index = indexes.get(campaign.account ?? accounts[0] ?? '');
    for (const rule of campaign.rules) index?.add({ campaign, rule, order: order++ });
  }
  return { campaigns, match: event => indexes.get(event.account)?.find(event) ?? [] };
}
