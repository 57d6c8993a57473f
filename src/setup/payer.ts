// The ways to pay that a merchant of bot.yaml has.
import type { MerchantConfig } from '../config/merchant.ts';
import type { Payout } from '../core/payout/payout.ts';
import type { Clock, Payer } from '../ports.ts';
import type { Keys } from '../wechat/pay/platform-keys.ts';
import { createPayer } from '../wechat/pay/redpack.ts';
import { createTransferPayer } from '../wechat/pay/transfer.ts';
import { keysOf } from './platform-keys.ts';

/** One way to pay behind both of WeChat Pay's channels. `shared`: the keys of a bot, which outlive this payer. */
export function payerOf(merchant: MerchantConfig, clock: Clock, shared?: Keys): Payer {
  const keys = shared ?? keysOf(merchant, clock);
  // Whoever pays by transfer has settings for API v3.
  const open = (each: MerchantConfig): Payer =>
    each.channel === 'redpack' ? createPayer(each) : createTransferPayer(each, clock, keys!);
  const own = open(merchant);
  const { former } = merchant;
  const other = former && open(former);
  // What was planned on the other channel before the change is looked after there, with the settings that still stand.
  const payerFor = ({ request }: Payout): Payer | undefined =>
    (request.channel === 'transfer') === (merchant.channel === 'transfer') ? own : other;
  const missing = ({ request }: Payout) =>
    ({
      kind: 'unreached',
      code: 'NO_CHANNEL',
      text: `merchant "${merchant.name}" has no settings for channel ${request.channel} in bot.yaml`,
    }) as const;
  const cancel = (payout: Payout) => payerFor(payout)?.cancel?.(payout) ?? Promise.resolve(missing(payout));
  return {
    send: async payout => payerFor(payout)?.send(payout) ?? missing(payout),
    query: async payout => payerFor(payout)?.query(payout) ?? missing(payout),
    ...((own.cancel ?? other?.cancel) && { cancel }),
    async close() {
      await Promise.all([own.close(), other?.close(), shared ? undefined : keys?.close()]);
    },
  };
}
