// Wires the ports of one bot together: the doors, the rules, the store and the merchants. No clock and no environment
// of its own: `main.ts` gives both.
import { createApp } from './app.ts';
import type { Config, MerchantConfig } from './config.ts';
import { BadInput, messageOf } from './core/error.ts';
import { createFlow, type Flow } from './flow.ts';
import { type Jobs, startJobs } from './jobs.ts';
import type { Clock, Log, Payer, Store } from './ports.ts';
import { openRulebook, type Rulebook } from './rulebook.ts';
import { createSettle, type Settle, type Timer } from './settle.ts';
import { createDoor } from './wechat/door.ts';
import { createPayer } from './wechat/pay-v2.ts';

export type BotPorts = {
  readonly config: Config;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly store: Store;
  /** Further routes: the demo's. */
  readonly extend?: Parameters<typeof createApp>[0]['extend'];
};

export type Bot = {
  readonly app: ReturnType<typeof createApp>;
  readonly flow: Flow;
  readonly settle: Settle;
  readonly rulebook: Rulebook;
  /** Begins the timetable; `stop` ends it and everything else but the store. */
  start(): void;
  stop(): Promise<void>;
};

export async function createBot(ports: BotPorts): Promise<Bot> {
  const { config, clock, timer, log, store, extend } = ports;
  const rulebook = await openRulebook(config, log);
  const payers = new Map<string, Payer>();
  for (const merchant of config.merchants.values()) payers.set(merchant.name, payerOf(merchant));
  const settle = createSettle({
    clock,
    timer,
    store,
    log,
    merchants: [...config.merchants.values()].map(merchant => ({
      name: merchant.name,
      payer: payers.get(merchant.name)!,
      perSecond: merchant.limits.perSecond,
      policy: merchant.policy,
    })),
  });
  const flow = createFlow({ clock, store, log, config, book: rulebook.current, planned: () => settle.nudge() });
  const doors = new Map([...config.accounts.values()].map(account => [account.name, createDoor(account)]));
  const unready = async (): Promise<string | undefined> => {
    try {
      await store.buckets('');
      return rulebook.current().campaigns.length > 0 ? undefined : 'no rules are loaded';
    } catch (error) {
      return `the store cannot be reached: ${messageOf(error)}`;
    }
  };
  const app = createApp({ doors, flow, clock, log, unready, ...(extend && { extend }) });
  let jobs: Jobs | undefined;
  return {
    app,
    flow,
    settle,
    rulebook,
    start() {
      jobs = startJobs({ clock, store, settle, log, rulebook });
    },
    async stop() {
      await jobs?.stop();
      await settle.stop();
      await Promise.all([...payers.values()].map(payer => payer.close()));
    },
  };
}

/** One way to pay behind both of WeChat Pay's channels. */
export function payerOf(merchant: MerchantConfig): Payer {
  if (merchant.channel === 'redpack') return createPayer(merchant);
  throw new BadInput(`merchant "${merchant.name}": channel transfer is not supported yet`);
}
