// The books of one follower after the other, for who looks at followers one by one. Claims and counters lie beside their
// follower in the file (`own`), and a claim names the rows of what pays it: so nothing has to be put in order first.

import type { Payout } from '../../core/payout/payout.ts';
import type { BookPart, BookRows, Parts } from '../../ports.ts';
import { column, FIELDS, named, payoutWith, type Value } from '../shared/rows.ts';
import { nameFrom } from './own/counter-names.ts';
import { AFTER, claimFrom, claimPlace, payoutsOf } from './own/own-names.ts';
import { historyOf, type LifeRow, lifeIn } from './rows.ts';
import type { Database, Statement } from './schema.ts';
import type { Shapes } from './shapes.ts';

/** Rows read before others get their turn of the event loop: a few milliseconds. */
const CHUNK = 200;
/** Payouts that no claim beside their follower names: more of them than memory is for are read in another way. */
const STRAYS_MAX = 20_000;
/** Texts that come again and again, of which what they mean is remembered. */
const KNOWN_MAX = 5000;

type Hold = Payout['holds'][number];
type NamedCounter = BookRows['counters'];
type Life = BookRows['payouts'];
type OwnRow = { readonly owner: string; readonly name: string; readonly value: string };
type PayoutRow = LifeRow & { readonly row: string; readonly request: string; readonly holds: string };
type StrayRow = { readonly id: number; readonly claimKey: string };
type Source = {
  readonly db: Database;
  readonly from: string;
  readonly shapes: Shapes;
  /** Runs a question to the file; it says so when the books are closed. */
  read<T>(work: () => T): T;
};

/** `undefined`: they are better read in another order. `stand`: see `Books.parts`. */
export function partsIn(source: Source, stand: string): Parts | undefined {
  const { db, from, read } = source;
  const strays = read(() =>
    (
      db.prepare(
        `SELECT id, claim_key AS claimKey FROM ${from}.payout WHERE stray IS NOT NULL LIMIT ?`,
      ) as Statement<StrayRow>
    ).all(STRAYS_MAX + 1),
  );
  if (strays.length > STRAYS_MAX) return undefined;
  const total = read(() => (db.prepare(`SELECT count(*) AS n FROM ${from}.payout`).get() as { n: number }).n);
  return { payouts: total, pages: () => new PartReader(source, stand, strays).pages() };
}

/** Fields that a column holds as it is; `request` and `holds` may be held by their shape. */
const SCALARS = FIELDS.filter(field => field !== 'request' && field !== 'holds');

class PartReader {
  private readonly source: Source;
  private readonly stand: string;
  /** `stand`, inside of a text of JSON. */
  private readonly quoted: string;
  /** By the follower beside whom their claim would lie. */
  private readonly strays = new Map<string, number[]>();
  /** Rows of payouts that were read: none is told twice, and none is left out. */
  private readonly told: Uint8Array;
  private readonly payout: Statement<PayoutRow>;
  private readonly names = new Map<string, string>();
  private readonly holds = new Map<string, Hold[]>();
  private readonly requests = new Map<string, object>();

  constructor(source: Source, stand: string, strays: readonly StrayRow[]) {
    const { db, from, read } = source;
    this.source = source;
    this.stand = stand;
    this.quoted = JSON.stringify(stand).slice(1, -1);
    for (const { id, claimKey } of strays) {
      const owner = claimPlace(claimKey)[0];
      this.strays.set(owner, [...(this.strays.get(owner) ?? []), id]);
    }
    const last = read(
      () => (db.prepare(`SELECT coalesce(max(id), 0) AS id FROM ${from}.payout`).get() as { id: number }).id,
    );
    this.told = new Uint8Array(last + 1);
    this.payout = read(
      () =>
        db.prepare(`SELECT json_array(${SCALARS.map(column).join()}) AS row, request, holds, ${lifeIn(from)}
          FROM ${from}.payout WHERE id = ?`) as Statement<PayoutRow>,
    );
  }

