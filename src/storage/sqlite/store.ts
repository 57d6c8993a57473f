// The embedded store: one SQLite file. Reads are synchronous underneath and see what is committed; writes go
// through the group commit of `group-commit.ts`. Tables and file: `schema.ts`.

import assert from 'node:assert/strict';
import type { Counter } from '../../core/base/counter.ts';
import { Fault } from '../../core/base/error.ts';
import type { EventKey } from '../../core/base/event.ts';
import { NO_MONEY } from '../../core/base/money.ts';
import type { Facts, FactsQuery } from '../../core/match/facts.ts';

import type { Move, Payout, Step } from '../../core/payout/payout.ts';
import type {
  Answer,
  Begun,
  Buckets,
  Commit,
  Committed,
  Halt,
  HistoryLine,
  JournalLine,
  Lost,
  PayoutFilter,
  Store,
} from '../../ports.ts';
import { codeHash } from '../shared/code-hash.ts';
import { storedDecision } from '../shared/journal.ts';
import { checkTold } from '../shared/mailbox.ts';
import {
  type AnswerRow,
  answerOf,
  CHANGING,
  column,
  FIELDS,
  FOLLOWER,
  type FollowerRow,
  followerOf,
  followerValues,
  isAsSeen,
  type JournalRow,
  journalLineOf,
  looksAtFollower,
  ownerOf,
  PAYOUT,
  type PayoutRow,
  payoutOf,
  present,
  stored,
  toldBeside,
  type Value,
} from '../shared/rows.ts';
import { actsIn } from './acts.ts';
import { CODE_FACT, type CodeRow, codeFactOf, codesIn } from './codes.ts';
import { placeOf } from './file-identity.ts';
import { accessTo, faultOf, groupCommit } from './group-commit.ts';
import { loadPiece } from './import.ts';
import { leasesIn } from './leases.ts';
import { mailboxesIn, OWED, type OwedRow, owedFactOf, TOLD } from './mailbox.ts';
import { type Database, openDatabase, type Statement } from './schema.ts';
import { openBooks } from './snapshot.ts';

/** Answers forgotten in one write: a long night's clean-up must not keep a follower waiting. */
const FORGET_CHUNK = 1000;

/** Opens the file, creating it and its folder if need be. `:memory:` is a store that is gone when closed. */
export async function openSqlite(file: string, open: typeof openDatabase = openDatabase): Promise<Store> {
  const db = await open(file);
  const sql = statementsOf(db);
  const leases = leasesIn(db);
  sql.halt.get(''); // the log beside the file comes with the first read
  const place = placeOf(file);
  const batch = groupCommit(db, { mayBegin: place.mustBeOurs });
  let isOpen = true;

  const refuseIfClosed = (): void => {
    if (!isOpen) throw new Fault('store', 'safe', 'closed', 'the store is closed');
  };
  const access = accessTo(batch, place, refuseIfClosed);
  const { read, write } = access;

  return {
    answered: (account, key) => read(() => findAnswer(sql, account, key)),
    facts: wanted => read(() => inOneMoment(sql, () => factsOf(sql, wanted))),
    begin: (key, wanted) => read(() => inOneMoment(sql, () => beginOf(sql, key, wanted))),
    commit: commit => write(undo => writeCommit(sql, commit, undo)),

    payout: billNo => read(() => payoutOf(sql.payout.get(billNo))),
    payouts: filter => read(() => listPayouts(sql, filter)),
    history: billNo => read(() => sql.history.all(billNo).map(present)),
    due: (merchant, now, limit, only) =>
      read(() => sql.due[only ?? 'any'].all(merchant, now, limit).map(row => payoutOf(row))),
    advance: (step, under) => write(undo => (under && !leases.isHeld(under) ? 'stale' : writeStep(sql, step, undo))),
    count: counters => write(undo => countAll(sql, counters, undo) ?? 'counted'),

    buckets: campaign => read(() => present(sql.buckets.get(campaign) ?? NO_BUCKETS)),
    halt: merchant => read(() => present(sql.halt.get(merchant))),
    setHalt: (merchant, halt, by) => write(() => writeHalt(sql, merchant, halt, by)),

    lease: (name, holder, ms, now) => write(() => leases.take(name, holder, ms, now)),
    release: (lease, now, left) => write(() => leases.release(lease, now, left)),
    note: name => read(() => leases.note(name)),

    ...codesIn(db, access),
    ...mailboxesIn(db, access),
    acts: actsIn(db, access),

    books: async () => {
      refuseIfClosed();
      return openBooks(file, db);
    },
    load: piece => write(() => loadPiece(db, piece)),
    journal: filter => read(() => listJournal(sql, filter)),
    forget: async before => {
      for (let total = 0; ; ) {
        const { changes } = await write(() => sql.forget.run(before, FORGET_CHUNK));
        total += changes;
        if (changes < FORGET_CHUNK) return total;
      }
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      batch.drain();
      try {
        // Passive: does not wait for a command or a bot that is still at work on the file.
        db.exec('PRAGMA wal_checkpoint(PASSIVE)');
      } catch (error) {
        throw faultOf(error, 'safe'); // a full disk: what was acknowledged stands in the log beside the file
      } finally {
        db.close();
      }
    },
  };
}

