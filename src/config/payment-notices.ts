// Of a merchant in bot.yaml: with what its payment notices (支付通知) are verified, and whether orders are asked after.
import { X509Certificate } from 'node:crypto';
import * as shape from '../core/yaml/schema.ts';
import type { Certificate } from './certificate.ts';
import type { PlatformKey } from './platform-keys.ts';

export const ORDER_QUERY = shape.optional(
  shape.flag(),
  'an order is asked after before its payment notice is believed',
);

type KeysV3 = { readonly apiV3Key: string; readonly platformKeys: readonly PlatformKey[] };
type Signer = { readonly serialNo: string; readonly privateKey: Buffer };

/** By API v2, by API v3, or both: whatever the settings that stand there are enough for. */
export type PayNoticeSettings = {
  readonly apiV2Key?: string;
  /** `fetcher` signs the question for platform certificates; without it nobody asks. */
  readonly v3?: KeysV3 & { readonly fetcher?: Signer };
  /** Signs questions about orders in API v3; without it they are put in API v2. */
  readonly signer?: Signer;
  readonly orderQuery: boolean;
  /** Service-provider mode (服务商模式): whose payments are meant. */
  readonly subMchId?: string;
};

type Written = {
  readonly apiV2Key?: string | undefined;
  readonly apiV3Key?: string | undefined;
  readonly orderQuery?: boolean;
  readonly subMchId?: string;
};

/** `signs`, `packets`: settings of channels that stand there: their keys are the same, and were read already. */
export function payNoticeOf(
  merchant: Written,
  platformKeys: readonly PlatformKey[] | undefined,
  { signs, packets }: { signs: Signer | undefined; packets: { certificate: Certificate } | undefined },
): PayNoticeSettings {
  const { apiV2Key, apiV3Key, orderQuery = false, subMchId } = merchant;
  const signer = signs && { serialNo: signs.serialNo, privateKey: signs.privateKey };
  const fetcher = signer ?? signerIn(packets?.certificate);
  return {
    ...(apiV2Key !== undefined && { apiV2Key }),
    ...(apiV3Key !== undefined && platformKeys && { v3: { apiV3Key, platformKeys, ...(fetcher && { fetcher }) } }),
    ...(signer && { signer }),
    orderQuery,
    ...(subMchId !== undefined && { subMchId }),
  };
}

/** The PEM pair of red packets signs API v3 as well; what is wrong with it was said before. */
function signerIn(certificate: Certificate | undefined): Signer | undefined {
  if (!certificate || !('cert' in certificate)) return undefined;
  try {
    return { serialNo: new X509Certificate(certificate.cert).serialNumber, privateKey: certificate.key };
  } catch {
    return undefined;
  }
}
