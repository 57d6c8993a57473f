// Events and verdicts in the language of whoever looks. Chinese stands in `core/analysis/chinese.ts`; this is the English of it.
import { decisionText, eventText, refusalKeyText, replyText } from '../../core/analysis/chinese.ts';
import type { Event } from '../../core/base/event.ts';
import { showFen } from '../../core/base/money.ts';
import type { Decision, Open } from '../../core/decide/decision.ts';
import type { Refusal } from '../../core/rules/campaign.ts';
import type { Reply } from '../../core/rules/reply.ts';

export type Lang = 'zh' | 'en';

const REFUSED: Readonly<Record<Refusal, string>> = {
  notStarted: 'not begun',
  ended: 'over',
  closed: 'outside its hours',
  notEligible: 'not eligible',
  already: 'has it already',
  limited: 'at a limit',
  soldOut: 'all given',
  halted: 'payments are halted',
};

export function eventWords(event: Event, lang: Lang): string {
  if (lang === 'zh') return eventText(event);
  switch (event.kind) {
    case 'text':
      return `text "${event.text}"`;
    case 'subscribe':
      return event.scene === undefined ? 'follow' : `follow by code "${event.scene}"`;
    case 'scan':
      return `scan "${event.scene}"`;
    case 'click':
      return `menu "${event.button}"`;
    case 'view':
      return `link ${event.url}`;
    case 'scancode':
      return `menu scan ${event.button} "${event.result}"`;
    case 'visit':
      return `page of "${event.campaign}"`;
    case 'paid':
      return `paid ${showFen(event.amount)}`;
    case 'refunded':
      return `refund ${showFen(event.amount)}`;
    case 'friend':
      return `friend ${event.did} ${event.friend}`;
    default:
      return event.kind;
  }
}

export function refusalWords(key: string, lang: Lang): string {
  if (lang === 'zh') return refusalKeyText(key);
  const [refusal = '', detail] = key.split('/');
  const words = (REFUSED as Readonly<Record<string, string>>)[refusal] ?? refusal;
  return detail === undefined ? words : `${words} (${detail})`;
}

export function verdictWords(decision: Decision | Open, lang: Lang): string {
  if (lang === 'zh') return decisionText(decision);
  switch (decision.kind) {
    case 'open':
      return 'will be drawn then: nobody knows what';
    case 'awarded':
      return decision.amount > 0 ? `won "${decision.prize}" ${showFen(decision.amount)}` : `got "${decision.prize}"`;
    case 'refused':
      return `refused: ${refusalWords(decision.detail === undefined ? decision.refusal : `${decision.refusal}/${decision.detail}`, lang)}`;
    case 'answered':
      return decision.detail === undefined ? 'automatic reply' : `reply: ${decision.detail}`;
    case 'ignored':
      return 'no rule answers';
    default:
      return decision satisfies never;
  }
}

export function replyWords(reply: Reply, lang: Lang): string {
  if (lang === 'zh' || reply.kind === 'text') return replyText(reply);
  return reply.kind === 'none' ? '(no reply)' : `(${reply.kind})`;
}
