// The keys with which WeChat Pay signs, for each merchant that hears or asks it by API v3. One ring of them serves a merchant's
// payer, its notices and its questions about orders.

import type { Config } from '../config/config.ts';
import type { MerchantConfig } from '../config/merchant.ts';
import type { Clock, Log } from '../ports.ts';
import { type KeyConfig, type Keys, openKeys } from '../wechat/pay/platform-keys.ts';

export type KeyRings = {
  /** By the merchant's name; `undefined`: it has no settings for API v3. */
  of(merchant: string): Keys | undefined;
  /** Fetches and renews certificates where it is time to. */
  tend(): Promise<void>;
  close(): Promise<void>;
};

export function openKeyRings({ merchants }: Config, clock: Clock, log: Log): KeyRings {
  const rings = new Map<string, Keys>();
  for (const merchant of merchants.values()) {
    const keys = keysOf(merchant, clock, log);
    if (keys) rings.set(merchant.name, keys);
  }
  const all = async (work: (keys: Keys) => Promise<void>): Promise<void> => {
    await Promise.all([...rings.values()].map(work));
  };
  return {
    of: merchant => rings.get(merchant),
    tend: () => all(keys => keys.tend()),
    close: () => all(keys => keys.close()),
  };
}

/** `log` absent: of a command that says itself what it was told. */
export function keysOf(merchant: MerchantConfig, clock: Clock, log?: Log): Keys | undefined {
  const config = configOf(merchant);
  return config && openKeys(config, clock, log);
}

/** The same settings wherever they are needed: for a channel of API v3, or for notices alone. */
function configOf({ name, mchId, api, ca, payNotice }: MerchantConfig): KeyConfig | undefined {
  return payNotice?.v3 && { name, mchId, api, ca, ...payNotice.v3 };
}
