// What another store's books hold, written to the SQLite file as it is. Runs inside a transaction of its caller. A row
// that is there already is written anew, so that a piece told again changes nothing.

import { Fault } from '../../core/base/error.ts';
import type { BookRows, Piece } from '../../ports.ts';
import { storedDecision } from '../shared/journal.ts';
import type { Value } from '../shared/rows.ts';
import { CHANGING, column, FIELDS, followerValues, ownerOf, stored, toldBeside } from '../shared/rows.ts';
import { actValues } from './acts.ts';
import { owedText } from './mailbox.ts';
import type { Database, Statement } from './schema.ts';

export function loadPiece(db: Database, piece: Piece): void {
  switch (piece.kind) {
    case 'claims':
      loadClaims(db, piece.rows);
      break;
    case 'payouts':
      loadPayouts(db, piece.rows);
      break;
    case 'counters':
      loadCounters(db, piece.rows);
      break;
    case 'buckets':
      loadBuckets(db, piece.rows);
      break;
    case 'followers':
      loadFollowers(db, piece.rows);
      break;
    case 'answers':
      loadAnswers(db, piece.rows);
      break;
    case 'halts':
      loadHalts(db, piece.rows);
      break;
    case 'journal':
      loadJournal(db, piece.rows);
      break;
    case 'codes':
      loadCodes(db, piece.rows);
      break;
    case 'boxes':
      loadBoxes(db, piece.rows);
      break;
    case 'mailboxes':
      loadMailboxes(db, piece.rows);
      break;
    case 'acts':
      loadActs(db, piece.rows);
      break;
    default:
      piece satisfies never;
  }
}

type Rows<Kind extends keyof BookRows> = readonly BookRows[Kind][];

/** A row whose `key` is there gets new values; without `changing` it stays, because what it holds never changes. */
function upsert<Row>(
  db: Database,
  table: string,
  key: readonly string[],
  columns: readonly string[],
  changing = columns.filter(name => !key.includes(name)),
): Statement<Row> {
  const sets = changing.map(name => `${name} = excluded.${name}`);
  return db.prepare(`INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => '?').join()})
    ON CONFLICT (${key.join()}) DO ${sets.length === 0 ? 'NOTHING' : `UPDATE SET ${sets.join()}`}`) as Statement<Row>;
}

const CLAIM = ['key', 'campaign', 'rule', 'account', 'user', 'prize', 'amount', 'at', 'day', 'scene', 'round'] as const;

function loadClaims(db: Database, claims: Rows<'claims'>): void {
  const add = upsert(db, 'claim', ['key'], CLAIM, []);
  for (const claim of claims) add.run(...CLAIM.map(field => claim[field] ?? null));
}

/** A row's number is the order in which payouts were planned: one that is there keeps it. None is taken back. */
function loadPayouts(db: Database, payouts: Rows<'payouts'>): void {
  const add = upsert(db, 'payout', ['bill_no'], FIELDS.map(column), CHANGING.map(column));
  const find = db.prepare('SELECT id, version FROM payout WHERE bill_no = ?') as Statement<{
    id: number;
    version: number;
  }>;
  const forget = db.prepare('DELETE FROM history WHERE payout = ?');
  const tell = db.prepare(
    'INSERT INTO history (payout, version, at, from_, to_, what, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const { payout, history } of payouts) {
    if ((find.get(payout.billNo)?.version ?? 0) > payout.version)
      throw new Fault('store', 'never', 'newer', `payout ${payout.billNo} has gone on here: a bot works on this copy`);
    add.run(...FIELDS.map(field => stored(payout[field])));
    const { id } = find.get(payout.billNo)!;
    forget.run(id);
    for (const { version, at, from, to, what, detail } of history)
      tell.run(id, version, at, from, to, what, stored(detail));
  }
}

function loadCounters(db: Database, counters: Rows<'counters'>): void {
  const set = upsert(db, 'counter', ['owner', 'name'], ['owner', 'name', 'value']);
  for (const { name, value } of counters) set.run(ownerOf(name), name, value);
}

const BUCKET = ['campaign', 'reserved', 'sent', 'received', 'refunded'] as const;

function loadBuckets(db: Database, buckets: Rows<'buckets'>): void {
  const set = upsert(db, 'bucket', ['campaign'], BUCKET);
  for (const bucket of buckets) set.run(...BUCKET.map(field => bucket[field]));
}

function loadFollowers(db: Database, followers: Rows<'followers'>): void {
  const set = upsert(
    db,
    'follower',
    ['account', 'user'],
    ['account', 'user', 'following', 'follows', 'followed_at', 'left_at', 'invited_by'],
  );
  for (const follower of followers) set.run(...followerValues(follower));
}

function loadAnswers(db: Database, answers: Rows<'answers'>): void {
  const set = upsert(db, 'answer', ['account', 'key'], ['account', 'key', 'at', 'reply']);
  for (const { account, key, answer } of answers) set.run(account, key, answer.at, JSON.stringify(answer.reply));
}

function loadHalts(db: Database, halts: Rows<'halts'>): void {
  const set = upsert(db, 'halt', ['merchant'], ['merchant', 'code', 'reason', 'since', 'by', 'probe_at']);
  for (const { merchant, halt } of halts)
    set.run(merchant, halt.code, stored(halt.reason), halt.since, halt.by, halt.probeAt ?? null);
}

/** Under the numbers they had: by them a line is known that is there already. */
function loadJournal(db: Database, lines: Rows<'journal'>): void {
  const add = upsert(db, 'journal', ['id'], ['id', 'at', 'user', 'key', 'event', 'decision', 'reply'], []);
  for (const line of lines) {
    const { id, at, event, decision } = line;
    const values: Value[] = [JSON.stringify(event), JSON.stringify(storedDecision(decision)), toldBeside(line)];
    add.run(id, at, event.user, event.key, ...values);
  }
}

/** How many are in a box, the boxes say. */
function loadCodes(db: Database, codes: Rows<'codes'>): void {
  const add = upsert(db, 'code', ['hash'], ['hash', 'batch', 'box', 'prize'], []);
  for (const { hash, batch, box, prize } of codes) add.run(hash, batch, box, prize);
}

function loadBoxes(db: Database, boxes: Rows<'boxes'>): void {
  const set = upsert(db, 'code_box', ['batch', 'box'], ['batch', 'box', 'codes', 'active', 'decided']);
  for (const { batch, box, codes, active, undecided } of boxes)
    set.run(batch, box, codes, Number(active), Number(!undecided));
}

function loadMailboxes(db: Database, mailboxes: Rows<'mailboxes'>): void {
  const set = upsert(db, 'mailbox', ['account', 'user'], ['account', 'user', 'version', 'sent', 'owed']);
  for (const { account, user, mailbox } of mailboxes)
    set.run(account, user, mailbox.version, JSON.stringify(mailbox.sent), owedText(mailbox));
}

/** Under the numbers they had, as the journal. */
function loadActs(db: Database, acts: Rows<'acts'>): void {
  const add = upsert(db, 'act', ['id'], ['id', 'at', 'by_', 'what', 'about', 'detail'], []);
  for (const act of acts) add.run(act.id, ...actValues(act));
}