// ── Statements ───────────────────────────────────────────────────────────────────────────────────────────

/** Whose money it is and how much, by the row and not by the step. */
type Planned = Pick<Payout, 'campaign' | 'amount'> & { readonly id: number };

const DUE = `SELECT ${PAYOUT} FROM payout WHERE merchant = ? AND next_at <= ?
  AND state NOT IN ('received', 'refunded', 'failed')`;

type Statements = ReturnType<typeof statementsOf>;

function statementsOf(db: Database) {
  const cache = new Map<string, Statement>();
  const prepare = <Row>(text: string): Statement<Row> => {
    const statement = cache.get(text) ?? db.prepare(text);
    cache.set(text, statement);
    return statement as Statement<Row>;
  };
  const insert = (table: string, columns: string, or = ''): Statement => {
    const names = columns.split(' ');
    return prepare(`INSERT ${or} INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`);
  };
  return {
    prepare,
    begin: prepare('BEGIN'),
    end: prepare('COMMIT'),

    answer: prepare<AnswerRow>('SELECT at, reply FROM answer WHERE account = ? AND key = ?'),
    addAnswer: insert('answer', 'account key at reply'),
    forget: prepare(
      `DELETE FROM answer WHERE (account, key) IN (SELECT account, key FROM answer WHERE at < ? LIMIT ?)`,
    ),

    claim: prepare<{ key: string }>('SELECT key FROM claim WHERE key = ?'),
    addClaim: insert('claim', 'key campaign rule account user prize amount at day scene round'),

    counter: prepare<{ value: number }>('SELECT value FROM counter WHERE owner = ? AND name = ?'),
    count: prepare(`INSERT INTO counter (owner, name, value) VALUES (?, ?, ?)
      ON CONFLICT (owner, name) DO UPDATE SET value = value + excluded.value
      WHERE value + excluded.value <= ?`),
    raise: prepare('UPDATE counter SET value = max(value, ?) WHERE owner = ? AND name = ?'),
    giveBack: prepare('UPDATE counter SET value = max(0, value - ?) WHERE owner = ? AND name = ?'),

    follower: prepare<FollowerRow>(`SELECT ${FOLLOWER}
      FROM follower WHERE account = ? AND user = ?`),
    setFollower: insert('follower', 'account user following follows followed_at left_at invited_by', 'OR REPLACE'),

    payout: prepare<PayoutRow>(`SELECT ${PAYOUT} FROM payout WHERE bill_no = ?`),
    due: {
      any: prepare<PayoutRow>(`${DUE} ORDER BY next_at, id LIMIT ?`),
      send: prepare<PayoutRow>(`${DUE} AND next_do = 'send' ORDER BY next_at, id LIMIT ?`),
      query: prepare<PayoutRow>(`${DUE} AND next_do = 'query' ORDER BY next_at, id LIMIT ?`),
    },
    addPayout: insert('payout', FIELDS.map(column).join(' ')),
    advance: prepare<Planned>(`UPDATE payout
      SET ${CHANGING.map(field => `${column(field)} = ?`).join(', ')}
      WHERE bill_no = ? AND version = ? AND state = ? RETURNING id, campaign, amount`),

    history: prepare<HistoryLine>(`SELECT bill_no AS billNo, history.version, at, from_ AS "from", to_ AS "to",
      what, detail FROM history JOIN payout ON payout.id = history.payout WHERE bill_no = ?
      ORDER BY history.version`),
    addHistory: insert('history', 'payout version at from_ to_ what detail'),

    buckets: prepare<Buckets>('SELECT reserved, sent, received, refunded FROM bucket WHERE campaign = ?'),
    reserve: prepare(`INSERT INTO bucket (campaign, reserved) VALUES (?, ?)
      ON CONFLICT (campaign) DO UPDATE SET reserved = reserved + excluded.reserved`),
    move: prepare(`UPDATE bucket SET reserved = reserved + ?, sent = sent + ?, received = received + ?,
      refunded = refunded + ? WHERE campaign = ?`),

    halt: prepare<Halt>('SELECT code, reason, since, by, probe_at AS probeAt FROM halt WHERE merchant = ?'),
    yieldHalt: prepare("DELETE FROM halt WHERE merchant = ? AND by = 'bot'"),
    setHalt: insert('halt', 'merchant code reason since by probe_at', 'OR REPLACE'),
    resume: prepare('DELETE FROM halt WHERE merchant = ?'),

    code: prepare<CodeRow>(CODE_FACT),
    owed: prepare<OwedRow>(OWED),
    told: prepare(TOLD),

    addJournal: insert('journal', 'at user key event decision reply'),
  };
}

