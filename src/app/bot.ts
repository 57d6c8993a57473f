// Wires the ports of one bot together: the doors, the rules, the store and the merchants. No clock and no environment
// of its own: `main.ts` gives both.

import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/config.ts';
import { type MerchantConfig, waysOf } from '../config/merchant.ts';
import { sessionSecretsOf } from '../config/secret.ts';
import { behind, pathOf } from '../core/base/address.ts';
import { messageOf } from '../core/base/error.ts';
import type { OpenId } from '../core/base/event.ts';
import { showFen } from '../core/base/money.ts';
import type { Day } from '../core/base/time.ts';
import { seedOf } from '../core/decide/draw.ts';
import { alertPassed } from '../core/decide/limits.ts';
import { SEND_RULE } from '../core/payout/bulk.ts';
import type { Payout } from '../core/payout/payout.ts';
import { createInstead, type Instead } from '../engine/afterwards/instead.ts';
import { createCertainty } from '../engine/at-once/sure.ts';
import { holdDraws } from '../engine/draws/hold.ts';
import { createFlow, type Flow } from '../engine/flow.ts';
import { type Jobs, startJobs } from '../engine/jobs.ts';
import type { Timer } from '../engine/lease.ts';
import { liveBookFor } from '../engine/live.ts';
import type { Messages } from '../engine/messages.ts';
import { createDoorNotes } from '../engine/ops/door-notes.ts';
import type { Metrics } from '../engine/ops/metrics.ts';
import { type RecordPorts, recordVerdict } from '../engine/record.ts';
import { bringUp } from '../engine/repair/recount.ts';
import { openRulebook, type Rulebook } from '../engine/rulebook.ts';
import type { Memory } from '../engine/rulebook-check.ts';
import { createSettle, type Settle, type SettleMerchant } from '../engine/settle.ts';
import { versionKeeper } from '../engine/versions/rule-versions.ts';
import { createLookup, type Lookup } from '../http/follower-lookup.ts';
import { createH5 } from '../http/h5/routes.ts';
import type { NotifyMerchant, NotifyPorts } from '../http/transfer-notice.ts';
import { isSignedPush, type WebhookPorts } from '../http/webhook.ts';
import type { Clock, Log, Payer, Store } from '../ports.ts';
import { wayOf } from '../setup/channels.ts';
import { fetchFundFlows } from '../setup/fund-flow.ts';
import { payerAmong, payerOf } from '../setup/payer.ts';
import { type KeyRings, openKeyRings } from '../setup/platform-keys.ts';
import { createFollowerDesk } from '../wechat/account/user.ts';
import { createWebhook } from '../wechat/account/webhook.ts';

import { createApp } from './http-app.ts';
import { nameStranded } from './stranded.ts';
import { type Admin, createAdmin } from './wire-admin.ts';
import { type Calling, createCalling } from './wire-alarms.ts';
import { platformPorts } from './wire-h5.ts';
import { createTelling } from './wire-messages.ts';
import { createPayments } from './wire-payments.ts';

/** So long a stop waits for calls in flight; who is cut off then is asked after. A supervisor kills after 5 s. */
const STOP_WAITS_MS = 2500;
/** Longer than a note takes to be written. */
const RULES_LEASE_MS = 5000;
/** A store that does not answer so soon is away: whoever asks whether we are ready waits no longer. */
const READY_WITHIN_MS = 1500;

type BotPorts = {
  readonly config: Config;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly store: Store;
  /** Names this process among all that work on the store. */
  readonly holder: string;
  /** Of the program: by it the store remembers which rules were found fit. Absent: they are always judged. */
  readonly version?: string;
  /** Further routes: the demo's. */
  readonly extend?: Parameters<typeof createApp>[0]['extend'];
  /** Who may show a campaign's page in a frame: the demo's chat page. */
  readonly frames?: readonly string[];
  /** Absent: nothing is counted, and there is no `/metrics`. */
  readonly metrics?: Metrics;
};

