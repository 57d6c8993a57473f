// A person at the command line, beside the bots: resumes and halts the merchant, sends by hand, cancels, retries, repairs. A
// command is a process too: it may be ended between any two of its steps.

import { offerPayout, settlePayout, type VerdictPorts } from '../../src/commands/payouts/verdict.ts';
import { BadInput, Fault } from '../../src/core/base/error.ts';
import { fen } from '../../src/core/base/money.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import { awardsOf } from '../../src/core/decide/decision.ts';
import { seedOf } from '../../src/core/decide/draw.ts';
import { commitOf, intentOf } from '../../src/core/payout/bulk.ts';
import { retryStep } from '../../src/core/payout/operator-steps.ts';
import { isFinal, type Payout } from '../../src/core/payout/payout.ts';
import { checksumOf } from '../../src/core/rules/printed-code.ts';
import { cancelPayout } from '../../src/engine/operate/payouts.ts';
import { repair } from '../../src/engine/repair/repair.ts';
import type { Log, Payer, Snapshot, Store } from '../../src/ports.ts';
import { inPages } from '../../src/storage/shared/pages.ts';
import { withBug } from './bugs.ts';
import { ACCOUNT, POLICY, SHOP } from './config.ts';
import { BATCH } from './rules.ts';
import { capsIn, payerFor } from './worker.ts';
import type { Torture } from './world.ts';

const SECOND = 1000;
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A payout of which a person was told that it is cancelled; or (`mayArrive`) only that no other number follows. */
export type Cancelled = {
  readonly billNo: string;
  readonly claimKey: string;
  readonly at: number;
  readonly mayArrive: boolean;
};
/** What is said where it may have left already. */
const CALLED_OFF = /called off|not offered again/;

export class Operator {
  readonly cancelled: Cancelled[] = [];
  /** Claims that somebody tried to cancel. */
  readonly touched = new Set<string>();
  /** Claims of which somebody said afterwards that they are wanted all the same. */
  readonly offeredAgain = new Set<string>();
  /** Codes that lie about; each may be typed by anybody, and more than once. */
  readonly codes: string[] = [];
  private readonly torture: Torture;
  private commands = 0;

  constructor(torture: Torture) {
    this.torture = torture;
  }

  private store(): Store {
    return withBug(this.torture.ground.watcher, this.torture, { name: 'operator', now: () => this.now() });
  }

  private now(): Instant {
    return instant(this.torture.time.now());
  }

  /** Before the bots start. */
  async prepare(): Promise<void> {
    const { setting, ground } = this.torture;
    if (setting.theme !== 'codes') return;
    for (let n = 0; n < 4; n++) {
      const body = `TEA${'ABCD'[n]}${BATCH.toUpperCase().replaceAll(/[^2-9A-HJ-NP-Z]/g, 'X')}`
        .padEnd(10, 'Z')
        .slice(0, 10);
      this.codes.push(body + checksumOf(body));
    }
    const { watcher } = ground;
    await watcher.addCodes(
      this.codes.map((code, n) => ({
        code,
        batch: BATCH,
        box: 1 + Math.floor(n / 3),
        prize: n % 3 === 0 ? 'rare' : 'gift',
      })),
    );
    await watcher.activateCodes(BATCH, [[1, 1]], true);
  }

  /** In peace somebody sees to it that nothing stays shut. */
  async mend(): Promise<void> {
    const { watch, ground } = this.torture;
    if (!(await ground.watcher.halt(SHOP))) return;
    await watch.over(ground.watcher, 'the operator', () => this.now()).setHalt(SHOP, undefined);
  }

  /** Now and then, one command. */
  act(): void {
    const { dice, ground } = this.torture;
    if (ground.isAway || !dice.chance(0.12)) return;
    const command = dice.pick(COMMANDS);
    const name = `command ${++this.commands}`;
    const store = this.mortal(this.torture.watch.over(this.store(), name, () => this.now()));
    this[command](store, name).catch((error: unknown) => {
      this.torture.tell(`${name}: ${String(error)}`);
      if (!(error instanceof BadInput || error instanceof Fault)) throw error; // a store that is away ends a command
    });
  }

  /** Between two of its steps a command may be ended. */
  private mortal<T extends object>(target: T): T {
    const { torture } = this;
    let isDead = false;
    return new Proxy(target, {
      get: (object, name) => {
        const method: unknown = Reflect.get(object, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          isDead ||= (torture.isTroubled && torture.dice.chance(0.03)) || torture.ground.isAway;
          if (isDead) return new Promise(() => undefined);
          return method.apply(object, args);
        };
      },
    });
  }

  // ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** What only a person can mend. */
  async resume(store: Store): Promise<void> {
    const halt = await store.halt(SHOP);
    if (!halt || halt.probeAt !== undefined) return;
    this.torture.tell(`the operator resumes after ${halt.code}`);
    await store.resume(SHOP, halt);
  }

  private async halt(store: Store): Promise<void> {
    const { dice, time, tell } = this.torture;
    if (!dice.chance(0.3)) return;
    tell.call(this.torture, 'the operator halts the merchant');
    await store.setHalt(SHOP, { code: 'OPERATOR', reason: 'to look', since: this.now(), by: 'operator' });
    await time.sleep(dice.between(20, 60) * SECOND);
    tell.call(this.torture, 'the operator resumes');
    const halt = await store.halt(SHOP);
    if (halt) await store.resume(SHOP, halt);
  }

  private async some(store: Store, is: (payout: Payout) => boolean): Promise<Payout | undefined> {
    const payouts = (await store.payouts({ limit: 200 })).filter(is);
    return payouts.length === 0 ? undefined : this.torture.dice.pick(payouts);
  }

  private async cancel(store: Store, name: string): Promise<void> {
    const { torture } = this;
    const payout = await this.some(store, ({ state }) => !isFinal(state));
    if (!payout) return;
    const payer: Payer = this.mortal(payerFor(torture, name, () => this.now()));
    const ports = { store, now: () => this.now(), payer: () => ({ payer, policy: POLICY }) };
    this.touched.add(payout.claimKey);
    torture.tell(`${name}: cancel ${payout.billNo.slice(-6)}, ${payout.state}`);
    const result = await cancelPayout(ports, payout.billNo, 'by mistake');
    const mayArrive = 'refused' in result;
    if (!mayArrive || CALLED_OFF.test(String(result.refused)))
      this.cancelled.push({ billNo: payout.billNo, claimKey: payout.claimKey, at: torture.time.now(), mayArrive });
    torture.tell(`${name}: ${'cancelled' in result ? result.cancelled : result.refused}`);
  }

  private async retry(store: Store, name: string): Promise<void> {
    const payout = await this.some(store, ({ state }) => state === 'held' || state === 'unknown');
    const step = payout && retryStep(payout, undefined, this.now());
    if (!step || 'refused' in step) return;
    this.torture.tell(`${name}: retry ${step.payout.billNo.slice(-6)}`);
    this.changedMind(step.payout.claimKey);
    await store.advance(step);
  }

  /** Another number for what was given up; or an end, for what waits for a person. */
  private async offer(store: Store, name: string): Promise<void> {
    const payout = await this.some(store, isGivenUp);
    if (payout) await this.offered(store, name, payout);
  }

  private async offered(store: Store, name: string, payout: Payout): Promise<void> {
    this.touched.add(payout.claimKey);
    const answer = await offerPayout(this.verdictPorts(store, name), payout.billNo, 'they may have it after all');
    this.torture.tell(`${name}: offer ${payout.billNo.slice(-6)}: ${'done' in answer ? answer.done : answer.refused}`);
    if ('done' in answer) this.changedMind(payout.claimKey);
  }

  private async settle(store: Store, name: string): Promise<void> {
    const payout = await this.some(store, each => isGivenUp(each) && !isFinal(each.state));
    if (payout) await this.settled(store, name, payout);
  }

  private async settled(store: Store, name: string, payout: Payout): Promise<boolean> {
    this.touched.add(payout.claimKey);
    const answer = await settlePayout(
      this.verdictPorts(store, name),
      payout.billNo,
      'unpaid',
      'as the platform has it',
    );
    this.torture.tell(`${name}: settle ${payout.billNo.slice(-6)}: ${'done' in answer ? answer.done : answer.refused}`);
    return 'done' in answer;
  }

  private verdictPorts(store: Store, name: string): VerdictPorts {
    return {
      store,
      now: () => this.now(),
      payer: () => ({ payer: this.mortal(payerFor(this.torture, name, () => this.now())), policy: POLICY }),
      limits: async payout => {
        const lines = await store.journal({ user: payout.user, limit: 1000 });
        const awards = lines.flatMap(({ decision }) => awardsOf(decision));
        const counters = awards.find(({ claimKey }) => claimKey === payout.claimKey)?.counters ?? [];
        return counters.map(each => ({ ...each, label: each.name, refuses: 'soldOut', returns: true, money: false }));
      },
      caps: ({ request }) => capsIn(this.torture, request.channel === 'voucher'),
    };
  }

  /** What was called off is wanted again: nobody expects any more that it stays away. */
  private changedMind(claimKey: string): void {
    this.offeredAgain.add(claimKey);
  }

