// One rule looked at for one event: what speaks against it, what it gives, and every check on the way, for the trace.
// The mechanics (玩法) say their part; `REFUSALS` says who is heard first.

import { type Counter, hasRoom, isBounded } from '../base/counter.ts';
import type { Event } from '../base/event.ts';
import { fen, yuanText } from '../base/money.ts';
import { byWeight } from '../base/random.ts';
import type { Day, Instant } from '../base/time.ts';
import { besideKeyOf, claimKeyOf } from '../match/claim-key.ts';
import type { Facts } from '../match/facts.ts';
import { followsWith } from '../match/follower.ts';
import { mechanicsOf } from '../mechanics/index.ts';
import type { EvaluationContext, Limit, Mechanic, RefusalReason, RuleContext } from '../mechanics/mechanic.ts';
import { causesOf } from '../mechanics/refund.ts';
import { type Campaign, type Prize, REFUSALS, type Rule } from '../rules/campaign.ts';
import { isVoucher, isWorth, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import { prizeCalled } from '../rules/renamed.ts';
import { NO_REPLY, renderWith, replyFor, type Values } from '../rules/reply.ts';
import type { Check } from './check.ts';
import type { Award, Decision, Open, Trace } from './decision.ts';
import { type Luck, luckOf } from './draw.ts';
import { gapCounter, type MerchantCaps, ruleClaims, userLimits } from './limits.ts';
import { lastClaimAt, ownRefusal, pauseRefusal, refusalOf, seeLimit, wantsFirstFollow } from './own-refusal.ts';
import { drawCounters, type Missing, type Offer, offerOf } from './prize-offer.ts';
import { isCertain, type Prospect, prospectsOf, prospectsOfCode } from './prospect.ts';
import { PROGRESS, payTime, plainValues, replyOf } from './said.ts';

type RuleEvaluationPorts = {
  readonly facts: Facts;
  readonly caps: MerchantCaps | undefined;
  /** Pins the draw to this prize, for tests. */
  readonly pinned: string | undefined;
};

type Undecided = Decision | Open extends infer D ? (D extends Decision | Open ? Omit<D, 'trace'> : never) : never;

export class RuleEvaluation implements EvaluationContext {
  readonly campaign: Campaign;
  readonly rule: Rule;
  readonly event: Event;
  readonly now: Instant;
  readonly day: Day;
  readonly seed: string;
  readonly userKey: string;
  readonly isForetold: boolean;
  readonly drawSeedOf: RuleContext['drawSeedOf'];
  drawSeed: string;
  readonly page: string | undefined;
  readonly isBlocked: boolean;
  readonly facts: Facts;
  private readonly checks: Check[] = [];
  /** What the award adds to the counters, once it is made. */
  private readonly added = new Map<string, number>();
  private readonly caps: MerchantCaps | undefined;
  private readonly pinned: string | undefined;
  private readonly mechanics: readonly Mechanic[];

  constructor(at: RuleContext, { facts, caps, pinned }: RuleEvaluationPorts) {
    this.campaign = at.campaign;
    this.rule = at.rule;
    this.event = at.event;
    this.now = at.now;
    this.day = at.day;
    this.seed = at.seed;
    this.userKey = at.userKey;
    this.page = at.page;
    this.isBlocked = at.isBlocked === true;
    this.isForetold = at.isForetold === true;
    this.drawSeedOf = at.drawSeedOf;
    this.drawSeed = at.seed;
    this.facts = facts;
    this.caps = caps;
    this.pinned = pinned;
    this.mechanics = mechanicsOf(at.rule, at.campaign);
  }

  line(): Trace[number] {
    return { campaign: this.campaign.id, rule: this.rule.id, hash: this.campaign.hash, checks: this.checks };
  }

  value(counter: string): number {
    return (this.facts.counters.get(counter) ?? 0) + (this.added.get(counter) ?? 0);
  }

  see(check: Check): boolean {
    this.checks.push(check);
    return check.ok;
  }

  // ── Is it about this event at all? ───────────────────────────────────────────────────────────────────────

  /** Conditions under which the rule is not about this event at all, so that the next one is asked. */
  applies(): boolean {
    const { mode, testers, period } = this.campaign;
    const isTester = testers.has(this.event.user);
    if (mode === 'rehearse' && !this.see({ ok: isTester, check: 'tester' })) return false;
    const follows = wantsFirstFollow(this) ? followsWith(this.facts.follower, this.event) : undefined;
    if (follows !== undefined && !this.see({ ok: follows === 1, check: 'onlyFirstFollow', follows })) return false;
    if (this.mechanics.some(mechanic => mechanic.applies?.(this) === false)) return false;
    if (this.isGiving()) return true;
    const { from, to } = period;
    return this.see({ ok: this.now >= from && this.now < to, check: 'period', from, to });
  }

  /** Whether it gives or counts anything; other rules only answer. */
  private isGiving(): boolean {
    return makesClaims(this.rule);
  }

  // ── The decision ─────────────────────────────────────────────────────────────────────────────────────────

  decide(): Undecided {
    const about = { campaign: this.campaign.id, rule: this.rule.id };
    if (!this.isGiving()) {
      const { reply } = this.rule;
      return { kind: 'answered', ...about, reply: reply ? renderWith(reply, () => this.values()) : NO_REPLY };
    }
    const claimKey = claimKeyOf(this.campaign, this.rule, this.event, this.now);
    const no = this.firstNo();
    if (no) return this.refuse(no);
    for (const mechanic of this.mechanics) {
      const said = mechanic.answers?.(this);
      if (!said) continue;
      const reply = replyFor(said.detail, this.rule.replies, { ...this.values(), ...said.values });
      return { kind: 'answered', ...about, detail: said.detail, counters: said.counters, reply };
    }
    const names = this.namesNow();
    if (names.length === 0) return this.award(PROGRESS_OFFER, claimKey, names);
    if (this.rule.all) return this.giveAll(names, claimKey);
    return this.drawFrom(names, claimKey);
  }

  /** All of them, each with a claim of its own, or none. */
  private giveAll(names: readonly string[], claimKey: string): Undecided {
    const offers: Offer[] = [];
    const sums = new Map<string, number>();
    for (const [n, name] of names.entries()) {
      const key = n === 0 ? claimKey : besideKeyOf(claimKey, name);
      this.drawSeed = this.drawSeedOf?.(this.campaign.id, key) ?? this.seed;
      const luck = this.isForetold ? LEAST : luckOf(this.drawSeed, key);
      const offer = offerOf(this.campaign.prizes.get(name)!, this, luck, this.caps);
      const left = this.available([offer], [name], sums);
      if ('refusal' in left) return this.refuse(left);
      for (const { name: counter, add } of left[0]!.limits) sums.set(counter, (sums.get(counter) ?? 0) + add);
      offers.push(left[0]!);
    }
    const no = this.gate(offers);
    if (no) return this.refuse(no);
    const prospects = offers.flatMap(offer => prospectsOf(this.campaign, [offer.prize.name], [offer]));
    if (this.isForetold) return this.open(prospects, offers);
    const [first, ...others] = offers;
    const own = this.award(first!, claimKey, []);
    const beside = others.map(offer => {
      const { reply: _, ...part } = this.award(offer, besideKeyOf(claimKey, offer.prize.name), [], true);
      return part;
    });
    return { ...own, beside, reply: replyOf(this, offers, this.values(), this.now) };
  }

  private gate(left: readonly Offer[]): RefusalReason | undefined {
    const isPaid = left.some(({ prize, amount }) => amount > 0 && !isVoucher(prize)); // those have a gate of their own
    return isPaid && !this.see({ ok: !this.facts.halted, check: 'notHalted' }) ? { refusal: 'halted' } : undefined;
  }

  private drawFrom(names: readonly string[], claimKey: string): Undecided {
    if (this.isForetold && this.rule.assigned) return this.open(prospectsOfCode(this.campaign));
    this.drawSeed = this.drawSeedOf?.(this.campaign.id, claimKey) ?? this.seed;
    const luck = this.isForetold ? LEAST : luckOf(this.drawSeed, claimKey);
    const candidates = prizesGiven(this.campaign, this.rule).filter(
      ({ name, fallback }) => names.includes(name) || fallback,
    );
    const offers = candidates.map(prize => offerOf(prize, this, luck, this.caps));
    const left = this.available(offers, names);
    if ('refusal' in left) return this.refuse(left);
    const no = this.gate(left);
    if (no) return this.refuse(no);
    const prospects = this.isForetold ? prospectsOf(this.campaign, names, left) : [];
    if (this.isForetold && !isCertain(prospects, this.campaign)) return this.open(prospects, left);
    const offer = this.draw(left, names, luck);
    return offer ? this.award(offer, claimKey, names) : this.refuse({ refusal: 'soldOut' });
  }

  /** What could be won; of limits that which is needed at least. */
  private open(prospects: readonly Prospect[], left: readonly Offer[] = []): Undecided {
    const limits = new Map(left.flatMap(offer => offer.limits).map(limit => [limit.name, limit]));
    for (const limit of limits.values()) if (!limit.isGuard && isBounded(limit)) seeLimit(this, limit);
    return { kind: 'open', campaign: this.campaign.id, rule: this.rule.id, prospects, reply: NO_REPLY };
  }

  /** What this time gives: a mechanic may know better than the rule. */
  private namesNow(): readonly string[] {
    for (const mechanic of this.mechanics) {
      const names = mechanic.gives?.(this);
      if (names) return names;
    }
    return this.rule.give;
  }

  /** `isBeside`: given together with another prize, with which the claim itself was counted. */
  private award(
    offer: Offer,
    claimKey: string,
    names: readonly string[],
    isBeside = false,
  ): Omit<Award, 'trace'> & Undecided {
    const { rule } = this;
    const { prize, amount, limits, coupon } = offer;
    const counters: Counter[] = [...(isBeside ? [] : userLimits(this.campaign, this.event, this.now)), ...limits].map(
      ({ name, add, max }) => ({ name, add, max }),
    );
    counters.push(ruleClaims(this.campaign.id, rule.id));
    if (!isBeside) counters.push(...this.countsOnce(names, prize));
    for (const limit of limits) if (!limit.isGuard && isBounded(limit)) seeLimit(this, limit);
    for (const { name, add } of counters) this.added.set(name, (this.added.get(name) ?? 0) + add);
    const cancelIf = causesOf(rule, this.event);
    const payAt = payTime(rule, offer, this.now);
    return {
      kind: 'awarded',
      campaign: this.campaign.id,
      rule: rule.id,
      prize: prize.name,
      amount,
      claimKey,
      counters,
      holds: limits.filter(limit => limit.returns).map(({ name, add }) => ({ name, add })),
      ...(coupon !== undefined && { coupon }),
      ...(payAt !== undefined && { payAt }),
      ...(amount > 0 && cancelIf.length > 0 && { cancelIf }),
      reply: replyOf(this, [offer], this.values(), this.now),
    };
  }

  private countsOnce(names: readonly string[], prize: Prize): Counter[] {
    const given = prize.name === PROGRESS ? undefined : prize;
    const last = this.campaign.perUser.gap === undefined ? 0 : lastClaimAt(this);
    const counters = [gapCounter(this.campaign, this.event.user, last, this.now)];
    if (names.length > 1) counters.push(...drawCounters(this));
    for (const mechanic of this.mechanics) counters.push(...(mechanic.counts?.(this, given) ?? []));
    return counters;
  }

  // ── What speaks against it ───────────────────────────────────────────────────────────────────────────────

  private firstNo(): RefusalReason | undefined {
    const own = ownRefusal(this);
    const others = this.mechanics.flatMap(mechanic => mechanic.refuses?.(this) ?? []);
    const all = [own ?? [], others, pauseRefusal(this) ?? []].flat();
    const rank = ({ refusal }: RefusalReason): number => REFUSALS.indexOf(refusal);
    return all.sort((a, b) => rank(a) - rank(b))[0];
  }

  /** Prizes that can still be won. Where nothing worth money is left, the draw would be a pretence: a refusal. */
  private available(
    offers: readonly (Offer | Missing)[],
    names: readonly string[],
    more: ReadonlyMap<string, number> = NONE,
  ): Offer[] | RefusalReason {
    const hasRoomFor = (limit: Limit): boolean =>
      hasRoom({ ...limit, add: limit.add + (more.get(limit.name) ?? 0) }, this.facts.counters);
    const left: Offer[] = [];
    const reasons: RefusalReason[] = [];
    for (const offer of offers) {
      if ('refuses' in offer) {
        this.see(offer.why);
        reasons.push({ refusal: offer.refuses });
        continue;
      }
      const full = offer.limits.find(limit => !hasRoomFor(limit));
      if (full) {
        seeLimit(this, full);
        reasons.push(refusalOf(full));
      } else left.push(offer);
    }
    const isDrawn = ({ prize }: Offer | Missing): boolean => names.includes(prize.name);
    const hasWorth = (list: readonly (Offer | Missing)[]): boolean =>
      list.some(offer => isDrawn(offer) && isWorth(offer.prize));
    const hasFallback = left.some(({ prize }) => prize.fallback);
    const isLocked = offers.some(offer => isDrawn(offer) && 'isLocked' in offer);
    if (left.length > 0 && (hasWorth(left) || !hasWorth(offers) || hasFallback || isLocked)) return left;
    // `limited` only where nothing is gone, `notEligible` only where nothing is used up either.
    const refusal = REFUSALS.findLast(each => reasons.some(reason => reason.refusal === each)) ?? 'soldOut';
    const detail = reasons.find(reason => reason.refusal === refusal && reason.detail !== undefined)?.detail;
    return { refusal, ...(detail !== undefined && { detail }) };
  }

  /** By weight: among what is left; or, where there is a fallback, among all, and what is gone becomes the fallback. */
  private draw(left: readonly Offer[], names: readonly string[], luck: Luck): Offer | undefined {
    const fallback = left.find(({ prize }) => prize.fallback);
    const all = names.map(name => this.campaign.prizes.get(name)!);
    const prizes = fallback ? all : left.map(({ prize }) => prize);
    const isPinned = this.pinned !== undefined && names.includes(this.pinned);
    const prize = isPinned ? prizes.find(({ name }) => name === this.pinned) : byWeight(prizes, luck.prize);
    if (prize && prizes.length > 1) {
      const about = { prize: prizeCalled(prize), weight: prize.weight };
      this.see({ ok: true, check: 'drawn', ...about, of: prizes.reduce((sum, { weight }) => sum + weight, 0) });
    }
    const offer = left.find(candidate => candidate.prize === prize);
    if (offer || !fallback || !prize) return offer ?? fallback;
    const instead = prizeCalled(fallback.prize);
    this.see({ ok: false, check: 'stillThere', prize: prizeCalled(prize), instead });
    return fallback;
  }

  private refuse({ refusal, detail, counters, values, says }: RefusalReason): Undecided {
    const own = this.rule.replies;
    const replies = says === undefined ? own : { ...own, [detail ?? refusal]: { kind: 'text', text: says } as const };
    const reply = replyFor(detail ?? refusal, replies, { ...this.values(), ...values });
    return {
      kind: 'refused',
      campaign: this.campaign.id,
      rule: this.rule.id,
      refusal,
      ...(detail !== undefined && { detail }),
      ...(counters && counters.length > 0 && { counters }),
      reply,
    };
  }

  private values(): Values {
    const { event } = this;
    return {
      ...plainValues(this.campaign, event),
      ...(event.kind === 'paid' && { order: yuanText(event.amount) }),
      ...Object.assign({}, ...this.mechanics.map(mechanic => mechanic.values?.(this))),
    };
  }
}

/** With which every amount is the smallest. */
const LEAST: Luck = { prize: 0, amount: 0 };
const NONE: ReadonlyMap<string, number> = new Map();
const PROGRESS_OFFER: Offer = { prize: { name: PROGRESS, kind: 'nothing', weight: 1 }, amount: fen(0), limits: [] };
