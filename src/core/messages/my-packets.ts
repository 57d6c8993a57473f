// 「我的红包」, which the bot answers itself: a follower's latest packets, what became of them, and what to do. Pure.
import type { Event } from '../base/event.ts';
import { yuanText } from '../base/money.ts';
import { normalise } from '../base/text.ts';
import { beijingText, DAY, type Instant, later, MINUTE } from '../base/time.ts';
import type { Payout } from '../payout/payout.ts';
import { isTakenBack } from '../payout/undone.ts';
import type { Reply } from '../rules/reply.ts';
import { TEXT_BYTES_MAX } from './pending.ts';

const WORDS: ReadonlySet<string> = new Set(['我的红包', '我的奖品', '查红包']);
/** Longer than any of the words with what people put around them. */
const ASKED_LENGTH_MAX = 20;

const SHOWN_MAX = 10;
/** Several may be the attempts at one. */
export const MINE_READ = 50;
/** So long a packet lies unopened, or a transfer unconfirmed, before WeChat Pay takes it back. */
const OPEN_MS = DAY;

const NOTHING = '您还没有红包哦,参加活动就有机会!';

type MineParts = {
  /** What the campaign is called; `undefined` if its file is gone. */
  readonly nameOf: (campaign: string) => string | undefined;
  /** Where a transfer is confirmed (H5). */
  readonly pageOf: (payout: Payout) => string;
};

export function asksForMine(event: Event): boolean {
  return event.kind === 'text' && event.text.length <= ASKED_LENGTH_MAX && WORDS.has(normalise(event.text));
}

/** `payouts`: newest first. As many as there is room for. */
export function mineReply(payouts: readonly Payout[], parts: MineParts): Reply {
  const lines = latestOfEach(payouts)
    .slice(0, SHOWN_MAX)
    .map((payout, n) => `${n + 1}. ${lineOf(payout, parts)}`);
  if (lines.length === 0) return { kind: 'text', text: NOTHING };
  const head = '您最近的红包:';
  let text = head;
  for (const line of lines) {
    if (Buffer.byteLength(`${text}\n${line}`) > TEXT_BYTES_MAX) break;
    text = `${text}\n${line}`;
  }
  return { kind: 'text', text };
}

/** Newest first, so that the first of a claim is its latest attempt. */
function latestOfEach(payouts: readonly Payout[]): Payout[] {
  const seen = new Set<string>();
  return payouts.filter(({ claimKey }) => !seen.has(claimKey) && seen.add(claimKey));
}

/** `02-10 10:00 新春口令 1.00 元:已领取` */
function lineOf(payout: Payout, { nameOf, pageOf }: MineParts): string {
  const { campaign, amount, createdAt } = payout;
  const name = nameOf(campaign);
  const words = [momentText(createdAt), ...(name === undefined ? [] : [name]), `${yuanText(amount)} 元`];
  return `${words.join(' ')}:${stateText(payout, pageOf)}`;
}

function stateText(payout: Payout, pageOf: MineParts['pageOf']): string {
  const { state, sentAt, problem, request, packageInfo, undoneBy, tries, userRefused, stopped } = payout;
  if (isTakenBack(payout)) return '已取消,不再发出';
  switch (state) {
    case 'planned':
      return isDelayed(payout) ? `将在 ${momentText(payout.nextAt!)} 发出` : '处理中,请稍候';
    case 'sending':
    case 'unknown':
    case 'held':
      return userRefused ? '暂时不能送达,请确认微信已实名,或联系客服' : '处理中,请稍候';
    case 'sent': {
      if (problem !== undefined || stopped) return '处理中,请稍候'; // a person looks at it
      const by = sentAt === undefined ? '24 小时内' : `在 ${momentText(later(sentAt, OPEN_MS))} 前`;
      if (request.channel !== 'transfer') return `待领取,请${by}点开聊天里的红包`;
      return packageInfo === undefined ? '处理中,请稍候' : `待您确认,请${by}打开 ${pageOf(payout)} 收款`;
    }
    case 'received':
      return '已领取';
    case 'refunded':
      return '没有在 24 小时内领取,已退回';
    case 'failed':
      return (tries === 0 && undoneBy) || stopped === 'calledOff' ? '已取消,不再发出' : '没能送达,请联系客服';
    default:
      return state satisfies never;
  }
}

/** A payout that waits less than a minute is only waiting for its turn. */
function isDelayed({ tries, nextAt, createdAt }: Payout): boolean {
  return tries === 0 && nextAt !== undefined && nextAt - createdAt >= MINUTE;
}

/** `02-10 10:00` */
function momentText(at: Instant): string {
  return beijingText(at).slice(5, 16);
}
