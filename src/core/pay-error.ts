// WeChat Pay's codes as data (发放红包接口, 查询红包记录: 错误码): one row per code and, where the code alone does not
// tell, per text. The class decides what happens; an unknown code is an unknown outcome, never a failure. Pure.
import type { BillState, Observation, PayRequest } from './payout.ts';

/** What an answer means for the payout and for its merchant. */
export const SIGHTS = [
  'accepted', // the packet is on its way
  'again', // same number, soon
  'slow', // same number, and slower from now on
  'ask', // the outcome is open: gethbinfo decides
  'askLater', // still being processed: gethbinfo after 20 minutes
  'morning', // same number after 08:00
  'tomorrow', // this follower has had enough today: same number after midnight
  'refusedUser', // WeChat refuses this follower
  'halt', // the merchant cannot pay now: stop, same number later
  'config', // our settings are wrong: stop, same number once mended
  'configOne', // … and this payout will not come right by waiting: stop, and park it for a person
  'bug', // our mistake: park this one for a person
  'isSending',
  'isSent',
  'isReceived',
  'isRefunding',
  'isRefunded',
  'isFailed', // gethbinfo's status
  'isProcessing', // a transfer bill under way
  'noPackage', // a transfer bill to be confirmed, and what opens its page is lost
  'isFailedUser', // a transfer bill that failed because of the follower
  'isFailedMerchant', // … and because of the merchant
  'isBillFailed', // … and nobody says why: if it was with the follower, they did not confirm
  'notFound', // gethbinfo knows no such order, which proves nothing
  'noAnswer', // gethbinfo itself failed: ask again
] as const;
export type Sight = (typeof SIGHTS)[number];

type Row = { readonly code: string; readonly text?: string; readonly sight: Sight };

/** First row that fits wins; a row with a text stands before the one without. */
const SEND_ROWS: readonly Row[] = [
  { code: 'SYSTEMERROR', sight: 'again' },
  { code: '268458547', sight: 'again' },
  { code: 'SECOND_OVER_LIMITED', sight: 'slow' },
  { code: 'FREQ_LIMIT', sight: 'slow' },
  { code: 'PROCESSING', sight: 'askLater' },
  { code: 'SEND_FAILED', sight: 'ask' },
  { code: 'TIME_LIMITED', sight: 'morning' },
  { code: 'SENDNUM_LIMIT', sight: 'tomorrow' },
  { code: 'RCVDAMOUNT_LIMIT', sight: 'tomorrow' },
  { code: 'NO_AUTH', text: '已被微信拦截', sight: 'refusedUser' },
  { code: 'NO_AUTH', text: 'IP地址', sight: 'config' },
  { code: 'NO_AUTH', text: '产品权限', sight: 'halt' },
  { code: 'NO_AUTH', sight: 'ask' },
  { code: 'V2_ACCOUNT_SIMPLE_BAN', sight: 'refusedUser' },
  { code: 'NOTENOUGH', sight: 'halt' },
  { code: 'SENDAMOUNT_LIMIT', sight: 'halt' },
  { code: 'DAY_OVER_LIMITED', sight: 'halt' },
  { code: 'DAY_ OVER_LIMITED', sight: 'halt' },
  { code: 'API_METHOD_CLOSED', sight: 'halt' },
  { code: 'PAYER_ACCOUNT_ABNORMAL', sight: 'halt' },
  { code: 'NOAUTH', sight: 'halt' },
  { code: 'CA_ERROR', sight: 'config' },
  { code: 'SIGN_ERROR', sight: 'config' },
  { code: 'ILLEGAL_APPID', sight: 'configOne' },
  { code: 'OPENID_ERROR', sight: 'configOne' }, // one wrong openid must not halt the merchant again after each resume
  { code: 'MSGAPPID_ERROR', sight: 'config' },
  { code: 'ACCEPTMODE_ERROR', sight: 'config' },
  { code: 'NO_CONSUME_COMPETENCE', sight: 'config' },
  { code: 'MONEY_LIMIT', sight: 'config' },
  { code: 'PARAM_ERROR', text: '该场景未开通', sight: 'configOne' },
  { code: 'PARAM_ERROR', text: '不匹配', sight: 'config' },
  { code: 'PARAM_ERROR', text: '找不到对应的商户号', sight: 'config' },
  { code: 'PARAM_ERROR', text: '输入的商户号有误', sight: 'config' },
  { code: 'PARAM_ERROR', sight: 'bug' },
  { code: 'XML_ERROR', sight: 'bug' },
  { code: 'FATAL_ERROR', sight: 'bug' },
  { code: '', text: '签名', sight: 'config' }, // return_code FAIL without err_code
  { code: '', sight: 'ask' },
];

