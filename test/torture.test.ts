// The torture tries itself: it repeats, it finds nothing in what we ship, and it finds every bug that is planted
// (`torture-bugs.ts`), on both stores.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis } from './redis-server.ts';
import { BUGS } from './torture-bugs.ts';
import { type Grounds, SQLITE_GROUNDS } from './torture-ground.ts';
import { redisGrounds } from './torture-redis.ts';
import { runSeed, WORKERS } from './torture-run.ts';

const SEEDS_TO_CATCH = 200;

/** The first of so many seeds in which something is wrong. */
async function firstCaught(seeds: number, grounds: Grounds, bug: (typeof BUGS)[number]): Promise<number | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    if ((await runSeed(seed, bug, grounds)).violations.length > 0) return seed;
  }
  return undefined;
}

describe('the torture', () => {
  test('of forty worlds finds no debt unpaid or paid twice, no bound passed, and every fen where the books say', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { violations } = await runSeed(seed);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  }, 120_000);

  test('does the same again with the same seed', async () => {
    const [first, second] = [await runSeed(7), await runSeed(7)];
    expect(second.story).toEqual(first.story);
    expect(first.story.length).toBeGreaterThan(50);
  }, 60_000);

  test.each(BUGS)(
    'catches the planted bug %s within two hundred seeds',
    async bug => {
      expect(await firstCaught(SEEDS_TO_CATCH, SQLITE_GROUNDS, bug)).toBeDefined();
    },
    180_000,
  );
});

describe.skipIf(!hasRedis)('the torture on a Redis that is stopped, killed and cut off', () => {
  let grounds: Grounds;

  beforeAll(async () => {
    grounds = await redisGrounds(WORKERS);
  });
  afterAll(() => grounds.end());

  test('finds nothing either, in twenty worlds', async () => {
    const all = { story: '' };
    for (let seed = 1; seed <= 20; seed++) {
      const { violations, story } = await runSeed(seed, undefined, grounds);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      all.story += story.join('\n');
    }
    for (const trouble of ['is stopped', 'is dead', ': cut', ': deaf', ': slow']) expect(all.story).toContain(trouble);
  }, 180_000);

  test('catches a turn that everybody gets', async () => {
    expect(await firstCaught(SEEDS_TO_CATCH, grounds, 'lease-for-all')).toBeDefined();
  }, 180_000);
});
