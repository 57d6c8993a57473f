// A prize that is paid later (delay), and not to whoever has left by then (`cancelIf: unsubscribed`).

import { t } from '../base/words/words.ts';
import { notFollowing, standingOf, wasBroken } from '../match/follower.ts';
import { CANCELS } from '../rules/campaign.ts';
import { cashGiven, hasTrigger } from '../rules/campaign-query.ts';
import { lengthText } from '../rules/public-text.ts';
import { costsMoney, isWritten, kindsOf, prizesGiven } from '../rules/schema/written.ts';
import { choice, duration, located, oneOrMany, optional } from '../yaml/schema.ts';
import { mechanic } from './mechanic.ts';

export const delay = mechanic({
  fields: {
    delay: optional(located(duration()), '过多久再发红包'),
    cancelIf: optional(
      located(oneOrMany(choice('cancelIf', CANCELS))),
      '发之前出了这种事就不发了；付款的规则，退款总会收回，写不写都一样',
    ),
  },
  check(rule, { file, say }) {
    const { delay: length, cancelIf } = rule;
    const kinds = kindsOf(rule);
    const pays = prizesGiven(rule, file).some(([, prize]) => costsMoney(prize));
    if (length && !pays) say(length.at, t`\`delay\` is for red packets and vouchers, and this rule gives none`);
    if (!cancelIf) return;
    // A refund takes back chances and counts as well, and what waits for another reason than its delay.
    if (!isWritten(rule, 'delay') && cancelIf.value.includes('unsubscribed'))
      say(cancelIf.at, t`\`cancelIf\` takes back what is not paid yet; add \`delay\`, such as delay: 24h`);
    if (cancelIf.value.includes('refunded') && kinds && !kinds.some(kind => kind === 'paid' || kind === 'friend'))
      say(cancelIf.at, t`only an order can be refunded: the rule needs on: paid`);
  },
  build: ({ delay: length, cancelIf }) => ({
    ...(length && { delay: length.value }),
    cancelIf: [...new Set(cancelIf?.value ?? [])],
  }),
  describe: ({ delay: length }, { say }) =>
    length === undefined ? [] : [say(`${lengthText(length, say)}后发放`, `paid ${lengthText(length, say)} later`)],
  comesTo(rule, campaign, inTests) {
    const { delay: length, cancelIf } = rule;
    const isForAnybody = hasTrigger(rule, ['visit', 'paid', 'friend']);
    const pays = cashGiven(campaign, rule).length > 0;
    return {
      pending: pays && length !== undefined,
      cancelled: pays && cancelIf.length > 0 && (!inTests || length !== undefined),
      notEligible: !inTests && cancelIf.includes('unsubscribed') && isForAnybody,
    };
  },
  placeholders: (said, { delay: length }) =>
    length !== undefined && (said === 'won' || said === 'pending') ? ['payAt'] : [],
  isIn: rule => rule.delay !== undefined || rule.cancelIf.length > 0,
  refuses(at) {
    if (!at.rule.cancelIf.includes('unsubscribed')) return undefined;
    const { kind } = standingOf(at);
    const no = kind !== 'follows' ? kind : wasBroken(at.facts.follower ?? {}, at.event) ? 'left' : undefined;
    return no === undefined || at.see(notFollowing(no, at.isForetold)) ? undefined : { refusal: 'notEligible' };
  },
  takesBack: 'nothing',
});
