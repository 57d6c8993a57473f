// Sends planned payouts and asks after unfinished ones, at our own pace and once each: marks *sending*, then calls, then
// writes what was seen. One gate per merchant (商户): a rate, quiet hours, and a halt that shuts it for all. Of all
// processes one at a time has a merchant's turn; it keeps the rate, and what it begins is fenced by its lease.
import { conclude } from './conclude.ts';
import { gotThrough, isQuiet, NO_RUN, pauseOf, REST_MS, type Run, runAfter, SPACING_MS } from './core/gate.ts';
import { isFinal, type Observation, type Payout } from './core/payout.ts';
import { beginSend, observe, type PayoutPolicy, type Verdict } from './core/payout-table.ts';
import { type Instant, later, MINUTE } from './core/time.ts';
import { doubt } from './doubt.ts';
import type { Clock, Halt, Lease, Log, Payer, Store } from './ports.ts';
import { type Timer, Turn } from './turn.ts';

export type { Timer } from './turn.ts';

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
  /** Names this gate among those of all processes. */
  readonly holder: string;
  readonly merchants: readonly SettleMerchant[];
  /** The follower should hear that the packet will not come (`problem`). */
  readonly onProblem?: (payout: Payout) => void;
};

export type Settle = {
  /** Something may be due: look now rather than at the next tick. */
  nudge(): void;
  /**
   * One pass, when it is our turn: returns when nothing is due any more. Begins by asking after calls whose end a
   * former process did not live to see; asking is always safe.
   */
  pass(): Promise<void>;
  /** Lets calls in flight end, and starts no more. */
  stop(): Promise<void>;
};

const BATCH = 64;
const ORPHANS_MAX = 1000;
/** How many calls may be open at once. Asking has a few places of its own, so that it never delays paying. */
const SENDS_OPEN_MAX = 16;
const QUERIES_OPEN_MAX = 4;
/** How long a probe has to come back before another one is let through. */
const PROBE_EVERY_MS = 5 * MINUTE;
/** How often it is said that settling stopped short. */
const COMPLAIN_EVERY_MS = MINUTE;

export function createSettle(ports: SettlePorts): Settle {
  const gates = ports.merchants.map(merchant => new Gate(ports, merchant));
  const all = async (work: (gate: Gate) => Promise<void>): Promise<void> => {
    await Promise.all(gates.map(work));
  };
  return {
    nudge() {
      for (const gate of gates) gate.nudge();
    },
    pass: () => all(gate => gate.run(true)),
    stop: () => all(gate => gate.stop()),
  };
}

type Work = { readonly payout: Payout; readonly probed?: Halt | undefined };
/** A call to make, under the lease that allows it, in the slot it was given. */
type Leased = Work & {
  readonly lease: Lease;
  /** The store may have taken its time: waits for another slot if that one is gone. */
  readonly inTime: () => Promise<void>;
};

/** What one merchant may do: two lanes, one that pays and one that asks, each at its own pace. */
class Gate {
  private readonly ports: SettlePorts;
  private readonly merchant: SettleMerchant;
  private readonly sends: Lane;
  private readonly queries: Lane;
  private readonly turn: Turn;
  /** Left in the middle of a call by whoever had the turn before us. */
  private orphans: Payout[] = [];
  /** When each number was last tried, by the monotonic clock: the wall clock may have jumped over its `nextAt`. */
  private readonly triedAt = new Map<string, number>();
  private trouble: Run = NO_RUN;
  private complainedAt = Number.NEGATIVE_INFINITY;
  private hasComplained = false;

  constructor(ports: SettlePorts, merchant: SettleMerchant) {
    this.ports = ports;
    this.merchant = merchant;
    this.turn = new Turn(`settle:${merchant.name}`, ports);
    const hold = () => this.turn.hold(() => this.findOrphans());
    const pace = { timer: ports.timer, perSecond: merchant.perSecond, clock: ports.clock, hold };
    this.sends = new Lane({
      ...pace,
      openMax: SENDS_OPEN_MAX,
      due: now => this.dueSends(now),
      work: work => this.send(work),
    });
    this.queries = new Lane({
      ...pace,
      openMax: QUERIES_OPEN_MAX,
      due: now => this.dueQueries(now),
      work: ({ payout }) => this.ask(payout),
    });
  }

  nudge(): void {
    this.run().then(
      () => this.goesOn(),
      (error: unknown) => this.stoppedShort(error),
    );
  }

  /** Every tick fails while the store is away: said now and then, not every second. */
  private stoppedShort(error: unknown): void {
    const { log, timer } = this.ports;
    if (timer.ticks() - this.complainedAt < COMPLAIN_EVERY_MS) return;
    this.complainedAt = timer.ticks();
    this.hasComplained = true;
    log.error({ err: error, merchant: this.merchant.name }, 'settling stopped short; every tick tries again');
  }

  private goesOn(): void {
    if (!this.hasComplained) return;
    this.hasComplained = false;
    this.ports.log.warn({ merchant: this.merchant.name }, 'settling works again');
  }

