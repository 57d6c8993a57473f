// Decides who wins what: (rules, event, facts, now) → decision and trace. Reads nothing, draws nothing, writes nothing;
// the same arguments give the same decision for ever. Pure.
import { drawAmount, drawPrize, type Luck, luckOf } from './draw.ts';
import type { Event } from './event.ts';
import type { Check, Decision, Facts, Trace, Wanted } from './facts.ts';
import {
  type Claimant,
  type Counter,
  gapCounter,
  hasRoom,
  type Limit,
  lastClaimCounter,
  type MerchantCaps,
  prizeLimits,
  userLimits,
} from './limit.ts';
import { fitsPattern, type Match } from './match.ts';
import { type Fen, fen, showFen, yuanText } from './money.ts';
import { NO_REPLY, render, replyFor, type Values } from './reply.ts';
import type { Campaign, Prize, Refusal, Rule, Who } from './rule.ts';
import { beijingText, dayOf, type Instant, minuteOfDay, weekdayOf, weekOf } from './time.ts';

export type { Check, Claim, CodeFact, Decision, Facts, Follower, Trace, Wanted } from './facts.ts';
export type { Counter } from './limit.ts';

/** What a decision needs beside the rules and the facts. */
export type Surroundings = {
  readonly merchant: MerchantCaps | undefined;
  /** The campaign's secret seed; see `draw.ts`. */
  seedOf(campaign: string): string;
  /** Pins the draw to this prize, for tests. */
  readonly pinned?: string;
};

/** Everything the decision on these matches can depend on. */
export function wantedFor(matches: readonly Match[], event: Event, now: Instant, around: Surroundings): Wanted {
  const claims = new Set<string>();
  const counters = new Set<string>();
  for (const { campaign, rule } of matches) {
    if (rule.give.length === 0) continue;
    const claimKey = claimKeyOf(campaign, rule, event, now);
    claims.add(claimKey);
    for (const limit of userLimits(campaign, event.user, now)) counters.add(limit.name);
    if (campaign.perUser.gap !== undefined) counters.add(lastClaimCounter(campaign.id, event.user));
    const luck = luckOf(around.seedOf(campaign.id), claimKey);
    for (const offer of offersOf(campaign, rule, event, luck, now, around)) {
      for (const limit of offer.limits) counters.add(limit.name);
    }
  }
  return {
    account: event.account,
    user: event.user,
    merchant: around.merchant?.merchant,
    claims: [...claims],
    counters: [...counters],
  };
}

/** The first campaign that is running decides; if none is, the first one says why not. */
export function decide(
  matches: readonly Match[],
  event: Event,
  facts: Facts,
  now: Instant,
  around: Surroundings,
): Decision {
  const trace: Trace[number][] = [];
  let notRunning: Decision | undefined;
  let lastCampaign: Campaign | undefined;
  for (const { campaign, rule } of matches) {
    if (campaign === lastCampaign) continue; // within a file the first match wins
    const looking = new Looking(campaign, rule, event, facts, now, around);
    if (!looking.concerns()) {
      trace.push(looking.line());
      continue;
    }
    lastCampaign = campaign;
    const decision = looking.decide();
    trace.push(looking.line());
    const isRunning = !(
      decision.kind === 'refused' &&
      (decision.refusal === 'notStarted' || decision.refusal === 'ended')
    );
    if (isRunning) return { ...decision, trace };
    notRunning ??= decision;
  }
  return { ...(notRunning ?? { kind: 'ignored', reply: NO_REPLY }), trace };
}

export function claimKeyOf(campaign: Campaign, rule: Rule, event: Event, now: Instant): string {
  return `${campaign.id}/${rule.id}/${event.user}/${occasionOf(rule, event, now)}`;
}

function occasionOf(rule: Rule, event: Event, now: Instant): string {
  switch (rule.once) {
    case 'ever':
      return 'ever';
    case 'perDay':
      return dayOf(now);
    case 'perWeek':
      return `week-${weekOf(now)}`;
    case 'perMonth':
      return dayOf(now).slice(0, 7);
    case 'perEvent':
      return event.key;
    default:
      return rule.once satisfies never;
  }
}

/** A prize as this claim would win it, with everything it would use up. */
type Offer = { readonly prize: Prize; readonly amount: Fen; readonly limits: readonly Limit[] };

function offersOf(
  campaign: Campaign,
  rule: Rule,
  event: Event,
  luck: Luck,
  now: Instant,
  around: Surroundings,
): Offer[] {
  const who: Claimant = { account: event.account, user: event.user, caps: around.merchant };
  return rule.give.map(name => {
    const prize = campaign.prizes.get(name)!;
    const amount = drawAmount(prize, luck.amount);
    return { prize, amount, limits: prizeLimits(campaign, prize, amount, who, now) };
  });
}

