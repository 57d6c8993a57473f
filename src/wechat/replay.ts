// What plain mode cannot see from a signature: it does not cover the body, so whoever saw one valid address could send any
// body with it. One signature belongs to one event, therefore; a redelivery, which is legal, has the same one. Two
// generations are kept, by the time that was signed: the older one is dropped whole once all of it is stale, so that a push
// costs the same however many are remembered.
import { BadInput } from '../core/error.ts';
import type { Instant } from '../core/time.ts';

export type Replays = {
  /** `signedAt`: the timestamp in the signature. Throws `BadInput` where it has served another event, or may have. */
  remember(signature: string, event: string, signedAt: number, now: Instant): void;
  readonly size: number;
};

type Generation = { readonly events: Map<string, string>; latest: number };

const newGeneration = (): Generation => ({ events: new Map(), latest: Number.NEGATIVE_INFINITY });

/** `freshMs`: how far `signedAt` may be from `now`; what is further away was refused before it comes here. */
export function createReplays(freshMs: number): Replays {
  let [newer, older] = [newGeneration(), newGeneration()];
  /** What was signed up to then may have been forgotten. It is stale by then, and becomes fresh again when a clock is set back. */
  let forgotten = Number.NEGATIVE_INFINITY;
  return {
    remember(signature, event, signedAt, now) {
      const known = newer.events.get(signature) ?? older.events.get(signature);
      if (known === event) return;
      if (known !== undefined) throw new BadInput('this signature was used for another push');
      if (signedAt <= forgotten) throw new BadInput('this signature may have been used before the clock was set back');
      if (older.latest < now - freshMs) {
        forgotten = Math.max(forgotten, older.latest);
        [newer, older] = [newGeneration(), newer];
      }
      newer.events.set(signature, event);
      newer.latest = Math.max(newer.latest, signedAt);
    },
    get size() {
      return newer.events.size + older.events.size;
    },
  };
}
