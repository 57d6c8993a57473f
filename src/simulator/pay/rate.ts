// How fast a merchant calls: the limit per second, and how soon after its last try a number is tried again.

/** Lets `max` calls through in any 1000 ms. */
export class RateWindow {
  #calls: number[] = [];

  take(now: number, max: number): boolean {
    // A clock that was moved back must not keep the future's calls.
    this.#calls = this.#calls.filter(at => at > now - 1000 && at <= now);
    if (this.#calls.length >= max) return false;
    this.#calls.push(now);
    return true;
  }
}

export type Spacing = {
  /** Calls of sendredpack that were well-formed. */
  readonly calls: number;
  /** Calls less than 1 s after the last one with the same number: not refused, but against the rules. */
  readonly tooSoon: number;
  readonly shortestMs?: number;
};

const REMEMBERED_MAX = 100_000;

export class SpacingBook {
  readonly #last = new Map<string, number>();
  readonly #books = new Map<string, Spacing>();

  note(mchId: string, billNo: string, now: number): void {
    const key = `${mchId}/${billNo}`;
    const last = this.#last.get(key);
    const book = this.of(mchId);
    const gap = last === undefined ? undefined : Math.max(0, now - last);
    const isShortest = gap !== undefined && gap < (book.shortestMs ?? Number.POSITIVE_INFINITY);
    this.#books.set(mchId, {
      ...book,
      calls: book.calls + 1,
      tooSoon: book.tooSoon + (gap !== undefined && gap < 1000 ? 1 : 0),
      ...(isShortest ? { shortestMs: gap } : {}),
    });
    this.#last.delete(key);
    this.#last.set(key, now);
    if (this.#last.size > REMEMBERED_MAX) this.#last.delete(this.#last.keys().next().value!);
  }

  of(mchId: string): Spacing {
    return this.#books.get(mchId) ?? { calls: 0, tooSoon: 0 };
  }
}
