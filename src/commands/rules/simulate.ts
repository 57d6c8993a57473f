// `hongbao simulate`: what draws cost on the average, and what a day of a campaign could look like. Nothing is written.

import { createHash } from 'node:crypto';
import { simulateDay } from '../../core/analysis/simulate-day.ts';
import { simulateDraws } from '../../core/analysis/simulate-draws.ts';
import { dayWords, drawsWords } from '../../core/analysis/simulation-words.ts';
import { BadInput } from '../../core/base/error.ts';
import { chanceOf } from '../../core/base/random.ts';
import { calendarDay, type Day, parseBeijing } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { EXIT, print, printJson } from '../shared/context.ts';
import { l } from '../shared/language.ts';
import { trialText } from '../shared/trial.ts';

export type SimulateOptions = {
  readonly json?: boolean;
  readonly draws: string;
  /** `true`: the first day on which the campaign is open. */
  readonly day?: string | true;
  readonly users: string;
  readonly perUser: string;
  readonly seed: string;
};

const DRAWS_MAX = 10_000_000;
const USERS_MAX = 1_000_000;
const PER_USER_MAX = 100;

export async function simulate(written: readonly string[], asked: SimulateOptions): Promise<number> {
  const [paths, options] = withoutEaten(written, asked);
  const draws = count('--draws', options.draws, DRAWS_MAX);
  const users = count('--users', options.users, USERS_MAX);
  const perUser = count('--per-user', options.perUser, PER_USER_MAX);
  const day = typeof options.day === 'string' ? dayNamed(options.day) : undefined;
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles(paths));
  if (findings.length > 0) throw new BadInput(t`the rules cannot be simulated:`, findings);
  // Each campaign has chance of its own: the others, and their order, change nothing.
  const seedOf = (campaign: string, what: string): string =>
    createHash('sha256').update(`${options.seed}/${campaign}/${what}`).digest('hex');
  const drawn = campaigns.flatMap(each => simulateDraws(each, draws, chanceOf(seedOf(each.id, 'draws'))));
  const days = options.day
    ? campaigns.map(each => simulateDay(each, { users, perUser, day, chance: chanceOf(seedOf(each.id, 'day')) }))
    : [];
  if (options.json) printJson({ seed: options.seed, draws: drawn, ...(options.day && { days }) });
  else
    print([...drawn.map(drawsWords), ...days.map(dayWords)].map(trialText).join('\n\n') || l`no rule gives anything`);
  return EXIT.fine;
}

/** `--day FILE`: its own value is optional, so that it takes what stands behind it. */
function withoutEaten(paths: readonly string[], options: SimulateOptions): [readonly string[], SimulateOptions] {
  const { day } = options;
  if (typeof day !== 'string' || !/\.ya?ml$|[\\/]/.test(day)) return [paths, options];
  return [[...paths.filter(path => path !== 'rules' || paths.length > 1), day], { ...options, day: true }];
}

function count(option: string, text: string, most: number): number {
  const value = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) throw new BadInput(t`${option} ${text}: expected a whole number from 1 to ${most}`);
  return value;
}

function dayNamed(text: string): Day {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || parseBeijing(text) === undefined)
    throw new BadInput(t`--day ${text}: expected a day such as 2026-02-10`);
  return calendarDay(text);
}
