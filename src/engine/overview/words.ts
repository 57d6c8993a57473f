// Events and verdicts in the language of whoever looks, as `core/analysis/naming.ts` calls them.
import { decisionText, eventText, refusalKeyText, replyText } from '../../core/analysis/naming.ts';
import type { Event } from '../../core/base/event.ts';
import { unturned } from '../../core/base/text.ts';
import { inLang, type Lang } from '../../core/base/words/words.ts';
import type { Decision, Open } from '../../core/decide/decision.ts';
import type { Reply } from '../../core/rules/reply.ts';

export function eventWords(event: Event, lang: Lang): string {
  return unturned(inLang(eventText(event), lang));
}

export function refusalWords(key: string, lang: Lang): string {
  return inLang(refusalKeyText(key), lang);
}

export function verdictWords(decision: Decision | Open, lang: Lang): string {
  return inLang(decisionText(decision), lang);
}

export function replyWords(reply: Reply, lang: Lang): string {
  return unturned(inLang(replyText(reply), lang));
}
