// What the stores can do: claims a second, against the database underneath without us; and how much room a claim takes.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { DAY, later, parseBeijing } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { createFlow, type Flow } from '../../src/engine/flow.ts';
import { openRulebook } from '../../src/engine/rulebook.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Commit, Store } from '../../src/ports.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { writeCommit } from '../../src/storage/redis/commits.ts';
import type { Connection, Named, Script } from '../../src/storage/redis/link/connection.ts';
import { KEY, prefixOf } from '../../src/storage/redis/link/keys.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import { openDatabase } from '../../src/storage/sqlite/schema.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { aCommit, anEvent, aStep } from '../storage/store.contract.ts';
import { ACCOUNT, botYaml, ENV, MERCHANT, PEM_LINES, writeCertificates } from '../support/harness.ts';
import { has, isListOf, isText, readJson } from '../support/json.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis, until } from '../support/redis-server.ts';
import { promised, row } from './report.ts';

/** So many claims are under way at once. */
const IN_FLIGHT = 200;
/** Each side has so many rounds, by turns, and their median counts. */
const ROUNDS = 7;
const CLAIMS_A_ROUND = 4000;
const RATIO_MIN = 0.5;
const BUDGET = 1e12;

/** Money claims of different followers, of one campaign, as on its first day. */
function claims(count: number) {
  return Array.from({ length: count }, () => aCommit({ campaign: 'bench', budget: BUDGET }));
}

/** Calls a second, with so many under way. */
async function rateOf<T>(items: readonly T[], call: (item: T) => Promise<unknown>): Promise<number> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await call(items[next++]!);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return (1000 * items.length) / (performance.now() - began);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Ours and theirs by turns, so that both have the same machine; one round of each to warm up. */
async function compare(ours: () => Promise<number>, theirs: () => Promise<number>): Promise<[number, number]> {
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [n, side] of [ours, theirs].entries()) {
      const rate = await side();
      if (round > 0) rates[n]!.push(rate);
    }
  }
  return [median(rates[0]), median(rates[1])];
}

const perSecond = (rate: number): string => `${Math.round(rate)} /s`;

// ── Redis ────────────────────────────────────────────────────────────────────────────────────────────────

type Call = { readonly script: Script; readonly keys: readonly string[]; readonly args: readonly string[] };

/** What the store would send for this claim. */
async function callFor(commit: Commit): Promise<Call> {
  const calls: Call[] = [];
  const note = async (script: Script, ...args: readonly (string | Named)[]): Promise<unknown> => {
    const named = args.flatMap(arg => (typeof arg === 'string' ? [] : arg.keys));
    calls.push({ script, keys: [...script.fixed, ...named], args: args.filter(arg => typeof arg === 'string') });
    return [['done']];
  };
  await writeCommit(note as Connection['run'], commit);
  assert.equal(calls.length, 1, 'a commit is one script');
  return calls[0]!;
}

/** The first word of a script's reply. */
const kindOf = (reply: unknown): unknown => (Array.isArray(reply) ? kindOf(reply[0]) : reply);

/** The store's commit against a bare EVALSHA of the same script with the same arguments, prepared beforehand. */
export async function redisSection(): Promise<boolean> {
  if (!hasRedis) {
    console.log('skipped: redis-server is not installed');
    return true;
  }
  const server = await startRedis(...DURABLE);
  const store = await openRedis(`${server.url}?tag=ours`);
  const client = server.client();
  const prefix = prefixOf('theirs');
  await client.script('LOAD', (await callFor(aCommit())).script.lua);
  const ours = async (): Promise<number> =>
    rateOf(claims(CLAIMS_A_ROUND), async commit => assert.equal((await store.commit(commit)).kind, 'done'));
  const theirs = async (): Promise<number> => {
    const calls = await Promise.all(claims(CLAIMS_A_ROUND).map(callFor));
    return rateOf(calls, async ({ script, keys, args }) => {
      const all = [KEY.seq, ...keys].map(key => prefix + key);
      assert.equal(kindOf(await client.evalsha(script.sha, all.length, ...all, ...args)), 'done');
    });
  };
  const [rate, bare] = await compare(ours, theirs);
  await store.close();
  await server.dispose();
  const ratio = rate / bare;
  row('claims, the store on Redis (appendfsync always)', perSecond(rate));
  row('the same scripts, a bare ioredis client', perSecond(bare));
  row(`ratio (at least ${RATIO_MIN})`, `${ratio.toFixed(2)} ${ratio >= RATIO_MIN ? '✓' : '✗'}`);
  const lax = await startRedis('--appendonly', 'yes', '--appendfsync', 'everysec');
  row('claims with appendfsync everysec and acceptLoss=1s', perSecond(await storeRate(`${lax.url}?acceptLoss=1s`)));
  await lax.dispose();
  const [primary, replica] = await primaryWithReplica();
  row(
    'claims with a replica and replicas=1, all on this machine',
    perSecond(await storeRate(`${primary.url}?replicas=1`)),
  );
  await replica.dispose();
  await primary.dispose();
  return (await againstBefore()) && ratio >= RATIO_MIN;
}

