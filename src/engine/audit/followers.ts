// Followers looked at one after the other, where a store has all that is theirs together.
import type { Audit } from '../../core/audit/audit.ts';
import { FOLLOWER } from '../../core/audit/counter-name.ts';
import type { Paid } from '../../core/audit/payout.ts';
import { keyWithout } from '../../core/audit/shelf.ts';
import type { FollowerRange, Parts, SnapshotPart } from '../../ports.ts';

/** `aside`: what turned out to be nobody's. */
export type AuditedHalf = { readonly aside: SnapshotPart[]; readonly told: Uint8Array<ArrayBuffer> };

export async function auditFollowers(
  parts: Parts,
  audit: Audit,
  range: FollowerRange,
  tell: (done: number) => void,
): Promise<AuditedHalf> {
  const { pages, told } = parts.followers(range);
  const aside: SnapshotPart[] = [];
  let done = 0;
  for await (const page of pages()) {
    for (const part of page) {
      if (part.user === '') aside.push(part);
      else auditPart(audit, part);
      done += part.payouts.length;
    }
    tell(done);
  }
  return { aside, told };
}

export function auditPart(audit: Audit, { user, claims, payouts, counters }: SnapshotPart): void {
  audit.part(user);
  for (const claim of claims) audit.claim(claim);
  for (const { payout, history } of payouts) audit.paid(withoutFollower(audit.payout(payout, history), user));
  for (const { name, value } of counters) audit.counter(name, value);
  audit.endOfPart();
}

/** What it holds is without its follower already. */
function withoutFollower(paid: Paid, user: string): Paid {
  const { claimKey } = paid;
  return { ...paid, claimKey: keyWithout(claimKey, user), user: paid.user === user ? FOLLOWER : paid.user };
}
