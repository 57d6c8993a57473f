// The latest pushes to the webhooks, in memory only.
import type { Change } from '../shared/protocol.ts';
import type { Push } from '../shared/protocol-push.ts';

const PUSHES_MAX = 200;

export class PushList {
  readonly #world: { tell(change: Change): void };
  #pushes: Push[] = [];

  constructor(world: { tell(change: Change): void }) {
    this.#world = world;
  }

  put(push: Push): void {
    const index = this.#pushes.findLastIndex(known => known.id === push.id);
    if (index >= 0) this.#pushes[index] = push;
    else this.#pushes.push(push);
    if (this.#pushes.length > PUSHES_MAX) this.#pushes = this.#pushes.slice(-PUSHES_MAX);
    this.#world.tell({ kind: 'push', push });
  }

  /** Newest first. */
  latest(person: string | undefined, limit: number): Push[] {
    return this.#pushes
      .filter(push => person === undefined || push.person === person)
      .slice(-limit)
      .reverse();
  }
}
