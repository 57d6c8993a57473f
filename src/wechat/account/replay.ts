// What plain mode cannot see from a signature: it does not cover the body, so whoever saw one valid address could send any
// body with it. One signature belongs to one event, therefore; a redelivery, which is legal, has the same one. Two
// generations are kept, by the time that was signed: the older one is dropped whole once all of it is stale, so that a push
// costs the same however many are remembered.
import { BadInput } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';

export type Replays = {
  /**
   * `signature`: in hex. `signedAt`: the timestamp in it. Throws `BadInput` where it has served another event, or may have.
   */
  remember(signature: string, event: string, signedAt: number, now: Instant): void;
  readonly size: number;
};

/** `freshMs`: how far `signedAt` may be from `now`; what is further away was refused before it comes here. */
export function createReplays(freshMs: number): Replays {
  let [newer, older] = [new Generation(ROOM_FIRST), new Generation(ROOM_FIRST)];
  /** What was signed up to then may have been forgotten. It is stale by then, and becomes fresh again when a clock is set back. */
  let forgotten = Number.NEGATIVE_INFINITY;
  return {
    remember(signature, event, signedAt, now) {
      const name = nameOf(signature);
      const known = newer.find(name) ?? older.find(name);
      if (known === event) return;
      if (known !== undefined) throw new BadInput('this signature was used for another push');
      if (signedAt <= forgotten) throw new BadInput('this signature may have been used before the clock was set back');
      if (older.latest < now - freshMs) {
        forgotten = Math.max(forgotten, older.latest);
        // The next one will be about as large: it need not grow.
        [newer, older] = [new Generation(newer.room), newer];
      }
      newer.add(name, event);
      newer.latest = Math.max(newer.latest, signedAt);
    },
    get size() {
      return newer.size + older.size;
    },
  };
}

/** The first 52 bits, which no two of a million share: a number, never 0. */
function nameOf(signature: string): number {
  return Number.parseInt(signature.slice(0, 13), 16) + 1;
}

const ROOM_FIRST = 1024;

/**
 * Names in a flat table, each at its own place or at the next free one (open addressing). A `Map` looks through its memory
 * for a million of them: seven microseconds a push, where this takes less than one.
 */
class Generation {
  latest = Number.NEGATIVE_INFINITY;
  size = 0;
  private names: Float64Array;
  private events: (string | undefined)[];

  constructor(room: number) {
    this.names = new Float64Array(room);
    this.events = new Array<string | undefined>(room);
  }

  /** What it would take to hold as many without growing; a power of two. */
  get room(): number {
    return Math.max(ROOM_FIRST, 2 ** Math.ceil(Math.log2(this.size * 2 + 1)));
  }

  find(name: number): string | undefined {
    return this.events[this.placeOf(name)];
  }

  /** One that is not there. */
  add(name: number, event: string): void {
    if (this.size * 2 >= this.names.length) this.grow();
    const place = this.placeOf(name);
    this.names[place] = name;
    this.events[place] = event;
    this.size++;
  }

  /** Where it is, or would be. */
  private placeOf(name: number): number {
    const last = this.names.length - 1;
    let place = name % this.names.length;
    while (this.names[place] !== 0 && this.names[place] !== name) place = place === last ? 0 : place + 1;
    return place;
  }

  private grow(): void {
    const [names, events] = [this.names, this.events];
    this.names = new Float64Array(names.length * 4);
    this.events = new Array<string | undefined>(names.length * 4);
    names.forEach((name, at) => {
      if (name === 0) return;
      const place = this.placeOf(name);
      this.names[place] = name;
      this.events[place] = events[at];
    });
  }
}
