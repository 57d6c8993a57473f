// Names that are looked up: whole ones (`store-1`), beginnings (`store-*`), or any. What a look-up costs grows with the
// length of the name, not with how many there are.

export class PrefixIndex<T> {
  private readonly any: T[] = [];
  private readonly whole = new Map<string, T[]>();
  private readonly beginnings = new Map<string, T[]>();
  /** The different lengths of beginnings. */
  private readonly lengths = new Set<number>();

  /** Without `patterns` it is found by any name, and by none. */
  add(patterns: readonly string[] | undefined, value: T): void {
    if (!patterns) this.any.push(value);
    for (const pattern of patterns ?? []) {
      if (!pattern.endsWith('*')) {
        push(this.whole, pattern, value);
        continue;
      }
      const beginning = pattern.slice(0, -1);
      this.lengths.add(beginning.length);
      push(this.beginnings, beginning, value);
    }
  }

  /** A value may be there more than once. */
  find(name: string | undefined): T[] {
    if (name === undefined) return [...this.any];
    const found = [...this.any, ...(this.whole.get(name) ?? [])];
    for (const length of this.lengths)
      if (length <= name.length) found.push(...(this.beginnings.get(name.slice(0, length)) ?? []));
    return found;
  }
}

/** Adds to the list under a key, unless it was the last to be added there. */
export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (!list) map.set(key, [value]);
  else if (list.at(-1) !== value) list.push(value);
}
