// What `/metrics` tells Prometheus (指标): counted where things pass, in memory, and a few keys of the store read when it is asked.
// Nothing here reads as many rows as there are payouts.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { openId } from '../../core/base/event.ts';
import type { Instant } from '../../core/base/time.ts';
import { partsOf } from '../../core/decide/decision.ts';
import { prizeCounter } from '../../core/decide/limits.ts';
import type { Heard } from '../../core/ops/door-note.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Clock, Commit, Log, Store } from '../../ports.ts';
import type { Flow } from '../flow.ts';

export type Metrics = {
  /** The same, watched. */
  store(store: Store): Store;
  flow(flow: Flow): Flow;
  log(log: Log): Log;
  /** At an account's door. */
  heard(door: string, what: Heard): void;
  /** The page, and how it is called. */
  page(of: MetricsOf): Promise<{ readonly type: string; readonly text: string }>;
};

export type MetricsOf = {
  readonly store: Store;
  readonly clock: Clock;
  readonly campaigns: readonly Campaign[];
  readonly merchants: readonly string[];
};

/** Seconds: a passive reply has five. */
const ANSWER_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4];
const STORE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4.5];
/** Calls of the store whose time is told apart; the others are `other`. */
const TIMED = new Set(['begin', 'commit', 'facts', 'advance', 'due', 'payouts', 'lease', 'buckets', 'count']);

/** `runtime`: the event loop, the heap and the processor as well; one such set is enough for a process. */
export function createMetrics({ runtime = false }: { readonly runtime?: boolean } = {}): Metrics {
  const register = new Registry();
  if (runtime) collectDefaultMetrics({ register, prefix: 'hongbao_' });
  const counts = countersIn(register);
  const gauges = gaugesIn(register);
  return {
    store: store => watchedStore(store, counts),
    flow: flow => watchedFlow(flow, counts),
    log: log => watchedLog(log, counts),
    heard: (door, what) => counts.pushes.inc({ door, what }),
    async page(of) {
      await look(of, gauges);
      return { type: register.contentType, text: await register.metrics() };
    },
  };
}

type Counts = ReturnType<typeof countersIn>;
type Gauges = ReturnType<typeof gaugesIn>;

function countersIn(register: Registry) {
  const counter = <Name extends string>(name: string, help: string, labelNames: readonly Name[]) =>
    new Counter({ name: `hongbao_${name}`, help, labelNames, registers: [register] });
  const seconds = <Name extends string>(name: string, help: string, labelNames: readonly Name[], buckets: number[]) =>
    new Histogram({ name: `hongbao_${name}`, help, labelNames, buckets, registers: [register] });
  return {
    pushes: counter('pushes_total', 'Pushes at the doors, by what became of them', ['door', 'what']),
    events: counter('events_total', 'Events that were answered', ['account', 'kind']),
    decisions: counter('decisions_total', 'Decisions that were written down', ['campaign', 'decision']),
    refusals: counter('refusals_total', 'Refusals, by kind', ['campaign', 'refusal', 'detail']),
    awarded: counter('awarded_fen_total', 'Given in prizes, fen', ['campaign']),
    redeliveries: counter('redeliveries_total', 'Events that had been answered before', ['account']),
    answers: seconds('answer_seconds', 'From an event to its answer', ['account'], ANSWER_BUCKETS),
    failed: counter('unanswered_total', 'Events that could not be answered; WeChat delivers them again', ['account']),
    payouts: counter('payouts_total', 'Changes of payouts, by the state they came to', ['merchant', 'state', 'code']),
    paid: counter('payout_fen_total', 'Fen in payouts that came to a state', ['merchant', 'state']),
    halts: counter('halts_total', 'Halts of a merchant, by code', ['merchant', 'code']),
    tokens: counter('token_refreshes_total', 'Access tokens and tickets that were fetched', ['name']),
    calls: seconds('store_seconds', 'Calls of the store', ['call'], STORE_BUCKETS),
    failures: counter('store_failures_total', 'Calls of the store that failed', ['call']),
    lines: counter('log_lines_total', 'Lines of the log', ['level']),
  };
}

function gaugesIn(register: Registry) {
  const gauge = <Name extends string>(name: string, help: string, labelNames: readonly Name[]) =>
    new Gauge({ name: `hongbao_${name}`, help, labelNames, registers: [register] });
  return {
    age: gauge('queue_age_seconds', 'How long the oldest payout is overdue', ['merchant']),
    due: gauge('queue_due', 'Payouts that are due now, counted up to 100', ['merchant']),
    halted: gauge('merchant_halted', '1: nothing is sent', ['merchant', 'code', 'by']),
    haltedFor: gauge('merchant_halted_seconds', 'Since when', ['merchant']),
    budget: gauge('budget_fen', 'The budget of a campaign', ['campaign']),
    bucket: gauge('bucket_fen', 'Where its money is', ['campaign', 'bucket']),
    stock: gauge('stock', 'Pieces of a prize in all', ['campaign', 'prize']),
    given: gauge('stock_given', 'Pieces of it that are given', ['campaign', 'prize']),
    up: gauge('store_up', '1: the store answers', []),
  };
}

// ── What passes ──────────────────────────────────────────────────────────────────────────────────────────────

function watchedFlow(flow: Flow, { events, answers, failed }: Counts): Flow {
  const answer: Flow['answer'] = event => {
    const { account, kind } = event;
    const begun = performance.now();
    const done = (): void => {
      events.inc({ account, kind });
      answers.observe({ account }, (performance.now() - begun) / 1000);
    };
    const answered = flow.answer(event);
    if (answered instanceof Promise) answered.then(done, () => failed.inc({ account }));
    else done();
    return answered;
  };
  return { ...flow, answer, handle: async event => answer(event) };
}

