// The second thread of an audit: what it is told, and what it does with it, half of the followers, or the counters and half of the shelves, over books of its own.
import { Audit, type AuditedCampaign, type AuditHalf } from '../../core/audit/audit.ts';
import { FOLLOWER } from '../../core/audit/counter-name.ts';
import type { Survey } from '../../core/audit/counters.ts';
import type { FollowerRange, Snapshot } from '../../ports.ts';
import { type AuditedHalf, auditFollowers } from './followers.ts';
import { allDone, Shelves, type ShelvesView } from './shelves.ts';
import { auditTheirs } from './theirs.ts';

/** What the thread that looks at the other half is told, and what it found. */
export type HalfAsked = {
  readonly live: readonly AuditedCampaign[];
  readonly survey: Survey;
  readonly range: FollowerRange;
};
export type HalfFound = Pick<AuditedHalf, 'aside' | 'told'> & { readonly half: AuditHalf };
/**
 * The same where a store finds payouts and counters by whose they are: first it puts those who have any on shelves, and half of
 * the claims; then it looks at half of all shelves.
 */
export type OwnersFound = { readonly view: ShelvesView };
export type ShelvesAsked = Pick<HalfAsked, 'live' | 'survey'> & {
  readonly view: ShelvesView;
  readonly shelves: readonly number[];
};

/** A second thread: it opens books of its own, does what it is told, and ends. */
export type AuditThread = {
  /** Once it is, `open` takes no time. */
  prepare(): Promise<void>;
  /** `moment`: see `Store.booksTogether`. */
  open(moment: string): Promise<void>;
  audit(asked: HalfAsked): Promise<HalfFound>;
  owners(): Promise<OwnersFound>;
  auditShelves(asked: ShelvesAsked): Promise<HalfFound>;
  end(): Promise<void>;
};

/** `open`: see `Store.books`. */
export function halfAudit(open: (moment: string) => Promise<Snapshot>): Omit<AuditThread, 'prepare' | 'end'> {
  let snapshot: Snapshot;
  let owned: Shelves;
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
    owners: async () => {
      owned = new Shelves(new Audit([]));
      const theirs = snapshot.theirs!(FOLLOWER);
      await allDone([owned.fillOwners(theirs.owners()), owned.fillClaimed(theirs.claims(1))]);
      return { view: owned.view };
    },
    auditShelves: async ({ live, survey, view, shelves }) => {
      const audit = auditOf(live, survey);
      const { aside, told } = await auditTheirs(
        snapshot.theirs!(FOLLOWER),
        audit,
        { views: [view, owned.view], shelves },
        () => {},
      );
      return { half: audit.half(), aside, told };
    },
  };
}
