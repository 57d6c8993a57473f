// How each payout channel is reached with the settings that bot.yaml has for it: one line a channel, its protocol stands in
// `wechat/pay/`.
import type { MerchantConfig } from '../config/merchant.ts';
import type { ChannelName } from '../core/payout/channels/index.ts';
import type { Clock, Payer } from '../ports.ts';
import type { Look } from '../wechat/pay/payout-lookup.ts';
import type { Keys } from '../wechat/pay/platform-keys.ts';
import { createPayer, createRedpackLook } from '../wechat/pay/redpack.ts';
import { createNoticeReader, createTransferLook, createTransferPayer } from '../wechat/pay/transfer.ts';
import type { Authorizations } from '../wechat/pay/transfer-authorization.ts';
import { createUseReader, createVoucherPayer, NO_LOOK } from '../wechat/pay/voucher.ts';

/** `keys`: the merchant's, whose settings of API v3 stand there wherever a channel needs them. */
type Way<Merchant> = {
  payer(merchant: Merchant, clock: Clock, keys: Keys | undefined, authorizations?: Authorizations): Payer;
  /** Whose a number is. */
  look(merchant: Merchant, clock: Clock, keys: Keys | undefined): Look;
  /** Reads what WeChat Pay tells by itself of payouts that have ended. */
  notices?(merchant: Merchant, keys: Keys): ReturnType<typeof createNoticeReader | typeof createUseReader>;
  /** What WeChat Pay knows the merchant by, beside its number. */
  credentials(merchant: Merchant): readonly (string | Buffer)[];
};

const WAYS: { readonly [Name in ChannelName]: Way<Extract<MerchantConfig, { channel: Name }>> } = {
  redpack: {
    payer: createPayer,
    look: createRedpackLook,
    credentials: ({ apiV2Key, certificate }) => [
      apiV2Key,
      ...('pfx' in certificate ? [certificate.pfx] : [certificate.cert, certificate.key]),
    ],
  },
  transfer: {
    payer: (merchant, clock, keys, authorizations) => createTransferPayer(merchant, clock, keys!, authorizations),
    look: (merchant, clock, keys) => createTransferLook(merchant, clock, keys!),
    notices: createNoticeReader,
    credentials: ({ serialNo, privateKey }) => [serialNo, privateKey],
  },
  voucher: {
    payer: (merchant, clock, keys) => createVoucherPayer(merchant, clock, keys!),
    look: () => NO_LOOK,
    notices: createUseReader,
    credentials: ({ serialNo, privateKey }) => [serialNo, privateKey],
  },
};

export function wayOf({ channel }: MerchantConfig): Way<MerchantConfig> {
  return WAYS[channel];
}
