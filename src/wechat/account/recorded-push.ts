// A push out of a file, as it was recorded: no signature goes with it, and nobody asks when it came.
import { BadInput } from '../../core/base/error.ts';
import type { Event } from '../../core/base/event.ts';
import { t } from '../../core/base/words/words.ts';
import { aesKeyOf, decryptBytes } from '../crypto.ts';
import { eventOf } from './push-event.ts';
import { hasClearFields, readPush, sealedParts, type Wire, wireOf } from './push-format.ts';
import type { DoorConfig } from './webhook.ts';

type Account = Pick<DoorConfig, 'name' | 'appId' | 'encodingAesKey'>;

/** Throws `BadInput`: it is no push, or sealed with another key than the account's. */
export function recordedEvent(account: Account, bytes: Uint8Array): Event {
  return eventOf(account.name, readPush(clearOf(account, wireOf(bytes))).fields);
}

/** What is sealed counts, as at the door; a text that only looks like it is none. */
function clearOf({ name, appId, encodingAesKey }: Account, outer: Wire): Wire {
  const parts = sealedParts(outer);
  if (parts.length === 0) return outer;
  const key = encodingAesKey === undefined ? undefined : aesKeyOf(encodingAesKey);
  for (const part of key ? parts : []) {
    try {
      return wireOf(decryptBytes(key!, appId, part));
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
    }
  }
  if (hasClearFields(outer)) return outer;
  throw new BadInput(
    key
      ? t`the push is sealed, and not with the encodingAesKey and appId of account "${name}"; name the account it came to with --account`
      : t`the push is sealed, and account "${name}" has no encodingAesKey; copy it from the console into bot.yaml`,
  );
}