export type Bot = {
  readonly app: ReturnType<typeof createApp>;
  /** Whose request waits for nobody else's: WeChat's own, as far as its address tells. */
  readonly isFirst: (req: Pick<IncomingMessage, 'url'>) => boolean;
  /** The dashboard, where bot.yaml has one. */
  readonly admin?: Admin;
  readonly flow: Flow;
  readonly settle: Settle;
  readonly messages: Messages;
  /** Reminds of packets that go back soon; the timetable does. */
  readonly remind: () => Promise<void>;
  /** Calls people, and tells yesterday; the timetable does. Absent: bot.yaml names nobody. */
  readonly calling: { minute(): Promise<void>; report(): Promise<boolean> } | undefined;
  /** Gives the other prize to whom one was refused; the timetable does. */
  readonly instead: Pick<Instead, 'sweep'>;
  /** Another gate over the same merchants, for a worker beside this one. */
  newSettle(parts?: Partial<SettleMerchant>): Settle;
  readonly rulebook: Rulebook;
  /** Begins the timetable; `stop` ends it and everything else but the store. */
  start(): void;
  stop(): Promise<void>;
};

export async function createBot(ports: BotPorts): Promise<Bot> {
  const { metrics } = ports;
  const calling = createCalling(ports);
  const { store, log } = calling ?? ports;
  const watched = metrics ? { store: metrics.store(store), log: metrics.log(log) } : { store, log };
  return wire({ ...ports, ...watched }, calling);
}

async function wire(ports: BotPorts, caller: Calling | undefined): Promise<Bot> {
  const { config, clock, timer, log, store, holder, extend } = ports;
  const live = liveBookFor(config, { ...ports, sleep: timer.sleep });
  const [fitness, judged] = [memoryIn(ports, 'rules'), memoryIn(ports, 'rules:judged')];
  const keep = versionKeeper({ ...ports, sleep: timer.sleep }, config.lang);
  const rulebook = await openRulebook(config, log, { fitness, judged, live, keep });
  await bringUp({ store, campaigns: rulebook.current().campaigns, clock, timer, holder, log });
  const telling = createTelling({ config, clock, sleep: timer.sleep, log, store, holder, book: rulebook.current });
  const { messages, remind, tell, undone } = telling;
  const { instead, seen } = hearing(ports, rulebook, telling, payout => planned(payout));
  const keys = openKeyRings(config, clock, log);
  const payers = payersOf(ports, keys);
  let gates = 0;
  const newSettle = (parts: Partial<SettleMerchant> = {}): Settle =>
    createSettle({
      ...{ ...seen, timer, holder: `${holder}/${++gates}` },
      merchants: [...config.merchants.values()].map(merchant => gateOf(merchant, payers.get(merchant.name)!, parts)),
    });
  const [settle, watch] = [newSettle(), budgetWatch(store, rulebook, log)];
  const planned = (payout: Payout): void => {
    settle.nudge();
    watch(payout).catch((error: unknown) => log.error({ err: error }, 'the budget could not be watched'));
  };
  const told = { planned, tell, undone, certainty: createCertainty(store, clock) };
  const made = createFlow({ clock, store, log, config, book: rulebook.current, ...told });
  const flow = watchedBy(ports.metrics, made);
  const [lookup, payments] = [lookupOn(ports, flow, rulebook), createPayments(config, clock, keys)];
  const h5 = createH5({
    ...{ ...platformPorts({ config, clock, sleep: timer.sleep, store }), ...enderOf(store, payers, log), lookup },
    ...{ flow, store, clock, log, book: rulebook.current, frames: ports.frames ?? [], nudge: () => settle.nudge() },
  });
  const admin = createAdmin({ ...ports, live, book: rulebook.current, payers, nudge: settle.nudge });
  const { isFirst, ...webhook } = webhookOf(config, clock);
  const app = createApp({
    h5,
    site: { ...config, secret: sessionSecretsOf(config) },
    ...{ ...webhook, store, clock, log },
    ...{ flow, lookup, transfers: transfersOf(config, keys), ...payments.ports, ...watchingOf(ports, rulebook) },
    unready: () => unready(store, rulebook, timer),
    record: heardBy(settle, seen),
    ...{ ...(extend && { extend }), ...(admin?.isHere && { admin: admin.middleware }) },
  });
  let jobs: Jobs | undefined;
  const calling = callingOf(caller, rulebook);
  return {
    app,
    ...{ isFirst, messages, remind, calling, instead, ...(admin && { admin }) },
    flow,
    settle,
    newSettle,
    rulebook,
    start() {
      admin?.start();
      const own = { settle, messages, remind, rulebook, keys, calling, instead: instead.sweep };
      jobs = startJobs({ clock, store, log, holder, ...own, ...atTheirTime(ports, rulebook, { flow, tell }) });
      nameStranded(store, config, log).catch((error: unknown) =>
        log.error({ err: error }, 'the store could not be searched for payouts of unknown merchants'),
      );
    },
    async stop() {
      const stopped = Promise.all([jobs?.stop(), settle.stop(), admin?.stop()]);
      // A message that is cut off stands as said.
      await Promise.race([Promise.all([stopped, messages.stop(), flow.written()]), timer.sleep(STOP_WAITS_MS)]);
      await Promise.all([...payers.values(), payments, keys].map(each => each.close()));
      await stopped;
    },
  };
}

