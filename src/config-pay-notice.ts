// Of a merchant in bot.yaml: with what its payment notices (支付通知) are verified, and whether orders are asked after.
import { type Complain, readKey } from './config-files.ts';
import * as shape from './core/shape.ts';

export const ORDER_QUERY = shape.optional(
  shape.flag(),
  'an order is asked after before its payment notice is believed',
);

type KeysV3 = { readonly apiV3Key: string; readonly publicKeyId: string; readonly publicKey: Buffer };
type Signer = { readonly serialNo: string; readonly privateKey: Buffer };

/** By API v2, by API v3, or both: whatever the settings that stand there are enough for. */
export type PayNoticeSettings = {
  readonly apiV2Key?: string;
  readonly v3?: KeysV3;
  /** Signs questions about orders in API v3; without it they are put in API v2. */
  readonly signer?: Signer;
  readonly orderQuery: boolean;
};

type Written = {
  readonly apiV2Key?: string;
  readonly apiV3Key?: string;
  readonly publicKeyId?: string;
  readonly publicKey?: shape.Located<string>;
  readonly orderQuery?: boolean;
};

/** `transfer`: the settings of 商家转账, where they stand there: their keys are the same, and were read already. */
export function payNoticeOf(
  merchant: Written,
  transfer: (KeysV3 & Signer) | undefined,
  base: string,
  complain: Complain,
): PayNoticeSettings {
  const { apiV2Key, orderQuery = false } = merchant;
  const v3 = transfer ?? keysOf(merchant, base, complain);
  return {
    ...(apiV2Key !== undefined && { apiV2Key }),
    ...(v3 && { v3: { apiV3Key: v3.apiV3Key, publicKeyId: v3.publicKeyId, publicKey: v3.publicKey } }),
    ...(transfer && { signer: { serialNo: transfer.serialNo, privateKey: transfer.privateKey } }),
    orderQuery,
  };
}

function keysOf({ apiV3Key, publicKeyId, publicKey }: Written, base: string, complain: Complain): KeysV3 | undefined {
  if (apiV3Key === undefined || publicKeyId === undefined || !publicKey) return undefined;
  return { apiV3Key, publicKeyId, publicKey: readKey(publicKey, 'public', base, complain) };
}
