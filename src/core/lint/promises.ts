// Warnings about terms (活动规则) that promise something else than the file does: other odds, another number, another day, one time
// where there are many; and invitations for which nobody gets anything.

import { dayOf, instant } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import type { Campaign, Prize, Rule } from '../rules/campaign.ts';
import { hasTrigger, isCash, isDraw, isWorth, prizesGiven } from '../rules/campaign-query.ts';
import { termsOf } from './compliance.ts';
import type { Linting } from './context.ts';

export function lintPromises(at: Linting): void {
  lintInvites(at);
  const [rule, n] = termsOf(at.campaign) ?? [];
  if (rule?.reply?.kind !== 'text') return;
  const terms = { path: ['rules', n!, 'reply'], text: rule.reply.text };
  lintOdds(at, terms);
  lintCounts(at, terms);
  lintTimes(at, terms);
  lintLastDay(at, terms);
}

type Terms = { readonly path: readonly (string | number)[]; readonly text: string };

// ── Odds ─────────────────────────────────────────────────────────────────────────────────────────────────────

const PERCENT = /(\d+(?:\.(\d+))?)\s*([%％‰])/gu;
/** Percentages of something else. */
const NO_ODDS = /[税折惠返利减涨超预糖酒]|含量|进度|以上/u;
/** All sums of more prizes than these are too many. */
const PRIZES_MAX = 10;

function lintOdds({ campaign, say }: Linting, { path, text }: Terms): void {
  const draws = campaign.rules.filter(isDraw);
  const [draw] = draws;
  const isPlain = draws.length === 1 && !draw!.giveAt && !draw!.guaranteed && !hasTrigger(draw!, ['drawn']);
  if (!draw || !isPlain || draw.give.length > PRIZES_MAX) return;
  const prizes = draw.give.map(name => campaign.prizes.get(name)!);
  const all = prizes.reduce((sum, { weight }) => sum + weight, 0);
  const odds = prizes.map(({ weight }) => (weight / all) * 100);
  for (const { 0: word, 1: number, 2: decimals = '', 3: sign, index } of text.matchAll(PERCENT)) {
    const around = text.slice(Math.max(0, index - 4), index) + text.slice(index + word.length, index + word.length + 3);
    if (NO_ODDS.test(around)) continue;
    const scale = sign === '‰' ? 0.1 : 1;
    const near = (0.5 / 10 ** decimals.length) * scale + 1e-9;
    if (sumsOf(odds).some(sum => Math.abs(sum - Number(number) * scale) <= near)) continue;
    const told = prizes.map(({ name }, n) => `"${name}" ${Number(odds[n]!.toFixed(3))}%`).join(', ');
    say('terms-differ', path, t`"${word}" is told, and by the weights the odds are: ${told}`, { word });
  }
}

function sumsOf(odds: readonly number[]): number[] {
  const sums = [0];
  for (const each of odds) sums.push(...sums.map(sum => sum + each));
  return sums;
}

// ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────

/** `88 元红包 3 个`, `5 元红包，共 100 个`. */
const COUNTED =
  /(\d+(?:\.\d{1,2})?)\s*元(?:的)?(?:微信|现金)?(?:红包)?[，,、：:]?\s*(?:一?共|总共|限量|仅限?)?\s*(\d+)\s*[个份名](?![天日周月人])/gu;

function lintCounts({ campaign, say }: Linting, { path, text }: Terms): void {
  for (const { 0: word, 1: yuan, 2: number } of text.matchAll(COUNTED)) {
    const amount = Math.round(Number(yuan) * 100);
    const prizes = [...campaign.prizes.values()].filter(
      prize => isCash(prize) && prize.min === amount && prize.max === amount,
    );
    // More than is told is no broken promise.
    if (prizes.length === 0 || prizes.some(prize => countsOf(campaign, prize).some(count => count >= Number(number))))
      continue;
    const { name, stock } = prizes[0]!;
    const there = stock === undefined ? t`"${name}" has no stock` : t`the stock of "${name}" is ${stock}`;
    say('terms-differ', path, t`"${word}" is told, and ${there}; write stock: ${number}, or the true number`, { word });
  }
}

