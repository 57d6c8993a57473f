// Names that were seen lately, each as one number in a flat table: no object for each, nothing that the garbage collector
// walks through. Two generations, by time: the older one is dropped whole. One that was not seen may be taken for one that
// was (of a million names, one in four thousand); one that was seen is never taken for new.
import type { Instant } from '../core/base/time.ts';

type Marks = {
  /** Whether it was marked, or may have been, within the last `keepMs`; from here on it is. */
  mark(name: string, now: Instant): boolean;
  /** Nothing has been forgotten for want of room that was marked since then. */
  completeSince(): number;
};

const ROOM_FIRST = 1024;
/** Of one generation: 16 MB. More than come in a minute from as many followers as one process can answer. */
const NAMES_MAX = 2_000_000;

export function createMarks(keepMs: number, since: Instant, namesMax = NAMES_MAX): Marks {
  let [newer, older] = [new Table(), new Table()];
  let [turnedAt, complete] = [since, Number.NEGATIVE_INFINITY];
  return {
    mark(name, now) {
      const number = numberOf(name);
      if (newer.has(number) || older.has(number)) return true;
      const isFull = newer.size >= namesMax;
      // A clock that was set back turns too.
      if (isFull || Math.abs(now - turnedAt) >= keepMs) {
        if (isFull) complete = turnedAt; // what the older one holds is from before
        [newer, older, turnedAt] = [new Table(newer.size), newer, now];
      }
      newer.add(number);
      return false;
    },
    completeSince: () => complete,
  };
}

/** FNV-1a with its bits mixed once more; never 0. */
function numberOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}

/** Open addressing: each number at its own place, or at the next free one. */
class Table {
  size = 0;
  private numbers: Uint32Array;

  constructor(expected = 0) {
    this.numbers = new Uint32Array(Math.max(ROOM_FIRST, 2 ** Math.ceil(Math.log2(expected * 2 + 1))));
  }

  has(number: number): boolean {
    return this.numbers[this.placeOf(number)] !== 0;
  }

  add(number: number): void {
    if (this.size * 2 >= this.numbers.length) this.grow();
    this.numbers[this.placeOf(number)] = number;
    this.size++;
  }

  private placeOf(number: number): number {
    const last = this.numbers.length - 1;
    let place = number & last;
    while (this.numbers[place] !== 0 && this.numbers[place] !== number) place = place === last ? 0 : place + 1;
    return place;
  }

  private grow(): void {
    const before = this.numbers;
    this.numbers = new Uint32Array(before.length * 4);
    for (const number of before) if (number !== 0) this.numbers[this.placeOf(number)] = number;
  }
}
