// Campaigns made by hand, without a rule file, and a ledger in memory that keeps the promises of the store: what a test
// of a mechanic (玩法) says is what it is about, the rest is as open as it can be.

import { type Event, eventKey, type Happening, openId } from '../../src/core/base/event.ts';
import { type Fen, fen, parseYuan } from '../../src/core/base/money.ts';
import { type Instant, instant, parseBeijing, parseDuration } from '../../src/core/base/time.ts';
import { countersOf, decide, factsQueryFor } from '../../src/core/decide/decide.ts';
import type { Award, Decision } from '../../src/core/decide/decision.ts';
import type { MerchantCaps } from '../../src/core/decide/limits.ts';
import { type Book, bookOf } from '../../src/core/decide/match.ts';
import type { CodeFact, Facts, Follower } from '../../src/core/match/facts.ts';
import type { Campaign, Period, Prize, Round, Rule, Trigger, Wallet } from '../../src/core/rules/campaign.ts';

// ── Parts ────────────────────────────────────────────────────────────────────────────────────────────────────

/** `2026-02-10 10:00[:30]`, in Beijing. */
export function at(text: string): Instant {
  const time = parseBeijing(text);
  if (time === undefined) throw new Error(`no such time: ${text}`);
  return time;
}

/** `¥1.00` → 100. */
export function yuan(text: string): Fen {
  const amount = parseYuan(text);
  if (amount === undefined) throw new Error(`no such amount: ${text}`);
  return amount;
}

/** `on: word('抽奖')` */
export function word(...words: readonly string[]): Trigger {
  return { kind: 'text', match: 'exact', words };
}

type Parts<T> = { readonly [K in keyof T]?: T[K] };
type RedPacketParts = Parts<Extract<Prize, { kind: 'redpacket' }>>;

/** A red packet of ¥1.00, or what `parts` says; `min` alone is a fixed amount. */
export function packet(name: string, parts: RedPacketParts = {}): Prize {
  const min = parts.min ?? fen(100);
  return { name, kind: 'redpacket', weight: 1, ...parts, min, max: parts.max ?? min };
}

export function nothing(name: string, parts: Parts<Prize> = {}): Prize {
  return { weight: 1, ...parts, name, kind: 'nothing' };
}

export function coupons(name: string, list: readonly string[], parts: Parts<Prize> = {}): Prize {
  return { weight: 1, ...parts, name, kind: 'coupon', coupons: list };
}

/** `roundOf('第一场', '2026-02-10 20:00', '5m', 100, '¥288.00')` */
export function roundOf(name: string, from: string, lasts: string, packets: number, total: string): Round {
  return { name, from: at(from), to: instant(at(from) + parseDuration(lasts)!), packets, total: yuan(total) };
}

type RuleParts = Omit<Parts<Rule>, 'on' | 'earn' | 'spend' | 'giveAt'> & {
  readonly on?: Trigger | readonly Trigger[];
  readonly earn?: Readonly<Record<string, number>>;
  readonly spend?: Readonly<Record<string, number>>;
  readonly giveAt?: Readonly<Record<number, string | readonly string[]>>;
};

/** A rule on the text 抽奖, for every event; `give` also names what `giveAt` gives. */
export function ruleOf({ on = word('抽奖'), earn = {}, spend = {}, giveAt, ...parts }: RuleParts = {}): Rule {
  const steps = giveAt && new Map(Object.entries(giveAt).map(([n, names]) => [Number(n), [names].flat()]));
  return {
    id: 'rule',
    on: [on].flat(),
    who: {},
    once: 'perEvent',
    give: steps ? [...new Set([...steps.values()].flat())] : [],
    ...(steps && { giveAt: steps }),
    earn: new Map(Object.entries(earn)),
    spend: new Map(Object.entries(spend)),
    cancelIf: [],
    replies: {},
    line: 1,
    ...parts,
  };
}

type CampaignParts = Omit<Parts<Campaign>, 'period' | 'prizes' | 'rules' | 'wallets'> & {
  readonly period?: Parts<Period>;
  readonly prizes?: readonly Prize[];
  readonly rules?: readonly Rule[];
  readonly wallets?: Readonly<Record<string, Omit<Wallet, 'name'>>>;
};

