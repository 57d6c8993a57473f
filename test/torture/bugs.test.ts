// The torture tries itself: it finds bugs that are planted on purpose (`bugs.ts`). These are the ones that show soon;
// `npm run torture -- --bugs` looks for each there is.
import { describe, expect, test } from 'vitest';
import { BUGS, type Bug, wishesOf } from './bugs.ts';
import { SQLITE_GROUNDS } from './ground.ts';
import { runSeed } from './run.ts';

const SEEDS_TO_CATCH = 200;

const SOON = [
  'sent-before-call',
  'new-number-after-silence',
  'counters-beside-commit',
  'claim-not-unique',
  'answer-before-commit',
  'refund-forgotten',
  'no-fence',
  'tells-before-commit',
  'paid-not-durable',
  'merchant-packets-uncounted',
  'refund-on-wrong-day',
  'packets-kept',
  'holds-twice-on-reoffer',
  'month-forgotten',
  'stores-uncounted',
  'chances-from-nothing',
  'own-halt-ignored',
  'failure-remembered',
  'cancel-replanned',
  'refused-holds-leak',
  'number-by-clock',
  'second-key-ignored',
  'our-clock-orders',
  'lease-for-all',
  'voucher-under-new-number',
  'authorization-unasked',
] as const satisfies readonly Bug[];

/** They show late: their worlds begin here, not at the first. Worlds that a bug keeps busy for a month take a minute each. */
const FROM: Partial<Record<Bug, number>> = {
  'failure-remembered': 65,
  'second-key-ignored': 17,
  'voucher-under-new-number': 6,
};

describe('the torture', () => {
  test.each(SOON)(
    'catches the planted bug %s within two hundred seeds',
    async bug => {
      let caught: number | undefined;
      const first = FROM[bug] ?? 1;
      for (let seed = first; seed < first + SEEDS_TO_CATCH && caught === undefined; seed++)
        if ((await runSeed(seed, bug, SQLITE_GROUNDS, wishesOf(bug))).violations.length > 0) caught = seed;
      expect(caught).toBeDefined();
    },
    180_000,
  );

  test('knows no bug twice', () => {
    expect(new Set(BUGS).size).toBe(BUGS.length);
  });
});
