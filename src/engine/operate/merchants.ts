// The gate of a merchant (商户), shut and opened by a person, for commands and for the dashboard.
import { BadInput } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import type { Halt, Store } from '../../ports.ts';

/** Takes over a halt of the bot's as well: from then on only a person resumes. Each is a halt of its own. */
export async function haltMerchant(store: Store, name: string, reason: string, now: Instant): Promise<void> {
  await store.setHalt(name, { code: 'OPERATOR', reason, since: now, by: 'operator' });
}

/** The halt there was; `undefined`: there was none. Who has halted it in the same moment is not overruled: `BadInput`. */
export async function resumeMerchant(store: Store, name: string): Promise<Halt | undefined> {
  const before = await store.halt(name);
  if (before && !(await store.resume(name, before)))
    throw new BadInput(
      t`merchant "${name}" was halted anew in this moment: look at it again (\`hongbao merchant list\`)`,
    );
  return before;
}
