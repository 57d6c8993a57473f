// What a follower is owed in words, told at the next contact: in the passive reply, behind what the event itself is
// answered.

import type { Event } from '../base/event.ts';
import type { Facts } from '../match/facts.ts';

import type { Reply } from '../rules/reply.ts';
import { TEXT_BYTES_MAX } from '../rules/reply-text.ts';

const BETWEEN = '\n\n';
/** Said for what has no room; there the follower finds all of it. */
const AND_MORE = '还有更多消息，回复「我的红包」查看。';

type Told = { readonly reply: Reply; readonly told?: { readonly version: number } };

/**
 * The reply with all that is owed, or as it is: whoever was sent a picture hears the rest another time. What has no room
 * is told as owed no more, with the word where to find it; where even that has none, everything waits.
 */
export function withPending(event: Event, reply: Reply, owed: Facts['pending']): Told {
  if (!owed || !showsReply(event) || (reply.kind !== 'text' && reply.kind !== 'none')) return { reply };
  const own = reply.kind === 'text' ? [reply.text] : [];
  const text = joined(
    own,
    owed.texts.map(each => each.text),
  );
  return text === undefined ? { reply } : { reply: { kind: 'text', text }, told: { version: owed.version } };
}

function joined(own: readonly string[], texts: readonly string[]): string | undefined {
  const whole = [...own, ...texts].join(BETWEEN);
  if (fits(whole)) return whole;
  for (let count = texts.length - 1; count >= 0; count--) {
    const part = [...own, ...texts.slice(0, count), AND_MORE].join(BETWEEN);
    if (fits(part)) return part;
  }
  return undefined;
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= TEXT_BYTES_MAX;
}

/** Whose passive reply appears in the chat for certain. */
function showsReply(event: Event): boolean {
  switch (event.kind) {
    case 'subscribe':
    case 'scan':
    case 'text':
    case 'unsupported':
    case 'image':
    case 'voice':
    case 'video':
    case 'location':
    case 'link':
    case 'click':
      return true;
    case 'scancode':
      return event.waiting;
    default:
      return false;
  }
}
