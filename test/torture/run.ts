// One seed from its first push to the day on which everything has come to rest, and the verdict over it.

import type { Happening, OpenId } from '../../src/core/base/event.ts';
import { instant, parseBeijing } from '../../src/core/base/time.ts';
import { inviteScene } from '../../src/core/match/follower.ts';
import { asBillNo } from '../../src/core/payout/payout.ts';
import type { Store } from '../../src/ports.ts';
import type { Bug } from './bugs.ts';
import { SHOP } from './config.ts';
import { type Grounds, SQLITE_GROUNDS } from './ground.ts';
import { CAMPAIGN, wordsOf } from './rules.ts';
import { violations } from './verdict.ts';
import { Torture, type Wish } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
export const WORKERS = 2;
const TROUBLED_FOR = 4 * MINUTE;
const PEACE_UP_TO = 33 * DAY;
const EVER = instant(Number.MAX_SAFE_INTEGER);

export type Result = {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly story: readonly string[];
  readonly payouts: number;
  /** … of them as vouchers, and without a tap. */
  readonly vouchers: number;
  readonly untapped: number;
  readonly calls: number;
};

export async function runSeed(
  seed: number,
  bug?: Bug,
  grounds: Grounds = SQLITE_GROUNDS,
  wishes: readonly Wish[] = [],
): Promise<Result> {
  const torture = new Torture(seed, grounds, bug, wishes);
  await torture.begin(WORKERS);
  try {
    await trouble(torture);
    await peace(torture);
    const store = torture.ground.watcher;
    const payouts = await store.payouts({ limit: 10_000 });
    return {
      seed,
      violations: await violations(torture, store),
      story: torture.story,
      payouts: payouts.length,
      vouchers: payouts.filter(({ request }) => request.channel === 'voucher').length,
      untapped: new Set(torture.watch.sends.filter(({ body }) => isUntapped(body)).map(({ billNo }) => billNo)).size,
      calls: torture.watch.sends.length,
    };
  } finally {
    await torture.close();
  }
}

/** Sent under an authorization. */
function isUntapped(body: string): boolean {
  return body.startsWith('{') && !body.includes('"openid"') && !body.includes('"stock_id"');
}

/** Minutes in which everything happens at once. */
async function trouble(torture: Torture): Promise<void> {
  const { dice, time } = torture;
  const end = time.now() + TROUBLED_FOR;
  if (torture.setting.theme === 'rain') rush(torture);
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
    if (!torture.isEdited && dice.chance(0.01)) torture.edit();
    torture.ground.trouble();
    torture.endSome();
    await open(torture, 0.1);
    await time.runUntil(time.now() + dice.between(200, 3000));
    torture.desk.tick();
    torture.operator.act();
  }
}

/** When it rains everybody reaches for the same few packets in the same moment. */
function rush({ dice, time, setting, people, pushes }: Torture): void {
  for (const round of setting.rounds)
    for (const user of people)
      time.at(parseBeijing(round)! + dice.between(0, 50), () =>
        pushes.act(user, { kind: 'visit', campaign: CAMPAIGN }),
      );
}

/** Whoever does not follow can come to the page, to the till, or follow; and a push may be late. */
function behave(torture: Torture): void {
  const { dice, pushes, setting, following, people } = torture;
  const user = dice.pick(people);
  if (setting.theme === 'shop' && dice.chance(0.3)) torture.notices.pay(user);
  else if (setting.theme === 'rain' && dice.chance(0.3)) pushes.act(user, { kind: 'visit', campaign: CAMPAIGN });
  else if (!following.has(user)) {
    following.add(user);
    pushes.act(user, followOf(torture, user));
  } else if (dice.chance(0.12)) {
    following.delete(user);
    pushes.act(user, { kind: 'unsubscribe' });
  } else pushes.act(user, deedOf(torture));
}

function deedOf({ dice, setting, operator }: Torture): Happening {
  const { theme } = setting;
  if (theme === 'stores' && dice.chance(0.4)) return { kind: 'scan', scene: dice.pick(['store-1', 'store-2']) };
  if (theme === 'codes' && dice.chance(0.55))
    return { kind: 'text', text: dice.pick([...operator.codes, 'TEA2SPR7NGYX']) };
  return { kind: 'text', text: dice.pick(wordsOf(setting)) };
}

