// Format 11 of the SQLite file: what one claim writes lies on few pages. Everything of a follower lies together in `own`; a
// text that is like others is no longer than what is its own; and what follows from another row is not written.
//
// Moves the rows of format 10, inside a transaction of its caller, and looks at each once more as it would be read. Throws
// where anything is not what it was: then the file stays as it is.

import assert from 'node:assert/strict';
import type { Event } from '../../core/base/event.ts';
import { type JsonText, jsonText, saidBy } from '../../core/base/json-text.ts';
import type { Claim } from '../../core/decide/decision.ts';
import type { Answer } from '../../ports.ts';
import { column, FIELDS, present, type Value } from '../shared/rows.ts';
import { countersOf } from './counters.ts';
import { ODD } from './forget.ts';
import { counterPlace } from './own/counter-names.ts';
import {
  claimFrom,
  claimPlace,
  claimText,
  type EventColumn,
  eventColumn,
  eventPlace,
  type Heard,
  heardIn,
  strayName,
} from './own/own-names.ts';
import { isApart, strayIn } from './rows.ts';
import type { Database } from './schema.ts';
import { type Shapes, shapesIn } from './shapes.ts';

const BEFORE = `
DROP INDEX answer_at;
DROP INDEX payout_due;
DROP INDEX payout_do;
DROP INDEX payout_user;
DROP INDEX payout_state;
DROP INDEX payout_campaign;
DROP INDEX payout_merchant;
DROP INDEX journal_user;
DROP INDEX journal_key;
ALTER TABLE history RENAME TO old_history;
ALTER TABLE payout RENAME TO old_payout;
ALTER TABLE claim RENAME TO old_claim;
ALTER TABLE counter RENAME TO old_counter;
ALTER TABLE answer RENAME TO old_answer;
ALTER TABLE journal RENAME TO old_journal;
`;

const TABLES = `
CREATE TABLE shape (
  id   INTEGER PRIMARY KEY,  -- named by the columns that hold a text of this shape
  kind TEXT NOT NULL,        -- which texts may be like it
  text TEXT NOT NULL         -- the first of them: see storage/shared/shape.ts
) STRICT;

CREATE TABLE own (
  owner TEXT NOT NULL,  -- the openid in the name, or ''
  name  TEXT NOT NULL,  -- what it is, in a letter, and its name: see storage/sqlite/own/own-names.ts
  value ANY NOT NULL,   -- a claim, some counters, or the row of an event's journal line
  PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX own_odd ON own (owner, name) WHERE ${ODD};

CREATE TABLE forgotten (
  line INTEGER NOT NULL  -- journal lines up to this one are no answers any more
) STRICT;
INSERT INTO forgotten VALUES (0);

CREATE TABLE counter (
  name  TEXT PRIMARY KEY,  -- of a counter with no openid in its name; all others are in own
  value INTEGER NOT NULL   -- pieces, fen, or for …/last an instant
) STRICT, WITHOUT ROWID;

CREATE TABLE payout (
  id         INTEGER PRIMARY KEY,   -- the order in which payouts were planned
  bill_no    TEXT NOT NULL UNIQUE,  -- mch_billno
  claim_key  TEXT NOT NULL,         -- the claim it pays, which names this row
  attempt    INTEGER NOT NULL,      -- counts from 1; grows only after FAILED
  campaign   TEXT NOT NULL,         -- the claim's campaign
  rule       TEXT NOT NULL,         -- the claim's rule
  account    TEXT NOT NULL,         -- our name of the Official Account
  merchant   TEXT NOT NULL,         -- our name of the merchant who pays
  user       TEXT NOT NULL,         -- openid
  amount     INTEGER NOT NULL CHECK (amount > 0),   -- fen
  request    TEXT NOT NULL,         -- the fields every call sends, JSON, perhaps by its shape
  holds      TEXT NOT NULL,         -- what counters get back if the money returns, JSON [{name, add}], perhaps by its shape
  state      TEXT NOT NULL,         -- see core/payout/payout.ts
  version    INTEGER NOT NULL,      -- grows by one with every change
  tries      INTEGER NOT NULL,      -- how often it was sent
  strikes    INTEGER NOT NULL,      -- inconclusive observations in a row
  next_do    TEXT NOT NULL,         -- what is done next: 'send' or 'query'
  next_at    INTEGER,               -- and when, ms; NULL: nothing, it is final or parked for a person
  problem    TEXT,                  -- the platform's latest code and text, while they matter
  user_refused INTEGER,             -- 1: WeChat refuses this follower; NULL: not that we know
  first_sent_at INTEGER,            -- ms; when it was sent the first time
  list_id    TEXT,                  -- WeChat's own number
  package_info TEXT,                -- 商家转账: what the confirmation page needs
  reoffer    INTEGER,               -- 1: offered to the same follower once more if nobody opens it
  refunded   INTEGER,               -- fen that came back, once it is refunded
  created_at INTEGER NOT NULL,      -- ms
  sent_at    INTEGER,               -- ms
  ended_at   INTEGER,               -- ms
  undone_by  TEXT,                  -- what takes it back before it is sent, JSON
  stopped    TEXT,                  -- 'calledOff', 'doubted': never sent, and followed by no other number; NULL: not so
  refusals   INTEGER,               -- calls that were refused so that they left no order; NULL: none
  expired    INTEGER,               -- 1: WeChat Pay takes this number no more; NULL: not that we know
  event_at   INTEGER,               -- when the event happened that made the claim, ms
  stray      INTEGER                -- 1: no claim beside its follower names it; NULL: one does
) STRICT;
CREATE INDEX payout_do ON payout (merchant, next_do, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX payout_stray ON payout (user) WHERE stray IS NOT NULL;
CREATE INDEX payout_state ON payout (state) WHERE state <> 'received';
CREATE INDEX payout_campaign ON payout (campaign);
CREATE INDEX payout_merchant ON payout (merchant);

CREATE TABLE history (
  payout  INTEGER NOT NULL REFERENCES payout (id),  -- whose life this is
  version INTEGER NOT NULL,  -- the payout's version after the change; that it was planned follows from the payout
  at      INTEGER NOT NULL,  -- ms
  from_   TEXT NOT NULL,     -- the state before; 'new' in a first line
  to_     TEXT NOT NULL,     -- the state after
  what    TEXT NOT NULL,     -- what was seen or done, in a word
  detail  TEXT,              -- the platform's code and text, or the operator's reason
  PRIMARY KEY (payout, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  id   INTEGER PRIMARY KEY,  -- the order in which events were decided
  at   INTEGER NOT NULL,     -- our time, by which rules decided, ms
  line TEXT NOT NULL,        -- event, decision and what was told, JSON, perhaps by its shape: see storage/sqlite/rows.ts
  said TEXT                  -- what the follower typed; NULL: it is in the line, if there is any
) STRICT;
`;

