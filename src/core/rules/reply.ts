// What the follower reads: an outcome's template, or its default text, filled in.
import { type Fen, yuanText } from '../base/money.ts';
import { DETAILS, type Detail, type Outcome, type Prize, type ReplyTemplate, type Said } from './campaign.ts';

/** A passive reply (被动回复) before it becomes XML. */
export type Reply =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mediaId: string }
  | {
      readonly kind: 'news';
      readonly title: string;
      readonly description: string;
      readonly picUrl: string;
      readonly url: string;
    }
  /** Hands the conversation to human agents (转客服). */
  | { readonly kind: 'transfer'; readonly agent?: string };

export const NO_REPLY: Reply = { kind: 'none' };

/** What may stand in `{{…}}`. An unknown one is an error when the file is loaded. */
export const PLACEHOLDERS = [
  ...['amount', 'prize', 'campaign', 'from', 'to', 'hours', 'coupon', 'payAt', 'order', 'invite'],
  ...['count', 'next', 'left', 'balance', 'store', 'storeHours', 'round', 'nextRound', 'tries', 'firstAt'],
  ...['n', 'of', 'question', 'choices', 'ticket', 'drawAt', 'caseNo'],
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];
export type Values = Partial<Record<Placeholder, string>>;

const DEFAULTS: Record<Outcome, string> = {
  won: '恭喜！{{amount}} 元红包已发出，请在 24 小时内点开领取。',
  nothing: '这次没有中奖，谢谢参与！',
  problem: '红包没能送达：可能是微信还没有完成实名，或账号暂时不能收款。请联系客服。',
  notStarted: '活动还没有开始，{{from}} 再来吧。',
  ended: '活动已经结束，谢谢参与！',
  closed: '现在不在活动时间内，请在 {{hours}} 再来。',
  notEligible: '很抱歉，你暂时不符合参加条件。',
  already: '你已经领过啦，谢谢参与！',
  limited: '你已达到领取上限，谢谢参与！',
  soldOut: '红包已经发完啦，下次早点来！',
  halted: '活动暂停中，请稍后再来。',
};

/** Finer outcomes whose plain text would not do. */
const DETAIL_DEFAULTS: Partial<Record<Detail, string>> = {
  noChance: '次数用完啦，谢谢参与！',
  tooSoon: '太快啦，歇一歇再来。',
  locked: '试得有点多，请稍后再来。',
  later: '这会儿的红包发完啦，稍后再来！',
  between: '这一场已经结束，{{nextRound}} 再来！',
  used: '这个码已在 {{firstAt}} 使用过。',
  invalid: '没有找到这个码，请核对后再试。',
  inactive: '这个码还没有启用，请稍后再试。',
  pending: '{{amount}} 元红包将在 {{payAt}} 发出。',
  progress: '记下啦！',
  wrong: '不太对哦，再试试。',
  timeout: '时间到啦，请重新开始。',
  ask: '第 {{n}}/{{of}} 题：{{question}}\n{{choices}}',
  cancelled: '订单已退款，红包不再发出。',
};

const WON_WITHOUT_MONEY: Partial<Record<Prize['kind'], string>> = {
  coupon: '恭喜抽中「{{prize}}」！{{coupon}}',
  text: '恭喜抽中「{{prize}}」！{{coupon}}',
  goods: '恭喜抽中「{{prize}}」！',
  earn: '恭喜得到「{{prize}}」！',
};

/** What is told of such a prize where the rule says nothing of its own; `undefined`: what is told of red packets. */
export function defaultOf(prize: Pick<Prize, 'kind'> & { readonly over?: Fen }, said: Said): string | undefined {
  if (prize.kind !== 'voucher') return said === 'won' ? WON_WITHOUT_MONEY[prize.kind] : undefined;
  if (said === 'problem') return '代金券没能送达：可能已经领过，或账号暂时不能领取。请联系客服。';
  const what = `{{amount}} 元代金券${prize.over === undefined ? '' : `（满 ${yuanText(prize.over)} 元可用）`}`;
  if (said === 'pending') return `${what}将在 {{payAt}} 发出。`;
  return said === 'won' ? `恭喜！${what}已发出，用微信支付付款时自动抵扣，不在聊天和卡包里显示。` : undefined;
}

/** Words by which a follower asks for their own: the bot answers them where no rule does. */
export const ASKS_FOR_MINE: ReadonlySet<string> = new Set(['我的红包', '我的奖品', '查红包']);

/** Replaces every `{{name}}`; one without a value becomes empty. */
export function fill(text: string, values: Values): string {
  const texts: Readonly<Record<string, string>> = values;
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => texts[name] ?? '');
}

/** Every `{{name}}` in a text, in order. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map(match => match[1]!.trim());
}

/** The same for who would have to work the values out: they are not asked for where the reply is the same with any. */
export function renderWith(template: ReplyTemplate, values: () => Values): Reply {
  const said = template.kind === 'text' ? template.text : JSON.stringify(template);
  return render(template, said.includes('{{') ? values() : {});
}

export function render(template: ReplyTemplate, values: Values): Reply {
  switch (template.kind) {
    case 'text':
      return { kind: 'text', text: fill(template.text, values) };
    case 'news':
      return { ...template, title: fill(template.title, values), description: fill(template.description, values) };
    default:
      return template;
  }
}

/**
 * The rule's own text for this outcome, or for the plainer one of which it is a case, or a default one (`otherwise`). A question
 * is no "nothing": who reads another text instead cannot answer it.
 */
export function replyFor(
  said: Said,
  replies: Partial<Record<Said, ReplyTemplate>>,
  values: Values,
  otherwise?: string,
): Reply {
  const plain = isDetail(said) ? DETAILS[said] : said;
  const text = otherwise ?? (isDetail(said) ? DETAIL_DEFAULTS[said] : undefined) ?? DEFAULTS[plain];
  return render(replies[said] ?? (said === 'ask' ? undefined : replies[plain]) ?? { kind: 'text', text }, values);
}

function isDetail(said: Said): said is Detail {
  return Object.hasOwn(DETAILS, said);
}
