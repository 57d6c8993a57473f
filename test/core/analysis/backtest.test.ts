// `hongbao backtest`: the journal played with the rules as they are and with changed ones.

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf } from '../../../src/commands/shared/journal.ts';
import { Backtest, type BacktestReport, type PastEvent } from '../../../src/core/analysis/backtest.ts';
import { Ledger as CoreLedger } from '../../../src/core/analysis/memory-ledger.ts';
import { firstOpenDay, syntheticDayOf } from '../../../src/core/analysis/synthetic-day.ts';
import { type Event, eventKey, type OpenId, openId } from '../../../src/core/base/event.ts';
import { chanceOf } from '../../../src/core/base/random.ts';
import { DAY, instant, later } from '../../../src/core/base/time.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { inviteScene } from '../../../src/core/match/follower.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { checksumOf } from '../../../src/core/rules/printed-code.ts';
import { createFlow } from '../../../src/engine/flow.ts';
import { checkRuleFiles } from '../../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../../src/engine/rulebook-files.ts';
import { SILENT } from '../../../src/lib/log.ts';
import {
  at,
  campaignOf,
  coupons,
  Ledger,
  nothing,
  packet,
  ruleOf,
  type Scripted,
  says,
  yuan,
} from '../../support/campaigns.ts';
import { run } from '../../support/command.ts';
import { exactly } from '../../support/exactly.ts';
import { RULES, startWorld, type World } from '../../support/harness.ts';
import { has, isListOf, isMap, readJson } from '../../support/json.ts';

const AROUND = { merchant: undefined, seedOf: (id: string) => `seed of ${id}` };

/** The journal of these events under these rules. */
function journalOf(
  campaign: Campaign,
  scripted: readonly Scripted[],
  codes?: ConstructorParameters<typeof Ledger>[1],
): PastEvent[] {
  const ledger = new Ledger(campaign, codes);
  return scripted.map(each => {
    const { event } = ledger.decide(each);
    return { at: event.sentAt, event, decision: ledger.play({ ...each, key: event.key }) };
  });
}

type Parts = { readonly begins?: string; readonly nameOf?: (user: OpenId) => string };

function backtest(now: Campaign, changed: Campaign, journal: readonly PastEvent[], parts: Parts = {}): BacktestReport {
  const sides = { now: bookOf([now], ['tea']), changed: bookOf([changed], ['tea']) };
  const test = new Backtest(sides, () => AROUND, parts.begins === undefined ? undefined : at(parts.begins));
  for (const line of journal) test.play(line);
  return test.report(parts.nameOf);
}

/** Each of these people says it once, a minute after the other. */
function crowd(people: number, text = '抽奖'): Scripted[] {
  return Array.from({ length: people }, (_, n) => says(later(at('2026-02-10 10:00'), n * 60_000), text, `u${n}`));
}

