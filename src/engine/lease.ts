// One process's turn at what only one may do at a time: a lease (租约) that is renewed while it is used and given back
// when nobody here needs it any more. Who falls asleep for longer than it lasts is told by its `fence`.
import type { Clock, Lease, Log, Store } from '../ports.ts';

/** Monotonic ms and a way to wait: never the wall clock, which may jump. */
export type Timer = { ticks(): number; sleep(ms: number): Promise<void> };

type TurnPorts = {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly store: Pick<Store, 'lease' | 'release'>;
  readonly log: Log;
  /** Names this process: nobody else in the world says the same. */
  readonly holder: string;
};

/** How long a lease lasts without a word of its holder: so long others wait for one who was killed. */
export const LEASE_MS = 4000;
const RENEW_MS = 1000;
/** What is begun while it lasts leaves so long before anybody else can have it. */
const MARGIN_MS = 1000;
const ASK_AGAIN_MS = 100;

export class Turn {
  private readonly name: string;
  private readonly ports: TurnPorts;
  private lease: Lease | undefined;
  private renewedAt = 0;
  private asking: Promise<Lease | undefined> | undefined;
  private ending: Promise<void> | undefined;
  private users = 0;
  private lastFence: number | undefined;

  constructor(name: string, ports: TurnPorts) {
    this.name = name;
    this.ports = ports;
  }

  /** Whoever works within it may `hold`. After the last one, and after what rest is owed by then, it is given back. */
  async during<T>(work: () => Promise<T>, restMs: () => number): Promise<T> {
    this.users++;
    try {
      return await work();
    } finally {
      this.users--;
      void this.rest(restMs);
    }
  }

  private async rest(restMs: () => number): Promise<void> {
    if (!this.lease) return;
    for (let ms = restMs(); ms > 0 && this.users === 0; ms = restMs()) await this.ports.timer.sleep(ms);
    if (this.users === 0) await this.end();
  }

  /**
   * Whether nobody else can have had it since, or will in the next moment. The store may take long to say yes, and the
   * process may have slept: then what was about to be done is left to whoever has it now.
   */
  isSure({ fence }: Lease): boolean {
    return fence === this.lastFence && this.ports.timer.ticks() - this.renewedAt <= LEASE_MS - MARGIN_MS;
  }

  /**
   * The lease, taken or renewed; `undefined` while another process has it. `took`: told before the first use if
   * somebody else may have had it since we did.
   */
  async hold(took: () => Promise<void> = async () => {}): Promise<Lease | undefined> {
    if (this.lease && this.ports.timer.ticks() - this.renewedAt < RENEW_MS) return this.lease;
    this.asking ??= this.ask(took).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  /** As `hold`, but waits while another process has it; gives up once that one has had time to die. */
  async wait(took?: () => Promise<void>): Promise<Lease | undefined> {
    const { timer } = this.ports;
    const giveUpAt = timer.ticks() + LEASE_MS + RENEW_MS;
    for (;;) {
      const lease = await this.hold(took);
      if (lease || timer.ticks() >= giveUpAt) return lease;
      await timer.sleep(ASK_AGAIN_MS);
    }
  }

  private async ask(took: () => Promise<void>): Promise<Lease | undefined> {
    const { store, holder, clock, timer } = this.ports;
    this.lease = undefined; // a store that does not answer leaves us without
    await this.ending; // told after this, it would give back what we take now
    const askedAt = timer.ticks();
    const lease = await store.lease(this.name, holder, LEASE_MS, clock());
    if (!lease) return undefined;
    this.renewedAt = askedAt;
    if (lease.fence !== this.lastFence) {
      this.lastFence = lease.fence;
      await took();
    }
    this.lease = lease;
    return this.isSure(lease) ? lease : undefined; // late as the answer is, the next one asks anew
  }

  /** Gives the lease back, if we have it. */
  async end(): Promise<void> {
    const { lease } = this;
    if (!lease) return;
    this.lease = undefined; // before the call: who wants it now asks the store behind it
    this.renewedAt = Number.NEGATIVE_INFINITY;
    this.ending = this.release(lease).finally(() => {
      this.ending = undefined;
    });
    await this.ending;
  }

  private async release(lease: Lease): Promise<void> {
    try {
      await this.ports.store.release(lease, this.ports.clock());
    } catch (error) {
      this.ports.log.info({ err: error, lease: this.name }, 'a lease was not given back; it ends by itself');
    }
  }
}
