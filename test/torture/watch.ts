// Watches over the turns at a merchant while they are taken: who has been given the lease, what was begun under it, and
// what then left for WeChat Pay. It sits between a worker and its store, so it knows only what workers were told; where
// an answer was lost, it gives the benefit of the doubt.
import type { Instant } from '../../src/core/base/time.ts';
import type { Lease, Store } from '../../src/ports.ts';
import { HaltWatch } from './watch-halt.ts';

/** One call as it left a worker. */
export type Departure = {
  readonly at: number;
  readonly billNo: string;
  readonly body: string;
  /** As holder of a lease. */
  readonly who: string;
  readonly what: 'send' | 'ask' | 'cancel' | 'authorization';
  /** It keeps the pace of vouchers. */
  readonly isVoucher?: true;
};

/** So long a worker may have slept between a look at its clock and the call it looked for. */
const CALL_MAX_MS = 20_000;

type Turn = {
  readonly lease: Lease;
  /** When it was asked for and heard of: virtual time. It was given at some time in between. */
  readonly asked: number;
  readonly heard: number;
  /** By the clock that leases go by: it was given no later, and lasts no less. */
  readonly given: number;
  readonly until: number;
  /** Giving it back has been tried; whether it was, the worker may never have heard. */
  isLeft: boolean;
  /** It was given back, and the worker knows. */
  isGivenBack: boolean;
};

export type Watched = {
  now(): number;
  /** Leases go by what workers say; otherwise by virtual time, which is the server's. */
  readonly isOneMachine: boolean;
  /** Whether the clock that leases go by was set between the two. */
  wasSet(from: number, to: number): boolean;
  /** Whether anybody's clock was, since then. */
  wasAnySetSince(from: number): boolean;
  /** How WeChat Pay has this number, as that of a red packet; `undefined`: not at all. */
  standing(billNo: string): string | undefined;
  tell(line: string): void;
};

export class Watch {
  readonly sends: Departure[] = [];
  readonly asks: Departure[] = [];
  /** Of those who need not keep the pace. */
  readonly others: Departure[] = [];
  /** What was seen that must not be. */
  readonly found: string[] = [];
  private readonly turns = new Map<string, Turn>();
  /** By worker and number: the turn in which it was begun last. */
  private readonly begun = new Map<string, Turn>();
  private readonly world: Watched;
  private readonly halts = new Map<string, HaltWatch>();

  constructor(world: Watched) {
    this.world = world;
  }

  /** `who`: the holder of leases. `now`: the clock by which they go. `truth`: what stands, whatever a worker is told. */
  over(store: Store, who: string, now: () => Instant, truth: Pick<Store, 'halt'> = store): Store {
    const { world, found } = this;
    const watching = { now: () => world.now(), found, wasAnySetSince: (from: number) => world.wasAnySetSince(from) };
    const haltsOf = (merchant: string): HaltWatch => {
      const halts = this.halts.get(merchant) ?? new HaltWatch(watching);
      this.halts.set(merchant, halts);
      return halts;
    };
    return {
      ...store,
      setHalt: (merchant, halt, by) =>
        haltsOf(merchant).set({ who, now: now() }, halt, by, async () => {
          await store.setHalt(merchant, halt, by);
          return truth.halt(merchant);
        }),
      resume: async (merchant, seen) => {
        let isLifted = false;
        await haltsOf(merchant).set({ who, now: now() }, undefined, undefined, async () => {
          isLifted = await store.resume(merchant, seen);
          return truth.halt(merchant);
        });
        return isLifted;
      },
      lease: async (name, holder, ms, at) => {
        const asked = this.world.now();
        const lease = await store.lease(name, holder, ms, at);
        const heard = this.world.now();
        const [first, last] = this.world.isOneMachine ? [at, at] : [asked, heard];
        if (lease) this.granted({ lease, asked, heard, given: last, until: Math.floor(first) + ms });
        return lease;
      },
      release: async (lease, at, note) => {
        const turn = this.turnOf(lease);
        if (turn) turn.isLeft = true;
        const isDone = await store.release(lease, at, note);
        if (turn && isDone) turn.isGivenBack = true;
        return isDone;
      },
      advance: async (step, under) => {
        const newest = under && this.turns.get(under.name);
        const isOver = newest?.isGivenBack === true;
        const { billNo } = step.payout;
        const isBegun = step.what === 'sending';
        const isHalted = isBegun && haltsOf(step.payout.merchant).forbids(who, billNo);
        const result = await store.advance(step, under);
        const standing = step.successor && result === 'moved' ? this.world.standing(billNo) : undefined;
        if (standing !== undefined && standing !== 'FAILED' && standing !== 'REFUND')
          this.found.push(`${step.successor!.billNo} was planned while ${billNo} was ${standing}`);
        if (!isBegun || result === 'stale') return result;
        if (isHalted) this.found.push(`${billNo} was begun by ${who} while the merchant was halted: ${isHalted}`);
        if (!under || !newest) this.found.push(`${billNo} was begun without a lease`);
        else if (newest.lease.fence > under.fence || (newest.lease.fence === under.fence && isOver))
          this.found.push(`${billNo} was begun under a former lease: ${said(under)}, then ${said(newest.lease)}`);
        else this.begun.set(`${under.holder} ${billNo}`, newest);
        return result;
      },
    };
  }

  departed(kind: 'send' | 'ask' | 'other', departure: Departure): void {
    this[kind === 'send' ? 'sends' : kind === 'ask' ? 'asks' : 'others'].push(departure);
    if (kind !== 'send') return;
    const { billNo, who } = departure;
    const turn = this.begun.get(`${who} ${billNo}`);
    const newest = turn && this.turns.get(turn.lease.name);
    if (!turn || !newest || newest.lease.fence === turn.lease.fence) return;
    if (!this.world.wasSet(turn.asked - CALL_MAX_MS, newest.asked))
      this.found.push(`${billNo} left under a former lease: ${said(turn.lease)}, then ${said(newest.lease)}`);
  }

  private turnOf(lease: Lease): Turn | undefined {
    const turn = this.turns.get(lease.name);
    return turn?.lease.fence === lease.fence && turn.lease.holder === lease.holder ? turn : undefined;
  }

  private granted(turn: Omit<Turn, 'isLeft' | 'isGivenBack'>): void {
    const { wasSet, tell } = this.world;
    const { lease, asked, heard, given, until } = turn;
    const before = this.turns.get(lease.name);
    if (before?.lease.fence === lease.fence && before.lease.holder === lease.holder) {
      if (until > before.until) this.turns.set(lease.name, { ...before, ...turn });
      return;
    }
    // Told of the older one after the newer one, nobody knows which came first.
    if (before && before.heard > asked && before.lease.fence > lease.fence) return;
    if (before && lease.fence <= before.lease.fence)
      this.found.push(`the fence did not grow: ${said(before.lease)}, then ${said(lease)}`);
    else if (before && !before.isLeft && given < before.until && !wasSet(before.asked - CALL_MAX_MS, heard))
      this.found.push(`the turn was given away early: ${said(before.lease)} had it, and ${said(lease)} got it`);
    tell(`${said(lease)} has the turn`);
    this.turns.set(lease.name, { ...turn, isLeft: false, isGivenBack: false });
  }
}

function said({ holder, fence }: Lease): string {
  return `${holder} (${fence})`;
}
