// Transfers (商家转账, API v3 transfer-bills): the follower confirms on a page, then the money is theirs.

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
  rowsOf,
} from './channel.ts';
import { type FailClass, failClassOf, failWordsOf } from './fail-reasons.ts';

export type TransferRequest = {
  readonly channel: 'transfer';
  readonly mchId: string;
  readonly appId: string;
  /** `transfer_scene_id`; 1000 is 现金营销. */
  readonly sceneId: string;
  readonly remark: string;
  readonly perception?: string;
  /** `transfer_scene_report_infos`: must match the scene exactly. */
  readonly reports: readonly { readonly type: string; readonly content: string }[];
  readonly notifyUrl?: string;
  /** The follower is asked, once, to be paid without a tap from then on. `notifyUrl`: where that is told. */
  readonly authorize?: { readonly notifyUrl: string };
  /** `user_recv_style`. */
  readonly style?: 'RED_PACKET' | 'CONFIRM_PAGE';
};

/** As much of a merchant in bot.yaml as a request needs. */
export type TransferSettings = {
  readonly channel: 'transfer';
  readonly transferScene: string;
  readonly perception?: string;
  readonly notifyUrl?: string;
  readonly authorize?: TransferRequest['authorize'];
  readonly style?: TransferRequest['style'];
  /** Of another scene than 1000. */
  readonly reports?: TransferRequest['reports'];
};

/** A bill's `state`. */
export const BILL_STATES = {
  ACCEPTED: 'revocable',
  PROCESSING: 'revocable',
  WAIT_USER_CONFIRM: 'waiting',
  TRANSFERING: 'out',
  SUCCESS: 'received',
  FAIL: 'unpaid',
  CANCELING: 'takingBack',
  CANCELLED: 'takenBack',
} as const satisfies Record<string, Phase>;
export type BillState = keyof typeof BILL_STATES;

/** In place of a refusal that is about the authorization (免确认收款授权) and left no order: the number goes another way, soon. */
export const NOT_THIS_WAY = 'NOT_THIS_WAY';

/** JSON `code` of creation and query; HTTP 429 and 5xx without a code come as silence. */
const ROWS: readonly CodeRow[] = [
  ...rowsOf({ code: 'PARAM_ERROR', noOrder: true, ofRequest: true }, [
    { text: '报备', response: 'config' },
    { text: '对应的', response: 'config' },
    { response: 'bug' },
  ]),
  ...rowsOf({ code: 'INVALID_REQUEST', noOrder: true, ofRequest: true }, [
    { text: '重试期', response: 'expired' },
    { text: '单笔', response: 'one' },
    { text: '用户单日', response: 'tomorrow' },
    { text: '用户单月', response: 'nextMonth' },
    { text: '单日', response: 'halt', haltAs: 'DAY_QUOTA' },
    { text: '单月', response: 'halt', haltAs: 'MONTH_QUOTA' },
    { text: '与商户号', response: 'config' },
    { text: '转账场景', response: 'config' },
    { text: '收款感知', response: 'config' },
    { text: '未开通', response: 'config' },
    { text: '权限', response: 'config' },
    { response: 'bug' }, // this openid, other data under a known number, and whatever is new
  ]),
  { code: NOT_THIS_WAY, response: 'again', noOrder: true },
  { code: 'ALREADY_EXISTS', response: 'ask' },
  { code: 'NO_AUTH', response: 'config', noOrder: true },
  { code: 'SIGN_ERROR', response: 'config', noOrder: true }, // over bytes that nobody masks
  { code: 'APPID_MCHID_NOT_MATCH', response: 'config', noOrder: true },
  { code: 'NOT_ENOUGH', response: 'halt', noOrder: true },
  { code: 'QUOTA_EXCEED', response: 'halt', haltAs: 'DAY_QUOTA', noOrder: true },
  { code: 'USER_ERROR', response: 'halt', noOrder: true },
  { code: 'FREQUENCY_LIMIT_EXCEED', response: 'slow', noOrder: true },
  { code: 'RATELIMIT_EXCEEDED', response: 'slow', noOrder: true },
  { code: 'FREQUENCY_LIMITED', response: 'slow', noOrder: true },
  { code: 'SYSTEM_ERROR', response: 'again' },
  { code: 'NOT_FOUND', response: 'notFound' },
];

