// A prize that is paid later (delay), and not to whoever has left by then (`cancelIf: unsubscribed`). Pure.
import { standingOf, wasBroken, whyNotText } from '../match/follower.ts';
import type { Mechanic } from './mechanic.ts';

export const delays: Mechanic = {
  isIn: rule => rule.cancelIf.includes('unsubscribed'),
  refuses(at) {
    const { kind } = standingOf(at);
    const no = kind !== 'follows' ? kind : wasBroken(at.facts.follower ?? {}, at.event) ? 'left' : undefined;
    return no === undefined || at.see(false, whyNotText(no, at.isForetold)) ? undefined : { refusal: 'notEligible' };
  },
  takesBack: 'nothing',
};
