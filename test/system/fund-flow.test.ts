// The merchants' fund flows (资金账单) fetched from WeChat Pay: by API v3, and by v2 where there are no keys for v3. A row that somebody
// changed is found; what cannot be had is said, and is never taken for an empty day.

import { afterEach, expect, test } from 'vitest';
import { Audit, type AuditReport } from '../../src/core/audit/audit.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { beijingText, DAY, type Day, dayOf, HOUR, type Instant, instant, later } from '../../src/core/base/time.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { billsOf } from '../../src/engine/bills/bills.ts';
import { reconcile } from '../../src/engine/reconcile.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Log } from '../../src/ports.ts';
import { fetchFundFlows, fundDayFrom } from '../../src/setup/fund-flow.ts';
import type { Packet, PayFault } from '../../src/simulator/shared/protocol.ts';
import { run } from '../support/command.ts';
import { exactly } from '../support/exactly.ts';
import { MERCHANT, startWorld, type World, type WorldOptions } from '../support/harness.ts';
import { has, isListOf, isText, readJson } from '../support/json.ts';

const MCH_ID = MERCHANT.mchId;
const FOLLOWERS = 12;

let world: World;
afterEach(() => world.close());

const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);

/** Two days ago at noon, everybody who follows is paid, and opens or confirms what they got. Then it is today. */
async function paidTheOtherDay(options: WorldOptions = {}): Promise<{ day: Day; packets: readonly Packet[] }> {
  world = await startWorld(options);
  const noon = later(instant(Date.parse(`${dayOf(later(now(), -2 * DAY))}T00:00:00+08:00`)), 12 * HOUR);
  control().moveClock({ advanceMs: noon - now() });
  for (let n = 0; n < FOLLOWERS; n++) await control().act(world.person(), { kind: 'follow' });
  await world.bot.settle.pass();
  const { packets } = control().state();
  for (const { mchId, billNo, openid } of packets) control().openPacket(mchId, billNo, openid);
  control().moveClock({ advanceMs: HOUR });
  await world.simulator.noticesIdle();
  await world.bot.settle.pass();
  control().moveClock({ reset: true });
  return { day: dayOf(noon), packets };
}

type Report = Pick<AuditReport, 'total' | 'compared' | 'findings'>;

/** As the command does. */
async function audit(day: Day): Promise<Report> {
  const { funds } = await fetchFundFlows(world.config, day, now);
  return auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns, funds));
}

const KEYS_V3: WorldOptions = { channel: 'transfer' };

test('`audit --fetch`: the day of a merchant of transfers comes by API v3 and balances; three rows changed by hand are the three named', async () => {
  const { day, packets } = await paidTheOtherDay(KEYS_V3);
  expect(await audit(day)).toMatchObject({ total: 0, compared: { fundRows: FOLLOWERS } });
  const [one, two, three] = exactly(3, packets.slice(0, 3));
  control().editFundFlow(MCH_ID, [
    { number: one.billNo, amount: 101 },
    { number: two.billNo, drop: true },
    { number: three.billNo, amount: 99 },
  ]);
  const { code, out, err } = await run(world.folder, 'audit', '--json', '--fetch', day);
  const { findings } = readJson(out, has({ findings: isListOf(has({ where: isText })) }));
  expect([code, err]).toEqual([1, '']);
  expect(findings.map(({ where }) => where).sort()).toEqual(
    [one, two, three].map(({ billNo }) => `payout ${billNo}`).sort(),
  );
}, 60_000);

test('a merchant of red packets without keys for v3: the day is fetched by API v2, with the client certificate', async () => {
  const { day, packets } = await paidTheOtherDay();
  expect(await audit(day)).toMatchObject({ total: 0, compared: { fundRows: FOLLOWERS } });
  control().editFundFlow(MCH_ID, [{ number: packets[0]!.billNo, as: `${packets[0]!.billNo.slice(0, -1)}!` }]);
  const { findings } = await audit(day);
  expect(findings.map(({ what }) => what.replace(/ .*/, '')).sort()).toEqual(['payment', 'payment']);
});

test('a day on which nothing moved is whole as well: what the books have sent then is missing', async () => {
  const { day, packets } = await paidTheOtherDay(KEYS_V3);
  control().editFundFlow(
    MCH_ID,
    packets.map(({ billNo }) => ({ number: billNo, drop: true as const })),
  );
  expect((await audit(day)).total).toBe(FOLLOWERS);
  const before = dayOf(later(now(), -5 * DAY));
  expect(await audit(before)).toMatchObject({ total: 0, compared: { fundRows: 0 } });
});

test('what cannot be had is said with the merchant and the day, and nothing is compared', async () => {
  const { day } = await paidTheOtherDay(KEYS_V3);
  const wrong = async (fault: PayFault): Promise<string> => {
    control().setFaults({ pay: [fault], platform: [] });
    return audit(day).then(
      () => 'fetched',
      (error: unknown) => (error instanceof BadInput ? error.message : String(error)),
    );
  };
  expect(await wrong({ kind: 'truncated', at: 'billDownload', times: 1 })).toMatch(
    /merchant "shop" for .* cannot be fetched: the download broke off/,
  );
  expect(await wrong({ kind: 'lostReply', at: 'billDownload', times: 1 })).toMatch(/cannot be fetched/);
  expect(await wrong({ kind: 'lostReply', at: 'bill', times: 1 })).toMatch(/cannot be fetched: no answer/);
  expect(await wrong({ kind: 'errorNothingStored', at: 'bill', times: 1 })).toMatch(/SYSTEM_ERROR/);
  expect(await wrong({ kind: 'code', code: 'NO_AUTH', text: '无权限', at: 'bill', times: 1 })).toMatch(
    /NO_AUTH 无权限/,
  );
});

