// Who has won what in a campaign, and who has taken part: read from the books as of one moment, a page at a time, however many.

import { type Day, dayOf } from '../../core/base/time.ts';
import type { Claim } from '../../core/decide/decision.ts';
import { type Parcel, parcelsIn } from '../../core/goods/parcel.ts';
import { type Participant, type Winner, winnerOf } from '../../core/ops/winner-list.ts';
import { latestOfEach, payoutView } from '../../core/payout/view.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { Seen } from '../../lib/seen.ts';
import type { Store } from '../../ports.ts';

/** Of one follower in one campaign. */
const PAYOUTS_MAX = 1000;
const EVENTS_MAX = 1000;

type From = Pick<Store, 'snapshot' | 'payouts' | 'journal' | 'document'>;

/** `isWhole`: with what became of each prize, which is looked up. A campaign whose file is gone tells of money only. */
export async function* winnersOf(
  store: From,
  id: string,
  campaign: Pick<Campaign, 'prizes'> | undefined,
  isWhole: boolean,
): AsyncGenerator<Winner> {
  for await (const claim of claimsOf(store, id)) {
    const winner = winnerOf(claim, campaign);
    if (winner) yield isWhole ? { ...winner, ...(await becomeOf(store, claim, winner)) } : winner;
  }
}

/** Each once, won or not. `day`: who took part on it. */
export async function* participantsOf(store: From, id: string, day?: Day): AsyncGenerator<Participant> {
  const seen = new Seen();
  for await (const { account, user, at } of claimsOf(store, id))
    if ((day === undefined || dayOf(at) === day) && seen.add(`${account}/${user}`)) yield { account, user, at };
}

async function* claimsOf(store: From, id: string): AsyncGenerator<Claim> {
  const snapshot = await store.snapshot();
  try {
    for await (const page of snapshot.claims().pages()) yield* page.filter(({ campaign }) => campaign === id);
  } finally {
    await snapshot.close();
  }
}

export async function becomeOf(
  store: Omit<From, 'snapshot'>,
  claim: Pick<Claim, 'user' | 'campaign' | 'account' | 'key' | 'amount'>,
  { kind }: Pick<Winner, 'kind'>,
): Promise<Partial<Winner>> {
  const { user, campaign, account, key } = claim;
  if (claim.amount > 0) {
    const payouts = await store.payouts({ user, campaign, limit: PAYOUTS_MAX });
    const mine = latestOfEach(payouts).find(({ claimKey }) => claimKey === key);
    return mine ? { state: payoutView(mine).stage } : {};
  }
  if (kind === 'coupon') {
    const lines = await store.journal({ user, limit: EVENTS_MAX });
    const award = lines.find(({ decision }) => decision.kind === 'awarded' && decision.claimKey === key)?.decision;
    return award?.kind === 'awarded' && award.coupon !== undefined ? { what: award.coupon } : {};
  }
  if (kind !== 'goods') return {};
  const row = await store.document('parcels', `${account}/${user}`);
  const parcel = parcelsIn(row?.text).parcels.find(each => each.claim === key);
  return parcel ? { state: stateOf(parcel) } : {};
}

function stateOf({ state, exportedAt }: Parcel): NonNullable<Winner['state']> {
  if (exportedAt !== undefined) return 'handedOn';
  return state === 'open' ? 'noAddress' : state === 'given' ? 'address' : 'declined';
}
