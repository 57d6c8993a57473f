// The timetable: one row per job. Beijing time; a job that still runs is not started again.
import { schedule } from 'node-cron';
import { messageOf } from './core/error.ts';
import { DAY, later } from './core/time.ts';
import type { Clock, Log, Store } from './ports.ts';
import type { Rulebook } from './rulebook.ts';
import type { Settle } from './settle.ts';

/** WeChat redelivers within seconds; two days leave room for any outage of ours. */
const ANSWERS_KEPT_MS = 2 * DAY;

export type JobPorts = { readonly clock: Clock; readonly store: Store; readonly settle: Settle; readonly log: Log; readonly rulebook: Rulebook };
export type Jobs = { stop(): Promise<void> };

export function startJobs({ clock, store, settle, log, rulebook }: JobPorts): Jobs {
  const rows: readonly { name: string; cron: string; run: () => Promise<unknown> }[] = [
    { name: 'settle', cron: '* * * * * *', run: async () => settle.nudge() },
    { name: 'rules', cron: '* * * * * *', run: () => rulebook.refresh() },
    { name: 'forget answers', cron: '0 30 3 * * *', run: () => store.forget(later(clock(), -ANSWERS_KEPT_MS)) },
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
