// Warnings about times and money that do not go together over the whole campaign: a year that is one too many, a draw on the wrong
// day, a draw for which all the money is put aside.

import { fen, showFen } from '../base/money.ts';
import { beijingText, DAY, type Instant, instant, parseBeijing } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { cashGiven, hasTrigger, isCash, leastOf } from '../rules/campaign-query.ts';
import type { Linting } from './context.ts';

/** Nobody plans so far. */
const LONG = 3 * 366 * DAY;
/** A few days or weeks, and a year too many: the end was typed with the year of the next. */
const WEEKS = { least: 2 * DAY, most: 45 * DAY };
/** Who waits longer has forgotten. */
const LATE = 60 * DAY;
/** So much of a campaign after its last draw is for nothing. */
const REST = 0.25;

export function lintPlans(at: Linting): void {
  const { campaign, say } = at;
  const { from, to } = campaign.period;
  if (to - from > LONG || isYearTooMany(from, to))
    say(
      'period-long',
      ['period', 'to'],
      t`the campaign goes on for ${Math.round((to - from) / DAY)} days, from ${dateOf(from)} to ${dateOf(instant(to - 1))}: is the year right?`,
    );
  lintDraws(at);
  lintKept(at);
}

function isYearTooMany(from: Instant, to: Instant): boolean {
  const [first, last] = [dateOf(from), dateOf(to)];
  if (last.slice(0, 4) === first.slice(0, 4) || to - from < 365 * DAY) return false;
  const same = parseBeijing(`${last.slice(0, 4)}${first.slice(4)} ${beijingText(from).slice(11, 16)}`);
  const rest = same === undefined ? 0 : to - same;
  return rest >= WEEKS.least && rest <= WEEKS.most;
}

function dateOf(at: Instant): string {
  return beijingText(at).slice(0, 10);
}

function lintDraws({ campaign, say }: Linting): void {
  const { from, to } = campaign.period;
  const last = [...(campaign.draws?.values() ?? [])].sort((a, b) => b.at - a.at)[0];
  if (!last) return;
  const path = ['draws', last.name, 'at'];
  if (last.at > to + LATE)
    say(
      'draw-time',
      path,
      t`"${last.name}" is drawn on ${dateOf(last.at)}, ${Math.round((last.at - to) / DAY)} days after the campaign: is the date right?`,
    );
  else if (to - last.at > Math.max(DAY, (to - from) * REST))
    say(
      'draw-time',
      path,
      t`"${last.name}" is drawn on ${dateOf(last.at)}, and the campaign goes on for ${Math.round((to - last.at) / DAY)} days: who comes after that is in no draw`,
    );
}

/** What a draw may give is put aside from the start. */
function lintKept({ campaign, say }: Linting): void {
  const { budget, draws, prizes, rules } = campaign;
  const atOnce = rules.filter(rule => !hasTrigger(rule, ['drawn'])).flatMap(rule => cashGiven(campaign, rule));
  if (!budget || !draws || atOnce.length === 0) return;
  const kept = [...draws.values()].reduce(
    (sum, { winners }) =>
      [...winners].reduce((all, [name, count]) => {
        const prize = prizes.get(name);
        return all + (prize && isCash(prize) ? prize.max * count : 0);
      }, sum),
    0,
  );
  if (budget.total - kept >= leastOf(atOnce)) return;
  say(
    'prize-unwinnable',
    ['budget', 'total'],
    t`the draws keep ${showFen(fen(kept))} of ${showFen(budget.total)}: nothing is left for what is won at once; raise the total`,
  );
}
