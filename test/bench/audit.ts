// How long an audit takes beside a bot that is at work: 400 000 claims on either store, each paid and received.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import type { AuditReport } from '../../src/core/audit/audit.ts';
import { followerIn } from '../../src/core/audit/counter-name.ts';
import { type Fen, fen } from '../../src/core/base/money.ts';
import { parseBeijing } from '../../src/core/base/time.ts';
import { billNoOf } from '../../src/core/payout/payout.ts';
import type { Piece, SnapshotRows, Store } from '../../src/ports.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import { countersIn } from '../../src/storage/sqlite/counters.ts';
import { loadPiece } from '../../src/storage/sqlite/import.ts';
import { openDatabase } from '../../src/storage/sqlite/schema.ts';
import { shapesIn } from '../../src/storage/sqlite/shapes.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { anEvent, listOf } from '../storage/store.contract.ts';
import { ENV } from '../support/harness.ts';
import { hasRedis, type RedisServer, startRedis, until } from '../support/redis-server.ts';
import { row } from './report.ts';
import { campaignIn, fill, flowOn, TIME } from './store.ts';

const CLAIMS = Number(process.env.BENCH_CLAIMS ?? 400_000);
const SECONDS_MAX = 30;
const MB_MAX = 300;
const COMMAND = join(import.meta.dirname, '../../src/launch/hongbao.js');
/** Claims a second that the bot makes meanwhile. */
const BESIDE = 100;
const WARM_CLAIMS = 3000;
/** Claims that are really made; the others are the same of other followers. */
const MADE = 1000;
/** Rows of a piece on its way into a store, and how many pieces are on their way at once. */
const PIECE_ROWS = 2000;
const PIECES = 9;

/** `false`: it took longer, or more memory, than is promised. */
export async function auditSection(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  const config = await campaignIn(folder);
  const made = await madeWith(config);
  const file = join(folder, 'bot.db');
  await timed('SQLite: filled in', () => fillSqlite(file, made));
  const sqlite = await openSqlite(file);
  let isFine = await measure('SQLite', sqlite, config, folder);
  await sqlite.close();
  if (hasRedis) {
    const server = await startRedis(...LAX);
    await timed('Redis: filled in', () => fillRedis(server, made));
    const store = await openRedis(server.url);
    const yaml = readFileSync(join(folder, 'bot.yaml'), 'utf8');
    writeFileSync(join(folder, 'bot.yaml'), yaml.replace(/^store: .*$/m, `store: ${server.url}`));
    isFine = (await measure('Redis', store, config, folder)) && isFine;
    await store.close();
    await server.dispose();
  }
  rmSync(folder, { recursive: true, force: true });
  return isFine;
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await work();
  row(what, `${seconds(performance.now() - began)} s`);
}

/** The command, as somebody types it, while in this process a bot takes claims. */
async function measure(what: string, store: Store, config: Config, folder: string): Promise<boolean> {
  const flow = await flowOn(store, config, () => undefined);
  const pending: Promise<void>[] = [];
  let slowest = 0;
  const claim = async (): Promise<void> => {
    const began = performance.now();
    await flow.handle(anEvent({ sentAt: TIME }));
    slowest = Math.max(slowest, performance.now() - began);
  };
  for (let n = 0; n < WARM_CLAIMS; n += BESIDE) await Promise.all(Array.from({ length: BESIDE }, claim));
  slowest = 0;
  const beside = setInterval(() => pending.push(claim()), 1000 / BESIDE);
  const { report, took, most } = await theCommand(folder);
  clearInterval(beside);
  await Promise.all(pending);
  const isFine = report.total === 0 && took < SECONDS_MAX * 1000 && most < MB_MAX;
  row(
    `${what}: ${report.compared.claims} claims, ${report.compared.counters} counters, ${report.total} differences`,
    `${seconds(took)} s ${isFine ? '✓' : '✗'}`,
  );
  row('… memory of the command at most', `${Math.round(most)} MB`);
  row(`… slowest of ${pending.length} claims made meanwhile`, `${Math.round(slowest)} ms`);
  return isFine;
}

type Ran = { readonly report: AuditReport; readonly took: number; readonly most: number };

/** `took`: ms. `most`: the memory it had at most, in MB. */
async function theCommand(folder: string): Promise<Ran> {
  const began = performance.now();
  const child = spawn(process.execPath, [COMMAND, 'audit', '--json', '--config', join(folder, 'bot.yaml')], {
    env: { ...process.env, ...ENV },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, memoryOf(child.pid!));
  }, 500);
  const out: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  await once(child, 'close');
  clearInterval(watch);
  return { report: JSON.parse(Buffer.concat(out).toString()) as AuditReport, took: performance.now() - began, most };
}

