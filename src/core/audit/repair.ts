// What a ledger has lost (账本修复), and what must be written so that it is there again: claim, counters and payout as they
// were made, from the journal or from the number that was paid.

import { type Counter, UNBOUNDED } from '../base/counter.ts';
import { type Event, eventKey, type OpenId } from '../base/event.ts';
import { type Fen, fen } from '../base/money.ts';
import { byWeight } from '../base/random.ts';
import { type Day, dayOf, endOfDay, type Instant, instant, later, parseBeijing, SECOND } from '../base/time.ts';
import type { Check } from '../decide/check.ts';
import type { Claim } from '../decide/decision.ts';
import { drawAmount, luckOf } from '../decide/draw.ts';
import { lastClaimCounter, prizeLimits, ruleClaims, userLimits } from '../decide/limits.ts';
import { roundAt } from '../match/claim-key.ts';
import type { Limit } from '../mechanics/mechanic.ts';
import { rewardedIn } from '../mechanics/refund.ts';
import { intentOf, SEND_RULE } from '../payout/bulk.ts';
import { type BillNo, isNoDay, numberDay, type Observation, type Payout } from '../payout/payout.ts';
import { type Award, claimOf, isCountedWhole, planAward } from '../payout/plan.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { blankCampaign, isRedPacket } from '../rules/campaign-query.ts';
import { named } from '../rules/renamed.ts';
import { NO_REPLY } from '../rules/reply.ts';
import {
  eventOf,
  type Identity,
  type LostNumber,
  noonOf,
  type Payable,
  RECOVERED,
  recoveredKey,
} from './claim-of-number.ts';
import type { Movement } from './fund-flow.ts';

// ── What was lost ────────────────────────────────────────────────────────────────────────────────────────

/** A claim that the store does not have, with all that is known of it. */
export type Lost = {
  readonly payable: Payable;
  readonly user: OpenId;
  /** Its counters with the bounds they have; what they add is what the claim counted. */
  readonly award: Award;
  readonly at: Instant;
  /** When the follower acted. */
  readonly eventAt: Instant;
  /** The day in its number, where it is not the claim's: it was won while the event's day stood there. */
  readonly numberDay?: Instant;
  /** The payment it rewards: its refund takes it back. */
  readonly transaction?: string;
  /** Its first number, where that does not follow from the claim. */
  readonly billNo?: BillNo;
  /** A later number is known: the first one has come to nothing. */
  readonly isFollowed?: boolean;
};

