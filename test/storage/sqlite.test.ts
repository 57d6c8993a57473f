// The embedded store: the contract of every store, and what only a file on a disk can go through.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BadInput, Fault } from '../../src/core/base/error.ts';
import { type EventKey, eventKey } from '../../src/core/base/event.ts';
import { asBillNo, type BillNo } from '../../src/core/payout/payout.ts';
import type { Store } from '../../src/ports.ts';
import { openStore } from '../../src/storage/open.ts';
import { despiteLocks, groupCommit, type Transactions } from '../../src/storage/sqlite/group-commit.ts';
import { openDatabase, refuseOldSqlite } from '../../src/storage/sqlite/schema.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { failureOf } from '../support/failure.ts';
import { has, isListOf, isMap, isNumber, isText, read } from '../support/json.ts';
import { authorizationsContract } from './authorization.contract.ts';
import { codesContract } from './codes.contract.ts';
import { documentsContract } from './document.contract.ts';
import { leaseContract } from './lease.contract.ts';
import { aCommit, anAnswer, aStep, buckets, counterOf, listOf, type Opened, storeContract } from './store.contract.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const WRITER = join(import.meta.dirname, '../fixtures/store-writer.ts');

async function openedFile(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-store-'));
  const open = new Set<Store>();
  const beside = async (): Promise<Store> => {
    const store = await openSqlite(join(folder, 'bot.db'));
    open.add(store);
    return store;
  };
  const closeAll = async (): Promise<void> => {
    for (const store of open) await store.close();
    open.clear();
  };
  const reopen = async (): Promise<Store> => {
    await closeAll();
    return beside();
  };
  const dispose = async (): Promise<void> => {
    await closeAll();
    rmSync(folder, { recursive: true });
  };
  return { store: await beside(), beside, reopen, dispose };
}

storeContract('SQLite', openedFile);
leaseContract('SQLite', openedFile);
codesContract('SQLite', openedFile);
authorizationsContract('SQLite', openedFile);
documentsContract('SQLite', openedFile);

let folder: string;
let file: string;
const children = new Set<ChildProcess>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-sqlite-'));
  file = join(folder, 'bot.db');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  rmSync(folder, { recursive: true });
});

/** Runs a script of TypeScript in a process of its own, and hands over its lines as they come. */
function run(
  script: string,
  args: readonly string[],
  hear: (line: string, child: ChildProcess) => void,
): Promise<number | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', line => hear(line, child));
  return Promise.all([once(child, 'exit'), once(lines, 'close')]).then(() => child.exitCode);
}

/** How many transactions the WAL of a young file holds: each ends in a frame that names the file's size. */
function transactionsIn(wal: string): number {
  if (!existsSync(wal) || statSync(wal).size === 0) return 0;
  const bytes = readFileSync(wal);
  const frame = 24 + bytes.readUInt32BE(8);
  let ends = 0;
  for (let at = 32; at + frame <= bytes.length; at += frame) if (bytes.readUInt32BE(at + 4) > 0) ends++;
  return ends;
}

async function integrityOf(path: string): Promise<unknown> {
  const db = await openDatabase(path);
  try {
    return db
      .prepare('PRAGMA integrity_check')
      .all()
      .map(row => ({ ...read(row, isMap) }));
  } finally {
    db.close();
  }
}

