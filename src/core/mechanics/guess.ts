// Wrong tries (口令、验证码试错): so many, then nothing is right any more until the stretch of time is over. Pure.

import type { Counter } from '../base/counter.ts';
import { fitsRule } from '../match/trigger-match.ts';
import type { EvaluationContext, Mechanic, RuleContext } from './mechanic.ts';

/** The counter of this stretch of time. */
function wrongCounter({ mine, rule, now, day }: RuleContext): string {
  const per = rule.guess?.per;
  return `${mine}/rule/${rule.id}/wrong/${per === undefined ? `day/${day}` : `${per}/${Math.floor(now / per)}`}`;
}

/** One more wrong try; nothing where the rule does not count them. */
export function wrongTry(at: EvaluationContext): readonly Counter[] {
  const { guess } = at.rule;
  return guess ? [{ name: wrongCounter(at), add: 1, max: guess.tries }] : [];
}

/** Whether there was one wrong try too many: then nothing else is looked at. */
export function isLocked(at: EvaluationContext): boolean {
  return at.rule.guess !== undefined && triesLeft(at) === 0;
}

function triesLeft(at: EvaluationContext): number {
  return Math.max(0, at.rule.guess!.tries - at.value(wrongCounter(at)));
}

export const guesses: Mechanic = {
  isIn: rule => rule.guess !== undefined,
  wants: at => [wrongCounter(at)],
  refuses(at) {
    const { tries } = at.rule.guess!;
    const used = tries - triesLeft(at);
    return at.see(used < tries, `试错 ${used}/${tries}`) ? undefined : { refusal: 'limited', detail: 'locked' };
  },
  answers(at) {
    if (fitsRule(at.rule, at.campaign, at.event, at.now)) return undefined;
    at.see(false, '口令不对');
    return { detail: 'wrong', counters: wrongTry(at), values: { tries: String(triesLeft(at) - 1) } };
  },
  /** Adds nothing, bounded: the right one does not slip through beside the last wrong tries. */
  counts: at => [{ name: wrongCounter(at), add: 0, max: at.rule.guess!.tries - 1 }],
  values: at => ({ tries: String(triesLeft(at)) }),
  takesBack: 'nothing',
};