const AFTERWARDS = `
DROP TABLE old_history;
DROP TABLE old_payout;
DROP TABLE old_claim;
DROP TABLE old_counter;
DROP TABLE old_answer;
DROP TABLE old_journal;
`;

export function toFormat11(db: Database): void {
  db.exec(BEFORE);
  db.exec(TABLES);
  const shapes = shapesIn(db);
  moveClaims(db);
  moveCounters(db);
  movePayouts(db, shapes);
  moveLines(db, shapes);
  moveEvents(db);
  db.exec(AFTERWARDS);
}

type Put = (owner: string, name: string, value: Value) => void;

function putting(db: Database): Put {
  const put = db.prepare('INSERT OR REPLACE INTO own (owner, name, value) VALUES (?, ?, ?)');
  return (owner, name, value) => void put.run(owner, name, value);
}

/** All rows, in their order. */
function each<Row>(db: Database, sql: string): IterableIterator<Row> {
  return db.prepare<Row>(sql).iterate();
}

function numberOf(db: Database, sql: string): number {
  return db.prepare<{ n: number }>(`SELECT ${sql} AS n`).get()!.n;
}

function moveClaims(db: Database): void {
  const put = putting(db);
  db.exec('CREATE INDEX old_payout_claim ON old_payout (claim_key)');
  const payouts = db.prepare<{ id: number }>('SELECT id FROM old_payout WHERE claim_key = ? ORDER BY id');
  for (const row of each<Claim>(db, 'SELECT * FROM old_claim ORDER BY user, key')) {
    const claim = present(row);
    const place = claimPlace(claim.key);
    const text = claimText(
      claim,
      payouts.all(claim.key).map(({ id }) => id),
    );
    assert.deepEqual({ ...claimFrom(place, text) }, claim);
    put(...place, text);
  }
  const claims = numberOf(db, "(SELECT count(*) FROM own WHERE name >= 'c' AND name < 'd')");
  assert.equal(claims, numberOf(db, '(SELECT count(*) FROM old_claim)'), 'every claim has moved');
}

function moveCounters(db: Database): void {
  const putOwn = putting(db);
  const putShared = db.prepare('INSERT INTO counter (name, value) VALUES (?, ?)');
  type Row = { readonly owner: string; readonly name: string; readonly value: number };
  let owner = '';
  let rows = new Map<string, [names: string[], values: Record<string, number>]>();
  const flush = (): void => {
    for (const [own, [names, values]] of rows) {
      const text = jsonText(values);
      const read = countersOf(owner, own, text);
      assert.deepEqual(read.map(({ name }) => name).toSorted(), names.toSorted());
      putOwn(owner, own, text);
    }
    rows = new Map();
  };
  for (const { owner: whose, name, value } of each<Row>(db, 'SELECT * FROM old_counter ORDER BY owner, name')) {
    const place = counterPlace(name);
    if (!place) {
      putShared.run(name, value);
      continue;
    }
    assert.equal(place.owner, whose, `a counter beside its follower: ${name}`);
    if (whose !== owner) flush();
    owner = whose;
    const row = rows.get(place.own) ?? [[], {}];
    rows.set(place.own, row);
    row[0].push(name);
    row[1][place.short] = value;
  }
  flush();
  const sum = (table: string, value: string): string => `(SELECT count(*) || ' ' || total(${value}) FROM ${table})`;
  const now = `(SELECT value FROM counter UNION ALL
    SELECT each.value FROM own, json_each(own.value) AS each WHERE own.name >= 'n' AND own.name < 'o')`;
  assert.equal(numberOf(db, sum(now, 'value')), numberOf(db, sum('old_counter', 'value')), 'every counter has moved');
}