/** Who hears what becomes of payouts. */
function hearing(
  { clock, store, log, config }: BotPorts,
  { current: book }: Rulebook,
  { tell, onProblem, undone: onUndone }: ReturnType<typeof createTelling>,
  planned: (payout: Payout) => void,
) {
  const instead = createInstead({ clock, store, log, config, book, tell, onProblem, planned });
  const { refused: onFailed, isReplaceable } = instead;
  const isBlocked = ({ user, rule }: Payout): boolean => rule !== SEND_RULE && config.blocked?.has(user) === true;
  return { instead, seen: { clock, store, log, onProblem, onUndone, onFailed, isReplaceable, isBlocked } };
}

const watchedBy = (metrics: Metrics | undefined, flow: Flow): Flow => metrics?.flow(flow) ?? flow;

function callingOf(calling: Calling | undefined, { current }: Rulebook): Bot['calling'] {
  const campaigns = () => current().campaigns;
  return calling && { minute: () => calling.minute(campaigns()), report: () => calling.report(campaigns()) };
}

/** Who looks at us from outside the way of an event: the doctor by what the doors note, Prometheus. */
function watchingOf(
  ports: BotPorts,
  { current }: Rulebook,
): Pick<Parameters<typeof createApp>[0], 'heard' | 'metrics'> {
  const { config, store, clock, metrics } = ports;
  const note = createDoorNotes(ports);
  if (!metrics) return { heard: note };
  const merchants = [...config.merchants.keys()];
  return {
    heard(door, what, said) {
      metrics.heard(door, what);
      note(door, what, said);
    },
    metrics: {
      metrics,
      of: () => ({ store, clock, campaigns: current().campaigns, merchants }),
      token: config.metricsToken,
    },
  };
}

/** What the timetable does that needs more than a store: draws at the end, the merchants' accounts, certificates. */
function atTheirTime(
  ports: BotPorts,
  { current: book }: Rulebook,
  by: Pick<Parameters<typeof holdDraws>[0], 'flow' | 'tell'>,
) {
  const { config, clock } = ports;
  const seed = (name: string): string => seedOf(config.secret, name);
  return {
    fundsOf: async (day: Day) => (await fetchFundFlows(config, day, clock)).funds,
    dated: config.dated,
    draws: () => holdDraws({ ...ports, book, ...by, seedOf: seed }),
  };
}

function payersOf({ config: { merchants }, clock, store }: BotPorts, keys: KeyRings): ReadonlyMap<string, Payer> {
  const own = new Map([...merchants].map(([name, each]) => [name, payerOf(each, clock, keys.of(name), store)]));
  const one = ({ name }: MerchantConfig): Payer => own.get(name)!;
  return new Map([...merchants].map(([name, each]) => [name, payerAmong(each, merchants, one)]));
}

/** Ends an authorization at WeChat Pay; `false`: it may still be in effect. */
function enderOf(store: Store, payers: ReadonlyMap<string, Payer>, log: Log) {
  const endAuthorization = async (merchant: string, user: OpenId): Promise<boolean> => {
    const known = await store.authorization(merchant, user);
    if (!known || known.state === 'CLOSED') return true;
    const ended = await payers.get(merchant)?.endAuthorization?.(known);
    if (ended && 'closed' in ended) return true;
    log.warn({ merchant, number: known.number, reason: ended?.open }, 'an authorization could not be ended');
    return false;
  };
  return { endAuthorization };
}

function webhookOf(
  { accounts, publicUrl }: Config,
  clock: Clock,
): Pick<WebhookPorts, 'webhooks' | 'nobody' | 'isSigned'> & Pick<Bot, 'isFirst'> {
  const webhooks = new Map([...accounts.values()].map(account => [account.name, createWebhook(account)]));
  const [isSigned, prefix] = [isSignedPush({ webhooks, clock }), pathOf(publicUrl)];
  const [first] = accounts.values();
  // As the doors that there are, with a token that nobody knows.
  const nobody = createWebhook({ ...first!, token: randomBytes(16).toString('hex') });
  return {
    webhooks,
    nobody,
    isSigned,
    isFirst: ({ url = '' }) => isSigned(behind(prefix, url)),
  };
}

