// The shelves (架) of an audit: claims, payouts and counters by whose they are, so that memory stays flat however many there
// are. Several sets of shelves, each filled by a thread of its own, are looked at as one.
import type { Audit } from '../../core/audit/audit.ts';
import { followerIn } from '../../core/audit/counter-name.ts';
import type { Paid } from '../../core/audit/payout.ts';
import {
  Packing,
  type ShelvedClaim,
  type ShelvedCounters,
  type ShelvedPayout,
  shelfOf,
  shelfOfClaim,
} from '../../core/audit/shelf.ts';
import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import type { Claim } from '../../core/decide/decision.ts';
import { Spool, type SpoolView, textsFrom } from '../../lib/spool.ts';
import type { Rows, Snapshot, SnapshotPart, SnapshotRows } from '../../ports.ts';

/** Followers between two turns of the event loop. */
const FOLLOWERS_A_TURN = 50;

/** What another thread needs to read them, while they stay as they are. `texts`: see `Packing`. */
export type ShelvesView = {
  readonly claimed: SpoolView<ShelvedClaim>;
  readonly paid: SpoolView<ShelvedPayout>;
  readonly counted: SpoolView<ShelvedCounters>;
  readonly texts: readonly string[];
};

export class Shelves {
  private readonly audit: Audit;
  private readonly packing = new Packing();
  private readonly claimed = new Spool<ShelvedClaim>();
  private readonly paid = new Spool<ShelvedPayout>();
  private readonly counted = new Spool<ShelvedCounters>();

  constructor(audit: Audit) {
    this.audit = audit;
  }

  get claims(): number {
    return this.claimed.size;
  }

  get view(): ShelvesView {
    const { claimed, paid, counted, packing } = this;
    return { claimed: claimed.view, paid: paid.view, counted: counted.view, texts: packing.known };
  }

  /** Reads all of the books, once. */
  async fill(snapshot: Snapshot, tell: (done: number, total: number) => void): Promise<void> {
    const { claimed, paid } = this;
    await allDone([
      this.fillClaimed(snapshot.claims()),
      eachPage(snapshot.lives(), page => {
        for (const life of page) this.putPaid(life);
        tell(Math.min(paid.size, claimed.size), 2 * claimed.size);
      }),
      eachPage(snapshot.counters(), page => this.putCounters(page)),
    ]);
  }

  fillClaimed(claims: Rows<Claim>): Promise<void> {
    const { packing, claimed } = this;
    return eachPage(claims, page => {
      for (const claim of page) claimed.put(shelfOfClaim(claim.key), packing.claim(claim));
    });
  }

  /** Only who they are: a row of nothing. */
  async fillOwners(owners: Rows<string>): Promise<void> {
    await eachPage(owners, page => {
      for (const user of page) this.counted.put(shelfOf(user), [user]);
    });
  }

  /** Tells the audit what counters there are, once all are here. */
  survey(): void {
    for (const name of this.packing.known) this.audit.survey(name);
  }

  putAside({ claims, payouts, counters }: SnapshotPart): void {
    for (const claim of claims) this.claimed.put(shelfOfClaim(claim.key), this.packing.claim(claim));
    for (const life of payouts) this.putPaid(life);
    this.putCounters(counters);
    for (const { name } of counters) this.audit.survey(name);
  }

  private putPaid({ payout, history }: SnapshotRows['payouts']): void {
    this.paid.put(shelfOfClaim(payout.claimKey), this.packing.payout(this.audit.payout(payout, history)));
  }

  /** Those of one follower mostly come together. */
  private putCounters(page: readonly SnapshotRows['counters'][]): void {
    const { audit, packing, counted } = this;
    let row: [user: string, ...(string | number)[]] = [''];
    const put = (): void => {
      if (row.length > 1) counted.put(shelfOf(row[0]), row);
    };
    for (const { name, value } of page) {
      const user = followerIn(name) ?? '';
      if (user !== row[0]) {
        put();
        row = [user];
      }
      const known = packing.name(name, user);
      if (typeof known === 'string') audit.survey(known);
      row.push(known, value);
    }
    put();
  }

