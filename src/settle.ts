// Sends planned payouts and asks after unfinished ones, at our own pace and once each: marks *sending*, then calls, then
// writes what was seen. One gate per merchant (商户): a rate, quiet hours, and a halt that shuts it for all.
import { conclude } from './conclude.ts';
import { isQuiet, NO_RUN, pauseOf, REST_MS, type Run, runAfter, SPACING_MS } from './core/gate.ts';
import type { Observation, Payout } from './core/payout.ts';
import { beginSend, observe, type PayoutPolicy, type Verdict } from './core/payout-table.ts';
import { later, MINUTE } from './core/time.ts';
import type { Clock, Halt, Log, Payer, Store } from './ports.ts';

/** Monotonic ms and a way to wait: never the wall clock, which may jump. */
export type Timer = { ticks(): number; sleep(ms: number): Promise<void> };

export type SettleMerchant = {
  readonly name: string;
  readonly payer: Payer;
  readonly perSecond: number;
  readonly policy: PayoutPolicy;
  /** Minutes of the Beijing day in which nothing is sent. */
  readonly quietHours: readonly (readonly [number, number])[];
};

export type SettlePorts = {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly store: Store;
  readonly log: Log;
  readonly merchants: readonly SettleMerchant[];
  /** The follower should hear that the packet will not come (`problem`). */
  readonly onProblem?: (payout: Payout) => void;
};

export type Settle = {
  /** At a start: asks at once after calls whose end a former process did not live to see. Asking is always safe. */
  recover(): Promise<void>;
  /** Something may be due: look now rather than at the next tick. */
  nudge(): void;
  /** One pass: returns when nothing is due any more. */
  pass(): Promise<void>;
  /** Lets calls in flight end, and starts no more. */
  stop(): Promise<void>;
};

const BATCH = 64;
const IN_FLIGHT_MAX = 16;
const ORPHANS_MAX = 1000;
/** How long a probe has to come back before another one is let through. */
const PROBE_EVERY_MS = 5 * MINUTE;

export function createSettle(ports: SettlePorts): Settle {
  const gates = ports.merchants.map(merchant => new Gate(ports, merchant));
  const all = async (work: (gate: Gate) => Promise<void>): Promise<void> => {
    await Promise.all(gates.map(work));
  };
  return {
    recover: () => all(gate => gate.recover()),
    nudge() {
      for (const gate of gates) gate.nudge();
    },
    pass: () => all(gate => gate.run()),
    stop: () => all(gate => gate.stop()),
  };
}

class Gate {
  private readonly ports: SettlePorts;
  private readonly merchant: SettleMerchant;
  private readonly inFlight = new Map<string, Promise<void>>();
  /** When each number was last tried, by the monotonic clock: the wall clock may have jumped over its `nextAt`. */
  private readonly triedAt = new Map<string, number>();
  /** How many calls may be open at once: grows with success, so that a merchant in trouble is noticed at once. */
  private window = 1;
  private nextSlot = 0;
  private sinceRest = 0;
  private trouble: Run = NO_RUN;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(ports: SettlePorts, merchant: SettleMerchant) {
    this.ports = ports;
    this.merchant = merchant;
  }

  nudge(): void {
    const { log } = this.ports;
    this.run().catch((error: unknown) => log.error({ err: error, merchant: this.merchant.name }, 'settling stopped short; the next tick goes on'));
  }

  async recover(): Promise<void> {
    const orphans = await this.ports.store.payouts({ state: 'sending', merchant: this.merchant.name, limit: ORPHANS_MAX });
    for (const orphan of orphans) {
      await this.room();
      if (!this.stopped && !this.inFlight.has(orphan.billNo)) this.start(orphan);
    }
  }