describe('a process that is killed', () => {
  test('in the middle of its commits has lost none that it acknowledged', { timeout: 60_000 }, async () => {
    const seen = { events: new Set<EventKey>(), done: new Set<BillNo>(), sent: new Set<BillNo>() };
    for (const [round, lines] of [120, 400, 900].entries()) {
      let left = lines;
      await run(WRITER, [file, `w${round}`, '1000000', '1000000000'], (line, child) => {
        const [kind, key = '', number = ''] = line.split(' ');
        const billNo = asBillNo(number);
        if (--left === 0) child.kill('SIGKILL');
        if (kind === 'done') seen.done.add(billNo);
        if (kind === 'done') seen.events.add(eventKey(key));
        if (kind === 'sent') seen.sent.add(billNo);
      });
      expect(left).toBeLessThanOrEqual(0);
      await expectNothingLost(seen);
    }
  });

  async function expectNothingLost(seen: {
    readonly events: ReadonlySet<EventKey>;
    readonly done: ReadonlySet<BillNo>;
    readonly sent: ReadonlySet<BillNo>;
  }): Promise<void> {
    const store = await openSqlite(file);
    try {
      for (const key of seen.events) expect(await store.answered('tea', key), key).toBeDefined();
      for (const billNo of seen.done) expect(await store.payout(billNo), billNo).toBeDefined();
      for (const billNo of seen.sent) expect((await store.payout(billNo))?.state, billNo).toBe('sent');
      const payouts = await store.payouts({ limit: 1_000_000 });
      const sent = payouts.filter(({ state }) => state === 'sent').length * 100;
      const reserved = payouts.length * 100 - sent;
      expect(await store.buckets('spring')).toEqual(buckets({ reserved, sent }));
      expect(await counterOf(store, 'campaign/spring/amount')).toBe(payouts.length * 100);
      expect(await store.journal({ limit: 1_000_000 })).toHaveLength(payouts.length);
    } finally {
      await store.close();
    }
    expect(await integrityOf(file)).toEqual([{ integrity_check: 'ok' }]);
  }
});

describe('two processes on one file', () => {
  test('that start together share one budget, to the fen', { timeout: 60_000 }, async () => {
    const sums: Record<string, number>[] = [];
    const hear = (line: string): void => {
      if (line.startsWith('sums ')) sums.push(JSON.parse(line.slice(5)));
    };
    const names = ['a', 'b', 'c'];
    const codes = await Promise.all(names.map(name => run(WRITER, [file, name, '300', '50000'], hear)));
    expect(codes).toEqual([0, 0, 0]);
    const total = (kind: string): number => sums.reduce((sum, each) => sum + each[kind]!, 0);
    expect(total('done') + total('lost') + total('claimed')).toBe(900);
    expect(total('done')).toBe(500);

    const store = await openSqlite(file);
    expect(await store.buckets('spring')).toEqual(buckets({ sent: 50_000 }));
    expect(await counterOf(store, 'campaign/spring/amount')).toBe(50_000);
    const made = await Promise.all(names.map(name => counterOf(store, `campaign/spring/writer/${name}`)));
    expect(made.toSorted()).toEqual(sums.map(each => each.done!).toSorted());
    await store.close();
    expect(await integrityOf(file)).toEqual([{ integrity_check: 'ok' }]);
  });

  test('wait for each other', async () => {
    const store = await openSqlite(file);
    const script = join(folder, 'holder.mts');
    writeFileSync(
      script,
      `import { openDatabase } from ${JSON.stringify(join(ROOT, 'src/storage/sqlite/schema.ts'))};
       const db = await openDatabase(process.argv[2]);
       db.exec('BEGIN IMMEDIATE');
       console.log('locked');
       setTimeout(() => { db.exec('COMMIT'); db.close(); }, 400);`,
    );
    let written: ReturnType<Store['commit']> | undefined;
    const code = await run(script, [file], () => {
      written = store.commit(anAnswer());
    });
    expect([code, await written]).toEqual([0, { kind: 'done' }]);
    await store.close();
  });

  test('that ask for one lease together: one gets it', { timeout: 60_000 }, async () => {
    const script = join(folder, 'asker.mts');
    writeFileSync(
      script,
      `import { openSqlite } from ${JSON.stringify(join(ROOT, 'src/storage/sqlite/store.ts'))};
       const store = await openSqlite(process.argv[2]);
       const lease = await store.lease('job:audit', process.argv[3], 60000, Date.now());
       console.log(lease ? 'mine' : 'no');
       await store.close();`,
    );
    const said: string[] = [];
    const codes = await Promise.all(['a', 'b', 'c'].map(name => run(script, [file, name], line => said.push(line))));
    expect(codes).toEqual([0, 0, 0]);
    expect(said.toSorted()).toEqual(['mine', 'no', 'no']);
  });

  test('give up in the end, and nothing was written', async () => {
    const store = await openSqlite(file);
    const [holder, waiter] = [await openDatabase(file), await openDatabase(file)];
    holder.exec('BEGIN IMMEDIATE');
    const batch = groupCommit(waiter);
    const row = "VALUES ('shop', 'X', 'x', 1, 'bot')";
    const insert = (): void => waiter.exec(`INSERT INTO halt (merchant, code, reason, since, by) ${row}`);
    const results = await Promise.allSettled([batch.write(insert), batch.write(insert)]);
    const busy = expect.objectContaining({ name: 'Fault', who: 'store', retry: 'safe', code: 'busy' });
    expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: busy }));
    holder.exec('COMMIT');
    expect(await store.halt('shop')).toBeUndefined();
    await batch.write(insert);
    expect(await store.halt('shop')).toBeDefined();
    for (const db of [holder, waiter]) db.close();
    await store.close();
  });

  test('wait for a lock beside the event loop: meanwhile everything else goes on', async () => {
    const store = await openSqlite(file);
    const other = await openDatabase(file);
    other.exec('BEGIN IMMEDIATE');
    let [ticks, longest, last] = [0, 0, performance.now()];
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      ticks++;
    }, 5);
    const commit = aCommit();
    const written = Promise.all([store.commit(commit), store.commit(aCommit())]);
    await sleep(2000);
    expect(await store.payout(commit.payout.billNo)).toBeUndefined(); // who reads does not wait
    other.exec('COMMIT');
    expect(await written).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
    expect(longest).toBeLessThan(250);
    other.close();
    await store.close();
  });

  test('read again, for as long as a push may wait, where one locks even readers out', async () => {
    const busy = Object.assign(new Error('database is locked'), { errcode: 5 });
    let locked = 3;
    const read = (): string => {
      if (locked-- > 0) throw busy;
      return 'read';
    };
    expect(await despiteLocks(read)).toBe('read');
    locked = Number.POSITIVE_INFINITY;
    await expect(despiteLocks(read)).rejects.toEqual(expect.objectContaining({ name: 'Fault', code: 'busy' }));
  });

  test('do not disturb each other by a checkpoint', async () => {
    const store = await openSqlite(file);
    const commit = aCommit();
    await store.commit(commit);
    const other = await openDatabase(file);
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    other.close();
    expect(await store.payout(commit.payout.billNo)).toStrictEqual(commit.payout);
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
    expect(await store.journal({ limit: 10 })).toHaveLength(2);
    await store.close();
  });
});

