// Whether somebody was told what became of an event that has no passive reply.

import type { Event } from '../../core/base/event.ts';
import type { Answer, Store } from '../../ports.ts';

/** Somebody who died had given it: told since, or owed, as far as the mailbox knows. */
export async function wasTold(
  store: Pick<Store, 'mailbox'>,
  { account, user, key }: Event,
  { at }: Answer,
): Promise<boolean> {
  const box = await store.mailbox(account, user);
  return (
    box !== undefined && (box.pending.some(({ id }) => id === `event:${key}`) || box.sent.some(sent => sent >= at))
  );
}