function followOf({ dice, setting, people }: Torture, user: OpenId): Happening {
  const others = people.filter(each => each !== user);
  if (dice.chance(0.4)) return { kind: 'subscribe', via: 'qr', scene: inviteScene(dice.pick(others), CAMPAIGN) };
  if (setting.theme === 'stores' && dice.chance(0.5)) return { kind: 'subscribe', via: 'qr', scene: 'store-1' };
  return { kind: 'subscribe', via: 'direct' };
}

/**
 * Followers open what they find, or do not. A transfer is confirmed on the campaign's page, which needs what its creation
 * told (`package_info`).
 */
async function open(torture: Torture, probability: number): Promise<void> {
  const { dice, wechat, desk, people, channel, ground, vouchers } = torture;
  for (const { couponId } of wechat.coupons.all())
    if (vouchers.coupon(couponId)?.status === 'SENDED' && dice.chance(probability / 2))
      vouchers.end(couponId, dice.pick(['USED', 'USED', 'RECOVER']));
  for (const openid of people) {
    for (const line of wechat.showPerson(openid).chat) {
      if (line.kind !== 'packet' || !dice.chance(probability)) continue;
      const order = wechat.order(line.mchId, line.billNo, channel);
      if (order?.status !== 'SENT' || (channel === 'transfer' && order.billState !== 'WAIT_USER_CONFIRM')) continue;
      if (channel === 'redpack' || (!ground.isAway && (await isOnPage(ground.watcher, order.billNo))))
        desk.open(line.mchId, line.billNo, openid);
    }
  }
}

async function isOnPage(store: Store, billNo: string): Promise<boolean> {
  const payout = await store.payout(asBillNo(billNo));
  return payout?.state === 'sent' && payout.packageInfo !== undefined;
}

/** Nothing goes wrong any more; time goes on until nothing is left to do. */
async function peace(torture: Torture): Promise<void> {
  const { time, wechat, desk, dice, workers, ground, notices, operator } = torture;
  torture.isTroubled = false;
  torture.peaceFrom = time.now();
  wechat.faults.set({ pay: [], platform: [] });
  torture.setBalance(10_000_000);
  torture.stock('full');
  await ground.heal();
  await time.runUntil(time.now() + 2 * MINUTE); // those who died come back
  torture.setClocks();
  const end = time.now() + PEACE_UP_TO;
  torture.isLazy = dice.chance(0.3);
  let tidies = 3;
  let looks = 0;
  await operator.goOn();
  while (time.now() < end) {
    desk.tick();
    await operator.mend();
    if (++looks === 10) await operator.goOn(); // what was in the middle of a call at first
    await open(torture, torture.isLazy ? 0 : looks <= 2 ? 0.4 : 1);
    for (const worker of dice.chance(0.5) ? workers : workers.toReversed()) {
      worker.settle!.nudge();
      worker.sweep();
    }
    await time.runUntil(time.now() + 5 * SECOND);
    const next = await nextDue(ground.watcher);
    if (next === undefined && tidies-- > 0 && (await tidied(torture))) continue;
    if (next === undefined && notices.pending === 0) return;
    await time.runUntil(
      Math.min(Math.max((next ?? time.now() + 10 * MINUTE) + 1, time.now() + SECOND), time.now() + 6 * HOUR),
    );
  }
}

/** Whether somebody had to see to what waits for a person. Commands call WeChat Pay, and so need time to pass. */
async function tidied({ operator, time }: Torture): Promise<boolean> {
  let result: boolean | undefined;
  void operator.tidy().then(done => {
    result = done;
  });
  while (result === undefined) await time.runUntil(time.now() + SECOND);
  return result;
}

/** When there is something to do; `undefined`: nothing, for ever. */
async function nextDue(store: Store): Promise<number | undefined> {
  const first = await Promise.all([SHOP, `${SHOP}.voucher`].map(name => store.due(name, EVER, 1)));
  return first.flat().reduce<number | undefined>((next, { nextAt }) => Math.min(next ?? nextAt!, nextAt!), undefined);
}
