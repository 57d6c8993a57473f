// The books of one follower after the other, for who looks at followers one by one. Claims and counters lie beside their
// follower in the file (`own`), and a claim names the rows of what pays it: so nothing has to be put in order first.

import { openId } from '../../core/base/event.ts';
import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import type { Claim } from '../../core/decide/decision.ts';
import type { Payout } from '../../core/payout/payout.ts';
import type { FollowerRange, Parts, SnapshotPart, SnapshotRows } from '../../ports.ts';
import { column, FIELDS, named, payoutWith, type Value } from '../shared/rows.ts';
import type { Values } from './counters.ts';
import { nameFrom } from './own/counter-names.ts';
import { AFTER, type ClaimText, claimFrom, claimPlace, payoutsOf } from './own/own-names.ts';
import { historyOf, type LifeRow, lifeIn } from './rows.ts';
import type { Database, Statement } from './schema.ts';
import type { Shapes } from './shapes.ts';
import { sharedCountersIn, type TableReading } from './snapshot.ts';

/** Rows of nobody that make a part. */
const CHUNK = 200;
/** Payouts that no claim beside their follower names: more of them than memory is for are read in another way. */
const STRAYS_MAX = 20_000;
/** Texts that come again and again, of which what they mean is remembered. */
const KNOWN_MAX = 5000;

type Hold = Payout['holds'][number];
type NamedCounter = SnapshotRows['counters'];
type Life = SnapshotRows['payouts'];
type ClaimRow = { readonly owner: string; readonly name: string; readonly value: ClaimText };
type OwnRow = ClaimRow | (Omit<ClaimRow, 'value'> & { readonly value: JsonText<Values> });
type PayoutRow = LifeRow & {
  readonly row: JsonText<Value[]>;
  readonly request: JsonText<object>;
  readonly holds: string;
};
type StrayRow = { readonly id: number; readonly claimKey: string };
type Source = {
  readonly db: Database;
  readonly from: string;
  readonly shapes: Shapes;
  /** Runs a question to the file; it says so when the books are closed. */
  read<T>(work: () => T): T;
  pages<Row, Entry>(reading: TableReading<Row, Entry>): AsyncGenerator<Entry[]>;
};

/** `undefined`: they are better read in another order. `stand`: see `Books.parts`. */
export function partsIn(source: Source, stand: string): Parts | undefined {
  const { db, from, read } = source;
  const one = <Row>(sql: string, ...values: Value[]) => read(() => db.prepare<Row>(sql).get(...values));
  const strays = read(() =>
    db
      .prepare<StrayRow>(`SELECT id, claim_key AS claimKey FROM ${from}.payout WHERE stray IS NOT NULL LIMIT ?`)
      .all(STRAYS_MAX + 1),
  );
  if (strays.length > STRAYS_MAX) return undefined;
  const { payouts } = one<{ payouts: number }>(`SELECT count(*) AS payouts FROM ${from}.payout`)!;
  const { last } = one<{ last: number }>(`SELECT coalesce(max(id), 0) AS last FROM ${from}.payout`)!;
  const reader = (range: FollowerRange): PartReader => new PartReader(source, stand, { strays, last, range });
  return {
    payouts,
    middle: () => {
      const users: string[] = [];
      for (let n = 0; n < SAMPLES; n++) {
        const at = Math.floor((last * n) / SAMPLES);
        const found = one<{ user: string }>(`SELECT user FROM ${from}.payout WHERE id > ? LIMIT 1`, at);
        if (found && PLAIN.test(found.user)) users.push(found.user);
      }
      return users.sort()[Math.floor(users.length / 2)];
    },
    nobodys: () => {
      const none = reader({ until: FIRST_FOLLOWER });
      return { pages: () => none.pages(true), told: none.told };
    },
    followers: (range = {}) => {
      const own = reader({ from: FIRST_FOLLOWER, ...range });
      return { pages: () => own.pages(false), told: own.told };
    },
    leftOver: told => leftOver(source, reader({}), payouts, told),
  };
}

/** Every openid comes behind what is nobody's. */
const FIRST_FOLLOWER = '\x01';
/** No text comes behind it. */
const LAST = '\u{10ffff}';
/** As openids are: only of such texts does SQLite have the same order as we. */
const PLAIN = /^[\x21-\x7e]+$/;
/** So many payouts tell where about half of the followers is. */
const SAMPLES = 501;

/** Rows that no claim names, though one should: they are of nobody. `told`: what readers have told, by row. */
async function* leftOver(
  source: Source,
  reader: PartReader,
  payouts: number,
  told: readonly Uint8Array[],
): AsyncGenerator<SnapshotPart[]> {
  if (told.reduce((sum, rows) => sum + rows.reduce((ones, one) => ones + one, 0), 0) === payouts) return;
  const ids = source.pages<{ id: number }, number>({
    sql: `SELECT id FROM ${source.from}.payout WHERE id > ? ORDER BY id`,
    first: [-1],
    keyOf: ({ id }) => [id],
    as: ({ id }) => id,
  });
  for await (const page of ids) {
    const missing = page.filter(id => told.every(rows => rows[id] === 0));
    if (missing.length > 0) yield [reader.ofNobody(missing)];
  }
}

/** Fields that a column holds as it is; `request` and `holds` may be held by their shape. */
const SCALARS = FIELDS.filter(field => field !== 'request' && field !== 'holds');

type Reach = { readonly strays: readonly StrayRow[]; readonly last: number; readonly range: FollowerRange };

