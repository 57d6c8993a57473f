// How many messages may be sent now: by hand, and against two ideas of how WeChat's windows go together. We may be too
// careful, never too bold.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventKey, type Happening, openId } from '../../../src/core/base/event.ts';
import { HOUR, type Instant, instant, later, MINUTE, SECOND } from '../../../src/core/base/time.ts';
import { type Allowance, allowanceNow, type Deed, usedUp, withSent } from '../../../src/core/messages/quota.ts';
import { type GrantKind, type Grants, granted, spend } from '../../../src/simulator/world/message-windows.ts';

const NOW = instant(1_800_000_000_000);
const ago = (ms: number): Instant => later(NOW, -ms);

const TEXT: Happening = { kind: 'text', text: '你好' };
const TAP: Happening = { kind: 'text', text: '一', choice: '1' };
const CLICK: Happening = { kind: 'click', button: 'A' };
const FOLLOW: Happening = { kind: 'subscribe', via: 'direct' };
const LEAVE: Happening = { kind: 'unsubscribe' };
const SCAN: Happening = { kind: 'scan', scene: '1' };
const RESULT: Happening = { kind: 'scancode', button: 'A', result: 'x', waiting: true };
const STICKER: Happening = { kind: 'unsupported' };

function deed(happening: Happening, sentAt: Instant, at = sentAt): Deed {
  const envelope = { key: eventKey('k'), account: 'tea', user: openId('oA'), sentAt };
  return { event: { ...envelope, ...happening }, at };
}

describe('what may be sent now', () => {
  const some = (left: number, until: Instant): Allowance => ({ left, until });
  const none = some(0, NOW);
  const rows: readonly [string, Deed[], Instant[], Allowance][] = [
    ['nothing to somebody who did nothing', [], [], none],
    ['five after a text, for 48 h', [deed(TEXT, ago(HOUR))], [], some(5, later(NOW, 47 * HOUR - 5 * SECOND))],
    ['three after a follow, for a minute', [deed(FOLLOW, ago(10_000))], [], some(3, later(NOW, 45_000))],
    ['three after a scan', [deed(SCAN, ago(0))], [], some(3, later(NOW, 55_000))],
    ['three after a tap on the menu', [deed(CLICK, ago(0))], [], some(3, later(NOW, 55_000))],
    ['three after the scanner of the menu', [deed(RESULT, ago(0))], [], some(3, later(NOW, 55_000))],
    ['three after an item of a menu message, which is a tap', [deed(TAP, ago(0))], [], some(3, later(NOW, 55_000))],
    ['nothing in the last seconds of a minute', [deed(FOLLOW, ago(55_000))], [], none],
    ['nothing in the last seconds of the 48 h', [deed(TEXT, ago(48 * HOUR - 5 * SECOND))], [], none],
    ['nothing after a sticker: nobody says that it counts', [deed(STICKER, ago(0))], [], none],
    [
      'what is left of five',
      [deed(TEXT, ago(HOUR))],
      [ago(40 * MINUTE), ago(MINUTE)],
      some(3, later(NOW, 47 * HOUR - 5 * SECOND)),
    ],
    ['nothing when all of it was sent', [deed(FOLLOW, ago(9000))], [ago(8000), ago(7000), ago(6000)], none],
    [
      'less where something may still have been on its way',
      [deed(CLICK, ago(9000))],
      [ago(20_000)],
      some(2, later(NOW, 46_000)),
    ],
    ['nothing to somebody who left', [deed(LEAVE, ago(5000)), deed(TEXT, ago(HOUR))], [], none],
    [
      'a follow after that, and nothing else',
      [deed(FOLLOW, ago(2000)), deed(LEAVE, ago(5000)), deed(TEXT, ago(HOUR))],
      [],
      some(3, later(NOW, 53_000)),
    ],
    [
      'nothing where it is not clear what was last, the follow or the leaving',
      [deed(FOLLOW, ago(5000)), deed(LEAVE, ago(5000))],
      [],
      none,
    ],
    [
      'the leaving counts, in whatever order it was heard of',
      [deed(TEXT, ago(HOUR), ago(1000)), deed(LEAVE, ago(5000))],
      [],
      none,
    ],
    [
      'a window that began by our clock, where WeChat’s is ahead',
      [deed(CLICK, later(NOW, 90_000), ago(30_000))],
      [],
      some(3, later(NOW, 25_000)),
    ],
    [
      'a window that began by WeChat’s clock, where ours is ahead or the push was late',
      [deed(CLICK, ago(50_000), ago(1000))],
      [],
      some(3, later(NOW, 5000)),
    ],
    [
      'the better one of two, not both',
      [deed(CLICK, ago(10_000)), deed(TEXT, ago(HOUR))],
      [],
      some(5, later(NOW, 47 * HOUR - 5 * SECOND)),
    ],
    [
      'a new one beside one that is used up',
      [deed(CLICK, ago(1000)), deed(TEXT, ago(HOUR))],
      usedUp([], ago(40_000)),
      some(3, later(NOW, 54_000)),
    ],
  ];
  test.each(rows)('%s', (_, deeds, sent, expected) => {
    const { left, until } = allowanceNow(deeds, sent, NOW);
    expect({ left, until }).toEqual(expected);
  });

  test('after a no of WeChat nothing is left until the follower does something again', () => {
    const text = deed(TEXT, ago(HOUR));
    const sent = usedUp(withSent([], ago(MINUTE)), ago(MINUTE));
    expect(allowanceNow([text], sent, NOW).left).toBe(0);
    expect(allowanceNow([deed(TEXT, NOW), text], sent, NOW).left).toBe(5);
  });

  test('what no window looks back at is dropped, and never more is kept than a mailbox holds', () => {
    expect(withSent([ago(72 * HOUR), ago(HOUR)], NOW)).toEqual([ago(HOUR), NOW]);
    let sent: Instant[] = [];
    for (let n = 0; n < 100; n++) sent = usedUp(withSent(sent, later(NOW, n)), later(NOW, n));
    expect(sent).toHaveLength(50);
  });
});

