// The one connection that may be used, and whether the server behind it is fit to be.
//
//   no link ──► find the server of our keys ──► look at it ──► link ──► (broken, moved away) ──► no link
//                                                  └─► unfit: nothing runs until a later look finds it mended
//
// A server that was gone may come back empty, forgetful or as somebody's replica, and a name may lead to another server
// by then: so nothing runs on a new connection before its server was looked at, and all are looked at every minute.
// One search goes on for everybody. Whoever comes while it has just begun waits for it; once it has lasted for longer
// than anybody would wait, the next ones hardly do, so that an outage leaves no crowd behind.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Fault, messageOf } from '../../../core/base/error.ts';
import { type Client, GIVE_UP_MS, nameOf } from './client.ts';

/** Who gives up for want of a link says so before the whole call does. */
const TO_SAY_MS = 50;
/** In a long outage: enough for a server that has just come back. */
const SHORT_WAIT_MS = 250;
const SEARCH_PAUSE_MS = 25;
/** An unfit server is looked at again this soon, so that it serves as soon as it is mended. */
const UNFIT_PAUSE_MS = 1000;
const LOOK_EVERY_MS = 60_000;

/** One connection to the server of our keys. What was learnt on it holds only while it is whole. */
export type Link = { readonly server: Redis; readonly isWhole: boolean };
type OwnLink = { readonly server: Redis; isWhole: boolean; readonly onClose: () => void };

/** What makes a server unfit. `isPassing`: a failover may be under way, so for a while it is only out of reach. */
export type Unfit = { readonly fault: Fault; readonly isPassing: boolean };

/** Looks at one server; `isHome`: it has our keys. Throws if it could not see. */
export type Look = (server: Redis, isHome: boolean) => Promise<Unfit | undefined>;

export class Links {
  private readonly client: Client;
  private readonly warn: (text: string) => void;
  private readonly waiting = new Set<() => void>();
  /** By address: what the last look at each server that is unfit has found. */
  private readonly unfit = new Map<string, Fault>();
  private readonly timer: NodeJS.Timeout;
  private look: Look = async () => undefined;
  private link: OwnLink | undefined;
  private lostAt = performance.now();
  private lastError: unknown;
  private told: string | undefined;
  private isSearching = false;
  private isClosed = false;

  constructor(client: Client, warn: (text: string) => void) {
    this.client = client;
    this.warn = warn;
    this.timer = setInterval(() => void this.lookAround(), LOOK_EVERY_MS).unref();
    this.search();
  }

  /** From now on servers are looked at. */
  guard(look: Look): void {
    this.look = look;
  }

  /** Waits for a link if there is none; throws a `Fault` by `giveUpAt`, and earlier if there has been none for long. */
  async get(giveUpAt: number): Promise<Link> {
    const until = Math.min(giveUpAt - TO_SAY_MS, Math.max(this.lostAt + GIVE_UP_MS, performance.now() + SHORT_WAIT_MS));
    for (;;) {
      if (this.link) return this.link;
      const fault = this.fault();
      if (fault) throw fault;
      if (this.isClosed || performance.now() >= until) throw this.unreachable();
      await this.news(until - performance.now());
    }
  }

  /** It broke, or its server is not ours any more. */
  drop(link: Link): void {
    if (this.link !== link) return; // somebody noticed before
    this.cut(this.link);
    this.link = undefined;
    this.lostAt = performance.now();
    this.search();
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    if (this.link) this.drop(this.link);
    this.tell();
  }

  private cut(link: OwnLink): void {
    link.isWhole = false;
    link.server.off('close', link.onClose);
  }

  private fault(): Fault | undefined {
    const [first] = this.unfit.values();
    return first;
  }

  private unreachable(): Fault {
    const seconds = Math.round((performance.now() - this.lostAt) / 1000);
    const why = this.lastError === undefined ? '' : ` (${messageOf(this.lastError)})`;
    const message = `the store failed: no connection to Redis for ${seconds} s${why}`;
    return new Fault('store', 'safe', 'unreachable', message, { cause: this.lastError });
  }

  // ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────────

  private news(ms: number): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.waiting.add(done);
    });
  }

  private tell(): void {
    for (const done of [...this.waiting]) done();
    const said = this.fault()?.message;
    if (said === this.told || (said === undefined && !this.link)) return;
    this.warn(said ?? 'store: this Redis is fit again');
    this.told = said;
  }

  // ── Searching ────────────────────────────────────────────────────────────────────────────────────────────

  private search(): void {
    if (this.isSearching || this.isClosed) return;
    this.isSearching = true;
    void this.searching().finally(() => {
      this.isSearching = false;
      if (!this.link) this.search(); // found, and lost again in the same breath
    });
  }

  /** Never throws: whatever goes wrong is tried again. */
  private async searching(): Promise<void> {
    while (!this.isClosed) {
      try {
        if (await this.isFound()) return;
        await pause(UNFIT_PAUSE_MS);
        this.client.leave();
      } catch (error) {
        this.lastError = error;
        await pause(SEARCH_PAUSE_MS);
      }
    }
  }

  /** One try. `false`: the server is there, and unfit. */
  private async isFound(): Promise<boolean> {
    const server = await this.client.home();
    const onClose = (): void => {
      link.isWhole = false;
      this.drop(link);
    };
    const link: OwnLink = { server, isWhole: true, onClose };
    server.once('close', onClose);
    try {
      const found = await this.look(server, true);
      if (found?.isPassing && performance.now() < this.lostAt + GIVE_UP_MS) {
        this.client.leave();
        throw found.fault;
      }
      this.note(server, found);
      await this.lookAgainAtOthers(server);
      if (!link.isWhole) throw new Error('the connection broke');
      if (!this.fault()) this.link = link;
    } finally {
      if (this.link !== link) this.cut(link);
    }
    this.tell();
    return this.link === link;
  }

  private note(server: Redis, found: Unfit | undefined): void {
    if (found) this.unfit.set(nameOf(server), found.fault);
    else this.unfit.delete(nameOf(server));
  }

  /** At the other nodes of a cluster that were unfit. One that is out of reach, or of it no more, does not count. */
  private async lookAgainAtOthers(home: Redis): Promise<void> {
    const servers = new Map(this.client.servers().map(server => [nameOf(server), server]));
    for (const name of [...this.unfit.keys()]) {
      const server = servers.get(name);
      if (server === home) continue;
      const found = server && (await this.look(server, false).catch(() => undefined));
      if (!found) this.unfit.delete(name);
    }
  }

  /** Every minute, at all. What cannot be seen is as it was: a connection that broke is looked at when it is back. */
  private async lookAround(): Promise<void> {
    const { link } = this;
    if (!link) return; // the search looks
    await Promise.all(
      this.client.servers().map(async server => {
        try {
          this.note(server, await this.look(server, server === link.server));
        } catch (error) {
          this.lastError = error;
        }
      }),
    );
    if (this.fault()) this.drop(link);
    this.tell();
  }
}

/** Nobody stays alive for it. */
function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
