// How long the dashboard's pages and searches take over very many rows, and what a list as CSV takes of memory: BENCH_PAYOUTS
// payouts (a million), and five events for each, of followers who won, were refused, and asked.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { caseNumberOf } from '../../src/core/base/case-number.ts';
import { eventKey } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { shortOpenId } from '../../src/core/base/openid.ts';
import { beijingText, DAY, type Instant, later, MINUTE } from '../../src/core/base/time.ts';
import { CSV_HEAD, csvLine } from '../../src/core/ops/payout-csv.ts';
import type { Payout, PayoutState } from '../../src/core/payout/payout.ts';
import { participantsOf, winnersOf } from '../../src/engine/lists/winners.ts';
import { alarmViews } from '../../src/engine/overview/alarms.ts';
import { campaignDetail, campaignRows } from '../../src/engine/overview/campaigns.ts';
import { followerView, search, whyNot } from '../../src/engine/overview/followers.ts';
import { merchantViews } from '../../src/engine/overview/merchants.ts';
import { payoutDetail, payoutList, payoutsOf } from '../../src/engine/overview/payouts.ts';
import type { OverviewPorts } from '../../src/engine/overview/ports.ts';
import { createRecent } from '../../src/engine/overview/recent.ts';
import { createDisk, ruleFileViews, ruleVersionViews } from '../../src/engine/overview/rules.ts';
import { createTally } from '../../src/engine/overview/tally.ts';
import { todayView } from '../../src/engine/overview/today.ts';
import { FILTERS } from '../../src/engine/overview/view.ts';
import { openRulebook } from '../../src/engine/rulebook.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { JournalLine, Piece, SnapshotRows, Store } from '../../src/ports.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import { countersIn } from '../../src/storage/sqlite/counters.ts';
import { loadPiece } from '../../src/storage/sqlite/import.ts';
import { openDatabase } from '../../src/storage/sqlite/schema.ts';
import { shapesIn } from '../../src/storage/sqlite/shapes.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { listOf } from '../storage/store.contract.ts';
import { hasRedis, startRedis } from '../support/redis-server.ts';
import { numbered } from './audit.ts';
import type { BenchOptions } from './options.ts';
import { promised, row } from './report.ts';
import { campaignIn, fill, TIME } from './store.ts';

const PAYOUTS = Number(process.env.BENCH_PAYOUTS ?? 1_000_000);
/** Redis keeps all of it in memory. */
const REDIS_PAYOUTS = Number(process.env.BENCH_REDIS_PAYOUTS ?? 100_000);
const QUICK_PAYOUTS = 20_000;
const EVENTS_EACH = 5;
const PAGE_MS_MAX = 300;
const CSV_MB_MAX = 120;
/** Payouts that really come about; the others are the same of other followers. */
const MADE = 1000;
const PIECE_ROWS = 400;
const DAYS = 20;
const TIMES = 5;

/** `false`: a page took longer, or a list more memory, than is promised. */
export async function adminSection({ isQuick }: BenchOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  const config = await campaignIn(folder);
  const made = await madeWith(config);
  const file = join(folder, 'bot.db');
  const db = await openDatabase(file);
  db.exec('PRAGMA synchronous = OFF');
  const held = { counters: countersIn(db), shapes: shapesIn(db) };
  const many = isQuick ? QUICK_PAYOUTS : PAYOUTS;
  const about = await multiply(made, many, async pieces => {
    db.exec('BEGIN');
    for (const piece of pieces) loadPiece(db, held, piece);
    held.counters.flush();
    db.exec('COMMIT');
  });
  db.close();
  const sqlite = await openSqlite(file);
  let isFine = await measure('SQLite', sqlite, config, about);
  await sqlite.close();
  if (hasRedis) {
    const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'everysec');
    const store = await openRedis(`${server.url}?acceptLoss=1s`);
    const fewer = isQuick ? QUICK_PAYOUTS : REDIS_PAYOUTS;
    const there = await multiply(made, fewer, async pieces => {
      for (const piece of pieces) await store.load(piece);
    });
    isFine = (await measure('Redis', store, config, there)) && isFine;
    await store.close();
    await server.dispose();
  }
  rmSync(folder, { recursive: true, force: true });
  return isFine;
}

// ── What is measured ─────────────────────────────────────────────────────────────────────────────────────────

/** Somebody and something from the middle of it all. */
type About = {
  readonly payout: Payout;
  readonly line: JournalLine;
  readonly last: JournalLine;
  readonly payouts: number;
  readonly events: number;
};

