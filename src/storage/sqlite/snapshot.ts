// A snapshot of everything that is owed and was paid, for the audit and for a move. It is read in pieces on a connection
// of its own with one open read transaction: what a running bot writes is not in it, and neither waits for the other.

import { Fault } from '../../core/base/error.ts';
import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import type { Claim } from '../../core/decide/decision.ts';
import type { Follower } from '../../core/match/facts.ts';

import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type {
  Act,
  DocumentRow,
  Halt,
  HeldCode,
  JournalLine,
  Person,
  Rows,
  Snapshot,
  SnapshotRows,
} from '../../ports.ts';
import { inPages } from '../shared/pages.ts';
import {
  column,
  FIELDS,
  FOLLOWER,
  type FollowerRow,
  followerOf,
  named,
  PAYOUT,
  type PayoutRow,
  payoutWith,
  present,
  type Value,
} from '../shared/rows.ts';
import { ACT } from './acts.ts';
import { AUTHORIZATION, type AuthorizationRow, authorizationOf } from './authorizations.ts';
import { countersOf, type Values } from './counters.ts';
import { DOCUMENT, documentOf, type StoredDocument } from './documents.ts';
import { BUSY, faultOf, sqliteCodeOf } from './group-commit.ts';
import { type MailboxRow, mailboxOf } from './mailbox.ts';
import { AFTER, type ClaimText, claimFrom, type EventColumn, eventOf, heardIn } from './own/own-names.ts';
import { partsIn } from './parts.ts';
import {
  answerFrom,
  historyOf,
  type JournalRow,
  type LifeRow,
  type Lines,
  lifeIn,
  lineFromRow,
  payoutFrom,
} from './rows.ts';
import { type Database, openDatabase } from './schema.ts';
import { type Shapes, shapesIn } from './shapes.ts';

/** Rows read before others get their turn of the event loop: a few milliseconds. */
const CHUNK = 200;
/** The audit reads each page once or twice; the bot needs the machine's memory more. */
const CACHE_KIB = 4 * 1024;
const LOCK_TIMEOUT_MS = 5000;

/** Where the snapshot lies, and how it is given up. */
type Source = { readonly db: Database; readonly from: string; close(): void };

/**
 * Opens the books of one store. A connection that was given back is used again: the driver lets go of a closed one, and of
 * what it holds of the log, only when its statements are collected, and that may be hours later.
 */
export type Reading = {
  open(): Promise<Snapshot>;
  /** The same, and what `open` opens meanwhile is of the same moment: nobody writes until it has. */
  openTogether(open: () => Promise<void>): Promise<Snapshot>;
  /** Books that are open stay open. */
  close(): void;
};

export function readingOf(file: string, db: Database): Reading {
  const idle: Database[] = [];
  let isOpen = true;
  const giveBack = (reader: Database): void => {
    if (reader.isTransaction) reader.exec('ROLLBACK');
    if (isOpen) idle.push(reader);
    else reader.close();
  };
  const reader = async (): Promise<Database> => idle.pop() ?? (await readerOf(file));
  return {
    open: async () => booksOf(file === ':memory:' ? copied(db) : pinned(await reader(), giveBack)),
    openTogether: async openOther => {
      const [lock, ours] = [await reader(), await reader()]; // to open one takes longer than nobody may write
      try {
        await lockOut(lock);
        const snapshot = booksOf(pinned(ours, giveBack));
        await openOther();
        return snapshot;
      } finally {
        giveBack(lock);
      }
    },
    close: () => {
      isOpen = false;
      for (const reader of idle.splice(0)) reader.close();
    },
  };
}

async function readerOf(file: string): Promise<Database> {
  const reader = await openDatabase(file);
  reader.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  return reader;
}

/** Until its transaction is over nobody writes. Who writes just now has a moment to finish. */
async function lockOut(db: Database): Promise<void> {
  db.exec('PRAGMA query_only = OFF'); // which would refuse even this
  const givenUp = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      db.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (sqliteCodeOf(error) !== BUSY || performance.now() > givenUp) throw faultOf(error, 'safe');
      await turn();
    }
  }
}