/** Every number of it that the file has. */
function countsOf({ budget, draws, prizes, rounds }: Campaign, prize: Prize): number[] {
  const drawn = [...(draws?.values() ?? [])].flatMap(({ winners }) => winners.get(prize.name) ?? []);
  const bought =
    isCash(prize) && budget && prize.stock === undefined && prizes.size === 1
      ? [Math.floor(budget.total / prize.max)]
      : [];
  const all = [prize.stock, prize.perDay, prize.perUser, budget?.packets, budget?.packetsPerDay];
  return [...all, ...drawn, ...bought, ...rounds.map(({ packets }) => packets)].flatMap(each => each ?? []);
}

// ── Times and days ───────────────────────────────────────────────────────────────────────────────────────────

const ONCE =
  /每(?:人|位[^，。,]{0,4}|个?(?:用户|粉丝|微信号?))(?:限|仅|只|最多|总共|一共|可|能|领取?|参与|参加|抽奖?)*(?:一|1)\s*次/u;
const EACH = /每(?:人|位)?\s*[一1]?(?:天|日|周|星期|月|场|单|笔|轮|瓶|个码)|当[天日]/u;

/** One time is promised, and the file gives again. */
function lintTimes({ campaign, say }: Linting, { path, text }: Terms): void {
  const word = ONCE.exec(text)?.[0];
  const { total, wins } = campaign.perUser;
  if (word === undefined || EACH.test(text) || total === 1 || wins === 1) return;
  const giving = campaign.rules.filter(rule => prizesGiven(campaign, rule).some(isWorth));
  const again = giving.find(({ once }) => once !== 'ever' && once !== 'perRound');
  if (!again || giving.some(({ once, on }) => once === 'ever' && on.every(({ kind }) => kind !== 'drawn'))) return;
  if (hasTrigger(again, ['code', 'friend', 'paid', 'drawn'])) return;
  say('terms-differ', path, t`"${word}" is told, and "${again.id}" is once: ${again.once}`, { word });
}

const LAST_DAY = /(?:到|至|截止(?:到|至)?|截至|[~～—–-])\s*(?:\d{4}\s*年\s*)?(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]/gu;

function lintLastDay({ campaign, say }: Linting, { path, text }: Terms): void {
  const { period, draws, rounds, prizes } = campaign;
  const days = new Set(
    [
      period.from,
      instant(period.to - 1),
      ...[...(draws?.values() ?? [])].map(({ at }) => at),
      ...rounds.flatMap(({ from, to }) => [from, to]),
      ...[...prizes.values()].flatMap(({ window }) => [
        window?.from ?? period.from,
        instant((window?.to ?? period.to) - 1),
      ]),
    ].map(at => dayOf(at).slice(5)),
  );
  for (const { 0: word, 1: month, 2: day } of text.matchAll(LAST_DAY)) {
    if (days.has(`${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`)) continue;
    const last = dayOf(instant(period.to - 1));
    say('terms-differ', path, t`"${word}" is told, and the campaign ends with ${last}; write {{to}} instead`, { word });
  }
}

// ── Invitations ──────────────────────────────────────────────────────────────────────────────────────────────

function lintInvites({ campaign, say }: Linting): void {
  if (campaign.rules.some(rule => hasTrigger(rule, ['friend']))) return;
  campaign.rules.forEach((rule: Rule, n) => {
    if (rule.invite)
      say(
        'invite-for-nothing',
        ['rules', n, 'invite'],
        t`"${rule.id}" hands out invitations, and no rule says what comes of them: add on: { friend: { paid: { over: … } } }`,
      );
  });
}