async function measure(what: string, store: Store, config: Config, about: About): Promise<boolean> {
  const { current } = await openRulebook(config, SILENT);
  const clock = (): Instant => TIME;
  const tally = createTally({ store, clock, holder: 'bench' });
  await tally.pass();
  const recent = createRecent(store);
  // As a bot does it, beside the events.
  while (await recent.pass());
  const ports: OverviewPorts = { store, clock, config, book: current, tally, recent, balance: async () => undefined };
  row(what, `${about.payouts} payouts, ${about.events} events`);
  let isFine = true;
  const slow: string[] = [];
  let slowest = 0;
  for (const [name, read] of Object.entries(await reads(ports, about))) {
    const took: number[] = [];
    for (let n = 0; n < TIMES; n++) {
      const began = performance.now();
      await read();
      took.push(performance.now() - began);
    }
    const ms = took.sort((a, b) => a - b)[TIMES >> 1]!;
    slowest = Math.max(slowest, ms);
    if (ms > PAGE_MS_MAX / 10) slow.push(`${name} ${Math.round(ms)} ms`);
    if (ms > PAGE_MS_MAX) isFine = false;
  }
  row('… of all pages and searches, over 30 ms', slow.join(', ') || 'none');
  isFine = promised(`${what}: the slowest page or search, ms`, slowest, { most: PAGE_MS_MAX }) && isFine;
  for (const [name, list] of Object.entries(lists(ports, about))) {
    const { rows, grown, took } = await read(list);
    row(`… ${name}`, `${rows} rows in ${(took / 1000).toFixed(1)} s`);
    isFine = promised(`${what}: ${name}, MB more at most`, grown, { most: CSV_MB_MAX }) && isFine;
  }
  return isFine;
}

/** Every page, and every way to look for somebody. */
async function reads(ports: OverviewPorts, { payout, line, last }: About) {
  const readDisk = createDisk(ports);
  const disk = await readDisk();
  const { store, book } = ports;
  const campaign = book().campaigns[0]!.id;
  const { user, billNo } = payout;
  const filters = FILTERS.map(
    filter => [`payouts ${filter}`, (): Promise<unknown> => payoutList(ports, { filter })] as const,
  );
  const narrow = FILTERS.flatMap(filter => [
    [`payouts ${filter} of a follower`, (): Promise<unknown> => payoutList(ports, { filter, user })] as const,
    [`payouts ${filter} of a campaign`, () => payoutList(ports, { filter, campaign })] as const,
    [`payouts ${filter} of a campaign that has none`, () => payoutList(ports, { filter, campaign: 'other' })] as const,
    [`payouts ${filter} of a merchant`, () => payoutList(ports, { filter, merchant: payout.merchant })] as const,
    [`payouts ${filter} from the middle on`, () => payoutList(ports, { filter, after: billNo })] as const,
  ]);
  const timed = `${beijingText(line.at).slice(0, 16)} 红包`;
  const all: Record<string, () => Promise<unknown>> = {
    today: () => todayView(ports, disk, 'zh'),
    merchants: () => merchantViews(ports),
    campaigns: () => campaignRows(ports, disk),
    campaign: () => campaignDetail(ports, disk, campaign, 'zh'),
    rules: async () => ruleFileViews(disk, ports, 'zh'),
    versions: () => ruleVersionViews(ports, 'zh'),
    alarms: () => alarmViews(ports, 'zh'),
    log: () => store.acts.list({ limit: 50 }),
    ...Object.fromEntries([...filters, ...narrow]),
    payout: () => payoutDetail(ports, billNo, 'zh'),
    follower: () => followerView(ports, user, 'zh'),
    'why not': () => whyNot(ports, { user, written: 'text:红包', at: undefined }, 'zh'),
    'search by openid': () => search(ports, user, 'zh'),
    'search by our number': () => search(ports, billNo, 'zh'),
    'search by WeChat’s number': () => search(ports, payout.listId ?? '1000000000000000000000000000', 'zh'),
    'search by no number': () => search(ports, '1000000000000000000000000009', 'zh'),
    'search by a case number': () => search(ports, caseNumberOf(last.event), 'zh'),
    'search by time and word': () => search(ports, timed, 'zh'),
    'search by a short openid': () => search(ports, shortOpenId(last.event.user), 'zh'),
    'one pass of the tally': () => ports.tally.pass(),
  };
  return all;
}

type List = () => AsyncIterable<string>;

function lists({ store, book }: OverviewPorts, { payout }: About): Record<string, List> {
  const campaign = book().campaigns.find(({ id }) => id === payout.campaign)!;
  return {
    'all payouts as CSV': async function* () {
      yield CSV_HEAD;
      for await (const each of payoutsOf(store, { filter: 'all' })) if (each !== 'cut') yield csvLine(each);
    },
    'winners to publish': async function* () {
      for await (const winner of winnersOf(store, campaign.id, campaign, false)) yield winner.prize;
    },
    participants: async function* () {
      for await (const { user } of participantsOf(store, campaign.id)) yield user;
    },
  };
}

