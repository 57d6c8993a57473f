// Leads a snapshot of a store through the audit (核账): everything is read once, and followers are looked at some at a time, so
// that memory stays flat however many there are.
import { type Audit, type AuditedCampaign, type AuditHalf, type AuditReport, auditedOf } from '../core/audit/audit.ts';
import { FOLLOWER, followerIn } from '../core/audit/counter-name.ts';
import type { Survey } from '../core/audit/counters.ts';
import type { Paid } from '../core/audit/payout.ts';
import {
  Packing,
  SHELVES,
  type ShelvedClaim,
  type ShelvedCounters,
  type ShelvedPayout,
  shelfOf,
  shelfOfClaim,
} from '../core/audit/shelf.ts';
import { awardsOf } from '../core/decide/decision.ts';
import { Spool } from '../lib/spool.ts';
import type { BookPart, BookRows, Books, FollowerRange, Parts, Store } from '../ports.ts';

/** Decisions looked at of one follower, newest first, to see what an old claim counted. */
const JOURNAL_MAX = 10_000;
/** Followers between two turns of the event loop. */
const FOLLOWERS_A_TURN = 50;

type Rows = {
  readonly claims: ShelvedClaim[];
  readonly payouts: ShelvedPayout[];
  readonly counters: ShelvedCounters[];
};

/** As many payouts are worth a second thread. */
const MANY = 30_000;

/** What the thread that looks at the other half is told, and what it found. */
export type HalfAsked = {
  readonly live: readonly AuditedCampaign[];
  readonly survey: Survey;
  readonly range: FollowerRange;
};
export type HalfFound = Pick<AuditedHalf, 'aside' | 'told'> & { readonly half: AuditHalf };

/** A second thread: it opens books of its own when it is told, looks at some followers, and ends. */
export type AuditThread = {
  /** Once it is, `open` takes no time. */
  prepare(): Promise<void>;
  open(): Promise<void>;
  audit(asked: HalfAsked): Promise<HalfFound>;
  end(): Promise<void>;
};

type AuditOptions = {
  /** How much was looked at, of about how much. */
  readonly tell?: (done: number, total: number) => void;
  /** Absent: this thread looks at all of it. */
  readonly thread?: () => AuditThread;
  /** In place of `MANY`. */
  readonly many?: number;
};

export async function auditStore(store: Store, audit: Audit, options: AuditOptions = {}): Promise<AuditReport> {
  const { books, thread } = await openedFor(store, audit, options);
  const { tell = () => {} } = options;
  const shelves = new Shelves(audit);
  try {
    const parts = books.parts?.(FOLLOWER);
    if (parts) await auditParts(parts, { audit, shelves, thread, tell });
    else await shelves.fill(books, tell);
    const { claims } = shelves;
    for (let shelf = 0; shelf < SHELVES; shelf++) {
      await shelves.auditShelf(shelf);
      if (!parts) tell(claims + ((shelf + 1) * claims) / SHELVES, 2 * claims);
    }
    for await (const bucket of books.buckets()) audit.bucket(bucket);
    audit.endOfBooks();
    if (audit.hasDoubts) await settleDoubts(audit, books, store);
    return audit.report();
  } finally {
    shelves.close();
    await thread?.end();
    await books.close();
  }
}

type Opened = { readonly books: Books; readonly thread: AuditThread | undefined };

async function openedFor(store: Store, audit: Audit, { thread: start, many = MANY }: AuditOptions): Promise<Opened> {
  const books = await store.books();
  const { booksTogether } = store;
  if (!start || !booksTogether || !audit.canBeHalved || (books.parts?.(FOLLOWER)?.payouts ?? 0) < many)
    return { books, thread: undefined };
  await books.close();
  const thread = start();
  try {
    await thread.prepare();
    return { books: await booksTogether(() => thread.open()), thread };
  } catch (error) {
    await thread.end();
    throw error;
  }
}

type Auditing = {
  readonly audit: Audit;
  readonly shelves: Shelves;
  readonly thread: AuditThread | undefined;
  readonly tell: (done: number, total: number) => void;
};

/** Where the store has them follower by follower, only what is nobody's waits on a shelf. */
async function auditParts(parts: Parts, { audit, shelves, thread, tell }: Auditing): Promise<void> {
  const nobodys = parts.nobodys();
  for await (const page of nobodys.pages()) for (const part of page) shelves.putAside(part);
  const middle = thread === undefined ? undefined : parts.middle();
  const ask = (from: string): Promise<HalfFound> | undefined =>
    thread?.audit({ live: audit.live.map(auditedOf), survey: audit.surveyed, range: { from } });
  const [ours, found] = await Promise.all([
    auditFollowers(parts, audit, middle === undefined ? {} : { until: middle }, done =>
      tell(Math.min(middle === undefined ? done : 2 * done, parts.payouts), parts.payouts),
    ),
    middle === undefined ? undefined : ask(middle),
  ]);
  if (found) audit.add(found.half);
  for (const part of [...ours.aside, ...(found?.aside ?? [])]) shelves.putAside(part);
  const told = [nobodys.told, ours.told, ...(found ? [found.told] : [])];
  for await (const page of parts.leftOver(told)) for (const part of page) shelves.putAside(part);
}