  async *pages(): AsyncGenerator<BookPart[]> {
    for await (const counters of this.sharedCounters()) yield [{ user: '', claims: [], payouts: [], counters }];
    let rows: OwnRow[] = [];
    for await (const page of this.ownRows()) {
      const parts: BookPart[] = [];
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
    yield* this.leftOver();
  }

  /** In whose name no openid of ours is. */
  private async *sharedCounters(): AsyncGenerator<NamedCounter[]> {
    const { db, from, read } = this.source;
    const sql = `SELECT name, value FROM ${from}.counter WHERE name > ? ORDER BY name LIMIT ${CHUNK}`;
    const page = read(() => db.prepare(sql) as Statement<NamedCounter>);
    for (let after = ''; ; ) {
      const found = read(() => page.all(after));
      yield found.map(({ name, value }) => ({ name, value }));
      if (found.length < CHUNK) return;
      after = found.at(-1)!.name;
      await turn();
    }
  }

  /** Claims and counters. */
  private async *ownRows(): AsyncGenerator<OwnRow[]> {
    const { db, from, read } = this.source;
    const sql = `SELECT owner, name, value FROM ${from}.own WHERE (owner, name) > (?, ?)
      AND (name >= 'c' AND name < '${AFTER.c}' OR name >= 'n' AND name < '${AFTER.n}') ORDER BY owner, name LIMIT ${CHUNK}`;
    const page = read(() => db.prepare(sql) as Statement<OwnRow>);
    for (let after = ['', '']; ; ) {
      const found = read(() => page.all(...after));
      yield found;
      if (found.length < CHUNK) return;
      const { owner, name } = found.at(-1)!;
      after = [owner, name];
      await turn();
    }
  }

  /** `rows`: of one follower. */
  private partOf(rows: readonly OwnRow[]): BookPart {
    const user = rows[0]!.owner;
    const ids = this.strays.get(user) ?? [];
    this.strays.delete(user);
    const part = { user, claims: [] as BookPart['claims'][number][], counters: [] as NamedCounter[] };
    for (const { owner, name, value } of rows) {
      if (name.startsWith('c')) {
        const claim = claimFrom([owner, name], value);
        ids.push(...payoutsOf(value));
        part.claims.push(
          user === ''
            ? claim
            : {
                ...claim,
                key: this.without(claim.key, user),
                user: claim.user === user ? (this.stand as typeof claim.user) : claim.user,
              },
        );
      } else this.countersOf(user, name, value, part.counters);
    }
    return { ...part, payouts: this.livesOf(ids, user) };
  }

  private countersOf(user: string, row: string, value: string, into: NamedCounter[]): void {
    const values = JSON.parse(value) as Record<string, number>;
    for (const short of Object.keys(values)) {
      const name = remembered(this.names, `${row}\0${short}`, () => nameFrom(short, this.stand, row));
      into.push({ name: short.startsWith('=') ? this.without(short.slice(1), user) : name, value: values[short]! });
    }
  }

  private ofNobody(ids: readonly number[]): BookPart {
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
    const scalars = named<Record<string, unknown>>(SCALARS, JSON.parse(row.row) as Value[]);
    const held = shapes.full(row.holds);
    const request = remembered(this.requests, row.request, text => JSON.parse(shapes.full(text)) as object);
    // Without their follower they are the same for nearly all.
    const text = user === '' ? held : held.replaceAll(user, () => this.quoted);
    const holds = remembered(this.holds, text, () => JSON.parse(text) as Hold[]);
    return { payout: payoutWith({ ...scalars, request, holds }), history: historyOf(row) };
  }

  private without(key: string, user: string): string {
    return key.replace(user, () => this.stand);
  }

  /** Rows that no claim names, though one should: they are of nobody. */
  private async *leftOver(): AsyncGenerator<BookPart[]> {
    const { db, from, read } = this.source;
    const page = read(
      () =>
        db.prepare(`SELECT id FROM ${from}.payout WHERE id > ? ORDER BY id LIMIT 5000`) as Statement<{ id: number }>,
    );
    for (let after = -1; ; ) {
      const found = read(() => page.all(after));
      const missing = found.map(({ id }) => id).filter(id => this.told[id] === 0);
      if (missing.length > 0) yield [this.ofNobody(missing)];
      if (found.length < 5000) return;
      after = found.at(-1)!.id;
      await turn();
    }
  }
}

function remembered<Meaning>(known: Map<string, Meaning>, text: string, read: (text: string) => Meaning): Meaning {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= KNOWN_MAX) known.clear();
  const meaning = read(text);
  known.set(text, meaning);
  return meaning;
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
