// One turn at a merchant for all processes: what leaves under it, and when it goes to the next one.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instant } from '../../src/core/base/time.ts';
import { SPACING_MS } from '../../src/core/payout/merchant-halt.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import type { Observation, Payout } from '../../src/core/payout/payout.ts';

import { LEASE_MS } from '../../src/engine/lease.ts';
import { createSettle, type Settle } from '../../src/engine/settle.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { aCommit, NOW } from '../storage/store.contract.ts';
import { VirtualTime } from '../torture/time.ts';

const NAME = 'settle:shop';
const PAUSE_MS = 33;

let store: Store;
let time: VirtualTime;
let left: { readonly at: number; readonly payout: Payout }[];
let asked: string[];
let says: () => Observation;

beforeEach(async () => {
  store = await openSqlite(':memory:');
  time = new VirtualTime(NOW);
  left = [];
  asked = [];
  says = () => ({ kind: 'accepted' });
});
afterEach(() => store.close());

const now = () => instant(time.now());

function gate(holder: string, on: Store = store): Settle {
  const payer = {
    async send(payout: Payout) {
      left.push({ at: time.now(), payout });
      await time.sleep(90);
      return says();
    },
    async query({ billNo }: Payout): Promise<Observation> {
      asked.push(billNo);
      return { kind: 'notFound' };
    },
    close: async () => undefined,
  };
  return createSettle({
    holder,
    clock: now,
    timer: { ticks: () => time.now(), sleep: ms => time.sleep(ms) },
    store: on,
    log: SILENT,
    merchants: [{ name: 'shop', payer, perSecond: 30, policy: DEFAULT_POLICY, quietHours: [] }],
  });
}

async function plan(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await store.commit(aCommit({ counters: [] }));
}

/** Until the gate has nothing more to do, and then its rest. */
async function ended(pass: Promise<void>, restMs = 0): Promise<void> {
  let isDone = false;
  void pass.then(() => {
    isDone = true;
  });
  while (!isDone) await time.runUntil(time.now() + 10);
  await time.runUntil(time.now() + restMs);
}

/** What a step begins is answered so late. */
function slow(ms: (step: number) => number): Store {
  let steps = 0;
  return {
    ...store,
    advance: async (step, under) => {
      const result = await store.advance(step, under);
      if (under) await time.sleep(ms(++steps));
      return result;
    },
  };
}

describe('a payout that was begun', () => {
  test('leaves in a slot of its own, also where a store that hung lets many go at once', async () => {
    await plan(100);
    let hangsUntil = 0;
    await ended(
      gate(
        'one',
        slow(step => {
          if (step === 40) hangsUntil = time.now() + 1500;
          return Math.max(0, hangsUntil - time.now());
        }),
      ).pass(),
    );
    expect(left).toHaveLength(100);
    left.forEach(({ at }, n) => {
      if (n > 0) expect(at - left[n - 1]!.at).toBeGreaterThanOrEqual(PAUSE_MS);
    });
  });

  test('is not called once another process may have the turn; whoever has it asks first', async () => {
    await plan(1);
    await ended(
      gate(
        'one',
        slow(() => LEASE_MS - 500),
      ).pass(),
    );
    expect(left).toEqual([]);
    const [payout] = await store.payouts({ limit: 1 });
    expect(payout!.state).toBe('sending');

    await time.runUntil(time.now() + LEASE_MS);
    await ended(gate('two').pass());
    expect(asked).toEqual([payout!.billNo]);
  });
});

describe('the turn', () => {
  const isFree = async (): Promise<boolean> => (await store.lease(NAME, 'another', LEASE_MS, now())) !== undefined;

  test('is given back after the pause behind the last call', async () => {
    await plan(1);
    await ended(gate('one').pass(), 2 * PAUSE_MS);
    expect(left).toHaveLength(1);
    expect(await isFree()).toBe(true);
  });

  test('is kept for a second where a number may be tried again: another machine’s clock may say it is time', async () => {
    await plan(1);
    says = () => ({ kind: 'unreached', code: 'ECONNREFUSED', text: '' });
    await ended(gate('one').pass(), 2 * PAUSE_MS);
    expect(await isFree()).toBe(false);
    await time.runUntil(left[0]!.at + SPACING_MS - 1);
    expect(await isFree()).toBe(false);
    await time.runUntil(left[0]!.at + SPACING_MS + 1);
    expect(await isFree()).toBe(true);
  });

  test('is kept as well by a gate that is stopped, and by one that had more to do meanwhile', async () => {
    await plan(1);
    says = () => ({ kind: 'unreached', code: 'ECONNREFUSED', text: '' });
    const one = gate('one');
    await ended(one.pass(), SPACING_MS / 2);
    await plan(1);
    one.nudge();
    await time.runUntil(left[0]!.at + SPACING_MS + 100);
    expect(left).toHaveLength(2);
    expect(await isFree()).toBe(false);
    await ended(one.stop());
    expect(time.now()).toBeGreaterThanOrEqual(left[1]!.at + SPACING_MS);
    expect(await isFree()).toBe(true);
  });
});
