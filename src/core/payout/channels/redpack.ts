// Red packets (现金红包, API v2): sendredpack, sendgroupredpack and gethbinfo, with WeChat Pay's codes as data (错误码). What
// the code means decides what happens; an unknown code is an unknown outcome, never a failure.

import { DAY } from '../../base/time.ts';
import { t } from '../../base/words/words.ts';
import {
  type Channel,
  type CodeRow,
  type FactsQuery,
  type Known,
  type Meaning,
  type Order,
  type Phase,
  type ResponseClass,
  rowOf,
  rowsOf,
} from './channel.ts';

type Fields = {
  readonly mchId: string;
  readonly appId: string;
  readonly sendName: string;
  readonly actName: string;
  readonly wishing: string;
  readonly remark: string;
  readonly sceneId?: string;
  /** `k=v&k=v`, URL-encoded (活动信息). */
  readonly riskInfo?: string;
  /** Service-provider mode (服务商模式): the merchant served, its AppID, and whose money it is. */
  readonly subMchId?: string;
  readonly msgAppId?: string;
  readonly consumeMchId?: string;
};

/**
 * sendredpack (发放红包接口), or sendgroupredpack (裂变红包, deprecated by WeChat Pay on 2024-06-05), whose sign a client_ip
 * would spoil.
 */
export type RedpackRequest =
  | (Fields & { readonly channel: 'redpack'; readonly clientIp: string })
  | (Fields & { readonly channel: 'group'; readonly totalNum: number });

/** As much of a merchant in bot.yaml as a request needs. */
export type RedpackSettings = {
  readonly channel: 'redpack';
  readonly clientIp: string;
  readonly riskInfo: boolean;
  readonly subMchId?: string;
  readonly msgAppId?: string;
  readonly consumeMchId?: string;
};

/** gethbinfo's `status`. */
export const REDPACK_STATES = {
  SENDING: 'underWay',
  SENT: 'out',
  FAILED: 'unpaid',
  RECEIVED: 'received',
  RFUND_ING: 'goingBack',
  REFUND: 'back',
} as const satisfies Record<string, Phase>;
export type RedpackState = keyof typeof REDPACK_STATES;

const SEND_ROWS: readonly CodeRow[] = [
  { code: 'SYSTEMERROR', response: 'again' },
  { code: '268458547', response: 'again' },
  { code: 'SECOND_OVER_LIMITED', response: 'slow' },
  { code: 'FREQ_LIMIT', response: 'slow' },
  { code: 'PROCESSING', response: 'askLater' },
  { code: 'SEND_FAILED', text: '过期', response: 'expired' }, // and yet it may have been paid: only the question tells
  { code: 'SEND_FAILED', response: 'ask' },
  { code: 'TIME_LIMITED', response: 'morning' },
  { code: 'SENDNUM_LIMIT', response: 'tomorrow' },
  { code: 'RCVDAMOUNT_LIMIT', response: 'tomorrow' },
  { code: 'NO_AUTH', text: '已被微信拦截', response: 'refusedUser' },
  { code: 'NO_AUTH', text: 'IP地址', response: 'config' },
  { code: 'NO_AUTH', text: '产品权限', response: 'halt' },
  { code: 'NO_AUTH', response: 'ask' },
  { code: 'V2_ACCOUNT_SIMPLE_BAN', response: 'refusedUser' },
  { code: 'NOTENOUGH', response: 'halt' },
  { code: 'SENDAMOUNT_LIMIT', response: 'halt' },
  { code: 'DAY_OVER_LIMITED', response: 'halt' },
  { code: 'DAY_ OVER_LIMITED', response: 'halt' },
  { code: 'API_METHOD_CLOSED', response: 'halt' },
  { code: 'PAYER_ACCOUNT_ABNORMAL', response: 'halt' },
  { code: 'NOAUTH', response: 'halt' },
  { code: 'CA_ERROR', response: 'config', noOrder: true },
  { code: 'SIGN_ERROR', response: 'config', noOrder: true, ofRequest: true }, // of words that were masked on their way
  { code: 'ILLEGAL_APPID', response: 'configOne', noOrder: true, ofRequest: true },
  // One wrong openid must not halt the merchant again after each resume.
  { code: 'OPENID_ERROR', response: 'configOne', noOrder: true, ofRequest: true },
  { code: 'MSGAPPID_ERROR', response: 'config', ofRequest: true },
  { code: 'ACCEPTMODE_ERROR', response: 'config' },
  { code: 'NO_CONSUME_COMPETENCE', response: 'config' },
  { code: 'MONEY_LIMIT', response: 'one', noOrder: true }, // one large prize must not halt the others
  ...rowsOf({ code: 'PARAM_ERROR', noOrder: true, ofRequest: true }, [
    { text: '该场景未开通', response: 'configOne' },
    { text: '不匹配', response: 'config' },
    { text: '找不到对应的商户号', response: 'config' },
    { text: '输入的商户号有误', response: 'config' },
    { response: 'bug' },
  ]),
  { code: 'XML_ERROR', response: 'bug', noOrder: true, ofRequest: true },
  { code: 'FATAL_ERROR', response: 'bug', ofRequest: true },
  { code: '', text: '签名', response: 'config', ofRequest: true }, // return_code FAIL without err_code
  { code: '', response: 'ask' },
];

