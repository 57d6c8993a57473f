// Wrong tries (口令、验证码试错): so many, then nothing is right any more until the stretch of time is over.

import type { Counter } from '../base/counter.ts';
import { t } from '../base/words/words.ts';
import type { Rule } from '../rules/campaign.ts';
import { lengthText } from '../rules/public-text.ts';
import { isWritten } from '../rules/schema/written.ts';
import { fitsRule } from '../triggers/index.ts';
import { count, duration, located, object, optional, pattern, required } from '../yaml/schema.ts';
import { type EvaluationContext, mechanic, type RuleContext } from './mechanic.ts';

export type GuessChecks = { password: unknown };

/** The counter of this stretch of time. */
function wrongCounter({ userKey, rule, now, day }: RuleContext): string {
  const per = rule.guess?.per;
  return `${userKey}/rule/${rule.id}/wrong/${per === undefined ? `day/${day}` : `${per}/${Math.floor(now / per)}`}`;
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

export const guess = mechanic({
  fields: {
    guess: optional(
      located(
        object('guess', {
          looksLike: optional(pattern(t`a pattern`), '像口令的文字才算猜（RE2 语法）；一物一码不用写'),
          tries: required(count({ max: 1000 }), '最多猜错几次'),
          per: optional(duration(), '每多久重新计数；不写：每天'),
        }),
      ),
      '限制猜口令、猜码',
    ),
  },
  check(rule, { say }) {
    const { guess: own, on } = rule;
    if (!own || !on) return;
    const texts = on.value.flatMap(trigger => (trigger.kind === 'text' ? trigger.match : []));
    const hasCode = on.value.some(({ kind }) => kind === 'code');
    if (isWritten(rule, 'quiz')) say(own.at, t`a quiz has tries of its own, \`triesPerDay\`; leave \`guess\` out`);
    else if (texts.length === 0 && !hasCode)
      say(own.at, t`\`guess\` counts wrong texts: the rule needs on: { text: … } or { code: … }`);
    else if (texts.includes('any'))
      say(own.at, t`with on: text every text is right, and nobody can guess wrong; write which texts are`);
    else if (texts.length > 0 && !isWritten(own.value, 'looksLike'))
      say(own.at, t`missing key "looksLike" in guess: which texts are a try, such as "[一-龥]{4}"`);
  },
  build: ({ guess: own }) => (own ? { guess: own.value } : {}),
  describe({ guess: own }, { say }) {
    const { per, tries } = own!;
    return [
      say(
        `每人${per === undefined ? '每天' : `每 ${lengthText(per, say)}`}最多答错 ${tries} 次`,
        `at most ${tries} wrong tries ${per === undefined ? 'a day' : `in ${lengthText(per, say)}`}`,
      ),
    ];
  },
  comesTo(rule, _, inTests) {
    const looksLike = rule.guess?.looksLike;
    return {
      locked: true,
      limited: !inTests,
      wrong: inTests ? canBeWrong(rule) : looksLike !== undefined,
      // Whatever looks like a password is a try at any time.
      ...(looksLike && { notStarted: true, ended: true }),
    };
  },
  placeholders: () => ['tries'],
  listens: ({ guess: own }) => (own?.looksLike ? [{ kind: 'text', match: 'pattern', patterns: [own.looksLike] }] : []),
  isIn: rule => rule.guess !== undefined,
  wants: at => [wrongCounter(at)],
  refuses(at) {
    const { tries } = at.rule.guess!;
    const used = tries - triesLeft(at);
    return at.see({ ok: used < tries, check: 'tries', used, max: tries })
      ? undefined
      : { refusal: 'limited', detail: 'locked' };
  },
  answers(at) {
    if (fitsRule(at.rule, at.campaign, at.event, at.now)) return undefined;
    at.see({ ok: false, check: 'password' });
    return { detail: 'wrong', counters: wrongTry(at), values: { tries: String(triesLeft(at) - 1) } };
  },
  /** Adds nothing, bounded: the right one does not slip through beside the last wrong tries. */
  counts: at => [{ name: wrongCounter(at), add: 0, max: at.rule.guess!.tries - 1 }],
  values: at => ({ tries: String(triesLeft(at)) }),
  takesBack: 'nothing',
});

/** A text that looks like the password and is not. */
function canBeWrong({ on, guess: own }: Rule): boolean {
  const source = own?.looksLike?.source;
  if (source === undefined) return false;
  return !on.some(
    trigger =>
      trigger.kind === 'text' && trigger.match === 'pattern' && trigger.patterns.some(each => each.source === source),
  );
}
