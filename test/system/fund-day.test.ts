// A day of many payouts of every kind and end, by two ways: the merchant's fund flow, fetched from WeChat Pay, agrees with all of
// them, and three rows that somebody changed by hand are exactly what is named. `FUND_PAYOUTS=10000` makes it a large day.

import { afterEach, expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { DAY, type Day, dayOf, HOUR, type Instant, instant, later } from '../../src/core/base/time.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { fetchFundFlows } from '../../src/setup/fund-flow.ts';
import type { Packet, PayFault } from '../../src/simulator/shared/protocol.ts';
import { run } from '../support/command.ts';
import { MERCHANT, startWorld, until, type World } from '../support/harness.ts';
import { has, isListOf, isNumber, isText, readJson } from '../support/json.ts';

const MCH_ID = MERCHANT.mchId;
const PAYOUTS = Number(process.env.FUND_PAYOUTS ?? 120);
const AT_ONCE = Math.max(40, PAYOUTS / 40);
const TROUBLE: readonly PayFault[] = [
  { kind: 'noAuthUser', code: 'PAYEE_ACCOUNT_ABNORMAL' },
  { kind: 'errorAfterSent' },
  { kind: 'errorNothingStored' },
];

const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥900000.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  cash: { redpacket: ¥1.00..¥3.00 }
  tea: { voucher: { stock: "1234567", value: ¥5.00 } }
rules:
  - { id: cash, on: { text: 红包 }, once: perEvent, give: cash }
  - { id: tea, on: { text: 代金券 }, once: perEvent, give: tea }
`;

let world: World;
afterEach(() => world.close());

const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);

/** Nothing is on its way any more. */
async function settled(): Promise<void> {
  await until(async () => {
    await world.bot.settle.pass();
    const { planned, sending, unknown } = (await world.store.counts(['shop', 'shop.voucher'])).states;
    if (planned + sending + unknown > 0) control().moveClock({ advanceMs: 1500 });
    return planned + sending + unknown === 0;
  }, 900_000);
}

/** At noon two days ago: two transfers to each voucher; answers are lost, people are refused, and of ten one takes nothing. */
async function longDay(): Promise<{ day: Day; paid: readonly Packet[] }> {
  world = await startWorld({
    rules: RULES,
    channel: 'transfer',
    balance: 50_000_000,
    merchantLines: '    vouchers: true\n    limits: { perSecond: 1000 }',
  });
  const noon = later(instant(Date.parse(`${dayOf(later(now(), -2 * DAY))}T00:00:00+08:00`)), 12 * HOUR);
  control().moveClock({ advanceMs: noon - now() });
  control().setStock({
    ...{ stockId: '1234567', creator: MCH_ID, name: '满20减5', status: 'running', amount: 500, minimum: 2000 },
    ...{ maxCoupons: PAYOUTS, beginAt: now() - DAY, endAt: now() + 30 * DAY },
  });
  // Trouble comes one by one: in a row it would be the merchant's.
  for (let from = 0; from < PAYOUTS; from += AT_ONCE) {
    const pay: PayFault[] = TROUBLE.map(fault => ({ ...fault, at: 'transfer', times: 1 }));
    control().setFaults({ pay: pay.slice((from / AT_ONCE) % 3).slice(0, 1), platform: [] });
    const words = Array.from({ length: Math.min(AT_ONCE, PAYOUTS - from) }, (_, n) =>
      n % 3 === 2 ? '代金券' : '红包',
    );
    await Promise.all(words.map(text => control().act(world.person(true), { kind: 'text', text })));
    await settled();
  }
  const { packets } = control().state();
  for (const [n, { mchId, billNo, openid, billState }] of packets.entries())
    if (n % 10 > 0 && billState === 'WAIT_USER_CONFIRM') control().openPacket(mchId, billNo, openid);
  control().moveClock({ advanceMs: HOUR });
  await world.simulator.noticesIdle();
  control().moveClock({ reset: true });
  await settled();
  return {
    day: dayOf(noon),
    paid: control()
      .state()
      .packets.filter(({ billState }) => billState === 'SUCCESS'),
  };
}

test(`\`audit --fetch\` finds in a day of ${PAYOUTS} payouts exactly the three rows that were changed by hand`, async () => {
  const { day, paid } = await longDay();
  const { states } = await world.store.counts(['shop', 'shop.voucher']);
  expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(PAYOUTS);
  expect(Math.min(states.sent, states.received, states.failed)).toBeGreaterThan(0);
  const { funds } = await fetchFundFlows(world.config, day, now);
  const before = await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns, funds));
  expect(before.findings).toEqual([]);
  expect(before.compared.fundRows).toBeGreaterThanOrEqual(paid.length);
  const [one, two, three] = [0, 1, 2].map(third => paid[Math.floor((paid.length * (2 * third + 1)) / 6)]!);
  control().editFundFlow(MCH_ID, [
    { number: one!.billNo, amount: one!.amount + 1 },
    { number: two!.billNo, drop: true },
    { number: three!.billNo, amount: three!.amount - 1 },
  ]);
  const { code, out, err } = await run(world.folder, 'audit', '--json', '--fetch', day);
  const { findings, total } = readJson(out, has({ findings: isListOf(has({ where: isText })), total: isNumber }));
  expect([code, err, total]).toEqual([1, '', 3]);
  expect(findings.map(({ where }) => where).sort()).toEqual(
    [one, two, three].map(packet => `payout ${packet!.billNo}`).sort(),
  );
}, 1_200_000);
