// The stocks of vouchers that campaigns name, asked of WeChat Pay by the merchants of bot.yaml.

import type { Config } from '../config/config.ts';
import { stockKey, type ToldStock } from '../core/lint/context.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import { isVoucher, type Voucher } from '../core/rules/campaign-query.ts';
import type { Clock } from '../ports.ts';
import { createStockDesk } from '../wechat/pay/stock.ts';
import { keysOf } from './platform-keys.ts';

/** `unasked`: those of which nobody can tell now, and why. */
type Stocks = { readonly told: ReadonlyMap<string, ToldStock | 'unknown'>; readonly unasked: readonly string[] };

export async function stocksOf(config: Config, campaigns: readonly Campaign[], clock: Clock): Promise<Stocks> {
  const told = new Map<string, ToldStock | 'unknown'>();
  const unasked = new Set<string>();
  for (const campaign of campaigns) {
    const prizes = [...campaign.prizes.values()].filter(isVoucher);
    const account = config.accounts.get(campaign.account ?? [...config.accounts.keys()][0] ?? '');
    const merchant = config.merchants.get(account?.merchant ?? '');
    const keys = merchant?.vouchers && prizes.length > 0 ? keysOf(merchant, clock) : undefined;
    if (!account || !merchant?.vouchers || !keys) continue;
    const { api, ca, mchId, serialNo, privateKey } = merchant.vouchers;
    const desk = createStockDesk({ api, ca, mchId, serialNo, privateKey }, clock, keys);
    try {
      for (const prize of prizes) {
        const answer = await desk.ask(prize.stockId, prize.creator ?? mchId);
        if (typeof answer === 'object' && 'said' in answer) unasked.add(`${prize.stockId} (${answer.said})`);
        else told.set(stockKey(account.name, prize), seenFrom(mchId, prize, answer));
      }
    } finally {
      await Promise.all([desk.close(), keys.close()]);
    }
  }
  return { told, unasked: [...unasked] };
}

function seenFrom(mchId: string, { creator = mchId }: Voucher, stock: ToldStock | 'unknown'): ToldStock | 'unknown' {
  return stock === 'unknown' || creator === mchId ? stock : { ...stock, isForeign: true };
}
