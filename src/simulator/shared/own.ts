// What somebody else named, looked up in a table of ours: nothing that all objects have is found there.

/** `undefined`: the table has no such name. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** A part of a path as it was meant; `undefined`: its percent signs say nothing. */
export function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