/** WAL keeps the file as it is at this moment for as long as the transaction is open. */
function pinned(db: Database, giveBack: (db: Database) => void): Source {
  try {
    db.exec('PRAGMA query_only = ON; BEGIN');
    db.prepare('SELECT count(*) FROM bucket').get(); // BEGIN alone reads nothing, and so holds nothing
    return { db, from: 'main', close: () => giveBack(db) };
  } catch (error) {
    db.close();
    throw faultOf(error, 'safe');
  }
}

/** All there are but leases, which belong to the processes at work. */
const TABLES =
  "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'lease'";
let copies = 0;

/** A store without a file has one connection only, and a transaction on it would hold up its writes: so it is copied. */
function copied(db: Database): Source {
  const from = `books_${++copies}`;
  db.exec(`ATTACH ':memory:' AS ${from}`);
  for (const { name } of db.prepare<{ name: string }>(TABLES).all())
    db.exec(`CREATE TABLE ${from}.${name} AS SELECT * FROM main.${name}`);
  db.exec(`CREATE INDEX ${from}.history_payout ON history (payout, version)`);
  db.exec(`CREATE INDEX ${from}.payout_number ON payout (bill_no)`);
  db.exec(`CREATE INDEX ${from}.own_place ON own (owner, name)`);
  return { db, from, close: () => db.exec(`DETACH ${from}`) };
}

type HaltRow = Halt & { readonly merchant: string };

/** How one table is read: in the order of its key, each page beginning behind the last row of the one before. */
export type TableReading<Row, Entry> = {
  /** Without its LIMIT. */
  readonly sql: string;
  readonly first: readonly Value[];
  readonly keyOf: (row: Row) => Value[];
  readonly as: (row: Row) => Entry;
};

function booksOf({ db, from, close }: Source): Snapshot {
  let isOpen = true;
  const read = <T>(work: () => T): T => {
    if (!isOpen) throw new Fault('store', 'safe', 'closed', 'these books are closed');
    try {
      return work();
    } catch (error) {
      throw faultOf(error);
    }
  };
  async function* pages<Row, Entry>({ sql, first, keyOf, as }: TableReading<Row, Entry>): AsyncGenerator<Entry[]> {
    const page = read(() => db.prepare<Row>(`${sql} LIMIT ${CHUNK}`));
    for (let after = first; ; ) {
      const found = read(() => page.all(...after));
      yield found.map(as);
      if (found.length < CHUNK) return;
      after = keyOf(found.at(-1)!);
      await turn();
    }
  }
  const rows = <Row, Entry>(reading: TableReading<Row, Entry>): Rows<Entry> => inPages(() => pages(reading));
  const shapes = read(() => shapesIn(db, from));
  async function* counters(): AsyncGenerator<SnapshotRows['counters'][]> {
    yield* pages(sharedCountersIn(from));
    for await (const page of pages(ownCountersIn(from))) yield page.flat();
  }
  const [forgotten, line] = read(() => [
    db.prepare<{ line: number }>(`SELECT line FROM ${from}.forgotten`),
    db.prepare<JournalRow>(`SELECT id, at, line, said FROM ${from}.journal WHERE id = ?`),
  ]);
  const lines: Lines = { forgotten: () => forgotten.get()!.line, line: id => lineFromRow(shapes, line.get(id)!) };
  async function* answers(): AsyncGenerator<SnapshotRows['answers'][]> {
    for await (const page of pages(eventsIn(from))) {
      yield page.flatMap(({ owner, name, value }) => {
        const answer = read(() => answerFrom(heardIn(value), lines));
        return answer ? [{ ...eventOf([owner, name]), answer }] : [];
      });
    }
  }
  const life = read(() => db.prepare<LifeRow>(`SELECT ${lifeIn(from)} FROM ${from}.payout WHERE bill_no = ?`));
  return {
    claims: () => rows(claimsIn(from)),
    payouts: () => rows(payoutsIn(from, shapes)),
    history: async (billNo: BillNo) => read(() => historyOf(life.get(billNo))),
    lives: () => rows(livesIn(from, shapes)),
    counters: () => inPages(counters),
    parts: stand => partsIn({ db, from, shapes, read, pages }, stand),
    buckets: () => rows(bucketsIn(from)),
    followers: () => rows(followersIn(from)),
    answers: () => inPages(answers),
    halts: () => rows(haltsIn(from)),
    journal: () => rows(journalIn(from, shapes)),
    codes: () => rows(codesIn(from)),
    boxes: () => rows(boxesIn(from)),
    mailboxes: () => rows(mailboxesIn(from)),
    authorizations: () => rows(authorizationsIn(from)),
    documents: () => rows(documentsIn(from)),
    acts: () => rows(actsIn(from)),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      close();
    },
  };
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** A row as one JSON text: the driver takes as long for each column of a row as for this. */
type TextRow<Key> = { readonly key: Key; readonly row: JsonText<Value[]> };

