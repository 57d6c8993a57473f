// The first page: is all well, what must be done, and how the day goes beside yesterday.

import { told } from '../../core/base/error.ts';
import { endingSoon } from '../../core/base/expiry.ts';
import { dayOf, HOUR } from '../../core/base/time.ts';
import type { Lang } from '../../core/base/words/words.ts';
import { graveAlarms } from './alarms.ts';
import { campaignRows, wonIn } from './campaigns.ts';
import { merchantViews } from './merchants.ts';
import { filterCounts } from './payouts.ts';
import type { OverviewPorts } from './ports.ts';
import type { Disk } from './rules.ts';
import type { CampaignRow, MerchantView, TodayView, Todo } from './view.ts';

const TODOS_MAX = 5;
const CAMPAIGNS_MAX = 6;
const BUDGET_PERCENT = 95;

export async function todayView(ports: OverviewPorts, disk: Disk, lang: Lang): Promise<TodayView> {
  const now = ports.clock();
  const [days, countedTo, merchants, counts, campaigns, alarms] = await Promise.all([
    ports.tally.days(dayOf(now), 2),
    ports.tally.countedTo(),
    merchantViews(ports),
    filterCounts(ports),
    campaignRows(ports, disk),
    graveAlarms(ports),
  ]);
  const [before, today] = days.map(([, day]) => day);
  const hour = Math.floor(((now + 8 * HOUR) % (24 * HOUR)) / HOUR);
  const zeros = Array.from({ length: 24 }, () => 0);
  // Of the hour we are in yesterday counts as much as has passed of it.
  const part = (now % HOUR) / HOUR;
  const sameTime = (before?.hours ?? zeros).reduce(
    (sum, each, n) => sum + (n < hour ? each : n === hour ? each * part : 0),
    0,
  );
  const isKnown = before !== undefined && before.amount > 0;
  return {
    now,
    ...(countedTo !== undefined && { countedTo }),
    todos: todosOf(ports, { disk, merchants, campaigns, counts }, lang).slice(0, TODOS_MAX),
    alarms,
    prizes: Object.entries(today?.campaigns ?? {}).reduce(
      (sum, [id, day]) =>
        sum +
        wonIn(
          day,
          ports.book().campaigns.find(each => each.id === id),
        ),
      0,
    ),
    won: today?.won ?? 0,
    amount: today?.amount ?? 0,
    wonBefore: before?.won ?? 0,
    amountBefore: isKnown ? Math.round(sameTime) : 0,
    hours: today?.hours ?? zeros,
    hoursBefore: before?.hours ?? zeros,
    heard: today?.heard ?? 0,
    refused: today?.refused ?? 0,
    campaigns: campaigns
      .filter(({ phase, mode }) => phase === 'running' && mode !== 'draft')
      .sort((one, other) => other.today.won - one.today.won)
      .slice(0, CAMPAIGNS_MAX),
  };
}

type Seen = {
  readonly disk: Disk;
  readonly merchants: readonly MerchantView[];
  readonly campaigns: readonly CampaignRow[];
  readonly counts: Readonly<Record<'todo' | 'unknown', number>>;
};

/** The worst first. */
function todosOf({ config, clock }: OverviewPorts, { disk, merchants, campaigns, counts }: Seen, lang: Lang): Todo[] {
  const halted = merchants.flatMap(({ name, halt, waiting }): Todo[] =>
    halt ? [{ kind: 'halted', merchant: name, halt, waiting: waiting.send }] : [],
  );
  const poor = merchants.flatMap(({ name, balance, today, yesterday }): Todo[] => {
    const pace = Math.max(today, yesterday);
    return balance !== undefined && balance < pace ? [{ kind: 'balance', merchant: name, balance, pace }] : [];
  });
  const grave = disk.findings.filter(each => each.grave);
  const files = [...new Set(grave.map(({ file }) => file))].map((file): Todo => {
    const own = grave.filter(each => each.file === file);
    return {
      kind: 'rules',
      file: file.replace(/^.*[/\\]/, ''),
      message: told(own[0]!, lang).message,
      count: own.length,
    };
  });
  const budgets = campaigns.flatMap(({ id, name, budget, buckets, phase }): Todo[] => {
    const used = buckets.reserved + buckets.sent + buckets.received;
    if (budget === undefined || budget === 0 || phase !== 'running') return [];
    const percent = Math.floor((used / budget) * 100);
    return percent >= BUDGET_PERCENT ? [{ kind: 'budget', campaign: id, name, percent }] : [];
  });
  const ending = endingSoon(config.dated ?? [], clock()).map(
    ({ merchant, key, daysLeft }): Todo => ({ kind: 'certificate', merchant, key, daysLeft }),
  );
  return [
    ...halted,
    ...(counts.todo > 0 ? [{ kind: 'parked', count: counts.todo } as const] : []),
    ...poor,
    ...files,
    ...budgets,
    ...(counts.unknown > 0 ? [{ kind: 'unknown', count: counts.unknown } as const] : []),
    ...ending,
  ];
}
