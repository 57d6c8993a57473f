// One process of the torture: a flow and a gate over the store, with a clock of its own, until it dies or falls asleep
// between any two steps. The flow, the gate, the table and the store are the real ones; so is WeChat Pay's protocol.
import { messageOf } from '../../src/core/base/error.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import { type MerchantCaps, VOUCHER_CAPS } from '../../src/core/decide/limits.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { createInstead, type Instead } from '../../src/engine/afterwards/instead.ts';
import { createCertainty } from '../../src/engine/at-once/sure.ts';
import { createFlow, type Flow } from '../../src/engine/flow.ts';
import { createSettle, type Settle } from '../../src/engine/settle.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Log, Payer, Store } from '../../src/ports.ts';
import { createKeys, type Keys } from '../../src/wechat/pay/platform-keys.ts';
import { payerOver } from '../../src/wechat/pay/redpack.ts';
import { transferPayerOver } from '../../src/wechat/pay/transfer.ts';
import { voucherPayerOver } from '../../src/wechat/pay/voucher.ts';
import { isMap, isText, read } from '../support/json.ts';
import { buggyFlow, buggyPayer, buggyTransport, storeBugOf, withBug } from './bugs.ts';
import { KEY, KEY_V3, MERCHANTS, PLATFORM_KEYS, POLICY, SHOP } from './config.ts';
import { type Doors, doorsOf } from './doors.ts';
import type { Doom } from './driver.ts';
import { type End, wireOf } from './wire.ts';
import type { Torture } from './world.ts';

const SECOND = 1000;

/**
 * Longer than a lease lasts. Not so long that, with a slow store before it, SQLite takes what the sleeper read from its
 * clock for the time of a clock that was set back (`SET_BACK_MS`): then it would get a lease that somebody has.
 */
const SLEEP_MAX_MS = 6500;

/** Longer than another worker needs to take the turn and give it back. */
const HANG_MAX_MS = 18_000;

const never = (): Promise<never> => new Promise(() => undefined);

export class Worker {
  readonly name: string;
  /** How far its wall clock is off, ms. */
  skew = 0;
  flow: Flow | undefined;
  settle: Settle | undefined;
  private instead: Instead | undefined;
  store: Store | undefined;
  private readonly torture: Torture;
  private readonly index: number;
  /** Of the rule file, as this process knows it. */
  version: 0 | 1 = 0;
  private doors: Doors | undefined;
  private life = 0;
  private asleepUntil = 0;
  private isLeaving = false;

  constructor(torture: Torture, index: number) {
    this.torture = torture;
    this.index = index;
    this.name = `worker ${index}`;
  }

  get isAlive(): boolean {
    return this.store !== undefined;
  }

  /** Whether pushes come in. */
  get isOpen(): boolean {
    return this.isAlive && !this.isLeaving;
  }

  now(): Instant {
    return instant(this.torture.time.now() + this.skew);
  }

  async start(): Promise<void> {
    const { torture } = this;
    const life = ++this.life;
    try {
      this.store = await torture.ground.open(this.index, this.doomOf(life), storeBugOf(torture.bug));
    } catch (error) {
      torture.tell(`${this.name} finds no store: ${messageOf(error)}`);
      return this.startLater(5);
    }
    torture.tell(`${this.name} starts`);
    this.asleepUntil = 0;
    this.isLeaving = false;
    const holder = `${this.name}/${life}`;
    this.version = torture.isEdited ? 1 : 0;
    const watched = torture.watch.over(withBug(this.store, torture, this), holder, () => this.now(), this.store);
    const store = this.mortal(watched, life, true);
    const payer = buggyPayer(
      this.mortal(
        payerFor(torture, holder, () => this.now(), store),
        life,
        false,
      ),
      torture,
      this,
    );
    const caps = capsIn(torture, false);
    const merchant = { name: SHOP, payer, perSecond: torture.perSecond, policy: POLICY, caps, quietHours: [] };
    const ports = { clock: () => this.now(), store, log: this.log() };
    const timer = { ticks: () => torture.time.now(), sleep: (ms: number) => this.sleep(ms) };
    const voucher = {
      ...merchant,
      name: MERCHANTS.voucher.name,
      caps: capsIn(torture, true),
    };
    const merchants = torture.setting.hasVouchers ? [merchant, voucher] : [merchant];
    const book = () => torture.versions[this.version].book;
    const instead = createInstead({
      ...{ ...ports, config: torture.config, book },
      planned: () => this.settle?.nudge(),
      tell: async () => undefined,
      onProblem: () => undefined,
    });
    this.instead = instead;
    const { refused: onFailed, isReplaceable } = instead;
    const settle = createSettle({ ...ports, holder, timer, merchants, onFailed, isReplaceable });
    this.settle = settle;
    const certainty = createCertainty(store, () => this.now());
    const flow = createFlow({
      ...ports,
      config: torture.config,
      book,
      planned: () => settle.nudge(),
      certainty,
      ...timer,
    });
    this.flow = buggyFlow(flow, torture, this);
    this.doors = doorsOf({
      ...ports,
      flow: this.flow,
      config: torture.config,
      keys: keysFor(torture, () => this.now()),
    });
    settle.pass().catch(() => undefined);
    this.tick(life);
  }