/** Rows of `own` of one kind, by its letter and the one behind it. */
type OwnRow<Value> = { readonly owner: string; readonly name: string; readonly value: Value };
const ownIn = (from: string, kind: string, after: string): string =>
  `SELECT owner, name, value FROM ${from}.own WHERE (owner, name) > (?, ?) AND name >= '${kind}' AND name < '${after}'
    ORDER BY owner, name`;

function ownReading<Value, Entry>(sql: string, as: (row: OwnRow<Value>) => Entry): TableReading<OwnRow<Value>, Entry> {
  return { sql, first: ['', ''], keyOf: ({ owner, name }) => [owner, name], as };
}

const claimsIn = (from: string): TableReading<OwnRow<ClaimText>, Claim> =>
  ownReading(ownIn(from, 'c', AFTER.c), ({ owner, name, value }) => claimFrom([owner, name], value));

const SCALARS = FIELDS.filter(field => field !== 'request' && field !== 'holds');
type LivesRow = TextRow<number> & LifeRow & { readonly request: string; readonly holds: string };

const livesIn = (from: string, shapes: Shapes): TableReading<LivesRow, SnapshotRows['payouts']> => ({
  sql: `SELECT id AS key, json_array(${SCALARS.map(column).join()}) AS row, request, holds, ${lifeIn(from)}
    FROM ${from}.payout WHERE id > ? ORDER BY id`,
  first: [-1],
  keyOf: ({ key }) => [key],
  as: row => {
    const texts = { request: shapes.full(row.request), holds: shapes.full(row.holds) };
    const payout = payoutWith(Object.assign(named<object>(SCALARS, saidBy(row.row)), texts));
    return { payout, history: historyOf(row) };
  },
});

const payoutsIn = (from: string, shapes: Shapes): TableReading<PayoutRow, Payout> => ({
  sql: `SELECT ${PAYOUT} FROM ${from}.payout
    WHERE id > coalesce((SELECT id FROM ${from}.payout WHERE bill_no = ?), -1) ORDER BY id`,
  first: [''],
  keyOf: row => [row.billNo],
  as: row => payoutFrom(shapes, row),
});

type NamedCounter = SnapshotRows['counters'];
export const sharedCountersIn = (from: string): TableReading<NamedCounter, NamedCounter> => ({
  sql: `SELECT name, value FROM ${from}.counter WHERE name > ? ORDER BY name`,
  first: [''],
  keyOf: ({ name }) => [name],
  as: present,
});
const ownCountersIn = (from: string): TableReading<OwnRow<JsonText<Values>>, NamedCounter[]> =>
  ownReading(ownIn(from, 'n', AFTER.n), ({ owner, name, value }) => countersOf(owner, name, value));

