// WeChat Pay's codes as data (发放红包接口, 查询红包记录: 错误码): one row per code and, where the code alone does not
// tell, per text. The class decides what happens; an unknown code is an unknown outcome, never a failure. Pure.
import { type FailClass, failClassOf, failWordsOf } from './fail-reasons.ts';
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
  'nextMonth', // … and this month: same number in the next one
  'refusedUser', // WeChat refuses this follower
  'halt', // the merchant cannot pay now: stop, same number later
  'config', // our settings are wrong: stop, same number once mended
  'configOne', // … and this payout will not come right by waiting: stop, and park it for a person
  'one', // this payout cannot be paid as it is, others can: park it for a person
  'bug', // our mistake: park this one for a person
  'expired', // its number is too old to be sent again: ask, and never send it again
  'isSending',
  'isSent',
  'isReceived',
  'isRefunding',
  'isRefunded',
  'isFailed', // gethbinfo's status
  'isProcessing', // a transfer bill under way
  'noPackage', // a transfer bill to be confirmed, and what opens its page is lost
  'isFailedUser', // it failed because of the follower: another number would not help
  'isFailedDay', // … because they have had enough today: another number tomorrow
  'isFailedMonth', // … this month: another number in the next one
  'isFailedMerchant', // … because of the merchant
  'isFailedOne', // … because of what this payout is: park it for a person
  'isFailedBug', // … because of a mistake of ours: the same
  'isFailedUnknown', // … and for a reason we do not know: the same
  'isBillFailed', // a transfer bill that failed, and no reason is given: if it was with the follower, they did not confirm
  'isNeverConfirmable', // a transfer bill that was closed before the follower could confirm it
  'isTakenBack', // a transfer bill that the merchant took back
  'isNeverMade', // no such order, and each of its calls was refused: nothing was paid
  'notFound', // gethbinfo knows no such order, which proves nothing
  'noAnswer', // gethbinfo itself failed: ask again
] as const;
export type Sight = (typeof SIGHTS)[number];

/** `haltAs`: what the merchant's halt is called, where the code alone does not tell when it is worth a probe. */
type Row = { readonly code: string; readonly text?: string; readonly sight: Sight; readonly haltAs?: string };

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
  { code: 'MONEY_LIMIT', sight: 'one' }, // one large prize must not halt the others
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
  { code: '', text: '余额', sight: 'halt', haltAs: 'NOTENOUGH' },
  { code: '', text: '商户号今日', sight: 'halt', haltAs: 'SENDAMOUNT_LIMIT' },
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
  { code: 'INVALID_REQUEST', text: '重试期', sight: 'expired' },
  { code: 'INVALID_REQUEST', text: '单笔', sight: 'one' },
  { code: 'INVALID_REQUEST', text: '用户单日', sight: 'tomorrow' },
  { code: 'INVALID_REQUEST', text: '用户单月', sight: 'nextMonth' },
  { code: 'INVALID_REQUEST', text: '单日', sight: 'halt', haltAs: 'DAY_QUOTA' },
  { code: 'INVALID_REQUEST', text: '单月', sight: 'halt', haltAs: 'MONTH_QUOTA' },
  { code: 'INVALID_REQUEST', text: '与商户号', sight: 'config' },
  { code: 'INVALID_REQUEST', text: '转账场景', sight: 'config' },
  { code: 'INVALID_REQUEST', text: '收款感知', sight: 'config' },
  { code: 'INVALID_REQUEST', text: '未开通', sight: 'config' },
  { code: 'INVALID_REQUEST', text: '权限', sight: 'config' },
  { code: 'INVALID_REQUEST', sight: 'bug' }, // this openid, other data under a known number, and whatever is new
  { code: 'ALREADY_EXISTS', sight: 'ask' },
  { code: 'NO_AUTH', sight: 'config' },
  { code: 'SIGN_ERROR', sight: 'config' },
  { code: 'APPID_MCHID_NOT_MATCH', sight: 'config' },
  { code: 'NOT_ENOUGH', sight: 'halt' },
  { code: 'QUOTA_EXCEED', sight: 'halt', haltAs: 'DAY_QUOTA' },
  { code: 'USER_ERROR', sight: 'halt' },
  { code: 'FREQUENCY_LIMIT_EXCEED', sight: 'slow' },
  { code: 'RATELIMIT_EXCEEDED', sight: 'slow' },
  { code: 'FREQUENCY_LIMITED', sight: 'slow' },
  { code: 'SYSTEM_ERROR', sight: 'again' },
  { code: 'NOT_FOUND', sight: 'notFound' },
];

const FAIL_SIGHTS: Readonly<Record<FailClass, Sight>> = {
  person: 'isFailedUser',
  day: 'isFailedDay',
  month: 'isFailedMonth',
  merchant: 'isFailedMerchant',
  one: 'isFailedOne',
  ours: 'isFailedBug',
  lapsed: 'isRefunded',
  takenBack: 'isTakenBack',
  unknown: 'isFailedUnknown',
};

/**
 * The failure text of a red packet that FAILED, read as the one of an order in SENDING. It fails a day later: what was the
 * merchant's trouble then is no news of it now.
 */
