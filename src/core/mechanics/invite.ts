// An invitation (邀请): the answer hands out the campaign's own page, on which each follower sees a code of their own. What
// friends who came by it do is heard elsewhere: as events of the inviter's own. Pure.
import type { Mechanic } from './mechanic.ts';

export const invites: Mechanic = {
  isIn: ({ invite }) => invite !== undefined,
  values: ({ page }) => ({ invite: page ?? '' }),
  takesBack: 'nothing',
};
