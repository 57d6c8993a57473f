// What became of a payout, for whom it is: the chat and the page say the same of it, each in words of its own.
import { type Instant, later, MINUTE } from '../base/time.ts';
import { isCancel } from '../rules/campaign.ts';
import { channelOf } from './channels/index.ts';
import type { Payout } from './payout.ts';

/**
 * `coming`: not sent yet. `later`: will be sent at a time. `stuck`: WeChat refuses the follower for now. `waiting`: lies in the
 * chat, to be opened. `usable`: a voucher, for a payment, which is `used` by it, or has `lapsed`. `confirm`: the follower takes it on the page.
 */
export type Stage =
  | 'coming'
  | 'later'
  | 'stuck'
  | 'waiting'
  | 'confirm'
  | 'usable'
  | 'used'
  | 'lapsed'
  | 'received'
  | 'returned'
  | 'failed'
  | 'cancelled';

/** `when`: it is sent then, or can be taken until then. */
type PayoutView = { readonly stage: Stage; readonly when?: Instant };

export function payoutView(payout: Payout): PayoutView {
  const { state, tries, undoneBy, nextAt, stopped } = payout;
  if (isTakenBack(payout)) return { stage: 'cancelled' };
  switch (state) {
    case 'planned':
      return nextAt !== undefined && isDelayed(payout) ? { stage: 'later', when: nextAt } : { stage: 'coming' };
    case 'sending':
    case 'unknown':
    case 'held':
      return { stage: payout.userRefused ? 'stuck' : 'coming' };
    case 'sent':
      return handedOver(payout);
    case 'received':
      return { stage: isVoucher(payout) ? 'used' : 'received' };
    case 'refunded':
      return { stage: isVoucher(payout) ? 'lapsed' : 'returned' };
    case 'failed':
      return { stage: (tries === 0 && undoneBy) || stopped === 'calledOff' ? 'cancelled' : 'failed' };
    default:
      return state satisfies never;
  }
}

function isVoucher({ request }: Payout): boolean {
  return channelOf(request).pays === 'voucher';
}

/** It was undone, and the follower does not have it; a red packet on their phone can still be opened. */
function isTakenBack({ stopped, state, request }: Payout): boolean {
  return isCancel(stopped) && state !== 'received' && (state !== 'sent' || channelOf(request).canTakeBack);
}

/** A payout that waits less than a minute is only waiting for its turn. */
function isDelayed({ tries, nextAt, createdAt }: Payout): boolean {
  return tries === 0 && nextAt !== undefined && nextAt - createdAt >= MINUTE;
}

function handedOver({ request, packageInfo, problem, stopped, sentAt }: Payout): PayoutView {
  const { isConfirmed, openMs } = channelOf(request);
  const isForAPerson = problem !== undefined || stopped !== undefined;
  if (isForAPerson || (isConfirmed && packageInfo === undefined)) return { stage: 'coming' };
  if (openMs === undefined) return { stage: 'usable' };
  return { stage: isConfirmed ? 'confirm' : 'waiting', ...(sentAt !== undefined && { when: later(sentAt, openMs) }) };
}

/** Of each claim its latest number. `payouts`: newest first. */
export function latestOfEach(payouts: readonly Payout[]): Payout[] {
  const seen = new Set<string>();
  return payouts.filter(({ claimKey }) => !seen.has(claimKey) && seen.add(claimKey));
}
