// Where a gate's run of trouble is kept: in the process that has the merchant's turn, and as the note of a lease, so that
// a restart or another process goes on with it.
import { beijingText, type Instant, later } from '../core/base/time.ts';
import { channelOf } from '../core/payout/channels/index.ts';
import { type FailureRun, NO_RUN } from '../core/payout/failure-run.ts';
import { STOCK_REST_MS } from '../core/payout/pace.ts';
import type { Payout } from '../core/payout/payout.ts';
import type { Verdict } from '../core/payout/transitions.ts';
import type { Clock, Log, Store } from '../ports.ts';

/** Longer than a note takes to be written. */
const NOTE_LEASE_MS = 4000;

type MemoryPorts = {
  readonly clock: Clock;
  readonly store: Pick<Store, 'lease' | 'release' | 'note'>;
  readonly holder: string;
};

/** `under`: the settings with which its packets got through. */
type Note = FailureRun & { readonly under?: string };

export class GateMemory {
  private readonly name: string;
  private readonly under: string;
  private readonly ports: MemoryPorts;
  private current: FailureRun = NO_RUN;
  private saved: string;
  private saving: Promise<void> = Promise.resolve();

  constructor(merchant: string, under: string, ports: MemoryPorts) {
    this.name = `gate:${merchant}`;
    this.under = under;
    this.ports = ports;
    this.saved = this.text();
  }

  private text(): string {
    return JSON.stringify({ ...this.current, under: this.under } satisfies Note);
  }

  get run(): FailureRun {
    return this.current;
  }

  /** What the process that had the turn before us has left. What got through under other settings says nothing of ours. */
  async load(): Promise<void> {
    const text = await this.ports.store.note(this.name);
    if (text === undefined || text === this.saved) return;
    const { under, ...run } = readNote(text);
    this.saved = text;
    this.current = under === this.under ? run : { ...run, paid: this.current.paid };
  }

  /** At once, for whoever asks in this process. */
  set(run: FailureRun): void {
    this.current = run;
  }

  /** Written only where it has changed: nothing is while all goes well. One write at a time, each with the latest. */
  save(): Promise<void> {
    this.saving = this.saving.then(
      () => this.write(),
      () => this.write(),
    );
    return this.saving;
  }

  private async write(): Promise<void> {
    const text = this.text();
    if (text === this.saved) return;
    const { store, holder, clock } = this.ports;
    const lease = await store.lease(this.name, holder, NOTE_LEASE_MS, clock());
    if (lease && (await store.release(lease, clock(), text))) this.saved = text;
  }
}

/** Written by an earlier version it holds less, by a later one more. */
function readNote(text: string): Note {
  return { ...NO_RUN, ...(JSON.parse(text) as Partial<Note>) };
}

// ── Stocks ───────────────────────────────────────────────────────────────────────────────────────────────

type Rest = { readonly why: string; readonly until: Instant };

/**
 * Stocks of vouchers (代金券批次) that are spent or shut: nothing is called for what waits for one, until it is time to see. In
 * memory only; after a restart the first call says it again.
 */
export class StockRests {
  private readonly log: Log;
  private readonly rests = new Map<string, Rest>();

  constructor(log: Log) {
    this.log = log;
  }

  /** Why nothing is called for this one now. */
  why({ request }: Payout, now: Instant): string | undefined {
    const rest = this.rests.get(channelOf(request).stockOf?.(request) ?? '');
    return rest && now < rest.until ? rest.why : undefined;
  }

  /** What a call says of the stock from which it wanted to take. Said once, until it gives again. */
  heard({ response, step: { payout } }: Verdict, now: Instant): void {
    const stock = channelOf(payout.request).stockOf?.(payout.request);
    if (stock === undefined) return;
    const before = this.rests.get(stock);
    const { merchant, problem: why = response } = payout;
    if (response === 'stock') {
      const until = later(now, STOCK_REST_MS);
      this.rests.set(stock, { why, until });
      const fields = { merchant, stock, why, nextTry: beijingText(until) };
      if (!before) this.log.error(fields, 'the stock gives no vouchers; those of it wait, all others go on');
    } else if (response === 'accepted' && before) {
      this.rests.delete(stock);
      this.log.warn({ merchant, stock }, 'the stock gives vouchers again');
    }
  }
}
