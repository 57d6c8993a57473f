// Yesterday in a few lines (日报): what was won and paid, what was refused, what needs doing. Decisions are tallied as they are written,
// and put into the store once a minute: of a process that is killed the last minute is missing in the report, and nowhere else.
import { openId } from '../../core/base/event.ts';
import { type Fen, fen, showFen } from '../../core/base/money.ts';
import { DAY, type Day, dayOf, type Instant, later } from '../../core/base/time.ts';
import { partsOf } from '../../core/decide/decision.ts';
import { merchantDayCounter, prizeDayCounter } from '../../core/decide/limits.ts';
import type { Standing } from '../../core/ops/alarm.ts';
import type { Language } from '../../core/ops/diagnosis-words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Commit, Store } from '../../ports.ts';
import type { AlarmPorts } from './alarms.ts';
import { voucherCost } from './voucher-cost.ts';

/** What was decided on one day. */
type DayCounts = { events: number; awarded: number; amount: number; refused: Record<string, number> };

const LEASE_MS = 5000;
const tallyName = (day: Day): string => `tally:${day}`;
const nothing = (): DayCounts => ({ events: 0, awarded: 0, amount: 0, refused: {} });

type Tallies = {
  /** The same store; what is decided is counted. */
  store(store: Store): Store;
  /** Adds what was counted since to the store's. */
  flush(): Promise<void>;
};

export function createTallies({ clock, holder }: Pick<AlarmPorts, 'clock' | 'holder'>, bare: Store): Tallies {
  let days = new Map<Day, DayCounts>();
  const count = ({ decision, seenAt }: Commit): void => {
    const day = dayOf(seenAt);
    const tally = days.get(day) ?? nothing();
    days.set(day, tally);
    tally.events++;
    for (const part of partsOf(decision)) {
      if (part.kind === 'awarded') {
        tally.awarded++;
        tally.amount += part.amount;
      }
      if (part.kind !== 'refused') continue;
      const kind = part.detail ?? part.refusal;
      tally.refused[kind] = (tally.refused[kind] ?? 0) + 1;
    }
  };
  return {
    store: store => ({
      ...store,
      async commit(commit) {
        const committed = await store.commit(commit);
        if (committed.kind === 'done') count(commit);
        return committed;
      },
    }),
    async flush() {
      const counted = days;
      days = new Map();
      for (const [day, tally] of counted) {
        const lease = await bare.lease(tallyName(day), holder, LEASE_MS, clock());
        if (lease) await bare.release(lease, clock(), JSON.stringify(sum(readTally(lease.note), tally)));
        else days.set(day, sum(days.get(day) ?? nothing(), tally));
      }
    },
  };
}

function readTally(note: string | undefined): DayCounts {
  return note === undefined || note === '' ? nothing() : { ...nothing(), ...(JSON.parse(note) as Partial<DayCounts>) };
}

function sum(one: DayCounts, other: DayCounts): DayCounts {
  const refused = { ...one.refused };
  for (const [kind, count] of Object.entries(other.refused)) refused[kind] = (refused[kind] ?? 0) + count;
  return {
    events: one.events + other.events,
    awarded: one.awarded + other.awarded,
    amount: one.amount + other.amount,
    refused,
  };
}

type Reported = {
  readonly store: Store;
  readonly campaigns: readonly Campaign[];
  readonly merchants: readonly string[];
  /** What stands now. */
  readonly standing: readonly Standing[];
};

/** Of the day before `now`. */
export async function dailyReport(
  of: Reported,
  now: Instant,
  language: Language,
): Promise<{ subject: string; text: string; facts: object }> {
  const at = later(now, -DAY);
  const day = dayOf(at);
  const tally = readTally(await of.store.note(tallyName(day)));
  const money = await Promise.all(
    of.merchants.map(async name => ({ name, left: await counterOf(of.store, merchantDayCounter(name, day)) })),
  );
  const campaigns = await Promise.all(
    of.campaigns
      .filter(({ period }) => period.from <= now && period.to > at)
      .map(each => campaignOf(of.store, each, at)),
  );
  const vouchers = fen(campaigns.reduce((all, { vouchersOfDay }) => all + vouchersOfDay, 0));
  const facts = { day, ...tally, vouchers, merchants: money, campaigns, standing: of.standing.map(({ key }) => key) };
  const words = language === 'zh' ? zh : en;
  const lines = [
    words.head(day, tally, vouchers),
    ...money.map(({ name, left }) => words.merchant(name, fen(left))),
    ...campaigns.map(words.campaign),
    words.refused(tally.refused),
    words.doing(of.standing, language),
  ];
  return { subject: words.subject(day), text: lines.filter(line => line !== '').join('\n'), facts };
}

