// Sends planned payouts and asks after unfinished ones, at our own pace and once each: marks *sending*, then calls, then
// writes what was seen. One gate per merchant (商户): a rate, quiet hours, and a halt that shuts it for all. Of all
// processes one at a time has a merchant's turn; it keeps the rate, and what it begins is fenced by its lease.
import { conclude, shut } from './conclude.ts';
import { gotThrough, isQuiet, isUnheard, probeAgain, probeOf } from './core/gate.ts';
import {
  afterLift,
  afterResume,
  isNobodysFault,
  runAfter,
  unparkStep,
  type Weighed,
  weighedVerdict,
} from './core/gate-run.ts';
import type { MerchantCaps } from './core/limit.ts';
import { type BillNo, isFinal, type Observation, type Payout } from './core/payout.ts';
import { beginSend, observe, type PayoutPolicy, type Verdict, waitForTomorrow } from './core/payout-table.ts';
import { beijingText, HOUR, type Instant, MINUTE } from './core/time.ts';
import { doubt } from './doubt.ts';
import { GateMemory } from './gate-memory.ts';
import { type Aside, Lane, type Leased, type Outcome, Tries, type Work } from './lane.ts';
import type { Clock, Halt, Lease, Log, Payer, Store } from './ports.ts';
import { type Timer, Turn } from './turn.ts';

export type { Timer } from './turn.ts';

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
  /** What a notice of WeChat Pay made of a payout: orders that fail are counted, however it is told. */
  heard(merchant: string, verdict: Verdict, observation: Observation): Promise<void>;
  /** Lets calls in flight end, and starts no more. */
  stop(): Promise<void>;
};

const ORPHANS_MAX = 1000;
/** How many calls may be open at once. Asking has a few places of its own, so that it never delays paying. */
const SENDS_OPEN_MAX = 16;
const QUERIES_OPEN_MAX = 4;
/** Among so many that are due, and of those in doubt, one is looked for that is fit to be let through. */
const PROBE_AMONG_MAX = 1000;
/** So long those in doubt are waited for before the next claim may try. */
const IN_DOUBT_MS = 6 * HOUR;
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

/** What one merchant may do: two lanes, one that pays and one that asks, each at its own pace. */
class Gate {
  private readonly ports: SettlePorts;
  private readonly merchant: SettleMerchant;
  private readonly sends: Lane;
  private readonly queries: Lane;
  private readonly turn: Turn;
  private readonly memory: GateMemory;
  /** Left in the middle of a call by whoever had the turn before us. */
  private orphans: Payout[] = [];
  private readonly tries: Tries;
  /** A halt is being written: it cannot have been lifted yet. */
  private shutting = 0;
  private complainedAt = Number.NEGATIVE_INFINITY;
  private hasComplained = false;

  constructor(ports: SettlePorts, merchant: SettleMerchant) {
    this.ports = ports;
    this.merchant = merchant;
    this.turn = new Turn(`settle:${merchant.name}`, ports);
    this.tries = new Tries(ports.timer);
    this.memory = new GateMemory(merchant.name, merchant.under ?? '', ports);
    const hold = () => this.turn.hold(() => this.takeOver());
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
    if (isTimeToSee(halt, now)) return this.probes(now);
    if (halt) return [];
    const due = await this.ports.store.due(this.merchant.name, now, limit, 'send');
    return due.filter(payout => !this.tries.isTooSoon(payout)).map(payout => ({ payout }));
  }

