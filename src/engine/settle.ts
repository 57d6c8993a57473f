// Sends planned payouts and asks after unfinished ones, at our own pace and once each: marks *sending*, then calls, then
// writes what was seen. One gate per merchant (商户): a rate, quiet hours, and a halt that shuts it for all. Of all
// processes one at a time has a merchant's turn; it keeps the rate, and what it begins is fenced by its lease.

import { Fault } from '../core/base/error.ts';
import { type Instant, MINUTE } from '../core/base/time.ts';
import type { MerchantCaps } from '../core/decide/limits.ts';
import { isNobodysFault, runAfter, unparkStep, type Weighed, weighedVerdict } from '../core/payout/failure-run.ts';
import { gotThrough, isQuiet } from '../core/payout/merchant-halt.ts';
import type { PayoutPolicy } from '../core/payout/pace.ts';
import { asBillNo, isFinal, type Observation, type Payout, type Step } from '../core/payout/payout.ts';
import {
  beginSend,
  observe,
  parkBlocked,
  type Verdict,
  waitForStock,
  waitForTomorrow,
} from '../core/payout/transitions.ts';
import { type Cancel, isCancel } from '../core/rules/campaign.ts';
import type { Clock, Halt, Lease, Log, Payer, Store } from '../ports.ts';
import { askBack } from './ask-back.ts';
import { doubtOld } from './doubt.ts';
import { GateMemory, StockRests } from './halt-memory.ts';
import { type Aside, Lane, type Leased, type Outcome, Tries, type Work } from './lane.ts';
import { type Timer, Turn } from './lease.ts';
import { Probes } from './probes.ts';
import { recordVerdict, shut } from './record.ts';

export type SettleMerchant = {
  readonly name: string;
  readonly payer: Payer;
  readonly perSecond: number;
  readonly policy: PayoutPolicy;
  /** What may leave on one day; absent: whatever was planned. */
  readonly caps?: MerchantCaps;
  /** Tells its key and certificate from others, without telling them. */
  readonly under?: string;
  /** Minutes of the Beijing day in which nothing is sent. */
  readonly quietHours: readonly (readonly [number, number])[];
};

type SettlePorts = {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly store: Store;
  readonly log: Log;
  /** Names this gate among those of all processes. */
  readonly holder: string;
  readonly merchants: readonly SettleMerchant[];
  /** The follower should hear that the packet will not come (`problem`). */
  readonly onProblem?: (payout: Payout) => void;
  /** Of one that has failed: see `record.ts`. */
  readonly onFailed?: (payout: Payout) => boolean;
  /** Whether its follower has another prize, should they be refused this one. */
  readonly isReplaceable?: (payout: Payout) => boolean;
  /** Whether its follower is to get nothing. What may have left already is seen through all the same. */
  readonly isBlocked?: (payout: Payout) => boolean;
  /** What was undone has come back. */
  readonly onUndone?: (payout: Payout, cause: Cancel) => void;
};

export type Settle = {
  /** Something may be due: look now rather than at the next tick. */
  nudge(): void;
  /**
   * One pass, when it is our turn: returns when nothing is due any more. Begins by asking after calls whose end a
   * former process did not live to see; asking is always safe.
   */
  pass(): Promise<void>;
  /** What a notice of WeChat Pay made of a payout: orders that fail are counted, however it is told. */
  heard(merchant: string, verdict: Verdict, observation: Observation): Promise<void>;
  /** Lets calls in flight end, and starts no more. */
  stop(): Promise<void>;
};

const ORPHANS_MAX = 1000;
/** How many calls may be open at once. Asking has a few places of its own, so that it never delays paying. */
const SENDS_OPEN_MAX = 16;
const QUERIES_OPEN_MAX = 4;
/** How often it is said that settling stopped short. */
const COMPLAIN_EVERY_MS = MINUTE;
/** So many numbers are named in one alarm. */
const NAMED_MAX = 20;

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
    heard: (name, verdict, observation) => all(gate => gate.heard(name, verdict, observation)),
    stop: () => all(gate => gate.stop()),
  };
}

/** A store that is away is no payout's trouble: nothing is set aside for it, all stops short, and every tick tries again. */
function stuckAt(error: unknown): { readonly stuck: unknown } {
  if (error instanceof Fault && error.who === 'store' && error.retry === 'safe') throw error;
  return { stuck: error };
}

/** What one merchant may do: two lanes, one that pays and one that asks, each at its own pace. */
class Gate {
  private readonly ports: SettlePorts;
  private readonly merchant: SettleMerchant;
  private readonly sends: Lane;
  private readonly queries: Lane;
  private readonly turn: Turn;
  private readonly memory: GateMemory;
  private readonly probes: Probes;
  /** Left in the middle of a call by whoever had the turn before us; and who is to be asked after at once. */
  private orphans: Payout[] = [];
  private readonly tries: Tries;
  private readonly stocks: StockRests;
  private complainedAt = Number.NEGATIVE_INFINITY;
  private hasComplained = false;

