// Followers looked at one after the other, where a store finds payouts and counters by whose they are. Who they are is known from
// their claims, which lie on shelves by then, and from who has counters.
import type { Audit } from '../../core/audit/audit.ts';
import { FOLLOWER } from '../../core/audit/counter-name.ts';
import { followerOfClaim } from '../../core/audit/shelf.ts';
import type { SnapshotPart, SnapshotRows, Theirs } from '../../ports.ts';
import { type AuditedHalf, auditPart } from './followers.ts';
import { followersOn, type Packed, type ShelvesView, unpacked } from './shelves.ts';

/** Followers of one look, and about as many payouts: the store serves nobody else meanwhile. */
const PAGE = 50;
const PAYOUTS = 100;
/** So many looks are under way at once: the store is never idle. */
const AHEAD = 3;

type Follower = ReturnType<typeof unpacked>;
type Found = Awaited<ReturnType<Theirs['of']>>[number];
type Look = { readonly followers: readonly Follower[]; readonly found: Promise<readonly Found[]> };

/** `tell`: how many payouts were looked at. */
export async function auditTheirs(
  theirs: Theirs,
  audit: Audit,
  { views, shelves }: { readonly views: readonly ShelvesView[]; readonly shelves: readonly number[] },
  tell: (done: number) => void,
): Promise<AuditedHalf> {
  const told = theirs.marks();
  const aside: SnapshotPart[] = [];
  const looks = looksOf(theirs, told, pagesOn(views, shelves));
  const coming: Look[] = [];
  for (let done = 0; ; ) {
    for (let next = looks.next(); !next.done; next = looks.next()) if (coming.push(next.value) === AHEAD) break;
    const look = coming.shift();
    if (!look) return { aside, told };
    for (const [n, found] of (await look.found).entries()) {
      aside.push(...auditOne(audit, look.followers[n]!, found));
      done += found.payouts.length;
    }
    tell(done);
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** Each is asked for when it is wanted. */
function* looksOf(theirs: Theirs, told: Uint8Array, pages: Iterable<readonly Packed[]>): Generator<Look> {
  for (const page of pages) {
    const followers = page.map(unpacked);
    const looked = page.map(({ counters }, n) => ({ user: followers[n]!.user, hasCounters: counters.length > 0 }));
    const found = theirs.of(looked, told);
    found.catch(() => undefined); // it is told to whoever waits for it
    yield { followers, found };
  }
}

function* pagesOn(views: readonly ShelvesView[], shelves: readonly number[]): Generator<Packed[]> {
  for (const shelf of shelves) {
    let [page, claims]: [Packed[], number] = [[], 0];
    for (const rows of followersOn(views, shelf)) {
      page.push(rows);
      claims += rows.claims.length + rows.counters.length;
      if (page.length < PAGE && claims < PAYOUTS) continue;
      yield page;
      [page, claims] = [[], 0];
    }
    if (page.length > 0) yield page;
  }
}

/** What is nobody's, or is paid to this one for another's claim, is not looked at here. */
function auditOne(audit: Audit, { user, claims }: Follower, { payouts, counters }: Found): SnapshotPart[] {
  if (user === '') return [{ user, claims, payouts, counters }];
  const isTheirs = ({ payout }: SnapshotRows['payouts']): boolean => followerOfClaim(payout.claimKey) === user;
  auditPart(audit, { user, claims, payouts: payouts.filter(isTheirs), counters });
  const others = payouts.filter(each => !isTheirs(each)).map(each => inFull(each, user));
  return others.length === 0 ? [] : [{ user: '', claims: [], payouts: others, counters: [] }];
}

function inFull({ payout, history }: SnapshotRows['payouts'], user: string): SnapshotRows['payouts'] {
  const holds = payout.holds.map(({ name, add }) => ({ name: name.replace(FOLLOWER, () => user), add }));
  return { payout: { ...payout, holds }, history };
}