  /** One payout, chosen by whoever has the turn, so that two processes do not both try. */
  private async probes(now: Instant): Promise<Work[]> {
    const { store } = this.ports;
    const { name } = this.merchant;
    if (!(await this.turn.hold(() => this.takeOver()))) return [];
    const halt = await store.halt(name);
    if (!isTimeToSee(halt, now)) return [];
    const due = await store.due(name, now, PROBE_AMONG_MAX, 'send');
    const fit = due.filter(payout => !this.tries.isTooSoon(payout));
    if (fit.length < due.length && fit.length === 0) return [];
    const doubtful = due.length === 0 && isUnheard(halt.code) ? await this.inDoubt() : [];
    const { run } = this.memory;
    const payout = probeOf(fit, halt.code, run) ?? doubtful.find(each => each.nextDo === 'send');
    const isAsked = payout === undefined && doubtful.length > 0 && now - halt.since < IN_DOUBT_MS;
    if (!payout && !isAsked) return this.liftUntried(halt);
    // The next one is put off before this one leaves: it may never come back.
    const probeAt = probeAgain(halt.code, now, halt.since);
    await store.setHalt(name, { ...halt, probeAt }, 'bot');
    if (!payout) {
      this.orphans.push(...doubtful.slice(0, 1)); // to be asked after now: its answer says whether anybody is there
      return [];
    }
    this.memory.set({ ...run, probe: payout.billNo });
    return [{ payout, probed: { ...halt, probeAt } }];
  }

  /** Called, and nobody knows what came of it; oldest first. */
  private async inDoubt(): Promise<Payout[]> {
    const filter = { state: 'unknown', merchant: this.merchant.name, limit: PROBE_AMONG_MAX } as const;
    const unknown = await this.ports.store.payouts(filter);
    return unknown.filter(payout => payout.nextAt !== undefined && !this.tries.isTooSoon(payout)).reverse();
  }

  /** Nothing is left to try it with: then the next claim is the probe. */
  private async liftUntried({ code }: Halt): Promise<[]> {
    this.memory.set(afterLift(this.memory.run));
    await this.memory.save();
    await this.ports.store.setHalt(this.merchant.name, undefined, 'bot');
    this.ports.log.warn({ merchant: this.merchant.name, code }, 'nothing waits to try it with: the next packet will');
    return [];
  }

  /** Asked anew before each call: a long queue must not carry on into the night. */
  private isQuietNow(): boolean {
    return isQuiet(this.merchant.quietHours, this.ports.clock());
  }

  private async send({ payout, probed, lease, inTime }: Leased): Promise<Outcome> {
    const { clock, store, log } = this.ports;
    const halt = await store.halt(this.merchant.name);
    if (this.isQuietNow() || (halt && (!probed || halt.by === 'operator'))) return 'done'; // shut since it was chosen
    if (!halt) this.noticeResume();
    const begun = beginSend(payout, clock(), this.merchant.caps);
    const taken = await store.advance(begun, lease).catch((error: unknown) => ({ stuck: error }));
    if (typeof taken === 'object') return 'stuck' in taken ? taken : this.wait(payout, taken.lost, lease);
    if (taken === 'stale') return taken;
    await inTime();
    if (!this.turn.isSure(lease)) {
      log.info({ billNo: payout.billNo }, 'the turn may be over: whoever has it asks after this one');
      return 'done';
    }
    this.tries.note(payout);
    const seen = await this.merchant.payer.send(begun.payout);
    const verdict = observe(begun.payout, seen, false, clock(), this.merchant.policy);
    const written = this.conclude(begun.payout, verdict, seen, false, probed);
    const outcome = await written.catch((error: unknown) => ({ stuck: error })); // it stands as sending: asked after
    if (probed) this.nudge();
    return outcome;
  }

  /** The merchant's own day is full: WeChat Pay would say no. */
  private async wait(payout: Payout, counter: string, lease: Lease): Promise<Outcome> {
    const step = waitForTomorrow(payout, counter, this.ports.clock());
    if ((await this.ports.store.advance(step, lease)) !== 'moved') return 'stale';
    this.ports.log.warn({ billNo: payout.billNo, counter, nextAt: step.payout.nextAt }, `payout: ${step.detail}`);
    return 'done';
  }

  private async ask(payout: Payout): Promise<Outcome> {
    const seen = await this.merchant.payer.query(payout);
    const verdict = observe(payout, seen, true, this.ports.clock(), this.merchant.policy);
    return this.conclude(payout, verdict, seen, true).catch((error: unknown) => ({ stuck: error }));
  }