  constructor(ports: SettlePorts, merchant: SettleMerchant) {
    this.ports = ports;
    this.merchant = merchant;
    this.turn = new Turn(`settle:${merchant.name}`, ports);
    this.tries = new Tries(ports.timer);
    this.stocks = new StockRests(ports.log);
    this.memory = new GateMemory(merchant.name, merchant.under ?? '', ports);
    const hold = () => this.turn.hold(() => this.takeOver());
    const askNow = (payouts: readonly Payout[]) => void this.orphans.push(...payouts);
    const { memory, tries } = this;
    const balance = async () => merchant.payer.balance?.();
    this.probes = new Probes({ ...ports, merchant: merchant.name, memory, tries, balance, hold, askNow });
    const onAside = (aside: Aside) => this.nameAside(aside);
    const pace = { timer: ports.timer, perSecond: merchant.perSecond, clock: ports.clock, hold, onAside };
    this.sends = new Lane({
      ...pace,
      openMax: SENDS_OPEN_MAX,
      due: (now, limit) => this.dueSends(now, limit),
      work: work => this.send(work),
    });
    this.queries = new Lane({
      ...pace,
      openMax: QUERIES_OPEN_MAX,
      due: (now, limit) => this.dueQueries(now, limit),
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
        if (isPatient) await this.turn.wait(() => this.takeOver());
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
    return Math.max(0, this.sends.restMs(), this.queries.restMs(), this.tries.restMs());
  }

  /** Whoever takes the turn over is alone with it: what stands as *sending* then was begun by one who is gone. */
  private async takeOver(): Promise<void> {
    await this.memory.load();
    const filter = { state: 'sending', merchant: this.merchant.name, limit: ORPHANS_MAX } as const;
    const sending = await this.ports.store.payouts(filter);
    this.orphans = sending.filter(({ billNo }) => !this.sends.isAt(billNo));
  }

  private nameAside({ billNos, error }: Aside): void {
    const fields = { merchant: this.merchant.name, billNos: billNos.slice(0, NAMED_MAX), count: billNos.length };
    this.ports.log.error({ ...fields, err: error }, 'payouts cannot be taken on: they are set aside, the others go on');
  }

  private async dueQueries(now: Instant, limit: number): Promise<Work[]> {
    const due = await this.ports.store.due(this.merchant.name, now, limit, 'query');
    const all = new Map([...this.orphans, ...due].map(payout => [payout.billNo, payout]));
    this.orphans = [];
    return [...all.values()].map(payout => ({ payout }));
  }

  /** Nothing in quiet hours; nothing while halted, but for one payout when it is time to see. */
  private async dueSends(now: Instant, limit: number): Promise<Work[]> {
    if (this.isQuietNow()) return [];
    const halt = await this.ports.store.halt(this.merchant.name);
    if (this.probes.isTime(halt, now)) return this.probes.choose(now);
    if (halt) return [];
    const due = await this.ports.store.due(this.merchant.name, now, limit, 'send');
    return due.filter(payout => !this.tries.isTooSoon(payout)).map(payout => ({ payout }));
  }

  /** Asked anew before each call: a long queue must not carry on into the night. */
  private isQuietNow(): boolean {
    return isQuiet(this.merchant.quietHours, this.ports.clock());
  }

  private async send({ payout, probed, lease, inTime }: Leased): Promise<Outcome> {
    const { clock, store, log } = this.ports;
    if (payout.stopped !== undefined) return this.ask(payout);
    const halt = await store.halt(this.merchant.name);
    if (this.isQuietNow() || (halt && (!probed || halt.by === 'operator'))) return 'done'; // shut since it was chosen
    if (!halt) this.probes.noticeResume();
    const begun = await this.begin(payout, lease).catch(stuckAt);
    if (begun === 'done' && probed) return this.probes.again(probed, clock());
    if (typeof begun === 'string' || 'stuck' in begun) return begun;
    const { payer } = this.merchant;
    const unsent = await payer.prepare?.(begun.payout);
    await inTime();
    if (!this.turn.isSure(lease)) {
      log.info({ billNo: payout.billNo }, 'the turn may be over: whoever has it asks after this one');
      return 'done';
    }
    this.tries.note(payout);
    const seen = unsent ?? (await payer.send(begun.payout));
    const isReplaceable = this.ports.isReplaceable?.(payout) === true;
    const verdict = observe(begun.payout, seen, false, clock(), { ...this.merchant.policy, isReplaceable });
    this.stocks.heard(verdict, clock());
    const written = this.record(begun.payout, verdict, seen, false, probed);
    const outcome = await written.catch(stuckAt); // it stands as sending: asked after
    if (probed) this.nudge();
    return outcome;
  }

  /** Written before the call; or what kept it from being written. */
  private async begin(payout: Payout, lease: Lease): Promise<Step | 'done' | 'stale'> {
    const now = this.ports.clock();
    const isBlocked = payout.tries === 0 && this.ports.isBlocked?.(payout);
    if (isBlocked) return this.wait(parkBlocked(payout, now), lease, 'error');
    const why = this.stocks.why(payout, now);
    if (why !== undefined) return this.wait(waitForStock(payout, why, now), lease, 'debug');
    const begun = beginSend(payout, now, this.merchant.caps);
    const moved = await this.ports.store.advance(begun, lease);
    if (typeof moved === 'object') return this.wait(waitForTomorrow(payout, moved.lost, now), lease, 'warn');
    return moved === 'stale' ? moved : begun;
  }

  /** For a reason of our own it is not called now. */
  private async wait(step: Step, lease: Lease, level: 'error' | 'warn' | 'debug'): Promise<'done' | 'stale'> {
    if ((await this.ports.store.advance(step, lease)) !== 'moved') return 'stale';
    this.ports.log[level]({ billNo: step.payout.billNo, nextAt: step.payout.nextAt }, `payout: ${step.detail}`);
    return 'done';
  }

  private async ask(payout: Payout): Promise<Outcome> {
    const { stopped } = payout;
    if (isCancel(stopped)) {
      const { verdict, seen } = await askBack(this.ports, this.merchant, { ...payout, stopped });
      return this.record(payout, verdict, seen, true).catch(stuckAt);
    }
    const seen = await this.merchant.payer.query(payout);
    const verdict = observe(payout, seen, true, this.ports.clock(), this.merchant.policy);
    return this.record(payout, verdict, seen, true).catch(stuckAt);
  }

  /** Written down already, by whoever heard it. */
  async heard(name: string, verdict: Verdict, observation: Observation): Promise<void> {
    const { response, step } = verdict;
    if (name !== this.merchant.name || !isNobodysFault(response)) return;
    const [wasOpen, now] = [step.from !== 'sent', this.ports.clock()];
    const seen = { payout: step.payout, observation, response, asked: true, wasOpen, now, isProbe: false };
    const { run, halt } = runAfter(this.memory.run, seen);
    this.memory.set(run);
    if (halt) await this.probes.whileShutting(() => shut(this.ports, name, halt));
  }

  private async record(
    payout: Payout,
    verdict: Verdict,
    observation: Observation,
    asked: boolean,
    probed?: Halt,
  ): Promise<Outcome> {
    const { clock } = this.ports;
    const { response, halt } = verdict;
    const now = clock();
    const wasOpen = payout.state !== 'sent';
    const weighed = runAfter(this.memory.run, {
      ...{ payout, observation, response, asked, wasOpen, now, halt, isProbe: probed !== undefined },
    });
    this.memory.set(weighed.run);
    this.pace(weighed, verdict, asked);
    const final = weighedVerdict(verdict, weighed, now);
    const write = () => recordVerdict(this.ports, this.merchant.name, final);
    const result = await (final.halt ? this.probes.whileShutting(write) : write());
    if (result === 'stale') await this.seeLate(final.step.payout, observation, asked);
    for (const billNo of weighed.unparked ?? []) await this.unpark(billNo, now);
    await this.memory.save();
    if (weighed.isThrough) await this.probes.open(payout);
    else if (probed && !weighed.halt) this.probes.stillShut(probed, payout);
    if (weighed.isThrough) this.nudge();
    const { billNo, state } = verdict.step.payout;
    if (state === 'sent' || isFinal(state)) this.tries.forget(billNo); // it is not tried again
    return result === 'stale' ? 'stale' : 'done';
  }

  /** In trouble, or where nobody answers, one call at a time: it shall be noticed before many have left. */
  private pace({ run, halt }: Weighed, { response }: Verdict, asked: boolean): void {
    if (halt || run.unclear.length > 1) this.sends.narrow();
    else if (asked && response !== 'noAnswer') this.queries.widen();
    else if (!asked && gotThrough(response)) this.sends.widen();
  }

  /** Parked for its own words, as it seemed. */
  private async unpark(billNo: string, now: Instant): Promise<void> {
    const payout = await this.ports.store.payout(asBillNo(billNo));
    const step = payout && unparkStep(payout, now);
    if (step) await this.ports.store.advance(step);
  }

  /**
   * Somebody else changed it while we called. If it is over by their account and not by WeChat Pay's, that is for a person;
   * if it was only marked (`stopped`) under our call, what the call came to is still its own.
   */
  private async seeLate({ billNo, tries }: Payout, seen: Observation, asked: boolean): Promise<void> {
    const payout = await this.ports.store.payout(billNo);
    if (!payout) return;
    if (isFinal(payout.state)) await doubtOld(this.ports, payout, seen, this.merchant.payer);
    else if (!asked && payout.state === 'sending' && payout.tries === tries) {
      const verdict = observe(payout, seen, false, this.ports.clock(), this.merchant.policy);
      await recordVerdict(this.ports, this.merchant.name, verdict);
    }
  }
}
