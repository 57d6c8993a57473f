// What a merchant can pay from (查询账户实时余额), where WeChat Pay says so: `merchant list --balance`, and a gate that does not try what
// cannot be paid.

import { afterEach, expect, test } from 'vitest';
import { instant, MINUTE } from '../../src/core/base/time.ts';
import { payerOf } from '../../src/setup/payer.ts';
import { run } from '../support/command.ts';
import { MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { has, isListOf, isMap, readJson } from '../support/json.ts';

let world: World;
afterEach(() => world.close());
const open = async (merchant: WorldOptions['merchant'], more: WorldOptions = {}): Promise<void> => {
  world = await startWorld({ channel: 'transfer', merchant: { ...merchant }, ...more });
};
const control = (): World['simulator']['control'] => world.simulator.control;
const now = () => instant(control().state().now);
const wins = () => control().act(world.person(), { kind: 'follow' });

test('`merchant list --balance` says what is there, what leaves in a day, and how long that lasts', async () => {
  await open({ balanceApi: true, operationAccount: true });
  for (let n = 0; n < 3; n++) await wins();
  await world.bot.settle.pass();
  control().setBalance(MERCHANT.mchId, 1_050);
  const { code, out, err } = await run(world.folder, 'merchant', 'list', '--json', '--balance');
  expect([code, err]).toEqual([0, '']);
  const [shop] = readJson(out, isListOf(has({ money: isMap })));
  expect(shop!.money).toEqual({ balance: 1_050, today: 300, yesterday: 0, lastsDays: 3 });
  const { out: text } = await run(world.folder, 'merchant', 'list', '--balance');
  expect(text).toMatch(/¥10\.50 +¥3\.00 +¥0\.00 +3 days/);
}, 60_000);

test('whom WeChat Pay does not tell reads so, and is asked no second time', async () => {
  await open({});
  const payer = payerOf(world.config.merchants.get('shop')!, now);
  expect([await payer.balance!(), await payer.balance!()]).toEqual([undefined, undefined]);
  await payer.close();
  const { out } = await run(world.folder, 'merchant', 'list', '--balance');
  expect(out).toMatch(/not told/);
}, 60_000);

test('a gate that is shut for want of money tries nothing while the balance is too low, and goes on once it is not', async () => {
  await open({ balanceApi: true });
  control().setBalance(MERCHANT.mchId, 0);
  await wins();
  await world.bot.settle.pass();
  expect(await world.store.halt('shop')).toMatchObject({ code: 'NOT_ENOUGH' });
  const refused = () => control().state().packets.length;
  const before = (await world.store.payouts({ limit: 1 }))[0]!;
  control().moveClock({ advanceMs: 6 * MINUTE });
  const { probeAt } = (await world.store.halt('shop'))!;
  // One number is not tried twice within a second.
  await until(async () => {
    await world.bot.settle.pass();
    return (await world.store.halt('shop'))!.probeAt! > probeAt!;
  });
  const [after] = await world.store.payouts({ limit: 1 });
  expect([after!.tries, refused()]).toEqual([before.tries, 0]);
  control().setBalance(MERCHANT.mchId, 100_000);
  control().moveClock({ advanceMs: 6 * MINUTE });
  await until(async () => {
    await world.bot.settle.pass();
    return refused() === 1;
  });
  expect(await world.store.halt('shop')).toBeUndefined();
}, 60_000);
