// The short form of `npm run siege`: every kind of flood for a moment. What is a matter of time is measured there; here is
// what must be true on any machine.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SiegeBot, startSiegeBot } from './bot.ts';
import { FLOOD_NAMES, type FloodName } from './floods.ts';
import { type Answered, besiege, brokenBy, type FloodResult, follow } from './run.ts';

const MS = 2000;
/** A machine that does much else is slow, which is none of ours. */
const WAITS_MS = 30_000;
/** What a process grows by itself while it warms up comes on top of the promise. */
const MEMORY_MAX = 150e6;
const LOG_BYTES_MAX = 20_000;

let bot: SiegeBot;
beforeAll(async () => {
  bot = await startSiegeBot();
  await follow(bot.port, 1000);
});
afterAll(() => bot.stop());

describe('beside a flood of', () => {
  const statuses: Record<FloodName, readonly string[]> = {
    'invalid signatures': ['401', '429'],
    'big bodies': ['401', '404', '413', '429'],
    'distinct and nested tags': ['401', '413', '429'],
    'notices v2, v3, transfer': ['401', '429'],
    'the page (H5)': ['302', '401', '403', '404', '429'],
    pipelining: [],
    'slow readers': [],
    'slow writers': [],
    '99 headers and more': ['401', '429', '431'],
    'a genuine crowd': ['200'],
  };

  test.each(FLOOD_NAMES)(
    '%s every follower is answered, and neither memory nor log grows with it',
    { timeout: 90_000 },
    async name => {
      const { answered, count, without, memoryBytes, logBytesPerMinute, errors, flood } = await besiege(
        bot,
        name,
        MS,
        WAITS_MS,
      );
      expect(count).toBeGreaterThan(10);
      expect([answered, without]).toEqual([count, {}]);
      expect(memoryBytes).toBeLessThan(MEMORY_MAX);
      expect((logBytesPerMinute * MS) / 60_000).toBeLessThan(LOG_BYTES_MAX);
      expect(errors).toEqual([]);
      expect(flood.dialed).toBeGreaterThan(0);
      expect(Object.keys(flood.statuses).filter(status => !statuses[name].includes(status))).toEqual([]);
      if (name === 'pipelining') expect(flood.closed).toBeGreaterThan(100);
    },
  );
});

test('the siege says which promise is broken, and each of them can be', () => {
  const quiet: Answered = { count: 10, answered: 10, without: {}, p50: 1, p99: 5 };
  const good: FloodResult = {
    ...quiet,
    name: 'pipelining',
    seconds: 1,
    busy: 0.5,
    memoryBytes: 59e6,
    logBytesPerMinute: 99_000,
    errors: [],
    flood: { statuses: {}, dialed: 1, closed: 1, refused: 0 },
  };
  expect(brokenBy(good, quiet)).toEqual([]);
  const breaks: readonly (readonly [Partial<FloodResult>, string])[] = [
    [{ answered: 9, without: { 'too late': 1 } }, '1 of 10 followers had no answer: too late'],
    [{ p99: 105 }, 'p99 100 ms above the quiet one'],
    [{ p99: Number.NaN }, 'p99 NaN ms above the quiet one'],
    [{ memoryBytes: 60e6 }, 'memory grew by 60 MB'],
    [{ logBytesPerMinute: 100e3 }, 'the log grew by 100 kB a minute'],
    [{ errors: ['{"level":"error"}'] }, 'an error in the log: {"level":"error"}'],
  ];
  for (const [part, said] of breaks) expect(brokenBy({ ...good, ...part }, quiet)).toEqual([said]);
});
