// `replicas: N`: what was written counts only once N replicas have it, so that it outlives the server it was written to.
//
// WAIT tells how many replicas have what its own connection wrote last. A script that found its work done writes nothing,
// so each WAIT comes behind a write of its own: then it speaks for everything the server knew before. It blocks its
// connection, so one at a time is under way and speaks for all whose replies had come by then, as a group commit does.
// It must be the connection that wrote: after a failover the next one leads to a server that may know nothing of it.
import { setImmediate as turn } from 'node:timers/promises';
import { Fault } from '../../../core/base/error.ts';
import type { Link } from './reconnect.ts';

/** So long replicas have time; a replica that answers needs a millisecond. */
const WAIT_MS = 1000;

/** One WAIT, and the link on which it is asked. */
type Round = { readonly link: Link; readonly done: Promise<void> };

export class Replicas {
  private readonly count: number;
  private readonly key: string;
  private running: Round | undefined;
  private next: Round | undefined;
  /** The link whose last WAIT was answered well: what it says is known to the replicas, but for what we write now. */
  private good: Link | undefined;

  /** `key`: what is written before each WAIT. */
  constructor(count: number, key: string) {
    this.count = count;
    this.key = key;
  }

  /** Resolves once the replicas have everything that was said on this link before the call. Throws a `Fault` if not. */
  kept(link: Link): Promise<void> {
    if (this.next?.link !== link) this.next = { link, done: this.ask(link, this.running) };
    return this.next.done;
  }

  /**
   * Before anything is asked on this link: a server that lost its replicas may be the wrong one to believe, because the
   * others have chosen another. Whoever comes while a WAIT is under way is content with that one.
   */
  async caughtUp(link: Link): Promise<void> {
    if (this.good === link) return;
    await (this.running?.link === link ? this.running.done : this.kept(link));
  }

  private async ask(link: Link, before: Round | undefined): Promise<void> {
    await before?.done.catch(() => link); // its own callers are told
    await turn(); // the replies of this turn come along
    const round = this.next?.link === link ? this.next : undefined;
    if (round) {
      this.next = undefined;
      this.running = round;
    }
    try {
      await this.wait(link);
      this.good = link;
    } catch (error) {
      this.good = undefined;
      throw error;
    } finally {
      if (this.running === round) this.running = undefined;
    }
  }

  private async wait(link: Link): Promise<void> {
    if (!link.isWhole) throw new Error('the connection broke before the replicas were asked');
    const { server } = link;
    const [, has] = await Promise.all([server.set(this.key, ''), server.wait(this.count, WAIT_MS)]);
    if (!link.isWhole) throw new Error('the connection broke while the replicas were asked');
    if (has >= this.count) return;
    const message = `the store failed: ${has} of ${this.count} replicas have it, and nothing counts before they do (replicas: ${this.count} in bot.yaml)`;
    throw new Fault('store', 'safe', 'replicas', message);
  }
}
