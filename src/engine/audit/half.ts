// The second thread of an audit: what it is told, and what it does with it, half of the followers, or the counters and half of the shelves, over books of its own.
import { Audit, type AuditedCampaign, type AuditHalf } from '../../core/audit/audit.ts';
import { FOLLOWER } from '../../core/audit/counter-name.ts';
import type { Survey } from '../../core/audit/counters.ts';
import type { FollowerRange, Snapshot, Turns } from '../../ports.ts';
import { type AuditedHalf, auditFollowers } from './followers.ts';
import { auditShelf, Shelves, type ShelvesView } from './shelves.ts';

/** What the thread that looks at the other half is told, and what it found. */
export type HalfAsked = {
  readonly live: readonly AuditedCampaign[];
  readonly survey: Survey;
  readonly range: FollowerRange;
};
export type HalfFound = Pick<AuditedHalf, 'aside' | 'told'> & { readonly half: AuditHalf };
/**
 * The same where a store keeps rows apart: first it puts the counters on shelves, and of payouts the pages whose turn comes
 * (`turns` is shared), if the store has turns; then it looks at half of all shelves.
 */
export type FillAsked = { readonly live: readonly AuditedCampaign[]; readonly turns: Int32Array<SharedArrayBuffer> };
export type Filled = { readonly view: ShelvesView; readonly survey: Survey };
export type ShelvesAsked = { readonly survey: Survey; readonly view: ShelvesView; readonly shelves: readonly number[] };

/** A second thread: it opens books of its own, does what it is told, and ends. */
export type AuditThread = {
  /** Once it is, `open` takes no time. */
  prepare(): Promise<void>;
  /** `moment`: see `Store.booksTogether`. */
  open(moment: string): Promise<void>;
  audit(asked: HalfAsked): Promise<HalfFound>;
  fill(asked: FillAsked): Promise<Filled>;
  auditShelves(asked: ShelvesAsked): Promise<AuditHalf>;
  end(): Promise<void>;
};

/** `open`: see `Store.books`. */
export function halfAudit(open: (moment: string) => Promise<Snapshot>): Omit<AuditThread, 'prepare' | 'end'> {
  let snapshot: Snapshot;
  let counted: Shelves;
  let counting: Audit;
  const auditOf = (live: readonly AuditedCampaign[], survey: Survey): Audit => {
    const audit = new Audit(live);
    audit.see(survey);
    return audit;
  };
  return {
    open: async moment => {
      snapshot = await open(moment);
    },
    audit: async asked => {
      const audit = auditOf(asked.live, asked.survey);
      const { aside, told } = await auditFollowers(snapshot.parts!(FOLLOWER)!, audit, asked.range, () => {});
      return { half: audit.half(), aside, told };
    },
    fill: async ({ live, turns }) => {
      counting = new Audit(live);
      counted = new Shelves(counting);
      await counted.fill(snapshot, turnsOf(turns), {
        what: snapshot.standing ? ['counters', 'payouts'] : ['counters'],
      });
      counted.survey();
      return { view: counted.view, survey: counting.surveyed };
    },
    auditShelves: async ({ survey, view, shelves }) => {
      counting.see(survey);
      for (const shelf of shelves) await auditShelf(counting, [view, counted.view], shelf);
      return counting.half();
    },
  };
}

/** Threads that share this number take turns. */
export function turnsOf(next: Int32Array<SharedArrayBuffer>): Turns {
  return () => Atomics.add(next, 0, 1);
}
