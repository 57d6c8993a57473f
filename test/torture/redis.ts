// A real Redis as the ground of the torture: one server for all seeds of this process, a tag for each seed. In the
// middle of things it is stopped (SIGSTOP), killed (kill -9) and started again; answers come late or not at all, and
// connections are cut after the script ran and before anybody heard of it, so that the store must send it once more.
//
// Virtual time stands still while a real call is under way. Calls leave one after the other, so that the same seed has
// the same order; while the server is stopped they leave at once, pile up in the sockets, and are carried out when it
// goes on, be it after whoever sent them has given up. They are given up after four virtual seconds, as the connection
// gives up after four real ones. What the same seed cannot promise: in which order a server that was stopped serves its
// sockets, and whose connection to one that was killed comes back first. Of sixty seeds run twice, fifty-one told the
// same story twice. A story may differ; a verdict must not.
//
// Leases go by the server's clock, which is virtual time itself, and nobody sets it. Each worker is a machine of its own,
// and its clock is set now and then.
import { Fault } from '../../src/core/base/error.ts';
import { instant } from '../../src/core/base/time.ts';
import type { Store } from '../../src/ports.ts';
import { GIVE_UP_MS } from '../../src/storage/redis/link/client.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import { DURABLE, type LossyProxy, type RedisServer, startProxy, startRedis } from '../support/redis-server.ts';
import { type Ground, type Grounds, newFolder, removeFolder, type Scene } from './ground.ts';

/** Shorter than what makes a lease look as if a clock had been set back: nothing is carried out later than this. */
const AWAY_MAX_MS = 9000;
const WRITES: ReadonlySet<string> = new Set(['commit', 'advance', 'lease', 'release']);

/**
 * The answer comes late, or not in time, or is lost with its connection, or with the server; or the server is stopped
 * just before, so that the script runs when it goes on, whether or not anybody waits for it still.
 */
const MISHAPS = ['slow', 'slow', 'deaf', 'cut', 'cut', 'cutAndKilled', 'stopped'] as const;
type Mishap = (typeof MISHAPS)[number];

/** A call of a worker that has not come to its end. */
type Call = { readonly giveUpAt: number; readonly giveUp: () => void };

/** One server, and a proxy for each worker. */
type House = { readonly server: RedisServer; readonly proxies: readonly LossyProxy[] };

export async function redisGrounds(workers: number): Promise<Grounds> {
  const folder = newFolder();
  // Its log is kept short by hand: what is read again after a kill is one seed, not a hundred.
  const server = await startRedis(...DURABLE, '--dir', folder, '--auto-aof-rewrite-percentage', '0');
  const endWithUs = (): void => void server.kill();
  process.prependOnceListener('exit', endWithUs); // before its folder goes
  const proxies = await Promise.all(Array.from({ length: workers }, () => startProxy(server.port)));
  return {
    isOneMachine: false,
    ground: async scene => {
      await forgetAll(server);
      const tag = `?tag=torture-${scene.seed}`;
      return new RedisGround(scene, { server, proxies }, tag, await openRedis(server.url + tag, { time: 'caller' }));
    },
    end: async () => {
      for (const proxy of proxies) await proxy.dispose();
      await server.dispose();
      process.off('exit', endWithUs);
      removeFolder(folder);
    },
  };
}

async function forgetAll(server: RedisServer): Promise<void> {
  const client = server.client();
  await client.flushall();
  await client.bgrewriteaof();
  while (/aof_rewrite_(in_progress|scheduled):1/.test(await client.info('persistence'))) await real(1);
  client.disconnect();
}

const real = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

class RedisGround implements Ground {
  readonly watcher: Store;
  private readonly scene: Scene;
  private readonly house: House;
  private readonly tag: string;
  private away: 'no' | 'stopped' | 'dead' = 'no';
  /** Grows with every time it went away, so that an old plan to bring it back does not end a later one. */
  private outage = 0;
  /** Real calls, also of those who have given up or died. */
  private readonly outside = new Set<Promise<unknown>>();
  private readonly calls = new Set<Call>();
  /** The last of the calls that leave one after the other. */
  private last: Promise<unknown> = Promise.resolve();
  /** The end of this outage, and the beginning of the next one. */
  private back: Promise<void> = Promise.resolve();
  private isBack = (): void => {};
  private gone: Promise<void>;
  private isGone = (): void => {};

  constructor(scene: Scene, house: House, tag: string, watcher: Store) {
    this.scene = scene;
    this.house = house;
    this.tag = tag;
    this.watcher = watcher;
    this.gone = this.nextOutage();
  }

  get isAway(): boolean {
    return this.away !== 'no';
  }

  async open(worker: number): Promise<Store> {
    if (this.isAway) throw new Fault('store', 'safe', 'unreachable', 'Redis is away');
    const proxy = this.house.proxies[worker]!;
    return this.wired(await openRedis(proxy.url + this.tag, { time: 'caller' }), proxy);
  }

  async settled(): Promise<boolean> {
    if (this.isAway || this.outside.size === 0) return false;
    await Promise.race([Promise.allSettled(this.outside), this.gone]);
    return true;
  }

