// Asks after a payout that was undone on its way, and takes back from the follower what still waits for them.
import { isTakingBack } from '../core/payout/operator-steps.ts';
import type { PayoutPolicy } from '../core/payout/pace.ts';
import type { Observation, Payout } from '../core/payout/payout.ts';
import type { Verdict } from '../core/payout/transitions.ts';
import { canTakeBack, observeUndone } from '../core/payout/undone.ts';
import type { Cancel } from '../core/rules/campaign.ts';
import type { Clock, Payer, Store } from '../ports.ts';

export async function askBack(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { payer, policy }: { readonly payer: Payer; readonly policy: PayoutPolicy },
  payout: Payout & { readonly stopped: Cancel },
): Promise<{ readonly verdict: Verdict; readonly seen: Observation }> {
  const asked = await payer.query(payout);
  const taken = canTakeBack(payout, asked) ? await payer.cancel?.(payout) : undefined;
  const seen = taken && isTakingBack(taken, payout) ? taken : asked; // a refusal to take it back says nothing of the bill
  const history = await store.history(payout.billNo);
  return { verdict: observeUndone(payout, seen, history, clock(), policy), seen };
}
