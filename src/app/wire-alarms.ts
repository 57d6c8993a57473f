// Wires alarms and the daily report: what is looked at, who is called, and when.
import type { Config } from '../config/config.ts';
import { minuteOfDay } from '../core/base/time.ts';
import { readAlarms } from '../core/ops/alarm.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import { ALARMS_NOTE, createAlarms } from '../engine/ops/alarms.ts';
import { conditionsNow } from '../engine/ops/conditions.ts';
import { createTallies, dailyReport } from '../engine/ops/report.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { createSender } from '../setup/alarm-sender.ts';

type Ports = {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly holder: string;
};

export type Calling = {
  /** The same, listened to. */
  readonly store: Store;
  readonly log: Log;
  /** Once a minute. Never throws. */
  minute(campaigns: readonly Campaign[]): Promise<void>;
  /** Yesterday, once it is time to; `false`: it is not, or nobody was reached. */
  report(campaigns: readonly Campaign[]): Promise<boolean>;
};

/** `undefined`: bot.yaml names nobody. */
export function createCalling({ config, clock, log, store, holder }: Ports): Calling | undefined {
  const { alarms: settings } = config;
  if (!settings) return undefined;
  const send = createSender(settings, clock);
  const ways = settings.webhooks.length + (settings.email ? 1 : 0);
  const { language, repeatMs, reportAt } = settings;
  const [merchants, accounts] = [[...config.merchants.keys()], [...config.accounts.keys()]];
  let live: readonly Campaign[] = [];
  const alarms = createAlarms({
    ...{ store, clock, log, holder, repeatMs, language, send, ways },
    conditions: now => conditionsNow({ store, campaigns: live, merchants, accounts, dated: config.dated ?? [] }, now),
  });
  const tallies = createTallies({ clock, holder }, store);
  return {
    store: tallies.store(store),
    log: alarms.log(log),
    async minute(campaigns) {
      live = campaigns;
      await tallies.flush().catch((error: unknown) => log.warn({ err: error }, 'what was decided was not tallied yet'));
      await alarms.pass();
    },
    async report(campaigns) {
      if (reportAt === undefined || minuteOfDay(clock()) < reportAt) return false;
      await tallies.flush();
      const standing = readAlarms(await store.note(ALARMS_NOTE));
      const message = await dailyReport({ store, campaigns, merchants, standing }, clock(), language);
      const failures = await send(message);
      if (failures.length > 0) log.warn({ failures }, 'somebody did not get the daily report');
      return failures.length < ways;
    },
  };
}