// ── Against models ───────────────────────────────────────────────────────────────────────────────────────────

type Move =
  | { readonly do: 'text' | 'click' | 'follow' | 'scan' | 'leave' }
  | { readonly do: 'wait'; readonly ms: number }
  /** It leaves now and arrives after as many other moves. */
  | { readonly do: 'send'; readonly late: number };

/** The platform: does it take one more? */
type Model = { deed(kind: GrantKind, now: number): void; leave(): void; take(now: number): boolean };

/** The simulator's: each kind of deed has a window of its own. */
function apart(): Model & { left(now: number): number } {
  let grants: Grants = {};
  return {
    deed(kind, now) {
      grants = granted(grants, kind, now);
    },
    leave() {
      grants = {};
    },
    take(now) {
      const after = spend(grants, now);
      if (typeof after === 'string') return false;
      grants = after;
      return true;
    },
    left(now) {
      let [count, rest] = [0, grants];
      for (let next = spend(rest, now); typeof next !== 'string'; next = spend(rest, now))
        [count, rest] = [count + 1, next];
      return count;
    },
  };
}

/** What mini programs have: one window; a deed raises its count and its end, and adds nothing. */
function together(): Model & { left(now: number): number } {
  let [count, until] = [0, 0];
  return {
    deed(kind, now) {
      const [more, lasts] = kind === 'message' ? [5, 48 * HOUR] : [3, MINUTE];
      if (until <= now) count = 0;
      [count, until] = [Math.max(count, more), Math.max(until, now + lasts)];
    },
    leave() {
      [count, until] = [0, 0];
    },
    take(now) {
      if (now >= until || count === 0) return false;
      count -= 1;
      return true;
    },
    left: now => (now < until ? count : 0),
  };
}

/** No call lasts longer. */
const FLIGHT_MS = 20_000;

const HAPPENINGS = { text: TEXT, click: CLICK, follow: FOLLOW, scan: SCAN, leave: LEAVE } as const;
const KINDS = { text: 'message', click: 'menu', follow: 'follow', scan: 'scan' } as const;

const wait = fc.oneof(
  fc.integer({ min: 0, max: 20_000 }),
  fc.integer({ min: 20_000, max: 90_000 }),
  fc.integer({ min: HOUR, max: 30 * HOUR }),
);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('text', 'click', 'follow', 'scan').map(each => ({ do: each }) as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'leave' } as const) },
  { weight: 4, arbitrary: wait.map(ms => ({ do: 'wait', ms }) as const) },
  { weight: 12, arbitrary: fc.constantFrom(0, 0, 0, 2, 6).map(late => ({ do: 'send', late }) as const) },
);

/** Plays it; gives what we thought and what the platform would have taken, wherever we thought there was room. */
function play(model: ReturnType<typeof apart>, moves: readonly Move[]): { allowed: number; left: number }[] {
  let now: number = NOW;
  let sent: Instant[] = [];
  const deeds: Deed[] = [];
  let flying: { inMoves: number; at: number; until: number }[] = [];
  const seen: { allowed: number; left: number }[] = [];
  const land = (all: boolean): void => {
    for (const one of flying) one.inMoves -= 1;
    const landing = flying.filter(({ inMoves, at }) => all || inMoves <= 0 || now - at >= FLIGHT_MS);
    flying = flying.filter(one => !landing.includes(one));
    for (const { at, until } of landing) {
      const then = Math.min(now, at + FLIGHT_MS);
      // One whose window closes on its way comes too late: that is no error in counting.
      if (!model.take(then) && then < until) seen.push({ allowed: 1, left: 0 });
    }
  };
  for (const each of moves) {
    if (each.do === 'wait') {
      land(each.ms > 15_000); // whatever is under way arrives before a long time passes
      now += each.ms;
    } else if (each.do === 'send') {
      const { left, until } = allowanceNow(deeds, sent, instant(now));
      seen.push({ allowed: left, left: model.left(now) - flying.length });
      if (left === 0) continue;
      sent = withSent(sent, instant(now));
      if (each.late === 0) seen.push({ allowed: 1, left: model.take(now) ? 1 : 0 });
      else flying.push({ inMoves: each.late, at: now, until });
    } else {
      const at = instant(now);
      // WeChat's time is in whole seconds.
      deeds.unshift(deed(HAPPENINGS[each.do], instant(Math.floor(now / 1000) * 1000), at));
      if (each.do === 'leave') {
        land(true);
        model.leave();
      } else model.deed(KINDS[each.do], now);
    }
    if (each.do !== 'wait') land(false);
  }
  return seen;
}

describe.each([
  ['each kind of deed has a window of its own, as the simulator has it', apart],
  ['there is one window that a deed widens', together],
])('if %s', (_, model) => {
  test('we never think there is more room than there is', () => {
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 60 }), moves => {
        for (const { allowed, left } of play(model(), moves)) expect(allowed).toBeLessThanOrEqual(Math.max(0, left));
      }),
      { numRuns: 1500 },
    );
  });

  test('after a text all five are used', () => {
    const five = Array.from({ length: 6 }, (): Move => ({ do: 'send', late: 0 }));
    const seen = play(model(), [{ do: 'text' }, ...five]);
    expect(seen.filter((_, n) => n % 2 === 0).map(({ allowed }) => allowed)).toEqual([5, 4, 3, 2, 1, 0]);
  });
});