/** The merchant who was to pay an award: its counters name them. */
export function merchantIn({ counters }: Award): string | undefined {
  return counters.map(({ name }) => /^merchant\/([^/]+)\/amount\//.exec(name)?.[1]).find(name => name !== undefined);
}

/** From the journal, where everything stands. */
export function lostAward(payable: Payable, event: Event, award: Award, at: Instant): Lost {
  const { user, sentAt: eventAt } = event;
  const transaction = rewardedIn(event);
  const before = isCountedWhole(award) ? {} : { numberDay: eventAt };
  return { payable, user, award, at, eventAt, ...before, ...(transaction !== undefined && { transaction }) };
}

/** From a number whose claim was found. */
export function lostIdentity(identity: Identity, amount: Fen, paidAt: Instant | undefined): Lost {
  const { payable, user, rule, claimKey, number } = identity;
  const at = momentOf(identity, paidAt);
  const eventAt = dayOf(at) === number.day || isNoDay(number.day) ? at : noonOf(number.day);
  const prize = prizeOf(payable, identity, amount);
  const award = awardOf(payable, { user, rule, claimKey, at }, prize, amount);
  return { payable, user, award, at, eventAt, numberDay: noonOf(number.day) };
}

/** It was claimed when it was paid; or else on the last moment of the day in its number, if that is the follower's. */
function momentOf({ payable, claimKey, number, on, fits }: Identity, paidAt: Instant | undefined): Instant {
  const noon = noonOf(number.day);
  const isOfClaim = dayOf(numberDay(claimKey, noon)) === number.day;
  if (paidAt !== undefined && (isNoDay(number.day) || (isOfClaim && fits(paidAt)))) return paidAt;
  return isNoDay(number.day) ? payable.campaign.period.from : momentOn(on, paidAt);
}

/** From a number and its money alone. `bearing`: the campaign whose budget it was, if that much is known. */
export function lostMoney(
  number: LostNumber,
  { bearing, place }: { readonly bearing: Payable | undefined; readonly place: Omit<Payable, 'campaign' | 'seed'> },
  user: OpenId,
  amount: Fen,
  paidAt: Instant | undefined,
): Lost {
  const campaign: Campaign = bearing ? { ...bearing.campaign, unclaimed: 'return' } : NO_CAMPAIGN;
  const payable: Payable = { ...place, campaign, seed: '' };
  const { billNo, day } = number;
  const at = momentOn(day, paidAt);
  const claimKey = recoveredKey({ billNo, user });
  const award = awardOf(payable, { user, rule: RECOVERED, claimKey, at }, strangePrize(amount), amount);
  return { payable, user, award, at, eventAt: at, billNo };
}

function momentOn(day: Day, paidAt: Instant | undefined): Instant {
  if (paidAt === undefined || paidAt < parseBeijing(day)!) return noonOf(day);
  return dayOf(paidAt) === day ? paidAt : later(endOfDay(noonOf(day)), -SECOND);
}

/** Words that are never sent: what is recovered was paid, and gets no other number. */
const NO_CAMPAIGN: Campaign = {
  ...blankCampaign(RECOVERED),
  budget: { total: fen(Number.MAX_SAFE_INTEGER), alertAt: [] },
  packet: { sendName: RECOVERED, actName: RECOVERED, wishing: RECOVERED, remark: RECOVERED },
};

function strangePrize(amount: Fen): Prize {
  return { name: RECOVERED, weight: 1, kind: 'redpacket', min: amount, max: amount };
}

/** The prize this claim draws, if it is worth as much; else one that is; else none that the rules know today. */
function prizeOf(
  payable: Payable,
  { rule: id, claimKey, user }: Pick<Identity, 'rule' | 'claimKey' | 'user'>,
  amount: Fen,
): Prize {
  const { campaign, seed } = payable;
  const luck = luckOf(seed, claimKey);
  if (id === SEND_RULE) return intentOf({ ...payable, name: '' }, user, { amount }, instant(0)).prize;
  const give = named(campaign.rules, id)?.give ?? [];
  const prizes = give.map(name => campaign.prizes.get(name)!);
  const worth = prizes.filter(prize => isRedPacket(prize) && drawAmount(prize, luck.amount) === amount);
  const drawn = byWeight(prizes, luck.prize);
  return worth.find(prize => prize === drawn) ?? worth[0] ?? strangePrize(amount);
}

/** As `decide` counts it for a rule, and `send` for a line. */
function awardOf(
  { campaign, account, merchant }: Payable,
  { user, rule, claimKey, at }: Pick<Identity, 'user' | 'rule' | 'claimKey'> & { readonly at: Instant },
  prize: Prize,
  amount: Fen,
): Award {
  const caps = { merchant: merchant.name, ...merchant.limits };
  const event: Event = { key: eventKey(''), account: account.name, user, sentAt: at, kind: 'other', type: 'repair' };
  const isPersonal = rule !== SEND_RULE && rule !== RECOVERED;
  const limits: Limit[] = [
    ...(isPersonal ? userLimits(campaign, event, at) : []),
    ...prizeLimits(campaign, prize, amount, { event, caps, now: at }),
  ];
  const gap: Counter[] = !isPersonal ? [] : [{ name: lastClaimCounter(campaign.id, user), add: 0, max: at }];
  return {
    kind: 'awarded',
    campaign: campaign.id,
    rule,
    prize: prize.name,
    amount,
    claimKey,
    counters: [...limits.map(({ name, add, max }) => ({ name, add, max })), ruleClaims(campaign.id, rule), ...gap],
    holds: limits.filter(limit => limit.returns).map(({ name, add }) => ({ name, add })),
    reply: NO_REPLY,
    trace: [],
  };
}

// ── What is written ──────────────────────────────────────────────────────────────────────────────────────

/** As `Commit` of `ports.ts` has it. */
type Repair = {
  readonly event: Event;
  readonly seenAt: Instant;
  readonly answer: { readonly reply: typeof NO_REPLY; readonly at: Instant };
  readonly decision: Award;
  readonly claim: Claim;
  readonly counters: readonly Counter[];
  readonly payout: Payout;
};

/**
 * The money is gone, whatever a limit says: so the store is given no bound to refuse at. The decision in the journal has
 * the bounds there are.
 */
export function repairOf(lost: Lost, now: Instant): Repair {
  const { payable, user, award, at, eventAt } = lost;
  const { campaign, account } = payable;
  const last = lastClaimCounter(campaign.id, user);
  const counted = award.counters.flatMap((counter): Counter[] => {
    return counter.name === last ? [{ name: last, add: 0, max: UNBOUNDED, atLeast: at }] : [counter];
  });
  const payout = payoutOf(lost, now);
  const checks: Check[] = [{ ok: true, check: 'repaired', billNo: payout.billNo }];
  return {
    event: eventOf(payable, user, payout.billNo, eventAt),
    seenAt: now,
    answer: { reply: NO_REPLY, at: now },
    decision: {
      ...award,
      counters: counted,
      reply: NO_REPLY,
      trace: [{ campaign: campaign.id, rule: award.rule, hash: campaign.hash, checks }],
    },
    claim: claimOf({ account: account.name, user }, award, at),
    counters: counted.map(counter => ({ ...counter, max: UNBOUNDED })),
    payout,
  };
}

/**
 * A claim alone, where its payout is there. `award`: its own, from the journal; without one, its rule tells the prize, if
 * the rules still have it. What it counted is not counted again: counters are lost or kept as they are, and the audit tells.
 */
export function claimRepairOf(
  payout: Payout,
  { award, payable }: { readonly award?: Award | undefined; readonly payable?: Payable | undefined },
  now: Instant,
): Omit<Repair, 'payout'> {
  const { billNo, campaign, rule, account, user, amount, claimKey, holds, createdAt } = payout;
  const held = award ? undefined : placeHeld(payout, payable);
  const prize = award?.prize ?? held?.prize ?? (payable ? prizeOf(payable, payout, amount).name : RECOVERED);
  const about = { campaign, rule, prize, amount, claimKey };
  const counters = award?.counters ?? [];
  const checks: Check[] = [{ ok: true, check: 'repaired', billNo }];
  const trace = [{ campaign, rule, hash: '', checks }];
  const key = eventKey(`repair:${billNo}`);
  const decision: Award = { kind: 'awarded', ...about, counters, holds, reply: NO_REPLY, trace };
  return {
    event: { key, account, user, sentAt: createdAt, kind: 'other', type: 'repair' },
    seenAt: now,
    answer: { reply: NO_REPLY, at: now },
    decision,
    claim: { ...claimOf({ account, user }, decision, createdAt), ...held },
    counters: [],
  };
}

/** What a payout holds tells its claim's prize, and where it was counted. */
function placeHeld(
  { campaign, holds, createdAt }: Payout,
  payable: Payable | undefined,
): Pick<Claim, 'prize' | 'day' | 'scene' | 'round'> | undefined {
  const behind = (what: string): RegExpExecArray | undefined => {
    const pattern = new RegExp(`^campaign/[^/]+/${what}/(.+)/day/([\\d-]+)$`);
    const found = holds.map(({ name }) => (name.startsWith(`campaign/${campaign}/`) ? pattern.exec(name) : null));
    return found.find(each => each !== null) ?? undefined;
  };
  const [, prize, day] = behind('prize') ?? [];
  if (prize === undefined || day === undefined) return undefined;
  const scene = behind('scene')?.[1]?.replace(/\/(?:amount|packets)$/, '');
  const round = payable && roundAt(payable.campaign, createdAt)?.name;
  return { prize, day, ...(scene !== undefined && { scene }), ...(round !== undefined && { round }) };
}

/**
 * Asked after before anything else: it may have been called, even if WeChat Pay knows nothing of it today. So it counts
 * as tried, and nobody can cancel it without asking.
 */
export function payoutOf(lost: Lost, now: Instant): Payout {
  const { payable, user, award, at, eventAt, numberDay: day, transaction, billNo, isFollowed } = lost;
  const event = {
    user,
    sentAt: eventAt,
    ...(day !== undefined && { numberDay: day }),
    ...(transaction !== undefined && { transaction }),
  };
  const planned = planAward(payable.campaign, event, award, payable, at);
  if (award.payAt !== undefined && award.payAt > now) return planned; // nobody can have called yet
  return {
    ...planned,
    tries: 1,
    nextDo: 'query',
    nextAt: now,
    ...(isFollowed && { reoffer: true }),
    // A claim of which we know nothing is never given another number.
    ...(billNo !== undefined && { billNo, userRefused: true }),
  };
}

/** Counters that stand above what their campaign or merchant allows, once this is counted. */
export function passedBy({ decision }: Repair, counts: ReadonlyMap<string, number>): Counter[] {
  return decision.counters.filter(({ name, add, max }) => (counts.get(name) ?? 0) + add > max);
}

// ── What stands for WeChat Pay's word where it has none ──────────────────────────────────────────────────

/**
 * What the merchant's account proves of a number WeChat Pay does not know, or no longer. `isFollowed`: a later number of
 * its claim was used, which happens only after it came to nothing.
 */
export function provenBy(payout: Payout, movement: Movement | undefined, isFollowed: boolean): Observation | undefined {
  if (isFollowed) {
    const wasPaid = movement !== undefined || payout.state === 'sent';
    return { kind: 'proven', state: wasPaid ? 'REFUND' : 'FAILED' };
  }
  // It would be offered again, and whether it was, the file does not tell.
  if (payout.reoffer || !movement || movement.refunded === 0) return undefined;
  return { kind: 'proven', state: 'REFUND', refunded: movement.refunded };
}
