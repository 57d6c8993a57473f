// Where a gate's run of trouble is kept: in the process that has the merchant's turn, and as the note of a lease, so that
// a restart or another process goes on with it.
import { type FailureRun, NO_RUN } from '../core/payout/failure-run.ts';
import type { Clock, Store } from '../ports.ts';

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
