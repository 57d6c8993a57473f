// A merchant (商户) of the simulated WeChat Pay: what it allows, and its books.
import { BadInput } from '../../core/base/error.ts';
import { DEFAULT_API_V3_KEY, MERCHANT_LIMITS, type MerchantLimits, type MerchantOptions } from '../shared/options.ts';
import type { FundEdit, Merchant } from '../shared/protocol.ts';

export type MerchantState = {
  options: MerchantOptions;
  readonly apiV3Key: string;
  limits: MerchantLimits;
  books: Merchant;
  /** What was paid in or out by hand: `setBalance`. */
  readonly topUps: TopUp[];
  /** Rows of its fund flow that were changed by hand, until the next start. */
  fundEdits: readonly FundEdit[];
};
type TopUp = { readonly at: number; readonly amount: number };

/** An account that is added belongs to every merchant there is. */
export function bindApp(merchants: Iterable<MerchantState>, appId: string): void {
  for (const merchant of merchants)
    merchant.options = { ...merchant.options, appIds: [...merchant.options.appIds, appId] };
}

export function newMerchant(options: MerchantOptions): MerchantState {
  const { mchId, balance, apiV3Key = DEFAULT_API_V3_KEY } = options;
  if (Buffer.byteLength(apiV3Key) !== 32) throw new BadInput(`merchant ${mchId}: apiV3Key: expected 32 bytes`);
  const books = { mchId, balance, sentCount: 0, sentAmount: 0, receivedAmount: 0, refundedAmount: 0, freqLimits: 0 };
  return { options, apiV3Key, limits: { ...MERCHANT_LIMITS, ...options.limits }, books, topUps: [], fundEdits: [] };
}
