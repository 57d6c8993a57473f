// Warnings about what people can take: one of them without end, or most of all there is; more than they paid; things of which nobody
// counted how many there are. And about campaigns of which nobody can take anything.

import { type Fen, fen, showFen } from '../base/money.ts';
import { later } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import { averageOfOne, type Endless, mostOfOne, mostTimesOf } from '../exposure/one-follower.ts';
import { daysOf } from '../exposure/open-days.ts';
import { daysOfRule } from '../exposure/rule-days.ts';
import { isDrawn, type Way, waysOf } from '../exposure/ways.ts';
import { dayIn } from '../match/claim-key.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import { hasTrigger, isOnly, isWorth, payingRules, prizesGiven } from '../rules/campaign-query.ts';
import type { Linting } from './context.ts';

export function lintTakes(at: Linting): void {
  const { campaign, say } = at;
  if (daysOf(campaign).days === 0) {
    say(
      'never-open',
      ['period'],
      t`the campaign is never open: no part of its period lies in its hours and on its weekdays; look at the days of the week, and at the clock of from and to`,
    );
    return; // whatever else is said of it comes from that
  }
  lintOnePerson(at);
  lintMostOfAll(at);
  campaign.rules.forEach((rule, n) => {
    lintNever(at, rule, n);
    lintPaidBelow(at, rule, n);
    lintGoods(at, rule, n);
    lintDear(at, rule, n);
    lintLeaving(at, rule, n);
  });
}

// ── Never ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Its passwords are all of other days, or no moment at which the campaign is open is one that `when` asks for. */
function lintNever({ campaign, say }: Linting, rule: Rule, n: number): void {
  const { from, to, hours } = campaign.period;
  const [first, last] = [dayIn(campaign, from), dayIn(campaign, later(to, -1))];
  const days = rule.on.flatMap(trigger =>
    trigger.kind === 'text' && trigger.match === 'daily' ? [...trigger.byDay.keys()] : [],
  );
  if (days.length > 0 && days.every(day => day < first || day > last))
    say(
      'rule-never',
      ['rules', n, 'on'],
      t`every password of "${rule.id}" is of a day on which the campaign is not on: the first of ${days[0]!}; it is on from ${first} to ${last}`,
    );
  const { when } = rule;
  if (!when) return;
  const isOpen = (hour: number): boolean =>
    hours.length === 0 || hours.some(([begin, end]) => begin < (hour + 1) * 60 && end > hour * 60);
  const mayHold = [...Array(24).keys()].some(hour => isOpen(hour) && when.mayHold({ hour }));
  if (mayHold && daysOfRule(campaign, rule).days > 0) return;
  const what = mayHold
    ? t`no day on which the campaign is open is one`
    : t`no hour at which the campaign is open is one`;
  say('rule-never', ['rules', n, 'when'], t`"${rule.id}" never fires: ${what} at which its when holds`);
}

// ── Without end ──────────────────────────────────────────────────────────────────────────────────────────────

/** The others that run at the same time: one payment may be answered by several of them. */
export function besideOf(campaign: Campaign, all: readonly Campaign[]): Campaign[] {
  const { from, to } = campaign.period;
  return all.filter(
    other => other !== campaign && other.mode === 'live' && other.period.from < to && other.period.to > from,
  );
}

/** Whatever one follower does, it must come to an end somewhere before the money does. */
function lintOnePerson({ campaign, all, accountOf, say }: Linting): void {
  const account = accountOf(campaign);
  const beside = besideOf(campaign, all).filter(other => accountOf(other) === account);
  const { endless } = mostOfOne(campaign, undefined, beside);
  if (!endless) return;
  const [main] = endless.gives;
  const n = campaign.rules.indexOf(main!);
  const [feeding] = endless.feeds;
  if (feeding) {
    const at = campaign.rules.indexOf(feeding);
    say(
      'unlimited-per-user',
      ['rules', at, feeding.earn.size > 0 ? 'earn' : 'give'],
      t`"${feeding.id}" gives "${walletFed(campaign, feeding)}" as often as one follower likes${costText(endless)}, and "${main!.id}" gives ${gainText(main!, endless)} for them: nothing but the budget ends it; add earnPerDay to the wallet "${walletFed(campaign, feeding)}", once: perDay to "${feeding.id}", or limits: { perUser: { perDay: 1 } }`,
    );
    return;
  }
  const isPaid = main!.on.some(({ kind }) => kind === 'paid' || kind === 'friend');
  const isWritten = main!.once === 'perEvent';
  const { cost, back, brings } = endless;
  if (isPaid && back > 0) {
    say(
      'unlimited-per-user',
      ['rules', n, 'on'],
      t`of ${showFen(cost)} that are paid "${main!.id}" gives ${showFen(brings)}, and other rules give ${showFen(back)} to whoever paid: together more than that, for one alone or for two who agree, and nothing but the budget ends it; write over: … with more than ${showFen(fen(brings + back))}, or add limits: { perUser: { perDay: 1 } }`,
    );
    return;
  }
  if (main!.enter !== undefined && brings === 0) {
    say(
      'unlimited-per-user',
      ['rules', n, 'once'],
      t`${deedText(main!)} is a new ticket for "${main!.enter}" by "${main!.id}"${costText(endless)}: one follower can have thousands, and others hardly a chance; ${fixText(main!, endless)}`,
    );
    return;
  }
  say(
    'unlimited-per-user',
    ['rules', n, isPaid || !isWritten ? 'on' : 'once'],
    t`${deedText(main!)} is a new claim on "${main!.id}"${costText(endless)}, and each may bring ${gainText(main!, endless)}: nothing about one follower ends it, one alone can take the whole budget; ${fixText(main!, endless)}`,
  );
}