// ── One event ────────────────────────────────────────────────────────────────────────────────────────────

/** In one transaction: all of it is true of one moment, whatever another process writes meanwhile. */
function inOneMoment<T>(sql: Statements, look: () => T): T {
  sql.begin.run();
  try {
    return look();
  } finally {
    sql.end.run();
  }
}

function beginOf(sql: Statements, key: EventKey, wanted: FactsQuery): Begun {
  const answer = findAnswer(sql, wanted.account, key);
  return answer ? { kind: 'answered', answer } : { kind: 'new', facts: factsOf(sql, wanted) };
}

function factsOf(sql: Statements, wanted: FactsQuery): Facts {
  const { account, user, merchant } = wanted;
  const counters = new Map<string, number>();
  for (const name of wanted.counters) {
    const row = sql.counter.get(ownerOf(name), name);
    if (row) counters.set(name, row.value);
  }
  const follower = sql.follower.get(account, user);
  return {
    follower: follower && followerOf(wanted, follower),
    claims: new Set(wanted.claims.filter(key => sql.claim.get(key))),
    counters,
    halted: merchant !== undefined && sql.halt.get(merchant) !== undefined,
    ...codeFactOf(wanted.code === undefined ? undefined : sql.code.get(codeHash(wanted.code))),
    ...owedFactOf(sql.owed.get(account, user)),
  };
}

