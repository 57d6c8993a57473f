// What another store's books hold, written to the SQLite file as it is. Runs inside a transaction of its caller. A row
// that is there already is written anew, so that a piece told again changes nothing.

import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../../core/base/error.ts';
import type { Piece, SnapshotRows } from '../../ports.ts';
import { authorizationText } from '../shared/authorization.ts';
import { CHANGING, column, FIELDS, followerValues, stored } from '../shared/rows.ts';
import { actValues } from './acts.ts';
import type { Counters } from './counters.ts';
import { pendingText } from './mailbox.ts';
import {
  type ClaimText,
  claimPlace,
  claimText,
  type EventColumn,
  eventColumn,
  eventPlace,
  heardIn,
  type Place,
  strayName,
  withPayout,
} from './own/own-names.ts';
import { isImplied, lineTexts, storedIn, strayIn } from './rows.ts';
import type { Database, Statement } from './schema.ts';
import type { Shapes } from './shapes.ts';

/** What is held in memory for the length of the transaction. */
type Held = { readonly counters: Counters; readonly shapes: Shapes };

export function loadPiece(db: Database, { counters, shapes }: Held, piece: Piece): void {
  switch (piece.kind) {
    case 'claims':
      loadClaims(db, piece.rows);
      break;
    case 'payouts':
      loadPayouts(db, shapes, piece.rows);
      break;
    case 'counters':
      for (const { name, value } of piece.rows) counters.set(name, value);
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
      loadJournal(db, shapes, piece.rows);
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
    case 'authorizations':
      loadAuthorizations(db, piece.rows);
      break;
    case 'documents':
      loadDocuments(db, piece.rows);
      break;
    case 'acts':
      loadActs(db, piece.rows);
      break;
    default:
      piece satisfies never;
  }
}

type Rows<Kind extends keyof SnapshotRows> = readonly SnapshotRows[Kind][];

/** A row whose `key` is there gets new values; without `changing` it stays, because what it holds never changes. */
function upsert<Row>(
  db: Database,
  table: string,
  key: readonly string[],
  columns: readonly string[],
  changing = columns.filter(name => !key.includes(name)),
): Statement<Row> {
  const sets = changing.map(name => `${name} = excluded.${name}`);
  return db.prepare<Row>(`INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => '?').join()})
    ON CONFLICT (${key.join()}) DO ${sets.length === 0 ? 'NOTHING' : `UPDATE SET ${sets.join()}`}`);
}

function loadClaims(db: Database, claims: Rows<'claims'>): void {
  const add = db.prepare('INSERT OR IGNORE INTO own (owner, name, value) VALUES (?, ?, ?)');
  for (const claim of claims) add.run(...claimPlace(claim.key), claimText(claim, []));
}

/** A row's number is the order in which payouts were planned: one that is there keeps it. None is taken back. */
function loadPayouts(db: Database, shapes: Shapes, payouts: Rows<'payouts'>): void {
  const add = upsert(db, 'payout', ['bill_no'], [...FIELDS.map(column), 'stray'], CHANGING.map(column));
  const find = db.prepare<{
    id: number;
    version: number;
  }>('SELECT id, version FROM payout WHERE bill_no = ?');
  const own = ownRows<ClaimText>(db);
  const forget = db.prepare('DELETE FROM history WHERE payout = ?');
  const tell = db.prepare(
    'INSERT INTO history (payout, version, at, from_, to_, what, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const { payout, history } of payouts) {
    if ((find.get(payout.billNo)?.version ?? 0) > payout.version)
      throw new Fault('store', 'never', 'newer', `payout ${payout.billNo} has gone on here: a bot works on this copy`);
    add.run(...FIELDS.map(field => storedIn(shapes, payout, field)), strayIn(payout));
    const { id } = find.get(payout.billNo)!;
    const place = claimPlace(payout.claimKey);
    const claim = own.get(place);
    if (claim === undefined) throw new Error(`payout ${payout.billNo} comes before its claim`);
    own.put(place, withPayout(claim, id));
    forget.run(id);
    for (const line of history) {
      const { version, at, from, to, what, detail } = line;
      if (!isImplied(line, payout)) tell.run(id, version, at, from, to, what, stored(detail));
    }
  }
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

function ownRows<Column extends ClaimText | EventColumn>(
  db: Database,
): {
  get(place: Place): Column | undefined;
  put(place: Place, value: Column): void;
} {
  const find = db.prepare<{ value: Column }>('SELECT value FROM own WHERE owner = ? AND name = ?');
  const put = db.prepare('INSERT OR REPLACE INTO own (owner, name, value) VALUES (?, ?, ?)');
  return { get: place => find.get(...place)?.value, put: (place, value) => void put.run(...place, value) };
}

/** They come before their lines, and stand here as they are. */
function loadAnswers(db: Database, answers: Rows<'answers'>): void {
  const own = ownRows<EventColumn>(db);
  for (const { account, key, answer } of answers) {
    const place = eventPlace(account, key);
    const before = own.get(place);
    own.put(place, eventColumn({ lines: before === undefined ? [] : heardIn(before).lines, answer }));
  }
}

function loadHalts(db: Database, halts: Rows<'halts'>): void {
  const set = upsert(db, 'halt', ['merchant'], ['merchant', 'code', 'reason', 'since', 'by', 'probe_at']);
  for (const { merchant, halt } of halts)
    set.run(merchant, halt.code, stored(halt.reason), halt.since, halt.by, halt.probeAt ?? null);
}

/** Under the numbers they had: by them a line is known that is there already. */
function loadJournal(db: Database, shapes: Shapes, lines: Rows<'journal'>): void {
  const add = db.prepare('INSERT OR IGNORE INTO journal (id, at, line, said) VALUES (?, ?, ?, ?)');
  const forgotten = db.prepare<{ line: number }>('SELECT line FROM forgotten');
  const own = ownRows<EventColumn>(db);
  for (const line of lines) {
    const { id, at, event } = line;
    const { kind, text, said } = lineTexts(line);
    if (add.run(id, at, shapes.short(kind, text), said).changes === 0) continue;
    const place = eventPlace(event.account, event.key);
    const before = own.get(place);
    const { lines: known, answer } = before === undefined ? { lines: [], answer: undefined } : heardIn(before);
    // An answer that is its line's need not stand here.
    const isLines = answer?.at === at && id > forgotten.get()!.line && isDeepStrictEqual(answer.reply, line.reply);
    own.put(place, eventColumn({ lines: [...known, id], ...(answer && { answer: isLines ? {} : answer }) }));
    if (place[0] !== event.user) own.put([event.user, strayName(id)], id);
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
    set.run(account, user, mailbox.version, JSON.stringify(mailbox.sent), pendingText(mailbox));
}

function loadAuthorizations(db: Database, authorizations: Rows<'authorizations'>): void {
  const set = upsert(db, 'authorization', ['merchant', 'user'], ['merchant', 'user', 'version', 'what']);
  for (const each of authorizations) set.run(each.merchant, each.user, each.version, authorizationText(each));
}

function loadDocuments(db: Database, documents: Rows<'documents'>): void {
  const set = upsert(db, 'document', ['kind', 'name'], ['kind', 'name', 'version', 'text', 'waits']);
  for (const { kind, name, version, text, waits } of documents)
    set.run(kind, name, version, text, Number(waits ?? false));
}

/** Under the numbers they had, as the journal. */
function loadActs(db: Database, acts: Rows<'acts'>): void {
  const add = upsert(db, 'act', ['id'], ['id', 'at', 'by_', 'what', 'about', 'detail'], []);
  for (const act of acts) add.run(act.id, ...actValues(act));
}