/** What they say of the call that pays; to a question it is no answer. */
const ABOUT_CALLS: ReadonlySet<ResponseClass> = new Set(['slow', 'again', 'ask', 'expired']);

const FAILED_FOR: Readonly<Record<FailClass, ResponseClass>> = {
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

/** A creation that waits for the follower is what `accepted` is for red packets: the merchant can pay. */
function meaningOf(order: Order<BillState>, asked: boolean, known: Known | undefined): Meaning {
  switch (order.state) {
    case 'ACCEPTED':
    case 'PROCESSING':
      return { response: 'isProcessing' };
    case 'WAIT_USER_CONFIRM': {
      // Only the creation tells `package_info`, its query does not; without it the follower cannot confirm.
      const isLost = asked && isLacking(order, known) && !known?.expired && !known?.stopped;
      return { response: isLost ? 'noPackage' : asked ? 'isSent' : 'accepted' };
    }
    case 'TRANSFERING':
      // Nobody confirms what nobody was shown: it is paid under an authorization, and about to arrive.
      if (!asked && isLacking(order, known)) return { response: 'isProcessing' };
      return { response: asked ? 'isSent' : 'accepted' };
    case 'SUCCESS':
      return { response: 'isReceived' };
    case 'CANCELING':
      return { response: 'isRefunding' };
    case 'CANCELLED':
      return { response: 'isTakenBack' };
    case 'FAIL':
      return ofFailure(order, known);
    default:
      return order.state satisfies never;
  }
}

/** What opens the page was never told. */
function isLacking({ packageInfo }: Order, known: Known | undefined): boolean {
  return known !== undefined && (known.packageInfo ?? packageInfo) === undefined;
}

function ofFailure(order: Order<BillState>, known: Known | undefined): Meaning {
  const { reason } = order;
  if (reason === undefined) return { response: 'isBillFailed' };
  const words = failWordsOf(reason);
  const response = FAILED_FOR[failClassOf(reason)];
  // Closed in the end, and the follower never had what opens its page: the merchant's balance was short, or it was lost.
  const isNever = response === 'isRefunded' && isLacking(order, known);
  return { response: isNever ? 'isNeverConfirmable' : response, haltAs: reason, ...(words !== undefined && { words }) };
}

/** 现金营销 (scene 1000) reports the campaign and the prize, each in at most 32 characters; other scenes what bot.yaml says. */
function requestOf({ mchId, appId, packet }: FactsQuery, settings: TransferSettings): TransferRequest {
  const { transferScene, perception, notifyUrl, authorize, style } = settings;
  const short = (text: string): string => [...text].slice(0, 32).join('');
  return {
    channel: 'transfer',
    mchId,
    appId,
    sceneId: transferScene,
    remark: short(packet.remark),
    reports: settings.reports ?? [
      { type: '活动名称', content: short(packet.actName) },
      { type: '奖励说明', content: short(packet.wishing) },
    ],
    ...(perception !== undefined && { perception }),
    ...(notifyUrl !== undefined && { notifyUrl }),
    ...(authorize && { authorize }),
    ...(style && { style }),
  };
}

export const TRANSFER: Channel<'transfer', TransferSettings, TransferRequest, BillState> = {
  name: 'transfer',
  pays: 'redpacket',
  aPayout: t`a transfer`,
  billNo: /^[0-9A-Za-z]{5,32}$/,
  paysGroups: false,
  showsPacket: false,
  isConfirmed: true,
  oneByOne: false,
  canTakeBack: true,
  openMs: DAY,
  requestOf,
  wordsIn: ({ remark, perception, reports }) => [remark, perception, ...reports.map(each => each.content)],
  codes: {
    send: ROWS,
    query: ROWS.map(row => (ABOUT_CALLS.has(row.response) ? { ...row, response: 'noAnswer' } : row)),
  },
  existing: '已存在',
  phases: BILL_STATES,
  meaningOf,
};
