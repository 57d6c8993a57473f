// The payout channels that there are. One more is its own file beside these, its request and its line here, its protocol in
// `wechat/pay/` with a line in `setup/channels.ts`, and its settings in `config/merchant.ts`.
import type { Channel } from './channel.ts';
import { REDPACK, type RedpackRequest } from './redpack.ts';
import { TRANSFER, type TransferRequest } from './transfer.ts';
import { VOUCHER, type VoucherRequest } from './voucher.ts';

/** Every field of the request, chosen and stored before the first call; a retry sends these. */
export type PayRequest = RedpackRequest | TransferRequest | VoucherRequest;

const CHANNELS = {
  redpack: REDPACK,
  group: REDPACK,
  transfer: TRANSFER,
  voucher: VOUCHER,
} satisfies Readonly<Record<PayRequest['channel'], Channel>>;

type Made = (typeof CHANNELS)[keyof typeof CHANNELS];
/** As bot.yaml names them. */
export type ChannelName = Made['name'];
/** As much of a merchant in bot.yaml as the request of its channel needs. */
export type ChannelSettings = Parameters<Made['requestOf']>[1];
/** Where an order can stand, in the words of all of them. */
export type OrderState = Made extends infer C ? (C extends { readonly phases: infer S } ? keyof S : never) : never;
type AnyChannel = Channel<ChannelName, ChannelSettings, PayRequest>;

/** The channel of a stored request, or of a merchant. */
export function channelOf({ channel }: Pick<PayRequest, 'channel'>): AnyChannel {
  return CHANNELS[channel];
}

/** Each of them once. */
export const ALL_CHANNELS: readonly AnyChannel[] = [...new Set<AnyChannel>(Object.values(CHANNELS))];
