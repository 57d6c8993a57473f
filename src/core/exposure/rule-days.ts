// On which days a rule can fire for whom: by the period, its hours and weekdays, and by what `when` and `who` say of the day and
// of the person. People who are alike in that are one kind.

import { DAY, dayOf, HOUR, instant, MINUTE, weekdayOf, weekOf } from '../base/time.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import { DAYS_MAX, openOn } from './open-days.ts';

const BEIJING_OFFSET = 8 * HOUR;

/** How many days, weeks and months of the calendar there are on which it can fire, and how many days lie in one go. */
export type RuleDays = {
  readonly days: number;
  readonly weeks: number;
  readonly months: number;
  /** Stretches of days without one between on which it cannot. */
  readonly runs: readonly number[];
};

/** One of the campaign's own days: the days of the calendar it lies in while it is open. */
type OpenDay = {
  readonly number: number;
  readonly week: string;
  readonly month: string;
  readonly clock: readonly { readonly weekday: string; readonly day: string }[];
};

/** What is known of a person. */
export type Kind = { readonly profile: ReadonlyMap<string, string | number>; readonly tags: readonly string[] };

const listed = new WeakMap<Campaign, readonly OpenDay[] | undefined>();

/** Absent where there are too many: then all are open. */
function openDaysOf(campaign: Campaign): readonly OpenDay[] | undefined {
  if (!listed.has(campaign)) listed.set(campaign, listOpenDays(campaign));
  return listed.get(campaign);
}

function listOpenDays({ period }: Campaign): readonly OpenDay[] | undefined {
  const shift = BEIJING_OFFSET - period.dayStartsAt * MINUTE;
  const [first, last] = [Math.floor((period.from + shift) / DAY), Math.floor((period.to - 1 + shift) / DAY)];
  if (last - first >= DAYS_MAX) return undefined;
  const days: OpenDay[] = [];
  for (let number = first; number <= last; number++) {
    const open = openOn(period, instant(number * DAY - shift));
    if (open.length === 0) continue;
    const named = instant(number * DAY - BEIJING_OFFSET);
    const clock = new Map(
      open.flatMap(([begin, end]) => [begin, end - 1].map(at => [dayOf(instant(at)), weekdayOf(instant(at))] as const)),
    );
    days.push({
      number,
      week: weekOf(named),
      month: dayOf(named).slice(0, 7),
      clock: [...clock].map(([day, weekday]) => ({ day, weekday })),
    });
  }
  return days;
}

/** `kind` absent: whoever it is. */
export function daysOfRule(campaign: Campaign, { when, who }: Rule, kind?: Kind): RuleDays {
  const open = openDaysOf(campaign);
  if (!open) return withoutList(campaign);
  if (kind && !fits(who, kind)) return { days: 0, weeks: 0, months: 0, runs: [] };
  const mine = when ? open.filter(({ clock }) => clock.some(each => when.mayHold({ ...each, ...kind }))) : open;
  const runs: number[] = [];
  mine.forEach(({ number }, n) => {
    if (n > 0 && mine[n - 1]!.number === number - 1) runs[runs.length - 1]!++;
    else runs.push(1);
  });
  const count = (of: (day: OpenDay) => string): number => new Set(mine.map(of)).size;
  return { days: mine.length, weeks: count(({ week }) => week), months: count(({ month }) => month), runs };
}

function fits({ tags, excludeTags }: Rule['who'], kind: Kind): boolean {
  const isIn = (name: string): boolean => kind.tags.includes(name);
  return (!tags || tags.some(isIn)) && !excludeTags?.some(isIn);
}

function withoutList({ period: { from, to } }: Campaign): RuleDays {
  const days = Math.ceil((to - from) / DAY) + 1;
  return { days, weeks: Math.ceil(days / 7) + 1, months: Math.ceil(days / 28) + 1, runs: [days] };
}

/** Months of the calendar in which it is open. */
export function monthsIn(campaign: Campaign): number {
  const open = openDaysOf(campaign);
  return open ? new Set(open.map(({ month }) => month)).size : withoutList(campaign).months;
}

/** From the first day on which anybody can do anything to the last: who may make up for a day has all in one go. */
export function wholeRun(campaign: Campaign): number {
  const open = openDaysOf(campaign);
  return open ? (open.at(-1)?.number ?? 0) - (open[0]?.number ?? 0) + 1 : withoutList(campaign).days;
}

// ── Kinds of people ──────────────────────────────────────────────────────────────────────────────────────────

/** So many questions are answered soon enough; of more people nobody is told apart. */
const QUESTIONS_MAX = 200_000;
/** So many kinds are worked out, each for itself. */
const KINDS_MAX = 12;

/** By what each rule can do for them; of two kinds of which one can do all that the other can, that one. Absent: all are one. */
export function kindsOf(campaign: Campaign): readonly Kind[] | undefined {
  const asking = campaign.rules.filter(({ when, who }) => when || who.tags || who.excludeTags);
  const open = openDaysOf(campaign);
  const text = asking.map(({ when }) => when?.source ?? '').join('\n');
  const isAbout = text.includes('profile') || text.includes('tags') || asking.some(({ who }) => who.tags);
  if (!open || !isAbout) return undefined;
  const people = peopleOf(campaign, text);
  if (people.length * asking.length * open.length > QUESTIONS_MAX) return undefined;
  const kinds = new Map<string, { readonly kind: Kind; readonly days: readonly RuleDays[] }>();
  for (const kind of people) {
    const days = asking.map(rule => daysOfRule(campaign, rule, kind));
    kinds.set(JSON.stringify(days), { kind, days });
  }
  const all = [...kinds.values()];
  const best = all.filter(one => !all.some(other => other !== one && isMore(other.days, one.days)));
  return best.length > KINDS_MAX ? undefined : best.map(({ kind }) => kind);
}

function isMore(one: readonly RuleDays[], other: readonly RuleDays[]): boolean {
  return one.every(({ days, weeks, months, runs }, n) => {
    const less = other[n]!;
    const areRuns = runs.length === less.runs.length && runs.every((run, at) => run >= less.runs[at]!);
    return days >= less.days && weeks >= less.weeks && months >= less.months && (areRuns || less.days === 0);
  });
}

/** Everybody whom the lists know, and one whom they do not; who is alike in what is asked stands for all. */
function peopleOf({ profiles, segments, rules }: Campaign, text: string): Kind[] {
  const columns = [...(profiles?.columns ?? [])].map(([name, type], n) => ({ name, type, n }));
  const asked = columns.filter(({ name }) => text.includes(name));
  const named = new Set(rules.flatMap(({ who }) => [...(who.tags ?? []), ...(who.excludeTags ?? [])]));
  const lists = [...segments].filter(([name]) => named.has(name) || text.includes('tags'));
  const people = new Map<string, Kind>();
  const add = (openid: string | undefined): void => {
    const row = openid === undefined ? undefined : profiles?.rows.get(openid);
    const profile = new Map(asked.map(({ name, type, n }) => [name, row?.[n] ?? (type === 'int' ? 0 : '')]));
    const tags = lists.flatMap(([name, users]) => (openid !== undefined && users.has(openid) ? [name] : []));
    people.set(JSON.stringify([...profile.values(), tags]), { profile, tags });
  };
  add(undefined);
  for (const openid of profiles?.rows.keys() ?? []) add(openid);
  for (const [, users] of lists) for (const openid of users) add(openid);
  return [...people.values()];
}