test('a file that is not what was announced is not believed', async () => {
  const { day } = await paidTheOtherDay();
  control().setFaults({ pay: [{ kind: 'truncated', at: 'billDownload', times: 1 }], platform: [] });
  await expect(audit(day)).rejects.toThrow(/the file is not what was announced: SHA-1/);
});

test('a day that cannot be there yet, or any more, is refused before anybody is asked', async () => {
  world = await startWorld(KEYS_V3);
  const refused = (text: string) => () => fundDayFrom(text, now);
  expect(refused(dayOf(now()))).toThrow('is there from 10:00 of the next day on');
  expect(refused(dayOf(later(now(), -100 * DAY)))).toThrow('three months');
  expect(refused('2026-2-3')).toThrow('expected a day such as');
  expect(fundDayFrom('yesterday', now)).toBe(dayOf(later(now(), -DAY)));
  const both = await run(world.folder, 'audit', '--fetch', 'yesterday', '--funds', 'x.csv');
  expect([both.code, both.err]).toEqual([2, expect.stringContaining('one of them at a time')]);
});

test('of a merchant with 运营账户 both accounts are fetched, and what was paid is found in that one', async () => {
  const { day } = await paidTheOtherDay({ ...KEYS_V3, merchant: { operationAccount: true } });
  const { lines } = await fetchFundFlows(world.config, day, now);
  expect(lines.map(({ account, rows }) => [account, rows])).toEqual([
    ['BASIC', 0],
    ['OPERATION', FOLLOWERS],
  ]);
  expect((await audit(day)).total).toBe(0);
});

test('the timetable compares yesterday, once: a difference is an alarm and stays written down, a bill that is not built is asked for again', async () => {
  const { day, packets } = await paidTheOtherDay(KEYS_V3);
  const said: string[] = [];
  const say = (level: string) => (_: object, text: string) => void said.push(`${level}: ${text}`);
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const dayAfter = later(instant(Date.parse(`${day}T00:00:00+08:00`)), DAY);
  const at = (hours: number) => {
    control().moveClock({ reset: true });
    control().moveClock({ advanceMs: later(dayAfter, hours * HOUR) - now() });
    const { store, bot, config } = world;
    const fundsOf = async (which: Day) => (await fetchFundFlows(config, which, now)).funds;
    return reconcile({ store, rulebook: bot.rulebook, clock: now, fundsOf, log });
  };
  expect(await at(8)).toBe(false);
  expect(said.pop()).toMatch(/^warn: .*not built yet.*asked again in half an hour/);
  control().setFaults({ pay: [{ kind: 'errorNothingStored', at: 'bill', times: 1 }], platform: [] });
  expect(await at(18.4)).toBe(false);
  expect(said.pop()).toMatch(/^error: .*cannot be fetched: SYSTEM_ERROR.*`hongbao audit --fetch /);
  control().editFundFlow(MCH_ID, [{ number: packets[0]!.billNo, amount: 7 }]);
  expect(await at(10.4)).toBe(true);
  expect(said.pop()).toMatch(/^error: the merchants' accounts differ from the books in 1 places/);
  const acts = await world.store.acts.list({ limit: 5 });
  expect(acts[0]).toMatchObject({
    what: 'audit --fetch',
    about: day,
    detail: expect.stringContaining(packets[0]!.billNo),
  });
  expect(beijingText(acts[0]!.at)).toContain(':24');
  expect(await billsOf(world.store, now(), 14)).toMatchObject([
    { day, total: 1, differences: [expect.stringContaining(packets[0]!.billNo)] },
  ]);
  expect(await at(10.9)).toBe(true);
  expect(await world.store.acts.list({ limit: 5 })).toHaveLength(acts.length);
  // Nobody was there for ten days: the last seven are made up for, each once.
  expect(await at(10.4 + 10 * 24)).toBe(true);
  const days = (await world.store.acts.list({ limit: 20 })).slice(0, -acts.length).map(({ about }) => about);
  const back = (n: number): Day => dayOf(later(dayAfter, (10 - n) * DAY));
  expect(days).toEqual([1, 2, 3, 4, 5, 6, 7].map(back));
  expect(said.pop()).toBe("info: the audit balances with the merchants' accounts");
  expect(await at(10.9 + 10 * 24)).toBe(true);
  expect(await world.store.acts.list({ limit: 20 })).toHaveLength(acts.length + 7);
});

test('where WeChat Pay tells no balance, what is left is estimated by the last fund flow and what has left since', async () => {
  const { day } = await paidTheOtherDay(KEYS_V3);
  const { store, bot, config, folder } = world;
  const listed = async () => (await run(folder, 'merchant', 'list', '--balance')).out;
  expect(await listed()).toMatch(/not told/);
  const dayAfter = later(instant(Date.parse(`${day}T00:00:00+08:00`)), DAY);
  control().moveClock({ advanceMs: later(dayAfter, 10.4 * HOUR) - now() });
  const fundsOf = async (which: Day) => (await fetchFundFlows(config, which, now)).funds;
  await reconcile({ store, rulebook: bot.rulebook, clock: now, fundsOf, log: SILENT });
  control().moveClock({ reset: true });
  await control().act(world.person(), { kind: 'follow' });
  await bot.settle.pass();
  const left = MERCHANT.balance - (FOLLOWERS + 1) * 100;
  const { out } = await run(folder, 'merchant', 'list', '--json', '--balance');
  expect(JSON.parse(out)[0].money).toEqual({ estimate: left, today: 100, yesterday: 0, lastsDays: left / 100 });
  expect(await listed()).toMatch(/about ¥99,?987\.00 +¥1\.00 +¥0\.00 +about 99987 days/);
});
