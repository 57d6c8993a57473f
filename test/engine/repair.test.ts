// `audit --repair`: a store comes back with older data, and what it has lost is rebuilt: to the fen, and nobody is paid twice.

import { spawn } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { openWeChatPay } from '../../src/commands/ledger/repair-wechat.ts';
import type { Config } from '../../src/config/config.ts';
import { Audit, showAuditFinding } from '../../src/core/audit/audit.ts';
import { FundFlow } from '../../src/core/audit/fund-flow.ts';
import { isOfRecount } from '../../src/core/audit/recount.ts';
import { messageOf } from '../../src/core/base/error.ts';
import { DAY, HOUR, type Instant, instant, MINUTE } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { isWhole, type RepairReport, repair } from '../../src/engine/repair/repair.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { belongToUs } from '../../src/setup/installation.ts';
import type { Push } from '../../src/simulator/shared/protocol-push.ts';

import { openStore } from '../../src/storage/open.ts';
import { claimPlace } from '../../src/storage/sqlite/own/own-names.ts';
import { openDatabase } from '../../src/storage/sqlite/schema.ts';
import { parseXml } from '../../src/wechat/xml.ts';
import { readSnapshot } from '../storage/store.contract.ts';
import { ended } from '../support/ended.ts';
import { exactly } from '../support/exactly.ts';
import { ENV, MERCHANT, startWorld, type World, type WorldOptions } from '../support/harness.ts';
import { isMapOf, isText, read } from '../support/json.ts';
import { DURABLE, hasRedis, startRedis } from '../support/redis-server.ts';
import { writtenIn } from '../support/written.ts';

/** Two prizes by chance, one of them rare; once per day, week and event; every limit a campaign can have. */
const MANY = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00, perDay: ¥900.00, packets: 500, packetsPerDay: 400 }
limits: { perUser: { total: 20, perDay: 10, amountPerDay: ¥90.00, gap: 1s } }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  gift: { redpacket: ¥1.00, perUser: 9 }
  small: { redpacket: ¥1.10..¥1.90, weight: 3 }
  big: { redpacket: ¥5.00, weight: 1, stock: 50 }
rules:
  - { id: welcome, on: subscribe, once: ever, give: gift, replies: { already: 您已经领过啦 } }
  - { id: daily, on: { text: 红包 }, once: perDay, give: [small, big], replies: { already: 今天领过啦 } }
  - { id: weekly, on: { text: 本周 }, once: perWeek, give: gift }
  - { id: event, on: { text: 抢 }, once: perEvent, give: small }
