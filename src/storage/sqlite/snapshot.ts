// A snapshot of everything that is owed and was paid, for the audit and for a move. It is read in pieces on a connection
// of its own with one open read transaction: what a running bot writes is not in it, and neither waits for the other.

import { Fault } from '../../core/base/error.ts';
import type { Claim } from '../../core/decide/decision.ts';
import type { Follower } from '../../core/match/facts.ts';

import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type { Act, BookRows, Books, Halt, HeldCode, HistoryLine, JournalLine, Person, Rows } from '../../ports.ts';
import { inPages } from '../shared/pages.ts';
import {
  type AnswerRow,
  answerOf,
  column,
  FIELDS,
  FOLLOWER,
  type FollowerRow,
  followerOf,
  type JournalRow,
  journalLineOf,
  lineFrom,
  named,
  PAYOUT,
  type PayoutRow,
  payoutOf,
  payoutWith,
  present,
  type StoredLine,
  type Value,
} from '../shared/rows.ts';
import { ACT } from './acts.ts';
import { faultOf } from './group-commit.ts';
import { type MailboxRow, mailboxOf } from './mailbox.ts';
import { type Database, openDatabase, type Statement } from './schema.ts';

/** Rows read before others get their turn of the event loop: a few milliseconds. */
const CHUNK = 200;
/** Counters are small, and nine times as many as claims. */
const COUNTERS_A_PAGE = 500;
/** The audit reads each page once or twice; the bot needs the machine's memory more. */
const CACHE_KIB = 4 * 1024;

/** Where the snapshot lies, and how it is given up. */
type Source = { readonly db: Database; readonly from: string; close(): void };

export async function openBooks(file: string, db: Database): Promise<Books> {
  const source = file === ':memory:' ? copied(db) : await pinned(file);
  return booksOf(source);
}

/** WAL keeps the file as it is at this moment for as long as the transaction is open. */
async function pinned(file: string): Promise<Source> {
  const db = await openDatabase(file);
  try {
    db.exec(`PRAGMA query_only = ON; PRAGMA cache_size = -${CACHE_KIB}; BEGIN`);
    db.prepare('SELECT count(*) FROM bucket').get(); // BEGIN alone reads nothing, and so holds nothing
    return { db, from: 'main', close: () => db.close() };
  } catch (error) {
    db.close();
    throw faultOf(error, 'safe');
  }
}

const TABLES = 'claim payout history counter bucket follower answer halt journal code code_box mailbox act'.split(' ');
let copies = 0;

/** A store without a file has one connection only, and a transaction on it would hold up its writes: so it is copied. */
function copied(db: Database): Source {
  const from = `books_${++copies}`;
  db.exec(`ATTACH ':memory:' AS ${from}`);
  for (const table of TABLES) {
    db.exec(`CREATE TABLE ${from}.${table} AS SELECT * FROM main.${table}`);
  }
  db.exec(`CREATE INDEX ${from}.history_payout ON history (payout, version)`);
  db.exec(`CREATE INDEX ${from}.payout_number ON payout (bill_no)`);
  return { db, from, close: () => db.exec(`DETACH ${from}`) };
}

type HaltRow = Halt & { readonly merchant: string };

/** How one table is read: in the order of its key, each page beginning behind the last row of the one before. */
type Reading<Row, Entry> = {
  /** Without its LIMIT. */
  readonly sql: string;
  readonly first: readonly Value[];
  readonly keyOf: (row: Row) => Value[];
  readonly as: (row: Row) => Entry;
};

