// The audit: good books balance at every stage, and whatever is changed in them by hand is found and named.

import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type * as AuditHalf from '../../../src/commands/ledger/audit-half.ts';
import { Audit, type AuditReport, showAuditFinding } from '../../../src/core/audit/audit.ts';
import { followerIn } from '../../../src/core/audit/counter-name.ts';
import { FundFlow } from '../../../src/core/audit/fund-flow.ts';
import type { AuditFinding } from '../../../src/core/audit/payout.ts';
import { shelfOf, shelfOfClaim } from '../../../src/core/audit/shelf.ts';
import type { Counter } from '../../../src/core/base/counter.ts';
import type { OpenId } from '../../../src/core/base/event.ts';
import { eventKey, openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { DAY, HOUR, type Instant, later, MINUTE, parseBeijing } from '../../../src/core/base/time.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { commitOf, intentOf } from '../../../src/core/payout/bulk.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import type { Observation, Payout, Step } from '../../../src/core/payout/payout.ts';
import { asBillNo } from '../../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../../src/core/payout/transitions.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { auditStore } from '../../../src/engine/audit-store.ts';
import { createFlow } from '../../../src/engine/flow.ts';
import { auditAndLog } from '../../../src/engine/jobs.ts';
import { checkRuleFiles } from '../../../src/engine/rulebook.ts';
import { SILENT } from '../../../src/lib/log.ts';
import type { HistoryLine, Store } from '../../../src/ports.ts';
import { inPages } from '../../../src/storage/shared/pages.ts';
import { claimPlace } from '../../../src/storage/sqlite/own/own-names.ts';
import { openDatabase } from '../../../src/storage/sqlite/schema.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { listOf, readSnapshot } from '../../storage/store.contract.ts';
import { configOf, TILL } from '../../support/config.ts';
import { ended } from '../../support/ended.ts';
import { ENV, MERCHANT, startWorld, type World } from '../../support/harness.ts';
import { has, isListOf, isNumber, isText, read } from '../../support/json.ts';
import { writtenIn } from '../../support/written.ts';

// ── A shop with every limit there is, without a simulator ────────────────────────────────────────────────

const NOON = parseBeijing('2026-02-10 12:00')!;
/** `LIMITS` and `STOCK` are put in, or left out as in a file that gains its limits later. */
const shopRules = (limits: string, stock: string): string => `
campaign: shop
name: 店里
period: { from: 2026-01-01, to: 2026-12-31 }
budget: { total: ¥5000.00, perDay: ¥500.00, packets: 900, packetsPerDay: 90 }
${limits}
unclaimed: reoffer
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试, scene: PRODUCT_2 }
prizes:
  one: { redpacket: ¥1.50, ${stock} }
  three: { redpacket: ¥3.00, shares: 3 }
  thanks: { nothing: true }
rules:
  - { id: one, on: { text: 红包 }, once: perEvent, give: one }
  - { id: three, on: { text: 裂变 }, once: perEvent, give: three }
  - { id: thanks, on: { text: 谢谢 }, once: perEvent, give: thanks }
`;
const ALL_LIMITS = 'limits: { perUser: { total: 9, perDay: 5, amountPerDay: ¥50.00, gap: 10m } }';
const FULL_RULES = shopRules(ALL_LIMITS, 'stock: 50, perUser: 6');
const LATE_RULES = shopRules('', 'weight: 1');

function campaignsOf(text: string): Campaign[] {
  const { campaigns, findings } = checkRuleFiles([{ file: 'shop.yaml', text }]);
  expect(findings).toEqual([]);
  return campaigns;
}

const CONFIG = configOf();

const ann = openId('oAnn0000000000000000000000_A');
const bob = openId('oBob0000000000000000000000-B');

class Shop {
  readonly store: Store;
  now: Instant = NOON;
  rules: string;
  private serial = 0;

  constructor(store: Store, rules: string) {
    this.store = store;
    this.rules = rules;
  }

  /** They say it, and win. An hour goes by. */
  async says(user: OpenId, text: string): Promise<Payout> {
    const flow = createFlow({
      clock: () => this.now,
      store: this.store,
      log: SILENT,
      config: CONFIG,
      book: () => bookOf(campaignsOf(this.rules), ['tea']),
      planned: () => {},
    });
    const before = new Set((await this.store.payouts({ limit: 1000 })).map(each => each.billNo));
    await flow.handle({
      key: eventKey(`m:${++this.serial}`),
      account: 'tea',
      user,
      sentAt: this.now,
      kind: 'text',
      text,
    });
    this.now = later(this.now, HOUR);
    return (await this.store.payouts({ limit: 1000 })).find(each => !before.has(each.billNo))!;
  }

  async sends(user: OpenId, yuan: number): Promise<void> {
    const batch = {
      name: 'thanks',
      campaign: campaignsOf(this.rules)[0]!,
      account: { name: 'tea', appId: 'wx8888888888888888' },
      merchant: TILL,
      seed: 'x',
    };
    const commit = commitOf(batch, intentOf(batch, user, { amount: fen(yuan * 100) }, this.now), this.now);
    expect(await this.store.commit(commit)).toEqual({ kind: 'done' });
  }

  /** WeChat Pay is called and answers so, and then is asked. */
  async pays(payout: Payout, ...seen: Observation[]): Promise<Payout> {
    let now = payout;
    const advance = async (step: Step): Promise<void> => {
      expect(await this.store.advance(step)).toBe('moved');
      now = step.payout;
    };
    await advance(beginSend(now, this.now));
    for (const [index, each] of seen.entries()) {
      this.now = later(this.now, MINUTE);
      await advance(observe(now, each, index > 0, this.now, DEFAULT_POLICY).step);
    }
    return now;
  }
}

const ACCEPTED: Observation = { kind: 'accepted', listId: '1' };
const status = (word: Extract<Observation, { kind: 'order' }>['state'], refunded?: number): Observation => ({
  kind: 'order',
  state: word,
  ...(refunded !== undefined && { refunded }),
});
const SILENCE: Observation = { kind: 'silence', code: 'ECONNRESET', text: '' };

/** Payouts in every state, and every way there. */
async function fill(shop: Shop): Promise<void> {
  await shop.pays(await shop.says(ann, '红包'), ACCEPTED, status('RECEIVED'));
  await shop.pays(await shop.says(ann, '裂变'), ACCEPTED, status('REFUND', 100));
  await shop.pays(await shop.says(bob, '红包'), ACCEPTED, status('REFUND')); // offered again
  const twice = await shop.pays(await shop.says(bob, '红包'), SILENCE, status('FAILED')); // a new number
  expect(twice.state).toBe('failed');
  await shop.says(ann, '谢谢');
  shop.now = later(shop.now, DAY);
  await shop.pays(await shop.says(ann, '红包'), ACCEPTED);
  await shop.pays(await shop.says(bob, '红包'), SILENCE);
  await shop.pays(await shop.says(bob, '裂变'), ACCEPTED, status('REFUND'));
  const refused = await shop.pays(await shop.says(bob, '裂变'), {
    kind: 'refused',
    code: 'NO_AUTH',
    text: '帐号已被微信拦截',
  });
  expect(refused.state).toBe('held');
  await shop.sends(ann, 5);
}

type Rows = Awaited<ReturnType<typeof readSnapshot>>;

/** Leads rows through the audit, in as many parts as wished. */
function auditRows(
  rows: Rows,
  { campaigns = [], parts = 1, funds }: { campaigns?: readonly Campaign[]; parts?: number; funds?: FundFlow } = {},
): AuditReport {
  const audit = new Audit(campaigns, funds);
  for (const { name } of rows.counters) audit.survey(name);
  for (let part = 0; part < parts; part++) {
    for (const claim of rows.claims) if (shelfOfClaim(claim.key) % parts === part) audit.claim(claim);
    for (const [index, payout] of rows.payouts.entries()) {
      if (shelfOfClaim(payout.claimKey) % parts === part) audit.paid(audit.payout(payout, rows.histories[index]!));
    }
    for (const { name, value } of rows.counters)
      if (shelfOf(followerIn(name)) % parts === part) audit.counter(name, value);
    audit.endOfPart();
  }
  for (const bucket of rows.buckets) audit.bucket(bucket);
  audit.endOfSnapshot();
  for (const claim of rows.claims) if (audit.isInDoubt(claim)) audit.decided(claim, decisions.get(claim.key));
  return audit.report();
}

const shown = ({ findings }: AuditReport): string[] => findings.map(showAuditFinding);

let good: Rows;
/** What each claim counted, as the journal has it. */
let decisions: Map<string, readonly Counter[]>;
beforeAll(async () => {
  const store = await openSqlite(':memory:');
  const shop = new Shop(store, FULL_RULES);
  await fill(shop);
  const snapshot = await store.snapshot();
  good = await readSnapshot(snapshot);
  const journal = await store.journal({ limit: 1000 });
  decisions = new Map(
    journal.flatMap(({ decision }) =>
      decision.kind === 'awarded' ? [[decision.claimKey, decision.counters] as const] : [],
    ),
  );
  await snapshot.close();
  await store.close();
});

describe('good books', () => {
  test('balance, with payouts in every state, and say what was compared', () => {
    expect(new Set(good.payouts.map(({ state }) => state))).toEqual(
      new Set(['planned', 'unknown', 'held', 'sent', 'received', 'refunded', 'failed']),
    );
    const report = auditRows(good, { campaigns: campaignsOf(FULL_RULES) });
    expect(shown(report)).toEqual([]);
    expect(report).toMatchObject({ total: 0, compared: { campaigns: 1, claims: 10, payouts: 12, countersLeftOut: 0 } });
    expect(report.compared.counters).toBe(good.counters.length);
    expect(report.campaigns).toEqual([
      {
        campaign: 'shop',
        claims: 10,
        payouts: 12,
        budget: 500_000,
        reserved: 1550,
        sent: 150,
        received: 350,
        refunded: 550,
      },
    ]);
  });

  test('balance in any number of parts', () => {
    for (const parts of [2, 3, 7]) expect([parts, shown(auditRows(good, { parts }))]).toEqual([parts, []]);
  });

  test('of nobody balance', () => {
    expect(auditRows({ claims: [], payouts: [], histories: [], counters: [], buckets: [] })).toMatchObject({
      total: 0,
      campaigns: [],
    });
  });
});

// ── One change each ──────────────────────────────────────────────────────────────────────────────────────

/** The rows with one payout and its history changed: the first one in this state. */
function changed(
  state: Payout['state'],
  change: (payout: Payout, history: readonly HistoryLine[]) => { payout?: Payout; history?: HistoryLine[] },
): Rows {
  const index = good.payouts.findIndex(payout => payout.state === state && payout.attempt === 1);
  const before = { payout: good.payouts[index]!, history: good.histories[index]! };
  const { payout, history } = { ...before, ...change(before.payout, before.history) };
  return { ...good, payouts: good.payouts.with(index, payout), histories: good.histories.with(index, history) };
}

const billNoIn = (state: Payout['state']): string =>
  good.payouts.find(payout => payout.state === state && payout.attempt === 1)!.billNo;
const withCounter = (name: string, by: number): Rows => ({
  ...good,
  counters: good.counters.map(counter => (counter.name === name ? { name, value: counter.value + by } : counter)),
});
const dayOne = '2026-02-10';

describe('one change is found, and named', () => {
  test.each(['reserved', 'sent', 'received', 'refunded'] as const)('a fen in the bucket %s', what => {
    const rows = { ...good, buckets: good.buckets.map(bucket => ({ ...bucket, [what]: bucket[what] + 1 })) };
    const before = good.buckets[0]![what];
    expect(auditRows(rows).findings).toEqual([
      { where: 'bucket shop', what, expected: before, found: before + 1, unit: 'fen' },
    ]);
  });

  test('a bucket that is gone', () => {
    expect(shown(auditRows({ ...good, buckets: [] }))).toContain(
      'bucket shop: reserved: expected 1550 fen, found 0 fen',
    );
  });

  const counters: [string, string, AuditFinding['unit']][] = [
    ['the budget', 'campaign/shop/amount', 'fen'],
    ['the day’s budget', `campaign/shop/amount/day/${dayOne}`, 'fen'],
    ['the merchant’s day', `merchant/till/amount/day/${dayOne}`, 'fen'],
    ['a stock', 'campaign/shop/prize/one', 'count'],
    ['a follower’s share of a stock', `campaign/shop/prize/one/user/${ann}`, 'count'],
    ['a follower’s claims', `campaign/shop/user/${ann}/claims`, 'count'],
    ['a follower’s claims of a day', `campaign/shop/user/${bob}/claims/day/${dayOne}`, 'count'],
    ['a follower’s money of a day', `campaign/shop/user/${ann}/amount/day/${dayOne}`, 'fen'],
    ['a follower’s latest claim', `campaign/shop/user/${ann}/last`, 'ms'],
    ['a follower’s packets at the merchant', `merchant/till/user/tea/${bob}/packets/day/${dayOne}`, 'count'],
    ['a follower’s money at the merchant', `merchant/till/user/tea/${bob}/amount/day/${dayOne}`, 'fen'],
  ];
  test.each(counters)('one more in the counter of %s', (_, name, unit) => {
    const { value } = good.counters.find(counter => counter.name === name)!;
    expect(auditRows(withCounter(name, 1)).findings).toEqual([
      { where: `counter ${name}`, what: 'value', expected: value, found: value + 1, unit },
    ]);
  });
  test.each(counters)('one less in the counter of %s', (_, name) => {
    expect(auditRows(withCounter(name, -1)).findings).toMatchObject([{ where: `counter ${name}` }]);
  });
  test.each(counters)('the counter of %s, gone', (_, name) => {
    const rows = { ...good, counters: good.counters.filter(counter => counter.name !== name) };
    expect(auditRows(rows, { campaigns: campaignsOf(FULL_RULES) }).findings).toMatchObject([
      { where: `counter ${name}`, found: 0 },
    ]);
  });

  test.each(['campaign/shop/packets', `campaign/shop/packets/day/${dayOne}`])(
    'a packet too many or too few in %s, beyond the group packet that came back in part',
    name => {
      expect(auditRows(withCounter(name, 1)).findings).toMatchObject([
        { where: `counter ${name}`, found: good.counters.find(counter => counter.name === name)!.value + 1 },
      ]);
      expect(auditRows(withCounter(name, -2)).findings).toMatchObject([{ where: `counter ${name}` }]);
    },
  );

  test('a stock that says less than is out', () => {
    const name = 'campaign/shop/prize/three';
    const { value } = good.counters.find(counter => counter.name === name)!;
    expect(auditRows(withCounter(name, -1)).findings).toEqual([
      { where: `counter ${name}`, what: 'value', expected: value, found: value - 1, unit: 'count' },
    ]);
  });

  test('a counter of somebody who claimed nothing', () => {
    const name = 'campaign/shop/user/oEve0000000000000000000000_E/claims';
    expect(auditRows({ ...good, counters: [...good.counters, { name, value: 1 }] }).findings).toMatchObject([
      { where: `counter ${name}`, expected: 0, found: 1 },
    ]);
  });

  test('but a counter that is none of ours is left out, and counted', () => {
    const report = auditRows({ ...good, counters: [...good.counters, { name: 'campaign/shop/writer/a', value: 1 }] });
    expect(report).toMatchObject({ total: 0, compared: { countersLeftOut: 1 } });
  });

  test('a claim without a payout', () => {
    const paid = good.payouts.find(payout => payout.state === 'received')!;
    const keep = good.payouts.map(payout => payout !== paid);
    const rows = {
      ...good,
      payouts: good.payouts.filter((_, at) => keep[at]),
      histories: good.histories.filter((_, at) => keep[at]),
    };
    expect(auditRows(rows).findings).toContainEqual({
      where: `claim ${paid.claimKey}`,
      what: 'payouts',
      expected: 1,
      found: 0,
      unit: 'count',
    });
  });

  test('a payout without a claim', () => {
    const { billNo, claimKey } = good.payouts.find(payout => payout.state === 'received')!;
    const rows = { ...good, claims: good.claims.filter(({ key }) => key !== claimKey) };
    expect(shown(auditRows(rows))).toContain(`payout ${billNo}: claim: expected ${claimKey}, found no such claim`);
  });

  test('a fen more in a payout than in its claim, and the other way round', () => {
    const billNo = billNoIn('received');
    const { claimKey } = good.payouts.find(payout => payout.billNo === billNo)!;
    const amount = { where: `payout ${billNo}`, what: `amount (claim ${claimKey})`, unit: 'fen' };
    expect(
      auditRows(changed('received', payout => ({ payout: { ...payout, amount: fen(payout.amount + 1) } }))).findings,
    ).toContainEqual({ ...amount, expected: 150, found: 151 });
    const claims = good.claims.map(claim => (claim.key === claimKey ? { ...claim, amount: fen(149) } : claim));
    expect(auditRows({ ...good, claims }).findings).toContainEqual({ ...amount, expected: 149, found: 150 });
  });

  test.each(['campaign', 'rule', 'account', 'user'] as const)('another %s in a payout than in its claim', what => {
    const report = auditRows(changed('received', payout => ({ payout: { ...payout, [what]: 'else' } })));
    expect(report.findings).toContainEqual(
      expect.objectContaining({ where: `payout ${billNoIn('received')}`, what, found: 'else' }),
    );
  });

  test('a claim with another follower than in its key', () => {
    const [claim] = good.claims;
    const rows = { ...good, claims: good.claims.with(0, { ...claim!, user: openId('oEve') }) };
    expect(auditRows(rows).findings).toContainEqual(
      expect.objectContaining({ where: `claim ${claim!.key}`, what: 'key', found: claim!.key }),
    );
  });

  test('a payout that holds less than its claim counted, or more', () => {
    const where = `payout ${billNoIn('sent')}`;
    const less = changed('sent', payout => ({
      payout: { ...payout, holds: payout.holds.filter(hold => hold.name !== 'campaign/shop/amount') },
    }));
    expect(auditRows(less).findings).toEqual([
      { where, what: 'hold on campaign/shop/amount', expected: 150, found: 0, unit: 'fen' },
    ]);
    const more = changed('sent', payout => ({
      payout: {
        ...payout,
        holds: payout.holds.map(hold => (hold.name === 'campaign/shop/packets' ? { ...hold, add: 2 } : hold)),
      },
    }));
    expect(auditRows(more).findings).toEqual([
      { where, what: 'hold on campaign/shop/packets', expected: 1, found: 2, unit: 'count' },
    ]);
  });

  test('more that came back than was sent', () => {
    const report = auditRows(changed('refunded', payout => ({ payout: { ...payout, refunded: fen(301) } })));
    expect(shown(report)).toContain(`payout ${billNoIn('refunded')}: refunded: expected 300 fen, found 301 fen`);
  });

  test('a number that does not follow from its claim', () => {
    const billNo = asBillNo(`${billNoIn('received').slice(0, -1)}-`);
    const report = auditRows(changed('received', payout => ({ payout: { ...payout, billNo } })));
    expect(report.findings).toEqual([
      { where: `payout ${billNo}`, what: 'number', expected: billNoIn('received'), found: billNo, unit: 'text' },
    ]);
  });

  test('a number without a day in it', () => {
    const report = auditRows(
      changed('received', payout => ({ payout: { ...payout, billNo: asBillNo('190000010999999999xxxxxxxxxx') } })),
    );
    expect(report.findings).toMatchObject([{ what: 'number' }]);
  });

  test('one number twice, which is also one claim paid twice', () => {
    const index = good.payouts.findIndex(payout => payout.state === 'received');
    const rows = {
      ...good,
      payouts: [...good.payouts, good.payouts[index]!],
      histories: [...good.histories, good.histories[index]!],
    };
    const found = auditRows(rows).findings;
    const { billNo, claimKey } = good.payouts[index]!;
    expect(found).toContainEqual({
      where: `claim ${claimKey}`,
      what: `payouts ${billNo}`,
      expected: 1,
      found: 2,
      unit: 'count',
    });
    expect(found).toContainEqual({
      where: `claim ${claimKey}`,
      what: 'payouts that are not failed or refunded',
      expected: 1,
      found: 2,
      unit: 'count',
    });
    expect(found).toContainEqual({
      where: `claim ${claimKey}`,
      what: `attempt of payout ${billNo}`,
      expected: 2,
      found: 1,
      unit: 'count',
    });
  });

  test('a second number although the first was paid', () => {
    const report = auditRows(
      changed('failed', (payout, history) => ({
        payout: { ...payout, state: 'received' },
        history: history.with(-1, { ...history.at(-1)!, to: 'received' }),
      })),
    );
    const { claimKey } = good.payouts.find(payout => payout.state === 'failed')!;
    expect(report.findings).toContainEqual({
      where: `claim ${claimKey}`,
      what: 'payouts that are not failed or refunded',
      expected: 1,
      found: 2,
      unit: 'count',
    });
    expect(report.findings).toContainEqual(
      expect.objectContaining({ where: `claim ${claimKey}`, expected: 'failed or refunded', found: 'neither' }),
    );
  });

  test('a number that is missing before another', () => {
    const { billNo, claimKey } = good.payouts.find(payout => payout.state === 'failed')!;
    const keep = good.payouts.map(payout => payout.billNo !== billNo);
    const rows = {
      ...good,
      payouts: good.payouts.filter((_, at) => keep[at]),
      histories: good.histories.filter((_, at) => keep[at]),
    };
    expect(auditRows(rows).findings).toContainEqual(
      expect.objectContaining({ where: `claim ${claimKey}`, expected: 1, found: 2, unit: 'count' }),
    );
  });

  const histories: [string, (lines: readonly HistoryLine[]) => HistoryLine[], string][] = [
    ['has no line', () => [], 'end of the history: expected version 4, found version 0'],
    ['does not begin at the beginning', lines => lines.slice(1), 'history line 1: expected version 1, found version 2'],
    [
      'does not begin as new',
      lines => lines.with(0, { ...lines[0]!, from: 'held' }),
      'history line 1: expected from new, found from held',
    ],
    ['has a gap', lines => lines.toSpliced(1, 1), 'history line 2: expected version 2, found version 3'],
    [
      'does not join',
      lines => lines.with(2, { ...lines[2]!, from: 'held' }),
      'history line 3: expected from sending, found from held',
    ],
    ['lacks its end', lines => lines.slice(0, -1), 'end of the history: expected version 4, found version 3'],
    [
      'ends elsewhere',
      lines => lines.with(3, { ...lines[3]!, to: 'refunded' }),
      'end of the history: expected received, found refunded',
    ],
    [
      'goes on after the end',
      lines => lines.with(2, { ...lines[2]!, to: 'failed' }).with(3, { ...lines[3]!, from: 'failed' }),
      'history line 4: expected none after failed, found to received',
    ],
  ];
  test.each(histories)('a history that %s', (_, change, expected) => {
    const report = auditRows(changed('received', (__, history) => ({ history: change(history) })));
    expect(shown(report)).toEqual([`payout ${billNoIn('received')}: ${expected}`]);
  });

  test.each(['planned', 'unknown', 'sent'] as const)('a payout in state %s that nobody will look at again', state => {
    const index = good.payouts.findIndex(payout => payout.state === state);
    const { nextAt: _, ...lost } = good.payouts[index]!;
    const rows = { ...good, payouts: good.payouts.with(index, lost) };
    expect(auditRows(rows).findings).toEqual([
      {
        where: `payout ${lost.billNo}`,
        what: 'next look',
        expected: 'a time, or an alarm',
        found: `none, in state ${state}`,
        unit: 'text',
      },
    ]);
  });

  test('but not one that waits for a person, or was parked with an alarm', () => {
    const parked = ({ nextAt: _, ...payout }: Payout): Payout => payout;
    expect(auditRows(changed('held', payout => ({ payout: parked(payout) }))).total).toBe(0);
    const old = (payout: Payout, history: readonly HistoryLine[]) => ({
      payout: parked(payout),
      history: history.with(-1, { ...history.at(-1)!, at: later(payout.createdAt, 31 * DAY) }),
    });
    expect(auditRows(changed('unknown', old)).total).toBe(0);
    const contradicted = (payout: Payout, history: readonly HistoryLine[]) => ({
      payout: parked(payout),
      history: history.with(-1, { ...history.at(-1)!, what: 'asked isFailed' }),
    });
    expect(auditRows(changed('sent', contradicted)).total).toBe(0);
  });

  test('of very many findings the first are kept, and all are counted', () => {
    const counters = Array.from({ length: 3000 }, (_, n) => ({ name: `campaign/shop/user/oEve${n}/claims`, value: 1 }));
    const report = auditRows({ ...good, counters: [...good.counters, ...counters] });
    expect([report.total, report.findings.length]).toEqual([3000, 1000]);
  });
});

// ── On a store ───────────────────────────────────────────────────────────────────────────────────────────────

describe('limits that a file gains later', () => {
  test('have counted from the beginning; a count that was lowered is a difference', async () => {
    const store = await openSqlite(':memory:');
    const shop = new Shop(store, LATE_RULES);
    for (let n = 0; n < 3; n++) await shop.says(ann, '红包');
    await shop.says(bob, '红包');
    shop.rules = FULL_RULES;
    const audited = () => auditStore(store, new Audit(campaignsOf(shop.rules)));
    expect(shown(await audited())).toEqual([]);
    await shop.says(ann, '红包');
    await shop.says(ann, '红包');
    const report = await audited();
    expect(shown(report)).toEqual([]);
    expect(report.compared.countersLeftOut).toBe(0);
    const lowered = {
      ...store,
      snapshot: async () => ({
        ...(await store.snapshot()),
        parts: () => undefined,
        counters: () =>
          inPages(async function* () {
            const counters = await listOf((await store.snapshot()).counters());
            yield counters.map(({ name, value }) => ({
              name,
              value: value - Number(name === 'campaign/shop/prize/one'),
            }));
          }),
      }),
    };
    expect(shown(await auditStore(lowered, new Audit([])))).toEqual([
      'counter campaign/shop/prize/one: value: expected 6, found 5',
    ]);
    await store.close();
  });
});

describe('every night', () => {
  const logged = async (store: Store) => {
    const lines: [string, object, string][] = [];
    const write = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
    await auditAndLog(store, [], { ...SILENT, info: write('info'), error: write('error') });
    return lines;
  };

  test('the audit logs one line: that all is well, or the first twenty differences as an error', async () => {
    const store = await openSqlite(':memory:');
    const shop = new Shop(store, FULL_RULES);
    for (let n = 0; n < 3; n++) await shop.says(ann, '红包');
    expect(await logged(store)).toMatchObject([['info', { payouts: 3, claims: 3 }, 'the audit balances']]);
    const broken: Store = {
      ...store,
      snapshot: async () => ({
        ...(await store.snapshot()),
        parts: () => undefined,
        lives: () => inPages(async function* () {}),
        async *buckets() {},
      }),
    };
    const lines = await logged(broken);
    expect(lines).toMatchObject([
      ['error', { total: expect.any(Number) }, expect.stringContaining('`hongbao audit` names them')],
    ]);
    const { findings, total } = read(lines[0]![1], has({ findings: isListOf(isText), total: isNumber }));
    expect(findings).toContain('counter campaign/shop/amount: value: expected 0 fen, found 450 fen');
    expect(findings.length).toBe(Math.min(total, 20));
    await store.close();
  });
});

// ── In a whole world ─────────────────────────────────────────────────────────────────────────────────────────

const CLI = resolve(import.meta.dirname, '../../../dist/cli.js');
let world: World | undefined;
let children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  children = [];
  await world?.close();
  world = undefined;
});

