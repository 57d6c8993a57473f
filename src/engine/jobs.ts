// The timetable: one row per job. Beijing time; a job that still runs is not started again. A nightly job is done once
// a night by one of all processes: its row comes up three times, so that another one takes it up if that one dies.
import { type Logger, schedule } from 'node-cron';
import { Audit, showAuditFinding } from '../core/audit/audit.ts';
import type { FundFlow } from '../core/audit/fund-flow.ts';
import { messageOf } from '../core/base/error.ts';
import { type Dated, endingSoon } from '../core/base/expiry.ts';
import { DAY, type Day, dayOf, later, MINUTE } from '../core/base/time.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import type { Clock, Log, Store } from '../ports.ts';

import { auditStore } from './audit-store.ts';
import { deleteOld } from './goods/keep.ts';
import type { Messages } from './messages.ts';
import { FINDINGS_LOGGED, reconcile } from './reconcile.ts';
import type { Rulebook } from './rulebook.ts';
import type { Settle } from './settle.ts';

/** WeChat redelivers within seconds; two days leave room for any outage of ours. */
const ANSWERS_KEPT_MS = 2 * DAY;

/** A job that is at work renews its lease three times within this. */
const JOB_LEASE_MS = 2 * MINUTE;

/** A day's fund flow is there from 10:00 of the next day on; until 18:20 it is asked for again where it was not. */
const FUND_ROWS = '0 20,50 10-18 * * *';

type JobPorts = {
  /** Names this process. */
  readonly holder: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly settle: Settle;
  readonly messages: Pick<Messages, 'sweep'>;
  readonly remind: () => Promise<void>;
  readonly draws?: () => Promise<void>;
  /** Gives the other prize to whom one was refused. */
  readonly instead?: () => Promise<void>;
  readonly log: Log;
  readonly rulebook: Rulebook;
  /** The keys with which WeChat Pay signs. */
  readonly keys: { tend(): Promise<void> };
  /** The merchants' fund flows (资金账单) of a day, from WeChat Pay. Throws `BadInput` where they cannot be had yet. */
  readonly fundsOf: (day: Day) => Promise<FundFlow>;
  /** Looks whether somebody must be called; tells yesterday, `false` where it is not time to. */
  readonly calling?: { minute(): Promise<void>; report(): Promise<boolean> } | undefined;
  /** Certificates with their ends, as bot.yaml names them. */
  readonly dated?: readonly Dated[] | undefined;
};
export type Jobs = { stop(): Promise<void> };

export function startJobs(ports: JobPorts): Jobs {
  const { clock, store, settle, messages, remind, log, rulebook, keys } = ports;
  const forget = () => store.forget(later(clock(), -ANSWERS_KEPT_MS));
  const addresses = async () => {
    const count = await deleteOld(store, clock());
    if (count > 0) log.info({ count }, 'addresses of winners were deleted: their time was over');
  };
  const audit = () => auditAndLog(store, rulebook.current().campaigns, log);
  const rows: readonly { name: string; cron: string; run: () => Promise<unknown> }[] = [
    { name: 'settle', cron: '* * * * * *', run: async () => settle.nudge() },
    { name: 'rules', cron: '* * * * * *', run: () => rulebook.refresh() },
    // Some windows stand open for a minute only.
    { name: 'messages', cron: '5,20,35,50 * * * * *', run: () => messages.sweep() },
    { name: 'remind', cron: '30 */10 * * * *', run: remind },
    { name: 'draws', cron: '10,40 * * * * *', run: async () => ports.draws?.() },
    { name: 'instead', cron: '35 7 * * * *', run: async () => ports.instead?.() },
    { name: 'platform keys', cron: '40 * * * * *', run: () => keys.tend() },
    { name: 'forget answers', cron: '0 30,40,50 3 * * *', run: () => onceANight('forget', forget, ports) },
    { name: 'addresses', cron: '0 25,35,40 3 * * *', run: () => onceANight('addresses', addresses, ports) },
    { name: 'audit', cron: '0 45,55 3 * * *', run: () => onceANight('audit', audit, ports) },
    { name: 'fund flow', cron: FUND_ROWS, run: () => onceANight('funds', () => reconcile(ports), ports) },
    { name: 'certificates', cron: '0 0 9 * * *', run: async () => sayEndings(ports) },
    { name: 'alarms', cron: '25 * * * * *', run: async () => ports.calling?.minute() },
    {
      name: 'report',
      cron: '50 */5 * * * *',
      run: async () => ports.calling && onceANight('report', ports.calling.report, ports),
    },
    { name: 'audit again', cron: '0 5 4 * * *', run: () => onceANight('audit', audit, ports) },
  ];
  const tasks = rows.map(({ name, cron, run }) => {
    const job = async (): Promise<void> => {
      try {
        await run();
      } catch (error) {
        log.error({ job: name, err: error }, `the job failed and will run again: ${messageOf(error)}`);
      }
    };
    return schedule(cron, job, { name, timezone: 'Asia/Shanghai', noOverlap: true, logger: scheduleLog(name, log) });
  });
  sayEndings(ports);
  // Nobody waits for it: what is signed with a certificate meanwhile waits for the answer, or asks itself.
  keys.tend().catch((error: unknown) => log.error({ err: error }, 'the platform certificates were not asked for'));
  // What an earlier process left behind is not kept waiting.
  settle
    .pass()
    .catch((error: unknown) =>
      log.error({ err: error }, 'unfinished payouts were not looked at yet; the timetable will'),
    );
  ports
    .instead?.()
    .catch((error: unknown) =>
      log.error({ err: error }, 'what is given instead was not looked for yet; each hour it is'),
    );
  return {
    async stop() {
      await Promise.all(tasks.map(task => task.destroy()));
      await settle.stop();
    },
  };
}

