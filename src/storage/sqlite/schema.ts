// The SQLite file: how it is opened, and its tables as a numbered list of migrations.

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { BadInput, messageOf } from '../../core/base/error.ts';
import type { Value } from '../shared/rows.ts';
import { toFormat11 } from './format-11.ts';
import { BUSY, sqliteCodeOf } from './group-commit.ts';

/** A prepared statement. `Row` is what its columns are; we trust our own file with that. */
export type Statement<Row = unknown> = {
  run(...values: Value[]): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  iterate(...values: Value[]): IterableIterator<Row>;
};
/** What we use of `@photostructure/sqlite` and of `node:sqlite`, which have the same API. */
export type Database = {
  readonly isTransaction: boolean;
  exec(sql: string): void;
  /** `Row`: what one of its rows has, as the text asks for it. */
  prepare<Row = unknown>(sql: string): Statement<Row>;
  close(): void;
};

const CREATE = `
CREATE TABLE answer (
  account TEXT NOT NULL,     -- our name of the Official Account
  key     TEXT NOT NULL,     -- the event's key: by it a redelivery is recognised
  at      INTEGER NOT NULL,  -- when it was answered, ms
  reply   TEXT NOT NULL,     -- what the follower was told, JSON
  PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_at ON answer (at);

CREATE TABLE follower (
  account     TEXT NOT NULL,     -- our name of the Official Account
  user        TEXT NOT NULL,     -- openid
  following   INTEGER NOT NULL,  -- 1 while they follow
  follows     INTEGER NOT NULL,  -- how often they followed since we watch
  followed_at INTEGER,           -- their latest follow, ms; NULL: we did not see it
  PRIMARY KEY (account, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
  key      TEXT PRIMARY KEY,  -- campaign / rule / openid / occasion, unique for ever
  campaign TEXT NOT NULL,     -- the campaign's id
  rule     TEXT NOT NULL,     -- the rule's id in it
  account  TEXT NOT NULL,     -- our name of the Official Account
  user     TEXT NOT NULL,     -- openid
  prize    TEXT NOT NULL,     -- the prize's name
  amount   INTEGER NOT NULL,  -- its worth, fen; 0 for nothing
  at       INTEGER NOT NULL   -- when it was made, ms
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  owner TEXT NOT NULL,     -- the openid in the name, or '': keeps a follower's counters on one page
  name  TEXT NOT NULL,     -- whose and which day's: see core/decide/limits.ts
  value INTEGER NOT NULL,  -- pieces, fen, or for …/last an instant
  PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE payout (
  id         INTEGER PRIMARY KEY,   -- the order in which payouts were planned
  bill_no    TEXT NOT NULL UNIQUE,  -- mch_billno
  claim_key  TEXT NOT NULL REFERENCES claim (key),  -- the claim it pays
  attempt    INTEGER NOT NULL,      -- counts from 1; grows only after FAILED
  campaign   TEXT NOT NULL,         -- the claim's campaign
  rule       TEXT NOT NULL,         -- the claim's rule
  account    TEXT NOT NULL,         -- our name of the Official Account
  merchant   TEXT NOT NULL,         -- our name of the merchant who pays
  user       TEXT NOT NULL,         -- openid
  amount     INTEGER NOT NULL CHECK (amount > 0),   -- fen
  request    TEXT NOT NULL,         -- the fields every call sends, JSON
  holds      TEXT NOT NULL,         -- what counters get back if the money returns, JSON [{name, add}]
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
  ended_at   INTEGER                -- ms
) STRICT;
CREATE INDEX payout_due ON payout (merchant, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX payout_do ON payout (merchant, next_do, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX payout_user ON payout (user);
CREATE INDEX payout_state ON payout (state);
CREATE INDEX payout_campaign ON payout (campaign);
CREATE INDEX payout_merchant ON payout (merchant);

CREATE TABLE history (
  payout  INTEGER NOT NULL REFERENCES payout (id),  -- whose life this is
  version INTEGER NOT NULL,  -- the payout's version after the change
  at      INTEGER NOT NULL,  -- ms
  from_   TEXT NOT NULL,     -- the state before; 'new' in the first line
  to_     TEXT NOT NULL,     -- the state after
  what    TEXT NOT NULL,     -- what was seen or done, in a word
  detail  TEXT,              -- the platform's code and text, or the operator's reason
  PRIMARY KEY (payout, version)
) STRICT, WITHOUT ROWID;

-- A bucket below zero is a mistake of ours: the checks make it fail instead of spread.
CREATE TABLE bucket (
  campaign TEXT PRIMARY KEY,                                -- the campaign's id
  reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),  -- promised, not yet with the follower, fen
  sent     INTEGER NOT NULL DEFAULT 0 CHECK (sent >= 0),      -- with the follower, not yet opened, fen
  received INTEGER NOT NULL DEFAULT 0 CHECK (received >= 0),  -- opened, fen
  refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0)   -- came back so far, fen; free again
) STRICT, WITHOUT ROWID;

CREATE TABLE halt (
  merchant TEXT PRIMARY KEY,  -- our name of the merchant; a row: nothing is sent
  code     TEXT NOT NULL,     -- the cause, as the platform or we call it
  reason   TEXT NOT NULL,     -- in words
  since    INTEGER NOT NULL,  -- ms
  by       TEXT NOT NULL,     -- 'bot' or 'operator'
  probe_at INTEGER            -- ms; when one payout is let through to see; NULL: only a person resumes
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  id       INTEGER PRIMARY KEY,  -- the order in which events were decided
  at       INTEGER NOT NULL,     -- our time, by which rules decided, ms
  user     TEXT NOT NULL,        -- openid
  key      TEXT NOT NULL,        -- the event's key
  event    TEXT NOT NULL,        -- JSON
  decision TEXT NOT NULL,        -- with its trace, JSON: see storage/shared/journal.ts
  reply    TEXT                  -- what was told, JSON; NULL: the decision's own reply
) STRICT;
CREATE INDEX journal_user ON journal (user);
CREATE INDEX journal_key ON journal (key);
`;