/** One rule looked at for one event, writing down what it sees. */
class Looking {
  private readonly checks: Check[] = [];
  private readonly campaign: Campaign;
  private readonly rule: Rule;
  private readonly event: Event;
  private readonly facts: Facts;
  private readonly now: Instant;
  private readonly around: Surroundings;

  constructor(campaign: Campaign, rule: Rule, event: Event, facts: Facts, now: Instant, around: Surroundings) {
    this.campaign = campaign;
    this.rule = rule;
    this.event = event;
    this.facts = facts;
    this.now = now;
    this.around = around;
  }

  line(): Trace[number] {
    return { campaign: this.campaign.id, rule: this.rule.id, hash: this.campaign.hash, checks: this.checks };
  }

  /** Conditions under which the rule is not about this event at all, so that the next one is asked. */
  concerns(): boolean {
    if (this.wantsFirstFollow() && !this.see(this.follows() === 1, '首次关注')) return false;
    if (this.rule.give.length > 0) return true;
    const { from, to } = this.campaign.period;
    return this.see(this.now >= from && this.now < to, `活动期 ${beijingText(from)} – ${beijingText(to)}`);
  }

  /** Whether every trigger that fits this event is about a first follow: beside another one, that one decides. */
  private wantsFirstFollow(): boolean {
    const { event } = this;
    if (event.kind !== 'subscribe') return false;
    const fits = (scenes: readonly string[] | undefined): boolean =>
      !scenes || (event.scene !== undefined && scenes.some(pattern => fitsPattern(pattern, event.scene!)));
    return this.rule.on.every(trigger => {
      if (trigger.kind === 'subscribe') return trigger.first || !fits(trigger.scenes);
      return trigger.kind !== 'scan' || event.scene === undefined || !fits(trigger.scenes);
    });
  }

  /** How often they have followed, with this event: what we know of a follower is from before it. */
  private follows(): number {
    return (this.facts.follower?.follows ?? 0) + (this.event.kind === 'subscribe' ? 1 : 0);
  }

  decide(): Omit<Decision, 'trace'> & Decision {
    const about = { campaign: this.campaign.id, rule: this.rule.id };
    if (this.rule.give.length === 0) {
      const reply = this.rule.reply ? render(this.rule.reply, this.values()) : NO_REPLY;
      return { kind: 'answered', ...about, reply, trace: [] };
    }
    const claimKey = claimKeyOf(this.campaign, this.rule, this.event, this.now);
    const refusal = this.refusalBeforeDraw(claimKey);
    if (refusal) return this.refuse(refusal);

    const luck = luckOf(this.around.seedOf(this.campaign.id), claimKey);
    const offers = this.available(offersOf(this.campaign, this.rule, this.event, luck, this.now, this.around));
    if (!Array.isArray(offers)) return this.refuse(offers.refusal);
    const worth = offers.some(offer => offer.amount > 0);
    if (worth && !this.see(!this.facts.halted, '商户发放未暂停')) return this.refuse('halted');

    const prize = this.draw(offers, luck);
    const offer = offers.find(candidate => candidate.prize === prize);
    if (!offer) return this.refuse('soldOut');
    return { ...this.award(offer, claimKey), trace: [] };
  }

  private award(
    { prize, amount, limits }: Offer,
    claimKey: string,
  ): Omit<Extract<Decision, { kind: 'awarded' }>, 'trace'> {
    const counters: Counter[] = [...userLimits(this.campaign, this.event.user, this.now), ...limits].map(
      ({ name, add, max }) => ({ name, add, max }),
    );
    if (this.campaign.perUser.gap !== undefined) {
      counters.push(gapCounter(this.campaign.id, this.event.user, this.lastClaimAt(), this.now));
    }
    const values = { ...this.values(), amount: yuanText(amount), prize: prize.name };
    const outcome = prize.kind === 'nothing' ? 'nothing' : 'won';
    return {
      kind: 'awarded',
      campaign: this.campaign.id,
      rule: this.rule.id,
      prize: prize.name,
      amount,
      claimKey,
      counters,
      holds: limits.filter(limit => limit.returns).map(({ name, add }) => ({ name, add })),
      reply: replyFor(outcome, this.rule.replies, values),
    };
  }