/** What the timetable itself has to say: a moment that was missed, a job that still runs. */
function scheduleLog(job: string, log: Log): Logger {
  const say = (level: 'debug' | 'info' | 'warn') => (said: string | Error) =>
    log[level]({ job }, `timetable: ${messageOf(said)}`);
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('warn') };
}

/** Names each run within its process. */
let runs = 0;

/** Does a job unless some process has done it tonight, or is at it. A failure, and `false`, leave it to whoever comes next. */
export async function onceANight(
  name: string,
  job: () => Promise<unknown>,
  { store, clock, holder, log }: Pick<JobPorts, 'store' | 'clock' | 'holder' | 'log'>,
): Promise<void> {
  const night = dayOf(clock());
  // A holder of its own: the same job's next row in this process must not take this lease for its own.
  const me = `${holder}/${++runs}`;
  const take = () => store.lease(`job:${name}`, me, JOB_LEASE_MS, clock());
  const lease = await take();
  if (!lease) return;
  const renewing = setInterval(() => {
    take().catch((error: unknown) => log.warn({ err: error, job: name }, "a job's lease could not be renewed"));
  }, JOB_LEASE_MS / 4);
  let isDone = lease.note === night;
  try {
    isDone ||= (await job()) !== false;
  } finally {
    clearInterval(renewing);
    await store.release(lease, clock(), isDone ? night : undefined);
  }
}

// ── Certificates ─────────────────────────────────────────────────────────────────────────────────────────

/** From a week before, it is for a person. */
const CALL_DAYS = 7;

/** At the start and each morning, from thirty days before a certificate ends. */
export function sayEndings({ dated = [], clock, log }: Pick<JobPorts, 'dated' | 'clock' | 'log'>): void {
  for (const { merchant, key, file, serial, daysLeft, words } of endingSoon(dated, clock())) {
    const isUrgent = daysLeft < CALL_DAYS && key !== 'platformKeys';
    log[isUrgent ? 'error' : 'warn']({ merchant, key, file, serial, daysLeft }, words);
  }
}

// ── The audit ────────────────────────────────────────────────────────────────────────────────────────────

export async function auditAndLog(store: Store, campaigns: readonly Campaign[], log: Log): Promise<void> {
  const { compared, findings, total } = await auditStore(store, new Audit(campaigns));
  if (total === 0) log.info({ ...compared }, 'the audit balances');
  else
    log.error(
      { total, findings: findings.slice(0, FINDINGS_LOGGED).map(showAuditFinding) },
      `the audit found ${total} differences; \`hongbao audit\` names them`,
    );
}
