// WeChat Pay behind every merchant of bot.yaml, asked for a repair at their pace.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import type { MerchantConfig } from '../../config/merchant.ts';
import { inLang } from '../../core/base/words/words.ts';
import { noMerchant, type WeChatPay } from '../../engine/repair/ports.ts';
import type { Clock, Payer } from '../../ports.ts';
import { wayOf } from '../../setup/channels.ts';
import { payerAmong, payerOf } from '../../setup/payer.ts';
import { keysOf } from '../../setup/platform-keys.ts';
import type { Look } from '../../wechat/pay/payout-lookup.ts';

export function openWeChatPay(config: Config, clock: Clock): WeChatPay {
  const payers = new Map<string, Payer>();
  const looks = new Map<MerchantConfig, Look>();
  const rest = ({ limits }: MerchantConfig): Promise<void> => sleep(1000 / limits.perSecond);
  const payerNamed = (merchant: MerchantConfig): Payer => {
    const payer = payers.get(merchant.name) ?? payerOf(merchant, clock);
    payers.set(merchant.name, payer);
    return payer;
  };
  return {
    async query(payout) {
      const merchant = config.merchants.get(payout.merchant);
      if (!merchant) return { kind: 'unreached', code: 'NO_MERCHANT', text: inLang(noMerchant(payout.merchant), 'en') };
      await rest(merchant);
      return payerAmong(merchant, config.merchants, payerNamed).query(payout);
    },
    async look(merchant, draft) {
      const look = looks.get(merchant) ?? lookOf(merchant, clock);
      looks.set(merchant, look);
      await rest(merchant);
      return look.ask(draft);
    },
    async close() {
      await Promise.all([...payers.values(), ...looks.values()].map(each => each.close()));
    },
  };
}

function lookOf(merchant: MerchantConfig, clock: Clock): Look {
  const keys = keysOf(merchant, clock);
  const look = wayOf(merchant).look(merchant, clock, keys);
  return { ...look, close: async () => void (await Promise.all([look.close(), keys?.close()])) };
}
