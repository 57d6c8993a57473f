// The embedded store: one SQLite file. Reads are synchronous underneath and see what is committed; writes go
// through the group commit of `group-commit.ts`. Tables and file: `schema.ts`.

import assert from 'node:assert/strict';
import type { Counter } from '../../core/base/counter.ts';
import { Fault } from '../../core/base/error.ts';
import type { EventKey } from '../../core/base/event.ts';
import { NO_MONEY } from '../../core/base/money.ts';
import { recordOf } from '../../core/base/record.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Facts, FactsQuery } from '../../core/match/facts.ts';
import { isSameHalt } from '../../core/payout/merchant-halt.ts';
import { type Move, PAYOUT_STATES, type Payout, type Step } from '../../core/payout/payout.ts';
import type {
  Answer,
  Begun,
  Buckets,
  Commit,
  Committed,
  Given,
  Halt,
  JournalLine,
  Lost,
  PayoutCounts,
  PayoutFilter,
  Store,
} from '../../ports.ts';
import { codeHash } from '../shared/code-hash.ts';
import { placeOf } from '../shared/file-identity.ts';
import { checkTold } from '../shared/mailbox.ts';
import {
  CHANGING,
  column,
  FIELDS,
  FOLLOWER,
  type FollowerRow,
  followerOf,
  followerValues,
  isAsSeen,
  looksAtFollower,
  PAYOUT,
  type PayoutRow,
  present,
  stored,
  type Value,
} from '../shared/rows.ts';
import { actsIn } from './acts.ts';
import { authorizationsIn } from './authorizations.ts';
import { CODE_FACT, type CodeRow, codeFactOf, codesIn } from './codes.ts';
import { countersIn } from './counters.ts';
import { documentsIn, documentsOf, parcelsFactOf } from './documents.ts';
import { forgetAnswers } from './forget.ts';
import { accessTo, faultOf, groupCommit, type Held } from './group-commit.ts';
import { loadPiece } from './import.ts';
import { leasesIn } from './leases.ts';
import { mailboxesIn, OWED, type OwedRow, pendingFactOf, TOLD } from './mailbox.ts';
import {
  AFTER,
  type ClaimText,
  claimPlace,
  claimText,
  type EventColumn,
  eventColumn,
  eventPlace,
  eventsWithKey,
  heardIn,
  payoutsOf,
  strayName,
  withPayout,
} from './own/own-names.ts';
import {
  answerFrom,
  historyOf,
  isImplied,
  type JournalRow,
  type LifeRow,
  type Lines,
  lifeIn,
  lineFromRow,
  lineTexts,
  payoutFrom,
  storedIn,
  strayIn,
} from './rows.ts';
import { type Database, openDatabase, type Statement } from './schema.ts';
import { shapesIn } from './shapes.ts';
import { type Reading, readingOf } from './snapshot.ts';
import { type SureOfFile, sureOf } from './sure.ts';

/** Opens the file, creating it and its folder if need be. `:memory:` is a store that is gone when closed. */
export async function openSqlite(file: string, open: typeof openDatabase = openDatabase): Promise<Store> {
  const db = await open(file);
  const known = sureOf(db);
  const sql = statementsOf(db, known);
  const leases = leasesIn(db);
  sql.halt.get(''); // the log beside the file comes with the first read
  const place = placeOf(file);
  const reading = readingOf(file, db);
  const batch = groupCommit(db, { held: heldBy(sql), mayBegin: place.mustBeOurs });
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

    payout: billNo => read(() => payoutFrom(sql.shapes, sql.payout.get(billNo))),
    payouts: filter => read(() => listPayouts(sql, filter)),
    payoutListed: listId => read(() => payoutFrom(sql.shapes, sql.listed.get(listId))),
    counts: merchants => read(() => countPayouts(sql, merchants)),
    history: billNo => read(() => historyOf(sql.life.get(billNo))),
    due: (merchant, now, limit, only) => read(() => listDue(sql, merchant, now, limit, only)),
    advance: (step, under) => write(undo => (under && !leases.isHeld(under) ? 'stale' : writeStep(sql, step, undo))),
    count: counters => write(undo => countAll(sql, counters, undo) ?? 'counted'),

    buckets: campaign => read(() => present(sql.buckets.get(campaign) ?? NO_BUCKETS)),
    halt: merchant => read(() => present(sql.halt.get(merchant))),
    setHalt: (merchant, halt, by) => write(() => writeHalt(sql, merchant, halt, by)),
    resume: (merchant, seen) =>
      write(() => {
        const now = present(sql.halt.get(merchant));
        if (now && !isSameHalt(now, seen)) return false;
        sql.resume.run(merchant);
        return true;
      }),

    lease: (name, holder, ms, now) => write(() => leases.take(name, holder, ms, now)),
    release: (lease, now, left) => write(() => leases.release(lease, now, left)),
    note: name => read(() => leases.note(name)),

    ...codesIn(db, access),
    sure: known.sure,
    ...mailboxesIn(db, known, access),
    ...documentsIn(db, sql.documents, access),
    ...authorizationsIn(db, access),
    acts: actsIn(db, access),

    ...snapshotIn(reading, file, refuseIfClosed),
    load: piece => write(() => loadPiece(db, sql, piece)),
    journal: filter => read(() => listJournal(sql, filter)),
    journalAfter: (id, limit) => read(() => sql.linesAfter.all(id, limit).map(row => lineFromRow(sql.shapes, row))),
    forget: before => forgetAnswers(db, access, before),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      batch.drain();
      reading.close();
      closeFile(db);
    },
  };
}

