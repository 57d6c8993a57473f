// What was read from a rule file without a complaint → its campaign (活动).

import type { OpenId } from '../../base/event.ts';
import { fen } from '../../base/money.ts';
import { keysOf } from '../../base/record.ts';
import { later } from '../../base/time.ts';
import { buildPlays } from '../../mechanics/index.ts';
import type { Building } from '../../mechanics/mechanic.ts';
import type { WrittenTrigger } from '../../triggers/trigger.ts';
import type { Located } from '../../yaml/schema.ts';
import type { Budget, Campaign, FinalDraw, Packet, Period, Prize, Round, Rule, Trigger, Wallet } from '../campaign.ts';
import type { ReadRule, RuleFile } from '../language/file.ts';
import { namedBy } from '../renamed.ts';
import type { ReadPeople, ReadPrize } from '../schema/file.ts';
import { buildTest } from '../schema/test.ts';

/** What the check has read already: files, and conditions with the names they may use. */
type Beside = Pick<Building, 'data' | 'conditions'>;

type About = { readonly file: string; readonly hash: string };

export function buildCampaign(read: RuleFile, beside: Beside, about: About): Campaign {
  const { budget, limits, segments, stores, profiles } = read;
  const { id, named } = nameOf(read.campaign.value, read);
  const building: Building = {
    ...beside,
    prize: name => nameOf(name, read.prizes?.get(name)).id,
    wallet: name => nameOf(name, read.wallets?.get(name)).id,
    rule: name => nameOf(name, read.rules.find(({ value }) => value.id.value === name)?.value).id,
  };
  return {
    id,
    ...named,
    name: read.name.value,
    ...(read.account && { account: read.account.value }),
    period: periodOf(read),
    ...(budget && { budget: budgetOf(budget) }),
    perUser: perUserOf(limits?.perUser),
    perScene: limits?.perScene ?? {},
    ...(limits?.perMinute !== undefined && { perMinute: limits.perMinute }),
    mode: read.mode?.value ?? 'live',
    ...(read.alongside && { alongside: true }),
    testers: peopleOf(read.testers?.value, beside),
    segments: new Map([...(segments ?? [])].map(([name, people]) => [name, peopleOf(people, beside)])),
    ...(profiles && { profiles: beside.data.profiles(profiles, heard)! }),
    ...(stores && { stores: beside.data.stores(stores, heard)! }),
    wallets: new Map([...(read.wallets ?? [])].map(([name, wallet]) => walletOf(name, wallet))),
    rounds: (read.rounds ?? []).map(({ value }) => roundOf(value)),
    ...(read.draws && { draws: new Map([...read.draws].map(([name, draw]) => [name, drawOf(name, draw, building)])) }),
    ...packetOf(read),
    ...(read.shipping && { shipping: read.shipping.value }),
    ...(read.page && { page: read.page }),
    unclaimed: read.unclaimed ?? 'return',
    prizes: new Map(
      [...(read.prizes ?? [])].map(([name, prize]) => prizeOf(name, prize, building)).map(each => [each.name, each]),
    ),
    rules: read.rules.map(rule => ruleOf(rule, building)),
    tests: (read.tests ?? []).map(buildTest),
    ...about,
  };
}

/** What `was:` and `new:` make of a written name. */
type Renaming = { readonly was?: readonly Located<string>[]; readonly new?: Located<true> } | null | undefined;

function nameOf(written: string, renaming: Renaming): ReturnType<typeof namedBy> {
  return namedBy(
    written,
    renaming?.was?.map(({ value }) => value),
    renaming?.new?.value,
  );
}

/** The check has told already what could not be had. */
function heard(): void {}

function periodOf({ period }: RuleFile): Period {
  const { from, to, hours = [], weekdays = [], dayStartsAt = 0 } = period;
  return { from: from.value, to: to.value, hours, weekdays, dayStartsAt };
}

