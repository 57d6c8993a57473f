// WeChat's own word about where a request came from: a door that verified a signature says so, and the edge remembers the
// address it came from.
export function markGenuine({ state }: Marked): void {
  state.isGenuine = true;
}

export function isGenuine({ state }: Marked): boolean {
  return state.isGenuine === true;
}

/** The context of a request. */
type Marked = { readonly state: { isGenuine?: boolean } };
