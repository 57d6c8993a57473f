// Files that earlier versions wrote: each format is brought up to date at the first start, and means what it meant.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventKey, openId } from '../../src/core/base/event.ts';
import type { Piece, Store } from '../../src/ports.ts';
import { readPieces } from '../../src/storage/copy.ts';
import { type Database, loadDriver, openDatabase } from '../../src/storage/sqlite/schema.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { has, isListOf, isMap, isMapOf, isNumber, isText, read, readJson } from '../support/json.ts';
import { aCommit, anAnswer, NOW } from './store.contract.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FIXTURES = join(import.meta.dirname, '../fixtures/store');
const DUMP = readFileSync(join(FIXTURES, 'format-10.sql'), 'utf8');
const isBooks = isMapOf(isListOf(isMap));
/** What version 0.1.0 read in that file. */
const BOOKS = readJson(readFileSync(join(FIXTURES, 'format-10.json'), 'utf8'), isBooks);
const ANN = openId('oAnn0000000000000000000000an');
const NEWEST = 14;

type Books = Record<string, Record<string, unknown>[]>;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-formats-'));
  file = join(folder, 'bot.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The migrations that only add, in their order: the first of them makes format 2. */
const ADDING = readFileSync(join(ROOT, 'src/storage/sqlite/schema.ts'), 'utf8')
  .split('const CREATE')[1]!
  .split(/^const [A-Z_]+ = `$/m)
  .slice(1, 10);

/** A file of this format, with as much of the same in it as the format can hold. */
async function writeFormat(format: number, more?: (db: Database) => void): Promise<void> {
  const { DatabaseSync } = await loadDriver();
  const db = new DatabaseSync(file, { timeout: 1000 });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF; BEGIN');
  db.exec(DUMP);
  for (const sql of ADDING.slice(format - 1).reverse()) {
    const tables = [...sql.matchAll(/^CREATE TABLE (\w+)/gm)].map(([, table]) => table!);
    for (const [, table, name] of sql.matchAll(/^ALTER TABLE (\w+) ADD COLUMN (\w+)/gm))
      db.exec(`ALTER TABLE ${table} DROP COLUMN ${name}`);
    for (const table of tables) db.exec(`DROP TABLE ${table}`);
  }
  more?.(db);
  db.exec(`PRAGMA user_version = ${format}; COMMIT`);
  db.close();
}

/** Fields and kinds of rows that came with a format. */
const CAME_WITH: readonly (readonly [format: number, kind: string, ...fields: string[]])[] = [
  [3, 'codes'],
  [3, 'boxes'],
  [3, 'mailboxes'],
  [4, 'payouts', 'undoneBy'],
  [4, 'followers', 'invitedBy'],
  [5, 'payouts', 'stopped', 'refusals', 'expired'],
  [6, 'payouts', 'eventAt'],
  [6, 'followers', 'leftAt'],
  [7, 'acts'],
  [8, 'claims', 'day', 'scene', 'round'],
  [9, 'boxes', 'undecided'],
];

function expectedIn(format: number): Books {
  const snapshot = structuredClone(BOOKS);
  for (const [since, kind, ...fields] of CAME_WITH) {
    if (format >= since) continue;
    if (fields.length === 0) delete snapshot[kind];
    for (const row of snapshot[kind] ?? [])
      for (const field of fields) delete (isMap(row.payout) ? row.payout : row)[field];
  }
  return snapshot;
}

async function booksOf(store: Store): Promise<Books> {
  const snapshot = await store.snapshot();
  const found: Record<string, unknown[]> = {};
  const keep = async ({ kind, rows }: Piece): Promise<void> => {
    found[kind] = [...(found[kind] ?? []), ...rows];
  };
  await readPieces(snapshot, () => undefined, keep);
  await snapshot.close();
  return readJson(JSON.stringify(found), isBooks);
}

/** Where a kind's rows have no order of their own, by what they say. */
function inOrder(snapshot: Books): Books {
  const ordered = ['payouts', 'journal', 'acts'];
  return Object.fromEntries(
    Object.entries(snapshot).map(([kind, rows]) => [
      kind,
      ordered.includes(kind) ? rows : rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ]),
  );
}

async function expectAllThere(format: number): Promise<void> {
  const store = await openSqlite(file);
  expect(inOrder(sortedKeys(await booksOf(store)))).toStrictEqual(inOrder(sortedKeys(expectedIn(format))));
  await store.close();
}

function sortedKeys(books: Books): Books {
  const sorted = (_: string, value: unknown): unknown =>
    isMap(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;
  return readJson(JSON.stringify(books, sorted), isBooks);
}

async function formatOf(path: string): Promise<number> {
  const { DatabaseSync } = await loadDriver();
  const db = new DatabaseSync(path, { timeout: 1000 });
  const { user_version: format } = read(db.prepare('PRAGMA user_version').get(), has({ user_version: isNumber }));
  expect(db.prepare('PRAGMA integrity_check').all()).toHaveLength(1);
  db.close();
  return format;
}

describe('a file of an earlier format', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('%d says the same once it is brought up to date', async format => {
    await writeFormat(format);
    const [store, beside] = await Promise.all([openSqlite(file), openSqlite(file)]);
    for (const each of [store, beside]) await each.close();
    expect(await formatOf(file)).toBe(NEWEST);
    await expectAllThere(format);
  });

  test('is kept beside as it was, for its owner only, and goes on under its own name', async () => {
    await writeFormat(10);
    const store = await openSqlite(file);
    const kept = `${file}.format-10`;
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter(name => name.includes('part'))).toEqual([]);
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
    await store.close();
    expect(await formatOf(kept)).toBe(10);
    file = kept; // who goes back takes this one
    await expectAllThere(10);
    expect(existsSync(`${kept}.format-10`)).toBe(true);
  });

  test('that holds what cannot be is left as it is, and said so', async () => {
    await writeFormat(10, db =>
      db.exec("INSERT INTO counter VALUES ('somebody', 'campaign/x/user/oAnn0000000000000000000000an/claims', 1)"),
    );
    await expect(openSqlite(file)).rejects.toThrow(/cannot open the store .*a counter beside its follower/);
    expect(await formatOf(file)).toBe(10);
  });

  test('answers a redelivery as before, and knows a claim that was made', async () => {
    await writeFormat(10);
    const store = await openSqlite(file);
    const answers = read(BOOKS.answers, isListOf(has({ account: isText, key: isText, answer: isMap })));
    for (const { account, key, answer } of answers)
      expect(await store.answered(account, eventKey(key))).toEqual(answer);
    const claims = read(BOOKS.claims, isListOf(has({ key: isText, user: isText, account: isText })));
    const known = await Promise.all(
      claims.map(({ key, user, account }) =>
        store.facts({ account, user: openId(user), merchant: undefined, claims: [key], counters: [] }),
      ),
    );
    expect(known.map(facts => [...facts.claims])).toEqual(claims.map(({ key }) => [key]));
    const payouts = read(BOOKS.payouts, isListOf(has({ payout: has({ user: isText }) })));
    const mine = payouts.map(({ payout }) => payout);
    expect(await store.payouts({ user: ANN, limit: 99 })).toEqual(mine.filter(({ user }) => user === ANN).toReversed());
    const isLine = has({ event: has({ user: isText, key: isText }) });
    const lines = read(BOOKS.journal, isListOf(isLine)).toReversed();
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    expect(plain(await store.journal({ user: ANN, limit: 99 }))).toEqual(
      lines.filter(({ event }) => event.user === ANN),
    );
    for (const { event } of lines) {
      const key = eventKey(event.key);
      expect(plain(await store.journal({ key, limit: 99 }))).toEqual(lines.filter(line => line.event.key === key));
    }
    await store.close();
  });

  test('with a journal in Chinese is read as it is, and goes on in data', async () => {
    const checks = [{ ok: false, text: '今日已参与 1/1' }];
    await writeFormat(9, db =>
      db.exec(`UPDATE journal SET decision = json_set(decision, '$.trace[0].checks', json('${JSON.stringify(checks)}'))
        WHERE id = 1`),
    );
    const store = await openSqlite(file);
    const now = aCommit();
    await store.commit(now);
    const snapshot = await booksOf(store);
    const isTraced = has({ trace: isListOf(has({ checks: isListOf(isMap) })) });
    const tracesOf = (line: Record<string, unknown>) => read(line.decision, isTraced).trace[0]!.checks;
    expect(tracesOf(snapshot.journal![0]!)).toStrictEqual([{ ok: false, check: 'prose', text: '今日已参与 1/1' }]);
    expect(tracesOf(snapshot.journal!.at(-1)!)).toStrictEqual(now.decision.trace[0]!.checks);
    await store.close();
  });

  test('is whole, in one format or the other, whenever the migration is killed', { timeout: 120_000 }, async () => {
    const lines = 1500;
    const many = `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${lines})
      INSERT INTO journal SELECT 1000 + n, at, user, 'm:' || n, json_set(event, '$.key', 'm:' || n), decision, reply
      FROM n, journal WHERE id = 1`;
    const formats = new Set<number>();
    for (const delay of [0, 60, 150, 400]) {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      await writeFormat(10, db => db.exec(many));
      const open = `import('./src/storage/sqlite/schema.ts').then(async ({ openDatabase }) => {
        console.log('begins'); (await openDatabase(process.argv[1])).close(); })`;
      const child = spawn(process.execPath, ['--import', 'tsx', '-e', open, file], { cwd: ROOT, stdio: 'pipe' });
      await once(child.stdout, 'data');
      const ended = once(child, 'exit');
      await Promise.race([ended, sleep(delay)]);
      child.kill('SIGKILL');
      await ended;
      formats.add(await formatOf(file));
      const store = await openSqlite(file);
      const snapshot = await booksOf(store);
      expect(snapshot.journal).toHaveLength(BOOKS.journal!.length + lines);
      snapshot.journal = snapshot.journal!.slice(0, BOOKS.journal!.length);
      expect(inOrder(sortedKeys(snapshot))).toStrictEqual(inOrder(sortedKeys(BOOKS)));
      await store.close();
      expect(await formatOf(`${file}.format-10`)).toBe(10);
    }
    expect(formats).toContain(10);
  });
});

describe('the layout', () => {
  test('answers rare questions without reading a table from end to end', async () => {
    const asked = new Set<string>();
    const store = await openSqlite(file, async path => {
      const db = await openDatabase(path);
      return new Proxy(db, {
        get: (target, name) => {
          if (name !== 'prepare') {
            const value: unknown = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return (sql: string) => {
            asked.add(sql);
            return target.prepare(sql);
          };
        },
      });
    });
    const [commit, answer] = [aCommit(), anAnswer()];
    await store.commit(commit);
    await store.commit(answer);
    const { user, billNo } = commit.payout;
    const rest = { limit: 10, after: billNo } as const;
    for (const filter of [
      { user },
      { user, state: 'held', campaign: 'spring', merchant: 'shop' },
      { campaign: 'spring' },
      { campaign: 'spring', state: 'held' },
      { state: 'sent' },
      { merchant: 'shop' },
    ] as const)
      await store.payouts({ ...filter, ...rest });
    await store.journal({ user, limit: 1 });
    await store.journal({ key: commit.event.key, limit: 1 });
    await store.due('shop', NOW, 10);
    await store.close();
    const db = await openDatabase(file);
    const scans = [...asked].filter(sql => sql.includes('WHERE')).flatMap(sql => plansOf(db, sql));
    expect(asked.size).toBeGreaterThan(30);
    expect(scans.filter(plan => /SCAN (payout|own|journal|history|counter|follower)\b/.test(plan))).toEqual([]);
    db.close();
  });

  function plansOf(db: Database, sql: string): string[] {
    const rows = read(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(), isListOf(has({ detail: isText })));
    return rows.map(({ detail }) => `${detail} ← ${sql}`);
  }
});