function watchedStore(store: Store, counts: Counts): Store {
  const watched = { ...store };
  for (const [name, call] of Object.entries(store)) {
    if (typeof call !== 'function' || name === 'close') continue;
    Object.assign(watched, { [name]: timedCall(TIMED.has(name) ? name : 'other', call as Call, counts) });
  }
  return {
    ...watched,
    async begin(key, wanted) {
      const begun = await watched.begin(key, wanted);
      if (begun.kind === 'answered') counts.redeliveries.inc({ account: wanted.account });
      return begun;
    },
    async commit(commit) {
      const committed = await watched.commit(commit);
      if (committed.kind === 'answered') counts.redeliveries.inc({ account: commit.event.account });
      if (committed.kind === 'done') countDecision(commit, counts);
      return committed;
    },
    async advance(step, under) {
      const moved = await watched.advance(step, under);
      const { merchant, state, amount, problem } = step.payout;
      if (moved !== 'moved') return moved;
      counts.payouts.inc({ merchant, state, code: codeIn(problem) });
      if (step.from !== state) counts.paid.inc({ merchant, state }, amount);
      return moved;
    },
    async setHalt(merchant, halt, by) {
      await watched.setHalt(merchant, halt, by);
      if (halt) counts.halts.inc({ merchant, code: halt.code });
    },
    async release(lease, now, note) {
      const isFetched = note !== undefined && note !== '' && /^(token|ticket)/.test(lease.name);
      if (isFetched) counts.tokens.inc({ name: lease.name });
      return watched.release(lease, now, note);
    },
  };
}

type Call = (...args: unknown[]) => unknown;

function timedCall(call: string, work: Call, { calls, failures }: Counts): Call {
  return (...args) => {
    const begun = performance.now();
    const result = work(...args);
    if (!(result instanceof Promise)) return result;
    result.then(
      () => calls.observe({ call }, (performance.now() - begun) / 1000),
      () => failures.inc({ call }),
    );
    return result;
  };
}

function countDecision({ decision }: Commit, { decisions, refusals, awarded }: Counts): void {
  if (decision.kind === 'ignored') {
    decisions.inc({ campaign: '', decision: 'ignored' });
    return;
  }
  for (const part of partsOf(decision)) {
    const { campaign } = part;
    decisions.inc({ campaign, decision: part.kind });
    if (part.kind === 'refused') refusals.inc({ campaign, refusal: part.refusal, detail: part.detail ?? '' });
    if (part.kind === 'awarded') awarded.inc({ campaign }, part.amount);
  }
}

/** WeChat Pay's code, which stands before its words; a text of ours has none. */
function codeIn(problem: string | undefined): string {
  return /^[A-Z][A-Z0-9_]{2,40}/.exec(problem ?? '')?.[0] ?? '';
}

function watchedLog(log: Log, { lines }: Counts): Log {
  const watched = (level: keyof Log): Log[keyof Log] => {
    return (fields: object, text: string): void => {
      lines.inc({ level });
      log[level](fields, text);
    };
  };
  return { debug: log.debug.bind(log), info: watched('info'), warn: watched('warn'), error: watched('error') };
}

// ── What stands in the store ─────────────────────────────────────────────────────────────────────────────────

const DUE_MAX = 100;

async function look({ store, clock, campaigns, merchants }: MetricsOf, gauges: Gauges): Promise<void> {
  for (const gauge of Object.values(gauges)) gauge.reset();
  try {
    for (const merchant of merchants) await lookAtMerchant(store, merchant, clock(), gauges);
    for (const campaign of campaigns) await lookAtCampaign(store, campaign, gauges);
    gauges.up.set(1);
  } catch {
    // What was counted in this process is told all the same.
    gauges.up.set(0);
  }
}

async function lookAtMerchant(store: Store, merchant: string, now: Instant, gauges: Gauges): Promise<void> {
  const [due, halt] = [await store.due(merchant, now, DUE_MAX), await store.halt(merchant)];
  gauges.due.set({ merchant }, due.length);
  gauges.age.set({ merchant }, Math.max(0, now - (due[0]?.nextAt ?? now)) / 1000);
  if (!halt) return;
  gauges.halted.set({ merchant, code: halt.code, by: halt.by }, 1);
  gauges.haltedFor.set({ merchant }, Math.max(0, now - halt.since) / 1000);
}

async function lookAtCampaign(store: Store, campaign: Campaign, gauges: Gauges): Promise<void> {
  const { id, budget } = campaign;
  if (budget) gauges.budget.set({ campaign: id }, budget.total);
  for (const [bucket, amount] of Object.entries(await store.buckets(id)))
    gauges.bucket.set({ campaign: id, bucket }, amount);
  const prizes = [...campaign.prizes.values()].filter(prize => prize.stock !== undefined);
  if (prizes.length === 0) return;
  const names = prizes.map(({ name }) => prizeCounter(id, name));
  const asked = { account: '', user: openId('-'), merchant: undefined, claims: [], counters: names };
  const { counters } = await store.facts(asked);
  for (const { name, stock } of prizes) {
    gauges.stock.set({ campaign: id, prize: name }, stock!);
    gauges.given.set({ campaign: id, prize: name }, counters.get(prizeCounter(id, name)) ?? 0);
  }
}
