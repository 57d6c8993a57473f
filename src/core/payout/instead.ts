// What a follower gets in the place of a prize that WeChat Pay refuses them (`fallbackTo`): a claim of its own, whose key follows
// from the refused one's, so that it is made once whatever the rules say by then; and only after the refusal was written down.

import type { Counter } from '../base/counter.ts';
import { type Event, eventKey } from '../base/event.ts';
import type { Instant } from '../base/time.ts';
import { luckOf } from '../decide/draw.ts';
import { type MerchantCaps, ruleClaims } from '../decide/limits.ts';
import { type Missing, type Offer, offerCounters, offerOf } from '../decide/prize-offer.ts';
import { plainValues, replyOf } from '../decide/said.ts';
import { dayIn, insteadKeyOf } from '../match/claim-key.ts';
import type { Facts } from '../match/facts.ts';
import { wasBroken } from '../match/follower.ts';
import type { EvaluationContext, RuleContext } from '../mechanics/mechanic.ts';
import { refundedCounter, rewardedCounter } from '../mechanics/refund.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { insteadOf } from '../rules/campaign-query.ts';
import { named, prizeCalled } from '../rules/renamed.ts';
import type { Reply } from '../rules/reply.ts';
import { clip } from '../rules/reply-text.ts';
import type { Payout } from './payout.ts';
import type { Award } from './plan.ts';

/** Nothing was paid under its number, nothing will be, and that lies with the follower. WeChat Pay has not said otherwise since. */
export function isRefused({ state, userRefused, stopped, problem }: Payout): boolean {
  return state === 'failed' && userRefused === true && stopped === undefined && problem === undefined;
}

/** The prize a payout is for: what it holds says so. */
function prizeHeld({ campaign, user, holds }: Payout): string | undefined {
  const [head, tail] = [`campaign/${campaign}/prize/`, `/user/${user}`];
  const held = holds.find(({ name }) => name.startsWith(head) && name.endsWith(tail));
  return held?.name.slice(head.length, -tail.length);
}

/** Both prizes and their rule, as the rules say it now. */
export type Exchange = Pick<RuleContext, 'campaign' | 'rule'> & { readonly refused: Prize; readonly instead: Prize };

/** `undefined`: nothing is given instead. */
export function exchangeFor(payout: Payout, campaigns: readonly Campaign[]): Exchange | undefined {
  const campaign = named(campaigns, payout.campaign);
  const found = campaign && named(campaign.rules, payout.rule);
  const refused = campaign?.prizes.get(prizeHeld(payout) ?? '');
  const instead = campaign && refused && insteadOf(campaign, refused);
  if (!instead || !found) return undefined;
  const { delay: _, ...rule } = found; // they have waited already
  return { campaign, rule, refused, instead };
}

/** No push can have this key: those begin with m:, e: or j:. It acts when the follower did. */
export function insteadEvent({ billNo, account, user, eventAt, createdAt }: Payout): Event {
  const key = eventKey(`f:${billNo}`);
  return { key, account, user, sentAt: eventAt ?? createdAt, kind: 'other', type: 'instead' };
}

export type Substitute = {
  readonly payout: Payout;
  readonly exchange: Exchange;
  readonly now: Instant;
  readonly seed: string;
  readonly caps: MerchantCaps | undefined;
};

function contextOf({ payout, exchange: { campaign, rule }, now, seed }: Substitute): RuleContext {
  const event = insteadEvent(payout);
  const userKey = `campaign/${campaign.id}/user/${payout.user}`;
  return { campaign, rule, event, now, day: dayIn(campaign, now), seed, userKey };
}

/** What it can depend on. */
export function insteadWants(one: Substitute): { readonly claims: string[]; readonly counters: string[] } {
  const { payout, exchange, caps } = one;
  const payment = payout.undoneBy?.transaction;
  const counters = [...offerCounters(contextOf(one), caps, [exchange.instead]), endsRefusal(payout).name];
  return {
    claims: [insteadKeyOf(payout.claimKey)],
    counters: payment === undefined ? counters : [...counters, refundedCounter(payment)],
  };
}

/** The award; or in a word why there is none. */
export function insteadAward(one: Substitute, facts: Facts): Award | string {
  const { payout, exchange, now, seed, caps } = one;
  const { campaign, rule, refused, instead } = exchange;
  const value = (name: string): number => facts.counters.get(name) ?? 0;
  if (facts.claims.has(insteadKeyOf(payout.claimKey))) return 'it was given before';
  if (value(endsRefusal(payout).name) > 0) return 'it is not refused any more';
  const { causes = [], transaction } = payout.undoneBy ?? {};
  if (transaction !== undefined && value(refundedCounter(transaction)) > 0) return 'its order was refunded';
  if (causes.includes('unsubscribed') && wasBroken(facts.follower ?? {}, insteadEvent(payout)))
    return 'its follower has left';
  const claimKey = insteadKeyOf(payout.claimKey);
  const at: EvaluationContext = { ...contextOf(one), facts, value, see: ({ ok }) => ok };
  const offer: Offer | Missing = offerOf(instead, at, luckOf(seed, claimKey), caps);
  if ('refuses' in offer) return `"${instead.name}" is gone`;
  const full = offer.limits.find(({ name, add, max }) => value(name) + add > max);
  if (full) return `${full.name} is full`;
  const { amount, limits, coupon } = offer;
  const called = { prize: prizeCalled(refused), instead: prizeCalled(instead) };
  const counters = [
    ...limits.map(({ name, add, max }) => ({ name, add, max })),
    ruleClaims(campaign.id, rule.id),
    onlyOnce(payout),
    { ...endsRefusal(payout), add: 0, max: 0 },
  ];
  const payment = transaction === undefined ? [] : ofPayment(transaction);
  return {
    kind: 'awarded',
    ...{ campaign: campaign.id, rule: rule.id, prize: instead.name, amount, claimKey },
    counters: [...counters, ...payment],
    holds: limits.filter(({ returns }) => returns).map(({ name, add }) => ({ name, add })),
    ...(coupon !== undefined && { coupon }),
    ...(amount > 0 && causes.length > 0 && { cancelIf: causes }),
    reply: introduced(replyOf(at, [offer], plainValues(campaign, at.event), now), called),
    trace: [
      {
        ...{ campaign: campaign.id, rule: rule.id, hash: campaign.hash },
        checks: [{ ok: false, check: 'deliverable', ...called }],
      },
    ],
  };
}

/** Either another prize instead, or one more try by a person: whoever comes second loses. */
export function onlyOnce({ billNo }: Pick<Payout, 'billNo'>): Counter {
  return { name: `instead/${billNo}`, add: 1, max: 1 };
}

/** Taken by whatever ends a refusal: from then on nothing is given in its place, not even by a process that has looked before. */
export function endsRefusal({ billNo }: Pick<Payout, 'billNo'>): Counter {
  return { name: `instead/${billNo}/over`, add: 1, max: Number.MAX_SAFE_INTEGER };
}

/** As whatever rewards a payment counts: a refund that is told at the same moment is not missed, nor misses it. */
function ofPayment(transaction: string): Award['counters'] {
  return [
    { name: refundedCounter(transaction), add: 0, max: 0 },
    { name: rewardedCounter(transaction), add: 1, max: Number.MAX_SAFE_INTEGER },
  ];
}

/** They were told that they had won another prize. */
function introduced(reply: Reply, { prize, instead }: { readonly prize: string; readonly instead: string }): Reply {
  if (reply.kind !== 'text') return reply;
  return { kind: 'text', text: clip(`「${prize}」没能送达，改发「${instead}」。\n${reply.text}`) };
}