  /** Refusals that do not depend on the prize, in their order. */
  private refusalBeforeDraw(claimKey: string): Refusal | undefined {
    const { from, to, hours, weekdays } = this.campaign.period;
    if (!this.see(this.now >= from, `活动 ${beijingText(from)} 开始`)) return 'notStarted';
    if (!this.see(this.now < to, `活动 ${beijingText(to)} 结束`)) return 'ended';
    const minute = minuteOfDay(this.now);
    const isOpen = hours.length === 0 || hours.some(([start, end]) => minute >= start && minute < end);
    if (!this.see(isOpen, `时段 ${hoursText(this.campaign)}`)) return 'closed';
    if (
      !this.see(weekdays.length === 0 || weekdays.includes(weekdayOf(this.now)), `星期 ${weekdays.join(' ') || '不限'}`)
    )
      return 'closed';
    if (!this.isEligible(this.rule.who)) return 'notEligible';
    if (!this.see(!this.facts.claims.has(claimKey), '本次机会未用过')) return 'already';
    for (const limit of userLimits(this.campaign, this.event.user, this.now))
      if (!this.seeLimit(limit)) return 'limited';
    const { gap } = this.campaign.perUser;
    if (gap !== undefined) {
      const last = this.lastClaimAt();
      const seconds = Math.floor((this.now - last) / 1000);
      const text = last === 0 ? '还没有参与过' : `距上次参与 ${seconds} 秒,需 ${gap / 1000} 秒`;
      if (!this.see(this.now - last >= gap, text)) return 'limited';
    }
    return undefined;
  }

  private isEligible(who: Who): boolean {
    // A follower we never saw following was there before we were. Who follows with this event has done so for no time.
    const followedAt = this.event.kind === 'subscribe' ? this.now : this.facts.follower?.followedAt;
    if (who.followedFor !== undefined && followedAt !== undefined) {
      const days = ((this.now - followedAt) / 86_400_000).toFixed(1);
      if (
        !this.see(this.now - followedAt >= who.followedFor, `已关注 ${days} 天,需 ${who.followedFor / 86_400_000} 天`)
      )
        return false;
    }
    if (who.firstFollow && !this.see(this.follows() <= 1, '从未取消过关注')) return false;
    return true;
  }

  /** Prizes that can still be won. Where nothing worth money is left, the draw would be a pretence: a refusal. */
  private available(offers: readonly Offer[]): Offer[] | { readonly refusal: Refusal } {
    const left: Offer[] = [];
    const reasons: Limit['refuses'][] = [];
    for (const offer of offers) {
      const full = offer.limits.find(limit => !hasRoom(limit, this.facts.counters));
      if (full) {
        this.seeLimit(full);
        reasons.push(full.refuses);
      } else left.push(offer);
    }
    const wasWorth = offers.some(offer => offer.prize.kind !== 'nothing');
    const isWorth = left.some(offer => offer.prize.kind !== 'nothing');
    if (left.length > 0 && (isWorth || !wasWorth)) return left;
    return { refusal: reasons.every(reason => reason === 'limited') ? 'limited' : 'soldOut' };
  }

  private draw(offers: readonly Offer[], luck: Luck): Prize | undefined {
    const prizes = offers.map(offer => offer.prize);
    const { pinned } = this.around;
    const prize =
      pinned !== undefined && this.rule.give.includes(pinned)
        ? prizes.find(candidate => candidate.name === pinned)
        : drawPrize(prizes, luck.prize);
    const total = prizes.reduce((sum, each) => sum + each.weight, 0);
    if (prize && prizes.length > 1)
      this.see(true, `抽中「${prize.name}」,概率 ${((prize.weight / total) * 100).toFixed(2)}%`);
    return prize;
  }

  private refuse(refusal: Refusal): Decision {
    const reply = replyFor(refusal, this.rule.replies, this.values());
    return { kind: 'refused', campaign: this.campaign.id, rule: this.rule.id, refusal, reply, trace: [] };
  }

  private lastClaimAt(): number {
    return this.facts.counters.get(lastClaimCounter(this.campaign.id, this.event.user)) ?? 0;
  }

  private values(): Values {
    const { period, name } = this.campaign;
    return {
      campaign: name,
      from: beijingText(period.from).slice(0, 16),
      to: beijingText(period.to).slice(0, 16),
      hours: hoursText(this.campaign),
    };
  }

  private see(ok: boolean, text: string): boolean {
    this.checks.push({ ok, text });
    return ok;
  }

  private seeLimit(limit: Limit): boolean {
    const used = this.facts.counters.get(limit.name) ?? 0;
    const show = (value: number): string => (limit.money ? showFen(fen(value)) : String(value));
    return this.see(used + limit.add <= limit.max, `${limit.label} ${show(used)}/${show(limit.max)}`);
  }
}

function hoursText({ period }: Campaign): string {
  const clock = (minutes: number): string =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return period.hours.map(([from, to]) => `${clock(from)}–${clock(to)}`).join('、') || '全天';
}
