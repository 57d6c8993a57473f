// The gate of a merchant (商户), shut and opened by a person, for commands and for the dashboard.
import type { Instant } from '../../core/base/time.ts';
import type { Halt, Store } from '../../ports.ts';

/** Takes over a halt of the bot's as well: from then on only a person resumes. */
export async function haltMerchant(store: Store, name: string, reason: string, now: Instant): Promise<void> {
  const before = await store.halt(name);
  await store.setHalt(name, { code: 'OPERATOR', reason, since: before?.since ?? now, by: 'operator' });
}

/** The halt there was; `undefined`: there was none. */
export async function resumeMerchant(store: Store, name: string): Promise<Halt | undefined> {
  const before = await store.halt(name);
  if (before) await store.setHalt(name, undefined);
  return before;
}
