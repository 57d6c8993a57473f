// Words for what somebody else named: a state, a code, an event of which this page need not know every one.

/** `undefined`: there is none in this table. */
export function wordIn(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return table[name];
}
