// A bounded counter (计数): what is counted of claims, money, tries and turns, and how far it may go.

/** Adds `add` unless the sum would pass `max`. `atLeast`: afterwards it says no less than this, whatever it said. */
export type Counter = {
  readonly name: string;
  readonly add: number;
  readonly max: number;
  readonly atLeast?: number;
};

/** No limit is set: it is only counted. Nobody asks what it says, and it refuses nobody. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

export function isBounded({ max }: Pick<Counter, 'max'>): boolean {
  return max < UNBOUNDED;
}

/** `true` while the counter still takes this. */
export function hasRoom(counter: Counter, counters: ReadonlyMap<string, number>): boolean {
  return !isBounded(counter) || (counters.get(counter.name) ?? 0) + counter.add <= counter.max;
}