  /** Written down already, by whoever heard it. */
  async heard(name: string, verdict: Verdict, observation: Observation): Promise<void> {
    const { sight, step } = verdict;
    if (name !== this.merchant.name || !isNobodysFault(sight)) return;
    const [wasOpen, now] = [step.from !== 'sent', this.ports.clock()];
    const seen = { payout: step.payout, observation, sight, asked: true, wasOpen, now, isProbe: false };
    const { run, halt } = runAfter(this.memory.run, seen);
    this.memory.set(run);
    if (halt) await this.whileShutting(() => shut(this.ports, name, halt));
  }

  private async whileShutting<T>(work: () => Promise<T>): Promise<T> {
    this.shutting++;
    try {
      return await work();
    } finally {
      this.shutting--;
    }
  }

  /** A person has resumed if our halt is gone and nobody here has lifted it. */
  private noticeResume(): void {
    const { shut } = this.memory.run;
    if (shut && !shut.isLifted && this.shutting === 0) this.memory.set(afterResume(this.memory.run));
  }

  private async conclude(
    payout: Payout,
    verdict: Verdict,
    observation: Observation,
    asked: boolean,
    probed?: Halt,
  ): Promise<Outcome> {
    const { clock } = this.ports;
    const { sight, halt } = verdict;
    const now = clock();
    const wasOpen = payout.state !== 'sent';
    const weighed = runAfter(this.memory.run, {
      ...{ payout, observation, sight, asked, wasOpen, now, halt, isProbe: probed !== undefined },
    });
    this.memory.set(weighed.run);
    this.pace(weighed, verdict, asked);
    const final = weighedVerdict(verdict, weighed, now);
    const write = () => conclude(this.ports, this.merchant.name, final);
    const result = await (final.halt ? this.whileShutting(write) : write());
    if (result === 'stale') await this.seeLate(final.step.payout, observation, asked);
    for (const billNo of weighed.unparked ?? []) await this.unpark(billNo, now);
    await this.memory.save();
    if (weighed.isThrough) await this.open(payout);
    else if (probed && !weighed.halt) this.stillShut(probed, payout);
    const { billNo, state } = verdict.step.payout;
    if (state === 'sent' || isFinal(state)) this.tries.forget(billNo); // it is not tried again
    return result === 'stale' ? 'stale' : 'done';
  }

  /** In trouble, or where nobody answers, one call at a time: it shall be noticed before many have left. */
  private pace({ run, halt }: Weighed, { sight }: Verdict, asked: boolean): void {
    if (halt || run.unclear.length > 1) this.sends.narrow();
    else if (asked && sight !== 'noAnswer') this.queries.widen();
    else if (!asked && gotThrough(sight)) this.sends.widen();
  }

  /** A halt of the bot's is over. One by a person stays theirs. */
  private async open({ billNo }: Payout): Promise<void> {
    const { store, log } = this.ports;
    const { name } = this.merchant;
    const halt = await store.halt(name);
    if (halt?.by !== 'bot') return;
    await store.setHalt(name, undefined, 'bot');
    log.warn({ merchant: name, code: halt.code, billNo }, 'one payout got through: the merchant goes on');
    if (isUnheard(halt.code)) this.orphans.push(...(await this.inDoubt()).filter(each => each.nextDo === 'query'));
    this.nudge();
  }

  private stillShut({ code, reason, probeAt }: Halt, { billNo }: Payout): void {
    const nextTry = probeAt === undefined ? 'by hand' : beijingText(probeAt);
    const fields = { merchant: this.merchant.name, code, reason, billNo, nextTry };
    this.ports.log.error(
      fields,
      'one payout was let through to see, and did not get through: the merchant stays halted',
    );
  }

  /** Parked for its own words, as it seemed. */
  private async unpark(billNo: string, now: Instant): Promise<void> {
    const payout = await this.ports.store.payout(billNo as BillNo);
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
    if (isFinal(payout.state)) await doubt(this.ports, payout, seen);
    else if (!asked && payout.state === 'sending' && payout.tries === tries) {
      const verdict = observe(payout, seen, false, this.ports.clock(), this.merchant.policy);
      await conclude(this.ports, this.merchant.name, verdict);
    }
  }
}

function isTimeToSee(halt: Halt | undefined, now: Instant): halt is Halt {
  return halt?.probeAt !== undefined && now >= halt.probeAt;
}