class PartReader {
  /** Rows of payouts that were read: none is told twice, and none is left out. */
  readonly told: Uint8Array<ArrayBuffer>;
  private readonly source: Source;
  private readonly stand: string;
  private readonly range: FollowerRange;
  /** `stand`, inside of a text of JSON. */
  private readonly quoted: string;
  /** By the follower beside whom their claim would lie. */
  private readonly strays = new Map<string, number[]>();
  private readonly payout: Statement<PayoutRow>;
  private readonly names = new Map<string, string>();
  private readonly holds = new Map<string, Hold[]>();
  private readonly requests = new Map<string, object>();

  constructor(source: Source, stand: string, { strays, last, range }: Reach) {
    const { db, from, read } = source;
    this.source = source;
    this.stand = stand;
    this.range = range;
    this.quoted = JSON.stringify(stand).slice(1, -1);
    for (const { id, claimKey } of strays) {
      const owner = claimPlace(claimKey)[0];
      if (owner >= (range.from ?? '') && (range.until === undefined || owner < range.until))
        this.strays.set(owner, [...(this.strays.get(owner) ?? []), id]);
    }
    this.told = new Uint8Array(last + 1);
    this.payout = read(() =>
      db.prepare<PayoutRow>(`SELECT json_array(${SCALARS.map(column).join()}) AS row, request, holds, ${lifeIn(from)}
          FROM ${from}.payout WHERE id = ?`),
    );
  }

  /** `withShared`: the counters in whose name no openid of ours is come first. */
  async *pages(withShared: boolean): AsyncGenerator<SnapshotPart[]> {
    const { from, pages } = this.source;
    if (withShared)
      for await (const counters of pages(sharedCountersIn(from)))
        yield [{ user: '', claims: [], payouts: [], counters }];
    let rows: OwnRow[] = [];
    for await (const page of pages(ownRowsIn(from, this.range))) {
      const parts: SnapshotPart[] = [];
      for (const row of page) {
        if (rows.length > 0 && rows[0]!.owner !== row.owner) {
          parts.push(this.partOf(rows));
          rows = [];
        }
        rows.push(row);
        // What is nobody's may be very much, and need not be together.
        if (row.owner === '' && rows.length >= CHUNK) {
          parts.push(this.partOf(rows));
          rows = [];
        }
      }
      yield parts;
    }
    if (rows.length > 0) yield [this.partOf(rows)];
    for (const ids of this.strays.values()) yield [this.ofNobody(ids)];
  }

  /** `rows`: of one follower. */
  private partOf(rows: readonly OwnRow[]): SnapshotPart {
    const user = rows[0]!.owner;
    const ids = this.strays.get(user) ?? [];
    this.strays.delete(user);
    const [claims, counters]: [Claim[], NamedCounter[]] = [[], []];
    for (const row of rows) {
      if (isClaim(row)) {
        const claim = claimFrom([row.owner, row.name], row.value);
        ids.push(...payoutsOf(row.value));
        claims.push(
          user === ''
            ? claim
            : {
                ...claim,
                key: this.without(claim.key, user),
                user: claim.user === user ? openId(this.stand) : claim.user,
              },
        );
      } else this.countersOf(user, row.name, row.value, counters);
    }
    return { user, claims, counters, payouts: this.livesOf(ids, user) };
  }

  private countersOf(user: string, row: string, value: JsonText<Values>, into: NamedCounter[]): void {
    const values = saidBy(value);
    for (const short of Object.keys(values)) {
      const name = remembered(this.names, `${row}\0${short}`, () => nameFrom(short, this.stand, row));
      into.push({ name: short.startsWith('=') ? this.without(short.slice(1), user) : name, value: values[short]! });
    }
  }

  ofNobody(ids: readonly number[]): SnapshotPart {
    return { user: '', claims: [], counters: [], payouts: this.livesOf(ids, '') };
  }

  private livesOf(ids: readonly number[], user: string): Life[] {
    const lives: Life[] = [];
    for (const id of ids) {
      if (this.told[id] !== 0) continue; // told already, or there is none
      const row = this.source.read(() => this.payout.get(id));
      if (!row) continue;
      this.told[id] = 1;
      lives.push(this.lifeOf(row, user));
    }
    return lives;
  }

  private lifeOf(row: PayoutRow, user: string): Life {
    const { shapes } = this.source;
    const scalars = named<Record<string, unknown>>(SCALARS, saidBy(row.row));
    const held = shapes.full(row.holds);
    const request = remembered(this.requests, row.request, () => saidBy(shapes.full(row.request)));
    // Without their follower they are the same for nearly all.
    const text = user === '' ? held : held.replaceAll(user, () => this.quoted);
    const holds = remembered(this.holds, text, () => JSON.parse(text) as Hold[]);
    return { payout: payoutWith({ ...scalars, request, holds }), history: historyOf(row) };
  }

  private without(key: string, user: string): string {
    return key.replace(user, () => this.stand);
  }
}

function isClaim(row: OwnRow): row is ClaimRow {
  return row.name.startsWith('c');
}

/** Claims and counters, of those from one follower to before another. */
function ownRowsIn(table: string, { from = '', until = LAST }: FollowerRange): TableReading<OwnRow, OwnRow> {
  return {
    sql: `SELECT owner, name, value FROM ${table}.own WHERE (owner, name) > (?, ?) AND owner < ?
      AND (name >= 'c' AND name < '${AFTER.c}' OR name >= 'n' AND name < '${AFTER.n}') ORDER BY owner, name`,
    first: [from, '', until],
    keyOf: ({ owner, name }) => [owner, name, until],
    as: row => row,
  };
}

function remembered<Meaning>(known: Map<string, Meaning>, text: string, read: () => Meaning): Meaning {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= KNOWN_MAX) known.clear();
  const meaning = read();
  known.set(text, meaning);
  return meaning;
}
