// The short form of `npm run fuzz`: some thousand pushes of WeChat's and of strangers.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fuzz, startFuzz } from './fuzz-push.ts';

let fuzz: Fuzz;
beforeAll(async () => {
  fuzz = await startFuzz();
}, 60_000);
afterAll(() => fuzz.close());

test('WeChat is never refused and strangers always are, whatever is written, in both formats and all modes', async () => {
  const seeds = fc.noShrink(fc.integer({ min: 1, max: 0x7fffffff }));
  await fc.assert(
    fc.asyncProperty(seeds, async seed => {
      await fuzz.one(seed);
      const { forged, refused, unread, told } = fuzz.figures;
      expect({ forged, refused, unread, told }).toEqual({ forged: [], refused: [], unread: [], told: [] });
    }),
    { numRuns: 1500, seed: 7 },
  );
  const { pushes, read } = fuzz.figures;
  expect(pushes).toBe(3000);
  expect(read).toBeGreaterThan(900);
}, 60_000);