/** What a rule puts into a wallet: by itself, or by what it gives. */
function walletFed({ prizes }: Campaign, { earn, give }: Rule): string {
  const drawn = give.flatMap(name => {
    const prize = prizes.get(name);
    return prize?.kind === 'earn' ? [...prize.adds.keys()] : [];
  });
  return [...earn.keys(), ...drawn][0] ?? '';
}

function deedText(rule: Rule): Wording {
  if (rule.earn.size > 0 && rule.spend.size > 0) return t`what "${rule.id}" takes it gives back, so that every message`;
  if (isOnly(rule, ['paid'])) return t`every payment`;
  if (hasTrigger(rule, ['friend'])) return t`every friend`;
  return hasTrigger(rule, ['subscribe']) ? t`every time somebody follows again` : t`every message`;
}

function costText({ cost }: Endless): Wording {
  return cost === 0 ? '' : t` for ${showFen(cost)}`;
}

function gainText({ enter }: Rule, { brings }: Endless): Wording {
  if (brings > 0) return showFen(brings);
  return enter === undefined ? t`something` : t`a ticket for "${enter}"`;
}

function fixText(rule: Rule, { brings }: Endless): Wording {
  const limit = t`add limits: { perUser: { perDay: 1 } }, or a perUser to each prize`;
  if (isOnly(rule, ['paid'])) return t`write on: { paid: { over: … } } with more than ${showFen(brings)}, or ${limit}`;
  if (hasTrigger(rule, ['friend']))
    return t`write on: { friend: { paid: { over: … } } } with more than ${showFen(brings)}, or ${limit}`;
  return t`add limits: { perUser: { perDay: 1 } }, or once: perDay`;
}

// ── Within limits, and too much all the same ─────────────────────────────────────────────────────────────────

/** So much of the budget is not meant for one. */
const MOST = 0.5;

/** Limits are there, and yet whoever does everything has most of the money, with no more luck than others. */
function lintMostOfAll({ campaign, say }: Linting): void {
  const { budget } = campaign;
  const paying = payingRules(campaign);
  if (!budget || paying.length === 0 || paying.every(({ who }) => who.tags !== undefined)) return;
  const average = averageOfOne(campaign);
  const dearest = Math.max(0, ...waysOf(campaign).map(way => (isDrawn(way) ? 0 : way.most)));
  if (average === undefined || average < budget.total * MOST || average < dearest * 2) return;
  say(
    'one-takes-most',
    ['budget', 'total'],
    t`one follower who does all they may takes some ${showFen(fen(Math.min(average, budget.total)))} of ${showFen(budget.total)} on the average; look at what a claim costs and gives, and add limits: { perUser: { perDay: …, total: … } }`,
  );
}

/** Who pays a fen has five yuan, however seldom they may. */
function lintPaidBelow({ campaign, say }: Linting, rule: Rule, n: number): void {
  // Of several payments that count together each is a visit to the shop.
  if (!isOnly(rule, ['paid', 'friend']) || rule.spend.size > 0 || rule.giveAt) return;
  const ways = waysOf(campaign).filter(way => way.rule === rule && way.cost > 0 && way.mean > 0);
  const [cost, gain] = dearestOf(ways);
  if (gain <= cost || mostOfOne(campaign).endless?.gives.includes(rule)) return;
  say(
    'paid-below-prize',
    ['rules', n, 'on'],
    t`"${rule.id}" gives ${showFen(gain)} to who pays ${showFen(cost)}: more than comes in; write over: … with more than ${showFen(gain)}`,
  );
}

function dearestOf(ways: readonly Way[]): [cost: Fen, gain: Fen] {
  const [worst] = [...ways].sort((a, b) => b.mean - b.cost - (a.mean - a.cost));
  return worst ? [fen(worst.cost), fen(Math.round(worst.mean))] : [fen(0), fen(0)];
}

/** Whoever comes has one, and each of them is bought and sent. */
function lintGoods({ campaign, say }: Linting, rule: Rule, n: number): void {
  if (hasTrigger(rule, ['drawn', 'code'])) return;
  for (const { kind, name, stock } of prizesGiven(campaign, rule))
    if (kind === 'goods' && stock === undefined)
      say(
        'goods-without-stock',
        ['rules', n, 'give'],
        t`"${name}" has no stock: "${rule.id}" gives one to everybody who comes, and no budget ends that; write stock: with as many as there are`,
      );
}

/** What it takes can be had nowhere. */
function lintDear({ campaign, say }: Linting, rule: Rule, n: number): void {
  if (rule.spend.size === 0 || mostTimesOf(campaign, rule) >= 1 - 1e-6) return;
  const words = [...rule.spend].map(([wallet, count]) => `${count} × "${wallet}"`).join(' + ');
  say(
    'prize-unwinnable',
    ['rules', n, 'spend'],
    t`nobody can ever pay for "${rule.id}": it takes ${words}, and the rules give less than that in all`,
  );
}

function lintLeaving({ campaign, say }: Linting, rule: Rule, n: number): void {
  const gives = prizesGiven(campaign, rule).some(isWorth) || rule.earn.size > 0;
  if (!gives || !hasTrigger(rule, ['unsubscribe'])) return;
  say(
    'gift-for-leaving',
    ['rules', n, 'on'],
    t`"${rule.id}" gives something to who unfollows; they can read no reply, and follow and leave again for more. Take the trigger out`,
  );
}
