// How events, outcomes and payouts are called in Chinese, for those who run a campaign.

import type { Event } from '../base/event.ts';
import { type Fen, NO_MONEY, showFen } from '../base/money.ts';
import type { Decision, Open, Shadow } from '../decide/decision.ts';

import type { PayoutState } from '../payout/payout.ts';
import { type Detail, REFUSALS, type Refusal } from '../rules/campaign.ts';
import type { Reply } from '../rules/reply.ts';

const REFUSAL_WORDS: Readonly<Record<Refusal, string>> = {
  notStarted: '活动未开始',
  ended: '活动已结束',
  closed: '不在时段内',
  notEligible: '不符合条件',
  already: '已经领过',
  limited: '达到上限',
  soldOut: '已经发完',
  halted: '发放暂停',
};

const DETAIL_WORDS: Readonly<Record<Detail, string>> = {
  noChance: '次数不够',
  tooSoon: '间隔太短',
  locked: '试错太多',
  later: '这会儿发完,稍后还有',
  sceneSoldOut: '本店今天发完',
  between: '两场之间',
  used: '码已用过',
  invalid: '没有这个码',
  inactive: '码未启用',
  paused: '活动暂停',
  pending: '稍后支付',
  progress: '只计数',
  wrong: '答错',
  timeout: '超时',
  ask: '出题',
  cancelled: '已撤回',
  reminder: '领取提醒',
};

export const STATE_WORDS: Readonly<Record<PayoutState, string>> = {
  planned: '已登记,待发送',
  sending: '发送中',
  unknown: '结果未知,查询中',
  held: '暂缓,等人或等商户',
  sent: '已发出,待领取',
  received: '已领取',
  refunded: '没有领取,已退回',
  failed: '未付出',
};

/** `达到上限(间隔太短)` */
export function refusalText(refusal: Refusal, detail?: Detail): string {
  return detail === undefined ? REFUSAL_WORDS[refusal] : `${REFUSAL_WORDS[refusal]}(${DETAIL_WORDS[detail]})`;
}

/** A refusal by its key: `soldOut/later`. */
export function refusalKeyText(key: string): string {
  const [refusal, detail] = key.split('/') as [Refusal, Detail?];
  return REFUSALS.includes(refusal) ? refusalText(refusal, detail) : key;
}

/** Of what has not happened. */
const OPEN_WORDS = '要到时才抽,抽中什么谁也不知道';

export function decisionText(decision: Decision | Open): string {
  switch (decision.kind) {
    case 'open':
      return OPEN_WORDS;
    case 'awarded':
      return awardText(decision.prize, decision.amount);
    case 'refused':
      return `拒绝:${refusalText(decision.refusal, decision.detail)}`;
    case 'answered':
      return decision.detail === undefined ? '自动回复' : `回复:${DETAIL_WORDS[decision.detail]}`;
    case 'ignored':
      return '没有规则应答';
    default:
      return decision satisfies never;
  }
}

function awardText(prize: string, amount: Fen): string {
  if (prize === 'progress') return '计数,还没有奖品';
  return amount > 0 ? `中「${prize}」${showFen(amount)}` : `得「${prize}」`;
}

export function shadowText({ outcome, prize, amount }: Shadow): string {
  if (outcome === 'answered') return '自动回复';
  if (outcome === 'awarded') return prize === undefined ? OPEN_WORDS : awardText(prize, amount ?? NO_MONEY);
  return `拒绝:${refusalText(outcome)}`;
}

export function eventText(event: Event): string {
  switch (event.kind) {
    case 'text':
      return `文字「${event.text}」`;
    case 'subscribe':
      return event.scene === undefined ? '关注' : `扫码关注「${event.scene}」`;
    case 'scan':
      return `扫码「${event.scene}」`;
    case 'click':
      return `点菜单「${event.button}」`;
    case 'view':
      return `打开链接 ${event.url}`;
    case 'scancode':
      return `菜单扫码 ${event.button}「${event.result}」`;
    case 'visit':
      return `打开活动页「${event.campaign}」`;
    case 'paid':
      return `支付 ${showFen(event.amount)}${event.attach === undefined ? '' : ` (${event.attach})`}`;
    case 'refunded':
      return `退款 ${showFen(event.amount)}`;
    case 'friend':
      return `好友${event.did === 'paid' ? '付款' : '关注'} ${event.friend}`;
    default:
      return OTHER_EVENTS[event.kind];
  }
}

const OTHER_EVENTS = {
  unsubscribe: '取消关注',
  unsupported: '不支持的消息',
  image: '图片',
  voice: '语音',
  video: '视频',
  location: '位置',
  link: '链接',
  photos: '菜单发图',
  place: '菜单发位置',
  position: '上报位置',
  lookup: '向微信查询关注',
  notice: '通知',
  drawn: '开奖抽中',
  other: '其他',
} as const;

export function replyText(reply: Reply): string {
  switch (reply.kind) {
    case 'none':
      return '(不回复)';
    case 'text':
      return reply.text;
    case 'image':
      return `(图片 ${reply.mediaId})`;
    case 'news':
      return `(图文「${reply.title}」${reply.url})`;
    case 'transfer':
      return `(转客服${reply.agent === undefined ? '' : ` ${reply.agent}`})`;
    default:
      return reply satisfies never;
  }
}
