// What a test of a rule file can make of each rule: which outcomes there are for it. Unlike `lint-outcome.ts`, which would
// rather call too much possible, nothing is asked for that a test could not come to: a merchant's limits and halts, what
// becomes of a packet later, and what another outcome always says first. Pure.

import { WEEKDAYS } from '../base/time.ts';
import { isOfPayments } from '../mechanics/refund.ts';
import {
  type Campaign,
  DETAILS,
  type Detail,
  type Once,
  type Prize,
  REFUSALS,
  type Refusal,
  type Rule,
} from '../rules/campaign.ts';
import { cashGiven, hasTrigger, isCash, makesClaims, prizesGiven } from '../rules/campaign-query.ts';

const AT_SCENES = ['scan', 'subscribe'] as const;

/** Outcomes beside the prizes themselves, in the order of their precedence. */
export function outcomesInTests(rule: Rule, campaign: Campaign): (Refusal | Detail)[] {
  if (!makesClaims(rule)) return [];
  const all = [...REFUSALS, ...(Object.keys(DETAILS) as Detail[])];
  return all.filter(each => canCome(each, rule, campaign));
}

function canCome(outcome: Refusal | Detail, rule: Rule, campaign: Campaign): boolean {
  const cash = cashGiven(campaign, rule);
  const { perUser, perScene, perMinute, budget } = campaign;
  switch (outcome) {
    case 'notStarted':
    case 'ended':
      return isAskedOutside(rule);
    case 'closed':
      return canBeClosed(rule, campaign);
    case 'notEligible':
      return isChoosy(rule, campaign);
    case 'already':
      return canBeTwice(rule);
    case 'limited':
      return isLimited(rule, campaign);
    case 'soldOut':
      return !isCaught(rule, campaign) && prizesGiven(campaign, rule).some(canRunOut);
    case 'halted':
    case 'reminder':
      return false;
    case 'noChance':
      return rule.spend.size > 0;
    case 'tooSoon':
      return perUser.gap !== undefined && !isOnceOnly(rule, campaign);
    case 'locked':
      return rule.guess !== undefined;
    case 'later':
      return perMinute !== undefined || (budget?.pace !== undefined && cash.length > 0 && !isCaught(rule, campaign));
    case 'sceneSoldOut':
      return (
        (perScene.perDay ?? perScene.amountPerDay) !== undefined &&
        cash.length > 0 &&
        hasTrigger(rule, AT_SCENES) &&
        !isCaught(rule, campaign)
      );
    case 'between':
      return campaign.rounds.length > 1 && isBoundToRounds(rule, campaign);
    case 'used':
    case 'invalid':
    case 'inactive':
      return hasTrigger(rule, ['code']);
    case 'pending':
      return rule.delay !== undefined && cash.length > 0;
    case 'progress':
      return rule.giveAt !== undefined ? hasOtherTimes(rule) : rule.give.length === 0 && !rule.assigned;
    case 'wrong':
      return rule.quiz !== undefined || canBeWrong(rule);
    case 'timeout':
    case 'ask':
      return rule.quiz !== undefined;
    case 'cancelled':
      return rule.delay !== undefined && cash.length > 0 && (rule.cancelIf.length > 0 || isOfPayments(rule));
    default:
      return outcome satisfies never;
  }
}

/** Passwords of days exist on their days only; whatever else is asked for is there at any time. */
function isAskedOutside({ on, guess }: Rule): boolean {
  const isDated = on.every(trigger => trigger.kind === 'text' && trigger.match === 'daily');
  return !isDated || guess?.looksLike !== undefined;
}

function canBeClosed(rule: Rule, { period, stores }: Campaign): boolean {
  if (period.hours.length > 0) return true;
  if (period.weekdays.length > 0 && period.weekdays.length < WEEKDAYS.length) return true;
  return (
    stores !== undefined && hasTrigger(rule, AT_SCENES) && [...stores.values()].some(({ hours }) => hours.length > 0)
  );
}

function isChoosy(rule: Rule, campaign: Campaign): boolean {
  const { who, makeUp, on } = rule;
  if (Object.keys(who).length > 0 || makeUp !== undefined) return true;
  const paid = on.filter(trigger => trigger.kind === 'paid');
  if (paid.length > 0) return true; // an order that was refunded
  return campaign.stores !== undefined && on.some(trigger => knowsOtherScenes(trigger, campaign));
}

/** A trigger may name only scenes of the list. */
function knowsOtherScenes(trigger: Rule['on'][number], { stores }: Campaign): boolean {
  if (trigger.kind !== 'scan' && trigger.kind !== 'subscribe') return false;
  return !trigger.scenes || trigger.scenes.some(scene => scene.endsWith('*') || !stores!.has(scene));
}

