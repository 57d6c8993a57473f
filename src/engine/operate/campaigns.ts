// One campaign, paused and let go on by a person, for commands and for the dashboard. It stands in the store: every process knows it
// from the next event on.
import type { Instant } from '../../core/base/time.ts';
import { pauseOf } from '../../core/rules/campaign-query.ts';
import type { Halt, Store } from '../../ports.ts';

/** `say`: what followers are told meanwhile, where it is not the campaign's own text. */
export async function pauseCampaign(store: Store, id: string, say: string, now: Instant): Promise<void> {
  const before = await store.halt(pauseOf(id));
  await store.setHalt(pauseOf(id), { code: 'PAUSED', reason: say, since: before?.since ?? now, by: 'operator' });
}

/** The pause there was; `undefined`: nobody had paused it by hand. */
export async function resumeCampaign(store: Store, id: string): Promise<Halt | undefined> {
  const before = await store.halt(pauseOf(id));
  await store.setHalt(pauseOf(id), undefined);
  return before;
}