function booksOf({ db, from, close }: Source): Books {
  let isOpen = true;
  const read = <T>(work: () => T): T => {
    if (!isOpen) throw new Fault('store', 'safe', 'closed', 'these books are closed');
    try {
      return work();
    } catch (error) {
      throw faultOf(error);
    }
  };
  async function* pages<Row, Entry>({ sql, first, keyOf, as }: Reading<Row, Entry>): AsyncGenerator<Entry[]> {
    const page = read(() => db.prepare(`${sql} LIMIT ${CHUNK}`) as Statement<Row>);
    for (let after = first; ; ) {
      const found = read(() => page.all(...after));
      yield found.map(as);
      if (found.length < CHUNK) return;
      after = keyOf(found.at(-1)!);
      await turn();
    }
  }
  const rows = <Row, Entry>(reading: Reading<Row, Entry>): Rows<Entry> => inPages(() => pages(reading));
  async function* counters(): AsyncGenerator<BookRows['counters'][]> {
    const page = read(() => db.prepare(countersOf(from)) as Statement<CounterPage>);
    for (let after = ['', '']; ; ) {
      const found = read(() => page.get(...after))!;
      const [names, values] = [JSON.parse(found.names) as string[], JSON.parse(found.values) as number[]];
      yield names.map((name, n) => ({ name, value: values[n]! }));
      if (names.length < COUNTERS_A_PAGE) return;
      after = [found.owner!, names.at(-1)!];
      await turn();
    }
  }
  const lines = read(() =>
    db.prepare(`SELECT bill_no AS billNo, h.version, at, from_ AS "from", to_ AS "to", what, detail
      FROM ${from}.history AS h JOIN ${from}.payout AS p ON p.id = h.payout WHERE bill_no = ? ORDER BY h.version`),
  ) as Statement<HistoryLine>;
  return {
    claims: () => rows(claimsIn(from)),
    payouts: () => rows(payoutsIn(from)),
    history: async (billNo: BillNo) => read(() => lines.all(billNo).map(present)),
    lives: () => rows(livesIn(from)),
    counters: () => inPages(counters),
    buckets: () => rows(bucketsIn(from)),
    followers: () => rows(followersIn(from)),
    answers: () => rows(answersIn(from)),
    halts: () => rows(haltsIn(from)),
    journal: () => rows(journalIn(from)),
    codes: () => rows(codesIn(from)),
    boxes: () => rows(boxesIn(from)),
    mailboxes: () => rows(mailboxesIn(from)),
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
type TextRow<Key> = { readonly key: Key; readonly row: string };

const CLAIM = ['key', 'campaign', 'rule', 'account', 'user', 'prize', 'amount', 'at', 'day', 'scene', 'round'] as const;

const claimsIn = (from: string): Reading<TextRow<string>, Claim> => ({
  sql: `SELECT key, json_array(${CLAIM.join()}) AS row FROM ${from}.claim WHERE key > ? ORDER BY key`,
  first: [''],
  keyOf: ({ key }) => [key],
  as: ({ row }) => named<Claim>(CLAIM, JSON.parse(row) as Value[]),
});

type LifeRow = TextRow<number> & { readonly request: string; readonly holds: string; readonly lines: string };
const SCALARS = FIELDS.filter(field => field !== 'request' && field !== 'holds');

const livesIn = (from: string): Reading<LifeRow, BookRows['payouts']> => ({
  sql: `SELECT id AS key, json_array(${SCALARS.map(column).join()}) AS row, request, holds,
      (SELECT json_group_array(json_array(NULL, version, at, from_, to_, what, detail) ORDER BY version)
        FROM ${from}.history WHERE payout = id) AS lines
    FROM ${from}.payout WHERE id > ? ORDER BY id`,
  first: [-1],
  keyOf: ({ key }) => [key],
  as: ({ row, request, holds, lines }) => {
    const payout = payoutWith(Object.assign(named<object>(SCALARS, JSON.parse(row) as Value[]), { request, holds }));
    return { payout, history: (JSON.parse(lines) as StoredLine[]).map(line => lineFrom(payout.billNo, line)) };
  },
});

const payoutsIn = (from: string): Reading<PayoutRow, Payout> => ({
  sql: `SELECT ${PAYOUT} FROM ${from}.payout
    WHERE id > coalesce((SELECT id FROM ${from}.payout WHERE bill_no = ?), -1) ORDER BY id`,
  first: [''],
  keyOf: row => [row.billNo],
  as: payoutOf,
});

/** A page of them as two JSON texts; `owner`: that of the last one, where there is any. */
type CounterPage = { readonly owner: string | null; readonly names: string; readonly values: string };

const countersOf = (from: string): string => `SELECT max(owner) AS owner, json_group_array(name) AS names,
    json_group_array(value) AS "values" FROM (
  SELECT owner, name, value FROM ${from}.counter WHERE (owner, name) > (?, ?) ORDER BY owner, name
  LIMIT ${COUNTERS_A_PAGE})`;

const bucketsIn = (from: string): Reading<BookRows['buckets'], BookRows['buckets']> => ({
  sql: `SELECT campaign, reserved, sent, received, refunded FROM ${from}.bucket WHERE campaign > ? ORDER BY campaign`,
  first: [''],
  keyOf: bucket => [bucket.campaign],
  as: present,
});

const followersIn = (from: string): Reading<FollowerRow & Pick<Follower, 'account' | 'user'>, Follower> => ({
  sql: `SELECT account, user, ${FOLLOWER} FROM ${from}.follower
    WHERE (account, user) > (?, ?) ORDER BY account, user`,
  first: ['', ''],
  keyOf: ({ account, user }) => [account, user],
  as: row => followerOf(row, row),
});

type Answered = BookRows['answers'];
const answersIn = (from: string): Reading<AnswerRow & Pick<Answered, 'account' | 'key'>, Answered> => ({
  sql: `SELECT account, key, at, reply FROM ${from}.answer WHERE (account, key) > (?, ?) ORDER BY account, key`,
  first: ['', ''],
  keyOf: ({ account, key }) => [account, key],
  as: ({ account, key, ...answer }) => ({ account, key, answer: answerOf(answer) }),
});

const haltsIn = (from: string): Reading<HaltRow, BookRows['halts']> => ({
  sql: `SELECT merchant, code, reason, since, by, probe_at AS probeAt FROM ${from}.halt
    WHERE merchant > ? ORDER BY merchant`,
  first: [''],
  keyOf: ({ merchant }) => [merchant],
  as: ({ merchant, ...halt }) => ({ merchant, halt: present(halt) }),
});

const journalIn = (from: string): Reading<JournalRow, JournalLine> => ({
  sql: `SELECT id, at, event, decision, reply FROM ${from}.journal WHERE id > ? ORDER BY id`,
  first: [-1],
  keyOf: ({ id }) => [id],
  as: journalLineOf,
});

const codesIn = (from: string): Reading<HeldCode, HeldCode> => ({
  sql: `SELECT hash, batch, box, prize FROM ${from}.code WHERE hash > ? ORDER BY hash`,
  first: [''],
  keyOf: ({ hash }) => [hash],
  as: present,
});

type BoxRow = Omit<BookRows['boxes'], 'active' | 'undecided'> & { readonly active: number; readonly decided: number };
const boxesIn = (from: string): Reading<BoxRow, BookRows['boxes']> => ({
  sql: `SELECT batch, box, codes, active, decided FROM ${from}.code_box WHERE (batch, box) > (?, ?) ORDER BY batch, box`,
  first: ['', -1],
  keyOf: ({ batch, box }) => [batch, box],
  as: ({ decided, ...row }) => ({
    ...row,
    active: row.active === 1,
    ...(decided === 0 && { undecided: true as const }),
  }),
});

const mailboxesIn = (from: string): Reading<MailboxRow & Person, BookRows['mailboxes']> => ({
  sql: `SELECT account, user, version, sent, owed FROM ${from}.mailbox
    WHERE (account, user) > (?, ?) ORDER BY account, user`,
  first: ['', ''],
  keyOf: ({ account, user }) => [account, user],
  as: ({ account, user, ...mailbox }) => ({ account, user, mailbox: mailboxOf(mailbox) }),
});

const actsIn = (from: string): Reading<Act, Act> => ({
  sql: `SELECT ${ACT} FROM ${from}.act WHERE id > ? ORDER BY id`,
  first: [-1],
  keyOf: ({ id }) => [id],
  as: present,
});