function snapshotIn(
  reading: Reading,
  file: string,
  refuseIfClosed: () => void,
): Pick<Store, 'snapshot' | 'snapshotTogether'> {
  return {
    snapshot: async () => {
      refuseIfClosed();
      return reading.open();
    },
    ...(file !== ':memory:' && {
      snapshotTogether: async (open: (moment: string) => Promise<void>) => {
        refuseIfClosed();
        return reading.openTogether(() => open('')); // nobody writes: so it is the same without a name
      },
    }),
  };
}

function closeFile(db: Database): void {
  try {
    // Passive: does not wait for a command or a bot that is still at work on the file.
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch (error) {
    throw faultOf(error, 'safe'); // a full disk: what was acknowledged stands in the log beside the file
  } finally {
    db.close();
  }
}

// ── Statements ───────────────────────────────────────────────────────────────────────────────────────────

/** Whose money it is and how much, by the row and not by the step. */
type Planned = Pick<Payout, 'campaign' | 'amount'> & { readonly id: number };

const DUE = `SELECT ${PAYOUT} FROM payout WHERE merchant = ? AND next_do = ? AND next_at <= ?
  AND state NOT IN ('received', 'refunded', 'failed') ORDER BY next_at, id LIMIT ?`;

/** As the index of states has it. */
const OPEN = "state <> 'received'";

type Statements = ReturnType<typeof statementsOf>;

function statementsOf(db: Database, known: SureOfFile) {
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
  const [counters, shapes] = [countersIn(db), shapesIn(db)];
  const [forgotten, line] = [
    prepare<{ line: number }>('SELECT line FROM forgotten'),
    prepare<JournalRow>('SELECT id, at, line, said FROM journal WHERE id = ?'),
  ];
  const file: Lines = {
    forgotten: () => forgotten.get()!.line,
    line: id => lineFromRow(shapes, line.get(id)!),
  };
  return {
    prepare,
    begin: prepare('BEGIN'),
    end: prepare('COMMIT'),

    ...lookingBeside(prepare),
    putOwn: prepare('INSERT OR REPLACE INTO own (owner, name, value) VALUES (?, ?, ?)'),

    follower: prepare<FollowerRow>(`SELECT ${FOLLOWER}
      FROM follower WHERE account = ? AND user = ?`),
    setFollower: insert('follower', 'account user following follows followed_at left_at invited_by', 'OR REPLACE'),

    payout: prepare<PayoutRow>(`SELECT ${PAYOUT} FROM payout WHERE bill_no = ?`),
    listed: prepare<PayoutRow>(`SELECT ${PAYOUT} FROM payout WHERE list_id = ?`),
    ...countingBy(prepare),
    due: prepare<PayoutRow & { readonly id: number }>(DUE.replace('SELECT', 'SELECT id,')),
    addPayout: insert('payout', `${FIELDS.map(column).join(' ')} stray`),
    advance: prepare<Planned>(`UPDATE payout
      SET ${CHANGING.map(field => `${column(field)} = ?`).join(', ')}
      WHERE bill_no = ? AND version = ? AND state = ? RETURNING id, campaign, amount`),

    life: prepare<LifeRow>(`SELECT ${lifeIn('main')} FROM payout WHERE bill_no = ?`),
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

    strays: prepare<{ id: number }>('SELECT id FROM payout WHERE user = ? AND stray IS NOT NULL'),
    code: prepare<CodeRow>(CODE_FACT),
    owed: prepare<OwedRow>(OWED),
    told: prepare(TOLD),

    lines: prepare<JournalRow>('SELECT id, at, line, said FROM journal ORDER BY id DESC LIMIT ?'),
    linesAfter: prepare<JournalRow>('SELECT id, at, line, said FROM journal WHERE id > ? ORDER BY id LIMIT ?'),
    addLine: insert('journal', 'at line said'),
    counters,
    shapes,
    file,
    documents: documentsOf(db, known),
  };
}

/** What lies beside a follower: claims, events and strays in one table, each with a value of its own kind. */
function lookingBeside(prepare: <Row>(text: string) => Statement<Row>) {
  const one = 'SELECT value FROM own WHERE owner = ? AND name = ?';
  const from = 'SELECT value FROM own WHERE owner = ? AND name >= ? AND name < ?';
  return {
    claim: prepare<{ value: ClaimText }>(one),
    claimsFrom: prepare<{ value: ClaimText }>(from),
    event: prepare<{ value: EventColumn }>(one),
    eventsFrom: prepare<{ value: EventColumn }>(from),
    linesFrom: prepare<{ value: number }>(from),
  };
}

function countingBy(prepare: <Row>(text: string) => Statement<Row>) {
  return {
    payouts: prepare<{ count: number }>('SELECT count(*) AS count FROM payout'),
    inState: prepare<{ count: number }>(`SELECT count(*) AS count FROM payout WHERE state = ? AND ${OPEN}`),
    waiting: prepare<{ count: number }>(`SELECT count(*) AS count FROM payout
      WHERE merchant = ? AND next_do = ? AND next_at IS NOT NULL`),
  };
}

/** What is held in memory for the length of a transaction. */
function heldBy({ counters, shapes }: Statements): Held {
  return {
    mark: () => {
      counters.mark();
      shapes.mark();
    },
    undo: () => {
      counters.undo();
      shapes.undo();
    },
    flush: counters.flush,
    lose: shapes.lose,
    forget: counters.forget,
  };
}

// ── One event ────────────────────────────────────────────────────────────────────────────────────────────

/** In one transaction: all of it is true of one moment, whatever another process writes meanwhile. */
function inOneMoment<T>(sql: Statements, look: () => T): T {
  sql.begin.run();
  try {
    return look();
  } finally {
    sql.counters.forget();
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
    const value = sql.counters.value(name);
    if (value !== undefined) counters.set(name, value);
  }
  const follower = sql.follower.get(account, user);
  return {
    follower: follower && followerOf(wanted, follower),
    claims: new Set(wanted.claims.filter(key => sql.claim.get(...claimPlace(key)))),
    counters,
    halted: merchant !== undefined && sql.halt.get(merchant) !== undefined,
    ...pausedIn(sql, wanted),
    ...codeFactOf(wanted.code === undefined ? undefined : sql.code.get(codeHash(wanted.code))),
    ...pendingFactOf(sql.owed.get(account, user)),
    ...parcelsFactOf(sql.documents.find('parcels', `${account}/${user}`)),
  };
}

function pausedIn(sql: Statements, { pauses = [] }: FactsQuery): Pick<Facts, 'paused'> {
  const found = pauses.flatMap(name => {
    const pause = sql.halt.get(name);
    return pause ? [[name, present(pause).reason] as const] : [];
  });
  return found.length > 0 ? { paused: new Map(found) } : {};
}

/** First everything that may speak against it, and nothing is written before. */
function writeCommit(sql: Statements, commit: Commit, undo: () => void): Committed {
  const { event, answer, follower, claim, payout, told, beside = [] } = commit;
  checkTold(told);
  const place = eventPlace(event.account, whole(event.key));
  const before = sql.event.get(...place);
  const answered = before && answerFrom(heardIn(before.value), sql.file);
  if (answered) return { kind: 'answered', answer: answered };
  const given = claim ? [{ claim, ...(payout && { payout }) }, ...beside] : [];
  assert(claim || !(payout ?? beside.length), `what is given comes with a claim: ${event.key}`);
  const isTaken = ({ claim: each }: Given): boolean => sql.claim.get(...claimPlace(whole(each.key))) !== undefined;
  if (given.some(isTaken)) return { kind: 'claimed' };
  if (looksAtFollower(commit) && !isAsSeen(sql.follower.get(event.account, whole(event.user)), commit))
    return { kind: 'lost', counter: 'follower' };
  if (!sql.documents.areAsSeen(commit.documents ?? [])) return { kind: 'lost', counter: 'document' };
  const passed = countAll(sql, commit.counters, undo);
  if (passed) return { kind: 'lost', counter: passed.lost };
  if (told && sql.told.run(event.account, whole(event.user), told.version).changes === 0) {
    undo();
    return { kind: 'lost', counter: 'mailbox' };
  }
  sql.documents.put(commit.documents ?? []);
  if (follower) {
    whole(follower.user);
    sql.setFollower.run(...followerValues(follower));
  }
  for (const each of given) give(sql, each);
  const line = addLine(sql, commit);
  const isLines = answer.at === commit.seenAt;
  const lines = [...(before ? heardIn(before.value).lines : []), line];
  sql.putOwn.run(...place, eventColumn({ lines, answer: isLines ? {} : { at: answer.at } }));
  if (place[0] !== event.user) sql.putOwn.run(event.user, strayName(line), line);
  return { kind: 'done' };
}

function give(sql: Statements, { claim, payout }: Given): void {
  const payouts = !payout && claim.amount > 0 ? payoutsWithout(sql, claim.key) : [];
  if (payout) {
    assert(payout.claimKey === claim.key, `a payout comes with its claim: ${payout.billNo}`);
    payouts.push(plan(sql, payout));
    sql.reserve.run(payout.campaign, payout.amount);
  }
  sql.putOwn.run(...claimPlace(claim.key), claimText(claim, payouts));
}

/** A repair gives payouts the claim back that they have lost. Nobody else asks by a claim: so all of them are read. */
function payoutsWithout(sql: Statements, claimKey: string): number[] {
  const all = sql.prepare<{ id: number }>('SELECT id FROM payout WHERE claim_key = ? ORDER BY id');
  return all.all(claimKey).map(({ id }) => id);
}

function addLine({ addLine: add, shapes }: Statements, { event, seenAt, decision, answer: { reply } }: Commit): number {
  const { kind, text, said } = lineTexts({ event, decision, reply });
  return Number(add.run(seenAt, shapes.short(kind, text), said).lastInsertRowid);
}

/** All of them, or none: the one that would have passed its maximum. */
function countAll(sql: Statements, counters: readonly Counter[], undo: () => void): Lost | undefined {
  const lost = counters.find(counter => !sql.counters.add(counter));
  if (lost) undo();
  return lost && { lost: lost.name };
}

/** The number of its row. */
function plan(sql: Statements, payout: Payout): number {
  const values = [...FIELDS.map(field => storedIn(sql.shapes, payout, field)), strayIn(payout)];
  const id = Number(sql.addPayout.run(...values).lastInsertRowid);
  const { version, createdAt: at, state } = payout;
  const line = { billNo: payout.billNo, version, at, from: 'new', to: state, what: state } as const;
  if (!isImplied(line, payout)) sql.addHistory.run(id, version, at, 'new', state, state, null);
  return id;
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
  const values = CHANGING.map(field => storedIn(sql.shapes, payout, field));
  const row = sql.advance.get(...values, billNo, version - 1, from);
  if (!row) return 'stale';
  const passed = countAll(sql, counters, undo);
  if (passed) return passed;
  sql.addHistory.run(row.id, version, at, from, payout.state, what, stored(detail));
  moveMoney(sql, step, row);
  if (successor) {
    // It takes over what is reserved, so it must be the very same debt.
    assert(successor.claimKey === payout.claimKey && successor.amount === row.amount, successor.billNo);
    const place = claimPlace(successor.claimKey);
    const claim = sql.claim.get(...place);
    assert(claim, `a successor has the claim it pays: ${successor.billNo}`);
    sql.putOwn.run(...place, withPayout(claim.value, plan(sql, successor)));
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
    for (const { name, add } of payout.holds) sql.counters.giveBack(name, add);
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
    [OF_CLAIMS, user && paidTo(sql, user)],
    [user !== undefined || isRare ? '+campaign = ?' : 'campaign = ?', campaign],
    [user !== undefined || !isRare ? '+state = ?' : `state = ? AND ${OPEN}`, state],
    [(user ?? campaign ?? state) ? '+merchant = ?' : 'merchant = ?', merchant],
    ['id < (SELECT id FROM payout WHERE bill_no = ?)', after],
  ]);
  const list = sql.prepare<PayoutRow>(`SELECT ${PAYOUT} FROM payout ${where} ORDER BY id DESC LIMIT ?`);
  return list.all(...values, limit).map(row => payoutFrom(sql.shapes, row));
}