  async close(): Promise<void> {
    await this.heal();
    while (await this.settled());
    await this.watcher.close();
  }

  // ── Going away ───────────────────────────────────────────────────────────────────────────────────────────

  trouble(): void {
    const { dice } = this.scene;
    if (this.isAway || !dice.chance(0.012)) return;
    if (dice.chance(0.5)) this.stop();
    else void this.kill();
  }

  private stop(): void {
    this.house.server.pause();
    this.goAway('stopped');
  }

  private kill(): Promise<void> {
    const gone = this.house.server.kill();
    this.goAway('dead');
    return gone;
  }

  private goAway(how: 'stopped' | 'dead'): void {
    const { dice, time } = this.scene;
    this.away = how;
    this.isGone();
    const outage = ++this.outage;
    this.back = new Promise(resolve => {
      this.isBack = resolve;
    });
    const ms = dice.pick([dice.between(50, 1000), dice.between(1000, AWAY_MAX_MS)]);
    this.scene.tell(`Redis is ${how} for ${ms} ms`);
    this.scene.hurt(ms + GIVE_UP_MS);
    for (const call of this.calls) time.at(call.giveUpAt, call.giveUp);
    time.at(time.now() + ms, () => (this.outage === outage ? this.heal() : undefined));
  }

  private nextOutage(): Promise<void> {
    return new Promise(resolve => {
      this.isGone = resolve;
    });
  }

  async heal(): Promise<void> {
    if (!this.isAway) return;
    if (this.away === 'stopped') this.house.server.resume();
    else {
      await this.house.server.kill(); // it may not have gone yet
      await this.house.server.start();
    }
    this.away = 'no';
    this.gone = this.nextOutage();
    this.scene.tell('Redis is back');
    this.isBack();
  }

  // ── Calls ────────────────────────────────────────────────────────────────────────────────────────────────

  private wired(store: Store, proxy: LossyProxy): Store {
    const now = () => instant(this.scene.time.now());
    const timed: Partial<Store> = {
      lease: (name, holder, ms) => store.lease(name, holder, ms, now()),
      release: (lease, _, note) => store.release(lease, now(), note),
      close: () => this.counted(store.close()),
    };
    return new Proxy(store, {
      get: (_, name: keyof Store) => {
        if (name === 'close') return timed.close;
        const method: unknown = timed[name] ?? store[name];
        if (typeof method !== 'function') return undefined; // whoever awaits it asks whether it is a promise
        return (...args: unknown[]) => this.call(name, proxy, () => method.apply(store, args));
      },
    });
  }

  private counted<T>(work: Promise<T>): Promise<T> {
    this.outside.add(work);
    const over = (): boolean => this.outside.delete(work);
    work.then(over, over);
    return work;
  }

  private call(name: string, proxy: LossyProxy, run: () => Promise<unknown>): Promise<unknown> {
    const { time } = this.scene;
    const mishap = this.mishap(name);
    if (mishap) this.scene.tell(`Redis, ${name}: ${mishap}`);
    if (mishap) this.scene.hurt(GIVE_UP_MS);
    if (mishap === 'stopped') this.stop();
    const giveUpAt = time.now() + GIVE_UP_MS;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.calls.delete(call);
        reject(new Fault('store', 'safe', 'unreachable', 'the store failed: Redis timed out'));
      };
      const call: Call = { giveUpAt, giveUp };
      this.calls.add(call);
      if (this.isAway || mishap === 'deaf') time.at(giveUpAt, giveUp);
      const heard = async (answer: unknown): Promise<void> => {
        if (mishap === 'deaf') return;
        if (mishap === 'slow') await time.sleep(this.scene.dice.between(20, GIVE_UP_MS - 1));
        this.calls.delete(call);
        resolve(answer);
      };
      this.leave(call, () => this.cut(mishap, proxy, run)).then(heard, (error: unknown) => {
        this.calls.delete(call);
        reject(error);
      });
    });
  }

  private mishap(name: string): Mishap | undefined {
    const { dice, isTroubled } = this.scene;
    if (!isTroubled || this.isAway || !dice.chance(WRITES.has(name) ? 0.02 : 0.001)) return undefined;
    return dice.pick(MISHAPS);
  }

  /** The script runs, and its answer is lost with the connection: the store sends it once more, by itself. */
  private cut(mishap: Mishap | undefined, proxy: LossyProxy, run: () => Promise<unknown>): Promise<unknown> {
    if (mishap === 'cut') proxy.swallowNext();
    if (mishap === 'cutAndKilled') proxy.swallowNext(() => void this.kill());
    return run();
  }

  /** One after the other; to a stopped server at once; to a dead one when it lives again. */
  private leave(call: Call, run: () => Promise<unknown>): Promise<unknown> {
    if (this.away === 'stopped') return this.counted(run());
    const turn = this.last.then(async () => {
      while (this.away === 'dead') await this.back;
      if (this.calls.has(call)) return run();
      throw new Error('given up meanwhile');
    });
    this.last = turn.catch(() => undefined);
    return this.counted(turn);
  }
}
