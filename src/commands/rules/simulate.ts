// `hongbao simulate`: what draws cost on the average, and what a day of a campaign could look like. Nothing is written.

import { createHash } from 'node:crypto';
import { refusalKeyText } from '../../core/analysis/chinese.ts';
import { type DaySimulation, simulateDay } from '../../core/analysis/simulate-day.ts';
import { type DrawSimulation, simulateDraws } from '../../core/analysis/simulate-draws.ts';
import { BadInput } from '../../core/base/error.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { chanceOf } from '../../core/base/random.ts';
import { beijingText, type Day, parseBeijing } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { EXIT, print, printJson, table } from '../shared/context.ts';

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
  else print([...drawn.map(showDraws), ...days.map(showDay)].join('\n\n') || '没有发奖的规则');
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
  return text as Day;
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
  const mean = made === 0 ? '' : `,平均每次 ${showFen(fen(Math.round(spend / made)))}`;
  const gone = soldOutAt === undefined ? '' : `,第 ${soldOutAt} 次起发完(${refused} 次没有)`;
  const rows = prizes.map(({ prize, odds, count, amount, goneAt }) => [
    prize,
    odds === undefined ? '替补' : percent(odds, 1),
    String(count),
    percent(count, made),
    showFen(amount),
    goneAt === undefined ? '' : `第 ${goneAt} 次`,
  ]);
  return [
    `${campaign}/${rule}${times ? `(第 ${times.join('、')} 次的奖品)` : ''}: ${draws} 次,花 ${showFen(spend)}${mean}${gone}`,
    table(['奖品', '概率', '次数', '占比', '金额', '发完于'], rows),
    ...limits.map(({ limit, firstAt }) => `第 ${firstAt} 次起碰到限额: ${limit}`),
  ].join('\n');
}

function showDay(day: DaySimulation): string {
  const { campaign, users, newFollowers, events, spend, packets, takenBack, soldOutAt, winners, mostOfOne } = day;
  const [most] = [...day.hours].sort((a, b) => b.amount - a.amount);
  const bar = (amount: number): string => '█'.repeat(Math.round((amount * 20) / Math.max(1, most?.amount ?? 1)));
  const back = takenBack > 0 ? `,收回 ${showFen(takenBack)}` : '';
  const hours = day.hours.map(({ hour, events: came, won, amount }) => [
    `${hour}:00`,
    String(came),
    String(won),
    showFen(amount),
    bar(amount),
  ]);
  const prizes = day.prizes.map(({ prize, count: times, amount }) => [prize, String(times), showFen(amount)]);
  const refusals = Object.entries(day.refusals).map(([key, times]) => [refusalKeyText(key), String(times)]);
  const limits = day.limits.map(({ limit, count: times, first }) => [
    limit,
    String(times),
    beijingText(first).slice(11),
  ]);
  return [
    `${campaign} 的一天 ${day.day}: ${users} 人(新关注 ${newFollowers}),${events} 件事,发 ${packets} 个红包 ${showFen(spend)}${back}`,
    soldOutAt === undefined ? '没有发完' : `${beijingText(soldOutAt).slice(11)} 发完`,
    `中奖: 0 次 ${winners.none} 人,1 次 ${winners.once} 人,2 次 ${winners.twice} 人,更多 ${winners.more} 人;一人最多 ${showFen(mostOfOne)}`,
    table(['时段', '事件', '中奖', '金额', ''], hours),
    ...(prizes.length > 0 ? ['', table(['奖品', '个数', '金额'], prizes)] : []),
    ...(refusals.length > 0 ? ['', table(['拒绝', '次数'], refusals)] : []),
    ...(limits.length > 0 ? ['', table(['碰到的限额', '次数', '最早'], limits)] : []),
    ...day.leftOut.map(({ rule, trigger }) => `没有模拟: ${campaign}/${rule} 的触发 ${trigger}`),
  ].join('\n');
}
