// Who has taken part in a campaign, and who has won what, newest first and a page at a time: from the journal, of which days without
// any are left out by their sums, and never more than so many lines are read for a page.

import { DAY, type Day, dayOf, endOfDay, type Instant, later, parseBeijing } from '../../core/base/time.ts';
import type { Lang } from '../../core/base/words/words.ts';
import { partsOf } from '../../core/decide/decision.ts';
import { decisionCalled } from '../../core/decide/renamed-decision.ts';
import { type Winner, winnerOf } from '../../core/ops/winner-list.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { JournalLine } from '../../ports.ts';
import type { OverviewPorts } from '../overview/ports.ts';
import { lineAt } from '../overview/recent.ts';
import type { TakenList, TakenRow } from '../overview/view.ts';
import { verdictWords } from '../overview/words.ts';
import { becomeOf } from './winners.ts';

export type TakenQuery = {
  readonly campaign: string;
  /** Those who won something; else everybody whom one of its rules answered. */
  readonly isWon: boolean;
  readonly prize?: string;
  readonly state?: string;
  readonly day?: Day;
  /** The line of the journal before which the page begins. */
  readonly before?: number;
};

const PAGE = 50;
const CHUNK = 200;
/** Of a page: some tens of milliseconds. */
const LOOKED_MAX = 4000;
/** So many days have sums. */
const SUMMED_DAYS = 60;

/** Lines of the journal: behind the first, up to the second. */
type Stretch = readonly [after: number, to: number];

export async function takenList(
  ports: OverviewPorts,
  query: TakenQuery,
  campaign: Pick<Campaign, 'prizes'> | undefined,
  lang: Lang,
): Promise<TakenList> {
  const rows: TakenRow[] = [];
  let looked = 0;
  for (const [after, to] of await stretchesOf(ports, query)) {
    for (let end = Math.min(to, (query.before ?? Number.POSITIVE_INFINITY) - 1); end > after; ) {
      const start = Math.max(after, end - CHUNK);
      const lines = (await ports.store.journalAfter(start, CHUNK)).filter(({ id }) => id <= end).reverse();
      for (const line of lines) {
        rows.push(...(await rowsOf(ports, line, query, campaign, lang)));
        if (rows.length >= PAGE) return { rows, next: line.id };
      }
      end = start;
      looked += CHUNK;
      if (looked >= LOOKED_MAX && end > 0) return { rows, next: end + 1, isCut: true };
    }
  }
  return { rows };
}

/** Newest first. Of days that are counted, only those on which somebody took part. */
async function stretchesOf({ store, tally, clock }: OverviewPorts, query: TakenQuery): Promise<Stretch[]> {
  const [newest] = await store.journal({ limit: 1 });
  if (!newest) return [];
  if (query.day !== undefined) {
    const noon = parseBeijing(`${query.day} 12:00`)!;
    const [first, last] = [later(endOfDay(noon), -DAY), endOfDay(noon)].map(at => lineAt(store, at as Instant));
    return [[(await first!) - 1, (await last!) - 1]];
  }
  const days = await tally.days(dayOf(clock()), SUMMED_DAYS);
  const stretches: Stretch[] = [];
  let [counted, hasDays] = [0, false];
  for (const [, day] of days) {
    if (!day) continue;
    const own = day.campaigns[query.campaign];
    const isThere = query.isWon ? Object.keys(own?.prizes ?? {}).length > 0 : own !== undefined;
    // What was before the first day that has sums is looked at too.
    if (isThere || !hasDays) stretches.unshift([counted, day.upTo]);
    [counted, hasDays] = [day.upTo, true];
  }
  return newest.id > counted ? [[counted, newest.id], ...stretches] : stretches;
}

async function rowsOf(
  { store }: Pick<OverviewPorts, 'store'>,
  line: JournalLine,
  query: TakenQuery,
  campaign: Pick<Campaign, 'prizes'> | undefined,
  lang: Lang,
): Promise<TakenRow[]> {
  const { id, at, event, decision } = line;
  const rows: TakenRow[] = [];
  for (const part of partsOf(decision)) {
    if (part.campaign !== query.campaign) continue;
    const common = { line: id, at, user: event.user };
    if (part.kind !== 'awarded') {
      if (!query.isWon && query.prize === undefined && query.state === undefined)
        rows.push({ ...common, verdict: verdictWords(decisionCalled(part, []), lang) });
      continue;
    }
    if (query.prize !== undefined && part.prize !== query.prize) continue;
    const { account } = event;
    const claim = { ...part, key: part.claimKey, account, user: event.user, at };
    const winner = winnerOf(claim, campaign);
    if (!winner && (query.isWon || query.state !== undefined)) continue;
    const became: Partial<Winner> = winner ? await becomeOf(store, claim, winner) : {};
    if (query.state !== undefined && became.state !== query.state) continue;
    rows.push({
      ...{ ...common, verdict: verdictWords(decisionCalled(part, []), lang) },
      ...(winner && { prize: winner.prize, amount: winner.amount }),
      ...(became.state !== undefined && { state: became.state }),
    });
  }
  return rows;
}