/** Work of which one process at a time may do each kind. */
const LEASES = `
CREATE TABLE lease (
  name   TEXT PRIMARY KEY,  -- what may be done: send:shop, job:audit …
  holder TEXT,              -- who may; NULL: it was given back
  fence  INTEGER NOT NULL,  -- grows by one with every change of holder
  since  INTEGER NOT NULL,  -- when it was taken, renewed or given back, ms
  until  INTEGER NOT NULL,  -- when another may take it, ms
  note   TEXT               -- what the last holder left for the next
) STRICT, WITHOUT ROWID;
`;

/** Printed codes, and what is owed to followers in words. */
const CODES_AND_MAILBOXES = `
CREATE TABLE code (
  hash  TEXT PRIMARY KEY,  -- stands for a printed code: see storage/shared/code-hash.ts
  batch TEXT NOT NULL,     -- what it was printed with
  box   INTEGER NOT NULL,  -- what it was packed in
  prize TEXT NOT NULL      -- what it is worth: a prize's name
) STRICT, WITHOUT ROWID;

CREATE TABLE code_box (
  batch  TEXT NOT NULL,     -- the batch of its codes
  box    INTEGER NOT NULL,  -- its number in the batch
  codes  INTEGER NOT NULL,  -- how many are in it
  active INTEGER NOT NULL,  -- 1: they may be used
  PRIMARY KEY (batch, box)
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox (
  account TEXT NOT NULL,     -- our name of the Official Account
  user    TEXT NOT NULL,     -- openid
  version INTEGER NOT NULL,  -- grows by one with every change
  sent    TEXT NOT NULL,     -- when customer-service messages went out, JSON [ms]
  owed    TEXT,              -- what could not be said, JSON [{id, text, at}]; NULL: nothing
  PRIMARY KEY (account, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_owed ON mailbox (account, user) WHERE owed IS NOT NULL;
`;

/** Prizes that are paid later and may be taken back until then; and who invited whom. */
const LATER_PRIZES = `
ALTER TABLE payout ADD COLUMN undone_by TEXT;      -- what takes it back before it is sent, JSON
ALTER TABLE follower ADD COLUMN invited_by TEXT;   -- whose personal code brought them, and of which campaign, JSON
`;

/** What an operator, or WeChat Pay, has said of a number beside its state. */
const PAYOUT_MARKS = `
ALTER TABLE payout ADD COLUMN stopped TEXT;      -- 'calledOff', 'doubted': never sent, and followed by no other number; NULL: not so
ALTER TABLE payout ADD COLUMN refusals INTEGER;  -- calls that were refused so that they left no order; NULL: none
ALTER TABLE payout ADD COLUMN expired INTEGER;   -- 1: WeChat Pay takes this number no more; NULL: not that we know
`;

/** When things happened by WeChat's clock, which tells late and in another order. */
const PLATFORM_TIMES = `
ALTER TABLE follower ADD COLUMN left_at INTEGER;   -- their latest unfollow, ms; NULL: we were told of none
ALTER TABLE payout ADD COLUMN event_at INTEGER;    -- when the event happened that made the claim, ms
`;

/** What people did by hand. */
const ACTS = `
CREATE TABLE act (
  id     INTEGER PRIMARY KEY,  -- the order in which they were written down
  at     INTEGER NOT NULL,     -- ms
  by_    TEXT NOT NULL,        -- who
  what   TEXT NOT NULL,        -- the command
  about  TEXT NOT NULL,        -- whom or what it is about
  detail TEXT                  -- how, and why
) STRICT;
`;