  close(): void {
    for (const spool of [this.claimed, this.paid, this.counted]) spool.close();
  }
}

export async function eachPage<Row>(rows: Rows<Row>, put: (page: readonly Row[]) => void): Promise<void> {
  for await (const page of rows.pages()) put(page);
}

/** None is still at work when one of them has failed. */
export async function allDone(works: readonly Promise<void>[]): Promise<void> {
  for (const each of await Promise.allSettled(works)) if (each.status === 'rejected') throw each.reason;
}

/** The claims, payouts and counters of some followers, one after the other; those of nobody are in no part. */
export async function auditShelf(audit: Audit, views: readonly ShelvesView[], shelf: number): Promise<void> {
  const breathe = turns();
  for (const rows of followersOn(views, shelf)) {
    const { user, claims, payouts, counters } = unpacked(rows);
    if (user !== '') audit.part(user);
    for (const claim of claims) audit.claim(claim);
    for (const paid of payouts) audit.paid(paid);
    for (const [name, value] of counters) audit.counter(name, value);
    audit.endOfPart();
    await breathe();
  }
}

/** As it lay on its shelf: it becomes an object only when its follower's turn comes. */
type OnShelf<Row> = { readonly packing: Packing; readonly text: JsonText<Row> };
export type Packed = {
  readonly claims: OnShelf<ShelvedClaim>[];
  readonly payouts: OnShelf<ShelvedPayout>[];
  readonly counters: OnShelf<ShelvedCounters>[];
};

/** Whose a row is, as JSON: whatever stands in it. */
const FOLLOWER_OF = /^\["(?:[^"\\]|\\.)*"/;

/** The rows of each. */
export function followersOn(views: readonly ShelvesView[], shelf: number): Iterable<Packed> {
  const followers = new Map<string, Packed>();
  const rowsOf = (text: string): Packed => {
    const [user] = FOLLOWER_OF.exec(text)!;
    const known = followers.get(user) ?? { claims: [], payouts: [], counters: [] };
    followers.set(user, known);
    return known;
  };
  for (const { claimed, paid, counted, texts } of views) {
    const packing = packingOf(texts);
    for (const text of textsFrom(claimed, shelf)) rowsOf(text).claims.push({ packing, text });
    for (const text of textsFrom(paid, shelf)) rowsOf(text).payouts.push({ packing, text });
    for (const text of textsFrom(counted, shelf)) rowsOf(text).counters.push({ packing, text });
  }
  return followers.values();
}

type Unpacked = {
  user: string;
  readonly claims: Claim[];
  readonly payouts: Paid[];
  readonly counters: [name: string, value: number][];
};

export function unpacked({ claims, payouts, counters }: Packed): Unpacked {
  const theirs: Unpacked = { user: '', claims: [], payouts: [], counters: [] };
  for (const { packing, text } of claims) {
    const row = saidBy(text);
    theirs.user = row[0];
    theirs.claims.push(packing.claimOf(row));
  }
  for (const { packing, text } of payouts) {
    const row = saidBy(text);
    theirs.user = row[0];
    theirs.payouts.push(packing.payoutOf(row));
  }
  for (const { packing, text } of counters) {
    const [user, ...row] = saidBy(text);
    theirs.user = user;
    for (let n = 0; n < row.length; n += 2) theirs.counters.push([packing.textOf(row[n]!), Number(row[n + 1])]);
  }
  return theirs;
}

const packings = new WeakMap<readonly string[], Packing>();

function packingOf(texts: readonly string[]): Packing {
  const known = packings.get(texts) ?? new Packing(texts);
  packings.set(texts, known);
  return known;
}

/** Others get their turn every so many followers. */
function turns(): () => Promise<void> | undefined {
  let followers = 0;
  return () => (++followers % FOLLOWERS_A_TURN === 0 ? new Promise(resolve => setImmediate(resolve)) : undefined);
}