  /** As each hour: what was refused and has nothing instead yet. */
  sweep(): void {
    if (this.torture.setting.hasVouchers) this.instead?.sweep().catch(() => undefined);
  }

  /** What WeChat Pay tells by itself; the status of the answer. */
  async hear(door: keyof Doors, headers: Readonly<Record<string, string>>, body: string): Promise<number> {
    await this.awake();
    return this.doors?.[door](headers, body) ?? 0;
  }

  private startLater(secondsMax: number): void {
    const { dice, time } = this.torture;
    time.at(time.now() + dice.between(1, secondsMax) * SECOND, () => this.start());
  }

  private tick(life: number): void {
    if (life !== this.life || !this.isOpen) return;
    this.settle!.nudge();
    if (this.torture.time.now() % (10 * SECOND) < SECOND) this.sweep();
    if (this.torture.isTroubled) this.torture.time.at(this.torture.time.now() + SECOND, () => this.tick(life));
  }

  /** As at a restart: nothing is begun any more, what is under way ends. */
  async leave(): Promise<void> {
    if (!this.isOpen) return;
    const { life } = this;
    this.isLeaving = true;
    this.torture.tell(`${this.name} is to end`);
    await this.settle!.stop();
    if (life === this.life) this.die(true);
  }

  /** `isToReturn`: as after a kill -9, with a supervisor that starts it again. */
  die(isToReturn: boolean): void {
    const { store } = this;
    if (!store) return;
    this.store = undefined;
    this.flow = undefined;
    this.doors = undefined;
    this.life++;
    this.torture.tell(`${this.name} dies`);
    setImmediate(() => void store.close().catch(() => undefined));
    if (isToReturn) this.startLater(60);
  }

  /** What becomes of this life's transactions. Who is dead commits nothing. */
  private doomOf(life: number): Doom {
    const { torture } = this;
    const doomed = (chance: number): boolean => torture.isTroubled && torture.dice.chance(chance);
    return {
      beforeCommit: () => {
        if (life !== this.life || !this.store) return 'dies';
        if (doomed(0.003)) {
          torture.tell(`${this.name}: before COMMIT`);
          this.die(true);
          return 'dies';
        }
        if (!doomed(0.004)) return 'go';
        torture.tell(`${this.name}: its COMMIT fails`);
        torture.hurt(SECOND, this);
        return torture.dice.pick(['full', 'gone']);
      },
      afterCommit: () => {
        if (life !== this.life || !doomed(0.003)) return;
        torture.tell(`${this.name}: after COMMIT`);
        this.die(true);
      },
    };
  }

  /**
   * Every call may be the last: before it does anything, or after it did and before anybody hears of it. Between two
   * calls of the store the whole process may fall asleep (stopped, swapped out, moved to another machine).
   */
  private mortal<T extends object>(target: T, life: number, canDoze: boolean): T {
    const { torture } = this;
    const isAlive = (): boolean => this.life === life;
    const dieAt = (when: string, name: PropertyKey): void => {
      torture.tell(`${this.name}: ${when} ${String(name)}`);
      this.die(true);
    };
    return new Proxy(target, {
      get: (object, name) => {
        const method: unknown = Reflect.get(object, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (canDoze) await this.hesitate(name === 'advance' && args[1] !== undefined);
          if (!isAlive()) return never();
          const isFatal = torture.isTroubled && torture.dice.chance(0.005);
          if (isFatal && torture.dice.chance(0.5)) {
            dieAt('before', name);
            return never();
          }
          const work: Promise<unknown> = method.apply(object, args);
          const [outcome] = await Promise.allSettled([work]);
          if (isFatal && isAlive()) dieAt('after', name);
          if (canDoze && isAlive()) this.doze(name);
          await this.awake();
          if (!isAlive()) return never();
          if (outcome.status === 'rejected') throw outcome.reason;
          return outcome.value;
        };
      },
    });
  }