const QUERY_ROWS: readonly Row[] = [
  { code: 'NOT_FOUND', sight: 'notFound' },
  { code: 'SYSTEMERROR', text: '指定单号数据不存在', sight: 'notFound' },
  { code: 'CA_ERROR', sight: 'config' },
  { code: 'SIGN_ERROR', sight: 'config' },
  { code: 'NO_AUTH', sight: 'config' },
  { code: 'PARAM_ERROR', sight: 'bug' },
  { code: 'XML_ERROR', sight: 'bug' },
];

/** The failure text an order in SENDING carries: the fix is the cause's, the number stays. */
const REASON_ROWS: readonly Row[] = [
  { code: '', text: '余额', sight: 'halt' },
  { code: '', text: '已被微信拦截', sight: 'refusedUser' },
  { code: '', text: '上限', sight: 'tomorrow' },
  { code: '', text: '超过', sight: 'tomorrow' },
  { code: '', text: '限额', sight: 'tomorrow' },
];

/** 商家转账: codes of creation and query (JSON `code`); HTTP 429 and 5xx without a code come as silence. */
const TRANSFER_ROWS: readonly Row[] = [
  { code: 'PARAM_ERROR', text: '报备', sight: 'config' },
  { code: 'PARAM_ERROR', text: '对应的', sight: 'config' },
  { code: 'PARAM_ERROR', sight: 'bug' },
  { code: 'INVALID_REQUEST', text: 'openid', sight: 'bug' },
  { code: 'INVALID_REQUEST', text: '信息不一致', sight: 'bug' },
  { code: 'INVALID_REQUEST', sight: 'config' },
  { code: 'ALREADY_EXISTS', sight: 'ask' },
  { code: 'NO_AUTH', sight: 'config' },
  { code: 'SIGN_ERROR', sight: 'config' },
  { code: 'APPID_MCHID_NOT_MATCH', sight: 'config' },
  { code: 'NOT_ENOUGH', sight: 'halt' },
  { code: 'USER_ERROR', sight: 'halt' },
  { code: 'FREQUENCY_LIMIT_EXCEED', sight: 'slow' },
  { code: 'RATELIMIT_EXCEEDED', sight: 'slow' },
  { code: 'SYSTEM_ERROR', sight: 'again' },
  { code: 'NOT_FOUND', sight: 'notFound' },
];

/** `fail_reason` of a transfer bill that names the payee; the money did not go, and would not go another time. */
const PAYEE_REASONS = new Set([
  'PAYEE_ACCOUNT_ABNORMAL',
  'ACCOUNT_FROZEN',
  'REAL_NAME_CHECK_FAIL',
  'NAME_NOT_CORRECT',
  'OPENID_INVALID',
  'ID_CARD_NOT_CORRECT',
  'ACCOUNT_NOT_EXIST',
  'TRANSFER_RISK',
  'REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED',
  'RECEIVE_ACCOUNT_NOT_PERMMIT',
  'DAY_RECEIVED_QUOTA_EXCEED',
  'MONTH_RECEIVED_QUOTA_EXCEED',
  'DAY_RECEIVED_COUNT_EXCEED',
  'TRANSFER_QUOTA_EXCEED',
]);
/** … that names the payer. */
const PAYER_REASONS = new Set(['PAYER_ACCOUNT_ABNORMAL', 'PRODUCT_AUTH_CHECK_FAIL']);