describe('the group commit', () => {
  test('makes one transaction of all that came in one turn', async () => {
    const store = await openSqlite(file);
    const before = transactionsIn(`${file}-wal`);
    await Promise.all(Array.from({ length: 100 }, () => store.commit(aCommit())));
    expect(transactionsIn(`${file}-wal`) - before).toBe(1);
    for (let n = 0; n < 3; n++) await store.commit(aCommit());
    expect(transactionsIn(`${file}-wal`) - before).toBe(4);
    await store.close();
  });

  /** A database that writes down what it is told, and fails where it is told to. */
  function pretend(fails: (sql: string) => boolean = () => false) {
    const said: string[] = [];
    const db: { -readonly [K in keyof Transactions]: Transactions[K] } = {
      isTransaction: false,
      exec(sql: string) {
        said.push(sql);
        if (fails(sql)) throw new Error(`no ${sql}`);
        if (sql === 'BEGIN IMMEDIATE') db.isTransaction = true;
        if (sql === 'COMMIT' || sql === 'ROLLBACK') db.isTransaction = false;
      },
    };
    return { db, said, batch: groupCommit(db, { max: 3 }) };
  }
  const safe = expect.objectContaining({ name: 'Fault', who: 'store', retry: 'safe' });

  test('says nothing to anybody before the COMMIT', async () => {
    const { batch, said } = pretend();
    const told = (n: number) => batch.write(() => n).then(() => said.push(`told ${n}`));
    await Promise.all([told(1), told(2)]);
    const one = ['SAVEPOINT one', 'RELEASE one'];
    expect(said).toEqual(['BEGIN IMMEDIATE', ...one, ...one, 'COMMIT', 'told 1', 'told 2']);
  });

  test('takes a bounded number into one transaction, in the order in which they came', async () => {
    const { batch, said } = pretend();
    const order: number[] = [];
    await Promise.all(Array.from({ length: 7 }, (_, n) => batch.write(() => order.push(n))));
    expect(said.filter(sql => sql === 'COMMIT')).toHaveLength(3);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('takes back what was undone, or thrown out, and leaves its neighbours', async () => {
    const { batch, said } = pretend();
    const broken = new Error('broken');
    const results = await Promise.allSettled([
      batch.write(() => 'kept'),
      batch.write(undo => {
        undo();
        return 'undone';
      }),
      batch.write(() => {
        throw broken;
      }),
    ]);
    const fulfilled = (value: string) => ({ status: 'fulfilled', value });
    expect(results).toEqual([fulfilled('kept'), fulfilled('undone'), { status: 'rejected', reason: broken }]);
    const back = ['SAVEPOINT one', 'ROLLBACK TO one; RELEASE one'];
    expect(said).toEqual(['BEGIN IMMEDIATE', 'SAVEPOINT one', 'RELEASE one', ...back, ...back, 'COMMIT']);
  });

  test.each(['BEGIN IMMEDIATE', 'COMMIT'])('fails all when %s fails, and the next go on', async sql => {
    let failing = true;
    const { batch, db, said } = pretend(each => failing && each === sql);
    const results = await Promise.allSettled([batch.write(() => 1), batch.write(() => 2)]);
    expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: safe }));
    expect(db.isTransaction).toBe(false);
    expect(said.includes('ROLLBACK')).toBe(sql === 'COMMIT');
    failing = false;
    expect(await batch.write(() => 3)).toBe(3);
  });

  test('fails all when SQLite gave up the whole transaction', async () => {
    const { batch, db } = pretend();
    const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
    const results = await Promise.allSettled([
      batch.write(() => 'before'),
      batch.write(() => {
        db.isTransaction = false;
        throw full;
      }),
      batch.write(() => 'after'),
    ]);
    expect(results).toEqual(Array(3).fill({ status: 'rejected', reason: safe }));
  });

  test('on a full disk writes nothing, and goes on when there is room', async () => {
    const db = await openDatabase(file);
    const batch = groupCommit(db);
    const { page_count: pages } = read(db.prepare('PRAGMA page_count').get(), has({ page_count: isNumber }));
    db.exec(`PRAGMA max_page_count = ${pages + 20}`);
    const insert = db.prepare('INSERT INTO journal (at, line, said) VALUES (1, ?, ?)');
    const write = (key: string) => batch.write(() => insert.run(key, 'x'.repeat(30_000)).changes);
    const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map(write));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(results.map(each => each.status === 'rejected' && each.reason)).toEqual(Array(4).fill(safe));
    db.exec('PRAGMA max_page_count = 100000');
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(write))).toEqual([1, 1, 1, 1]);
    expect(db.prepare('SELECT count(*) AS lines FROM journal').get()).toEqual({ lines: 4 });
    db.close();
  });
});

