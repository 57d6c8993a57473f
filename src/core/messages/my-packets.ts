// 「我的红包」, which the bot answers itself: a follower's latest packets, what became of them, and what to do.
import type { Event } from '../base/event.ts';
import { yuanText } from '../base/money.ts';
import { normalise } from '../base/text.ts';
import { beijingText, type Instant } from '../base/time.ts';
import type { Payout } from '../payout/payout.ts';
import { latestOfEach, payoutView, type Stage } from '../payout/view.ts';
import { ASKS_FOR_MINE, type Reply } from '../rules/reply.ts';
import { TEXT_BYTES_MAX } from '../rules/reply-text.ts';

/** Longer than any of the words with what people put around them. */
const ASKED_LENGTH_MAX = 20;

const SHOWN_MAX = 10;
/** Several may be the attempts at one. */
export const MINE_READ = 50;

const NOTHING = '你还没有红包哦，参加活动就有机会！';

type MineParts = {
  /** What the campaign is called; `undefined` if its file is gone. */
  readonly nameOf: (campaign: string) => string | undefined;
  /** Where a transfer is confirmed (H5). */
  readonly pageOf: (payout: Payout) => string;
  /** New ones arrive without a tap (免确认收款授权). */
  readonly isAuthorized?: boolean;
};

export function asksForMine(event: Event): boolean {
  return event.kind === 'text' && event.text.length <= ASKED_LENGTH_MAX && ASKS_FOR_MINE.has(normalise(event.text));
}

/** `payouts`: newest first. As many as there is room for. */
export function mineReply(payouts: readonly Payout[], parts: MineParts): Reply {
  const lines = latestOfEach(payouts)
    .slice(0, SHOWN_MAX)
    .map((payout, n) => `${n + 1}. ${lineOf(payout, parts)}`);
  if (lines.length === 0) return { kind: 'text', text: NOTHING };
  const head = '你最近的红包：';
  let text = head;
  for (const line of lines) {
    if (Buffer.byteLength(`${text}\n${line}`) > TEXT_BYTES_MAX) break;
    text = `${text}\n${line}`;
  }
  const ending = parts.isAuthorized ? `\n${authorizedText(parts.pageOf(payouts[0]!))}` : '';
  if (Buffer.byteLength(`${text}${ending}`) <= TEXT_BYTES_MAX) text = `${text}${ending}`;
  return { kind: 'text', text };
}

function authorizedText(page: string): string {
  return `你已开通免确认收款，新红包直接到零钱。不想要了，可在微信里关闭，或打开 ${page} 关闭`;
}

/** `02-10 10:00 新春口令 1.00 元:已领取` */
function lineOf(payout: Payout, { nameOf, pageOf }: MineParts): string {
  const { campaign, amount, createdAt } = payout;
  const name = nameOf(campaign);
  const words = [momentText(createdAt), ...(name === undefined ? [] : [name]), `${yuanText(amount)} 元`];
  return `${words.join(' ')}:${stateText(payout, pageOf)}`;
}

function stateText(payout: Payout, pageOf: MineParts['pageOf']): string {
  const { stage, when } = payoutView(payout);
  return TEXTS[stage](when === undefined ? undefined : momentText(when), () => pageOf(payout));
}

/** `when`: `02-11 10:00`. */
const TEXTS: Readonly<Record<Stage, (when: string | undefined, page: () => string) => string>> = {
  coming: () => '处理中，请稍候',
  later: when => `将在 ${when} 发出`,
  stuck: () => '暂时不能送达，请确认微信已实名，或联系客服',
  waiting: when => `待领取，请${until(when)}点开聊天里的红包`,
  confirm: (when, page) => `待你确认，请${until(when)}打开 ${page()} 收款`,
  usable: () => '已到账，用微信支付付款时自动抵扣',
  used: () => '已使用',
  lapsed: () => '已过期或收回',
  received: () => '已领取',
  returned: () => '没有在 24 小时内领取，已退回',
  failed: () => '没能送达，请联系客服',
  cancelled: () => '已取消，不再发出',
};

function until(when: string | undefined): string {
  return when === undefined ? '24 小时内' : `在 ${when} 前`;
}

/** `02-10 10:00` */
function momentText(at: Instant): string {
  return beijingText(at).slice(5, 16);
}
