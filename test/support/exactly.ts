/** A list that is known to be so long, to be taken apart by names. */
export function exactly<T>(count: 1, list: readonly T[]): [T];
export function exactly<T>(count: 2, list: readonly T[]): [T, T];
export function exactly<T>(count: 3, list: readonly T[]): [T, T, T];
export function exactly<T>(count: 4, list: readonly T[]): [T, T, T, T];
export function exactly<T>(count: number, list: readonly T[]): T[] {
  if (list.length !== count) throw new Error(`expected ${count}, found ${list.length}`);
  return [...list];
}
