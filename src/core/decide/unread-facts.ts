// Facts that nobody has read: for rules that may ask for none. A decision during which nothing was asked is the same with any.
// A code is there only where the query wants it, and what is owed is nothing that rules are told.
import type { Facts } from '../match/facts.ts';

export class UnreadFacts implements Facts {
  /** Whether anything was asked. */
  isAsked = false;

  get follower(): undefined {
    return this.asked(undefined);
  }
  get claims(): ReadonlySet<string> {
    return this.asked(new Set());
  }
  get counters(): ReadonlyMap<string, number> {
    return this.asked(new Map());
  }
  get halted(): boolean {
    return this.asked(false);
  }

  private asked<T>(nothing: T): T {
    this.isAsked = true;
    return nothing;
  }
}