const OF_CLAIMS = 'id IN (SELECT value FROM json_each(?))';

/** The rows of what was paid to this follower: their claims name them, and those that have no claim of theirs stand apart. */
function paidTo(sql: Statements, user: string): string {
  const claims = sql.claimsFrom.all(user, 'c', AFTER.c).flatMap(({ value }) => payoutsOf(value));
  return JSON.stringify([...claims, ...sql.strays.all(user).map(({ id }) => id)]);
}

/** Of those that were received, as most are, there is no index: they are the rest. */
function countPayouts(sql: Statements, merchants: readonly string[]): PayoutCounts {
  const states = recordOf(PAYOUT_STATES, state => sql.inState.get(state)!.count);
  const rest = Object.values(states).reduce((left, count) => left - count, sql.payouts.get()!.count);
  const waitingOf = (merchant: string, what: 'send' | 'query'): number => sql.waiting.get(merchant, what)!.count;
  const waiting = merchants.map(
    name => [name, { send: waitingOf(name, 'send'), query: waitingOf(name, 'query') }] as const,
  );
  return { states: { ...states, received: Math.max(0, rest) }, waiting: new Map(waiting) };
}

function listDue(sql: Statements, merchant: string, now: Instant, limit: number, only?: 'send' | 'query'): Payout[] {
  const whats = only ? [only] : (['query', 'send'] as const);
  const rows = whats.flatMap(what => sql.due.all(merchant, what, now, limit));
  if (!only) rows.sort((a, b) => Number(a.nextAt) - Number(b.nextAt) || a.id - b.id);
  return rows.slice(0, limit).map(({ id: _, ...row }) => payoutFrom(sql.shapes, row));
}

