// Warnings about money: what a campaign can cost against its budget, how long that lasts, what WeChat Pay lets through,
// and what stands on a packet.

import { fen, showFen } from '../base/money.ts';
import { SECOND } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import { mostOfOne } from '../exposure/one-follower.ts';
import { daysOf } from '../exposure/open-days.ts';
import { isOfPayments } from '../mechanics/refund.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import { cashGiven, hasTrigger, isCash, leastOf, makesClaims, mostOf, payingRules } from '../rules/campaign-query.ts';
import type { Linting } from './context.ts';
import { cashOf, courseOf, isEarnedOutside, lowest, moneyInAll, moneyOfDay, packetsOfDay } from './spend.ts';

/** Small differences are roundings, not mistakes. */
const NEARLY = 0.99;
/** A budget of so much wants to be watched. */
const LARGE = fen(1000_00);
/** Fewer packets than this in an open hour are gone as soon as the word gets round. */
const PER_HOUR_MIN = 4;
/** Whoever waits longer takes the packet for lost. */
const WAIT_MAX = 60;

export function lintMoney(at: Linting): void {
  const { campaign } = at;
  lintPacket(at);
  if (!campaign.budget || cashOf(campaign).length === 0) return;
  lintLeftOver(at);
  lintEndsEarly(at);
  lintDay(at);
  lintPackets(at);
  lintStock(at);
  lintAlerts(at);
  lintRefunds(at);
  lintUserCaps(at);
  lintMerchantDay(at);
  lintQueue(at);
}

function money(sum: number): string {
  return showFen(fen(Math.round(sum)));
}

// ── Budget and days ──────────────────────────────────────────────────────────────────────────────────────────

function lintLeftOver({ campaign, caps, say }: Linting): void {
  const { total } = campaign.budget!;
  const most = lowest(moneyInAll(campaign, caps));
  if (!most || most.sum >= total * NEARLY) return;
  say(
    'budget-left-over',
    ['budget', 'total'],
    t`at most ${money(most.sum)} of ${showFen(total)} can ever be given: ${most.why}; lower the total, or raise that`,
  );
}

function lintEndsEarly({ campaign, say }: Linting): void {
  const { total, perDay } = campaign.budget!;
  const { days } = daysOf(campaign);
  if (perDay === undefined || perDay * days <= total) return;
  const full = Math.floor(total / perDay);
  say(
    'budget-ends-early',
    ['budget', 'perDay'],
    t`${showFen(perDay)} a day on ${days} days is ${money(perDay * days)}: the total ${showFen(total)} can be gone after ${full} of them`,
  );
}

/** Chances and counts are taken back at any time, what is with the follower is not. */
function lintRefunds({ campaign, say }: Linting): void {
  const { per, endless } = mostOfOne(campaign);
  const isEndless = !endless && per.includes('paid'); // what has no end at all is said already
  campaign.rules.forEach((rule, n) => {
    if (!isOfPayments(rule) || rule.delay !== undefined || cashGiven(campaign, rule).length === 0) return;
    if (isEndless && rule.once === 'perEvent' && !rule.giveAt && hasTrigger(rule, ['paid']))
      say(
        'refund-at-once',
        ['rules', n, 'on'],
        t`"${rule.id}" pays at once for every payment, and whoever is refunded keeps it and may pay again; write delay: 24h, or limits: { perUser: { perDay: 1 } }`,
      );
    say(
      'refund-too-late',
      ['rules', n, 'give'],
      t`"${rule.id}" pays at once, and a red packet that has left stays when the order is refunded; write delay: 24h`,
    );
  });
}

/** Crowds, as opposed to customers: anybody can come at once. */
function isForCrowds(campaign: Campaign): boolean {
  const isAlone = ({ who }: Rule): boolean => who.tags !== undefined;
  const isRain = campaign.rounds.length > 0 && cashOf(campaign).every(({ split }) => split);
  // What is drawn at the end is put aside from the start, and nobody's coming early takes it.
  const isDrawn = (rule: Rule): boolean => hasTrigger(rule, ['drawn']);
  const paying = payingRules(campaign).filter(rule => !isDrawn(rule));
  return !isRain && !isEarnedOutside(campaign) && !paying.every(isAlone);
}

/** What takes days, answers or chances is not gone in the first minutes. */
function isWorkedFor({ quiz, giveAt, streak, makeUp, spend }: Rule): boolean {
  return quiz !== undefined || giveAt !== undefined || streak !== undefined || makeUp !== undefined || spend.size > 0;
}

