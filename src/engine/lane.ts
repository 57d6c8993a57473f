// Calls of one kind: evenly spaced, so many open at once, none for a payout that is in work already, nor for its follower where
// the channel serves them one by one. What cannot be taken on stands aside, so that it does not keep the others waiting.

import { type Instant, MINUTE } from '../core/base/time.ts';
import { channelOf } from '../core/payout/channels/index.ts';
import { asideFor, pauseOf, REST_MS, SPACING_MS } from '../core/payout/merchant-halt.ts';
import type { Payout } from '../core/payout/payout.ts';
import type { Clock, Halt, Lease } from '../ports.ts';
import type { Timer } from './lease.ts';

/** A call to make. `probed`: it is let through to see whether the cause of this halt is gone. */
export type Work = { readonly payout: Payout; readonly probed?: Halt | undefined };
/** … under the lease that allows it, in the slot it was given. */
export type Leased = Work & {
  readonly lease: Lease;
  /** The store may have taken its time: waits for another slot if that one is gone. */
  readonly inTime: () => Promise<void>;
};

/** `stale`: somebody else has changed the payout since it was read. `stuck`: the store would not take this one on. */
export type Outcome = 'done' | 'stale' | { readonly stuck: unknown };

/** What was set aside in one go, for a person to look at. */
export type Aside = { readonly billNos: readonly string[]; readonly error: unknown };

type LanePorts = {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly perSecond: number;
  readonly openMax: number;
  /** What was due at `now`, at most so many. */
  readonly due: (now: Instant, limit: number) => Promise<readonly Work[]>;
  /** The turn; `undefined` while another process has it. */
  readonly hold: () => Promise<Lease | undefined>;
  /** Rejects where the store does: then the lane stops short. */
  readonly work: (work: Leased) => Promise<Outcome>;
  readonly onAside: (aside: Aside) => void;
};

const BATCH = 64;
/** Somebody else may change a payout under our hands, but not each time. */
const STALE_MAX = 3;
/** What is no longer due is forgotten after this, ms. */
const FORGOTTEN_MS = 10 * MINUTE;

type Trouble = { readonly failures: number; readonly stales: number; readonly until: number };

export class Lane {
  private readonly ports: LanePorts;
  private readonly open = new Map<string, Promise<void>>();
  /** Followers whose other payouts wait for the one that is open. */
  private readonly inTurn = new Set<string>();
  /** So many waited for that when we looked last. */
  private behind = 0;
  /** Payouts that could not be taken on, and until when they stand aside. */
  private readonly troubles = new Map<string, Trouble>();
  private newlyAside: string[] = [];
  private stuck: unknown;
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
    const turn = turnOf(work.payout);
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
      .then(outcome => this.note(billNo, outcome))
      .catch((error: unknown) => {
        this.failure ??= error; // the payout is as it was; it will be asked after
      })
      .finally(() => {
        this.open.delete(billNo);
        if (turn !== undefined) this.inTurn.delete(turn);
      });
    this.open.set(billNo, done);
    if (turn !== undefined) this.inTurn.add(turn);
    return true;
  }

  private note(billNo: string, outcome: Outcome): void {
    if (outcome === 'done') {
      this.troubles.delete(billNo);
      return;
    }
    const before = this.troubles.get(billNo) ?? { failures: 0, stales: 0, until: 0 };
    if (outcome === 'stale' && before.stales + 1 < STALE_MAX) {
      this.troubles.set(billNo, { ...before, stales: before.stales + 1 });
      return;
    }
    const failures = before.failures + 1;
    this.troubles.set(billNo, { failures, stales: 0, until: this.ports.timer.ticks() + asideFor(failures) });
    this.newlyAside.push(billNo);
    this.stuck ??= outcome === 'stale' ? new Error('somebody else changes it each time') : outcome.stuck;
  }

  private isAside(billNo: string): boolean {
    return (this.troubles.get(billNo)?.until ?? 0) > this.ports.timer.ticks();
  }

  private async loop(): Promise<void> {
    try {
      while (this.again && !this.stopped) {
        this.again = false;
        const now = this.ports.clock(); // what becomes due while we work is for the next time
        while (!this.stopped && (await this.batch(now)));
        await Promise.all(this.open.values());
      }
    } finally {
      this.tellAside();
    }
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Names what stands aside, once for all of one go. */
  private tellAside(): void {
    const { stuck: error, newlyAside: billNos } = this;
    [this.stuck, this.newlyAside] = [undefined, []];
    if (billNos.length > 0) this.ports.onAside({ billNos, error });
    for (const [billNo, { until }] of this.troubles)
      if (this.ports.timer.ticks() - until > FORGOTTEN_MS) this.troubles.delete(billNo);
  }

  private async batch(now: Instant): Promise<boolean> {
    if (this.failure !== undefined) return false;
    const limit = BATCH + this.troubles.size + this.behind; // those who wait may stand before all others
    const due = await this.ports.due(now, limit);
    const fresh = due.filter(({ payout }) => !this.open.has(payout.billNo) && !this.isAside(payout.billNo));
    if (fresh.length > 0 && !(await this.ports.hold())) return false;
    this.behind = 0;
    for (const work of fresh) {
      if (this.inTurn.has(turnOf(work.payout) ?? '')) this.behind++;
      else if (!(await this.start(work))) return false;
    }
    if (fresh.length === this.behind && this.open.size > 0) await Promise.race(this.open.values()); // what was just begun still stands as due
    return due.length === limit || this.behind > 0;
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

/** Whose payouts this one must not overtake, nor go beside. */
function turnOf({ user, request }: Payout): string | undefined {
  return channelOf(request).oneByOne ? user : undefined;
}

/** When each number was last tried, by the monotonic clock: the wall clock may have jumped over its `nextAt`. */
export class Tries {
  private readonly timer: Timer;
  private readonly triedAt = new Map<string, number>();

  constructor(timer: Timer) {
    this.timer = timer;
  }

  isTooSoon({ billNo }: Payout): boolean {
    const tried = this.triedAt.get(billNo);
    return tried !== undefined && this.timer.ticks() - tried < SPACING_MS;
  }

  note({ billNo }: Payout): void {
    const at = this.timer.ticks();
    this.triedAt.delete(billNo);
    this.triedAt.set(billNo, at); // in the order of time
    for (const [old, tried] of this.triedAt) {
      if (at - tried <= SPACING_MS) break;
      this.triedAt.delete(old);
    }
  }

  forget(billNo: string): void {
    this.triedAt.delete(billNo);
  }

  /** How long the latest one should not be tried by anybody, ms. */
  restMs(): number {
    return Math.max(...this.triedAt.values()) + SPACING_MS - this.timer.ticks();
  }
}