// ── Against the script of before ─────────────────────────────────────────────────────────────────────────────

/** The commit's script as it was on 2026-11-29, with one claim of a full rule (17 counters); `{{user}}` and the like are filled in. */
const BEFORE = join(import.meta.dirname, 'redis-before.json');
const TIMES_BEFORE_MIN = 2.5;

let made = 0;

/** Another follower, another event and another payout in the same text. */
function other(text: string, [user, event, billNo]: readonly [string, string, string]): string {
  const n = String(++made).padStart(11, '0');
  return text
    .replaceAll(user, `oUser${n.padStart(23, '0')}`)
    .replaceAll(event, `m:event${n}`)
    .replaceAll(billNo, bill(n));
}
const bill = (n: string): string => `1900000109202602${n}X`;

/** One claim of the full rule, as this program commits it. */
async function fullCommit(): Promise<Commit> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  const config = await campaignIn(folder);
  const store = await openSqlite(join(folder, 'bot.db'));
  let last: Commit | undefined;
  const watched: Store = {
    ...store,
    commit(commit) {
      if (commit.payout) last = commit;
      return store.commit(commit);
    },
  };
  const flow = await flowOn(watched, config, () => undefined);
  while (!last) await flow.handle(anEvent({ sentAt: TIME }));
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return last;
}

/** The claim of a full rule against what it was: both on one server, by turns, rows counted. */
async function againstBefore(): Promise<boolean> {
  const { lua, args } = readJson(readFileSync(BEFORE, 'utf8'), has({ lua: isText, args: isListOf(isText) }));
  const full = await fullCommit();
  const [text, names] = [JSON.stringify(full), [full.event.user, full.event.key, full.payout!.billNo] as const];
  const server = await startRedis(...DURABLE);
  const store = await openRedis(`${server.url}?tag=ours`);
  const client = server.client();
  const sha = String(await client.script('LOAD', lua));
  const first = prefixOf('theirs') + KEY.seq;
  const ours = async (): Promise<number> => {
    const commits = Array.from({ length: CLAIMS_A_ROUND }, () => JSON.parse(other(text, names)) as Commit);
    return rateOf(commits, async commit => assert.equal((await store.commit(commit)).kind, 'done'));
  };
  const theirs = async (): Promise<number> => {
    const all = Array.from({ length: CLAIMS_A_ROUND }, () =>
      other(JSON.stringify(args), ['{{user}}', '{{event}}', '{{billNo}}']),
    ).map(each => readJson(each, isListOf(isText)));
    return rateOf(all, async each => assert.equal(kindOf(await client.evalsha(sha, 1, first, ...each)), 'done'));
  };
  const [rate, before] = await compare(ours, theirs);
  await store.close();
  await server.dispose();
  row('the claim of a full rule, the store on Redis', perSecond(rate), { figure: rate });
  row('the script of before, a bare ioredis client', perSecond(before), { figure: before });
  return promised('the claim of a full rule × the script of before', rate / before, {
    least: TIMES_BEFORE_MIN,
    unit: ' ×',
  });
}

async function storeRate(url: string): Promise<number> {
  const store = await openRedis(url);
  const rates: number[] = [];
  for (let round = 0; round < 4; round++) {
    rates.push(await rateOf(claims(CLAIMS_A_ROUND), commit => store.commit(commit)));
  }
  await store.close();
  return median(rates.slice(1));
}

async function primaryWithReplica(): Promise<[RedisServer, RedisServer]> {
  const primary = await startRedis(...DURABLE);
  const replica = await startRedis(...DURABLE, '--replicaof', `127.0.0.1 ${primary.port}`);
  await until(async () => (await primary.client().info('replication')).includes('state=online'));
  return [primary, replica];
}

// ── SQLite ───────────────────────────────────────────────────────────────────────────────────────────────

/** The store's commit against one insert of the same bytes, as many in a transaction. No verdict: a claim is many rows. */
export async function sqliteSection(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  const store = await openSqlite(join(folder, 'ours.db'));
  const db = await openDatabase(join(folder, 'theirs.db'));
  db.exec('CREATE TABLE bare (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT');
  const insert = db.prepare('INSERT INTO bare (key, text) VALUES (?, ?)');
  const ours = async (): Promise<number> =>
    rateOf(claims(CLAIMS_A_ROUND), async commit => assert.equal((await store.commit(commit)).kind, 'done'));
  const theirs = async (): Promise<number> => {
    const rows = claims(CLAIMS_A_ROUND).map(commit => [commit.claim.key, JSON.stringify(commit)] as const);
    const began = performance.now();
    for (let n = 0; n < rows.length; n += IN_FLIGHT) {
      db.exec('BEGIN IMMEDIATE');
      for (const [key, text] of rows.slice(n, n + IN_FLIGHT)) insert.run(key, text);
      db.exec('COMMIT');
    }
    return (1000 * rows.length) / (performance.now() - began);
  };
  const [rate, bare] = await compare(ours, theirs);
  await store.close();
  db.close();
  rmSync(folder, { recursive: true, force: true });
  row('claims, the store on SQLite (WAL, synchronous FULL)', perSecond(rate));
  row(`one bare insert each, ${IN_FLIGHT} in a transaction`, perSecond(bare));
  row('ratio (no verdict)', (rate / bare).toFixed(2));
  return true;
}