function lintDay({ campaign, say }: Linting): void {
  const { total, perDay, packetsPerDay, pace } = campaign.budget!;
  const { days, minutes } = daysOf(campaign);
  if (!isForCrowds(campaign)) return;
  const isBounded = perDay !== undefined || (lowest(moneyOfDay(campaign))?.sum ?? Infinity) < total;
  if (perDay === total && days > 1)
    say(
      'limit-shadowed',
      ['budget', 'perDay'],
      t`perDay ${showFen(total)} is the whole total: all of it can be given on the first of ${days} days; lower perDay`,
    );
  if (days > 1 && !isBounded) {
    const share = fen(Math.max(leastOf(cashOf(campaign)), Math.ceil(total / days / 1000) * 1000));
    say(
      'no-day-budget',
      ['budget'],
      t`nothing keeps all ${showFen(total)} from being given on the first of ${days} days; add perDay, such as perDay: ${showFen(share)}`,
    );
    return;
  }
  if (payingRules(campaign).every(isWorkedFor)) return;
  const course = courseOf(campaign, { money: perDay ?? total / days, packets: packetsPerDay ?? Infinity });
  const hours = minutes / 60;
  if (!course || pace || course.packets >= hours * PER_HOUR_MIN) return;
  const share = Math.max(1, Math.floor(course.packets / hours));
  say(
    'budget-first-hours',
    ['budget', perDay === undefined ? 'total' : 'perDay'],
    t`it is enough for some ${Math.round(course.packets)} packets in the ${hours.toFixed(0)} hours of a day, which are gone at once when the day begins; add pace: { perHour: ${share}, carryOver: true }, or open for fewer hours`,
  );
}

/** Money that ends before the packets do, and hours that are too slow for both. */
function lintPackets({ campaign, say }: Linting): void {
  const { total, perDay, packets, packetsPerDay, pace } = campaign.budget!;
  for (const [key, count, sum, whose] of [
    ['packets', packets, total, 'total'],
    ['packetsPerDay', packetsPerDay, perDay, 'perDay'],
  ] as const) {
    // That not even the smallest ones can be afforded is said of the limit.
    if (count === undefined || sum === undefined || count * leastOf(cashOf(campaign)) > sum) continue;
    const course = courseOf(campaign, { money: sum, packets: count, isDay: whose === 'perDay' });
    if (!course || course.packets >= count * NEARLY || course.money < sum * NEARLY) continue;
    say(
      'packets-beyond-budget',
      ['budget', key],
      t`a packet is ${money(course.money / course.packets)} on the average: ${whose} ${showFen(sum)} ends after some ${Math.round(course.packets)} of the ${count}`,
    );
  }
  if (!pace) return;
  const slow = packetsOfDay(campaign).find(({ isPace }) => isPace)!;
  const worth = moneyOfDay(campaign).find(({ isPace }) => isPace)!.sum;
  if (packetsPerDay !== undefined && slow.sum < packetsPerDay)
    say('pace-too-slow', ['budget', 'pace'], t`${slow.why}, fewer than packetsPerDay ${packetsPerDay}`);
  else if (perDay !== undefined && worth < perDay * NEARLY)
    say(
      'pace-too-slow',
      ['budget', 'pace'],
      t`${slow.why}, worth ${money(worth)} at most: less than perDay ${showFen(perDay)}`,
    );
}

/** A number that was made public is a promise. */
function lintStock({ campaign, say }: Linting): void {
  const { total } = campaign.budget!;
  const stocked = cashOf(campaign).filter(({ stock }) => stock !== undefined);
  const sum = stocked.reduce((all, { stock, min }) => all + stock! * min, 0);
  if (sum <= total || stocked.length === 0) return;
  const words = stocked.map(({ name, stock, min }) => `${stock} × "${name}" ${showFen(min)}`).join(' + ');
  say(
    'stock-above-budget',
    ['budget', 'total'],
    t`${words} come to ${money(sum)}, more than the total ${showFen(total)}: not all of them can be won`,
  );
}

function lintAlerts({ campaign, say }: Linting): void {
  const { total, alertAt } = campaign.budget!;
  if (alertAt.length > 0 || total < LARGE) return;
  say('alert-missing', ['budget'], t`nobody hears when ${showFen(total)} run out; add alertAt: [50%, 80%, 95%]`);
}

// ── One follower ─────────────────────────────────────────────────────────────────────────────────────────────

/** Claims one follower can make on a day; `Infinity` where nothing bounds them. */
function claimsOfDay(campaign: Campaign): number {
  const rules = campaign.rules.filter(makesClaims);
  const byRules = rules.reduce((sum, { once, quiz }) => {
    if (once !== 'perEvent' && once !== 'perRound') return sum + 1;
    if (once === 'perRound') return sum + campaign.rounds.length;
    return sum + (quiz?.triesPerDay ?? Infinity);
  }, 0);
  const { perDay = Infinity, total = Infinity, perMonth = Infinity } = campaign.perUser;
  return Math.min(byRules, perDay, total, perMonth);
}

