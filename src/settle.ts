// Sends planned payouts and asks after unfinished ones, at our own pace and once each: marks *sending*, then calls, then
// writes what was seen. One gate per merchant (商户): a rate, and a halt that shuts it for all.
import type { Payout } from './core/payout.ts';
import { beginSend, observe, type PayoutPolicy, type Verdict } from './core/payout-table.ts';
import type { Clock, Log, Payer, Store } from './ports.ts';

/** Monotonic ms and a way to wait: never the wall clock, which may jump. */
export type Timer = { ticks(): number; sleep(ms: number): Promise<void> };

export type SettleMerchant = {
  readonly name: string;
  readonly payer: Payer;
  readonly perSecond: number;
  readonly policy: PayoutPolicy;
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

export function createSettle(ports: SettlePorts): Settle {
  const gates = ports.merchants.map(merchant => new Gate(ports, merchant));
  return {
    async recover() {
      await Promise.all(gates.map(gate => gate.recover()));
    },
    nudge() {
      for (const gate of gates) gate.nudge();
    },
    async pass() {
      await Promise.all(gates.map(gate => gate.run()));
    },
    async stop() {
      await Promise.all(gates.map(gate => gate.stop()));
    },
  };
}

class Gate {
  private readonly ports: SettlePorts;
  private readonly merchant: SettleMerchant;
  private readonly inFlight = new Map<string, Promise<void>>();
  /** How many calls may be open at once: grows with success, so that a merchant in trouble is noticed at once. */
  private window = 1;
  private nextSlot = 0;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(ports: SettlePorts, merchant: SettleMerchant) {
    this.ports = ports;
    this.merchant = merchant;
  }

  nudge(): void {
    this.run().catch((error: unknown) => this.ports.log.error({ err: error, merchant: this.merchant.name }, 'settling stopped short; the next tick goes on'));
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

  /** Takes up what is due; `false` when there was nothing. */
  private async batch(): Promise<boolean> {
    const { clock, store } = this.ports;
    const isHalted = (await store.halt(this.merchant.name)) !== undefined;
    const due = await store.due(this.merchant.name, clock(), BATCH, isHalted ? 'query' : undefined);
    const fresh = due.filter(payout => !this.inFlight.has(payout.billNo));
    for (const payout of fresh) {
      await this.room();
      if (this.stopped) return false;
      if (payout.nextDo === 'send' && (await store.halt(this.merchant.name))) continue;
      this.start(payout);
    }
    if (fresh.length === 0 && this.inFlight.size > 0) await Promise.race(this.inFlight.values());
    return due.length > 0;
  }

  /** Waits for a place among the calls in flight, then for the next slot of the rate. */
  private async room(): Promise<void> {
    while (this.inFlight.size >= this.window) await Promise.race(this.inFlight.values());
    const { timer } = this.ports;
    const wait = this.nextSlot - timer.ticks();
    if (wait > 0) await timer.sleep(wait);
    this.nextSlot = Math.max(this.nextSlot, timer.ticks()) + 1000 / this.merchant.perSecond;
  }

  private start(payout: Payout): void {
    const work = (payout.nextDo === 'send' ? this.send(payout) : this.ask(payout))
      .catch((error: unknown) => this.ports.log.error({ err: error, billNo: payout.billNo }, 'a payout was left as it is; it will be asked after'))
      .finally(() => this.inFlight.delete(payout.billNo));
    this.inFlight.set(payout.billNo, work);
  }

  private async send(payout: Payout): Promise<void> {
    const begun = beginSend(payout, this.ports.clock());
    if ((await this.ports.store.advance(begun)) === 'stale') return;
    const seen = await this.merchant.payer.send(begun.payout);
    await this.conclude(observe(begun.payout, seen, false, this.ports.clock(), this.merchant.policy));
  }

  private async ask(payout: Payout): Promise<void> {
    const seen = await this.merchant.payer.query(payout);
    await this.conclude(observe(payout, seen, true, this.ports.clock(), this.merchant.policy));
  }

  private async conclude(verdict: Verdict): Promise<void> {
    const { clock, store, log, onProblem } = this.ports;
    const { payout, from, detail } = verdict.step;
    if (verdict.halt) {
      this.window = 1;
      await store.setHalt(this.merchant.name, { ...verdict.halt, since: clock(), by: 'bot' });
      log.error({ merchant: this.merchant.name, ...verdict.halt }, 'the merchant is halted; nothing queued is lost');
    } else if (verdict.sight === 'accepted') this.window = Math.min(this.window + 1, IN_FLIGHT_MAX);
    const result = await store.advance(verdict.step);
    const fields = { billNo: payout.billNo, from, to: payout.state, seen: verdict.sight, detail };
    if (result === 'stale') log.info(fields, 'somebody else took this payout on');
    else if (verdict.alarm) log.error({ ...fields, alarm: verdict.alarm }, `payout: ${verdict.alarm}`);
    else if (payout.state === 'held' || payout.state === 'unknown') log.warn(fields, 'payout: not clear yet');
    else log.info(fields, `payout ${payout.state}`);
    if (result === 'moved' && verdict.problem) onProblem?.(payout);
  }
}
