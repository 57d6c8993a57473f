// Watches over the merchant's halts: once one stands, and everybody has had the time to hear of it, nothing may be begun but
// a probe, one each time it was put off.
import type { Instant } from '../../src/core/base/time.ts';
import type { Halt } from '../../src/ports.ts';

/** So long a worker may be asleep, or wait for a slow store, between its look at the halt and the beginning of a call. */
const UNAWARE_MS = 25_000;

type Who = { readonly who: string; readonly now: Instant };

type World = {
  now(): number;
  readonly found: string[];
  /** Whether anybody's clock was set since then. */
  wasAnySetSince(from: number): boolean;
};

export class HaltWatch {
  private readonly world: World;
  /** The one that stands, and since when it cannot be overlooked. */
  private standing: { readonly halt: Halt; readonly heard: number } | undefined;
  /** Who has put the next probe off, and may make one: until when. */
  private readonly probes = new Map<string, { count: number; until: number }>();
  /** Changes under way: what stands meanwhile is not known for certain. */
  private unclear = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** `write`: does it, and tells what stands then. */
  async set(
    { who, now }: Who,
    halt: Halt | undefined,
    by: 'bot' | undefined,
    write: () => Promise<Halt | undefined>,
  ): Promise<void> {
    const before = this.standing?.halt;
    const isProbe =
      halt !== undefined &&
      by === 'bot' &&
      before?.probeAt !== undefined &&
      (before.probeAt <= now || this.mayHaveSeenIt(before.probeAt, halt)) &&
      halt.code === before.code;
    if (isProbe) this.allow(who);
    this.unclear++;
    try {
      const stands = await write();
      this.standing = stands && { halt: stands, heard: this.standing?.heard ?? this.world.now() };
      if (stands && stands.by !== before?.by) this.standing = { halt: stands, heard: this.world.now() };
    } finally {
      this.unclear--;
    }
  }

  /** The clock it looked at was set before it wrote: the time of the probe may have come by that one. */
  private mayHaveSeenIt(probeAt: Instant, put: Halt): boolean {
    const isPutOff = put.probeAt !== undefined && put.probeAt !== probeAt;
    return isPutOff && this.world.wasAnySetSince(this.world.now() - UNAWARE_MS);
  }

  private allow(who: string): void {
    const until = this.world.now() + UNAWARE_MS;
    this.probes.set(who, { count: (this.probes.get(who)?.count ?? 0) + 1, until });
  }

  /** Why this must not be begun now; `undefined`: it may. */
  forbids(who: string, _billNo: string): string | undefined {
    const { standing } = this;
    if (!standing || this.unclear > 0) return undefined;
    const since = this.world.now() - standing.heard;
    if (since <= UNAWARE_MS) return undefined;
    const probe = this.probes.get(who);
    if (probe && probe.count > 0 && probe.until >= this.world.now()) {
      probe.count--;
      return undefined;
    }
    return `${standing.halt.code} by the ${standing.halt.by}, for ${Math.round(since / 1000)} s`;
  }
}
