// A payout that waits to be asked after is asked after at once: the follower has just done something about it.

import { type Instant, MINUTE } from '../base/time.ts';
import type { Payout, Step } from './payout.ts';

/** Nothing but a reason to look: what is believed is WeChat Pay's own word. */
export const SAID_SO = 'confirmed on the page';
/** So often, at most, a follower can have it asked after. */
const EVERY_MS = MINUTE;

type Line = { readonly what: string; readonly at: Instant };

/** What an operator's wish is called in a history. */
export const ASKED_BY_HAND = 'asked for by the operator';

/** `undefined`: it is not with the follower, is about to be asked after anyway, or was asked so just now. */
export function askNowStep(
  payout: Payout,
  history: readonly Line[],
  now: Instant,
  why: typeof SAID_SO | typeof ASKED_BY_HAND = SAID_SO,
): Step | undefined {
  const { state, nextAt } = payout;
  const wasSaid = history.some(({ what, at }) => what === why && now - at < EVERY_MS);
  if (state !== 'sent' || wasSaid || (nextAt !== undefined && nextAt <= now)) return undefined;
  return {
    payout: { ...payout, version: payout.version + 1, nextDo: 'query', nextAt: now },
    from: state,
    at: now,
    what: why,
    move: 'none',
  };
}