  run(): Promise<void> {
    this.again = true;
    this.running ??= this.loop().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => undefined); // already logged by whoever started it
    await Promise.all(this.inFlight.values());
  }

  private async loop(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      while (!this.stopped && (await this.batch()));
      await Promise.all(this.inFlight.values());
    }
  }

  /** Takes up what is due; `false` when there was nothing it could take up. */
  private async batch(): Promise<boolean> {
    const { clock, store } = this.ports;
    const now = clock();
    const halt = await store.halt(this.merchant.name);
    const isProbing = halt?.probeAt !== undefined && now >= halt.probeAt;
    const maySend = (!halt || isProbing) && !isQuiet(this.merchant.quietHours, now);
    const due = await store.due(this.merchant.name, now, BATCH, maySend ? undefined : 'query');
    const fresh = due.filter(payout => !this.inFlight.has(payout.billNo) && !this.isTooSoon(payout));
    const probe = isProbing ? fresh.find(payout => payout.nextDo === 'send') : undefined;
    const chosen = halt ? fresh.filter(payout => payout.nextDo === 'query' || payout === probe) : fresh;
    // The next probe is put off before this one leaves, so that two workers do not both try.
    if (halt && probe) await store.setHalt(this.merchant.name, { ...halt, probeAt: later(now, PROBE_EVERY_MS) });
    for (const payout of chosen) {
      await this.room();
      if (this.stopped) return false;
      const isShut = payout.nextDo === 'send' && payout !== probe && (await store.halt(this.merchant.name)) !== undefined;
      if (!isShut) this.start(payout, payout === probe ? halt : undefined);
    }
    if (chosen.length === 0 && this.inFlight.size > 0) {
      await Promise.race(this.inFlight.values());
      return true;
    }
    return chosen.length > 0;
  }

  private isTooSoon({ billNo, nextDo }: Payout): boolean {
    const tried = this.triedAt.get(billNo);
    return nextDo === 'send' && tried !== undefined && this.ports.timer.ticks() - tried < SPACING_MS;
  }

  /** Waits for a place among the calls in flight, then for the next slot of the rate. */
  private async room(): Promise<void> {
    while (this.inFlight.size >= this.window) await Promise.race(this.inFlight.values());
    const { timer } = this.ports;
    const wait = this.nextSlot - timer.ticks();
    if (wait > 0) await timer.sleep(wait);
    const now = timer.ticks();
    if (now - this.nextSlot > REST_MS) this.sinceRest = 0;
    // Counted from now if we are late: no burst makes up for it.
    this.nextSlot = Math.max(this.nextSlot, now) + pauseOf(this.merchant.perSecond, this.sinceRest++);
  }

  /** `probed`: the halt behind which this one is let through to see whether its cause is gone. */
  private start(payout: Payout, probed?: Halt): void {
    const { log } = this.ports;
    const work = (payout.nextDo === 'send' ? this.send(payout, probed) : this.ask(payout))
      .catch((error: unknown) => log.error({ err: error, billNo: payout.billNo }, 'a payout was left as it is; it will be asked after'))
      .finally(() => this.inFlight.delete(payout.billNo));
    this.inFlight.set(payout.billNo, work);
  }

  private async send(payout: Payout, probed: Halt | undefined): Promise<void> {
    const { clock, store, timer, log } = this.ports;
    const begun = beginSend(payout, clock());
    if ((await store.advance(begun)) === 'stale') return;
    this.remember(payout.billNo, timer.ticks());
    const seen = await this.merchant.payer.send(begun.payout);
    const verdict = observe(begun.payout, seen, false, clock(), this.merchant.policy);
    if (probed && verdict.sight === 'accepted') {
      await store.setHalt(this.merchant.name, undefined);
      log.warn({ merchant: this.merchant.name, code: probed.code }, 'one payout got through: the merchant goes on');
      this.again = true;
    }
    await this.conclude(verdict, seen);
  }

  private async ask(payout: Payout): Promise<void> {
    const seen = await this.merchant.payer.query(payout);
    await this.conclude(observe(payout, seen, true, this.ports.clock(), this.merchant.policy), seen);
  }

  private async conclude(verdict: Verdict, seen: Observation): Promise<void> {
    const { user } = verdict.step.payout;
    const code = 'code' in seen ? seen.code : '';
    const { run, halt } = runAfter(this.trouble, { sight: verdict.sight, user, code, isUnreached: seen.kind === 'unreached' });
    this.trouble = run;
    if (verdict.halt || halt) this.window = 1;
    else if (verdict.sight === 'accepted') this.window = Math.min(this.window + 1, IN_FLIGHT_MAX);
    await conclude(this.ports, this.merchant.name, { ...verdict, ...(!verdict.halt && halt && { halt }) });
  }

  private remember(billNo: string, at: number): void {
    this.triedAt.delete(billNo);
    this.triedAt.set(billNo, at); // in the order of time
    for (const [old, tried] of this.triedAt) {
      if (at - tried <= SPACING_MS) break;
      this.triedAt.delete(old);
    }
  }
}