/** Where a claim was counted; NULL in those of before. */
const CLAIM_PLACES = `
ALTER TABLE claim ADD COLUMN day TEXT;     -- the campaign's own day
ALTER TABLE claim ADD COLUMN scene TEXT;   -- the scene (场景值) it came through
ALTER TABLE claim ADD COLUMN round TEXT;   -- the round (场次) that was on
`;

/** 1: a box of printed codes was set active or off by somebody; of those of before it is not known, and they may have been. */
const BOXES_DECIDED = `
ALTER TABLE code_box ADD COLUMN decided INTEGER NOT NULL DEFAULT 1;   -- 0: nobody has said yet whether its codes may be used
`;

/** No table changes, but what stands in one: an older version could not read it. What was written before stays as it is. */
const TRACE_AS_DATA = `
-- journal.decision has the checks of its trace as data, not in Chinese: see storage/shared/journal.ts
`;

/** Who is paid without a tap (免确认收款授权). */
const AUTHORIZATIONS = `
CREATE TABLE authorization (
  merchant TEXT NOT NULL,     -- our name of the merchant
  user     TEXT NOT NULL,     -- openid
  version  INTEGER NOT NULL,  -- grows by one with every change
  what     TEXT NOT NULL,     -- the latest one: its number, where it stands, JSON: see core/payout/authorization.ts
  PRIMARY KEY (merchant, user)
) STRICT, WITHOUT ROWID;
`;

/** WeChat's own numbers are looked for by people. */
const LIST_IDS = `
CREATE INDEX payout_list ON payout (list_id) WHERE list_id IS NOT NULL;
`;

/** What changes as one text. */
const DOCUMENTS = `
CREATE TABLE document (
  kind    TEXT NOT NULL,     -- 'parcels': goods won by a follower; 'draw': what was drawn at the end
  name    TEXT NOT NULL,     -- whose: account/openid, or campaign/draw
  version INTEGER NOT NULL,  -- grows by one with every change
  text    TEXT NOT NULL,     -- JSON; what is personal in it is sealed
  waits   INTEGER NOT NULL,  -- 1: something that was asked is not answered yet
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_waits ON document (kind, name) WHERE waits = 1;
`;

/** Number n takes a file from version n − 1 to n. Never edited once released: only followed by another. */
const MIGRATIONS: readonly (string | ((db: Database) => void))[] = [
  CREATE,
  LEASES,
  CODES_AND_MAILBOXES,
  LATER_PRIZES,
  PAYOUT_MARKS,
  PLATFORM_TIMES,
  ACTS,
  CLAIM_PLACES,
  BOXES_DECIDED,
  TRACE_AS_DATA,
  toFormat11,
  AUTHORIZATIONS,
  LIST_IDS,
  DOCUMENTS,
];

/** Of a file as this version writes it. */
export const FORMAT = MIGRATIONS.length;
/** Stands in the header of the file, so that `file` and we can tell it from another program's. */
export const APPLICATION_ID = 0x686f6e67; // "hong"
/** While the file is opened and migrated: nobody waits for us yet. */
const OPEN_TIMEOUT_MS = 5000;
/** Later, ms. It stops the whole process; who must wait longer for another program's lock does so in `group-commit.ts`. */
const BUSY_TIMEOUT_MS = 50;
const CACHE_KIB = 32 * 1024;
/** Pages in the WAL before they move into the file: 16 MB. More would be faster, and stall for longer. */
const CHECKPOINT_PAGES = 4096;
const WAL_KEPT_BYTES = 64 * 1024 * 1024;
const WAL_TRIES = 50;
const NOT_A_DATABASE = 26;

export async function openDatabase(file: string): Promise<Database> {
  const { DatabaseSync } = await loadDriver();
  const inMemory = file === ':memory:';
  try {
    if (!inMemory) createFile(file);
    const open: Open = path => new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
    const db = open(file);
    try {
      prepareFile(db, file, inMemory, open);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof BadInput) throw error;
    if (sqliteCodeOf(error) === NOT_A_DATABASE) throw new BadInput(foreign(file, 'it is no SQLite database'));
    throw new BadInput(`cannot open the store ${file}: ${messageOf(error)}`);
  }
}

/** Only the owner may read it: it knows who won what. A file that is there already keeps its mode. */
function createFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}

type Open = (file: string) => Database;

