// How many customer-service messages (客服消息) a follower may be sent now. WeChat does not say how the windows go together
// that several deeds open; what is counted here holds whichever way they do: only the best single one counts.
import { EVENT_FACTS, type Event } from '../base/event.ts';
import { HOUR, type Instant, instant, later, MINUTE, SECOND } from '../base/time.ts';

/** What a follower did. `at`: when we saw it. */
export type Deed = { readonly event: Event; readonly at: Instant };

/** So many messages, as long as it is before `until`. */
export type Allowance = { readonly left: number; readonly until: Instant };

type Window = { readonly count: number; readonly lasts: number };

const MESSAGE: Window = { count: 5, lasts: 48 * HOUR };
const TOUCH: Window = { count: 3, lasts: MINUTE };

/** Nothing is begun so shortly before a window closes. */
const EARLY_MS = 5 * SECOND;
/** What was sent shortly before a window opened may have arrived within it: it counts there as well. */
const ON_ITS_WAY_MS = 30 * SECOND;
/** The newest deeds that are looked at: what lies further back is no reason to write to anybody. */
export const DEEDS_READ = 30;
const SENT_KEPT = 50;

export function allowanceNow(deeds: readonly Deed[], sent: readonly Instant[], now: Instant): Allowance {
  const left = lastLeft(deeds);
  let best: Allowance = { left: 0, until: now };
  for (const { event, at } of deeds) {
    const window = windowOf(event);
    // The earlier of WeChat's time and ours: with two clocks that differ the window only seems shorter.
    const from = instant(Math.min(event.sentAt, at));
    if (!window || event.sentAt <= left || from > now) continue;
    const until = later(from, window.lasts - EARLY_MS);
    if (now >= until) continue;
    const one = { left: window.count - sent.filter(each => each >= from - ON_ITS_WAY_MS).length, until };
    const isBetter = one.left > best.left || (one.left === best.left && one.until > best.until);
    if (one.left > 0 && isBetter) best = one;
  }
  return best;
}

function windowOf(event: Event): Window | undefined {
  // An item of a menu message counts as a tap on the menu.
  if (event.kind === 'text' && event.choice !== undefined) return TOUCH;
  const { opens } = EVENT_FACTS[event.kind];
  return opens && { message: MESSAGE, touch: TOUCH }[opens];
}

/** Leaving closes every window. */
function lastLeft(deeds: readonly Deed[]): number {
  const leavings = deeds.filter(({ event }) => event.kind === 'unsubscribe').map(({ event }) => event.sentAt);
  return Math.max(Number.NEGATIVE_INFINITY, ...leavings);
}

/** With one more that is about to leave. What no window looks back at any more is dropped. */
export function withSent(sent: readonly Instant[], now: Instant): Instant[] {
  const since = now - MESSAGE.lasts - ON_ITS_WAY_MS;
  return [...sent.filter(each => each >= since), now].slice(-SENT_KEPT);
}

/** WeChat says no where we thought there was room: as if all of it were used, until the follower does something again. */
export function usedUp(sent: readonly Instant[], now: Instant): Instant[] {
  return [...sent, ...Array.from({ length: MESSAGE.count }, () => now)].slice(-SENT_KEPT);
}
