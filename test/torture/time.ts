// Time and chance for the torture: both come from a seed, so that a failure can be had again.

/** A small generator with a seed (mulberry32): the same seed, the same run. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** [0, 1) */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both ends included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.between(0, values.length - 1)]!;
  }
}

type Timer = { readonly at: number; readonly order: number; readonly wake: () => void | Promise<void> };

/** Time that passes only when it is told to; everything due in between happens in its order. */
export class VirtualTime {
  private readonly timers: Timer[] = [];
  private order = 0;
  private current: number;
  private readonly outside: () => Promise<boolean>;

  /** `outside`: waits for what goes on in the real world, if anything does; `true` if it had to. */
  constructor(start: number, outside: () => Promise<boolean> = async () => false) {
    this.current = start;
    this.outside = outside;
  }

  now(): number {
    return this.current;
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.at(this.current + Math.max(0, ms), resolve));
  }

  /** What `wake` promises is waited for before time goes on: opening a file takes real time, and no virtual one. */
  at(when: number, wake: () => void | Promise<void>): void {
    const timer = { at: when, order: this.order++, wake };
    let index = this.timers.length;
    while (
      index > 0 &&
      (this.timers[index - 1]!.at > when ||
        (this.timers[index - 1]!.at === when && this.timers[index - 1]!.order > timer.order))
    )
      index--;
    this.timers.splice(index, 0, timer);
  }

  async runUntil(end: number): Promise<void> {
    await this.settled();
    while (this.timers.length > 0 && this.timers[0]!.at <= end) {
      const timer = this.timers.shift()!;
      this.current = Math.max(this.current, timer.at);
      await timer.wake();
      await this.settled();
    }
    this.current = Math.max(this.current, end);
  }

  private async settled(): Promise<void> {
    do await breathe();
    while (await this.outside());
  }
}

/** Lets promises and the store's group commits go on. Nothing real is waited for, so the order is always the same. */
export async function breathe(turns = 8): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve));
}