/** Whom we have never seen is looked up at WeChat, at the doors where nobody waits for a passive reply. */
function lookupOn({ config, clock, timer, log, store }: BotPorts, flow: Flow, { current: book }: Rulebook): Lookup {
  const ask = createFollowerDesk(config.accounts, { clock, sleep: timer.sleep, store });
  return createLookup({ clock, log, store, flow, book, ask });
}

/** What a notice says is written down, and the gate hears of it. */
function heardBy(settle: Settle, ports: RecordPorts): NotifyPorts['record'] {
  return async (merchant, verdict, seen) => {
    const result = await recordVerdict(ports, merchant, verdict);
    if (result === 'moved') await settle.heard(merchant, verdict, seen);
    return result;
  };
}

async function unready(store: Store, rulebook: Rulebook, timer: Timer): Promise<string | undefined> {
  try {
    await Promise.race([store.buckets(''), tooLate(timer)]);
    return rulebook.current().campaigns.length > 0 ? undefined : 'no rules are loaded';
  } catch (error) {
    return `the store cannot be reached: ${messageOf(error)}`;
  }
}

async function tooLate(timer: Timer): Promise<never> {
  await timer.sleep(READY_WITHIN_MS);
  throw new Error(`no answer within ${READY_WITHIN_MS} ms`);
}

/** Kept in the store as the note of a lease, under the version that wrote it. */
function memoryIn({ store, clock, holder, version }: BotPorts, of: string): Memory | undefined {
  if (version === undefined) return undefined;
  const name = `${of}:${version}`;
  return {
    recall: () => store.note(name),
    async remember(text) {
      const lease = await store.lease(name, holder, RULES_LEASE_MS, clock());
      if (lease) await store.release(lease, clock(), text);
    },
  };
}

function gateOf(merchant: MerchantConfig, payer: Payer, parts: Partial<SettleMerchant>): SettleMerchant {
  const { name, limits, policy, quietHours } = merchant;
  const caps = { merchant: name, ...limits };
  const under = underOf(merchant);
  return { name, payer, perSecond: limits.perSecond, policy, quietHours, caps, under, ...parts };
}

/** A print of what WeChat Pay knows the merchant by: with another key, what got through before says nothing. */
function underOf(merchant: MerchantConfig): string {
  const print = createHash('sha256').update(`${merchant.channel} ${merchant.mchId} `);
  for (const part of wayOf(merchant).credentials(merchant)) print.update(part);
  return print.digest('hex').slice(0, 16);
}

/** The merchants whom WeChat Pay tells of payouts that have ended. */
function transfersOf(config: Config, rings: KeyRings): Map<string, NotifyMerchant> {
  const transfers = new Map<string, NotifyMerchant>();
  for (const merchant of config.merchants.values()) {
    const { name, policy } = merchant;
    const keys = rings.of(name);
    // What left by another channel before a change is still told.
    for (const way of waysOf(merchant)) {
      const read = keys && wayOf(way).notices?.(way, keys);
      if (!read || transfers.has(name)) continue;
      transfers.set(name, {
        channel: way.channel,
        policy,
        open: (headers, body, now) => keys.verified(() => read(headers, body, now), body),
      });
    }
  }
  return transfers;
}

/** Says once when a campaign's budget passes one of its `alertAt`. */
function budgetWatch(store: Store, rulebook: Rulebook, log: Log): (payout: Payout) => Promise<void> {
  const seen = new Map<string, number>();
  return async ({ campaign: id, amount }) => {
    const campaign = rulebook.current().campaigns.find(each => each.id === id);
    if (!campaign?.budget || campaign.budget.alertAt.length === 0) return;
    const { reserved, sent, received } = await store.buckets(id);
    const used = reserved + sent + received;
    const mark = alertPassed(campaign, seen.get(id) ?? used - amount, used);
    seen.set(id, used);
    const budget = showFen(campaign.budget.total);
    if (mark !== undefined) log.warn({ campaign: id, mark }, `${mark} % of the budget of ${id} (${budget}) are used`);
  };
}