/** The campaign `tea` in all of 2026, with a budget that is never short, live for account `tea`. */
export function campaignOf({ period, prizes = [], rules, wallets = {}, ...parts }: CampaignParts = {}): Campaign {
  return {
    id: 'tea',
    name: '好茶',
    account: 'tea',
    period: {
      from: at('2026-01-01'),
      to: at('2027-01-01'),
      hours: [],
      weekdays: [],
      dayStartsAt: 0,
      ...period,
    },
    budget: { total: yuan('¥1000000.00'), alertAt: [] },
    perUser: {},
    perScene: {},
    mode: 'live',
    testers: new Set(),
    segments: new Map(),
    wallets: new Map(Object.entries(wallets).map(([name, wallet]) => [name, { name, ...wallet }])),
    rounds: [],
    packet: { sendName: '阿茶茶饮', actName: '好茶', wishing: '恭喜发财', remark: '好茶' },
    unclaimed: 'return',
    prizes: new Map(prizes.map(prize => [prize.name, prize])),
    rules: rules ?? [ruleOf({ give: prizes.map(({ name }) => name) })],
    tests: [],
    file: 'tea.yaml',
    hash: 'hash',
    ...parts,
  };
}

// ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────

/** What happens, when, to whom. Without a `key` every event is one of its own; without a `user` it is ann's. */
export type Scripted = { readonly at: string | Instant; readonly user?: string; readonly key?: string } & Happening;

/** `says('2026-02-10 10:00', '抽奖')` */
export function says(time: string | Instant, text: string, user = 'ann'): Scripted {
  return { at: time, user, kind: 'text', text };
}

/** `visits('2026-02-10 10:00')`: the campaign's page is opened. */
export function visits(time: string | Instant, user = 'ann', campaign = 'tea'): Scripted {
  return { at: time, user, kind: 'visit', campaign };
}

let events = 0;

export function eventOf({ at: time, user = 'ann', key, ...happening }: Scripted): Event {
  const sentAt = typeof time === 'string' ? at(time) : time;
  const envelope = { key: eventKey(key ?? `e${++events}`), account: 'tea', user: openId(user), sentAt };
  return { ...envelope, ...happening };
}

// ── The ledger ───────────────────────────────────────────────────────────────────────────────────────────────

export type LedgerOptions = {
  readonly merchant?: MerchantCaps;
  readonly pinned?: string;
  readonly seed?: string;
  readonly codes?: Readonly<Record<string, CodeFact>>;
  readonly halted?: boolean;
};

/** A store tells nothing of a counter it was not asked for, and a decision would take it for 0: here it is a mistake. */
class Asked extends Map<string, number> {
  override get(name: string): number | undefined {
    if (!this.has(name)) throw new Error(`the counter ${name} is looked at, but was not asked for`);
    return super.get(name);
  }
}

/** A decision that was made, but not yet written: between the two somebody else may write theirs. */
export type Pending = { readonly event: Event; readonly decision: Decision };

/** What the store would hold. Commits add all counters of a decision or none, as the store's do. */
export class Ledger {
  readonly followers = new Map<string, Follower>();
  readonly claims = new Map<string, Award>();
  readonly counters = new Map<string, number>();
  readonly decisions: Decision[] = [];
  /** How often a decision was made anew. */
  races = 0;
  private events = 0;
  private book: Book;
  private readonly options: LedgerOptions;

  constructor(campaigns: Campaign | readonly Campaign[], options: LedgerOptions = {}) {
    this.book = bookOf([campaigns].flat(), ['tea']);
    this.options = options;
  }

  /** The rules from now on: they may be edited in mid-campaign. */
  set campaigns(campaigns: readonly Campaign[]) {
    this.book = bookOf(campaigns, ['tea']);
  }

  /** The way of one event, with as many new tries as it takes. */
  play(scripted: Scripted): Decision {
    let pending = this.decide(scripted);
    for (let lost = 0; this.commit(pending) !== 'done'; lost++) {
      if (lost > 1) throw new Error(`nobody else writes, and yet ${pending.event.key} is lost again and again`);
      this.races++;
      pending = this.decide(pending.event);
    }
    this.decisions.push(pending.decision);
    return pending.decision;
  }

