// The journal (流水), oldest first, for the commands that read all of it.
import type { Instant } from '../core/time.ts';
import type { JournalLine, Store } from '../ports.ts';

/** `to`: lines of this instant and later are left out. */
export type JournalRange = { readonly to?: Instant | undefined };

/** As many lines as are read at most, the newest ones. */
const LINES_MAX = 1_000_000;

/** In the order in which they were written. */
export async function* eventsOf(store: Store, { to }: JournalRange = {}): AsyncIterable<JournalLine> {
  const lines = await store.journal({ limit: LINES_MAX });
  for (const line of lines.reverse()) if (to === undefined || line.at < to) yield line;
}
