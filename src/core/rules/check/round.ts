// What must fit together in rounds (红包雨场次): their times, and that their packets can come to exactly their total.

import type { Place } from '../../base/error.ts';
import { type Fen, fen, showFen } from '../../base/money.ts';
import { beijingText, type Day, dayOf, type Instant, later, MINUTE, minuteOfDay, weekdayOf } from '../../base/time.ts';
import { t, type Wording } from '../../base/words/words.ts';
import type { Draft, Located } from '../../yaml/schema.ts';
import type { RuleFile, Written } from '../language/file.ts';
import { isWritten, prizesGiven, type Say } from '../schema/written.ts';

import type { Checking } from './common.ts';

type WrittenRound = Draft<NonNullable<RuleFile['rounds']>[number]['value']>;
type Period = NonNullable<Written['period']>;

export function checkRounds(check: Checking): void {
  const { file, say } = check;
  const names = new Map<string, Place>();
  let before: WrittenRound | undefined;
  for (const { value: round } of file.rounds ?? []) {
    const { name } = round;
    const first = name && names.get(name.value);
    if (first) say(name!.at, t`the round "${name!.value}" is there already, in line ${first.line}`);
    else if (name) names.set(name.value, name.at);
    checkTime(round, before, file.period ?? {}, say);
    before = round;
  }
  checkSums(file, say);
  checkSplit(check);
  const { perRound } = file.limits?.perUser ?? {};
  if (perRound && !isWritten(file, 'rounds')) say(perRound.at, t`perRound is about rounds, and the campaign has none`);
}

function endOf({ at, lasts }: WrittenRound): Instant | undefined {
  return at && lasts && later(at.value, lasts.value);
}

function clockText(at: Instant): string {
  return beijingText(at).slice(0, 16);
}

function checkTime(round: WrittenRound, before: WrittenRound | undefined, period: Period, say: Say): void {
  const { at } = round;
  if (!at) return;
  const end = endOf(round);
  const { from, to } = period;
  if ((from && at.value < from.value) || (to && (end ?? at.value) > to.value)) {
    const range = `${from ? clockText(from.value) : ''} – ${to ? clockText(to.value) : ''}`;
    say(at.at, t`the round is outside the period, ${range}`);
  } else if (isClosed(period, at.value) || (end !== undefined && isClosed(period, later(end, -1)))) {
    say(at.at, t`the campaign is closed for some of the round: look at hours and weekdays in \`period\``);
  }
  const over = before && endOf(before);
  if (before?.at && at.value < before.at.value) {
    say(at.at, t`this round is earlier than the one above it; write rounds in the order of time`);
  } else if (over !== undefined && at.value < over) {
    say(at.at, t`this round begins before the one above it is over, at ${clockText(over)}`);
  }
}

function isClosed({ hours = [], weekdays = [] }: Period, at: Instant): boolean {
  const minute = minuteOfDay(at);
  const isOpen = hours.length === 0 || hours.some(([start = 0, end = 0]) => minute >= start && minute < end);
  return !isOpen || (weekdays.length > 0 && !weekdays.includes(weekdayOf(at)));
}

// ── Sums ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** What all rounds promise, and those of each day, against the budget. */
function checkSums({ rounds, budget, period }: Written, say: Say): void {
  const all = { total: 0, packets: 0 };
  const byDay = new Map<Day, { total: number; packets: number }>();
  for (const { value: round } of rounds ?? []) {
    if (!round.at || !round.total || !round.packets) return;
    const day = dayOf(later(round.at.value, -(period?.dayStartsAt ?? 0) * MINUTE));
    const ofDay = byDay.get(day) ?? { total: 0, packets: 0 };
    byDay.set(day, ofDay);
    for (const sum of [all, ofDay]) {
      sum.total += round.total.value;
      sum.packets += round.packets.value;
    }
  }
  const money = (whose: Wording, sum: number, key: string, limit: Draft<Located<Fen>> | undefined): void => {
    if (limit && sum > limit.value)
      say(limit.at, t`the rounds${whose} come to ${showFen(fen(sum))}, more than ${key} ${showFen(limit.value)}`);
  };
  const count = (whose: Wording, sum: number, key: string, limit: Draft<Located<number>> | undefined): void => {
    if (limit && sum > limit.value)
      say(limit.at, t`the rounds${whose} have ${sum} packets, more than ${key} ${limit.value}`);
  };
  money('', all.total, 'budget.total', budget?.total);
  count('', all.packets, 'budget.packets', budget?.packets);
  for (const [day, { total, packets }] of byDay) {
    money(t` of ${day}`, total, 'budget.perDay', budget?.perDay);
    count(t` of ${day}`, packets, 'budget.packetsPerDay', budget?.packetsPerDay);
  }
}

/** Exactly one prize has its share of the rounds' totals, and its bounds can make every one of them. */
function checkSplit({ file, say }: Checking): void {
  const { rounds, rules, prizes } = file;
  const split = [...(prizes ?? [])].filter(([, prize]) => prize?.redpacket?.value.split);
  for (const [name, prize] of split) {
    const { at } = prize!.redpacket!;
    if (!isWritten(file, 'rounds'))
      say(at, t`"${name}" is a share of a round, and the campaign has no \`rounds\`; add them, or write an amount`);
    if (name !== split[0]![0])
      say(at, t`"${split[0]![0]}" shares the rounds already; a round has one total, for one prize`);
  }
  const pays = (rules ?? []).some(({ value: rule }) =>
    prizesGiven(rule, file).some(([, prize]) => isWritten(prize, 'redpacket')),
  );
  const first = rounds?.[0];
  if (first && pays && split.length === 0)
    say(
      first.at,
      t`no prize keeps to the packets and the total of a round; write redpacket: { split: ¥1.00..¥66.00 } in one of them`,
    );
  const { min, max } = split[0]?.[1]?.redpacket?.value.split ?? {};
  if (min === undefined || max === undefined) return;
  for (const { value: round } of rounds ?? []) if (round.packets && round.total) checkBounds(round, min, max, say);
}

function checkBounds({ packets, total }: WrittenRound, min: Fen, max: Fen, say: Say): void {
  const least = fen(packets!.value * min);
  const most = fen(packets!.value * max);
  if (total!.value >= least && total!.value <= most) return;
  say(
    total!.at,
    t`${packets!.value} packets of ${showFen(min)}..${showFen(max)} come to ${showFen(least)} at least and ${showFen(most)} at most, never to ${showFen(total!.value)}`,
  );
}