`;
/** A whole world whose store can be put back to an older day, as Redis is by a failover, beside the running bot. */
class Restorable {
  readonly world: World;
  private readonly stores: Store[] = [];
  current: Store;
  private file = 'bot.db';
  private serial = 0;

  private constructor(world: World, state: { store: Store | undefined }) {
    this.world = world;
    this.current = world.store;
    Object.defineProperty(state, 'store', { get: () => this.current });
  }

  static async start(options: WorldOptions = {}): Promise<Restorable> {
    const state: { store: Store | undefined } = { store: undefined };
    const wrap = (first: Store): Store =>
      new Proxy(first, { get: (_, name) => Reflect.get(state.store ?? first, name) });
    // By the simulator's clock, which only we move on.
    const world = await startWorld({ merchantLines: '    askEvery: 10m', wrap, ...options });
    return new Restorable(world, state);
  }

  get control(): World['simulator']['control'] {
    return this.world.simulator.control;
  }

  now = (): Instant => instant(this.control.state().now);

  async pass(): Promise<void> {
    const settle = this.world.newSettle();
    await settle.pass();
    await settle.stop();
  }

  /** What they do, one second after what was done before. */
  async act(openid: string, act: Parameters<World['simulator']['control']['act']>[1]): Promise<Push> {
    this.control.moveClock({ advanceMs: 2000 });
    return this.control.act(openid, act);
  }

  says = (openid: string, text: string): Promise<Push> => this.act(openid, { kind: 'text', text });
  follows = (openid: string): Promise<Push> => this.act(openid, { kind: 'follow' });

  /** Everything that is planned is sent. */
  async settled(): Promise<void> {
    for (let n = 0; n < 20; n++) {
      await this.pass();
      const open = (await this.payouts()).filter(({ state }) => !/sent|received|refunded|failed/.test(state));
      if (open.length === 0) return;
      this.control.moveClock({ advanceMs: MINUTE });
    }
    throw new Error('not settled');
  }

  payouts = (): Promise<Payout[]> => this.current.payouts({ limit: 1000 });

  /** Opened by those they are for, and asked after. */
  async opened(fits: (payout: Payout) => boolean = () => true): Promise<void> {
    for (const payout of await this.payouts()) if (payout.state === 'sent' && fits(payout)) this.open(payout);
    this.control.moveClock({ advanceMs: 11 * MINUTE });
    await this.pass();
  }

  /** What was opened before the ledger was lost cannot be opened again; the ledger has yet to ask. */
  private open({ billNo, user }: Payout): void {
    try {
      this.control.openPacket(MERCHANT.mchId, billNo, user);
    } catch (error) {
      if (!messageOf(error).includes('RECEIVED')) throw error;
    }
  }

  async sql(text: string): Promise<void> {
    const db = await openDatabase(join(this.world.folder, this.file));
    db.exec(`PRAGMA foreign_keys = OFF; ${text}`);
    db.close();
  }

  /** A copy of the store as it is now. */
  async backup(): Promise<string> {
    const name = `backup-${++this.serial}.db`;
    await this.sql(`VACUUM INTO '${join(this.world.folder, name)}'`);
    return name;
  }

  /** `journal`: that of the store as it was goes along, as where it alone was kept. */
  async restore(backup: string, { journal = false } = {}): Promise<void> {
    const before = join(this.world.folder, this.file);
    this.file = `restored-${++this.serial}.db`;
    copyFileSync(join(this.world.folder, backup), join(this.world.folder, this.file));
    if (journal)
      await this.sql(
        `ATTACH '${before}' AS lost; INSERT OR IGNORE INTO journal SELECT * FROM lost.journal;
        INSERT OR IGNORE INTO shape SELECT * FROM lost.shape;
        INSERT OR IGNORE INTO own SELECT owner, name, -value FROM lost.own WHERE name LIKE 'e%' AND typeof(value) = 'integer';
        INSERT OR IGNORE INTO own SELECT * FROM lost.own WHERE name LIKE 'u%'; DETACH lost`,
      );
    this.replace(await openStore(`sqlite:${join(this.world.folder, this.file)}`));
  }

  /** The bot goes on with another store. */
  replace(store: Store): void {
    this.stores.push(this.current);
    this.current = store;
  }

  funds = (csv = this.control.fundFlow(MERCHANT.mchId)): FundFlow => {
    const funds = new FundFlow('funds.csv');
    for (const row of writtenIn(csv)) funds.read(row);
    funds.mustBeWhole();
    return funds;
  };

  async repair({
    dry = false,
    funds = true,
    config = this.world.config,
    campaigns = this.world.bot.rulebook.current().campaigns,
  } = {}): Promise<RepairReport> {
    const movements = new Map(funds ? [...this.funds().movements()].map(each => [each.number, each]) : []);
    const wechat = openWeChatPay(config, this.now);
    const ports = { store: this.current, config, campaigns, movements, wechat, clock: this.now, log: SILENT };
    try {
      // As programs read it: in English.
      return JSON.parse(JSON.stringify(await repair(ports, dry))) as RepairReport;
    } finally {
      await wechat.close();
    }
  }

  async audited(): Promise<string[]> {
    const { campaigns } = this.world.bot.rulebook.current();
    return (await auditStore(this.current, new Audit(campaigns, this.funds()))).findings.map(showAuditFinding);
  }

  buckets = (campaign = 'test') => this.current.buckets(campaign);

  async snapshot() {
    const snapshot = await this.current.snapshot();
    try {
      return await readSnapshot(snapshot);
    } finally {
      await snapshot.close();
    }
  }

  sent = (): number => this.control.merchant(MERCHANT.mchId).sentAmount;

  /** Whatever the bot still has to do, and all that anybody may try, pays nothing more; and the sums are the same. */
  async expectNothingMore(): Promise<void> {
    const before = this.sent();
    await this.pass();
    this.control.moveClock({ advanceMs: 2 * HOUR });
    await this.pass();
    expect(this.sent()).toBe(before);
    expect(await this.audited()).toEqual([]);
  }

  async expectSecondRunIdle(funds = true): Promise<void> {
    const before = await this.snapshot();
    const again = await this.repair({ funds });
    expect(again.lines).toEqual([]);
    expect(await this.snapshot()).toEqual(before);
  }

  async close(): Promise<void> {
    await this.world.close();
    for (const store of [...this.stores, this.current]) await store.close();
  }
}

let scene: Restorable;
afterEach(() => scene.close());

/** WeChat delivers the very same event once more; how that ended, and what was said. */
async function redelivered({ person, xml }: Push): Promise<string> {
  const fields = read(parseXml(xml), isMapOf(isText));
  const again = await scene.control.act(person, { kind: 'raw', fields });
  expect(again.xml).toBe(xml);
  return scene.world.said(again);
}

const shown = ({ lines }: RepairReport): string[] =>
  lines
    .map(
      ({ what, claimKey, state, notes }) =>
        `${what} ${claimKey ?? '–'} ${state ?? '–'}${notes.length ? ` (${notes.join('; ')})` : ''}`,
    )
    .sort();

describe('a store that was put back to an older day', () => {
  test('gets back every claim that was opened since, to the fen, and nobody gets a second packet', async () => {
    scene = await Restorable.start({ rules: MANY });
    const [ann, bob, cid, dan] = exactly(
      4,
      [1, 2, 3, 4].map(() => scene.world.person()),
    );
    await scene.follows(ann);
    await scene.follows(bob);
    await scene.settled();
    await scene.opened();
    const backup = await scene.backup();
    const pushes = [
      await scene.says(ann, '红包'),
      await scene.says(bob, '红包'),
      await scene.follows(cid),
      await scene.says(cid, '本周'),
      await scene.follows(dan),
    ];
    await scene.settled();
    await scene.opened();
    const [buckets, sent] = [await scene.buckets(), scene.sent()];
    const keys = (await scene.snapshot()).claims.map(({ key, prize, amount }) => [key, prize, amount]);

    await scene.restore(backup);
    expect(await scene.audited()).toHaveLength(5);
    const report = await scene.repair();
    expect(report.lines.map(({ what, state, notes }) => [what, state, notes])).toEqual(
      pushes.map(() => ['restored', 'received', []]),
    );
    expect(isWhole(report)).toBe(true);
    expect(await scene.buckets()).toEqual(buckets);
    expect((await scene.snapshot()).claims.map(({ key, prize, amount }) => [key, prize, amount])).toEqual(keys);
    expect(await scene.audited()).toEqual([]);
    await scene.expectSecondRunIdle();

    const said: string[] = [];
    for (const push of pushes) said.push(await redelivered(push));
    expect(said).toEqual(['今天领过啦', '今天领过啦', '您已经领过啦', expect.any(String), '您已经领过啦']);
    expect(scene.world.said(await scene.says(ann, '红包'))).toBe('今天领过啦');
    await scene.act(dan, { kind: 'unfollow' });
    expect(scene.world.said(await scene.follows(dan))).toBe('您已经领过啦');
    await scene.expectNothingMore();
    expect(scene.sent()).toBe(sent);
    expect(await scene.buckets()).toEqual(buckets);
  }, 60_000);
});

describe('a number after the first', () => {
  const REOFFER = MANY.replace('budget:', 'unclaimed: reoffer\nbudget:');

  /** Ann follows, lets her packet go back, and is offered it once more, which she opens. */
  async function offeredTwice(backupAt: 'before' | 'between'): Promise<string> {
    scene = await Restorable.start({ rules: REOFFER });
    const ann = scene.world.person();
    await scene.follows(scene.world.person());
    await scene.settled();
    let backup = await scene.backup();
    await scene.follows(ann);
    await scene.settled();
    if (backupAt === 'between') backup = await scene.backup();
    await scene.opened(({ user }) => user !== ann);
    scene.control.moveClock({ advanceMs: DAY + HOUR });
    await scene.settled();
    await scene.pass();
    await scene.opened();
    expect((await scene.payouts()).map(({ attempt, state }) => [attempt, state])).toEqual([
      [2, 'received'],
      [1, 'refunded'],
      [1, 'received'],
    ]);
    return backup;
  }

  test('comes back with its claim, whose first one was refunded', async () => {
    const backup = await offeredTwice('before');
    const buckets = await scene.buckets();
    await scene.restore(backup);
    const report = await scene.repair();
    expect(shown(report)).toEqual([
      expect.stringMatching(/^restored test\/welcome\/.*\/ever received \(with the number before it\)$/),
      expect.stringMatching(/^restored test\/welcome\/.*\/ever refunded$/),
    ]);
    expect(await scene.audited()).toEqual([]);
    await scene.pass();
    expect(await scene.buckets()).toEqual(buckets);
    await scene.expectSecondRunIdle();
    await scene.expectNothingMore();
  }, 60_000);

  test('proves that its first one came to nothing, where WeChat Pay knows that one no longer and the rule has changed', async () => {
    const backup = await offeredTwice('before');
    const buckets = await scene.buckets();
    const [campaign] = scene.world.bot.rulebook.current().campaigns;
    scene.control.moveClock({ advanceMs: 29 * DAY - 30 * MINUTE });
    await scene.restore(backup);
    const report = await scene.repair({ campaigns: [{ ...campaign!, unclaimed: 'return' }] });
    expect(report.lines.map(({ what, state }) => [what, state])).toEqual([
      ['restored', 'refunded'],
      ['restored', 'received'],
    ]);
    // The other packet was opened after the backup, which WeChat Pay does not tell any more: it stands as sent.
    expect(await scene.buckets()).toEqual({ ...buckets, sent: 100, received: buckets.received - 100 });
    await scene.expectSecondRunIdle();
    await scene.expectNothingMore();
  }, 60_000);

  test('comes back where its first one still stood as sent', async () => {
    const backup = await offeredTwice('between');
    const buckets = await scene.buckets();
    await scene.restore(backup);
    expect((await scene.payouts()).map(({ state }) => state)).toEqual(['sent', 'sent']);
    const report = await scene.repair();
    expect(shown(report)).toEqual([expect.stringMatching(/^caughtUp test\/welcome\/.*\/ever received$/)]);
    expect(await scene.audited()).toEqual([]);
    await scene.pass(); // the other one was opened, of which the fund flow knows nothing: the bot asks as ever
    expect(await scene.buckets()).toEqual(buckets);
    await scene.expectSecondRunIdle();
    await scene.expectNothingMore();
  }, 60_000);
});

describe('a claim that nobody can tell', () => {
  /** Ann wins once per event, opens it, and the store forgets; so that only WeChat Pay knows that it was her. */
  async function wonByEvent(rules: string): Promise<Push> {
    scene = await Restorable.start({ rules, pushTimeoutMs: 500 });
    const ann = scene.world.person();
    await scene.follows(ann);
    await scene.settled();
    await scene.opened();
    const backup = await scene.backup();
    const push = await scene.says(ann, '抢');
    await scene.settled();
    await scene.opened();
    expect((await scene.payouts())[0]).toMatchObject({ rule: 'event', state: 'received' });
    const buckets = await scene.buckets();
    await scene.restore(backup);
    const report = await scene.repair();
    expect(report.lines).toMatchObject([
      { what: 'unknown', state: 'received', user: ann, campaign: 'test', notes: ['why they got it is not known'] },
    ]);
    expect(report.lines[0]!.claimKey).toBe(`recovered/${report.lines[0]!.billNo}/${ann}`);
    expect(isWhole(report)).toBe(true);
    // The words on the packet are this campaign's and nobody else's, so that its money is.
    expect(await scene.buckets()).toEqual(buckets);
    return push;
  }

  test('stands for itself in the campaign whose words it bears, and its event pays nothing when it comes again', async () => {
    const push = await wonByEvent(MANY);
    expect(await scene.audited()).toEqual([]);
    await scene.expectSecondRunIdle();
    const [sent, claims] = [scene.sent(), (await scene.snapshot()).claims];
    await redelivered(push);
    expect((await scene.snapshot()).claims).toEqual(claims);
    await scene.expectNothingMore();
    expect(scene.sent()).toBe(sent);
  }, 60_000);

  test('stands in a campaign of its own where several bear the same words', async () => {
    scene = await Restorable.start({ rules: MANY });
    const ann = scene.world.person(true);
    const backup = await scene.backup();
    await scene.says(ann, '抢');
    await scene.settled();
    await scene.opened();
    const [payout] = await scene.payouts();
    await scene.restore(backup);
    const [campaign] = scene.world.bot.rulebook.current().campaigns;
    const report = await scene.repair({ campaigns: [campaign!, { ...campaign!, id: 'other' }] });
    expect(report.lines).toMatchObject([{ what: 'unknown', campaign: 'recovered', state: 'received' }]);
    expect(await scene.buckets('recovered')).toMatchObject({ reserved: 0, sent: 0, received: payout!.amount });
    expect(await scene.buckets()).toMatchObject({ received: 0 });
    expect(await scene.audited()).toEqual([]);
    await scene.expectSecondRunIdle();
  }, 60_000);

  test('is told from the journal, where that was kept', async () => {
    scene = await Restorable.start({ rules: MANY });
    const ann = scene.world.person(true);
    const backup = await scene.backup();
    const push = await scene.says(ann, '抢');
    await scene.says(ann, '红包');
    await scene.settled();
    await scene.opened();
    const [buckets, { claims, counters }] = [await scene.buckets(), await scene.snapshot()];
    await scene.restore(backup, { journal: true });
    const report = await scene.repair({ funds: false });
    expect(shown(report)).toEqual([
      expect.stringMatching(/^restored test\/daily\/\S+ received$/),
      expect.stringMatching(/^restored test\/event\/\S+ received$/),
    ]);
    expect(await scene.buckets()).toEqual(buckets);
    expect(await scene.snapshot()).toMatchObject({ claims, counters });
    expect(await scene.audited()).toEqual([]);
    await scene.expectSecondRunIdle();
    await redelivered(push);
    await scene.expectNothingMore();
  }, 60_000);

  test('waits where a packet is not opened yet, if it is a stranger’s; it is found once it is opened', async () => {
    scene = await Restorable.start({ rules: MANY });
    const [ann, bob] = [scene.world.person(), scene.world.person()];
    await scene.follows(ann);
    await scene.settled();
    await scene.opened();
    const backup = await scene.backup();
    await scene.says(ann, '红包'); // known from before: her number is found without WeChat Pay
    await scene.follows(bob);
    await scene.settled();
    const before = await scene.buckets();
    await scene.restore(backup);
    const first = await scene.repair();
    expect(first.lines.map(({ what, user }) => [what, user])).toEqual([
      ['restored', ann],
      ['left', undefined],
    ]);
    expect([isWhole(first), first.lines[1]!.notes]).toEqual([false, [expect.stringContaining('once it is opened')]]);
    expect(await scene.audited()).toHaveLength(1);
    const unopened = scene.control.state().packets.find(packet => packet.openid === bob)!;
    scene.control.openPacket(MERCHANT.mchId, unopened.billNo, bob);
    expect(shown(await scene.repair())).toEqual([`restored test/welcome/${bob}/ever received`]);
    await scene.opened();
    expect(await scene.buckets()).toEqual({ ...before, sent: 0, received: before.received + before.sent });
    await scene.expectNothingMore();
  }, 60_000);
});

describe('a group packet', () => {
  test('is the first one’s it was given to, whoever took a share of it', async () => {
    scene = await Restorable.start({
      rules: MANY.replace('gift: { redpacket: ¥1.00', 'gift: { redpacket: ¥3.00, shares: 3'),
    });
    const [ann, bob, cid] = exactly(
      3,
      [1, 2, 3].map(() => scene.world.person()),
    );
    const backup = await scene.backup();
    await scene.follows(ann);
    await scene.settled();
    const [payout] = await scene.payouts();
    await scene.restore(backup);
    expect((await scene.repair()).lines).toMatchObject([{ what: 'left', notes: [expect.stringContaining('opened')] }]);
    for (const openid of [ann, bob]) scene.control.openPacket(MERCHANT.mchId, payout!.billNo, openid);
    expect(shown(await scene.repair())).toEqual([`restored test/welcome/${ann}/ever sent`]);
    scene.control.openPacket(MERCHANT.mchId, payout!.billNo, cid);
    scene.control.moveClock({ advanceMs: 11 * MINUTE });
    await scene.pass();
    expect(await scene.buckets()).toMatchObject({ sent: 0, received: 300 });
    expect((await scene.payouts())[0]!.request).toEqual(payout!.request);
    expect(await scene.audited()).toEqual([]);
    await scene.expectNothingMore();
  }, 60_000);
});

describe('a merchant whose number is another one today', () => {
  /** As somebody would write it into bot.yaml: the name stays, the number does not. */
  function withMchId(mchId: string): Config {
    const shop = { ...scene.world.config.merchants.get('shop')!, mchId };
    return { ...scene.world.config, merchants: new Map([['shop', shop]]) };
  }

  test.each([
    ['from its payouts', async () => {}],
    [
      'from what the store says of its installation',
      () => belongToUs(scene.current, scene.world.config, 'x', scene.now()),
    ],
  ])(
    'is asked after what was promised under the former one (%s), and never pays it again',
    async (from, before) => {
      scene = await Restorable.start({ rules: MANY });
      const [ann, bob] = [scene.world.person(), scene.world.person()];
      await before();
      if (from === 'from its payouts') await scene.follows(bob);
      await scene.settled();
      const backup = await scene.backup();
      await scene.follows(ann);
      await scene.settled();
      await scene.opened();
      const sent = scene.sent();
      await scene.restore(backup, { journal: true });
      const config = withMchId('1900000999');
      await belongToUs(scene.current, config, 'x', scene.now());
      const report = await scene.repair({ config, funds: false });
      expect(report.lines).toMatchObject([
        {
          what: 'left',
          user: ann,
          billNo: expect.stringMatching(/^1900000109/),
          notes: [
            expect.stringMatching(
              /^merchant "shop" was 1900000109 when it was promised, and is 1900000999 in bot\.yaml/,
            ),
          ],
        },
      ]);
      expect(isWhole(report)).toBe(false);
      await scene.pass();
      expect(scene.sent()).toBe(sent);
      // As it was then, it is found.
      expect((await scene.repair({ funds: false })).lines).toMatchObject([
        { what: 'restored', state: 'received', user: ann },
      ]);
      await scene.expectNothingMore();
    },
    60_000,
  );
});

describe('the journal alone', () => {
  test('says who is owed what was never sent: it is sent under its own number, once', async () => {
    scene = await Restorable.start({ rules: MANY });
    const ann = scene.world.person();
    const backup = await scene.backup();
    await scene.world.bot.settle.stop();
    await scene.follows(ann);
    const [planned] = await scene.payouts();
    expect(planned).toMatchObject({ state: 'planned', tries: 0 });
    await scene.restore(backup, { journal: true });
    const report = await scene.repair();
    expect(report.lines).toMatchObject([{ what: 'restored', state: 'planned', billNo: planned!.billNo }]);
    const { nextAt: _, ...rest } = planned!;
    expect((await scene.payouts())[0]).toMatchObject({ ...rest, tries: 1, nextDo: 'send' });
    await scene.expectSecondRunIdle();
    await scene.settled();
    expect((await scene.payouts()).map(({ billNo, state }) => [billNo, state])).toEqual([[planned!.billNo, 'sent']]);
    expect(scene.sent()).toBe(100);
    await scene.expectNothingMore();
  }, 60_000);

  test('parks what is older than WeChat Pay answers for, and nobody is paid', async () => {
    scene = await Restorable.start({ rules: MANY });
    const ann = scene.world.person();
    const backup = await scene.backup();
    await scene.follows(ann);
    await scene.settled();
    await scene.opened();
    const sent = scene.sent();
    scene.control.moveClock({ advanceMs: 31 * DAY });
    await scene.restore(backup, { journal: true });
    const report = await scene.repair({ funds: false });
    expect(report.lines).toMatchObject([
      { what: 'restored', state: 'unknown', notes: [expect.stringContaining('30 days')] },
    ]);
    expect((await scene.payouts())[0]!.nextAt).toBeUndefined();
    await scene.expectSecondRunIdle(false);
    await scene.pass();
    expect(scene.sent()).toBe(sent);
    expect(await scene.audited()).toEqual([]);
  }, 60_000);
});

describe('what only the fund flow remembers after thirty days', () => {
  test('is with the follower as far as anybody knows, and parked; what came back is free', async () => {
    scene = await Restorable.start({ rules: MANY });
    const [ann, bob] = [scene.world.person(), scene.world.person()];
    await scene.follows(ann);
    await scene.follows(bob);
    await scene.settled();
    await scene.opened();
    const backup = await scene.backup();
    await scene.says(ann, '红包');
    await scene.says(bob, '本周');
    await scene.settled();
    await scene.opened(({ user }) => user === ann);
    scene.control.moveClock({ advanceMs: 2 * DAY });
    await scene.pass();
    const before = await scene.buckets();
    scene.control.moveClock({ advanceMs: 40 * DAY });
    await scene.restore(backup);
    const report = await scene.repair();
    expect(shown(report)).toEqual([
      expect.stringMatching(
        /^restored test\/daily\/\S+ sent \(parked: older than the 30 days WeChat Pay answers for\)$/,
      ),
      expect.stringMatching(/^restored test\/weekly\/\S+ refunded$/),
    ]);
    const [daily] = (await scene.payouts()).filter(({ rule }) => rule === 'daily');
    expect(await scene.buckets()).toEqual({
      ...before,
      sent: daily!.amount,
      received: before.received - daily!.amount,
    });
    expect(await scene.audited()).toEqual([]);
    await scene.expectSecondRunIdle();
    await scene.expectNothingMore();
  }, 60_000);
});

describe('a damaged store', () => {
  async function twoOpened(): Promise<Payout[]> {
    scene = await Restorable.start({ rules: MANY });
    for (const person of [scene.world.person(), scene.world.person()]) await scene.follows(person);
    await scene.settled();
    await scene.opened();
    return scene.payouts();
  }

  test('has a claim without its payout: that is named, with what to do, and nothing is written', async () => {
    const [lost] = await twoOpened();
    await scene.sql(`DELETE FROM history WHERE payout = (SELECT id FROM payout WHERE bill_no = '${lost!.billNo}');
      DELETE FROM payout WHERE bill_no = '${lost!.billNo}'`);
    const before = await scene.snapshot();
    for (const funds of [true, false]) {
      const report = await scene.repair({ funds });
      expect(report.lines).toMatchObject([{ what: 'left', claimKey: lost!.claimKey, billNo: lost!.billNo }]);
      expect(report.lines[0]!.notes).toEqual([expect.stringContaining('its claim is there and its payout is not')]);
      expect(isWhole(report)).toBe(false);
    }
    expect(await scene.snapshot()).toEqual(before);
  }, 60_000);

  test('has a payout without its claim: the claim comes back, and nothing is counted twice', async () => {
    const [lost, other] = await twoOpened();
    const before = await scene.snapshot();
    const [mine, theirs] = [lost!, other!].map(({ claimKey }) => claimPlace(claimKey));
    for (const [owner, name] of [mine!, theirs!])
      await scene.sql(`DELETE FROM own WHERE owner = '${owner}' AND name = '${name}'`);
    await scene.sql(`DELETE FROM journal WHERE id IN (SELECT value FROM own WHERE owner = '${other!.user}' AND name LIKE 'e%');
      DELETE FROM own WHERE owner = '${other!.user}' AND name LIKE 'e%'`);
    const report = await scene.repair();
    expect(shown(report)).toEqual([`claim ${lost!.claimKey} received`, `claim ${other!.claimKey} received`].sort());
    const after = await scene.snapshot();
    expect(after).toMatchObject({ payouts: before.payouts, counters: before.counters, buckets: before.buckets });
    expect(after.claims).toEqual(before.claims);
    expect(await scene.world.store.payouts({ user: lost!.user, limit: 2 })).toEqual([lost]);
    expect(await scene.audited()).toEqual([]);
    await scene.expectSecondRunIdle();
    expect(scene.world.said(await scene.act(lost!.user, { kind: 'unfollow' }))).toBeDefined();
    expect(scene.world.said(await scene.follows(lost!.user))).toBe('您已经领过啦');
  }, 60_000);

  test('whose counters and buckets differ, and nothing else, gets its counters back; its buckets stay', async () => {
    await twoOpened();
    const { counters } = await scene.snapshot();
    await scene.sql(
      `UPDATE bucket SET received = received + 1; UPDATE counter SET value = value + 1 WHERE name NOT LIKE 'counted/%';
      UPDATE own SET value = (SELECT json_group_object(key, each.value + 1) FROM json_each(own.value) AS each)
        WHERE name LIKE 'n%'`,
    );
    const { buckets } = await scene.snapshot();
    const dry = await scene.repair({ dry: true });
    expect([dry.lines, dry.counters > 10, (await scene.snapshot()).buckets]).toEqual([[], true, buckets]);
    const report = await scene.repair();
    expect([report.lines, report.counters]).toEqual([[], dry.counters]);
    const limits = (rows: typeof counters) => rows.filter(({ name }) => !/^counted\/|\/last$/.test(name));
    const after = await scene.snapshot();
    expect([limits(after.counters), after.buckets]).toEqual([limits(counters), buckets]);
    expect((await scene.repair()).counters).toBe(0);
  }, 60_000);
});

describe('a transfer merchant', () => {
  test('gets back what was confirmed, and what waits to be: it can still be confirmed, once', async () => {
    scene = await Restorable.start({ rules: MANY, channel: 'transfer' });
    const [ann, bob] = [scene.world.person(), scene.world.person()];
    const backup = await scene.backup();
    await scene.follows(ann);
    await scene.follows(bob);
    await scene.says(bob, '抢');
    await scene.settled();
    await scene.opened(({ user }) => user === ann);
    const before = await scene.buckets();
    await scene.restore(backup);
    const report = await scene.repair();
    const why = '(why they got it is not known)';
    expect(shown(report).map(line => line.replace(/\/19\w+\//, '/NUMBER/'))).toEqual(
      [
        `restored test/welcome/${ann}/ever received`,
        `restored test/welcome/${bob}/ever unknown`,
        `unknown recovered/NUMBER/${bob} sent ${why}`,
      ].sort(),
    );
    expect(await scene.audited()).toEqual([]);
    await scene.expectSecondRunIdle();
    await scene.settled(); // its creation is repeated, which pays nothing, and brings back what opens its page
    expect(await scene.buckets()).toEqual(before);
    const [waiting] = (await scene.payouts()).filter(({ rule, user }) => rule === 'welcome' && user === bob);
    expect(waiting).toMatchObject({ state: 'sent', packageInfo: expect.stringMatching(/.{20}/) });
    await scene.opened();
    expect((await scene.payouts()).every(({ state }) => state === 'received')).toBe(true);
    await scene.expectNothingMore();
  }, 60_000);

  test('whose bill nobody confirmed gets no other number for a claim that nobody can tell', async () => {
    scene = await Restorable.start({ rules: MANY, channel: 'transfer' });
    const ann = scene.world.person(true);
    const backup = await scene.backup();
    await scene.says(ann, '抢');
    await scene.settled();
    await scene.restore(backup);
    await scene.repair();
    scene.control.moveClock({ advanceMs: 2 * DAY });
    await scene.settled();
    expect((await scene.payouts()).map(({ state, campaign }) => [state, campaign])).toEqual([['refunded', 'test']]);
    await scene.expectNothingMore();
  }, 60_000);
});

describe('a repair', () => {
  async function lostTwo(rules = MANY): Promise<[string, string]> {
    scene = await Restorable.start({ rules });
    const [ann, bob] = [scene.world.person(true), scene.world.person(true)];
    const backup = await scene.backup();
    await scene.says(ann, '红包');
    await scene.says(bob, '红包');
    await scene.settled();
    await scene.opened();
    await scene.restore(backup);
    return [ann, bob];
  }

  test('that only says what it would do writes nothing, and says what the other one does', async () => {
    await lostTwo();
    const before = await scene.snapshot();
    const dry = await scene.repair({ dry: true });
    expect([dry.dryRun, isWhole(dry)]).toEqual([true, false]);
    expect(await scene.snapshot()).toEqual(before);
    expect((await scene.repair()).lines).toEqual(dry.lines);
  }, 60_000);

  test('beside the bot, another repair and followers who ask again pays nobody twice, and the ledger balances', async () => {
    const [ann, bob] = await lostTwo();
    const sent = scene.sent();
    const cid = scene.world.person(true);
    const [first, second] = await Promise.all([
      scene.repair(),
      scene.repair(),
      scene.says(ann, '红包'),
      scene.says(cid, '红包'),
      scene.pass(),
      scene.says(bob, '红包'),
    ]);
    await scene.repair();
    expect(new Set([...first.lines, ...second.lines].map(({ billNo }) => billNo)).size).toBeLessThanOrEqual(2);
    await scene.settled();
    await scene.opened();
    const payouts = await scene.payouts();
    expect(payouts.map(({ user, state }) => [user, state]).sort()).toEqual(
      [ann, bob, cid].map(user => [user, 'received']).sort(),
    );
    expect(scene.sent() - sent).toBe(payouts.find(({ user }) => user === cid)!.amount);
    await scene.expectNothingMore();
  }, 60_000);

  test('counts what was paid though the budget was given away again since, and says so', async () => {
    const rules = MANY.replace('total: ¥1000.00, perDay: ¥900.00', 'total: ¥2.00')
      .replace('big: { redpacket: ¥5.00', 'big: { redpacket: ¥1.00')
      .replace('¥1.10..¥1.90', '¥1.00');
    await lostTwo(rules);
    const cid = scene.world.person(true);
    await scene.says(cid, '红包');
    await scene.settled();
    await scene.opened();
    const report = await scene.repair();
    expect(report.lines.map(({ notes }) => notes)).toEqual([
      [],
      ['counter campaign/test/amount stands at ¥3.00, and its maximum is ¥2.00'],
    ]);
    expect(await scene.buckets()).toMatchObject({ received: 300 });
    expect(await scene.audited()).toEqual([]);
    const dan = scene.world.person(true);
    await scene.says(dan, '红包');
    expect((await scene.payouts()).some(({ user }) => user === dan)).toBe(false);
  }, 60_000);

  test('cannot ask where bot.yaml has no such merchant any more, or nobody answers: that is named', async () => {
    await lostTwo();
    const { config } = scene.world;
    const gone: Config = { ...config, merchants: new Map() };
    expect((await scene.repair({ config: gone })).lines).toMatchObject([
      { what: 'left', notes: [expect.stringContaining('bot.yaml has no merchant')] },
      { what: 'left', notes: [expect.stringContaining('bot.yaml has no merchant')] },
    ]);
    const shop = { ...config.merchants.get('shop')!, api: 'https://127.0.0.1:1' };
    const deaf: Config = { ...config, merchants: new Map([['shop', shop]]) };
    expect((await scene.repair({ config: deaf })).lines).toMatchObject([
      { what: 'left', notes: [expect.stringMatching(/^WeChat Pay could not be asked \(ECONNREFUSED/)] },
      { what: 'left', notes: [expect.stringMatching(/^WeChat Pay could not be asked \(ECONNREFUSED/)] },
    ]);
    expect((await scene.snapshot()).claims).toEqual([]);
  }, 60_000);

  test('pays nothing by another merchant than the one who was to pay it', async () => {
    scene = await Restorable.start({ rules: MANY });
    const ann = scene.world.person(true);
    const backup = await scene.backup();
    await scene.says(ann, '抢');
    await scene.settled();
    await scene.restore(backup, { journal: true });
    const { config } = scene.world;
    const shop = { ...config.merchants.get('shop')!, name: 'till', mchId: '1900000110' };
    const accounts = new Map([['tea', { ...config.accounts.get('tea')!, merchant: 'till' }]]);
    const moved: Config = { ...config, accounts, merchants: new Map([['till', shop]]) };
    const report = await scene.repair({ config: moved, funds: false });
    expect(report.lines).toMatchObject([
      { what: 'left', notes: [expect.stringContaining('no merchant "shop" any more')] },
    ]);
    expect((await scene.snapshot()).claims).toEqual([]);
  }, 60_000);

  test('leaves alone what other programs of the merchant have paid', async () => {
    await lostTwo();
    const csv = scene.control.fundFlow(MERCHANT.mchId);
    const [number] = /1900000109\d{8}[0-9A-Za-z]{10}/.exec(csv)!;
    const read = scene.funds;
    scene.funds = () => read(csv.replaceAll(number, '1900000109202602100000000001'));
    const report = await scene.repair();
    expect(report.lines.map(({ what, billNo }) => [what, billNo === number])).toEqual([['restored', false]]);
    expect(await scene.audited()).toEqual([expect.stringContaining('payment 1900000109202602100000000001')]);
  }, 60_000);

  test.skipIf(!hasRedis)(
    'fills a Redis that has lost everything',
    async () => {
      scene = await Restorable.start({ rules: MANY });
      const people = [1, 2, 3].map(() => scene.world.person());
      for (const person of people) await scene.follows(person);
      await scene.says(people[0]!, '红包');
      await scene.settled();
      await scene.opened();
      const [buckets, { claims, counters }] = [await scene.buckets(), await scene.snapshot()];
      const server = await startRedis(...DURABLE);
      try {
        scene.replace(await openStore(server.url));
        const report = await scene.repair();
        expect(report.lines.map(({ what, state }) => [what, state])).toEqual(Array(4).fill(['restored', 'received']));
        expect(await scene.buckets()).toEqual(buckets);
        const after = await scene.snapshot();
        expect(after.claims.map(({ key }) => key).sort()).toEqual(claims.map(({ key }) => key).sort());
        const values = (all: typeof counters) =>
          all
            .filter(({ name }) => !name.endsWith('/last'))
            .map(({ name, value }) => `${name} ${value}`)
            .sort();
        expect(values(after.counters)).toEqual(values(counters.filter(({ name }) => !isOfRecount(name))));
        expect(await scene.audited()).toEqual([]);
        await scene.expectSecondRunIdle();
        await scene.current.close();
      } finally {
        await server.dispose();
      }
    },
    60_000,
  );
});

describe('the command', () => {
  const CLI = resolve(import.meta.dirname, '../../src/cli.ts');
  const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

  async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const all = ['--import', TSX, CLI, 'audit', '--config', 'bot.yaml', ...args];
    const child = spawn(process.execPath, all, { cwd: scene.world.folder, env: { PATH: process.env.PATH!, ...ENV } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr.on('data', (part: Buffer) => (err += part.toString()));
    return { code: await ended(child), out, err };
  }

  test('prints a table, or JSON, and ends with 0 once the ledger balances; a dry run with 1, a wrong option with 2', async () => {
    scene = await Restorable.start({ rules: MANY });
    const { simulator, folder, store, bot } = scene.world;
    const ann = scene.world.person(true);
    const backup = await scene.backup();
    await simulator.control.act(ann, { kind: 'text', text: '红包' });
    await bot.settle.pass();
    const [payout] = await store.payouts({ limit: 1 });
    simulator.control.openPacket(MERCHANT.mchId, payout!.billNo, ann);
    writeFileSync(join(folder, 'funds.csv'), simulator.control.fundFlow(MERCHANT.mchId));
    await bot.stop();
    await store.close();
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `bot.db${end}`), { force: true });
    copyFileSync(join(folder, backup), join(folder, 'bot.db'));

    writeFileSync(join(folder, 'rules.yaml'), 'campaign: [');
    const unfit = await run('--repair', '--funds', 'funds.csv');
    expect(unfit).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('by their rules, which are not fit'),
    });
    writeFileSync(join(folder, 'rules.yaml'), MANY);
    const refused = await run('--dry-run');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--dry-run goes with --repair') });
    const dry = await run('--repair', '--dry-run', '--funds', 'funds.csv');
    expect(dry).toMatchObject({ code: 1, err: '' });
    expect(dry.out).toMatch(
      new RegExp(
        `number +amount +follower +claim +result +state +note\n${payout!.billNo} +¥\\d.\\d\\d +${ann} +${payout!.claimKey} +would be restored +received\n\n1 would be repaired, 0 not; nothing was written\n`,
      ),
    );
    expect(dry.out).toContain('a payout of this number');
    const json = await run('--repair', '--funds', 'funds.csv', '--json');
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      0,
      {
        total: 0,
        repair: { dryRun: false, left: 0, lines: [{ what: 'restored', state: 'received', billNo: payout!.billNo }] },
      },
    ]);
    const again = await run('--repair', '--funds', 'funds.csv');
    expect(again).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^nothing is lost that could be repaired\n/),
    });
    const db = await openDatabase(join(folder, 'bot.db'));
    db.exec('UPDATE bucket SET received = received + 1');
    db.close();
    const differs = await run('--repair', '--funds', 'funds.csv');
    expect([differs.code, differs.out]).toEqual([
      1,
      expect.stringContaining('that differ all the same it does not touch'),
    ]);
  }, 60_000);
});
