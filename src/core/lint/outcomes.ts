// What a rule can come to, and what each text can say of it: which outcomes there are for it at all, and which
// placeholders have a value in them. Where it is not certain, it counts as possible. Pure.

import { isOfPayments } from '../mechanics/refund.ts';
import { type Campaign, DETAILS, type Detail, OUTCOMES, type Rule, type Said } from '../rules/campaign.ts';
import { cashGiven, hasTrigger, isCash, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import type { Placeholder } from '../rules/reply.ts';

const WITH_SCENE = ['scan', 'subscribe'] as const;

/** Outcomes with a text that this rule can come to. */
export function outcomesOf(rule: Rule, campaign: Campaign): ReadonlySet<Said> {
  if (!makesClaims(rule)) return new Set();
  const details = new Set((Object.keys(DETAILS) as Detail[]).filter(detail => hasDetail(detail, rule, campaign)));
  const plain = OUTCOMES.filter(outcome => hasOutcome(outcome, rule, campaign));
  // A finer one is said with the plainer one's text where it has none of its own.
  const needed = [...details].filter(detail => !rule.replies[detail]).map(detail => DETAILS[detail]);
  return new Set<Said>([...plain, ...details, ...needed]);
}

function hasOutcome(outcome: (typeof OUTCOMES)[number], rule: Rule, campaign: Campaign): boolean {
  const prizes = prizesGiven(campaign, rule);
  const hasCash = prizes.some(isCash);
  const { period, stores, perUser, perMinute } = campaign;
  switch (outcome) {
    case 'won':
      return prizes.some(({ kind }) => kind === 'coupon' || (kind === 'redpacket' && rule.delay === undefined));
    case 'nothing':
      return prizes.some(({ kind }) => kind === 'nothing');
    case 'problem':
    case 'halted':
      return hasCash;
    case 'notStarted':
    case 'ended':
      return true;
    case 'closed':
      return period.hours.length > 0 || period.weekdays.length > 0 || (stores !== undefined && atScenes(rule));
    case 'notEligible':
      return isChoosy(rule, campaign);
    case 'already':
      return rule.once !== 'perEvent' || rule.streak !== undefined;
    case 'limited':
      return hasCash || Object.keys(perUser).length > 0 || isBounded(rule, campaign);
    case 'soldOut':
      return prizes.some(({ kind, stock, perDay }) => kind !== 'nothing' || stock || perDay) || perMinute !== undefined;
    default:
      return outcome satisfies never;
  }
}

function atScenes(rule: Rule): boolean {
  return hasTrigger(rule, WITH_SCENE);
}

function isChoosy(rule: Rule, campaign: Campaign): boolean {
  const { who, makeUp, cancelIf } = rule;
  const isForAnybody = hasTrigger(rule, ['visit', 'paid', 'friend']);
  const isTakenBack = isOfPayments(rule) || (cancelIf.includes('unsubscribed') && isForAnybody);
  const hasSteps = cashGiven(campaign, rule).some(({ steps }) => steps);
  const hasList = campaign.stores !== undefined && atScenes(rule);
  return Object.keys(who).length > 0 || makeUp !== undefined || isTakenBack || hasSteps || hasList;
}

function isBounded(rule: Rule, campaign: Campaign): boolean {
  const { streak, makeUp, quiz, guess, spend } = rule;
  const isPrizeBounded = prizesGiven(campaign, rule).some(
    ({ perUser, unlockAfter, kind }) => perUser !== undefined || unlockAfter !== undefined || kind === 'coupon',
  );
  const isPlay = streak?.cycles !== undefined || makeUp !== undefined || quiz !== undefined || guess !== undefined;
  const atScene = campaign.perScene.perUser !== undefined && atScenes(rule);
  return isPrizeBounded || isPlay || spend.size > 0 || atScene;
}

function hasDetail(detail: Detail, rule: Rule, campaign: Campaign): boolean {
  const { budget, perUser, perScene, perMinute, rounds } = campaign;
  const cash = cashGiven(campaign, rule);
  switch (detail) {
    case 'noChance':
      return rule.spend.size > 0;
    case 'tooSoon':
      return perUser.gap !== undefined;
    case 'locked':
      return rule.guess !== undefined;
    case 'later':
      return perMinute !== undefined || (budget?.pace !== undefined && cash.length > 0);
    case 'sceneSoldOut':
      return (perScene.perDay ?? perScene.amountPerDay) !== undefined && cash.length > 0 && atScenes(rule);
    case 'between':
      return rounds.length > 1 && cash.length > 0;
    case 'used':
    case 'invalid':
    case 'inactive':
      return hasTrigger(rule, ['code']);
    case 'pending':
      return rule.delay !== undefined && cash.length > 0;
    case 'cancelled':
      return cash.length > 0 && (rule.cancelIf.length > 0 || isOfPayments(rule));
    case 'reminder':
      return rule.replies.reminder !== undefined && cash.length > 0;
    case 'progress':
      return rule.giveAt !== undefined || (rule.give.length === 0 && !rule.assigned);
    case 'wrong':
      return rule.guess?.looksLike !== undefined || rule.quiz !== undefined;
    case 'timeout':
    case 'ask':
      return rule.quiz !== undefined;
    default:
      return detail satisfies never;
  }
}

// ── Placeholders ─────────────────────────────────────────────────────────────────────────────────────────────

/** `reply`: of a rule that gives nothing. */
export type Spoken = Said | 'reply';

const AWARDS: readonly Spoken[] = ['won', 'nothing', 'pending', 'progress'];
/** Told later, when only the payout is known. */
const LATER: readonly Spoken[] = ['problem', 'cancelled', 'reminder'];
/** Said when no round is on. */
const OUTSIDE_ROUNDS: readonly Spoken[] = ['notStarted', 'ended', 'closed', 'between'];

/** What has a value when this is said. */
export function valuesIn(said: Spoken, rule: Rule, campaign: Campaign): ReadonlySet<Placeholder> {
  if (LATER.includes(said)) return new Set(['amount', 'campaign']);
  const values = new Set<Placeholder>(['campaign', 'from', 'to', 'hours']);
  const add = (isThere: boolean, ...names: readonly Placeholder[]): void => {
    if (isThere) for (const name of names) values.add(name);
  };
  const prizes = prizesGiven(campaign, rule);
  const isAward = AWARDS.includes(said);
  const hasRounds = campaign.rounds.length > 0 && makesClaims(rule);
  add(isAward && said !== 'progress', 'amount', 'prize');
  add(said === 'won' && prizes.some(({ kind }) => kind === 'coupon'), 'coupon');
  add(rule.delay !== undefined && (said === 'won' || said === 'pending'), 'payAt');
  add(hasTrigger(rule, ['paid']), 'order');
  add(rule.invite !== undefined, 'invite');
  add(rule.streak !== undefined || rule.giveAt !== undefined || rule.makeUp !== undefined, 'count', 'next');
  add(campaign.wallets.size > 0, 'balance');
  add(campaign.stores !== undefined && atScenes(rule), 'store', 'storeHours');
  add(hasRounds && !OUTSIDE_ROUNDS.includes(said), 'round', 'left');
  add(hasRounds && said !== 'ended', 'nextRound');
  add(rule.guess !== undefined || rule.quiz !== undefined, 'tries');
  add(hasTrigger(rule, ['code']) && (said === 'used' || said === 'already'), 'firstAt');
  add(rule.quiz !== undefined && (said === 'ask' || said === 'nothing'), 'n', 'of', 'question', 'choices');
  return values;
}

/** Rules whose texts are said outside of a passive reply: there is no message to answer. */
export function isSpokenLate(rule: Rule): boolean {
  return hasTrigger(rule, ['paid', 'friend']);
}