function listJournal(sql: Statements, { user, key, limit }: Parameters<Store['journal']>[0]): JournalLine[] {
  const ids = linesOf(sql, user, key);
  if (!ids) return sql.lines.all(limit).map(row => lineFromRow(sql.shapes, row));
  const found: JournalLine[] = [];
  for (const id of ids.sort((a, b) => b - a)) {
    if (found.length >= limit) break;
    const line = sql.file.line(id);
    if ((user ?? line.event.user) === line.event.user && (key ?? line.event.key) === line.event.key) found.push(line);
  }
  return found;
}

/** Lines among which are all of this follower, or with this key; `undefined`: neither is asked for. */
function linesOf(sql: Statements, user?: string, key?: EventKey): number[] | undefined {
  if (key !== undefined) {
    const [owner, begin] = eventsWithKey(key);
    const rows = sql.eventsFrom.all(owner, begin, `${begin.slice(0, -1)}!`);
    return rows.flatMap(({ value }) => heardIn(value).lines);
  }
  if (user === undefined) return undefined;
  const events = sql.eventsFrom.all(user, 'e', AFTER.e).flatMap(({ value }) => heardIn(value).lines);
  const strays = sql.linesFrom.all(user, 'u', AFTER.u).map(({ value }) => value);
  return [...events, ...strays];
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
  const row = sql.event.get(...eventPlace(account, whole(key)));
  return row && answerFrom(heardIn(row.value), sql.file);
}

/** The driver cuts a text at its first NUL, and then two keys would be one. WeChat's XML cannot carry it. */
function whole<Text extends string>(key: Text): Text {
  assert(!key.includes('\0'), 'a key with a NUL in it');
  return key;
}