function writeCommit(sql: Statements, commit: Commit, undo: () => void): Committed {
  const { event, answer, decision, follower, claim, payout, told } = commit;
  checkTold(told);
  const before = findAnswer(sql, event.account, event.key);
  if (before) return { kind: 'answered', answer: before };
  if (claim && sql.claim.get(whole(claim.key))) return { kind: 'claimed' };
  if (looksAtFollower(commit) && !isAsSeen(sql.follower.get(event.account, whole(event.user)), commit))
    return { kind: 'lost', counter: 'follower' };
  if (told && sql.told.run(event.account, whole(event.user), told.version).changes === 0) {
    return { kind: 'lost', counter: 'mailbox' };
  }
  const passed = countAll(sql, commit.counters, undo);
  if (passed) return { kind: 'lost', counter: passed.lost };
  if (claim) {
    const { key, campaign, rule, account, user, prize, amount, at, day, scene, round } = claim;
    const place = [stored(day), stored(scene), stored(round)];
    sql.addClaim.run(key, campaign, rule, account, user, prize, amount, at, ...place);
  }
  if (follower) {
    whole(follower.user);
    sql.setFollower.run(...followerValues(follower));
  }
  if (payout) {
    assert(payout.claimKey === claim?.key, `a payout comes with its claim: ${payout.billNo}`);
    plan(sql, payout);
    sql.reserve.run(payout.campaign, payout.amount);
  }
  const { reply } = answer;
  sql.addAnswer.run(event.account, event.key, answer.at, JSON.stringify(reply));
  const line = [JSON.stringify(event), JSON.stringify(storedDecision(decision)), toldBeside({ reply, decision })];
  sql.addJournal.run(commit.seenAt, event.user, event.key, ...line);
  return { kind: 'done' };
}

/** `false`: it would have passed its maximum. What adds nothing is only looked at. */
function count(sql: Statements, { name, add, max, atLeast }: Counter): boolean {
  if (add === 0 && atLeast === undefined) return (sql.counter.get(ownerOf(name), name)?.value ?? 0) <= max;
  if (add > max || sql.count.run(ownerOf(name), name, add, max).changes === 0) return false;
  if (atLeast !== undefined) sql.raise.run(atLeast, ownerOf(name), name);
  return true;
}

/** All of them, or none: the one that would have passed its maximum. */
function countAll(sql: Statements, counters: readonly Counter[], undo: () => void): Lost | undefined {
  const lost = counters.find(counter => !count(sql, counter));
  if (lost) undo();
  return lost && { lost: lost.name };
}

function plan(sql: Statements, payout: Payout): void {
  const { version, createdAt, state } = payout;
  const { lastInsertRowid } = sql.addPayout.run(...FIELDS.map(field => stored(payout[field])));
  sql.addHistory.run(Number(lastInsertRowid), version, createdAt, 'new', state, state, null);
}

// ── One payout ───────────────────────────────────────────────────────────────────────────────────────────

/** What each move does to reserved, sent, received, refunded, per fen. */
const MOVES: Record<Exclude<Move, 'none'>, readonly [number, number, number, number]> = {
  'reserved→sent': [-1, 1, 0, 0],
  'reserved→received': [-1, 0, 1, 0],
  'reserved→free': [-1, 0, 0, 0],
  'sent→received': [0, -1, 1, 0],
  'sent→refunded': [0, -1, 0, 1],
  'sent→reserved': [1, -1, 0, 1],
  'free→reserved': [1, 0, 0, 0],
  'free→received': [0, 0, 1, 0],
  'refunded→received': [0, 0, 1, -1],
};

function writeStep(sql: Statements, step: Step, undo: () => void): 'moved' | 'stale' | Lost {
  const { payout, from, at, what, detail, successor, counters = [] } = step;
  const { billNo, version } = payout;
  const row = sql.advance.get(...CHANGING.map(field => stored(payout[field])), billNo, version - 1, from);
  if (!row) return 'stale';
  const passed = countAll(sql, counters, undo);
  if (passed) return passed;
  sql.addHistory.run(row.id, version, at, from, payout.state, what, stored(detail));
  moveMoney(sql, step, row);
  if (successor) {
    // It takes over what is reserved, so it must be the very same debt.
    assert(successor.claimKey === payout.claimKey && successor.amount === row.amount, successor.billNo);
    plan(sql, successor);
  }
  return 'moved';
}

