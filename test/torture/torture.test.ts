// The torture tries itself: it repeats, and it finds nothing in what we ship, on both stores. That it finds what is planted:
// `bugs.test.ts`.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis } from '../support/redis-server.ts';
import { type Grounds, SQLITE_GROUNDS } from './ground.ts';
import { redisGrounds } from './redis.ts';
import { runSeed, WORKERS } from './run.ts';
import { WISHES } from './world.ts';

describe('the torture', () => {
  test('of thirty worlds finds no debt unpaid or paid twice, no bound passed, nobody unanswered, and every fen where the books say', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { violations } = await runSeed(seed);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  }, 120_000);

  test('of ten worlds with vouchers and authorized transfers finds none either', async () => {
    const all = { story: '', vouchers: 0, untapped: 0 };
    for (let seed = 1; seed <= 10; seed++) {
      const { violations, story, vouchers, untapped } = await runSeed(seed, undefined, SQLITE_GROUNDS, WISHES);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      all.story += story.join('\n');
      all.vouchers += vouchers;
      all.untapped += untapped;
    }
    for (const trouble of ['is paused', 'is spent', 'USER_ACCOUNT_ABNORMAL', 'has authorized no more'])
      expect(all.story).toContain(trouble);
    expect(all.vouchers).toBeGreaterThan(15);
    expect(all.untapped).toBeGreaterThan(5);
  }, 120_000);

  test('does the same again with the same seed', async () => {
    for (const seed of [7, 21]) {
      const [first, second] = [await runSeed(seed), await runSeed(seed)];
      expect(second.story).toEqual(first.story);
      expect(first.story.length).toBeGreaterThan(50);
    }
  }, 60_000);

  test('has transfers, refunds, taps, commands, and a disk that is full, in its first worlds', async () => {
    const all: string[] = [];
    for (let seed = 1; seed <= 12; seed++) all.push(...(await runSeed(seed)).story);
    // Some worlds never hear of an authorization, and it is asked after.
    for (let seed = 1; seed <= 2; seed++) all.push(...(await runSeed(seed, undefined, SQLITE_GROUNDS, WISHES)).story);
    const story = all.join('\n');
    const seen = [
      'transfer send',
      'sendredpack',
      'has a refund',
      'visit',
      'scan',
      ': cancel',
      ': retry',
      ': send b',
      'repair',
      'TAKING_EFFECT is told',
      'has authorized no more',
    ];
    for (const word of [...seen, 'COMMIT fails', 'after COMMIT', 'file is edited']) expect(story).toContain(word);
  }, 60_000);
});

describe.skipIf(!hasRedis)('the torture on a Redis that is stopped, killed and cut off', () => {
  let grounds: Grounds;

  beforeAll(async () => {
    grounds = await redisGrounds(WORKERS);
  });
  afterAll(() => grounds.end());

  test('finds nothing either, in ten worlds', async () => {
    const all = { story: '' };
    for (let seed = 1; seed <= 10; seed++) {
      const { violations, story } = await runSeed(seed, undefined, grounds);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      all.story += story.join('\n');
    }
    for (const trouble of ['is stopped', 'is dead', ': cut', ': slow']) expect(all.story).toContain(trouble);
  }, 180_000);

  test('catches a turn that everybody gets', async () => {
    let caught: number | undefined;
    for (let seed = 1; seed <= 200 && caught === undefined; seed++)
      if ((await runSeed(seed, 'lease-for-all', grounds)).violations.length > 0) caught = seed;
    expect(caught).toBeDefined();
  }, 180_000);
});