const FAILED_SIGHTS: Partial<Readonly<Record<Sight, Sight>>> = {
  refusedUser: 'isFailedUser',
  tomorrow: 'isFailedDay',
};

function lookUp(rows: readonly Row[], code: string, text: string): Row | undefined {
  return rows.find(row => row.code === code && (row.text === undefined || text.includes(row.text)));
}

/** Refusals before an order is made: nothing was paid by that call, and nothing will be. */
const NO_ORDER: ReadonlySet<string> = new Set([
  'PARAM_ERROR',
  'XML_ERROR',
  'OPENID_ERROR',
  'ILLEGAL_APPID',
  'MONEY_LIMIT',
  'SIGN_ERROR',
  'CA_ERROR',
]);

/** … of a transfer. Not `ALREADY_EXISTS` and whatever else speaks of an order that is there, and nothing of 5xx. */
const NO_BILL: ReadonlySet<string> = new Set([
  'PARAM_ERROR',
  'INVALID_REQUEST',
  'SIGN_ERROR',
  'NO_AUTH',
  'APPID_MCHID_NOT_MATCH',
  'NOT_ENOUGH',
  'QUOTA_EXCEED',
  'USER_ERROR',
  'FREQUENCY_LIMIT_EXCEED',
  'RATELIMIT_EXCEEDED',
  'FREQUENCY_LIMITED',
]);

export function leavesNoOrder(channel: PayRequest['channel'], code: string, text: string): boolean {
  if (channel !== 'transfer') return NO_ORDER.has(code);
  return NO_BILL.has(code) && !text.includes('已存在');
}

/** Whether the table knows this code: an unknown one is worth an alarm. */
export function isKnown(code: string): boolean {
  return [...SEND_ROWS, ...QUERY_ROWS, ...TRANSFER_ROWS].some(row => row.code === code);
}

/** What an observation means: its class, and how a halt of the merchant that comes of it is called and put in words. */
export type Meaning = { readonly sight: Sight; readonly haltAs?: string; readonly words?: string };

/** `asked`: it answers a query; otherwise the call that pays. */
export function sightOf(observation: Observation, asked: boolean, channel: PayRequest['channel'] = 'redpack'): Sight {
  return meaningOf(observation, asked, channel).sight;
}

export function meaningOf(observation: Observation, asked: boolean, channel: PayRequest['channel']): Meaning {
  switch (observation.kind) {
    case 'accepted':
      return { sight: 'accepted' };
    case 'unreached':
    case 'silence':
      return { sight: asked ? 'noAnswer' : 'again' };
    case 'notFound':
      return { sight: 'notFound' };
    case 'refused':
      return ofRefusal(observation.code, observation.text, asked, channel);
    case 'status':
      return ofStatus(observation);
    case 'bill':
      return ofBill(observation.state, observation.reason, asked);
    default:
      return observation satisfies never;
  }
}

function ofRefusal(code: string, text: string, asked: boolean, channel: PayRequest['channel']): Meaning {
  const otherwise: Meaning = { sight: asked ? 'noAnswer' : 'ask' };
  if (channel !== 'transfer') return lookUp(asked ? QUERY_ROWS : SEND_ROWS, code, text) ?? otherwise;
  const row = lookUp(TRANSFER_ROWS, code, text) ?? otherwise;
  const { sight } = row;
  const isAboutCalls = sight === 'slow' || sight === 'again' || sight === 'ask' || sight === 'expired';
  return asked && isAboutCalls ? otherwise : row;
}

function ofStatus({ status, reason }: Extract<Observation, { kind: 'status' }>): Meaning {
  const row = reason === undefined ? undefined : lookUp(REASON_ROWS, '', reason);
  switch (status) {
    case 'SENDING':
      return row ?? { sight: 'isSending' };
    case 'SENT':
      return { sight: 'isSent' };
    case 'RECEIVED':
      return { sight: 'isReceived' };
    case 'RFUND_ING':
      return { sight: 'isRefunding' };
    case 'REFUND':
      return { sight: 'isRefunded' };
    case 'FAILED':
      return { sight: (row && FAILED_SIGHTS[row.sight]) ?? 'isFailed' };
    default:
      return status satisfies never;
  }
}

/**
 * A creation that waits for the follower is what `accepted` is for red packets: the merchant can pay. What FAIL means says
 * its reason; whether a bill that lapsed could have been confirmed, only the payout knows (`payout-table.ts`).
 */
function ofBill(state: BillState, reason: string | undefined, asked: boolean): Meaning {
  switch (state) {
    case 'ACCEPTED':
    case 'PROCESSING':
      return { sight: 'isProcessing' };
    case 'WAIT_USER_CONFIRM':
    case 'TRANSFERING':
      return { sight: asked ? 'isSent' : 'accepted' };
    case 'SUCCESS':
      return { sight: 'isReceived' };
    case 'CANCELING':
      return { sight: 'isRefunding' };
    case 'CANCELLED':
      return { sight: 'isTakenBack' };
    case 'FAIL': {
      if (reason === undefined) return { sight: 'isBillFailed' };
      const words = failWordsOf(reason);
      return { sight: FAIL_SIGHTS[failClassOf(reason)], haltAs: reason, ...(words !== undefined && { words }) };
    }
    default:
      return state satisfies never;
  }
}