function budgetOf({ total, perDay, packets, packetsPerDay, alertAt, pace }: NonNullable<RuleFile['budget']>): Budget {
  return {
    total: total.value,
    ...(perDay && { perDay: perDay.value }),
    ...(packets && { packets: packets.value }),
    ...(packetsPerDay && { packetsPerDay: packetsPerDay.value }),
    ...(pace && { pace: { perHour: pace.perHour, carryOver: pace.carryOver ?? false } }),
    alertAt: [...new Set(alertAt ?? [])].sort((a, b) => a - b),
  };
}

function perUserOf(limits: NonNullable<RuleFile['limits']>['perUser']): Campaign['perUser'] {
  const { perRound, ...others } = limits ?? {};
  return { ...others, ...(perRound && { perRound: perRound.value }) };
}

function peopleOf(people: ReadPeople | undefined, { data }: Beside): ReadonlySet<OpenId> {
  if (!people) return new Set();
  return 'list' in people ? data.openIds(people.list, heard)! : new Set(people.openIds.map(({ value }) => value));
}

function walletOf(name: string, wallet: Written<'wallets'>): [string, Wallet] {
  const { was: _, new: __, ...amounts } = wallet ?? {};
  const { id, named } = nameOf(name, wallet);
  return [id, { name: id, ...named, ...amounts }];
}

type Read<K extends 'draws'> = NonNullable<RuleFile[K]> extends ReadonlyMap<string, infer V> ? V : never;
type Written<K extends 'wallets'> = NonNullable<RuleFile[K]> extends ReadonlyMap<string, infer V> ? V : never;

function roundOf(written: NonNullable<RuleFile['rounds']>[number]['value']): Round {
  const { at, lasts, packets, total } = written;
  const { id, named } = nameOf(written.name.value, written);
  return {
    name: id,
    ...named,
    from: at.value,
    to: later(at.value, lasts.value),
    packets: packets.value,
    total: total.value,
  };
}

function drawOf(name: string, { at, winners }: Read<'draws'>, { prize }: Building): FinalDraw {
  return { name, at: at.value, winners: new Map(winners.map(({ key, value }) => [prize(key.value), value.value])) };
}

function packetOf({ packet, name }: RuleFile): { packet?: Packet } {
  const words = packet?.value;
  if (words?.sendName === undefined) return {}; // nothing is paid, or the check has said so
  return {
    packet: {
      actName: name.value,
      wishing: '恭喜发财',
      remark: name.value,
      ...words,
      sendName: words.sendName,
    },
  };
}

// ── Prizes ───────────────────────────────────────────────────────────────────────────────────────────────────

type Kind = Prize['kind'];
type PrizeBuilding = Pick<Building, 'data' | 'wallet' | 'prize'>;
type PrizeOf<K extends Kind> = Extract<Prize, { readonly kind: K }>;
/** What is of one kind only, from what is written behind its key. */
type Making<K extends Kind> = (
  written: NonNullable<ReadPrize[K]>,
  prize: ReadPrize,
  building: PrizeBuilding,
) => Omit<PrizeOf<K>, keyof PrizeOf<'nothing'>>;

const MAKINGS: { readonly [K in Kind]: Making<K> } = {
  redpacket: ({ value }, { shares }) => ({ ...worthOf(value), ...(shares && { shares: shares.value }) }),
  voucher: ({ stock, value: { value }, over, creator }) => ({
    ...{ min: value, max: value, stockId: stock },
    ...(over !== undefined && { over }),
    ...(creator !== undefined && { creator }),
  }),
  coupon: (list, { column }, { data }) => ({ coupons: data.coupons(list, heard, column?.value)! }),
  text: text => ({ text }),
  goods: ({ value: { what, value } }) => ({ what, ...(value !== undefined && { value }) }),
  earn: ({ value }, _, { wallet }) => ({ adds: new Map(value.map(({ key, value: n }) => [wallet(key.value), n])) }),
  nothing: () => ({}),
};