const campaigns = () => world!.bot.rulebook.current().campaigns;
/** As the command does it where there is much: the other half in a thread. */
async function auditedInHalves(): Promise<AuditReport> {
  const { auditThread } = (await import(join(CLI, '../commands/ledger/audit-half.js'))) as typeof AuditHalf;
  const thread = auditThread(`sqlite:${join(world!.folder, 'bot.db')}`);
  return auditStore(world!.store, new Audit(campaigns()), { thread, many: 1 });
}

/** Two threads find what one finds. */
async function audited(funds?: FundFlow): Promise<AuditReport> {
  const report = await auditStore(world!.store, new Audit(campaigns(), funds));
  if (funds) return report;
  const halved = await auditedInHalves();
  const inOrder = (found: AuditReport) => ({ ...found, findings: shown(found).sort() });
  expect(inOrder(halved)).toEqual(inOrder(report));
  return report;
}

/** The fund flow as the simulator's merchant platform exports it. */
function fundsOf(change = (csv: string): string => csv): FundFlow {
  const funds = new FundFlow('funds.csv');
  for (const row of writtenIn(change(world!.simulator.control.fundFlow(MERCHANT.mchId)))) funds.read(row);
  funds.mustBeWhole();
  return funds;
}

async function expectClean(stage: string): Promise<AuditReport> {
  for (const report of [await audited(), await audited(fundsOf())]) expect([stage, shown(report)]).toEqual([stage, []]);
  return audited();
}

