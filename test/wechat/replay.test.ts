// Which signatures are remembered in plain mode, for how long, and what happens when a clock is set.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../src/core/base/error.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import { createReplays, type Replays } from '../../src/wechat/account/replay.ts';

const FRESH = 300_000;
const START = Date.UTC(2026, 1, 10);
const at = (ms: number): Instant => instant(START + ms);
const signature = (name: string): string => createHash('sha1').update(name).digest('hex');
/** A signature made and used at the same moment. */
const use = (replays: Replays, name: string, ms: number, event = name): void =>
  replays.remember(signature(name), event, START + ms, at(ms));

describe('a signature', () => {
  test('belongs to one event: the same push again is heard, another one is not', () => {
    const replays = createReplays(FRESH);
    use(replays, 'a', 0);
    expect(() => use(replays, 'a', 0)).not.toThrow();
    expect(() => use(replays, 'a', 0, 'another event')).toThrow(BadInput);
    expect(() => use(replays, 'b', 0, 'another event')).not.toThrow();
  });

  test('is never forgotten while it is fresh, however many there are and whenever they come', () => {
    const replays = createReplays(FRESH);
    const used: [name: string, signedAt: number][] = [];
    // Half an hour, 50 pushes a second, signed up to five minutes before or after the moment they come.
    for (let n = 0; n < 90_000; n++) {
      const now = n * 20;
      const chance = createHash('md5').update(String(n)).digest().readUInt16BE();
      const signedAt = now + Math.round((chance / 65_535 - 0.5) * 2 * FRESH);
      replays.remember(signature(`s${n}`), `e${n}`, START + signedAt, at(now));
      used.push([`s${n}`, signedAt]);
      if (n % 197 !== 0) continue;
      const [name, when] = used[Math.floor((used.length - 1) * (chance / 65_535))]!;
      if (Math.abs(now - when) <= FRESH)
        expect(() => replays.remember(signature(name), 'forged', START + when, at(now)), `${name} at ${now}`).toThrow(
          BadInput,
        );
    }
    // … and no more than what could still be fresh, twice over.
    expect(replays.size).toBeLessThan((4 * FRESH) / 20);
  });

  test('that was forgotten is not believed when the clock is set back to when it was fresh', () => {
    const replays = createReplays(FRESH);
    use(replays, 'old', 0);
    // The clock jumps ahead by an hour, and pushes come whose signatures are of that hour.
    for (let n = 0; n < 10; n++) use(replays, `later ${n}`, 3_600_000 + n * 400_000);
    expect(() => replays.remember(signature('old'), 'forged', START, at(60_000))).toThrow(BadInput);
    expect(() => replays.remember(signature('old'), 'old', START, at(60_000))).toThrow(BadInput);
  });

  test('that is new is heard after the clock was set back, if nothing of its time was forgotten', () => {
    const replays = createReplays(FRESH);
    use(replays, 'before', 0);
    // Ahead for a moment, in which nothing genuine is fresh; then right again.
    use(replays, 'now', 30_000);
    expect(() => use(replays, 'before', 0, 'forged')).toThrow(BadInput);
    for (let n = 0; n < 1000; n++) expect(() => use(replays, `n${n}`, 30_000 - n)).not.toThrow();
  });
});
