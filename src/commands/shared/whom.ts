// Whom a command is about: an openid, or the two ends of one as the log shows it (`oAbc…wxyz`).

import { BadInput } from '../../core/base/error.ts';
import { type OpenId, openId } from '../../core/base/event.ts';
import { isShortOpenId, shortOpenId } from '../../core/base/openid.ts';
import { t } from '../../core/base/words/words.ts';
import type { Store } from '../../ports.ts';
import { eventsOf } from './journal.ts';

/** More would help nobody to choose. */
const NAMED_MAX = 5;

/** Looks through the journal where only the ends are known. */
export async function openIdOf(store: Store, written: string): Promise<OpenId> {
  const short = written.replace('...', '…');
  if (!isShortOpenId(short)) return openId(written);
  const found = new Set<OpenId>();
  for await (const { event } of eventsOf(store))
    if (shortOpenId(event.user) === short && found.size < NAMED_MAX) found.add(event.user);
  const [only] = found;
  if (only === undefined) throw new BadInput(t`${written}: nobody with such an openid has done anything yet`);
  if (found.size > 1) throw new BadInput(t`${written} is ${[...found].join(' or ')}; say which`);
  return only;
}
