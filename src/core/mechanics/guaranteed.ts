// Guaranteed (保底): whoever draws so often without winning anything wins with the n-th draw, from prizes that are named. What is
// counted are this rule's own draws, and with which of them it last gave something of worth.
import { t } from '../base/words/words.ts';
import type { Prize, Rule } from '../rules/campaign.ts';
import { isWorth } from '../rules/campaign-query.ts';
import { quoted } from '../rules/public-text.ts';
import { isWritten, sayUnknown } from '../rules/schema/written.ts';
import { count, located, name, object, oneOrMany, optional, required } from '../yaml/schema.ts';
import { type EvaluationContext, mechanic, type RuleContext } from './mechanic.ts';
import { raised } from './milestone-steps.ts';

export type GuaranteedChecks = { guaranteed: { n: number; within: number } };

function namesOf({ userKey, rule }: Pick<RuleContext, 'userKey' | 'rule'>) {
  const base = `${userKey}/rule/${rule.id}/guaranteed`;
  return { draws: `${base}/draws`, won: `${base}/won` };
}

/** Which draw this is since the last one that gave something. */
function sinceWon(at: EvaluationContext): number {
  const { draws, won } = namesOf(at);
  return at.value(draws) + 1 - at.value(won);
}

/** Of cards only the one that is guaranteed, of other prizes any that is worth something. */
function ends({ guaranteed: own }: Rule, given: Prize): boolean {
  return own!.give.includes(given.name) || (isWorth(given) && given.kind !== 'earn');
}

export const guaranteed = mechanic({
  fields: {
    guaranteed: optional(
      located(
        object('guaranteed', {
          within: required(count({ min: 2, max: 1000 }), '连续几次没中，第几次必中'),
          give: required(oneOrMany(located(name(t`a prize`))), '必中的那一次给什么；几个按权重抽'),
        }),
      ),
      '保底：最迟第几次必中',
    ),
  },
  check(rule, { file, say }) {
    const { guaranteed: own, give } = rule;
    if (!own) return;
    const drawn = give?.value.names ?? [];
    if (isWritten(rule, 'give') && (give?.value.all || drawn.length < 2))
      say(own.at, t`\`guaranteed\` is about a draw: the rule needs several prizes in \`give\``);
    if (isWritten(rule, 'streak')) say(own.at, t`a streak gives by its days; leave \`guaranteed\` out`);
    for (const entry of own.value.give ?? []) {
      sayUnknown(t`prize`, entry, [...(file.prizes?.keys() ?? [])], say);
      const prize = file.prizes?.get(entry.value);
      if (isWritten(prize, 'nothing')) say(entry.at, t`"${entry.value}" is nothing; name a prize of worth`);
      else if (prize && drawn.length > 0 && !drawn.some(({ value }) => value === entry.value))
        say(entry.at, t`"${entry.value}" is not among the prizes of \`give\`; add it there, or name another one`);
    }
  },
  build: ({ guaranteed: own }, { prize }) =>
    own ? { guaranteed: { within: own.value.within, give: own.value.give.map(({ value }) => prize(value)) } } : {},
  describe({ guaranteed: own }, { say, campaign }) {
    const list = own!.give.map(each => quoted(campaign.prizes.get(each)?.name ?? each, say));
    const { within } = own!;
    return [
      say(
        `连续 ${within - 1} 次没有抽到的，第 ${within} 次必得${list.join('或')}（发完为止）`,
        `after ${within - 1} draws without a prize, draw ${within} gives ${list.join(' or ')}, while there are any`,
      ),
    ];
  },
  placeholders: () => ['next'],
  isIn: rule => rule.guaranteed !== undefined,
  wants: at => Object.values(namesOf(at)),
  gives(at) {
    const { within, give } = at.rule.guaranteed!;
    const n = sinceWon(at);
    at.see({ ok: true, check: 'guaranteed', n, within });
    return n >= within ? give : undefined;
  },
  /** Two at once cannot both be the n-th: the later one is lost and decided anew. */
  counts(at, given) {
    const { draws, won } = namesOf(at);
    const n = at.value(draws) + 1;
    return [
      raised(at, draws, n),
      ...(given && ends(at.rule, given) ? [{ name: won, add: 0, max: Number.MAX_SAFE_INTEGER, atLeast: n }] : []),
    ];
  },
  values: at => ({ next: String(Math.max(1, at.rule.guaranteed!.within - sinceWon(at) + 1)) }),
  takesBack: 'nothing',
});