/** `used`: all of it; `vouchers`: so much of that is none of the account's money. */
type OfCampaign = {
  id: string;
  name: string;
  won: number;
  used: Fen;
  vouchers: Fen;
  vouchersOfDay: Fen;
  total: Fen | undefined;
  refunded: Fen;
};

async function campaignOf(store: Store, campaign: Campaign, at: Instant): Promise<OfCampaign> {
  const { id, name, budget } = campaign;
  const prizes = [...campaign.prizes.values()].filter(({ kind }) => kind !== 'nothing');
  const counts = await Promise.all(prizes.map(prize => counterOf(store, prizeDayCounter(campaign, prize.name, at))));
  const { reserved, sent, received, refunded } = await store.buckets(id);
  const won = counts.reduce((all, each) => all + each, 0);
  const [vouchers, vouchersOfDay] = await Promise.all([voucherCost(store, campaign), voucherCost(store, campaign, at)]);
  const used = fen(reserved + sent + received);
  return { id, name, won, used, vouchers, vouchersOfDay, total: budget?.total, refunded };
}

async function counterOf(store: Store, name: string): Promise<number> {
  const asked = { account: '', user: openId('-'), merchant: undefined, claims: [], counters: [name] };
  return (await store.facts(asked)).counters.get(name) ?? 0;
}

const REFUSALS_ZH: Readonly<Record<string, string>> = {
  already: '已领过',
  limited: '达到上限',
  soldOut: '已发完',
  notEligible: '不符合条件',
  notStarted: '未开始',
  ended: '已结束',
  closed: '不在时段',
  halted: '已暂停',
};

const counts = (refused: DayCounts['refused'], named: (kind: string) => string): string =>
  Object.entries(refused)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${named(kind)} ${count}`)
    .join(', ');

/** Cash and vouchers are two kinds of cost. */
function apart(
  all: Fen,
  vouchers: Fen,
  words: { readonly vouchers: (cash: string, vouchers: string) => string },
): string {
  if (vouchers === 0) return showFen(all);
  return `${showFen(all)}${words.vouchers(showFen(fen(Math.max(0, all - vouchers))), showFen(vouchers))}`;
}

const zh = {
  vouchers: (cash: string, vouchers: string): string => `（现金 ${cash}，代金券 ${vouchers}）`,
  subject: (day: Day) => `红包机器人日报 ${day}`,
  head: (day: Day, { events, awarded, amount }: DayCounts, vouchers: Fen) =>
    `📊 ${day}：${events} 次互动，中奖 ${awarded} 次，共 ${apart(fen(amount), vouchers, zh)}`,
  merchant: (name: string, left: Fen) => `💰 商户 ${name} 当天发出 ${showFen(left)}`,
  campaign: ({ name, won, used, vouchers, total, refunded }: OfCampaign) =>
    `🎁 ${name}：中奖 ${won}，累计 ${apart(used, vouchers, zh)}${total === undefined ? '' : ` / ${showFen(total)}`}，退回 ${showFen(refunded)}`,
  refused: (refused: DayCounts['refused']) => {
    const named = counts(refused, kind => REFUSALS_ZH[kind] ?? kind);
    return named === '' ? '' : `🚫 未中：${named}`;
  },
  doing: (standing: readonly Standing[], language: Language) =>
    standing.length === 0
      ? '✅ 没有要处理的'
      : `⚠️ 要处理：\n${standing.map(({ words }) => `  - ${words[language]}`).join('\n')}`,
};

const en: typeof zh = {
  vouchers: (cash, vouchers) => ` (cash ${cash}, vouchers ${vouchers})`,
  subject: day => `hongbao-bot, ${day}`,
  head: (day, { events, awarded, amount }, vouchers) =>
    `📊 ${day}: ${events} events, ${awarded} won, ${apart(fen(amount), vouchers, en)}`,
  merchant: (name, left) => `💰 merchant ${name}: ${showFen(left)} left on that day`,
  campaign: ({ id, won, used, vouchers, total, refunded }) =>
    `🎁 ${id}: ${won} won, ${apart(used, vouchers, en)}${total === undefined ? '' : ` of ${showFen(total)}`} so far, ${showFen(refunded)} came back`,
  refused: refused => {
    const named = counts(refused, kind => kind);
    return named === '' ? '' : `🚫 refused: ${named}`;
  },
  doing: (standing, language) =>
    standing.length === 0
      ? '✅ nothing to do'
      : `⚠️ to do:\n${standing.map(({ words }) => `  - ${words[language]}`).join('\n')}`,
};