  /** `isPatient`: waits for the turn where another process has it. */
  async run(isPatient = false): Promise<void> {
    await this.turn.during(
      async () => {
        if (isPatient) await this.turn.wait(() => this.findOrphans());
        await Promise.all([this.sends.run(), this.queries.run()]);
        if (this.orphans.length > 0) await this.queries.run();
      },
      () => this.restMs(),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([this.sends.stop(), this.queries.stop()]);
    await this.ports.timer.sleep(this.restMs());
    await this.turn.end();
  }

  /** How long nobody else should have the turn after us, ms: our pace, and a number's own pause, are known only here. */
  private restMs(): number {
    const lastTry = Math.max(...this.triedAt.values());
    return Math.max(0, this.sends.restMs(), this.queries.restMs(), lastTry + SPACING_MS - this.ports.timer.ticks());
  }

  /** Whoever takes the turn over is alone with it: what stands as *sending* then was begun by one who is gone. */
  private async findOrphans(): Promise<void> {
    const filter = { state: 'sending', merchant: this.merchant.name, limit: ORPHANS_MAX } as const;
    const sending = await this.ports.store.payouts(filter);
    this.orphans = sending.filter(({ billNo }) => !this.sends.isAt(billNo));
  }

  private async dueQueries(now: Instant): Promise<Work[]> {
    const due = await this.ports.store.due(this.merchant.name, now, BATCH, 'query');
    const all = new Map([...this.orphans, ...due].map(payout => [payout.billNo, payout]));
    this.orphans = [];
    return [...all.values()].map(payout => ({ payout }));
  }

  /** Nothing in quiet hours; nothing while halted, but for one payout when it is time to see. */
  private async dueSends(now: Instant): Promise<Work[]> {
    const { store } = this.ports;
    if (this.isQuietNow()) return [];
    const halt = await store.halt(this.merchant.name);
    if (halt && (halt.probeAt === undefined || now < halt.probeAt)) return [];
    const due = await store.due(this.merchant.name, now, BATCH, 'send');
    // Nothing is left to try it with: then the next claim is the probe.
    if (halt && due.length === 0) await store.setHalt(this.merchant.name, undefined, 'bot');
    const fresh = due.filter(payout => !this.isTooSoon(payout)).map(payout => ({ payout }));
    if (!halt || fresh.length === 0) return fresh;
    // The next probe is put off before this one leaves, so that two workers do not both try.
    await store.setHalt(this.merchant.name, { ...halt, probeAt: later(now, PROBE_EVERY_MS) }, 'bot');
    return [{ ...fresh[0]!, probed: halt }];
  }

  /** Asked anew before each call: a long queue must not carry on into the night. */
  private isQuietNow(): boolean {
    return isQuiet(this.merchant.quietHours, this.ports.clock());
  }

  private isTooSoon({ billNo }: Payout): boolean {
    const tried = this.triedAt.get(billNo);
    return tried !== undefined && this.ports.timer.ticks() - tried < SPACING_MS;
  }

  private async send({ payout, probed, lease, inTime }: Leased): Promise<void> {
    const { clock, store, timer, log } = this.ports;
    const halt = await store.halt(this.merchant.name);
    if (this.isQuietNow() || (halt && (!probed || halt.by === 'operator'))) return; // shut since it was chosen
    const begun = beginSend(payout, clock());
    if ((await store.advance(begun, lease)) === 'stale') return;
    await inTime();
    if (!this.turn.isSure(lease)) {
      log.info({ billNo: payout.billNo }, 'the turn may be over: whoever has it asks after this one');
      return;
    }
    this.remember(payout.billNo, timer.ticks());
    const seen = await this.merchant.payer.send(begun.payout);
    const verdict = observe(begun.payout, seen, false, clock(), this.merchant.policy);
    // Unless a person has shut it meanwhile: then it stays theirs.
    if (probed && gotThrough(verdict.sight) && (await store.halt(this.merchant.name))?.by === 'bot') {
      await store.setHalt(this.merchant.name, undefined, 'bot');
      log.warn({ merchant: this.merchant.name, code: probed.code }, 'one payout got through: the merchant goes on');
    }
    await this.conclude(verdict, seen, false);
    if (probed) this.nudge();
  }

  private async ask(payout: Payout): Promise<void> {
    const seen = await this.merchant.payer.query(payout);
    await this.conclude(observe(payout, seen, true, this.ports.clock(), this.merchant.policy), seen, true);
  }

  private async conclude(verdict: Verdict, seen: Observation, asked: boolean): Promise<void> {
    const { billNo, user, state } = verdict.step.payout;
    const code = 'code' in seen ? seen.code : '';
    const { run, halt } = runAfter(this.trouble, {
      sight: verdict.sight,
      user,
      code,
      isUnreached: (seen.kind === 'unreached' && code !== 'NO_CHANNEL') || code === 'BAD_SIGNATURE',
      asked,
    });
    this.trouble = run;
    if (verdict.halt || halt) this.sends.narrow();
    else if (asked && verdict.sight !== 'noAnswer') this.queries.widen();
    else if (!asked && gotThrough(verdict.sight)) this.sends.widen();
    const result = await conclude(this.ports, this.merchant.name, {
      ...verdict,
      ...(!verdict.halt && halt && { halt }),
    });
    if (result === 'stale') await this.seeLate(verdict.step.payout, seen, asked);
    if (state === 'sent' || isFinal(state)) this.triedAt.delete(billNo); // it is not tried again
  }

  /**
   * Somebody else changed it while we called. If it is over by their account and not by WeChat Pay's, that is for a person;
   * if it was only marked (`stopped`) under our call, what the call came to is still its own.
   */
  private async seeLate({ billNo, tries }: Payout, seen: Observation, asked: boolean): Promise<void> {
    const payout = await this.ports.store.payout(billNo);
    if (!payout) return;
    if (isFinal(payout.state)) await doubt(this.ports, payout, seen);
    else if (!asked && payout.state === 'sending' && payout.tries === tries) {
      const verdict = observe(payout, seen, false, this.ports.clock(), this.merchant.policy);
      await conclude(this.ports, this.merchant.name, verdict);
    }
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

type LanePorts = {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly perSecond: number;
  readonly openMax: number;
  /** What was due at `now`. */
  readonly due: (now: Instant) => Promise<readonly Work[]>;
  /** The turn; `undefined` while another process has it. */
  readonly hold: () => Promise<Lease | undefined>;
  readonly work: (work: Leased) => Promise<void>;
};

/** Calls of one kind: evenly spaced, so many open at once, none for a payout that is in work already. */
class Lane {
  private readonly ports: LanePorts;
  private readonly open = new Map<string, Promise<void>>();
  /** Grows with success, so that a merchant in trouble is noticed after one call and not after sixteen. */
  private window = 1;
  private nextSlot = 0;
  private sinceRest = 0;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private failure: unknown;

  constructor(ports: LanePorts) {
    this.ports = ports;
  }

  narrow(): void {
    this.window = 1;
  }

  widen(): void {
    this.window = Math.min(this.window + 1, this.ports.openMax);
  }

  /** Takes up all that is due now; rejects with the first failure of the store, after everything else was tried. */
  run(): Promise<void> {
    this.again = true;
    this.running ??= this.loop().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => undefined); // whoever started it has heard of it
    await Promise.all(this.open.values());
  }

  isAt(billNo: string): boolean {
    return this.open.has(billNo);
  }

  /** How long nobody should call after us, ms: the rest of the pause behind our last call. */
  restMs(): number {
    return Math.max(0, this.nextSlot - this.ports.timer.ticks());
  }

  /** Waits for a place and for a slot, and begins; `false`: it is another process's turn. */
  private async start(work: Work): Promise<boolean> {
    const { billNo } = work.payout;
    while (this.open.size >= this.window) await Promise.race(this.open.values());
    const over = await this.slot();
    if (this.stopped || this.open.has(billNo)) return true;
    const lease = await this.ports.hold();
    if (!lease) return false;
    const inTime = async (): Promise<void> => {
      if (this.ports.timer.ticks() > over) await this.slot();
    };
    const done = this.ports
      .work({ ...work, lease, inTime })
      .catch((error: unknown) => {
        this.failure ??= error; // the payout is as it was; it will be asked after
      })
      .finally(() => this.open.delete(billNo));
    this.open.set(billNo, done);
    return true;
  }

  private async loop(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      const now = this.ports.clock(); // what becomes due while we work is for the next time
      while (!this.stopped && (await this.batch(now)));
      await Promise.all(this.open.values());
    }
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  private async batch(now: Instant): Promise<boolean> {
    if (this.failure !== undefined) return false;
    const due = await this.ports.due(now);
    const fresh = due.filter(({ payout }) => !this.open.has(payout.billNo));
    if (fresh.length > 0 && !(await this.ports.hold())) return false;
    for (const work of fresh) if (!(await this.start(work))) return false;
    if (fresh.length === 0 && this.open.size > 0) await Promise.race(this.open.values()); // what was just begun still stands as due
    return due.length === BATCH;
  }

  /** Waits for a slot; says when the next one begins. Who is late by then has lost it. */
  private async slot(): Promise<number> {
    const { timer, perSecond } = this.ports;
    for (let wait = this.nextSlot - timer.ticks(); wait >= 1; wait = this.nextSlot - timer.ticks())
      await timer.sleep(wait); // again, if somebody who was late has taken it
    const now = timer.ticks();
    if (now - this.nextSlot > REST_MS) this.sinceRest = 0;
    // Counted from now if we are late: no burst makes up for it.
    this.nextSlot = Math.max(this.nextSlot, now) + pauseOf(perSecond, this.sinceRest++);
    return this.nextSlot;
  }
}