function lintUserCaps({ campaign, caps, payer, say }: Linting): void {
  const { perUser } = campaign;
  const claims = Math.min(claimsOfDay(campaign), perUser.wins ?? Infinity);
  const course = courseOf(campaign, { money: Infinity, packets: 1 });
  const isCounted = claims < Infinity && perUser.perDay !== undefined;
  if (course && isCounted) {
    const packets = claims / course.draws;
    const amount = packets * course.perPacket;
    const where = ['limits', 'perUser', 'perDay'];
    if (packets > caps.perUserPerDay)
      say(
        'user-day-cap',
        where,
        t`${claims} claims are some ${Math.round(packets)} packets a day; ${payer} gives one follower at most ${caps.perUserPerDay}, and the others read \`limited\``,
      );
    else if (amount > caps.amountPerUserPerDay)
      say(
        'user-day-cap',
        where,
        t`${claims} claims are some ${money(amount)} a day; ${payer} gives one follower at most ${showFen(caps.amountPerUserPerDay)}`,
      );
  }
  if (perUser.amountPerDay !== undefined && perUser.amountPerDay > caps.amountPerUserPerDay)
    say(
      'user-day-cap',
      ['limits', 'perUser', 'amountPerDay'],
      t`${showFen(perUser.amountPerDay)} is more than the ${showFen(caps.amountPerUserPerDay)} that ${payer} gives one follower on one day`,
    );
}

// ── The merchant ─────────────────────────────────────────────────────────────────────────────────────────────

function lintMerchantDay({ campaign, caps, payer, say }: Linting): void {
  const { total, perDay } = campaign.budget!;
  const { days } = daysOf(campaign);
  const isOneDay = perDay === undefined && days === 1;
  const [key, sum] = isOneDay ? (['total', total] as const) : (['perDay', perDay ?? fen(0)] as const);
  if (sum > caps.amountPerDay)
    say(
      'merchant-day-cap',
      ['budget', key],
      t`${showFen(sum)} for one day is more than ${showFen(caps.amountPerDay)}, which is all that ${payer} pays on one day`,
    );
}

function lintQueue({ campaign, caps, payer, say }: Linting): void {
  const { rounds, perMinute } = campaign;
  rounds.forEach(({ name, packets, from, to }, n) => {
    const seconds = Math.ceil(packets / caps.perSecond);
    if (seconds <= WAIT_MAX) return;
    const next = rounds[n + 1];
    const isLate = next !== undefined && from + seconds * SECOND > next.from;
    const over = from + seconds * SECOND > to ? t`, after the round is over` : '';
    say(
      'payout-queue',
      ['rounds', n, 'packets'],
      t`${packets} packets at ${caps.perSecond} a second (${payer}): when all are taken at once, the last of "${name}" waits ${waitText(seconds)}${over}${isLate ? t`, and "${next.name}" queues behind it` : ''}`,
      { advice: '抢到啦，正在派发，几分钟内到账。' },
    );
  });
  const perMinutePaid = caps.perSecond * 60;
  if (perMinute !== undefined && perMinute > perMinutePaid)
    say(
      'payout-queue',
      ['limits', 'perMinute'],
      t`${perMinute} claims a minute are more than the ${perMinutePaid} that ${payer} pays: the queue grows by ${perMinute - perMinutePaid} a minute`,
    );
}

function waitText(seconds: number): Wording {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return rest === 0 ? t`${minutes} min` : t`${minutes} min ${rest} s`;
}

// ── The packet ───────────────────────────────────────────────────────────────────────────────────────────────

const ACT_NAME_MAX = 10;
const USUAL = { min: fen(1_00), max: fen(200_00) };

function lintPacket({ campaign, showsPacket, say }: Linting): void {
  const { packet, prizes } = campaign;
  const cash = cashOf(campaign);
  for (const prize of prizes.values())
    if (isCash(prize) && prize.shares !== undefined)
      say(
        'group-packet',
        ['prizes', prize.name, 'shares'],
        t`"${prize.name}" is a group packet; WeChat Pay deprecated these on 2024-06-05 and may refuse them`,
      );
  if (!packet || !showsPacket) return;
  const length = [...packet.actName].length;
  if (length > ACT_NAME_MAX) {
    const isName = packet.actName === campaign.name;
    say(
      'act-name-long',
      isName ? ['name'] : ['packet', 'actName'],
      t`the packet's actName "${packet.actName}" has ${length} characters; WeChat Pay refuses more than ${ACT_NAME_MAX}: write a shorter packet.actName`,
    );
  }
  const isUsual = cash.length > 0 && leastOf(cash) >= USUAL.min && mostOf(cash) <= USUAL.max;
  if (packet.scene !== undefined && isUsual)
    say(
      'scene-not-needed',
      ['packet', 'scene'],
      t`no amount needs a scene (all are within ${showFen(USUAL.min)} and ${showFen(USUAL.max)}), and 商家红包 accounts refuse any; leave it out`,
    );
}