/** As a stream that nobody keeps. `grown`: MB beside what was there before. */
async function read(list: List): Promise<{ rows: number; grown: number; took: number }> {
  const began = performance.now();
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let [rows, most] = [0, before];
  for await (const _ of list()) if (++rows % 5000 === 0) most = Math.max(most, process.memoryUsage.rss());
  return { rows, grown: (most - before) / 1024 / 1024, took: performance.now() - began };
}

// ── Very many rows in little time ────────────────────────────────────────────────────────────────────────────

type Life = {
  readonly claims: SnapshotRows['claims'][];
  readonly payouts: SnapshotRows['payouts'][];
  readonly journal: JournalLine[];
};
type Made = {
  readonly lives: readonly (readonly [user: string, rows: string])[];
  readonly buckets: SnapshotRows['buckets'][];
};

/** Payouts as they come about, each with the line that won it. */
async function madeWith(config: Config): Promise<Made> {
  const store = await openSqlite(':memory:');
  await fill(store, config, MADE);
  const snapshot = await store.snapshot();
  const of = new Map<string, Life>();
  for await (const claim of snapshot.claims()) of.set(claim.user, { claims: [claim], payouts: [], journal: [] });
  for await (const life of snapshot.lives()) of.get(life.payout.user)!.payouts.push(life);
  for await (const line of snapshot.journal()) of.get(line.event.user)?.journal.push(line);
  const buckets = await listOf(snapshot.buckets());
  await snapshot.close();
  await store.close();
  const paid = [...of].filter(([, { payouts }]) => payouts.length > 0);
  return { lives: paid.map(([user, rows]) => [user, JSON.stringify(rows)] as const), buckets };
}

/** Most were received long ago; some are on their way, some came back, a few are stuck. */
function stateOf(number: number): PayoutState {
  if (number % 1000 === 1) return 'held';
  if (number % 50 === 2) return 'refunded';
  return number % 40 === 3 ? 'sent' : 'received';
}

/** What was made, again and again, each time of another follower, over some days; each with as many events more. */
async function multiply(
  { lives, buckets }: Made,
  many: number,
  load: (pieces: readonly Piece[]) => Promise<void>,
): Promise<About> {
  let [claims, payouts, journal]: [SnapshotRows['claims'][], SnapshotRows['payouts'][], JournalLine[]] = [[], [], []];
  let last: JournalLine | undefined;
  let [id, middle]: [number, Omit<About, 'payouts' | 'events' | 'last'> | undefined] = [0, undefined];
  for (let number = 0; number < many; number++) {
    const [user, text] = lives[number % lives.length]!;
    const other = `oBench${String(number).padStart(22, '0')}`;
    const life = JSON.parse(text.replaceAll(user, other)) as Life;
    const at = later(TIME, -DAYS * DAY + Math.floor((number / many) * (DAYS * DAY - MINUTE)));
    const state = stateOf(number);
    const mine = life.payouts.map(each => withState(numbered(each), state, at, number));
    claims.push(...life.claims.map(claim => ({ ...claim, at })));
    payouts.push(...mine);
    const [won] = life.journal;
    for (let n = 0; n < EVENTS_EACH; n++) {
      const event = { ...won!.event, key: eventKey(`m:${number}-${n}`), sentAt: at };
      journal.push(n === 0 ? { ...won!, id: ++id, at, event } : { ...asked(won!), id: ++id, at, event });
    }
    if (number === many >> 1) middle = { payout: mine[0]!.payout, line: journal.at(-1)! };
    last = journal.at(-1);
    if (payouts.length < PIECE_ROWS && number < many - 1) continue;
    const pieces: Piece[] = [
      { kind: 'claims', rows: claims },
      { kind: 'payouts', rows: payouts },
      { kind: 'journal', rows: journal },
    ];
    await load(pieces);
    [claims, payouts, journal] = [[], [], []];
  }
  await load([{ kind: 'buckets', rows: buckets.map(each => ({ ...each, sent: fen(each.sent + 1) })) }]);
  return { ...middle!, last: last!, payouts: many, events: id };
}

function withState(
  row: SnapshotRows['payouts'],
  state: PayoutState,
  at: Instant,
  number: number,
): SnapshotRows['payouts'] {
  const { nextAt: _, ...payout } = row.payout;
  const listId = `1000041701201602${String(number).padStart(12, '0')}`;
  return { ...row, payout: { ...payout, state, createdAt: at, listId } };
}

/** Another event of the same follower, that brought nothing. */
function asked(won: JournalLine): JournalLine {
  const { trace } = won.decision;
  return { ...won, decision: { kind: 'ignored', trace, reply: { kind: 'none' } }, reply: { kind: 'none' } };
}
