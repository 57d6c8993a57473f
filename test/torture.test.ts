// The torture tries itself: it repeats, it finds nothing in what we ship, and it finds every bug that is planted.
//
//   sent-before-call          the answer is taken for granted before the call is made
//   new-number-after-silence  a try whose answer was lost is repeated under another number
//   counters-beside-commit    budgets move in a write of their own, beside the claim's commit
//   claim-not-unique          a redelivery makes a claim of its own
//   answer-before-commit      the follower is told before anything is written
//   refund-forgotten          money that comes back is not given back to the budget
import { describe, expect, test } from 'vitest';
import { runSeed } from './torture-run.ts';
import { BUGS } from './torture-world.ts';

const SEEDS_TO_CATCH = 200;

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
      let caughtAt: number | undefined;
      for (let seed = 1; seed <= SEEDS_TO_CATCH && caughtAt === undefined; seed++) {
        if ((await runSeed(seed, bug)).violations.length > 0) caughtAt = seed;
      }
      expect(caughtAt).toBeDefined();
    },
    180_000,
  );
});