  /** All of them read before any of them writes; those who lost decide anew. In the order of the events. */
  playAtOnce(scripted: readonly Scripted[]): Decision[] {
    const pending = scripted.map(each => this.decide(each));
    return pending.map(each => {
      if (this.commit(each) === 'done') {
        this.decisions.push(each.decision);
        return each.decision;
      }
      this.races++;
      return this.play({ ...each.event, at: each.event.sentAt });
    });
  }

  decide(scripted: Scripted | Event): Pending {
    // Keys of its own, so that draws do not depend on what other tests have played.
    const event = 'sentAt' in scripted ? scripted : eventOf({ key: `event-${++this.events}`, ...scripted });
    const { merchant, pinned, seed = 'seed' } = this.options;
    const around = { merchant, seedOf: (id: string) => `${seed} of ${id}`, ...(pinned !== undefined && { pinned }) };
    const matches = this.book.match(event, event.sentAt);
    const facts = this.facts(factsQueryFor(matches, event, event.sentAt, around));
    return { event, decision: decide(matches, event, facts, event.sentAt, around) };
  }

  /** `lost`: the counter that would have passed its maximum; then nothing was written. */
  commit({ event, decision }: Pending): 'done' | 'claimed' | { readonly lost: string } {
    if (decision.kind === 'awarded' && this.claims.has(decision.claimKey)) return 'claimed';
    const sums = new Map<string, number>();
    for (const { name, add, max, atLeast = 0 } of countersOf(decision)) {
      const sum = Math.max((sums.get(name) ?? this.value(name)) + add, atLeast);
      if (sum > max) return { lost: name };
      sums.set(name, sum);
    }
    for (const [name, sum] of sums) this.counters.set(name, sum);
    if (decision.kind === 'awarded') this.claims.set(decision.claimKey, decision);
    this.follow(event);
    return 'done';
  }

  value(counter: string): number {
    return this.counters.get(counter) ?? 0;
  }

  /** What was given for this campaign so far. */
  paid(): number {
    return [...this.claims.values()].reduce((sum, { amount }) => sum + amount, 0);
  }

  /** Only what was asked for, as the store does it. */
  private facts(wanted: ReturnType<typeof factsQueryFor>): Facts {
    const code = wanted.code === undefined ? undefined : this.options.codes?.[wanted.code];
    return {
      follower: this.followers.get(wanted.user),
      claims: new Set(wanted.claims.filter(key => this.claims.has(key))),
      counters: new Asked(wanted.counters.map(name => [name, this.value(name)])),
      halted: this.options.halted ?? false,
      ...(code && { code }),
    };
  }

  private follow({ kind, account, user, sentAt }: Event): void {
    const before = this.followers.get(user);
    if (kind === 'subscribe') {
      const follows = (before?.follows ?? 0) + 1;
      this.followers.set(user, { ...before, account, user, following: true, follows, followedAt: sentAt });
    } else if (kind === 'unsubscribe') {
      this.followers.set(user, { ...(before ?? { account, user, follows: 1 }), following: false });
    }
  }
}

/** Every decision on these events, one after the other, with a ledger of their own. */
export function play(
  campaigns: Campaign | readonly Campaign[],
  scripted: readonly Scripted[],
  options?: LedgerOptions,
): Decision[] {
  const ledger = new Ledger(campaigns, options);
  return scripted.map(each => ledger.play(each));
}

/** What came of it, in a word: the prize, the finer or plain refusal, the finer answer. */
export function outcome(decision: Decision): string {
  if (decision.kind === 'awarded') return decision.prize;
  if (decision.kind === 'refused') return decision.detail ?? decision.refusal;
  return decision.kind === 'answered' ? (decision.detail ?? 'answered') : 'ignored';
}

/** The text of the reply; empty for any other. */
export function replyText({ reply }: Decision): string {
  return reply.kind === 'text' ? reply.text : '';
}
