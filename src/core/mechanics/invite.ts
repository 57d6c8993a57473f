// An invitation (邀请): the answer hands out the campaign's own page, on which each follower sees a code of their own. What
// friends who came by it do is heard elsewhere: as events of the inviter's own.

import { DAY } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { placeholdersOf } from '../rules/reply.ts';
import { isWritten } from '../rules/schema/written.ts';
import { duration, located, object, optional, required } from '../yaml/schema.ts';
import { mechanic } from './mechanic.ts';

/** WeChat: how long a temporary QR code lives, and how long its scene may be. */
const INVITE_MAX = 30 * DAY;
const INVITE_ID_MAX = 33;

export const invite = mechanic({
  fields: {
    invite: optional(
      located(object('invite', { validFor: required(duration(), '专属码多久有效，最多 30d') })),
      '给一个专属码，回复里写 {{invite}}',
    ),
  },
  alsoAnswers: ['invite'],
  checkAny({ invite: own, reply, on }, { file: { campaign, was = [], rules = [] }, say }) {
    if (on?.value.some(({ kind }) => kind === 'friend') && !rules.some(({ value }) => isWritten(value, 'invite')))
      say(on.at, t`nobody is invited in this campaign; add a rule with invite: { validFor: 7d }`);
    if (!own) return;
    const { validFor } = own.value;
    if (validFor !== undefined && validFor > INVITE_MAX) say(own.at, t`WeChat keeps such a code for at most 30d`);
    const length = Math.max(campaign?.value.length ?? 0, was[0]?.value.length ?? 0);
    if (campaign && length > INVITE_ID_MAX)
      say(
        campaign.at,
        t`the id has ${length} characters; with \`invite\` at most ${INVITE_ID_MAX} fit into WeChat's scene`,
      );
    const words = reply?.value.kind === 'text' ? placeholdersOf(reply.value.text ?? '') : undefined;
    if (words && !words.includes('invite'))
      say(reply!.at, t`the reply hands nobody their code: write {{invite}} in it`);
  },
  build: ({ invite: own }) => (own ? { invite: own.value } : {}),
  placeholders: () => ['invite'],
  isIn: ({ invite }) => invite !== undefined,
  values: ({ page }) => ({ invite: page ?? '' }),
  takesBack: 'nothing',
});
