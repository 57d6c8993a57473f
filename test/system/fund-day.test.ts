// A day of many payouts of every kind and end, by three ways: the merchants' fund flows, fetched from WeChat Pay by both of its APIs,
// agree with all of them, and three rows that somebody changed by hand are exactly what is named. `FUND_PAYOUTS=10000` makes it a large day: a payout
// costs some twenty milliseconds of a processor, most of it signatures and the disk, and nothing waits for a pace.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { DAY, type Day, dayOf, HOUR, type Instant, instant, later } from '../../src/core/base/time.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { fetchFundFlows } from '../../src/setup/fund-flow.ts';
import type { Packet, PayFault } from '../../src/simulator/shared/protocol.ts';
import { run } from '../support/command.ts';
import { ACCOUNT, MERCHANT, PEM_LINES, startWorld, until, type World } from '../support/harness.ts';
import { has, isListOf, isNumber, isText, readJson } from '../support/json.ts';

const MCH_ID = MERCHANT.mchId;
const PAYOUTS = Number(process.env.FUND_PAYOUTS ?? 300);
const AT_ONCE = Math.max(40, PAYOUTS / 40);
const TROUBLE: readonly PayFault[] = [
  { kind: 'noAuthUser', code: 'PAYEE_ACCOUNT_ABNORMAL' },
  { kind: 'errorAfterSent' },
  { kind: 'errorNothingStored' },
];

/** Another account, whose merchant pays by red packets. */
const CAKE = {
  ...ACCOUNT,
  name: 'cake',
  appId: 'wx7777777777777777',
  originalId: 'gh_000000000007',
  token: 'simToken07',
};
const MALL = { mchId: '1900000110', apiV2Key: 'ABCDEF0123456789abcdef0123456789' };

const TEA_RULES = `
campaign: test
name: 测试活动
account: tea
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
const CAKE_RULES = `
campaign: cake
name: 蛋糕红包
account: cake
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥900000.00 }
packet: { sendName: 阿糕, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes: { cash: { redpacket: ¥1.00..¥3.00 } }
rules:
  - { id: cash, on: { text: 红包 }, once: perEvent, give: cash }
`;
const MERCHANTS = ['shop', 'shop.voucher', 'mall'];

let world: World;
afterEach(() => world.close());

const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);

/** Somebody says a word, and has a transfer, a red packet or a voucher. */
async function says(which: number): Promise<void> {
  const account = which === 1 ? CAKE.name : ACCOUNT.name;
  const { openid } = control().addPerson({ account, following: true });
  await control().act(openid, { kind: 'text', text: which === 2 ? '代金券' : '红包' });
}

/** Nothing is on its way any more. */
async function settled(): Promise<void> {
  await until(async () => {
    await world.bot.settle.pass();
    const { planned, sending, unknown } = (await world.store.counts(MERCHANTS)).states;
    if (planned + sending + unknown > 0) control().moveClock({ advanceMs: 1500 });
    return planned + sending + unknown === 0;
  }, 900_000);
}

/** As bot.yaml has the other account and its merchant. */
function withCake(text: string): string {
  const { name, appId, appSecret, token, encodingAesKey } = CAKE;
  const api = /^ {4}api: (https?:.*)$/gm;
  const [platform, pay] = [...text.matchAll(api)].map(match => match[1]!);
  const account = `  ${name}: { appId: ${appId}, appSecret: ${appSecret}, token: ${token}, encodingAesKey: ${encodingAesKey}, merchant: mall, api: "${platform}", open: "${platform}" }`;
  const merchant = `  mall: { mchId: "${MALL.mchId}", apiV2Key: ${MALL.apiV2Key}, certificate: mall-cert.pem, privateKey: mall-key.pem, ca: ca.pem, api: "${pay}", clientIp: 127.0.0.1, limits: { perSecond: 1000 } }`;
  return text.replace('\nmerchants:\n', `\n${account}\nmerchants:\n${merchant}\n`);
}

/** At noon two days ago: as many transfers as vouchers and red packets; answers are lost, people are refused, and of ten one takes nothing. */
async function longDay(): Promise<{ day: Day; paid: readonly Packet[] }> {
  world = await startWorld({
    campaigns: { 'tea.yaml': TEA_RULES, 'cake.yaml': CAKE_RULES },
    others: [{ ...MALL, balance: 50_000_000, appIds: [CAKE.appId] }],
    certificate: ({ folder, simulator }) => {
      const { certPem, keyPem } = simulator.certificates(MALL.mchId);
      writeFileSync(join(folder, 'mall-cert.pem'), certPem);
      writeFileSync(join(folder, 'mall-key.pem'), keyPem);
      return PEM_LINES;
    },
    yaml: withCake,
    channel: 'transfer',
    balance: 50_000_000,
    merchantLines: '    vouchers: true\n    limits: { perSecond: 1000 }',
  });
  control().addAccount({ ...CAKE, webhook: `${world.url}/wechat/cake` });
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
    const count = Math.min(AT_ONCE, PAYOUTS - from);
    await Promise.all(Array.from({ length: count }, (_, n) => says(n % 3)));
    await settled();
  }
  const { packets } = control().state();
  for (const [n, { mchId, billNo, openid, billState }] of packets.entries())
    if (n % 10 > 0 && (billState ?? 'WAIT_USER_CONFIRM') === 'WAIT_USER_CONFIRM')
      control().openPacket(mchId, billNo, openid);
  control().moveClock({ advanceMs: HOUR });
  await world.simulator.noticesIdle();
  control().moveClock({ reset: true });
  await settled();
  return {
    day: dayOf(noon),
    paid: control()
      .state()
      .packets.filter(({ billState, status }) => billState === 'SUCCESS' || (!billState && status === 'RECEIVED')),
  };
}

test(
  `\`audit --fetch\` finds in a day of ${PAYOUTS} payouts exactly the three rows that were changed by hand`,
  async () => {
    const { day, paid } = await longDay();
    const { states } = await world.store.counts(MERCHANTS);
    expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(PAYOUTS);
    expect(Math.min(states.sent, states.received, states.failed)).toBeGreaterThan(0);
    const { funds } = await fetchFundFlows(world.config, day, now);
    const before = await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns, funds));
    expect(before.findings).toEqual([]);
    expect(before.compared.fundRows).toBeGreaterThanOrEqual(paid.length);
    const transfers = paid.filter(({ mchId }) => mchId === MCH_ID);
    const [one, two] = [transfers[Math.floor(transfers.length / 3)]!, transfers.at(-1)!];
    const three = paid.find(({ mchId }) => mchId === MALL.mchId)!;
    control().editFundFlow(MCH_ID, [
      { number: one.billNo, amount: one.amount + 1 },
      { number: two.billNo, drop: true },
    ]);
    control().editFundFlow(MALL.mchId, [{ number: three.billNo, amount: three.amount - 1 }]);
    const { code, out, err } = await run(world.folder, 'audit', '--json', '--fetch', day);
    const { findings, total } = readJson(out, has({ findings: isListOf(has({ where: isText })), total: isNumber }));
    expect([code, err, total]).toEqual([1, '', 3]);
    expect(findings.map(({ where }) => where).sort()).toEqual(
      [one, two, three].map(packet => `payout ${packet.billNo}`).sort(),
    );
  },
  120_000 + 300 * PAYOUTS,
);
