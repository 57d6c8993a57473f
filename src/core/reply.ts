// What the follower reads: an outcome's template, or its default text, filled in. Pure.
import type { Outcome, ReplyTemplate } from './rule.ts';

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
export const PLACEHOLDERS = ['amount', 'prize', 'campaign', 'from', 'to', 'hours'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];
export type Values = Partial<Record<Placeholder, string>>;

const DEFAULTS: Record<Outcome, string> = {
  won: '恭喜!{{amount}} 元红包已发出,请在 24 小时内点开领取。',
  nothing: '这次没有中奖,谢谢参与!',
  problem: '红包没能送达:可能是微信还没有完成实名,或账号暂时不能收款。请联系客服。',
  notStarted: '活动还没有开始,{{from}} 再来吧。',
  ended: '活动已经结束,谢谢参与!',
  closed: '现在不在活动时间内,请在 {{hours}} 再来。',
  notEligible: '很抱歉,您暂时不符合参加条件。',
  already: '您已经领过啦,谢谢参与!',
  limited: '您已达到领取上限,谢谢参与!',
  soldOut: '红包已经发完啦,下次早点来!',
  halted: '活动暂停中,请稍后再来。',
};

/** Replaces every `{{name}}`; one without a value becomes empty. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => values[name as Placeholder] ?? '');
}

/** Every `{{name}}` in a text, in order. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map(match => match[1]!.trim());
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

/** The rule's own text for this outcome, or the default one. */
export function replyFor(outcome: Outcome, replies: Partial<Record<Outcome, ReplyTemplate>>, values: Values): Reply {
  return render(replies[outcome] ?? { kind: 'text', text: DEFAULTS[outcome] }, values);
}