const bucketsIn = (from: string): TableReading<SnapshotRows['buckets'], SnapshotRows['buckets']> => ({
  sql: `SELECT campaign, reserved, sent, received, refunded FROM ${from}.bucket WHERE campaign > ? ORDER BY campaign`,
  first: [''],
  keyOf: bucket => [bucket.campaign],
  as: present,
});

const followersIn = (from: string): TableReading<FollowerRow & Pick<Follower, 'account' | 'user'>, Follower> => ({
  sql: `SELECT account, user, ${FOLLOWER} FROM ${from}.follower
    WHERE (account, user) > (?, ?) ORDER BY account, user`,
  first: ['', ''],
  keyOf: ({ account, user }) => [account, user],
  as: row => followerOf(row, row),
});

type EventRow = OwnRow<EventColumn>;
const eventsIn = (from: string): TableReading<EventRow, EventRow> => ownReading(ownIn(from, 'e', AFTER.e), row => row);

const haltsIn = (from: string): TableReading<HaltRow, SnapshotRows['halts']> => ({
  sql: `SELECT merchant, code, reason, since, by, probe_at AS probeAt FROM ${from}.halt
    WHERE merchant > ? ORDER BY merchant`,
  first: [''],
  keyOf: ({ merchant }) => [merchant],
  as: ({ merchant, ...halt }) => ({ merchant, halt: present(halt) }),
});

const journalIn = (from: string, shapes: Shapes): TableReading<JournalRow, JournalLine> => ({
  sql: `SELECT id, at, line, said FROM ${from}.journal WHERE id > ? ORDER BY id`,
  first: [-1],
  keyOf: ({ id }) => [id],
  as: row => lineFromRow(shapes, row),
});

const codesIn = (from: string): TableReading<HeldCode, HeldCode> => ({
  sql: `SELECT hash, batch, box, prize FROM ${from}.code WHERE hash > ? ORDER BY hash`,
  first: [''],
  keyOf: ({ hash }) => [hash],
  as: present,
});

type BoxRow = Omit<SnapshotRows['boxes'], 'active' | 'undecided'> & {
  readonly active: number;
  readonly decided: number;
};
const boxesIn = (from: string): TableReading<BoxRow, SnapshotRows['boxes']> => ({
  sql: `SELECT batch, box, codes, active, decided FROM ${from}.code_box WHERE (batch, box) > (?, ?) ORDER BY batch, box`,
  first: ['', -1],
  keyOf: ({ batch, box }) => [batch, box],
  as: ({ decided, ...row }) => ({
    ...row,
    active: row.active === 1,
    ...(decided === 0 && { undecided: true as const }),
  }),
});

const mailboxesIn = (from: string): TableReading<MailboxRow & Person, SnapshotRows['mailboxes']> => ({
  sql: `SELECT account, user, version, sent, owed FROM ${from}.mailbox
    WHERE (account, user) > (?, ?) ORDER BY account, user`,
  first: ['', ''],
  keyOf: ({ account, user }) => [account, user],
  as: ({ account, user, ...mailbox }) => ({ account, user, mailbox: mailboxOf(mailbox) }),
});

const authorizationsIn = (from: string): TableReading<AuthorizationRow, SnapshotRows['authorizations']> => ({
  sql: `SELECT ${AUTHORIZATION} FROM ${from}.authorization WHERE (merchant, user) > (?, ?) ORDER BY merchant, user`,
  first: ['', ''],
  keyOf: ({ merchant, user }) => [merchant, user],
  as: authorizationOf,
});

const documentsIn = (from: string): TableReading<StoredDocument, DocumentRow> => ({
  sql: `SELECT ${DOCUMENT} FROM ${from}.document WHERE (kind, name) > (?, ?) ORDER BY kind, name`,
  first: ['', ''],
  keyOf: ({ kind, name }) => [kind, name],
  as: documentOf,
});

const actsIn = (from: string): TableReading<Act, Act> => ({
  sql: `SELECT ${ACT} FROM ${from}.act WHERE id > ? ORDER BY id`,
  first: [-1],
  keyOf: ({ id }) => [id],
  as: present,
});
