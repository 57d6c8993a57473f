// What is sure of an event without asking the store. Three things could make an answer wrong that is given without a look:
//
//   somebody has answered this event before   it was marked, or sent before the marks are whole; a copy of it comes within
//                                             seconds of its sending, so that an older one may be anything
//   somebody else has written to the store    another process, a command, as the store counts it: for a while nobody knows
//                                             what they answered
//   this follower is owed words               the store tells
//
// Whatever is not sure is looked up, as every event was before.
import type { Event } from '../../core/base/event.ts';
import { type Instant, SECOND } from '../../core/base/time.ts';
import { createMarks } from '../../lib/marks.ts';
import type { Clock, Store } from '../../ports.ts';

/** WeChat delivers again after 5 s, three times in all; our clocks may differ. */
export const SENT_WITHIN_MS = 30 * SECOND;
/** Whatever was answered longer ago cannot come again as sent within that time, by whichever clock is behind. */
export const KNOWN_AFTER_MS = 2 * SENT_WITHIN_MS;

export type Certainty = {
  /** Whether nobody can have answered it yet, and its follower is owed nothing. From here on it is one that was heard. */
  isFree(event: Event): boolean;
  /** Something is not as it should be: for a while everything is looked up. */
  doubt(): void;
};

/** Nothing is sure: where a store cannot tell of others, or a command works beside a bot. */
export const DOUBT: Certainty = { isFree: () => false, doubt: () => undefined };

export function createCertainty(store: Pick<Store, 'sure' | 'journal'>, clock: Clock): Certainty {
  const { sure } = store;
  if (!sure) return DOUBT;
  const marks = createMarks(KNOWN_AFTER_MS, clock());
  let sureFrom = Number.POSITIVE_INFINITY;
  let writes = Number.NaN;
  let isLooked = false;
  const doubt = (): void => {
    sureFrom = clock() + KNOWN_AFTER_MS;
  };
  /** Once a turn of the loop: whoever writes within it could have written a moment later as well. */
  const lookAtOthers = (now: Instant): void => {
    if (isLooked) return;
    isLooked = true;
    setImmediate(() => {
      isLooked = false;
    });
    const seen = sure.writesOfOthers();
    if (seen !== writes && !Number.isNaN(writes)) sureFrom = now + KNOWN_AFTER_MS;
    writes = seen;
  };
  // Before us another process may have answered.
  const begun = clock();
  store.journal({ limit: 1 }).then(([last]) => {
    const answeredAt = last === undefined ? Number.NEGATIVE_INFINITY : Math.min(last.at, begun);
    if (sureFrom === Number.POSITIVE_INFINITY) sureFrom = answeredAt + KNOWN_AFTER_MS;
  }, doubt);
  return {
    doubt,
    isFree(event) {
      const now = clock();
      const isMarked = marks.mark(`${event.account}/${event.key}`, now);
      if (isMarked || Math.abs(now - event.sentAt) > SENT_WITHIN_MS) return false;
      lookAtOthers(now);
      const isKnown = now >= sureFrom && now - marks.completeSince() >= KNOWN_AFTER_MS;
      return isKnown && !sure.mayOwe(event.account, event.user);
    },
  };
}
