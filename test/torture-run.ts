// One seed from its first push to the day on which everything has come to rest, and the verdict over it.
import { isFinal, type Payout } from '../src/core/payout.ts';
import type { Store } from '../src/ports.ts';
import type { Bug } from './torture-bugs.ts';
import { type Grounds, SQLITE_GROUNDS } from './torture-ground.ts';
import { violations } from './torture-verdict.ts';
import { Torture } from './torture-world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
export const WORKERS = 2;
const TROUBLED_FOR = 4 * MINUTE;
const PEACE_UP_TO = 20 * DAY;
const WORDS = ['红包', '抽奖', '抽奖', '抽奖', '帮助', '你好'];

export type Result = {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly story: readonly string[];
  readonly payouts: number;
  readonly calls: number;
};

export async function runSeed(seed: number, bug?: Bug, grounds: Grounds = SQLITE_GROUNDS): Promise<Result> {
  const torture = new Torture(seed, grounds, bug);
  await torture.begin(WORKERS);
  try {
    await trouble(torture);
    await peace(torture);
    const store = torture.ground.watcher;
    const payouts = await store.payouts({ limit: 10_000 });
    return {
      seed,
      violations: await violations(torture, store, payouts),
      story: torture.story,
      payouts: payouts.length,
      calls: torture.watch.sends.length,
    };
  } finally {
    await torture.close();
  }
}

/** Minutes in which everything happens at once. */
async function trouble(torture: Torture): Promise<void> {
  const { dice, time } = torture;
  const end = time.now() + TROUBLED_FOR;
  let nextTrouble = time.now();
  while (time.now() < end) {
    if (time.now() >= nextTrouble) {
      torture.trouble();
      nextTrouble = time.now() + dice.between(10, 60) * SECOND;
    }
    // Often alone, sometimes many at once: the last prize has several hands on it.
    if (dice.chance(0.3)) for (let i = dice.pick([1, 1, 1, 2, 6]); i > 0; i--) behave(torture);
    if (dice.chance(0.02)) torture.jump();
    if (dice.chance(0.01)) torture.restart();
    if (dice.chance(0.01)) torture.crawl();
    torture.ground.trouble();
    await open(torture, 0.1);
    await time.runUntil(time.now() + dice.between(200, 3000));
    torture.desk.tick();
    await resume(torture, 0.05);
  }
}

function behave(torture: Torture): void {
  const { dice } = torture;
  const user = dice.pick(torture.people);
  if (dice.chance(0.25)) torture.act(user, { kind: 'subscribe', via: 'direct' });
  else if (dice.chance(0.1)) torture.act(user, { kind: 'unsubscribe' });
  else torture.act(user, { kind: 'text', text: dice.pick(WORDS) });
}

/** Followers open what they find, or do not. */
async function open({ dice, wechat, desk, people }: Torture, probability: number): Promise<void> {
  for (const openid of people) {
    for (const line of wechat.showPerson(openid).chat) {
      if (line.kind !== 'packet' || !dice.chance(probability)) continue;
      if (wechat.order(line.mchId, line.billNo)?.status === 'SENT') desk.open(line.mchId, line.billNo, openid);
    }
  }
}

/** An operator who mends what only a person can mend. */
async function resume(torture: Torture, probability: number): Promise<void> {
  const { ground, dice } = torture;
  if (!dice.chance(probability) || ground.isAway) return;
  const store = ground.watcher;
  const halt = await store.halt('shop');
  if (!halt || halt.probeAt !== undefined) return;
  torture.tell(`the operator resumes after ${halt.code}`);
  await store.setHalt('shop', undefined);
}

/** Nothing goes wrong any more; time goes on until nothing is left to do. */
async function peace(torture: Torture): Promise<void> {
  const { time, wechat, desk, dice, workers, ground } = torture;
  torture.isTroubled = false;
  wechat.faults.set({ pay: [], platform: [] });
  torture.setBalance(10_000_000);
  await ground.heal();
  await time.runUntil(time.now() + 2 * MINUTE); // those who died come back
  for (const worker of workers) worker.skew = 0;
  const end = time.now() + PEACE_UP_TO;
  const lazy = dice.next();
  while (time.now() < end) {
    desk.tick();
    await ground.watcher.setHalt('shop', undefined);
    await open(torture, lazy < 0.3 ? 0 : 0.4);
    for (const worker of dice.chance(0.5) ? workers : workers.toReversed()) worker.settle!.nudge();
    await time.runUntil(time.now() + 5 * SECOND);
    const next = await nextDue(ground.watcher);
    if (next === undefined) return;
    await time.runUntil(Math.min(Math.max(next + 1, time.now() + SECOND), time.now() + 6 * HOUR));
  }
}

/** When there is something to do; `undefined`: nothing, for ever. */
async function nextDue(store: Store): Promise<number | undefined> {
  const open = (await store.payouts({ limit: 10_000 })).filter(
    (payout: Payout) => !isFinal(payout.state) && payout.nextAt !== undefined,
  );
  return open.length === 0 ? undefined : Math.min(...open.map(payout => payout.nextAt!));
}
