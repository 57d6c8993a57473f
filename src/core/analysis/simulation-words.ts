// What draws cost on the average, and what a made-up day came to, in words.
import { fen, showFen } from '../base/money.ts';
import { beijingText } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { refusalKeyText } from './naming.ts';
import type { DaySimulation } from './simulate-day.ts';
import type { DrawSimulation } from './simulate-draws.ts';
import type { Table, TrialWords } from './trial-words.ts';

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((part * 100) / whole).toFixed(2)}%`;
}

export function drawsWords({
  campaign,
  rule,
  times,
  draws,
  spend,
  prizes,
  soldOutAt,
  refused,
  limits,
}: DrawSimulation): TrialWords {
  const made = draws - refused;
  const mean = made === 0 ? '' : t`, ${showFen(fen(Math.round(spend / made)))} each on the average`;
  const gone = soldOutAt === undefined ? '' : t`; all given from draw ${soldOutAt} on (${refused} got nothing)`;
  const rows = prizes.map(({ prize, odds, count, amount, goneAt }) => [
    prize,
    odds === undefined ? t`fallback` : percent(odds, 1),
    String(count),
    percent(count, made),
    showFen(amount),
    goneAt === undefined ? '' : t`draw ${goneAt}`,
  ]);
  return [
    t`${campaign}/${rule}${times ? t` (prizes of time ${times.join(', ')})` : ''}: ${draws} draws, ${showFen(spend)}${mean}${gone}`,
    { head: [t`prize`, t`odds`, t`times`, t`share`, t`amount`, t`gone at`], rows },
    ...limits.map(({ limit, firstAt }) => t`from draw ${firstAt} on at a limit: ${limit}`),
  ];
}

export function dayWords(day: DaySimulation): TrialWords {
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
  const refusals = Object.entries(day.refusals).map(([key, times]) => [refusalKeyText(key), String(times)]);
  const limits = day.limits.map(({ limit, count: times, first }) => [
    limit,
    String(times),
    beijingText(first).slice(11),
  ]);
  return [
    t`${campaign} on ${day.day}: ${users} people (${newFollowers} new), ${events} events, ${packets} packets of ${showFen(spend)}${back}`,
    soldOutAt === undefined ? t`not all was given` : t`all given at ${beijingText(soldOutAt).slice(11)}`,
    t`won: never ${winners.none}, once ${winners.once}, twice ${winners.twice}, more often ${winners.more}; the most of one is ${showFen(mostOfOne)}`,
    { head: [t`hour`, t`events`, t`won`, t`amount`, ''], rows: hours },
    ...apart([t`prize`, t`count`, t`amount`], prizes),
    ...apart([t`refused`, t`times`], refusals),
    ...apart([t`limits met`, t`times`, t`first`], limits),
    ...day.leftOut.map(({ rule, trigger }) => t`not simulated: what starts ${campaign}/${rule}, ${trigger}`),
  ];
}

function apart(head: Table['head'], rows: Table['rows']): Table[] {
  return rows.length === 0 ? [] : [{ head, rows, isApart: true }];
}
