// What a winner of goods (实物) is asked for, and the words they answer with. The conversation itself: `core/goods/talk.ts`.
import type { Campaign, Prize, Shipping } from './campaign.ts';
import type { Reply } from './reply.ts';

/** What somebody may say to the question. */
export const ANSWERS = { yes: '同意', no: '不用了', fill: '填写地址', change: '修改地址', forget: '删除地址' } as const;

/** Said behind what was won: nothing of a person is taken before they have agreed to this. */
export function consentText({ consent }: Shipping): string {
  return `寄奖品需要你的收件信息。${consent}\n回复「${ANSWERS.yes}」开始填写，不需要寄送请回复「${ANSWERS.no}」。`;
}

/**
 * What a winner is told, for goods with the question behind it. An article or a picture has no room for it: there the winner
 * begins by 「填写地址」.
 */
export function withQuestion(
  { kind }: Pick<Prize, 'kind'>,
  { shipping }: Pick<Campaign, 'shipping'>,
  reply: Reply,
): Reply {
  if (kind !== 'goods' || !shipping || (reply.kind !== 'text' && reply.kind !== 'none')) return reply;
  const own = reply.kind === 'text' && reply.text !== '' ? [reply.text] : [];
  return { kind: 'text', text: [...own, consentText(shipping)].join('\n\n') };
}