function prepareFile(db: Database, file: string, inMemory: boolean, open: Open): void {
  refuseOldSqlite(one<{ version: string }>(db, 'SELECT sqlite_version() AS version').version);
  migrate(db, file, open);
  const mode = switchToWal(db);
  if (mode !== 'wal' && !inMemory) {
    throw new BadInput(`cannot open the store ${file}: its file system cannot do WAL; put it on a local disk`);
  }
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${WAL_KEPT_BYTES};
    PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};
  `);
}

/** Fails at once if another process opens the same new file at this very moment; so we wait ourselves. */
function switchToWal(db: Database): string {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let left = WAL_TRIES; ; left--) {
    try {
      return one<{ journal_mode: string }>(db, 'PRAGMA journal_mode = WAL').journal_mode;
    } catch (error) {
      if (sqliteCodeOf(error) !== BUSY || left <= 1) throw error;
      Atomics.wait(pause, 0, 0, 20);
    }
  }
}

function migrate(db: Database, file: string, open: Open): void {
  const found = within(db, 'BEGIN', () => versionOf(db, file));
  if (found === MIGRATIONS.length) return;
  within(db, 'BEGIN IMMEDIATE', () => {
    // Asked again: another process may have migrated it while we waited for the lock.
    const before = versionOf(db, file);
    if (0 < before && before < MIGRATIONS.length) keepBeside(file, before, open);
    for (const step of MIGRATIONS.slice(before)) {
      if (typeof step === 'string') db.exec(step);
      else step(db);
    }
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

/**
 * The file as it was, whole in itself, for whoever must go back to an older version. We have the lock: nobody writes until
 * the migration is over. It bears its name only once it is on disk.
 */
function keepBeside(file: string, format: number, open: Open): void {
  const kept = `${file}.format-${format}`;
  const part = `${kept}.part`;
  rmSync(part, { force: true });
  closeSync(openSync(part, 'wx', 0o600));
  const reader = open(file);
  try {
    reader.prepare('VACUUM INTO ?').run(part);
  } finally {
    reader.close();
  }
  const written = openSync(part, 'r+');
  fsyncSync(written);
  closeSync(written);
  renameSync(part, kept);
}

/** In one transaction, so that no other process changes the file between two looks at it. */
function within<T>(db: Database, begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => T): T {
  db.exec(begin);
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** How many migrations the file has seen. Refuses one that is not ours, or has seen more than we know. */
function versionOf(db: Database, file: string): number {
  const owner = one<{ application_id: number }>(db, 'PRAGMA application_id').application_id;
  const { tables } = one<{ tables: number }>(db, 'SELECT count(*) AS tables FROM sqlite_schema');
  if (owner !== APPLICATION_ID && tables > 0) throw new BadInput(foreign(file, 'another program made it'));
  const version = one<{ user_version: number }>(db, 'PRAGMA user_version').user_version;
  if (version <= MIGRATIONS.length) return version;
  throw new BadInput(
    `${file} was written by a newer hongbao-bot (format ${version}, we know ${MIGRATIONS.length}): ` +
      'update hongbao-bot, or name another file under store: in bot.yaml',
  );
}

function foreign(file: string, why: string): string {
  const fix = 'name another file under store: in bot.yaml, or move this one away';
  return `${file} is no store of hongbao-bot (${why}): ${fix}`;
}

/** The row of a question that always has one. */
export function one<Row>(db: Database, sql: string): Row {
  const [row] = db.prepare<Row>(sql).all();
  if (row === undefined) throw new Error(`no row: ${sql}`);
  return row;
}

// ── The driver ───────────────────────────────────────────────────────────────────────────────────────────

type Driver = {
  readonly DatabaseSync: new (
    file: string,
    options: { readonly timeout: number; readonly readOnly?: boolean },
  ) => Database;
};

export async function loadDriver(): Promise<Driver> {
  try {
    return (await import('@photostructure/sqlite')) as Driver;
  } catch (error) {
    // Its prebuilt binary needs glibc 2.29; Node itself has the same API from version 22 on.
    const driver = builtIn();
    if (driver) return driver;
    throw new BadInput(`SQLite cannot be loaded (${messageOf(error)}): run npm ci again, or use Node 22 or newer`);
  }
}

/** Node 22 calls it an experiment, at every command. */
function builtIn(): Driver | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule?.('node:sqlite') as Driver | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

const OLDEST_SQLITE = '3.51.3';

/** Before it, two processes that write and checkpoint at one instant could lose commits (WAL-reset bug). */
export function refuseOldSqlite(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const [needMajor = 0, needMinor = 0, needPatch = 0] = OLDEST_SQLITE.split('.').map(Number);
  const isEnough = major - needMajor || minor - needMinor || patch - needPatch;
  if (isEnough >= 0) return;
  throw new BadInput(
    `SQLite ${version} can lose commits; ${OLDEST_SQLITE} is needed: run npm ci again, or update Node`,
  );
}