describe('a backtest', () => {
  const one = campaignOf({ prizes: [packet('a')] });

  test('of the same rules finds no difference, and what was decided then', () => {
    const journal = journalOf(one, crowd(10));
    expect(backtest(one, one, journal)).toMatchObject({
      events: 10,
      decided: 0,
      reworded: 0,
      asRecorded: 10,
      sums: { now: { won: 10, packets: 10, amount: 1000 }, changed: { won: 10, packets: 10, amount: 1000 } },
      people: { losing: 0, winning: 0, more: 0, less: 0 },
      samples: [],
    });
  });

  test('says how much more it would cost, by prize and by day', () => {
    const dearer = campaignOf({ prizes: [packet('a', { min: yuan('¥2.50') })] });
    const journal = journalOf(one, [...crowd(3), says('2026-02-11 10:00', '抽奖', 'u1')]);
    const report = backtest(one, dearer, journal);
    expect(report.sums.changed).toEqual({ won: 4, packets: 4, amount: 1000 });
    expect(report.prizes).toEqual([
      { campaign: 'tea', prize: 'a', now: { count: 4, amount: 400 }, changed: { count: 4, amount: 1000 } },
    ]);
    expect(report.days.map(({ day, now, changed }) => [day, now.amount, changed.amount])).toEqual([
      ['2026-02-10', 300, 750],
      ['2026-02-11', 100, 250],
    ]);
    expect(report.people).toMatchObject({ more: 3, less: 0, losing: 0 });
  });

  test('counts who would lose, who would win, and the limits that would be met', () => {
    const short = { total: yuan('¥4.00'), alertAt: [] };
    const journal = journalOf(one, crowd(10));
    const report = backtest(one, { ...one, budget: short }, journal);
    expect(report.people).toEqual({ winners: { now: 10, changed: 4 }, losing: 6, winning: 0, more: 0, less: 6 });
    expect(report.refusals).toEqual({ now: {}, changed: { soldOut: 6 } });
    expect(report.limits.changed).toMatchObject([{ campaign: 'tea', limit: { zh: '预算剩' }, count: 6 }]);
    expect(report).toMatchObject({ decided: 6, asRecorded: 10 });
    expect(backtest({ ...one, budget: short }, one, journal).people).toMatchObject({ losing: 0, winning: 6, more: 6 });
  });

  test('shows examples without anybody’s openid, unless it is asked to', () => {
    const changed = campaignOf({ prizes: [nothing('a')] });
    const journal = journalOf(one, crowd(30));
    const { samples } = backtest(one, changed, journal);
    expect(samples).toHaveLength(10);
    for (const { user } of samples) expect(user).toMatch(/^#[0-9a-f]{10}$/);
    expect(samples[0]).toMatchObject({ now: { amount: 100, got: ['tea/a'] }, changed: { amount: 0, got: [] } });
    expect(backtest(one, changed, journal, { nameOf: user => user }).samples[0]!.user).toBe('u0');
  });

  test('tells words apart from decisions', () => {
    const said = (won: string) =>
      campaignOf({
        prizes: [packet('a')],
        rules: [ruleOf({ give: ['a'], replies: { won: { kind: 'text', text: won } } })],
      });
    expect(backtest(said('好'), said('很好'), journalOf(one, crowd(5)))).toMatchObject({ decided: 0, reworded: 5 });
  });

  test('counts a coupon as won, though it costs nothing', () => {
    const changed = campaignOf({ prizes: [coupons('a', ['A', 'B', 'C'])] });
    expect(backtest(one, changed, journalOf(one, crowd(5))).sums.changed).toEqual({ won: 3, packets: 0, amount: 0 });
  });

  test('of what was before its beginning knows only who followed', () => {
    const rules = [ruleOf({ give: ['a'], once: 'ever', who: { followedFor: DAY } })];
    const campaign = campaignOf({ prizes: [packet('a')], rules });
    const journal = journalOf(campaign, [
      { at: '2026-02-10 10:00', kind: 'subscribe', via: 'direct', user: 'ann' },
      says('2026-02-11 11:00', '抽奖', 'ann'),
      { at: '2026-02-11 20:00', kind: 'subscribe', via: 'direct', user: 'bob' },
      says('2026-02-12 11:00', '抽奖', 'ann'),
      says('2026-02-12 11:00', '抽奖', 'bob'),
    ]);
    const report = backtest(campaign, campaign, journal, { begins: '2026-02-12 00:00' });
    expect(report).toMatchObject({ events: 2, sums: { now: { won: 1 } }, refusals: { now: { notEligible: 1 } } });
    expect(report.asRecorded).toBe(1); // ann had hers before
  });

  test('leaves out what no rule is asked about', () => {
    const sent: Scripted = { at: '2026-02-10 10:00', kind: 'other', type: 'send' };
    const notice: Scripted = { at: '2026-02-10 10:00', kind: 'notice', type: 'TEMPLATESENDJOBFINISH' };
    const journal = journalOf(one, [sent, notice, ...crowd(1)]);
    expect(backtest(one, one, journal)).toMatchObject({ events: 1, skipped: 2 });
  });

  test('goes by the time of the decision, not by that of the message', () => {
    const late = journalOf(one, crowd(1)).map(line => ({ ...line, at: at('2027-02-01') }));
    expect(backtest(one, one, late)).toMatchObject({ refusals: { now: { ended: 1 } }, asRecorded: 0 });
  });

  test('tells an inviter once of a friend, though the journal has that as an event of its own', () => {
    const rules = [ruleOf({ on: { kind: 'friend', did: 'followed' }, give: ['a'], once: 'perEvent' })];
    const campaign = campaignOf({ prizes: [packet('a')], rules });
    const scene = inviteScene(openId('ann'), 'tea');
    const follows: Scripted = { at: '2026-02-10 10:00', kind: 'subscribe', via: 'qr', scene, user: 'bob' };
    const told: Scripted = {
      ...{ at: '2026-02-10 10:00', user: 'ann', key: 'f:bob:followed' },
      ...{ kind: 'friend', friend: openId('bob'), did: 'followed', campaign: 'tea' },
    };
    const [asEvent, alone] = [journalOf(campaign, [told, follows]), journalOf(campaign, [follows])];
    for (const journal of [asEvent, alone]) {
      const { sums, people, refusals } = backtest(campaign, campaign, journal);
      expect([sums.now, people.winners.now, refusals.now]).toEqual([{ won: 1, packets: 1, amount: 100 }, 1, {}]);
    }
  });

  test('takes back what was taken back', () => {
    const rule = ruleOf({ on: { kind: 'paid' }, give: ['a'], delay: DAY, cancelIf: ['refunded'] });
    const campaign = campaignOf({ prizes: [packet('a')], rules: [rule] });
    const bill = { merchant: 'shop', transaction: 't1', order: 'o1', amount: yuan('¥50.00'), total: yuan('¥50.00') };
    const journal = journalOf(campaign, [
      { at: '2026-02-10 23:00', kind: 'paid', ...bill },
      { at: '2026-02-11 01:00', kind: 'refunded', refund: 'r1', ...bill },
    ]);
    const atOnce = { ...campaign, rules: [ruleOf({ on: { kind: 'paid' }, give: ['a'] })] };
    const report = backtest(campaign, atOnce, journal);
    expect(report.sums).toMatchObject({ now: { won: 0, amount: 0 }, changed: { won: 1, amount: 100 } });
    expect(report.days.map(({ now }) => now.amount)).toEqual([100, -100]);
  });

  test('knows the printed codes that the journal has seen', () => {
    const rules = [ruleOf({ on: { kind: 'code', batch: 'spring' }, assigned: true })];
    const campaign = campaignOf({ prizes: [packet('a'), packet('b')], rules });
    const [code, unknown] = exactly(
      2,
      ['23456789AB', '23456789AC'].map(body => body + checksumOf(body)),
    );
    const codes = { [code]: { batch: 'spring', prize: 'b', active: true } };
    const journal = journalOf(
      campaign,
      [says('2026-02-10', code), says('2026-02-10', code), says('2026-02-10', unknown)],
      {
        codes,
      },
    );
    const report = backtest(campaign, campaign, journal);
    expect(report.prizes).toMatchObject([{ prize: 'b', now: { count: 1 } }]);
    expect(report).toMatchObject({ asRecorded: 3, refusals: { now: { 'already/used': 1, 'notEligible/invalid': 1 } } });
  });

  test('repeats a day of everything the language has, event by event', async () => {
    const file = resolve(import.meta.dirname, '../../fixtures/rules/everything.yaml');
    const [written] = checkRuleFiles(await readRuleFiles([file])).campaigns;
    const campaign: Campaign = { ...written!, account: 'tea', mode: 'live' };
    const plan = { campaign, account: 'tea', day: firstOpenDay(campaign)!, users: 200, perUser: 3 };
    const { before, events, codes } = syntheticDayOf({ ...plan, chance: chanceOf('backtest') })!;
    const ledger = new CoreLedger(codes);
    const book = bookOf([campaign], ['tea']);
    const journal = [...before, ...events].map(event => {
      const { decision } = ledger.play(book, event, AROUND);
      return { at: event.sentAt, event, decision };
    });
    const { asRecorded, events: played, decided, sums } = backtest(campaign, campaign, journal);
    expect([asRecorded, played, decided]).toEqual([journal.length, journal.length, 0]);
    expect(sums.now.amount).toBe(ledger.awarded);
  });
});

// ── The command ──────────────────────────────────────────────────────────────────────────────────────────────

describe('the command', () => {
  let world: World;
  const user = (n: number) => openId(`oUser${String(n).padStart(23, '0')}`);

  beforeAll(async () => {
    world = await startWorld();
    const { config, store } = world;
    const book = bookOf(checkRuleFiles(await readRuleFiles([config.rules]), config).campaigns, ['tea']);
    let now = at('2026-02-10 10:00');
    const flow = createFlow({ clock: () => now, store, log: SILENT, config, book: () => book, planned: () => {} });
    for (let n = 0; n < 20; n++) {
      now = instant(at(n < 12 ? '2026-02-10 10:00' : '2026-02-11 10:00') + n * 1000);
      const event: Event = {
        key: eventKey(`k${n}`),
        account: 'tea',
        user: user(n % 12),
        sentAt: now,
        kind: 'text',
        text: '红包',
      };
      await flow.handle(event);
    }
    const changed = RULES.replace('daily: { redpacket: ¥1.50 }', 'daily: { redpacket: ¥2.00, stock: 10 }');
    writeFileSync(join(world.folder, 'changed.yaml'), changed);
  }, 30_000);
  afterAll(() => world.close());

  test('reads the journal oldest first', async () => {
    const keys: string[] = [];
    for await (const { event } of eventsOf(world.store, { to: at('2026-02-11 00:00') })) keys.push(event.key);
    expect(keys).toEqual(Array.from({ length: 12 }, (_, n) => `k${n}`));
  });

  test('sums up what would have been different', async () => {
    const { code, out } = await run(world.folder, 'backtest', 'changed.yaml', '--lang', 'zh');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^若这段时间用新规则：少发 10 个，少花 ¥10\.00，2 人从中奖变不中\n20 件事，2026-02-10 10:00:00 到/,
    );
    expect(out).toMatch(/相符 100\.0%/);
    expect(out).toMatch(/test\/daily {2}20 +¥30\.00 {2}10 +¥20\.00 {2}-¥10\.00/);
    expect(out).toMatch(/test 「daily」已发 {2}0 +10 +\+10/);
    expect(out).not.toContain('oUser');
  });

  test('takes a part of the time, names followers if asked to, and prints JSON', async () => {
    const { out } = await run(world.folder, 'backtest', 'changed.yaml', '--to', '2026-02-10', '--openids', '--json');
    const report = readJson(out, has({ samples: isListOf(isMap) }));
    const summary = 'Under the new rules: 2 prizes less, ¥2.00 more, 2 followers would no longer win';
    expect(report).toMatchObject({ summary, events: 12 });
    expect(report.samples[0]!.user).toMatch(/^oUser/);
    const rest = await run(world.folder, 'backtest', 'changed.yaml', '--from', '2026-02-11', '--limit', '3', '--json');
    expect(JSON.parse(rest.out)).toMatchObject({ events: 3, sums: { now: { won: 3 } } });
  });

  test('compares two changes with each other, or finds them the same', async () => {
    const { out } = await run(world.folder, 'backtest', 'changed.yaml', '--against', 'changed.yaml');
    expect(out).toMatch(/^Under the new rules: no difference\n/);
  });

  test('refuses rules with findings and times that are none', async () => {
    writeFileSync(join(world.folder, 'wrong.yaml'), RULES.replace('stock: 7', 'stok: 7'));
    const { code, err } = await run(world.folder, 'backtest', 'wrong.yaml');
    expect([code, err]).toEqual([2, expect.stringMatching(/wrong\.yaml:10:29: unknown key "stok"/)]);
    expect((await run(world.folder, 'backtest', 'changed.yaml', '--from', 'gestern')).err).toMatch(
      /--from gestern: expected a day/,
    );
  });
});
