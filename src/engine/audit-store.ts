// Leads a snapshot of a store through the audit (核账): everything is read once, and followers are looked at some at a time, so
// that memory stays flat however many there are.
import { type Audit, type AuditReport, SHELVES, shelfOf, shelfOfClaim } from '../core/audit/audit.ts';
import { followerIn } from '../core/audit/counter-name.ts';
import { Spool } from '../lib/spool.ts';
import type { BookRows, Books, Store } from '../ports.ts';

/** Decisions looked at of one follower, newest first, to see what an old claim counted. */
const JOURNAL_MAX = 10_000;
/** Rows between two turns of the event loop. */
const ROWS_A_TURN = 500;

type Counter = BookRows['counters'];
type Life = BookRows['payouts'];
type Claim = BookRows['claims'];
type Shelves = { readonly claims: Spool<Claim>; readonly lives: Spool<Life>; readonly counters: Spool<Counter> };

/** `tell`: how much was looked at, of about how much. */
export async function auditStore(
  store: Store,
  audit: Audit,
  tell: (done: number, total: number) => void = () => {},
): Promise<AuditReport> {
  const books = await store.books();
  const shelves: Shelves = { claims: new Spool(), lives: new Spool(), counters: new Spool() };
  try {
    await readOnto(shelves, books, audit, tell);
    const { claims } = shelves;
    let done = 0;
    for (let shelf = 0; shelf < SHELVES; shelf++) {
      await auditShelf(shelves, audit, shelf, () => tell(claims.size + ++done, 2 * claims.size));
    }
    for await (const bucket of books.buckets()) audit.bucket(bucket);
    audit.endOfBooks();
    if (audit.hasDoubts) await settleDoubts(shelves.claims, store, audit);
    return audit.report();
  } finally {
    for (const spool of Object.values(shelves)) spool.close();
    await books.close();
  }
}

/** All of the books, once, onto shelves by whose it is. */
async function readOnto(
  { claims, lives, counters }: Shelves,
  books: Books,
  audit: Audit,
  tell: (done: number, total: number) => void,
): Promise<void> {
  for await (const claim of books.claims()) claims.put(shelfOfClaim(claim.key), claim);
  let done = 0;
  for await (const life of books.lives()) {
    lives.put(shelfOfClaim(life.payout.claimKey), life);
    tell(Math.min(++done, claims.size), 2 * claims.size);
  }
  for await (const counter of books.counters()) {
    audit.survey(counter.name);
    counters.put(shelfOf(followerIn(counter.name)), counter);
  }
}

/** The claims, payouts and counters of some followers. */
async function auditShelf(
  { claims, lives, counters }: Shelves,
  audit: Audit,
  shelf: number,
  tell: () => void,
): Promise<void> {
  const breathe = turns();
  for (const claim of claims.take(shelf)) {
    audit.claim(claim);
    tell();
    await breathe();
  }
  for (const { payout, history } of lives.take(shelf)) {
    audit.payout(payout, history);
    await breathe();
  }
  for (const { name, value } of counters.take(shelf)) {
    audit.counter(name, value);
    await breathe();
  }
  for (const _ of audit.endOfPart()) await new Promise(resolve => setImmediate(resolve));
}

/** Others get their turn every so many rows. */
function turns(): () => Promise<void> | undefined {
  let rows = 0;
  return () => (++rows % ROWS_A_TURN === 0 ? new Promise(resolve => setImmediate(resolve)) : undefined);
}

/** What the decisions of these claims counted. The journal is no part of the books, but nothing in it ever changes. */
async function settleDoubts(claims: Spool<Claim>, store: Store, audit: Audit): Promise<void> {
  for (const claim of claims.all()) {
    if (!audit.isInDoubt(claim)) continue;
    const lines = await store.journal({ user: claim.user, limit: JOURNAL_MAX });
    const awards = lines.flatMap(({ decision }) => (decision.kind === 'awarded' ? [decision] : []));
    audit.decided(claim, awards.find(({ claimKey }) => claimKey === claim.key)?.counters);
  }
}