function lookUp(rows: readonly Row[], code: string, text: string): Sight | undefined {
  return rows.find(row => row.code === code && (row.text === undefined || text.includes(row.text)))?.sight;
}

/** Refusals before an order is made: nothing was paid by that call, and nothing will be. */
const NO_ORDER = new Set([
  'PARAM_ERROR',
  'XML_ERROR',
  'OPENID_ERROR',
  'ILLEGAL_APPID',
  'MONEY_LIMIT',
  'SIGN_ERROR',
  'CA_ERROR',
]);

export function leavesNoOrder(code: string): boolean {
  return NO_ORDER.has(code);
}

/** Whether the table knows this code: an unknown one is worth an alarm. */
export function isKnown(code: string): boolean {
  return [...SEND_ROWS, ...QUERY_ROWS, ...TRANSFER_ROWS].some(row => row.code === code);
}

/** What an observation means. `asked`: it answers a query; otherwise the call that pays. */
export function sightOf(observation: Observation, asked: boolean, channel: PayRequest['channel'] = 'redpack'): Sight {
  switch (observation.kind) {
    case 'accepted':
      return 'accepted';
    case 'unreached':
    case 'silence':
      return asked ? 'noAnswer' : 'again';
    case 'notFound':
      return 'notFound';
    case 'refused':
      return sightOfRefusal(observation.code, observation.text, asked, channel);
    case 'status':
      return sightOfStatus(observation);
    case 'bill':
      return sightOfBill(observation.state, observation.reason, asked);
    default:
      return observation satisfies never;
  }
}

function sightOfRefusal(code: string, text: string, asked: boolean, channel: PayRequest['channel']): Sight {
  if (channel !== 'transfer') return lookUp(asked ? QUERY_ROWS : SEND_ROWS, code, text) ?? (asked ? 'noAnswer' : 'ask');
  const sight = lookUp(TRANSFER_ROWS, code, text) ?? 'ask';
  const isAboutCalls = sight === 'slow' || sight === 'again' || sight === 'ask';
  return asked && isAboutCalls ? 'noAnswer' : sight;
}

function sightOfStatus({ status, reason }: Extract<Observation, { kind: 'status' }>): Sight {
  switch (status) {
    case 'SENDING':
      return (reason !== undefined && lookUp(REASON_ROWS, '', reason)) || 'isSending';
    case 'SENT':
      return 'isSent';
    case 'RECEIVED':
      return 'isReceived';
    case 'RFUND_ING':
      return 'isRefunding';
    case 'REFUND':
      return 'isRefunded';
    case 'FAILED':
      return 'isFailed';
    default:
      return status satisfies never;
  }
}

/**
 * A creation that waits for the follower is what `accepted` is for red packets: the merchant can pay. A bill nobody
 * confirmed within 24 h ends in FAIL without a payee's or payer's reason: the money is back.
 */
function sightOfBill(state: BillState, reason: string | undefined, asked: boolean): Sight {
  switch (state) {
    case 'ACCEPTED':
    case 'PROCESSING':
      return 'isProcessing';
    case 'WAIT_USER_CONFIRM':
    case 'TRANSFERING':
      return asked ? 'isSent' : 'accepted';
    case 'SUCCESS':
      return 'isReceived';
    case 'CANCELING':
      return 'isRefunding';
    case 'CANCELLED':
      return 'isRefunded';
    case 'FAIL':
      if (reason !== undefined && PAYEE_REASONS.has(reason)) return 'isFailedUser';
      if (reason !== undefined && PAYER_REASONS.has(reason)) return 'isFailedMerchant';
      return reason === 'OVERDUE_CLOSE' ? 'isRefunded' : 'isBillFailed';
    default:
      return state satisfies never;
  }
}
