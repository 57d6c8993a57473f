// The timetable: one row per job. Beijing time; a job that still runs is not started again.
import { schedule } from 'node-cron';
import { Audit, type AuditReport, partOf, partOfClaim, partsFor, showAuditFinding } from './core/audit.ts';
import { followerIn } from './core/audit-counter.ts';
import { messageOf } from './core/error.ts';
import type { Campaign } from './core/rule.ts';
import { DAY, later } from './core/time.ts';
import type { Books, Clock, Log, Store } from './ports.ts';
import type { Rulebook } from './rulebook.ts';
import type { Settle } from './settle.ts';

/** WeChat redelivers within seconds; two days leave room for any outage of ours. */
const ANSWERS_KEPT_MS = 2 * DAY;

export type JobPorts = {
  readonly clock: Clock;
  readonly store: Store;
  readonly settle: Settle;
  readonly log: Log;
  readonly rulebook: Rulebook;
};
export type Jobs = { stop(): Promise<void> };

export function startJobs({ clock, store, settle, log, rulebook }: JobPorts): Jobs {
  const rows: readonly { name: string; cron: string; run: () => Promise<unknown> }[] = [
    { name: 'settle', cron: '* * * * * *', run: async () => settle.nudge() },
    { name: 'rules', cron: '* * * * * *', run: () => rulebook.refresh() },
    { name: 'forget answers', cron: '0 30 3 * * *', run: () => store.forget(later(clock(), -ANSWERS_KEPT_MS)) },
    { name: 'audit', cron: '0 45 3 * * *', run: () => auditAndLog(store, rulebook.current().campaigns, log) },
  ];
  const tasks = rows.map(({ name, cron, run }) => {
    const job = async (): Promise<void> => {
      try {
        await run();
      } catch (error) {
        log.error({ job: name, err: error }, `the job failed and will run again: ${messageOf(error)}`);
      }
    };
    return schedule(cron, job, { name, timezone: 'Asia/Shanghai', noOverlap: true });
  });
  // What an earlier process left behind is not kept waiting.
  settle.recover().then(
    () => settle.nudge(),
    (error: unknown) => log.error({ err: error }, 'unfinished payouts were not looked at yet; the timetable will'),
  );
  return {
    async stop() {
      await Promise.all(tasks.map(task => task.destroy()));
      await settle.stop();
    },
  };
}

// ── The audit ────────────────────────────────────────────────────────────────────────────────────────────

/** What the nightly audit logs of its findings; `hongbao audit` shows more. */
const FINDINGS_LOGGED = 20;
/** Decisions looked at of one follower, newest first, to see what an old claim counted. */
const JOURNAL_MAX = 10_000;

export async function auditAndLog(store: Store, campaigns: readonly Campaign[], log: Log): Promise<void> {
  const { compared, findings, total } = await auditStore(store, new Audit(campaigns));
  if (total === 0) log.info({ ...compared }, 'the audit balances');
  else
    log.error(
      { total, findings: findings.slice(0, FINDINGS_LOGGED).map(showAuditFinding) },
      `the audit found ${total} differences; \`hongbao audit\` names them`,
    );
}

/** Leads a snapshot of the store through an audit. `tell`: how much was read, of about how much. */
export async function auditStore(
  store: Store,
  audit: Audit,
  tell: (done: number, total: number) => void = () => {},
): Promise<AuditReport> {
  const books = await store.books();
  try {
    let claims = 0;
    for await (const _ of books.claims()) claims++;
    for await (const { name } of books.counters()) audit.survey(name);
    const parts = partsFor(claims);
    for (let part = 0; part < parts; part++)
      await auditPart(books, audit, part, parts, done => tell(part * claims + done, parts * claims));
    for await (const bucket of books.buckets()) audit.bucket(bucket);
    audit.endOfBooks();
    if (audit.hasDoubts) await settleDoubts(books, store, audit);
    return audit.report();
  } finally {
    await books.close();
  }
}

/** The claims, payouts and counters of some followers: all is read, and what belongs to others is left to their part. */
async function auditPart(
  books: Books,
  audit: Audit,
  part: number,
  parts: number,
  tell: (done: number) => void,
): Promise<void> {
  for await (const claim of books.claims()) if (partOfClaim(claim.key, parts) === part) audit.claim(claim);
  let done = 0;
  for await (const payout of books.payouts()) {
    if (partOfClaim(payout.claimKey, parts) === part) audit.payout(payout, await books.history(payout.billNo));
    tell(++done);
  }
  for await (const { name, value } of books.counters())
    if (partOf(followerIn(name), parts) === part) audit.counter(name, value);
  for (const _ of audit.endOfPart()) await new Promise(resolve => setImmediate(resolve));
}

/** What the decisions of these claims counted. The journal is no part of the books, but nothing in it ever changes. */
async function settleDoubts(books: Books, store: Store, audit: Audit): Promise<void> {
  for await (const claim of books.claims()) {
    if (!audit.isInDoubt(claim)) continue;
    const lines = await store.journal({ user: claim.user, limit: JOURNAL_MAX });
    const awards = lines.flatMap(({ decision }) => (decision.kind === 'awarded' ? [decision] : []));
    audit.decided(claim, awards.find(({ claimKey }) => claimKey === claim.key)?.counters);
  }
}
