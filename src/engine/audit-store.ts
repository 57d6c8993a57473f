// Leads a snapshot of a store through the audit (核账): everything is read once, and followers are looked at some at a time, so
// that memory stays flat however many there are.
import { type Audit, type AuditReport, auditedOf } from '../core/audit/audit.ts';
import { FOLLOWER } from '../core/audit/counter-name.ts';
import { SHELVES, shelfOf } from '../core/audit/shelf.ts';
import { awardsOf } from '../core/decide/decision.ts';
import type { Parts, Snapshot, Store } from '../ports.ts';
import { auditFollowers } from './audit/followers.ts';
import { type AuditThread, type HalfFound, turnsOf } from './audit/half.ts';
import { auditShelf, Shelves } from './audit/shelves.ts';

/** Decisions looked at of one follower, newest first, to see what an old claim counted. */
const JOURNAL_MAX = 10_000;
/** As many payouts are worth a second thread. */
const MANY = 30_000;

type AuditOptions = {
  /** How much was looked at, of about how much. */
  readonly tell?: (done: number, total: number) => void;
  /** Absent: this thread looks at all of it. */
  readonly thread?: () => AuditThread;
  /** In place of `MANY`. */
  readonly many?: number;
};

export async function auditStore(store: Store, audit: Audit, options: AuditOptions = {}): Promise<AuditReport> {
  const { snapshot, thread } = await openedFor(store, audit, options);
  const { tell = () => {} } = options;
  const shelves = new Shelves(audit);
  try {
    const auditing = { audit, shelves, thread, tell };
    const parts = snapshot.parts?.(FOLLOWER);
    if (parts) await auditParts(parts, auditing);
    else await auditApart(snapshot, auditing);
    for await (const bucket of snapshot.buckets()) audit.bucket(bucket);
    audit.endOfSnapshot();
    if (audit.hasDoubts) await settleDoubts(audit, snapshot, store);
    return audit.report();
  } finally {
    await thread?.end();
    shelves.close();
    await snapshot.close();
  }
}

type Opened = { readonly snapshot: Snapshot; readonly thread: AuditThread | undefined };

async function openedFor(store: Store, audit: Audit, { thread: start, many = MANY }: AuditOptions): Promise<Opened> {
  const { snapshotTogether } = store;
  if (!start || !snapshotTogether || !audit.canBeHalved || (await howMany(store)) < many)
    return { snapshot: await store.snapshot(), thread: undefined };
  const thread = start();
  try {
    await thread.prepare();
    return { snapshot: await snapshotTogether(moment => thread.open(moment)), thread };
  } catch (error) {
    await thread.end();
    throw error;
  }
}

/** Payouts, about. */
async function howMany(store: Store): Promise<number> {
  const { states } = await store.counts([]);
  return Object.values(states).reduce((sum, count) => sum + count, 0);
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
  for (const shelf of ALL_SHELVES) await auditShelf(audit, [shelves.view], shelf);
}

const ALL_SHELVES = Array.from({ length: SHELVES }, (_, shelf) => shelf);
/** What is nobody's stays in the thread that has the counters of all. */
const isOurs = (shelf: number): boolean => shelf % 2 === shelfOf('') % 2;

/** Where rows are kept apart, all of them go over shelves: a second thread does half of both. */
async function auditApart(snapshot: Snapshot, { audit, shelves, thread, tell }: Auditing): Promise<void> {
  const turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const threads = thread ? 2 : 1;
  const [, filled] = await Promise.all([
    shelves.fill(snapshot, turnsOf(turns), {
      what: thread ? ['claims', 'payouts'] : ['claims', 'payouts', 'counters'],
      tell: (payouts, claims) => tell(Math.min(threads * payouts, claims), 2 * claims),
    }),
    thread?.fill({ live: audit.live.map(auditedOf), turns }),
  ]);
  shelves.survey();
  if (filled) audit.see(filled.survey);
  const views = filled ? [shelves.view, filled.view] : [shelves.view];
  const ours = filled ? ALL_SHELVES.filter(isOurs) : ALL_SHELVES;
  const theirs = ALL_SHELVES.filter(shelf => !ours.includes(shelf));
  const { claims } = shelves;
  const look = async (): Promise<void> => {
    for (const [n, shelf] of ours.entries()) {
      await auditShelf(audit, views, shelf);
      tell(claims + ((n + 1) * claims) / ours.length, 2 * claims);
    }
  };
  const survey = audit.surveyed;
  const [half] = await Promise.all([thread?.auditShelves({ survey, view: shelves.view, shelves: theirs }), look()]);
  if (half) audit.add(half);
}

/** What the decisions of claims in doubt counted. The journal is no part of the books, but nothing in it ever changes. */
async function settleDoubts(audit: Audit, snapshot: Snapshot, store: Store): Promise<void> {
  for await (const page of snapshot.claims().pages()) {
    for (const claim of page) {
      if (!audit.isInDoubt(claim)) continue;
      const lines = await store.journal({ user: claim.user, limit: JOURNAL_MAX });
      const awards = lines.flatMap(({ decision }) => awardsOf(decision));
      audit.decided(claim, awards.find(({ claimKey }) => claimKey === claim.key)?.counters);
    }
  }
}