function moveMoney(sql: Statements, { move, payout }: Step, { campaign, amount }: Planned): void {
  if (move === 'none') return;
  const [reserved, sent, received, refunded] = MOVES[move];
  // Of a group packet a part may have been opened before the rest came back.
  const opened = move === 'sent→refunded' ? amount - (payout.refunded ?? amount) : 0;
  sql.move.run(reserved * amount, sent * amount, received * amount + opened, refunded * amount - opened, campaign);
  if (move === 'reserved→free' || move === 'sent→refunded') {
    for (const { name, add } of payout.holds) sql.giveBack.run(add, ownerOf(name), name);
  }
}

// ── One merchant ─────────────────────────────────────────────────────────────────────────────────────────

/** In one transaction: what the operator has done meanwhile stays. */
function writeHalt(sql: Statements, merchant: string, halt: Halt | undefined, by: 'bot' | undefined): void {
  if (by === 'bot') sql.yieldHalt.run(merchant);
  if (by === 'bot' && sql.halt.get(merchant)) return;
  if (halt) sql.setHalt.run(merchant, halt.code, stored(halt.reason), halt.since, halt.by, halt.probeAt ?? null);
  else sql.resume.run(merchant);
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────

function listPayouts(sql: Statements, filter: PayoutFilter): Payout[] {
  const { state, campaign, user, merchant, limit, after } = filter;
  // A `+` keeps SQLite off an index where another one finds fewer: a follower has few payouts, a campaign
  // many, a merchant all; and most end as received.
  const isRare = state !== undefined && state !== 'received';
  const [where, values] = allOf([
    ['user = ?', user],
    [user !== undefined || isRare ? '+campaign = ?' : 'campaign = ?', campaign],
    [user !== undefined || (campaign !== undefined && !isRare) ? '+state = ?' : 'state = ?', state],
    [(user ?? campaign ?? state) ? '+merchant = ?' : 'merchant = ?', merchant],
    ['id < (SELECT id FROM payout WHERE bill_no = ?)', after],
  ]);
  const list = sql.prepare<PayoutRow>(`SELECT ${PAYOUT} FROM payout ${where} ORDER BY id DESC LIMIT ?`);
  return list.all(...values, limit).map(row => payoutOf(row));
}

function listJournal(sql: Statements, { user, key, limit }: Parameters<Store['journal']>[0]): JournalLine[] {
  const [where, values] = allOf([
    ['key = ?', key],
    [key === undefined ? 'user = ?' : '+user = ?', user],
  ]);
  const columns = 'id, at, event, decision, reply';
  const list = sql.prepare<JournalRow>(`SELECT ${columns} FROM journal ${where} ORDER BY id DESC LIMIT ?`);
  return list.all(...values, limit).map(journalLineOf);
}

/** The conditions that have a value. */
function allOf(conditions: readonly (readonly [string, Value | undefined])[]): [where: string, values: Value[]] {
  const given = conditions.filter((each): each is readonly [string, Value] => each[1] !== undefined);
  const where = given.map(([condition]) => condition).join(' AND ');
  return [where && `WHERE ${where}`, given.map(([, value]) => value)];
}

// ── Rows and values ──────────────────────────────────────────────────────────────────────────────────────

const NO_BUCKETS: Buckets = { reserved: NO_MONEY, sent: NO_MONEY, received: NO_MONEY, refunded: NO_MONEY };

function findAnswer(sql: Statements, account: string, key: EventKey): Answer | undefined {
  const row = sql.answer.get(account, whole(key));
  return row && answerOf(row);
}

/** The driver cuts a text at its first NUL, and then two keys would be one. WeChat's XML cannot carry it. */
function whole<Text extends string>(key: Text): Text {
  assert(!key.includes('\0'), 'a key with a NUL in it');
  return key;
}
