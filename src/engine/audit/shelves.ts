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
import type { Claim } from '../../core/decide/decision.ts';
import { Spool, type SpoolView, takenFrom } from '../../lib/spool.ts';
import type { Snapshot, SnapshotPart, SnapshotRows } from '../../ports.ts';

/** Followers between two turns of the event loop. */
const FOLLOWERS_A_TURN = 50;

/** What another thread needs to read them, while they stay as they are. `texts`: see `Packing`. */
export type ShelvesView = {
  readonly claimed: SpoolView;
  readonly paid: SpoolView;
  readonly counted: SpoolView;
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

  /** Reads all of the books, once. Counters are most work for the server, payouts for us: together they take half the time. */
  async fill(snapshot: Snapshot, tell: (done: number, total: number) => void): Promise<void> {
    const read = await Promise.allSettled([this.fillPaid(snapshot, tell), this.fillCounted(snapshot)]);
    for (const each of read) if (each.status === 'rejected') throw each.reason;
  }

  async fillPaid(snapshot: Snapshot, tell: (done: number, total: number) => void): Promise<void> {
    const { packing, claimed, paid } = this;
    for await (const page of snapshot.claims().pages())
      for (const claim of page) claimed.put(shelfOfClaim(claim.key), packing.claim(claim));
    for await (const page of snapshot.lives().pages()) {
      for (const life of page) this.putPaid(life);
      tell(Math.min(paid.size, claimed.size), 2 * claimed.size);
    }
  }

  async fillCounted(snapshot: Snapshot): Promise<void> {
    for await (const page of snapshot.counters().pages()) this.putCounters(page);
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

/** The claims, payouts and counters of some followers, one after the other; those of nobody are in no part. */
export async function auditShelf(audit: Audit, views: readonly ShelvesView[], shelf: number): Promise<void> {
  const breathe = turns();
  for (const [user, { claims, payouts, counters }] of followersOn(views, shelf)) {
    if (user !== '') audit.part(user);
    for (const claim of claims) audit.claim(claim);
    for (const paid of payouts) audit.paid(paid);
    for (const [name, value] of counters) audit.counter(name, value);
    audit.endOfPart();
    await breathe();
  }
}

type Rows = { readonly claims: Claim[]; readonly payouts: Paid[]; readonly counters: [name: string, value: number][] };

function followersOn(views: readonly ShelvesView[], shelf: number): Map<string, Rows> {
  const followers = new Map<string, Rows>();
  const of = ([user]: readonly [user: string, ...unknown[]]): Rows => {
    const known = followers.get(user);
    if (known) return known;
    const rows: Rows = { claims: [], payouts: [], counters: [] };
    followers.set(user, rows);
    return rows;
  };
  for (const { claimed, paid, counted, texts } of views) {
    const packing = packingOf(texts);
    for (const row of takenFrom<ShelvedClaim>(claimed, shelf)) of(row).claims.push(packing.claimOf(row));
    for (const row of takenFrom<ShelvedPayout>(paid, shelf)) of(row).payouts.push(packing.payoutOf(row));
    for (const row of takenFrom<ShelvedCounters>(counted, shelf)) {
      const { counters } = of(row);
      for (let n = 1; n < row.length; n += 2) counters.push([packing.textOf(row[n]!), row[n + 1] as number]);
    }
  }
  return followers;
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