function movePayouts(db: Database, shapes: Shapes): void {
  const columns = FIELDS.map(column);
  const add = db.prepare(
    `INSERT INTO payout (id, ${columns.join()}, stray) VALUES (?, ${columns.map(() => '?').join()}, ?)`,
  );
  type Told = Pick<Claim, 'campaign' | 'rule' | 'user'> & { claim_key: string; request: string; holds: string };
  type Row = Record<string, Value> & { readonly id: number } & Told;
  for (const row of each<Row>(db, 'SELECT * FROM old_payout ORDER BY id')) {
    const { campaign, rule, request, holds, claim_key: claimKey, user } = row;
    const short: Record<string, Value> = {
      ...row,
      request: shapes.short(`request/${campaign}`, request),
      holds: shapes.short(`holds/${campaign}/${rule}`, holds),
    };
    assert.equal(shapes.full(String(short.request)), request);
    assert.equal(shapes.full(String(short.holds)), holds);
    add.run(row.id, ...columns.map(name => short[name] ?? null), strayIn({ claimKey, user }));
  }
  db.exec(`INSERT INTO history SELECT old.* FROM old_history AS old JOIN payout ON payout.id = old.payout
    WHERE NOT (old.version = 1 AND from_ = 'new' AND to_ = 'planned' AND what = 'planned' AND detail IS NULL
      AND at = created_at)`);
  assert.equal(numberOf(db, '(SELECT count(*) FROM payout)'), numberOf(db, '(SELECT count(*) FROM old_payout)'));
}

type OldLine = {
  readonly id: number;
  readonly at: Answer['at'];
  readonly user: string;
  readonly key: string;
  readonly event: JsonText<Event>;
  readonly decision: string;
  readonly reply: string | null;
};

/** Decisions stay as they were written, to the letter. */
function moveLines(db: Database, shapes: Shapes): void {
  const add = db.prepare('INSERT INTO journal (id, at, line, said) VALUES (?, ?, ?, ?)');
  for (const { id, at, event: text, decision, reply } of each<OldLine>(db, 'SELECT * FROM old_journal ORDER BY id')) {
    const event = saidBy(text);
    const isApartHere = isApart(event) && JSON.stringify(event) === text;
    const heard = isApartHere ? JSON.stringify({ ...event, text: '' }) : text;
    const line = `[${heard},${decision}${reply === null ? '' : `,${reply}`}]`;
    const short = shapes.short(`${event.kind}/${decision.slice(0, 60)}`, line);
    assert.equal(shapes.full(short), line);
    add.run(id, at, short, isApartHere ? event.text : null);
  }
}

type ReplyText = JsonText<Answer['reply']>;
type OldEvent = OldLine & {
  readonly account: string;
  readonly answeredAt: Answer['at'] | null;
  readonly told: ReplyText | null;
};

function moveEvents(db: Database): void {
  const put = putting(db);
  const find = db.prepare<{ value: EventColumn }>('SELECT value FROM own WHERE owner = ? AND name = ?');
  const lines = `SELECT j.id, j.at, j.user, j.key, j.event ->> 'account' AS account,
      coalesce(j.reply, j.decision -> 'reply') AS reply, a.at AS answeredAt, a.reply AS told
    FROM old_journal AS j LEFT JOIN old_answer AS a ON a.account = j.event ->> 'account' AND a.key = j.key
    ORDER BY j.user, j.key, account, j.id`;
  for (const { id, at, user, account, key, reply, answeredAt, told } of each<OldEvent>(db, lines)) {
    const place = eventPlace(account, key);
    const before = find.get(...place);
    const heard: Heard = {
      lines: [...(before ? heardIn(before.value).lines : []), id],
      ...(answeredAt !== null && { answer: answerOf(answeredAt, told!, answeredAt === at && told === reply) }),
    };
    put(...place, eventColumn(heard));
    if (place[0] !== user) put(user, strayName(id), id);
  }
  type Row = { readonly account: string; readonly key: string; readonly at: Answer['at']; readonly reply: ReplyText };
  for (const { account, key, at, reply } of each<Row>(db, 'SELECT * FROM old_answer')) {
    const place = eventPlace(account, key);
    if (!find.get(...place)) put(...place, eventColumn({ lines: [], answer: answerOf(at, reply, false) }));
  }
}

function answerOf(at: Answer['at'], reply: ReplyText, isOfLine: boolean): NonNullable<Heard['answer']> {
  return isOfLine ? {} : { at, reply: saidBy(reply) };
}
