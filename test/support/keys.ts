// Lists and tables whose type says less than a test knows.
/** The keys of a table that has no others than its type says. */
export function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[];
}