function made<K extends Kind>(kind: K, prize: ReadPrize, building: PrizeBuilding): object {
  return { kind, ...MAKINGS[kind](prize[kind]!, prize, building) };
}

function prizeOf(written: string, prize: ReadPrize, building: PrizeBuilding): Prize {
  const { weight, window, fallback, fallbackTo, stock, perDay, perUser, unlockAfter, reply } = prize;
  const { id: name, named } = nameOf(written, prize);
  const kind = keysOf(MAKINGS).find(each => prize[each] !== undefined)!;
  return {
    name,
    ...named,
    weight: weight?.value ?? 1,
    ...(stock && { stock: stock.value }),
    ...(perDay && { perDay: perDay.value }),
    ...(perUser && { perUser: perUser.value }),
    ...(unlockAfter && { unlockAfter: unlockAfter.value }),
    ...(window && { window: windowOf(window) }),
    ...(reply && { reply }),
    ...(fallback && { fallback: true }),
    ...(fallbackTo && { fallbackTo: building.prize(fallbackTo.value) }),
    ...made(kind, prize, building),
  } as Prize;
}

function windowOf({ from, to, hours }: NonNullable<ReadPrize['window']>): NonNullable<Prize['window']> {
  return { ...(from && { from: from.value }), ...(to && { to: to.value }), hours: hours?.value ?? [] };
}

type Worth = Pick<Extract<Prize, { kind: 'redpacket' }>, 'min' | 'max' | 'steps' | 'split'>;

function worthOf({ range, split, steps }: NonNullable<ReadPrize['redpacket']>['value']): Worth {
  if (range) return range;
  if (split) return { ...split, split: true };
  const list = steps!.map(({ key, value }) => ({ from: key.value, amount: value.value }));
  const amounts = list.map(({ amount }) => amount);
  return { min: fen(Math.min(...amounts)), max: fen(Math.max(...amounts)), steps: list };
}

// ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────────

function ruleOf({ value: rule, at }: Located<ReadRule>, building: Building): Rule {
  const { id, named } = nameOf(rule.id.value, rule);
  return {
    id,
    ...named,
    on: rule.on.value.map(trigger => triggerOf(trigger, building)),
    who: whoOf(rule.who?.value),
    once: rule.once?.value ?? 'ever',
    ...givenBy(rule, building),
    ...(rule.odds && { odds: rule.odds.value }),
    ...buildPlays(rule, building),
    ...(rule.reply && { reply: rule.reply.value }),
    replies: rule.replies?.value ?? {},
    line: at.line,
  };
}

function triggerOf(trigger: WrittenTrigger, { data }: Beside): Trigger {
  if (trigger.kind !== 'text' || trigger.match !== 'daily') return trigger;
  const byDay =
    'list' in trigger
      ? data.passwords(trigger.list, heard)!
      : new Map(trigger.days.map(({ key, value }) => [key.value, value.map(word => word.value)]));
  return { kind: 'text', match: 'daily', byDay };
}

function whoOf({ tags, excludeTags, ...others }: NonNullable<ReadRule['who']>['value'] = {}): Rule['who'] {
  return {
    ...others,
    ...(tags && { tags: tags.map(({ value }) => value) }),
    ...(excludeTags && { excludeTags: excludeTags.map(({ value }) => value) }),
  };
}

function givenBy({ give }: ReadRule, { prize }: Building): Pick<Rule, 'give' | 'giveAt' | 'assigned' | 'all'> {
  const { names, byTime, assigned, all } = give?.value ?? {};
  if (assigned) return { give: [], assigned: true };
  if (!byTime) return { give: (names ?? []).map(({ value }) => prize(value)), ...(all && { all }) };
  const giveAt = new Map(byTime.map(({ key, value }) => [key.value, value.map(name => prize(name.value))]));
  return { give: [...new Set([...giveAt.values()].flat())], giveAt };
}
