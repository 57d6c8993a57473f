// One process of the torture: a flow and a gate over the store, with a clock of its own, until it dies or falls asleep
// between any two steps. The flow, the gate, the table and the store are the real ones; so is WeChat Pay's protocol.
import { messageOf } from '../src/core/error.ts';
import { DEFAULT_POLICY } from '../src/core/payout-table.ts';
import { type Instant, instant } from '../src/core/time.ts';
import { createFlow, type Flow } from '../src/flow.ts';
import type { Log, Store } from '../src/ports.ts';
import { createSettle, type Settle } from '../src/settle.ts';
import { replyXml } from '../src/simulator/pay-reply.ts';
import { type Post, payerOver } from '../src/wechat/pay-v2.ts';
import { parseXml, textOf } from '../src/wechat/xml.ts';
import { buggyPayer, withBug } from './torture-bugs.ts';
import { CONFIG, KEY, MCH_ID } from './torture-config.ts';
import type { Torture } from './torture-world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const POLICY = { ...DEFAULT_POLICY, askAfter: [20 * SECOND, 2 * MINUTE, HOUR, 6 * HOUR, 25 * HOUR] };

/**
 * Longer than a lease lasts. Not so long that, with a slow store before it, SQLite takes what the sleeper read from its
 * clock for the time of a clock that was set back (`SET_BACK_MS`): then it would get a lease that somebody has.
 */
const SLEEP_MAX_MS = 6500;

const NEVER = new Promise<never>(() => undefined);

export class Worker {
  readonly name: string;
  /** How far its wall clock is off, ms. */
  skew = 0;
  flow: Flow | undefined;
  settle: Settle | undefined;
  store: Store | undefined;
  private readonly torture: Torture;
  private readonly index: number;
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
      this.store = await torture.ground.open(this.index);
    } catch (error) {
      torture.tell(`${this.name} finds no store: ${messageOf(error)}`);
      return this.startLater(5);
    }
    torture.tell(`${this.name} starts`);
    this.asleepUntil = 0;
    this.isLeaving = false;
    const holder = `${this.name}/${life}`;
    const store = this.mortal(torture.watch.over(withBug(this.store, torture)), life, true);
    const payer = buggyPayer(this.mortal(payerOver(KEY, this.network(holder)), life, false), torture);
    const merchant = { name: 'shop', payer, perSecond: torture.perSecond, policy: POLICY, quietHours: [] };
    const ports = { clock: () => this.now(), store, log: this.log() };
    const timer = { ticks: () => torture.time.now(), sleep: (ms: number) => this.sleep(ms) };
    const settle = createSettle({ ...ports, holder, timer, merchants: [merchant] });
    this.settle = settle;
    const { book } = torture.campaign;
    this.flow = createFlow({ ...ports, config: CONFIG, book: () => book, planned: () => settle.nudge() });
    settle.pass().catch(() => undefined);
    this.tick(life);
  }

  private startLater(secondsMax: number): void {
    const { dice, time } = this.torture;
    time.at(time.now() + dice.between(1, secondsMax) * SECOND, () => this.start());
  }

  private tick(life: number): void {
    if (life !== this.life || !this.isOpen) return;
    this.settle!.nudge();
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
    this.life++;
    this.torture.tell(`${this.name} dies`);
    setImmediate(() => void store.close().catch(() => undefined));
    if (isToReturn) this.startLater(60);
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
        const method = Reflect.get(object, name) as unknown;
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (canDoze) await this.hesitate(name === 'advance' && args[1] !== undefined);
          if (!isAlive()) return NEVER;
          const isFatal = torture.isTroubled && torture.dice.chance(0.005);
          if (isFatal && torture.dice.chance(0.5)) {
            dieAt('before', name);
            return NEVER;
          }
          const [outcome] = await Promise.allSettled([
            (method as (...all: unknown[]) => Promise<unknown>).apply(object, args),
          ]);
          if (isFatal && isAlive()) dieAt('after', name);
          if (canDoze && isAlive()) this.doze(name);
          await this.awake();
          if (!isAlive()) return NEVER;
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
    }
    await this.awake();
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

  /** The wire to WeChat Pay: requests and answers are late, lost, or come twice. */
  private network(who: string): Post {
    const { torture } = this;
    const { dice, time, desk, watch } = torture;
    return async (path, body) => {
      const endpoint = path.endsWith('gethbinfo') ? 'gethbinfo' : 'sendredpack';
      const billNo = textOf(parseXml(body), 'mch_billno')!;
      watch.departed(endpoint === 'sendredpack' ? 'send' : 'ask', { at: time.now(), billNo, body, who });
      const isTroubled = torture.isTroubled;
      if (isTroubled && dice.chance(0.02)) return { seen: { kind: 'unreached', code: 'ECONNREFUSED', text: '' } };
      const silence = async () => {
        await time.sleep(10 * SECOND);
        return { seen: { kind: 'silence', code: 'UND_ERR_HEADERS_TIMEOUT', text: '' } } as const;
      };
      if (isTroubled && dice.chance(0.04)) {
        torture.tell(`the request for ${billNo.slice(-6)} is lost`);
        return silence();
      }
      await time.sleep(dice.between(5, 400));
      const { reply, spoil } = desk.answer(endpoint, body, MCH_ID);
      if (isTroubled && dice.chance(0.04))
        time.at(time.now() + dice.between(1, 5000), () => void desk.answer(endpoint, body, MCH_ID));
      torture.tell(
        `${endpoint} ${billNo.slice(-6)} → ${String(reply.status ?? reply.err_code ?? reply.result_code)}${spoil ? ` (${spoil.kind})` : ''}`,
      );
      if (spoil?.kind === 'cut' || (isTroubled && dice.chance(0.04))) return silence();
      await time.sleep(dice.between(5, 400));
      if (spoil?.kind === 'html502') return { status: 502, text: '<html>' };
      if (spoil?.kind === 'truncated') return { status: 200, text: replyXml(reply).slice(0, 60) };
      if (spoil?.kind === 'slow' && spoil.delayMs > 9000) return silence();
      if (spoil?.kind === 'systemError')
        return {
          status: 200,
          text: replyXml({
            return_code: 'SUCCESS',
            result_code: 'FAIL',
            err_code: 'SYSTEMERROR',
            err_code_des: '系统繁忙',
          }),
        };
      return { status: 200, text: replyXml(reply) };
    };
  }

  private log(): Log {
    const say = (fields: object, message: string): void => {
      const { billNo, detail } = fields as { billNo?: string; detail?: string };
      this.torture.tell(`${this.name}: ${message}${billNo ? ` ${billNo.slice(-6)}` : ''} ${detail ?? ''}`);
    };
    return { debug: () => undefined, info: say, warn: say, error: say };
  }
}
