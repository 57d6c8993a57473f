// How a shut gate is tried (试探): one payout is let through, chosen by whoever has the merchant's turn; and what it comes to.

import { beijingText, HOUR, type Instant } from '../core/base/time.ts';
import { afterLift, afterResume } from '../core/payout/failure-run.ts';
import { isShort, isUnheard, probeAgain, probeOf } from '../core/payout/merchant-halt.ts';
import type { Payout } from '../core/payout/payout.ts';
import type { Halt, Log, Store } from '../ports.ts';
import type { GateMemory } from './halt-memory.ts';
import type { Tries, Work } from './lane.ts';

/** Among so many that are due, and of those in doubt, one is looked for that is fit to be let through. */
const AMONG_MAX = 1000;
/** So long those in doubt are waited for before the next claim may try. */
const IN_DOUBT_MS = 6 * HOUR;

type ProbePorts = {
  readonly merchant: string;
  readonly store: Store;
  readonly log: Log;
  readonly memory: GateMemory;
  readonly tries: Tries;
  /** What the merchant can pay from now, fen; `undefined`: nobody says. */
  readonly balance: () => Promise<number | undefined>;
  /** Whether this process has the merchant's turn. */
  readonly hold: () => Promise<unknown>;
  /** To be asked after at once. */
  readonly askNow: (payouts: readonly Payout[]) => void;
};

export class Probes {
  private readonly ports: ProbePorts;
  /** Halts that are being written: they cannot have been lifted yet. */
  private shutting = 0;

  constructor(ports: ProbePorts) {
    this.ports = ports;
  }

  isTime(halt: Halt | undefined, now: Instant): halt is Halt {
    return halt?.probeAt !== undefined && now >= halt.probeAt;
  }

  /** One at most; the next one is put off before this one leaves, since it may never come back. */
  async choose(now: Instant): Promise<Work[]> {
    const { store, merchant, memory, tries, hold, askNow } = this.ports;
    if (!(await hold())) return [];
    const halt = await store.halt(merchant); // asked anew: whoever had the turn may have tried
    if (!this.isTime(halt, now)) return [];
    const due = await store.due(merchant, now, AMONG_MAX, 'send');
    const fit = due.filter(payout => !tries.isTooSoon(payout));
    if (fit.length === 0 && due.length > 0) return [];
    const doubtful = due.length === 0 && isUnheard(halt.code) ? await this.inDoubt() : [];
    const payout = probeOf(fit, halt.code, memory.run) ?? doubtful.find(each => each.nextDo === 'send');
    const isAsked = payout === undefined && doubtful.length > 0 && now - halt.since < IN_DOUBT_MS;
    if (!payout && !isAsked) return this.liftUntried(halt);
    const probeAt = probeAgain(halt.code, now, halt.since);
    await store.setHalt(merchant, { ...halt, probeAt }, 'bot');
    if (payout && isShort(halt.code) && (await this.lacks(payout))) return [];
    if (payout) {
      memory.set({ ...memory.run, probe: payout.billNo });
      return [{ payout, probed: { ...halt, probeAt } }];
    }
    askNow(doubtful.slice(0, 1)); // its answer says whether anybody is there
    return [];
  }

  /** Where the balance is told, no call is spent on learning that it is too low. */
  private async lacks({ amount }: Payout): Promise<boolean> {
    const { merchant, log, balance } = this.ports;
    const left = await balance();
    if (left === undefined || left >= amount) return false;
    log.info({ merchant, balance: left }, 'the balance is too low still; nothing is tried');
    return true;
  }

  /** Called, and nobody knows what came of it; oldest first. */
  private async inDoubt(): Promise<Payout[]> {
    const { store, merchant, tries } = this.ports;
    const unknown = await store.payouts({ state: 'unknown', merchant, limit: AMONG_MAX });
    return unknown.filter(payout => payout.nextAt !== undefined && !tries.isTooSoon(payout)).reverse();
  }

  /** Nothing is left to try it with: then the next claim is the probe. */
  private async liftUntried({ code }: Halt): Promise<[]> {
    const { store, log, merchant, memory } = this.ports;
    memory.set(afterLift(memory.run));
    await memory.save();
    await store.setHalt(merchant, undefined, 'bot');
    log.warn({ merchant, code }, 'nothing waits to try it with: the next packet will');
    return [];
  }

  /** A halt of the bot's is over. One by a person stays theirs. */
  async open({ billNo }: Payout): Promise<void> {
    const { store, log, merchant, askNow } = this.ports;
    const halt = await store.halt(merchant);
    if (halt?.by !== 'bot') return;
    await store.setHalt(merchant, undefined, 'bot');
    log.warn({ merchant, code: halt.code, billNo }, 'one payout got through: the merchant goes on');
    if (isUnheard(halt.code)) askNow((await this.inDoubt()).filter(payout => payout.nextDo === 'query'));
  }

  /** It waits for a reason of its own, and was not called: another one is tried at once. */
  async again(halt: Halt, now: Instant): Promise<'done'> {
    const { store, merchant } = this.ports;
    const still = await store.halt(merchant);
    if (still?.since === halt.since) await store.setHalt(merchant, { ...still, probeAt: now }, 'bot');
    return 'done';
  }

  stillShut({ code, reason, probeAt }: Halt, { billNo }: Payout): void {
    const nextTry = probeAt === undefined ? 'by hand' : beijingText(probeAt);
    const fields = { merchant: this.ports.merchant, code, reason, billNo, nextTry };
    this.ports.log.error(
      fields,
      'one payout was let through to see, and did not get through: the merchant stays halted',
    );
  }

  /** While a halt is written. */
  async whileShutting<T>(work: () => Promise<T>): Promise<T> {
    this.shutting++;
    try {
      return await work();
    } finally {
      this.shutting--;
    }
  }

  /** Nothing is halted now: a person has resumed if our halt is gone and nobody here has lifted it. */
  noticeResume(): void {
    const { memory } = this.ports;
    const { shut } = memory.run;
    if (shut && !shut.isLifted && this.shutting === 0) memory.set(afterResume(memory.run));
  }
}
