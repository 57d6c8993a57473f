// Which campaigns run, which run out and when, and what is refused.

import { openId } from '../../core/base/event.ts';
import { fen, NO_MONEY, showFen } from '../../core/base/money.ts';
import { dayOf } from '../../core/base/time.ts';
import type { Lang } from '../../core/base/words/words.ts';
import type { Campaign, Prize } from '../../core/rules/campaign.ts';
import { isCash, isDraw, isWorth, pauseOf } from '../../core/rules/campaign-query.ts';
import { prizeCalled } from '../../core/rules/renamed.ts';
import { qrPicture } from '../../lib/qr-png.ts';
import { voucherCost } from '../ops/voucher-cost.ts';
import { foreseen } from './pace.ts';
import type { OverviewPorts } from './ports.ts';
import type { Disk } from './rules.ts';
import type { CampaignTally, DayTally } from './tally.ts';
import type { CampaignDetail, CampaignRow } from './view.ts';
import { refusalWords } from './words.ts';

const WEEK = 7;
/** Pixels of each side. */
const QR_SIZE = 720;
/** So many days are summed up for one campaign. */
const SUMMED_DAYS = 60;
/** Further than three of four in a thousand: what chance hardly does. */
const ODD_SIGMAS = 3;

type Days = readonly (readonly [string, DayTally | undefined])[];

/** Those that are live, and those that only lie on the disk; each under the id it counts under. */
export async function campaignRows(ports: OverviewPorts, disk: Disk): Promise<CampaignRow[]> {
  const days = await ports.tally.days(dayOf(ports.clock()), WEEK);
  return Promise.all(allCampaigns(ports, disk).map(each => campaignRow(ports, each, days)));
}

function allCampaigns({ book }: OverviewPorts, { campaigns }: Disk): Campaign[] {
  const live = book().campaigns;
  const isLive = ({ id }: Campaign): boolean => live.some(each => each.id === id || each.id === `${id}~shadow`);
  return [...live, ...campaigns.filter(each => !isLive(each))];
}

async function campaignRow(ports: OverviewPorts, campaign: Campaign, days: Days): Promise<CampaignRow> {
  const { id, name, mode, period, budget } = campaign;
  const now = ports.clock();
  const [buckets, pause, vouchers] = await Promise.all([
    ports.store.buckets(id),
    ports.store.halt(pauseOf(id)),
    voucherCost(ports.store, campaign),
  ]);
  const own = days.map(([, day]) => day?.campaigns[id]);
  const today = own.at(-1);
  const refused = Object.values(today?.refusals ?? {}).reduce((sum, count) => sum + count, 0);
  const goneAt = budget && foreseen(budget, buckets, today, now);
  return {
    ...{ id, name, mode, from: period.from, to: period.to },
    phase: now < period.from ? 'coming' : now >= period.to ? 'over' : 'running',
    ...(pause && { pausedSince: pause.since }),
    ...(budget && { budget: budget.total }),
    ...(budget?.perDay !== undefined && { perDay: budget.perDay }),
    buckets,
    ...(vouchers > 0 && { vouchers }),
    today: { heard: today?.heard ?? 0, won: wonIn(today, campaign), amount: today?.amount ?? 0, refused },
    ...(goneAt !== undefined && goneAt < period.to && { goneAt }),
    week: own.map(each => wonIn(each, campaign)),
  };
}

/** Prizes that were won, of money or not; where the file no longer has them, those of money. */
export function wonIn(day: CampaignTally | undefined, campaign: Pick<Campaign, 'prizes'> | undefined): number {
  if (!day) return 0;
  const worth = Object.entries(day.prizes).filter(([name]) => {
    const prize = campaign?.prizes.get(name);
    return prize !== undefined && isWorth(prize);
  });
  return Math.max(
    day.won,
    worth.reduce((sum, [, count]) => sum + count, 0),
  );
}

// ── One campaign ─────────────────────────────────────────────────────────────────────────────────────────────