/** Nobody follows for the first time twice; and what was made up for is not missed any more. */
function canBeTwice({ once, streak, makeUp, on }: Rule): boolean {
  if (makeUp !== undefined || on.every(trigger => trigger.kind === 'subscribe' && trigger.first)) return false;
  return once !== 'perEvent' || streak !== undefined;
}

// ── Limits ───────────────────────────────────────────────────────────────────────────────────────────────────

/** How often one follower comes past `once`, in all, a day, a month, a round. */
const TIMES: Readonly<Record<Once, readonly [ever: number, day: number, month: number, round: number]>> = {
  ever: [1, 1, 1, 1],
  perDay: [Infinity, 1, 31, 1],
  perWeek: [Infinity, 1, 5, 1],
  perMonth: [Infinity, 1, 1, 1],
  perRound: [Infinity, Infinity, Infinity, 1],
  perEvent: [Infinity, Infinity, Infinity, Infinity],
};

/** Other rules of the campaign count against the same limits. */
function isAlone(rule: Rule, { rules }: Campaign): boolean {
  return rules.every(other => other === rule || !makesClaims(other));
}

function isOnceOnly(rule: Rule, campaign: Campaign): boolean {
  return isAlone(rule, campaign) && (rule.once === 'ever' || !canBeRepeated(rule));
}

/** First follows come once whatever `once` says. */
function canBeRepeated({ on }: Rule): boolean {
  return !on.every(trigger => trigger.kind === 'subscribe' && trigger.first);
}

function isLimited(rule: Rule, campaign: Campaign): boolean {
  const { perUser, perScene } = campaign;
  const { streak, makeUp, quiz } = rule;
  if (streak?.cycles !== undefined || makeUp !== undefined || quiz !== undefined) return true;
  const [ever, day, month, round] = isAlone(rule, campaign) ? TIMES[rule.once] : TIMES.perEvent;
  const most = canBeRepeated(rule) || !isAlone(rule, campaign) ? ever : 1;
  const isMet = (limit: number | undefined, times: number): boolean =>
    limit !== undefined && limit < Math.min(times, most);
  if (isMet(perUser.total, ever) || isMet(perUser.perDay, day) || isMet(perUser.perMonth, month)) return true;
  if (isMet(perUser.perRound, round)) return true;
  if (hasTrigger(rule, AT_SCENES) && isMet(perScene.perUser, ever)) return true;
  return most > 1 && isLimitedByPrizes(rule, campaign);
}

/** Every prize of worth is had as often as may be, and nothing takes its place. */
function isLimitedByPrizes(rule: Rule, campaign: Campaign): boolean {
  const { wins, amountPerDay } = campaign.perUser;
  const prizes = prizesGiven(campaign, rule);
  const worth = prizes.filter(({ kind }) => kind !== 'nothing');
  if (worth.length === 0 || prizes.some(({ fallback }) => fallback)) return false;
  const isLocked = (prize: Prize): boolean => prize.unlockAfter !== undefined && prizes.length === 1;
  const ends = (prize: Prize): boolean =>
    prize.perUser !== undefined || wins !== undefined || (isCash(prize) && amountPerDay !== undefined);
  return worth.every(prize => ends(prize) || isLocked(prize));
}

/** What takes the place of everything that is gone, and is never gone itself. */
function isCaught(rule: Rule, campaign: Campaign): boolean {
  return prizesGiven(campaign, rule).some(
    ({ kind, fallback, stock, perDay, perUser, window, unlockAfter }) =>
      fallback && kind === 'nothing' && [stock, perDay, perUser, window, unlockAfter].every(each => each === undefined),
  );
}

function canRunOut({ kind, stock, perDay }: Prize): boolean {
  return kind !== 'nothing' || stock !== undefined || perDay !== undefined;
}

// ── Plays ────────────────────────────────────────────────────────────────────────────────────────────────────

function isBoundToRounds({ give }: Rule, { prizes }: Campaign): boolean {
  return give.some(name => prizes.get(name)?.kind === 'redpacket');
}

/** A time that gives nothing: before, between or after those that do. */
function hasOtherTimes({ giveAt, streak }: Rule): boolean {
  return streak === undefined || giveAt!.size < streak.cycle;
}

/** A text that looks like the password and is not. */
function canBeWrong({ on, guess }: Rule): boolean {
  const source = guess?.looksLike?.source;
  if (source === undefined) return false;
  return !on.some(
    trigger =>
      trigger.kind === 'text' && trigger.match === 'pattern' && trigger.patterns.some(each => each.source === source),
  );
}
