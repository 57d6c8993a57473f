// The journal (流水), oldest first, for the commands that read all of it.
import type { Instant } from '../../core/base/time.ts';
import type { JournalLine, Store } from '../../ports.ts';

/** `to`: lines of this instant and later are left out. */
type JournalRange = { readonly to?: Instant | undefined };

/** In the order in which they were written, as of one moment, page by page. */
export async function* eventsOf(store: Store, { to }: JournalRange = {}): AsyncIterable<JournalLine> {
  const snapshot = await store.snapshot();
  try {
    for await (const line of snapshot.journal()) if (to === undefined || line.at < to) yield line;
  } finally {
    await snapshot.close();
  }
}