// ── Room ─────────────────────────────────────────────────────────────────────────────────────────────────

const SIZED = 20_000;
export const TIME = parseBeijing('2026-02-10 10:00')!;

/** The design's own campaign, with more money: nearly all of its claims are worth some. */
export async function campaignIn(folder: string): Promise<Config> {
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(() => TIME),
    accounts: [ACCOUNT],
    merchants: [MERCHANT],
  });
  writeCertificates(simulator, folder);
  const sample = readFileSync(join(import.meta.dirname, '../fixtures/rules/full.yaml'), 'utf8');
  const budget = 'budget: { total: ¥900000.00, perDay: ¥900000.00, packets: 900000, packetsPerDay: 900000 }';
  const rules = sample.replace(/^budget: .*$/m, budget).replace('weight: 504', 'weight: 4');
  writeFileSync(join(folder, 'rules.yaml'), rules.replace(/^tests:[\s\S]*$/m, ''));
  writeFileSync(join(folder, 'bot.yaml'), botYaml(simulator, { certificate: PEM_LINES }));
  await simulator.close();
  return loadConfig(join(folder, 'bot.yaml'), ENV);
}

export async function flowOn(store: Store, config: Config, planned: (payout: Payout) => void): Promise<Flow> {
  const { current } = await openRulebook(config, SILENT);
  return createFlow({ clock: () => TIME, store, log: SILENT, config, book: current, planned });
}

/** As many claims, each paid and received: from the push to the last line of history. */
export async function fill(store: Store, config: Config, count = SIZED): Promise<void> {
  const payouts: Payout[] = [];
  const flow = await flowOn(store, config, payout => void payouts.push(payout));
  const events = Array.from({ length: count }, () => anEvent({ sentAt: TIME }));
  await rateOf(events, event => flow.handle(event));
  await rateOf(payouts, async payout => {
    let now = payout;
    for (const [state, move] of LIFE) {
      const step = aStep(now, state, move);
      assert.equal(await store.advance(step), 'moved');
      now = step.payout;
    }
  });
  row('claims, of which were worth money', `${count}, ${payouts.length}`);
}

/** As many messages that are only answered; `forget` comes behind them all. */
async function chat(store: Store, config: Config): Promise<void> {
  const flow = await flowOn(store, config, () => assert.fail('nothing is given for this'));
  const events = Array.from({ length: SIZED }, () => anEvent({ sentAt: TIME, kind: 'text', text: '有红包吗' }));
  await rateOf(events, event => flow.handle(event));
  await store.forget(later(TIME, DAY));
}

const LIFE = [
  ['sending', 'none'],
  ['sent', 'reserved→sent'],
  ['received', 'sent→received'],
] as const;

const perClaim = (bytes: number): string => `${Math.round(bytes / SIZED)} bytes a claim`;
const perMessage = (bytes: number): string => `${Math.round(bytes / SIZED)} bytes a message`;

/** How much memory and disk a claim takes that was paid and received: by difference, over many. */
export async function sizeSection(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  const config = await campaignIn(folder);
  if (hasRedis) await sizeInRedis(config);
  const file = join(folder, 'bot.db');
  const store = await openSqlite(file);
  const empty = statSync(file).size;
  await fill(store, config);
  await store.close(); // brings the WAL home
  const filled = statSync(file).size;
  row('SQLite, file', perClaim(filled - empty));
  const again = await openSqlite(file);
  await chat(again, config);
  await again.close();
  row('SQLite, a message that claims nothing', perMessage(statSync(file).size - filled));
  rmSync(folder, { recursive: true, force: true });
  return true;
}

async function sizeInRedis(config: Config): Promise<void> {
  const server = await startRedis(...DURABLE, '--auto-aof-rewrite-percentage', '0');
  const client = server.client();
  const info = async (section: string, name: string): Promise<number> =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(await client.info(section))![1]);
  const memory = (): Promise<number> => info('memory', 'used_memory');
  const aof = (): Promise<number> => info('persistence', 'aof_current_size');
  const store = await openRedis(server.url);
  const before = [await memory(), await aof()] as const;
  await fill(store, config);
  row('Redis, memory (used_memory)', perClaim((await memory()) - before[0]));
  row('Redis, AOF as it is written', perClaim((await aof()) - before[1]));
  await store.forget(later(TIME, DAY));
  row('Redis, memory once the answers are forgotten', perClaim((await memory()) - before[0]));
  await client.bgrewriteaof();
  do await sleep(200);
  while ((await info('persistence', 'aof_rewrite_in_progress')) > 0);
  row('Redis, AOF after a rewrite', perClaim((await aof()) - before[1]));
  const filled = await memory();
  await chat(store, config);
  row('Redis, memory of a message that claims nothing', perMessage((await memory()) - filled));
  await store.close();
  await server.dispose();
}
