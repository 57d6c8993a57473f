// Leads a snapshot of a store through the audit (核账): everything is read once, and followers are looked at some at a time, so
// that memory stays flat however many there are.
import { type Audit, type AuditReport, auditedOf } from '../core/audit/audit.ts';
import { FOLLOWER } from '../core/audit/counter-name.ts';
import { SHELVES } from '../core/audit/shelf.ts';
import { awardsOf } from '../core/decide/decision.ts';
import type { Parts, Snapshot, Store, Theirs } from '../ports.ts';
import { auditFollowers } from './audit/followers.ts';
import type { AuditThread, HalfFound, OwnersFound } from './audit/half.ts';
import { allDone, auditShelf, eachPage, Shelves } from './audit/shelves.ts';
import { auditTheirs } from './audit/theirs.ts';

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
  const left = new Shelves(audit);
  try {
    const auditing = { audit, shelves, left, thread, tell };
    const parts = snapshot.parts?.(FOLLOWER);
    const theirs = snapshot.theirs?.(FOLLOWER);
    if (parts) await auditParts(parts, auditing);
    else if (theirs) await auditOwners(snapshot, theirs, auditing);
    else await auditApart(snapshot, auditing);
    for await (const bucket of snapshot.buckets()) audit.bucket(bucket);
    audit.endOfSnapshot();
    if (audit.hasDoubts) await settleDoubts(audit, snapshot, store);
    return audit.report();
  } finally {
    await thread?.end();
    shelves.close();
    left.close();
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
  /** For what turns out to be nobody's, where it is looked at last. */
  readonly left: Shelves;
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
const isOurs = (shelf: number): boolean => shelf % 2 === 0;

/** Where it finds payouts and counters by whose they are, claims wait on shelves for their follower's turn; a second thread does half. */
async function auditOwners(snapshot: Snapshot, theirs: Theirs, auditing: Auditing): Promise<void> {
  const { audit, shelves, left, thread, tell } = auditing;
  const payouts = await theirs.payouts();
  const nobody = { user: '', claims: [], payouts: [], counters: [] };
  let owners: OwnersFound | undefined;
  await allDone([
    shelves.fillClaimed(thread ? theirs.claims(0) : snapshot.claims()),
    eachPage(theirs.nobodys(), counters => left.putAside({ ...nobody, counters })),
    thread
      ? thread.owners().then(found => {
          owners = found;
        })
      : shelves.fillOwners(theirs.owners()),
  ]);
  const views = [shelves.view, ...(owners ? [owners.view] : [])];
  const [ours, others] = thread ? [ALL_SHELVES.filter(isOurs), ALL_SHELVES.filter(n => !isOurs(n))] : [ALL_SHELVES, []];
  const about = { live: audit.live.map(auditedOf), survey: audit.surveyed, view: shelves.view };
  const [found, half] = await Promise.all([
    auditTheirs(theirs, audit, { views, shelves: ours }, done =>
      tell(Math.min(thread ? 2 * done : done, payouts), payouts),
    ),
    thread?.auditShelves({ ...about, shelves: others }),
  ]);
  if (half) audit.add(half.half);
  const halves = [found, ...(half ? [half] : [])];
  for (const part of halves.flatMap(({ aside }) => aside)) left.putAside(part);
  const told = halves.map(each => each.told);
  await eachPage(theirs.leftOver(told), page => left.putAside({ ...nobody, payouts: page }));
  for (const shelf of ALL_SHELVES) await auditShelf(audit, [left.view], shelf);
}

/** Where all rows are kept apart, all of them go over shelves. */
async function auditApart(snapshot: Snapshot, { audit, shelves, tell }: Auditing): Promise<void> {
  await shelves.fill(snapshot, tell);
  shelves.survey();
  for (const shelf of ALL_SHELVES) {
    await auditShelf(audit, [shelves.view], shelf);
    tell(shelves.claims + ((shelf + 1) * shelves.claims) / SHELVES, 2 * shelves.claims);
  }
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
