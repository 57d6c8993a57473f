// WeChat Pay's codes as data (发放红包接口, 查询红包记录: 错误码): one row per code and, where the code alone does not
// tell, per text. The class decides what happens; an unknown code is an unknown outcome, never a failure. Pure.
import type { Observation } from './payout.ts';

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
  'bug', // our mistake: park this one for a person
  'isSending', 'isSent', 'isReceived', 'isRefunding', 'isRefunded', 'isFailed', // gethbinfo's status
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
  { code: 'ILLEGAL_APPID', sight: 'config' },
  { code: 'OPENID_ERROR', sight: 'config' },
  { code: 'MSGAPPID_ERROR', sight: 'config' },
  { code: 'ACCEPTMODE_ERROR', sight: 'config' },
  { code: 'NO_CONSUME_COMPETENCE', sight: 'config' },
  { code: 'MONEY_LIMIT', sight: 'config' },
  { code: 'PARAM_ERROR', text: '该场景未开通', sight: 'config' },
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

function lookUp(rows: readonly Row[], code: string, text: string): Sight | undefined {
  return rows.find(row => row.code === code && (row.text === undefined || text.includes(row.text)))?.sight;
}

/** Whether the table knows this code: an unknown one is worth an alarm. */
export function isKnown(code: string): boolean {
  return [...SEND_ROWS, ...QUERY_ROWS].some(row => row.code === code);
}

/** What an observation means. `asked`: it answers gethbinfo; otherwise sendredpack. */
export function sightOf(observation: Observation, asked: boolean): Sight {
  switch (observation.kind) {
    case 'accepted':
      return 'accepted';
    case 'unreached':
    case 'silence':
      return asked ? 'noAnswer' : 'again';
    case 'notFound':
      return 'notFound';
    case 'refused':
      if (asked) return lookUp(QUERY_ROWS, observation.code, observation.text) ?? 'noAnswer';
      return lookUp(SEND_ROWS, observation.code, observation.text) ?? 'ask';
    case 'status':
      return sightOfStatus(observation);
    default:
      return observation satisfies never;
  }
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
