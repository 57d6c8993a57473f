// What one process fetches and all use: an access token (获取稳定版接口调用凭据), a jsapi_ticket. It lies in the store as the
// note of a lease; who has the lease fetches, the others wait for the note. Neither ever stands in an error or a log line.
import { randomUUID } from 'node:crypto';
import { Fault } from '../../core/base/error.ts';
import { type Instant, later, MINUTE, SECOND } from '../../core/base/time.ts';
import type { Clock, Lease, Store } from '../../ports.ts';

export type Shared = {
  /** The one to use now. */
  now(): Promise<string>;
  /** The platform calls this one wrong: unless somebody has replaced it already, the next `now` fetches. */
  refuse(value: string): Promise<void>;
};

type SharedPorts = {
  /** The lease's name, the same in all processes: `token:wx88…`. */
  readonly name: string;
  readonly store: Pick<Store, 'lease' | 'release' | 'note'>;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  /** `seconds`: how long the platform says it lasts. */
  readonly fetch: () => Promise<{ readonly value: string; readonly seconds: number }>;
};

type Kept = { readonly value: string; readonly until: Instant };

/** Longer than one fetch may take. */
const LEASE_MS = 15 * SECOND;
/** Who waits outlives a holder that died in the moment in which we began to wait. */
const GIVE_UP_MS = LEASE_MS + SECOND;
const ASK_AGAIN_MS = 100;
/** Renewed this long before it ends: by then the platform hands out the next one already, and takes both. */
const EARLY_MS = 5 * MINUTE;

export function createShared(ports: SharedPorts): Shared {
  return new SharedValue(ports);
}

class SharedValue implements Shared {
  private readonly ports: SharedPorts;
  private readonly holder = randomUUID();
  private kept: Kept | undefined;
  private asking: Promise<string> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(ports: SharedPorts) {
    this.ports = ports;
  }

  now(): Promise<string> {
    if (this.isGood(this.kept)) return Promise.resolve(this.kept.value);
    this.asking ??= this.inTurn(() => this.ask()).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  refuse(value: string): Promise<void> {
    this.forget(value);
    return this.inTurn(() => this.drop(value));
  }

  /** One after the other: a second use of the lease would renew it, and give it back under the hands of the first. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined); // told to whoever asked for it
    return done;
  }

  private async ask(): Promise<string> {
    let found: Kept | undefined;
    const lease = await this.leaseUnless(noted => {
      found = noted;
      return this.isGood(noted);
    });
    if (lease) found = await this.fetchUnder(lease);
    this.kept = found!;
    return this.kept.value;
  }

  private async drop(value: string): Promise<void> {
    this.forget(value); // an `ask` before our turn may have found it once more
    const lease = await this.leaseUnless(noted => noted?.value !== value);
    if (!lease) return;
    const isStillThere = keptIn(lease.note)?.value === value;
    await this.ports.store.release(lease, this.ports.clock(), isStillThere ? '' : undefined);
  }

  /** The lease, or nothing where the note is as it should be: whoever has the lease sees to that. */
  private async leaseUnless(isSo: (noted: Kept | undefined) => boolean): Promise<Lease | undefined> {
    const { name, store, clock, sleep } = this.ports;
    const giveUpAt = later(clock(), GIVE_UP_MS);
    for (;;) {
      if (isSo(keptIn(await store.note(name)))) return undefined;
      const lease = await store.lease(name, this.holder, LEASE_MS, clock());
      if (lease) return lease;
      if (clock() >= giveUpAt) throw new Fault('wechat', 'safe', 'TOKEN', `nobody could fetch ${name}`);
      await sleep(ASK_AGAIN_MS);
    }
  }

  private async fetchUnder(lease: Lease): Promise<Kept> {
    const { store, clock, fetch } = this.ports;
    const noted = keptIn(lease.note); // somebody may have fetched it since we looked
    let note: string | undefined;
    try {
      if (this.isGood(noted)) return noted;
      const { value, seconds } = await fetch();
      const fresh = { value, until: later(clock(), Math.max(seconds * SECOND - EARLY_MS, MINUTE)) };
      note = JSON.stringify(fresh);
      return fresh;
    } finally {
      // A store that fails here must not hide what was fetched, or why it was not: the lease ends by itself.
      await store.release(lease, clock(), note).catch(() => false);
    }
  }

  private isGood(each: Kept | undefined): each is Kept {
    return each !== undefined && this.ports.clock() < each.until;
  }

  private forget(value: string): void {
    if (this.kept?.value === value) this.kept = undefined;
  }
}

function keptIn(note: string | undefined): Kept | undefined {
  return note === undefined || note === '' ? undefined : (JSON.parse(note) as Kept);
}