/** Twelve follow; six open theirs, the others' comes back. Audited at every stage. */
async function live(): Promise<string[]> {
  world = await startWorld({ merchantLines: '    askEvery: 10m' }); // by the simulator's clock, which only we move on
  const { simulator, bot } = world;
  await expectClean('nothing yet');
  await bot.settle.stop(); // nothing is paid before its stage was looked at
  const settle = world.newSettle();
  const people = Array.from({ length: 12 }, () => world!.person());
  for (const [index, openid] of people.entries()) {
    await simulator.control.act(openid, { kind: 'follow' });
    if (index % 3 === 0) await simulator.control.act(openid, { kind: 'text', text: '最后' });
  }
  expect((await expectClean('promised')).campaigns).toMatchObject([{ campaign: 'test', claims: 16, reserved: 2000 }]);
  simulator.control.setFaults({
    pay: [
      { kind: 'lostReply', times: 2 },
      { kind: 'errorNothingStored', times: 1 },
      { kind: 'processingThenFailed', times: 1, afterMs: 60_000 },
    ],
    platform: [],
  });
  await settle.pass();
  await expectClean('called, and some answers lost');
  for (let n = 0; n < 60 && (await listOpen()).length > 0; n++) {
    simulator.control.moveClock({ advanceMs: 60_000 });
    await settle.pass();
  }
  expect((await expectClean('sent')).campaigns).toMatchObject([{ reserved: 0, sent: 2000 }]);
  for (const payout of await world.store.payouts({ state: 'sent', limit: 100 })) {
    if (people.indexOf(payout.user) % 2 === 0)
      simulator.control.openPacket(payout.request.mchId, payout.billNo, payout.user);
  }
  await world.store.setHalt('shop', undefined);
  simulator.control.moveClock({ advanceMs: DAY + HOUR });
  for (let n = 0; n < 60 && (await world.store.payouts({ state: 'sent', limit: 1 })).length > 0; n++) {
    simulator.control.moveClock({ advanceMs: 2 * HOUR });
    await settle.pass();
  }
  return people;
}