  /** Before a call of the store. Nothing is as bad as to be stopped just when a payout is to be begun. */
  private async hesitate(isBegin: boolean): Promise<void> {
    const { torture } = this;
    const { dice, time, slowness, isTroubled } = torture;
    if (slowness > 0) await time.sleep(dice.between(0, slowness));
    if (isBegin && isTroubled && dice.chance(0.05)) {
      if (dice.chance(0.8)) torture.crawl();
      this.fallAsleep(dice.between(3000, SLEEP_MAX_MS), 'before it begins');
      if (dice.chance(0.5)) await this.hang();
    }
    await this.awake();
  }

  /**
   * The call itself hangs for longer than its worker sleeps. By then the turn was taken away; whoever got it may have
   * fallen asleep as well, and this worker has it again under another fence.
   */
  private async hang(): Promise<void> {
    const { dice, time, workers } = this.torture;
    for (const other of workers.filter(each => each !== this))
      time.at(time.now() + dice.between(4000, 6000), () => {
        if (other.isAlive) other.fallAsleep(dice.between(4000, SLEEP_MAX_MS), 'after it');
      });
    await time.sleep(dice.between(8000, HANG_MAX_MS));
  }

  private doze(after: PropertyKey): void {
    const { dice, isTroubled } = this.torture;
    if (!isTroubled || !dice.chance(0.002)) return;
    this.fallAsleep(dice.pick([dice.between(100, 3000), dice.between(3000, SLEEP_MAX_MS)]), `after ${String(after)}`);
  }

  private fallAsleep(ms: number, when: string): void {
    const { time } = this.torture;
    if (time.now() < this.asleepUntil) return;
    this.torture.tell(`${this.name} sleeps for ${ms} ms ${when}`);
    this.torture.hurt(ms + SECOND, this);
    this.asleepUntil = time.now() + ms;
  }

  private async awake(): Promise<void> {
    const { time } = this.torture;
    while (time.now() < this.asleepUntil) await time.sleep(this.asleepUntil - time.now());
  }

  private async sleep(ms: number): Promise<void> {
    await this.torture.time.sleep(ms);
    await this.awake();
  }

  private log(): Log {
    const say = (fields: object, message: string): void => {
      const { billNo, detail } = read(fields, isMap);
      this.torture.tell(`${this.name}: ${message}${isText(billNo) ? ` ${billNo.slice(-6)}` : ''} ${detail ?? ''}`);
    };
    return { debug: () => undefined, info: say, warn: say, error: say };
  }
}

/** What the merchant allows on one day. */
export function capsIn({ channel }: Torture, isVoucher: boolean): MerchantCaps {
  return isVoucher
    ? { merchant: MERCHANTS.voucher.name, ...VOUCHER_CAPS }
    : { merchant: SHOP, ...MERCHANTS[channel].limits };
}

/** Pays for the merchant, over a wire of its own. */
/** `store`: where authorizations are kept; absent: for who only asks and takes back, and is not held to the merchant's pace. */
export function payerFor(torture: Torture, who: string, now: () => Instant, store?: Store): Payer {
  const end: End = { who, isCounted: store !== undefined };
  const { post, transport: wire } = wireOf(torture, end);
  const transport = buggyTransport(wire, torture);
  const merchant = MERCHANTS[torture.channel];
  const keys = keysFor(torture, now);
  const cash =
    merchant.channel === 'transfer' ? transferPayerOver(merchant, now, transport, keys, store) : payerOver(KEY, post);
  if (MERCHANTS.voucher.channel !== 'voucher' || !torture.setting.hasVouchers) return cash;
  const vouchers = voucherPayerOver(MERCHANTS.voucher, now, transport, keys);
  const of = ({ request }: Payout): Payer => (request.channel === 'voucher' ? vouchers : cash);
  const prepare: Payer['prepare'] = async payout => (of(payout) === cash ? cash.prepare?.(payout) : undefined);
  return { ...cash, prepare, send: payout => of(payout).send(payout), query: payout => of(payout).query(payout) };
}

/** All that WeChat Pay may sign with. */
export function keysFor({ bug }: Torture, clock: () => Instant): Keys {
  const keys = bug === 'second-key-ignored' ? PLATFORM_KEYS.slice(0, 1) : PLATFORM_KEYS;
  return createKeys({ merchant: SHOP, apiV3Key: KEY_V3, keys, clock, log: SILENT });
}
