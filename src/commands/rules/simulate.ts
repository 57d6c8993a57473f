// `hongbao simulate`: what draws cost on the average, and what a day of a campaign could look like. Nothing is written.

import { createHash } from 'node:crypto';
import { refusalKeyText } from '../../core/analysis/naming.ts';
import { type DaySimulation, simulateDay } from '../../core/analysis/simulate-day.ts';
import { type DrawSimulation, simulateDraws } from '../../core/analysis/simulate-draws.ts';
import { BadInput } from '../../core/base/error.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { chanceOf } from '../../core/base/random.ts';
import { beijingText, calendarDay, type Day, parseBeijing } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { EXIT, print, printJson, table } from '../shared/context.ts';
import { l, worded } from '../shared/language.ts';

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
  else print([...drawn.map(showDraws), ...days.map(showDay)].join('\n\n') || l`no rule gives anything`);
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

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((part * 100) / whole).toFixed(2)}%`;
}

function showDraws({
  campaign,
  rule,
  times,
  draws,
  spend,
  prizes,
  soldOutAt,
  refused,
  limits,
}: DrawSimulation): string {
  const made = draws - refused;
  const mean = made === 0 ? '' : t`, ${showFen(fen(Math.round(spend / made)))} each on the average`;
  const gone = soldOutAt === undefined ? '' : t`; all given from draw ${soldOutAt} on (${refused} got nothing)`;
  const rows = prizes.map(({ prize, odds, count, amount, goneAt }) => [
    prize,
    odds === undefined ? l`fallback` : percent(odds, 1),
    String(count),
    percent(count, made),
    showFen(amount),
    goneAt === undefined ? '' : l`draw ${goneAt}`,
  ]);
  return [
    l`${campaign}/${rule}${times ? t` (prizes of time ${times.join(', ')})` : ''}: ${draws} draws, ${showFen(spend)}${mean}${gone}`,
    table([l`prize`, l`odds`, l`times`, l`share`, l`amount`, l`gone at`], rows),
    ...limits.map(({ limit, firstAt }) => l`from draw ${firstAt} on at a limit: ${limit}`),
  ].join('\n');
}

function showDay(day: DaySimulation): string {
  const { campaign, users, newFollowers, events, spend, packets, takenBack, soldOutAt, winners, mostOfOne } = day;
  const [most] = [...day.hours].sort((a, b) => b.amount - a.amount);
  const bar = (amount: number): string => '█'.repeat(Math.round((amount * 20) / Math.max(1, most?.amount ?? 1)));
  const back = takenBack > 0 ? t`, ${showFen(takenBack)} taken back` : '';
  const hours = day.hours.map(({ hour, events: came, won, amount }) => [
    `${hour}:00`,
    String(came),
    String(won),
    showFen(amount),
    bar(amount),
  ]);
  const prizes = day.prizes.map(({ prize, count: times, amount }) => [prize, String(times), showFen(amount)]);
  const refusals = Object.entries(day.refusals).map(([key, times]) => [worded(refusalKeyText(key)), String(times)]);
  const limits = day.limits.map(({ limit, count: times, first }) => [
    worded(limit),
    String(times),
    beijingText(first).slice(11),
  ]);
  return [
    l`${campaign} on ${day.day}: ${users} people (${newFollowers} new), ${events} events, ${packets} packets of ${showFen(spend)}${back}`,
    soldOutAt === undefined ? l`not all was given` : l`all given at ${beijingText(soldOutAt).slice(11)}`,
    l`won: never ${winners.none}, once ${winners.once}, twice ${winners.twice}, more often ${winners.more}; the most of one is ${showFen(mostOfOne)}`,
    table([l`hour`, l`events`, l`won`, l`amount`, ''], hours),
    ...(prizes.length > 0 ? ['', table([l`prize`, l`count`, l`amount`], prizes)] : []),
    ...(refusals.length > 0 ? ['', table([l`refused`, l`times`], refusals)] : []),
    ...(limits.length > 0 ? ['', table([l`limits met`, l`times`, l`first`], limits)] : []),
    ...day.leftOut.map(({ rule, trigger }) => l`not simulated: what starts ${campaign}/${rule}, ${trigger}`),
  ].join('\n');
}
