// Which rules does an event concern? Words, scenes, buttons and codes are looked up, not searched: what an event costs
// grows with what it says and with the rules it concerns, not with the rules there are. Pure.

import type { Event } from '../base/event.ts';

import { PatternSet } from '../base/pattern.ts';
import { normalise, searched } from '../base/text.ts';
import type { Instant } from '../base/time.ts';
import { dayIn } from '../match/claim-key.ts';
import { fitsScanned } from '../match/trigger-match.ts';
import { mechanicsOf } from '../mechanics/index.ts';
import type { Campaign, Rule, TextTrigger, Trigger } from '../rules/campaign.ts';
import { idsOf, shadowOf } from '../rules/campaign-query.ts';
import { isAboutCode } from '../rules/printed-code.ts';
import { Automaton } from './aho-corasick.ts';
import { NameIndex, push } from './prefix-index.ts';

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
  private automaton = new Automaton([]);
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
    this.automaton = new Automaton([...this.parts.keys()]);
    this.foundBy = [...this.parts.values()];
    this.patterns.finish();
  }
}

type Scanning = { readonly trigger: Extract<Trigger, { readonly kind: 'scancode' }>; readonly match: Match };
type Paid = { readonly over: number; readonly match: Match };

/** All rules of one account. */
class Index {
  private readonly texts = new TextIndex();
  private readonly subscribed = new NameIndex<Match>();
  private readonly scanned = new NameIndex<Match>();
  private readonly clicked = new NameIndex<Match>();
  private readonly viewed = new NameIndex<Match>();
  private readonly paid = new NameIndex<Paid>();
  private readonly scannedByMenu = new NameIndex<Scanning>();
  /** Those that wait for nothing but the kind of event, or for that and their own campaign. */
  private readonly kinds = new Map<string, Match[]>();

  add(match: Match): void {
    const { rule, campaign } = match;
    for (const trigger of rule.on) this.addTrigger(trigger, match);
    // Wrong tries are theirs as well, and the letters of answers: the mechanics say which of them is meant.
    for (const mechanic of mechanicsOf(rule, campaign))
      for (const trigger of mechanic.listens?.(rule) ?? []) this.texts.add(trigger, match);
  }

  private addTrigger(trigger: Trigger, match: Match): void {
    switch (trigger.kind) {
      case 'text':
        this.texts.add(trigger, match);
        return;
      case 'subscribe':
        this.subscribed.add(trigger.scenes, match);
        return;
      case 'scan':
        this.scanned.add(trigger.scenes, match);
        return;
      case 'click':
        this.clicked.add(trigger.buttons, match);
        return;
      case 'view':
        this.viewed.add(trigger.urls, match);
        return;
      case 'paid':
        this.paid.add(trigger.attach, { over: trigger.over ?? 0, match });
        return;
      case 'scancode':
        this.scannedByMenu.add(trigger.buttons, { trigger, match });
        return;
      case 'visit':
        for (const id of idsOf(match.campaign)) push(this.kinds, `visit ${id}`, match);
        return;
      case 'friend':
        for (const id of idsOf(match.campaign)) push(this.kinds, `${trigger.did} ${id}`, match);
        return;
      default:
        push(this.kinds, trigger.kind, match);
    }
  }

  finish(): void {
    this.texts.finish();
  }

  find(event: Event, now: Instant): Match[] {
    const found = new Set(this.fitting(event, now));
    if (isAboutCode(event)) for (const match of this.kinds.get('code') ?? []) found.add(match);
    return [...found].sort((a, b) => a.order - b.order);
  }

  private fitting(event: Event, now: Instant): Iterable<Match> {
    switch (event.kind) {
      case 'text':
        return this.texts.find(event.text, now);
      case 'subscribe':
        // Somebody who follows through a code has scanned it just as well as a follower has.
        if (event.scene === undefined) return this.subscribed.find(undefined);
        return [...this.subscribed.find(event.scene), ...this.scanned.find(event.scene)];
      case 'scan':
        return this.scanned.find(event.scene);
      case 'click':
        return this.clicked.find(event.button);
      case 'view':
        return this.viewed.find(event.url);
      case 'paid':
        return this.paid.find(event.attach).flatMap(({ over, match }) => (over <= event.amount ? [match] : []));
      case 'scancode':
        return this.scannedByMenu
          .find(event.button)
          .flatMap(({ trigger, match }) => (fitsScanned(trigger, match.campaign, event, now) ? [match] : []));
      case 'visit':
        return this.kinds.get(`visit ${event.campaign}`) ?? [];
      case 'friend':
        return this.kinds.get(`${event.did} ${event.campaign}`) ?? [];
      default:
        return this.kinds.get(event.kind) ?? [];
    }
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
