// Warnings about rules that speak of following where nobody needs to follow: on the page, at the till, through a friend.
// Whoever writes them should know what becomes of strangers, and a test of the file can say it.
import { t } from '../base/words/words.ts';
import { speaksOfFollowing } from '../match/follower.ts';
import type { Rule } from '../rules/campaign.ts';
import type { Linting } from './context.ts';

const ANYBODY = ['visit', 'paid', 'friend'] as const;

export function lintFollowing({ campaign, say }: Linting): void {
  if (campaign.tests.some(({ neverFollowed }) => neverFollowed !== undefined)) return;
  campaign.rules.forEach((rule, n) => {
    const on = ANYBODY.filter(kind => rule.on.some(trigger => trigger.kind === kind));
    if (on.length === 0 || !speaksOfFollowing(rule)) return;
    say(
      'follow-not-proven',
      ['rules', n, 'on'],
      t`"${rule.id}" speaks of following (${wordsOf(rule).join(', ')}) on ${on.join(', ')}, which needs no follower: WeChat is asked once (user/info) about whom we have never seen, and who does not follow is not eligible; say so in a test with neverFollowed`,
      { advice: 'neverFollowed: [stranger]' },
    );
  });
}

function wordsOf({ who, when, cancelIf }: Rule): string[] {
  return [
    ...(who.followedFor === undefined ? [] : ['followedFor']),
    ...(who.firstFollow ? ['firstFollow'] : []),
    ...(when?.isAboutFollowing ? ['when'] : []),
    ...(cancelIf.includes('unsubscribed') ? ['cancelIf: unsubscribed'] : []),
  ];
}