  /**
   * In peace: what was called off, and of which WeChat Pay knows nothing, is tried once more. That it knows nothing proves
   * nothing, and so it would be asked after for thirty days.
   */
  async goOn(): Promise<void> {
    const { torture } = this;
    const store = this.store();
    for (const payout of await store.payouts({ limit: 10_000 })) {
      if (isFinal(payout.state) || payout.stopped !== 'calledOff' || torture.orderOf(payout.billNo)) continue;
      const step = retryStep(payout, undefined, this.now());
      if ('refused' in step) continue;
      torture.tell(`the operator has ${payout.billNo.slice(-6)} tried after all`);
      this.changedMind(payout.claimKey);
      await store.advance(step);
    }
  }

  /** In peace: what waits for a person is settled, or offered where WeChat Pay says that it was not paid. */
  async tidy(): Promise<boolean> {
    const store = this.torture.watch.over(this.store(), 'the operator', () => this.now());
    const parked = (await store.payouts({ limit: 10_000 })).filter(each => isGivenUp(each) && !isFinal(each.state));
    for (const payout of parked)
      if (!(await this.settled(store, 'the operator', payout))) await this.offered(store, 'the operator', payout);
    return parked.length > 0;
  }

  private async send(store: Store, name: string): Promise<void> {
    const { dice, versions, people, config, isEdited } = this.torture;
    const { campaign } = versions[isEdited ? 1 : 0];
    const merchant = config.merchants.get(SHOP)!;
    const batch = {
      name: dice.pick(['b1', 'b2']),
      campaign,
      account: config.accounts.get(ACCOUNT)!,
      merchant,
      seed: seedOf(config.secret, campaign.id),
    };
    const gift = dice.chance(0.5) ? { amount: fen(150) } : { prize: campaign.prizes.get('gift')! };
    this.torture.tell(`${name}: send ${batch.name}`);
    for (const user of people.slice(0, 3)) {
      const intent = intentOf(batch, user, gift, this.now());
      await store.commit(commitOf(batch, intent, this.now()));
    }
  }

  private async repair(store: Store, name: string): Promise<void> {
    const { torture } = this;
    if (!torture.dice.chance(0.3)) return;
    torture.tell(`${name}: audit --repair`);
    const report = await this.repaired(store, name);
    for (const line of report.lines) torture.watch.found.push(`a repair beside the bots found ${JSON.stringify(line)}`);
  }

  async repaired(store: Store, name: string): Promise<Awaited<ReturnType<typeof repair>>> {
    const { torture } = this;
    const payer = payerFor(torture, name, () => this.now());
    const wechat = {
      query: (payout: Payout) => payer.query(payout),
      look: async () => ({ kind: 'unasked', why: 'nobody knows a number that we do not' }) as const,
      close: async () => {},
    };
    const { campaigns } = torture.versions[torture.isEdited ? 1 : 0];
    const { config } = torture;
    const frozen = { ...store, snapshot: () => this.snapshot() };
    const ports = {
      store: frozen,
      config,
      campaigns,
      movements: new Map(),
      wechat,
      clock: () => this.now(),
      log: SILENT,
    };
    return repair(ports, false);
  }

  /** The books as they are now, read while virtual time stands still: how long a file takes to read is the real world's. */
  private snapshot(): Promise<Snapshot> {
    const { time, ground } = this.torture;
    const store = ground.watcher;
    const read = async (): Promise<Snapshot> => {
      const snapshot = await store.snapshot();
      const [claims, lives, counters] = [
        await allOf(snapshot.claims()),
        await allOf(snapshot.lives()),
        await allOf(snapshot.counters()),
      ];
      const [journal, buckets] = [await allOf(snapshot.journal()), await allOf(snapshot.buckets())];
      await snapshot.close();
      return {
        ...snapshot,
        claims: () => inPages(() => each([claims])),
        lives: () => inPages(() => each([lives])),
        payouts: () => each(lives.map(({ payout }) => payout)),
        counters: () => inPages(() => each([counters])),
        journal: () => each(journal),
        buckets: () => each(buckets),
        history: billNo => store.history(billNo),
        close: async () => {},
      };
    };
    // Where the store is away just then, that is the repair's own failure.
    return new Promise((resolve, reject) => time.at(time.now(), () => read().then(resolve, reject)));
  }
}

async function allOf<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

async function* each<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}

/** It has come to nothing, or waits for a person: nobody looks at it by themselves any more. */
function isGivenUp({ state, nextAt, tries }: Payout): boolean {
  return state === 'failed' || state === 'refunded' || (state !== 'received' && nextAt === undefined && tries > 0);
}

const COMMANDS = [
  'resume',
  'resume',
  'halt',
  'cancel',
  'cancel',
  'retry',
  'send',
  'repair',
  'offer',
  'settle',
] as const;
