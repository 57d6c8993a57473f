// The ways to pay that a merchant of bot.yaml has.
import { type MerchantConfig, waysOf } from '../config/merchant.ts';
import type { HeldAuthorization } from '../core/payout/authorization.ts';
import { type ChannelName, channelOf } from '../core/payout/channels/index.ts';
import type { Observation, Payout } from '../core/payout/payout.ts';
import { NOBODY_PAYS } from '../core/payout/unclear-answers.ts';
import type { Clock, Payer } from '../ports.ts';
import { createBalanceDesk } from '../wechat/pay/balance.ts';
import type { Keys } from '../wechat/pay/platform-keys.ts';
import type { Authorizations } from '../wechat/pay/transfer-authorization.ts';
import { wayOf } from './channels.ts';
import { keysOf } from './platform-keys.ts';

function balanceOf({ mchId, api, ca, payNotice }: MerchantConfig, clock: Clock, keys: Keys | undefined) {
  const signer = payNotice?.v3?.fetcher;
  return keys && signer && createBalanceDesk({ mchId, api, ca, ...signer }, clock, keys);
}

/**
 * One way to pay behind all of WeChat Pay's channels. `shared`: the keys of a bot, which outlive this payer. `authorizations`:
 * where they are kept; who only asks and takes back needs none.
 */
export function payerOf(merchant: MerchantConfig, clock: Clock, shared?: Keys, authorizations?: Authorizations): Payer {
  const keys = shared ?? keysOf(merchant, clock);
  const desk = balanceOf(merchant, clock, keys);
  const payers = new Map<ChannelName, Payer>();
  for (const each of waysOf(merchant)) payers.set(each.channel, wayOf(each).payer(each, clock, keys, authorizations));
  // What was planned on another channel before a change is looked after there, with the settings that still stand. A number is
  // known to its own merchant number alone: another one would say that there is no such payout, and pay it once more.
  const payerFor = ({ request }: Payout): Payer | undefined =>
    request.mchId === merchant.mchId ? payers.get(channelOf(request).name) : undefined;
  const missing = (payout: Payout): Observation => ({ kind: 'unreached', ...whyNobody(payout, merchant) });
  return {
    prepare: async payout => payerFor(payout)?.prepare?.(payout),
    send: async payout => payerFor(payout)?.send(payout) ?? missing(payout),
    query: async payout => payerFor(payout)?.query(payout) ?? missing(payout),
    ...([...payers.values()].some(each => each.cancel) && {
      cancel: async (payout: Payout) => payerFor(payout)?.cancel?.(payout) ?? missing(payout),
    }),
    ...(desk && { balance: () => desk.ask() }),
    ...(payers.get('transfer')?.endAuthorization && {
      endAuthorization: (known: HeldAuthorization) => payers.get('transfer')!.endAuthorization!(known),
    }),
    async close() {
      await Promise.all([
        desk?.close(),
        ...[...payers.values()].map(each => each.close()),
        shared ? undefined : keys?.close(),
      ]);
    },
  };
}

/**
 * The payer of a merchant's payouts, those of a number included that it had under this name before: whichever merchant of bot.yaml
 * has that number now pays them and is asked. `made`: the payer of one merchant alone, made once.
 */
export function payerAmong(
  merchant: MerchantConfig,
  merchants: ReadonlyMap<string, MerchantConfig>,
  made: (each: MerchantConfig) => Payer,
): Payer {
  const own = made(merchant);
  const of = ({ request }: Payout): Payer => {
    if (request.mchId === merchant.mchId) return own;
    const other = [...merchants.values()].find(({ mchId }) => mchId === request.mchId);
    return other ? made(other) : own;
  };
  return {
    ...own,
    prepare: async payout => of(payout).prepare?.(payout),
    send: async payout => of(payout).send(payout),
    query: async payout => of(payout).query(payout),
    ...(own.cancel && {
      cancel: async (payout: Payout) =>
        of(payout).cancel?.(payout) ?? { kind: 'unreached', ...whyNobody(payout, merchant) },
    }),
  };
}

function whyNobody(
  { request }: Payout,
  { name, mchId }: MerchantConfig,
): { readonly code: string; readonly text: string } {
  if (request.mchId === mchId)
    return {
      code: NOBODY_PAYS.channel,
      text: `merchant "${name}" has no settings for channel ${request.channel} in bot.yaml`,
    };
  return {
    code: NOBODY_PAYS.merchant,
    text: `it is of merchant number ${request.mchId}, and "${name}" is ${mchId} in bot.yaml now: add ${request.mchId} with its keys again, under any name`,
  };
}