describe('the file', () => {
  const gone = expect.objectContaining({ name: 'Fault', who: 'store', retry: 'safe', code: 'gone' });

  test.each(['', '-wal'])('bot.db%s, removed or replaced while it is in use, takes nothing any more', async which => {
    for (const replace of [false, true]) {
      const path = join(folder, `${replace}.db`);
      const store = await openSqlite(path);
      expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
      copyFileSync(path + which, `${path}.copy`);
      rmSync(path + which);
      if (replace) renameSync(`${path}.copy`, path + which);
      await expect(store.commit(aCommit())).rejects.toEqual(gone);
      await expect(store.buckets('x')).rejects.toEqual(gone); // by which `/readyz` tells
      // Put back, it is still not the file that is open here.
      if (!replace) renameSync(`${path}.copy`, path + which);
      await expect(store.commit(aCommit())).rejects.toEqual(gone);
      await store.close();
    }
  });

  test('that is gone is noticed by who only reads within a second', async () => {
    const store = await openSqlite(file);
    await store.commit(aCommit());
    renameSync(file, `${file}.old`);
    await sleep(1100);
    await expect(store.payouts({ limit: 1 })).rejects.toEqual(gone);
    await store.close();
  });

  test('on a disk that is full when it is closed: that is said as a fault, and nothing acknowledged is lost', async () => {
    const store = await openSqlite(file, async path => {
      const db = await openDatabase(path);
      const exec = (sql: string): void => {
        if (sql.includes('checkpoint(')) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
        db.exec(sql);
      };
      return { exec, prepare: sql => db.prepare(sql), close: () => db.close(), isTransaction: false };
    });
    const commit = aCommit();
    await store.commit(commit);
    await expect(store.close()).rejects.toEqual(
      expect.objectContaining({ name: 'Fault', who: 'store', retry: 'safe', code: 'sqlite-13' }),
    );
    const again = await openSqlite(file);
    expect(await again.payout(commit.payout.billNo)).toStrictEqual(commit.payout);
    await again.close();
  });

  test('is made with its folder, and only its owner may read it', async () => {
    const deep = join(folder, 'data/here/bot.db');
    const store = await openSqlite(deep);
    await store.commit(aCommit());
    for (const name of [deep, `${deep}-wal`, `${deep}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    await store.close();
  });

  test('keeps the mode its owner gave it', async () => {
    writeFileSync(file, '', { mode: 0o660 });
    const before = statSync(file).mode;
    await (await openSqlite(file)).close();
    expect(statSync(file).mode).toBe(before);
  });

  test('is durable, strict, and says what each of its columns is', async () => {
    const db = await openDatabase(file);
    const one = (sql: string) => Object.values(read(db.prepare(sql).get(), isMap))[0];
    const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'];
    expect(pragmas.map(name => one(`PRAGMA ${name}`))).toEqual(['wal', 2, 1, 50]);
    expect(one('PRAGMA user_version')).toBeGreaterThan(4);
    const tables = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all();
    expect(tables.length).toBeGreaterThan(8);
    for (const { name, sql } of read(tables, isListOf(has({ name: isText, sql: isText })))) {
      expect(sql, name).toMatch(/\) STRICT(, WITHOUT ROWID)?$/);
      const columns = sql.split('\n').filter(line => /^ {2}\w+ +(TEXT|INTEGER|ANY)/.test(line));
      expect(
        columns.filter(line => !line.includes(' -- ')),
        name,
      ).toEqual([]);
      // One that came later stands without its comment, which the migration has.
      const later = [...sql.matchAll(/, \w+ (?:TEXT|INTEGER)(?: NOT NULL DEFAULT \d+)?(?=[,)])/g)];
      expect(columns.length + later.length).toBe(db.prepare(`PRAGMA table_info(${name})`).all().length);
    }
    db.close();
    const migrations = readFileSync(join(ROOT, 'src/storage/sqlite/schema.ts'), 'utf8').match(/^ALTER TABLE .*$/gm);
    for (const line of migrations!) expect(line).toContain(' -- ');
  });

  test('is whole in itself once it is closed, and can be copied', async () => {
    const store = await openSqlite(file);
    const commit = aCommit();
    await store.commit(commit);
    await store.close();
    const copy = join(folder, 'copy.db');
    copyFileSync(file, copy);
    expect(await integrityOf(copy)).toEqual([{ integrity_check: 'ok' }]);
    const again = await openSqlite(copy);
    expect(await again.payout(commit.payout.billNo)).toStrictEqual(commit.payout);
    await again.close();
  });

  test('read again and again holds neither more files nor the log beside it', async () => {
    const store = await openSqlite(file);
    const read = async (): Promise<void> => {
      const snapshot = await store.snapshot();
      for await (const _ of snapshot.claims());
      await snapshot.close();
    };
    await read();
    const files = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i++) await read();
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(files + 2);
    const other = await openDatabase(file);
    expect(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0, log: 0 });
    other.close();
    await store.close();
  });

  test('that is no database is refused by name, and left as it is', async () => {
    const text = '这不是数据库。'.repeat(200);
    writeFileSync(file, text);
    await expectRefused(file, /no store of hongbao-bot.*move this one away/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('of another program is refused', async () => {
    const db = await openDatabase(file);
    db.exec('PRAGMA application_id = 7');
    db.close();
    await expectRefused(file, /another program made it/);
  });

  test('of a newer version is refused', async () => {
    const db = await openDatabase(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expectRefused(file, /newer hongbao-bot \(format 99, we know \d+\): update hongbao-bot/);
  });

  test('that is a folder, or lies in a file, is refused', async () => {
    mkdirSync(file);
    await expectRefused(file, /cannot open the store/);
    writeFileSync(join(folder, 'plain'), '');
    await expectRefused(join(folder, 'plain/bot.db'), /cannot open the store/);
  });

  async function expectRefused(path: string, message: RegExp): Promise<void> {
    const error = await failureOf(openSqlite(path), BadInput);
    expect(error.message).toContain(path);
    expect(error.message).toMatch(message);
  }

  test('may be no file at all', async () => {
    const store = await openSqlite(':memory:');
    expect(await store.commit(aCommit())).toEqual({ kind: 'done' });
    await store.close();
  });

  test('that is none still has books of one moment', async () => {
    const store = await openSqlite(':memory:');
    const { payout } = aCommit();
    const commit = aCommit();
    await store.commit(commit);
    const snapshot = await store.snapshot();
    const more = await store.snapshot();
    await Promise.all([store.commit(aCommit()), store.advance(aStep(commit.payout, 'sent', 'reserved→sent'))]);
    for (const each of [snapshot, more]) {
      expect(await listOf(each.payouts())).toStrictEqual([commit.payout]);
      expect(await each.history(commit.payout.billNo)).toHaveLength(1);
      expect(await each.history(payout.billNo)).toEqual([]);
      await each.close();
    }
    expect(await store.payouts({ limit: 10 })).toHaveLength(2);
    await store.close();
  });

  test('holds whole keys: one with a NUL, which SQLite would cut, is a mistake', async () => {
    const store = await openSqlite(file);
    await store.commit(anAnswer({ key: 'm:1' }));
    await expect(store.answered('tea', eventKey('m:1\0x'))).rejects.toThrow('NUL');
    await expect(store.commit(anAnswer({ key: 'm:2\0' }))).rejects.toThrow('NUL');
    await store.close();
  });

  test('that fails while it is read is a fault, and may be read again', async () => {
    const store = await openSqlite(file);
    const db = await openDatabase(file);
    db.exec('ALTER TABLE halt RENAME TO gone');
    const fault: unknown = await store.halt('shop').catch(each => each);
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ who: 'store', retry: 'safe' });
    db.exec('ALTER TABLE gone RENAME TO halt');
    expect(await store.halt('shop')).toBeUndefined();
    db.close();
    await store.close();
  });
});

describe('SQLite itself', () => {
  test.each(['3.51.3', '3.53.0', '3.52.0', '4.0.0'])('%s is new enough', version => {
    expect(() => refuseOldSqlite(version)).not.toThrow();
  });
  test.each(['3.51.2', '3.45.1', '3.7.99', '2.99.99'])('%s could lose commits, and is refused', version => {
    expect(() => refuseOldSqlite(version)).toThrow(BadInput);
  });
});

describe('the address of a store', () => {
  test.each(['sqlite:FILE', 'sqlite://FILE', 'SQLITE:FILE'])('%s opens the file', async address => {
    const store = await openStore(address.replace('FILE', file));
    await store.close();
    expect(statSync(file).isFile()).toBe(true);
  });

  test.each([
    ['mysql://root:hunter2@localhost/bot', /sqlite:FILE/],
    ['data/hunter2.db', /sqlite:FILE/],
    ['sqlite:', /needs a file/],
    ['', /sqlite:FILE/],
  ])('%s is refused in one sentence that repeats no password', async (address, message) => {
    const error = await failureOf(openStore(address), BadInput);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('hunter2');
    expect(error.message).not.toContain('\n');
  });
});
