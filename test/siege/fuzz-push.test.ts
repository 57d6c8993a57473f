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
  const seed = fc.noShrink(fc.integer({ min: 1, max: 0x7fffffff }));
  const atOnce = { minLength: 25, maxLength: 25, size: 'max' } as const;
  await fc.assert(
    fc.asyncProperty(fc.array(seed, atOnce), async seeds => {
      await Promise.all(seeds.map(each => fuzz.one(each)));
      const { forged, refused, unread, told } = fuzz.figures;
      expect({ forged, refused, unread, told }).toEqual({ forged: [], refused: [], unread: [], told: [] });
    }),
    { numRuns: 60, seed: 7, endOnFailure: true },
  );
  const { pushes, read } = fuzz.figures;
  expect(pushes).toBe(3000);
  expect(read).toBeGreaterThan(900);
}, 60_000);
