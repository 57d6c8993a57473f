// The store that bot.yaml names, opened; one that cannot be is complained of at its line.
import type { Config } from '../config/config.ts';
import { BadInput } from '../core/base/error.ts';
import { beijingText, type Instant, MINUTE } from '../core/base/time.ts';
import { joined, t, type Wording } from '../core/base/words/words.ts';
import type { Store } from '../ports.ts';
import { openStore, type StoreOptions } from '../storage/open.ts';

export async function openStoreOf(config: Config, warn?: StoreOptions['warn']): Promise<Store> {
  try {
    return await openStore(config.store, { ...config, ...(warn && { warn }) });
  } catch (error) {
    const at = config.places?.store;
    if (!(error instanceof BadInput) || !at) throw error;
    throw new BadInput(joined([`${config.file}:${at.line}:${at.column}: `, error.words]));
  }
}

/** When the newest thing happened, if that is yet to come: a clock was fast, or is slow now. */
export async function newestAhead(store: Store, now: Instant): Promise<Instant | undefined> {
  const [newest] = await store.journal({ limit: 1 });
  return newest && newest.at > now + MINUTE ? newest.at : undefined;
}

/** What somebody should know of it at the start. */
export async function saidAhead(store: Store, now: Instant): Promise<Wording[]> {
  const until = await newestAhead(store, now);
  if (until === undefined) return [];
  return [
    t`the store has records of the future, up to ${beijingText(until)}: this machine's clock was fast once, or is slow now; payouts written down meanwhile wait until then, or for \`hongbao payouts retry NUMBER\``,
  ];
}