/** In MB. */
function memoryOf(pid: number): number {
  const said = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(said.stdout.trim() || 0) / 1024;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

// ── Very many claims in little time ──────────────────────────────────────────────────────────────────────────

type Kept = 'claims' | 'payouts' | 'counters';
type Rows = { [Kind in Kept]: SnapshotRows[Kind][] };
/** Followers with all that is theirs, as JSON; and what is of all. */
type Made = {
  readonly followers: readonly (readonly [user: string, rows: string])[];
  readonly shared: readonly SnapshotRows['counters'][];
  readonly buckets: readonly SnapshotRows['buckets'][];
};

/** Some claims as they come about, each paid and received. */
async function madeWith(config: Config): Promise<Made> {
  const store = await openSqlite(':memory:');
  await fill(store, config, MADE);
  const snapshot = await store.snapshot();
  const of = new Map<string, Rows>();
  for await (const claim of snapshot.claims()) of.set(claim.user, { claims: [claim], payouts: [], counters: [] });
  for await (const life of snapshot.lives()) of.get(life.payout.user)!.payouts.push(life);
  const shared: SnapshotRows['counters'][] = [];
  for await (const counter of snapshot.counters())
    (of.get(followerIn(counter.name) ?? '')?.counters ?? shared).push(counter);
  const buckets = await listOf(snapshot.buckets());
  await snapshot.close();
  await store.close();
  const followers = [...of].map(([user, rows]) => [user, JSON.stringify(rows)] as const);
  return { followers, shared, buckets };
}

/** Nobody needs these claims tomorrow: the disk is not waited for. */
async function fillSqlite(file: string, made: Made): Promise<void> {
  const db = await openDatabase(file);
  db.exec('PRAGMA synchronous = OFF');
  const held = { counters: countersIn(db), shapes: shapesIn(db) };
  await multiply(made, async piece => {
    db.exec('BEGIN');
    loadPiece(db, held, piece);
    held.counters.flush();
    db.exec('COMMIT');
  });
  db.close();
}

const LAX = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0'];

/** From the end on it is as durable as a bot wants it. */
async function fillRedis(server: RedisServer, made: Made): Promise<void> {
  const store = await openRedis(`${server.url}?acceptLoss=1s`);
  const under: Promise<void>[] = [];
  await multiply(made, async piece => {
    under.push(store.load(piece));
    if (under.length > PIECES) await under.shift();
  });
  await Promise.all(under);
  await store.close();
  const client = server.client();
  await client.config('SET', 'appendfsync', 'always');
  // The first bot has it write its file anew; that of a bot which is running is over.
  await client.bgrewriteaof();
  await until(async () => (await client.info('persistence')).includes('aof_rewrite_in_progress:0'), 120_000);
  spawnSync('sync');
}

/** What was made, again and again, each time of other followers; what is of all says so many times as much. */
async function multiply({ followers, shared, buckets }: Made, load: (piece: Piece) => Promise<void>): Promise<void> {
  let waiting: Rows = { claims: [], payouts: [], counters: [] };
  const send = async (): Promise<void> => {
    const { claims, payouts, counters } = waiting;
    waiting = { claims: [], payouts: [], counters: [] };
    await load({ kind: 'claims', rows: claims });
    await load({ kind: 'payouts', rows: payouts });
    await load({ kind: 'counters', rows: counters });
  };
  const times = Math.ceil(CLAIMS / MADE);
  for (let number = 0; number < times * MADE; number++) {
    const [user, text] = followers[number % MADE]!;
    const other = `oBench${String(number).padStart(22, '0')}`;
    const rows = JSON.parse(text.replaceAll(user, other)) as Rows;
    waiting.claims.push(...rows.claims);
    waiting.payouts.push(...rows.payouts.map(numbered));
    waiting.counters.push(...rows.counters);
    if (waiting.counters.length >= PIECE_ROWS) await send();
  }
  await send();
  await load({ kind: 'counters', rows: shared.map(({ name, value }) => ({ name, value: value * times })) });
  const timesAsMuch = (sum: Fen): Fen => fen(sum * times);
  const sums = buckets.map(({ campaign, reserved, sent, received, refunded }) => ({
    campaign,
    ...{ reserved: timesAsMuch(reserved), sent: timesAsMuch(sent) },
    ...{ received: timesAsMuch(received), refunded: timesAsMuch(refunded) },
  }));
  await load({ kind: 'buckets', rows: sums });
}

/** With the number that follows from its new claim. */
export function numbered({ payout, history }: SnapshotRows['payouts']): SnapshotRows['payouts'] {
  const { billNo: before, request, claimKey, attempt } = payout;
  const day = before.slice(request.mchId.length, request.mchId.length + 8);
  const at = parseBeijing(day.replace(/(\d{4})(\d\d)/, '$1-$2-'))!;
  const billNo = billNoOf(request.mchId, at, claimKey, attempt);
  return { payout: { ...payout, billNo }, history: history.map(line => ({ ...line, billNo })) };
}
