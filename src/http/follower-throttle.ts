// A follower who hammers is not answered for a while: their own pushes must not cost the others' time. What they do by hand
// and can do again counts; whatever tells of a follow or of money is always handled, and so is every redelivery.
import { EVENT_FACTS, type Event } from '../core/base/event.ts';
import { SECOND } from '../core/base/time.ts';
import { createLimiter, createMemory, type Limit } from '../lib/rate-limiter.ts';
import type { Clock } from '../ports.ts';

/** Nobody types, taps or scans so fast. */
const BY_HAND_LIMIT: Limit = { max: 20, windowMs: 10 * SECOND };
/** So many pushes are known again when they are redelivered. */
const KNOWN_MAX = 20_000;

/** Whether this event is to be handled. */
export function createThrottle(clock: Clock): (event: Pick<Event, 'kind' | 'account' | 'user' | 'key'>) => boolean {
  const limiter = createLimiter(BY_HAND_LIMIT);
  const known = createMemory<true>(KNOWN_MAX);
  return ({ kind, account, user, key }) => {
    if (!EVENT_FACTS[kind].isByHand) return true;
    const push = `${account}/${key}`;
    if (known.get(push)) return true;
    if (limiter.take(`${account}/${user}`, clock()) > 0) return false;
    known.set(push, true);
    return true;
  };
}