/** `aside`: what turned out to be nobody's. */
type AuditedHalf = { readonly aside: BookPart[]; readonly told: Uint8Array<ArrayBuffer> };

export async function auditFollowers(
  parts: Parts,
  audit: Audit,
  range: FollowerRange,
  tell: (done: number) => void,
): Promise<AuditedHalf> {
  const { pages, told } = parts.followers(range);
  const aside: BookPart[] = [];
  let done = 0;
  for await (const page of pages()) {
    for (const part of page) {
      if (part.user === '') aside.push(part);
      else auditPart(audit, part);
      done += part.payouts.length;
    }
    tell(done);
  }
  return { aside, told };
}

function auditPart(audit: Audit, { user, claims, payouts, counters }: BookPart): void {
  audit.part(user);
  for (const claim of claims) audit.claim(claim);
  for (const { payout, history } of payouts) audit.paid(withoutFollower(audit.payout(payout, history), user));
  for (const { name, value } of counters) audit.counter(name, value);
  audit.endOfPart();
}

/** All of the books, by whose it is. */
class Shelves {
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

  /** Reads all of the books, once. Counters are most work for the server, payouts for us: together they take half the time. */
  async fill(books: Books, tell: (done: number, total: number) => void): Promise<void> {
    const read = await Promise.allSettled([this.fillPaid(books, tell), this.fillCounted(books)]);
    for (const each of read) if (each.status === 'rejected') throw each.reason;
    for (const name of this.packing.known) this.audit.survey(name);
  }

  private async fillPaid(books: Books, tell: (done: number, total: number) => void): Promise<void> {
    const { packing, claimed, paid } = this;
    for await (const page of books.claims().pages())
      for (const claim of page) claimed.put(shelfOfClaim(claim.key), packing.claim(claim));
    for await (const page of books.lives().pages()) {
      for (const life of page) this.putPaid(life);
      tell(Math.min(paid.size, claimed.size), 2 * claimed.size);
    }
  }

  private async fillCounted(books: Books): Promise<void> {
    for await (const page of books.counters().pages()) this.putCounters(page);
  }

  putAside({ claims, payouts, counters }: BookPart): void {
    for (const claim of claims) this.claimed.put(shelfOfClaim(claim.key), this.packing.claim(claim));
    for (const life of payouts) this.putPaid(life);
    this.putCounters(counters);
    for (const { name } of counters) this.audit.survey(name);
  }

  private putPaid({ payout, history }: BookRows['payouts']): void {
    this.paid.put(shelfOfClaim(payout.claimKey), this.packing.payout(this.audit.payout(payout, history)));
  }

  /** Those of one follower mostly come together. */
  private putCounters(page: readonly BookRows['counters'][]): void {
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

  /** The claims, payouts and counters of some followers, one after the other; those of nobody are in no part. */
  async auditShelf(shelf: number): Promise<void> {
    const breathe = turns();
    for (const [user, rows] of this.followersOn(shelf)) {
      if (user !== '') this.audit.part(user);
      this.auditFollower(rows);
      await breathe();
    }
  }

  private followersOn(shelf: number): Map<string, Rows> {
    const followers = new Map<string, Rows>();
    const of = ([user]: readonly [user: string, ...unknown[]]): Rows => {
      const known = followers.get(user);
      if (known) return known;
      const rows: Rows = { claims: [], payouts: [], counters: [] };
      followers.set(user, rows);
      return rows;
    };
    for (const row of this.claimed.take(shelf)) of(row).claims.push(row);
    for (const row of this.paid.take(shelf)) of(row).payouts.push(row);
    for (const row of this.counted.take(shelf)) of(row).counters.push(row);
    return followers;
  }

  private auditFollower({ claims, payouts, counters }: Rows): void {
    const { audit, packing } = this;
    for (const row of claims) audit.claim(packing.claimOf(row));
    for (const row of payouts) audit.paid(packing.payoutOf(row));
    for (const row of counters)
      for (let n = 1; n < row.length; n += 2) audit.counter(packing.textOf(row[n]!), row[n + 1] as number);
    audit.endOfPart();
  }

  close(): void {
    for (const spool of [this.claimed, this.paid, this.counted]) spool.close();
  }
}

/** What it holds is without its follower already. */
function withoutFollower(paid: Paid, user: string): Paid {
  const { claimKey } = paid;
  return { ...paid, claimKey: claimKey.replace(user, () => FOLLOWER), user: paid.user === user ? FOLLOWER : paid.user };
}

/** What the decisions of claims in doubt counted. The journal is no part of the books, but nothing in it ever changes. */
async function settleDoubts(audit: Audit, books: Books, store: Store): Promise<void> {
  for await (const page of books.claims().pages()) {
    for (const claim of page) {
      if (!audit.isInDoubt(claim)) continue;
      const lines = await store.journal({ user: claim.user, limit: JOURNAL_MAX });
      const awards = lines.flatMap(({ decision }) => awardsOf(decision));
      audit.decided(claim, awards.find(({ claimKey }) => claimKey === claim.key)?.counters);
    }
  }
}

/** Others get their turn every so many followers. */
function turns(): () => Promise<void> | undefined {
  let followers = 0;
  return () => (++followers % FOLLOWERS_A_TURN === 0 ? new Promise(resolve => setImmediate(resolve)) : undefined);
}
