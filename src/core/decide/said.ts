// What is said of prizes that are given: each one's own words, and the rule's for all others of them.
import { caseNumberOf } from '../base/case-number.ts';
import type { Event } from '../base/event.ts';
import { fen, yuanText } from '../base/money.ts';
import { beijingText, hoursText, type Instant, later } from '../base/time.ts';
import type { Campaign, Rule, Said } from '../rules/campaign.ts';
import { prizeCalled } from '../rules/renamed.ts';
import { defaultOf, type Reply, renderWith, replyFor, type Values } from '../rules/reply.ts';
import { withQuestion } from '../rules/shipping.ts';
import { joined } from './beside.ts';
import type { Offer } from './prize-offer.ts';

/** The pseudo-prize of a claim that only counts. */
export const PROGRESS = 'progress';

/** What has a value whatever is decided. */
export function plainValues({ name, period }: Campaign, event: Event): Values {
  return {
    campaign: name,
    from: beijingText(period.from).slice(0, 16),
    to: beijingText(period.to).slice(0, 16),
    hours: hoursText(period.hours),
    caseNo: caseNumberOf(event),
  };
}

/** When it is paid, where that is later. */
export function payTime({ delay }: Rule, { amount }: Offer, now: Instant): Instant | undefined {
  return delay !== undefined && amount > 0 ? later(now, delay) : undefined;
}

function saidOf(rule: Rule, offer: Offer, now: Instant): Said {
  const { name, kind } = offer.prize;
  if (name === PROGRESS) return PROGRESS;
  if (payTime(rule, offer, now) !== undefined) return 'pending';
  return kind === 'nothing' ? 'nothing' : 'won';
}

type About = { readonly campaign: Campaign; readonly rule: Rule };

/** `plain`: what has a value whatever is given. */
export function replyOf({ campaign, rule }: About, offers: readonly Offer[], plain: Values, now: Instant): Reply {
  const valuesOf = (some: readonly Offer[]): Values => {
    const coupons = some.flatMap(({ coupon }) => (coupon === undefined ? [] : [coupon]));
    const payAt = some.map(each => payTime(rule, each, now)).find(at => at !== undefined);
    return {
      ...plain,
      amount: yuanText(fen(some.reduce((sum, { amount }) => sum + amount, 0))),
      prize: some.map(({ prize }) => prizeCalled(prize)).join('、'),
      ...(coupons.length > 0 && { coupon: coupons.join('、') }),
      ...(payAt !== undefined && { payAt: beijingText(payAt).slice(0, 16) }),
    };
  };
  const replies: Reply[] = [];
  const bySaid = new Map<Said, Offer[]>();
  for (const offer of offers) {
    const said = saidOf(rule, offer, now);
    const { reply } = offer.prize;
    if (reply && said !== 'pending') replies.push(renderWith(reply, () => valuesOf([offer])));
    else bySaid.set(said, [...(bySaid.get(said) ?? []), offer]);
  }
  for (const [said, some] of bySaid)
    replies.push(replyFor(said, rule.replies, valuesOf(some), defaultOf(some[0]!.prize, said)));
  const goods = offers.find(({ prize }) => prize.kind === 'goods');
  const reply = replies.length === 1 ? replies[0]! : joined(replies);
  return goods ? withQuestion(goods.prize, campaign, reply) : reply;
}
