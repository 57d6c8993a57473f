// What can happen where: as each endpoint takes its faults, for whoever asks for one elsewhere.

import { BILL_KINDS, DOWNLOAD_KINDS } from '../pay/bills.ts';
import { KINDS as ORDER_KINDS } from '../pay/order-query.ts';
import { AFTER, AT_ORDER, BEFORE } from '../pay/redpack-faults.ts';
import { AT_BILL, AT_CANCEL, BEFORE as BEFORE_V3 } from '../pay/transfer-faults.ts';
import type { PayFault } from '../shared/protocol.ts';
import { OF_ANY_NOTICE, OF_FRONT, OF_PAY_NOTICES } from '../world/faults.ts';

type Kind = PayFault['kind'];
type Place = NonNullable<PayFault['at']>;

const asked: readonly Kind[] = [...BEFORE, ...AT_ORDER, ...AFTER];
const redPacket: readonly Kind[] = [...asked, 'expiredButReceived'];
const v3: readonly Kind[] = [...BEFORE_V3, ...AFTER];

/** Beside what stands before all of them. */
const KINDS_AT: Readonly<Record<Place, readonly Kind[]>> = {
  sendredpack: redPacket,
  sendgroupredpack: redPacket,
  gethbinfo: asked,
  transfer: [...v3, ...AT_BILL, ...OF_ANY_NOTICE],
  transferQuery: v3,
  transferCancel: [...v3, ...AT_CANCEL],
  voucher: [...v3, ...OF_ANY_NOTICE],
  voucherQuery: v3,
  authorization: v3,
  orderQuery: [...ORDER_KINDS],
  certificates: v3,
  bill: BILL_KINDS,
  billDownload: DOWNLOAD_KINDS,
  payNotice: [...OF_ANY_NOTICE, ...OF_PAY_NOTICES],
};

export const PLACES = Object.keys(KINDS_AT) as Place[];

export function kindsAt(place: Place): readonly Kind[] {
  return [...new Set([...KINDS_AT[place], ...(place === 'payNotice' ? [] : OF_FRONT)])];
}