const listOpen = async (): Promise<Payout[]> =>
  (await world!.store.payouts({ limit: 100 })).filter(({ state }) =>
    ['planned', 'sending', 'unknown', 'held'].includes(state),
  );

/** Changes the file as somebody with `sqlite3` in hand would. */
async function byHand(sql: string): Promise<void> {
  const db = await openDatabase(join(world!.folder, 'bot.db'));
  db.exec(`PRAGMA foreign_keys = OFF; ${sql}`);
  db.close();
}

async function run(args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [CLI, 'audit', '--config', 'bot.yaml', ...args], {
    cwd: world!.folder,
    env: { PATH: process.env.PATH!, ...ENV },
  });
  children.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', part => (out += part));
  child.stderr.on('data', part => (err += part));
  return { code: await ended(child), out, err };
}

describe('a whole world', () => {
  test('balances at every stage, with itself and with the simulator’s own books; what is changed by hand is found where it is', async () => {
    await live();
    const { simulator, store } = world!;
    const [sums] = (await expectClean('over')).campaigns;
    const { receivedAmount, refundedAmount } = simulator.control.merchant(MERCHANT.mchId);
    expect(sums).toMatchObject({ reserved: 0, sent: 0, received: receivedAmount, refunded: refundedAmount });
    expect(receivedAmount + refundedAmount).toBe(2000);

    const [received] = await store.payouts({ state: 'received', limit: 1 });
    const { billNo, claimKey, amount } = received!;
    const [owner, name] = claimPlace(claimKey);
    const theClaim = `owner = '${owner}' AND name = '${name}'`;
    const day = 'merchant/shop/amount/day/%';
    const cases: [change: string, back: string, where: string][] = [
      [
        'UPDATE bucket SET received = received + 1',
        'UPDATE bucket SET received = received - 1',
        'bucket test: received',
      ],
      [
        "UPDATE counter SET value = value + 1 WHERE name = 'campaign/test/amount'",
        "UPDATE counter SET value = value - 1 WHERE name = 'campaign/test/amount'",
        'counter campaign/test/amount',
      ],
      [
        `UPDATE counter SET value = value + 1 WHERE name LIKE '${day}'`,
        `UPDATE counter SET value = value - 1 WHERE name LIKE '${day}'`,
        'counter merchant/shop/amount/day/',
      ],
      [
        `UPDATE payout SET amount = amount + 1 WHERE bill_no = '${billNo}'`,
        `UPDATE payout SET amount = amount - 1 WHERE bill_no = '${billNo}'`,
        `payout ${billNo}: amount (claim ${claimKey}): expected ${amount} fen, found ${amount + 1} fen`,
      ],
      [
        `UPDATE own SET value = json_set(value, '$[1]', ${amount - 1}) WHERE ${theClaim}`,
        `UPDATE own SET value = json_set(value, '$[1]', ${amount}) WHERE ${theClaim}`,
        `payout ${billNo}: amount (claim ${claimKey}): expected ${amount - 1} fen, found ${amount} fen`,
      ],
      [
        `UPDATE payout SET state = 'refunded' WHERE bill_no = '${billNo}'`,
        `UPDATE payout SET state = 'received' WHERE bill_no = '${billNo}'`,
        `payout ${billNo}: end of the history: expected refunded, found received`,
      ],
      [
        `UPDATE own SET value = json_set(value, '$[4]', json('[]')) WHERE ${theClaim}`,
        `UPDATE own SET value = json_set(value, '$[4]',
          (SELECT json_group_array(id) FROM payout WHERE claim_key = '${claimKey}')) WHERE ${theClaim}`,
        `payout ${billNo}: claim: expected ${claimKey}, found no such claim`, // the file does not lead from the one to the other
      ],
    ];
    for (const [change, back, where] of cases) {
      await byHand(change);
      expect(shown(await audited()), change).toContainEqual(expect.stringContaining(where));
      await byHand(back);
    }
    await expectClean('put back');
    await byHand(
      `DELETE FROM history WHERE version = 2 AND payout = (SELECT id FROM payout WHERE bill_no = '${billNo}')`,
    );
    expect(shown(await audited())).toEqual([`payout ${billNo}: history line 2: expected version 2, found version 3`]);
    await byHand(`DELETE FROM own WHERE ${theClaim}`);
    expect(shown(await audited())).toContain(`payout ${billNo}: claim: expected ${claimKey}, found no such claim`);
  }, 90_000);

  test('is of one moment for two threads, whatever is written meanwhile', async () => {
    world = await startWorld();
    const { simulator } = world;
    const people = Array.from({ length: 200 }, () => world!.person());
    for (const openid of people.splice(0, 5)) await simulator.control.act(openid, { kind: 'follow' });
    let isOver = false;
    const coming = (async () => {
      for (const openid of people) {
        if (isOver) return;
        await simulator.control.act(openid, { kind: 'follow' });
        await sleep(20);
      }
    })();
    const claims: number[] = [];
    for (let n = 0; n < 5; n++) {
      const report = await auditedInHalves();
      expect(shown(report)).toEqual([]);
      claims.push(report.compared.claims);
    }
    isOver = true;
    await coming;
    expect(claims).toEqual(claims.toSorted((a, b) => a - b));
    expect(claims.at(-1)).toBeGreaterThan(claims[0]!);
  }, 90_000);

  test('is audited from the command line, beside the running bot: 0 balanced, 1 with differences, 2 for bad input', async () => {
    await live();
    const { folder, simulator } = world!;
    const csv = simulator.control.fundFlow(MERCHANT.mchId);
    writeFileSync(join(folder, 'funds.csv'), csv);
    const fine = await run(['--funds', 'funds.csv']);
    expect(fine).toMatchObject({ code: 0, err: '' });
    expect(fine.out).toMatch(/^compared 1 campaign, 16 claims, \d+ payouts, \d+ lines of history, \d+ counters\n/);
    expect(fine.out).toMatch(
      /campaign +claims +payouts +budget +free +reserved +sent +received +refunded\ntest +16 +\d+ +¥1000\.00 +¥\d+\.\d\d +¥0\.00 +¥0\.00/,
    );
    expect(fine.out).toMatch(/everything balances\n$/);
    expect(JSON.parse((await run(['--json'])).out)).toMatchObject({
      total: 0,
      findings: [],
      campaigns: [{ campaign: 'test', budget: 100_000, reserved: 0 }],
    });

    await byHand('UPDATE bucket SET received = received + 1');
    const wrong = await run([]);
    expect([wrong.code, wrong.out]).toEqual([
      1,
      expect.stringMatching(/bucket test +received +\d+ fen +\d+ fen\n\n1 difference\n$/),
    ]);
    const json = await run(['--json']);
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      1,
      { total: 1, findings: [{ where: 'bucket test', what: 'received', unit: 'fen' }] },
    ]);
    await byHand('UPDATE bucket SET received = received - 1');

    const first = /`(1900000109\d{8}\w{10})\r/.exec(csv)![1]!;
    writeFileSync(join(folder, 'more.csv'), csv.replace(`\`${first}\r`, '`1900000109somebodyelse\r'));
    const more = await run(['--funds', 'more.csv']);
    expect([more.code, more.out]).toEqual([
      1,
      expect.stringMatching(/more\.csv:2 +payment 1900000109somebodyelse +a payout of this number/),
    ]);
    expect(await run(['--funds', 'nowhere.csv'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nowhere.csv'),
    });
    expect(await run(['--funds', 'bot.yaml'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('bot.yaml:1:1: expected the header of a fund flow'),
    });
    expect(await run(['--fund', 'x'])).toMatchObject({ code: 2, err: expect.stringContaining('--funds') });
    writeFileSync(join(folder, 'rules.yaml'), 'campaign: [');
    expect(await run([])).toMatchObject({ code: 0, out: expect.stringMatching(/test +16 +\d+ +–/) });
  }, 90_000);
});
