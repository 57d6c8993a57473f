// Vouchers (代金券, API v3 marketing/favor): a coupon of a stock that the merchant has made, taken off by itself at a payment by
// WeChat Pay. There is no question by number: the call that sends, repeated with the same number and data, tells the same coupon.
import { t } from '../../base/words/words.ts';
import {
  type Channel,
  type CodeRow,
  type FactsQuery,
  type Meaning,
  type Order,
  type Phase,
  rowsOf,
} from './channel.ts';

export type VoucherRequest = {
  readonly channel: 'voucher';
  readonly mchId: string;
  readonly appId: string;
  /** `stock_id` (批次号). */
  readonly stockId: string;
  /** `stock_creator_mchid`. */
  readonly creator: string;
};

export type VoucherSettings = { readonly channel: 'voucher' };

/** A coupon's `status`, in WeChat Pay's own spelling. */
export const COUPON_STATES = {
  SENDED: 'out',
  USED: 'received',
  EXPIRED: 'back',
  RECOVER: 'takenBack',
} as const satisfies Record<string, Phase>;
export type CouponState = keyof typeof COUPON_STATES;

/** JSON `code` of the call that sends. Whatever only its stock or its follower is to blame for is no trouble of the merchant. */
const SEND_ROWS: readonly CodeRow[] = [
  ...rowsOf({ code: 'PARAM_ERROR', noOrder: true, ofRequest: true }, [
    { text: '批次状态', response: 'stock' },
    { response: 'bug' },
  ]),
  ...rowsOf({ code: 'INVALID_REQUEST', noOrder: true }, [
    { text: '暂时无法领取', response: 'nextMonth' }, // 5,000 yuan in a month from one merchant
    { text: '活动已结束', response: 'stock' },
    { text: '未激活', response: 'stock' },
    { text: 'openid', response: 'bug' },
    { text: '商户', response: 'config' },
    { response: 'one' },
  ]),
  { code: 'APPID_MCHID_NOT_MATCH', response: 'config', noOrder: true },
  { code: 'MCH_NOT_EXISTS', response: 'config', noOrder: true },
  { code: 'SIGN_ERROR', response: 'config', noOrder: true },
  { code: 'RESOURCE_ALREADY_EXISTS', response: 'bug' }, // other data under this number: a coupon may be there
  { code: 'NO_AUTH', response: 'config', noOrder: true },
  ...rowsOf({ code: 'REQUEST_BLOCKED', noOrder: true }, [{ text: '限领', response: 'unable' }, { response: 'stock' }]),
  { code: 'NOT_ENOUGH', response: 'stock', noOrder: true, isSpent: true },
  ...rowsOf({ code: 'RULE_LIMIT', noOrder: true }, [{ text: '单天', response: 'tomorrow' }, { response: 'unable' }]),
  { code: 'USER_ACCOUNT_ABNORMAL', response: 'unable', noOrder: true },
  { code: 'RESOURCE_NOT_EXISTS', response: 'stock', noOrder: true },
  { code: 'FREQUENCY_LIMIT_EXCEED', response: 'slow', noOrder: true },
  { code: 'FREQUENCY_LIMITED', response: 'slow', noOrder: true },
  { code: 'SYSTEM_ERROR', response: 'again' },
];

/** Of a coupon that is known; of one that is not, no refusal of a question proves anything. */
const QUERY_ROWS: readonly CodeRow[] = [
  { code: 'RESOURCE_NOT_EXISTS', response: 'notFound' },
  { code: 'SIGN_ERROR', response: 'config' },
  { code: 'APPID_MCHID_NOT_MATCH', response: 'config' },
  { code: 'PARAM_ERROR', response: 'bug' },
];

function meaningOf({ state }: Order<CouponState>, asked: boolean): Meaning {
  switch (state) {
    case 'SENDED':
      return { response: asked ? 'isSent' : 'accepted' };
    case 'USED':
      return { response: 'isReceived' };
    case 'EXPIRED':
      return { response: 'isRefunded' };
    case 'RECOVER':
      return { response: 'isTakenBack' };
    default:
      return state satisfies never;
  }
}

function requestOf({ mchId, appId, voucher }: FactsQuery): VoucherRequest {
  if (!voucher) throw new Error('only a voucher is sent as one');
  const { stockId, creator = mchId } = voucher;
  return { channel: 'voucher', mchId, appId, stockId, creator };
}

export const VOUCHER: Channel<'voucher', VoucherSettings, VoucherRequest, CouponState> = {
  name: 'voucher',
  pays: 'voucher',
  aPayout: t`a voucher`,
  billNo: /^[0-9A-Za-z|_*-]{1,128}$/,
  paysGroups: false,
  showsPacket: false,
  isConfirmed: false,
  oneByOne: true,
  canTakeBack: false,
  requestOf,
  stockOf: ({ stockId }) => stockId,
  wordsIn: () => [],
  codes: { send: SEND_ROWS, query: QUERY_ROWS },
  phases: COUPON_STATES,
  meaningOf,
};