export async function campaignDetail(
  ports: OverviewPorts,
  disk: Disk,
  id: string,
  lang: Lang,
): Promise<CampaignDetail | undefined> {
  const campaign = allCampaigns(ports, disk).find(each => each.id === id);
  if (!campaign) return undefined;
  const days = await ports.tally.days(dayOf(ports.clock()), SUMMED_DAYS);
  const own = days.map(([day, tally]) => [day, tally?.campaigns[id]] as const);
  const total = { heard: 0, won: 0, amount: 0, refused: 0 };
  const refusals = new Map<string, number>();
  for (const [, day] of own) {
    if (!day) continue;
    total.heard += day.heard;
    total.won += wonIn(day, campaign);
    total.amount += day.amount;
    for (const [key, count] of Object.entries(day.refusals)) {
      total.refused += count;
      refusals.set(key, (refusals.get(key) ?? 0) + count);
    }
  }
  const account = campaign.account ?? [...ports.config.accounts.keys()][0]!;
  const page = `${ports.config.publicUrl}/h5/${account}/${id}`;
  const hasPage = campaign.rules.some(rule => rule.on.some(({ kind }) => kind === 'visit'));
  return {
    row: await campaignRow(ports, campaign, days.slice(-WEEK)),
    total,
    prizes: await prizesOf(ports, campaign),
    refusals: [...refusals]
      .sort((one, other) => other[1] - one[1])
      .map(([key, count]) => ({ key, text: refusalWords(key, lang), count })),
    days: own.slice(-WEEK).map(([day, tally]) => ({ day, hours: tally?.hours ?? Array.from({ length: 24 }, () => 0) })),
    ...(hasPage && { page, qr: `data:image/png;base64,${qrPicture(page, QR_SIZE).toString('base64')}` }),
    file: campaign.file.replace(/^.*[/\\]/, ''),
  };
}

/** Given, by the counters that limit them; odds beside what was drawn. */
async function prizesOf({ store }: OverviewPorts, campaign: Campaign): Promise<CampaignDetail['prizes']> {
  const prizes = [...campaign.prizes.values()];
  const names = prizes.map(({ name }) => `campaign/${campaign.id}/prize/${name}`);
  const asked = { account: '', user: openId('-'), merchant: undefined, claims: [], counters: names };
  const { counters } = await store.facts(asked);
  const given = names.map(name => counters.get(name) ?? 0);
  // Odds can be told beside each other where all draws are of the same prizes.
  const draws = campaign.rules.filter(isDraw);
  const drawn = new Set(draws[0]?.give ?? []);
  const isOne =
    draws.length === 1 && campaign.rules.filter(({ give }) => give.some(each => drawn.has(each))).length === 1;
  const weights = prizes.reduce((sum, { name, weight }) => sum + (drawn.has(name) ? weight : 0), 0);
  const all = prizes.reduce((sum, { name }, n) => sum + (drawn.has(name) ? given[n]! : 0), 0);
  return prizes.map((prize, n) => {
    const odds = isOne && drawn.has(prize.name) && weights > 0 ? prize.weight / weights : undefined;
    const seen = odds !== undefined && all > 0 ? given[n]! / all : undefined;
    return {
      id: prize.name,
      name: prizeCalled(prize),
      worth: worthOf(prize),
      given: given[n]!,
      ...(prize.stock !== undefined && { stock: prize.stock }),
      ...(odds !== undefined && { odds }),
      ...(seen !== undefined && { seen, isOdd: isBeyondChance(odds!, given[n]!, all) }),
    };
  });
}

function isBeyondChance(odds: number, seen: number, of: number): boolean {
  const sigma = Math.sqrt(of * odds * (1 - odds));
  return sigma > 0 && Math.abs(seen - of * odds) > Math.max(ODD_SIGMAS * sigma, 2);
}

function worthOf(prize: Prize): string {
  if (!isCash(prize)) return prize.kind === 'nothing' ? '—' : prize.kind;
  const [least, most] = [prize.min, prize.max].map(amount => showFen(fen(amount ?? NO_MONEY)));
  return least === most ? least! : `${least}–${most}`;
}
