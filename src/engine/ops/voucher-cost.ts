// How much of what a campaign costs is vouchers (代金券): the shop gives that away at its tills, and no account pays it.

import { openId } from '../../core/base/event.ts';
import { type Fen, fen } from '../../core/base/money.ts';
import type { Instant } from '../../core/base/time.ts';
import { prizeCounter, prizeDayCounter } from '../../core/decide/limits.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { isVoucher } from '../../core/rules/campaign-query.ts';
import type { Store } from '../../ports.ts';

/** As many as were given, at what the file says that one is worth. `at`: only those of that day of the campaign. */
export async function voucherCost(store: Pick<Store, 'facts'>, campaign: Campaign, at?: Instant): Promise<Fen> {
  const prizes = [...campaign.prizes.values()].filter(isVoucher);
  if (prizes.length === 0) return fen(0);
  const names = prizes.map(({ name }) =>
    at === undefined ? prizeCounter(campaign.id, name) : prizeDayCounter(campaign, name, at),
  );
  const asked = { account: '', user: openId('-'), merchant: undefined, claims: [], counters: names };
  const { counters } = await store.facts(asked);
  return fen(prizes.reduce((sum, { max }, n) => sum + max * (counters.get(names[n]!) ?? 0), 0));
}