const QUERY_ROWS: readonly CodeRow[] = [
  { code: 'NOT_FOUND', response: 'notFound' },
  { code: 'SYSTEMERROR', text: '指定单号数据不存在', response: 'notFound' },
  { code: 'CA_ERROR', response: 'config' },
  { code: 'SIGN_ERROR', response: 'config' },
  { code: 'NO_AUTH', response: 'config' },
  { code: 'PARAM_ERROR', response: 'bug' },
  { code: 'XML_ERROR', response: 'bug' },
];

/** The failure text an order in SENDING carries: the fix is the cause's, the number stays. */
const REASON_ROWS: readonly CodeRow[] = rowsOf({ code: '' }, [
  { text: '余额', response: 'halt', haltAs: 'NOTENOUGH' },
  { text: '商户号今日', response: 'halt', haltAs: 'SENDAMOUNT_LIMIT' },
  { text: '已被微信拦截', response: 'refusedUser' },
  { text: '上限', response: 'tomorrow' },
  { text: '超过', response: 'tomorrow' },
  { text: '限额', response: 'tomorrow' },
]);

/**
 * The failure text of a red packet that FAILED, read as the one of an order in SENDING. It fails a day later: what was the
 * merchant's trouble then is no news of it now.
 */
const FAILED_FOR: Partial<Readonly<Record<ResponseClass, ResponseClass>>> = {
  refusedUser: 'isFailedUser',
  tomorrow: 'isFailedDay',
};

function meaningOf({ state, reason }: Order<RedpackState>, _asked: boolean, known: Known | undefined): Meaning {
  const row = reason === undefined ? undefined : rowOf(REASON_ROWS, '', reason);
  switch (state) {
    case 'SENDING':
      return row ?? { response: 'isSending' };
    case 'SENT':
      return { response: 'isSent' };
    case 'RECEIVED':
      return { response: 'isReceived' };
    case 'RFUND_ING':
      return { response: 'isRefunding' };
    case 'REFUND':
      return { response: 'isRefunded' };
    case 'FAILED': // whatever the reason, of one that was with the follower it cannot be
      return { response: (known?.state !== 'sent' && row && FAILED_FOR[row.response]) || 'isFailed' };
    default:
      return state satisfies never;
  }
}

function requestOf({ packet, shares, eventAt, ...ids }: FactsQuery, settings: RedpackSettings): RedpackRequest {
  const { scene, ...words } = packet;
  const { subMchId, msgAppId, consumeMchId, riskInfo, clientIp } = settings;
  const common = {
    ...ids,
    ...words,
    ...(scene !== undefined && { sceneId: scene }),
    // Signed as it is sent: already encoded.
    ...(riskInfo && { riskInfo: `posttime%3d${Math.floor(eventAt / 1000)}` }),
    ...(subMchId !== undefined && { subMchId }),
    ...(msgAppId !== undefined && { msgAppId }),
    ...(consumeMchId !== undefined && { consumeMchId }),
  };
  return shares === undefined
    ? { channel: 'redpack', ...common, clientIp }
    : { channel: 'group', ...common, totalNum: shares };
}

export const REDPACK: Channel<'redpack', RedpackSettings, RedpackRequest, RedpackState> = {
  name: 'redpack',
  pays: 'redpacket',
  aPayout: t`a red packet`,
  billNo: /^[0-9A-Za-z]{1,28}$/,
  paysGroups: true,
  showsPacket: true,
  isConfirmed: false,
  oneByOne: false,
  canTakeBack: false,
  openMs: DAY,
  requestOf,
  wordsIn: ({ sendName, actName, wishing, remark, sceneId }) => [sendName, actName, wishing, remark, sceneId],
  codes: { send: SEND_ROWS, query: QUERY_ROWS },
  phases: REDPACK_STATES,
  stuck: 'SENDING',
  meaningOf,
};
