// Nightly jobs over several processes: once a night, whoever does it, and whatever becomes of them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR, type Instant, later, MINUTE, parseBeijing, SECOND } from '../../src/core/base/time.ts';
import { onceANight } from '../../src/engine/jobs.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { type Beside, KINDS } from '../support/beside.ts';
import { until } from '../support/harness.ts';

describe.each(KINDS)('a nightly job, on %s', (_, openBeside) => {
  let beside: Beside;
  let stores: Store[];
  let now: Instant;
  let done: string[];
  beforeEach(async () => {
    beside = await openBeside();
    stores = [await beside.open(), await beside.open(), await beside.open()];
    now = parseBeijing('2026-02-10 03:45')!;
    done = [];
  });
  afterEach(() => beside.dispose());

  /** The job's row comes up in process `n`. */
  const night = (n: number, job: () => Promise<unknown>): Promise<void> =>
    onceANight('audit', job, { store: stores[n]!, clock: () => now, holder: `process ${n}`, log: SILENT });
  /** It does the job, and that takes a while. */
  const plainly = (n: number): Promise<void> =>
    night(n, async () => {
      done.push(`process ${n}`);
      await new Promise(resolve => setTimeout(resolve, 20));
    });
  /** It is at work until it is told to end. */
  const slowly = async (n: number): Promise<{ end: () => void; ended: Promise<void> }> => {
    let end = (): void => undefined;
    let begun = false;
    const ended = night(n, () => {
      begun = true;
      done.push(`process ${n}`);
      return new Promise<void>(resolve => {
        end = resolve;
      });
    });
    await until(() => begun);
    return { end: () => end(), ended };
  };

  test('that comes up in three processes at once is done once', async () => {
    await Promise.all([plainly(0), plainly(1), plainly(2)]);
    expect(done).toHaveLength(1);
  });

  test('that was done is not done again by the later rows of the night, and the next night it is', async () => {
    await plainly(0);
    now = later(now, 10 * MINUTE);
    await Promise.all([plainly(0), plainly(1)]);
    expect(done).toEqual(['process 0']);
    now = later(now, DAY);
    await Promise.all([plainly(1), plainly(2)]);
    expect(done).toHaveLength(2);
  });

  test('whose process died is taken over once its lease has ended, and not before', async () => {
    const dying = await slowly(0); // and is not heard of again
    now = later(now, 2 * MINUTE - SECOND);
    await plainly(1);
    expect(done).toEqual(['process 0']);
    now = later(now, SECOND);
    await plainly(1);
    await plainly(2);
    expect(done).toEqual(['process 0', 'process 1']);
    dying.end(); // it was asleep, and must not spoil what the other one noted
    await dying.ended;
    await plainly(2);
    expect(done).toEqual(['process 0', 'process 1']);
  });

  test('that fails says so, and a later row does it at once', async () => {
    const failing = night(0, () => Promise.reject(new Error('the disk is full')));
    await expect(failing).rejects.toThrow('the disk is full');
    await plainly(1);
    expect(done).toEqual(['process 1']);
  });

  test('that takes longer than until its next row is not begun once more, not even by its own process', async () => {
    const long = await slowly(0);
    now = later(now, MINUTE);
    await plainly(0);
    await plainly(1);
    long.end();
    await long.ended;
    await plainly(1);
    expect(done).toEqual(['process 0']);
  });

  test('that ends after midnight counts for the night in which it began', async () => {
    now = parseBeijing('2026-02-10 23:59')!;
    const long = await slowly(0);
    now = later(now, HOUR);
    long.end();
    await long.ended;
    await plainly(1);
    expect(done).toEqual(['process 0', 'process 1']);
  });
});
