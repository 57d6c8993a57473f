// The second thread of an audit: what it is told, and what it does with it, half of the followers, or the counters and half of the shelves, over books of its own.
import { Audit, type AuditedCampaign, type AuditHalf } from '../../core/audit/audit.ts';
import { FOLLOWER } from '../../core/audit/counter-name.ts';
import type { Survey } from '../../core/audit/counters.ts';
import type { FollowerRange, Snapshot } from '../../ports.ts';
import { type AuditedHalf, auditFollowers } from './followers.ts';
import { auditShelf, Shelves, type ShelvesView } from './shelves.ts';

/** What the thread that looks at the other half is told, and what it found. */
export type HalfAsked = {
  readonly live: readonly AuditedCampaign[];
  readonly survey: Survey;
  readonly range: FollowerRange;
};
export type HalfFound = Pick<AuditedHalf, 'aside' | 'told'> & { readonly half: AuditHalf };
/** The same where a store keeps rows apart: first it puts the counters on shelves, then it looks at half of all shelves. */
export type Filled = { readonly view: ShelvesView; readonly survey: Survey };
export type ShelvesAsked = { readonly survey: Survey; readonly view: ShelvesView; readonly shelves: readonly number[] };

/** A second thread: it opens books of its own, does what it is told, and ends. */
export type AuditThread = {
  /** Once it is, `open` takes no time. */
  prepare(): Promise<void>;
  /** `moment`: see `Store.booksTogether`. */
  open(moment: string): Promise<void>;
  audit(asked: HalfAsked): Promise<HalfFound>;
  fill(live: readonly AuditedCampaign[]): Promise<Filled>;
  auditShelves(asked: ShelvesAsked): Promise<AuditHalf>;
  end(): Promise<void>;
};

/** `open`: see `Store.books`. */
export function halfAudit(open: (moment: string) => Promise<Snapshot>): Omit<AuditThread, 'prepare' | 'end'> {
  let snapshot: Snapshot;
  let counted: Shelves;
  let live: readonly AuditedCampaign[] = [];
  const auditOf = (survey: Survey): Audit => {
    const audit = new Audit(live);
    audit.see(survey);
    return audit;
  };
  return {
    open: async moment => {
      snapshot = await open(moment);
    },
    audit: async asked => {
      live = asked.live;
      const audit = auditOf(asked.survey);
      const { aside, told } = await auditFollowers(snapshot.parts!(FOLLOWER)!, audit, asked.range, () => {});
      return { half: audit.half(), aside, told };
    },
    fill: async campaigns => {
      live = campaigns;
      const audit = new Audit(live);
      counted = new Shelves(audit);
      await counted.fillCounted(snapshot);
      counted.survey();
      return { view: counted.view, survey: audit.surveyed };
    },
    auditShelves: async ({ survey, view, shelves }) => {
      const audit = auditOf(survey);
      for (const shelf of shelves) await auditShelf(audit, [view, counted.view], shelf);
      return audit.half();
    },
  };
}
