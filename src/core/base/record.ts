// Records by their names. TypeScript takes the keys of anything for any text; of a record that is written here, and of
// one whose type says so, they are known.

/** The names of a record that holds nothing but what its type says. */
export function keysOf<K extends string>(record: Readonly<Partial<Record<K, unknown>>>): K[] {
  return Object.keys(record) as K[];
}

/** The same with what stands there. */
export function entriesOf<K extends string, V>(record: Readonly<Partial<Record<K, V>>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}

/** One value for each name. */
export function recordOf<K extends string, V>(names: readonly K[], made: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map(name => [name, made(name)])) as Record<K, V>;
}

export function isKeyOf<K extends PropertyKey>(record: Readonly<Record<K, unknown>>, name: PropertyKey): name is K {
  return Object.hasOwn(record, name);
}

export function isOneOf<T>(all: readonly T[], value: unknown): value is T {
  return all.some(each => each === value);
}

/** An object of JSON from outside: nothing is known of what stands in it. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
