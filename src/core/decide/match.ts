// Which rules does an event concern? Words, scenes, buttons and codes are looked up, not searched: what an event costs
// grows with what it says and with the rules it concerns, not with the rules there are.

import type { Event, EventKind } from '../base/event.ts';
import { PatternSet } from '../base/pattern.ts';
import { normalise, searched } from '../base/text.ts';
import type { Instant } from '../base/time.ts';
import { dayIn } from '../match/claim-key.ts';
import { mechanicsOf } from '../mechanics/index.ts';
import type { Campaign, Rule, TextTrigger, Trigger } from '../rules/campaign.ts';
import { shadowOf } from '../rules/campaign-query.ts';
import { isAboutCode } from '../rules/printed-code.ts';
import { fitsTrigger, keysOf } from '../triggers/index.ts';

import { AhoCorasick } from './aho-corasick.ts';
import { PrefixIndex, push } from './prefix-index.ts';

/** A rule whose trigger fits, in its campaign. */
export type Match = { readonly campaign: Campaign; readonly rule: Rule; readonly order: number };

/** All campaigns that are live, ready to be asked. */
export type Book = {
  readonly campaigns: readonly Campaign[];
  /** In the order of the files and of the rules in them. `now`: passwords of the day know their day. */
  match(event: Event, now: Instant): Match[];
};

/** The rules of one account that wait for texts. */
class TextIndex {
  private readonly exact = new Map<string, Match[]>();
  /** By the minute at which its day begins, the day, and the word. */
  private readonly daily = new Map<string, Match[]>();
  private readonly dayStarts = new Map<number, Campaign>();
  private readonly parts = new Map<string, Match[]>();
  private readonly patterns = new PatternSet<Match>();
  private readonly any: Match[] = [];
  private automaton = new AhoCorasick([]);
  private foundBy: readonly Match[][] = [];

  add(trigger: TextTrigger, match: Match): void {
    switch (trigger.match) {
      case 'exact':
        for (const word of trigger.words) push(this.exact, normalise(word), match);
        return;
      case 'daily':
        this.addDaily(trigger.byDay, match);
        return;
      case 'contains':
        for (const word of trigger.words) push(this.parts, normalise(word), match);
        return;
      case 'pattern':
        for (const pattern of trigger.patterns) this.patterns.add(pattern, match);
        return;
      case 'any':
        this.any.push(match);
        return;
      default:
        trigger satisfies never;
    }
  }

  private addDaily(byDay: ReadonlyMap<string, readonly string[]>, match: Match): void {
    const start = match.campaign.period.dayStartsAt;
    this.dayStarts.set(start, match.campaign);
    for (const [day, words] of byDay)
      for (const word of words) push(this.daily, `${start} ${day} ${normalise(word)}`, match);
  }

  *find(written: string, now: Instant): Iterable<Match> {
    const text = normalise(written);
    yield* this.any;
    yield* this.patterns.fitting(text);
    if (text === '') return;
    yield* this.exact.get(text) ?? [];
    for (const [start, campaign] of this.dayStarts)
      yield* this.daily.get(`${start} ${dayIn(campaign, now)} ${text}`) ?? [];
    for (const index of this.automaton.found(searched(written))) yield* this.foundBy[index]!;
  }

  /** After the last rule. It takes a while where there are many, which is better spent before the first event. */
  finish(): void {
    this.automaton = new AhoCorasick([...this.parts.keys()]);
    this.foundBy = [...this.parts.values()];
    this.patterns.finish();
  }
}

/** A trigger, in its rule. */
type Waiting = { readonly trigger: Trigger; readonly match: Match };

/** The name under which an event is looked up; texts have an index of their own. */
function nameIn(event: Event): string | undefined {
  switch (event.kind) {
    case 'subscribe':
    case 'scan':
      return event.scene;
    case 'click':
    case 'scancode':
      return event.button;
    case 'view':
      return event.url;
    case 'paid':
      return event.attach;
    case 'visit':
      return event.campaign;
    case 'friend':
      return `${event.did} ${event.campaign}`;
    default:
      return undefined;
  }
}

/** All rules of one account. */
class Index {
  private readonly texts = new TextIndex();
  /** Those that wait for printed codes, which may be in many kinds of events. */
  private readonly codes: Match[] = [];
  private readonly byKind = new Map<EventKind, PrefixIndex<Waiting>>();

  add(match: Match): void {
    const { rule, campaign } = match;
    for (const trigger of rule.on) this.addTrigger(trigger, match);
    // Wrong tries are theirs as well, and the letters of answers: the mechanics say which of them is meant.
    for (const mechanic of mechanicsOf(rule, campaign))
      for (const trigger of mechanic.listens?.(rule) ?? []) this.texts.add(trigger, match);
  }

  private addTrigger(trigger: Trigger, match: Match): void {
    if (trigger.kind === 'text') this.texts.add(trigger, match);
    if (trigger.kind === 'code') this.codes.push(match);
    const { events, names } = keysOf(trigger, match.campaign);
    for (const kind of events) {
      const index = this.byKind.get(kind) ?? new PrefixIndex<Waiting>();
      this.byKind.set(kind, index);
      index.add(names, { trigger, match });
    }
  }

  finish(): void {
    this.texts.finish();
  }

  find(event: Event, now: Instant): Match[] {
    const found = new Set<Match>(event.kind === 'text' ? this.texts.find(event.text, now) : []);
    for (const { trigger, match } of this.byKind.get(event.kind)?.find(nameIn(event)) ?? [])
      if (fitsTrigger(trigger, event, { campaign: match.campaign, now })) found.add(match);
    if (isAboutCode(event)) for (const match of this.codes) found.add(match);
    return [...found].sort((a, b) => a.order - b.order);
  }
}

/** `accounts`: the names in bot.yaml. A campaign that names none belongs to the only one. */
export function bookOf(campaigns: readonly Campaign[], accounts: readonly string[]): Book {
  const indexes = new Map<string, Index>(accounts.map(account => [account, new Index()]));
  let order = 0;
  for (const written of campaigns) {
    if (written.mode === 'draft') continue;
    const campaign = written.mode === 'shadow' ? shadowOf(written) : written;
    const index = indexes.get(campaign.account ?? accounts[0] ?? '');
    for (const rule of campaign.rules) index?.add({ campaign, rule, order: order++ });
  }
  for (const index of indexes.values()) index.finish();
  return { campaigns, match: (event, now) => indexes.get(event.account)?.find(event, now) ?? [] };
}
